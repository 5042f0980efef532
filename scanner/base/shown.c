/* Copies what may not be shown as it is. */
#include "scanner/base/shown.h"

#include "scanner/base/utf8.h"

static bool is_shown(struct bytes text)
{
    for (size_t len; text.len > 0; text = bytes_make(text.data + len, text.len - len))
        if ((len = utf8_shown_len(text)) == 0)
            return false;
    return true;
}

static const char *copy_shown(struct bytes text, size_t most)
{
    static _Thread_local char copies[SHOWN_AT_ONCE][SHOWN_BYTES + 1];
    static _Thread_local unsigned next;
    char *copy = copies[next++ % SHOWN_AT_ONCE];
    utf8_show(bytes_make(text.data, utf8_cut(text, most < SHOWN_BYTES ? most : SHOWN_BYTES)), '?', copy);
    return copy;
}

const char *shown(const char *text)
{
    struct bytes whole = bytes_of(text);
    return is_shown(whole) ? text : copy_shown(whole, SHOWN_BYTES);
}

const char *shown_within(const char *text, size_t most)
{
    struct bytes whole = bytes_of(text);
    return whole.len <= most && is_shown(whole) ? text : copy_shown(whole, most);
}
