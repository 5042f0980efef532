/* What an IP address gets of a scan that is one of several at once, and what is said of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "scanner/reach/paces.h"

enum { TEXT_BYTES = 4096, SECOND_US = 1000000 };

static void set(struct config *config, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, TEXT_BYTES);
    assert_int_equal(config_set(config, name, value, "test", &why), ERR_OK);
    buf_dispose(&why);
}

/* At the defaults: 1 at a time and 20 a minute, 4 and 300, 50 names. */
static void test_shares(void **state)
{
    (void)state;
    static const struct {
        const char *shards;
        int64_t smtp_us, https_us;
        size_t smtp, https, names;
    } cases[] = {
        {"1", 3 * SECOND_US, SECOND_US / 5, 1, 4, 50},
        {"2", 6 * SECOND_US, SECOND_US / 5 * 2, 1, 2, 25},
        {"3", 9 * SECOND_US, SECOND_US / 5 * 3, 1, 1, 16},
        {"20", 60 * SECOND_US, 4 * SECOND_US, 1, 1, 2}, /* one a minute */
        {"50", 150 * SECOND_US, 10 * SECOND_US, 1, 1, 1},
        {"10000", INT64_C(30000) * SECOND_US, 2000 * SECOND_US, 1, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config;
        assert_int_equal(config_init(&config), ERR_OK);
        set(&config, "limits.shards_at_once", cases[i].shards);
        struct paces paces = paces_of(&config);
        assert_true(paces.interval_us[PACE_SMTP] == cases[i].smtp_us);
        assert_true(paces.interval_us[PACE_HTTPS] == cases[i].https_us);
        assert_int_equal(paces.connections[PACE_SMTP], cases[i].smtp);
        assert_int_equal(paces.connections[PACE_HTTPS], cases[i].https);
        assert_int_equal(paces.names, cases[i].names);
        config_dispose(&config);
    }
}

/* All shards together never have more than the limit allows, where there is one for each. */
static void test_no_more_together(void **state)
{
    (void)state;
    for (int64_t shards = 1; shards <= 60; shards++) {
        struct config config;
        assert_int_equal(config_init(&config), ERR_OK);
        config.limits_shards_at_once = shards;
        config.limits_ip_connections = 7;
        config.limits_ip_per_minute = 19;
        struct paces paces = paces_of(&config);
        assert_true(60000000.0 / (double)paces.interval_us[PACE_SMTP] * (double)shards <= 19.001);
        assert_true(shards > 7 || (int64_t)paces.connections[PACE_SMTP] * shards <= 7);
        assert_true(shards > 50 || (int64_t)paces.names * shards <= 50);
        config_dispose(&config);
    }
}

/* However many loops there are, their places sum up to the option, and no loop that is asked has none. */
static void test_places_over_loops(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(config_init(&config), ERR_OK);
    for (int64_t live = 1; live <= 700; live++) {
        for (uint32_t loops = 1; loops <= 256; loops = loops < 8 ? loops + 1 : loops * 2) {
            size_t smtp = 0, https = 0;
            config.smtp_live = live;
            config.policy_live = 701 - live;
            for (uint32_t i = 0; i < loops; i++) {
                smtp += paces_places(&config, PACE_SMTP, loops, i);
                https += paces_places(&config, PACE_HTTPS, loops, i);
            }
            uint32_t owners = paces_owners(&config, PACE_SMTP, loops);
            assert_int_equal(smtp, live);
            assert_int_equal(https, 701 - live);
            assert_in_range(owners, 1, loops);
            assert_true(paces_places(&config, PACE_SMTP, loops, owners - 1) > 0);
            assert_true(live < 16 * (int64_t)loops || owners == loops); /* many places: every loop has some */
        }
    }
    config_dispose(&config);
}

static void test_turns_in_wait(void **state)
{
    (void)state;
    struct config config;
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(paces_turns_in_wait(&config, PACE_SMTP), 601); /* 30 min, each 3 s, and the first */
    set(&config, "limits.shards_at_once", "50");
    assert_int_equal(paces_turns_in_wait(&config, PACE_SMTP), 13);
    set(&config, "limits.wait", "149s");
    assert_int_equal(paces_turns_in_wait(&config, PACE_SMTP), 1);
    config_dispose(&config);
}

static void assert_says(const char *shard, const char *shards, const char *wait, const char *text)
{
    struct config config;
    char said[TEXT_BYTES] = "";
    assert_int_equal(config_init(&config), ERR_OK);
    set(&config, "scan.shard", shard);
    set(&config, "limits.shards_at_once", shards);
    set(&config, "limits.wait", wait);
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_non_null(out);
    paces_say(&config, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said, text);
    config_dispose(&config);
}

static void test_what_is_said(void **state)
{
    (void)state;
    assert_says("", "1", "30m", "");
    assert_says("1/1", "1", "30m", "");
    assert_says("3/50", "1", "30m",
                "preflight: shards: WARNING: this is 3 of 50; all at once would make 1000 SMTP connections a "
                "minute to "
                "one IP address and 15000 HTTPS, 50 and 200 at a time, and probe 2500 names there. "
                "limits.shards_at_once=50 divides what the limits allow\n");
    assert_says(
        "3/50", "50", "30m",
        "preflight: shards: one of 50 at once: an SMTP connection to one IP address each 150 s, an HTTPS one "
        "each 10 s, 1 and 1 at a time (all: 50 and 50), 1 names there (all: 50)\n"
        "preflight: shards: within limits.wait 13 SMTP and 181 HTTPS connections to one IP address get their "
        "turn, undivided 601 and 9001; what waits behind them is left out (smtp.not-probed.pace, "
        "policy.not-tried.pace)\n"
        "preflight: shards: limits.wait=86400s lets 577 and 8641 through\n");
    /* Ten of fifty at once: the other forty would multiply. */
    assert_says(
        "3/50", "10", "24h",
        "preflight: shards: WARNING: this is 3 of 50; all at once would make 100 SMTP connections a minute "
        "to "
        "one IP address and 1500 HTTPS, 50 and 50 at a time, and probe 250 names there. "
        "limits.shards_at_once=50 divides what the limits allow\n"
        "preflight: shards: one of 10 at once: an SMTP connection to one IP address each 30 s, an HTTPS one "
        "each 2 s, 1 and 1 at a time (all: 10 and 10), 5 names there (all: 50)\n"
        "preflight: shards: within limits.wait 2881 SMTP and 43201 HTTPS connections to one IP address get "
        "their turn, undivided 28801 and 432001; what waits behind them is left out (smtp.not-probed.pace, "
        "policy.not-tried.pace)\n");
}

/* Who connects to nobody need not be told of paces. */
static void test_names_have_no_pace(void **state)
{
    (void)state;
    struct config config;
    char said[TEXT_BYTES] = "";
    assert_int_equal(config_init(&config), ERR_OK);
    set(&config, "scan.shard", "3/50");
    set(&config, "limits.shards_at_once", "10");
    set(&config, "scan.stage", "names");
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_non_null(out);
    paces_say(&config, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said, "");
    config_dispose(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_no_more_together),
        cmocka_unit_test(test_places_over_loops),
        cmocka_unit_test(test_turns_in_wait),
        cmocka_unit_test(test_names_have_no_pace),
        cmocka_unit_test(test_what_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
