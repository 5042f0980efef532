/*
 * Looks at one MX host: asks for its addresses, for the TLSA records if the addresses are secure, and probes
 * each address. What an earlier look found and still holds is not asked for again. A look belongs to the loop
 * that owns the host, which keeps it among those of hosts.h.
 */
#ifndef STSWEEP_REACH_HOSTLOOK_H
#define STSWEEP_REACH_HOSTLOOK_H

#include "scanner/reach/addresses.h"
#include "scanner/reach/hostprobes.h"
#include "scanner/reach/tlsa.h"

enum host_look_state {
    HOST_LOOK_NEW,
    HOST_LOOK_ADDRESSES,
    HOST_LOOK_TLSA,
    HOST_LOOK_PROBES,
    HOST_LOOK_ADOPTS, /* has TLSA records, and waits for the look that probes it (smtp.probe = intent) */
    HOST_LOOK_READY
};

struct host_look {
    struct worker *worker;
    struct trace *trace; /* of a domain that asked and is traced; or NULL */
    char *host;          /* owned */
    bool probe;          /* is it to be probed? */
    bool intent;         /* a domain with an MTA-STS record asked: the budget of names is no bar */
    enum host_look_state state;
    struct host_result *result;  /* a counted reference; whole once ready */
    struct host_result *earlier; /* what is known already, if a look is repeated; or NULL */
    struct looks_again again;    /* what of that is looked at once more; the list is owned */
    struct address_query address;
    struct tlsa_query tlsa;
    struct host_probes probes;
    struct handle adopts;
    void (*done)(void *arg);
    void *arg;
};

/* Begins; all but the states' own members is filled in. done is called exactly once unless the look is
 * disposed of before; from inside if there is nothing to wait for. */
void host_look_start(struct host_look *look);

/* Ends what is under way without a callback, and frees what it owns. */
void host_look_dispose(struct host_look *look);

#endif
