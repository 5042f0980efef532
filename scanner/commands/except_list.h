/*
 * The flags --except FILE and --as-prefixes FILE of all commands that read a scan: an opt-out list that came
 * after it, in the form of safety.optout, with the file for its AS numbers, and how what was left out is
 * told.
 */
#ifndef STSWEEP_COMMANDS_EXCEPT_LIST_H
#define STSWEEP_COMMANDS_EXCEPT_LIST_H

#include <stdio.h>

#include "output/readback/scanview.h"
#include "scanner/commands/flags.h"

/* What was given; NULL: nothing. */
struct except_files {
    const char *list, *as_prefixes;
};

struct except_list {
    struct optout *optout; /* NULL: there is none */
};

/* Takes the value of one of the two flags; false if it is another flag. */
bool except_take(struct except_files *files, const struct flags *flags, enum flag flag);

/* Reads the list; an AS number that keeps nobody out is said on err. ERR_CONFIG with *why ("file:line:
 * reason") if it is no use, else as optout_read. Without a list it does nothing. except_list_dispose is fine
 * after any. */
enum error except_list_open(struct except_list *list, const struct except_files *files, FILE *err,
                            struct buf *why);
void except_list_dispose(struct except_list *list);

/* Leaves out of the view what the list names; the list outlives the view. */
enum error except_list_use(const struct except_list *list, struct scanview *view);

/* Prints how many records of a stream were left out, if there is a list. dir: of which scan, if of several;
 * else NULL. */
void except_list_tell(const struct except_list *list, const struct scanview *view, enum view_stream stream,
                      const char *dir, FILE *err);

#endif
