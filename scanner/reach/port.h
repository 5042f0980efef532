/*
 * Tells whether port 25 is closed to us. Nobody can be asked about it, so each loop judges by how its own
 * connections end. Only the first connection to an address in a pass counts: what else is there is known by
 * then. They are numbered as they begin.
 *
 * A connection that ended in silence is in doubt if none begun with it or after it went well, and OUTAGE_FEW
 * were begun since the last that did: whoever is silent for good has others beside him that are not. Port 25
 * is lost when PORT_LEAST have ended so, in a pass in which a good part was made before; it is found when
 * PORT_FOUND are made again. A connection that is refused tells neither.
 */
#ifndef STSWEEP_REACH_PORT_H
#define STSWEEP_REACH_PORT_H

#include <stdbool.h>
#include <stdint.h>

/* How much has been tried and has failed since the beginning. */
struct outage_counts {
    uint64_t ended;
    uint64_t failed;
};

/* When nearly all fail, OUTAGE_FEW are enough for a suspicion: so that a small scan has it in time as well.
 */
enum { OUTAGE_FEW = 20 };

struct port_outage {
    uint64_t begun;            /* how many; the last one's number */
    uint64_t good;             /* the highest number of one that went well */
    uint64_t failed;           /* with a higher one */
    uint64_t made;             /* since it was lost */
    struct outage_counts pass; /* this one's */
    bool in_doubt;
    bool lost;
};

enum { PORT_LEAST = 100, PORT_FOUND = 10, PORT_USUAL_PERCENT = 20 };

/* Returns the connection's number, from 1. */
uint64_t port_outage_begin(struct port_outage *port);
void port_outage_end(struct port_outage *port, uint64_t number, bool made);

/* A pass begins over those that failed: what was usual before it says nothing about them. What is lost stays
 * lost. */
void port_outage_new_pass(struct port_outage *port);

#endif
