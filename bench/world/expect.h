/* What a scan of the first names of the list must find. Pure counting: prints the maps that summary.json has.
 */
#ifndef STSWEEP_BENCH_EXPECT_H
#define STSWEEP_BENCH_EXPECT_H

#include <stdio.h>

#include "bench/world/internet.h"

/* How the scan is run, as far as it changes what is found. limits.names_per_ip does not: further names
 * inherit what their address says to everybody. */
struct expect_scan {
    bool intent; /* smtp.probe = intent */
};

void expect_print(const struct internet *internet, uint64_t names, const struct expect_scan *scan, FILE *out);

#endif
