/*
 * Elements of BER as OpenSSL's decoder reads them: long forms of tags and lengths are taken, however long.
 * What only BER has (lengths that are not told, strings in pieces) is seen and said. Pure; knows no
 * certificate.
 */
#ifndef STSWEEP_WIRE_DER_H
#define STSWEEP_WIRE_DER_H

#include "scanner/base/bytes.h"

enum {
    DER_TAG_INTEGER = 0x02,
    DER_TAG_BIT_STRING = 0x03,
    DER_TAG_OCTET_STRING = 0x04,
    DER_TAG_OID = 0x06,
    DER_TAG_SEQUENCE = 0x30,
    DER_TAG_SET = 0x31,
    DER_CONSTRUCTED = 0x20,
    DER_CONTEXT = 0x80
};

struct der_element {
    uint8_t tag; /* class, form and number as in a first byte; number 31: a tag past 30 */
    struct bytes content;
};

/* Takes the element at the start of rest off it. false at the end, and where what stands there is none;
 * *is_ber is set (and never cleared) where it is one in BER alone. */
bool der_next(struct bytes *rest, struct der_element *element, bool *is_ber);

/* The same where it must be of this tag. */
bool der_take(struct bytes *rest, uint8_t tag, struct bytes *content, bool *is_ber);

/* Elements in it at any depth, those in strings of octets that begin like a sequence among them. It takes a
 * time linear in the length. */
size_t der_count(struct bytes data, bool *is_ber);

#endif
