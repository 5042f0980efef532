/* Opens directories and sorts them. */
#include "scanner/stages/stagedirs.h"

#include <stdlib.h>

#include "output/frames/frames.h"
#include "scanner/base/shown.h"
#include "scanner/json/json_read.h"
#include "scanner/stages/sha256.h"

enum { META_BYTES = 16 << 20, REASON_BYTES = 4096 };

/* ---- one directory ------------------------------------------------------------------------------------- */

/* Reads "i/n"; "" is 1/1. */
static bool read_shard(const char *text, struct stagedir *dir)
{
    const char *slash = strchr(text, '/');
    uint64_t shard = 1, shards = 1;
    if (text[0] != 0 &&
        (slash == NULL || !json_read_number(bytes_make(text, (size_t)(slash - text)), &shard) ||
         !json_read_number(bytes_of(slash + 1), &shards)))
        return false;
    dir->shard = (uint32_t)shard;
    dir->shards = (uint32_t)shards;
    return shard > 0 && shard <= shards && shards <= PLAN_SHARDS_MOST;
}

static enum error sum_meta(struct stagedir *dir, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_BYTES);
    enum error error = scanview_file(dir->view, "meta.json", &text, why);
    if (error == ERR_OK && !sha256_of(buf_bytes(&text), dir->sha256))
        error = ERR_LIBRARY;
    buf_dispose(&text);
    return error;
}

static enum error look_at(struct stagedir *dir, struct buf *why)
{
    enum error error = scanview_open(dir->path, &dir->view, why);
    if (error != ERR_OK)
        return error;
    const struct meta_stored *meta = scanview_meta(dir->view);
    dir->whole = frames_scan_is_whole(scanview_fd(dir->view)) && scanview_state(dir->view) == VIEW_DONE;
    if (meta->plan.id[0] != 0)
        dir->kind = STAGEDIR_PROBES;
    else if (meta->is_names)
        dir->kind = STAGEDIR_NAMES;
    if (dir->kind == STAGEDIR_NAMES && !read_shard(meta->shard, dir)) {
        (void)buf_printf(why, "its meta.json has a scan.shard that is none (%s)", meta->shard);
        return ERR_CORRUPT;
    }
    return dir->kind == STAGEDIR_NAMES ? sum_meta(dir, why) : ERR_OK;
}

/* Opens one. What cannot be read is kept with its reason; ERR_MEMORY alone ends it. */
static enum error open_one(const char *path, struct stagedir *dir)
{
    struct buf why;
    *dir = (struct stagedir){.path = path, .kind = STAGEDIR_OTHER};
    buf_init(&why, REASON_BYTES);
    dir->error = look_at(dir, &why);
    if (dir->error != ERR_OK) {
        scanview_close(dir->view);
        dir->view = NULL;
        dir->kind = STAGEDIR_OTHER;
        dir->reason = strdup(why.len > 0 ? buf_string(&why) : error_text(dir->error));
    }
    buf_dispose(&why);
    return dir->error == ERR_MEMORY || (dir->error != ERR_OK && dir->reason == NULL) ? ERR_MEMORY : ERR_OK;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static int by_number(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

const struct meta_plan *stagedir_plan(const struct stagedir *probes)
{
    return &scanview_meta(probes->view)->plan;
}

void stagedir_say(const struct stagedir *dir, enum error error, struct buf *reason, struct buf *why)
{
    (void)buf_printf(why, "%s: %s", shown(dir->path),
                     reason->len > 0 ? buf_string(reason) : error_text(error));
}

void stagedir_blame(const struct stagedir *dir, enum error error, struct buf *reason, struct buf *why,
                    size_t before)
{
    struct buf said;
    if (error == ERR_OK || error == ERR_STOPPED || (error != ERR_CORRUPT && why->len > before))
        return;
    buf_init(&said, REASON_BYTES);
    (void)buf_text(&said, buf_string(why) + before);
    (void)buf_printf(&said, "%s%s", said.len > 0 && reason->len > 0 ? ": " : "", buf_string(reason));
    why->len = before;
    stagedir_say(dir, error, &said, why);
    buf_dispose(&said);
}

static int compare_probes(const struct stagedir *a, const struct stagedir *b)
{
    const struct meta_plan *one = stagedir_plan(a), *other = stagedir_plan(b);
    if (one->round != other->round)
        return by_number(one->round, other->round);
    if (one->part != other->part)
        return by_number(one->part, other->part);
    return strcmp(one->vantage, other->vantage);
}

static int compare(const void *left, const void *right)
{
    const struct stagedir *a = left, *b = right;
    int order = a->kind != b->kind           ? by_number(a->kind, b->kind)
                : a->kind == STAGEDIR_NAMES  ? by_number(a->shard, b->shard)
                : a->kind == STAGEDIR_PROBES ? compare_probes(a, b)
                                             : 0;
    return order != 0 ? order : strcmp(a->path, b->path);
}

enum error stagedirs_open(const char *const *paths, size_t count, struct stagedirs *dirs)
{
    enum error error = ERR_OK;
    *dirs = (struct stagedirs){.list = calloc(count + 1, sizeof *dirs->list)};
    if (dirs->list == NULL)
        return ERR_MEMORY;
    size_t *const counts[] = {&dirs->name_count, &dirs->probe_count, &dirs->other_count};
    for (size_t i = 0; i < count && error == ERR_OK; i++) {
        error = open_one(paths[i], &dirs->list[i]);
        (*counts[dirs->list[i].kind])++;
    }
    qsort(dirs->list, dirs->name_count + dirs->probe_count + dirs->other_count, sizeof *dirs->list, compare);
    dirs->names = dirs->list;
    dirs->probes = dirs->names + dirs->name_count;
    dirs->others = dirs->probes + dirs->probe_count;
    if (dirs->probe_count > 0)
        dirs->rounds = stagedir_plan(dirs->others - 1)->round;
    return error;
}

void stagedirs_close(struct stagedirs *dirs)
{
    size_t count = dirs->list == NULL ? 0 : dirs->name_count + dirs->probe_count + dirs->other_count;
    for (size_t i = 0; i < count; i++) {
        scanview_close(dirs->list[i].view);
        free(dirs->list[i].reason);
    }
    free(dirs->list);
    *dirs = (struct stagedirs){.list = NULL};
}

enum error stagedirs_plan_names(const struct stagedirs *dirs, struct plan_names **names,
                                char sum[PLAN_SHA256_BYTES])
{
    struct plan_names *list = *names = calloc(dirs->name_count, sizeof *list);
    if (list == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < dirs->name_count; i++) {
        list[i].shard = dirs->names[i].shard;
        memcpy(list[i].sha256, dirs->names[i].sha256, sizeof list[i].sha256);
    }
    return plandir_names_sum(list, (uint32_t)dirs->name_count, sum) ? ERR_OK : ERR_LIBRARY;
}
