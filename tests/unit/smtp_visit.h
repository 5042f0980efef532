/* Runs one probe of a scripted SMTP server with given certificates to its end, for tests of what handshakes
 * show and what the verdict says of it. Every function aborts the test on failure. */
#ifndef STSWEEP_TESTS_SMTP_VISIT_H
#define STSWEEP_TESTS_SMTP_VISIT_H

#include <signal.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/smtp/probe.h"
#include "tests/unit/certs.h"
#include "tests/unit/smtp_peer.h"

#define VISIT_HOST "mx1.example.test"

enum { VISIT_ARENA_BYTES = 1024 * 1024, VISIT_PATIENCE_MS = 50000 };

/* Greeting to QUIT, with whatever handshake. */
static const struct peer_step visit_script[] = {
    {PEER_SEND, "220 mx1.example.test ESMTP\r\n", 0},
    {PEER_EXPECT, "EHLO ", 0},
    {PEER_SEND, "250-mx1.example.test\r\n250 STARTTLS\r\n", 0},
    {PEER_EXPECT, "STARTTLS", 0},
    {PEER_SEND, "220 go ahead\r\n", 0},
    {PEER_TLS, NULL, 0},
    {PEER_EXPECT, "EHLO ", 0},
    {PEER_SEND, "250 mx1.example.test\r\n", 0},
    {PEER_EXPECT, "QUIT", 0},
    {PEER_SEND, "221 bye\r\n", 0},
    {PEER_END, NULL, 0},
};

struct visits {
    struct event_base *base;
    struct config config;
    struct identity root;
    struct identity intermediate;
    struct trust *trust;
    struct arena arena; /* of the facts since visits_open */
};

static inline void visits_open(struct visits *visits)
{
    static char name[] = "probe.example.test";
    char path[] = "/tmp/test-visit-XXXXXX";
    const char *why;
    (void)signal(SIGPIPE, SIG_IGN);
    tls_library_init();
    *visits = (struct visits){.base = event_base_new()};
    visits->config.smtp_ehlo = name;
    visits->config.smtp_connect_timeout = 2000;
    visits->config.smtp_step_timeout = 5000;
    visits->config.smtp_session_timeout = 9000;
    visits->root = make_identity(&(struct cert_spec){.cn = "Test Root", .ca = true}, NULL);
    visits->intermediate =
        make_identity(&(struct cert_spec){.cn = "Test Intermediate", .ca = true}, &visits->root);
    write_roots(path, &visits->root, 1);
    visits->trust = trust_create(path, &why);
    (void)unlink(path);
    must(visits->base != NULL && visits->trust != NULL);
    arena_init(&visits->arena, (size_t)64 * VISIT_ARENA_BYTES);
}

static inline void visits_close(struct visits *visits)
{
    trust_destroy(visits->trust);
    identity_free(&visits->root);
    identity_free(&visits->intermediate);
    event_base_free(visits->base);
    arena_dispose(&visits->arena);
}

static inline void visit_done(void *arg, struct probe_facts *facts)
{
    int *calls = arg;
    (void)facts;
    (*calls)++;
}

/* Probes the peer, which is open. */
static inline void visit_peer(struct visits *visits, const struct peer *peer, bool permissive,
                              struct probe_facts *facts)
{
    int calls = 0;
    const char *why;
    visits->config.smtp_port = peer->port;
    struct prober *prober = prober_create(visits->base, &visits->config, visits->trust, &why);
    struct probe_request request = {.host = VISIT_HOST,
                                    .arena = &visits->arena,
                                    .facts = facts,
                                    .permissive = permissive,
                                    .done = visit_done,
                                    .arg = &calls};
    must(prober != NULL && ip_parse("127.0.0.1", &request.ip));
    must(handle_is_set(probe_start(prober, &request)));
    int64_t until = clock_monotonic_ms() + VISIT_PATIENCE_MS;
    while (calls == 0 && clock_monotonic_ms() < until) {
        const struct timeval most = {.tv_sec = 0, .tv_usec = 50000};
        must(event_base_loopexit(visits->base, &most) == 0);
        must(event_base_loop(visits->base, EVLOOP_ONCE) >= 0);
    }
    must(calls == 1);
    prober_destroy(prober);
}

/* Does the same with a server of its own that plays the script. */
static inline void visit(struct visits *visits, SSL_CTX *server, const struct peer_step *script,
                         bool permissive, struct probe_facts *facts)
{
    struct peer peer = {.scripts = {script}, .script_count = 1, .ctx = server};
    must(peer_open(&peer, AF_INET));
    visit_peer(visits, &peer, permissive, facts);
    must(peer_close(&peer));
}

#endif
