/* What the person who scans is told of crowded addresses: once each, and of a few. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/scan/crowds.h"

static void post(struct crowds *crowds, const char *ip, enum pace_class class, size_t waiting)
{
    struct crowd crowd = {.class = class, .waiting = waiting};
    assert_true(ip_parse(ip, &crowd.ip));
    crowds_post(crowds, &crowd);
}

static void test_lines(void **state)
{
    (void)state;
    struct config config;
    struct crowds crowds;
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(crowds_init(&crowds, &config), ERR_OK);
    assert_null(crowds_next(&crowds));
    post(&crowds, "192.0.2.1", PACE_HTTPS, 4501);
    post(&crowds, "192.0.2.1", PACE_HTTPS, 4502); /* in a further pass: it was said */
    post(&crowds, "2001:db8::1", PACE_SMTP, 301);
    assert_string_equal(
        crowds_next(&crowds),
        "192.0.2.1: 4501 policy fetches wait for one address: in a pass 9001 have their turn, as "
        "limits.https_per_minute and limits.wait say, and the others end as "
        "policy.not-tried.pace. If the address is your own: --limits.own=192.0.2.1/32");
    assert_string_equal(
        crowds_next(&crowds),
        "2001:db8::1: 301 SMTP connections wait for one address: in a pass 601 have their turn, "
        "as limits.ip_per_minute and limits.wait say, and the others end as "
        "smtp.not-probed.pace. If the address is your own: --limits.own=2001:db8::1/128");
    assert_null(crowds_next(&crowds));
    post(&crowds, "192.0.2.2", PACE_HTTPS, 1);
    post(&crowds, "192.0.2.3", PACE_HTTPS, 1);
    post(&crowds, "192.0.2.4", PACE_HTTPS, 1);
    assert_non_null(strstr(crowds_next(&crowds), "192.0.2.2"));
    assert_non_null(strstr(crowds_next(&crowds), "192.0.2.3"));
    assert_null(crowds_next(&crowds));
    post(&crowds, "192.0.2.5", PACE_HTTPS, 1); /* nobody hears of it, and it is freed */
    crowds_dispose(&crowds);
    crowds_dispose(&crowds);
    config_dispose(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests_name("crowds", tests, NULL, NULL);
}
