/* Lookups, addresses and TLS out of their JSON. One line a field. */
#include "output/readback/facts_groups.h"

#include <stdlib.h>

READ_ENUM(dns_status, enum dns_status, dns_status_name, DNS_STATUS_COUNT)
READ_ENUM(tls_end, enum tls_end, tls_end_name, TLS_END_COUNT)
READ_ENUM(tls_limit, enum tls_limit, tls_limit_name, TLS_LIMIT_COUNT)
READ_ENUM(not_tried, enum not_tried, not_tried_name, NOT_TRIED_COUNT)
READ_ENUM(net, enum net_error, net_error_name, NET_ERROR_COUNT)

enum not_tried read_not_tried(struct read_fields *read, const struct json_node *object)
{
    return not_tried(read, object, "not_tried");
}

enum net_error read_net(struct read_fields *read, const struct json_node *object)
{
    return net(read, object, "net");
}

enum dns_status read_status(struct read_fields *read, const struct json_node *object, const char *key)
{
    return dns_status(read, object, key);
}

static const char *security_name(unsigned value)
{
    return dns_security_name((enum dns_security)value);
}

enum dns_security read_security(struct read_fields *read, const struct json_node *object, const char *key,
                                enum dns_security missing)
{
    return (enum dns_security)read_choice(read, object, key, security_name, DNSSEC_COUNT, missing);
}

static void read_edes(struct read_fields *read, const struct json_node *object, struct lookup_facts *lookup)
{
    const struct json_node *list = read_list(read, object, "ede");
    if (list != NULL && list->count > DNS_EDES_KEPT)
        read_fault(read, "ede", "are more than are kept");
    lookup->edes = list == NULL || read->failed ? NULL : read_array(read, list->count, sizeof *lookup->edes);
    for (const struct json_node *node = lookup->edes == NULL ? NULL : list->first; node != NULL;
         node = node->next)
        lookup->edes[lookup->ede_count++] =
            (struct dns_ede){.code = (uint16_t)read_unsigned(read, node, "code", UINT16_MAX),
                             .text = read_text(read, node, "text")};
}

struct lookup_facts read_lookup(struct read_fields *read, const struct json_node *object)
{
    struct lookup_facts lookup = {.status = dns_status(read, object, "lookup")};
    lookup.ttl = (uint32_t)read_unsigned(read, object, "ttl", UINT32_MAX);
    size_t count = 0;
    lookup.cnames = read_strings(read, object, "cnames", &count);
    lookup.cname_count = (uint32_t)count;
    lookup.why_bogus = read_string(read, object, "why_bogus");
    read_edes(read, object, &lookup);
    lookup.truncated = read_bool(read, object, "truncated");
    return lookup;
}

static void take_chain(struct lookup_facts *lookup, const char **cnames, size_t count)
{
    if (lookup->status == DNS_NOT_ASKED)
        return;
    lookup->cnames = cnames;
    lookup->cname_count = (uint32_t)count;
}

static void read_stale(struct read_fields *read, const struct json_node *object,
                       struct address_facts *address)
{
    size_t count;
    const char **families = read_strings(read, object, "stale", &count);
    for (size_t i = 0; i < count; i++) {
        bool a = families[i] != NULL && strcmp(families[i], "a") == 0;
        bool aaaa = families[i] != NULL && strcmp(families[i], "aaaa") == 0;
        if (!a && !aaaa)
            read_fault(read, "stale", "is no family of addresses");
        address->a.stale = address->a.stale || a;
        address->aaaa.stale = address->aaaa.stale || aaaa;
    }
}

struct address_facts read_addresses(struct read_fields *read, const struct json_node *object,
                                    enum dns_security known)
{
    struct address_facts address = {.a = {.status = dns_status(read, object, "lookup_a")},
                                    .aaaa = {.status = dns_status(read, object, "lookup_aaaa")}};
    address.a.security = read_security(read, object, "dnssec_a", known);
    address.aaaa.security = read_security(read, object, "dnssec_aaaa", known);
    size_t count;
    const char **cnames = read_strings(read, object, "cnames", &count);
    take_chain(&address.a, cnames, count);
    take_chain(&address.aaaa, cnames, count);
    read_stale(read, object, &address);
    address.a.why_bogus = read_string(read, object, "why_bogus");
    read_edes(read, object, &address.a);
    address.a.truncated = read_bool(read, object, "truncated_a");
    address.aaaa.truncated = read_bool(read, object, "truncated_aaaa");
    const struct json_node *list = read_list(read, object, "addresses");
    address.ips = list == NULL ? NULL : read_array(read, list->count, sizeof *address.ips);
    for (const struct json_node *node = address.ips == NULL ? NULL : list->first; node != NULL;
         node = node->next)
        address.ips[address.ip_count++] = read_ip_node(read, node, "addresses");
    return address;
}

static uint16_t read_version(struct read_fields *read, const struct json_node *object)
{
    static const char *const names[] = {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"};
    const char *text = read_name(read, object, "version", false);
    char *end;
    if (text == NULL)
        return 0;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0)
            return (uint16_t)(0x0300 + i);
    unsigned long number = strtoul(text, &end, 16);
    if (strncmp(text, "0x", 2) != 0 || *end != 0 || number > UINT16_MAX)
        read_fault(read, "version", "is no version of TLS");
    return (uint16_t)number;
}

static void read_errors(struct read_fields *read, const struct json_node *object, struct tls_facts *tls)
{
    const struct json_node *list = read_list(read, object, "errors");
    if (list != NULL && list->count > CHAIN_ERRORS_KEPT)
        read_fault(read, "errors", "are more than are kept");
    for (const struct json_node *node = list == NULL ? NULL : list->first; node != NULL && !read->failed;
         node = node->next)
        tls->errors[tls->error_count++] =
            (struct chain_error){read_int(read, node, "x509", 0), read_int(read, node, "depth", 0)};
}

static void read_certs(struct read_fields *read, const struct json_node *object, struct tls_facts *tls)
{
    const struct json_node *list = read_list(read, object, "certs");
    if (list != NULL && list->count > CHAIN_CERTS_KEPT)
        read_fault(read, "certs", "are more than are kept");
    tls->certs = list == NULL ? NULL : read_array(read, list->count, sizeof *tls->certs);
    for (const struct json_node *node = tls->certs == NULL ? NULL : list->first; node != NULL;
         node = node->next) {
        struct cert_facts *cert = &tls->certs[tls->cert_count++];
        cert->signed_by = -1;
        read_hash(read, node, "certs", cert->sha256, sizeof cert->sha256);
    }
}

/* One for each certificate; left out where nobody looked for them. */
static void read_signers(struct read_fields *read, const struct json_node *object, struct tls_facts *tls)
{
    const struct json_node *list = read_list(read, object, "signed_by");
    if (list != NULL && list->count != tls->cert_count)
        read_fault(read, "signed_by", "are not as many as the certificates");
    size_t place = 0;
    for (const struct json_node *node = list == NULL ? NULL : list->first; node != NULL && !read->failed;
         node = node->next) {
        int signer = read_int_node(read, node, "signed_by");
        if (signer < -1 || signer >= (int)tls->cert_count)
            read_fault(read, "signed_by", "is no certificate of the chain");
        tls->certs[place++].signed_by = signer;
    }
}

struct tls_facts read_tls(struct read_fields *read, const struct json_node *object, const char *key)
{
    const struct json_node *node = read_object(read, object, key);
    struct tls_facts tls = {.end = tls_end(read, node, "end"), .alert = -1};
    tls.time = read_optional_time(read, node, "time");
    tls.other_time = read_optional_time(read, node, "other_time");
    tls.limit = tls_limit(read, node, "limit");
    tls.version = read_version(read, node);
    tls.cipher = read_string(read, node, "cipher");
    tls.group = read_string(read, node, "group");
    tls.signature = read_string(read, node, "signature");
    tls.alert = read_int(read, node, "alert", -1);
    tls.error_reason = read_int(read, node, "error_reason", 0);
    tls.error_text = read_string(read, node, "error");
    tls.name_match = read_bool(read, node, "name_match");
    read_errors(read, node, &tls);
    read_certs(read, node, &tls);
    read_signers(read, node, &tls);
    tls.tlsa_signs = (uint32_t)read_unsigned(read, node, "tlsa_signs", UINT32_MAX);
    tls.truncated = read_bool(read, node, "truncated");
    return tls;
}
