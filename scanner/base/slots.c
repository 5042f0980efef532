/* Keeps slots in a table with a free list; a slot's generation grows each time it is freed. */
#include "scanner/base/slots.h"

#include <stdlib.h>

struct slot {
    void *object; /* NULL when free */
    uint32_t generation;
    uint32_t next_free; /* index + 1 */
};

enum { FIRST_SLOTS = 64 };

void slots_init(struct slots *slots)
{
    *slots = (struct slots){0};
}

void slots_dispose(struct slots *slots)
{
    free(slots->table);
    slots_init(slots);
}

static bool grow(struct slots *slots)
{
    uint32_t capacity = slots->capacity == 0 ? FIRST_SLOTS : slots->capacity * 2;
    if (capacity <= slots->capacity)
        return false;
    struct slot *table = realloc(slots->table, capacity * sizeof *table);
    if (table == NULL)
        return false;
    slots->table = table;
    for (uint32_t i = capacity; i > slots->capacity; i--) {
        table[i - 1] = (struct slot){.generation = 1, .next_free = slots->free_head};
        slots->free_head = i;
    }
    slots->capacity = capacity;
    return true;
}

struct handle slots_add(struct slots *slots, void *object)
{
    if (slots->free_head == 0 && !grow(slots))
        return (struct handle){0, 0};
    uint32_t index = slots->free_head - 1;
    struct slot *slot = &slots->table[index];
    slots->free_head = slot->next_free;
    slot->object = object;
    slots->used++;
    return (struct handle){index, slot->generation};
}

static struct slot *find(const struct slots *slots, struct handle handle)
{
    if (handle.generation == 0 || handle.slot >= slots->capacity)
        return NULL;
    struct slot *slot = &slots->table[handle.slot];
    return slot->generation == handle.generation && slot->object != NULL ? slot : NULL;
}

void *slots_get(const struct slots *slots, struct handle handle)
{
    const struct slot *slot = find(slots, handle);
    return slot == NULL ? NULL : slot->object;
}

void *slots_remove(struct slots *slots, struct handle handle)
{
    struct slot *slot = find(slots, handle);
    if (slot == NULL)
        return NULL;
    void *object = slot->object;
    slot->object = NULL;
    slot->generation = slot->generation == UINT32_MAX ? 1 : slot->generation + 1;
    slot->next_free = slots->free_head;
    slots->free_head = handle.slot + 1;
    slots->used--;
    return object;
}

void slots_each(struct slots *slots, void (*visit)(void *object, void *arg), void *arg)
{
    for (uint32_t i = 0; i < slots->capacity; i++)
        if (slots->table[i].object != NULL)
            visit(slots->table[i].object, arg);
}
