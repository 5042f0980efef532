/* Starts a run for each address, and puts their facts together. */
#include "scanner/reach/hostprobes.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/reach/tlsa.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/verdict.h"

bool host_probes_hold(const struct tlsa_facts *earlier, const struct tlsa_facts *now)
{
    return now->rr_count == 0 || tlsa_same_records(earlier, now);
}

/* ---- dates --------------------------------------------------------------------------------------------- */

static int validity(const struct cert_facts *cert, int64_t at_ms)
{
    int64_t at = at_ms / 1000;
    return at < cert->not_before ? -1 : at > cert->not_after;
}

static bool date_has_passed(const struct tls_facts *tls, int64_t checked, int64_t now)
{
    int64_t since = tls->time > checked ? tls->time : checked;
    for (size_t i = 0; tls->time != 0 && i < tls->cert_count; i++)
        if (validity(&tls->certs[i], since) != validity(&tls->certs[i], now))
            return true;
    return false;
}

static bool is_outdated(const struct probe_facts *probe, int64_t now)
{
    if (probe->not_tried != TRIED)
        return false;
    return date_has_passed(&probe->tls, probe->checked, now) ||
           (probe->legacy != NULL && date_has_passed(probe->legacy, probe->checked, now));
}

bool host_probes_outdated(const struct host_result *result, int64_t now)
{
    for (size_t i = 0; result->looks_anew < HOST_LOOKS_ANEW_MOST && i < result->facts.probe_count; i++)
        if (is_outdated(&result->facts.probes[i], now))
            return true;
    return false;
}

/* ---- what is known already ----------------------------------------------------------------------------- */

static const struct probe_facts *find_earlier(const struct host_probes *probes, const struct ip_addr *ip)
{
    const struct host_facts *facts = probes->earlier == NULL ? NULL : &probes->earlier->facts;
    for (size_t i = 0; facts != NULL && i < facts->probe_count; i++)
        if (ip_equal(&facts->probes[i].ip, ip))
            return &facts->probes[i];
    return NULL;
}

static bool was_tried(const struct probe_facts *probe)
{
    return probe != NULL && probe->not_tried == TRIED;
}

static bool may_come(enum not_tried reason)
{
    return reason == NOT_TRIED_PACE || reason == NOT_TRIED_NO_ROUTE || reason == NOT_TRIED_PAUSED;
}

/* May an outage of our own have hit it? */
static bool is_in_doubt(const struct host_probes *probes, const struct probe_facts *known)
{
    const struct host_result *earlier = probes->earlier;
    int64_t doubted_ms = probes->result->anew_before_ms;
    return doubted_ms != 0 && earlier->tried_ms[known - earlier->facts.probes] < doubted_ms &&
           verdict_probe_may_be_ours(known);
}

/* Returns what was seen then and can be judged now, whatever its age; or NULL. */
static const struct probe_facts *judged_earlier(const struct host_probes *probes, const struct ip_addr *ip)
{
    const struct probe_facts *known = find_earlier(probes, ip);
    if (known == NULL || known->not_tried == NOT_TRIED_BUDGET || may_come(known->not_tried) ||
        looks_is_old(probes->again, known) || is_in_doubt(probes, known) ||
        !host_probes_hold(&probes->earlier->facts.tlsa, &probes->result->facts.tlsa))
        return NULL;
    return known;
}

/* Returns the same if it need not be looked at anew. */
static const struct probe_facts *probed_earlier(const struct host_probes *probes, const struct ip_addr *ip)
{
    const struct probe_facts *known = judged_earlier(probes, ip);
    bool enough = known != NULL && probes->earlier->looks_anew >= HOST_LOOKS_ANEW_MOST;
    return known == NULL || enough || !is_outdated(known, probes->now) ? known : NULL;
}

/* Says what may be done at an address. The host's name is known already to one that was tried. */
static enum probe_leave leave_of(const struct host_probes *probes, const struct ip_addr *ip)
{
    bool may = probes->leave == PROBE_ALWAYS || probes->leave == PROBE_WITHIN_BUDGET;
    return may && was_tried(find_earlier(probes, ip)) ? PROBE_AGAIN : probes->leave;
}

static void go_on(struct host_probes *probes);

static void on_run_done(void *arg)
{
    struct host_probes *probes = arg;
    probes->under_way--;
    if (!probes->starting)
        go_on(probes);
}

static void start_run(struct host_probes *probes, struct probe_run *run, const struct ip_addr *ip)
{
    probes->under_way++;
    probe_run_start(run, probes->worker, probes->trace, &probes->result->facts, ip, leave_of(probes, ip),
                    probes->again, on_run_done, probes);
}

static void start_if_wanted(struct host_probes *probes, size_t index)
{
    struct probe_run *run = &probes->runs[index];
    struct ip_addr ip = probes->result->facts.address.ips[index];
    bool wanted =
        probes->catching_up ? run->facts.not_tried == NOT_TRIED_BUDGET : probed_earlier(probes, &ip) == NULL;
    if (!wanted)
        return;
    if (probes->catching_up)
        probe_run_dispose(run);
    start_run(probes, run, &ip);
}

/* Starts as many runs as may be under way at a time. It calls done last, as the probes may be gone after
 * it. */
static void go_on(struct host_probes *probes)
{
    size_t most = probes->worker->context->all_at_once ? SIZE_MAX : HOST_PROBES_AT_A_TIME;
    probes->starting = true;
    while (probes->next < probes->run_count && probes->under_way < most)
        start_if_wanted(probes, probes->next++);
    probes->starting = false;
    if (probes->under_way == 0)
        probes->done(probes->arg);
}

void host_probes_start(struct host_probes *probes, struct worker *worker, struct trace *trace,
                       struct host_result *result, struct host_result *earlier,
                       const struct looks_again *again, enum probe_leave leave, void (*done)(void *arg),
                       void *arg)
{
    const struct address_facts *address = &result->facts.address;
    size_t most = (size_t)worker->context->config->smtp_max_addresses;
    *probes = (struct host_probes){.worker = worker,
                                   .trace = trace,
                                   .result = result,
                                   .earlier = earlier,
                                   .again = again,
                                   .run_count = address->ip_count < most ? address->ip_count : most,
                                   .leave = leave,
                                   .now = clock_wall_ms(),
                                   .done = done,
                                   .arg = arg};
    if (probes->run_count > 0)
        probes->runs = calloc(probes->run_count, sizeof *probes->runs);
    if (probes->run_count > 0 && probes->runs == NULL)
        out_of_memory("the probes of an MX host");
    go_on(probes);
}

bool host_probes_catch_up(struct host_probes *probes)
{
    size_t left_out = 0;
    for (size_t i = 0; i < probes->run_count; i++)
        left_out += probes->runs[i].facts.not_tried == NOT_TRIED_BUDGET;
    if (left_out == 0)
        return false;
    probes->leave = PROBE_ALWAYS;
    probes->catching_up = true;
    probes->next = 0;
    go_on(probes);
    return true;
}

/* Hands the probe's memory to the result, so that nothing need be copied. */
static void keep_whole(struct host_result *result, struct probe_run *run, struct probe_facts *facts)
{
    *facts = run->facts;
    facts->host = result->facts.host;
    result->kept[result->kept_count++] = run->arena;
    run->arena = (struct arena){0};
}

/* Takes over earlier facts. Whole ones stay in the memory of the earlier result, which this result keeps
 * alive. */
static void take_earlier(struct host_probes *probes, const struct probe_facts *earlier,
                         struct probe_facts *facts)
{
    struct host_result *result = probes->result;
    result->tried_ms[facts - result->facts.probes] =
        probes->earlier->tried_ms[earlier - probes->earlier->facts.probes];
    if (result->kept == NULL) {
        probe_facts_compact(earlier, &result->facts, &result->arena, facts);
        return;
    }
    *facts = *earlier;
    facts->host = result->facts.host;
    if (result->before == NULL)
        atomic_fetch_add(&probes->earlier->references, 1);
    result->before = probes->earlier;
}

static void publish_one(struct host_probes *probes, size_t index, struct probe_facts *facts)
{
    const struct results *results = &probes->worker->context->results;
    struct host_result *result = probes->result;
    struct probe_run *run = &probes->runs[index];
    const struct probe_facts *earlier = probed_earlier(probes, &result->facts.address.ips[index]);
    if (earlier != NULL) {
        take_earlier(probes, earlier, facts);
        return;
    }
    earlier = judged_earlier(probes, &result->facts.address.ips[index]);
    if (was_tried(earlier) && run->facts.not_tried != TRIED) { /* no newer look was to be had */
        take_earlier(probes, earlier, facts);
        facts->checked = probes->now;
        return;
    }
    result->tried_ms[index] = run->tried_ms;
    run->facts.again = result->probed_before;
    if (run->facts.not_tried == TRIED || run->facts.shared)
        results->host(results->arg, probes->worker, &run->facts);
    if (result->kept != NULL)
        keep_whole(result, run, facts);
    else
        probe_facts_compact(&run->facts, &result->facts, &result->arena, facts);
}

void host_probes_publish(struct host_probes *probes)
{
    struct host_result *result = probes->result;
    struct host_facts *facts = &result->facts;
    facts->probes = arena_array(&result->arena, probes->run_count, sizeof *facts->probes);
    result->tried_ms = arena_array(&result->arena, probes->run_count, sizeof *result->tried_ms);
    facts->probe_count = facts->probes == NULL || result->tried_ms == NULL ? 0 : probes->run_count;
    if (probes->earlier != NULL)
        result->looks_anew = probes->earlier->looks_anew + host_probes_outdated(probes->earlier, probes->now);
    if (probes->worker->context->whole_facts)
        result->kept = calloc(facts->probe_count + 1, sizeof *result->kept);
    for (size_t i = 0; i < facts->probe_count; i++)
        publish_one(probes, i, &facts->probes[i]);
    host_probes_dispose(probes);
}

void host_probes_dispose(struct host_probes *probes)
{
    for (size_t i = 0; i < probes->run_count; i++)
        if (probes->runs[i].visit.worker != NULL)
            probe_run_dispose(&probes->runs[i]);
    free(probes->runs);
    probes->runs = NULL;
    probes->run_count = 0;
    host_result_release(probes->earlier);
    probes->earlier = NULL;
}

bool host_probes_left_out(const struct host_facts *facts)
{
    for (size_t i = 0; i < facts->probe_count; i++)
        if (facts->probes[i].not_tried == NOT_TRIED_BUDGET)
            return true;
    return false;
}

bool host_probes_may_come(const struct host_facts *facts)
{
    for (size_t i = 0; i < facts->probe_count; i++)
        if (may_come(facts->probes[i].not_tried))
            return true;
    return false;
}
