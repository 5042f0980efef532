/* Runs a domain's state machine: one setter, one function per state. */
#include "scanner/reach/domain.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/state.h"
#include "scanner/facts/fields.h"
#include "scanner/facts/hostname.h"
#include "scanner/facts/placeholder.h"
#include "scanner/facts/suffix.h"
#include "scanner/reach/hosts.h"
#include "scanner/reach/looks.h"
#include "scanner/reach/nearmiss.h"
#include "scanner/reach/policyhost.h"
#include "scanner/reach/told.h"
#include "scanner/reach/worker.h"
#include "scanner/sts/record.h"
#include "scanner/verdict/cached.h"
#include "scanner/verdict/verdict.h"

enum { DOMAIN_FIRST_BYTES = 256, UNICODE_BYTES = 1024 };

enum { HOSTS_AT_A_TIME = 4 };

enum domain_state { DOMAIN_NEW, DOMAIN_RECORDS, DOMAIN_REACH, DOMAIN_JUDGE, DOMAIN_GONE };

struct domain {
    struct worker *worker;
    struct handle handle;
    struct trace *trace; /* NULL unless it is the one that is traced */
    enum domain_state state;
    bool parked;
    int64_t started_ms; /* monotonic */
    struct arena arena;
    struct domain_facts facts;
    struct lookup_handle txt;
    struct lookup_handle tlsrpt;
    struct lookup_handle mx;
    unsigned pending;            /* lookups in RECORDS; policy and hosts in REACH */
    bool visiting;               /* the policy's host */
    bool looking;                /* for near misses */
    bool wants_policy;           /* there may be an MTA-STS record */
    bool intent;                 /* or senders may have an earlier policy: the MX hosts matter */
    struct policy_visit *visit;  /* in the arena; NULL if no policy is wanted */
    struct near_miss_look *look; /* in the arena, or NULL */
    struct host_wait *waits;     /* one for each of facts.hosts */
    size_t next_host;            /* the first of them that has not been asked for yet */
    size_t asked_hosts;          /* that have not answered yet */
};

struct host_wait {
    struct domain *domain;
    struct handle request;
    struct host_result *result;
    struct looks_again again; /* addresses that are due a second look */
    bool asked_again;
};

static void enter_reach(struct domain *domain);
static void enter_judge(struct domain *domain);

static void set_state(struct domain *domain, enum domain_state state)
{
    static const char *const list[] = {"new", "records", "reach", "judge", "gone"};
    static const struct state_names names = {"domain", list};
    domain->state = state_enter(&names, domain->trace, domain->facts.domain, NULL, domain->state, state);
}

/* ---- RECORDS ------------------------------------------------------------------------------------------- */

static void record_answered(struct domain *domain)
{
    if (--domain->pending == 0)
        enter_reach(domain);
}

static void on_txt(void *arg, const struct dns_answer *answer)
{
    struct domain *domain = arg;
    domain->txt = (struct lookup_handle){0};
    dns_txt_facts(answer, &domain->arena, &domain->facts.txt);
    record_answered(domain);
}

static void on_tlsrpt(void *arg, const struct dns_answer *answer)
{
    struct domain *domain = arg;
    domain->tlsrpt = (struct lookup_handle){0};
    dns_txt_facts(answer, &domain->arena, &domain->facts.tlsrpt);
    record_answered(domain);
}

static void on_mx(void *arg, const struct dns_answer *answer)
{
    struct domain *domain = arg;
    domain->mx = (struct lookup_handle){0};
    dns_mx_facts(answer, &domain->arena, &domain->facts.mx);
    record_answered(domain);
}

/* Asks at a name below the domain. A name past 253 octets cannot be asked for and cannot exist (RFC 1035
 * section 2.3.4). */
static struct lookup_handle ask_below(struct domain *domain, const char *prefix, lookup_done done,
                                      struct txt_facts *facts)
{
    char name[HOSTNAME_BYTES];
    if (!hostname_below(name, sizeof name, prefix, domain->facts.domain)) {
        facts->lookup.status = DNS_NXDOMAIN;
        domain->pending--;
        return (struct lookup_handle){0};
    }
    return lookup_start_last(domain->worker->dns, name, DNS_TYPE_TXT, done, domain);
}

static void enter_records(struct domain *domain)
{
    struct lookup_engine *dns = domain->worker->dns;
    set_state(domain, DOMAIN_RECORDS);
    lookup_follow(dns, domain->trace);
    domain->pending = 3; /* the MX lookup ends later, so that it does not fall to 0 here */
    domain->txt = ask_below(domain, "_mta-sts.", on_txt, &domain->facts.txt);
    domain->tlsrpt = ask_below(domain, "_smtp._tls.", on_tlsrpt, &domain->facts.tlsrpt);
    domain->mx = lookup_start_last(dns, domain->facts.domain, DNS_TYPE_MX, on_mx, domain);
    lookup_follow(dns, NULL);
}

/* ---- REACH --------------------------------------------------------------------------------------------- */

/* Makes room for another domain: MX hosts and the policy host, for which this one waits now, have gates and
 * turns of their own. */
static void park(struct domain *domain)
{
    struct scan_context *context = domain->worker->context;
    if (domain->parked || domain->looking ||
        atomic_load(&context->parked) >= (size_t)context->config->limits_parked)
        return;
    atomic_fetch_add(&context->parked, 1);
    domain->parked = true;
    context->results.release(context->results.arg, domain->worker);
}

static void reached(struct domain *domain)
{
    if (--domain->pending == 0)
        enter_judge(domain);
    else
        park(domain);
}

static void on_policy(void *arg)
{
    struct domain *domain = arg;
    domain->visiting = false;
    reached(domain);
}

static void on_near_misses(void *arg)
{
    struct domain *domain = arg;
    domain->looking = false;
    reached(domain);
}

static void on_host(void *arg, struct host_result *result);

static void request_host(struct host_wait *wait, const char *host)
{
    const struct domain *domain = wait->domain;
    const struct host_request request = {.host = host,
                                         .intent = domain->intent,
                                         .again = &wait->again,
                                         .trace = domain->trace,
                                         .ready = on_host,
                                         .arg = wait};
    wait->request = hosts_request(domain->worker, &request);
}

/* Asks once more if the result is that of a look that was under way for others, who need no second one: it
 * told what was known before. */
static bool ask_again(struct host_wait *wait, const struct host_result *result)
{
    if (wait->asked_again || !looks_are_old(&wait->again, &result->facts))
        return false;
    wait->asked_again = true;
    request_host(wait, result->facts.host);
    return handle_is_set(wait->request);
}

static void request_hosts(struct domain *domain);

static void on_host(void *arg, struct host_result *result)
{
    struct host_wait *wait = arg;
    struct domain *domain = wait->domain;
    wait->request = (struct handle){0, 0};
    trace_host(domain->trace, &result->facts);
    if (ask_again(wait, result)) {
        host_result_release(result);
        return;
    }
    wait->result = result;
    domain->facts.hosts[wait - domain->waits].facts = &result->facts;
    domain->asked_hosts--;
    request_hosts(domain);
    reached(domain);
}

static bool is_address_literal(const char *host)
{
    struct ip_addr ip;
    return ip_parse(host, &ip);
}

static bool mx_surely_none(const struct mx_facts *mx)
{
    return mx->lookup.status == DNS_NODATA ||
           (mx->lookup.status == DNS_ANSWERED && mx->rr_count == 0 && !mx->lookup.truncated);
}

/* Lists the MX hosts to look at: those of the answer, without the root and placeholders (MX-6); if there is
 * no record, the domain itself (MX-2). */
static void make_hosts(struct domain *domain)
{
    struct domain_facts *facts = &domain->facts;
    size_t most = (size_t)domain->worker->context->config->smtp_max_hosts;
    bool implicit = mx_surely_none(&facts->mx);
    size_t count = implicit ? 1 : facts->mx.rr_count;
    facts->hosts = arena_array(&domain->arena, count, sizeof *facts->hosts);
    domain->waits = arena_array(&domain->arena, count, sizeof *domain->waits);
    if (facts->hosts == NULL || domain->waits == NULL)
        return;
    if (implicit)
        facts->hosts[facts->host_count++] = (struct mx_host){.host = facts->domain, .implicit = true};
    for (size_t i = 0; !implicit && i < count && facts->host_count < most; i++) {
        const struct mx_rr *rr = &facts->mx.rrs[i];
        if (strcmp(rr->host, ".") == 0 || placeholder_by_name(rr->host, facts->domain))
            continue;
        facts->hosts[facts->host_count++] = (struct mx_host){
            .host = rr->host, .preference = rr->preference, .address_literal = is_address_literal(rr->host)};
    }
}

/* Is the host on the opt-out list, or the domain an alias of a name there? Then it has that one's MX
 * hosts. */
static bool is_left_alone(const struct domain *domain, const struct mx_host *host)
{
    const struct optout *optout = domain->worker->context->optout;
    return optout_has_domain(optout, host->host) || lookup_opted_out(&domain->facts.mx.lookup, optout);
}

static void start_host(struct domain *domain, size_t index)
{
    const struct mx_host *host = &domain->facts.hosts[index];
    struct host_wait *wait = &domain->waits[index];
    wait->domain = domain;
    if (host->address_literal || is_left_alone(domain, host))
        return;
    wait->again = looks_again(&domain->facts, host->host, &domain->arena);
    request_host(wait, host->host);
    if (!handle_is_set(wait->request))
        out_of_memory("an MX host");
    domain->asked_hosts++;
    domain->pending++;
}

/* Asks for a few hosts at a time, those that are preferred first. A check, where nobody else waits, asks for
 * all at once. */
static void request_hosts(struct domain *domain)
{
    size_t most = domain->worker->context->all_at_once ? SIZE_MAX : HOSTS_AT_A_TIME;
    while (domain->next_host < domain->facts.host_count && domain->asked_hosts < most)
        start_host(domain, domain->next_host++);
}

static void start_visit(struct domain *domain)
{
    domain->visit = arena_alloc(&domain->arena, sizeof *domain->visit);
    /* Out of memory: without the visit the facts would say that there is no policy. */
    if (domain->visit == NULL)
        out_of_memory("a policy's fetch");
    domain->visiting = policy_visit_start(domain->visit, domain->worker, domain->trace, &domain->facts,
                                          &domain->arena, on_policy, domain);
    domain->pending += domain->visiting;
}

static void start_look(struct domain *domain)
{
    domain->look = arena_alloc(&domain->arena, sizeof *domain->look);
    if (domain->look == NULL)
        out_of_memory("a look for near misses");
    domain->pending++;
    domain->looking = true;
    near_miss_start(domain->look, domain->worker->dns, &domain->arena, &domain->facts, on_near_misses,
                    domain);
}

static void enter_reach(struct domain *domain)
{
    struct domain_facts *facts = &domain->facts;
    set_state(domain, DOMAIN_REACH);
    domain->wants_policy = sts_record_wants_policy(facts->txt.rrs, facts->txt.rr_count);
    domain->intent = domain->wants_policy || facts->cached != NULL;
    /* Hold one extra count, so that a callback that fires at once cannot end the domain before this function
     * returns. */
    domain->pending = 1;
    make_hosts(domain);
    request_hosts(domain);
    if (domain->wants_policy)
        start_visit(domain);
    if (domain->worker->context->config->dns_near_miss == DNS_NEAR_MISS_YES && near_miss_is_due(facts))
        start_look(domain);
    reached(domain);
}

/* ---- JUDGE --------------------------------------------------------------------------------------------- */

static void domain_free(struct domain *domain)
{
    struct worker *worker = domain->worker;
    lookup_cancel(worker->dns, domain->txt);
    lookup_cancel(worker->dns, domain->tlsrpt);
    lookup_cancel(worker->dns, domain->mx);
    if (domain->visiting)
        policy_visit_cancel(domain->visit);
    if (domain->look != NULL)
        near_miss_cancel(domain->look);
    for (size_t i = 0; domain->waits != NULL && i < domain->facts.host_count; i++) {
        hosts_cancel(worker, domain->waits[i].request);
        host_result_release(domain->waits[i].result);
    }
    if (domain->parked)
        atomic_fetch_sub(&worker->context->parked, 1);
    set_state(domain, DOMAIN_GONE);
    (void)slots_remove(&worker->domains, domain->handle);
    arena_dispose(&domain->arena);
    free(domain);
}

static void enter_judge(struct domain *domain)
{
    struct worker *worker = domain->worker;
    struct scan_context *context = worker->context;
    struct judgement judgement;
    bool parked = domain->parked;
    set_state(domain, DOMAIN_JUDGE);
    domain->facts.ms = (uint32_t)(clock_monotonic_ms() - domain->started_ms);
    verdict_judge(&domain->facts, BY_OWN_TIME, &domain->arena, &judgement);
    trace_judgement(domain->trace, &domain->facts, &judgement);
    looks_prune(&domain->facts, &judgement);
    context->results.domain(context->results.arg, worker, &domain->facts, &judgement);
    domain_free(domain);
    if (!parked)
        context->results.release(context->results.arg, worker);
}

/* ---- start and end ------------------------------------------------------------------------------------- */

/* Takes the policy that senders may still have, unless it has just expired. */
static bool take_cached(struct domain *domain, const struct cached_policy *cached)
{
    struct domain_facts *facts = &domain->facts;
    if (cached == NULL || facts->time >= cached_sure_until(cached))
        return true;
    facts->cached = arena_alloc(&domain->arena, sizeof *facts->cached);
    if (facts->cached == NULL)
        return false;
    fields_copy(&fields_cached, cached, &domain->arena, KEPT_FOR_DOMAINS, facts->cached);
    return !domain->arena.full;
}

static bool fill_in(struct domain *domain, const struct domain_input *input)
{
    struct domain_facts *facts = &domain->facts;
    struct arena *arena = &domain->arena;
    char unicode[UNICODE_BYTES];
    facts->ordinal = input->ordinal;
    facts->rank = input->rank;
    facts->domain = arena_string(arena, input->domain);
    facts->label = arena_string(arena, input->label);
    facts->source = input->source;
    if (facts->domain == NULL)
        return false;
    if (hostname_unicode(facts->domain, unicode, sizeof unicode))
        facts->unicode = arena_string(arena, unicode);
    facts->tld = hostname_tld(facts->domain);
    facts->psl_suffix = suffix_of(facts->domain, &facts->is_public_suffix);
    facts->time = clock_wall_ms();
    facts->policy.fetch.tls.alert = -1;
    facts->one_look = true;
    looks_read(input->looks, arena, facts);
    if (!take_cached(domain, input->cached))
        return false;
    struct trace *trace = domain->worker->context->trace;
    if (trace != NULL && strcmp(trace->domain, facts->domain) == 0)
        domain->trace = trace;
    return true;
}

enum error domain_start(struct worker *worker, const struct domain_input *input)
{
    struct domain *domain = calloc(1, sizeof *domain);
    if (domain == NULL)
        return ERR_MEMORY;
    domain->worker = worker;
    domain->started_ms = clock_monotonic_ms();
    arena_init_small(&domain->arena, DOMAIN_ARENA_BYTES, DOMAIN_FIRST_BYTES);
    domain->handle = slots_add(&worker->domains, domain);
    if (!handle_is_set(domain->handle) || !fill_in(domain, input)) {
        (void)slots_remove(&worker->domains, domain->handle);
        arena_dispose(&domain->arena);
        free(domain);
        return ERR_MEMORY;
    }
    enter_records(domain);
    return ERR_OK;
}

static void end_one(void *object, void *arg)
{
    (void)arg;
    domain_free(object);
}

void domains_end(struct worker *worker)
{
    slots_each(&worker->domains, end_one, NULL);
    slots_dispose(&worker->domains);
}
