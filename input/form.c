/* Decides the form of a list. No I/O, no allocation. */
#include "input/form_parts.h"

#include <stdio.h>

#include "input/json_row.h"
#include "input/plain.h"
#include "input/words.h"
#include "scanner/base/trim.h"
#include "scanner/base/utf8.h"
#include "scanner/facts/hostname.h"
#include "scanner/facts/suffix.h"

static const struct input_columns no_columns = {-1, -1, -1};

/* ---- the header ---------------------------------------------------------------------------------------- */

/* Could the cell be the name of a column? It is no number, and nothing in it is like a name: what may have
 * been meant as one is rejected rather than taken for a header. */
static bool may_be_heading(struct bytes cell)
{
    if (csv_is_number(cell) || bytes_have(cell, '\0') || bytes_have(cell, '@'))
        return false;
    if (words_are_dotted(cell))
        return true;
    for (size_t i = 1; i + 1 < cell.len; i++)
        if (cell.data[i] == '.' && !is_space(cell.data[i - 1]) && !is_space(cell.data[i + 1]))
            return false;
    return words_weight(cell) == NOT_NAMED;
}

static bool may_be_header(const struct csv_row *row)
{
    if (row->malformed)
        return false;
    for (size_t i = 0; i < row->count; i++)
        if (!may_be_heading(row->cells[i]))
            return false;
    return true;
}

/* Returns the column that the header calls the domain's: the best word whose column holds names, if any
 * does. */
static int domain_by_words(const struct csv_row *row, const struct census *census)
{
    size_t next = 0;
    int first = -1;
    size_t most = 0;
    for (int i = 0; i < INPUT_COLUMNS; i++)
        most = census->names[i] > most ? census->names[i] : most;
    for (int column = words_find(row, WORD_DOMAIN, &next); column >= 0;
         column = words_find(row, WORD_DOMAIN, &next)) {
        if (census->names[column] * 2 > census->rows || most == 0)
            return column;
        first = first < 0 ? column : first;
    }
    return most * 2 > census->rows ? -1 : first;
}

static int column_by_words(const struct csv_row *row, enum word_kind kind, int but)
{
    size_t next = 0;
    int column = words_find(row, kind, &next);
    while (column >= 0 && column == but)
        column = words_find(row, kind, &next);
    return column;
}

/* Returns what the words of the header say of the columns, and the cells of the others. */
static struct input_columns columns_by_header(const struct csv_row *row, const struct census *census,
                                              bool *by_words)
{
    struct input_columns columns = {.domain = domain_by_words(row, census), .rank = -1, .label = -1};
    *by_words = columns.domain >= 0;
    if (columns.domain < 0)
        columns.domain = form_column_of_names(census);
    columns.rank = column_by_words(row, WORD_RANK, columns.domain);
    for (int i = 0; i < columns.domain && columns.rank < 0; i++)
        if (form_is_numeric(census, i))
            columns.rank = i;
    columns.label = column_by_words(row, WORD_LABEL, columns.domain);
    if (columns.label < 0 || columns.label == columns.rank)
        columns.label =
            form_label_beside(&columns, census, row->count > census->widest ? row->count : census->widest);
    return columns;
}

static bool has_words(const struct csv_row *row)
{
    size_t next[] = {0, 0, 0};
    return words_find(row, WORD_DOMAIN, &next[0]) >= 0 || words_find(row, WORD_RANK, &next[1]) >= 0 ||
           words_find(row, WORD_LABEL, &next[2]) >= 0;
}

static bool is_header(const struct csv_row *row, const struct census *rest, enum input_header asked)
{
    if (asked != INPUT_HEADER_AUTO)
        return asked == INPUT_HEADER_YES;
    if (!may_be_header(row))
        return false;
    if (has_words(row))
        return true;
    /* Words of another language: above a column of names, they are none. */
    int domain = form_column_of_names(rest);
    return (size_t)domain < row->count && rest->names[domain] * 2 > rest->rows;
}

/* Keeps the header as it may be printed: cut, with blanks for what is not to be shown. */
static void keep_header(struct input_form *form, struct bytes text)
{
    size_t len = text.len < INPUT_HEADER_BYTES - 1 ? text.len : INPUT_HEADER_BYTES - 1;
    if (len < text.len)
        while (len > 0 && (text.data[len] & 0xc0) == 0x80)
            len--;
    utf8_show(bytes_make(text.data, len), ' ', form->header);
    form->skip++;
}

enum { TITLES_MOST = 4 };

/* Counts the rows that stand above a header of known words: titles of a spreadsheet. *at is moved to the
 * header. */
static uint8_t skip_titles(const struct form_sample *sample, size_t *at, uint8_t separator)
{
    size_t next = *at;
    struct csv_row row;
    for (uint8_t rows = 0; rows <= TITLES_MOST && next < sample->count; rows++) {
        size_t first = next, none = 0;
        form_take_row(sample, &next, separator, &row);
        if (!may_be_header(&row))
            return 0;
        bool is_known = row.count > 1 ? words_find(&row, WORD_DOMAIN, &none) >= 0
                                      : words_alone(row.cells[0]) == WORD_IS_HEADER;
        if (!is_known)
            continue;
        *at = first;
        return rows;
    }
    return 0;
}

/* ---- the separator ------------------------------------------------------------------------------------- */

/* Returns the separator of Excel's line "sep=;", or 0. */
static uint8_t stated_separator(struct bytes line)
{
    static const char word[] = "sep=";
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    if (line.len == sizeof word + 2 && line.data[0] == '"' && line.data[line.len - 1] == '"')
        line = bytes_make(line.data + 1, line.len - 2);
    if (line.len != sizeof word)
        return 0;
    for (size_t i = 0; i < sizeof word - 1; i++)
        if ((line.data[i] | 0x20) != (word[i] | 0x20))
            return 0;
    return line.data[sizeof word - 1];
}

/* Counts rows of two cells or more with a name or a header's word among the cells. */
static size_t count_rows(const struct form_sample *sample, size_t from, uint8_t separator)
{
    size_t at = form_first_data(sample, from), rows = 0;
    struct csv_row row;
    if (at < sample->count) {
        size_t first = at;
        form_take_row(sample, &at, separator, &row);
        rows += row.count > 1 && may_be_header(&row) && has_words(&row);
        struct census census = form_census(sample, first, separator);
        for (size_t i = 0; i < INPUT_COLUMNS && census.rows > 0; i++)
            rows = census.names[i] > rows ? census.names[i] : rows;
    }
    return rows;
}

static uint8_t best_separator(const struct form_sample *sample, size_t from)
{
    static const uint8_t separators[] = {',', ';', '\t', '|'};
    uint8_t best = separators[0];
    size_t most = count_rows(sample, from, best);
    for (size_t i = 1; i < sizeof separators; i++) {
        size_t rows = count_rows(sample, from, separators[i]);
        if (rows > most) {
            most = rows;
            best = separators[i];
        }
    }
    return best;
}

/* ---- what is not sure ---------------------------------------------------------------------------------- */

static bool refuse_names_or_columns(struct refused *refused)
{
    refused_say(refused, "",
                "several names stand on each line, so it may be a list of names or columns of them: "
                "--input.format=names takes them all, --input.columns=domain,- the first column");
    return false;
}

static bool refuse_no_json(struct refused *refused)
{
    refused_say(refused, "", "its lines are no JSON objects, one a line; jq -c '.[]' makes such of an array");
    return false;
}

/* Is there a second column that holds names as well? */
static bool is_other_column(const struct census *census, int domain, struct refused *refused)
{
    for (int i = 0; i < INPUT_COLUMNS; i++) {
        if (i == domain || census->full_names[i] * 2 < census->rows || census->full_names[i] == 0 ||
            census->full_names[domain] * 2 < census->rows)
            continue;
        int low = i < domain ? i : domain, high = i < domain ? domain : i;
        char columns[2 * INPUT_COLUMNS + 16] = "";
        for (int column = 0; column < low; column++)
            (void)strcat(columns, "-,");
        (void)strcat(columns, "domain");
        refused_say(refused, "",
                    "columns %d and %d both hold names: --input.columns=%s,- takes column %d (a word a "
                    "column: domain, rank, label, or - for none of them)",
                    low + 1, high + 1, columns, low + 1);
        return true;
    }
    return false;
}

/* Do the rows have one column of names, beside others of e-mail addresses, URLs or IP addresses? */
static bool are_columns(const struct form_sample *sample, size_t from)
{
    struct refused unused;
    struct census census = form_census(sample, from, best_separator(sample, from));
    int domain = form_column_of_names(&census);
    return census.full_names[domain] * 2 > census.rows && !is_other_column(&census, domain, &unused);
}

static bool is_suffix(struct bytes text)
{
    char name[HOSTNAME_BYTES];
    bool whole;
    return hostname_normalize(text, name) == FAIL_NONE && suffix_of(name, &whole) != NULL && whole;
}

/* ---- the decision -------------------------------------------------------------------------------------- */

/* Decides whether the first line of a plain list is a header. false: it could be either. */
static bool decide_plain(const struct input_asked *asked, const struct form_sample *sample, size_t from,
                         struct input_form *form, struct refused *refused)
{
    size_t at = form_first_data(sample, from), lines = 0, names = 0, words = 0, suffixes = 0;
    form->format = INPUT_PLAIN;
    if (at == sample->count)
        return true;
    if (asked->header == INPUT_HEADER_AUTO)
        form->skip = (uint8_t)(form->skip + skip_titles(sample, &at, ','));
    struct bytes first = plain_name(sample->lines[at].text);
    for (size_t i = at + 1; i < sample->count; i++) {
        struct bytes text = plain_name(sample->lines[i].text);
        char name[HOSTNAME_BYTES];
        if (!form_holds_data(&sample->lines[i]))
            continue;
        lines++;
        names += words_weight(text) != NOT_NAMED;
        words += words_weight(text) == NOT_NAMED && hostname_normalize(text, name) == FAIL_NONE;
        suffixes += is_suffix(text);
    }
    bool named = !may_be_heading(first);
    enum word_alone alone = words_alone(first);
    char name[HOSTNAME_BYTES];
    /* What would be rejected needs no guess. */
    bool is_word = hostname_normalize(first, name) == FAIL_NONE;
    bool above_names = lines > 0 && names * 10 >= lines * 9 && is_word;
    if (asked->header == INPUT_HEADER_YES ||
        (asked->header == INPUT_HEADER_AUTO && !named &&
         (alone == WORD_IS_HEADER || (above_names && alone == WORD_UNKNOWN && !is_suffix(first))))) {
        keep_header(form, first);
        form->origins = words_are_origin(first);
        return true;
    }
    if (asked->header != INPUT_HEADER_AUTO || named)
        return true;
    if (alone == WORD_MAY_BE_TLD && above_names) {
        refused_say(refused, "",
                    "its first line, %.*s, may be a header or a top-level domain: --input.header=yes or "
                    "--input.header=no decides",
                    (int)first.len, (const char *)first.data);
        return false;
    }
    if (names > 0 || suffixes > 0 || is_suffix(first) || (!is_word && words == 0))
        return true;
    refused_say(refused, "",
                "no line of its beginning is a domain name, as an export that failed leaves it (it begins "
                "with \"%.*s\"); --input.format=plain takes such words as names",
                first.len < 40 ? (int)first.len : 40, (const char *)first.data);
    return false;
}

static bool decide_csv(const struct input_asked *asked, const struct form_sample *sample, size_t from,
                       struct input_form *form, struct refused *refused)
{
    size_t at = form_first_data(sample, from);
    bool by_words = false;
    struct csv_row row = {.count = 0};
    form->format = INPUT_CSV;
    form->columns = (struct input_columns){.domain = 0, .rank = -1, .label = -1};
    if (asked->header == INPUT_HEADER_AUTO)
        form->skip = (uint8_t)(form->skip + skip_titles(sample, &at, form->separator));
    size_t first = at;
    if (at < sample->count)
        form_take_row(sample, &at, form->separator, &row);
    struct census rest = form_census(sample, at, form->separator);
    form_take_row(sample, &(size_t){first}, form->separator, &row); /* its cells lay where others came */
    if (first < sample->count && is_header(&row, &rest, asked->header)) {
        form->columns = columns_by_header(&row, &rest, &by_words);
        form->origins = words_are_origin(csv_cell(&row, form->columns.domain));
        keep_header(form, sample->lines[first].text);
    } else {
        rest = form_census(sample, first, form->separator);
        form->columns = form_columns_by_cells(&rest);
    }
    if (asked->columns[0] != '\0')
        return input_columns_parse(asked->columns, &form->columns);
    return asked->format == INPUT_CSV || by_words || !is_other_column(&rest, form->columns.domain, refused);
}

/* Is it CSV, if nobody has said so? */
static bool is_csv(const struct form_sample *sample, size_t from, uint8_t separator)
{
    struct csv_row row;
    size_t at = form_first_data(sample, from);
    if (at == sample->count)
        return false;
    form_take_row(sample, &at, separator, &row);
    return (row.count > 1 && may_be_header(&row) && has_words(&row)) ||
           form_census(sample, from, separator).listed > 0;
}

bool form_decide(const struct input_asked *asked, const struct form_sample *sample, struct input_form *form,
                 struct refused *refused)
{
    bool is_open = asked->format == INPUT_AUTO && asked->columns[0] == '\0';
    size_t from = form_first_data(sample, 0);
    *form = (struct input_form){.format = asked->format, .separator = ',', .columns = no_columns};
    if (refused_look(sample->lines, sample->count, false, refused))
        return false;
    if (is_open && form_is_zone(sample, refused)) {
        form->format = INPUT_ZONE;
        return refused->text[0] == '\0';
    }
    bool may_be_json = is_open || asked->format == INPUT_JSON;
    if (may_be_json && form_is_json(sample, asked, form, refused))
        return true;
    if (may_be_json && refused->text[0] != '\0')
        return false;
    if (asked->format == INPUT_JSON)
        return refuse_no_json(refused);
    if (is_open && refused_look(sample->lines, sample->count, true, refused))
        return false;
    if (asked->format == INPUT_PLAIN) {
        if (from < sample->count && asked->header == INPUT_HEADER_YES)
            keep_header(form, plain_name(sample->lines[from].text));
        return true;
    }
    uint8_t stated = from < sample->count ? stated_separator(sample->lines[from].text) : 0;
    if (stated != 0) {
        form->skip = 1;
        from = form_first_data(sample, from + 1);
    }
    enum names_answer names = is_open && stated == 0 ? form_are_names(sample, from) : NOT_NAMES;
    if (names == UNSURE_NAMES && are_columns(sample, from))
        names = NOT_NAMES;
    if (names == UNSURE_NAMES)
        return refuse_names_or_columns(refused);
    if (names == SURE_NAMES)
        form->format = INPUT_NAMES;
    if (form->format == INPUT_NAMES)
        return true;
    form->separator = stated != 0 ? stated : best_separator(sample, from);
    if (!is_open || stated != 0 || is_csv(sample, from, form->separator))
        return decide_csv(asked, sample, from, form, refused);
    form->separator = ',';
    return decide_plain(asked, sample, from, form, refused);
}
