/* Sorts, merges and bisects ranges of addresses. No I/O. */
#include "scanner/facts/optout_ranges.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_RANGES = 16, V4_BYTES = 4, V6_BYTES = 16 };

static void key_of(uint8_t family, const uint8_t *bytes, uint8_t key[OPTOUT_KEY_BYTES])
{
    memset(key, 0, OPTOUT_KEY_BYTES);
    key[0] = family;
    memcpy(key + 1, bytes, family == 4 ? V4_BYTES : V6_BYTES);
}

/* Makes a key the last of its range: sets every bit behind the prefix. */
static void set_host_bits(uint8_t key[OPTOUT_KEY_BYTES], unsigned bits)
{
    for (unsigned bit = 8 + bits; bit < OPTOUT_KEY_BYTES * 8; bit++)
        key[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

enum error optout_ranges_add(struct optout_ranges *ranges, const struct ip_prefix *prefix)
{
    if (ranges->count == ranges->capacity) {
        size_t capacity = ranges->capacity == 0 ? FIRST_RANGES : ranges->capacity * 2;
        struct optout_range *larger = realloc(ranges->list, capacity * sizeof *larger);
        if (larger == NULL)
            return ERR_MEMORY;
        ranges->list = larger;
        ranges->capacity = capacity;
    }
    struct optout_range *range = &ranges->list[ranges->count++];
    key_of(prefix->base.family, prefix->base.bytes, range->first);
    memcpy(range->last, range->first, OPTOUT_KEY_BYTES);
    set_host_bits(range->last, prefix->bits);
    return ERR_OK;
}

static int compare_ranges(const void *a, const void *b)
{
    const struct optout_range *left = a, *right = b;
    return memcmp(left->first, right->first, OPTOUT_KEY_BYTES);
}

void optout_ranges_finish(struct optout_ranges *ranges)
{
    if (ranges->count == 0)
        return;
    qsort(ranges->list, ranges->count, sizeof ranges->list[0], compare_ranges);
    size_t kept = 0;
    for (size_t i = 1; i < ranges->count; i++) {
        struct optout_range *last = &ranges->list[kept];
        const struct optout_range *range = &ranges->list[i];
        if (memcmp(range->first, last->last, OPTOUT_KEY_BYTES) > 0)
            ranges->list[++kept] = *range;
        else if (memcmp(range->last, last->last, OPTOUT_KEY_BYTES) > 0)
            memcpy(last->last, range->last, OPTOUT_KEY_BYTES);
    }
    ranges->count = kept + 1;
}

void optout_ranges_dispose(struct optout_ranges *ranges)
{
    free(ranges->list);
    *ranges = (struct optout_ranges){0};
}

static int compare_key(const void *key, const void *element)
{
    const struct optout_range *range = element;
    if (memcmp(key, range->first, OPTOUT_KEY_BYTES) < 0)
        return -1;
    return memcmp(key, range->last, OPTOUT_KEY_BYTES) > 0;
}

static bool have(const struct optout_ranges *ranges, uint8_t family, const uint8_t *bytes)
{
    uint8_t key[OPTOUT_KEY_BYTES];
    key_of(family, bytes, key);
    return bsearch(key, ranges->list, ranges->count, sizeof ranges->list[0], compare_key) != NULL;
}

bool optout_carries(const struct ip_addr *ip, struct ip_addr *v4)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0x00, 0x64, 0xff, 0x9b},
                         translated[12] = {[8] = 0xff, [9] = 0xff}, six_to_four[2] = {0x20, 0x02};
    if (ip->family != 6)
        return false;
    if (memcmp(ip->bytes, mapped, sizeof mapped) == 0 || memcmp(ip->bytes, nat64, sizeof nat64) == 0 ||
        memcmp(ip->bytes, translated, sizeof translated) == 0)
        *v4 = ip_v4(ip->bytes + sizeof nat64);
    else if (memcmp(ip->bytes, six_to_four, sizeof six_to_four) == 0)
        *v4 = ip_v4(ip->bytes + sizeof six_to_four);
    else
        return false;
    return true;
}

bool optout_ranges_have(const struct optout_ranges *ranges, const struct ip_addr *ip)
{
    struct ip_addr v4;
    if (ranges->count == 0 || (ip->family != 4 && ip->family != 6))
        return false;
    return have(ranges, ip->family, ip->bytes) || (optout_carries(ip, &v4) && have(ranges, 4, v4.bytes));
}
