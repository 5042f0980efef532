/*
 * smtp/probe.h in the place of the program's: sessions go as the peers of the world say (peers.h), in the
 * world's time, and each is a contact. Nothing is sent.
 */
#ifndef TESTS_REACH_WORLD_FAKE_PROBE_H
#define TESTS_REACH_WORLD_FAKE_PROBE_H

#include "scanner/smtp/probe.h"

/* Sessions of all probers that have neither ended nor been cancelled. */
size_t fake_probes_live(void);

#endif
