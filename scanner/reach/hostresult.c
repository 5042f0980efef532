/* Counts references, and lets what one look gave serve the next. */
#include "scanner/reach/hostresult.h"

#include <stdlib.h>

#include "scanner/config/config.h"

enum { HOST_FIRST_BYTES = 512, HEAP_OVERHEAD_BYTES = 16 };

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

size_t host_result_bytes(const struct host_result *result)
{
    size_t kept = 0;
    for (size_t i = 0; i < result->kept_count; i++)
        kept += result->kept[i].held_bytes;
    return sizeof *result + result->arena.held_bytes + kept + 2 * HEAP_OVERHEAD_BYTES;
}

void host_result_serve(struct host_result *result, const struct host_result *earlier, int64_t now)
{
    struct address_facts *address = &result->facts.address;
    result->serves = host_serves_until(address, now);
    if (earlier != NULL)
        host_serve_stale(address, &result->serves, &earlier->facts.address, &earlier->serves, now,
                         &result->arena);
}

bool host_result_take_lookups(struct host_result *result, const struct host_result *earlier, int64_t now)
{
    if (earlier == NULL || now >= earlier->holds_until_ms || result->anew_before_ms != 0)
        return false;
    host_lookups_copy(&earlier->facts, &result->arena, &result->facts);
    result->holds_until_ms = earlier->holds_until_ms;
    result->serves = earlier->serves;
    return true;
}

bool host_lacked_starttls(const struct host_facts *facts)
{
    for (size_t i = 0; i < facts->probe_count; i++)
        if (facts->probes[i].end == SMTP_END_NOT_OFFERED)
            return true;
    return false;
}
