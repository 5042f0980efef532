/*
 * What is opened and made before a scan gives the rest away: lists that stay readable, a directory that is
 * given to the user, and one that is gone again if the scan does not begin.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/scan/confine.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char place[64];
static struct config config;
static struct confine confine;
static struct buf why;

static const char *in_place(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % COUNT(paths)];
    (void)snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

static void put(const char *name)
{
    FILE *file = fopen(in_place(name), "w");
    assert_non_null(file);
    assert_true(fputs("a.example\nb.example\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void set(const char *name, const char *value)
{
    assert_int_equal(config_set(&config, name, value, "test", &why), ERR_OK);
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(place, "/tmp/stsweep-confine-XXXXXX");
    if (mkdtemp(place) == NULL || config_init(&config) != ERR_OK)
        return 1;
    buf_init(&why, 16384);
    put("list");
    set("output.dir", in_place("out"));
    return 0;
}

static int tear_down(void **state)
{
    static const char *const left[] = {"list", "pipe", "out/meta.json", "out/lock", "out"};
    (void)state;
    for (size_t i = 0; i < COUNT(left); i++)
        (void)remove(in_place(left[i]));
    config_dispose(&config);
    buf_dispose(&why);
    return rmdir(place);
}

static enum error enter(bool resume, size_t count, const char **files)
{
    const struct scan_request request = {
        .config = &config, .files = files, .file_count = count, .resume = resume};
    const struct outward none = {.listener = -1, .log_fd = -1};
    return confine_enter(&confine, &request, &config, &none, place, &why);
}

static bool is_there(const char *name)
{
    struct stat status;
    return stat(in_place(name), &status) == 0;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

static enum error count_name(void *arg, const struct input_name *name)
{
    (void)name;
    ++*(size_t *)arg;
    return ERR_OK;
}

static enum error no_reject(void *arg, const struct input_reject *reject)
{
    (void)arg, (void)reject;
    return ERR_SYNTAX;
}

static size_t read_all(void)
{
    size_t names = 0;
    const struct input_sink sink = {.name = count_name, .reject = no_reject, .arg = &names};
    const struct input_asked asked = {.columns = ""};
    enum error error = input_read(confine.files, confine.file_count, &asked, &sink, NULL, NULL, &why);
    if (error != ERR_OK)
        fail_msg("%d %s", (int)error, buf_string(&why));
    return names;
}

/* A list is read to its end although its name has gone, or leads to something else. */
static void test_lists_stay_open(void **state)
{
    const char *files[] = {in_place("list"), in_place("list")};
    (void)state;
    assert_int_equal(enter(false, 2, files), ERR_OK);
    assert_int_equal(unlink(in_place("list")), 0);
    assert_int_equal(read_all(), 4);
    assert_false(confine.files[0].is_open || confine.files[1].is_open);
    confine_end_beginning(&confine, false);
    confine_dispose(&confine);
}

static void test_a_list_that_is_not_there(void **state)
{
    const char *files[] = {in_place("list"), in_place("none")};
    (void)state;
    assert_int_equal(enter(false, 2, files), ERR_NOT_FOUND);
    assert_non_null(strstr(buf_string(&why), "/none: cannot open: No such file"));
    assert_false(is_there("out"));
    confine_dispose(&confine);
}

/* Nobody has opened the pipe to write yet: that holds up nobody, and what comes later is read. */
static void test_a_pipe_without_a_writer(void **state)
{
    const char *files[] = {in_place("pipe")};
    (void)state;
    assert_int_equal(mkfifo(files[0], 0600), 0);
    assert_int_equal(enter(false, 1, files), ERR_OK);
    int writer = open(files[0], O_WRONLY | O_CLOEXEC);
    assert_true(writer >= 0);
    assert_int_equal(write(writer, "a.example\n", 10), 10);
    assert_int_equal(close(writer), 0);
    assert_int_equal(read_all(), 1);
    confine_end_beginning(&confine, false);
    confine_dispose(&confine);
}

static int in_child(int (*run)(void));

/* More lists than files may be open: the others are opened when their turn comes. */
static int begin_with_few_files(void)
{
    enum { LISTS = 60 };
    const char *files[LISTS];
    const struct rlimit few = {.rlim_cur = 40, .rlim_max = 40};
    const char *list = in_place("list");
    for (size_t i = 0; i < LISTS; i++)
        files[i] = list;
    if (setrlimit(RLIMIT_NOFILE, &few) != 0 || enter(false, LISTS, files) != ERR_OK)
        return 1;
    if (!confine.files[0].is_open || confine.files[LISTS - 1].is_open)
        return 2;
    return read_all() == 2 * LISTS ? 0 : 3;
}

static void test_more_lists_than_files(void **state)
{
    (void)state;
    assert_int_equal(in_child(begin_with_few_files), 0);
}

/* ---- the directory ------------------------------------------------------------------------------------- */

static void test_a_directory_made_in_vain_goes(void **state)
{
    const char *files[] = {in_place("list")};
    (void)state;
    assert_int_equal(enter(false, 1, files), ERR_OK);
    assert_true(is_there("out"));
    confine_end_beginning(&confine, false);
    assert_false(is_there("out"));
    confine_dispose(&confine);
}

static void test_a_directory_stays(void **state)
{
    const char *files[] = {in_place("list")};
    (void)state;
    /* One that stood there, */
    assert_int_equal(mkdir(in_place("out"), 0755), 0);
    assert_int_equal(enter(false, 1, files), ERR_OK);
    confine_end_beginning(&confine, false);
    confine_dispose(&confine);
    assert_true(is_there("out"));
    /* and one that is in use. */
    assert_int_equal(rmdir(in_place("out")), 0);
    assert_int_equal(enter(false, 1, files), ERR_OK);
    confine_end_beginning(&confine, true);
    confine_end_beginning(&confine, false);
    confine_dispose(&confine);
    assert_true(is_there("out"));
}

static void test_streaming_makes_none(void **state)
{
    const char *files[] = {"-"};
    (void)state;
    set("output.dir", "-");
    assert_int_equal(enter(false, 1, files), ERR_OK);
    assert_null(confine.made);
    confine_end_beginning(&confine, true);
    confine_dispose(&confine);
    assert_false(is_there("-"));
}

/* ---- the user ------------------------------------------------------------------------------------------ */

static void need_root(void)
{
    char map[64] = "";
    FILE *file = fopen("/proc/self/uid_map", "r");
    bool real = file != NULL && fgets(map, sizeof map, file) != NULL && strstr(map, "4294967295") != NULL;
    if (file != NULL)
        (void)fclose(file);
    if (geteuid() == 0 && real && getpwnam("nobody") != NULL)
        return;
    print_message("           not shown here: this is not root of the machine, or there is no user nobody\n");
    skip();
}

/* Runs it in a child, which is somebody else afterwards; its number. */
static int in_child(int (*run)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(run());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int begin_as_nobody(void)
{
    const char *files[] = {in_place("list")};
    struct stat status;
    if (enter(false, 1, files) != ERR_OK)
        return 1;
    if (geteuid() == 0 || open(in_place("list"), O_RDONLY) >= 0 || errno != EACCES)
        return 2;
    if (read_all() != 2) /* which only root could open */
        return 3;
    if (stat(in_place("out"), &status) != 0 || status.st_uid != geteuid())
        return 4;
    return open(in_place("out/lock"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644) >= 0 ? 0 : 5;
}

static void test_lists_of_root_and_a_directory_of_the_user(void **state)
{
    (void)state;
    need_root();
    assert_int_equal(chmod(place, 0755), 0);
    assert_int_equal(chmod(in_place("list"), 0600), 0);
    set("safety.user", "nobody");
    assert_int_equal(in_child(begin_as_nobody), 0);
}

static const char *wanted;

static int resume_as_nobody(void)
{
    const char *files[] = {in_place("list")};
    enum error error = enter(true, 1, files);
    if (error == ERR_OK)
        return 10;
    return strstr(buf_string(&why), wanted) != NULL && strstr(buf_string(&why), "chown -R nobody") != NULL
               ? 11
               : 12;
}

/* A scan that root began is not the user's to go on with: neither its directory nor a file in it. */
static void test_a_scan_of_root_is_refused(void **state)
{
    (void)state;
    need_root();
    assert_int_equal(chmod(place, 0755), 0);
    assert_int_equal(mkdir(in_place("out"), 0755), 0);
    put("out/meta.json");
    set("safety.user", "nobody");
    wanted = "/out: cannot write to it: Permission denied";
    assert_int_equal(in_child(resume_as_nobody), 11);
    assert_int_equal(chown(in_place("out"), getpwnam("nobody")->pw_uid, 0), 0);
    wanted = "/out: meta.json: cannot write to it: Permission denied";
    assert_int_equal(in_child(resume_as_nobody), 11);
    assert_int_equal(chown(in_place("out/meta.json"), getpwnam("nobody")->pw_uid, 0), 0);
    assert_int_equal(in_child(resume_as_nobody), 10);
}

static void test_no_such_user(void **state)
{
    const char *files[] = {in_place("list")};
    (void)state;
    set("safety.user", "no-such-user");
    assert_int_equal(enter(false, 1, files), ERR_CONFIG);
    assert_non_null(strstr(buf_string(&why), "safety.user=no-such-user: there is no such user here"));
    assert_false(is_there("out"));
    confine_dispose(&confine);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lists_stay_open),
        TEST(test_a_list_that_is_not_there),
        TEST(test_a_pipe_without_a_writer),
        TEST(test_more_lists_than_files),
        TEST(test_a_directory_made_in_vain_goes),
        TEST(test_a_directory_stays),
        TEST(test_streaming_makes_none),
        TEST(test_lists_of_root_and_a_directory_of_the_user),
        TEST(test_a_scan_of_root_is_refused),
        TEST(test_no_such_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
