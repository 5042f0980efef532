/* The counts of what is published: the denominators as the scan has them, the rest counted anew. Pure. */
#ifndef STSWEEP_RELEASE_RELEASE_SUMMARY_H
#define STSWEEP_RELEASE_RELEASE_SUMMARY_H

#include "output/store/summary.h"

/* Counts those that opted out after the scan beside those of before, once all records were added. ERR_CORRUPT
 * with *why if records and left_out are not as many as the scan has, or nothing adds up. */
enum error release_summary_end(struct summary *summary, uint64_t records, uint64_t left_out, struct buf *why);

#endif
