/*
 * Describes the machine that scans, for meta.json: lines about what it can and cannot do here, and the
 * libraries that it runs with. Nothing is judged by them.
 */
#ifndef STSWEEP_FACTS_MACHINE_H
#define STSWEEP_FACTS_MACHINE_H

#include <stdbool.h>

/* One line about a check before the scan, or about an event on the machine during it. The caller owns the
 * texts. */
struct machine_line {
    const char *name;
    bool ok;
    const char *text;
};

struct machine_library {
    const char *name, *version;
};

#endif
