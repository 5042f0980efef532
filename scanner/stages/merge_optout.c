/* Reads the lists of all directories, and writes them one after the other. */
#include "scanner/stages/merge_optout.h"

#include <stdlib.h>

#include "scanner/base/map.h"
#include "scanner/base/seed.h"
#include "scanner/base/shown.h"
#include "scanner/scan/optouts.h"

enum { REASON_BYTES = 4096 };

/* An entry, by its text, and how many names of the input it has kept out. */
struct entry_sum {
    struct map_node node;
    uint64_t domains;
    size_t len;
    char text[];
};

static bool is_entry(const struct map_node *node, struct bytes key)
{
    const struct entry_sum *sum = (const struct entry_sum *)node;
    return sum->len == key.len && memcmp(sum->text, key.data, key.len) == 0;
}

static void free_entry(struct map_node *node, void *arg)
{
    (void)arg;
    free(node);
}

static enum error add_entry(struct map *sums, const char *text, uint64_t domains)
{
    struct bytes key = bytes_of(text);
    struct entry_sum *sum = (struct entry_sum *)map_find(sums, key);
    if (sum == NULL) {
        sum = calloc(1, sizeof *sum + key.len);
        if (sum == NULL)
            return ERR_MEMORY;
        sum->len = key.len;
        memcpy(sum->text, key.data, key.len);
        if (!map_add(sums, &sum->node, key)) {
            free(sum);
            return ERR_MEMORY;
        }
    }
    sum->domains += domains;
    return ERR_OK;
}

/* Reads a directory's list; without one kept->optout is NULL. */
static enum error read_list(const struct stagedir *dir, struct optout_kept *kept, struct buf *why)
{
    struct buf reason;
    buf_init(&reason, REASON_BYTES);
    enum error error = scanview_optout(dir->view, kept, &reason);
    if (error == ERR_NOT_FOUND)
        error = ERR_OK;
    if (error != ERR_OK)
        buf_printf(why, "%s: %s", shown(dir->path), buf_string(&reason));
    buf_dispose(&reason);
    return error;
}

static enum error add_list(const struct stagedir *dir, struct map *sums, bool *any, struct buf *why)
{
    struct optout_kept kept;
    enum error error = read_list(dir, &kept, why);
    size_t count = error == ERR_OK && kept.optout != NULL ? optout_count(kept.optout) : 0;
    *any = *any || count > 0;
    for (size_t i = 0; i < count && error == ERR_OK; i++)
        error = add_entry(sums, optout_entry(kept.optout, i)->text, kept.domains[i]);
    optout_kept_dispose(&kept);
    return error;
}

static enum error write_list(const struct stagedir *dir, const struct map *sums, struct store *store,
                             const char *place, struct buf *why)
{
    struct optout_kept kept;
    enum error error = read_list(dir, &kept, why);
    size_t count = error == ERR_OK && kept.optout != NULL ? optout_count(kept.optout) : 0;
    for (size_t i = 0; i < count; i++) {
        struct entry_sum *sum =
            (struct entry_sum *)map_find(sums, bytes_of(optout_entry(kept.optout, i)->text));
        kept.domains[i] = sum == NULL ? 0 : sum->domains;
    }
    if (count > 0)
        error = optouts_write(store, place, kept.optout, kept.domains, why);
    optout_kept_dispose(&kept);
    return error;
}

enum error merge_optout(const struct stagedirs *dirs, struct store *store, const char *place, struct buf *why)
{
    struct map sums;
    bool any = false;
    enum error error = ERR_OK;
    map_init(&sums, hash_seed(), is_entry);
    for (size_t i = 0; i < dirs->name_count && error == ERR_OK; i++)
        error = add_list(&dirs->names[i], &sums, &any, why);
    for (size_t i = 0; any && i < dirs->name_count && error == ERR_OK; i++)
        error = write_list(&dirs->names[i], &sums, store, place, why);
    for (size_t i = 0; i < dirs->probe_count && error == ERR_OK; i++)
        error = write_list(&dirs->probes[i], &sums, store, place, why);
    map_each(&sums, free_entry, NULL);
    map_dispose(&sums);
    return error;
}
