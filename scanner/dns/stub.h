/*
 * The stub engine's own structs: a resolver (one a loop) and its queries. Private to dns/resolver.c, which
 * makes the engine and answers callers, and dns/query.c, which leads each query through its states.
 */
#ifndef STSWEEP_DNS_STUB_H
#define STSWEEP_DNS_STUB_H

#include "scanner/dns/engine.h"
#include "scanner/dns/tcp.h"
#include "scanner/dns/upstream.h"

enum { TCP_LIVE = 64, ANSWER_ARENA_BYTES = 1 << 20 };

enum query_state {
    QUERY_IDLE,       /* in no list */
    QUERY_QUEUED,     /* for any resolver with room */
    QUERY_WAITING,    /* for room at its resolver */
    QUERY_UDP,        /* sent; has a deadline */
    QUERY_TCP_QUEUED, /* for one of the tcp_most connections */
    QUERY_TCP,        /* has a deadline */
    QUERY_ENDED       /* its callback, with `said`, comes with the next turn */
};

/*
 * How far the question why a resolver says SERVFAIL has come (TXT-8). A SERVFAIL may pass: the question is
 * put again, to another resolver if there is one. Then it is put unchecked (CD); an answer now makes DNSSEC
 * the suspect, and only another SERVFAIL to the checked question convicts it.
 */
enum query_look {
    LOOK_FIRST,     /* no SERVFAIL so far */
    LOOK_AGAIN,     /* one */
    LOOK_UNCHECKED, /* two; CD is set, and the resolver is no longer left */
    LOOK_LAST       /* unchecked there was an answer */
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
    uint32_t refused_by;  /* a bit a resolver: those that will not answer this one */
    enum dns_status said; /* what is the answer if nothing better comes; DNS_NOT_ASKED: a timeout */
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
    uint32_t turn; /* which upstream is looked at first */
    struct upstream_hooks hooks;
    struct datagrams *datagrams;
    struct entropy entropy;
    struct arena arena;     /* of the answer that is being delivered */
    struct slots slots;     /* all queries that are owed a callback */
    struct list queue;      /* QUERY_QUEUED, first come first served */
    struct list queue_last; /* QUERY_QUEUED too, when the other is empty */
    struct list deadlines;  /* QUERY_UDP and QUERY_TCP: all wait equally long, so it is in order of time */
    struct list tcp_queue;
    struct list ended;
    struct list unused; /* structs to use again */
    size_t ended_count;
    uint32_t tcp_live, tcp_most;
    struct event *timer; /* for the first of deadlines */
    bool timer_set;
    bool in_turn;           /* datagrams are being handed over; queries_pump comes at the end */
    struct event *deferred; /* for ended, and for upstreams found unreachable */
    int64_t timeout_ms;
    uint32_t attempts;
};

/* Takes it out of whatever it is in: state QUERY_IDLE. */
void query_leave(struct query *query);

/* From QUERY_IDLE to one of the queues. */
void query_enqueue(struct query *query, bool last);

/* Ends it from any state; the callback comes later. */
void query_finish(struct query *query, enum dns_status status);

/* A message came for it, over UDP or TCP. */
void query_message(struct query *query, struct bytes message);

/* Its deadline has passed. */
void query_expire(struct query *query, int64_t now_ms);

/* Moves what was asked of upstreams that have been found unreachable to others, where there are any. */
void queries_flee(struct resolver *resolver, int64_t now_ms);

/* Sends what has room. */
void queries_pump(struct resolver *resolver);

/* resolver.c: forgets the query and calls back. */
void resolver_deliver(struct query *query, const struct dns_answer *answer);

/* resolver.c: has the deferred event run. */
void resolver_defer(struct resolver *resolver);

#endif
