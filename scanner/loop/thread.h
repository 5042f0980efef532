/*
 * Starts a thread that no signal interrupts: the main thread takes them all (scanner/scan/signals.h).
 */
#ifndef STSWEEP_LOOP_THREAD_H
#define STSWEEP_LOOP_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* false: it could not be started. */
bool thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
