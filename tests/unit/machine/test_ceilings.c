/* What a scan may hold: that the plan for open files fits, whatever is allowed, and that memory follows the
 * options. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/readback/group_runs.h"
#include "output/store/summary_groups.h"
#include "scanner/machine/ceilings.h"

static void make(struct config *config, const char *resolvers, const char *loops)
{
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(config_init(config), ERR_OK);
    assert_int_equal(config_set(config, "dns.resolvers", resolvers, "test", &why), ERR_OK);
    assert_int_equal(config_set(config, "scan.loops", loops, "test", &why), ERR_OK);
    buf_dispose(&why);
}

static void test_enough_files_change_nothing(void **state)
{
    (void)state;
    struct config config;
    struct buf said;
    make(&config, "192.0.2.1", "2");
    buf_init(&said, 1024);
    assert_true(ceilings_fit(&config, 100000, &said));
    assert_int_equal(said.len, 0);
    assert_int_equal(config.smtp_live, 2000);
    assert_int_equal(config.policy_live, 300);
    /* 31 of our own; 6, 8 sockets and 64 TCP connections a loop; the watch; and the peers' */
    assert_int_equal(ceilings_files(&config, 100000), 31 + 2 * (6 + 8 + 64) + (4 + 48) + 2300);
    buf_dispose(&said);
    config_dispose(&config);
}

/* Whatever is allowed, the plan is within it, each kind has a place, and a line says so; or it
 * is refused. */
static void test_every_limit_is_kept(void **state)
{
    (void)state;
    static const char *const resolvers[] = {"", "192.0.2.1", "192.0.2.1, 192.0.2.2,192.0.2.3"};
    static const char *const loops[] = {"1", "2", "16"};
    unsigned refused = 0, lowered = 0;
    for (size_t i = 0; i < 9; i++) {
        for (uint64_t limit = 1; limit < 3000; limit += 7) {
            struct config config;
            struct buf said;
            make(&config, resolvers[i % 3], loops[i / 3]);
            buf_init(&said, 1024);
            bool fits = ceilings_fit(&config, limit, &said);
            if (fits) {
                assert_true(ceilings_files(&config, limit) <= limit);
                assert_true(config.smtp_live >= 1 && config.policy_live >= 1);
                assert_true(config.smtp_live <= 2000 && config.policy_live <= 300);
                assert_int_equal(said.len > 0, config.smtp_live < 2000 || config.policy_live < 300 ||
                                                   config.scan_loops < atoi(loops[i / 3]));
                lowered += said.len > 0;
            } else {
                assert_non_null(strstr(buf_string(&said), "raise ulimit -n"));
                refused++;
            }
            buf_dispose(&said);
            config_dispose(&config);
        }
    }
    assert_true(refused > 9 && lowered > 9);
}

static void test_memory_follows_the_options(void **state)
{
    (void)state;
    struct config config;
    struct buf why;
    struct ceiling before[CEILINGS], after[CEILINGS];
    buf_init(&why, 1024);
    make(&config, "192.0.2.1,192.0.2.2", "2");
    ceilings_of(&config, before);
    assert_int_equal(config_set(&config, "smtp.live", "2001", "test", &why), ERR_OK);
    ceilings_of(&config, after);
    assert_int_equal(ceilings_total(after) - ceilings_total(before), (3 * 1024 + 1024 + 40) * 1024);
    assert_int_equal(before[2].most, 2000); /* a resolver each */
    assert_int_equal(ceilings_threads(&config), 5);
    uint64_t sum = 0;
    for (size_t i = 0; i < CEILINGS; i++) {
        assert_true(after[i].most > 0 && after[i].worst_bytes > 0);
        sum += after[i].most * after[i].worst_bytes;
    }
    assert_int_equal(sum, ceilings_total(after));
    buf_dispose(&why);
    config_dispose(&config);
}

static void test_printed(void **state)
{
    (void)state;
    struct config config;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    make(&config, "192.0.2.1", "3");
    ceilings_print(&config, out);
    assert_int_equal(fclose(out), 0);
    assert_true(CEILINGS_GROUPS_BYTES >= SUMMARY_GROUPS_BYTES + (RUNS_MOST + 1) * RUN_BUFFER_BYTES);
    assert_non_null(strstr(text, "SMTP sessions"));
    assert_non_null(strstr(text, "2000 x      1064 KiB =     2078.1 MiB  smtp.live"));
    assert_non_null(strstr(text, "Threads: 6 (loops, reader, writer, main)."));
    free(text);
    config_dispose(&config);
}

/* The stage names holds neither sessions nor fetches: their places cost nothing, and take no files. */
static void test_names_hold_no_connections(void **state)
{
    (void)state;
    struct config config, names;
    struct buf why;
    struct ceiling rows[CEILINGS];
    buf_init(&why, 1024);
    make(&config, "192.0.2.1", "2");
    make(&names, "192.0.2.1", "2");
    assert_int_equal(config_set(&names, "scan.stage", "names", "test", &why), ERR_OK);
    assert_int_equal(ceilings_files(&config, 100000) - ceilings_files(&names, 100000), 2300);
    assert_true(ceilings_likely(&names, CEILINGS_ANY_LIST) < ceilings_likely(&config, CEILINGS_ANY_LIST));
    ceilings_of(&names, rows);
    for (size_t i = 0; i < CEILINGS; i++)
        if (strstr(rows[i].from, "live") != NULL)
            assert_int_equal(rows[i].most, 0);
    uint64_t enough = ceilings_files(&names, 1000);
    assert_true(ceilings_fit(&names, 1000, &why));
    assert_int_equal(why.len, 0);
    assert_true(enough < 1000);
    config_dispose(&names);
    for (uint64_t limit = 1; limit < 600; limit++) { /* the loops alone can be fewer */
        make(&names, "192.0.2.1", "2");
        assert_int_equal(config_set(&names, "scan.stage", "names", "test", &why), ERR_OK);
        buf_reset(&why);
        if (ceilings_fit(&names, limit, &why)) {
            assert_true(ceilings_files(&names, limit) <= limit);
            assert_int_equal(why.len > 0, names.scan_loops < 2);
            assert_int_equal(names.smtp_live, config.smtp_live);
            assert_true(why.len == 0 || strstr(buf_string(&why), "allowed, so scan.loops is 1 instead of 2"));
        }
        config_dispose(&names);
    }
    buf_dispose(&why);
    config_dispose(&config);
}

/* A check has one loop, and says what it needs before it opens anything. */
static void test_a_check_needs_few_files(void **state)
{
    static const struct {
        const char *resolvers;
        uint64_t least; /* 10 of our own, 6 of the loop, 2 of peers; sockets and TCP connections */
    } cases[] = {{"192.0.2.1", 18 + 16 + 2}, {"192.0.2.1,192.0.2.2", 18 + 2 * 16 + 2}, {"", 18 + 16 + 8 + 4}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config;
        struct buf said;
        buf_init(&said, 1024);
        make(&config, cases[i].resolvers, "16");
        for (uint64_t limit = 0; limit < 4096; limit++) {
            buf_reset(&said);
            bool fits = ceilings_fit_check(&config, limit, &said);
            assert_int_equal(fits, limit >= cases[i].least);
            assert_int_equal(fits, said.len == 0);
            assert_true(fits || strstr(buf_string(&said), "; raise ulimit -n") != NULL);
        }
        buf_dispose(&said);
        config_dispose(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enough_files_change_nothing),
        cmocka_unit_test(test_every_limit_is_kept),
        cmocka_unit_test(test_memory_follows_the_options),
        cmocka_unit_test(test_names_hold_no_connections),
        cmocka_unit_test(test_printed),
        cmocka_unit_test(test_a_check_needs_few_files),
    };
    return cmocka_run_group_tests_name("ceilings", tests, NULL, NULL);
}
