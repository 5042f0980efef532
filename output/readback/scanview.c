/* Opens a scan directory and walks it, for every command that reads one. */
#include "output/readback/scanview.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames.h"
#include "output/readback/except.h"
#include "output/readback/facts_index.h"
#include "output/readback/refused.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { ARENA_BYTES = 256 << 20, REASON_BYTES = 4096, DAMAGE_BYTES = 64 << 10, SUMMARY_BYTES = 64 << 20 };

struct scanview {
    int dir_fd;
    struct meta_stored meta;
    struct view_judge judge;
    struct facts_index *index; /* NULL: records are given as they are stored */
    struct facts_source source;
    struct arena arena;    /* of the record at hand */
    struct buf reason;     /* likewise */
    struct except *except; /* NULL: nothing is left out */
    enum { NOTED_NOTHING, NOTED_HOSTS, NOTED_CERTS } noted;
    uint64_t left_out[VIEW_STREAMS];
    struct refused refused[VIEW_STREAMS];
    enum view_stream at;                /* the stream of the walk at hand */
    uint64_t there_bytes[VIEW_STREAMS]; /* of the record files, when the view was opened */
    uint64_t counted[VIEW_STREAMS]; /* records by summary.json, of a scan whose meta.json has no amounts */
    struct buf damage;              /* of what was indexed; a line each */
};

/* Reads what summary.json says of a stream that meta.json says nothing of. It may be absent or damaged: that
 * is said by whoever needs it. */
static void read_counts(struct scanview *view)
{
    static const char *const keys[VIEW_STREAMS] = {[VIEW_DOMAINS] = "records", [VIEW_REJECTS] = "rejects"};
    struct buf text;
    struct arena arena;
    const struct json_node *root;
    buf_init(&text, SUMMARY_BYTES);
    arena_init(&arena, ARENA_BYTES);
    if (disk_read(view->dir_fd, "summary.json", &text) == ERR_OK &&
        json_tree_parse(buf_bytes(&text), &arena, &root) == ERR_OK)
        for (enum view_stream i = 0; i < VIEW_STREAMS; i++) {
            const struct json_node *count = keys[i] == NULL ? NULL : json_tree_at(root, keys[i]);
            if (count != NULL && count->kind == JSON_NUMBER && !view->meta.amounts[i].known)
                (void)json_read_number(count->text, &view->counted[i]);
        }
    arena_dispose(&arena);
    buf_dispose(&text);
}

/* Measures the record files of a scan that says what they are to be. */
static void measure(struct scanview *view)
{
    for (enum view_stream i = 0; i < VIEW_STREAMS; i++)
        view->there_bytes[i] = amount_bytes_in(view->dir_fd, (enum amount_stream)i);
    if (scanview_state(view) == VIEW_DONE && !view->meta.amounts[VIEW_DOMAINS].known)
        read_counts(view);
}

static enum error open_directory(struct scanview *view, const char *dir, struct buf *why)
{
    view->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (view->dir_fd >= 0) {
        enum error error = meta_read_in(view->dir_fd, &view->meta, why);
        if (error == ERR_OK)
            measure(view);
        return error;
    }
    int number = errno;
    buf_text(why, errno_said(number));
    errno = number;
    return error_of_file(number);
}

enum error scanview_open(const char *dir, struct scanview **made, struct buf *why)
{
    struct scanview *view = calloc(1, sizeof *view);
    *made = NULL;
    if (view == NULL)
        return ERR_MEMORY;
    arena_init(&view->arena, ARENA_BYTES);
    buf_init(&view->reason, REASON_BYTES);
    buf_init(&view->damage, DAMAGE_BYTES);
    enum error error = open_directory(view, dir, why);
    if (error == ERR_OK) {
        *made = view;
        return ERR_OK;
    }
    int number = errno;
    scanview_close(view);
    errno = number;
    return error;
}

enum error scanview_open_previous(const char *dir, struct scanview **view, struct buf *why)
{
    struct buf reason;
    buf_init(&reason, REASON_BYTES);
    enum error error = scanview_open(dir, view, &reason);
    if (error != ERR_OK) {
        const char *text = reason.len > 0 ? buf_string(&reason) : error_text(error);
        /* What follows a semicolon is what to do in general. */
        buf_printf(why, "--previous %s cannot be used: %.*s: give the directory of an earlier scan, or none",
                   shown(dir), (int)strcspn(text, ";"), text);
    }
    buf_dispose(&reason);
    return error;
}

void scanview_close(struct scanview *view)
{
    if (view == NULL)
        return;
    facts_index_close(view->index);
    except_free(view->except);
    arena_dispose(&view->arena);
    buf_dispose(&view->reason);
    buf_dispose(&view->damage);
    if (view->dir_fd >= 0)
        (void)close(view->dir_fd);
    free(view);
}

enum view_state scanview_state(const struct scanview *view)
{
    static const char *const names[] = {
        [VIEW_READING] = "reading", [VIEW_STOPPED] = "stopped", [VIEW_DONE] = "done"};
    for (enum view_state state = VIEW_READING; state <= VIEW_DONE; state++)
        if (names[state] != NULL && strcmp(view->meta.state, names[state]) == 0)
            return state;
    return VIEW_SCANNING;
}

const struct meta_stored *scanview_meta(const struct scanview *view)
{
    return &view->meta;
}

int scanview_fd(const struct scanview *view)
{
    return view->dir_fd;
}

enum error scanview_file(const struct scanview *view, const char *name, struct buf *text, struct buf *why)
{
    enum error error = disk_read(view->dir_fd, name, text);
    int number = errno;
    if (error != ERR_OK)
        buf_printf(why, "%s: %s", name, error == ERR_LIMIT ? error_text(error) : disk_said(number));
    errno = number;
    return error;
}

/* ---- records ------------------------------------------------------------------------------------------ */

/* walked: how many records a walk over the stream has met; NULL: none has been. */
static bool is_amiss(const struct scanview *view, enum view_stream stream, const uint64_t *walked,
                     struct buf *why)
{
    const enum view_state state = scanview_state(view);
    const enum amount_stream which = (enum amount_stream)stream;
    const bool exact = state == VIEW_DONE;
    if (state == VIEW_READING || (state == VIEW_SCANNING && stream != VIEW_REJECTS))
        return false;
    if (view->counted[stream] > 0 && view->there_bytes[stream] == 0) {
        if (why != NULL)
            buf_printf(why, "%s.ndjson.zst: it is gone or empty, and the scan wrote %" PRIu64 " records",
                       amount_name(which), view->counted[stream]);
        return true;
    }
    const struct amount there = {walked != NULL, walked == NULL ? 0 : *walked, view->there_bytes[stream]};
    return amount_is_amiss(view->dir_fd, which, &view->meta.amounts[stream], &there, exact, why);
}

bool scanview_is_amiss(const struct scanview *view, enum view_stream stream, struct buf *why)
{
    return is_amiss(view, stream, NULL, why);
}

static enum error read_stream(const struct scanview *view, enum view_stream stream,
                              enum error (*line)(void *arg, struct bytes line), void *arg, struct buf *why)
{
    return frames_read(view->dir_fd, amount_name((enum amount_stream)stream), line, arg, why);
}

static bool (*const leaves_out[])(const struct except *except,
                                  struct bytes line) = {[VIEW_DOMAINS] = except_domain,
                                                        [VIEW_HOSTS] = except_host,
                                                        [VIEW_CERTS] = except_cert,
                                                        [VIEW_REJECTS] = except_reject};

/* A pass over a stream, which notes what records left out refer to, or takes back what others do. */
struct noting {
    struct except *except;
    enum view_stream stream;
    bool keeps;
};

static enum error on_noted(void *arg, struct bytes line)
{
    const struct noting *noting = arg;
    if (leaves_out[noting->stream](noting->except, line) == noting->keeps)
        return ERR_OK;
    return noting->keeps ? except_keep(noting->except, line) : except_gather(noting->except, line);
}

static enum error note(struct scanview *view, enum view_stream stream, bool keeps, struct buf *why)
{
    struct noting noting = {view->except, stream, keeps};
    if (keeps && except_is_empty(view->except))
        return ERR_OK;
    const size_t before = why->len;
    enum error error = read_stream(view, stream, on_noted, &noting, why);
    if (error == ERR_LIMIT)
        buf_printf(why,
                   "%smore than %d MX hosts and certificates belong to what is to be left out, or a record "
                   "of it is too deep",
                   why->len > before ? ": " : "", EXCEPT_NAMES_MOST);
    return error;
}

/* Finds out what of hosts, and of certs, only records that are left out refer to. */
static enum error note_for(struct scanview *view, enum view_stream stream, struct buf *why)
{
    enum error error = ERR_OK;
    if (view->noted == NOTED_NOTHING && stream != VIEW_DOMAINS && stream != VIEW_REJECTS) {
        error = note(view, VIEW_DOMAINS, false, why);
        if (error == ERR_OK)
            error = note(view, VIEW_DOMAINS, true, why);
        if (error == ERR_OK)
            view->noted = NOTED_HOSTS;
    }
    if (error == ERR_OK && view->noted == NOTED_HOSTS && stream == VIEW_CERTS) {
        /* A host that is left out may have certificates that domains which are kept have as well. */
        error = note(view, VIEW_HOSTS, false, why);
        if (error == ERR_OK)
            error = note(view, VIEW_HOSTS, true, why);
        if (error == ERR_OK)
            error = note(view, VIEW_DOMAINS, true, why);
        if (error == ERR_OK)
            view->noted = NOTED_CERTS;
    }
    return error;
}

enum error scanview_optout(const struct scanview *view, struct optout_kept *kept, struct buf *why)
{
    struct buf text, reason;
    *kept = (struct optout_kept){0};
    buf_init(&text, OPTOUT_KEPT_BYTES);
    buf_init(&reason, REASON_BYTES);
    enum error error = scanview_file(view, OPTOUT_KEPT_NAME, &text, &reason);
    if (error == ERR_OK)
        error = optout_kept_read(buf_bytes(&text), kept, why);
    else if (error == ERR_NOT_FOUND)
        buf_text(why, OPTOUT_KEPT_NAME
                 " is not there: the scan went by no safety.optout, or was made by a version "
                 "that kept none");
    else
        buf_append(why, reason.data, reason.len);
    buf_dispose(&text);
    buf_dispose(&reason);
    return error;
}

enum error scanview_except(struct scanview *view, const struct optout *optout)
{
    except_free(view->except);
    view->except = except_new(optout);
    view->noted = NOTED_NOTHING;
    return view->except == NULL ? ERR_MEMORY : ERR_OK;
}

uint64_t scanview_left_out(const struct scanview *view, enum view_stream stream)
{
    return view->left_out[stream];
}

struct sieve {
    struct scanview *view;
    enum view_stream stream;
    enum error (*line)(void *arg, struct bytes line);
    void *arg;
};

enum error scanview_refuse(struct scanview *view, enum error error, const char *reason)
{
    if (!refused_is_of_record(error))
        return error;
    refused_add(&view->refused[view->at], error, reason);
    return ERR_OK;
}

uint64_t scanview_refused(const struct scanview *view, enum view_stream stream)
{
    return view->refused[stream].count;
}

bool scanview_tell_refused(const struct scanview *view, enum view_stream stream, struct buf *why)
{
    return refused_tell(&view->refused[stream], amount_name((enum amount_stream)stream), why);
}

static enum error on_line(void *arg, struct bytes line)
{
    const struct sieve *sieve = arg;
    const char *fault = refused_shape(line);
    refused_next(&sieve->view->refused[sieve->stream]);
    if (fault != NULL)
        return scanview_refuse(sieve->view, ERR_SYNTAX, fault);
    if (sieve->view->except == NULL || !leaves_out[sieve->stream](sieve->view->except, line))
        return sieve->line(sieve->arg, line);
    sieve->view->left_out[sieve->stream]++;
    return ERR_OK;
}

/* Adds what was refused to what the walk found damaged. */
static enum error end_lines(const struct scanview *view, enum view_stream stream, enum error error,
                            struct buf *why)
{
    if (error == ERR_OK && is_amiss(view, stream, &view->refused[stream].number, why))
        error = ERR_CORRUPT;
    if ((error != ERR_OK && error != ERR_CORRUPT) || view->refused[stream].count == 0)
        return error;
    buf_text(why, error == ERR_CORRUPT && why->len > 0 ? "; " : "");
    (void)scanview_tell_refused(view, stream, why);
    return ERR_CORRUPT;
}

enum error scanview_lines(struct scanview *view, enum view_stream stream,
                          enum error (*line)(void *arg, struct bytes line), void *arg, struct buf *why)
{
    struct sieve sieve = {view, stream, line, arg};
    view->left_out[stream] = 0;
    view->refused[stream] = (struct refused){.count = 0};
    enum error error = view->except == NULL ? ERR_OK : note_for(view, stream, why);
    if (error != ERR_OK)
        return error;
    view->at = stream;
    error = read_stream(view, stream, on_line, &sieve, why);
    return end_lines(view, stream, error, why);
}

/* ---- judged anew -------------------------------------------------------------------------------------- */

enum error scanview_judge(struct scanview *view, const struct view_judge *judge, struct buf *why)
{
    enum error error = meta_may_rejudge(&view->meta, why);
    if (error == ERR_OK && view->index == NULL)
        error = facts_index_open(view->dir_fd, view->meta.rules, &view->index, why);
    if (error != ERR_OK)
        return error;
    view->judge = *judge;
    view->source = facts_index_source(view->index);
    buf_reset(&view->damage);
    (void)buf_text(&view->damage, facts_index_damage(view->index));
    const bool whole = view->damage.len == 0;
    for (enum view_stream i = VIEW_HOSTS; whole && i <= VIEW_CERTS; i++)
        if (scanview_is_amiss(view, i, &view->damage))
            (void)buf_byte(&view->damage, '\n');
    const uint64_t unreadable = facts_index_counts(view->index).unreadable;
    if (unreadable > 0)
        (void)buf_printf(&view->damage, "hosts and certs: %" PRIu64 " lines are no records\n", unreadable);
    return ERR_OK;
}

const char *scanview_damage(struct scanview *view)
{
    return view->index == NULL ? "" : buf_string(&view->damage);
}

/* One walk. */
struct walk {
    struct scanview *view;
    enum error (*take)(void *arg, const struct view_record *record);
    void *arg;
    struct buf *why;
};

/* Gives a record to the taker, with what is wrong with it; any other error ends the walk. */
static enum error give(struct walk *walk, struct view_record *record, enum error error)
{
    if (error != ERR_OK && error != ERR_NOT_FOUND && !refused_is_of_record(error)) {
        buf_text(walk->why, buf_string(&walk->view->reason));
        return error;
    }
    if (error == ERR_OK)
        record->found = VIEW_JUDGED;
    (void)scanview_refuse(walk->view, error, buf_string(&walk->view->reason));
    record->error = error;
    record->reason = buf_string(&walk->view->reason);
    return walk->take(walk->arg, record);
}

static enum error gaps_of(enum error error, const struct facts_gaps *gaps)
{
    return error == ERR_OK && gaps->hosts + gaps->certs > 0 ? ERR_NOT_FOUND : error;
}

static void begin_record(struct scanview *view)
{
    if (view->index != NULL)
        facts_index_next(view->index);
    arena_dispose(&view->arena);
    buf_reset(&view->reason);
}

static enum error on_domain(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    struct scanview *view = walk->view;
    struct view_record record = {.line = line, .found = VIEW_UNREADABLE};
    struct facts_gaps gaps = {0};
    struct domain_facts facts;
    struct judgement judgement;
    begin_record(view);
    enum error error = facts_read_domain(line, &view->arena, &facts, &view->reason);
    if (error == ERR_OK) {
        record.found = VIEW_LOST;
        error = facts_complete(&facts, &view->source, &view->arena, &gaps, &view->reason);
        error = gaps_of(error, &gaps);
    }
    if (error == ERR_OK) {
        view->judge.domain(view->judge.arg, &facts, &view->arena, &judgement);
        record.domain = &facts;
        record.judgement = &judgement;
    }
    return give(walk, &record, error);
}

static enum error on_host(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    struct scanview *view = walk->view;
    struct view_record record = {.line = line, .found = VIEW_UNREADABLE};
    struct facts_gaps gaps = {0};
    struct probe_facts probe;
    begin_record(view);
    enum error error = facts_read_host(line, &view->arena, &probe, &view->reason);
    if (error == ERR_OK) {
        record.found = VIEW_LOST;
        error = facts_complete_probe(&probe, &view->source, &view->arena, &gaps, &view->reason);
        error = gaps_of(error, &gaps);
    }
    if (error == ERR_OK) {
        record.code = view->judge.host(view->judge.arg, &probe);
        record.probe = &probe;
    }
    return give(walk, &record, error);
}

static enum error on_stored(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    struct view_record record = {.line = line, .found = VIEW_AS_STORED, .reason = ""};
    return walk->take(walk->arg, &record);
}

enum error scanview_records(struct scanview *view, enum view_stream stream,
                            enum error (*take)(void *arg, const struct view_record *record), void *arg,
                            struct buf *why)
{
    struct walk walk = {.view = view, .take = take, .arg = arg, .why = why};
    enum error (*line)(void *arg, struct bytes line) = on_stored;
    if (view->index != NULL && stream == VIEW_DOMAINS)
        line = on_domain;
    if (view->index != NULL && stream == VIEW_HOSTS)
        line = on_host;
    return scanview_lines(view, stream, line, &walk, why);
}
