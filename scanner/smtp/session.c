/* Leads the states of a session: socket, deadlines and OpenSSL around the pure dialogue. */
#include "scanner/smtp/session.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/state.h"
#include "scanner/facts/net.h"
#include "scanner/smtp/socket.h"
#include "scanner/smtp/transfer.h"
#include "scanner/tls/told.h"

/* READS_A_TURN: a turn's portion of plain text is as large as one inside TLS (FLOW_PORTION). */
enum { READ_BYTES = 4096, READS_A_TURN = FLOW_PORTION / READ_BYTES, QUIT_MS = 2000 };

static void set_state(struct session *session, enum session_state state)
{
    static const char *const list[] = {"connect", "plain", "handshake", "tls", "quit"};
    static const struct state_names names = {"probe", list};
    const struct probe_request *request = &session->request;
    session->state = state_enter(&names, request->trace, request->host, &request->ip, session->state, state);
}

/* ---- what a trace is told ------------------------------------------------------------------------------ */

static void tell_step(const struct session *session, enum smtp_step step)
{
    trace_say(session->request.trace, session->request.host, &session->request.ip, "step %s",
              smtp_step_name(step));
}

static void tell_handshake(const struct session *session)
{
    const struct probe_request *request = &session->request;
    if (request->trace != NULL)
        tls_tell(request->trace, request->host, &request->ip, &request->facts->tls);
}

static void tell_bytes(const struct session *session, const char *mark, struct bytes data)
{
    if (session->request.trace != NULL)
        trace_bytes(session->request.trace, session->request.host, &session->request.ip, mark, data);
}

static void tell_end(const struct probe_request *request)
{
    const struct probe_facts *facts = request->facts;
    trace_say(request->trace, request->host, &request->ip, "probe ended at %s: %s%s%s, %u ms",
              smtp_step_name(facts->step), smtp_end_name(facts->end), facts->net == NET_OK ? "" : ", ",
              facts->net == NET_OK ? "" : net_error_name(facts->net), (unsigned)facts->ms);
}

/* ---- end ----------------------------------------------------------------------------------------------- */

void session_free(struct session *session)
{
    (void)slots_remove(&session->prober->sessions, session->handle);
    if (session->io != NULL)
        event_free(session->io);
    if (session->timer != NULL)
        event_free(session->timer);
    SSL_free(session->ssl);
    flow_release(session->flow);
    if (session->fd >= 0)
        close(session->fd);
    dialogue_dispose(&session->dialogue);
    free(session);
}

static void take_time(struct session *session, int64_t now)
{
    struct probe_facts *facts = session->request.facts;
    uint32_t *const times[SMTP_STEP_COUNT] = {[SMTP_CONNECT] = &facts->ms_connect,
                                              [SMTP_GREETING] = &facts->ms_greeting,
                                              [SMTP_EHLO] = &facts->ms_ehlo,
                                              [SMTP_HANDSHAKE] = &facts->ms_tls};
    if (times[session->step] != NULL)
        *times[session->step] = (uint32_t)(now - session->step_began_ms);
}

/* Says whether a ClientHello went out that may be more than one segment, and nothing came back, or no more
 * than that the server had trouble of its own. */
static bool is_hello_unanswered(const struct session *session)
{
    const struct probe_request *request = &session->request;
    bool large = session->prober->small != NULL && !request->small && !request->permissive;
    const struct tls_facts *tls = &request->facts->tls;
    bool silent = !session->heard_in_handshake && (tls->end == TLS_TIMEOUT || tls->end == TLS_CLOSED);
    bool in_trouble = tls->end == TLS_FAILED && tls->alert == ALERT_INTERNAL_ERROR && tls->cert_count == 0;
    return large && session->ssl != NULL && (silent || in_trouble);
}

static void finish(struct session *session)
{
    struct probe_request request = session->request;
    request.facts->tls.hello_unanswered = is_hello_unanswered(session);
    int64_t now = clock_monotonic_ms();
    take_time(session, now);
    request.facts->ms = (uint32_t)(now - session->started_ms);
    if (request.trace != NULL)
        tell_end(&request);
    session_free(session);
    request.done(request.arg, request.facts);
}

/* Ends a session in a later turn of the loop: one that ends inside probe_start must not call back there. */
static void finish_soon(struct session *session)
{
    set_state(session, SESSION_QUIT);
    event_active(session->timer, EV_TIMEOUT, 1);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

static void arm(struct session *session, int64_t ms)
{
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)evtimer_add(session->timer, &after);
}

/* Begins a step: its deadline runs, and the session's as well. */
static void begin_step(struct session *session, enum smtp_step step)
{
    const struct prober *prober = session->prober;
    int64_t now = clock_monotonic_ms();
    int64_t left = session->started_ms + prober->session_ms - now;
    int64_t mine = step == SMTP_CONNECT ? prober->connect_ms : prober->step_ms;
    take_time(session, now);
    if (session->request.trace != NULL)
        tell_step(session, step);
    session->step = step;
    session->step_began_ms = now;
    session->last_byte_ms = 0;
    session->session_ends = left <= mine;
    arm(session, left < 0 ? 0 : left < mine ? left : mine);
}

/* Tells which kind of wait has ended; a peer whose bytes still kept coming was dripping. The clock does not
 * decide which deadline it was: timers run on a coarser one and may be early by it. */
static enum smtp_end deadline_kind(const struct session *session, int64_t now)
{
    int64_t recent_ms = session->prober->step_ms / 2;
    if (session->last_byte_ms != 0 && now - session->last_byte_ms < recent_ms)
        return SMTP_END_DRIPPING;
    return session->session_ends ? SMTP_END_SESSION_DEADLINE : SMTP_END_STEP_TIMEOUT;
}

void session_on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct session *session = arg;
    struct probe_facts *facts = session->request.facts;
    if (session->state == SESSION_QUIT) {
        finish(session);
        return;
    }
    if (session->state == SESSION_CONNECT) {
        facts->step = SMTP_CONNECT;
        dialogue_failed(&session->dialogue, NET_TIMEOUT, ETIMEDOUT);
    } else {
        if (session->state == SESSION_HANDSHAKE)
            facts->tls.end = TLS_TIMEOUT;
        dialogue_deadline(&session->dialogue, deadline_kind(session, clock_monotonic_ms()));
    }
    finish(session);
}

/* ---- reading and writing ------------------------------------------------------------------------------- */

static void on_io(evutil_socket_t fd, short what, void *arg);

static void watch(struct session *session, short events)
{
    if (session->watching == events)
        return;
    (void)event_del(session->io);
    if (event_assign(session->io, session->prober->base, session->fd, (short)(events | EV_PERSIST), on_io,
                     session) != 0 ||
        event_add(session->io, NULL) != 0)
        out_of_memory("an event of a session");
    session->watching = events;
}

/* Ends the session when the peer went away, in good order or not. */
static void on_gone(struct session *session, int error)
{
    if (error == 0)
        error = session->send_errno;
    if (error == 0)
        dialogue_closed(&session->dialogue);
    else
        dialogue_failed(&session->dialogue, net_error_of(error), error);
    finish(session);
}

/* Sends the dialogue's output. false: the rest has to wait for the socket. On a broken connection the output
 * is dropped: words of the peer from before it broke (a 421, an alert) are still to be read, and reading
 * finds the end. */
static bool flush(struct session *session)
{
    struct buf *out = &session->dialogue.out;
    while (out->len > 0) {
        struct transfer put = transfer_write(session->ssl, session->fd, buf_bytes(&session->dialogue.out));
        if (put.len > 0) {
            tell_bytes(session, ">", bytes_make(out->data, put.len));
            buf_consume(out, put.len);
        } else if (put.wants != 0) {
            watch(session, put.wants);
            return false;
        } else {
            session->send_errno = put.error != 0 ? put.error : EPIPE;
            buf_reset(out);
        }
    }
    return true;
}

/* ---- the states ---------------------------------------------------------------------------------------- */

static void enter_handshake(struct session *session);

/* Sends QUIT once everything that is asked was answered or refused, and waits a short while for the answer.
 */
static void enter_quit(struct session *session)
{
    int64_t wait_ms = session->prober->step_ms < QUIT_MS ? session->prober->step_ms : QUIT_MS;
    take_time(session, clock_monotonic_ms());
    session->step = SMTP_NONE;
    set_state(session, SESSION_QUIT);
    while (session->dialogue.out.len > 0) {
        struct transfer put = transfer_write(session->ssl, session->fd, buf_bytes(&session->dialogue.out));
        if (put.len == 0) {
            finish(session);
            return;
        }
        tell_bytes(session, ">", bytes_make(session->dialogue.out.data, put.len));
        buf_consume(&session->dialogue.out, put.len);
    }
    watch(session, EV_READ);
    arm(session, wait_ms);
}

static void act(struct session *session, enum dialogue_action action)
{
    if (action == DIALOGUE_CLOSE) {
        if (session->dialogue.out.len > 0)
            enter_quit(session);
        else
            finish(session);
        return;
    }
    if (session->dialogue.step != session->step)
        begin_step(session, session->dialogue.step);
    if (!flush(session))
        return;
    if (action == DIALOGUE_START_TLS)
        enter_handshake(session);
    else
        watch(session, EV_READ);
}

static void on_read_end(struct session *session, const struct transfer *got)
{
    if (flow_excess(session->flow) != FLOW_WITHIN) {
        dialogue_deadline(&session->dialogue, SMTP_END_FLOODED);
        finish(session);
    } else if (got->alert >= 0 && !session->heard_in_tls) {
        handshake_refused_late(&session->request, got->alert);
        tell_handshake(session);
        dialogue_tls_failed(&session->dialogue);
        finish(session);
    } else {
        on_gone(session, got->alert >= 0 ? EPROTO : got->error);
    }
}

/* Says whether OpenSSL holds bytes that it has taken from the socket: no event tells of them. */
static bool has_more(const struct session *session)
{
    return session->ssl != NULL && SSL_pending(session->ssl) > 0;
}

static void talk(struct session *session)
{
    uint8_t space[READ_BYTES];
    enum dialogue_action action = DIALOGUE_READ;
    if (!flush(session))
        return;
    for (int i = 0; action == DIALOGUE_READ && (i < READS_A_TURN || has_more(session)); i++) {
        struct transfer got = transfer_read(session->ssl, session->fd, space, sizeof space);
        if (got.wants != 0) {
            watch(session, got.wants);
            return;
        }
        if (got.len == 0) {
            on_read_end(session, &got);
            return;
        }
        session->heard_in_tls = session->ssl != NULL;
        session->last_byte_ms = clock_monotonic_ms();
        tell_bytes(session, "<", bytes_make(space, got.len));
        action = dialogue_feed(&session->dialogue, space, got.len);
    }
    act(session, action);
}

static void handshake(struct session *session)
{
    struct probe_facts *facts = session->request.facts;
    int error = 0;
    ERR_clear_error();
    errno = 0;
    int result = SSL_do_handshake(session->ssl);
    if (result == 1) {
        tls_facts_collect(session->ssl, &session->verify, session->request.host, session->request.arena,
                          &facts->tls);
        tell_handshake(session);
        set_state(session, SESSION_TLS);
        act(session, dialogue_tls_done(&session->dialogue));
        return;
    }
    short wants = transfer_wants(session->ssl, result, &error);
    if (wants != 0) {
        watch(session, wants);
        return;
    }
    handshake_failed(session->ssl, &session->verify, &session->request, error, session->flow);
    tell_handshake(session);
    dialogue_tls_failed(&session->dialogue);
    finish(session);
}

static void on_message(int written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    struct session *session = arg;
    flow_message(ssl, written, type, data, len);
    tls_message_seen(written, version, type, data, len, ssl);
    if (written || type != SSL3_RT_HEADER || session->heard_in_handshake)
        return;
    session->heard_in_handshake = true;
    dialogue_first_record(&session->dialogue, bytes_make(data, len));
}

static SSL_CTX *context_of(const struct prober *prober, const struct probe_request *request)
{
    if (request->permissive)
        return prober->permissive;
    return request->small && prober->small != NULL ? prober->small : prober->ctx;
}

static void enter_handshake(struct session *session)
{
    set_state(session, SESSION_HANDSHAKE);
    if (smtp_drain(session->fd))
        dialogue_injected(&session->dialogue);
    session->ssl = handshake_create(context_of(session->prober, &session->request), session->fd,
                                    &session->request, &session->verify, &session->flow);
    SSL_set_msg_callback(session->ssl, on_message);
    SSL_set_msg_callback_arg(session->ssl, session);
    handshake(session);
}

static void connected(struct session *session)
{
    int error = smtp_connect_result(session->fd);
    if (error != 0) {
        session->request.facts->step = SMTP_CONNECT;
        on_gone(session, error);
        return;
    }
    if (session->request.connected != NULL)
        session->request.connected(session->request.arg);
    set_state(session, SESSION_PLAIN);
    begin_step(session, SMTP_GREETING);
    watch(session, EV_READ);
}

static void wait_for_bye(struct session *session)
{
    uint8_t space[READ_BYTES];
    struct transfer got = transfer_read(session->ssl, session->fd, space, sizeof space);
    if (got.wants != 0)
        return;
    if (session->ssl != NULL) {
        ERR_clear_error();
        (void)SSL_shutdown(session->ssl);
        ERR_clear_error();
    }
    finish(session);
}

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct session *session = arg;
    struct place *place = session->prober->place;
    place_enter(place, PLACE_SMTP, &session->request.ip);
    flow_turn();
    switch (session->state) {
    case SESSION_CONNECT:
        connected(session);
        break;
    case SESSION_PLAIN:
    case SESSION_TLS:
        talk(session);
        break;
    case SESSION_HANDSHAKE:
        if (flush(session))
            handshake(session);
        break;
    case SESSION_QUIT:
        wait_for_bye(session);
        break;
    }
    place_leave(place);
}

/* ---- the beginning ------------------------------------------------------------------------------------- */

void session_begin(struct session *session)
{
    int error = 0;
    begin_step(session, SMTP_CONNECT);
    session->fd = smtp_connect(&session->request.ip, session->prober->port, &error);
    if (session->fd < 0) {
        session->request.facts->step = SMTP_CONNECT;
        dialogue_failed(&session->dialogue, net_error_of(error), error);
        finish_soon(session);
        return;
    }
    session->io = event_new(session->prober->base, session->fd, EV_WRITE | EV_PERSIST, on_io, session);
    if (session->io == NULL || event_add(session->io, NULL) != 0)
        out_of_memory("an event of a session");
    session->watching = EV_WRITE;
}
