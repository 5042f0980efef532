/* What the fuzz targets of the parsers share. */
#ifndef STSWEEP_TESTS_TARGET_H
#define STSWEEP_TESTS_TARGET_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/fuzz/invariants.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TARGET_ARENA_BYTES = 1 << 20, TARGET_RRS = 8 };

/* Returns where files are made and gone again in no time: a folder in memory, if there is one. */
static inline const char *quick_folder(void)
{
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* NULL is fine. */
static inline void expect(const char *broken)
{
    if (broken == NULL)
        return;
    (void)fprintf(stderr, "broken: %s\n", broken);
    abort();
}

/* A byte FF, which no text holds that is worth anything, ends one RR and begins the next. */
static inline size_t split_rrs(const uint8_t *data, size_t size, struct bytes rrs[TARGET_RRS])
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= size && count < TARGET_RRS; i++) {
        if (i == size || data[i] == 0xFF) {
            rrs[count++] = bytes_make(i == start ? NULL : data + start, i - start);
            start = i + 1;
        }
    }
    return count;
}

#endif
