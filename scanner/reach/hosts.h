/*
 * Keeps what is known of MX hosts, looked up once for all domains that name them (single flight). The loop
 * that owns a host (by a hash of its name) asks for its addresses, for TLSA records if the addresses are
 * secure, and makes a STARTTLS probe of each address. A request is a message to the owner; the result comes
 * back as a message with a counted reference.
 *
 * Results stay in a cache bounded by scan.cache, so that a (host, IP) is not probed twice. Once the DNS
 * answers in one have run out, they are asked for anew (scanner/reach/hostlookups), and only an address that
 * is new is probed, or one that is due a second look (TLS-7). If a date of its certificates has passed since
 * an address was probed, it is probed anew when the next domain asks, HOST_LOOKS_ANEW_MOST times at most.
 */
#ifndef STSWEEP_REACH_HOSTS_H
#define STSWEEP_REACH_HOSTS_H

#include "scanner/base/slots.h"
#include "scanner/reach/hostresult.h"
#include "scanner/reach/looks.h"

struct worker;
struct hosts;

/* The callee gets a reference. It is called exactly once for each request that is not cancelled, never from
 * inside hosts_request. */
typedef void (*host_ready)(void *arg, struct host_result *result);

struct hosts *hosts_create(struct worker *worker);
void hosts_destroy(struct hosts *hosts);

/* A new pass has begun: hosts of which something could not be determined are looked at anew when asked
 * for. */
void hosts_new_pass(struct hosts *hosts);

/* What failed of late may have been this machine's own fault: hosts are looked at anew likewise, but what was
 * seen at an address stands if the session began after that was over (worker_doubted_until_ms), if no other
 * try would find more, or if it was a reply. */
void hosts_doubt(struct hosts *hosts);

/* STARTTLS is taken out on our own way: hosts that lacked it are looked at anew when asked for. */
void hosts_forget_unoffered(struct hosts *hosts);

struct host_request {
    const char *host; /* copied */
    bool intent;      /* the domain that asks has an MTA-STS record, so that smtp.probe = intent probes too */
    /* What was seen at these looks (copied) is known to the asker: these addresses are probed anew, and no
     * others. If such a look is under way for others, its result comes as it is. NULL: none. */
    const struct looks_again *again;
    struct trace *trace; /* of the domain that asks, or NULL */
    host_ready ready;
    void *arg;
};

/* Asks for a host's result. A zeroed handle means out of memory. */
struct handle hosts_request(struct worker *worker, const struct host_request *request);
void hosts_cancel(struct worker *worker, struct handle handle);

#endif
