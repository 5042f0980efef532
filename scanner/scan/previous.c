/* Reads an earlier scan for what senders may still have, and finds it by name. */
#include "scanner/scan/previous.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "output/json/json_cached.h"
#include "output/readback/cached_walk.h"
#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "output/readback/refused.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/map.h"
#include "scanner/base/seed.h"
#include "scanner/base/shown.h"
#include "scanner/base/time_text.h"
#include "scanner/facts/fields.h"

enum { LINE_BYTES = 1 << 20, REASON_BYTES = 256 };

struct previous {
    struct scanview *view;
    struct spill *spill;
    struct facts_table table;
    struct meta_previous meta;
    int64_t now_ms;
    struct arena arena;        /* of what was kept of a record */
    struct arena newer;        /* of the best of those before it, while one is looked for */
    char unread[REASON_BYTES]; /* why the temporary file could not be read back; "" if it could */
    struct buf line;           /* what is to be kept of the record at hand */
    struct buf reason;         /* why what was kept is none */
    struct buf *why;
};

static uint64_t hash_of(const char *domain)
{
    return map_hash(bytes_of(domain), hash_seed());
}

/* ---- what is kept -------------------------------------------------------------------------------------- */

static bool pack(struct previous *previous, const struct cached_read *found)
{
    struct json json;
    buf_reset(&previous->line);
    json_start(&json, &previous->line);
    json_open(&json, NULL);
    json_put_string(&json, "domain", found->domain);
    json_open(&json, "cached");
    json_cached_policy(&json, found->policy);
    json_close(&json);
    json_close(&json);
    return json_finish(&json);
}

static enum error keep(void *arg, const struct cached_read *found)
{
    struct previous *previous = arg;
    uint64_t place;
    bool kept = false;
    if (!pack(previous, found))
        return ERR_LIMIT;
    struct bytes line = bytes_make(previous->line.data, previous->line.len - 1);
    enum error error = spill_add(previous->spill, line, &place, previous->why);
    if (error == ERR_OK)
        error = table_add(&previous->table, hash_of(found->domain), place, &kept, previous->why);
    previous->meta.policies += kept;
    return error == ERR_OK && !kept ? ERR_LIMIT : error;
}

/* ---- what is said of it -------------------------------------------------------------------------------- */

static void say_state(const struct previous *previous, FILE *err)
{
    enum view_state state = scanview_state(previous->view);
    const char *dir = previous->meta.dir;
    if (state == VIEW_DONE)
        return;
    (void)fprintf(err,
                  "stsweep: previous: %s %s: of the domains that it has no record of it is not known what "
                  "senders have. End it with --resume first, or give a scan that is at its end\n",
                  shown(dir),
                  state == VIEW_STOPPED ? "was stopped before its end" : "still runs or was cut off");
}

/* What it says of times is then not to be believed: it may be that this clock is wrong, or that one was. */
static void say_clock(const struct previous *previous, FILE *err)
{
    char began[TIME_TEXT_BYTES];
    if (previous->meta.started_ms > previous->now_ms)
        (void)fprintf(err,
                      "stsweep: WARNING: previous: %s began %.16sZ, which by this machine's clock has not "
                      "come yet: policies of later than now are left out. Set the clock, or give an earlier "
                      "scan\n",
                      shown(previous->meta.dir), time_text(previous->meta.started_ms, began));
}

static const char *part_of(const char *shard)
{
    return shard[0] == 0 ? "1/1" : shard;
}

static void say_shard(const struct previous *previous, const char *shard, FILE *err)
{
    const char *then = part_of(scanview_meta(previous->view)->shard), *now = part_of(shard);
    if (strcmp(then, now) != 0)
        (void)fprintf(
            err,
            "stsweep: WARNING: previous: %s is of shard %s of its list, this scan is of shard %s: of "
            "the domains that it does not have it is not known what senders have. Give the earlier "
            "scan of the same shard\n",
            shown(previous->meta.dir), then, now);
}

static void say_found(const struct previous *previous, const struct cached_walk *walk, const char *shard,
                      FILE *err)
{
    const struct meta_previous *meta = &previous->meta;
    char began[TIME_TEXT_BYTES];
    say_state(previous, err);
    say_clock(previous, err);
    say_shard(previous, shard, err);
    cached_walk_say_lacking(walk, err);
    (void)fprintf(err, "stsweep: previous: %s, begun %.16sZ: policies that senders may still have: %" PRIu64,
                  shown(meta->dir), time_text(meta->started_ms, began), meta->policies);
    if (meta->over > 0)
        (void)fprintf(err, " (%" PRIu64 " more have expired)", meta->over);
    (void)fputc('\n', err);
}

void previous_say_matched(const struct previous *previous, uint64_t matched, FILE *err)
{
    if (previous != NULL)
        (void)fprintf(err,
                      "stsweep: previous: of its %" PRIu64
                      " policies that senders may still have, domains of "
                      "this scan had %" PRIu64 "\n",
                      previous->meta.policies, matched);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static enum error walk(struct previous *previous, struct cached_walk *walk, FILE *err, struct buf *why)
{
    enum error error = cached_walk(walk, err, why);
    previous->meta.over = walk->over;
    previous->meta.left_out = walk->lacking + scanview_refused(previous->view, VIEW_DOMAINS);
    previous->meta.damaged = walk->damaged;
    return error == ERR_OK ? spill_flush(previous->spill, why) : error;
}

enum error previous_check(const char *dir, const char *output, struct buf *why)
{
    struct scanview *view;
    struct stat one, other;
    enum error error = scanview_open_previous(dir, &view, why);
    scanview_close(view);
    if (error != ERR_OK || strcmp(output, "-") == 0 || stat(dir, &one) != 0 || stat(output, &other) != 0 ||
        one.st_dev != other.st_dev || one.st_ino != other.st_ino)
        return error;
    buf_printf(why, "--previous %s is the scan directory that is written: give that of an earlier scan",
               shown(dir));
    return ERR_CONFIG;
}

static void describe(struct previous *previous)
{
    const struct meta_stored *stored = scanview_meta(previous->view);
    previous->meta.started_ms = stored->started_ms;
    previous->meta.seed = stored->seed;
    previous->meta.state = stored->state;
    previous->meta.version = stored->version;
    previous->meta.rules = stored->rules;
}

enum error previous_open(const char *dir, const char *shard, int64_t now_ms, struct previous **made,
                         FILE *err, struct buf *why)
{
    struct previous *previous = calloc(1, sizeof *previous);
    *made = previous;
    if (previous == NULL)
        return ERR_MEMORY;
    *previous = (struct previous){.meta.dir = dir, .now_ms = now_ms, .why = why};
    table_init(&previous->table);
    arena_init(&previous->arena, READ_ARENA_BYTES);
    arena_init(&previous->newer, READ_ARENA_BYTES);
    buf_init(&previous->line, LINE_BYTES);
    buf_init(&previous->reason, REASON_BYTES * 4);
    enum error error = scanview_open_previous(dir, &previous->view, why);
    if (error == ERR_OK)
        error = spill_create(&previous->spill, why);
    if (error != ERR_OK)
        return error;
    describe(previous);
    struct cached_walk read = {
        .view = previous->view, .dir = dir, .now_ms = now_ms, .take = keep, .arg = previous};
    error = walk(previous, &read, err, why);
    if (error == ERR_OK)
        say_found(previous, &read, shard, err);
    return error;
}

void previous_close(struct previous *previous)
{
    if (previous == NULL)
        return;
    scanview_close(previous->view);
    spill_destroy(previous->spill);
    table_dispose(&previous->table);
    arena_dispose(&previous->arena);
    arena_dispose(&previous->newer);
    buf_dispose(&previous->line);
    buf_dispose(&previous->reason);
    free(previous);
}

const struct meta_previous *previous_meta(const struct previous *previous)
{
    return previous == NULL ? NULL : &previous->meta;
}

/* ---- finding ------------------------------------------------------------------------------------------- */

/* Of several records of a domain, as after a crash, the last fetch counts. Who is taken keeps the arena that
 * it stands in; the other one is free for the next. */
static void take_newer(struct previous *previous, const struct cached_read *found, const char *domain,
                       const struct cached_policy **newest)
{
    if (strcmp(found->domain, domain) != 0 ||
        (*newest != NULL && (*newest)->fetched >= found->policy->fetched))
        return;
    struct arena taken = previous->arena;
    previous->arena = previous->newer;
    previous->newer = taken;
    *newest = found->policy;
}

static enum error read_back(struct previous *previous, uint64_t place, struct bytes *line)
{
    enum error error = spill_get(previous->spill, place, line);
    if (error == ERR_IO || error == ERR_CORRUPT)
        (void)snprintf(previous->unread, sizeof previous->unread, "%s",
                       error == ERR_IO ? errno_said(errno) : error_text(error));
    return error;
}

/* Reads a candidate into an arena that holds nothing else: together they may be larger than any. */
static enum error try_place(struct previous *previous, uint64_t place, const char *domain,
                            const struct cached_policy **newest)
{
    struct cached_read found;
    struct bytes line;
    enum error error = read_back(previous, place, &line);
    if (error != ERR_OK)
        return error;
    arena_reset(&previous->arena);
    buf_reset(&previous->reason);
    error = cached_read_kept(line, &previous->arena, &found, &previous->reason);
    if (error == ERR_OK)
        take_newer(previous, &found, domain, newest);
    if (!refused_is_of_record(error))
        return error;
    previous->meta.left_out++;
    return ERR_OK;
}

static struct cached_policy *copy(const struct cached_policy *policy, struct arena *arena)
{
    struct cached_policy *own = arena_alloc(arena, sizeof *own);
    if (own != NULL)
        fields_copy(&fields_cached, policy, arena, KEPT_FOR_DOMAINS, own);
    return arena->full ? NULL : own;
}

enum error previous_find(struct previous *previous, const char *domain, struct arena *arena,
                         struct cached_policy **policy)
{
    uint64_t places[TABLE_PLACES_A_KEY];
    size_t count = table_find(&previous->table, hash_of(domain), places);
    const struct cached_policy *newest = NULL;
    *policy = NULL;
    for (size_t i = 0; i < count; i++) {
        enum error error = try_place(previous, places[i], domain, &newest);
        if (error != ERR_OK)
            return error;
    }
    if (newest != NULL)
        *policy = copy(newest, arena);
    return newest != NULL && *policy == NULL ? ERR_MEMORY : ERR_OK;
}

bool previous_say_reason(const struct previous *previous, struct buf *why)
{
    if (previous == NULL || previous->unread[0] == 0)
        return false;
    buf_printf(
        why,
        "%swhat was kept of --previous cannot be read back from the temporary file in TMPDIR (%s): mend "
        "that or set TMPDIR to another disk, and go on with --resume",
        why->len > 0 ? "; " : "", previous->unread);
    return true;
}
