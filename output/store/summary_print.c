/* Prints the closing table of a scan for a person: plain text in 78 columns, so that it can be pasted into a
 * mail. Writes to the stream that it is given. */
#include "output/store/summary.h"

#include <inttypes.h>
#include <stdlib.h>

enum { COLUMNS = 78, CODES_SHOWN = 10, PROVIDERS_SHOWN = 10, INDENT = 6 };

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static double percent(uint64_t count, uint64_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * (double)count / (double)whole;
}

/* Prints text broken at spaces, each line indented. */
static void print_wrapped(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text != 0) {
        size_t word = strcspn(text, " ");
        if (column > 0 && column + 1 + word > COLUMNS) {
            (void)fputc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = (size_t)fprintf(out, "%*s%.*s", INDENT, "", (int)word, text);
        else
            column += (size_t)fprintf(out, " %.*s", (int)word, text);
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

static void print_outcomes(FILE *out, const struct summary *summary)
{
    (void)fputs("\nOutcome for a sender that honours MTA-STS\n", out);
    for (size_t i = 0; i < OUTCOMES_SHOWN; i++) {
        enum outcome outcome = outcome_order[i];
        uint64_t count = summary->outcomes[outcome];
        (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  %s\n", outcome_name(outcome), count,
                      percent(count, summary->records), meaning(outcome));
    }
    if (summary->incomplete > 0)
        (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  some MX unknown, or seen once only\n",
                      "incomplete", summary->incomplete, percent(summary->incomplete, summary->records));
}

static void print_would_be(FILE *out, const struct summary *summary)
{
    uint64_t testing = summary->outcomes[OUTCOME_TESTING];
    if (testing == 0)
        return;
    (void)fputs("\nWhat those in mode testing would be in mode enforce\n", out);
    for (size_t i = 0; i < OUTCOMES_SHOWN; i++) {
        enum outcome outcome = outcome_order[i];
        if (summary->would_be[outcome] > 0)
            (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%\n", outcome_name(outcome),
                          summary->would_be[outcome], percent(summary->would_be[outcome], testing));
    }
}

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

/* Prints the most frequent codes, each with its text. */
static void print_codes(FILE *out, const char *title, const uint64_t counts[FAIL_COUNT], uint64_t whole)
{
    struct ranked ranked[FAIL_COUNT];
    size_t count = 0;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (counts[code] > 0)
            ranked[count++] = (struct ranked){failure_name(code), counts[code], code};
    if (count == 0)
        return;
    qsort(ranked, count, sizeof ranked[0], compare_ranked);
    (void)fprintf(out, "\n%s\n", title);
    for (size_t i = 0; i < count && i < CODES_SHOWN; i++) {
        (void)fprintf(out, "  %-34s %12" PRIu64 " %6.2f %%\n", ranked[i].name, ranked[i].count,
                      percent(ranked[i].count, whole));
        print_wrapped(out, failure_get((enum failure_code)ranked[i].place)->why);
    }
    if (count > CODES_SHOWN)
        (void)fprintf(out, "  and %zu more codes in summary.json\n", count - CODES_SHOWN);
}

static void print_row(FILE *out, const char *name, uint64_t count, uint64_t records)
{
    if (count > 0)
        (void)fprintf(out, "  %-34.34s %12" PRIu64 " %6.2f %%\n", name, count, percent(count, records));
}

/* Prints how many domains have an MX host that refused this machine, by its address or its name: that says
 * nothing of them. */
static void print_about_us(FILE *out, const struct summary *summary)
{
    static const enum failure_code codes[] = {FAIL_SMTP_BLOCK_LISTED, FAIL_SMTP_EHLO_NAME};
    const size_t count = sizeof codes / sizeof codes[0];
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += summary->codes[codes[i]];
    if (all == 0)
        return;
    (void)fputs("\nRefused because of this machine: mend that first (docs/good-citizen.md)\n", out);
    for (size_t i = 0; i < count; i++)
        print_row(out, failure_name(codes[i]), summary->codes[codes[i]], summary->records);
}

static void print_dane_and_tls(FILE *out, const struct summary *summary)
{
    static const enum dane_outcome dane[DANE_OUTCOME_COUNT] = {
        DANE_OUTCOME_PROTECTED, DANE_OUTCOME_PARTIAL, DANE_OUTCOME_REFUSED,
        DANE_OUTCOME_UNUSABLE,  DANE_OUTCOME_ABSENT,  DANE_OUTCOME_UNKNOWN,
    };
    static const enum tls_outcome tls[TLS_OUTCOME_COUNT] = {TLS_OUTCOME_ALL, TLS_OUTCOME_SOME,
                                                            TLS_OUTCOME_NONE, TLS_OUTCOME_UNKNOWN};
    (void)fputs("\nDANE\n", out);
    for (size_t i = 0; i < DANE_OUTCOME_COUNT; i++)
        print_row(out, dane_outcome_name(dane[i]), summary->dane[dane[i]], summary->records);
    (void)fputs("\nSTARTTLS at the MX hosts\n", out);
    for (size_t i = 0; i < TLS_OUTCOME_COUNT; i++)
        print_row(out, tls_outcome_name(tls[i]), summary->tls[tls[i]], summary->records);
}

static void print_providers(FILE *out, const struct summary *summary)
{
    struct ranked ranked[SUMMARY_PROVIDERS];
    size_t count = summary->provider_count;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        ranked[i] = (struct ranked){summary->providers[i].name, summary->providers[i].count, i};
    qsort(ranked, count, sizeof ranked[0], compare_ranked);
    (void)fputs("\nMX providers\n", out);
    for (size_t i = 0; i < count && i < PROVIDERS_SHOWN; i++)
        print_row(out, ranked[i].name, ranked[i].count, summary->records);
}

/* Duplicates and names opted out are no rejects: the equation below has them. */
/* Tells whether there is a directory: streamed records leave none. */
static bool is_stored(const char *dir)
{
    return dir != NULL && strcmp(dir, "-") != 0;
}

static void print_rejects(FILE *out, const struct summary *summary, const char *dir)
{
    uint64_t counts[FAIL_COUNT];
    memcpy(counts, summary->left_out, sizeof counts);
    counts[FAIL_INPUT_DUPLICATE] = counts[FAIL_INPUT_OPTED_OUT] = 0;
    print_codes(out,
                is_stored(dir) ? "Rejected lines (rejects.ndjson.zst has each with file and line)"
                               : "Rejected lines",
                counts, summary->rejects);
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
    (void)fputs("\nWhere every input went\n", out);
    print_wrapped(out, buf_string(&text));
    buf_reset(&text);
    if (!summary_balanced(summary, &text)) {
        (void)fputs("  THE COUNTS DO NOT ADD UP:\n", out);
        print_wrapped(out, buf_string(&text));
    }
    buf_dispose(&text);
}

static void print_head(FILE *out, const struct summary *summary, int64_t elapsed_ms)
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
}

void summary_print(FILE *out, const struct summary *summary, int64_t elapsed_ms, const char *dir)
{
    print_head(out, summary, elapsed_ms);
    if (summary->records == 0)
        (void)fprintf(out, "\nNothing was scanned: %s\n",
                      summary->inputs == 0 ? "the input holds no lines that count."
                                           : "no line of the input gave a domain to scan.");
    if (summary->records > 0) {
        print_outcomes(out, summary);
        print_would_be(out, summary);
        print_codes(out, "Most frequent codes (a domain may have several)", summary->codes, summary->records);
        print_about_us(out, summary);
        print_dane_and_tls(out, summary);
        print_providers(out, summary);
    }
    print_rejects(out, summary, dir);
    print_equation(out, summary);
    if (is_stored(dir))
        (void)fprintf(out, "\nRecords and summary.json are in %s\n", dir);
}
