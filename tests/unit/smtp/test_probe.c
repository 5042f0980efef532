/* The probe against scripted servers on loopback: what each misbehaviour shows as, deadlines, many at once,
 * ends in flight. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/sslerr.h>
#include <signal.h>
#include <sys/resource.h>

#include "scanner/base/arena.h"
#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/smtp/probe.h"
#include "tests/unit/certs.h"
#include "tests/unit/open_files.h"
#include "tests/unit/smtp_peer.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOST         "mx1.example.test"

enum {
    ARENA_BYTES = 1024 * 1024,
    CONNECT_MS = 500,
    STEP_MS = 400,
    SESSION_MS = 1300,
    PATIENCE_MS = 50000,
    LATE_MS = 300,
    TRIES = 6,
    MANY = 1000
};

/* What the server presents and speaks. */
enum server_kind {
    GOOD,
    EXPIRED,
    NOT_YET,
    SELF_SIGNED,
    UNTRUSTED,
    OTHER_NAME,
    NO_NAME,
    INCOMPLETE,
    ONLY_TLS12,
    ONLY_TLS11,
    WANTS_CLIENT_CERT,
    WANTS_CLIENT_CERT_TLS12,
    SERVER_KINDS
};

struct world {
    struct event_base *base;
    struct config config;
    struct identity root;
    struct identity intermediate;
    struct identity stranger;
    struct identity leaves[SERVER_KINDS];
    SSL_CTX *servers[SERVER_KINDS];
    struct trust *trust;
};

static char ehlo_name[] = "probe.example.test";

/* ---- the world ----------------------------------------------------------------------------------------- */

static struct identity make_leaf(struct world *world, enum server_kind kind)
{
    struct cert_spec spec = {.cn = HOST, .san = "DNS:" HOST};
    const struct identity *issuer = &world->intermediate;
    if (kind == EXPIRED)
        spec.from_s = -20 * 86400, spec.to_s = -86400;
    else if (kind == NOT_YET)
        spec.from_s = 86400;
    else if (kind == SELF_SIGNED)
        issuer = NULL;
    else if (kind == UNTRUSTED)
        issuer = &world->stranger;
    else if (kind == OTHER_NAME)
        spec.san = "DNS:other.example.test";
    else if (kind == NO_NAME)
        spec.san = NULL;
    return make_identity(&spec, issuer);
}

static SSL_CTX *make_kind(struct world *world, enum server_kind kind)
{
    world->leaves[kind] = make_leaf(world, kind);
    bool chain = kind != INCOMPLETE && kind != SELF_SIGNED && kind != UNTRUSTED;
    SSL_CTX *ctx = make_server(&world->leaves[kind], chain ? world->intermediate.cert : NULL);
    if (kind == ONLY_TLS12 || kind == WANTS_CLIENT_CERT_TLS12)
        must(SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1);
    if (kind == ONLY_TLS11) {
        must(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1);
        must(SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION) == 1);
    }
    if (kind == WANTS_CLIENT_CERT || kind == WANTS_CLIENT_CERT_TLS12)
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return ctx;
}

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[] = "/tmp/test-probe-XXXXXX";
    const char *why;
    must(world != NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    tls_library_init();
    world->base = event_base_new();
    world->config.smtp_ehlo = ehlo_name;
    world->config.smtp_connect_timeout = CONNECT_MS;
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
    world->root = make_identity(&(struct cert_spec){.cn = "Test Root", .ca = true}, NULL);
    world->intermediate =
        make_identity(&(struct cert_spec){.cn = "Test Intermediate", .ca = true}, &world->root);
    world->stranger = make_identity(&(struct cert_spec){.cn = "Nobody's Root", .ca = true}, NULL);
    for (enum server_kind kind = 0; kind < SERVER_KINDS; kind++)
        world->servers[kind] = make_kind(world, kind);
    write_roots(path, &world->root, 1);
    world->trust = trust_create(path, &why);
    (void)unlink(path);
    must(world->base != NULL && world->trust != NULL);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    for (enum server_kind kind = 0; kind < SERVER_KINDS; kind++) {
        SSL_CTX_free(world->servers[kind]);
        identity_free(&world->leaves[kind]);
    }
    trust_destroy(world->trust);
    identity_free(&world->root);
    identity_free(&world->intermediate);
    identity_free(&world->stranger);
    event_base_free(world->base);
    free(world);
    return 0;
}

static struct world *world_of(void **state)
{
    static struct world *world; /* the group's, kept as the cases have states of their own */
    if (world == NULL)
        must(world_open((void **)&world) == 0);
    (void)state;
    return world;
}

static int group_close(void **state)
{
    struct world *world = world_of(state);
    return world_close((void **)&world);
}

/* ---- one probe ----------------------------------------------------------------------------------------- */

struct visit {
    struct arena arena;
    struct probe_facts facts;
    struct handle handle;
    int calls;
    bool starting; /* inside probe_start */
};

static struct prober *open_prober(struct world *world, uint16_t port)
{
    const char *why = "?";
    world->config.smtp_port = port;
    struct prober *prober = prober_create(world->base, &world->config, world->trust, &why);
    assert_non_null(prober);
    return prober;
}

static void on_done(void *arg, struct probe_facts *facts)
{
    struct visit *visit = arg;
    assert_false(visit->starting);
    assert_ptr_equal(facts, &visit->facts);
    visit->calls++;
}

static void visit_start(struct visit *visit, struct prober *prober, const char *host, const char *ip)
{
    struct probe_request request = {
        .host = host, .arena = &visit->arena, .facts = &visit->facts, .done = on_done, .arg = visit};
    *visit = (struct visit){.starting = true};
    memset(&visit->facts, 0xff, sizeof visit->facts); /* zeroed by probe_start */
    arena_init(&visit->arena, ARENA_BYTES);
    assert_true(ip_parse(ip, &request.ip));
    visit->handle = probe_start(prober, &request);
    visit->starting = false;
    assert_true(handle_is_set(visit->handle));
}

static void turn(struct world *world, int ms)
{
    const struct timeval most = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    must(event_base_loopexit(world->base, &most) == 0);
    must(event_base_loop(world->base, EVLOOP_ONCE) >= 0);
}

static void run_until(struct world *world, const int *calls, int wanted)
{
    int64_t until = clock_monotonic_ms() + PATIENCE_MS;
    while (*calls < wanted && clock_monotonic_ms() < until)
        turn(world, 50);
    assert_int_equal(*calls, wanted);
}

/* A probe of the address, to its end. */
static void visit_run(struct visit *visit, struct world *world, uint16_t port, const char *host,
                      const char *ip)
{
    struct prober *prober = open_prober(world, port);
    visit_start(visit, prober, host, ip);
    assert_int_equal(probe_live(prober), 1);
    run_until(world, &visit->calls, 1);
    assert_int_equal(probe_live(prober), 0);
    turn(world, 5);
    assert_int_equal(visit->calls, 1);
    prober_destroy(prober);
}

/* ---- scripts ------------------------------------------------------------------------------------------- */

#define SEND(text)                                                                                           \
    {                                                                                                        \
        PEER_SEND, text, 0                                                                                   \
    }
#define EXPECT(text)                                                                                         \
    {                                                                                                        \
        PEER_EXPECT, text, 0                                                                                 \
    }
#define SLEEP(ms)                                                                                            \
    {                                                                                                        \
        PEER_SLEEP, NULL, ms                                                                                 \
    }
#define ACT(act)                                                                                             \
    {                                                                                                        \
        act, NULL, 0                                                                                         \
    }
#define GREET       SEND("220 mx1.example.test ESMTP\r\n")
#define EHLO        EXPECT("EHLO probe.example.test\r\n")
#define OFFER       SEND("250-mx1.example.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n")
#define STARTTLS    EXPECT("STARTTLS\r\n")
#define READY       SEND("220 2.0.0 go\r\n")
#define TO_EHLO     GREET, EHLO
#define TO_STARTTLS TO_EHLO, OFFER, STARTTLS
#define TO_TLS      TO_STARTTLS, READY
#define TO_INSIDE   TO_TLS, ACT(PEER_TLS), EHLO
#define INSIDE      SEND("250-mx1.example.test\r\n250 8BITMIME\r\n")
#define CLOSE_NOTIFY                                                                                         \
    {                                                                                                        \
        PEER_SEND, "\x15\x03\x03\x00\x02\x01\x00", 7                                                         \
    }
#define ALERT                                                                                                \
    {                                                                                                        \
        PEER_SEND, "\x15\x03\x03\x00\x02\x02\x28", 7                                                         \
    } /* fatal handshake_failure */
#define WARNING                                                                                              \
    {                                                                                                        \
        PEER_SEND, "\x15\x03\x03\x00\x02\x01\x5a", 7                                                         \
    } /* user_canceled */
#define BYE  EXPECT("QUIT\r\n"), SEND("221 2.0.0 bye\r\n"), ACT(PEER_END)
#define REST INSIDE, BYE

#define PAGE_50   "01234567890123456789012345678901234567890123456789"
#define PAGE_200  PAGE_50 PAGE_50 PAGE_50 PAGE_50
#define PAGE_1000 PAGE_200 PAGE_200 PAGE_200 PAGE_200 PAGE_200
#define LINE_1024 "220-" PAGE_1000 "0123456789abcdefgh\r\n"

struct probe_case {
    const char *name;
    struct peer_step script[16];
    enum server_kind server;
    enum smtp_step step;
    enum smtp_end end;
    enum net_error net;
    int code;
    enum tls_end tls;
    bool injected;
    int quits;
};

static const struct probe_case cases[] = {
    {"TLS-1 TLS-6 a whole session",
     {TO_INSIDE, REST},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     false,
     1},
    {"a whole session in TLS 1.2",
     {TO_INSIDE, REST},
     ONLY_TLS12,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     false,
     1},
    {"QUIT is never answered",
     {TO_INSIDE, INSIDE, EXPECT("QUIT"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     false,
     1},
    {"closes at QUIT",
     {TO_INSIDE, INSIDE, EXPECT("QUIT"), ACT(PEER_END)},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     false,
     1},
    {"resets at QUIT",
     {TO_INSIDE, INSIDE, EXPECT("QUIT"), ACT(PEER_RESET)},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     false,
     1},
    {"EHLO refused inside TLS",
     {TO_INSIDE, SEND("503 no\r\n"), BYE},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     503,
     TLS_DONE,
     false,
     1},

    {"TLS-1 421 greeting",
     {SEND("421 later\r\n"), BYE},
     GOOD,
     SMTP_GREETING,
     SMTP_END_REPLY,
     NET_OK,
     421,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-1 421 greeting, then closes",
     {SEND("421 later\r\n"), ACT(PEER_END)},
     GOOD,
     SMTP_GREETING,
     SMTP_END_REPLY,
     NET_OK,
     421,
     TLS_NOT_TRIED,
     false,
     0},
    {"TLS-1 554 greeting",
     {SEND("554 no\r\n"), BYE},
     GOOD,
     SMTP_GREETING,
     SMTP_END_REPLY,
     NET_OK,
     554,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-1 421 to EHLO",
     {TO_EHLO, SEND("421 later\r\n"), BYE},
     GOOD,
     SMTP_EHLO,
     SMTP_END_REPLY,
     NET_OK,
     421,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-8 502 to EHLO, then HELO on the same connection",
     {TO_EHLO, SEND("502 what\r\n"), EXPECT("HELO"), SEND("250 mx\r\n"), BYE},
     GOOD,
     SMTP_HELO,
     SMTP_END_NOT_OFFERED,
     NET_OK,
     250,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-8 500 to EHLO, silent at HELO",
     {TO_EHLO, SEND("500 what\r\n"), EXPECT("HELO"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_HELO,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     500,
     TLS_NOT_TRIED,
     false,
     0},
    {"TLS-8 504 to EHLO",
     {TO_EHLO, SEND("504 name\r\n"), BYE},
     GOOD,
     SMTP_EHLO,
     SMTP_END_REPLY,
     NET_OK,
     504,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-1 not offered",
     {TO_EHLO, SEND("250-mx\r\n250 SIZE\r\n"), BYE},
     GOOD,
     SMTP_EHLO,
     SMTP_END_NOT_OFFERED,
     NET_OK,
     250,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-2 454",
     {TO_STARTTLS, SEND("454 later\r\n"), BYE},
     GOOD,
     SMTP_STARTTLS,
     SMTP_END_REPLY,
     NET_OK,
     454,
     TLS_NOT_TRIED,
     false,
     1},
    {"TLS-2 501",
     {TO_STARTTLS, SEND("501 what\r\n"), BYE},
     GOOD,
     SMTP_STARTTLS,
     SMTP_END_REPLY,
     NET_OK,
     501,
     TLS_NOT_TRIED,
     false,
     1},

    {"TLS-1 closes at once",
     {ACT(PEER_END)},
     GOOD,
     SMTP_GREETING,
     SMTP_END_CLOSED,
     NET_OK,
     0,
     TLS_NOT_TRIED,
     false,
     0},
    {"TLS-1 closes at EHLO",
     {TO_EHLO, ACT(PEER_END)},
     GOOD,
     SMTP_EHLO,
     SMTP_END_CLOSED,
     NET_OK,
     220,
     TLS_NOT_TRIED,
     false,
     0},
    {"TLS-2 closes at STARTTLS",
     {TO_STARTTLS, ACT(PEER_END)},
     GOOD,
     SMTP_STARTTLS,
     SMTP_END_CLOSED,
     NET_OK,
     250,
     TLS_NOT_TRIED,
     false,
     0},
    {"closes in the handshake",
     {TO_TLS, ACT(PEER_READ), ACT(PEER_END)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_CLOSED,
     false,
     0},
    {"closes inside TLS",
     {TO_INSIDE, ACT(PEER_END)},
     GOOD,
     SMTP_EHLO_TLS,
     SMTP_END_CLOSED,
     NET_OK,
     220,
     TLS_DONE,
     false,
     0},
    {"TLS-1 resets at once",
     {SLEEP(30), ACT(PEER_RESET)},
     GOOD,
     SMTP_GREETING,
     SMTP_END_NET,
     NET_RESET,
     0,
     TLS_NOT_TRIED,
     false,
     0},
    {"resets at EHLO",
     {TO_EHLO, ACT(PEER_RESET)},
     GOOD,
     SMTP_EHLO,
     SMTP_END_NET,
     NET_RESET,
     220,
     TLS_NOT_TRIED,
     false,
     0},
    {"TLS-2 resets at STARTTLS",
     {TO_STARTTLS, ACT(PEER_RESET)},
     GOOD,
     SMTP_STARTTLS,
     SMTP_END_NET,
     NET_RESET,
     250,
     TLS_NOT_TRIED,
     false,
     0},
    {"resets in the handshake",
     {TO_TLS, ACT(PEER_READ), ACT(PEER_RESET)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_RESET,
     220,
     TLS_CLOSED,
     false,
     0},
    {"resets inside TLS",
     {TO_INSIDE, ACT(PEER_RESET)},
     GOOD,
     SMTP_EHLO_TLS,
     SMTP_END_NET,
     NET_RESET,
     220,
     TLS_DONE,
     false,
     0},

    {"TLS-1 silent",
     {ACT(PEER_SILENT)},
     GOOD,
     SMTP_GREETING,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     0,
     TLS_NOT_TRIED,
     false,
     0},
    {"silent behind the first half of a greeting: no drips",
     {SEND("220-half\r\n"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_GREETING,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     0,
     TLS_NOT_TRIED,
     false,
     0},
    {"silent at EHLO",
     {TO_EHLO, ACT(PEER_SILENT)},
     GOOD,
     SMTP_EHLO,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     220,
     TLS_NOT_TRIED,
     false,
     0},
    {"silent at STARTTLS",
     {TO_STARTTLS, ACT(PEER_SILENT)},
     GOOD,
     SMTP_STARTTLS,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     250,
     TLS_NOT_TRIED,
     false,
     0},
    {"silent in the handshake",
     {TO_TLS, ACT(PEER_SILENT)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     220,
     TLS_TIMEOUT,
     false,
     0},
    {"silent inside TLS",
     {TO_INSIDE, ACT(PEER_SILENT)},
     GOOD,
     SMTP_EHLO_TLS,
     SMTP_END_STEP_TIMEOUT,
     NET_OK,
     220,
     TLS_DONE,
     false,
     0},
    {"slow in each step: the session's deadline",
     {SLEEP(300), GREET, EHLO, SLEEP(300), OFFER, STARTTLS, SLEEP(300), READY, ACT(PEER_SILENT)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_SESSION_DEADLINE,
     NET_OK,
     220,
     TLS_TIMEOUT,
     false,
     0},
    {"drips to the session's end",
     {{PEER_DRIP, "220 hello there\r\n", 20},
      EHLO,
      {PEER_DRIP, "250-x\r\n250 STARTTLS\r\n", 16},
      STARTTLS,
      {PEER_DRIP, "220 please be patient, TLS is about to begin in a moment\r\n", 40},
      ACT(PEER_SILENT)},
     GOOD,
     SMTP_STARTTLS,
     SMTP_END_DRIPPING,
     NET_OK,
     250,
     TLS_NOT_TRIED,
     false,
     0},

    {"TLS-6 injection in the same segment",
     {TO_STARTTLS, SEND("220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n"), ACT(PEER_TLS), EHLO, REST},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     true,
     1},
    {"TLS-6 injection that waits on the socket",
     {TO_STARTTLS, SEND(LINE_1024 LINE_1024 LINE_1024 "220 " PAGE_1000 "0123456789abcdefgh\r\n250 AUTH\r\n"),
      ACT(PEER_TLS), EHLO, REST},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     true,
     1},

    {"an alert for a handshake",
     {TO_TLS, ACT(PEER_READ), ALERT, ACT(PEER_SILENT)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     false,
     0},
    {"TLS-4 TLS 1.1 only",
     {TO_INSIDE, REST},
     ONLY_TLS11,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     false,
     0},
    {"TLS 1.2 that wants a certificate of ours",
     {TO_TLS, ACT(PEER_TLS)},
     WANTS_CLIENT_CERT_TLS12,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     false,
     0},
    {"TLS 1.3 that wants a certificate of ours",
     {TO_TLS, ACT(PEER_TLS), ACT(PEER_END)},
     WANTS_CLIENT_CERT,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     false,
     0},
    {"TLS-6 a reply that answers no command for a handshake",
     {TO_TLS, ACT(PEER_READ), SEND("250 what is this?\r\n"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     true,
     0},
    {"TLS-6 a refusal in answer to the ClientHello is no injection",
     {TO_TLS, ACT(PEER_READ), SEND("500 what is this?\r\n"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     false,
     0},
    {"TLS-6 a reply behind the first record is none that came before it",
     {TO_TLS, ACT(PEER_READ), WARNING, SEND("500 what is this?\r\n"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_HANDSHAKE,
     SMTP_END_TLS,
     NET_OK,
     220,
     TLS_FAILED,
     false,
     0},
    {"key updates without end",
     {TO_INSIDE, ACT(PEER_KEYS)},
     GOOD,
     SMTP_EHLO_TLS,
     SMTP_END_FLOODED,
     NET_OK,
     220,
     TLS_DONE,
     false,
     0},

    {"SSH",
     {SEND("SSH-2.0-OpenSSH_9.2\r\n"), ACT(PEER_SILENT)},
     GOOD,
     SMTP_GREETING,
     SMTP_END_NOT_SMTP,
     NET_OK,
     0,
     TLS_NOT_TRIED,
     false,
     0},
    {"a line without end",
     {SEND("220 "), {PEER_FLOOD, PAGE_1000, 0}},
     GOOD,
     SMTP_GREETING,
     SMTP_END_LINE_TOO_LONG,
     NET_OK,
     0,
     TLS_NOT_TRIED,
     false,
     0},
    {"a reply without end",
     {TO_EHLO, {PEER_FLOOD, "250-XCAPABILITY\r\n", 0}},
     GOOD,
     SMTP_EHLO,
     SMTP_END_LINE_TOO_LONG,
     NET_OK,
     220,
     TLS_NOT_TRIED,
     false,
     0},
    {"a reply without end inside TLS",
     {TO_INSIDE, {PEER_FLOOD, "250-XCAPABILITY\r\n", 0}},
     GOOD,
     SMTP_EHLO_TLS,
     SMTP_END_LINE_TOO_LONG,
     NET_OK,
     220,
     TLS_DONE,
     false,
     0},
    {"an endless answer to QUIT",
     {TO_INSIDE, INSIDE, EXPECT("QUIT"), {PEER_FLOOD, PAGE_1000, 0}},
     GOOD,
     SMTP_QUIT,
     SMTP_END_DONE,
     NET_OK,
     250,
     TLS_DONE,
     false,
     1},
};

static void assert_case(const struct probe_case *item, const struct probe_facts *facts)
{
    if (facts->step != item->step || facts->end != item->end || facts->net != item->net ||
        facts->reply_code != item->code || facts->tls.end != item->tls || facts->injected != item->injected)
        fail_msg("%s: step %s end %s net %s code %d tls %s (%s) injected %d", item->name,
                 smtp_step_name(facts->step), smtp_end_name(facts->end), net_error_name(facts->net),
                 facts->reply_code, tls_end_name(facts->tls.end),
                 facts->tls.error_text == NULL ? "" : facts->tls.error_text, facts->injected);
    assert_int_equal(facts->net == NET_OK, facts->sys_errno == 0);
    assert_int_equal(facts->not_tried, TRIED);
    assert_true(llabs(facts->time - clock_wall_ms()) < PATIENCE_MS);
    assert_string_equal(facts->host, HOST);
}

/* Short waits only for those that are to wait in vain: a busy machine holds up all the others as well. */
static void set_waits(struct world *world, const struct probe_case *item)
{
    bool by_step = item->end == SMTP_END_STEP_TIMEOUT;
    bool by_session = item->end == SMTP_END_SESSION_DEADLINE || item->end == SMTP_END_DRIPPING;
    world->config.smtp_step_timeout = by_step ? STEP_MS : by_session ? 1500 : PATIENCE_MS;
    world->config.smtp_session_timeout = by_session ? 2000 : PATIENCE_MS;
}

/* Makes the visit of a case. One that a wait is to end, and that ended well after it, tells of a machine that
 * stood still: it is made again. */
static void visit_case(struct world *world, const struct probe_case *item, struct peer *peer,
                       struct visit *visit)
{
    int64_t most_ms = world->config.smtp_session_timeout;
    if (item->end == SMTP_END_STEP_TIMEOUT)
        most_ms = (SMTP_QUIT + 1) * (int64_t)STEP_MS;
    for (int i = 0; i < TRIES; i++) {
        *peer =
            (struct peer){.scripts = {item->script}, .script_count = 1, .ctx = world->servers[item->server]};
        assert_true(peer_open(peer, AF_INET));
        visit_run(visit, world, peer->port, HOST, "127.0.0.1");
        if (visit->facts.ms <= most_ms + LATE_MS)
            break;
        if (i + 1 == TRIES)
            fail_msg("%s: the visit takes %d ms", item->name, (int)visit->facts.ms);
        arena_dispose(&visit->arena);
        (void)peer_close(peer);
    }
}

static void test_case(void **state)
{
    const struct probe_case *item = *state;
    struct world *world = world_of(state);
    set_waits(world, item);
    struct peer peer;
    struct visit visit;
    visit_case(world, item, &peer, &visit);
    assert_case(item, &visit.facts);
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
    assert_int_equal(atomic_load(&peer.quits), item->quits);
    assert_int_equal(atomic_load(&peer.accepted), 1);
}

/* ---- what the handshake showed ------------------------------------------------------------------------- */

struct cert_case {
    const char *name;
    enum server_kind server;
    int error; /* X509_V_OK: none at all */
    bool name_match;
    size_t certs;
};

static const struct cert_case cert_cases[] = {
    {"TLS-3 good", GOOD, X509_V_OK, true, 2},
    {"TLS-3 TLS-5 expired", EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, true, 2},
    {"TLS-3 TLS-5 not yet valid", NOT_YET, X509_V_ERR_CERT_NOT_YET_VALID, true, 2},
    {"TLS-3 TLS-5 self-signed", SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, true, 1},
    {"TLS-3 TLS-5 untrusted", UNTRUSTED, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, true, 1},
    {"TLS-3 TLS-5 incomplete chain", INCOMPLETE, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, true, 1},
    {"TLS-3 TLS-5 another's name", OTHER_NAME, X509_V_OK, false, 2},
    {"TLS-3 TLS-5 no DNS-ID, the name in the CN only", NO_NAME, X509_V_OK, false, 2},
    {"TLS-3 good in TLS 1.2", ONLY_TLS12, X509_V_OK, true, 2},
};

static bool has_error(const struct tls_facts *tls, int error)
{
    for (size_t i = 0; i < tls->error_count; i++)
        if (tls->errors[i].x509 == error)
            return true;
    return false;
}

static void test_certificate(void **state)
{
    static const struct peer_step script[] = {TO_INSIDE, REST};
    const struct cert_case *item = *state;
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = world->servers[item->server]};
    struct visit visit;
    assert_true(peer_open(&peer, AF_INET));
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    const struct tls_facts *tls = &visit.facts.tls;
    assert_int_equal(visit.facts.end, SMTP_END_DONE);
    assert_int_equal(tls->end, TLS_DONE);
    assert_int_equal(tls->version, item->server == ONLY_TLS12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    assert_non_null(tls->cipher);
    assert_int_equal(tls->alert, -1);
    assert_int_equal(tls->name_match, item->name_match);
    assert_int_equal(tls->cert_count, item->certs);
    assert_true(item->error == X509_V_OK ? tls->error_count == 0 : has_error(tls, item->error));
    assert_int_equal(visit.facts.ehlo_count, 2);
    assert_int_equal(visit.facts.ehlo_tls_count, 2);
    assert_true(visit.facts.starttls_offered);
    assert_true(bytes_equal(visit.facts.greeting, bytes_of("mx1.example.test ESMTP")));
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
    assert_string_equal(peer.sni, HOST);
    assert_int_equal(atomic_load(&peer.surprises), 0);
}

static struct tls_facts tls_of(struct world *world, const struct peer_step *script, enum server_kind kind)
{
    struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = world->servers[kind]};
    struct visit visit;
    assert_true(peer_open(&peer, AF_INET));
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
    return visit.facts.tls;
}

/* TLS 1.2 and 1.3 tell at different moments, and must come out alike. */
static void test_alerts(void **state)
{
    static const struct peer_step alert[] = {TO_TLS, ACT(PEER_READ), ALERT, ACT(PEER_SILENT)};
    static const struct peer_step inside[] = {TO_TLS, ACT(PEER_TLS), ACT(PEER_END)};
    struct world *world = world_of(state);
    struct tls_facts tls = tls_of(world, inside, WANTS_CLIENT_CERT);
    assert_int_equal(tls.alert, SSL_AD_CERTIFICATE_REQUIRED);
    assert_int_equal(tls.error_reason, SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_REQUIRED);
    assert_int_equal(tls.cert_count, 2);
    tls = tls_of(world, inside, WANTS_CLIENT_CERT_TLS12);
    assert_int_equal(tls.alert, SSL_AD_HANDSHAKE_FAILURE);
    tls = tls_of(world, inside, ONLY_TLS11);
    assert_int_equal(tls.alert, SSL_AD_PROTOCOL_VERSION);
    tls = tls_of(world, alert, GOOD);
    assert_int_equal(tls.alert, SSL_AD_HANDSHAKE_FAILURE);
}

/* TLS-7: closed in good order is closed, and no answer. */
static void test_close_notify_for_a_handshake(void **state)
{
    static const struct peer_step at_once[] = {TO_TLS, ACT(PEER_READ), CLOSE_NOTIFY, ACT(PEER_SILENT)};
    static const struct peer_step then_gone[] = {TO_TLS, ACT(PEER_READ), CLOSE_NOTIFY, ACT(PEER_END)};
    struct world *world = world_of(state);
    struct tls_facts tls = tls_of(world, at_once, GOOD);
    assert_int_equal(tls.end, TLS_CLOSED);
    assert_int_equal(tls.alert, -1);
    assert_int_equal(tls_of(world, then_gone, GOOD).end, TLS_CLOSED);
}

/* ---- times and addresses ------------------------------------------------------------------------------- */

static void test_times(void **state)
{
    static const struct peer_step script[] = {
        SLEEP(60), GREET, EHLO, SLEEP(110), OFFER, STARTTLS, READY, SLEEP(160), ACT(PEER_TLS), EHLO, REST};
    static const struct peer_step silent[] = {ACT(PEER_SILENT)};
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script, silent}, .script_count = 2, .ctx = world->servers[GOOD]};
    struct visit visit;
    assert_true(peer_open(&peer, AF_INET));
    /* This machine may stall. */
    world->config.smtp_step_timeout = world->config.smtp_session_timeout = PATIENCE_MS;
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
    assert_int_equal(visit.facts.end, SMTP_END_DONE);
    assert_true(visit.facts.ms >= 330);
    int64_t held_up = visit.facts.ms - 330; /* by this machine; no step's time may stand at another */
    assert_in_range(visit.facts.ms_greeting, 50, 65 + held_up);
    assert_in_range(visit.facts.ms_ehlo, 100, 115 + held_up);
    assert_in_range(visit.facts.ms_tls, 150, 165 + held_up);
    arena_dispose(&visit.arena);
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    assert_int_equal(visit.facts.end, SMTP_END_STEP_TIMEOUT);
    assert_in_range(visit.facts.ms_greeting, STEP_MS - 20, PATIENCE_MS / 2); /* also of a step that failed */
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
}

/* The answer to QUIT belongs to no step: the last one's time stands as it was. */
static void test_times_end_with_the_last_step(void **state)
{
    static const struct peer_step script[] = {
        GREET,      EHLO,         SLEEP(110), SEND("250 mx1.example.test\r\n"), EXPECT("QUIT\r\n"),
        SLEEP(210), ACT(PEER_END)};
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script}, .script_count = 1};
    struct visit visit;
    assert_true(peer_open(&peer, AF_INET));
    world->config.smtp_step_timeout = world->config.smtp_session_timeout = PATIENCE_MS;
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
    assert_int_equal(visit.facts.end, SMTP_END_NOT_OFFERED);
    assert_true(visit.facts.ms >= 320);
    assert_in_range(visit.facts.ms_ehlo, 100, visit.facts.ms - 200);
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
}

/* For the answer to QUIT it waits as long as for any, but for 2 s at most. */
static void test_quit_has_its_time(void **state)
{
    static const struct peer_step script[] = {TO_INSIDE, INSIDE, EXPECT("QUIT"), ACT(PEER_SILENT)};
    static const struct {
        int step_ms, least_ms, most_ms;
    } rows[] = {{PATIENCE_MS, 2000, PATIENCE_MS / 2}, {1000, 1000, PATIENCE_MS}};
    struct world *world = world_of(state);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = world->servers[GOOD]};
        struct visit visit;
        assert_true(peer_open(&peer, AF_INET));
        world->config.smtp_step_timeout = rows[i].step_ms;
        world->config.smtp_session_timeout = PATIENCE_MS;
        visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
        world->config.smtp_step_timeout = STEP_MS;
        world->config.smtp_session_timeout = SESSION_MS;
        assert_int_equal(visit.facts.end, SMTP_END_DONE);
        assert_in_range(visit.facts.ms, rows[i].least_ms - 20, rows[i].most_ms);
        arena_dispose(&visit.arena);
        assert_true(peer_close(&peer));
    }
}

/* Where nothing is left to be said a session is over, however long the peer would have had. */
static void test_what_is_over_ends_at_once(void **state)
{
    static const struct peer_step script[] = {SEND("this is no SMTP\r\n"), ACT(PEER_SILENT)};
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script}, .script_count = 1};
    struct visit visit;
    assert_true(peer_open(&peer, AF_INET));
    world->config.smtp_step_timeout = world->config.smtp_session_timeout = PATIENCE_MS;
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
    assert_int_equal(visit.facts.end, SMTP_END_NOT_SMTP);
    assert_true(visit.facts.ms < PATIENCE_MS / 2);
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
}

static void test_refused(void **state)
{
    struct world *world = world_of(state);
    struct visit visit;
    uint16_t port = 0;
    int fd = peer_listen(AF_INET, 1, &port);
    assert_true(fd >= 0 && close(fd) == 0);
    visit_run(&visit, world, port, HOST, "127.0.0.1");
    assert_int_equal(visit.facts.step, SMTP_CONNECT);
    assert_int_equal(visit.facts.end, SMTP_END_NET);
    assert_int_equal(visit.facts.net, NET_REFUSED);
    assert_int_equal(visit.facts.sys_errno, ECONNREFUSED);
    assert_int_equal(visit.facts.tls.alert, -1);
}

/* Files of ours that ran out are no fault of the host. */
static void test_no_files_left(void **state)
{
    struct world *world = world_of(state);
    struct visit visit;
    struct rlimit before, none;
    uint16_t port = 0;
    int fd = peer_listen(AF_INET, 1, &port);
    assert_true(fd >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int lowest = dup(fd);
    assert_true(lowest >= 0 && close(lowest) == 0);
    none = (struct rlimit){.rlim_cur = (rlim_t)lowest, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    visit_run(&visit, world, port, HOST, "127.0.0.1");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(visit.facts.step, SMTP_CONNECT);
    assert_int_equal(visit.facts.net, NET_RESOURCES);
    assert_int_equal(visit.facts.sys_errno, EMFILE);
}

/* A listener whose queue is full drops what asks for a connection. */
static void test_connect_timeout(void **state)
{
    struct world *world = world_of(state);
    struct visit visit;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint16_t port = 0;
    int fillers[4];
    int fd = peer_listen(AF_INET, 0, &port);
    assert_true(fd >= 0);
    address.sin_port = htons(port);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        assert_true(fillers[i] >= 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    visit_run(&visit, world, port, HOST, "127.0.0.1");
    assert_int_equal(visit.facts.step, SMTP_CONNECT);
    assert_int_equal(visit.facts.end, SMTP_END_NET);
    assert_int_equal(visit.facts.net, NET_TIMEOUT);
    assert_int_equal(visit.facts.sys_errno, ETIMEDOUT);
    assert_in_range(visit.facts.ms, CONNECT_MS - 20, PATIENCE_MS / 2);
    for (size_t i = 0; i < COUNT(fillers); i++)
        (void)close(fillers[i]);
    (void)close(fd);
}

/* The kernel refuses inside connect(): done still comes later. */
static void test_unreachable(void **state)
{
    struct world *world = world_of(state);
    struct visit visit;
    int files = open_files();
    visit_run(&visit, world, 2525, HOST, "127.255.255.255");
    assert_int_equal(visit.facts.step, SMTP_CONNECT);
    assert_int_equal(visit.facts.net, NET_UNREACHABLE);
    assert_int_not_equal(visit.facts.sys_errno, 0);
    assert_int_equal(open_files(), files); /* a session without a socket closes none, not 0 either */
}

static void test_ipv6(void **state)
{
    static const struct peer_step script[] = {TO_INSIDE, REST};
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = world->servers[GOOD]};
    struct visit visit;
    if (!peer_open(&peer, AF_INET6))
        skip();
    visit_run(&visit, world, peer.port, HOST, "::1");
    assert_int_equal(visit.facts.end, SMTP_END_DONE);
    assert_int_equal(visit.facts.ip.family, 6);
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
}

/* A stranger's MX record may name what no certificate can hold: escaped bytes make names of 1,000 characters.
 */
static void test_host_no_sni_can_hold(void **state)
{
    static const struct peer_step script[] = {TO_INSIDE, REST};
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = world->servers[GOOD]};
    struct visit visit;
    char host[801];
    for (size_t i = 0; i < 800; i++)
        host[i] = "\\001"[i % 4];
    host[800] = '\0';
    assert_true(peer_open(&peer, AF_INET));
    visit_run(&visit, world, peer.port, host, "127.0.0.1");
    assert_int_equal(visit.facts.end, SMTP_END_DONE);
    assert_int_equal(visit.facts.tls.end, TLS_DONE);
    assert_false(visit.facts.tls.name_match);
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
    assert_string_equal(peer.sni, "");
}

/* smtp.ehlo empty: the machine's name, which must at least be one that can be said. */
static void test_own_name(void **state)
{
    static const struct peer_step script[] = {GREET, EXPECT("EHLO "), SEND("421 later\r\n"), BYE};
    static char none[] = "";
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = world->servers[GOOD]};
    struct visit visit;
    assert_true(peer_open(&peer, AF_INET));
    world->config.smtp_ehlo = none;
    visit_run(&visit, world, peer.port, HOST, "127.0.0.1");
    world->config.smtp_ehlo = ehlo_name;
    assert_int_equal(visit.facts.reply_code, 421);
    arena_dispose(&visit.arena);
    assert_true(peer_close(&peer));
    assert_int_equal(atomic_load(&peer.surprises), 0);
}

/* ---- what a trace is told, and where the loop is ------------------------------------------------------- */

enum { TOLD_BYTES = 8192 };

struct told {
    char text[TOLD_BYTES];
    struct place *place;
    struct place_at at; /* when the connection had come */
    int connections;
};

/* Without the milliseconds, and without what this machine's OpenSSL calls things. */
static void on_told(void *arg, const char *line)
{
    struct told *told = arg;
    size_t used = strlen(told->text);
    const char *text = strstr(line, " ms  ");
    assert_non_null(text);
    text += strlen(" ms  ");
    bool shake = strstr(text, ": handshake ") != NULL;
    const char *time = strstr(text, "probe ended at ") == NULL ? NULL : strrchr(text, ',');
    size_t len = time != NULL ? (size_t)(time - text) : shake ? strcspn(text, ",") : strlen(text);
    len =
        shake ? (size_t)(strstr(text, "handshake ") - text) + strcspn(strstr(text, "handshake "), ":") : len;
    (void)snprintf(told->text + used, sizeof told->text - used, "%.*s\n", (int)len, text);
}

static void on_connected(void *arg)
{
    struct told *told = arg;
    told->connections++;
    told->at = place_read(told->place);
}

static int told_calls;

static void on_told_done(void *arg, struct probe_facts *facts)
{
    (void)arg;
    (void)facts;
    told_calls++;
}

static void run_told(struct world *world, uint16_t port, const char *ip, struct told *told)
{
    struct trace trace = {.domain = "example.test", .write = on_told, .arg = told};
    struct place place = {0};
    struct probe_facts facts;
    struct arena arena;
    struct prober *prober = open_prober(world, port);
    struct probe_request request = {.host = HOST,
                                    .arena = &arena,
                                    .facts = &facts,
                                    .trace = &trace,
                                    .connected = on_connected,
                                    .done = on_told_done,
                                    .arg = told};
    *told = (struct told){.place = &place};
    arena_init(&arena, ARENA_BYTES);
    prober_place(prober, &place);
    assert_true(ip_parse(ip, &request.ip));
    told_calls = 0;
    (void)probe_start(prober, &request);
    run_until(world, &told_calls, 1);
    assert_int_equal(place_read(&place).kind, PLACE_NONE);
    if (told->connections > 0) {
        assert_int_equal(told->at.kind, PLACE_SMTP);
        assert_memory_equal(told->at.ip.bytes, request.ip.bytes, 4);
    }
    prober_destroy(prober);
    arena_dispose(&arena);
}

#define AT HOST " 127.0.0.1: "

static void test_told(void **state)
{
    static const struct peer_step whole[] = {TO_INSIDE, REST};
    static const struct peer_step fails[] = {TO_TLS, ACT(PEER_READ), ALERT, ACT(PEER_SILENT)};
    static const struct peer_step late[] = {TO_TLS, ACT(PEER_TLS), ACT(PEER_END)};
    static const struct {
        const struct peer_step *script;
        enum server_kind server;
        const char *told;
    } rows[] = {
        {whole, GOOD,
         AT "step connect\n" AT "probe connect -> plain\n" AT "step greeting\n" AT
            "< 220 mx1.example.test ESMTP\n" AT "step ehlo\n" AT "> EHLO probe.example.test\n" AT
            "< 250-mx1.example.test\n" AT "< 250-SIZE 1000\n" AT "< 250 STARTTLS\n" AT "step starttls\n" AT
            "> STARTTLS\n" AT "< 220 2.0.0 go\n" AT "step handshake\n" AT "probe plain -> handshake\n" AT
            "handshake done\n" AT "certificates: 2, the name matches, the chain is valid\n" AT
            "probe handshake -> tls\n" AT "step ehlo-tls\n" AT "> EHLO probe.example.test\n" AT
            "< 250-mx1.example.test\n" AT "< 250 8BITMIME\n" AT "probe tls -> quit\n" AT "> QUIT\n" AT
            "probe ended at quit: done\n"},
        {fails, GOOD,
         "handshake failed\n" AT "alert received: handshake failure\n" AT "probe ended at handshake: tls\n"},
        {late, WANTS_CLIENT_CERT, "alert received: "},
    };
    struct world *world = world_of(state);
    struct told told;
    world->config.smtp_step_timeout = world->config.smtp_session_timeout = PATIENCE_MS;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct peer peer = {
            .scripts = {rows[i].script}, .script_count = 1, .ctx = world->servers[rows[i].server]};
        assert_true(peer_open(&peer, AF_INET));
        run_told(world, peer.port, "127.0.0.1", &told);
        assert_int_equal(told.connections, 1);
        if (i == 0 ? strcmp(told.text, rows[i].told) != 0 : strstr(told.text, rows[i].told) == NULL)
            fail_msg("row %zu:\n%s", i, told.text);
        assert_true(peer_close(&peer));
    }
    run_told(world, 2525, "127.255.255.255", &told);
    assert_int_equal(told.connections, 0);
    assert_string_equal(told.text, HOST " 127.255.255.255: step connect\n" HOST
                                        " 127.255.255.255: probe connect -> quit\n" HOST
                                        " 127.255.255.255: probe ended at connect: net, unreachable\n");
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
}

/* ---- many, and ends in flight -------------------------------------------------------------------------- */

static int done_count;

static void on_one_of_many(void *arg, struct probe_facts *facts)
{
    struct visit *visit = arg;
    (void)facts;
    visit->calls++;
    done_count++;
}

static struct visit *start_many(struct prober *prober, size_t count)
{
    struct visit *visits = calloc(count, sizeof *visits);
    must(visits != NULL);
    done_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct probe_request request = {.host = HOST,
                                        .arena = &visits[i].arena,
                                        .facts = &visits[i].facts,
                                        .done = on_one_of_many,
                                        .arg = &visits[i]};
        arena_init(&visits[i].arena, ARENA_BYTES);
        assert_true(ip_parse("127.0.0.1", &request.ip));
        visits[i].handle = probe_start(prober, &request);
        assert_true(handle_is_set(visits[i].handle));
    }
    assert_int_equal(done_count, 0);
    return visits;
}

static void free_many(struct visit *visits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        arena_dispose(&visits[i].arena);
    free(visits);
}

static void open_mixed_peer(struct peer *peer, struct world *world)
{
    static const struct peer_step whole[] = {TO_INSIDE, REST};
    static const struct peer_step busy[] = {SEND("421 later\r\n"), BYE};
    static const struct peer_step plain[] = {TO_EHLO, SEND("250 mx\r\n"), BYE};
    static const struct peer_step closes[] = {TO_STARTTLS, ACT(PEER_END)};
    *peer = (struct peer){
        .scripts = {whole, busy, plain, closes}, .script_count = 4, .ctx = world->servers[GOOD]};
    assert_true(peer_open(peer, AF_INET));
}

static void test_thousand(void **state)
{
    struct world *world = world_of(state);
    struct peer peer;
    size_t ends[SMTP_END_COUNT] = {0};
    world->config.smtp_step_timeout = world->config.smtp_session_timeout = PATIENCE_MS;
    world->config.smtp_connect_timeout = PATIENCE_MS;
    open_mixed_peer(&peer, world);
    struct prober *prober = open_prober(world, peer.port);
    int files = open_files();
    struct visit *visits = start_many(prober, MANY);
    assert_int_equal(probe_live(prober), MANY);
    run_until(world, &done_count, MANY);
    assert_int_equal(probe_live(prober), 0);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(visits[i].calls, 1);
        ends[visits[i].facts.end]++;
    }
    assert_int_equal(ends[SMTP_END_DONE], MANY / 4);
    assert_int_equal(ends[SMTP_END_REPLY], MANY / 4);
    assert_int_equal(ends[SMTP_END_NOT_OFFERED], MANY / 4);
    assert_int_equal(ends[SMTP_END_CLOSED], MANY / 4);
    free_many(visits, MANY);
    for (int i = 0; i < 500 && atomic_load(&peer.live) > 0; i++)
        peer_sleep(10);
    assert_int_equal(open_files(), files);
    prober_destroy(prober);
    assert_true(peer_close(&peer));
    world->config.smtp_step_timeout = STEP_MS;
    world->config.smtp_session_timeout = SESSION_MS;
    world->config.smtp_connect_timeout = CONNECT_MS;
}

/* Cancelled at every stage: started, connecting, in the dialogue, in the handshake, inside TLS, leaving. */
static void test_cancel(void **state)
{
    struct world *world = world_of(state);
    struct peer peer;
    open_mixed_peer(&peer, world);
    struct prober *prober = open_prober(world, peer.port);
    int files = open_files();
    for (int turns = 0; turns < 40; turns++) {
        struct visit *visits = start_many(prober, 8);
        for (int i = 0; i < turns; i++)
            must(event_base_loop(world->base, EVLOOP_NONBLOCK) >= 0);
        int before = done_count;
        for (size_t i = 0; i < 8; i++)
            probe_cancel(prober, visits[i].handle);
        assert_int_equal(probe_live(prober), 0);
        for (size_t i = 0; i < 8; i++)
            probe_cancel(prober, visits[i].handle);
        turn(world, 2);
        assert_int_equal(done_count, before);
        free_many(visits, 8);
    }
    for (int i = 0; i < 500 && (atomic_load(&peer.live) > 0 || open_files() != files); i++)
        peer_sleep(10); /* some wait in the listener's queue still */
    assert_int_equal(open_files(), files);
    prober_destroy(prober);
    assert_true(peer_close(&peer));
}

static void test_destroy_in_flight(void **state)
{
    struct world *world = world_of(state);
    struct peer peer;
    int files = open_files();
    open_mixed_peer(&peer, world);
    for (int turns = 0; turns < 20; turns++) {
        struct prober *prober = open_prober(world, peer.port);
        struct visit *visits = start_many(prober, 8);
        for (int i = 0; i < turns; i++)
            turn(world, 1);
        int before = done_count;
        prober_destroy(prober);
        turn(world, 2);
        assert_int_equal(done_count, before);
        free_many(visits, 8);
    }
    prober_destroy(NULL);
    assert_true(peer_close(&peer));
    assert_int_equal(open_files(), files);
}

/* What a callback may do. */
struct chain {
    struct prober *prober;
    struct visit next;
    struct handle own;
    struct handle other;
    struct arena arena;
    struct probe_facts facts;
    int calls;
    bool destroys;
};

static void on_chain(void *arg, struct probe_facts *facts)
{
    struct chain *chain = arg;
    (void)facts;
    chain->calls++;
    probe_cancel(chain->prober, chain->own);
    probe_cancel(chain->prober, chain->other);
    if (chain->destroys)
        prober_destroy(chain->prober);
    else
        visit_start(&chain->next, chain->prober, HOST, "127.0.0.1");
}

static void start_chain(struct chain *chain)
{
    struct probe_request request = {
        .host = HOST, .arena = &chain->arena, .facts = &chain->facts, .done = on_chain, .arg = chain};
    arena_init(&chain->arena, ARENA_BYTES);
    assert_true(ip_parse("127.0.0.1", &request.ip));
    chain->own = probe_start(chain->prober, &request);
}

static void test_callback_acts(void **state)
{
    static const struct peer_step busy[] = {SEND("421 later\r\n"), BYE};
    struct world *world = world_of(state);
    struct peer peer = {.scripts = {busy}, .script_count = 1, .ctx = world->servers[GOOD]};
    struct chain chain = {0};
    struct visit silent;
    assert_true(peer_open(&peer, AF_INET));
    chain.prober = open_prober(world, peer.port);
    start_chain(&chain);
    run_until(world, &chain.calls, 1);
    run_until(world, &chain.next.calls, 1);
    assert_int_equal(chain.next.facts.reply_code, 421);
    arena_dispose(&chain.arena);
    arena_dispose(&chain.next.arena);

    chain.destroys = true;
    start_chain(&chain);
    visit_start(&silent, chain.prober, HOST, "127.255.255.255");
    chain.other = silent.handle;
    run_until(world, &chain.calls, 2);
    arena_dispose(&chain.arena);
    arena_dispose(&silent.arena);
    assert_true(peer_close(&peer));
}

#define ONE(name, test, item)                                                                                \
    {                                                                                                        \
        name, test, NULL, NULL, (void *)(uintptr_t)(item)                                                    \
    }

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_alerts),
        cmocka_unit_test(test_close_notify_for_a_handshake),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_end_with_the_last_step),
        cmocka_unit_test(test_quit_has_its_time),
        cmocka_unit_test(test_what_is_over_ends_at_once),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_no_files_left),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_host_no_sni_can_hold),
        cmocka_unit_test(test_own_name),
        cmocka_unit_test(test_told),
        cmocka_unit_test(test_thousand),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_destroy_in_flight),
        cmocka_unit_test(test_callback_acts),
    };
    struct CMUnitTest tests[COUNT(cases) + COUNT(cert_cases) + COUNT(others)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(cases); i++)
        tests[count++] = (struct CMUnitTest)ONE(cases[i].name, test_case, &cases[i]);
    for (size_t i = 0; i < COUNT(cert_cases); i++)
        tests[count++] = (struct CMUnitTest)ONE(cert_cases[i].name, test_certificate, &cert_cases[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        tests[count++] = others[i];
    return cmocka_run_group_tests_name("probe", tests, NULL, group_close);
}
