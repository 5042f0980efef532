/* Walks over the scan, and has the page written. */
#include "output/report/report.h"

#include <errno.h>
#include <string.h>

#include "output/report/report_page.h"
#include "output/store/new_dir.h"
#include "output/store/summary_stored.h"

enum { META_TREE_BYTES = 64 << 20, WHY_BYTES = 16 * 1024 };

struct gather {
    const struct report_request *request;
    struct report_counts counts;
    struct report_owners *owners; /* NULL: nobody's pages are wanted */
    struct buf *why;
};

static enum error on_domain(void *arg, struct bytes line)
{
    struct gather *gather = arg;
    struct report_counts *counts = &gather->counts;
    uint64_t before = counts->summary.records;
    enum error error = report_count_domain(counts, line, gather->request->provider, gather->why);
    bool is_record = error == ERR_OK && counts->summary.records > before;
    return is_record && gather->owners != NULL
               ? report_owners_add(gather->owners, &counts->record, gather->why)
               : error;
}

static enum error on_host(void *arg, struct bytes line)
{
    struct gather *gather = arg;
    report_count_host(&gather->counts, line);
    return ERR_OK;
}

static enum error on_cert(void *arg, struct bytes line)
{
    struct gather *gather = arg;
    report_count_cert(&gather->counts, line);
    return ERR_OK;
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
    for (size_t i = 0; error == ERR_OK && i < sizeof streams / sizeof *streams; i++) {
        error =
            scanview_lines(gather->request->view, streams[i].stream, streams[i].line, gather, gather->why);
        if (error == ERR_CORRUPT) {
            keep_damage(gather->why, damage);
            damaged = error;
            error = ERR_OK;
        }
    }
    if (error == ERR_OK)
        error = report_count_end(&gather->counts, gather->why);
    return error == ERR_OK ? damaged : error;
}

/* Takes the denominators of summary.json, if the scan has one and it counts the records that were found. */
static bool take_denominators(struct gather *gather)
{
    struct summary stored = {.sample = NULL};
    struct summary *summary = &gather->counts.summary;
    struct buf text, why;
    uint64_t records = 0;
    buf_init(&text, META_TREE_BYTES);
    buf_init(&why, WHY_BYTES);
    bool found = scanview_file(gather->request->view, "summary.json", &text, &why) == ERR_OK &&
                 summary_denominators(buf_bytes(&text), &stored, &records) == ERR_OK &&
                 records == summary->records;
    if (found) {
        summary->inputs = stored.inputs;
        summary->rejects = stored.rejects;
        summary->duplicates = stored.duplicates;
        summary->opted_out = stored.opted_out;
        summary->not_in_shard = stored.not_in_shard;
        summary->not_sampled = stored.not_sampled;
        summary->filtered = stored.filtered;
        summary->over_limit = stored.over_limit;
    }
    summary_sample_destroy(stored.sample);
    buf_dispose(&text);
    buf_dispose(&why);
    return found;
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
    buf_text(gather->why, "the report cannot be written");
    return errno == ENOSPC ? ERR_FULL : ERR_IO;
}

static enum error write_folder(struct gather *gather, struct report_page *page)
{
    struct new_dir dir;
    enum error error = new_dir_make(&dir, gather->request->folder, gather->why);
    if (error != ERR_OK)
        return error;
    error = report_owners_sort(gather->owners, gather->why);
    if (error == ERR_OK)
        error = new_dir_open(&dir, "index.html", &page->out, gather->why);
    if (error == ERR_OK) {
        report_page_write(page);
        error = new_dir_end(page->out, "index.html", gather->why);
    }
    if (error == ERR_OK)
        error = report_pages(page, &dir, gather->why);
    if (error == ERR_OK)
        new_dir_close(&dir);
    else
        new_dir_drop(&dir);
    return error;
}

static enum error write_all(struct gather *gather, struct buf *damage, FILE *out)
{
    struct arena arena;
    struct buf text;
    struct report_page page = {.out = out,
                               .dir = gather->request->dir,
                               .state = scanview_state(gather->request->view),
                               .counts = &gather->counts,
                               .owners = gather->owners,
                               .has_summary = take_denominators(gather),
                               .damage = buf_string(damage)};
    arena_init(&arena, META_TREE_BYTES);
    buf_init(&text, META_TREE_BYTES);
    enum error error = read_meta(gather, &page, &arena, &text);
    if (error == ERR_OK)
        error = gather->request->folder == NULL ? write_stream(gather, &page) : write_folder(gather, &page);
    arena_dispose(&arena);
    buf_dispose(&text);
    return error;
}

enum error report_write(const struct report_request *request, FILE *out, struct buf *why)
{
    struct gather gather = {.request = request, .why = why};
    struct buf damage;
    buf_init(&damage, WHY_BYTES);
    enum error error = report_count_init(&gather.counts, scanview_meta(request->view)->started_ms);
    if (error == ERR_OK && request->folder != NULL)
        error = report_owners_new(&gather.owners, why);
    if (error == ERR_OK)
        error = count_all(&gather, &damage);
    if (error == ERR_OK || error == ERR_CORRUPT) {
        enum error written = write_all(&gather, &damage, out);
        error = written == ERR_OK ? error : written;
    }
    if (error == ERR_CORRUPT && why->len == 0)
        buf_text(why, buf_string(&damage));
    report_owners_free(gather.owners);
    report_count_dispose(&gather.counts);
    buf_dispose(&damage);
    return error;
}
