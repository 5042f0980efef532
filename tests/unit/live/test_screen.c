/* The live screen: what stands on 80x24 and 120x40, that every number keeps its place, and that nothing of a
 * stranger's is obeyed or too wide. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "output/live/screen.h"
#include "tests/unit/live/a_state.h"

enum { TEXT_BYTES = 65536 };

static const struct live_size SMALL = {24, 80, false}, LARGE = {40, 120, false};

static const char *screen(const struct live_state *state, const struct live_size *size)
{
    static struct buf text;
    buf_dispose(&text);
    buf_init(&text, TEXT_BYTES);
    live_screen(state, size, &text);
    return buf_string(&text);
}

static void test_80x24(void **state)
{
    (void)state;
    static struct live_state at;
    a_state(&at);
    assert_string_equal(screen(&at, &SMALL),
                        "stsweep   running                            pass 1, 1m 23s  /data/scan-2026-11\n"
                        "[#######.......................]  24.4 %  2491 of 10202\n"
                        "\n"
                        "stage           in all   a second         time left            1m 18s\n"
                        "names            10100        463         in flight              7678\n"
                        "dns              13221       2788         parked                   11\n"
                        "policies            45         31         again                    22\n"
                        "probes              12        7.2         tried again in       1m 17s\n"
                        "records           2400        410         disk left          76.4 GiB\n"
                        "outcomes  protected         131  testing             0  unknown             0\n"
                        "          partial             0  off                 0  absent           2138\n"
                        "          refused            10  broken              0  no-mail           121\n"
                        "failures  dns.timeout                                               9\n"
                        "          smtp.tls.expired                                          4\n"
                        "          mx.not-in-policy                                          3\n"
                        "          smtp.tcp.refused                                          2\n"
                        "resolvers slowest 3 of 4                median     latest     failed    answers\n"
                        "          192.0.2.4                          -          -         12          0\n"
                        "          192.0.2.3                      17 ms      18 ms          2        102\n"
                        "          192.0.2.2                      10 ms       9 ms          1        101\n");
}

static void test_120x40(void **state)
{
    (void)state;
    static struct live_state at;
    a_state(&at);
    assert_string_equal(
        screen(&at, &LARGE),
        "stsweep   running                            pass 1, 1m 23s  /data/scan-2026-11\n"
        "[##############..............................................]  24.4 %  2491 of 10202\n"
        "\n"
        "stage           in all   a second         time left            1m 18s\n"
        "names            10100        463         in flight              7678\n"
        "dns              13221       2788         parked                   11\n"
        "policies            45         31         again                    22\n"
        "probes              12        7.2         tried again in       1m 17s\n"
        "records           2400        410         disk left          76.4 GiB\n"
        "\n"
        "outcomes  protected         131    5.46 %     testing             0    0.00 %     unknown           "
        "  0    0.00 %\n"
        "          partial             0    0.00 %     off                 0    0.00 %     absent           "
        "2138   89.08 %\n"
        "          refused            10    0.42 %     broken              0    0.00 %     no-mail           "
        "121    5.04 %\n"
        "\n"
        "failures  dns.timeout                                       9\n"
        "          smtp.tls.expired                                  4\n"
        "          mx.not-in-policy                                  3\n"
        "          smtp.tcp.refused                                  2\n"
        "          policy.http.too-large                             1\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "resolvers 4                                                           median     latest     failed  "
        "  answers\n"
        "          192.0.2.4                                                        -          -         12  "
        "        0\n"
        "          192.0.2.3                                                    17 ms      18 ms          2  "
        "      102\n"
        "          192.0.2.2                                                    10 ms       9 ms          1  "
        "      101\n"
        "          192.0.2.1                                                     6 ms       0 ms          0  "
        "      100\n");
}

static void test_outage(void **state)
{
    (void)state;
    static struct live_state at;
    a_state(&at);
    at.phase = PHASE_OUTAGE;
    at.cut_off = "resolvers";
    assert_int_equal(strncmp(screen(&at, &SMALL), "stsweep   outage, cut off: resolvers ", 37), 0);
    const struct live_size colour = {24, 80, true};
    assert_int_equal(strncmp(screen(&at, &colour), "\033[1;31mstsweep   outage, cut off: resolvers ", 44), 0);
}

static void test_reading(void **state)
{
    (void)state;
    static struct live_state at;
    at = (struct live_state){.directory = "-",
                             .phase = PHASE_READING,
                             .embedded = true,
                             .left_s = -1,
                             .read = {1048576, 4194304, 1200, 10000},
                             .counts = {.lookups = 7, .lookups_failed = 1}};
    const char *text = screen(&at, &SMALL);
    assert_non_null(strstr(text, "\nreading the input: 1200 names, 25.0 % of 4.0 MiB, about 31s left\n"));
    assert_non_null(strstr(text, "time left                 -\n"));
    assert_non_null(strstr(text, "disk left                 -\n"));
    assert_non_null(strstr(text, "failures  none so far\n"));
    assert_non_null(
        strstr(text, "resolver  embedded: it asks the name servers itself; of 7 questions 1 failed\n"));
}

struct shape {
    size_t rows, widest;
};

static struct shape measure(const char *text)
{
    struct shape shape = {0, 0};
    size_t column = 0;
    for (; *text != '\0'; text++) {
        if (*text == '\033')
            text = strchr(text, 'm');
        else if (*text == '\n')
            shape.rows++;
        column = *text == '\n' || *text == 'm' ? (*text == '\n' ? 0 : column + (*text == 'm')) : column + 1;
        shape.widest = column > shape.widest ? column : shape.widest;
    }
    return shape;
}

/* Whatever the numbers, there are as many rows, and a label stands at the same byte of its row. */
static void test_places(void **state)
{
    (void)state;
    static struct live_state at, full;
    static const char *const labels[] = {"in flight", "parked",    "disk left", "protected", "no-mail",
                                         "failures",  "resolvers", "median",    "answers"};
    a_state(&at);
    full = at;
    full.total = full.handed_out = full.in_flight = full.parked = full.again = UINT64_C(9999999999);
    full.done = UINT64_C(9999999998) - full.before;
    full.rest_ms = full.run_ms = INT64_C(359999000);
    full.left_s = full.pass_left_s = 359999;
    full.pass = 9;
    full.disk_free_bytes = UINT64_C(99999) << 30;
    for (size_t i = 0; i < RATE_COUNT; i++)
        full.rates[i] = 1e7;
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        full.counts.outcomes[i] = UINT64_C(9999999999);
    for (size_t i = 0; i < FAIL_COUNT; i++)
        full.counts.codes[i] = UINT64_C(9999999999);
    for (size_t rows = SCREEN_ROWS_LEAST; rows <= 100; rows++)
        for (size_t columns = SCREEN_COLUMNS_LEAST; columns <= 200; columns += 8) {
            const struct live_size size = {rows, columns, false};
            char few[TEXT_BYTES];
            (void)snprintf(few, sizeof few, "%s", screen(&at, &size));
            const char *many = screen(&full, &size);
            struct shape a = measure(few), b = measure(many);
            assert_int_equal(a.rows, b.rows);
            assert_true(a.rows + 3 < rows && a.rows + 4 <= rows);
            assert_true(a.widest < columns && b.widest < columns);
            for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
                const char *in_few = strstr(few, labels[i]), *in_many = strstr(many, labels[i]);
                assert_non_null(in_few);
                assert_non_null(in_many);
                size_t few_column = 0, many_column = 0;
                while (in_few > few && in_few[-1] != '\n')
                    few_column++, in_few--;
                while (in_many > many && in_many[-1] != '\n')
                    many_column++, in_many--;
                assert_int_equal(few_column, many_column);
            }
        }
}

static void test_strangers(void **state)
{
    (void)state;
    static struct live_state at;
    char path[4096];
    a_state(&at);
    (void)memset(path, 0, sizeof path);
    for (size_t i = 0; i < 900; i++)
        (void)strcat(path, i % 3 == 0 ? "\xe6\x97\xa5" : i % 3 == 1 ? "\033[2J" : "\xff");
    at.directory = path;
    const char *text = screen(&at, &SMALL);
    const char *end = strchr(text, '\n');
    size_t columns = 0;
    assert_null(strchr(text, '\033'));
    for (const char *byte = text; byte < end; byte++)
        columns += (*byte & 0xC0) == 0xC0 ? 2 : (*byte & 0x80) == 0;
    assert_true(columns < SMALL.columns);
    assert_non_null(strstr(text, "\xe6\x97\xa5?[2J?\xe6\x97\xa5"));
    (void)snprintf(at.resolvers[0].name, LIVE_NAME_BYTES, "\033[31m\n\xff");
    assert_null(strchr(screen(&at, &LARGE), '\033'));
    assert_int_equal(measure(screen(&at, &LARGE)).rows, 28);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_80x24),   cmocka_unit_test(test_120x40), cmocka_unit_test(test_outage),
        cmocka_unit_test(test_reading), cmocka_unit_test(test_places), cmocka_unit_test(test_strangers),
    };
    return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
