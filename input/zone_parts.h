/* The parts of the reader of zone files: lines to words, to records, to owners that are given. Pure. Private
 * to zone*.c. */
#ifndef STSWEEP_INPUT_ZONE_PARTS_H
#define STSWEEP_INPUT_ZONE_PARTS_H

#include "input/zone.h"

/* Ends the reading: refused gets the line and the reason. Returns ERR_CONFIG. */
enum error zone_refuse(struct zone *zone, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- words and records (zone.c) ------------------------------------------------------------------------ */

/* What the next word of a record is. */
enum { WANT_OWNER, WANT_HEAD, WANT_DATA, WANT_ARGUMENT };

/* Begins a record in this line; one that is blank at its beginning leaves its owner out. */
void zone_begin_record(struct zone *zone, struct bytes text);
enum error zone_take_word(struct zone *zone, struct bytes word);
enum error zone_end_record(struct zone *zone);

/* Makes the open record a reject, for the first reason that there is. */
void zone_fault(struct zone *zone);

/* Tells of a line that is no record, or whose owner is no name. */
enum error zone_reject(struct zone *zone, enum failure_code reason);

/* ---- owners and the apex (zone_apex.c) ----------------------------------------------------------------- */

/* Takes the owner that a record names. */
void zone_take_owner(struct zone *zone, struct bytes text);

/* Makes relative names relative to another name. */
enum error zone_take_origin(struct zone *zone, struct bytes text);

/* Take a whole record of the type, whose owner is the current one. */
enum error zone_take_ns(struct zone *zone);
enum error zone_take_soa(struct zone *zone);

/* Judges the owner that waits for the apex, now that no more records come. */
enum error zone_end_apex(struct zone *zone);

/* Takes a comment that dig may have written. */
enum error zone_take_comment(struct zone *zone, struct bytes text);

#endif
