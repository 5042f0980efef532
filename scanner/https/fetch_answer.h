/*
 * Takes an HTTP answer as it comes in, line by line of the headers and piece by piece of the body, and keeps
 * its ceilings. Pure.
 */
#ifndef STSWEEP_HTTPS_FETCH_ANSWER_H
#define STSWEEP_HTTPS_FETCH_ANSWER_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"

/* The ceiling for all header lines of all answers, interim ones and trailers included. */
enum { HEADERS_BYTES_MAX = 64 * 1024 };

struct fetch_answer {
    struct arena *arena; /* for location; the caller's */
    struct buf body;     /* ceiling: policy.max_bytes */
    size_t header_bytes;
    int status;         /* of the answer whose headers are being read; 0 before any status line */
    bool headers_ended; /* those of the final answer */
    bool framed;        /* the body has a length or is chunked: its end can be told from a cut */
    bool too_large;     /* the body passed the ceiling; the part that fits is kept */
    bool headers_too_large;
    bool no_memory;
    const char *location; /* as sent, escaped; NULL if there is none */
};

void fetch_answer_init(struct fetch_answer *answer, size_t max_bytes, struct arena *arena);
void fetch_answer_dispose(struct fetch_answer *answer);

/* Takes one header line with its line end. false: enough has been read (a ceiling, or the headers of an
 * answer other than 200). */
bool fetch_answer_header(struct fetch_answer *answer, struct bytes line);

/* Takes a piece of the body. false: a ceiling, or no memory. */
bool fetch_answer_body(struct fetch_answer *answer, struct bytes piece);

/* Says whether an answer has come whose body is not wanted: one other than 200. */
bool fetch_answer_without_body(const struct fetch_answer *answer);

#endif
