/*
 * Describes an address at which so many wait for their turns that not all of them will come, for whoever is
 * to be told (results.crowded). A loop says it once while they wait, when half of what limits.wait lets
 * through stands in line.
 */
#ifndef STSWEEP_REACH_CROWD_H
#define STSWEEP_REACH_CROWD_H

#include "scanner/reach/limits.h"

struct crowd {
    struct ip_addr ip;
    enum pace_class class;
    size_t waiting;
};

#endif
