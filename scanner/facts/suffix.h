/*
 * Public suffixes (libpsl): under which names anybody may register one. Whoever starts the program loads the
 * list (machine/suffixes.h) and passes it in here before there is a second thread; without one no suffix is
 * known. Pure.
 */
#ifndef STSWEEP_FACTS_SUFFIX_H
#define STSWEEP_FACTS_SUFFIX_H

#include <libpsl.h>
#include <stdbool.h>

/* The list from now on; the caller keeps it. NULL: there is none. */
void suffix_use(const psl_ctx_t *list);

/* The public suffix (points into domain), or NULL if the list does not know one; *is_suffix: the whole name
 * is one. Any thread may call it. */
const char *suffix_of(const char *domain, bool *is_suffix);

#endif
