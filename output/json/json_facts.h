/* The groups of facts that domain and host records have in common, as JSON. Pure. */
#ifndef STSWEEP_JSON_JSON_FACTS_H
#define STSWEEP_JSON_JSON_FACTS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* "lookup": status, and cnames, why_bogus, ede where there are any. */
void json_lookup(struct json *json, const struct lookup_facts *lookup);

/* The answer's security under key; nothing where nothing was asked. */
void json_security(struct json *json, const char *key, const struct lookup_facts *lookup);

/* "ttl"; nothing where there was no answer. */
void json_ttl(struct json *json, const struct lookup_facts *lookup);

/*
 * "lookup_a", "lookup_aaaa", and cnames, stale, why_bogus, ede where there are any. dnssec_a and dnssec_aaaa
 * are left out where they are as `known`, which stands elsewhere in the record.
 */
void json_address_lookups(struct json *json, const struct address_facts *address, enum dns_security known);

/* "addresses": every one; left out where there are none. */
void json_addresses(struct json *json, const struct address_facts *address);

/* An address; nothing where it is none. */
void json_ip(struct json *json, const char *key, const struct ip_addr *ip);

/* "tls": {…}; nothing where no handshake was tried. */
void json_tls(struct json *json, const char *key, const struct tls_facts *tls);

/* "findings": […] and "findings_more"; nothing where there are none. */
void json_findings(struct json *json, const struct findings *findings);

/* An array of C strings; nothing where it is empty. */
void json_strings(struct json *json, const char *key, const char *const *strings, size_t count);

/* An array of texts; nothing where it is empty. */
void json_texts(struct json *json, const char *key, const struct bytes *texts, size_t count);

#endif
