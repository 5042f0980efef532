/*
 * The TLSRPT record at _smtp._tls.<domain> (RFC 8460 section 3). Pure.
 */
#ifndef STSWEEP_POLICY_TLSRPT_H
#define STSWEEP_POLICY_TLSRPT_H

#include "scanner/base/arena.h"
#include "output/record.h"

/* As sts_record_parse, with FAIL_TLSRPT_ABSENT, _MULTIPLE, _SYNTAX, _RUA_MISSING, _RUA_BAD. */
void tlsrpt_parse(const struct bytes *rrs, size_t rr_count, struct arena *arena, struct tlsrpt_record *record);

#endif
