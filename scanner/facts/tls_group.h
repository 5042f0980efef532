/* Names the groups of TLS key exchanges (tls_group.def), by IANA's number, so that every release of OpenSSL
 * gives the same name, also one that does not know the group. Pure. */
#ifndef STSWEEP_FACTS_TLS_GROUP_H
#define STSWEEP_FACTS_TLS_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "scanner/base/bytes.h"

struct tls_group {
    uint16_t id;
    const char *name; /* as records say it */
    const char *iana;
    unsigned share_bytes; /* of a client's key share; 0: the group is not used in TLS 1.3 */
    unsigned release;     /* the first of OpenSSL that can offer it: 305 is 3.5; 0: none */
};

/* Gives the rows, in ascending order of their numbers. */
size_t tls_group_rows(const struct tls_group **rows);

/* Returns the row of a name, its own or IANA's, in upper or lower case; NULL if there is none. */
const struct tls_group *tls_group_find(struct bytes name);

/* Returns the name of the group with this number: the row's, or "0x11ec" written into text if there is no
 * row. */
enum { TLS_GROUP_TEXT_BYTES = 8 };
const char *tls_group_name(uint16_t id, char text[TLS_GROUP_TEXT_BYTES]);

#endif
