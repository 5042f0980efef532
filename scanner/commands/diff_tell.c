/* Prints what changed of each domain, and the sums. */
#include "scanner/commands/diff_tell.h"

#include <inttypes.h>
#include <string.h>

#include "scanner/base/put_bytes.h"
#include "scanner/base/time_text.h"
#include "scanner/commands/diff.h"
#include "scanner/commands/diff_parts.h"

enum { LINE_CEILING_BYTES = 1 << 20 };

static void put_csv_head(struct csv_out *csv)
{
    static const char *const before[] = {"domain", "label", "change", "delivery", "protection"};
    static const char *const behind[] = {"provider",          "hosts",        "codes",
                                         "cached_found",      "cached_since", "cached_sure_until",
                                         "cached_none_after", "causes"};
    static const char *const ages[] = {"old", "new"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        csv_out_text(csv, before[i]);
    for (unsigned aspect = 0; aspect < ASPECT_COUNT * 2; aspect++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s_%s", aspect_name((enum aspect)(aspect / 2)), ages[aspect % 2]);
        csv_out_text(csv, name);
    }
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        csv_out_text(csv, behind[i]);
    csv_out_words_head(csv);
    csv_out_end_row(csv);
}

enum error diff_tell_init(struct diff_tell *tell, FILE *out, const struct diff_request *request)
{
    *tell = (struct diff_tell){.out = out, .form = request->form, .worse_only = request->only == DIFF_WORSE};
    buf_init(&tell->line, LINE_CEILING_BYTES);
    buf_init(&tell->codes, LINE_CEILING_BYTES);
    if (worse_groups_init(&tell->worse) != ERR_OK)
        return ERR_MEMORY;
    if (tell->form == DIFF_CSV) {
        csv_out_begin(&tell->csv, out, &request->csv);
        put_csv_head(&tell->csv);
    }
    return ERR_OK;
}

void diff_tell_dispose(struct diff_tell *tell)
{
    csv_out_dispose(&tell->csv);
    buf_dispose(&tell->line);
    buf_dispose(&tell->codes);
    worse_groups_dispose(&tell->worse);
    diff_sorted_dispose(&tell->sorted);
}

static const char *state_of(const struct stand *stand, unsigned aspect)
{
    return stand == NULL ? "" : aspect_state_name((enum aspect)aspect, stand->states[aspect]);
}

/* Tells whether an earlier policy made it lose mail and does so no more, as far as is known. */
static bool ends_cached(const struct stand_change *told)
{
    return told->before != NULL && told->after != NULL && told->before->cached.code != FAIL_NONE &&
           told->after->cached.code == FAIL_NONE;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* Says in a word which way it went; a sender that loses mail is worth capitals. */
static const char *word_of(const struct stand_change *told)
{
    if (told->before == NULL || told->after == NULL)
        return change_name(told->change);
    if (stand_change_is_worse(told))
        return told->courses.delivery == COURSE_WORSE ? "DELIVERY" : "worse";
    if (stand_change_victim(told) != NULL && told->courses.delivery != COURSE_BETTER)
        return "still";
    if (told->courses.delivery == COURSE_UNCLEAR || told->courses.protection == COURSE_UNCLEAR)
        return "unclear";
    bool better = told->courses.delivery == COURSE_BETTER || told->courses.protection == COURSE_BETTER;
    return better ? "better" : "changed";
}

/* Tells until when, before all else that is said of the domain. */
static const char *put_cached_text(struct buf *line, const struct stand_change *told)
{
    const struct stand_cached *cached = stand_change_victim(told);
    char since[TIME_TEXT_BYTES], until[TIME_TEXT_BYTES], none[TIME_TEXT_BYTES];
    if (cached == NULL)
        return "";
    buf_printf(line, "%s until %.16sZ at least, %.16sZ at most (%s since %.16sZ)", failure_name(cached->code),
               time_text(cached->sure_until, until), time_text(cached->none_after, none),
               cached_found_name(cached->found), time_text(cached->since, since));
    return ", ";
}

static void put_text(struct buf *line, const struct stand_change *told)
{
    buf_printf(line, "%-30s %-8s ", told->one->domain, word_of(told));
    const char *between = put_cached_text(line, told);
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++) {
        bool alone = told->before == NULL || told->after == NULL;
        if (alone && aspect == ASPECT_MTA_STS)
            buf_printf(line, "%s%s", between, state_of(told->one, aspect));
        if (alone || !stand_change_has(told, aspect))
            continue;
        buf_printf(line, "%s%s %s -> %s", between, aspect_name((enum aspect)aspect),
                   state_of(told->before, aspect), state_of(told->after, aspect));
        between = ", ";
    }
    if (ends_cached(told)) {
        buf_printf(line, "%s%s -> none", between, failure_name(told->before->cached.code));
        between = ", ";
    }
    if (told->keeps_id)
        buf_printf(line, "%s%s", between, failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED));
    else if (told->change == CHANGE_POLICY)
        buf_printf(line, "%sanother policy or id", between);
}

static enum error tell_text(struct diff_tell *tell, const struct stand_change *told, struct buf *why)
{
    struct causes causes = stand_change_causes(told);
    buf_reset(&tell->line);
    put_text(&tell->line, told);
    diff_sorted_end_line(&tell->line, &causes, told->one->label);
    return diff_sorted_add(&tell->sorted, stand_gravity(told), buf_bytes(&tell->line), why);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void put_aspects(struct json *json, const struct stand_change *told)
{
    static const char *const keys[ASPECT_COUNT] = {"mta_sts", "dane", "starttls", "tlsrpt"};
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++) {
        if (!stand_change_has(told, aspect))
            continue;
        json_open(json, keys[aspect]);
        if (told->before != NULL)
            json_put_string(json, "old", state_of(told->before, aspect));
        if (told->after != NULL)
            json_put_string(json, "new", state_of(told->after, aspect));
        json_close(json);
    }
}

static void put_cached(struct json *json, const struct stand_change *told)
{
    const struct stand_cached *cached = stand_change_victim(told);
    if (told->before != NULL && told->before->cached.code != FAIL_NONE)
        json_put_string(json, "cached_old", failure_name(told->before->cached.code));
    if (cached == NULL)
        return;
    json_open(json, "cached");
    json_put_string(json, "code", failure_name(cached->code));
    json_put_string(json, "found", cached_found_name(cached->found));
    json_put_time(json, "since", cached->since);
    json_put_time(json, "sure_until", cached->sure_until);
    json_put_time(json, "none_after", cached->none_after);
    json_close(json);
}

static void tell_json(struct diff_tell *tell, const struct stand_change *told)
{
    struct json json;
    buf_reset(&tell->line);
    json_start(&json, &tell->line);
    json_open(&json, NULL);
    json_put_string(&json, "domain", told->one->domain);
    json_put_string(&json, "change", change_name(told->change));
    if (told->before != NULL)
        json_put_string(&json, "old", outcome_name(told->before->outcome));
    if (told->after != NULL)
        json_put_string(&json, "new", outcome_name(told->after->outcome));
    if (told->before != NULL && told->after != NULL) {
        json_put_string(&json, "delivery", course_name(told->courses.delivery));
        json_put_string(&json, "protection", course_name(told->courses.protection));
    }
    put_cached(&json, told);
    put_aspects(&json, told);
    if (told->one->label.len > 0)
        json_put_text(&json, "label", told->one->label);
    if (told->one->provider[0] != 0)
        json_put_string(&json, "provider", told->one->provider);
    diff_put_hosts(&json, told->one);
    json_open_array(&json, "codes");
    if (stand_change_victim(told) != NULL)
        json_put_string(&json, NULL, failure_name(stand_change_victim(told)->code));
    if (told->keeps_id)
        json_put_string(&json, NULL, failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED));
    json_close_array(&json);
    struct causes causes = stand_change_causes(told);
    diff_put_causes(&json, &causes);
    json_close(&json);
    if (json_finish(&json))
        (void)put_bytes(tell->out, buf_bytes(&tell->line));
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */

/* Gathers the codes that the words stand for too, which come last. */
static void put_fault_cells(struct diff_tell *tell, const struct stand_change *told)
{
    struct buf *line = &tell->line, *codes = &tell->codes;
    struct causes causes = stand_change_causes(told);
    buf_reset(line);
    for (size_t i = 0; i < told->one->host_count; i++)
        buf_printf(line, "%s%s", i == 0 ? "" : " ", told->one->hosts[i].host);
    csv_out_text(&tell->csv, buf_string(line));
    buf_reset(codes);
    if (stand_change_victim(told) != NULL)
        buf_text(codes, failure_name(stand_change_victim(told)->code));
    for (size_t i = 0; i < told->one->host_count; i++)
        buf_printf(codes, "%s%s", codes->len == 0 ? "" : " ", failure_name(told->one->hosts[i].code));
    if (told->keeps_id)
        buf_printf(codes, "%s%s", codes->len == 0 ? "" : " ", failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED));
    causes_put_codes(codes, told->one, told->one->host_count, &causes);
    csv_out_text(&tell->csv, buf_string(codes));
}

static void put_time_cell(struct diff_tell *tell, const struct stand_cached *cached, int64_t time)
{
    char text[TIME_TEXT_BYTES];
    csv_out_text(&tell->csv, cached == NULL ? "" : time_text(time, text));
}

static void put_cached_cells(struct diff_tell *tell, const struct stand_cached *cached)
{
    static const struct stand_cached none;
    const struct stand_cached *one = cached == NULL ? &none : cached;
    csv_out_text(&tell->csv, cached == NULL ? "" : cached_found_name(cached->found));
    put_time_cell(tell, cached, one->since);
    put_time_cell(tell, cached, one->sure_until);
    put_time_cell(tell, cached, one->none_after);
}

static void tell_csv(struct diff_tell *tell, const struct stand_change *told)
{
    bool both = told->before != NULL && told->after != NULL;
    csv_out_text(&tell->csv, told->one->domain);
    csv_out_cell(&tell->csv, told->one->label);
    csv_out_text(&tell->csv, change_name(told->change));
    csv_out_text(&tell->csv, both ? course_name(told->courses.delivery) : "");
    csv_out_text(&tell->csv, both ? course_name(told->courses.protection) : "");
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++) {
        csv_out_text(&tell->csv, state_of(told->before, aspect));
        csv_out_text(&tell->csv, state_of(told->after, aspect));
    }
    csv_out_text(&tell->csv, told->one->provider);
    struct causes causes = stand_change_causes(told);
    put_fault_cells(tell, told);
    put_cached_cells(tell, stand_change_victim(told));
    buf_reset(&tell->line);
    causes_put(&tell->line, &causes);
    csv_out_text(&tell->csv, buf_string(&tell->line));
    csv_out_words(&tell->csv, buf_bytes(&tell->codes));
    csv_out_end_row(&tell->csv);
}

/* ---- the sums ------------------------------------------------------------------------------------------ */

static enum error count(struct diff_tell *tell, const struct stand_change *told, struct buf *why)
{
    tell->counts[told->change]++;
    tell->kept_ids += told->keeps_id;
    const struct stand_cached *cached = stand_change_victim(told);
    tell->cached_refused += cached != NULL && cached->code == FAIL_CACHED_REFUSED;
    tell->cached_partial += cached != NULL && cached->code == FAIL_CACHED_PARTIAL;
    if (told->before == NULL || told->after == NULL)
        return ERR_OK;
    tell->delivery[told->courses.delivery]++;
    tell->protection[told->courses.protection]++;
    if (told->courses.delivery != COURSE_WORSE && told->courses.protection != COURSE_WORSE)
        return ERR_OK;
    return worse_groups_add(&tell->worse, told->one, why);
}

enum error diff_tell_domain(struct diff_tell *tell, const struct stand *before, const struct stand *after,
                            struct buf *why)
{
    struct stand_change told = stand_change(before, after);
    enum error error = count(tell, &told, why);
    if (error != ERR_OK || !told.is_told || (tell->worse_only && !stand_change_is_worse(&told)))
        return error;
    if (tell->form == DIFF_JSON)
        tell_json(tell, &told);
    else if (tell->form == DIFF_CSV)
        tell_csv(tell, &told);
    else
        return tell_text(tell, &told, why);
    return ERR_OK;
}

static void tell_courses(FILE *out, const char *what, const uint64_t courses[COURSE_COUNT])
{
    (void)fprintf(out, "%s: worse %" PRIu64 ", better %" PRIu64 ", could not be told %" PRIu64 "\n", what,
                  courses[COURSE_WORSE], courses[COURSE_BETTER], courses[COURSE_UNCLEAR]);
}

enum error diff_tell_end(struct diff_tell *tell, struct buf *why)
{
    const char *between = "";
    if (tell->form != DIFF_TEXT)
        return ERR_OK;
    enum error error = diff_sorted_print(&tell->sorted, tell->out, why);
    if (error != ERR_OK)
        return error;
    if (tell->cached_refused + tell->cached_partial > 0)
        (void)fprintf(tell->out,
                      "under an earlier policy that senders have cached: refused %" PRIu64
                      ", partial %" PRIu64 "\n",
                      tell->cached_refused, tell->cached_partial);
    error = diff_put_worse(tell->out, "got worse", &tell->worse, why);
    if (error != ERR_OK)
        return error;
    tell_courses(tell->out, "delivery", tell->delivery);
    tell_courses(tell->out, "protection", tell->protection);
    for (unsigned change = 0; change < CHANGE_COUNT; change++) {
        if (tell->counts[change] == 0)
            continue;
        (void)fprintf(tell->out, "%s%s %" PRIu64, between, change_name((enum change)change),
                      tell->counts[change]);
        between = ", ";
    }
    (void)fprintf(tell->out, "%spolicies changed under the same id %" PRIu64 "\n", between, tell->kept_ids);
    return ERR_OK;
}

bool diff_tell_is_worse(const struct diff_tell *tell)
{
    return tell->delivery[COURSE_WORSE] + tell->protection[COURSE_WORSE] + tell->kept_ids > 0;
}
