/*
 * Tells the person who scans of addresses at which more wait for their turns than limits.wait lets through
 * (crowd.h), as soon as it is foreseen, and with the option that takes one's own out. The loops post, the
 * main thread says it: once for each address, and for a few of them, as a survey may have many.
 */
#ifndef STSWEEP_SCAN_CROWDS_H
#define STSWEEP_SCAN_CROWDS_H

#include "scanner/config/config.h"
#include "scanner/loop/mailbox.h"
#include "scanner/reach/crowd.h"

enum { CROWDS_SAID_MOST = 4, CROWD_LINE_BYTES = 640 };

struct crowds {
    struct mailbox mailbox;
    bool open;
    const struct config *config;
    struct ip_addr said[CROWDS_SAID_MOST];
    size_t said_count;
    bool has_line;
    char line[CROWD_LINE_BYTES];
};

/* ERR_IO or ERR_MEMORY; crowds_dispose is fine after any. */
enum error crowds_init(struct crowds *crowds, const struct config *config);

/* Once no loop posts any more. */
void crowds_dispose(struct crowds *crowds);

/* Takes note of one, from any loop's thread. Without memory nothing is said of it. */
void crowds_post(struct crowds *crowds, const struct crowd *crowd);

/* Returns a line to say, on the main thread; NULL: there is none. Good until the next call. */
const char *crowds_next(struct crowds *crowds);

#endif
