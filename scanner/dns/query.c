/*
 * Leads one query of the stub engine: chooses a resolver, and handles an answer, a refusal or a timeout. It
 * calls back only from query_message.
 */
#include <netdb.h>

#include "scanner/base/clock.h"
#include "scanner/base/state.h"
#include "scanner/dns/stub.h"

/* ---- states -------------------------------------------------------------------------------------------- */

void query_leave(struct query *query)
{
    struct resolver *resolver = query->resolver;
    switch (query->state) {
    case QUERY_UDP:
        upstream_forget(query->upstream, &query->flight);
        break;
    case QUERY_TCP:
        dns_tcp_destroy(query->tcp);
        query->tcp = NULL;
        resolver->tcp_live--;
        break;
    case QUERY_ENDED:
        resolver->ended_count--;
        break;
    case QUERY_IDLE:
    case QUERY_QUEUED:
    case QUERY_WAITING:
    case QUERY_TCP_QUEUED:
        break;
    }
    list_remove(&query->link);
    query->state = QUERY_IDLE;
}

/* Changes the state; nothing else does. list: that of the new state. */
static void set_state(struct query *query, enum query_state state, struct list *list)
{
    static const char *const list_of[] = {"idle", "queued", "waiting", "udp", "tcp queued", "tcp", "ended"};
    static const struct state_names names = {"query", list_of};
    enum query_state from = query->state;
    query_leave(query);
    query->state = state_enter(&names, query->owner.trace, query->name, NULL, from, state);
    list_add(list, &query->link);
}

/* Tells a trace where the query has been sent. */
static void tell_sent(const struct query *query)
{
    char text[IP_TEXT_BYTES] = "?";
    const struct upstream *upstream = query->upstream;
    (void)getnameinfo((const struct sockaddr *)&upstream->address, upstream->address_len, text, sizeof text,
                      NULL, 0, NI_NUMERICHOST);
    trace_say(query->owner.trace, query->name, NULL, "sent to %s, try %u%s", text, (unsigned)query->attempts,
              query->look == LOOK_UNCHECKED ? ", unchecked" : "");
}

void query_enqueue(struct query *query, bool last)
{
    struct resolver *resolver = query->resolver;
    set_state(query, QUERY_QUEUED, last ? &resolver->queue_last : &resolver->queue);
}

void query_finish(struct query *query, enum dns_status status)
{
    set_state(query, QUERY_ENDED, &query->resolver->ended);
    query->said = status;
    query->resolver->ended_count++;
    resolver_defer(query->resolver);
}

/* Ends a query to which nothing better has come: with what a resolver said of it, else with `otherwise`. */
static void give_up(struct query *query, enum dns_status otherwise)
{
    query_finish(query, query->said == DNS_NOT_ASKED ? otherwise : query->said);
}

static void ask_at(struct query *query, struct upstream *upstream)
{
    set_state(query, QUERY_WAITING, &upstream->waiting);
    query->upstream = upstream;
}

/* ---- which resolver ------------------------------------------------------------------------------------ */

/* Says whether all resolvers have been set aside: then they are used all the same. */
static bool all_aside(const struct resolver *resolver)
{
    for (uint32_t i = 0; i < resolver->upstream_count; i++)
        if (!resolver->upstreams[i].aside)
            return false;
    return true;
}

/* Says whether a is fuller than b for its window. */
static bool fuller(const struct upstream *a, const struct upstream *b)
{
    return (double)a->in_flight * b->window.size > (double)b->in_flight * a->window.size;
}

/* Returns the resolver for a fresh query; NULL if there is no room. */
static struct upstream *pick(struct resolver *resolver, int64_t now_ms)
{
    struct upstream *best = NULL;
    bool use_all = all_aside(resolver);
    resolver->turn++;
    for (uint32_t i = 0; i < resolver->upstream_count; i++) {
        struct upstream *upstream = &resolver->upstreams[(resolver->turn + i) % resolver->upstream_count];
        if (!use_all && upstream_probe_due(upstream, now_ms))
            return upstream;
        if ((upstream->aside && !use_all) || !upstream_has_room(upstream))
            continue;
        if (best == NULL || fuller(best, upstream))
            best = upstream;
    }
    return best;
}

/* Returns another resolver than the last one that may still answer the query, with room or not; NULL if there
 * is none. If one that checks signatures has failed, the answer of one that does not is no better. */
static struct upstream *another(const struct query *query)
{
    struct resolver *resolver = query->resolver;
    struct upstream *best = NULL;
    bool use_all = all_aside(resolver);
    for (uint32_t i = 0; i < resolver->upstream_count; i++) {
        struct upstream *upstream = &resolver->upstreams[i];
        bool refuses = (query->refused_by >> i & 1) != 0;
        bool trusts_blindly = query->look != LOOK_FIRST && upstream->validation == VALIDATION_NONE &&
                              query->upstream->validation != VALIDATION_NONE;
        if (refuses || trusts_blindly || upstream == query->upstream || (upstream->aside && !use_all))
            continue;
        if (best == NULL || fuller(best, upstream))
            best = upstream;
    }
    return best;
}

/* Says whether the query must stay at its resolver: the unchecked answer of another does not tell why this
 * one failed. */
static bool bound(const struct query *query)
{
    return query->look >= LOOK_UNCHECKED;
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static size_t write_question(const struct query *query, uint8_t *wire)
{
    size_t len =
        dns_query_write(wire, query->name, query->type, query->flight.id, query->look == LOOK_UNCHECKED);
    return query->no_edns && len > 0 ? dns_query_strip_edns(wire, len) : len;
}

static void send_udp(struct query *query, struct upstream *upstream, int64_t now_ms)
{
    struct resolver *resolver = query->resolver;
    uint8_t wire[DNS_QUERY_BYTES];
    set_state(query, QUERY_UDP, &resolver->deadlines);
    query->upstream = upstream;
    query->sent_ms = now_ms;
    query->attempts++;
    upstream_book(upstream, &query->flight, now_ms);
    size_t len = write_question(query, wire);
    upstream_send(upstream, &query->flight, bytes_make(wire, len));
    resolver->engine.counters.sent++;
    if (query->owner.trace != NULL)
        tell_sent(query);
}

static void on_tcp_done(void *arg, struct bytes message)
{
    struct query *query = arg;
    struct resolver *resolver = query->resolver;
    if (message.len == 0)
        give_up(query, DNS_TRUNCATED_NO_TCP);
    else
        query_message(query, message);
    queries_pump(resolver);
}

static void send_tcp(struct query *query, int64_t now_ms)
{
    struct resolver *resolver = query->resolver;
    const struct upstream *upstream = query->upstream;
    uint8_t wire[DNS_QUERY_BYTES];
    query->flight.id = (uint16_t)entropy_next(&resolver->entropy);
    size_t len = write_question(query, wire);
    query->tcp = dns_tcp_start(resolver->base, (const struct sockaddr *)&upstream->address,
                               upstream->address_len, bytes_make(wire, len), on_tcp_done, query);
    if (query->tcp == NULL) {
        give_up(query, DNS_TRUNCATED_NO_TCP);
        return;
    }
    set_state(query, QUERY_TCP, &resolver->deadlines);
    query->sent_ms = now_ms;
    resolver->tcp_live++;
    resolver->engine.counters.tcp++;
}

static struct query *first_of(const struct list *list)
{
    struct list *link = list_first(list);
    return link == NULL ? NULL : list_entry(link, struct query, link);
}

static void pump_waiting(struct upstream *upstream, int64_t now_ms)
{
    struct query *query = first_of(&upstream->waiting);
    while (query != NULL && upstream_has_room(upstream)) {
        send_udp(query, upstream, now_ms);
        query = first_of(&upstream->waiting);
    }
}

static struct query *next_queued(const struct resolver *resolver)
{
    struct query *query = first_of(&resolver->queue);
    return query == NULL ? first_of(&resolver->queue_last) : query;
}

static void pump_queue(struct resolver *resolver, int64_t now_ms)
{
    struct query *query = next_queued(resolver);
    while (query != NULL) {
        struct upstream *upstream = pick(resolver, now_ms);
        if (upstream == NULL)
            return;
        send_udp(query, upstream, now_ms);
        query = next_queued(resolver);
    }
}

static void set_timer(struct resolver *resolver, int64_t now_ms)
{
    const struct query *query = first_of(&resolver->deadlines);
    if (resolver->timer_set || query == NULL)
        return;
    int64_t wait = query->sent_ms + resolver->timeout_ms - now_ms;
    wait = wait < 1 ? 1 : wait;
    struct timeval after = {wait / 1000, wait % 1000 * 1000};
    resolver->timer_set = evtimer_add(resolver->timer, &after) == 0;
}

void queries_pump(struct resolver *resolver)
{
    int64_t now_ms = clock_monotonic_ms();
    for (uint32_t i = 0; i < resolver->upstream_count; i++)
        pump_waiting(&resolver->upstreams[i], now_ms);
    pump_queue(resolver, now_ms);
    for (uint32_t i = 0; i < resolver->upstream_count; i++)
        upstream_flush(&resolver->upstreams[i]);
    struct query *query = first_of(&resolver->tcp_queue);
    while (query != NULL && resolver->tcp_live < resolver->tcp_most) {
        send_tcp(query, now_ms);
        query = first_of(&resolver->tcp_queue);
    }
    set_timer(resolver, now_ms);
}

/* ---- answers and refusals ------------------------------------------------------------------------------ */

/* Goes on after a resolver that will not answer: the next one may. If all refuse, the first refusal is the
 * answer. */
static void refused(struct query *query, enum dns_status status)
{
    if (query->said == DNS_NOT_ASKED)
        query->said = status;
    query->refused_by |= UINT32_C(1) << query->upstream->index;
    query->no_edns = false; /* the next resolver may know EDNS */
    struct upstream *upstream = bound(query) ? NULL : another(query);
    if (upstream == NULL)
        query_finish(query, query->said);
    else
        ask_at(query, upstream);
}

/* Says whether DNSSEC may be the cause of a SERVFAIL: not at a resolver that checks no signatures. */
static bool may_be_bogus(const struct query *query)
{
    return query->upstream->validation != VALIDATION_NONE;
}

/* Goes to the next stage after a SERVFAIL (enum query_look); false: SERVFAIL is the answer. */
static bool look_again(struct query *query)
{
    query->said = DNS_SERVFAIL;
    if (query->look > LOOK_AGAIN || (query->look == LOOK_AGAIN && !may_be_bogus(query)))
        return false;
    query->look++;
    struct upstream *upstream = bound(query) ? NULL : another(query);
    ask_at(query, upstream == NULL ? query->upstream : upstream);
    return true;
}

/* Asks once more with checking. The answer to an unchecked question is not used: it only says that there is
 * one. */
static void ask_for_the_last_time(struct query *query)
{
    query->look = LOOK_LAST;
    ask_at(query, query->upstream);
}

/* Makes the answer DNS_BOGUS: SERVFAIL, an answer without checking, and SERVFAIL again mean that DNSSEC fails
 * (TXT-8). */
static void make_bogus(struct dns_answer *answer)
{
    answer->lookup.status = DNS_BOGUS;
    answer->lookup.security = DNSSEC_BOGUS;
}

static void ask_plainly(struct query *query)
{
    query->no_edns = true;
    ask_at(query, query->upstream);
}

static void answered(struct query *query, struct dns_answer *answer)
{
    enum dns_status status = answer->lookup.status;
    if (status == DNS_REFUSED || status == DNS_LAME)
        upstream_refused(query->upstream, clock_monotonic_ms());
    else
        upstream_served(query->upstream);
    if (status == DNS_FORMERR && !query->no_edns) {
        ask_plainly(query);
    } else if (status == DNS_FORMERR || status == DNS_REFUSED || status == DNS_LAME) {
        refused(query, status);
    } else if (status == DNS_SERVFAIL && look_again(query)) {
        return;
    } else if (status != DNS_SERVFAIL && query->look == LOOK_UNCHECKED) {
        ask_for_the_last_time(query);
    } else {
        if (status == DNS_SERVFAIL && query->look == LOOK_LAST)
            make_bogus(answer);
        resolver_deliver(query, answer);
    }
}

/* Drops a message that fits the query by nothing but its id. Over UDP the right one may still come; over TCP
 * there is only one. */
static void not_ours(struct query *query)
{
    query->resolver->engine.counters.dropped++;
    if (query->state == QUERY_TCP)
        give_up(query, DNS_TRUNCATED_NO_TCP);
}

static void truncated(struct query *query)
{
    if (query->state == QUERY_TCP) {
        give_up(query, DNS_TRUNCATED_NO_TCP);
        return;
    }
    upstream_served(query->upstream);
    set_state(query, QUERY_TCP_QUEUED, &query->resolver->tcp_queue);
}

void query_message(struct query *query, struct bytes message)
{
    struct resolver *resolver = query->resolver;
    const struct dns_expect expect = {.id = query->flight.id,
                                      .name = query->name,
                                      .type = query->type,
                                      .trust_ad = query->upstream->trust_ad && !query->no_edns};
    struct dns_answer answer;
    enum dns_read read = dns_answer_read(message, &expect, &resolver->arena, &answer);
    if (read != DNS_READ_NOT_OURS && query->state == QUERY_UDP)
        upstream_answered(query->upstream, query->sent_ms, clock_monotonic_ms());
    switch (read) {
    case DNS_READ_NOT_OURS:
        not_ours(query);
        break;
    case DNS_READ_TRUNCATED:
        truncated(query);
        break;
    case DNS_READ_MALFORMED:
        resolver->engine.counters.dropped++;
        upstream_served(query->upstream);
        refused(query, DNS_FORMERR);
        break;
    case DNS_READ_ANSWER:
        answered(query, &answer);
        break;
    }
    arena_reset(&resolver->arena);
}

void query_expire(struct query *query, int64_t now_ms)
{
    struct resolver *resolver = query->resolver;
    resolver->engine.counters.lost++;
    if (query->state == QUERY_TCP) {
        give_up(query, DNS_TRUNCATED_NO_TCP);
        return;
    }
    upstream_lost(query->upstream, query->sent_ms, now_ms);
    if (query->attempts >= resolver->attempts) {
        give_up(query, DNS_TIMEOUT);
        return;
    }
    struct upstream *upstream = bound(query) ? NULL : another(query);
    ask_at(query, upstream == NULL ? query->upstream : upstream);
}

/* ---- a resolver goes away ------------------------------------------------------------------------------ */

static void flee(struct query *query)
{
    struct upstream *upstream = bound(query) ? NULL : another(query);
    if (upstream != NULL && (query->state == QUERY_WAITING || query->attempts < query->resolver->attempts))
        ask_at(query, upstream);
}

static void flee_list(struct list *list, const struct upstream *from)
{
    struct list *next;
    for (struct list *link = list->next; link != list; link = next) {
        struct query *query = list_entry(link, struct query, link);
        next = link->next;
        if (query->upstream == from && query->state != QUERY_TCP)
            flee(query);
    }
}

void queries_flee(struct resolver *resolver, int64_t now_ms)
{
    for (uint32_t i = 0; i < resolver->upstream_count; i++) {
        struct upstream *upstream = &resolver->upstreams[i];
        if (!upstream->unreachable)
            continue;
        upstream->unreachable = false;
        upstream_set_aside(upstream, now_ms);
        if (all_aside(resolver))
            continue; /* a query may reach it by chance once it is back; until then the deadlines rule */
        flee_list(&upstream->waiting, upstream);
        flee_list(&resolver->deadlines, upstream);
    }
}
