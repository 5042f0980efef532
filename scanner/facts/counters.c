#include "scanner/facts/counters.h"

static void publish(atomic_uint_fast64_t *shared, uint64_t value)
{
    atomic_store_explicit(shared, value, memory_order_relaxed);
}

static uint64_t published(const atomic_uint_fast64_t *shared)
{
    return atomic_load_explicit(shared, memory_order_relaxed);
}

void counters_domain(struct counters *counters, const struct judgement *judgement, bool fetched)
{
    counters->outcomes[judgement->outcome]++;
    for (size_t i = 0; i < sizeof judgement->codes.words / sizeof judgement->codes.words[0]; i++)
        for (uint64_t left = judgement->codes.words[i]; left != 0; left &= left - 1)
            counters->codes[i * 64 + (size_t)__builtin_ctzll(left)]++;
    counters->fetches += fetched;
}

void counters_publish(const struct counters *counters, struct counters_shared *shared)
{
#define COUNTER(name, help) publish(&shared->name, counters->name);
#include "scanner/facts/counters.def"
#undef COUNTER
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        publish(&shared->outcomes[i], counters->outcomes[i]);
    for (size_t i = 0; i < FAIL_COUNT; i++)
        publish(&shared->codes[i], counters->codes[i]);
}

void counters_add(const struct counters_shared *shared, struct counters *sum)
{
#define COUNTER(name, help) sum->name += published(&shared->name);
#include "scanner/facts/counters.def"
#undef COUNTER
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        sum->outcomes[i] += published(&shared->outcomes[i]);
    for (size_t i = 0; i < FAIL_COUNT; i++)
        sum->codes[i] += published(&shared->codes[i]);
}

void counters_sum(const struct counters *counters, struct counters *sum)
{
#define COUNTER(name, help) sum->name += counters->name;
#include "scanner/facts/counters.def"
#undef COUNTER
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        sum->outcomes[i] += counters->outcomes[i];
    for (size_t i = 0; i < FAIL_COUNT; i++)
        sum->codes[i] += counters->codes[i];
}

void counters_each(const struct counters *counters, counters_visit visit, void *arg)
{
#define COUNTER(name, help) visit(arg, #name, help, counters->name);
#include "scanner/facts/counters.def"
#undef COUNTER
}
