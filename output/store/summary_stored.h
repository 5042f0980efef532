/* Reads the denominators of a stored summary.json. Pure. */
#ifndef STSWEEP_STORE_SUMMARY_STORED_H
#define STSWEEP_STORE_SUMMARY_STORED_H

#include "output/store/summary.h"

/* Takes the denominators of a stored summary.json, and its sample, which is the caller's to destroy
 * (summary_sample_destroy); *records is how many the scan has, of which *summary holds none yet. ERR_CORRUPT if
 * it is none; ERR_MEMORY. */
enum error summary_denominators(struct bytes stored, struct summary *summary, uint64_t *records);

#endif
