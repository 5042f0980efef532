/*
 * What the table of fields calls by hand in the groups that records have in common: the mirror of what
 * output/json/json_facts writes so. Pure.
 */
#ifndef STSWEEP_READBACK_FACTS_GROUPS_H
#define STSWEEP_READBACK_FACTS_GROUPS_H

#include "output/readback/facts_fields.h"

/* "dnssec_a", "dnssec_aaaa", "cnames", "stale", once the rest stands in *address; known as in
 * json_address_lookups. The chain of CNAMEs is written once and counts for both. */
void read_address_rest(struct read_fields *read, const struct json_node *object, enum dns_security known,
                       struct address_facts *address);

/* Of struct tls_facts: "version", "certs" (their SHA-256 alone), "signed_by". */
void read_handshake_rest(struct read_fields *read, const struct json_node *object, void *facts);

/* Of struct probe_facts: "errno", "path". */
void read_host_rest(struct read_fields *read, const struct json_node *object, void *facts);

/* Of struct look: "step". */
void read_look_rest(struct read_fields *read, const struct json_node *object, void *facts);

#endif
