/* Leaves placeholders out of what is judged (MX-6), and puts the verdicts back at the places of all hosts. A
 * sender gets nowhere with a placeholder and goes on, as if it were not there: so no outcome hangs on one. */
#include "scanner/facts/placeholder.h"
#include "scanner/verdict/parts.h"

static bool has_placeholders(const struct domain_facts *facts)
{
    for (size_t i = 0; i < facts->mx.rr_count; i++)
        if (placeholder_is_named(facts, facts->mx.rrs[i].host))
            return true;
    for (size_t i = 0; i < facts->host_count; i++)
        if (placeholder_is(&facts->hosts[i], facts->domain))
            return true;
    return false;
}

void leave_placeholders(const struct domain_facts *facts, struct arena *arena, struct domain_facts *in_use)
{
    *in_use = *facts;
    if (!has_placeholders(facts))
        return;
    struct mx_rr *rrs = arena_array(arena, facts->mx.rr_count + 1, sizeof *rrs);
    struct mx_host *hosts = arena_array(arena, facts->host_count + 1, sizeof *hosts);
    if (rrs == NULL || hosts == NULL)
        return;
    in_use->mx.rrs = rrs;
    in_use->mx.rr_count = 0;
    in_use->hosts = hosts;
    in_use->host_count = 0;
    for (size_t i = 0; i < facts->mx.rr_count; i++)
        if (!placeholder_is_named(facts, facts->mx.rrs[i].host))
            rrs[in_use->mx.rr_count++] = facts->mx.rrs[i];
    for (size_t i = 0; i < facts->host_count; i++)
        if (!placeholder_is(&facts->hosts[i], facts->domain))
            hosts[in_use->host_count++] = facts->hosts[i];
    /* Senders find no host, as behind a null MX; the domain's own address does not count, as there is an MX
     * record (RFC 5321 section 5.1). */
    if (mx_names_nobody(facts)) {
        rrs[0] = (struct mx_rr){.host = "."};
        in_use->mx.rr_count = 1;
    }
}

/* ---- back among all hosts ------------------------------------------------------------------------------ */

/* Makes the deliveries of all hosts of those at the hosts in use. */
static void spread_view(const struct domain_facts *facts, struct arena *arena, struct sender_view *view)
{
    if (view->all == DELIVERY_NONE)
        return;
    enum delivery *all = arena_array(arena, facts->host_count, sizeof *all);
    size_t used = 0;
    for (size_t i = 0; all != NULL && i < facts->host_count; i++) {
        bool skip = placeholder_is(&facts->hosts[i], facts->domain) || used == view->host_count;
        all[i] = skip ? DELIVERY_NONE : view->hosts[used++];
    }
    view->hosts = all;
    view->host_count = all == NULL ? 0 : facts->host_count;
}

/* Makes the codes under an earlier policy those of all hosts; a placeholder has none. */
static void spread_codes(const struct domain_facts *facts, struct arena *arena, struct enforced *would_be)
{
    enum failure_code *all = arena_array(arena, facts->host_count, sizeof *all);
    size_t used = 0;
    if (would_be->host_count == 0)
        return;
    for (size_t i = 0; all != NULL && i < facts->host_count; i++) {
        bool skip = placeholder_is(&facts->hosts[i], facts->domain) || used == would_be->host_count;
        all[i] = skip ? FAIL_NONE : would_be->codes[used++];
    }
    would_be->codes = all;
    would_be->host_count = all == NULL ? 0 : facts->host_count;
}

void spread_hosts(const struct domain_facts *facts, const struct domain_facts *in_use, struct arena *arena,
                  struct judgement *judgement)
{
    if (facts->host_count == in_use->host_count)
        return;
    struct host_verdict *all = arena_array(arena, facts->host_count, sizeof *all);
    size_t used = 0;
    for (size_t i = 0; all != NULL && i < facts->host_count; i++) {
        bool skip = placeholder_is(&facts->hosts[i], facts->domain) || used == judgement->host_count;
        all[i] = skip ? (struct host_verdict){.code = FAIL_MX_PLACEHOLDER} : judgement->hosts[used++];
    }
    judgement->hosts = all;
    judgement->host_count = all == NULL ? 0 : facts->host_count;
    for (enum sender_kind kind = 0; kind < SENDER_COUNT; kind++)
        spread_view(facts, arena, &judgement->senders[kind]);
    spread_codes(facts, arena, &judgement->cached.would_be);
}
