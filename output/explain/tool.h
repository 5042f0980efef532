/*
 * Tells other programs what was found of domains, in forms that they read: JUnit XML for build servers,
 * workflow commands for GitHub Actions, Markdown for a ticket. All of it is printable ASCII: whatever a peer
 * sent leaves as \xNN where it is not, and is escaped by the rules of the form. It never judges. Pure.
 */
#ifndef STSWEEP_EXPLAIN_TOOL_H
#define STSWEEP_EXPLAIN_TOOL_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

enum tool_form { TOOL_NONE, TOOL_JUNIT, TOOL_GITHUB, TOOL_MARKDOWN, TOOL_FORMS };

/* Returns "junit", "github" or "markdown"; the form of a name, or TOOL_NONE. */
const char *tool_form_name(enum tool_form form);
enum tool_form tool_form_find(const char *name);

/* How the domain stands with who asked. What it is decides what a build fails by: by nothing of a domain that
 * is TOOL_GOOD, whatever its codes; of the others by its outcome, and by the codes that it comes of. */
enum tool_verdict { TOOL_GOOD, TOOL_BAD, TOOL_OPEN, TOOL_BY_MACHINE };

struct tool_domain {
    struct bytes domain;
    enum outcome outcome;
    enum tool_verdict verdict;
    const struct code_set *codes;
    bool policy_read; /* there is a policy that can be read, be its mode none */
    bool in_force;    /* it can be used, and its mode is not none: an MX host that fails is skipped */
    /* Appends what was found of a code, in sentences and in whatever bytes. NULL: no more is known. */
    void (*found)(void *arg, enum failure_code code, struct buf *text);
    void *arg;
};

/* Fills in what can be told of a judgement; found and its facts are the caller's. */
struct tool_domain tool_of(const char *domain, const struct judgement *judgement, enum tool_verdict verdict);

/* Append to out: what comes before all domains, a domain, one of which there is nothing as this machine could
 * not look, one that was left out for a code, and what comes behind all. A ceiling that is reached stays in
 * out->failed. */
void tool_head(struct buf *out, enum tool_form form);
void tool_put(struct buf *out, enum tool_form form, const struct tool_domain *domain);
void tool_put_machine(struct buf *out, enum tool_form form, struct bytes domain, const char *why);
void tool_put_left_out(struct buf *out, enum tool_form form, struct bytes domain, enum failure_code code);
void tool_foot(struct buf *out, enum tool_form form);

#endif
