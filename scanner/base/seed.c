/* Keeps a number for the process. */
#include "scanner/base/seed.h"

static uint64_t kept;

void hash_seed_set(uint64_t seed)
{
    kept = seed;
}

uint64_t hash_seed(void)
{
    return kept;
}
