/*
 * What senders meet over the MX set. The rows are RFC 8461 section 5's modes by section 5.1's control flow,
 * RFC 7672 section 2.2's ways, and both together (RFC 8461 section 2), written out by hand:
 *
 *   5.1 step  what the sender finds                              mode none, no policy   testing     enforce
 *   1         no policy, or one that cannot be had               delivers               -           -
 *   2         the host is not named by the policy                delivers               delivers    next host
 *   3         no STARTTLS, TLS cannot be had                     delivers in the clear  the same    next host
 *   3         the certificate is bad                             delivers               delivers    next host
 *   4         every host fails                                   -                      -           keeps the
 * mail
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "output/explain/explain.h"
#include "output/json/json.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/senders.h"

enum { ARENA_BYTES = 1 << 20, TEXT_BYTES = 1 << 16, HOSTS = 4, ADDRESSES = 2 };

struct world {
    struct arena arena;
    struct domain_facts facts;
    struct judgement judgement;
    struct mx_rr rrs[HOSTS + 1];
    struct mx_host hosts[HOSTS];
    struct host_facts host_facts[HOSTS];
    struct probe_facts probes[HOSTS][ADDRESSES];
    struct host_verdict verdicts[HOSTS];
    struct ip_verdict ips[HOSTS][ADDRESSES];
};

static const char *const names[HOSTS] = {"a.example", "b.example", "c.example", "d.example"};

static struct tls_facts of_tls10 = {
    .end = TLS_DONE, .version = 0x0301, .cipher = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", .alert = -1};
static struct tls_facts of_anonymous = {
    .end = TLS_DONE, .version = 0x0301, .cipher = "TLS_DH_anon_WITH_AES_128_CBC_SHA", .alert = -1};

/* How one address answers. */
static void set_address(struct probe_facts *probe, struct ip_verdict *ip, char kind)
{
    *probe = (struct probe_facts){.step = SMTP_QUIT, .end = SMTP_END_DONE, .tls.end = TLS_DONE};
    switch (kind) {
    case 'x': /* an expired certificate */
        ip->code = FAIL_SMTP_TLS_EXPIRED;
        break;
    case 'c': /* in the clear only */
        *probe = (struct probe_facts){.step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED};
        ip->code = FAIL_SMTP_STARTTLS_NOT_OFFERED;
        break;
    case 'r': /* STARTTLS refused for now */
        *probe = (struct probe_facts){.step = SMTP_STARTTLS, .end = SMTP_END_REPLY, .reply_code = 454};
        ip->code = FAIL_SMTP_STARTTLS_TEMPFAIL;
        break;
    case 'h': /* the handshake fails */
        *probe = (struct probe_facts){
            .step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .tls = {.end = TLS_FAILED, .alert = 40}};
        ip->code = FAIL_SMTP_TLS_ALERT;
        break;
    case 't': /* TLS 1.0 is all it has */
    case 'y': /* the same, without authentication */
        *probe = (struct probe_facts){
            .step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .tls = {.end = TLS_FAILED, .alert = 70}};
        probe->legacy = kind == 't' ? &of_tls10 : &of_anonymous;
        ip->code = FAIL_SMTP_TLS_VERSION;
        break;
    case 'u': /* greeting 421 */
        *probe = (struct probe_facts){.step = SMTP_GREETING, .end = SMTP_END_REPLY, .reply_code = 421};
        ip->code = FAIL_SMTP_GREETING_4XX;
        break;
    case 'o': /* not tried, by configuration */
        *probe = (struct probe_facts){.not_tried = NOT_TRIED_OFF};
        ip->code = FAIL_SMTP_NOT_PROBED_OFF;
        break;
    case 's': /* an address that nobody can reach */
        *probe = (struct probe_facts){.not_tried = NOT_TRIED_SPECIAL_ADDRESS};
        ip->code = FAIL_MX_SPECIAL_ADDRESS;
        break;
    default: /* all is well */
        break;
    }
    ip->dane_any = ip->dane = ip->code == FAIL_SMTP_TLS_EXPIRED || kind == 't' ? FAIL_NONE : ip->code;
}

/* DANE at the host: absent, protected, mismatch, unusable, unknown, one address of two mismatching,
 * unvalidated; small letters: the same TLSA records, and the MX answer is unsigned. */
static void set_dane(struct host_verdict *verdict, char dane)
{
    static const char letters[] = "-DMUQPV.dmuqp";
    static const enum dane_outcome outcomes[] = {
        DANE_OUTCOME_ABSENT,  DANE_OUTCOME_PROTECTED, DANE_OUTCOME_REFUSED, DANE_OUTCOME_UNUSABLE,
        DANE_OUTCOME_UNKNOWN, DANE_OUTCOME_PARTIAL,   DANE_OUTCOME_UNKNOWN};
    size_t place = (size_t)(strchr(letters, dane) - letters);
    bool is_unsigned = place > 7;
    place -= is_unsigned ? 7 : 0;
    char as_signed = letters[place];
    verdict->dane_any = verdict->dane = outcomes[place];
    verdict->dane_any_applies = verdict->dane_applies = strchr("DMQPU", as_signed) != NULL;
    verdict->dane_code = as_signed == 'V'   ? FAIL_DANE_UNVALIDATED
                         : as_signed == 'Q' ? FAIL_DANE_TLSA_SERVFAIL
                         : as_signed == 'U' ? FAIL_DANE_UNUSABLE
                                            : FAIL_NONE;
    verdict->dane_any_code = verdict->dane_code;
    if (as_signed == 'M' || as_signed == 'P')
        verdict->ips[0].dane_any = FAIL_DANE_MISMATCH;
    if (as_signed == 'M' && verdict->ip_count > 1)
        verdict->ips[1].dane_any = FAIL_DANE_MISMATCH;
    for (size_t i = 0; i < verdict->ip_count; i++)
        verdict->ips[i].dane = is_unsigned ? FAIL_NONE : verdict->ips[i].dane_any;
    if (!is_unsigned)
        return;
    verdict->dane = DANE_OUTCOME_ABSENT;
    verdict->dane_applies = false;
    verdict->dane_code = FAIL_DANE_INSECURE_MX;
}

/* Kinds of address above; and n: good, but not named by the policy; N: the same with a bad certificate;
 * a: no address; l: an address literal; f: its address could not be looked up; m: one good and one expired;
 * v: one good and one unknown; w: one expired and one unknown. */
static void set_host(struct world *world, size_t i, char kind, char dane)
{
    static const char pairs[][3] = {"ngg", "Nxx", "mgx", "vgu", "wxu"};
    struct host_verdict *verdict = &world->verdicts[i];
    char first = kind, second = kind;
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++) {
        if (pairs[p][0] == kind) {
            first = pairs[p][1];
            second = pairs[p][2];
        }
    }
    world->hosts[i] =
        (struct mx_host){names[i], (uint16_t)(10 * (i + 1)), false, false, &world->host_facts[i]};
    world->rrs[i] = (struct mx_rr){world->hosts[i].preference, names[i]};
    world->host_facts[i] = (struct host_facts){.probes = world->probes[i], .probe_count = ADDRESSES};
    verdict->code = kind == 'n' || kind == 'N' ? FAIL_MX_NOT_IN_POLICY
                    : kind == 'a'              ? FAIL_MX_NO_ADDRESS
                    : kind == 'l'              ? FAIL_MX_ADDRESS_LITERAL
                    : kind == 'f'              ? FAIL_MX_DNS_FAILED
                                               : FAIL_NONE;
    verdict->ips = world->ips[i];
    verdict->ip_count = strchr("alf", kind) != NULL ? 0 : ADDRESSES;
    set_address(&world->probes[i][0], &world->ips[i][0], first);
    set_address(&world->probes[i][1], &world->ips[i][1], second);
    set_dane(verdict, dane);
}

/* "absent", "broken", "unknown" (no policy could be had), or a mode. */
static void set_policy(struct world *world, const char *policy)
{
    struct judgement *judgement = &world->judgement;
    judgement->outcome = strcmp(policy, "unknown") == 0   ? OUTCOME_UNKNOWN
                         : strcmp(policy, "broken") == 0  ? OUTCOME_BROKEN
                         : strcmp(policy, "no-mail") == 0 ? OUTCOME_NO_MAIL
                                                          : OUTCOME_ABSENT;
    judgement->record.code = strcmp(policy, "absent") == 0 ? FAIL_TXT_ABSENT : FAIL_NONE;
    judgement->policy_code = strcmp(policy, "broken") == 0    ? FAIL_POLICY_HTTP_STATUS
                             : strcmp(policy, "unknown") == 0 ? FAIL_POLICY_TCP_TIMEOUT
                                                              : FAIL_NONE;
    for (enum sts_mode mode = STS_MODE_ENFORCE; mode < STS_MODE_COUNT; mode++) {
        if (strcmp(policy, sts_mode_name(mode)) != 0)
            continue;
        judgement->policy = (struct sts_policy){.parsed = true, .mode = mode};
        judgement->outcome = mode == STS_MODE_TESTING ? OUTCOME_TESTING
                             : mode == STS_MODE_NONE  ? OUTCOME_OFF
                                                      : OUTCOME_PARTIAL;
    }
}

/* hosts: pairs of letters, the host's kind and its DANE; a "+" at the end: there are more MX than were looked
 * at.
 */
static void make_world(struct world *world, const char *policy, const char *hosts)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    world->facts.domain = "d.example";
    world->facts.tld = "example";
    size_t count = 0;
    for (; hosts[0] != '\0' && hosts[0] != '+'; hosts += 2)
        set_host(world, count++, hosts[0], hosts[1]);
    world->facts.hosts = world->hosts;
    world->facts.host_count = count;
    world->rrs[count] = (struct mx_rr){90, "z.example"};
    world->facts.mx = (struct mx_facts){
        .lookup.status = DNS_ANSWERED, .rrs = world->rrs, .rr_count = count + (hosts[0] == '+')};
    world->judgement.hosts = world->verdicts;
    world->judgement.host_count = count;
    set_policy(world, policy);
    judge_senders(&world->facts, &world->arena, &world->judgement);
}

/* Letters of the hosts, that of all, and where it delivers: the host's letter, a capital where validated. */
static void put_view(const struct sender_view *view, char text[32])
{
    static const char letters[DELIVERY_COUNT] = {[DELIVERY_NONE] = '-',
                                                 [DELIVERY_TAKES] = 'T',
                                                 [DELIVERY_SOME] = 'O',
                                                 [DELIVERY_SKIPS] = 'S',
                                                 [DELIVERY_DEFERS] = 'D'};
    size_t at = 0;
    for (size_t i = 0; i < view->host_count; i++)
        text[at++] = letters[view->hosts[i]];
    text[at++] = ' ';
    text[at++] = letters[view->all];
    if (view->delivered_by != NULL)
        text[at++] = (char)(view->delivered_by[0] - (view->validated ? 'a' - 'A' : 0));
    text[at] = '\0';
}

struct sender_case {
    const char *name;
    const char *policy;
    const char *hosts;
    const char *sts, *dane, *plain;
};

static const struct sender_case sender_cases[] = {
    /* no policy: 5.1 step 1 */
    {"no policy, all well", "absent", "g-g-", "TT Ta", "TT Ta", "TT Ta"},
    {"no policy, a bad certificate", "absent", "x-", "T Ta", "T Ta", "T Ta"},
    {"no policy, no STARTTLS", "absent", "c-", "T Ta", "T Ta", "T Ta"},
    {"no policy, STARTTLS refused for now", "absent", "r-", "T Ta", "T Ta", "T Ta"},
    {"no policy, the handshake fails", "absent", "h-", "T Ta", "T Ta", "T Ta"},
    {"no policy, greeting 421", "absent", "u-", "D D", "D D", "D D"},
    {"no policy, the second takes what the first puts off", "absent", "u-g-", "DT Tb", "DT Tb", "DT Tb"},
    {"no policy, no address", "absent", "a-g-", "ST Tb", "ST Tb", "ST Tb"},
    {"no policy, an address literal", "absent", "l-", "S S", "S S", "S S"},
    {"no policy, the address could not be looked up", "absent", "f-", "D D", "D D", "D D"},
    {"no policy, not probed", "absent", "o-", "D D", "D D", "D D"},
    {"no policy, addresses that nobody can reach", "absent", "s-g-", "ST Tb", "ST Tb", "ST Tb"},
    {"no policy, one address expired", "absent", "m-", "T Ta", "T Ta", "T Ta"},
    {"a broken policy is none", "broken", "x-c-", "TT Ta", "TT Ta", "TT Ta"},
    {"whether there is a policy is open", "unknown", "g-x-", "DD D", "DD D", "TT Ta"},
    {"no mail", "no-mail", "g-", " -", " -", " -"},
    {"no host that could be asked", "absent", "", " D", " D", " D"},
    {"none of the hosts looked at takes it, and there are more", "absent", "a-+", "S D", "S D", "S D"},
    /* mode none */
    {"none, all well: not validated", "none", "g-", "T Ta", "T Ta", "T Ta"},
    {"none, a bad certificate", "none", "x-", "T Ta", "T Ta", "T Ta"},
    {"none, no STARTTLS", "none", "c-", "T Ta", "T Ta", "T Ta"},
    /* mode testing */
    {"testing, all well", "testing", "g-g-", "TT TA", "TT TA", "TT Ta"},
    {"testing, a bad certificate: reported, delivered", "testing", "x-g-", "TT Ta", "TT Ta", "TT Ta"},
    {"testing, one address of two fails", "testing", "m-", "T Ta", "T Ta", "T Ta"},
    {"testing, not named: reported, delivered", "testing", "n-", "T Ta", "T Ta", "T Ta"},
    {"testing, no STARTTLS: reported, delivered", "testing", "c-", "T Ta", "T Ta", "T Ta"},
    {"testing, greeting 421", "testing", "u-g-", "DT TB", "DT TB", "DT Tb"},
    /* mode enforce */
    {"enforce, all well", "enforce", "g-g-", "TT TA", "TT TA", "TT Ta"},
    {"enforce, a bad certificate: the next host", "enforce", "x-g-", "ST TB", "ST TB", "TT Ta"},
    {"enforce, not named: the next host", "enforce", "n-g-", "ST TB", "ST TB", "TT Ta"},
    {"enforce, not named and a bad certificate", "enforce", "N-g-", "ST TB", "ST TB", "TT Ta"},
    {"enforce, no STARTTLS: the next host", "enforce", "c-g-", "ST TB", "ST TB", "TT Ta"},
    {"enforce, the handshake fails: the next host", "enforce", "h-g-", "ST TB", "ST TB", "TT Ta"},
    {"enforce, STARTTLS refused for now", "enforce", "r-g-", "DT TB", "DT TB", "TT Ta"},
    {"enforce, every host fails: 5.1 step 4", "enforce", "x-n-c-", "SSS S", "SSS S", "TTT Ta"},
    {"enforce, every host fails, and there are more", "enforce", "x-+", "S D", "S D", "T Ta"},
    {"enforce, fails and puts off", "enforce", "x-u-", "SD D", "SD D", "TD Ta"},
    {"enforce, one address of two fails", "enforce", "m-", "O TA", "O TA", "T Ta"},
    {"enforce, one address of two is open", "enforce", "v-", "T TA", "T TA", "T Ta"},
    {"enforce, one address fails, one is open", "enforce", "w-", "D D", "D D", "T Ta"},
    {"enforce, no address", "enforce", "a-g-", "ST TB", "ST TB", "ST Tb"},
    {"enforce, the last of four takes it", "enforce", "x-n-c-g-", "SSST TD", "SSST TD", "TTTT Ta"},
    /* DANE: RFC 7672 section 2.2 */
    {"DANE holds, no policy", "absent", "gD", "T Ta", "T TA", "T Ta"},
    {"DANE holds where the certificate has expired (DANE-3)", "enforce", "xD", "S S", "T TA", "T Ta"},
    {"DANE fails, no policy: the next host", "absent", "gMg-", "TT Ta", "ST Tb", "TT Ta"},
    {"DANE fails at every host: mail is kept", "absent", "gMgM", "TT Ta", "SS S", "TT Ta"},
    {"DANE-4 MTA-STS never overrides a DANE failure", "enforce", "gM", "T TA", "S S", "T Ta"},
    {"DANE holds at a host that no pattern names", "enforce", "nD", "S S", "T TA", "T Ta"},
    {"DANE at one host, MTA-STS at the other", "enforce", "gMg-", "TT TA", "ST TB", "TT Ta"},
    {"DANE at one host, the other fails MTA-STS", "enforce", "gMx-", "TS TA", "SS S", "TT Ta"},
    {"DANE at one host, none at the other, testing", "testing", "gMx-", "TT TA", "ST Tb", "TT Ta"},
    {"DANE at one address of two", "absent", "gP", "T Ta", "O TA", "T Ta"},
    {"DANE-2 what could not be looked up is put off", "absent", "gQ", "T Ta", "D D", "T Ta"},
    {"DANE-2 and the next host takes it", "enforce", "gQg-", "TT TA", "DT TB", "TT Ta"},
    {"DANE-3 unusable: TLS is a must, no more", "absent", "xUgU", "TT Ta", "TT Ta", "TT Ta"},
    {"DANE-3 unusable, no STARTTLS: the next host", "absent", "cUgU", "TT Ta", "ST Tb", "TT Ta"},
    {"DANE-3 unusable, the handshake fails", "absent", "hU", "T Ta", "S S", "T Ta"},
    {"DANE-3 unusable, STARTTLS refused for now", "absent", "rU", "T Ta", "S S", "T Ta"},
    {"DANE-3 unusable, greeting 421", "absent", "uU", "D D", "D D", "D D"},
    {"DANE-3 unusable, MTA-STS holds", "enforce", "gU", "T TA", "T TA", "T Ta"},
    {"DANE-3 unusable, MTA-STS fails", "enforce", "xU", "S S", "S S", "T Ta"},
    {"DANE applies, no address", "absent", "aDg-", "ST Tb", "ST Tb", "ST Tb"},
    {"DANE applies, no STARTTLS", "absent", "cD", "T Ta", "S S", "T Ta"},
    {"DANE holds where TLS 1.0 is all there is", "enforce", "tD", "S S", "T TA", "T Ta"},
    {"DANE-3 unusable, TLS 1.0 is TLS", "absent", "tU", "T Ta", "T Ta", "T Ta"},
    {"DANE-3 unusable, TLS without authentication", "absent", "yU", "T Ta", "S S", "T Ta"},
    {"DANE-1 nobody has validated: nothing is said", "absent", "gVgV", "TT Ta", " -", "TT Ta"},
    {"DANE-1 one host is not validated", "enforce", "gVg-", "TT TA", " -", "TT Ta"},
};

enum { CASES = sizeof sender_cases / sizeof *sender_cases };

static void rows_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        const struct sender_case *row = &sender_cases[i];
        const char *expected[] = {row->sts, row->dane, row->plain};
        struct world world;
        make_world(&world, row->policy, row->hosts);
        for (enum sender_kind kind = 0; kind <= SENDER_OPPORTUNISTIC; kind++) {
            char got[32];
            put_view(&world.judgement.senders[kind], got);
            if (strcmp(got, expected[kind]) != 0)
                fail_msg("%s: %s: expected %s, got %s", row->name, sender_kind_name(kind), expected[kind],
                         got);
        }
        arena_dispose(&world.arena);
    }
}

/* Postfix as it is: of itself with DANE, which counts although the MX answer is unsigned (small letters), and
 * no MTA-STS; with a plugin that prefers DANE, domain by domain, and goes by MTA-STS else. */
static void postfix_is_judged_as_it_is(void **state)
{
    static const struct {
        const char *name;
        const char *policy;
        const char *hosts;
        const char *dane, *postfix, *tlspol;
    } rows[] = {
        {"nothing published", "absent", "g-g-", "TT Ta", "TT Ta", "TT Ta"},
        {"MTA-STS alone", "enforce", "g-x-", "TS TA", "TT Ta", "TS TA"},
        {"MTA-STS alone, every host fails", "enforce", "x-n-", "SS S", "TT Ta", "SS S"},
        {"whether there is a policy is open", "unknown", "g-", "D D", "T Ta", "D D"},
        {"signed MX, TLSA records match", "absent", "gD", "T TA", "T TA", "T TA"},
        {"signed MX, they do not", "absent", "gMg-", "ST Tb", "ST Tb", "ST Tb"},
        {"unsigned MX, they match", "absent", "gd", "T Ta", "T TA", "T TA"},
        {"unsigned MX, they do not: mail is kept", "absent", "gm", "T Ta", "S S", "S S"},
        {"unsigned MX, they do not at one host", "absent", "gmg-", "TT Ta", "ST Tb", "ST Tb"},
        {"unsigned MX, they do not at one address", "absent", "gp", "T Ta", "O TA", "O TA"},
        {"unsigned MX, no STARTTLS", "absent", "cd", "T Ta", "S S", "S S"},
        {"unsigned MX, unusable: TLS is a must", "absent", "cugu", "TT Ta", "ST Tb", "ST Tb"},
        {"unsigned MX, an expired certificate, enforce", "enforce", "xd", "S S", "T TA", "T TA"},
        {"unsigned MX, a mismatch, enforce", "enforce", "gm", "T TA", "S S", "S S"},
        {"TLSA records at one host: no MTA-STS at the other", "enforce", "gDx-", "TS TA", "TT TA", "TT TA"},
        {"the same, unsigned", "enforce", "x-gd", "ST TB", "TT Ta", "TT Ta"},
        {"a TLSA lookup fails at one host", "absent", "gQg-", "DT Tb", "DT Tb", "DD D"},
        {"the same, unsigned", "enforce", "gqg-", "TT TA", "DT Tb", "DD D"},
        {"nobody has validated", "enforce", "gV", " -", " -", " -"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const enum sender_kind kinds[] = {SENDER_DANE, SENDER_POSTFIX_DANE, SENDER_POSTFIX_TLSPOL};
        const char *expected[] = {rows[i].dane, rows[i].postfix, rows[i].tlspol};
        struct world world;
        make_world(&world, rows[i].policy, rows[i].hosts);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            char got[32];
            put_view(&world.judgement.senders[kinds[k]], got);
            if (strcmp(got, expected[k]) != 0)
                fail_msg("%s: %s: expected %s, got %s", rows[i].name, sender_kind_name(kinds[k]), expected[k],
                         got);
        }
        arena_dispose(&world.arena);
    }
}

/* EXO-3, EXO-5: each row has its source, each way is somebody's, and what the service documents stands there.
 */
static void the_table_is_whole(void **state)
{
    (void)state;
    size_t count = 0;
    bool used[SENDER_COUNT] = {false};
    const struct sender *rows = senders_all(&count);
    for (size_t i = 0; i < count; i++) {
        used[rows[i].kind] = true;
        assert_int_equal(strncmp(rows[i].source, "https://", strlen("https://")), 0);
        assert_true(strlen(rows[i].does) > 20);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rows[i].name, rows[j].name);
    }
    for (enum sender_kind kind = 0; kind < SENDER_COUNT; kind++)
        assert_true(used[kind]);
    assert_string_equal(rows[0].name, "Exchange Online");
    assert_int_equal(rows[0].hours, 24);
    assert_true(sender_way(rows[0].kind)->mta_sts);
    assert_int_equal(sender_way(rows[0].kind)->dane, DANE_SIGNED_MX);
    assert_non_null(strstr(rows[0].does, "outbound connector"));
}

/* Where memory is short, hosts are left out, never the answer. */
static void full_arena_costs_only_hosts(void **state)
{
    (void)state;
    struct world world;
    make_world(&world, "enforce", "x-g-");
    struct arena none;
    arena_init(&none, 0);
    judge_senders(&world.facts, &none, &world.judgement);
    char got[32];
    put_view(&world.judgement.senders[SENDER_MTA_STS], got);
    assert_string_equal(got, " TB");
    arena_dispose(&none);
    arena_dispose(&world.arena);
}

/* RPT-3: the result type of RFC 8460 section 4.3 that a report about the step would carry. */
static void steps_have_their_result_types(void **state)
{
    static const struct {
        enum failure_code code;
        const char *type;
    } rows[] = {
        {FAIL_SMTP_STARTTLS_NOT_OFFERED, "starttls-not-supported"},
        {FAIL_SMTP_STARTTLS_REFUSED, "starttls-not-supported"},
        {FAIL_MX_NOT_IN_POLICY, "certificate-host-mismatch"},
        {FAIL_SMTP_TLS_HOST_MISMATCH, "certificate-host-mismatch"},
        {FAIL_SMTP_TLS_EXPIRED, "certificate-expired"},
        {FAIL_SMTP_TLS_SELF_SIGNED, "certificate-not-trusted"},
        {FAIL_SMTP_TLS_UNTRUSTED, "certificate-not-trusted"},
        {FAIL_SMTP_TLS_INCOMPLETE_CHAIN, "certificate-not-trusted"},
        {FAIL_SMTP_TLS_NOT_YET_VALID, "certificate-not-trusted"},
        {FAIL_SMTP_TLS_ALERT, "validation-failure"},
        {FAIL_SMTP_TLS_HANDSHAKE, "validation-failure"},
        {FAIL_SMTP_TLS_VERSION, "validation-failure"},
        {FAIL_DANE_MISMATCH, "validation-failure"},
        {FAIL_DNS_BOGUS, "dnssec-invalid"},
        {FAIL_POLICY_TCP_REFUSED, "sts-policy-fetch-error"},
        {FAIL_POLICY_HTTP_STATUS, "sts-policy-fetch-error"},
        {FAIL_POLICY_HTTP_REDIRECT, "sts-policy-fetch-error"},
        {FAIL_POLICY_SYNTAX_MODE_BAD, "sts-policy-invalid"},
        {FAIL_POLICY_SYNTAX_MX_MISSING, "sts-policy-invalid"},
        {FAIL_TXT_MULTIPLE, "sts-policy-invalid"},
        {FAIL_POLICY_TLS_EXPIRED, "sts-webpki-invalid"},
        {FAIL_POLICY_TLS_HOST_MISMATCH, "sts-webpki-invalid"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(rpt_type_name(failure_get(rows[i].code)->rpt), rows[i].type);
    static const enum failure_code none[] = {FAIL_TXT_ABSENT,       FAIL_TXT_NEAR_MISS,
                                             FAIL_TXT_WILDCARD,     FAIL_TLSRPT_ABSENT,
                                             FAIL_TLSRPT_NEAR_MISS, FAIL_SMTP_GREETING_4XX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(failure_get(none[i])->rpt, RPT_NONE);
}

/* ---- the record ---------------------------------------------------------------------------------------- */

static void assert_json(const char *policy, const char *hosts, const char *senders)
{
    struct world world;
    struct buf out;
    buf_init(&out, TEXT_BYTES);
    make_world(&world, policy, hosts);
    assert_true(json_domain(&out, &world.facts, &world.judgement));
    const char *found = strstr(buf_string(&out), "\"senders\":");
    if (senders == NULL)
        assert_null(found);
    else if (found == NULL || strncmp(found + strlen("\"senders\":"), senders, strlen(senders)) != 0)
        fail_msg("%s is not in %s", senders, buf_string(&out));
    buf_dispose(&out);
    arena_dispose(&world.arena);
}

static void the_record_says_only_what_differs(void **state)
{
    (void)state;
    assert_json("absent", "g-g-", NULL);
    assert_json("absent", "x-c-", NULL);
    assert_json("no-mail", "g-", NULL);
    assert_json("enforce", "g-",
                "{\"mta_sts\":{\"all\":\"takes\",\"delivered_by\":\"a.example\",\"validated\":true}}");
    assert_json("enforce", "x-g-",
                "{\"mta_sts\":{\"all\":\"takes\",\"delivered_by\":\"b.example\",\"validated\":true,"
                "\"hosts\":[\"skips\",\"takes\"]}}");
    assert_json("absent", "gM", "{\"dane\":{\"all\":\"skips\"},\"postfix_dane\":{\"all\":\"skips\"}}");
    assert_json("absent", "gm",
                "{\"postfix_dane\":{\"all\":\"skips\"},\"postfix_tlspol\":{\"all\":\"skips\"}}");
    assert_json("absent", "gV", NULL);
    assert_json("absent", "u-", "{\"opportunistic\":{\"all\":\"defers\"}}");
    assert_json("enforce", "gM",
                "{\"mta_sts\":{\"all\":\"takes\",\"delivered_by\":\"a.example\",\"validated\":true},"
                "\"dane\":{\"all\":\"skips\"},\"postfix_dane\":{\"all\":\"skips\"}}");
}

/* ---- the text of check --------------------------------------------------------------------------------- */

static void assert_text(const char *policy, const char *hosts, bool equal, const char *text)
{
    struct world world;
    struct buf out;
    struct explain_style style = {.verbose = strstr(text, "outbound connector") != NULL};
    char flat[TEXT_BYTES];
    size_t at = 0;
    buf_init(&out, TEXT_BYTES);
    make_world(&world, policy, hosts);
    if (equal)
        world.hosts[1].preference = world.hosts[0].preference;
    assert_true(explain_domain(&out, &world.facts, &world.judgement, &style));
    for (const char *from = buf_string(&out); *from != '\0'; from++) /* unfolded */
        if ((*from != ' ' && *from != '\n') || (at > 0 && flat[at - 1] != ' '))
            flat[at++] = *from == '\n' ? ' ' : *from;
    flat[at] = '\0';
    if (text[0] == '\0')
        assert_null(strstr(flat, "What senders do"));
    else if (strstr(flat, text) == NULL)
        fail_msg("\"%s\" is not in %s", text, flat);
    buf_dispose(&out);
    arena_dispose(&world.arena);
}

static void check_says_what_senders_do(void **state)
{
    (void)state;
    assert_text("no-mail", "g-", false, "");
    assert_text(
        "enforce", "g-", false,
        "Exchange Online, Gmail, Postfix with mta-sts-resolver, Postfix with postfix-tlspol: delivers to "
        "a.example, validated. Postfix with DANE, most others: delivers to a.example, not validated.");
    assert_text("enforce", "x-g-", false, "delivers to b.example, validated; skips a.example.");
    assert_text(
        "enforce", "m-u-", false,
        "delivers to a.example, validated; at some addresses only: a.example; not determined: b.example.");
    assert_text(
        "enforce", "x-", false,
        "skips every MX host: mail is kept, tried again, and returned in the end (Exchange Online: after "
        "24 hours; Postfix with mta-sts-resolver: after 5 days; Postfix with postfix-tlspol: after 5 "
        "days).");
    assert_text(
        "enforce", "x-", false,
        "Exchange Online: It validates DANE, and MTA-STS elsewhere. What fails is queued, tried again for "
        "24 hours and then returned. That is the default: a tenant's outbound connector can turn either");
    assert_text("enforce", "x-u-", false, "could not be determined; skips a.example.");
    assert_text("absent", "g-g-", true,
                "delivers to a.example or another of the same preference, not validated.");
    assert_text("enforce", "x-", false,
                "Postfix with DANE, most others: delivers to a.example, not validated.");
    assert_text("enforce", "gV", false,
                "Exchange Online, Postfix with postfix-tlspol, Postfix with DANE: cannot be told: nobody has "
                "validated the DNS answers. Gmail, Postfix with mta-sts-resolver: delivers to a.example, "
                "validated. most others: delivers to a.example, not validated.");
    assert_text("absent", "gm", false,
                "d.example: absent - no MTA-STS, but Postfix with DANE delivers nothing ");
    assert_text(
        "absent", "gm", false,
        "Postfix with postfix-tlspol, Postfix with DANE: skips every MX host: mail is kept, tried again, "
        "and returned in the end (Postfix with postfix-tlspol: after 5 days; Postfix with DANE: after 5 "
        "days).");
}

/* Where DANE says something else than MTA-STS, the head says so. */
static void check_says_what_dane_says(void **state)
{
    (void)state;
    assert_text("enforce", "gM", false, ", but a sender that honours DANE delivers nothing ");
    assert_text("enforce", "gM", false,
                "One that honours DANE as well, as Exchange Online does, keeps the mail,");
    assert_text("absent", "gM", false, "no MTA-STS, but a sender that honours DANE delivers nothing ");
    assert_text("enforce", "xD", false, ", but by senders that honour DANE ");
    assert_text("enforce", "gMg-", false, ", but DANE fails at a part of the MX hosts ");
    assert_text("enforce", "gP", false, ", but DANE fails at a part of the MX hosts ");
    static const char *const agreeing[][2] = {{"enforce", "gDgD"}, {"enforce", "x-g-"}, {"absent", "gV"},
                                              {"enforce", "gQ"},   {"testing", "xU"},   {"absent", "gd"}};
    for (size_t i = 0; i < sizeof agreeing / sizeof *agreeing; i++) {
        struct explain_style style = {0};
        struct world world;
        struct buf out;
        buf_init(&out, TEXT_BYTES);
        make_world(&world, agreeing[i][0], agreeing[i][1]);
        assert_true(explain_domain(&out, &world.facts, &world.judgement, &style));
        assert_null(strstr(buf_string(&out), ", but "));
        buf_dispose(&out);
        arena_dispose(&world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_judged),
        cmocka_unit_test(postfix_is_judged_as_it_is),
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(steps_have_their_result_types),
        cmocka_unit_test(full_arena_costs_only_hosts),
        cmocka_unit_test(the_record_says_only_what_differs),
        cmocka_unit_test(check_says_what_senders_do),
        cmocka_unit_test(check_says_what_dane_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
