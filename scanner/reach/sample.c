/* Makes deep copies of the little that names at one address share. */
#include "scanner/reach/sample.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { SAMPLE_ARENA_BYTES = 32 * 1024, SAMPLE_FIRST_BYTES = 512, SAMPLE_EHLO_LINES = 32 };

struct probe_sample {
    atomic_uint references;
    struct arena arena;
    struct bytes greeting;
    struct bytes *ehlo;
    size_t ehlo_count;
    bool starttls_offered;
    uint16_t tls_version;
};

static struct bytes *copy_lines(struct arena *arena, const struct bytes *lines, size_t count)
{
    struct bytes *copy = arena_array(arena, count, sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++)
        copy[i] = arena_bytes(arena, lines[i]);
    return copy;
}

/* Is the EHLO reply whole? One that broke off half-way, that ended by a refusal (then HELO may have been
 * taken), or that something on the way has changed, does not say what the address does not offer. */
static bool ehlo_is_whole(const struct probe_facts *probe)
{
    bool lacks = probe->step == SMTP_EHLO && probe->end == SMTP_END_NOT_OFFERED && !probe->masked &&
                 !probe->path_doubtful;
    return probe->ehlo_count > 0 && (probe->starttls_offered || lacks);
}

struct probe_sample *probe_sample_create(const struct probe_facts *probe)
{
    if (probe->not_tried != TRIED || !ehlo_is_whole(probe))
        return NULL;
    struct probe_sample *sample = calloc(1, sizeof *sample);
    if (sample == NULL)
        return NULL;
    atomic_init(&sample->references, 1);
    arena_init_small(&sample->arena, SAMPLE_ARENA_BYTES, SAMPLE_FIRST_BYTES);
    size_t lines = probe->ehlo_count < SAMPLE_EHLO_LINES ? probe->ehlo_count : SAMPLE_EHLO_LINES;
    sample->greeting = arena_bytes(&sample->arena, probe->greeting);
    sample->ehlo = copy_lines(&sample->arena, probe->ehlo, lines);
    sample->ehlo_count = sample->ehlo == NULL ? 0 : lines;
    sample->starttls_offered = probe->starttls_offered;
    sample->tls_version = probe->tls.end == TLS_DONE ? probe->tls.version : 0;
    return sample;
}

struct probe_sample *probe_sample_hold(struct probe_sample *sample)
{
    if (sample != NULL)
        atomic_fetch_add(&sample->references, 1);
    return sample;
}

void probe_sample_release(struct probe_sample *sample)
{
    if (sample == NULL || atomic_fetch_sub(&sample->references, 1) != 1)
        return;
    arena_dispose(&sample->arena);
    free(sample);
}

size_t probe_sample_bytes(const struct probe_sample *sample)
{
    return sizeof *sample + sample->arena.held_bytes;
}

void probe_sample_inherit(const struct probe_sample *sample, struct arena *arena, struct probe_facts *facts)
{
    facts->shared = true;
    facts->greeting = arena_bytes(arena, sample->greeting);
    facts->ehlo = copy_lines(arena, sample->ehlo, sample->ehlo_count);
    facts->ehlo_count = facts->ehlo == NULL ? 0 : sample->ehlo_count;
    facts->starttls_offered = sample->starttls_offered;
    facts->tls.version = sample->tls_version;
}
