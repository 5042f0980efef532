/* Turns at IP addresses, given out by the loop that owns the address. */
#include "scanner/limits.h"

#include <stdlib.h>
#include <time.h>

#include "scanner/base/list.h"
#include "scanner/base/map.h"
#include "scanner/paces.h"
#include "scanner/silent.h"
#include "scanner/worker.h"

enum { SWEEP_FIRST = 4096, HELD_UP_MS = 1000 };

/* One class of connections to one address, on the owner's loop. */
struct lane {
    struct list waiting; /* of struct turn */
    size_t waiting_count;
    size_t open;
    int64_t next_us;   /* the earliest next grant */
    size_t names;      /* that were let in line in this pass, to be probed */
    struct list heirs; /* of struct turn: past the budget, wait for a sample */
    struct probe_sample *sample;
};

struct address {
    struct map_node node;
    struct pacer *pacer;
    struct ip_addr ip;
    struct lane lanes[PACE_CLASSES];
    struct event *timer; /* NULL until somebody has to wait for it */
};

/* A request that waits at the owner. */
struct turn {
    struct list link;
    struct worker *from;
    struct handle handle;
    int64_t since_ms;
    bool first; /* of the names at the address in this pass */
};

/* A request as its own loop knows it. */
struct request {
    struct pacer *pacer;
    struct ip_addr ip;
    enum pace_class class;
    pace_done done;
    void *arg;
};

struct pacer {
    struct worker *worker;
    struct map addresses;               /* owned by this loop */
    struct slots requests;              /* made by this loop */
    struct silent silent[PACE_CLASSES]; /* the dead: kept apart, so that an address can be forgotten */
    size_t sweep_at;
    struct paces paces;
    int64_t wait_ms;
};

enum pace_kind { PACE_ASK, PACE_ANSWER, PACE_GIVE_BACK };

struct pace_message {
    struct message message;
    enum pace_kind kind;
    struct worker *from;
    struct handle handle;
    struct ip_addr ip;
    enum pace_class class;
    enum pace_answer answer;
    bool timed_out;
    bool name;   /* asked for one more host name */
    bool exempt; /* from the budget of names */
    bool first;  /* of the names at the address in this pass */
    bool wants_sample;
    struct probe_sample *sample; /* a counted reference, or NULL */
};

static struct bytes ip_key(const struct ip_addr *ip)
{
    return bytes_make(ip, sizeof *ip);
}

static bool is_address(const struct map_node *node, struct bytes key)
{
    const struct address *address = (const struct address *)node;
    return memcmp(&address->ip, key.data, sizeof address->ip) == 0;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

struct pacer *pacer_create(struct worker *worker)
{
    struct pacer *pacer = calloc(1, sizeof *pacer);
    if (pacer == NULL)
        return NULL;
    const struct config *config = worker->context->config;
    pacer->worker = worker;
    map_init(&pacer->addresses, worker->context->hash_seed, is_address);
    slots_init(&pacer->requests);
    pacer->sweep_at = SWEEP_FIRST;
    for (size_t i = 0; i < PACE_CLASSES; i++)
        silent_init(&pacer->silent[i], worker->context->hash_seed + i);
    pacer->paces = paces_of(config);
    pacer->wait_ms = config->limits_wait;
    return pacer;
}

static void free_turns(struct list *turns)
{
    struct list *link;
    while ((link = list_first(turns)) != NULL) {
        list_remove(link);
        free(list_entry(link, struct turn, link));
    }
}

static void address_free(struct map_node *node, void *arg)
{
    (void)arg;
    struct address *address = (struct address *)node;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        free_turns(&address->lanes[i].waiting);
        free_turns(&address->lanes[i].heirs);
        probe_sample_release(address->lanes[i].sample);
    }
    if (address->timer != NULL)
        event_free(address->timer);
    free(address);
}

static void request_free(void *object, void *arg)
{
    (void)arg;
    free(object);
}

void pacer_destroy(struct pacer *pacer)
{
    if (pacer == NULL)
        return;
    map_each(&pacer->addresses, address_free, NULL);
    map_dispose(&pacer->addresses);
    for (size_t i = 0; i < PACE_CLASSES; i++)
        silent_dispose(&pacer->silent[i]);
    slots_each(&pacer->requests, request_free, NULL);
    slots_dispose(&pacer->requests);
    free(pacer);
}

/* ---- the owner's side ------------------------------------------------------------------------------- */

static bool address_is_idle(const struct address *address, int64_t now)
{
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        const struct lane *lane = &address->lanes[i];
        /* One that has served several names is shared hosting, most likely: its count is kept. */
        if (lane->open > 0 || lane->waiting_count > 0 || lane->next_us > now || lane->names > 1)
            return false;
    }
    return true;
}

static void sweep_address(struct map_node *node, void *arg)
{
    struct pacer *pacer = arg;
    if (!address_is_idle((struct address *)node, now_us()))
        return;
    map_remove(&pacer->addresses, node);
    address_free(node, NULL);
}

/* Forgets addresses at which nothing is going on, each time their number has doubled. */
static void sweep(struct pacer *pacer)
{
    if (pacer->addresses.count < pacer->sweep_at)
        return;
    map_each(&pacer->addresses, sweep_address, pacer);
    size_t left = pacer->addresses.count;
    pacer->sweep_at = left * 2 < SWEEP_FIRST ? SWEEP_FIRST : left * 2;
}

static struct address *find_address(struct pacer *pacer, const struct ip_addr *ip)
{
    struct map_node *node = map_find(&pacer->addresses, ip_key(ip));
    if (node != NULL)
        return (struct address *)node;
    sweep(pacer);
    struct address *address = calloc(1, sizeof *address);
    if (address == NULL)
        abort();
    address->pacer = pacer;
    address->ip = *ip;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        list_init(&address->lanes[i].waiting);
        list_init(&address->lanes[i].heirs);
    }
    if (!map_add(&pacer->addresses, &address->node, ip_key(ip)))
        abort();
    return address;
}

static void deliver(struct message *message, void *receiver);

/* Out of memory here would lose a request for good; the caller of pace_request has no other path to an
 * answer. */
static void post(struct worker *to, const struct pace_message *content)
{
    struct pace_message *message = malloc(sizeof *message);
    if (message == NULL)
        abort();
    *message = *content;
    message->message.deliver = deliver;
    loop_post(&to->loop, &message->message);
}

/* lane is the address's, or NULL where nothing is kept of it. */
static void answer_turn(const struct pacer *pacer, const struct turn *turn, const struct ip_addr *ip,
                        enum pace_class class, const struct lane *lane, enum pace_answer answer)
{
    struct pace_message message = {.kind = PACE_ANSWER, .class = class, .answer = answer, .ip = *ip};
    message.handle = turn->handle;
    message.first = turn->first;
    if (lane != NULL && answer == PACE_BUDGET)
        message.sample = probe_sample_hold(lane->sample);
    /* Of the first names none is wanted: most addresses never come to their budget. */
    message.wants_sample = lane != NULL && lane->sample == NULL && lane->names * 2 >= pacer->paces.names;
    post(turn->from, &message);
}

static void end_turn(struct lane *lane, struct turn *turn)
{
    list_remove(&turn->link);
    lane->waiting_count--;
    free(turn);
}

static void on_timer(evutil_socket_t fd, short what, void *arg);

static void arm(struct address *address, int64_t at_us, int64_t now)
{
    if (address->timer == NULL)
        address->timer = evtimer_new(address->pacer->worker->loop.base, on_timer, address);
    if (address->timer == NULL)
        abort();
    int64_t delay = at_us > now ? at_us - now : 0;
    struct timeval after = {.tv_sec = delay / 1000000, .tv_usec = delay % 1000000};
    (void)evtimer_add(address->timer, &after);
}

/* Lets in who may go now. */
static void serve_lane(struct address *address, enum pace_class class, int64_t *wake_us)
{
    struct pacer *pacer = address->pacer;
    struct lane *lane = &address->lanes[class];
    int64_t now = now_us();
    struct list *link = list_first(&lane->waiting);
    bool dead = link != NULL && silent_has(&pacer->silent[class], ip_key(&address->ip));
    for (; link != NULL; link = list_first(&lane->waiting)) {
        struct turn *turn = list_entry(link, struct turn, link);
        if (dead) {
            answer_turn(pacer, turn, &address->ip, class, lane, PACE_DEAD);
            end_turn(lane, turn);
            continue;
        }
        if (now / 1000 - turn->since_ms > pacer->wait_ms) {
            answer_turn(pacer, turn, &address->ip, class, lane, PACE_TOO_LONG);
            end_turn(lane, turn);
            continue;
        }
        if (lane->open >= pacer->paces.connections[class])
            return;
        if (lane->next_us > now) {
            if (*wake_us == 0 || lane->next_us < *wake_us)
                *wake_us = lane->next_us;
            return;
        }
        lane->open++;
        lane->next_us = now + pacer->paces.interval_us[class];
        answer_turn(pacer, turn, &address->ip, class, lane, PACE_GRANTED);
        end_turn(lane, turn);
    }
}

/* Those past the budget wait until there is something to inherit, or nobody left to inherit from. */
static void serve_heirs(struct address *address, enum pace_class class)
{
    struct lane *lane = &address->lanes[class];
    struct list *link = list_first(&lane->heirs);
    if (link == NULL)
        return;
    bool dead = silent_has(&address->pacer->silent[class], ip_key(&address->ip));
    bool over = dead || lane->sample != NULL || (lane->open == 0 && lane->waiting_count == 0);
    for (; over && link != NULL; link = list_first(&lane->heirs)) {
        struct turn *turn = list_entry(link, struct turn, link);
        answer_turn(address->pacer, turn, &address->ip, class, lane, dead ? PACE_DEAD : PACE_BUDGET);
        list_remove(link);
        free(turn);
    }
}

static void serve(struct address *address)
{
    int64_t wake_us = 0;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        serve_lane(address, (enum pace_class)i, &wake_us);
        serve_heirs(address, (enum pace_class)i);
    }
    if (wake_us != 0)
        arm(address, wake_us, now_us());
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    serve(arg);
}

/* Would the turn come too late even if every connection before it ended at once? With all places of those who
 * wait taken, a long wait would hold up a domain in flight. */
static bool too_many_before(const struct pacer *pacer, const struct lane *lane, enum pace_class class)
{
    const struct scan_context *context = pacer->worker->context;
    int64_t now = now_us();
    int64_t first_us = lane->next_us > now ? lane->next_us - now : 0;
    int64_t wait_ms = (first_us + (int64_t)lane->waiting_count * pacer->paces.interval_us[class]) / 1000;
    bool no_place = atomic_load(&context->parked) >= (size_t)context->config->limits_parked;
    return wait_ms > (no_place && pacer->wait_ms > HELD_UP_MS ? HELD_UP_MS : pacer->wait_ms);
}

static void keep_turn(struct list *list, const struct turn *asked)
{
    struct turn *turn = malloc(sizeof *turn);
    if (turn == NULL)
        abort();
    *turn = *asked;
    list_add(list, &turn->link);
}

static void on_ask(struct pacer *pacer, const struct pace_message *message)
{
    struct turn turn = {.from = message->from, .handle = message->handle, .since_ms = now_us() / 1000};
    if (silent_has(&pacer->silent[message->class], ip_key(&message->ip))) {
        answer_turn(pacer, &turn, &message->ip, message->class, NULL, PACE_DEAD);
        return;
    }
    struct address *address = find_address(pacer, &message->ip);
    struct lane *lane = &address->lanes[message->class];
    if (message->name && !message->exempt && lane->names >= pacer->paces.names) {
        keep_turn(&lane->heirs, &turn);
        serve(address);
        return;
    }
    if (too_many_before(pacer, lane, message->class)) {
        answer_turn(pacer, &turn, &message->ip, message->class, lane, PACE_TOO_LONG);
        return;
    }
    turn.first = message->name && lane->names == 0;
    keep_turn(&lane->waiting, &turn);
    lane->waiting_count++;
    lane->names += message->name;
    serve(address);
}

static void on_give_back(struct pacer *pacer, const struct pace_message *message)
{
    struct address *address = find_address(pacer, &message->ip);
    struct lane *lane = &address->lanes[message->class];
    if (lane->open > 0)
        lane->open--;
    if (message->timed_out && !silent_add(&pacer->silent[message->class], ip_key(&message->ip)))
        abort();
    if (lane->sample == NULL)
        lane->sample = probe_sample_hold(message->sample);
    serve(address);
}

static void forget_names(struct map_node *node, void *arg)
{
    (void)arg;
    struct address *address = (struct address *)node;
    for (size_t i = 0; i < PACE_CLASSES; i++) {
        probe_sample_release(address->lanes[i].sample);
        address->lanes[i].sample = NULL;
        address->lanes[i].names = 0;
    }
}

void pacer_forget_silence(struct pacer *pacer)
{
    for (size_t i = 0; i < PACE_CLASSES; i++)
        silent_clear(&pacer->silent[i]);
}

void pacer_new_pass(struct pacer *pacer)
{
    pacer_forget_silence(pacer);
    map_each(&pacer->addresses, forget_names, NULL);
}

/* ---- the asking loop's side -------------------------------------------------------------------------- */

static void on_answer(struct worker *worker, const struct pace_message *message)
{
    struct request *request = slots_remove(&worker->pacer->requests, message->handle);
    if (request == NULL) {
        if (message->answer == PACE_GRANTED)
            pace_release(worker, &message->ip, message->class, false);
        return;
    }
    pace_done done = request->done;
    void *arg = request->arg;
    free(request);
    struct pace_turn turn = {.answer = message->answer,
                             .first = message->first,
                             .wants_sample = message->wants_sample,
                             .sample = message->sample};
    done(arg, &turn);
}

static void deliver(struct message *raw, void *receiver)
{
    struct pace_message *message = (struct pace_message *)raw;
    struct worker *worker = receiver;
    if (worker->pacer != NULL) {
        if (message->kind == PACE_ASK)
            on_ask(worker->pacer, message);
        else if (message->kind == PACE_GIVE_BACK)
            on_give_back(worker->pacer, message);
        else
            on_answer(worker, message);
    }
    probe_sample_release(message->sample);
    free(message);
}

static struct handle ask(struct worker *worker, const struct pace_message *message, pace_done done, void *arg)
{
    struct pace_message asked = *message;
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return (struct handle){0, 0};
    *request = (struct request){
        .pacer = worker->pacer, .ip = asked.ip, .class = asked.class, .done = done, .arg = arg};
    struct handle handle = slots_add(&worker->pacer->requests, request);
    if (!handle_is_set(handle)) {
        free(request);
        return handle;
    }
    asked.from = worker;
    asked.handle = handle;
    post(worker_of(worker, ip_key(&asked.ip)), &asked);
    return handle;
}

struct handle pace_request(struct worker *worker, const struct ip_addr *ip, enum pace_class class,
                           pace_done done, void *arg)
{
    struct pace_message message = {.kind = PACE_ASK, .ip = *ip, .class = class};
    return ask(worker, &message, done, arg);
}

struct handle pace_request_name(struct worker *worker, const struct ip_addr *ip, bool exempt, pace_done done,
                                void *arg)
{
    struct pace_message message = {
        .kind = PACE_ASK, .ip = *ip, .class = PACE_SMTP, .name = true, .exempt = exempt};
    return ask(worker, &message, done, arg);
}

void pace_cancel(struct worker *worker, struct handle handle)
{
    free(slots_remove(&worker->pacer->requests, handle));
}

void pace_release(struct worker *worker, const struct ip_addr *ip, enum pace_class class, bool timed_out)
{
    struct pace_message message = {.kind = PACE_GIVE_BACK, .ip = *ip, .class = class, .timed_out = timed_out};
    post(worker_of(worker, ip_key(ip)), &message);
}

void pace_release_probe(struct worker *worker, const struct ip_addr *ip, bool timed_out,
                        struct probe_sample *sample)
{
    struct pace_message message = {
        .kind = PACE_GIVE_BACK, .ip = *ip, .class = PACE_SMTP, .timed_out = timed_out, .sample = sample};
    post(worker_of(worker, ip_key(ip)), &message);
}
