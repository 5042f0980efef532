/* A scan directory: what is on disk never refers to what is not, and every stop can be resumed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames.h"
#include "output/json/json.h"
#include "output/readback/meta_read.h"
#include "output/store/certset.h"
#include "output/store/meta.h"
#include "output/store/store.h"
#include "output/store/store_dir.h"
#include "output/store/unanswered.h"

/* ---- faults and the order of syncs --------------------------------------------------------------------- */

static struct {
    bool counts; /* after so many more calls of pwrite or write to a file the disk is full: */
    unsigned calls;
    unsigned chunk;   /* the most bytes that pwrite takes at a time; 0 for any */
    char order[64];   /* first letters of the files that fdatasync was called for */
    bool unlinks;     /* nothing can be removed */
    bool cuts;        /* nor made shorter */
    bool directories; /* nor a directory synced */
    char synced[256]; /* the directories that were, by their last names */
} fault;

static bool is_full(void)
{
    if (!fault.counts)
        return false;
    if (fault.calls > 0) {
        fault.calls--;
        return false;
    }
    errno = ENOSPC;
    return true;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (fault.chunk > 0 && len > fault.chunk)
        len = fault.chunk;
    return is_full() ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, len, offset);
}

ssize_t write(int fd, const void *data, size_t len)
{
    struct stat status;
    bool is_file = fault.counts && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    return is_file && is_full() ? -1 : (ssize_t)syscall(SYS_write, fd, data, len);
}

int unlinkat(int dir_fd, const char *name, int flags)
{
    errno = EROFS;
    return fault.unlinks ? -1 : (int)syscall(SYS_unlinkat, dir_fd, name, flags);
}

int ftruncate(int fd, off_t size)
{
    errno = EIO;
    return fault.cuts ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fdatasync(int fd)
{
    char link[64], target[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len > 0 && strlen(fault.order) + 1 < sizeof fault.order) {
        target[len] = 0;
        strncat(fault.order, strrchr(target, '/') + 1, 1);
    }
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    char link[64], target[4096];
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return (int)syscall(SYS_fsync, fd);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len > 0 && strlen(fault.synced) + 32 < sizeof fault.synced) {
        target[len] = 0;
        (void)snprintf(fault.synced + strlen(fault.synced), 32, "%.24s ", strrchr(target, '/') + 1);
    }
    errno = EIO;
    return fault.directories ? -1 : (int)syscall(SYS_fsync, fd);
}

/* ---- a place of its own for each test ------------------------------------------------------------------ */

struct place {
    char above[64];
    char dir[80];
    struct buf why;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    strcpy(place->above, "/tmp/stsweep-store-XXXXXX");
    if (mkdtemp(place->above) == NULL)
        return -1;
    (void)snprintf(place->dir, sizeof place->dir, "%s/scan", place->above);
    buf_init(&place->why, 4096);
    memset(&fault, 0, sizeof fault);
    *state = place;
    return 0;
}

static void remove_scan(const struct place *place)
{
    char file[512];
    DIR *listing = opendir(place->dir);
    if (listing == NULL)
        return;
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        (void)snprintf(file, sizeof file, "%s/%s", place->dir, entry->d_name);
        (void)remove(file);
    }
    closedir(listing);
    rmdir(place->dir);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    remove_scan(place);
    rmdir(place->above);
    buf_dispose(&place->why);
    free(place);
    return 0;
}

static struct store_options options_of(const struct place *place)
{
    return (struct store_options){
        .dir = place->dir, .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20, .flush_ms = 1000};
}

static struct store *create(struct place *place)
{
    struct store *store = NULL;
    struct store_options options = options_of(place);
    enum error error = store_create(&options, &store, &place->why);
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
    return store;
}

static struct store *resume(struct place *place)
{
    struct store *store = NULL;
    struct store_options options = options_of(place);
    enum error error = store_resume(&options, &store, &place->why);
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
    return store;
}

static void assert_resume_fails(struct place *place, enum error expected, const char *words)
{
    struct store *store = NULL;
    struct store_options options = options_of(place);
    buf_reset(&place->why);
    assert_int_equal(store_resume(&options, &store, &place->why), expected);
    assert_null(store);
    if (strstr(buf_string(&place->why), words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", buf_string(&place->why), words);
    buf_reset(&place->why);
}

static enum error put_meta(struct store *store, const char *state, struct buf *why)
{
    struct buf text;
    struct meta_input input = {.path = "names.txt", .bytes = 10, .lines = 2, .inputs = 2, .sha256 = "ab"};
    struct meta meta = {.tool_version = "1",
                        .state = state,
                        .runs = 1,
                        .seed = 1,
                        .asked = {.inputs = &input, .input_count = 1}};
    buf_init(&text, 1 << 20);
    assert_true(meta_json(&text, &meta));
    enum error error = store_write_file(store, "meta.json", buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

static enum error put_domain(struct store *store, uint64_t ordinal, int64_t now, struct buf *why)
{
    struct buf line;
    struct tally tally;
    struct domain_facts facts = {.ordinal = ordinal, .domain = "example.com", .tld = "com"};
    struct judgement judgement = {.outcome = ordinal % 2 == 0 ? OUTCOME_ABSENT : OUTCOME_PROTECTED,
                                  .provider_mx = "P"};
    summary_tally(&facts, &judgement, &tally);
    buf_init(&line, 1 << 20);
    assert_true(json_domain(&line, &facts, &judgement));
    enum error error = store_append(store, STORE_DOMAINS, buf_bytes(&line), &tally, now, why);
    buf_dispose(&line);
    return error;
}

/* The host record that domain `ordinal` refers to. */
static enum error put_host(struct store *store, uint64_t ordinal, struct buf *why)
{
    struct buf line;
    char host[32];
    struct probe_facts probe = {.host = host};
    (void)snprintf(host, sizeof host, "mx%llu", (unsigned long long)ordinal);
    buf_init(&line, 1 << 20);
    assert_true(json_host(&line, &probe, FAIL_NONE));
    enum error error = store_append(store, STORE_HOSTS, buf_bytes(&line), NULL, 0, why);
    buf_dispose(&line);
    return error;
}

static enum error put_cert(struct store *store, uint64_t number, struct buf *why)
{
    struct buf line;
    struct cert_facts cert = {.subject = "CN=x"};
    memcpy(cert.sha256 + 8, &number, sizeof number);
    if (!store_cert_is_new(store, cert.sha256))
        return ERR_OK;
    buf_init(&line, 1 << 20);
    assert_true(json_cert(&line, &cert));
    enum error error = store_append(store, STORE_CERTS, buf_bytes(&line), NULL, 0, why);
    buf_dispose(&line);
    return error;
}

static enum error put_reject(struct store *store, uint64_t line, struct buf *why)
{
    struct buf text;
    struct reject_line reject = {.ordinal = line, .file = "a", .line = line, .reason = FAIL_INPUT_BAD_NAME};
    buf_init(&text, 1 << 20);
    assert_true(json_reject(&text, &reject));
    enum error error = store_append(store, STORE_REJECTS, buf_bytes(&text), NULL, 0, why);
    buf_dispose(&text);
    return error;
}

static void ok(struct place *place, enum error error)
{
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&place->why));
}

static enum error count_line(void *arg, struct bytes line)
{
    (void)line;
    ++*(unsigned *)arg;
    return ERR_OK;
}

static unsigned count_records(struct place *place, const char *name)
{
    unsigned count = 0;
    int fd = open(place->dir, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    ok(place, frames_read(fd, name, count_line, &count, &place->why));
    close(fd);
    return count;
}

static void write_file(const struct place *place, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", place->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool exists(const struct place *place, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", place->dir, name);
    return access(path, F_OK) == 0;
}

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

/* ---- writing ------------------------------------------------------------------------------------------- */

static void test_order_of_durability(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_domain(store, 1, 0, &place->why));
    ok(place, put_host(store, 1, &place->why));
    ok(place, put_cert(store, 1, &place->why));
    ok(place, put_reject(store, 2, &place->why));
    fault.order[0] = 0;
    ok(place, store_commit(store, &place->why));
    assert_string_equal(fault.order, "rchd");
    ok(place, store_commit(store, &place->why));
    assert_string_equal(fault.order, "rchd"); /* nothing waited */
    store_destroy(store);
}

/* A frame that is full takes with it what it refers to, and nothing that refers to it. */
static void test_full_frame_commits_in_order(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_host(store, 1, &place->why));
    ok(place, put_cert(store, 1, &place->why));
    fault.order[0] = 0;
    for (uint64_t i = 1; fault.order[0] == 0; i++)
        ok(place, put_domain(store, i, 0, &place->why));
    assert_string_equal(fault.order, "chd");
    ok(place, put_domain(store, 100, 0, &place->why));
    ok(place, put_reject(store, 1, &place->why));
    fault.order[0] = 0;
    for (uint64_t i = 1; fault.order[0] == 0; i++)
        ok(place, put_host(store, i, &place->why));
    assert_string_equal(fault.order, "rh");
    store_destroy(store);
}

static void test_tick(void **state)
{
    struct place *place = *state;
    int64_t next;
    struct store *store = create(place);
    ok(place, store_tick(store, 5000, &next, &place->why));
    assert_int_equal(next, -1);
    ok(place, put_domain(store, 1, 5000, &place->why));
    ok(place, put_domain(store, 2, 5900, &place->why));
    ok(place, store_tick(store, 5400, &next, &place->why));
    assert_int_equal(next, 600);
    assert_false(exists(place, "domains.ndjson.zst"));
    ok(place, store_tick(store, 5999, &next, &place->why));
    assert_int_equal(next, 1);
    ok(place, store_tick(store, 6000, &next, &place->why));
    assert_int_equal(next, -1);
    assert_int_equal(count_records(place, "domains"), 2);
    ok(place, put_domain(store, 3, 9000, &place->why));
    ok(place, store_tick(store, 9001, &next, &place->why));
    assert_int_equal(next, 999);
    store_destroy(store);
}

static void test_files_are_whole_or_as_before(void **state)
{
    struct place *place = *state;
    struct buf text;
    struct store *store = create(place);
    buf_init(&text, 100);
    assert_int_equal(store_read_file(store, "summary.json", &text, &place->why), ERR_NOT_FOUND);
    ok(place, store_write_file(store, "summary.json", bytes_of("first"), &place->why));
    fault.counts = true;
    assert_int_equal(store_write_file(store, "summary.json", bytes_of("second"), &place->why), ERR_FULL);
    fault.counts = false;
    assert_false(exists(place, "summary.json.tmp"));
    ok(place, store_read_file(store, "summary.json", &text, &place->why));
    assert_string_equal(buf_string(&text), "first");
    ok(place, store_write_file(store, "summary.json", bytes_of("third"), &place->why));
    buf_reset(&text);
    ok(place, store_read_file(store, "summary.json", &text, &place->why));
    assert_string_equal(buf_string(&text), "third");
    struct buf small;
    buf_init(&small, 3);
    assert_int_equal(store_read_file(store, "summary.json", &small, &place->why), ERR_LIMIT);
    buf_dispose(&small);
    buf_dispose(&text);
    store_destroy(store);
}

/* ---- resuming ------------------------------------------------------------------------------------------ */

static void test_resume_knows_what_is_done(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    const uint8_t known[32] = {[8] = 7}, other[32] = {[8] = 8};
    ok(place, put_meta(store, "scanning", &place->why));
    for (uint64_t i = 1; i <= 1000; i += 3)
        ok(place, put_domain(store, i, 0, &place->why));
    ok(place, put_cert(store, 7, &place->why));
    ok(place, put_reject(store, 2, &place->why));
    assert_int_equal(store_summary(store)->records, 334);
    ok(place, store_commit(store, &place->why));
    ok(place, put_domain(store, 2, 0, &place->why)); /* not committed */
    struct summary before = *store_summary(store);
    store_destroy(store);
    store = resume(place);
    assert_true(store_rejects_done(store));
    assert_int_equal(store_cut_bytes(store), 0);
    for (uint64_t i = 0; i < 2000; i++)
        assert_int_equal(store_is_done(store, i), i >= 1 && i <= 1000 && i % 3 == 1);
    assert_false(store_is_done(store, UINT64_MAX));
    assert_int_equal(store_summary(store)->records, before.records - 1);
    assert_int_equal(store_summary(store)->rejects, 1);
    assert_int_equal(store_summary(store)->outcomes[OUTCOME_PROTECTED], before.outcomes[OUTCOME_PROTECTED]);
    assert_int_equal(store_summary(store)->providers[0].count, before.records - 1);
    assert_false(store_cert_is_new(store, known));
    assert_true(store_cert_is_new(store, other));
    assert_false(store_cert_is_new(store, other));
    ok(place, put_domain(store, 2, 0, &place->why));
    ok(place, store_commit(store, &place->why));
    store_destroy(store);
    assert_int_equal(count_records(place, "domains"), 335);
}

static void test_torn_tail_is_cut(void **state)
{
    struct place *place = *state;
    char path[128];
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    for (uint64_t i = 1; i <= 2; i++) {
        ok(place, put_domain(store, i, 0, &place->why));
        ok(place, store_commit(store, &place->why));
    }
    store_destroy(store);
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", place->dir);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - 1), 0);
    fault.cuts = true; /* a torn tail that stays would be what is written on */
    assert_resume_fails(place, ERR_IO, "cannot cut the torn tail");
    fault.cuts = false;
    store = resume(place);
    assert_true(store_cut_bytes(store) > 50);
    assert_true(store_is_done(store, 1));
    assert_false(store_is_done(store, 2));
    assert_int_equal(store_summary(store)->records, 1);
    store_destroy(store);
}

static void flip(struct place *place, const char *name, long at)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s.ndjson.zst", place->dir, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 0x41, file), byte ^ 0x41);
    assert_int_equal(fclose(file), 0);
}

/* What stood in a damaged frame counts as not done; rejects are to be read again; the summary is gone. */
static void test_damage_is_set_aside(void **state)
{
    struct place *place = *state;
    static const char *const names[] = {"rejects", "hosts", "domains"};
    for (size_t i = 0; i < 3; i++) {
        char words[96];
        struct store *store = create(place);
        ok(place, put_meta(store, "scanning", &place->why));
        for (uint64_t n = 1; n <= 3; n++) {
            ok(place, put_reject(store, 10 + n, &place->why));
            ok(place, store_append(
                          store, STORE_HOSTS,
                          bytes_of("{\"schema\":1,\"host\":\"a.b\",\"ip\":\"192.0.2.1\",\"code\":\"ok\"}\n"),
                          NULL, 0, &place->why));
            ok(place, put_domain(store, n, 0, &place->why));
            ok(place, store_commit(store, &place->why));
        }
        ok(place, store_write_file(store, "summary.json", bytes_of("{}\n"), &place->why));
        store_destroy(store);
        flip(place, names[i], 30);
        store = resume(place);
        (void)snprintf(words, sizeof words, "%s.ndjson.zst: frame 1 at offset 0 is damaged", names[i]);
        assert_non_null(strstr(store_damage(store), words));
        assert_int_equal(store_is_done(store, 1), i != 2);
        assert_true(store_is_done(store, 2) && store_is_done(store, 3));
        assert_int_equal(store_rejects_done(store), i != 0);
        assert_int_equal(store_summary(store)->rejects, i == 0 ? 0 : 3);
        struct buf text;
        buf_init(&text, 4096);
        assert_int_equal(store_read_file(store, "summary.json", &text, &place->why), ERR_NOT_FOUND);
        buf_dispose(&text);
        buf_reset(&place->why);
        store_destroy(store);
        store = resume(place); /* mended: nothing more to say, and nothing forgotten */
        assert_string_equal(store_damage(store), "");
        assert_int_equal(store_rejects_done(store), i != 0);
        store_destroy(store);
        remove_scan(place);
    }
}

/* A scan that ended has no torn tail, also where an earlier stream's damage has taken its summary away by
 * then. */
static void test_damage_in_two_streams(void **state)
{
    struct place *place = *state;
    char path[128];
    struct stat status;
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    for (uint64_t n = 1; n <= 2; n++) {
        ok(place, put_reject(store, 10 + n, &place->why));
        ok(place, put_domain(store, n, 0, &place->why));
        ok(place, store_commit(store, &place->why));
    }
    ok(place, store_write_file(store, "summary.json", bytes_of("{}\n"), &place->why));
    store_destroy(store);
    flip(place, "rejects", 30);
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", place->dir);
    assert_int_equal(stat(path, &status), 0);
    flip(place, "domains", (long)status.st_size - 2);
    store = resume(place);
    assert_non_null(strstr(store_damage(store), "rejects.ndjson.zst: frame 1 at offset 0 is damaged"));
    assert_non_null(strstr(store_damage(store), "domains.ndjson.zst: frame 2 at offset "));
    assert_int_equal(store_cut_bytes(store), 0);
    assert_true(store_is_done(store, 1));
    assert_false(store_is_done(store, 2));
    store_destroy(store);
}

static void check_ips(const struct unanswered *silent, const char *const *texts, size_t count)
{
    assert_int_equal(silent->count, count);
    for (size_t i = 0; i < count; i++) {
        struct ip_addr expected;
        assert_true(ip_parse(texts[i], &expected));
        assert_memory_equal(&silent->ips[i], &expected, sizeof expected);
    }
}

static void test_silent_addresses_come_back(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    static const char *const hosts[] = {
        "{\"schema\":1,\"host\":\"a.example\",\"ip\":\"192.0.2.1\",\"code\":\"ok\"}\n",
        "{\"schema\":1,\"host\":\"b.example\",\"ip\":\"192.0.2.2\",\"code\":\"smtp.tcp.timeout\"}\n",
        ("{\"schema\":1,\"host\":\"c.example\",\"ip\":\"192.0.2.3\",\"code\":\"smtp.tcp.refused\","
         "\"x\":\"smtp.tcp.timeout\"}\n"),
        "{\"schema\":1,\"host\":\"d.example\",\"ip\":\"2001:db8::1\",\"code\":\"smtp.tcp.timeout\"}\n"};
    for (size_t i = 0; i < 4; i++)
        ok(place, store_append(store, STORE_HOSTS, bytes_of(hosts[i]), NULL, 0, &place->why));
    static const char *const policies[] = {
        ("\"policy\":{\"host\":\"p\",\"code\":\"policy.tcp.timeout\",\"ips\":[\"192.0.2.8\"],"
         "\"ip\":\"192.0.2.9\"}"),
        "\"policy\":{\"host\":\"p\",\"code\":\"policy.tcp.timeout\"},\"ip\":\"192.0.2.10\"",
        "\"policy\":{\"host\":\"p\",\"code\":\"ok\",\"ip\":\"192.0.2.11\"}"};
    for (uint64_t i = 0; i < 3; i++) {
        char line[400];
        struct tally tally = {.ordinal = i, .outcome = OUTCOME_UNKNOWN};
        (void)snprintf(
            line, sizeof line,
            "{\"schema\":1,\"ordinal\":%d,\"outcome\":\"unknown\",\"dane\":\"unknown\",\"tls\":\"unknown\","
            "\"codes\":[\"policy.tcp.timeout\"],\"provider\":{},%s}\n",
            (int)i, policies[i]);
        ok(place, store_append(store, STORE_DOMAINS, bytes_of(line), &tally, 0, &place->why));
    }
    ok(place, store_commit(store, &place->why));
    check_ips(store_silent_mx(store), NULL, 0);
    check_ips(store_silent_policy(store), NULL, 0);
    store_destroy(store);
    store = resume(place);
    check_ips(store_silent_mx(store), (const char *const[]){"192.0.2.2", "2001:db8::1"}, 2);
    check_ips(store_silent_policy(store), (const char *const[]){"192.0.2.9"}, 1);
    store_destroy(store);
}

static void test_rejects_of_an_unread_input_are_thrown_away(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *state;
        unsigned kept;
    } cases[] = {{"reading", 0}, {"scanning", 2}, {"stopped", 2}, {"done", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *store = create(place);
        ok(place, put_meta(store, cases[i].state, &place->why));
        ok(place, put_reject(store, 1, &place->why));
        ok(place, put_reject(store, 2, &place->why));
        ok(place, store_commit(store, &place->why));
        store_destroy(store);
        store = resume(place);
        assert_int_equal(store_rejects_done(store), cases[i].kept > 0);
        assert_int_equal(store_summary(store)->rejects, cases[i].kept);
        assert_int_equal(count_records(place, "rejects"), cases[i].kept);
        store_destroy(store);
        remove_scan(place);
    }
}

/* Were they kept in silence, they would stand twice in a scan that reads its input again. */
static void test_rejects_that_cannot_be_thrown_away(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_meta(store, "reading", &place->why));
    ok(place, put_reject(store, 1, &place->why));
    ok(place, store_commit(store, &place->why));
    store_destroy(store);
    fault.unlinks = true;
    assert_resume_fails(place, ERR_IO, "rejects.ndjson.zst: cannot remove");
    fault.unlinks = false;
    store = resume(place);
    assert_int_equal(store_summary(store)->rejects, 0);
    store_destroy(store);
}

/* Every digit, and two short of a whole. */
#define HEX_62 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

/* The same bytes, whatever digits they are written with. */
static void test_certificates_come_back(void **state)
{
    struct place *place = *state;
    uint8_t sha256[32];
    for (size_t i = 0; i < sizeof sha256; i++)
        sha256[i] = (uint8_t)(0x01 + 0x22 * (i % 8));
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    ok(place,
       store_append(store, STORE_CERTS, bytes_of("{\"sha256\":\"" HEX_62 "ef\"}\n"), NULL, 0, &place->why));
    ok(place, store_commit(store, &place->why));
    store_destroy(store);
    store = resume(place);
    assert_false(store_cert_is_new(store, sha256));
    sha256[3] ^= 1; /* of the half that is remembered */
    assert_true(store_cert_is_new(store, sha256));
    store_destroy(store);
}

static void test_what_cannot_be_resumed(void **state)
{
    struct place *place = *state;
    static const struct {
        enum store_stream stream;
        const char *line, *words;
    } cases[] = {
        {STORE_DOMAINS, "{\"ordinal\":1}\n", "domains.ndjson.zst: record 2"},
        {STORE_DOMAINS, "no json\n", "domains.ndjson.zst: record 2"},
        {STORE_DOMAINS,
         "{\"ordinal\":1,\"outcome\":\"off\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}\n",
         "domains.ndjson.zst: record 2"}, /* an ordinal twice */
        {STORE_DOMAINS,
         "{\"ordinal\":99999999999999,\"outcome\":\"off\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}"
         "\n",
         "domains.ndjson.zst: record 2"}, /* no reason to ask for terabytes */
        {STORE_CERTS, "{\"sha256\":\"zz\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"x\":{\"sha256\":\"00\"}}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "0\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "000\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "0g\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "g0\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "0:\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "-0\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"g0" HEX_62 "\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"0A" HEX_62 "\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":7}\n", "certs.ndjson.zst: record 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *store = create(place);
        ok(place, put_meta(store, "scanning", &place->why));
        ok(place, put_domain(store, 1, 0, &place->why));
        ok(place, store_append(store, cases[i].stream, bytes_of(cases[i].line), NULL, 0, &place->why));
        ok(place, store_commit(store, &place->why));
        store_destroy(store);
        assert_resume_fails(place, ERR_CORRUPT, cases[i].words);
        remove_scan(place);
    }
}

/* What other commands read of the directory. */
static void test_meta_of_a_directory(void **state)
{
    struct place *place = *state;
    struct meta_stored stored;
    struct store *store = create(place);
    struct buf *why = &place->why;
    int fd = store_dir_fd(store);
    assert_int_equal(meta_read_in(fd, &stored, why), ERR_NOT_FOUND);
    assert_non_null(strstr(buf_string(why), "no scan directory: meta.json: "));
    buf_reset(why);
    assert_int_equal(meta_may_go_on_in(fd, why), ERR_NOT_FOUND);
    ok(place, put_meta(store, "scanning", why));
    ok(place, meta_read_in(fd, &stored, why));
    assert_string_equal(stored.state, "scanning");
    assert_int_equal(stored.rules, RECORD_RULES);
    assert_int_equal(stored.input_count, 1);
    ok(place, meta_may_go_on_in(fd, why));
    write_file(place, "meta.json", "{\"schema\":1");
    assert_int_equal(meta_read_in(fd, &stored, why), ERR_CORRUPT);
    assert_int_equal(meta_may_go_on_in(fd, why), ERR_CORRUPT);
    store_destroy(store);
}

static void test_damaged_meta(void **state)
{
    struct place *place = *state;
    store_destroy(create(place));
    write_file(place, "meta.json", "{\"schema\":1,");
    assert_resume_fails(place, ERR_CORRUPT, "meta.json");
}

/* ---- full disks and kills ------------------------------------------------------------------------------ */

/* One domain after another with what it refers to; 0 or the ordinal at which the store refused. */
static uint64_t scan_some(struct store *store, uint64_t first, uint64_t count, struct buf *why)
{
    for (uint64_t i = first; i < first + count; i++) {
        if (store_is_done(store, i))
            continue;
        enum error error = put_cert(store, i, why);
        if (error == ERR_OK)
            error = put_host(store, i, why);
        if (error == ERR_OK)
            error = put_domain(store, i, 0, why);
        if (error == ERR_OK && i % 7 == 0)
            error = store_commit(store, why);
        if (error != ERR_OK)
            return i;
    }
    return store_commit(store, why) == ERR_OK ? 0 : first + count;
}

struct seen {
    uint8_t hosts[1 << 20];
    unsigned twice;
    unsigned missing;
};

static enum error see_host(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    const char *place = memmem(line.data, line.len, "\"mx", 3);
    assert_non_null(place);
    unsigned long number = strtoul(place + 3, NULL, 10);
    assert_true(number < sizeof seen->hosts);
    seen->hosts[number] |= 1;
    return ERR_OK;
}

static enum error see_domain(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    struct tally tally;
    assert_int_equal(summary_read_line(line, &tally), ERR_OK);
    assert_true(tally.ordinal < sizeof seen->hosts);
    seen->twice += (seen->hosts[tally.ordinal] & 2) != 0;
    seen->missing += (seen->hosts[tally.ordinal] & 1) == 0;
    seen->hosts[tally.ordinal] |= 2;
    return ERR_OK;
}

/* Every domain stands once, and the host that it refers to stands as well. Returns the largest ordinal + 1 up
 * to which all are there. */
static uint64_t check_scan(struct place *place)
{
    struct seen *seen = calloc(1, sizeof *seen);
    int fd = open(place->dir, O_RDONLY | O_DIRECTORY);
    assert_true(seen != NULL && fd >= 0);
    ok(place, frames_read(fd, "hosts", see_host, seen, &place->why));
    ok(place, frames_read(fd, "domains", see_domain, seen, &place->why));
    close(fd);
    assert_int_equal(seen->twice, 0);
    assert_int_equal(seen->missing, 0);
    uint64_t next = 1;
    while ((seen->hosts[next] & 2) != 0)
        next++;
    free(seen);
    return next;
}

static void test_disk_full_at_any_write(void **state)
{
    enum { DOMAINS = 60 };
    struct place *place = *state;
    unsigned refused = 0;
    for (unsigned calls = 0;; calls++) {
        struct store *store = create(place);
        ok(place, put_meta(store, "scanning", &place->why));
        fault.counts = true;
        fault.calls = calls;
        uint64_t stopped = scan_some(store, 1, DOMAINS, &place->why);
        store_destroy(store);
        fault.counts = false;
        refused += stopped > 0;
        check_scan(place);
        store = resume(place);
        assert_int_equal(store_cut_bytes(store), 0); /* what could not be written was taken back */
        buf_reset(&place->why);
        assert_int_equal(scan_some(store, 1, DOMAINS, &place->why), 0);
        assert_int_equal(store_summary(store)->records, DOMAINS);
        store_destroy(store);
        assert_int_equal(check_scan(place), DOMAINS + 1);
        assert_int_equal(count_records(place, "certs"), DOMAINS);
        remove_scan(place);
        if (stopped == 0)
            break;
    }
    assert_true(refused >= 20);
}

/* Every other time also in the middle of the resume. */
static void test_kill_9_at_any_moment(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    store_destroy(store);
    uint64_t before = 1;
    for (int round = 0; round < 15; round++) {
        int resumed[2];
        char byte;
        assert_int_equal(pipe(resumed), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store_options options = options_of(place);
            fault.chunk = 100;
            if (store_resume(&options, &store, &place->why) != ERR_OK)
                _exit(1);
            (void)(write(resumed[1], "", 1) > 0);
            (void)scan_some(store, 1, 1000000, &place->why);
            _exit(0);
        }
        close(resumed[1]);
        assert_true(round % 2 == 1 || read(resumed[0], &byte, 1) == 1);
        usleep((useconds_t)(15000 + round * 3001));
        close(resumed[0]);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        store = resume(place);
        store_destroy(store);
        uint64_t next = check_scan(place);
        assert_true(next >= before);
        before = next;
    }
    assert_true(before > 20);
}

/* ---- streaming ----------------------------------------------------------------------------------------- */

/* Puts a pipe in the place of standard output; returns its reading end. */
static int redirect(int *saved)
{
    int ends[2];
    fflush(stdout);
    *saved = dup(STDOUT_FILENO);
    assert_true(*saved >= 0 && pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    close(ends[1]);
    return ends[0];
}

static void restore(int saved)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

static void test_streaming(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    const uint8_t sha256[32] = {1};
    char text[8192];
    int saved;
    int64_t next;
    options.dir = "-";
    int reader = redirect(&saved);
    enum error created = store_create(&options, &store, &place->why);
    enum error put = put_domain(store, 1, 0, &place->why);
    put = put == ERR_OK ? put_domain(store, 2, 0, &place->why) : put;
    enum error others = put_host(store, 1, &place->why);
    others = others == ERR_OK ? put_reject(store, 3, &place->why) : others;
    enum error meta = put_meta(store, "scanning", &place->why);
    bool is_new = store_cert_is_new(store, sha256);
    enum error early = store_tick(store, 400, &next, &place->why);
    int64_t wait = next;
    enum error late = store_tick(store, 1000, &next, &place->why);
    restore(saved);
    ssize_t len = read(reader, text, sizeof text - 1);
    close(reader);
    assert_true(created == ERR_OK && put == ERR_OK && others == ERR_OK && meta == ERR_OK);
    assert_true(early == ERR_OK && late == ERR_OK);
    assert_false(is_new);
    assert_int_equal(wait, 600);
    assert_int_equal(next, -1);
    assert_true(len > 0);
    text[len] = 0;
    assert_non_null(strstr(text, "\"ordinal\":1,"));
    assert_non_null(strstr(text, "}\n{\"schema\":1,\"ordinal\":2,"));
    assert_null(strstr(text, "mx1"));
    assert_int_equal(store_dir_fd(store), -1);
    assert_int_equal(store_summary(store)->records, 2);
    assert_int_equal(store_summary(store)->rejects, 1);
    store_destroy(store);
    assert_int_equal(store_resume(&options, &store, &place->why), ERR_NOT_FOUND);
}

static void test_streaming_to_nobody(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    int saved;
    options.dir = "-";
    (void)signal(SIGPIPE, SIG_IGN);
    close(redirect(&saved));
    enum error error = store_create(&options, &store, &place->why);
    for (uint64_t i = 1; error == ERR_OK && i < 100000; i++)
        error = put_domain(store, i, 0, &place->why);
    restore(saved);
    assert_int_equal(error, ERR_IO);
    assert_non_null(strstr(buf_string(&place->why), "Broken pipe"));
    store_destroy(store);
}

/* A reader that is slow, at a pipe that does not block: everything arrives, in order. */
static void test_streaming_waits_for_a_slow_reader(void **state)
{
    enum { RECORDS = 3000 };
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    int saved, exit_status = -1;
    options.dir = "-";
    int reader = redirect(&saved);
    assert_int_equal(fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0) {
        enum error error = store_create(&options, &store, &place->why);
        for (uint64_t i = 1; error == ERR_OK && i <= RECORDS; i++)
            error = put_domain(store, i, 0, &place->why);
        if (error == ERR_OK)
            error = store_commit(store, &place->why);
        _exit((int)error);
    }
    restore(saved);
    static char chunk[65536];
    unsigned lines = 0;
    for (ssize_t got = 1; got > 0;) {
        usleep(500);
        got = read(reader, chunk, sizeof chunk);
        for (ssize_t i = 0; i < got; i++)
            lines += chunk[i] == '\n';
    }
    close(reader);
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_int_equal(exit_status, 0);
    assert_int_equal(lines, RECORDS);
}

/* ---- sets ---------------------------------------------------------------------------------------------- */

static void test_certset(void **state)
{
    (void)state;
    struct certset set;
    uint8_t sha256[32] = {0};
    certset_init(&set, 42);
    assert_true(certset_add(&set, sha256)); /* all zero as good as any */
    assert_false(certset_add(&set, sha256));
    for (uint32_t i = 1; i <= 100000; i++) {
        memcpy(sha256 + 4, &i, sizeof i);
        assert_true(certset_add(&set, sha256));
    }
    for (uint32_t i = 1; i <= 100000; i++) {
        memcpy(sha256 + 4, &i, sizeof i);
        assert_false(certset_add(&set, sha256));
    }
    assert_int_equal(set.count, 100001);
    certset_dispose(&set);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_directories_that_are_refused),
        CASE(test_directories_that_are_taken),
        CASE(test_what_is_checked_before),
        CASE(test_a_new_directory_is_durable),
        CASE(test_what_is_removed),
        CASE(test_certificates_come_back),
        CASE(test_nothing_to_resume),
        CASE(test_one_writer_at_a_time),
        CASE(test_who_is_at_work),
        CASE(test_order_of_durability),
        CASE(test_full_frame_commits_in_order),
        CASE(test_tick),
        CASE(test_files_are_whole_or_as_before),
        CASE(test_resume_knows_what_is_done),
        CASE(test_meta_of_a_directory),
        CASE(test_torn_tail_is_cut),
        CASE(test_damage_is_set_aside),
        CASE(test_damage_in_two_streams),
        CASE(test_silent_addresses_come_back),
        CASE(test_rejects_of_an_unread_input_are_thrown_away),
        CASE(test_rejects_that_cannot_be_thrown_away),
        CASE(test_what_cannot_be_resumed),
        CASE(test_damaged_meta),
        CASE(test_disk_full_at_any_write),
        CASE(test_kill_9_at_any_moment),
        CASE(test_no_file_is_opened_through_a_link),
        CASE(test_what_was_there_is_emptied),
        CASE(test_readers_do_not_wait_for_a_pipe),
        CASE(test_streaming),
        CASE(test_streaming_to_nobody),
        CASE(test_streaming_waits_for_a_slow_reader),
        cmocka_unit_test(test_certset),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
