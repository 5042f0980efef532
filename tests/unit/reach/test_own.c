/* How many may wait at addresses of one's own, and what is said of them before a scan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/reach/own.h"
#include "scanner/reach/paces.h"

enum { TEXT_BYTES = 4096 };

struct fixture {
    struct config config;
    struct scan_context context;
};

static void set(struct config *config, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, TEXT_BYTES);
    assert_int_equal(config_set(config, name, value, "test", &why), ERR_OK);
    buf_dispose(&why);
}

static void make(struct fixture *fixture, const char *own)
{
    *fixture = (struct fixture){.context.config = &fixture->config};
    assert_int_equal(config_init(&fixture->config), ERR_OK);
    set(&fixture->config, "limits.own", own);
    assert_int_equal(ip_set_parse(own, &fixture->context.own, NULL), ERR_OK);
}

static void drop(struct fixture *fixture)
{
    ip_set_dispose(&fixture->context.own);
    config_dispose(&fixture->config);
}

static void test_own_rates(void **state)
{
    (void)state;
    struct fixture fixture;
    make(&fixture, "8.8.8.0/24");
    struct paces own = paces_own(&fixture.config);
    assert_int_equal(own.interval_us[PACE_HTTPS], 500);
    assert_int_equal(own.interval_us[PACE_SMTP], 10000);
    assert_int_equal(own.connections[PACE_HTTPS], 100);
    assert_int_equal(own.connections[PACE_SMTP], 20);
    assert_int_equal(own.names, 1000000);
    set(&fixture.config, "limits.shards_at_once", "4"); /* which divides these too */
    own = paces_own(&fixture.config);
    assert_int_equal(own.interval_us[PACE_HTTPS], 2000);
    assert_int_equal(own.connections[PACE_HTTPS], 25);
    drop(&fixture);
}

/* Half of what may wait beside scan.in_flight is left to the others. */
static void test_full(void **state)
{
    (void)state;
    static const struct {
        const char *own, *parked;
        size_t waiting;
        bool full;
    } cases[] = {
        {"8.8.8.8", "100000", 0, false},    {"8.8.8.8", "100000", 49999, false},
        {"8.8.8.8", "100000", 50000, true}, {"8.8.8.8", "0", 999, false},
        {"8.8.8.8", "0", 1000, true},       {"", "100000", 50000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture fixture;
        make(&fixture, cases[i].own);
        set(&fixture.config, "limits.parked", cases[i].parked);
        atomic_store(&fixture.context.own_waiting, cases[i].waiting);
        if (own_is_full(&fixture.context) != cases[i].full)
            fail_msg("case %zu", i);
        drop(&fixture);
    }
}

static void assert_says(const char *own, const char *live, const char *text)
{
    struct fixture fixture;
    char said[TEXT_BYTES] = "";
    make(&fixture, own);
    set(&fixture.config, "policy.live", live);
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_non_null(out);
    own_say(&fixture.context, 4, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said, text);
    drop(&fixture);
}

static void test_what_is_said(void **state)
{
    (void)state;
    static const char rates[] = ": one address gets up to 2000 HTTPS connections a second, 100 at a time, "
                                "and 100 SMTP, 20 at a time, for 1000000 names\n";
    char text[TEXT_BYTES];
    assert_says("", "300", "");
    (void)snprintf(text, sizeof text, "preflight: own: 8.8.8.0/24 and 1 more%s", rates);
    assert_says("8.8.8.0/24, 2620:fe::/48", "400", text);
    (void)snprintf(
        text, sizeof text,
        "preflight: own: 8.8.8.0/24%spreflight: own: 75 connections at a time to one address, as a "
        "loop gives out 75 of policy.live=300; policy.live=400 gives it 100\n",
        rates);
    assert_says("8.8.8.0/24", "300", text);
    (void)snprintf(text, sizeof text,
                   "preflight: own: 10.0.0.0/8%spreflight: own: WARNING: 10.0.0.0/8 is special-purpose, and "
                   "limits.own lets nobody through: safety.allow does\n",
                   rates);
    assert_says("10.0.0.0/8", "400", text);
}

/* It is warned of prefixes alone that lie wholly in what is special-purpose, and are not allowed. */
static void test_special(void **state)
{
    (void)state;
    static const struct {
        const char *own, *allow;
        bool warned;
    } rows[] = {
        {"192.0.0.0/9", "", false},        {"192.0.0.0/24", "", true},           {"10.1.0.0/16", "", true},
        {"10.0.0.0/8", "10.9.9.9", false}, {"10.1.0.0/16", "10.0.0.0/8", false}, {"8.8.8.0/24", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        char said[TEXT_BYTES] = "";
        make(&fixture, rows[i].own);
        assert_int_equal(ip_set_parse(rows[i].allow, &fixture.context.allow, NULL), ERR_OK);
        FILE *out = fmemopen(said, sizeof said, "w");
        assert_non_null(out);
        own_say(&fixture.context, 4, out);
        assert_int_equal(fclose(out), 0);
        if ((strstr(said, "WARNING") != NULL) != rows[i].warned)
            fail_msg("%s: %s", rows[i].own, said);
        ip_set_dispose(&fixture.context.allow);
        drop(&fixture);
    }
}

/* What is offered can be taken as it stands: prefixes that are there stay. */
static void test_what_is_offered(void **state)
{
    (void)state;
    char many[1024] = "8.8.8.0/24";
    for (size_t i = 0; i < 40; i++)
        (void)strcat(many, ",2620:fe::/48");
    const struct {
        const char *own, *ip, *offered;
    } rows[] = {
        {"", "192.0.2.1", "If the address is your own: --limits.own=192.0.2.1/32"},
        {"8.8.8.0/24", "192.0.2.1", "If the address is your own: --limits.own=8.8.8.0/24,192.0.2.1/32"},
        {" 8.8.8.0/24, 2620:fe::/48 ", "2001:db8::1",
         "If the address is your own: --limits.own=8.8.8.0/24,2620:fe::/48,2001:db8::1/128"},
        {many, "192.0.2.1", "If the address is your own: add to those in limits.own: 192.0.2.1/32"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture fixture;
        struct ip_addr ip;
        char line[TEXT_BYTES];
        make(&fixture, rows[i].own);
        assert_true(ip_parse(rows[i].ip, &ip));
        own_say_address(&fixture.config, &ip, PACE_HTTPS, line, sizeof line);
        const char *offered = strstr(line, "If the address");
        assert_non_null(offered);
        assert_string_equal(offered, rows[i].offered);
        drop(&fixture);
    }
}

static void assert_says_list(const char *own, uint64_t names, const char *text)
{
    struct fixture fixture;
    char said[TEXT_BYTES] = "";
    make(&fixture, own);
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_non_null(out);
    own_say_list(&fixture.config, names, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said, text);
    drop(&fixture);
}

static void test_what_is_said_of_the_list(void **state)
{
    (void)state;
    static const char rest[] =
        "stsweep: limits: if one IP address has the policies of all 300000 names, 9001 "
        "are fetched in a pass, as limits.https_per_minute and limits.wait say, and the "
        "others end as policy.not-tried.pace. ";
    char text[TEXT_BYTES];
    assert_says_list("", 9001, "");
    (void)snprintf(text, sizeof text, "%sIf such an address is your own, limits.own=PREFIX takes it out\n",
                   rest);
    assert_says_list("", 300000, text);
    (void)snprintf(text, sizeof text, "%sThose in limits.own are taken out\n", rest);
    assert_says_list("8.8.8.0/24", 300000, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_rates),       cmocka_unit_test(test_full),
        cmocka_unit_test(test_what_is_said),    cmocka_unit_test(test_special),
        cmocka_unit_test(test_what_is_offered), cmocka_unit_test(test_what_is_said_of_the_list),
    };
    return cmocka_run_group_tests_name("own", tests, NULL, NULL);
}
