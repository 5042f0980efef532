/* Which directory a store takes, who is at work in it, and what a stranger may have laid there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/frames/disk.h"
#include "output/store/store_dir.h"
#include "tests/unit/store/store_faults.h"

/* ---- which directory ----------------------------------------------------------------------------------- */

static void test_directories_that_are_refused(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    static const struct {
        const char *name, *words;
    } cases[] = {{"meta.json", "holds a scan already"}, {"thesis.doc", "not empty and holds no scan"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(mkdir(place->dir, 0755), 0);
        write_file(place, cases[i].name, "{}");
        buf_reset(&place->why);
        assert_int_equal(store_create(&options, &store, &place->why), ERR_EXISTS);
        assert_non_null(strstr(buf_string(&place->why), cases[i].words));
        assert_true(exists(place, cases[i].name));
        remove_scan(place);
    }
    options.dir = "/tmp/stsweep-there-is-no-such/dir";
    assert_int_equal(store_create(&options, &store, &place->why), ERR_NOT_FOUND);
    options.dir = "/dev/null";
    assert_int_equal(store_create(&options, &store, &place->why), ERR_NOT_FOUND);
}

static void test_directories_that_are_taken(void **state)
{
    struct place *place = *state;
    assert_int_equal(mkdir(place->dir, 0755), 0);
    struct store *store = create(place); /* empty */
    store_destroy(store);
    write_file(place, "meta.json.tmp", "{");
    store = create(place); /* what a start that was cut short leaves behind */
    assert_true(store_dir_fd(store) >= 0);
    assert_false(store_rejects_done(store));
    store_destroy(store);
}

/* Before anything is made: what would be refused later is refused, and nothing is left behind. */
static void test_what_is_checked_before(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *file; /* that stands in the directory; "": none does; NULL: there is no directory */
        bool resume;
        enum error error;
        const char *words;
    } cases[] = {
        {NULL, false, ERR_OK, ""},
        {NULL, true, ERR_NOT_FOUND, "cannot open: No such file"},
        {"", false, ERR_OK, ""},
        {"", true, ERR_NOT_FOUND, "it holds no scan (there is no meta.json)"},
        {"lock", false, ERR_OK, ""},
        {"meta.json.tmp", false, ERR_OK, ""},
        {"thesis.doc", false, ERR_EXISTS, "it is not empty and holds no scan (there is thesis.doc)"},
        {"thesis.doc", true, ERR_NOT_FOUND, "it holds no scan"},
        {"meta.json", false, ERR_EXISTS, "it holds a scan already"},
        {"meta.json", true, ERR_OK, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *file = cases[i].file;
        struct stat status;
        if (file != NULL)
            assert_int_equal(mkdir(place->dir, 0755), 0);
        if (file != NULL && file[0] != 0)
            write_file(place, file, "{}");
        buf_reset(&place->why);
        enum error error = store_dir_check(place->dir, cases[i].resume, &place->why);
        if (error != cases[i].error || strstr(buf_string(&place->why), cases[i].words) == NULL ||
            (place->why.len > 0) != (error != ERR_OK))
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&place->why));
        assert_int_equal(stat(place->dir, &status) == 0, file != NULL);
        assert_false(exists(place, "lock") && strcmp(file, "lock") != 0);
        remove_scan(place);
    }
    buf_reset(&place->why);
    assert_int_equal(store_dir_check("/tmp/stsweep-there-is-no-such/dir", false, &place->why), ERR_NOT_FOUND);
    assert_non_null(
        strstr(buf_string(&place->why),
               "there is no directory /tmp/stsweep-there-is-no-such for it to stand in; make that first"));
    assert_int_equal(store_dir_check("/dev/null", false, &place->why), ERR_NOT_FOUND);
}

/* A new directory's name is durable with the one above it; that of one that was there is the user's. */
static void test_a_new_directory_is_durable(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    char expected[64];
    (void)snprintf(expected, sizeof expected, "%s ", strrchr(place->above, '/') + 1);
    store_destroy(create(place));
    assert_string_equal(fault.synced, expected);
    fault.synced[0] = 0;
    store_destroy(create(place));
    assert_string_equal(fault.synced, "");
    remove_scan(place);
    fault.directories = true;
    assert_int_equal(store_create(&options, &store, &place->why), ERR_IO);
    fault.directories = false;
    assert_non_null(strstr(buf_string(&place->why), "cannot sync the directory above"));
    store = create(place);
    fault.synced[0] = 0;
    ok(place, store_write_file(store, "summary.json", bytes_of("{}"), &place->why));
    assert_string_equal(fault.synced, "scan ");
    fault.directories = true;
    buf_reset(&place->why);
    assert_int_equal(store_write_file(store, "summary.json", bytes_of("[]"), &place->why), ERR_IO);
    assert_string_equal(buf_string(&place->why), "summary.json: cannot sync the directory: Input/output "
                                                 "error; look at the disk or its connection (dmesg)");
    fault.directories = false;
    store_destroy(store);
}

/* One that is not there is removed as well; it is gone for good. */
static void test_what_is_removed(void **state)
{
    struct place *place = *state;
    struct store_dir dir;
    assert_int_equal(mkdir(place->dir, 0755), 0);
    write_file(place, "meta.json", "{}");
    write_file(place, "summary.json", "{}");
    ok(place, store_dir_open(place->dir, &dir, &place->why));
    fault.unlinks = true;
    assert_int_equal(store_dir_remove(&dir, "summary.json", &place->why), ERR_IO);
    assert_string_equal(
        buf_string(&place->why),
        "summary.json: cannot remove: Read-only file system; choose a place that can be written");
    fault.unlinks = false;
    fault.synced[0] = 0;
    ok(place, store_dir_remove(&dir, "summary.json", &place->why));
    assert_string_equal(fault.synced, "scan ");
    assert_false(exists(place, "summary.json"));
    ok(place, store_dir_remove(&dir, "summary.json", &place->why));
    write_file(place, "summary.json", "{}");
    buf_reset(&place->why);
    fault.directories = true;
    assert_int_equal(store_dir_remove(&dir, "summary.json", &place->why), ERR_IO);
    assert_string_equal(buf_string(&place->why), "summary.json: cannot sync the directory: Input/output "
                                                 "error; look at the disk or its connection (dmesg)");
    fault.directories = false;
    store_dir_close(&dir);
    assert_true(dir.fd == -1 && dir.lock == -1);
}

static void test_nothing_to_resume(void **state)
{
    struct place *place = *state;
    assert_resume_fails(place, ERR_NOT_FOUND, "cannot open");
    store_destroy(create(place));
    assert_resume_fails(place, ERR_NOT_FOUND, "no meta.json");
}

static void test_one_writer_at_a_time(void **state)
{
    struct place *place = *state;
    struct store *other = NULL;
    struct store_options options = options_of(place);
    struct store *store = create(place);
    assert_int_equal(store_create(&options, &other, &place->why), ERR_EXISTS);
    assert_non_null(strstr(buf_string(&place->why), "another process is writing"));
    ok(place, put_meta(store, "scanning", &place->why));
    assert_resume_fails(place, ERR_EXISTS, "another process is writing");
    store_destroy(store);
    store_destroy(resume(place));
}

/* Who comes second is told who was first; whoever only looks keeps nobody from locking. */
static void test_who_is_at_work(void **state)
{
    struct place *place = *state;
    char holder[STORE_DIR_HOLDER_BYTES], me[64], path[128];
    (void)snprintf(me, sizeof me, "process %ld on ", (long)getpid());
    assert_false(store_dir_is_locked(place->dir, holder)); /* there is no directory yet */
    struct store *store = create(place);
    assert_true(store_dir_is_locked(place->dir, holder));
    assert_int_equal(strncmp(holder, me, strlen(me)), 0);
    (void)snprintf(path, sizeof path, "%s/lock", place->dir);
    FILE *lock = fopen(path, "w"); /* whatever stands there */
    assert_non_null(lock);
    assert_true(fprintf(lock, "evil\033[2J\nmore") > 0 && fclose(lock) == 0);
    assert_true(store_dir_is_locked(place->dir, holder));
    assert_string_equal(holder, "evil?[2J");
    ok(place, put_meta(store, "scanning", &place->why));
    store_destroy(store);
    assert_false(store_dir_is_locked(place->dir, holder));
    assert_string_equal(holder, "");
    store_destroy(resume(place));
}

/* ---- links --------------------------------------------------------------------------------------------- */

/* A directory with what a stranger may have laid there, and the file that it leads to. */
static int open_trap(struct place *place)
{
    assert_int_equal(mkdir(place->dir, 0755), 0);
    write_file(place, "target", "not ours");
    int fd = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(symlinkat("target", fd, "symbolic"), 0);
    assert_int_equal(symlinkat("nowhere", fd, "dangling"), 0);
    assert_int_equal(linkat(fd, "target", fd, "hard", 0), 0);
    assert_int_equal(mkfifoat(fd, "pipe", 0644), 0);
    assert_int_equal(symlinkat("target", fd, "domains.ndjson.zst"), 0);
    assert_int_equal(mkfifoat(fd, "hosts.ndjson.zst", 0644), 0);
    return fd;
}

/* Also one that was laid there after the directory had been looked at. */
static void test_no_file_is_opened_through_a_link(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *name;
        int flags, error;
    } cases[] = {
        {"symbolic", O_RDONLY, ELOOP},
        {"symbolic", O_WRONLY | O_CREAT | O_TRUNC, ELOOP},
        {"symbolic", O_RDWR | O_CREAT, ELOOP},
        {"dangling", O_RDWR | O_CREAT, ELOOP},
        {"dangling", O_WRONLY | O_CREAT | O_EXCL, EEXIST},
        {"hard", O_WRONLY | O_CREAT | O_TRUNC, EMLINK},
        {"hard", O_RDWR, EMLINK},
        {"hard", O_RDONLY, 0},
        {"pipe", O_RDONLY, EINVAL},
        {"pipe", O_RDWR, EINVAL},
        {"pipe", O_WRONLY | O_CREAT | O_TRUNC, ENXIO},
        {"new", O_WRONLY | O_CREAT | O_TRUNC, 0},
        {"new", O_RDWR | O_CREAT, 0},
    };
    int dir = open_trap(place);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stat status;
        errno = 0;
        int fd = disk_open(dir, cases[i].name, cases[i].flags);
        if ((fd < 0 ? errno : 0) != cases[i].error)
            fail_msg("case %zu: %s: %s", i, cases[i].name, fd < 0 ? strerror(errno) : "opened");
        if (fd >= 0)
            assert_int_equal(close(fd), 0);
        assert_int_equal(fstatat(dir, "target", &status, 0), 0);
        assert_int_equal(status.st_size, strlen("not ours"));
        assert_int_equal(faccessat(dir, "nowhere", F_OK, 0), -1);
    }
    assert_int_equal(close(dir), 0);
}

static void test_what_was_there_is_emptied(void **state)
{
    struct place *place = *state;
    struct stat status;
    assert_int_equal(mkdir(place->dir, 0755), 0);
    write_file(place, "meta.json.tmp", "half of it");
    int dir = open(place->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = disk_open(dir, "meta.json.tmp", O_WRONLY | O_CREAT | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(close(dir), 0);
}

static enum error no_line(void *arg, struct bytes line)
{
    (void)arg, (void)line;
    return ERR_STOPPED;
}

/* A pipe that nobody writes to would hold up whoever shows somebody else's directory. */
static void test_readers_do_not_wait_for_a_pipe(void **state)
{
    enum { LONGEST_SECONDS = 60 };
    struct place *place = *state;
    int dir = open_trap(place);
    (void)alarm(LONGEST_SECONDS);
    assert_int_equal(frames_read(dir, "hosts", no_line, NULL, &place->why), ERR_CORRUPT);
    assert_string_equal(buf_string(&place->why), "hosts.ndjson.zst: cannot open: it is no regular file");
    buf_reset(&place->why);
    assert_int_equal(frames_read(dir, "domains", no_line, NULL, &place->why), ERR_CORRUPT);
    assert_string_equal(buf_string(&place->why),
                        "domains.ndjson.zst: cannot open: it is a symbolic link, and none is followed");
    (void)alarm(0);
    assert_int_equal(close(dir), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_without_faults, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_directories_that_are_refused),
        CASE(test_directories_that_are_taken),
        CASE(test_what_is_checked_before),
        CASE(test_a_new_directory_is_durable),
        CASE(test_what_is_removed),
        CASE(test_nothing_to_resume),
        CASE(test_one_writer_at_a_time),
        CASE(test_who_is_at_work),
        CASE(test_no_file_is_opened_through_a_link),
        CASE(test_what_was_there_is_emptied),
        CASE(test_readers_do_not_wait_for_a_pipe),
    };
    return cmocka_run_group_tests_name("store dir", tests, NULL, NULL);
}
