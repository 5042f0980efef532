/* Makes the answers of a resolver to a question that fuzz_stub's engine has sent: right ones, refusals,
 * forged ones, damaged ones. */
#ifndef STSWEEP_TESTS_STUB_ANSWER_H
#define STSWEEP_TESTS_STUB_ANSWER_H

#include <ldns/ldns.h>

#include "scanner/wire/dns_message.h"

enum { QUESTION_AT = LDNS_HEADER_SIZE, ANSWER_BYTES = 3000, FORGED = 0xEE, RA_BIT = 0x80 };

enum answer_kind {
    ANSWER_RIGHT,
    ANSWER_NODATA,
    ANSWER_NXDOMAIN,
    ANSWER_SERVFAIL,
    ANSWER_REFUSED,
    ANSWER_FORMERR,
    ANSWER_LAME,
    ANSWER_TRUNCATED,
    ANSWER_LONG,      /* more than a datagram of ours holds */
    ANSWER_MALFORMED, /* rdata that is no address, and nothing else */
    ANSWER_CUT,       /* ends amid the record */
    ANSWER_SHORT,     /* less than a header */
    ANSWER_ROUND,     /* an alias of itself */
    /* Those that are no answers to the question, though they look so; none may be believed. */
    ANSWER_OTHER_ID,
    ANSWER_OTHER_NAME,
    ANSWER_OTHER_TYPE,
    ANSWER_A_QUESTION,
    ANSWER_OTHER_SOCKET,
    ANSWER_KINDS
};

static inline bool is_forged(enum answer_kind kind)
{
    return kind >= ANSWER_OTHER_ID;
}

struct made_answer {
    uint8_t wire[ANSWER_BYTES];
    size_t len;
};

static inline void put(struct made_answer *answer, const void *data, size_t len)
{
    memcpy(answer->wire + answer->len, data, len);
    answer->len += len;
}

static inline void put_byte_pair(struct made_answer *answer, unsigned value)
{
    const uint8_t pair[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(answer, pair, sizeof pair);
}

/* A record of the name asked for, which stands at QUESTION_AT. */
static inline void put_record(struct made_answer *answer, uint16_t type, const void *rdata, size_t len)
{
    static const uint8_t ttl[4] = {0, 0, 1, 44};
    put_byte_pair(answer, 0xC000 | QUESTION_AT);
    put_byte_pair(answer, type);
    put_byte_pair(answer, 1);
    put(answer, ttl, sizeof ttl);
    put_byte_pair(answer, (unsigned)len);
    put(answer, rdata, len);
}

/* A record of the type asked for; `mark` is in an A record's address. */
static inline void put_right(struct made_answer *answer, uint16_t type, const uint8_t mark[4])
{
    static const uint8_t six[16] = {0x20, 1, 0x0d, 0xb8}, exchange[] = {0, 10, 0}, text[] = {2, 'v', '='};
    static const uint8_t association[] = {3, 1, 1, 0xAB};
    if (type == DNS_TYPE_AAAA)
        put_record(answer, type, six, sizeof six);
    else if (type == DNS_TYPE_MX)
        put_record(answer, type, exchange, sizeof exchange);
    else if (type == DNS_TYPE_TXT)
        put_record(answer, type, text, sizeof text);
    else if (type == DNS_TYPE_TLSA)
        put_record(answer, type, association, sizeof association);
    else
        put_record(answer, type, mark, 4);
}

static inline void set_rcode(struct made_answer *answer, uint8_t rcode)
{
    answer->wire[3] |= rcode;
}

static inline void put_body(struct made_answer *answer, enum answer_kind kind, uint16_t type,
                            const uint8_t mark[4])
{
    static const uint8_t alias[2] = {0xC0, QUESTION_AT}, server[1] = {0};
    answer->wire[3] = kind == ANSWER_LAME ? 0 : RA_BIT;
    switch (kind) {
    case ANSWER_NODATA:
        return;
    case ANSWER_NXDOMAIN:
        set_rcode(answer, LDNS_RCODE_NXDOMAIN);
        return;
    case ANSWER_SERVFAIL:
        set_rcode(answer, LDNS_RCODE_SERVFAIL);
        return;
    case ANSWER_REFUSED:
        set_rcode(answer, LDNS_RCODE_REFUSED);
        return;
    case ANSWER_FORMERR:
        set_rcode(answer, LDNS_RCODE_FORMERR);
        return;
    case ANSWER_LAME:
        answer->wire[LDNS_NSCOUNT_OFF + 1] = 1;
        put_record(answer, LDNS_RR_TYPE_NS, server, sizeof server);
        return;
    case ANSWER_TRUNCATED:
        LDNS_TC_SET(answer->wire);
        return;
    case ANSWER_ROUND:
        answer->wire[LDNS_ANCOUNT_OFF + 1] = 1;
        put_record(answer, DNS_TYPE_CNAME, alias, sizeof alias);
        return;
    case ANSWER_MALFORMED:
        answer->wire[LDNS_ANCOUNT_OFF + 1] = 1;
        put_record(answer, type, mark, type == DNS_TYPE_TXT ? 0 : 1);
        return;
    case ANSWER_LONG:
        answer->wire[LDNS_ANCOUNT_OFF + 1] = 150;
        for (unsigned i = 0; i < 150; i++)
            put_right(answer, DNS_TYPE_A, mark);
        return;
    default:
        answer->wire[LDNS_ANCOUNT_OFF + 1] = 1;
        put_right(answer, type, mark);
    }
}

/* Makes the answer to a question as it was sent; its EDNS is not repeated. The id of a forged one is off by
 * `off`. */
static inline void answer_make(struct made_answer *answer, struct bytes question, enum answer_kind kind,
                               unsigned off, const uint8_t mark[4])
{
    size_t end = QUESTION_AT;
    while (question.data[end] != 0)
        end += 1 + (size_t)question.data[end];
    uint16_t type = (uint16_t)(question.data[end + 1] << 8 | question.data[end + 2]);
    answer->len = 0;
    put(answer, question.data, end + 5);
    answer->wire[LDNS_ARCOUNT_OFF + 1] = 0;
    if (kind != ANSWER_A_QUESTION)
        LDNS_QR_SET(answer->wire);
    if (kind == ANSWER_OTHER_ID)
        answer->wire[1] = (uint8_t)(answer->wire[1] ^ (1 + off % 255));
    if (kind == ANSWER_OTHER_NAME)
        answer->wire[QUESTION_AT + 1] ^= 0x10;
    if (kind == ANSWER_OTHER_TYPE)
        answer->wire[end + 2] ^= 0x40;
    put_body(answer, kind, type, mark);
    if (kind == ANSWER_CUT)
        answer->len -= 2;
    if (kind == ANSWER_SHORT)
        answer->len = LDNS_HEADER_SIZE - 1 - off % LDNS_HEADER_SIZE;
}

#endif
