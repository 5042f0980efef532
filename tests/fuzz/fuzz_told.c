/*
 * Any bytes as a record, told to people and to programs: what `check` says of it (with colour and evidence),
 * JUnit's XML, GitHub's commands, Markdown, a line and a row of CSV of `show`, and the report's HTML. All of
 * it may be shown, and keeps to its grammar whatever a stranger's text has in it: no tag, quote, separator
 * or end of a line of a text is one of ours. The first byte chooses the style.
 */
#include "output/explain/explain.h"
#include "output/readback/facts_read.h"
#include "output/report/html.h"
#include "scanner/base/utf8.h"
#include "scanner/commands/check_tool.h"
#include "scanner/commands/show_cells.h"
#include "scanner/verdict/verdict.h"
#include "tests/fuzz/target.h"

enum { OUT_BYTES = 16 << 20, WHY_BYTES = 512, TAGS = 16, ESCAPE = 0x1b, NARROW = 60 };
enum { WITH_EVIDENCE = 2, WITH_WIDTH = 4, WITH_SEMICOLON = 8 };

/* ---- texts --------------------------------------------------------------------------------------------- */

static void check_plain(struct bytes text)
{
    expect(text.len == 0 || text.data[text.len - 1] == '\n' ? NULL : "a line without its end");
    for (size_t i = 0; i < text.len; i++)
        expect(text.data[i] == '\n' || (text.data[i] >= ' ' && text.data[i] <= '~')
                   ? NULL
                   : "a byte that is not printable ASCII");
}

/* Takes our colours out: ESC, [, digits, m. */
static struct bytes without_colours(struct bytes text, uint8_t *out)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        size_t end = i + 2;
        if (text.data[i] == ESCAPE && end < text.len && text.data[i + 1] == '[') {
            while (end < text.len &&
                   ((text.data[end] >= '0' && text.data[end] <= '9') || text.data[end] == ';'))
                end++;
            expect(end < text.len && text.data[end] == 'm' ? NULL : "an escape that is no colour");
            i = end;
        } else {
            out[len++] = text.data[i];
        }
    }
    return bytes_make(out, len);
}

static void check_explained(const struct domain_facts *facts, const struct judgement *judgement, uint8_t with)
{
    struct buf plain, coloured;
    struct explain_style style = {.verbose = (with & WITH_EVIDENCE) != 0};
    buf_init(&plain, OUT_BYTES);
    buf_init(&coloured, OUT_BYTES);
    bool fits = explain_domain(&plain, facts, judgement, &style);
    style.colour = true;
    if (fits && explain_domain(&coloured, facts, judgement, &style)) {
        check_plain(buf_bytes(&plain));
        uint8_t *copy = malloc(coloured.len + 1);
        if (copy == NULL)
            abort();
        struct bytes bare = without_colours(buf_bytes(&coloured), copy);
        expect(bytes_equal(bare, buf_bytes(&plain)) ? NULL : "colours change the text");
        free(copy);
    }
    buf_dispose(&plain);
    buf_dispose(&coloured);
}

/* ---- XML and HTML -------------------------------------------------------------------------------------- */

/* The tags that are open. */
struct tags {
    struct bytes names[TAGS];
    size_t count;
};

static bool is_name(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '-';
}

/* Goes past an entity, which begins at text.data[at]. */
static size_t skip_entity(struct bytes text, size_t at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (text.len - at >= strlen(entities[i]) &&
            memcmp(text.data + at, entities[i], strlen(entities[i])) == 0)
            return at + strlen(entities[i]);
    expect("an ampersand that is no entity");
    return at;
}

/* Goes past attributes, each with its value in quotes. */
static size_t skip_attributes(struct bytes text, size_t at)
{
    while (at < text.len && text.data[at] == ' ') {
        at++;
        while (at < text.len && is_name(text.data[at]))
            at++;
        expect(at + 1 < text.len && text.data[at] == '=' && text.data[at + 1] == '"' ? NULL : "no attribute");
        for (at += 2; at < text.len && text.data[at] != '"';) {
            expect(text.data[at] != '<' && text.data[at] != '>' ? NULL : "a tag within an attribute");
            at = text.data[at] == '&' ? skip_entity(text, at) : at + 1;
        }
        expect(at < text.len ? NULL : "an attribute without its end");
        at++;
    }
    return at;
}

/* Goes past a tag, which begins at text.data[at]. */
static size_t skip_tag(struct tags *tags, struct bytes text, size_t at)
{
    bool closes = text.len - at > 1 && text.data[at + 1] == '/';
    size_t start = at + 1 + closes, end = start;
    while (end < text.len && is_name(text.data[end]))
        end++;
    struct bytes name = bytes_make(text.data + start, end - start);
    expect(name.len > 0 ? NULL : "a tag without a name");
    end = closes ? end : skip_attributes(text, end);
    bool is_empty = !closes && end < text.len && text.data[end] == '/';
    end += is_empty;
    expect(end < text.len && text.data[end] == '>' ? NULL : "a tag without its end");
    if (closes) {
        expect(tags->count > 0 && bytes_equal(tags->names[tags->count - 1], name) ? NULL
                                                                                  : "another tag is closed");
        tags->count--;
    } else if (!is_empty) {
        expect(tags->count < TAGS ? NULL : "tags within tags without end");
        tags->names[tags->count++] = name;
    }
    return end + 1;
}

static void check_markup(struct bytes text)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    struct tags tags = {.count = 0};
    bool has_head = text.len >= strlen(head) && memcmp(text.data, head, strlen(head)) == 0;
    for (size_t at = has_head ? strlen(head) : 0; at < text.len;) {
        expect(text.data[at] != '>' ? NULL : "the end of a tag where none is open");
        if (text.data[at] == '<')
            at = skip_tag(&tags, text, at);
        else
            at = text.data[at] == '&' ? skip_entity(text, at) : at + 1;
    }
    expect(tags.count == 0 ? NULL : "a tag that is not closed");
}

/* ---- the forms for tools ------------------------------------------------------------------------------- */

/* A command a line: a title without what ends it, and a message. */
static void check_commands(struct bytes text)
{
    static const char *const commands[] = {"::error title=", "::warning title=", "::notice title="};
    while (text.len > 0) {
        size_t begin = 0, len = (size_t)((const uint8_t *)memchr(text.data, '\n', text.len) - text.data);
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
            if (len > strlen(commands[i]) && memcmp(text.data, commands[i], strlen(commands[i])) == 0)
                begin = strlen(commands[i]);
        expect(begin > 0 ? NULL : "a line that is no command");
        size_t end = begin;
        while (end < len && text.data[end] != ':' && text.data[end] != ',')
            end++;
        expect(end + 1 < len && text.data[end] == ':' && text.data[end + 1] == ':' ? NULL
                                                                                   : "a title that is cut");
        text = bytes_make(text.data + len + 1, text.len - len - 1);
    }
}

/* No markup of HTML stands outside of code. */
static void check_markdown(struct bytes text)
{
    bool in_code = false;
    for (size_t i = 0; i < text.len; i++) {
        bool escaped = !in_code && i > 0 && text.data[i - 1] == '\\';
        if (text.data[i] == '`' && !escaped)
            in_code = !in_code;
        expect(text.data[i] != '\n' || !in_code ? NULL : "code without its end");
        expect(text.data[i] != '<' || in_code || escaped ? NULL : "a tag in Markdown");
        expect(text.data[i] != '|' || !in_code ? NULL : "a cell that ends within code");
    }
}

static void check_tools(const struct domain_facts *facts, const struct judgement *judgement, uint8_t with)
{
    for (enum tool_form form = TOOL_NONE + 1; form < TOOL_FORMS; form++) {
        struct buf out;
        buf_init(&out, OUT_BYTES);
        tool_head(&out, form);
        bool fits = check_tool_put(&out, form, facts, judgement, (enum tool_verdict)(with >> 4 & 3));
        tool_put_machine(&out, form, bytes_of(facts->domain), facts->domain);
        tool_put_left_out(&out, form, bytes_of(facts->domain), FAIL_INPUT_OPTED_OUT);
        tool_foot(&out, form);
        if (fits && !out.failed) {
            check_plain(buf_bytes(&out));
            if (form == TOOL_JUNIT)
                check_markup(buf_bytes(&out));
            else if (form == TOOL_GITHUB)
                check_commands(buf_bytes(&out));
            else
                check_markdown(buf_bytes(&out));
        }
        buf_dispose(&out);
    }
}

/* ---- lines and rows ------------------------------------------------------------------------------------ */

/* What was written by a function that writes into a file. */
struct written {
    char *text; /* owned */
    size_t len;
    FILE *file;
};

static struct written *begin_writing(struct written *written)
{
    written->file = open_memstream(&written->text, &written->len);
    if (written->file == NULL)
        abort();
    return written;
}

static struct bytes end_writing(struct written *written)
{
    (void)fclose(written->file);
    return bytes_make(written->len == 0 ? NULL : written->text, written->len);
}

/* Goes past a cell by RFC 4180, and past the separator behind it. */
static struct bytes skip_cell(struct bytes row, char separator)
{
    bool is_quoted = row.len > 0 && row.data[0] == '"';
    size_t at = is_quoted, end;
    expect(row.len == 0 || strchr("=+-@\t", row.data[0]) == NULL ? NULL : "a cell that is a formula");
    if (is_quoted)
        expect(row.len > 1 && strchr("=+-@\t\r\n", row.data[1]) == NULL ? NULL : "a formula in quotes");
    for (end = at; end < row.len; end++) {
        bool is_quote = row.data[end] == '"';
        if (is_quoted && is_quote && end + 1 < row.len && row.data[end + 1] == '"')
            end++;
        else if (is_quote || (!is_quoted && (row.data[end] == separator || row.data[end] == '\r')))
            break;
        expect(is_quoted || row.data[end] != '\n' ? NULL : "an end of a line without quotes");
    }
    end += is_quoted;
    expect(end < row.len && (row.data[end] == separator || row.data[end] == '\r') ? NULL : "a cell goes on");
    return bytes_make(row.data + end, row.len - end);
}

static size_t count_cells(struct bytes row, char separator)
{
    size_t cells = 0;
    for (;;) {
        row = skip_cell(row, separator);
        cells++;
        if (row.data[0] != (uint8_t)separator)
            break;
        row = bytes_make(row.data + 1, row.len - 1);
    }
    expect(row.len == 2 && row.data[1] == '\n' ? NULL : "a row that goes on behind its end");
    return cells;
}

static void check_csv(const struct show_cells *cells, uint8_t with)
{
    const struct csv_style style = {.separator = (with & WITH_SEMICOLON) != 0 ? ';' : ','};
    struct written head, row;
    struct csv_out csv;
    csv_out_begin(&csv, begin_writing(&head)->file, &style);
    show_csv_head(&csv, cells->kind);
    csv.out = begin_writing(&row)->file;
    show_csv_line(&csv, cells);
    expect(count_cells(end_writing(&head), style.separator) == count_cells(end_writing(&row), style.separator)
               ? NULL
               : "another number of cells than the head has");
    csv_out_dispose(&csv);
    free(head.text);
    free(row.text);
}

static void check_line(const struct show_cells *cells, uint8_t with)
{
    struct written line;
    size_t width = (with & WITH_WIDTH) != 0 ? NARROW : 0;
    show_text_line(begin_writing(&line)->file, cells, width);
    struct bytes text = end_writing(&line);
    check_plain(text);
    expect(memchr(text.data, '\n', text.len) == text.data + text.len - 1 ? NULL : "more than a line");
    expect(width == 0 || text.len <= width + 1 ? NULL : "a line that is too long");
    free(line.text);
}

static void check_page(const struct show_cells *cells)
{
    static const struct html_column columns[] = {{"a", false}, {"b", true}};
    struct written page;
    FILE *out = begin_writing(&page)->file;
    html_table_begin(out, "cells", columns, 2, true);
    for (size_t i = 0; i < SHOW_COLUMNS; i++) {
        struct bytes cell = buf_bytes(&cells->cells[i]);
        html_row_begin(out);
        html_cell(out, cell);
        html_cell_count(out, i);
        html_row_end(out);
    }
    html_table_end(out);
    struct bytes text = end_writing(&page);
    check_markup(text);
    for (size_t len; text.len > 0; text = bytes_make(text.data + len, text.len - len)) {
        len = text.data[0] == '\n' ? 1 : utf8_shown_len(text);
        expect(len > 0 ? NULL : "a page with what may not be shown");
    }
    free(page.text);
}

static void check_shown(struct bytes line, uint8_t with)
{
    static const enum show_kind kinds[] = {SHOW_DOMAINS, SHOW_HOSTS, SHOW_REJECTS};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct show_cells cells;
        show_cells_init(&cells, kinds[i]);
        if (show_cells_read(&cells, line) == ERR_OK) {
            check_line(&cells, with);
            check_csv(&cells, with);
            check_page(&cells);
        }
        show_cells_dispose(&cells);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct buf why;
    struct domain_facts facts;
    struct judgement judgement;
    if (size < 2)
        return 0;
    struct bytes line = bytes_make(data + 1, size - 1);
    arena_init(&arena, READ_ARENA_BYTES);
    buf_init(&why, WHY_BYTES);
    if (facts_read_domain(line, &arena, &facts, &why) == ERR_OK) {
        verdict_judge(&facts, facts.time, &arena, &judgement);
        check_explained(&facts, &judgement, data[0]);
        check_tools(&facts, &judgement, data[0]);
    }
    check_shown(line, data[0]);
    buf_dispose(&why);
    arena_dispose(&arena);
    return 0;
}
