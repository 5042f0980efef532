/*
 * Tells which part of a list (stratum) a name belongs to: to that of its top-level domain, or of its rank.
 * Strata are numbered in the order in which names of them were given; those by rank are the same six always.
 * One thread. Pure.
 */
#ifndef STSWEEP_FACTS_STRATA_H
#define STSWEEP_FACTS_STRATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"

enum strata_kind { STRATA_NONE, STRATA_TLD, STRATA_RANK };

enum { STRATA_MOST = 5000, STRATA_NAME_BYTES = 64 };

struct strata;

/* Returns the word of a kind, as sample.strata has it, and finds the kind of a word; false: there is none. */
const char *strata_kind_name(enum strata_kind kind);
bool strata_kind_find(const char *name, enum strata_kind *kind);

/* Makes the table; STRATA_NONE is one stratum that is called "". NULL: out of memory. */
struct strata *strata_create(enum strata_kind kind);
void strata_destroy(struct strata *strata); /* NULL is fine */

/* Finds the stratum of a name, or adds it. domain: as hostname_normalize gives it, or its last label alone.
 * rank: 0 for none. ERR_LIMIT past STRATA_MOST, ERR_MEMORY. */
enum error strata_of(struct strata *strata, const char *domain, uint32_t rank, size_t *index);

/* Finds a stratum by its name; ERR_NOT_FOUND. */
enum error strata_find(const struct strata *strata, const char *name, size_t *index);

size_t strata_count(const struct strata *strata);
const char *strata_name(const struct strata *strata, size_t index);
enum strata_kind strata_kind_of(const struct strata *strata);

#endif
