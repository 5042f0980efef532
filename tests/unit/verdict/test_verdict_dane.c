/* Table tests of the verdict on DANE: facts made by hand, outcome and codes of address, host and domain
 * expected. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "scanner/reach/tlsa.h"
#include "scanner/verdict/tlsa.h"
#include "scanner/verdict/verdict.h"

#define NOW_S INT64_C(1800000000)
#define DAY   INT64_C(86400)

enum { LEAF, INTERMEDIATE, ROOT, CERTS, RECORDS = 8, ADDRESSES = 4, HOSTS = 4 };

/* ---- facts --------------------------------------------------------------------------------------------- */

/* What is done to the good chain of leaf, intermediate and root. */
enum chain {
    GOOD,
    EXPIRED,
    NOT_YET,
    EXPIRED_INTERMEDIATE,
    EXPIRED_ROOT,
    WRONG_NAME,
    NAME_OF_BASE,
    NAME_OF_DOMAIN,
    NAME_WILDCARD,
    NAME_PARTIAL_WILDCARD,
    NAME_IN_CN,
    NAME_IN_CN_BESIDE_DNS_ID,
    NAME_AS_SUFFIX_OF_CN,
    EXPIRED_AND_WRONG_NAME,
    NOT_A_CA,
    NO_PATH,
    CIRCLE,
    WILD_PLACE,
    LEAF_ONLY,
    SELF_SIGNED,
    CLIENT_ONLY,
    PATH_TOO_LONG,
    NOBODY,
    CHAIN_KINDS
};

struct made_tls {
    struct cert_facts certs[CERTS];
    const char *names[1];
};

static void name_leaf(struct made_tls *made, struct tls_facts *tls, const char *name)
{
    tls->name_match = false;
    made->names[0] = name;
    made->certs[LEAF].dns_names = made->names;
    made->certs[LEAF].dns_name_count = 1;
}

static void common_name(struct made_tls *made, struct tls_facts *tls, const char *subject)
{
    tls->name_match = false;
    made->certs[LEAF].subject = subject;
}

static void add_error(struct tls_facts *tls, int x509, int depth)
{
    tls->errors[tls->error_count++] = (struct chain_error){.x509 = x509, .depth = depth};
}

static void make_certs(struct made_tls *made)
{
    for (int i = 0; i < CERTS; i++) {
        struct cert_facts *cert = &made->certs[i];
        memset(cert->sha256, 0x10 + i, sizeof cert->sha256);
        memset(cert->sha512, 0x20 + i, sizeof cert->sha512);
        memset(cert->spki_sha256, 0x30 + i, sizeof cert->spki_sha256);
        memset(cert->spki_sha512, 0x40 + i, sizeof cert->spki_sha512);
        cert->not_before = NOW_S - 30 * DAY;
        cert->not_after = NOW_S + 30 * DAY;
        cert->is_ca = i != LEAF;
        cert->self_issued = i == ROOT;
        cert->signed_by = i < ROOT ? i + 1 : ROOT;
        cert->subject = "CN=whoever";
    }
}

static void spoil_chain(enum chain kind, struct made_tls *made, struct tls_facts *tls)
{
    switch (kind) {
    case NO_PATH:
        made->certs[LEAF].signed_by = -1;
        break;
    case CIRCLE:
        made->certs[ROOT].signed_by = INTERMEDIATE;
        break;
    case WILD_PLACE:
        made->certs[LEAF].signed_by = 77;
        break;
    case LEAF_ONLY:
        tls->cert_count = 1;
        made->certs[LEAF].signed_by = -1;
        break;
    case SELF_SIGNED:
        tls->cert_count = 1;
        made->certs[LEAF].signed_by = LEAF;
        made->certs[LEAF].is_ca = true;
        break;
    case NOT_A_CA:
        made->certs[INTERMEDIATE].is_ca = false;
        break;
    case CLIENT_ONLY:
        add_error(tls, X509_V_ERR_INVALID_PURPOSE, 0);
        break;
    case PATH_TOO_LONG:
        add_error(tls, X509_V_ERR_PATH_LENGTH_EXCEEDED, 2);
        break;
    case NOBODY:
        tls->cert_count = 0;
        break;
    default:
        break;
    }
}

static void spoil_names(enum chain kind, struct made_tls *made, struct tls_facts *tls)
{
    static const char *const dns_ids[CHAIN_KINDS] = {
        [WRONG_NAME] = "elsewhere.test",     [NAME_OF_BASE] = "base.test",
        [NAME_OF_DOMAIN] = "DOMAIN.test",    [NAME_WILDCARD] = "*.test",
        [EXPIRED_AND_WRONG_NAME] = "x.y.z",  [NAME_IN_CN_BESIDE_DNS_ID] = "elsewhere.test",
        [NAME_PARTIAL_WILDCARD] = "m*.test",
    };
    if (dns_ids[kind] != NULL)
        name_leaf(made, tls, dns_ids[kind]);
    if (kind == NAME_IN_CN || kind == NAME_IN_CN_BESIDE_DNS_ID)
        common_name(made, tls, "OU=a+CN=mx.test,O=b");
    if (kind == NAME_AS_SUFFIX_OF_CN)
        common_name(made, tls, "CN=evil\\,CN=mx.test\\ ,O=CN=mx.test");
}

static void spoil_dates(enum chain kind, struct made_tls *made)
{
    if (kind == EXPIRED || kind == EXPIRED_AND_WRONG_NAME)
        made->certs[LEAF].not_after = NOW_S - 1;
    if (kind == NOT_YET)
        made->certs[LEAF].not_before = NOW_S + 1;
    if (kind == EXPIRED_INTERMEDIATE)
        made->certs[INTERMEDIATE].not_after = NOW_S - 1;
    if (kind == EXPIRED_ROOT)
        made->certs[ROOT].not_after = NOW_S - 1;
}

static void make_tls(enum chain kind, struct made_tls *made, struct tls_facts *tls)
{
    *tls = (struct tls_facts){
        .end = TLS_DONE, .alert = -1, .certs = made->certs, .cert_count = CERTS, .name_match = true};
    *made = (struct made_tls){0};
    make_certs(made);
    spoil_dates(kind, made);
    spoil_names(kind, made, tls);
    spoil_chain(kind, made, tls);
}

/* "3 1 1 leaf": whose data it is: leaf, intermediate, root, other; short: a digest without its last byte. */
static struct tlsa_rr make_record(const char *text, uint8_t data[64])
{
    static const char *const owners[] = {"leaf", "intermediate", "root", "other", "short"};
    unsigned usage;
    unsigned selector;
    unsigned matching;
    char owner[16];
    assert_int_equal(sscanf(text, "%u %u %u %15[a-z]", &usage, &selector, &matching, owner), 4);
    int who = 0;
    while (strcmp(owners[who], owner) != 0)
        assert_true(++who < 5);
    bool is_short = who == 4;
    memset(data, (matching == 2 ? 0x20 : 0x10) + (selector == 1 ? 0x20 : 0) + (is_short ? 0 : who), 64);
    return (struct tlsa_rr){.usage = (uint8_t)usage,
                            .selector = (uint8_t)selector,
                            .matching = (uint8_t)matching,
                            .data = bytes_make(data, (matching == 2 ? 64U : 32U) - is_short)};
}

struct made_records {
    uint8_t data[RECORDS][64];
    struct tlsa_rr rrs[RECORDS];
};

/* Records between "; ". */
static void make_records(const char *text, struct made_records *made, struct tlsa_facts *tlsa)
{
    *tlsa = (struct tlsa_facts){
        .lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE}, .base = "base.test", .rrs = made->rrs};
    while (text != NULL && *text != '\0') {
        assert_true(tlsa->rr_count < RECORDS);
        made->rrs[tlsa->rr_count] = make_record(text, made->data[tlsa->rr_count]);
        tlsa->rr_count++;
        text = strchr(text, ';');
        text = text == NULL ? NULL : text + 1;
    }
}

/* ---- records against a chain --------------------------------------------------------------------------- */

struct match_case {
    const char *name;
    const char *records;
    enum chain chain;
    enum failure_code code;
    size_t matched;
};

static const struct match_case match_cases[] = {
    {"DANE-3 3 1 1", "3 1 1 leaf", GOOD, FAIL_NONE, 1},
    {"DANE-3 3 1 2", "3 1 2 leaf", GOOD, FAIL_NONE, 1},
    {"DANE-3 3 0 1", "3 0 1 leaf", GOOD, FAIL_NONE, 1},
    {"DANE-3 3 0 2", "3 0 2 leaf", GOOD, FAIL_NONE, 1},
    {"DANE-3 3 1 1 of another key", "3 1 1 other", GOOD, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 3 0 1 of another certificate", "3 0 1 other", GOOD, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 3 1 1 expired", "3 1 1 leaf", EXPIRED, FAIL_NONE, 1},
    {"DANE-3 3 1 1 not yet valid", "3 1 1 leaf", NOT_YET, FAIL_NONE, 1},
    {"DANE-3 3 1 1 wrong name", "3 1 1 leaf", WRONG_NAME, FAIL_NONE, 1},
    {"DANE-3 3 1 1 expired and wrong name", "3 1 1 leaf", EXPIRED_AND_WRONG_NAME, FAIL_NONE, 1},
    {"DANE-3 3 0 1 expired and wrong name", "3 0 1 leaf", EXPIRED_AND_WRONG_NAME, FAIL_NONE, 1},
    {"DANE-3 3 1 1 self-signed", "3 1 1 leaf", SELF_SIGNED, FAIL_NONE, 1},
    {"DANE-3 3 1 1 for clients only", "3 1 1 leaf", CLIENT_ONLY, FAIL_NONE, 1},
    {"DANE-3 3 1 1 names an issuer, not the leaf", "3 1 1 intermediate", GOOD, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 3 1 1 no certificate", "3 1 1 leaf", NOBODY, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 0 1 intermediate", "2 0 1 intermediate", GOOD, FAIL_NONE, 1},
    {"DANE-3 2 1 1 intermediate", "2 1 1 intermediate", GOOD, FAIL_NONE, 1},
    {"DANE-3 2 0 2 intermediate", "2 0 2 intermediate", GOOD, FAIL_NONE, 1},
    {"DANE-3 2 1 2 intermediate", "2 1 2 intermediate", GOOD, FAIL_NONE, 1},
    {"DANE-3 2 0 1 root", "2 0 1 root", GOOD, FAIL_NONE, 1},
    {"DANE-3 2 1 1 root", "2 1 1 root", GOOD, FAIL_NONE, 1},
    {"DANE-3 2 1 1 of another", "2 1 1 other", GOOD, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 names the leaf", "2 1 1 leaf", GOOD, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 names a self-signed leaf", "2 1 1 leaf", SELF_SIGNED, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 anchor not presented", "2 1 1 root", LEAF_ONLY, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 the anchor did not sign the leaf", "2 1 1 root", NO_PATH, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 issuers in a circle", "2 1 1 other", CIRCLE, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 anchor on a circle", "2 1 1 root", CIRCLE, FAIL_NONE, 1},
    {"DANE-3 2 1 1 a place past the chain", "2 1 1 root", WILD_PLACE, FAIL_DANE_MISMATCH, 0},
    {"DANE-3 2 1 1 expired leaf", "2 1 1 root", EXPIRED, FAIL_DANE_EXPIRED, 1},
    {"DANE-3 2 1 1 leaf not yet valid", "2 1 1 root", NOT_YET, FAIL_DANE_EXPIRED, 1},
    {"DANE-3 2 1 1 expired intermediate below the anchor", "2 1 1 root", EXPIRED_INTERMEDIATE,
     FAIL_DANE_EXPIRED, 1},
    {"DANE-3 2 1 1 what expired stands above the anchor", "2 1 1 intermediate", EXPIRED_ROOT, FAIL_NONE, 1},
    {"DANE-3 2 1 1 the anchor, a root, expired", "2 1 1 root", EXPIRED_ROOT, FAIL_DANE_EXPIRED, 1},
    {"DANE-3 2 1 1 the anchor, no root, expired", "2 1 1 intermediate", EXPIRED_INTERMEDIATE, FAIL_NONE, 1},
    {"DANE-3 2 1 1 wrong name", "2 1 1 root", WRONG_NAME, FAIL_DANE_NAME_MISMATCH, 1},
    {"DANE-3 2 1 1 expired before wrong name", "2 1 1 root", EXPIRED_AND_WRONG_NAME, FAIL_DANE_EXPIRED, 1},
    {"DANE-1 2 1 1 name of the TLSA base domain", "2 1 1 root", NAME_OF_BASE, FAIL_NONE, 1},
    {"DANE-3 2 1 1 name of the domain, case folded", "2 1 1 root", NAME_OF_DOMAIN, FAIL_NONE, 1},
    {"DANE-3 2 1 1 wildcard", "2 1 1 root", NAME_WILDCARD, FAIL_NONE, 1},
    {"DANE-3 2 1 1 partial wildcard", "2 1 1 root", NAME_PARTIAL_WILDCARD, FAIL_DANE_NAME_MISMATCH, 1},
    {"DANE-3 2 1 1 name in the CN, no DNS-ID", "2 1 1 root", NAME_IN_CN, FAIL_NONE, 1},
    {"DANE-3 2 1 1 name in the CN beside a DNS-ID", "2 1 1 root", NAME_IN_CN_BESIDE_DNS_ID,
     FAIL_DANE_NAME_MISMATCH, 1},
    {"DANE-3 2 1 1 name inside another attribute", "2 1 1 root", NAME_AS_SUFFIX_OF_CN,
     FAIL_DANE_NAME_MISMATCH, 1},
    {"DANE-3 2 1 1 an issuer that is no CA", "2 1 1 root", NOT_A_CA, FAIL_DANE_MISMATCH, 1},
    {"DANE-3 2 1 1 for clients only", "2 1 1 root", CLIENT_ONLY, FAIL_DANE_MISMATCH, 1},
    {"DANE-3 2 1 1 path too long", "2 1 1 root", PATH_TOO_LONG, FAIL_DANE_MISMATCH, 1},
    {"DANE-3 2 1 1 fault above the anchor", "2 1 1 intermediate", PATH_TOO_LONG, FAIL_NONE, 1},
    {"DANE-3 rollover, the old key", "3 1 1 leaf; 3 1 1 other", GOOD, FAIL_NONE, 1},
    {"DANE-3 rollover, the new key", "3 1 1 other; 3 1 1 leaf", GOOD, FAIL_NONE, 2},
    {"DANE-3 2 1 1 fits where 3 1 1 does not", "3 1 1 other; 2 1 1 root", GOOD, FAIL_NONE, 2},
    {"DANE-3 3 1 1 fits where 2 1 1 has the wrong name", "2 1 1 root; 3 1 1 leaf", WRONG_NAME, FAIL_NONE, 2},
    {"DANE-3 agility: a wrong SHA-512 outdoes a right SHA-256", "3 1 1 leaf; 3 1 2 other", GOOD,
     FAIL_DANE_MISMATCH, 0},
    {"DANE-3 agility: a right SHA-512, a wrong SHA-256", "3 1 1 other; 3 1 2 leaf", GOOD, FAIL_NONE, 2},
    {"DANE-3 agility: selectors apart", "3 0 1 leaf; 3 1 2 other", GOOD, FAIL_NONE, 1},
    {"DANE-3 agility: usages apart", "3 1 1 leaf; 2 1 2 other", GOOD, FAIL_NONE, 1},
    {"DANE-3 agility: a malformed SHA-512 outdoes nothing", "3 1 1 leaf; 3 1 2 short", GOOD, FAIL_NONE, 1},
    {"DANE-3 agility: an unknown digest outdoes nothing", "3 1 1 leaf; 3 1 3 other", GOOD, FAIL_NONE, 1},
    {"DANE-3 usage 1 beside 3 is left out", "1 1 1 leaf; 3 1 1 other", GOOD, FAIL_DANE_MISMATCH, 0},
};

static const struct reference_names mx_names = {{"base.test", "mx.test", "domain.test"}};

static void test_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof match_cases / sizeof *match_cases; i++) {
        const struct match_case *c = &match_cases[i];
        struct made_records made;
        struct made_tls chain;
        struct tlsa_facts tlsa;
        struct tls_facts tls;
        struct tlsa_set set;
        size_t matched = 99;
        make_records(c->records, &made, &tlsa);
        make_tls(c->chain, &chain, &tls);
        verdict_tlsa_set(&tlsa, &set);
        enum failure_code code = verdict_tlsa(&set, &tls, &mx_names, NOW_S * 1000, &matched);
        if (code != c->code || matched != c->matched)
            fail_msg("%s: expected %s by %zu, got %s by %zu", c->name, failure_name(c->code), c->matched,
                     failure_name(code), matched);
    }
}

/* ---- what was too dear to be looked at ----------------------------------------------------------------- */

/* An EC key with a curve of its own, as far as it is looked at. */
static const uint8_t own_curve[] = {0x30, 0x13, 0x30, 0x0d, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
                                    0x02, 0x01, 0x30, 0x02, 0x30, 0x00, 0x03, 0x02, 0x00, 0x04};

struct large_case {
    const char *name;
    const char *records; /* beside that of the large key, which is of `usage` */
    uint8_t usage;       /* 0: there is none */
    enum tls_limit limit;
    enum chain chain;
    enum failure_code code;
};

static const struct large_case large_cases[] = {
    {"DANE-3 a large key may be the one", "3 1 1 other", 3, TLS_LIMIT_NONE, GOOD, FAIL_DANE_LARGE_RECORD},
    {"DANE-3 another fits", "3 1 1 leaf", 3, TLS_LIMIT_NONE, GOOD, FAIL_NONE},
    {"DANE-3 a large anchor", "3 1 1 other", 2, TLS_LIMIT_NONE, GOOD, FAIL_DANE_LARGE_RECORD},
    {"DANE-3 3 1 1 of a chain that was not validated", "3 1 1 leaf", 0, TLS_LIMIT_CHAIN, GOOD, FAIL_NONE},
    {"DANE-3 3 1 1 of another, such a chain", "3 1 1 other", 0, TLS_LIMIT_CHAIN, GOOD, FAIL_DANE_MISMATCH},
    {"DANE-3 2 1 1 of such a chain", "2 1 1 root", 0, TLS_LIMIT_CHAIN, GOOD, FAIL_SMTP_TLS_LARGE_CHAIN},
    {"DANE-3 2 1 1 of a chain with a large key", "2 1 1 other", 0, TLS_LIMIT_KEY, GOOD,
     FAIL_SMTP_TLS_LARGE_KEY},
};

static void test_too_large(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof large_cases / sizeof *large_cases; i++) {
        const struct large_case *c = &large_cases[i];
        struct made_records made;
        struct made_tls chain;
        struct tlsa_facts tlsa;
        struct tls_facts tls;
        struct tlsa_set set;
        size_t matched;
        make_records(c->records, &made, &tlsa);
        make_tls(c->chain, &chain, &tls);
        tls.limit = c->limit;
        struct tlsa_rr rrs[2] = {tlsa.rrs[0], {c->usage, 1, 0, bytes_make(own_curve, sizeof own_curve)}};
        tlsa.rrs = rrs;
        tlsa.rr_count = c->usage == 0 ? 1 : 2;
        verdict_tlsa_set(&tlsa, &set);
        assert_int_equal(set.usable, tlsa.rr_count);
        enum failure_code code = verdict_tlsa(&set, &tls, &mx_names, NOW_S * 1000, &matched);
        if (code != c->code)
            fail_msg("%s: got %s", c->name, failure_name(code));
    }
}

/* Of records that hold a certificate or a key whole so many are read; those past them may match. */
static void test_many_whole_records(void **state)
{
    enum { MANY = TLSA_WHOLE_READ + 10 };
    struct tlsa_rr rrs[MANY];
    struct tlsa_facts tlsa = {.rrs = rrs, .rr_count = MANY};
    struct tlsa_set set;
    (void)state;
    for (size_t i = 0; i < MANY; i++)
        rrs[i] = (struct tlsa_rr){3, 1, 0, bytes_of("no key")};
    verdict_tlsa_set(&tlsa, &set);
    assert_int_equal(set.use[0], TLSA_MALFORMED);
    assert_int_equal(set.use[MANY - 1], TLSA_LARGE);
    assert_int_equal(set.usable, 10);
}

struct use_case {
    const char *name;
    const char *record;
    enum tlsa_use use;
};

static const struct use_case use_cases[] = {
    {"DANE-3 usage 0", "0 0 1 leaf", TLSA_PKIX},
    {"DANE-3 usage 1", "1 1 1 leaf", TLSA_PKIX},
    {"DANE-3 usage 2", "2 0 1 leaf", TLSA_USABLE},
    {"DANE-3 usage 3", "3 1 2 leaf", TLSA_USABLE},
    {"DANE-3 usage 4", "4 1 1 leaf", TLSA_UNKNOWN},
    {"DANE-3 usage 255", "255 1 1 leaf", TLSA_UNKNOWN},
    {"DANE-3 selector 2", "3 2 1 leaf", TLSA_UNKNOWN},
    {"DANE-3 matching type 3", "3 1 3 leaf", TLSA_UNKNOWN},
    {"DANE-3 matching type 255", "3 1 255 leaf", TLSA_UNKNOWN},
    {"DANE-3 SHA-256 of 31 bytes", "3 1 1 short", TLSA_MALFORMED},
    {"DANE-3 SHA-512 of 63 bytes", "3 1 2 short", TLSA_MALFORMED},
    {"DANE-3 a key that is none", "3 1 0 leaf", TLSA_MALFORMED},
    {"DANE-3 a certificate that is none", "2 0 0 leaf", TLSA_MALFORMED},
};

static void test_uses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof use_cases / sizeof *use_cases; i++) {
        struct made_records made;
        struct tlsa_facts tlsa;
        struct tlsa_set set;
        make_records(use_cases[i].record, &made, &tlsa);
        verdict_tlsa_set(&tlsa, &set);
        if (set.use[0] != use_cases[i].use || set.usable != (use_cases[i].use == TLSA_USABLE))
            fail_msg("%s: got %d, %zu usable", use_cases[i].name, (int)set.use[0], set.usable);
    }
}

/* ---- whether DANE applies to a host -------------------------------------------------------------------- */

struct world {
    struct domain_facts facts;
    struct mx_host hosts[HOSTS];
    struct host_facts known[HOSTS];
    struct probe_facts probes[HOSTS][ADDRESSES];
    struct ip_addr ips[ADDRESSES];
    struct made_records records[HOSTS];
    struct made_tls chains[HOSTS][ADDRESSES];
    struct tls_facts legacy[HOSTS][ADDRESSES];
    struct arena arena;
    struct judgement judgement;
};

static const struct lookup_facts secure_answer = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
static const struct lookup_facts secure_nodata = {.status = DNS_NODATA, .security = DNSSEC_SECURE};
static const struct lookup_facts insecure_answer = {.status = DNS_ANSWERED, .security = DNSSEC_INSECURE};

/* What one address does: g matches, b does not, n has no STARTTLS, 5 refuses it, 4 refuses it for now, t is
 * silent, h fails the handshake, o was not probed. Where the first handshake fails by its version and a
 * second completes: v matches over TLS 1.0, w over TLS 1.1, x does not match, and what matches over y is an
 * anonymous cipher, over z TLS 1.2. */
static void make_probe(struct world *world, size_t host, size_t place, char what)
{
    struct probe_facts *probe = &world->probes[host][place];
    struct made_tls *made = &world->chains[host][place];
    *probe = (struct probe_facts){.host = "mx.test", .step = SMTP_QUIT, .end = SMTP_END_DONE};
    switch (what) {
    case 'g':
    case 'b':
        make_tls(GOOD, made, &probe->tls);
        if (what == 'b')
            memset(made->certs[LEAF].spki_sha256, 0, 32);
        return;
    case 'n':
        probe->step = SMTP_EHLO;
        probe->end = SMTP_END_NOT_OFFERED;
        break;
    case '5':
    case '4':
        probe->step = SMTP_STARTTLS;
        probe->end = SMTP_END_REPLY;
        probe->reply_code = what == '5' ? 502 : 454;
        break;
    case 't':
        probe->step = SMTP_CONNECT;
        probe->end = SMTP_END_NET;
        probe->net = NET_TIMEOUT;
        break;
    case 'h':
        probe->step = SMTP_HANDSHAKE;
        probe->end = SMTP_END_TLS;
        probe->tls = (struct tls_facts){.end = TLS_FAILED, .alert = 40};
        return;
    default:
        probe->not_tried = NOT_TRIED_OFF;
        break;
    }
    probe->tls.alert = -1;
}

/* The first handshake fails by its version; what a second, permissive one gets. */
static void make_second(struct world *world, size_t host, size_t place, char what)
{
    struct probe_facts *probe = &world->probes[host][place];
    struct made_tls *made = &world->chains[host][place];
    struct tls_facts *legacy = &world->legacy[host][place];
    *probe = (struct probe_facts){.host = "mx.test", .step = SMTP_HANDSHAKE, .end = SMTP_END_TLS};
    probe->tls = (struct tls_facts){.end = TLS_FAILED, .alert = 70};
    probe->legacy = legacy;
    make_tls(GOOD, made, legacy);
    legacy->version = what == 'z' ? 0x0303 : what == 'w' ? 0x0302 : 0x0301;
    legacy->cipher = what == 'y' ? "TLS_DH_anon_WITH_AES_128_CBC_SHA" : "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA";
    if (what == 'x')
        memset(made->certs[LEAF].spki_sha256, 0, 32);
}

static void add_host(struct world *world, const char *records, const char *addresses)
{
    size_t place = world->facts.host_count++;
    struct host_facts *known = &world->known[place];
    assert_true(place < HOSTS && strlen(addresses) <= ADDRESSES);
    *known = (struct host_facts){.host = "mx.test", .probes = world->probes[place]};
    known->address.a = *addresses == '\0' ? secure_nodata : secure_answer;
    known->address.aaaa = secure_nodata;
    known->address.ips = world->ips;
    known->address.ip_count = known->probe_count = strlen(addresses);
    make_records(records, &world->records[place], &known->tlsa);
    for (size_t i = 0; i < known->probe_count; i++)
        (strchr("vwxyz", addresses[i]) == NULL ? make_probe : make_second)(world, place, i, addresses[i]);
    world->hosts[place] = (struct mx_host){.host = "mx.test", .facts = known};
}

static void world_init(struct world *world)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, 1024 * 1024);
    world->facts.domain = "domain.test";
    world->facts.hosts = world->hosts;
    world->facts.mx.lookup = secure_answer;
    world->facts.txt.lookup = secure_nodata;
    world->facts.tlsrpt.lookup = secure_nodata;
}

static void world_judge(struct world *world)
{
    verdict_judge(&world->facts, NOW_S * 1000, &world->arena, &world->judgement);
}

enum where { MX, A, AAAA, TLSA };

struct applies_case {
    const char *name;
    enum where where; /* what is not as in a world where all is secure */
    enum dns_status status;
    enum dns_security security;
    enum dane_outcome outcome;
    enum failure_code code;
    bool applies;
};

static const struct applies_case applies_cases[] = {
    {"DANE-1 all secure", TLSA, DNS_ANSWERED, DNSSEC_SECURE, DANE_OUTCOME_PROTECTED, FAIL_NONE, true},
    {"DANE-1 insecure MX", MX, DNS_ANSWERED, DNSSEC_INSECURE, DANE_OUTCOME_ABSENT, FAIL_DANE_INSECURE_MX,
     false},
    {"DANE-1 unvalidated MX", MX, DNS_ANSWERED, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_UNVALIDATED, false},
    {"DANE-1 no MX, securely", MX, DNS_NODATA, DNSSEC_SECURE, DANE_OUTCOME_PROTECTED, FAIL_NONE, true},
    {"DANE-1 no MX, insecurely", MX, DNS_NODATA, DNSSEC_INSECURE, DANE_OUTCOME_ABSENT, FAIL_DANE_INSECURE_MX,
     false},
    {"DANE-1 insecure A", A, DNS_ANSWERED, DNSSEC_INSECURE, DANE_OUTCOME_ABSENT, FAIL_DANE_INSECURE_ADDRESS,
     false},
    {"DANE-1 secure A, insecure AAAA", AAAA, DNS_ANSWERED, DNSSEC_INSECURE, DANE_OUTCOME_ABSENT,
     FAIL_DANE_INSECURE_ADDRESS, false},
    {"DANE-1 unvalidated A", A, DNS_ANSWERED, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN, FAIL_DANE_UNVALIDATED,
     false},
    {"DANE-1 bogus A", A, DNS_BOGUS, DNSSEC_BOGUS, DANE_OUTCOME_UNKNOWN, FAIL_MX_DNS_FAILED, false},
    {"DANE-1 A times out", A, DNS_TIMEOUT, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN, FAIL_MX_DNS_FAILED,
     false},
    {"DANE-1 secure A, AAAA fails", AAAA, DNS_SERVFAIL, DNSSEC_UNVALIDATED, DANE_OUTCOME_PROTECTED, FAIL_NONE,
     true},
    {"DANE-2 bogus TLSA", TLSA, DNS_BOGUS, DNSSEC_BOGUS, DANE_OUTCOME_UNKNOWN, FAIL_DANE_TLSA_BOGUS, true},
    {"DANE-2 TLSA SERVFAIL", TLSA, DNS_SERVFAIL, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_TLSA_SERVFAIL, true},
    {"DANE-2 TLSA times out", TLSA, DNS_TIMEOUT, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_TLSA_SERVFAIL, true},
    {"DANE-2 TLSA REFUSED", TLSA, DNS_REFUSED, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_TLSA_SERVFAIL, true},
    {"DANE-2 TLSA malformed", TLSA, DNS_FORMERR, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_TLSA_SERVFAIL, true},
    {"DANE-2 TLSA aliases in a circle", TLSA, DNS_LOOP, DNSSEC_SECURE, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_TLSA_SERVFAIL, true},
    {"DANE-2 TLSA NXDOMAIN", TLSA, DNS_NXDOMAIN, DNSSEC_SECURE, DANE_OUTCOME_ABSENT, FAIL_DANE_ABSENT, false},
    {"DANE-2 TLSA NODATA", TLSA, DNS_NODATA, DNSSEC_SECURE, DANE_OUTCOME_ABSENT, FAIL_DANE_ABSENT, false},
    {"DANE-2 unsigned TLSA", TLSA, DNS_ANSWERED, DNSSEC_INSECURE, DANE_OUTCOME_ABSENT, FAIL_DANE_ABSENT,
     false},
    {"DANE-2 unvalidated TLSA", TLSA, DNS_ANSWERED, DNSSEC_UNVALIDATED, DANE_OUTCOME_UNKNOWN,
     FAIL_DANE_UNVALIDATED, false},
};

static void spoil_lookup(struct world *world, const struct applies_case *c)
{
    struct host_facts *known = &world->known[0];
    struct lookup_facts *lookups[] = {&world->facts.mx.lookup, &known->address.a, &known->address.aaaa,
                                      &known->tlsa.lookup};
    lookups[c->where]->status = c->status;
    lookups[c->where]->security = c->security;
    if (c->where != TLSA && tlsa_plan(&known->address) == TLSA_NOWHERE)
        known->tlsa = (struct tlsa_facts){0};
}

static void test_applies(void **state)
{
    static struct world world;
    (void)state;
    for (size_t i = 0; i < sizeof applies_cases / sizeof *applies_cases; i++) {
        const struct applies_case *c = &applies_cases[i];
        world_init(&world);
        add_host(&world, "3 1 1 leaf", "g");
        spoil_lookup(&world, c);
        world_judge(&world);
        const struct host_verdict *host = &world.judgement.hosts[0];
        if (host->dane != c->outcome || host->dane_code != c->code || host->dane_applies != c->applies ||
            world.judgement.dane != c->outcome)
            fail_msg("%s: got %s, %s, %d, domain %s", c->name, dane_outcome_name(host->dane),
                     failure_name(host->dane_code), host->dane_applies,
                     dane_outcome_name(world.judgement.dane));
        if (c->code != FAIL_NONE)
            assert_true(code_set_has(&world.judgement.codes, c->code));
        arena_dispose(&world.arena);
    }
}

/* ---- addresses of a host ------------------------------------------------------------------------------- */

struct host_case {
    const char *name;
    const char *records;
    const char *addresses;
    enum dane_outcome outcome;
    enum failure_code host, first;
};

static const struct host_case host_cases[] = {
    {"DANE-3 one address matches", "3 1 1 leaf", "g", DANE_OUTCOME_PROTECTED, FAIL_NONE, FAIL_NONE},
    {"DANE-3 both match", "3 1 1 leaf", "gg", DANE_OUTCOME_PROTECTED, FAIL_NONE, FAIL_NONE},
    {"DANE-3 none matches", "3 1 1 leaf", "bb", DANE_OUTCOME_REFUSED, FAIL_NONE, FAIL_DANE_MISMATCH},
    {"DANE-3 one of two matches", "3 1 1 leaf", "bg", DANE_OUTCOME_PARTIAL, FAIL_NONE, FAIL_DANE_MISMATCH},
    {"DANE-3 no STARTTLS", "3 1 1 leaf", "n", DANE_OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_STARTTLS_NOT_OFFERED},
    {"DANE-3 STARTTLS refused", "3 1 1 leaf", "5", DANE_OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_STARTTLS_REFUSED},
    {"DANE-3 STARTTLS refused for now", "3 1 1 leaf", "4", DANE_OUTCOME_UNKNOWN, FAIL_NONE,
     FAIL_SMTP_STARTTLS_TEMPFAIL},
    {"DANE-3 the handshake fails", "3 1 1 leaf", "h", DANE_OUTCOME_REFUSED, FAIL_NONE, FAIL_SMTP_TLS_ALERT},
    {"DANE-3 silent", "3 1 1 leaf", "t", DANE_OUTCOME_UNKNOWN, FAIL_NONE, FAIL_SMTP_TCP_TIMEOUT},
    {"DANE-3 not probed", "3 1 1 leaf", "o", DANE_OUTCOME_UNKNOWN, FAIL_NONE, FAIL_SMTP_NOT_PROBED_OFF},
    {"DANE-3 one matches, one is silent", "3 1 1 leaf", "gt", DANE_OUTCOME_PROTECTED, FAIL_NONE, FAIL_NONE},
    {"DANE-3 one fails, one is silent", "3 1 1 leaf", "bt", DANE_OUTCOME_UNKNOWN, FAIL_NONE,
     FAIL_DANE_MISMATCH},
    {"DANE-3 all unusable, TLS is there", "1 1 1 leaf", "g", DANE_OUTCOME_UNUSABLE, FAIL_DANE_UNUSABLE,
     FAIL_NONE},
    {"DANE-3 all unusable, whoever it is", "0 0 1 other; 3 1 9 other", "b", DANE_OUTCOME_UNUSABLE,
     FAIL_DANE_UNUSABLE, FAIL_NONE},
    {"DANE-3 all unusable, TLS is required", "1 1 1 leaf", "n", DANE_OUTCOME_REFUSED, FAIL_DANE_UNUSABLE,
     FAIL_SMTP_STARTTLS_NOT_OFFERED},
    {"DANE-3 TLS 1.0 is all there is, and matches", "3 1 1 leaf", "v", DANE_OUTCOME_PROTECTED, FAIL_NONE,
     FAIL_NONE},
    {"DANE-3 TLS 1.1 and an anchor", "2 1 1 root", "w", DANE_OUTCOME_PROTECTED, FAIL_NONE, FAIL_NONE},
    {"DANE-3 TLS 1.0 is all there is, another key", "3 1 1 leaf", "x", DANE_OUTCOME_REFUSED, FAIL_NONE,
     FAIL_DANE_MISMATCH},
    {"DANE-3 TLS 1.0 matches at one of two", "3 1 1 leaf", "xv", DANE_OUTCOME_PARTIAL, FAIL_NONE,
     FAIL_DANE_MISMATCH},
    {"DANE-3 TLS 1.0 without authentication", "3 1 1 leaf", "y", DANE_OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_TLS_VERSION},
    {"DANE-3 what only a client that takes anything gets", "3 1 1 leaf", "z", DANE_OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_TLS_ALERT},
    {"DANE-3 all unusable, TLS 1.0 is TLS", "1 1 1 leaf", "v", DANE_OUTCOME_UNUSABLE, FAIL_DANE_UNUSABLE,
     FAIL_NONE},
    {"DANE-3 an answer without one whole record", "", "g", DANE_OUTCOME_UNUSABLE, FAIL_DANE_UNUSABLE,
     FAIL_NONE},
};

static void test_hosts(void **state)
{
    static struct world world;
    (void)state;
    for (size_t i = 0; i < sizeof host_cases / sizeof *host_cases; i++) {
        const struct host_case *c = &host_cases[i];
        world_init(&world);
        add_host(&world, c->records, c->addresses);
        world_judge(&world);
        const struct host_verdict *host = &world.judgement.hosts[0];
        if (host->dane != c->outcome || host->dane_code != c->host || host->ips[0].dane != c->first ||
            !host->dane_applies || world.judgement.dane != c->outcome)
            fail_msg("%s: got %s, %s, %s, domain %s", c->name, dane_outcome_name(host->dane),
                     failure_name(host->dane_code), failure_name(host->ips[0].dane),
                     dane_outcome_name(world.judgement.dane));
        if (c->first != FAIL_NONE)
            assert_true(code_set_has(&world.judgement.codes, c->first));
        arena_dispose(&world.arena);
    }
}

/* RFC 7672 section 2.2.1: a sender may apply the TLSA records of a host although the MX answer is unsigned.
 * What it meets is what it would under a signed one; DANE itself stays absent, without a code but that. */
static void test_unsigned_mx(void **state)
{
    static struct world world;
    (void)state;
    for (size_t i = 0; i < sizeof host_cases / sizeof *host_cases; i++) {
        const struct host_case *c = &host_cases[i];
        world_init(&world);
        add_host(&world, c->records, c->addresses);
        world.facts.mx.lookup.security = DNSSEC_INSECURE;
        world_judge(&world);
        const struct host_verdict *host = &world.judgement.hosts[0];
        if (host->dane_any != c->outcome || host->ips[0].dane_any != c->first || !host->dane_any_applies)
            fail_msg("%s: got %s, %s", c->name, dane_outcome_name(host->dane_any),
                     failure_name(host->ips[0].dane_any));
        if (host->dane != DANE_OUTCOME_ABSENT || host->dane_applies || host->ips[0].dane != FAIL_NONE ||
            host->dane_code != FAIL_DANE_INSECURE_MX || host->ips[0].tlsa != 0)
            fail_msg("%s: DANE itself is %s", c->name, dane_outcome_name(host->dane));
        assert_int_equal(world.judgement.dane, DANE_OUTCOME_ABSENT);
        assert_false(code_set_has(&world.judgement.codes, FAIL_DANE_MISMATCH));
        assert_false(code_set_has(&world.judgement.codes, FAIL_DANE_UNUSABLE));
        arena_dispose(&world.arena);
    }
}

/* RFC 7672 section 8.1: the SNI of a DANE sender is the TLSA base domain; we asked for the MX host. */
static void test_sni(void **state)
{
    static struct world world;
    (void)state;
    for (int is_alias = 0; is_alias < 2; is_alias++) {
        for (int is_unsigned = 0; is_unsigned < 2; is_unsigned++) {
            world_init(&world);
            add_host(&world, "3 1 1 leaf", "g");
            if (!is_alias)
                world.known[0].tlsa.base = "MX.test";
            world.facts.mx.lookup.security = is_unsigned ? DNSSEC_INSECURE : DNSSEC_SECURE;
            world_judge(&world);
            assert_int_equal(code_set_has(&world.judgement.codes, FAIL_DANE_SNI_NOT_TRIED),
                             is_alias && !is_unsigned);
            arena_dispose(&world.arena);
        }
    }
}

/* ---- hosts of a domain --------------------------------------------------------------------------------- */

struct domain_case {
    const char
        *hosts; /* P protected, H partial, R refused, A absent, N unusable, U unknown, - without address */
    enum dane_outcome outcome;
    bool not_all; /* RPT-3: what a sender that requires DANE reports as dane-required */
};

static const struct domain_case domain_cases[] = {
    {"P", DANE_OUTCOME_PROTECTED, false},  {"PP", DANE_OUTCOME_PROTECTED, false},
    {"PU", DANE_OUTCOME_PROTECTED, false}, {"P-", DANE_OUTCOME_PROTECTED, false},
    {"H", DANE_OUTCOME_PARTIAL, false},    {"HA", DANE_OUTCOME_PARTIAL, true},
    {"PR", DANE_OUTCOME_PARTIAL, false},   {"PA", DANE_OUTCOME_PARTIAL, true},
    {"PN", DANE_OUTCOME_PARTIAL, false},   {"PRAU", DANE_OUTCOME_PARTIAL, true},
    {"R", DANE_OUTCOME_REFUSED, false},    {"RR", DANE_OUTCOME_REFUSED, false},
    {"R-", DANE_OUTCOME_REFUSED, false},   {"RU", DANE_OUTCOME_UNKNOWN, false},
    {"RA", DANE_OUTCOME_PARTIAL, true},    {"RN", DANE_OUTCOME_PARTIAL, false},
    {"RAU", DANE_OUTCOME_PARTIAL, true},   {"A", DANE_OUTCOME_ABSENT, false},
    {"AA", DANE_OUTCOME_ABSENT, false},    {"A-", DANE_OUTCOME_ABSENT, false},
    {"-", DANE_OUTCOME_ABSENT, false},     {"AU", DANE_OUTCOME_UNKNOWN, true},
    {"U", DANE_OUTCOME_UNKNOWN, false},    {"N", DANE_OUTCOME_UNUSABLE, false},
    {"NA", DANE_OUTCOME_UNUSABLE, false},  {"NU", DANE_OUTCOME_UNKNOWN, false},
    {"NAU", DANE_OUTCOME_UNKNOWN, true},
};

static void add_kind(struct world *world, char kind)
{
    size_t place = world->facts.host_count;
    switch (kind) {
    case 'P':
        add_host(world, "3 1 1 leaf", "g");
        break;
    case 'H':
        add_host(world, "3 1 1 leaf", "gb");
        break;
    case 'R':
        add_host(world, "3 1 1 leaf", "n");
        break;
    case 'N':
        add_host(world, "0 1 1 leaf", "g");
        break;
    case 'U':
        add_host(world, "3 1 1 leaf", "t");
        break;
    default:
        add_host(world, "", kind == '-' ? "" : "g");
        world->known[place].tlsa =
            (struct tlsa_facts){.lookup = {.status = DNS_NODATA, .security = DNSSEC_SECURE}};
        break;
    }
}

/* Each set in both directions: preference does not matter. */
static void test_domains(void **state)
{
    static struct world world;
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof domain_cases / sizeof *domain_cases); i++) {
        const struct domain_case *c = &domain_cases[i / 2];
        size_t count = strlen(c->hosts);
        world_init(&world);
        for (size_t j = 0; j < count; j++)
            add_kind(&world, c->hosts[i % 2 == 0 ? j : count - 1 - j]);
        world_judge(&world);
        if (world.judgement.dane != c->outcome)
            fail_msg("hosts %s: expected %s, got %s", c->hosts, dane_outcome_name(c->outcome),
                     dane_outcome_name(world.judgement.dane));
        bool reported = (world.judgement.rpt_types >> RPT_DANE_REQUIRED & 1) != 0;
        if (code_set_has(&world.judgement.codes, FAIL_DANE_NOT_ALL_HOSTS) != c->not_all ||
            reported != c->not_all)
            fail_msg("hosts %s: %s dane-required", c->hosts, c->not_all ? "no" : "a");
        arena_dispose(&world.arena);
    }
}

/* DANE-4: a certificate that PKIX refuses and DANE takes, and the other way round: both stand in the record.
 */
static void test_both_verdicts(void **state)
{
    static struct world world;
    (void)state;
    world_init(&world);
    add_host(&world, "3 1 1 leaf; 3 1 1 other", "gb");
    world.chains[0][0].certs[LEAF].not_after = NOW_S - DAY;
    world_judge(&world);
    const struct ip_verdict *ips = world.judgement.hosts[0].ips;
    assert_int_equal(ips[0].code, FAIL_SMTP_TLS_EXPIRED);
    assert_int_equal(ips[0].dane, FAIL_NONE);
    assert_int_equal(ips[0].tlsa, 1);
    assert_int_equal(ips[1].code, FAIL_NONE);
    assert_int_equal(ips[1].dane, FAIL_DANE_MISMATCH);
    assert_int_equal(ips[1].tlsa, 0);
    assert_true(code_set_has(&world.judgement.codes, FAIL_SMTP_TLS_EXPIRED));
    assert_true(code_set_has(&world.judgement.codes, FAIL_DANE_MISMATCH));
    assert_true((world.judgement.rpt_types >> RPT_VALIDATION_FAILURE & 1) != 0);
    arena_dispose(&world.arena);
}

/* A DANE sender waits where a TLSA lookup fails; so is it worth another try. A domain without DANE is not. */
static void test_what_may_pass(void **state)
{
    static struct world world;
    (void)state;
    world_init(&world);
    add_kind(&world, 'P');
    world.known[0].tlsa.lookup.status = DNS_SERVFAIL;
    world_judge(&world);
    assert_int_equal(world.judgement.outcome, OUTCOME_ABSENT);
    assert_true(verdict_may_pass(&world.judgement));
    arena_dispose(&world.arena);
    world_init(&world);
    add_kind(&world, 'A');
    make_probe(&world, 0, 0, 't');
    world_judge(&world);
    assert_false(verdict_may_pass(&world.judgement));
    arena_dispose(&world.arena);
}

/* A sender that applies TLSA records under an unsigned MX answer waits as well, over what may pass alone. */
static void test_what_may_pass_under_an_unsigned_mx(void **state)
{
    static const struct {
        const char *kinds; /* of the host's addresses */
        enum dns_status tlsa;
        bool may_pass;
    } cases[] = {
        {"t", DNS_ANSWERED, true},  {"gt", DNS_ANSWERED, false}, {"g", DNS_ANSWERED, false},
        {"b", DNS_ANSWERED, false}, {"g", DNS_SERVFAIL, true},   {"g", DNS_TIMEOUT, true},
        {"t", DNS_NODATA, false},
    };
    static struct world world;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        world_init(&world);
        add_host(&world, "3 1 1 leaf", cases[i].kinds);
        world.known[0].tlsa.lookup.status = cases[i].tlsa;
        world.facts.mx.lookup.security = DNSSEC_INSECURE;
        world_judge(&world);
        assert_int_equal(world.judgement.outcome, OUTCOME_ABSENT);
        if (verdict_may_pass(&world.judgement) != cases[i].may_pass)
            fail_msg("%s %d", cases[i].kinds, cases[i].tlsa);
        arena_dispose(&world.arena);
    }
}

/* A survey counts TLSRPT, DANE and STARTTLS as well: a lookup that failed is tried again, of a domain without
 * MTA-STS too. */
static void test_what_may_pass_of_lookups(void **state)
{
    static const struct {
        enum dns_status status;
        bool may_pass;
    } cases[] = {{DNS_TIMEOUT, true},
                 {DNS_SERVFAIL, true},
                 {DNS_NXDOMAIN, false},
                 {DNS_NODATA, false},
                 {DNS_BOGUS, true}};
    static struct world world;
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof cases / sizeof *cases); i++) {
        bool is_mx = i % 2 == 1;
        world_init(&world);
        if (!is_mx)
            add_kind(&world, 'A');
        *(is_mx ? &world.facts.mx.lookup.status : &world.facts.tlsrpt.lookup.status) = cases[i / 2].status;
        world_judge(&world);
        if (!is_mx)
            assert_int_equal(world.judgement.outcome, OUTCOME_ABSENT);
        if (verdict_may_pass(&world.judgement) != cases[i / 2].may_pass)
            fail_msg("%s %d", is_mx ? "MX" : "TLSRPT", cases[i / 2].status);
        arena_dispose(&world.arena);
    }
}

/* No MX answer at all: nothing is known, whatever the rest says. */
static void test_mx_open(void **state)
{
    static const enum dns_status open[] = {DNS_TIMEOUT, DNS_BOGUS, DNS_SERVFAIL};
    static struct world world;
    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
        world_init(&world);
        world.facts.mx.lookup = (struct lookup_facts){.status = open[i]};
        world_judge(&world);
        assert_int_equal(world.judgement.dane, DANE_OUTCOME_UNKNOWN);
        arena_dispose(&world.arena);
    }
}

/* ---- where to ask for TLSA records --------------------------------------------------------------------- */

static void test_plans(void **state)
{
    (void)state;
    const char *target[] = {"target.test"};
    struct lookup_facts alias = secure_answer;
    struct lookup_facts insecure_alias = insecure_answer;
    alias.cnames = insecure_alias.cnames = target;
    alias.cname_count = insecure_alias.cname_count = 1;
    const struct lookup_facts bogus = {.status = DNS_BOGUS, .security = DNSSEC_BOGUS};
    const struct lookup_facts unvalidated = {.status = DNS_ANSWERED};
    const struct {
        const char *name;
        struct lookup_facts a, aaaa;
        enum tlsa_plan plan;
    } cases[] = {
        {"DANE-1 secure A", secure_answer, secure_nodata, TLSA_HOST},
        {"DANE-1 secure AAAA only", secure_nodata, secure_answer, TLSA_HOST},
        {"DANE-1 insecure", insecure_answer, secure_nodata, TLSA_NOWHERE},
        {"DANE-1 one insecure", insecure_answer, secure_answer, TLSA_NOWHERE},
        {"DANE-1 unvalidated", unvalidated, secure_nodata, TLSA_NOWHERE},
        {"DANE-1 none", secure_nodata, secure_nodata, TLSA_NOWHERE},
        {"DANE-1 bogus", bogus, bogus, TLSA_NOWHERE},
        {"DANE-1 secure beside bogus", secure_answer, bogus, TLSA_HOST},
        {"DANE-1 secure alias", alias, secure_nodata, TLSA_EXPANDED},
        {"DANE-1 secure alias, AAAA only", secure_nodata, alias, TLSA_EXPANDED},
        {"DANE-1 alias into an unsigned zone", insecure_alias, secure_nodata, TLSA_IF_ALIAS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct address_facts address = {.a = cases[i].a, .aaaa = cases[i].aaaa};
        if (tlsa_plan(&address) != cases[i].plan)
            fail_msg("%s: got %d", cases[i].name, (int)tlsa_plan(&address));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_many_whole_records),
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_applies),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_unsigned_mx),
        cmocka_unit_test(test_sni),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_both_verdicts),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_what_may_pass),
        cmocka_unit_test(test_what_may_pass_under_an_unsigned_mx),
        cmocka_unit_test(test_what_may_pass_of_lookups),
        cmocka_unit_test(test_mx_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
