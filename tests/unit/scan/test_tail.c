/* The end of a scan: what a domain waited for longest, and the counts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/scan/tail.h"

struct wait {
    const char *what;
    uint32_t domain_ms;
    uint32_t policy_ms;
    uint32_t turn_ms, place_ms, session_ms;
    enum smtp_end end;
    enum net_error net;
    enum tail_reason reason;
};

static const struct wait waits[] = {
    {"nothing but lookups", 9000, 0, 0, 0, 0, SMTP_END_NONE, NET_OK, TAIL_DNS},
    {"lookups, then a quick session", 9000, 0, 0, 0, 200, SMTP_END_DONE, NET_OK, TAIL_DNS},
    {"the policy host", 9000, 8000, 0, 0, 200, SMTP_END_DONE, NET_OK, TAIL_POLICY},
    {"a turn", 9000, 0, 8000, 0, 200, SMTP_END_DONE, NET_OK, TAIL_PACE},
    {"a turn, longer than the policy", 9000, 7000, 8000, 0, 200, SMTP_END_DONE, NET_OK, TAIL_PACE},
    {"a place", 9000, 0, 10, 8000, 200, SMTP_END_DONE, NET_OK, TAIL_PLACE},
    {"a silent host", 10500, 0, 10, 0, 10000, SMTP_END_NET, NET_TIMEOUT, TAIL_TIMEOUT},
    {"a dripping host", 90500, 0, 10, 0, 90000, SMTP_END_DRIPPING, NET_OK, TAIL_TIMEOUT},
    {"a slow reply", 30500, 0, 10, 0, 30000, SMTP_END_STEP_TIMEOUT, NET_OK, TAIL_TIMEOUT},
    {"a long session", 90500, 0, 10, 0, 90000, SMTP_END_SESSION_DEADLINE, NET_OK, TAIL_TIMEOUT},
    {"a slow host that answers", 5000, 0, 10, 0, 4900, SMTP_END_DONE, NET_OK, TAIL_SMTP},
    {"a host that refuses late", 5000, 0, 10, 0, 4900, SMTP_END_NET, NET_REFUSED, TAIL_SMTP},
    {"a host that others had asked for before", 100, 0, 8000, 0, 200, SMTP_END_DONE, NET_OK, TAIL_PACE},
};

/* The facts of a row, handed to visit: they live on this frame. */
static void with_facts(const struct wait *row, void (*visit)(const struct domain_facts *facts, void *arg),
                       void *arg)
{
    struct probe_facts probe = {.ms_turn = row->turn_ms,
                                .ms_place = row->place_ms,
                                .ms = row->session_ms,
                                .end = row->end,
                                .net = row->net};
    struct host_facts host = {.probes = &probe, .probe_count = 1};
    struct mx_host hosts[2] = {{.address_literal = true}, {.facts = &host}};
    struct domain_facts facts = {.ms = row->domain_ms, .hosts = hosts, .host_count = 2};
    facts.policy.fetch.ms = row->policy_ms;
    visit(&facts, arg);
}

static void check_reason(const struct domain_facts *facts, void *arg)
{
    const struct wait *row = arg;
    if (tail_reason(facts) != row->reason)
        fail_msg("%s: reason %d, expected %d", row->what, (int)tail_reason(facts), (int)row->reason);
}

static void count(const struct domain_facts *facts, void *arg)
{
    tail_count(arg, facts);
}

static void test_reasons(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        struct wait row = waits[i];
        with_facts(&row, check_reason, &row);
    }
}

static char *printed(const struct meta_tail *meta)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    tail_print(meta, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void test_counts_begin_with_the_tail(void **state)
{
    (void)state;
    struct tail tail;
    tail_init(&tail);
    with_facts(&waits[0], count, &tail);
    struct meta_tail meta = tail_meta(&tail, 5000);
    assert_false(meta.known);
    assert_int_equal(meta.domains, 0);
    tail_begin(&tail, 1000);
    meta = tail_meta(&tail, 5000);
    assert_true(meta.known);
    char *text = printed(&meta);
    assert_string_equal(text, "");
    free(text);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        with_facts(&waits[i], count, &tail);
    meta = tail_meta(&tail, 5500);
    assert_int_equal(meta.ms, 4500);
    assert_int_equal(meta.domains, sizeof waits / sizeof waits[0]);
    text = printed(&meta);
    assert_string_equal(
        text, "stsweep: the last 13 domains took 4.5 s and waited longest for: dns 2, policy 1, pace 3, "
              "place 1, timeout 4, smtp 2\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_counts_begin_with_the_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
