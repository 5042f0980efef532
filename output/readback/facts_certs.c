/* Keeps certificates by SHA-256, each with an arena of its own, those used last. */
#include "output/readback/facts_certs.h"

#include <stdlib.h>

#include "output/readback/facts_read.h"
#include "scanner/base/recent.h"

enum { ARENA_BYTES = 8 << 20, FIRST_BYTES = 2048, HEAP_BYTES = 64 };

struct kept {
    struct recent_node recent;
    struct arena arena;
    struct cert_facts facts;
};

struct facts_certs {
    struct recent recent; /* they weigh bytes */
};

static bool is_kept(const struct map_node *node, struct bytes key)
{
    const struct kept *kept = (const struct kept *)node;
    return memcmp(kept->facts.sha256, key.data, sizeof kept->facts.sha256) == 0;
}

static size_t bytes_of_kept(const struct kept *kept)
{
    return sizeof *kept + kept->arena.held_bytes + HEAP_BYTES;
}

static void free_kept(struct recent_node *node)
{
    struct kept *kept = (struct kept *)(void *)node;
    arena_dispose(&kept->arena);
    free(kept);
}

struct facts_certs *facts_certs_create(size_t ceiling_bytes)
{
    struct facts_certs *certs = calloc(1, sizeof *certs);
    if (certs != NULL) /* few: however they are chosen, a bucket is short */
        recent_init(&certs->recent, ceiling_bytes, 0, is_kept, free_kept);
    return certs;
}

void facts_certs_destroy(struct facts_certs *certs)
{
    if (certs == NULL)
        return;
    recent_dispose(&certs->recent);
    free(certs);
}

void facts_certs_next(struct facts_certs *certs)
{
    recent_trim(&certs->recent, 0);
}

static enum error add(struct facts_certs *certs, struct bytes key, struct bytes line, struct kept **made,
                      struct buf *why)
{
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return ERR_MEMORY;
    arena_init_small(&kept->arena, ARENA_BYTES, FIRST_BYTES);
    enum error error = facts_read_cert(line, &kept->arena, &kept->facts, why);
    if (error == ERR_OK && !is_kept(&kept->recent.node, key))
        error = ERR_NOT_FOUND;
    if (error == ERR_OK && !recent_add(&certs->recent, &kept->recent, key, bytes_of_kept(kept)))
        error = ERR_MEMORY;
    if (error != ERR_OK) {
        free_kept(&kept->recent);
        return error;
    }
    *made = kept;
    return ERR_OK;
}

enum error facts_certs_get(struct facts_certs *certs, const struct facts_source *source,
                           const uint8_t sha256[32], struct cert_facts *cert, struct buf *why)
{
    const struct bytes key = bytes_make(sha256, sizeof cert->sha256);
    struct kept *kept = (struct kept *)(void *)recent_find(&certs->recent, key);
    struct bytes line;
    enum error error = ERR_OK;
    if (kept == NULL) {
        error = source->cert(source->arg, sha256, &line);
        if (error == ERR_OK)
            error = add(certs, key, line, &kept, why);
    }
    if (error == ERR_OK)
        *cert = kept->facts;
    return error;
}
