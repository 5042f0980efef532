/* Sorts latencies into buckets. */
#include "scanner/facts/resolver_counts.h"

enum { SINGLE = 8, SINGLE_BITS = 3 }; /* buckets of one millisecond */

static size_t bucket_of(uint64_t ms)
{
    if (ms < SINGLE)
        return (size_t)ms;
    size_t bits = 63 - (size_t)__builtin_clzll(ms);
    size_t upper = (size_t)(ms >> (bits - 1) & 1);
    size_t bucket = SINGLE + (bits - SINGLE_BITS) * 2 + upper;
    return bucket < RESOLVER_BUCKETS ? bucket : RESOLVER_BUCKETS - 1;
}

void resolver_counts_answer(struct resolver_counts *counts, int64_t ms)
{
    uint64_t took = ms < 0 ? 0 : (uint64_t)ms;
    counts->answers++;
    counts->ms += took;
    counts->by_latency[bucket_of(took)]++;
}

uint64_t resolver_counts_bound(size_t bucket)
{
    if (bucket < SINGLE)
        return bucket + 1;
    size_t bits = SINGLE_BITS + (bucket - SINGLE) / 2;
    return (bucket - SINGLE) % 2 == 0 ? UINT64_C(3) << (bits - 1) : UINT64_C(2) << bits;
}

uint64_t resolver_counts_median(const struct resolver_counts *counts)
{
    uint64_t all = 0, before = 0;
    for (size_t i = 0; i < RESOLVER_BUCKETS; i++)
        all += counts->by_latency[i];
    for (size_t i = 0; i < RESOLVER_BUCKETS && all > 0; i++) {
        uint64_t here = counts->by_latency[i], first = i == 0 ? 0 : resolver_counts_bound(i - 1);
        if ((before + here) * 2 < all + 1) {
            before += here;
            continue;
        }
        uint64_t width = i + 1 < RESOLVER_BUCKETS ? resolver_counts_bound(i) - first : 1;
        return first + width * ((all + 1) / 2 - before - 1) / here;
    }
    return 0;
}
