/*
 * Takes the domains that the loops have judged into the sink, or puts them off to the next pass (passes.h).
 * Either way they are counted. All of it runs on the loops' threads, several at once.
 */
#ifndef STSWEEP_SCAN_HANDOVER_H
#define STSWEEP_SCAN_HANDOVER_H

#include "scanner/scan/crowds.h"
#include "scanner/scan/feeder.h"
#include "scanner/scan/putoff.h"
#include "scanner/scan/tail.h"

struct handover {
    struct feeder *feeder;
    struct sink sink;
    struct put_off put_off;
    struct tail tail;
    struct crowds *crowds; /* whom to tell of crowded addresses; NULL: nobody */
};

/* Begins with nothing handed over. */
void handover_init(struct handover *handover);

/* Returns the results for the workers, good as long as handover; feeder and sink are set before a result
 * comes. */
struct results handover_results(struct handover *handover);

#endif
