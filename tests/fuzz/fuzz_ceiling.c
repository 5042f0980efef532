/*
 * Any bytes as the message with a server's certificates, as it comes before OpenSSL reads it: the first byte
 * chooses the version of TLS, whose framing differs. What is let through is within the ceilings by a second
 * reading, with OpenSSL's own reader of elements, and its cost is no less than what OpenSSL finds in it:
 * names, constraints, keys. What is within them is not refused, and what is refused can be read no more.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "scanner/tls/trust.h"
#include "scanner/wire/cost.h"
#include "tests/fuzz/target.h"

enum { HEADER_BYTES = 4, NEST = 32, STRING_NEST = 4, CERTIFICATE = 11, WRONG = 0x80, ENDLESS = 0x01 };

/* ---- a second reading of elements ---------------------------------------------------------------------- */

/* What OpenSSL's reader says of the elements of a chain. */
struct reading {
    size_t certs, elements;
    bool is_ber;    /* there are forms that only BER has */
    bool is_broken; /* something is no element */
};

/* Says whether a string begins with the tag of a sequence, in its short form or a long one. */
static bool begins_sequence(const uint8_t *at, size_t len)
{
    if (len < 2 || (at[0] | DER_CONSTRUCTED) != 0x3f)
        return len >= 2 && (at[0] | DER_CONSTRUCTED) == DER_TAG_SEQUENCE;
    size_t zeros = 1;
    while (zeros < len && at[zeros] == 0x80)
        zeros++;
    return zeros + 1 < len && at[zeros] == (DER_TAG_SEQUENCE & 0x1f);
}

static bool has_pieces(int form, int tag, int class)
{
    return class == V_ASN1_UNIVERSAL && (form & V_ASN1_CONSTRUCTED) != 0 && tag != V_ASN1_SEQUENCE &&
           tag != V_ASN1_SET;
}

/* Says whether there are elements in it. A list need not be said to hold any. */
static bool holds(int form, int tag, int class)
{
    bool is_list = class == V_ASN1_UNIVERSAL && (tag == V_ASN1_SEQUENCE || tag == V_ASN1_SET);
    return is_list || (form & V_ASN1_CONSTRUCTED) != 0;
}

static void read_elements(struct reading *reading, const uint8_t *at, size_t len, size_t depth,
                          size_t strings)
{
    const uint8_t *end = at + len;
    while (depth < NEST && at < end) {
        long length = 0;
        int tag = 0, class = 0;
        int form = ASN1_get_object(&at, &length, &tag, &class, end - at);
        bool odd = (form & WRONG) == 0 && ((form & ENDLESS) != 0 || has_pieces(form, tag, class));
        reading->is_ber = reading->is_ber || (odd && strings <= 1);
        reading->is_broken = reading->is_broken || (form & WRONG) != 0;
        if (odd || (form & WRONG) != 0)
            return;
        reading->elements++;
        bool is_string = class == V_ASN1_UNIVERSAL && tag == V_ASN1_OCTET_STRING && strings < STRING_NEST &&
                         begins_sequence(at, (size_t)length);
        if (holds(form, tag, class))
            read_elements(reading, at, (size_t)length, depth + 1, strings);
        else if (is_string)
            read_elements(reading, at, (size_t)length, depth + 1, strings + 1);
        at += length;
    }
}

/* ---- the list ------------------------------------------------------------------------------------------ */

struct list {
    const uint8_t *at;
    size_t left;
    bool extended; /* TLS 1.3 */
};

static size_t number(const uint8_t *at, size_t width)
{
    size_t value = 0;
    for (size_t i = 0; i < width; i++)
        value = value * 256 + at[i];
    return value;
}

/* Finds the list's length, by RFC 5246 section 7.4.2 and RFC 8446 section 4.4.2; NULL if it is not all there.
 */
static const uint8_t *find_length(const uint8_t *message, size_t size, bool extended)
{
    size_t at = HEADER_BYTES;
    if (size < HEADER_BYTES || message[0] != CERTIFICATE)
        return NULL;
    if (extended && at < size)
        at += 1U + message[at];
    if (at + 3 > size || number(message + at, 3) > size - at - 3)
        return NULL;
    return message + at;
}

static bool next(struct list *list, struct bytes *certificate)
{
    size_t len = list->left < 3 ? SIZE_MAX : number(list->at, 3);
    if (list->left < 3 || len > list->left - 3)
        return false;
    *certificate = bytes_make(len == 0 ? NULL : list->at + 3, len);
    list->at += 3 + len;
    list->left -= 3 + len;
    size_t more = list->left < 2 ? SIZE_MAX : 2 + number(list->at, 2);
    more = list->extended ? more : 0;
    if (more > list->left) {
        list->left = 0; /* OpenSSL has read the certificate when it finds that out */
        return true;
    }
    list->at += more;
    list->left -= more;
    return true;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* Says whether the root of a point on the curve has no short way: the field is binary, or its prime is 1
 * modulo 8. */
static bool is_slow(int curve)
{
    bool slow = true;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(curve);
    BIGNUM *prime = BN_new();
    if (group != NULL && prime != NULL && EC_GROUP_get_field_type(group) == NID_X9_62_prime_field &&
        EC_GROUP_get_curve(group, prime, NULL, NULL, NULL) == 1)
        slow = BN_mod_word(prime, 8) == 1;
    BN_free(prime);
    EC_GROUP_free(group);
    return slow;
}

/* A key on a curve, as its algorithm says, is read without a long search for a root. It need be none that
 * OpenSSL takes in the end. */
static void check_point(const X509 *cert)
{
    ASN1_OBJECT *algorithm = NULL;
    X509_ALGOR *whole = NULL;
    const unsigned char *point = NULL;
    const void *parameters = NULL;
    int len = 0, type = 0;
    if (X509_PUBKEY_get0_param(&algorithm, &point, &len, &whole, X509_get_X509_PUBKEY(cert)) != 1)
        return;
    int kind = OBJ_obj2nid(algorithm);
    if (kind != NID_X9_62_id_ecPublicKey && kind != NID_sm2)
        return;
    X509_ALGOR_get0(NULL, &type, &parameters, whole);
    expect(type != V_ASN1_SEQUENCE ? NULL : "a curve of its own is let through");
    if (type == V_ASN1_OBJECT && len > 0 && (point[0] == 2 || point[0] == 3))
        expect(!is_slow(OBJ_obj2nid(parameters)) ? NULL
                                                 : "a compressed point of a slow curve is let through");
}

static bool is_large_rsa(const EVP_PKEY *key)
{
    BIGNUM *exponent = NULL;
    bool large = EVP_PKEY_get_bits(key) > COST_RSA_BITS;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1)
        large = large || BN_num_bits(exponent) > COST_RSA_EXPONENT_BITS;
    BN_free(exponent);
    return large;
}

static bool is_over_binary_field(const EVP_PKEY *key)
{
    char field[64] = "";
    (void)EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_FIELD_TYPE, field, sizeof field, NULL);
    return strcmp(field, SN_X9_62_prime_field) != 0;
}

/* A key with which verifying would take long is said to be one. */
static void check_key(const X509 *cert, const struct key_cost *cost)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    int kind = key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key);
    if (kind == EVP_PKEY_RSA || kind == EVP_PKEY_RSA_PSS)
        expect(cost->heavy >= is_large_rsa(key) ? NULL : "a large RSA key is not heavy");
    if (kind == EVP_PKEY_EC || kind == EVP_PKEY_SM2)
        expect(cost->heavy >= is_over_binary_field(key) ? NULL : "a binary curve is not heavy");
    if (kind == EVP_PKEY_DSA)
        expect(cost->heavy >= (EVP_PKEY_get_bits(key) > COST_DSA_BITS) ? NULL
                                                                       : "a large DSA key is not heavy");
    expect(key == NULL || cost->heavy || cost->verify_us > 0 ? NULL : "a key that can be used costs nothing");
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* The sums over a chain, by what OpenSSL finds. */
struct sums {
    uint64_t names, constraints, pairs;
    size_t elements; /* no more than these are known */
};

/* Counts the names in lists of the places of revocations, which are read while a chain is validated. */
static size_t count_places(const X509 *cert)
{
    size_t count = 0;
    CRL_DIST_POINTS *places = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num(places); i++) {
        const DIST_POINT_NAME *name = sk_DIST_POINT_value(places, i)->distpoint;
        if (name != NULL && name->type == 0)
            count += (size_t)sk_GENERAL_NAME_num(name->name.fullname);
    }
    CRL_DIST_POINTS_free(places);
    return count;
}

static uint64_t count_names(const X509 *cert)
{
    uint64_t count = (uint64_t)X509_NAME_entry_count(X509_get_subject_name(cert));
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        int type = sk_GENERAL_NAME_value(names, i)->type;
        count += type == GEN_OTHERNAME ? 64 : type == GEN_URI ? 8 : 1;
    }
    GENERAL_NAMES_free(names);
    return count;
}

static uint64_t count_constraints(const X509 *cert)
{
    uint64_t count = 0;
    NAME_CONSTRAINTS *all = X509_get_ext_d2i(cert, NID_name_constraints, NULL, NULL);
    if (all != NULL && all->permittedSubtrees != NULL)
        count += (uint64_t)sk_GENERAL_SUBTREE_num(all->permittedSubtrees);
    if (all != NULL && all->excludedSubtrees != NULL)
        count += (uint64_t)sk_GENERAL_SUBTREE_num(all->excludedSubtrees);
    NAME_CONSTRAINTS_free(all);
    return count;
}

static void add_names(struct sums *sums, const X509 *cert, bool is_leaf)
{
    uint64_t names = count_names(cert), constraints = is_leaf ? 0 : count_constraints(cert);
    sums->pairs += names * sums->constraints + sums->names * constraints;
    sums->elements += count_places(cert) + constraints;
    sums->names += names;
    sums->constraints += constraints;
}

/* ---- what is let through ------------------------------------------------------------------------------- */

static void check_read(struct list list)
{
    struct chain_cost cost = {0};
    struct sums sums = {0};
    struct bytes certificate;
    struct key_cost key;
    while (next(&list, &certificate)) {
        const unsigned char *at = certificate.data;
        expect(cost_lets_read(certificate) ? NULL : "a chain is let through, and one of it alone is not");
        cost_add(&cost, certificate, &key);
        X509 *cert = at == NULL ? NULL : d2i_X509(NULL, &at, (long)certificate.len);
        if (cert == NULL)
            break;
        check_point(cert);
        check_key(cert, &key);
        add_names(&sums, cert, cost.certs == 1);
        X509_free(cert);
        expect(cost.names >= sums.names && cost.pairs >= sums.pairs ? NULL : "more names than were counted");
        expect(cost.elements >= sums.elements ? NULL : "more elements than were counted");
    }
    bool over = sums.pairs > COST_PAIRS;
    expect(!over || cost_to_validate(&cost) == TLS_LIMIT_CHAIN ? NULL : "too many pairs are validated");
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static bool is_on_a_curve(const X509 *cert)
{
    ASN1_OBJECT *algorithm = NULL;
    (void)X509_PUBKEY_get0_param(&algorithm, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert));
    int kind = OBJ_obj2nid(algorithm);
    return kind == NID_X9_62_id_ecPublicKey || kind == NID_sm2;
}

/* Says whether OpenSSL takes the extensions that are counted, or finds none. */
static bool has_good_extensions(const X509 *cert)
{
    int names_found, constraints_found;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &names_found, NULL);
    NAME_CONSTRAINTS *constraints = X509_get_ext_d2i(cert, NID_name_constraints, &constraints_found, NULL);
    bool good = (names != NULL || names_found == -1) && (constraints != NULL || constraints_found == -1);
    GENERAL_NAMES_free(names);
    NAME_CONSTRAINTS_free(constraints);
    return good;
}

/* Says whether OpenSSL takes all certificates with their keys and extensions; *on_a_curve: one's key is. */
static bool is_taken(struct list list, bool *on_a_curve)
{
    struct bytes certificate;
    bool taken = true;
    *on_a_curve = false;
    while (taken && next(&list, &certificate)) {
        const unsigned char *at = certificate.data;
        X509 *cert = at == NULL ? NULL : d2i_X509(NULL, &at, (long)certificate.len);
        taken = cert != NULL && X509_get0_pubkey(cert) != NULL && has_good_extensions(cert);
        *on_a_curve = *on_a_curve || (cert != NULL && is_on_a_curve(cert));
        X509_free(cert);
    }
    return taken;
}

static void check_refusal(const struct list *list, enum tls_limit limit)
{
    bool on_a_curve = false;
    if (is_taken(*list, &on_a_curve))
        expect(limit == TLS_LIMIT_KEY && on_a_curve ? NULL : "a chain within the ceilings is refused");
}

/* ---- the chain ----------------------------------------------------------------------------------------- */

static void check_chain(const struct list *list, enum tls_limit limit)
{
    struct reading reading = {0};
    struct list rest = *list;
    struct bytes certificate;
    while (reading.certs <= COST_CERTS && next(&rest, &certificate)) {
        reading.certs++;
        if (certificate.len > 0)
            read_elements(&reading, certificate.data, certificate.len, 0, 0);
    }
    bool over = reading.certs > COST_CERTS || reading.elements > COST_ELEMENTS || reading.is_ber;
    expect(limit != TLS_LIMIT_NONE || !over ? NULL : "a chain past a ceiling is let through");
    /* What may be an element or a text is counted: only a long list holds too many of these. */
    bool is_short = list->left / 2 <= COST_ELEMENTS;
    if (limit != TLS_LIMIT_NONE && !over && !reading.is_broken && is_short)
        check_refusal(list, limit);
    if (limit == TLS_LIMIT_NONE)
        check_read(*list);
}

/* ---- the message --------------------------------------------------------------------------------------- */

static SSL *ssl_with(struct tls_verify *verify)
{
    static SSL_CTX *ctx;
    tls_library_init();
    if (ctx == NULL)
        ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = ctx == NULL ? NULL : SSL_new(ctx);
    if (ssl == NULL || tls_verify_attach(ssl, verify) != ERR_OK)
        abort();
    return ssl;
}

/* What is refused has an impossible length, and nothing else is changed; what is let through is as it came.
 */
static void check_bytes(const uint8_t *before, const uint8_t *after, size_t size, const uint8_t *length,
                        enum tls_limit limit)
{
    size_t at = length == NULL ? size : (size_t)(length - before);
    expect(limit == TLS_LIMIT_NONE || length != NULL ? NULL : "a message without a list is refused");
    for (size_t i = 0; i < size; i++) {
        bool spoilt = limit != TLS_LIMIT_NONE && i >= at && i < at + 3;
        expect(after[i] == (spoilt ? 0xff : before[i]) ? NULL : "bytes that should not change");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    bool extended = (data[0] & 1) != 0;
    struct tls_verify verify;
    SSL *ssl = ssl_with(&verify);
    const uint8_t *message = data + 1;
    uint8_t *seen = malloc(--size);
    if (seen == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        seen[i] = message[i];
    tls_message_seen(0, extended ? TLS1_3_VERSION : TLS1_2_VERSION, SSL3_RT_HANDSHAKE, seen, size, ssl);
    const uint8_t *length = find_length(message, size, extended);
    check_bytes(message, seen, size, length, verify.limit);
    if (length != NULL)
        check_chain(&(struct list){length + 3, number(length, 3), extended}, verify.limit);
    ERR_clear_error();
    free(seen);
    SSL_free(ssl);
    return 0;
}
