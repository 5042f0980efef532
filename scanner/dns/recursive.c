/*
 * Implements the embedded engine of dns/lookup: libunbound's event API on the loop's own event base. It adds
 * what the contract asks for and libunbound does not have: a ceiling on the lookups that run at once, a
 * deadline, cancelling, and callbacks that never come from inside a call. Nothing here knows what is looked
 * up, or why.
 *
 * A lookup is the caller's side: it waits in one of four queues. An ask is libunbound's side: it lives from
 * ub_resolve_event to its callback, and may outlive the lookup that gave up or was cancelled.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unbound-event.h>

#include "scanner/base/clock.h"
#include "scanner/base/state.h"
#include "scanner/config/config.h"
#include "scanner/dns/engine.h"
#include "scanner/dns/recursive_context.h"
#include "scanner/dns/recursive_log.h"

enum state {
    QUEUED,      /* waits for its turn in libunbound */
    QUEUED_LAST, /* likewise, and goes only if nothing is QUEUED */
    ASKED,       /* libunbound works on it; the deadline runs */
    READY,       /* the result waits to be handed over */
    STATE_COUNT
};

enum {
    ANSWER_BYTES = 512 * 1024, /* several times what an answer of 64 KiB can take with names decompressed */
    FAILURE_KEPT_MS = 6000,    /* how long libunbound may answer anew that a lookup failed (NORR_TTL, 5 s) */
    ASKS_PER_LOOKUP = 4,       /* asks that nobody waits for any more count too, but less */
    SECURE_BOGUS = 1,
    SECURE_YES = 2
};

struct lookup {
    TAILQ_ENTRY(lookup) link;
    struct handle handle;
    enum state state;
    uint16_t type;
    struct lookup_owner owner;
    struct ask *ask;        /* while ASKED */
    int64_t deadline_ms;    /* once ASKED */
    enum dns_status status; /* once READY: DNS_ANSWERED means that the packet holds the status */
    enum dns_security security;
    uint8_t *packet; /* owned */
    size_t packet_len;
    char *why_bogus; /* owned */
    char name[];
};
TAILQ_HEAD(lookup_queue, lookup);

struct ask {
    LIST_ENTRY(ask) link;
    struct recursive *engine;
    struct lookup *lookup; /* NULL if nobody waits for it */
};

struct recursive {
    struct lookup_engine engine;
    struct ub_ctx *context;
    struct slots lookups;
    struct lookup_queue queues[STATE_COUNT];
    size_t lengths[STATE_COUNT];
    LIST_HEAD(, ask) asks;
    size_t ask_count;
    size_t ceiling; /* of lookups ASKED */
    struct event *wake;
    struct event *deadline;
    int64_t patience_ms;
    const struct ip_set *left_alone; /* NULL: nobody */
    bool validates;
    bool closing;
};

static void free_lookup(struct lookup *lookup)
{
    free(lookup->packet);
    free(lookup->why_bogus);
    free(lookup);
}

static void set_state(struct recursive *engine, struct lookup *lookup, enum state state)
{
    static const char *const list[] = {"queued", "queued last", "asked", "ready"};
    static const struct state_names names = {"query", list};
    TAILQ_REMOVE(&engine->queues[lookup->state], lookup, link);
    engine->lengths[lookup->state]--;
    lookup->state = state_enter(&names, lookup->owner.trace, lookup->name, NULL, lookup->state, state);
    TAILQ_INSERT_TAIL(&engine->queues[state], lookup, link);
    engine->lengths[state]++;
}

/* Hands over in the next turn of the loop, not in this one: a chain of answers from the cache must not keep
 * sockets waiting. */
static void wake(struct recursive *engine)
{
    static const struct timeval at_once = {0, 0};
    if (!evtimer_pending(engine->wake, NULL))
        (void)event_add(engine->wake, &at_once);
}

static void make_ready(struct recursive *engine, struct lookup *lookup, enum dns_status status)
{
    lookup->status = status;
    if (lookup->ask != NULL)
        lookup->ask->lookup = NULL;
    lookup->ask = NULL;
    set_state(engine, lookup, READY);
    wake(engine);
}

/* ---- libunbound's results ------------------------------------------------------------------------------ */

static enum dns_status status_of_rcode(int rcode)
{
    static const enum dns_status statuses[] = {[0] = DNS_ANSWERED, [1] = DNS_FORMERR, [2] = DNS_SERVFAIL,
                                               [3] = DNS_NXDOMAIN, [4] = DNS_FORMERR, [5] = DNS_REFUSED};
    bool known = rcode >= 0 && (size_t)rcode < sizeof statuses / sizeof statuses[0];
    return known ? statuses[rcode] : DNS_SERVFAIL;
}

/* Copies the result, which is libunbound's: it is handed over only after libunbound has returned. */
static enum dns_status keep_result(struct lookup *lookup, const void *packet, size_t len, int secure,
                                   const char *why_bogus)
{
    lookup->packet = malloc(len);
    if (lookup->packet == NULL)
        return DNS_SERVFAIL;
    memcpy(lookup->packet, packet, len);
    lookup->packet_len = len;
    if (secure == SECURE_BOGUS) {
        lookup->why_bogus = why_bogus == NULL ? NULL : strdup(why_bogus);
        lookup->security = DNSSEC_BOGUS;
        return DNS_BOGUS;
    }
    lookup->security = secure == SECURE_YES ? DNSSEC_SECURE : DNSSEC_INSECURE;
    return DNS_ANSWERED;
}

/* Takes libunbound's callback, which may come from inside ub_resolve_event and from inside ub_ctx_delete. */
static void on_result(void *arg, int rcode, void *packet, int len, int secure, char *why_bogus, int limited)
{
    struct ask *ask = arg;
    struct recursive *engine = ask->engine;
    struct lookup *lookup = ask->lookup;
    (void)limited;
    LIST_REMOVE(ask, link);
    engine->ask_count--;
    if (lookup != NULL) {
        enum dns_status status = status_of_rcode(rcode);
        if (status == DNS_ANSWERED && packet != NULL && len > 0)
            status = keep_result(lookup, packet, (size_t)len, secure, why_bogus);
        else if (status == DNS_ANSWERED)
            status = DNS_SERVFAIL;
        make_ready(engine, lookup, status);
    } else if (!engine->closing) {
        wake(engine);
    }
    free(ask);
}

/* ---- asking -------------------------------------------------------------------------------------------- */

/* Sets the timer for the first deadline. One that is set already fires early at worst, and is then set anew.
 */
static void arm_deadline(struct recursive *engine, int64_t now_ms)
{
    const struct lookup *first = TAILQ_FIRST(&engine->queues[ASKED]);
    if (first == NULL || evtimer_pending(engine->deadline, NULL))
        return;
    int64_t wait_ms = first->deadline_ms > now_ms ? first->deadline_ms - now_ms : 0;
    struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000};
    (void)event_add(engine->deadline, &wait);
}

static void forget_ask(struct ask *ask)
{
    LIST_REMOVE(ask, link);
    ask->engine->ask_count--;
    free(ask);
}

static void ask(struct recursive *engine, struct lookup *lookup, int64_t now_ms)
{
    struct ask *ask = malloc(sizeof *ask);
    if (ask == NULL) {
        make_ready(engine, lookup, DNS_SERVFAIL);
        return;
    }
    *ask = (struct ask){.engine = engine, .lookup = lookup};
    LIST_INSERT_HEAD(&engine->asks, ask, link);
    engine->ask_count++;
    lookup->ask = ask;
    lookup->deadline_ms = now_ms + engine->patience_ms;
    set_state(engine, lookup, ASKED);
    if (engine->left_alone != NULL)
        recursive_log_listen(engine->context, engine->left_alone);
    /* After success the ask may be gone: the callback frees it, and may have come already. */
    int result = ub_resolve_event(engine->context, lookup->name, lookup->type, 1, ask, on_result, NULL);
    if (result != 0) {
        make_ready(engine, lookup, result == UB_SYNTAX ? DNS_FORMERR : DNS_SERVFAIL);
        forget_ask(ask);
    }
}

static struct lookup *next_queued(struct recursive *engine)
{
    struct lookup *lookup = TAILQ_FIRST(&engine->queues[QUEUED]);
    return lookup == NULL ? TAILQ_FIRST(&engine->queues[QUEUED_LAST]) : lookup;
}

static void ask_queued(struct recursive *engine)
{
    struct lookup *lookup;
    int64_t now_ms = clock_monotonic_ms();
    while (engine->lengths[ASKED] < engine->ceiling &&
           engine->ask_count < engine->ceiling * ASKS_PER_LOOKUP && (lookup = next_queued(engine)) != NULL)
        ask(engine, lookup, now_ms);
    arm_deadline(engine, now_ms);
}

/* Ends the lookups whose deadline has passed. All wait equally long, so the first asked is the first to end.
 */
static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct recursive *engine = arg;
    struct lookup *lookup;
    int64_t now_ms = clock_monotonic_ms();
    (void)fd, (void)what;
    while ((lookup = TAILQ_FIRST(&engine->queues[ASKED])) != NULL && lookup->deadline_ms <= now_ms)
        make_ready(engine, lookup, DNS_TIMEOUT);
    ask_queued(engine);
}

/* ---- handing over -------------------------------------------------------------------------------------- */

static void answer_of_status(const struct lookup *lookup, enum dns_status status, struct arena *arena,
                             struct dns_answer *answer)
{
    *answer = (struct dns_answer){.type = lookup->type, .owner = arena_string(arena, lookup->name)};
    answer->lookup.status = status;
    if (status == DNS_BOGUS) {
        answer->lookup.security = DNSSEC_BOGUS;
        answer->lookup.why_bogus = lookup->why_bogus;
    }
}

/* Reads the packet. Its id is libunbound's own; the security is from the validator in this process, never
 * from the AD bit. */
static void answer_of_packet(const struct recursive *engine, const struct lookup *lookup, struct arena *arena,
                             struct dns_answer *answer)
{
    struct bytes wire = bytes_make(lookup->packet, lookup->packet_len);
    struct dns_expect expect = {.name = lookup->name, .type = lookup->type};
    if (wire.len >= 2)
        expect.id = (uint16_t)(wire.data[0] << 8 | wire.data[1]);
    enum dns_read read = dns_answer_read(wire, &expect, arena, answer);
    if (read == DNS_READ_TRUNCATED)
        answer_of_status(lookup, DNS_TRUNCATED_NO_TCP, arena, answer);
    else if (read != DNS_READ_ANSWER)
        answer_of_status(lookup, DNS_FORMERR, arena, answer);
    else if (engine->validates)
        answer->lookup.security = lookup->security;
}

/* Tells a lookup that failed by itself from one that may have failed because a server was left alone: one was
 * since it began, or shortly before, when a failure that is now told again may have come about. */
static void tell_optout(const struct recursive *engine, const struct lookup *lookup,
                        struct dns_answer *answer)
{
    int64_t heard_ms = recursive_log_heard_ms(), began_ms = lookup->deadline_ms - engine->patience_ms;
    enum dns_status *status = &answer->lookup.status;
    if (engine->left_alone == NULL || (*status != DNS_SERVFAIL && *status != DNS_TIMEOUT))
        return;
    if (heard_ms != 0 && heard_ms >= began_ms - FAILURE_KEPT_MS)
        *status = DNS_OPTOUT;
}

static void hand_over(struct recursive *engine, struct lookup *lookup)
{
    struct arena arena;
    struct dns_answer answer;
    arena_init(&arena, ANSWER_BYTES);
    TAILQ_REMOVE(&engine->queues[READY], lookup, link);
    engine->lengths[READY]--;
    (void)slots_remove(&engine->lookups, lookup->handle);
    if (lookup->status == DNS_ANSWERED)
        answer_of_packet(engine, lookup, &arena, &answer);
    else
        answer_of_status(lookup, lookup->status, &arena, &answer);
    tell_optout(engine, lookup, &answer);
    engine_answer(&engine->engine, lookup->name, &lookup->owner, &answer);
    arena_dispose(&arena);
    free_lookup(lookup);
}

/* Hands over the lookups that were ready when it began: those that its callbacks make ready wait for the next
 * turn. */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct recursive *engine = arg;
    struct lookup *lookup;
    (void)fd, (void)what;
    for (size_t left = engine->lengths[READY];
         left > 0 && (lookup = TAILQ_FIRST(&engine->queues[READY])) != NULL; left--)
        hand_over(engine, lookup);
    ask_queued(engine);
    if (engine->lengths[READY] > 0)
        wake(engine);
}

/* ---- the contract of dns/lookup ------------------------------------------------------------------------ */

static struct lookup *new_lookup(struct recursive *engine, const char *name)
{
    size_t len = strlen(name);
    struct lookup *lookup = calloc(1, sizeof *lookup + len + 1);
    if (lookup == NULL)
        return NULL;
    memcpy(lookup->name, name, len + 1);
    lookup->handle = slots_add(&engine->lookups, lookup);
    if (!handle_is_set(lookup->handle)) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

static struct lookup_handle start(struct lookup_engine *base, const char *name, uint16_t type, bool last,
                                  lookup_done done, void *arg)
{
    struct recursive *engine = (struct recursive *)base;
    struct lookup *lookup = new_lookup(engine, name);
    /* Without memory for it there is nothing that could call back later, and a scan whose callback never
     * comes would hang: it stops as by a kill, and can be resumed. */
    if (lookup == NULL)
        out_of_memory("a question to the DNS");
    lookup->type = type;
    lookup->owner = engine_ask(base, name, type, done, arg);
    lookup->state = last ? QUEUED_LAST : QUEUED;
    TAILQ_INSERT_TAIL(&engine->queues[lookup->state], lookup, link);
    engine->lengths[lookup->state]++;
    struct lookup_handle handle = {lookup->handle};
    uint8_t wire[DNS_QUERY_BYTES];
    if (dns_query_write(wire, name, type, 0, false) == 0)
        make_ready(engine, lookup, DNS_FORMERR);
    else
        ask_queued(engine);
    return handle;
}

static void cancel(struct lookup_engine *base, struct lookup_handle handle)
{
    struct recursive *engine = (struct recursive *)base;
    struct lookup *lookup = slots_remove(&engine->lookups, handle.handle);
    if (lookup == NULL)
        return;
    if (lookup->ask != NULL)
        lookup->ask->lookup = NULL;
    TAILQ_REMOVE(&engine->queues[lookup->state], lookup, link);
    engine->lengths[lookup->state]--;
    if (lookup->state == ASKED)
        wake(engine); /* its place is free */
    free_lookup(lookup);
}

static size_t pending(const struct lookup_engine *base)
{
    return ((const struct recursive *)base)->lookups.used;
}

static void drop_lookup(void *object, void *arg)
{
    struct lookup *lookup = object;
    (void)arg;
    if (lookup->ask != NULL)
        lookup->ask->lookup = NULL;
    free_lookup(lookup);
}

static void destroy(struct lookup_engine *base)
{
    struct recursive *engine = (struct recursive *)base;
    engine->closing = true;
    slots_each(&engine->lookups, drop_lookup, NULL);
    slots_dispose(&engine->lookups);
    if (engine->context != NULL)
        recursive_context_destroy(engine->context);
    while (!LIST_EMPTY(&engine->asks))
        forget_ask(LIST_FIRST(&engine->asks));
    if (engine->wake != NULL)
        event_free(engine->wake);
    if (engine->deadline != NULL)
        event_free(engine->deadline);
    free(engine);
}

static struct recursive *new_engine(const struct config *config, uint32_t loops)
{
    static const struct lookup_ops ops = {start, cancel, pending, destroy, NULL};
    struct recursive *engine = calloc(1, sizeof *engine);
    if (engine == NULL)
        return NULL;
    engine->engine.ops = &ops;
    slots_init(&engine->lookups);
    for (size_t i = 0; i < STATE_COUNT; i++)
        TAILQ_INIT(&engine->queues[i]);
    LIST_INIT(&engine->asks);
    engine->ceiling = (size_t)config->dns_outstanding / loops;
    if (engine->ceiling == 0)
        engine->ceiling = 1;
    engine->patience_ms = config->dns_timeout * config->dns_attempts;
    engine->validates = config->dns_trust_anchor[0] != '\0';
    return engine;
}

struct lookup_engine *recursive_create(struct event_base *base, const struct config *config,
                                       const struct lookup_bounds *bounds, uint32_t loops, const char **why)
{
    struct recursive *engine = new_engine(config, loops == 0 ? 1 : loops);
    *why = error_text(ERR_MEMORY);
    if (engine == NULL)
        return NULL;
    if (bounds->left_alone != NULL && bounds->left_alone->count > 0)
        engine->left_alone = bounds->left_alone;
    engine->wake = evtimer_new(base, on_wake, engine);
    engine->deadline = evtimer_new(base, on_deadline, engine);
    if (engine->wake != NULL && engine->deadline != NULL)
        engine->context = recursive_context_create(base, config, bounds, loops == 0 ? 1 : loops,
                                                   (uint32_t)engine->ceiling * ASKS_PER_LOOKUP, why);
    if (engine->context == NULL) {
        destroy(&engine->engine);
        return NULL;
    }
    return &engine->engine;
}
