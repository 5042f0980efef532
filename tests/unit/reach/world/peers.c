/* Lists of sessions, and TLS facts made of them. */
#include "tests/unit/reach/world/peers.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "tests/unit/reach/world/fake_clock.h"

enum { VALID_S = 90 * 24 * 60 * 60, TLS_1_2 = 0x0303 };

struct peer {
    struct peer *next;
    enum pace_class class;
    struct ip_addr ip;
    enum peer_hello hello;
    struct peer_session *sessions; /* owned */
    size_t count;
    size_t at;
};

static struct peer *peers;
static bool hello_large;

void peers_begin(void)
{
    hello_large = false;
    while (peers != NULL) {
        struct peer *next = peers->next;
        free(peers->sessions);
        free(peers);
        peers = next;
    }
}

void peers_hello_large(void)
{
    hello_large = true;
}

static struct peer *find(enum pace_class class, const struct ip_addr *ip, enum peer_hello hello)
{
    struct peer *peer = peers;
    while (peer != NULL && (peer->class != class || peer->hello != hello || !ip_equal(&peer->ip, ip)))
        peer = peer->next;
    return peer;
}

void peer_add(enum pace_class class, const struct ip_addr *ip, enum peer_hello hello, bool anew,
              const struct peer_session *session)
{
    struct peer *peer = find(class, ip, hello);
    if (peer == NULL) {
        peer = calloc(1, sizeof *peer);
        if (peer == NULL)
            out_of_memory("a peer");
        *peer = (struct peer){.next = peers, .class = class, .ip = *ip, .hello = hello};
        peers = peer;
    }
    if (anew)
        peer->count = peer->at = 0;
    struct peer_session *more = realloc(peer->sessions, (peer->count + 1) * sizeof *more);
    if (more == NULL)
        out_of_memory("a session of a peer");
    more[peer->count++] = *session;
    peer->sessions = more;
}

struct peer_session peer_next(enum pace_class class, const struct ip_addr *ip, enum peer_hello hello)
{
    struct peer *peer = find(class, ip, hello);
    if (peer == NULL)
        peer = find(class, ip, HELLO_FIRST);
    if (peer == NULL)
        return (struct peer_session){.does = PEER_SILENT};
    size_t at = peer->at < peer->count ? peer->at++ : peer->count - 1;
    return peer->sessions[at];
}

/* ---- TLS ----------------------------------------------------------------------------------------------- */

static void add_error(struct tls_facts *tls, int x509)
{
    tls->errors[tls->error_count++] = (struct chain_error){.x509 = x509, .depth = 0};
}

static void fill_cert(const struct peer_session *session, const char *host, struct arena *arena,
                      struct cert_facts *cert)
{
    const int64_t began_s = (clock_kept_ms() - fake_clock_us() / 1000) / 1000;
    memset(cert->spki_sha256, session->key, sizeof cert->spki_sha256);
    memset(cert->sha256, session->key, sizeof cert->sha256);
    cert->not_before = began_s - VALID_S;
    cert->not_after =
        session->expires_us == INT64_MAX ? began_s + VALID_S : began_s + session->expires_us / 1000000;
    cert->subject = arena_string(arena, host);
    cert->issuer = session->cert == CERT_IS_SELF_SIGNED ? cert->subject : "CN=a world's own";
    cert->self_signed = cert->self_issued = session->cert == CERT_IS_SELF_SIGNED;
    cert->signed_by = -1;
    cert->key_type = "EC P-256";
    cert->key_bits = 256;
    cert->signature = "ecdsa-with-SHA256";
}

static void make_tls(const struct peer_session *session, const char *host, struct arena *arena,
                     struct tls_facts *tls)
{
    const int64_t apart_ms = clock_wall_ms() - clock_kept_ms();
    tls->end = TLS_DONE;
    tls->version = session->version;
    tls->cipher = session->version < TLS_1_2 ? "TLS_RSA_WITH_AES_128_CBC_SHA" : "TLS_AES_256_GCM_SHA384";
    tls->time = clock_wall_ms();
    tls->other_time = apart_ms > CLOCK_STEP_MS || -apart_ms > CLOCK_STEP_MS ? clock_kept_ms() : 0;
    tls->name_match = session->cert != CERT_IS_OTHERS;
    tls->certs = arena_array(arena, 1, sizeof *tls->certs);
    if (tls->certs == NULL)
        out_of_memory("a certificate");
    tls->cert_count = 1;
    fill_cert(session, host, arena, tls->certs);
    if (session->cert == CERT_IS_SELF_SIGNED)
        add_error(tls, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    if (session->cert == CERT_IS_UNTRUSTED)
        add_error(tls, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    if (tls->time / 1000 > tls->certs->not_after)
        add_error(tls, X509_V_ERR_CERT_HAS_EXPIRED);
}

void peer_tls(const struct peer_session *session, enum peer_hello hello, const char *host,
              struct arena *arena, struct tls_facts *tls)
{
    tls->alert = -1;
    if (session->does == PEER_ALERT) {
        tls->end = TLS_FAILED;
        tls->alert = session->code;
        tls->hello_unanswered = hello_large && hello == HELLO_FIRST && session->code == ALERT_INTERNAL_ERROR;
    } else if (session->does == PEER_CLOSES || session->does == PEER_HANGS) {
        tls->end = session->does == PEER_HANGS ? TLS_TIMEOUT : TLS_CLOSED;
        tls->hello_unanswered = hello_large && hello == HELLO_FIRST;
    } else {
        make_tls(session, host, arena, tls);
    }
}
