/*
 * Makes lines of a stream of bytes that comes in pieces. They end in LF or CRLF and are UTF-8 (with or
 * without a byte order mark), or UTF-16, which is turned into UTF-8. A line past LINE_BYTES comes in pieces,
 * so that memory is the same for any file. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_LINES_H
#define STSWEEP_INPUT_LINES_H

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

enum { LINE_BYTES = 4096 /* of UTF-8, without the line's end */, LINES_HEAD_BYTES = 4 };

struct line {
    struct bytes text; /* without its end; valid during the call */
    uint64_t number;   /* from 1 */
    bool too_long;     /* text is only how it begins, or a piece of it, and another comes */
    bool goes_on;      /* text is a further piece of the line before */
};

/* The sink takes each line. Anything but ERR_OK stops with that error. */
typedef enum error (*lines_sink)(void *arg, const struct line *line);

enum lines_encoding { LINES_UNKNOWN, LINES_UTF8, LINES_UTF16_LE, LINES_UTF16_BE };

struct lines {
    lines_sink sink;
    void *arg;
    uint64_t number; /* lines delivered */
    enum lines_encoding encoding;
    uint8_t head[LINES_HEAD_BYTES]; /* held back until they tell the encoding */
    size_t head_len;
    uint8_t text[LINE_BYTES + 1]; /* the open line; one more for its CR */
    size_t len;
    bool in_pieces; /* of the open line, pieces were delivered */
    bool half_set;  /* UTF-16: the first byte of a unit */
    uint8_t half;
    uint16_t high; /* UTF-16: a high surrogate that waits for its low one; 0 for none */
};

void lines_init(struct lines *lines, lines_sink sink, void *arg);
enum error lines_feed(struct lines *lines, struct bytes data);

/* Says that no more bytes come: delivers a last line that has no end. */
enum error lines_end(struct lines *lines);

#endif
