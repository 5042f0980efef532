/* Socket, deadlines and OpenSSL around the pure dialogue: one session a probe. */
#include "scanner/smtp/probe.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/config.h"
#include "scanner/smtp/dialogue.h"
#include "scanner/smtp/socket.h"

enum { READ_BYTES = 4096, READS_A_TURN = 16, QUIT_MS = 2000, NAME_BYTES = 256 };

struct prober {
    struct event_base *base;
    SSL_CTX *ctx;
    struct slots sessions;
    char ehlo_name[NAME_BYTES];
    uint16_t port;
    int64_t connect_ms;
    int64_t step_ms;
    int64_t session_ms;
};

enum session_state { SESSION_CONNECT, SESSION_PLAIN, SESSION_HANDSHAKE, SESSION_TLS, SESSION_QUIT };

struct session {
    struct prober *prober;
    struct handle handle;
    enum session_state state;
    struct probe_request request;
    struct dialogue dialogue;
    struct tls_verify verify;
    SSL *ssl;
    int fd;
    short watching;
    struct event *io;
    struct event *timer;
    enum smtp_step step; /* whose time is being taken */
    int64_t started_ms;
    int64_t step_began_ms;
    int64_t last_byte_ms; /* 0: none in this step */
};

/* ---- end ------------------------------------------------------------------------------------------------
 */

static void session_free(struct session *session)
{
    (void)slots_remove(&session->prober->sessions, session->handle);
    if (session->io != NULL)
        event_free(session->io);
    if (session->timer != NULL)
        event_free(session->timer);
    SSL_free(session->ssl);
    if (session->fd >= 0)
        close(session->fd);
    dialogue_dispose(&session->dialogue);
    free(session);
}

static void finish(struct session *session)
{
    struct probe_facts *facts = session->request.facts;
    probe_done done = session->request.done;
    void *arg = session->request.arg;
    facts->ms = (uint32_t)(clock_monotonic_ms() - session->started_ms);
    session_free(session);
    done(arg, facts);
}

/* Later, in a turn of its own: for what ends inside probe_start. */
static void finish_soon(struct session *session)
{
    session->state = SESSION_QUIT;
    event_active(session->timer, EV_TIMEOUT, 1);
}

/* ---- time -----------------------------------------------------------------------------------------------
 */

static void take_time(struct session *session, int64_t now)
{
    struct probe_facts *facts = session->request.facts;
    uint32_t ms = (uint32_t)(now - session->step_began_ms);
    if (session->step == SMTP_CONNECT)
        facts->ms_connect = ms;
    else if (session->step == SMTP_GREETING)
        facts->ms_greeting = ms;
    else if (session->step == SMTP_EHLO)
        facts->ms_ehlo = ms;
    else if (session->step == SMTP_HANDSHAKE)
        facts->ms_tls = ms;
}

static void arm(struct session *session, int64_t ms)
{
    struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)evtimer_add(session->timer, &after);
}

/* A step has begun: its deadline runs, and the session's behind it. */
static void begin_step(struct session *session, enum smtp_step step)
{
    const struct prober *prober = session->prober;
    int64_t now = clock_monotonic_ms();
    int64_t left = session->started_ms + prober->session_ms - now;
    int64_t mine = step == SMTP_CONNECT ? prober->connect_ms : prober->step_ms;
    take_time(session, now);
    session->step = step;
    session->step_began_ms = now;
    session->last_byte_ms = 0;
    arm(session, left < 0 ? 0 : left < mine ? left : mine);
}

/* What kind of waiting has ended: bytes that still kept coming are drips. */
static enum smtp_end deadline_kind(const struct session *session, int64_t now)
{
    const struct prober *prober = session->prober;
    bool coming = session->last_byte_ms != 0 && now - session->last_byte_ms < prober->step_ms / 2;
    if (coming)
        return SMTP_END_DRIPPING;
    return now - session->started_ms >= prober->session_ms ? SMTP_END_SESSION_DEADLINE
                                                           : SMTP_END_STEP_TIMEOUT;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
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

/* ---- reading and writing --------------------------------------------------------------------------------
 */

static void on_io(evutil_socket_t fd, short what, void *arg);

static void watch(struct session *session, short events)
{
    if (session->watching == events)
        return;
    (void)event_del(session->io);
    if (event_assign(session->io, session->prober->base, session->fd, (short)(events | EV_PERSIST), on_io,
                     session) != 0 ||
        event_add(session->io, NULL) != 0)
        abort();
    session->watching = events;
}

/* EV_READ or EV_WRITE to wait for, or 0 where the connection is broken: *error is an errno, 0 for a close. */
static short ssl_wants(struct session *session, int result, int *error)
{
    int sys_errno = errno;
    int kind = SSL_get_error(session->ssl, result);
    *error = 0;
    if (kind == SSL_ERROR_WANT_READ)
        return EV_READ;
    if (kind == SSL_ERROR_WANT_WRITE)
        return EV_WRITE;
    if (kind == SSL_ERROR_SYSCALL && sys_errno != 0)
        *error = sys_errno;
    return 0;
}

struct transfer {
    size_t len;  /* bytes moved */
    short wants; /* what to wait for where none were */
    int error;   /* neither: an errno, 0 for a close */
};

static struct transfer read_some(struct session *session, uint8_t *space, size_t size)
{
    struct transfer result = {0, 0, 0};
    if (session->ssl != NULL) {
        ERR_clear_error();
        errno = 0;
        int got = SSL_read(session->ssl, space, (int)size);
        if (got > 0)
            result.len = (size_t)got;
        else
            result.wants = ssl_wants(session, got, &result.error);
        return result;
    }
    ssize_t got = recv(session->fd, space, size, 0);
    if (got > 0)
        result.len = (size_t)got;
    else if (got < 0 && (errno == EAGAIN || errno == EINTR))
        result.wants = EV_READ;
    else
        result.error = got < 0 ? errno : 0;
    return result;
}

static struct transfer write_some(struct session *session)
{
    struct transfer result = {0, 0, 0};
    const struct buf *out = &session->dialogue.out;
    if (session->ssl != NULL) {
        ERR_clear_error();
        errno = 0;
        int put = SSL_write(session->ssl, out->data, (int)out->len);
        if (put > 0)
            result.len = (size_t)put;
        else
            result.wants = ssl_wants(session, put, &result.error);
        return result;
    }
    ssize_t put = send(session->fd, out->data, out->len, MSG_NOSIGNAL);
    if (put > 0)
        result.len = (size_t)put;
    else if (errno == EAGAIN || errno == EINTR)
        result.wants = EV_WRITE;
    else
        result.error = errno;
    return result;
}

/* The peer went away, in good order or not. */
static void on_gone(struct session *session, int error)
{
    if (error == 0)
        dialogue_closed(&session->dialogue);
    else
        dialogue_failed(&session->dialogue, smtp_net_error(error), error);
    finish(session);
}

/* Sends what the dialogue has to say. false: the session is over, or the rest has to wait for the socket. */
static bool flush(struct session *session)
{
    struct buf *out = &session->dialogue.out;
    while (out->len > 0) {
        struct transfer put = write_some(session);
        if (put.len > 0) {
            buf_consume(out, put.len);
        } else if (put.wants != 0) {
            watch(session, put.wants);
            return false;
        } else {
            on_gone(session, put.error);
            return false;
        }
    }
    return true;
}

/* ---- the states -----------------------------------------------------------------------------------------
 */

static void enter_handshake(struct session *session);

/* All that is asked was answered or refused: a QUIT, and a short while for the answer to it. */
static void enter_quit(struct session *session)
{
    int64_t wait_ms = session->prober->step_ms < QUIT_MS ? session->prober->step_ms : QUIT_MS;
    take_time(session, clock_monotonic_ms());
    session->step = SMTP_NONE;
    session->state = SESSION_QUIT;
    while (session->dialogue.out.len > 0) {
        struct transfer put = write_some(session);
        if (put.len == 0) {
            finish(session);
            return;
        }
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

static void talk(struct session *session)
{
    uint8_t space[READ_BYTES];
    enum dialogue_action action = DIALOGUE_READ;
    if (!flush(session))
        return;
    for (int i = 0; i < READS_A_TURN && action == DIALOGUE_READ; i++) {
        struct transfer got = read_some(session, space, sizeof space);
        if (got.wants != 0) {
            watch(session, got.wants);
            return;
        }
        if (got.len == 0) {
            on_gone(session, got.error);
            return;
        }
        session->last_byte_ms = clock_monotonic_ms();
        action = dialogue_feed(&session->dialogue, space, got.len);
    }
    act(session, action);
}

static void handshake_failed(struct session *session, int error)
{
    struct probe_facts *facts = session->request.facts;
    tls_facts_failure(session->ssl, &session->verify, session->request.host, session->request.arena,
                      &facts->tls);
    if (error == ECONNRESET || error == EPIPE)
        facts->tls.end = TLS_CLOSED;
    facts->sys_errno = error;
    dialogue_tls_failed(&session->dialogue);
    finish(session);
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
        session->state = SESSION_TLS;
        act(session, dialogue_tls_done(&session->dialogue));
        return;
    }
    short wants = ssl_wants(session, result, &error);
    if (wants != 0)
        watch(session, wants);
    else
        handshake_failed(session, error);
}

static void enter_handshake(struct session *session)
{
    session->state = SESSION_HANDSHAKE;
    if (smtp_drain(session->fd))
        dialogue_injected(&session->dialogue);
    session->ssl = SSL_new(session->prober->ctx);
    if (session->ssl == NULL || tls_verify_attach(session->ssl, &session->verify) != ERR_OK ||
        SSL_set_tlsext_host_name(session->ssl, session->request.host) != 1 ||
        SSL_set_fd(session->ssl, session->fd) != 1)
        abort();
    SSL_set_connect_state(session->ssl);
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
    session->state = SESSION_PLAIN;
    begin_step(session, SMTP_GREETING);
    watch(session, EV_READ);
}

static void wait_for_bye(struct session *session)
{
    uint8_t space[READ_BYTES];
    struct transfer got = read_some(session, space, sizeof space);
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
}

/* ---- start, cancel --------------------------------------------------------------------------------------
 */

static void connect_now(struct session *session)
{
    int error = 0;
    begin_step(session, SMTP_CONNECT);
    session->fd = smtp_connect(&session->request.ip, session->prober->port, &error);
    if (session->fd < 0) {
        session->request.facts->step = SMTP_CONNECT;
        dialogue_failed(&session->dialogue, smtp_net_error(error), error);
        finish_soon(session);
        return;
    }
    session->io = event_new(session->prober->base, session->fd, EV_WRITE | EV_PERSIST, on_io, session);
    if (session->io == NULL || event_add(session->io, NULL) != 0)
        abort();
    session->watching = EV_WRITE;
}

struct handle probe_start(struct prober *prober, const struct probe_request *request)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        abort();
    session->prober = prober;
    session->request = *request;
    session->fd = -1;
    session->started_ms = clock_monotonic_ms();
    session->step_began_ms = session->started_ms;
    *request->facts = (struct probe_facts){.host = request->host, .ip = request->ip, .time = clock_wall_ms()};
    request->facts->tls.alert = -1;
    dialogue_init(&session->dialogue, prober->ehlo_name, request->arena, request->facts);
    session->handle = slots_add(&prober->sessions, session);
    session->timer = evtimer_new(prober->base, on_deadline, session);
    if (!handle_is_set(session->handle) || session->timer == NULL)
        abort();
    struct handle handle = session->handle;
    connect_now(session);
    return handle;
}

void probe_cancel(struct prober *prober, struct handle handle)
{
    struct session *session = slots_get(&prober->sessions, handle);
    if (session != NULL)
        session_free(session);
}

size_t probe_live(const struct prober *prober)
{
    return prober->sessions.used;
}

/* ---- the prober -----------------------------------------------------------------------------------------
 */

static bool is_host_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    return len > 0 && name[len] == 0;
}

static void choose_name(struct prober *prober, const char *configured)
{
    (void)snprintf(prober->ehlo_name, sizeof prober->ehlo_name, "%s", configured);
    if (configured[0] == 0 && (gethostname(prober->ehlo_name, sizeof prober->ehlo_name - 1) != 0 ||
                               !is_host_name(prober->ehlo_name)))
        (void)snprintf(prober->ehlo_name, sizeof prober->ehlo_name, "localhost");
}

struct prober *prober_create(struct event_base *base, const struct config *config, struct trust *trust,
                             const char **why)
{
    struct prober *prober = calloc(1, sizeof *prober);
    *why = "out of memory";
    if (prober == NULL)
        return NULL;
    prober->base = base;
    prober->port = (uint16_t)config->smtp_port;
    prober->connect_ms = config->smtp_connect_timeout;
    prober->step_ms = config->smtp_step_timeout;
    prober->session_ms = config->smtp_session_timeout;
    choose_name(prober, config->smtp_ehlo);
    slots_init(&prober->sessions);
    prober->ctx = SSL_CTX_new(TLS_client_method());
    if (prober->ctx == NULL || tls_context_setup(prober->ctx, trust) != ERR_OK) {
        *why = "OpenSSL cannot make a client context";
        prober_destroy(prober);
        return NULL;
    }
    return prober;
}

static void free_session(void *object, void *arg)
{
    (void)arg;
    session_free(object);
}

void prober_destroy(struct prober *prober)
{
    if (prober == NULL)
        return;
    slots_each(&prober->sessions, free_session, NULL);
    slots_dispose(&prober->sessions);
    SSL_CTX_free(prober->ctx);
    free(prober);
}
