/*
 * https/fetch.h in the place of the program's: fetches go as the peers of the world say (peers.h), in the
 * world's time, and each is a contact. Nothing is sent.
 */
#ifndef TESTS_REACH_WORLD_FAKE_FETCH_H
#define TESTS_REACH_WORLD_FAKE_FETCH_H

#include "scanner/https/fetch.h"

/* Fetches of all fetchers that have neither ended nor been cancelled. */
size_t fake_fetches_live(void);

#endif
