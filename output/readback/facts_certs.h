/*
 * Keeps the certificates that were read last, as facts: the same intermediate stands behind thousands of
 * leaves, and to read its record costs forty times what it costs to find it here. One thread.
 */
#ifndef STSWEEP_OUTPUT_READBACK_FACTS_CERTS_H
#define STSWEEP_OUTPUT_READBACK_FACTS_CERTS_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

struct facts_certs;
struct facts_source;

/* ceiling_bytes: of those that are kept from one facts_certs_next to the next. NULL when memory is lacking.
 */
struct facts_certs *facts_certs_create(size_t ceiling_bytes);
void facts_certs_destroy(struct facts_certs *certs); /* NULL is fine */

/* Gives the certificate, of the source if it is not kept. What *cert points to is good until the next
 * facts_certs_next. Errors of the source and of facts_read_cert, with *why; ERR_NOT_FOUND also if what the
 * source gives is another one. */
enum error facts_certs_get(struct facts_certs *certs, const struct facts_source *source,
                           const uint8_t sha256[32], struct cert_facts *cert, struct buf *why);

/* Nothing is needed any more of what was given: the oldest go, down to the ceiling. */
void facts_certs_next(struct facts_certs *certs);

#endif
