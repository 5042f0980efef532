/*
 * The floor of a STARTTLS probe: the whole dialogue (greeting, EHLO, STARTTLS, handshake, EHLO, QUIT) on
 * libevent and OpenSSL with one context, one store, chain and name verified, nothing recorded but success.
 * Usage: floor_probe ROOT.pem HOSTS-FILE LIVE [legacy|failing]   (a line of the file: host address; legacy:
 * keys are decoded as tls.legacy_decoder has it; failing: the hosts refuse or never answer, and 3 s is
 * waited)
 */
#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "bench/bench.h"
#include "scanner/tls/legacy.h"

enum step { GREETING, EHLO, STARTTLS, HANDSHAKE, EHLO_TLS, QUIT };
enum { BUFFER = 2048 };

struct probe {
    struct run *run;
    struct event *event;
    SSL *ssl;
    int fd;
    enum step step;
    size_t have;
    char host[300];
    char buffer[BUFFER];
};

struct run {
    struct event_base *base;
    SSL_CTX *tls;
    struct bench_names hosts;
    size_t next;
    size_t ended;
    size_t good;
    int failing;
};

static void start_next(struct run *run);

static void end(struct probe *probe, int good)
{
    struct run *run = probe->run;
    event_free(probe->event);
    SSL_free(probe->ssl);
    (void)close(probe->fd);
    free(probe);
    run->good += (size_t)(run->failing ? !good : good);
    if (++run->ended == run->hosts.count)
        (void)event_base_loopbreak(run->base);
    start_next(run);
}

static void say(struct probe *probe, const char *text)
{
    int len = (int)strlen(text);
    int sent = probe->ssl != NULL && probe->step > HANDSHAKE
                   ? SSL_write(probe->ssl, text, len)
                   : (int)send(probe->fd, text, (size_t)len, MSG_NOSIGNAL);
    probe->have = 0;
    if (sent != len)
        probe->step = QUIT;
}

static void shake_hands(struct probe *probe);

static void start_tls(struct probe *probe)
{
    probe->step = HANDSHAKE;
    probe->ssl = SSL_new(probe->run->tls);
    if (probe->ssl == NULL || SSL_set_fd(probe->ssl, probe->fd) != 1 ||
        SSL_set_tlsext_host_name(probe->ssl, probe->host) != 1 || SSL_set1_host(probe->ssl, probe->host) != 1)
        bench_die("SSL_new", "out of memory");
    SSL_set_connect_state(probe->ssl);
    shake_hands(probe);
}

/* A whole reply stands in the buffer. */
static void on_reply(struct probe *probe)
{
    switch (probe->step) {
    case GREETING:
        probe->step = EHLO;
        say(probe, "EHLO scanner.world\r\n");
        return;
    case EHLO:
        probe->step = STARTTLS;
        say(probe, "STARTTLS\r\n");
        return;
    case EHLO_TLS:
        probe->step = QUIT;
        say(probe, "QUIT\r\n");
        return;
    default:
        return;
    }
}

static int is_whole(const struct probe *probe)
{
    const char *line = probe->buffer;
    const char *last = line;
    for (const char *end_of = memchr(line, '\n', probe->have); end_of != NULL;
         end_of = memchr(line, '\n', probe->have - (size_t)(line - probe->buffer))) {
        last = line;
        line = end_of + 1;
    }
    return line == probe->buffer + probe->have && probe->have > 4 && last[3] == ' ';
}

/* What the client sends is small: it never has to wait until it can write. */
static void shake_hands(struct probe *probe)
{
    int result = SSL_do_handshake(probe->ssl);
    if (result == 1) {
        probe->step = EHLO_TLS;
        say(probe, "EHLO scanner.world\r\n");
    } else if (SSL_get_error(probe->ssl, result) != SSL_ERROR_WANT_READ) {
        end(probe, 0);
    }
}

static void take_reply(struct probe *probe)
{
    if (probe->step == QUIT)
        end(probe, SSL_get_verify_result(probe->ssl) == X509_V_OK);
    else if (probe->step == STARTTLS)
        start_tls(probe);
    else
        on_reply(probe);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct probe *probe = arg;
    if ((what & EV_TIMEOUT) != 0) {
        end(probe, 0);
        return;
    }
    if (probe->step == HANDSHAKE) {
        shake_hands(probe);
        return;
    }
    size_t room = sizeof probe->buffer - probe->have;
    int got = probe->step > HANDSHAKE ? SSL_read(probe->ssl, probe->buffer + probe->have, (int)room)
                                      : (int)recv(fd, probe->buffer + probe->have, room, 0);
    if (got > 0) {
        probe->have += (size_t)got;
        if (is_whole(probe))
            take_reply(probe);
    } else if (probe->ssl == NULL || SSL_get_error(probe->ssl, got) != SSL_ERROR_WANT_READ) {
        end(probe, 0);
    }
}

static void start_next(struct run *run)
{
    const struct timeval limit = {run->failing ? 3 : 30, 0};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(25)};
    char address[32];
    if (run->next == run->hosts.count)
        return;
    struct probe *probe = calloc(1, sizeof *probe);
    if (probe == NULL || sscanf(run->hosts.list[run->next++], "%299s %31s", probe->host, address) != 2 ||
        inet_pton(AF_INET, address, &to.sin_addr) != 1)
        bench_die("hosts", "not \"host address\"");
    probe->run = run;
    probe->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    probe->event = event_new(run->base, probe->fd, EV_READ | EV_PERSIST, on_readable, probe);
    if (probe->fd < 0 || probe->event == NULL ||
        (connect(probe->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS))
        bench_die(address, strerror(errno));
    (void)event_add(probe->event, &limit);
}

int main(int argc, char **argv)
{
    struct run run = {0};
    if (argc != 4 && argc != 5)
        bench_die("usage", "floor_probe ROOT.pem HOSTS-FILE LIVE [legacy|failing]");
    run.failing = argc == 5 && strcmp(argv[4], "failing") == 0;
    if (argc == 5 && !run.failing)
        (void)tls_legacy_decoder_use();
    run.hosts = bench_read_names(argv[2]);
    run.base = event_base_new();
    run.tls = SSL_CTX_new(TLS_client_method());
    if (run.base == NULL || run.tls == NULL || SSL_CTX_load_verify_file(run.tls, argv[1]) != 1)
        bench_die(argv[1], "no roots");
    SSL_CTX_set_verify(run.tls, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(run.tls, SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(run.tls, SSL_SESS_CACHE_OFF);
    struct bench_cpu since = bench_cpu();
    for (size_t live = strtoul(argv[3], NULL, 10); live > 0; live--)
        start_next(&run);
    (void)event_base_dispatch(run.base);
    return bench_report("floor_probe", run.hosts.count, run.good, since);
}
