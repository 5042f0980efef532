/*
 * A gate lets at most so many of a class be open at a time. While places are free anybody may have any number
 * of them. When all are taken, the next free one goes to the waiter whose keys hold fewest. A waiter names up
 * to GATE_KEYS keys (what its place counts for: the prefix of an address, the registrable domain of a host)
 * and stands behind all whose fullest key holds less. Keys that hold the same take turns, and within a key
 * the first that came goes first. So whoever fills many places waits for his own to become free, however he
 * spreads them. And nobody starves: a key that gets nothing soon holds nothing, and is then the first to go
 * in.
 *
 * It works so: a waiter stands in the line of one of its keys, a key with a line in the list of its level,
 * which is the number of places that it holds, and changes by one at a time. No waiter stands at a level
 * above that of its fullest key. So the first of the lowest level is the one to go in, unless another of its
 * keys holds more: then it moves to that key's line, and the search goes on. Each step takes constant time; a
 * waiter moves once for each time that its other key has overtaken the one that it stood under. Keys that
 * hold nothing and have no line are forgotten.
 */
#ifndef STSWEEP_LOOP_GATE_H
#define STSWEEP_LOOP_GATE_H

#include "scanner/base/list.h"
#include "scanner/base/map.h"

enum { GATE_KEYS = 2 };

struct gate_key;

/* The keys that a place counts for, as hashes, none of them twice. 0: no key; the first is always one. */
struct gate_ids {
    uint64_t of[GATE_KEYS];
};

struct gate {
    size_t ceiling;
    size_t open;
    struct map keys;     /* those that hold a place or are waited under */
    struct list *levels; /* owned; of keys that have a line, by how many places they hold */
    size_t lowest;       /* no level below it has a key */
    bool draining;       /* somebody is being let in: keeps the gate from recursing */
};

struct gate_wait {
    struct list link; /* in the line of keys[at] */
    struct gate_ids ids;
    struct gate_key *keys[GATE_KEYS]; /* NULL: none, or it does not wait */
    size_t at;
    void (*enter)(void *arg); /* may be called from inside gate_enter or gate_leave, and may call both */
    void *arg;
};

/* Makes a gate. false: out of memory, and nothing need be disposed of. */
bool gate_init(struct gate *gate, size_t ceiling, uint64_t hash_seed);

/* Frees the gate; those that wait are forgotten, and never enter. */
void gate_dispose(struct gate *gate);

void gate_wait_init(struct gate_wait *wait, struct gate_ids ids, void (*enter)(void *arg), void *arg);
void gate_enter(struct gate *gate, struct gate_wait *wait);

/* Gives a place back; ids are those that it was entered with. */
void gate_leave(struct gate *gate, struct gate_ids ids);

/* Takes a waiter out; only while it waits. */
void gate_cancel(struct gate *gate, struct gate_wait *wait);

/* Returns how many places count for a key. */
size_t gate_held(const struct gate *gate, uint64_t id);

#endif
