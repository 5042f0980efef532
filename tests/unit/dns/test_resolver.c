/* dns/resolver with one resolver: what each answer leads to, the queue, cancelling, counting. */
#include "tests/unit/dns/resolver_world.h"

#include <sys/resource.h>

#include "scanner/dns/upstream.h"
#include "tests/unit/open_files.h"

/* ---- one resolver -------------------------------------------------------------------------------------- */

struct one {
    const char *name;
    enum dns_status status;
    enum dns_security security;
    uint8_t last;      /* 10: the first server's right answer; 0: no address */
    unsigned udp, tcp; /* questions that the server has seen */
    unsigned unchecked, plain;
    unsigned dropped;
};

static void check_one(struct world *world, const struct one *row)
{
    struct dns_server *server = world->servers[0];
    unsigned udp = server->questions, tcp = server->over_tcp, unchecked = server->unchecked,
             plain = server->plain;
    uint64_t dropped = counters(world)->dropped;
    struct seen seen = ask_one(world, row->name);
    if (seen.status != row->status || seen.security != row->security || seen.last != row->last)
        fail_msg("%s: %s, security %d, address …%u", row->name, dns_status_name(seen.status),
                 (int)seen.security, seen.last);
    if (server->questions - udp != row->udp || server->over_tcp - tcp != row->tcp ||
        server->unchecked - unchecked != row->unchecked || server->plain - plain != row->plain)
        fail_msg("%s: asked %u times, %u by TCP, %u unchecked, %u plainly", row->name,
                 server->questions - udp, server->over_tcp - tcp, server->unchecked - unchecked,
                 server->plain - plain);
    if (counters(world)->dropped - dropped != row->dropped)
        fail_msg("%s: %u answers dropped", row->name, (unsigned)(counters(world)->dropped - dropped));
}

static void one_resolver_TXT_8(void **state)
{
    static const struct one rows[] = {
        {"ok.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 0, 0, 0, 0},
        {"OK.Example.", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 0, 0, 0, 0},
        {"ad.example", DNS_ANSWERED, DNSSEC_SECURE, 10, 1, 0, 0, 0, 0},
        {"nx.example", DNS_NXDOMAIN, DNSSEC_INSECURE, 0, 1, 0, 0, 0, 0},
        {"nodata.example", DNS_NODATA, DNSSEC_INSECURE, 0, 1, 0, 0, 0, 0},
        {"wrongid.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 0, 0, 0, 1},
        {"wrongname.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 0, 0, 0, 1},
        {"spoof.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 0, 0, 0, 0}, /* the kernel drops it */
        {"once.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 2, 0, 0, 0, 0},
        {"drop.example", DNS_TIMEOUT, DNSSEC_UNVALIDATED, 0, 3, 0, 0, 0, 0},
        {"fail.example", DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0, 3, 0, 1, 0, 0},
        {"bogus.example", DNS_BOGUS, DNSSEC_BOGUS, 0, 4, 0, 1, 0, 0},
        {"bogusnx.example", DNS_BOGUS, DNSSEC_BOGUS, 0, 4, 0, 1, 0, 0},
        {"bogusref.example", DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0, 3, 0, 1, 0, 0},
        {"cdlost.example", DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0, 3, 0, 1, 0, 0},
        {"shaky.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 2, 0, 0, 0, 0}, /* one SERVFAIL passes */
        {"faint.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 4, 0, 1, 0, 0}, /* so do two */
        {"refuse.example", DNS_REFUSED, DNSSEC_UNVALIDATED, 0, 1, 0, 0, 0, 0},
        {"notimp.example", DNS_FORMERR, DNSSEC_UNVALIDATED, 0, 2, 0, 0, 1, 0},
        {"formerr.example", DNS_ANSWERED, DNSSEC_UNVALIDATED, 10, 2, 0, 0, 1, 0}, /* without DO no AD */
        {"formall.example", DNS_FORMERR, DNSSEC_UNVALIDATED, 0, 2, 0, 0, 1, 0},
        {"broken.example", DNS_FORMERR, DNSSEC_UNVALIDATED, 0, 1, 0, 0, 0, 1},
        {"tc.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 1, 0, 0, 0},
        {"long.example", DNS_ANSWERED, DNSSEC_INSECURE, 10, 1, 1, 0, 0, 0}, /* cut: as if TC were set */
        {"tcclose.example", DNS_TRUNCATED_NO_TCP, DNSSEC_UNVALIDATED, 0, 1, 1, 0, 0, 0},
        {"tccut.example", DNS_TRUNCATED_NO_TCP, DNSSEC_UNVALIDATED, 0, 1, 1, 0, 0, 0},
        {"tctc.example", DNS_TRUNCATED_NO_TCP, DNSSEC_UNVALIDATED, 0, 1, 1, 0, 0, 0},
        {"tcwrong.example", DNS_TRUNCATED_NO_TCP, DNSSEC_UNVALIDATED, 0, 1, 1, 0, 0, 1},
        {"tchang.example", DNS_TRUNCATED_NO_TCP, DNSSEC_UNVALIDATED, 0, 1, 1, 0, 0, 0},
    };
    struct world *world = *state;
    add_server(world, 0);
    make_engine(world, QUICK_MS, 3, 100);
    for (size_t i = 0; i < COUNT(rows); i++)
        check_one(world, &rows[i]);
    assert_int_equal(counters(world)->asked, COUNT(rows));
    assert_int_equal(counters(world)->answered, COUNT(rows));
    assert_int_equal(counters(world)->tcp, 7);
    assert_int_equal(counters(world)->lost, 1 + 3 + 1 + 1);
}

static void names_that_are_none_are_answered_later(void **state)
{
    struct world *world = *state;
    struct dns_server *server = add_server(world, 0);
    make_engine(world, QUICK_MS, 3, 100);
    assert_int_equal(ask_one(world, "a..example").status, DNS_FORMERR);
    assert_int_equal(ask_one(world, "").status, DNS_FORMERR);
    assert_int_equal(server->questions, 0);
    assert_int_equal(counters(world)->by_status[DNS_FORMERR], 2);
}

static void ad_is_trusted_as_configured(void **state)
{
    static const struct {
        int64_t trust;
        enum dns_security ad, no_ad;
    } cases[] = {{DNS_TRUST_AD_LOOPBACK, DNSSEC_SECURE, DNSSEC_INSECURE},
                 {DNS_TRUST_AD_YES, DNSSEC_SECURE, DNSSEC_INSECURE},
                 {DNS_TRUST_AD_NO, DNSSEC_UNVALIDATED, DNSSEC_UNVALIDATED}};
    struct world *world = *state;
    add_server(world, 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        world->config.dns_trust_ad = cases[i].trust;
        make_engine(world, QUICK_MS, 3, 100);
        assert_int_equal(ask_one(world, "ad.example").security, cases[i].ad);
        assert_int_equal(ask_one(world, "ok.example").security, cases[i].no_ad);
        lookup_engine_destroy(world->engine);
        world->engine = NULL;
    }
}

static void note_when(void *arg, const struct dns_answer *answer)
{
    assert_int_equal(answer->lookup.status, DNS_TIMEOUT);
    *(int64_t *)arg = clock_monotonic_ms();
}

/* A question's deadline is its own: one that was asked later is not given up with the first. */
static void each_question_has_its_time(void **state)
{
    struct world *world = *state;
    int64_t asked_ms[3], ended_ms[3] = {0};
    (void)add_server(world, 0);
    make_engine(world, PATIENT_MS, 1, 100);
    for (unsigned i = 0; i < COUNT(asked_ms); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "drop-%u.example", i);
        asked_ms[i] = clock_monotonic_ms();
        (void)ask(world, name, note_when, &ended_ms[i]);
        run_for(world, PATIENT_MS / 4);
    }
    run_until_idle(world);
    for (unsigned i = 0; i < COUNT(asked_ms); i++)
        assert_true(ended_ms[i] - asked_ms[i] >= PATIENT_MS - 20);
}

static void ids_and_ports_vary(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    struct dns_server *server = add_server(world, 0);
    make_engine(world, SLOW_MS, 3, 100);
    for (unsigned i = 0; i < 10; i++) { /* a socket is drawn for a batch: many batches */
        ask_many(world, "ok", 100, &seen);
        run_until_idle(world);
    }
    server_join(server);
    unsigned ids = 0, ports = 0;
    for (size_t i = 0; i < COUNT(server->ids); i++) {
        ids += server->ids[i];
        ports += server->source_ports[i];
    }
    assert_true(ids > 950); /* of 1,000 draws out of 65,536 about 992 differ */
    assert_int_equal(ports, UPSTREAM_SOCKETS);
}

/* ---- the queue, cancel, destroy ------------------------------------------------------------------------ */

static void no_more_than_outstanding_are_in_flight(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    struct dns_server *server = add_server(world, 0);
    make_engine(world, SLOW_MS, 3, 8);
    ask_many(world, "hold", 100, &seen);
    assert_int_equal(lookup_pending(world->engine), 100);
    run_until_idle(world);
    assert_int_equal(seen.by_status[DNS_ANSWERED], 100);
    assert_int_equal(server->questions, 100);
    assert_int_equal(server->held_most, 8);
}

static void never(void *arg, const struct dns_answer *answer)
{
    (void)answer;
    fail_msg("a cancelled lookup called back: %s", (const char *)arg);
}

/* Cancels all others from inside its callback. */
struct canceller {
    struct world *world;
    struct lookup_handle own;
    struct lookup_handle others[4];
    struct seen seen;
};

static void cancel_others(void *arg, const struct dns_answer *answer)
{
    struct canceller *canceller = arg;
    note(&canceller->seen, answer);
    lookup_cancel(canceller->world->engine, canceller->own); /* stale by now */
    for (size_t i = 0; i < COUNT(canceller->others); i++)
        lookup_cancel(canceller->world->engine, canceller->others[i]);
    (void)ask(canceller->world, "nx.example", note, &canceller->seen);
}

static void cancelled_lookups_never_call_back(void **state)
{
    static const char *const names[] = {"drop.example", "tchang.example", "ok.example", "a..b",
                                        "refuse.example"};
    struct world *world = *state;
    add_server(world, 0);
    make_engine(world, 1000, 3, 2); /* the last ones are still queued */
    for (int64_t wait = 0; wait <= 60; wait += 30) {
        size_t count = wait == 0 ? COUNT(names) : 2; /* later only those that are still on their way */
        struct lookup_handle handles[COUNT(names)];
        for (size_t i = 0; i < count; i++)
            handles[i] = ask(world, names[i], never, (void *)(uintptr_t)names[i]);
        if (wait > 0)
            run_for(world, wait);
        assert_int_equal(lookup_pending(world->engine), count);
        lookup_cancel(world->engine, (struct lookup_handle){0});
        for (size_t i = 0; i < 2 * count; i++)
            lookup_cancel(world->engine, handles[i % count]); /* the second time it is stale */
        assert_int_equal(lookup_pending(world->engine), 0);
    }
    (void)lookup_cancel(world->engine, ask(world, "ok.example", never, "its answer comes late"));
    run_for(world, 200);
    assert_true(counters(world)->dropped > 0);
    assert_int_equal(counters(world)->answered, 0);
}

static void callbacks_may_cancel_and_start_others(void **state)
{
    static const char *const names[] = {"tchang.example", "drop.example", "drop-2.example",
                                        "tchang-2.example"};
    static const char *const triggers[] = {"ok.example", "a..b", "tc.example", "bogus.example"};
    struct world *world = *state;
    add_server(world, 0);
    make_engine(world, 1000, 3, 3); /* so that some of them are still queued */
    for (size_t i = 0; i < COUNT(triggers); i++) {
        struct canceller canceller = {.world = world};
        canceller.own = ask(world, triggers[i], cancel_others, &canceller);
        for (size_t k = 0; k < COUNT(names); k++)
            canceller.others[k] = ask(world, names[k], never, (void *)(uintptr_t)names[k]);
        run_until_idle(world);
        assert_int_equal(canceller.seen.by_status[DNS_NXDOMAIN], 1);
    }
}

static void all_the_queue_may_be_cancelled_from_one_callback(void **state)
{
    struct world *world = *state;
    struct canceller canceller = {.world = world};
    add_server(world, 0);
    make_engine(world, SLOW_MS, 3, 1);
    canceller.own = ask(world, "hold.example", cancel_others, &canceller);
    for (size_t k = 0; k < COUNT(canceller.others); k++)
        canceller.others[k] = ask(world, "ok.example", never, "queued");
    run_until_idle(world);
    assert_int_equal(world->servers[0]->questions, 2);
    assert_int_equal(canceller.seen.calls, 2);
}

static void an_engine_may_go_with_lookups_pending(void **state)
{
    static const char *const verbs[] = {"hold", "tchang", "tc", "drop", "fail", "a.", "formerr", "ok"};
    struct world *world = *state;
    struct seen seen = {0};
    add_server(world, 0);
    for (int64_t wait = 0; wait < 40; wait += 10) {
        make_engine(world, QUICK_MS, 3, 16);
        for (size_t i = 0; i < COUNT(verbs); i++)
            ask_many(world, verbs[i], 10, &seen);
        assert_int_equal(lookup_pending(world->engine), 10 * COUNT(verbs));
        if (wait > 0)
            run_for(world, wait);
        lookup_engine_destroy(world->engine);
        world->engine = NULL;
        unsigned calls = seen.calls;
        run_for(world, 20);
        assert_int_equal(seen.calls, calls);
    }
}

/* ---- many ---------------------------------------------------------------------------------------------- */

static void twenty_thousand_in_flight_are_counted_exactly(void **state)
{
    static const struct {
        const char *verb;
        enum dns_status status;
        unsigned count;
    } parts[] = {{"ok", DNS_ANSWERED, 12000},   {"nx", DNS_NXDOMAIN, 4000}, {"nodata", DNS_NODATA, 2000},
                 {"fail", DNS_SERVFAIL, 500},   {"bogus", DNS_BOGUS, 500},  {"refuse", DNS_REFUSED, 400},
                 {"formall", DNS_FORMERR, 400}, {"tc", DNS_ANSWERED, 100},  {"once", DNS_ANSWERED, 50},
                 {"drop", DNS_TIMEOUT, 50}};
    struct world *world = *state;
    struct seen seen = {0};
    size_t expected[DNS_STATUS_COUNT] = {0};
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, 1000, 3, 200); /* what the servers' receive buffers hold */
    unsigned all = 0;
    for (size_t i = 0; i < COUNT(parts); i++) {
        ask_many(world, parts[i].verb, parts[i].count, &seen);
        expected[parts[i].status] += parts[i].count;
        all += parts[i].count;
    }
    assert_int_equal(lookup_pending(world->engine), all);
    assert_int_equal(all, 20000);
    run_until_idle(world);
    assert_int_equal(seen.calls, all);
    for (size_t i = 0; i < DNS_STATUS_COUNT; i++) {
        if (seen.by_status[i] != expected[i] || counters(world)->by_status[i] != expected[i])
            fail_msg("%s: %zu, not %zu", dns_status_name((enum dns_status)i), seen.by_status[i], expected[i]);
    }
    assert_int_equal(counters(world)->asked, all);
    assert_int_equal(counters(world)->answered, all);
    assert_int_equal(counters(world)->tcp, 100);
}

/* ---- what a trace is told ------------------------------------------------------------------------------ */

struct told {
    struct world *world;
    char text[4096];
    const char *asks; /* from inside the callback, once; or NULL */
};

static void on_told(void *arg, const char *line)
{
    struct told *told = arg;
    size_t used = strlen(told->text);
    const char *text = strstr(line, " ms  ");
    assert_non_null(text);
    (void)snprintf(told->text + used, sizeof told->text - used, "%s\n", text + strlen(" ms  "));
}

static void note_nothing(void *arg, const struct dns_answer *answer)
{
    (void)arg;
    (void)answer;
}

static void ask_from_inside(void *arg, const struct dns_answer *answer)
{
    struct told *told = arg;
    (void)answer;
    if (told->asks != NULL)
        (void)ask(told->world, told->asks, note_nothing, NULL);
}

/* Whoever is followed is told of all its questions, of those from inside its callbacks too, and of no other.
 */
static void what_is_followed_is_told(void **state)
{
    static const struct {
        uint16_t type;
        const char *name, *asks, *told;
    } rows[] = {
        {DNS_TYPE_A, "ok.example", "nx.example",
         "ok.example: A?\nok.example: query idle -> queued\nok.example: query queued -> udp\n"
         "ok.example: sent to 127.0.0.1, try 1\nok.example: A: answered, insecure, records: 1\n"
         "nx.example: A?\nnx.example: query idle -> queued\nnx.example: query queued -> udp\n"
         "nx.example: sent to 127.0.0.1, try 1\nnx.example: A: nxdomain, insecure, records: 0\n"},
        {DNS_TYPE_A, "bogus.example", NULL,
         "bogus.example: A?\nbogus.example: query idle -> queued\nbogus.example: query queued -> udp\n"
         "bogus.example: sent to 127.0.0.1, try 1\nbogus.example: query udp -> waiting\n"
         "bogus.example: query waiting -> udp\nbogus.example: sent to 127.0.0.1, try 2\n"
         "bogus.example: query udp -> waiting\nbogus.example: query waiting -> udp\n"
         "bogus.example: sent to 127.0.0.1, try 3, unchecked\nbogus.example: query udp -> waiting\n"
         "bogus.example: query waiting -> udp\nbogus.example: sent to 127.0.0.1, try 4\n"
         "bogus.example: A: bogus, bogus, records: 0\n"},
        {DNS_TYPE_A, "tc.example", NULL,
         "tc.example: A?\ntc.example: query idle -> queued\ntc.example: query queued -> udp\n"
         "tc.example: sent to 127.0.0.1, try 1\ntc.example: query udp -> tcp queued\n"
         "tc.example: query tcp queued -> tcp\ntc.example: A: answered, insecure, records: 1\n"},
        {DNS_TYPE_AAAA, "a..b", NULL,
         "a..b: AAAA?\na..b: query idle -> ended\na..b: AAAA: formerr, unvalidated, records: 0\n"},
        {DNS_TYPE_CNAME, "a..b", NULL,
         "a..b: CNAME?\na..b: query idle -> ended\na..b: CNAME: formerr, unvalidated, records: 0\n"},
        {DNS_TYPE_MX, "a..b", NULL,
         "a..b: MX?\na..b: query idle -> ended\na..b: MX: formerr, unvalidated, records: 0\n"},
        {DNS_TYPE_TXT, "a..b", NULL,
         "a..b: TXT?\na..b: query idle -> ended\na..b: TXT: formerr, unvalidated, records: 0\n"},
        {DNS_TYPE_TLSA, "a..b", NULL,
         "a..b: TLSA?\na..b: query idle -> ended\na..b: TLSA: formerr, unvalidated, records: 0\n"},
        {6, "a..b", NULL,
         "a..b: record?\na..b: query idle -> ended\na..b: record: formerr, unvalidated, records: 0\n"},
    };
    struct world *world = *state;
    add_server(world, 0);
    make_engine(world, SLOW_MS, 5, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct told told = {.world = world, .asks = rows[i].asks};
        struct trace trace = {.domain = "example", .write = on_told, .arg = &told};
        struct seen seen = {0};
        lookup_follow(world->engine, &trace);
        (void)lookup_start(world->engine, rows[i].name, rows[i].type, ask_from_inside, &told);
        lookup_follow(world->engine, NULL);
        run_until_idle(world);
        (void)ask(world, "ok.example", note, &seen); /* nobody follows it */
        run_until_idle(world);
        assert_string_equal(told.text, rows[i].told);
    }
    assert_int_equal(counters(world)->asked, 2 * COUNT(rows) + 1);
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* One file in 32 is for TCP, of each loop its part: 2 at least, 64 at most. */
static void connections_follow_the_open_files(void **state)
{
    static const struct {
        uint64_t files;
        uint32_t loops, most;
    } rows[] = {{1024, 1, 32}, {1024, 4, 8},  {1024, 16, 2},      {1024, 17, 2}, {96, 1, 3},
                {95, 1, 2},    {1, 1, 2},     {2048, 1, 64},      {2080, 1, 64}, {2047, 1, 63},
                {4096, 2, 64}, {4095, 2, 63}, {UINT64_MAX, 1, 64}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(resolver_tcp_most(rows[i].files, rows[i].loops), rows[i].most);
}

/* No more at a time than the open files allow; the others wait, and none stays open. */
static void questions_over_tcp_wait_their_turn(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    struct rlimit files, few;
    struct dns_server *server = add_server(world, 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    few = files;
    few.rlim_cur = 96;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    make_engine(world, QUICK_MS, 1, 100);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    int before = open_files();
    uint64_t most = 0;
    int64_t began = clock_monotonic_ms(), end = began + PATIENCE_MS;
    ask_many(world, "tchang", 9, &seen);
    while (lookup_pending(world->engine) > 0 && clock_monotonic_ms() < end) {
        run_for(world, 1);
        uint64_t live = counters(world)->tcp - counters(world)->lost; /* each of them ends by its deadline */
        most = live > most ? live : most;
    }
    assert_int_equal(most, 3);
    assert_true(clock_monotonic_ms() - began >= 3 * QUICK_MS - 20); /* each connection has its time */
    assert_int_equal(seen.by_status[DNS_TRUNCATED_NO_TCP], 9);
    assert_int_equal(counters(world)->tcp, 9);
    server_join(server);
    assert_int_equal(server->over_tcp, 9);
    for (; server->hanging_count > 0; server->hanging_count--)
        (void)close(server->hanging[server->hanging_count - 1]);
    assert_int_equal(open_files(), before);
}

/* No file is left for a connection: that is the answer, later, and the next question goes well. */
static void without_files_there_is_no_tcp(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    struct rlimit files, none;
    add_server(world, 0);
    make_engine(world, SLOW_MS, 2, 100);
    assert_int_equal(ask_one(world, "ok.example").status, DNS_ANSWERED);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    none = files;
    none.rlim_cur = 1;
    (void)ask(world, "tc.example", note, &seen);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    run_until_idle(world);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.status, DNS_TRUNCATED_NO_TCP);
    assert_int_equal(counters(world)->tcp, 0);
    assert_int_equal(ask_one(world, "tc.example").status, DNS_ANSWERED);
    assert_int_equal(counters(world)->tcp, 1);
}

/* A struct that has held a short name holds a long one as well, and the other way round. */
static void names_of_all_lengths(void **state)
{
    struct world *world = *state;
    add_server(world, 0);
    make_engine(world, SLOW_MS, 2, 100);
    for (unsigned len = 1; len < 240; len += len < 58 || len > 68 ? 13 : 1) {
        char name[260] = "ok";
        for (unsigned i = 2; i < len; i++)
            name[i] = i % 60 == 59 ? '.' : i == 2 ? '-' : 'a';
        name[len < 2 ? 2 : len] = '\0';
        assert_int_equal(ask_one(world, name).status, DNS_ANSWERED);
        assert_int_equal(ask_one(world, "ok").status, DNS_ANSWERED);
    }
}

/* 16 sockets a resolver, of each loop its part, 4 at least. */
static void sockets_are_shared_by_loops(void **state)
{
    static const struct {
        uint32_t loops;
        unsigned sockets;
    } rows[] = {{1, 16}, {2, 8}, {3, 6}, {4, 4}, {16, 4}};
    struct world *world = *state;
    (void)add_server(world, 0);
    world->config.dns_resolvers = world->resolvers;
    world->config.dns_timeout = SLOW_MS;
    world->config.dns_attempts = 2;
    world->config.dns_outstanding = 8;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *why;
        int before = open_files();
        struct lookup_engine *engine =
            resolver_create(world->base, &world->config, NULL, rows[i].loops, &why);
        assert_non_null(engine);
        assert_int_equal(open_files() - before, rows[i].sockets);
        lookup_engine_destroy(engine);
        assert_int_equal(open_files(), before);
    }
}

static void addresses_of_a_list(void **state)
{
    static const char list[] = " 192.0.2.1,\t[2001:db8::1]:5353 , 192.0.2.2:54,,192.0.2.3 ";
    static const struct {
        const char *ip;
        uint16_t port;
    } rows[] = {{"192.0.2.1", 53}, {"2001:db8::1", 5353}, {"192.0.2.2", 54}, {"192.0.2.3", 53}};
    const char *rest = list, *why = NULL;
    struct ip_addr ip;
    uint16_t port = 1;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[IP_TEXT_BYTES];
        assert_true(resolver_next_address(&rest, &ip, &port, &why));
        assert_string_equal(ip_format(&ip, text), rows[i].ip);
        assert_int_equal(port, rows[i].port);
        assert_null(why);
    }
    assert_false(resolver_next_address(&rest, &ip, &port, &why));
    assert_null(why);
}

/* ---- making one ---------------------------------------------------------------------------------------- */

static void resolvers_that_are_no_addresses_are_refused(void **state)
{
    static const char *const bad[] = {
        "nowhere.example",
        "192.0.2.1:port",
        "127.0.0.1:0",
        "127.0.0.1,x",
        ",",
        "111111111111111111111111111111111111111111111111111111111111111111111111"};
    struct world *world = *state;
    char many[400] = "";
    for (size_t i = 0; i < COUNT(bad); i++) {
        const char *why = NULL;
        (void)snprintf(world->resolvers, sizeof world->resolvers, "%s", bad[i]);
        world->config.dns_resolvers = world->resolvers;
        world->config.dns_outstanding = 10;
        assert_null(resolver_create(world->base, &world->config, NULL, 1, &why));
        assert_non_null(why);
    }
    for (int i = 0; i < 33; i++)
        memcpy(many + strlen(many), "127.0.0.1,", 11);
    const char *why = NULL;
    world->config.dns_resolvers = many;
    assert_null(resolver_create(world->base, &world->config, NULL, 4, &why));
    assert_non_null(why);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_resolver_TXT_8),
        TEST(names_that_are_none_are_answered_later),
        TEST(ad_is_trusted_as_configured),
        TEST(ids_and_ports_vary),
        TEST(each_question_has_its_time),
        TEST(no_more_than_outstanding_are_in_flight),
        TEST(cancelled_lookups_never_call_back),
        TEST(callbacks_may_cancel_and_start_others),
        TEST(all_the_queue_may_be_cancelled_from_one_callback),
        TEST(an_engine_may_go_with_lookups_pending),
        TEST(twenty_thousand_in_flight_are_counted_exactly),
        TEST(what_is_followed_is_told),
        TEST(connections_follow_the_open_files),
        TEST(questions_over_tcp_wait_their_turn),
        TEST(without_files_there_is_no_tcp),
        TEST(names_of_all_lengths),
        TEST(sockets_are_shared_by_loops),
        TEST(addresses_of_a_list),
        TEST(resolvers_that_are_no_addresses_are_refused),
    };
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
