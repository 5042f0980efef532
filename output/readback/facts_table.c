/* Hashes with open addressing and linear probing; the space is reserved before it is mapped, so that a full
 * disk is an error and no signal. */
#include "output/readback/facts_table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output/readback/facts_spill.h"
#include "scanner/base/errno_said.h"

enum { FIRST_CAPACITY = 4096 };

void table_init(struct facts_table *table)
{
    *table = (struct facts_table){0};
}

void table_dispose(struct facts_table *table)
{
    if (table->slots != NULL)
        (void)munmap(table->slots, table->capacity * sizeof *table->slots);
    table_init(table);
}

uint64_t table_bytes(const struct facts_table *table)
{
    return table->capacity * sizeof *table->slots;
}

static enum error map_new(struct facts_table *table, size_t capacity, struct buf *why)
{
    size_t size = capacity * sizeof *table->slots;
    int fd = spill_open_file(-1, why);
    if (fd < 0)
        return ERR_IO;
    int refused = posix_fallocate(fd, 0, (off_t)size);
    void *slots = refused != 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (slots == MAP_FAILED)
        buf_printf(why, "no room for an index of %zu bytes in TMPDIR: %s", size,
                   errno_said(refused != 0 ? refused : errno));
    (void)close(fd);
    if (slots == MAP_FAILED)
        return refused == ENOSPC || refused == EDQUOT ? ERR_FULL : ERR_IO;
    *table = (struct facts_table){.slots = slots, .capacity = capacity};
    return ERR_OK;
}

static size_t mask_of(const struct facts_table *table)
{
    return table->capacity - 1;
}

static void put(struct facts_table *table, struct table_slot slot)
{
    size_t at = slot.hash & mask_of(table);
    while (table->slots[at].hash != 0)
        at = (at + 1) & mask_of(table);
    table->slots[at] = slot;
    table->count++;
}

static enum error grow(struct facts_table *table, struct buf *why)
{
    struct facts_table larger;
    size_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    enum error error = map_new(&larger, capacity, why);
    if (error != ERR_OK)
        return error;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i].hash != 0)
            put(&larger, table->slots[i]);
    table_dispose(table);
    *table = larger;
    return ERR_OK;
}

/* Returns a hash that is not 0, which marks an empty slot. */
static uint64_t usable(uint64_t hash)
{
    return hash == 0 ? 1 : hash;
}

enum error table_add(struct facts_table *table, uint64_t hash, uint64_t place, bool *kept, struct buf *why)
{
    uint64_t places[TABLE_PLACES_A_KEY];
    *kept = table_find(table, hash, places) < TABLE_PLACES_A_KEY;
    if (!*kept)
        return ERR_OK;
    enum error error = (table->count + 1) * 3 > table->capacity * 2 ? grow(table, why) : ERR_OK;
    if (error == ERR_OK)
        put(table, (struct table_slot){usable(hash), place});
    return error;
}

size_t table_find(const struct facts_table *table, uint64_t hash, uint64_t places[TABLE_PLACES_A_KEY])
{
    size_t found = 0;
    hash = usable(hash);
    if (table->capacity == 0)
        return 0;
    for (size_t at = hash & mask_of(table); table->slots[at].hash != 0; at = (at + 1) & mask_of(table))
        if (table->slots[at].hash == hash && found < TABLE_PLACES_A_KEY)
            places[found++] = table->slots[at].place;
    return found;
}

size_t table_slot_of(const struct facts_table *table, uint64_t hash, uint64_t place)
{
    hash = usable(hash);
    if (table->capacity == 0)
        return 0;
    for (size_t at = hash & mask_of(table); table->slots[at].hash != 0; at = (at + 1) & mask_of(table))
        if (table->slots[at].hash == hash && table->slots[at].place == place)
            return at;
    return table->capacity;
}
