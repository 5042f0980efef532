/*
 * Counts the records that show lets through by groups (show --by), and prints the groups: those whose mending
 * gains most first. Memory is bounded, whatever the number of groups.
 */
#ifndef STSWEEP_COMMANDS_SHOW_GROUPS_H
#define STSWEEP_COMMANDS_SHOW_GROUPS_H

#include "output/readback/group_top.h"
#include "scanner/commands/show.h"

/* What groups and their order may take of memory; more goes to TMPDIR. */
enum { SHOW_GROUPS_BYTES = 64 << 20 };

struct show_groups {
    enum group_kind kind;
    struct group_counts *counts;
    struct group_top top;
    struct group_record record; /* read last */
    struct arena arena;         /* of it */
    uint64_t records, outside;  /* records counted; those of them that are in no group */
};

/* ERR_MEMORY. show_groups_dispose is fine after any. */
enum error show_groups_init(struct show_groups *groups, const struct show_request *request);
void show_groups_dispose(struct show_groups *groups);

/* Reads a record into groups->record. ERR_SYNTAX if it is none. */
enum error show_groups_read(struct show_groups *groups, struct bytes line);

/* Counts the record that was read last. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error show_groups_count(struct show_groups *groups, struct buf *why);

/* Prints the groups to out, and what a form for programs does not hold to err. width: of the terminal, 0 if
 * out is none. Errors as above. */
enum error show_groups_print(struct show_groups *groups, const struct show_request *request, size_t width,
                             FILE *out, FILE *err, struct buf *why);

#endif
