/*
 * A timer of a loop fires once after it was set. Whatever in reach/ waits for a time waits by one of these,
 * and asks base/clock.h what time it is, so that a test which replaces both turns the time itself.
 */
#ifndef STSWEEP_LOOP_TIMER_H
#define STSWEEP_LOOP_TIMER_H

#include "scanner/loop/loop.h"

struct loop_timer;

/* Makes a timer that is not set yet; due is called on the loop's thread. The caller frees it before the loop.
 * NULL: out of memory. */
struct loop_timer *loop_timer_create(struct loop *loop, void (*due)(void *arg), void *arg);

/* Sets the timer to fire after_us microseconds from now, in place of what was set before; may be called from
 * due. */
void loop_timer_set(struct loop_timer *timer, int64_t after_us);

/* Frees the timer; NULL is fine. */
void loop_timer_free(struct loop_timer *timer);

#endif
