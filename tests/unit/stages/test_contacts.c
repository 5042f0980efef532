/* Contacts, of what a replay wants: whom, why, and in which form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "output/json/json.h"
#include "output/readback/facts_read.h"
#include "scanner/reach/contact.h"
#include "scanner/stages/contacts.h"
#include "scanner/stages/replay.h"
#include "scanner/verdict/verdict.h"

enum { CEILING = 16 << 20, MOST = 16, TEXT = 4096 };

static struct arena arena;
static struct optout *optout;

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, CEILING);
    optout = optout_create();
    return optout == NULL;
}

static int end(void **state)
{
    (void)state;
    arena_dispose(&arena);
    optout_destroy(optout);
    return 0;
}

/* ---- a domain as the names have it ---------------------------------------------------------------------- */

static struct ip_addr ip(const char *text)
{
    struct ip_addr address;
    assert_true(ip_parse(text, &address));
    return address;
}

struct domain {
    struct domain_facts facts;
    struct mx_host hosts[2];
    struct host_facts host_facts[2];
    struct probe_facts probes[2][2];
    struct ip_addr ips[2][3], policy_ips[2];
    struct tlsa_rr tlsa;
    struct bytes txt;
    struct look looks[3];
};

static const char *const cname = "alias.example";

/* Two MX hosts: a with three addresses of which two are looked at, b with one; and a policy host with two. */
static struct domain *make_domain(void)
{
    struct domain *made = arena_alloc(&arena, sizeof *made);
    static const char *const names[] = {"a.example", "b.example"};
    static const struct lookup_facts answered = {
        .status = DNS_ANSWERED, .security = DNSSEC_SECURE, .ttl = 60};
    made->facts = (struct domain_facts){.ordinal = 77,
                                        .domain = "d.example",
                                        .rank = 3,
                                        .label = "a customer",
                                        .tld = "example",
                                        .time = 1000000,
                                        .hosts = made->hosts,
                                        .host_count = 2};
    made->ips[0][0] = ip("192.0.2.1");
    made->ips[0][1] = ip("192.0.2.2");
    made->ips[0][2] = ip("2001:db8::1");
    made->ips[1][0] = ip("192.0.2.1");
    for (size_t i = 0; i < 2; i++) {
        struct host_facts *host = &made->host_facts[i];
        *host =
            (struct host_facts){.host = names[i],
                                .address = {.a = answered, .aaaa = answered, made->ips[i], i == 0 ? 3 : 1},
                                .probes = made->probes[i],
                                .probe_count = i == 0 ? 2 : 1};
        for (size_t j = 0; j < host->probe_count; j++)
            made->probes[i][j] = (struct probe_facts){
                .host = names[i], .ip = made->ips[i][j], .not_tried = NOT_TRIED_ELSEWHERE, .tls.alert = -1};
        made->hosts[i] = (struct mx_host){.host = names[i], .preference = 10, .facts = host};
    }
    made->facts.mx.lookup = answered;
    made->facts.policy.fetch.tls.alert = -1;
    return made;
}

static void add_policy(struct domain *made)
{
    made->txt = bytes_of("v=STSv1; id=1");
    made->facts.txt.lookup = (struct lookup_facts){.status = DNS_ANSWERED, .ttl = 60};
    made->facts.txt.rrs = &made->txt;
    made->facts.txt.rr_count = 1;
    made->policy_ips[0] = ip("192.0.2.9");
    made->policy_ips[1] = ip("192.0.2.10");
    made->facts.policy.host = "mta-sts.d.example";
    made->facts.policy.address =
        (struct address_facts){.a = {.status = DNS_ANSWERED}, .ips = made->policy_ips, .ip_count = 2};
    made->facts.policy.fetch.not_tried = NOT_TRIED_ELSEWHERE;
}

static void add_tlsa(struct domain *made)
{
    made->tlsa = (struct tlsa_rr){3, 1, 1, bytes_of("01234567890123456789012345678901")};
    made->host_facts[1].tlsa = (struct tlsa_facts){
        .lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE}, .base = "b.example", &made->tlsa, 1};
}

/* ---- what is made of it -------------------------------------------------------------------------------- */

struct taken {
    char text[TEXT]; /* "LABEL NAME IP, " each, with ! behind one that is opted out */
    struct contact list[MOST];
    size_t count;
};

static enum error take(void *arg, const struct contact *contact)
{
    struct taken *taken = arg;
    char text[IP_TEXT_BYTES];
    size_t used = strlen(taken->text);
    (void)snprintf(taken->text + used, TEXT - used, "%s%s %s %s%s", used > 0 ? ", " : "",
                   contact_label_name(contact->label), contact->name, ip_format(&contact->ip, text),
                   contact->opted_out ? "!" : "");
    taken->list[taken->count++] = *contact;
    return ERR_OK;
}

/* Makes the contacts of the first round. */
static void make(struct domain *made, struct taken *taken)
{
    static const struct replay_rules rules = {.retry_passes = 1, .max_addresses = 8};
    static const struct replay_source nothing = {.arg = NULL};
    struct judgement judgement;
    struct replay_end open;
    *taken = (struct taken){.count = 0};
    optout_finish(optout);
    assert_int_equal(replay(&made->facts, &rules, &nothing, &arena, &judgement, &open), ERR_OK);
    assert_int_equal(contacts_of_replay(&made->facts, &open, optout, &arena, take, taken), ERR_OK);
}

static void test_each_address_and_why(void **state)
{
    (void)state;
    struct taken taken;
    struct domain *made = make_domain();
    make(made, &taken);
    assert_string_equal(taken.text,
                        "all a.example 192.0.2.1, all a.example 192.0.2.2, all b.example 192.0.2.1");
    made = make_domain();
    add_tlsa(made);
    make(made, &taken);
    assert_string_equal(taken.text,
                        "all a.example 192.0.2.1, all a.example 192.0.2.2, tlsa b.example 192.0.2.1");
    made = make_domain();
    add_tlsa(made);
    add_policy(made);
    make(made, &taken);
    assert_string_equal(taken.text, "intent a.example 192.0.2.1, intent a.example 192.0.2.2, "
                                    "intent b.example 192.0.2.1, policy d.example 192.0.2.9");
}

static void test_an_earlier_policy_is_intent(void **state)
{
    (void)state;
    struct taken taken;
    struct cached_policy *cached = arena_alloc(&arena, sizeof *cached);
    struct domain *made = make_domain();
    made->facts.cached = cached;
    make(made, &taken);
    assert_memory_equal(taken.text, "intent a.example", 16);
}

/* What was left out for another reason, or was tried, is nobody's contact. */
static void test_elsewhere_alone(void **state)
{
    (void)state;
    struct taken taken;
    struct domain *made = make_domain();
    add_policy(made);
    made->probes[0][0].not_tried = NOT_TRIED_SPECIAL_ADDRESS;
    made->probes[0][1].not_tried = TRIED;
    made->hosts[1].facts = NULL;
    made->facts.policy.fetch.not_tried = NOT_TRIED_NO_ADDRESS;
    make(made, &taken);
    assert_string_equal(taken.text, "");
}

/* ---- who asked not to be contacted --------------------------------------------------------------------- */

static void test_opted_out(void **state)
{
    (void)state;
    static const struct {
        const char *domain, *prefix; /* that the list has */
        const char *text;
    } rows[] = {
        {"nobody.example", "198.51.100.0/24",
         "intent a.example 192.0.2.1, intent a.example 192.0.2.2, intent b.example 192.0.2.1, "
         "policy d.example 192.0.2.9"},
        {"a.example", NULL,
         "intent a.example 192.0.2.1!, intent a.example 192.0.2.2!, intent b.example 192.0.2.1, "
         "policy d.example 192.0.2.9"},
        {"alias.example", NULL,
         "intent a.example 192.0.2.1, intent a.example 192.0.2.2, intent b.example 192.0.2.1!, "
         "policy d.example 192.0.2.9"},
        {NULL, "192.0.2.1/32",
         "intent a.example 192.0.2.1!, intent a.example 192.0.2.2, intent b.example 192.0.2.1!, "
         "policy d.example 192.0.2.9"},
        {NULL, "192.0.2.9/32", /* one of two addresses */
         "intent a.example 192.0.2.1, intent a.example 192.0.2.2, intent b.example 192.0.2.1, "
         "policy d.example 192.0.2.9"},
        {NULL, "192.0.2.8/29",
         "intent a.example 192.0.2.1, intent a.example 192.0.2.2, intent b.example 192.0.2.1, "
         "policy d.example 192.0.2.9!"},
        {"mta-sts.d.example", NULL,
         "intent a.example 192.0.2.1, intent a.example 192.0.2.2, intent b.example 192.0.2.1, "
         "policy d.example 192.0.2.9!"},
        {"d.example", NULL, /* since the names were asked */
         "intent a.example 192.0.2.1!, intent a.example 192.0.2.2!, intent b.example 192.0.2.1!, "
         "policy d.example 192.0.2.9!"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct taken taken;
        struct ip_prefix prefix;
        struct domain *made = make_domain();
        add_policy(made);
        made->host_facts[1].address.a.cnames = (const char **)&cname;
        made->host_facts[1].address.a.cname_count = 1;
        optout_destroy(optout);
        optout = optout_create();
        if (rows[i].domain != NULL)
            assert_int_equal(optout_add_domain(optout, rows[i].domain), ERR_OK);
        if (rows[i].prefix != NULL) {
            assert_true(ip_prefix_parse(rows[i].prefix, &prefix));
            assert_int_equal(optout_add_prefix(optout, &prefix), ERR_OK);
        }
        make(made, &taken);
        if (strcmp(taken.text, rows[i].text) != 0)
            fail_msg("row %zu: %s", i, taken.text);
        for (size_t k = 0; k < taken.count; k++) {
            const struct domain_facts *facts = &taken.list[k].facts;
            enum not_tried reason = taken.list[k].opted_out ? NOT_TRIED_OPTOUT : NOT_TRIED_ELSEWHERE;
            assert_int_equal(taken.list[k].label == CONTACT_POLICY
                                 ? facts->policy.fetch.not_tried
                                 : facts->hosts[0].facts->probes[0].not_tried,
                             reason);
            assert_int_equal(contact_is_opted_out(facts), taken.list[k].opted_out); /* and probe sees it */
        }
    }
}

/* ---- lines --------------------------------------------------------------------------------------------- */

/* Writes the line, seals it, and reads it again. */
static void read_again(const struct contact *contact, enum contact_label label, struct domain_facts *facts)
{
    struct buf line, sealed, why;
    buf_init(&line, CEILING);
    buf_init(&sealed, CEILING);
    buf_init(&why, TEXT);
    assert_int_equal(contact_line(contact, &arena, &line), ERR_OK);
    assert_true(contact_seal(buf_bytes(&line), 12345, label, &sealed));
    assert_int_equal(sealed.data[sealed.len - 1], '\n');
    const struct bytes text = arena_bytes(&arena, bytes_make(sealed.data, sealed.len - 1));
    if (facts_read_domain(text, &arena, facts, &why) != ERR_OK)
        fail_msg("%s: %s", buf_string(&why), buf_string(&sealed));
    assert_int_equal(facts->ordinal, 12345);
    assert_string_equal(facts->label, contact_label_name(label));
    buf_dispose(&line);
    buf_dispose(&sealed);
    buf_dispose(&why);
}

static void test_line_of_a_host(void **state)
{
    (void)state;
    struct taken taken;
    struct domain_facts facts;
    struct domain *made = make_domain();
    add_tlsa(made);
    make(made, &taken);
    read_again(&taken.list[1], CONTACT_OVER, &facts);
    assert_string_equal(facts.domain, "a.example");
    assert_string_equal(facts.tld, "example");
    assert_true(facts.time == made->facts.time);
    assert_int_equal(facts.host_count, 1);
    assert_true(facts.hosts[0].implicit);
    assert_string_equal(facts.hosts[0].host, "a.example");
    const struct host_facts *host = facts.hosts[0].facts;
    assert_int_equal(host->address.ip_count, 3); /* all that the names found */
    assert_int_equal(host->address.a.status, DNS_ANSWERED);
    assert_int_equal(host->address.a.security, DNSSEC_SECURE);
    assert_int_equal(host->probe_count, 1);
    assert_true(ip_equal(&host->probes[0].ip, &made->ips[0][1]));
    assert_int_equal(host->probes[0].not_tried, NOT_TRIED_ELSEWHERE);
    assert_null(facts.policy.host);
    assert_int_equal(facts.txt.lookup.status, DNS_NOT_ASKED);
    read_again(&taken.list[2], CONTACT_TLSA, &facts);
    assert_int_equal(facts.hosts[0].facts->tlsa.rr_count, 1);
    assert_int_equal(facts.hosts[0].facts->tlsa.lookup.security, DNSSEC_SECURE);
    assert_string_equal(facts.hosts[0].facts->tlsa.base, "b.example");
}

static void test_line_of_a_policy(void **state)
{
    (void)state;
    struct taken taken;
    struct domain_facts facts;
    struct domain *made = make_domain();
    add_policy(made);
    make(made, &taken);
    read_again(&taken.list[3], CONTACT_POLICY, &facts);
    assert_string_equal(facts.domain, "d.example");
    assert_int_equal(facts.rank, 0);
    assert_int_equal(facts.host_count, 0);
    assert_string_equal(facts.policy.host, "mta-sts.d.example");
    assert_int_equal(facts.policy.address.ip_count, 2);
    assert_int_equal(facts.policy.fetch.not_tried, NOT_TRIED_ELSEWHERE);
    assert_int_equal(facts.txt.rr_count, 1);
    assert_true(bytes_equal(facts.txt.rrs[0], made->txt));
}

/* A name may hold quotes and what looks like a key of ours. */
static void test_a_name_that_looks_like_a_key(void **state)
{
    (void)state;
    struct taken taken;
    struct domain_facts facts;
    struct domain *made = make_domain();
    made->host_facts[1].host = "x\"label\":\"all\"\"ordinal\":0,.example";
    make(made, &taken);
    read_again(&taken.list[2], CONTACT_INTENT, &facts);
    assert_string_equal(facts.domain, made->host_facts[1].host);
}

static void test_seal_refuses_what_is_no_line(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "{}", "{\"ordinal\":0}", "{\"ordinal\":0,\"label\":\"",
                                        "\"label\":\"a\"\"ordinal\":0,"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf out;
        buf_init(&out, TEXT);
        assert_false(contact_seal(bytes_of(texts[i]), 1, CONTACT_ALL, &out));
        buf_dispose(&out);
    }
}

/* ---- a further round ------------------------------------------------------------------------------------ */

static void test_what_a_replay_wants(void **state)
{
    (void)state;
    struct taken taken = {.count = 0};
    struct domain_facts facts;
    struct domain *made = make_domain();
    add_policy(made);
    made->looks[0] = (struct look){.host = "a.example",
                                   .ip = made->ips[0][1],
                                   .time = 5000,
                                   .step = SMTP_STARTTLS,
                                   .code = FAIL_SMTP_STARTTLS_NOT_OFFERED,
                                   .hello_unanswered = true};
    made->looks[1] = (struct look){.host = "a.example",
                                   .ip = made->ips[0][0],
                                   .time = 5000,
                                   .step = SMTP_STARTTLS,
                                   .code = FAIL_SMTP_STARTTLS_NOT_OFFERED};
    made->looks[2] = (struct look){.host = "mta-sts.d.example",
                                   .policy = true,
                                   .ip = made->policy_ips[0],
                                   .time = 6000,
                                   .step = FETCH_TLS,
                                   .code = FAIL_POLICY_TLS_HANDSHAKE};
    struct replay_contact wanted[] = {{.host = 0, .ip = made->ips[0][1], .known = made->facts.hosts[0].facts},
                                      {.policy = true, .ip = made->policy_ips[1], .next = 1}};
    struct replay_end open = {
        .open = true,
        .contacts = wanted,
        .contact_count = 2,
        .looks = made->looks,
        .look_count = 3,
        .trouble = {.step = FETCH_CONNECT, .net = NET_TIMEOUT, .ip = made->policy_ips[0], .tls.alert = -1}};
    optout_finish(optout);
    assert_int_equal(contacts_of_replay(&made->facts, &open, optout, &arena, take, &taken), ERR_OK);
    assert_string_equal(taken.text, "intent a.example 192.0.2.2, policy d.example 192.0.2.10");
    read_again(&taken.list[0], CONTACT_INTENT, &facts);
    assert_int_equal(facts.look_count, 1);
    assert_true(facts.looks[0].hello_unanswered);
    assert_int_equal(facts.looks[0].code, FAIL_SMTP_STARTTLS_NOT_OFFERED);
    assert_true(ip_equal(&facts.looks[0].ip, &made->ips[0][1]));
    assert_int_equal(facts.hosts[0].facts->probes[0].not_tried, NOT_TRIED_ELSEWHERE);
    read_again(&taken.list[1], CONTACT_POLICY, &facts);
    assert_int_equal(facts.look_count, 1);
    assert_true(facts.looks[0].policy);
    assert_int_equal(facts.policy.address.ip_count, 1);
    assert_true(ip_equal(&facts.policy.address.ips[0], &made->policy_ips[1]));
    assert_int_equal(facts.policy.fetch.step, FETCH_CONNECT);
    assert_int_equal(facts.policy.fetch.net, NET_TIMEOUT);
    assert_int_equal(facts.policy.fetch.not_tried, TRIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_address_and_why, begin, end),
        cmocka_unit_test_setup_teardown(test_an_earlier_policy_is_intent, begin, end),
        cmocka_unit_test_setup_teardown(test_elsewhere_alone, begin, end),
        cmocka_unit_test_setup_teardown(test_opted_out, begin, end),
        cmocka_unit_test_setup_teardown(test_line_of_a_host, begin, end),
        cmocka_unit_test_setup_teardown(test_line_of_a_policy, begin, end),
        cmocka_unit_test_setup_teardown(test_a_name_that_looks_like_a_key, begin, end),
        cmocka_unit_test_setup_teardown(test_seal_refuses_what_is_no_line, begin, end),
        cmocka_unit_test_setup_teardown(test_what_a_replay_wants, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
