/* Opens the plan, looks how far the directory is, and runs the scan's machine over the part. */
#include "scanner/stages/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/readback/meta_read.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/scan.h"
#include "scanner/stages/part_task.h"

enum { WHY_BYTES = 16 * 1024, PLAN_ARENA_BYTES = 256 << 20, GO_ON = -1 };

/* What probe works on. */
struct probing {
    const struct args *args;
    const char *dir;          /* of -o */
    struct meta_stored begun; /* of what stands there; plan.id is "" if nothing does */
    struct arena arena;
    struct meta_plan meta;
    struct part_task task;
    struct buf why;
};

static int say(const char *path, const char *text, int code)
{
    (void)fprintf(stderr, "stsweep: %s: %s\n", shown(path), text);
    return code;
}

static int say_error(struct probing *probing, enum error error, int code)
{
    (void)refusal_say(NULL, error, &probing->why, stderr);
    return code;
}

/* ---- the directory ------------------------------------------------------------------------------------- */

/* Is what stands there of another part or place than was asked for? */
static int check_asked(const struct probing *probing)
{
    const struct args *args = probing->args;
    const struct meta_plan *plan = &probing->begun.plan;
    const char *vantage = args->vantage == NULL ? "" : args->vantage;
    if (plan->id[0] == '\0')
        return say(probing->dir, "it holds a scan, and nothing of a plan: give a directory of its own",
                   EXIT_USAGE);
    if (plan->part == args->part && strcmp(plan->vantage, vantage) == 0)
        return GO_ON;
    (void)fprintf(stderr,
                  "stsweep: %s: it is of part %" PRIu32 " of %" PRIu32 " in round %" PRIu32
                  "%s%s: give another "
                  "directory\n",
                  shown(probing->dir), plan->part, plan->parts, plan->round,
                  plan->vantage[0] == '\0' ? "" : ", from ", plan->vantage);
    return EXIT_USAGE;
}

/* Looks what stands in the directory, before anything else. An exit code, or GO_ON. */
static int look(struct probing *probing)
{
    int code = GO_ON;
    int fd = open(probing->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return GO_ON;
    if (disk_has(fd, "meta.json")) {
        (void)buf_printf(&probing->why, "%s: ", shown(probing->dir));
        enum error error = meta_read_in(fd, &probing->begun, &probing->why);
        code = error == ERR_OK ? check_asked(probing) : say_error(probing, error, EXIT_FAILED);
    }
    if (code == GO_ON && probing->begun.plan.id[0] != '\0' && disk_has(fd, "summary.json")) {
        (void)fprintf(stderr,
                      "stsweep: %s: part %" PRIu32 " in round %" PRIu32
                      " is whole already: nothing is left to do\n",
                      shown(probing->dir), probing->begun.plan.part, probing->begun.plan.round);
        code = EXIT_DONE;
    }
    buf_reset(&probing->why);
    (void)close(fd);
    return code;
}

/* ---- the plan ------------------------------------------------------------------------------------------ */

/* Reads the round that was begun, or the newest. */
static int read_plan(struct probing *probing)
{
    struct part_task *task = &probing->task;
    (void)buf_printf(&probing->why, "%s: ", shown(task->path));
    enum error error =
        plandir_read(task->dir_fd, probing->begun.plan.round, &probing->arena, &task->plan, &probing->why);
    if (error != ERR_OK)
        return say_error(probing, error, error == ERR_NOT_FOUND ? EXIT_AGAIN : (int)exit_code_of(error));
    buf_reset(&probing->why);
    if (task->part <= task->plan.part_count) {
        bool told = plandir_meta(&task->plan, task->part, probing->args->vantage, &probing->meta);
        return told ? GO_ON : say_error(probing, ERR_LIBRARY, EXIT_FAILED);
    }
    (void)fprintf(stderr, "stsweep: %s: the plan has %" PRIu32 " parts: there is no part %" PRIu32 "\n",
                  shown(task->path), task->plan.part_count, task->part);
    return EXIT_USAGE;
}

static int open_plan(struct probing *probing)
{
    struct part_task *task = &probing->task;
    task->dir_fd = open(task->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (task->dir_fd < 0 && errno == ENOENT)
        return say(task->path, "there is no plan yet", EXIT_AGAIN);
    return task->dir_fd < 0 ? say(task->path, errno_said(errno), EXIT_USAGE) : read_plan(probing);
}

/* ---- the scan ------------------------------------------------------------------------------------------ */

/* Takes what decides which names of a list are scanned out of the options: there is no list. */
static struct config options_of(const struct probing *probing)
{
    struct config config = probing->args->config;
    static char none[] = "";
    config.scan_stage = SCAN_STAGE_ALL;
    config.scan_seed = (int64_t)probing->task.plan.seed;
    config.scan_shard = config.scan_previous = config.sample_take = none;
    config.input_only = config.input_except = config.input_columns = config.input_field = none;
    config.input_limit = 0;
    config.limits_shards_at_once = 1; /* nobody else goes to the addresses of this part */
    return config;
}

static int run(struct probing *probing, const char *command_line)
{
    const struct config config = options_of(probing);
    const struct scan_request request = {.config = &config,
                                         .quiet = probing->args->quiet,
                                         .command_line = command_line,
                                         .trace = probing->args->trace,
                                         .again = true,
                                         .reads = probing->task.path,
                                         .plan = &probing->meta};
    return scan_run(&request, &part_task, &probing->task);
}

int probe_main(const struct args *args, const char *command_line)
{
    struct probing probing = {.args = args,
                              .dir = args->config.output_dir,
                              .task = {.path = args->names[0], .dir_fd = -1, .part = args->part}};
    if (strcmp(probing.dir, "-") == 0)
        return say("-o -", "what is probed needs a directory, to be joined with the rest", EXIT_USAGE);
    arena_init(&probing.arena, PLAN_ARENA_BYTES);
    buf_init(&probing.why, WHY_BYTES);
    int code = look(&probing);
    if (code == GO_ON)
        code = open_plan(&probing);
    if (code == GO_ON)
        code = run(&probing, command_line);
    if (probing.task.dir_fd >= 0)
        (void)close(probing.task.dir_fd);
    arena_dispose(&probing.arena);
    buf_dispose(&probing.why);
    return code;
}
