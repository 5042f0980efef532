/*
 * Reads the input once: names go into the source, lines that are no names into the sink, and what is left out
 * by choice or opted out is counted. A shard takes its own part of the names and of the rejects. It runs to
 * its end on the thread that calls it, the feeder's.
 */
#ifndef STSWEEP_SCAN_INTAKE_H
#define STSWEEP_SCAN_INTAKE_H

#include <stdatomic.h>
#include <stdio.h>

#include "scanner/facts/optout.h"
#include "scanner/scan/sink.h"
#include "scanner/scan/spooled.h"

/* How far it is, for any thread. */
struct intake_seen {
    atomic_uint_fast64_t bytes;    /* of the files that were read, as stored */
    atomic_uint_fast64_t of_bytes; /* of all files; 0: that cannot be told */
    atomic_uint_fast64_t inputs;   /* names and rejects */
    atomic_int_fast64_t began_ms;  /* monotonic; 0: not yet */
};

struct intake_options {
    struct input_asked asked;
    struct input_file *files; /* path is set, and the form in a resume; the rest is filled in */
    size_t file_count;
    uint64_t at_least; /* names over all files that filter and limit leave; if not 0, each file has one */
    const struct optout *optout;
    uint64_t *opted_by; /* by entry of it, how many names opted out; zeroed. NULL: nobody wants to know */
    const struct store *store; /* what is done already; read only */
    bool reduce;               /* to registrable domains */
    bool rejects_done;         /* they stand in the store already and are only counted */
    struct spooled *names;
    struct choice *choice; /* NULL: all names */
    struct sink sink;
    struct intake_seen *seen;
    FILE *out;                  /* says what each list was taken for; NULL: nobody is told */
    bool (*stopped)(void *arg); /* looked at between lines; true ends it with ERR_STOPPED */
    void *stopped_arg;
};

struct intake_counts {
    uint64_t inputs; /* of all shards; what follows is of ours */
    uint64_t rejects;
    uint64_t rejected[FAIL_COUNT]; /* the same by their code */
    uint64_t opted_out;
    uint64_t reduced; /* names that stand for the registrable domain above them */
};

/* Reads all files. On failure *why says "file:line: reason"; ERR_CONFIG if one is no list. */
enum error intake_read(const struct intake_options *options, struct intake_counts *counts, struct buf *why);

/* Refuses lists that have been read and hold too few names, or too few that filter and limit leave,
 * ERR_CONFIG with *why: an export that failed and a filter that is mistyped leave such, and a scan of them
 * would end as a success. What a shard or a sample leaves out was there. */
enum error intake_check(const struct intake_options *options, struct buf *why);

#endif
