/* Decides which round is to be planned, if any, and has contacts made of the walk over the names. */
#include "scanner/stages/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "input/optout_list.h"
#include "output/frames/frames.h"
#include "output/store/store_dir.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/suffixes.h"
#include "scanner/scan/refusal.h"
#include "scanner/stages/join.h"
#include "scanner/stages/plan_disk.h"
#include "scanner/stages/planmake.h"
#include "scanner/stages/stage_sandbox.h"
#include "scanner/stages/unsettled.h"

enum { WHY_BYTES = 64 * 1024, ARENA_BYTES = 256 << 20, LINE_BYTES = 1024, REASON_BYTES = 8192 };

struct planning {
    const struct args *args;
    const char *path; /* of the plan */
    struct stagedirs dirs;
    struct store_dir dir;
    struct plan plan; /* that is made */
    struct optout *optout;
    struct ip_set own;
    struct join *join;
    struct unsettled *unsettled; /* contacts of the rounds so far */
    struct planmake *make;
    struct arena arena, contact_arena; /* of the plans that are read; of the contact at hand */
    uint64_t final, open;              /* domains without contacts, and with some */
    struct buf why;
};

/* Says the error; returns the exit code, EXIT_DONE for none. */
static int say(struct planning *planning, const char *what, enum error error)
{
    return refusal_say(what, error, &planning->why, stderr) ? EXIT_DONE : exit_code_of(error);
}

static int refuse(struct planning *planning, const char *reason)
{
    (void)fprintf(stderr, "stsweep: %s: %s\n", shown(planning->path), reason);
    return EXIT_USAGE;
}

/* ---- what is given ------------------------------------------------------------------------------------- */

static int say_lines(struct planning *planning, int code)
{
    if (code != EXIT_DONE)
        (void)fprintf(stderr, "stsweep: %s\n", buf_string(&planning->why));
    return code;
}

static enum error list_names(struct planning *planning, char sum[PLAN_SHA256_BYTES])
{
    struct plan *plan = &planning->plan;
    plan->shards = (uint32_t)planning->dirs.name_count;
    plan->rules = RECORD_RULES;
    plan->seed = scanview_meta(planning->dirs.names[0].view)->seed;
    return stagedirs_plan_names(&planning->dirs, &plan->names, sum);
}

/* Opens the directories, and says in plan->round which round they ask for. */
static int open_dirs(struct planning *planning)
{
    char sum[PLAN_SHA256_BYTES];
    const struct args *args = planning->args;
    (void)setup_open_files();
    stage_sandbox_enter(args, planning->path);
    int code = say(planning, NULL, stagedirs_open(args->names, args->name_count, &planning->dirs));
    if (code == EXIT_DONE)
        code = say_lines(planning, stagedirs_check_names(&planning->dirs, &planning->why));
    if (code == EXIT_DONE)
        code = say(planning, NULL, list_names(planning, sum));
    if (code == EXIT_DONE)
        code = say_lines(planning, stagedirs_check_probes(&planning->dirs, sum, &planning->why));
    if (code != EXIT_DONE)
        return code;
    uint32_t rounds = planning->dirs.rounds;
    planning->plan.round = rounds + 1;
    if (args->again == NULL && rounds > 0)
        return refuse(planning, "probes are given: the next round of a plan is made with --again PLAN");
    if (args->again != NULL && rounds == 0)
        return refuse(planning, "no probes are given: the next round is made of what the round before found");
    return rounds < PLAN_ROUNDS_MOST ? EXIT_DONE
                                     : refuse(planning, "a plan has no more rounds than it has already");
}

/* ---- the plan's directory ------------------------------------------------------------------------------ */

/* Are the probes those of the rounds that stand in the plan? */
static int check_rounds(struct planning *planning, const struct plan *before)
{
    const struct meta_plan *last = stagedir_plan(&planning->dirs.probes[planning->dirs.probe_count - 1]);
    if (strcmp(last->id, before->id) != 0)
        return refuse(planning, "the probes are of another plan");
    planning->plan.part_count = before->part_count;
    memcpy(planning->plan.before, before->id, sizeof before->id);
    return EXIT_DONE;
}

static bool are_same_names(const struct plan *a, const struct plan *b)
{
    return a->shards == b->shards && a->seed == b->seed &&
           memcmp(a->names, b->names, a->shards * sizeof *a->names) == 0;
}

static uint64_t count_contacts(const struct plan *plan)
{
    uint64_t contacts = 0;
    for (uint32_t i = 0; i < plan->part_count; i++)
        contacts += plan->parts[i].contacts;
    return contacts;
}

static void say_empty(const struct plan *plan)
{
    if (count_contacts(plan) == 0)
        (void)fprintf(stderr, "stsweep: round %" PRIu32 " has no contacts, nothing is left to ask: merge\n",
                      plan->round);
}

/* The round is there already: is it the one that is asked for? */
static int check_standing(struct planning *planning, const struct plan *there)
{
    if (!are_same_names(there, &planning->plan))
        return refuse(planning, "it holds a plan of other names: give another directory");
    if (there->part_count != planning->plan.part_count)
        return refuse(planning, "it holds a plan in another number of parts: give another directory");
    if (strcmp(there->before, planning->plan.before) != 0)
        return refuse(planning, "it holds this round of another plan");
    (void)fprintf(stderr, "stsweep: %s: round %" PRIu32 " is planned already: nothing is left to do\n",
                  shown(planning->path), there->round);
    say_empty(there);
    return EXIT_DONE;
}

/* Looks at what stands in the directory. true in *go_on if the round is to be made. */
static int look(struct planning *planning, bool *go_on)
{
    struct plan plan;
    struct plan *asked = &planning->plan;
    *go_on = false;
    int code = say(planning, planning->path, plandir_check(planning->dir.fd, &planning->why));
    if (code != EXIT_DONE)
        return code;
    if (asked->round > 1) {
        enum error error =
            plandir_read(planning->dir.fd, asked->round - 1, &planning->arena, &plan, &planning->why);
        code = error == ERR_OK ? check_rounds(planning, &plan) : say(planning, planning->path, error);
        if (code == EXIT_DONE && !are_same_names(&plan, asked))
            code = refuse(planning, "it is a plan of other names");
        if (code != EXIT_DONE)
            return code;
    }
    size_t before = planning->why.len;
    enum error error = plandir_read(planning->dir.fd, asked->round, &planning->arena, &plan, &planning->why);
    if (error == ERR_OK)
        return check_standing(planning, &plan);
    if (error != ERR_NOT_FOUND)
        return say(planning, planning->path, error);
    planning->why.len = before;
    *go_on = true;
    return EXIT_DONE;
}

static int lock(struct planning *planning)
{
    enum error error = store_dir_begin(planning->path, &planning->dir, &planning->why);
    if (error != ERR_EXISTS)
        return say(planning, NULL, error);
    (void)fprintf(stderr, "stsweep: %s; give the same command again later\n", buf_string(&planning->why));
    return EXIT_AGAIN;
}

/* ---- the contacts -------------------------------------------------------------------------------------- */

static enum error on_contact(void *arg, const struct contact *contact)
{
    struct planning *planning = arg;
    return planmake_add(planning->make, contact, &planning->contact_arena, &planning->why);
}

static enum error on_final(void *arg, struct bytes line)
{
    struct planning *planning = arg;
    (void)line;
    planning->final++;
    return ERR_OK;
}

static enum error on_replayed(void *arg, const struct domain_facts *facts, const struct judgement *judgement,
                              const struct replay_end *end)
{
    struct planning *planning = arg;
    (void)judgement;
    planning->final += !end->open;
    planning->open += end->open;
    if (!end->open)
        return ERR_OK;
    arena_reset(&planning->contact_arena);
    return contacts_of_replay(facts, end, planning->optout, &planning->contact_arena, on_contact, planning);
}

static enum error on_contact_record(void *arg, struct bytes line)
{
    struct planning *planning = arg;
    unsettled_note(planning->unsettled, line);
    return ERR_OK;
}

static bool may_be_open(void *arg, struct bytes line)
{
    const struct planning *planning = arg;
    return unsettled_has(planning->unsettled, line);
}

/* Goes through a stream of all probes. */
static enum error read_probes(struct planning *planning, const char *stream, frames_line line)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < planning->dirs.probe_count && error == ERR_OK; i++) {
        const struct stagedir *dir = &planning->dirs.probes[i];
        struct buf reason;
        buf_init(&reason, REASON_BYTES);
        error = frames_read(scanview_fd(dir->view), stream, line, planning, &reason);
        if (error != ERR_OK)
            stagedir_say(dir, error, &reason, &planning->why);
        buf_dispose(&reason);
    }
    return error;
}

static enum error pass_over(void *arg, struct bytes line)
{
    (void)arg;
    (void)line;
    return ERR_OK;
}

/* Nothing is looked up there; yet what is damaged is said while the part can be probed again. */
static enum error check_results(struct planning *planning)
{
    enum error error = read_probes(planning, "certs", pass_over);
    return error == ERR_OK ? read_probes(planning, "hosts", pass_over) : error;
}

/* Notes which contacts of the rounds so far may be asked again, and gets ready to find what came of contacts
 * if any may. */
static enum error index_results(struct planning *planning)
{
    if (planning->plan.round == 1)
        return ERR_OK;
    planning->unsettled = unsettled_create(join_config(planning->join)->scan_retry_passes > 0);
    if (planning->unsettled == NULL)
        return ERR_MEMORY;
    enum error error = read_probes(planning, "domains", on_contact_record);
    if (error != ERR_OK)
        return error;
    return unsettled_any(planning->unsettled) ? join_index(planning->join, NULL, NULL, &planning->why)
                                              : check_results(planning);
}

static enum error walk_names(struct planning *planning)
{
    struct join_take take = {.arg = planning, .final = on_final, .replayed = on_replayed};
    enum error error = join_open(&planning->dirs, &planning->join, &planning->why);
    if (error == ERR_OK)
        error = index_results(planning);
    if (planning->unsettled != NULL)
        take.may_be_open = may_be_open;
    if (error == ERR_OK)
        error = join_walk(planning->join, &take, &planning->why);
    join_close(planning->join);
    planning->join = NULL;
    return error;
}

/* ---- the round ----------------------------------------------------------------------------------------- */

static enum error prepare(struct planning *planning)
{
    const struct config *config = &planning->args->config;
    struct plan *plan = &planning->plan;
    const char *bad = NULL;
    suffixes_load();
    if (ip_set_parse(config->limits_own, &planning->own, &bad) != ERR_OK) {
        (void)buf_printf(&planning->why, "limits.own: no prefix: %s", shown(bad));
        return ERR_CONFIG;
    }
    enum error error =
        optout_read(config->safety_optout, config->safety_as_prefixes, &planning->optout, &planning->why);
    if (error != ERR_OK)
        return error;
    optout_say(planning->optout, config->safety_optout, config->safety_as_prefixes, stderr);
    plan->parts = calloc(plan->part_count, sizeof *plan->parts);
    const struct planmake_options options = {.dir_fd = planning->dir.fd,
                                             .seed = plan->seed,
                                             .round = plan->round,
                                             .parts = plan->part_count,
                                             .memory_bytes = (size_t)config->input_memory,
                                             .names_per_ip = (size_t)config->limits_names_per_ip,
                                             .own_names_per_ip = (size_t)config->limits_own_names_per_ip,
                                             .own = &planning->own,
                                             .level = (int)config->output_level,
                                             .frame_bytes = (size_t)config->output_frame_bytes,
                                             .part_bytes = (uint64_t)config->output_part_bytes};
    planning->make = planmake_create(&options);
    return plan->parts == NULL || planning->make == NULL ? ERR_MEMORY : ERR_OK;
}

static void say_made(const struct planning *planning)
{
    const struct plan *plan = &planning->plan;
    uint64_t policies = 0, least = UINT64_MAX, most = 0;
    for (uint32_t i = 0; i < plan->part_count; i++) {
        const uint64_t contacts = plan->parts[i].contacts;
        policies += plan->parts[i].policies;
        least = contacts < least ? contacts : least;
        most = contacts > most ? contacts : most;
    }
    (void)fprintf(stderr,
                  "stsweep: round %" PRIu32 ": %" PRIu64 " of %" PRIu64 " domains have %" PRIu64
                  " contacts, %" PRIu64 " of them policy hosts, in %" PRIu32 " parts of %" PRIu64
                  " to %" PRIu64 "\n",
                  plan->round, planning->open, planning->open + planning->final, count_contacts(plan),
                  policies, plan->part_count, least, most);
    if (plan->opted_out > 0 || plan->over > 0)
        (void)fprintf(stderr,
                      "stsweep: of these %" PRIu64 " are not contacted as the opt-out list says, and %" PRIu64
                      " beyond limits.names_per_ip\n",
                      plan->opted_out, plan->over);
    if (planmake_stored(planning->make) > 0)
        (void)fprintf(stderr, "stsweep: temporary files took %.1f MiB at most\n",
                      (double)planmake_stored(planning->make) / (1 << 20));
    say_empty(plan);
}

static int make_round(struct planning *planning)
{
    char line[LINE_BYTES];
    bool fits = plan_disk_say(&planning->dirs, planning->path, line, sizeof line);
    (void)fprintf(stderr, "stsweep: plans round %" PRIu32 " of %" PRIu32 " shards of names: %s\n",
                  planning->plan.round, planning->plan.shards, line);
    if (!fits)
        return EXIT_FAILED;
    enum error error = plandir_clear(planning->dir.fd, planning->plan.round, &planning->why);
    if (error == ERR_OK)
        error = prepare(planning);
    if (error == ERR_OK)
        error = walk_names(planning);
    if (error == ERR_OK)
        error = planmake_write(planning->make, &planning->plan, &planning->why);
    if (error == ERR_OK)
        error = plandir_write(planning->dir.fd, &planning->plan, &planning->why);
    if (error == ERR_OK)
        say_made(planning);
    return say(planning, NULL, error);
}

static int run(struct planning *planning)
{
    bool go_on;
    int code = open_dirs(planning);
    if (code == EXIT_DONE)
        code = lock(planning);
    if (code != EXIT_DONE)
        return code;
    code = look(planning, &go_on);
    return code == EXIT_DONE && go_on ? make_round(planning) : code;
}

int plan_main(const struct args *args)
{
    struct planning planning = {.args = args,
                                .path = args->again != NULL ? args->again : args->config.output_dir,
                                .dir = {.fd = -1, .lock = -1},
                                .plan.part_count = args->parts};
    buf_init(&planning.why, WHY_BYTES);
    arena_init(&planning.arena, ARENA_BYTES);
    arena_init(&planning.contact_arena, ARENA_BYTES);
    int code = run(&planning);
    planmake_free(planning.make);
    unsettled_free(planning.unsettled);
    stagedirs_close(&planning.dirs);
    store_dir_close(&planning.dir);
    optout_destroy(planning.optout);
    ip_set_dispose(&planning.own);
    free(planning.plan.names);
    free(planning.plan.parts);
    arena_dispose(&planning.arena);
    arena_dispose(&planning.contact_arena);
    buf_dispose(&planning.why);
    return code;
}
