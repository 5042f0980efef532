/* Reads what a stored summary.json says of its sample, so that it can be counted anew of what is published.
 * Pure. */
#ifndef STSWEEP_RELEASE_RELEASE_SAMPLE_H
#define STSWEEP_RELEASE_RELEASE_SAMPLE_H

#include "output/readback/json_tree.h"
#include "output/store/summary_sample.h"

/* Makes the sample of the tree of a summary.json, with its populations and without a record; *sample is NULL
 * if all names were scanned. ERR_CORRUPT if it is none that this program writes; ERR_MEMORY. */
enum error release_sample(const struct json_node *summary, struct summary_sample **sample);

#endif
