/*
 * Makes the parts of a round of contacts that come in any order: each host at an address and each policy host
 * once, within limits.names_per_ip, each in the part that owns its address, and there in keyed order. Memory
 * is bounded (sorted.h). One thread.
 */
#ifndef STSWEEP_STAGES_PLANMAKE_H
#define STSWEEP_STAGES_PLANMAKE_H

#include "scanner/base/ip.h"
#include "scanner/stages/contacts.h"
#include "scanner/stages/plandir.h"

struct planmake;

struct planmake_options {
    int dir_fd; /* of the plan; borrowed */
    uint64_t seed;
    uint32_t round, parts;
    size_t memory_bytes;                   /* of each of the two sorts */
    size_t names_per_ip, own_names_per_ip; /* the second at addresses in own */
    const struct ip_set *own;              /* borrowed */
    int level;                             /* of the frames, and the next two */
    size_t frame_bytes;
    uint64_t part_bytes;
};

/* NULL: out of memory. */
struct planmake *planmake_create(const struct planmake_options *options);
void planmake_free(struct planmake *make); /* NULL is fine */

/* Adds a contact; arena is for what is judged of it. Errors as of sorted_add and contact_line. */
enum error planmake_add(struct planmake *make, const struct contact *contact, struct arena *arena,
                        struct buf *why);

/* Writes the parts' files durably, of which none may be there, and fills in of *plan its parts, an array of
 * as many as there are, opted_out and over. Errors as of sorted_next and frames_commit. */
enum error planmake_write(struct planmake *make, struct plan *plan, struct buf *why);

/* Returns how many bytes the temporary files took at most. */
uint64_t planmake_stored(const struct planmake *make);

#endif
