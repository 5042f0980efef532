/*
 * One of the scans that diff and report compare: opened, judged anew where the others were judged by other
 * rules, and walked as far as it is whole. What it says goes to err.
 */
#ifndef STSWEEP_COMMANDS_DIFF_SIDE_H
#define STSWEEP_COMMANDS_DIFF_SIDE_H

#include <stdio.h>

#include "output/readback/compare.h"
#include "scanner/commands/except_list.h"
#include "scanner/commands/show_judge.h"

struct side {
    const char *path;
    struct scanview *view;
    struct show_judge judge; /* its view is NULL unless the side is judged anew */
    bool damaged;            /* or a record of it cannot be read */
};

/* What reading needs, and counts. */
struct side_reader {
    const char *command; /* that it says things for */
    FILE *err;
    struct arena arena; /* of the record at hand */
    struct except_list except;
    struct buf *why;
    /* Of a walk ahead of the one that counts, over such records alone, as stored, as this lets through: it
     * says nothing that the other says too. NULL: the walk of all. */
    bool (*ahead)(struct bytes line);
};

/* Errors as of except_list_open. */
enum error side_reader_init(struct side_reader *reader, const char *command, FILE *err,
                            const struct except_files *except, struct buf *why);
void side_reader_dispose(struct side_reader *reader);

/* Opens the directory side->path, without what the list names. Errors as of scanview_open, but
 * *why names the directory. side_close is fine
 * after any, and twice. */
enum error side_open(struct side *side, struct side_reader *reader);
void side_close(struct side *side);

/* Puts the directory in front of *why, or of what the error says if it is empty. */
void side_blame(const char *path, enum error error, struct buf *why);

bool side_is_unfinished(const struct side *side);

/* Tells whether a name that stands in one of the scans alone is new or gone. If some were asked for other
 * names of their lists than the first (meta_names.h) it is neither, which is said. */
bool sides_name_same(const struct side *sides, size_t count, const struct side_reader *reader);

/* Were all of them judged by the same rules? A change of rules is no change of a domain: then they are
 * compared as they stand, else by the rules of this program. */
bool sides_agree(const struct side *sides, size_t count);

/* Makes the side judge anew, which it says, unless it was judged by the rules of this program. */
enum error side_judge_anew(struct side *side, struct side_reader *reader);

/* Calls take for each domain record; *stand lives until the next. What is damaged, and which record cannot be
 * read, is said, and the records around it count. With any other error of the directory *why names it. */
enum error side_walk(struct side *side, struct side_reader *reader,
                     enum error (*take)(void *arg, const struct stand *stand), void *arg);

/* Prints what a rejudgement says of itself; false if it could not be whole. */
bool side_tell_judged(struct side *side, FILE *err);

void side_say_unfinished(const struct side *side, const struct side_reader *reader);

/* ERR_MISMATCH with *why if they are given in another order than that of the scans' starts: a row of scans
 * would be none. */
enum error sides_in_order(const struct side *sides, size_t count, struct buf *why);

/* How many domains of the scan before may be gone: a number of them, or so many of a hundred. */
struct gone_bound {
    const char *text;
    uint64_t most;
    bool is_share;
};

/* The bound unless --gone-at-most gives another. */
#define GONE_AT_MOST "50%"

/* Reads N or N%. */
bool gone_bound_read(const char *text, struct gone_bound *bound);

/* Are more domains gone than may be? That says so: a list of which an export has lost most names makes a
 * short scan, in which hardly anything got worse. */
bool gone_bound_passed(const struct gone_bound *bound, uint64_t gone, uint64_t old, const struct side *before,
                       const struct side *after, FILE *err);

#endif
