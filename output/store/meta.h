/*
 * Writes meta.json, which holds everything needed to understand a scan later. It is written when a scan
 * starts, when its input has been read, and when it ends. output/readback/meta_read reads it.
 */
#ifndef STSWEEP_STORE_META_H
#define STSWEEP_STORE_META_H

#include "output/readback/meta_read.h"
#include "scanner/base/buf.h"
#include "scanner/facts/counters.h"
#include "scanner/facts/machine.h"

/* The tail of the scan, after the last name was handed out: it counts what the domains still under way waited
 * for. */
enum { META_TAIL_REASONS = 6 };

struct json;

struct meta_tail {
    bool known;
    int64_t ms;
    uint64_t domains;
    struct {
        const char *name;
        uint64_t domains;
    } reasons[META_TAIL_REASONS];
};

struct meta {
    const char *tool_version;
    const char *state;            /* "reading", "scanning", "stopped", "done" */
    int64_t started_ms, ended_ms; /* wall clock; ended 0 while it runs */
    int64_t resumed_ms;           /* likewise, of this run; 0 in the first */
    uint32_t runs;                /* 1, and one more for each resume */
    const char *host;
    const char *command; /* the command line */
    uint64_t seed;
    struct meta_asked asked;
    const struct machine_library *libraries;
    size_t library_count;
    const struct machine_line *preflight;
    size_t preflight_count;
    const struct machine_line *events; /* what befell this machine in this run */
    size_t event_count;
    const struct counters *counters; /* of all loops in this run, once it has ended; or NULL */
    struct meta_tail tail;
    const struct amount *amounts; /* AMOUNT_STREAMS: what the record files hold; or NULL */
    const char *resolver;         /* "embedded" or the list */
    struct bytes stored;          /* the text that the run before this one left; empty in the first run */
};

bool meta_json(struct buf *out, const struct meta *meta);

/* Writes what is known of the amounts as a member of an object; nothing for NULL. */
void meta_put_amounts(struct json *json, const struct amount *amounts);

/* Writes stored text with another state, no end and no amounts. false: out of memory, or not a text that
 * meta_json writes. */
bool meta_with_state(struct bytes stored, const char *state, struct buf *out);

#endif
