/*
 * Makes of what the names found out about a domain, and of what came of its contacts round by round, the
 * record that one scan would have written (docs/internals/stages.md). It does what the passes of a scan do
 * (reach/domain, scan/passes, reach/looks): a result takes the place of `elsewhere`, the looks of the pass
 * before are read, the verdict judges, and the domain comes again or ends. Pure: results come through struct
 * replay_source.
 *
 * A pass of a domain is over when nothing of it is elsewhere any more, which may take several rounds: each
 * takes a policy host to the part that owns its next address, or a host to an address that it has since. In
 * such a round what the pass has seen stands, and nothing else is asked. So retry_passes counts as in a scan.
 */
#ifndef STSWEEP_STAGES_REPLAY_H
#define STSWEEP_STAGES_REPLAY_H

#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

/* What came of one address of one MX host in one round. It lives at least as long as the replay's facts. */
struct replay_look {
    const struct probe_facts *probe;  /* whole, or not_tried; NULL: the host has the address no more */
    const struct host_facts *lookups; /* asked anew before it (its asked says when): addresses and TLSA
                                         records, without probes; NULL: those of the names were gone by */
};

/* Finds results. ERR_NOT_FOUND: nothing was asked there in that round. Any other error ends the replay. */
struct replay_source {
    void *arg;
    enum error (*host)(void *arg, const char *host, const struct ip_addr *ip, uint32_t round,
                       struct replay_look *look);
    /* *policy gets its certificates as well; its addresses are those that were still to be tried. */
    enum error (*policy)(void *arg, const char *domain, uint32_t round, struct policy_facts *policy);
};

/* How the plan went, the same for all domains. */
struct replay_rules {
    int64_t retry_passes;  /* scan.retry_passes of the names */
    size_t max_addresses;  /* smtp.max_addresses */
    uint64_t seed;         /* of the plan */
    const uint32_t *parts; /* of each round: how many parts it has */
    uint32_t rounds;       /* that there are; 0: nothing was probed yet */
};

/* A pass takes so many rounds at most: as many as a policy host's addresses are tried (record_kept.h). What
 * is elsewhere then stays so. */
enum { REPLAY_ROUNDS_A_PASS = 4 };

/* A contact that another round is to make. */
struct replay_contact {
    bool policy;
    size_t host;       /* index into facts->hosts; not of a policy */
    struct ip_addr ip; /* whose part makes it: of a policy, the first address that is still to be tried */
    size_t next;       /* of a policy: the index of that in facts->policy.address */
    const struct host_facts
        *known; /* not of a policy: what is known of the host, ip among its addresses. That
                   is what the names found if the lookups that were made anew failed */
};

/* How it ended after the last round. */
struct replay_end {
    bool open;     /* another round is wanted; else the facts are final */
    uint32_t pass; /* that the domain is in, from 1 */
    struct replay_contact *contacts;
    size_t contact_count;
    struct look *looks; /* that go into the next round with it, oldest first */
    size_t look_count;
    struct fetch_facts trouble; /* if a policy is among the contacts: `elsewhere`, and beside that the worst
                                   of what was seen at the addresses that were tried in this pass */
};

/*
 * facts: of the names, as facts_read_domain gives them, in arena; they become those of the record, and
 * *judgement is theirs, also if it is open (if no further round comes, that is the record). *end says what
 * another round would ask. ERR_MEMORY, or an error of the source.
 */
enum error replay(struct domain_facts *facts, const struct replay_rules *rules,
                  const struct replay_source *source, struct arena *arena, struct judgement *judgement,
                  struct replay_end *end);

#endif
