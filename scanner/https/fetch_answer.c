/* Reads the parts of an answer that a policy needs. libcurl has checked the grammar before. */
#include "scanner/https/fetch_answer.h"

#include <strings.h>

#include "scanner/tls/trust.h"

enum { LOCATION_BYTES = 2048 };

void fetch_answer_init(struct fetch_answer *answer, size_t max_bytes, struct arena *arena)
{
    *answer = (struct fetch_answer){.arena = arena};
    buf_init(&answer->body, max_bytes);
}

void fetch_answer_dispose(struct fetch_answer *answer)
{
    buf_dispose(&answer->body);
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static struct bytes skip(struct bytes text, size_t count)
{
    return bytes_make(text.data + count, text.len - count);
}

static struct bytes trim(struct bytes text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
        text = skip(text, 1);
    while (text.len > 0 && memchr(" \t\r\n", text.data[text.len - 1], 4) != NULL)
        text.len--;
    return text;
}

/* Reads the status of a status line, as 200 of "HTTP/1.1 200 …"; 0 if it is none. */
static int status_of(struct bytes line)
{
    if (line.len < 5 || memcmp(line.data, "HTTP/", 5) != 0)
        return 0;
    const uint8_t *space = memchr(line.data, ' ', line.len);
    if (space == NULL)
        return 0;
    struct bytes rest = trim(skip(line, (size_t)(space - line.data)));
    if (rest.len < 3 || !is_digit(rest.data[0]) || !is_digit(rest.data[1]) || !is_digit(rest.data[2]))
        return 0;
    return (rest.data[0] - '0') * 100 + (rest.data[1] - '0') * 10 + (rest.data[2] - '0');
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

/* Says whether the last coding is chunked: the last one frames the body (RFC 9112 section 6.3). */
static bool ends_chunked(struct bytes value)
{
    const size_t len = strlen("chunked");
    return value.len >= len && strncasecmp((const char *)value.data + value.len - len, "chunked", len) == 0;
}

static void read_field(struct fetch_answer *answer, struct bytes line)
{
    struct bytes value;
    if (is_field(line, "Content-Length", &value))
        answer->framed = true;
    else if (is_field(line, "Transfer-Encoding", &value))
        answer->framed = answer->framed || ends_chunked(value);
    else if (answer->location == NULL && is_field(line, "Location", &value) && value.len > 0)
        answer->location = peer_text(answer->arena, value, LOCATION_BYTES);
}

static void end_headers(struct fetch_answer *answer)
{
    bool interim = answer->status < 200 && answer->status != 101;
    answer->headers_ended = !interim;
    if (!interim)
        return;
    answer->status = 0;
    answer->framed = false;
    answer->location = NULL;
}

bool fetch_answer_header(struct fetch_answer *answer, struct bytes line)
{
    if (line.len > HEADERS_BYTES_MAX - answer->header_bytes) {
        answer->headers_too_large = true;
        return false;
    }
    answer->header_bytes += line.len;
    if (answer->headers_ended)
        return true;
    if (answer->status == 0)
        answer->status = status_of(line);
    else if (trim(line).len == 0)
        end_headers(answer);
    else
        read_field(answer, line);
    return !fetch_answer_without_body(answer);
}

bool fetch_answer_body(struct fetch_answer *answer, struct bytes piece)
{
    size_t room = answer->body.ceiling_bytes - answer->body.len;
    answer->too_large = piece.len > room;
    if (!buf_append(&answer->body, piece.data, answer->too_large ? room : piece.len)) {
        answer->no_memory = true;
        return false;
    }
    return !answer->too_large;
}

bool fetch_answer_without_body(const struct fetch_answer *answer)
{
    return answer->headers_ended && answer->status != 200;
}
