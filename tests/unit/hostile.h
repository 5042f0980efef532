/*
 * Makes TLS servers that cost their clients as much as can be: each with a chain of certificates, or a group,
 * that a ceiling of scanner/wire/cost.h stops, or that lies just below one. The client's CPU for each is
 * measured on a handshake in memory.
 */
#ifndef STSWEEP_TESTS_HOSTILE_H
#define STSWEEP_TESTS_HOSTILE_H

#include <limits.h>
#include <openssl/param_build.h>
#include <time.h>

#include "scanner/tls/trust.h"
#include "tests/unit/der.h"

static const char HOSTILE_HOST[] = "mx1.example.test";

enum {
    HOSTILE_LIST_BYTES = 98 * 1024,
    HOSTILE_PIPE_BYTES = 1 << 20,
    HOSTILE_PATH = 10,
    HOSTILE_ARENA_BYTES = 1 << 20
};

/* Keys are made before anything reads any: while the inherited decoder is in force none can be. */
struct hostile_world {
    struct identity root, intermediate, leaf, rsa_leaf;
    struct trust *trust;
    SSL_CTX *client, *permissive;
    struct buf leaf_key; /* its SubjectPublicKeyInfo */
};

static inline SSL_CTX *hostile_client(struct trust *trust, bool permissive)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    must(ctx != NULL && tls_context_setup(ctx, trust) == ERR_OK);
    must(!permissive || tls_context_permit(ctx) == ERR_OK);
    return ctx;
}

static inline void hostile_open(struct hostile_world *world)
{
    char path[] = "/tmp/hostile-XXXXXX";
    const char *why;
    tls_library_init();
    world->root = make_identity(&(struct cert_spec){.cn = "Root", .ca = true}, NULL);
    world->intermediate = make_identity(&(struct cert_spec){.cn = "Inter", .ca = true}, &world->root);
    world->leaf =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:mx1.example.test"}, &world->intermediate);
    world->rsa_leaf =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:mx1.example.test", .rsa_bits = 2048},
                      &world->intermediate);
    write_roots(path, &world->root, 1);
    world->trust = trust_create(path, &why);
    (void)unlink(path);
    must(world->trust != NULL);
    world->client = hostile_client(world->trust, false);
    world->permissive = hostile_client(world->trust, true);
    world->leaf_key = der_new();
    der_key(&world->leaf_key, world->leaf.key);
}

static inline void hostile_close(struct hostile_world *world)
{
    SSL_CTX_free(world->client);
    SSL_CTX_free(world->permissive);
    trust_destroy(world->trust);
    identity_free(&world->root);
    identity_free(&world->intermediate);
    identity_free(&world->leaf);
    identity_free(&world->rsa_leaf);
    buf_dispose(&world->leaf_key);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* Makes an odd number of so many bits. */
static inline BIGNUM *hostile_number(int bits)
{
    BIGNUM *number = BN_new();
    must(number != NULL && BN_rand(number, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD) == 1);
    return number;
}

static inline void hostile_put_number(struct buf *out, int bits)
{
    BIGNUM *number = hostile_number(bits);
    der_number(out, number);
    BN_free(number);
}

static inline void hostile_rsa(struct buf *out, int bits, int exponent_bits)
{
    size_t start = out->len;
    der_oid(out, "1.2.840.113549.1.1.1");
    must(buf_append(out, "\x05\x00", 2));
    der_wrap(out, start, DER_SEQUENCE);
    size_t key = out->len;
    hostile_put_number(out, bits);
    hostile_put_number(out, exponent_bits);
    der_wrap(out, key, DER_SEQUENCE);
    must(buf_append(out, "\0", 1));
    memmove(out->data + key + 1, out->data + key, out->len - key - 1);
    out->data[key] = 0;
    der_wrap(out, key, DER_BIT_STRING);
    der_wrap(out, start, DER_SEQUENCE);
}

/* Writes p, q, g and y; they are no group, but as much work as one. */
static inline void hostile_dsa(struct buf *out, int bits)
{
    size_t start = out->len;
    struct buf key = der_new();
    der_oid(out, "1.2.840.10040.4.1");
    size_t parameters = out->len;
    hostile_put_number(out, bits);
    hostile_put_number(out, 256);
    hostile_put_number(out, bits - 1);
    der_wrap(out, parameters, DER_SEQUENCE);
    der_wrap(out, start, DER_SEQUENCE);
    must(buf_byte(&key, 0));
    hostile_put_number(&key, bits - 2);
    der_put(out, DER_BIT_STRING, key.data, key.len);
    der_wrap(out, start, DER_SEQUENCE);
    buf_dispose(&key);
}

#define HOSTILE_EC  "1.2.840.10045.2.1"
#define HOSTILE_SM2 "1.2.156.10197.1.301"

static inline void hostile_point(struct buf *out, const char *algorithm, const struct buf *parameters,
                                 const uint8_t *point, size_t len)
{
    size_t start = out->len;
    der_oid(out, algorithm);
    must(buf_append(out, parameters->data, parameters->len));
    der_wrap(out, start, DER_SEQUENCE);
    size_t bits = out->len;
    must(buf_byte(out, 0) && buf_append(out, point, len));
    der_wrap(out, bits, DER_BIT_STRING);
    der_wrap(out, start, DER_SEQUENCE);
}

static inline void hostile_compressed(struct buf *out, const char *curve)
{
    uint8_t point[256];
    struct buf parameters = der_new();
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(curve));
    must(group != NULL);
    size_t len = EC_POINT_point2oct(group, EC_GROUP_get0_generator(group), POINT_CONVERSION_COMPRESSED, point,
                                    sizeof point, NULL);
    const ASN1_OBJECT *object = OBJ_nid2obj(EC_GROUP_get_curve_name(group));
    der_put(&parameters, DER_OID, OBJ_get0_data(object), OBJ_length(object));
    hostile_point(out, HOSTILE_EC, &parameters, point, len);
    EC_GROUP_free(group);
    buf_dispose(&parameters);
}

/* Returns the first prime of k * 2^600 + 1: no square root takes longer to find than one modulo such a
 * prime. */
static inline BIGNUM *hostile_prime(BN_CTX *ctx)
{
    BIGNUM *prime = BN_new(), *odd = BN_new();
    must(prime != NULL && odd != NULL);
    for (BN_ULONG k = 133;; k += 2) {
        must(BN_set_word(odd, k) == 1 && BN_lshift(prime, odd, 600) == 1 && BN_add_word(prime, 1) == 1);
        if (BN_check_prime(prime, ctx, NULL) == 1)
            break;
    }
    BN_free(odd);
    return prime;
}

/* Finds an x at which y^2 = x^3 + x + 3 has a point. */
static inline void hostile_abscissa(const BIGNUM *prime, BN_CTX *ctx, uint8_t *point, int len)
{
    BIGNUM *x = BN_new(), *square = BN_new(), *rest = BN_new();
    for (BN_ULONG i = 1;; i++) {
        must(BN_set_word(x, i) == 1 && BN_set_word(square, i * i * i) == 1 && BN_set_word(rest, i + 3) == 1);
        must(BN_mod_add(square, square, rest, prime, ctx) == 1);
        if (BN_kronecker(square, prime, ctx) == 1)
            break;
    }
    must(BN_bn2binpad(x, point, len) == len);
    BN_free(x);
    BN_free(square);
    BN_free(rest);
}

/* Writes a key of such an algorithm on a curve of its own. */
static inline void hostile_curve(struct buf *out, const char *algorithm)
{
    BN_CTX *ctx = BN_CTX_new();
    BIGNUM *prime = hostile_prime(ctx);
    struct buf parameters = der_new();
    uint8_t space[128] = {0}, point[128] = {2};
    int len = BN_num_bytes(prime);
    hostile_abscissa(prime, ctx, point + 1, len);
    der_put(&parameters, DER_INTEGER, "\1", 1);
    size_t start = parameters.len;
    der_oid(&parameters, "1.2.840.10045.1.1");
    der_number(&parameters, prime);
    der_wrap(&parameters, start, DER_SEQUENCE);
    start = parameters.len;
    space[len - 1] = 1;
    der_put(&parameters, DER_OCTET_STRING, space, (size_t)len);
    space[len - 1] = 3;
    der_put(&parameters, DER_OCTET_STRING, space, (size_t)len);
    der_wrap(&parameters, start, DER_SEQUENCE);
    der_put(&parameters, DER_OCTET_STRING, point, (size_t)len + 1);
    der_number(&parameters, prime);
    der_put(&parameters, DER_INTEGER, "\1", 1);
    der_wrap(&parameters, 0, DER_SEQUENCE);
    hostile_point(out, algorithm, &parameters, point, (size_t)len + 1);
    buf_dispose(&parameters);
    BN_free(prime);
    BN_CTX_free(ctx);
}

/* ---- servers ------------------------------------------------------------------------------------------- */

/* Presents the usual leaf, and behind it the certificate as often as there is room for (`most` times at
 * most). */
static inline SSL_CTX *hostile_repeated(const struct hostile_world *world, const struct der_cert *spec,
                                        int most)
{
    SSL_CTX *server = make_server(&world->leaf, NULL);
    X509 *cert = der_x509(spec);
    int len = i2d_X509(cert, NULL) + 5;
    for (int i = 0; i < most && (i + 1) * len < HOSTILE_LIST_BYTES; i++)
        must(SSL_CTX_add1_chain_cert(server, cert) == 1);
    X509_free(cert);
    return server;
}

/* Presents certificates with such a key, over and over. */
static inline SSL_CTX *hostile_keys(const struct hostile_world *world, const struct buf *key, int most)
{
    return hostile_repeated(world, &(struct der_cert){.cn = "", .issuer = "", .key = buf_bytes(key)}, most);
}

/* Presents the usual leaf's key under other names, signed by the intermediate. */
static inline SSL_CTX *hostile_leaf(const struct hostile_world *world, struct bytes subject,
                                    struct bytes extensions)
{
    struct identity leaf = {.key = world->leaf.key};
    leaf.cert = der_x509(&(struct der_cert){.cn = "x",
                                            .issuer = "Inter",
                                            .subject = subject,
                                            .key = buf_bytes(&world->leaf_key),
                                            .extensions = extensions,
                                            .signer = world->intermediate.key});
    SSL_CTX *server = make_server(&leaf, world->intermediate.cert);
    X509_free(leaf.cert);
    return server;
}

/* Presents a path of ten issuers with the same key up to the root. Their signatures are wrong, which takes as
 * long to find out. */
static inline SSL_CTX *hostile_path(const struct hostile_world *world, const struct buf *key,
                                    const char *algorithm, struct bytes signature, struct bytes extensions)
{
    char name[16], above[16] = "Root";
    X509 *certs[HOSTILE_PATH];
    for (int i = 0; i < HOSTILE_PATH; i++) {
        struct der_cert spec = {.cn = name,
                                .issuer = above,
                                .key = buf_bytes(key),
                                .extensions = extensions,
                                .algorithm = algorithm,
                                .signature = signature};
        (void)snprintf(name, sizeof name, "C%d", i);
        if (i < HOSTILE_PATH - 1)
            certs[i] = der_x509(&spec);
        else
            spec.cn = "x", spec.key = buf_bytes(&world->leaf_key), certs[i] = der_x509(&spec);
        (void)snprintf(above, sizeof above, "%s", name);
    }
    struct identity leaf = {world->leaf.key, certs[HOSTILE_PATH - 1]};
    SSL_CTX *server = make_server(&leaf, NULL);
    for (int i = HOSTILE_PATH - 2; i >= 0; i--)
        must(SSL_CTX_add1_chain_cert(server, certs[i]) == 1);
    for (int i = 0; i < HOSTILE_PATH; i++)
        X509_free(certs[i]);
    return server;
}

/* ---- what they cost ------------------------------------------------------------------------------------ */

static inline double hostile_cpu_us(void)
{
    struct timespec now;
    must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline void hostile_message(int written, int version, int type, const void *data, size_t len, SSL *ssl,
                                   void *arg)
{
    (void)arg;
    tls_message_seen(written, version, type, data, len, ssl);
}

/* Makes one handshake and its facts, and returns the client's CPU alone. */
static inline double hostile_shake(SSL *client, SSL *server, const struct tlsa_facts *tlsa,
                                   struct arena *arena, struct tls_facts *facts)
{
    struct tls_verify verify;
    double used = 0, since;
    int result = -1;
    must(tls_verify_attach(client, &verify) == ERR_OK);
    verify.tlsa = tlsa;
    for (int turn = 0; turn < 50; turn++) {
        ERR_clear_error();
        since = hostile_cpu_us();
        result = SSL_do_handshake(client);
        used += hostile_cpu_us() - since;
        if (result == 1 || SSL_get_error(client, result) != SSL_ERROR_WANT_READ)
            break;
        ERR_clear_error();
        (void)SSL_do_handshake(server);
    }
    since = hostile_cpu_us();
    if (result == 1)
        tls_facts_collect(client, &verify, HOSTILE_HOST, arena, facts);
    else
        tls_facts_failure(client, &verify, HOSTILE_HOST, arena, facts);
    return used + hostile_cpu_us() - since;
}

static inline double hostile_once(SSL_CTX *client_ctx, SSL_CTX *server_ctx, bool without_dh,
                                  const struct tlsa_facts *tlsa, struct arena *arena, struct tls_facts *facts)
{
    BIO *near = NULL, *far = NULL;
    SSL *client = SSL_new(client_ctx), *server = SSL_new(server_ctx);
    must(BIO_new_bio_pair(&near, HOSTILE_PIPE_BYTES, &far, HOSTILE_PIPE_BYTES) == 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    SSL_set_msg_callback(client, hostile_message);
    must(SSL_set_tlsext_host_name(client, HOSTILE_HOST) == 1);
    must(!without_dh || tls_leave_out_dh(client));
    double used = hostile_shake(client, server, tlsa, arena, facts);
    SSL_free(client);
    SSL_free(server);
    return used;
}

/* Returns the least CPU of several handshakes, as other work of the machine only adds to it. facts are of the
 * last, in arena. */
static inline double hostile_least(SSL_CTX *client, SSL_CTX *server, int rounds,
                                   const struct tlsa_facts *tlsa, struct arena *arena,
                                   struct tls_facts *facts)
{
    double least = 0;
    for (int i = 0; i < rounds; i++) {
        arena_reset(arena);
        double used = hostile_once(client, server, false, tlsa, arena, facts);
        if (i == 0 || used < least)
            least = used;
    }
    return least;
}

#endif
