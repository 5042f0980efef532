/* Looks at the lock, the small files, and the heads of the frames. */
#include "scanner/stages/status_look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xxhash.h>

#include "output/frames/disk.h"
#include "output/frames/frames_tally.h"
#include "output/store/store_dir.h"
#include "scanner/base/errno_said.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"
#include "scanner/stages/stagedirs.h"

enum {
    REASON_BYTES = 4096,
    FILE_BYTES = 16 << 20,
    TREE_BYTES = 64 << 20,
    PLAN_BYTES = 256 << 20,
    DIGITS_MOST = 6
};

const char *status_state_name(enum status_state state)
{
    static const char *const names[] = {[STATE_MISSING] = "missing",
                                        [STATE_BEGUN] = "begun",
                                        [STATE_TORN] = "torn",
                                        [STATE_RUNNING] = "being written",
                                        [STATE_WHOLE] = "whole"};
    return names[state];
}

uint32_t status_number_of(const char *path)
{
    size_t end = strlen(path), begin;
    while (end > 0 && path[end - 1] == '/')
        end--;
    for (begin = end; begin > 0 && path[begin - 1] >= '0' && path[begin - 1] <= '9';)
        begin--;
    uint64_t number = 0;
    while (end - begin > DIGITS_MOST && path[begin] == '0')
        begin++;
    bool is_one =
        end - begin <= DIGITS_MOST && json_read_number(bytes_make(path + begin, end - begin), &number);
    return is_one && number <= PLAN_SHARDS_MOST ? (uint32_t)number : 0;
}

void status_dir_dispose(struct status_dir *dir)
{
    free(dir->reason);
    dir->reason = NULL;
}

/* What is known while one directory is looked at. */
struct looking {
    struct status_dir *dir;
    const struct scanview *view; /* of a stage */
    int fd;
    bool is_locked;
    struct buf why;
};

/* Notes why; the first reason stays. */
static enum error give_reason(struct status_dir *dir, const char *text)
{
    if (dir->reason == NULL)
        dir->reason = strdup(text);
    return dir->reason == NULL ? ERR_MEMORY : ERR_OK;
}

static enum error unreadable(struct looking *look, enum error error)
{
    look->dir->kind = STATUS_UNREADABLE;
    return error == ERR_MEMORY
               ? error
               : give_reason(look->dir, look->why.len > 0 ? buf_string(&look->why) : error_text(error));
}

/* ---- records ------------------------------------------------------------------------------------------- */

/* Reads a small file of JSON into the arena; NULL if it is none. */
static const struct json_node *read_json(const struct looking *look, const char *name, struct arena *arena)
{
    struct buf text;
    const struct json_node *root = NULL;
    buf_init(&text, FILE_BYTES);
    if (disk_read(look->fd, name, &text) != ERR_OK ||
        json_tree_parse(buf_bytes(&text), arena, &root) != ERR_OK)
        root = NULL;
    buf_dispose(&text);
    return root;
}

/* Reads how many records a scan has that is at its end. */
static bool read_summary(struct looking *look)
{
    struct arena arena;
    arena_init(&arena, TREE_BYTES);
    const struct json_node *root = read_json(look, "summary.json", &arena);
    const struct json_node *records = root == NULL ? NULL : json_tree_at(root, "records");
    bool there = records != NULL && records->kind == JSON_NUMBER &&
                 json_read_number(records->text, &look->dir->records);
    arena_dispose(&arena);
    return there;
}

/* Makes a hash of what the lists are; it stays 0 while they are not known. */
static void read_list(struct looking *look)
{
    struct arena arena;
    arena_init(&arena, TREE_BYTES);
    const struct json_node *root = read_json(look, "meta.json", &arena);
    const struct json_node *inputs = root == NULL ? NULL : json_tree_at(root, "inputs");
    bool is_list = inputs != NULL && inputs->kind == JSON_ARRAY;
    for (const struct json_node *input = is_list ? inputs->first : NULL; input != NULL; input = input->next) {
        const struct json_node *sum = json_tree_at(input, "sha256");
        if (sum != NULL && sum->kind == JSON_STRING)
            look->dir->list = XXH3_64bits_withSeed(sum->text.data, sum->text.len, look->dir->list + 1) | 1;
    }
    arena_dispose(&arena);
}

static enum error torn(struct looking *look)
{
    look->dir->state = STATE_TORN;
    return give_reason(look->dir, buf_string(&look->why));
}

/* Goes over the frames of one stream. Of one that is written what stands at its end is not yet a fault. */
static enum error look_at_stream(struct looking *look, enum view_stream stream)
{
    const char *name = amount_name((enum amount_stream)stream);
    struct status_dir *dir = look->dir;
    struct frames_tally tally;
    bool counts = stream == VIEW_DOMAINS && !dir->at_end;
    buf_reset(&look->why);
    enum error error = frames_tally(look->fd, name, counts, &tally, &look->why);
    if (counts) {
        dir->records = tally.records;
        dir->about = !tally.exact;
    }
    if (error == ERR_CORRUPT)
        return look->is_locked ? ERR_OK : torn(look);
    if (error != ERR_OK)
        return unreadable(look, error);
    if (dir->at_end && tally.torn_bytes > 0)
        buf_printf(&look->why, "%s: its end is missing, though the scan was at its end", name);
    else if (dir->at_end)
        (void)scanview_is_amiss(look->view, stream, &look->why);
    return look->why.len > 0 && !look->is_locked ? torn(look) : ERR_OK;
}

static enum error look_at_records(struct looking *look)
{
    enum error error = ERR_OK;
    if (look->dir->at_end && !read_summary(look)) {
        buf_reset(&look->why);
        buf_text(&look->why, "summary.json cannot be read");
        error = torn(look);
    }
    for (enum view_stream i = 0; error == ERR_OK && i < VIEW_STREAMS; i++)
        error = look_at_stream(look, i);
    return error;
}

/* ---- kinds --------------------------------------------------------------------------------------------- */

static void take_stage(struct looking *look, const struct stagedir *found)
{
    struct status_dir *dir = look->dir;
    const struct meta_stored *meta = scanview_meta(found->view);
    bool is_names = found->kind == STAGEDIR_NAMES;
    dir->kind = is_names ? STATUS_NAMES : STATUS_PROBE;
    dir->at_end = found->whole;
    dir->state = look->is_locked ? STATE_RUNNING : found->whole ? STATE_WHOLE : STATE_BEGUN;
    dir->number = is_names ? found->shard : meta->plan.part;
    dir->shards = found->shards;
    dir->seed = meta->seed;
    dir->plan = meta->plan;
    memcpy(dir->sha256, found->sha256, sizeof dir->sha256);
}

static enum error look_at_scan(struct looking *look)
{
    struct stagedirs found;
    enum error error = stagedirs_open(&look->dir->path, 1, &found);
    if (error == ERR_OK && found.list[0].view == NULL) {
        buf_text(&look->why, found.list[0].reason);
        error = unreadable(look, found.list[0].error);
    } else if (error == ERR_OK && found.list[0].kind == STAGEDIR_OTHER) {
        look->dir->kind = STATUS_OTHER;
        error = give_reason(look->dir, "it is a whole scan, of no stage");
    } else if (error == ERR_OK) {
        take_stage(look, &found.list[0]);
        if (look->dir->kind == STATUS_NAMES)
            read_list(look);
        look->view = found.list[0].view;
        error = look_at_records(look);
    }
    stagedirs_close(&found);
    return error;
}

/* Is anything of a plan there, if no round is whole? */
static bool holds_plan(const struct looking *look)
{
    int fd = openat(look->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    bool found = false;
    if (listing == NULL && fd >= 0)
        (void)close(fd);
    for (const struct dirent *entry; listing != NULL && !found && (entry = readdir(listing)) != NULL;)
        found = strncmp(entry->d_name, "contacts-", strlen("contacts-")) == 0 ||
                strncmp(entry->d_name, "plan-", strlen("plan-")) == 0;
    if (listing != NULL)
        (void)closedir(listing);
    return found;
}

static enum error look_at_plan(struct looking *look)
{
    struct status_dir *dir = look->dir;
    struct arena arena;
    struct plan plan;
    arena_init(&arena, PLAN_BYTES);
    enum error error = plandir_read(look->fd, 0, &arena, &plan, &look->why);
    arena_dispose(&arena);
    dir->kind = STATUS_PLAN;
    dir->state = look->is_locked ? STATE_RUNNING : error == ERR_OK ? STATE_WHOLE : STATE_BEGUN;
    dir->at_end = error == ERR_OK;
    if (error == ERR_OK)
        return ERR_OK;
    if (error != ERR_NOT_FOUND)
        return unreadable(look, error);
    if (!holds_plan(look)) {
        dir->kind = STATUS_EMPTY;
        dir->number = status_number_of(dir->path);
    }
    return ERR_OK;
}

static enum error look_nowhere(struct looking *look, int number)
{
    if (number == ENOENT) {
        look->dir->kind = STATUS_EMPTY;
        look->dir->state = STATE_MISSING;
        look->dir->number = status_number_of(look->dir->path);
        return ERR_OK;
    }
    buf_text(&look->why, errno_said(number));
    return unreadable(look, ERR_IO);
}

enum error status_look(const char *path, struct status_dir *dir)
{
    struct looking look = {.dir = dir};
    *dir = (struct status_dir){.path = path};
    buf_init(&look.why, REASON_BYTES);
    look.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int number = errno;
    char holder[STORE_DIR_HOLDER_BYTES] = "";
    look.is_locked = look.fd >= 0 && store_dir_is_locked(path, holder);
    enum error error = look.fd < 0                      ? look_nowhere(&look, number)
                       : disk_has(look.fd, "meta.json") ? look_at_scan(&look)
                                                        : look_at_plan(&look);
    if (look.fd >= 0)
        (void)close(look.fd);
    buf_dispose(&look.why);
    return error == ERR_OK && holder[0] != 0 && dir->state == STATE_RUNNING ? give_reason(dir, holder)
                                                                            : error;
}
