/*
 * Names the lists of a scan, so that a record can say which one its domain was taken from: by the last part
 * of their paths, as folders are nobody else's business. A scan of one list says nothing.
 */
#ifndef STSWEEP_SCAN_SOURCES_H
#define STSWEEP_SCAN_SOURCES_H

#include <stddef.h>

#include "scanner/base/error.h"

struct sources {
    char **names; /* owned; in the order of the lists */
    size_t count; /* 0: there is one list */
};

/* ERR_MEMORY; ERR_LIMIT: more lists than a name can say (SPOOL_SOURCES). sources_dispose is fine after any.
 */
enum error sources_init(struct sources *sources, const char *const *paths, size_t count);
void sources_dispose(struct sources *sources);

/* Returns the name of a list, or NULL if there is one list only. */
const char *sources_name(const struct sources *sources, size_t index);

#endif
