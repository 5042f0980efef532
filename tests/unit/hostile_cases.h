/* Lists the hostile servers, a row each, for the tests that hold and print what they cost. */
#ifndef STSWEEP_TESTS_HOSTILE_CASES_H
#define STSWEEP_TESTS_HOSTILE_CASES_H

#include "tests/unit/hostile.h"

static const struct bytes NONE = {NULL, 0};
static const char BY_EC[] = "1.2.840.10045.4.3.2", BY_RSA[] = "1.2.840.113549.1.1.11",
                  BY_DSA[] = "2.16.840.1.101.3.4.3.2";
static const char SAN[] = "2.5.29.17", CONSTRAINTS[] = "2.5.29.30";

/* r and s, both small. */
static const uint8_t two_numbers[] = {0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x07};

/* ---- what is not read ---------------------------------------------------------------------------------- */

static SSL_CTX *curves_of(const struct hostile_world *world, const char *algorithm)
{
    struct buf key = der_new();
    hostile_curve(&key, algorithm);
    SSL_CTX *server = hostile_keys(world, &key, 2);
    buf_dispose(&key);
    return server;
}

static SSL_CTX *own_curves(const struct hostile_world *world)
{
    return curves_of(world, HOSTILE_EC);
}

static SSL_CTX *own_curves_of_sm2(const struct hostile_world *world)
{
    return curves_of(world, HOSTILE_SM2);
}

static SSL_CTX *compressed(const struct hostile_world *world, const char *curve)
{
    struct buf key = der_new();
    hostile_compressed(&key, curve);
    SSL_CTX *server = hostile_keys(world, &key, INT_MAX);
    buf_dispose(&key);
    return server;
}

static SSL_CTX *compressed_p224(const struct hostile_world *world)
{
    return compressed(world, "secp224r1");
}

static SSL_CTX *compressed_binary(const struct hostile_world *world)
{
    return compressed(world, "sect571r1");
}

static SSL_CTX *many_certificates(const struct hostile_world *world)
{
    return hostile_keys(world, &world->leaf_key, INT_MAX);
}

static SSL_CTX *some_certificates(const struct hostile_world *world)
{
    return hostile_keys(world, &world->leaf_key, 63);
}

static SSL_CTX *with_extensions(const struct hostile_world *world, int count)
{
    struct buf extensions = der_new();
    char oid[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(oid, sizeof oid, "1.2.%d", i % 100);
        der_extension(&extensions, extensions.len, oid, false);
    }
    SSL_CTX *server = hostile_leaf(world, NONE, buf_bytes(&extensions));
    buf_dispose(&extensions);
    return server;
}

static SSL_CTX *many_extensions(const struct hostile_world *world)
{
    return with_extensions(world, 12000);
}

static SSL_CTX *some_extensions(const struct hostile_world *world)
{
    return with_extensions(world, 5400);
}

/* Presents alternative names of no letter at all, which take two bytes each. */
static SSL_CTX *with_names(const struct hostile_world *world, int count)
{
    struct buf names = der_new();
    for (int i = 0; i < count; i++)
        must(buf_append(&names, "\x82\x00", 2));
    der_wrap(&names, 0, DER_SEQUENCE);
    der_extension(&names, 0, SAN, false);
    SSL_CTX *server = hostile_leaf(world, NONE, buf_bytes(&names));
    buf_dispose(&names);
    return server;
}

static SSL_CTX *many_names(const struct hostile_world *world)
{
    return with_names(world, 48000);
}

static SSL_CTX *some_names(const struct hostile_world *world)
{
    return with_names(world, 16000);
}

/* Presents the same behind a header that DER has not: a tag in its long form, or a length that is not
 * told. */
static SSL_CTX *hidden_names(const struct hostile_world *world, const char *header, size_t header_len,
                             const char *end, size_t end_len)
{
    struct buf names = der_new();
    must(buf_append(&names, header, header_len));
    for (int i = 0; i < 45000; i++)
        must(buf_append(&names, "\x82\x00", 2));
    must(buf_append(&names, end, end_len));
    der_extension(&names, 0, SAN, false);
    SSL_CTX *server = hostile_leaf(world, NONE, buf_bytes(&names));
    buf_dispose(&names);
    return server;
}

static SSL_CTX *long_tag(const struct hostile_world *world)
{
    return hidden_names(world, "\x3f\x10\x83\x01\x5f\x90", 6, "", 0);
}

static SSL_CTX *endless(const struct hostile_world *world)
{
    return hidden_names(world, "\x30\x80", 2, "\0\0", 2);
}

/* Presents them in a list that is not said to hold any. */
static SSL_CTX *unmarked_list(const struct hostile_world *world)
{
    return hidden_names(world, "\x10\x83\x01\x5f\x90", 5, "", 0);
}

static SSL_CTX *with_attributes(const struct hostile_world *world, int count, bool one_set)
{
    struct buf name = der_new();
    char value[16];
    for (int i = 0; i < count; i++) {
        size_t start = name.len;
        der_oid(&name, "2.5.4.3");
        (void)snprintf(value, sizeof value, "%d", one_set ? i : 0);
        der_text(&name, DER_UTF8, value);
        der_wrap(&name, start, DER_SEQUENCE);
        if (!one_set)
            der_wrap(&name, start, DER_SET);
    }
    if (one_set)
        der_wrap(&name, 0, DER_SET);
    der_wrap(&name, 0, DER_SEQUENCE);
    SSL_CTX *server = hostile_leaf(world, buf_bytes(&name), NONE);
    buf_dispose(&name);
    return server;
}

static SSL_CTX *many_attributes(const struct hostile_world *world)
{
    return with_attributes(world, 7000, false);
}

static SSL_CTX *some_attributes(const struct hostile_world *world)
{
    return with_attributes(world, 4000, false);
}

static SSL_CTX *some_in_one_set(const struct hostile_world *world)
{
    return with_attributes(world, 5000, true);
}

/* ---- what is not validated ----------------------------------------------------------------------------- */

/* Writes names or constraints of a form: 0x81 mail, 0x82 host, 0x86 URI. */
static void put_names(struct buf *out, uint8_t form, int count, const char *format)
{
    char text[512];
    size_t start = out->len;
    for (int i = 0; i < count; i++) {
        (void)snprintf(text, sizeof text, format, i);
        der_text(out, form, text);
    }
    der_wrap(out, start, DER_SEQUENCE);
    der_extension(out, start, SAN, false);
}

static void put_constraints(struct buf *out, uint8_t form, int count, const char *format)
{
    char text[512];
    size_t start = out->len;
    for (int i = 0; i < count; i++) {
        size_t subtree = out->len;
        (void)snprintf(text, sizeof text, format, i);
        der_text(out, form, text);
        der_wrap(out, subtree, DER_SEQUENCE);
    }
    der_wrap(out, start, 0xa1); /* excluded */
    der_wrap(out, start, DER_SEQUENCE);
    der_extension(out, start, CONSTRAINTS, true);
}

/* Presents a leaf with names under an issuer with constraints, all signatures good. */
static SSL_CTX *constrained(const struct hostile_world *world, const struct buf *names,
                            struct buf *constraints)
{
    struct buf key = der_new();
    struct identity leaf = {.key = world->leaf.key};
    der_key(&key, world->intermediate.key);
    der_ca(constraints);
    X509 *issuer = der_x509(&(struct der_cert){.cn = "Inter",
                                               .issuer = "Root",
                                               .key = buf_bytes(&key),
                                               .extensions = buf_bytes(constraints),
                                               .signer = world->root.key});
    leaf.cert = der_x509(&(struct der_cert){.cn = "x",
                                            .issuer = "Inter",
                                            .key = buf_bytes(&world->leaf_key),
                                            .extensions = buf_bytes(names),
                                            .signer = world->intermediate.key});
    SSL_CTX *server = make_server(&leaf, issuer);
    X509_free(issuer);
    X509_free(leaf.cert);
    buf_dispose(&key);
    return server;
}

static SSL_CTX *constrained_by(const struct hostile_world *world, uint8_t form, int names, const char *name,
                               int constraints, const char *constraint)
{
    struct buf some = der_new(), more = der_new();
    put_names(&some, form, names, name);
    put_constraints(&more, form, constraints, constraint);
    SSL_CTX *server = constrained(world, &some, &more);
    buf_dispose(&some);
    buf_dispose(&more);
    return server;
}

/* Presents as many pairs as the ceiling lets in. The subject's is a name too, and an issuer's constraints do
 * not count for its own names. */
static SSL_CTX *most_pairs(const struct hostile_world *world)
{
    return constrained_by(world, 0x82, 511, "host-%d.example", 512, "c%d.example");
}

static SSL_CTX *one_pair_more(const struct hostile_world *world)
{
    return constrained_by(world, 0x82, 512, "host-%d.example", 512, "c%d.example");
}

/* Presents pairs as long as they may be, and alike to the last letter but one. */
static SSL_CTX *long_pairs(const struct hostile_world *world)
{
    return constrained_by(world, 0x82, 300, "%03d.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 300,
                          "%03d.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
}

static SSL_CTX *mail_pairs(const struct hostile_world *world)
{
    return constrained_by(world, 0x81, 511, "a%d@example.test", 512, "b%d@example.test");
}

static SSL_CTX *uri_pairs(const struct hostile_world *world)
{
    return constrained_by(world, 0x86, 63, "http://a%d.example/", 512, "b%d.example");
}

static SSL_CTX *more_uri_pairs(const struct hostile_world *world)
{
    return constrained_by(world, 0x86, 64, "http://a%d.example/", 512, "b%d.example");
}

/* Presents names of mail in other letters, which OpenSSL makes anew for each constraint: a long label of
 * Punycode. */
static SSL_CTX *unicode_pairs(const struct hostile_world *world, int count, int constraints)
{
    struct buf names = der_new(), more = der_new();
    char constraint[512] = "xn--";
    for (int i = 0; i < count; i++) {
        size_t name = names.len;
        char text[32];
        (void)snprintf(text, sizeof text, "%d@e.test", i);
        der_text(&names, DER_UTF8, text);
        der_wrap(&names, name, 0xa0);
        struct buf oid = der_new();
        der_oid(&oid, "1.3.6.1.5.5.7.8.9");
        must(buf_append(&oid, names.data + name, names.len - name));
        names.len = name;
        must(buf_append(&names, oid.data, oid.len));
        buf_dispose(&oid);
        der_wrap(&names, name, 0xa0);
    }
    der_wrap(&names, 0, DER_SEQUENCE);
    der_extension(&names, 0, SAN, false);
    for (int i = 4; i < 250; i++)
        constraint[i] = (char)('a' + i % 26);
    strcat(constraint, "%d");
    put_constraints(&more, 0x81, constraints, constraint);
    SSL_CTX *server = constrained(world, &names, &more);
    buf_dispose(&names);
    buf_dispose(&more);
    return server;
}

static SSL_CTX *many_unicode_pairs(const struct hostile_world *world)
{
    return unicode_pairs(world, 1000, 180);
}

static SSL_CTX *some_unicode_pairs(const struct hostile_world *world)
{
    return unicode_pairs(world, 30, 30);
}

/* Presents ten certificates with so many names, and so many constraints, each. */
static SSL_CTX *constraints_on_a_path(const struct hostile_world *world, int count)
{
    struct buf extensions = der_new();
    der_ca(&extensions);
    put_names(&extensions, 0x82, count, "a");
    put_constraints(&extensions, 0x82, count, "b");
    SSL_CTX *server = hostile_path(world, &world->leaf_key, BY_EC,
                                   bytes_make(two_numbers, sizeof two_numbers), buf_bytes(&extensions));
    buf_dispose(&extensions);
    return server;
}

static SSL_CTX *many_constraints(const struct hostile_world *world)
{
    return constraints_on_a_path(world, 1020);
}

static SSL_CTX *readable_constraints(const struct hostile_world *world)
{
    return constraints_on_a_path(world, 500);
}

/* ---- signatures ---------------------------------------------------------------------------------------- */

static SSL_CTX *rsa_path(const struct hostile_world *world, int bits, int exponent_bits)
{
    struct buf key = der_new(), signature = der_new();
    hostile_rsa(&key, bits, exponent_bits);
    BIGNUM *number = hostile_number(bits - 1);
    uint8_t *space = buf_reserve(&signature, (size_t)bits / 8);
    must(space != NULL && BN_bn2binpad(number, space, bits / 8) == bits / 8);
    signature.len = (size_t)bits / 8;
    SSL_CTX *server = hostile_path(world, &key, BY_RSA, buf_bytes(&signature), NONE);
    BN_free(number);
    buf_dispose(&key);
    buf_dispose(&signature);
    return server;
}

static SSL_CTX *rsa_8192(const struct hostile_world *world)
{
    return rsa_path(world, 8192, 17);
}

static SSL_CTX *rsa_4096_long(const struct hostile_world *world)
{
    return rsa_path(world, 4096, 32);
}

static SSL_CTX *rsa_8192_long(const struct hostile_world *world)
{
    return rsa_path(world, 8192, 32);
}

static SSL_CTX *rsa_3072_longest(const struct hostile_world *world)
{
    return rsa_path(world, 3072, 3000);
}

static SSL_CTX *rsa_16384(const struct hostile_world *world)
{
    return rsa_path(world, 16384, 17);
}

static SSL_CTX *dsa_path(const struct hostile_world *world, int bits)
{
    struct buf key = der_new();
    hostile_dsa(&key, bits);
    SSL_CTX *server = hostile_path(world, &key, BY_DSA, bytes_make(two_numbers, sizeof two_numbers), NONE);
    buf_dispose(&key);
    return server;
}

static SSL_CTX *dsa_3072(const struct hostile_world *world)
{
    return dsa_path(world, 3072);
}

static SSL_CTX *dsa_9000(const struct hostile_world *world)
{
    return dsa_path(world, 9000);
}

static SSL_CTX *ec_path(const struct hostile_world *world, const char *curve)
{
    struct buf key = der_new();
    EVP_PKEY *pair = EVP_EC_gen(curve);
    must(pair != NULL);
    der_key(&key, pair);
    SSL_CTX *server = hostile_path(world, &key, BY_EC, bytes_make(two_numbers, sizeof two_numbers), NONE);
    EVP_PKEY_free(pair);
    buf_dispose(&key);
    return server;
}

static SSL_CTX *ec_384(const struct hostile_world *world)
{
    return ec_path(world, "P-384");
}

static SSL_CTX *ec_brainpool(const struct hostile_world *world)
{
    return ec_path(world, "brainpoolP512r1");
}

/* Presents dear signatures, and as many elements or names under constraints as the ceilings of their own let
 * in. */
static SSL_CTX *all_at_once(const struct hostile_world *world, int elements, int names)
{
    struct buf key = der_new(), extensions = der_new();
    EVP_PKEY *pair = EVP_EC_gen("brainpoolP512r1");
    must(pair != NULL);
    der_key(&key, pair);
    der_ca(&extensions);
    for (int i = 0; i < elements / HOSTILE_PATH / 3; i++)
        der_extension(&extensions, extensions.len, "1.2.3", false);
    if (names > 0) {
        put_names(&extensions, 0x82, names, "a");
        put_constraints(&extensions, 0x82, names, "b");
    }
    SSL_CTX *server =
        hostile_path(world, &key, BY_EC, bytes_make(two_numbers, sizeof two_numbers), buf_bytes(&extensions));
    EVP_PKEY_free(pair);
    buf_dispose(&key);
    buf_dispose(&extensions);
    return server;
}

static SSL_CTX *dear_and_many(const struct hostile_world *world)
{
    return all_at_once(world, 12000, 0);
}

static SSL_CTX *dear_many_constrained(const struct hostile_world *world)
{
    return all_at_once(world, 9000, 45);
}

static SSL_CTX *many_brainpool(const struct hostile_world *world)
{
    struct buf key = der_new();
    EVP_PKEY *pair = EVP_EC_gen("brainpoolP512r1");
    must(pair != NULL);
    der_key(&key, pair);
    SSL_CTX *server = hostile_keys(world, &key, 60);
    EVP_PKEY_free(pair);
    buf_dispose(&key);
    return server;
}

static SSL_CTX *ec_binary(const struct hostile_world *world)
{
    return ec_path(world, "sect571r1");
}

/* Presents certificates that name themselves as their issuers: each is verified by itself, for the facts
 * alone. */
static SSL_CTX *self_signed(const struct hostile_world *world)
{
    struct buf key = der_new();
    EVP_PKEY *pair = EVP_EC_gen("P-384");
    must(pair != NULL);
    der_key(&key, pair);
    SSL_CTX *server = hostile_repeated(
        world, &(struct der_cert){.cn = "S", .issuer = "S", .key = buf_bytes(&key), .signer = pair}, 60);
    EVP_PKEY_free(pair);
    buf_dispose(&key);
    return server;
}

/* ---- groups -------------------------------------------------------------------------------------------- */

static SSL_CTX *dhe(const struct hostile_world *world, int bits)
{
    SSL_CTX *server = make_server(&world->rsa_leaf, world->intermediate.cert);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *prime = hostile_number(bits), *generator = BN_new();
    EVP_PKEY *group = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
    must(BN_set_word(generator, 2) == 1 && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, prime) == 1 &&
         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, generator) == 1);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    must(EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &group, EVP_PKEY_KEY_PARAMETERS, parameters) == 1);
    must(SSL_CTX_set0_tmp_dh_pkey(server, group) == 1);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    must(SSL_CTX_set_cipher_list(server, "DHE-RSA-AES128-GCM-SHA256") == 1);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(prime);
    BN_free(generator);
    return server;
}

static SSL_CTX *dhe_4096(const struct hostile_world *world)
{
    return dhe(world, 4096);
}

static SSL_CTX *dhe_4104(const struct hostile_world *world)
{
    return dhe(world, 4104);
}

static SSL_CTX *dhe_10000(const struct hostile_world *world)
{
    return dhe(world, 10000);
}

static SSL_CTX *group(const struct hostile_world *world, const char *name)
{
    SSL_CTX *server = make_server(&world->leaf, world->intermediate.cert);
    must(SSL_CTX_set1_groups_list(server, name) == 1);
    return server;
}

static SSL_CTX *ffdhe4096(const struct hostile_world *world)
{
    return group(world, "ffdhe4096");
}

static SSL_CTX *ffdhe6144(const struct hostile_world *world)
{
    return group(world, "ffdhe6144");
}

static SSL_CTX *ffdhe8192(const struct hostile_world *world)
{
    return group(world, "ffdhe8192");
}

/* ---- the rows ------------------------------------------------------------------------------------------ */

enum { PLAIN_MOST = 60, DH_MOST = 150 }; /* plain handshakes that one may cost */

struct hostile_case {
    const char *name;
    SSL_CTX *(*server)(const struct hostile_world *world);
    enum tls_limit limit;
    enum tls_end end;
    int most;
};

static const struct hostile_case hostile_cases[] = {
    {"curves of its own, points compressed", own_curves, TLS_LIMIT_KEY, TLS_FAILED, PLAIN_MOST},
    {"the same, said to be SM2's", own_curves_of_sm2, TLS_LIMIT_KEY, TLS_FAILED, PLAIN_MOST},
    {"P-224, points compressed", compressed_p224, TLS_LIMIT_KEY, TLS_FAILED, PLAIN_MOST},
    {"binary curves, points compressed", compressed_binary, TLS_LIMIT_KEY, TLS_FAILED, PLAIN_MOST},
    {"500 certificates", many_certificates, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"64 certificates", some_certificates, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"12,000 extensions", many_extensions, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"5,400 extensions", some_extensions, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"48,000 names", many_names, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"45,000 names behind a long tag", long_tag, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"45,000 names of no told length", endless, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"45,000 names in an unmarked list", unmarked_list, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"16,000 names", some_names, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a subject of 7,000 attributes", many_attributes, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"a subject of 4,000 attributes", some_attributes, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"5,000 attributes in one set", some_in_one_set, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"2^18 names times constraints", most_pairs, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"513 names times 512 constraints", one_pair_more, TLS_LIMIT_CHAIN, TLS_DONE, PLAIN_MOST},
    {"long names, long constraints", long_pairs, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"2^18 times mail", mail_pairs, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"2^15 times URIs", uri_pairs, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"64 URIs times 512 constraints", more_uri_pairs, TLS_LIMIT_CHAIN, TLS_DONE, PLAIN_MOST},
    {"mail in Unicode, 1,000 x 180", many_unicode_pairs, TLS_LIMIT_CHAIN, TLS_DONE, PLAIN_MOST},
    {"mail in Unicode, 30 x 30", some_unicode_pairs, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"10 x 1,020 names x 1,020 constraints", many_constraints, TLS_LIMIT_CHAIN, TLS_FAILED, PLAIN_MOST},
    {"10 x 500 names x 500 constraints", readable_constraints, TLS_LIMIT_CHAIN, TLS_DONE, PLAIN_MOST},
    {"a path of RSA 8192", rsa_8192, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a path of RSA 4096, e of 32 bits", rsa_4096_long, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a path of RSA 8192, e of 32 bits", rsa_8192_long, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a path of RSA 3072, e of 3000 bits", rsa_3072_longest, TLS_LIMIT_KEY, TLS_DONE, PLAIN_MOST},
    {"a path of RSA 16384", rsa_16384, TLS_LIMIT_KEY, TLS_DONE, PLAIN_MOST},
    {"a path of DSA 3072", dsa_3072, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a path of DSA 9000", dsa_9000, TLS_LIMIT_KEY, TLS_DONE, PLAIN_MOST},
    {"a path of P-384", ec_384, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a path of brainpoolP512", ec_brainpool, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"a path of sect571", ec_binary, TLS_LIMIT_KEY, TLS_DONE, PLAIN_MOST},
    {"60 self-signed of P-384", self_signed, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"60 of brainpoolP512", many_brainpool, TLS_LIMIT_CHAIN, TLS_DONE, PLAIN_MOST},
    {"signatures and elements", dear_and_many, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"signatures, elements, constraints", dear_many_constrained, TLS_LIMIT_CHAIN, TLS_DONE, PLAIN_MOST},
    {"DHE of 4096 bits", dhe_4096, TLS_LIMIT_NONE, TLS_DONE, DH_MOST},
    {"DHE of 4104 bits", dhe_4104, TLS_LIMIT_DH, TLS_FAILED, PLAIN_MOST},
    {"DHE of 10000 bits", dhe_10000, TLS_LIMIT_DH, TLS_FAILED, PLAIN_MOST},
    {"ffdhe4096", ffdhe4096, TLS_LIMIT_NONE, TLS_DONE, PLAIN_MOST},
    {"ffdhe6144", ffdhe6144, TLS_LIMIT_DH, TLS_FAILED, PLAIN_MOST},
    {"ffdhe8192", ffdhe8192, TLS_LIMIT_DH, TLS_FAILED, PLAIN_MOST},
};

enum { HOSTILE_CASES = sizeof hostile_cases / sizeof hostile_cases[0] };

#endif
