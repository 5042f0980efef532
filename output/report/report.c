/* Walks over the scan, and has the page written. */
#include "output/report/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/readback/cached_read.h"
#include "output/readback/meta_names.h"
#include "output/report/report_page.h"
#include "output/store/new_dir.h"
#include "output/store/summary_stored.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"

enum { META_TREE_BYTES = 64 << 20, WHY_BYTES = 16 * 1024 };

struct gather {
    const struct report_request *request;
    struct report_counts counts;
    struct report_result *result;
    struct report_owners *owners; /* NULL: nobody's pages are wanted */
    struct summary stored;        /* what summary.json has beside records */
    uint64_t stored_records;
    bool has_stored;
    struct report_since since; /* if an earlier scan is compared with */
    struct report_scan *scans; /* of the trend; NULL: there is none */
    struct buf *why;
    struct buf earlier_damage; /* of the scans of the trend, a line each */
};

static enum error on_domain(void *arg, struct bytes line)
{
    struct gather *gather = arg;
    struct report_counts *counts = &gather->counts;
    if (!cached_is_named(line))
        return scanview_refuse(gather->request->view, ERR_SYNTAX, "it names no domain");
    enum error error = report_count_domain(counts, line, gather->request->provider, gather->why);
    if (error != ERR_OK)
        return scanview_refuse(gather->request->view, error, NULL);
    return gather->owners == NULL ? ERR_OK : report_owners_add(gather->owners, &counts->record, gather->why);
}

static enum error on_host(void *arg, struct bytes line)
{
    struct gather *gather = arg;
    return scanview_refuse(gather->request->view, report_count_host(&gather->counts, line), NULL);
}

static enum error on_cert(void *arg, struct bytes line)
{
    struct gather *gather = arg;
    return scanview_refuse(gather->request->view, report_count_cert(&gather->counts, line), NULL);
}

/* Adds what is damaged in a stream, a line each. */
static void keep_damage(struct buf *why, struct buf *damage)
{
    const char *said = buf_string(why);
    size_t len = strlen(said);
    len -= len > 0 && said[len - 1] == '\n';
    (void)buf_printf(damage, "%s%.*s", damage->len > 0 ? "\n" : "", (int)len, said);
    buf_reset(why);
}

/* Counts all streams, also if something of one is damaged: *damage says what. */
static enum error count_all(struct gather *gather, struct buf *damage)
{
    static const struct {
        enum view_stream stream;
        enum error (*line)(void *arg, struct bytes line);
    } streams[] = {{VIEW_DOMAINS, on_domain}, {VIEW_HOSTS, on_host}, {VIEW_CERTS, on_cert}};
    enum error error = ERR_OK, damaged = ERR_OK;
    uint64_t unreadable = 0;
    for (size_t i = 0; error == ERR_OK && i < sizeof streams / sizeof *streams; i++) {
        error =
            scanview_lines(gather->request->view, streams[i].stream, streams[i].line, gather, gather->why);
        if (error == ERR_CORRUPT) {
            keep_damage(gather->why, damage);
            damaged = error;
            error = ERR_OK;
        }
        unreadable += scanview_refused(gather->request->view, streams[i].stream);
    }
    gather->counts.unreadable = unreadable;
    gather->counts.unreadable_domains = scanview_refused(gather->request->view, VIEW_DOMAINS);
    if (error == ERR_OK)
        error = report_count_end(&gather->counts, gather->why);
    return error == ERR_OK ? damaged : error;
}

/* Reads summary.json, if the scan has one, before records are counted: the sample counts them too. */
static void read_stored(struct gather *gather)
{
    struct buf text, why;
    buf_init(&text, META_TREE_BYTES);
    buf_init(&why, WHY_BYTES);
    gather->has_stored =
        scanview_file(gather->request->view, "summary.json", &text, &why) == ERR_OK &&
        summary_denominators(buf_bytes(&text), &gather->stored, &gather->stored_records) == ERR_OK;
    gather->counts.summary.sample = gather->stored.sample;
    buf_dispose(&text);
    buf_dispose(&why);
}

/* ---- earlier scans ------------------------------------------------------------------------------------- */

static enum error on_pair(void *arg, const struct stand *before, const struct stand *after, struct buf *why)
{
    struct gather *gather = arg;
    struct stand_change told = stand_change(before, after);
    if (!told.is_told)
        return ERR_OK;
    struct report_change change = report_change_of(&told);
    enum error error = report_changes_add(&gather->since.changes, &told, &change, why);
    bool is_kept = error == ERR_OK && gather->owners != NULL && change.kinds != 0;
    return is_kept ? report_owners_add_change(gather->owners, told.one->label, &change, why) : error;
}

/* Compares with the scan of --against, if there is one. */
static enum error compare(struct gather *gather)
{
    const struct report_against *against = gather->request->against;
    struct report_since *since = &gather->since;
    if (against == NULL)
        return ERR_OK;
    since->against = against;
    enum error error = report_changes_init(&since->changes);
    if (error == ERR_OK)
        error = against->walk(against->arg, on_pair, gather, &since->comparison, gather->why);
    bool is_told = error == ERR_OK || error == ERR_CORRUPT;
    enum error ended = is_told ? report_changes_end(&since->changes, gather->why) : ERR_OK;
    return ended == ERR_OK ? error : ended;
}

/* Goes on after damage, of which the page tells, and notes it. */
static void forgive(struct gather *gather, enum error *error, enum error *damaged)
{
    if (*error != ERR_CORRUPT)
        return;
    buf_reset(gather->why);
    *damaged = *error;
    *error = ERR_OK;
}

/* Puts an earlier scan's directory in front of *why. */
static void blame(struct gather *gather, const char *dir, enum error error)
{
    struct buf said;
    buf_init(&said, WHY_BYTES);
    buf_text(&said, gather->why->len > 0 ? buf_string(gather->why) : error_text(error));
    buf_reset(gather->why);
    buf_printf(gather->why, "%s: %s", shown(dir), buf_string(&said));
    buf_dispose(&said);
}

/* Reads the scans of the trend, and puts the one at hand behind them. */
static enum error read_trend(struct gather *gather)
{
    const struct report_request *request = gather->request;
    size_t count = request->earlier_count;
    enum error error = ERR_OK, damaged = ERR_OK;
    if (count == 0)
        return ERR_OK;
    gather->scans = calloc(count + 1, sizeof *gather->scans);
    if (gather->scans == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; error == ERR_OK && i < count; i++) {
        error = report_scan_read(request->earlier[i].view, request->earlier[i].dir, request->except != NULL,
                                 &gather->scans[i], gather->why);
        if (error != ERR_OK)
            blame(gather, request->earlier[i].dir, error);
        if (error == ERR_CORRUPT)
            keep_damage(gather->why, &gather->earlier_damage);
        forgive(gather, &error, &damaged);
    }
    return error == ERR_OK ? damaged : error;
}

static void put_last_scan(struct gather *gather, bool is_damaged)
{
    const struct report_request *request = gather->request;
    const struct summary *summary = &gather->counts.summary;
    const struct meta_stored *meta = scanview_meta(request->view);
    if (gather->scans == NULL)
        return;
    struct report_scan *last = &gather->scans[request->earlier_count];
    *last = (struct report_scan){.dir = request->dir,
                                 .started = meta->started_ms,
                                 .rules = meta->rules,
                                 .is_whole = !is_damaged && scanview_state(request->view) == VIEW_DONE,
                                 .records = summary->records};
    memcpy(last->outcomes, summary->outcomes, sizeof last->outcomes);
}

static bool has_other_names(const struct gather *gather)
{
    const struct report_request *request = gather->request;
    const struct meta_names *names = &scanview_meta(request->view)->names;
    struct buf how;
    bool same = true;
    buf_init(&how, WHY_BYTES);
    for (size_t i = 0; same && i < request->earlier_count; i++)
        same = meta_names_are_same(&scanview_meta(request->earlier[i].view)->names, names, &how);
    buf_dispose(&how);
    return !same;
}

/* ---- the page ------------------------------------------------------------------------------------------ */

static uint64_t excepted(const struct gather *gather)
{
    return scanview_left_out(gather->request->view, VIEW_DOMAINS);
}

/* Takes the denominators of summary.json, if it counts the records that were found. */
static bool take_denominators(struct gather *gather)
{
    const struct summary *stored = &gather->stored;
    struct summary *summary = &gather->counts.summary;
    uint64_t found = summary->records + gather->counts.unreadable_domains + excepted(gather);
    if (!gather->has_stored || gather->stored_records != found)
        return false;
    summary->inputs = stored->inputs;
    summary->rejects = stored->rejects;
    summary->duplicates = stored->duplicates;
    summary->opted_out = stored->opted_out;
    summary->not_in_shard = stored->not_in_shard;
    summary->not_sampled = stored->not_sampled;
    summary->filtered = stored->filtered;
    summary->over_limit = stored->over_limit;
    return true;
}

/* Are the counts of the sample whole? A line that is no record was drawn as well, and is in none of them. */
static bool has_intervals(const struct gather *gather, bool has_summary)
{
    const struct summary *summary = &gather->counts.summary;
    return has_summary && gather->counts.unreadable_domains == 0 && summary->sample != NULL &&
           summary->sample->failed == ERR_OK && summary->records > 0;
}

/* Reads meta.json into the page; *text and the arena live as long as it. */
static enum error read_meta(struct gather *gather, struct report_page *page, struct arena *arena,
                            struct buf *text)
{
    enum error error = scanview_file(gather->request->view, "meta.json", text, gather->why);
    if (error == ERR_OK && json_tree_parse(buf_bytes(text), arena, &page->meta) != ERR_OK) {
        buf_text(gather->why, "meta.json cannot be read");
        error = ERR_IO;
    }
    return error;
}

static enum error write_stream(struct gather *gather, struct report_page *page)
{
    report_page_write(page);
    if (fflush(page->out) == 0 && ferror(page->out) == 0)
        return ERR_OK;
    int number = errno;
    buf_printf(gather->why, "the report cannot be written: %s", errno_said(number));
    gather->result->fault = REPORT_OF_OUT;
    return error_of_file(number) == ERR_FULL ? ERR_FULL : ERR_IO;
}

/* Begins the folder. */
static enum error make_folder(struct gather *gather, struct new_dir *dir)
{
    enum error error = new_dir_make(dir, gather->request->folder, gather->why);
    if (error == ERR_OK)
        return ERR_OK;
    gather->result->fault = REPORT_OF_FOLDER;
    if (error == ERR_NOT_FOUND && errno == ENOENT)
        buf_text(gather->why, "; make the directory that it is to stand in first");
    return error;
}

static enum error write_folder(struct gather *gather, struct report_page *page)
{
    struct new_dir dir;
    enum error error = make_folder(gather, &dir);
    if (error != ERR_OK)
        return error;
    error = report_owners_sort(gather->owners, gather->why);
    if (error == ERR_OK)
        gather->result->fault = REPORT_OF_OUT;
    if (error == ERR_OK)
        error = new_dir_open(&dir, "index.html", &page->out, gather->why);
    if (error == ERR_OK) {
        report_page_write(page);
        error = new_dir_end(page->out, "index.html", gather->why);
    }
    if (error == ERR_OK)
        error = report_pages(page, &dir, gather->why);
    if (error == ERR_OK) {
        gather->result->fault = REPORT_OF_SCAN;
        new_dir_close(&dir);
    } else {
        new_dir_drop(&dir);
    }
    return error;
}

static enum error write_all(struct gather *gather, struct buf *damage, FILE *out)
{
    struct arena arena;
    struct buf text;
    const struct report_request *request = gather->request;
    bool has_summary = take_denominators(gather);
    put_last_scan(gather, damage->len > 0);
    struct report_page page = {.out = out,
                               .dir = request->dir,
                               .state = scanview_state(request->view),
                               .counts = &gather->counts,
                               .owners = gather->owners,
                               .has_summary = has_summary,
                               .damage = buf_string(damage),
                               .except = request->except,
                               .as_prefixes = request->as_prefixes,
                               .excepted = excepted(gather),
                               .sample = &scanview_meta(request->view)->sample,
                               .has_intervals = has_intervals(gather, has_summary),
                               .since = request->against == NULL ? NULL : &gather->since,
                               .scans = gather->scans,
                               .scan_count = gather->scans == NULL ? 0 : request->earlier_count + 1,
                               .other_names = has_other_names(gather)};
    arena_init(&arena, META_TREE_BYTES);
    buf_init(&text, META_TREE_BYTES);
    enum error error = read_meta(gather, &page, &arena, &text);
    if (error == ERR_OK)
        error = request->folder == NULL ? write_stream(gather, &page) : write_folder(gather, &page);
    arena_dispose(&arena);
    buf_dispose(&text);
    return error;
}

/* Reads all that the page tells. ERR_CORRUPT if something of a scan is damaged. */
static enum error gather_all(struct gather *gather, struct buf *damage)
{
    enum error error = count_all(gather, damage), damaged = ERR_OK;
    forgive(gather, &error, &damaged);
    if (error != ERR_OK)
        return error;
    error = compare(gather);
    forgive(gather, &error, &damaged);
    if (error == ERR_OK)
        error = read_trend(gather);
    if (error != ERR_OK)
        gather->result->fault = REPORT_OF_EARLIER;
    return error == ERR_OK ? damaged : error;
}

/* Says what is damaged: of the scan, and of earlier ones. */
static void say_damage(struct gather *gather, const struct buf *damage)
{
    struct buf *why = gather->why;
    buf_append(why, damage->data, damage->len);
    if (damage->len == 0) {
        buf_text(why, "an earlier scan is damaged, and told of as far as it can be read");
        gather->result->fault = REPORT_OF_EARLIER;
    }
    if (gather->earlier_damage.len > 0)
        buf_printf(why, "%s%s", damage->len == 0 ? ": " : "\n", buf_string(&gather->earlier_damage));
}

enum error report_write(const struct report_request *request, FILE *out, struct report_result *result,
                        struct buf *why)
{
    struct gather gather = {.request = request, .result = result, .why = why};
    struct buf damage;
    buf_init(&gather.earlier_damage, WHY_BYTES);
    *result = (struct report_result){.fault = REPORT_OF_SCAN};
    buf_init(&damage, WHY_BYTES);
    enum error error = report_count_init(&gather.counts, scanview_meta(request->view)->started_ms);
    if (error == ERR_OK && request->folder != NULL)
        error = report_owners_new(&gather.owners, why);
    if (error == ERR_OK)
        read_stored(&gather);
    if (error == ERR_OK)
        error = gather_all(&gather, &damage);
    if (error == ERR_OK || error == ERR_CORRUPT) {
        enum error written = write_all(&gather, &damage, out);
        error = written == ERR_OK ? error : written;
    }
    if (error == ERR_CORRUPT && why->len == 0)
        say_damage(&gather, &damage);
    buf_dispose(&gather.earlier_damage);
    report_changes_dispose(&gather.since.changes);
    free(gather.scans);
    summary_sample_destroy(gather.stored.sample);
    report_owners_free(gather.owners);
    report_count_dispose(&gather.counts);
    buf_dispose(&damage);
    return error;
}
