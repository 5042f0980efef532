/* Makes facts at random, from a seed: every field that a record keeps, empty, long and nasty values too, in
 * the shapes that probes make. Asks no clock and no network. */
#ifndef STSWEEP_TESTS_RANDOM_FACTS_H
#define STSWEEP_TESTS_RANDOM_FACTS_H

#include <stdio.h>
#include <stdlib.h>

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

static inline unsigned random_draw(uint64_t *state, unsigned bound)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t mixed = (*state ^ *state >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94D049BB133111EB);
    return (unsigned)(mixed >> 33) % bound;
}

struct maker {
    uint64_t state;
    struct arena *arena;
};

static inline unsigned draw(struct maker *make, unsigned bound)
{
    return random_draw(&make->state, bound);
}

static inline bool one_in(struct maker *make, unsigned bound)
{
    return draw(make, bound) == 0;
}

static inline void *make_array(struct maker *make, size_t count, size_t size)
{
    void *array = count == 0 ? NULL : arena_array(make->arena, count, size);
    if (array == NULL && count > 0)
        abort();
    return array;
}

static inline struct bytes make_bytes(struct maker *make, size_t most)
{
    size_t len = draw(make, (unsigned)most + 1);
    uint8_t *data = make_array(make, len + 1, 1);
    unsigned kind = draw(make, 3);
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)(kind == 0 ? draw(make, 256) : kind == 1 ? 0x20 + draw(make, 0x5F) : '\n');
    return bytes_make(data, len);
}

/* Makes text without NUL: printable, a few letters beyond ASCII, or bytes that are no UTF-8. */
static inline const char *make_text(struct maker *make, size_t most)
{
    static const char *const nasty[] = {"",         "\xC3\xA4\xE2\x82\xAC", "\x1b[2J",
                                        "\xFF\xFE", "=cmd|' /C'!A0",        "\"\\/"};
    if (one_in(make, 4))
        return nasty[draw(make, sizeof nasty / sizeof *nasty)];
    size_t len = draw(make, (unsigned)most + 1);
    char *text = make_array(make, len + 1, 1);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(0x20 + draw(make, 0x5F));
    return text;
}

static inline const char *make_optional(struct maker *make, size_t most)
{
    return one_in(make, 2) ? NULL : make_text(make, most);
}

static inline const char *make_name(struct maker *make)
{
    static const char *const ends[] = {"example.com", "mail.protection.outlook.com",
                                       "google.com",  "x\\032y.example",
                                       "\\255.de",    "xn--bcher-kva.example"};
    char *text = make_array(make, 256, 1);
    (void)snprintf(text, 256, "h%u.%s", draw(make, 5), ends[draw(make, sizeof ends / sizeof *ends)]);
    return text;
}

static inline const char **make_names(struct maker *make, size_t *count)
{
    *count = one_in(make, 3) ? draw(make, 4) : 0;
    const char **names = make_array(make, *count, sizeof *names);
    for (size_t i = 0; i < *count; i++)
        names[i] = make_name(make);
    return names;
}

static inline void make_edes(struct maker *make, struct lookup_facts *lookup)
{
    lookup->ede_count = one_in(make, 4) ? 1 + draw(make, DNS_EDES_KEPT) : 0;
    lookup->edes = make_array(make, lookup->ede_count, sizeof *lookup->edes);
    for (size_t i = 0; i < lookup->ede_count; i++)
        lookup->edes[i] = (struct dns_ede){.code = (uint16_t)draw(make, 1 << 16),
                                           .text = one_in(make, 2) ? make_bytes(make, DNS_EDE_TEXT_BYTES)
                                                                   : (struct bytes){NULL, 0}};
}

/* Makes a lookup; an answer has a TTL, no other lookup keeps one. */
static inline struct lookup_facts make_lookup(struct maker *make)
{
    struct lookup_facts lookup = {.status = one_in(make, 2) ? DNS_ANSWERED : draw(make, DNS_STATUS_COUNT)};
    if (lookup.status == DNS_NOT_ASKED)
        return lookup;
    lookup.security = draw(make, DNSSEC_COUNT);
    size_t count = 0;
    lookup.cnames = make_names(make, &count);
    lookup.cname_count = (uint32_t)count;
    lookup.why_bogus = make_optional(make, 60);
    make_edes(make, &lookup);
    lookup.ttl = lookup.status == DNS_ANSWERED ? draw(make, INT32_MAX) * 2 : 0;
    lookup.truncated = lookup.status == DNS_ANSWERED && one_in(make, 10);
    return lookup;
}

static inline struct ip_addr make_ip(struct maker *make)
{
    uint8_t bytes[16];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = one_in(make, 3) ? 0 : (uint8_t)draw(make, 256);
    return one_in(make, 2) ? ip_v4(bytes) : ip_v6(bytes);
}

/* Makes addresses; both families see one chain of CNAMEs. */
static inline struct address_facts make_addresses(struct maker *make)
{
    struct address_facts address = {.a = make_lookup(make), .aaaa = make_lookup(make)};
    if (address.a.status == DNS_NOT_ASKED)
        address.a.status = DNS_NODATA;
    address.aaaa.why_bogus = NULL;
    if (address.a.ede_count == 0)
        address.aaaa.ede_count = 0; /* one word of the resolver stands for both */
    address.aaaa.cnames = address.aaaa.status == DNS_NOT_ASKED ? NULL : address.a.cnames;
    address.aaaa.cname_count = address.aaaa.status == DNS_NOT_ASKED ? 0 : address.a.cname_count;
    address.ip_count = draw(make, 4);
    address.ips = make_array(make, address.ip_count, sizeof *address.ips);
    for (size_t i = 0; i < address.ip_count; i++)
        address.ips[i] = make_ip(make);
    return address;
}

static inline void make_hash(struct maker *make, uint8_t *hash, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash[i] = (uint8_t)draw(make, 256);
}

static inline struct cert_facts make_cert(struct maker *make)
{
    static const char *const names[] = {"CN=A", "CN=B", "CN=C\\0A"};
    struct cert_facts cert = {
        .subject = names[draw(make, 3)], .issuer = names[draw(make, 3)], .signed_by = -1};
    make_hash(make, cert.sha256, sizeof cert.sha256);
    make_hash(make, cert.sha512, sizeof cert.sha512);
    make_hash(make, cert.spki_sha256, sizeof cert.spki_sha256);
    make_hash(make, cert.spki_sha512, sizeof cert.spki_sha512);
    cert.dns_names = make_names(make, &cert.dns_name_count);
    cert.names_cut = one_in(make, 10);
    cert.not_before = 1760000000 + (int64_t)draw(make, 20000000);
    cert.not_after = one_in(make, 20) ? INT64_C(253402300799) : 1770000000 + (int64_t)draw(make, 20000000);
    cert.serial = make_bytes(make, 20);
    cert.key_type = make_optional(make, 12);
    cert.key_bits = draw(make, 8193);
    cert.signature = make_optional(make, 30);
    cert.self_issued = one_in(make, 2);
    cert.self_signed = one_in(make, 2);
    cert.is_ca = one_in(make, 2);
    cert.aia_issuer = make_optional(make, 40);
    cert.der = make_bytes(make, 300);
    return cert;
}

static inline void make_errors(struct maker *make, struct tls_facts *tls)
{
    static const int errors[] = {0, 2, 9, 10, 18, 19, 20, 21, 26, 66, 67, 68, 9999, -1};
    tls->error_count = draw(make, CHAIN_ERRORS_KEPT + 1);
    for (size_t i = 0; i < tls->error_count; i++)
        tls->errors[i] =
            (struct chain_error){errors[draw(make, sizeof errors / sizeof *errors)], (int)draw(make, 4) - 1};
}

static inline struct tls_facts make_tls(struct maker *make)
{
    struct tls_facts tls = {.end = one_in(make, 2) ? TLS_DONE : draw(make, TLS_END_COUNT), .alert = -1};
    if (tls.end == TLS_NOT_TRIED)
        return tls;
    tls.time = one_in(make, 2) ? INT64_C(1769860000000) + draw(make, 80000000) : 0;
    tls.other_time = one_in(make, 4) ? INT64_C(1769860000000) + draw(make, 80000000) : 0;
    tls.limit = one_in(make, 4) ? draw(make, TLS_LIMIT_COUNT) : TLS_LIMIT_NONE;
    tls.version = one_in(make, 5) ? (uint16_t)draw(make, 65536) : (uint16_t)(0x0300 + draw(make, 5));
    tls.cipher = make_optional(make, 40);
    tls.group = make_optional(make, 20);
    tls.signature = make_optional(make, 20);
    tls.cert_count = draw(make, CHAIN_CERTS_KEPT + 1);
    tls.certs = make_array(make, tls.cert_count, sizeof *tls.certs);
    for (size_t i = 0; i < tls.cert_count; i++)
        tls.certs[i] = make_cert(make);
    for (size_t i = 0; one_in(make, 2) && i < tls.cert_count; i++)
        tls.certs[i].signed_by = (int)draw(make, (unsigned)tls.cert_count + 1) - 1;
    tls.tlsa_signs = one_in(make, 2) ? draw(make, 16) : 0;
    make_errors(make, &tls);
    tls.name_match = tls.cert_count > 0 && !one_in(make, 3);
    tls.truncated = tls.end != TLS_NOT_TRIED && one_in(make, 10);
    tls.alert = tls.end != TLS_DONE && one_in(make, 2) ? (int)draw(make, 256) : -1;
    tls.error_reason = one_in(make, 2) ? (int)draw(make, 1000) : 0;
    tls.error_text = make_optional(make, 60);
    tls.hello_unanswered = make->state % 4 == 0; /* without a draw: what follows stays as it was */
    tls.hello_intolerant = make->state / 4 % 4 == 0;
    return tls;
}

static inline struct bytes *make_texts(struct maker *make, size_t *count, size_t most)
{
    *count = draw(make, 4);
    struct bytes *texts = make_array(make, *count, sizeof *texts);
    for (size_t i = 0; i < *count; i++)
        texts[i] = make_bytes(make, most);
    return texts;
}

static inline void make_dialogue(struct maker *make, struct probe_facts *probe)
{
    probe->step = draw(make, SMTP_STEP_COUNT);
    probe->end = draw(make, SMTP_END_COUNT);
    probe->net = draw(make, NET_ERROR_COUNT);
    probe->sys_errno = one_in(make, 2) ? 0 : (int)draw(make, 140);
    probe->reply_code = one_in(make, 3) ? 0 : 200 + (int)draw(make, 400);
    probe->reply = make_bytes(make, 200);
    probe->greeting = make_bytes(make, 512);
    probe->ehlo = make_texts(make, &probe->ehlo_count, 512);
    probe->starttls_offered = one_in(make, 2);
    probe->masked = one_in(make, 4);
    probe->path_doubtful = one_in(make, 4);
    probe->loose = one_in(make, 4);
    probe->listed = one_in(make, 4);
    probe->injected = one_in(make, 4);
    probe->shared = one_in(make, 4);
    probe->ehlo_tls_count = draw(make, 10);
    probe->tls = make_tls(make);
    if (one_in(make, 4)) {
        struct tls_facts legacy = make_tls(make);
        if (legacy.end != TLS_NOT_TRIED) {
            probe->legacy = make_array(make, 1, sizeof *probe->legacy);
            *probe->legacy = legacy;
        }
    }
}

static inline struct probe_facts make_probe(struct maker *make, const char *host, struct ip_addr ip)
{
    struct probe_facts probe = {.host = host, .ip = ip, .pass = 1 + draw(make, 3), .tls = {.alert = -1}};
    probe.time = INT64_C(1769860000000) + draw(make, 800000);
    probe.not_tried = one_in(make, 3) ? draw(make, NOT_TRIED_COUNT) : TRIED;
    if (probe.not_tried == TRIED)
        make_dialogue(make, &probe);
    probe.again = probe.not_tried == TRIED && one_in(make, 4);
    probe.ms_connect = draw(make, 1000);
    probe.ms_greeting = draw(make, 1000);
    probe.ms_ehlo = draw(make, 1000);
    probe.ms_tls = draw(make, 1000);
    probe.ms_turn = one_in(make, 2) ? draw(make, 1000) : 0;
    probe.ms_place = one_in(make, 2) ? draw(make, 1000) : 0;
    probe.ms = draw(make, INT32_MAX) * 2;
    return probe;
}

static inline void random_probe(uint64_t seed, struct arena *arena, struct probe_facts *probe)
{
    struct maker make = {seed * 31, arena};
    *probe = make_probe(&make, make_name(&make), make_ip(&make));
}

static inline struct tlsa_facts make_tlsa(struct maker *make)
{
    struct tlsa_facts tlsa = {.lookup = make_lookup(make)};
    if (tlsa.lookup.status == DNS_NOT_ASKED)
        return tlsa;
    tlsa.base = make_name(make);
    tlsa.rr_count = draw(make, 4);
    tlsa.rrs = make_array(make, tlsa.rr_count, sizeof *tlsa.rrs);
    for (size_t i = 0; i < tlsa.rr_count; i++)
        tlsa.rrs[i] = (struct tlsa_rr){.usage = (uint8_t)draw(make, 5),
                                       .selector = (uint8_t)draw(make, 3),
                                       .matching = (uint8_t)draw(make, 4),
                                       .data = make_bytes(make, 64)};
    return tlsa;
}

static inline const struct host_facts *make_host(struct maker *make, const char *name)
{
    struct host_facts *host = make_array(make, 1, sizeof *host);
    *host = (struct host_facts){.host = name, .address = make_addresses(make), .tlsa = make_tlsa(make)};
    host->address.a.stale = one_in(make, 8);
    host->address.aaaa.stale = one_in(make, 8);
    if (make->state % 4 == 0) { /* without a draw: what follows stays as it was */
        struct host_before *before = make_array(make, 1, sizeof *before);
        host->asked = INT64_C(1769860800000) + (int64_t)(make->state % 100000);
        *before = (struct host_before){.address = host->address, .tlsa = host->tlsa};
        before->tlsa.rr_count -= before->tlsa.rr_count > 0;
        host->before = make->state % 8 == 0 ? before : NULL;
    }
    host->probe_count = host->address.ip_count - (host->address.ip_count > 0 && one_in(make, 4));
    host->probes = make_array(make, host->probe_count, sizeof *host->probes);
    for (size_t i = 0; i < host->probe_count; i++)
        host->probes[i] = make_probe(make, name, host->address.ips[i]);
    return host;
}

/* Makes MX hosts, whose names differ, as in an MX set. */
static inline void make_mx(struct maker *make, struct domain_facts *facts)
{
    facts->mx.lookup = make_lookup(make);
    facts->mx.lookup.ttl = 0;
    facts->mx.rr_count = facts->mx.lookup.status == DNS_ANSWERED ? 1 + draw(make, 4) : 0;
    facts->mx.rrs = make_array(make, facts->mx.rr_count, sizeof *facts->mx.rrs);
    for (size_t i = 0; i < facts->mx.rr_count; i++) {
        char *name = make_array(make, 300, 1);
        (void)snprintf(name, 300, "%zu.%s", i, make_name(make));
        facts->mx.rrs[i] = (struct mx_rr){(uint16_t)draw(make, 65536), one_in(make, 10) ? "." : name};
    }
    bool implicit = facts->mx.lookup.status == DNS_NODATA;
    facts->hosts = make_array(make, facts->mx.rr_count + 1, sizeof *facts->hosts);
    for (size_t i = 0; i < (implicit ? 1 : facts->mx.rr_count); i++) {
        const char *name = implicit ? facts->domain : facts->mx.rrs[i].host;
        if (strcmp(name, ".") == 0)
            continue;
        struct mx_host *host = &facts->hosts[facts->host_count++];
        *host = (struct mx_host){.host = name, .implicit = implicit};
        host->preference = implicit ? 0 : facts->mx.rrs[i].preference;
        host->address_literal = !implicit && one_in(make, 10);
        host->facts = host->address_literal || one_in(make, 10) ? NULL : make_host(make, name);
    }
}

/* Makes TXT records that are mostly good, so that the judgement goes as deep as it can. */
static inline struct txt_facts make_txt(struct maker *make, const char *good)
{
    struct txt_facts txt = {.lookup = make_lookup(make)};
    if (txt.lookup.status != DNS_ANSWERED)
        return txt;
    txt.rrs = make_texts(make, &txt.rr_count, 300);
    if (txt.rr_count > 0 && !one_in(make, 6))
        txt.rrs[0] = bytes_of(good);
    return txt;
}

/* Makes a name at which a TXT record is put by mistake: the lookup's status and chain, and what stands
 * there. */
static inline struct txt_facts make_place(struct maker *make)
{
    struct txt_facts txt = make_txt(make, "v=STSv1; id=1;");
    txt.lookup.ttl = 0;
    txt.lookup.security = DNSSEC_UNVALIDATED;
    return txt;
}

static inline struct near_miss_facts make_near_miss(struct maker *make)
{
    struct near_miss_facts found = {.address = {.status = 1 + draw(make, DNS_STATUS_COUNT - 1)}};
    found.apex = make_place(make);
    found.policy_host = make_place(make);
    found.underscore = make_place(make);
    found.wildcard = make_place(make);
    found.tlsrpt = make_place(make);
    return found;
}

static inline struct bytes make_body(struct maker *make)
{
    static const char *const bodies[] = {
        "version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmx: 0.h1.google.com\r\nmax_age: 604800\r\n",
        "version: STSv1\nmode: testing\nmx: *.mail.protection.outlook.com\nmax_age: 86400\n",
        "version: STSv1\nmode: none\nmax_age: 86400\n",
        "version: STSv1\nmode: enforce\nmx: *.h1.example.com\nmx: *.h2.example.com\nmax_age: 1\n\n",
    };
    return one_in(make, 4) ? make_bytes(make, one_in(make, 20) ? 65536 : 400)
                           : bytes_of(bodies[draw(make, sizeof bodies / sizeof *bodies)]);
}

static inline void make_fetch(struct maker *make, struct fetch_facts *fetch)
{
    bool whole = one_in(make, 2);
    fetch->not_tried = one_in(make, 8) ? draw(make, NOT_TRIED_COUNT) : TRIED;
    fetch->step = whole ? FETCH_DONE : draw(make, FETCH_STEP_COUNT);
    fetch->net = whole ? NET_OK : draw(make, NET_ERROR_COUNT);
    fetch->deadline = !whole && one_in(make, 4);
    fetch->too_large = !whole && one_in(make, 4);
    fetch->truncated = !whole && one_in(make, 4);
    fetch->flooded = !whole && one_in(make, 4);
    fetch->protocol = !whole && one_in(make, 4);
    fetch->http2 = !whole && one_in(make, 4);
    fetch->bad_length = !whole && one_in(make, 4);
    fetch->ip = make_ip(make);
    fetch->time = one_in(make, 2) ? INT64_C(1769860000000) + draw(make, 80000000) : 0;
    fetch->tls = make_tls(make);
    fetch->http_status = whole ? 200 : (int)draw(make, 600);
    fetch->redirect = make_optional(make, 60);
    fetch->media_type = one_in(make, 2) ? "text/plain" : make_optional(make, 60);
    fetch->signs = make_optional(make, 60);
    fetch->coding = make_optional(make, 60);
    fetch->decoding = one_in(make, 8) ? draw(make, FETCH_DECODING_COUNT) : FETCH_NOT_CODED;
    fetch->body = make_body(make);
    fetch->body_bytes = one_in(make, 10) ? 65537 + draw(make, 1000000) : 0;
    fetch->ms = draw(make, 100000);
    if (whole && one_in(make, 2)) {
        fetch->tls.end = TLS_DONE;
        fetch->tls.error_count = 0;
        fetch->tls.alert = -1;
    }
}

/* Makes looks at addresses of the hosts, others, and the policy host; some tell what the last look tells. */
static inline void make_looks(struct maker *make, struct domain_facts *facts)
{
    static const enum failure_code codes[] = {FAIL_NONE, FAIL_SMTP_STARTTLS_NOT_OFFERED, FAIL_SMTP_TLS_CLOSED,
                                              FAIL_POLICY_TCP_REFUSED, FAIL_SMTP_TLS_SELF_SIGNED};
    facts->one_look = one_in(make, 2);
    facts->look_count = one_in(make, 2) ? draw(make, 6) : 0;
    facts->looks = make_array(make, facts->look_count, sizeof *facts->looks);
    for (size_t i = 0; i < facts->look_count; i++) {
        struct look *look = &facts->looks[i];
        *look = (struct look){.host = make_name(make), .policy = one_in(make, 4), .ip = make_ip(make)};
        look->time = INT64_C(1769860000000) + draw(make, 800000);
        look->step = draw(make, look->policy ? (unsigned)FETCH_STEP_COUNT : (unsigned)SMTP_STEP_COUNT);
        look->code = codes[draw(make, sizeof codes / sizeof *codes)];
        look->dane = one_in(make, 4);
        look->hello_unanswered = make->state % 4 == 0; /* without a draw, as above */
        const struct host_facts *host = facts->host_count == 0 ? NULL : facts->hosts[0].facts;
        if (host == NULL || host->probe_count == 0 || one_in(make, 3))
            continue;
        look->host = host->host;
        look->ip = host->probes[draw(make, (unsigned)host->probe_count)].ip;
    }
}

/* Makes an earlier policy; it names all MX hosts or not, and may be over. */
static inline void make_cached(struct maker *make, struct domain_facts *facts)
{
    facts->cached = NULL;
    if (one_in(make, 3))
        return;
    struct cached_policy *cached = make_array(make, 1, sizeof *cached);
    *cached = (struct cached_policy){.id = one_in(make, 2) ? "20260101T000000" : "1"};
    cached->mode = one_in(make, 4) ? STS_MODE_ENFORCE + draw(make, 3) : STS_MODE_ENFORCE;
    cached->mx = make_names(make, &cached->mx_count);
    if (facts->host_count > 0 && !one_in(make, 4)) {
        cached->mx_count = facts->host_count;
        cached->mx = make_array(make, cached->mx_count, sizeof *cached->mx);
        for (size_t i = 0; i < cached->mx_count; i++)
            cached->mx[i] = facts->hosts[i].host;
    }
    cached->max_age = one_in(make, 8) ? draw(make, 1000) : 604800 + draw(make, 31000000);
    cached->fetched = facts->time - 1 - draw(make, 500000000);
    cached->since = one_in(make, 2) ? facts->time - 1 - draw(make, 86400000) : 0;
    facts->cached = cached;
}

static inline void random_domain(uint64_t seed, struct arena *arena, struct domain_facts *facts)
{
    struct maker maker = {seed * 7919, arena}, *make = &maker;
    *facts = (struct domain_facts){.ordinal = draw(make, INT32_MAX), .domain = make_name(make)};
    facts->unicode = make_optional(make, 60);
    facts->rank = draw(make, 3) * 1000;
    facts->label = make_optional(make, 200);
    facts->source = seed % 3 == 0 ? "list.csv" : NULL; /* without a draw: what follows stays as it was */
    facts->tld = "example";
    facts->psl_suffix = one_in(make, 3) ? NULL : make_name(make);
    const char *last = strrchr(facts->domain, '.');
    if (last != NULL && one_in(make, 2))
        facts->psl_suffix = last + 1;
    facts->is_public_suffix = one_in(make, 10);
    facts->time = INT64_C(1769860800000) + draw(make, 100000000);
    facts->ms = draw(make, 100000);
    facts->txt = make_txt(make, "v=STSv1; id=20260101T000000;");
    facts->tlsrpt = make_txt(make, "v=TLSRPTv1; rua=mailto:tls@example.com");
    if (one_in(make, 2))
        facts->near_miss = make_near_miss(make);
    make_mx(make, facts);
    facts->policy.fetch.tls.alert = -1;
    if (!one_in(make, 4)) {
        facts->policy.host = make_name(make);
        facts->policy.address = make_addresses(make);
        make_fetch(make, &facts->policy.fetch);
    }
    make_looks(make, facts);
    make_cached(make, facts);
}

#endif
