/*
 * Judges what senders meet over the MX set, by each way of the table (senders.def): MTA-STS (RFC 8461
 * sections 5 and 5.1), DANE with MTA-STS if there are no TLSA records (RFC 7672 section 2.2, RFC 8461 section
 * 2), DANE as Postfix has it, with and without a policy plugin, and TLS if it is offered. They have no policy
 * cached from before. It reads verdicts of hosts and addresses that others made, and adds no code.
 */
#include "scanner/verdict/senders.h"

#include "scanner/verdict/handshake.h"
#include "scanner/verdict/parts.h"

/* ---- the table ----------------------------------------------------------------------------------------- */

const struct sender_way *sender_way(enum sender_kind kind)
{
    static const struct sender_way ways[SENDER_COUNT] = {
#define WAY(id, dane, mta_sts) [SENDER_##id] = {DANE_##dane, mta_sts},
#define SENDER(way, name, hours, does, source)
#include "scanner/verdict/senders.def"
#undef WAY
#undef SENDER
    };
    return &ways[kind];
}

const struct sender *senders_all(size_t *count)
{
    static const struct sender rows[] = {
#define WAY(id, dane, mta_sts)
#define SENDER(way, name, hours, does, source) {SENDER_##way, name, hours, does, source},
#include "scanner/verdict/senders.def"
#undef WAY
#undef SENDER
    };
    *count = sizeof rows / sizeof *rows;
    return rows;
}

/* ---- one address --------------------------------------------------------------------------------------- */

static enum delivery by_code(enum failure_code code)
{
    if (code == FAIL_NONE)
        return DELIVERY_TAKES;
    return failure_get(code)->effect == EFFECT_HOST_FAILS ? DELIVERY_SKIPS : DELIVERY_DEFERS;
}

/* Judges an address without validation: a wrong certificate is as good as a right one, and if TLS cannot be
 * had the mail goes in the clear. A session that broke off is unknown: nobody can say whether it would have
 * gone on without TLS. */
static enum delivery plain_address(const struct probe_facts *probe, enum failure_code code)
{
    if (code == FAIL_NONE || probe->not_tried != TRIED || probe->listed)
        return by_code(code);
    bool is_clear =
        probe->end == SMTP_END_NOT_OFFERED ||
        (probe->step == SMTP_STARTTLS && probe->end == SMTP_END_REPLY && probe->reply_code != 421);
    if (probe->tls.end == TLS_DONE || probe->tls.end == TLS_FAILED || is_clear)
        return DELIVERY_TAKES;
    return by_code(code);
}

/* Judges an address whose TLSA records are all unusable: TLS is required and nothing is validated (RFC 7672
 * section 2.2). */
static enum delivery encrypted_address(const struct probe_facts *probe, const struct ip_verdict *ip)
{
    enum delivery plain = plain_address(probe, ip->code);
    if (ip->code == FAIL_NONE ||
        ip->dane_any == FAIL_NONE) /* at the last look, or at an earlier one (TLS-7) */
        return DELIVERY_TAKES;
    if (probe->tls.end == TLS_FAILED && probe->tls.limit != TLS_LIMIT_NONE)
        return by_code(ip->code); /* it was we who ended it */
    return plain == DELIVERY_TAKES && handshake_of_dane(probe) == NULL ? DELIVERY_SKIPS : plain;
}

/* ---- one host ------------------------------------------------------------------------------------------ */

enum rule { RULE_PLAIN, RULE_ENCRYPTED, RULE_MTA_STS, RULE_DANE };

static enum delivery at_address(enum rule rule, const struct mx_host *host,
                                const struct host_verdict *verdict, size_t i)
{
    const struct ip_verdict *ip = &verdict->ips[i];
    switch (rule) {
    case RULE_PLAIN:
        return plain_address(&host->facts->probes[i], ip->code);
    case RULE_ENCRYPTED:
        return encrypted_address(&host->facts->probes[i], ip);
    case RULE_MTA_STS:
        return by_code(ip->code);
    case RULE_DANE:
        break;
    }
    return by_code(ip->dane_any);
}

static enum delivery at_host(enum rule rule, const struct mx_host *host, const struct host_verdict *verdict)
{
    size_t count[DELIVERY_COUNT] = {0};
    bool is_named = rule != RULE_MTA_STS && verdict->code == FAIL_MX_NOT_IN_POLICY;
    if (verdict->code != FAIL_NONE && !is_named)
        return by_code(verdict->code);
    for (size_t i = 0; i < verdict->ip_count; i++)
        count[at_address(rule, host, verdict, i)]++;
    if (host->facts != NULL && has_unseen_addresses(host->facts))
        count[DELIVERY_DEFERS]++;
    if (count[DELIVERY_TAKES] > 0)
        return count[DELIVERY_SKIPS] > 0 ? DELIVERY_SOME : DELIVERY_TAKES;
    return count[DELIVERY_SKIPS] > 0 && count[DELIVERY_DEFERS] == 0 ? DELIVERY_SKIPS : DELIVERY_DEFERS;
}

static enum delivery worse(enum delivery a, enum delivery b)
{
    static const int rank[DELIVERY_COUNT] = {
        [DELIVERY_TAKES] = 0, [DELIVERY_SOME] = 1, [DELIVERY_DEFERS] = 2, [DELIVERY_SKIPS] = 3};
    return rank[a] > rank[b] ? a : b;
}

/* The action of one kind of sender at one host, and whether it has validated the host. */
struct step {
    enum delivery delivery;
    bool validated;
};

static struct step mta_sts_step(const struct judgement *judgement, const struct mx_host *host,
                                const struct host_verdict *verdict)
{
    enum sts_mode mode = policy_is_usable(judgement) ? judgement->policy.mode : STS_MODE_UNSET;
    enum delivery enforced = at_host(RULE_MTA_STS, host, verdict);
    if (mode == STS_MODE_ENFORCE)
        return (struct step){enforced, true};
    if (mode == STS_MODE_UNSET &&
        judgement->outcome == OUTCOME_UNKNOWN) /* whether there is a policy is unknown */
        return (struct step){DELIVERY_DEFERS, false};
    bool validated = mode == STS_MODE_TESTING && enforced == DELIVERY_TAKES;
    return (struct step){at_host(RULE_PLAIN, host, verdict), validated};
}

/* The action of a sender that asks for TLSA records; otherwise: where there are none. If the MX answer is
 * signed, what stands of any MX answer is what RFC 7672 has. */
static struct step dane_step(const struct mx_host *host, const struct host_verdict *verdict,
                             struct step otherwise)
{
    if (verdict->dane_any == DANE_OUTCOME_UNKNOWN)
        return (struct step){DELIVERY_DEFERS, false};
    if (verdict->dane_any == DANE_OUTCOME_UNUSABLE) {
        otherwise.delivery = worse(otherwise.delivery, at_host(RULE_ENCRYPTED, host, verdict));
        return otherwise;
    }
    return verdict->dane_any_applies ? (struct step){at_host(RULE_DANE, host, verdict), true} : otherwise;
}

static bool is_mx_unsigned(const struct host_verdict *verdict)
{
    return verdict->dane_code == FAIL_DANE_INSECURE_MX;
}

static struct step step_of(const struct sender_way *way, const struct judgement *judgement,
                           const struct mx_host *host, const struct host_verdict *verdict)
{
    struct step step = {at_host(RULE_PLAIN, host, verdict), false};
    if (way->mta_sts)
        step = mta_sts_step(judgement, host, verdict);
    if (way->dane == DANE_NEVER || (way->dane == DANE_SIGNED_MX && is_mx_unsigned(verdict)))
        return step;
    return dane_step(host, verdict, step);
}

/* ---- the whole MX set ---------------------------------------------------------------------------------- */

/* The way by which a sender delivers to this domain. */
struct way_here {
    struct sender_way way;
    bool defers; /* it puts off all mail */
};

/* The policy plugin that prefers DANE decides for the whole domain: once TLSA records stand at one host, no
 * MTA-STS policy counts at the others, and a TLSA lookup that fails puts off all mail. */
static struct way_here way_here(enum sender_kind kind, const struct judgement *judgement)
{
    struct way_here here = {*sender_way(kind), false};
    if (kind != SENDER_POSTFIX_TLSPOL)
        return here;
    bool has_dane = false;
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct host_verdict *host = &judgement->hosts[i];
        bool failed =
            host->dane_any_code == FAIL_DANE_TLSA_BOGUS || host->dane_any_code == FAIL_DANE_TLSA_SERVFAIL;
        here.defers = here.defers || failed;
        has_dane = has_dane || (host->dane_any_applies && !failed);
    }
    here.way = (struct sender_way){has_dane ? DANE_ANY_MX : DANE_NEVER, !has_dane};
    return here;
}

static void judge_sender(const struct domain_facts *facts, enum sender_kind kind, struct arena *arena,
                         struct judgement *judgement)
{
    struct sender_view *view = &judgement->senders[kind];
    const struct way_here here = way_here(kind, judgement);
    bool is_open = judgement->host_count == 0 || has_unseen_hosts(facts, judgement->host_count);
    view->hosts = arena_array(arena, judgement->host_count, sizeof *view->hosts);
    view->host_count = view->hosts == NULL ? 0 : judgement->host_count;
    for (size_t i = 0; i < judgement->host_count; i++) {
        struct step step = step_of(&here.way, judgement, &facts->hosts[i], &judgement->hosts[i]);
        if (here.defers)
            step = (struct step){DELIVERY_DEFERS, false};
        bool takes = step.delivery == DELIVERY_TAKES || step.delivery == DELIVERY_SOME;
        if (view->hosts != NULL)
            view->hosts[i] = step.delivery;
        is_open = is_open || step.delivery == DELIVERY_DEFERS;
        if (takes && view->delivered_by == NULL) {
            view->delivered_by = facts->hosts[i].host;
            view->validated = step.validated;
        }
    }
    view->all = view->delivered_by != NULL ? DELIVERY_TAKES : is_open ? DELIVERY_DEFERS : DELIVERY_SKIPS;
}

/* Says whether no validator that we trust has checked: then nobody can tell what a DANE sender would meet. */
static bool is_unvalidated(const struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->host_count; i++)
        if (judgement->hosts[i].dane_code == FAIL_DANE_UNVALIDATED)
            return true;
    return false;
}

void judge_senders(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    if (judgement->outcome == OUTCOME_NO_MAIL)
        return;
    judgement->sender_rows = senders_all(&judgement->sender_row_count);
    for (enum sender_kind kind = 0; kind < SENDER_COUNT; kind++)
        if (sender_way(kind)->dane == DANE_NEVER || !is_unvalidated(judgement))
            judge_sender(facts, kind, arena, judgement);
}
