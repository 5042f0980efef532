/* dns/resolver with several resolvers: failover, health, and who is asked first. */
#include "tests/unit/dns/resolver_world.h"

static void the_next_resolver_is_asked(void **state)
{
    static const struct {
        const char *verb;
        uint8_t last; /* of the other server's address */
    } cases[] = {{"refuse0", 11}, {"notimp0", 11}, {"broken0", 11},
                 {"drop0", 11},   {"refuse1", 10}, {"formall1", 10}};
    struct world *world = *state;
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, QUICK_MS, 2, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct seen seen = {0};
        ask_many(world, cases[i].verb, 6, &seen);
        run_until_idle(world);
        assert_int_equal(seen.by_status[DNS_ANSWERED], 6);
        if (seen.last != cases[i].last)
            fail_msg("%s: answered by …%u", cases[i].verb, seen.last);
    }
    unsigned before[2] = {world->servers[0]->questions, world->servers[1]->questions};
    assert_int_equal(ask_one(world, "refuse.example").status, DNS_REFUSED);
    assert_int_equal(world->servers[0]->questions - before[0], 1);
    assert_int_equal(world->servers[1]->questions - before[1], 1);
}

/* TXT-8: one resolver's SERVFAIL is no word on the name while another one answers. */
static void a_servfail_is_asked_of_another_TXT_8(void **state)
{
    static const char *const verbs[] = {"fail0", "bogus0", "cdlost0", "fail1", "bogus1", "cdlost1"};
    struct world *world = *state;
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, QUICK_MS, 3, 100);
    for (size_t i = 0; i < COUNT(verbs); i++) {
        struct seen seen = {0};
        ask_many(world, verbs[i], 8, &seen);
        run_until_idle(world);
        assert_int_equal(seen.by_status[DNS_ANSWERED], 8);
    }
    assert_int_equal(world->servers[0]->unchecked + world->servers[1]->unchecked, 0);
}

/* TXT-8: what one would not say, another one unchecked does not prove to be bogus. */
static void checking_is_disabled_at_the_same_resolver_only_TXT_8(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, QUICK_MS, 3, 100);
    ask_many(world, "bogus", 8, &seen);
    run_until_idle(world);
    assert_int_equal(seen.by_status[DNS_BOGUS], 8);
    assert_int_equal(world->servers[0]->unchecked + world->servers[1]->unchecked, 8);
    assert_int_equal(world->servers[0]->questions + world->servers[1]->questions, 8 * 4);
}

/* TXT-8: never bogus by a resolver that checks nothing, nor insecure; and its word is not taken against the
 * SERVFAIL of one that does check. */
static void a_resolver_that_does_not_validate_TXT_8(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_server(world, 0);
    add_server(world, 1);
    world->notes.of[1].validation = VALIDATION_NONE;
    make_engine(world, QUICK_MS, 3, 100);
    ask_many(world, "bogus0", 16, &seen);
    run_until_idle(world);
    assert_true(seen.by_status[DNS_BOGUS] > 0 && seen.by_status[DNS_ANSWERED] > 0);
    assert_int_equal(seen.by_status[DNS_BOGUS] + seen.by_status[DNS_ANSWERED], 16);
    assert_int_equal(world->servers[1]->unchecked, 0);
    for (unsigned i = 0; i < 8; i++) {
        seen = ask_one(world, i % 2 == 0 ? "ok.example" : "ad.example");
        assert_int_equal(seen.security, seen.last == 11 ? DNSSEC_UNVALIDATED
                                        : i % 2 == 0    ? DNSSEC_INSECURE
                                                        : DNSSEC_SECURE);
    }
}

static void alone_it_says_servfail_TXT_8(void **state)
{
    struct world *world = *state;
    add_server(world, 0);
    world->notes.of[0].validation = VALIDATION_NONE;
    make_engine(world, QUICK_MS, 3, 100);
    assert_int_equal(ask_one(world, "bogus.example").status, DNS_SERVFAIL);
    assert_int_equal(world->servers[0]->unchecked, 0);
    assert_int_equal(world->servers[0]->questions, 2);
}

/* One that answers for names that do not exist is asked nothing. */
static void a_resolver_is_left_out(void **state)
{
    const char *why = NULL;
    struct world *world = *state;
    struct seen seen = {0};
    add_server(world, 0);
    add_server(world, 1);
    world->notes.of[0].left_out = true;
    make_engine(world, QUICK_MS, 3, 100);
    ask_many(world, "ok", 20, &seen);
    run_until_idle(world);
    assert_int_equal(seen.by_status[DNS_ANSWERED], 20);
    assert_int_equal(world->servers[0]->questions, 0);
    world->notes.of[1].left_out = true;
    assert_null(resolver_create(world->base, &world->config, &world->notes, 1, &why));
    assert_non_null(strstr(why, "none of them can be used"));
}

static void a_closed_port_is_seen_at_once(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_resolver(world, "127.0.0.1", server_closed_port());
    add_server(world, 1);
    make_engine(world, PATIENCE_MS, 3, 100); /* nobody waits so long */
    ask_many(world, "ok", 500, &seen);
    run_until_idle(world);
    assert_int_equal(seen.by_status[DNS_ANSWERED], 500);
    assert_int_equal(counters(world)->lost, 0);
}

static void a_silent_resolver_is_set_aside(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, QUICK_MS, 3, 100);
    ask_many(world, "drop0", 60, &seen); /* half of them to the silent one */
    run_until_idle(world);
    assert_int_equal(seen.by_status[DNS_ANSWERED], 60);
    unsigned before = world->servers[0]->questions;
    ask_many(world, "drop0-then", 200, &seen);
    run_until_idle(world);
    assert_int_equal(seen.by_status[DNS_ANSWERED], 260);
    assert_true(world->servers[0]->questions - before <= 1); /* a probe at most */
}

static void a_resolver_that_is_back_is_used_again(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    uint16_t port = server_closed_port();
    add_resolver(world, "127.0.0.1", port);
    add_server(world, 1);
    make_engine(world, QUICK_MS, 3, 100);
    ask_many(world, "ok", 20, &seen);
    run_until_idle(world);
    world->servers[0] = server_start(0, port);
    for (int i = 0; i < 40 && world->servers[0]->questions < 10; i++) {
        run_for(world, 50);
        ask_many(world, "ok", 4, &seen);
        run_until_idle(world);
    }
    assert_true(world->servers[0]->questions >= 10);
    assert_int_equal(seen.by_status[DNS_ANSWERED], seen.calls);
}

/* Nobody is there: the deadlines rule, so that a resolver's restart does not cost every question at once. */
static void the_only_resolver_may_come_back_in_time(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    uint16_t port = server_closed_port();
    add_resolver(world, "127.0.0.1", port);
    make_engine(world, PATIENT_MS, 2, 100);
    for (int i = 0; i < TRIES; i++) {
        seen = (struct seen){0};
        int64_t began = clock_monotonic_ms();
        (void)ask(world, "ok.example", note, &seen);
        run_for(world, QUICK_MS / 2);
        bool early = seen.calls == 0;
        world->servers[0] = server_start(0, port);
        run_until_idle(world);
        server_stop(world->servers[0]);
        world->servers[0] = NULL;
        if (early && clock_monotonic_ms() - began < 2 * PATIENT_MS)
            break; /* else this machine stood still, or the deadlines did not rule: once more */
    }
    assert_int_equal(seen.by_status[DNS_ANSWERED], 1);
    assert_int_equal(ask_one(world, "ok.example").status, DNS_TIMEOUT);
}

/* All ports are closed: the question does not run round them until its attempts are spent. */
static void resolvers_that_are_all_gone_are_not_stormed(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_resolver(world, "127.0.0.1", server_closed_port());
    add_resolver(world, "127.0.0.1", server_closed_port());
    make_engine(world, PATIENT_MS, 4, 100);
    int64_t began = clock_monotonic_ms();
    (void)ask(world, "ok.example", note, &seen);
    run_for(world, QUICK_MS / 2);
    if (clock_monotonic_ms() - began < PATIENT_MS) {
        assert_int_equal(seen.calls, 0);
        assert_true(counters(world)->sent <= 2);
    }
    run_until_idle(world);
    assert_int_equal(seen.status, DNS_TIMEOUT);
    assert_int_equal(counters(world)->sent, 4);
}

/* Where all are set aside, what is new is asked at once all the same: nobody waits for a try to be due. */
static void all_that_are_aside_are_used(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_resolver(world, "127.0.0.1", server_closed_port());
    add_resolver(world, "127.0.0.1", server_closed_port());
    make_engine(world, QUICK_MS, 4, 100);
    assert_int_equal(ask_one(world, "ok.example").status, DNS_TIMEOUT); /* both have been seen to be closed */
    for (unsigned i = 0; i < 4; i++) {
        uint64_t sent = counters(world)->sent;
        (void)ask(world, "ok.example", note, &seen);
        assert_int_equal(counters(world)->sent, sent + 1);
    }
}

/* One that will not answer is left as one that says nothing is. */
static void a_resolver_that_refuses_is_set_aside(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, SLOW_MS, 3, 100);
    for (unsigned i = 0; i < 100; i++)
        seen.by_status[ask_one(world, "refuse0.example").status]++;
    assert_int_equal(seen.by_status[DNS_ANSWERED], 100);
    /* Eight, and a try now and then: the first after a second, each later one after twice as long. */
    assert_in_range(world->servers[0]->questions, 8, 20);
    assert_int_equal(world->servers[1]->questions, 100);
}

/* Other failures are no refusal: it answers. */
static void a_resolver_that_answers_is_kept(void **state)
{
    static const char *const names[] = {"fail0.example", "formall0.example", "nx0.example", "broken0.example",
                                        "tc0.example"};
    struct world *world = *state;
    add_server(world, 0);
    add_server(world, 1);
    make_engine(world, SLOW_MS, 3, 100);
    for (size_t i = 0; i < COUNT(names); i++) {
        unsigned before = world->servers[0]->questions;
        for (unsigned k = 0; k < 40; k++)
            (void)ask_one(world, names[i]);
        if (world->servers[0]->questions - before < 20)
            fail_msg("%s: asked %u times", names[i], world->servers[0]->questions - before);
    }
}

/* Asked one after the other they take turns; asked at once each has its share. */
static void resolvers_take_turns(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    for (unsigned i = 0; i < SERVERS_MOST; i++)
        add_server(world, i);
    make_engine(world, SLOW_MS, 3, 100);
    for (unsigned i = 0; i < 30; i++)
        (void)ask_one(world, "ok.example");
    for (unsigned i = 0; i < SERVERS_MOST; i++)
        assert_int_equal(world->servers[i]->questions, 10);
    ask_many(world, "hold", 90, &seen);
    run_until_idle(world);
    for (unsigned i = 0; i < SERVERS_MOST; i++)
        assert_int_equal(world->servers[i]->questions, 40);
}

/* Each that will not answer is asked once, with EDNS first, whatever the one before it wanted. */
static void each_that_refuses_is_asked_once(void **state)
{
    static const struct {
        const char *verb;
        unsigned udp, plain; /* at each of those that do not answer */
    } rows[] = {{"refuse", 1, 0}, {"formall", 2, 1}, {"broken", 1, 0}};
    struct world *world = *state;
    for (unsigned i = 0; i < SERVERS_MOST; i++)
        add_server(world, i);
    make_engine(world, SLOW_MS, 5, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned udp[SERVERS_MOST], plain[SERVERS_MOST];
        char name[64];
        for (unsigned k = 0; k < SERVERS_MOST; k++) {
            udp[k] = world->servers[k]->questions;
            plain[k] = world->servers[k]->plain;
        }
        (void)snprintf(name, sizeof name, "%s.example", rows[i].verb);
        assert_int_equal(ask_one(world, name).status, i == 0 ? DNS_REFUSED : DNS_FORMERR);
        for (unsigned k = 0; k < SERVERS_MOST; k++) {
            assert_int_equal(world->servers[k]->questions - udp[k], rows[i].udp);
            assert_int_equal(world->servers[k]->plain - plain[k], rows[i].plain);
        }
        (void)snprintf(name, sizeof name, "%s1.example", rows[i].verb);
        for (unsigned k = 0; k < 6; k++)
            assert_int_equal(ask_one(world, name).status, DNS_ANSWERED);
        assert_int_equal(world->servers[0]->plain - plain[0], rows[i].plain);
        assert_int_equal(world->servers[2]->plain - plain[2], rows[i].plain);
    }
}

/* ---- order --------------------------------------------------------------------------------------------- */

struct order {
    char letters[16];
    size_t count;
};

struct one {
    struct order *order;
    char letter;
};

static void note_order(void *arg, const struct dns_answer *answer)
{
    struct one *one = arg;
    assert_int_equal(answer->lookup.status, DNS_ANSWERED);
    one->order->letters[one->order->count++] = one->letter;
}

/* What a domain under way still asks goes before what is to begin. */
static void what_has_begun_goes_first(void **state)
{
    struct world *world = *state;
    struct order order = {{0}, 0};
    struct one ones[6];
    add_server(world, 0);
    make_engine(world, SLOW_MS, 2, 1);
    for (size_t i = 0; i < COUNT(ones); i++) {
        ones[i] = (struct one){&order, (char)('a' + i)};
        if (i < 4)
            (void)lookup_start_last(world->engine, "ok.example", DNS_TYPE_A, note_order, &ones[i]);
        else
            (void)lookup_start(world->engine, "ok.example", DNS_TYPE_A, note_order, &ones[i]);
    }
    run_until_idle(world);
    assert_string_equal(order.letters, "aefbcd"); /* a was on its way already */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_next_resolver_is_asked),
        TEST(a_servfail_is_asked_of_another_TXT_8),
        TEST(a_resolver_that_does_not_validate_TXT_8),
        TEST(alone_it_says_servfail_TXT_8),
        TEST(a_resolver_is_left_out),
        TEST(checking_is_disabled_at_the_same_resolver_only_TXT_8),
        TEST(a_closed_port_is_seen_at_once),
        TEST(a_silent_resolver_is_set_aside),
        TEST(a_resolver_that_is_back_is_used_again),
        TEST(the_only_resolver_may_come_back_in_time),
        TEST(resolvers_that_are_all_gone_are_not_stormed),
        TEST(all_that_are_aside_are_used),
        TEST(a_resolver_that_refuses_is_set_aside),
        TEST(a_resolver_that_answers_is_kept),
        TEST(resolvers_take_turns),
        TEST(each_that_refuses_is_asked_once),
        TEST(what_has_begun_goes_first),
    };
    return cmocka_run_group_tests_name("resolvers", tests, NULL, NULL);
}
