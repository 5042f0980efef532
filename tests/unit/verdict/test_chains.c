/* TLS-3 from end to end: real chains through a real handshake, and the code that the verdict gives them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/verdict/verdict.h"
#include "tests/unit/smtp_visit.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define MINE        "DNS:" VISIT_HOST
#define AIA         "caIssuers;URI:http://ca.example.test/i.der"
#define CA          "critical,CA:TRUE"

enum { DAY = 86400, MANY_NAMES = 1000, GIANT_NAMES = 6000, LONG_CHAIN = 12 };

enum key { KEY_EC, KEY_P384, KEY_RSA_2048, KEY_RSA_1024, KEY_ED25519 };

/* NULL leaves an extension out. */
struct body {
    const char *cn;
    const char *san;
    const char *basic;
    const char *usage;
    const char *extended;
    const char *constraints;
    const char *aia;
    enum key key;
    const char *digest; /* NULL: SHA256 */
    bool expired;
};

static EVP_PKEY *new_key(enum key key)
{
    EVP_PKEY *made = key == KEY_EC         ? EVP_EC_gen("P-256")
                     : key == KEY_P384     ? EVP_EC_gen("P-384")
                     : key == KEY_RSA_2048 ? EVP_RSA_gen(2048)
                     : key == KEY_RSA_1024 ? EVP_RSA_gen(1024)
                                           : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    must(made != NULL);
    return made;
}

static void extend(X509 *cert, const X509 *by, int nid, const char *value)
{
    if (value != NULL)
        add_extension(cert, by, nid, value);
}

static struct identity issue(const struct body *body, const struct identity *issuer)
{
    struct identity made = {.key = new_key(body->key), .cert = X509_new()};
    const X509 *by = issuer == NULL ? made.cert : issuer->cert;
    must(made.cert != NULL && X509_set_version(made.cert, X509_VERSION_3) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(made.cert), rand()) == 1);
    must(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.cert), "CN", MBSTRING_UTF8,
                                    (const unsigned char *)body->cn, -1, -1, 0) == 1);
    must(X509_set_issuer_name(made.cert, X509_get_subject_name(by)) == 1);
    X509_gmtime_adj(X509_getm_notBefore(made.cert), -30 * DAY);
    X509_gmtime_adj(X509_getm_notAfter(made.cert), body->expired ? -DAY : 30 * DAY);
    must(X509_set_pubkey(made.cert, made.key) == 1);
    extend(made.cert, by, NID_basic_constraints, body->basic);
    extend(made.cert, by, NID_key_usage, body->usage);
    extend(made.cert, by, NID_ext_key_usage, body->extended);
    extend(made.cert, by, NID_name_constraints, body->constraints);
    extend(made.cert, by, NID_info_access, body->aia);
    extend(made.cert, by, NID_subject_alt_name, body->san);
    const EVP_MD *digest = EVP_get_digestbyname(body->digest == NULL ? "SHA256" : body->digest);
    EVP_PKEY *with = issuer == NULL ? made.key : issuer->key;
    must(X509_sign(made.cert, with, EVP_PKEY_get_base_id(with) == EVP_PKEY_ED25519 ? NULL : digest) > 0);
    return made;
}

/* The code for a server that presents the leaf and then `sent`. */
static enum failure_code code_of(struct visits *visits, const struct identity *leaf,
                                 const struct identity *const *sent, size_t count)
{
    struct probe_facts facts;
    SSL_CTX *ctx = make_server(leaf, NULL);
    for (size_t i = 0; i < count; i++)
        must(SSL_CTX_add1_chain_cert(ctx, sent[i]->cert) == 1);
    visit(visits, ctx, visit_script, false, &facts);
    SSL_CTX_free(ctx);
    return verdict_probe(&facts, facts.time);
}

static void expect(const char *name, enum failure_code code, enum failure_code expected)
{
    if (code != expected)
        fail_msg("%s: %s, expected %s", name, failure_name(code), failure_name(expected));
}

/* ---- leaves below the good intermediate ---------------------------------------------------------------- */

struct leaf_case {
    const char *name;
    struct body body;
    enum failure_code code;
};

static const struct leaf_case leaf_cases[] = {
    {"TLS-3 EC P-256", {.cn = "x", .san = MINE}, FAIL_NONE},
    {"TLS-3 EC P-384", {.cn = "x", .san = MINE, .key = KEY_P384}, FAIL_NONE},
    {"TLS-3 RSA 2048", {.cn = "x", .san = MINE, .key = KEY_RSA_2048}, FAIL_NONE},
    {"TLS-3 Ed25519", {.cn = "x", .san = MINE, .key = KEY_ED25519}, FAIL_NONE},
    {"TLS-3 RSA 1024", {.cn = "x", .san = MINE, .key = KEY_RSA_1024}, FAIL_SMTP_TLS_WEAK},
    {"TLS-3 signed with SHA-1", {.cn = "x", .san = MINE, .digest = "SHA1"}, FAIL_SMTP_TLS_WEAK},
    {"TLS-3 signed with SHA-384", {.cn = "x", .san = MINE, .digest = "SHA384"}, FAIL_NONE},
    {"TLS-3 expired", {.cn = "x", .san = MINE, .expired = true}, FAIL_SMTP_TLS_EXPIRED},
    {"TLS-3 for servers", {.cn = "x", .san = MINE, .extended = "serverAuth"}, FAIL_NONE},
    {"TLS-3 for both", {.cn = "x", .san = MINE, .extended = "clientAuth,serverAuth"}, FAIL_NONE},
    {"TLS-3 for clients only", {.cn = "x", .san = MINE, .extended = "clientAuth"}, FAIL_SMTP_TLS_WRONG_USAGE},
    {"TLS-3 for code only", {.cn = "x", .san = MINE, .extended = "codeSigning"}, FAIL_SMTP_TLS_WRONG_USAGE},
    {"TLS-3 a key for signing lists only",
     {.cn = "x", .san = MINE, .usage = "critical,cRLSign"},
     FAIL_SMTP_TLS_WRONG_USAGE},
    {"TLS-3 a CA's certificate as leaf may name a host", {.cn = "x", .san = MINE, .basic = CA}, FAIL_NONE},
    {"TLS-3 name constraints in a leaf bind nobody",
     {.cn = "x", .san = MINE, .constraints = "critical,permitted;DNS:example.test"},
     FAIL_NONE},
    {"TLS-3 another's name", {.cn = "x", .san = "DNS:mx2.example.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 the second of two names", {.cn = "x", .san = "DNS:a.test," MINE}, FAIL_NONE},
    {"TLS-3 the case of letters", {.cn = "x", .san = "DNS:MX1.Example.Test"}, FAIL_NONE},
    {"TLS-3 no DNS-ID, the CN does not count", {.cn = VISIT_HOST}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 the CN beside an address",
     {.cn = VISIT_HOST, .san = "IP:127.0.0.1"},
     FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 an address only", {.cn = "x", .san = "IP:127.0.0.1"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 the name as e-mail", {.cn = "x", .san = "email:x@mx1.example.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 the name in a URI",
     {.cn = "x", .san = "URI:smtp://mx1.example.test"},
     FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 a star for one label", {.cn = "x", .san = "DNS:*.example.test"}, FAIL_NONE},
    {"TLS-3 a star for two labels", {.cn = "x", .san = "DNS:*.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 a star for part of a label",
     {.cn = "x", .san = "DNS:mx*.example.test"},
     FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 a star in the middle", {.cn = "x", .san = "DNS:mx1.*.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 two stars", {.cn = "x", .san = "DNS:*.*.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 a star alone", {.cn = "x", .san = "DNS:*"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 a parent's name", {.cn = "x", .san = "DNS:example.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
    {"TLS-3 a leading dot", {.cn = "x", .san = "DNS:.example.test"}, FAIL_SMTP_TLS_HOST_MISMATCH},
};

static void test_leaves(void **state)
{
    struct visits *visits = *state;
    const struct identity *sent[] = {&visits->intermediate};
    for (size_t i = 0; i < COUNT(leaf_cases); i++) {
        struct identity leaf = issue(&leaf_cases[i].body, &visits->intermediate);
        expect(leaf_cases[i].name, code_of(visits, &leaf, sent, 1), leaf_cases[i].code);
        identity_free(&leaf);
    }
}

/* ---- intermediates ------------------------------------------------------------------------------------- */

struct above_case {
    const char *name;
    struct body above; /* below the root; the leaf below it is good */
    enum failure_code code;
};

static const struct above_case above_cases[] = {
    {"TLS-3 a good intermediate", {.cn = "I", .basic = CA}, FAIL_NONE},
    {"TLS-3 an expired intermediate", {.cn = "I", .basic = CA, .expired = true}, FAIL_SMTP_TLS_EXPIRED},
    {"TLS-3 an intermediate signed with SHA-1",
     {.cn = "I", .basic = CA, .digest = "SHA1"},
     FAIL_SMTP_TLS_WEAK},
    {"TLS-3 an intermediate of RSA 1024", {.cn = "I", .basic = CA, .key = KEY_RSA_1024}, FAIL_SMTP_TLS_WEAK},
    {"TLS-3 an intermediate for clients",
     {.cn = "I", .basic = CA, .extended = "clientAuth"},
     FAIL_SMTP_TLS_WRONG_USAGE},
    {"TLS-3 an intermediate that is no CA", {.cn = "I", .basic = "CA:FALSE"}, FAIL_SMTP_TLS_INVALID_CHAIN},
    {"TLS-3 an intermediate that may not sign",
     {.cn = "I", .basic = CA, .usage = "critical,cRLSign"},
     FAIL_SMTP_TLS_INVALID_CHAIN},
    {"TLS-3 permitted names",
     {.cn = "I", .basic = CA, .constraints = "critical,permitted;DNS:example.test"},
     FAIL_NONE},
    {"TLS-3 a name outside the permitted",
     {.cn = "I", .basic = CA, .constraints = "critical,permitted;DNS:other.test"},
     FAIL_SMTP_TLS_INVALID_CHAIN},
    {"TLS-3 an excluded name",
     {.cn = "I", .basic = CA, .constraints = "critical,excluded;DNS:example.test"},
     FAIL_SMTP_TLS_INVALID_CHAIN},
};

static void test_intermediates(void **state)
{
    struct visits *visits = *state;
    for (size_t i = 0; i < COUNT(above_cases); i++) {
        struct identity above = issue(&above_cases[i].above, &visits->root);
        struct identity leaf = issue(&(struct body){.cn = "x", .san = MINE}, &above);
        const struct identity *sent[] = {&above};
        expect(above_cases[i].name, code_of(visits, &leaf, sent, 1), above_cases[i].code);
        identity_free(&leaf);
        identity_free(&above);
    }
}

/* Only RSA has signatures with MD5. */
static void test_md5(void **state)
{
    struct visits *visits = *state;
    struct identity above = issue(&(struct body){.cn = "R", .basic = CA, .key = KEY_RSA_2048}, &visits->root);
    struct identity leaf = issue(&(struct body){.cn = "x", .san = MINE, .digest = "MD5"}, &above);
    const struct identity *sent[] = {&above};
    expect("TLS-3 signed with MD5", code_of(visits, &leaf, sent, 1), FAIL_SMTP_TLS_WEAK);
    identity_free(&leaf);
    identity_free(&above);
}

static void test_path_length(void **state)
{
    struct visits *visits = *state;
    struct identity first =
        issue(&(struct body){.cn = "A", .basic = "critical,CA:TRUE,pathlen:0"}, &visits->root);
    struct identity second = issue(&(struct body){.cn = "B", .basic = CA}, &first);
    struct identity leaf = issue(&(struct body){.cn = "x", .san = MINE}, &second);
    const struct identity *sent[] = {&second, &first};
    expect("TLS-3 path length", code_of(visits, &leaf, sent, 2), FAIL_SMTP_TLS_INVALID_CHAIN);
    identity_free(&leaf);
    identity_free(&second);
    identity_free(&first);
}

/* ---- what is sent, and in which order
 * ---------------------------------------------------------------------- */

/* Leaf below `low`, which is below `high`, which is below the root; `cross` is `high` as a stranger signed
 * it. */
struct family {
    struct identity high, low, leaf, stranger, cross, other, own;
};

static struct identity cross_sign(const struct identity *high, const struct identity *stranger)
{
    struct identity made = {.key = high->key, .cert = X509_dup(high->cert)};
    must(EVP_PKEY_up_ref(made.key) == 1 && made.cert != NULL);
    must(X509_set_issuer_name(made.cert, X509_get_subject_name(stranger->cert)) == 1);
    must(X509_sign(made.cert, stranger->key, EVP_sha256()) > 0);
    return made;
}

static void family_open(struct family *family, const struct visits *visits)
{
    family->high = issue(&(struct body){.cn = "High", .basic = CA, .aia = AIA}, &visits->root);
    family->low = issue(&(struct body){.cn = "Low", .basic = CA, .aia = AIA}, &family->high);
    family->leaf = issue(&(struct body){.cn = "x", .san = MINE, .aia = AIA}, &family->low);
    family->stranger = issue(&(struct body){.cn = "Stranger", .basic = CA}, NULL);
    family->cross = cross_sign(&family->high, &family->stranger);
    family->other = issue(&(struct body){.cn = "x", .san = MINE}, &family->stranger);
    family->own = issue(&(struct body){.cn = "x", .san = MINE, .aia = AIA}, NULL);
}

static void family_close(struct family *family)
{
    struct identity *all[] = {&family->high,  &family->low,   &family->leaf, &family->stranger,
                              &family->cross, &family->other, &family->own};
    for (size_t i = 0; i < COUNT(all); i++)
        identity_free(all[i]);
}

static void test_what_is_sent(void **state)
{
    struct visits *visits = *state;
    struct family f;
    family_open(&f, visits);
    const struct identity *root = &visits->root;
    const struct {
        const char *name;
        const struct identity *leaf;
        const struct identity *sent[5];
        enum failure_code code;
    } rows[] = {
        {"TLS-3 in order", &f.leaf, {&f.low, &f.high}, FAIL_NONE},
        {"TLS-3 the root is sent too", &f.leaf, {&f.low, &f.high, root}, FAIL_NONE},
        {"TLS-3 out of order", &f.leaf, {&f.high, &f.low}, FAIL_NONE},
        {"TLS-3 the root first", &f.leaf, {root, &f.high, &f.low}, FAIL_NONE},
        {"TLS-3 each twice", &f.leaf, {&f.low, &f.low, &f.high, &f.high}, FAIL_NONE},
        {"TLS-3 the leaf again", &f.leaf, {&f.leaf, &f.low, &f.high}, FAIL_NONE},
        {"TLS-3 others between", &f.leaf, {&f.stranger, &f.low, &f.own, &f.high}, FAIL_NONE},
        {"TLS-3 cross-signed beside", &f.leaf, {&f.low, &f.high, &f.cross}, FAIL_NONE},
        {"TLS-3 cross-signed by a stranger only", &f.leaf, {&f.low, &f.cross}, FAIL_SMTP_TLS_UNTRUSTED},
        {"TLS-3 nothing sent", &f.leaf, {NULL}, FAIL_SMTP_TLS_INCOMPLETE_CHAIN},
        {"TLS-3 the upper half only", &f.leaf, {&f.high}, FAIL_SMTP_TLS_INCOMPLETE_CHAIN},
        {"TLS-3 the root only", &f.leaf, {root}, FAIL_SMTP_TLS_INCOMPLETE_CHAIN},
        {"TLS-3 the lower half only: its issuer is not told from a stranger",
         &f.leaf,
         {&f.low},
         FAIL_SMTP_TLS_UNTRUSTED},
        {"TLS-3 a stranger's", &f.other, {NULL}, FAIL_SMTP_TLS_UNTRUSTED},
        {"TLS-3 a stranger's, root sent", &f.other, {&f.stranger}, FAIL_SMTP_TLS_UNTRUSTED},
        {"TLS-3 a stranger's among good ones", &f.other, {&f.low, &f.high}, FAIL_SMTP_TLS_UNTRUSTED},
        {"TLS-3 self-signed, whatever AIA names", &f.own, {NULL}, FAIL_SMTP_TLS_SELF_SIGNED},
        {"TLS-3 self-signed, a good chain behind", &f.own, {&f.low, &f.high}, FAIL_SMTP_TLS_SELF_SIGNED},
        /* What the first rows' servers sent is not remembered. */
        {"TLS-3 still nothing sent", &f.leaf, {NULL}, FAIL_SMTP_TLS_INCOMPLETE_CHAIN},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t count = 0;
        while (count < COUNT(rows[i].sent) && rows[i].sent[count] != NULL)
            count++;
        expect(rows[i].name, code_of(visits, rows[i].leaf, rows[i].sent, count), rows[i].code);
    }
    family_close(&f);
}

/* ---- ceilings
 * ----------------------------------------------------------------------------------------------- */

static void test_long_chain(void **state)
{
    struct visits *visits = *state;
    struct identity links[LONG_CHAIN];
    const struct identity *sent[LONG_CHAIN];
    for (size_t i = 0; i < LONG_CHAIN; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "L%zu", i);
        links[i] = issue(&(struct body){.cn = name, .basic = CA}, i == 0 ? &visits->root : &links[i - 1]);
        sent[LONG_CHAIN - 1 - i] = &links[i];
    }
    struct identity far = issue(&(struct body){.cn = "x", .san = MINE}, &links[LONG_CHAIN - 1]);
    struct identity near = issue(&(struct body){.cn = "x", .san = MINE}, &links[4]);
    expect("TLS-3 twelve intermediates", code_of(visits, &far, sent, LONG_CHAIN), FAIL_SMTP_TLS_UNTRUSTED);
    expect("TLS-3 five", code_of(visits, &near, sent + LONG_CHAIN - 5, 5), FAIL_NONE);
    identity_free(&near);
    identity_free(&far);
    for (size_t i = 0; i < LONG_CHAIN; i++)
        identity_free(&links[i]);
}

/* So many names that are not the host's, then `last`. */
static struct identity with_names(const struct visits *visits, size_t count, const char *last, size_t len)
{
    struct identity made = issue(&(struct body){.cn = "x"}, &visits->intermediate);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    for (size_t i = 0; i <= count; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "n%zu.elsewhere.example.test", i);
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *string = ASN1_IA5STRING_new();
        must(name != NULL && string != NULL);
        must(ASN1_STRING_set(string, i == count ? last : text, i == count ? (int)len : -1) == 1);
        GENERAL_NAME_set0_value(name, GEN_DNS, string);
        must(sk_GENERAL_NAME_push(names, name) > 0);
    }
    must(X509_add1_ext_i2d(made.cert, NID_subject_alt_name, names, 0, 0) == 1);
    must(X509_sign(made.cert, visits->intermediate.key, EVP_sha256()) > 0);
    GENERAL_NAMES_free(names);
    return made;
}

static void test_names(void **state)
{
    static const char nul[] = VISIT_HOST "\0.evil.test";
    static const char dot[] = VISIT_HOST ".";
    struct visits *visits = *state;
    const struct identity *sent[] = {&visits->intermediate};
    const struct {
        const char *name;
        size_t count;
        const char *last;
        size_t len;
        enum failure_code code;
    } rows[] = {
        {"TLS-3 the last of 1,000 names", MANY_NAMES, VISIT_HOST, strlen(VISIT_HOST), FAIL_NONE},
        {"TLS-3 none of 1,000", MANY_NAMES, "x.test", 6, FAIL_SMTP_TLS_HOST_MISMATCH},
        {"TLS-3 a NUL in the name", 0, nul, sizeof nul - 1, FAIL_SMTP_TLS_HOST_MISMATCH},
        {"TLS-3 a NUL at the end", 0, nul, strlen(VISIT_HOST) + 1, FAIL_SMTP_TLS_HOST_MISMATCH},
        {"TLS-3 a dot at the end", 0, dot, sizeof dot - 1, FAIL_SMTP_TLS_HOST_MISMATCH},
        {"TLS-3 a certificate above the ceiling", GIANT_NAMES, VISIT_HOST, strlen(VISIT_HOST),
         FAIL_SMTP_TLS_TOO_LARGE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct identity leaf = with_names(visits, rows[i].count, rows[i].last, rows[i].len);
        expect(rows[i].name, code_of(visits, &leaf, sent, 1), rows[i].code);
        identity_free(&leaf);
    }
}

static int group_open(void **state)
{
    struct visits *visits = calloc(1, sizeof *visits);
    must(visits != NULL);
    visits_open(visits);
    *state = visits;
    return 0;
}

static int group_close(void **state)
{
    visits_close(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves),       cmocka_unit_test(test_intermediates),
        cmocka_unit_test(test_md5),          cmocka_unit_test(test_path_length),
        cmocka_unit_test(test_what_is_sent), cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests_name("chains", tests, group_open, group_close);
}
