/*
 * Tells what a word between the owner and the data of a record is: a TTL, a class or a type (RFC 1035 section
 * 5.1, RFC 3597 section 5). Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_ZONE_WORD_H
#define STSWEEP_INPUT_ZONE_WORD_H

#include "scanner/base/bytes.h"

enum zone_word { ZONE_NO_WORD, ZONE_TTL, ZONE_CLASS, ZONE_TYPE };

/* What a record is to the reader of delegations. */
enum zone_type { ZONE_OTHER, ZONE_NS, ZONE_SOA, ZONE_ADDRESS, ZONE_DNSSEC };

struct zone_word_found {
    enum zone_word word;
    enum zone_type type; /* of a type */
    bool is_internet;    /* of a class */
};

struct zone_word_found zone_word_find(struct bytes text);

#endif
