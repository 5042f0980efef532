/* A policy host with several addresses that do not answer: which of them the facts tell of. Lookups, turns
 * and fetches are scripts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "input/optout_list.h"
#include "scanner/reach/policyhost.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/verdict.h"

enum { MOST_ADDRESSES = 5, ARENA_BYTES = 65536 };

/* What comes of one address. */
struct address_script {
    enum not_tried may_contact;
    enum pace_answer turn;
    struct fetch_facts fetch;
    struct fetch_facts small; /* of a fetch with a small ClientHello */
    enum pace_answer small_turn;
    bool small_turnless; /* a turn for it cannot be asked for */
    bool no_route;       /* this machine lacks it */
    bool blocked;        /* nobody answers this machine at the port */
    bool paused;         /* this process stood still meanwhile */
};

#define REFUSED                                                                                              \
    {                                                                                                        \
        .fetch = {.step = FETCH_CONNECT, .net = NET_REFUSED }                                                \
    }
#define SILENT                                                                                               \
    {                                                                                                        \
        .fetch = {.step = FETCH_CONNECT, .net = NET_TIMEOUT }                                                \
    }
#define UNREACHABLE                                                                                          \
    {                                                                                                        \
        .fetch = {.step = FETCH_CONNECT, .net = NET_UNREACHABLE }                                            \
    }
#define NO_ROUTE                                                                                             \
    {                                                                                                        \
        .fetch = {.step = FETCH_CONNECT, .net = NET_UNREACHABLE}, .no_route = true                           \
    }
#define PAUSED                                                                                               \
    {                                                                                                        \
        .fetch = {.step = FETCH_CONNECT, .net = NET_TIMEOUT}, .paused = true                                 \
    }
#define PAUSED_AMID                                                                                          \
    {                                                                                                        \
        .fetch = {.step = FETCH_HEADERS, .net = NET_RESET, .tls = {.end = TLS_DONE}}, .paused = true         \
    }
#define REFUSED_MEANWHILE                                                                                    \
    {                                                                                                        \
        .fetch = {.step = FETCH_CONNECT, .net = NET_REFUSED}, .paused = true                                 \
    }
#define TOO_LONG                                                                                             \
    {                                                                                                        \
        .turn = PACE_TOO_LONG                                                                                \
    }
#define DEAD                                                                                                 \
    {                                                                                                        \
        .turn = PACE_DEAD                                                                                    \
    }
#define PRIVATE                                                                                              \
    {                                                                                                        \
        .may_contact = NOT_TRIED_SPECIAL_ADDRESS                                                             \
    }
#define OPTED_OUT                                                                                            \
    {                                                                                                        \
        .may_contact = NOT_TRIED_OPTOUT                                                                      \
    }
#define NO_FAMILY                                                                                            \
    {                                                                                                        \
        .may_contact = NOT_TRIED_NO_FAMILY                                                                   \
    }
#define BLOCKED                                                                                              \
    {                                                                                                        \
        .blocked = true                                                                                      \
    }
#define FAILS_TLS                                                                                            \
    {                                                                                                        \
        .fetch = {.step = FETCH_TLS, .tls = {.end = TLS_FAILED} }                                            \
    }

static const struct address_script *script;
static size_t script_count;

/* What is under way; ended by the test's loop, never from inside. */
static struct {
    lookup_done lookups[2];
    uint16_t types[2];
    void *lookup_args[2];
    size_t lookup_count;
    pace_done turn;
    fetch_done fetch;
    void *arg;
    size_t current;
    size_t open; /* grants that were not given back */
    unsigned lookups_cancelled, turns_cancelled, fetches_cancelled;
    bool silent;             /* the last address given back is called so */
    bool small, small_asked; /* the fetch that is under way; the turn that is asked for */
    unsigned smalls, turns;
    int64_t small_ms;
} way;

static size_t number_of(const struct ip_addr *ip)
{
    for (size_t i = 0; i < script_count; i++) {
        const uint8_t bytes[4] = {192, 0, 2, (uint8_t)(i + 1)};
        const struct ip_addr own = ip_v4(bytes);
        if (ip_equal(&own, ip))
            return i;
    }
    fail();
    return 0;
}

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    (void)engine;
    assert_string_equal(name, "mta-sts.a.example");
    way.lookups[way.lookup_count] = done;
    way.types[way.lookup_count] = type;
    way.lookup_args[way.lookup_count++] = arg;
    return (struct lookup_handle){{1, 1}};
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    (void)engine;
    way.lookups_cancelled += handle_is_set(handle.handle);
}

struct handle pace_request(struct worker *worker, const struct ip_addr *ip, enum pace_class class,
                           pace_done done, void *arg)
{
    (void)worker;
    assert_int_equal(class, PACE_HTTPS);
    way.small_asked = way.turns > 0 && way.current == number_of(ip);
    if (way.small_asked && script[way.current].small_turnless)
        return (struct handle){0, 0};
    way.turn = done;
    way.arg = arg;
    way.turns++;
    way.current = number_of(ip);
    return (struct handle){1, 1};
}

void pace_cancel(struct worker *worker, struct handle handle)
{
    (void)worker;
    way.turns_cancelled += handle_is_set(handle);
}

void pace_release(struct worker *worker, const struct ip_addr *ip, enum pace_class class, bool timed_out)
{
    (void)worker;
    assert_int_equal(class, PACE_HTTPS);
    assert_int_equal(number_of(ip), way.current);
    way.silent = timed_out;
    way.open--;
}

struct handle fetch_start(struct fetcher *fetcher, const struct fetch_request *request)
{
    (void)fetcher;
    way.small = request->small;
    way.smalls += request->small;
    way.small_ms = request->timeout_ms;
    way.fetch = request->done;
    way.arg = request->arg;
    return (struct handle){1, 1};
}

void fetch_cancel(struct fetcher *fetcher, struct handle handle)
{
    (void)fetcher;
    way.fetches_cancelled += handle_is_set(handle);
}

bool worker_was_stuck_at(const struct worker *worker, enum place_kind kind, const struct ip_addr *ip)
{
    (void)worker;
    (void)kind;
    (void)ip;
    return false;
}

enum not_tried worker_may_contact(const struct worker *worker, const struct ip_addr *ip)
{
    (void)worker;
    return script[number_of(ip)].may_contact;
}

bool worker_is_blocked(const struct worker *worker, enum known_port port, const struct ip_addr *ip)
{
    (void)worker;
    assert_int_equal(port, KNOWN_HTTPS);
    return script[number_of(ip)].blocked;
}

bool worker_lacks_route(const struct ip_addr *ip)
{
    return script[number_of(ip)].no_route;
}

bool worker_stood_still(struct worker *worker, int64_t since_ms)
{
    (void)worker, (void)since_ms;
    return script[way.current].paused;
}

/* ---- one visit ----------------------------------------------------------------------------------------- */

static void answer_lookup(size_t which)
{
    uint8_t bytes[MOST_ADDRESSES][4] = {{0}};
    struct dns_rr rrs[MOST_ADDRESSES];
    struct dns_answer answer = {.type = way.types[which], .owner = "x", .rrs = rrs};
    for (size_t i = 0; i < script_count && answer.type == DNS_TYPE_A; i++) {
        memcpy(bytes[i], (uint8_t[]){192, 0, 2, (uint8_t)(i + 1)}, sizeof bytes[i]);
        rrs[answer.rr_count++].rdata = bytes_make(bytes[i], sizeof bytes[i]);
    }
    answer.lookup.status = answer.rr_count > 0 ? DNS_ANSWERED : DNS_NODATA;
    way.lookups[which](way.lookup_args[which], &answer);
}

static void end_turn(void)
{
    bool again = way.small_asked;
    const struct pace_turn turn = {.answer =
                                       again ? script[way.current].small_turn : script[way.current].turn};
    pace_done done = way.turn;
    way.turn = NULL;
    way.open += turn.answer == PACE_GRANTED;
    done(way.arg, &turn);
}

static void end_fetch(struct arena *arena)
{
    fetch_done done = way.fetch;
    struct fetch_facts *facts = arena_alloc(arena, sizeof *facts);
    *facts = way.small ? script[way.current].small : script[way.current].fetch;
    way.fetch = NULL;
    done(way.arg, facts);
}

static void on_done(void *arg)
{
    ++*(int *)arg;
}

struct visited {
    enum failure_code code;
    size_t address; /* that the facts are about, from 1 */
};

struct bench {
    struct config config;
    struct scan_context context;
    struct worker worker;
    struct domain_facts domain;
    struct policy_visit one;
    struct arena arena;
    int done;
};

/* As of the visits that begin now. */
static bool large_hello;
static struct look earlier[2];
static size_t earlier_count;

static void begin(struct bench *bench, const struct address_script *scripts, size_t count)
{
    struct buf said;
    memset(bench, 0, sizeof *bench);
    bench->config = (struct config){.policy_timeout = 60000};
    bench->context = (struct scan_context){.config = &bench->config, .large_hello = large_hello};
    bench->worker = (struct worker){.count = 1, .context = &bench->context};
    script = scripts;
    script_count = count;
    memset(&way, 0, sizeof way);
    buf_init(&said, 256);
    assert_int_equal(optout_read("", "", &bench->context.optout, &said), ERR_OK);
    buf_dispose(&said);
    arena_init(&bench->arena, ARENA_BYTES);
    bench->domain =
        (struct domain_facts){.domain = "a.example", .looks = earlier, .look_count = earlier_count};
    assert_true(policy_visit_start(&bench->one, &bench->worker, NULL, &bench->domain, &bench->arena, on_done,
                                   &bench->done));
}

static void end(struct bench *bench)
{
    optout_destroy(bench->context.optout);
    arena_dispose(&bench->arena);
}

static struct visited visit(const struct address_script *scripts, size_t count)
{
    struct bench bench;
    begin(&bench, scripts, count);
    answer_lookup(0);
    answer_lookup(1);
    while (way.turn != NULL || way.fetch != NULL) {
        if (way.turn != NULL)
            end_turn();
        else
            end_fetch(&bench.arena);
    }
    assert_int_equal(bench.done, 1);
    assert_int_equal(way.open, 0);
    struct visited result = {verdict_fetch(&bench.domain.policy, 0),
                             number_of(&bench.domain.policy.fetch.ip) + 1};
    end(&bench);
    return result;
}

/* ---- tests --------------------------------------------------------------------------------------------- */

struct row {
    struct address_script scripts[MOST_ADDRESSES];
    size_t count;
    enum failure_code code;
    size_t address;
};

static void expect(struct row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        const uint8_t bytes[4] = {192, 0, 2, (uint8_t)(i + 1)};
        row->scripts[i].fetch.ip = ip_v4(bytes);
        row->scripts[i].fetch.tls.alert = -1;
    }
    struct visited is = visit(row->scripts, row->count);
    assert_string_equal(failure_get(is.code)->code, failure_get(row->code)->code);
    assert_int_equal(is.address, row->address);
}

static void an_address_not_tried_is_not_made_final_by_a_private_one(void **state)
{
    static struct row rows[] = {
        {{TOO_LONG, PRIVATE}, 2, FAIL_POLICY_NOT_TRIED_PACE, 1},
        {{PRIVATE, TOO_LONG}, 2, FAIL_POLICY_NOT_TRIED_PACE, 2},
        {{DEAD, PRIVATE}, 2, FAIL_POLICY_TCP_TIMEOUT, 1},
        {{OPTED_OUT, PRIVATE}, 2, FAIL_POLICY_NOT_TRIED_OPTOUT, 1},
        {{NO_FAMILY, PRIVATE}, 2, FAIL_POLICY_NOT_TRIED_NO_FAMILY, 1},
        {{BLOCKED, PRIVATE}, 2, FAIL_POLICY_TCP_PORT_BLOCKED, 1},
        {{BLOCKED, SILENT}, 2, FAIL_POLICY_TCP_TIMEOUT, 2},
        {{PRIVATE, PRIVATE}, 2, FAIL_POLICY_SPECIAL_ADDRESS, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&rows[i]);
}

static void passing_trouble_is_not_made_final_by_a_refusal(void **state)
{
    static struct row rows[] = {
        {{SILENT, REFUSED}, 2, FAIL_POLICY_TCP_TIMEOUT, 1},
        {{REFUSED, SILENT}, 2, FAIL_POLICY_TCP_TIMEOUT, 2},
        {{NO_ROUTE, REFUSED}, 2, FAIL_POLICY_NOT_TRIED_NO_ROUTE, 1},
        {{UNREACHABLE, REFUSED}, 2, FAIL_POLICY_TCP_UNREACHABLE, 1},
        {{REFUSED, TOO_LONG}, 2, FAIL_POLICY_NOT_TRIED_PACE, 2},
        {{REFUSED, NO_FAMILY}, 2, FAIL_POLICY_NOT_TRIED_NO_FAMILY, 2},
        {{REFUSED, PRIVATE}, 2, FAIL_POLICY_TCP_REFUSED, 1},
        {{PRIVATE, REFUSED}, 2, FAIL_POLICY_TCP_REFUSED, 2},
        {{REFUSED, REFUSED, REFUSED, REFUSED, SILENT}, 5, FAIL_POLICY_NOT_TRIED_REST, 1},
        {{REFUSED, REFUSED, REFUSED, REFUSED}, 4, FAIL_POLICY_TCP_REFUSED, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&rows[i]);
}

/* What would not pass by another try does not hide what would. */
static void what_a_retry_may_mend_is_told_first(void **state)
{
    static struct row rows[] = {
        {{NO_FAMILY, SILENT}, 2, FAIL_POLICY_TCP_TIMEOUT, 2},
        {{OPTED_OUT, TOO_LONG}, 2, FAIL_POLICY_NOT_TRIED_PACE, 2},
        {{SILENT, NO_FAMILY}, 2, FAIL_POLICY_TCP_TIMEOUT, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&rows[i]);
}

static void who_answers_is_heard_alone(void **state)
{
    static struct row rows[] = {
        {{SILENT, FAILS_TLS}, 2, FAIL_POLICY_TLS_HANDSHAKE, 2},
        {{TOO_LONG, PRIVATE, FAILS_TLS, SILENT}, 4, FAIL_POLICY_TLS_HANDSHAKE, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&rows[i]);
}

/* What broke off while this process stood still tells nothing; an answer does. */
static void what_a_pause_broke_off_is_ours(void **state)
{
    static struct row rows[] = {
        {{PAUSED, REFUSED}, 2, FAIL_POLICY_NOT_TRIED_PAUSED, 1},
        {{PAUSED_AMID}, 1, FAIL_POLICY_NOT_TRIED_PAUSED, 1},
        {{REFUSED_MEANWHILE}, 1, FAIL_POLICY_TCP_REFUSED, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect(&rows[i]);
}

/* ---- a visit that is not wanted any more --------------------------------------------------------------- */

/* Whoever ends it frees its memory: nothing that is under way may come back to it. */
static void a_visit_that_is_ended_leaves_nothing_under_way(void **state)
{
    static const struct address_script scripts[] = {FAILS_TLS};
    enum { IN_LOOKUPS, IN_SECOND_LOOKUP, IN_TURN, IN_FETCH, STAGES };
    (void)state;
    for (int stage = 0; stage < STAGES; stage++) {
        struct bench bench;
        begin(&bench, scripts, 1);
        if (stage >= IN_SECOND_LOOKUP)
            answer_lookup(0);
        if (stage >= IN_TURN)
            answer_lookup(1);
        if (stage >= IN_FETCH)
            end_turn();
        policy_visit_cancel(&bench.one);
        assert_int_equal(way.lookups_cancelled, stage == IN_LOOKUPS ? 2 : stage == IN_SECOND_LOOKUP);
        assert_int_equal(way.turns_cancelled, stage == IN_TURN);
        assert_int_equal(way.fetches_cancelled, stage == IN_FETCH);
        assert_int_equal(way.open, 0);
        assert_false(way.silent);
        policy_visit_cancel(&bench.one); /* once is enough */
        assert_int_equal(way.turns_cancelled + way.fetches_cancelled, stage >= IN_TURN);
        assert_int_equal(way.open, 0);
        assert_int_equal(bench.done, 0);
        end(&bench);
    }
}

/* An address that did not take the connection is silent for all who come; one that was slow later is not. */
static void an_address_is_silent_by_its_connection_alone(void **state)
{
    static const struct {
        struct address_script script;
        bool silent;
    } rows[] = {
        {SILENT, true},
        {REFUSED, false},
        {UNREACHABLE, false},
        {NO_ROUTE, false},
        {PAUSED, false},
        {{.fetch = {.step = FETCH_CONNECT, .deadline = true}}, true},
        {{.fetch = {.step = FETCH_HEADERS, .deadline = true, .tls = {.end = TLS_DONE}}}, false},
        {{.fetch = {.step = FETCH_TLS, .net = NET_TIMEOUT}}, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_script one = rows[i].script;
        one.fetch.ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
        one.fetch.tls.alert = -1;
        (void)visit(&one, 1);
        assert_int_equal(way.silent, rows[i].silent);
    }
}

/* ---- a ClientHello that the policy host does not take -------------------------------------------------- */

#define UNANSWERED                                                                                           \
    {                                                                                                        \
        .step = FETCH_TLS, .deadline = true, .tls = {                                                        \
            .end = TLS_TIMEOUT,                                                                              \
            .alert = -1,                                                                                     \
            .hello_unanswered = true                                                                         \
        }                                                                                                    \
    }
#define ALERT                                                                                                \
    {                                                                                                        \
        .step = FETCH_TLS, .tls = {.end = TLS_FAILED, .alert = 50 }                                          \
    }
#define TAKEN                                                                                                \
    {                                                                                                        \
        .step = FETCH_DONE, .http_status = 200, .tls = {.end = TLS_DONE, .alert = -1 }                       \
    }

#define INTERNAL_ERROR                                                                                       \
    {                                                                                                        \
        .step = FETCH_TLS, .tls = {.end = TLS_FAILED, .alert = 80, .hello_unanswered = true }                \
    }
#define NO_TCP                                                                                               \
    {                                                                                                        \
        .step = FETCH_CONNECT, .net = NET_REFUSED, .tls = {.alert = -1 }                                     \
    }

/* What earlier looks at the host found. */
enum before { FIRST_LOOK, UNANSWERED_THERE, UNANSWERED_ELSEWHERE, REFUSED_THERE, PASSED_TOO };

static void look_before(enum before before)
{
    const struct look there = {.host = "mta-sts.a.example",
                               .policy = true,
                               .ip = ip_v4((const uint8_t[]){192, 0, 2, 1}),
                               .step = FETCH_TLS,
                               .code = FAIL_POLICY_HTTP_TIMEOUT,
                               .hello_unanswered = before != REFUSED_THERE};
    earlier[0] = earlier[1] = there;
    if (before == REFUSED_THERE)
        earlier[0].code = FAIL_POLICY_TCP_REFUSED;
    if (before == UNANSWERED_ELSEWHERE)
        earlier[0].ip = ip_v4((const uint8_t[]){192, 0, 2, 77});
    earlier[1].code = FAIL_NONE;
    earlier[1].hello_unanswered = false;
    earlier_count = before == FIRST_LOOK ? 0 : before == PASSED_TOO ? 2 : 1;
}

struct follows {
    struct address_script script;
    bool large;
    enum before before;
    unsigned smalls; /* fetches with a small one */
    enum tls_end end;
    bool unanswered, intolerant;
    enum not_tried not_tried;
};

/* A row on a line. */
/* clang-format off */
static const struct follows follows[] = {
    {{.fetch = UNANSWERED, .small = TAKEN}, true, UNANSWERED_THERE, 1, TLS_DONE, false, true, TRIED},
    {{.fetch = UNANSWERED, .small = TAKEN}, true, FIRST_LOOK, 0, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = UNANSWERED, .small = TAKEN}, true, UNANSWERED_ELSEWHERE, 0, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = UNANSWERED, .small = TAKEN}, true, REFUSED_THERE, 0, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = UNANSWERED, .small = TAKEN}, true, PASSED_TOO, 0, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = INTERNAL_ERROR, .small = TAKEN}, true, FIRST_LOOK, 0, TLS_FAILED, true, false, TRIED},
    {{.fetch = INTERNAL_ERROR, .small = TAKEN}, true, UNANSWERED_THERE, 1, TLS_DONE, false, true, TRIED},
    {{.fetch = INTERNAL_ERROR, .small = TAKEN}, true, REFUSED_THERE, 1, TLS_DONE, false, true, TRIED},
    {{.fetch = INTERNAL_ERROR, .small = TAKEN}, true, PASSED_TOO, 0, TLS_FAILED, true, false, TRIED},
    {{.fetch = ALERT, .small = TAKEN}, true, FIRST_LOOK, 1, TLS_DONE, false, true, TRIED},
    {{.fetch = ALERT, .small = TAKEN}, false, UNANSWERED_THERE, 0, TLS_FAILED, false, false, TRIED},
    {{.fetch = ALERT, .small = ALERT}, true, UNANSWERED_THERE, 1, TLS_FAILED, false, false, TRIED},
    {{.fetch = TAKEN, .small = ALERT}, true, UNANSWERED_THERE, 0, TLS_DONE, false, false, TRIED},
    /* without a turn, or a way to ask for one: what decides nothing stands, what would decide does not */
    {{.fetch = UNANSWERED, .small_turn = PACE_TOO_LONG}, true, UNANSWERED_THERE, 0, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = INTERNAL_ERROR, .small_turn = PACE_TOO_LONG}, true, UNANSWERED_THERE, 0, TLS_NOT_TRIED, false, false, NOT_TRIED_PACE},
    {{.fetch = ALERT, .small_turn = PACE_TOO_LONG}, true, UNANSWERED_THERE, 0, TLS_NOT_TRIED, false, false, NOT_TRIED_PACE},
    {{.fetch = UNANSWERED, .small_turnless = true}, true, UNANSWERED_THERE, 0, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = ALERT, .small_turnless = true}, true, FIRST_LOOK, 0, TLS_NOT_TRIED, false, false, NOT_TRIED_PACE},
    /* it did not connect */
    {{.fetch = UNANSWERED, .small = NO_TCP}, true, UNANSWERED_THERE, 1, TLS_TIMEOUT, true, false, TRIED},
    {{.fetch = ALERT, .small = NO_TCP}, true, FIRST_LOOK, 1, TLS_NOT_TRIED, false, false, TRIED},
};
/* clang-format on */

static void fetch_all(struct bench *bench, const struct address_script *scripts, size_t count)
{
    begin(bench, scripts, count);
    answer_lookup(0);
    answer_lookup(1);
    while (way.turn != NULL || way.fetch != NULL) {
        if (way.turn != NULL)
            end_turn();
        else
            end_fetch(&bench->arena);
    }
    assert_int_equal(bench->done, 1);
    assert_int_equal(way.open, 0);
}

static void a_small_hello_follows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof follows / sizeof *follows; i++) {
        const struct follows *row = &follows[i];
        struct address_script one = row->script;
        struct bench bench;
        one.fetch.ip = one.small.ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
        large_hello = row->large;
        look_before(row->before);
        fetch_all(&bench, &one, 1);
        const struct fetch_facts *fetch = &bench.domain.policy.fetch;
        if (way.smalls != row->smalls || fetch->tls.end != row->end ||
            fetch->tls.hello_unanswered != row->unanswered ||
            fetch->tls.hello_intolerant != row->intolerant || fetch->not_tried != row->not_tried)
            fail_msg("row %zu: smalls %u, end %s", i, way.smalls, tls_end_name(fetch->tls.end));
        assert_true(way.smalls == 0 || way.small_ms == bench.config.policy_timeout); /* a time of its own */
        end(&bench);
    }
    large_hello = false;
    earlier_count = 0;
}

/* RFC 8461 section 3.3: the next address is tried if one does not connect, with a small ClientHello too; and
 * the small one of one address is none of the next. */
static void behind_a_small_hello_comes_the_next_address(void **state)
{
    static const struct {
        struct address_script scripts[2];
        size_t told; /* address, from 1 */
        enum failure_code code;
        unsigned smalls;
    } rows[] = {
        {{{.fetch = ALERT, .small = NO_TCP}, {.fetch = TAKEN}}, 2, FAIL_NONE, 1},
        {{{.fetch = ALERT, .small_turn = PACE_DEAD}, {.fetch = TAKEN}}, 2, FAIL_NONE, 0},
        {{{.fetch = ALERT, .small = NO_TCP}, {.fetch = ALERT, .small = TAKEN}}, 2, FAIL_NONE, 2},
        {{{.fetch = ALERT, .small = ALERT}, {.fetch = TAKEN}}, 1, FAIL_POLICY_TLS_HANDSHAKE, 1},
        {{{.fetch = UNANSWERED, .small = NO_TCP}, {.fetch = NO_TCP}}, 1, FAIL_POLICY_HTTP_TIMEOUT, 1},
        {{{.turn = PACE_DEAD}, {.fetch = ALERT, .small_turn = PACE_DEAD}}, 1, FAIL_POLICY_TCP_TIMEOUT, 0},
    };
    (void)state;
    large_hello = true;
    look_before(UNANSWERED_THERE);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct address_script scripts[2] = {rows[i].scripts[0], rows[i].scripts[1]};
        struct cert_facts leaf = {.not_after = INT64_C(4000000000), .signed_by = -1};
        struct bench bench;
        for (uint8_t j = 0; j < 2; j++) {
            scripts[j].fetch.ip = scripts[j].small.ip = ip_v4((const uint8_t[]){192, 0, 2, (uint8_t)(j + 1)});
            scripts[j].fetch.tls.certs = scripts[j].small.tls.certs = &leaf;
            scripts[j].fetch.tls.cert_count = scripts[j].fetch.tls.end == TLS_DONE;
            scripts[j].small.tls.cert_count = scripts[j].small.tls.end == TLS_DONE;
            scripts[j].fetch.tls.name_match = scripts[j].small.tls.name_match = true;
        }
        fetch_all(&bench, scripts, 2);
        enum failure_code code = verdict_fetch(&bench.domain.policy, INT64_C(1800000000000));
        size_t told = number_of(&bench.domain.policy.fetch.ip) + 1;
        if (code != rows[i].code || told != rows[i].told || way.smalls != rows[i].smalls)
            fail_msg("row %zu: %s of %zu, smalls %u", i, failure_name(code), told, way.smalls);
        end(&bench);
    }
    large_hello = false;
    earlier_count = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_not_tried_is_not_made_final_by_a_private_one),
        cmocka_unit_test(passing_trouble_is_not_made_final_by_a_refusal),
        cmocka_unit_test(what_a_retry_may_mend_is_told_first),
        cmocka_unit_test(who_answers_is_heard_alone),
        cmocka_unit_test(what_a_pause_broke_off_is_ours),
        cmocka_unit_test(a_visit_that_is_ended_leaves_nothing_under_way),
        cmocka_unit_test(an_address_is_silent_by_its_connection_alone),
        cmocka_unit_test(a_small_hello_follows),
        cmocka_unit_test(behind_a_small_hello_comes_the_next_address),
    };
    return cmocka_run_group_tests_name("policyhost", tests, NULL, NULL);
}
