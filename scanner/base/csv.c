/* Looks at the beginning of a cell, and for what needs quotes; writes it. */
#include "scanner/base/csv.h"

#include <string.h>

/* Returns how many bytes of blanks a text begins with: space, tab, ends of lines, no-break space, the wide
 * space of Chinese and Japanese. */
static size_t blanks_before(struct bytes text)
{
    static const char *const blanks[] = {" ", "\t", "\r", "\n", "\v", "\f", "\xC2\xA0", "\xE3\x80\x80"};
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        size_t len = strlen(blanks[i]);
        if (text.len >= len && memcmp(text.data, blanks[i], len) == 0)
            return len;
    }
    return 0;
}

static bool begins_formula(struct bytes text)
{
    static const char *const signs[] = {
        "=", "+", "-", "@", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (text.len >= strlen(signs[i]) && memcmp(text.data, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

/* Tab and ends of lines count by themselves: what a program does with them differs. */
static bool is_formula(struct bytes cell)
{
    if (cell.len > 0 && memchr("\t\r\n", cell.data[0], 3) != NULL)
        return true;
    for (size_t len; (len = blanks_before(cell)) > 0;)
        cell = bytes_make(cell.data + len, cell.len - len);
    return begins_formula(cell);
}

struct csv_form csv_form_of(struct bytes cell)
{
    struct csv_form form = {.is_formula = is_formula(cell)};
    form.is_quoted = form.is_formula;
    for (size_t i = 0; !form.is_quoted && i < cell.len; i++)
        form.is_quoted = memchr("\",;\t\r\n", cell.data[i], 6) != NULL;
    return form;
}

bool csv_put(struct buf *out, struct bytes cell)
{
    struct csv_form form = csv_form_of(cell);
    if (form.is_quoted)
        (void)buf_byte(out, '"');
    if (form.is_formula)
        (void)buf_byte(out, '\'');
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.data[i] == '"')
            (void)buf_byte(out, '"');
        (void)buf_byte(out, cell.data[i]);
    }
    if (form.is_quoted)
        (void)buf_byte(out, '"');
    return !out->failed;
}
