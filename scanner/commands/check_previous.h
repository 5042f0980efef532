/*
 * Reads from an earlier scan, in one pass, the policies of a few domains that senders may still have. A scan
 * of many has scanner/scan/previous for that.
 */
#ifndef STSWEEP_COMMANDS_CHECK_PREVIOUS_H
#define STSWEEP_COMMANDS_CHECK_PREVIOUS_H

#include <stdio.h>

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

enum { CHECK_PREVIOUS_ARENA_BYTES = 64 << 20 };

struct check_previous {
    const char *const *names; /* as in records: A-labels, lower case; NULL: none */
    size_t count;
    const struct cached_policy *
        *policies; /* one for each name; NULL: none is known or alive. They live in *arena */
    struct arena *arena;
};

/* Fills in the policies that are alive at now_ms (wall clock). What is damaged, not at its end, or lacks what
 * is needed is said on err, and the rest counts. ERR_NOT_FOUND with *why if dir is no scan directory,
 * ERR_CORRUPT if its meta.json is none of this schema; ERR_IO, ERR_MEMORY with *why. */
enum error check_previous_read(const char *dir, int64_t now_ms, const struct check_previous *asked, FILE *err,
                               struct buf *why);

#endif
