/*
 * Carries what a pass has seen of a domain into the next one. It goes with the name through the spool, as an
 * opaque text of LOOKS_BYTES at most, and back into the facts. Looks that do not fit count as not seen, so
 * hosts that matter go first, and of theirs those that found something missing. Pure.
 */
#ifndef STSWEEP_REACH_LOOKS_H
#define STSWEEP_REACH_LOOKS_H

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/facts/record.h"
#include "scanner/verdict/handshake.h"

enum { LOOKS_BYTES = 4096 };

/* Writes, after looks_prune, the looks of earlier passes and those of this one that count in the next, as
 * text at the end of *out. false: out of memory or past the ceiling of out; what stands there then is whole
 * all the same. */
bool looks_write(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement);

/* Reads the text into facts->looks. A text that is none gives no looks. */
void looks_read(struct bytes text, struct arena *arena, struct domain_facts *facts);

/* Drops the looks that tell nothing beside the last one: one that passed when all did, or at an address that
 * is gone. */
void looks_prune(struct domain_facts *facts, const struct judgement *judgement);

/* An address of an MX host at which looks failed and none passed, and when one of them was. */
struct look_again {
    struct ip_addr ip;
    int64_t time;
    bool enough; /* it has had a second look; else that is due */
    enum earlier_hello hello;
};

struct looks_again {
    struct look_again *list;
    size_t count;
};

/* Returns those of one MX host. The list lives in arena. */
struct looks_again looks_again(const struct domain_facts *facts, const char *host, struct arena *arena);

/* Copies from into to; the list is on the heap, the caller's. from may be NULL: none. false: out of
 * memory. */
bool looks_again_copy(const struct looks_again *from, struct looks_again *to);

/* What do earlier looks say of a ClientHello at the address, of an MX host or of the policy host? If any
 * address of the latter answered, that counts for all. */
enum earlier_hello looks_hello(const struct looks_again *again, const struct ip_addr *ip);
enum earlier_hello looks_hello_of_policy(const struct domain_facts *facts, const struct ip_addr *ip);

/* Do the facts tell of an address that is due a second look, or of one at least, what was seen at the first,
 * and nothing newer? */
bool looks_is_old(const struct looks_again *again, const struct probe_facts *probe);
bool looks_are_old(const struct looks_again *again, const struct host_facts *host);

#endif
