/* What a probe's end says of this machine's way to port 25, and what is kept for whom: turns and sessions are
 * scripts, so that every end can be played. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/reach/proberun.h"
#include "scanner/reach/worker.h"

enum { ARENA_BYTES = 65536 };

/* How one session ends, and what this machine is like then. */
struct ending {
    struct probe_facts facts;
    bool connected; /* the address took the connection */
    bool no_route;
    bool paused;
    bool not_first; /* another name was at the address before, in this pass */
};

/* What is under way, and what was said of the port. */
static struct {
    const struct ending *ending;
    pace_done turn;
    void *turn_arg;
    struct probe_request request;
    unsigned good, bad; /* notes about port 25 */
    unsigned released, timed_out, cancelled;
} way;

struct handle pace_request_name(struct worker *worker, const struct ip_addr *ip, uint64_t domain, bool exempt,
                                pace_done done, void *arg)
{
    (void)worker, (void)ip, (void)domain, (void)exempt;
    way.turn = done;
    way.turn_arg = arg;
    return (struct handle){1, 1};
}

struct handle pace_request_again(struct worker *worker, const struct ip_addr *ip, uint64_t domain,
                                 pace_done done, void *arg)
{
    return pace_request_name(worker, ip, domain, false, done, arg);
}

struct handle pace_request_share(struct worker *worker, const struct ip_addr *ip, uint64_t domain,
                                 pace_done done, void *arg)
{
    return pace_request_name(worker, ip, domain, false, done, arg);
}

void pace_cancel(struct worker *worker, struct handle handle)
{
    (void)worker, (void)handle;
    way.turn = NULL;
}

void pace_release_probe(struct worker *worker, const struct ip_addr *ip, uint64_t domain, bool timed_out,
                        struct probe_sample *sample)
{
    (void)worker, (void)ip, (void)domain;
    assert_null(sample);
    way.released++;
    way.timed_out += timed_out;
}

uint64_t pace_domain(const struct worker *worker, const char *host)
{
    (void)worker, (void)host;
    return 1;
}

struct handle probe_start(struct prober *prober, const struct probe_request *request)
{
    (void)prober;
    way.request = *request;
    return (struct handle){1, 1};
}

void probe_cancel(struct prober *prober, struct handle handle)
{
    (void)prober, (void)handle;
    way.cancelled++;
}

void worker_note_port(struct worker *worker, uint64_t number, bool made)
{
    (void)worker;
    assert_int_not_equal(number, 0);
    way.good += made;
    way.bad += !made;
}

bool worker_stood_still(struct worker *worker, int64_t since_ms)
{
    (void)worker, (void)since_ms;
    return way.ending->paused;
}

bool worker_lacks_route(const struct ip_addr *ip)
{
    (void)ip;
    return way.ending->no_route;
}

enum not_tried worker_may_contact(const struct worker *worker, const struct ip_addr *ip)
{
    (void)worker, (void)ip;
    return TRIED;
}

bool worker_was_stuck_at(const struct worker *worker, enum place_kind kind, const struct ip_addr *ip)
{
    (void)worker, (void)kind, (void)ip;
    return false;
}

bool worker_is_blocked(const struct worker *worker, enum known_port port, const struct ip_addr *ip)
{
    (void)worker, (void)port, (void)ip;
    return false;
}

/* ---- one address --------------------------------------------------------------------------------------- */

static const struct host_facts visited_host = {.host = "mx.example"};

struct bench {
    struct scan_context context;
    struct worker worker;
    struct probe_run run;
    int done;
};

static void on_done(void *arg)
{
    ++*(int *)arg;
}

static void begin(struct bench *bench, const struct ending *ending)
{
    const struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    memset(bench, 0, sizeof *bench);
    memset(&way, 0, sizeof way);
    way.ending = ending;
    bench->worker = (struct worker){.count = 1, .context = &bench->context, .pass = 1};
    probe_run_start(&bench->run, &bench->worker, NULL, &visited_host, &ip, PROBE_ALWAYS, NULL, on_done,
                    &bench->done);
}

static void get_turn(void)
{
    const struct pace_turn turn = {.answer = PACE_GRANTED, .first = !way.ending->not_first};
    pace_done done = way.turn;
    way.turn = NULL;
    done(way.turn_arg, &turn);
}

static void end_session(void)
{
    struct probe_facts *facts = way.request.facts;
    const struct ip_addr ip = facts->ip;
    *facts = way.ending->facts;
    facts->ip = ip;
    facts->tls.alert = -1;
    if (way.ending->connected)
        way.request.connected(way.request.arg);
    way.request.done(way.request.arg, facts);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

#define AT(where, how, error)                                                                                \
    {                                                                                                        \
        .step = where, .end = how, .net = error                                                              \
    }

static void port_25_is_told_by_connections_alone(void **state)
{
    static const struct {
        const char *name;
        struct ending ending;
        unsigned good, bad, timed_out;
        uint64_t made, lacking;
    } rows[] = {
        {"no answer", {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_TIMEOUT)}, 0, 1, 1, 0, 0},
        {"no way", {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_UNREACHABLE)}, 0, 1, 0, 0, 0},
        {"refused", {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_REFUSED)}, 0, 0, 0, 0, 0},
        {"silent later",
         {.facts = AT(SMTP_GREETING, SMTP_END_STEP_TIMEOUT, NET_OK), .connected = true},
         1,
         0,
         0,
         1,
         0},
        {"broken off later",
         {.facts = AT(SMTP_GREETING, SMTP_END_NET, NET_TIMEOUT), .connected = true},
         1,
         0,
         0,
         1,
         0},
        {"went well", {.facts = AT(SMTP_QUIT, SMTP_END_DONE, NET_OK), .connected = true}, 1, 0, 0, 1, 0},
        {"our own lack of a route",
         {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_UNREACHABLE), .no_route = true},
         0,
         0,
         0,
         0,
         1},
        {"our own lack of a route, after a while",
         {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_TIMEOUT), .no_route = true},
         0,
         0,
         0,
         0,
         1},
        {"our own pause",
         {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_TIMEOUT), .paused = true},
         0,
         0,
         0,
         0,
         0},
        {"no answer to a further name",
         {.facts = AT(SMTP_CONNECT, SMTP_END_NET, NET_TIMEOUT), .not_first = true},
         0,
         0,
         1,
         0,
         0},
        {"answer to a further name",
         {.facts = AT(SMTP_QUIT, SMTP_END_DONE, NET_OK), .connected = true, .not_first = true},
         0,
         0,
         0,
         1,
         0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        begin(&bench, &rows[i].ending);
        get_turn();
        end_session();
        if (way.good != rows[i].good || way.bad != rows[i].bad || way.timed_out != rows[i].timed_out)
            fail_msg("%s: %u connections noted as made, %u as failed, %u addresses as silent", rows[i].name,
                     way.good, way.bad, way.timed_out);
        assert_int_equal(bench.worker.counts.connects_made, rows[i].made);
        assert_int_equal(bench.worker.counts.routes_lacking, rows[i].lacking);
        assert_int_equal(bench.done, 1);
        assert_int_equal(way.released, 1);
        probe_run_dispose(&bench.run);
        assert_int_equal(way.released, 1);
        assert_int_equal(way.cancelled, 0);
    }
}

/* What was waited for and is not wanted any more is given back, and nothing is heard of it. */
static void a_run_that_is_ended_leaves_nothing_under_way(void **state)
{
    static const struct ending never = {.connected = false};
    struct bench bench;
    (void)state;
    begin(&bench, &never);
    probe_run_dispose(&bench.run);
    assert_null(way.turn);
    assert_int_equal(way.released, 0);
    begin(&bench, &never);
    get_turn();
    probe_run_dispose(&bench.run);
    assert_int_equal(way.cancelled, 1);
    assert_int_equal(way.released, 1);
    assert_int_equal(way.timed_out, 0);
    assert_int_equal(bench.done, 0);
}

/* ---- anchors (DANE-4) ---------------------------------------------------------------------------------- */

static void names_are_kept_where_usage_2_stands(void **state)
{
    static const struct {
        uint8_t usages[2];
        size_t count;
        bool looks;
    } rows[] = {
        {{0}, 0, false}, {{3}, 1, false},    {{1}, 1, false},   {{0}, 1, false},
        {{2}, 1, true},  {{3, 1}, 2, false}, {{3, 2}, 2, true}, {{2, 3}, 2, true},
    };
    const char *names[] = {"mx.example", "example"};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tlsa_rr rrs[2] = {{.usage = rows[i].usages[0]}, {.usage = rows[i].usages[1]}};
        struct host_facts host = {.host = "mx.example", .tlsa = {.rrs = rrs, .rr_count = rows[i].count}};
        struct cert_facts leaf = {.subject = "", .issuer = "", .dns_names = names, .dns_name_count = 2};
        struct probe_facts whole = {.tls = {.certs = &leaf, .cert_count = 1}}, kept;
        struct arena arena;
        assert_int_equal(probe_looks_for_anchors(&host.tlsa), rows[i].looks);
        arena_init(&arena, ARENA_BYTES);
        probe_facts_compact(&whole, &host, &arena, &kept);
        assert_int_equal(kept.tls.certs[0].dns_name_count, rows[i].looks ? 2 : 0);
        arena_dispose(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_25_is_told_by_connections_alone),
        cmocka_unit_test(a_run_that_is_ended_leaves_nothing_under_way),
        cmocka_unit_test(names_are_kept_where_usage_2_stands),
    };
    return cmocka_run_group_tests_name("visit notes", tests, NULL, NULL);
}
