/*
 * Defines the stub engine's own structs: a resolver (one a loop) and its queries. Private to dns/resolver.c,
 * which makes the engine and answers callers, and dns/query.c, which leads each query through its states.
 */
#ifndef STSWEEP_DNS_STUB_H
#define STSWEEP_DNS_STUB_H

#include "scanner/dns/engine.h"
#include "scanner/dns/tcp.h"
#include "scanner/dns/upstream.h"

enum { TCP_LIVE = 64, ANSWER_ARENA_BYTES = 1 << 20 };

enum query_state {
    QUERY_IDLE,       /* in no list */
    QUERY_QUEUED,     /* waits for any resolver with room */
    QUERY_WAITING,    /* waits for room at its resolver */
    QUERY_UDP,        /* sent; has a deadline */
    QUERY_TCP_QUEUED, /* waits for one of the tcp_most connections */
    QUERY_TCP,        /* has a deadline */
    QUERY_ENDED       /* its callback, with `said`, comes with the next turn of the loop */
};

/*
 * The stages of finding out why a resolver says SERVFAIL (TXT-8); not a look at an address. A SERVFAIL may be
 * transient: the question is asked again, of another resolver if there is one. Then it is asked unchecked
 * (CD). An answer now makes DNSSEC the suspect, and only another SERVFAIL to the checked question proves it.
 */
enum query_look {
    LOOK_FIRST,     /* no SERVFAIL so far */
    LOOK_AGAIN,     /* one SERVFAIL */
    LOOK_UNCHECKED, /* two; CD is set, and from here on the query stays at this resolver */
    LOOK_LAST       /* the unchecked question was answered; the checked one is asked once more */
};

struct resolver;

struct query {
    struct list link; /* of the list that its state says */
    struct flight flight;
    struct resolver *resolver;
    struct upstream *upstream; /* the last one asked, or NULL */
    struct dns_tcp *tcp;
    struct handle handle;
    struct lookup_owner owner;
    char *name; /* owned; kept when the struct is used again */
    size_t name_capacity;
    int64_t sent_ms;
    uint32_t refused_by;  /* a bit a resolver: those that will not answer this query */
    enum dns_status said; /* the answer if nothing better comes; DNS_NOT_ASKED: a timeout */
    enum query_state state;
    uint16_t type;
    uint8_t attempts; /* how often it was sent by UDP */
    enum query_look look;
    bool no_edns;
};

struct resolver {
    struct lookup_engine engine; /* first: engine.h */
    struct event_base *base;
    struct upstream *upstreams;
    uint32_t upstream_count;
    uint32_t turn; /* the upstream that is considered first */
    struct upstream_hooks hooks;
    struct datagrams *datagrams;
    struct entropy entropy;
    struct arena arena;     /* of the answer that is being delivered */
    struct slots slots;     /* all queries that are owed a callback */
    struct list queue;      /* QUERY_QUEUED, first come first served */
    struct list queue_last; /* QUERY_QUEUED too; served only if the other is empty */
    struct list deadlines;  /* QUERY_UDP and QUERY_TCP: all wait equally long, so it is in order of time */
    struct list tcp_queue;
    struct list ended;
    struct list unused; /* structs to use again */
    size_t ended_count;
    uint32_t tcp_live, tcp_most;
    struct event *timer; /* for the first of deadlines */
    bool timer_set;
    bool in_turn;           /* datagrams are being handed over; queries_pump comes at the end */
    struct event *deferred; /* for ended queries, and for upstreams found unreachable */
    int64_t timeout_ms;
    uint32_t attempts;
};

/* Takes a query out of its list: its state becomes QUERY_IDLE. */
void query_leave(struct query *query);

/* Puts a query in state QUERY_IDLE into one of the queues. */
void query_enqueue(struct query *query, bool last);

/* Ends a query from any state; the callback comes later. */
void query_finish(struct query *query, enum dns_status status);

/* Takes a message that came for a query, over UDP or TCP. */
void query_message(struct query *query, struct bytes message);

/* Handles a query whose deadline has passed. */
void query_expire(struct query *query, int64_t now_ms);

/* Moves queries from upstreams that have been found unreachable to others, if there are any. */
void queries_flee(struct resolver *resolver, int64_t now_ms);

/* Sends queued queries while there is room. */
void queries_pump(struct resolver *resolver);

/* Forgets the query and calls back (resolver.c). */
void resolver_deliver(struct query *query, const struct dns_answer *answer);

/* Makes the deferred event run (resolver.c). */
void resolver_defer(struct resolver *resolver);

#endif
