/* Combines the looks at one address. The same IP address under another MX host's name counts as another
 * address. */
#include "scanner/verdict/looks.h"

#include <string.h>

#include "scanner/verdict/enforced.h"
#include "scanner/verdict/parts.h"

static bool handshake_asks_again(const struct tls_facts *tls)
{
    return tls->hello_unanswered || tls->end == TLS_CLOSED ||
           (tls->end == TLS_FAILED && tls->alert == ALERT_INTERNAL_ERROR);
}

static bool went_away(const struct probe_facts *probe)
{
    return probe->end == SMTP_END_CLOSED || (probe->end == SMTP_END_NET && probe->net == NET_RESET);
}

bool look_asks_again(const struct probe_facts *probe)
{
    if (probe->not_tried != TRIED)
        return false;
    if (probe->listed)
        return false; /* it is about us, and open as it is */
    if (probe->end == SMTP_END_NOT_OFFERED)
        return !probe->masked && !probe->path_doubtful; /* else it is about our own path, and open as it is */
    if (probe->step == SMTP_STARTTLS)
        return probe->end == SMTP_END_REPLY || went_away(probe);
    bool broken = probe->end == SMTP_END_TLS || probe->tls.hello_unanswered;
    return probe->step == SMTP_HANDSHAKE && broken && handshake_asks_again(&probe->tls);
}

bool look_at_policy_asks_again(const struct fetch_facts *fetch)
{
    return fetch->not_tried == TRIED &&
           (fetch->net == NET_REFUSED || fetch->net == NET_RESET || handshake_asks_again(&fetch->tls));
}

/* ---- the earlier looks --------------------------------------------------------------------------------- */

struct earlier {
    bool any;
    bool failed;
    bool passed;
    bool passed_dane;
    bool otherwise; /* one failed, and not by what a ClientHello got for an answer */
};

/* Says whether a look that failed did so in the handshake, without an answer or by an alert; of alerts only
 * internal_error leaves a look behind. */
static bool failed_by_hello(const struct look *look)
{
    if (look->policy)
        return look->step == FETCH_TLS &&
               (look->code == FAIL_POLICY_HTTP_TIMEOUT || look->code == FAIL_POLICY_TCP_RESET ||
                look->code == FAIL_POLICY_TLS_HANDSHAKE);
    return look->step == SMTP_HANDSHAKE &&
           (look->code == FAIL_SMTP_TLS_TIMEOUT || look->code == FAIL_SMTP_TLS_CLOSED ||
            look->code == FAIL_SMTP_TLS_ALERT);
}

static void take(struct earlier *earlier, const struct look *look)
{
    earlier->any = true;
    earlier->passed = earlier->passed || look->code == FAIL_NONE;
    earlier->passed_dane = earlier->passed_dane || look->dane;
    bool failed = look->code != FAIL_NONE && !look->dane;
    earlier->failed = earlier->failed || failed;
    earlier->otherwise = earlier->otherwise || (failed && !failed_by_hello(look));
}

static struct earlier earlier_of(const struct domain_facts *facts, const struct probe_facts *probe)
{
    struct earlier earlier = {.any = false};
    for (size_t i = 0; i < facts->look_count; i++) {
        const struct look *look = &facts->looks[i];
        if (!look->policy && look->time != probe->time && ip_equal(&look->ip, &probe->ip) &&
            strcmp(look->host, probe->host) == 0)
            take(&earlier, look);
    }
    return earlier;
}

static struct earlier earlier_of_policy(const struct domain_facts *facts)
{
    struct earlier earlier = {.any = false};
    for (size_t i = 0; i < facts->look_count; i++)
        if (facts->looks[i].policy)
            take(&earlier, &facts->looks[i]);
    return earlier;
}

/* ---- together with the last one ------------------------------------------------------------------------ */

enum failure_code look_code(const struct domain_facts *facts, const struct probe_facts *probe,
                            enum failure_code code)
{
    bool outweighed = facts->look_count > 0 && look_asks_again(probe) && earlier_of(facts, probe).passed;
    return outweighed ? FAIL_NONE : code;
}

enum failure_code look_dane_code(const struct domain_facts *facts, const struct probe_facts *probe,
                                 enum failure_code code)
{
    bool outweighed = facts->look_count > 0 && look_asks_again(probe) && earlier_of(facts, probe).passed_dane;
    return outweighed ? FAIL_NONE : code;
}

bool look_had_tls(const struct domain_facts *facts, const struct probe_facts *probe)
{
    struct earlier earlier = earlier_of(facts, probe);
    return earlier.passed || earlier.passed_dane;
}

bool look_leaves_policy_open(const struct domain_facts *facts, const struct judgement *judgement)
{
    return judgement->policy_code != FAIL_NONE && look_at_policy_asks_again(&facts->policy.fetch) &&
           earlier_of_policy(facts).passed;
}

/* ---- the domain ---------------------------------------------------------------------------------------- */

/* What rests on one look, though a second was due. */
struct alone {
    bool today;  /* what the published policy and DANE decide */
    bool cached; /* what an earlier policy decides */
};

/* Notes that a second look is due after one that gave this code. Says whether that one decides, as none comes
 * and the code is not transient. */
static bool note_due(const struct domain_facts *facts, enum failure_code code, struct judgement *judgement)
{
    bool decides = facts->one_look && !failure_get(code)->transient;
    judgement->look_due = true;
    judgement->one_look = judgement->one_look || decides;
    return decides;
}

static bool policy_is_honoured(const struct judgement *judgement)
{
    return policy_is_usable(judgement) &&
           (judgement->policy.mode == STS_MODE_ENFORCE || judgement->policy.mode == STS_MODE_TESTING);
}

/* Says whether a sender goes by an earlier policy, or may do so, to which the host matters. */
static bool counts_by_cached(const struct judgement *judgement, const struct mx_host *host,
                             const struct host_verdict *verdict, const struct cached_policy *cached)
{
    if (!cached_may_apply(judgement) || cached->mode != STS_MODE_ENFORCE)
        return false;
    const struct enforced_policy policy = {(const char *const *)cached->mx, cached->mx_count};
    return enforced_host_code(host, verdict, policy) == FAIL_NONE;
}

/* The host at hosts[i]. */
struct looked_at {
    const struct mx_host *host;
    const struct host_verdict *verdict;
    bool today, cached; /* it counts for what is published, or for an earlier policy */
};

static struct looked_at host_at(const struct domain_facts *facts, const struct judgement *judgement, size_t i)
{
    const struct host_verdict *verdict = &judgement->hosts[i];
    struct looked_at at = {.host = &facts->hosts[i], .verdict = verdict};
    at.today = (policy_is_honoured(judgement) && verdict->code == FAIL_NONE) || verdict->dane_applies;
    at.cached = counts_by_cached(judgement, at.host, verdict, facts->cached);
    return at;
}

static void judge_address(const struct domain_facts *facts, const struct looked_at *at, size_t index,
                          struct alone *alone, struct judgement *judgement)
{
    const struct probe_facts *probe = &at->host->facts->probes[index];
    const struct ip_verdict *ip = &at->verdict->ips[index];
    struct earlier earlier = earlier_of(facts, probe);
    bool asks = look_asks_again(probe);
    bool passes = !asks && (ip->code == FAIL_NONE || (at->verdict->dane_applies && ip->dane == FAIL_NONE));
    bool differs = (earlier.failed || asks) && (earlier.passed || earlier.passed_dane || passes);
    bool told = probe->tls.hello_intolerant && !earlier.otherwise; /* that finding tells why */
    if (differs && !told)
        code_set_add(&judgement->codes, FAIL_SMTP_INCONSISTENT);
    if (!asks || earlier.any || (!at->today && !at->cached && !probe->tls.hello_unanswered))
        return;
    bool decides = note_due(facts, verdict_probe(probe, BY_OWN_TIME), judgement);
    alone->today = alone->today || (decides && at->today);
    alone->cached = alone->cached || (decides && at->cached);
}

/* The policy's host decides both what is published and whether a sender finds something in place of an
 * earlier policy. */
static void judge_policy_host(const struct domain_facts *facts, struct alone *alone,
                              struct judgement *judgement)
{
    struct earlier earlier = earlier_of_policy(facts);
    bool asks = look_at_policy_asks_again(&facts->policy.fetch);
    bool passes = facts->policy.fetch.not_tried == TRIED && facts->policy.fetch.step == FETCH_DONE;
    if (facts->policy.host == NULL || judgement->record.code != FAIL_NONE)
        return;
    bool differs = (earlier.failed || asks) && (earlier.passed || passes);
    bool told = facts->policy.fetch.tls.hello_intolerant && !earlier.otherwise; /* that finding tells why */
    if (differs && !told)
        code_set_add(&judgement->codes, FAIL_POLICY_INCONSISTENT);
    if (!asks || earlier.any)
        return;
    alone->today = note_due(facts, judgement->policy_code, judgement);
    alone->cached = alone->today && judgement->cached.found == CACHED_UNFETCHED;
}

/* Says whether an outcome tells what a sender meets, so that it matters what it rests on. */
static bool is_decided(enum outcome outcome)
{
    return outcome == OUTCOME_PROTECTED || outcome == OUTCOME_PARTIAL || outcome == OUTCOME_REFUSED ||
           outcome == OUTCOME_BROKEN;
}

void judge_looks(const struct domain_facts *facts, struct judgement *judgement)
{
    struct alone alone = {false, false};
    struct enforced *would_be = &judgement->cached.would_be;
    judge_policy_host(facts, &alone, judgement);
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct looked_at at = host_at(facts, judgement, i);
        for (size_t j = 0; j < at.verdict->ip_count; j++)
            judge_address(facts, &at, j, &alone, judgement);
    }
    bool decided = is_decided(judgement->outcome) || is_decided(judgement->would_be);
    judgement->incomplete = judgement->incomplete || (alone.today && decided);
    would_be->incomplete = would_be->incomplete || (alone.cached && is_decided(would_be->outcome));
}

bool look_matters(const struct judgement *judgement, const struct host_verdict *host)
{
    bool none = judgement->outcome == OUTCOME_NO_MAIL || judgement->outcome == OUTCOME_ABSENT ||
                judgement->outcome == OUTCOME_OFF;
    bool broken = judgement->outcome == OUTCOME_BROKEN && !judgement->look_due;
    return host->dane_applies || cached_may_apply(judgement) || (!none && !broken);
}
