/*
 * Reads lists of domains: plain lines or CSV (rank,domain[,label]), each also .gz or .zst, or standard input.
 * It streams, so that memory does not grow with the list. Every line ends in exactly one call of the sink, or
 * is blank or a comment.
 */
#ifndef STSWEEP_INPUT_INPUT_H
#define STSWEEP_INPUT_INPUT_H

#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/failure.h"

enum input_format { INPUT_AUTO, INPUT_PLAIN, INPUT_CSV };

/* A good name. Pointers are valid during the call. */
struct input_name {
    uint64_t ordinal;   /* 1-based over all files; rejects count too */
    const char *domain; /* A-labels, lower case, no trailing dot */
    uint32_t rank;      /* 0 for none */
    const char *label;  /* or NULL; at most 255 bytes */
    struct bytes note;  /* goes with the name from pass to pass; opaque here */
};

/* A line that is no name. */
struct input_reject {
    uint64_t ordinal;
    const char *file;
    uint64_t line;     /* 1-based in its file */
    struct bytes text; /* what stood there, cut to 1,024 bytes */
    enum failure_code reason;
};

/* A sink takes names and rejects. Anything but ERR_OK from it stops the reading with that error. */
struct input_sink {
    enum error (*name)(void *arg, const struct input_name *name);
    enum error (*reject)(void *arg, const struct input_reject *reject);
    void *arg;
};

/* It describes one file that was read, for meta.json. */
struct input_file {
    const char *path; /* "-" for standard input */
    uint64_t bytes;   /* as stored, compressed or not */
    uint64_t lines;
    uint64_t inputs;               /* names and rejects */
    uint64_t rejected[FAIL_COUNT]; /* of these, the rejects by their reason */
    char sha256[65];               /* hex, of the bytes as stored */
    bool is_csv;
};

/* Tells whether the file could be read now, without reading from it: a pipe keeps what is in it. *why says
 * "file: reason". Standard input always can. */
enum error input_can_read(const char *path, struct buf *why);

/*
 * Reads every file in order. files[i].path is given, the rest is filled in. On failure *why says
 * "file:line: reason". stop (may be NULL) is looked at between lines: true ends with ERR_STOPPED.
 */
enum error input_read(struct input_file *files, size_t count, enum input_format format,
                      const struct input_sink *sink, bool (*stop)(void *), void *stop_arg, struct buf *why);

#endif
