/*
 * Turns a list into names and rejects as it comes off the disk, in pieces of plain bytes. Pure: the core of
 * input_read that tests and fuzzers feed. The form of a list (form.h) is told from its first lines that hold
 * data, which are held back until then, unless it is given. Private to input/.
 */
#ifndef STSWEEP_INPUT_READER_H
#define STSWEEP_INPUT_READER_H

#include "input/form.h"
#include "input/input.h"
#include "input/zone.h"
#include "scanner/facts/hostname.h"

enum { SAMPLE_LINES = 200, HELD_LINES = 256 };

/* Lines that wait, with their bytes. */
struct held {
    struct line lines[HELD_LINES]; /* text.data is set when they are taken out */
    size_t at[HELD_LINES];         /* of their bytes in text */
    size_t count;
    size_t data; /* of these, lines that hold data */
    struct buf text;
};

struct reader {
    struct lines lines;
    const char *file;   /* borrowed, for rejects */
    const char *source; /* likewise, for names; or NULL */
    const struct input_asked *asked;
    struct input_form form; /* its format is INPUT_AUTO until it is told */
    const struct input_sink *sink;
    bool (*stop)(void *); /* may be NULL */
    void *stop_arg;
    uint64_t ordinal; /* of the last input */
    uint64_t inputs;
    uint64_t rejected[FAIL_COUNT]; /* of these, by their reason */
    size_t skipped;                /* rows of form.skip */
    struct held held;              /* the sample; then lines of a row whose quote is open */
    bool sampling;
    bool quote_seen; /* in the lines held back */
    struct refused refused;
    bool is_refused;
    char first[INPUT_FIRST_NAMES][HOSTNAME_BYTES]; /* names */
    size_t first_count;
    bool told;
    struct rows rows;
    struct zone zone; /* if it is a zone file */
    bool only_look;   /* the form is all that is asked for: ERR_STOPPED once it is told */
};

/* Prepares for one file. ordinal is that of the last input before it. form may be NULL, or have no format
 * yet. */
void reader_init(struct reader *reader, const char *file, const struct input_asked *asked,
                 const struct input_form *form, const struct input_sink *sink, uint64_t ordinal);
void reader_dispose(struct reader *reader);

/* Takes the next bytes of the file. ERR_OK, ERR_MEMORY, ERR_STOPPED, ERR_CONFIG (refused says why), or the
 * sink's own. */
enum error reader_feed(struct reader *reader, struct bytes data);

/* Ends the file. If it could not be read to its end (whole is false), a last line without its end is not
 * taken, as it may be half a name. */
enum error reader_end(struct reader *reader, bool whole);

#endif
