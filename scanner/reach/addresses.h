/*
 * Looks up the A and AAAA records of a name, side by side.
 */
#ifndef STSWEEP_REACH_ADDRESSES_H
#define STSWEEP_REACH_ADDRESSES_H

#include "scanner/dns/lookup.h"
#include "scanner/facts/optout.h"

/* Is called once, never from inside address_query_start; the facts are in the arena. */
typedef void (*addresses_done)(void *arg);

/* Embedded in whoever asks. */
struct address_query {
    struct lookup_engine *dns;
    struct lookup_handle a;
    struct lookup_handle aaaa;
    struct arena *arena;
    struct address_facts *facts;
    struct address_facts aaaa_part;
    unsigned pending;
    addresses_done done;
    void *arg;
};

void address_query_start(struct address_query *query, struct lookup_engine *dns, const char *name,
                         struct arena *arena, struct address_facts *facts, addresses_done done, void *arg);

/* Ends the lookups: no callback comes after this. It is harmless when nothing is under way. */
void address_query_cancel(struct address_query *query);

/* Tells whether the name surely has no address: both lookups say that there is no such record. */
bool addresses_surely_none(const struct address_facts *facts);

/* Does the name stand for one on the opt-out list, by CNAMEs? */
bool lookup_opted_out(const struct lookup_facts *lookup, const struct optout *optout);
bool addresses_opted_out(const struct address_facts *facts, const struct optout *optout);

#endif
