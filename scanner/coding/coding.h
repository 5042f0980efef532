/*
 * Undoes the content codings of an HTTP answer (RFC 9110 section 8.4): gzip, deflate, br and zstd, also one
 * on the other. Pure. The coded bytes are all there when it is called (their ceiling is the caller's), so the
 * memory of a decoder is had once a loop, and not once a connection.
 */
#ifndef STSWEEP_CODING_CODING_H
#define STSWEEP_CODING_CODING_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"

/* CODINGS_MOST: how many may stand one on the other. CODING_BETWEEN_BYTES: what may stand between two of
 * them. */
enum { CODINGS_MOST = 5, CODING_BETWEEN_BYTES = 128 * 1024 };

enum coding_end {
    CODING_NONE,      /* the list names none, or "identity" alone; nothing was written */
    CODING_WHOLE,     /* all of it was decoded */
    CODING_CUT,       /* the bytes end inside of what they encode; what came before is there */
    CODING_CORRUPT,   /* they do not have this coding, or are damaged; likewise */
    CODING_UNKNOWN,   /* a coding that is not known here; nothing was written */
    CODING_TOO_LARGE, /* more than the ceiling came out, or is announced */
    CODING_LIMIT,     /* a limit of ours: codings, bytes between two of them, memory */
};

/* Decodes. list: what Content-Encoding says, in the order in which the codings were applied. out: empty; its
 * ceiling is that of the decoded bytes. */
enum coding_end coding_undo(const char *list, struct bytes coded, struct buf *out);

#endif
