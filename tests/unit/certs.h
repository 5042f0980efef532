/* Makes keys and certificates on the spot, for tests that need a TLS peer. Every function aborts the test on
 * failure. */
#ifndef STSWEEP_TESTS_CERTS_H
#define STSWEEP_TESTS_CERTS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Zero means the usual: a leaf valid from yesterday for a month, EC P-256, SHA-256. */
struct cert_spec {
    const char *cn;
    const char *san;   /* "DNS:a.test,DNS:b.test" */
    const char *usage; /* extendedKeyUsage; NULL for serverAuth */
    const char *aia;   /* "caIssuers;URI:http://…" */
    long from_s;       /* against now */
    long to_s;
    int rsa_bits;      /* RSA of this size instead of EC */
    const char *curve; /* instead of P-256 */
    bool ca;
    bool sha1;
};

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static inline void must(bool ok)
{
    if (!ok)
        abort();
}

static inline EVP_PKEY *make_key(const struct cert_spec *spec)
{
    EVP_PKEY *key = spec->rsa_bits != 0 ? EVP_RSA_gen((unsigned)spec->rsa_bits)
                                        : EVP_EC_gen(spec->curve == NULL ? "P-256" : spec->curve);
    must(key != NULL);
    return key;
}

static inline void add_extension(X509 *cert, const X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, (X509 *)(uintptr_t)issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    must(extension != NULL && X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static inline void add_extensions(X509 *cert, const X509 *issuer, const struct cert_spec *spec)
{
    add_extension(cert, issuer, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
    add_extension(cert, issuer, NID_subject_key_identifier, "hash");
    if (spec->ca)
        add_extension(cert, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    else
        add_extension(cert, issuer, NID_ext_key_usage, spec->usage == NULL ? "serverAuth" : spec->usage);
    if (spec->san != NULL)
        add_extension(cert, issuer, NID_subject_alt_name, spec->san);
    if (spec->aia != NULL)
        add_extension(cert, issuer, NID_info_access, spec->aia);
}

/* Makes the certificate without its signature. */
static inline X509 *make_body(const struct cert_spec *spec, EVP_PKEY *key, const struct identity *issuer)
{
    static long serial = 1000;
    X509 *cert = X509_new();
    must(cert != NULL && X509_set_version(cert, X509_VERSION_3) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(cert), __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED)) ==
         1);
    X509_gmtime_adj(X509_getm_notBefore(cert), spec->from_s == 0 ? -86400 : spec->from_s);
    X509_gmtime_adj(X509_getm_notAfter(cert), spec->to_s == 0 ? 30 * 86400 : spec->to_s);
    must(X509_set_pubkey(cert, key) == 1);
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                    (const unsigned char *)spec->cn, -1, -1, 0) == 1);
    const X509 *by = issuer == NULL ? cert : issuer->cert;
    must(X509_set_issuer_name(cert, X509_get_subject_name(by)) == 1);
    add_extensions(cert, by, spec);
    return cert;
}

/* Makes a key and its certificate; self-signed if issuer is NULL. */
static inline struct identity make_identity(const struct cert_spec *spec, const struct identity *issuer)
{
    struct identity made = {.key = make_key(spec)};
    made.cert = make_body(spec, made.key, issuer);
    must(X509_sign(made.cert, issuer == NULL ? made.key : issuer->key,
                   spec->sha1 ? EVP_sha1() : EVP_sha256()) > 0);
    return made;
}

static inline void identity_free(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->cert);
    *identity = (struct identity){NULL, NULL};
}

/* Writes the certificates as a PEM file at path, which is a mkstemp template. */
static inline void write_roots(char *path, const struct identity *roots, size_t count)
{
    int fd = mkstemp(path);
    must(fd >= 0);
    FILE *file = fdopen(fd, "w");
    must(file != NULL);
    for (size_t i = 0; i < count; i++)
        must(PEM_write_X509(file, roots[i].cert) == 1);
    must(fclose(file) == 0);
}

/* Makes a server that presents the identity and, if there is one, the intermediate. Its security level is
 * 0. */
static inline SSL_CTX *make_server(const struct identity *identity, const X509 *intermediate)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    must(ctx != NULL);
    SSL_CTX_set_security_level(ctx, 0);
    must(SSL_CTX_use_certificate(ctx, identity->cert) == 1);
    must(SSL_CTX_use_PrivateKey(ctx, identity->key) == 1);
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    if (intermediate != NULL)
        must(SSL_CTX_add1_chain_cert(ctx, (X509 *)(uintptr_t)intermediate) == 1);
    return ctx;
}

#endif
