/*
 * Writes certificates byte by byte, as no honest tool would make them: any key, any extension, any number of
 * names. Every function aborts the test on failure.
 */
#ifndef STSWEEP_TESTS_DER_H
#define STSWEEP_TESTS_DER_H

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "scanner/base/buf.h"
#include "tests/unit/certs.h"

enum {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8 = 0x0c,
    DER_IA5 = 0x16,
    DER_UTC = 0x17,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_ROOM = 1 << 22
};

static inline struct buf der_new(void)
{
    struct buf out;
    buf_init(&out, DER_ROOM);
    return out;
}

/* Puts a tag and a length before the bytes that were written from `start` on. */
static inline void der_wrap(struct buf *out, size_t start, uint8_t tag)
{
    size_t len = out->len - start;
    uint8_t header[5] = {tag, (uint8_t)len};
    size_t size = 2;
    if (len >= 0x80) {
        size = len < 0x100 ? 3 : len < 0x10000 ? 4 : 5;
        header[1] = (uint8_t)(0x80 + size - 2);
        for (size_t i = 2; i < size; i++)
            header[i] = (uint8_t)(len >> 8 * (size - 1 - i));
    }
    must(buf_append(out, header, size));
    memmove(out->data + start + size, out->data + start, len);
    memcpy(out->data + start, header, size);
}

static inline void der_put(struct buf *out, uint8_t tag, const void *data, size_t len)
{
    size_t start = out->len;
    must(buf_append(out, data, len));
    der_wrap(out, start, tag);
}

static inline void der_text(struct buf *out, uint8_t tag, const char *text)
{
    der_put(out, tag, text, strlen(text));
}

static inline void der_oid(struct buf *out, const char *dotted)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    must(object != NULL);
    der_put(out, DER_OID, OBJ_get0_data(object), OBJ_length(object));
    ASN1_OBJECT_free(object);
}

static inline void der_number(struct buf *out, const BIGNUM *number)
{
    size_t start = out->len;
    uint8_t *space = calloc(1, (size_t)BN_num_bytes(number) + 1);
    must(space != NULL);
    int len = BN_bn2bin(number, space + 1);
    bool pads = len == 0 || (space[1] & 0x80) != 0;
    must(buf_append(out, pads ? space : space + 1, (size_t)len + pads));
    der_wrap(out, start, DER_INTEGER);
    free(space);
}

static inline void der_name(struct buf *out, const char *cn)
{
    size_t start = out->len;
    der_oid(out, "2.5.4.3");
    der_text(out, DER_UTF8, cn);
    der_wrap(out, start, DER_SEQUENCE);
    der_wrap(out, start, DER_SET);
    der_wrap(out, start, DER_SEQUENCE);
}

/* Makes the bytes that were written to `out` from `start` on the value of an extension. */
static inline void der_extension(struct buf *out, size_t start, const char *oid, bool critical)
{
    struct buf head = der_new();
    der_wrap(out, start, DER_OCTET_STRING);
    der_oid(&head, oid);
    if (critical)
        der_put(&head, DER_BOOLEAN, "\xff", 1);
    size_t len = out->len - start;
    must(buf_append(out, head.data, head.len));
    memmove(out->data + start + head.len, out->data + start, len);
    memcpy(out->data + start, head.data, head.len);
    der_wrap(out, start, DER_SEQUENCE);
    buf_dispose(&head);
}

static inline void der_ca(struct buf *out)
{
    size_t start = out->len;
    der_put(out, DER_BOOLEAN, "\xff", 1);
    der_wrap(out, start, DER_SEQUENCE);
    der_extension(out, start, "2.5.29.19", true);
}

static inline void der_key(struct buf *out, const EVP_PKEY *key)
{
    unsigned char *data = NULL;
    int len = i2d_PUBKEY(key, &data);
    must(len > 0 && buf_append(out, data, (size_t)len));
    OPENSSL_free(data);
}

/* A certificate's parts: those left empty are the usual ones. */
struct der_cert {
    const char *cn;
    const char *issuer;
    struct bytes subject;    /* a whole Name in place of cn */
    struct bytes key;        /* a whole SubjectPublicKeyInfo */
    struct bytes extensions; /* Extension after Extension; none: there is no such field */
    EVP_PKEY *signer;        /* or, in place of a signature that is one: */
    const char *algorithm;
    struct bytes signature;
};

static inline void der_time(struct buf *out, long from_now)
{
    ASN1_TIME *time = X509_gmtime_adj(NULL, from_now);
    must(time != NULL);
    der_put(out, DER_UTC, ASN1_STRING_get0_data(time), (size_t)ASN1_STRING_length(time));
    ASN1_TIME_free(time);
}

static inline void der_algorithm(struct buf *out, const struct der_cert *cert)
{
    int id = cert->signer == NULL ? EVP_PKEY_EC : EVP_PKEY_get_base_id(cert->signer);
    size_t start = out->len;
    if (cert->algorithm != NULL)
        der_oid(out, cert->algorithm);
    else
        der_oid(out, id == EVP_PKEY_RSA ? "1.2.840.113549.1.1.11" : "1.2.840.10045.4.3.2");
    der_wrap(out, start, DER_SEQUENCE);
}

static inline void der_body(struct buf *out, const struct der_cert *cert)
{
    static uint32_t serials = 0x10000000;
    uint32_t serial = __atomic_add_fetch(&serials, 1, __ATOMIC_RELAXED);
    uint8_t number[4] = {(uint8_t)(serial >> 24), (uint8_t)(serial >> 16), (uint8_t)(serial >> 8),
                         (uint8_t)serial};
    size_t begin = out->len, start;
    must(buf_append(out, "\xa0\x03\x02\x01\x02", 5));
    der_put(out, DER_INTEGER, number, sizeof number);
    der_algorithm(out, cert);
    der_name(out, cert->issuer);
    start = out->len;
    der_time(out, -86400);
    der_time(out, 30 * 86400);
    der_wrap(out, start, DER_SEQUENCE);
    if (cert->subject.len > 0)
        must(buf_append(out, cert->subject.data, cert->subject.len));
    else
        der_name(out, cert->cn);
    must(buf_append(out, cert->key.data, cert->key.len));
    if (cert->extensions.len > 0) {
        start = out->len;
        must(buf_append(out, cert->extensions.data, cert->extensions.len));
        der_wrap(out, start, DER_SEQUENCE);
        der_wrap(out, start, 0xa3);
    }
    der_wrap(out, begin, DER_SEQUENCE);
}

static inline void der_signature(struct buf *out, const struct der_cert *cert, struct bytes body)
{
    size_t len = 0, start = out->len;
    must(buf_byte(out, 0) && buf_append(out, cert->signature.data, cert->signature.len));
    if (cert->signer != NULL) {
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        must(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, cert->signer) == 1 &&
             EVP_DigestSign(ctx, NULL, &len, body.data, body.len) == 1);
        uint8_t *space = buf_reserve(out, len);
        must(space != NULL && EVP_DigestSign(ctx, space, &len, body.data, body.len) == 1);
        out->len += len;
        EVP_MD_CTX_free(ctx);
    }
    der_wrap(out, start, DER_BIT_STRING);
}

static inline struct buf der_certificate(const struct der_cert *cert)
{
    struct buf out = der_new(), signature = der_new();
    der_body(&out, cert);
    der_signature(&signature, cert, buf_bytes(&out));
    der_algorithm(&out, cert);
    must(buf_append(&out, signature.data, signature.len));
    buf_dispose(&signature);
    der_wrap(&out, 0, DER_SEQUENCE);
    return out;
}

static inline X509 *der_x509(const struct der_cert *cert)
{
    struct buf data = der_certificate(cert);
    const uint8_t *at = data.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)data.len);
    must(x509 != NULL);
    buf_dispose(&data);
    ERR_clear_error();
    return x509;
}

#endif
