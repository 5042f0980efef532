/* Reads the records of an earlier scan one by one, and says what of it cannot be read. */
#include "output/readback/cached_walk.h"

#include <inttypes.h>

#include "output/readback/refused.h"
#include "scanner/base/shown.h"

enum { REASON_BYTES = 1024 };

struct reading {
    struct cached_walk *walk;
    struct arena arena; /* of the record at hand */
    struct buf reason;  /* likewise */
};

static void leave_out(struct reading *reading, enum error error)
{
    struct cached_walk *walk = reading->walk;
    const char *reason = reading->reason.len > 0 ? buf_string(&reading->reason) : error_text(error);
    if (walk->lacking++ == 0)
        (void)snprintf(walk->first, sizeof walk->first, "%s", reason);
}

static enum error on_line(void *arg, struct bytes line)
{
    struct reading *reading = arg;
    struct cached_walk *walk = reading->walk;
    struct cached_read found;
    if (!cached_is_named(line))
        return scanview_refuse(walk->view, ERR_SYNTAX, "it names no domain");
    if (!cached_may_stand(line))
        return ERR_OK;
    arena_reset(&reading->arena);
    buf_reset(&reading->reason);
    enum error error = cached_read_record(line, walk->now_ms, &reading->arena, &found, &reading->reason);
    walk->over += error == ERR_OK && found.over;
    if (error == ERR_OK && found.policy != NULL)
        error = walk->take(walk->arg, &found);
    if (!refused_is_of_record(error))
        return error;
    leave_out(reading, error);
    return ERR_OK;
}

enum error cached_walk(struct cached_walk *walk, FILE *err, struct buf *why)
{
    const size_t before = why->len;
    struct reading reading = {.walk = walk};
    arena_init(&reading.arena, READ_ARENA_BYTES);
    buf_init(&reading.reason, REASON_BYTES);
    enum error error = scanview_lines(walk->view, VIEW_DOMAINS, on_line, &reading, why);
    arena_dispose(&reading.arena);
    buf_dispose(&reading.reason);
    if (error != ERR_CORRUPT || why->len == before)
        return error;
    (void)fprintf(err, "stsweep: previous: %s is damaged, and read as far as it is whole: %s%s\n",
                  shown(walk->dir), buf_string(why) + before, error_next(error));
    why->len = before;
    walk->damaged = true;
    return ERR_OK;
}

void cached_walk_say_lacking(const struct cached_walk *walk, FILE *err)
{
    if (walk->lacking > 0)
        (void)fprintf(err,
                      "stsweep: previous: %s, which stsweep %s made, has records that lack what is needed: "
                      "%" PRIu64 " (the first: %s). What senders have of those domains is not known\n",
                      shown(walk->dir), shown(scanview_meta(walk->view)->version), walk->lacking,
                      walk->first);
}
