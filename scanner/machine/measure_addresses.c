/* Keeps a count for each address and class of connection. */
#include "scanner/machine/measure_addresses.h"

#include <stdlib.h>
#include <string.h>

struct address {
    struct map_node node;
    struct ip_addr ip;
    size_t count[PACE_CLASSES];
};

static struct bytes key_of(const struct ip_addr *ip)
{
    return bytes_make(ip->bytes, ip->family == 6 ? 16 : 4);
}

static bool is_key(const struct map_node *node, struct bytes key)
{
    return bytes_equal(key_of(&((const struct address *)(const void *)node)->ip), key);
}

void measured_addresses_init(struct measured_addresses *addresses, uint64_t seed)
{
    map_init(&addresses->map, seed, is_key);
}

static void free_one(struct map_node *node, void *arg)
{
    (void)arg;
    free((struct address *)(void *)node);
}

void measured_addresses_dispose(struct measured_addresses *addresses)
{
    map_each(&addresses->map, free_one, NULL);
    map_dispose(&addresses->map);
}

bool measured_addresses_add(struct measured_addresses *addresses, const struct ip_addr *ip,
                            enum pace_class class)
{
    struct map_node *node = map_find(&addresses->map, key_of(ip));
    if (node != NULL) {
        ((struct address *)(void *)node)->count[class]++;
        return true;
    }
    struct address *address = calloc(1, sizeof *address);
    if (address == NULL)
        return false;
    address->ip = *ip;
    address->count[class] = 1;
    if (map_add(&addresses->map, &address->node, key_of(&address->ip)))
        return true;
    free(address);
    return false;
}

/* ---- crowds -------------------------------------------------------------------------------------------- */

struct counting {
    const struct ip_set *own;
    struct measured_crowds *crowds;
};

static void take_largest(struct measured_crowd *crowd, const struct address *address, size_t count)
{
    bool as_large = count > 0 && count == crowd->largest;
    if (count > crowd->largest || (as_large && memcmp(&address->ip, &crowd->at, sizeof crowd->at) < 0))
        *crowd = (struct measured_crowd){.largest = count, .at = address->ip};
}

static void count_one(struct map_node *node, void *arg)
{
    const struct address *address = (const struct address *)(const void *)node;
    const struct counting *counting = arg;
    struct measured_crowds *crowds = counting->crowds;
    bool is_own = ip_set_contains(counting->own, &address->ip);
    struct measured_crowd *of = is_own ? crowds->own : crowds->strangers;
    for (size_t class = 0; class < PACE_CLASSES; class ++)
        take_largest(&of[class], address, address->count[class]);
    if (is_own || address->count[PACE_SMTP] < 2)
        return;
    crowds->crowds++;
    crowds->crowded += address->count[PACE_SMTP];
}

void measured_addresses_count(struct measured_addresses *addresses, const struct ip_set *own,
                              struct measured_crowds *crowds)
{
    struct counting counting = {.own = own, .crowds = crowds};
    *crowds = (struct measured_crowds){0};
    map_each(&addresses->map, count_one, &counting);
}
