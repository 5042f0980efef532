/* Certificates made on demand. */
#include "bench/world/authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { YEAR_S = 365 * 86400, DAY_S = 86400, RSA_BITS = 2048 };

struct authority {
    EVP_PKEY *root_key;
    EVP_PKEY *keys[2]; /* of the intermediates; [1] stands below [0] */
    EVP_PKEY *leaf_ec;
    EVP_PKEY *leaf_rsa;
    X509 *root;
    X509 *intermediates[2];
    long serial;
};

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool set_name(X509 *cert, const char *name)
{
    /* A common name has at most 64 octets. */
    return X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                                      (const unsigned char *)name, (int)strnlen(name, 64), -1, 0) == 1;
}

/* A certificate without extensions and signature; issuer NULL means itself. */
static X509 *draft(struct authority *authority, const char *name, EVP_PKEY *key, X509 *issuer, long from,
                   long until)
{
    X509 *cert = X509_new();
    if (cert == NULL)
        return NULL;
    bool made = X509_set_version(cert, 2) == 1 &&
                ASN1_INTEGER_set(X509_get_serialNumber(cert), ++authority->serial) == 1 &&
                X509_gmtime_adj(X509_getm_notBefore(cert), from) != NULL &&
                X509_gmtime_adj(X509_getm_notAfter(cert), until) != NULL && set_name(cert, name) &&
                X509_set_issuer_name(cert, X509_get_subject_name(issuer == NULL ? cert : issuer)) == 1 &&
                X509_set_pubkey(cert, key) == 1;
    if (made)
        return cert;
    X509_free(cert);
    return NULL;
}

static X509 *make_ca(struct authority *authority, const char *name, EVP_PKEY *key, X509 *issuer,
                     EVP_PKEY *signer)
{
    X509 *cert = draft(authority, name, key, issuer, -DAY_S, 5 * YEAR_S);
    if (cert == NULL || !add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE") ||
        !add_extension(cert, cert, NID_key_usage, "critical,keyCertSign") ||
        X509_sign(cert, signer, EVP_sha256()) == 0) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static bool write_root(const struct authority *authority, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    bool written = PEM_write_X509(file, authority->root) == 1;
    return fclose(file) == 0 && written;
}

struct authority *authority_create(const char *root_file)
{
    struct authority *authority = calloc(1, sizeof *authority);
    if (authority == NULL)
        return NULL;
    authority->root_key = EVP_EC_gen("P-256");
    authority->keys[0] = EVP_EC_gen("P-256");
    authority->keys[1] = EVP_EC_gen("P-256");
    authority->leaf_ec = EVP_EC_gen("P-256");
    authority->leaf_rsa = EVP_RSA_gen(RSA_BITS);
    authority->root = make_ca(authority, "World Root", authority->root_key, NULL, authority->root_key);
    if (authority->root == NULL || authority->leaf_ec == NULL || authority->leaf_rsa == NULL)
        return NULL;
    authority->intermediates[0] =
        make_ca(authority, "World One", authority->keys[0], authority->root, authority->root_key);
    if (authority->intermediates[0] == NULL)
        return NULL;
    authority->intermediates[1] =
        make_ca(authority, "World Two", authority->keys[1], authority->intermediates[0], authority->keys[0]);
    return authority->intermediates[1] != NULL && write_root(authority, root_file) ? authority : NULL;
}

static X509 *make_leaf(struct authority *authority, const struct tls_host *host, const char *name)
{
    char san[NAME_BYTES + 16];
    EVP_PKEY *key = host->rsa ? authority->leaf_rsa : authority->leaf_ec;
    bool self = host->cert == CERT_SELF;
    int level = host->long_chain ? 1 : 0;
    const char *shown = host->cert == CERT_OTHER_NAME ? "www.elsewhere.example" : name;
    long until = host->cert == CERT_EXPIRED ? -DAY_S : YEAR_S;
    X509 *cert =
        draft(authority, shown, key, self ? NULL : authority->intermediates[level], -30 * DAY_S, until);
    (void)snprintf(san, sizeof san, "DNS:%s", shown);
    if (cert == NULL || !add_extension(cert, cert, NID_subject_alt_name, san) ||
        !add_extension(cert, cert, NID_ext_key_usage, "serverAuth") ||
        X509_sign(cert, self ? key : authority->keys[level], EVP_sha256()) == 0) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

bool authority_present(struct authority *authority, const struct tls_host *host, const char *name, SSL *ssl)
{
    X509 *leaf = make_leaf(authority, host, name);
    if (leaf == NULL)
        return false;
    EVP_PKEY *key = host->rsa ? authority->leaf_rsa : authority->leaf_ec;
    bool done = SSL_use_certificate(ssl, leaf) == 1 && SSL_use_PrivateKey(ssl, key) == 1;
    X509_free(leaf);
    for (int level = host->long_chain ? 1 : 0; done && host->cert != CERT_SELF && level >= 0; level--)
        done = SSL_add1_chain_cert(ssl, authority->intermediates[level]) == 1;
    return done;
}
