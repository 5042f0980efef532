/*
 * Leaves out of a stored scan what an opt-out list that came after it names, for every reader of a scanview:
 *
 *   domains  those that are listed
 *   hosts    those that are listed, by name or by address, and those that only domains left out name
 *   certs    those that only records left out name
 *   rejects  those whose text holds a listed name
 *
 * A domain that is kept keeps its record whole, whatever names its DNS gives. For hosts and certs it keeps
 * the names and hashes that records left out refer to, up to EXCEPT_NAMES_MOST; the caller goes through the
 * domains (and hosts) twice for that.
 */
#ifndef STSWEEP_READBACK_EXCEPT_H
#define STSWEEP_READBACK_EXCEPT_H

#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "scanner/facts/optout.h"

enum { EXCEPT_NAMES_MOST = 4 << 20 };

struct except;

/* NULL: out of memory. The list is borrowed. except_free(NULL) is fine. */
struct except *except_new(const struct optout *optout);
void except_free(struct except *except);

/* Is the record one to leave out? A line that is no record of its kind is kept: its reader says so. hosts and
 * certs need except_gather and except_keep before. */
bool except_domain(const struct except *except, struct bytes line);
bool except_host(const struct except *except, struct bytes line);
bool except_cert(const struct except *except, struct bytes line);
bool except_reject(const struct except *except, struct bytes line);

/* Notes the MX hosts and certificates that a record left out refers to. ERR_LIMIT if they are too many, or
 * the record is too deep or too large to say which; ERR_MEMORY. */
enum error except_gather(struct except *except, struct bytes line);

/* Takes back what a record that is kept refers to as well; one that cannot be read refers to nothing. */
enum error except_keep(struct except *except, struct bytes line);

/* Is nothing noted, so that nothing need be taken back? */
bool except_is_empty(const struct except *except);

#endif
