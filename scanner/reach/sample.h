/*
 * Holds what an address said to a probe before any name mattered: greeting, EHLO capabilities, TLS version.
 * Further host names at the same address inherit it past limits.names_per_ip; never a certificate or a match
 * of names. A sample is immutable and counted; any thread that holds a reference may read it.
 */
#ifndef STSWEEP_REACH_SAMPLE_H
#define STSWEEP_REACH_SAMPLE_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

struct probe_sample;

/* Makes a sample with one reference, the caller's. NULL if the probe got no answer to EHLO, or memory is
 * lacking. */
struct probe_sample *probe_sample_create(const struct probe_facts *probe);

/* Takes a further reference, or gives one back; NULL is fine in both. */
struct probe_sample *probe_sample_hold(struct probe_sample *sample);
void probe_sample_release(struct probe_sample *sample);

/* Returns how many bytes are held for it on the heap. */
size_t probe_sample_bytes(const struct probe_sample *sample);

/* Fills in what is inherited, copied into arena, and marks the facts as shared. */
void probe_sample_inherit(const struct probe_sample *sample, struct arena *arena, struct probe_facts *facts);

#endif
