/*
 * `stsweep check DOMAIN…`: one or some domains now, on one loop in the caller's thread.
 */
#ifndef STSWEEP_CHECK_H
#define STSWEEP_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;

struct check_request {
    const struct config *config;
    const char **names;
    size_t name_count;
    bool json;    /* domain records, as scan writes them */
    bool verbose; /* with the evidence */
    const char *trace;
    uint32_t fail_on; /* the outcomes that are a "no", bit 1 << enum outcome; 0: all but protected */
};

/*
 * Returns the exit code: 0 all protected (with fail_on: none has such an outcome), 1 not, 2 usage, 4 cannot
 * go on, 5 could not be determined.
 */
int check_main(const struct check_request *request);

#endif
