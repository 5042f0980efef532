/* Keeps an address in three words that any thread can read at any time. */
#include "scanner/base/place.h"

#include <string.h>

enum { KIND_SHIFT = 8 };

void place_enter(struct place *place, enum place_kind kind, const struct ip_addr *ip)
{
    uint64_t halves[2];
    if (place == NULL)
        return;
    memcpy(halves, ip->bytes, sizeof halves);
    atomic_store_explicit(&place->high, halves[0], memory_order_relaxed);
    atomic_store_explicit(&place->low, halves[1], memory_order_relaxed);
    atomic_store_explicit(&place->kind, (uint64_t)kind << KIND_SHIFT | ip->family, memory_order_release);
}

void place_leave(struct place *place)
{
    if (place != NULL)
        atomic_store_explicit(&place->kind, 0, memory_order_release);
}

struct place_at place_read(const struct place *place)
{
    struct place_at at = {.kind = PLACE_NONE};
    uint64_t kind = atomic_load_explicit(&place->kind, memory_order_acquire);
    uint64_t halves[2] = {atomic_load_explicit(&place->high, memory_order_relaxed),
                          atomic_load_explicit(&place->low, memory_order_relaxed)};
    at.kind = (enum place_kind)(kind >> KIND_SHIFT);
    at.ip.family = (uint8_t)kind;
    if (at.kind != PLACE_NONE)
        memcpy(at.ip.bytes, halves, sizeof halves);
    return at;
}

const char *place_kind_name(enum place_kind kind)
{
    static const char *const names[PLACE_KINDS] = {
        [PLACE_NONE] = "none", [PLACE_SMTP] = "smtp", [PLACE_POLICY] = "policy"};
    return names[kind];
}
