/*
 * A gate: at most so many of a class open on one loop; the others wait in order.
 */
#ifndef STSWEEP_GATE_H
#define STSWEEP_GATE_H

#include "scanner/base/list.h"

struct gate {
    size_t ceiling;
    size_t open;
    struct list waiting;
    bool draining; /* gate_leave is letting somebody in: keeps it from recursing; true for good once closed */
};

struct gate_wait {
    struct list link;
    void (*enter)(void *arg); /* may be called from inside gate_enter or gate_leave */
    void *arg;
};

void gate_init(struct gate *gate, size_t ceiling);
void gate_wait_init(struct gate_wait *wait, void (*enter)(void *arg), void *arg);
void gate_enter(struct gate *gate, struct gate_wait *wait);
void gate_leave(struct gate *gate);
void gate_close(struct gate *gate);       /* nobody is let in any more; who waits may still be cancelled */
void gate_cancel(struct gate_wait *wait); /* only while it waits */

#endif
