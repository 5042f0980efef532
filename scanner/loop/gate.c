/* Keeps keys in levels and waiters in lines, so that whoever holds fewest goes in first. */
#include "scanner/loop/gate.h"

#include <stdlib.h>

#include "scanner/base/error.h"

struct gate_key {
    struct map_node node;
    uint64_t id;
    size_t held;      /* places */
    size_t uses;      /* those, and waiters that name it */
    struct list line; /* of gate_wait; one that names two keys stands in one line */
    struct list link; /* in the list of its level while it has a line */
};

static struct bytes id_key(const uint64_t *id)
{
    return bytes_make(id, sizeof *id);
}

static bool is_key(const struct map_node *node, struct bytes id)
{
    const struct gate_key *key = (const struct gate_key *)node;
    return memcmp(&key->id, id.data, sizeof key->id) == 0;
}

bool gate_init(struct gate *gate, size_t ceiling, uint64_t hash_seed)
{
    *gate = (struct gate){.ceiling = ceiling == 0 ? 1 : ceiling};
    map_init(&gate->keys, hash_seed, is_key);
    gate->levels = calloc(gate->ceiling + 1, sizeof *gate->levels);
    for (size_t i = 0; gate->levels != NULL && i <= gate->ceiling; i++)
        list_init(&gate->levels[i]);
    return gate->levels != NULL;
}

static void free_key(struct map_node *node, void *arg)
{
    (void)arg;
    free(node);
}

void gate_dispose(struct gate *gate)
{
    map_each(&gate->keys, free_key, NULL);
    map_dispose(&gate->keys);
    free(gate->levels);
    gate->levels = NULL;
}

void gate_wait_init(struct gate_wait *wait, struct gate_ids ids, void (*enter)(void *arg), void *arg)
{
    *wait = (struct gate_wait){.ids = ids, .enter = enter, .arg = arg};
    list_init(&wait->link);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

static struct gate_key *find_key(const struct gate *gate, uint64_t id)
{
    return (struct gate_key *)map_find(&gate->keys, id_key(&id));
}

/* Takes a use of the key, which is made if need be. Out of memory ends the process. */
static struct gate_key *use_key(struct gate *gate, uint64_t id)
{
    struct gate_key *key = find_key(gate, id);
    if (key == NULL) {
        key = calloc(1, sizeof *key);
        if (key == NULL)
            out_of_memory("a place in a queue");
        key->id = id;
        list_init(&key->line);
        list_init(&key->link);
        if (!map_add(&gate->keys, &key->node, id_key(&id)))
            out_of_memory("a place in a queue");
    }
    key->uses++;
    return key;
}

static void drop_key(struct gate *gate, struct gate_key *key)
{
    if (--key->uses > 0)
        return;
    map_remove(&gate->keys, &key->node);
    free(key);
}

/* Puts a key where it belongs: behind those that hold the same, or nowhere if nobody is in its line. */
static void place_key(struct gate *gate, struct gate_key *key)
{
    list_remove(&key->link);
    if (list_is_empty(&key->line))
        return;
    list_add(&gate->levels[key->held], &key->link);
    if (key->held < gate->lowest)
        gate->lowest = key->held;
}

static void stand_in_line(struct gate *gate, struct gate_wait *wait, size_t at)
{
    struct gate_key *key = wait->keys[at];
    bool first = list_is_empty(&key->line);
    wait->at = at;
    list_add(&key->line, &wait->link);
    if (first)
        place_key(gate, key);
}

static void leave_line(struct gate *gate, struct gate_wait *wait)
{
    struct gate_key *key = wait->keys[wait->at];
    list_remove(&wait->link);
    if (list_is_empty(&key->line))
        place_key(gate, key);
}

static size_t fullest(const struct gate_wait *wait)
{
    size_t most = 0;
    for (size_t i = 1; i < GATE_KEYS; i++)
        if (wait->keys[i] != NULL && wait->keys[i]->held > wait->keys[most]->held)
            most = i;
    return most;
}

/* ---- who goes in --------------------------------------------------------------------------------------- */

/* Returns the one that is to go in next, or NULL. */
static struct gate_wait *next_wait(struct gate *gate)
{
    while (gate->lowest <= gate->ceiling) {
        struct list *link = list_first(&gate->levels[gate->lowest]);
        if (link == NULL) {
            gate->lowest++;
            continue;
        }
        struct gate_key *key = list_entry(link, struct gate_key, link);
        struct gate_wait *wait = list_entry(list_first(&key->line), struct gate_wait, link);
        size_t most = fullest(wait);
        if (wait->keys[most]->held <= key->held)
            return wait;
        leave_line(gate, wait);
        stand_in_line(gate, wait, most);
    }
    return NULL;
}

/* Lets a waiter in: its uses of the keys become the place's. */
static void let_in(struct gate *gate, struct gate_wait *wait)
{
    leave_line(gate, wait);
    gate->open++;
    for (size_t i = 0; i < GATE_KEYS; i++) {
        struct gate_key *key = wait->keys[i];
        wait->keys[i] = NULL;
        if (key == NULL)
            continue;
        key->held++;
        place_key(gate, key);
    }
    wait->enter(wait->arg);
}

static void drain(struct gate *gate)
{
    struct gate_wait *wait;
    if (gate->draining)
        return;
    gate->draining = true;
    while (gate->open < gate->ceiling && (wait = next_wait(gate)) != NULL)
        let_in(gate, wait);
    gate->draining = false;
}

void gate_enter(struct gate *gate, struct gate_wait *wait)
{
    for (size_t i = 0; i < GATE_KEYS; i++)
        wait->keys[i] = wait->ids.of[i] != 0 ? use_key(gate, wait->ids.of[i]) : NULL;
    stand_in_line(gate, wait, fullest(wait));
    drain(gate);
}

static void give_up(struct gate *gate, uint64_t id)
{
    struct gate_key *key = find_key(gate, id);
    if (key == NULL)
        return;
    key->held--;
    place_key(gate, key);
    drop_key(gate, key);
}

void gate_leave(struct gate *gate, struct gate_ids ids)
{
    gate->open--;
    for (size_t i = 0; i < GATE_KEYS; i++)
        if (ids.of[i] != 0)
            give_up(gate, ids.of[i]);
    drain(gate);
}

void gate_cancel(struct gate *gate, struct gate_wait *wait)
{
    leave_line(gate, wait);
    for (size_t i = 0; i < GATE_KEYS; i++) {
        if (wait->keys[i] != NULL)
            drop_key(gate, wait->keys[i]);
        wait->keys[i] = NULL;
    }
}

size_t gate_held(const struct gate *gate, uint64_t id)
{
    const struct gate_key *key = find_key(gate, id);
    return key == NULL ? 0 : key->held;
}
