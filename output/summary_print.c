/* The closing table of a scan, for a person: plain text in 78 columns, so that it can be pasted into a mail.
 * Writes to the stream that it is given.
 */
#include "output/summary.h"

#include <inttypes.h>
#include <stdlib.h>

enum { COLUMNS = 78, CODES_SHOWN = 10, PROVIDERS_SHOWN = 10, INDENT = 6 };

static double percent(uint64_t count, uint64_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * (double)count / (double)whole;
}

/* Text broken at spaces, each line indented. */
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

static void print_outcomes(FILE *out, const struct summary *summary)
{
    static const enum outcome order[] = {
        OUTCOME_PROTECTED, OUTCOME_PARTIAL, OUTCOME_REFUSED, OUTCOME_TESTING, OUTCOME_OFF,
        OUTCOME_BROKEN,    OUTCOME_ABSENT,  OUTCOME_NO_MAIL, OUTCOME_UNKNOWN,
    };
    (void)fputs("\nOutcome for a sender that honours MTA-STS\n", out);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        uint64_t count = summary->outcomes[order[i]];
        (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  %s\n", outcome_name(order[i]), count,
                      percent(count, summary->records), meaning(order[i]));
    }
    if (summary->incomplete > 0)
        (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%  protected, testing: some MX unknown\n",
                      "incomplete", summary->incomplete, percent(summary->incomplete, summary->records));
}

static void print_would_be(FILE *out, const struct summary *summary)
{
    uint64_t testing = summary->outcomes[OUTCOME_TESTING];
    if (testing == 0)
        return;
    (void)fputs("\nWhat those in mode testing would be in mode enforce\n", out);
    for (enum outcome i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
        if (summary->would_be[i] > 0)
            (void)fprintf(out, "  %-10s %12" PRIu64 " %6.2f %%\n", outcome_name(i), summary->would_be[i],
                          percent(summary->would_be[i], testing));
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

static void print_codes(FILE *out, const struct summary *summary)
{
    struct ranked ranked[FAIL_COUNT];
    size_t count = 0;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (summary->codes[code] > 0)
            ranked[count++] = (struct ranked){failure_name(code), summary->codes[code], code};
    if (count == 0)
        return;
    qsort(ranked, count, sizeof ranked[0], compare_ranked);
    (void)fputs("\nMost frequent codes (a domain may have several)\n", out);
    for (size_t i = 0; i < count && i < CODES_SHOWN; i++) {
        (void)fprintf(out, "  %-34s %12" PRIu64 " %6.2f %%\n", ranked[i].name, ranked[i].count,
                      percent(ranked[i].count, summary->records));
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

static void print_dane_and_tls(FILE *out, const struct summary *summary)
{
    (void)fputs("\nDANE\n", out);
    for (enum dane_outcome i = 0; i < DANE_OUTCOME_COUNT; i++)
        print_row(out, dane_outcome_name(i), summary->dane[i], summary->records);
    (void)fputs("\nSTARTTLS at the MX hosts\n", out);
    for (enum tls_outcome i = 0; i < TLS_OUTCOME_COUNT; i++)
        print_row(out, tls_outcome_name(i), summary->tls[i], summary->records);
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

/* Only the terms that are not 0: the others say nothing. */
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
    buf_printf(&text, "%" PRIu64 " inputs = %" PRIu64 " records", summary->inputs, summary->records);
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

void summary_print(FILE *out, const struct summary *summary, int64_t elapsed_ms, const char *dir)
{
    int64_t seconds = elapsed_ms / 1000;
    double rate = elapsed_ms > 0 ? (double)summary->records * 1000.0 / (double)elapsed_ms : 0.0;
    (void)fprintf(out, "%" PRIu64 " records in %" PRId64 "h %02dm %02ds (%.0f a second)\n", summary->records,
                  seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60), rate);
    print_outcomes(out, summary);
    print_would_be(out, summary);
    print_codes(out, summary);
    print_dane_and_tls(out, summary);
    print_providers(out, summary);
    print_equation(out, summary);
    if (dir != NULL && strcmp(dir, "-") != 0)
        (void)fprintf(out, "\nRecords and summary.json are in %s\n", dir);
}
