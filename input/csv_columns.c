/* Tells which column of a CSV file holds the domain, the rank and the label. No I/O. */
#include "input/csv.h"

#include "scanner/base/trim.h"
#include "scanner/facts/hostname.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    WORD_BYTES = 24,
    LAYOUT_CELLS = 3, /* in a wider file, a column without a label's name is not taken for the label */
};

/* They stand in order of preference. The first of them are no top-level domains, so that one alone is a
 * header too. */
static const char *const domain_words[] = {"domain", "domains",  "domainname", "rootdomain",
                                           "fqdn",   "hostname", "host",       "website",
                                           "site",   "zone",     "name"};
enum { DOMAIN_WORDS_ALONE = 6 };
static const char *const rank_words[] = {"rank", "globalrank", "trancorank", "position", "no", "nr"};
static const char *const label_words[] = {
    "label",        "customer",     "customerid", "client",  "clientid", "supplier",
    "supplierid",   "vendor",       "vendorid",   "account", "group",    "tag",
    "organisation", "organization", "company",    "owner",   "id"};

/* Folds the letters of a cell into a word: "Customer ID" and customer_id are one. It is empty if the cell has
 * other bytes. */
static void word_of(struct bytes cell, char word[WORD_BYTES])
{
    size_t len = 0;
    word[0] = '\0';
    for (size_t i = 0; i < cell.len; i++) {
        uint8_t byte = cell.data[i];
        if (byte == ' ' || byte == '_' || byte == '-')
            continue;
        uint8_t folded = byte | 0x20;
        if (folded < 'a' || folded > 'z' || len == WORD_BYTES - 1) {
            word[0] = '\0';
            return;
        }
        word[len++] = (char)folded;
        word[len] = '\0';
    }
}

static int find_word(const struct csv_row *row, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t column = 0; column < row->count; column++) {
            char word[WORD_BYTES];
            word_of(row->cells[column], word);
            if (strcmp(word, words[i]) == 0)
                return (int)column;
        }
    return -1;
}

enum { NOT_NAMED = 0, LIKE_A_NAME = 1, NAMED = 2 };

/* Says how much a cell speaks for its column: whether it is a name of two labels or more, or was meant as
 * one. */
static unsigned name_weight(struct bytes cell)
{
    char name[HOSTNAME_BYTES];
    if (!bytes_have(cell, '.') && !bytes_have(cell, '@') && !bytes_have(cell, ':'))
        return NOT_NAMED;
    enum failure_code code = hostname_normalize(cell, name);
    if (code == FAIL_NONE)
        return NAMED;
    return code == FAIL_INPUT_BAD_NAME ? NOT_NAMED : LIKE_A_NAME;
}

bool csv_census_add(struct csv_census *census, const struct csv_row *row, bool quoted)
{
    bool named = false;
    if (row->malformed)
        return false;
    for (size_t i = 0; i < row->count; i++) {
        unsigned weight = name_weight(row->cells[i]);
        named = named || weight != NOT_NAMED;
        /* A name that stands alone says nothing about the columns of the others. */
        if (row->count > 1) {
            census->names[i] += weight;
            census->numbers[i] += csv_is_number(row->cells[i]);
        }
    }
    census->rows += row->count > 1;
    if (row->count > census->widest)
        census->widest = row->count;
    return named && (row->count > 1 || quoted);
}

static bool is_numeric(const struct csv_census *census, int column)
{
    return census->rows > 0 && census->numbers[column] * 2 >= census->rows;
}

/* Returns the column beside the domain that is neither the rank nor beyond the known layouts. */
static int label_beside(const struct csv_columns *columns, size_t width)
{
    if (width > LAYOUT_CELLS)
        return -1;
    if ((size_t)columns->domain + 1 < width && columns->rank != columns->domain + 1)
        return columns->domain + 1;
    return columns->domain > 0 && columns->rank != columns->domain - 1 ? columns->domain - 1 : -1;
}

struct csv_columns csv_census_decide(const struct csv_census *census)
{
    struct csv_columns columns = {.domain = 0, .rank = -1, .label = -1};
    for (int i = 1; i < CSV_CELLS; i++)
        if (census->names[i] > census->names[columns.domain])
            columns.domain = i;
    if (census->names[columns.domain] == 0 && census->widest > 1 && is_numeric(census, 0))
        columns.domain = 1;
    for (int i = 0; i < columns.domain && columns.rank < 0; i++)
        if (is_numeric(census, i))
            columns.rank = i;
    columns.label = label_beside(&columns, census->widest);
    return columns;
}

bool csv_header(const struct csv_row *row, struct csv_columns *columns)
{
    if (row->malformed)
        return false;
    for (size_t i = 0; i < row->count; i++)
        if (csv_is_number(row->cells[i]) || name_weight(row->cells[i]) != NOT_NAMED)
            return false;
    size_t domain_count = row->count == 1 ? DOMAIN_WORDS_ALONE : COUNT(domain_words);
    columns->domain = find_word(row, domain_words, domain_count);
    columns->rank = find_word(row, rank_words, COUNT(rank_words));
    columns->label = find_word(row, label_words, COUNT(label_words));
    if (row->count == 1)
        return columns->domain == 0;
    if (columns->domain >= 0 && columns->label < 0)
        columns->label = label_beside(columns, row->count);
    return columns->domain >= 0 || columns->rank >= 0 || columns->label >= 0;
}
