/* Looks for what is not UTF-8. Pure. */
#ifndef STSWEEP_BASE_UTF8_H
#define STSWEEP_BASE_UTF8_H

#include "scanner/base/bytes.h"

/* Returns the offset of the first byte that is not UTF-8 (RFC 3629: no surrogates, nothing overlong), or
 * text.len. */
size_t utf8_find_fault(struct bytes text);

#endif
