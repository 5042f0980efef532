/* Gives out turns at IP addresses and places among the live connections, both together. */
#include "scanner/reach/lanes.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/reach/lane.h"
#include "scanner/reach/worker.h"

enum { SWEEP_FIRST = 4096, HELD_UP_MS = 1000 };

static struct bytes ip_key(const struct ip_addr *ip)
{
    return bytes_make(ip, sizeof *ip);
}

static bool is_address(const struct map_node *node, struct bytes key)
{
    const struct address *address = (const struct address *)node;
    return memcmp(&address->ip, key.data, sizeof address->ip) == 0;
}

static bool init_gate(struct lanes *lanes, enum pace_class class)
{
    const struct worker *worker = lanes->worker;
    const struct scan_context *context = worker->context;
    size_t places = paces_places(context->config, class, worker->count, worker->index);
    return gate_init(&lanes->gates[class], places, context->hash_seed);
}

/* ---- birth and end ------------------------------------------------------------------------------------- */

bool lanes_init(struct lanes *lanes, struct worker *worker, void (*answer)(const struct lane_answer *answer))
{
    const struct config *config = worker->context->config;
    uint64_t seed = worker->context->hash_seed;
    *lanes = (struct lanes){.worker = worker, .answer = answer, .sweep_at = SWEEP_FIRST};
    map_init(&lanes->addresses, seed, is_address);
    served_init(&lanes->served, seed);
    samples_init(&lanes->samples, LANES_SAMPLES_BYTES / worker->count, seed);
    for (size_t i = 0; i < PACE_CLASSES; i++)
        silent_init(&lanes->silent[i], seed + i);
    lanes->paces = paces_of(config);
    lanes->own_paces = paces_own(config);
    lanes->wait_ms = config->limits_wait;
    bool made = init_gate(lanes, PACE_SMTP);
    return init_gate(lanes, PACE_HTTPS) && made;
}

static void free_turns(const struct address *address, struct list *turns)
{
    struct list *link;
    while ((link = list_first(turns)) != NULL)
        lane_drop_turn(address, list_entry(link, struct turn, link));
}

static void address_free(struct map_node *node, void *arg)
{
    (void)arg;
    struct address *address = (struct address *)node;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        free_turns(address, &address->of[i].waiting);
        free_turns(address, &address->of[i].heirs);
    }
    loop_timer_free(address->timer);
    free(address);
}

void lanes_dispose(struct lanes *lanes)
{
    map_each(&lanes->addresses, address_free, NULL);
    map_dispose(&lanes->addresses);
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        silent_dispose(&lanes->silent[i]);
        gate_dispose(&lanes->gates[i]);
    }
    served_clear(&lanes->served);
    samples_clear(&lanes->samples);
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static bool is_idle(const struct address *address, int64_t now)
{
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        const struct lane *lane = &address->of[i];
        if (lane->open > 0 || lane->waiting_count > 0 || lane->next_us > now || !list_is_empty(&lane->heirs))
            return false;
    }
    return true;
}

/* Keeps how many names the address has served. One name alone is no shared hosting, and there are too many
 * such addresses to remember them. */
static void keep_names(struct lanes *lanes, const struct address *address)
{
    size_t names = address->of[PACE_SMTP].names;
    if (names > 1 && !served_set(&lanes->served, ip_key(&address->ip), names))
        out_of_memory("an address");
    if (names < address->paces->names)
        samples_drop(&lanes->samples, &address->ip);
}

static void sweep_address(struct map_node *node, void *arg)
{
    struct lanes *lanes = arg;
    struct address *address = (struct address *)node;
    if (!is_idle(address, clock_monotonic_us()))
        return;
    keep_names(lanes, address);
    map_remove(&lanes->addresses, node);
    address_free(node, NULL);
}

/* Forgets addresses at which nothing is going on, each time their number has doubled. */
static void sweep(struct lanes *lanes)
{
    if (lanes->addresses.count < lanes->sweep_at)
        return;
    map_each(&lanes->addresses, sweep_address, lanes);
    size_t left = lanes->addresses.count;
    lanes->sweep_at = left * 2 < SWEEP_FIRST ? SWEEP_FIRST : left * 2;
}

static struct address *find_address(struct lanes *lanes, const struct ip_addr *ip)
{
    struct map_node *node = map_find(&lanes->addresses, ip_key(ip));
    if (node != NULL)
        return (struct address *)node;
    sweep(lanes);
    struct address *address = calloc(1, sizeof *address);
    if (address == NULL)
        out_of_memory("an address");
    address->lanes = lanes;
    address->ip = *ip;
    address->own = ip_set_contains(&lanes->worker->context->own, ip);
    address->paces = address->own ? &lanes->own_paces : &lanes->paces;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        address->of[i].address = address;
        address->of[i].class = (enum pace_class)i;
        list_init(&address->of[i].waiting);
        list_init(&address->of[i].heirs);
    }
    address->of[PACE_SMTP].names = served_get(&lanes->served, ip_key(ip));
    if (!map_add(&lanes->addresses, &address->node, ip_key(ip)))
        out_of_memory("an address");
    return address;
}

/* ---- what others say ----------------------------------------------------------------------------------- */

/* Says once that a lane has more in it than half of limits.wait lets through. */
static void tell_crowded(struct lane *lane, int64_t wait_ms)
{
    const struct address *address = lane->address;
    const struct results *results = &address->lanes->worker->context->results;
    if (lane->told || wait_ms <= address->lanes->wait_ms / 2 || results->crowded == NULL)
        return;
    lane->told = true;
    const struct crowd crowd = {.ip = address->ip, .class = lane->class, .waiting = lane->waiting_count};
    results->crowded(results->arg, &crowd);
}

/* Would the turn come too late even if every connection before it ended at once? With all places of those who
 * wait taken, a long wait would hold up a domain in flight. For those at one's own addresses the feeder
 * waits. */
static bool too_many_before(struct lane *lane)
{
    const struct address *address = lane->address;
    const struct lanes *lanes = address->lanes;
    const struct scan_context *context = lanes->worker->context;
    int64_t now = clock_monotonic_us();
    if (address->own)
        return false;
    int64_t first_us = lane->next_us > now ? lane->next_us - now : 0;
    int64_t wait_ms =
        (first_us + (int64_t)lane->waiting_count * address->paces->interval_us[lane->class]) / 1000;
    bool no_place = atomic_load(&context->parked) >= (size_t)context->config->limits_parked;
    tell_crowded(lane, wait_ms);
    return wait_ms > (no_place && lanes->wait_ms > HELD_UP_MS ? HELD_UP_MS : lanes->wait_ms);
}

/* Answers that the address is silent; nothing else is kept of it. */
static void answer_dead(const struct lanes *lanes, const struct lane_ask *ask)
{
    const struct lane_answer message = {.from = ask->from,
                                        .handle = ask->handle,
                                        .ip = ask->ip,
                                        .class = ask->class,
                                        .domain = ask->domain,
                                        .turn = {.answer = PACE_DEAD}};
    lanes->answer(&message);
}

void lanes_ask(struct lanes *lanes, const struct lane_ask *ask)
{
    struct turn asked = {
        .from = ask->from, .handle = ask->handle, .domain = ask->domain, .since_us = clock_monotonic_us()};
    if (silent_has(&lanes->silent[ask->class], ip_key(&ask->ip))) {
        answer_dead(lanes, ask);
        return;
    }
    struct address *address = find_address(lanes, &ask->ip);
    struct lane *lane = &address->of[ask->class];
    if (ask->shares || (ask->name && !ask->exempt && lane->names >= address->paces->names)) {
        (void)lane_keep_turn(address, &lane->heirs, &asked);
        lane_serve(address);
    } else if (too_many_before(lane)) {
        lane_answer_turn(lane, &asked, PACE_TOO_LONG);
    } else {
        asked.first = ask->name && lane->names == 0;
        struct turn *turn = lane_keep_turn(address, &lane->waiting, &asked);
        lane->waiting_count++;
        lane->names += ask->name;
        if (lane->candidate != NULL)
            lane_prefer(lane, turn, asked.since_us);
        lane_serve(address);
    }
}

void lanes_note_silent(struct lanes *lanes, const struct ip_addr *ip, enum pace_class class)
{
    if (!silent_add(&lanes->silent[class], ip_key(ip)))
        out_of_memory("a silent address");
}

void lanes_give_back(struct lanes *lanes, const struct lane_return *back)
{
    struct address *address = find_address(lanes, &back->ip);
    struct lane *lane = &address->of[back->class];
    if (back->timed_out)
        lanes_note_silent(lanes, &back->ip, back->class);
    samples_keep(&lanes->samples, &back->ip, probe_sample_hold(back->sample));
    lane->open--;
    gate_leave(&lanes->gates[back->class], lane_gate_ids(lanes, back->class, &back->ip, back->domain));
    lane_serve(address);
}

static void forget_names(struct map_node *node, void *arg)
{
    (void)arg;
    ((struct address *)node)->of[PACE_SMTP].names = 0;
}

void lanes_forget_silence(struct lanes *lanes)
{
    for (size_t i = 0; i < PACE_CLASSES; i++)
        silent_clear(&lanes->silent[i]);
}

void lanes_new_pass(struct lanes *lanes)
{
    lanes_forget_silence(lanes);
    map_each(&lanes->addresses, forget_names, NULL);
    served_clear(&lanes->served);
    samples_clear(&lanes->samples);
}
