/* Tells UTF-8 from other bytes, and what of it may be shown to a person. Pure. */
#ifndef STSWEEP_BASE_UTF8_H
#define STSWEEP_BASE_UTF8_H

#include "scanner/base/bytes.h"

/* Returns the offset of the first byte that is not UTF-8 (RFC 3629: no surrogates, nothing overlong), or
 * text.len. */
size_t utf8_find_fault(struct bytes text);

/* Returns the length of the text's first character if it may be shown: UTF-8, and no control (C0, C1, DEL),
 * no mark that turns or hides what stands around it (bidi, width zero, tags), no letter that nobody sees
 * (fillers, variation selectors), no end of a line. Else 0. */
size_t utf8_shown_len(struct bytes text);

/* Returns the length of the text's first character, and which it is, if it is UTF-8 that may not be shown;
 * else 0. */
size_t utf8_hidden_len(struct bytes text, uint32_t *code);

/* Returns how many bytes stand before the first character that does not fit into `most` bytes whole. A byte
 * that is not UTF-8 counts as a character. */
size_t utf8_cut(struct bytes text, size_t most);

/* Copies a text with `instead` for each byte that may not be shown. out has room for text.len + 1. */
void utf8_show(struct bytes text, char instead, char *out);

#endif
