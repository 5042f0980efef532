/*
 * The servers of the synthetic internet. Each runs in a thread of its own until the process ends, on all of
 * 127.0.0.0/8 of the network namespace that it stands in; which host or name server is asked is told by the
 * address that was connected to. What cannot be set up is said on standard error, and the process ends.
 */
#ifndef STSWEEP_BENCH_SERVERS_H
#define STSWEEP_BENCH_SERVERS_H

#include "bench/world/internet.h"

struct authority; /* the certificates of the world, see authority.h */

void *names_serve(void *internet); /* UDP 53; argument: struct internet */

struct hosts_job {
    const struct internet *internet;
    struct authority *authority;
};

void *hosts_serve(void *job); /* TCP 25 and 443; argument: struct hosts_job */

#endif
