/* Keeps a name for each list. */
#include "scanner/scan/sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/spool.h"
#include "scanner/base/utf8.h"

enum { NUMBER_BYTES = 12 };

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* How many of the lists before it have the same last part? */
static size_t twins(const char *const *paths, size_t index)
{
    size_t found = 0;
    for (size_t i = 0; i < index; i++)
        found += strcmp(last_part(paths[i]), last_part(paths[index])) == 0;
    return found;
}

static char *name_of(const char *const *paths, size_t index)
{
    const char *part = last_part(paths[index]);
    size_t len = strlen(part), before = twins(paths, index);
    char *name = malloc(len + NUMBER_BYTES);
    if (name == NULL)
        return NULL;
    utf8_show(bytes_make(part, len), '?', name);
    if (before > 0)
        (void)snprintf(name + len, NUMBER_BYTES, "#%zu", before + 1);
    return name;
}

enum error sources_init(struct sources *sources, const char *const *paths, size_t count)
{
    *sources = (struct sources){.names = NULL};
    if (count < 2)
        return ERR_OK;
    if (count > SPOOL_SOURCES)
        return ERR_LIMIT;
    sources->names = calloc(count, sizeof *sources->names);
    if (sources->names == NULL)
        return ERR_MEMORY;
    for (; sources->count < count; sources->count++) {
        sources->names[sources->count] = name_of(paths, sources->count);
        if (sources->names[sources->count] == NULL)
            return ERR_MEMORY;
    }
    return ERR_OK;
}

void sources_dispose(struct sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->names[i]);
    free(sources->names);
    *sources = (struct sources){.names = NULL};
}

const char *sources_name(const struct sources *sources, size_t index)
{
    return index < sources->count ? sources->names[index] : NULL;
}
