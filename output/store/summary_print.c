/* Prints the end of a scan for a person: plain text in 78 columns and at most 23 rows, so that all of it
 * stands on a terminal of 80 by 24. What matters most comes last, above the prompt. Writes to the stream that
 * it is given. */
#include "output/store/summary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "scanner/base/shown.h"

enum { COLUMNS = 78, INDENT = 2, ITEM_BYTES = 128, CODES_ROWS = 2 };

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static double percent(uint64_t count, uint64_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * (double)count / (double)whole;
}

/* Prints text broken at spaces; the rows after the first are indented. */
static void print_wrapped(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text != 0) {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + word > COLUMNS) {
            (void)fprintf(out, "\n%*s", INDENT - 1, "");
            column = INDENT - 1;
        }
        column += (size_t)fprintf(out, "%s%.*s", column > 0 ? " " : "", (int)word, text);
        text += word;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

static const char *meaning(enum outcome outcome)
{
    static const char *const meanings[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = "not judged",
        [OUTCOME_NO_MAIL] = "receives no mail",
        [OUTCOME_ABSENT] = "no MTA-STS record",
        [OUTCOME_UNKNOWN] = "could not be determined this time",
        [OUTCOME_BROKEN] = "a record, but no usable policy",
        [OUTCOME_OFF] = "mode none: switched off",
        [OUTCOME_TESTING] = "mode testing: nothing is enforced",
        [OUTCOME_PROTECTED] = "enforced, and the MX hosts pass",
        [OUTCOME_PARTIAL] = "enforced, and some MX hosts fail",
        [OUTCOME_REFUSED] = "enforced, and all fail: mail is lost",
    };
    return meanings[outcome];
}

/* The good outcomes come first, unknown last. */
static const enum outcome outcome_order[] = {
    OUTCOME_PROTECTED, OUTCOME_PARTIAL, OUTCOME_REFUSED, OUTCOME_TESTING, OUTCOME_OFF,
    OUTCOME_BROKEN,    OUTCOME_ABSENT,  OUTCOME_NO_MAIL, OUTCOME_UNKNOWN,
};

enum { OUTCOMES_SHOWN = sizeof outcome_order / sizeof outcome_order[0] };

struct ranked {
    const char *name;
    uint64_t count;
    size_t place; /* among equals the table's order */
};

static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return (a->place > b->place) - (a->place < b->place);
}

static size_t item_text(char item[ITEM_BYTES], const struct ranked *ranked, bool last)
{
    int len =
        snprintf(item, ITEM_BYTES, " %.40s %" PRIu64 "%s", ranked->name, ranked->count, last ? "" : ",");
    return len < 0 ? 0 : (size_t)len;
}

/* Returns how many of the items go into a row that has been filled up to the column: all, or as many as leave
 * room for what is said of the others if it is the last row. */
static size_t row_items(const struct ranked *ranked, size_t count, size_t column, bool last_row)
{
    static const size_t tail = sizeof " and 1000 more" - 1;
    char item[ITEM_BYTES];
    size_t fitting = 0, leaving = 0, i;
    for (i = 0; i < count && column <= COLUMNS; i++) {
        column += item_text(item, &ranked[i], i + 1 == count);
        fitting += column <= COLUMNS;
        leaving += column + tail <= COLUMNS;
    }
    return fitting == count || !last_row ? fitting : leaving;
}

/* Prints "title: name count, name count, …" in so many rows at most; the most frequent come first. */
static void print_list(FILE *out, const char *title, struct ranked *ranked, size_t count, size_t rows)
{
    size_t column = (size_t)fprintf(out, "%s:", title), at = 0;
    char item[ITEM_BYTES];
    qsort(ranked, count, sizeof *ranked, compare_ranked);
    for (size_t row = 0; row < rows && at < count; row++) {
        if (row > 0)
            column = (size_t)fprintf(out, "\n%*s", INDENT - 1, "") - 1;
        size_t last = at + row_items(ranked + at, count - at, column, row + 1 == rows);
        for (; at < last; at++) {
            (void)item_text(item, &ranked[at], at + 1 == count);
            (void)fputs(item, out);
        }
    }
    if (at < count)
        (void)fprintf(out, " and %zu more", count - at);
    (void)fputc('\n', out);
}

static size_t add_ranked(struct ranked *ranked, size_t count, const char *name, uint64_t seen)
{
    if (seen > 0)
        ranked[count] = (struct ranked){name, seen, count};
    return count + (seen > 0);
}

/* ---- the lists ----------------------------------------------------------------------------------------- */

static void print_codes(FILE *out, const char *title, const uint64_t counts[FAIL_COUNT], size_t rows)
{
    struct ranked ranked[FAIL_COUNT];
    size_t count = 0;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        count = add_ranked(ranked, count, failure_name(code), counts[code]);
    if (count > 0)
        print_list(out, title, ranked, count, rows);
}

/* Ranks the codes of MX hosts that refused this machine, by its address or its name: that says nothing of
 * them.
 */
static size_t rank_about_us(struct ranked ranked[FAIL_COUNT], const struct summary *summary)
{
    static const enum failure_code codes[] = {FAIL_SMTP_BLOCK_LISTED, FAIL_SMTP_EHLO_NAME};
    size_t count = 0;
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        count = add_ranked(ranked, count, failure_name(codes[i]), summary->codes[codes[i]]);
    return count;
}

/* Says how many names of the list are hosts, at which mail addresses hardly are. */
static void print_host_names(FILE *out, uint64_t count)
{
    if (count > 0)
        (void)fprintf(out, "%" PRIu64 " name%s of hosts (www., or no MX): scan the registrable domain%s\n",
                      count, plural(count), plural(count));
}

/* The most frequent codes, and the rows about this machine and about hosts' names, each of which takes
 * one of theirs. */
static void print_codes_of_records(FILE *out, const struct summary *summary)
{
    struct ranked ranked[FAIL_COUNT];
    size_t about_us = rank_about_us(ranked, summary);
    uint64_t hosts = summary->codes[FAIL_INPUT_HOST_NAME];
    print_host_names(out, hosts);
    size_t rows = CODES_ROWS - (size_t)(about_us > 0) - (size_t)(hosts > 0);
    if (rows > 0)
        print_codes(out, "Codes", summary->codes, rows);
    if (about_us > 0)
        print_list(out, "Refused because of this machine", ranked, about_us, 1);
}

static void print_dane_and_tls(FILE *out, const struct summary *summary)
{
    struct ranked dane[DANE_OUTCOME_COUNT], tls[TLS_OUTCOME_COUNT];
    size_t danes = 0, tlses = 0;
    for (unsigned i = 0; i < DANE_OUTCOME_COUNT; i++)
        danes = add_ranked(dane, danes, dane_outcome_name((enum dane_outcome)i), summary->dane[i]);
    for (unsigned i = 0; i < TLS_OUTCOME_COUNT; i++)
        tlses = add_ranked(tls, tlses, tls_outcome_name((enum tls_outcome)i), summary->tls[i]);
    if (danes > 0)
        print_list(out, "DANE", dane, danes, 1);
    if (tlses > 0)
        print_list(out, "STARTTLS at the MX hosts", tls, tlses, 1);
}

static void print_providers(FILE *out, const struct summary *summary)
{
    struct ranked ranked[SUMMARY_PROVIDERS];
    size_t count = 0;
    for (size_t i = 0; i < summary->provider_count; i++)
        count = add_ranked(ranked, count, summary->providers[i].name, summary->providers[i].count);
    if (count > 0)
        print_list(out, "MX providers", ranked, count, 1);
}

/* Tells whether there is a directory: streamed records leave none. */
static bool is_stored(const char *dir)
{
    return dir != NULL && strcmp(dir, "-") != 0;
}

/* Duplicates and names opted out are no rejects: the equation has them. */
static void print_rejects(FILE *out, const struct summary *summary, const char *dir)
{
    uint64_t counts[FAIL_COUNT];
    memcpy(counts, summary->left_out, sizeof counts);
    counts[FAIL_INPUT_DUPLICATE] = counts[FAIL_INPUT_OPTED_OUT] = 0;
    print_codes(out, is_stored(dir) ? "Rejected lines (rejects.ndjson.zst)" : "Rejected lines", counts, 1);
}

/* Prints the equation of the denominators, with only the terms that are not 0. */
static void print_equation(FILE *out, const struct summary *summary)
{
    const struct {
        const char *name;
        uint64_t count;
    } terms[] = {
        {"records", summary->records},           {"rejects", summary->rejects},
        {"duplicates", summary->duplicates},     {"opted out", summary->opted_out},
        {"not in shard", summary->not_in_shard}, {"not sampled", summary->not_sampled},
        {"filtered", summary->filtered},         {"over limit", summary->over_limit},
    };
    struct buf text;
    buf_init(&text, 4096);
    buf_printf(&text, "%" PRIu64 " input%s = %" PRIu64 " record%s", summary->inputs, plural(summary->inputs),
               summary->records, plural(summary->records));
    for (size_t i = 1; i < sizeof terms / sizeof terms[0]; i++)
        if (terms[i].count > 0)
            buf_printf(&text, " + %" PRIu64 " %s", terms[i].count, terms[i].name);
    print_wrapped(out, buf_string(&text));
    buf_reset(&text);
    if (!summary_balanced(summary, &text)) {
        (void)fputs("THE COUNTS DO NOT ADD UP:\n", out);
        print_wrapped(out, buf_string(&text));
    }
    buf_dispose(&text);
}

/* ---- head and outcomes --------------------------------------------------------------------------------- */

static void print_head(FILE *out, const struct summary *summary, int64_t elapsed_ms, const char *dir)
{
    int64_t seconds = elapsed_ms / 1000;
    double rate = elapsed_ms > 0 ? (double)summary->records * 1000.0 / (double)elapsed_ms : 0.0;
    (void)fprintf(out, "%" PRIu64 " record%s in ", summary->records, plural(summary->records));
    if (seconds >= 3600)
        (void)fprintf(out, "%" PRId64 "h %02dm %02ds", seconds / 3600, (int)(seconds / 60 % 60),
                      (int)(seconds % 60));
    else if (seconds >= 60)
        (void)fprintf(out, "%dm %02ds", (int)(seconds / 60), (int)(seconds % 60));
    else
        (void)fprintf(out, "%.1fs", (double)elapsed_ms / 1000.0);
    (void)fprintf(out, " (%.0f a second)\n", rate);
    if (is_stored(dir))
        (void)fprintf(out, "Records and summary.json are in %s\n", shown(dir));
}

/* Says first who loses mail today by a policy that is published no more. It takes the place of the blank row
 * below. */
static bool print_cached(FILE *out, const struct summary *summary)
{
    uint64_t refused = summary->codes[FAIL_CACHED_REFUSED], partial = summary->codes[FAIL_CACHED_PARTIAL];
    if (refused + partial == 0)
        return false;
    (void)fprintf(out, "BY A POLICY THAT SENDERS CACHED EARLIER: refused %" PRIu64 ", partial %" PRIu64 "\n",
                  refused, partial);
    return true;
}

/* Prints what those in mode testing would be in mode enforce. */
static void print_would_be(FILE *out, const struct summary *summary)
{
    struct ranked ranked[OUTCOMES_SHOWN];
    size_t count = 0;
    for (size_t i = 0; i < OUTCOMES_SHOWN; i++)
        count =
            add_ranked(ranked, count, outcome_name(outcome_order[i]), summary->would_be[outcome_order[i]]);
    if (count > 0)
        print_list(out, "    were they to enforce", ranked, count, 1);
}

static void print_outcomes_head(FILE *out, const struct summary_sample *sample)
{
    if (sample == NULL)
        (void)fputs("Outcome for a sender that honours MTA-STS\n", out);
    else
        (void)fprintf(out, "Outcome in the sample, and with 95 %% confidence in all %s%" PRIu64 " names\n",
                      sample->size.names > 0 ? "" : "about ", sample->population);
}

/* Of a sample, what it says of all names takes the place of what the outcome means. */
static void print_outcome(FILE *out, const struct summary *summary, enum outcome outcome)
{
    uint64_t count = summary->outcomes[outcome];
    if (summary->sample == NULL) {
        (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  %s\n", outcome_name(outcome), count,
                      percent(count, summary->records), meaning(outcome));
        return;
    }
    struct interval interval = summary_sample_interval(summary->sample, SUMMARY_OUTCOMES + outcome);
    (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  in all %6.2f %% to %6.2f %%\n", outcome_name(outcome),
                  count, 100 * interval.share, 100 * interval.low, 100 * interval.high);
}

static void print_outcomes(FILE *out, const struct summary *summary, bool blank)
{
    (void)fputs(blank ? "\n" : "", out);
    print_outcomes_head(out, summary->sample);
    for (size_t i = 0; i < OUTCOMES_SHOWN; i++) {
        enum outcome outcome = outcome_order[i];
        print_outcome(out, summary, outcome);
        if (outcome == OUTCOME_TESTING)
            print_would_be(out, summary);
    }
    if (summary->incomplete > 0)
        (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  some MX unknown, or seen once only\n",
                      "incomplete", summary->incomplete, percent(summary->incomplete, summary->records));
}

void summary_print(FILE *out, const struct summary *summary, int64_t elapsed_ms, const char *dir)
{
    bool lost = print_cached(out, summary);
    print_head(out, summary, elapsed_ms, dir);
    print_equation(out, summary);
    print_rejects(out, summary, dir);
    if (summary->records > 0) {
        print_codes_of_records(out, summary);
        print_dane_and_tls(out, summary);
        print_providers(out, summary);
        print_outcomes(out, summary, !lost);
    } else {
        (void)fprintf(out, "\nNothing was scanned: %s\n",
                      summary->inputs == 0 ? "the input holds no lines that count."
                                           : "no line of the input gave a domain to scan.");
    }
}
