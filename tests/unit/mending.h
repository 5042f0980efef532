/*
 * Mends facts: what fails in one group, and nothing else, is made to pass, so that the verdict says what one
 * mending gains. It decides by facts and their judgement, not by records, so that it can be held against what
 * output/readback/groups says of the record. What a test includes of it must be linked with the library.
 */
#ifndef STSWEEP_TESTS_MENDING_H
#define STSWEEP_TESTS_MENDING_H

#include <stdio.h>
#include <stdlib.h>

#include "scanner/facts/group.h"
#include "scanner/facts/placeholder.h"
#include "scanner/facts/suffix.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/verdict.h"

struct mending {
    enum group_kind kind;
    const char *name; /* of the group */
    const struct domain_facts *facts;
    const struct judgement *judgement; /* of those facts */
    struct arena *arena;
};

static inline void *mending_copy(struct arena *arena, const void *data, size_t count, size_t size)
{
    void *copy = arena_array(arena, count == 0 ? 1 : count, size);
    if (copy == NULL)
        abort();
    if (count > 0)
        memcpy(copy, data, count * size);
    return copy;
}

static inline struct tls_facts mending_tls(struct arena *arena)
{
    const struct cert_facts good = {.not_after = INT64_C(1) << 40,
                                    .key_type = "EC P-256",
                                    .key_bits = 256,
                                    .signature = "ecdsa-with-SHA256",
                                    .signed_by = -1};
    return (struct tls_facts){.end = TLS_DONE,
                              .version = 0x0304,
                              .alert = -1,
                              .name_match = true,
                              .certs = mending_copy(arena, &good, 1, sizeof good),
                              .cert_count = 1};
}

static inline struct probe_facts mending_probe(const char *host, struct ip_addr ip, int64_t time,
                                               struct arena *arena)
{
    return (struct probe_facts){.host = host,
                                .ip = ip,
                                .time = time,
                                .pass = 1,
                                .step = SMTP_QUIT,
                                .end = SMTP_END_DONE,
                                .starttls_offered = true,
                                .tls = mending_tls(arena)};
}

/* ---- does it belong to the group? ---------------------------------------------------------------------- */

static inline bool mending_is(const struct mending *mending, const char *name)
{
    return name != NULL && strcmp(name, mending->name) == 0;
}

static inline bool mending_is_ip(const struct mending *mending, const struct ip_addr *ip)
{
    char text[IP_TEXT_BYTES];
    struct ip_prefix prefix;
    struct ip_set set = {&prefix, 1};
    if (mending->kind == BY_IP)
        return ip->family != 0 && mending_is(mending, ip_format(ip, text));
    return ip_prefix_parse(mending->name, &prefix) && ip_set_contains(&set, ip);
}

/* Is the fault mended by its nature: who it is for, or which code? Or whose the domain is? */
static inline bool mending_by_nature(const struct mending *mending, enum failure_code code)
{
    if (mending->kind == BY_TLD)
        return mending_is(mending, mending->facts->tld);
    if (mending->kind == BY_LABEL)
        return mending_is(mending, mending->facts->label);
    if (mending->kind == BY_WHO)
        return mending_is(mending, failure_who_name(failure_get(code)->who));
    return mending->kind == BY_CODE && mending_is(mending, failure_name(code));
}

static inline bool mending_is_host(const struct mending *mending, const char *host)
{
    bool is_suffix;
    const char *registrable = suffix_registrable(host, suffix_of(host, &is_suffix));
    switch (mending->kind) {
    case BY_PROVIDER:
        return mending_is(mending, provider_of_mx(host));
    case BY_MX_HOST:
        return mending_is(mending, host);
    case BY_MX_OPERATOR:
        return mending_is(mending, registrable == NULL ? host : registrable);
    default:
        return false;
    }
}

static inline bool mending_is_policy(const struct mending *mending, enum failure_code code)
{
    const struct policy_facts *policy = &mending->facts->policy;
    const struct lookup_facts *chain =
        policy->address.a.cname_count > 0 ? &policy->address.a : &policy->address.aaaa;
    bool by_address = mending->kind == BY_IP || mending->kind == BY_NETWORK;
    if (by_address && (code == FAIL_POLICY_SPECIAL_ADDRESS || code == FAIL_POLICY_NO_ADDRESS))
        return false;
    if (by_address)
        return mending_is_ip(mending, &policy->fetch.ip);
    if (mending->kind == BY_PROVIDER)
        return mending_is(mending, mending->judgement->provider_policy);
    if (mending->kind == BY_POLICY_HOST)
        return mending_is(mending,
                          chain->cname_count > 0 ? chain->cnames[chain->cname_count - 1] : policy->host);
    return mending_by_nature(mending, code);
}

/* ---- the policy ---------------------------------------------------------------------------------------- */

static inline bool mending_has(enum failure_code code, enum failure_effect effect)
{
    return code != FAIL_NONE && failure_get(code)->effect == effect;
}

/* Which fault of the policy is mended: its own, or that it does not name an MX host. */
static inline bool mending_needs_policy(const struct mending *mending)
{
    const struct judgement *judgement = mending->judgement;
    if (judgement->record.code != FAIL_NONE)
        return false;
    if (mending_has(judgement->policy_code, EFFECT_NO_POLICY))
        return mending_is_policy(mending, judgement->policy_code);
    if (judgement->policy_code != FAIL_NONE || judgement->policy.mode == STS_MODE_NONE)
        return false;
    for (size_t i = 0; i < judgement->host_count; i++)
        if (judgement->hosts[i].code != FAIL_MX_PLACEHOLDER && !judgement->hosts[i].policy_match)
            return mending_is_policy(mending, FAIL_MX_NOT_IN_POLICY);
    return false;
}

/* Serves a valid policy of the mode that it has, or enforce, which names every MX host. */
static inline void mending_policy(const struct mending *mending, struct domain_facts *facts)
{
    enum { BODY_BYTES = 60000 };
    enum sts_mode mode = mending->judgement->policy.mode;
    char *body = arena_alloc(mending->arena, BODY_BYTES);
    if (body == NULL)
        abort();
    int len = snprintf(body, BODY_BYTES, "version: STSv1\nmode: %s\nmax_age: 604800\n",
                       sts_mode_name(mode == STS_MODE_UNSET ? STS_MODE_ENFORCE : mode));
    for (size_t i = 0; i < facts->host_count && len < BODY_BYTES - 600; i++)
        if (!placeholder_is(&facts->hosts[i], facts->domain))
            len += snprintf(body + len, (size_t)(BODY_BYTES - len), "mx: %s\n", facts->hosts[i].host);
    struct policy_facts *policy = &facts->policy;
    const struct ip_addr ip =
        policy->fetch.ip.family != 0 ? policy->fetch.ip : ip_v4((uint8_t[]){203, 0, 113, 1});
    policy->address.a = (struct lookup_facts){.status = DNS_ANSWERED, .ttl = 300};
    policy->address.ips = mending_copy(mending->arena, &ip, 1, sizeof ip);
    policy->address.ip_count = 1;
    policy->fetch = (struct fetch_facts){.step = FETCH_DONE,
                                         .ip = ip,
                                         .time = policy->fetch.time,
                                         .tls = mending_tls(mending->arena),
                                         .http_status = 200,
                                         .media_type = "text/plain",
                                         .body = bytes_make(body, (size_t)len)};
}

/* ---- MX hosts ------------------------------------------------------------------------------------------ */

static inline void mending_addresses(const struct mending *mending, struct mx_host *host,
                                     const struct host_verdict *verdict)
{
    struct host_facts *facts = mending_copy(mending->arena, host->facts, 1, sizeof *facts);
    facts->probes = mending_copy(mending->arena, facts->probes, facts->probe_count, sizeof *facts->probes);
    for (size_t i = 0; i < verdict->ip_count; i++) {
        struct probe_facts *probe = &facts->probes[i];
        enum failure_code code = verdict->ips[i].code;
        bool by_address = mending->kind == BY_IP || mending->kind == BY_NETWORK;
        bool mended = by_address ? code != FAIL_MX_SPECIAL_ADDRESS && mending_is_ip(mending, &probe->ip)
                                 : mending_is_host(mending, host->host) || mending_by_nature(mending, code);
        if (mended && mending_has(code, EFFECT_HOST_FAILS))
            *probe = mending_probe(probe->host, probe->ip, probe->time, mending->arena);
    }
    host->facts = facts;
}

/* Gives a host that has no address one at which it passes. */
static inline void mending_give_address(const struct mending *mending, struct mx_host *host)
{
    const struct ip_addr ip = ip_v4((uint8_t[]){203, 0, 113, 2});
    struct host_facts *facts = arena_alloc(mending->arena, sizeof *facts);
    if (facts == NULL)
        abort();
    if (host->facts != NULL)
        *facts = *host->facts;
    const struct probe_facts probe = mending_probe(host->host, ip, mending->facts->time, mending->arena);
    facts->host = host->host;
    facts->address.a.status = DNS_ANSWERED;
    if (facts->address.aaaa.status == DNS_NOT_ASKED)
        facts->address.aaaa.status = DNS_NODATA;
    facts->address.ips = mending_copy(mending->arena, &ip, 1, sizeof ip);
    facts->address.ip_count = 1;
    facts->probes = mending_copy(mending->arena, &probe, 1, sizeof probe);
    facts->probe_count = 1;
    host->facts = facts;
}

/* Puts a host name where an address stood. */
static inline void mending_literal(const struct mending *mending, struct mx_host *host)
{
    struct ip_addr ip;
    host->address_literal = false;
    if (ip_parse(host->host, &ip) || host->host[0] == '[')
        host->host = "mended.example";
    mending_give_address(mending, host);
}

static inline void mending_host(const struct mending *mending, struct mx_host *host,
                                const struct host_verdict *verdict)
{
    enum failure_code code = verdict->code;
    if (code == FAIL_MX_PLACEHOLDER)
        return;
    if (code == FAIL_NONE || code == FAIL_MX_NOT_IN_POLICY) {
        if (host->facts != NULL)
            mending_addresses(mending, host, verdict);
        return;
    }
    if (!mending_has(code, EFFECT_HOST_FAILS))
        return;
    if (code == FAIL_MX_ADDRESS_LITERAL && mending_by_nature(mending, code))
        mending_literal(mending, host);
    else if (code != FAIL_MX_ADDRESS_LITERAL &&
             (mending_is_host(mending, host->host) || mending_by_nature(mending, code)))
        mending_give_address(mending, host);
}

/* Makes the facts as they would be with the group mended. */
static inline void mending_facts(const struct mending *mending, struct domain_facts *facts)
{
    *facts = *mending->facts;
    facts->hosts = mending_copy(mending->arena, facts->hosts, facts->host_count, sizeof *facts->hosts);
    for (size_t i = 0; i < mending->judgement->host_count; i++)
        mending_host(mending, &facts->hosts[i], &mending->judgement->hosts[i]);
    if (mending_needs_policy(mending))
        mending_policy(mending, facts);
}

static inline bool mending_is_good(const struct judgement *judgement)
{
    return judgement->outcome == OUTCOME_PROTECTED ||
           (judgement->outcome == OUTCOME_TESTING && judgement->would_be == OUTCOME_PROTECTED);
}

/* Says whether mending the group, and nothing else, makes the domain good that is not. */
static inline bool mending_gains(const struct mending *mending, int64_t now)
{
    struct domain_facts facts;
    struct judgement judgement;
    if (mending_is_good(mending->judgement))
        return false;
    mending_facts(mending, &facts);
    verdict_judge(&facts, now, mending->arena, &judgement);
    return mending_is_good(&judgement);
}

#endif
