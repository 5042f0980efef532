/* Copies, counts and describes: streams through frames of its own, so that what is published is whole. */
#include "output/release/release.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/json/json_write.h"
#include "output/release/release_card.h"
#include "output/release/release_kit.h"
#include "output/release/release_line.h"
#include "output/release/release_meta.h"
#include "output/release/release_summary.h"
#include "output/release/release_tables.h"
#include "output/store/new_dir.h"
#include "output/store/summary_csv.h"
#include "output/store/summary_groups.h"
#include "output/store/summary_stored.h"
#include "scanner/facts/record_kept.h"

enum { TEXT_BYTES = 64 << 20, ZSTD_LEVEL = 3, FRAME_BYTES = 1 << 20 };

#define PART_BYTES (UINT64_C(1) << 30)

struct release {
    const struct release_request *request;
    struct release_counts *counts;
    struct buf *why;
    struct scanview *view;
    struct new_dir out;
    struct buf meta; /* that is published */
    struct summary summary;
    uint64_t stored_records;
    struct frames *frames; /* of the stream at hand; NULL: no record is written */
    enum view_stream stream;
    struct buf line, shown; /* as it is proved, and as it is published */
    struct release_tables tables;
    uint64_t joined[RELEASE_KINDS];
};

static const char *const stream_names[VIEW_STREAMS] = {
    [VIEW_DOMAINS] = "domains", [VIEW_HOSTS] = "hosts", [VIEW_CERTS] = "certs", [VIEW_REJECTS] = "rejects"};

/* ---- what is read -------------------------------------------------------------------------------------- */

/* Reads a small file of the scan directory. */
static enum error read_text(const struct release *release, const char *name, struct buf *text)
{
    struct store_dir dir = {.fd = open(release->request->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            .lock = -1};
    if (dir.fd < 0)
        return error_of_file(errno);
    enum error error = store_dir_read(&dir, name, text, release->why);
    (void)close(dir.fd);
    return error;
}

static enum error read_meta(struct release *release)
{
    struct buf stored;
    buf_init(&stored, TEXT_BYTES);
    enum error error = read_text(release, "meta.json", &stored);
    if (error == ERR_OK)
        error = release_meta(buf_bytes(&stored), &release->meta);
    buf_dispose(&stored);
    return error;
}

static enum error read_summary(struct release *release)
{
    struct buf stored;
    buf_init(&stored, TEXT_BYTES);
    enum error error = read_text(release, "summary.json", &stored);
    if (error == ERR_OK)
        error = summary_denominators(buf_bytes(&stored), &release->summary, &release->stored_records);
    buf_dispose(&stored);
    if (error == ERR_NOT_FOUND || (error == ERR_CORRUPT && release->why->len == 0)) {
        buf_reset(release->why);
        buf_text(release->why, "summary.json is not there, or is none that a scan writes");
        error = ERR_CORRUPT;
    }
    return error;
}

/* A scan is published when it is at its end: else its denominators are of no use. */
static enum error open_scan(struct release *release)
{
    const struct release_request *request = release->request;
    enum error error = scanview_open(request->dir, &release->view, release->why);
    if (error == ERR_OK && scanview_state(release->view) != VIEW_DONE) {
        buf_text(release->why, "the scan is not at its end: `stsweep scan ... --resume` goes on with it");
        return ERR_STOPPED;
    }
    if (error == ERR_OK && request->except != NULL)
        error = scanview_except(release->view, request->except);
    if (error == ERR_OK)
        error = read_meta(release);
    return error == ERR_OK ? read_summary(release) : error;
}

/* ---- records ------------------------------------------------------------------------------------------- */

/* Says what the stream holds that cannot be published; behind it comes where. */
static enum error refuse(struct release *release, const char *what)
{
    buf_printf(release->why, "%s holds %s", stream_names[release->stream], what);
    return ERR_CORRUPT;
}

/* Nothing hides in what is published, whoever wrote it. */
static enum error append(struct release *release)
{
    bool full;
    buf_reset(&release->shown);
    if (!json_show(&release->shown, buf_bytes(&release->line)) || !buf_byte(&release->shown, '\n'))
        return ERR_MEMORY;
    if (release->shown.len > RECORD_LINE_BYTES + 1)
        return refuse(release, "a line that is longer than any record");
    enum error error = frames_append(release->frames, buf_bytes(&release->shown), &full);
    return error == ERR_OK && full ? frames_commit(release->frames, release->why) : error;
}

/* Counts a domain. A line that is no record is damage: nobody could say what is published with it. */
static enum error count(struct release *release, struct bytes line)
{
    struct tally tally;
    enum error error = summary_read_line(line, &tally);
    if (error == ERR_SYNTAX)
        return refuse(release, "a line that is no record");
    if (error != ERR_OK)
        return error;
    summary_add(&release->summary, &tally);
    if (release->request->aggregate > 0)
        release_tables_count(&release->tables, line, tally.outcome);
    return ERR_OK;
}

static enum error publish(struct release *release, struct bytes line)
{
    enum release_label label;
    if (line.len > RECORD_LINE_BYTES)
        return refuse(release, "a line that is longer than any record");
    buf_reset(&release->line);
    enum error error = release_line(line, release->request->labels, &release->line, &label);
    if (error != ERR_OK)
        return error;
    if (label == RELEASE_NO_RECORD)
        return refuse(release, "a line that is no record");
    if (label == RELEASE_LABEL_STAYS)
        return refuse(release, "a label where no scan writes one");
    release->counts->labels += label == RELEASE_LABEL_CUT;
    return append(release);
}

static enum error on_line(void *arg, struct bytes line)
{
    struct release *release = arg;
    enum error error = release->stream == VIEW_DOMAINS ? count(release, line) : ERR_OK;
    if (error == ERR_OK && release->frames != NULL)
        error = publish(release, line);
    release->counts->records[release->stream]++;
    return error;
}

static enum error walk(struct release *release, enum view_stream stream)
{
    release->stream = stream;
    enum error error = scanview_lines(release->view, stream, on_line, release, release->why);
    release->counts->left_out[stream] = scanview_left_out(release->view, stream);
    return error;
}

static enum error copy(struct release *release, enum view_stream stream)
{
    const struct frames_options options = {.dir_fd = release->out.dir.fd,
                                           .name = stream_names[stream],
                                           .level = ZSTD_LEVEL,
                                           .frame_bytes = FRAME_BYTES,
                                           .part_bytes = PART_BYTES};
    enum error error = frames_create(&options, &release->frames, release->why);
    if (error == ERR_OK)
        error = walk(release, stream);
    if (error == ERR_OK)
        error = frames_commit(release->frames, release->why);
    if (error == ERR_OK)
        error = frames_complete(release->frames, release->why);
    frames_destroy(release->frames);
    release->frames = NULL;
    return error;
}

static enum error end_count(struct release *release)
{
    return release_summary_end(&release->summary, release->stored_records,
                               release->counts->left_out[VIEW_DOMAINS], release->why);
}

/* Writes summary.csv and summary.json, of what is published alone. */
static enum error write_summary(struct release *release)
{
    struct summary_groups groups;
    struct buf text, table;
    buf_init(&text, TEXT_BYTES);
    buf_init(&table, TEXT_BYTES);
    summary_groups_init(&groups);
    enum error error =
        summary_groups_count(&groups, release->out.dir.fd, release->request->provider, release->why);
    if (error == ERR_OK && !summary_json(&text, &release->summary, &groups))
        error = ERR_LIMIT;
    if (error == ERR_OK)
        error = summary_csv(&table, buf_bytes(&text));
    if (error == ERR_OK)
        error = new_dir_write(&release->out, "summary.csv", buf_bytes(&table), release->why);
    if (error == ERR_OK)
        error = new_dir_write(&release->out, "summary.json", buf_bytes(&text), release->why);
    summary_groups_dispose(&groups);
    buf_dispose(&text);
    buf_dispose(&table);
    return error;
}

static enum error write_records(struct release *release)
{
    static const enum view_stream streams[] = {VIEW_DOMAINS, VIEW_HOSTS, VIEW_CERTS};
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < sizeof streams / sizeof *streams; i++)
        error = copy(release, streams[i]);
    if (error == ERR_OK)
        error = end_count(release);
    if (error == ERR_OK)
        error = new_dir_write(&release->out, "meta.json", buf_bytes(&release->meta), release->why);
    return error == ERR_OK ? write_summary(release) : error;
}

static enum error write_kit(struct release *release)
{
    struct kit_file files[KIT_FILES_MOST];
    enum error error = ERR_OK;
    size_t count = release_kit(files);
    for (size_t i = 0; error == ERR_OK && i < count; i++)
        error = new_dir_write(&release->out, files[i].name, files[i].text, release->why);
    return error;
}

/* ---- tables -------------------------------------------------------------------------------------------- */

static enum error write_table(struct release *release, size_t kind)
{
    struct release_table table;
    struct buf text;
    buf_init(&text, TEXT_BYTES * 4);
    enum error error =
        release_groups_table(release->tables.groups[kind], release->request->aggregate, &table);
    if (error == ERR_OK && !release_table_csv(&table, &text))
        error = ERR_LIMIT;
    if (error == ERR_OK)
        error = new_dir_write(&release->out, release_kinds()[kind].file, buf_bytes(&text), release->why);
    release->joined[kind] = table.joined;
    release_table_dispose(&table);
    buf_dispose(&text);
    return error;
}

static enum error write_tables(struct release *release)
{
    enum error error = walk(release, VIEW_DOMAINS);
    if (error == ERR_OK)
        error = end_count(release);
    if (error == ERR_OK && release->summary.records < release->request->aggregate) {
        buf_printf(release->why,
                   "%" PRIu64 " domains are fewer than --aggregate %" PRIu64
                   ": nothing of them could be published",
                   release->summary.records, release->request->aggregate);
        return ERR_MISMATCH;
    }
    for (size_t kind = 0; error == ERR_OK && kind < RELEASE_KINDS; kind++)
        error = write_table(release, kind);
    return error;
}

/* ---- the card ------------------------------------------------------------------------------------------ */

static bool begins(const char *name, const char *stem)
{
    return strncmp(name, stem, strlen(stem)) == 0;
}

static const char *what_of(const char *name)
{
    struct kit_file files[KIT_FILES_MOST];
    size_t count = release_kit(files);
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i].name, name) == 0)
            return files[i].what;
    for (size_t i = 0; i < RELEASE_KINDS; i++)
        if (strcmp(release_kinds()[i].file, name) == 0)
            return release_kinds()[i].what;
    return begins(name, "domains.")           ? "a record for each domain"
           : begins(name, "hosts.")           ? "a record for each session with an MX host"
           : begins(name, "certs.")           ? "a record for each certificate"
           : begins(name, "meta.")            ? "how the scan was made"
           : strcmp(name, "summary.csv") == 0 ? "the counts, a row each"
                                              : "the counts";
}

static enum error on_file(void *arg, const char *name, uint64_t bytes)
{
    return buf_printf(arg, "| `%s` | %" PRIu64 " | %s |\n", name, bytes, what_of(name)) ? ERR_OK : ERR_LIMIT;
}

static enum error write_card(struct release *release)
{
    struct buf files, text;
    const struct release_counts *counts = release->counts;
    buf_init(&files, TEXT_BYTES);
    buf_init(&text, TEXT_BYTES);
    enum error error = new_dir_each(&release->out, on_file, &files, release->why);
    struct card card = {.meta = buf_bytes(&release->meta),
                        .summary = &release->summary,
                        .excepted = {counts->left_out[VIEW_DOMAINS], counts->left_out[VIEW_HOSTS],
                                     counts->left_out[VIEW_CERTS]},
                        .has_except = release->request->except != NULL,
                        .labels = counts->labels,
                        .keeps_labels = release->request->labels,
                        .aggregate = release->request->aggregate,
                        .files = buf_bytes(&files)};
    memcpy(card.joined, release->joined, sizeof card.joined);
    if (error == ERR_OK)
        error = release_card(&card, &text);
    if (error == ERR_OK)
        error = new_dir_write(&release->out, "README.md", buf_bytes(&text), release->why);
    buf_dispose(&files);
    buf_dispose(&text);
    return error;
}

static enum error write_all(struct release *release)
{
    enum error error = new_dir_make(&release->out, release->request->out, release->why);
    if (error == ERR_OK && release->request->aggregate > 0)
        error = write_tables(release);
    else if (error == ERR_OK) {
        error = write_records(release);
        if (error == ERR_OK)
            error = write_kit(release);
    }
    if (error == ERR_OK)
        error = write_card(release);
    return error == ERR_OK ? new_dir_sum(&release->out, release->why) : error;
}

enum error release_make(const struct release_request *request, struct release_counts *counts, struct buf *why)
{
    struct release release = {.request = request, .counts = counts, .why = why, .out = {.dir = {.fd = -1}}};
    *counts = (struct release_counts){0};
    buf_init(&release.meta, TEXT_BYTES);
    buf_init(&release.line, RECORD_LINE_BYTES);
    buf_init(&release.shown, JSON_SHOW_TIMES_MOST * RECORD_LINE_BYTES + 1);
    enum error error = release_tables_init(&release.tables);
    if (error == ERR_OK)
        error = open_scan(&release);
    if (error == ERR_OK)
        error = write_all(&release);
    int number = errno;
    if (error == ERR_OK)
        new_dir_close(&release.out);
    else
        new_dir_drop(&release.out);
    release_tables_dispose(&release.tables);
    summary_sample_destroy(release.summary.sample);
    buf_dispose(&release.meta);
    buf_dispose(&release.line);
    buf_dispose(&release.shown);
    scanview_close(release.view);
    errno = number;
    return error;
}
