/*
 * Tells whether an MX host matches a policy's mx pattern (RFC 8461 section 4.1, MX-3). Pure.
 */
#ifndef STSWEEP_STS_MATCH_H
#define STSWEEP_STS_MATCH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Says whether the host matches. Case is folded (ASCII only) and one trailing dot dropped on either side;
 * U-labels in the host are not converted here. "*." stands for exactly one label. A host matches nothing if
 * it is empty, an address, too long or itself a pattern, or holds white space or a label that is empty or too
 * long. A pattern that is not valid is matched by nothing.
 */
bool mx_pattern_match(const char *host, const char *pattern);

bool mx_pattern_match_any(const char *host, const char *const *patterns, size_t count);

/* Marks each of count patterns that the host matches; the others stay as they are. */
void mx_pattern_mark(const char *host, const char *const *patterns, size_t count, bool *matched);

#endif
