/* Splits a policy file into lines; policy.c reads their content. */
#include "scanner/sts/lines.h"

#include "scanner/sts/text.h"

static const char bom[] = "\xEF\xBB\xBF";

bool lines_have_bom(struct bytes body)
{
    return text_begins(body, bytes_of(bom));
}

struct lines lines_start(struct bytes body)
{
    return (struct lines){.body = body, .at = lines_have_bom(body) ? sizeof bom - 1 : 0};
}

bool lines_next(struct lines *lines, struct line *line)
{
    struct bytes body = lines->body;
    if (lines->at >= body.len)
        return false;
    size_t end = lines->at;
    while (end < body.len && body.data[end] != '\n' && body.data[end] != '\r')
        end++;
    bool is_cr = end < body.len && body.data[end] == '\r';
    bool is_crlf = is_cr && end + 1 < body.len && body.data[end + 1] == '\n';
    size_t first_column = lines->number == 0 ? lines->at + 1 : 1;
    *line = (struct line){text_slice(body, lines->at, end), ++lines->number, first_column, lines->after_cr};
    lines->after_cr = is_cr && !is_crlf;
    lines->at = end + (end < body.len) + is_crlf;
    return true;
}

size_t lines_find_bare_cr(struct bytes body)
{
    for (size_t i = 0; i < body.len; i++)
        if (body.data[i] == '\r' && (i + 1 == body.len || body.data[i + 1] != '\n'))
            return i;
    return body.len;
}

size_t lines_end_of(struct bytes body, size_t offset)
{
    struct lines lines = {.body = body, .at = offset};
    struct line line;
    (void)lines_next(&lines, &line);
    return lines.at;
}

void lines_place(struct bytes body, size_t offset, size_t *line, size_t *column)
{
    struct lines lines = lines_start(body);
    struct line current;
    size_t start = 0;
    *line = 1;
    while (lines_next(&lines, &current)) {
        *line = current.number;
        if (offset < lines.at)
            break;
        start = lines.at;
    }
    *column = offset - start + 1;
}
