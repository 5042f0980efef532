/* The groups of facts that domain and host records have in common, out of their JSON again: the mirror of
 * output/json/json_facts. Pure. */
#ifndef STSWEEP_READBACK_FACTS_GROUPS_H
#define STSWEEP_READBACK_FACTS_GROUPS_H

#include "output/readback/facts_fields.h"

/* "lookup", "cnames", "why_bogus", "ttl"; the security stands under a key of its own. */
struct lookup_facts read_lookup(struct read_fields *read, const struct json_node *object);

enum dns_status read_status(struct read_fields *read, const struct json_node *object, const char *key);

/* Left out: unvalidated. */
enum dns_security read_security(struct read_fields *read, const struct json_node *object, const char *key,
                                enum dns_security missing);

/* "lookup_a", "lookup_aaaa", "dnssec_a", "dnssec_aaaa", "addresses"; known as in json_address_lookups. The
 * chain of CNAMEs is written once and counts for both. */
struct address_facts read_addresses(struct read_fields *read, const struct json_node *object,
                                    enum dns_security known);

/* "tls"; certificates hold their SHA-256 alone. */
struct tls_facts read_tls(struct read_fields *read, const struct json_node *object, const char *key);

enum not_tried read_not_tried(struct read_fields *read, const struct json_node *object);
enum net_error read_net(struct read_fields *read, const struct json_node *object);

#endif
