/*
 * The way back: a record's line (docs/schema.json) to the facts that it was made of, complete enough that
 * verdict_judge gives the judgement that it gave when the domain was scanned. Pure. A line may come from
 * anybody: whatever it holds, the answer is facts within the ceilings or an error with its reason.
 *
 * Everything that the facts point to lives in arena, nothing in line. What a line leaves out is zero, as it
 * was when it was written; negative answers have no TTL. One parse needs at most READ_ARENA_BYTES beside the
 * certificates and host records that facts_complete adds.
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
 * A domain record. The probes of its hosts hold host, address and not_tried alone, certificates their SHA-256
 * alone: facts_complete finds the rest. ERR_SYNTAX (no such record, *why says which field), ERR_LIMIT (line
 * or arena too large), ERR_MEMORY.
 */
enum error facts_read_domain(struct bytes line, struct arena *arena, struct domain_facts *facts,
                             struct buf *why);

/* A host record: one probe; its certificates hold their SHA-256 alone. */
enum error facts_read_host(struct bytes line, struct arena *arena, struct probe_facts *probe,
                           struct buf *why);

enum error facts_read_cert(struct bytes line, struct arena *arena, struct cert_facts *cert, struct buf *why);

/* From these rules on a domain's record names the probe that it was judged by (RECORD_RULES). */
enum { RULES_NAME_PROBES = 6 };

/* The probe that a domain was judged by. */
struct probe_wanted {
    const char *host;
    struct ip_addr ip;
    int64_t time; /* that the domain's record names it by; 0: by none, as it is the first of its address */
    int64_t until_ms; /* the end of the domain's scan (wall clock) */
};

/* Where host and certificate records are found (output/readback/facts_index). *line holds until the next
 * call. */
struct facts_source {
    void *arg;
    bool untimed; /* the rules of the scan were below RULES_NAME_PROBES */
    enum error (*host)(void *arg, const struct probe_wanted *wanted, struct bytes *line);
    enum error (*cert)(void *arg, const uint8_t sha256[32], struct bytes *line);
};

/* What could not be found: a record that was lost, or that an unfinished scan has not written yet. */
struct facts_gaps {
    size_t hosts;
    size_t certs;
};

/*
 * Fills in probes and certificates. What the source does not know (ERR_NOT_FOUND) or what is no record is
 * counted in *gaps, and the facts are then not to be judged; any other error of the source ends it.
 */
enum error facts_complete(struct domain_facts *facts, const struct facts_source *source, struct arena *arena,
                          struct facts_gaps *gaps, struct buf *why);

/* The same for one probe's certificates. */
enum error facts_complete_probe(struct probe_facts *probe, const struct facts_source *source,
                                struct arena *arena, struct facts_gaps *gaps, struct buf *why);

#endif
