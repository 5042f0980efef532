/*
 * Keeps results of contacts in memory, those that were asked for last, up to a number of bytes. What was
 * given for the domain at hand stays until the next one begins, however much that is. One thread.
 */
#ifndef STSWEEP_STAGES_RESULTS_CACHE_H
#define STSWEEP_STAGES_RESULTS_CACHE_H

#include "scanner/base/recent.h"
#include "scanner/stages/replay.h"

struct result_key {
    const char *host;
    struct ip_addr ip;
    uint32_t round;
};

struct results_cache {
    struct recent recent; /* they weigh bytes */
};

void results_cache_init(struct results_cache *cache, size_t ceiling_bytes, uint64_t seed);
void results_cache_dispose(struct results_cache *cache);

/* Makes a result, all of which lives in arena. ERR_NOT_FOUND and other errors are handed on. */
typedef enum error (*results_decode)(void *arg, const struct result_key *key, struct arena *arena,
                                     struct replay_look *look);

/* Gives a result, which decode makes if it is not there; *cached says whether it was. */
enum error results_cache_get(struct results_cache *cache, const struct result_key *key, results_decode decode,
                             void *arg, struct replay_look *look, bool *cached);

/* The next domain begins: drops what is too much. */
void results_cache_next(struct results_cache *cache);

#endif
