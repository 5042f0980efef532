/* Prints histories. */
#include "scanner/commands/diff_history_tell.h"

#include <inttypes.h>
#include <string.h>

#include "scanner/base/put_bytes.h"
#include "scanner/base/time_text.h"
#include "scanner/commands/diff_parts.h"

enum { LINE_CEILING_BYTES = 1 << 20, MINUTE_BYTES = 24 };

static const char *const kind_names[HISTORY_KINDS] = {"delivery", "protection"};

/* What is said of one domain. */
struct told {
    const struct history *history;
    const struct stand *stand;
    struct history_sum sums[HISTORY_KINDS];
};

enum error history_tell_init(struct history_tell *tell, const struct diff_request *request, FILE *out)
{
    *tell = (struct history_tell){.out = out,
                                  .form = request->form,
                                  .only = request->only,
                                  .style = request->csv,
                                  .last = (unsigned)request->path_count};
    buf_init(&tell->line, LINE_CEILING_BYTES);
    buf_init(&tell->causes, LINE_CEILING_BYTES);
    return worse_groups_init(&tell->worse);
}

void history_tell_dispose(struct history_tell *tell)
{
    csv_out_dispose(&tell->csv);
    buf_dispose(&tell->line);
    buf_dispose(&tell->causes);
    diff_sorted_dispose(&tell->sorted);
    worse_groups_dispose(&tell->worse);
}

void history_tell_begin(struct history_tell *tell)
{
    if (tell->form != DIFF_CSV)
        return;
    static const char *const before[] = {"domain", "label", "twice"};
    static const char *const of_kind[] = {"worsened", "since", "scans", "mended", "flaps"};
    static const char *const behind[] = {"worse", "provider", "hosts", "codes", "causes"};
    struct csv_out *csv = &tell->csv;
    csv_out_begin(csv, tell->out, &tell->style);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        csv_out_text(csv, before[i]);
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++)
        for (size_t i = 0; i < sizeof of_kind / sizeof *of_kind; i++) {
            char name[64];
            (void)snprintf(name, sizeof name, "%s_%s", kind_names[kind], of_kind[i]);
            csv_out_text(csv, name);
        }
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        csv_out_text(csv, behind[i]);
    csv_out_words_head(csv);
    csv_out_end_row(csv);
}

static bool is_worse(const struct told *told)
{
    return told->sums[HISTORY_DELIVERY].scans + told->sums[HISTORY_PROTECTION].scans > 0;
}

static bool is_second(const struct told *told)
{
    return told->sums[HISTORY_DELIVERY].second || told->sums[HISTORY_PROTECTION].second;
}

static bool loses_mail(const struct told *told)
{
    return told->sums[HISTORY_DELIVERY].scans > 0;
}

/* Writes the start of a scan to the minute: 2026-01-31T12:00Z. */
static const char *minute_of(const struct history_tell *tell, unsigned scan, char text[MINUTE_BYTES])
{
    char whole[TIME_TEXT_BYTES];
    (void)snprintf(text, MINUTE_BYTES, "%.16sZ", time_text(tell->started_ms[scan], whole));
    return text;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* Says what it was, what it is, since when and for how long. */
static void tell_watch(struct history_tell *tell, enum history_what what, const struct history_watch *watch)
{
    char since[MINUTE_BYTES];
    if (what == HISTORY_ID)
        buf_printf(&tell->line, "%s", failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED));
    else
        buf_printf(&tell->line, "%s %s -> %s", history_what_name(what), history_state_name(what, watch->base),
                   history_state_name(what, watch->now));
    buf_printf(&tell->line, " since %s (%u scan%s)", minute_of(tell, watch->since, since), watch->scans,
               watch->scans == 1 ? "" : "s");
    if (watch->deeper != 0)
        buf_printf(&tell->line, ", worse still %s", minute_of(tell, watch->deeper, since));
}

/* Says of what flapped when it got worse last, and when it no longer was. */
static void tell_flap(struct history_tell *tell, enum history_what what, const struct history_watch *watch)
{
    char from[MINUTE_BYTES], until[MINUTE_BYTES];
    buf_printf(&tell->line, "%s worse %s, mended %s", history_what_name(what),
               minute_of(tell, watch->since, from), minute_of(tell, watch->mended, until));
    if (watch->flaps > 1)
        buf_printf(&tell->line, " (%u times)", watch->flaps);
}

/* Tells which aspects are worse. */
static unsigned worse_aspects(const struct history *history)
{
    static const unsigned bits[HISTORY_WHATS] = {[HISTORY_STS_DELIVERY] = 1u << ASPECT_MTA_STS,
                                                 [HISTORY_DANE_DELIVERY] = 1u << ASPECT_DANE,
                                                 [HISTORY_CACHED] = 1u << ASPECT_MTA_STS,
                                                 [HISTORY_STS] = 1u << ASPECT_MTA_STS,
                                                 [HISTORY_DANE] = 1u << ASPECT_DANE,
                                                 [HISTORY_STARTTLS] = 1u << ASPECT_STARTTLS,
                                                 [HISTORY_TLSRPT] = 1u << ASPECT_TLSRPT};
    unsigned aspects = 0;
    for (unsigned what = 0; what < HISTORY_WHATS; what++)
        aspects |= history->watches[what].scans > 0 ? bits[what] : 0;
    return aspects;
}

/* Returns why it stands as it does in the last scan, if it is worse. */
static struct causes causes_of(const struct told *told)
{
    return is_worse(told) ? stand_causes(told->stand, worse_aspects(told->history))
                          : (struct causes){.count = 0};
}

/* Tells whether nothing was delivered in the last scan that could tell. */
static bool is_refused(const struct history_watch *watches)
{
    const struct history_watch *sts = &watches[HISTORY_STS_DELIVERY], *dane = &watches[HISTORY_DANE_DELIVERY];
    return (sts->scans > 0 && sts->now == 1 + mta_sts_state(OUTCOME_REFUSED, OUTCOME_NONE)) ||
           (dane->scans > 0 && dane->now == 1 + dane_state(DANE_OUTCOME_REFUSED));
}

static enum gravity gravity_of(const struct told *told)
{
    const struct history_watch *watches = told->history->watches;
    if (watches[HISTORY_CACHED].scans > 0)
        return GRAVITY_VICTIM;
    if (loses_mail(told))
        return is_refused(watches) ? GRAVITY_REFUSED : GRAVITY_PARTIAL;
    for (unsigned what = HISTORY_STS; what < HISTORY_ID; what++)
        if (watches[what].scans > 0)
            return GRAVITY_PROTECTION;
    return is_worse(told) ? GRAVITY_SAME_ID : GRAVITY_BETTER;
}

static enum error tell_text(struct history_tell *tell, const struct told *told, struct buf *why)
{
    const char *between = "", *word = loses_mail(told) ? "DELIVERY" : is_worse(told) ? "worse" : "flapped";
    struct causes causes = causes_of(told);
    buf_reset(&tell->line);
    buf_printf(&tell->line, "%-30s %-8s ", told->stand->domain, word);
    for (unsigned what = 0; what < HISTORY_WHATS; what++) {
        const struct history_watch *watch = &told->history->watches[what];
        if (is_worse(told) ? watch->scans == 0 : watch->flaps == 0)
            continue;
        buf_text(&tell->line, between);
        if (is_worse(told))
            tell_watch(tell, (enum history_what)what, watch);
        else
            tell_flap(tell, (enum history_what)what, watch);
        between = ", ";
    }
    diff_sorted_end_line(&tell->line, &causes, told->stand->label);
    return diff_sorted_add(&tell->sorted, gravity_of(told), buf_bytes(&tell->line), why);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void put_scan(struct json *json, const struct history_tell *tell, const char *key, unsigned scan)
{
    if (scan != 0)
        json_put_time(json, key, tell->started_ms[scan]);
}

static void put_sum(struct json *json, const struct history_tell *tell, enum history_kind kind,
                    const struct history_sum *sum)
{
    json_open(json, kind_names[kind]);
    put_scan(json, tell, "worsened", sum->worsened);
    put_scan(json, tell, "since", sum->since);
    json_put_unsigned(json, "scans", sum->scans);
    put_scan(json, tell, "mended", sum->mended);
    json_put_unsigned(json, "flaps", sum->flaps);
    json_close(json);
}

static void put_watch(struct json *json, const struct history_tell *tell, enum history_what what,
                      const struct history_watch *watch)
{
    json_open(json, NULL);
    json_put_string(json, "what", history_what_name(what));
    json_put_string(json, "of", kind_names[history_kind_of(what)]);
    if (what != HISTORY_ID) {
        json_put_string(json, "old", history_state_name(what, watch->base));
        json_put_string(json, "new", history_state_name(what, watch->now));
    }
    put_scan(json, tell, "since", watch->since);
    put_scan(json, tell, "deeper", watch->deeper);
    put_scan(json, tell, "last", watch->last);
    json_put_unsigned(json, "scans", watch->scans);
    json_close(json);
}

static void put_fault(struct json *json, const struct told *told)
{
    if (told->stand->label.len > 0)
        json_put_text(json, "label", told->stand->label);
    if (told->stand->provider[0] != 0)
        json_put_string(json, "provider", told->stand->provider);
    if (loses_mail(told))
        diff_put_hosts(json, told->stand);
}

static void tell_json(struct history_tell *tell, const struct told *told)
{
    struct json json;
    buf_reset(&tell->line);
    json_start(&json, &tell->line);
    json_open(&json, NULL);
    json_put_string(&json, "domain", told->stand->domain);
    json_put_bool(&json, "twice", is_second(told));
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++)
        put_sum(&json, tell, (enum history_kind)kind, &told->sums[kind]);
    json_open_array(&json, "worse");
    for (unsigned what = 0; what < HISTORY_WHATS; what++)
        if (told->history->watches[what].scans > 0)
            put_watch(&json, tell, (enum history_what)what, &told->history->watches[what]);
    json_close_array(&json);
    put_fault(&json, told);
    struct causes causes = causes_of(told);
    diff_put_causes(&json, &causes);
    json_close(&json);
    if (json_finish(&json))
        (void)put_bytes(tell->out, buf_bytes(&tell->line));
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */

static void put_scan_cell(struct history_tell *tell, unsigned scan)
{
    char text[TIME_TEXT_BYTES];
    csv_out_text(&tell->csv, scan == 0 ? "" : time_text(tell->started_ms[scan], text));
}

/* Gathers the codes that the words stand for too, which come last: those of hosts, then of the causes. */
static void put_fault_cells(struct history_tell *tell, const struct told *told)
{
    struct buf *line = &tell->line;
    struct causes causes = causes_of(told);
    size_t count = loses_mail(told) ? told->stand->host_count : 0;
    buf_reset(line);
    for (size_t i = 0; i < count; i++)
        buf_printf(line, "%s%s", i == 0 ? "" : " ", told->stand->hosts[i].host);
    csv_out_text(&tell->csv, buf_string(line));
    buf_reset(line);
    for (size_t i = 0; i < count; i++)
        buf_printf(line, "%s%s", i == 0 ? "" : " ", failure_name(told->stand->hosts[i].code));
    causes_put_codes(line, told->stand, count, &causes);
    csv_out_text(&tell->csv, buf_string(line));
    buf_reset(&tell->causes);
    causes_put(&tell->causes, &causes);
    csv_out_text(&tell->csv, buf_string(&tell->causes));
}

static void tell_csv(struct history_tell *tell, const struct told *told)
{
    csv_out_text(&tell->csv, told->stand->domain);
    csv_out_cell(&tell->csv, told->stand->label);
    csv_out_text(&tell->csv, is_second(told) ? "true" : "false");
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++) {
        const struct history_sum *sum = &told->sums[kind];
        put_scan_cell(tell, sum->worsened);
        put_scan_cell(tell, sum->since);
        csv_out_number(&tell->csv, sum->scans);
        put_scan_cell(tell, sum->mended);
        csv_out_number(&tell->csv, sum->flaps);
    }
    buf_reset(&tell->line);
    for (unsigned what = 0; what < HISTORY_WHATS; what++)
        if (told->history->watches[what].scans > 0)
            buf_printf(&tell->line, "%s%s", tell->line.len == 0 ? "" : " ",
                       history_what_name((enum history_what)what));
    csv_out_text(&tell->csv, buf_string(&tell->line));
    csv_out_text(&tell->csv, told->stand->provider);
    put_fault_cells(tell, told);
    csv_out_words(&tell->csv, buf_bytes(&tell->line)); /* which holds the codes */
    csv_out_end_row(&tell->csv);
}

/* ---- the sums ------------------------------------------------------------------------------------------ */

static void count(struct history_tell *tell, const struct told *told)
{
    tell->domains++;
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++) {
        struct history_counts *counts = &tell->counts[kind];
        counts->worse += told->sums[kind].scans > 0;
        counts->second += told->sums[kind].second;
        counts->flapped += told->sums[kind].scans == 0 && told->sums[kind].flaps > 0;
        counts->unclear += told->history->unclear[kind];
    }
}

static bool is_asked_for(const struct history_tell *tell, const struct told *told)
{
    if (tell->only == DIFF_TWICE)
        return is_second(told);
    bool flapped = told->sums[HISTORY_DELIVERY].flaps + told->sums[HISTORY_PROTECTION].flaps > 0;
    return is_worse(told) || (tell->only == DIFF_ALL && flapped);
}

enum error history_tell_domain(struct history_tell *tell, const struct history *history,
                               const struct stand *stand, struct buf *why)
{
    struct told told = {.history = history, .stand = stand};
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++)
        told.sums[kind] = history_sum(history, (enum history_kind)kind, tell->last);
    count(tell, &told);
    if (!is_asked_for(tell, &told))
        return ERR_OK;
    tell->told++;
    enum error error = is_worse(&told) ? worse_groups_add(&tell->worse, stand, why) : ERR_OK;
    if (error != ERR_OK)
        return error;
    if (tell->form == DIFF_JSON)
        tell_json(tell, &told);
    else if (tell->form == DIFF_CSV)
        tell_csv(tell, &told);
    else
        return tell_text(tell, &told, why);
    return ERR_OK;
}

enum error history_tell_end(struct history_tell *tell, struct buf *why)
{
    char from[MINUTE_BYTES], until[MINUTE_BYTES];
    if (tell->form != DIFF_TEXT)
        return ERR_OK;
    enum error error = diff_sorted_print(&tell->sorted, tell->out, why);
    if (error == ERR_OK)
        error = diff_put_worse(tell->out, "are worse", &tell->worse, why);
    if (error != ERR_OK)
        return error;
    for (unsigned kind = 0; kind < HISTORY_KINDS; kind++) {
        const struct history_counts *counts = &tell->counts[kind];
        (void)fprintf(tell->out,
                      "%s: worse %" PRIu64 " (for the second scan in a row %" PRIu64 "), flapped %" PRIu64
                      ", could not be told %" PRIu64 "\n",
                      kind_names[kind], counts->worse, counts->second, counts->flapped, counts->unclear);
    }
    (void)fprintf(tell->out,
                  "%u scans from %s to %s: domains %" PRIu64 ", appeared in the last %" PRIu64
                  ", gone in it %" PRIu64 ", gone before %" PRIu64 "\n",
                  tell->last, minute_of(tell, 1, from), minute_of(tell, tell->last, until), tell->domains,
                  tell->appeared, tell->gone, tell->gone_before);
    return ERR_OK;
}

bool history_tell_is_worse(const struct history_tell *tell)
{
    if (tell->only == DIFF_TWICE)
        return tell->told > 0;
    return tell->counts[HISTORY_DELIVERY].worse + tell->counts[HISTORY_PROTECTION].worse > 0;
}
