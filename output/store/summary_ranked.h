/* Writes names with their counts, the largest first. Pure. */
#ifndef STSWEEP_STORE_SUMMARY_RANKED_H
#define STSWEEP_STORE_SUMMARY_RANKED_H

#include "output/json/json_write.h"

struct ranked {
    const char *name;
    uint64_t count;
};

/* Writes an object under key: larger counts first, equal ones by name, then other, unless it is 0. The rows
 * are put in that order. */
void ranked_json(struct json *json, const char *key, struct ranked *rows, size_t count, uint64_t other);

#endif
