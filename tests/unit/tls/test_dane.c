/*
 * The verdict on TLSA records against OpenSSL's own DANE: generated chains × TLSA records × what they are of,
 * judged by both. Where the two differ a case says why, and one that does not differ any more fails too.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <time.h>

#include "scanner/tls/trust.h"
#include "scanner/verdict/tlsa.h"
#include "tests/unit/certs.h"

enum { ARENA_BYTES = 1024 * 1024, DAY = 86400, MOST_CERTS = 4, MOST_RECORDS = 4, DATA_BYTES = 1024 };
enum { BIO_BYTES = 64 * 1024 };

static const char HOST[] = "mx.dane.test";
static const char DOMAIN[] = "dane.test";

/* ---- chains -------------------------------------------------------------------------------------------- */

enum { A_ROOT, A_INTERMEDIATE, A_LEAF, AN_OTHER, OWNERS };

enum order {
    ALL,     /* leaf, intermediate, root */
    NO_ROOT, /* leaf, intermediate */
    ONLY_LEAF,
    SHUFFLED,  /* leaf, root, intermediate */
    WITH_OTHER /* leaf, other, intermediate, root */
};

struct chain_kind {
    const char *name;
    struct cert_spec root, intermediate, leaf;
    enum order order;
    bool self_signed; /* the leaf */
    bool forged;      /* the leaf names the intermediate as its issuer, another key signed it */
};

#define ROOT_SPEC                                                                                            \
    {                                                                                                        \
        .cn = "DANE Root", .ca = true                                                                        \
    }
#define INTERMEDIATE_SPEC                                                                                    \
    {                                                                                                        \
        .cn = "DANE Intermediate", .ca = true                                                                \
    }
#define LEAF_SPEC                                                                                            \
    {                                                                                                        \
        .cn = "leaf", .san = "DNS:mx.dane.test"                                                              \
    }
#define GOOD_ISSUERS .root = ROOT_SPEC, .intermediate = INTERMEDIATE_SPEC

static const struct chain_kind chain_kinds[] = {
    {"good", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = ALL},
    {"root not presented", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = NO_ROOT},
    {"issuers not presented", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = ONLY_LEAF},
    {"shuffled", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = SHUFFLED},
    {"one certificate that has no part in it", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = WITH_OTHER},
    {"self-signed leaf", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = ONLY_LEAF, .self_signed = true},
    {"self-signed leaf, strangers presented", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = ALL,
     .self_signed = true},
    {"forged", GOOD_ISSUERS, .leaf = LEAF_SPEC, .order = ALL, .forged = true},
    {"expired leaf", GOOD_ISSUERS,
     .leaf = {.cn = "leaf", .san = "DNS:mx.dane.test", .from_s = -9 * DAY, .to_s = -DAY}, .order = ALL},
    {"leaf not yet valid", GOOD_ISSUERS, .leaf = {.cn = "leaf", .san = "DNS:mx.dane.test", .from_s = DAY},
     .order = ALL},
    {"expired intermediate", .root = ROOT_SPEC,
     .intermediate = {.cn = "DANE Intermediate", .ca = true, .from_s = -9 * DAY, .to_s = -DAY},
     .leaf = LEAF_SPEC, .order = ALL},
    {"expired root", .root = {.cn = "DANE Root", .ca = true, .from_s = -9 * DAY, .to_s = -DAY},
     .intermediate = INTERMEDIATE_SPEC, .leaf = LEAF_SPEC, .order = ALL},
    {"expired root, not presented", .root = {.cn = "DANE Root", .ca = true, .from_s = -9 * DAY, .to_s = -DAY},
     .intermediate = INTERMEDIATE_SPEC, .leaf = LEAF_SPEC, .order = NO_ROOT},
    {"expired intermediate, not presented", .root = ROOT_SPEC,
     .intermediate = {.cn = "DANE Intermediate", .ca = true, .from_s = -9 * DAY, .to_s = -DAY},
     .leaf = LEAF_SPEC, .order = ONLY_LEAF},
    {"wrong name", GOOD_ISSUERS, .leaf = {.cn = "leaf", .san = "DNS:elsewhere.test"}, .order = ALL},
    {"expired and wrong name", GOOD_ISSUERS,
     .leaf = {.cn = "leaf", .san = "DNS:elsewhere.test", .from_s = -9 * DAY, .to_s = -DAY}, .order = ALL},
    {"name of the domain", GOOD_ISSUERS, .leaf = {.cn = "leaf", .san = "DNS:dane.test"}, .order = ALL},
    {"wildcard", GOOD_ISSUERS, .leaf = {.cn = "leaf", .san = "DNS:*.dane.test"}, .order = ALL},
    {"partial wildcard", GOOD_ISSUERS, .leaf = {.cn = "leaf", .san = "DNS:m*.dane.test"}, .order = ALL},
    {"name in the CN", GOOD_ISSUERS, .leaf = {.cn = "mx.dane.test"}, .order = ALL},
    {"name in the CN beside a DNS-ID", GOOD_ISSUERS,
     .leaf = {.cn = "mx.dane.test", .san = "DNS:elsewhere.test"}, .order = ALL},
    {"for clients only", GOOD_ISSUERS,
     .leaf = {.cn = "leaf", .san = "DNS:mx.dane.test", .usage = "clientAuth"}, .order = ALL},
    {"intermediate is no CA", .root = ROOT_SPEC, .intermediate = {.cn = "DANE Intermediate"},
     .leaf = LEAF_SPEC, .order = ALL},
};

struct chain {
    struct identity owners[OWNERS];
    X509 *presented[MOST_CERTS];
    size_t count;
    STACK_OF(X509) * stack;
    struct tls_facts facts;
};

static void resign(struct identity *leaf, const struct identity *by)
{
    must(X509_sign(leaf->cert, by->key, EVP_sha256()) > 0);
}

static void make_chain(const struct chain_kind *kind, struct chain *chain)
{
    static const int orders[][MOST_CERTS] = {
        [ALL] = {A_LEAF, A_INTERMEDIATE, A_ROOT, -1},
        [NO_ROOT] = {A_LEAF, A_INTERMEDIATE, -1},
        [ONLY_LEAF] = {A_LEAF, -1},
        [SHUFFLED] = {A_LEAF, A_ROOT, A_INTERMEDIATE, -1},
        [WITH_OTHER] = {A_LEAF, AN_OTHER, A_INTERMEDIATE, A_ROOT},
    };
    struct identity *owners = chain->owners;
    *chain = (struct chain){.stack = sk_X509_new_null()};
    owners[A_ROOT] = make_identity(&kind->root, NULL);
    owners[A_INTERMEDIATE] = make_identity(&kind->intermediate, &owners[A_ROOT]);
    owners[A_LEAF] = make_identity(&kind->leaf, kind->self_signed ? NULL : &owners[A_INTERMEDIATE]);
    owners[AN_OTHER] = make_identity(&(struct cert_spec){.cn = "DANE Other", .ca = true}, NULL);
    if (kind->forged)
        resign(&owners[A_LEAF], &owners[AN_OTHER]);
    for (size_t i = 0; i < MOST_CERTS && orders[kind->order][i] >= 0; i++) {
        chain->presented[chain->count++] = owners[orders[kind->order][i]].cert;
        must(sk_X509_push(chain->stack, owners[orders[kind->order][i]].cert) > 0);
    }
}

static void free_chain(struct chain *chain)
{
    sk_X509_free(chain->stack);
    for (size_t i = 0; i < OWNERS; i++)
        identity_free(&chain->owners[i]);
}

/* ---- the facts, from a handshake in memory ------------------------------------------------------------- */

struct world {
    struct trust *trust;
    SSL_CTX *client;
    SSL_CTX *dane; /* OpenSSL's own */
    struct arena arena;
};

static int world_open(void **state)
{
    static struct world world;
    char path[] = "/tmp/test-dane-XXXXXX";
    const char *why;
    struct identity root = make_identity(&(struct cert_spec){.cn = "Trusted", .ca = true}, NULL);
    write_roots(path, &root, 1);
    world.trust = trust_create(path, &why);
    (void)unlink(path);
    identity_free(&root);
    assert_non_null(world.trust);
    world.client = SSL_CTX_new(TLS_client_method());
    world.dane = SSL_CTX_new(TLS_client_method());
    assert_int_equal(tls_context_setup(world.client, world.trust), ERR_OK);
    assert_int_equal(SSL_CTX_dane_enable(world.dane), 1);
    arena_init(&world.arena, ARENA_BYTES);
    *state = &world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    SSL_CTX_free(world->client);
    SSL_CTX_free(world->dane);
    trust_destroy(world->trust);
    arena_dispose(&world->arena);
    return 0;
}

static SSL_CTX *chain_server(const struct chain *chain)
{
    SSL_CTX *server = make_server(&chain->owners[A_LEAF], NULL);
    for (size_t i = 1; i < chain->count; i++)
        must(SSL_CTX_add1_chain_cert(server, chain->presented[i]) == 1);
    return server;
}

static void shake(SSL *client, SSL *server)
{
    int result = 0;
    for (int turn = 0; turn < 50 && result != 1; turn++) {
        (void)SSL_do_handshake(server);
        result = SSL_do_handshake(client);
    }
    must(result == 1);
}

/* What a probe finds of a host with these TLSA records. */
static void collect(struct world *world, struct chain *chain, const struct tlsa_facts *tlsa)
{
    struct tls_verify verify;
    BIO *near = NULL;
    BIO *far = NULL;
    SSL_CTX *ctx = chain_server(chain);
    SSL *client = SSL_new(world->client);
    SSL *server = SSL_new(ctx);
    must(BIO_new_bio_pair(&near, BIO_BYTES, &far, BIO_BYTES) == 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    must(tls_verify_attach(client, &verify) == ERR_OK);
    verify.tlsa = tlsa;
    shake(client, server);
    tls_facts_collect(client, &verify, HOST, &world->arena, &chain->facts);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(ctx);
}

/* The same without another handshake. */
static void collect_again(struct chain *chain, const struct tlsa_facts *tlsa)
{
    for (size_t i = 0; i < chain->facts.cert_count; i++)
        chain->facts.certs[i].signed_by = -1;
    chain->facts.tlsa_signs = 0;
    tls_facts_dane(chain->stack, tlsa, &chain->facts);
}

/* ---- records ------------------------------------------------------------------------------------------- */

struct spec {
    uint8_t usage, selector, matching;
    int owner;
};

struct records {
    uint8_t data[MOST_RECORDS][DATA_BYTES];
    struct tlsa_rr rrs[MOST_RECORDS];
    struct tlsa_facts facts;
};

static void add_record(struct records *records, const struct chain *chain, const struct spec *spec)
{
    uint8_t *data = records->data[records->facts.rr_count];
    X509 *cert = chain->owners[spec->owner].cert;
    uint8_t *whole = NULL;
    int len =
        spec->selector == 0 ? i2d_X509(cert, &whole) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &whole);
    size_t used = spec->matching == 1 ? 32 : spec->matching == 2 ? 64 : (size_t)len;
    must(len > 0 && used <= DATA_BYTES);
    if (spec->matching == 1)
        (void)SHA256(whole, (size_t)len, data);
    else if (spec->matching == 2)
        (void)SHA512(whole, (size_t)len, data);
    else
        memcpy(data, whole, used);
    OPENSSL_free(whole);
    records->rrs[records->facts.rr_count++] =
        (struct tlsa_rr){spec->usage, spec->selector, spec->matching, bytes_make(data, used)};
}

static void make_records(struct records *records, const struct chain *chain, const struct spec *specs,
                         size_t count)
{
    records->facts = (struct tlsa_facts){.base = HOST, .rrs = records->rrs};
    for (size_t i = 0; i < count; i++)
        add_record(records, chain, &specs[i]);
}

/* ---- both verdicts ------------------------------------------------------------------------------------- */

enum answer { PASSES, FAILS, NOT_USABLE };

static enum answer ours(const struct chain *chain, const struct records *records)
{
    const struct reference_names names = {{HOST, HOST, DOMAIN}};
    struct tlsa_set set;
    size_t matched;
    verdict_tlsa_set(&records->facts, &set);
    if (set.usable == 0)
        return NOT_USABLE;
    int64_t now = (int64_t)time(NULL) * 1000;
    return verdict_tlsa(&set, &chain->facts, &names, now, &matched) == FAIL_NONE ? PASSES : FAILS;
}

/* As a mail server built on OpenSSL asks: usages 0 and 1 are not handed over (RFC 7672 section 3.1.3). */
static size_t hand_over(SSL *ssl, const struct records *records)
{
    size_t usable = 0;
    must(SSL_dane_enable(ssl, HOST) > 0 && SSL_add1_host(ssl, DOMAIN) == 1);
    (void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS); /* RFC 7672 section 3.2.3 */
    for (size_t i = 0; i < records->facts.rr_count; i++) {
        const struct tlsa_rr *rr = &records->rrs[i];
        if (rr->usage >= 2)
            usable += SSL_dane_tlsa_add(ssl, rr->usage, rr->selector, rr->matching, rr->data.data,
                                        rr->data.len) == 1;
    }
    return usable;
}

static enum answer openssls(const struct world *world, const struct chain *chain,
                            const struct records *records)
{
    SSL *ssl = SSL_new(world->dane);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum answer answer = NOT_USABLE;
    must(ssl != NULL && store != NULL && ctx != NULL);
    if (hand_over(ssl, records) > 0) {
        must(X509_STORE_CTX_init(ctx, store, chain->presented[0], chain->stack) == 1);
        X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl));
        must(X509_STORE_CTX_set_default(ctx, "ssl_server") == 1);
        must(X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(ctx), SSL_get0_param(ssl)) == 1);
        answer = X509_verify_cert(ctx) == 1 ? PASSES : FAILS;
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    SSL_free(ssl);
    ERR_clear_error();
    return answer;
}

/* ---- where the two differ, and why --------------------------------------------------------------------- */

struct difference {
    const char *chain;
    uint8_t usage, selector, matching;
    int owner;
    enum answer ours, theirs;
    const char *why;
    bool seen;
};

static struct difference differences[] = {
    {"forged", 2, 1, 0, AN_OTHER, PASSES, FAILS,
     "the key in the record did sign the leaf; OpenSSL goes by the issuer's name first, to a certificate "
     "that did not",
     false},
};

static bool is_about(const struct difference *known, const struct spec *spec)
{
    return known->usage == spec->usage && known->selector == spec->selector &&
           known->matching == spec->matching && known->owner == spec->owner;
}

static bool is_explained(const struct chain_kind *kind, const struct spec *specs, size_t count,
                         enum answer mine, enum answer theirs)
{
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++) {
        struct difference *known = &differences[i];
        bool about = is_about(known, &specs[0]) || is_about(known, &specs[count - 1]);
        if (about && strcmp(known->chain, kind->name) == 0 && known->ours == mine &&
            known->theirs == theirs) {
            known->seen = true;
            return true;
        }
    }
    return false;
}

struct tally {
    size_t agree, explained, unexplained, by_answer[3];
};

static void compare(struct world *world, struct chain *chain, const struct chain_kind *kind,
                    const struct spec *specs, size_t count, struct tally *tally)
{
    static struct records records;
    make_records(&records, chain, specs, count);
    collect_again(chain, &records.facts);
    enum answer mine = ours(chain, &records);
    enum answer theirs = openssls(world, chain, &records);
    tally->by_answer[mine]++;
    if (mine == theirs) {
        tally->agree++;
    } else if (is_explained(kind, specs, count, mine, theirs)) {
        tally->explained++;
    } else {
        tally->unexplained++;
        print_error("%s: %u %u %u of %d (%zu records): ours %d, OpenSSL's %d\n", kind->name, specs->usage,
                    specs->selector, specs->matching, specs->owner, count, (int)mine, (int)theirs);
    }
}

/* Every usage, selector and matching type, of every certificate. */
static void compare_singles(struct world *world, struct chain *chain, const struct chain_kind *kind,
                            struct tally *tally)
{
    for (unsigned i = 0; i < 5 * 2 * 4 * OWNERS; i++) {
        struct spec spec = {(uint8_t)(i / 32), (uint8_t)(i / 16 % 2), (uint8_t)(i / 4 % 4), (int)(i % 4)};
        compare(world, chain, kind, &spec, 1, tally);
    }
}

/* Sets of two: all pairs of usable records of selector 1 and digests, in which agility, rollover and mixed
 * usages lie. */
static void compare_pairs(struct world *world, struct chain *chain, const struct chain_kind *kind,
                          struct tally *tally)
{
    struct spec all[2 * 3 * OWNERS];
    size_t count = 0;
    for (unsigned i = 0; i < 2 * 3 * OWNERS; i++)
        all[count++] = (struct spec){(uint8_t)(2 + i / 12), 1, (uint8_t)(i / 4 % 3), (int)(i % 4)};
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++)
            compare(world, chain, kind, (struct spec[]){all[i], all[j]}, 2, tally);
}

static void test_agrees_with_openssl(void **state)
{
    struct world *world = *state;
    struct tally tally = {0};
    for (size_t i = 0; i < sizeof chain_kinds / sizeof *chain_kinds; i++) {
        struct chain chain;
        struct records none = {0};
        make_chain(&chain_kinds[i], &chain);
        collect(world, &chain, &none.facts);
        assert_int_equal(chain.facts.cert_count, chain.count);
        compare_singles(world, &chain, &chain_kinds[i], &tally);
        compare_pairs(world, &chain, &chain_kinds[i], &tally);
        free_chain(&chain);
    }
    print_message("%zu agree, %zu differ with reason, %zu unexplained; %zu pass, %zu fail, %zu not usable\n",
                  tally.agree, tally.explained, tally.unexplained, tally.by_answer[PASSES],
                  tally.by_answer[FAILS], tally.by_answer[NOT_USABLE]);
    assert_int_equal(tally.unexplained, 0);
    assert_true(tally.by_answer[PASSES] > 100 && tally.by_answer[FAILS] > 100);
    for (size_t i = 0; i < sizeof differences / sizeof *differences; i++)
        if (!differences[i].seen)
            fail_msg("no difference any more: %s: %s", differences[i].chain, differences[i].why);
}

/* ---- the facts alone ----------------------------------------------------------------------------------- */

struct facts_case {
    const char *name;
    const char *chain;
    struct spec specs[2];
    int signed_by[MOST_CERTS]; /* as far as certificates were presented */
    uint32_t tlsa_signs;
};

static const struct facts_case facts_cases[] = {
    {"each by the next", "good", {{2, 1, 1, A_ROOT}, {3, 1, 1, A_LEAF}}, {1, 2, 2}, 0},
    {"found wherever it stands", "shuffled", {{3, 1, 1, A_LEAF}, {2, 1, 1, AN_OTHER}}, {2, 1, 1}, 0},
    {"no usage 2, no signature verified", "good", {{3, 1, 1, A_LEAF}, {1, 1, 1, A_ROOT}}, {-1, -1, -1}, 0},
    {"a name is not enough", "forged", {{2, 1, 1, A_ROOT}, {2, 0, 1, A_ROOT}}, {-1, 2, 2}, 0},
    {"a root that was not presented",
     "root not presented",
     {{2, 0, 0, A_ROOT}, {2, 1, 0, A_ROOT}},
     {1, -1},
     3},
    {"the issuer of the path's end only",
     "root not presented",
     {{2, 1, 0, AN_OTHER}, {2, 1, 0, A_ROOT}},
     {1, -1},
     2},
    {"a digest cannot sign", "root not presented", {{2, 1, 1, A_ROOT}, {2, 0, 1, A_ROOT}}, {1, -1}, 0},
    {"by itself", "self-signed leaf", {{2, 1, 1, A_ROOT}, {2, 0, 0, A_LEAF}}, {0}, 0},
};

static const struct chain_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof chain_kinds / sizeof *chain_kinds; i++)
        if (strcmp(chain_kinds[i].name, name) == 0)
            return &chain_kinds[i];
    fail_msg("no chain %s", name);
    return NULL;
}

static void test_facts(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < sizeof facts_cases / sizeof *facts_cases; i++) {
        const struct facts_case *c = &facts_cases[i];
        struct chain chain;
        static struct records records;
        make_chain(find_kind(c->chain), &chain);
        make_records(&records, &chain, c->specs, 2);
        collect(world, &chain, &records.facts);
        if (chain.facts.tlsa_signs != c->tlsa_signs)
            fail_msg("%s: tlsa_signs is %u", c->name, chain.facts.tlsa_signs);
        for (size_t j = 0; j < chain.count; j++)
            if (chain.facts.certs[j].signed_by != c->signed_by[j])
                fail_msg("%s: certificate %zu by %d", c->name, j, chain.facts.certs[j].signed_by);
        free_chain(&chain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agrees_with_openssl),
        cmocka_unit_test(test_facts),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
