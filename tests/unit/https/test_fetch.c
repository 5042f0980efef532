/* Fetches of policies from TLS servers of the test's own, well-behaved and otherwise, on 127.0.0.1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <zlib.h>

#include "scanner/base/buf.h"
#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/https/fetch.h"
#include "scanner/https/fetch_socket.h"
#include "scanner/https/fetch_tls.h"
#include "tests/unit/certs.h"

enum { FLOOD_RECORDS = 100000 };
enum { ARENA_BYTES = 1024 * 1024, MAX_BYTES = 64 * 1024, DAY = 86400, REQUEST_BYTES = 2048 };

#define HOST   "mta-sts.example.test"
#define POLICY "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.test\r\nmax_age: 604800\r\n"
#define HEAD   "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
#define AIA    "caIssuers;URI:http://ca.example.test/i.der"

/* ---- the peer ------------------------------------------------------------------------------------------ */

struct peer;

/* One connection. ssl is NULL for peers without TLS; the caller closes. */
typedef void (*behaviour)(struct peer *peer, int fd, SSL *ssl);

struct peer {
    int fd;
    uint16_t port;
    pthread_t thread;
    atomic_bool stop;
    SSL_CTX *ctx; /* NULL: no TLS */
    behaviour behave;
    const char *text; /* what plain behaviours send */
    size_t count;     /* how much */
    bool polite;      /* close_notify before the close */
    bool six;         /* on ::1 */
    char request[REQUEST_BYTES];
    char sni[256];
};

/* A close over unread bytes would be a reset, which may overtake what was sent. */
static void drain(int fd)
{
    char bytes[4096];
    (void)shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        continue;
}

static void serve(struct peer *peer, int fd)
{
    SSL *ssl = NULL;
    struct timeval patience = {.tv_sec = 5};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (peer->ctx != NULL) {
        ssl = SSL_new(peer->ctx);
        SSL_set_fd(ssl, fd);
        if (SSL_accept(ssl) != 1) {
            SSL_free(ssl);
            drain(fd);
            return;
        }
        const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        (void)snprintf(peer->sni, sizeof peer->sni, "%s", sni == NULL ? "" : sni);
    }
    peer->behave(peer, fd, ssl);
    if (ssl != NULL && peer->polite)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
}

static void *run_peer(void *arg)
{
    struct peer *peer = arg;
    struct pollfd wait = {.fd = peer->fd, .events = POLLIN};
    while (!peer->stop) {
        if (poll(&wait, 1, 20) <= 0)
            continue;
        int fd = accept4(peer->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve(peer, fd);
        (void)close(fd);
        ERR_clear_error();
    }
    return NULL;
}

static int listen_on_loopback6(uint16_t *port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    must(listen(fd, 1024) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin6_port);
    return fd;
}

static int listen_on_loopback(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    must(listen(fd, 1024) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void peer_start(struct peer *peer)
{
    peer->fd = peer->six ? listen_on_loopback6(&peer->port) : listen_on_loopback(&peer->port);
    must(pthread_create(&peer->thread, NULL, run_peer, peer) == 0);
}

static void peer_stop(struct peer *peer)
{
    peer->stop = true;
    must(pthread_join(peer->thread, NULL) == 0);
    (void)close(peer->fd);
    SSL_CTX_free(peer->ctx);
}

/* ---- behaviours ---------------------------------------------------------------------------------------- */

static bool put(SSL *ssl, const char *data, size_t len)
{
    return len == 0 || SSL_write(ssl, data, (int)len) == (int)len;
}

static void read_request(struct peer *peer, SSL *ssl)
{
    size_t used = 0;
    while (used + 1 < REQUEST_BYTES) {
        int got = SSL_read(ssl, peer->request + used, (int)(REQUEST_BYTES - 1 - used));
        if (got <= 0)
            return;
        used += (size_t)got;
        peer->request[used] = '\0';
        if (strstr(peer->request, "\r\n\r\n") != NULL)
            return;
    }
}

static void answer_text(struct peer *peer, int fd, SSL *ssl)
{
    (void)fd;
    read_request(peer, ssl);
    (void)put(ssl, peer->text, strlen(peer->text));
}

/* So many bytes of the text. */
static void answer_count(struct peer *peer, int fd, SSL *ssl)
{
    (void)fd;
    read_request(peer, ssl);
    (void)put(ssl, peer->text, peer->count);
}

/* The text, and then nothing until the client goes. */
static void answer_and_hang(struct peer *peer, int fd, SSL *ssl)
{
    char byte;
    answer_text(peer, fd, ssl);
    (void)SSL_read(ssl, &byte, 1);
}

static void answer_and_reset(struct peer *peer, int fd, SSL *ssl)
{
    struct linger now = {.l_onoff = 1};
    answer_text(peer, fd, ssl);
    (void)poll(NULL, 0, 50);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* A body of `count` bytes, its length told. */
static void answer_bytes(struct peer *peer, int fd, SSL *ssl)
{
    char head[128];
    char block[4096];
    (void)fd;
    read_request(peer, ssl);
    (void)snprintf(head, sizeof head, HEAD "Content-Length: %zu\r\n\r\n", peer->count);
    memset(block, 'x', sizeof block);
    bool ok = put(ssl, head, strlen(head));
    for (size_t left = peer->count; ok && left > 0;) {
        size_t len = left < sizeof block ? left : sizeof block;
        ok = put(ssl, block, len);
        left -= len;
    }
}

/* The text again and again, up to `count` times. */
static void answer_endlessly(struct peer *peer, int fd, SSL *ssl)
{
    (void)fd;
    read_request(peer, ssl);
    bool ok = put(ssl, "HTTP/1.1 200 OK\r\n", 17);
    for (size_t i = 0; ok && i < peer->count; i++)
        ok = put(ssl, peer->text, strlen(peer->text));
}

static void answer_interims(struct peer *peer, int fd, SSL *ssl)
{
    (void)fd;
    read_request(peer, ssl);
    for (size_t i = 0; i < peer->count && put(ssl, peer->text, strlen(peer->text)); i++)
        continue;
}

/* A chunk whose extension never ends: bytes that no callback of libcurl's ever shows. */
static void answer_chunk_extension(struct peer *peer, int fd, SSL *ssl)
{
    char block[4096];
    (void)fd;
    read_request(peer, ssl);
    memset(block, 'e', sizeof block);
    const char *head = HEAD "Transfer-Encoding: chunked\r\n\r\n5;";
    bool ok = put(ssl, head, strlen(head));
    for (size_t i = 0; ok && i < peer->count; i++)
        ok = put(ssl, block, sizeof block);
}

static void drip(struct peer *peer, int fd, SSL *ssl)
{
    (void)fd;
    read_request(peer, ssl);
    bool ok = put(ssl, peer->text, strlen(peer->text));
    while (ok && !peer->stop) {
        ok = put(ssl, "x", 1);
        (void)poll(NULL, 0, 10);
    }
}

static void hang_up(struct peer *peer, int fd, SSL *ssl)
{
    (void)peer;
    (void)fd;
    (void)ssl;
}

static void raw_text(struct peer *peer, int fd, SSL *ssl)
{
    char request[4096];
    (void)ssl;
    (void)recv(fd, request, sizeof request, 0);
    (void)send(fd, peer->text, peer->count, MSG_NOSIGNAL);
    (void)recv(fd, request, sizeof request, 0);
}

static void raw_reset(struct peer *peer, int fd, SSL *ssl)
{
    char byte;
    struct linger now = {.l_onoff = 1};
    (void)peer;
    (void)ssl;
    (void)recv(fd, &byte, 1, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void raw_close(struct peer *peer, int fd, SSL *ssl)
{
    char hello[4096];
    (void)peer;
    (void)ssl;
    (void)recv(fd, hello, sizeof hello, 0);
}

/* ---- the world ----------------------------------------------------------------------------------------- */

struct world {
    struct event_base *base;
    struct config config;
    struct identity root;
    struct identity intermediate;
    struct identity stranger;
    struct identity leaf;
    struct trust *trust;
    struct fetcher *fetcher;
};

static char contact[] = "https://scan.example.test/";

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[] = "/tmp/test-fetch-XXXXXX";
    const char *why;
    must(world != NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    tls_library_init();
    world->base = event_base_new();
    world->config.policy_max_bytes = MAX_BYTES;
    world->config.policy_connect_timeout = 10000;
    world->config.smtp_contact = contact;
    world->root = make_identity(&(struct cert_spec){.cn = "Test Root", .ca = true}, NULL);
    world->intermediate =
        make_identity(&(struct cert_spec){.cn = "Test Intermediate", .ca = true}, &world->root);
    world->stranger = make_identity(&(struct cert_spec){.cn = "Nobody's Root", .ca = true}, NULL);
    world->leaf = make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:" HOST}, &world->intermediate);
    write_roots(path, &world->root, 1);
    world->trust = trust_create(path, &why);
    (void)unlink(path);
    must(world->trust != NULL);
    world->fetcher = fetcher_create(world->base, &world->config, world->trust, &why);
    must(world->fetcher != NULL);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    fetcher_destroy(world->fetcher);
    trust_destroy(world->trust);
    identity_free(&world->root);
    identity_free(&world->intermediate);
    identity_free(&world->stranger);
    identity_free(&world->leaf);
    event_base_free(world->base);
    free(world);
    return 0;
}

struct answer {
    struct event_base *base;
    uint16_t port;
    size_t connected; /* connections to it that still stood when the answer came */
    struct arena arena;
    struct fetch_facts facts;
    int calls;
    bool stop; /* the loop, when it has come */
};

/* By IPv4, as the kernel tells: those that nobody has closed or shut down. */
static size_t connections_to(uint16_t port)
{
    enum { ESTABLISHED = 1 };
    char line[512];
    size_t count = 0;
    FILE *file = fopen("/proc/net/tcp", "r");
    must(file != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned to = 0;
        unsigned how = 0;
        count += sscanf(line, "%*s %*s %*8x:%x %x", &to, &how) == 2 && to == port && how == ESTABLISHED;
    }
    (void)fclose(file);
    return count;
}

static void on_done(void *arg, struct fetch_facts *facts)
{
    struct answer *answer = arg;
    answer->facts = *facts;
    answer->connected = connections_to(answer->port);
    answer->calls++;
    if (answer->stop)
        (void)event_base_loopbreak(answer->base);
}

static struct fetch_request request_to(struct world *world, uint16_t port, struct answer *answer)
{
    const uint8_t loopback[4] = {127, 0, 0, 1};
    *answer = (struct answer){.base = world->base, .port = port, .stop = true};
    arena_init(&answer->arena, ARENA_BYTES);
    return (struct fetch_request){.host = HOST,
                                  .ip = ip_v4(loopback),
                                  .port = port,
                                  .timeout_ms = 3000,
                                  .arena = &answer->arena,
                                  .done = on_done,
                                  .arg = answer};
}

static void break_loop(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    (void)event_base_loopbreak(arg);
}

/* Runs the loop until something breaks it, or for so long. */
static void run_for(struct world *world, int64_t ms)
{
    struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    struct event *guard = evtimer_new(world->base, break_loop, world->base);
    must(guard != NULL && evtimer_add(guard, &time) == 0);
    (void)event_base_dispatch(world->base);
    event_free(guard);
}

/* Runs it until an answer has come; the guard, far above what a slow machine needs, is against hanging. */
static void run(struct world *world)
{
    run_for(world, 60000);
}

/* PATIENT_MS is what a fetch is given whose answer comes: a machine that stands still must not end it. */
enum { PATIENT_MS = 45000, LATE_MS = 300, TRIES = 6 };

/* Whether a fetch that is to end at its deadline ended so much later that this machine stood still amid it.
 */
static bool late(const struct answer *answer, int64_t timeout_ms)
{
    return answer->facts.ms > timeout_ms + LATE_MS;
}

static void fetch_from(struct world *world, uint16_t port, int64_t timeout_ms, struct answer *answer)
{
    struct fetch_request request = request_to(world, port, answer);
    request.timeout_ms = timeout_ms;
    assert_true(handle_is_set(fetch_start(world->fetcher, &request)));
    assert_int_equal(answer->calls, 0);
    run(world);
    assert_int_equal(answer->calls, 1);
    assert_int_equal(fetch_live(world->fetcher), 0);
}

enum { SHORT_CONNECT_MS = 300 };

/* The same by a fetcher of its own, whose policy.connect_timeout is short. */
static void fetch_with_short_connect(struct world *world, uint16_t port, int64_t timeout_ms,
                                     struct answer *answer)
{
    struct world other = *world;
    const char *why;
    other.config.policy_connect_timeout = SHORT_CONNECT_MS;
    other.fetcher = fetcher_create(other.base, &other.config, other.trust, &why);
    assert_non_null(other.fetcher);
    fetch_from(&other, port, timeout_ms, answer);
    fetcher_destroy(other.fetcher);
}

/* ---- POL-3: the certificate ---------------------------------------------------------------------------- */

struct cert_case {
    const char *name;
    struct cert_spec spec;
    bool by_itself;
    bool by_stranger;
    bool unsent; /* the intermediate */
    int error;   /* X509_V_OK: none at all */
    bool name_match;
};

static const struct cert_case cert_cases[] = {
    {"POL-3 good", {.cn = "x", .san = "DNS:" HOST}, false, false, false, X509_V_OK, true},
    {"POL-3 expired",
     {.cn = "x", .san = "DNS:" HOST, .from_s = -9 * DAY, .to_s = -DAY},
     false,
     false,
     false,
     X509_V_ERR_CERT_HAS_EXPIRED,
     true},
    {"POL-3 not yet valid",
     {.cn = "x", .san = "DNS:" HOST, .from_s = DAY},
     false,
     false,
     false,
     X509_V_ERR_CERT_NOT_YET_VALID,
     true},
    {"POL-3 wrong name", {.cn = "x", .san = "DNS:example.test"}, false, false, false, X509_V_OK, false},
    {"POL-3 self-signed",
     {.cn = "x", .san = "DNS:" HOST},
     true,
     false,
     true,
     X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     true},
    {"POL-3 unknown authority",
     {.cn = "x", .san = "DNS:" HOST},
     false,
     true,
     true,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     true},
    {"POL-3 incomplete chain",
     {.cn = "x", .san = "DNS:" HOST, .aia = AIA},
     false,
     false,
     true,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     true},
    {"POL-3 CN without SAN", {.cn = HOST}, false, false, false, X509_V_OK, false},
    {"POL-3 partial wildcard",
     {.cn = "x", .san = "DNS:mta*.example.test"},
     false,
     false,
     false,
     X509_V_OK,
     false},
    {"POL-3 wildcard of one label",
     {.cn = "x", .san = "DNS:*.example.test"},
     false,
     false,
     false,
     X509_V_OK,
     true},
    {"POL-3 wrong usage",
     {.cn = "x", .san = "DNS:" HOST, .usage = "clientAuth"},
     false,
     false,
     false,
     X509_V_ERR_INVALID_PURPOSE,
     true},
};

static bool has_error(const struct tls_facts *facts, int x509)
{
    for (size_t i = 0; i < facts->error_count; i++)
        if (facts->errors[i].x509 == x509 && facts->errors[i].depth == 0)
            return true;
    return false;
}

/* The handshake and the answer come through whatever the certificate is (TLS-5). */
static void check_certificate(struct world *world, const struct cert_case *row)
{
    struct answer answer;
    const struct identity *issuer = row->by_stranger ? &world->stranger : &world->intermediate;
    struct identity leaf = make_identity(&row->spec, row->by_itself ? NULL : issuer);
    struct peer peer = {.ctx = make_server(&leaf, row->unsent ? NULL : world->intermediate.cert),
                        .behave = answer_text,
                        .text = HEAD "Content-Length: 3\r\n\r\nabc"};
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    const struct tls_facts *tls = &answer.facts.tls;
    bool errors_ok = row->error == X509_V_OK ? tls->error_count == 0 : has_error(tls, row->error);
    if (answer.facts.step != FETCH_DONE || tls->end != TLS_DONE || !errors_ok ||
        tls->name_match != row->name_match)
        fail_msg("%s: step %d, tls %d, %zu errors (first %d), name_match %d", row->name,
                 (int)answer.facts.step, (int)tls->end, tls->error_count, tls->errors[0].x509,
                 tls->name_match);
    assert_int_equal(tls->cert_count, row->unsent ? 1 : 2);
    assert_int_equal(tls->certs[0].aia_issuer != NULL, row->spec.aia != NULL);
    assert_int_equal(answer.facts.body.len, 3);
    arena_dispose(&answer.arena);
    identity_free(&leaf);
}

static void test_certificates(void **state)
{
    for (size_t i = 0; i < sizeof cert_cases / sizeof cert_cases[0]; i++)
        check_certificate(*state, &cert_cases[i]);
}

/* ---- POL-1, POL-2, POL-9: the answer ------------------------------------------------------------------- */

struct answer_case {
    const char *name;
    behaviour behave;
    const char *text;
    size_t count;
    bool polite;
    int64_t timeout_ms;
    /* expected */
    enum fetch_step step;
    int status;
    enum net_error net;
    bool deadline, too_large, truncated, protocol, flooded;
    size_t body;
    const char *redirect;
    const char *media_type;
};

#define WHOLE .step = FETCH_DONE, .status = 200

static const struct answer_case answer_cases[] = {
    {"POL-1 200", answer_text, HEAD "Content-Length: 5\r\n\r\nhello", WHOLE, .body = 5,
     .media_type = "text/plain"},
    {"POL-1 200 in chunks", answer_text,
     HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n", WHOLE, .body = 5,
     .media_type = "text/plain"},
    {"POL-1 200 until close", answer_text, HEAD "\r\nhello", .polite = true, WHOLE, .body = 5,
     .media_type = "text/plain"},
    {"POL-1 200 after an interim answer", answer_text,
     "HTTP/1.1 103 Early\r\nLocation: /x\r\n\r\n" HEAD "Content-Length: 2\r\n\r\nhi", WHOLE, .body = 2,
     .media_type = "text/plain"},
    {"POL-1 200 and empty", answer_text, HEAD "Content-Length: 0\r\n\r\n", WHOLE, .media_type = "text/plain"},
    {"POL-1 a Location with 200 is no redirect", answer_text,
     "HTTP/1.1 200 OK\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhi", WHOLE, .body = 2},
    {"POL-2 media type with parameter", answer_text,
     "HTTP/1.1 200 OK\r\ncontent-type:  Text/HTML; charset=\"\xff\"\r\nContent-Length: 2\r\n\r\nhi", WHOLE,
     .body = 2, .media_type = "Text/HTML; charset=\"\\255\""},
    {"POL-1 301", answer_text, "HTTP/1.1 301 Moved\r\nLocation: https://www.example.test/p?q=1\r\n\r\nmoved",
     .step = FETCH_DONE, .status = 301, .redirect = "https://www.example.test/p?q=1"},
    {"POL-1 302 to a path", answer_text,
     "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", .step = FETCH_DONE,
     .status = 302, .redirect = "https://" HOST "%s/elsewhere"},
    {"POL-1 307 to plain HTTP", answer_text, "HTTP/1.1 307 T\r\nLocation: http://www.example.test/\r\n\r\n",
     .step = FETCH_DONE, .status = 307, .redirect = "http://www.example.test/"},
    {"POL-1 308 with bytes meant to inject", answer_text,
     "HTTP/1.1 308 P\r\nLocation: /a\rSet-Cookie: b\x01\"<script>\r\n\r\n", .step = FETCH_DONE, .status = 308,
     .redirect = "/a\\013Set-Cookie: b\\001\"<script>"},
    {"POL-1 304 without target", answer_text, "HTTP/1.1 304 Not Modified\r\n\r\n", .step = FETCH_DONE,
     .status = 304},
    {"POL-1 404", answer_text,
     "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\ngone", .step = FETCH_DONE,
     .status = 404, .media_type = "text/html"},
    {"POL-1 404 whose body never comes", answer_and_hang,
     "HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n", .step = FETCH_DONE, .status = 404},
    {"POL-1 401", answer_text, "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n",
     .step = FETCH_DONE, .status = 401},
    {"POL-1 500", answer_text, "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops", .step = FETCH_DONE,
     .status = 500},
    {"POL-1 204", answer_text, "HTTP/1.1 204 Nothing\r\n\r\n", .step = FETCH_DONE, .status = 204},
    {"POL-9 64 KiB", answer_bytes, "", .count = MAX_BYTES, WHOLE, .body = MAX_BYTES,
     .media_type = "text/plain"},
    {"POL-9 one byte more", answer_bytes, "", .count = MAX_BYTES + 1, .step = FETCH_BODY, .status = 200,
     .too_large = true, .body = MAX_BYTES, .media_type = "text/plain"},
    {"POL-9 10 MB", answer_bytes, "", .count = 10 << 20, .step = FETCH_BODY, .status = 200, .too_large = true,
     .body = MAX_BYTES, .media_type = "text/plain"},
    {"POL-9 one byte more, until close", answer_endlessly, "Content-Type: a/b\r\n\r\nx", .count = MAX_BYTES,
     .step = FETCH_BODY, .status = 200, .too_large = true, .body = MAX_BYTES, .media_type = "a/b"},
    {"POL-9 drips past the deadline", drip, HEAD "Content-Length: 60000\r\n\r\n", .timeout_ms = 400,
     .step = FETCH_BODY, .status = 200, .deadline = true, .body = SIZE_MAX, .media_type = "text/plain"},
    {"POL-9 headers drip past the deadline", drip, HEAD "X-Slow: ", .timeout_ms = 400, .step = FETCH_HEADERS,
     .status = 200, .deadline = true, .media_type = "text/plain"},
    {"POL-9 silence after the request", answer_and_hang, "", .timeout_ms = 400, .step = FETCH_HEADERS,
     .deadline = true},
    {"http.truncated by length", answer_text, HEAD "Content-Length: 50\r\n\r\nhello", .polite = true,
     .step = FETCH_BODY, .status = 200, .truncated = true, .body = 5, .media_type = "text/plain"},
    {"http.truncated by length, no close_notify", answer_text, HEAD "Content-Length: 50\r\n\r\nhello",
     .step = FETCH_BODY, .status = 200, .truncated = true, .body = 5, .media_type = "text/plain"},
    {"http.truncated between chunks", answer_text, HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
     .polite = true, .step = FETCH_BODY, .status = 200, .truncated = true, .body = 5,
     .media_type = "text/plain"},
    {"http.truncated: until close, no close_notify", answer_text, HEAD "\r\nhello", .step = FETCH_BODY,
     .status = 200, .truncated = true, .body = 5, .media_type = "text/plain"},
    {"http.truncated by a reset", answer_and_reset, HEAD "Content-Length: 50\r\n\r\nhello",
     .step = FETCH_BODY, .status = 200, .net = NET_RESET, .truncated = true, .body = 5,
     .media_type = "text/plain"},
    {"http.truncated inside the headers", answer_text, HEAD "X-More: y", .polite = true,
     .step = FETCH_HEADERS, .status = 200, .truncated = true, .media_type = "text/plain"},
    {"http.truncated before the answer", answer_text, "", .polite = true, .step = FETCH_HEADERS,
     .truncated = true},
    {"http.truncated before the answer, no close_notify", answer_text, "", .step = FETCH_HEADERS,
     .truncated = true},
    {"tcp.reset before the answer", answer_and_reset, "", .step = FETCH_HEADERS, .net = NET_RESET},
    {"http.protocol garbage", answer_text, "220 mail.example.test ESMTP\r\n\r\n", .polite = true,
     .step = FETCH_HEADERS, .protocol = true},
    {"http.protocol HTTP/0.9", answer_text, POLICY, .polite = true, .step = FETCH_HEADERS, .protocol = true},
    {"http.protocol bad chunk", answer_text, HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
     .polite = true, .step = FETCH_BODY, .status = 200, .protocol = true, .media_type = "text/plain"},
    {"http.protocol a coding that nobody asked for", answer_text,
     HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", .polite = true, .step = FETCH_BODY,
     .status = 200, .protocol = true, .media_type = "text/plain"},
    {"http.protocol a version that nobody asked for", answer_text,
     "HTTP/2 200 OK\r\nContent-Length: 2\r\n\r\nhi", .polite = true, .step = FETCH_HEADERS, .protocol = true},
    {"POL-9 a line of blanks does not end the headers", answer_text,
     HEAD "X: y\r\n \r\nContent-Length: 50\r\n\r\nhello", .polite = true, .step = FETCH_BODY, .status = 200,
     .truncated = true, .body = 5, .media_type = "text/plain"},
    {"http.protocol a folded coding", answer_text,
     HEAD "Transfer-Encoding:\r\n chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", .polite = true, .step = FETCH_BODY,
     .status = 200, .protocol = true, .media_type = "text/plain"},
    {"http.protocol a fold without a field", answer_text, "HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhi",
     .polite = true, .step = FETCH_HEADERS, .status = 200, .protocol = true},
    {"http.protocol no size of a chunk", answer_text, HEAD "Transfer-Encoding: chunked\r\n\r\n0x40\r\nhello",
     .polite = true, .step = FETCH_BODY, .status = 200, .protocol = true, .media_type = "text/plain"},
    {"POL-1 a length, and the connection stays", answer_and_hang, HEAD "Content-Length: 5\r\n\r\nhello",
     WHOLE, .body = 5, .media_type = "text/plain"},
    {"POL-1 no bytes, and the connection stays", answer_and_hang, HEAD "Content-Length: 0\r\n\r\n", WHOLE,
     .media_type = "text/plain"},
    {"POL-1 chunks, and the connection stays", answer_and_hang,
     HEAD "Transfer-Encoding: identity, chunked\r\n\r\n5\nhello\r\n0\r\nX: y", WHOLE, .body = 5,
     .media_type = "text/plain"},
    {"POL-1 more than the length says", answer_text, HEAD "Content-Length: 2\r\n\r\nhello", WHOLE, .body = 2,
     .media_type = "text/plain"},
    {"POL-9 many short headers", answer_endlessly, "a:\r\n", .count = 5000, .step = FETCH_HEADERS,
     .status = 200, .too_large = true},
    {"POL-9 endless headers", answer_endlessly, "X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n",
     .count = 100000, .step = FETCH_HEADERS, .status = 200, .too_large = true},
    {"POL-9 endless interim answers", answer_interims, "HTTP/1.1 100 Continue\r\n\r\n", .count = 100000,
     .step = FETCH_HEADERS, .too_large = true},
    {"POL-9 one endless header", answer_endlessly, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     .count = 100000, .step = FETCH_HEADERS, .status = 200, .too_large = true},
    {"POL-9 endless chunk extension", answer_chunk_extension, "", .count = 100000, .step = FETCH_BODY,
     .status = 200, .flooded = true, .media_type = "text/plain"},
};

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool as_expected(const struct answer_case *row, const struct fetch_facts *facts, uint16_t port)
{
    char redirect[256];
    char text[16];
    (void)snprintf(text, sizeof text, ":%u", port);
    const char *mark = row->redirect == NULL ? NULL : strstr(row->redirect, "%s");
    if (mark != NULL)
        (void)snprintf(redirect, sizeof redirect, "%.*s%s%s", (int)(mark - row->redirect), row->redirect,
                       text, mark + 2);
    else
        (void)snprintf(redirect, sizeof redirect, "%s", row->redirect == NULL ? "" : row->redirect);
    return facts->step == row->step && facts->http_status == row->status && facts->net == row->net &&
           facts->deadline == row->deadline && facts->too_large == row->too_large &&
           facts->truncated == row->truncated && facts->protocol == row->protocol &&
           facts->flooded == row->flooded && (row->body == SIZE_MAX || facts->body.len == row->body) &&
           same_text(row->redirect == NULL ? NULL : redirect, facts->redirect) &&
           same_text(row->media_type, facts->media_type);
}

static void check_answer(struct world *world, const struct answer_case *row)
{
    struct answer answer;
    struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                        .behave = row->behave,
                        .text = row->text,
                        .count = row->count,
                        .polite = row->polite};
    peer_start(&peer);
    fetch_from(world, peer.port, row->timeout_ms == 0 ? PATIENT_MS : row->timeout_ms, &answer);
    for (int i = 1; i < TRIES && row->timeout_ms > 0 && late(&answer, row->timeout_ms); i++) {
        arena_dispose(&answer.arena);
        fetch_from(world, peer.port, row->timeout_ms, &answer);
    }
    const struct fetch_facts *facts = &answer.facts;
    if (!as_expected(row, facts, peer.port))
        print_error("%s: step %d, status %d, net %d, deadline %d, too_large %d, truncated %d, protocol %d, "
                    "%zu bytes, "
                    "redirect %s, media type %s\n",
                    row->name, (int)facts->step, facts->http_status, (int)facts->net, facts->deadline,
                    facts->too_large, facts->truncated, facts->protocol, facts->body.len,
                    facts->redirect == NULL ? "-" : facts->redirect,
                    facts->media_type == NULL ? "-" : facts->media_type);
    assert_true(as_expected(row, facts, peer.port));
    assert_int_equal(facts->tls.end, TLS_DONE);
    assert_int_equal(facts->tls.cert_count, 2);
    assert_true(facts->tls.name_match && facts->tls.error_count == 0);
    assert_true(row->timeout_ms == 0 ||
                (facts->ms >= row->timeout_ms && facts->ms < row->timeout_ms + 10000));
    peer_stop(&peer);
    arena_dispose(&answer.arena);
}

/* Two blanks in a status line are read as one, but by libcurl 8, which refuses them before anybody sees them.
 */
static void test_blanks_in_status(void **state)
{
    const char *const text = "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nhi";
    const struct answer_case read = {"POL-1 two blanks", answer_text, text, WHOLE, .body = 2};
    const struct answer_case refused = {"http.protocol two blanks", answer_text, text, .step = FETCH_HEADERS,
                                        .protocol = true};
    check_answer(*state, curl_version_info(CURLVERSION_NOW)->version_num < 0x080000 ? &read : &refused);
}

static void test_answers(void **state)
{
    for (size_t i = 0; i < sizeof answer_cases / sizeof answer_cases[0]; i++)
        check_answer(*state, &answer_cases[i]);
}

/* ---- POL-9: a body with a content coding, and what is no answer ----------------------------------------- */

/* How the body of a row is made. */
enum { PLAIN, GZIPPED, HALF_OF_GZIP, GZIP_AND_MORE };

struct odd_case {
    const char *name;
    const char *head;
    int body; /* POLICY, made so; the head tells its length where %zu stands */
    bool polite;
    /* expected */
    enum fetch_step step;
    enum fetch_decoding decoding;
    bool truncated, http2, bad_length;
    const char *coding, *signs;
    const char *kept; /* NULL: as it came */
};

#define CODED(coding) HEAD "Content-Encoding: " coding "\r\nContent-Length: %zu\r\n\r\n"
#define NONE          .decoding = FETCH_NOT_CODED

static const struct odd_case odd_cases[] = {
    {"POL-9 gzip", CODED("gzip"), GZIPPED, .step = FETCH_DONE, .decoding = FETCH_DECODED, .coding = "gzip",
     .kept = POLICY},
    {"POL-9 gzip, by another name and until close",
     HEAD "content-encoding: identity\r\nContent-Encoding: X-GZIP\r\n\r\n", GZIPPED, .polite = true,
     .step = FETCH_DONE, .decoding = FETCH_DECODED, .coding = "identity, X-GZIP", .kept = POLICY},
    {"POL-9 gzip that is not told", HEAD "Content-Length: %zu\r\n\r\n", GZIPPED, .step = FETCH_DONE, NONE},
    {"POL-9 of an interim answer",
     "HTTP/1.1 103 x\r\nContent-Encoding: gzip\r\n\r\n" HEAD "Content-Length: %zu\r\n\r\n", PLAIN,
     .step = FETCH_DONE, NONE, .kept = POLICY},
    {"POL-9 identity", CODED("identity"), PLAIN, .step = FETCH_DONE, NONE, .coding = "identity",
     .kept = POLICY},
    {"POL-9 plain that lies", CODED("gzip"), PLAIN, .step = FETCH_DONE, .decoding = FETCH_CODING_BROKEN,
     .coding = "gzip", .kept = ""},
    {"POL-9 half of it, whole by its length", CODED("gzip"), HALF_OF_GZIP, .step = FETCH_DONE,
     .decoding = FETCH_CODING_BROKEN, .coding = "gzip", .kept = "version: STSv1\r\nmode: enforce\r\nm"},
    {"POL-9 half of it, cut by the network", HEAD "Content-Encoding: gzip\r\nContent-Length: 500\r\n\r\n",
     HALF_OF_GZIP, .step = FETCH_BODY, .decoding = FETCH_DECODED, .truncated = true, .coding = "gzip",
     .kept = "version: STSv1\r\nmode: enforce\r\nm"},
    {"POL-9 half of it, until close without close_notify", HEAD "Content-Encoding: gzip\r\n\r\n",
     HALF_OF_GZIP, .step = FETCH_BODY, .decoding = FETCH_DECODED, .truncated = true, .coding = "gzip",
     .kept = "version: STSv1\r\nmode: enforce\r\nm"},
    {"POL-9 more behind it", CODED("gzip"), GZIP_AND_MORE, .step = FETCH_DONE,
     .decoding = FETCH_CODING_BROKEN, .coding = "gzip", .kept = POLICY},
    {"POL-9 unknown", CODED("utf-8"), PLAIN, .step = FETCH_DONE, .decoding = FETCH_CODING_UNKNOWN,
     .coding = "utf-8", .kept = POLICY},
    {"RFC 9112 section 6.3 two lengths", HEAD "Content-Length: %zu\r\nContent-Length: 9\r\n\r\n", PLAIN,
     .step = FETCH_BODY, NONE, .bad_length = true, .kept = ""},
    {"RFC 9112 section 6.3 two lengths on a line", HEAD "Content-Length: %zu, 71\r\n\r\n", PLAIN,
     .step = FETCH_BODY, NONE, .bad_length = true, .kept = ""},
    {"RFC 9112 section 6.3 equal lengths", HEAD "Content-Length: %zu\r\nContent-Length: 70\r\n\r\n", PLAIN,
     .step = FETCH_DONE, NONE, .kept = POLICY},
    {"RFC 9112 section 6.3 equal lengths on a line", HEAD "Content-Length: %zu, 70\r\n\r\n", PLAIN,
     .step = FETCH_DONE, NONE, .kept = POLICY},
    {"RFC 9112 section 6.3 no number", HEAD "Content-Length: many\r\n\r\n", PLAIN, .step = FETCH_BODY, NONE,
     .bad_length = true, .kept = ""},
    {"RFC 9112 section 6.3 a length below none", HEAD "Content-Length: -1\r\n\r\n", PLAIN, .step = FETCH_BODY,
     NONE, .bad_length = true, .kept = ""},
    {"POL-1 426 asks for HTTP/2", "HTTP/1.1 426 x\r\nUpgrade: h2, HTTP/2.0\r\nContent-Length: %zu\r\n\r\n",
     PLAIN, .step = FETCH_DONE, NONE, .http2 = true, .kept = ""},
    {"POL-1 426 asks for something else", "HTTP/1.1 426 x\r\nUpgrade: TLS/1.3\r\nContent-Length: %zu\r\n\r\n",
     PLAIN, .step = FETCH_DONE, NONE, .kept = ""},
    {"POL-1 403 is read a little",
     "HTTP/1.1 403 x\r\nServer: cloudflare\r\ncf-mitigated: challenge\r\nX: y\r\nContent-Length: %zu\r\n\r\n",
     PLAIN, .step = FETCH_DONE, NONE, .signs = "Server: cloudflare; cf-mitigated: challenge", .kept = POLICY},
    {"POL-1 403 that is cut is a 403", "HTTP/1.1 403 x\r\nContent-Length: 999\r\n\r\n", PLAIN,
     .step = FETCH_DONE, NONE, .kept = POLICY},
    {"POL-1 a policy's headers are no signs", HEAD "Server: cloudflare\r\nContent-Length: %zu\r\n\r\n", PLAIN,
     .step = FETCH_DONE, NONE, .kept = POLICY},
};

/* Makes a row's body, and the whole answer in *text. */
static struct bytes odd_answer(const struct odd_case *row, struct buf *text, uint8_t space[1024])
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)POLICY,
                       .avail_in = sizeof POLICY - 1,
                       .next_out = space,
                       .avail_out = 512};
    must(deflateInit2(&stream, 0, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    must(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    size_t len = stream.total_out;
    (void)deflateEnd(&stream);
    if (row->body == PLAIN)
        memcpy(space, POLICY, len = sizeof POLICY - 1);
    if (row->body == HALF_OF_GZIP)
        len = 47; /* 10 bytes of gzip's header, 5 of a stored block's, 32 of the policy */
    if (row->body == GZIP_AND_MORE)
        memcpy(space + len, "more", 4), len += 4;
    buf_init(text, 4096);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    must(buf_printf(text, row->head, len));
#pragma GCC diagnostic pop
    must(buf_append(text, space, len));
    return bytes_make(space, len);
}

static void check_odd(struct world *world, const struct odd_case *row)
{
    struct answer answer;
    struct buf text;
    uint8_t space[1024];
    struct bytes body = odd_answer(row, &text, space);
    struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                        .behave = answer_count,
                        .text = buf_string(&text),
                        .count = text.len,
                        .polite = row->polite};
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    const struct fetch_facts *facts = &answer.facts;
    bool kept = bytes_equal(facts->body, row->kept == NULL ? body : bytes_of(row->kept));
    if (facts->step != row->step || facts->decoding != row->decoding || facts->truncated != row->truncated ||
        facts->http2 != row->http2 || facts->bad_length != row->bad_length || facts->protocol ||
        !same_text(facts->coding, row->coding) || !same_text(facts->signs, row->signs) || !kept)
        fail_msg(
            "%s: step %d, decoding %d, truncated %d, http2 %d, bad_length %d, protocol %d, %s, %s, %zu bytes",
            row->name, (int)facts->step, (int)facts->decoding, facts->truncated, facts->http2,
            facts->bad_length, facts->protocol, facts->coding == NULL ? "-" : facts->coding,
            facts->signs == NULL ? "-" : facts->signs, facts->body.len);
    buf_dispose(&text);
    arena_dispose(&answer.arena);
}

static void test_odd_answers(void **state)
{
    for (size_t i = 0; i < sizeof odd_cases / sizeof odd_cases[0]; i++)
        check_odd(*state, &odd_cases[i]);
}

/* A server that speaks HTTP/2 alone and does without ALPN: its first frame, then GOAWAY. */
static void test_http2_frames(void **state)
{
    static const char frames[] = "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x0a\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\1";
    struct world *world = *state;
    struct answer answer;
    struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                        .behave = answer_count,
                        .text = frames,
                        .count = sizeof frames - 1};
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    assert_int_equal(answer.facts.step, FETCH_HEADERS);
    assert_true(answer.facts.http2);
    assert_int_equal(answer.facts.http_status, 0);
    assert_int_equal(answer.facts.body.len, 0);
    arena_dispose(&answer.arena);
}

/* POL-9: policy.max_bytes decides nothing. What one option reads is judged by the same first 64 KiB as what
 * another reads. */
static void test_max_bytes(void **state)
{
    static const struct {
        int64_t option;
        size_t sent, body;
        uint64_t read;
        bool too_large;
    } rows[] = {
        {1024, 2000, 2000, 0, false},
        {1024, MAX_BYTES, MAX_BYTES, 0, false},
        {1024, MAX_BYTES + 1, MAX_BYTES, 0, true},
        {2 * MAX_BYTES, 2000, 2000, 0, false},
        {2 * MAX_BYTES, MAX_BYTES + 1, MAX_BYTES, MAX_BYTES + 1, false},
        {2 * MAX_BYTES, 3 * MAX_BYTES, MAX_BYTES, 2 * MAX_BYTES, true},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world other = *world;
        struct answer answer;
        const char *why;
        struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                            .behave = answer_bytes,
                            .count = rows[i].sent};
        other.config.policy_max_bytes = rows[i].option;
        other.fetcher = fetcher_create(other.base, &other.config, other.trust, &why);
        assert_non_null(other.fetcher);
        peer_start(&peer);
        fetch_from(&other, peer.port, PATIENT_MS, &answer);
        peer_stop(&peer);
        assert_int_equal(answer.facts.body.len, rows[i].body);
        assert_int_equal(answer.facts.body_bytes, rows[i].read);
        assert_int_equal(answer.facts.too_large, rows[i].too_large);
        fetcher_destroy(other.fetcher);
        arena_dispose(&answer.arena);
    }
}

/* A body of which each byte has a TLS record of its own. */
static void answer_byte_by_byte(struct peer *peer, int fd, SSL *ssl)
{
    char head[128];
    (void)fd;
    read_request(peer, ssl);
    (void)snprintf(head, sizeof head, HEAD "Content-Length: %zu\r\n\r\n", peer->count);
    bool ok = put(ssl, head, strlen(head));
    for (size_t i = 0; ok && i < peer->count; i++)
        ok = put(ssl, "x", 1);
}

/* POL-9: nor does it decide how many bytes on the wire the first 64 KiB may take. */
static void test_max_bytes_and_floods(void **state)
{
    static const struct {
        int64_t option;
        size_t sent;
        bool flooded;
    } rows[] = {{1024, 20000, false},
                {1024, 40000, true},
                {16 * MAX_BYTES, 20000, false},
                {16 * MAX_BYTES, 40000, true}};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world other = *world;
        struct answer answer;
        const char *why;
        struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                            .behave = answer_byte_by_byte,
                            .count = rows[i].sent};
        other.config.policy_max_bytes = rows[i].option;
        other.fetcher = fetcher_create(other.base, &other.config, other.trust, &why);
        assert_non_null(other.fetcher);
        peer_start(&peer);
        fetch_from(&other, peer.port, 20000, &answer);
        peer_stop(&peer);
        assert_int_equal(answer.facts.flooded, rows[i].flooded);
        assert_int_equal(answer.facts.step, rows[i].flooded ? FETCH_BODY : FETCH_DONE);
        fetcher_destroy(other.fetcher);
        arena_dispose(&answer.arena);
    }
}

/* The address's turn is given on when the answer has come: no connection of ours may then be left there,
 * whatever the peer does behind its answer and however libcurl says good-bye. */
static void test_nothing_is_left_connected(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *name;
        void (*behave)(struct peer *peer, int fd, SSL *ssl);
        const char *text;
    } cases[] = {
        {"closes", answer_text, HEAD "Content-Length: 5\r\n\r\nhello"},
        {"stays", answer_and_hang, HEAD "Content-Length: 5\r\n\r\nhello"},
        {"stays, says no", answer_and_hang, "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello"},
        {"stays amid its answer", answer_and_hang, HEAD "Content-Length: 50\r\n\r\nhello"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct answer answer;
        struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                            .behave = cases[i].behave,
                            .text = cases[i].text};
        peer_start(&peer);
        fetch_from(world, peer.port, 1000, &answer);
        if (answer.connected != 0)
            fail_msg("%s: %zu connections are left", cases[i].name, answer.connected);
        peer_stop(&peer);
        arena_dispose(&answer.arena);
    }
}

/* A connection that somebody left open is shut down; a socket that only has its number is another's. */
static void test_socket_ends(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    must(bind(listener, (struct sockaddr *)&at, len) == 0 && listen(listener, 2) == 0);
    must(getsockname(listener, (struct sockaddr *)&at, &len) == 0);
    const uint8_t loopback[4] = {127, 0, 0, 1};
    struct fetch_socket asked = {.ip = ip_v4(loopback), .port = ntohs(at.sin_port), .fd = -1};
    struct curl_sockaddr address = {.family = AF_INET, .socktype = SOCK_STREAM, .addrlen = sizeof at};
    memcpy(&address.addr, &at, sizeof at);
    int fd = fetch_socket_open(&asked, CURLSOCKTYPE_IPCXN, &address);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_int_equal(asked.fd, fd);
    must(fd >= 0 && (connect(fd, (struct sockaddr *)&at, len) == 0 || errno == EINPROGRESS));
    int taken = accept(listener, NULL, NULL);
    fetch_socket_end(&asked);
    assert_int_equal(recv(taken, &byte, 1, 0), 0);
    (void)close(fd);
    fd = fetch_socket_open(&asked, CURLSOCKTYPE_IPCXN, &address);
    must(fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && dup2(ends[0], fd) == fd);
    fetch_socket_end(&asked);
    assert_int_equal(send(fd, "x", 1, MSG_NOSIGNAL), 1);
    (void)close(fd), (void)close(taken), (void)close(listener), (void)close(ends[0]), (void)close(ends[1]);
}

/* No other address, port, family or purpose gets a socket. */
static void test_socket_is_for_one_address(void **state)
{
    static const struct {
        const char *ip;
        uint16_t port;
        unsigned shorter;
        curlsocktype purpose;
        bool given;
    } rows[] = {
        {"127.0.0.1", 443, 0, CURLSOCKTYPE_IPCXN, true},
        {"127.0.0.2", 443, 0, CURLSOCKTYPE_IPCXN, false},
        {"127.0.0.1", 444, 0, CURLSOCKTYPE_IPCXN, false},
        {"::1", 443, 0, CURLSOCKTYPE_IPCXN, false},
        {"127.0.0.1", 443, 1, CURLSOCKTYPE_IPCXN, false},
        {"127.0.0.1", 443, 0, CURLSOCKTYPE_ACCEPT, false},
        {"::ffff:127.0.0.1", 443, 0, CURLSOCKTYPE_IPCXN, false},
    };
    const uint8_t loopback[4] = {127, 0, 0, 1};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fetch_socket asked = {.ip = ip_v4(loopback), .port = 443, .fd = -1};
        struct sockaddr_storage storage;
        struct ip_addr ip;
        must(ip_parse(rows[i].ip, &ip));
        unsigned len = (unsigned)ip_sockaddr(&ip, rows[i].port, &storage);
        struct {
            struct curl_sockaddr address;
            char room[sizeof storage];
        } given = {.address = {.family = storage.ss_family,
                               .socktype = SOCK_STREAM,
                               .addrlen = len - rows[i].shorter}};
        memcpy((char *)&given + offsetof(struct curl_sockaddr, addr), &storage, len);
        int fd = fetch_socket_open(&asked, rows[i].purpose, &given.address);
        if ((fd >= 0) != rows[i].given)
            fail_msg("row %zu", i);
        assert_int_equal(asked.fd, rows[i].given ? fd : -1);
        assert_int_equal(asked.cookie != 0, rows[i].given);
        fetch_socket_end(&asked);
        assert_int_equal(asked.fd, -1);
        if (fd >= 0)
            (void)close(fd);
    }
}

static void test_request(void **state)
{
    struct world *world = *state;
    struct answer answer;
    char expected[512];
    struct peer peer = {.ctx = make_server(&world->leaf, NULL),
                        .behave = answer_text,
                        .text = HEAD "Content-Length: 4\r\n\r\n\x1f\x8b\x08\x01"};
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    (void)snprintf(expected, sizeof expected,
                   "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: " HOST ":%u\r\n"
                   "User-Agent: stsweep/" STSWEEP_VERSION " (+%s)\r\nAccept: text/plain\r\n\r\n",
                   peer.port, contact);
    assert_string_equal(peer.request, expected);
    assert_string_equal(peer.sni, HOST);
    assert_int_equal(answer.facts.body.len, 4);
    assert_memory_equal(answer.facts.body.data, "\x1f\x8b\x08\x01", 4);
    assert_int_equal(answer.facts.ip.family, 4);
    assert_memory_equal(answer.facts.ip.bytes, "\x7f\x00\x00\x01", 4);
    arena_dispose(&answer.arena);
}

static void test_contact(void **state)
{
    struct world *world = *state;
    struct config config = world->config;
    struct answer answer;
    const char *why = NULL;
    char injected[] = "https://a.test/\r\nX: y";
    char none[] = "";
    config.smtp_contact = injected;
    assert_null(fetcher_create(world->base, &config, world->trust, &why));
    assert_string_equal(why, "smtp.contact is too long or holds control characters");
    for (size_t len = 512 - strlen("stsweep/" STSWEEP_VERSION " (+)") - 1, more = 0; more < 2; more++) {
        char longest[512];
        memset(longest, '~', len + more); /* the last byte that is printable; the first is the space */
        longest[1] = ' ';
        longest[len + more] = '\0';
        config.smtp_contact = longest;
        struct fetcher *named = fetcher_create(world->base, &config, world->trust, &why);
        assert_int_equal(named != NULL, more == 0);
        assert_int_equal(why != NULL, more != 0);
        fetcher_destroy(named);
    }
    char deleted[] = "a\x7f";
    config.smtp_contact = deleted;
    assert_null(fetcher_create(world->base, &config, world->trust, &why));
    config.smtp_contact = none;
    struct fetcher *plain = fetcher_create(world->base, &config, world->trust, &why);
    assert_non_null(plain);
    struct peer peer = {.ctx = make_server(&world->leaf, NULL), .behave = answer_text, .text = HEAD "\r\n"};
    peer_start(&peer);
    struct fetch_request request = request_to(world, peer.port, &answer);
    (void)fetch_start(plain, &request);
    run(world);
    peer_stop(&peer);
    assert_int_equal(answer.calls, 1);
    assert_non_null(strstr(peer.request, "\r\nUser-Agent: stsweep/" STSWEEP_VERSION "\r\n"));
    fetcher_destroy(plain);
    arena_dispose(&answer.arena);
}

/* ---- handshakes and connections that fail -------------------------------------------------------------- */

static void test_tls_1_1_only(void **state)
{
    struct world *world = *state;
    struct answer answer;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .rsa_bits = 2048}, &world->root);
    struct peer peer = {.ctx = make_server(&leaf, NULL), .behave = hang_up};
    SSL_CTX_set_min_proto_version(peer.ctx, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(peer.ctx, TLS1_1_VERSION);
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    assert_int_equal(answer.facts.step, FETCH_TLS);
    assert_int_equal(answer.facts.net, NET_OK);
    assert_int_equal(answer.facts.tls.end, TLS_FAILED);
    assert_int_equal(answer.facts.tls.alert, SSL_AD_PROTOCOL_VERSION);
    assert_int_equal(answer.facts.tls.error_reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    assert_string_equal(answer.facts.tls.error_text, "alert protocol version");
    assert_false(answer.facts.protocol || answer.facts.truncated || answer.facts.deadline);
    arena_dispose(&answer.arena);
    identity_free(&leaf);
}

static int refuse_name(SSL *ssl, int *alert, void *arg)
{
    (void)ssl;
    (void)arg;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void test_alert(void **state)
{
    struct world *world = *state;
    struct answer answer;
    struct peer peer = {.ctx = make_server(&world->leaf, NULL), .behave = hang_up};
    SSL_CTX_set_tlsext_servername_callback(peer.ctx, refuse_name);
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    assert_int_equal(answer.facts.step, FETCH_TLS);
    assert_int_equal(answer.facts.tls.end, TLS_FAILED);
    assert_int_equal(answer.facts.tls.alert, SSL_AD_UNRECOGNIZED_NAME);
    arena_dispose(&answer.arena);
}

/* Takes the one protocol in arg, or refuses (RFC 7301 section 3.2). */
static int choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    const char *wanted = arg;
    unsigned char *found = NULL;
    (void)ssl;
    int result = SSL_select_next_proto(&found, len, (const unsigned char *)wanted, (unsigned)strlen(wanted),
                                       in, in_len);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* We say http/1.1: who wants that is served, who wants HTTP/2 alone refuses the handshake. */
static void test_alpn(void **state)
{
    static char old[] = "\x08http/1.1";
    static char new[] = "\x02h2";
    struct world *world = *state;
    struct answer answer;
    for (int i = 0; i < 2; i++) {
        struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                            .behave = answer_text,
                            .text = HEAD "\r\n"};
        SSL_CTX_set_alpn_select_cb(peer.ctx, choose_protocol, i == 0 ? old : new);
        peer_start(&peer);
        fetch_from(world, peer.port, PATIENT_MS, &answer);
        peer_stop(&peer);
        assert_int_equal(answer.facts.tls.end, i == 0 ? TLS_DONE : TLS_FAILED);
        assert_int_equal(answer.facts.tls.alert, i == 0 ? -1 : SSL_AD_NO_APPLICATION_PROTOCOL);
        assert_int_equal(answer.facts.http_status, i == 0 ? 200 : 0);
        arena_dispose(&answer.arena);
    }
}

/* TLS 1.3: the client's side is done before the server asks in vain for a certificate. */
static void test_alert_after_the_handshake(void **state)
{
    struct world *world = *state;
    struct answer answer;
    struct peer peer = {.ctx = make_server(&world->leaf, NULL), .behave = hang_up};
    SSL_CTX_set_verify(peer.ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    assert_int_equal(answer.facts.step, FETCH_TLS);
    assert_int_equal(answer.facts.tls.end, TLS_FAILED);
    assert_int_equal(answer.facts.tls.alert, SSL_AD_CERTIFICATE_REQUIRED);
    assert_int_equal(answer.facts.tls.error_reason, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED);
    assert_non_null(answer.facts.tls.error_text);
    assert_string_equal(answer.facts.tls.error_text, "alert certificate required");
    assert_int_equal(answer.facts.tls.cert_count, 1);
    arena_dispose(&answer.arena);
}

/* A client's end of a handshake that is done, in memory. */
static SSL *shaken(SSL_CTX *client, SSL_CTX *server, int version)
{
    BIO *one, *other;
    SSL *asks = SSL_new(client), *answers = SSL_new(server);
    must(BIO_new_bio_pair(&one, 0, &other, 0) == 1 && SSL_set_max_proto_version(asks, version) == 1);
    SSL_set_bio(asks, one, one);
    SSL_set_bio(answers, other, other);
    SSL_set_connect_state(asks);
    SSL_set_accept_state(answers);
    for (int i = 0; i < 4; i++) {
        (void)SSL_do_handshake(asks);
        (void)SSL_do_handshake(answers);
    }
    must(SSL_is_init_finished(asks) && SSL_version(asks) == version);
    SSL_free(answers);
    return asks;
}

/* Which alerts behind the handshake are the server's refusal, by the version (RFC 8446 section 6). */
static void test_alerts_that_refuse(void **state)
{
    static const struct {
        int version, level, alert, late;
    } rows[] = {
        {TLS1_3_VERSION, 2, SSL_AD_HANDSHAKE_FAILURE, SSL_AD_HANDSHAKE_FAILURE},
        {TLS1_3_VERSION, 1, SSL_AD_HANDSHAKE_FAILURE, SSL_AD_HANDSHAKE_FAILURE},
        {TLS1_3_VERSION, 2, SSL_AD_USER_CANCELLED, -1},
        {TLS1_3_VERSION, 1, SSL_AD_USER_CANCELLED, -1},
        {TLS1_3_VERSION, 2, SSL_AD_CLOSE_NOTIFY, -1},
        {TLS1_2_VERSION, 2, SSL_AD_HANDSHAKE_FAILURE, SSL_AD_HANDSHAKE_FAILURE},
        {TLS1_2_VERSION, 1, SSL_AD_UNRECOGNIZED_NAME, -1},
        {TLS1_2_VERSION, 1, SSL_AD_CLOSE_NOTIFY, -1},
    };
    struct world *world = *state;
    SSL_CTX *server = make_server(&world->leaf, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena arena;
        struct tls_facts facts = {.end = TLS_NOT_TRIED};
        struct fetch_tls tls = {.reference = HOST, .arena = &arena, .facts = &facts, .wire_limit = 1 << 20};
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        tls.late_alert = -1;
        arena_init(&arena, 1 << 20);
        must(ctx != NULL && fetch_tls_setup(ctx, world->trust, &tls) == ERR_OK);
        SSL *ssl = shaken(ctx, server, rows[i].version);
        SSL_CTX_get_info_callback(ctx)(ssl, SSL_CB_READ_ALERT, rows[i].level << 8 | rows[i].alert);
        if (tls.late_alert != rows[i].late || tls.close_notify != (rows[i].alert == SSL_AD_CLOSE_NOTIFY))
            fail_msg("row %zu: alert %d, close_notify %d", i, tls.late_alert, tls.close_notify);
        fetch_tls_mute(&tls);
        SSL_free(ssl);
        SSL_CTX_free(ctx);
        arena_dispose(&arena);
    }
    SSL_CTX_free(server);
}

struct raw_case {
    const char *name;
    behaviour behave;
    const char *text;
    size_t count;
    int64_t timeout_ms;
    enum tls_end end;
    enum net_error net;
    bool deadline;
    int reason;
};

static const struct raw_case raw_cases[] = {
    {"TLS plaintext", raw_text, "220 hello\r\n", 11, PATIENT_MS, TLS_FAILED, NET_OK, false,
     SSL_R_WRONG_VERSION_NUMBER},
    {"TLS plain HTTP", raw_text, "HTTP/1.1 400 Bad\r\n\r\n", 20, PATIENT_MS, TLS_FAILED, NET_OK, false,
     SSL_R_WRONG_VERSION_NUMBER},
    {"TLS fatal alert", raw_text, "\x15\x03\x03\x00\x02\x02\x28", 7, PATIENT_MS, TLS_FAILED, NET_OK, false,
     SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE},
    {"TLS internal error", raw_text, "\x15\x03\x03\x00\x02\x02\x50", 7, PATIENT_MS, TLS_FAILED, NET_OK, false,
     SSL_R_TLSV1_ALERT_INTERNAL_ERROR},
    {"TLS records of data alone", raw_text, "\x17\x03\x03\x00\x05hello", 10, PATIENT_MS, TLS_FAILED, NET_OK,
     false, SSL_R_UNEXPECTED_MESSAGE},
    {"TLS closed", raw_close, "", 0, PATIENT_MS, TLS_CLOSED, NET_RESET, false,
     SSL_R_UNEXPECTED_EOF_WHILE_READING},
    {"TLS reset", raw_reset, "", 0, PATIENT_MS, TLS_CLOSED, NET_RESET, false, 0},
    {"TLS silence past connect_timeout until the deadline", raw_text, "", 0, 600, TLS_TIMEOUT, NET_OK, true,
     0},
};

static void check_raw(struct world *world, const struct raw_case *row, bool large)
{
    struct answer answer;
    struct peer peer = {.behave = row->behave, .text = row->text, .count = row->count};
    must(trust_offer(world->trust, large ? "ffdhe4096" : "", NULL) == ERR_OK);
    peer_start(&peer);
    if (row->end != TLS_TIMEOUT)
        fetch_from(world, peer.port, row->timeout_ms, &answer);
    else
        fetch_with_short_connect(world, peer.port, row->timeout_ms, &answer);
    for (int i = 1; i < TRIES && row->end == TLS_TIMEOUT && late(&answer, row->timeout_ms); i++) {
        arena_dispose(&answer.arena);
        fetch_with_short_connect(world, peer.port, row->timeout_ms, &answer);
    }
    peer_stop(&peer);
    must(trust_offer(world->trust, "", NULL) == ERR_OK);
    const struct fetch_facts *facts = &answer.facts;
    int alert = row->reason > SSL_AD_REASON_OFFSET ? row->reason - SSL_AD_REASON_OFFSET : -1;
    assert_int_equal(facts->tls.hello_unanswered,
                     large && (row->end == TLS_CLOSED || row->end == TLS_TIMEOUT || alert == 80));
    if (facts->step != FETCH_TLS || facts->tls.end != row->end || facts->net != row->net ||
        facts->deadline != row->deadline || facts->tls.error_reason != row->reason)
        fail_msg("%s: step %d, tls %d, net %d, deadline %d, reason %d (%s)", row->name, (int)facts->step,
                 (int)facts->tls.end, (int)facts->net, facts->deadline, facts->tls.error_reason,
                 facts->tls.error_text == NULL ? "-" : facts->tls.error_text);
    assert_int_equal(facts->tls.alert, alert);
    assert_int_equal(facts->http_status, 0);
    assert_int_equal(facts->tls.cert_count, 0);
    arena_dispose(&answer.arena);
}

/* TLS records that say they hold data, in answer to the ClientHello, over and over: empty ones too. */
static void raw_flood(struct peer *peer, int fd, SSL *ssl)
{
    char hello[4096];
    (void)ssl;
    (void)recv(fd, hello, sizeof hello, 0);
    for (size_t i = 0; i < FLOOD_RECORDS && send(fd, peer->text, peer->count, MSG_NOSIGNAL) > 0; i++)
        continue;
    (void)recv(fd, hello, sizeof hello, 0);
}

static void test_flood_of_data_in_the_handshake(void **state)
{
    static const struct {
        const char *record;
        size_t len;
    } rows[] = {{"\x17\x03\x03\x00\x00", 5}, {"\x17\x03\x03\x00\x01x", 6}, {"\x17\x03\x01\x00\x00", 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct answer answer;
        struct peer peer = {.behave = raw_flood, .text = rows[i].record, .count = rows[i].len};
        peer_start(&peer);
        fetch_from(*state, peer.port, PATIENT_MS, &answer);
        peer_stop(&peer);
        assert_int_equal(answer.facts.step, FETCH_TLS);
        assert_true(answer.facts.tls.end == TLS_FAILED || answer.facts.tls.end == TLS_FLOODED);
        assert_false(answer.facts.deadline);
        arena_dispose(&answer.arena);
    }
}

static void test_raw_peers(void **state)
{
    for (size_t i = 0; i < sizeof raw_cases / sizeof raw_cases[0]; i++)
        for (int large = 0; large < 2; large++)
            check_raw(*state, &raw_cases[i], large);
}

static void test_refused(void **state)
{
    struct answer answer;
    uint16_t port;
    (void)close(listen_on_loopback(&port));
    fetch_from(*state, port, PATIENT_MS, &answer);
    assert_int_equal(answer.facts.step, FETCH_CONNECT);
    assert_int_equal(answer.facts.net, NET_REFUSED);
    assert_int_equal(answer.facts.tls.end, TLS_NOT_TRIED);
    assert_int_equal(answer.facts.tls.alert, -1);
    assert_false(answer.facts.deadline);
    arena_dispose(&answer.arena);
}

/* A listener whose queue is full does not answer a SYN: connect_timeout ends it before the deadline.
 */
static void test_connect_timeout(void **state)
{
    enum { FILLERS = 4 };
    struct answer answer;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fillers[FILLERS];
    uint16_t port;
    int fd = listen_on_loopback(&port);
    assert_int_equal(listen(fd, 0), 0);
    address.sin_port = htons(port);
    for (int i = 0; i < FILLERS; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    fetch_with_short_connect(*state, port, PATIENT_MS, &answer);
    assert_int_equal(answer.facts.step, FETCH_CONNECT);
    assert_int_equal(answer.facts.net, NET_TIMEOUT);
    assert_int_equal(answer.facts.tls.end, TLS_NOT_TRIED);
    assert_in_range(answer.facts.ms, SHORT_CONNECT_MS, PATIENT_MS - 1);
    for (int i = 0; i < FILLERS; i++)
        (void)close(fillers[i]);
    (void)close(fd);
    arena_dispose(&answer.arena);
}

/* Hosts that would mean something else in a URL, addresses that are none: answered, and not from fetch_start.
 */
static void test_what_cannot_be_started(void **state)
{
    static const char *const hosts[] = {"",          "a@b.test",    "a.test/x", "a.test#",
                                        "a.test:80", "a\r\nb.test", "[::1]"};
    struct world *world = *state;
    struct answer answer;
    struct peer peer = {.ctx = make_server(&world->leaf, NULL),
                        .behave = answer_text,
                        .text = HEAD "Content-Length: 2\r\n\r\nhi"};
    peer_start(&peer);
    fetch_from(world, peer.port, PATIENT_MS, &answer);
    peer_stop(&peer);
    assert_string_equal(answer.facts.media_type, "text/plain"); /* of whose handle nothing is left */
    arena_dispose(&answer.arena);
    for (size_t i = 0; i <= sizeof hosts / sizeof hosts[0]; i++) {
        struct fetch_request request = request_to(world, 443, &answer);
        if (i < sizeof hosts / sizeof hosts[0])
            request.host = hosts[i];
        else
            request.ip = (struct ip_addr){0};
        assert_true(handle_is_set(fetch_start(world->fetcher, &request)));
        assert_int_equal(answer.calls, 0);
        run(world);
        assert_int_equal(answer.calls, 1);
        assert_int_equal(answer.facts.step, FETCH_CONNECT);
        assert_int_equal(answer.facts.net, NET_OTHER);
        assert_null(answer.facts.media_type);
        assert_int_equal(answer.facts.http_status, 0);
        arena_dispose(&answer.arena);
    }
}

static struct rlimit files_before;

static void on_done_with_files(void *arg, struct fetch_facts *facts)
{
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files_before), 0);
    on_done(arg, facts);
}

/* Files of ours that ran out are no fault of the policy host. */
static void test_no_files_left(void **state)
{
    struct answer answer;
    uint16_t port;
    int fd = listen_on_loopback(&port);
    struct fetch_request request = request_to(*state, port, &answer);
    request.done = on_done_with_files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files_before), 0);
    int lowest = dup(fd);
    assert_true(lowest >= 0 && close(lowest) == 0);
    const struct rlimit none = {.rlim_cur = (rlim_t)lowest, .rlim_max = files_before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    (void)fetch_start(((struct world *)*state)->fetcher, &request);
    run(*state);
    (void)close(fd);
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.facts.step, FETCH_CONNECT);
    assert_int_equal(answer.facts.net, NET_RESOURCES);
    arena_dispose(&answer.arena);
}

/* As long as a host may be, and a byte longer. */
static void test_longest_host(void **state)
{
    struct answer answer;
    uint16_t port;
    (void)close(listen_on_loopback(&port));
    for (size_t len = 252; len <= 254; len++) {
        char host[256];
        for (size_t i = 0; i < len; i++)
            host[i] = i % 50 == 49 ? '.' : 'a';
        host[len] = '\0';
        struct fetch_request request = request_to(*state, port, &answer);
        request.host = host;
        (void)fetch_start(((struct world *)*state)->fetcher, &request);
        run(*state);
        assert_int_equal(answer.calls, 1);
        assert_int_equal(answer.facts.net, len <= 253 ? NET_REFUSED : NET_OTHER);
        arena_dispose(&answer.arena);
    }
}

/* ---- what is told of a fetch --------------------------------------------------------------------------- */

static char told[16][TRACE_LINE_BYTES];
static size_t told_count;

static void keep_line(void *arg, const char *line)
{
    (void)arg;
    assert_true(told_count < sizeof told / sizeof told[0]);
    (void)strcpy(told[told_count++], line);
}

static bool is_told(const char *words)
{
    for (size_t i = 0; i < told_count; i++)
        if (strstr(told[i], words) != NULL)
            return true;
    return false;
}

static void check_told(struct world *world, struct peer *peer, int64_t timeout_ms, const char *end, bool tls)
{
    struct answer answer;
    char get[256];
    struct trace trace = {.domain = HOST, .write = keep_line};
    if (peer->behave != NULL)
        peer_start(peer);
    struct fetch_request request = request_to(world, peer->port, &answer);
    request.trace = &trace;
    request.timeout_ms = timeout_ms;
    told_count = 0;
    (void)fetch_start(world->fetcher, &request);
    run(world);
    if (peer->behave != NULL)
        peer_stop(peer);
    (void)snprintf(get, sizeof get,
                   " ms  " HOST " 127.0.0.1: GET https://" HOST ":%u/.well-known/mta-sts.txt", peer->port);
    assert_true(is_told(get));
    if (!is_told(end))
        fail_msg("%s: not: %s", told[told_count - 1], end);
    assert_int_equal(is_told("TLS"), tls);
    arena_dispose(&answer.arena);
}

static void test_told(void **state)
{
    struct world *world = *state;
    struct peer whole = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                         .behave = answer_text,
                         .text = HEAD "Content-Length: 5\r\n\r\nhello"};
    check_told(world, &whole, 5000, "fetch ended at done: status 200, 5 bytes, ", true);
    assert_true(is_told(": < HTTP/1.1 200 OK"));
    assert_true(is_told(": < Content-Type: text/plain"));
    assert_false(is_told("hello"));
    struct peer silent = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                          .behave = answer_and_hang,
                          .text = HEAD "Content-Length: 50\r\n\r\nhello"};
    check_told(world, &silent, 400, ", deadline: status 200, ", true);
    struct peer gone = {.port = 0};
    (void)close(listen_on_loopback(&gone.port));
    check_told(world, &gone, 5000, ": status 0, 0 bytes, ", false);
    assert_true(is_told("fetch ended at connect, refused: status 0"));
}

static void test_ipv6(void **state)
{
    struct world *world = *state;
    struct answer answer;
    struct fetch_request request = request_to(world, 1, &answer);
    assert_true(ip_parse("::1", &request.ip));
    (void)fetch_start(world->fetcher, &request);
    run(world);
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.facts.step, FETCH_CONNECT);
    assert_true(answer.facts.net == NET_REFUSED || answer.facts.net == NET_UNREACHABLE ||
                answer.facts.net == NET_OTHER);
    assert_int_equal(answer.facts.ip.family, 6);
    arena_dispose(&answer.arena);
}

/* The address stands in brackets in what libcurl is told, the name alone in what the peer is told. */
static void test_whole_by_ipv6(void **state)
{
    struct world *world = *state;
    struct answer answer;
    char host[64];
    struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                        .behave = answer_text,
                        .text = HEAD "Content-Length: 5\r\n\r\nhello",
                        .six = true};
    peer_start(&peer);
    struct fetch_request request = request_to(world, peer.port, &answer);
    assert_true(ip_parse("::1", &request.ip));
    (void)fetch_start(world->fetcher, &request);
    run(world);
    peer_stop(&peer);
    (void)snprintf(host, sizeof host, "\r\nHost: " HOST ":%u\r\n", peer.port);
    assert_int_equal(answer.calls, 1);
    assert_int_equal(answer.facts.step, FETCH_DONE);
    assert_int_equal(answer.facts.body.len, 5);
    assert_true(ip_equal(&answer.facts.ip, &request.ip));
    assert_non_null(strstr(peer.request, host));
    assert_string_equal(peer.sni, HOST);
    assert_true(answer.facts.tls.name_match);
    arena_dispose(&answer.arena);
}

/* What does not fit must not look like a whole answer; with nothing at all there are still facts. */
static void test_full_arena(void **state)
{
    static const size_t ceilings[] = {0, 600, 2048, 4096, 8192};
    struct world *world = *state;
    struct answer answer;
    struct peer peer = {.ctx = make_server(&world->leaf, NULL), .behave = answer_bytes, .count = 20000};
    peer_start(&peer);
    for (size_t i = 0; i < sizeof ceilings / sizeof ceilings[0]; i++) {
        struct fetch_request request = request_to(world, peer.port, &answer);
        arena_init(&answer.arena, ceilings[i]);
        (void)fetch_start(world->fetcher, &request);
        run(world);
        assert_int_equal(answer.calls, 1);
        assert_true(answer.facts.too_large || answer.facts.tls.truncated);
        assert_int_equal(answer.facts.net, NET_OK);
        assert_int_not_equal(answer.facts.step, FETCH_DONE);
        assert_int_equal(answer.facts.body.len, 0);
        arena_dispose(&answer.arena);
    }
    peer_stop(&peer);
}

/* ---- many, cancel, destroy ----------------------------------------------------------------------------- */

static int count_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int count = 0;
    must(dir != NULL);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count;
}

static int64_t thread_cpu_us(void)
{
    struct rusage usage;
    must(getrusage(RUSAGE_THREAD, &usage) == 0);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * INT64_C(1000000) + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

enum { MANY = 500, SOME = 100 };

struct crowd {
    struct world *world;
    int size; /* up to MANY */
    struct answer answers[MANY];
    int done;
    int whole;
};

static void on_one_of_many(void *arg, struct fetch_facts *facts)
{
    struct crowd *crowd = arg;
    crowd->done++;
    crowd->whole += facts->step == FETCH_DONE && facts->http_status == 200 && facts->tls.name_match &&
                    facts->tls.error_count == 0 && facts->body.len == strlen(POLICY);
    if (crowd->done == crowd->size)
        (void)event_base_loopbreak(crowd->world->base);
}

static struct crowd *make_crowd(struct world *world, int size)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    must(crowd != NULL);
    crowd->world = world;
    crowd->size = size;
    return crowd;
}

static void start_crowd(struct crowd *crowd, uint16_t port, struct handle handles[MANY])
{
    for (int i = 0; i < crowd->size; i++) {
        struct fetch_request request = request_to(crowd->world, port, &crowd->answers[i]);
        request.timeout_ms = 50000;
        request.done = on_one_of_many;
        request.arg = crowd;
        handles[i] = fetch_start(crowd->world->fetcher, &request);
    }
}

static void free_crowd(struct crowd *crowd)
{
    for (int i = 0; i < crowd->size; i++)
        arena_dispose(&crowd->answers[i].arena);
    free(crowd);
}

static void test_many_at_once(void **state)
{
    struct handle handles[MANY];
    struct crowd *crowd = make_crowd(*state, MANY);
    struct peer peer = {.ctx = make_server(&crowd->world->leaf, crowd->world->intermediate.cert),
                        .behave = answer_text,
                        .text = HEAD "Content-Length: 70\r\n\r\n" POLICY};
    assert_int_equal(strlen(POLICY), 70);
    int fds = count_fds();
    peer_start(&peer);
    int64_t cpu = thread_cpu_us();
    start_crowd(crowd, peer.port, handles);
    assert_int_equal(fetch_live(crowd->world->fetcher), MANY);
    run(crowd->world);
    cpu = thread_cpu_us() - cpu;
    peer_stop(&peer);
    print_message("%d fetches at once, %d us of CPU each\n", MANY, (int)(cpu / MANY));
    assert_int_equal(crowd->done, MANY);
    assert_int_equal(crowd->whole, MANY);
    assert_int_equal(fetch_live(crowd->world->fetcher), 0);
    assert_int_equal(count_fds(), fds);
    free_crowd(crowd);
}

/* Cancelled in every state that a crowd is in after a while; stale handles find nothing. */
static void test_cancel_in_flight(void **state)
{
    struct handle handles[MANY];
    struct crowd *crowd = make_crowd(*state, MANY);
    struct peer peer = {
        .ctx = make_server(&crowd->world->leaf, NULL), .behave = answer_text, .text = HEAD "\r\n"};
    int fds = count_fds();
    peer_start(&peer);
    start_crowd(crowd, peer.port, handles);
    run_for(crowd->world, 60);
    int done = crowd->done;
    for (int i = 0; i < MANY; i++) {
        arena_dispose(&crowd->answers[i].arena);
        fetch_cancel(crowd->world->fetcher, handles[i]);
        fetch_cancel(crowd->world->fetcher, handles[i]);
    }
    assert_int_equal(fetch_live(crowd->world->fetcher), 0);
    (void)event_base_loop(crowd->world->base, EVLOOP_NONBLOCK);
    peer_stop(&peer);
    assert_int_equal(crowd->done, done);
    assert_true(done < MANY);
    assert_int_equal(count_fds(), fds);
    free_crowd(crowd);
}

struct chain {
    struct world *world;
    struct answer first, second, third;
    struct fetch_request third_request;
    struct handle second_handle;
};

/* In done: cancel another, start another. */
static void on_first(void *arg, struct fetch_facts *facts)
{
    struct chain *chain = arg;
    chain->first.calls++;
    chain->first.facts = *facts;
    fetch_cancel(chain->world->fetcher, chain->second_handle);
    (void)fetch_start(chain->world->fetcher, &chain->third_request);
}

static void test_cancel_and_start_in_done(void **state)
{
    struct world *world = *state;
    struct chain chain = {.world = world};
    struct peer peer = {
        .ctx = make_server(&world->leaf, NULL), .behave = answer_text, .text = "HTTP/1.1 404 N\r\n\r\n"};
    peer_start(&peer);
    struct fetch_request first = request_to(world, peer.port, &chain.first);
    struct fetch_request second = request_to(world, peer.port, &chain.second);
    chain.third_request = request_to(world, peer.port, &chain.third);
    first.done = on_first;
    first.arg = &chain;
    (void)fetch_start(world->fetcher, &first);
    chain.second_handle = fetch_start(world->fetcher, &second);
    run(world);
    peer_stop(&peer);
    assert_int_equal(chain.first.calls, 1);
    assert_int_equal(chain.second.calls, 0);
    assert_int_equal(chain.third.calls, 1);
    assert_int_equal(chain.third.facts.http_status, 404);
    assert_int_equal(fetch_live(world->fetcher), 0);
    arena_dispose(&chain.first.arena);
    arena_dispose(&chain.second.arena);
    arena_dispose(&chain.third.arena);
}

struct doomed {
    struct event_base *base;
    struct fetcher *fetcher;
    int calls;
};

static void destroy_in_done(void *arg, struct fetch_facts *facts)
{
    struct doomed *doomed = arg;
    (void)facts;
    doomed->calls++;
    fetcher_destroy(doomed->fetcher);
    (void)event_base_loopbreak(doomed->base);
}

/* By done of a transfer, by done of a deadline, and from outside: the others go without a word. */
static void check_destroy(struct world *world, const char *text, int64_t timeout_ms, bool from_done)
{
    const char *why;
    struct answer answers[8];
    struct doomed doomed = {.base = world->base};
    int fds = count_fds();
    doomed.fetcher = fetcher_create(world->base, &world->config, world->trust, &why);
    assert_non_null(doomed.fetcher);
    struct peer peer = {.ctx = make_server(&world->leaf, NULL), .behave = answer_and_hang, .text = text};
    peer_start(&peer);
    for (int i = 0; i < 8; i++) {
        struct fetch_request request = request_to(world, peer.port, &answers[i]);
        request.timeout_ms = timeout_ms;
        request.done = destroy_in_done;
        request.arg = &doomed;
        (void)fetch_start(doomed.fetcher, &request);
    }
    if (from_done) {
        run(world);
    } else {
        run_for(world, 20);
        fetcher_destroy(doomed.fetcher);
    }
    (void)event_base_loop(world->base, EVLOOP_NONBLOCK);
    peer_stop(&peer);
    assert_int_equal(doomed.calls, from_done);
    assert_int_equal(count_fds(), fds);
    for (int i = 0; i < 8; i++)
        arena_dispose(&answers[i].arena);
}

static void test_destroy_in_flight(void **state)
{
    check_destroy(*state, "HTTP/1.1 500 X\r\n\r\n", 5000, true);
    check_destroy(*state, "", 200, true);
    check_destroy(*state, "", 5000, false);
    fetcher_destroy(NULL);
}

/* Two loops with a fetcher each share the trust and nothing else. */
struct loop_thread {
    pthread_t thread;
    struct world world;
    struct crowd *crowd;
    uint16_t port;
};

static void *run_loop(void *arg)
{
    struct loop_thread *loop = arg;
    struct handle handles[MANY];
    const char *why;
    loop->world.base = event_base_new();
    loop->world.fetcher = fetcher_create(loop->world.base, &loop->world.config, loop->world.trust, &why);
    must(loop->world.fetcher != NULL);
    loop->crowd->world = &loop->world;
    start_crowd(loop->crowd, loop->port, handles);
    run(&loop->world);
    fetcher_destroy(loop->world.fetcher);
    event_base_free(loop->world.base);
    return NULL;
}

static void test_two_loops(void **state)
{
    struct world *world = *state;
    struct loop_thread loops[2];
    struct peer peer = {.ctx = make_server(&world->leaf, world->intermediate.cert),
                        .behave = answer_text,
                        .text = HEAD "Content-Length: 70\r\n\r\n" POLICY};
    peer_start(&peer);
    for (int i = 0; i < 2; i++) {
        loops[i] = (struct loop_thread){.world = *world, .port = peer.port, .crowd = make_crowd(world, SOME)};
        must(pthread_create(&loops[i].thread, NULL, run_loop, &loops[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        must(pthread_join(loops[i].thread, NULL) == 0);
        assert_int_equal(loops[i].crowd->whole, SOME);
        free_crowd(loops[i].crowd);
    }
    peer_stop(&peer);
}

/* libcurl must not have set flags of its own on the store that everybody shares. */
static void test_store_is_untouched(void **state)
{
    struct world *world = *state;
    X509_VERIFY_PARAM *param = X509_STORE_get0_param(trust_store(world->trust));
    unsigned long flags = X509_VERIFY_PARAM_get_flags(param);
    assert_int_equal(flags & X509_V_FLAG_PARTIAL_CHAIN, 0);
    assert_int_equal(trust_root_count(world->trust), 1);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(trust_store(world->trust))), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_blanks_in_status),
        cmocka_unit_test(test_odd_answers),
        cmocka_unit_test(test_http2_frames),
        cmocka_unit_test(test_max_bytes),
        cmocka_unit_test(test_max_bytes_and_floods),
        cmocka_unit_test(test_nothing_is_left_connected),
        cmocka_unit_test(test_socket_ends),
        cmocka_unit_test(test_socket_is_for_one_address),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_contact),
        cmocka_unit_test(test_tls_1_1_only),
        cmocka_unit_test(test_alert),
        cmocka_unit_test(test_alpn),
        cmocka_unit_test(test_alert_after_the_handshake),
        cmocka_unit_test(test_alerts_that_refuse),
        cmocka_unit_test(test_raw_peers),
        cmocka_unit_test(test_flood_of_data_in_the_handshake),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_what_cannot_be_started),
        cmocka_unit_test(test_no_files_left),
        cmocka_unit_test(test_longest_host),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_whole_by_ipv6),
        cmocka_unit_test(test_full_arena),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_cancel_in_flight),
        cmocka_unit_test(test_cancel_and_start_in_done),
        cmocka_unit_test(test_destroy_in_flight),
        cmocka_unit_test(test_two_loops),
        cmocka_unit_test(test_store_is_untouched),
    };
    return cmocka_run_group_tests_name("fetch", tests, world_open, world_close);
}
