/* Judges the policy: its fetch, its text and its weaknesses (RFC 8461 sections 3.2 and 3.3). */
#include <strings.h>

#include "scanner/facts/hostname.h"
#include "scanner/facts/suffix.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/tls.h"

enum { EXPIRES_SOON_S = 14 * 86400 };

static bool media_type_is_plain(const char *type)
{
    static const char plain[] = "text/plain";
    if (type == NULL || strncasecmp(type, plain, sizeof plain - 1) != 0)
        return false;
    char next = type[sizeof plain - 1];
    return next == 0 || next == ';' || next == ' ' || next == '\t';
}

static void add_fetch_codes(const struct policy_facts *policy, int64_t now, struct judgement *judgement)
{
    const struct fetch_facts *fetch = &policy->fetch;
    bool failed = add_failed_lookup(judgement, &policy->address.a);
    failed = add_failed_lookup(judgement, &policy->address.aaaa) || failed;
    if (!failed && policy->address.ip_count == 0)
        code_set_add(&judgement->codes, dns_status_code(policy->address.a.status));
    verdict_certificate_codes(&fetch->tls, STAGE_POLICY, now, &judgement->codes);
    if (fetch->tls.hello_intolerant)
        code_set_add(&judgement->codes, FAIL_POLICY_TLS_HELLO_INTOLERANT);
    if (fetch->http_status >= 500)
        code_set_add(&judgement->codes, FAIL_POLICY_HTTP_STATUS);
    if (fetch->http_status == 200 && !media_type_is_plain(fetch->media_type))
        code_set_add(&judgement->codes, FAIL_POLICY_HTTP_MEDIA_TYPE);
    if (fetch->http_status == 200 && fetch->decoding == FETCH_DECODED)
        code_set_add(&judgement->codes, FAIL_POLICY_HTTP_CONTENT_CODING);
}

/* Adds a finding for each pattern that matches no MX in use (POL-10). If not all of them are known, it adds
 * none. */
static void add_unused_patterns(const struct domain_facts *facts, struct arena *arena,
                                struct judgement *judgement)
{
    const struct sts_policy *policy = &judgement->policy;
    if (facts->host_count == 0 || has_unseen_hosts(facts, facts->host_count))
        return;
    bool *used = arena_array(arena, policy->mx_count, sizeof *used);
    for (size_t i = 0; used != NULL && i < facts->host_count; i++)
        mx_pattern_mark(facts->hosts[i].host, policy->mx, policy->mx_count, used);
    for (size_t i = 0; used != NULL && i < policy->mx_count; i++)
        if (!used[i])
            code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MX_UNUSED);
}

/* Says whether a "*." pattern covers names of strangers (POL-10): those under a public suffix, or a
 * provider's whole name, unless the provider itself tells its customers to write it so. */
static bool is_too_wide(const char *pattern, const char *domain)
{
    bool is_suffix = false;
    if (strncmp(pattern, "*.", 2) != 0)
        return false;
    if (strchr(pattern + 2, '.') == NULL)
        return true;
    if (provider_documents(pattern))
        return false;
    (void)suffix_of(pattern + 2, &is_suffix);
    return is_suffix || provider_covered(pattern + 2, domain) != NULL;
}

static void add_wide_patterns(const struct domain_facts *facts, struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->policy.mx_count; i++)
        if (is_too_wide(judgement->policy.mx[i], facts->domain))
            code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MX_TOO_WIDE);
}

static void add_expires_soon(const struct tls_facts *tls, struct judged_at at, enum failure_code code,
                             struct judgement *judgement)
{
    if (tls->end != TLS_DONE || tls->cert_count == 0)
        return;
    int64_t left = tls->certs[0].not_after - moment_of(tls, at) / 1000;
    if (left >= 0 && left < EXPIRES_SOON_S)
        code_set_add(&judgement->codes, code);
}

static void add_weaknesses(const struct domain_facts *facts, struct judged_at at, struct arena *arena,
                           struct judgement *judgement)
{
    const struct sts_policy *policy = &judgement->policy;
    add_unused_patterns(facts, arena, judgement);
    add_wide_patterns(facts, judgement);
    add_expires_soon(&facts->policy.fetch.tls, at, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON, judgement);
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++)
            add_expires_soon(&host->probes[j].tls, at, FAIL_SMTP_WEAK_CERT_EXPIRES_SOON, judgement);
    }
    if (policy->mode == STS_MODE_TESTING)
        code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MODE_TESTING);
    const uint32_t day = 86400;
    uint32_t least = policy->mode == STS_MODE_ENFORCE ? 7 * day : day;
    if (policy->mode != STS_MODE_NONE && policy->max_age < least)
        code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT);
}

/* Says whether the body is the text that was served, whole: whatever it holds, a sender reads it. */
static bool is_text(const struct fetch_facts *fetch)
{
    bool is_plain = fetch->decoding == FETCH_NOT_CODED || fetch->decoding == FETCH_DECODED;
    return fetch->http_status == 200 && fetch->step == FETCH_DONE && is_plain && !fetch_is_too_large(fetch) &&
           !fetch_is_challenge(fetch);
}

/* Says whether a body whose coding is unknown is a policy as it stands. Some senders look at no
 * Content-Encoding but the ones they know. */
static bool is_plain_all_the_same(struct bytes body, struct arena *arena)
{
    struct sts_policy policy;
    sts_policy_parse(body, arena, &policy);
    return policy.code == FAIL_NONE;
}

/* Call it only if a sender would ask for the policy: the record is valid. */
void judge_policy(const struct domain_facts *facts, struct judged_at at, struct arena *arena,
                  struct judgement *judgement)
{
    const struct policy_facts *policy = &facts->policy;
    if (policy->host == NULL)
        return;
    const struct fetch_facts *fetch = &policy->fetch;
    const int64_t moment = moment_of(&fetch->tls, at);
    judgement->policy_code = verdict_fetch(policy, moment);
    add_fetch_codes(policy, moment, judgement);
    if (is_text(fetch)) {
        sts_policy_parse(fetch->body, arena, &judgement->policy);
        add_findings(judgement, &judgement->policy.findings);
        if (judgement->policy_code == FAIL_NONE)
            judgement->policy_code = judgement->policy.code;
    }
    if (judgement->policy_code == FAIL_POLICY_HTTP_CODING_UNKNOWN &&
        is_plain_all_the_same(fetch->body, arena))
        code_set_add(&judgement->codes, FAIL_POLICY_DISPUTED);
    code_set_add(&judgement->codes, judgement->policy_code);
    if (judgement->policy_code == FAIL_NONE)
        add_weaknesses(facts, at, arena, judgement);
}

bool policy_is_usable(const struct judgement *judgement)
{
    return judgement->record.code == FAIL_NONE && judgement->policy.parsed &&
           judgement->policy_code == FAIL_NONE;
}
