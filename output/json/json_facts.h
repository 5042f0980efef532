/* Writes as JSON the groups of facts that domain and host records have in common. Pure. */
#ifndef STSWEEP_JSON_JSON_FACTS_H
#define STSWEEP_JSON_JSON_FACTS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* Writes "lookup": the status, and cnames, why_bogus, ede if there are any. */
void json_lookup(struct json *json, const struct lookup_facts *lookup);

/* Writes the answer's security under key; nothing if nothing was asked. */
void json_security(struct json *json, const char *key, const struct lookup_facts *lookup);

/* Writes "ttl"; nothing if there was no answer. */
void json_ttl(struct json *json, const struct lookup_facts *lookup);

/*
 * Writes "lookup_a", "lookup_aaaa", and cnames, stale, why_bogus, ede if there are any. dnssec_a and
 * dnssec_aaaa are left out if they are as `known`, which stands elsewhere in the record.
 */
void json_address_lookups(struct json *json, const struct address_facts *address, enum dns_security known);

/* Writes "addresses": every one; nothing if there are none. */
void json_addresses(struct json *json, const struct address_facts *address);

/* Writes an address; nothing if it is none. */
void json_ip(struct json *json, const char *key, const struct ip_addr *ip);

/* Writes "tls": {…} under key; nothing if no handshake was tried. */
void json_tls(struct json *json, const char *key, const struct tls_facts *tls);

/* Writes "findings": […] and "findings_more"; nothing if there are none. */
void json_findings(struct json *json, const struct findings *findings);

/* Writes an array of C strings; nothing if it is empty. */
void json_strings(struct json *json, const char *key, const char *const *strings, size_t count);

/* Writes an array of texts; nothing if it is empty. */
void json_texts(struct json *json, const char *key, const struct bytes *texts, size_t count);

#endif
