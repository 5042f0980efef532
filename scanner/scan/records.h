/*
 * Makes the scan directory a sink (sink.h): facts become lines for the writer. Each loop has buffers of its
 * own, so that all loops may call at once.
 */
#ifndef STSWEEP_SCAN_RECORDS_H
#define STSWEEP_SCAN_RECORDS_H

#include "scanner/scan/sink.h"
#include "scanner/scan/writer.h"

/* What a loop makes lines with. */
struct records_loop {
    struct buf line;
    struct buf packed;  /* what is counted of it in groups */
    struct arena arena; /* of packing */
};

struct records {
    struct writer *writer; /* borrowed */
    bool packs;            /* groups are counted */
    struct records_loop *loops;
    uint32_t count;
    struct buf reject; /* the feeder's */
};

/* Makes buffers for each of count loops. packs: groups are counted of what is written. */
enum error records_init(struct records *records, struct writer *writer, bool packs, uint32_t count);
void records_dispose(struct records *records);

/* Returns the sink, good as long as records. Without memory for a record the process ends, and the scan can
 * be resumed. No record can be too large, nor what is packed of it
 * (scanner/facts/record_kept.h; tests/unit/reach/test_kept.c). */
struct sink records_sink(struct records *records);

/* Says that a domain's record is lost, and ends the process. */
_Noreturn void records_lost(const char *domain);

#endif
