/* Turns lines into addresses, and back. */
#include "scanner/reach/stuck_list.h"

#include <string.h>

bool stuck_list_has(const struct stuck_list *stuck, const struct place_at *at)
{
    for (size_t i = 0; i < stuck->count; i++)
        if (stuck->list[i].kind == at->kind && ip_equal(&stuck->list[i].ip, &at->ip))
            return true;
    return false;
}

bool stuck_list_add(struct stuck_list *stuck, const struct place_at *at)
{
    if (stuck_list_has(stuck, at))
        return true;
    if (stuck->count == STUCK_MOST)
        return false;
    stuck->list[stuck->count++] = *at;
    return true;
}

static bool read_line(struct stuck_list *stuck, struct bytes line)
{
    struct place_at at = {.kind = PLACE_NONE};
    for (enum place_kind kind = PLACE_NONE + 1; kind < PLACE_KINDS; kind++) {
        size_t len = strlen(place_kind_name(kind));
        if (line.len > len && line.data[len] == ' ' && memcmp(line.data, place_kind_name(kind), len) == 0 &&
            ip_parse_bytes(bytes_make(line.data + len + 1, line.len - len - 1), &at.ip))
            at.kind = kind;
    }
    return at.kind != PLACE_NONE && stuck_list_add(stuck, &at);
}

bool stuck_list_read(struct stuck_list *stuck, struct bytes text, size_t *line)
{
    for (*line = 1; text.len > 0; (*line)++) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);
        if (len > 0 && text.data[0] != '#' && !read_line(stuck, bytes_make(text.data, len)))
            return false;
        len += end != NULL;
        text = bytes_behind(text, len);
    }
    return true;
}

bool stuck_list_write(const struct stuck_list *stuck, struct buf *text)
{
    char ip[IP_TEXT_BYTES];
    bool fits = true;
    for (size_t i = 0; i < stuck->count; i++)
        fits = buf_printf(text, "%s %s\n", place_kind_name(stuck->list[i].kind),
                          ip_format(&stuck->list[i].ip, ip)) &&
               fits;
    return fits;
}
