/* Sessions that are a timer and a line of the world's file. */
#include "tests/unit/reach/world/fake_probe.h"

#include <stdlib.h>

#include "scanner/config/config.h"
#include "tests/unit/reach/world/contacts.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/peers.h"

struct prober {
    const struct config *config;
    struct slots sessions;
};

struct session {
    struct prober *prober;
    struct handle handle;
    struct probe_request request;
    struct peer_session script;
    enum peer_hello hello;
    size_t contact;
    bool is_connected;
    struct loop_timer *timer;
};

static size_t live;

static void session_free(struct session *session, bool cancelled)
{
    (void)slots_remove(&session->prober->sessions, session->handle);
    contact_close(session->contact, cancelled);
    loop_timer_free(session->timer);
    free(session);
    live--;
}

/* ---- how it ends --------------------------------------------------------------------------------------- */

static void end_at(struct probe_facts *facts, enum smtp_step step, enum smtp_end end, enum net_error net)
{
    facts->step = step;
    facts->end = end;
    facts->net = net;
}

static void end_with_reply(struct probe_facts *facts, enum smtp_step step, int code)
{
    end_at(facts, step, SMTP_END_REPLY, NET_OK);
    facts->reply_code = code;
    facts->reply = bytes_of("not now");
}

static void end_unconnected(enum peer_does does, struct probe_facts *facts)
{
    static const enum net_error errors[] = {[PEER_SILENT] = NET_TIMEOUT,
                                            [PEER_REFUSES] = NET_REFUSED,
                                            [PEER_RESETS] = NET_RESET,
                                            [PEER_UNREACHABLE] = NET_UNREACHABLE};
    end_at(facts, SMTP_CONNECT, SMTP_END_NET, errors[does]);
}

/* Greeting and capabilities. */
static void greet(const struct session *session, struct probe_facts *facts)
{
    static const char *const lines[] = {"PIPELINING", "STARTTLS"};
    size_t count = session->script.does == PEER_PLAIN ? 1 : 2;
    facts->greeting = bytes_of("mx.world ESMTP");
    facts->reply_code = 220;
    facts->ehlo = arena_array(session->request.arena, count, sizeof *facts->ehlo);
    facts->ehlo_count = facts->ehlo == NULL ? 0 : count;
    for (size_t i = 0; i < facts->ehlo_count; i++)
        facts->ehlo[i] = bytes_of(lines[i]);
    facts->starttls_offered = count == 2;
}

static void end_greeted(const struct session *session, struct probe_facts *facts)
{
    const struct peer_session *script = &session->script;
    greet(session, facts);
    if (script->does == PEER_PLAIN) {
        end_at(facts, SMTP_EHLO, SMTP_END_NOT_OFFERED, NET_OK);
    } else if (script->does == PEER_STARTTLS) {
        end_with_reply(facts, SMTP_STARTTLS, script->code);
    } else {
        peer_tls(script, session->hello, session->request.host, session->request.arena, &facts->tls);
        bool done = facts->tls.end == TLS_DONE;
        end_at(facts, done ? SMTP_QUIT : SMTP_HANDSHAKE,
               done                            ? SMTP_END_DONE
               : facts->tls.end == TLS_TIMEOUT ? SMTP_END_STEP_TIMEOUT
                                               : SMTP_END_TLS,
               NET_OK);
    }
}

static void end_session(const struct session *session, struct probe_facts *facts)
{
    const struct peer_session *script = &session->script;
    if (!session->is_connected)
        end_unconnected(script->does, facts);
    else if (script->does == PEER_MUTE)
        end_at(facts, SMTP_GREETING, SMTP_END_STEP_TIMEOUT, NET_OK);
    else if (script->does == PEER_GREETS)
        end_with_reply(facts, SMTP_GREETING, script->code);
    else
        end_greeted(session, facts);
}

/* ---- its way ------------------------------------------------------------------------------------------- */

static bool connects(const struct peer_session *script)
{
    return script->does != PEER_SILENT && script->does != PEER_REFUSES && script->does != PEER_RESETS &&
           script->does != PEER_UNREACHABLE;
}

static void on_timer(void *arg)
{
    struct session *session = arg;
    const struct probe_request request = session->request;
    if (!session->is_connected && connects(&session->script)) {
        bool mute = session->script.does == PEER_MUTE || session->script.does == PEER_HANGS;
        session->is_connected = true;
        loop_timer_set(session->timer,
                       mute ? session->prober->config->smtp_step_timeout * 1000 : session->script.lasts_us);
        if (request.connected != NULL)
            request.connected(request.arg);
        return;
    }
    end_session(session, request.facts);
    session_free(session, false);
    request.done(request.arg, request.facts);
}

struct handle probe_start(struct prober *prober, const struct probe_request *request)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        out_of_memory("a session");
    *session = (struct session){.prober = prober, .request = *request};
    session->handle = slots_add(&prober->sessions, session);
    session->hello = request->permissive ? HELLO_PERMISSIVE : request->small ? HELLO_SMALL : HELLO_FIRST;
    session->script = peer_next(PACE_SMTP, &request->ip, session->hello);
    session->contact = contact_open(PACE_SMTP, &request->ip, request->host, session->hello);
    *request->facts = (struct probe_facts){.host = request->host, .ip = request->ip, .time = clock_wall_ms()};
    request->facts->tls.alert = -1;
    bool silent = session->script.does == PEER_SILENT;
    session->timer = loop_timer_create(NULL, on_timer, session);
    loop_timer_set(session->timer,
                   silent ? prober->config->smtp_connect_timeout * 1000 : session->script.connects_us);
    live++;
    return session->handle;
}

void probe_cancel(struct prober *prober, struct handle handle)
{
    struct session *session = slots_get(&prober->sessions, handle);
    if (session != NULL)
        session_free(session, true);
}

size_t probe_live(const struct prober *prober)
{
    return prober->sessions.used;
}

size_t fake_probes_live(void)
{
    return live;
}

/* ---- the prober ---------------------------------------------------------------------------------------- */

struct prober *prober_create(struct event_base *base, const struct config *config, struct trust *trust,
                             const char **why)
{
    struct prober *prober = calloc(1, sizeof *prober);
    (void)base, (void)trust;
    *why = "out of memory";
    if (prober == NULL)
        return NULL;
    prober->config = config;
    slots_init(&prober->sessions);
    return prober;
}

void prober_place(struct prober *prober, struct place *place)
{
    (void)prober, (void)place;
}

static void cancel_one(void *object, void *arg)
{
    (void)arg;
    session_free(object, true);
}

void prober_destroy(struct prober *prober)
{
    if (prober == NULL)
        return;
    slots_each(&prober->sessions, cancel_one, NULL);
    slots_dispose(&prober->sessions);
    free(prober);
}
