/* Counts the keys, names and constraints of certificates that make work. */
#include "scanner/wire/cost.h"

enum {
    COMPRESSED_EVEN = 2,
    COMPRESSED_ODD = 3,
    URI_TAG = DER_CONTEXT | 6,
    URI_WEIGHT = 8,        /* a URI is taken apart for each constraint, dearly in OpenSSL 3.5 */
    SMTP_NAME_WEIGHT = 64, /* a name of another form is made anew for each constraint (RFC 8398) */
    PAIRS_A_US = 40,
    ELEMENTS_A_US = 2,
    PATH = sizeof((struct chain_cost){0}.dearest_us) / sizeof(uint32_t)
};

/* ---- numbers ------------------------------------------------------------------------------------------- */

static uint32_t bits_of(struct bytes number)
{
    while (number.len > 0 && number.data[0] == 0) {
        number.data++;
        number.len--;
    }
    if (number.len == 0)
        return 0;
    uint32_t bits = (uint32_t)number.len * 8;
    for (uint8_t first = number.data[0]; (first & 0x80) == 0; first = (uint8_t)(first << 1))
        bits--;
    return bits;
}

/* Returns the cost of `steps` multiplications modulo a number of `bits` bits. */
static uint32_t modular_us(uint32_t bits, uint32_t steps)
{
    uint64_t words = bits / 64 + 1;
    return (uint32_t)(words * words * steps / 1100 + 5);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

enum kind { KIND_OTHER, KIND_RSA, KIND_EC, KIND_DSA };

struct known {
    const char *oid;
    size_t len;
    uint32_t value; /* an enum kind, or microseconds for a curve */
    bool slow_root; /* square roots modulo the curve's prime have no short way */
};

#define OID(text) (text), sizeof(text) - 1

/* The kinds of key that OpenSSL has a method for and whose numbers may be as long as the peer likes. */
static const struct known kinds[] = {
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), KIND_RSA, false}, /* rsaEncryption */
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), KIND_RSA, false}, /* RSASSA-PSS */
    {OID("\x55\x08\x01\x01"), KIND_RSA, false},                     /* of X.509 */
    {OID("\x2a\x86\x48\xce\x3d\x02\x01"), KIND_EC, false},
    {OID("\x2a\x81\x1c\xcf\x55\x01\x82\x2d"), KIND_EC, false}, /* SM2: its point is read, on any curve */
    {OID("\x2a\x86\x48\xce\x38\x04\x01"), KIND_DSA, false},
    {OID("\x2a\x86\x48\xce\x38\x04\x03"), KIND_DSA, false}, /* dsa-with-sha1, and OIW's */
    {OID("\x2b\x0e\x03\x02\x0c"), KIND_DSA, false},
    {OID("\x2b\x0e\x03\x02\x0d"), KIND_DSA, false},
    {OID("\x2b\x0e\x03\x02\x1b"), KIND_DSA, false},
};

/* The curves over prime fields. All others are binary ones, or unknown. */
static const struct known curves[] = {
    {OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"), 80, false},       /* P-256 */
    {OID("\x2b\x81\x04\x00\x22"), 700, false},                  /* P-384 */
    {OID("\x2b\x81\x04\x00\x23"), 600, false},                  /* P-521 */
    {OID("\x2b\x81\x04\x00\x21"), 100, true},                   /* P-224 */
    {OID("\x2b\x81\x04\x00\x0a"), 400, false},                  /* secp256k1 */
    {OID("\x2a\x86\x48\xce\x3d\x03\x01\x01"), 300, false},      /* P-192 */
    {OID("\x2a\x81\x1c\xcf\x55\x01\x82\x2d"), 500, false},      /* SM2 */
    {OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x07"), 500, false},  /* brainpoolP256r1 */
    {OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x0b"), 800, false},  /* brainpoolP384r1 */
    {OID("\x2b\x24\x03\x03\x02\x08\x01\x01\x0d"), 1000, false}, /* brainpoolP512r1 */
};

static const struct known *find(const struct known *table, size_t count, struct bytes oid)
{
    for (size_t i = 0; i < count; i++)
        if (oid.len == table[i].len && memcmp(oid.data, table[i].oid, oid.len) == 0)
            return &table[i];
    return NULL;
}

static struct key_cost rsa_cost(struct bytes key, bool *is_ber)
{
    struct bytes numbers, modulus, exponent;
    if (!der_take(&key, DER_TAG_SEQUENCE, &numbers, is_ber) ||
        !der_take(&numbers, DER_TAG_INTEGER, &modulus, is_ber) ||
        !der_take(&numbers, DER_TAG_INTEGER, &exponent, is_ber))
        return (struct key_cost){0};
    uint32_t bits = bits_of(modulus), exponent_bits = bits_of(exponent);
    if (bits > COST_RSA_BITS || exponent_bits > COST_RSA_EXPONENT_BITS)
        return (struct key_cost){.heavy = true};
    uint32_t steps = exponent_bits <= 17 ? 20 : 2 * exponent_bits;
    return (struct key_cost){.verify_us = modular_us(bits, steps)};
}

/* Returns the cost of an EC key. key: the point, behind the count of unused bits. */
static struct key_cost ec_cost(struct bytes parameters, struct bytes key, bool *is_ber)
{
    struct bytes oid;
    if (!der_take(&parameters, DER_TAG_OID, &oid, is_ber))
        return (struct key_cost){.unreadable = true, .heavy = true}; /* a curve of its own */
    const struct known *curve = find(curves, sizeof curves / sizeof *curves, oid);
    bool compressed = key.len > 0 && (key.data[0] == COMPRESSED_EVEN || key.data[0] == COMPRESSED_ODD);
    if (curve == NULL)
        return (struct key_cost){.unreadable = compressed, .heavy = true};
    return (struct key_cost){.unreadable = compressed && curve->slow_root, .verify_us = curve->value};
}

/* Returns the cost of a DSA key. One without parameters takes those of its issuer, which is counted too. */
static struct key_cost dsa_cost(struct bytes parameters, bool *is_ber)
{
    struct bytes numbers, p, q;
    if (!der_take(&parameters, DER_TAG_SEQUENCE, &numbers, is_ber) ||
        !der_take(&numbers, DER_TAG_INTEGER, &p, is_ber) || !der_take(&numbers, DER_TAG_INTEGER, &q, is_ber))
        return (struct key_cost){.verify_us = modular_us(COST_DSA_BITS, 256)};
    uint32_t bits = bits_of(p), group_bits = bits_of(q);
    if (bits > COST_DSA_BITS || group_bits > 256)
        return (struct key_cost){.heavy = true};
    return (struct key_cost){.verify_us = modular_us(bits, group_bits + 20)};
}

static struct key_cost key_cost(struct bytes spki, bool *is_ber)
{
    struct bytes parts, algorithm, oid, key;
    if (!der_take(&spki, DER_TAG_SEQUENCE, &parts, is_ber) ||
        !der_take(&parts, DER_TAG_SEQUENCE, &algorithm, is_ber) ||
        !der_take(&algorithm, DER_TAG_OID, &oid, is_ber) ||
        !der_take(&parts, DER_TAG_BIT_STRING, &key, is_ber) || key.len == 0)
        return (struct key_cost){0};
    const struct known *known = find(kinds, sizeof kinds / sizeof *kinds, oid);
    key = bytes_behind(key, 1);
    switch (known == NULL ? KIND_OTHER : (enum kind)known->value) {
    case KIND_RSA:
        return rsa_cost(key, is_ber);
    case KIND_EC:
        return ec_cost(algorithm, key, is_ber);
    case KIND_DSA:
        return dsa_cost(algorithm, is_ber);
    case KIND_OTHER:
        break;
    }
    return (struct key_cost){.verify_us = 300};
}

struct key_cost cost_of_key(struct bytes spki)
{
    bool is_ber = false;
    struct key_cost cost = key_cost(spki, &is_ber);
    cost.unreadable = cost.unreadable || is_ber;
    return cost;
}

/* ---- certificates -------------------------------------------------------------------------------------- */

struct counts {
    uint64_t names, name_bytes;
    uint64_t constraints, constraint_bytes;
    bool is_ber;
};

/* Counts the attributes of a Name, in all of its sets. */
static void count_subject(struct bytes name, struct counts *counts)
{
    struct bytes set, attribute;
    while (der_take(&name, DER_TAG_SET, &set, &counts->is_ber)) {
        while (der_take(&set, DER_TAG_SEQUENCE, &attribute, &counts->is_ber)) {
            counts->names++;
            counts->name_bytes += attribute.len;
        }
    }
}

/* Returns how many other names cost as much to hold against a constraint. OpenSSL takes a URI in pieces as
 * well. */
static uint64_t weight_of(uint8_t tag)
{
    if (tag == (DER_CONTEXT | DER_CONSTRUCTED))
        return SMTP_NAME_WEIGHT;
    return (tag & ~DER_CONSTRUCTED) == URI_TAG ? URI_WEIGHT : 1;
}

static void count_names(struct bytes value, struct counts *counts)
{
    struct bytes names;
    struct der_element name;
    if (!der_take(&value, DER_TAG_SEQUENCE, &names, &counts->is_ber))
        return;
    while (der_next(&names, &name, &counts->is_ber)) {
        const uint64_t weight = weight_of(name.tag);
        counts->names += weight;
        counts->name_bytes += name.content.len * weight;
    }
}

static void count_constraints(struct bytes value, struct counts *counts)
{
    struct bytes kinds_of;
    struct der_element subtrees, subtree;
    if (!der_take(&value, DER_TAG_SEQUENCE, &kinds_of, &counts->is_ber))
        return;
    while (der_next(&kinds_of, &subtrees, &counts->is_ber)) { /* those permitted, those excluded */
        while (der_next(&subtrees.content, &subtree, &counts->is_ber)) {
            counts->constraints++;
            counts->constraint_bytes += subtree.content.len;
        }
    }
}

/* Counts one extension: OBJECT IDENTIFIER, BOOLEAN if it is critical, OCTET STRING. */
static void count_extension(struct bytes extension, struct counts *counts)
{
    struct der_element id, value;
    if (!der_next(&extension, &id, &counts->is_ber) || !der_next(&extension, &value, &counts->is_ber))
        return;
    if (value.tag != DER_TAG_OCTET_STRING && !der_next(&extension, &value, &counts->is_ber))
        return;
    if (bytes_equal(id.content, bytes_of("\x55\x1d\x11")))
        count_names(value.content, counts);
    if (bytes_equal(id.content, bytes_of("\x55\x1d\x1e")))
        count_constraints(value.content, counts);
}

static void count_extensions(struct bytes body, struct counts *counts)
{
    struct der_element element;
    struct bytes list, extension;
    while (der_next(&body, &element, &counts->is_ber)) {
        if (element.tag != (DER_CONTEXT | DER_CONSTRUCTED | 3) ||
            !der_take(&element.content, DER_TAG_SEQUENCE, &list, &counts->is_ber))
            continue;
        while (der_take(&list, DER_TAG_SEQUENCE, &extension, &counts->is_ber))
            count_extension(extension, counts);
    }
}

/* Counts one certificate. Behind its version come serial, signature, issuer, validity, subject and key. */
static void look(struct bytes certificate, struct counts *counts, struct key_cost *key)
{
    enum { SUBJECT = 4, KEY = 5, PARTS = 6 };
    struct bytes outer, body;
    struct der_element part;
    if (!der_take(&certificate, DER_TAG_SEQUENCE, &outer, &counts->is_ber) ||
        !der_take(&outer, DER_TAG_SEQUENCE, &body, &counts->is_ber))
        return;
    struct bytes versioned = body;
    if (!der_next(&body, &part, &counts->is_ber))
        return;
    if (part.tag != (DER_CONTEXT | DER_CONSTRUCTED))
        body = versioned;
    for (int i = 0; i < PARTS; i++) {
        struct bytes from = body;
        if (!der_next(&body, &part, &counts->is_ber))
            return;
        if (i == SUBJECT)
            count_subject(part.content, counts);
        if (i == KEY)
            *key = key_cost(bytes_make(from.data, from.len - body.len), &counts->is_ber);
    }
    count_extensions(body, counts);
}

/* ---- chains -------------------------------------------------------------------------------------------- */

static void keep_dearest(struct chain_cost *cost, uint32_t verify_us)
{
    for (size_t i = 0; i < PATH; i++) {
        if (cost->dearest_us[i] >= verify_us)
            continue;
        uint32_t cheaper = cost->dearest_us[i];
        cost->dearest_us[i] = verify_us;
        verify_us = cheaper;
    }
}

/* Adds the pairs of an issuer's constraints with the names of all certificates, before it and behind it: the
 * order of a path need not be the chain's. The leaf's own constraints bind nobody. */
static void add_pairs(struct chain_cost *cost, const struct counts *counts)
{
    cost->pairs += counts->names * cost->constraints;
    cost->pair_bytes += counts->name_bytes * cost->constraints + counts->names * cost->constraint_bytes;
    if (cost->certs > 0) {
        cost->pairs += cost->names * counts->constraints;
        cost->pair_bytes += cost->name_bytes * counts->constraints + cost->names * counts->constraint_bytes;
        cost->constraints += counts->constraints;
        cost->constraint_bytes += counts->constraint_bytes;
    }
    cost->names += counts->names;
    cost->name_bytes += counts->name_bytes;
}

void cost_add(struct chain_cost *cost, struct bytes certificate, struct key_cost *key)
{
    struct counts counts = {.is_ber = false};
    *key = (struct key_cost){0};
    look(certificate, &counts, key);
    cost->elements += der_count(certificate, &counts.is_ber);
    cost->is_ber = cost->is_ber || counts.is_ber;
    cost->unreadable = cost->unreadable || key->unreadable;
    if (cost->certs == 0)
        cost->heavy_leaf = key->heavy;
    else
        cost->heavy_issuer = cost->heavy_issuer || key->heavy;
    keep_dearest(cost, key->verify_us);
    add_pairs(cost, &counts);
    cost->certs++;
}

enum tls_limit cost_to_read(const struct chain_cost *cost)
{
    if (cost->unreadable)
        return TLS_LIMIT_KEY;
    bool over = cost->certs > COST_CERTS || cost->elements > COST_ELEMENTS || cost->is_ber;
    return over ? TLS_LIMIT_CHAIN : TLS_LIMIT_NONE;
}

bool cost_lets_read(struct bytes certificate)
{
    struct chain_cost cost = {0};
    struct key_cost key;
    cost_add(&cost, certificate, &key);
    return cost_to_read(&cost) == TLS_LIMIT_NONE;
}

enum tls_limit cost_to_validate(const struct chain_cost *cost)
{
    uint32_t path_us = 0;
    for (size_t i = 0; i < PATH; i++)
        path_us += cost->dearest_us[i];
    uint64_t work_us = path_us + cost->pairs / PAIRS_A_US + cost->elements / ELEMENTS_A_US;
    bool over = cost->pairs > COST_PAIRS || cost->pair_bytes > COST_PAIR_BYTES || path_us > COST_PATH_US ||
                work_us > COST_WORK_US;
    return over ? TLS_LIMIT_CHAIN : TLS_LIMIT_NONE;
}
