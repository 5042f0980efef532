/* Writes a page an owner, and their index. */
#include <string.h>

#include "output/report/html_chart.h"
#include "output/report/report_page.h"
#include "output/report/report_words.h"
#include "output/store/new_dir.h"

#define COLUMNS(columns) columns, sizeof(columns) / sizeof *(columns)

/* At the end of the index, if an earlier scan is compared with. */
enum { CHANGE_COLUMNS = 3, BELOW_BYTES = 256 };

struct pages {
    const struct report_page *page;
    const struct new_dir *dir;
    FILE *index, *out; /* of the owner at hand */
    struct buf *why;
};

/* ---- an owner ------------------------------------------------------------------------------------------ */

/* Is it a code to tell an owner of? Not that something is absent that nobody need have. */
static bool is_told(enum failure_code code)
{
    enum failure_effect effect = failure_get(code)->effect;
    return effect != EFFECT_NO_MAIL && failure_get(code)->stage != STAGE_INPUT && code != FAIL_TXT_ABSENT &&
           code != FAIL_TLSRPT_ABSENT && code != FAIL_DANE_ABSENT && code != FAIL_DANE_INSECURE_MX;
}

static void put_mending(FILE *out, const struct report_owned *owned)
{
    bool any = false;
    (void)fputs("<td>", out);
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        const struct failure *failure = failure_get(code);
        if (!code_set_has(&owned->codes, code) || !is_told(code))
            continue;
        (void)fprintf(out, "%s%s ", any ? "" : "<ul>", "<li>");
        html_string(out, failure->why);
        (void)fputs(" <b>", out);
        html_string(out, failure->mend);
        (void)fputs("</b> (", out);
        html_string(out, report_who(failure->who));
        (void)fputs("; <code>", out);
        html_string(out, failure->code);
        (void)fputs("</code>)</li>", out);
        any = true;
    }
    (void)fputs(any ? "</ul></td>" : "</td>", out);
}

static enum error on_domain(void *arg, const struct report_owned *owned)
{
    struct pages *pages = arg;
    FILE *out = pages->out;
    const struct report_outcome *outcome = report_outcome(owned->outcome);
    html_row_begin(out);
    html_cell(out, owned->domain);
    (void)fprintf(out, "<td><span class=\"dot %s\"></span>", outcome->kind);
    html_string(out, outcome_name(owned->outcome));
    if (owned->would_be != OUTCOME_NONE) {
        (void)fputs(" (enforced it would be ", out);
        html_string(out, outcome_name(owned->would_be));
        (void)fputc(')', out);
    }
    (void)fputs("</td>", out);
    put_mending(out, owned);
    html_row_end(out);
    return ERR_OK;
}

/* Says once what the outcomes mean that the owner has. */
static enum error on_change(void *arg, const struct report_change *change)
{
    struct pages *pages = arg;
    report_change_row(pages->out, change, true);
    return ERR_OK;
}

/* Writes what changed for the owner, if anything was compared. */
static enum error put_changes(struct pages *pages, const struct report_owner *owner,
                              struct report_owners *owners)
{
    const struct report_since *since = pages->page->since;
    char day[HTML_DAY_BYTES];
    FILE *out = pages->out;
    if (since == NULL)
        return ERR_OK;
    (void)fprintf(out, "<section id=\"changed\">\n<h2>What changed since %s</h2>\n",
                  html_day(since->against->started, day));
    if (owner->changes == 0) {
        (void)fputs("<p>Nothing of these domains that counts for mail.</p>\n</section>\n", out);
        return ERR_OK;
    }
    report_change_begin(out, "Domains that changed, the gravest first", true);
    enum error error = report_owners_changes(owners, on_change, pages, pages->why);
    html_table_end(out);
    (void)fputs("</section>\n", out);
    return error;
}

static void put_meanings(FILE *out, const struct report_owner *owner)
{
    (void)fputs("<dl>\n", out);
    for (uint8_t gravity = 0; gravity < REPORT_OUTCOMES; gravity++) {
        enum outcome outcome = report_of_gravity(gravity);
        if (owner->outcomes[outcome] == 0)
            continue;
        (void)fprintf(out, "<dt><span class=\"dot %s\"></span>", report_outcome(outcome)->kind);
        html_count(out, owner->outcomes[outcome]);
        (void)fputc(' ', out);
        html_string(out, outcome_name(outcome));
        (void)fputs("</dt><dd>", out);
        html_string(out, report_outcome(outcome)->means);
        (void)fputs("</dd>\n", out);
    }
    (void)fputs("</dl>\n", out);
}

static enum error put_owner(struct pages *pages, const struct report_owner *owner,
                            struct report_owners *owners)
{
    static const struct html_column columns[] = {
        {"Domain", false}, {"Outcome", false}, {"What is wrong, and what mends it", false}};
    FILE *out = pages->out;
    struct buf below;
    buf_init(&below, BELOW_BYTES);
    (void)buf_text(&below, "Mail transport security of these domains, scanned on ");
    report_put_day(pages->page, &below);
    report_begin(out, owner->label, buf_string(&below));
    buf_dispose(&below);
    (void)fputs("<p><a href=\"index.html\">The whole report</a> says what MTA-STS is, and how this was found "
                "out.</p>\n<section id=\"answer\" aria-label=\"The answer\">\n",
                out);
    put_meanings(out, owner);
    if (owner->domains == 0)
        (void)fputs("<p>No domain of this owner is in the list any more.</p>\n", out);
    (void)fputs("</section>\n", out);
    enum error error = put_changes(pages, owner, owners);
    (void)fputs("<section id=\"domains\">\n<h2>All domains</h2>\n", out);
    html_table_begin(out, "The domains, the gravest first", COLUMNS(columns), true);
    if (error == ERR_OK)
        error = report_owners_domains(owners, on_domain, pages, pages->why);
    html_table_end(out);
    (void)fputs("</section>\n", out);
    report_end(out, pages->page->dir);
    return error;
}

static void put_index_row(FILE *out, const struct report_owner *owner, bool is_compared)
{
    static const enum outcome shown[] = {OUTCOME_REFUSED, OUTCOME_PARTIAL, OUTCOME_BROKEN, OUTCOME_PROTECTED,
                                         OUTCOME_UNKNOWN};
    static const enum report_change_kind changed[CHANGE_COLUMNS] = {CHANGED_DELIVERY, CHANGED_PROTECTION,
                                                                    CHANGED_BETTER};
    html_row_begin(out);
    (void)fprintf(out, "<td><a href=\"%s\">", owner->file);
    html_text(out, owner->label);
    (void)fputs("</a></td>", out);
    html_cell_count(out, owner->domains);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        html_cell_count(out, owner->outcomes[shown[i]]);
    for (size_t i = 0; is_compared && i < sizeof changed / sizeof *changed; i++)
        html_cell_count(out, owner->kinds[changed[i]]);
    html_row_end(out);
}

static enum error on_owner(void *arg, const struct report_owner *owner)
{
    struct pages *pages = arg;
    put_index_row(pages->index, owner, pages->page->since != NULL);
    enum error error = new_dir_open(pages->dir, owner->file, &pages->out, pages->why);
    if (error != ERR_OK)
        return error;
    error = put_owner(pages, owner, pages->page->owners);
    enum error ended = new_dir_end(pages->out, owner->file, pages->why);
    return error == ERR_OK ? ended : error;
}

/* ---- their index --------------------------------------------------------------------------------------- */

enum error report_pages(const struct report_page *page, const struct new_dir *dir, struct buf *why)
{
    static const struct html_column columns[] = {
        {"Owner", false},           {"Domains", true},   {"refused", true}, {"partial", true},
        {"broken", true},           {"protected", true}, {"unknown", true}, {"delivery worse", true},
        {"protection worse", true}, {"better", true}};
    size_t count = sizeof columns / sizeof *columns - (page->since == NULL ? CHANGE_COLUMNS : 0);
    struct pages pages = {.page = page, .dir = dir, .why = why};
    enum error error = new_dir_open(dir, "owners.html", &pages.index, why);
    if (error != ERR_OK)
        return error;
    report_begin(pages.index, bytes_of("Owners"),
                 "By the labels of the list; those with the gravest trouble first");
    (void)fputs("<p><a href=\"index.html\">The whole report</a></p>\n<section id=\"answer\">\n", pages.index);
    html_table_begin(pages.index, "A page an owner", columns, count, true);
    error = report_owners_each(page->owners, on_owner, &pages, why);
    html_table_end(pages.index);
    (void)fputs("</section>\n", pages.index);
    report_end(pages.index, page->dir);
    enum error ended = new_dir_end(pages.index, "owners.html", why);
    return error == ERR_OK ? ended : error;
}
