/*
 * Defines the results of the check of each resolver of dns.resolvers before the scan relies on it
 * (scanner/machine/preflight). All zero: nothing is known. Constant while engines are made of it.
 */
#ifndef STSWEEP_DNS_NOTES_H
#define STSWEEP_DNS_NOTES_H

#include <stdbool.h>

#include "scanner/facts/resolver_counts.h"

enum { DNS_RESOLVERS_MOST = RESOLVERS_MOST };

/* Whether the resolver checks signatures (RFC 4035). */
enum validation {
    VALIDATION_UNKNOWN,
    VALIDATION_DONE, /* it set AD for the root's SOA */
    VALIDATION_NONE  /* it did not: an answer without AD may be signed, and its SERVFAIL is not DNSSEC's */
};

struct resolver_note {
    bool left_out; /* it answers for names that do not exist: no answer of it is believed */
    enum validation validation;
};

/* In the order of the option. */
struct resolver_notes {
    struct resolver_note of[DNS_RESOLVERS_MOST];
};

#endif
