/*
 * Tells how much memory this machine has for a scan, and whether there is enough to begin at all. What a scan
 * takes, likely and at most, is in ceilings.h.
 */
#ifndef STSWEEP_MACHINE_MEMORY_H
#define STSWEEP_MACHINE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/config/config.h"

/*
 * Tries whether the memory can be had that so many loops need before the first name: libraries, resolvers and
 * stacks of threads. What it tries with is given back. false: *why says that, and what may hold it back.
 */
bool memory_can_begin(const struct config *config, uint32_t loops, struct buf *why);

/* Gives the bytes that this process may still take: of the machine, or of its control groups if they have
 * less. root is "" but in tests. false: it cannot be told. */
bool memory_available(const char *root, uint64_t *bytes);

/* Writes a line about likely, available and most into text[size]; returns whether there is enough for what is
 * likely. */
bool memory_describe(const struct config *config, char *text, size_t size);

#endif
