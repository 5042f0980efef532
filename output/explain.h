/*
 * A domain's record in words, for a person: what was found step by step, what a sender will do, what to mend.
 * Plain text, 80 columns, no colour. Whatever a peer sent is escaped to printable ASCII. Pure.
 */
#ifndef STSWEEP_OUTPUT_EXPLAIN_H
#define STSWEEP_OUTPUT_EXPLAIN_H

#include "output/record.h"
#include "scanner/base/buf.h"

/* Appends the text; false where the buffer's ceiling is reached. verbose adds the raw evidence. */
bool explain_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                    bool verbose);

/* What an outcome means for a sender that honours MTA-STS, in one sentence. */
const char *explain_outcome(enum outcome outcome);

#endif
