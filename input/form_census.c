/* Counts what the cells of a list's first rows are, by column. No I/O, no allocation. */
#include "input/form_parts.h"

#include "input/plain.h"
#include "input/words.h"
#include "scanner/base/trim.h"

enum { LAYOUT_CELLS = 3 /* in a wider list, a column without a label's word is not taken for the label */ };

static struct line line_at(const struct form_sample *sample, size_t at)
{
    struct line line = sample->lines[at];
    /* A comment may have commas; what is quoted is no comment. */
    if (!bytes_have(line.text, '"'))
        line.text = plain_name(line.text);
    return line;
}

bool form_holds_data(const struct line *line)
{
    return !line->too_long && plain_has_data(line->text);
}

size_t form_first_data(const struct form_sample *sample, size_t from)
{
    while (from < sample->count && !form_holds_data(&sample->lines[from]))
        from++;
    return from;
}

static void count_row(struct census *census, const struct csv_row *row, bool quoted)
{
    bool named = false;
    if (row->malformed)
        return;
    for (size_t i = 0; i < row->count; i++) {
        unsigned weight = words_weight(row->cells[i]);
        named = named || weight != NOT_NAMED;
        /* A name that stands alone says nothing about the columns of the others. */
        if (row->count == 1)
            break;
        census->weights[i] += weight;
        census->names[i] += weight != NOT_NAMED;
        census->full_names[i] += weight == NAMED;
        census->numbers[i] += csv_is_number(row->cells[i]);
        census->decimals[i] += csv_is_decimal(row->cells[i]);
    }
    census->rows += row->count > 1;
    census->singles += row->count == 1;
    census->single_names += row->count == 1 && named;
    census->listed += named && (row->count > 1 || quoted);
    if (row->count > census->widest)
        census->widest = row->count;
}

/* Takes the row at *at, and moves *at behind it and behind what holds no data. */
void form_take_row(const struct form_sample *sample, size_t *at, uint8_t separator, struct csv_row *row)
{
    struct line line = line_at(sample, *at);
    csv_split(line.text, separator, sample->rows->scratch, row);
    size_t taken =
        !row->open ? 1
                   : rows_take(sample->rows, sample->lines + *at, sample->count - *at, true, separator, row);
    *at = form_first_data(sample, *at + taken);
}

struct census form_census(const struct form_sample *sample, size_t from, uint8_t separator)
{
    struct census census = {0};
    struct csv_row row;
    for (size_t at = form_first_data(sample, from); at < sample->count;) {
        bool quoted = trim(sample->lines[at].text).data[0] == '"';
        form_take_row(sample, &at, separator, &row);
        count_row(&census, &row, quoted);
    }
    return census;
}

bool form_is_numeric(const struct census *census, int column)
{
    return census->rows > 0 && census->numbers[column] * 2 >= census->rows;
}

static bool may_be_label(const struct input_columns *columns, const struct census *census, int column)
{
    return columns->rank != column && (census->rows == 0 || census->decimals[column] * 2 < census->rows);
}

int form_label_beside(const struct input_columns *columns, const struct census *census, size_t width)
{
    if (width > LAYOUT_CELLS)
        return -1;
    if ((size_t)columns->domain + 1 < width && may_be_label(columns, census, columns->domain + 1))
        return columns->domain + 1;
    return columns->domain > 0 && may_be_label(columns, census, columns->domain - 1) ? columns->domain - 1
                                                                                     : -1;
}

int form_column_of_names(const struct census *census)
{
    int best = 0;
    for (int i = 1; i < INPUT_COLUMNS; i++)
        if (census->weights[i] > census->weights[best])
            best = i;
    if (census->weights[best] == 0 && census->widest > 1 && form_is_numeric(census, 0))
        best = 1;
    return best;
}

struct input_columns form_columns_by_cells(const struct census *census)
{
    struct input_columns columns = {.domain = form_column_of_names(census), .rank = -1, .label = -1};
    for (int i = 0; i < columns.domain && columns.rank < 0; i++)
        if (form_is_numeric(census, i))
            columns.rank = i;
    columns.label = form_label_beside(&columns, census, census->widest);
    return columns;
}
