/*
 * Reads elements of BER as OpenSSL's decoder does: it takes long forms of tags and lengths, however long. It
 * reports forms that only BER has (indefinite lengths, strings in pieces). Pure; knows no certificate.
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
    uint8_t tag; /* class, form and number as in a first byte; number 31: any tag past 30. The form of a
                    sequence or set is always the constructed one, as OpenSSL takes lists in either */
    struct bytes content;
};

/* Takes the element at the start of rest off it. false at the end, and if there is no element at the start.
 * *is_ber is set (and never cleared) if the element is one in BER only. */
bool der_next(struct bytes *rest, struct der_element *element, bool *is_ber);

/* Does the same, but fails if the element has another tag. */
bool der_take(struct bytes *rest, uint8_t tag, struct bytes *content, bool *is_ber);

/* Counts the elements at any depth, including those in octet strings that begin like a sequence, and what may
 * be elements in a context's own ones there. The time is linear in the length. */
size_t der_count(struct bytes data, bool *is_ber);

#endif
