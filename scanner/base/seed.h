/*
 * The seed of hash tables whose keys strangers choose: it is random and the same for the whole process, so
 * that nobody can choose names that meet in one place of a table. Nothing that is written may hang on it:
 * what must be the same in each run, or on each machine (samples, shards, parts of a plan), has a seed of its
 * own, which is stored.
 */
#ifndef STSWEEP_BASE_SEED_H
#define STSWEEP_BASE_SEED_H

#include <stdint.h>

/* Sets the seed. Only main does so, once, before there are threads and tables; without it the seed is 0. */
void hash_seed_set(uint64_t seed);

uint64_t hash_seed(void);

#endif
