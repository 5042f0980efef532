/*
 * Unpacks gzip (also several members) and zstd (also several frames), told by content, not by name, and
 * passes other bytes through. It is a push parser without I/O: bytes go in, plain bytes come out at the sink.
 * Memory is bounded whatever comes (a zstd frame may ask for a window of 128 MiB at most). Private to input/.
 */
#ifndef STSWEEP_INPUT_COMPRESSED_H
#define STSWEEP_INPUT_COMPRESSED_H

#include "input/gunzip.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

enum compressed_kind { COMPRESSED_UNKNOWN, COMPRESSED_NOT, COMPRESSED_GZIP, COMPRESSED_ZSTD };

/* The sink takes plain bytes. Anything but ERR_OK stops the unpacking with that error. */
typedef enum error (*compressed_sink)(void *arg, struct bytes data);

struct compressed {
    enum compressed_kind kind;
    uint8_t magic[4]; /* held back until they tell the kind */
    size_t magic_len;
    bool between;             /* no member or frame is open */
    const char *reason;       /* what was wrong, after ERR_LIST or ERR_LIMIT */
    uint8_t *out;             /* owned */
    struct gunzip *gunzip;    /* owned */
    struct ZSTD_DCtx_s *zstd; /* owned */
    compressed_sink sink;
    void *arg;
};

void compressed_init(struct compressed *compressed, compressed_sink sink, void *arg);
void compressed_dispose(struct compressed *compressed);

/* Unpacks the next bytes of the list. ERR_LIST, after all bytes before the damage were delivered;
 * ERR_LIMIT if a frame needs too large a window;
 * ERR_MEMORY; or the sink's own. */
enum error compressed_feed(struct compressed *compressed, struct bytes data);

/* Says that no more bytes come: ERR_LIST if the stream is cut off. */
enum error compressed_end(struct compressed *compressed);

#endif
