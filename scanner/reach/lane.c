/* Decides for one lane whose turn has come, who stands at the gate for it, and what those who wait are
 * told. */
#include "scanner/reach/lane.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/reach/worker.h"

enum {
    CANDIDATES = 256,  /* looked at when a lane's turn comes */
    LOOK_US = 1000000, /* until all are looked at, and longer the more there are */
    LOOK_EACH_US = 1000,
    CATCH_UP_US = 100000,
    PREFIX_V4_BYTES = 3,
    PREFIX_V6_BYTES = 6
};

static struct bytes ip_key(const struct ip_addr *ip)
{
    return bytes_make(ip, sizeof *ip);
}

/* ---- keys at the gate ---------------------------------------------------------------------------------- */

static struct gate *gate_of(const struct lane *lane)
{
    return &lane->address->lanes->gates[lane->class];
}

static uint64_t prefix_id(const struct lanes *lanes, const struct ip_addr *ip)
{
    struct ip_addr prefix = {.family = ip->family};
    memcpy(prefix.bytes, ip->bytes, ip->family == 6 ? PREFIX_V6_BYTES : PREFIX_V4_BYTES);
    return map_hash(ip_key(&prefix), lanes->worker->context->hash_seed) | 1;
}

/* Returns the keys under which a place at the address is counted at the gate. */
struct gate_ids lane_gate_ids(const struct lanes *lanes, enum pace_class class, const struct ip_addr *ip,
                              uint64_t domain)
{
    if (class == PACE_HTTPS)
        return (struct gate_ids){{map_hash(ip_key(ip), lanes->worker->context->hash_seed) | 1}};
    uint64_t prefix = prefix_id(lanes, ip);
    return (struct gate_ids){{prefix, domain == prefix ? 0 : domain}};
}

/* ---- answers ------------------------------------------------------------------------------------------- */

void lane_answer_turn(struct lane *lane, const struct turn *turn, enum pace_answer answer)
{
    const struct address *address = lane->address;
    struct lanes *lanes = address->lanes;
    struct probe_sample *sample = samples_find(&lanes->samples, &address->ip);
    struct lane_answer message = {.from = turn->from,
                                  .handle = turn->handle,
                                  .ip = address->ip,
                                  .class = lane->class,
                                  .domain = turn->domain,
                                  .turn = {.answer = answer, .first = turn->first}};
    /* No sample is wanted of the first names: most addresses never come to their budget. */
    message.turn.wants_sample = sample == NULL && lane->names * 2 >= address->paces->names;
    if (answer == PACE_BUDGET)
        message.sample = probe_sample_hold(sample);
    if (answer == PACE_GRANTED) {
        int64_t since = lane->place_since_us > turn->since_us ? lane->place_since_us : turn->since_us;
        message.turn.ms_place = (uint32_t)((clock_monotonic_us() - since) / 1000);
    }
    lanes->answer(&message);
}

static atomic_size_t *own_waiting(const struct address *address)
{
    return &address->lanes->worker->context->own_waiting;
}

struct turn *lane_keep_turn(const struct address *address, struct list *list, const struct turn *asked)
{
    struct turn *turn = malloc(sizeof *turn);
    if (turn == NULL)
        out_of_memory("a turn at an address");
    *turn = *asked;
    list_add(list, &turn->link);
    if (address->own)
        atomic_fetch_add(own_waiting(address), 1);
    return turn;
}

void lane_drop_turn(const struct address *address, struct turn *turn)
{
    if (address->own)
        atomic_fetch_sub(own_waiting(address), 1);
    list_remove(&turn->link);
    free(turn);
}

static void end_turn(struct lane *lane, struct turn *turn)
{
    if (lane->candidate == turn) {
        gate_cancel(gate_of(lane), &lane->place);
        lane->candidate = NULL;
    }
    lane_drop_turn(lane->address, turn);
    lane->waiting_count--;
    if (lane->waiting_count == 0)
        lane->place_since_us = 0;
}

/* ---- who goes next ------------------------------------------------------------------------------------- */

static bool turn_has_come(const struct lane *lane, int64_t now)
{
    return lane->open < lane->address->paces->connections[lane->class] && lane->next_us <= now;
}

/* Has the turn waited too long? At an address of one's own none has. */
static bool is_overdue(const struct lane *lane, const struct turn *turn, int64_t now)
{
    return !lane->address->own && (now - turn->since_us) / 1000 > lane->address->lanes->wait_ms;
}

/* Answers those who need not wait longer: nobody goes to a silent address, and nobody waits for ever. The
 * first have waited longest. */
static void answer_overdue(struct lane *lane, int64_t now)
{
    struct lanes *lanes = lane->address->lanes;
    struct list *link = list_first(&lane->waiting);
    bool dead = link != NULL && silent_has(&lanes->silent[lane->class], ip_key(&lane->address->ip));
    for (; link != NULL; link = list_first(&lane->waiting)) {
        struct turn *turn = list_entry(link, struct turn, link);
        if (!dead && !is_overdue(lane, turn, now))
            return;
        lane_answer_turn(lane, turn, dead ? PACE_DEAD : PACE_TOO_LONG);
        end_turn(lane, turn);
    }
}

/* Returns when the next may go after one that goes now. At an address of one's own the rate is meant on
 * average: a loop wakes once in a millisecond or later, and what it was late by is made good. */
static int64_t next_after(const struct lane *lane, int64_t now)
{
    const struct address *address = lane->address;
    bool late = address->own && lane->next_us < now && now - lane->next_us <= CATCH_UP_US;
    return (late ? lane->next_us : now) + address->paces->interval_us[lane->class];
}

/* The candidate has its turn and its place: it connects now. */
static void on_place(void *arg)
{
    struct lane *lane = arg;
    struct turn *turn = lane->candidate;
    lane->candidate = NULL;
    lane->open++;
    lane->next_us = next_after(lane, clock_monotonic_us());
    lane_answer_turn(lane, turn, PACE_GRANTED);
    lane->place_since_us = 0;
    end_turn(lane, turn);
    lane_serve(lane->address);
}

static void look_later(struct lane *lane, int64_t now)
{
    lane->look_us = now + LOOK_US + (int64_t)lane->waiting_count * LOOK_EACH_US;
}

static void stand_at_gate(struct lane *lane, struct turn *turn, int64_t now)
{
    const struct address *address = lane->address;
    struct gate_ids ids = lane_gate_ids(address->lanes, lane->class, &address->ip, turn->domain);
    lane->candidate = turn;
    if (lane->place_since_us == 0)
        lane->place_since_us = now;
    look_later(lane, now);
    gate_wait_init(&lane->place, ids, on_place, lane);
    gate_enter(gate_of(lane), &lane->place);
}

/* Chooses, of the first so many, the one whose domain holds fewest places; the first among equals. */
static struct turn *choose(const struct lane *lane, size_t most)
{
    struct turn *best = NULL;
    size_t least = 0;
    for (struct list *link = lane->waiting.next; link != &lane->waiting && most > 0; link = link->next) {
        struct turn *turn = list_entry(link, struct turn, link);
        size_t held = gate_held(gate_of(lane), turn->domain);
        if (best == NULL || held < least) {
            best = turn;
            least = held;
        }
        most = least == 0 ? 0 : most - 1;
    }
    return best;
}

/* Makes the newcomer the candidate if he is the better one: who waits under a domain that holds much does not
 * keep those behind him from going. */
void lane_prefer(struct lane *lane, struct turn *turn, int64_t now)
{
    struct gate *gate = gate_of(lane);
    if (gate_held(gate, turn->domain) >= gate_held(gate, lane->candidate->domain))
        return;
    gate_cancel(gate, &lane->place);
    stand_at_gate(lane, turn, now);
}

static void serve_lane(struct lane *lane)
{
    int64_t now = clock_monotonic_us();
    answer_overdue(lane, now);
    if (lane->waiting_count == 0)
        return;
    if (lane->candidate != NULL && now >= lane->look_us) {
        look_later(lane, now);
        lane_prefer(lane, choose(lane, lane->waiting_count), now);
    } else if (lane->candidate == NULL && turn_has_come(lane, now)) {
        stand_at_gate(lane, choose(lane, CANDIDATES), now);
    }
}

/* Answers those past the budget: they wait until there is something to inherit, or nobody left to inherit
 * from. */
static void serve_heirs(struct lane *lane)
{
    struct lanes *lanes = lane->address->lanes;
    struct list *link = list_first(&lane->heirs);
    if (link == NULL)
        return;
    const struct ip_addr *ip = &lane->address->ip;
    bool dead = silent_has(&lanes->silent[lane->class], ip_key(ip));
    bool over =
        dead || samples_find(&lanes->samples, ip) != NULL || (lane->open == 0 && lane->waiting_count == 0);
    for (; over && link != NULL; link = list_first(&lane->heirs)) {
        struct turn *turn = list_entry(link, struct turn, link);
        lane_answer_turn(lane, turn, dead ? PACE_DEAD : PACE_BUDGET);
        lane_drop_turn(lane->address, turn);
    }
}

/* ---- time ---------------------------------------------------------------------------------------------- */

/* Returns when there is something to be done in a lane though nothing happens; INT64_MAX: never. */
static int64_t wakes_us(const struct lane *lane)
{
    const struct lanes *lanes = lane->address->lanes;
    const struct list *link = list_first(&lane->waiting);
    if (link == NULL)
        return INT64_MAX;
    bool full = lane->open >= lane->address->paces->connections[lane->class];
    int64_t overdue_us = lane->address->own
                             ? INT64_MAX
                             : list_entry(link, struct turn, link)->since_us + (lanes->wait_ms + 1) * 1000;
    int64_t next_us = lane->candidate == NULL   ? (full ? INT64_MAX : lane->next_us)
                      : lane->waiting_count > 1 ? lane->look_us
                                                : INT64_MAX;
    return overdue_us < next_us ? overdue_us : next_us;
}

static void on_timer(void *arg)
{
    lane_serve(arg);
}

static void arm(struct address *address)
{
    int64_t at_us = INT64_MAX;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        int64_t wakes = wakes_us(&address->of[i]);
        at_us = wakes < at_us ? wakes : at_us;
    }
    if (at_us == INT64_MAX)
        return;
    if (address->timer == NULL)
        address->timer = loop_timer_create(&address->lanes->worker->loop, on_timer, address);
    if (address->timer == NULL)
        out_of_memory("a turn at an address");
    int64_t now = clock_monotonic_us();
    loop_timer_set(address->timer, at_us > now ? at_us - now : 0);
}

/* Lets in who may go now. */
void lane_serve(struct address *address)
{
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        serve_lane(&address->of[i]);
        serve_heirs(&address->of[i]);
    }
    arm(address);
}
