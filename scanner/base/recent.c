/* Implements what is kept by its last use over a map and a list. */
#include "scanner/base/recent.h"

void recent_init(struct recent *recent, size_t ceiling, uint64_t seed,
                 bool (*is_key)(const struct map_node *node, struct bytes key),
                 void (*free_entry)(struct recent_node *entry))
{
    *recent = (struct recent){.ceiling = ceiling, .free = free_entry};
    map_init(&recent->map, seed, is_key);
    list_init(&recent->used);
}

/* Drops the entry that was not used for longest; false: there is none. */
static bool drop_one(struct recent *recent)
{
    struct list *oldest = list_first(&recent->used);
    if (oldest == NULL)
        return false;
    struct recent_node *entry = list_entry(oldest, struct recent_node, link);
    map_remove(&recent->map, &entry->node);
    list_remove(&entry->link);
    recent->weight -= entry->weight;
    recent->free(entry);
    return true;
}

void recent_dispose(struct recent *recent)
{
    while (drop_one(recent))
        ;
    map_dispose(&recent->map);
}

struct recent_node *recent_find(struct recent *recent, struct bytes key)
{
    struct recent_node *entry = (struct recent_node *)(void *)map_find(&recent->map, key);
    if (entry != NULL) {
        list_remove(&entry->link);
        list_add(&recent->used, &entry->link);
    }
    return entry;
}

bool recent_add(struct recent *recent, struct recent_node *entry, struct bytes key, size_t weight)
{
    if (!map_add(&recent->map, &entry->node, key))
        return false;
    entry->weight = weight;
    recent->weight += weight;
    list_init(&entry->link);
    list_add(&recent->used, &entry->link);
    return true;
}

void recent_trim(struct recent *recent, size_t more)
{
    while ((more > recent->ceiling || recent->weight > recent->ceiling - more) && drop_one(recent))
        ;
}
