/*
 * Public suffixes. The list is loaded once, by whichever thread asks first, and never changes after that; it
 * lives as long as the process.
 */
#include <libpsl.h>
#include <pthread.h>
#include <stdlib.h>

#include "input/hostname.h"

static pthread_once_t loaded = PTHREAD_ONCE_INIT;
static psl_ctx_t *list;

/* The newer of the system's list and the one built into the library. */
static void load(void)
{
    list = psl_latest(NULL);
}

const char *hostname_public_suffix(const char *domain, bool *is_suffix)
{
    *is_suffix = false;
    if (pthread_once(&loaded, load) != 0 || list == NULL)
        return NULL;
    /* The list's default rule calls every unknown last label a suffix: that is not knowing. */
    for (const char *name = domain; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (psl_is_public_suffix2(list, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0) {
            *is_suffix = name == domain;
            return name;
        }
    }
    return NULL;
}
