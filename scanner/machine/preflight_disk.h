/*
 * Disk space: what is free where a scan writes, and what it is likely to take. The estimate is one: records
 * of strangers are as long as strangers make them. Never touches the scan directory.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_DISK_H
#define STSWEEP_MACHINE_PREFLIGHT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/config/config.h"

/* Free bytes where dir is or would be. false: it cannot be told. */
bool disk_free_bytes(const char *dir, uint64_t *bytes);

/* Bytes that so many names are likely to take: records, and the spools while it runs. */
uint64_t disk_estimate(const struct config *config, uint64_t names);

/* A line about it into text[size]; whether there is room enough. */
bool disk_describe(const struct config *config, uint64_t names, uint64_t free_bytes, char *text, size_t size);

#endif
