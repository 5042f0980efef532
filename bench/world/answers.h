/*
 * What the synthetic internet's name servers answer: wire in, wire out, no I/O. One process plays the
 * recursive resolver, the root, the top-level domains' servers and everybody's authoritative servers; which
 * one is asked is told by the address that the question was sent to.
 */
#ifndef STSWEEP_BENCH_ANSWERS_H
#define STSWEEP_BENCH_ANSWERS_H

#include "bench/world/internet.h"

enum { ANSWER_BYTES = 1232 };

/* Host byte order. Servers of domains stand in 127.54.0.0/16. */
enum server_address {
    SERVER_RESOLVER = 0x7F350035, /* 127.53.0.53 */
    SERVER_ROOT = 0x7F350001,     /* 127.53.0.1 */
    SERVER_TLD = 0x7F350101,      /* 127.53.1.1 */
    SERVER_AUTH = 0x7F360000      /* 127.54.0.0 */
};

enum server_role { ROLE_RESOLVER, ROLE_ROOT, ROLE_TLD, ROLE_AUTH };

enum server_role server_role(uint32_t address);

struct answer {
    uint8_t wire[ANSWER_BYTES];
    size_t len;         /* 0: nothing is answered */
    uint64_t hash;      /* of name and type, for latency */
    bool first_is_lost; /* the first try of this question does not arrive */
};

/* Answers the question; false where it is not one. */
bool answer_make(const struct internet *internet, enum server_role role, const uint8_t *query, size_t len,
                 struct answer *answer);

#endif
