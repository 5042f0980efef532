/*
 * Makes of the meta.json of a scan the one that is published with it: what a reader must know of how the
 * records came to be, without what is the operator's own. Pure.
 *
 *   kept      schema, rules, version, state, times, runs, seed, resolver, counters, tail, events, libraries,
 *             the options; of the preflight what it says of the network
 *   cut       paths of lists and of options to their last part
 *   emptied   host, command
 *   left out  what the preflight says of the machine, and every key that is not named here
 */
#ifndef STSWEEP_RELEASE_RELEASE_META_H
#define STSWEEP_RELEASE_RELEASE_META_H

#include "scanner/json/json_tree.h"
#include "scanner/base/buf.h"

/* Writes the text. ERR_CORRUPT if stored is none that this program writes; ERR_LIMIT, ERR_MEMORY. */
enum error release_meta(struct bytes stored, struct buf *out);

/* Tells what becomes of the value of an option. One that this version does not know may have been a path, and
 * is cut like one. */
enum release_option { RELEASE_CUT, RELEASE_TOLD, RELEASE_EMPTIED };
enum release_option release_option(const char *name);

#endif
