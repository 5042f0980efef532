/*
 * Reads how much of a list its sample takes, as sample.take says it: "1%" of the names, or "100000" names.
 * Pure.
 */
#ifndef STSWEEP_FACTS_DRAW_SIZE_H
#define STSWEEP_FACTS_DRAW_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* A share counts in parts of this: a millionth of a percent. */
enum { DRAW_WHOLE = 100000000 };

/* The most names that a sample may be asked for, and in all strata together. */
enum { DRAW_NAMES_MOST = 10000000 };

struct draw_size {
    uint64_t names; /* how many, of each stratum; 0: a share */
    uint32_t share; /* of DRAW_WHOLE; 0: a number. Both 0: no sample, all names */
};

/* Reads the text; "" is no sample. false: it is neither a percentage above 0 and up to 100, with six decimals
 * at most, nor a number from 1 to DRAW_NAMES_MOST. */
bool draw_size_parse(const char *text, struct draw_size *size);

#endif
