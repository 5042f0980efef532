/* Walks over an earlier scan and keeps what it says of a few names. */
#include "scanner/commands/check_previous.h"

#include <string.h>

#include "output/readback/cached_walk.h"
#include "scanner/base/shown.h"
#include "scanner/facts/fields.h"

/* Of several records of a domain the last fetch counts. */
static enum error keep(const struct check_previous *asked, size_t i, const struct cached_policy *policy)
{
    if (asked->policies[i] != NULL && asked->policies[i]->fetched >= policy->fetched)
        return ERR_OK;
    struct cached_policy *copy = arena_alloc(asked->arena, sizeof *copy);
    if (copy == NULL)
        return ERR_MEMORY;
    fields_copy(&fields_cached, policy, asked->arena, KEPT_FOR_DOMAINS, copy);
    asked->policies[i] = copy;
    return asked->arena->full ? ERR_MEMORY : ERR_OK;
}

static enum error take(void *arg, const struct cached_read *found)
{
    const struct check_previous *asked = arg;
    enum error error = ERR_OK;
    for (size_t i = 0; i < asked->count && error == ERR_OK; i++)
        if (asked->names[i] != NULL && strcmp(asked->names[i], found->domain) == 0)
            error = keep(asked, i, found->policy);
    return error;
}

static enum error walk_over(struct cached_walk *walk, FILE *err, struct buf *why)
{
    if (scanview_state(walk->view) != VIEW_DONE)
        (void)fprintf(err, "stsweep: previous: %s is not at its end: only what it has is known\n",
                      shown(walk->dir));
    enum error error = cached_walk(walk, err, why);
    if (error == ERR_OK)
        cached_walk_say_lacking(walk, err);
    return error;
}

enum error check_previous_read(const char *dir, int64_t now_ms, const struct check_previous *asked, FILE *err,
                               struct buf *why)
{
    struct check_previous to = *asked;
    struct cached_walk walk = {.dir = dir, .now_ms = now_ms, .take = take, .arg = &to};
    enum error error = scanview_open_previous(dir, &walk.view, why);
    if (error == ERR_OK)
        error = walk_over(&walk, err, why);
    scanview_close(walk.view);
    return error;
}
