/* Writes what changed since an earlier scan. */
#include "output/report/html.h"
#include "output/report/html_chart.h"
#include "output/report/report_page.h"

#define COLUMNS(columns) columns, sizeof(columns) / sizeof *(columns)

/* What is told of a kind. */
static const struct kind_row {
    const char *kind, *says, *caption;
    const char *filter; /* of `stsweep diff … --json`; NULL: `show` lists them */
} kind_rows[CHANGED_KINDS] = {
    [CHANGED_VICTIM] = {"bad",
                        "lose mail by an earlier policy: senders still hold one that enforces, and the mail "
                        "servers of today do not pass it",
                        "Mail lost by an earlier policy that senders still hold", NULL},
    [CHANGED_DELIVERY] = {"bad",
                          "are worse for delivery: senders lose mail, or pass over servers that they took "
                          "before",
                          "Worse for delivery", "grep '\"delivery\":\"worse\"'"},
    [CHANGED_PROTECTION] = {"warn",
                            "are worse for protection: a policy is gone, or no longer enforced, or mail is "
                            "not encrypted any more",
                            "Worse for protection", "grep '\"protection\":\"worse\"'"},
    [CHANGED_SAME_ID] = {"warn",
                         "have another policy under the same id: senders keep the old one, as they fetch a "
                         "policy anew when the id changes",
                         "Another policy under the same id", "grep policy.weak.id-body-changed"},
    [CHANGED_BETTER] = {"good", "are better for delivery or for protection", "Better",
                        "grep -E '\"(delivery|protection)\":\"better\"'"},
    [CHANGED_NEW] = {"none", "are new in the list", "New", "grep '\"change\":\"appeared\"'"},
    [CHANGED_GONE] = {"none", "are gone from the list", "Gone", "grep '\"change\":\"gone\"'"},
};

/* ---- a table of changes -------------------------------------------------------------------------------- */

void report_change_begin(FILE *out, const char *caption, bool of_owner)
{
    const struct html_column columns[] = {{"Domain", false},
                                          {"Was", false},
                                          {"Is", false},
                                          {"Why", false},
                                          {of_owner ? "What that is" : "Label", false}};
    html_table_begin(out, caption, COLUMNS(columns), true);
}

/* Is the aspect to be told? The one of MTA-STS is, also of a domain that is in one scan alone, or that loses
 * mail as before. */
static bool is_told(const struct report_change *change, unsigned aspect)
{
    bool both = change->was_there && change->is_there;
    bool differs = both && change->was[aspect] != change->is[aspect];
    return differs || (aspect == ASPECT_MTA_STS && (!both || change->is_cached != FAIL_NONE));
}

static void put_line(FILE *out, bool *any, const char *name, const char *state)
{
    (void)fputs(*any ? "<br>" : "", out);
    html_string(out, name);
    (void)fputs(" <b>", out);
    html_string(out, state);
    (void)fputs("</b>", out);
    *any = true;
}

static void put_states(FILE *out, const struct report_change *change, bool there,
                       const uint8_t states[ASPECT_COUNT], enum failure_code cached)
{
    bool any = false;
    (void)fputs("<td class=\"state\">", out);
    if (!there)
        (void)fputs("not in the list", out);
    for (unsigned aspect = 0; there && aspect < ASPECT_COUNT; aspect++)
        if (is_told(change, aspect))
            put_line(out, &any, aspect_name((enum aspect)aspect),
                     aspect_state_name((enum aspect)aspect, states[aspect]));
    if (there && change->was_cached != change->is_cached)
        put_line(out, &any, "earlier policy",
                 cached == FAIL_CACHED_REFUSED   ? "refused"
                 : cached == FAIL_CACHED_PARTIAL ? "partial"
                                                 : "harmless");
    (void)fputs(any || !there ? "</td>" : "the same</td>", out);
}

static void put_code(FILE *out, enum failure_code code)
{
    html_string(out, failure_get(code)->why);
    (void)fputs(" (<code>", out);
    html_string(out, failure_get(code)->code);
    (void)fputs("</code>)", out);
}

/* Writes a piece of the cause in a line of its own. */
static void begin_line(FILE *out, bool *any)
{
    (void)fputs(*any ? "<br>" : "", out);
    *any = true;
}

static void put_cause(FILE *out, const struct report_change *change)
{
    if (change->host[0] != 0) {
        html_string(out, change->host);
        (void)fputs(": ", out);
    }
    put_code(out, change->cause);
    if (change->more_causes > 0)
        (void)fprintf(out, "; and %u more", change->more_causes);
}

/* Writes why: the earlier policy and until when it counts, a policy under an old id, the first cause, and who
 * runs the mail servers. */
static void put_why(FILE *out, const struct report_change *change)
{
    char day[HTML_DAY_BYTES];
    bool any = false;
    (void)fputs("<td>", out);
    if (change->is_cached != FAIL_NONE) {
        begin_line(out, &any);
        put_code(out, change->is_cached);
        (void)fprintf(out, ", until %s at least", html_day(change->sure_until, day));
    }
    if ((change->kinds >> CHANGED_SAME_ID & 1) != 0) {
        begin_line(out, &any);
        put_code(out, FAIL_POLICY_WEAK_ID_BODY_CHANGED);
    }
    if (change->cause != FAIL_NONE) {
        begin_line(out, &any);
        put_cause(out, change);
    }
    if (change->provider[0] != 0) {
        begin_line(out, &any);
        (void)fputs("mail at ", out);
        html_string(out, change->provider);
    }
    (void)fputs("</td>", out);
}

static void put_kinds(FILE *out, const struct report_change *change)
{
    bool any = false;
    (void)fputs("<td>", out);
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        if ((change->kinds >> kind & 1) != 0) {
            begin_line(out, &any);
            (void)fprintf(out, "<span class=\"dot %s\"></span>%s", kind_rows[kind].kind,
                          kind_rows[kind].caption);
        }
    (void)fputs("</td>", out);
}

void report_change_row(FILE *out, const struct report_change *change, bool of_owner)
{
    html_row_begin(out);
    html_cell_string(out, change->domain);
    put_states(out, change, change->was_there, change->was, change->was_cached);
    put_states(out, change, change->is_there, change->is, change->is_cached);
    put_why(out, change);
    if (of_owner)
        put_kinds(out, change);
    else
        html_cell(out, bytes_make(change->label, change->label_len));
    html_row_end(out);
}

/* ---- the section --------------------------------------------------------------------------------------- */

static void put_command(const struct report_page *page, const char *filter)
{
    const struct html_flag flags[] = {{"--except", page->except}, {"--as-prefixes", page->as_prefixes}};
    if (filter != NULL)
        html_diff_command(page->out, page->since->against->dir, page->dir, COLUMNS(flags), filter);
    else
        report_command(page, page->since->comparison.judged_anew
                                 ? "--code cached.refused,cached.partial --rejudge"
                                 : "--code cached.refused,cached.partial");
}

static void put_number(const struct report_page *page, const char *kind, uint64_t count, const char *says,
                       const char *filter)
{
    FILE *out = page->out;
    report_number(out, kind, count);
    (void)fprintf(out, "</span> <span>%s<br>", says);
    put_command(page, filter);
    (void)fputs("</span></li>\n", out);
}

/* Tells what the numbers do not speak of. */
static void put_limits(const struct report_page *page)
{
    const struct report_comparison *comparison = &page->since->comparison;
    FILE *out = page->out;
    if (!comparison->is_whole)
        (void)fputs("<p class=\"note\">The earlier scan is not whole: what it has is compared.</p>\n", out);
    if (!comparison->same_names)
        (void)fputs("<p class=\"note\">The two scans were asked for different names of their lists: the "
                    "names that both have are compared, and nobody counts as new or gone.</p>\n",
                    out);
    if (comparison->judged_anew)
        (void)fputs(
            "<p class=\"note\">The two scans were judged by different rules: both were judged anew, by "
            "those of this program, before they were compared.</p>\n",
            out);
    if (comparison->unreadable > 0) {
        (void)fputs("<p class=\"note\">", out);
        html_count(out, comparison->unreadable);
        (void)fputs(
            " lines of the two scans are no records that can be compared: who is not in the scan that "
            "has them counts neither as new nor as gone.</p>\n",
            out);
    }
    if (comparison->not_reached == 0)
        return;
    (void)fputs("<p class=\"note\">", out);
    html_count(out, comparison->not_reached);
    (void)fputs(" domains of the earlier scan are not in what this one has, and may yet come: they do not "
                "count as gone.</p>\n",
                out);
}

static void put_groups(const struct report_page *page, const char *head, const char *caption,
                       const struct group_top *top)
{
    const struct html_column columns[] = {{head, false}, {"Domains that got worse", true}};
    if (top->count == 0 || top->rows[0].domains < 2)
        return;
    html_table_begin(page->out, caption, COLUMNS(columns), false);
    for (size_t i = 0; i < top->count && top->rows[i].domains > 1; i++) {
        html_row_begin(page->out);
        html_cell(page->out, top->rows[i].name);
        html_cell_count(page->out, top->rows[i].domains);
        html_row_end(page->out);
    }
    html_table_end(page->out);
}

static void put_table(const struct report_page *page, enum report_change_kind kind)
{
    const struct report_changes *changes = &page->since->changes;
    const struct report_change_table *table = &changes->tables[kind];
    if (table->count == 0)
        return;
    report_change_begin(page->out, kind_rows[kind].caption, false);
    for (size_t i = 0; i < table->count; i++)
        report_change_row(page->out, &table->rows[i], false);
    html_table_end(page->out);
    if (changes->counts[kind] == table->count)
        return;
    (void)fprintf(page->out, "<p class=\"how\">%zu of ", table->count);
    html_count(page->out, changes->counts[kind]);
    (void)fputs(" are shown, the gravest; all of them: ", page->out);
    put_command(page, kind_rows[kind].filter);
    (void)fputs("</p>\n", page->out);
}

void report_changed(const struct report_page *page)
{
    char day[HTML_DAY_BYTES];
    FILE *out = page->out;
    if (page->since == NULL)
        return;
    const struct report_changes *changes = &page->since->changes;
    report_section(page, "changed", "What changed", NULL);
    (void)fprintf(out, "<p class=\"lead\">Since the scan of %s (<code>",
                  html_day(page->since->against->started, day));
    html_string(out, page->since->against->dir);
    (void)fputs("</code>). A domain may be in several of these numbers. In the tables, what stands behind "
                "testing/ is what would become of mail if the policy were enforced.</p>\n",
                out);
    put_limits(page);
    (void)fputs("<ul class=\"answer\">\n", out);
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        put_number(page, changes->counts[kind] > 0 ? kind_rows[kind].kind : "none", changes->counts[kind],
                   kind_rows[kind].says, kind_rows[kind].filter);
    put_number(page, changes->unclear > 0 ? "open" : "none", changes->unclear,
               "could not be compared, as one of the scans could not determine how they stand",
               "grep -E '\"(delivery|protection)\":\"unclear\"'");
    (void)fputs("</ul>\n<div class=\"cols\">\n", out);
    put_groups(page, "MX host", "With which mail server most of it got worse", &changes->worse.hosts);
    put_groups(page, "Provider", "With which provider most of it got worse", &changes->worse.providers);
    (void)fputs("</div>\n", out);
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        put_table(page, (enum report_change_kind)kind);
    report_section_end(page);
}
