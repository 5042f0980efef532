/* What is known of one MX host: its life, and what may be asked of it. */
#include <stdlib.h>

#include "scanner/config.h"
#include "scanner/hosts.h"

enum { HOST_FIRST_BYTES = 512 };

void host_result_release(struct host_result *result)
{
    if (result == NULL || atomic_fetch_sub(&result->references, 1) != 1)
        return;
    for (size_t i = 0; i < result->kept_count; i++)
        arena_dispose(&result->kept[i]);
    free(result->kept);
    host_result_release(result->before);
    arena_dispose(&result->arena);
    free(result);
}

struct host_result *host_result_create(const struct config *config)
{
    struct host_result *result = calloc(1, sizeof *result);
    if (result == NULL)
        out_of_memory("an MX host");
    atomic_init(&result->references, 1);
    size_t most = HOST_ARENA_BYTES + (size_t)config->smtp_max_addresses * HOST_PROBE_BYTES;
    arena_init_small(&result->arena, most, HOST_FIRST_BYTES);
    return result;
}

bool host_lacked_starttls(const struct host_facts *facts)
{
    for (size_t i = 0; i < facts->probe_count; i++)
        if (facts->probes[i].end == SMTP_END_NOT_OFFERED)
            return true;
    return false;
}
