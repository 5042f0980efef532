/* The sentences of a report: for readers who are new to MTA-STS. */
#ifndef STSWEEP_REPORT_REPORT_WORDS_H
#define STSWEEP_REPORT_REPORT_WORDS_H

#include "scanner/facts/record.h"

struct report_outcome {
    const char *kind;  /* of its colour: "good", "bad", "warn", "none", "open" */
    const char *means; /* for mail */
    const char *raise; /* whether it is something to raise with its owner */
};

/* Of any outcome but OUTCOME_NONE. */
const struct report_outcome *report_outcome(enum outcome outcome);

/* The outcomes in the order in which they are told: good ones first, not determined last. */
enum { REPORT_OUTCOMES = OUTCOME_COUNT - 1 };
extern const enum outcome report_order[REPORT_OUTCOMES];

/* Returns what an owner should see first: 0 for the gravest outcome. */
uint8_t report_gravity(enum outcome outcome);
enum outcome report_of_gravity(uint8_t gravity);

/* Who has to mend something: "the domain's owner", … */
const char *report_who(enum failure_who who);

const char *report_dane(enum dane_outcome outcome);
const char *report_tls(enum tls_outcome outcome);

#endif
