/* Looks at a few domains and explains them. */
#include "scanner/commands/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input/optout_list.h"
#include "output/explain/explain.h"
#include "output/json/json.h"
#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/check_beside.h"
#include "scanner/commands/check_previous.h"
#include "scanner/commands/check_tool.h"
#include "scanner/facts/hostname.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/memory.h"
#include "scanner/machine/preflight.h"
#include "scanner/machine/privileges.h"
#include "scanner/machine/sandbox.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/tracing.h"
#include "scanner/reach/domain.h"
#include "scanner/reach/hosts.h"
#include "scanner/reach/looks.h"

/* PATIENCE_MS is for the look at this machine: as long as two questions to a resolver take, and a connection
 * whose first packet was lost. */
enum { WHY_BYTES = 16 * 1024, TEXT_BYTES = 64 << 20, LOOK_AFTER_S = 5, PATIENCE_MS = 3000 };

/* A domain that one look does not decide (TLS-7). */
struct second_look {
    struct check *check;
    struct event *timer; /* NULL: none was due yet */
    size_t index;        /* of its name */
    char *domain;
    struct buf looks;
};

/* An MX host that is planned. */
struct planned {
    struct check *check;
    struct host_result *result; /* NULL: it has not been seen yet */
    size_t index;
};

struct check {
    struct tracing tracing;
    struct sandbox sandbox;
    const struct check_request *request;
    struct worker *worker;
    struct explain_style style;
    struct check_told told;
    struct buf *texts; /* one for each name, in order */
    enum outcome *outcomes;
    bool *is_no;                         /* likewise: check_is_no */
    bool *by_machine;                    /* likewise: this machine kept it from being determined */
    bool port_blocked;                   /* for every address family that this machine has */
    bool doubtful;                       /* no resolver has shown that it resolves anything */
    struct second_look *looks;           /* likewise */
    const struct cached_policy **cached; /* likewise: what senders may still have */
    struct arena earlier;                /* holds all these, and what an earlier scan says */
    size_t left;
    struct planned *planned;
    size_t planned_left;  /* they come before the domains */
    bool started, failed; /* the domains are under way; something could not be said */
};

static void on_host(void *arg, struct worker *worker, const struct probe_facts *probe)
{
    (void)arg, (void)worker, (void)probe;
}

static void on_release(void *arg, struct worker *worker)
{
    (void)arg, (void)worker;
}

/* Says how a domain stands once it is counted. */
static enum tool_verdict verdict_of(const struct check *check, const struct domain_facts *facts)
{
    size_t index = (size_t)facts->ordinal - 1;
    if (check->is_no[index])
        return TOOL_BAD;
    if (check->outcomes[index] != OUTCOME_UNKNOWN)
        return TOOL_GOOD;
    return check->by_machine[index] ? TOOL_BY_MACHINE : TOOL_OPEN;
}

static bool render(struct check *check, struct buf *text, const struct domain_facts *facts,
                   const struct judgement *judgement)
{
    const struct check_request *request = check->request;
    if (request->render != NULL)
        return request->render(request->render_arg, text, facts, judgement);
    if (request->form != TOOL_NONE)
        return check_tool_put(text, request->form, facts, judgement, verdict_of(check, facts));
    return request->json ? json_domain(text, facts, judgement)
                         : explain_domain(text, facts, judgement, &check->style);
}

static void look_again(evutil_socket_t fd, short what, void *arg)
{
    struct second_look *look = arg;
    (void)fd, (void)what;
    struct domain_input input = {
        .ordinal = look->index + 1, .domain = look->domain, .looks = buf_bytes(&look->looks)};
    input.cached = look->check->cached[look->index];
    if (domain_start(look->check->worker, &input) != ERR_OK)
        out_of_memory("a second look");
}

/* Is the domain looked at once more? The person who waits is told. */
static bool wants_second(struct check *check, const struct domain_facts *facts,
                         const struct judgement *judgement)
{
    const struct timeval after = {.tv_sec = LOOK_AFTER_S};
    struct second_look *look = &check->looks[facts->ordinal - 1];
    if (!judgement->look_due || look->timer != NULL || check->request->config->scan_retry_passes == 0)
        return false;
    look->check = check;
    look->index = (size_t)facts->ordinal - 1;
    look->domain = strdup(facts->domain);
    look->timer = evtimer_new(check->worker->loop.base, look_again, look);
    buf_init(&look->looks, LOOKS_BYTES);
    (void)looks_write(&look->looks, facts, judgement);
    if (look->domain == NULL || look->timer == NULL || evtimer_add(look->timer, &after) != 0)
        out_of_memory("a second look");
    (void)fprintf(stderr, "stsweep: %s: one look does not decide that mail is lost; the second is in %d s\n",
                  facts->domain, LOOK_AFTER_S);
    return true;
}

static void end_looks(struct check *check)
{
    for (size_t i = 0; check->looks != NULL && i < check->request->name_count; i++) {
        if (check->looks[i].timer == NULL)
            continue;
        event_free(check->looks[i].timer);
        buf_dispose(&check->looks[i].looks);
        free(check->looks[i].domain);
    }
}

static void on_domain(void *arg, struct worker *worker, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    struct check *check = arg;
    size_t index = (size_t)facts->ordinal - 1;
    if (wants_second(check, facts, judgement))
        return;
    check->outcomes[index] = judgement->outcome;
    check->is_no[index] = check_is_no(judgement->outcome, &judgement->codes, check->request->fail_on);
    check->by_machine[index] = judgement->outcome == OUTCOME_UNKNOWN && check->port_blocked &&
                               (code_set_has(&judgement->codes, FAIL_SMTP_TCP_PORT_BLOCKED) ||
                                code_set_has(&judgement->codes, FAIL_POLICY_TCP_PORT_BLOCKED));
    bool made = render(check, &check->texts[index], facts, judgement);
    if (!made)
        (void)fprintf(stderr, "stsweep: %s: what is to be said of it does not fit %d MiB\n", facts->domain,
                      TEXT_BYTES >> 20);
    check->failed = check->failed || !made;
    if (--check->left == 0)
        (void)event_base_loopbreak(worker->loop.base);
}

/* Says why there is nothing to look at, and which domain may be meant. */
static void refuse_name(const char *text, enum failure_code code)
{
    char meant[HOSTNAME_BYTES];
    bool is_known = code != FAIL_INPUT_OPTED_OUT && hostname_read(bytes_of(text), true, meant) == FAIL_NONE;
    (void)fprintf(stderr, "stsweep: %s: %s: %s %s%s%s\n", shown(text), failure_name(code),
                  failure_get(code)->why, failure_get(code)->mend, is_known ? " That is " : "",
                  is_known ? meant : "");
}

/* Normalises the name; returns what keeps it from being looked at, which has been said. */
static enum failure_code take_name(const struct check *check, const char *text, char name[HOSTNAME_BYTES])
{
    bool lenient = check->request->config->input_lenient == INPUT_LENIENT_YES;
    enum failure_code code = hostname_read(bytes_of(text), lenient, name);
    if (code == FAIL_NONE && optout_has_domain(check->worker->context->optout, name))
        code = FAIL_INPUT_OPTED_OUT;
    if (code != FAIL_NONE)
        refuse_name(text, code);
    return code;
}

/* Reads what senders may still have of the domains. A name that is none is refused when it is started.
 * Returns the exit code if it cannot. */
static int read_previous(struct check *check)
{
    const struct check_request *request = check->request;
    const char *dir = request->config->scan_previous;
    if (dir[0] == 0)
        return EXIT_DONE;
    bool lenient = request->config->input_lenient == INPUT_LENIENT_YES;
    const char **names = arena_array(&check->earlier, request->name_count, sizeof *names);
    for (size_t i = 0; names != NULL && i < request->name_count; i++) {
        char name[HOSTNAME_BYTES];
        if (hostname_read(bytes_of(request->names[i]), lenient, name) == FAIL_NONE)
            names[i] = arena_string(&check->earlier, name);
    }
    const struct check_previous asked = {names, request->name_count, check->cached, &check->earlier};
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error =
        names == NULL ? ERR_MEMORY : check_previous_read(dir, clock_wall_ms(), &asked, stderr, &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "stsweep: %s%s\n", why.len > 0 ? buf_string(&why) : error_text(error),
                      error_next(error));
    buf_dispose(&why);
    return exit_code_of(error);
}

/* Starts all but those who opted out. false: a name is none, or nobody is left. */
static bool start_all(struct check *check)
{
    const struct check_request *request = check->request;
    for (size_t i = 0; i < request->name_count; i++) {
        char name[HOSTNAME_BYTES];
        enum failure_code code = take_name(check, request->names[i], name);
        if (code == FAIL_INPUT_OPTED_OUT) {
            check->left--;
            continue;
        }
        if (code != FAIL_NONE)
            return false;
        struct domain_input input = {.ordinal = i + 1, .domain = name, .cached = check->cached[i]};
        if (domain_start(check->worker, &input) != ERR_OK)
            return false;
    }
    return check->left > 0;
}

/* ---- planned MX hosts ---------------------------------------------------------------------------------- */

static void begin_domains(struct check *check)
{
    check->started = start_all(check);
    if (!check->started)
        (void)event_base_loopbreak(check->worker->loop.base);
}

static void on_planned(void *arg, struct host_result *result)
{
    struct planned *planned = arg;
    struct check *check = planned->check;
    planned->result = result;
    check->request->seen(check->request->render_arg, planned->index, &result->facts);
    if (--check->planned_left == 0)
        begin_domains(check);
}

/* Asks for a planned host, unless its operator asked not to be scanned: then nothing is seen of it. */
static void start_planned(struct check *check, size_t index)
{
    struct planned *planned = &check->planned[index];
    const char *name = check->request->planned[index];
    *planned = (struct planned){.check = check, .index = index};
    if (optout_has_domain(check->worker->context->optout, name))
        return;
    const struct host_request host = {.host = name, .intent = true, .ready = on_planned, .arg = planned};
    if (!handle_is_set(hosts_request(check->worker, &host)))
        out_of_memory("planned hosts");
    check->planned_left++;
}

/* Looks at the planned hosts, and then at the domains. */
static void begin(struct check *check)
{
    const struct check_request *request = check->request;
    check->planned = calloc(request->planned_count + 1, sizeof *check->planned);
    if (check->planned == NULL)
        out_of_memory("planned hosts");
    for (size_t i = 0; i < request->planned_count; i++)
        start_planned(check, i);
    bool waits = check->planned_left > 0;
    if (!waits)
        begin_domains(check);
    if (waits || check->started)
        loop_run(&check->worker->loop);
}

static void end_planned(struct check *check)
{
    for (size_t i = 0; check->planned != NULL && i < check->request->planned_count; i++)
        if (check->planned[i].result != NULL)
            host_result_release(check->planned[i].result);
    free(check->planned);
}

bool check_is_no(enum outcome outcome, const struct code_set *codes, uint32_t fail_on)
{
    const uint32_t none = UINT32_C(1) << OUTCOME_NONE;
    const uint32_t good = UINT32_C(1) << OUTCOME_PROTECTED | UINT32_C(1) << OUTCOME_UNKNOWN;
    uint32_t found = UINT32_C(1) << outcome | UINT32_C(1) << outcome_by_cached(codes);
    return (found & (fail_on != 0 ? fail_on : ~good) & ~none) != 0;
}

/* Returns the exit code: the worst answer decides; what could not be determined stands behind a plain no, and
 * behind what this machine could not see. */
static int exit_code(const struct check *check)
{
    int code = EXIT_DONE;
    for (size_t i = 0; i < check->request->name_count; i++) {
        if (check->is_no[i]) /* never of a domain that was left out */
            return EXIT_NO;
        if (check->by_machine[i])
            code = EXIT_FAILED;
        else if (check->outcomes[i] == OUTCOME_UNKNOWN && code == EXIT_DONE)
            code = EXIT_UNKNOWN;
    }
    return code;
}

/* Did the resolvers answer nothing of any domain either, so that not one of them can be blamed? Those that
 * were left out tell nothing. */
static bool resolves_nothing(const struct check *check)
{
    for (size_t i = 0; i < check->request->name_count; i++)
        if (check->outcomes[i] != OUTCOME_UNKNOWN && check->outcomes[i] != OUTCOME_NONE)
            return false;
    return check->doubtful;
}

/* Says that it is this machine's fault, to a tool too. */
static void say_machine(const struct check *check, const char *why)
{
    (void)fprintf(stderr, "stsweep: it is this machine, not the domain: %s\n", why);
    if (check->request->form != TOOL_NONE)
        check_tool_print_machine(&check->told, why, stdout);
}

/* Prints what was found, unless it would blame others for what is this machine's. */
static int answer(const struct check *check)
{
    FILE *out = check->request->out != NULL ? check->request->out : stdout;
    if (resolves_nothing(check)) {
        say_machine(check, "the resolver answers, but resolves nothing (is it cut off itself, or does it not "
                           "serve this machine?); name another one with --dns.resolvers=ADDRESS");
        return EXIT_FAILED;
    }
    if (check->request->form != TOOL_NONE)
        check_tool_print(&check->told, check->texts, out);
    for (size_t i = 0; check->request->form == TOOL_NONE && i < check->request->name_count; i++)
        if (check->texts[i].len > 0) /* who opted out has none */
            (void)fwrite(check->texts[i].data, 1, check->texts[i].len, out);
    return check->failed || fflush(out) != 0 ? EXIT_FAILED : exit_code(check);
}

/* Are colours wanted? Only for eyes: on a terminal that shows them, and not if NO_COLOR says otherwise
 * (no-color.org). */
static bool wants_colour(void)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || no_colour[0] == 0) && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

static int run(struct check *check, struct scan_context *context)
{
    const char *why = NULL;
    check->style = (struct explain_style){.verbose = check->request->verbose, .colour = wants_colour()};
    context->all_at_once = true;
    context->whole_facts = !check->request->json || check->request->render != NULL;
    context->results =
        (struct results){.arg = check, .host = on_host, .domain = on_domain, .release = on_release};
    context->trace = tracing_init(&check->tracing, check->request->trace, stderr);
    check->worker = workers_create(1, context, &why);
    if (check->worker == NULL) {
        (void)fprintf(stderr, "stsweep: %s\n", why);
        return EXIT_USAGE;
    }
    check->left = check->request->name_count;
    int refused = read_previous(check);
    if (refused == EXIT_DONE)
        begin(check);
    end_looks(check);
    end_planned(check);
    workers_destroy(check->worker, 1);
    if (!check->started)
        return refused == EXIT_DONE ? EXIT_USAGE : refused;
    return answer(check);
}

/* Says what this machine cannot do, though it can look at domains. */
static void say_blocked(struct check *check, const struct preflight *preflight,
                        const struct scan_context *context)
{
    bool smtp = preflight_is_blocked(preflight, context, KNOWN_SMTP);
    bool https = preflight_is_blocked(preflight, context, KNOWN_HTTPS);
    check->port_blocked = smtp || https;
    if (smtp)
        (void)fputs("stsweep: it is this machine: port 25 cannot be reached from here (many networks block "
                    "it), so that MX hosts are not looked at and stay unknown; run it elsewhere, or with "
                    "--smtp.probe=none for records and policies alone\n",
                    stderr);
    if (https)
        (void)fputs("stsweep: it is this machine: port 443 cannot be reached from here, so that no policy is "
                    "fetched\n",
                    stderr);
}

/* Looks at the machine first: what it cannot do is no fault of the domain's. -v shows what was seen. */
static bool look_around(struct check *check, struct scan_context *context, uint64_t open_files,
                        struct buf *why)
{
    const struct check_request *request = check->request;
    const struct preflight_patience patience = {.most_ms = PATIENCE_MS, .told = stderr};
    struct preflight preflight;
    if (preflight_run(&preflight, context, open_files, &patience, why) != ERR_OK)
        return true; /* what keeps the workers from being made says so itself */
    sandbox_say(&check->sandbox, &preflight);
    if (request->verbose)
        preflight_print(&preflight, stderr);
    if (preflight.unfit == NULL)
        say_blocked(check, &preflight, context);
    check->doubtful = preflight.doubtful;
    context_take_network(context, &preflight.network);
    context->resolvers = preflight.resolvers;
    if (preflight.unfit != NULL)
        say_machine(check, preflight.unfit);
    return preflight.unfit == NULL;
}

/* Becomes the user of safety.user and gives the rest away, before strangers are heard. */
static enum error confine(struct check *check, const struct config *config, struct buf *why)
{
    struct privileges_user user;
    const struct landlock_path folder = {check->request->folder, LANDLOCK_FOLDERS};
    struct sandbox_needs needs = {
        .config = config, .paths = &folder, .path_count = folder.path == NULL ? 0 : 1};
    enum error error =
        config->safety_user[0] == 0 ? ERR_OK : privileges_find(config->safety_user, &user, why);
    if (error == ERR_OK && config->safety_user[0] != 0)
        error = privileges_become(&user, why);
    if (error == ERR_OK)
        sandbox_enter(&needs, &check->sandbox);
    return error;
}

/* Makes room for what is found of each domain; false: there is none. */
static bool make_room(struct check *check, struct arena *arena)
{
    const size_t count = check->request->name_count;
    check->texts = arena_array(arena, count, sizeof *check->texts);
    check->outcomes = arena_array(arena, count, sizeof *check->outcomes);
    check->is_no = arena_array(arena, count, sizeof *check->is_no);
    check->by_machine = arena_array(arena, count, sizeof *check->by_machine);
    check->looks = arena_array(arena, count, sizeof *check->looks);
    check->cached = arena_array(arena, count, sizeof *check->cached);
    for (size_t i = 0; check->texts != NULL && i < count; i++)
        buf_init(&check->texts[i], TEXT_BYTES);
    return !arena->full;
}

/* Asks for what the check needs of this machine, before anything is opened. */
static bool fits(struct check *check, const struct config *config, uint64_t open_files, struct buf *why)
{
    arena_init(&check->earlier, CHECK_PREVIOUS_ARENA_BYTES);
    const bool has_room = make_room(check, &check->earlier);
    if (!has_room)
        buf_text(why, error_text(ERR_MEMORY));
    return has_room && ceilings_fit_check(config, open_files, why) && memory_can_begin(config, 1, why);
}

int check_main(const struct check_request *request)
{
    struct check check = {.request = request,
                          .told = {.form = request->form,
                                   .names = request->names,
                                   .count = request->name_count,
                                   .lenient = request->config->input_lenient == INPUT_LENIENT_YES}};
    struct config config = *request->config;
    struct scan_context context = {.config = &config};
    struct buf why;
    int code = EXIT_FAILED;
    config.limits_shards_at_once = 1; /* the check is no shard, and asks for a few connections */
    config.scan_stage = SCAN_STAGE_ALL;
    check_beside(&config, stderr);
    uint64_t open_files = setup_open_files();
    buf_init(&why, WHY_BYTES);
    if (!fits(&check, &config, open_files, &why)) {
        (void)fprintf(stderr, "stsweep: %s\n", buf_string(&why));
    } else if (context_init(&context, &config, &why) != ERR_OK || confine(&check, &config, &why) != ERR_OK) {
        (void)fprintf(stderr, "stsweep: %s", buf_string(&why));
        code = EXIT_USAGE;
    } else if (look_around(&check, &context, open_files, &why)) {
        optout_say(context.optout, config.safety_optout, config.safety_as_prefixes, stderr);
        code = run(&check, &context);
    }
    context_dispose(&context);
    for (size_t i = 0; check.texts != NULL && i < request->name_count; i++)
        buf_dispose(&check.texts[i]);
    arena_dispose(&check.earlier);
    buf_dispose(&why);
    return code;
}
