/*
 * Draws the sample of a list by a hash of its own: the first eight bytes of SHA-256 over the key, a zero byte
 * and the name, as a number, the highest byte first. A share takes the names whose number is below that share
 * of 2^64: so one percent is part of two percent. A number of names takes those with the lowest numbers, of
 * each stratum. Either way the key and the names alone decide: not the order of the list, the seed, nor the
 * shard, whose hash (spool.h) is another. One thread.
 */
#ifndef STSWEEP_INPUT_DRAW_H
#define STSWEEP_INPUT_DRAW_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/error.h"
#include "scanner/facts/draw_size.h"

struct draw;

/* Makes a draw of the size, which is a share or a number. key is copied. NULL: out of memory, or the library
 * has no SHA-256. */
struct draw *draw_create(const struct draw_size *size, const char *key);
void draw_destroy(struct draw *draw); /* NULL is fine */

/* Returns the number of a name. */
uint64_t draw_number(struct draw *draw, const char *name);

/* Of a share: is the name in the sample? */
bool draw_takes(struct draw *draw, const char *name);

/* Has the library failed us? Then no answer counts. */
bool draw_failed(const struct draw *draw);

/*
 * Of a number of names: gives all names of the list, each once, then asks which are in the sample. Strata
 * count from 0. is_ours: it is of our shard. ERR_LIMIT: the strata together have more than DRAW_NAMES_MOST
 * names; ERR_MEMORY.
 */
enum error draw_offer(struct draw *draw, size_t stratum, const char *name, bool is_ours);
bool draw_has(struct draw *draw, size_t stratum, const char *name);

/* Returns how many names the sample of a stratum has, and how many of these are ours. */
size_t draw_count(const struct draw *draw, size_t stratum, size_t *ours);

#endif
