/*
 * Counts what a report tells of a scan, a record at a time: denominators and outcomes, whole and by rank,
 * groups, DANE, STARTTLS and TLSRPT beside them, TLS versions and groups of the hosts, certificates that end
 * soon. Memory does not grow with the scan: groups beyond theirs go to temporary files. One thread. A line
 * may be anybody's: who counts it is told if it is no record.
 */
#ifndef STSWEEP_REPORT_REPORT_COUNT_H
#define STSWEEP_REPORT_REPORT_COUNT_H

#include "output/readback/group_top.h"
#include "output/store/summary.h"

/* What groups may take of memory, and how many of each kind are told. */
enum { REPORT_GROUPS_BYTES = 64 << 20, REPORT_GROUPS_TOLD = 200 };

/* Ranks by the power of ten that they do not exceed. */
enum report_rank { RANK_1K, RANK_10K, RANK_100K, RANK_1M, RANK_MORE, RANK_NONE, RANK_COUNT };

enum report_tlsrpt { TLSRPT_GOOD, TLSRPT_BROKEN, TLSRPT_ABSENT, TLSRPT_UNKNOWN, TLSRPT_COUNT };

/* A word and how often it came, as TLSv1.3. Those that do not fit are counted together. */
enum { REPORT_WORDS = 24, REPORT_WORD_BYTES = 40 };

struct report_words {
    struct {
        char word[REPORT_WORD_BYTES];
        uint64_t count;
    } rows[REPORT_WORDS];
    size_t count;
    uint64_t others;
};

/* A certificate that ends soon. Texts are as its record has them, cut. */
enum { REPORT_CERTS = 50, REPORT_NAME_BYTES = 128, REPORT_SOON_DAYS = 30 };

struct report_cert {
    char sha256[65];
    char name[REPORT_NAME_BYTES]; /* its first DNS name, else its subject */
    int64_t ends;                 /* not_after, ms since 1970 */
};

struct report_counts {
    struct summary summary; /* of what was counted; denominators and sample are the caller's to set */
    /* Lines that are no records, also those of an outcome that is not known, and of them those of domains:
     * the caller's to set as well. */
    uint64_t unreadable, unreadable_domains;
    uint64_t cached_beside; /* neither refused nor partial, but by an earlier policy that senders have */
    uint64_t ranks[RANK_COUNT][OUTCOME_COUNT];
    uint64_t tlsrpt[TLSRPT_COUNT];
    struct group_counts *groups;
    struct group_top tops[GROUP_KIND_COUNT]; /* filled in by report_count_end */
    struct group_record record;              /* read last */
    struct arena arena;                      /* of it */
    uint64_t addresses, with_tls;            /* looked at by SMTP; of them, those whose handshake was done */
    struct report_words versions, tls_groups;
    uint64_t certs, certs_soon, certs_over; /* of servers; of them, those that end within REPORT_SOON_DAYS,
                                               and that had ended */
    struct report_cert soon[REPORT_CERTS];  /* the first to end */
    size_t soon_count;
    int64_t now; /* the scan's time, ms: what soon means */
};

/* now: as above. ERR_MEMORY; report_count_dispose is fine after any. */
enum error report_count_init(struct report_counts *counts, int64_t now);
void report_count_dispose(struct report_counts *counts);

/* Count a record of each kind. ERR_SYNTAX or ERR_LIMIT if the line is none; ERR_FULL, ERR_IO, ERR_MEMORY,
 * with *why if there is one to be given. */
enum error report_count_domain(struct report_counts *counts, struct bytes line, group_provider provider,
                               struct buf *why);
enum error report_count_host(struct report_counts *counts, struct bytes line);
enum error report_count_cert(struct report_counts *counts, struct bytes line);

/* Puts the groups in order; nothing is counted afterwards. Errors as above. */
enum error report_count_end(struct report_counts *counts, struct buf *why);

const char *report_rank_name(enum report_rank rank); /* "1 to 1,000" */

#endif
