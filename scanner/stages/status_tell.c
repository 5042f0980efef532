/* Prints the table, and the JSON. */
#include "scanner/stages/status_tell.h"

#include <inttypes.h>

#include "output/json/json_write.h"
#include "scanner/base/put_bytes.h"
#include "scanner/base/shown.h"

enum { LINE_BYTES = 1 << 20, JSON_BYTES = 512 << 20, TOLD_MOST = 40, ID_SHOWN = 12 };

/* ---- text ---------------------------------------------------------------------------------------------- */

static void print_numbers(FILE *out, const char *what, const struct numbers *numbers)
{
    struct buf text;
    buf_init(&text, LINE_BYTES);
    numbers_put(&text, numbers);
    if (text.len > 0)
        (void)fprintf(out, "  %-14s %" PRIu32 ": %s\n", what, numbers_count(numbers), buf_string(&text));
    buf_dispose(&text);
}

/* Returns how many records a directory is to have; 0 if that is not known. */
static uint64_t records_of(const struct status *status, const struct status_dir *dir)
{
    if (dir->kind == STATUS_NAMES)
        return status->names_records;
    const struct status_round *round =
        dir->plan.round <= status->round_count ? &status->rounds[dir->plan.round - 1] : NULL;
    bool knows = round != NULL && round->contacts != NULL && dir->number <= round->parts;
    return knows ? round->contacts[dir->number - 1].contacts : 0;
}

static void print_dir(FILE *out, const struct status *status, const struct status_dir *dir)
{
    uint64_t all = records_of(status, dir);
    (void)fprintf(out, "  %-14s %" PRIu32 ": %s: %s%" PRIu64, status_state_name(dir->state), dir->number,
                  shown(dir->path), dir->about ? "about " : "", dir->records);
    if (all > 0)
        (void)fprintf(out, " of %s%" PRIu64, dir->kind == STATUS_NAMES ? "about " : "", all);
    (void)fprintf(out, " records%s%s", dir->plan.vantage[0] == 0 ? "" : ", from ", dir->plan.vantage);
    if (dir->reason != NULL)
        (void)fprintf(out, "; %s", shown(dir->reason));
    if (dir->state == STATE_TORN && dir->at_end)
        (void)fputs("; remove its summary.json, so that it is gone on with", out);
    (void)fputc('\n', out);
}

/* Prints those of a kind that are neither whole nor counted out, the first ones. */
static void print_dirs(FILE *out, const struct status *status, enum status_kind kind, uint32_t round)
{
    uint64_t told = 0, more = 0;
    for (size_t i = 0; i < status->count; i++) {
        const struct status_dir *dir = &status->dirs[i];
        if (dir->kind != kind || dir->is_counted_out || dir->state == STATE_WHOLE ||
            (kind == STATUS_PROBE && dir->plan.round != round))
            continue;
        if (told++ < TOLD_MOST)
            print_dir(out, status, dir);
        else
            more++;
    }
    if (more > 0)
        (void)fprintf(out, "  and %" PRIu64 " more; --json has them\n", more);
}

/* Prints what no directory stands for, or one without anything in it. */
static void print_absent(FILE *out, const struct status *status, enum status_kind kind, uint32_t round,
                         uint32_t most)
{
    struct numbers absent;
    if (!numbers_init(&absent, most))
        return;
    for (uint32_t number = 1; number <= most; number++)
        numbers_add(&absent, number);
    for (size_t i = 0; i < status->count; i++) {
        const struct status_dir *dir = &status->dirs[i];
        bool counts = dir->kind == kind && !dir->is_counted_out && numbers_have(&absent, dir->number) &&
                      (kind == STATUS_NAMES || dir->plan.round == round);
        if (counts)
            absent.bits[dir->number / 8] &= (uint8_t) ~(1u << dir->number % 8);
    }
    print_numbers(out, status_state_name(STATE_MISSING), &absent);
    numbers_dispose(&absent);
}

static void print_names(FILE *out, const struct status *status)
{
    if (status->shards == 0)
        (void)fputs("names: none are given\n", out);
    else
        (void)fprintf(out, "names: %" PRIu32 " shards\n", status->shards);
    if (status->shards == 0 && status->next == NEXT_NAMES)
        print_numbers(out, status_state_name(STATE_MISSING), &status->missing);
    print_numbers(out, "whole", &status->names_whole);
    print_dirs(out, status, STATUS_NAMES, 0);
    print_absent(out, status, STATUS_NAMES, 0, status->shards);
}

static void print_plan(FILE *out, const struct status *status)
{
    const struct status_dir *plan = status->plan;
    if (plan == NULL) {
        (void)fputs("plan: none is given\n", out);
        return;
    }
    (void)fprintf(out, "plan: %s: %s", shown(plan->path),
                  plan->at_end                   ? ""
                  : plan->state == STATE_RUNNING ? "being written"
                                                 : "begun");
    if (plan->at_end)
        (void)fprintf(out, "%" PRIu32 " %s%s", status->round_count,
                      status->round_count == 1 ? "round" : "rounds",
                      plan->state == STATE_RUNNING ? ", the next is being written" : "");
    (void)fputc('\n', out);
}

static void print_round(FILE *out, const struct status *status, uint32_t number)
{
    const struct status_round *round = &status->rounds[number - 1];
    uint64_t contacts = 0;
    for (uint32_t i = 0; round->contacts != NULL && i < round->parts; i++)
        contacts += round->contacts[i].contacts;
    (void)fprintf(out, "round %" PRIu32 ": ", number);
    if (round->parts == 0)
        (void)fputs("nothing of it is given", out);
    else
        (void)fprintf(out, "%" PRIu32 " %s", round->parts, round->parts == 1 ? "part" : "parts");
    if (round->contacts != NULL)
        (void)fprintf(out, ", %" PRIu64 " contacts", contacts);
    (void)fprintf(out, " (plan %.*s)\n", ID_SHOWN, round->id);
    print_numbers(out, "whole", &round->whole);
    print_dirs(out, status, STATUS_PROBE, number);
    print_absent(out, status, STATUS_PROBE, number, round->parts);
}

static void print_others(FILE *out, const struct status *status)
{
    for (size_t i = 0; i < status->count; i++) {
        const struct status_dir *dir = &status->dirs[i];
        bool is_out = dir->is_counted_out || dir->kind == STATUS_OTHER || dir->kind == STATUS_UNREADABLE;
        if (is_out)
            (void)fprintf(out, "%s: %s: %s\n",
                          dir->kind == STATUS_UNREADABLE ? "cannot be read" : "does not count",
                          shown(dir->path), dir->reason == NULL ? "?" : shown(dir->reason));
    }
}

static void print_next(FILE *out, const struct status *status)
{
    struct buf text, numbers;
    buf_init(&text, LINE_BYTES);
    buf_init(&numbers, LINE_BYTES);
    status_put_next(status, &text);
    numbers_put(&numbers, &status->missing);
    bool is_many = numbers_count(&status->missing) > 1;
    if (text.len == 0)
        (void)fputs("next: wait for what is being written\n", out);
    else if (status->next == NEXT_FURTHER)
        (void)fprintf(out, "next: %s, and when nothing is open any more, stsweep merge\n",
                      shown(buf_string(&text)));
    else
        (void)fprintf(out, "next: %s%s%s\n", shown(buf_string(&text)), is_many ? ", and so for " : "",
                      is_many ? buf_string(&numbers) : "");
    buf_dispose(&text);
    buf_dispose(&numbers);
}

void status_tell_text(const struct status *status, FILE *out)
{
    print_names(out, status);
    print_plan(out, status);
    for (uint32_t round = 1; round <= status->round_count; round++)
        print_round(out, status, round);
    print_others(out, status);
    print_next(out, status);
}

void status_tell_missing(const struct status *status, FILE *out)
{
    struct buf text;
    buf_init(&text, LINE_BYTES);
    numbers_put(&text, &status->missing);
    if (text.len > 0)
        (void)fprintf(out, "%s\n", buf_string(&text));
    buf_dispose(&text);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void put_numbers(struct json *json, const char *key, const struct numbers *numbers)
{
    struct buf text;
    buf_init(&text, LINE_BYTES);
    numbers_put(&text, numbers);
    json_put_string(json, key, text.len == 0 ? "" : buf_string(&text));
    buf_dispose(&text);
}

static const char *kind_name(const struct status_dir *dir)
{
    static const char *const names[] = {
        [STATUS_NAMES] = "names", [STATUS_PROBE] = "probe", [STATUS_PLAN] = "plan",
        [STATUS_EMPTY] = "empty", [STATUS_OTHER] = "other", [STATUS_UNREADABLE] = "unreadable"};
    return names[dir->kind];
}

static void put_dir(struct json *json, const struct status *status, const struct status_dir *dir)
{
    bool has_records = dir->kind == STATUS_NAMES || dir->kind == STATUS_PROBE;
    uint64_t all = has_records ? records_of(status, dir) : 0;
    json_open(json, NULL);
    json_put_text(json, "path", bytes_of(dir->path));
    json_put_string(json, "kind", kind_name(dir));
    if (dir->kind != STATUS_OTHER && dir->kind != STATUS_UNREADABLE)
        json_put_string(json, "state", status_state_name(dir->state));
    if (dir->kind == STATUS_PROBE)
        json_put_unsigned(json, "round", dir->plan.round);
    if (dir->number > 0)
        json_put_unsigned(json,
                          dir->kind == STATUS_NAMES   ? "shard"
                          : dir->kind == STATUS_PROBE ? "part"
                                                      : "number",
                          dir->number);
    if (dir->plan.vantage[0] != 0)
        json_put_string(json, "vantage", dir->plan.vantage);
    if (has_records)
        json_put_unsigned(json, "records", dir->records);
    json_put_flag(json, "about", dir->about);
    if (all > 0)
        json_put_unsigned(json, "of", all);
    json_put_flag(json, "does_not_count", dir->is_counted_out);
    if (dir->reason != NULL)
        json_put_text(json, "reason", bytes_of(dir->reason));
    json_close(json);
}

static void put_rounds(struct json *json, const struct status *status)
{
    json_open_array(json, "rounds");
    for (uint32_t i = 0; i < status->round_count; i++) {
        const struct status_round *round = &status->rounds[i];
        json_open(json, NULL);
        json_put_unsigned(json, "round", i + 1);
        json_put_string(json, "id", round->id);
        json_put_unsigned(json, "parts", round->parts);
        put_numbers(json, "whole", &round->whole);
        put_numbers(json, "being_written", &round->running);
        json_close(json);
    }
    json_close_array(json);
}

static void put_next(struct json *json, const struct status *status)
{
    static const char *const names[] = {
        [NEXT_NAMES] = "names", [NEXT_PLAN] = "plan", [NEXT_PROBE] = "probe", [NEXT_FURTHER] = "further"};
    struct buf text;
    buf_init(&text, LINE_BYTES);
    status_put_next(status, &text);
    json_put_string(json, "next", names[status->next]);
    put_numbers(json, "missing", &status->missing);
    json_put_bool(json, "complete", !status->is_lacking && !status->is_unreadable);
    if (text.len > 0)
        json_put_text(json, "command", buf_bytes(&text));
    buf_dispose(&text);
}

enum error status_tell_json(const struct status *status, FILE *out)
{
    struct buf text;
    struct json json;
    buf_init(&text, JSON_BYTES);
    json_start(&json, &text);
    json_open(&json, NULL);
    json_open(&json, "names");
    json_put_unsigned(&json, "shards", status->shards);
    put_numbers(&json, "whole", &status->names_whole);
    put_numbers(&json, "being_written", &status->names_running);
    json_close(&json);
    put_rounds(&json, status);
    put_next(&json, status);
    json_open_array(&json, "directories");
    for (size_t i = 0; i < status->count; i++)
        put_dir(&json, status, &status->dirs[i]);
    json_close_array(&json);
    json_close(&json);
    bool fits = json_finish(&json);
    if (fits)
        (void)put_bytes(out, buf_bytes(&text));
    buf_dispose(&text);
    return fits ? ERR_OK : ERR_LIMIT;
}
