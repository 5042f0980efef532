/*
 * Implements the stub engine, which asks the recursive resolvers of dns.resolvers. This file makes it,
 * handles its events and keeps what lookup.h promises; dns/query leads the questions, dns/upstream holds the
 * sockets. It never resolves by itself, and believes an AD bit only as dns.trust_ad says.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/dns/stub.h"

enum { DNS_PORT = 53, ADDRESS_TEXT_BYTES = 64, FILES_UNKNOWN = 1024 };

/* The share of open files for questions that must be asked over TCP: one in TCP_FILES_SHARE. */
enum { TCP_FILES_SHARE = 32, TCP_LEAST = 2 };

/* ---- queries come and go ------------------------------------------------------------------------------- */

static struct query *take_unused(struct resolver *resolver)
{
    struct list *link = list_first(&resolver->unused);
    if (link == NULL)
        return calloc(1, sizeof(struct query));
    list_remove(link);
    return list_entry(link, struct query, link);
}

static bool keep_name(struct query *query, const char *name)
{
    size_t need = strlen(name) + 1;
    if (need > query->name_capacity) {
        char *larger = realloc(query->name, need < 64 ? 64 : need);
        if (larger == NULL)
            return false;
        query->name = larger;
        query->name_capacity = need < 64 ? 64 : need;
    }
    memcpy(query->name, name, need);
    return true;
}

/* Makes a query that is in no list yet. Without memory there is nothing left to call back with, and a caller
 * who waits for ever would be worse than a scan that stops and resumes. */
static struct query *make_query(struct resolver *resolver, const char *name)
{
    struct query *query = take_unused(resolver);
    if (query == NULL || !keep_name(query, name))
        out_of_memory("a question to the DNS");
    *query = (struct query){.name = query->name, .name_capacity = query->name_capacity, .resolver = resolver};
    list_init(&query->link);
    query->handle = slots_add(&resolver->slots, query);
    if (!handle_is_set(query->handle))
        out_of_memory("a question to the DNS");
    return query;
}

static void free_query(struct query *query)
{
    free(query->name);
    free(query);
}

/* Forgets the query and calls back. The callback may start and cancel lookups; this one's handle is stale by
 * then, and its struct not yet in use again. */
void resolver_deliver(struct query *query, const struct dns_answer *answer)
{
    struct resolver *resolver = query->resolver;
    query_leave(query);
    (void)slots_remove(&resolver->slots, query->handle);
    engine_answer(&resolver->engine, query->name, &query->owner, answer);
    list_add(&resolver->unused, &query->link);
}

/* ---- events -------------------------------------------------------------------------------------------- */

/* Sets the deferred event as a timer, so that the sockets have their turn between two rounds of callbacks. */
void resolver_defer(struct resolver *resolver)
{
    static const struct timeval at_once = {0, 0};
    if (!evtimer_pending(resolver->deferred, NULL) && evtimer_add(resolver->deferred, &at_once) != 0)
        event_active(resolver->deferred, EV_TIMEOUT, 0);
}

/* Delivers the queries that had ended before this turn: those that callbacks add wait for the next one. */
static void deliver_ended(struct resolver *resolver)
{
    for (size_t left = resolver->ended_count; left > 0; left--) {
        struct list *link = list_first(&resolver->ended);
        if (link == NULL)
            return; /* callbacks have cancelled the rest */
        struct query *query = list_entry(link, struct query, link);
        struct dns_answer answer = {
            .lookup = {.status = query->said}, .type = query->type, .owner = query->name};
        resolver_deliver(query, &answer);
    }
}

static void on_deferred(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *resolver = arg;
    (void)fd;
    (void)what;
    queries_flee(resolver, clock_monotonic_ms());
    deliver_ended(resolver);
    if (resolver->ended_count > 0)
        resolver_defer(resolver);
    queries_pump(resolver);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *resolver = arg;
    int64_t now_ms = clock_monotonic_ms();
    (void)fd;
    (void)what;
    resolver->timer_set = false;
    struct list *link = list_first(&resolver->deadlines);
    while (link != NULL && list_entry(link, struct query, link)->sent_ms + resolver->timeout_ms <= now_ms) {
        query_expire(list_entry(link, struct query, link), now_ms);
        link = list_first(&resolver->deadlines);
    }
    queries_pump(resolver);
}

static void on_datagram(void *arg, struct upstream *upstream, struct flight *flight, uint8_t *data,
                        size_t len)
{
    struct resolver *resolver = arg;
    (void)upstream;
    resolver->in_turn = true;
    if (flight == NULL)
        resolver->engine.counters.dropped++;
    else
        query_message(list_entry(flight, struct query, flight), bytes_make(data, len));
}

static void on_unreachable(void *arg)
{
    resolver_defer(arg);
}

static void on_turn_done(void *arg)
{
    struct resolver *resolver = arg;
    resolver->in_turn = false;
    queries_pump(resolver);
}

/* ---- the functions of lookup.h ------------------------------------------------------------------------- */

static struct lookup_handle start(struct lookup_engine *engine, const char *name, uint16_t type, bool last,
                                  lookup_done done, void *arg)
{
    struct resolver *resolver = (struct resolver *)engine;
    struct query *query = make_query(resolver, name);
    uint8_t wire[DNS_QUERY_BYTES];
    query->type = type;
    query->owner = engine_ask(engine, name, type, done, arg);
    if (dns_query_write(wire, name, type, 0, false) == 0) {
        query_finish(query, DNS_FORMERR);
    } else {
        query_enqueue(query, last);
        if (!resolver->in_turn) /* else all questions that the turn's answers lead to are sent together */
            queries_pump(resolver);
    }
    return (struct lookup_handle){query->handle};
}

static void cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    struct resolver *resolver = (struct resolver *)engine;
    struct query *query = slots_remove(&resolver->slots, handle.handle);
    if (query == NULL)
        return;
    bool made_room = query->state == QUERY_UDP || query->state == QUERY_TCP;
    query_leave(query);
    list_add(&resolver->unused, &query->link);
    if (made_room)
        queries_pump(resolver);
}

static size_t pending(const struct lookup_engine *engine)
{
    return ((const struct resolver *)engine)->slots.used;
}

static void count_resolvers(const struct lookup_engine *engine, struct resolver_counts counts[RESOLVERS_MOST])
{
    const struct resolver *resolver = (const struct resolver *)engine;
    for (uint32_t i = 0; i < resolver->upstream_count; i++)
        counts[resolver->upstreams[i].configured] = resolver->upstreams[i].counts;
}

static void drop_query(void *object, void *arg)
{
    (void)arg;
    query_leave(object);
    free_query(object);
}

static void destroy(struct lookup_engine *engine)
{
    struct resolver *resolver = (struct resolver *)engine;
    slots_each(&resolver->slots, drop_query, NULL);
    slots_dispose(&resolver->slots);
    struct list *link = list_first(&resolver->unused);
    while (link != NULL) {
        list_remove(link);
        free_query(list_entry(link, struct query, link));
        link = list_first(&resolver->unused);
    }
    for (uint32_t i = 0; i < resolver->upstream_count; i++)
        upstream_dispose(&resolver->upstreams[i]);
    if (resolver->timer != NULL)
        event_free(resolver->timer);
    if (resolver->deferred != NULL)
        event_free(resolver->deferred);
    arena_dispose(&resolver->arena);
    free(resolver->datagrams);
    free(resolver->upstreams);
    free(resolver);
}

/* ---- making one ---------------------------------------------------------------------------------------- */

bool resolver_is_trusted(const struct config *config, const struct ip_addr *ip)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    if (config->dns_trust_ad != DNS_TRUST_AD_LOOPBACK)
        return config->dns_trust_ad == DNS_TRUST_AD_YES;
    return ip->family == 4 ? ip->bytes[0] == 127 : memcmp(ip->bytes, loopback6, sizeof loopback6) == 0;
}

static uint32_t share(int64_t whole, uint32_t loops, uint32_t least)
{
    int64_t part = (whole + loops - 1) / loops;
    return part < least ? least : (uint32_t)part;
}

/* Adds a resolver. One that cannot be reached from here (IPv6 without a route) is left out: the others may
 * do.
 */
static void add_upstream(struct resolver *resolver, const struct config *config, enum validation validation,
                         uint32_t loops, const struct ip_addr *ip, uint16_t port, size_t configured)
{
    struct upstream *upstream = &resolver->upstreams[resolver->upstream_count];
    const struct upstream_setup setup = {.base = resolver->base,
                                         .ip = *ip,
                                         .port = port,
                                         .sockets =
                                             (uint16_t)share(UPSTREAM_SOCKETS, loops, UPSTREAM_SOCKETS_LEAST),
                                         .limit = share(config->dns_outstanding, loops, 1),
                                         .deadline_ms = resolver->timeout_ms,
                                         .now_ms = clock_monotonic_ms(),
                                         .hooks = &resolver->hooks,
                                         .datagrams = resolver->datagrams,
                                         .entropy = &resolver->entropy};
    if (!upstream_init(upstream, &setup))
        return;
    upstream->index = resolver->upstream_count++;
    upstream->configured = (uint32_t)configured;
    upstream->validation = validation;
    upstream->trust_ad = validation != VALIDATION_NONE && resolver_is_trusted(config, ip);
}

bool resolver_next_address(const char **list, struct ip_addr *ip, uint16_t *port, const char **why)
{
    char text[ADDRESS_TEXT_BYTES];
    const char *from = *list + strspn(*list, ", \t");
    size_t len = strcspn(from, ", \t");
    if (len == 0)
        return false;
    *why = "dns.resolvers: not an address";
    if (len >= sizeof text)
        return false;
    memcpy(text, from, len);
    text[len] = '\0';
    *port = DNS_PORT;
    if (!ip_parse_port(text, ip, port) || *port == 0)
        return false;
    *list = from + len;
    *why = NULL;
    return true;
}

static const char *add_upstreams(struct resolver *resolver, const struct config *config,
                                 const struct resolver_notes *notes, uint32_t loops)
{
    const char *list = config->dns_resolvers;
    const char *why = NULL;
    struct ip_addr ip;
    uint16_t port;
    for (size_t i = 0; resolver_next_address(&list, &ip, &port, &why); i++) {
        if (i == DNS_RESOLVERS_MOST)
            return "dns.resolvers: more than 32 addresses";
        if (notes == NULL || !notes->of[i].left_out)
            add_upstream(resolver, config, notes == NULL ? VALIDATION_UNKNOWN : notes->of[i].validation,
                         loops, &ip, port, i);
    }
    if (why == NULL && resolver->upstream_count == 0)
        return "dns.resolvers: none of them can be used from here";
    return why;
}

static const char *fill_in(struct resolver *resolver, const struct config *config)
{
    resolver->timeout_ms = config->dns_timeout;
    resolver->attempts = (uint32_t)config->dns_attempts;
    resolver->upstreams = calloc(DNS_RESOLVERS_MOST, sizeof *resolver->upstreams);
    resolver->datagrams = datagrams_create();
    resolver->timer = evtimer_new(resolver->base, on_timer, resolver);
    resolver->deferred = evtimer_new(resolver->base, on_deferred, resolver);
    if (resolver->upstreams == NULL || resolver->datagrams == NULL || resolver->timer == NULL ||
        resolver->deferred == NULL)
        return "out of memory";
    return entropy_init(&resolver->entropy) ? NULL : "the kernel gives no random numbers";
}

uint32_t resolver_tcp_most(uint64_t open_files, uint32_t loops)
{
    uint64_t most = open_files / TCP_FILES_SHARE / loops;
    return most < TCP_LEAST ? TCP_LEAST : most > TCP_LIVE ? TCP_LIVE : (uint32_t)most;
}

struct lookup_engine *resolver_create(struct event_base *base, const struct config *config,
                                      const struct resolver_notes *notes, uint32_t loops, const char **why)
{
    static const struct lookup_ops ops = {start, cancel, pending, destroy, count_resolvers};
    struct resolver *resolver = calloc(1, sizeof *resolver);
    if (resolver == NULL) {
        *why = "out of memory";
        return NULL;
    }
    resolver->engine.ops = &ops;
    resolver->base = base;
    struct rlimit files;
    resolver->tcp_most =
        resolver_tcp_most(getrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_cur : FILES_UNKNOWN, loops);
    resolver->hooks = (struct upstream_hooks){on_datagram, on_unreachable, on_turn_done, resolver};
    arena_init(&resolver->arena, ANSWER_ARENA_BYTES);
    slots_init(&resolver->slots);
    list_init(&resolver->queue);
    list_init(&resolver->queue_last);
    list_init(&resolver->deadlines);
    list_init(&resolver->tcp_queue);
    list_init(&resolver->ended);
    list_init(&resolver->unused);
    *why = fill_in(resolver, config);
    if (*why == NULL)
        *why = add_upstreams(resolver, config, notes, loops);
    if (*why == NULL)
        return &resolver->engine;
    destroy(&resolver->engine);
    return NULL;
}
