/* What a scan of the first names of the list must find. Pure counting: prints the maps that summary.json has.
 */
#ifndef STSWEEP_BENCH_EXPECT_H
#define STSWEEP_BENCH_EXPECT_H

#include <stdio.h>

#include "bench/world/internet.h"

/* How the scan is run, as far as it changes what is found. */
struct expect_scan {
    uint32_t budget; /* limits.names_per_ip; 0 for none */
    bool intent;     /* smtp.probe = intent */
};

void expect_print(const struct internet *internet, uint64_t names, const struct expect_scan *scan, FILE *out);

#endif
