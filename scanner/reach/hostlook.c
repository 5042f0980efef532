/* Takes an MX host from its name to its facts: one function for each state. */
#include "scanner/reach/hostlook.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/state.h"
#include "scanner/reach/hosts.h"
#include "scanner/reach/worker.h"

static void set_state(struct host_look *look, enum host_look_state state)
{
    static const char *const list[] = {"new", "addresses", "tlsa", "probes", "adopts", "ready"};
    static const struct state_names names = {"host", list};
    look->state = state_enter(&names, look->trace, look->host, NULL, look->state, state);
}

static void finish(struct host_look *look)
{
    set_state(look, HOST_LOOK_READY);
    look->done(look->arg);
}

static void on_probed(void *arg)
{
    struct host_look *look = arg;
    if (look->intent && host_probes_catch_up(&look->probes))
        return;
    host_probes_publish(&look->probes);
    if (host_probes_may_come(&look->result->facts))
        look->result->turns_after_ms = clock_monotonic_ms() + HOST_FAILURE_HOLDS_S * 1000;
    finish(look);
}

static enum probe_leave leave_of(const struct host_look *look)
{
    const struct host_facts *facts = &look->result->facts;
    if (!look->probe)
        return PROBE_NOT_WANTED;
    if (addresses_opted_out(&facts->address, look->worker->context->optout))
        return PROBE_OPTED_OUT;
    if (!config_fetches(look->worker->context->config))
        return PROBE_ELSEWHERE;
    return look->intent || facts->tlsa.rr_count > 0 ? PROBE_ALWAYS : PROBE_WITHIN_BUDGET;
}

static void enter_probes(struct host_look *look)
{
    struct host_result *earlier = look->earlier;
    set_state(look, HOST_LOOK_PROBES);
    look->earlier = NULL;
    host_probes_start(&look->probes, look->worker, look->trace, look->result, earlier, &look->again,
                      leave_of(look), on_probed, look);
}

static void on_adopted(void *arg, struct host_result *result)
{
    struct host_look *look = arg;
    look->adopts = (struct handle){0, 0};
    host_result_release(look->result);
    look->result = result;
    finish(look);
}

/* Does the look wait for one that probes, and adopt its result? A host with TLSA records is probed even if no
 * domain with a policy asked (smtp.probe = intent). */
static bool wants_adoption(const struct host_look *look)
{
    return !look->probe && look->worker->context->config->smtp_probe == SMTP_PROBE_INTENT &&
           look->result->facts.tlsa.rr_count > 0;
}

static void after_lookups(struct host_look *look)
{
    if (!wants_adoption(look)) {
        enter_probes(look);
        return;
    }
    set_state(look, HOST_LOOK_ADOPTS);
    const struct host_request request = {
        .host = look->host, .intent = true, .trace = look->trace, .ready = on_adopted, .arg = look};
    look->adopts = hosts_request(look->worker, &request);
    if (!handle_is_set(look->adopts))
        enter_probes(look);
}

static void on_tlsa(void *arg)
{
    struct host_look *look = arg;
    look->result->holds_until_ms = clock_monotonic_ms() + host_holds_ms(&look->result->facts);
    after_lookups(look);
}

static void on_addresses(void *arg)
{
    struct host_look *look = arg;
    struct worker *worker = look->worker;
    struct host_result *result = look->result;
    host_result_serve(result, look->earlier, clock_monotonic_ms());
    if (addresses_opted_out(&result->facts.address, worker->context->optout)) {
        on_tlsa(look);
        return;
    }
    set_state(look, HOST_LOOK_TLSA);
    if (!tlsa_query_start(&look->tlsa, worker->dns, look->host, worker->context->config->smtp_port,
                          &result->facts.address, &result->arena, &result->facts.tlsa, on_tlsa, look))
        on_tlsa(look);
}

void host_look_start(struct host_look *look)
{
    set_state(look, HOST_LOOK_ADDRESSES);
    struct host_result *result = look->result;
    result->facts.host = arena_string(&result->arena, look->host);
    if (host_result_take_lookups(result, look->earlier, clock_monotonic_ms())) {
        after_lookups(look);
        return;
    }
    struct lookup_engine *dns = look->worker->dns;
    lookup_follow(dns, look->trace);
    address_query_start(&look->address, dns, look->host, &result->arena, &result->facts.address, on_addresses,
                        look);
    lookup_follow(dns, NULL);
}

void host_look_dispose(struct host_look *look)
{
    address_query_cancel(&look->address);
    tlsa_query_cancel(&look->tlsa);
    hosts_cancel(look->worker, look->adopts);
    host_probes_dispose(&look->probes);
    host_result_release(look->earlier);
    host_result_release(look->result);
    free(look->again.list);
    free(look->host);
}
