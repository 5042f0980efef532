#include "scanner/reach/told.h"

void trace_host(struct trace *trace, const struct host_facts *facts)
{
    size_t tried = 0;
    if (trace == NULL)
        return;
    for (size_t i = 0; i < facts->probe_count; i++)
        tried += facts->probes[i].not_tried == TRIED;
    trace_say(trace, facts->host, NULL, "host known: addresses: %zu, of them probed: %zu, TLSA records: %zu",
              facts->address.ip_count, tried, facts->tlsa.rr_count);
}

void trace_judgement(struct trace *trace, const struct domain_facts *facts, const struct judgement *judgement)
{
    if (trace == NULL)
        return;
    bool testing = judgement->would_be != OUTCOME_NONE;
    trace_say(trace, facts->domain, NULL, "judged: %s%s%s; DANE %s; STARTTLS %s",
              outcome_name(judgement->outcome), testing ? ", if it were enforced " : "",
              testing ? outcome_name(judgement->would_be) : "", dane_outcome_name(judgement->dane),
              tls_outcome_name(judgement->tls));
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (code_set_has(&judgement->codes, code))
            trace_say(trace, facts->domain, NULL, "because %s: %s", failure_name(code),
                      failure_get(code)->why);
}
