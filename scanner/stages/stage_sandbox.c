#include "scanner/stages/stage_sandbox.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "scanner/machine/sandbox.h"

enum { LISTS = 2 };

void stage_sandbox_enter(const struct args *args, const char *out)
{
    const struct config *config = &args->config;
    struct stat status;
    char above[PATH_MAX];
    bool is_there = stat(out, &status) == 0;
    if (config->safety_sandbox == SAFETY_SANDBOX_NO)
        return;
    const char **read = calloc(args->name_count + LISTS, sizeof *read);
    if (read == NULL)
        return; /* whoever needs memory next says so */
    (void)snprintf(above, sizeof above, "%s", out);
    struct sandbox_reader reader = {.read = read, .unmakes = !is_there, .temporary = true};
    reader.folder = is_there ? out : dirname(above);
    for (size_t i = 0; i < args->name_count; i++)
        read[reader.read_count++] = args->names[i];
    if (config->safety_optout[0] != 0)
        read[reader.read_count++] = config->safety_optout;
    if (config->safety_as_prefixes[0] != 0)
        read[reader.read_count++] = config->safety_as_prefixes;
    sandbox_enter_reader(&reader);
    free(read);
}
