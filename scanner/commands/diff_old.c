/* Packs standings into lines of a spill. */
#include "scanner/commands/diff_old.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/map.h"
#include "scanner/base/seed.h"

enum { SEEN_BYTES = 1 << 30, PLACES_BYTES = 1 << 30, LINE_BYTES = 2 * OLD_LABEL_BYTES + 1024 };

enum error diff_old_init(struct diff_old *old, struct buf *why)
{
    *old = (struct diff_old){.spill = NULL};
    table_init(&old->table);
    buf_init(&old->seen, SEEN_BYTES);
    return spill_create(&old->spill, why);
}

void diff_old_dispose(struct diff_old *old)
{
    spill_destroy(old->spill);
    table_dispose(&old->table);
    buf_dispose(&old->seen);
}

static uint64_t hash_of(const char *domain)
{
    return map_hash(bytes_of(domain), hash_seed());
}

/* A line is text, as a spill's lines are: numbers of fixed width in hexadecimal, then the texts, the label's
 * bytes in hexadecimal as well. */
struct packer {
    char line[LINE_BYTES];
    size_t len;
};

static void put_number(struct packer *packer, uint64_t number, unsigned digits)
{
    for (unsigned i = digits; i-- > 0;)
        packer->line[packer->len++] = "0123456789abcdef"[number >> (4 * i) & 15];
}

static void put_text(struct packer *packer, const char *text, size_t len)
{
    memcpy(packer->line + packer->len, text, len);
    packer->len += len;
}

enum error diff_old_keep(struct diff_old *old, const struct stand *stand, struct buf *why)
{
    struct packer packer;
    size_t id = strlen(stand->id), provider = strlen(stand->provider), domain = strlen(stand->domain);
    size_t label = stand->label.len < OLD_LABEL_BYTES ? stand->label.len : OLD_LABEL_BYTES;
    uint64_t place;
    bool kept;
    if (id >= OLD_ID_BYTES || provider >= OLD_PROVIDER_BYTES || domain >= OLD_NAME_BYTES)
        return ERR_LIMIT;
    packer.len = 0;
    put_number(&packer, stand->body, 16);
    put_number(&packer, stand->outcome, 2);
    put_number(&packer, stand->would_be, 2);
    put_number(&packer, stand->cached.code, 4);
    put_number(&packer, (uint64_t)stand->cached.sure_until, 16);
    put_number(&packer, (uint64_t)stand->cached.none_after, 16);
    for (size_t i = 0; i < ASPECT_COUNT; i++)
        put_number(&packer, stand->states[i], 2);
    put_number(&packer, id, 2);
    put_number(&packer, provider, 2);
    put_number(&packer, domain, 4);
    put_number(&packer, label, 4);
    put_text(&packer, stand->id, id);
    put_text(&packer, stand->provider, provider);
    put_text(&packer, stand->domain, domain);
    for (size_t i = 0; i < label; i++)
        put_number(&packer, stand->label.data[i], 2);
    old->kept++;
    enum error error = spill_add(old->spill, bytes_make(packer.line, packer.len), &place, why);
    return error != ERR_OK ? error : table_add(&old->table, hash_of(stand->domain), place, &kept, why);
}

enum error diff_old_end(struct diff_old *old, struct buf *why)
{
    return spill_flush(old->spill, why);
}

struct unpacker {
    struct bytes line;
    size_t at;
    bool failed;
};

static uint64_t take_number(struct unpacker *unpacker, unsigned digits)
{
    uint64_t number = 0;
    for (; digits > 0 && !unpacker->failed; digits--) {
        uint8_t c = unpacker->at < unpacker->line.len ? unpacker->line.data[unpacker->at++] : 0;
        unpacker->failed = !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
        number = number << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return number;
}

/* Takes a text; it ends with a NUL in *to. */
static void take_text(struct unpacker *unpacker, size_t len, char *to, size_t room)
{
    if (unpacker->failed || len >= room || unpacker->line.len - unpacker->at < len) {
        unpacker->failed = true;
        return;
    }
    memcpy(to, unpacker->line.data + unpacker->at, len);
    to[len] = 0;
    unpacker->at += len;
}

static bool unpack(struct bytes line, struct kept_stand *kept)
{
    struct unpacker unpacker = {line, 0, false};
    struct stand *stand = &kept->stand;
    *stand = (struct stand){.domain = kept->domain, .id = kept->id, .provider = kept->provider};
    stand->body = take_number(&unpacker, 16);
    stand->outcome = (enum outcome)take_number(&unpacker, 2);
    stand->would_be = (enum outcome)take_number(&unpacker, 2);
    stand->cached.code = (enum failure_code)take_number(&unpacker, 4);
    stand->cached.sure_until = (int64_t)take_number(&unpacker, 16);
    stand->cached.none_after = (int64_t)take_number(&unpacker, 16);
    for (size_t i = 0; i < ASPECT_COUNT; i++)
        stand->states[i] = (unsigned)take_number(&unpacker, 2);
    size_t id = take_number(&unpacker, 2), provider = take_number(&unpacker, 2);
    size_t domain = take_number(&unpacker, 4), label = take_number(&unpacker, 4);
    take_text(&unpacker, id, kept->id, sizeof kept->id);
    take_text(&unpacker, provider, kept->provider, sizeof kept->provider);
    take_text(&unpacker, domain, kept->domain, sizeof kept->domain);
    for (size_t i = 0; i < label && i < sizeof kept->label; i++)
        kept->label[i] = (uint8_t)take_number(&unpacker, 2);
    stand->label = bytes_make(kept->label, label < sizeof kept->label ? label : sizeof kept->label);
    return !unpacker.failed;
}

static bool was_seen(const struct diff_old *old, size_t slot)
{
    return slot / 8 < old->seen.len && (old->seen.data[slot / 8] >> (slot % 8) & 1) != 0;
}

static enum error see(struct diff_old *old, size_t slot)
{
    while (old->seen.len <= slot / 8)
        if (!buf_byte(&old->seen, 0))
            return ERR_MEMORY;
    old->seen.data[slot / 8] |= (uint8_t)(1u << (slot % 8));
    return ERR_OK;
}

enum error diff_old_find(struct diff_old *old, const char *domain, struct kept_stand *kept, bool *found)
{
    uint64_t places[TABLE_PLACES_A_KEY];
    uint64_t hash = hash_of(domain);
    size_t count = table_find(&old->table, hash, places);
    *found = false;
    for (size_t i = 0; i < count; i++) {
        struct bytes line;
        enum error error = spill_get(old->spill, places[i], &line);
        if (error != ERR_OK)
            return error;
        if (!unpack(line, kept))
            return ERR_CORRUPT;
        if (strcmp(kept->domain, domain) != 0)
            continue;
        *found = true;
        return see(old, table_slot_of(&old->table, hash, places[i]));
    }
    return ERR_OK;
}

static int by_place(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

static enum error visit_places(struct diff_old *old, const uint64_t *places, size_t count,
                               enum error (*visit)(void *arg, const struct stand *stand), void *arg)
{
    struct kept_stand kept;
    for (size_t i = 0; i < count; i++) {
        struct bytes line;
        enum error error = spill_get(old->spill, places[i], &line);
        if (error != ERR_OK)
            return error;
        if (!unpack(line, &kept))
            return ERR_CORRUPT;
        error = visit(arg, &kept.stand);
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

enum error diff_old_gone(struct diff_old *old, enum error (*visit)(void *arg, const struct stand *stand),
                         void *arg)
{
    struct buf places;
    enum error error = ERR_OK;
    buf_init(&places, PLACES_BYTES);
    for (size_t i = 0; error == ERR_OK && i < old->table.capacity; i++) {
        const struct table_slot *slot = &old->table.slots[i];
        if (slot->hash != 0 && !was_seen(old, i) && !buf_append(&places, &slot->place, sizeof slot->place))
            error = ERR_MEMORY;
    }
    if (places.len > 0)
        qsort(places.data, places.len / sizeof(uint64_t), sizeof(uint64_t), by_place);
    if (error == ERR_OK && places.len > 0)
        error = visit_places(old, (const uint64_t *)(const void *)places.data, places.len / sizeof(uint64_t),
                             visit, arg);
    buf_dispose(&places);
    return error;
}
