/*
 * Makes the search for records at the wrong name (TXT-9, RPT-2). It asks no more than NEAR_MISS_QUERIES
 * questions and judges nothing. It belongs to the domain's loop. A domain that has an MTA-STS record and no
 * TLSRPT record is asked for _smtp-tlsrpt.<d> alone; one without an MTA-STS record for
 *
 *   sign     a record at _smtp._tls; if there is none, A of mta-sts.<d>, and AAAA if A is NODATA. No sign:
 *            the search ends, after one question or two.
 *   places   side by side, in this order as far as the questions last: a label that nobody publishes (only
 *            if TXT stands at _mta-sts, else no wildcard covers it), <d>, mta-sts.<d>, _mta_sts.<d>, and
 *            _smtp-tlsrpt.<d> if _smtp._tls has no record.
 *
 * Records at _mta-sts and _smtp._tls themselves cost no question (sts/record, sts/tlsrpt).
 */
#ifndef STSWEEP_REACH_NEARMISS_H
#define STSWEEP_REACH_NEARMISS_H

#include "scanner/dns/lookup.h"

enum { NEAR_MISS_QUERIES = 5, NEAR_MISS_PLACES = 5 };

struct near_miss_place {
    struct near_miss_look *look;
    struct lookup_handle handle;
    struct txt_facts *facts;
};

/* Embedded in whoever asks. */
struct near_miss_look {
    struct lookup_engine *dns;
    struct arena *arena;
    struct domain_facts *facts;
    struct lookup_handle address;
    uint16_t address_type; /* under way or asked last */
    struct near_miss_place places[NEAR_MISS_PLACES];
    size_t place_count;
    unsigned asked;
    unsigned pending; /* places without an answer */
    void (*done)(void *arg);
    void *arg;
};

/* Is there reason to look: mail is received as far as known, and there is surely no MTA-STS record, or one
 * and surely no TLSRPT record? */
bool near_miss_is_due(const struct domain_facts *facts);

/*
 * Starts the search. facts has the domain and the answers of its three records; facts->near_miss gets what is
 * found. All that is given outlives the search. done is called exactly once unless cancelled, never from
 * inside.
 */
void near_miss_start(struct near_miss_look *look, struct lookup_engine *dns, struct arena *arena,
                     struct domain_facts *facts, void (*done)(void *arg), void *arg);

/* Ends the search: no callback comes after this. It is harmless when nothing is under way. */
void near_miss_cancel(struct near_miss_look *look);

#endif
