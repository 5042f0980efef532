/* Reads the parts of an answer that a policy needs. libcurl has split the lines before. */
#include "scanner/https/fetch_answer.h"

#include <string.h>
#include <strings.h>

#include "scanner/facts/record_kept.h"

/* UPGRADE_REQUIRED: RFC 9110 section 15.5.22. LENGTH_DIGITS: of a number that fits 64 bits. */
enum { UPGRADE_REQUIRED = 426, LENGTH_DIGITS = 19 };

void fetch_answer_init(struct fetch_answer *answer, size_t max_bytes, struct arena *arena)
{
    *answer = (struct fetch_answer){.arena = arena};
    buf_init(&answer->body, max_bytes);
    buf_init(&answer->media_type, MEDIA_TYPE_BYTES);
    buf_init(&answer->location, LOCATION_BYTES);
    buf_init(&answer->coding, POLICY_CODING_BYTES);
    buf_init(&answer->signs, POLICY_SIGNS_BYTES);
}

void fetch_answer_dispose(struct fetch_answer *answer)
{
    buf_dispose(&answer->body);
    buf_dispose(&answer->media_type);
    buf_dispose(&answer->location);
    buf_dispose(&answer->coding);
    buf_dispose(&answer->signs);
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static struct bytes skip(struct bytes text, size_t count)
{
    return bytes_behind(text, count);
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static struct bytes skip_blanks(struct bytes text)
{
    while (text.len > 0 && is_blank(text.data[0]))
        text = skip(text, 1);
    return text;
}

static struct bytes trim(struct bytes text)
{
    text = skip_blanks(text);
    while (text.len > 0 && memchr(" \t\r\n", text.data[text.len - 1], 4) != NULL)
        text.len--;
    return text;
}

/* Says whether the line ends the headers. One of blanks does not: it is a fold (RFC 9112 section 5.2). */
static bool is_empty(struct bytes line)
{
    return bytes_equal(line, bytes_of("\r\n")) || bytes_equal(line, bytes_of("\n"));
}

/* Says whether the byte ends a word of a line. */
static bool ends_word(uint8_t byte)
{
    return is_blank(byte) || byte == '\r' || byte == '\n';
}

/* Reads the status of a status line (RFC 9112 section 4), as 200 of "HTTP/1.1 200 …"; 0 if it is none. Any
 * HTTP/1 will do, and any blanks: clients read the same of them. Of "200OK" most read none. */
static int status_of(struct bytes line)
{
    enum { MINOR = 7, VERSION = 8, DIGITS = 3 };
    if (line.len <= VERSION || memcmp(line.data, "HTTP/1.", MINOR) != 0 || !is_digit(line.data[MINOR]) ||
        !is_blank(line.data[VERSION]))
        return 0;
    const struct bytes rest = skip_blanks(skip(line, VERSION));
    if (rest.len <= DIGITS)
        return 0;
    int status = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        if (!is_digit(rest.data[i]))
            return 0;
        status = 10 * status + rest.data[i] - '0';
    }
    return !ends_word(rest.data[DIGITS]) || status < 100 ? 0 : status;
}

/* Says whether the line is the field `name`; then *value is its value. */
static bool is_field(struct bytes line, const char *name, struct bytes *value)
{
    size_t len = strlen(name);
    if (line.len <= len || line.data[len] != ':' || strncasecmp((const char *)line.data, name, len) != 0)
        return false;
    *value = trim(skip(line, len + 1));
    return true;
}

/* ---- fields -------------------------------------------------------------------------------------------- */

/* Adds a text to a list of texts; false if there is no room for all of it. */
static bool add_listed(struct fetch_answer *answer, struct buf *list, const char *mark, struct bytes text)
{
    const size_t room = list->ceiling_bytes - list->len;
    const size_t head = list->len == 0 ? 0 : strlen(mark);
    if (text.len > room || head > room - text.len)
        return false;
    bool kept = buf_append(list, mark, head) && buf_append(list, text.data, text.len);
    answer->no_memory = answer->no_memory || !kept;
    return kept;
}

/* Adds a text, or so much of it as there is room for. */
static void add_cut(struct fetch_answer *answer, struct buf *whole, struct bytes text)
{
    const size_t room = whole->ceiling_bytes - whole->len;
    const size_t head = whole->len == 0 ? 0 : strlen(" ");
    if (room > head)
        (void)add_listed(answer, whole, " ",
                         bytes_make(text.data, text.len < room - head ? text.len : room - head));
}

/* Reads digits; false if it is anything else, or too large. Zeros before the number do not count. */
static bool read_number(struct bytes text, uint64_t *number)
{
    *number = 0;
    while (text.len > 1 && text.data[0] == '0')
        text = skip(text, 1);
    if (text.len == 0 || text.len > LENGTH_DIGITS)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        *number = 10 * *number + (uint64_t)(text.data[i] - '0');
    }
    return true;
}

/* Reads Content-Length. Equal values, also between commas, are one (RFC 9112 section 6.3). */
static void read_length(struct fetch_answer *answer, struct bytes value)
{
    for (bool more = true; more;) {
        const uint8_t *comma = memchr(value.data, ',', value.len);
        uint64_t number;
        more = comma != NULL;
        struct bytes one = bytes_make(value.data, more ? (size_t)(comma - value.data) : value.len);
        value = more ? skip(value, one.len + 1) : value;
        if (!read_number(trim(one), &number) || (answer->has_length && number != answer->length))
            answer->bad_length = true;
        answer->has_length = true;
        answer->length = number;
    }
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.data, word, text.len) == 0;
}

/* Takes what stands before the next comma. */
static struct bytes take_listed(struct bytes *list)
{
    const uint8_t *comma = memchr(list->data, ',', list->len);
    struct bytes one = bytes_make(list->data, comma == NULL ? list->len : (size_t)(comma - list->data));
    *list = skip(*list, comma == NULL ? one.len : one.len + 1);
    return trim(one);
}

/* Reads Transfer-Encoding. No request of ours asks for any, so only chunks may come (RFC 9112 section 6.1).
 */
static void read_transfer(struct fetch_answer *answer, struct bytes value)
{
    while (value.len > 0) {
        struct bytes coding = take_listed(&value);
        if (is_word(coding, "chunked"))
            answer->chunked = true;
        else if (coding.len > 0 && !is_word(coding, "identity"))
            answer->bad_transfer = true;
    }
}

/* Says whether the line is a field by which a guard against bots may be told (scanner/verdict/challenge.c).
 */
static bool is_sign(struct bytes line)
{
    static const char *const names[] = {
        "server", "cf-mitigated", "x-amzn-waf-action", "x-azure-ref", "x-vercel-mitigated", "x-datadome",
        "x-dd-b", "x-iinfo",      "x-kpsdk-ct",        "x-sucuri-id", "x-sucuri-block",     "x-px-block-id",
    };
    struct bytes value;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_field(line, names[i], &value))
            return true;
    return false;
}

static bool names_http2(struct bytes value)
{
    static const char *const names[] = {"h2", "h3", "HTTP/2", "HTTP/3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (bytes_hold(value, names[i]))
            return true;
    return false;
}

/* Tells the field of a line. *value is its value; of a sign, the line. */
static enum fetch_field field_of(const struct fetch_answer *answer, struct bytes line, struct bytes *value)
{
    static const struct {
        const char *name;
        enum fetch_field field;
    } fields[] = {
        {"Content-Length", FETCH_FIELD_LENGTH},   {"Transfer-Encoding", FETCH_FIELD_TRANSFER},
        {"Content-Type", FETCH_FIELD_MEDIA_TYPE}, {"Location", FETCH_FIELD_LOCATION},
        {"Content-Encoding", FETCH_FIELD_CODING}, {"Upgrade", FETCH_FIELD_UPGRADE},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (!is_field(line, fields[i].name, value))
            continue;
        bool again = fields[i].field == FETCH_FIELD_LOCATION && answer->location.len > 0;
        return again ? FETCH_FIELD_OTHER : fields[i].field;
    }
    *value = trim(line);
    return is_sign(line) ? FETCH_FIELD_SIGN : FETCH_FIELD_OTHER;
}

static void add_sign(struct fetch_answer *answer, struct bytes value)
{
    if (!add_listed(answer, &answer->signs, answer->valued ? " " : "; ", value))
        answer->field = FETCH_FIELD_OTHER; /* what is folded behind it belongs to no other sign */
}

/* Takes a value, or what a fold adds to one, of a field that does not frame the body. */
static void add_value(struct fetch_answer *answer, struct bytes value)
{
    if (value.len == 0)
        return;
    switch (answer->field) {
    case FETCH_FIELD_MEDIA_TYPE:
        if (!answer->valued)
            buf_reset(&answer->media_type);
        add_cut(answer, &answer->media_type, value);
        break;
    case FETCH_FIELD_LOCATION:
        add_cut(answer, &answer->location, value);
        break;
    case FETCH_FIELD_CODING:
        if (!add_listed(answer, &answer->coding, answer->valued ? " " : ", ", value))
            answer->coding_cut = true;
        break;
    case FETCH_FIELD_UPGRADE:
        answer->http2 = answer->http2 || (answer->status == UPGRADE_REQUIRED && names_http2(value));
        break;
    case FETCH_FIELD_SIGN:
        add_sign(answer, value);
        break;
    default:
        break;
    }
    answer->valued = true;
}

static void read_field(struct fetch_answer *answer, struct bytes line)
{
    struct bytes value;
    answer->field = field_of(answer, line, &value);
    answer->valued = false;
    if (answer->field == FETCH_FIELD_LENGTH)
        read_length(answer, value);
    else if (answer->field == FETCH_FIELD_TRANSFER)
        read_transfer(answer, value);
    else
        add_value(answer, value);
}

/* Reads a line that continues the field before it (RFC 9112 section 5.2). Of a length or a coding that is
 * folded clients read different things (some the first line alone, some all of it), so it frames nothing. A
 * fold with no field before it is what libcurl 7 refuses. */
static void read_fold(struct fetch_answer *answer, struct bytes line)
{
    const struct bytes value = trim(line);
    if (answer->field == FETCH_FIELD_NONE)
        answer->not_http = true;
    else if (answer->field == FETCH_FIELD_LENGTH)
        answer->bad_length = answer->bad_length || value.len > 0;
    else if (answer->field == FETCH_FIELD_TRANSFER)
        answer->bad_transfer = answer->bad_transfer || value.len > 0;
    else
        add_value(answer, value);
}

/* Forgets an interim answer, of which nothing holds for the one to come. */
static void forget(struct fetch_answer *answer)
{
    struct fetch_answer none = {.arena = answer->arena,
                                .body = answer->body,
                                .media_type = answer->media_type,
                                .location = answer->location,
                                .coding = answer->coding,
                                .signs = answer->signs,
                                .no_memory = answer->no_memory,
                                .header_bytes = answer->header_bytes,
                                .header_lines = answer->header_lines};
    buf_reset(&none.media_type);
    buf_reset(&none.location);
    buf_reset(&none.coding);
    buf_reset(&none.signs);
    *answer = none;
}

static void end_headers(struct fetch_answer *answer)
{
    bool interim = answer->status < 200 && answer->status != 101;
    if (interim)
        forget(answer);
    answer->headers_ended = !interim;
}

/* Says whether enough has been read when the headers have ended. Of answers that may be a guard's the body
 * tells whose. */
static bool is_enough(const struct fetch_answer *answer)
{
    bool guards = answer->status == 403 || answer->status == 429 || answer->status == 503;
    return (fetch_answer_says_no(answer) && !guards) ||
           (answer->headers_ended &&
            (fetch_answer_has_no_length(answer) || answer->bad_transfer || fetch_answer_is_whole(answer)));
}

bool fetch_answer_header(struct fetch_answer *answer, struct bytes line)
{
    if (line.len > HEADERS_BYTES_MAX - answer->header_bytes || answer->header_lines == HEADER_LINES_MAX) {
        answer->headers_too_large = true;
        return false;
    }
    answer->header_bytes += line.len;
    answer->header_lines++;
    if (answer->headers_ended)
        return true;
    if (answer->status == 0) {
        answer->status = status_of(line);
        answer->not_http = answer->status == 0;
        return !answer->not_http;
    }
    if (is_empty(line))
        end_headers(answer);
    else if (line.len > 0 && is_blank(line.data[0]))
        read_fold(answer, line);
    else
        read_field(answer, line);
    return !answer->not_http && !is_enough(answer);
}

/* Says whether the bytes begin a frame of HTTP/2 with which a server begins or ends a connection: SETTINGS or
 * GOAWAY, of no stream (RFC 9113 sections 4.1, 6.5 and 6.8). */
static bool is_http2_frame(struct bytes bytes)
{
    enum { HEAD = 9, SETTINGS = 4, SETTING_BYTES = 6, GOAWAY = 7, GOAWAY_BYTES = 8 };
    static const uint8_t no_stream[4] = {0};
    if (bytes.len < HEAD || memcmp(bytes.data + 5, no_stream, sizeof no_stream) != 0)
        return false;
    size_t len = (size_t)bytes.data[0] << 16 | (size_t)bytes.data[1] << 8 | bytes.data[2];
    return (bytes.data[3] == SETTINGS && len % SETTING_BYTES == 0) ||
           (bytes.data[3] == GOAWAY && len >= GOAWAY_BYTES);
}

/* Keeps a piece of the body, as far as there is room. false: a ceiling, no memory. */
static bool keep(struct fetch_answer *answer, struct bytes piece)
{
    bool no = fetch_answer_says_no(answer);
    size_t most = answer->body.ceiling_bytes;
    most = no && most > POLICY_REFUSAL_BYTES ? POLICY_REFUSAL_BYTES : most;
    size_t room = most - answer->body.len;
    bool over = piece.len > room;
    answer->too_large = over && !no;
    answer->came += piece.len;
    if (!buf_append(&answer->body, piece.data, over ? room : piece.len)) {
        answer->no_memory = true;
        return false;
    }
    return !over;
}

static bool take_chunks(struct fetch_answer *answer, struct bytes piece)
{
    bool more = true;
    while (more) {
        struct bytes data = chunks_take(&answer->chunks, &piece);
        if (data.len == 0)
            break;
        more = keep(answer, data); /* what lies behind a ceiling is not looked at, also if it has come */
    }
    return more && answer->chunks.state < CHUNKS_WHOLE;
}

/* Takes so much of a piece as belongs to the body. */
static bool take_counted(struct fetch_answer *answer, struct bytes piece)
{
    uint64_t left = answer->length - answer->came;
    if (answer->has_length && piece.len > left)
        piece.len = (size_t)left;
    return keep(answer, piece) && !fetch_answer_is_whole(answer);
}

bool fetch_answer_body(struct fetch_answer *answer, struct bytes piece)
{
    if (!answer->headers_ended) { /* HTTP/0.9, as libcurl has it: no answer at all */
        answer->not_http = true;
        answer->http2 = is_http2_frame(piece);
        return false;
    }
    return answer->chunked ? take_chunks(answer, piece) : take_counted(answer, piece);
}

bool fetch_answer_says_no(const struct fetch_answer *answer)
{
    return answer->headers_ended && answer->status != 200;
}

bool fetch_answer_is_framed(const struct fetch_answer *answer)
{
    return answer->chunked || answer->has_length;
}

bool fetch_answer_is_whole(const struct fetch_answer *answer)
{
    if (answer->chunked)
        return answer->chunks.state == CHUNKS_WHOLE;
    return answer->has_length && !answer->bad_length && answer->came == answer->length;
}

bool fetch_answer_is_misframed(const struct fetch_answer *answer)
{
    return answer->bad_transfer || answer->chunks.state == CHUNKS_BAD;
}

bool fetch_answer_has_no_length(const struct fetch_answer *answer)
{
    return answer->bad_length && !answer->chunked;
}
