/* Reads the domain record: the mirror of output/json/json_domain and output/json/json_mx. Judgements that
 * stand in the record are passed over: they are made anew. */
#include "output/readback/facts_read.h"

#include "output/readback/facts_groups.h"
#include "output/readback/facts_line.h"
#include "output/readback/facts_walk.h"

/* Drops the security of a lookup that was not asked: a record that claims one all the same is not
 * believed. */
static void drop_unasked(struct lookup_facts *lookup)
{
    if (lookup->status == DNS_NOT_ASKED)
        lookup->security = DNSSEC_UNVALIDATED;
}

/* ---- the policy ---------------------------------------------------------------------------------------- */

/* Tells as the writer does whether the policy was looked for: else the record has none. */
static bool was_looked_for(const struct policy_facts *policy)
{
    return policy->address.a.status != DNS_NOT_ASKED || policy->address.aaaa.status != DNS_NOT_ASKED ||
           policy->fetch.step != FETCH_NONE || policy->fetch.not_tried != TRIED;
}

static struct policy_facts read_policy(struct read_fields *read, const struct json_node *root,
                                       enum dns_security known)
{
    const struct json_node *node = read_object(read, root, "policy");
    struct policy_facts policy = {.host = NULL};
    policy.fetch.tls.alert = -1;
    if (node == NULL)
        return policy;
    read_group(read, node, &fields_policy, &policy);
    read_address_rest(read, node, known, &policy.address);
    return was_looked_for(&policy) ? policy : (struct policy_facts){.host = NULL, .fetch.tls.alert = -1};
}

/* ---- MX ------------------------------------------------------------------------------------------------ */

/* Reads addresses with a verdict, which have been looked at; if all were, they are not listed on their
 * own. */
static void read_ips(struct read_fields *read, const struct json_node *node, struct host_facts *facts)
{
    const struct json_node *list = read_list(read, node, "ips", PROBES_MOST);
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
        *probe = (struct probe_facts){.host = facts->host};
        read_group(read, ip, &fields_mx_ip, probe);
        probe->again = probe->time != 0;
        probe->tls.alert = -1;
        if (!listed)
            facts->address.ips[facts->address.ip_count++] = probe->ip;
    }
}

/* Reads what was known before the lookups were made anew. */
static const struct host_before *read_before(struct read_fields *read, const struct json_node *host,
                                             enum dns_security known)
{
    const struct json_node *node = read_object(read, host, "before");
    struct host_before *before = node == NULL ? NULL : read_array(read, 1, sizeof *before);
    if (before == NULL)
        return NULL;
    read_group(read, node, &fields_host_before, before);
    read_address_rest(read, node, known, &before->address);
    return before;
}

static const struct host_facts *read_host_facts(struct read_fields *read, const struct json_node *node,
                                                const char *host, enum dns_security known)
{
    if (json_tree_at(node, "lookup_a") == NULL)
        return NULL;
    struct host_facts *facts = read_array(read, 1, sizeof *facts);
    if (facts == NULL)
        return NULL;
    *facts = (struct host_facts){.host = host};
    read_group(read, node, &fields_host_facts, facts);
    read_address_rest(read, node, known, &facts->address);
    facts->before = read_before(read, node, known);
    read_ips(read, node, facts);
    return facts;
}

static void read_hosts(struct read_fields *read, const struct json_node *mx, struct domain_facts *facts)
{
    const struct json_node *list = read_list(read, mx, "hosts", MX_HOSTS_MOST);
    facts->hosts = list == NULL ? NULL : read_array(read, list->count, sizeof *facts->hosts);
    for (const struct json_node *node = facts->hosts == NULL ? NULL : list->first;
         node != NULL && !read->failed; node = node->next) {
        struct mx_host *host = &facts->hosts[facts->host_count];
        read_group(read, node, &fields_mx_host, host);
        host->facts = read_host_facts(read, node, host->host, facts->mx.lookup.security);
        facts->host_count++;
    }
}

/* Reads the RRs. If the record does not list them, they are made of the hosts: explain shows them, and
 * suggest and the verdict count the hosts that they name. */
static void read_rrs(struct read_fields *read, const struct json_node *mx, struct domain_facts *facts)
{
    const struct json_node *list = read_list(read, mx, "rrs", DNS_RRS_KEPT);
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
        read_group(read, node, &fields_mx_rr, rr++);
}

static void read_mx(struct read_fields *read, const struct json_node *root, struct domain_facts *facts)
{
    const struct json_node *node = read_object(read, root, "mx");
    read_group(read, node, &fields_mx, &facts->mx);
    drop_unasked(&facts->mx.lookup);
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
    read_group(&read, root, &fields_domain, facts);
    drop_unasked(&facts->txt.lookup);
    if (facts->tlsrpt.lookup.status == DNS_NOT_ASKED) /* the writer leaves it out */
        facts->tlsrpt = (struct txt_facts){.rr_count = 0};
    facts->policy = read_policy(&read, root, facts->txt.lookup.security);
    read_mx(&read, root, facts);
    return facts_line_end(&read);
}
