/* Runs a contact's state machine: one setter, one function per state. */
#include "scanner/reach/contact.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/state.h"
#include "scanner/facts/hostname.h"
#include "scanner/reach/addresses.h"
#include "scanner/reach/looks.h"
#include "scanner/reach/policyhost.h"
#include "scanner/reach/proberun.h"
#include "scanner/reach/tlsa.h"
#include "scanner/reach/told.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/verdict.h"

enum contact_state { CONTACT_NEW, CONTACT_LOOKUPS, CONTACT_VISIT, CONTACT_JUDGE, CONTACT_GONE };

struct contact {
    struct worker *worker;
    struct handle handle;
    struct trace *trace; /* NULL unless it is the one that is traced */
    enum contact_state state;
    enum contact_label label;
    bool opted_out; /* by the plan: it is handed on as it is */
    bool parked;
    bool visiting;      /* a visit is under way */
    int64_t started_ms; /* monotonic */
    struct arena arena;
    struct domain_facts facts;
    struct policy_visit policy;
    /* of an MX host */
    struct ip_addr ip;
    struct host_facts host; /* as the names found it; then what comes of it */
    struct host_before before;
    struct looks_again again; /* in the arena */
    struct address_query address;
    struct tlsa_query tlsa;
    struct probe_run run;
};

static void enter_visit(struct contact *contact);
static void enter_judge(struct contact *contact);

static void set_state(struct contact *contact, enum contact_state state)
{
    static const char *const list[] = {"new", "lookups", "visit", "judge", "gone"};
    static const struct state_names names = {"contact", list};
    contact->state = state_enter(&names, contact->trace, contact->facts.domain, NULL, contact->state, state);
}

/* ---- what a plan says ---------------------------------------------------------------------------------- */

const char *contact_label_name(enum contact_label label)
{
    static const char *const names[CONTACT_LABELS] = {
        [CONTACT_INTENT] = "intent", [CONTACT_TLSA] = "tlsa",     [CONTACT_ALL] = "all",
        [CONTACT_OVER] = "over",     [CONTACT_POLICY] = "policy",
    };
    return names[label];
}

enum contact_label contact_label_of(const char *word)
{
    enum contact_label label = 0;
    while (label < CONTACT_LABELS && (word == NULL || strcmp(word, contact_label_name(label)) != 0))
        label++;
    return label;
}

/* Is it left to probe, or for the opt-out list of the plan to nobody? */
static bool is_planned(enum not_tried reason)
{
    return reason == NOT_TRIED_ELSEWHERE || reason == NOT_TRIED_OPTOUT;
}

static const char *fault_of_policy(const struct domain_facts *facts)
{
    char name[HOSTNAME_BYTES];
    const struct policy_facts *policy = &facts->policy;
    if (hostname_normalize(bytes_of(facts->domain), name) != FAIL_NONE || strcmp(name, facts->domain) != 0)
        return "its domain is no domain name";
    if (facts->host_count > 0)
        return "a policy host's contact has MX hosts";
    if (policy->host == NULL || policy->address.ip_count == 0)
        return "there is no address of a policy host";
    return policy->fetch.step <= FETCH_CONNECT ? NULL : "its policy has been fetched";
}

static bool is_listed(const struct address_facts *address, const struct ip_addr *ip)
{
    for (size_t i = 0; i < address->ip_count; i++)
        if (ip_equal(&address->ips[i], ip))
            return true;
    return false;
}

static const char *fault_of_host(const struct domain_facts *facts)
{
    const struct mx_host *host = facts->host_count == 1 ? &facts->hosts[0] : NULL;
    if (host == NULL || !host->implicit || host->address_literal || strcmp(host->host, facts->domain) != 0)
        return "it is not its own only MX host";
    if (strchr(host->host, ' ') != NULL)
        return "its host has a blank in it";
    if (host->facts == NULL || host->facts->probe_count != 1)
        return "it has not one address that is to be probed";
    const struct probe_facts *probe = &host->facts->probes[0];
    if (!is_planned(probe->not_tried) || !is_listed(&host->facts->address, &probe->ip))
        return "its address is none that is to be probed";
    return NULL;
}

const char *contact_fault(const struct domain_facts *facts)
{
    enum contact_label label = contact_label_of(facts->label);
    if (facts->ordinal == 0)
        return "it has no ordinal";
    if (label == CONTACT_LABELS)
        return "its label is none of a contact";
    return label == CONTACT_POLICY ? fault_of_policy(facts) : fault_of_host(facts);
}

bool contact_is_opted_out(const struct domain_facts *facts)
{
    const struct fetch_facts *fetch = &facts->policy.fetch;
    if (contact_label_of(facts->label) == CONTACT_POLICY) /* with an address it is the trouble there */
        return fetch->not_tried == NOT_TRIED_OPTOUT && fetch->ip.family == 0;
    return facts->hosts[0].facts->probes[0].not_tried == NOT_TRIED_OPTOUT;
}

/* ---- LOOKUPS ------------------------------------------------------------------------------------------- */

static bool same_answer(const struct lookup_facts *a, const struct lookup_facts *b)
{
    return a->status == b->status && a->security == b->security;
}

/* Both are in order. */
static bool same_addresses(const struct address_facts *a, const struct address_facts *b)
{
    if (!same_answer(&a->a, &b->a) || !same_answer(&a->aaaa, &b->aaaa) || a->ip_count != b->ip_count)
        return false;
    for (size_t i = 0; i < a->ip_count; i++)
        if (!ip_equal(&a->ips[i], &b->ips[i]))
            return false;
    return true;
}

static bool is_as_before(const struct contact *contact)
{
    const struct host_facts *host = &contact->host;
    const struct host_before *before = &contact->before;
    return same_addresses(&host->address, &before->address) &&
           same_answer(&host->tlsa.lookup, &before->tlsa.lookup) &&
           tlsa_same_records(&host->tlsa, &before->tlsa);
}

static void on_tlsa(void *arg)
{
    struct contact *contact = arg;
    contact->host.before = is_as_before(contact) ? NULL : &contact->before;
    enter_visit(contact);
}

static void on_addresses(void *arg)
{
    struct contact *contact = arg;
    struct worker *worker = contact->worker;
    struct host_facts *host = &contact->host;
    bool asks = !addresses_opted_out(&host->address, worker->context->optout) &&
                tlsa_query_start(&contact->tlsa, worker->dns, host->host, worker->context->config->smtp_port,
                                 &host->address, &contact->arena, &host->tlsa, on_tlsa, contact);
    if (!asks)
        on_tlsa(contact);
}

/* Keys and TLSA records are changed together, so that a handshake is judged by the records of its own
 * time. */
static void enter_lookups(struct contact *contact)
{
    struct host_facts *host = &contact->host;
    struct lookup_engine *dns = contact->worker->dns;
    set_state(contact, CONTACT_LOOKUPS);
    contact->before = (struct host_before){.address = host->address, .tlsa = host->tlsa};
    host->address = (struct address_facts){0};
    host->tlsa = (struct tlsa_facts){0};
    host->asked = clock_wall_ms();
    lookup_follow(dns, contact->trace);
    address_query_start(&contact->address, dns, host->host, &contact->arena, &host->address, on_addresses,
                        contact);
    lookup_follow(dns, NULL);
}

/* ---- VISIT --------------------------------------------------------------------------------------------- */

/* Makes room for another contact, as a domain does that only waits. */
static void park(struct contact *contact)
{
    struct scan_context *context = contact->worker->context;
    if (contact->parked || atomic_load(&context->parked) >= (size_t)context->config->limits_parked)
        return;
    atomic_fetch_add(&context->parked, 1);
    contact->parked = true;
    context->results.release(context->results.arg, contact->worker);
}

static enum probe_leave leave_of(const struct contact *contact)
{
    const struct scan_context *context = contact->worker->context;
    if (contact->opted_out || optout_has_domain(context->optout, contact->host.host) ||
        addresses_opted_out(&contact->host.address, context->optout))
        return PROBE_OPTED_OUT;
    if (context->config->smtp_probe == SMTP_PROBE_NONE)
        return PROBE_NOT_WANTED;
    return contact->label == CONTACT_OVER ? PROBE_SHARES : PROBE_ALWAYS;
}

static void list_probe(struct contact *contact, const struct probe_facts *probe)
{
    contact->host.probes[contact->host.probe_count++] = *probe;
}

/* Lists what was found at the address. If there are others than the names found, they are listed as well, as
 * far as a host's addresses are looked at. */
static void list_probes(struct contact *contact)
{
    struct host_facts *host = &contact->host;
    size_t most = (size_t)contact->worker->context->config->smtp_max_addresses;
    bool only_one = host->before == NULL;
    host->probe_count = 0;
    host->probes = arena_array(&contact->arena, only_one ? 1 : host->address.ip_count, sizeof *host->probes);
    if (host->probes == NULL)
        return;
    if (only_one)
        list_probe(contact, &contact->run.facts);
    for (size_t i = 0; !only_one && i < host->address.ip_count && i < most; i++) {
        const struct probe_facts other = {.host = host->host,
                                          .ip = host->address.ips[i],
                                          .not_tried = NOT_TRIED_ELSEWHERE,
                                          .tls.alert = -1};
        bool is_ours = contact->run.visit.worker != NULL && ip_equal(&other.ip, &contact->ip);
        list_probe(contact, is_ours ? &contact->run.facts : &other);
    }
}

static void on_visited(void *arg)
{
    struct contact *contact = arg;
    contact->visiting = false;
    if (contact->state == CONTACT_VISIT)
        enter_judge(contact);
}

static void on_probed(void *arg)
{
    struct contact *contact = arg;
    const struct results *results = &contact->worker->context->results;
    struct probe_facts *probe = &contact->run.facts;
    probe->again = true; /* in each round there may be a record of it */
    if (probe->not_tried == TRIED || probe->shared)
        results->host(results->arg, contact->worker, probe);
    on_visited(contact);
}

static void start_probe(struct contact *contact)
{
    struct domain_facts *facts = &contact->facts;
    if (!is_listed(&contact->host.address, &contact->ip))
        return;
    contact->again = looks_again(facts, contact->host.host, &contact->arena);
    contact->visiting = true;
    probe_run_start(&contact->run, contact->worker, contact->trace, &contact->host, &contact->ip,
                    leave_of(contact), &contact->again, on_probed, contact);
}

/* What an earlier round saw of certificates stands in its own records. */
static void start_fetch(struct contact *contact)
{
    struct domain_facts *facts = &contact->facts;
    facts->policy.fetch.tls.cert_count = 0;
    if (contact->opted_out) { /* as a scan says it: of the first address */
        facts->policy.fetch.ip = facts->policy.address.ips[0];
        return;
    }
    contact->visiting = true;
    if (!policy_visit_go_on(&contact->policy, contact->worker, contact->trace, facts, &contact->arena,
                            on_visited, contact))
        contact->visiting = false;
}

/* A visit may end from inside: the state is that of before until it has begun. */
static void enter_visit(struct contact *contact)
{
    if (contact->label == CONTACT_POLICY)
        start_fetch(contact);
    else
        start_probe(contact);
    set_state(contact, CONTACT_VISIT);
    if (contact->visiting)
        park(contact);
    else
        enter_judge(contact);
}

/* ---- JUDGE --------------------------------------------------------------------------------------------- */

static void contact_free(struct contact *contact)
{
    struct worker *worker = contact->worker;
    address_query_cancel(&contact->address);
    tlsa_query_cancel(&contact->tlsa);
    if (contact->visiting && contact->label == CONTACT_POLICY)
        policy_visit_cancel(&contact->policy);
    if (contact->run.visit.worker != NULL)
        probe_run_dispose(&contact->run);
    if (contact->parked)
        atomic_fetch_sub(&worker->context->parked, 1);
    set_state(contact, CONTACT_GONE);
    (void)slots_remove(&worker->contacts, contact->handle);
    arena_dispose(&contact->arena);
    free(contact);
}

static void enter_judge(struct contact *contact)
{
    struct worker *worker = contact->worker;
    struct scan_context *context = worker->context;
    struct judgement judgement;
    bool parked = contact->parked;
    set_state(contact, CONTACT_JUDGE);
    if (contact->label != CONTACT_POLICY) {
        list_probes(contact);
        trace_host(contact->trace, &contact->host);
    }
    contact->facts.ms = (uint32_t)(clock_monotonic_ms() - contact->started_ms);
    verdict_judge(&contact->facts, BY_OWN_TIME, &contact->arena, &judgement);
    trace_judgement(contact->trace, &contact->facts, &judgement);
    context->results.domain(context->results.arg, worker, &contact->facts, &judgement);
    contact_free(contact);
    if (!parked)
        context->results.release(context->results.arg, worker);
}

/* ---- start and end ------------------------------------------------------------------------------------- */

static void take_host(struct contact *contact)
{
    struct mx_host *host = &contact->facts.hosts[0];
    contact->ip = host->facts->probes[0].ip;
    contact->host = *host->facts;
    contact->host.asked = 0;
    contact->host.before = NULL;
    host->facts = &contact->host;
}

/* Has the host TLSA records, or is it open whether it has? */
static bool is_asked_anew(const struct contact *contact)
{
    const struct tlsa_facts *tlsa = &contact->host.tlsa;
    return contact->label != CONTACT_POLICY && contact->label != CONTACT_OVER && !contact->opted_out &&
           (tlsa->rr_count > 0 || lookup_failed(&tlsa->lookup));
}

enum error contact_start(struct worker *worker, const struct domain_facts *facts, struct arena *arena)
{
    struct contact *contact = calloc(1, sizeof *contact);
    if (contact == NULL)
        return ERR_MEMORY;
    contact->handle = slots_add(&worker->contacts, contact);
    if (!handle_is_set(contact->handle)) {
        free(contact);
        return ERR_MEMORY;
    }
    contact->worker = worker;
    contact->started_ms = clock_monotonic_ms();
    contact->arena = *arena;
    *arena = (struct arena){0};
    contact->facts = *facts;
    contact->label = contact_label_of(facts->label);
    struct trace *trace = worker->context->trace;
    if (trace != NULL && strcmp(trace->domain, facts->domain) == 0)
        contact->trace = trace;
    contact->opted_out = contact_is_opted_out(facts);
    if (contact->label != CONTACT_POLICY)
        take_host(contact);
    if (is_asked_anew(contact))
        enter_lookups(contact);
    else
        enter_visit(contact);
    return ERR_OK;
}

static void end_one(void *object, void *arg)
{
    (void)arg;
    contact_free(object);
}

void contacts_end(struct worker *worker)
{
    slots_each(&worker->contacts, end_one, NULL);
    slots_dispose(&worker->contacts);
}
