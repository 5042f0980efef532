/* The domain record out of its JSON: the mirror of output/json/json_domain and output/json/json_mx.
 * Judgements that stand in the record are passed over: they are made anew. */
#include "output/readback/facts_read.h"

#include "output/readback/facts_groups.h"
#include "output/readback/facts_line.h"
#include "output/readback/facts_looks.h"

READ_ENUM(fetch_step, enum fetch_step, fetch_step_name, FETCH_STEP_COUNT)

static void read_head(struct read_fields *read, const struct json_node *root, struct domain_facts *facts)
{
    facts->ordinal = read_unsigned(read, root, "ordinal", UINT64_MAX);
    facts->domain = read_name(read, root, "domain", true);
    facts->unicode = read_string(read, root, "unicode");
    facts->rank = (uint32_t)read_unsigned(read, root, "rank", UINT32_MAX);
    facts->label = read_string(read, root, "label");
    facts->tld = read_name(read, root, "tld", true);
    facts->psl_suffix = read_name(read, root, "psl_suffix", false);
    facts->is_public_suffix = read_bool(read, root, "is_public_suffix");
    facts->time = read_time(read, root, "time");
    facts->ms = (uint32_t)read_unsigned(read, root, "ms", UINT32_MAX);
}

static struct txt_facts read_txt(struct read_fields *read, const struct json_node *node)
{
    struct txt_facts txt = {.lookup = read_lookup(read, node)};
    txt.lookup.security = read_security(read, node, "dnssec", DNSSEC_UNVALIDATED);
    txt.rrs = read_texts(read, node, "rrs", &txt.rr_count);
    return txt;
}

/* The addresses' lookup is told by its status alone. */
static struct near_miss_facts read_near_miss(struct read_fields *read, const struct json_node *root)
{
    const struct json_node *node = read_object(read, root, "near_miss");
    struct near_miss_facts found = {.address = {.status = read_status(read, node, "address")}};
    found.apex = read_txt(read, read_object(read, node, "apex"));
    found.policy_host = read_txt(read, read_object(read, node, "policy_host"));
    found.underscore = read_txt(read, read_object(read, node, "underscore"));
    found.wildcard = read_txt(read, read_object(read, node, "wildcard"));
    found.tlsrpt = read_txt(read, read_object(read, node, "tlsrpt"));
    return found;
}

/* ---- the policy --------------------------------------------------------------------------------------- */

static struct fetch_facts read_fetch(struct read_fields *read, const struct json_node *node)
{
    struct fetch_facts fetch = {.not_tried = read_not_tried(read, node), .net = read_net(read, node)};
    fetch.step = fetch_step(read, node, "step");
    fetch.ip = read_ip(read, node, "ip");
    fetch.time = read_optional_time(read, node, "time");
    fetch.deadline = read_bool(read, node, "deadline");
    fetch.too_large = read_bool(read, node, "too_large");
    fetch.truncated = read_bool(read, node, "truncated");
    fetch.flooded = read_bool(read, node, "flooded");
    fetch.protocol = read_bool(read, node, "protocol");
    fetch.http_status = read_int(read, node, "http_status", 0);
    fetch.redirect = read_string(read, node, "redirect");
    fetch.media_type = read_string(read, node, "media_type");
    fetch.ms = (uint32_t)read_unsigned(read, node, "ms", UINT32_MAX);
    fetch.tls = read_tls(read, node, "tls");
    fetch.body = read_text(read, node, "body");
    fetch.body_bytes = read_unsigned(read, node, "body_bytes", SIZE_MAX);
    return fetch;
}

static struct policy_facts read_policy(struct read_fields *read, const struct json_node *root,
                                       enum dns_security known)
{
    const struct json_node *node = read_object(read, root, "policy");
    struct policy_facts policy = {.host = NULL};
    policy.fetch.tls.alert = -1;
    if (node == NULL)
        return policy;
    policy.host = read_name(read, node, "host", true);
    policy.address = read_addresses(read, node, known);
    policy.fetch = read_fetch(read, node);
    return policy;
}

/* ---- MX ----------------------------------------------------------------------------------------------- */

static struct tlsa_facts read_tlsa(struct read_fields *read, const struct json_node *host)
{
    const struct json_node *node = read_object(read, host, "tlsa");
    const struct json_node *list = read_list(read, node, "rrs");
    struct tlsa_facts tlsa = {.lookup = read_lookup(read, node)};
    tlsa.lookup.security = read_security(read, node, "dnssec", DNSSEC_UNVALIDATED);
    tlsa.base = read_string(read, node, "base");
    tlsa.rrs = list == NULL ? NULL : read_array(read, list->count, sizeof *tlsa.rrs);
    for (const struct json_node *rr = tlsa.rrs == NULL ? NULL : list->first; rr != NULL; rr = rr->next)
        tlsa.rrs[tlsa.rr_count++] =
            (struct tlsa_rr){.usage = (uint8_t)read_unsigned(read, rr, "usage", UINT8_MAX),
                             .selector = (uint8_t)read_unsigned(read, rr, "selector", UINT8_MAX),
                             .matching = (uint8_t)read_unsigned(read, rr, "matching", UINT8_MAX),
                             .data = read_hex(read, rr, "data")};
    return tlsa;
}

/* Addresses with a verdict have been looked at; where all were, they are not listed on their own. */
static void read_ips(struct read_fields *read, const struct json_node *node, struct host_facts *facts)
{
    const struct json_node *list = read_list(read, node, "ips");
    bool listed = facts->address.ip_count > 0;
    if (list == NULL)
        return;
    facts->probes = read_array(read, list->count, sizeof *facts->probes);
    if (!listed)
        facts->address.ips = read_array(read, list->count, sizeof *facts->address.ips);
    if (read->failed || (listed && facts->address.ip_count < list->count)) {
        read_fault(read, "ips", "are more than the addresses");
        return;
    }
    for (const struct json_node *ip = list->first; ip != NULL; ip = ip->next) {
        struct probe_facts *probe = &facts->probes[facts->probe_count++];
        *probe = (struct probe_facts){.host = facts->host, .ip = read_ip(read, ip, "ip")};
        probe->not_tried = read_not_tried(read, ip);
        probe->time = read_optional_time(read, ip, "time");
        probe->again = probe->time != 0;
        probe->tls.alert = -1;
        if (!listed)
            facts->address.ips[facts->address.ip_count++] = probe->ip;
    }
}

static const struct host_facts *read_host_facts(struct read_fields *read, const struct json_node *node,
                                                const char *host, enum dns_security known)
{
    if (json_tree_at(node, "lookup_a") == NULL)
        return NULL;
    struct host_facts *facts = read_array(read, 1, sizeof *facts);
    if (facts == NULL)
        return NULL;
    *facts = (struct host_facts){.host = host, .address = read_addresses(read, node, known)};
    facts->tlsa = read_tlsa(read, node);
    read_ips(read, node, facts);
    return facts;
}

static void read_hosts(struct read_fields *read, const struct json_node *mx, struct domain_facts *facts)
{
    const struct json_node *list = read_list(read, mx, "hosts");
    facts->hosts = list == NULL ? NULL : read_array(read, list->count, sizeof *facts->hosts);
    for (const struct json_node *node = facts->hosts == NULL ? NULL : list->first;
         node != NULL && !read->failed; node = node->next) {
        struct mx_host *host = &facts->hosts[facts->host_count];
        host->host = read_name(read, node, "host", true);
        host->preference = (uint16_t)read_unsigned(read, node, "pref", UINT16_MAX);
        host->implicit = read_bool(read, node, "implicit");
        host->address_literal = read_bool(read, node, "address_literal");
        host->facts = read_host_facts(read, node, host->host, facts->mx.lookup.security);
        facts->host_count++;
    }
}

/* Where the record does not list them, they are what the hosts say. */
static void read_rrs(struct read_fields *read, const struct json_node *mx, struct domain_facts *facts)
{
    const struct json_node *list = read_list(read, mx, "rrs");
    bool told_by_hosts = list == NULL && facts->host_count > 0 && !facts->hosts[0].implicit;
    size_t count = list != NULL ? list->count : told_by_hosts ? facts->host_count : 0;
    facts->mx.rrs = read_array(read, count, sizeof *facts->mx.rrs);
    if (facts->mx.rrs == NULL)
        return;
    facts->mx.rr_count = count;
    for (size_t i = 0; told_by_hosts && i < count; i++)
        facts->mx.rrs[i] = (struct mx_rr){facts->hosts[i].preference, facts->hosts[i].host};
    struct mx_rr *rr = facts->mx.rrs;
    for (const struct json_node *node = list == NULL ? NULL : list->first; node != NULL; node = node->next)
        *rr++ = (struct mx_rr){(uint16_t)read_unsigned(read, node, "pref", UINT16_MAX),
                               read_name(read, node, "host", true)};
}

static void read_mx(struct read_fields *read, const struct json_node *root, struct domain_facts *facts)
{
    const struct json_node *node = read_object(read, root, "mx");
    facts->mx.lookup = read_lookup(read, node);
    facts->mx.lookup.security = read_security(read, node, "dnssec", DNSSEC_UNVALIDATED);
    read_hosts(read, node, facts);
    read_rrs(read, node, facts);
}

enum error facts_read_domain(struct bytes line, struct arena *arena, struct domain_facts *facts,
                             struct buf *why)
{
    struct read_fields read;
    const struct json_node *root;
    *facts = (struct domain_facts){.ordinal = 0};
    enum error error = facts_line_start(line, arena, &read, &root, why);
    if (error != ERR_OK)
        return error;
    read_head(&read, root, facts);
    facts->txt = read_txt(&read, read_object(&read, root, "txt"));
    facts->tlsrpt = read_txt(&read, read_object(&read, root, "tlsrpt"));
    facts->tlsrpt.lookup.security =
        read_security(&read, read_object(&read, root, "dnssec"), "tlsrpt", DNSSEC_UNVALIDATED);
    facts->near_miss = read_near_miss(&read, root);
    facts->policy = read_policy(&read, root, facts->txt.lookup.security);
    read_mx(&read, root, facts);
    read_looks(&read, root, facts);
    return facts_line_end(&read);
}
