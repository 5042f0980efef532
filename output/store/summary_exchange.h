/*
 * Counts in which groups TLS keys were exchanged, for summary.json: over the sessions with MX hosts (one for
 * each host record whose handshake was completed, so one more for an address that was looked at again), and
 * over the fetches of policies (one for each domain record likewise). Pure.
 */
#ifndef STSWEEP_STORE_SUMMARY_EXCHANGE_H
#define STSWEEP_STORE_SUMMARY_EXCHANGE_H

#include "output/json/json_write.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

/* Groups of the table (facts/tls_group.h) each have a place; of others, such as "DH 1024", the first that
 * come have one, and the rest count as "other". */
enum { EXCHANGE_ROWS = 64, EXCHANGE_OTHERS = 64, EXCHANGE_NAME_BYTES = 32 };

struct exchange_counts {
    uint64_t rows[EXCHANGE_ROWS]; /* in the table's order */
    uint64_t none;                /* RSA key transport: no group */
    struct {
        char name[EXCHANGE_NAME_BYTES];
        uint64_t count;
    } others[EXCHANGE_OTHERS];
    size_t other_count;
    uint64_t rest;
};

struct summary_exchange {
    struct exchange_counts mx_sessions, policy_fetches;
};

/* Counts a completed handshake; group: as its record names it, empty for none. */
void exchange_count(struct exchange_counts *counts, struct bytes group);

/* Counts a stored host record (one line of JSON), if its handshake was completed. ERR_SYNTAX if it is none.
 */
enum error exchange_count_host(struct summary_exchange *exchange, struct bytes line);

/* Writes them as "key_exchange", the commonest group first. */
void exchange_json(struct json *json, const struct summary_exchange *exchange);

#endif
