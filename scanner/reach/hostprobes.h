/*
 * Probes the addresses of one MX host and turns what is seen into facts. It makes a probe run for each
 * address, and says which of them limits.names_per_ip leaves out and which need none because an earlier look
 * at the host holds. HOST_PROBES_AT_A_TIME of the runs are under way at a time, in the order of the
 * addresses; with all_at_once (check), when nobody else waits for a place, all of them. The probes belong to
 * the loop that owns the host.
 */
#ifndef STSWEEP_REACH_HOSTPROBES_H
#define STSWEEP_REACH_HOSTPROBES_H

#include "scanner/reach/hostresult.h"
#include "scanner/reach/looks.h"
#include "scanner/reach/proberun.h"

enum { HOST_PROBES_AT_A_TIME = 2 };

struct host_probes {
    struct worker *worker;
    struct trace *trace;             /* or NULL */
    struct host_result *result;      /* whose addresses these are; borrowed */
    struct host_result *earlier;     /* a counted reference: what was probed then is not probed again, unless
                                        other TLSA records stand or a date has passed; or NULL */
    const struct looks_again *again; /* borrowed: what of that is looked at once more */
    struct probe_run *runs;
    size_t run_count;
    size_t next;      /* the first that has not been looked at yet */
    size_t under_way; /* runs */
    bool starting;    /* keeps a run that ends from inside from starting the next */
    bool catching_up; /* only those that the budget left out */
    enum probe_leave leave;
    int64_t now; /* wall clock at the start, ms */
    void (*done)(void *arg);
    void *arg;
};

/* Starts the probes. done is called exactly once unless they are disposed of before; from inside if there is
 * nothing to wait for. earlier is taken over and may be NULL; trace is borrowed and may be NULL; again is
 * borrowed and must outlive the probes. */
void host_probes_start(struct host_probes *probes, struct worker *worker, struct trace *trace,
                       struct host_result *result, struct host_result *earlier,
                       const struct looks_again *again, enum probe_leave leave, void (*done)(void *arg),
                       void *arg);

/* After done, if the host turns out to be one that is always probed: probes the addresses that the budget
 * left out. Returns false if there are none; else done is called again. */
bool host_probes_catch_up(struct host_probes *probes);

/* After done: puts the facts into the result, and hands each address's probe to worker.h's results. */
void host_probes_publish(struct host_probes *probes);

/* Ends what is under way without a callback. */
void host_probes_dispose(struct host_probes *probes);

/* Has a date of a certificate passed since a probe showed it, so that the address is to be probed anew
 * (TLS-7)? now: wall clock, ms. */
bool host_probes_outdated(const struct host_result *result, int64_t now);

/* Can what was seen by the earlier TLSA records be judged by those that stand now? Not by others: keys and
 * records are changed together. */
bool host_probes_hold(const struct tlsa_facts *earlier, const struct tlsa_facts *now);

/* Had an address of the host no turn, or this machine no route to it? Either may pass. */
bool host_probes_may_come(const struct host_facts *facts);

/* Did the budget leave out an address of the host? */
bool host_probes_left_out(const struct host_facts *facts);

#endif
