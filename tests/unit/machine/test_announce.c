/*
 * A scan is seen by other processes as long as it lives, with its process id; whatever else stands in
 * /proc/net/unix, made by anybody, is no scan, and what is believed of it is a number.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/machine/announce.h"

#define COLUMNS "0000000000000000: 00000002 00000000 00000000 0001 01 "
#define HEAD    "Num       RefCount Protocol Flags    Type St Inode Path\n"
#define LONG_108                                                                                             \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xx"                                                                                                     \
    "xxxx"

enum { SELF = 4242 };

static const struct {
    const char *what;
    const char *text;
    int32_t pid;
} rows[] = {
    {"nothing at all", "", 0},
    {"no socket", HEAD, 0},
    {"a scan", HEAD COLUMNS "71 @stsweep-scan-17\n", 17},
    {"a long inode", HEAD COLUMNS "4294967295 @stsweep-scan-17\n", 17},
    {"this process alone", HEAD COLUMNS "71 @stsweep-scan-4242\n", 0},
    {"this process and another", HEAD COLUMNS "71 @stsweep-scan-4242\n" COLUMNS "72 @stsweep-scan-9\n", 9},
    {"the first of two", COLUMNS "71 @stsweep-scan-8\n" COLUMNS "72 @stsweep-scan-9\n", 8},
    {"the largest process id", COLUMNS "71 @stsweep-scan-4194304\n", 4194304},
    {"a socket without a name", COLUMNS "71\n", 0},
    {"a socket with an empty name", COLUMNS "71 \n", 0},
    {"another name", COLUMNS "71 @stsweep-scam-17\n", 0},
    {"a name in a directory", COLUMNS "71 /run/@stsweep-scan-17\n", 0},
    {"a name that goes on", COLUMNS "71 @stsweep-scan-17x\n", 0},
    {"a NUL behind it", COLUMNS "71 @stsweep-scan-17@\n", 0},
    {"a blank behind it", COLUMNS "71 @stsweep-scan-17 \n", 0},
    {"no number", COLUMNS "71 @stsweep-scan-\n", 0},
    {"zero", COLUMNS "71 @stsweep-scan-0\n", 0},
    {"a zero before it", COLUMNS "71 @stsweep-scan-017\n", 0},
    {"a sign", COLUMNS "71 @stsweep-scan--17\n", 0},
    {"more than a number holds", COLUMNS "71 @stsweep-scan-99999999999999999999\n", 0},
    {"what a terminal obeys", COLUMNS "71 @stsweep-scan-17\x1b[2J\n", 0},
    {"too few columns", "0: 2 0 0 1 01 @stsweep-scan-17\n", 0},
    {"the name in another column", "@stsweep-scan-17 2 0 0 1 01 71 @x\n", 0},
    {"a file that ends in a line", COLUMNS "71 @stsweep-scan-17", 0},
    {"a scan behind a long line", COLUMNS LONG_108 LONG_108 LONG_108 "\n" COLUMNS "72 @stsweep-scan-9\n", 9},
    {"a scan at the end of a long line", COLUMNS LONG_108 LONG_108 " 1 2 3 4 5 6 7 @stsweep-scan-17\n", 0},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *sockets = fmemopen((void *)(uintptr_t)rows[i].text, strlen(rows[i].text) + 1, "r");
        assert_non_null(sockets);
        int32_t pid = announce_read(sockets, SELF);
        (void)fclose(sockets);
        if (pid != rows[i].pid)
            fail_msg("%s: %d, not %d", rows[i].what, pid, rows[i].pid);
    }
}

/* Runs in a child: announces, says so by a byte, and lives until it is ended. */
static void be_a_scan(int said)
{
    int descriptor = announce_scan();
    (void)!write(said, descriptor >= 0 ? "y" : "n", 1);
    (void)pause();
    _exit(0);
}

/* Others see a scan of another process while it lives, and not a moment longer, however it ended. */
static void test_lives_and_dies(void **state)
{
    (void)state;
    int said[2];
    char byte = 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) /* other scans of this machine are none of this test */
        skip();
    assert_int_equal(announce_scan(), -1); /* not permitted yet */
    assert_int_equal(announce_find(), 0);
    announce_permit();
    assert_int_equal(announce_find(), 0);
    assert_int_equal(pipe(said), 0);
    pid_t child = fork();
    if (child == 0)
        be_a_scan(said[1]);
    assert_int_equal(read(said[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_int_equal(announce_find(), child);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(announce_find(), 0);
    (void)close(said[0]);
    (void)close(said[1]);
}

/* Its own name is nobody else's; it may be given back and taken again, and one that is taken hurts nobody. */
static void test_own(void **state)
{
    (void)state;
    announce_permit();
    int first = announce_scan();
    assert_true(first >= 0);
    assert_int_equal(announce_scan(), -1);
    announce_end(first);
    int again = announce_scan();
    assert_true(again >= 0);
    announce_end(again);
    announce_end(-1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_lives_and_dies),
        cmocka_unit_test(test_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
