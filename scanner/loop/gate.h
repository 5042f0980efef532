/*
 * A gate: at most so many of a class open at a time. While places are free anybody may have any number of
 * them. When all are taken, a free one goes to whoever waits under keys that hold fewest. A waiter names up
 * to GATE_KEYS keys (what its place counts for: the prefix of an address, the registrable domain of a host)
 * and stands behind all whose fullest key holds less. Keys that hold the same take turns, and within a key
 * the first that came goes first. So who fills many places waits for his own, however he spreads them; and
 * nobody starves: a key that gets nothing soon holds nothing, and then has its turn.
 *
 * How: a waiter stands in the line of one of its keys, a key with a line in the list of its level, which is
 * the number of places that it holds, and changes by one at a time. No waiter stands at a level above that of
 * its fullest key. So the first of the lowest level is the one to go in, unless another key of its holds
 * more: then it moves to that key's line, and the search goes on. Each step takes constant time; what moves
 * does so once for each time that its other key has overtaken the one that it stood under. Keys that hold
 * nothing and have no line are forgotten.
 */
#ifndef STSWEEP_LOOP_GATE_H
#define STSWEEP_LOOP_GATE_H

#include "scanner/base/list.h"
#include "scanner/base/map.h"

enum { GATE_KEYS = 2 };

struct gate_key;

/* What a place counts for: hashes, none of them twice. 0: no key; the first is always one. */
struct gate_ids {
    uint64_t of[GATE_KEYS];
};

struct gate {
    size_t ceiling;
    size_t open;
    struct map keys;     /* those that hold a place or are waited under */
    struct list *levels; /* owned; of keys that have a line, by how many places they hold */
    size_t lowest;       /* no level below it has a key */
    bool draining;       /* somebody is being let in: keeps it from recursing */
};

struct gate_wait {
    struct list link; /* in the line of keys[at] */
    struct gate_ids ids;
    struct gate_key *keys[GATE_KEYS]; /* NULL: none, or it does not wait */
    size_t at;
    void (*enter)(void *arg); /* may be called from inside gate_enter or gate_leave, and may call both */
    void *arg;
};

/* false: out of memory, and nothing need be disposed of. */
bool gate_init(struct gate *gate, size_t ceiling, uint64_t hash_seed);

/* Who waits is forgotten. */
void gate_dispose(struct gate *gate);

void gate_wait_init(struct gate_wait *wait, struct gate_ids ids, void (*enter)(void *arg), void *arg);
void gate_enter(struct gate *gate, struct gate_wait *wait);

/* ids are those that the place was entered with. */
void gate_leave(struct gate *gate, struct gate_ids ids);

/* Only while it waits. */
void gate_cancel(struct gate *gate, struct gate_wait *wait);

/* How many places count for a key. */
size_t gate_held(const struct gate *gate, uint64_t id);

#endif
