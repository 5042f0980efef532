/*
 * From what a line holds to a domain name as DNS has it: trimming, case, trailing dot, U-labels (IDNA 2008 by
 * libidn2 with UTS 46 non-transitional; names that are ASCII already go past it), length and label rules
 * (RFC 1035; underscores are let through, as DNS does), what is not a name at all.
 */
#ifndef STSWEEP_FACTS_HOSTNAME_H
#define STSWEEP_FACTS_HOSTNAME_H

#include "scanner/base/bytes.h"
#include "scanner/facts/failure.h"

enum { HOSTNAME_BYTES = 254 }; /* 253 characters and a NUL */

/* FAIL_NONE and the name in out, or FAIL_INPUT_… with out unset. */
enum failure_code hostname_normalize(struct bytes text, char out[HOSTNAME_BYTES]);

/* The U-label form into out (UTF-8, at most size bytes with NUL); false where it does not differ or cannot be
 * made. */
bool hostname_unicode(const char *domain, char *out, size_t size);

/* The last label. */
const char *hostname_tld(const char *domain);

#endif
