/*
 * Spells out the judgement of ip_may_reach as plain prefixes: exceptions and allowed prefixes are cut out of
 * the special-purpose blocks, and each refused IPv4 prefix is repeated in the IPv6 forms that carry IPv4
 * addresses. Pure; bounded by IP_REFUSED_MAX.
 */
#include "scanner/base/ip_special.h"

#include <string.h>

static bool covers(const struct ip_prefix *outer, const struct ip_prefix *inner)
{
    return outer->bits <= inner->bits && ip_prefix_contains(outer, &inner->base);
}

static enum error add(struct ip_set *set, struct ip_prefix prefix)
{
    return set->count >= IP_REFUSED_MAX ? ERR_LIMIT : ip_set_add(set, prefix);
}

static void clear_bit(struct ip_addr *ip, uint8_t bit)
{
    ip->bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
}

/* Returns the half of the prefix with `bits` bits around base in which base does not lie. */
static struct ip_prefix other_half(const struct ip_addr *base, uint8_t bits)
{
    struct ip_prefix half = {*base, (uint8_t)(bits + 1)};
    uint8_t width = base->family == 4 ? 32 : 128;
    half.base.bytes[bits / 8] ^= (uint8_t)(0x80u >> (bits % 8));
    for (uint8_t bit = half.bits; bit < width; bit++)
        clear_bit(&half.base, bit);
    return half;
}

/* Adds to out what is left of `whole` without `hole`: nothing, all, or one half at each bit between them. */
static enum error add_remainder(struct ip_set *out, const struct ip_prefix *whole,
                                const struct ip_prefix *hole)
{
    if (covers(hole, whole))
        return ERR_OK;
    if (!covers(whole, hole))
        return add(out, *whole);
    enum error error = ERR_OK;
    for (uint8_t bits = whole->bits; bits < hole->bits && error == ERR_OK; bits++)
        error = add(out, other_half(&hole->base, bits));
    return error;
}

static enum error cut(struct ip_set *set, const struct ip_prefix *hole)
{
    struct ip_set left = {0};
    enum error error = ERR_OK;
    for (size_t i = 0; i < set->count && error == ERR_OK; i++)
        error = add_remainder(&left, &set->prefixes[i], hole);
    if (error != ERR_OK) {
        ip_set_dispose(&left);
        return error;
    }
    ip_set_dispose(set);
    *set = left;
    return ERR_OK;
}

static enum error cut_allowed(struct ip_set *set, const struct ip_set *allow, uint8_t family)
{
    enum error error = ERR_OK;
    for (size_t i = 0; allow != NULL && i < allow->count && error == ERR_OK; i++)
        if (allow->prefixes[i].base.family == family)
            error = cut(set, &allow->prefixes[i]);
    return error;
}

static enum error add_specials(struct ip_set *set)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < ip_special_count && error == ERR_OK; i++)
        error = add(set, ip_specials[i].prefix);
    for (size_t i = 0; i < ip_exception_count && error == ERR_OK; i++)
        error = cut(set, &ip_exceptions[i].prefix);
    return error;
}

static struct ip_prefix embed(const struct ip_embedding *form, const struct ip_prefix *v4)
{
    struct ip_prefix prefix = form->prefix;
    memcpy(prefix.base.bytes + form->offset, v4->base.bytes, 4);
    prefix.bits = (uint8_t)(form->offset * 8 + v4->bits);
    return prefix;
}

static enum error add_embedded(struct ip_set *set)
{
    enum error error = ERR_OK;
    size_t plain = set->count;
    for (size_t i = 0; i < plain; i++) {
        if (set->prefixes[i].base.family != 4)
            continue;
        for (size_t j = 0; j < ip_embedding_count && error == ERR_OK; j++)
            error = add(set, embed(&ip_embeddings[j], &set->prefixes[i]));
    }
    return error;
}

enum error ip_refused_set(const struct ip_set *allow, struct ip_set *set)
{
    *set = (struct ip_set){0};
    enum error error = add_specials(set);
    if (error == ERR_OK)
        error = cut_allowed(set, allow, 4);
    if (error == ERR_OK)
        error = add_embedded(set);
    if (error == ERR_OK)
        error = cut_allowed(set, allow, 6);
    if (error != ERR_OK)
        ip_set_dispose(set);
    return error;
}
