/* Goes over the members of the top level without reading what they hold, then proves what is left. */
#include "output/release/release_line.h"

#include <string.h>

#include "scanner/json/json_read.h"

/* Returns the place behind a string that begins at `at`; line.len if it does not end. */
static size_t behind_string(struct bytes line, size_t at)
{
    for (at++; at < line.len && line.data[at] != '"'; at++)
        at += line.data[at] == '\\';
    return at < line.len ? at + 1 : line.len;
}

/* Returns the place of the , or } behind a value of the top level. */
static size_t behind_value(struct bytes line, size_t at)
{
    unsigned depth = 0;
    while (at < line.len) {
        uint8_t byte = line.data[at];
        if (byte == '"') {
            at = behind_string(line, at);
            continue;
        }
        if (depth == 0 && (byte == ',' || byte == '}'))
            return at;
        depth += byte == '{' || byte == '[';
        depth -= byte == '}' || byte == ']';
        at++;
    }
    return line.len;
}

static size_t behind_blanks(struct bytes line, size_t at)
{
    while (at < line.len && strchr(" \t\r\n", line.data[at]) != NULL && line.data[at] != 0)
        at++;
    return at;
}

/* Appends the line without its label, as scans write it. Returns whether there was one. */
static bool cut_label(struct bytes line, struct buf *out)
{
    static const char key[] = "\"label\"";
    size_t at = behind_blanks(line, 1);
    while (at < line.len && line.data[at] == '"') {
        size_t named = behind_string(line, at), end = behind_value(line, named);
        if (named - at == sizeof key - 1 && memcmp(line.data + at, key, sizeof key - 1) == 0) {
            bool is_last = end >= line.len || line.data[end] != ',';
            size_t from = at, to = is_last ? end : end + 1;
            while (is_last && from > 1 && line.data[from - 1] != '{' && line.data[from] != ',')
                from--;
            (void)buf_append(out, line.data, from);
            (void)buf_append(out, line.data + to, line.len - to);
            return true;
        }
        at = behind_blanks(line, end + 1);
    }
    (void)buf_append(out, line.data, line.len);
    return false;
}

enum error release_line(struct bytes line, bool labels, struct buf *out, enum release_label *label)
{
    size_t from = out->len, left;
    *label = RELEASE_LABEL_KEPT;
    if (labels)
        (void)buf_append(out, line.data, line.len);
    else
        *label = cut_label(line, out) ? RELEASE_LABEL_CUT : RELEASE_NO_LABEL;
    if (out->failed)
        return ERR_LIMIT;
    enum error error = json_prove_line(bytes_behind(buf_bytes(out), from), "label", &left);
    if (error == ERR_SYNTAX)
        *label = RELEASE_NO_RECORD;
    else if (error == ERR_OK && left > 0 && !labels)
        *label = RELEASE_LABEL_STAYS;
    return error == ERR_SYNTAX ? ERR_OK : error;
}
