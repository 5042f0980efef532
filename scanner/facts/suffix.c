/* Finds the public suffix of a name in a list that others have loaded. */
#include "scanner/facts/suffix.h"

#include <stddef.h>
#include <string.h>

static const psl_ctx_t *list;

void suffix_use(const psl_ctx_t *loaded)
{
    list = loaded;
}

bool suffix_has_list(void)
{
    return list != NULL;
}

const char *suffix_of(const char *domain, bool *is_suffix)
{
    *is_suffix = false;
    if (list == NULL)
        return NULL;
    /* The list's default rule, which takes every unknown last label for a suffix, is left out: the list must
     * know the suffix. */
    for (const char *name = domain; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (psl_is_public_suffix2(list, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0) {
            *is_suffix = name == domain;
            return name;
        }
    }
    return NULL;
}

const char *suffix_registrable(const char *domain, const char *suffix)
{
    size_t len = strlen(domain);
    size_t suffix_len = suffix == NULL ? len : strlen(suffix);
    if (suffix_len + 1 >= len || domain[len - suffix_len - 1] != '.')
        return NULL;
    const char *name = domain + len - suffix_len - 1;
    while (name > domain && name[-1] != '.')
        name--;
    return name;
}
