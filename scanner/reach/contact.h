/*
 * Takes one contact of a plan (docs/internals/stages.md) from what the names say of it to what comes of it,
 * on one loop: one address of one MX host, or one policy host. Its states:
 *
 *   LOOKUPS  of a host that has TLSA records, or of which that is not known: its addresses, then these
 *            records, anew
 *   VISIT    the probe of the address (proberun.h), or the fetch from those that are left (policyhost.h)
 *   JUDGE    facts → judgement → results
 *
 * In VISIT a contact is parked like a domain (domain.h). What comes of it stands in the facts as it would in
 * those of a domain. If the lookups of LOOKUPS gave something else than those of the names, all addresses
 * that they gave are listed: what is not this contact's, or is gone, is NOT_TRIED_ELSEWHERE.
 */
#ifndef STSWEEP_REACH_CONTACT_H
#define STSWEEP_REACH_CONTACT_H

#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

struct worker;

/* Why it is contacted, or not, as its label says: an earlier one outweighs a later one. */
enum contact_label {
    CONTACT_INTENT, /* a domain with an MTA-STS record or an earlier policy has the MX host */
    CONTACT_TLSA,   /* the MX host has TLSA records */
    CONTACT_ALL,    /* smtp.probe=all */
    CONTACT_OVER,   /* likewise, but beyond limits.names_per_ip: it shares what the address says to another */
    CONTACT_POLICY, /* a policy host */
    CONTACT_LABELS
};

/* Returns the word that stands as the label: "intent", … */
const char *contact_label_name(enum contact_label label);

/* Returns the label of this word; CONTACT_LABELS if it is none, or NULL. */
enum contact_label contact_label_of(const char *word);

/* Returns what is wrong with facts as those of a contact; NULL if nothing is. Pure: whoever made the plan may
 * have written anything. */
const char *contact_fault(const struct domain_facts *facts);

/* Of a contact without a fault: is it left alone for the opt-out list of the plan? It is handed on as it is.
 */
bool contact_is_opted_out(const struct domain_facts *facts);

/* Starts a contact without a fault, on the worker's thread. All that facts point to lives in arena, which is
 * taken over. Results come as of domain_start. ERR_MEMORY: nothing will come, and arena is the caller's. */
enum error contact_start(struct worker *worker, const struct domain_facts *facts, struct arena *arena);

/* Ends all contacts of the worker without a record. On the worker's thread, or when it is joined. */
void contacts_end(struct worker *worker);

#endif
