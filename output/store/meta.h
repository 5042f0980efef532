/*
 * meta.json: everything needed to understand a scan later. Written when a scan starts, when its input has
 * been read, and when it ends; read by resume, which refuses another input or configuration and says which
 * differs.
 */
#ifndef STSWEEP_STORE_META_H
#define STSWEEP_STORE_META_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/machine.h"

struct meta_input {
    const char *path;
    uint64_t bytes, lines, inputs;
    const char *sha256;
};

struct meta_option {
    const char *name; /* "dns.timeout" */
    const char *value;
    const char *initial; /* its default: what a scan had that was started when there was no such option */
    bool may_change;     /* on resume: speeds, timeouts and limits may, what decides content may not */
};

/* The end of the scan, after the last name was handed out: what the domains still under way waited for. */
enum { META_TAIL_REASONS = 6 };

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
    uint32_t runs;                /* 1, and one more for each resume */
    const char *host;
    const char *command; /* the command line */
    uint64_t seed;
    const struct meta_input *inputs;
    size_t input_count;
    const struct meta_option *options;
    size_t option_count;
    const struct machine_library *libraries;
    size_t library_count;
    const struct machine_line *preflight;
    size_t preflight_count;
    const struct machine_line *events; /* what befell this machine in this run */
    size_t event_count;
    struct meta_tail tail;
    const char *resolver; /* "embedded" or the list */
};

bool meta_json(struct buf *out, const struct meta *meta);

enum { META_VERSION_BYTES = 32 };

struct meta_stored {
    uint32_t rules;                   /* RECORD_RULES of the program that judged; 0 where none stand */
    char version[META_VERSION_BYTES]; /* of that program, printable; "?" where it does not stand */
    uint64_t seed;
    uint32_t runs;
    int64_t started_ms;
    size_t input_count; /* input files that it describes: 0 until they have been read */
    char state[16];
};

/* What stands in a meta.json. ERR_CORRUPT with *why where it is none of this schema. */
enum error meta_read(struct bytes stored, struct meta_stored *found, struct buf *why);

/* Whether this program may add records to the scan of this text. ERR_RULES, with *why in one line that says
 * which program may, where schema or rules are others; ERR_CORRUPT with *why. */
enum error meta_may_go_on(struct bytes stored, struct buf *why);

/* Stored text with another state and no end. false: out of memory, or it is no object. */
bool meta_with_state(struct bytes stored, const char *state, struct buf *out);

/* Had the input been read to its end, so that its rejects are complete? Not in state "reading", and not where
 * a scan was stopped before its inputs could be described. */
bool meta_input_was_read(const struct meta_stored *stored);

/* Reads stored text and compares: ERR_RULES as meta_may_go_on; ERR_MISMATCH with *why naming what differs (an
 * option that may not change, an input's size or SHA-256 once "scanning"). An option that may not change and
 * that does not stand there counts as at its default. inputs of `now` may be absent (input_count 0) when not
 * yet read. Also gives what a resume needs. */
enum error meta_compare(struct bytes stored, const struct meta *now, struct meta_stored *found,
                        struct buf *why);

#endif
