/*
 * The earlier policy that senders may still have (RFC 8461 sections 3.3, 5.1, 8.3): every state of the record
 * and the policy now, with every mode and age of the old one, and every way of the MX hosts to pass it or
 * not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/verdict/cached.h"
#include "scanner/verdict/enforced.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS       INT64_C(1800000000000)
#define DAY_S        INT64_C(86400)
#define DAY_MS       (DAY_S * 1000)

/* ---- what is published now ----------------------------------------------------------------------------- */

#define OLD_MX  "mx: a.example\nmx: *.pool.example\n"
#define OLD_ID  "v=STSv1; id=old;"
#define NEW_ID  "v=STSv1; id=new;"
#define ENFORCE "version: STSv1\nmode: enforce\n"

enum fetched {
    NOT_FETCHED,
    SERVED,
    MISSING,
    SERVER_ERROR,
    SILENT,
    REFUSED,
    EXPIRED,
    HTTP2,
    NO_ADDRESS,
    OPTED_OUT
};

struct now_case {
    const char *name;
    enum dns_status txt;
    const char *rrs[2];
    enum fetched fetched;
    const char *body;
    enum cached_found found;
    bool kept;          /* senders go by the old policy */
    enum sts_mode same; /* it is the old policy if that one has this mode, and does not outlast the body's */
};

static const struct now_case now_cases[] = {
    {"CACHED-1 no such name",
     DNS_NXDOMAIN,
     {NULL},
     NOT_FETCHED,
     NULL,
     CACHED_NO_RECORD,
     true,
     STS_MODE_UNSET},
    {"CACHED-1 no TXT there", DNS_NODATA, {NULL}, NOT_FETCHED, NULL, CACHED_NO_RECORD, true, STS_MODE_UNSET},
    {"CACHED-1 other TXT alone",
     DNS_ANSWERED,
     {"v=spf1 -all"},
     NOT_FETCHED,
     NULL,
     CACHED_NO_RECORD,
     true,
     STS_MODE_UNSET},
    {"CACHED-1 two records",
     DNS_ANSWERED,
     {OLD_ID, NEW_ID},
     NOT_FETCHED,
     NULL,
     CACHED_BAD_RECORD,
     true,
     STS_MODE_UNSET},
    {"CACHED-1 a record without id",
     DNS_ANSWERED,
     {"v=STSv1;"},
     NOT_FETCHED,
     NULL,
     CACHED_BAD_RECORD,
     true,
     STS_MODE_UNSET},
    {"CACHED-1 the lookup fails",
     DNS_SERVFAIL,
     {NULL},
     NOT_FETCHED,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-1 the lookup is not answered",
     DNS_TIMEOUT,
     {NULL},
     NOT_FETCHED,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-1 the lookup is bogus",
     DNS_BOGUS,
     {NULL},
     NOT_FETCHED,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-1 the answer is too large",
     DNS_TOO_LARGE,
     {NULL},
     NOT_FETCHED,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-1 nobody asked",
     DNS_NOT_ASKED,
     {NULL},
     NOT_FETCHED,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-2 nothing changed",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     ENFORCE OLD_MX "max_age: 604800\n",
     CACHED_CURRENT,
     false,
     STS_MODE_ENFORCE},
    {"CACHED-2 another order, and a longer max_age",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     ENFORCE "mx: *.pool.example\nmx: A.Example\nmax_age: 31557600\n",
     CACHED_CURRENT,
     false,
     STS_MODE_ENFORCE},
    {"CACHED-2 the same with a shorter max_age: who has it does not hear of that",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     ENFORCE OLD_MX "max_age: 86400\n",
     CACHED_CURRENT,
     false,
     STS_MODE_ENFORCE},
    {"CACHED-2 one host more under the same id",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     ENFORCE OLD_MX "mx: c.example\nmax_age: 604800\n",
     CACHED_SAME_ID,
     true,
     STS_MODE_UNSET},
    {"CACHED-2 one host less under the same id",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     ENFORCE "mx: a.example\nmax_age: 604800\n",
     CACHED_SAME_ID,
     true,
     STS_MODE_UNSET},
    {"CACHED-2 testing under the same id",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     "version: STSv1\nmode: testing\n" OLD_MX "max_age: 604800\n",
     CACHED_SAME_ID,
     true,
     STS_MODE_TESTING},
    {"CACHED-2 none under the same id",
     DNS_ANSWERED,
     {OLD_ID},
     SERVED,
     "version: STSv1\nmode: none\nmax_age: 604800\n",
     CACHED_SAME_ID,
     true,
     STS_MODE_UNSET},
    {"CACHED-2 no policy under the same id",
     DNS_ANSWERED,
     {OLD_ID},
     MISSING,
     NULL,
     CACHED_SAME_ID,
     true,
     STS_MODE_UNSET},
    {"CACHED-2 nobody answers, but the id is the same: nobody asks",
     DNS_ANSWERED,
     {OLD_ID},
     SILENT,
     NULL,
     CACHED_SAME_ID,
     true,
     STS_MODE_UNSET},
    {"CACHED-3 a new one that enforces",
     DNS_ANSWERED,
     {NEW_ID},
     SERVED,
     ENFORCE "mx: c.example\nmax_age: 604800\n",
     CACHED_RENEWED,
     false,
     STS_MODE_UNSET},
    {"CACHED-3 a new one, testing",
     DNS_ANSWERED,
     {NEW_ID},
     SERVED,
     "version: STSv1\nmode: testing\nmx: c.example\nmax_age: 604800\n",
     CACHED_RENEWED,
     false,
     STS_MODE_UNSET},
    {"CACHED-3 a new one, none",
     DNS_ANSWERED,
     {NEW_ID},
     SERVED,
     "version: STSv1\nmode: none\nmax_age: 604800\n",
     CACHED_RENEWED,
     false,
     STS_MODE_UNSET},
    {"CACHED-3 the id in other case is another",
     DNS_ANSWERED,
     {"v=STSv1; id=OLD;"},
     SERVED,
     ENFORCE OLD_MX "max_age: 604800\n",
     CACHED_RENEWED,
     false,
     STS_MODE_UNSET},
    {"CACHED-4 a new id and 404",
     DNS_ANSWERED,
     {NEW_ID},
     MISSING,
     NULL,
     CACHED_UNFETCHED,
     true,
     STS_MODE_UNSET},
    {"CACHED-4 a new id, its certificate expired",
     DNS_ANSWERED,
     {NEW_ID},
     EXPIRED,
     ENFORCE OLD_MX "max_age: 1\n",
     CACHED_UNFETCHED,
     true,
     STS_MODE_UNSET},
    {"CACHED-4 a new id, no policy host",
     DNS_ANSWERED,
     {NEW_ID},
     NO_ADDRESS,
     NULL,
     CACHED_UNFETCHED,
     true,
     STS_MODE_UNSET},
    {"CACHED-4 a new id and what is no policy",
     DNS_ANSWERED,
     {NEW_ID},
     SERVED,
     ENFORCE "max_age: 604800\n",
     CACHED_INVALID,
     true,
     STS_MODE_UNSET},
    {"CACHED-4 a new id and an empty policy",
     DNS_ANSWERED,
     {NEW_ID},
     SERVED,
     "",
     CACHED_INVALID,
     true,
     STS_MODE_UNSET},
    {"CACHED-5 a new id and silence may pass",
     DNS_ANSWERED,
     {NEW_ID},
     SILENT,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-5 a new id and 503 may pass",
     DNS_ANSWERED,
     {NEW_ID},
     SERVER_ERROR,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-5 a new id, refused, may pass",
     DNS_ANSWERED,
     {NEW_ID},
     REFUSED,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-5 a new id and HTTP/2 alone",
     DNS_ANSWERED,
     {NEW_ID},
     HTTP2,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
    {"CACHED-5 a new id, and we do not ask",
     DNS_ANSWERED,
     {NEW_ID},
     OPTED_OUT,
     NULL,
     CACHED_UNKNOWN,
     false,
     STS_MODE_UNSET},
};

/* ---- the old policy ------------------------------------------------------------------------------------ */

static const enum sts_mode modes[] = {STS_MODE_ENFORCE, STS_MODE_TESTING, STS_MODE_NONE, STS_MODE_UNSET};

static const struct age_case {
    const char *name;
    int64_t fetched, since; /* ms before now; since 0: no scan before found it gone */
    uint32_t max_age;
    bool alive;
} age_cases[] = {
    {"CACHED-6 a day old", DAY_MS, 0, 7 * DAY_S, true},
    {"CACHED-6 gone since yesterday", 3 * DAY_MS, DAY_MS, 7 * DAY_S, true},
    {"CACHED-6 a ms before its end", 7 * DAY_MS - 1, 0, 7 * DAY_S, true},
    {"CACHED-6 at its end", 7 * DAY_MS, 0, 7 * DAY_S, false},
    {"CACHED-6 long over, though first found gone lately", 30 * DAY_MS, DAY_MS, 7 * DAY_S, false},
    {"CACHED-6 the longest there is", 365 * DAY_MS, 0, 31557600, true},
    {"CACHED-6 max_age 0", 0, 0, 0, false},
};

/* ---- the MX hosts -------------------------------------------------------------------------------------- */

enum seen { NO_HOST, GOOD, BAD_CERT, NO_TLS, QUIET, NO_PROBE };

static const struct mx_case {
    const char *name;
    struct {
        const char *host;
        enum seen seen;
    } hosts[2];
    enum dns_status mx;
    const char *null;     /* the only MX record, which names nobody */
    enum outcome outcome; /* under the old policy */
    bool incomplete;
} mx_cases[] = {
    {"CACHED-7 all pass",
     {{"a.example", GOOD}, {"1.pool.example", GOOD}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_PROTECTED,
     false},
    {"CACHED-7 none is named",
     {{"c.example", GOOD}, {"1.2.pool.example", GOOD}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_REFUSED,
     false},
    {"CACHED-7 one is named",
     {{"a.example", GOOD}, {"c.example", GOOD}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_PARTIAL,
     false},
    {"CACHED-7 named, a bad certificate",
     {{"a.example", BAD_CERT}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_REFUSED,
     false},
    {"CACHED-7 one certificate is bad",
     {{"a.example", BAD_CERT}, {"1.pool.example", GOOD}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_PARTIAL,
     false},
    {"CACHED-7 named, no STARTTLS", {{"a.example", NO_TLS}}, DNS_ANSWERED, NULL, OUTCOME_REFUSED, false},
    {"CACHED-7 named, silent", {{"a.example", QUIET}}, DNS_ANSWERED, NULL, OUTCOME_UNKNOWN, false},
    {"CACHED-7 one silent, one passes",
     {{"a.example", QUIET}, {"1.pool.example", GOOD}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_PROTECTED,
     true},
    {"CACHED-7 one silent, one is not named",
     {{"a.example", QUIET}, {"c.example", GOOD}},
     DNS_ANSWERED,
     NULL,
     OUTCOME_UNKNOWN,
     false},
    {"CACHED-7 silent, but not named", {{"c.example", QUIET}}, DNS_ANSWERED, NULL, OUTCOME_REFUSED, false},
    {"CACHED-7 named, not probed", {{"a.example", NO_PROBE}}, DNS_ANSWERED, NULL, OUTCOME_UNKNOWN, false},
    {"CACHED-7 the MX lookup fails", {{NULL, NO_HOST}}, DNS_SERVFAIL, NULL, OUTCOME_UNKNOWN, false},
    {"CACHED-7 null MX", {{NULL, NO_HOST}}, DNS_ANSWERED, ".", OUTCOME_NO_MAIL, false},
    {"CACHED-7 a placeholder alone",
     {{NULL, NO_HOST}},
     DNS_ANSWERED,
     "ms12345678.msv1.invalid",
     OUTCOME_NO_MAIL,
     false},
    {"CACHED-7 the domain is gone", {{NULL, NO_HOST}}, DNS_NXDOMAIN, NULL, OUTCOME_NO_MAIL, false},
};

/* ---- facts --------------------------------------------------------------------------------------------- */

struct world {
    struct bytes txt[2];
    struct cert_facts leaf, policy_leaf;
    struct mx_rr rrs[2];
    struct mx_host hosts[2];
    struct host_facts host_facts[2];
    struct probe_facts probes[2];
    struct ip_addr ips[2];
    struct cached_policy cached;
    struct domain_facts facts;
    struct judgement judgement, without;
    struct arena arena;
};

static const char *const old_mx[] = {"a.example", "*.pool.example"};

static struct tls_facts handshake(struct cert_facts *leaf, bool good)
{
    struct tls_facts tls = {.end = TLS_DONE, .version = 0x0304, .alert = -1, .certs = leaf, .cert_count = 1};
    tls.name_match = true;
    leaf->subject = "CN=a";
    leaf->issuer = "CN=b";
    leaf->not_after = NOW_MS / 1000 + (good ? 60 * DAY_S : -DAY_S);
    return tls;
}

static void make_policy(struct world *world, const struct now_case *now)
{
    struct policy_facts *policy = &world->facts.policy;
    struct fetch_facts *fetch = &policy->fetch;
    fetch->tls.alert = -1;
    if (now->fetched == NOT_FETCHED)
        return;
    policy->host = "mta-sts.example";
    policy->address = (struct address_facts){.a = {.status = DNS_ANSWERED}, .ips = world->ips, .ip_count = 1};
    policy->address.aaaa.status = DNS_NODATA;
    fetch->ip = world->ips[0];
    fetch->step = FETCH_CONNECT;
    fetch->time = NOW_MS;
    if (now->fetched == NO_ADDRESS) {
        policy->address = (struct address_facts){.a = {.status = DNS_NODATA}, .aaaa = {.status = DNS_NODATA}};
        return;
    }
    if (now->fetched == OPTED_OUT)
        fetch->not_tried = NOT_TRIED_OPTOUT;
    if (now->fetched == SILENT || now->fetched == REFUSED)
        fetch->net = now->fetched == SILENT ? NET_TIMEOUT : NET_REFUSED;
    if (now->fetched == OPTED_OUT || fetch->net != NET_OK)
        return;
    fetch->step = FETCH_DONE;
    fetch->tls = handshake(&world->policy_leaf, now->fetched != EXPIRED);
    fetch->media_type = "text/plain";
    fetch->http2 = now->fetched == HTTP2;
    fetch->http_status = now->fetched == MISSING ? 404 : now->fetched == SERVER_ERROR ? 503 : 200;
    fetch->body = bytes_of(now->body == NULL ? "" : now->body);
}

static void make_host(struct world *world, size_t i, const char *name, enum seen seen)
{
    struct host_facts *host = &world->host_facts[i];
    struct probe_facts *probe = &world->probes[i];
    world->rrs[i] = (struct mx_rr){.preference = 10, .host = name};
    world->hosts[i] = (struct mx_host){.host = name, .preference = 10, .facts = host};
    *host = (struct host_facts){.host = name, .probes = probe, .probe_count = 1};
    host->address.a.status = DNS_ANSWERED;
    host->address.aaaa.status = DNS_NODATA;
    host->address.ips = &world->ips[i];
    host->address.ip_count = 1;
    *probe = (struct probe_facts){.host = name, .ip = world->ips[i], .time = NOW_MS, .tls.alert = -1};
    probe->step = seen == QUIET ? SMTP_CONNECT : seen == NO_TLS ? SMTP_EHLO : SMTP_QUIT;
    probe->end = seen == QUIET ? SMTP_END_NET : seen == NO_TLS ? SMTP_END_NOT_OFFERED : SMTP_END_DONE;
    probe->net = seen == QUIET ? NET_TIMEOUT : NET_OK;
    probe->not_tried = seen == NO_PROBE ? NOT_TRIED_PACE : TRIED;
    if (seen == GOOD || seen == BAD_CERT)
        probe->tls = handshake(&world->leaf, true);
    if (seen == BAD_CERT)
        probe->tls.name_match = false;
}

static void make_mx(struct world *world, const struct mx_case *mx)
{
    struct domain_facts *facts = &world->facts;
    facts->mx = (struct mx_facts){.lookup.status = mx->mx, .rrs = world->rrs};
    facts->hosts = world->hosts;
    if (mx->null != NULL)
        world->rrs[facts->mx.rr_count++] = (struct mx_rr){.host = mx->null};
    for (size_t i = 0; i < 2 && mx->hosts[i].seen != NO_HOST; i++) {
        make_host(world, i, mx->hosts[i].host, mx->hosts[i].seen);
        facts->mx.rr_count++;
        facts->host_count++;
    }
}

static void make_world(struct world *world, const struct now_case *now, const struct mx_case *mx)
{
    struct domain_facts *facts = &world->facts;
    *facts = (struct domain_facts){.ordinal = 1, .domain = "example", .time = NOW_MS};
    for (uint8_t i = 0; i < 2; i++)
        world->ips[i] = ip_v4((const uint8_t[]){192, 0, 2, i});
    facts->txt.lookup.status = now->txt;
    facts->txt.rrs = world->txt;
    for (size_t i = 0; i < 2 && now->rrs[i] != NULL; i++)
        world->txt[facts->txt.rr_count++] = bytes_of(now->rrs[i]);
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
    make_policy(world, now);
    make_mx(world, mx);
}

static void make_cached(struct world *world, enum sts_mode mode, const struct age_case *age)
{
    world->cached = (struct cached_policy){.id = "old", .mode = mode, .max_age = age->max_age};
    world->cached.mx = (const char **)(uintptr_t)old_mx;
    world->cached.mx_count = COUNT(old_mx);
    world->cached.fetched = NOW_MS - age->fetched;
    world->cached.since = age->since == 0 ? 0 : NOW_MS - age->since;
    world->facts.cached = &world->cached;
}

/* ---- every pair ---------------------------------------------------------------------------------------- */

/* The same policy is published: says whether those who have it keep it longer than who fetches it now. */
static bool outlasts(const struct now_case *now, const struct age_case *age)
{
    static const char key[] = "max_age: ";
    int64_t lasts = strtol(strstr(now->body, key) + sizeof key - 1, NULL, 10);
    return age->max_age * INT64_C(1000) - age->fetched > lasts * 1000;
}

static enum cached_found expected_found(const struct now_case *now, enum sts_mode mode,
                                        const struct age_case *age)
{
    if (!age->alive)
        return CACHED_EXPIRED;
    if (now->same == STS_MODE_UNSET)
        return now->found;
    return now->same == mode && !outlasts(now, age) ? CACHED_CURRENT : CACHED_SAME_ID;
}

/* Tells whether senders that have an old policy that enforces go by it. */
static bool is_kept(const struct now_case *now, const struct age_case *age)
{
    return now->kept || (now->same == STS_MODE_ENFORCE && outlasts(now, age));
}

/* What follows, said in another way than the verdict says it. */
static enum outcome expected(const struct now_case *now, enum sts_mode mode, const struct age_case *age,
                             const struct mx_case *mx)
{
    if (!age->alive || mode != STS_MODE_ENFORCE)
        return OUTCOME_NONE;
    if (is_kept(now, age))
        return mx->outcome;
    if (now->found != CACHED_UNKNOWN)
        return OUTCOME_NONE;
    bool fails = mx->outcome == OUTCOME_REFUSED || mx->outcome == OUTCOME_PARTIAL;
    return fails ? OUTCOME_UNKNOWN : mx->outcome;
}

static bool has(const struct judgement *judgement, enum failure_code code)
{
    return code_set_has(&judgement->codes, code);
}

/* What is published now is judged as if there were no old policy. */
static bool is_todays(const struct world *world)
{
    struct code_set codes = world->without.codes;
    const struct judgement *judgement = &world->judgement;
    for (enum failure_code code = FAIL_CACHED_REFUSED; code <= FAIL_CACHED_PARTIAL; code++)
        if (has(judgement, code))
            code_set_add(&codes, code);
    return judgement->outcome == world->without.outcome && judgement->would_be == world->without.would_be &&
           judgement->incomplete == world->without.incomplete &&
           judgement->rpt_types == world->without.rpt_types &&
           memcmp(&codes, &judgement->codes, sizeof codes) == 0;
}

static void check_times(const struct world *world, const char *name, const struct age_case *age)
{
    const struct cached_verdict *cached = &world->judgement.cached;
    int64_t since = age->since == 0 ? NOW_MS : NOW_MS - age->since;
    bool kept = cached_is_kept(cached->found);
    if (cached->sure_until != NOW_MS - age->fetched + age->max_age * INT64_C(1000) ||
        cached->since != (kept ? since : 0) ||
        cached->none_after != (kept ? since + age->max_age * INT64_C(1000) : 0))
        fail_msg("%s, %s: since, sure_until or none_after", name, age->name);
}

static void check(struct world *world, const struct now_case *now, enum sts_mode mode,
                  const struct age_case *age, const struct mx_case *mx)
{
    const struct cached_verdict *cached = &world->judgement.cached;
    arena_reset(&world->arena);
    make_cached(world, mode, age);
    verdict_judge(&world->facts, BY_OWN_TIME, &world->arena, &world->judgement);
    world->facts.cached = NULL;
    verdict_judge(&world->facts, BY_OWN_TIME, &world->arena, &world->without);
    enum outcome outcome = expected(now, mode, age, mx);
    bool counts = is_kept(now, age) && age->alive && mode == STS_MODE_ENFORCE;
    if (cached->found != expected_found(now, mode, age) || cached->would_be.outcome != outcome ||
        cached->would_be.incomplete != (outcome == OUTCOME_PROTECTED && mx->incomplete))
        fail_msg("%s, %s, %s, %s: %s, %s", now->name, sts_mode_name(mode), age->name, mx->name,
                 cached_found_name(cached->found), outcome_name(cached->would_be.outcome));
    if (has(&world->judgement, FAIL_CACHED_REFUSED) != (counts && mx->outcome == OUTCOME_REFUSED) ||
        has(&world->judgement, FAIL_CACHED_PARTIAL) != (counts && mx->outcome == OUTCOME_PARTIAL))
        fail_msg("%s, %s, %s, %s: codes", now->name, sts_mode_name(mode), age->name, mx->name);
    if (!is_todays(world) || world->without.cached.found != CACHED_NONE)
        fail_msg("%s, %s, %s, %s: the outcome is not today's", now->name, sts_mode_name(mode), age->name,
                 mx->name);
    check_times(world, now->name, age);
}

static void test_all_pairs(void **state)
{
    static struct world world;
    size_t checked = 0, refused = 0;
    (void)state;
    arena_init(&world.arena, 1 << 20);
    for (size_t n = 0; n < COUNT(now_cases); n++)
        for (size_t x = 0; x < COUNT(mx_cases); x++) {
            make_world(&world, &now_cases[n], &mx_cases[x]);
            for (size_t m = 0; m < COUNT(modes); m++)
                for (size_t a = 0; a < COUNT(age_cases); a++, checked++) {
                    check(&world, &now_cases[n], modes[m], &age_cases[a], &mx_cases[x]);
                    refused += has(&world.judgement, FAIL_CACHED_REFUSED);
                }
        }
    assert_int_equal(checked, COUNT(now_cases) * COUNT(mx_cases) * COUNT(modes) * COUNT(age_cases));
    assert_true(refused > 0 && refused < checked);
    arena_dispose(&world.arena);
}

/* ---- by another clock, and by one look ----------------------------------------------------------------- */

static const struct now_case *now_named(const char *name)
{
    for (size_t i = 0; i < COUNT(now_cases); i++)
        if (strcmp(now_cases[i].name, name) == 0)
            return &now_cases[i];
    fail_msg("no case %s", name);
    return NULL;
}

static void begin(struct world *world, const char *now, const struct mx_case *mx)
{
    arena_init(&world->arena, 1 << 20);
    make_world(world, now_named(now), mx);
    make_cached(world, STS_MODE_ENFORCE, &age_cases[0]);
}

/* CACHED-6: judged by a later clock the same record comes to expire. */
static void test_by_the_clock_that_is_given(void **state)
{
    static struct world world;
    (void)state;
    begin(&world, "CACHED-1 no such name", &mx_cases[1]);
    verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
    assert_int_equal(world.judgement.cached.found, CACHED_NO_RECORD);
    assert_true(has(&world.judgement, FAIL_CACHED_REFUSED));
    verdict_judge(&world.facts, NOW_MS + 7 * DAY_MS, &world.arena, &world.judgement);
    assert_int_equal(world.judgement.cached.found, CACHED_EXPIRED);
    assert_false(has(&world.judgement, FAIL_CACHED_REFUSED));
    arena_dispose(&world.arena);
}

/* CACHED-8: a second look is due at hosts that an old policy makes count, and if none comes that is said of
 * it alone. */
static void test_one_look_does_not_decide(void **state)
{
    static struct world world;
    static const struct mx_case missing = {"",   {{"a.example", NO_TLS}}, DNS_ANSWERED,
                                           NULL, OUTCOME_REFUSED,         false};
    static const struct mx_case not_named = {"",   {{"c.example", NO_TLS}}, DNS_ANSWERED,
                                             NULL, OUTCOME_REFUSED,         false};
    (void)state;
    begin(&world, "CACHED-1 no such name", &missing);
    world.facts.one_look = true;
    verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
    assert_true(world.judgement.look_due && world.judgement.one_look);
    assert_true(world.judgement.cached.would_be.incomplete);
    assert_false(world.judgement.incomplete);
    make_world(&world, now_named("CACHED-1 no such name"), &not_named); /* refused whatever its TLS */
    make_cached(&world, STS_MODE_ENFORCE, &age_cases[0]);
    verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
    assert_false(world.judgement.look_due);
    make_world(&world, now_named("CACHED-3 a new one, none"), &missing); /* nobody goes by it */
    make_cached(&world, STS_MODE_ENFORCE, &age_cases[0]);
    verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
    assert_false(world.judgement.look_due);
    arena_dispose(&world.arena);
}

/* CACHED-8: what may pass is tried again for the old policy's sake, though there is none to go by today. */
static void test_what_may_pass_is_tried_again(void **state)
{
    static struct world world;
    (void)state;
    for (size_t i = 0; i < COUNT(mx_cases); i++) {
        const struct mx_case *mx = &mx_cases[i];
        bool open = (mx->outcome == OUTCOME_UNKNOWN || mx->incomplete) && mx->hosts[0].seen != NO_HOST;
        begin(&world, "CACHED-1 no such name", mx);
        verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
        if (mx->hosts[0].seen != NO_HOST && verdict_may_pass(&world.judgement) != open)
            fail_msg("%s: tried again %d", mx->name, !open);
        world.facts.cached = NULL;
        verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
        /* Without it only a failed MX lookup is tried again. */
        bool failed =
            world.facts.mx.lookup.status == DNS_TIMEOUT || world.facts.mx.lookup.status == DNS_SERVFAIL;
        assert_int_equal(verdict_may_pass(&world.judgement), failed);
        arena_dispose(&world.arena);
    }
}

/* MX-6: a placeholder stands among the hosts, and the codes are at the places of all of them. */
static void test_placeholders_keep_their_place(void **state)
{
    static struct world world;
    static const struct mx_case beside = {
        "",   {{"ms12345678.msv1.invalid", GOOD}, {"c.example", GOOD}}, DNS_ANSWERED, NULL, OUTCOME_REFUSED,
        false};
    (void)state;
    begin(&world, "CACHED-1 no such name", &beside);
    verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
    const struct enforced *would_be = &world.judgement.cached.would_be;
    assert_int_equal(world.judgement.hosts[0].code, FAIL_MX_PLACEHOLDER);
    assert_int_equal(would_be->outcome, OUTCOME_REFUSED);
    assert_int_equal(would_be->host_count, 2);
    assert_int_equal(would_be->codes[0], FAIL_NONE);
    assert_int_equal(would_be->codes[1], FAIL_MX_NOT_IN_POLICY);
    /* Asked of all hosts it is the same. */
    struct enforced by = verdict_enforced(&world.facts, world.judgement.hosts, world.judgement.host_count,
                                          (struct enforced_policy){old_mx, COUNT(old_mx)}, &world.arena);
    assert_int_equal(by.outcome, OUTCOME_REFUSED);
    assert_int_equal(by.codes[0], FAIL_NONE);
    assert_int_equal(by.codes[1], FAIL_MX_NOT_IN_POLICY);
    arena_dispose(&world.arena);
}

/* ---- any policy ---------------------------------------------------------------------------------------- */

/* CACHED-7: the same hosts, by whatever policy is asked for: which host fails, and by what. */
static void test_any_policy_is_asked_of_the_hosts(void **state)
{
    static const char *const all[] = {"*.example", "1.pool.example"}, *const one[] = {"c.example"};
    static struct world world;
    (void)state;
    begin(&world, "CACHED-1 no such name", &mx_cases[4]);
    verdict_judge(&world.facts, BY_OWN_TIME, &world.arena, &world.judgement);
    const struct judgement *judgement = &world.judgement;
    struct enforced by = verdict_enforced(&world.facts, judgement->hosts, judgement->host_count,
                                          (struct enforced_policy){all, COUNT(all)}, &world.arena);
    assert_int_equal(by.outcome, OUTCOME_PARTIAL);
    assert_int_equal(by.host_count, 2);
    assert_int_equal(by.codes[0], FAIL_SMTP_TLS_HOST_MISMATCH);
    assert_int_equal(by.codes[1], FAIL_NONE);
    by = verdict_enforced(&world.facts, judgement->hosts, judgement->host_count,
                          (struct enforced_policy){one, COUNT(one)}, &world.arena);
    assert_int_equal(by.outcome, OUTCOME_REFUSED);
    assert_int_equal(by.codes[0], FAIL_MX_NOT_IN_POLICY);
    assert_int_equal(by.codes[1], FAIL_MX_NOT_IN_POLICY);
    by = verdict_enforced(&world.facts, judgement->hosts, judgement->host_count,
                          (struct enforced_policy){NULL, 0}, &world.arena);
    assert_int_equal(by.outcome, OUTCOME_REFUSED);
    arena_dispose(&world.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_pairs),
        cmocka_unit_test(test_by_the_clock_that_is_given),
        cmocka_unit_test(test_one_look_does_not_decide),
        cmocka_unit_test(test_what_may_pass_is_tried_again),
        cmocka_unit_test(test_placeholders_keep_their_place),
        cmocka_unit_test(test_any_policy_is_asked_of_the_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
