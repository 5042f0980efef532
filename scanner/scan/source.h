/*
 * Defines where the names of a scan come from. The feeder asks for one name after the other and starts a
 * domain for each. Each of them ends either with a record (finished) or without one (put_off), and those that
 * were put off come again in the next pass. scanner/scan/spooled.h is the first source: the names of the
 * input.
 *
 * Threads: next, put_off and end are called by the feeder's thread only. finished is called by the loops'
 * threads, several at once, and must not block. Errors: anything but ERR_OK, or ERR_NOT_FOUND of next, ends
 * the scan, which can be resumed. Whoever made the source knows the reason as text.
 */
#ifndef STSWEEP_SCAN_SOURCE_H
#define STSWEEP_SCAN_SOURCE_H

#include "input/input.h"

struct source {
    void *arg;
    /* Gives the next name of this pass; what it points to is good until next or end is called again, but for
     * name->made, which the caller owns then.
     * ERR_NOT_FOUND when this pass has no more. */
    enum error (*next)(void *arg, struct input_name *name);
    /* Takes back a name that next gave, for the next pass. It must copy what it keeps. It is never called in
     * the last pass (passes.h). */
    enum error (*put_off)(void *arg, const struct input_name *name);
    /* The name of this ordinal has its record, which may not be durable yet. NULL when the source does not
     * want to know. */
    void (*finished)(void *arg, uint64_t ordinal);
    /* A pass is over: each name that next gave was put off or is finished. From now on next gives those that
     * were put off. It is not called after the last pass. */
    enum error (*end)(void *arg);
};

#endif
