/* Tests what a scan is expected to ask, and that the tables of lists in README.md and docs/scale.md say what
 * the program reckons. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "scanner/config/config.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/preflight_disk.h"
#include "scanner/scan/dryrun.h"

/* The options of the table: the defaults, with one resolver of one's own and two loops. */
static void make_config(struct config *config, const char *probe)
{
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(config_init(config), ERR_OK);
    assert_int_equal(config_set(config, "dns.resolvers", "127.0.0.1", "test", &why), ERR_OK);
    assert_int_equal(config_set(config, "scan.loops", "2", "test", &why), ERR_OK);
    assert_int_equal(config_set(config, "smtp.probe", probe, "test", &why), ERR_OK);
    assert_int_equal(config_set(config, "output.dir", "scan", "test", &why), ERR_OK);
    buf_dispose(&why);
}

static struct estimate estimate_with(uint64_t names, const char *probe, const struct estimate_shares *shares)
{
    struct config config;
    struct estimate_scan scan;
    struct estimate estimate;
    make_config(&config, probe);
    dryrun_options(&config, names, &scan);
    scan.limits.loops = 2; /* whatever machine this is */
    estimate_of(names, shares, &scan, &estimate);
    config_dispose(&config);
    return estimate;
}

static struct estimate expected(uint64_t names, const char *probe)
{
    struct estimate_shares shares;
    estimate_shares_expected(&shares);
    return estimate_with(names, probe, &shares);
}

/* ---- questions and connections ------------------------------------------------------------------------- */

static void test_every_name_is_asked_for_three_records(void **state)
{
    (void)state;
    struct estimate_shares shares = {.answer_ms = 10};
    struct estimate estimate = estimate_with(1000, "all", &shares);
    double sum = 0;
    assert_true(estimate.questions[ASKED_MTA_STS] == 1000);
    assert_true(estimate.questions[ASKED_TLSRPT] == 1000);
    assert_true(estimate.questions[ASKED_MX] == 1000);
    assert_true(estimate.questions[ASKED_NEAR_MISS] == 1000); /* all of them lack a record */
    assert_true(estimate.questions[ASKED_A] == 0);
    assert_true(estimate.connections == 0 && estimate.fetches == 0);
    for (unsigned kind = 0; kind < ASKED_KINDS; kind++)
        sum += estimate.questions[kind];
    assert_true(sum == estimate.all_questions);
}

static void test_failures_are_asked_again(void **state)
{
    (void)state;
    struct estimate_shares shares = {.answer_ms = 10, .failed = 0.1, .lost = 0.1};
    struct estimate estimate = estimate_with(1000, "all", &shares);
    assert_true(fabs(estimate.questions[ASKED_MX] - 1300) <
                0.01); /* once more, and three attempts of the default */
    assert_true(fabs(estimate.put_off - 200) < 0.01);
    assert_true(estimate.questions[ASKED_NEAR_MISS] < 801);
}

static void test_records_bring_fetches_and_addresses(void **state)
{
    (void)state;
    struct estimate_shares shares = {.answer_ms = 10, .record = 0.5, .own_hosts = 1, .own_reached = 1};
    struct estimate estimate = estimate_with(1000, "all", &shares);
    assert_true(estimate.fetches == 500);
    assert_true(estimate.questions[ASKED_A] == 1500 && estimate.questions[ASKED_AAAA] == 1500);
    assert_true(estimate.connections == 1000);
    assert_true(estimate_with(1000, "intent", &shares).connections == 500);
    assert_true(estimate_with(1000, "none", &shares).connections == 0);
    assert_true(estimate.smtp_bytes > 0 && estimate.https_bytes > 0 && estimate.dns_bytes > 0);
}

static void test_names_at_a_crowded_address_are_counted_out(void **state)
{
    (void)state;
    struct estimate_shares shares = {
        .answer_ms = 10, .own_hosts = 1, .own_reached = 1, .crowded = 1, .crowds = 0.001};
    struct estimate estimate = estimate_with(1000, "all", &shares);
    assert_true(estimate.connections == 50); /* limits.names_per_ip */
    assert_int_equal(estimate.bound.binds, BOUND_PACE);
    assert_true(fabs(estimate.bound.seconds[BOUND_PACE] - 49 * 3.0) < 0.01);
}

/* 560,000 names of a hoster, half of them with a policy at one address: 300 a minute for limits.wait, 30
 * minutes, then as many in the second pass. */
static void test_policies_at_one_address_keep_to_its_pace(void **state)
{
    (void)state;
    struct estimate_shares shares = {.measured = 200, .answer_ms = 1, .record = 0.5, .policy_crowd = 0.5};
    struct estimate few = estimate_with(2000, "none", &shares);
    assert_int_equal(few.bound.binds, BOUND_HTTPS);
    assert_true(fabs(few.bound.seconds[BOUND_HTTPS] - 999 * 0.225) < 0.01); /* 900 ms, four at a time */
    assert_true(few.no_turn == 0 && few.fetches == 1000);
    struct estimate many = estimate_with(560000, "none", &shares);
    double others_s = many.bound.seconds[BOUND_HTTPS] - 1800;
    assert_true(others_s > 0 && others_s < 300);
    assert_true(fabs(many.no_turn - (280000 - (2 * 1800 + others_s) / 0.225 - 2)) < 1);
    assert_true(fabs(many.fetches - (280000 - many.no_turn)) < 1);
    assert_true(many.put_off > many.no_turn && many.seconds > 2 * 1800 + 900);
}

static void test_addresses_of_ones_own_have_their_own_pace(void **state)
{
    (void)state;
    struct estimate_shares shares = {.measured = 200, .answer_ms = 1, .record = 0.5, .own_policy_crowd = 0.5};
    struct estimate estimate = estimate_with(560000, "none", &shares);
    assert_true(fabs(estimate.bound.seconds[BOUND_OWN_HTTPS] - 279999 * 0.0009) <
                0.1); /* 90 ms, 100 at a time */
    assert_true(estimate.no_turn == 0 && fabs(estimate.fetches - 280000) < 1);
    shares = (struct estimate_shares){
        .measured = 200, .answer_ms = 1, .own_hosts = 1, .own_reached = 1, .own_crowd = 1};
    estimate = estimate_with(10000, "all", &shares);
    assert_true(fabs(estimate.bound.seconds[BOUND_OWN_PACE] - 9999 * 0.01) <
                0.1); /* limits.own_ip_per_minute */
    assert_int_equal(estimate.bound.binds, BOUND_OWN_PACE);
}

static void test_only_what_was_measured_is_a_least(void **state)
{
    (void)state;
    struct estimate_shares shares;
    estimate_shares_expected(&shares);
    assert_true(estimate_with(100000, "all", &shares).least == 0);
    shares.measured = 200;
    shares.answer_least_ms = 20;
    struct estimate estimate = estimate_with(100000, "all", &shares);
    assert_true(fabs(estimate.least - (9 + 900)) < 0.01); /* the lost name of three tries, and the rest */
    assert_true(estimate.least < estimate.seconds);
    shares.lost = shares.failed = 0;
    assert_true(fabs(estimate_with(100000, "all", &shares).least - 6) <
                0.01); /* 300,000 of 20 ms, 1,000 at a time */
}

static void test_a_longer_list_takes_more_of_all(void **state)
{
    (void)state;
    for (uint64_t names = 1; names < 100000000; names *= 10) {
        struct estimate one = expected(names, "all"), ten = expected(names * 10, "all");
        assert_true(ten.all_questions > 8 * one.all_questions && ten.seconds >= one.seconds);
        assert_true(ten.connections > one.connections && ten.hosts >= one.hosts);
        assert_true(isfinite(ten.seconds) && isfinite(ten.connections));
    }
    struct estimate none = expected(0, "all");
    assert_true(none.all_questions == 0 && isfinite(none.seconds));
}

static void test_all_that_binds_has_an_advice(void **state)
{
    (void)state;
    for (unsigned term = 0; term < BOUND_TERMS; term++)
        assert_true(strlen(estimate_advice((enum bound_term)term)) > 20);
}

/* ---- the tables of README.md and docs/scale.md --------------------------------------------------------- */

enum { CELL_BYTES = 32 };

/* Writes two digits that mean something, with a unit. */
static const char *scaled(double value, double base, const char *const units[], char cell[CELL_BYTES])
{
    size_t unit = 0;
    for (; value >= base && units[unit + 1] != NULL; unit++)
        value /= base;
    (void)snprintf(cell, CELL_BYTES, value < 10 && unit > 0 ? "%.1f%s" : "%.0f%s", value, units[unit]);
    return cell;
}

static const char *count(double value, char cell[CELL_BYTES])
{
    static const char *const units[] = {"", " k", " M", NULL};
    return scaled(value, 1000, units, cell);
}

static const char *bytes(double value, char cell[CELL_BYTES])
{
    static const char *const units[] = {"", " KiB", " MiB", " GiB", NULL};
    return scaled(value, 1024, units, cell);
}

/* Writes a row as README.md has it. */
static void make_row(uint64_t names, const char *probe, const char *label, char *row, size_t size)
{
    struct config config;
    char questions[CELL_BYTES], connections[CELL_BYTES], traffic[CELL_BYTES], disk[CELL_BYTES],
        memory[CELL_BYTES];
    make_config(&config, probe);
    struct estimate estimate = expected(names, probe);
    (void)snprintf(row, size, "| %s | `%s` | %.0f min | %s | %s | %s | %s | %s | %s |\n", label, probe,
                   estimate.seconds / 60, count(estimate.all_questions, questions),
                   count(estimate.connections, connections),
                   bytes(estimate.dns_bytes + estimate.smtp_bytes + estimate.https_bytes, traffic),
                   bytes((double)disk_estimate(&config, names, names), disk),
                   bytes((double)ceilings_likely(&config, names), memory), bound_name(estimate.bound.binds));
    config_dispose(&config);
}

/* Fails if the document has not the row. */
static void assert_row(const char *document, const char *row)
{
    static char text[256 * 1024];
    FILE *file = fopen(document, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    if (strstr(text, row) == NULL)
        fail_msg("%s has not this row: %s", document, row);
}

/* Writes a row as docs/scale.md has it: with so many resolvers, and limits that suit them. */
static void make_large_row(uint64_t names, const char *probe, const char *label, unsigned resolvers,
                           char *row, size_t size)
{
    struct config config;
    struct buf why;
    struct estimate_shares shares;
    struct estimate_scan scan;
    struct estimate estimate;
    char addresses[128] = "127.0.0.1", questions[CELL_BYTES], connections[CELL_BYTES], traffic[CELL_BYTES],
         disk[CELL_BYTES];
    for (unsigned i = 1; i < resolvers; i++)
        (void)snprintf(addresses + strlen(addresses), sizeof addresses - strlen(addresses), ",127.0.0.%u",
                       i + 1);
    buf_init(&why, 4096);
    make_config(&config, probe);
    assert_int_equal(config_set(&config, "dns.resolvers", addresses, "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "scan.in_flight", resolvers > 1 ? "40000" : "20000", "test", &why),
                     ERR_OK);
    dryrun_options(&config, names, &scan);
    scan.limits.loops = 2;
    estimate_shares_expected(&shares);
    estimate_of(names, &shares, &scan, &estimate);
    (void)snprintf(row, size, "| %s | `%s` | %u | %.1f h | %.0f k | %s | %s | %s | %s | %s |\n", label, probe,
                   resolvers, estimate.seconds / 3600, estimate.all_questions / estimate.seconds / 1000,
                   count(estimate.all_questions, questions), count(estimate.connections, connections),
                   bytes(estimate.dns_bytes + estimate.smtp_bytes + estimate.https_bytes, traffic),
                   bytes((double)disk_estimate(&config, names, names), disk),
                   bound_name(estimate.bound.binds));
    config_dispose(&config);
    buf_dispose(&why);
}

static void test_the_page_on_scale_says_what_is_reckoned(void **state)
{
    (void)state;
    static const struct {
        uint64_t names;
        const char *probe, *label;
        unsigned resolvers;
    } rows[] = {{1000000, "all", "1 M", 1},        {100000000, "none", "100 M", 1},
                {100000000, "intent", "100 M", 1}, {100000000, "intent", "100 M", 4},
                {100000000, "all", "100 M", 4},    {500000000, "intent", "500 M", 4},
                {500000000, "all", "500 M", 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char row[256];
        make_large_row(rows[i].names, rows[i].probe, rows[i].label, rows[i].resolvers, row, sizeof row);
        assert_row("docs/scale.md", row);
    }
}

static void test_the_table_says_what_is_reckoned(void **state)
{
    (void)state;
    static const struct {
        uint64_t names;
        const char *probe, *label;
    } rows[] = {{1000, "all", "1,000"},        {1000, "intent", "1,000"},
                {100000, "all", "100,000"},    {100000, "intent", "100,000"},
                {1000000, "all", "1,000,000"}, {1000000, "intent", "1,000,000"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char row[256];
        make_row(rows[i].names, rows[i].probe, rows[i].label, row, sizeof row);
        assert_row("README.md", row);
    }
}

/* The stage names asks as many questions as the whole, and connects to nobody, however crowded addresses are.
 */
static void test_names_connect_to_nobody(void **state)
{
    (void)state;
    struct config config;
    struct estimate_scan scan;
    struct estimate estimate, whole;
    struct buf why;
    struct estimate_shares shares;
    estimate_shares_expected(&shares);
    shares.measured = 200;
    shares.policy_crowd = shares.own_policy_crowd = shares.record = 0.5;
    whole = estimate_with(100000, "all", &shares);
    buf_init(&why, 1024);
    make_config(&config, "all");
    assert_int_equal(config_set(&config, "scan.stage", "names", "test", &why), ERR_OK);
    dryrun_options(&config, 100000, &scan);
    scan.limits.loops = 2;
    estimate_of(100000, &shares, &scan, &estimate);
    assert_true(estimate.all_questions == whole.all_questions && estimate.hosts == whole.hosts);
    assert_true(estimate.connections == 0 && estimate.fetches == 0 && estimate.no_turn == 0);
    assert_true(estimate.smtp_bytes == 0 && estimate.https_bytes == 0);
    static const enum bound_term of_peers[] = {BOUND_SMTP,  BOUND_FETCH,    BOUND_PACE,
                                               BOUND_HTTPS, BOUND_OWN_PACE, BOUND_OWN_HTTPS};
    for (size_t i = 0; i < sizeof of_peers / sizeof *of_peers; i++)
        assert_true(estimate.bound.seconds[of_peers[i]] == 0);
    assert_true(whole.fetches > 0 && whole.connections > 0 && estimate.seconds < whole.seconds);
    buf_dispose(&why);
    config_dispose(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_asked_for_three_records),
        cmocka_unit_test(test_failures_are_asked_again),
        cmocka_unit_test(test_records_bring_fetches_and_addresses),
        cmocka_unit_test(test_names_at_a_crowded_address_are_counted_out),
        cmocka_unit_test(test_policies_at_one_address_keep_to_its_pace),
        cmocka_unit_test(test_addresses_of_ones_own_have_their_own_pace),
        cmocka_unit_test(test_only_what_was_measured_is_a_least),
        cmocka_unit_test(test_a_longer_list_takes_more_of_all),
        cmocka_unit_test(test_all_that_binds_has_an_advice),
        cmocka_unit_test(test_names_connect_to_nobody),
        cmocka_unit_test(test_the_table_says_what_is_reckoned),
        cmocka_unit_test(test_the_page_on_scale_says_what_is_reckoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
