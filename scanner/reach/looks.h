/*
 * What a pass has seen of a domain on its way into the next one: with the name through the spool, as an
 * opaque text of LOOKS_BYTES at most, and into the facts again. What does not fit there counts as not
 * seen: those that found something missing go first. Pure.
 */
#ifndef STSWEEP_REACH_LOOKS_H
#define STSWEEP_REACH_LOOKS_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

enum { LOOKS_BYTES = 4096 };

/* After looks_prune: the looks of earlier passes and those of this one that count in the next, as text at the
 * end of *out. false: out of memory or past the ceiling of out; what stands there then is whole all the same.
 */
bool looks_write(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement);

/* The text into facts->looks. A text that is none gives no looks. */
void looks_read(struct bytes text, struct arena *arena, struct domain_facts *facts);

/* Drops what tells nothing beside the last look: one that passed where all did, or at an address that is
 * gone. */
void looks_prune(struct domain_facts *facts, const struct judgement *judgement);

/* An address of an MX host that a second look is to be made at, and when it was looked at first. */
struct look_again {
    struct ip_addr ip;
    int64_t time;
};

struct looks_again {
    struct look_again *list;
    size_t count;
};

/* Those of one MX host: looked at once, without having passed. The list lives in arena. */
struct looks_again looks_again(const struct domain_facts *facts, const char *host, struct arena *arena);

/* The list of the copy is on the heap, the caller's. from may be NULL: none. false: out of memory. */
bool looks_again_copy(const struct looks_again *from, struct looks_again *to);

/* Do the facts tell of an address, resp. of one at least, what was seen at one of these looks, and nothing
 * newer? */
bool looks_is_old(const struct looks_again *again, const struct probe_facts *probe);
bool looks_are_old(const struct looks_again *again, const struct host_facts *host);

#endif
