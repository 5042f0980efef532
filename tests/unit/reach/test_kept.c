/* Ceilings of our own: the largest that every one of them permits fits arenas and records, comes back and is
 * judged the same; what is cut is marked, and unknown where something hangs on it (POL-9, TXT-3, MX-1,
 * DANE-3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>

#include "output/json/json.h"
#include "output/json/json_write.h"
#include "output/readback/facts_read.h"
#include "output/store/groups_pack.h"
#include "scanner/reach/domain.h"
#include "scanner/reach/hosts.h"
#include "output/readback/cached_read.h"
#include "scanner/reach/looks.h"
#include "scanner/reach/proberun.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/tlsa.h"
#include "scanner/verdict/verdict.h"
#include "scanner/wire/dns_message.h"

enum {
    HOSTS_MOST = MX_HOSTS_MOST,
    ADDRESSES_MOST = PROBES_MOST,
    CERTS_DER_BYTES = 100 << 10,
    NAME_WIRE_BYTES = 255,
    NAMES = 16
};
/* What no facts below show at once with the rest: findings with their texts, codes, matches of patterns, and
 * a policy's body of hidden characters, which has no patterns. */
enum {
    UNSEEN_BYTES =
        3 * FINDINGS_KEPT * 1200 + FAIL_COUNT * 64 + HOSTS_MOST * 64 + JSON_TIMES_MOST * POLICY_BYTES_JUDGED
};
#define NOW_MS INT64_C(1800000000000)
#define DAY    INT64_C(86400)

/* ---- answers that are as large as can be --------------------------------------------------------------- */

/* The longest name, of bytes that all need the longest escape. */
static struct bytes widest_name(void)
{
    static uint8_t wire[NAME_WIRE_BYTES];
    size_t at = 0;
    while (at < NAME_WIRE_BYTES - 1) {
        size_t len = NAME_WIRE_BYTES - 2 - at < 63 ? NAME_WIRE_BYTES - 2 - at : 63;
        wire[at++] = (uint8_t)len;
        memset(wire + at, 1, len);
        at += len;
    }
    wire[at] = 0;
    return bytes_make(wire, NAME_WIRE_BYTES);
}

static const char *words_of_quotes(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, '"', len);
    text[len] = '\0';
    return text;
}

/* Fills it with what JSON writes as JSON_TIMES_MOST times its bytes, U+00AD; a byte that is left is a quote.
 */
static void fill_hidden(uint8_t *text, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        memcpy(text + i, (uint8_t[]){0xC2, 0xAD}, 2);
    if (len % 2 == 1)
        text[len - 1] = '"';
}

static struct bytes words_hidden(size_t len)
{
    uint8_t *text = malloc(len);
    assert_non_null(text);
    fill_hidden(text, len);
    return bytes_make(text, len);
}

/* A chain of all the names that are kept, each byte of which JSON escapes. */
static void make_chain(struct lookup_facts *lookup)
{
    static const char *names[NAMES];
    static const char *words;
    static struct dns_ede edes[DNS_EDES_KEPT];
    for (size_t i = 0; i < NAMES && names[i] == NULL; i++)
        names[i] = words_of_quotes(CNAME_BYTES_KEPT / NAMES);
    words = words == NULL ? words_of_quotes(4 * WHY_BOGUS_BYTES_KEPT) : words;
    for (size_t i = 0; i < DNS_EDES_KEPT && edes[i].text.len == 0; i++)
        edes[i] = (struct dns_ede){UINT16_MAX, words_hidden(DNS_EDE_TEXT_BYTES)};
    *lookup = (struct lookup_facts){.status = DNS_ANSWERED,
                                    .security = DNSSEC_SECURE,
                                    .ttl = UINT32_MAX,
                                    .cname_count = NAMES,
                                    .cnames = names,
                                    .why_bogus = words,
                                    .edes = edes,
                                    .ede_count = DNS_EDES_KEPT};
}

struct rrs {
    struct dns_rr list[DNS_RRS_KEPT];
    struct dns_answer answer;
};

/* count records of the same rdata. */
static const struct dns_answer *answer_of(struct rrs *rrs, uint16_t type, struct bytes rdata, size_t count)
{
    rrs->answer = (struct dns_answer){.type = type, .owner = "a.example", .rrs = rrs->list};
    make_chain(&rrs->answer.lookup);
    rrs->answer.rr_count = count;
    for (size_t i = 0; i < count; i++)
        rrs->list[i].rdata = rdata;
    return &rrs->answer;
}

/* More than a message of 64 KiB can hold: it has other bytes too. */
static void make_txt(struct rrs *rrs, struct arena *arena, struct txt_facts *facts)
{
    static uint8_t rdata[256];
    rdata[0] = 255;
    fill_hidden(rdata + 1, 255);
    dns_txt_facts(answer_of(rrs, DNS_TYPE_TXT, bytes_make(rdata, sizeof rdata), DNS_RRS_KEPT), arena, facts);
    assert_int_equal(facts->lookup.status, DNS_ANSWERED);
    assert_int_equal(facts->rr_count, DNS_RRS_KEPT);
}

static void make_mx(struct rrs *rrs, struct arena *arena, struct mx_facts *facts)
{
    static uint8_t rdata[2 + NAME_WIRE_BYTES] = {0xff, 0xff};
    struct bytes name = widest_name();
    memcpy(rdata + 2, name.data, name.len);
    dns_mx_facts(answer_of(rrs, DNS_TYPE_MX, bytes_make(rdata, sizeof rdata), DNS_RRS_KEPT), arena, facts);
    assert_int_equal(facts->rr_count, DNS_RRS_KEPT);
}

static void make_addresses(struct arena *arena, struct address_facts *facts)
{
    static struct rrs fours, sixes;
    static uint8_t four[DNS_RRS_KEPT][4], six[DNS_RRS_KEPT][16];
    const struct dns_answer *a = answer_of(&fours, DNS_TYPE_A, bytes_make(four, 4), DNS_RRS_KEPT);
    const struct dns_answer *aaaa = answer_of(&sixes, DNS_TYPE_AAAA, bytes_make(six, 16), DNS_RRS_KEPT);
    for (size_t i = 0; i < DNS_RRS_KEPT; i++) {
        memcpy(four[i], (uint8_t[]){192, 168, 100, (uint8_t)i}, 4);
        memset(six[i], 0xfd, 16);
        six[i][15] = (uint8_t)i;
        fours.list[i].rdata = bytes_make(four[i], 4);
        sixes.list[i].rdata = bytes_make(six[i], 16);
    }
    dns_address_facts(a, aaaa, arena, facts);
    assert_int_equal(facts->ip_count, 2 * ADDRESSES_KEPT);
    assert_true(facts->a.truncated && facts->aaaa.truncated);
}

static void make_tlsa(struct rrs *rrs, struct arena *arena, struct tlsa_facts *facts)
{
    static uint8_t rdata[3 + TLSA_BYTES_KEPT / TLSA_RRS_KEPT] = {2, 1, 0};
    struct bytes one = bytes_make(rdata, sizeof rdata);
    dns_tlsa_facts(answer_of(rrs, DNS_TYPE_TLSA, one, DNS_RRS_KEPT), arena, facts);
    facts->base = dns_name_text(widest_name(), arena);
    assert_int_equal(facts->rr_count, TLSA_RRS_KEPT);
    assert_true(facts->lookup.truncated);
}

/* ---- probes and certificates --------------------------------------------------------------------------- */

static const char *text_in(struct arena *arena, char letter, size_t len)
{
    char *text = arena_alloc(arena, len + 1);
    assert_non_null(text);
    memset(text, letter, len);
    return text;
}

static const char *hidden_in(struct arena *arena, size_t len)
{
    char *text = arena_alloc(arena, len + 1);
    assert_non_null(text);
    fill_hidden((uint8_t *)text, len);
    text[len] = '\0';
    return text;
}

/* The chain that takes most, as tls_facts_collect keeps it. */
static void make_certs(struct arena *arena, struct tls_facts *tls)
{
    enum { EACH = DNS_ID_BYTES_KEPT / DNS_IDS_KEPT };
    tls->certs = arena_array(arena, CHAIN_CERTS_KEPT, sizeof *tls->certs);
    tls->cert_count = CHAIN_CERTS_KEPT;
    for (size_t i = 0; i < CHAIN_CERTS_KEPT; i++) {
        struct cert_facts *cert = &tls->certs[i];
        *cert = (struct cert_facts){.signed_by = -1, .names_cut = true, .not_after = 1};
        memset(cert->sha256, (int)i + 1, sizeof cert->sha256);
        cert->subject = text_in(arena, '"', 512);
        cert->issuer = text_in(arena, '"', 512);
        cert->aia_issuer = text_in(arena, '\\', 4 * 512);
        cert->key_type = text_in(arena, '"', 96);
        cert->signature = text_in(arena, '"', 128);
        cert->dns_names = arena_array(arena, DNS_IDS_KEPT, sizeof *cert->dns_names);
        for (; cert->dns_name_count < DNS_IDS_KEPT; cert->dns_name_count++)
            cert->dns_names[cert->dns_name_count] = text_in(arena, '"', EACH);
        cert->der = arena_bytes(arena, bytes_of(text_in(arena, 'x', 0)));
    }
    /* One certificate may be as long as all of them. */
    tls->certs[0].der = bytes_of(text_in(arena, 'x', CERTS_DER_BYTES));
}

static void make_handshake(struct arena *arena, struct tls_facts *tls)
{
    *tls = (struct tls_facts){.end = TLS_DONE, .version = 0xffff, .alert = -1, .truncated = true};
    tls->cipher = text_in(arena, '"', 64);
    tls->group = text_in(arena, '"', 96);
    tls->signature = text_in(arena, '"', 64);
    tls->error_text = text_in(arena, '"', 256);
    make_certs(arena, tls);
    for (size_t i = 0; i < CHAIN_ERRORS_KEPT; i++)
        tls->errors[tls->error_count++] = (struct chain_error){X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, 10};
}

/* Both sessions live in one arena: the second's dialogue is not kept, its memory is. */
static void make_probe(struct arena *arena, struct probe_facts *probe)
{
    *probe = (struct probe_facts){.host = dns_name_text(widest_name(), arena), .reply_code = 599, .pass = 2};
    for (int session = 0; session < 2; session++) {
        probe->ehlo = arena_array(arena, 256, sizeof *probe->ehlo);
        probe->ehlo_count = 100;
        for (size_t i = 0; i < probe->ehlo_count; i++)
            probe->ehlo[i] = bytes_of(hidden_in(arena, 512));
        probe->greeting = bytes_of(hidden_in(arena, 512));
        probe->reply = bytes_of(hidden_in(arena, 512));
    }
    probe->legacy = arena_alloc(arena, sizeof *probe->legacy);
    make_handshake(arena, &probe->tls);
    make_handshake(arena, probe->legacy);
}

static void test_the_largest_probe_fits_and_comes_back(void **state)
{
    (void)state;
    struct arena arena, read, host_arena;
    struct buf line, again, why;
    struct probe_facts probe, back, *kept;
    struct cert_facts cert;
    struct tlsa_rr anchor = {.usage = 2, .matching = 1};
    struct host_facts host = {.host = "mx.example", .tlsa = {.rrs = &anchor, .rr_count = 1}};
    arena_init(&arena, PROBE_ARENA_BYTES);
    make_probe(&arena, &probe);
    assert_false(arena.full);
    arena_init(&read, READ_ARENA_BYTES);
    buf_init(&line, RECORD_LINE_BYTES);
    buf_init(&again, RECORD_LINE_BYTES);
    buf_init(&why, 1024);
    assert_true(json_host(&line, &probe, FAIL_NONE));
    assert_int_equal(facts_read_host(bytes_make(line.data, line.len - 1), &read, &back, &why), ERR_OK);
    assert_true(json_host(&again, &back, FAIL_NONE));
    assert_true(bytes_equal(buf_bytes(&line), buf_bytes(&again)));
    buf_reset(&line);
    buf_reset(&again);
    assert_true(json_cert(&line, &probe.tls.certs[0]));
    assert_int_equal(facts_read_cert(bytes_make(line.data, line.len - 1), &read, &cert, &why), ERR_OK);
    assert_true(json_cert(&again, &cert));
    assert_true(bytes_equal(buf_bytes(&line), buf_bytes(&again)));
    /* What the domains keep of as many as there can be. */
    arena_init(&host_arena, HOST_ARENA_BYTES + ADDRESSES_MOST * HOST_PROBE_BYTES);
    make_addresses(&host_arena, &host.address);
    struct rrs rrs;
    struct tlsa_facts at_chain_end, at_host;
    make_tlsa(&rrs, &host_arena, &at_chain_end);
    make_tlsa(&rrs, &host_arena, &at_host);
    kept = arena_array(&host_arena, ADDRESSES_MOST, sizeof *kept);
    for (size_t i = 0; i < ADDRESSES_MOST; i++) {
        probe_facts_compact(&probe, &host, &host_arena, &kept[i]);
        assert_int_equal(kept[i].tls.cert_count, CHAIN_CERTS_KEPT);
        assert_int_equal(kept[i].legacy->certs[0].dns_name_count, DNS_IDS_KEPT);
    }
    assert_false(host_arena.full);
    arena_dispose(&arena);
    arena_dispose(&read);
    arena_dispose(&host_arena);
    buf_dispose(&line);
    buf_dispose(&again);
    buf_dispose(&why);
}

/* ---- the domain ---------------------------------------------------------------------------------------- */

static void make_policy(struct arena *arena, struct policy_facts *policy)
{
    static const char head[] = "version: STSv1\nmode: enforce\nmax_age: 1\n";
    char *body = arena_alloc(arena, POLICY_BYTES_JUDGED);
    size_t len = sizeof head - 1;
    memcpy(body, head, len);
    for (; len + 5 <= POLICY_BYTES_JUDGED; len += 5)
        memcpy(body + len, "mx:a\n", 5);
    policy->host = dns_name_text(widest_name(), arena);
    make_addresses(arena, &policy->address);
    struct fetch_facts *fetch = &policy->fetch;
    *fetch = (struct fetch_facts){.step = FETCH_DONE, .http_status = 200, .body = bytes_make(body, len)};
    fetch->ip = policy->address.ips[2 * ADDRESSES_KEPT - 1];
    fetch->redirect = text_in(arena, '"', 4 * 2048); /* Location as it came, escaped, */
    (void)text_in(arena, '"', 3 * 4 * 2048);         /* and made absolute */
    fetch->media_type = text_in(arena, '"', 4 * 256);
    fetch->signs = text_in(arena, '"', 4 * POLICY_SIGNS_BYTES);
    fetch->coding = text_in(arena, '"', 4 * POLICY_CODING_BYTES);
    fetch->decoding = FETCH_DECODED;
    fetch->ms = UINT32_MAX;
    make_handshake(arena, &fetch->tls);
}

/* Its own arena, as a shared result has. Nobody may contact its addresses: so the record tells all that the
 * verdict saw. */
static struct host_facts *make_host(struct arena *arena)
{
    struct rrs rrs;
    struct host_facts *host = arena_alloc(arena, sizeof *host);
    *host = (struct host_facts){.host = dns_name_text(widest_name(), arena)};
    make_addresses(arena, &host->address);
    make_tlsa(&rrs, arena, &host->tlsa);
    host->probes = arena_array(arena, ADDRESSES_MOST, sizeof *host->probes);
    host->probe_count = ADDRESSES_MOST;
    for (size_t i = 0; i < ADDRESSES_MOST; i++)
        host->probes[i] = (struct probe_facts){.host = host->host,
                                               .ip = host->address.ips[ADDRESSES_KEPT + i],
                                               .not_tried = NOT_TRIED_SPECIAL_ADDRESS,
                                               .tls.alert = -1};
    return host;
}

/* An earlier policy under the same id, with as many patterns as are kept of one. */
static struct cached_policy *make_cached(struct arena *arena)
{
    struct cached_policy *cached = arena_alloc(arena, sizeof *cached);
    *cached = (struct cached_policy){.id = "1", .mode = STS_MODE_ENFORCE, .max_age = UINT32_MAX};
    cached->fetched = cached->since = NOW_MS - 1;
    cached->mx = arena_array(arena, CACHED_MX_MOST, sizeof *cached->mx);
    while (cached->mx_count < CACHED_MX_MOST)
        cached->mx[cached->mx_count++] = text_in(arena, '"', CACHED_MX_BYTES / CACHED_MX_MOST);
    return cached;
}

static void make_domain(struct arena *arena, struct arena *hosts, struct domain_facts *facts)
{
    struct rrs rrs;
    const char *name = dns_name_text(widest_name(), arena);
    *facts = (struct domain_facts){.ordinal = UINT64_MAX,
                                   .domain = name,
                                   .unicode = hidden_in(arena, 1023),
                                   .rank = UINT32_MAX,
                                   .label = hidden_in(arena, 4096),
                                   .tld = name,
                                   .psl_suffix = name,
                                   .time = NOW_MS,
                                   .ms = UINT32_MAX};
    struct near_miss_facts *near = &facts->near_miss;
    struct txt_facts *const sets[] = {&facts->txt,       &facts->tlsrpt,  &near->apex,  &near->policy_host,
                                      &near->underscore, &near->wildcard, &near->tlsrpt};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        make_txt(&rrs, arena, sets[i]);
    near->address.status = DNS_ANSWERED;
    make_mx(&rrs, arena, &facts->mx);
    facts->txt.rrs[0] = bytes_of("v=STSv1; id=1;");
    make_policy(arena, &facts->policy);
    facts->cached = make_cached(arena);
    facts->hosts = arena_array(arena, DNS_RRS_KEPT, sizeof *facts->hosts);
    (void)arena_array(arena, DNS_RRS_KEPT, 32); /* who waits for them */
    struct host_facts *host = make_host(hosts);
    facts->looks = arena_array(arena, LOOKS_MOST, sizeof *facts->looks);
    (void)arena_array(arena, LOOKS_MOST, sizeof(struct look_again));
    for (; facts->look_count < LOOKS_MOST; facts->look_count++)
        facts->looks[facts->look_count] = (struct look){.host = host->host,
                                                        .policy = true,
                                                        .ip = host->address.ips[2 * ADDRESSES_KEPT - 1],
                                                        .time = NOW_MS,
                                                        .code = FAIL_SMTP_STARTTLS_NOT_OFFERED,
                                                        .dane = true};
    while (facts->host_count < HOSTS_MOST)
        facts->hosts[facts->host_count++] =
            (struct mx_host){.host = facts->mx.rrs[0].host, .preference = UINT16_MAX, .facts = host};
}

/* What is packed of its groups has room to spare too, as a record that cannot be packed would end the
 * process. */
static void check_packed(const struct domain_facts *facts, const struct judgement *judgement)
{
    struct arena arena;
    struct buf packed;
    arena_init(&arena, READ_ARENA_BYTES);
    buf_init(&packed, GROUPS_PACK_BYTES);
    assert_int_equal(groups_pack_facts(facts, judgement, provider_of_mx, &arena, &packed), ERR_OK);
    print_message("packed: %zu of %d bytes; its arena: %zu of %d\n", packed.len, GROUPS_PACK_BYTES,
                  arena.used_bytes, READ_ARENA_BYTES);
    assert_true(packed.len > 5000 && packed.len < GROUPS_PACK_BYTES / 4);
    assert_true(arena.used_bytes < READ_ARENA_BYTES / 4);
    buf_dispose(&packed);
    arena_dispose(&arena);
}

static void write_judged(struct buf *line, const struct domain_facts *facts, struct arena *arena)
{
    struct judgement judgement;
    verdict_judge(facts, NOW_MS, arena, &judgement);
    assert_int_equal(judgement.host_count, HOSTS_MOST);
    assert_int_equal(judgement.hosts[0].ip_count, ADDRESSES_MOST);
    assert_true(judgement.policy.mx_count > POLICY_BYTES_JUDGED / 5 - 20);
    assert_int_equal(judgement.outcome, OUTCOME_BROKEN); /* the policy host's certificate */
    assert_true(code_set_has(&judgement.codes, FAIL_DNS_TOO_LARGE));
    buf_init(line, RECORD_LINE_BYTES);
    assert_true(json_domain(line, facts, &judgement));
    check_packed(facts, &judgement);
}

/* All of it at once: into the domain's arena, a record, back, judged anew to the same bytes. */
static void test_the_largest_domain_fits_and_comes_back(void **state)
{
    (void)state;
    struct arena arena, hosts, read;
    struct buf line, again, why;
    struct domain_facts facts, back;
    arena_init(&arena, DOMAIN_ARENA_BYTES);
    arena_init(&hosts, HOST_ARENA_BYTES + ADDRESSES_MOST * HOST_PROBE_BYTES);
    arena_init(&read, READ_ARENA_BYTES);
    make_domain(&arena, &hosts, &facts);
    write_judged(&line, &facts, &arena);
    print_message("the largest record: %zu of %d bytes; the domain's arena: %zu of %d\n", line.len,
                  RECORD_LINE_BYTES, arena.used_bytes, DOMAIN_ARENA_BYTES);
    assert_false(arena.full || hosts.full);
    assert_true(line.len + UNSEEN_BYTES < RECORD_LINE_BYTES);
    assert_true(arena.used_bytes + UNSEEN_BYTES < DOMAIN_ARENA_BYTES);
    buf_init(&why, 1024);
    if (facts_read_domain(bytes_make(line.data, line.len - 1), &read, &back, &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    for (size_t i = 0; i < CHAIN_CERTS_KEPT; i++)
        back.policy.fetch.tls.certs[i] = facts.policy.fetch.tls.certs[i]; /* from their own records */
    write_judged(&again, &back, &read);
    assert_true(bytes_equal(buf_bytes(&line), buf_bytes(&again)));
    buf_dispose(&line);
    buf_dispose(&again);
    buf_dispose(&why);
    arena_dispose(&arena);
    arena_dispose(&hosts);
    arena_dispose(&read);
}

/* ---- what is cut is marked ----------------------------------------------------------------------------- */

static void test_what_cannot_be_kept_is_no_answer(void **state)
{
    (void)state;
    static struct rrs rrs;
    static const char *longer[] = {NULL, "."};
    static uint8_t text[] = {1, 'x'}, mx[] = {0, 1, 1, 'a', 0}, tlsa[] = {3, 1, 1, 9};
    struct arena none, arena;
    struct txt_facts txt;
    struct mx_facts exchange;
    struct tlsa_facts anchors;
    struct address_facts address;
    arena_init(&none, 0);
    arena_init(&arena, 1 << 20);
    rrs.answer = (struct dns_answer){.type = DNS_TYPE_TXT, .rrs = rrs.list, .rr_count = 1};
    rrs.answer.lookup = (struct lookup_facts){.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
    rrs.list[0].rdata = bytes_make(text, sizeof text);
    dns_txt_facts(&rrs.answer, &none, &txt);
    assert_int_equal(txt.lookup.status, DNS_TOO_LARGE);
    assert_int_equal(txt.rr_count, 0);
    rrs.answer.type = DNS_TYPE_MX;
    rrs.list[0].rdata = bytes_make(mx, sizeof mx);
    dns_mx_facts(&rrs.answer, &none, &exchange);
    assert_int_equal(exchange.lookup.status, DNS_TOO_LARGE);
    assert_int_equal(exchange.rr_count, 0);
    rrs.answer.type = DNS_TYPE_TLSA;
    rrs.list[0].rdata = bytes_make(tlsa, sizeof tlsa);
    dns_tlsa_facts(&rrs.answer, &none, &anchors);
    assert_int_equal(anchors.lookup.status, DNS_TOO_LARGE);
    assert_int_equal(anchors.rr_count, 0);
    rrs.answer.type = DNS_TYPE_A;
    rrs.list[0].rdata = bytes_make(tlsa, sizeof tlsa);
    dns_address_facts(&rrs.answer, NULL, &none, &address);
    assert_int_equal(address.a.status, DNS_TOO_LARGE);
    assert_int_equal(address.aaaa.status, DNS_NOT_ASKED);
    /* A chain of names that are longer than is kept. */
    longer[0] = words_of_quotes(CNAME_BYTES_KEPT);
    rrs.answer.lookup.cnames = longer;
    rrs.answer.lookup.cname_count = 1;
    dns_address_facts(&rrs.answer, NULL, &arena, &address);
    assert_int_equal(address.a.status, DNS_ANSWERED);
    assert_int_equal(address.ip_count, 1);
    rrs.answer.lookup.cname_count = 2;
    dns_address_facts(&rrs.answer, NULL, &arena, &address);
    assert_int_equal(address.a.status, DNS_TOO_LARGE);
    assert_int_equal(address.ip_count, 0);
    assert_int_equal(address.a.cname_count, 0);
    arena_dispose(&none);
    arena_dispose(&arena);
    free((void *)(uintptr_t)longer[0]);
}

/* Sorted before it is cut, so that a server that rotates its records changes nothing. */
static void test_the_cut_hangs_on_no_order(void **state)
{
    (void)state;
    enum { MANY = 250 };
    static struct rrs one, other;
    static uint8_t rdata[MANY][3 + 32];
    struct arena arena;
    struct tlsa_facts first, second;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < MANY; i++) {
        memset(rdata[i], (int)(i * 7 % MANY), sizeof rdata[i]);
        memcpy(rdata[i], (uint8_t[]){3, 1, 1}, 3);
    }
    (void)answer_of(&one, DNS_TYPE_TLSA, bytes_make(rdata, sizeof rdata[0]), MANY);
    (void)answer_of(&other, DNS_TYPE_TLSA, bytes_make(rdata, sizeof rdata[0]), MANY);
    for (size_t i = 0; i < MANY; i++) {
        one.list[i].rdata = bytes_make(rdata[i], sizeof rdata[i]);
        other.list[(i + 100) % MANY].rdata = bytes_make(rdata[i], sizeof rdata[i]);
    }
    dns_tlsa_facts(&one.answer, &arena, &first);
    dns_tlsa_facts(&other.answer, &arena, &second);
    assert_int_equal(first.rr_count, TLSA_RRS_KEPT);
    assert_int_equal(second.rr_count, TLSA_RRS_KEPT);
    assert_true(first.lookup.truncated && second.lookup.truncated);
    for (size_t i = 0; i < TLSA_RRS_KEPT; i++)
        assert_true(bytes_equal(first.rrs[i].data, second.rrs[i].data));
    arena_dispose(&arena);
}

/* ---- what hangs on the rest is unknown ----------------------------------------------------------------- */

#define HOST   "a.mx.example"
#define POLICY "version: STSv1\nmode: enforce\nmx: *.mx.example\nmax_age: 604800\n"

/* One domain with one host at one address, all of it good and signed. */
struct world {
    struct domain_facts domain;
    struct bytes rrs[3];
    struct mx_rr mx[2];
    struct mx_host hosts[1];
    struct host_facts host;
    struct ip_addr ip[8];
    struct probe_facts probe[1];
    struct cert_facts certs[3];
    struct tlsa_rr tlsa[2];
    uint8_t digest[32];
    struct arena arena;
    struct judgement judgement;
};

static const struct lookup_facts answered = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE};

static struct tls_facts good_handshake(struct cert_facts certs[3])
{
    for (size_t i = 0; i < 3; i++)
        certs[i] = (struct cert_facts){.subject = "CN=x",
                                       .issuer = "CN=y",
                                       .not_before = NOW_MS / 1000 - DAY,
                                       .not_after = NOW_MS / 1000 + 60 * DAY,
                                       .is_ca = i > 0,
                                       .signed_by = i == 2 ? -1 : (int)i + 1};
    return (struct tls_facts){
        .end = TLS_DONE, .version = 0x0304, .alert = -1, .certs = certs, .cert_count = 3, .name_match = true};
}

static void make_world(struct world *world)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, DOMAIN_ARENA_BYTES);
    struct domain_facts *domain = &world->domain;
    domain->domain = "example";
    domain->tld = "example";
    world->rrs[0] = bytes_of("v=STSv1; id=1;");
    domain->txt = (struct txt_facts){answered, world->rrs, 1};
    domain->tlsrpt.lookup.status = DNS_NXDOMAIN;
    world->mx[0] = (struct mx_rr){10, HOST};
    domain->mx = (struct mx_facts){answered, world->mx, 1};
    world->ip[0] = ip_v4((uint8_t[]){192, 0, 2, 1});
    domain->policy = (struct policy_facts){.host = "mta-sts.example", .address = {.a = answered}};
    domain->policy.address.ips = world->ip;
    domain->policy.address.ip_count = 1;
    domain->policy.address.aaaa.status = DNS_NODATA;
    domain->policy.fetch = (struct fetch_facts){.step = FETCH_DONE,
                                                .http_status = 200,
                                                .ip = world->ip[0],
                                                .media_type = "text/plain",
                                                .body = bytes_of(POLICY),
                                                .tls = good_handshake(world->certs)};
    world->probe[0] = (struct probe_facts){.host = HOST,
                                           .ip = world->ip[0],
                                           .end = SMTP_END_DONE,
                                           .step = SMTP_QUIT,
                                           .starttls_offered = true,
                                           .tls = good_handshake(world->certs)};
    world->tlsa[0] = (struct tlsa_rr){3, 1, 1, bytes_make(world->digest, sizeof world->digest)};
    world->host = (struct host_facts){.host = HOST,
                                      .address = domain->policy.address,
                                      .tlsa = {answered, HOST, world->tlsa, 1},
                                      .probes = world->probe,
                                      .probe_count = 1};
    world->hosts[0] = (struct mx_host){.host = HOST, .preference = 10, .facts = &world->host};
    domain->hosts = world->hosts;
    domain->host_count = 1;
}

static void nothing_cut(struct world *world)
{
    (void)world;
}

static void txt_cut(struct world *world)
{
    world->domain.txt.lookup.truncated = true;
}

static void txt_cut_none_left(struct world *world)
{
    world->rrs[0] = bytes_of("v=spf1 -all");
    txt_cut(world);
}

static void txt_cut_spaced(struct world *world)
{
    world->rrs[0] = bytes_of("v=STSv1 ; id=1;");
    txt_cut(world);
}

static void txt_cut_two_left(struct world *world)
{
    world->rrs[1] = world->rrs[0];
    world->domain.txt.rr_count = 2;
    txt_cut(world);
}

static void txt_cut_bad(struct world *world)
{
    world->rrs[0] = bytes_of("v=STSv1; id=;");
    txt_cut(world);
}

static void txt_too_large(struct world *world)
{
    world->domain.txt = (struct txt_facts){.lookup = {.status = DNS_TOO_LARGE}};
}

static void tlsrpt_cut(struct world *world)
{
    world->rrs[2] = bytes_of("x");
    world->domain.tlsrpt = (struct txt_facts){{.status = DNS_ANSWERED, .truncated = true}, world->rrs + 2, 1};
}

static void mx_cut(struct world *world)
{
    world->domain.mx.lookup.truncated = true;
}

static void mx_too_large(struct world *world)
{
    world->domain.mx = (struct mx_facts){.lookup = {.status = DNS_TOO_LARGE}};
    world->domain.host_count = 0;
}

static void addresses_cut(struct world *world)
{
    world->host.address.a.truncated = true;
}

static void addresses_too_large(struct world *world)
{
    world->host.address = (struct address_facts){{.status = DNS_TOO_LARGE}, {.status = DNS_NODATA}, NULL, 0};
    world->host.tlsa = (struct tlsa_facts){{0}, NULL, NULL, 0};
    world->host.probe_count = 0;
}

static void policy_address_too_large(struct world *world)
{
    world->domain.policy.address = world->host.address;
    world->domain.policy.address.ip_count = 0;
    world->domain.policy.address.a.status = DNS_TOO_LARGE;
    world->domain.policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_NO_ADDRESS, .tls.alert = -1};
}

static void policy_addresses_left(struct world *world)
{
    world->domain.policy.address.ip_count = POLICY_ADDRESSES_TRIED + 1;
    world->domain.policy.fetch =
        (struct fetch_facts){.step = FETCH_CONNECT, .net = NET_REFUSED, .ip = world->ip[0], .tls.alert = -1};
}

static void policy_all_refuse(struct world *world)
{
    policy_addresses_left(world);
    world->domain.policy.address.ip_count = POLICY_ADDRESSES_TRIED;
}

static void tlsa_cut(struct world *world)
{
    world->host.tlsa.lookup.truncated = true;
}

static void tlsa_cut_mismatch(struct world *world)
{
    world->tlsa[0].data = bytes_of("0123456789abcdef0123456789abcdef");
    tlsa_cut(world);
}

static void tlsa_cut_no_tls(struct world *world)
{
    tlsa_cut(world);
    world->probe[0].end = SMTP_END_NOT_OFFERED;
    world->probe[0].step = SMTP_EHLO;
    world->probe[0].tls = (struct tls_facts){.alert = -1};
}

static void tlsa_too_large(struct world *world)
{
    world->host.tlsa = (struct tlsa_facts){{.status = DNS_TOO_LARGE}, HOST, NULL, 0};
}

static void certs_lost(struct world *world)
{
    world->probe[0].tls.cert_count = 0;
    world->probe[0].tls.truncated = true;
}

static void certs_past_ceiling(struct world *world)
{
    certs_lost(world);
    world->probe[0].end = SMTP_END_TLS;
    world->probe[0].step = SMTP_HANDSHAKE;
    world->probe[0].tls.end = TLS_FAILED;
}

static void chain_too_long(struct world *world)
{
    struct tls_facts *tls = &world->probe[0].tls;
    tls->errors[tls->error_count++] = (struct chain_error){X509_V_ERR_CERT_CHAIN_TOO_LONG, 10};
}

static void anchor_beyond_the_cut(struct world *world)
{
    world->tlsa[0].usage = 2;
    world->tlsa[0].data = bytes_of("0123456789abcdef0123456789abcdef");
    world->probe[0].tls.truncated = true;
}

static void name_beyond_the_cut(struct world *world)
{
    world->tlsa[0].usage = 2;
    world->probe[0].tls.name_match = false;
    world->certs[0].names_cut = true;
    memset(world->certs[1].spki_sha256, 0, 32);
    memset(world->certs[0].spki_sha256, 1, 32);
}

static void policy_chain_lost(struct world *world)
{
    world->domain.policy.fetch.tls.cert_count = 0;
    world->domain.policy.fetch.tls.truncated = true;
}

static void body_of(struct world *world, size_t len, bool too_large)
{
    char *body = arena_alloc(&world->arena, len);
    assert_non_null(body);
    memset(body, '\n', len);
    memcpy(body, POLICY, sizeof POLICY - 1);
    world->domain.policy.fetch.body = bytes_make(body, len);
    world->domain.policy.fetch.too_large = too_large;
    world->domain.policy.fetch.step = too_large ? FETCH_BODY : FETCH_DONE;
}

static void body_of_64k(struct world *world)
{
    body_of(world, POLICY_BYTES_JUDGED, false);
}

static void body_cut_at_64k(struct world *world)
{
    body_of(world, POLICY_BYTES_JUDGED, true);
}

static void body_cut_below(struct world *world)
{
    body_of(world, 2048, true);
}

static void body_of_512k(struct world *world)
{
    body_of(world, POLICY_BYTES_JUDGED, false);
    world->domain.policy.fetch.body_bytes = 512 << 10;
}

static void body_past_64k_by_one(struct world *world)
{
    body_of(world, POLICY_BYTES_JUDGED - 2, false); /* cut between characters */
    world->domain.policy.fetch.body_bytes = POLICY_BYTES_JUDGED + 1;
}

static void headers_without_end(struct world *world)
{
    body_of(world, 0 + sizeof POLICY, true);
    world->domain.policy.fetch.body = (struct bytes){NULL, 0};
    world->domain.policy.fetch.step = FETCH_HEADERS;
}

static const struct cut_case {
    const char *name;
    void (*cut)(struct world *world);
    enum outcome outcome;
    enum dane_outcome dane;
    enum failure_code code, never; /* among the codes; FAIL_NONE: not looked at */
} cut_cases[] = {
    {"TXT-3 DANE-3 whole", nothing_cut, OUTCOME_PROTECTED, DANE_OUTCOME_PROTECTED, 0, FAIL_DNS_TOO_LARGE},
    {"TXT-3 a second may be missing", txt_cut, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED, FAIL_DNS_TOO_LARGE,
     FAIL_TXT_MULTIPLE},
    {"TXT-3 the only one may be missing", txt_cut_none_left, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_DNS_TOO_LARGE, FAIL_TXT_ABSENT},
    {"TXT-2 an exact one may be missing", txt_cut_spaced, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_DNS_TOO_LARGE, 0},
    {"TXT-3 two are too many", txt_cut_two_left, OUTCOME_BROKEN, DANE_OUTCOME_PROTECTED, FAIL_TXT_MULTIPLE,
     0},
    {"TXT-4 a bad one is none, alone or not", txt_cut_bad, OUTCOME_BROKEN, DANE_OUTCOME_PROTECTED,
     FAIL_TXT_ID_BAD, 0},
    {"TXT-8 too large", txt_too_large, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED, FAIL_DNS_TOO_LARGE,
     FAIL_TXT_ABSENT},
    {"RPT-1 may be missing", tlsrpt_cut, OUTCOME_PROTECTED, DANE_OUTCOME_PROTECTED, FAIL_DNS_TOO_LARGE,
     FAIL_TLSRPT_ABSENT},
    {"MX-1 hosts are missing", mx_cut, OUTCOME_PROTECTED, DANE_OUTCOME_PROTECTED, FAIL_DNS_TOO_LARGE, 0},
    {"MX-1 too large", mx_too_large, OUTCOME_UNKNOWN, DANE_OUTCOME_UNKNOWN, FAIL_DNS_TOO_LARGE,
     FAIL_MX_DNS_FAILED},
    {"MX-4 addresses are missing", addresses_cut, OUTCOME_PROTECTED, DANE_OUTCOME_PROTECTED,
     FAIL_DNS_TOO_LARGE, FAIL_MX_NO_ADDRESS},
    {"MX-4 too large", addresses_too_large, OUTCOME_UNKNOWN, DANE_OUTCOME_UNKNOWN, FAIL_DNS_TOO_LARGE,
     FAIL_MX_DNS_FAILED},
    {"POL-1 address too large", policy_address_too_large, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_DNS_TOO_LARGE, FAIL_POLICY_DNS_FAILED},
    {"POL-1 addresses are left", policy_addresses_left, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_POLICY_NOT_TRIED_REST, FAIL_POLICY_TCP_REFUSED},
    {"POL-1 all refuse", policy_all_refuse, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED, FAIL_POLICY_TCP_REFUSED,
     0},
    {"DANE-3 a stronger digest may be missing", tlsa_cut, OUTCOME_PROTECTED, DANE_OUTCOME_UNKNOWN,
     FAIL_DNS_TOO_LARGE, 0},
    {"DANE-3 the match may be missing", tlsa_cut_mismatch, OUTCOME_PROTECTED, DANE_OUTCOME_UNKNOWN,
     FAIL_DNS_TOO_LARGE, FAIL_DANE_MISMATCH},
    {"DANE-3 without TLS none matches", tlsa_cut_no_tls, OUTCOME_REFUSED, DANE_OUTCOME_REFUSED,
     FAIL_SMTP_STARTTLS_NOT_OFFERED, 0},
    {"DANE-2 too large", tlsa_too_large, OUTCOME_PROTECTED, DANE_OUTCOME_UNKNOWN, FAIL_DNS_TOO_LARGE,
     FAIL_DANE_TLSA_SERVFAIL},
    {"TLS-3 a chain that does not fit", certs_lost, OUTCOME_UNKNOWN, DANE_OUTCOME_UNKNOWN,
     FAIL_SMTP_TLS_TOO_LARGE, FAIL_SMTP_TLS_NO_CERTIFICATE},
    {"TLS-3 more than is read", certs_past_ceiling, OUTCOME_UNKNOWN, DANE_OUTCOME_UNKNOWN,
     FAIL_SMTP_TLS_TOO_LARGE, FAIL_SMTP_TLS_HANDSHAKE},
    {"TLS-3 a path longer than is followed", chain_too_long, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_SMTP_TLS_TOO_LARGE, FAIL_SMTP_TLS_UNTRUSTED},
    {"DANE-3 the anchor may be missing", anchor_beyond_the_cut, OUTCOME_PROTECTED, DANE_OUTCOME_UNKNOWN,
     FAIL_SMTP_TLS_TOO_LARGE, FAIL_DANE_MISMATCH},
    {"DANE-3 the name may be missing", name_beyond_the_cut, OUTCOME_REFUSED, DANE_OUTCOME_UNKNOWN,
     FAIL_SMTP_TLS_TOO_LARGE, FAIL_DANE_NAME_MISMATCH},
    {"POL-3 a chain that does not fit", policy_chain_lost, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_POLICY_TLS_TOO_LARGE, FAIL_POLICY_TLS_NO_CERTIFICATE},
    {"POL-9 64 KiB", body_of_64k, OUTCOME_BROKEN, DANE_OUTCOME_PROTECTED, FAIL_POLICY_DISPUTED,
     FAIL_POLICY_HTTP_TOO_LARGE},
    {"POL-9 more than 64 KiB", body_cut_at_64k, OUTCOME_BROKEN, DANE_OUTCOME_PROTECTED,
     FAIL_POLICY_HTTP_TOO_LARGE, FAIL_POLICY_CUT},
    {"POL-9 cut below by an option", body_cut_below, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED, FAIL_POLICY_CUT,
     FAIL_POLICY_HTTP_TOO_LARGE},
    {"POL-9 read whole by an option", body_of_512k, OUTCOME_BROKEN, DANE_OUTCOME_PROTECTED,
     FAIL_POLICY_HTTP_TOO_LARGE, FAIL_POLICY_SYNTAX_BLANK_LINE},
    {"POL-9 one byte more", body_past_64k_by_one, OUTCOME_BROKEN, DANE_OUTCOME_PROTECTED,
     FAIL_POLICY_HTTP_TOO_LARGE, FAIL_POLICY_DISPUTED},
    {"POL-9 headers without end", headers_without_end, OUTCOME_UNKNOWN, DANE_OUTCOME_PROTECTED,
     FAIL_POLICY_CUT, FAIL_POLICY_HTTP_PROTOCOL},
};

static void test_what_hangs_on_the_rest_is_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cut_cases / sizeof *cut_cases; i++) {
        const struct cut_case *c = &cut_cases[i];
        static struct world world;
        make_world(&world);
        c->cut(&world);
        verdict_judge(&world.domain, NOW_MS, &world.arena, &world.judgement);
        const struct judgement *is = &world.judgement;
        bool said = c->code == FAIL_NONE || code_set_has(&is->codes, c->code);
        bool never = c->never == FAIL_NONE || !code_set_has(&is->codes, c->never);
        if (is->outcome != c->outcome || is->dane != c->dane || !said || !never)
            fail_msg("%s: %s, dane %s%s%s", c->name, outcome_name(is->outcome), dane_outcome_name(is->dane),
                     said ? "" : ", not said: ", said ? (never ? "" : ", said") : failure_name(c->code));
        arena_dispose(&world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_probe_fits_and_comes_back),
        cmocka_unit_test(test_the_largest_domain_fits_and_comes_back),
        cmocka_unit_test(test_what_cannot_be_kept_is_no_answer),
        cmocka_unit_test(test_the_cut_hangs_on_no_order),
        cmocka_unit_test(test_what_hangs_on_the_rest_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
