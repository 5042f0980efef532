/*
 * Lists the addresses at which a loop of a scan was stuck. The scan's directory keeps them in the file
 * `stuck`: a line each, "smtp ADDRESS" or "policy ADDRESS". Pure.
 */
#ifndef STSWEEP_REACH_STUCK_LIST_H
#define STSWEEP_REACH_STUCK_LIST_H

#include "scanner/base/buf.h"
#include "scanner/base/place.h"

/* Each of them has cost a run of the scan: there are not many. */
enum { STUCK_MOST = 256, STUCK_BYTES = STUCK_MOST * 64 };

struct stuck_list {
    struct place_at list[STUCK_MOST];
    size_t count;
};

/* Adds the lines of a text; lines that begin with # and empty ones do not count. false: a line says something
 * else, or there are too many; *line is its number. */
bool stuck_list_read(struct stuck_list *stuck, struct bytes text, size_t *line);
bool stuck_list_write(const struct stuck_list *stuck, struct buf *text);

/* Adds an address; false if the list is full. One that stands in it already is not added again. */
bool stuck_list_add(struct stuck_list *stuck, const struct place_at *at);
bool stuck_list_has(const struct stuck_list *stuck, const struct place_at *at);

#endif
