/* Looks at each directory, sorts them, and tells. */
#include "scanner/stages/status.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/flags.h"
#include "scanner/machine/sandbox.h"
#include "scanner/stages/status_tell.h"

enum { WHY_BYTES = 16 * 1024, PLAN_BYTES = 1 << 30 };

enum form { FORM_TEXT, FORM_JSON, FORM_MISSING };

struct run {
    enum form form;
    const char **paths; /* owned; the texts are argv's */
    size_t count;
    struct status_dir *dirs; /* owned */
    struct arena arena;      /* of the plan */
    struct status_planned planned;
    struct status status;
    struct buf why;
};

static enum flag take(struct flags *flags, enum flag flag, struct run *run)
{
    if ((flag == FLAG_JSON && run->form == FORM_MISSING) || (flag == FLAG_MISSING && run->form == FORM_JSON))
        return flags_refuse(flags, "--missing and --json are two answers: leave one out", "", "");
    if (flag == FLAG_JSON)
        run->form = FORM_JSON;
    if (flag == FLAG_MISSING)
        run->form = FORM_MISSING;
    if (flag == FLAG_NAME)
        run->paths[run->count++] = flags->value;
    return flag;
}

static enum flag read_flags(struct flags *flags, struct run *run)
{
    enum flag flag = FLAG_NAME;
    while (flag != FLAG_END && flag != FLAG_FAULT)
        flag = take(flags, flags_next(flags), run);
    if (flag == FLAG_END && run->count == 0)
        return flags_refuse(flags, "name the directories of the names, the plan, and the probes", "", "");
    return flag;
}

static enum error look_at_all(struct run *run)
{
    enum error error = ERR_OK;
    run->dirs = calloc(run->count, sizeof *run->dirs);
    if (run->dirs == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; error == ERR_OK && i < run->count; i++)
        error = status_look(run->paths[i], &run->dirs[i]);
    return error;
}

/* Reads the rounds of a plan, from the first to the newest that is whole. */
static enum error read_rounds(struct run *run, int dir_fd)
{
    struct plan newest, *rounds;
    enum error error = plandir_read(dir_fd, 0, &run->arena, &newest, &run->why);
    if (error != ERR_OK)
        return error;
    rounds = arena_array(&run->arena, newest.round, sizeof *rounds);
    if (rounds == NULL)
        return ERR_MEMORY;
    for (uint32_t round = 1; error == ERR_OK && round < newest.round; round++)
        error = plandir_read(dir_fd, round, &run->arena, &rounds[round - 1], &run->why);
    rounds[newest.round - 1] = newest;
    run->planned = (struct status_planned){rounds, newest.round};
    return error;
}

/* Reads the first plan that is whole. */
static enum error read_plan(struct run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct status_dir *dir = &run->dirs[i];
        if (dir->kind != STATUS_PLAN)
            continue;
        if (!dir->at_end)
            return ERR_OK;
        int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        enum error error = fd < 0 ? ERR_IO : read_rounds(run, fd);
        if (fd >= 0)
            (void)close(fd);
        return error;
    }
    return ERR_OK;
}

/* Says what cannot be read; and with --missing what its line does not, if nothing stands there. */
static void say_beside(const struct run *run, FILE *err)
{
    const struct status *status = &run->status;
    struct buf text;
    buf_init(&text, WHY_BYTES);
    for (size_t i = 0; i < run->count; i++)
        if (run->dirs[i].kind == STATUS_UNREADABLE)
            (void)fprintf(err, "stsweep: status: %s cannot be read: %s; look at it, or leave it out\n",
                          shown(run->dirs[i].path), shown(run->dirs[i].reason));
    if (run->form == FORM_MISSING && status->is_lacking && numbers_count(&status->missing) == 0) {
        status_put_next(status, &text);
        (void)fprintf(err, "stsweep: status: %s%s\n",
                      text.len == 0 ? "what is missing is being written" : "nothing is missing for: ",
                      text.len == 0 ? "" : shown(buf_string(&text)));
    }
    buf_dispose(&text);
}

static enum error tell(struct run *run, FILE *out)
{
    if (run->form == FORM_JSON)
        return status_tell_json(&run->status, out);
    if (run->form == FORM_TEXT)
        status_tell_text(&run->status, out);
    else
        status_tell_missing(&run->status, out);
    return ERR_OK;
}

static int finish(struct run *run, enum error error, FILE *out, FILE *err)
{
    if (error != ERR_OK) {
        (void)fprintf(err, "stsweep: status: %s%s\n",
                      run->why.len > 0 ? buf_string(&run->why) : error_text(error), error_next(error));
        return exit_code_of(error);
    }
    if (fflush(out) != 0 || ferror(out) || run->status.is_unreadable)
        return EXIT_FAILED;
    return run->status.is_lacking ? EXIT_NO : EXIT_DONE;
}

static int run_status(struct run *run, FILE *out, FILE *err)
{
    buf_init(&run->why, WHY_BYTES);
    arena_init(&run->arena, PLAN_BYTES);
    sandbox_enter_reader(&(struct sandbox_reader){.read = run->paths, .read_count = run->count});
    enum error error = look_at_all(run);
    if (error == ERR_OK)
        error = read_plan(run);
    if (error == ERR_OK)
        error = status_sort(run->dirs, run->count, &run->planned, &run->status);
    if (error == ERR_OK)
        error = tell(run, out);
    if (error == ERR_OK)
        say_beside(run, err);
    int code = finish(run, error, out, err);
    status_dispose(&run->status);
    for (size_t i = 0; run->dirs != NULL && i < run->count; i++)
        status_dir_dispose(&run->dirs[i]);
    free(run->dirs);
    arena_dispose(&run->arena);
    buf_dispose(&run->why);
    return code;
}

int status_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct run run = {.paths = calloc((size_t)argc + 1, sizeof *run.paths)};
    struct flags flags;
    int code = EXIT_USAGE;
    if (run.paths == NULL)
        out_of_memory("the directories");
    (void)signal(SIGPIPE, SIG_IGN);
    flags_begin(&flags, argv[0], argc - 1, argv + 1);
    if (read_flags(&flags, &run) == FLAG_FAULT)
        flags_say(&flags, err);
    else
        code = run_status(&run, out, err);
    free(run.paths);
    return code;
}
