/* Takes the SHA-256 of texts that come in pieces, and tells it in hex. */
#ifndef STSWEEP_STAGES_SHA256_H
#define STSWEEP_STAGES_SHA256_H

#include "scanner/base/bytes.h"

enum { SHA256_HEX_BYTES = 65 }; /* with the NUL */

struct sha256; /* of what came so far */

/* NULL: out of memory, or the library has no SHA-256. */
struct sha256 *sha256_begin(void);
void sha256_free(struct sha256 *sum); /* NULL is fine */

bool sha256_add(struct sha256 *sum, struct bytes piece);

/* Writes the sum of all pieces, after which another may be begun with the same. false: the library failed. */
bool sha256_end(struct sha256 *sum, char hex[SHA256_HEX_BYTES]);

/* Does all of that for one text. */
bool sha256_of(struct bytes text, char hex[SHA256_HEX_BYTES]);

/* Is it 64 digits of lower case, as these functions write them? */
bool sha256_is_hex(const char *text);

#endif
