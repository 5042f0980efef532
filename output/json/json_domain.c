/* Writes the domain record as JSON. The average domain deploys nothing: its record stays under about 600
 * bytes. */
#include "output/json/json.h"

#include "output/json/json_cached.h"
#include "output/json/json_facts.h"
#include "output/json/json_looks.h"
#include "output/json/json_mx.h"
#include "output/json/json_nearmiss.h"
#include "output/json/json_senders.h"

static void write_head(struct json *json, const struct domain_facts *facts)
{
    json_put_unsigned(json, "schema", RECORD_SCHEMA_VERSION);
    json_put_unsigned(json, "ordinal", facts->ordinal);
    json_put_string(json, "domain", facts->domain);
    json_put_optional(json, "unicode", facts->unicode);
    if (facts->rank != 0)
        json_put_unsigned(json, "rank", facts->rank);
    json_put_optional(json, "label", facts->label);
    json_put_optional(json, "list", facts->source);
    json_put_string(json, "tld", facts->tld);
    json_put_optional(json, "psl_suffix", facts->psl_suffix);
    json_put_flag(json, "is_public_suffix", facts->is_public_suffix);
    json_put_time(json, "time", facts->time);
    json_put_unsigned(json, "ms", facts->ms);
}

static void write_codes(struct json *json, const struct judgement *judgement)
{
    json_open_array(json, "codes");
    for (size_t word = 0; word < sizeof judgement->codes.words / sizeof judgement->codes.words[0]; word++) {
        uint64_t bits = judgement->codes.words[word];
        for (; bits != 0; bits &= bits - 1) {
            size_t code = word * 64 + (size_t)__builtin_ctzll(bits);
            if (code < FAIL_COUNT)
                json_put_string(json, NULL, failure_name((enum failure_code)code));
        }
    }
    json_close_array(json);
    json_open_array(json, "rfc8460");
    for (unsigned type = RPT_NONE + 1; type < RPT_COUNT; type++)
        if ((judgement->rpt_types >> type & 1) != 0)
            json_put_string(json, NULL, rpt_type_name((enum rpt_type)type));
    json_close_array(json);
}

static void write_judgement(struct json *json, const struct domain_facts *facts,
                            const struct judgement *judgement)
{
    json_put_string(json, "outcome", outcome_name(judgement->outcome));
    if (judgement->would_be != OUTCOME_NONE)
        json_put_string(json, "would_be", outcome_name(judgement->would_be));
    json_put_flag(json, "incomplete", judgement->incomplete);
    json_cached(json, facts, judgement);
    json_put_string(json, "dane", dane_outcome_name(judgement->dane));
    json_put_string(json, "tls", tls_outcome_name(judgement->tls));
    write_codes(json, judgement);
}

static void write_txt(struct json *json, const struct txt_facts *txt, const struct sts_record *record)
{
    json_open(json, "txt");
    json_lookup(json, &txt->lookup);
    json_security(json, "dnssec", &txt->lookup);
    json_ttl(json, &txt->lookup);
    json_texts(json, "rrs", txt->rrs, txt->rr_count);
    if (record->id[0] != 0)
        json_put_string(json, "id", record->id);
    if (dns_says_anything(txt->lookup.status))
        json_put_string(json, "code", failure_name(record->code));
    json_findings(json, &record->findings);
    json_close(json);
}

static void write_tlsrpt(struct json *json, const struct txt_facts *txt, const struct tlsrpt_record *record)
{
    if (txt->lookup.status == DNS_NOT_ASKED)
        return;
    json_open(json, "tlsrpt");
    json_lookup(json, &txt->lookup);
    json_ttl(json, &txt->lookup);
    json_texts(json, "rrs", txt->rrs, txt->rr_count);
    json_strings(json, "rua", record->rua, record->rua_count);
    if (dns_says_anything(txt->lookup.status))
        json_put_string(json, "code", failure_name(record->code));
    json_findings(json, &record->findings);
    json_close(json);
}

static void write_body(struct json *json, const struct fetch_facts *fetch)
{
    struct bytes body = fetch->body;
    if (body.len == 0 && !(fetch->step == FETCH_DONE && fetch->http_status == 200))
        return;
    if (fetch->body_bytes > body.len)
        json_put_unsigned(json, "body_bytes", fetch->body_bytes);
    json_put_text(json, "body", body);
}

static void write_fetch(struct json *json, const struct fetch_facts *fetch)
{
    if (fetch->not_tried != TRIED)
        json_put_string(json, "not_tried", not_tried_name(fetch->not_tried));
    json_put_string(json, "step", fetch_step_name(fetch->step));
    json_ip(json, "ip", &fetch->ip);
    if (fetch->time != 0)
        json_put_time(json, "time", fetch->time);
    if (fetch->net != NET_OK)
        json_put_string(json, "net", net_error_name(fetch->net));
    json_put_flag(json, "deadline", fetch->deadline);
    json_put_flag(json, "too_large", fetch->too_large);
    json_put_flag(json, "truncated", fetch->truncated);
    json_put_flag(json, "flooded", fetch->flooded);
    json_put_flag(json, "protocol", fetch->protocol);
    json_put_flag(json, "http2", fetch->http2);
    json_put_flag(json, "bad_length", fetch->bad_length);
    if (fetch->http_status != 0)
        json_put_signed(json, "http_status", fetch->http_status);
    json_put_optional(json, "redirect", fetch->redirect);
    json_put_optional(json, "media_type", fetch->media_type);
    json_put_optional(json, "signs", fetch->signs);
    json_put_optional(json, "coding", fetch->coding);
    if (fetch->decoding != FETCH_NOT_CODED)
        json_put_string(json, "decoding", fetch_decoding_name(fetch->decoding));
    json_put_unsigned(json, "ms", fetch->ms);
    json_tls(json, "tls", &fetch->tls);
    write_body(json, fetch);
}

static void write_parsed(struct json *json, const struct sts_policy *policy)
{
    if (policy->mode != STS_MODE_UNSET)
        json_put_string(json, "mode", sts_mode_name(policy->mode));
    if (policy->max_age_set)
        json_put_unsigned(json, "max_age", policy->max_age);
    json_strings(json, "mx", policy->mx, policy->mx_count);
    json_findings(json, &policy->findings);
}

static void write_policy(struct json *json, const struct domain_facts *facts,
                         const struct judgement *judgement)
{
    const struct policy_facts *policy = &facts->policy;
    if (!policy_was_looked_for(policy))
        return;
    json_open(json, "policy");
    json_put_optional(json, "host", policy->host);
    json_put_string(json, "code", failure_name(judgement->policy_code));
    json_address_lookups(json, &policy->address, facts->txt.lookup.security);
    json_addresses(json, &policy->address);
    write_fetch(json, &policy->fetch);
    write_parsed(json, &judgement->policy);
    json_close(json);
}

static void write_provider(struct json *json, const struct judgement *judgement)
{
    json_put_optional(json, "registrable", judgement->registrable);
    json_open(json, "provider");
    json_put_string(json, "mx", judgement->provider_mx);
    json_put_string(json, "policy", judgement->provider_policy);
    if (judgement->provider_mx_count > 1)
        json_strings(json, "mx_all", judgement->providers_mx, judgement->provider_mx_count);
    json_close(json);
    if (judgement->exo == EXO_NOT)
        return;
    json_put_string(json, "exchange_online", exo_inbound_name(judgement->exo));
    json_put_optional(json, "intermediary", judgement->exo_intermediary);
}

static void write_dnssec(struct json *json, const struct domain_facts *facts)
{
    json_open(json, "dnssec");
    json_security(json, "txt", &facts->txt.lookup);
    json_security(json, "mx", &facts->mx.lookup);
    json_security(json, "tlsrpt", &facts->tlsrpt.lookup);
    json_close(json);
}

/* Writes the members that a tally needs in front, so that reading a scan again may stop there. */
bool json_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement)
{
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    write_head(&json, facts);
    write_judgement(&json, facts, judgement);
    write_provider(&json, judgement);
    write_txt(&json, &facts->txt, &judgement->record);
    write_policy(&json, facts, judgement);
    write_tlsrpt(&json, &facts->tlsrpt, &judgement->tlsrpt);
    json_near_miss(&json, &facts->near_miss);
    json_mx(&json, facts, judgement);
    json_looks(&json, facts, judgement);
    json_senders(&json, facts, judgement);
    write_dnssec(&json, facts);
    json_close(&json);
    return json_finish(&json);
}
