/*
 * dns/lookup.h in the place of the program's: questions are answered as the DNS of the world says (zone.h),
 * in the world's time. An answer is gone when the callback returns, as the engines' are.
 */
#ifndef TESTS_REACH_WORLD_FAKE_LOOKUP_H
#define TESTS_REACH_WORLD_FAKE_LOOKUP_H

#include "scanner/dns/lookup.h"

/* Questions to all engines that have neither been answered nor cancelled. */
size_t fake_lookups_live(void);

#endif
