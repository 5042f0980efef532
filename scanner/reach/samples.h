/*
 * Keeps the samples of addresses, for further names past limits.names_per_ip. They stand by address, under a
 * ceiling of bytes, least recently used first out. Further names inherit nothing from a sample that went out.
 */
#ifndef STSWEEP_REACH_SAMPLES_H
#define STSWEEP_REACH_SAMPLES_H

#include "scanner/base/ip.h"
#include "scanner/base/list.h"
#include "scanner/base/map.h"
#include "scanner/reach/sample.h"

struct samples {
    struct map by_ip;
    struct list recent; /* least recently used first */
    size_t bytes;
    size_t ceiling_bytes;
};

void samples_init(struct samples *samples, size_t ceiling_bytes, uint64_t hash_seed);

/* Drops all samples. The table may be used again, also after the end. */
void samples_clear(struct samples *samples);

/* Takes over the reference. If the address has a sample already, the first stays. */
void samples_keep(struct samples *samples, const struct ip_addr *ip, struct probe_sample *sample);
void samples_drop(struct samples *samples, const struct ip_addr *ip);

/* Returns the address's sample, borrowed, or NULL. */
struct probe_sample *samples_find(struct samples *samples, const struct ip_addr *ip);

#endif
