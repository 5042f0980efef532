/* How much memory there is, as the system tells it, and what is said when there is too little. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/machine/ceilings.h"
#include "scanner/machine/memory.h"

static const uint64_t mib = 1 << 20;

/* A root of its own, with files in it; its folders are made as they come. */
static void put(const char *root, const char *path, const char *text)
{
    char whole[PATH_MAX];
    (void)snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static uint64_t available(const char *root)
{
    uint64_t bytes = 0;
    assert_true(memory_available(root, &bytes));
    return bytes;
}

/* cgroups(7): the least limit on the way up counts, in version 2 and in version 1. */
static void test_what_there_is(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    char root[] = "/tmp/stsweep-memory-XXXXXX";
    assert_non_null(mkdtemp(root));
    assert_false(memory_available(root, &bytes));
    put(root, "/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable:   4194304 kB\n");
    assert_int_equal(available(root), 4096 * mib);
    put(root, "/proc/meminfo",
        "MemAvailable: 18014398509481984 kB\n"); /* more than a number holds in bytes */
    assert_int_equal(available(root), UINT64_MAX);
    static char text[8192];
    (void)snprintf(text, sizeof text, "x%*sMemAvailable: 1 kB\nMemAvailable:   4194304 kB\n", 4094, "");
    put(root, "/proc/meminfo", text); /* what goes on in a line that is too long is no line */
    assert_int_equal(available(root), 4096 * mib);
    put(root, "/proc/self/cgroup", "0::/a/b\n");
    assert_int_equal(available(root), 4096 * mib);
    put(root, "/sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(available(root), 4096 * mib);
    put(root, "/sys/fs/cgroup/a/memory.max", "1073741824\n");
    assert_int_equal(available(root), 1024 * mib);
    put(root, "/sys/fs/cgroup/a/b/memory.max", "536870912\n");
    assert_int_equal(available(root), 512 * mib);
    put(root, "/proc/self/cgroup", "4:cpu:/x\n3:memory:/c\n");
    put(root, "/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "268435456\n");
    assert_int_equal(available(root), 256 * mib);
    put(root, "/proc/self/cgroup", "0::/\n");
    put(root, "/sys/fs/cgroup/memory.max", "134217728\n"); /* as a container sees its own */
    assert_int_equal(available(root), 128 * mib);
    assert_int_equal(nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* What is likely follows the options that it is made of, and is far below the bound. */
static void test_what_is_likely(void **state)
{
    (void)state;
    struct config config;
    struct buf why;
    struct ceiling rows[CEILINGS];
    char text[240];
    buf_init(&why, 1024);
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(config_set(&config, "scan.loops", "1", "test", &why), ERR_OK);
    uint64_t likely = ceilings_likely(&config, CEILINGS_ANY_LIST);
    assert_true(likely > 334 * mib && likely < 512 * mib); /* bench/README.md */
    ceilings_of(&config, rows);
    assert_true(ceilings_total(rows) > 100 * likely);
    assert_true(memory_describe(&config, text, sizeof text));
    assert_non_null(strstr(text, "likely up to 429 MiB, "));
    assert_non_null(strstr(text, " GiB available; 244.2 GiB if every peer were hostile"));
    assert_int_equal(config_set(&config, "scan.in_flight", "1", "test", &why), ERR_OK);
    /* As many may be parked as are in flight. */
    assert_int_equal(likely - ceilings_likely(&config, CEILINGS_ANY_LIST), 19999 * (3 + 6) * 1024);
    assert_int_equal(config_set(&config, "scan.cache", "64G", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "scan.in_flight", "1000000", "test", &why), ERR_OK);
    bool enough = memory_describe(&config, text, sizeof text);
    assert_int_equal(enough, strstr(text, "too little, lower scan.in_flight or scan.cache") == NULL);
    buf_dispose(&why);
    config_dispose(&config);
}

/* A list holds no more domains, hosts and connections than it has names. */
static void test_what_is_likely_of_a_list(void **state)
{
    (void)state;
    struct config config;
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(config_set(&config, "scan.loops", "2", "test", &why), ERR_OK);
    uint64_t any = ceilings_likely(&config, CEILINGS_ANY_LIST), least = 0;
    assert_true(ceilings_likely(&config, 1) / mib == 64);
    assert_true(ceilings_likely(&config, 1000) / mib == 90);
    for (uint64_t names = 1; names < 1000000000; names *= 10) {
        uint64_t likely = ceilings_likely(&config, names);
        assert_true(likely >= least && likely <= any);
        least = likely;
    }
    assert_int_equal(least, any);
    /* limits.parked is 100,000, of which as many are in it as are in flight. */
    assert_int_equal(ceilings_all_parked(&config, 40000), 0);
    assert_int_equal(ceilings_all_parked(&config, 40001), 6 * 1024);
    assert_int_equal(ceilings_all_parked(&config, CEILINGS_ANY_LIST), 80000 * 6 * 1024);
    assert_int_equal(config_set(&config, "limits.parked", "0", "test", &why), ERR_OK);
    assert_int_equal(any - ceilings_likely(&config, CEILINGS_ANY_LIST), 20000 * 6 * 1024);
    assert_int_equal(ceilings_all_parked(&config, CEILINGS_ANY_LIST), 0);
    buf_dispose(&why);
    config_dispose(&config);
}

static void test_too_little_to_begin(void **state)
{
    (void)state;
    int status = 0;
    struct config config;
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(config_init(&config), ERR_OK);
    assert_true(memory_can_begin(&config, 2, &why));
    assert_int_equal(why.len, 0);
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit little = {64 << 20, 64 << 20};
        bool held = setrlimit(RLIMIT_AS, &little) == 0 && !memory_can_begin(&config, 2, &why);
        _exit(held && strstr(buf_string(&why), "raise ulimit -v") != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    buf_dispose(&why);
    config_dispose(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_there_is),
        cmocka_unit_test(test_what_is_likely),
        cmocka_unit_test(test_what_is_likely_of_a_list),
        cmocka_unit_test(test_too_little_to_begin),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
