/*
 * Takes a text of JSON (RFC 8259) apart, a mark at a time: no tree, no callbacks, no memory. It takes what
 * yajl takes, which reads trees (json_tree.h); so bytes within strings need not be UTF-8, and vertical tabs
 * and form feeds are blanks. Pure.
 */
#ifndef STSWEEP_JSON_SCAN_H
#define STSWEEP_JSON_SCAN_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"

enum { JSON_SCAN_DEPTH = 1024 }; /* text that is nested deeper is bad */

enum json_mark {
    MARK_BAD, /* this is no JSON; it ends here */
    MARK_DONE,
    MARK_OBJECT, /* one begins */
    MARK_ARRAY,
    MARK_CLOSE, /* the object or array that began last ends */
    MARK_KEY,
    MARK_STRING,
    MARK_NUMBER,
    MARK_TRUE,
    MARK_FALSE,
    MARK_NULL
};

struct json_scan {
    struct bytes text; /* of the mark at hand: a key's or string's contents, or a number's digits, in place */
    bool escaped;      /* text has backslashes, which json_unescape takes out */
    size_t depth;      /* how many objects and arrays are open */
    const uint8_t *at;
    const uint8_t *end;
    uint64_t arrays[JSON_SCAN_DEPTH / 64 + 1]; /* bit by bit, which of the depths are arrays */
    enum { AWAITS_VALUE, AWAITS_FIRST_VALUE, AWAITS_KEY, AWAITS_FIRST_KEY, AWAITS_MORE, AWAITS_END } awaits;
};

void json_scan_init(struct json_scan *scan, struct bytes text);

/* Goes to the next mark. Its text lives as long as the bytes that are scanned. */
enum json_mark json_scan_next(struct json_scan *scan);

/* Appends the text of a key or string to out, each escape as what it stands for; half of a surrogate pair is
 * a
 * "?". false without room: it takes no more bytes than the text has. */
bool json_unescape(struct bytes text, struct buf *out);

#endif
