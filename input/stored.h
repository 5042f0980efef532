/*
 * Reads a stored list, a file or standard input, in a stream: counts and hashes its bytes as they are stored,
 * then unpacks them. Private to input/, where nothing else reads lists.
 */
#ifndef STSWEEP_INPUT_STORED_H
#define STSWEEP_INPUT_STORED_H

#include "input/compressed.h"
#include "scanner/base/buf.h"

enum { STORED_SHA256_BYTES = 65, STORED_REASON_BYTES = 160 };

struct stored {
    const char *path;     /* "-" for standard input */
    int fd;               /* of the list, if is_open; it stays open */
    bool is_open;         /* else the path is opened */
    bool (*stop)(void *); /* may be NULL; looked at before each piece, and while none comes */
    void *stop_arg;
    compressed_sink sink; /* gets the unpacked bytes */
    void *arg;
    const char *unpacker;             /* the command that unpacks what was read so far: "zcat", or "" */
    uint64_t bytes;                   /* read so far, as stored */
    char sha256[STORED_SHA256_BYTES]; /* hex; "" until the end was reached */
    char reason[STORED_REASON_BYTES]; /* after a failure of the reading itself; "" if the sink failed */
};

/* Does what input_can_read says. A FIFO is not opened: that would wait for its writer, or end it. */
enum error stored_can_read(const char *path, struct buf *why);

/* Does what input_open says. A FIFO that nobody writes to holds nobody up. */
enum error stored_open(const char *path, int *fd, bool *is_open, struct buf *why);

/* Does what input_size says. */
uint64_t stored_size(const char *path, int fd, bool is_open);

/* Tells whether the path is of a regular file, which can be read twice. */
bool stored_is_file(const char *path);

/* Reads the list to its end. The caller fills in path to arg. ERR_IO, ERR_LIST if it is damaged, ERR_LIMIT if
 * it cannot be unpacked here, ERR_STOPPED, ERR_MEMORY, or the sink's own. */
enum error stored_read(struct stored *stored);

#endif
