/* Splits rows of CSV into cells. No I/O, no allocation. */
#include "input/csv.h"

#include "scanner/base/trim.h"

/* It says where the next unread byte is, and where text goes once its quotes are taken off. */
struct cursor {
    struct bytes rest;
    uint8_t *scratch;
    uint8_t separator;
};

static void skip(struct cursor *cursor, size_t len)
{
    cursor->rest = bytes_behind(cursor->rest, len);
}

static bool at(const struct cursor *cursor, uint8_t byte)
{
    return cursor->rest.len > 0 && cursor->rest.data[0] == byte;
}

static void skip_spaces(struct cursor *cursor)
{
    while (cursor->rest.len > 0 && is_space(cursor->rest.data[0]) && !at(cursor, cursor->separator))
        skip(cursor, 1);
}

/* Reads what stands behind the opening quote, up to and with the closing one; "" stands for a quote. */
static bool quoted_cell(struct cursor *cursor, struct bytes *cell, bool *open)
{
    uint8_t *start = cursor->scratch;
    for (;;) {
        *open = cursor->rest.len == 0;
        if (*open)
            return false;
        uint8_t byte = cursor->rest.data[0];
        skip(cursor, 1);
        if (byte == '"') {
            if (!at(cursor, '"'))
                break;
            skip(cursor, 1);
        }
        *cursor->scratch++ = byte;
    }
    *cell = trim(bytes_make(start, (size_t)(cursor->scratch - start)));
    skip_spaces(cursor);
    return cursor->rest.len == 0 || at(cursor, cursor->separator);
}

static void bare_cell(struct cursor *cursor, struct bytes *cell)
{
    size_t len = cursor->rest.len;
    const uint8_t *end = len == 0 ? NULL : memchr(cursor->rest.data, cursor->separator, len);
    if (end != NULL)
        len = (size_t)(end - cursor->rest.data);
    *cell = trim(bytes_make(cursor->rest.data, len));
    skip(cursor, len);
}

void csv_split(struct bytes text, uint8_t separator, uint8_t *scratch, struct csv_row *row)
{
    struct cursor cursor = {text, scratch, separator};
    row->count = 0;
    row->malformed = row->open = false;
    for (;;) {
        struct bytes cell;
        skip_spaces(&cursor);
        if (at(&cursor, '"')) {
            skip(&cursor, 1);
            row->malformed = !quoted_cell(&cursor, &cell, &row->open);
        } else {
            bare_cell(&cursor, &cell);
        }
        if (row->malformed)
            return;
        if (row->count < INPUT_COLUMNS)
            row->cells[row->count++] = cell;
        if (cursor.rest.len == 0)
            return;
        skip(&cursor, 1); /* the separator */
    }
}

struct bytes csv_cell(const struct csv_row *row, int column)
{
    return column >= 0 && (size_t)column < row->count ? row->cells[column] : bytes_make(NULL, 0);
}

bool csv_is_number(struct bytes cell)
{
    for (size_t i = 0; i < cell.len; i++)
        if (cell.data[i] < '0' || cell.data[i] > '9')
            return false;
    return cell.len > 0;
}

bool csv_is_decimal(struct bytes cell)
{
    const uint8_t *point = bytes_have(cell, '.') ? memchr(cell.data, '.', cell.len) : NULL;
    if (point == NULL)
        return false;
    struct bytes whole = bytes_make(cell.data, (size_t)(point - cell.data));
    return csv_is_number(whole) && csv_is_number(bytes_make(point + 1, cell.len - whole.len - 1));
}
