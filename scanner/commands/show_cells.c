/* Finds the columns in a table, and filters over them. */
#include "scanner/commands/show_cells.h"

#include <strings.h>

#include "output/readback/json_read.h"
#include "scanner/facts/record.h"

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
                      {"ordinal", "ordinal", ""}},
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

void show_cells_init(struct show_cells *cells, enum show_kind kind)
{
    cells->kind = kind;
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

static bool on_field(void *arg, const struct json_value *value)
{
    struct show_cells *cells = arg;
    if (value->kind == FIELD_NULL || value->kind == FIELD_END)
        return true;
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++)
        if (is_column(&columns[cells->kind][i], value))
            add(&cells->cells[i], value);
    return true;
}

enum error show_cells_read(struct show_cells *cells, struct bytes line)
{
    for (size_t i = 0; i < SHOW_COLUMNS; i++)
        buf_reset(&cells->cells[i]);
    return json_read_line(line, on_field, cells);
}

struct bytes show_cell(const struct show_cells *cells, const char *column)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++)
        if (strcmp(columns[cells->kind][i].name, column) == 0)
            return buf_bytes(&cells->cells[i]);
    return bytes_make(NULL, 0);
}

unsigned show_cells_outcome(const struct show_cells *cells)
{
    return outcome_find(show_cell(cells, "outcome"));
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
    return is_same(cell, bytes_make(word.data + dot, word.len - dot));
}

static bool contains(struct bytes cell, struct bytes word)
{
    for (size_t i = 0; word.len > 0 && i + word.len <= cell.len; i++)
        if (strncasecmp((const char *)cell.data + i, (const char *)word.data, word.len) == 0)
            return true;
    return false;
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
    static const char *const code_column[] = {
        [SHOW_DOMAINS] = "codes", [SHOW_HOSTS] = "code", [SHOW_REJECTS] = "reason"};
    const char *name = cells->kind == SHOW_HOSTS ? "host" : "domain";
    if (request->outcomes != 0 && (request->outcomes >> show_cells_outcome(cells) & 1) == 0)
        return false;
    return any(&request->codes, show_cell(cells, code_column[cells->kind]), has_code) &&
           any(&request->tlds, show_cell(cells, "tld"), is_tld) &&
           any(&request->domains, show_cell(cells, name), is_same) &&
           any(&request->labels, show_cell(cells, "label"), is_same) &&
           (any(&request->providers, show_cell(cells, "provider_mx"), contains) ||
            any(&request->providers, show_cell(cells, "provider_policy"), contains));
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */

static bool looks_like_formula(struct bytes cell)
{
    return cell.len > 0 && memchr("=+-@\t\r", cell.data[0], 6) != NULL;
}

static void write_cell(FILE *out, struct bytes cell)
{
    bool formula = looks_like_formula(cell), quoted = formula;
    for (size_t i = 0; !quoted && i < cell.len; i++)
        quoted = strchr("\",;\t\r\n", cell.data[i]) != NULL;
    if (quoted)
        (void)fputc('"', out);
    if (formula)
        (void)fputc('\'', out);
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.data[i] == '"')
            (void)fputc('"', out);
        (void)fputc(cell.data[i], out);
    }
    if (quoted)
        (void)fputc('"', out);
}

void show_csv_head(FILE *out, enum show_kind kind)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[kind][i].name != NULL; i++)
        (void)fprintf(out, "%s%s", i == 0 ? "" : ",", columns[kind][i].name);
    (void)fputs("\r\n", out);
}

void show_csv_line(FILE *out, const struct show_cells *cells)
{
    for (size_t i = 0; i < SHOW_COLUMNS && columns[cells->kind][i].name != NULL; i++) {
        if (i > 0)
            (void)fputc(',', out);
        write_cell(out, buf_bytes(&cells->cells[i]));
    }
    (void)fputs("\r\n", out);
}

/* ---- for a person -------------------------------------------------------------------------------------- */

enum { NAME_WIDTH = 30, OUTCOME_WIDTH = 18, CODES_SHOWN = 3, TEXT_SHOWN_BYTES = 120 };

/* Writes text escaped and cut short, filled with blanks up to width. */
static void write_text(FILE *out, struct bytes text, size_t width)
{
    size_t written = 0, shown = text.len < TEXT_SHOWN_BYTES ? text.len : TEXT_SHOWN_BYTES;
    for (size_t i = 0; i < shown; i++) {
        bool plain = text.data[i] >= 0x20 && text.data[i] < 0x7F;
        int len = plain ? fprintf(out, "%c", text.data[i]) : fprintf(out, "\\%03u", text.data[i]);
        written += len > 0 ? (size_t)len : 0;
    }
    for (; written < width; written++)
        (void)fputc(' ', out);
}

/* Writes the first codes, and how many more there are. */
static void write_codes(FILE *out, struct bytes codes)
{
    size_t shown = 0, more = 0, end = 0;
    for (size_t i = 0; i < codes.len; i++) {
        if (codes.data[i] != ' ')
            continue;
        if (++shown == CODES_SHOWN)
            end = i;
        more += shown >= CODES_SHOWN;
    }
    write_text(out, bytes_make(codes.data, more > 0 ? end : codes.len), 0);
    if (more > 0)
        (void)fprintf(out, " +%zu", more);
}

static void write_domain(FILE *out, const struct show_cells *cells)
{
    struct bytes outcome = show_cell(cells, "outcome"), would_be = show_cell(cells, "would_be");
    struct bytes label = show_cell(cells, "label");
    char text[64];
    (void)snprintf(text, sizeof text, "%.*s%s%.*s", (int)(outcome.len < 24 ? outcome.len : 24),
                   (const char *)outcome.data, would_be.len > 0 ? "/" : "",
                   (int)(would_be.len < 24 ? would_be.len : 24), (const char *)would_be.data);
    write_text(out, show_cell(cells, "domain"), NAME_WIDTH);
    (void)fputc(' ', out);
    write_text(out, bytes_of(text), OUTCOME_WIDTH);
    (void)fputs(" dane ", out);
    write_text(out, show_cell(cells, "dane"), 9);
    (void)fputs(" tls ", out);
    write_text(out, show_cell(cells, "tls"), 8);
    write_codes(out, show_cell(cells, "codes"));
    if (label.len > 0) {
        (void)fputs(" [", out);
        write_text(out, label, 0);
        (void)fputc(']', out);
    }
}

static void write_host(FILE *out, const struct show_cells *cells)
{
    write_text(out, show_cell(cells, "host"), NAME_WIDTH);
    (void)fputc(' ', out);
    write_text(out, show_cell(cells, "ip"), OUTCOME_WIDTH);
    (void)fputc(' ', out);
    write_text(out, show_cell(cells, "code"), NAME_WIDTH);
    (void)fputc(' ', out);
    write_text(out, show_cell(cells, "tls_version"), 8);
    (void)fputc(' ', out);
    write_text(out, show_cell(cells, "greeting"), 0);
}

static void write_reject(FILE *out, const struct show_cells *cells)
{
    write_text(out, show_cell(cells, "file"), 0);
    (void)fputc(':', out);
    write_text(out, show_cell(cells, "line"), 0);
    (void)fputs(": ", out);
    write_text(out, show_cell(cells, "reason"), 0);
    (void)fputs(": ", out);
    write_text(out, show_cell(cells, "text"), 0);
}

void show_text_line(FILE *out, const struct show_cells *cells)
{
    if (cells->kind == SHOW_DOMAINS)
        write_domain(out, cells);
    else if (cells->kind == SHOW_HOSTS)
        write_host(out, cells);
    else
        write_reject(out, cells);
    (void)fputc('\n', out);
}
