/*
 * Defines the policy that senders may still have in their caches (RFC 8461 sections 3.3 and 5.1), as an
 * earlier scan saw it, and what follows from it: a part of record.h (which includes this behind its enums),
 * whose rules of ownership and of texts hold here too.
 */
#ifndef STSWEEP_FACTS_RECORD_CACHED_H
#define STSWEEP_FACTS_RECORD_CACHED_H

#include "scanner/facts/record.h"

/* A fact: what a sender stored that asked at the time of the earlier scan. */
struct cached_policy {
    const char *id; /* of the record that it was fetched under */
    enum sts_mode mode;
    const char **mx; /* patterns, in lower case */
    size_t mx_count;
    uint32_t max_age; /* seconds */
    int64_t fetched;  /* wall clock, ms: the last fetch that saw it */
    int64_t since;    /* wall clock, ms: when a scan first found it gone; 0: none before this one has */
};

/* What such a sender finds when it looks whether there is a newer policy. */
enum cached_found {
    CACHED_NONE,       /* there is no earlier policy */
    CACHED_EXPIRED,    /* max_age is over: nobody goes by it for certain */
    CACHED_CURRENT,    /* the same id and the same policy, which lasts as long: it is today's */
    CACHED_RENEWED,    /* another id, and a policy that it takes in its place, whatever its mode */
    CACHED_SAME_ID,    /* the same id, while another policy is published, or the same for a shorter time, or
                          none: it does not even look */
    CACHED_NO_RECORD,  /* no record any more */
    CACHED_BAD_RECORD, /* a record that is none, or more than one */
    CACHED_UNFETCHED,  /* another id, and the policy cannot be fetched */
    CACHED_INVALID,    /* another id, and what is fetched is no policy */
    CACHED_UNKNOWN,    /* the lookup or the fetch failed for a transient reason, or was not made */
    CACHED_FOUND_COUNT
};

/* Returns the name that records use: "no-record", … */
const char *cached_found_name(enum cached_found found);

/* Says whether senders that have it go by it: they find nothing that they would take in its place. */
bool cached_is_kept(enum cached_found found);

/* What a sender that enforces a policy meets at the MX hosts, whatever policy is published. */
struct enforced {
    enum outcome outcome; /* PROTECTED, PARTIAL, REFUSED, UNKNOWN; NO_MAIL; NONE: there is none to enforce */
    bool incomplete;      /* as of struct judgement */
    enum failure_code *codes; /* in the order of facts->hosts: what fails at the host, or at an address of it;
                                 FAIL_NONE where all of it passes, and of placeholders */
    size_t host_count;
};

struct cached_verdict {
    enum cached_found found;
    struct enforced would_be; /* if found is unknown: PROTECTED or UNKNOWN, as nothing else is certain */
    int64_t since;            /* wall clock, ms: when it was first found gone; 0: it is not */
    int64_t sure_until;       /* likewise: until then a sender that asked at that fetch has it */
    int64_t none_after; /* likewise: nobody has it any more; 0: as long as it is not gone that is open */
};

#endif
