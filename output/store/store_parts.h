/*
 * What the files of the store share: its struct. Private to store.c and store_recover.c.
 */
#ifndef STSWEEP_STORE_STORE_PARTS_H
#define STSWEEP_STORE_STORE_PARTS_H

#include "output/frames/stream.h"
#include "output/readback/meta_read.h"
#include "output/store/certset.h"
#include "output/store/ordinals.h"
#include "output/store/store.h"
#include "output/store/store_dir.h"
#include "output/store/unanswered.h"

struct store {
    struct store_dir dir;
    bool streaming;
    struct stream stream;                 /* when streaming */
    struct frames *frames[STORE_STREAMS]; /* when not */
    int64_t flush_ms;
    bool waits; /* something does, since: */
    int64_t since_ms;
    bool rejects_done;
    bool rejects_damaged;
    struct meta_stored begun; /* on resume: what meta.json said */
    uint64_t cut_bytes;
    struct buf damage; /* a line for each stream that was damaged */
    struct unanswered silent_mx, silent_policy;
    struct ordinals done;
    struct certset certs;
    struct summary summary;
    struct groups_counter *groups; /* NULL: they are not counted */
};

/* Returns which of the amounts, and so which file, a stream is: the store numbers them by durability. */
enum amount_stream store_amount_of(enum store_stream stream);

struct frames_options store_stream_options(const struct store *store, const struct store_options *options,
                                           enum store_stream stream);

/* Opens the directory, recovers its frames and rebuilds what is known of them: as store_resume, but for the
 * groups. */
enum error store_recover(struct store *store, const struct store_options *options, struct buf *why);

#endif
