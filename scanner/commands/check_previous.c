/* Walks over an earlier scan and keeps what it says of a few names. */
#include "scanner/commands/check_previous.h"

#include <string.h>

#include "output/readback/cached_read.h"
#include "output/readback/scanview.h"
#include "scanner/base/shown.h"
#include "scanner/facts/fields.h"

enum { REASON_BYTES = 1024 };

struct walk {
    const struct check_previous *asked;
    int64_t now_ms;
    struct arena arena; /* of the record at hand */
    struct buf reason;
    struct scanview *view;
};

/* Of several records of a domain the last fetch counts. */
static enum error keep(struct walk *walk, size_t i, const struct cached_policy *policy)
{
    const struct check_previous *asked = walk->asked;
    if (asked->policies[i] != NULL && asked->policies[i]->fetched >= policy->fetched)
        return ERR_OK;
    struct cached_policy *copy = arena_alloc(asked->arena, sizeof *copy);
    if (copy == NULL)
        return ERR_MEMORY;
    fields_copy(&fields_cached, policy, asked->arena, KEPT_FOR_DOMAINS, copy);
    asked->policies[i] = copy;
    return asked->arena->full ? ERR_MEMORY : ERR_OK;
}

/* Of a record that is none, or lacks what is needed, it is not known whose it is, or what senders have. */
static enum error on_line(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    struct cached_read found;
    if (!cached_is_named(line))
        return scanview_refuse(walk->view, ERR_SYNTAX, "it names no domain");
    if (!cached_may_stand(line))
        return ERR_OK;
    arena_reset(&walk->arena);
    buf_reset(&walk->reason);
    enum error error = cached_read_record(line, walk->now_ms, &walk->arena, &found, &walk->reason);
    if (error != ERR_OK)
        return scanview_refuse(walk->view, error, buf_string(&walk->reason));
    if (found.policy == NULL)
        return ERR_OK;
    for (size_t i = 0; i < walk->asked->count && error == ERR_OK; i++)
        if (walk->asked->names[i] != NULL && strcmp(walk->asked->names[i], found.domain) == 0)
            error = keep(walk, i, found.policy);
    return error;
}

static enum error walk_over(struct scanview *view, const char *dir, struct walk *walk, FILE *err,
                            struct buf *why)
{
    if (scanview_state(view) != VIEW_DONE)
        (void)fprintf(err, "stsweep: previous: %s is not at its end: only what it has is known\n",
                      shown(dir));
    walk->view = view;
    enum error error = scanview_lines(view, VIEW_DOMAINS, on_line, walk, why);
    if (error != ERR_CORRUPT || why->len == 0)
        return error;
    (void)fprintf(err, "stsweep: previous: %s is damaged, and read as far as it is whole: %s%s\n", shown(dir),
                  buf_string(why), error_next(error));
    buf_reset(why);
    return ERR_OK;
}

enum error check_previous_read(const char *dir, int64_t now_ms, const struct check_previous *asked, FILE *err,
                               struct buf *why)
{
    struct walk walk = {.asked = asked, .now_ms = now_ms};
    struct scanview *view;
    enum error error = scanview_open_previous(dir, &view, why);
    arena_init(&walk.arena, READ_ARENA_BYTES);
    buf_init(&walk.reason, REASON_BYTES);
    if (error == ERR_OK)
        error = walk_over(view, dir, &walk, err, why);
    arena_dispose(&walk.arena);
    buf_dispose(&walk.reason);
    scanview_close(view);
    return error;
}
