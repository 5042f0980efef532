/* A map of certificates by SHA-256, each with an arena of its own, and a list of them by their last use. */
#include "output/readback/facts_certs.h"

#include <stdlib.h>

#include "output/readback/facts_read.h"
#include "scanner/base/list.h"
#include "scanner/base/map.h"

enum { ARENA_BYTES = 8 << 20, FIRST_BYTES = 2048, HEAP_BYTES = 64 };

struct kept {
    struct map_node node;
    struct list recent;
    struct arena arena;
    struct cert_facts facts;
};

struct facts_certs {
    struct map map;
    struct list recent; /* the oldest first */
    size_t bytes, ceiling_bytes;
};

static bool is_kept(const struct map_node *node, struct bytes key)
{
    const struct kept *kept = (const struct kept *)node;
    return memcmp(kept->facts.sha256, key.data, sizeof kept->facts.sha256) == 0;
}

struct facts_certs *facts_certs_create(size_t ceiling_bytes)
{
    struct facts_certs *certs = calloc(1, sizeof *certs);
    if (certs == NULL)
        return NULL;
    map_init(&certs->map, 0, is_kept); /* few: however they are chosen, a bucket is short */
    list_init(&certs->recent);
    certs->ceiling_bytes = ceiling_bytes;
    return certs;
}

static size_t bytes_of_kept(const struct kept *kept)
{
    return sizeof *kept + kept->arena.held_bytes + HEAP_BYTES;
}

static void free_kept(struct kept *kept)
{
    arena_dispose(&kept->arena);
    free(kept);
}

static void drop_to(struct facts_certs *certs, size_t bytes)
{
    struct list *oldest;
    while (certs->bytes > bytes && (oldest = list_first(&certs->recent)) != NULL) {
        struct kept *kept = list_entry(oldest, struct kept, recent);
        certs->bytes -= bytes_of_kept(kept);
        map_remove(&certs->map, &kept->node);
        list_remove(&kept->recent);
        free_kept(kept);
    }
}

void facts_certs_destroy(struct facts_certs *certs)
{
    if (certs == NULL)
        return;
    drop_to(certs, 0);
    map_dispose(&certs->map);
    free(certs);
}

void facts_certs_next(struct facts_certs *certs)
{
    drop_to(certs, certs->ceiling_bytes);
}

static enum error add(struct facts_certs *certs, struct bytes key, struct bytes line, struct kept **made,
                      struct buf *why)
{
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return ERR_MEMORY;
    arena_init_small(&kept->arena, ARENA_BYTES, FIRST_BYTES);
    enum error error = facts_read_cert(line, &kept->arena, &kept->facts, why);
    if (error == ERR_OK && !is_kept(&kept->node, key))
        error = ERR_NOT_FOUND;
    if (error == ERR_OK && !map_add(&certs->map, &kept->node, key))
        error = ERR_MEMORY;
    if (error != ERR_OK) {
        free_kept(kept);
        return error;
    }
    certs->bytes += bytes_of_kept(kept);
    list_init(&kept->recent);
    list_add(&certs->recent, &kept->recent);
    *made = kept;
    return ERR_OK;
}

enum error facts_certs_get(struct facts_certs *certs, const struct facts_source *source,
                           const uint8_t sha256[32], struct cert_facts *cert, struct buf *why)
{
    const struct bytes key = bytes_make(sha256, sizeof cert->sha256);
    struct kept *kept = (struct kept *)map_find(&certs->map, key);
    struct bytes line;
    enum error error = ERR_OK;
    if (kept != NULL) {
        list_remove(&kept->recent);
        list_add(&certs->recent, &kept->recent);
    } else {
        error = source->cert(source->arg, sha256, &line);
        if (error == ERR_OK)
            error = add(certs, key, line, &kept, why);
    }
    if (error == ERR_OK)
        *cert = kept->facts;
    return error;
}
