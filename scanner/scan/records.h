/*
 * From facts to lines for the writer: domain, host and certificate records. Each loop has a buffer of its
 * own, so that all loops may call at once.
 */
#ifndef STSWEEP_SCAN_RECORDS_H
#define STSWEEP_SCAN_RECORDS_H

#include "scanner/facts/record.h"
#include "scanner/scan/writer.h"

struct records {
    struct writer *writer; /* borrowed */
    struct buf *lines;     /* one for each loop */
    uint32_t count;
};

/* count: of loops. */
enum error records_init(struct records *records, uint32_t count);
void records_dispose(struct records *records);

/* A probe that was made, and the certificates that it saw; what domain records refer to must be there:
 * without memory for them the process ends, resumable. */
void records_host(struct records *records, uint32_t loop, const struct probe_facts *probe);

/* A domain, and its policy host's certificates. A record that cannot be made would make the denominators
 * wrong: likewise. None can be too large (scanner/facts/record_kept.h). */
void records_domain(struct records *records, uint32_t loop, const struct domain_facts *facts,
                    const struct judgement *judgement);

/* Says that a domain's record is lost, and ends the process. */
_Noreturn void records_lost(const char *domain);

#endif
