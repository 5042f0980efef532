/*
 * Finds the public suffix of a name (libpsl), the part under which anybody may register names. The program's
 * start loads the list (machine/suffixes.h) and passes it in here before there is a second thread; without a
 * list no suffix is known. Pure.
 */
#ifndef STSWEEP_FACTS_SUFFIX_H
#define STSWEEP_FACTS_SUFFIX_H

#include <libpsl.h>
#include <stdbool.h>

/* Sets the list; the caller keeps owning it. NULL: there is none. */
void suffix_use(const psl_ctx_t *list);

/* Is there a list? */
bool suffix_has_list(void);

/* Returns the public suffix (it points into domain), or NULL if the list knows none. *is_suffix: the whole
 * name is one. Any thread may call it. */
const char *suffix_of(const char *domain, bool *is_suffix);

/* Returns the registrable domain at or above the name, one label more than its public suffix (it points into
 * domain); NULL if the suffix is NULL or the name itself. */
const char *suffix_registrable(const char *domain, const char *suffix);

#endif
