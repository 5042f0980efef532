/*
 * Takes replies and gives commands: the state machine of a probe's SMTP session. It opens nothing, waits for
 * nothing and judges nothing.
 */
#include "scanner/wire/dialogue.h"

#include <errno.h>

#include "scanner/wire/blocklist.h"
#include "scanner/wire/loose.h"
#include "scanner/wire/masked.h"

enum {
    LINE_BYTES = 2048,
    REPLY_LINES = 100,
    REPLY_BYTES = 32 * 1024,
    TEXT_BYTES = 512,
    OUT_BYTES = 1024,
    CODE_BYTES = 3,
    UNKNOWN_COMMAND = 500,
    NOT_IMPLEMENTED = 502,
    FIRST_CAPABILITIES = 8
};

/* ---- states -------------------------------------------------------------------------------------------- */

static void set_step(struct dialogue *dialogue, enum smtp_step step)
{
    dialogue->step = step;
    dialogue->facts->step = step;
}

/* Says whether the session ended by a refusal of our address. */
static bool is_listed(const struct probe_facts *facts)
{
    bool refused = facts->end == SMTP_END_REPLY || facts->end == SMTP_END_NOT_SMTP;
    if (facts->step > SMTP_STARTTLS || facts->end == SMTP_END_NOT_OFFERED)
        return false;
    return smtp_names_block_list(facts->reply) ||
           (refused && facts->step == SMTP_GREETING && smtp_names_block_list(facts->greeting));
}

static void set_end(struct dialogue *dialogue, enum smtp_end end)
{
    struct probe_facts *facts = dialogue->facts;
    facts->end = end;
    facts->loose = smtp_is_loose(facts);
    facts->listed = is_listed(facts);
    dialogue->over = true;
}

static void say(struct dialogue *dialogue, enum smtp_step step, const char *command)
{
    set_step(dialogue, step);
    buf_text(&dialogue->out, command);
}

static void say_name(struct dialogue *dialogue, enum smtp_step step, const char *command)
{
    set_step(dialogue, step);
    buf_printf(&dialogue->out, "%s %s\r\n", command, dialogue->ehlo_name);
}

static void quit(struct dialogue *dialogue, enum smtp_end end)
{
    set_end(dialogue, end);
    buf_text(&dialogue->out, "QUIT\r\n");
}

static struct bytes keep(struct dialogue *dialogue, struct bytes text)
{
    if (text.len > TEXT_BYTES)
        text.len = TEXT_BYTES;
    return arena_bytes(dialogue->arena, text);
}

/* Keeps what has come of a refusal that does not end. */
static void keep_refusal(struct dialogue *dialogue)
{
    if (dialogue->refusal_lines > 0)
        dialogue->facts->reply = keep(dialogue, buf_bytes(&dialogue->refusal));
}

static void no_memory(struct dialogue *dialogue)
{
    dialogue_failed(dialogue, NET_RESOURCES, ENOMEM);
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static struct bytes without_cr(struct bytes line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* Says whether the part of a line that has come may begin a reply: a code, then a space, a hyphen or nothing
 * (RFC 5321 section 4.2). CRs at its end belong to the line's end. */
static bool begins_reply(struct bytes part)
{
    struct bytes line = smtp_without_crs(part);
    for (size_t i = 0; i < CODE_BYTES && i < line.len; i++)
        if (!is_digit(line.data[i]))
            return false;
    if (line.len > 0 && (line.data[0] < '2' || line.data[0] > '5'))
        return false;
    return line.len <= CODE_BYTES || line.data[CODE_BYTES] == ' ' || line.data[CODE_BYTES] == '-';
}

/* Returns how many bytes come before the first one that no text holds. */
static size_t text_length(struct bytes line)
{
    size_t len = 0;
    while (len < line.len && line.data[len] != 0x7f &&
           (line.data[len] >= 0x20 || line.data[len] == '\t' || line.data[len] == '\r'))
        len++;
    return len;
}

/* Ends the dialogue at a reply that cannot be used. The line is kept as evidence, up to and with the first
 * byte that no text holds: how much of the rest has come depends on the network. */
static void give_up(struct dialogue *dialogue, enum smtp_end end, struct bytes line)
{
    struct probe_facts *facts = dialogue->facts;
    bool first = dialogue->step == SMTP_GREETING && dialogue->reply_lines == 0;
    size_t text = text_length(line);
    if (text < line.len)
        line.len = text + 1;
    *(first ? &facts->greeting : &facts->reply) = keep(dialogue, line);
    quit(dialogue, end);
}

static bool holds_garbage(const struct dialogue *dialogue)
{
    return dialogue->in.len > 0 && !begins_reply(buf_bytes(&dialogue->in));
}

/* Returns how a line without a code ends the dialogue: it is another protocol's if nothing of a reply came
 * before it. */
static enum smtp_end codeless_end(const struct dialogue *dialogue)
{
    bool first = dialogue->step == SMTP_GREETING && dialogue->reply_lines == 0;
    return first ? SMTP_END_NOT_SMTP : SMTP_END_MALFORMED;
}

/* Checks a line that has not ended yet. One that is no reply is read on for the sake of the evidence, but not
 * for long. */
static void check_part(struct dialogue *dialogue)
{
    struct bytes part = buf_bytes(&dialogue->in);
    if (holds_garbage(dialogue)) {
        if (part.len > TEXT_BYTES + 1 || text_length(part) < part.len)
            give_up(dialogue, codeless_end(dialogue), part);
    } else if (part.len == LINE_BYTES) {
        give_up(dialogue, SMTP_END_LINE_TOO_LONG, part);
    }
}

/* ---- the content of replies ---------------------------------------------------------------------------- */

static void add_capability(struct dialogue *dialogue, struct bytes text)
{
    struct probe_facts *facts = dialogue->facts;
    size_t count = facts->ehlo_count;
    dialogue->offered = dialogue->offered || smtp_is_starttls(text);
    if (count == 0 || (count >= FIRST_CAPABILITIES && (count & (count - 1)) == 0)) {
        size_t room = count == 0 ? FIRST_CAPABILITIES : 2 * count;
        struct bytes *larger = arena_array(dialogue->arena, room, sizeof *larger);
        if (larger == NULL)
            return;
        if (count > 0)
            memcpy(larger, facts->ehlo, count * sizeof *larger);
        facts->ehlo = larger;
    }
    struct bytes kept = keep(dialogue, text);
    if (kept.data != NULL)
        facts->ehlo[facts->ehlo_count++] = kept;
}

static void add_refusal(struct dialogue *dialogue, struct bytes text)
{
    struct buf *refusal = &dialogue->refusal;
    if (dialogue->refusal_lines++ > 0 && refusal->len < TEXT_BYTES)
        buf_byte(refusal, '\n');
    size_t room = TEXT_BYTES - refusal->len;
    buf_append(refusal, text.data, text.len < room ? text.len : room);
}

static void take_text(struct dialogue *dialogue, struct bytes text)
{
    bool first = dialogue->reply_lines == 1;
    if (first && dialogue->step == SMTP_GREETING)
        dialogue->facts->greeting = keep(dialogue, text);
    if (dialogue->reply_code >= 300)
        add_refusal(dialogue, text);
    if (!first && dialogue->step == SMTP_EHLO && smtp_without_crs(text).len > 0)
        add_capability(dialogue, text);
    if (dialogue->refusal_lines == 0)
        dialogue->kept_if_refused = dialogue->facts->ehlo_count;
}

/* ---- replies ------------------------------------------------------------------------------------------- */

static void on_greeting(struct dialogue *dialogue, bool yes)
{
    if (yes)
        say_name(dialogue, SMTP_EHLO, "EHLO");
    else
        quit(dialogue, SMTP_END_REPLY);
}

static void end_without_starttls(struct dialogue *dialogue)
{
    dialogue->facts->masked = smtp_is_masked(dialogue->facts);
    quit(dialogue, SMTP_END_NOT_OFFERED);
}

/* Takes the refusal of EHLO. Lines of the reply that said no are no capabilities. A host that does not know
 * the command is told HELO in the same session (RFC 5321 section 3.2). */
static void on_ehlo_refused(struct dialogue *dialogue)
{
    dialogue->facts->ehlo_count = dialogue->kept_if_refused;
    if (dialogue->reply_code == UNKNOWN_COMMAND || dialogue->reply_code == NOT_IMPLEMENTED)
        say_name(dialogue, SMTP_HELO, "HELO");
    else
        quit(dialogue, SMTP_END_REPLY);
}

static void on_ehlo(struct dialogue *dialogue, bool yes)
{
    dialogue->facts->starttls_offered = yes && dialogue->offered;
    if (!yes)
        on_ehlo_refused(dialogue);
    else if (!dialogue->offered)
        end_without_starttls(dialogue);
    else
        say(dialogue, SMTP_STARTTLS, "STARTTLS\r\n");
}

/* Takes the reply to HELO: whoever knows no EHLO has no extensions, so no STARTTLS. */
static void on_helo(struct dialogue *dialogue, bool yes)
{
    if (yes)
        end_without_starttls(dialogue);
    else
        quit(dialogue, SMTP_END_REPLY);
}

static void on_starttls(struct dialogue *dialogue, bool yes)
{
    if (yes)
        set_step(dialogue, SMTP_HANDSHAKE);
    else
        quit(dialogue, SMTP_END_REPLY);
}

/* Ends the dialogue whatever the reply says: everything that is asked was answered. */
static void on_ehlo_tls(struct dialogue *dialogue, bool yes)
{
    if (yes)
        dialogue->facts->ehlo_tls_count = dialogue->reply_lines;
    set_step(dialogue, SMTP_QUIT);
    quit(dialogue, SMTP_END_DONE);
}

static void on_reply(struct dialogue *dialogue)
{
    bool yes = dialogue->reply_code < 300;
    dialogue->facts->reply_code = dialogue->reply_code;
    if (!yes)
        dialogue->facts->reply = keep(dialogue, buf_bytes(&dialogue->refusal));
    switch (dialogue->step) {
    case SMTP_GREETING:
        on_greeting(dialogue, yes);
        break;
    case SMTP_EHLO:
        on_ehlo(dialogue, yes);
        break;
    case SMTP_HELO:
        on_helo(dialogue, yes);
        break;
    case SMTP_STARTTLS:
        on_starttls(dialogue, yes);
        break;
    default:
        on_ehlo_tls(dialogue, yes);
        break;
    }
    dialogue->reply_lines = 0;
    dialogue->reply_bytes = 0;
    dialogue->refusal_lines = 0;
    buf_reset(&dialogue->refusal);
}

/* Takes a line. The code of a reply is that of its last line (TLS-8), as Postfix has it. */
static void on_line(struct dialogue *dialogue, struct bytes whole)
{
    struct bytes line = without_cr(bytes_make(whole.data, whole.len - 1));
    size_t len = smtp_without_crs(line).len;
    if (len < CODE_BYTES || !begins_reply(line)) {
        give_up(dialogue, codeless_end(dialogue), line);
        return;
    }
    if (dialogue->reply_lines == REPLY_LINES || whole.len > REPLY_BYTES - dialogue->reply_bytes) {
        give_up(dialogue, SMTP_END_LINE_TOO_LONG, line);
        return;
    }
    dialogue->reply_code = (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 + (line.data[2] - '0');
    dialogue->reply_lines++;
    dialogue->reply_bytes += whole.len;
    size_t skip = len > CODE_BYTES ? CODE_BYTES + 1 : CODE_BYTES;
    take_text(dialogue, bytes_behind(line, skip));
    if (len == CODE_BYTES || line.data[CODE_BYTES] == ' ')
        on_reply(dialogue);
}

/* ---- feeding ------------------------------------------------------------------------------------------- */

/* Takes at most one line; returns the rest. */
static struct bytes feed_line(struct dialogue *dialogue, struct bytes data)
{
    struct buf *in = &dialogue->in;
    const uint8_t *end = memchr(data.data, '\n', data.len);
    size_t take = end == NULL ? data.len : (size_t)(end - data.data) + 1;
    if (take > LINE_BYTES - in->len)
        take = LINE_BYTES - in->len;
    if (!buf_append(in, data.data, take)) {
        no_memory(dialogue);
    } else if (in->data[in->len - 1] == '\n') {
        on_line(dialogue, buf_bytes(in));
        buf_reset(in);
    } else {
        check_part(dialogue);
    }
    return bytes_behind(data, take);
}

static enum dialogue_action next_action(struct dialogue *dialogue)
{
    if (!dialogue->over && dialogue->out.failed)
        no_memory(dialogue);
    if (dialogue->over)
        return DIALOGUE_CLOSE;
    if (dialogue->step == SMTP_HANDSHAKE)
        return DIALOGUE_START_TLS;
    return dialogue->out.len > 0 ? DIALOGUE_WRITE : DIALOGUE_READ;
}

enum dialogue_action dialogue_feed(struct dialogue *dialogue, const void *data, size_t len)
{
    struct bytes rest = bytes_make(data, len);
    while (rest.len > 0 && !dialogue->over && dialogue->step != SMTP_HANDSHAKE)
        rest = feed_line(dialogue, rest);
    if (rest.len > 0 && !dialogue->over)
        dialogue_injected(dialogue);
    return next_action(dialogue);
}

/* ---- events -------------------------------------------------------------------------------------------- */

void dialogue_init(struct dialogue *dialogue, const char *ehlo_name, struct arena *arena,
                   struct probe_facts *facts)
{
    *dialogue = (struct dialogue){.ehlo_name = ehlo_name, .arena = arena, .facts = facts};
    buf_init(&dialogue->in, LINE_BYTES);
    buf_init(&dialogue->out, OUT_BYTES);
    buf_init(&dialogue->refusal, TEXT_BYTES);
    set_step(dialogue, SMTP_GREETING);
}

void dialogue_dispose(struct dialogue *dialogue)
{
    buf_dispose(&dialogue->in);
    buf_dispose(&dialogue->out);
    buf_dispose(&dialogue->refusal);
}

void dialogue_closed(struct dialogue *dialogue)
{
    dialogue_deadline(dialogue, SMTP_END_CLOSED);
}

void dialogue_failed(struct dialogue *dialogue, enum net_error error, int sys_errno)
{
    if (dialogue->over)
        return;
    dialogue->facts->net = error;
    dialogue->facts->sys_errno = sys_errno;
    keep_refusal(dialogue);
    set_end(dialogue, SMTP_END_NET);
}

void dialogue_deadline(struct dialogue *dialogue, enum smtp_end end)
{
    if (dialogue->over)
        return;
    if (holds_garbage(dialogue)) {
        give_up(dialogue, codeless_end(dialogue), without_cr(buf_bytes(&dialogue->in)));
        buf_reset(&dialogue->out);
    } else {
        keep_refusal(dialogue);
        set_end(dialogue, end);
    }
}

void dialogue_injected(struct dialogue *dialogue)
{
    dialogue->facts->injected = true;
}

void dialogue_first_record(struct dialogue *dialogue, struct bytes head)
{
    if (head.len > CODE_BYTES && begins_reply(head) && head.data[0] < '4')
        dialogue_injected(dialogue);
}

enum dialogue_action dialogue_tls_done(struct dialogue *dialogue)
{
    if (!dialogue->over)
        say_name(dialogue, SMTP_EHLO_TLS, "EHLO");
    return next_action(dialogue);
}

void dialogue_tls_failed(struct dialogue *dialogue)
{
    if (dialogue->over)
        return;
    set_step(dialogue, SMTP_HANDSHAKE);
    set_end(dialogue, SMTP_END_TLS);
}
