/* Tells a person what a scan would do. */
#include <string.h>

#include "scanner/base/shown.h"
#include "scanner/reach/own.h"
#include "scanner/scan/dryrun.h"

enum { NUMBER_BYTES = 48, OWN_LINE_BYTES = 1024 };

/* Writes a number with commas between thousands: 1,234,567. */
static const char *number(double value, char text[NUMBER_BYTES])
{
    char plain[NUMBER_BYTES];
    int len = snprintf(plain, sizeof plain, "%.0f", value);
    size_t used = 0;
    for (int i = 0; i < len && used + 2 < NUMBER_BYTES; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = plain[i];
    }
    text[used] = '\0';
    return text;
}

/* An estimate has two digits that mean something. */
static double rounded(double value)
{
    double unit = 1;
    while (value / unit >= 1000)
        unit *= 10;
    return (double)(uint64_t)(value / unit + 0.5) * unit;
}

static const char *about(double value, char text[NUMBER_BYTES])
{
    return number(rounded(value), text);
}

static const char *duration(double seconds, char text[NUMBER_BYTES])
{
    if (seconds < 120)
        (void)snprintf(text, NUMBER_BYTES, "%.0f s", seconds);
    else if (seconds < 7200)
        (void)snprintf(text, NUMBER_BYTES, "%.0f min", seconds / 60);
    else if (seconds < 72 * 3600)
        (void)snprintf(text, NUMBER_BYTES, "%.1f h", seconds / 3600);
    else
        (void)snprintf(text, NUMBER_BYTES, "%.1f days", seconds / 86400);
    return text;
}

static const char *size(double bytes, char text[NUMBER_BYTES])
{
    static const double kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
    if (bytes < mib)
        (void)snprintf(text, NUMBER_BYTES, "%.0f KiB", bytes / kib);
    else if (bytes < gib)
        (void)snprintf(text, NUMBER_BYTES, "%.0f MiB", bytes / mib);
    else
        (void)snprintf(text, NUMBER_BYTES, "%.1f GiB", bytes / gib);
    return text;
}

static void tell_left_out(uint64_t count, const char *what, FILE *out)
{
    char text[NUMBER_BYTES];
    if (count > 0)
        (void)fprintf(out, ", %s %s", number((double)count, text), what);
}

static void tell_list(const struct dryrun *dryrun, FILE *out)
{
    char inputs[NUMBER_BYTES], names[NUMBER_BYTES];
    (void)fprintf(out, "list     %s names to scan, of %s inputs", number((double)dryrun->names, names),
                  number((double)dryrun->counts.inputs, inputs));
    tell_left_out(dryrun->counts.rejects, "rejected", out);
    tell_left_out(dryrun->spool.duplicates, "duplicates", out);
    tell_left_out(dryrun->counts.opted_out + dryrun->left_out.opted_out, "opted out", out);
    tell_left_out(dryrun->left_out.filtered, "filtered", out);
    tell_left_out(dryrun->left_out.over_limit, "over the limit", out);
    tell_left_out(dryrun->spool.not_in_shard + dryrun->left_out.not_in_shard, "not in the shard", out);
    tell_left_out(dryrun->left_out.not_sampled, "not sampled", out);
    tell_left_out(dryrun->counts.reduced, "reduced", out);
    (void)fputc('\n', out);
}

static void tell_shares(const struct dryrun *dryrun, FILE *out)
{
    const struct estimate_shares *shares = &dryrun->shares;
    (void)fprintf(out, "shares   ");
    if (shares->measured == 0)
        (void)fputs("expected ones: no name of the list was asked about. --measure 200 asks the DNS\n"
                    "         about 200 of them, and takes what they show. How many policies share an\n"
                    "         address, as a hoster's do, and what is in limits.own is left out without it\n"
                    "         ",
                    out);
    else
        (void)fprintf(out, "as %llu names of the list show, which the DNS was asked about:\n         ",
                      (unsigned long long)shares->measured);
    (void)fprintf(out,
                  "%.3f %% have a record, %.1f %% do not exist, %.1f %% fail; %.0f %% have a host of their\n"
                  "         own; a question takes %.0f ms, and %.1f %% of first tries are lost\n",
                  shares->record * 100, shares->nxdomain * 100, (shares->failed + shares->lost) * 100,
                  shares->own_hosts * 100, shares->answer_ms, shares->retried * 100);
}

/* Folds a text behind a heading. */
static void tell_folded(const char *text, FILE *out)
{
    enum { COLUMN = 9, WIDTH = 79 };
    size_t column = COLUMN;
    for (const char *word = text; *word != '\0';) {
        size_t len = strcspn(word, " ");
        if (column + 1 + len > WIDTH) {
            (void)fprintf(out, "\n%*s", COLUMN, "");
            column = COLUMN;
        } else if (word != text) {
            (void)fputc(' ', out);
            column++;
        }
        (void)fwrite(word, 1, len, out);
        column += len;
        word += len + strspn(word + len, " ");
    }
    (void)fputc('\n', out);
}

/* Says how many policies stand at one address: of strangers, with what becomes of those that get no turn, and
 * of one's own. */
static void tell_policy_crowds(const struct dryrun *dryrun, FILE *out)
{
    const struct estimate_shares *shares = &dryrun->shares;
    char text[NUMBER_BYTES], at[IP_TEXT_BYTES], line[OWN_LINE_BYTES];
    double names = (double)dryrun->names;
    if (shares->policy_crowd > 0)
        (void)fprintf(out, "         %14s  of the policies stand at %s\n",
                      about(names * shares->policy_crowd, text), ip_format(&shares->policy_crowd_at, at));
    if (dryrun->estimate.no_turn >= 1) {
        own_say_address(dryrun->config, &shares->policy_crowd_at, PACE_HTTPS, line, sizeof line);
        (void)fprintf(out, "         %14s  are not fetched there:\n         ",
                      about(dryrun->estimate.no_turn, text));
        tell_folded(line, out);
    }
    if (shares->own_policy_crowd > 0)
        (void)fprintf(out, "         %14s  stand at one address in limits.own\n",
                      about(names * shares->own_policy_crowd, text));
}

static void tell_asked(const struct dryrun *dryrun, FILE *out)
{
    const struct estimate *estimate = &dryrun->estimate;
    const struct config *config = dryrun->config;
    char text[NUMBER_BYTES], hosts[NUMBER_BYTES];
    (void)fprintf(out, "DNS      %s questions to %s\n", about(estimate->all_questions, text),
                  config->dns_resolvers[0] == '\0' ? "name servers everywhere, by the embedded resolver"
                                                   : shown(config->dns_resolvers));
    for (unsigned kind = 0; kind < ASKED_KINDS; kind++)
        if (estimate->questions[kind] >= 0.5)
            (void)fprintf(out, "         %14s  %s\n", about(estimate->questions[kind], text),
                          estimate_question_words((enum estimate_question)kind));
    if (dryrun->scan.names_only) {
        (void)fputs("HTTPS    no connection (scan.stage=names)\nSMTP     no connection (scan.stage=names)\n",
                    out);
        return;
    }
    (void)fprintf(out, "HTTPS    %s policies fetched\n", about(estimate->fetches, text));
    tell_policy_crowds(dryrun, out);
    if (!dryrun->scan.probes)
        (void)fputs("SMTP     no connection (smtp.probe=none)\n", out);
    else
        (void)fprintf(out, "SMTP     %s connections to port %lld, %s MX hosts looked up%s\n",
                      about(estimate->connections, text), (long long)config->smtp_port,
                      about(estimate->hosts, hosts), dryrun->scan.intent ? " (smtp.probe=intent)" : "");
}

static void tell_time(const struct dryrun *dryrun, FILE *out)
{
    const struct estimate *estimate = &dryrun->estimate;
    char text[NUMBER_BYTES];
    (void)fprintf(out, "time     about %s", duration(estimate->seconds, text));
    if (estimate->least >= 1)
        (void)fprintf(out, ", at least %s", duration(estimate->least, text));
    if (dryrun->scan.rest_ms > 0 && estimate->put_off >= 1)
        (void)fprintf(out, "; %s of it are the rest before the second pass",
                      duration(dryrun->scan.rest_ms / 1000, text));
    (void)fprintf(out, "\nbinds    ");
    tell_folded(estimate_advice(estimate->bound.binds), out);
}

static void tell_needs(const struct dryrun *dryrun, FILE *out)
{
    const struct estimate *estimate = &dryrun->estimate;
    char all[NUMBER_BYTES], dns[NUMBER_BYTES], smtp[NUMBER_BYTES], https[NUMBER_BYTES];
    (void)fprintf(out, "traffic  about %s: DNS %s, SMTP %s, HTTPS %s",
                  size(estimate->dns_bytes + estimate->smtp_bytes + estimate->https_bytes, all),
                  size(estimate->dns_bytes, dns), size(estimate->smtp_bytes, smtp),
                  size(estimate->https_bytes, https));
    (void)fputs("\n         and what the resolver asks in turn, some times the DNS of it\n", out);
    (void)fprintf(out, "disk     up to %s for %s%s%s\n", size((double)dryrun->disk_bytes, all),
                  strcmp(dryrun->config->output_dir, "-") == 0 ? "records that are streamed"
                                                               : shown(dryrun->config->output_dir),
                  dryrun->disk_free > 0 ? ", free: " : "",
                  dryrun->disk_free > 0 ? size((double)dryrun->disk_free, dns) : "");
    (void)fprintf(out, "memory   likely up to %s%s%s\n", size((double)dryrun->memory_bytes, all),
                  dryrun->memory_free > 0 ? ", available: " : "",
                  dryrun->memory_free > 0 ? size((double)dryrun->memory_free, dns) : "");
    if (dryrun->memory_parked_bytes > 0)
        (void)fprintf(out, "         %s more if limits.parked domains wait for crowded addresses\n",
                      size((double)dryrun->memory_parked_bytes, all));
}

void dryrun_tell(const struct dryrun *dryrun, FILE *out)
{
    tell_list(dryrun, out);
    tell_shares(dryrun, out);
    tell_asked(dryrun, out);
    tell_time(dryrun, out);
    tell_needs(dryrun, out);
    (void)fputs("Nothing was written. The same command without --dry-run starts the scan.\n", out);
}
