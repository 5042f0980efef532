/*
 * Runs `stsweep check DOMAIN…`: looks at one or some domains now, on one loop in the caller's thread. Other
 * commands that look at domains now pass `render`, which says what becomes of each.
 */
#ifndef STSWEEP_COMMANDS_CHECK_H
#define STSWEEP_COMMANDS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "output/explain/tool.h"

struct config;

/* Is a domain of this outcome and these codes a "no"? fail_on: the outcomes that are one, bit 1 << enum
 * outcome; 0: all but protected and unknown. What senders meet that have an earlier policy counts as well
 * (cached.refused, cached.partial). */
bool check_is_no(enum outcome outcome, const struct code_set *codes, uint32_t fail_on);

struct check_request {
    const struct config *config;
    const char **names;
    size_t name_count;
    bool json;           /* domain records, as scan writes them */
    enum tool_form form; /* for tools; TOOL_NONE: for a person, or json */
    bool verbose;        /* with the evidence */
    const char *trace;
    /* Appends what is printed of a domain; false if it cannot. NULL: as json and verbose say. */
    bool (*render)(void *arg, struct buf *text, const struct domain_facts *facts,
                   const struct judgement *judgement);
    void *render_arg;
    /* MX hosts that are looked at first, as they stand: names as hostname_normalize leaves them. seen takes
     * what was found at each, which is good as long as the check; it is not called of a host that is on the
     * opt-out list, which nobody looks at. NULL: there are none. */
    const char *const *planned;
    size_t planned_count;
    void (*seen)(void *arg, size_t index, const struct host_facts *facts);
    FILE *out;          /* where the texts go; NULL: standard output */
    const char *folder; /* that render writes files below, or NULL */
    uint32_t fail_on;   /* of check_is_no */
};

/*
 * Runs the check and returns the exit code: 0 all protected (with fail_on: none has such an outcome), 1 not
 * (check_is_no), 2 usage, 4 cannot go on, 5 could not be determined.
 */
int check_main(const struct check_request *request);

#endif
