/* Finds the public suffix of a name in a list that others have loaded. What the list says of a name is asked
 * for dearly (3,600 instructions), and of the same names again and again: a top-level domain, an operator's
 * MX hosts. So each thread keeps some answers; they follow from the name and the list alone. */
#include "scanner/facts/suffix.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scanner/base/map.h"

enum { ANSWERS = 512, ANSWER_NAME_BYTES = 56 };

/* An answer that is kept, in the place that a hash of its name says. */
struct answer {
    uint32_t loaded; /* the list that gave it */
    bool is_suffix;
    char name[ANSWER_NAME_BYTES];
};

static const psl_ctx_t *list;
static uint32_t lists_loaded;

void suffix_use(const psl_ctx_t *loaded)
{
    list = loaded;
    lists_loaded++;
}

bool suffix_has_list(void)
{
    return list != NULL;
}

/* Asks the list. Its default rule, which takes every unknown last label for a suffix, is left out: the list
 * must know the suffix. */
static bool ask_list(const char *name)
{
    return psl_is_public_suffix2(list, name, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool is_listed(const char *name)
{
    static _Thread_local struct answer answers[ANSWERS];
    size_t bytes = strlen(name) + 1;
    if (bytes > ANSWER_NAME_BYTES)
        return ask_list(name);
    struct answer *answer = &answers[map_hash(bytes_make(name, bytes), 0) % ANSWERS];
    if (answer->loaded != lists_loaded || memcmp(answer->name, name, bytes) != 0) {
        answer->loaded = lists_loaded;
        answer->is_suffix = ask_list(name);
        memcpy(answer->name, name, bytes);
    }
    return answer->is_suffix;
}

const char *suffix_of(const char *domain, bool *is_suffix)
{
    *is_suffix = false;
    if (list == NULL)
        return NULL;
    for (const char *name = domain; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (is_listed(name)) {
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
