/* Makes and ends the workers; says which of them owns a key and whom they may contact. */
#include "scanner/reach/worker.h"

#include <limits.h>
#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/map.h"
#include "scanner/reach/contact.h"
#include "scanner/reach/domain.h"
#include "scanner/reach/hosts.h"

/* Lets the loop notice a gap first: all that lived through it is in doubt. */
static void take_turn(struct worker *worker)
{
    if (pause_turn(&worker->pause, clock_boot_ms()))
        atomic_store(&worker->context->doubt_ended_ms, clock_monotonic_ms());
}

static void on_beat(void *arg)
{
    struct worker *worker = arg;
    take_turn(worker);
    loop_timer_set(worker->beat, PAUSE_BEAT_MS * 1000);
}

static bool start_beat(struct worker *worker)
{
    worker->beat = loop_timer_create(&worker->loop, on_beat, worker);
    if (worker->beat != NULL)
        loop_timer_set(worker->beat, PAUSE_BEAT_MS * 1000);
    return worker->beat != NULL;
}

static bool worker_init(struct worker *worker, const char **why)
{
    struct scan_context *context = worker->context;
    *why = "cannot make an event loop";
    if (loop_init(&worker->loop, worker) != ERR_OK)
        return false;
    slots_init(&worker->domains);
    slots_init(&worker->contacts);
    const struct lookup_bounds bounds = worker_lookup_bounds(context);
    struct event_base *base = worker->loop.base;
    if (!start_beat(worker))
        return false;
    worker->dns =
        lookup_engine_create(base, context->config, &context->resolvers, &bounds, worker->count, why);
    if (worker->dns == NULL)
        return false;
    worker->fetcher = fetcher_create(base, context->config, context->trust, why);
    if (worker->fetcher == NULL)
        return false;
    worker->prober = prober_create(base, context->config, context->trust, why);
    if (worker->prober == NULL)
        return false;
    fetcher_place(worker->fetcher, &worker->place);
    prober_place(worker->prober, &worker->place);
    *why = "out of memory";
    worker->pacer = pacer_create(worker);
    worker->hosts = hosts_create(worker);
    return worker->pacer != NULL && worker->hosts != NULL;
}

struct worker *workers_create(uint32_t count, struct scan_context *context, const char **why)
{
    struct worker *workers = calloc(count, sizeof *workers);
    if (workers == NULL) {
        *why = "out of memory";
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++) {
        workers[i].all = workers;
        workers[i].index = i;
        workers[i].count = count;
        workers[i].context = context;
        workers[i].pass = worker_first_pass(context);
        workers[i].loop.mailbox.event_fd = -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!worker_init(&workers[i], why)) {
            workers_destroy(workers, count);
            return NULL;
        }
    }
    return workers;
}

static void end_services(struct worker *worker)
{
    domains_end(worker);
    contacts_end(worker);
    loop_timer_free(worker->beat);
    worker->beat = NULL;
    struct hosts *hosts = worker->hosts;
    hosts_destroy(hosts);
    worker->hosts = NULL;
    struct pacer *pacer = worker->pacer;
    worker->pacer = NULL;
    pacer_destroy(pacer);
    prober_destroy(worker->prober);
    fetcher_destroy(worker->fetcher);
    lookup_engine_destroy(worker->dns);
    worker->prober = NULL;
    worker->fetcher = NULL;
    worker->dns = NULL;
}

void workers_destroy(struct worker *workers, uint32_t count)
{
    if (workers == NULL)
        return;
    for (uint32_t i = 0; i < count; i++)
        end_services(&workers[i]);
    for (uint32_t i = 0; i < count; i++)
        loop_dispose(&workers[i].loop);
    free(workers);
}

struct counters worker_counters(const struct worker *worker)
{
    struct counters counts = worker->counts;
    counts.pauses = worker->pause.count;
    counts.paused_ms = (uint64_t)worker->pause.lasted_ms;
    if (worker->dns == NULL)
        return counts;
    const struct lookup_counters *lookups = lookup_counters(worker->dns);
    const uint64_t *by = lookups->by_status;
    lookup_resolver_counts(worker->dns, counts.resolvers);
    counts.answers = lookups->answered;
    counts.lookups = lookups->answered + lookups->lost;
    counts.lookups_failed = lookups->lost + by[DNS_TIMEOUT] + by[DNS_SERVFAIL] + by[DNS_REFUSED] +
                            by[DNS_LAME] + by[DNS_TRUNCATED_NO_TCP] + by[DNS_OPTOUT];
    return counts;
}

struct counters workers_counters(const struct worker *workers, uint32_t count)
{
    struct counters sum = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct counters counts = worker_counters(&workers[i]);
        counters_sum(&counts, &sum);
    }
    return sum;
}

bool worker_stood_still(struct worker *worker, int64_t since_ms)
{
    take_turn(worker);
    return pause_struck(&worker->pause, since_ms);
}

int64_t worker_doubted_until_ms(struct scan_context *context)
{
    if (atomic_load(&context->doubtful) || atomic_load(&context->port_doubts) > 0)
        return INT64_MAX;
    return atomic_load(&context->doubt_ended_ms);
}

static void deliver_forget_failures(struct message *message, void *receiver)
{
    struct worker *worker = receiver;
    if (worker->pacer != NULL)
        pacer_forget_silence(worker->pacer);
    if (worker->hosts != NULL)
        hosts_doubt(worker->hosts);
    free(message);
}

/* Tells the other loops of port 25. Doubt that has ended still holds for what began before. */
static void publish_port(struct worker *worker, const struct port_outage *before)
{
    struct scan_context *context = worker->context;
    const struct port_outage *port = &worker->port;
    if (before->in_doubt && !port->in_doubt)
        atomic_store(&context->doubt_ended_ms, clock_monotonic_ms());
    if (port->in_doubt != before->in_doubt)
        atomic_fetch_add(&context->port_doubts, port->in_doubt ? 1U : UINT_MAX);
    if (port->lost != before->lost)
        atomic_fetch_add(&context->port_losses, port->lost ? 1U : UINT_MAX);
}

void worker_note_port(struct worker *worker, uint64_t number, bool made)
{
    struct port_outage before = worker->port;
    port_outage_end(&worker->port, number, made);
    publish_port(worker, &before);
}

static void deliver_new_pass(struct message *message, void *receiver)
{
    struct worker *worker = receiver;
    worker->pass++;
    struct port_outage before = worker->port;
    port_outage_new_pass(&worker->port);
    publish_port(worker, &before);
    bool for_outage = worker->pass > 1 + worker_retries(worker->context);
    if (worker->pacer != NULL)
        pacer_new_pass(worker->pacer);
    if (worker->hosts != NULL && for_outage)
        hosts_doubt(worker->hosts);
    else if (worker->hosts != NULL)
        hosts_new_pass(worker->hosts);
    free(message);
}

static void deliver_forget_unoffered(struct message *message, void *receiver)
{
    struct worker *worker = receiver;
    if (worker->hosts != NULL)
        hosts_forget_unoffered(worker->hosts);
    free(message);
}

static enum error tell_all(struct worker *workers, uint32_t count,
                           void (*deliver)(struct message *message, void *receiver))
{
    for (uint32_t i = 0; i < count; i++) {
        struct message *message = calloc(1, sizeof *message);
        if (message == NULL)
            return ERR_MEMORY;
        message->deliver = deliver;
        loop_post(&workers[i].loop, message);
    }
    return ERR_OK;
}

enum error workers_new_pass(struct worker *workers, uint32_t count)
{
    return tell_all(workers, count, deliver_new_pass);
}

enum error workers_forget_failures(struct worker *workers, uint32_t count)
{
    return tell_all(workers, count, deliver_forget_failures);
}

enum error workers_forget_unoffered(struct worker *workers, uint32_t count)
{
    return tell_all(workers, count, deliver_forget_unoffered);
}

struct worker *worker_among(const struct worker *worker, struct bytes key, uint32_t count)
{
    return &worker->all[map_hash(key, ~worker->context->hash_seed) % count];
}

struct worker *worker_of(const struct worker *worker, struct bytes key)
{
    return worker_among(worker, key, worker->count);
}

struct lookup_bounds worker_lookup_bounds(const struct scan_context *context)
{
    return (struct lookup_bounds){.allow = &context->allow,
                                  .left_alone =
                                      context->optout == NULL ? NULL : optout_prefixes(context->optout)};
}

int64_t worker_retries(const struct scan_context *context)
{
    return context->round == 0 ? context->config->scan_retry_passes : (int64_t)context->round - 1;
}

uint32_t worker_first_pass(const struct scan_context *context)
{
    return context->round == 0 ? 1 : context->round;
}

enum not_tried worker_may_contact(const struct worker *worker, const struct ip_addr *ip)
{
    const struct scan_context *context = worker->context;
    if (!ip_may_reach(ip, &context->allow))
        return NOT_TRIED_SPECIAL_ADDRESS;
    if (optout_has_ip(context->optout, ip))
        return NOT_TRIED_OPTOUT;
    if (!part_owns(&context->part, ip))
        return NOT_TRIED_ELSEWHERE;
    if (ip->family == 6 ? !context->has_ipv6 : !context->has_ipv4)
        return NOT_TRIED_NO_FAMILY;
    return TRIED;
}

bool worker_was_stuck_at(const struct worker *worker, enum place_kind kind, const struct ip_addr *ip)
{
    const struct place_at at = {.kind = kind, .ip = *ip};
    return worker->context->stuck != NULL && stuck_list_has(worker->context->stuck, &at);
}

bool worker_is_blocked(const struct worker *worker, enum known_port port, const struct ip_addr *ip)
{
    return worker->context->network.blocked[port][ip->family == 6 ? KNOWN_IPV6 : KNOWN_IPV4];
}
