/*
 * Makes the contacts of one part of a plan a source (scanner/scan/source.h): in the part's order, without
 * those whose record is in the store already, and those that only share what an address says to another name
 * at the end, when there is something to share. What is put off comes again in the next pass; of it only the
 * ordinal is kept.
 */
#ifndef STSWEEP_STAGES_PART_SOURCE_H
#define STSWEEP_STAGES_PART_SOURCE_H

#include "output/store/store.h"
#include "scanner/base/arena.h"
#include "scanner/facts/record.h"
#include "scanner/scan/source.h"
#include "scanner/stages/plandir.h"

/* A line that is longer is none of a contact, nor one whose facts need more than a domain may hold. */
enum { CONTACT_LINE_BYTES = 512 << 10 };

/* Reads a contact of its line, which must have this ordinal. ERR_CORRUPT with *why, or ERR_MEMORY. All that
 * *facts points to lives in arena, which is reset first. Pure. */
enum error contact_read(struct bytes line, uint64_t ordinal, struct arena *arena, struct domain_facts *facts,
                        struct buf *why);

/* A contact, as the source gives it with its name (source.h). */
struct contact_made {
    struct arena arena; /* all that facts point to lives there */
    struct domain_facts facts;
};

struct part_source;

/* What a part is about to need of this machine: contacts by family, SMTP without those that only share. */
struct part_needs {
    uint64_t contacts, over, opted_out;
    uint64_t smtp[2], https[2]; /* IPv4, IPv6 */
    uint64_t bytes;             /* of all lines */
};

struct part_options {
    int dir_fd; /* of the plan; borrowed, as is all that follows */
    const struct plan *plan;
    uint32_t part;
    const struct store *store;  /* what is done already; may be NULL */
    bool (*stopped)(void *arg); /* looked at between lines: true is ERR_STOPPED; NULL: nobody stops it */
    void *stopped_arg;
    void (*read)(void *arg, uint64_t bytes, uint64_t of_bytes, uint64_t lines); /* how far it is; or NULL */
    void *read_arg;
};

/* Makes the source. NULL when memory is lacking. */
struct part_source *part_source_create(const struct part_options *options);
void part_source_destroy(struct part_source *source); /* NULL is fine */

/* Reads all bytes once, before the first contact is handed out: they must be those that the plan was made
 * with. ERR_CORRUPT with file and reason in part_source_reason; ERR_STOPPED and others. */
enum error part_source_check(struct part_source *source, struct part_needs *needs);

/* Returns the source, good as long as part_source, once it has been checked. What it gives is a contact, in
 * its place and of this part, with a struct contact_made; its next says ERR_CORRUPT of anything else, with
 * file, line and reason. */
struct source part_source_of(struct part_source *source);

/* Returns what the last error was about; "" if there is nothing to say. */
const char *part_source_reason(struct part_source *source);

#endif
