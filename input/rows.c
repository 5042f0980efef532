/* Joins lines while a quote is open. No I/O, no allocation. */
#include "input/rows.h"

#include "scanner/base/trim.h"

/* Appends a line to the row's text, behind a line feed; false if it has no room. */
static bool join(struct rows *rows, size_t *len, const struct line *line)
{
    if (line->too_long || line->text.len + 1 > ROW_BYTES - *len)
        return false;
    if (*len > 0)
        rows->text[(*len)++] = '\n';
    if (line->text.len > 0)
        memcpy(rows->text + *len, line->text.data, line->text.len);
    *len += line->text.len;
    return true;
}

/* Does what rows_take says, for a row whose first line leaves a quote open. */
static size_t take_several(struct rows *rows, const struct line *lines, size_t count, uint8_t separator,
                           struct csv_row *row)
{
    size_t len = 0;
    for (size_t taken = 0; taken < count && taken < ROW_LINES; taken++) {
        if (!join(rows, &len, &lines[taken]))
            return 1;
        if (taken == 0 || !bytes_have(lines[taken].text, '"'))
            continue;
        csv_split(bytes_make(rows->text, len), separator, rows->scratch, row);
        if (!row->open)
            return row->malformed ? 1 : taken + 1;
    }
    return count < ROW_LINES ? 0 : 1;
}

size_t rows_take(struct rows *rows, const struct line *lines, size_t count, bool last, uint8_t separator,
                 struct csv_row *row)
{
    csv_split(lines[0].text, separator, rows->scratch, row);
    if (!row->open || lines[0].too_long)
        return 1;
    size_t taken = take_several(rows, lines, count, separator, row);
    if (taken > 1 || (taken == 0 && !last))
        return taken;
    csv_split(lines[0].text, separator, rows->scratch, row);
    return 1;
}
