/* Hashes addresses to parts. */
#include "scanner/facts/part.h"

#include "scanner/base/map.h"

uint32_t part_of(const struct ip_addr *ip, uint64_t seed, uint32_t count)
{
    size_t len = ip->family == 6 ? sizeof ip->bytes : 4;
    return 1 + (uint32_t)(map_hash(bytes_make(ip->bytes, len), seed) % count);
}

bool part_owns(const struct part *part, const struct ip_addr *ip)
{
    return part->count == 0 || part_of(ip, part->seed, part->count) == part->index;
}
