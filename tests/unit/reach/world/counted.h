/*
 * What reach/ counts of itself, over all loops: counters, turns that are open, domains that are parked, what
 * is noted of port 25.
 */
#ifndef TESTS_REACH_WORLD_COUNTED_H
#define TESTS_REACH_WORLD_COUNTED_H

#include "tests/unit/reach/world/world.h"

/* False: nothing is called so. */
bool counted(const struct world *world, const char *name, int64_t *was);

#endif
