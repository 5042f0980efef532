/* What keys, certificates and chains would cost, to the microsecond: made byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/wire/cost.h"
#include "tests/unit/der.h"

#define COUNT(array)  (sizeof(array) / sizeof((array)[0]))
#define RSA           "1.2.840.113549.1.1.1"
#define EC            "1.2.840.10045.2.1"
#define DSA           "1.2.840.10040.4.1"
#define SM2           "1.2.156.10197.1.301"
#define BYTES(string) bytes_make(string, sizeof(string) - 1)

enum { PATH = 12, NESTED = 33 };

/* ---- keys ---------------------------------------------------------------------------------------------- */

/* The number 2^(bits - 1). */
static void put_number(struct buf *out, int bits)
{
    BIGNUM *number = BN_new();
    must(number != NULL && BN_set_bit(number, bits - 1) == 1);
    der_number(out, number);
    BN_free(number);
}

/* A SubjectPublicKeyInfo: its algorithm with parameters, and the bits behind the count of unused ones. */
static void put_key(struct buf *out, const char *oid, struct bytes parameters, struct bytes bits)
{
    size_t start = out->len;
    der_oid(out, oid);
    must(buf_append(out, parameters.data, parameters.len));
    der_wrap(out, start, DER_SEQUENCE);
    size_t key = out->len;
    must(buf_byte(out, 0) && buf_append(out, bits.data, bits.len));
    der_wrap(out, key, DER_BIT_STRING);
    der_wrap(out, start, DER_SEQUENCE);
}

static void put_rsa(struct buf *out, const char *oid, int bits, int exponent_bits)
{
    struct buf numbers = der_new();
    put_number(&numbers, bits);
    put_number(&numbers, exponent_bits);
    der_wrap(&numbers, 0, DER_SEQUENCE);
    put_key(out, oid, BYTES("\x05\x00"), buf_bytes(&numbers));
    buf_dispose(&numbers);
}

static void put_ec(struct buf *out, const char *curve, struct bytes point)
{
    struct buf parameters = der_new();
    der_oid(&parameters, curve);
    put_key(out, EC, buf_bytes(&parameters), point);
    buf_dispose(&parameters);
}

static void put_dsa(struct buf *out, const char *oid, int bits, int group_bits)
{
    struct buf parameters = der_new();
    put_number(&parameters, bits);
    put_number(&parameters, group_bits);
    der_wrap(&parameters, 0, DER_SEQUENCE);
    put_key(out, oid, bits == 0 ? BYTES("") : buf_bytes(&parameters), BYTES("\x02\x01\x05"));
    buf_dispose(&parameters);
}

static void expect_key(const char *what, struct buf *spki, bool unreadable, bool heavy, uint32_t us)
{
    struct key_cost cost = cost_of_key(buf_bytes(spki));
    if (cost.unreadable != unreadable || cost.heavy != heavy || cost.verify_us != us)
        fail_msg("%s: unreadable %d, heavy %d, %u us", what, cost.unreadable, cost.heavy, cost.verify_us);
    buf_reset(spki);
}

static void test_rsa(void **state)
{
    static const struct {
        int bits, exponent_bits;
        bool heavy;
        uint32_t us;
    } rows[] = {{512, 2, false, 6},    {1023, 17, false, 9},  {1024, 17, false, 10}, {2048, 17, false, 24},
                {2048, 18, false, 40}, {2048, 32, false, 68}, {4096, 17, false, 81}, {8192, 32, false, 973},
                {8193, 17, true, 0},   {2048, 33, true, 0}};
    static const char *const oids[] = {RSA, "1.2.840.113549.1.1.10", "2.5.8.1.1"};
    struct buf spki = der_new();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        put_rsa(&spki, RSA, rows[i].bits, rows[i].exponent_bits);
        expect_key("RSA", &spki, false, rows[i].heavy, rows[i].us);
    }
    for (size_t i = 0; i < COUNT(oids); i++) {
        put_rsa(&spki, oids[i], 2048, 17);
        expect_key(oids[i], &spki, false, false, 24);
    }
    put_key(&spki, RSA, BYTES("\x05\x00"), BYTES("\x30\x03\x02\x01\x03")); /* one number: no key */
    expect_key("RSA without exponent", &spki, false, false, 0);
    put_key(&spki, RSA, BYTES("\x05\x00"), BYTES("\x30\x0a\x02\x03\x00\x00\x00\x02\x03\x00\x00\x00"));
    expect_key("RSA of nothing", &spki, false, false, 5);
    put_key(&spki, RSA, BYTES("\x05\x00"), BYTES("\x30\x80\x02\x01\x03\x02\x01\x03\x00\x00"));
    expect_key("RSA in BER", &spki, true, false, 0);
    buf_dispose(&spki);
}

static void test_curves(void **state)
{
    static const struct {
        const char *curve;
        uint32_t us; /* 0: it verifies nothing */
        bool slow_root;
    } rows[] = {
        {"1.2.840.10045.3.1.7", 80, false},
        {"1.3.132.0.34", 700, false},
        {"1.3.132.0.35", 600, false},
        {"1.3.132.0.33", 100, true},
        {"1.3.132.0.10", 400, false},
        {"1.2.840.10045.3.1.1", 300, false},
        {"1.2.156.10197.1.301", 500, false},
        {"1.3.36.3.3.2.8.1.1.7", 500, false},
        {"1.3.36.3.3.2.8.1.1.11", 800, false},
        {"1.3.36.3.3.2.8.1.1.13", 1000, false},
        {"1.3.132.0.26", 0, true},
        {"1.2.840.10045.3.1.8", 0, true},
        {"1.3.132.0", 0, true},
    };
    struct buf spki = der_new();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool heavy = rows[i].us == 0;
        put_ec(&spki, rows[i].curve, BYTES("\x04xy"));
        expect_key(rows[i].curve, &spki, false, heavy, rows[i].us);
        put_ec(&spki, rows[i].curve, BYTES("\x02x"));
        expect_key(rows[i].curve, &spki, rows[i].slow_root, heavy, rows[i].us);
        put_ec(&spki, rows[i].curve, BYTES("\x03x"));
        expect_key(rows[i].curve, &spki, rows[i].slow_root, heavy, rows[i].us);
        put_ec(&spki, rows[i].curve, BYTES(""));
        expect_key(rows[i].curve, &spki, false, heavy, rows[i].us);
    }
    put_key(&spki, EC, BYTES("\x30\x00"), BYTES("\x04xy"));
    expect_key("a curve of its own", &spki, true, true, 0);
    put_key(&spki, SM2, BYTES("\x30\x00"), BYTES("\x04xy"));
    expect_key("a curve of its own, said to be SM2's", &spki, true, true, 0);
    put_key(&spki, SM2, BYTES("\x06\x05\x2b\x81\x04\x00\x21"), BYTES("\x02x"));
    expect_key("P-224, said to be SM2's", &spki, true, false, 100);
    buf_dispose(&spki);
}

static void test_other_keys(void **state)
{
    static const char *const oids[] = {DSA, "1.2.840.10040.4.3", "1.3.14.3.2.12", "1.3.14.3.2.13",
                                       "1.3.14.3.2.27"};
    struct buf spki = der_new();
    (void)state;
    for (size_t i = 0; i < COUNT(oids); i++) {
        put_dsa(&spki, oids[i], 1024, 160);
        expect_key(oids[i], &spki, false, false, 52);
    }
    put_dsa(&spki, DSA, 3072, 256);
    expect_key("DSA", &spki, false, false, 607);
    put_dsa(&spki, DSA, 3073, 256);
    expect_key("DSA, a long prime", &spki, false, true, 0);
    put_dsa(&spki, DSA, 3072, 257);
    expect_key("DSA, a large group", &spki, false, true, 0);
    put_key(&spki, DSA, BYTES(""), BYTES("\x02\x01\x05"));
    expect_key("DSA without parameters", &spki, false, false, 563);
    put_key(&spki, DSA, BYTES("\x30\x03\x02\x01\x05"), BYTES("\x02\x01\x05"));
    expect_key("DSA with half of them", &spki, false, false, 563);
    struct buf numbers = der_new();
    put_number(&numbers, 3072);
    der_put(&numbers, DER_INTEGER, "", 1); /* zero has no bits */
    der_wrap(&numbers, 0, DER_SEQUENCE);
    put_key(&spki, DSA, buf_bytes(&numbers), BYTES("\x02\x01\x05"));
    expect_key("DSA of no group", &spki, false, false, 48);
    buf_dispose(&numbers);
    put_key(&spki, "1.3.101.112", BYTES(""), BYTES("x"));
    expect_key("Ed25519", &spki, false, false, 300);
    put_key(&spki, "1.2.840.113549.1.1.2", BYTES("\x05\x00"), BYTES("x"));
    expect_key("nobody's", &spki, false, false, 300);
    must(buf_append(&spki, "\x30\x07\x30\x03\x06\x01\x2a\x03\x00", 9));
    expect_key("no bits", &spki, false, false, 0);
    must(buf_append(&spki, "\x30\x80", 2));
    expect_key("BER", &spki, true, false, 0);
    expect_key("nothing", &spki, false, false, 0);
    buf_dispose(&spki);
}

/* ---- certificates -------------------------------------------------------------------------------------- */

/* A subject with so many attributes in each of two sets. */
static void put_subject(struct buf *out, int attributes)
{
    size_t name = out->len;
    for (int set = 0; set < 2; set++) {
        size_t start = out->len;
        for (int i = 0; i < attributes; i++) {
            size_t attribute = out->len;
            der_oid(out, "2.5.4.3"); /* five bytes */
            der_text(out, DER_UTF8, "abc");
            der_wrap(out, attribute, DER_SEQUENCE);
        }
        der_wrap(out, start, DER_SET);
    }
    der_wrap(out, name, DER_SEQUENCE);
}

/* So many names of four bytes, and an other one of six and a URI of three where there are any. */
static void put_names(struct buf *out, int names, bool critical)
{
    size_t start = out->len;
    for (int i = 0; i < names; i++)
        der_text(out, 0x82, "a.bc");
    if (names > 0) {
        der_text(out, 0xa0, "others");
        der_text(out, 0x86, "u:v");
    }
    der_wrap(out, start, DER_SEQUENCE);
    der_extension(out, start, "2.5.29.17", critical);
}

/* So many permitted subtrees of five bytes, and as many excluded ones. */
static void put_constraints(struct buf *out, int subtrees, bool critical)
{
    size_t all = out->len;
    for (uint8_t kind = 0; kind < 2; kind++) {
        size_t start = out->len;
        for (int i = 0; i < subtrees; i++) {
            size_t subtree = out->len;
            der_text(out, 0x82, "abc");
            der_wrap(out, subtree, DER_SEQUENCE);
        }
        der_wrap(out, start, (uint8_t)(0xa0 + kind));
    }
    der_wrap(out, all, DER_SEQUENCE);
    der_extension(out, all, "2.5.29.30", critical);
}

struct spec {
    bool unversioned, plain; /* without a version, without an identifier of the subject */
    bool compressed;
    int attributes, names, subtrees;
    bool critical;
    const char *curve;
};

static void put_certificate(struct buf *out, const struct spec *spec)
{
    size_t start = out->len;
    if (!spec->unversioned)
        must(buf_append(out, "\xa0\x03\x02\x01\x02", 5));
    der_put(out, DER_INTEGER, "\x05", 1);
    der_put(out, DER_SEQUENCE, "", 0); /* the signature's algorithm */
    put_subject(out, 3);               /* the issuer: nobody's names are counted there */
    der_put(out, DER_SEQUENCE, "", 0); /* the validity */
    put_subject(out, spec->attributes);
    put_ec(out, spec->curve, spec->compressed ? BYTES("\x02x") : BYTES("\x04xy"));
    if (!spec->plain)
        der_put(out, 0x81, "unique", 6);
    size_t extensions = out->len;
    der_ca(out);
    if (spec->names > 0)
        put_names(out, spec->names, spec->critical);
    if (spec->subtrees > 0)
        put_constraints(out, spec->subtrees, spec->critical);
    der_wrap(out, extensions, DER_SEQUENCE);
    der_wrap(out, extensions, 0xa3);
    der_wrap(out, start, DER_SEQUENCE);
    der_put(out, DER_SEQUENCE, "", 0);
    der_put(out, DER_BIT_STRING, "", 1);
    der_wrap(out, start, DER_SEQUENCE);
}

static struct key_cost add(struct chain_cost *cost, const struct spec *spec)
{
    struct key_cost key;
    struct buf out = der_new();
    put_certificate(&out, spec);
    cost_add(cost, buf_bytes(&out), &key);
    buf_dispose(&out);
    return key;
}

#define P256 "1.2.840.10045.3.1.7"
#define P384 "1.3.132.0.34"

enum { ATTRIBUTE = 10, NAME = 4, OTHER = 6, OTHER_WEIGHT = 64, URI = 3, URI_WEIGHT = 8, SUBTREE = 5 };

static void test_certificate(void **state)
{
    static const struct spec specs[] = {
        {.attributes = 1, .curve = P256},
        {.plain = true, .attributes = 2, .names = 5, .curve = P256},
        {.attributes = 2, .names = 5, .critical = true, .curve = P256},
        {.unversioned = true, .attributes = 3, .names = 1, .subtrees = 4, .curve = P384},
        {.attributes = 0, .subtrees = 2, .critical = true, .curve = P384},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        const struct spec *spec = &specs[i];
        struct chain_cost cost = {0};
        struct key_cost key = add(&cost, spec);
        size_t others = spec->names > 0 ? OTHER_WEIGHT : 0, uris = spec->names > 0 ? URI_WEIGHT : 0;
        size_t attributes = 2 * (size_t)spec->attributes, names = (size_t)spec->names;
        assert_int_equal(key.verify_us, spec->curve[2] == '2' ? 80 : 700);
        assert_int_equal(cost.dearest_us[0], key.verify_us);
        assert_int_equal(cost.dearest_us[1], 0);
        assert_int_equal(cost.names, attributes + names + others + uris);
        assert_int_equal(cost.name_bytes,
                         attributes * ATTRIBUTE + names * NAME + others * OTHER + uris * URI);
        assert_int_equal(cost.constraints, 0); /* the leaf's own constrain nobody */
        assert_int_equal(cost.constraint_bytes, 0);
        assert_int_equal(cost.pairs, 0);
        assert_int_equal(cost.certs, 1);
        add(&cost, spec); /* and as an issuer's */
        size_t subtrees = 2 * (size_t)spec->subtrees;
        assert_int_equal(cost.constraints, subtrees);
        assert_int_equal(cost.constraint_bytes, subtrees * SUBTREE);
        assert_int_equal(cost.certs, 2);
        assert_false(cost.is_ber || cost.unreadable || cost.heavy_leaf || cost.heavy_issuer);
        assert_int_equal(cost.dearest_us[1], key.verify_us);
    }
}

/* Each issuer's constraints by the names of all others, whatever their order. */
static void test_pairs(void **state)
{
    static const struct spec specs[] = {
        {.attributes = 1, .names = 2, .subtrees = 9, .curve = P256},
        {.attributes = 3, .subtrees = 1, .curve = P256},
        {.attributes = 2, .subtrees = 4, .curve = P384},
    };
    const uint64_t leaf = 2 + 2 + 64 + 8,
                   leaf_bytes = 2 * ATTRIBUTE + 2 * NAME + OTHER_WEIGHT * OTHER + URI_WEIGHT * URI;
    struct chain_cost cost = {0};
    (void)state;
    add(&cost, &specs[0]);
    size_t elements = cost.elements;
    assert_true(elements > 20);
    add(&cost, &specs[1]);
    assert_int_equal(cost.pairs, leaf * 2);
    assert_int_equal(cost.pair_bytes, leaf_bytes * 2 + leaf * 2 * SUBTREE);
    add(&cost, &specs[2]);
    assert_int_equal(cost.names, leaf + 6 + 4);
    assert_int_equal(cost.name_bytes, leaf_bytes + 10 * ATTRIBUTE);
    assert_int_equal(cost.pairs, leaf * 2 + 4 * 2 + (leaf + 6) * 8);
    assert_int_equal(cost.pair_bytes, leaf_bytes * 2 + leaf * 2 * SUBTREE + 4 * ATTRIBUTE * 2 +
                                          4 * 2 * SUBTREE + (leaf_bytes + 6 * ATTRIBUTE) * 8 +
                                          (leaf + 6) * 8 * SUBTREE);
    assert_int_equal(cost.constraints, 10);
    assert_int_equal(cost.constraint_bytes, 10 * SUBTREE);
    assert_true(cost.elements > elements);
}

static void test_heavy_keys(void **state)
{
    static const struct spec light = {.curve = P256}, heavy = {.curve = "1.3.132.0.26"};
    struct chain_cost cost = {0};
    (void)state;
    assert_true(add(&cost, &heavy).heavy);
    assert_true(cost.heavy_leaf && !cost.heavy_issuer);
    assert_false(add(&cost, &light).heavy);
    assert_true(cost.heavy_leaf && !cost.heavy_issuer);
    cost = (struct chain_cost){0};
    add(&cost, &light);
    add(&cost, &heavy);
    add(&cost, &light);
    assert_true(!cost.heavy_leaf && cost.heavy_issuer);
}

/* One key that cannot be read in time makes the chain unreadable, wherever it stands. */
static void test_unreadable_keys(void **state)
{
    static const struct spec light = {.curve = P256}, slow = {.curve = "1.3.132.0.33", .compressed = true};
    (void)state;
    for (int place = 0; place < 3; place++) {
        struct chain_cost cost = {0};
        for (int i = 0; i < 3; i++) {
            struct key_cost key = add(&cost, i == place ? &slow : &light);
            assert_int_equal(key.unreadable, i == place);
            assert_int_equal(cost.unreadable, i >= place);
        }
        assert_int_equal(cost_to_read(&cost), TLS_LIMIT_KEY);
    }
}

/* The dearest of a chain, in order; more than a path has are left out. */
static void test_dearest(void **state)
{
    static const struct {
        const char *curve;
        uint32_t us;
    } keys[] = {{P384, 700},
                {"1.3.132.0.35", 600},
                {P256, 80},
                {"1.3.132.0.33", 100},
                {"1.3.36.3.3.2.8.1.1.13", 1000}};
    static const uint32_t expected[PATH] = {1000, 1000, 1000, 700, 700, 700, 600, 600, 600, 100, 100, 100};
    struct chain_cost cost = {0};
    (void)state;
    for (size_t i = 0; i < 3 * COUNT(keys); i++)
        add(&cost, &(struct spec){.curve = keys[i % COUNT(keys)].curve});
    assert_int_equal(COUNT(cost.dearest_us), PATH);
    for (size_t i = 0; i < PATH; i++)
        assert_int_equal(cost.dearest_us[i], expected[i]);
}

/* Cut anywhere, or of another form: what is there is counted, and nothing past it. */
static void test_broken_certificates(void **state)
{
    static const struct spec spec = {.attributes = 1, .names = 2, .subtrees = 1, .curve = P256};
    struct buf out = der_new();
    struct key_cost key;
    (void)state;
    put_certificate(&out, &spec);
    for (size_t len = 0; len < out.len; len++) {
        struct chain_cost cost = {0};
        uint8_t *copy = malloc(len + 1);
        must(copy != NULL);
        memcpy(copy, out.data, len);
        cost_add(&cost, bytes_make(copy, len), &key);
        assert_int_equal(cost.names + cost.constraints + cost.elements, 0);
        assert_int_equal(cost.certs, 1);
        free(copy);
    }
    assert_true(cost_lets_read(buf_bytes(&out)));
    buf_reset(&out);
    must(buf_append(&out, "\x30\x80\x00\x00", 4));
    assert_false(cost_lets_read(buf_bytes(&out)));
    buf_reset(&out);
    der_put(&out, DER_SET, "", 0);
    der_put(&out, DER_SET, "", 0);
    der_wrap(&out, 0, DER_SEQUENCE);
    struct chain_cost cost = {0};
    cost_add(&cost, buf_bytes(&out), &key);
    assert_int_equal(cost.elements, 3);
    assert_int_equal(cost.names, 0);
    buf_reset(&out); /* a body that ends with a name, which is no subject there */
    der_put(&out, DER_INTEGER, "\x05", 1);
    put_subject(&out, 2);
    der_wrap(&out, 0, DER_SEQUENCE);
    der_wrap(&out, 0, DER_SEQUENCE);
    cost = (struct chain_cost){0};
    cost_add(&cost, buf_bytes(&out), &key);
    assert_int_equal(cost.names, 0);
    buf_dispose(&out);
}

/* A URI in pieces weighs as much as a whole one. */
static void test_uri_in_pieces(void **state)
{
    static const uint8_t tags[] = {0x86, 0xa6};
    uint64_t names[COUNT(tags)];
    (void)state;
    for (size_t i = 0; i < COUNT(tags); i++) {
        struct buf out = der_new();
        struct chain_cost cost = {0};
        struct key_cost key;
        der_text(&out, tags[i], "\x16\x01u");
        der_wrap(&out, 0, DER_SEQUENCE);
        der_extension(&out, 0, "2.5.29.17", false);
        der_wrap(&out, 0, DER_SEQUENCE);
        der_wrap(&out, 0, 0xa3);
        struct buf before = der_new();
        for (int part = 0; part < 6; part++)
            der_put(&before, DER_SEQUENCE, "", 0);
        must(buf_append(&before, out.data, out.len));
        der_wrap(&before, 0, DER_SEQUENCE);
        der_wrap(&before, 0, DER_SEQUENCE);
        cost_add(&cost, buf_bytes(&before), &key);
        names[i] = cost.names;
        buf_dispose(&before);
        buf_dispose(&out);
    }
    assert_int_equal(names[0], URI_WEIGHT);
    assert_int_equal(names[1], URI_WEIGHT);
}

/* ---- ceilings ------------------------------------------------------------------------------------------ */

static void test_to_read(void **state)
{
    (void)state;
    struct chain_cost cost = {.certs = COST_CERTS, .elements = COST_ELEMENTS};
    assert_int_equal(cost_to_read(&cost), TLS_LIMIT_NONE);
    cost.certs++;
    assert_int_equal(cost_to_read(&cost), TLS_LIMIT_CHAIN);
    cost.unreadable = true;
    assert_int_equal(cost_to_read(&cost), TLS_LIMIT_KEY);
    cost = (struct chain_cost){.elements = COST_ELEMENTS + 1};
    assert_int_equal(cost_to_read(&cost), TLS_LIMIT_CHAIN);
    cost = (struct chain_cost){.is_ber = true};
    assert_int_equal(cost_to_read(&cost), TLS_LIMIT_CHAIN);
}

static void test_to_validate(void **state)
{
    static const struct {
        uint64_t pairs, pair_bytes;
        uint32_t path_us;
        size_t elements;
        bool over;
    } rows[] = {
        {COST_PAIRS, COST_PAIR_BYTES, 0, 0, false}, {COST_PAIRS + 1, 0, 0, 0, true},
        {0, COST_PAIR_BYTES + 1, 0, 0, true},       {0, 0, COST_PATH_US, 0, false},
        {0, 0, COST_PATH_US + 1, 0, true},          {0, 0, COST_PATH_US, 12001, false},
        {0, 0, COST_PATH_US, 12002, true},          {40 * 6000, 0, COST_PATH_US, 1, false},
        {40 * 6000, 0, COST_PATH_US, 2, true},      {40 * 6001, 0, COST_PATH_US, 0, true},
        {40 * 6001 - 1, 0, COST_PATH_US, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t at = 0; at < PATH; at++) {
            struct chain_cost cost = {
                .pairs = rows[i].pairs, .pair_bytes = rows[i].pair_bytes, .elements = rows[i].elements};
            cost.dearest_us[at] = rows[i].path_us / 2;
            cost.dearest_us[0] += rows[i].path_us - rows[i].path_us / 2;
            if ((cost_to_validate(&cost) != TLS_LIMIT_NONE) != rows[i].over)
                fail_msg("row %zu, key %zu", i, at);
        }
}

/* ---- elements ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    struct bytes data;
    size_t count;
    bool is_ber;
} elements[] = {
    {"a tag of 31 in two bytes", {(const uint8_t *)"\x1f\x1f\x00", 3}, 1, false},
    {"a tag of 65,535", {(const uint8_t *)"\x1f\x83\xff\x7f\x00", 5}, 1, false},
    {"a tag of 2^31 - 1", {(const uint8_t *)"\x1f\x87\xff\xff\xff\x7f\x00", 7}, 1, false},
    {"a tag of 2^31", {(const uint8_t *)"\x1f\x88\x80\x80\x80\x00\x00", 7}, 0, false},
    {"a long tag without length", {(const uint8_t *)"\x1f\x1f", 2}, 0, false},
    {"a tag without length", {(const uint8_t *)"\x02", 1}, 0, false},
    {"a set", {(const uint8_t *)"\x31\x03\x02\x01\x05", 5}, 2, false},
    {"a number in pieces", {(const uint8_t *)"\x22\x03\x02\x01\x05", 5}, 0, true},
    {"a set that is said to hold nothing", {(const uint8_t *)"\x11\x03\x02\x01\x05", 5}, 2, false},
    {"a sequence likewise, in octets", {(const uint8_t *)"\x04\x05\x10\x03\x02\x01\x05", 7}, 3, false},
    {"a list of the context's own, in octets",
     {(const uint8_t *)"\x04\x08\x30\x06\x80\x04\x82\x00\x82\x00", 10},
     5,
     false},
    {"a text of the context's own, in octets",
     {(const uint8_t *)"\x04\x08\x30\x06\x82\x04"
                       "a.bc",
      10},
     3,
     false},
    {"one that could be BER", {(const uint8_t *)"\x04\x08\x30\x06\x82\x04\x30\x80\x00\x00", 10}, 3, false},
    {"the same outside of octets", {(const uint8_t *)"\x82\x04\x82\x00\x82\x00", 6}, 1, false},
    {"a context's own", {(const uint8_t *)"\xa2\x03\x02\x01\x05", 5}, 2, false},
    {"an application's own", {(const uint8_t *)"\x62\x03\x02\x01\x05", 5}, 2, false},
    {"a sequence of another class in octets", {(const uint8_t *)"\x04\x05\xb0\x03\x02\x01\x05", 7}, 1, false},
    {"two lengths", {(const uint8_t *)"\x02\x82\x00\x01\x05", 5}, 1, false},
    {"a length of none", {(const uint8_t *)"\x02\x81", 2}, 0, false},
    {"no content", {(const uint8_t *)"\x30\x00\x30\x00", 4}, 2, false},
    {"BER in octets in octets",
     {(const uint8_t *)"\x04\x09\x30\x07\x04\x05\x30\x80\x02\x01\x05", 11},
     3,
     false},
    {"BER behind octets in octets",
     {(const uint8_t *)"\x04\x0b\x30\x09\x04\x05\x30\x03\x02\x01\x05\x30\x80", 13},
     5,
     true},
};

static void test_elements(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(elements); i++) {
        bool is_ber = false;
        uint8_t *copy = malloc(elements[i].data.len); /* so that a byte past it is seen */
        must(copy != NULL);
        memcpy(copy, elements[i].data.data, elements[i].data.len);
        size_t count = der_count(bytes_make(copy, elements[i].data.len), &is_ber);
        if (count != elements[i].count || is_ber != elements[i].is_ber)
            fail_msg("%s: %zu elements, BER %d", elements[i].name, count, is_ber);
        free(copy);
    }
}

/* Sequences are entered 32 deep, strings of octets four deep: deeper ones count as one each. */
static void test_depth(void **state)
{
    struct buf nested = der_new();
    bool is_ber = false;
    (void)state;
    der_put(&nested, DER_INTEGER, "\x05", 1);
    for (size_t depth = 1; depth <= NESTED + 3; depth++) {
        der_wrap(&nested, 0, DER_SEQUENCE);
        size_t count = der_count(buf_bytes(&nested), &is_ber);
        assert_int_equal(count, depth < 32 ? depth + 1 : 32);
    }
    buf_reset(&nested);
    der_put(&nested, DER_INTEGER, "\x05", 1);
    for (size_t depth = 1; depth <= 7; depth++) {
        der_wrap(&nested, 0, DER_SEQUENCE);
        der_wrap(&nested, 0, DER_OCTET_STRING);
        size_t count = der_count(buf_bytes(&nested), &is_ber);
        assert_int_equal(count, depth <= 4 ? 2 * depth + 1 : 9);
    }
    assert_false(is_ber);
    /* What was left is entered again. */
    size_t one = nested.len;
    uint8_t *twice = buf_reserve(&nested, one);
    must(twice != NULL);
    memcpy(nested.data + one, nested.data, one);
    nested.len += one;
    assert_int_equal(der_count(buf_bytes(&nested), &is_ber), 18);
    buf_dispose(&nested);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rsa),        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_other_keys), cmocka_unit_test(test_certificate),
        cmocka_unit_test(test_pairs),      cmocka_unit_test(test_uri_in_pieces),
        cmocka_unit_test(test_heavy_keys), cmocka_unit_test(test_unreadable_keys),
        cmocka_unit_test(test_dearest),    cmocka_unit_test(test_broken_certificates),
        cmocka_unit_test(test_to_read),    cmocka_unit_test(test_to_validate),
        cmocka_unit_test(test_elements),   cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
