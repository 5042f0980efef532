/*
 * Lists the addresses that did not answer a connection, as stored records say, so that a resumed scan leaves
 * them alone for the rest of its pass. Reading is pure.
 */
#ifndef STSWEEP_STORE_UNANSWERED_H
#define STSWEEP_STORE_UNANSWERED_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"
#include "scanner/base/ip.h"

/* An address stands in the list once for each time. */
struct unanswered {
    struct ip_addr *ips; /* owned */
    size_t count, capacity;
};

void unanswered_dispose(struct unanswered *list);

/* Adds the address of a host record if it did not answer. ERR_SYNTAX if the line is no record. */
enum error unanswered_host(struct unanswered *list, struct bytes line);

/* Adds the last address tried of a domain record's policy host if it did not answer. */
enum error unanswered_policy(struct unanswered *list, struct bytes line);

#endif
