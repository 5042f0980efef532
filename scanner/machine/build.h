/* Tells what this program is made of and what the kernel under it offers: for `stsweep version -v`. */
#ifndef STSWEEP_MACHINE_BUILD_H
#define STSWEEP_MACHINE_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/facts/machine.h"

enum { BUILD_LIBRARIES = 20, BUILD_TEXT_BYTES = 96 };

struct build {
    const char *compiler; /* constants */
    const char *flags;    /* of optimisation and sanitizers */
    const char *hardening;
    char kernel[BUILD_TEXT_BYTES];
    int landlock; /* the ABI; 0: the kernel has none */
    bool seccomp;
    struct machine_library libraries[BUILD_LIBRARIES]; /* as they are at run time */
    size_t library_count;
    char texts[BUILD_LIBRARIES][BUILD_TEXT_BYTES]; /* of those that tell a number only */
};

/* The struct may not be copied afterwards. */
void build_describe(struct build *build);

#endif
