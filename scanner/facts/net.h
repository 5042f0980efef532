/*
 * What an errno of the network means. Pure.
 */
#ifndef STSWEEP_FACTS_NET_H
#define STSWEEP_FACTS_NET_H

#include "scanner/facts/record.h"

/* NET_OTHER for what names no state of the network; never NET_OK. */
enum net_error net_error_of(int sys_errno);

#endif
