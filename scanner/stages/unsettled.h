/*
 * Notes which contacts of the rounds so far may be asked again, so that `plan --again` need read none of the
 * other domains: a domain has a contact in the next round only if one of its contacts is unsettled. That is
 * one whose record says that something was left to another part, that lookups were made anew or that there
 * were earlier looks, or that a policy host gave no whole answer, and, if there is a further pass at all,
 * that a failure may pass or wants a second look (verdict_retry). The bytes of records are looked at, not
 * their facts; what cannot be told from them counts as unsettled.
 *
 * Keys are kept in a filter of a fixed size, which may name a domain too many and never one too few. Pure.
 */
#ifndef STSWEEP_STAGES_UNSETTLED_H
#define STSWEEP_STAGES_UNSETTLED_H

#include <stdbool.h>

#include "scanner/base/bytes.h"

/* That much memory it takes when it is full. */
enum { UNSETTLED_BYTES = 32 << 20 };

/* Says whether the contact with this record (a line without its \n) may be asked again; more_passes: if a
 * domain may be in a further pass. */
bool unsettled_is(struct bytes record, bool more_passes);

struct unsettled;

/* NULL when memory is lacking. */
struct unsettled *unsettled_create(bool more_passes);
void unsettled_free(struct unsettled *unsettled); /* NULL is fine */

/* Takes the record of a contact, of any round. */
void unsettled_note(struct unsettled *unsettled, struct bytes record);

/* Says whether any contact is. */
bool unsettled_any(const struct unsettled *unsettled);

/* Says whether a domain may have such a contact, by its record of the names. */
bool unsettled_has(const struct unsettled *unsettled, struct bytes record);

#endif
