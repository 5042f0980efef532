/* Writes bytes to a stream: fwrite is not to be given the NULL that no bytes may stand at. */
#ifndef STSWEEP_BASE_PUT_BYTES_H
#define STSWEEP_BASE_PUT_BYTES_H

#include <stdio.h>

#include "scanner/base/bytes.h"

/* Returns false if they could not be written whole, of which errno and ferror tell. */
static inline bool put_bytes(FILE *out, struct bytes bytes)
{
    return bytes.len == 0 || fwrite(bytes.data, 1, bytes.len, out) == bytes.len;
}

#endif
