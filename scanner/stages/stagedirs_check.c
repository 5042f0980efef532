/* Refuses directories that do not belong together. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "scanner/base/shown.h"
#include "scanner/config/config.h"
#include "scanner/stages/numbers.h"
#include "scanner/stages/stagedirs.h"

enum { LINES_MOST = 20, META_BYTES = 16 << 20, REASON_BYTES = 8192, RANGES_MOST = 20 };
enum { OPTIONS_MOST = 256, OPTION_BYTES = 64, OPTIONS_BYTES = 1 << 20 };

/* What is wrong so far: a line each, and the exit code of the gravest. */
struct faults {
    struct buf *why;
    int code;
    size_t count;
};

/* Notes a fault. What cannot be read outweighs what does not belong together, and that what is not there
 * yet. */
static void fault(struct faults *faults, int code, const char *path, const char *reason)
{
    bool is_graver = faults->code == EXIT_DONE || code == EXIT_FAILED ||
                     (code == EXIT_USAGE && faults->code == EXIT_AGAIN);
    if (is_graver)
        faults->code = code;
    if (faults->count++ < LINES_MOST)
        (void)buf_printf(faults->why, "%s%s%s%s", faults->why->len > 0 ? "\n" : "",
                         path == NULL ? "" : shown(path), path == NULL ? "" : ": ", reason);
}

static int judge(struct faults *faults)
{
    if (faults->count > LINES_MOST)
        (void)buf_printf(faults->why, "\nand %zu more", faults->count - LINES_MOST);
    return faults->code;
}

/* ---- numbers that are missing -------------------------------------------------------------------------- */

struct missing {
    struct buf text; /* "3,7-9" */
    uint32_t ranges, count;
};

static void add_missing(struct missing *missing, uint32_t first, uint32_t last)
{
    missing->count += last - first + 1;
    if (missing->ranges++ >= RANGES_MOST)
        return;
    numbers_put_range(&missing->text, first, last);
    if (missing->ranges == RANGES_MOST)
        (void)buf_text(&missing->text, ",...");
}

/* Gives what numbers from 1 to count are not in the sorted list, and calls twice for those that stand there
 * again. */
static void look_for_gaps(const struct stagedir *list, size_t length, uint32_t count,
                          uint32_t (*number)(const struct stagedir *dir), struct missing *missing,
                          void (*twice)(struct faults *faults, const struct stagedir *dir),
                          struct faults *faults)
{
    uint32_t before = 0;
    buf_init(&missing->text, REASON_BYTES);
    for (size_t i = 0; i < length; i++) {
        uint32_t at = number(&list[i]);
        if (at == before)
            twice(faults, &list[i]);
        if (at - before > 1) /* sorted: there is no number behind the largest */
            add_missing(missing, before + 1, at - 1);
        before = at;
    }
    if (before < count)
        add_missing(missing, before + 1, count);
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* All options with their defaults, as meta_compare_shards wants them. */
struct options {
    struct arena arena;
    struct meta_option list[OPTIONS_MOST];
    size_t count;
};

static void add_option(void *arg, const char *section, const char *key, const char *value)
{
    struct options *options = arg;
    char name[OPTION_BYTES];
    if (options->count == OPTIONS_MOST)
        return;
    (void)snprintf(name, sizeof name, "%s.%s", section, key);
    options->list[options->count++] = (struct meta_option){.name = arena_string(&options->arena, name),
                                                           .initial = arena_string(&options->arena, value),
                                                           .may_change = config_resume(name) == RESUME_FREE,
                                                           .is_switch = config_resume(name) == RESUME_SWITCH};
}

/* The sum of input.except stands among the options, and like one that may not change. */
static enum error list_options(struct options *options)
{
    struct config config;
    options->count = 1;
    options->list[0] = (struct meta_option){.name = "input.except.sha256", .initial = ""};
    arena_init(&options->arena, OPTIONS_BYTES);
    enum error error = config_init(&config);
    if (error != ERR_OK)
        return error;
    config_each(&config, add_option, options);
    config_dispose(&config);
    return options->arena.full ? ERR_MEMORY : ERR_OK;
}

/* Compares one directory with the first. */
static void compare_names(const struct stagedir *dir, const struct stagedir *first, struct bytes first_meta,
                          const struct options *options, struct faults *faults)
{
    struct buf meta, how, line;
    buf_init(&meta, META_BYTES);
    buf_init(&how, REASON_BYTES);
    buf_init(&line, 2 * REASON_BYTES);
    enum error error = scanview_file(dir->view, "meta.json", &meta, &how);
    if (error == ERR_OK)
        error = meta_compare_shards(buf_bytes(&meta), first_meta, options->list, options->count, &how);
    if (error == ERR_MISMATCH)
        (void)buf_printf(&line, "it is of another scan than %s: %s", shown(first->path), buf_string(&how));
    else if (error != ERR_OK)
        (void)buf_text(&line, how.len > 0 ? buf_string(&how) : error_text(error));
    if (error == ERR_OK && dir->shards != first->shards) {
        (void)buf_printf(&line, "it is of %" PRIu32 " shards, %s of %" PRIu32, dir->shards,
                         shown(first->path), first->shards);
        error = ERR_MISMATCH;
    }
    if (error != ERR_OK)
        fault(faults, exit_code_of(error), dir->path, buf_string(&line));
    buf_dispose(&meta);
    buf_dispose(&how);
    buf_dispose(&line);
}

static enum error compare_all(const struct stagedirs *dirs, struct faults *faults)
{
    struct options *options = calloc(1, sizeof *options);
    struct buf first;
    buf_init(&first, META_BYTES);
    enum error error = options == NULL ? ERR_MEMORY : list_options(options);
    if (error == ERR_OK)
        error = scanview_file(dirs->names[0].view, "meta.json", &first, faults->why);
    for (size_t i = 0; i < dirs->name_count && error == ERR_OK; i++)
        compare_names(&dirs->names[i], &dirs->names[0], buf_bytes(&first), options, faults);
    if (options != NULL)
        arena_dispose(&options->arena);
    free(options);
    buf_dispose(&first);
    return error;
}

static uint32_t shard_of(const struct stagedir *dir)
{
    return dir->shard;
}

static void shard_twice(struct faults *faults, const struct stagedir *dir)
{
    char line[REASON_BYTES];
    (void)snprintf(line, sizeof line, "shard %" PRIu32 " stands twice, also in %s", dir->shard,
                   shown(dir[-1].path));
    fault(faults, EXIT_USAGE, dir->path, line);
}

static void check_shards(const struct stagedirs *dirs, struct faults *faults)
{
    struct missing missing = {.count = 0};
    char line[REASON_BYTES];
    uint32_t shards = dirs->names[0].shards;
    look_for_gaps(dirs->names, dirs->name_count, shards, shard_of, &missing, shard_twice, faults);
    if (missing.count > 0) {
        (void)snprintf(line, sizeof line, "of %" PRIu32 " shards %" PRIu32 " are missing: %s", shards,
                       missing.count, buf_string(&missing.text));
        fault(faults, EXIT_USAGE, NULL, line);
    }
    buf_dispose(&missing.text);
}

/* What is given must be of use: a word too much is more likely a slip than a wish. */
static void check_others(const struct stagedirs *dirs, struct faults *faults)
{
    for (size_t i = 0; i < dirs->other_count; i++) {
        const struct stagedir *other = &dirs->others[i];
        if (other->view == NULL)
            fault(faults, exit_code_of(other->error), other->path, other->reason);
        else
            fault(faults, EXIT_USAGE, other->path,
                  "it is a whole scan: directories of `scan --stage names` and of `probe` are wanted");
    }
}

/* Is all there that it wrote? What a copy lacks would be taken for what was never asked about. */
static void check_files(const struct stagedir *dir, struct faults *faults)
{
    struct buf reason;
    buf_init(&reason, REASON_BYTES);
    for (enum view_stream i = 0; i < VIEW_STREAMS; i++) {
        buf_reset(&reason);
        if (scanview_is_amiss(dir->view, i, &reason))
            fault(faults, EXIT_FAILED, dir->path, buf_string(&reason));
    }
    buf_dispose(&reason);
}

static void check_ends(const struct stagedir *list, size_t count, struct faults *faults)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].whole)
            check_files(&list[i], faults);
        else
            fault(faults, EXIT_AGAIN, list[i].path,
                  "it is not at its end yet: give the command that makes it again, or wait for it");
}

int stagedirs_check_names(const struct stagedirs *dirs, struct buf *why)
{
    struct faults faults = {.why = why, .code = EXIT_DONE};
    check_others(dirs, &faults);
    if (faults.code == EXIT_FAILED) /* it may be one of those that would be said to be missing */
        return judge(&faults);
    if (dirs->name_count == 0) {
        fault(&faults, EXIT_USAGE, NULL, "no directory of names is given (scan --stage names)");
        return judge(&faults);
    }
    enum error error = compare_all(dirs, &faults);
    if (error != ERR_OK)
        fault(&faults, EXIT_FAILED, NULL, error_text(error));
    check_shards(dirs, &faults);
    check_ends(dirs->names, dirs->name_count, &faults);
    return judge(&faults);
}

/* ---- probes -------------------------------------------------------------------------------------------- */

static uint32_t part_of_probe(const struct stagedir *dir)
{
    return stagedir_plan(dir)->part;
}

static void part_twice(struct faults *faults, const struct stagedir *dir)
{
    char line[REASON_BYTES];
    (void)snprintf(line, sizeof line,
                   "part %" PRIu32 " of round %" PRIu32 " stands twice, also in %s: give those of one place",
                   stagedir_plan(dir)->part, stagedir_plan(dir)->round, shown(dir[-1].path));
    fault(faults, EXIT_USAGE, dir->path, line);
}

/* Checks what must be alike in a round, and that it follows the one before. */
static void check_same_plan(const struct stagedir *dir, const struct meta_plan *first,
                            const struct meta_plan *before, const char *names_sum, struct faults *faults)
{
    const struct meta_plan *plan = stagedir_plan(dir);
    const char *reason = NULL;
    if (strcmp(plan->names, names_sum) != 0)
        reason = "it is of a plan of other names than those that are given";
    else if (strcmp(plan->id, first->id) != 0 || plan->parts != first->parts)
        reason = "it is of another plan than the other parts of its round";
    else if (strcmp(plan->vantage, first->vantage) != 0)
        reason = "it was probed from another place (--vantage) than the other parts of its round";
    else if (strcmp(plan->before, before == NULL ? "" : before->id) != 0)
        reason = "its round does not follow the one before it that is given";
    if (scanview_meta(dir->view)->rules != RECORD_RULES)
        reason = "it was made by other rules than this program's: go on with the program that made it";
    if (reason != NULL)
        fault(faults, EXIT_USAGE, dir->path, reason);
}

static void check_parts(const struct stagedir *list, size_t count, struct faults *faults)
{
    struct missing missing = {.count = 0};
    char line[REASON_BYTES];
    uint32_t parts = stagedir_plan(list)->parts;
    look_for_gaps(list, count, parts, part_of_probe, &missing, part_twice, faults);
    if (missing.count > 0) {
        (void)snprintf(line, sizeof line,
                       "of the %" PRIu32 " parts of round %" PRIu32 " %" PRIu32 " are missing: %s", parts,
                       stagedir_plan(list)->round, missing.count, buf_string(&missing.text));
        fault(faults, EXIT_AGAIN, NULL, line);
    }
    buf_dispose(&missing.text);
}

static size_t count_round(const struct stagedir *list, size_t left)
{
    size_t count = 1;
    while (count < left && stagedir_plan(&list[count])->round == stagedir_plan(list)->round)
        count++;
    return count;
}

int stagedirs_check_probes(const struct stagedirs *dirs, const char *names_sum, struct buf *why)
{
    struct faults faults = {.why = why, .code = EXIT_DONE};
    const struct meta_plan *before = NULL;
    char line[REASON_BYTES];
    uint32_t round = 0;
    for (size_t i = 0, count; i < dirs->probe_count; i += count) {
        const struct stagedir *list = &dirs->probes[i];
        const struct meta_plan *first = stagedir_plan(list);
        count = count_round(list, dirs->probe_count - i);
        if (first->round != ++round) {
            (void)snprintf(line, sizeof line, "round %" PRIu32 " is missing", round);
            fault(&faults, EXIT_USAGE, NULL, line);
            return judge(&faults);
        }
        for (size_t k = 0; k < count; k++)
            check_same_plan(&list[k], first, before, names_sum, &faults);
        check_parts(list, count, &faults);
        check_ends(list, count, &faults);
        before = first;
    }
    return judge(&faults);
}
