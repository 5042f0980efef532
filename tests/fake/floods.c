/*
 * A mail server (port 25) and web server (port 443) that sends TLS records without data, over and over.
 *
 *     floods CERTIFICATE ADDRESS=WAY...
 *
 * CERTIFICATE is a PEM file of key and chain. Each address does as its way says, on both ports; at the end of
 * input it ends, after a line for each connection that was flooded: "ADDRESS PORT WAY BYTES MS", what the
 * client's kernel took until it was gone, and in how long. Records inside TLS 1.3 are sealed here, with the
 * secret that OpenSSL logs, and those inside TLS 1.2 with the session's, so that they may be anything and
 * cost little. It connects nowhere.
 */
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 64 * 1024,
    PIECE_BYTES = 8 * 1024,
    LINE_BYTES = 1024,
    PATIENCE_S = 20,
    SECRET_BYTES = 64,
    BACKLOG = 512
};
enum { SMTP_PORT = 25, HTTPS_PORT = 443, SESSION_ID_AT = 43 /* in a record of a ClientHello */ };
enum { TYPE_CCS = 20, TYPE_ALERT = 21, TYPE_HANDSHAKE = 22, TYPE_DATA = 23 };
enum { RECORD_MOST = 16384, HEADER_BYTES = 5, TAG_BYTES = 16, IV_BYTES = 12 };

struct peer {
    char address[INET_ADDRSTRLEN];
    const struct way *way;
    int port, listener;
};

struct session {
    const struct peer *peer;
    int fd;
    SSL *ssl;
    uint8_t secret[SECRET_BYTES]; /* SERVER_TRAFFIC_SECRET_0 */
    size_t secret_len;
    uint8_t key[32], iv[IV_BYTES];
    uint64_t sealed; /* records so far under it */
    uint64_t filled; /* by fill_bytes */
    uint8_t heard[LINE_BYTES];
    uint8_t block[BLOCK_BYTES];
    size_t len;
};

struct way {
    const char *name;
    void (*begin)(struct session *session); /* what comes before the flood */
    bool (*fill)(struct session *session); /* one more piece of the flood into the block; false: it is full */
    bool shakes;                           /* the flood comes behind the handshake */
    bool answers;                          /* and behind a whole answer */
    bool old;                              /* in TLS 1.2 */
};

static SSL_CTX *context;

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static bool put(struct session *session, const void *data, size_t len)
{
    if (len > BLOCK_BYTES - session->len)
        return false;
    memcpy(session->block + session->len, data, len);
    session->len += len;
    return true;
}

/* HKDF-Expand-Label of RFC 8446 section 7.1, with an empty context. */
static void expand(const struct session *session, const char *label, uint8_t *out, size_t len)
{
    uint8_t info[64] = {0, (uint8_t)len};
    size_t at = 3;
    EVP_PKEY_CTX *kdf = EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, NULL);
    info[2] = (uint8_t)(strlen("tls13 ") + strlen(label));
    at += (size_t)snprintf((char *)info + at, sizeof info - at, "tls13 %s", label);
    info[at++] = 0;
    if (kdf == NULL || EVP_PKEY_derive_init(kdf) != 1 ||
        EVP_PKEY_CTX_set_hkdf_mode(kdf, EVP_PKEY_HKDEF_MODE_EXPAND_ONLY) != 1 ||
        EVP_PKEY_CTX_set_hkdf_md(kdf, EVP_sha256()) != 1 ||
        EVP_PKEY_CTX_set1_hkdf_key(kdf, session->secret, (int)session->secret_len) != 1 ||
        EVP_PKEY_CTX_add1_hkdf_info(kdf, info, (int)at) != 1 || EVP_PKEY_derive(kdf, out, &len) != 1)
        abort();
    EVP_PKEY_CTX_free(kdf);
}

static void encrypt(const struct session *session, const uint8_t *iv, const uint8_t *header,
                    size_t header_len, const uint8_t *inner, size_t len, uint8_t *out)
{
    int done = 0;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    if (cipher == NULL || EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), NULL, session->key, iv) != 1 ||
        EVP_EncryptUpdate(cipher, NULL, &done, header, (int)header_len) != 1 ||
        EVP_EncryptUpdate(cipher, out, &done, inner, (int)len) != 1 ||
        EVP_EncryptFinal_ex(cipher, out + done, &done) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, out + len) != 1)
        abort();
    EVP_CIPHER_CTX_free(cipher);
}

/* A record of TLS 1.3 with so many bytes of padding (RFC 8446 section 5.2). */
static bool seal(struct session *session, uint8_t type, const void *data, size_t len, size_t padding)
{
    static _Thread_local uint8_t inner[RECORD_MOST + 1], out[HEADER_BYTES + RECORD_MOST + 1 + TAG_BYTES];
    size_t body = len + 1 + padding + TAG_BYTES;
    uint8_t iv[IV_BYTES];
    if (HEADER_BYTES + body > BLOCK_BYTES - session->len)
        return false;
    memset(inner, 0, sizeof inner);
    memcpy(inner, data, len);
    inner[len] = type;
    memcpy(out, (uint8_t[]){TYPE_DATA, 3, 3, (uint8_t)(body >> 8), (uint8_t)body}, HEADER_BYTES);
    memcpy(iv, session->iv, sizeof iv);
    for (int i = 0; i < 8; i++)
        iv[IV_BYTES - 1 - i] ^= (uint8_t)(session->sealed >> (8 * i));
    session->sealed++;
    encrypt(session, iv, out, HEADER_BYTES, inner, len + 1 + padding, out + HEADER_BYTES);
    return put(session, out, HEADER_BYTES + body);
}

/* The key and IV that records are sealed with from now on. */
static void take_secret(struct session *session)
{
    expand(session, "key", session->key, 16);
    expand(session, "iv", session->iv, IV_BYTES);
    session->sealed = 0;
}

/* A record of TLS 1.2 with AES-128-GCM (RFC 5288 section 3), shorter than 128 bytes. */
static bool seal_old(struct session *session, uint8_t type, const void *data, uint8_t len)
{
    uint8_t out[HEADER_BYTES + 8 + 128 + TAG_BYTES] = {type, 3, 3, 0, (uint8_t)(8 + len + TAG_BYTES)};
    uint8_t iv[IV_BYTES], with[8 + HEADER_BYTES] = {0};
    size_t whole = HEADER_BYTES + 8 + (size_t)len + TAG_BYTES;
    if (whole > BLOCK_BYTES - session->len)
        return false;
    for (int i = 0; i < 8; i++)
        with[7 - i] = (uint8_t)(session->sealed >> (8 * i));
    session->sealed++;
    memcpy(with + 8, (uint8_t[]){type, 3, 3, 0, len}, HEADER_BYTES);
    memcpy(out + HEADER_BYTES, with, 8);
    memcpy(iv, session->iv, 4);
    memcpy(iv + 4, with, 8);
    encrypt(session, iv, with, sizeof with, data, len, out + HEADER_BYTES + 8);
    return put(session, out, whole);
}

/* The server's key and salt of TLS 1.2 (RFC 5246 section 6.3). */
static void take_keys(struct session *session)
{
    uint8_t master[48], random[64], block[40];
    size_t len = sizeof block;
    EVP_PKEY_CTX *prf = EVP_PKEY_CTX_new_id(EVP_PKEY_TLS1_PRF, NULL);
    (void)SSL_SESSION_get_master_key(SSL_get_session(session->ssl), master, sizeof master);
    (void)SSL_get_server_random(session->ssl, random, 32);
    (void)SSL_get_client_random(session->ssl, random + 32, 32);
    if (prf == NULL || EVP_PKEY_derive_init(prf) != 1 ||
        EVP_PKEY_CTX_set_tls1_prf_md(prf, EVP_sha256()) != 1 ||
        EVP_PKEY_CTX_set1_tls1_prf_secret(prf, master, sizeof master) != 1 ||
        EVP_PKEY_CTX_add1_tls1_prf_seed(prf, (const uint8_t *)"key expansion", 13) != 1 ||
        EVP_PKEY_CTX_add1_tls1_prf_seed(prf, random, sizeof random) != 1 ||
        EVP_PKEY_derive(prf, block, &len) != 1)
        abort();
    EVP_PKEY_CTX_free(prf);
    memcpy(session->key, block + 16, 16);
    memcpy(session->iv, block + 36, 4);
    session->sealed = 1; /* its Finished was the first */
}

/* ---- floods -------------------------------------------------------------------------------------------- */

/* HelloRequest, which a client in its handshake ignores (RFC 5246 section 7.4.1.1). */
static bool fill_hello(struct session *session)
{
    static const uint8_t record[] = {TYPE_HANDSHAKE, 3, 3, 0, 4, 0, 0, 0, 0};
    return put(session, record, sizeof record);
}

/* Warnings; OpenSSL bears four in a row. */
static bool fill_alerts(struct session *session)
{
    static const uint8_t record[] = {TYPE_ALERT, 3, 3, 0, 2, 1, 90};
    return put(session, record, sizeof record) && put(session, record, sizeof record) && fill_hello(session);
}

/* A certificate message of 99,000 bytes in records of one byte. */
static bool fill_bytes(struct session *session)
{
    static const uint8_t head[] = {11, 1, 0x82, 0xb8, 1, 0x82, 0xb5};
    uint64_t at = session->filled;
    uint8_t record[] = {TYPE_HANDSHAKE, 3, 3, 0, 1, at < sizeof head ? head[at] : 0};
    bool fits = put(session, record, sizeof record);
    session->filled += fits;
    return fits;
}

static bool fill_tickets(struct session *session)
{
    static const uint8_t ticket[] = {4, 0, 0, 14, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x78, 0, 0};
    return seal(session, TYPE_HANDSHAKE, ticket, sizeof ticket, 0);
}

/* Application data of no bytes; OpenSSL bears 32 in a row, so a ticket stands between. */
static bool fill_padding(struct session *session)
{
    bool between = session->sealed % 16 == 15;
    return between ? fill_tickets(session) : seal(session, TYPE_DATA, "", 0, 200);
}

/* Nothing but padding, in records as large as can be. */
static bool fill_large(struct session *session)
{
    bool between = session->sealed % 16 == 15;
    return between ? fill_tickets(session) : seal(session, TYPE_DATA, "", 0, RECORD_MOST - 1);
}

/* KeyUpdate (RFC 8446 section 4.6.3): the client makes new keys for each. */
static bool fill_key_update(struct session *session, uint8_t answer)
{
    uint8_t next[SECRET_BYTES];
    if (!seal(session, TYPE_HANDSHAKE, (uint8_t[]){24, 0, 0, 1, answer}, 5, 0))
        return false;
    expand(session, "traffic upd", next, session->secret_len);
    memcpy(session->secret, next, session->secret_len);
    take_secret(session);
    return true;
}

static bool fill_updates(struct session *session)
{
    return fill_key_update(session, 0);
}

/* The client is to answer each with one of its own. */
static bool fill_asking_updates(struct session *session)
{
    return fill_key_update(session, 1);
}

/* HelloRequests inside TLS 1.2: the client is to begin a new handshake, or to warn that it will not. */
static bool fill_renegotiations(struct session *session)
{
    static const uint8_t request[] = {0, 0, 0, 0};
    return seal_old(session, TYPE_HANDSHAKE, request, sizeof request);
}

/* The dummy of RFC 8446 section D.4; OpenSSL bears 32 in a row. */
static bool fill_ccs(struct session *session)
{
    static const uint8_t record[] = {TYPE_CCS, 3, 3, 0, 1, 1};
    return put(session, record, sizeof record) && fill_hello(session);
}

/* A ServerHello of TLS 1.2, ECDHE_RSA with AES-128-GCM: a certificate is to follow. */
static void begin_bytes(struct session *session)
{
    static const uint8_t head[] = {TYPE_HANDSHAKE, 3, 3, 0, 49, 2, 0, 0, 45, 3, 3};
    static const uint8_t tail[] = {0, 0xc0, 0x2f, 0, 0, 5, 0xff, 1, 0, 1, 0};
    static const uint8_t random[32] = {1};
    (void)(put(session, head, sizeof head) && put(session, random, sizeof random) &&
           put(session, tail, sizeof tail));
}

/* A HelloRetryRequest that asks for P-256 (RFC 8446 section 4.1.4): behind it dummies may come. */
static void begin_ccs(struct session *session)
{
    static const uint8_t head[] = {TYPE_HANDSHAKE, 3, 3, 0, 88, 2, 0, 0, 84, 3, 3};
    static const uint8_t random[] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                     0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                     0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c};
    static const uint8_t tail[] = {0x13, 1, 0, 0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 23};
    (void)(put(session, head, sizeof head) && put(session, random, sizeof random) &&
           put(session, session->heard + SESSION_ID_AT, 1 + 32) && put(session, tail, sizeof tail));
}

static const struct way ways[] = {
    {"good", NULL, NULL, true, true, false},
    {"hello", NULL, fill_hello, false, false, false},
    {"alerts", NULL, fill_alerts, false, false, false},
    {"ccs", begin_ccs, fill_ccs, false, false, false},
    {"bytes", begin_bytes, fill_bytes, false, false, false},
    {"tickets", NULL, fill_tickets, true, false, false},
    {"padding", NULL, fill_padding, true, false, false},
    {"large", NULL, fill_large, true, false, false},
    {"updates", NULL, fill_updates, true, false, false},
    {"asking", NULL, fill_asking_updates, true, false, false},
    {"renegotiations", NULL, fill_renegotiations, true, false, true},
    {"answered", NULL, fill_tickets, true, true, false},
};

/* Until the client is gone, or has taken nothing for PATIENCE_S. */
static void flood(struct session *session)
{
    int64_t began = now_ms();
    if (session->peer->way->begin != NULL)
        session->peer->way->begin(session);
    for (;;) {
        while (session->len < PIECE_BYTES && session->peer->way->fill(session))
            continue;
        if (session->len == 0)
            return;
        ssize_t put_off = send(session->fd, session->block, session->len, MSG_NOSIGNAL);
        if (put_off <= 0)
            break;
        session->len -= (size_t)put_off;
        memmove(session->block, session->block + put_off, session->len);
    }
    struct tcp_info told = {0};
    (void)getsockopt(session->fd, IPPROTO_TCP, TCP_INFO, &told, &(socklen_t){sizeof told});
    (void)printf("%s %d %s %llu %lld\n", session->peer->address, session->peer->port,
                 session->peer->way->name, (unsigned long long)told.tcpi_bytes_acked,
                 (long long)(now_ms() - began));
}

/* ---- the sessions -------------------------------------------------------------------------------------- */

static bool say(struct session *session, const char *text)
{
    return send(session->fd, text, strlen(text), MSG_NOSIGNAL) > 0;
}

static bool hear(struct session *session)
{
    return recv(session->fd, session->heard, sizeof session->heard, 0) > 0;
}

static bool greet(struct session *session)
{
    return say(session, "220 mx ESMTP\r\n") && hear(session) && say(session, "250-mx\r\n250 STARTTLS\r\n") &&
           hear(session) && say(session, "220 go ahead\r\n");
}

static void on_secret(const SSL *ssl, const char *line)
{
    struct session *session = SSL_get_app_data(ssl);
    const char *hex = strrchr(line, ' ');
    if (strncmp(line, "SERVER_TRAFFIC_SECRET_0 ", 24) != 0 || hex == NULL)
        return;
    for (hex++; hex[0] != 0 && hex[1] != 0 && session->secret_len < SECRET_BYTES; hex += 2) {
        const char byte[] = {hex[0], hex[1], 0};
        session->secret[session->secret_len++] = (uint8_t)strtoul(byte, NULL, 16);
    }
}

static bool shake(struct session *session)
{
    session->ssl = SSL_new(context);
    if (session->ssl == NULL || SSL_set_fd(session->ssl, session->fd) != 1)
        abort();
    SSL_set_app_data(session->ssl, session);
    bool old = session->peer->way->old;
    (void)SSL_set_min_proto_version(session->ssl, old ? TLS1_2_VERSION : TLS1_3_VERSION);
    (void)SSL_set_max_proto_version(session->ssl, old ? TLS1_2_VERSION : TLS1_3_VERSION);
    if (SSL_accept(session->ssl) != 1 || (!old && session->secret_len == 0))
        return false;
    (old ? take_keys : take_secret)(session);
    return true;
}

/* The whole answer that a client waits for, in the block: what follows it is in the same segments. */
static void answer(struct session *session)
{
    static const char ehlo[] = "250 mx\r\n";
    static const char policy[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 78\r\n\r\n"
        "version: STSv1\r\nmode: enforce\r\nmx: *.lab.test\r\nmx: lab.test\r\nmax_age: 604800\r\n";
    bool mail = session->peer->port == SMTP_PORT;
    (void)seal(session, TYPE_DATA, mail ? ehlo : policy, mail ? sizeof ehlo - 1 : sizeof policy - 1, 0);
}

static void play(struct session *session)
{
    char line[LINE_BYTES];
    const struct way *way = session->peer->way;
    if (session->peer->port == SMTP_PORT && !greet(session))
        return;
    if (!(way->shakes ? shake(session) : hear(session)))
        return;
    if (way->answers) {
        if (SSL_read(session->ssl, line, sizeof line) <= 0)
            return;
        answer(session);
    }
    if (way->fill != NULL)
        flood(session);
    else if (send(session->fd, session->block, session->len, MSG_NOSIGNAL) > 0)
        (void)SSL_read(session->ssl, line, sizeof line);
}

static void *serve(void *arg)
{
    struct session *session = arg;
    play(session);
    SSL_free(session->ssl);
    (void)close(session->fd);
    free(session);
    return NULL;
}

static void start(const struct peer *peer, int fd)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct session *session = calloc(1, sizeof *session);
    pthread_t thread;
    if (session == NULL)
        abort();
    session->peer = peer;
    session->fd = fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (pthread_create(&thread, NULL, serve, session) != 0)
        abort();
    (void)pthread_detach(thread);
}

static void *take(void *arg)
{
    const struct peer *peer = arg;
    int fd;
    while ((fd = accept(peer->listener, NULL, NULL)) >= 0)
        start(peer, fd);
    return NULL;
}

static bool listens(struct peer *peer, const char *play_text, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const char *equals = strchr(play_text, '=');
    pthread_t thread;
    peer->port = port;
    (void)snprintf(peer->address, sizeof peer->address, "%.*s", (int)(equals - play_text), play_text);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, equals + 1) == 0)
            peer->way = &ways[i];
    peer->listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    return peer->way != NULL && inet_pton(AF_INET, peer->address, &address.sin_addr) == 1 &&
           bind(peer->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(peer->listener, BACKLOG) == 0 && pthread_create(&thread, NULL, take, peer) == 0;
}

static bool set_up(const char *certificate)
{
    context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, certificate, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") != 1)
        return false;
    (void)SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    (void)SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_keylog_callback(context, on_secret);
    return true;
}

int main(int argc, char **argv)
{
    char rest[LINE_BYTES];
    (void)signal(SIGPIPE, SIG_IGN);
    struct peer *peers = calloc((size_t)argc * 2, sizeof *peers);
    if (argc < 3 || peers == NULL || !set_up(argv[1]))
        return 2;
    for (int i = 2; i < argc; i++)
        if (strchr(argv[i], '=') == NULL || !listens(&peers[2 * i], argv[i], SMTP_PORT) ||
            !listens(&peers[2 * i + 1], argv[i], HTTPS_PORT)) {
            (void)fprintf(stderr, "floods: cannot play %s\n", argv[i]);
            return 2;
        }
    (void)printf("ready\n");
    (void)fflush(stdout);
    while (fread(rest, 1, sizeof rest, stdin) > 0)
        continue;
    (void)fflush(stdout);
    _exit(0);
}
