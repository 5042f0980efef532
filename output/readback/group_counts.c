/* Keeps groups in a map, in an arena; a full one is sorted and becomes a run. */
#include "output/readback/group_counts.h"

#include <stdlib.h>
#include <sys/random.h>

#include "output/readback/group_runs.h"
#include "scanner/base/map.h"

/* Of one domain or more; counts fit, as a run is made before they overflow. */
struct code_count {
    struct code_count *next;
    uint32_t code;
    uint32_t fails;
    uint32_t opens;
};

struct entry {
    struct map_node node;
    struct code_count *codes;
    uint32_t outcomes[OUTCOME_COUNT];
    uint32_t gain;
    uint32_t len;
    uint8_t key[];
};

struct group_counts {
    size_t memory_bytes;
    struct arena arena;
    struct map map;
    uint32_t added; /* since the last run */
    struct group_runs *runs;
    struct group_sum sum;
};

enum { ORDER_BYTES = 3 * sizeof(void *) }; /* a group's place in the map (half empty) and in the order */

static bool is_entry(const struct map_node *node, struct bytes key)
{
    const struct entry *entry = (const struct entry *)node;
    return entry->len == key.len && memcmp(entry->key, key.data, key.len) == 0;
}

struct group_counts *group_counts_new(size_t memory_bytes, int dir_fd)
{
    struct group_counts *counts = calloc(1, sizeof *counts);
    uint64_t seed = 0;
    if (counts == NULL)
        return NULL;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0)
        seed = 0; /* it is known then: no more than slow */
    counts->memory_bytes = memory_bytes;
    arena_init(&counts->arena, SIZE_MAX);
    map_init(&counts->map, seed, is_entry);
    counts->runs = group_runs_new(dir_fd);
    if (counts->runs != NULL)
        return counts;
    free(counts);
    return NULL;
}

void group_counts_free(struct group_counts *counts)
{
    if (counts == NULL)
        return;
    group_runs_free(counts->runs);
    map_dispose(&counts->map);
    arena_dispose(&counts->arena);
    free(counts);
}

/* ---- a domain more ------------------------------------------------------------------------------------- */

static struct entry *add_entry(struct group_counts *counts, struct bytes key)
{
    struct entry *entry = arena_alloc(&counts->arena, sizeof *entry + key.len);
    if (entry == NULL)
        return NULL;
    entry->len = (uint32_t)key.len;
    memcpy(entry->key, key.data, key.len);
    return map_add(&counts->map, &entry->node, key) ? entry : NULL;
}

/* Finds a code's count, or makes it; the one found last is the first. */
static struct code_count *count_of(struct group_counts *counts, struct entry *entry, enum failure_code code)
{
    struct code_count **link = &entry->codes;
    while (*link != NULL && (*link)->code != code)
        link = &(*link)->next;
    struct code_count *found = *link;
    if (found == NULL) {
        found = arena_alloc(&counts->arena, sizeof *found);
        if (found == NULL)
            return NULL;
        found->code = code;
    } else {
        *link = found->next;
    }
    found->next = entry->codes;
    entry->codes = found;
    return found;
}

static enum error make_run(struct group_counts *counts, struct buf *why);

enum error group_counts_add(struct group_counts *counts, enum group_kind kind, enum outcome outcome,
                            const struct group_member *member, struct buf *why)
{
    uint8_t text[GROUP_NAME_BYTES + 1];
    struct bytes key = {text, member->name.len < GROUP_NAME_BYTES ? member->name.len + 1 : sizeof text};
    text[0] = (uint8_t)kind;
    memcpy(text + 1, member->name.data, key.len - 1);
    size_t used = counts->arena.used_bytes + counts->map.count * ORDER_BYTES;
    if (used >= counts->memory_bytes || counts->added == UINT32_MAX) {
        enum error error = make_run(counts, why);
        if (error != ERR_OK)
            return error;
    }
    struct entry *entry = (struct entry *)map_find(&counts->map, key);
    if (entry == NULL)
        entry = add_entry(counts, key);
    if (entry == NULL)
        return ERR_MEMORY;
    counts->added++;
    entry->outcomes[outcome]++;
    entry->gain += member->gains;
    for (const struct group_failure *failure = member->failures; failure != NULL; failure = failure->next) {
        struct code_count *count = count_of(counts, entry, failure->code);
        if (count == NULL)
            return ERR_MEMORY;
        count->fails += !failure->open;
        count->opens += failure->open;
    }
    return ERR_OK;
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    const struct entry *a = *(struct entry *const *)left, *b = *(struct entry *const *)right;
    if (a->node.hash != b->node.hash)
        return a->node.hash < b->node.hash ? -1 : 1;
    size_t len = a->len < b->len ? a->len : b->len;
    int order = memcmp(a->key, b->key, len);
    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void sum_up(const struct entry *entry, struct group_sum *sum)
{
    group_sum_begin(sum, entry->node.hash, bytes_make(entry->key, entry->len));
    sum->gain = entry->gain;
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        sum->outcomes[i] = entry->outcomes[i];
    sum->has_codes = entry->codes != NULL;
    for (const struct code_count *count = entry->codes; count != NULL; count = count->next) {
        sum->fails[count->code] = count->fails;
        sum->opens[count->code] = count->opens;
    }
}

struct listed {
    struct entry **list;
    size_t count;
};

static void list_entry(struct map_node *node, void *arg)
{
    struct listed *listed = arg;
    listed->list[listed->count++] = (struct entry *)node;
}

static enum error write_run(struct group_counts *counts, const struct listed *listed, struct buf *why)
{
    enum error error = group_runs_begin(counts->runs, why);
    for (size_t i = 0; error == ERR_OK && i < listed->count; i++) {
        sum_up(listed->list[i], &counts->sum);
        error = group_runs_put(counts->runs, &counts->sum, why);
    }
    return error == ERR_OK ? group_runs_end(counts->runs, why) : error;
}

/* Writes all groups as a run and begins anew. */
static enum error make_run(struct group_counts *counts, struct buf *why)
{
    struct listed listed = {.list = malloc(counts->map.count * sizeof *listed.list)};
    if (listed.list == NULL)
        return ERR_MEMORY;
    map_each(&counts->map, list_entry, &listed);
    qsort(listed.list, listed.count, sizeof *listed.list, compare);
    enum error error = write_run(counts, &listed, why);
    free(listed.list);
    map_dispose(&counts->map);
    arena_dispose(&counts->arena);
    counts->added = 0;
    return error;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

struct giving {
    group_row_take take;
    void *arg;
    struct group_counts *counts;
    enum error error;
};

/* Finds the code that most domains have; of the same number the first of the table. */
static void find_commonest(struct group_row *row, const uint64_t counts[FAIL_COUNT], bool open)
{
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (counts[code] > row->failing) {
            row->failing = counts[code];
            row->failure = code;
            row->open = open;
        }
}

static enum error give(void *arg, const struct group_sum *sum)
{
    struct giving *giving = arg;
    struct group_row row = {
        .kind = (enum group_kind)sum->key.data[0], .name = bytes_behind(sum->key, 1), .gain = sum->gain};
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        row.outcomes[i] = sum->outcomes[i];
        row.domains += sum->outcomes[i];
    }
    if (sum->has_codes)
        find_commonest(&row, sum->fails, false);
    if (sum->has_codes && row.failing == 0)
        find_commonest(&row, sum->opens, true);
    return giving->take(giving->arg, &row);
}

static void give_entry(struct map_node *node, void *arg)
{
    struct giving *giving = arg;
    if (giving->error != ERR_OK)
        return;
    sum_up((struct entry *)node, &giving->counts->sum);
    giving->error = give(giving, &giving->counts->sum);
}

enum error group_counts_end(struct group_counts *counts, group_row_take take, void *arg, struct buf *why)
{
    struct giving giving = {take, arg, counts, ERR_OK};
    if (group_runs_count(counts->runs) == 0) {
        map_each(&counts->map, give_entry, &giving);
        return giving.error;
    }
    enum error error = counts->map.count > 0 ? make_run(counts, why) : ERR_OK;
    return error == ERR_OK ? group_runs_merge(counts->runs, give, &giving, why) : error;
}
