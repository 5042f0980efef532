/*
 * Says who may connect to an address, and when: the addresses that one loop owns (limits.h), and the lanes to
 * them.
 *
 * An address has a lane for each class of connection. Who asks stands in the lane in the order of asking, and
 * goes when two things are there at once, both of which this loop gives: the address's turn (fewer
 * connections open than it may have, the last begun long enough ago) and a place among smtp.live or
 * policy.live. So nobody holds one of them while he waits for the other, and a grant is used at once: the
 * pace at the address is that of connections, not of promises.
 *
 * A lane whose turn has come stands at the gate for one of those who wait in it, its candidate, under the
 * keys of gate_ids_of: the address's prefix (/24, /48) and the registrable domain of the MX host; for a
 * policy host the address. If another in the lane would wait under a domain that holds fewer places, he
 * becomes the candidate. He is looked for among the first few, then from time to time among all, and at each
 * that arrives. Every wait, for turn or place, ends after limits.wait.
 *
 * An address at which nothing is going on is forgotten but for how many names it has served (served.h) and,
 * past the budget, what it said to one of them (samples.h).
 */
#ifndef STSWEEP_REACH_LANES_H
#define STSWEEP_REACH_LANES_H

#include "scanner/loop/gate.h"
#include "scanner/reach/limits.h"
#include "scanner/reach/paces.h"
#include "scanner/reach/samples.h"
#include "scanner/reach/served.h"
#include "scanner/reach/silent.h"

enum { LANES_SAMPLES_BYTES = 32 << 20 }; /* over all loops */

struct lane_ask {
    struct worker *from;
    struct handle handle; /* of the request, there */
    struct ip_addr ip;
    enum pace_class class;
    uint64_t domain; /* pace_domain, or 0 */
    bool name;       /* asked for one more host name */
    bool exempt;     /* from the budget of names */
    bool shares;     /* wants no turn, but what the address said to another name */
};

struct lane_return {
    struct ip_addr ip;
    enum pace_class class;
    uint64_t domain;
    bool timed_out;
    struct probe_sample *sample; /* borrowed, or NULL */
};

struct lane_answer {
    struct worker *from; /* who asked */
    struct handle handle;
    struct ip_addr ip;
    enum pace_class class;
    uint64_t domain;
    struct pace_turn turn;       /* all but its sample */
    struct probe_sample *sample; /* a counted reference, or NULL */
};

struct lanes {
    struct worker *worker;
    void (*answer)(const struct lane_answer *answer); /* once for each that asked; calls nothing here */
    struct map addresses;
    struct gate gates[PACE_CLASSES];
    struct silent silent[PACE_CLASSES]; /* kept apart, so that an address can be forgotten */
    struct served served;
    struct samples samples;
    size_t sweep_at;
    struct paces paces, own_paces; /* at others' addresses, and at those in limits.own */
    int64_t wait_ms;
};

/* Makes the lanes of a loop; false: out of memory. */
bool lanes_init(struct lanes *lanes, struct worker *worker, void (*answer)(const struct lane_answer *answer));
void lanes_dispose(struct lanes *lanes); /* nobody is answered any more */

void lanes_ask(struct lanes *lanes, const struct lane_ask *ask);

/* A connection that was granted is over. */
void lanes_give_back(struct lanes *lanes, const struct lane_return *back);

/* The address does not answer, as an earlier run found. */
void lanes_note_silent(struct lanes *lanes, const struct ip_addr *ip, enum pace_class class);

void lanes_new_pass(struct lanes *lanes);
void lanes_forget_silence(struct lanes *lanes);

#endif
