/* Writes Markdown. */
#include "output/release/release_card.h"

#include <inttypes.h>
#include <string.h>

#include "scanner/json/json_tree.h"
#include "scanner/base/utf8.h"

enum { TREE_BYTES = 64 << 20 };

/* Appends a text from outside: nothing in it is markup, and it stays in its line. */
static void put_text(struct buf *out, struct bytes text)
{
    while (text.len > 0) {
        size_t len = utf8_shown_len(text);
        if (len == 1 && strchr("\\`*_{}[]<>#|~&!", text.data[0]) != NULL)
            (void)buf_byte(out, '\\');
        (void)buf_append(out, len == 0 ? (const void *)"?" : text.data, len == 0 ? 1 : len);
        len += len == 0;
        text = bytes_behind(text, len);
    }
}

static struct bytes text_of(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node == NULL || (node->kind != JSON_STRING && node->kind != JSON_NUMBER) ? bytes_of("")
                                                                                    : node->text;
}

/* The name may be from outside, too. */
static void put_row(struct buf *out, const char *name, struct bytes text)
{
    if (text.len == 0)
        return;
    (void)buf_text(out, "| ");
    put_text(out, bytes_of(name));
    (void)buf_text(out, " | ");
    put_text(out, text);
    (void)buf_text(out, " |\n");
}

static void put_count(struct buf *out, const char *name, uint64_t number)
{
    (void)buf_printf(out, "| %s | %" PRIu64 " |\n", name, number);
}

/* ---- how it came to be --------------------------------------------------------------------------------- */

static void put_lists(struct buf *out, const struct json_node *meta)
{
    const struct json_node *inputs = json_tree_at(meta, "inputs");
    (void)buf_text(
        out, "\n## The names that were asked for\n\n| list | bytes | lines | SHA-256 |\n|---|---|---|---|\n");
    for (const struct json_node *input = inputs == NULL ? NULL : inputs->first; input != NULL;
         input = input->next) {
        static const char *const keys[] = {"path", "bytes", "lines", "sha256"};
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            (void)buf_text(out, "| ");
            put_text(out, text_of(input, keys[i]));
            (void)buf_byte(out, ' ');
        }
        (void)buf_text(out, "|\n");
    }
}

static void put_denominators(struct buf *out, const struct summary *summary)
{
    (void)buf_text(out,
                   "\nEach line of the lists is counted in one of these rows:\n\n| | lines |\n|---|---|\n");
    put_count(out, "domains of this data set", summary->records);
    put_count(out, "no domain names", summary->rejects);
    put_count(out, "duplicates", summary->duplicates);
    put_count(out, "opted out, before the scan or after it", summary->opted_out);
    put_count(out, "in another shard", summary->not_in_shard);
    put_count(out, "not in the sample", summary->not_sampled);
    put_count(out, "filtered", summary->filtered);
    put_count(out, "over the limit", summary->over_limit);
    put_count(out, "**all lines**", summary->inputs);
}

static void put_share(struct buf *out, double share)
{
    (void)buf_printf(out, "%.3f %%", 100 * share);
}

static void put_sample(struct buf *out, const struct summary *summary)
{
    const struct summary_sample *sample = summary->sample;
    if (sample == NULL)
        return;
    bool by_strata = strata_kind_of(sample->strata) != STRATA_NONE;
    (void)buf_text(out, "\n## The sample\n\n");
    put_text(out, bytes_of(sample->take));
    (void)buf_printf(out, "%s%s of the %s%" PRIu64 " names that are left of the lists",
                     sample->size.names > 0 ? " names" : "", by_strata ? " of each stratum" : "",
                     sample->size.names > 0 ? "" : "about ", sample->population);
    (void)buf_text(
        out, " were drawn by the first eight\nbytes of SHA-256 over `sample.key`, a zero byte and the "
             "name, the lowest first, so that whoever\nhas the list can draw the same names. The options "
             "below have the key");
    (void)buf_printf(out, "%s.\n\n| outcome | estimate | from | to |\n|---|---|---|---|\n",
                     by_strata ? " and the strata" : "");
    for (size_t i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++) {
        struct interval interval = summary_sample_interval(sample, SUMMARY_OUTCOMES + i);
        const double shares[] = {interval.share, interval.low, interval.high};
        (void)buf_printf(out, "| %s |", outcome_name((enum outcome)i));
        for (size_t j = 0; j < sizeof shares / sizeof *shares; j++) {
            (void)buf_byte(out, ' ');
            put_share(out, shares[j]);
            (void)buf_text(out, " |");
        }
        (void)buf_byte(out, '\n');
    }
    (void)buf_printf(out, "\n%s. Names that were drawn and have no record opted out.\n",
                     summary_sample_method(sample));
}

static void put_scan(struct buf *out, const struct json_node *meta)
{
    (void)buf_text(out, "\n## When, and by what\n\n| | |\n|---|---|\n");
    put_row(out, "begun", text_of(meta, "started"));
    put_row(out, "ended", text_of(meta, "ended"));
    put_row(out, "runs (a scan that is stopped goes on in another)", text_of(meta, "runs"));
    put_row(out, "program", bytes_of("stsweep"));
    put_row(out, "its version", text_of(meta, "version"));
    put_row(out, "rules that judged", text_of(meta, "rules"));
    put_row(out, "schema of the records", text_of(meta, "schema"));
    put_row(out, "seed of the order", text_of(meta, "seed"));
    put_row(out, "resolver", text_of(meta, "resolver"));
}

/* What was looked at before the scan, and what happened during it. */
static void put_lines(struct buf *out, const struct json_node *meta, const char *key, const char *head)
{
    const struct json_node *lines = json_tree_at(meta, key);
    if (lines == NULL || lines->first == NULL)
        return;
    (void)buf_printf(out, "\n%s\n\n", head);
    for (const struct json_node *line = lines->first; line != NULL; line = line->next) {
        (void)buf_text(out, "- ");
        put_text(out, text_of(line, "name"));
        (void)buf_text(out, ": ");
        put_text(out, text_of(line, "text"));
        (void)buf_text(out, "\n");
    }
}

static void put_options(struct buf *out, const struct json_node *meta)
{
    const struct json_node *config = json_tree_at(meta, "config");
    (void)buf_text(out, "\n## Options\n\nAll of them; one that is a file is named without its folder.\n\n"
                        "| option | value |\n|---|---|\n");
    for (const struct json_node *option = config == NULL ? NULL : config->first; option != NULL;
         option = option->next)
        if (option->kind == JSON_STRING)
            put_row(out, option->key, option->text.len == 0 ? bytes_of("(not set)") : option->text);
}

/* ---- what it holds ------------------------------------------------------------------------------------- */

static void put_outcomes(struct buf *out, const struct summary *summary)
{
    (void)buf_text(out, "\n## Outcomes\n\n| outcome | domains |\n|---|---|\n");
    for (unsigned outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        put_count(out, outcome_name((enum outcome)outcome), summary->outcomes[outcome]);
    (void)buf_printf(
        out,
        "\n`unknown` could not be determined: it counts neither as deployed nor as not deployed, and a "
        "share\n"
        "is best given of the others, with this number beside it. Likewise DANE could not be determined of\n"
        "%" PRIu64 " domains, and STARTTLS of %" PRIu64 ". Of %" PRIu64
        " domains the outcome covers only the hosts that\ncould be determined (`incomplete`).\n",
        summary->dane[DANE_OUTCOME_UNKNOWN], summary->tls[TLS_OUTCOME_UNKNOWN], summary->incomplete);
}

static void put_left_out(struct buf *out, const struct card *card)
{
    (void)buf_text(
        out, "\n## What was left out\n\n"
             "- Lines of the lists that are no domain names: only their number stands above.\n"
             "- Of how the scan was run: the command line, what the machine is called at home (what it\n"
             "  told mail servers stands below), folders, what it has of memory and disk.\n");
    if (card->has_except && card->aggregate > 0)
        (void)buf_printf(out, "- Who opted out after the scan: %" PRIu64 " domains.\n", card->excepted[0]);
    else if (card->has_except)
        (void)buf_printf(out,
                         "- Who opted out after the scan: %" PRIu64 " domains, and with them %" PRIu64
                         " records of MX hosts and\n  %" PRIu64 " certificates that are only theirs.\n",
                         card->excepted[0], card->excepted[1], card->excepted[2]);
    if (card->aggregate > 0)
        (void)buf_text(out, "- All records of domains, hosts and certificates.\n");
    else if (!card->keeps_labels)
        (void)buf_printf(out, "- The labels that the lists gave to domains (of %" PRIu64 " records).\n",
                         card->labels);
}

static void put_rule(struct buf *out, const struct card *card)
{
    const struct release_kind *kinds = release_kinds();
    (void)buf_printf(
        out,
        "\n## The rule of the tables\n\n"
        "A row is a group of at least %" PRIu64
        " domains. Smaller groups are joined as `(other)`. If these are\n"
        "fewer than that together, the smallest of the groups that would be shown join them: "
        "else `(all)` less\n"
        "the rows that are shown would be what is hidden. The rule is about groups, not about "
        "cells: how many\n"
        "domains of a group have an outcome is told, and if all have the same one, that of each is.\n\n",
        card->aggregate);
    for (size_t i = 0; i < RELEASE_KINDS; i++)
        (void)buf_printf(out, "- `%s`: %" PRIu64 " groups were joined as `(other)`.\n", kinds[i].file,
                         card->joined[i]);
}

static void put_use(struct buf *out, const struct card *card)
{
    (void)buf_text(out, "\n## Checking and reading\n\n    sha256sum -c SHA256SUMS\n");
    if (card->aggregate == 0)
        (void)buf_text(
            out,
            "    zstdcat domains*.ndjson.zst | jq -r 'select(.outcome == \"refused\") | .domain'\n"
            "    duckdb -init duckdb.sql -c \"SELECT outcome, count(*) FROM domains('.') GROUP BY ALL\"\n"
            "    stsweep show . --outcome refused --csv\n\n"
            "The record files are NDJSON in zstd frames, a record a line. `fields.md` says what each field "
            "is,\n`failures.md` what each code means; `schema.json` is exact.\n");
}

static void put_cite(struct buf *out, const struct json_node *meta, const struct summary *summary)
{
    struct bytes started = text_of(meta, "started"), version = text_of(meta, "version");
    if (started.len > 10)
        started.len = 10;
    (void)buf_text(
        out, "\n## Citing and repeating\n\nCite it by its day, program and lists, and by the SHA-256 of "
             "`SHA256SUMS`:\n\n> Scan of mail transport security of ");
    (void)buf_printf(out, "%" PRIu64 " domains, begun ", summary->records);
    put_text(out, started);
    (void)buf_text(out, ", stsweep ");
    put_text(out, version);
    (void)buf_text(out,
                   ".\n\nThe same list, program, options and seed ask the same questions in the same order. "
                   "The\nanswers are those of another day.\n");
}

enum error release_card(const struct card *card, struct buf *out)
{
    struct arena arena;
    const struct json_node *meta;
    arena_init(&arena, TREE_BYTES);
    enum error error = json_tree_parse(card->meta, &arena, &meta);
    if (error == ERR_OK) {
        bool tables_only = card->aggregate > 0;
        (void)buf_text(out,
                       "# A scan of mail transport security\n\nWhat a sender of mail finds of MTA-STS (RFC "
                       "8461), TLSRPT (RFC 8460), STARTTLS and DANE (RFC\n7672) at each domain of a list");
        (void)buf_text(out, tables_only ? ", counted by groups of domains.\n"
                                        : ": an outcome, codes that say why, and the\nevidence.\n");
        put_scan(out, meta);
        put_lists(out, meta);
        put_denominators(out, card->summary);
        put_sample(out, card->summary);
        put_outcomes(out, card->summary);
        put_left_out(out, card);
        if (tables_only)
            put_rule(out, card);
        (void)buf_text(out, "\n## Files\n\n| file | bytes | what |\n|---|---|---|\n");
        (void)buf_append(out, card->files.data, card->files.len);
        put_use(out, card);
        put_cite(out, meta, card->summary);
        put_lines(out, meta, "preflight",
                  "## From where\n\nBefore the scan, of the network that it was made from:");
        put_lines(out, meta, "events", "What happened to it during the scan:");
        put_options(out, meta);
        error = out->failed ? ERR_LIMIT : ERR_OK;
    }
    arena_dispose(&arena);
    return error == ERR_SYNTAX ? ERR_CORRUPT : error;
}
