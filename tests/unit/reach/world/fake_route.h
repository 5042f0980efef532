/*
 * Whether this machine has a route, in the place of scanner/reach/route.c, which asks the kernel: it has one,
 * but where the world's file says that it has none.
 */
#ifndef TESTS_REACH_WORLD_FAKE_ROUTE_H
#define TESTS_REACH_WORLD_FAKE_ROUTE_H

#include "scanner/base/ip.h"

/* From now on there is no route to these prefixes; NULL: there is to all. Borrowed. */
void fake_route_lack(const struct ip_set *prefixes);

#endif
