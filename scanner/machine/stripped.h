/*
 * Tells whether something on our own way takes STARTTLS out. Counts go in and the state comes out: when many
 * hosts of providers that all offer it do not offer it to us, that is a suspicion; hosts known to offer it
 * are asked again and decide (knownhosts.h). Pure: now is an argument (monotonic, ms). It never looks at a
 * host's name.
 */
#ifndef STSWEEP_MACHINE_STRIPPED_H
#define STSWEEP_MACHINE_STRIPPED_H

#include "scanner/machine/outage.h"

enum stripped_state {
    STRIPPED_NOT,
    STRIPPED_SUSPECTED,
    STRIPPED_ON /* they do not offer it to us either */
};

enum {
    STRIPPED_LEAST = 20,         /* sessions, of late */
    STRIPPED_SHARE_PERCENT = 20, /* more than this without it */
    STRIPPED_WINDOW_MS = 20000,
    STRIPPED_ASK_MS = 60000,   /* between two looks: a connection a minute to each host asked */
    STRIPPED_QUIET_MS = 600000 /* after a false alarm */
};

struct stripped {
    enum stripped_state state;
    struct outage_window window;
    int64_t ask_at_ms;
    int64_t quiet_until_ms;
};

/* What a look at the known hosts may say. */
enum stripped_answer { STRIPPED_NOBODY, STRIPPED_OFFERED, STRIPPED_LACKING };

/* Begins; on: it was so before the scan began. */
void stripped_init(struct stripped *stripped, bool on);

/* Takes the sessions at hosts of known providers, and those without STARTTLS among them, since the beginning;
 * returns the state then. */
enum stripped_state stripped_count(struct stripped *stripped, const struct outage_counts *counts,
                                   int64_t now);

/* Are the known hosts to be asked now? */
bool stripped_wants_look(const struct stripped *stripped, int64_t now);

/* Takes what they answered; returns the state then. */
enum stripped_state stripped_looked(struct stripped *stripped, enum stripped_answer answer, int64_t now);

#endif
