/*
 * Reads the fields that the table of fields leaves to code, in the groups that records have in common: the
 * mirror of what output/json/json_facts writes by hand. Pure.
 */
#ifndef STSWEEP_READBACK_FACTS_GROUPS_H
#define STSWEEP_READBACK_FACTS_GROUPS_H

#include "output/readback/facts_fields.h"

/* Reads "dnssec_a", "dnssec_aaaa", "cnames", "stale", once the rest stands in *address; known as in
 * json_address_lookups. The chain of CNAMEs is written once and counts for both. */
void read_address_rest(struct read_fields *read, const struct json_node *object, enum dns_security known,
                       struct address_facts *address);

/* Reads "version", "certs" (their SHA-256 alone) and "signed_by" of struct tls_facts. */
void read_handshake_rest(struct read_fields *read, const struct json_node *object, void *facts);

/* Reads "errno" and "path" of struct probe_facts. */
void read_host_rest(struct read_fields *read, const struct json_node *object, void *facts);

/* Reads "step" of struct look. */
void read_look_rest(struct read_fields *read, const struct json_node *object, void *facts);

#endif
