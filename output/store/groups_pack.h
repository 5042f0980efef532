/*
 * Packs what a record counts in groups (summary_groups.h) into bytes, where its facts are at hand, so that no
 * record has to be read back for it: all groups of a domain with what fails there, and the key exchange of a
 * handshake. The bytes are for one process: they have no version, and only what was packed here is unpacked.
 * Pure.
 */
#ifndef STSWEEP_STORE_GROUPS_PACK_H
#define STSWEEP_STORE_GROUPS_PACK_H

#include "output/readback/groups.h"
#include "scanner/base/buf.h"

/* What packing of a domain may take of memory: a record has so many hosts and names at most. */
enum { GROUPS_PACK_BYTES = 16 << 20 };

/* Puts a domain's record together as group_record_read() would read it of its line, but for what reports
 * alone want of it. What *record points to lives in arena and facts. ERR_MEMORY. */
enum error group_record_of(const struct domain_facts *facts, const struct judgement *judgement,
                           struct arena *arena, struct group_record *record);

/* Pack what a domain counts, by its record or its facts, and what a host's record does. They replace what
 * stands in *out. ERR_MEMORY. */
enum error groups_pack_domain(const struct group_record *record, group_provider provider, struct arena *arena,
                              struct buf *out);
enum error groups_pack_facts(const struct domain_facts *facts, const struct judgement *judgement,
                             group_provider provider, struct arena *arena, struct buf *out);
enum error groups_pack_host(const struct probe_facts *probe, struct buf *out);

/* What unpacking gives, in the order of packing. */
struct groups_unpack {
    void *arg;
    enum error (*member)(void *arg, enum group_kind kind, enum outcome outcome,
                         const struct group_member *member);
    /* A completed handshake: group is empty if keys were exchanged without one. */
    void (*exchange)(void *arg, bool of_policy, struct bytes group);
};

/* Gives what was packed; what it points to is good during the call. The first error of member ends it. */
enum error groups_unpack(struct bytes packed, const struct groups_unpack *take);

#endif
