/*
 * Where a loop is: the address of the peer that its thread works for at the moment, so that another thread
 * can tell where it stands still. Entering and leaving cost three stores.
 */
#ifndef STSWEEP_BASE_PLACE_H
#define STSWEEP_BASE_PLACE_H

#include <stdatomic.h>

#include "scanner/base/ip.h"

enum place_kind { PLACE_NONE, PLACE_SMTP, PLACE_POLICY, PLACE_KINDS };

/* Zeroed: nowhere. */
struct place {
    atomic_uint_fast64_t high, low, kind; /* the address's bytes; kind and family */
};

/* What a place says. */
struct place_at {
    enum place_kind kind;
    struct ip_addr ip;
};

/* By the loop's thread; place may be NULL. */
void place_enter(struct place *place, enum place_kind kind, const struct ip_addr *ip);
void place_leave(struct place *place);

/* By any thread; it is true of a loop that stands still. */
struct place_at place_read(const struct place *place);

/* "smtp", "policy"; "none". */
const char *place_kind_name(enum place_kind kind);

#endif
