/* Walks three times: keeps the old scan's standings by domain, holds the new scan against them, then tells
 * who is gone. */
#include "scanner/commands/diff.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "output/readback/compare.h"
#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "scanner/base/exit_code.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/show_judge.h"

enum {
    WHY_BYTES = 16 * 1024,
    ARENA_BYTES = READ_ARENA_BYTES,
    LINE_BYTES = 8192,
    SEEN_BYTES = 1 << 30,
    KEPT_NAME_BYTES = 1024
};

/* The bound unless --gone-at-most gives another. */
static const char GONE_AT_MOST[] = "50%";

/* How many domains of the old scan may be gone: a number of them, or so many of a hundred. */
struct gone_bound {
    const char *text;
    uint64_t most;
    bool is_share;
};

/* One of the two scans. */
struct side {
    const char *path;
    struct scanview *view;
    struct show_judge judge; /* its view is NULL unless the side is judged anew */
};

struct diff {
    struct side before, after;
    FILE *out, *err;
    bool json;
    struct gone_bound gone_at_most;
    struct spill *spill;
    struct facts_table table;
    struct buf seen; /* a bit for each old record: it stands in the new scan too */
    uint64_t number; /* of the old record at hand */
    struct arena arena;
    struct buf why;
    uint64_t unreadable;
    uint64_t counts[CHANGE_COUNT];
    uint64_t kept_ids;
};

/* ---- the answer ---------------------------------------------------------------------------------------- */

static void write_json(const struct diff *diff, const struct stand *before, const struct stand *after,
                       enum change change, bool keeps_id)
{
    const struct stand *one = after == NULL ? before : after;
    (void)fprintf(diff->out, "{\"domain\":\"%s\",\"change\":\"%s\"", one->domain, change_name(change));
    if (before != NULL)
        (void)fprintf(diff->out, ",\"old\":\"%s\"", outcome_name(before->outcome));
    if (after != NULL)
        (void)fprintf(diff->out, ",\"new\":\"%s\"", outcome_name(after->outcome));
    (void)fprintf(diff->out, ",\"codes\":[%s%s%s]}\n", keeps_id ? "\"" : "",
                  keeps_id ? failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED) : "", keeps_id ? "\"" : "");
}

static void tell(struct diff *diff, const struct stand *before, const struct stand *after)
{
    enum change change = stand_compare(before, after);
    bool keeps_id = stand_keeps_id(before, after);
    const struct stand *one = after == NULL ? before : after;
    diff->counts[change]++;
    diff->kept_ids += keeps_id;
    if (change == CHANGE_NONE && !keeps_id)
        return;
    if (diff->json) {
        write_json(diff, before, after, change, keeps_id);
        return;
    }
    (void)fprintf(diff->out, "%-30s %-9s %s -> %s%s%s\n", one->domain, change_name(change),
                  before == NULL ? "-" : outcome_name(before->outcome),
                  after == NULL ? "-" : outcome_name(after->outcome), keeps_id ? " " : "",
                  keeps_id ? failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED) : "");
}

/* ---- the old scan -------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *domain)
{
    return XXH3_64bits(domain, strlen(domain));
}

/* Writes a line of the spill: number, outcomes, hash of the policy, id or "-", domain. */
static enum error keep(struct diff *diff, const struct stand *stand)
{
    char line[LINE_BYTES];
    uint64_t place;
    bool kept;
    int len = snprintf(line, sizeof line, "%" PRIu64 " %u %u %" PRIx64 " %s %s", diff->number,
                       (unsigned)stand->outcome, (unsigned)stand->would_be, stand->body,
                       stand->id[0] == 0 ? "-" : stand->id, stand->domain);
    if (len < 0 || (size_t)len >= sizeof line)
        return ERR_LIMIT;
    enum error error = spill_add(diff->spill, bytes_make(line, (size_t)len), &place, &diff->why);
    return error != ERR_OK ? error
                           : table_add(&diff->table, hash_of(stand->domain), place, &kept, &diff->why);
}

struct kept {
    struct stand stand;
    uint64_t number;
    char id[64];
    char domain[KEPT_NAME_BYTES];
};

static bool parse_kept(struct bytes line, struct kept *kept)
{
    char text[LINE_BYTES];
    unsigned outcome;
    unsigned would_be;
    if (line.len >= sizeof text)
        return false;
    memcpy(text, line.data, line.len);
    text[line.len] = 0;
    if (sscanf(text, "%" SCNu64 " %u %u %" SCNx64 " %63s %1023s", &kept->number, &outcome, &would_be,
               &kept->stand.body, kept->id, kept->domain) != 6)
        return false;
    kept->stand.outcome = (enum outcome)outcome;
    kept->stand.would_be = (enum outcome)would_be;
    kept->stand.id = strcmp(kept->id, "-") == 0 ? "" : kept->id;
    kept->stand.domain = kept->domain;
    return true;
}

static bool find_kept(struct diff *diff, const char *domain, struct kept *kept)
{
    uint64_t places[TABLE_PLACES_A_KEY];
    size_t count = table_find(&diff->table, hash_of(domain), places);
    for (size_t i = 0; i < count; i++) {
        struct bytes line;
        if (spill_get(diff->spill, places[i], &line) == ERR_OK && parse_kept(line, kept) &&
            strcmp(kept->domain, domain) == 0)
            return true;
    }
    return false;
}

static bool was_seen(const struct diff *diff, uint64_t number)
{
    return number / 8 < diff->seen.len && (diff->seen.data[number / 8] >> (number % 8) & 1) != 0;
}

static enum error see(struct diff *diff, uint64_t number)
{
    while (diff->seen.len <= number / 8)
        if (!buf_byte(&diff->seen, 0))
            return ERR_MEMORY;
    diff->seen.data[number / 8] |= (uint8_t)(1u << (number % 8));
    return ERR_OK;
}

/* ---- the three walks ----------------------------------------------------------------------------------- */

static enum error read_line(struct diff *diff, struct bytes line, struct stand *stand)
{
    arena_dispose(&diff->arena);
    arena_init(&diff->arena, ARENA_BYTES);
    enum error error = stand_read(line, &diff->arena, stand);
    diff->unreadable += error == ERR_SYNTAX;
    return error;
}

/* Reads where a record stands, by the rules that both sides are held to. */
static enum error read_judged(struct diff *diff, struct side *side, const struct view_record *record,
                              struct stand *stand)
{
    enum error error = read_line(diff, record->line, stand);
    if (error != ERR_OK || record->found == VIEW_AS_STORED)
        return error;
    unsigned before = stand->outcome;
    error = read_line(diff, show_judge_line(&side->judge, record), stand);
    if (error == ERR_OK)
        show_judge_count(&side->judge, before, stand->outcome);
    return error;
}

static enum error on_old(void *arg, const struct view_record *record)
{
    struct diff *diff = arg;
    struct stand stand;
    enum error error = read_judged(diff, &diff->before, record, &stand);
    if (error == ERR_OK)
        error = keep(diff, &stand);
    diff->number++;
    return error == ERR_SYNTAX ? ERR_OK : error;
}

static enum error on_new(void *arg, const struct view_record *record)
{
    struct diff *diff = arg;
    struct stand stand;
    struct kept kept;
    enum error error = read_judged(diff, &diff->after, record, &stand);
    if (error != ERR_OK)
        return error == ERR_SYNTAX ? ERR_OK : error;
    bool known = find_kept(diff, stand.domain, &kept);
    tell(diff, known ? &kept.stand : NULL, &stand);
    if (known)
        error = see(diff, kept.number);
    return error == ERR_OK && ferror(diff->out) ? ERR_STOPPED : error;
}

static enum error on_gone(void *arg, struct bytes line)
{
    struct diff *diff = arg;
    struct stand stand;
    struct kept kept;
    if (was_seen(diff, diff->number++))
        return ERR_OK;
    uint64_t unreadable = diff->unreadable;
    enum error error = read_line(diff, line, &stand);
    diff->unreadable = unreadable; /* counted before */
    /* What was kept is as it was judged. */
    if (error == ERR_OK)
        tell(diff, find_kept(diff, stand.domain, &kept) ? &kept.stand : &stand, NULL);
    return error == ERR_SYNTAX ? ERR_OK : error;
}

static enum error walk(struct diff *diff)
{
    enum error error = spill_create(&diff->spill, &diff->why);
    if (error == ERR_OK)
        error = scanview_records(diff->before.view, VIEW_DOMAINS, on_old, diff, &diff->why);
    if (error == ERR_OK)
        error = spill_flush(diff->spill, &diff->why);
    if (error == ERR_OK)
        error = scanview_records(diff->after.view, VIEW_DOMAINS, on_new, diff, &diff->why);
    diff->number = 0;
    if (error == ERR_OK)
        error = scanview_lines(diff->before.view, VIEW_DOMAINS, on_gone, diff, &diff->why);
    return error;
}

/* ---- by which rules ------------------------------------------------------------------------------------ */

static enum error judge_anew(struct diff *diff, struct side *side)
{
    const struct meta_stored *stored = scanview_meta(side->view);
    enum error error = meta_may_rejudge(stored, &diff->why);
    if (error != ERR_OK || stored->rules == RECORD_RULES)
        return error;
    (void)fprintf(
        diff->err,
        "stsweep: diff: the two were judged by different rules: %s (rules %u) is judged anew first, by "
        "rules %d\n",
        side->path, stored->rules, RECORD_RULES);
    return show_judge_init(&side->judge, side->view, 0, &diff->why);
}

/* Makes both sides follow the same rules, as a change of rules is no change of a domain: two scans that were
 * judged by the same ones are compared as they stand, others by the rules of this program. */
static enum error agree(struct diff *diff)
{
    if (scanview_meta(diff->before.view)->rules == scanview_meta(diff->after.view)->rules)
        return ERR_OK;
    enum error error = judge_anew(diff, &diff->before);
    return error != ERR_OK ? error : judge_anew(diff, &diff->after);
}

/* Prints what a rejudgement says of itself; false if it could not be whole. */
static bool tell_rejudged(struct diff *diff, struct side *side)
{
    if (side->judge.view == NULL)
        return true;
    show_judge_print(&side->judge, diff->err);
    return scanview_damage(side->view)[0] == 0;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static enum error open_side(struct diff *diff, struct side *side)
{
    enum error error = scanview_open(side->path, &side->view, &diff->why);
    if (error != ERR_NOT_FOUND)
        return error;
    int number = errno;
    buf_reset(&diff->why);
    buf_printf(&diff->why, "%s is no scan directory: %s", side->path, strerror(number));
    return error;
}

static void close_side(struct side *side)
{
    show_judge_dispose(&side->judge);
    scanview_close(side->view);
}

/* Are more domains gone than may be? That says so: a list of which an export has lost most names makes a
 * short scan, in which hardly anything got worse. */
static bool most_are_gone(const struct diff *diff)
{
    const struct gone_bound *bound = &diff->gone_at_most;
    uint64_t old = diff->number, gone = diff->counts[CHANGE_GONE];
    if (bound->is_share ? gone * 100 <= bound->most * old : gone <= bound->most)
        return false;
    (void)fprintf(diff->err,
                  "stsweep: diff: %" PRIu64 " of %" PRIu64 " domains of %s are gone from %s, more than "
                  "--gone-at-most=%s: was its list whole?\n",
                  gone, old, diff->before.path, diff->after.path, bound->text);
    return true;
}

static int finish(struct diff *diff, enum error error)
{
    bool whole = tell_rejudged(diff, &diff->before);
    whole = tell_rejudged(diff, &diff->after) && whole;
    if (diff->unreadable > 0)
        (void)fprintf(diff->err, "stsweep: %" PRIu64 " lines are no records\n", diff->unreadable);
    if (error != ERR_OK) {
        (void)fprintf(diff->err, "stsweep: diff: %s\n",
                      diff->why.len > 0 ? buf_string(&diff->why) : error_text(error));
        return exit_code_of(error);
    }
    const char *between = "";
    for (unsigned change = 0; !diff->json && change < CHANGE_COUNT; change++) {
        if (diff->counts[change] == 0)
            continue;
        (void)fprintf(diff->out, "%s%s %" PRIu64, between, change_name((enum change)change),
                      diff->counts[change]);
        between = ", ";
    }
    if (!diff->json)
        (void)fprintf(diff->out, "%spolicies changed under the same id %" PRIu64 "\n", between,
                      diff->kept_ids);
    if (fflush(diff->out) != 0 || ferror(diff->out) || !whole)
        return EXIT_FAILED;
    bool worse = diff->counts[CHANGE_BROKE] + diff->counts[CHANGE_LOST] + diff->kept_ids > 0;
    return most_are_gone(diff) || worse ? EXIT_NO : EXIT_DONE;
}

/* Compares the two directories of diff, as its flags say. */
static int run(const struct diff *given)
{
    struct diff diff = *given;
    table_init(&diff.table);
    arena_init(&diff.arena, ARENA_BYTES);
    buf_init(&diff.why, WHY_BYTES);
    buf_init(&diff.seen, SEEN_BYTES);
    enum error error = open_side(&diff, &diff.before);
    if (error == ERR_OK)
        error = open_side(&diff, &diff.after);
    if (error == ERR_OK)
        error = agree(&diff);
    if (error == ERR_OK)
        error = walk(&diff);
    int code = finish(&diff, error);
    spill_destroy(diff.spill);
    table_dispose(&diff.table);
    arena_dispose(&diff.arena);
    buf_dispose(&diff.why);
    buf_dispose(&diff.seen);
    close_side(&diff.before);
    close_side(&diff.after);
    return code;
}

/* Reads N or N%. */
static bool read_bound(const char *text, struct gone_bound *bound)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *bound = (struct gone_bound){.text = text, .most = strtoull(text, &end, 10)};
    bound->is_share = *end == '%';
    return errno == 0 && end[bound->is_share] == 0 && (!bound->is_share || bound->most <= 100);
}

/* Reads the flags into diff; a fault stays in flags. */
static enum flag read_flags(struct flags *flags, struct diff *diff)
{
    enum flag flag;
    size_t count = 0;
    while ((flag = flags_next(flags)) != FLAG_END && flag != FLAG_FAULT) {
        diff->json = diff->json || flag == FLAG_JSON;
        if (flag == FLAG_GONE_AT_MOST && !read_bound(flags->value, &diff->gone_at_most))
            return flags_refuse(flags, "--gone-at-most is a number of domains, or N% of the old ones, not ",
                                flags->value, "");
        if (flag == FLAG_NAME && count++ < 2)
            *(count == 1 ? &diff->before.path : &diff->after.path) = flags->value;
    }
    if (flag == FLAG_END && count != 2)
        flag = flags_refuse(flags, "give two scan directories, the old one first", "", "");
    return flag;
}

int diff_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct diff diff = {.out = out, .err = err};
    struct flags flags;
    (void)read_bound(GONE_AT_MOST, &diff.gone_at_most);
    flags_begin(&flags, "diff", argc, argv);
    if (read_flags(&flags, &diff) == FLAG_FAULT) {
        flags_say(&flags, err);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return run(&diff);
}
