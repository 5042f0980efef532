/* Reads the lists of all directories, and writes those that differ one after the other: each is laid over
 * what was written before it. */
#include "scanner/stages/merge_optout.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/map.h"
#include "scanner/base/seed.h"
#include "scanner/base/shown.h"
#include "scanner/scan/optouts.h"
#include "scanner/stages/sha256.h"

enum { REASON_BYTES = 4096, NUMBERS_BYTES = 64 };

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

/* ---- whose list is whose ------------------------------------------------------------------------------- */

/* The list of a directory. */
struct dir_list {
    const struct stagedir *dir;
    char sum[SHA256_HEX_BYTES]; /* of what its entries say, but for what they kept out; "" for no entries */
};

struct summing {
    struct sha256 *sum;
    bool failed;
};

static bool sum_prefix(void *arg, const struct ip_prefix *prefix)
{
    struct summing *summing = arg;
    summing->failed = summing->failed || !sha256_add(summing->sum, bytes_make(prefix, sizeof *prefix));
    return !summing->failed;
}

static void sum_text(struct summing *summing, const char *text)
{
    summing->failed = summing->failed || !sha256_add(summing->sum, bytes_make(text, strlen(text) + 1));
}

static void sum_entry(struct summing *summing, const struct optout *optout, size_t index)
{
    const struct optout_entry *entry = optout_entry(optout, index);
    char numbers[NUMBERS_BYTES];
    (void)snprintf(numbers, sizeof numbers, "%d %" PRIu64 " %zu", entry->kind, entry->line, entry->prefixes);
    sum_text(summing, numbers);
    sum_text(summing, entry->text);
    sum_text(summing, entry->since);
    sum_text(summing, entry->comment);
    if (entry->kind == OPTOUT_AS)
        optout_each_prefix(optout, index, sum_prefix, summing);
}

static enum error sum_list(const struct optout *optout, char hex[SHA256_HEX_BYTES])
{
    struct summing summing = {.sum = sha256_begin()};
    summing.failed = summing.sum == NULL;
    for (size_t i = 0; i < optout_count(optout); i++)
        sum_entry(&summing, optout, i);
    bool done = !summing.failed && sha256_end(summing.sum, hex);
    sha256_free(summing.sum);
    return done ? ERR_OK : ERR_LIBRARY;
}

/* Is it the last that says this? What came before it is the same, and changes nothing of what is written. */
static bool is_last(const struct dir_list *lists, size_t count, size_t at)
{
    for (size_t i = at + 1; i < count; i++)
        if (strcmp(lists[i].sum, lists[at].sum) == 0)
            return false;
    return lists[at].sum[0] != 0;
}

/* ---- reading and writing ------------------------------------------------------------------------------- */

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

/* Reads a list for the first time. sums NULL: what it kept out is not added. */
static enum error take_list(struct dir_list *list, struct map *sums, struct buf *why)
{
    struct optout_kept kept;
    enum error error = read_list(list->dir, &kept, why);
    size_t count = error == ERR_OK && kept.optout != NULL ? optout_count(kept.optout) : 0;
    for (size_t i = 0; sums != NULL && i < count && error == ERR_OK; i++)
        error = add_entry(sums, optout_entry(kept.optout, i)->text, kept.domains[i]);
    if (count > 0 && error == ERR_OK)
        error = sum_list(kept.optout, list->sum);
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

static enum error merge_lists(const struct stagedirs *dirs, struct dir_list *lists, struct map *sums,
                              struct store *store, const char *place, struct buf *why)
{
    const size_t count = dirs->name_count + dirs->probe_count;
    enum error error = ERR_OK;
    for (size_t i = 0; i < count && error == ERR_OK; i++) {
        bool of_names = i < dirs->name_count;
        lists[i].dir = of_names ? &dirs->names[i] : &dirs->probes[i - dirs->name_count];
        error = take_list(&lists[i], of_names ? sums : NULL, why);
    }
    for (size_t i = 0; i < count && error == ERR_OK; i++)
        if (is_last(lists, count, i))
            error = write_list(lists[i].dir, sums, store, place, why);
    return error;
}

enum error merge_optout(const struct stagedirs *dirs, struct store *store, const char *place, struct buf *why)
{
    struct map sums;
    struct dir_list *lists = calloc(dirs->name_count + dirs->probe_count + 1, sizeof *lists);
    map_init(&sums, hash_seed(), is_entry);
    enum error error = lists == NULL ? ERR_MEMORY : merge_lists(dirs, lists, &sums, store, place, why);
    map_each(&sums, free_entry, NULL);
    map_dispose(&sums);
    free(lists);
    return error;
}
