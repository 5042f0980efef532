/* Finds the columns in a table, and filters over them. */
#include "scanner/commands/show_cells.h"

#include <strings.h>

#include "scanner/facts/record.h"
#include "scanner/json/json_read.h"

struct column {
    const char *name;
    const char *key; /* of the record */
    const char *sub; /* within the object that stands there */
};

static const struct column columns[][SHOW_COLUMNS] = {
    [SHOW_DOMAINS] = {{"domain", "domain", ""},
                      {"rank", "rank", ""},
                      {"label", "label", ""},
                      {"tld", "tld", ""},
                      {"outcome", "outcome", ""},
                      {"would_be", "would_be", ""},
                      {"incomplete", "incomplete", ""},
                      {"dane", "dane", ""},
                      {"tls", "tls", ""},
                      {"codes", "codes", ""},
                      {"rfc8460", "rfc8460", ""},
                      {"provider_mx", "provider", "mx"},
                      {"provider_policy", "provider", "policy"},
                      {"id", "txt", "id"},
                      {"mode", "policy", "mode"},
                      {"max_age", "policy", "max_age"},
                      {"time", "time", ""},
                      {"ordinal", "ordinal", ""},
                      {"cached_found", "cached", "found"},
                      {"cached_would_be", "cached", "would_be"},
                      {"cached_sure_until", "cached", "sure_until"},
                      {"cached_none_after", "cached", "none_after"}},
    [SHOW_HOSTS] = {{"host", "host", ""},
                    {"ip", "ip", ""},
                    {"code", "code", ""},
                    {"step", "step", ""},
                    {"end", "end", ""},
                    {"reply_code", "reply_code", ""},
                    {"greeting", "greeting", ""},
                    {"starttls", "starttls", ""},
                    {"tls_version", "tls", "version"},
                    {"cipher", "tls", "cipher"},
                    {"group", "tls", "group"},
                    {"name_match", "tls", "name_match"},
                    {"pass", "pass", ""},
                    {"time", "time", ""},
                    {"ms", "ms", "total"}},
    [SHOW_REJECTS] = {{"reason", "reason", ""},
                      {"file", "file", ""},
                      {"line", "line", ""},
                      {"text", "text", ""},
                      {"ordinal", "ordinal", ""}},
};

/* The column of each kind that has codes. */
static const char *const code_columns[] = {
    [SHOW_DOMAINS] = "codes", [SHOW_HOSTS] = "code", [SHOW_REJECTS] = "reason"};

void show_cells_init(struct show_cells *cells, enum show_kind kind)
{
    cells->kind = kind;
    cells->wanted = UINT32_MAX;
    for (size_t i = 0; i < SHOW_COLUMNS; i++)
        buf_init(&cells->cells[i], SHOW_CELL_BYTES);
}

void show_cells_dispose(struct show_cells *cells)
{
    for (size_t i = 0; i < SHOW_COLUMNS; i++)
        buf_dispose(&cells->cells[i]);
}

/* Adds a value to a cell; what is too large for it is left out. */
static void add(struct buf *cell, const struct json_value *value)
{
    struct bytes text = value->text;
    if (value->kind == FIELD_BOOL)
        text = bytes_of(value->truth ? "true" : "false");
    if (cell->len > 0)
        buf_byte(cell, ' ');
    buf_append(cell, text.data, text.len);
}

/* Does the value belong in the column? Text that is no UTF-8 stands as {"base64": …}: the cell shows its
 * base64. */
static bool is_column(const struct column *column, const struct json_value *value)
{
    if (strcmp(column->key, value->key) != 0)
        return false;
    return strcmp(column->sub, value->sub) == 0 || (column->sub[0] == 0 && strcmp(value->sub, "base64") == 0);
}

/* Notes that nothing more comes for a column: a list's or an object's end, or a value that is neither. */
static void note_seen(struct show_cells *cells, size_t column, const struct json_value *value)
{
    const struct column *of = &columns[cells->kind][column];
    bool is_list = strcmp(of->name, "codes") == 0 || of->sub[0] != 0;
    if (is_list == (value->kind == FIELD_END))
        cells->seen |= UINT32_C(1) << column;
}

static bool on_field(void *arg, const struct json_value *value)
{
    struct show_cells *cells = arg;
    bool filled = value->kind != FIELD_NULL && value->kind != FIELD_END;
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++) {
        if ((cells->wanted >> i & 1) == 0)
            continue;
        if (filled && is_column(&columns[cells->kind][i], value))
            add(&cells->cells[i], value);
        if (cells->wanted != UINT32_MAX && strcmp(columns[cells->kind][i].key, value->key) == 0)
            note_seen(cells, i, value);
    }
    return (cells->seen & cells->wanted) != cells->wanted;
}

static void want(struct show_cells *cells, const char *name)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++)
        if (strcmp(columns[cells->kind][i].name, name) == 0)
            cells->wanted |= UINT32_C(1) << i;
}

void show_cells_for_filters(struct show_cells *cells, const struct show_request *request)
{
    cells->wanted = 0;
    want(cells, "outcome");
    if (request->codes.count > 0)
        want(cells, "codes");
    if (request->tlds.count > 0)
        want(cells, "tld");
    if (request->domains.count > 0)
        want(cells, "domain");
    if (request->labels.count > 0)
        want(cells, "label");
    if (request->providers.count > 0) {
        want(cells, "provider_mx");
        want(cells, "provider_policy");
    }
}

enum error show_cells_read(struct show_cells *cells, struct bytes line)
{
    for (size_t i = 0; i < SHOW_COLUMNS; i++)
        buf_reset(&cells->cells[i]);
    cells->seen = 0;
    enum error error = json_read_line(line, on_field, cells);
    bool named = (cells->wanted & 1) == 0 || cells->cells[0].len > 0;
    return error == ERR_OK && !named ? ERR_SYNTAX : error;
}

struct bytes show_cell(const struct show_cells *cells, const char *column)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++)
        if (strcmp(columns[cells->kind][i].name, column) == 0)
            return buf_bytes(&cells->cells[i]);
    return bytes_make(NULL, 0);
}

/* Is one of the codes the word, or does one begin with it up to a dot? */
static bool has_code(struct bytes cell, struct bytes word)
{
    if (word.len > 0 && word.data[word.len - 1] == '.')
        word.len--;
    for (size_t i = 0; word.len > 0 && i + word.len <= cell.len; i++) {
        bool starts = i == 0 || cell.data[i - 1] == ' ';
        size_t end = i + word.len;
        bool ends = end == cell.len || cell.data[end] == ' ' || cell.data[end] == '.';
        if (starts && ends && memcmp(cell.data + i, word.data, word.len) == 0)
            return true;
    }
    return false;
}

unsigned show_cells_outcome(const struct show_cells *cells)
{
    return outcome_find(show_cell(cells, "outcome"));
}

enum failure_code show_cells_cached(const struct show_cells *cells)
{
    struct bytes codes = show_cell(cells, "codes");
    for (enum failure_code code = FAIL_CACHED_REFUSED; code <= FAIL_CACHED_PARTIAL; code++)
        if (has_code(codes, bytes_of(failure_name(code))))
            return code;
    return FAIL_NONE;
}

/* ---- filters ------------------------------------------------------------------------------------------- */

typedef bool (*matches)(struct bytes cell, struct bytes word);

static bool is_same(struct bytes cell, struct bytes word)
{
    return cell.len == word.len &&
           (cell.len == 0 || strncasecmp((const char *)cell.data, (const char *)word.data, cell.len) == 0);
}

static bool is_tld(struct bytes cell, struct bytes word)
{
    bool dot = word.len > 0 && word.data[0] == '.';
    return is_same(cell, bytes_behind(word, dot));
}

static bool contains(struct bytes cell, struct bytes word)
{
    for (size_t i = 0; word.len > 0 && i + word.len <= cell.len; i++)
        if (strncasecmp((const char *)cell.data + i, (const char *)word.data, word.len) == 0)
            return true;
    return false;
}

static bool any(const struct show_words *words, struct bytes cell, matches match)
{
    for (size_t i = 0; i < words->count; i++) {
        for (const char *rest = words->lists[i]; rest != NULL;) {
            size_t len = strcspn(rest, ",");
            if (match(cell, bytes_make(rest, len)))
                return true;
            rest = rest[len] == ',' ? rest + len + 1 : NULL;
        }
    }
    return words->count == 0;
}

bool show_cells_pass(const struct show_cells *cells, const struct show_request *request)
{
    const char *name = cells->kind == SHOW_HOSTS ? "host" : "domain";
    if (request->outcomes != 0 && (request->outcomes >> show_cells_outcome(cells) & 1) == 0)
        return false;
    return any(&request->codes, show_cell(cells, code_columns[cells->kind]), has_code) &&
           any(&request->tlds, show_cell(cells, "tld"), is_tld) &&
           any(&request->domains, show_cell(cells, name), is_same) &&
           any(&request->labels, show_cell(cells, "label"), is_same) &&
           (any(&request->providers, show_cell(cells, "provider_mx"), contains) ||
            any(&request->providers, show_cell(cells, "provider_policy"), contains));
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */

void show_csv_head(struct csv_out *csv, enum show_kind kind)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[kind][i].name != NULL; i++)
        csv_out_text(csv, columns[kind][i].name);
    csv_out_words_head(csv);
    csv_out_end_row(csv);
}

void show_csv_line(struct csv_out *csv, const struct show_cells *cells)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++)
        csv_out_cell(csv, buf_bytes(&cells->cells[i]));
    csv_out_words(csv, show_cell(cells, code_columns[cells->kind]));
    csv_out_end_row(csv);
}

/* ---- for a person -------------------------------------------------------------------------------------- */

enum { NAME_WIDTH = 30, OUTCOME_WIDTH = 18, CODES_SHOWN = 3, TEXT_SHOWN_BYTES = 120, ROW_BYTES = 4096 };

/* Of a time, the day. */
enum { DAY_BYTES = sizeof "2026-01-31" - 1 };

/* On a terminal that is too narrow for all columns. */
enum { WIDE = 120, NARROW_NAME_WIDTH = 24, NARROW_OUTCOME_WIDTH = 9 };

/* Appends text escaped and cut short, filled with blanks up to width. */
static void add_text(struct buf *row, struct bytes text, size_t width)
{
    size_t begin = row->len, shown = text.len < TEXT_SHOWN_BYTES ? text.len : TEXT_SHOWN_BYTES;
    for (size_t i = 0; i < shown; i++) {
        if (text.data[i] >= 0x20 && text.data[i] < 0x7F)
            (void)buf_byte(row, text.data[i]);
        else
            (void)buf_printf(row, "\\%03u", text.data[i]);
    }
    while (row->len - begin < width && buf_byte(row, ' ')) {
    }
}

/* Returns how many bytes the first codes take, and how many codes come after them: at most CODES_SHOWN, and
 * no more than fit into room beside what is said of the others (0: any room). At least one. */
static size_t first_codes(struct bytes codes, size_t room, size_t *more)
{
    static const size_t tail = sizeof " +10" - 1;
    size_t end = 0, shown = 0, all = codes.len > 0;
    for (size_t i = 0; i <= codes.len; i++) {
        bool ends = codes.len > 0 && (i == codes.len || codes.data[i] == ' ');
        bool fits = room == 0 || i + (i < codes.len ? tail : 0) <= room;
        all += ends && i < codes.len;
        if (ends && (shown == 0 || (shown < CODES_SHOWN && fits))) {
            end = i;
            shown++;
        }
    }
    *more = all - shown;
    return end;
}

static void add_codes(struct buf *row, struct bytes codes, size_t width)
{
    size_t more = 0, room = width == 0 ? 0 : width > row->len ? width - row->len : 1;
    size_t len = first_codes(codes, room, &more);
    add_text(row, bytes_make(codes.data, len), 0);
    if (more > 0)
        (void)buf_printf(row, " +%zu", more);
}

/* Says until when senders refuse mail, or skip hosts, by an earlier policy: the codes that follow begin with
 * it. */
static void add_cached(struct buf *row, const struct show_cells *cells)
{
    struct bytes until = show_cell(cells, "cached_sure_until");
    if (until.len < DAY_BYTES || show_cells_cached(cells) == FAIL_NONE)
        return;
    (void)buf_text(row, "until ");
    add_text(row, bytes_make(until.data, DAY_BYTES), 0);
    (void)buf_text(row, ": ");
}

static void add_label(struct buf *row, struct bytes label)
{
    if (label.len == 0)
        return;
    (void)buf_text(row, " [");
    add_text(row, label, 0);
    (void)buf_byte(row, ']');
}

static void add_domain(struct buf *row, const struct show_cells *cells, size_t width)
{
    bool narrow = width > 0 && width < WIDE;
    struct bytes outcome = show_cell(cells, "outcome"), would_be = show_cell(cells, "would_be");
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s%s%.*s", (int)(outcome.len < 24 ? outcome.len : 24),
                   (const char *)outcome.data, would_be.len > 0 ? "/" : "",
                   (int)(would_be.len < 24 ? would_be.len : 24), (const char *)would_be.data);
    add_text(row, show_cell(cells, "domain"), narrow ? NARROW_NAME_WIDTH : NAME_WIDTH);
    (void)buf_byte(row, ' ');
    add_text(row, bytes_of(text), narrow ? NARROW_OUTCOME_WIDTH : OUTCOME_WIDTH);
    (void)buf_byte(row, ' ');
    if (!narrow) {
        (void)buf_text(row, "dane ");
        add_text(row, show_cell(cells, "dane"), 9);
        (void)buf_text(row, " tls ");
        add_text(row, show_cell(cells, "tls"), 8);
    }
    add_cached(row, cells);
    add_codes(row, show_cell(cells, "codes"), width);
    add_label(row, show_cell(cells, "label"));
}

static void add_host(struct buf *row, const struct show_cells *cells, size_t width)
{
    bool narrow = width > 0 && width < WIDE;
    add_text(row, show_cell(cells, "host"), narrow ? NARROW_NAME_WIDTH : NAME_WIDTH);
    (void)buf_byte(row, ' ');
    add_text(row, show_cell(cells, "ip"), narrow ? sizeof "192.0.2.255" - 1 : OUTCOME_WIDTH);
    (void)buf_byte(row, ' ');
    add_text(row, show_cell(cells, "code"), narrow ? 0 : NAME_WIDTH);
    (void)buf_byte(row, ' ');
    add_text(row, show_cell(cells, "tls_version"), narrow ? 0 : 8);
    (void)buf_byte(row, ' ');
    add_text(row, show_cell(cells, "greeting"), 0);
}

static void add_reject(struct buf *row, const struct show_cells *cells)
{
    add_text(row, show_cell(cells, "file"), 0);
    (void)buf_byte(row, ':');
    add_text(row, show_cell(cells, "line"), 0);
    (void)buf_text(row, ": ");
    add_text(row, show_cell(cells, "reason"), 0);
    (void)buf_text(row, ": ");
    add_text(row, show_cell(cells, "text"), 0);
}

void show_text_line(FILE *out, const struct show_cells *cells, size_t width)
{
    struct buf row;
    buf_init(&row, ROW_BYTES);
    if (cells->kind == SHOW_DOMAINS)
        add_domain(&row, cells, width);
    else if (cells->kind == SHOW_HOSTS)
        add_host(&row, cells, width);
    else
        add_reject(&row, cells);
    bool cut = width > 0 && row.len > width;
    (void)fprintf(out, "%.*s%s\n", (int)(cut ? width - 1 : row.len), (const char *)row.data, cut ? ">" : "");
    buf_dispose(&row);
}
