/* Writes lookups, addresses, TLS and findings as JSON. Writes facts as they are and leaves out members that
 * say nothing. */
#include "output/json/json_facts.h"

#include <stdio.h>

#include <openssl/x509_vfy.h>

void json_strings(struct json *json, const char *key, const char *const *strings, size_t count)
{
    if (count == 0)
        return;
    json_open_array(json, key);
    for (size_t i = 0; i < count; i++)
        json_put_string(json, NULL, strings[i]);
    json_close_array(json);
}

void json_texts(struct json *json, const char *key, const struct bytes *texts, size_t count)
{
    if (count == 0)
        return;
    json_open_array(json, key);
    for (size_t i = 0; i < count; i++)
        json_put_text(json, NULL, texts[i]);
    json_close_array(json);
}

static void write_edes(struct json *json, const char *key, const struct lookup_facts *lookup)
{
    if (lookup->ede_count == 0)
        return;
    json_open_array(json, key);
    for (size_t i = 0; i < lookup->ede_count; i++) {
        json_open(json, NULL);
        json_put_unsigned(json, "code", lookup->edes[i].code);
        if (lookup->edes[i].text.len > 0)
            json_put_text(json, "text", lookup->edes[i].text);
        json_close(json);
    }
    json_close_array(json);
}

void json_lookup(struct json *json, const struct lookup_facts *lookup)
{
    json_put_string(json, "lookup", dns_status_name(lookup->status));
    json_strings(json, "cnames", lookup->cnames, lookup->cname_count);
    json_put_optional(json, "why_bogus", lookup->why_bogus);
    write_edes(json, "ede", lookup);
    json_put_flag(json, "truncated", lookup->truncated);
}

void json_security(struct json *json, const char *key, const struct lookup_facts *lookup)
{
    if (lookup->status != DNS_NOT_ASKED)
        json_put_string(json, key, dns_security_name(lookup->security));
}

void json_ttl(struct json *json, const struct lookup_facts *lookup)
{
    if (lookup->status == DNS_ANSWERED)
        json_put_unsigned(json, "ttl", lookup->ttl);
}

/* Writes the families whose addresses are of an earlier answer. */
static void write_stale(struct json *json, const struct address_facts *address)
{
    if (!address->a.stale && !address->aaaa.stale)
        return;
    json_open_array(json, "stale");
    if (address->a.stale)
        json_put_string(json, NULL, "a");
    if (address->aaaa.stale)
        json_put_string(json, NULL, "aaaa");
    json_close_array(json);
}

void json_address_lookups(struct json *json, const struct address_facts *address, enum dns_security known)
{
    const struct lookup_facts *a = &address->a, *aaaa = &address->aaaa;
    json_put_string(json, "lookup_a", dns_status_name(a->status));
    json_put_string(json, "lookup_aaaa", dns_status_name(aaaa->status));
    if (a->security != known)
        json_put_string(json, "dnssec_a", dns_security_name(a->security));
    if (aaaa->security != known)
        json_put_string(json, "dnssec_aaaa", dns_security_name(aaaa->security));
    const struct lookup_facts *chain = address_chain(address);
    json_strings(json, "cnames", chain->cnames, chain->cname_count);
    write_stale(json, address);
    json_put_optional(json, "why_bogus", a->why_bogus != NULL ? a->why_bogus : aaaa->why_bogus);
    write_edes(json, "ede", a->ede_count > 0 ? a : aaaa);
    if (a->ede_count > 0)
        write_edes(json, "ede_aaaa", aaaa);
    json_put_flag(json, "truncated_a", a->truncated);
    json_put_flag(json, "truncated_aaaa", aaaa->truncated);
}

void json_ip(struct json *json, const char *key, const struct ip_addr *ip)
{
    char text[IP_TEXT_BYTES];
    if (ip->family == 4 || ip->family == 6)
        json_put_string(json, key, ip_format(ip, text));
}

void json_addresses(struct json *json, const struct address_facts *address)
{
    if (address->ip_count == 0)
        return;
    json_open_array(json, "addresses");
    for (size_t i = 0; i < address->ip_count; i++)
        json_ip(json, NULL, &address->ips[i]);
    json_close_array(json);
}

static void write_version(struct json *json, uint16_t version)
{
    static const char *const names[] = {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    char other[8];
    if (version == 0)
        return;
    if (version >= 0x0300 && version <= 0x0304) {
        json_put_string(json, "version", names[version - 0x0300]);
        return;
    }
    (void)snprintf(other, sizeof other, "0x%04x", (unsigned)version);
    json_put_string(json, "version", other);
}

static void write_chain_errors(struct json *json, const struct tls_facts *tls)
{
    if (tls->error_count == 0)
        return;
    json_open_array(json, "errors");
    for (size_t i = 0; i < tls->error_count; i++) {
        json_open(json, NULL);
        json_put_signed(json, "x509", tls->errors[i].x509);
        json_put_string(json, "name", X509_verify_cert_error_string(tls->errors[i].x509));
        json_put_signed(json, "depth", tls->errors[i].depth);
        json_close(json);
    }
    json_close_array(json);
}

static void write_certs(struct json *json, const struct tls_facts *tls)
{
    if (tls->cert_count == 0)
        return;
    json_open_array(json, "certs");
    for (size_t i = 0; i < tls->cert_count; i++)
        json_put_hex(json, NULL, bytes_make(tls->certs[i].sha256, sizeof tls->certs[i].sha256));
    json_close_array(json);
}

/* Writes the signers, only if they were looked for and some were found. */
static void write_signers(struct json *json, const struct tls_facts *tls)
{
    bool any = false;
    for (size_t i = 0; i < tls->cert_count; i++)
        any = any || tls->certs[i].signed_by >= 0;
    if (any) {
        json_open_array(json, "signed_by");
        for (size_t i = 0; i < tls->cert_count; i++)
            json_put_signed(json, NULL, tls->certs[i].signed_by);
        json_close_array(json);
    }
    if (tls->tlsa_signs != 0)
        json_put_unsigned(json, "tlsa_signs", tls->tlsa_signs);
}

void json_tls(struct json *json, const char *key, const struct tls_facts *tls)
{
    if (tls->end == TLS_NOT_TRIED && tls->version == 0)
        return;
    json_open(json, key);
    json_put_string(json, "end", tls_end_name(tls->end));
    if (tls->time != 0)
        json_put_time(json, "time", tls->time);
    if (tls->other_time != 0)
        json_put_time(json, "other_time", tls->other_time);
    if (tls->limit != TLS_LIMIT_NONE)
        json_put_string(json, "limit", tls_limit_name(tls->limit));
    write_version(json, tls->version);
    json_put_optional(json, "cipher", tls->cipher);
    json_put_optional(json, "group", tls->group);
    json_put_flag(json, "hello_unanswered", tls->hello_unanswered);
    json_put_flag(json, "hello_intolerant", tls->hello_intolerant);
    json_put_optional(json, "signature", tls->signature);
    write_certs(json, tls);
    write_signers(json, tls);
    write_chain_errors(json, tls);
    if (tls->cert_count > 0)
        json_put_bool(json, "name_match", tls->name_match);
    if (tls->alert >= 0 && tls->end != TLS_DONE)
        json_put_signed(json, "alert", tls->alert);
    if (tls->error_reason != 0)
        json_put_signed(json, "error_reason", tls->error_reason);
    json_put_optional(json, "error", tls->error_text);
    json_put_flag(json, "truncated", tls->truncated);
    json_close(json);
}

void json_findings(struct json *json, const struct findings *findings)
{
    if (findings->count == 0)
        return;
    json_open_array(json, "findings");
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->list[i];
        json_open(json, NULL);
        json_put_string(json, "code", failure_name(finding->code));
        json_put_unsigned(json, "line", finding->line);
        json_put_unsigned(json, "column", finding->column);
        json_put_optional(json, "detail", finding->detail);
        json_close(json);
    }
    json_close_array(json);
    json_put_flag(json, "findings_more", findings->overflow);
}
