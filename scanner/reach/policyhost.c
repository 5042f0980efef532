/* From mta-sts.<domain> to the facts of a fetch. */
#include "scanner/reach/policyhost.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/facts/failure.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/verdict.h"

static void set_state(struct policy_visit *visit, enum policy_visit_state state)
{
    visit->state = state;
}

static void try_next(struct policy_visit *visit);

static void finish(struct policy_visit *visit)
{
    set_state(visit, VISIT_DONE);
    visit->done(visit->arg);
}

static const struct ip_addr *current(const struct policy_visit *visit)
{
    return &visit->facts->address.ips[visit->next - 1];
}

/* The address did not answer at all, so that a sender would go on to the next. */
static bool did_not_connect(const struct fetch_facts *fetch)
{
    return fetch->step == FETCH_CONNECT;
}

/* Nothing was heard any more, or the peer went away: as peers do of whom nothing is heard. */
static bool is_broken_off(const struct fetch_facts *fetch)
{
    bool by_net = fetch->net != NET_OK && fetch->net != NET_REFUSED;
    bool by_tls = fetch->tls.end == TLS_TIMEOUT || fetch->tls.end == TLS_CLOSED;
    return by_net || by_tls || fetch->deadline || fetch->truncated;
}

static enum policy_trouble trouble_of(const struct policy_visit *visit, const struct fetch_facts *fetch)
{
    struct policy_facts alone = {.address = visit->facts->address, .fetch = *fetch};
    alone.address.ip_count = 1; /* what the others would say is not asked here */
    bool stays = fetch->not_tried == NOT_TRIED_OPTOUT || fetch->not_tried == NOT_TRIED_NO_FAMILY ||
                 fetch->not_tried == NOT_TRIED_PORT_BLOCKED || fetch->not_tried == NOT_TRIED_STUCK;
    if (failure_get(verdict_fetch(&alone, 0))->transient) /* without a connection no date is looked at */
        return stays ? TROUBLE_OPEN : TROUBLE_PASSING;
    return fetch->not_tried == TRIED ? TROUBLE_FINAL : TROUBLE_NOT_TRIED;
}

/* Of addresses that did not answer one is told: what may pass at the first of them is not made final by what
 * the others say. */
static void keep_trouble(struct policy_visit *visit, const struct fetch_facts *fetch)
{
    enum policy_trouble trouble = trouble_of(visit, fetch);
    if (trouble <= visit->trouble)
        return;
    visit->trouble = trouble;
    visit->facts->fetch = *fetch;
}

static void on_fetch(void *arg, struct fetch_facts *facts)
{
    struct policy_visit *visit = arg;
    struct worker *worker = visit->worker;
    bool timed_out = facts->net == NET_TIMEOUT || facts->deadline;
    bool paused = is_broken_off(facts) && worker_stood_still(worker, visit->began_ms);
    bool cut_off =
        !paused && (timed_out || facts->net == NET_UNREACHABLE) && worker_lacks_route(current(visit));
    if (paused || cut_off)
        facts->not_tried = paused ? NOT_TRIED_PAUSED : NOT_TRIED_NO_ROUTE;
    worker->routes_lacking += cut_off;
    pace_release(worker, current(visit), PACE_HTTPS,
                 !paused && !cut_off && timed_out && did_not_connect(facts));
    if (did_not_connect(facts)) {
        keep_trouble(visit, facts);
        try_next(visit);
    } else {
        visit->facts->fetch = *facts;
        finish(visit);
    }
}

static void start_fetch(struct policy_visit *visit)
{
    int64_t now = clock_monotonic_ms();
    set_state(visit, VISIT_FETCH);
    visit->began_ms = clock_boot_ms();
    if (visit->deadline_ms == 0)
        visit->deadline_ms = now + visit->worker->context->config->policy_timeout;
    struct fetch_request request = {.host = visit->facts->host,
                                    .ip = *current(visit),
                                    .port = 443,
                                    .timeout_ms = visit->deadline_ms > now ? visit->deadline_ms - now : 1,
                                    .arena = visit->arena,
                                    .done = on_fetch,
                                    .arg = visit};
    visit->fetch = fetch_start(visit->worker->fetcher, &request);
    if (!handle_is_set(visit->fetch)) /* out of memory: no callback comes, and no handle could say so later */
        out_of_memory("a policy's fetch");
}

static void pass_over(struct policy_visit *visit, enum not_tried reason)
{
    const struct fetch_facts fetch = {.not_tried = reason, .ip = *current(visit), .tls.alert = -1};
    keep_trouble(visit, &fetch);
    try_next(visit);
}

static void on_turn(void *arg, const struct pace_turn *turn)
{
    struct policy_visit *visit = arg;
    if (turn->answer != PACE_GRANTED) {
        pass_over(visit, turn->answer == PACE_DEAD ? NOT_TRIED_DEAD : NOT_TRIED_PACE);
        return;
    }
    visit->tried++;
    start_fetch(visit);
}

static void try_next(struct policy_visit *visit)
{
    const struct address_facts *address = &visit->facts->address;
    bool late = visit->deadline_ms != 0 && clock_monotonic_ms() >= visit->deadline_ms;
    if (visit->next >= address->ip_count || visit->tried >= POLICY_ADDRESSES_TRIED || late) {
        finish(visit);
        return;
    }
    const struct ip_addr *ip = &address->ips[visit->next++];
    enum not_tried reason = worker_may_contact(visit->worker, ip);
    if (reason == TRIED && worker_was_stuck_at(visit->worker, PLACE_POLICY, ip))
        reason = NOT_TRIED_STUCK;
    if (reason == TRIED && worker_is_blocked(visit->worker, KNOWN_HTTPS, ip))
        reason = NOT_TRIED_PORT_BLOCKED;
    if (reason != TRIED) {
        pass_over(visit, reason);
        return;
    }
    set_state(visit, VISIT_TURN);
    visit->turn = pace_request(visit->worker, ip, PACE_HTTPS, on_turn, visit);
    if (!handle_is_set(visit->turn))
        pass_over(visit, NOT_TRIED_PACE);
}

static void on_addresses(void *arg)
{
    struct policy_visit *visit = arg;
    const struct address_facts *address = &visit->facts->address;
    if (address->ip_count == 0) {
        visit->facts->fetch.not_tried = NOT_TRIED_NO_ADDRESS;
    } else if (addresses_opted_out(address, visit->worker->context->optout)) {
        visit->facts->fetch.not_tried = NOT_TRIED_OPTOUT;
        visit->facts->fetch.ip = address->ips[0];
        finish(visit);
        return;
    }
    try_next(visit);
}

bool policy_visit_start(struct policy_visit *visit, struct worker *worker, const char *domain,
                        struct arena *arena, struct policy_facts *facts, void (*done)(void *arg), void *arg)
{
    *visit =
        (struct policy_visit){.worker = worker, .arena = arena, .facts = facts, .done = done, .arg = arg};
    struct buf host;
    buf_init(&host, 512);
    (void)buf_printf(&host, "mta-sts.%s", domain);
    facts->host = arena_string(arena, buf_string(&host));
    facts->fetch.tls.alert = -1;
    buf_dispose(&host);
    if (facts->host != NULL && optout_has_domain(worker->context->optout, facts->host)) {
        facts->fetch.not_tried = NOT_TRIED_OPTOUT;
        return false;
    }
    set_state(visit, VISIT_ADDRESSES);
    address_query_start(&visit->address, worker->dns, facts->host == NULL ? "" : facts->host, arena,
                        &facts->address, on_addresses, visit);
    return true;
}

void policy_visit_cancel(struct policy_visit *visit)
{
    struct worker *worker = visit->worker;
    if (visit->state == VISIT_ADDRESSES) {
        address_query_cancel(&visit->address);
    } else if (visit->state == VISIT_TURN) {
        pace_cancel(worker, visit->turn);
    } else if (visit->state == VISIT_FETCH) {
        fetch_cancel(worker->fetcher, visit->fetch);
        pace_release(worker, current(visit), PACE_HTTPS, false);
    }
    set_state(visit, VISIT_DONE);
}
