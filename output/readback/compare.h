/*
 * Compares two records of one domain, of two scans, and says what has changed for a sender. Pure. If one of
 * them is unknown, nothing counts as lost or broken (transient trouble is no verdict).
 */
#ifndef STSWEEP_READBACK_COMPARE_H
#define STSWEEP_READBACK_COMPARE_H

#include "output/readback/changes.h"
#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

enum { STAND_HOSTS_MOST = 8 };

/* An MX host that fails for a sender that honours MTA-STS, and why; or another fault of a host. */
struct stand_host {
    const char *host;
    enum failure_code code;
};

/* What senders do that have an earlier policy in their caches. */
struct stand_cached {
    bool there;             /* the record has one */
    bool open;              /* it could not be determined what they do */
    enum failure_code code; /* FAIL_CACHED_REFUSED, FAIL_CACHED_PARTIAL; else FAIL_NONE */
    enum cached_found found;
    int64_t since, sure_until, none_after; /* wall clock, ms; 0: none */
};

/* The parts of a domain record that are compared, and whom they belong to. */
struct stand {
    const char *domain;
    int64_t time; /* wall clock, ms; 0: the record has none */
    struct stand_cached cached;
    enum outcome outcome;
    enum outcome would_be; /* OUTCOME_NONE unless outcome is testing */
    const char *id;        /* "" for none */
    uint64_t body;         /* a hash of the policy that was served; 0: none that a sender would read */
    unsigned states[ASPECT_COUNT];
    enum failure_code fault;  /* why its record or its policy does not count; FAIL_NONE: both do, or it is not
                                 known */
    bool fault_is_record;     /* the fault is that of the record at _mta-sts */
    const char *policy_host;  /* "" if it is not known */
    enum failure_code tlsrpt; /* why its TLSRPT record does not count; FAIL_NONE as above */
    struct stand_host open;   /* the first that leaves open what a sender does; host NULL: a lookup of the
                                 domain's; code FAIL_NONE: there is none */
    struct stand_host dane[STAND_HOSTS_MOST]; /* the first that DANE does not protect */
    size_t dane_count;
    struct bytes label;   /* of the list; empty for none */
    const char *provider; /* who runs the most preferred MX host, by its short name; "" if it is not known */
    struct stand_host
        hosts[STAND_HOSTS_MOST]; /* the first that fail; by the earlier policy if cached.code says so */
    size_t host_count;
};

enum change {
    CHANGE_NONE,
    CHANGE_GAINED,   /* there was no MTA-STS, now there is */
    CHANGE_LOST,     /* the other way round */
    CHANGE_BROKE,    /* it got worse: mail is refused or skips hosts, or the policy does not count, more than
                        before */
    CHANGE_MENDED,   /* the other way round */
    CHANGE_OUTCOME,  /* another outcome or would_be, neither better nor worse in that sense */
    CHANGE_POLICY,   /* the same outcome, another policy or id */
    CHANGE_UNCLEAR,  /* it could not be determined in one of the scans */
    CHANGE_APPEARED, /* only in the new scan */
    CHANGE_GONE,     /* only in the old one */
    CHANGE_COUNT
};

const char *change_name(enum change change);

/* Reads a stored domain record (one line of JSON). *stand lives in arena. ERR_SYNTAX if it is none,
 * ERR_LIMIT if it is too deep or does not fit the arena, ERR_MEMORY. */
enum error stand_read(struct bytes line, struct arena *arena, struct stand *stand);

/* Says what changed; before or after may be NULL, not both. */
enum change stand_compare(const struct stand *before, const struct stand *after);

/* Says whether the record tells what senders do that have an earlier policy: it has one that was alive. */
bool stand_saw_cached(const struct stand *stand);

/* Returns after when nobody has the earlier policy any more (wall clock, ms): between sure_until and then,
 * nothing is certain. */
int64_t stand_none_after(const struct stand *stand);

/* Tells fast whether a record has one of the codes of cached.*: what it does say is for stand_read. */
bool stand_may_have_cached(struct bytes line);

/* Says whether anything got better or worse, over all aspects and the earlier policy: for delivery and for
 * protection the worst of the courses (worse before unclear before better). before and after stand. */
struct change_courses stand_courses(const struct stand *before, const struct stand *after);

/* What is said of a domain of two scans. */
struct stand_change {
    const struct stand *before, *after; /* NULL: it is not in that scan */
    const struct stand *one;            /* the newer of those that are there */
    enum change change;
    struct change_courses courses; /* neither if one of them is not there */
    bool keeps_id;
    bool is_told; /* anything changed, or it loses mail by an earlier policy */
};

/* Says all of it; before or after may be NULL, not both. */
struct stand_change stand_change(const struct stand *before, const struct stand *after);

/* Returns what an earlier policy does to the domain today, if it makes it lose mail; else NULL. */
const struct stand_cached *stand_change_victim(const struct stand_change *told);

/* Did it get worse? A policy that changed under the same id is worse, too: senders keep the old one. */
bool stand_change_is_worse(const struct stand_change *told);

/* Tells whether an aspect is another than it was, or the domain was not there. */
bool stand_change_has(const struct stand_change *told, unsigned aspect);

/* Tells whether another policy is served under the same id, so that senders keep the old one (RFC 8461
 * section 3.1): policy.weak.id-body-changed. */
bool stand_keeps_id(const struct stand *before, const struct stand *after);

#endif
