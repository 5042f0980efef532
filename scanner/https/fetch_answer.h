/*
 * Takes an HTTP answer as it comes in, line by line of the headers and piece by piece of the body as it is on
 * the wire, and keeps its ceilings. Where the body ends is found here (RFC 9112 section 6.3), so that no
 * release of libcurl decides it. Pure.
 */
#ifndef STSWEEP_HTTPS_FETCH_ANSWER_H
#define STSWEEP_HTTPS_FETCH_ANSWER_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/https/chunks.h"

/* The ceilings for the header lines of all answers, interim ones included, and for what is kept of a value.
 */
enum {
    HEADERS_BYTES_MAX = 64 * 1024,
    HEADER_LINES_MAX = 4096,
    MEDIA_TYPE_BYTES = 256,
    LOCATION_BYTES = 2048
};

/* What a header line is, for a line that continues it (RFC 9112 section 5.2). */
enum fetch_field {
    FETCH_FIELD_NONE, /* there is no field yet */
    FETCH_FIELD_OTHER,
    FETCH_FIELD_LENGTH,
    FETCH_FIELD_TRANSFER,
    FETCH_FIELD_MEDIA_TYPE,
    FETCH_FIELD_LOCATION,
    FETCH_FIELD_CODING,
    FETCH_FIELD_UPGRADE,
    FETCH_FIELD_SIGN,
};

struct fetch_answer {
    struct arena *arena; /* the caller's; nothing is put there before the fetch is concluded */
    struct buf body;     /* ceiling: policy.max_bytes */
    size_t header_bytes;
    size_t header_lines;
    int status;         /* of the answer whose headers are being read; 0 before any status line */
    bool not_http;      /* what came first is no status line of HTTP/1 */
    bool headers_ended; /* those of the final answer */
    bool chunked;       /* the body comes in chunks: no length counts (RFC 9112 section 6.3) */
    bool bad_transfer;  /* it has a Transfer-Encoding that nobody asked for, or a folded one */
    bool has_length;
    bool bad_length; /* Content-Length is no number, or folded, or there are two different ones */
    uint64_t length;
    uint64_t came; /* bytes of the body without a chunk's frame, also those that are not kept */
    struct chunks chunks;
    bool http2;     /* what came is a frame of HTTP/2, or 426 asks for that version */
    bool too_large; /* the body passed the ceiling; the part that fits is kept */
    bool headers_too_large;
    bool no_memory;
    /* What is kept of the final answer's header lines, as it came; empty if there is none. */
    struct buf media_type;  /* the last Content-Type that says something */
    struct buf location;    /* the first Location that does */
    struct buf coding;      /* Content-Encoding's values */
    bool coding_cut;        /* there are more than are kept */
    struct buf signs;       /* header lines by which guards against bots are told */
    enum fetch_field field; /* of the last header line */
    bool valued;            /* that field has a value so far */
};

void fetch_answer_init(struct fetch_answer *answer, size_t max_bytes, struct arena *arena);
void fetch_answer_dispose(struct fetch_answer *answer);

/* Takes one header line with its line end. false: enough has been read (a ceiling, no answer, or the headers
 * of an answer whose body is not wanted, or has no bytes). */
bool fetch_answer_header(struct fetch_answer *answer, struct bytes line);

/* Takes a piece of the body, or of what came in place of an answer. false: the body has ended, or a ceiling,
 * no memory, no answer. */
bool fetch_answer_body(struct fetch_answer *answer, struct bytes piece);

/* Says whether an answer has come that is no policy, whatever becomes of its body: one other than 200. */
bool fetch_answer_says_no(const struct fetch_answer *answer);

/* Says whether the body has a length or is chunked: its end can be told from a cut. */
bool fetch_answer_is_framed(const struct fetch_answer *answer);

/* Says whether all of a framed body has come. */
bool fetch_answer_is_whole(const struct fetch_answer *answer);

/* Says whether the body cannot be read: bad chunks, or a Transfer-Encoding that nobody asked for. */
bool fetch_answer_is_misframed(const struct fetch_answer *answer);

/* Says whether the length of the body cannot be told (RFC 9112 section 6.3). */
bool fetch_answer_has_no_length(const struct fetch_answer *answer);

#endif
