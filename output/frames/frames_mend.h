/*
 * Cuts damaged bytes out of record files, so that only whole frames are left. Nothing is thrown away: each
 * run of damaged bytes goes to a file of its own first. A crash at any point leaves either the damaged part
 * or the mended one, and mending starts over.
 */
#ifndef STSWEEP_FRAMES_FRAMES_MEND_H
#define STSWEEP_FRAMES_FRAMES_MEND_H

#include "output/frames/frames_walk.h"

/* Mends every part with damage; end->offset is then that of the mended last part, and end->counters have what
 * was added. */
enum error frames_mend(const struct frames_options *options, struct walk_end *end, struct buf *why);

#endif
