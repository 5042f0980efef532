/*
 * Reads lists of domains: a name a line, several names a line, CSV (rank,domain[,label]), JSON lines, or a
 * zone file, each also .gz or .zst, or standard input. It streams, so that memory does not grow with the
 * list. Which of them a list is, is told from its first lines once, before anything of it is taken; what no
 * list is, or could be two, is refused. Every input ends in exactly one call of the sink.
 */
#ifndef STSWEEP_INPUT_INPUT_H
#define STSWEEP_INPUT_INPUT_H

#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/owned.h"
#include "scanner/facts/failure.h"
#include "scanner/facts/hostname.h"

enum input_format { INPUT_AUTO, INPUT_PLAIN, INPUT_CSV, INPUT_NAMES, INPUT_ZONE, INPUT_JSON };
enum input_header { INPUT_HEADER_AUTO, INPUT_HEADER_YES, INPUT_HEADER_NO };

enum {
    INPUT_COLUMNS = 32, /* further cells of a row are not looked at */
    INPUT_HEADER_BYTES = 96,
    INPUT_FIELD_BYTES = 52, /* two keys that are read (json_read.h) and a dot */
    INPUT_FIRST_NAMES = 3
};

/* The columns of a CSV list, from 0; -1 for none. */
struct input_columns {
    int domain, rank, label;
};

/* How a list is read. It is kept in meta.json, so that a resume reads by it. */
struct input_form {
    enum input_format format; /* INPUT_AUTO: not told yet */
    uint8_t separator;        /* of CSV: between cells */
    bool origins;             /* names may be web origins (RFC 6454), as https://name:443 */
    uint8_t skip;             /* how many of the first lines that hold data are none of its rows */
    struct input_columns columns;
    /* Of JSON: in which fields names, ranks and labels stand, as name or site.name; "" for none. */
    char field[INPUT_FIELD_BYTES], rank_field[INPUT_FIELD_BYTES], label_field[INPUT_FIELD_BYTES];
    char header[INPUT_HEADER_BYTES]; /* the line of column names as it may be printed; "" if there is none */
};

/* What the operator says of all lists. */
struct input_asked {
    enum input_format format;
    enum input_header header;
    const char *columns; /* "rank,domain,-,label": what the columns of CSV are; "" if that is to be told */
    const char *field;   /* of JSON lines: that of the domain; "" or NULL if it is to be told */
    bool lenient;        /* URLs and e-mail addresses count as their domain */
};

/* Tells whether the text names columns, the domain's among them; *columns may be NULL. */
bool input_columns_parse(const char *text, struct input_columns *columns);

/* Returns the word of a format, and the format of a word: INPUT_AUTO if it is none. */
const char *input_format_name(enum input_format format);
enum input_format input_format_find(const char *name);

/* A good name. Pointers are valid during the call. */
struct input_name {
    uint64_t ordinal;   /* 1-based over all files; rejects count too */
    const char *domain; /* A-labels, lower case, no trailing dot */
    uint32_t rank;      /* 0 for none */
    const char *label;  /* or NULL; at most 255 bytes */
    const char
        *source; /* the list that it is of, if there are several; else NULL. It lives as long as the scan */
    struct bytes note; /* goes with the name from pass to pass; opaque here */
    struct owned made; /* of the name by its source, for whoever starts it; opaque here as well */
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
    /* Once a file: "list.csv: CSV with commas, …; first names: a.example". Of a zone file also at its end:
     * what was passed over. It may be NULL. */
    void (*told)(void *arg, const char *text);
    /* Now and then: how many bytes of all files were read, as stored, and how many names and rejects came of
     * them. It may be NULL. */
    void (*read)(void *arg, uint64_t bytes, uint64_t inputs);
    void *arg;
};

/* What the records of a zone file are. Each is counted once; what no record is, is a reject. */
struct input_zone {
    char apex_name[HOSTNAME_BYTES]; /* of the first zone; "" for the root, or if zones is 0 */
    uint64_t zones;                 /* how many begin in the file */
    uint64_t records;
    uint64_t delegating;    /* NS records of names below the apex */
    uint64_t apex;          /* NS records of the zone itself */
    uint64_t outside;       /* NS records of names that are not in the zone */
    uint64_t addresses;     /* A and AAAA: glue */
    uint64_t dnssec;        /* DS, RRSIG, NSEC3, … */
    uint64_t others;        /* of class IN */
    uint64_t other_classes; /* CH, HS */
};

/* It describes one file that was read, for meta.json. */
struct input_file {
    const char *path;   /* "-" for standard input */
    const char *source; /* what its names are said to be of, or NULL */
    int fd;             /* open for reading, if is_open */
    bool is_open;
    uint64_t bytes; /* as stored, compressed or not */
    uint64_t lines;
    uint64_t inputs;               /* names and rejects */
    uint64_t rejected[FAIL_COUNT]; /* of these, the rejects by their reason */
    char sha256[65];               /* hex, of the bytes as stored */
    struct input_zone zone;        /* if it is a zone file */
    struct input_form form;        /* given, if the format is told already; else filled in */
};

/* Tells whether the file could be read now, without reading from it: a pipe keeps what is in it. *why says
 * "file: reason". Standard input always can. */
enum error input_can_read(const char *path, struct buf *why);

/* Opens the file, which is then read from there, whatever becomes of its path and of the right to open it.
 * Standard input is open. ERR_NOT_FOUND or ERR_IO with *why, "file: reason". */
enum error input_open(struct input_file *file, struct buf *why);
/* Returns how many bytes it holds, as stored, or 0 if that cannot be told, as of a pipe. */
uint64_t input_size(const struct input_file *file);
/* Closes it, if it is open. input_read does so once it has been read. */
void input_close(struct input_file *file);

/* Tells whether the first lines of the file make a list. ERR_CONFIG with *why if they do not; ERR_OK also if
 * that cannot be told without taking them from a pipe, or because they cannot be read. */
enum error input_look(const char *path, const struct input_asked *asked, struct buf *why);

/*
 * Reads every file in order. files[i].path and perhaps its form are given, the rest is filled in. On failure
 * *why says "file:line: reason"; ERR_CONFIG if a file is no list, or if it is not sure what it is. stop (may
 * be NULL) is looked at between lines: true ends with ERR_STOPPED.
 */
enum error input_read(struct input_file *files, size_t count, const struct input_asked *asked,
                      const struct input_sink *sink, bool (*stop)(void *), void *stop_arg, struct buf *why);

#endif
