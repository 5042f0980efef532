/* Writes what to mend first, the outcomes, how they are spread, and the tree of failures. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "output/report/html.h"
#include "output/report/report_page.h"
#include "output/report/report_words.h"

enum { FIRST_ROWS = 10, SPREAD_ROWS = 50, INTERVAL_COLUMNS = 2 };

#define COLUMNS(columns) columns, sizeof(columns) / sizeof *(columns)

/* ---- what to mend first -------------------------------------------------------------------------------- */

static void put_gain(const struct report_page *page, const struct group_row *row)
{
    FILE *out = page->out;
    const struct failure *failure = failure_get(row->failure);
    html_row_begin(out);
    html_cell(out, row->name);
    html_cell_count(out, row->gain);
    html_cell_count(out, row->domains);
    (void)fputs("<td>", out);
    html_string(out, failure->mend);
    (void)fputs(" <code>", out);
    html_string(out, failure->code);
    (void)fputs("</code></td>", out);
    html_row_end(out);
}

static void put_gains(const struct report_page *page, enum group_kind kind, const char *caption,
                      const char *head)
{
    const struct group_top *top = &page->counts->tops[kind];
    const struct html_column columns[] = {{head, false},
                                          {"Domains made good", true},
                                          {"of its domains", true},
                                          {"What mends the commonest fault there", false}};
    char rest[64];
    if (top->count == 0 || top->rows[0].gain == 0)
        return;
    html_table_begin(page->out, caption, COLUMNS(columns), false);
    for (size_t i = 0; i < top->count && i < FIRST_ROWS && top->rows[i].gain > 0; i++)
        put_gain(page, &top->rows[i]);
    html_table_end(page->out);
    (void)snprintf(rest, sizeof rest, "--by %s", group_kind_name(kind));
    report_listed_by(page, "All of them: ", rest, "");
}

void report_first(const struct report_page *page)
{
    const struct group_top *tops = page->counts->tops;
    report_section(
        page, "first", "What to mend first",
        "One mending at one place often makes many domains good. A domain counts as made good if it "
        "would be protected by that mending alone.");
    bool any = false;
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        any = any || (tops[kind].count > 0 && tops[kind].rows[0].gain > 0);
    if (!any)
        (void)fputs("<p>There is no single place whose mending would make a domain good.</p>\n", page->out);
    put_gains(page, BY_MX_OPERATOR, "At mail servers, by their operator", "Operator");
    put_gains(page, BY_POLICY_HOST, "Where policies are served", "Policy host");
    put_gains(page, BY_WHO, "By who has to mend", "Who");
    report_section_end(page);
}

/* ---- outcomes ------------------------------------------------------------------------------------------ */

static void put_denominators(const struct report_page *page)
{
    const struct summary *summary = &page->counts->summary;
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {{"domains with a record", summary->records},
                {"no domain names", summary->rejects},
                {"named more than once", summary->duplicates},
                {"opted out", summary->opted_out},
                {"in another part (shard)", summary->not_in_shard},
                {"not in the sample", summary->not_sampled},
                {"filtered out", summary->filtered},
                {"over the limit", summary->over_limit},
                {"left out by --except", page->excepted},
                {"a record that cannot be read", page->counts->unreadable_domains}};
    static const struct html_column columns[] = {{"What became of it", false}, {"Lines", true}};
    if (!page->has_summary)
        return;
    html_table_begin(page->out, "Every line of the lists is in one of these rows", COLUMNS(columns), false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].count == 0)
            continue;
        html_row_begin(page->out);
        html_cell_string(page->out, rows[i].name);
        html_cell_count(page->out, rows[i].count);
        html_row_end(page->out);
    }
    html_row_begin(page->out);
    html_cell_string(page->out, "all lines");
    html_cell_count(page->out, summary->inputs);
    html_row_end(page->out);
    html_table_end(page->out);
    if (summary->rejects > 0)
        report_listed_by(page, "Lines that are no domain names: ", "--rejects", "");
}

/* Writes what a sample says of all names: the columns at the end of the table. */
static void put_interval(FILE *out, const struct summary_sample *sample, enum outcome outcome)
{
    struct interval interval = summary_sample_interval(sample, SUMMARY_OUTCOMES + outcome);
    (void)fprintf(out, "<td class=\"n\">%.2f %%</td><td>%.2f %% – %.2f %%</td>", 100 * interval.share,
                  100 * interval.low, 100 * interval.high);
}

static void put_method(const struct report_page *page)
{
    const struct summary_sample *sample = page->counts->summary.sample;
    FILE *out = page->out;
    (void)fputs("<p class=\"how\">Domains and shares are those of the sample. The estimates are for all ",
                out);
    (void)fputs(sample->size.names > 0 ? "" : "about ", out);
    html_count(out, sample->population);
    (void)fputs(" names: ", out);
    html_string(out, summary_sample_method(sample));
    (void)fputs(".</p>\n", out);
}

static void put_outcome(const struct report_page *page, enum outcome outcome)
{
    const struct summary *summary = &page->counts->summary;
    const struct report_outcome *row = report_outcome(outcome);
    FILE *out = page->out;
    html_row_begin(out);
    (void)fprintf(out, "<td><span class=\"dot %s\"></span>", row->kind);
    html_string(out, outcome_name(outcome));
    (void)fputs("</td>", out);
    html_cell_count(out, summary->outcomes[outcome]);
    html_cell_share(out, summary->outcomes[outcome], summary->records);
    html_cell_string(out, row->means);
    html_cell_string(out, row->raise);
    if (page->has_intervals)
        put_interval(out, summary->sample, outcome);
    html_row_end(out);
}

static void put_outcomes(const struct report_page *page)
{
    static const struct html_column columns[] = {{"Outcome", false},
                                                 {"Domains", true},
                                                 {"Share", true},
                                                 {"What it means for mail", false},
                                                 {"Something to raise with its owner?", false},
                                                 {"Estimate for all names", true},
                                                 {"From – to", false}};
    size_t count = sizeof columns / sizeof *columns - (page->has_intervals ? 0 : INTERVAL_COLUMNS);
    html_table_begin(page->out, "Domains by outcome", columns, count, false);
    for (size_t i = 0; i < REPORT_OUTCOMES; i++)
        put_outcome(page, report_order[i]);
    html_table_end(page->out);
    if (page->has_intervals)
        put_method(page);
    report_listed_by(page, "The domains of an outcome: ", "--outcome OUTCOME", "");
}

void report_outcomes(const struct report_page *page)
{
    const struct summary *summary = &page->counts->summary;
    struct html_bar bars[REPORT_OUTCOMES];
    report_section(page, "outcomes", "Adoption of MTA-STS", NULL);
    for (size_t i = 0; i < REPORT_OUTCOMES; i++) {
        enum outcome outcome = report_order[i];
        bars[i] = (struct html_bar){outcome_name(outcome), report_outcome(outcome)->kind,
                                    summary->outcomes[outcome]};
    }
    html_bars(page->out, "Domains by outcome; the table below has the same numbers", bars, REPORT_OUTCOMES,
              summary->records);
    put_outcomes(page);
    put_denominators(page);
    report_section_end(page);
}

/* ---- how they are spread ------------------------------------------------------------------------------- */

static void put_spread_row(FILE *out, struct bytes name, const uint64_t outcomes[OUTCOME_COUNT])
{
    static const enum outcome shown[] = {OUTCOME_PROTECTED, OUTCOME_PARTIAL, OUTCOME_REFUSED, OUTCOME_TESTING,
                                         OUTCOME_BROKEN,    OUTCOME_ABSENT,  OUTCOME_UNKNOWN};
    uint64_t domains = 0;
    for (enum outcome outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        domains += outcomes[outcome];
    html_row_begin(out);
    html_cell(out, name);
    html_cell_count(out, domains);
    html_cell_share(out, outcomes[OUTCOME_PROTECTED], domains);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        html_cell_count(out, outcomes[shown[i]]);
    html_row_end(out);
}

static void begin_spread(const struct report_page *page, const char *caption, const char *head,
                         bool can_filter)
{
    const struct html_column columns[] = {
        {head, false},     {"Domains", true}, {"Protected", true}, {"protected", true}, {"partial", true},
        {"refused", true}, {"testing", true}, {"broken", true},    {"absent", true},    {"unknown", true}};
    html_table_begin(page->out, caption, COLUMNS(columns), can_filter);
}

static void put_spread(const struct report_page *page, enum group_kind kind, const char *caption,
                       const char *head)
{
    const struct group_top *top = &page->counts->tops[kind];
    size_t told = top->count < SPREAD_ROWS ? top->count : SPREAD_ROWS;
    if (told == 0)
        return;
    begin_spread(page, caption, head, true);
    for (size_t i = 0; i < told; i++)
        put_spread_row(page->out, top->rows[i].name, top->rows[i].outcomes);
    html_table_end(page->out);
    char rest[64], before[96] = "The same: ";
    (void)snprintf(rest, sizeof rest, "--by %s --csv --top 1000000", group_kind_name(kind));
    if (top->groups > told)
        (void)snprintf(before, sizeof before, "%zu of %" PRIu64 " are shown; all of them: ", told,
                       top->groups);
    report_listed_by(page, before, rest, "");
}

static void put_ranks(const struct report_page *page)
{
    const uint64_t(*ranks)[OUTCOME_COUNT] = page->counts->ranks;
    uint64_t ranked = 0;
    for (size_t rank = 0; rank < RANK_NONE; rank++)
        for (size_t outcome = 0; outcome < OUTCOME_COUNT; outcome++)
            ranked += ranks[rank][outcome];
    if (ranked == 0)
        return;
    begin_spread(page, "By rank in the list", "Rank", false);
    for (enum report_rank rank = 0; rank < RANK_COUNT; rank++)
        put_spread_row(page->out, bytes_of(report_rank_name(rank)), ranks[rank]);
    html_table_end(page->out);
    report_listed_by(page, "Each domain with its rank: ", "--csv", "");
}

void report_spread(const struct report_page *page)
{
    report_section(
        page, "spread", "Where it is deployed",
        "The share of protected domains is of all domains of the row, also those that receive no mail "
        "or could not be determined.");
    put_ranks(page);
    put_spread(page, BY_TLD, "By top-level domain", "Top-level domain");
    put_spread(page, BY_PROVIDER, "By provider of mail servers or policies", "Provider");
    put_spread(page, BY_LABEL, "By label of the list", "Label");
    if (page->owners != NULL)
        (void)fputs("<p>Each label has a page of its own: <a href=\"owners.html\">all owners</a>.</p>\n",
                    page->out);
    report_section_end(page);
}

/* ---- failures ------------------------------------------------------------------------------------------ */

static bool is_failure(enum failure_code code)
{
    enum failure_effect effect = failure_get(code)->effect;
    return effect != EFFECT_UNKNOWN && effect != EFFECT_NO_MAIL && code != FAIL_TXT_ABSENT &&
           code != FAIL_TLSRPT_ABSENT && code != FAIL_DANE_ABSENT;
}

static void put_code(const struct report_page *page, enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    FILE *out = page->out;
    html_row_begin(out);
    (void)fputs("<td><code>", out);
    html_string(out, failure->code);
    (void)fputs("</code></td>", out);
    html_cell_count(out, page->counts->summary.codes[code]);
    html_cell_string(out, failure->why);
    html_cell_string(out, failure->mend);
    html_cell_string(out, report_who(failure->who));
    html_row_end(out);
}

/* A code of the table, to be put in order. */
struct told_code {
    enum failure_code code;
    uint64_t domains;
};

static int by_domains(const void *left, const void *right)
{
    const struct told_code *a = left, *b = right;
    if (a->domains != b->domains)
        return a->domains > b->domains ? -1 : 1;
    return (a->code > b->code) - (a->code < b->code);
}

/* Writes the codes that came and pass the test, of one stage or of all (STAGE_COUNT), the commonest first. */
static void put_codes(const struct report_page *page, enum failure_stage stage, const char *caption,
                      bool (*is_told)(enum failure_code code))
{
    static const struct html_column columns[] = {
        {"Code", false}, {"Domains", true}, {"Why", false}, {"What mends it", false}, {"Who", false}};
    struct told_code told[FAIL_COUNT];
    size_t count = 0;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        uint64_t domains = page->counts->summary.codes[code];
        bool of_stage = stage == STAGE_COUNT || failure_get(code)->stage == stage;
        if (of_stage && domains > 0 && is_told(code))
            told[count++] = (struct told_code){code, domains};
    }
    if (count == 0)
        return;
    qsort(told, count, sizeof *told, by_domains);
    html_table_begin(page->out, caption, COLUMNS(columns), true);
    for (size_t i = 0; i < count; i++)
        put_code(page, told[i].code);
    html_table_end(page->out);
}

static const char *const stage_captions[STAGE_COUNT] = {
    [STAGE_CACHED] = "By an earlier policy that senders remember",
    [STAGE_INPUT] = "The name itself",
    [STAGE_DNS] = "DNS",
    [STAGE_TXT] = "The record at _mta-sts",
    [STAGE_POLICY] = "The policy and its web server",
    [STAGE_MX] = "MX records and the policy's patterns",
    [STAGE_SMTP] = "The mail servers",
    [STAGE_DANE] = "DANE",
    [STAGE_TLSRPT] = "TLSRPT",
};

void report_failures(const struct report_page *page)
{
    report_section(page, "failures", "What fails, why, and what mends it",
                   "By the step at which a sender meets it, the commonest first. A domain counts once for "
                   "each code that it has.");
    report_listed_by(page, "The domains of a code: ", "--code CODE", "");
    for (enum failure_stage stage = 0; stage < STAGE_COUNT; stage++)
        put_codes(page, stage, stage_captions[stage], is_failure);
    report_section_end(page);
}

/* ---- what is open -------------------------------------------------------------------------------------- */

static bool is_theirs(enum failure_code code)
{
    return failure_get(code)->effect == EFFECT_UNKNOWN && failure_get(code)->who != WHO_US;
}

static bool is_ours(enum failure_code code)
{
    return failure_get(code)->effect == EFFECT_UNKNOWN && failure_get(code)->who == WHO_US;
}

void report_open(const struct report_page *page)
{
    report_section(page, "open", "What was not determined, and whose fault that was",
                   "These codes say nothing about a domain, neither good nor bad.");
    put_codes(page, STAGE_COUNT, "On their side: servers, names or networks that did not answer", is_theirs);
    put_codes(page, STAGE_COUNT, "On our side: this machine, its network, or limits that we set", is_ours);
    report_listed_by(page, "The domains of a code: ", "--code CODE", "");
    report_section_end(page);
}
