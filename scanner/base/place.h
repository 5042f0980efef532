/*
 * Says which peer a loop works for at the moment, so that another thread can name it if the loop stands
 * still. It has nothing to do with the places of smtp.live and policy.live. Entering costs three stores,
 * leaving one.
 */
#ifndef STSWEEP_BASE_PLACE_H
#define STSWEEP_BASE_PLACE_H

#include <stdatomic.h>

#include "scanner/base/ip.h"

enum place_kind { PLACE_NONE, PLACE_SMTP, PLACE_POLICY, PLACE_KINDS };

/* Zeroed, it says that the loop works for no peer. */
struct place {
    atomic_uint_fast64_t high, low, kind; /* the address's bytes; kind and family */
};

/* A place as it was read. */
struct place_at {
    enum place_kind kind;
    struct ip_addr ip;
};

/* Called by the loop's thread; place may be NULL. */
void place_enter(struct place *place, enum place_kind kind, const struct ip_addr *ip);
void place_leave(struct place *place);

/* May be called by any thread; the answer is sure only for a loop that stands still. */
struct place_at place_read(const struct place *place);

/* Returns "smtp", "policy" or "none". */
const char *place_kind_name(enum place_kind kind);

#endif
