/*
 * Writes to a descriptor that others read, such as standard error, and never is held up by one who does not
 * read: a terminal that was stopped with Ctrl-S, a pipe into a program that hangs. What does not go out at
 * once waits here, up to OUTLET_BYTES.
 *
 * Terminals and pipes are opened a second time, so that nobody's else descriptor begins not to block; sockets
 * are asked not to with each write. What cannot be opened again (a terminal of another user's) is written as
 * it is, and does hold up; so does a file, which takes all at once. On one thread at a time.
 */
#ifndef STSWEEP_LIVE_OUTLET_H
#define STSWEEP_LIVE_OUTLET_H

#include "scanner/base/buf.h"

enum {
    OUTLET_BYTES = 256 * 1024,
    OUTLET_PATIENCE_MS = 200, /* for who reads slowly; who does not read costs it once */
    OUTLET_END_MS = 5000
};

struct outlet {
    int fd; /* borrowed, or our own if `opened` */
    bool opened;
    bool is_socket;
    struct buf waiting; /* was not read yet */
};

/* fd: borrowed; it may be closed or none at all, then what is written goes nowhere. */
void outlet_init(struct outlet *outlet, int fd);

/* Writes what waits, as far as it goes out. true: nothing waits any more. */
bool outlet_flush(struct outlet *outlet);

/* Returns whether so many bytes more may wait. */
bool outlet_has_room(const struct outlet *outlet, size_t len);

/* Writes text, or lets it wait. false: there is no room, and none of it was taken. */
bool outlet_put(struct outlet *outlet, struct bytes text);

/* Waits until all is read, but no longer than OUTLET_END_MS for some of it to be. true: nothing waits. */
bool outlet_drain(struct outlet *outlet);

void outlet_dispose(struct outlet *outlet); /* drops what waits; also if zeroed */

#endif
