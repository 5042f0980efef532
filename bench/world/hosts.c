/* Mail hosts (25) and policy hosts (443): one libevent loop, OpenSSL bufferevents. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/err.h>

#include "bench/world/authority.h"
#include "bench/world/servers.h"

enum { BACKLOG = 4096, LINE_BYTES = 1024, IDLE_S = 300, DRIP_MS = 2000, SMTP_PORT = 25, HTTPS_PORT = 443 };

struct hosts {
    const struct internet *internet;
    struct authority *authority;
    struct event_base *base;
    SSL_CTX *tls;
};

struct session {
    struct hosts *hosts;
    struct bufferevent *stream;
    struct event *timer;
    evutil_socket_t fd;
    uint16_t port;
    enum mail_manner manner;
    char name[NAME_BYTES]; /* the SNI, "" for none */
    bool in_tls;
    bool closing; /* when all is written */
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "world: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void session_free(struct session *session)
{
    event_free(session->timer);
    if (session->stream != NULL)
        bufferevent_free(session->stream);
    else
        (void)evutil_closesocket(session->fd);
    free(session);
}

static void say(struct session *session, const char *text)
{
    (void)bufferevent_write(session->stream, text, strlen(text));
}

/* ---- policy -------------------------------------------------------------------------------------------- */

static void policy_text(const struct site *site, const char *domain, char *text, size_t cap)
{
    const char *mode = site->sts == STS_TESTING  ? "testing"
                       : site->sts == STS_OFF    ? "none"
                       : site->sts == STS_SYNTAX ? "enforced"
                                                 : "enforce";
    int len = snprintf(text, cap, "version: STSv1\r\nmode: %s\r\nmax_age: 604800\r\n", mode);
    size_t used = (size_t)len;
    if (site->sts == STS_NOT_IN_POLICY)
        (void)snprintf(text + used, cap - used, "mx: mx.elsewhere.example\r\n");
    else if (site->mail == MAIL_PROVIDER)
        for (uint32_t i = 0; i < internet_provider_hosts(site->provider) && used < cap; i++)
            used +=
                (size_t)snprintf(text + used, cap - used, "mx: mx%u.p%u.infra\r\n", i + 1, site->provider);
    else
        (void)snprintf(text + used, cap - used, "mx: mx.%s\r\n", domain);
}

static void answer_http(struct session *session)
{
    char body[LINE_BYTES] = "";
    struct site site = {.exists = false};
    const char *domain = internet_registered(session->name);
    if (domain != NULL)
        internet_site(session->hosts->internet, domain, &site);
    const char *status = "200 OK";
    const char *more = "";
    if (!site.exists || site.sts == STS_ABSENT || site.sts == STS_HTTP_404) {
        status = "404 Not Found";
    } else if (site.sts == STS_HTTP_REDIRECT) {
        status = "301 Moved Permanently";
        more = "Location: https://www.elsewhere.example/\r\n";
    } else {
        policy_text(&site, domain, body, sizeof body);
    }
    (void)evbuffer_add_printf(
        bufferevent_get_output(session->stream),
        "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%sConnection: close\r\n\r\n%s",
        status, strlen(body), more, body);
    session->closing = true;
}

/* ---- SMTP ---------------------------------------------------------------------------------------------- */

static void start_tls(struct session *session, struct bufferevent *below);

static void answer_smtp(struct session *session, const char *line)
{
    if (strncasecmp(line, "EHLO ", 5) == 0) {
        bool offered = !session->in_tls && session->manner != MANNER_PLAIN;
        say(session,
            offered
                ? "250-mx.world\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n250 STARTTLS\r\n"
                : "250-mx.world\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250 8BITMIME\r\n");
    } else if (strcasecmp(line, "STARTTLS") == 0 && !session->in_tls) {
        /* The answer has to leave before the handshake begins: written past the stream's buffer. */
        static const char ready[] = "220 ready\r\n";
        if (send(session->fd, ready, sizeof ready - 1, MSG_NOSIGNAL) != (ssize_t)(sizeof ready - 1))
            session->closing = true;
        else
            start_tls(session, session->stream);
    } else if (strcasecmp(line, "QUIT") == 0) {
        say(session, "221 bye\r\n");
        session->closing = true;
    } else {
        say(session, "502 no\r\n");
    }
}

/* ---- streams ------------------------------------------------------------------------------------------- */

static void on_written(struct bufferevent *stream, void *arg)
{
    struct session *session = arg;
    (void)stream;
    if (session->closing)
        session_free(session);
}

static void on_read(struct bufferevent *stream, void *arg)
{
    struct session *session = arg;
    char *line = NULL;
    while (session->stream == stream && !session->closing &&
           (line = evbuffer_readln(bufferevent_get_input(stream), NULL, EVBUFFER_EOL_CRLF)) != NULL) {
        if (session->port == SMTP_PORT)
            answer_smtp(session, line);
        else if (line[0] == 0)
            answer_http(session);
        free(line);
    }
    if (evbuffer_get_length(bufferevent_get_input(session->stream)) > LINE_BYTES * 8)
        session_free(session);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) != 0) {
        ERR_clear_error();
        session_free(arg);
    }
}

static void watch(struct session *session)
{
    const struct timeval idle = {IDLE_S, 0};
    bufferevent_setcb(session->stream, on_read, on_written, on_event, session);
    (void)bufferevent_set_timeouts(session->stream, &idle, &idle);
    (void)bufferevent_enable(session->stream, EV_READ | EV_WRITE);
}

static void start_tls(struct session *session, struct bufferevent *below)
{
    struct hosts *hosts = session->hosts;
    if (below != NULL) {
        (void)bufferevent_setfd(below, -1);
        bufferevent_free(below);
    }
    SSL *ssl = SSL_new(hosts->tls);
    if (ssl == NULL)
        die("SSL_new");
    (void)SSL_set_app_data(ssl, session);
    session->in_tls = true;
    session->stream = bufferevent_openssl_socket_new(hosts->base, session->fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                                     BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (session->stream == NULL)
        die("a TLS stream");
    bufferevent_openssl_set_allow_dirty_shutdown(session->stream, 1);
    watch(session);
}

static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    struct hosts *hosts = arg;
    struct session *session = SSL_get_app_data(ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    struct tls_host host;
    (void)alert;
    (void)snprintf(session->name, sizeof session->name, "%s", name == NULL ? "unnamed.world" : name);
    internet_tls_host(hosts->internet, session->name, &host);
    return authority_present(hosts->authority, &host, session->name, ssl) ? SSL_TLSEXT_ERR_OK
                                                                          : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* ---- beginnings ---------------------------------------------------------------------------------------- */

static void on_begin(evutil_socket_t fd, short what, void *arg)
{
    struct session *session = arg;
    (void)fd;
    (void)what;
    if (session->stream != NULL) {
        const struct timeval drip = {DRIP_MS / 1000, 0};
        say(session, "2");
        (void)event_add(session->timer, &drip);
        return;
    }
    if (session->port == HTTPS_PORT) {
        start_tls(session, NULL);
        return;
    }
    session->stream = bufferevent_socket_new(session->hosts->base, session->fd,
                                             BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (session->stream == NULL)
        die("a stream");
    watch(session);
    if (session->manner == MANNER_TARPIT)
        on_begin(-1, 0, session);
    else
        say(session, "220 mx.world ESMTP\r\n");
}

static void reset(evutil_socket_t fd)
{
    const struct linger now = {1, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)evutil_closesocket(fd);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int len,
                      void *arg)
{
    struct hosts *hosts = arg;
    struct sockaddr_in here;
    socklen_t here_len = sizeof here;
    (void)listener;
    (void)len;
    if (getsockname(fd, (struct sockaddr *)&here, &here_len) != 0) {
        (void)evutil_closesocket(fd);
        return;
    }
    uint32_t address = ntohl(here.sin_addr.s_addr);
    uint16_t port = ntohs(here.sin_port);
    enum mail_manner manner = port == SMTP_PORT ? internet_manner(address) : MANNER_USUAL;
    if (manner == MANNER_REFUSES) {
        reset(fd);
        return;
    }
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        die("memory");
    *session = (struct session){.hosts = hosts, .fd = fd, .port = port, .manner = manner};
    session->timer = evtimer_new(hosts->base, on_begin, session);
    if (session->timer == NULL)
        die("memory");
    uint16_t peer_port = ((struct sockaddr_in *)(void *)peer)->sin_port;
    uint32_t ms = internet_tcp_ms(hosts->internet, ((uint64_t)address << 16) ^ peer_port);
    const struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    (void)event_add(session->timer, &delay);
}

static void listen_on(struct hosts *hosts, uint16_t port)
{
    struct sockaddr_in any = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_ANY)};
    if (evconnlistener_new_bind(hosts->base, on_accept, hosts,
                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
                                (struct sockaddr *)&any, sizeof any) == NULL)
        die(port == SMTP_PORT ? "TCP port 25" : "TCP port 443");
}

void *hosts_serve(void *arg)
{
    const struct hosts_job *job = arg;
    struct hosts *hosts = calloc(1, sizeof *hosts);
    if (hosts == NULL)
        die("memory");
    *hosts = (struct hosts){.internet = job->internet, .authority = job->authority};
    hosts->base = event_base_new();
    hosts->tls = SSL_CTX_new(TLS_server_method());
    if (hosts->base == NULL || hosts->tls == NULL)
        die("memory");
    (void)SSL_CTX_set_options(hosts->tls, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_session_cache_mode(hosts->tls, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(hosts->tls, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_num_tickets(hosts->tls, 0);
    (void)SSL_CTX_set_tlsext_servername_callback(hosts->tls, on_server_name);
    (void)SSL_CTX_set_tlsext_servername_arg(hosts->tls, hosts);
    listen_on(hosts, SMTP_PORT);
    listen_on(hosts, HTTPS_PORT);
    (void)event_base_dispatch(hosts->base);
    return NULL;
}
