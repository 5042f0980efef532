/* Has one function for each coding: it decodes all of `coded` to the end of `out`, up to out's ceiling. */
#ifndef STSWEEP_CODING_PARTS_H
#define STSWEEP_CODING_PARTS_H

#include "scanner/coding/coding.h"

/* CODING_PIECE: bytes that a decoder writes at a time. */
enum { CODING_PIECE = 16 * 1024 };

typedef enum coding_end (*coding_decoder)(struct bytes coded, struct buf *out);

enum coding_end coding_gzip(struct bytes coded, struct buf *out);
enum coding_end coding_deflate(struct bytes coded, struct buf *out);
enum coding_end coding_brotli(struct bytes coded, struct buf *out);
enum coding_end coding_zstd(struct bytes coded, struct buf *out);

/* Appends what fits; false if that is not all. */
bool coding_put(struct buf *out, const uint8_t *data, size_t len);

#endif
