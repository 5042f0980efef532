/*
 * Turns a line of a list into a domain name in the form that the DNS uses, or says why it is none. It trims,
 * folds case, drops the trailing dot, converts U-labels (IDNA 2008 by libidn2 with UTS 46 non-transitional;
 * names that are ASCII already skip it), and checks lengths and labels (RFC 1035; underscores are allowed, as
 * in the DNS). Pure.
 */
#ifndef STSWEEP_FACTS_HOSTNAME_H
#define STSWEEP_FACTS_HOSTNAME_H

#include "scanner/base/bytes.h"
#include "scanner/facts/failure.h"

enum { HOSTNAME_BYTES = 254 }; /* 253 characters and a NUL */

/* Returns FAIL_NONE with the name in out, or FAIL_INPUT_… with out unset. */
enum failure_code hostname_normalize(struct bytes text, char out[HOSTNAME_BYTES]);

/* Does what hostname_normalize does; if lenient, a URL counts as its host and an e-mail address as its
 * domain. */
enum failure_code hostname_read(struct bytes text, bool lenient, char out[HOSTNAME_BYTES]);

/* Writes the U-label form to out (UTF-8, at most size bytes with NUL). False if it does not differ or cannot
 * be made. */
bool hostname_unicode(const char *domain, char *out, size_t size);

/* Writes the name below the domain that has the prefix ("_mta-sts.") in front; false if it does not fit into
 * size bytes with its NUL. */
bool hostname_below(char *name, size_t size, const char *prefix, const char *domain);

/* Returns the last label. */
const char *hostname_tld(const char *domain);

#endif
