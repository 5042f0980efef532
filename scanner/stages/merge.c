/* Opens what is joined, decides whether to begin or to go on, writes, and closes the books. */
#include "scanner/stages/merge.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/store/store_dir.h"
#include "output/store/summary_groups.h"
#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/machine/setup.h"
#include "scanner/scan/closing.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/signals.h"
#include "scanner/stages/merge_disk.h"
#include "scanner/stages/merge_meta.h"
#include "scanner/stages/merge_optout.h"
#include "scanner/stages/merge_sums.h"
#include "scanner/stages/merge_write.h"
#include "scanner/stages/stage_sandbox.h"
#include "scanner/verdict/provider.h"

enum { WHY_BYTES = 64 * 1024, META_BYTES = 16 << 20, SUMMARY_BYTES = 64 << 20, LINE_BYTES = 8192 };

struct merge {
    const struct args *args;
    const char *command, *dir;
    int64_t started_ms; /* monotonic */
    struct stagedirs dirs;
    struct merge_origin origin;
    struct buf names_meta; /* of the first shard */
    struct merge_sums sums;
    struct store *store;
    struct merge_write write;
    bool writing; /* write is there */
    struct merge_state state;
    char host[256];
    struct machine_library libraries[SETUP_LIBRARIES];
    struct signals signals;
    int wake_fd;
    struct buf why;
};

/* Says the error; returns the exit code, EXIT_DONE for none. */
static int say(struct merge *merge, const char *what, enum error error)
{
    if (refusal_say(what, error, &merge->why, stderr))
        return EXIT_DONE;
    return exit_code_of(error);
}

/* ---- what is given ------------------------------------------------------------------------------------- */

/* Says what is wrong, a line each. */
static int say_lines(struct merge *merge, int code)
{
    if (code != EXIT_DONE)
        (void)fprintf(stderr, "stsweep: %s\n", buf_string(&merge->why));
    return code;
}

static int open_dirs(struct merge *merge)
{
    struct plan_names *names;
    (void)setup_open_files();
    stage_sandbox_enter(merge->args, merge->dir);
    enum error error = stagedirs_open(merge->args->names, merge->args->name_count, &merge->dirs);
    if (error != ERR_OK)
        return say(merge, NULL, error);
    int code = say_lines(merge, stagedirs_check_names(&merge->dirs, &merge->why));
    if (code != EXIT_DONE)
        return code;
    error = stagedirs_plan_names(&merge->dirs, &names, merge->origin.names);
    free(names);
    if (error != ERR_OK)
        return say(merge, NULL, error);
    return say_lines(merge, stagedirs_check_probes(&merge->dirs, merge->origin.names, &merge->why));
}

static enum error read_text(const struct stagedir *dir, const char *name, struct buf *text, struct buf *why)
{
    struct buf reason;
    buf_init(&reason, LINE_BYTES);
    enum error error = scanview_file(dir->view, name, text, &reason);
    if (error != ERR_OK)
        buf_printf(why, "%s: %s", shown(dir->path), buf_string(&reason));
    buf_dispose(&reason);
    return error;
}

static enum error add_span(const struct stagedir *dir, struct merge_span *span, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_BYTES);
    enum error error = read_text(dir, "meta.json", &text, why);
    if (error == ERR_OK && !merge_span_add(span, buf_bytes(&text)))
        error = ERR_CORRUPT;
    buf_dispose(&text);
    return error;
}

static bool has_vantage(const char *vantages, const char *vantage)
{
    size_t len = strlen(vantage);
    for (const char *word = vantages; word != NULL; word = strchr(word, ',')) {
        word += *word == ',';
        if (strncmp(word, vantage, len) == 0 && (word[len] == ',' || word[len] == 0))
            return true;
    }
    return false;
}

/* Adds a vantage to those of a round, as far as there is room. */
static void add_vantage(char vantages[META_VANTAGE_BYTES], const char *vantage)
{
    size_t len = strlen(vantages), added = strlen(vantage);
    if (added == 0 || has_vantage(vantages, vantage) || len + added + 2 > META_VANTAGE_BYTES)
        return;
    if (len > 0)
        vantages[len++] = ',';
    memcpy(vantages + len, vantage, added + 1);
}

static enum error read_rounds(struct merge *merge)
{
    struct merge_origin *origin = &merge->origin;
    enum error error = ERR_OK;
    origin->round_count = merge->dirs.rounds;
    origin->rounds = calloc((size_t)origin->round_count + 1, sizeof *origin->rounds);
    if (origin->rounds == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < merge->dirs.probe_count && error == ERR_OK; i++) {
        const struct stagedir *dir = &merge->dirs.probes[i];
        const struct meta_plan *plan = stagedir_plan(dir);
        struct merge_round *round = &origin->rounds[plan->round - 1];
        memcpy(round->plan, plan->id, sizeof round->plan);
        round->parts = plan->parts;
        add_vantage(round->vantage, plan->vantage);
        error = add_span(dir, &round->span, &merge->why);
    }
    return error;
}

static enum error read_names(struct merge *merge)
{
    struct merge_origin *origin = &merge->origin;
    enum error error = read_text(&merge->dirs.names[0], "meta.json", &merge->names_meta, &merge->why);
    origin->shards = (uint32_t)merge->dirs.name_count;
    for (size_t i = 0; i < merge->dirs.name_count && error == ERR_OK; i++) {
        const struct stagedir *dir = &merge->dirs.names[i];
        int64_t started_ms = scanview_meta(dir->view)->started_ms;
        struct buf text, reason;
        buf_init(&text, SUMMARY_BYTES);
        buf_init(&reason, LINE_BYTES);
        if (origin->started_ms == 0 || started_ms < origin->started_ms)
            origin->started_ms = started_ms;
        error = add_span(dir, &origin->span, &merge->why);
        if (error == ERR_OK)
            error = read_text(dir, "summary.json", &text, &merge->why);
        if (error == ERR_OK && (error = merge_sums_add(&merge->sums, buf_bytes(&text), &reason)) != ERR_OK)
            buf_printf(&merge->why, "%s: %s", shown(dir->path), buf_string(&reason));
        buf_dispose(&text);
        buf_dispose(&reason);
    }
    return error == ERR_OK ? merge_sums_prove(&merge->sums, &merge->why) : error;
}

/* ---- where it goes ------------------------------------------------------------------------------------- */

static int say_taken(const struct merge *merge)
{
    (void)fprintf(stderr,
                  "stsweep: %s: another process is at work on it; give the same command again later\n",
                  shown(merge->dir));
    return EXIT_AGAIN;
}

/* Was something set aside as damaged in an earlier run? Then what is there is not the beginning of what
 * comes. */
static bool has_damage(const char *path)
{
    DIR *listing = opendir(path);
    bool found = false;
    for (struct dirent *entry = listing == NULL ? NULL : readdir(listing); entry != NULL && !found;
         entry = readdir(listing))
        found = strstr(entry->d_name, ".damaged") != NULL;
    if (listing != NULL)
        (void)closedir(listing);
    return found;
}

/* What stands in the directory. */
enum stands { STANDS_NOTHING, STANDS_BEGUN, STANDS_WHOLE };

/* Looks what stands there; refuses what is not of this merge. */
static enum error look(struct merge *merge, enum stands *stands, uint64_t *bytes)
{
    struct buf text, reason;
    int fd = open(merge->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum error error = ERR_OK;
    *stands = STANDS_NOTHING;
    *bytes = 0;
    if (fd < 0 || !disk_has(fd, "meta.json")) {
        if (fd >= 0)
            (void)close(fd);
        return store_dir_check(merge->dir, false, &merge->why);
    }
    const struct store_dir dir = {.fd = fd, .lock = -1};
    buf_init(&text, META_BYTES);
    buf_init(&reason, LINE_BYTES);
    *stands = frames_scan_is_whole(fd) ? STANDS_WHOLE : STANDS_BEGUN;
    *bytes = merge_bytes_in(fd);
    error = store_dir_read(&dir, "meta.json", &text, &reason);
    if (error == ERR_OK)
        error = merge_meta_is_of(buf_bytes(&text), &merge->origin, &reason);
    if (error != ERR_OK)
        buf_printf(&merge->why, "%s: %s; give another directory", shown(merge->dir), buf_string(&reason));
    buf_dispose(&text);
    buf_dispose(&reason);
    (void)close(fd);
    return error;
}

static enum error open_store(struct merge *merge, bool go_on)
{
    const struct config *config = &merge->args->config;
    const struct store_options options = {.dir = merge->dir,
                                          .level = (int)config->output_level,
                                          .frame_bytes = (size_t)config->output_frame_bytes,
                                          .part_bytes = (uint64_t)config->output_part_bytes,
                                          .flush_ms = config->output_flush,
                                          .sample = merge->sums.summary.sample,
                                          .provider = provider_of_mx};
    enum error error = go_on ? store_resume(&options, &merge->store, &merge->why)
                             : store_create(&options, &merge->store, &merge->why);
    if (error == ERR_OK && go_on && has_damage(merge->dir)) {
        buf_printf(&merge->why, "%s: what was merged is damaged; remove it, and merge again",
                   shown(merge->dir));
        error = ERR_CORRUPT;
    }
    return error;
}

/* ---- meta.json ----------------------------------------------------------------------------------------- */

static enum error write_meta(struct merge *merge, const char *state)
{
    struct buf text;
    enum error error = ERR_LIMIT;
    buf_init(&text, META_BYTES);
    merge->state.state = state;
    store_amounts(merge->store, state, merge->state.amounts);
    merge->state.matched = summary_cached(store_summary(merge->store));
    if (merge_meta_text(&text, buf_bytes(&merge->names_meta), &merge->origin, &merge->state))
        error = store_write_file(merge->store, "meta.json", buf_bytes(&text), &merge->why);
    buf_dispose(&text);
    return error;
}

static void describe(struct merge *merge)
{
    if (gethostname(merge->host, sizeof merge->host - 1) != 0)
        merge->host[0] = 0;
    merge->state = (struct merge_state){.host = merge->host,
                                        .command = merge->command,
                                        .version = STSWEEP_VERSION,
                                        .libraries = merge->libraries,
                                        .library_count = setup_libraries(merge->libraries)};
}

/* ---- the records --------------------------------------------------------------------------------------- */

static enum error write_records(struct merge *merge)
{
    struct merge_write *write = &merge->write;
    enum error error = ERR_OK;
    if (!store_rejects_done(merge->store)) {
        error = write_meta(merge, "reading");
        if (error == ERR_OK)
            error = merge_write_rejects(write);
        if (error == ERR_OK)
            error = merge_optout(&merge->dirs, merge->store, merge->dir, &merge->why);
    }
    if (error == ERR_OK)
        error = write_meta(merge, "scanning");
    if (error == ERR_OK)
        error = merge_write_probes(write);
    if (error == ERR_OK)
        error = merge_write_domains(write);
    return error == ERR_OK ? store_complete(merge->store, &merge->why) : error;
}

/* It was stopped. Rejects that are not all there are written anew. */
static int close_stopped(struct merge *merge)
{
    enum error error = ERR_OK;
    if (store_rejects_done(merge->store) || merge->write.join != NULL)
        error = write_meta(merge, "stopped");
    if (error != ERR_OK)
        return say(merge, "meta.json", error);
    (void)fprintf(stderr, "stsweep: stopped; %" PRIu64 " records are safe; go on with the same command\n",
                  store_summary(merge->store)->records);
    return EXIT_STOPPED;
}

static int close_done(struct merge *merge)
{
    struct summary_groups groups;
    struct summary *summary = store_summary(merge->store);
    int code =
        say(merge, "the denominators do not add up", merge_sums_close(&merge->sums, summary, &merge->why));
    if (code != EXIT_DONE)
        return code;
    enum error error = closing_groups(merge->store, &groups, stderr, &merge->why);
    merge->state.ended_ms = clock_wall_ms();
    if (error == ERR_STOPPED)
        code = close_stopped(merge);
    else if ((code = say(merge, "the groups of summary.json", error)) == EXIT_DONE &&
             (code = say(merge, "meta.json", write_meta(merge, "done"))) == EXIT_DONE)
        code = say(merge, "summary.json", closing_summary(merge->store, &groups, &merge->why));
    summary_groups_dispose(&groups);
    if (code != EXIT_DONE)
        return code;
    summary_print(stdout, summary, clock_monotonic_ms() - merge->started_ms, merge->dir);
    if (merge->write.open > 0)
        (void)fprintf(stderr,
                      "stsweep: open after the last round: %" PRIu64
                      " domains; plan --again makes a round that asks about them once more\n",
                      merge->write.open);
    return EXIT_DONE;
}

static int write_all(struct merge *merge)
{
    merge_write_init(&merge->write, &merge->dirs, merge->store, signals_came, &merge->why);
    merge->writing = true;
    describe(merge);
    enum error error = write_records(merge);
    if (error == ERR_STOPPED)
        return close_stopped(merge);
    return error == ERR_OK ? close_done(merge) : say(merge, NULL, error);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static int begin(struct merge *merge)
{
    enum stands stands;
    uint64_t bytes;
    struct merge_need need;
    char line[LINE_BYTES], holder[STORE_DIR_HOLDER_BYTES];
    if (store_dir_is_locked(merge->dir, holder))
        return say_taken(merge);
    int code = say(merge, NULL, look(merge, &stands, &bytes));
    if (code != EXIT_DONE)
        return code;
    if (stands == STANDS_WHOLE) {
        (void)fprintf(stderr, "stsweep: %s: it is merged already: nothing is left to do\n",
                      shown(merge->dir));
        return EXIT_DONE;
    }
    code = say(merge, NULL, merge_need_of(&merge->dirs, &need, &merge->why));
    if (code != EXIT_DONE)
        return code;
    bool fits = merge_need_fits(&need, merge->dir, bytes, line, sizeof line);
    (void)fprintf(stderr, "stsweep: %s names of %zu shards with probes of %" PRIu32 " rounds: %s\n",
                  stands == STANDS_BEGUN ? "goes on merging" : "merges", merge->dirs.name_count,
                  merge->origin.round_count, line);
    if (!fits)
        return EXIT_FAILED;
    enum error error = open_store(merge, stands == STANDS_BEGUN);
    if (error == ERR_EXISTS && store_dir_is_locked(merge->dir, holder))
        return say_taken(merge);
    code = say(merge, NULL, error);
    return code == EXIT_DONE ? write_all(merge) : code;
}

static int run(struct merge *merge)
{
    int code = open_dirs(merge);
    if (code != EXIT_DONE)
        return code;
    code = say(merge, NULL, read_rounds(merge));
    if (code == EXIT_DONE)
        code = say(merge, NULL, read_names(merge));
    return code == EXIT_DONE ? begin(merge) : code;
}

static void dispose(struct merge *merge)
{
    if (merge->writing)
        merge_write_dispose(&merge->write);
    store_destroy(merge->store);
    merge_sums_dispose(&merge->sums);
    stagedirs_close(&merge->dirs);
    free(merge->origin.rounds);
    buf_dispose(&merge->names_meta);
    buf_dispose(&merge->why);
    signals_dispose(&merge->signals);
    if (merge->wake_fd >= 0)
        (void)close(merge->wake_fd);
}

int merge_main(const struct args *args, const char *command_line)
{
    struct merge merge = {.args = args, .command = command_line, .dir = args->config.output_dir};
    merge.started_ms = clock_monotonic_ms();
    buf_init(&merge.why, WHY_BYTES);
    buf_init(&merge.names_meta, META_BYTES);
    merge_sums_init(&merge.sums);
    merge.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    signals_watch(&merge.signals, merge.wake_fd, EXIT_STOPPED);
    int code = run(&merge);
    dispose(&merge);
    return code;
}
