/* What a scan of the first names of the list must find. Pure counting: prints the maps that summary.json has.
 */
#ifndef STSWEEP_BENCH_EXPECT_H
#define STSWEEP_BENCH_EXPECT_H

#include <stdio.h>

#include "bench/world/internet.h"

/* budget: limits.names_per_ip of the scan; 0 for none. */
void expect_print(const struct internet *internet, uint64_t names, uint32_t budget, FILE *out);

#endif
