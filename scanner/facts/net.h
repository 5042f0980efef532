/*
 * Maps an errno of any kind of connection to enum net_error. Pure.
 */
#ifndef STSWEEP_FACTS_NET_H
#define STSWEEP_FACTS_NET_H

#include "scanner/facts/record.h"

/* Returns NET_RESOURCES if it is this machine that lacks something, NET_OTHER for an errno that names no
 * state of the network; never NET_OK. */
enum net_error net_error_of(int sys_errno);

#endif
