/* Declares the parts of replay.h, one a kind of contact. Private to scanner/stages/replay*. Pure. */
#ifndef STSWEEP_STAGES_REPLAY_PARTS_H
#define STSWEEP_STAGES_REPLAY_PARTS_H

#include "scanner/reach/policyhost.h"
#include "scanner/stages/replay.h"

/* One MX host on its way through the rounds. */
struct replay_host {
    struct host_facts *facts;       /* the replay's own; NULL: nothing was asked about the host */
    const struct host_facts *names; /* as the names found it */
    bool *missed; /* of each probe: it is elsewhere, was to be asked in a round, and nothing came of it */
};

/* The policy host on its way through the rounds. */
struct replay_policy {
    bool wanted;                 /* the names left it to another stage */
    bool done;                   /* of this pass: an address answered, or all were tried */
    bool missed;                 /* it was to be asked in a round, and nothing came of it */
    size_t next;                 /* index of the first address that is still to be tried in this pass */
    enum policy_trouble trouble; /* the worst of those that were: */
    struct fetch_facts kept;
};

struct replaying {
    struct domain_facts *facts;
    const struct replay_rules *rules;
    const struct replay_source *source;
    struct arena *arena;
    struct replay_host *hosts; /* in the order of facts->hosts */
    struct replay_policy policy;
    uint32_t round;  /* from 1 */
    uint32_t pass;   /* from 1 */
    uint32_t rounds; /* of this pass, this one among them */
};

/* ---- MX hosts (replay_hosts.c) ------------------------------------------------------------------------- */

/* Makes facts->hosts the replay's own. ERR_MEMORY. */
enum error replay_hosts_begin(struct replaying *replaying);

/* Puts into the facts what came of the hosts in this round; within a pass only what is elsewhere yet. */
enum error replay_hosts_take(struct replaying *replaying);

/* Is an address elsewhere, and may another round find something there? */
bool replay_host_waits(const struct replay_host *host, size_t index);

/* ---- the policy host (replay_policy.c) ----------------------------------------------------------------- */

void replay_policy_begin(struct replaying *replaying);
enum error replay_policy_take(struct replaying *replaying);
bool replay_policy_waits(const struct replaying *replaying);

/* Drops looks that tell what the facts tell themselves, as nothing newer was asked for. */
void replay_policy_drop_looks(struct domain_facts *facts);

/* ---- what is open (replay_open.c) ---------------------------------------------------------------------- */

/* Lists what the rest of this pass is to ask. ERR_MEMORY. */
enum error replay_list_waiting(const struct replaying *replaying, struct replay_end *end);

/* Lists what the next pass is to ask; end->looks go with it. ERR_MEMORY. */
enum error replay_list_again(const struct replaying *replaying, const struct judgement *judgement,
                             struct replay_end *end);

#endif
