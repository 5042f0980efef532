/* Keeps a map by address and a list by use. */
#include "scanner/reach/samples.h"

#include <stdlib.h>

enum { HEAP_OVERHEAD_BYTES = 32 };

struct kept {
    struct map_node node;
    struct list recent;
    struct ip_addr ip;
    struct probe_sample *sample;
};

static struct bytes ip_key(const struct ip_addr *ip)
{
    return bytes_make(ip, sizeof *ip);
}

static bool is_kept(const struct map_node *node, struct bytes key)
{
    const struct kept *kept = (const struct kept *)node;
    return memcmp(&kept->ip, key.data, sizeof kept->ip) == 0;
}

void samples_init(struct samples *samples, size_t ceiling_bytes, uint64_t hash_seed)
{
    *samples = (struct samples){.ceiling_bytes = ceiling_bytes};
    map_init(&samples->by_ip, hash_seed, is_kept);
    list_init(&samples->recent);
}

static size_t held_bytes(const struct kept *kept)
{
    return sizeof *kept + HEAP_OVERHEAD_BYTES + probe_sample_bytes(kept->sample);
}

static void forget(struct samples *samples, struct kept *kept)
{
    samples->bytes -= held_bytes(kept);
    map_remove(&samples->by_ip, &kept->node);
    list_remove(&kept->recent);
    probe_sample_release(kept->sample);
    free(kept);
}

static void forget_oldest(struct samples *samples)
{
    forget(samples, list_entry(list_first(&samples->recent), struct kept, recent));
}

void samples_clear(struct samples *samples)
{
    while (!list_is_empty(&samples->recent))
        forget_oldest(samples);
    map_dispose(&samples->by_ip);
}

void samples_keep(struct samples *samples, const struct ip_addr *ip, struct probe_sample *sample)
{
    if (sample == NULL || samples_find(samples, ip) != NULL) {
        probe_sample_release(sample);
        return;
    }
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        out_of_memory("what an address said");
    kept->ip = *ip;
    kept->sample = sample;
    if (!map_add(&samples->by_ip, &kept->node, ip_key(ip)))
        out_of_memory("what an address said");
    list_add(&samples->recent, &kept->recent);
    samples->bytes += held_bytes(kept);
    while (samples->bytes > samples->ceiling_bytes)
        forget_oldest(samples);
}

void samples_drop(struct samples *samples, const struct ip_addr *ip)
{
    struct map_node *node = map_find(&samples->by_ip, ip_key(ip));
    if (node != NULL)
        forget(samples, (struct kept *)node);
}

struct probe_sample *samples_find(struct samples *samples, const struct ip_addr *ip)
{
    struct kept *kept = (struct kept *)map_find(&samples->by_ip, ip_key(ip));
    if (kept == NULL)
        return NULL;
    list_remove(&kept->recent);
    list_add(&samples->recent, &kept->recent);
    return kept->sample;
}
