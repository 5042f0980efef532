/*
 * Gives root away, for good: to the user of safety.user, or all of root's capabilities but those to read and
 * write files. Nothing here is done unless the process is root's.
 */
#ifndef STSWEEP_MACHINE_PRIVILEGES_H
#define STSWEEP_MACHINE_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

enum { PRIVILEGES_GROUPS = 128 };

struct privileges_user {
    const char *name; /* borrowed */
    uid_t uid;
    gid_t gid;
    gid_t groups[PRIVILEGES_GROUPS]; /* all, gid among them */
    int group_count;
    bool is_us; /* we are that user already: nothing is to be done */
};

/* Finds the user and the groups. ERR_CONFIG with *why: there is no such user, it is root itself, it is in too
 * many groups, or we are neither root nor that user. */
enum error privileges_find(const char *name, struct privileges_user *user, struct buf *why);

/* Becomes that user: groups, ids and capabilities, of all threads, and without a way back, which is tried.
 * ERR_LIBRARY with *why; then the process may be half of each and is to end. */
enum error privileges_become(const struct privileges_user *user, struct buf *why);

/* Returns whether the process is root's. */
bool privileges_are_roots(void);

/* Lets root keep of its capabilities only those by which it reads and writes files of others. Of this thread
 * and all that come of it. */
bool privileges_shed(void);

#endif
