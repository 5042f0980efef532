/*
 * Defines the lanes to one address and those who wait in them; lanes.h says in which order they go.
 */
#ifndef STSWEEP_REACH_LANE_H
#define STSWEEP_REACH_LANE_H

#include "scanner/reach/lanes.h"

/* One class of connections to one address. */
struct lane {
    struct address *address;
    enum pace_class class;
    struct list waiting; /* of struct turn, in the order of asking */
    size_t waiting_count;
    size_t open;
    int64_t next_us;        /* the earliest next grant */
    size_t names;           /* that were let in line in this pass, to be probed */
    struct list heirs;      /* of struct turn: past the budget; they wait for a sample */
    struct turn *candidate; /* for whom it stands at the gate; NULL: it does not */
    struct gate_wait place;
    int64_t place_since_us; /* its turn has come since then; 0: it has not */
    int64_t look_us;        /* when a better candidate is looked for */
    bool told;              /* that it is crowded */
};

struct address {
    struct map_node node;
    struct lanes *lanes;
    struct ip_addr ip;
    bool own; /* in limits.own */
    const struct paces *paces;
    struct lane of[PACE_CLASSES];
    struct loop_timer *timer; /* NULL until somebody has to wait for it */
};

/* A request that waits. */
struct turn {
    struct list link;
    struct worker *from;
    struct handle handle;
    uint64_t domain;
    int64_t since_us;
    bool first; /* of the names at the address in this pass */
};

/* Returns the keys under which a place at the address is counted at the gate. */
struct gate_ids lane_gate_ids(const struct lanes *lanes, enum pace_class class, const struct ip_addr *ip,
                              uint64_t domain);

/* Keeps a request that waits, and forgets one. */
struct turn *lane_keep_turn(const struct address *address, struct list *list, const struct turn *asked);
void lane_drop_turn(const struct address *address, struct turn *turn);

void lane_answer_turn(struct lane *lane, const struct turn *turn, enum pace_answer answer);

/* One more waits in a lane that stands at the gate: it stands there for him from now on, if his domain holds
 * fewer places than the candidate's. */
void lane_prefer(struct lane *lane, struct turn *turn, int64_t now);

/* Answers who need not wait any longer and lets in who may go now, in all lanes to the address. */
void lane_serve(struct address *address);

#endif
