/* Cuts and cleans provider names, as summaries keep them. */
#ifndef STSWEEP_STORE_SUMMARY_TEXT_H
#define STSWEEP_STORE_SUMMARY_TEXT_H

#include "output/store/summary.h"

/* Copies a name, cut to what fits; bytes that are no printable ASCII become '?'. */
void summary_provider(char provider[SUMMARY_PROVIDER_BYTES], struct bytes name);

#endif
