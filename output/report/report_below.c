/* Writes DANE, STARTTLS and TLSRPT beside MTA-STS, what the hosts speak, and how the scan was run. */
#include <string.h>

#include "output/report/html_chart.h"
#include "output/report/report_page.h"
#include "output/report/report_words.h"

#define COLUMNS(columns) columns, sizeof(columns) / sizeof *(columns)

/* ---- beside MTA-STS ------------------------------------------------------------------------------------ */

struct row {
    const char *name;
    uint64_t count;
};

static void put_rows(const struct report_page *page, const char *caption, const char *head,
                     const struct row *rows, size_t count, uint64_t whole)
{
    const struct html_column columns[] = {{head, false}, {"Number", true}, {"Share", true}};
    html_table_begin(page->out, caption, COLUMNS(columns), false);
    for (size_t i = 0; i < count; i++) {
        html_row_begin(page->out);
        html_cell_string(page->out, rows[i].name);
        html_cell_count(page->out, rows[i].count);
        html_cell_share(page->out, rows[i].count, whole);
        html_row_end(page->out);
    }
    html_table_end(page->out);
}

void report_beside(const struct report_page *page)
{
    const struct summary *summary = &page->counts->summary;
    const uint64_t *tlsrpt = page->counts->tlsrpt;
    struct row dane[DANE_OUTCOME_COUNT], tls[TLS_OUTCOME_COUNT];
    const struct row reports[] = {{"asks for reports", tlsrpt[TLSRPT_GOOD]},
                                  {"a record that does not work", tlsrpt[TLSRPT_BROKEN]},
                                  {"no TLSRPT", tlsrpt[TLSRPT_ABSENT]},
                                  {"not determined", tlsrpt[TLSRPT_UNKNOWN]}};
    for (size_t i = 0; i < DANE_OUTCOME_COUNT; i++)
        dane[i] = (struct row){report_dane((enum dane_outcome)i), summary->dane[i]};
    for (size_t i = 0; i < TLS_OUTCOME_COUNT; i++)
        tls[i] = (struct row){report_tls((enum tls_outcome)i), summary->tls[i]};
    report_section(
        page, "beside", "DANE, encryption and reports",
        "<b>DANE</b> (RFC 7672) does what MTA-STS does, with signed DNS in place of a web server. "
        "<b>STARTTLS</b> is the encryption itself. With <b>TLSRPT</b> (RFC 8460) a domain asks senders "
        "to report what fails, which is how its owner learns of it.");
    (void)fputs("<div class=\"cols\">\n", page->out);
    put_rows(page, "DANE", "Domains", dane, DANE_OUTCOME_COUNT, summary->records);
    put_rows(page, "STARTTLS", "Domains", tls, TLS_OUTCOME_COUNT, summary->records);
    put_rows(page, "TLSRPT", "Domains", reports, TLSRPT_COUNT, summary->records);
    (void)fputs("</div>\n", page->out);
    report_listed_by(page, "Each domain with these: ", "--csv",
                     " (columns <code>dane</code>, <code>tls</code>, <code>codes</code>)");
    report_section_end(page);
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

static void put_words(const struct report_page *page, const char *caption, const char *head,
                      const struct report_words *words)
{
    struct row rows[REPORT_WORDS + 1];
    size_t count = 0;
    for (; count < words->count; count++)
        rows[count] = (struct row){words->rows[count].word, words->rows[count].count};
    if (words->others > 0)
        rows[count++] = (struct row){"others", words->others};
    if (count > 0)
        put_rows(page, caption, head, rows, count, page->counts->with_tls);
}

static void put_certs(const struct report_page *page)
{
    static const struct html_column columns[] = {
        {"Certificate for", false}, {"Ends on", false}, {"SHA-256", false}};
    const struct report_counts *counts = page->counts;
    FILE *out = page->out;
    (void)fputs("<p>Of ", out);
    html_count(out, counts->certs);
    (void)fputs(" certificates of servers, ", out);
    html_count(out, counts->certs_over);
    (void)fprintf(out, " had ended at the time of the scan, and ");
    html_count(out, counts->certs_soon);
    (void)fprintf(
        out,
        " ended within %d days of it. Each has a record in certs.ndjson.zst of the scan directory.</p>\n",
        REPORT_SOON_DAYS);
    if (counts->soon_count == 0)
        return;
    html_table_begin(out, "The first of them to end", COLUMNS(columns), true);
    for (size_t i = 0; i < counts->soon_count; i++) {
        char day[HTML_DAY_BYTES];
        html_row_begin(out);
        html_cell_string(out, counts->soon[i].name);
        html_cell_string(out, html_day(counts->soon[i].ends, day));
        html_cell(out, bytes_make(counts->soon[i].sha256, strnlen(counts->soon[i].sha256, 16)));
        html_row_end(out);
    }
    html_table_end(out);
}

bool report_has_hosts(const struct report_page *page)
{
    return page->counts->addresses > 0 || page->counts->certs > 0;
}

void report_hosts(const struct report_page *page)
{
    const struct report_counts *counts = page->counts;
    if (!report_has_hosts(page))
        return;
    report_section(page, "hosts", "What the mail servers speak", NULL);
    (void)fputs("<p>", page->out);
    html_count(page->out, counts->addresses);
    (void)fputs(" visits were made to mail servers, one to each name at each of its addresses; ", page->out);
    html_count(page->out, counts->with_tls);
    (void)fputs(" of them made a TLS connection.</p>\n<div class=\"cols\">\n", page->out);
    put_words(page, "Versions of TLS", "Version", &counts->versions);
    put_words(page, "Groups of the key exchange", "Group", &counts->tls_groups);
    (void)fputs("</div>\n", page->out);
    report_listed_by(page, "Each visit with these: ", "--hosts --csv",
                     " (columns <code>tls_version</code>, <code>group</code>)");
    put_certs(page);
    report_section_end(page);
}

/* ---- how it was run ------------------------------------------------------------------------------------ */

static void put_item(FILE *out, const char *name, struct bytes text)
{
    if (text.len == 0)
        return;
    (void)fputs("<dt>", out);
    html_string(out, name);
    (void)fputs("</dt><dd>", out);
    html_text(out, text);
    (void)fputs("</dd>\n", out);
}

static struct bytes text_at(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    bool is_text = node != NULL && (node->kind == JSON_STRING || node->kind == JSON_NUMBER);
    return is_text ? node->text : bytes_of("");
}

static void put_inputs(const struct report_page *page)
{
    static const struct html_column columns[] = {
        {"List", false}, {"Lines", true}, {"Names", true}, {"SHA-256", false}};
    const struct json_node *inputs = json_tree_at(page->meta, "inputs");
    if (inputs == NULL || inputs->kind != JSON_ARRAY || inputs->first == NULL)
        return;
    html_table_begin(page->out, "The lists", COLUMNS(columns), false);
    for (const struct json_node *input = inputs->first; input != NULL; input = input->next) {
        html_row_begin(page->out);
        html_cell(page->out, text_at(input, "path"));
        html_cell(page->out, text_at(input, "lines"));
        html_cell(page->out, text_at(input, "inputs"));
        html_cell(page->out, text_at(input, "sha256"));
        html_row_end(page->out);
    }
    html_table_end(page->out);
}

/* Writes all options, which open on demand: without them a command that names a file cannot be repeated. */
static void put_options(const struct report_page *page)
{
    static const struct html_column columns[] = {{"Option", false}, {"Value", false}};
    const struct json_node *options = json_tree_at(page->meta, "config");
    if (options == NULL || options->kind != JSON_OBJECT || options->first == NULL)
        return;
    (void)fputs("<details><summary>All options of the scan</summary>\n", page->out);
    html_table_begin(page->out, "Options", COLUMNS(columns), true);
    for (const struct json_node *option = options->first; option != NULL; option = option->next) {
        html_row_begin(page->out);
        html_cell_string(page->out, option->key);
        html_cell(page->out, text_at(options, option->key));
        html_row_end(page->out);
    }
    html_table_end(page->out);
    (void)fputs("</details>\n", page->out);
}

void report_how(const struct report_page *page)
{
    FILE *out = page->out;
    report_section(
        page, "how", "How the scan was run",
        "So that another can repeat it. meta.json of the scan directory has all of this, and more.");
    (void)fputs("<dl>\n", out);
    put_item(out, "Began", text_at(page->meta, "started"));
    put_item(out, "Ended", text_at(page->meta, "ended"));
    put_item(out, "Program", text_at(page->meta, "version"));
    put_item(out, "Rules of judgement", text_at(page->meta, "rules"));
    put_item(out, "Resolver", text_at(page->meta, "resolver"));
    put_item(out, "Seed of the order", text_at(page->meta, "seed"));
    put_item(out, "Command", text_at(page->meta, "command"));
    (void)fputs("</dl>\n", out);
    put_inputs(page);
    put_options(page);
    report_section_end(page);
}
