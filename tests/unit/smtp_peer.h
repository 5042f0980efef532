/* Runs a scripted SMTP server on loopback, a thread a connection, for tests of the probe. It counts its own
 * failures, and each of its waits is bounded. */
#ifndef STSWEEP_TESTS_SMTP_PEER_H
#define STSWEEP_TESTS_SMTP_PEER_H

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum peer_act {
    PEER_END,       /* closes in good order */
    PEER_SEND,      /* text; `number` bytes of it if that is set */
    PEER_EXPECT,    /* a line that begins with text */
    PEER_EXPECT_NO, /* the client closes without another byte */
    PEER_TLS,       /* the handshake; that it fails is the client's matter */
    PEER_HELLO, /* a ClientHello of `number` bytes at most is left to the next step; upon a longer one it does
                   as text says: "hangs", "closes", "resets" or "alerts" (internal_error) */
    PEER_READ,  /* whatever comes, once */
    PEER_SLEEP, /* number ms */
    PEER_DRIP,  /* text, a byte each number ms */
    PEER_FLOOD, /* text again and again, until the client closes */
    PEER_KEYS,  /* TLS 1.3 key updates again and again, until the client closes */
    PEER_SILENT, /* until the client closes */
    PEER_RESET
};

struct peer_step {
    enum peer_act act;
    const char *text;
    int number;
};

enum { PEER_WAIT_S = 50, PEER_SCRIPTS = 8, PEER_STACK_BYTES = 512 * 1024 };

struct peer {
    const struct peer_step *scripts[PEER_SCRIPTS]; /* connections take them in turn */
    size_t script_count;
    SSL_CTX *ctx;
    int listener;
    uint16_t port;
    pthread_t thread;
    atomic_int live;
    atomic_int accepted;
    atomic_int surprises; /* an EXPECT that was not met */
    atomic_int quits;     /* QUITs that were read where one was expected */
    char sni[256];        /* the last client's */
};

struct peer_session {
    struct peer *peer;
    const struct peer_step *script;
    SSL *ssl;
    int fd;
};

static inline void peer_sleep(int ms)
{
    struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    (void)nanosleep(&pause, NULL);
}

static inline bool peer_send(struct peer_session *session, const char *text, size_t len)
{
    ERR_clear_error();
    if (session->ssl != NULL)
        return SSL_write(session->ssl, text, (int)len) == (int)len;
    return send(session->fd, text, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static inline ssize_t peer_read(struct peer_session *session, char *data, size_t size)
{
    ERR_clear_error();
    if (session->ssl != NULL)
        return SSL_read(session->ssl, data, (int)size);
    return recv(session->fd, data, size, 0);
}

static inline bool peer_expect(struct peer_session *session, const char *text)
{
    char line[512];
    size_t len = 0;
    while (len < sizeof line - 1 && (len == 0 || line[len - 1] != '\n') &&
           peer_read(session, line + len, 1) == 1)
        len++;
    line[len] = '\0';
    bool met = len > 0 && line[len - 1] == '\n' && strncmp(line, text, strlen(text)) == 0;
    if (!met)
        atomic_fetch_add(&session->peer->surprises, 1);
    else if (strcmp(line, "QUIT\r\n") == 0)
        atomic_fetch_add(&session->peer->quits, 1);
    return met;
}

static inline bool peer_shake(struct peer_session *session)
{
    struct peer *peer = session->peer;
    ERR_clear_error();
    session->ssl = SSL_new(peer->ctx);
    if (session->ssl == NULL || SSL_set_fd(session->ssl, session->fd) != 1)
        abort();
    if (SSL_accept(session->ssl) != 1)
        return false;
    const char *sni = SSL_get_servername(session->ssl, TLSEXT_NAMETYPE_host_name);
    if (peer->script_count == 1)
        (void)snprintf(peer->sni, sizeof peer->sni, "%s", sni == NULL ? "" : sni);
    return true;
}

static inline bool peer_drip(struct peer_session *session, const struct peer_step *step)
{
    for (const char *c = step->text; *c != '\0'; c++) {
        if (!peer_send(session, c, 1))
            return false;
        peer_sleep(step->number);
    }
    return true;
}

static inline bool peer_rekey(struct peer_session *session)
{
    ERR_clear_error();
    return SSL_key_update(session->ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(session->ssl) == 1;
}

static inline void peer_reset(struct peer_session *session)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(session->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Says whether the ClientHello that comes is no longer than most; nothing is read. */
static inline bool peer_hello_fits(struct peer_session *session, int most)
{
    uint8_t header[5];
    ssize_t len = recv(session->fd, header, sizeof header, MSG_PEEK | MSG_WAITALL);
    return len == sizeof header && (int)sizeof header + (header[3] << 8 | header[4]) <= most;
}

/* Plays one step. false: the script ends here. */
static inline bool peer_play(struct peer_session *session, const struct peer_step *step)
{
    char scrap[4096];
    switch (step->act) {
    case PEER_SEND:
        return peer_send(session, step->text, step->number > 0 ? (size_t)step->number : strlen(step->text));
    case PEER_EXPECT:
        return peer_expect(session, step->text);
    case PEER_EXPECT_NO:
        if (peer_read(session, scrap, 1) > 0)
            atomic_fetch_add(&session->peer->surprises, 1);
        return false;
    case PEER_TLS:
        return peer_shake(session);
    case PEER_HELLO:
        if (peer_hello_fits(session, step->number))
            return true;
        if (step->text[0] == 'r')
            peer_reset(session);
        if (step->text[0] == 'a')
            (void)(peer_read(session, scrap, sizeof scrap) > 0 &&
                   peer_send(session, "\x15\x03\x03\x00\x02\x02\x50", 7));
        while (step->text[0] == 'h' && peer_read(session, scrap, sizeof scrap) > 0)
            continue;
        return false;
    case PEER_READ:
        return peer_read(session, scrap, sizeof scrap) > 0;
    case PEER_SLEEP:
        peer_sleep(step->number);
        return true;
    case PEER_DRIP:
        return peer_drip(session, step);
    case PEER_FLOOD:
        while (peer_send(session, step->text, strlen(step->text)))
            continue;
        return false;
    case PEER_KEYS:
        while (peer_rekey(session))
            continue;
        return false;
    case PEER_SILENT:
        while (peer_read(session, scrap, sizeof scrap) > 0)
            continue;
        return false;
    case PEER_RESET:
        peer_reset(session);
        return false;
    case PEER_END:
        break;
    }
    return false;
}

static inline void *peer_serve(void *arg)
{
    struct peer_session *session = arg;
    struct peer *peer = session->peer;
    const struct peer_step *step = session->script;
    while (peer_play(session, step))
        step++;
    SSL_free(session->ssl);
    (void)close(session->fd);
    free(session);
    OPENSSL_thread_stop();
    atomic_fetch_sub(&peer->live, 1);
    return NULL;
}

static inline void peer_take(struct peer *peer, int fd)
{
    const struct timeval wait = {.tv_sec = PEER_WAIT_S, .tv_usec = 0};
    struct peer_session *session = calloc(1, sizeof *session);
    pthread_attr_t attributes;
    pthread_t thread;
    if (session == NULL || pthread_attr_init(&attributes) != 0)
        abort();
    size_t turn = (size_t)atomic_fetch_add(&peer->accepted, 1) % peer->script_count;
    *session = (struct peer_session){.peer = peer, .script = peer->scripts[turn], .fd = fd};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    (void)pthread_attr_setstacksize(&attributes, PEER_STACK_BYTES);
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    atomic_fetch_add(&peer->live, 1);
    if (pthread_create(&thread, &attributes, peer_serve, session) != 0)
        abort();
    (void)pthread_attr_destroy(&attributes);
}

static inline void *peer_accept(void *arg)
{
    struct peer *peer = arg;
    for (;;) {
        int fd = accept(peer->listener, NULL, NULL);
        if (fd >= 0)
            peer_take(peer, fd);
        else if (errno != ECONNABORTED && errno != EINTR)
            return NULL;
    }
}

/* Opens a listening socket on an ephemeral port of 127.0.0.1 or ::1; -1 if there is no such family. */
static inline int peer_listen(int family, int backlog, uint16_t *port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *address = family == AF_INET6 ? (void *)&six : (void *)&four;
    socklen_t len = family == AF_INET6 ? sizeof six : sizeof four;
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, address, len) != 0 || listen(fd, backlog) != 0 ||
        getsockname(fd, address, &len) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return -1;
    }
    *port = ntohs(family == AF_INET6 ? six.sin6_port : four.sin_port);
    return fd;
}

static inline bool peer_open(struct peer *peer, int family)
{
    peer->listener = peer_listen(family, 2048, &peer->port);
    if (peer->listener < 0)
        return false;
    if (pthread_create(&peer->thread, NULL, peer_accept, peer) != 0)
        abort();
    return true;
}

/* Closes the peer; false if a session is still not over after the longest wait. */
static inline bool peer_close(struct peer *peer)
{
    (void)shutdown(peer->listener, SHUT_RDWR);
    (void)pthread_join(peer->thread, NULL);
    (void)close(peer->listener);
    for (int i = 0; i < (PEER_WAIT_S + 1) * 100 && atomic_load(&peer->live) > 0; i++)
        peer_sleep(10);
    return atomic_load(&peer->live) == 0;
}

#endif
