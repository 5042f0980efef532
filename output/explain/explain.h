/*
 * A domain's record in words, for a person: what a sender will do, the chain step by step, what to mend and
 * how. Plain text, 80 columns, every mark a word; colour only where the caller asks for it. Whatever a peer
 * sent is escaped to printable ASCII. It never judges: what is wrong, the verdict has said. Pure.
 */
#ifndef STSWEEP_EXPLAIN_EXPLAIN_H
#define STSWEEP_EXPLAIN_EXPLAIN_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

struct explain_style {
    bool verbose; /* with the raw evidence */
    bool colour;
};

/* Appends the text; false where the buffer's ceiling is reached. */
bool explain_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                    const struct explain_style *style);

/* What an outcome means for a sender that honours MTA-STS, in a few sentences. */
const char *explain_outcome(enum outcome outcome);

/* Does `check` explain the code of this judgement? Not what is as it should be: that DANE does not apply, and
 * no record at a name without mail. */
bool explain_is_due(const struct judgement *judgement, enum failure_code code);

#endif
