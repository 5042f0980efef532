/* Before the first loop runs: what a context is made of, limits of this machine, lines, traces, the disk. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "scanner/base/exit_code.h"
#include "scanner/machine/preflight_disk.h"
#include "scanner/machine/preflight_lines.h"
#include "scanner/machine/preflight_ports.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/tracing.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void make(struct config *config, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(config_init(config), ERR_OK);
    assert_int_equal(config_set(config, "dns.resolvers", "192.0.2.1", "test", &why), ERR_OK);
    assert_int_equal(config_set(config, name, value, "test", &why), ERR_OK);
    buf_dispose(&why);
}

/* ---- the context --------------------------------------------------------------------------------------- */

static void test_context(void **state)
{
    static const struct {
        const char *option, *value;
        enum error error;
        const char *why;
    } cases[] = {
        {"smtp.port", "25", ERR_OK, ""},
        {"tls.ca_file", "/nonexistent/roots.pem", ERR_CONFIG, "tls.ca_file /nonexistent/roots.pem: "},
        {"safety.allow", "10.0.0.0/8, 127.0.0.1/8", ERR_CONFIG, "safety.allow: no prefix: 127.0.0.1/8\n"},
        {"safety.optout", "/nonexistent/optout", ERR_IO, "/nonexistent/optout"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config config;
        struct scan_context context;
        struct buf why;
        buf_init(&why, 4096);
        make(&config, cases[i].option, cases[i].value);
        enum error error = context_init(&context, &config, &why);
        if (error != cases[i].error || strstr(buf_string(&why), cases[i].why) == NULL)
            fail_msg("%s: %d, %s", cases[i].option, (int)error, buf_string(&why));
        assert_ptr_equal(context.config, &config);
        assert_int_equal(why.len > 0, error != ERR_OK);
        context_dispose(&context);
        assert_null(context.trust);
        assert_null(context.optout);
        context_dispose(&context);
        config_dispose(&config);
        buf_dispose(&why);
    }
}

/* What is allowed of a family makes it one that can be reached, whatever routes there are. */
static void test_allowed_families(void **state)
{
    (void)state;
    struct config config;
    struct scan_context context;
    struct buf why;
    buf_init(&why, 4096);
    make(&config, "safety.allow", "127.0.0.0/8, ::1");
    assert_int_equal(context_init(&context, &config, &why), ERR_OK);
    assert_true(context.has_ipv4 && context.has_ipv6);
    assert_int_equal(context.allow.count, 2);
    assert_true(trust_root_count(context.trust) > 0);
    assert_int_equal(atomic_load(&context.parked), 0);
    uint64_t seed = context.hash_seed;
    context_dispose(&context);
    assert_int_equal(context.allow.count, 0);
    assert_int_equal(context_init(&context, &config, &why), ERR_OK);
    assert_int_not_equal(context.hash_seed, seed);
    context_dispose(&context);
    config_dispose(&config);
    buf_dispose(&why);
}

/* A family that leads nowhere is not there; one that was not there does not come to be. */
static void test_network_is_taken(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 32; bits++) {
        struct scan_context context = {.has_ipv4 = (bits & 1) != 0, .has_ipv6 = (bits & 2) != 0};
        struct network network = {.leads_nowhere = {(bits & 4) != 0, (bits & 8) != 0},
                                  .starttls_stripped = (bits & 16) != 0};
        network.blocked[KNOWN_SMTP][KNOWN_IPV6] = true;
        context_take_network(&context, &network);
        assert_int_equal(context.has_ipv4, (bits & 5) == 1);
        assert_int_equal(context.has_ipv6, (bits & 10) == 2);
        assert_int_equal(atomic_load(&context.path_doubtful), (bits & 16) != 0);
        assert_true(context.network.blocked[KNOWN_SMTP][KNOWN_IPV6]);
    }
}

/* ---- limits -------------------------------------------------------------------------------------------- */

static void test_loops(void **state)
{
    (void)state;
    struct config config = {.scan_loops = 7};
    assert_int_equal(setup_loops(&config), 7);
    config.scan_loops = 1;
    assert_int_equal(setup_loops(&config), 1);
    config.scan_loops = 0;
    assert_int_equal(setup_loops(&config), sysconf(_SC_NPROCESSORS_ONLN));
}

static void test_open_files(void **state)
{
    (void)state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t most = limit.rlim_max;
    limit.rlim_cur = 64;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(setup_open_files_allowed(), most);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, 64); /* asking changes nothing */
    assert_int_equal(setup_open_files(), most);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, most);
}

/* libevent by itself would end the process with 1, which of a check means that a domain is not protected. */
static void test_a_loop_without_files(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit few = {.rlim_cur = 3, .rlim_max = 3};
        setup_loop_faults();
        (void)setrlimit(RLIMIT_NOFILE, &few);
        struct event_base *base = event_base_new();
        _exit(base == NULL ? EXIT_FAILED : EXIT_DONE);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EXIT_FAILED);
}

static void test_random(void **state)
{
    (void)state;
    uint64_t all = 0, none = ~UINT64_C(0);
    for (int i = 0; i < 64; i++) {
        uint64_t value = setup_random();
        all |= value;
        none &= value;
    }
    assert_int_equal(all, ~UINT64_C(0)); /* each bit is 0 at times, and 1 */
    assert_int_equal(none, 0);
}

static void test_libraries(void **state)
{
    static const char *const names[] = {"libevent", "openssl", "libcurl", "ldns", "libunbound", "zstd"};
    struct machine_library libraries[SETUP_LIBRARIES];
    (void)state;
    assert_int_equal(setup_libraries(libraries), COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_string_equal(libraries[i].name, names[i]);
        assert_in_range(libraries[i].version[0], '0', '9');
        for (size_t j = 0; j < i; j++) /* each has its own */
            assert_ptr_not_equal(libraries[i].version, libraries[j].version);
    }
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static void test_items(void **state)
{
    char item[PREFLIGHT_NAME_BYTES], longest[2 * PREFLIGHT_NAME_BYTES];
    const char *list = " ,a.example,\tb.example ,, c ,";
    (void)state;
    static const char *const expected[] = {"a.example", "b.example", "c"};
    for (size_t i = 0; i < COUNT(expected); i++) {
        assert_true(preflight_item(&list, item));
        assert_string_equal(item, expected[i]);
    }
    assert_false(preflight_item(&list, item));
    assert_false(preflight_item(&list, item));
    for (size_t len = PREFLIGHT_NAME_BYTES - 2; len <= PREFLIGHT_NAME_BYTES + 1; len++) {
        memset(longest, 'x', len);
        strcpy(longest + len, ",y");
        list = longest;
        assert_true(preflight_item(&list, item));
        assert_int_equal(strlen(item), len < PREFLIGHT_NAME_BYTES ? len : PREFLIGHT_NAME_BYTES - 1);
        assert_true(preflight_item(&list, item));
        assert_string_equal(item, "y");
    }
}

static void test_lines(void **state)
{
    struct preflight preflight = {0};
    (void)state;
    char *first = preflight_add(&preflight, "first", true);
    preflight_append(first, "%d", 1);
    char *second = preflight_add(&preflight, "second", false);
    preflight_append(second, "%s", "two");
    preflight_append(second, " and %s", "more");
    assert_int_equal(preflight.count, 2);
    assert_string_equal(preflight.checks[0].text, "1");
    assert_string_equal(preflight.checks[1].text, "two and more");
    assert_true(preflight.checks[0].ok && !preflight.checks[1].ok);
    assert_string_equal(preflight.checks[1].name, "second");
    for (size_t i = 0; i < PREFLIGHT_TEXT_BYTES; i++)
        preflight_append(second, "%c", 'z');
    assert_int_equal(strlen(second), PREFLIGHT_TEXT_BYTES - 1);
}

/* ---- the disk ------------------------------------------------------------------------------------------ */

static void test_free_bytes(void **state)
{
    static const char *const dirs[] = {"/",         "/tmp", "/tmp/not/there",     "/not-there",
                                       "not-there", ".",    "not-there/nor/there"};
    (void)state;
    for (size_t i = 0; i < COUNT(dirs); i++) {
        struct statvfs space;
        const char *there = strncmp(dirs[i], "/tmp", 4) == 0 ? "/tmp" : dirs[i][0] == '/' ? "/" : ".";
        uint64_t bytes = 1;
        assert_int_equal(statvfs(there, &space), 0);
        uint64_t before = (uint64_t)space.f_bavail * space.f_frsize;
        assert_true(disk_free_bytes(dirs[i], &bytes));
        assert_int_equal(statvfs(there, &space), 0);
        uint64_t after = (uint64_t)space.f_bavail * space.f_frsize;
        uint64_t least = before < after ? before : after, most = before < after ? after : before;
        const uint64_t others = UINT64_C(64) << 20; /* that other programs write meanwhile */
        assert_true(bytes + others >= least && bytes <= most + others);
    }
}

static void test_estimates(void **state)
{
    (void)state;
    struct config config;
    make(&config, "input.memory", "48M");
    assert_int_equal(disk_estimate(&config, 0, 0), 0);
    assert_int_equal(disk_estimate(&config, 1, 1), 300);
    assert_int_equal(disk_estimate(&config, 1 << 20, 1 << 20), UINT64_C(300)
                                                                   << 20); /* the list stays in memory */
    assert_int_equal(disk_estimate(&config, (1 << 20) + 1, (1 << 20) + 1), UINT64_C(396) * ((1 << 20) + 1));
    /* A sample of a list, which is kept whole. */
    assert_int_equal(disk_estimate(&config, 100, 1 << 20), 30000);
    assert_int_equal(disk_estimate(&config, 100, (1 << 20) + 1), 30000 + 48 * ((1 << 20) + 1));
    assert_true(disk_estimate(&config, UINT64_MAX, UINT64_MAX) == UINT64_MAX / 4 * 3);
    assert_true(disk_estimate(&config, UINT64_MAX / 390, UINT64_MAX / 390) >
                UINT64_MAX / 4); /* where it once passed through 0 */
    assert_true(disk_estimate(&config, UINT64_C(1) << 53, UINT64_C(1) << 53) == UINT64_C(396) << 53);
    config_dispose(&config);
    make(&config, "smtp.probe", "none");
    assert_int_equal(disk_estimate(&config, 1000, 1000), 80000);
    char text[200];
    assert_true(disk_describe(&config, 1000, 1000, 80000, text, sizeof text));
    assert_string_equal(text, "about 0.1 MiB for 1000 names, 0.1 MiB free for ");
    assert_true(disk_describe(&config, 1000, 1001, 80000, text, sizeof text));
    assert_string_equal(text, "about 0.1 MiB for 1000 names of a list of 1001, 0.1 MiB free for ");
    assert_true(disk_describe(&config, 1000, 1000, UINT64_C(3) << 29, text, sizeof text));
    assert_string_equal(text, "about 0.1 MiB for 1000 names, 1.5 GiB free for ");
    assert_false(disk_describe(&config, 1000, 1000, 79999, text, sizeof text));
    assert_non_null(strstr(text, ": too little; a scan that fills the disk ends with 4"));
    config_dispose(&config);
}

/* ---- traces -------------------------------------------------------------------------------------------- */

static void test_tracing(void **state)
{
    (void)state;
    struct tracing tracing;
    assert_null(tracing_init(&tracing, NULL, stderr));
    assert_null(tracing_init(&tracing, "not a domain", stderr));
    struct trace *trace = tracing_init(&tracing, "Example.ORG.", stderr);
    assert_ptr_equal(trace, &tracing.trace);
    assert_string_equal(trace->domain, "example.org");
    FILE *file = tmpfile();
    assert_non_null(file);
    int kept = dup(STDERR_FILENO);
    assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
    trace->write(trace->arg, "a line");
    assert_int_equal(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    char line[64] = "";
    rewind(file);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "trace: a line\n");
    (void)close(kept);
    (void)fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context),
        cmocka_unit_test(test_allowed_families),
        cmocka_unit_test(test_network_is_taken),
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_open_files),
        cmocka_unit_test(test_a_loop_without_files),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_libraries),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_free_bytes),
        cmocka_unit_test(test_estimates),
        cmocka_unit_test(test_tracing),
    };
    return cmocka_run_group_tests_name("setup", tests, NULL, NULL);
}
