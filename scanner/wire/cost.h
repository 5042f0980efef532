/*
 * Estimates from the bytes of a certificate chain what it would cost to read and to validate, before either
 * is done: a peer's 100 KiB can keep OpenSSL busy for half a minute. Costs are in microseconds of a machine
 * on which a plain handshake takes 250; only their ratio matters. Pure, and linear in the length of its
 * input.
 */
#ifndef STSWEEP_WIRE_COST_H
#define STSWEEP_WIRE_COST_H

#include "scanner/facts/record.h"
#include "scanner/wire/der.h"

enum {
    COST_CERTS = 64,             /* in a chain; no path has more than 12 */
    COST_ELEMENTS = 1 << 14,     /* of ASN.1, in a chain */
    COST_RSA_BITS = 8192,        /* larger RSA keys verify nothing */
    COST_RSA_EXPONENT_BITS = 32, /* nor do RSA keys with a larger exponent */
    COST_DSA_BITS = 3072,        /* nor do larger DSA keys */
    COST_DH_BITS = 4096,         /* larger groups are not computed in */
    COST_PAIRS = 1 << 18,        /* names × constraints, over all pairs of a chain */
    COST_PAIR_BYTES = 1 << 24,   /* the same, by the bytes of the names and of the constraints */
    COST_PATH_US = 10000,        /* signatures of the longest path */
    COST_WORK_US = 16000,        /* the whole validation */
    COST_FACTS_US = 4000         /* signatures that only facts need (tls_facts_dane, self-signed ones) */
};

struct key_cost {
    bool unreadable; /* reading it takes a square root that may cost a tenth of a second */
    bool heavy;      /* we let it verify nothing */
    uint32_t verify_us;
};

/* Returns the cost of a whole SubjectPublicKeyInfo. A key that OpenSSL could not read costs nothing. */
struct key_cost cost_of_key(struct bytes spki);

/* Says whether a single certificate may be read. */
bool cost_lets_read(struct bytes certificate);

/* The cost of a chain so far. Zeroed it is empty. */
struct chain_cost {
    size_t certs;
    size_t elements;
    bool is_ber; /* it holds BER that is no DER, so that its cost cannot be told */
    bool unreadable;
    bool heavy_leaf, heavy_issuer;
    uint64_t names, name_bytes; /* the subject's and the alternative ones */
    uint64_t constraints, constraint_bytes;
    uint64_t pairs, pair_bytes;
    uint32_t dearest_us[12]; /* the keys that cost most, dearest first */
};

/* Adds the next certificate, leaf first. */
void cost_add(struct chain_cost *cost, struct bytes certificate, struct key_cost *key);

/* Says whether the chain may be read: TLS_LIMIT_NONE, _KEY or _CHAIN. */
enum tls_limit cost_to_read(const struct chain_cost *cost);

/* Says whether it may be validated. Heavy keys do not count here: they may be left out. */
enum tls_limit cost_to_validate(const struct chain_cost *cost);

#endif
