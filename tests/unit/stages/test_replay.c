/*
 * A domain's way through the rounds of a plan: what each round finds, what is open after it, and what the
 * record comes to. The domain is "example" with MX hosts a and b of two addresses each (a row says of which
 * the names know) and a policy host of three addresses.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/facts/part.h"
#include "scanner/facts/record_names.h"
#include "scanner/stages/replay.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAMES_MS     INT64_C(1800000000000)

enum { DAY = 86400, HOUR_MS = 3600000, ROUNDS = 8, CONTACTS = 4, POLICY_IPS = 3, TEXT_BYTES = 64 };

/*
 * What comes of a contact, a letter a round: G good, M no STARTTLS, T a 421, R STARTTLS refused for good,
 * e it says elsewhere, d the address was known as silent, - nothing. Of the policy: E it enforces, r refused,
 * R refused and the next address is another part's, s silent, n no route, e no address is this part's, -. O
 * in front of a contact: the names left it alone.
 */
struct script {
    const char *contacts[CONTACTS]; /* a1, a2, b1, b2; NULL: the names do not know the address */
    const char *policy;
    const char *tlsa[CONTACTS]; /* which records were found anew, by round: 1, 2, 0 none, f the lookup failed,
                                   + the host has another address (9), - nothing was asked anew */
    const char *parts;          /* of each round, a digit; NULL: 1 */
    int64_t retries;
    uint32_t rounds;
    bool dane;
};

struct world {
    const struct script *script;
    struct arena arena;
    struct cert_facts leaf, policy_leaf;
    struct tlsa_rr tlsa[2];
    struct bytes txt;
    struct domain_facts facts;
    uint32_t parts[ROUNDS];
    struct replay_rules rules;
    struct judgement judgement;
    struct replay_end end;
    unsigned stopped; /* how often a part stopped in this pass */
};

static const char *const host_names[] = {"a.example", "b.example"};

static struct ip_addr address(unsigned number)
{
    return ip_v4((const uint8_t[]){192, 0, 2, (uint8_t)number});
}

static struct ip_addr address_of(unsigned contact)
{
    return address(10 * (contact / 2 + 1) + contact % 2 + 1); /* a1 is 192.0.2.11 */
}

static struct ip_addr policy_address(unsigned index)
{
    return address(101 + index);
}

/* ---- the names ----------------------------------------------------------------------------------------- */

static struct tlsa_facts records(struct world *world, char which)
{
    struct tlsa_facts facts = {.lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE}};
    facts.rrs = which == '2' ? &world->tlsa[1] : &world->tlsa[0];
    facts.rr_count = 1;
    if (which == '0')
        facts = (struct tlsa_facts){.lookup = {.status = DNS_NODATA, .security = DNSSEC_SECURE}};
    return facts;
}

static struct probe_facts elsewhere(const char *host, const struct ip_addr *ip)
{
    struct probe_facts probe = {.host = host, .ip = *ip, .not_tried = NOT_TRIED_ELSEWHERE};
    probe.tls.alert = -1;
    return probe;
}

static void make_host(struct world *world, unsigned index)
{
    struct domain_facts *facts = &world->facts;
    struct host_facts *host = arena_alloc(&world->arena, sizeof *host);
    enum dns_security security = world->script->dane ? DNSSEC_SECURE : DNSSEC_INSECURE;
    *host = (struct host_facts){.host = host_names[index]};
    host->address.a = (struct lookup_facts){.status = DNS_ANSWERED, .security = security};
    host->address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .security = security};
    host->address.ips = arena_array(&world->arena, 2, sizeof *host->address.ips);
    host->probes = arena_array(&world->arena, 2, sizeof *host->probes);
    for (unsigned i = 2 * index; i < 2 * index + 2; i++) {
        if (world->script->contacts[i] == NULL)
            continue;
        struct ip_addr ip = address_of(i);
        host->address.ips[host->address.ip_count++] = ip;
        host->probes[host->probe_count] = elsewhere(host->host, &ip);
        if (world->script->contacts[i][0] == 'O')
            host->probes[host->probe_count].not_tried = NOT_TRIED_OFF;
        host->probe_count++;
    }
    if (world->script->dane)
        host->tlsa = records(world, '1');
    if (host->probe_count == 0)
        return;
    facts->mx.rrs[facts->mx.rr_count++] = (struct mx_rr){.preference = 10, .host = host->host};
    facts->hosts[facts->host_count++] = (struct mx_host){.host = host->host, .preference = 10, .facts = host};
}

/* Looks for a seed by which no two neighbours among the policy host's addresses are of one part of two. */
static uint64_t alternating(void)
{
    for (uint64_t seed = 1;; seed++) {
        struct ip_addr ips[] = {policy_address(0), policy_address(1), policy_address(2)};
        if (part_of(&ips[0], seed, 2) != part_of(&ips[1], seed, 2) &&
            part_of(&ips[1], seed, 2) != part_of(&ips[2], seed, 2))
            return seed;
    }
}

static void make_policy_host(struct world *world)
{
    struct policy_facts *policy = &world->facts.policy;
    policy->host = "mta-sts.example";
    policy->address.a.status = DNS_ANSWERED;
    policy->address.aaaa.status = DNS_NODATA;
    policy->address.ips = arena_array(&world->arena, POLICY_IPS, sizeof *policy->address.ips);
    policy->address.ip_count = POLICY_IPS;
    for (unsigned i = 0; i < POLICY_IPS; i++)
        policy->address.ips[i] = policy_address(i);
    policy->fetch = (struct fetch_facts){.not_tried = NOT_TRIED_ELSEWHERE, .ip = policy_address(0)};
    policy->fetch.tls.alert = -1;
}

static void make_world(struct world *world, const struct script *script)
{
    struct domain_facts *facts = &world->facts;
    *world = (struct world){.script = script};
    arena_init(&world->arena, 4 << 20);
    world->leaf = (struct cert_facts){.spki_sha256 = {7}, .not_after = NAMES_MS / 1000 + 60 * DAY};
    world->policy_leaf = world->leaf;
    world->tlsa[0] = (struct tlsa_rr){3, 1, 1, bytes_make(world->leaf.spki_sha256, 32)};
    world->tlsa[1] = (struct tlsa_rr){3, 1, 1, bytes_make(world->leaf.spki_sha512, 32)};
    world->txt = bytes_of("v=STSv1; id=1;");
    *facts = (struct domain_facts){.ordinal = 1, .domain = "example", .time = NAMES_MS};
    facts->txt = (struct txt_facts){.lookup = {.status = DNS_ANSWERED}, .rrs = &world->txt, .rr_count = 1};
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
    facts->mx.lookup = (struct lookup_facts){.status = DNS_ANSWERED,
                                             .security = script->dane ? DNSSEC_SECURE : DNSSEC_INSECURE};
    facts->mx.rrs = arena_array(&world->arena, 2, sizeof *facts->mx.rrs);
    facts->hosts = arena_array(&world->arena, 2, sizeof *facts->hosts);
    make_policy_host(world);
    for (unsigned i = 0; i < 2; i++)
        make_host(world, i);
    const char *parts = script->parts == NULL ? "1" : script->parts;
    for (unsigned i = 0; i < ROUNDS; i++)
        world->parts[i] = (uint32_t)(parts[i < strlen(parts) ? i : strlen(parts) - 1] - '0');
    world->rules = (struct replay_rules){.retry_passes = script->retries,
                                         .max_addresses = 4,
                                         .seed = alternating(),
                                         .parts = world->parts,
                                         .rounds = script->rounds};
}

/* ---- what comes of contacts ---------------------------------------------------------------------------- */

static char letter(const char *letters, uint32_t round)
{
    letters += letters != NULL && letters[0] == 'O';
    return letters == NULL || strlen(letters) < round ? '-' : letters[round - 1];
}

static struct probe_facts probe_of(struct world *world, char seen, uint32_t round)
{
    struct probe_facts probe = {.step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED, .reply_code = 250};
    probe.time = NAMES_MS + round * (int64_t)HOUR_MS;
    probe.pass = round;
    probe.tls.alert = -1;
    if (seen == 'G') {
        probe.step = SMTP_QUIT;
        probe.end = SMTP_END_DONE;
        probe.starttls_offered = true;
        probe.tls = (struct tls_facts){.end = TLS_DONE, .version = 0x0304, .alert = -1, .name_match = true};
        probe.tls.time = probe.time;
        probe.tls.certs = &world->leaf;
        probe.tls.cert_count = 1;
    } else if (seen == 'T') {
        probe.step = SMTP_GREETING;
        probe.end = SMTP_END_REPLY;
        probe.reply_code = 421;
    } else if (seen == 'R') {
        probe.step = SMTP_STARTTLS;
        probe.end = SMTP_END_REPLY;
        probe.reply_code = 502;
    } else if (seen != 'M') {
        probe.not_tried = seen == 'e' ? NOT_TRIED_ELSEWHERE : NOT_TRIED_DEAD;
    }
    return probe;
}

static struct host_facts *lookups_of(struct world *world, unsigned contact, char which, uint32_t round)
{
    struct host_facts *host = arena_alloc(&world->arena, sizeof *host);
    *host = (struct host_facts){.host = host_names[contact / 2],
                                .tlsa = records(world, which == '+' || which == 'f' ? '1' : which)};
    host->asked = NAMES_MS + round * (int64_t)HOUR_MS + contact;
    host->address.a = (struct lookup_facts){.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
    host->address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .security = DNSSEC_SECURE};
    host->address.ips = arena_array(&world->arena, 2, sizeof *host->address.ips);
    for (unsigned i = contact / 2 * 2; which != '+' && which != 'f' && i < contact / 2 * 2 + 2; i++)
        if (world->script->contacts[i] != NULL)
            host->address.ips[host->address.ip_count++] = address_of(i);
    if (which == '+')
        host->address.ips[host->address.ip_count++] = address(9);
    if (which == 'f') {
        host->address.a.status = host->address.aaaa.status = DNS_SERVFAIL;
        host->tlsa = (struct tlsa_facts){.rr_count = 0};
    }
    return host;
}

static enum error find_host(void *arg, const char *host, const struct ip_addr *ip, uint32_t round,
                            struct replay_look *look)
{
    struct world *world = arg;
    struct ip_addr other = address(9);
    for (unsigned i = 0; i < CONTACTS; i++) {
        struct ip_addr known = address_of(i);
        char seen = letter(world->script->contacts[i], round);
        bool is_it = ip_equal(ip, &known) || (ip_equal(ip, &other) && i == 1);
        if (!is_it || seen == '-' || strcmp(host, host_names[i / 2]) != 0)
            continue;
        char anew = letter(world->script->tlsa[i], round);
        struct probe_facts *probe = arena_alloc(&world->arena, sizeof *probe);
        *probe = probe_of(world, seen, round);
        probe->ip = *ip;
        *look = (struct replay_look){.probe = anew == '+' || anew == 'f' ? NULL : probe};
        if (anew != '-')
            look->lookups = lookups_of(world, i, anew, round);
        return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

static enum error find_policy(void *arg, const char *domain, uint32_t round, struct policy_facts *policy)
{
    struct world *world = arg;
    char seen = letter(world->script->policy, round);
    assert_string_equal(domain, "example");
    if (seen == '-')
        return ERR_NOT_FOUND;
    *policy = (struct policy_facts){.host = "mta-sts.example"};
    struct fetch_facts *fetch = &policy->fetch;
    *fetch = (struct fetch_facts){.step = FETCH_CONNECT, .ip = policy_address(0), .tls.alert = -1};
    fetch->time = NAMES_MS + round * (int64_t)HOUR_MS;
    if (seen == 'r' || seen == 's' || seen == 'R') {
        fetch->net = seen == 's' ? NET_TIMEOUT : NET_REFUSED;
        fetch->not_tried = seen == 'R' ? NOT_TRIED_ELSEWHERE : TRIED;
        world->stopped = seen == 'R' ? world->stopped + 1 : 0;
        policy->address.ips = world->facts.policy.address.ips + world->stopped;
        policy->address.ip_count = POLICY_IPS - world->stopped;
    } else if (seen == 'e' || seen == 'n') {
        fetch->not_tried = seen == 'e' ? NOT_TRIED_ELSEWHERE : NOT_TRIED_NO_ROUTE;
        fetch->step = FETCH_NONE;
    } else {
        fetch->step = FETCH_DONE;
        fetch->http_status = 200;
        fetch->media_type = "text/plain";
        fetch->tls = (struct tls_facts){.end = TLS_DONE, .version = 0x0304, .alert = -1, .name_match = true};
        fetch->tls.time = fetch->time;
        fetch->tls.certs = &world->policy_leaf;
        fetch->tls.cert_count = 1;
        fetch->body = bytes_of("version: STSv1\nmode: enforce\nmx: *.example\nmax_age: 604800\n");
    }
    return ERR_OK;
}

static void run(struct world *world)
{
    const struct replay_source source = {world, find_host, find_policy};
    assert_int_equal(
        replay(&world->facts, &world->rules, &source, &world->arena, &world->judgement, &world->end), ERR_OK);
}

/* Writes what is open: "a11 b21 p101/0" with the last number of each address and the policy's index. */
static const char *told(const struct world *world, char text[TEXT_BYTES])
{
    size_t len = 0;
    text[0] = 0;
    for (size_t i = 0; i < world->end.contact_count; i++) {
        const struct replay_contact *contact = &world->end.contacts[i];
        const char *host = contact->policy ? "p" : world->facts.hosts[contact->host].host;
        len += (size_t)snprintf(text + len, TEXT_BYTES - len, "%s%c%u", i > 0 ? " " : "", host[0],
                                contact->ip.bytes[3]);
        if (contact->policy)
            len += (size_t)snprintf(text + len, TEXT_BYTES - len, "/%zu", contact->next);
    }
    return text;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

struct row {
    const char *name;
    struct script script;
    enum outcome outcome;
    const char *open; /* "" for none */
    uint32_t pass;
    size_t looks; /* in the record */
    bool one_look;
    enum failure_code has; /* FAIL_NONE: none is asked for */
};

#include "tests/unit/stages/cases_replay.h"

static void check_row(const struct row *row)
{
    struct world world;
    char text[TEXT_BYTES];
    make_world(&world, &row->script);
    run(&world);
    bool right = world.judgement.outcome == row->outcome && strcmp(told(&world, text), row->open) == 0 &&
                 world.end.open == (row->open[0] != 0) && world.end.pass == row->pass &&
                 world.facts.look_count == row->looks && world.judgement.one_look == row->one_look &&
                 (row->has == FAIL_NONE || code_set_has(&world.judgement.codes, row->has));
    if (!right)
        fail_msg("%s: %s, open \"%s\", pass %u, looks %zu, one look %d, has the code %d", row->name,
                 outcome_name(world.judgement.outcome), text, world.end.pass, world.facts.look_count,
                 world.judgement.one_look, code_set_has(&world.judgement.codes, row->has));
    arena_dispose(&world.arena);
}

static void test_rounds_come_to_what_passes_would(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check_row(&rows[i]);
}

static void test_looks_go_into_the_next_round(void **state)
{
    static const struct script script = {{"M"}, "E", .rounds = 1, .retries = 1};
    struct world world;
    (void)state;
    make_world(&world, &script);
    run(&world);
    assert_int_equal(world.end.look_count, 2); /* that of the policy, which passed, as well */
    assert_string_equal(world.end.looks[0].host, "a.example");
    assert_int_equal(world.end.looks[0].code, FAIL_SMTP_STARTTLS_NOT_OFFERED);
    assert_int_equal(world.end.looks[0].time, NAMES_MS + HOUR_MS);
    assert_true(world.end.looks[1].policy);
    arena_dispose(&world.arena);
}

static void test_the_worst_trouble_goes_into_the_next_round(void **state)
{
    static const struct script script = {{"G"}, "R", .parts = "2", .rounds = 1};
    struct world world;
    (void)state;
    make_world(&world, &script);
    run(&world);
    assert_int_equal(world.end.trouble.net, NET_REFUSED);
    assert_int_equal(world.end.trouble.not_tried, NOT_TRIED_ELSEWHERE);
    assert_int_equal(world.facts.policy.fetch.not_tried, NOT_TRIED_ELSEWHERE);
    arena_dispose(&world.arena);
}

static void test_what_the_names_found_is_kept_beside_what_was_found_anew(void **state)
{
    static const struct script script = {{"G", "G"}, "E", {"2", "2"}, .rounds = 1, .dane = true};
    struct world world;
    (void)state;
    make_world(&world, &script);
    run(&world);
    const struct host_facts *host = world.facts.hosts[0].facts;
    assert_int_equal(host->asked, NAMES_MS + HOUR_MS + 1);
    assert_ptr_equal(host->tlsa.rrs, &world.tlsa[1]);
    assert_non_null(host->before);
    assert_ptr_equal(host->before->tlsa.rrs, &world.tlsa[0]);
    assert_int_equal(host->probe_count, 2);
    arena_dispose(&world.arena);
}

static enum error fails(void *arg, const char *host, const struct ip_addr *ip, uint32_t round,
                        struct replay_look *look)
{
    (void)arg, (void)host, (void)ip, (void)round, (void)look;
    return ERR_IO;
}

static void test_an_error_of_the_source_ends_it(void **state)
{
    struct world world;
    (void)state;
    make_world(&world, &rows[1].script);
    const struct replay_source source = {&world, fails, find_policy};
    assert_int_equal(replay(&world.facts, &world.rules, &source, &world.arena, &world.judgement, &world.end),
                     ERR_IO);
    arena_dispose(&world.arena);
}

static void test_a_full_arena_is_an_error(void **state)
{
    size_t refused = 0;
    (void)state;
    for (size_t bytes = 256; bytes < 65536; bytes += 128) {
        struct world world;
        struct arena small;
        make_world(&world, &rows[9].script);
        const struct replay_source source = {&world, find_host, find_policy};
        arena_init(&small, bytes);
        enum error error = replay(&world.facts, &world.rules, &source, &small, &world.judgement, &world.end);
        assert_true(error == ERR_MEMORY || (error == ERR_OK && world.judgement.outcome == rows[9].outcome));
        refused += error == ERR_MEMORY;
        arena_dispose(&small);
        arena_dispose(&world.arena);
    }
    assert_in_range(refused, 1, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds_come_to_what_passes_would),
        cmocka_unit_test(test_looks_go_into_the_next_round),
        cmocka_unit_test(test_the_worst_trouble_goes_into_the_next_round),
        cmocka_unit_test(test_what_the_names_found_is_kept_beside_what_was_found_anew),
        cmocka_unit_test(test_an_error_of_the_source_ends_it),
        cmocka_unit_test(test_a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
