/*
 * Makes texts of other people's that are part of a message of ours, such as names of files, so that they may
 * be shown: nothing in them is obeyed by a terminal, and they stay in their line.
 */
#ifndef STSWEEP_BASE_SHOWN_H
#define STSWEEP_BASE_SHOWN_H

#include <stddef.h>

/*
 * Returns the text itself if all of it may be shown (utf8_shown_len), else a copy of at most SHOWN_BYTES with
 * a ? for each byte that may not be. The copy is the calling thread's, until it has asked for SHOWN_AT_ONCE
 * more.
 */
enum { SHOWN_BYTES = 512, SHOWN_AT_ONCE = 4 };
const char *shown(const char *text);

/* Does the same of a text of which no more than `most` bytes are to be shown, at most SHOWN_BYTES; a longer
 * one ends where a character does. */
const char *shown_within(const char *text, size_t most);

#endif
