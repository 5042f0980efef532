/* Fetches that are a timer and a line of the world's file. */
#include "tests/unit/reach/world/fake_fetch.h"

#include <stdlib.h>

#include "scanner/config/config.h"
#include "tests/unit/reach/world/contacts.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/peers.h"

struct fetcher {
    const struct config *config;
    struct slots fetches;
};

struct fetch {
    struct fetcher *fetcher;
    struct handle handle;
    struct fetch_request request;
    char *host;
    struct peer_session script;
    enum peer_hello hello;
    int64_t time;
    size_t contact;
    bool timed_out; /* before the peer was done */
    struct loop_timer *timer;
};

static size_t live;

static void fetch_free(struct fetch *fetch, bool cancelled)
{
    (void)slots_remove(&fetch->fetcher->fetches, fetch->handle);
    contact_close(fetch->contact, cancelled);
    loop_timer_free(fetch->timer);
    free(fetch->host);
    free(fetch);
    live--;
}

/* ---- how it ends --------------------------------------------------------------------------------------- */

static void end_answered(const struct fetch *fetch, struct fetch_facts *facts)
{
    const struct peer_session *script = &fetch->script;
    struct arena *arena = fetch->request.arena;
    peer_tls(script, fetch->hello, fetch->host, arena, &facts->tls);
    facts->deadline = facts->tls.end == TLS_TIMEOUT;
    if (facts->tls.end != TLS_DONE) {
        facts->step = FETCH_TLS;
        facts->net = facts->tls.end == TLS_CLOSED ? NET_RESET : NET_OK;
        return;
    }
    facts->step = FETCH_DONE;
    facts->http_status = script->does == PEER_STATUS ? script->code : 200;
    facts->media_type = "text/plain";
    if (script->does == PEER_OK)
        facts->body = arena_bytes(arena, bytes_of(script->policy));
}

static void end_fetch(const struct fetch *fetch, struct fetch_facts *facts)
{
    static const enum net_error errors[] = {[PEER_SILENT] = NET_TIMEOUT,
                                            [PEER_REFUSES] = NET_REFUSED,
                                            [PEER_RESETS] = NET_RESET,
                                            [PEER_UNREACHABLE] = NET_UNREACHABLE};
    *facts = (struct fetch_facts){.ip = fetch->request.ip, .time = fetch->time, .tls.alert = -1};
    enum peer_does does = fetch->script.does;
    if (does == PEER_SILENT || does == PEER_REFUSES || does == PEER_RESETS || does == PEER_UNREACHABLE) {
        facts->step = FETCH_CONNECT;
        facts->net = errors[does];
    } else if (does == PEER_MUTE || fetch->timed_out) {
        facts->step = FETCH_HEADERS;
        facts->deadline = true;
    } else {
        end_answered(fetch, facts);
    }
}

/* ---- its way ------------------------------------------------------------------------------------------- */

static void on_timer(void *arg)
{
    struct fetch *fetch = arg;
    const struct fetch_request request = fetch->request;
    struct fetch_facts *facts = arena_alloc(request.arena, sizeof *facts);
    if (facts == NULL)
        out_of_memory("a fetch");
    end_fetch(fetch, facts);
    fetch_free(fetch, false);
    request.done(request.arg, facts);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When it ends: as the peer says, and no later than the deadline. */
static int64_t ends_after_us(struct fetch *fetch)
{
    const struct config *config = fetch->fetcher->config;
    int64_t deadline_us = fetch->request.timeout_ms * 1000;
    int64_t whole_us = fetch->script.connects_us + fetch->script.lasts_us;
    if (fetch->script.does == PEER_SILENT)
        return least(config->policy_connect_timeout * 1000, deadline_us);
    if (fetch->script.does == PEER_MUTE || fetch->script.does == PEER_HANGS)
        return deadline_us;
    fetch->timed_out = whole_us > deadline_us;
    return least(whole_us, deadline_us);
}

struct handle fetch_start(struct fetcher *fetcher, const struct fetch_request *request)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    char *host = strdup(request->host);
    if (fetch == NULL || host == NULL)
        out_of_memory("a fetch");
    *fetch = (struct fetch){.fetcher = fetcher, .request = *request, .host = host, .time = clock_wall_ms()};
    fetch->handle = slots_add(&fetcher->fetches, fetch);
    fetch->hello = request->small ? HELLO_SMALL : HELLO_FIRST;
    fetch->script = peer_next(PACE_HTTPS, &request->ip, fetch->hello);
    fetch->contact = contact_open(PACE_HTTPS, &request->ip, request->host, fetch->hello);
    fetch->timer = loop_timer_create(NULL, on_timer, fetch);
    loop_timer_set(fetch->timer, ends_after_us(fetch));
    live++;
    return fetch->handle;
}

void fetch_cancel(struct fetcher *fetcher, struct handle handle)
{
    struct fetch *fetch = slots_get(&fetcher->fetches, handle);
    if (fetch != NULL)
        fetch_free(fetch, true);
}

size_t fetch_live(const struct fetcher *fetcher)
{
    return fetcher->fetches.used;
}

size_t fake_fetches_live(void)
{
    return live;
}

/* ---- the fetcher --------------------------------------------------------------------------------------- */

struct fetcher *fetcher_create(struct event_base *base, const struct config *config, struct trust *trust,
                               const char **why)
{
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);
    (void)base, (void)trust;
    *why = "out of memory";
    if (fetcher == NULL)
        return NULL;
    fetcher->config = config;
    slots_init(&fetcher->fetches);
    return fetcher;
}

void fetcher_place(struct fetcher *fetcher, struct place *place)
{
    (void)fetcher, (void)place;
}

static void cancel_one(void *object, void *arg)
{
    (void)arg;
    fetch_free(object, true);
}

void fetcher_destroy(struct fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    slots_each(&fetcher->fetches, cancel_one, NULL);
    slots_dispose(&fetcher->fetches);
    free(fetcher);
}
