/*
 * What an address said to a probe before any name mattered: greeting, EHLO capabilities, TLS version.
 * Inherited by further host names at the same address past limits.names_per_ip; never a certificate or a
 * match of names. Immutable and counted; may be read by any thread that holds a reference.
 */
#ifndef STSWEEP_REACH_SAMPLE_H
#define STSWEEP_REACH_SAMPLE_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

struct probe_sample;

/* One reference, the caller's. NULL where the probe got no answer to EHLO, or without memory. */
struct probe_sample *probe_sample_create(const struct probe_facts *probe);

/* A further reference; NULL is fine in both. */
struct probe_sample *probe_sample_hold(struct probe_sample *sample);
void probe_sample_release(struct probe_sample *sample);

/* What is held for it on the heap. */
size_t probe_sample_bytes(const struct probe_sample *sample);

/* Fills in what is inherited, copied into arena, and marks the facts as shared. */
void probe_sample_inherit(const struct probe_sample *sample, struct arena *arena, struct probe_facts *facts);

#endif
