/*
 * An HTTP answer in any pieces: the first byte says how long a piece of the body is, header lines end with a
 * blank one. Whatever comes, what is kept stays below its ceiling and may be printed, and where the body is
 * cut does not matter.
 */
#include "scanner/facts/record_kept.h"
#include "scanner/https/fetch_end.h"
#include "tests/fuzz/target.h"

/* FACTS_MOST_BYTES: of a body, and of four texts, each byte of which may be escaped, and a redirect that is
 * encoded before. */
enum { BODY_MOST_BYTES = 4096, ARENA_BYTES = 1 << 20, FACTS_MOST_BYTES = 64 << 10 };

static size_t take_headers(struct fetch_answer *answer, const uint8_t *data, size_t size, bool *more)
{
    size_t start = 0;
    *more = true;
    for (size_t i = 0; i < size && *more; i++) {
        if (data[i] != '\n')
            continue;
        *more = fetch_answer_header(answer, bytes_make(data + start, i + 1 - start));
        bool is_blank = i == start || (i == start + 1 && data[start] == '\r');
        start = i + 1;
        if (is_blank)
            return start;
    }
    return start;
}

static void check(const struct fetch_answer *answer)
{
    expect(answer->body.len <= BODY_MOST_BYTES ? NULL : "more of the body is kept than may be");
    expect(answer->header_bytes <= HEADERS_BYTES_MAX || answer->headers_too_large
               ? NULL
               : "more headers than may be");
    expect(answer->status == 0 || (answer->status >= 0 && answer->status <= 999) ? NULL : "no such status");
    bool kept = answer->media_type.len <= MEDIA_TYPE_BYTES && answer->location.len <= LOCATION_BYTES &&
                answer->coding.len <= POLICY_CODING_BYTES && answer->signs.len <= POLICY_SIGNS_BYTES;
    expect(kept ? NULL : "more of a header line is kept than may be");
    expect(!fetch_answer_has_no_length(answer) || !answer->chunked ? NULL : "chunked, and without a length");
}

/* Concludes the fetch as if the server had closed in order. */
static void conclude(const struct fetch_answer *answer)
{
    struct fetch_facts facts = {.tls.alert = -1};
    struct fetch_tls tls = {
        .facts = &facts.tls, .started = true, .done = true, .close_notify = true, .late_alert = -1};
    struct fetch_end end = {.cause = CAUSE_TRANSFER, .result = CURLE_OK, .url = "https://mta-sts.example/"};
    size_t before = answer->arena->held_bytes;
    fetch_conclude(&end, &tls, answer, &facts);
    const char *texts[] = {facts.media_type, facts.redirect, facts.coding, facts.signs};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        expect(texts[i] == NULL || is_printable(texts[i]) ? NULL : "a text that may not be printed");
    expect(answer->arena->held_bytes - before <= FACTS_MOST_BYTES ? NULL : "facts larger than they may be");
    bool policy = facts.step == FETCH_DONE && facts.http_status == 200;
    expect(!policy || !fetch_answer_is_framed(answer) || fetch_answer_is_whole(answer)
               ? NULL
               : "a body that was cut counts as whole");
}

static void take(struct fetch_answer *answer, struct arena *arena, const uint8_t *data, size_t size,
                 size_t piece)
{
    bool more;
    const size_t held = arena->held_bytes;
    fetch_answer_init(answer, BODY_MOST_BYTES, arena);
    size_t at = take_headers(answer, data, size, &more);
    for (; more && at < size; at += piece)
        more = fetch_answer_body(answer, bytes_make(data + at, size - at < piece ? size - at : piece));
    expect(arena->held_bytes == held ? NULL : "an answer takes memory before it is concluded");
    check(answer);
    conclude(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fetch_answer whole, pieces;
    struct arena arena;
    if (size == 0)
        return 0;
    arena_init(&arena, ARENA_BYTES);
    take(&whole, &arena, data + 1, size - 1, size);
    take(&pieces, &arena, data + 1, size - 1, (size_t)data[0] + 1);
    expect(whole.too_large == pieces.too_large ? NULL : "the pieces decide whether it is too large");
    expect(bytes_equal(buf_bytes(&whole.body), buf_bytes(&pieces.body)) ? NULL
                                                                        : "the pieces change the body");
    bool same_end = fetch_answer_is_whole(&whole) == fetch_answer_is_whole(&pieces) &&
                    fetch_answer_is_misframed(&whole) == fetch_answer_is_misframed(&pieces);
    expect(whole.too_large || same_end ? NULL : "the pieces decide where the body ends");
    fetch_answer_dispose(&whole);
    fetch_answer_dispose(&pieces);
    arena_dispose(&arena);
    return 0;
}
