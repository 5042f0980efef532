/*
 * The SMTP dialogue against arbitrary bytes. First byte: how long the pieces are that the rest is fed in. The
 * rest up to the first NUL comes before the handshake, what is behind it after. Whole and in pieces must give
 * the same facts.
 */
#include <stdlib.h>

#include "scanner/wire/dialogue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 512 * 1024, OUT_MAX = 1024, TEXT_MAX = 512, LINES_MAX = 100 };

struct run {
    struct dialogue dialogue;
    struct probe_facts facts;
    struct arena arena;
    size_t sent;
};

static void must(bool ok)
{
    if (!ok)
        abort();
}

static enum dialogue_action take(struct run *run, enum dialogue_action action)
{
    struct dialogue *dialogue = &run->dialogue;
    must((action == DIALOGUE_CLOSE) == (run->facts.end != SMTP_END_NONE));
    must(action != DIALOGUE_WRITE || dialogue->out.len > 0);
    must(action != DIALOGUE_READ || dialogue->out.len == 0);
    must((action == DIALOGUE_START_TLS) == (action != DIALOGUE_CLOSE && run->facts.step == SMTP_HANDSHAKE));
    must(!dialogue->out.failed && dialogue->out.len < OUT_MAX);
    run->sent += dialogue->out.len;
    buf_reset(&dialogue->out);
    return action;
}

static enum dialogue_action feed(struct run *run, struct bytes bytes, size_t piece)
{
    enum dialogue_action action = DIALOGUE_READ;
    while (bytes.len > 0 && action != DIALOGUE_CLOSE) {
        size_t len = piece < bytes.len ? piece : bytes.len;
        if (action == DIALOGUE_START_TLS) {
            dialogue_injected(&run->dialogue);
            return action;
        }
        action = take(run, dialogue_feed(&run->dialogue, bytes.data, len));
        bytes = bytes_make(bytes.data + len, bytes.len - len);
    }
    return action;
}

static void play(struct run *run, struct bytes plain, struct bytes tls, size_t piece)
{
    *run = (struct run){0};
    arena_init(&run->arena, ARENA_BYTES);
    dialogue_init(&run->dialogue, "probe.test", &run->arena, &run->facts);
    if (feed(run, plain, piece) == DIALOGUE_START_TLS) {
        (void)take(run, dialogue_tls_done(&run->dialogue));
        (void)feed(run, tls, piece);
    }
    dialogue_closed(&run->dialogue);
}

static void stop(struct run *run)
{
    dialogue_dispose(&run->dialogue);
    arena_dispose(&run->arena);
}

static void check_bounds(const struct probe_facts *facts)
{
    must(facts->end != SMTP_END_NONE && facts->end < SMTP_END_COUNT);
    must(facts->greeting.len <= TEXT_MAX && facts->reply.len <= TEXT_MAX);
    must(facts->ehlo_count < LINES_MAX && facts->ehlo_tls_count <= LINES_MAX);
    must(facts->reply_code == 0 || (facts->reply_code >= 200 && facts->reply_code <= 599));
    must(facts->step < SMTP_STARTTLS || facts->starttls_offered);
    for (size_t i = 0; i < facts->ehlo_count; i++)
        must(facts->ehlo[i].len <= TEXT_MAX);
}

static void check_same(const struct run *x, const struct run *y)
{
    const struct probe_facts *a = &x->facts, *b = &y->facts;
    must(a->step == b->step && a->end == b->end && a->reply_code == b->reply_code);
    must(a->starttls_offered == b->starttls_offered && a->injected == b->injected);
    must(a->loose == b->loose && a->listed == b->listed);
    must(bytes_equal(a->greeting, b->greeting) && bytes_equal(a->reply, b->reply));
    must(a->ehlo_count == b->ehlo_count && a->ehlo_tls_count == b->ehlo_tls_count);
    for (size_t i = 0; i < a->ehlo_count; i++)
        must(bytes_equal(a->ehlo[i], b->ehlo[i]));
    must(x->sent == y->sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run whole, pieces;
    if (size < 1)
        return 0;
    const uint8_t *nul = memchr(data + 1, 0, size - 1);
    size_t len = nul == NULL ? size - 1 : (size_t)(nul - data - 1);
    struct bytes plain = bytes_make(data + 1, len);
    struct bytes tls = nul == NULL ? (struct bytes){NULL, 0} : bytes_make(nul + 1, size - len - 2);
    play(&whole, plain, tls, SIZE_MAX);
    play(&pieces, plain, tls, (size_t)data[0] + 1);
    check_bounds(&whole.facts);
    check_same(&whole, &pieces);
    stop(&whole);
    stop(&pieces);
    return 0;
}
