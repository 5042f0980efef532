/*
 * Tells how much disk space is free where a scan writes, and how much it is likely to take. The latter is an
 * estimate: records of strangers are as long as strangers make them. It never touches the scan directory.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_DISK_H
#define STSWEEP_MACHINE_PREFLIGHT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/config/config.h"

/* Gives the free bytes of the place where dir is or would be. false: it cannot be told. */
bool disk_free_bytes(const char *dir, uint64_t *bytes);

/* Returns the bytes that so many names are likely to take: records, and while it runs the spools, the first
 * of which keeps spooled names: all of a list of which a sample is scanned. */
uint64_t disk_estimate(const struct config *config, uint64_t names, uint64_t spooled);

/* Writes a line about it into text[size]; returns whether there is room enough. */
bool disk_describe(const struct config *config, uint64_t names, uint64_t spooled, uint64_t free_bytes,
                   char *text, size_t size);

#endif
