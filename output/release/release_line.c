/* Goes over the members of the top level without reading what they hold. */
#include "output/release/release_line.h"

#include <string.h>

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

bool release_cut_label(struct bytes line, struct buf *out)
{
    static const char key[] = "\"label\":";
    size_t at = 1;
    while (at < line.len && line.data[at] == '"') {
        size_t end = behind_value(line, behind_string(line, at));
        if (line.len - at >= sizeof key - 1 && memcmp(line.data + at, key, sizeof key - 1) == 0) {
            bool is_last = end >= line.len || line.data[end] != ',';
            size_t from = is_last && at > 1 ? at - 1 : at, to = is_last ? end : end + 1;
            (void)buf_append(out, line.data, from);
            (void)buf_append(out, line.data + to, line.len - to);
            return true;
        }
        at = end + 1;
    }
    (void)buf_append(out, line.data, line.len);
    return false;
}
