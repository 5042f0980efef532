/* Declares what the forms for tools share: how bad a code is for a domain, and texts made ASCII. Pure. */
#ifndef STSWEEP_EXPLAIN_TOOL_PARTS_H
#define STSWEEP_EXPLAIN_TOOL_PARTS_H

#include "output/explain/tool.h"

/* Worse ones come first wherever codes are told. */
enum tool_weight { WEIGHT_FAILURE, WEIGHT_ERROR, WEIGHT_WARNING, WEIGHT_NOTE, WEIGHT_COUNT };

/* Is the code told of the domain? */
bool tool_is_due(const struct tool_domain *domain, enum failure_code code);
enum tool_weight tool_weight(const struct tool_domain *domain, enum failure_code code);

/* Says in a word how the outcome counts: "ok", "FAIL", "unknown", or "this machine". */
const char *tool_word(enum tool_verdict verdict);

/* Appends text with \xNN for what is no printable ASCII. */
void tool_plain(struct buf *out, struct bytes text);

/* Appends `before` and what was found of a code, made plain; nothing, with false, if nothing is known. */
bool tool_found(struct buf *out, const struct tool_domain *domain, enum failure_code code,
                const char *before);

/* The forms. */
void junit_head(struct buf *out);
void junit_put(struct buf *out, const struct tool_domain *domain);
void junit_put_machine(struct buf *out, struct bytes domain, const char *why);
void junit_put_left_out(struct buf *out, struct bytes domain, enum failure_code code);
void junit_foot(struct buf *out);
void github_put(struct buf *out, const struct tool_domain *domain);
void github_put_machine(struct buf *out, struct bytes domain, const char *why);
void github_put_left_out(struct buf *out, struct bytes domain, enum failure_code code);
void markdown_put(struct buf *out, const struct tool_domain *domain);
void markdown_put_machine(struct buf *out, struct bytes domain, const char *why);
void markdown_put_left_out(struct buf *out, struct bytes domain, enum failure_code code);

#endif
