/* Which addresses are forgotten once many are known: those at which nothing is going on, and no others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/reach/lanes.h"
#include "scanner/reach/worker.h"

enum { MANY = 6000, KEPT_MOST = 4200, A_NAME = 7 }; /* lanes.c sweeps at 4096 */

struct bench {
    struct config config;
    struct scan_context context;
    struct worker worker;
    struct lanes lanes;
};

static unsigned granted, refused;

static void on_answer(const struct lane_answer *answer)
{
    granted += answer->turn.answer == PACE_GRANTED;
    refused += answer->turn.answer == PACE_TOO_LONG;
}

static void bench_open(struct bench *bench, int64_t per_minute, int64_t names)
{
    memset(bench, 0, sizeof *bench);
    granted = refused = 0;
    assert_int_equal(config_init(&bench->config), ERR_OK);
    bench->config.limits_ip_connections = 1;
    bench->config.limits_ip_per_minute = per_minute;
    bench->config.limits_https_per_minute = per_minute;
    bench->config.limits_names_per_ip = names;
    bench->config.smtp_live = MANY;
    bench->config.policy_live = MANY;
    bench->context.config = &bench->config;
    bench->worker = (struct worker){.all = &bench->worker, .count = 1, .context = &bench->context};
    assert_int_equal(loop_init(&bench->worker.loop, &bench->worker), ERR_OK);
    assert_true(lanes_init(&bench->lanes, &bench->worker, on_answer));
}

static void bench_close(struct bench *bench)
{
    lanes_dispose(&bench->lanes);
    loop_dispose(&bench->worker.loop);
    config_dispose(&bench->config);
}

static struct ip_addr address(unsigned number)
{
    return ip_v4((const uint8_t[]){10, 0, (uint8_t)(number >> 8), (uint8_t)number});
}

static void ask(struct bench *bench, unsigned number, enum pace_class class)
{
    const struct lane_ask what = {
        .ip = address(number), .class = class, .domain = A_NAME, .name = class == PACE_SMTP};
    lanes_ask(&bench->lanes, &what);
}

static void give_back(struct bench *bench, unsigned number, enum pace_class class)
{
    const struct lane_return back = {.ip = address(number), .class = class, .domain = A_NAME};
    lanes_give_back(&bench->lanes, &back);
}

static bool is_known(const struct bench *bench, unsigned number)
{
    const struct ip_addr ip = address(number);
    return map_find(&bench->lanes.addresses, bytes_make(&ip, sizeof ip)) != NULL;
}

/* So many addresses that are asked for once and given back. */
static void pass_by(struct bench *bench, unsigned from)
{
    for (unsigned i = from; i < from + MANY; i++) {
        ask(bench, i, PACE_SMTP);
        give_back(bench, i, PACE_SMTP);
    }
}

static void idle_addresses_are_forgotten(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 1000000000, 100);
    pass_by(&bench, 0);
    assert_int_equal(granted, MANY);
    assert_true(bench.lanes.addresses.count < KEPT_MOST);
    assert_false(is_known(&bench, 0));
    pass_by(&bench, MANY);
    assert_true(bench.lanes.addresses.count < KEPT_MOST);
    bench_close(&bench);
}

/* One that is connected to, one where a second waits, and one of each class. */
static void addresses_in_use_are_kept(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 1000000000, 100);
    ask(&bench, 0, PACE_SMTP);
    ask(&bench, 1, PACE_HTTPS);
    ask(&bench, 2, PACE_SMTP);
    ask(&bench, 2, PACE_SMTP);
    assert_int_equal(granted, 3);
    pass_by(&bench, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_true(is_known(&bench, i));
    give_back(&bench, 0, PACE_SMTP);
    give_back(&bench, 1, PACE_HTTPS);
    give_back(&bench, 2, PACE_SMTP);
    give_back(&bench, 2, PACE_SMTP);
    assert_int_equal(granted, MANY + 4);
    pass_by(&bench, 3 + MANY);
    for (unsigned i = 0; i < 3; i++)
        assert_false(is_known(&bench, i));
    bench_close(&bench);
}

/* An address forgotten too soon would be connected to again before its time. */
static void the_pace_outlives_a_sweep(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench, 1, 100);
    bench.lanes.wait_ms = 1000;
    pass_by(&bench, 0);
    assert_int_equal(bench.lanes.addresses.count, MANY);
    ask(&bench, 0, PACE_SMTP);
    assert_int_equal(granted, MANY);
    assert_int_equal(refused, 1);
    bench_close(&bench);
}

/* How many names were probed at a forgotten address is remembered, so that the budget holds; of one name
 * alone it is not. */
static void names_outlive_a_sweep(void **state)
{
    struct bench bench;
    struct ip_addr one = address(0), two = address(1);
    (void)state;
    bench_open(&bench, 1000000000, 100);
    ask(&bench, 0, PACE_SMTP);
    give_back(&bench, 0, PACE_SMTP);
    for (unsigned i = 0; i < 2; i++) {
        ask(&bench, 1, PACE_SMTP);
        give_back(&bench, 1, PACE_SMTP);
    }
    pass_by(&bench, 2);
    assert_false(is_known(&bench, 1));
    assert_int_equal(served_get(&bench.lanes.served, bytes_make(&one, sizeof one)), 0);
    assert_int_equal(served_get(&bench.lanes.served, bytes_make(&two, sizeof two)), 2);
    bench_close(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_addresses_are_forgotten),
        cmocka_unit_test(addresses_in_use_are_kept),
        cmocka_unit_test(the_pace_outlives_a_sweep),
        cmocka_unit_test(names_outlive_a_sweep),
    };
    return cmocka_run_group_tests_name("lanes", tests, NULL, NULL);
}
