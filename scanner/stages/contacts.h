/*
 * Makes contacts, the lines of a part of a plan (docs/internals/stages.md), of what a replay wants of a
 * domain. Pure.
 */
#ifndef STSWEEP_STAGES_CONTACTS_H
#define STSWEEP_STAGES_CONTACTS_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/optout.h"
#include "scanner/facts/record.h"
#include "scanner/reach/contact.h"

/* Is the contact made whatever limits.names_per_ip says? */
static inline bool contact_is_exempt(enum contact_label label)
{
    return label == CONTACT_INTENT || label == CONTACT_TLSA;
}

struct contact {
    enum contact_label label;
    const char *name;          /* the MX host, or the domain of the policy */
    struct ip_addr ip;         /* whose part makes it: of a policy, the first address that is to be tried */
    bool opted_out;            /* not_tried says so, and nobody is contacted */
    struct domain_facts facts; /* as a line has them; ordinal 0 */
};

/* Takes a contact, which is good during the call. An error ends the walk. */
typedef enum error (*contact_take)(void *arg, const struct contact *contact);

/* Gives the contacts that a round is to make. facts are those of the replay, end is what it wants: with no
 * round behind it all that the names left to another stage. optout says who is not to be contacted.
 * ERR_MEMORY (arena), or the error of take. */
struct replay_end;
enum error contacts_of_replay(const struct domain_facts *facts, const struct replay_end *end,
                              const struct optout *optout, struct arena *arena, contact_take take, void *arg);

/* Writes the contact's line, with its \n. ERR_LIMIT if it does not fit into *out, ERR_MEMORY (arena). */
enum error contact_line(const struct contact *contact, struct arena *arena, struct buf *out);

/* What the text of such a line says of it, before anybody has read the facts: it is good to count and order
 * contacts by; contact_read refuses a line whose fields say otherwise. */
struct contact_glance {
    bool policy, over, opted_out;
    uint8_t family; /* of its address: 4 or 6 */
};
struct contact_glance contact_glance(struct bytes line);

/* Writes such a line again with this place in its part and this label. false: it is no such line, or it does
 * not fit into *out. */
bool contact_seal(struct bytes line, uint64_t ordinal, enum contact_label label, struct buf *out);

#endif
