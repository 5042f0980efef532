/*
 * Defines where the records of a scan go. The first sink is the scan directory (scanner/scan/records.h):
 * lines through the writer's thread into the store.
 *
 * Threads: certificate, host and domain are called by the loops' threads, several at once, each with the
 * index of its loop; reject by the feeder's. backlog and flush may be called by any thread. Only flush may
 * block. Ownership: what is handed over is gone after the call. Errors: a scan whose record is lost would
 * count wrongly, so that a sink which cannot take one ends the process (records_lost). What fails later, as
 * when the disk is full, is told by flush.
 */
#ifndef STSWEEP_SCAN_SINK_H
#define STSWEEP_SCAN_SINK_H

#include "output/json/json.h"

struct sink {
    void *arg;
    /* A certificate that a host or a domain refers to, which the same loop hands over after it. One and the
     * same may come many times. */
    void (*certificate)(void *arg, uint32_t loop, const struct cert_facts *certificate);
    /* A probe of a host's address, and what it says to an MTA-STS sender. A domain that refers to it comes
     * after it. */
    void (*host)(void *arg, uint32_t loop, const struct probe_facts *probe, enum failure_code code);
    void (*domain)(void *arg, uint32_t loop, const struct domain_facts *facts,
                   const struct judgement *judgement);
    /* A line of the input that is no name. An error ends the scan. */
    enum error (*reject)(void *arg, const struct reject_line *reject);
    /* How many bytes were handed over and are not written yet. No domain is started while they are many. */
    size_t (*backlog)(void *arg);
    /* Returns when all that was handed over is durable. */
    enum error (*flush)(void *arg);
};

#endif
