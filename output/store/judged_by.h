/*
 * By which rules the records of a scan directory were judged (RECORD_RULES), as its meta.json says. Reads
 * only; the directory may be somebody else's.
 */
#ifndef STSWEEP_STORE_JUDGED_BY_H
#define STSWEEP_STORE_JUDGED_BY_H

#include <stdio.h>

#include "output/store/meta.h"

/* ERR_IO with *why where there is no meta.json, ERR_CORRUPT where it is none of this schema. */
enum error judged_by_read(int dir_fd, struct meta_stored *stored, struct buf *why);

/* ERR_RULES with *why where a program of other rules than this one's wrote the scan: it cannot be gone on
 * with. */
enum error judged_by_may_go_on(int dir_fd, struct buf *why);

/* ERR_RULES with *why where the rules are newer than this program's: it knows neither them nor all of the
 * facts that they judge. */
enum error judged_by_may_rejudge(const struct meta_stored *stored, struct buf *why);

/* A line where the rules are others than this program's. */
void judged_by_tell(const struct meta_stored *stored, FILE *err);

#endif
