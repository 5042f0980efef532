/*
 * Makes one connection to one address within the manners. It asks whether the address may be contacted, waits
 * for its turn there with a place under a ceiling (limits.h), has the session begun, and gives turn and place
 * back. What is spoken in the session, and what becomes of its facts, is the matter of a protocol
 * (proberun.c, policyhost.c). A visit belongs to the loop that started it.
 */
#ifndef STSWEEP_REACH_VISIT_H
#define STSWEEP_REACH_VISIT_H

#include "scanner/reach/limits.h"
#include "scanner/reach/worker.h"

enum visit_state { VISIT_NEW, VISIT_TURN, VISIT_SESSION, VISIT_DONE };

struct visit;

/* What one protocol adds. Each gets the visit that stands first in the protocol's own struct. */
struct visit_protocol {
    const char *name;      /* for the trace */
    enum place_kind place; /* under which kind the file `stuck` names the address */
    enum known_port port;
    /* Asks for the turn, which answers by visit_turn with the visit as its argument. */
    struct handle (*ask)(struct visit *visit);
    /* The turn has come: starts the session, which calls visit_end when it is over, and not from inside. */
    struct handle (*begin)(struct visit *visit, const struct pace_turn *turn);
    /* There is no session, for this reason. turn: what the pacer said, or NULL if it was not even asked. The
     * visit is over and may be gone when the call returns. */
    void (*refused)(struct visit *visit, enum not_tried reason, const struct pace_turn *turn);
    /* Ends the session without a callback. */
    void (*cancel)(struct visit *visit);
    /* The connection is over; silent: the address did not answer at all. */
    void (*give_back)(struct visit *visit, bool silent);
};

struct visit {
    const struct visit_protocol *protocol;
    struct worker *worker;
    struct trace *trace; /* or NULL */
    const char *host;    /* whom the address is visited for; outlives the visit */
    struct ip_addr ip;
    enum visit_state state;
    int64_t began_ms;  /* by clock_boot_ms: the session */
    int64_t since_ms;  /* monotonic: it has waited for its turn since then */
    uint32_t ms_turn;  /* how long it has waited for its turns, over all its sessions */
    uint32_t ms_place; /* and for its places, which is not part of ms_turn */
    struct handle turn;
    struct handle session;
};

/* Starts a visit. protocol, worker, trace, host and ip are filled in, all else is zero. refused may be called
 * from inside. */
void visit_start(struct visit *visit);

/* Starts a further session at an address that has been visited: nothing is asked but for a turn. false: out
 * of memory, and nothing was begun. */
bool visit_again(struct visit *visit);

/* Answers a request for a turn; it is for `ask`. */
void visit_turn(void *arg, const struct pace_turn *turn);

/* How a session ended, as far as it tells of the way there. */
struct visit_signs {
    bool broken;     /* no way was found, or nothing was heard any more */
    bool broken_off; /* likewise, or the peer went away, as peers do of whom nothing is heard */
    bool silent;     /* the address did not answer */
};

/* The session is over: turn and place are given back. Returns TRIED, or why what was seen says nothing of the
 * peer: this machine was paused meanwhile, or has no route there. */
enum not_tried visit_end(struct visit *visit, const struct visit_signs *signs);

/* Ends the session or the wait that is under way, without a callback. */
void visit_cancel(struct visit *visit);

#endif
