/* Keeps good signatures in sets of a few, the last one asked for first. */

/* Methods of keys are deprecated, as ENGINEs are, with which they go. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "scanner/tls/verified.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* TEXT_BYTES has room for a key and a signature of RSA with 8192 bits, HELD_BYTES for the longest digest that
 * a signature of RSA holds, with its algorithm. What is longer is verified each time. */
enum { NAME_BYTES = 32, HELD_BYTES = 95, WAYS = 8, SETS = 512 };
enum { TEXT_BYTES = 4096, NUMBER_BYTES = 1024, POINT_BYTES = 256 };

struct good {
    uint8_t name[NAME_BYTES]; /* SHA-256 */
    uint8_t held_len;
    uint8_t held[HELD_BYTES]; /* by a signature of RSA */
};

typedef int verify_ec(int type, const unsigned char *digest, int digest_len, const unsigned char *signature,
                      int signature_len, EC_KEY *key);
typedef int open_rsa(int len, const unsigned char *signature, unsigned char *held, RSA *key, int padding);

static struct {
    struct good (*sets)[WAYS];
    EC_KEY_METHOD *ec;
    RSA_METHOD *rsa;
    verify_ec *plain_ec;
    open_rsa *plain_rsa;
    EVP_MD *sha256;
    struct tls_verified_counts counts;
} verified;

/* One lock will do: it is held for some hundred nanoseconds, twice a handshake. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local bool in_a_path;

/* ---- names --------------------------------------------------------------------------------------------- */

/* What a name is the digest of: parts, each behind its length. */
struct text {
    uint8_t bytes[TEXT_BYTES];
    size_t len;
    bool fits;
};

static void add(struct text *text, const void *part, size_t len)
{
    const uint32_t length = (uint32_t)len;
    text->fits =
        text->fits && len <= sizeof text->bytes && text->len + sizeof length + len <= sizeof text->bytes;
    if (!text->fits)
        return;
    memcpy(text->bytes + text->len, &length, sizeof length);
    memcpy(text->bytes + text->len + sizeof length, part, len);
    text->len += sizeof length + len;
}

static void add_number(struct text *text, const BIGNUM *number)
{
    uint8_t bytes[NUMBER_BYTES];
    text->fits = text->fits && number != NULL && BN_num_bytes(number) <= (int)sizeof bytes;
    if (text->fits)
        add(text, bytes, (size_t)BN_bn2bin(number, bytes));
}

static void add_ec_key(struct text *text, const EC_KEY *key)
{
    const EC_GROUP *group = EC_KEY_get0_group(key);
    const EC_POINT *point = EC_KEY_get0_public_key(key);
    uint8_t bytes[POINT_BYTES];
    size_t len = 0;
    int curve = group == NULL ? NID_undef : EC_GROUP_get_curve_name(group);
    /* A curve that is spelled out may resemble a named one, and have another generator. */
    if (curve != NID_undef && EC_GROUP_get_asn1_flag(group) == OPENSSL_EC_NAMED_CURVE && point != NULL)
        len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, bytes, sizeof bytes, NULL);
    text->fits = text->fits && len > 0;
    add(text, &curve, sizeof curve);
    add(text, bytes, len);
}

static bool name_ec(const unsigned char *digest, int digest_len, const unsigned char *signature,
                    int signature_len, const EC_KEY *key, uint8_t name[NAME_BYTES])
{
    struct text text = {.fits = in_a_path && digest_len >= 0 && signature_len >= 0};
    if (!text.fits)
        return false;
    add(&text, "EC", 2);
    add_ec_key(&text, key);
    add(&text, digest, (size_t)digest_len);
    add(&text, signature, (size_t)signature_len);
    return text.fits && EVP_Digest(text.bytes, text.len, name, NULL, verified.sha256, NULL) == 1;
}

static bool name_rsa(const unsigned char *signature, int len, const RSA *key, int padding,
                     uint8_t name[NAME_BYTES])
{
    struct text text = {.fits = in_a_path && len >= 0 && padding == RSA_PKCS1_PADDING};
    if (!text.fits)
        return false;
    add(&text, "RSA", 3);
    add_number(&text, RSA_get0_n(key));
    add_number(&text, RSA_get0_e(key));
    add(&text, signature, (size_t)len);
    return text.fits && EVP_Digest(text.bytes, text.len, name, NULL, verified.sha256, NULL) == 1;
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static struct good *set_of(const uint8_t *name)
{
    uint16_t number;
    memcpy(&number, name, sizeof number);
    return verified.sets[number % SETS];
}

/* Puts one first; those before its place make room, or the last of all goes. */
static void put_first(struct good *set, size_t place, const struct good *good)
{
    memmove(&set[1], &set[0], place * sizeof *set);
    set[0] = *good;
}

static bool find(struct good *good)
{
    struct good *set = set_of(good->name);
    size_t place = 0;
    (void)pthread_mutex_lock(&lock);
    while (place < WAYS && memcmp(set[place].name, good->name, NAME_BYTES) != 0)
        place++;
    if (place < WAYS) {
        *good = set[place];
        put_first(set, place, good);
    }
    verified.counts.asked++;
    verified.counts.known += place < WAYS;
    (void)pthread_mutex_unlock(&lock);
    return place < WAYS;
}

static void keep(const struct good *good)
{
    (void)pthread_mutex_lock(&lock);
    put_first(set_of(good->name), WAYS - 1, good);
    (void)pthread_mutex_unlock(&lock);
}

/* ---- methods ------------------------------------------------------------------------------------------- */

static int on_ec(int type, const unsigned char *digest, int digest_len, const unsigned char *signature,
                 int signature_len, EC_KEY *key)
{
    struct good good = {.held_len = 0};
    bool named = name_ec(digest, digest_len, signature, signature_len, key, good.name);
    if (named && find(&good))
        return 1;
    int result = verified.plain_ec(type, digest, digest_len, signature, signature_len, key);
    if (named && result == 1)
        keep(&good);
    return result;
}

/* The public operation of RSA, with which a signature gives what it holds. */
static int on_rsa(int len, const unsigned char *signature, unsigned char *held, RSA *key, int padding)
{
    struct good good = {.held_len = 0};
    bool named = name_rsa(signature, len, key, padding, good.name);
    if (named && find(&good)) {
        memcpy(held, good.held, good.held_len);
        return good.held_len;
    }
    int result = verified.plain_rsa(len, signature, held, key, padding);
    if (named && result > 0 && result <= HELD_BYTES) {
        good.held_len = (uint8_t)result;
        memcpy(good.held, held, good.held_len);
        keep(&good);
    }
    return result;
}

/* The methods are made once and never freed: keys point to them. */
static bool make_methods(void)
{
    int (*plain_signature)(const unsigned char *, int, const ECDSA_SIG *, EC_KEY *) = NULL;
    if (verified.plain_rsa != NULL)
        return true;
    verified.ec = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
    verified.rsa = RSA_meth_dup(RSA_PKCS1_OpenSSL());
    verified.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (verified.ec == NULL || verified.rsa == NULL || verified.sha256 == NULL)
        goto failed;
    EC_KEY_METHOD_get_verify(verified.ec, &verified.plain_ec, &plain_signature);
    EC_KEY_METHOD_set_verify(verified.ec, on_ec, plain_signature);
    if (RSA_meth_set_pub_dec(verified.rsa, on_rsa) != 1)
        goto failed;
    verified.plain_rsa = RSA_meth_get_pub_dec(RSA_PKCS1_OpenSSL());
    return verified.plain_rsa != NULL;
failed:
    EC_KEY_METHOD_free(verified.ec);
    RSA_meth_free(verified.rsa);
    EVP_MD_free(verified.sha256);
    return false;
}

bool tls_verified_use(void)
{
    if (verified.sets != NULL)
        return true;
    if (!make_methods())
        return false;
    verified.sets = calloc(SETS, sizeof *verified.sets);
    if (verified.sets == NULL)
        return false;
    verified.counts = (struct tls_verified_counts){0};
    EC_KEY_set_default_method(verified.ec);
    RSA_set_default_method(verified.rsa);
    return true;
}

void tls_verified_drop(void)
{
    EC_KEY_set_default_method(EC_KEY_OpenSSL());
    RSA_set_default_method(RSA_PKCS1_OpenSSL());
    free(verified.sets);
    verified.sets = NULL;
}

void tls_verified_begin(void)
{
    in_a_path = verified.sets != NULL;
}

void tls_verified_end(void)
{
    in_a_path = false;
}

struct tls_verified_counts tls_verified_count(void)
{
    (void)pthread_mutex_lock(&lock);
    struct tls_verified_counts counts = verified.counts;
    (void)pthread_mutex_unlock(&lock);
    return counts;
}
