/*
 * Turns a list into names and rejects as it comes off the disk, in pieces of plain bytes. Pure: the core of
 * input_read that tests and fuzzers feed. The form of an INPUT_AUTO or CSV list is told from its first lines
 * that hold data, which are held back until then: the sample of the members below (not the glossary's).
 * Private to input/.
 */
#ifndef STSWEEP_INPUT_READER_H
#define STSWEEP_INPUT_READER_H

#include "input/csv.h"
#include "input/input.h"
#include "input/lines.h"

struct reader {
    struct lines lines;
    const char *file;         /* borrowed, for rejects */
    enum input_format format; /* INPUT_AUTO until it is told */
    const struct input_sink *sink;
    bool (*stop)(void *); /* may be NULL */
    void *stop_arg;
    uint64_t ordinal; /* of the last input */
    uint64_t inputs;
    uint64_t rejected[FAIL_COUNT]; /* of these, by their reason */
    bool sampling;                 /* lines are still held back */
    struct buf sample;             /* the lines held back: a struct sampled and its bytes each */
    size_t sampled;
    uint8_t separator; /* between cells: the one that most of the lines held back have */
    struct csv_columns columns;
    uint8_t scratch[LINE_BYTES];
};

/* Prepares for one file. ordinal is that of the last input before it. */
void reader_init(struct reader *reader, const char *file, enum input_format format,
                 const struct input_sink *sink, uint64_t ordinal);
void reader_dispose(struct reader *reader);

/* Takes the next bytes of the file. ERR_OK, ERR_MEMORY, ERR_STOPPED, or the sink's own. */
enum error reader_feed(struct reader *reader, struct bytes data);

/* Ends the file. If it could not be read to its end (whole is false), a last line without its end is not
 * taken, as it may be half a name. */
enum error reader_end(struct reader *reader, bool whole);

#endif
