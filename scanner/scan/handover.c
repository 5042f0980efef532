/* Leads from a worker's results to the sink, or back to the feeder. */
#include "scanner/scan/handover.h"

#include "scanner/base/clock.h"
#include "scanner/scan/passes.h"
#include "scanner/verdict/verdict.h"

static void hand_certificates(const struct sink *sink, uint32_t loop, const struct tls_facts *tls)
{
    for (size_t i = 0; i < tls->cert_count; i++)
        sink->certificate(sink->arg, loop, &tls->certs[i]);
}

static void on_host(void *arg, struct worker *worker, const struct probe_facts *probe)
{
    struct handover *handover = arg;
    const struct sink *sink = &handover->sink;
    worker->counts.probes++;
    hand_certificates(sink, worker->index, &probe->tls);
    if (probe->legacy != NULL)
        hand_certificates(sink, worker->index, probe->legacy);
    sink->host(sink->arg, worker->index, probe, verdict_probe(probe, BY_OWN_TIME));
}

static bool is_put_off(struct worker *worker, const struct domain_facts *facts,
                       const struct judgement *judgement)
{
    struct scan_context *context = worker->context;
    struct pass_end end = {.retries = worker_retries(context),
                           .pass = worker->pass,
                           .began_ms = clock_monotonic_ms() - facts->ms,
                           .doubted_until_ms = worker_doubted_until_ms(context)};
    return passes_put_off(&end, judgement);
}

static void on_domain(void *arg, struct worker *worker, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    struct handover *handover = arg;
    const struct sink *sink = &handover->sink;
    if (is_put_off(worker, facts, judgement)) {
        put_off_domain(&handover->put_off, handover->feeder, facts, judgement);
        return;
    }
    hand_certificates(sink, worker->index, &facts->policy.fetch.tls);
    sink->domain(sink->arg, worker->index, facts, judgement);
    tail_count(&handover->tail, facts);
    counters_domain(&worker->counts, judgement, facts->policy.fetch.step != FETCH_NONE);
    feeder_finished(handover->feeder, facts->ordinal);
}

static void on_release(void *arg, struct worker *worker)
{
    struct handover *handover = arg;
    feeder_credit(handover->feeder, worker->index);
}

static void on_crowded(void *arg, const struct crowd *crowd)
{
    const struct handover *handover = arg;
    if (handover->crowds != NULL)
        crowds_post(handover->crowds, crowd);
}

void handover_init(struct handover *handover)
{
    put_off_init(&handover->put_off);
    handover->crowds = NULL;
    tail_init(&handover->tail);
}

struct results handover_results(struct handover *handover)
{
    return (struct results){
        .arg = handover, .host = on_host, .domain = on_domain, .release = on_release, .crowded = on_crowded};
}
