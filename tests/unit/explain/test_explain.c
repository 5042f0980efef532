/* What `check` prints, from hand-made facts: no row too wide, nothing unprintable, every outcome and code in
 * words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "output/explain/explain.h"
#include "output/explain/explain_page.h"
#include "scanner/sts/policy.h"

enum { CEILING = 1 << 20, NAME_LETTERS = 240, MARCH_2026 = 1772323200 };

static const char hostile[] = "\x1b[31m\xe2\x80\xae \\ \x07"
                              "line\r\nnext\xff";
static char long_name[NAME_LETTERS + 1];

/* A domain whose policy, MX host and certificate all say something unfriendly. */
struct world {
    struct bytes texts[1];
    const char *names[1];
    struct cert_facts cert;
    struct probe_facts probe;
    struct host_facts host;
    struct mx_rr rr;
    struct mx_host mx;
    struct domain_facts facts;
    struct ip_verdict ip;
    struct host_verdict verdict;
    const char *patterns[1];
    struct judgement judgement;
};

static void make_certificate(struct world *world)
{
    world->names[0] = long_name;
    world->cert = (struct cert_facts){.subject = "CN=mx",
                                      .issuer = "CN=issuer",
                                      .dns_names = world->names,
                                      .dns_name_count = 1,
                                      .not_before = MARCH_2026 - 86400,
                                      .not_after = MARCH_2026 + 86400};
    world->probe.tls = (struct tls_facts){
        .end = TLS_DONE, .version = 0x0304, .certs = &world->cert, .cert_count = 1, .alert = -1};
}

static void make_host(struct world *world)
{
    world->probe = (struct probe_facts){.host = "mx.example", .step = SMTP_QUIT, .end = SMTP_END_DONE};
    assert_true(ip_parse("192.0.2.25", &world->probe.ip));
    world->probe.greeting = bytes_make(hostile, sizeof hostile - 1);
    world->probe.ehlo = world->texts;
    world->probe.ehlo_count = 1;
    make_certificate(world);
    world->host = (struct host_facts){.host = "mx.example", .probes = &world->probe, .probe_count = 1};
    world->host.address =
        (struct address_facts){.a.status = DNS_ANSWERED, .ips = &world->probe.ip, .ip_count = 1};
    world->mx = (struct mx_host){.host = "mx.example", .preference = 10, .facts = &world->host};
    world->rr = (struct mx_rr){10, "mx.example"};
}

static void make_policy(struct world *world)
{
    struct policy_facts *policy = &world->facts.policy;
    policy->host = "mta-sts.example.org";
    policy->address = world->host.address;
    policy->fetch = (struct fetch_facts){.step = FETCH_DONE,
                                         .ip = world->probe.ip,
                                         .tls = world->probe.tls,
                                         .http_status = 200,
                                         .media_type = "text/\x1b[2Jplain",
                                         .body = bytes_make(hostile, sizeof hostile - 1)};
    world->patterns[0] = "mx.example";
    world->judgement.policy = (struct sts_policy){.parsed = true,
                                                  .mode = STS_MODE_ENFORCE,
                                                  .max_age = 604800,
                                                  .max_age_set = true,
                                                  .mx = world->patterns,
                                                  .mx_count = 1};
}

/* All as it should be, but for what peers wrote. */
static void make_world(struct world *world)
{
    memset(world, 0, sizeof *world);
    memset(long_name, 'n', NAME_LETTERS);
    world->texts[0] = bytes_make(hostile, sizeof hostile - 1);
    make_host(world);
    world->facts.domain = "example.org";
    world->facts.time = (int64_t)MARCH_2026 * 1000;
    world->facts.txt = (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = world->texts, .rr_count = 1};
    world->facts.tlsrpt.lookup.status = DNS_NXDOMAIN;
    world->facts.mx = (struct mx_facts){.lookup.status = DNS_ANSWERED, .rrs = &world->rr, .rr_count = 1};
    world->facts.hosts = &world->mx;
    world->facts.host_count = 1;
    world->verdict = (struct host_verdict){.policy_match = true, .ips = &world->ip, .ip_count = 1};
    world->judgement.hosts = &world->verdict;
    world->judgement.host_count = 1;
    world->judgement.outcome = OUTCOME_PROTECTED;
    world->judgement.tls = TLS_OUTCOME_ALL;
    strcpy(world->judgement.record.id, "20260301");
    make_policy(world);
}

/* Every row fits, and nothing but printable ASCII and line ends is there. */
static void assert_page(struct bytes text)
{
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        column = byte == '\n' ? 0 : column + 1;
        if (byte != '\n' && (byte < 0x20 || byte > 0x7e))
            fail_msg("byte %02x at %zu", byte, i);
        if (column > PAGE_COLUMNS)
            fail_msg("a row too wide before: %.*s", (int)(i + 1), (const char *)text.data);
    }
}

static void explain(struct buf *out, const struct world *world, bool verbose, bool colour)
{
    struct explain_style style = {.verbose = verbose, .colour = colour};
    buf_reset(out);
    assert_true(explain_domain(out, &world->facts, &world->judgement, &style));
    if (!colour)
        assert_page(buf_bytes(out));
}

static void assert_has(struct buf *out, const char *text)
{
    if (strstr(buf_string(out), text) == NULL)
        fail_msg("\"%s\" is not in:\n%s", text, buf_string(out));
}

/* The same, wherever the rows were folded. */
static void assert_says(struct buf *out, const char *text)
{
    char flat[8192];
    size_t len = 0;
    for (const char *c = buf_string(out); *c != 0 && len < sizeof flat - 1; c++) {
        char letter = *c == '\n' ? ' ' : *c;
        if (letter != ' ' || len == 0 || flat[len - 1] != ' ')
            flat[len++] = letter;
    }
    flat[len] = 0;
    if (strstr(flat, text) == NULL)
        fail_msg("\"%s\" is not said in:\n%s", text, flat);
}

static void assert_has_not(struct buf *out, const char *text)
{
    if (strstr(buf_string(out), text) != NULL)
        fail_msg("\"%s\" is in:\n%s", text, buf_string(out));
}

static void every_outcome_has_its_text(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    for (enum outcome outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++) {
        world.judgement.outcome = outcome;
        explain(&out, &world, true, false);
        char head[64];
        (void)snprintf(head, sizeof head, "example.org: %s - ", outcome_name(outcome));
        assert_ptr_equal(strstr(buf_string(&out), head), buf_string(&out));
        assert_true(strlen(explain_outcome(outcome)) > 40);
        for (enum outcome other = OUTCOME_NONE; other < outcome; other++)
            assert_string_not_equal(explain_outcome(outcome), explain_outcome(other));
    }
    buf_dispose(&out);
}

/* Each code alone: its name, who and how; whatever place it names fits on the page. */
static void every_code_is_explained(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, CEILING);
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        struct world world;
        make_world(&world);
        code_set_add(&world.judgement.codes, code);
        world.ip.code = code;
        if (failure_get(code)->stage == STAGE_MX)
            world.verdict.code = code;
        if (failure_get(code)->stage == STAGE_POLICY)
            world.judgement.policy_code = code;
        explain(&out, &world, true, false);
        char head[128];
        (void)snprintf(head, sizeof head, " %s\n    why    ", failure_name(code));
        if (code == FAIL_DANE_ABSENT || code == FAIL_DANE_INSECURE_MX || code == FAIL_DANE_INSECURE_ADDRESS) {
            assert_has_not(&out, head);
            continue;
        }
        assert_has(&out, head);
        assert_has(&out, failure_who_name(failure_get(code)->who));
        assert_has(&out, "\n    mend   ");
    }
    buf_dispose(&out);
}

static void colour_only_where_asked(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    explain(&out, &world, true, true);
    assert_has(&out, "\x1b[32mok\x1b[0m ");
    assert_has_not(&out, "\x1b[2J");
    explain(&out, &world, true, false);
    assert_has_not(&out, "\x1b");
    buf_dispose(&out);
}

static void evidence_only_with_verbose(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    explain(&out, &world, false, false);
    assert_has_not(&out, "evidence");
    assert_has_not(&out, "\\x1b");
    explain(&out, &world, true, false);
    assert_has(&out, "greeting: \\x1b[31m\\xe2\\x80\\xae \\x5c \\x07line\\x0d\\x0anext\\xff\n");
    assert_has(&out, "  1 \\x1b[31m\\xe2\\x80\\xae \\x5c \\x07line\n");
    assert_has(&out, "  2 next\\xff\n");
    buf_dispose(&out);
}

static void a_host_outside_the_policy_gets_its_line(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.patterns[0] = "*.elsewhere.example";
    world.verdict.code = FAIL_MX_NOT_IN_POLICY;
    world.judgement.outcome = OUTCOME_REFUSED;
    code_set_add(&world.judgement.codes, FAIL_MX_NOT_IN_POLICY);
    explain(&out, &world, false, false);
    assert_has(&out, "  FAIL     MX 10          mx.example: mx.not-in-policy");
    assert_has(&out, "*.elsewhere.example.\n    who ");
    assert_has(&out, "    add    mx: mx.example\n");
    assert_has(&out, "    write  _mta-sts.example.org. IN TXT\n           \"v=STSv1; id=20260301000000;\"\n");
    buf_dispose(&out);
}

/* TLS-4: the code says what a client that takes anything gets, the evidence shows both handshakes. */
static void both_handshakes_are_shown(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    struct tls_facts legacy = {
        .end = TLS_DONE, .version = 0x0303, .cipher = "TLS_A", .signature = "SHA1", .alert = -1};
    buf_init(&out, CEILING);
    make_world(&world);
    world.probe.end = SMTP_END_TLS;
    world.probe.tls = (struct tls_facts){.end = TLS_FAILED, .alert = 40, .error_text = "refused"};
    world.probe.legacy = &legacy;
    world.ip.code = FAIL_SMTP_TLS_SIGNATURE;
    code_set_add(&world.judgement.codes, FAIL_SMTP_TLS_SIGNATURE);
    explain(&out, &world, true, false);
    assert_says(
        &out, "refused (alert 40); a client that takes anything gets TLS 1.2 with TLS_A, signed with SHA1.");
    assert_has(&out, "        TLS failed, refused\n        once more, taking what is outdated:\n"
                     "        TLS 1.2 done, TLS_A\n");
    legacy.version = 0x0301; /* where SHA-1 is no choice of the server's */
    explain(&out, &world, true, false);
    assert_says(&out, "gets TLS 1.0 with TLS_A.");
    legacy.end = TLS_FAILED;
    explain(&out, &world, true, false);
    assert_says(&out, "refused (alert 40). who");
    buf_dispose(&out);
}

static void certificates_that_differ_name_their_host(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.verdict.certificates_differ = true;
    code_set_add(&world.judgement.codes, FAIL_MX_CERTIFICATES_DIFFER);
    explain(&out, &world, false, false);
    assert_has(&out, "  warning  mx.certificates-differ\n");
    assert_has(&out, "This is so of mx.example.");
    buf_dispose(&out);
}

/* DANE-1: the host that has none, of those that have addresses. */
/* TLS-7: what the first look found stands beside what the second found. */
static void looks_are_told(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    struct look looks[] = {{.host = "mx.example", .ip = world.probe.ip, .time = (int64_t)MARCH_2026 * 1000},
                           {.host = "mta-sts.example.org", .policy = true, .ip = world.probe.ip}};
    looks[0].code = FAIL_SMTP_STARTTLS_NOT_OFFERED;
    looks[0].step = SMTP_EHLO;
    looks[1].code = FAIL_POLICY_TCP_REFUSED;
    looks[1].step = FETCH_CONNECT;
    world.facts.looks = looks;
    world.facts.look_count = 2;
    code_set_add(&world.judgement.codes, FAIL_SMTP_INCONSISTENT);
    code_set_add(&world.judgement.codes, FAIL_POLICY_INCONSISTENT);
    explain(&out, &world, true, false);
    assert_says(&out, "An earlier look at 2026-03-01 00:00 UTC, mx.example [192.0.2.25]: "
                      "smtp.starttls.not-offered.");
    assert_says(&out, "mta-sts.example.org [192.0.2.25]: policy.tcp.refused.");
    assert_says(&out, "smtp.starttls.not-offered, step ehlo");
    assert_says(&out, "policy.tcp.refused, step connect");
    assert_has_not(&out, "rests on one look");
    buf_dispose(&out);
    world.judgement.outcome = OUTCOME_REFUSED;
    world.judgement.incomplete = world.judgement.one_look = true;
    world.facts.look_count = 0;
    buf_init(&out, CEILING);
    explain(&out, &world, false, false);
    assert_says(&out, "This rests on one look; a second may find something else.");
    assert_has_not(&out, "An earlier look");
    buf_dispose(&out);
}

static void a_host_without_tlsa_records_is_named(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    code_set_add(&world.judgement.codes, FAIL_DANE_NOT_ALL_HOSTS);
    world.verdict.dane = DANE_OUTCOME_PROTECTED;
    explain(&out, &world, false, false);
    assert_has(&out, "  warning  dane.not-all-hosts\n");
    assert_has_not(&out, "This is so of mx.example.");
    world.verdict.dane = DANE_OUTCOME_ABSENT;
    explain(&out, &world, false, false);
    assert_says(&out, "This is so of mx.example.");
    buf_dispose(&out);
}

/* TLS-3: an address has one code, and its certificate may have two faults. */
static void a_second_fault_of_a_certificate_has_its_place(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.ip.code = FAIL_SMTP_TLS_EXPIRED;
    code_set_add(&world.judgement.codes, FAIL_SMTP_TLS_EXPIRED);
    code_set_add(&world.judgement.codes, FAIL_SMTP_TLS_HOST_MISMATCH);
    world.probe.tls.name_match = true;
    explain(&out, &world, false, false);
    assert_says(&out, "does not carry its name. who");
    world.probe.tls.name_match = false;
    explain(&out, &world, false, false);
    assert_says(&out, "does not carry its name. At mx.example [");
    buf_dispose(&out);
}

/* EXO-1, EXO-3: who must pass, and what the service does as a sender by default. */
static void exchange_online_has_its_words(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    explain(&out, &world, false, false);
    assert_has_not(&out, "arrives");
    assert_says(&out, "By default a sender such as Exchange Online");
    world.judgement.exo = EXO_DIRECT;
    explain(&out, &world, false, false);
    assert_says(&out, "arrives at Exchange Online directly");
    world.judgement.exo = EXO_MIXED;
    world.judgement.exo_intermediary = "Mimecast";
    explain(&out, &world, false, false);
    assert_says(&out, "at Mimecast beside it");
    world.judgement.exo_in_front = true;
    explain(&out, &world, false, false);
    assert_says(&out, "through Mimecast in front of Exchange Online");
    world.verdict.code = FAIL_MX_NOT_IN_POLICY;
    code_set_add(&world.judgement.codes, FAIL_MX_NOT_IN_POLICY);
    world.judgement.exo_renamed = "contoso-com.o-v1.mx.microsoft";
    explain(&out, &world, false, false);
    assert_says(&out, "name the host itself,");
    assert_says(&out, "itself, contoso-com.o-v1.mx.microsoft.");
    buf_dispose(&out);
}

/* The same fault stops nobody where no policy is in force. */
static void without_a_policy_a_bad_host_is_a_warning(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.ip.code = FAIL_SMTP_TLS_EXPIRED;
    code_set_add(&world.judgement.codes, FAIL_SMTP_TLS_EXPIRED);
    explain(&out, &world, false, false);
    assert_has(&out, "  FAIL     smtp.tls.expired\n");
    assert_has(&out, "CN=issuer.\n    who ");
    world.judgement.record.code = FAIL_TXT_ABSENT;
    explain(&out, &world, false, false);
    assert_has(&out, "  warning  smtp.tls.expired\n");
    assert_has_not(&out, "FAIL");
    buf_dispose(&out);
}

/* What could not be looked up is never called absent. */
static void a_failed_lookup_is_unknown(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.facts.txt = (struct txt_facts){.lookup.status = DNS_SERVFAIL};
    world.facts.policy.host = NULL;
    world.judgement.record.code = FAIL_TXT_ABSENT;
    world.judgement.outcome = OUTCOME_UNKNOWN;
    code_set_add(&world.judgement.codes, FAIL_DNS_SERVFAIL);
    world.facts.mx.lookup.status = DNS_SERVFAIL;
    explain(&out, &world, false, false);
    assert_has(&out, "  unknown  record         could not be looked up (servfail)\n");
    assert_has(&out, "Asked for:\n           _mta-sts.example.org TXT, example.org MX.");
    assert_has(&out, "says nothing about the domain");
    buf_dispose(&out);
}

static void dane_says_what_to_publish(void **state)
{
    static const uint8_t data[32] = {0xDE, 0xAD};
    struct tlsa_rr rr = {.usage = 3, .selector = 1, .matching = 1, .data = {data, sizeof data}};
    struct world world;
    struct buf out;
    (void)state;
    buf_init(&out, CEILING);
    make_world(&world);
    memset(world.cert.spki_sha256, 0xAB, sizeof world.cert.spki_sha256);
    world.host.tlsa = (struct tlsa_facts){.base = "base.example", .rrs = &rr, .rr_count = 1};
    world.verdict.dane_applies = true;
    world.verdict.dane = world.judgement.dane = DANE_OUTCOME_REFUSED;
    world.ip.dane = FAIL_DANE_MISMATCH;
    code_set_add(&world.judgement.codes, FAIL_DANE_MISMATCH);
    explain(&out, &world, false, false);
    assert_says(&out, "mx.example (at base.example): 3 1 1 dead000000000000...");
    assert_has(&out, "FAIL     dane.mismatch");
    assert_has(&out, "_25._tcp.base.example. IN TLSA 3 1 1");
    assert_has(&out, "abababababababababababababababababababababababababababababababab");
    world.verdict.dane = world.judgement.dane = DANE_OUTCOME_PROTECTED;
    world.ip = (struct ip_verdict){.tlsa = 1};
    world.judgement.codes = (struct code_set){{0}};
    explain(&out, &world, false, false);
    assert_has(&out, "192.0.2.25 matches 3 1 1 dead000000000000...");
    assert_has_not(&out, "IN TLSA");
    buf_dispose(&out);
}

static void a_null_mx_wants_no_record(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.judgement.outcome = OUTCOME_NO_MAIL;
    world.judgement.host_count = 0;
    world.facts.host_count = 0;
    world.facts.txt = (struct txt_facts){.lookup.status = DNS_NXDOMAIN};
    code_set_add(&world.judgement.codes, FAIL_MX_NULL);
    code_set_add(&world.judgement.codes, FAIL_TXT_ABSENT);
    code_set_add(&world.judgement.codes, FAIL_TLSRPT_ABSENT);
    explain(&out, &world, false, false);
    assert_has(&out, "  ok       MX             a null MX: the domain says that it receives no mail\n");
    assert_has_not(&out, "txt.absent");
    assert_has_not(&out, "warning");
    assert_has_not(&out, "spelt right");
    buf_dispose(&out);
}

/* Whoever mistypes a name hears more than that it receives no mail. */
static void a_name_that_is_not_there_may_be_misspelt(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.judgement.outcome = OUTCOME_NO_MAIL;
    world.judgement.host_count = 0;
    world.facts.host_count = 0;
    world.facts.mx = (struct mx_facts){.lookup.status = DNS_NXDOMAIN};
    explain(&out, &world, false, false);
    assert_has(&out, "The DNS has no such name:");
    buf_reset(&out);
    world.facts.mx.lookup.status = DNS_NODATA;
    explain(&out, &world, false, false);
    assert_has_not(&out, "no such name");
    buf_dispose(&out);
}

/* A world with a second host, which is as good as the first but for its name. */
static void add_second_host(struct world *world, struct mx_host hosts[2], struct host_verdict verdicts[2],
                            struct mx_rr rrs[2], const char *name)
{
    hosts[0] = hosts[1] = world->mx;
    hosts[1].host = name;
    verdicts[0] = verdicts[1] = world->verdict;
    rrs[0] = world->rr;
    rrs[1] = (struct mx_rr){20, name};
    world->facts.mx.rrs = rrs;
    world->facts.mx.rr_count = world->facts.host_count = world->judgement.host_count = 2;
    world->facts.hosts = hosts;
    world->judgement.hosts = verdicts;
}

/* What is written as a policy holds no line that `lint policy` rejects, and who stands in none is said. */
static void a_policy_holds_only_names_that_it_can(void **state)
{
    static const char *const names[] = {
        "mx2.example", "mail_1.example", "a\\032b.example", "300.1.2.3",     "1.2.3",
        "1.2.3.4.5",   "-a.example",     "a-.example",      "a.example-",    "a--b.example",
        "*.example",   "a..example",     ".example",        "A.EXAMPLE",     "xn--exmple-cua.example",
        "mx.example.", "[192.0.2.1]",    "2001:db8::1",     "ipv6:1.example"};
    struct mx_host hosts[2];
    struct host_verdict verdicts[2];
    struct mx_rr rrs[2];
    struct world world;
    struct buf out;
    char text[128];
    (void)state;
    buf_init(&out, CEILING);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint32_t column = 0;
        bool is_good =
            names[i][0] != '*' && sts_policy_check_pattern(bytes_of(names[i]), &column) == FAIL_NONE;
        make_world(&world);
        world.verdict.policy_match = false;
        add_second_host(&world, hosts, verdicts, rrs, names[i]);
        world.judgement.policy_code = FAIL_POLICY_HTTP_STATUS;
        code_set_add(&world.judgement.codes, FAIL_POLICY_HTTP_STATUS);
        explain(&out, &world, false, false);
        (void)snprintf(text, sizeof text,
                       "           mode: testing\n           mx: mx.example\n%s%s%s           max_age",
                       is_good ? "           mx: " : "", is_good ? names[i] : "", is_good ? "\n" : "");
        assert_has(&out, text);
        if (is_good)
            assert_has_not(&out, "    rename ");
        else
            assert_has(&out, "    rename ");
    }
    buf_dispose(&out);
}

/* What a wildcard in force covers is not lost by lines that cannot name it; each wildcard is written once. */
static void a_wildcard_that_is_needed_stays(void **state)
{
    struct mx_host hosts[2];
    struct host_verdict verdicts[2];
    struct mx_rr rrs[2];
    struct world world;
    struct buf out;
    (void)state;
    buf_init(&out, CEILING);
    make_world(&world);
    world.patterns[0] = "*.example";
    add_second_host(&world, hosts, verdicts, rrs, "mail_1.example");
    code_set_add(&world.judgement.codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT);
    explain(&out, &world, false, false);
    assert_has(&out, "           mode: enforce\n           mx: mx.example\n           mx: *.example\n"
                     "           max_age: 604800\n");
    assert_has_not(&out, "    rename ");
    hosts[0].host = rrs[0].host = "mail_0.EXAMPLE";
    explain(&out, &world, false, false);
    assert_has(&out, "           mode: enforce\n           mx: *.EXAMPLE\n           max_age: 604800\n");
    buf_dispose(&out);
}

static void a_line_is_added_only_where_it_can_be(void **state)
{
    struct mx_host hosts[2];
    struct host_verdict verdicts[2];
    struct mx_rr rrs[2];
    struct world world;
    struct buf out;
    (void)state;
    buf_init(&out, CEILING);
    make_world(&world);
    world.verdict.policy_match = false;
    world.verdict.code = FAIL_MX_NOT_IN_POLICY;
    add_second_host(&world, hosts, verdicts, rrs, "mail_1.example");
    code_set_add(&world.judgement.codes, FAIL_MX_NOT_IN_POLICY);
    code_set_add(&world.judgement.codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT);
    explain(&out, &world, false, false);
    assert_has(&out, "    add    mx: mx.example\n");
    assert_has_not(&out, "mx: mail_1.example");
    assert_says(&out, " rename mail_1.example: a policy cannot hold this name");
    const char *first = strstr(buf_string(&out), "    rename ");
    assert_null(strstr(first + 1, "    rename "));
    buf_dispose(&out);
}

/* RFC 7505: a root among hosts names none that could be looked at, or written down. */
static void a_root_among_hosts_is_no_host(void **state)
{
    struct mx_rr rrs[] = {{0, "."}, {10, "mx.example"}, {20, "mx2.example"}};
    struct world world;
    struct buf out;
    (void)state;
    buf_init(&out, CEILING);
    make_world(&world);
    world.facts.mx.rrs = rrs;
    world.facts.mx.rr_count = 2;
    world.judgement.policy_code = FAIL_POLICY_HTTP_STATUS;
    code_set_add(&world.judgement.codes, FAIL_POLICY_HTTP_STATUS);
    explain(&out, &world, false, false);
    assert_has_not(&out, "were not looked at");
    assert_has_not(&out, "one such line");
    assert_has(&out, "           mx: mx.example\n");
    world.facts.mx.rr_count = 3;
    explain(&out, &world, false, false);
    assert_has(&out, "1 further MX records were not looked at");
    assert_has(&out, "           mx: (one such line for each further MX host)\n");
    buf_dispose(&out);
}

static void a_finding_has_its_place(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    buf_init(&out, CEILING);
    make_world(&world);
    world.judgement.policy_code = FAIL_POLICY_SYNTAX_LINE;
    world.judgement.policy.findings.list[0] =
        (struct finding){.code = FAIL_POLICY_SYNTAX_LINE, .line = 3, .column = 5, .detail = "mode enforce"};
    world.judgement.policy.findings.count = 1;
    code_set_add(&world.judgement.codes, FAIL_POLICY_SYNTAX_LINE);
    explain(&out, &world, false, false);
    assert_has(&out, "Line 3, column 5: mode");
    assert_has(&out, "    serve  https://mta-sts.example.org/.well-known/mta-sts.txt:\n"
                     "           version: STSv1\n           mode: testing\n           mx: mx.example\n"
                     "           max_age: 604800\n    mode   testing, until every MX host is seen");
    buf_dispose(&out);
}

/* A policy with enforce is written only if senders enforce today and every MX host is known to pass; none is
 * written if it could not be determined what they meet. */
static void enforce_is_written_only_where_it_works(void **state)
{
    static const struct {
        enum outcome outcome;
        bool incomplete;
        enum failure_code policy;
        enum sts_mode published;
        const char *mode; /* NULL: nothing is written */
    } cases[] = {
        {OUTCOME_PROTECTED, false, FAIL_NONE, STS_MODE_ENFORCE, "enforce"},
        {OUTCOME_PROTECTED, true, FAIL_NONE, STS_MODE_ENFORCE, NULL},
        {OUTCOME_PARTIAL, false, FAIL_NONE, STS_MODE_ENFORCE, "testing"},
        {OUTCOME_REFUSED, false, FAIL_NONE, STS_MODE_ENFORCE, "testing"},
        {OUTCOME_UNKNOWN, false, FAIL_NONE, STS_MODE_ENFORCE, NULL},
        {OUTCOME_UNKNOWN, false, FAIL_POLICY_TCP_TIMEOUT, STS_MODE_UNSET, NULL},
        {OUTCOME_BROKEN, false, FAIL_POLICY_SYNTAX_LINE, STS_MODE_ENFORCE, "testing"},
        {OUTCOME_BROKEN, false, FAIL_POLICY_HTTP_STATUS, STS_MODE_UNSET, "testing"},
        {OUTCOME_TESTING, false, FAIL_NONE, STS_MODE_TESTING, "testing"},
        {OUTCOME_ABSENT, false, FAIL_NONE, STS_MODE_UNSET, "testing"},
    };
    (void)state;
    struct world world;
    struct buf out;
    char text[64];
    buf_init(&out, CEILING);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_world(&world);
        world.judgement.outcome = cases[i].outcome;
        world.judgement.incomplete = cases[i].incomplete;
        world.judgement.policy_code = cases[i].policy;
        world.judgement.policy.mode = cases[i].published;
        code_set_add(&world.judgement.codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT);
        explain(&out, &world, false, false);
        (void)snprintf(text, sizeof text, "           mode: %s\n",
                       cases[i].mode == NULL ? "" : cases[i].mode);
        if (cases[i].mode != NULL)
            assert_has(&out, text);
        else
            assert_has_not(&out, "    serve ");
        bool is_lowered = cases[i].mode != NULL && cases[i].published == STS_MODE_ENFORCE &&
                          strcmp(cases[i].mode, "testing") == 0;
        if (is_lowered)
            assert_has(&out, "    mode   testing, until every MX host is seen");
        else
            assert_has_not(&out, "    mode   ");
    }
    buf_dispose(&out);
}

static void a_full_page_is_said(void **state)
{
    (void)state;
    struct world world;
    struct buf out;
    struct explain_style style = {.verbose = true};
    buf_init(&out, 256);
    make_world(&world);
    assert_false(explain_domain(&out, &world.facts, &world.judgement, &style));
    buf_dispose(&out);
}

/* Mail that is lost by a policy that is published no more is said before all else. */
static void a_cached_policy_comes_first(void **state)
{
    static const char *mx[] = {"old.example", hostile};
    static enum failure_code codes[] = {FAIL_MX_NOT_IN_POLICY};
    static struct cached_policy cached = {.id = "1",
                                          .mode = STS_MODE_ENFORCE,
                                          .mx = mx,
                                          .mx_count = 2,
                                          .max_age = 604800,
                                          .fetched = INT64_C(1000) * MARCH_2026};
    static const char *const words[] = {
        "they find no record any more (seen first on 2026-03-02)",
        "last fetched on 2026-03-01, mode enforce, mx: old.example, \\x1b[31m",
        "has it until 2026-03-08",
        "nobody has it after 2026-03-09",
        "By that policy fails: mx.example (mx.not-in-policy) ",
        "This rests on one look",
        "mend Publish a policy that the MX hosts pass",
    };
    struct world world;
    struct buf out;
    (void)state;
    buf_init(&out, CEILING);
    make_world(&world);
    world.facts.cached = &cached;
    world.judgement.outcome = OUTCOME_ABSENT;
    world.judgement.cached = (struct cached_verdict){.found = CACHED_NO_RECORD,
                                                     .would_be = {OUTCOME_REFUSED, true, codes, 1},
                                                     .since = INT64_C(1000) * (MARCH_2026 + 86400),
                                                     .sure_until = INT64_C(1000) * (MARCH_2026 + 604800),
                                                     .none_after = INT64_C(1000) * (MARCH_2026 + 691200)};
    explain(&out, &world, false, false);
    assert_has_not(&out, "MAIL IS LOST");
    code_set_add(&world.judgement.codes, FAIL_CACHED_REFUSED);
    code_set_add(&world.judgement.codes, FAIL_TXT_ABSENT);
    explain(&out, &world, false, false);
    assert_ptr_equal(strstr(buf_string(&out), "example.org: MAIL IS LOST TODAY: "), buf_string(&out));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        assert_says(&out, words[i]);
    const char *first = strstr(buf_string(&out), "FAIL     cached.refused"),
               *other = strstr(buf_string(&out), "  txt.absent");
    assert_true(first != NULL && other != NULL && first < other);
    for (enum cached_found found = CACHED_NONE; found < CACHED_FOUND_COUNT; found++) {
        world.judgement.cached.found = found; /* whatever was found, it is said */
        explain(&out, &world, true, false);
    }
    buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_outcome_has_its_text),
        cmocka_unit_test(every_code_is_explained),
        cmocka_unit_test(a_cached_policy_comes_first),
        cmocka_unit_test(colour_only_where_asked),
        cmocka_unit_test(evidence_only_with_verbose),
        cmocka_unit_test(a_host_outside_the_policy_gets_its_line),
        cmocka_unit_test(both_handshakes_are_shown),
        cmocka_unit_test(certificates_that_differ_name_their_host),
        cmocka_unit_test(looks_are_told),
        cmocka_unit_test(a_host_without_tlsa_records_is_named),
        cmocka_unit_test(a_second_fault_of_a_certificate_has_its_place),
        cmocka_unit_test(exchange_online_has_its_words),
        cmocka_unit_test(without_a_policy_a_bad_host_is_a_warning),
        cmocka_unit_test(a_failed_lookup_is_unknown),
        cmocka_unit_test(dane_says_what_to_publish),
        cmocka_unit_test(a_null_mx_wants_no_record),
        cmocka_unit_test(a_name_that_is_not_there_may_be_misspelt),
        cmocka_unit_test(a_policy_holds_only_names_that_it_can),
        cmocka_unit_test(a_wildcard_that_is_needed_stays),
        cmocka_unit_test(a_line_is_added_only_where_it_can_be),
        cmocka_unit_test(a_root_among_hosts_is_no_host),
        cmocka_unit_test(a_finding_has_its_place),
        cmocka_unit_test(enforce_is_written_only_where_it_works),
        cmocka_unit_test(a_full_page_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
