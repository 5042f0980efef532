#include "scanner/facts/counters.h"

#include <string.h>

void counters_domain(struct counters *counters, const struct judgement *judgement, bool fetched)
{
    counters->outcomes[judgement->outcome]++;
    for (size_t i = 0; i < sizeof judgement->codes.words / sizeof judgement->codes.words[0]; i++)
        for (uint64_t left = judgement->codes.words[i]; left != 0; left &= left - 1)
            counters->codes[i * 64 + (size_t)__builtin_ctzll(left)]++;
    counters->fetches += fetched;
}

/* All counts in a row; the struct is made of nothing else. */
enum { WORDS = sizeof(struct counters) / sizeof(uint64_t) };

void counters_publish(const struct counters *counters, struct counters_shared *shared)
{
    uint64_t words[WORDS];
    memcpy(words, counters, sizeof words);
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&shared->words[i], words[i], memory_order_relaxed);
}

void counters_add(const struct counters_shared *shared, struct counters *sum)
{
    uint64_t words[WORDS];
    struct counters counters;
    for (size_t i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&shared->words[i], memory_order_relaxed);
    memcpy(&counters, words, sizeof counters);
    counters_sum(&counters, sum);
}

void counters_sum(const struct counters *counters, struct counters *sum)
{
    uint64_t words[WORDS], sums[WORDS];
    memcpy(words, counters, sizeof words);
    memcpy(sums, sum, sizeof sums);
    for (size_t i = 0; i < WORDS; i++)
        sums[i] += words[i];
    memcpy(sum, sums, sizeof sums);
}

void counters_each(const struct counters *counters, counters_visit visit, void *arg)
{
#define COUNTER(name, help) visit(arg, #name, help, counters->name);
#include "scanner/facts/counters.def"
#undef COUNTER
}
