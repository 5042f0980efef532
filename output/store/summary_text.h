/* Cuts and cleans names, as summaries keep them. */
#ifndef STSWEEP_STORE_SUMMARY_TEXT_H
#define STSWEEP_STORE_SUMMARY_TEXT_H

#include "output/store/summary.h"

/* Copies a name, cut to what fits; bytes that are no printable ASCII become '?'. */
void summary_provider(char provider[SUMMARY_PROVIDER_BYTES], struct bytes name);

/* Copies a top-level domain; one that is too long is none. */
void summary_tld(char tld[STRATA_NAME_BYTES], struct bytes name);

#endif
