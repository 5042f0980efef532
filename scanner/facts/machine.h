/*
 * What is told of the machine that scans: lines about what it can and cannot do here, and the libraries that
 * it runs with. They stand in meta.json; nothing is judged by them.
 */
#ifndef STSWEEP_FACTS_MACHINE_H
#define STSWEEP_FACTS_MACHINE_H

#include <stdbool.h>

/* A line of what was looked at before a scan, or befell the machine while it ran. Texts belong to the caller.
 */
struct machine_line {
    const char *name;
    bool ok;
    const char *text;
};

struct machine_library {
    const char *name, *version;
};

#endif
