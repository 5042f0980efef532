/*
 * Tells a person a domain's record in words: what a sender will do, the chain step by step, what to mend and
 * how. It is plain text in 80 columns, every mark a word, with colour only if the caller asks for it.
 * Whatever a peer sent is escaped to printable ASCII. It never judges: the verdict has said what is wrong.
 * Pure.
 */
#ifndef STSWEEP_EXPLAIN_EXPLAIN_H
#define STSWEEP_EXPLAIN_EXPLAIN_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

struct explain_style {
    bool verbose; /* adds the raw evidence */
    bool colour;
};

/* Appends the text; false if the buffer's ceiling is reached. */
bool explain_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                    const struct explain_style *style);

/* Says an outcome in a few words, as "mail is not delivered". */
const char *explain_headline(enum outcome outcome);

/* Says in a few sentences what an outcome means for a sender that honours MTA-STS. */
const char *explain_outcome(enum outcome outcome);

/* Tells whether `check` explains the code of this judgement. It does not if nothing is wrong: that DANE does
 * not apply, and that a name without mail has neither TXT record. */
bool explain_is_due(const struct judgement *judgement, enum failure_code code);

/* Does the same of a record's codes and its outcome alone. */
bool explain_is_due_of(const struct code_set *codes, enum outcome outcome, enum failure_code code);

/* Appends what was found of a code, as sentences that each have a blank before them; of a peer's bytes too,
 * so that the text is to be escaped. Nothing if nothing is known beside the code. */
void explain_found(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement,
                   enum failure_code code);

#endif
