/*
 * Says what kinds of change a domain has gone through since an earlier scan, counts them, and keeps the first
 * of each kind for a table: the gravest, then by name. Memory is bounded.
 */
#ifndef STSWEEP_REPORT_REPORT_CHANGES_H
#define STSWEEP_REPORT_REPORT_CHANGES_H

#include "output/readback/causes.h"
#include "output/readback/worse_groups.h"

/* In the order in which they are told. A domain may be of several. */
enum report_change_kind {
    CHANGED_VICTIM,     /* loses mail by an earlier policy, changed or not */
    CHANGED_DELIVERY,   /* worse for delivery */
    CHANGED_PROTECTION, /* worse for protection */
    CHANGED_SAME_ID,    /* another policy under the same id, which senders do not fetch */
    CHANGED_BETTER,     /* better for one of them */
    CHANGED_NEW,
    CHANGED_GONE,
    CHANGED_KINDS
};

enum { CHANGES_TOLD = 50, CHANGE_DOMAIN_BYTES = 256, CHANGE_LABEL_BYTES = 128, CHANGE_PROVIDER_BYTES = 64 };

/* A domain that changed; texts are as the records have them, cut. */
struct report_change {
    char domain[CHANGE_DOMAIN_BYTES];
    uint8_t label[CHANGE_LABEL_BYTES], label_len;
    char provider[CHANGE_PROVIDER_BYTES];
    char host[CHANGE_DOMAIN_BYTES]; /* of the cause: an MX host or the policy host; "" for a record */
    enum failure_code cause;        /* the first (causes.h); FAIL_NONE: none is known */
    enum failure_code was_cached, is_cached;
    int64_t sure_until;   /* of is_cached: wall clock, ms */
    uint16_t more_causes; /* beside the first */
    uint8_t kinds;        /* bits of report_change_kind; 0: none of them */
    uint8_t gravity;      /* of the outcome, or by the earlier policy; the gravest 0 */
    bool was_there, is_there;
    uint8_t was[ASPECT_COUNT], is[ASPECT_COUNT]; /* states */
};

/* Makes it of what the comparison says. */
struct report_change report_change_of(const struct stand_change *told);

struct report_change_table {
    struct report_change *rows; /* CHANGES_TOLD of them */
    size_t count;
};

struct report_changes {
    uint64_t counts[CHANGED_KINDS];
    uint64_t unclear; /* domains of which it could not be told whether they are better or worse */
    struct report_change_table tables[CHANGED_KINDS];
    struct worse_groups worse;
};

/* ERR_MEMORY. report_changes_dispose is fine after any. */
enum error report_changes_init(struct report_changes *changes);
void report_changes_dispose(struct report_changes *changes);

/* Counts a domain and keeps it if there is room; change is made of told. ERR_FULL, ERR_IO, ERR_MEMORY with
 * *why. */
enum error report_changes_add(struct report_changes *changes, const struct stand_change *told,
                              const struct report_change *change, struct buf *why);

/* Ends the counting. Errors as above. */
enum error report_changes_end(struct report_changes *changes, struct buf *why);

#endif
