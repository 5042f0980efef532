/* Goes from mta-sts.<domain> to the facts of a fetch. */
#include "scanner/reach/policyhost.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/facts/failure.h"
#include "scanner/reach/looks.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/verdict.h"

static void try_next(struct policy_visit *policy);

static struct policy_visit *policy_of(struct visit *visit)
{
    return (struct policy_visit *)visit;
}

static void finish(struct policy_visit *policy)
{
    policy->done(policy->arg);
}

/* Did the address not answer at all, so that a sender would go on to the next? */
static bool did_not_connect(const struct fetch_facts *fetch)
{
    return fetch->step == FETCH_CONNECT;
}

/* Was nothing heard any more, or did the peer go away, as peers do of whom nothing is heard? */
static bool is_broken_off(const struct fetch_facts *fetch)
{
    bool by_net = fetch->net != NET_OK && fetch->net != NET_REFUSED;
    bool by_tls = fetch->tls.end == TLS_TIMEOUT || fetch->tls.end == TLS_CLOSED;
    return by_net || by_tls || fetch->deadline || fetch->truncated;
}

enum policy_trouble policy_trouble_of(const struct address_facts *address, const struct fetch_facts *fetch)
{
    struct policy_facts alone = {.address = *address, .fetch = *fetch};
    alone.address.ip_count = 1; /* what the others would say is not asked here */
    bool stays = fetch->not_tried == NOT_TRIED_OPTOUT || fetch->not_tried == NOT_TRIED_NO_FAMILY ||
                 fetch->not_tried == NOT_TRIED_PORT_BLOCKED || fetch->not_tried == NOT_TRIED_STUCK;
    enum failure_code code = verdict_fetch(&alone, 0); /* without a connection no date is looked at */
    if (failure_get(code)->transient && code != FAIL_POLICY_TCP_REFUSED)
        return stays ? TROUBLE_OPEN : TROUBLE_PASSING;
    return fetch->not_tried == TRIED ? TROUBLE_FINAL : TROUBLE_NOT_TRIED;
}

/* Keeps one address's trouble for all that did not answer: what may pass at the first of them is not made
 * final by what the others say. */
static void keep_trouble(struct policy_visit *policy, const struct fetch_facts *fetch)
{
    enum policy_trouble trouble = policy_trouble_of(&policy->facts->address, fetch);
    if (trouble <= policy->trouble)
        return;
    policy->trouble = trouble;
    policy->facts->fetch = *fetch;
}

/* Takes what an address answered for all, or goes on to the next if it did not answer. */
static void take(struct policy_visit *policy, bool answered, const struct fetch_facts *fetch)
{
    if (answered) {
        policy->facts->fetch = *fetch;
        finish(policy);
    } else {
        keep_trouble(policy, fetch);
        try_next(policy);
    }
}

static bool wants_small(const struct policy_visit *policy, const struct fetch_facts *large)
{
    const enum earlier_hello earlier = looks_hello_of_policy(policy->domain, &policy->visit.ip);
    return policy->visit.worker->context->large_hello && handshake_of_policy_wants_small(large, earlier);
}

/* Takes what the small ClientHello found. If it came to no ClientHello, that nothing answered the large one
 * stands, as it decides nothing; that it was refused would. */
static void take_small(struct policy_visit *policy, const struct fetch_facts *small)
{
    bool answered = small->step > FETCH_CONNECT;
    bool sent = answered && small->not_tried == TRIED;
    take(policy, answered, sent || !handshake_leaves_open(&policy->large.tls) ? small : &policy->large);
}

static void lack_small(struct policy_visit *policy, enum not_tried reason)
{
    const struct fetch_facts fetch = {.not_tried = reason, .ip = policy->visit.ip, .tls.alert = -1};
    take_small(policy, &fetch);
}

/* Fetches once more from the same address, with a small ClientHello and a time of its own. */
static void fetch_small(struct policy_visit *policy, const struct fetch_facts *large)
{
    policy->small = true;
    policy->large = *large;
    policy->deadline_ms = 0;
    if (!visit_again(&policy->visit))
        lack_small(policy, NOT_TRIED_PACE);
}

static void on_fetch(void *arg, struct fetch_facts *facts)
{
    struct policy_visit *policy = arg;
    bool timed_out = facts->net == NET_TIMEOUT || facts->deadline;
    const struct visit_signs signs = {.broken = timed_out || facts->net == NET_UNREACHABLE,
                                      .broken_off = is_broken_off(facts),
                                      .silent = timed_out && did_not_connect(facts)};
    enum not_tried reason = visit_end(&policy->visit, &signs);
    if (reason != TRIED)
        facts->not_tried = reason;
    if (policy->small) {
        facts->tls.hello_intolerant = facts->not_tried == TRIED && facts->tls.end == TLS_DONE;
        take_small(policy, facts);
    } else if (wants_small(policy, facts)) {
        fetch_small(policy, facts);
    } else {
        take(policy, !did_not_connect(facts), facts);
    }
}

/* ---- what a visit asks of the protocol ----------------------------------------------------------------- */

static struct handle ask(struct visit *visit)
{
    return pace_request(visit->worker, &visit->ip, PACE_HTTPS, visit_turn, visit);
}

static struct handle begin(struct visit *visit, const struct pace_turn *turn)
{
    struct policy_visit *policy = policy_of(visit);
    int64_t now = clock_monotonic_ms();
    (void)turn;
    policy->tried++;
    if (policy->deadline_ms == 0)
        policy->deadline_ms = now + visit->worker->context->config->policy_timeout;
    const struct fetch_request request = {.host = visit->host,
                                          .ip = visit->ip,
                                          .port = 443,
                                          .timeout_ms =
                                              policy->deadline_ms > now ? policy->deadline_ms - now : 1,
                                          .small = policy->small,
                                          .arena = policy->arena,
                                          .trace = visit->trace,
                                          .done = on_fetch,
                                          .arg = policy};
    struct handle fetch = fetch_start(visit->worker->fetcher, &request);
    if (!handle_is_set(fetch)) /* out of memory: no callback comes, and no handle could say so later */
        out_of_memory("a policy's fetch");
    return fetch;
}

/* Ends at an address of another part, which goes on from there. What was seen at those before stands. */
static void leave_to_others(struct policy_visit *policy)
{
    struct fetch_facts *fetch = &policy->facts->fetch;
    if (policy->trouble == TROUBLE_NONE)
        *fetch =
            (struct fetch_facts){.not_tried = NOT_TRIED_ELSEWHERE, .ip = policy->visit.ip, .tls.alert = -1};
    finish(policy);
}

static void refused(struct visit *visit, enum not_tried reason, const struct pace_turn *turn)
{
    const struct fetch_facts fetch = {.not_tried = reason, .ip = visit->ip, .tls.alert = -1};
    (void)turn;
    if (reason == NOT_TRIED_ELSEWHERE)
        leave_to_others(policy_of(visit));
    else if (policy_of(visit)->small)
        lack_small(policy_of(visit), reason);
    else
        take(policy_of(visit), false, &fetch);
}

static void cancel(struct visit *visit)
{
    fetch_cancel(visit->worker->fetcher, visit->session);
}

static void give_back(struct visit *visit, bool silent)
{
    pace_release(visit->worker, &visit->ip, PACE_HTTPS, silent);
}

static const struct visit_protocol https = {.name = "fetch",
                                            .place = PLACE_POLICY,
                                            .port = KNOWN_HTTPS,
                                            .ask = ask,
                                            .begin = begin,
                                            .refused = refused,
                                            .cancel = cancel,
                                            .give_back = give_back};

/* ---- the addresses one after the other ----------------------------------------------------------------- */

/* Ends without having asked for a turn. */
static void leave_alone(struct policy_visit *policy, enum not_tried reason)
{
    policy->facts->fetch.not_tried = reason;
    policy->facts->fetch.ip = policy->facts->address.ips[0];
    finish(policy);
}

static void try_next(struct policy_visit *policy)
{
    const struct address_facts *address = &policy->facts->address;
    struct visit *visit = &policy->visit;
    policy->small = false;
    bool late = policy->deadline_ms != 0 && clock_monotonic_ms() >= policy->deadline_ms;
    if (policy->next >= address->ip_count || policy->tried >= POLICY_ADDRESSES_TRIED || late) {
        finish(policy);
        return;
    }
    *visit = (struct visit){.protocol = &https,
                            .worker = visit->worker,
                            .trace = visit->trace,
                            .host = policy->facts->host,
                            .ip = address->ips[policy->next++]};
    visit_start(visit);
}

static void on_addresses(void *arg)
{
    struct policy_visit *policy = arg;
    const struct address_facts *address = &policy->facts->address;
    const struct scan_context *context = policy->visit.worker->context;
    if (address->ip_count == 0) {
        policy->facts->fetch.not_tried = NOT_TRIED_NO_ADDRESS;
    } else if (addresses_opted_out(address, context->optout)) {
        leave_alone(policy, NOT_TRIED_OPTOUT);
        return;
    } else if (!config_fetches(context->config)) {
        leave_alone(policy, NOT_TRIED_ELSEWHERE);
        return;
    }
    try_next(policy);
}

/* Makes the visit and names its host; false if that is on the opt-out list, as the facts say then. */
static bool make_visit(struct policy_visit *policy, struct worker *worker, struct trace *trace,
                       struct domain_facts *domain, struct arena *arena)
{
    struct policy_facts *facts = &domain->policy;
    *policy = (struct policy_visit){.visit = {.protocol = &https, .worker = worker, .trace = trace},
                                    .arena = arena,
                                    .domain = domain,
                                    .facts = facts};
    struct buf host;
    buf_init(&host, 512);
    (void)buf_printf(&host, "mta-sts.%s", domain->domain);
    facts->host = arena_string(arena, buf_string(&host));
    buf_dispose(&host);
    if (facts->host == NULL || !optout_has_domain(worker->context->optout, facts->host))
        return true;
    facts->fetch = (struct fetch_facts){.not_tried = NOT_TRIED_OPTOUT, .tls.alert = -1};
    return false;
}

bool policy_visit_start(struct policy_visit *policy, struct worker *worker, struct trace *trace,
                        struct domain_facts *domain, struct arena *arena, void (*done)(void *arg), void *arg)
{
    struct policy_facts *facts = &domain->policy;
    facts->fetch.tls.alert = -1;
    if (!make_visit(policy, worker, trace, domain, arena))
        return false;
    policy->done = done;
    policy->arg = arg;
    address_query_start(&policy->address, worker->dns, facts->host == NULL ? "" : facts->host, arena,
                        &facts->address, on_addresses, policy);
    return true;
}

bool policy_visit_go_on(struct policy_visit *policy, struct worker *worker, struct trace *trace,
                        struct domain_facts *domain, struct arena *arena, void (*done)(void *arg), void *arg)
{
    struct fetch_facts *fetch = &domain->policy.fetch;
    if (!make_visit(policy, worker, trace, domain, arena))
        return false;
    policy->done = done;
    policy->arg = arg;
    if (fetch->not_tried != NOT_TRIED_ELSEWHERE)
        policy->trouble = policy_trouble_of(&domain->policy.address, fetch);
    on_addresses(policy);
    return true;
}

void policy_visit_cancel(struct policy_visit *policy)
{
    address_query_cancel(&policy->address);
    visit_cancel(&policy->visit);
}
