/*
 * Reads TXT records as dig and zone files write them (RFC 1035 section 5.1): quoted strings with escapes,
 * before them perhaps an owner, a TTL, a class and "TXT". Pure.
 */
#ifndef STSWEEP_STS_PRESENTATION_H
#define STSWEEP_STS_PRESENTATION_H

#include "scanner/base/arena.h"
#include "scanner/base/bytes.h"

/* The strings of one record, put together with nothing between them (TXT-1), in arena. false: the text is not
 * written so, or there is no memory; it may then be a record as it stands. */
bool presentation_read(struct bytes text, struct arena *arena, struct bytes *rr);

#endif
