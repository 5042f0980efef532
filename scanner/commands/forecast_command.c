/* Reads the planned change, looks at the new hosts and the domains, and prints the forecasts. */
#include "scanner/commands/forecast_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/forecast.h"
#include "scanner/commands/lint.h"
#include "scanner/facts/hostname.h"
#include "scanner/verdict/verdict.h"

enum { POLICY_ARENA_BYTES = 4 << 20, FORECAST_ARENA_BYTES = 8 << 20, HOSTS_MOST = 64 };

static const uint32_t loses = UINT32_C(1) << OUTCOME_REFUSED | UINT32_C(1) << OUTCOME_PARTIAL;

struct run {
    const struct args *args;
    struct arena arena; /* of the policy */
    struct sts_policy policy;
    char names[HOSTS_MOST][HOSTNAME_BYTES];
    const char *mx[HOSTS_MOST];
    const struct host_facts *hosts[HOSTS_MOST];
    struct forecast_plan plan;
    bool no, open;
};

static void on_seen(void *arg, size_t index, const struct host_facts *facts)
{
    struct run *run = arg;
    run->hosts[index] = facts;
}

static bool render(void *arg, struct buf *text, const struct domain_facts *facts,
                   const struct judgement *judgement)
{
    struct run *run = arg;
    struct arena arena;
    struct forecast forecast;
    int64_t now = clock_wall_ms();
    uint32_t no = run->args->fail_on != 0 ? run->args->fail_on : loses;
    arena_init(&arena, FORECAST_ARENA_BYTES);
    bool made = forecast_make(facts, judgement, &run->plan, now, &arena, &forecast) == ERR_OK;
    if (made) {
        run->no = run->no || (no >> forecast.worst & 1) != 0;
        run->open = run->open || forecast.worst == OUTCOME_UNKNOWN;
        made = run->args->json ? forecast_json(text, &forecast, now) : forecast_text(text, &forecast, now);
    }
    arena_dispose(&arena);
    return made;
}

static bool refuse_host(const char *name, enum failure_code code)
{
    (void)fprintf(stderr, "stsweep: check: --with-mx: no name of a host: %s\n", shown(name));
    if (code != FAIL_NONE)
        (void)fprintf(stderr, "  %s: %s %s\n", failure_name(code), failure_get(code)->why,
                      failure_get(code)->mend);
    return false;
}

/* Takes the hosts of --with-mx, each once. */
static bool take_hosts(struct run *run)
{
    char word[HOSTNAME_BYTES];
    for (const char *rest = run->args->with_mx; rest != NULL;) {
        size_t len = strcspn(rest, ","), at = 0;
        (void)snprintf(word, sizeof word, "%.*s", len < sizeof word ? (int)len : (int)sizeof word - 1, rest);
        if (run->plan.mx_count == HOSTS_MOST) {
            (void)fprintf(stderr, "stsweep: check: --with-mx: more than %d hosts\n", HOSTS_MOST);
            return false;
        }
        char *name = run->names[run->plan.mx_count];
        enum failure_code code =
            len < sizeof word ? hostname_normalize(bytes_of(word), name) : FAIL_INPUT_TOO_LONG;
        if (code != FAIL_NONE)
            return refuse_host(word, code);
        while (at < run->plan.mx_count && strcmp(run->mx[at], name) != 0)
            at++;
        if (at == run->plan.mx_count)
            run->mx[run->plan.mx_count++] = name;
        rest = rest[len] == ',' ? rest + len + 1 : NULL;
    }
    run->plan.mx = run->mx;
    run->plan.hosts = run->hosts;
    return true;
}

static int look(struct run *run)
{
    struct check_request request = {.config = &run->args->config,
                                    .names = run->args->names,
                                    .name_count = run->args->name_count,
                                    .verbose = run->args->verbose,
                                    .trace = run->args->trace,
                                    .render = render,
                                    .render_arg = run,
                                    .planned = run->plan.mx,
                                    .planned_count = run->plan.mx_count,
                                    .seen = on_seen};
    int code = check_main(&request);
    if (code == EXIT_USAGE || code == EXIT_FAILED)
        return code;
    if (run->no)
        return EXIT_NO;
    return run->open ? EXIT_UNKNOWN : EXIT_DONE;
}

int forecast_main(const struct args *args)
{
    struct run *run = calloc(1, sizeof *run);
    if (run == NULL)
        return EXIT_FAILED;
    int code = EXIT_USAGE;
    run->args = args;
    arena_init(&run->arena, POLICY_ARENA_BYTES);
    bool usable = args->config.scan_previous[0] == 0;
    if (!usable)
        (void)fputs(
            "stsweep: check: --previous tells of today: leave it out with --with-mx and --with-policy\n",
            stderr);
    usable = usable && (args->with_mx == NULL || take_hosts(run));
    if (usable && args->with_policy != NULL)
        usable = lint_read_policy(args->with_policy, &run->arena, &run->policy, stderr);
    if (usable) {
        run->plan.policy = args->with_policy != NULL ? &run->policy : NULL;
        code = look(run);
    }
    arena_dispose(&run->arena);
    free(run);
    return code;
}
