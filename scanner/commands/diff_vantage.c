/* Keeps what each place was answered, and goes through both. */
#include "scanner/commands/diff_vantage.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/diff_seen_kept.h"
#include "scanner/commands/diff_vantage_tell.h"
#include "scanner/machine/sandbox.h"

enum { WHY_BYTES = 16 * 1024, PLACE_BYTES = SHOWN_BYTES + 1 };

struct vantage {
    const struct diff_request *request;
    FILE *out, *err;
    struct side_reader reader;
    struct side sides[2];
    struct seen_kept kept[2];
    char places[2][PLACE_BYTES];
    struct vantage_tell tell;
    struct buf why;
    size_t at; /* the side that is read, or gone through */
};

/* ---- what the places are called ------------------------------------------------------------------------ */

/* Calls a place by what its directory says of itself, else by the directory's own name. */
static void call_place(const struct side *side, bool by_path, char place[PLACE_BYTES])
{
    const char *vantage = scanview_meta(side->view)->vantage;
    char *path = strdup(side->path);
    if (path == NULL)
        out_of_memory("a place");
    const char *name = by_path ? side->path : vantage[0] != 0 ? vantage : basename(path);
    (void)snprintf(place, PLACE_BYTES, "%s", shown_within(name, SHOWN_BYTES));
    free(path);
}

/* Two places of one name are told apart by their paths. */
static void call_places(struct vantage *vantage)
{
    for (size_t i = 0; i < 2; i++)
        call_place(&vantage->sides[i], false, vantage->places[i]);
    bool are_alike = strcmp(vantage->places[0], vantage->places[1]) == 0;
    for (size_t i = 0; are_alike && i < 2; i++)
        call_place(&vantage->sides[i], true, vantage->places[i]);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static enum error take(struct vantage *vantage, const struct view_record *record,
                       enum error (*read)(struct bytes line, struct seen *seen))
{
    struct seen seen;
    struct bytes line = record->line;
    if (record->found != VIEW_AS_STORED)
        line = show_judge_line(&vantage->sides[vantage->at].judge, record);
    enum error error = read(line, &seen);
    if (error == ERR_NOT_FOUND)
        return ERR_OK;
    if (error != ERR_OK)
        return scanview_refuse(vantage->sides[vantage->at].view, error, NULL);
    return seen_kept_add(&vantage->kept[vantage->at], &seen, &vantage->why);
}

static enum error on_host(void *arg, const struct view_record *record)
{
    return take(arg, record, seen_read_host);
}

static enum error on_domain(void *arg, const struct view_record *record)
{
    return take(arg, record, seen_read_domain);
}

/* Reads a stream as far as it is whole; damage is said. */
static enum error read_stream(struct vantage *vantage, enum view_stream stream,
                              enum error (*on_record)(void *arg, const struct view_record *record))
{
    struct side *side = &vantage->sides[vantage->at];
    enum error error = scanview_records(side->view, stream, on_record, vantage, &vantage->why);
    except_list_tell(&vantage->reader.except, side->view, stream, side->path, vantage->err);
    if (error != ERR_CORRUPT || vantage->why.len == 0)
        return error;
    (void)fprintf(vantage->err, "stsweep: diff: %s is damaged, and compared as far as it is whole: %s%s\n",
                  shown(side->path), buf_string(&vantage->why), error_next(error));
    buf_reset(&vantage->why);
    side->damaged = true;
    return ERR_OK;
}

static enum error read_side(struct vantage *vantage, size_t at)
{
    vantage->at = at;
    enum error error = seen_kept_init(&vantage->kept[at], &vantage->why);
    if (error == ERR_OK)
        error = read_stream(vantage, VIEW_HOSTS, on_host);
    if (error == ERR_OK)
        error = read_stream(vantage, VIEW_DOMAINS, on_domain);
    return error == ERR_OK ? seen_kept_end(&vantage->kept[at], &vantage->why) : error;
}

/* Opens both, and makes them follow the same rules. */
static enum error open_sides(struct vantage *vantage)
{
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < 2; i++) {
        vantage->sides[i].path = vantage->request->paths[i];
        error = side_open(&vantage->sides[i], &vantage->reader);
    }
    bool agree = error == ERR_OK && sides_agree(vantage->sides, 2);
    for (size_t i = 0; error == ERR_OK && !agree && i < 2; i++)
        error = side_judge_anew(&vantage->sides[i], &vantage->reader);
    return error;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static enum error on_seen(void *arg, const struct seen *seen)
{
    struct vantage *vantage = arg;
    struct seen other;
    if (ferror(vantage->out))
        return ERR_STOPPED;
    enum error error = seen_kept_find(&vantage->kept[1 - vantage->at], seen, &other);
    if (error == ERR_NOT_FOUND)
        return vantage_tell_alone(&vantage->tell, vantage->at, seen, &vantage->why);
    if (error == ERR_OK && vantage->at == 0)
        vantage_tell_both(&vantage->tell, (const struct seen *const[2]){seen, &other});
    return error;
}

static enum error compare(struct vantage *vantage)
{
    enum error error = ERR_OK;
    call_places(vantage);
    vantage_tell_init(&vantage->tell, vantage->out, vantage->request,
                      (const char *const[2]){vantage->places[0], vantage->places[1]});
    for (size_t i = 0; error == ERR_OK && i < 2; i++) {
        vantage->at = i;
        error = seen_kept_walk(&vantage->kept[i], on_seen, vantage);
    }
    return error == ERR_OK ? vantage_tell_end(&vantage->tell, &vantage->why) : error;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static int finish(struct vantage *vantage, enum error error)
{
    bool whole = true, at_end = true;
    for (size_t i = 0; i < 2; i++)
        whole = side_tell_judged(&vantage->sides[i], vantage->err) && !vantage->sides[i].damaged && whole;
    if (error != ERR_OK) {
        (void)fprintf(vantage->err, "stsweep: diff: %s%s\n",
                      vantage->why.len > 0 ? buf_string(&vantage->why) : error_text(error),
                      error_next(error));
        return exit_code_of(error);
    }
    for (size_t i = 0; i < 2; i++) {
        side_say_unfinished(&vantage->sides[i], &vantage->reader);
        at_end = at_end && !side_is_unfinished(&vantage->sides[i]);
    }
    whole = fflush(vantage->out) == 0 && !ferror(vantage->out) && whole;
    if (!whole || !at_end)
        return whole ? EXIT_STOPPED : EXIT_FAILED;
    return vantage_tell_differs(&vantage->tell) ? EXIT_NO : EXIT_DONE;
}

static void dispose(struct vantage *vantage)
{
    vantage_tell_dispose(&vantage->tell);
    side_reader_dispose(&vantage->reader);
    buf_dispose(&vantage->why);
    for (size_t i = 0; i < 2; i++) {
        seen_kept_dispose(&vantage->kept[i]);
        side_close(&vantage->sides[i]);
    }
}

int diff_vantage_run(const struct diff_request *request, FILE *out, FILE *err)
{
    struct vantage vantage = {.request = request, .out = out, .err = err};
    buf_init(&vantage.why, WHY_BYTES);
    enum error error = side_reader_init(&vantage.reader, "diff", err, &request->except, &vantage.why);
    sandbox_enter_reader(&(struct sandbox_reader){
        .read = request->paths, .read_count = request->path_count, .temporary = true});
    if (error == ERR_OK)
        error = open_sides(&vantage);
    for (size_t i = 0; error == ERR_OK && i < 2; i++)
        error = read_side(&vantage, i);
    if (error == ERR_OK)
        error = compare(&vantage);
    int code = finish(&vantage, error);
    dispose(&vantage);
    return code;
}
