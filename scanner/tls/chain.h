/*
 * Makes a key of a presented chain, and tells for how long its validation cannot change. Validation, and its
 * choice among several issuers, ask the clock one thing only: whether a date in a certificate has come. This
 * file decides nothing and asks no clock.
 */
#ifndef STSWEEP_TLS_CHAIN_H
#define STSWEEP_TLS_CHAIN_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/tls/chain_cache.h"

/* Dates of certificates, seconds since 1970. Zeroed it is empty. */
struct chain_dates {
    int64_t *list; /* owned */
    size_t count, capacity;
};

/* Adds both dates of a certificate; a malformed one is left out, as it never comes. false without memory. */
bool chain_dates_add(struct chain_dates *dates, const X509 *cert);
void chain_dates_sort(struct chain_dates *dates);
void chain_dates_dispose(struct chain_dates *dates);

/* Computes SHA-256 of the presented certificates in their order and of the flags and the level of validation.
 * false if there are none. */
bool chain_key(X509_STORE_CTX *store_ctx, uint8_t key[CHAIN_KEY_BYTES]);

/* Finds the longest time around now in which no date of the presented certificates or of the (sorted) roots
 * falls: from <= now < until. */
void chain_window(STACK_OF(X509) * presented, const struct chain_dates *roots, int64_t now, int64_t *from,
                  int64_t *until);

#endif
