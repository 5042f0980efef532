/*
 * Addresses that did not answer a connection, as stored records say, so that a resumed scan leaves them alone
 * for the rest of its pass. Reading is pure.
 */
#ifndef STSWEEP_STORE_UNANSWERED_H
#define STSWEEP_STORE_UNANSWERED_H

#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"
#include "scanner/base/ip.h"

/* An address stands in it once for each time. */
struct unanswered {
    struct ip_addr *ips; /* owned */
    size_t count, capacity;
};

void unanswered_dispose(struct unanswered *list);

/* What a host record says of its address. ERR_SYNTAX where it is no record. */
enum error unanswered_host(struct unanswered *list, struct bytes line);

/* What a domain record says of the last address tried of its policy host. */
enum error unanswered_policy(struct unanswered *list, struct bytes line);

#endif
