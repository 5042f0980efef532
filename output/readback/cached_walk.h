/*
 * Goes through an earlier scan for the policies that senders may still have. What is damaged of it, and a
 * record that is none, is told as every reader of a scan tells it. A record that lacks what is needed is
 * whole: it is of another version, or of a time that has not come yet. It is left out, and counted, as no
 * policy is made of a part of one. One thread.
 */
#ifndef STSWEEP_READBACK_CACHED_WALK_H
#define STSWEEP_READBACK_CACHED_WALK_H

#include <stdio.h>

#include "output/readback/cached_read.h"
#include "output/readback/scanview.h"

enum { CACHED_REASON_BYTES = 256 };

struct cached_walk {
    struct scanview *view; /* borrowed */
    const char *dir;       /* its path, borrowed */
    int64_t now_ms;        /* wall clock */
    /* Takes the policy of a record, which is good during the call. ERR_SYNTAX and ERR_LIMIT leave it out; any
     * other error ends the walk. */
    enum error (*take)(void *arg, const struct cached_read *found);
    void *arg;
    /* What came of it; all zero at first. */
    uint64_t over;                   /* policies whose max_age is over */
    uint64_t lacking;                /* records that were left out */
    char first[CACHED_REASON_BYTES]; /* why the first of them was */
    bool damaged;
};

/* Walks to the end. Damage is said on err, and the records around it count. The error of take;
 * ERR_IO, ERR_MEMORY with *why. */
enum error cached_walk(struct cached_walk *walk, FILE *err, struct buf *why);

/* Says on err how many records lack what is needed, if any do. */
void cached_walk_say_lacking(const struct cached_walk *walk, FILE *err);

#endif
