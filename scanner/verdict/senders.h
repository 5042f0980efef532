/* The table of senders (senders.def). Pure. */
#ifndef STSWEEP_VERDICT_SENDERS_H
#define STSWEEP_VERDICT_SENDERS_H

#include "scanner/facts/record.h"

/* Whether a way of delivering asks for TLSA records. */
enum sender_dane { DANE_NEVER, DANE_SIGNED_MX, DANE_ANY_MX };

struct sender_way {
    enum sender_dane dane;
    bool mta_sts;
};

const struct sender_way *sender_way(enum sender_kind kind);

/* Returns the rows, in the table's order. */
const struct sender *senders_all(size_t *count);

#endif
