/* Finds the reasons of a scan's end, and counts them. */
#include "scanner/scan/tail.h"

#include <inttypes.h>

struct longest {
    enum tail_reason reason;
    uint64_t ms;
};

static void consider(struct longest *longest, enum tail_reason reason, uint64_t ms)
{
    if (ms > longest->ms)
        *longest = (struct longest){reason, ms};
}

static bool ran_out_of_time(const struct probe_facts *probe)
{
    return (probe->end == SMTP_END_NET && probe->net == NET_TIMEOUT) || probe->end == SMTP_END_STEP_TIMEOUT ||
           probe->end == SMTP_END_SESSION_DEADLINE || probe->end == SMTP_END_DRIPPING;
}

static void consider_host(struct longest *longest, const struct host_facts *host)
{
    for (size_t i = 0; host != NULL && i < host->probe_count; i++) {
        const struct probe_facts *probe = &host->probes[i];
        consider(longest, TAIL_PACE, probe->ms_turn);
        consider(longest, TAIL_PLACE, probe->ms_place);
        consider(longest, ran_out_of_time(probe) ? TAIL_TIMEOUT : TAIL_SMTP, probe->ms);
    }
}

/* Returns what took longest. The time that no host and no fetch accounts for is the lookups'. A host's times
 * may have begun before the domain asked, so they can be longer than all of its own. */
enum tail_reason tail_reason(const struct domain_facts *facts)
{
    struct longest longest = {TAIL_DNS, 0};
    consider(&longest, TAIL_POLICY, facts->policy.fetch.ms);
    for (size_t i = 0; i < facts->host_count; i++)
        consider_host(&longest, facts->hosts[i].facts);
    return longest.ms >= facts->ms / 2 ? longest.reason : TAIL_DNS;
}

void tail_init(struct tail *tail)
{
    atomic_init(&tail->began_ms, 0);
    for (size_t i = 0; i < TAIL_REASONS; i++)
        atomic_init(&tail->counts[i], 0);
}

void tail_begin(struct tail *tail, int64_t now_ms)
{
    for (size_t i = 0; i < TAIL_REASONS; i++)
        atomic_store(&tail->counts[i], 0);
    atomic_store(&tail->began_ms, now_ms);
}

void tail_count(struct tail *tail, const struct domain_facts *facts)
{
    if (atomic_load_explicit(&tail->began_ms, memory_order_relaxed) != 0)
        atomic_fetch_add_explicit(&tail->counts[tail_reason(facts)], 1, memory_order_relaxed);
}

struct meta_tail tail_meta(const struct tail *tail, int64_t now_ms)
{
    static const char *const names[META_TAIL_REASONS] = {"dns", "policy", "pace", "place", "timeout", "smtp"};
    _Static_assert((int)META_TAIL_REASONS == (int)TAIL_REASONS, "a name for each reason");
    struct meta_tail meta = {.known = atomic_load(&tail->began_ms) != 0};
    if (!meta.known)
        return meta;
    meta.ms = now_ms - atomic_load(&tail->began_ms);
    for (size_t i = 0; i < TAIL_REASONS; i++) {
        meta.reasons[i].name = names[i];
        meta.reasons[i].domains = atomic_load(&tail->counts[i]);
        meta.domains += meta.reasons[i].domains;
    }
    return meta;
}

void tail_print(const struct meta_tail *meta, FILE *out)
{
    const char *separator = ": ";
    if (meta->domains == 0)
        return;
    (void)fprintf(out, "stsweep: the last %" PRIu64 " domains took %.1f s and waited longest for",
                  meta->domains, (double)meta->ms / 1000);
    for (size_t i = 0; i < TAIL_REASONS; i++) {
        if (meta->reasons[i].domains == 0)
            continue;
        (void)fprintf(out, "%s%s %" PRIu64, separator, meta->reasons[i].name, meta->reasons[i].domains);
        separator = ", ";
    }
    (void)fputc('\n', out);
}
