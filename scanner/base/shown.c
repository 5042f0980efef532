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

const char *shown(const char *text)
{
    static _Thread_local char copies[SHOWN_AT_ONCE][SHOWN_BYTES + 1];
    static _Thread_local unsigned next;
    struct bytes whole = bytes_of(text);
    if (is_shown(whole))
        return text;
    char *copy = copies[next++ % SHOWN_AT_ONCE];
    utf8_show(bytes_make(whole.data, whole.len < SHOWN_BYTES ? whole.len : SHOWN_BYTES), '?', copy);
    return copy;
}
