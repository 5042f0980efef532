/*
 * Reads what stands in replies beyond the grammar of RFC 5321 section 4.1.1.1 and is taken all the same by
 * Postfix (smtp_chat.c, smtp_proto.c): more than one CR before the LF, and blanks or = around a keyword.
 * Other senders find no STARTTLS there. Pure.
 */
#ifndef STSWEEP_WIRE_LOOSE_H
#define STSWEEP_WIRE_LOOSE_H

#include "scanner/facts/record.h"

struct bytes smtp_without_crs(struct bytes line); /* cuts off all CRs at its end */

/* Says whether a keyword line of an EHLO reply (what stands behind the code) is STARTTLS to Postfix. */
bool smtp_is_starttls(struct bytes line);

/* Says whether the greeting or a keyword line of the session could only be read beyond the grammar. */
bool smtp_is_loose(const struct probe_facts *facts);

#endif
