/*
 * Says whether a change between two scans is for the better: what a domain deploys as states, and a table of
 * all pairs of them in two columns. Pure.
 *
 * Delivery is about mail that a sender loses or sends past hosts that fail; protection about mail that could
 * be read or diverted on its way. A sender loses mail only if the domain enforces and validation fails, so
 * only `partial` and `refused` are worse for delivery; a policy that is gone or no longer enforces is worse
 * for protection. If one side could not be determined, the change is unclear, which is neither.
 */
#ifndef STSWEEP_READBACK_CHANGES_H
#define STSWEEP_READBACK_CHANGES_H

#include "scanner/facts/record.h"

enum aspect { ASPECT_MTA_STS, ASPECT_DANE, ASPECT_STARTTLS, ASPECT_TLSRPT, ASPECT_COUNT };

enum { ASPECT_STATES_MOST = 12 };

enum course { COURSE_NEITHER, COURSE_BETTER, COURSE_WORSE, COURSE_UNCLEAR, COURSE_COUNT };

struct change_courses {
    enum course delivery, protection;
};

const char *aspect_name(enum aspect aspect);
const char *course_name(enum course course);

size_t aspect_state_count(enum aspect aspect);

/* Returns the name of a state, as "testing/refused"; static. */
const char *aspect_state_name(enum aspect aspect, unsigned state);

/* Return a state. would_be counts if the outcome is testing. */
unsigned mta_sts_state(enum outcome outcome, enum outcome would_be);
unsigned dane_state(enum dane_outcome outcome);
unsigned starttls_state(enum tls_outcome outcome);
/* code: that of the TLSRPT record; unknown if its lookup failed, or if it is none of this program's
 * (FAIL_COUNT). */
unsigned tlsrpt_state(enum failure_code code);

/* Both states are below aspect_state_count. */
struct change_courses change_courses(enum aspect aspect, unsigned before, unsigned after);

#endif
