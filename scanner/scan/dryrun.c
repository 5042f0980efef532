/* Leads a dry run from the lists to the estimate. */
#include "scanner/scan/dryrun.h"

#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/dns/lookup.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/measure.h"
#include "scanner/machine/memory.h"
#include "scanner/machine/preflight_disk.h"
#include "scanner/reach/own.h"
#include "scanner/reach/paces.h"
#include "scanner/scan/passes.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/spooled.h"

enum { WHY_BYTES = 16 * 1024 };

struct run {
    struct scan scan;
    struct config written; /* as asked for, but that nothing is written */
    struct dryrun dryrun;
    char **picked; /* names to ask about, owned */
    size_t picked_count;
};

/* ---- options ------------------------------------------------------------------------------------------- */

/* The embedded resolver is one. */
static uint32_t count_resolvers(const struct config *config)
{
    const char *list = config->dns_resolvers, *why = NULL;
    struct ip_addr ip;
    uint16_t port;
    uint32_t count = 0;
    while (resolver_next_address(&list, &ip, &port, &why))
        count++;
    return count == 0 ? 1 : count;
}

static double per_minute(int64_t interval_us)
{
    return interval_us > 0 ? 60e6 / (double)interval_us : 1e9;
}

/* A loop gives out no more places than it has, whatever an address may get. */
static struct bound_pace pace_of(const struct config *config, const struct paces *paces,
                                 enum pace_class class)
{
    size_t places = paces_places(config, class, setup_loops(config), 0), most = paces->connections[class];
    return (struct bound_pace){.per_minute = per_minute(paces->interval_us[class]),
                               .at_a_time = (double)(places < most ? places : most)};
}

static uint32_t cores_used(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t loops = setup_loops(config);
    return cores >= 1 && loops > (uint32_t)cores ? (uint32_t)cores : loops;
}

void dryrun_options(const struct config *config, uint64_t names, struct estimate_scan *scan)
{
    struct paces paces = paces_of(config), own = paces_own(config);
    *scan = (struct estimate_scan){
        .limits = {.in_flight = (double)config->scan_in_flight,
                   .dns_outstanding = (double)config->dns_outstanding * count_resolvers(config),
                   .smtp_live = (double)config->smtp_live,
                   .policy_live = (double)config->policy_live,
                   .smtp = pace_of(config, &paces, PACE_SMTP),
                   .https = pace_of(config, &paces, PACE_HTTPS),
                   .own_smtp = pace_of(config, &own, PACE_SMTP),
                   .own_https = pace_of(config, &own, PACE_HTTPS),
                   .wait_ms = (double)config->limits_wait,
                   .loops = cores_used(config)},
        .dns_timeout_ms = (double)config->dns_timeout,
        .dns_attempts = (double)config->dns_attempts,
        .smtp_connect_timeout_ms = (double)config->smtp_connect_timeout,
        .names_per_ip = (double)paces.names,
        .own_names_per_ip = (double)own.names,
        .retry_passes = (double)config->scan_retry_passes,
        .rest_ms =
            config->scan_retry_passes > 0 ? (double)passes_rest_ms(config->scan_retry_after, names) : 0,
        .probes = config->smtp_probe != SMTP_PROBE_NONE,
        .intent = config->smtp_probe == SMTP_PROBE_INTENT,
        .names_only = !config_fetches(config),
        .near_miss = config->dns_near_miss == DNS_NEAR_MISS_YES,
        .validates = config->dns_trust_ad != DNS_TRUST_AD_NO || config->dns_resolvers[0] == '\0'};
}

/* ---- the lists ----------------------------------------------------------------------------------------- */

/* Counts the names, each once, and keeps the first of them: they come in a keyed order, so these are drawn.
 */
static enum error count_names(struct run *run, struct spooled *spooled)
{
    const struct source source = spooled_source(spooled);
    struct input_name name;
    enum error error = ERR_OK;
    run->picked = calloc((size_t)run->scan.request->measure + 1, sizeof *run->picked);
    if (run->picked == NULL)
        return ERR_MEMORY;
    while ((error = source.next(source.arg, &name)) == ERR_OK) {
        run->dryrun.names++;
        if (run->picked_count >= run->scan.request->measure)
            continue;
        run->picked[run->picked_count] = strdup(name.domain);
        if (run->picked[run->picked_count++] == NULL)
            return ERR_MEMORY;
    }
    return error == ERR_NOT_FOUND ? ERR_OK : error;
}

static enum error read_lists(struct run *run, struct spooled *spooled)
{
    struct scan *scan = &run->scan;
    struct intake_options options = {.asked = refusal_asked(scan->config),
                                     .files = scan->confine.files,
                                     .file_count = scan->request->file_count,
                                     .at_least = (uint64_t)scan->config->input_at_least,
                                     .optout = scan->context.optout,
                                     .reduce = scan->config->input_reduce == INPUT_REDUCE_REGISTRABLE,
                                     .rejects_done = true,
                                     .names = spooled,
                                     .choice = scan->choice,
                                     .seen = &scan->seen,
                                     .out = run->scan.live.terminal.news};
    enum error error = intake_read(&options, &run->dryrun.counts, &scan->why);
    if (error == ERR_OK)
        error = intake_check(&options, &scan->why);
    if (error == ERR_OK)
        error = count_names(run, spooled);
    run->dryrun.spool = spooled_counts(spooled);
    run->dryrun.left_out = choice_counts_of(scan->choice);
    return error;
}

/* Says the error with its exit code. */
static bool say(struct scan *scan, const char *what, enum error error)
{
    if (error != ERR_OK)
        scan->refused_with = error == ERR_FULL ? EXIT_FAILED : exit_code_of(error);
    return scan_say(scan, what, error);
}

static bool take_lists(struct run *run)
{
    struct scan *scan = &run->scan;
    struct spooled_options options = {.config = scan->config,
                                      .seed = scan->meta.seed,
                                      .directory = spooled_directory(&run->written),
                                      .choice = scan->choice,
                                      .optout = scan->context.optout};
    struct spooled *spooled = spooled_create(&options);
    if (spooled == NULL)
        return say(scan, "names", ERR_MEMORY);
    enum error error = read_lists(run, spooled);
    if (error != ERR_OK)
        spooled_say_reason(spooled, &scan->why);
    spooled_destroy(spooled);
    return say(scan, NULL, error);
}

/* ---- the estimate -------------------------------------------------------------------------------------- */

static void take_machine(struct run *run)
{
    struct dryrun *dryrun = &run->dryrun;
    const struct config *config = run->scan.config;
    dryrun->config = config;
    dryrun->preflight = &run->scan.preflight;
    dryrun->spooled = choice_is_whole(run->scan.choice) ? dryrun->spool.names : dryrun->names;
    dryrun->disk_bytes = disk_estimate(config, dryrun->names, dryrun->spooled);
    if (strcmp(config->output_dir, "-") == 0 || !disk_free_bytes(config->output_dir, &dryrun->disk_free))
        dryrun->disk_free = 0;
    dryrun->memory_bytes = ceilings_likely(config, dryrun->names);
    dryrun->memory_parked_bytes = ceilings_all_parked(config, dryrun->names);
    if (!memory_available("", &dryrun->memory_free))
        dryrun->memory_free = 0;
}

static bool reckon(struct run *run, bool asks)
{
    struct dryrun *dryrun = &run->dryrun;
    take_machine(run);
    preflight_disk(&run->scan.preflight, run->scan.config, dryrun->names, dryrun->spooled,
                   run->scan.live.terminal.news);
    own_say_list(run->scan.config, dryrun->names, run->scan.live.terminal.news);
    estimate_shares_expected(&dryrun->shares);
    dryrun_options(dryrun->config, dryrun->names, &dryrun->scan);
    if (asks && run->picked_count > 0 &&
        !say(&run->scan, "what the names show",
             measure_names(&run->scan.context, run->picked, run->picked_count, &dryrun->shares,
                           &run->scan.why)))
        return false;
    estimate_of(dryrun->names, &dryrun->shares, &dryrun->scan, &dryrun->estimate);
    return true;
}

static void dispose(struct run *run)
{
    struct scan *scan = &run->scan;
    for (size_t i = 0; i < run->picked_count; i++)
        free(run->picked[i]);
    free(run->picked);
    choice_destroy(scan->choice);
    summary_sample_destroy(scan->sample);
    scan_meta_dispose(&scan->meta);
    context_dispose(&scan->context);
    confine_dispose(&scan->confine);
    live_dispose(&scan->live);
    buf_dispose(&scan->why);
}

int dryrun_main(const struct scan_request *request, FILE *out)
{
    struct run run = {
        .scan = {.request = request, .task = &scan_lists, .fitted = *request->config, .wake_fd = -1},
        .written = *request->config};
    run.scan.config = &run.scan.fitted;
    run.scan.refused_with = EXIT_USAGE;
    run.written.output_dir = "-";
    buf_init(&run.scan.why, WHY_BYTES);
    if (live_init(&run.scan.live, request, clock_monotonic_ms()) != ERR_OK)
        out_of_memory("what is said");
    /* On a machine from which a scan would not start, it is said all the same what one would do. */
    bool fits = scan_prepare(&run.scan, &run.written);
    bool fine = (fits || run.scan.preflight.unfit != NULL) && take_lists(&run) && reckon(&run, fits);
    int code = fine && fits ? EXIT_DONE : run.scan.refused_with;
    if (fine && !request->json)
        dryrun_tell(&run.dryrun, out);
    else if (fine && !dryrun_json(&run.dryrun, out))
        code = say(&run.scan, "the answer", ERR_MEMORY) ? EXIT_DONE : EXIT_FAILED;
    live_end(&run.scan.live, code);
    dispose(&run);
    return code;
}
