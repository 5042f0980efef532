/*
 * Defines how a connection ended, why there was none, and what a policy's fetch showed: a part of record.h,
 * whose rules of ownership and of texts hold here too.
 */
#ifndef STSWEEP_FACTS_RECORD_FETCH_H
#define STSWEEP_FACTS_RECORD_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/bytes.h"
#include "scanner/base/ip.h"
#include "scanner/facts/record_dns.h"
#include "scanner/facts/record_tls.h"

enum net_error {
    NET_OK,
    NET_REFUSED,
    NET_TIMEOUT,
    NET_RESET,
    NET_UNREACHABLE,
    NET_RESOURCES,
    NET_OTHER,
    NET_ERROR_COUNT
};

enum not_tried {
    TRIED,
    NOT_TRIED_OFF,  /* by configuration */
    NOT_TRIED_PACE, /* limits.wait */
    NOT_TRIED_OPTOUT,
    NOT_TRIED_NO_FAMILY,
    NOT_TRIED_PAUSED,          /* it broke off while this process was paused, so that nothing was seen */
    NOT_TRIED_NO_ROUTE,        /* this machine has none, or no address to send from any more */
    NOT_TRIED_SPECIAL_ADDRESS, /* safety.allow does not list it */
    NOT_TRIED_NO_ADDRESS,
    NOT_TRIED_DEAD,         /* the address timed out before, in this pass */
    NOT_TRIED_PORT_BLOCKED, /* nobody's port 25 can be reached from this machine */
    NOT_TRIED_BUDGET,       /* limits.names_per_ip */
    NOT_TRIED_STUCK,        /* an earlier run of the scan came to a standstill at the address */
    NOT_TRIED_ELSEWHERE,    /* it is the matter of another stage, or of another part of a plan
                               (docs/internals/stages.md) */
    NOT_TRIED_COUNT
};

enum fetch_step {
    FETCH_NONE,
    FETCH_CONNECT,
    FETCH_TLS,
    FETCH_HEADERS,
    FETCH_BODY,
    FETCH_DONE,
    FETCH_STEP_COUNT
};

/* What became of the content coding of an answer (RFC 9110 section 8.4). */
enum fetch_decoding {
    FETCH_NOT_CODED,
    FETCH_DECODED,          /* body is what came of it, also if it was cut on the way or by a ceiling */
    FETCH_CODING_UNKNOWN,   /* body is as it came */
    FETCH_CODING_TOO_LARGE, /* more comes of it than is read of a policy; body is its beginning, if any of it
                               came */
    FETCH_CODING_BROKEN,    /* body is what came of it before the fault */
    FETCH_DECODING_COUNT
};

struct fetch_facts {
    enum not_tried not_tried;
    enum fetch_step step; /* where it ended; FETCH_DONE if a whole answer came */
    enum net_error net;   /* what ended it, if the network did */
    bool deadline;        /* our deadline ended it */
    bool too_large;       /* policy.max_bytes ended it, or the ceiling of its headers */
    bool truncated;       /* the peer ended it inside the body */
    bool protocol;        /* the answer is not HTTP */
    bool http2;           /* what came is a frame of HTTP/2, or 426 asks for that version */
    bool bad_length;      /* Content-Length has two values, or one that is no number or folded */
    bool flooded;         /* we ended it: more without data came than any honest peer sends */
    struct ip_addr ip;    /* the address that the facts are about */
    int64_t time;         /* wall clock at its start, ms; 0: not tried, or the record lacks it */
    struct tls_facts tls;
    int http_status;        /* 0 if none came */
    const char *redirect;   /* target of a 3xx, escaped, or NULL */
    const char *media_type; /* value of Content-Type, escaped, or NULL */
    const char
        *signs; /* header lines by which a guard against bots is told, escaped, between "; "; or NULL */
    const char *coding; /* values of Content-Encoding, escaped, between ", ", or NULL */
    enum fetch_decoding decoding;
    struct bytes body;   /* as read and decoded, up to POLICY_BYTES_JUDGED */
    uint64_t body_bytes; /* how many bytes that was, if more than body has; else 0 */
    uint32_t ms;
};

struct policy_facts {
    const char *host; /* mta-sts.<domain> */
    struct address_facts address;
    struct fetch_facts fetch;
};

/* Tells whether a policy was asked for, or was to be: then a record has "policy". */
static inline bool policy_was_looked_for(const struct policy_facts *policy)
{
    return policy->address.a.status != DNS_NOT_ASKED || policy->address.aaaa.status != DNS_NOT_ASKED ||
           policy->fetch.step != FETCH_NONE || policy->fetch.not_tried != TRIED;
}

#endif
