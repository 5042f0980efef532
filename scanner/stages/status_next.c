/* Writes the command that comes next, with the directories that were given. */
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/scan/naming.h"
#include "scanner/stages/status_tell.h"

enum { WORD_BYTES = 64 };

/* Finds a directory that counts, of this kind, round (0: any) and number (0: any). */
static const struct status_dir *find_dir(const struct status *status, enum status_kind kind, uint32_t round,
                                         uint32_t number)
{
    for (size_t i = 0; i < status->count; i++) {
        const struct status_dir *dir = &status->dirs[i];
        if (dir->kind == kind && !dir->is_counted_out && (round == 0 || dir->plan.round == round) &&
            (number == 0 || dir->number == number))
            return dir;
    }
    return NULL;
}

static void put_word(struct buf *text, const char *word)
{
    naming_command(text, &word, 1);
}

/* Returns the directory above a path, to be freed; NULL if memory is short. */
static char *parent_of(const char *path)
{
    char *copy = strdup(path), *parent = copy == NULL ? NULL : strdup(dirname(copy));
    free(copy);
    return parent;
}

/* Puts a directory for a shard or part: the one that stands there, or one beside another, or a usual name. */
static void put_place(struct buf *text, const struct status *status, enum status_kind kind, uint32_t round,
                      uint32_t number, const char *usual)
{
    const struct status_dir *own = find_dir(status, kind, round, number);
    const struct status_dir *beside = find_dir(status, kind, round, 0);
    char *parent = beside == NULL ? NULL : parent_of(beside->path);
    struct buf path;
    buf_init(&path, 64 * 1024);
    if (own != NULL)
        (void)buf_text(&path, own->path);
    else
        (void)buf_printf(&path, "%s/%" PRIu32, parent == NULL ? usual : parent, number);
    put_word(text, buf_string(&path));
    buf_dispose(&path);
    free(parent);
}

/* Puts all directories of a kind: DIR/\* where they stand in one directory. */
static void put_all(struct buf *text, const struct status *status, enum status_kind kind, const char *usual)
{
    const struct status_dir *first = find_dir(status, kind, 0, 0);
    char *parent = first == NULL ? NULL : parent_of(first->path);
    bool is_one = true;
    for (size_t i = 0; parent != NULL && i < status->count; i++) {
        const struct status_dir *dir = &status->dirs[i];
        char *its = dir->kind == kind && !dir->is_counted_out ? parent_of(dir->path) : NULL;
        is_one = is_one && (its == NULL || strcmp(its, parent) == 0);
        free(its);
    }
    put_word(text, !is_one ? usual : parent == NULL ? usual : parent);
    if (is_one)
        (void)buf_text(text, "/*");
    else
        (void)buf_text(text, "...");
    free(parent);
}

static void put_names(const struct status *status, struct buf *text)
{
    uint32_t number = numbers_first(&status->missing);
    char shard[WORD_BYTES];
    if (status->shards == 0)
        (void)snprintf(shard, sizeof shard, "%" PRIu32 "/N", number == 0 ? 1 : number);
    else
        (void)snprintf(shard, sizeof shard, "%" PRIu32 "/%" PRIu32, number, status->shards);
    (void)buf_printf(text, "stsweep scan LIST --stage names --shard %s -o", shard);
    put_place(text, status, STATUS_NAMES, 0, number == 0 ? 1 : number, "names");
}

static void put_plan_path(const struct status *status, struct buf *text)
{
    put_word(text, status->plan == NULL ? "plan" : status->plan->path);
}

void status_put_next(const struct status *status, struct buf *text)
{
    uint32_t number = numbers_first(&status->missing);
    bool waits = number == 0 && status->is_lacking && status->shards + status->round_count > 0;
    if (waits && (status->next == NEXT_NAMES || status->next == NEXT_PROBE))
        return; /* all that is missing is being written */
    if (status->next == NEXT_NAMES) {
        put_names(status, text);
    } else if (status->next == NEXT_PLAN) {
        (void)buf_text(text, "stsweep plan");
        put_all(text, status, STATUS_NAMES, "names");
        (void)buf_text(text, " --parts K -o");
        put_plan_path(status, text);
    } else if (status->next == NEXT_PROBE) {
        (void)buf_text(text, "stsweep probe");
        put_plan_path(status, text);
        (void)buf_printf(text, " --part %" PRIu32 " -o", number);
        put_place(text, status, STATUS_PROBE, status->round_count, number, "probes");
    } else {
        (void)buf_text(text, "stsweep plan");
        put_all(text, status, STATUS_NAMES, "names");
        put_all(text, status, STATUS_PROBE, "probes");
        (void)buf_text(text, " --again");
        put_plan_path(status, text);
    }
}
