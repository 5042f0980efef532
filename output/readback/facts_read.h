/*
 * Turns a record's line (docs/schema.json) back into the facts that it was made of, complete enough that
 * verdict_judge gives the judgement that it gave when the domain was scanned. Pure. A line may come from
 * anybody: whatever it holds, the answer is facts within the ceilings or an error with its reason.
 *
 * Everything that the facts point to lives in arena, nothing in line. Members that a line leaves out are
 * zero, as they were when it was written; negative answers have no TTL. One parse needs at most
 * READ_ARENA_BYTES beside the certificates and host records that facts_complete adds.
 */
#ifndef STSWEEP_READBACK_FACTS_READ_H
#define STSWEEP_READBACK_FACTS_READ_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"
#include "scanner/facts/record_kept.h"

enum { READ_ARENA_BYTES = 64 << 20, READ_LINE_BYTES = RECORD_LINE_BYTES };

/*
 * Reads a domain record. The probes of its hosts hold host, address and not_tried alone, certificates their
 * SHA-256 alone: facts_complete finds the rest. ERR_SYNTAX (no such record, *why says which field), ERR_LIMIT
 * (line or arena too large), ERR_MEMORY.
 */
enum error facts_read_domain(struct bytes line, struct arena *arena, struct domain_facts *facts,
                             struct buf *why);

/* Read a host record, which is one probe whose certificates hold their SHA-256 alone, and a certificate
 * record. */
enum error facts_read_host(struct bytes line, struct arena *arena, struct probe_facts *probe,
                           struct buf *why);

enum error facts_read_cert(struct bytes line, struct arena *arena, struct cert_facts *cert, struct buf *why);

/* From these rules on a domain's record names the probe that it was judged by (RECORD_RULES). */
enum { RULES_NAME_PROBES = 6 };

/* The probe that a domain was judged by. */
struct probe_wanted {
    const char *host;
    struct ip_addr ip;
    int64_t time; /* by which the domain's record names it; 0: by none, as it is the first of its address */
    int64_t until_ms; /* the end of the domain's scan (wall clock) */
};

/* It finds host and certificate records (output/readback/facts_index). *line holds until the next call. */
struct facts_source {
    void *arg;
    bool untimed; /* the rules of the scan were below RULES_NAME_PROBES */
    enum error (*host)(void *arg, const struct probe_wanted *wanted, struct bytes *line);
    enum error (*cert)(void *arg, const uint8_t sha256[32], struct bytes *line);
    struct facts_certs
        *certs; /* keeps those that were read last; NULL: they are read each time, into the arena */
};

/* Counts records that could not be found: they were lost, or an unfinished scan has not written them yet. */
struct facts_gaps {
    size_t hosts;
    size_t certs;
};

/*
 * Fills in probes and certificates. Those that the source does not know (ERR_NOT_FOUND), or that are no
 * record, are counted in *gaps, and the facts are then not to be judged; any other error of the source ends
 * it.
 */
enum error facts_complete(struct domain_facts *facts, const struct facts_source *source, struct arena *arena,
                          struct facts_gaps *gaps, struct buf *why);

/* Does the same for one probe's certificates. */
enum error facts_complete_probe(struct probe_facts *probe, const struct facts_source *source,
                                struct arena *arena, struct facts_gaps *gaps, struct buf *why);

#endif
