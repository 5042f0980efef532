/*
 * Says which names of its lists a scan was asked for: its sample, limit, filters and shard. Two scans that
 * were asked for others, or that took so many names of lists that are not the same, have names that the other
 * left out by choice: of these nobody knows whether they are new or gone. Pure.
 */
#ifndef STSWEEP_READBACK_META_NAMES_H
#define STSWEEP_READBACK_META_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/buf.h"

struct json_node;

enum { META_CHOICES = 7 };

/* Hashes of what meta.json says; an option that does not stand there counts as at its default. */
struct meta_names {
    uint64_t by[META_CHOICES]; /* the options, of input.except the name of the file without its directory */
    uint64_t except_sha256;    /* 0: it is not known */
    uint64_t lists;            /* of the inputs' SHA-256, in their order */
    bool so_many;              /* a number of names is taken, by sample.take or input.limit */
};

/* Reads what a meta.json says of it. */
struct meta_names meta_names_read(const struct json_node *root);

/* Tells whether a name that stands in one of the scans alone is new or gone. If not, *how says why. */
bool meta_names_are_same(const struct meta_names *a, const struct meta_names *b, struct buf *how);

#endif
