/*
 * The life of a scan in this process, against a resolver that says NXDOMAIN to everything: denominators,
 * resume, shards, signals, a full disk, and that nothing stays open or allocated.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "scanner/config/config.h"
#include "scanner/facts/record.h"
#include "scanner/scan/scan.h"
#include "tests/unit/open_files.h"

/* ---- the resolver -------------------------------------------------------------------------------------- */

struct nowhere {
    int fd;
    char address[32];
    pthread_t thread;
    atomic_bool stop;
    atomic_bool silent;
    atomic_int unanswered;      /* questions while it was silent */
    atomic_int until_silent;    /* so many questions more; 0: no end */
    _Atomic(const char *) lays; /* a directory that it makes once it is asked, or NULL */
};

/* Has the scan begun in the directory of that path? The look at the machine asks before. */
static bool has_begun(const char *path)
{
    char meta[256];
    const char *name = strrchr(path, '/');
    (void)snprintf(meta, sizeof meta, "%.*s/meta.json", (int)(name - path), path);
    return access(meta, F_OK) == 0;
}

static void *serve(void *arg)
{
    struct nowhere *nowhere = arg;
    while (!atomic_load(&nowhere->stop)) {
        uint8_t wire[1500];
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        struct pollfd ready = {.fd = nowhere->fd, .events = POLLIN};
        if (poll(&ready, 1, 20) != 1)
            continue;
        ssize_t got = recvfrom(nowhere->fd, wire, sizeof wire, 0, (struct sockaddr *)&from, &len);
        bool root = wire[12] == 0; /* what a scan asks before it starts */
        const char *lays = atomic_load(&nowhere->lays);
        if (lays != NULL && !root && has_begun(lays) && mkdir(lays, 0755) == 0)
            atomic_store(&nowhere->lays, NULL);
        if (atomic_load(&nowhere->until_silent) > 0 && atomic_fetch_sub(&nowhere->until_silent, 1) == 1)
            atomic_store(&nowhere->silent, true);
        bool mute = atomic_load(&nowhere->silent) && !root;
        if (mute)
            atomic_fetch_add(&nowhere->unanswered, 1);
        if (got < 17 || mute)
            continue;
        wire[2] |= 0x80;
        wire[3] = (uint8_t)((wire[3] & 0x10) | 0x80 | 3);
        (void)sendto(nowhere->fd, wire, (size_t)got, 0, (struct sockaddr *)&from, len);
    }
    return NULL;
}

static int start_resolver(void **state)
{
    static struct nowhere nowhere;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    nowhere.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (nowhere.fd < 0 || bind(nowhere.fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(nowhere.fd, (struct sockaddr *)&address, &len) != 0)
        return 1;
    (void)snprintf(nowhere.address, sizeof nowhere.address, "127.0.0.1:%u", ntohs(address.sin_port));
    *state = &nowhere;
    /* Only scan_main's own watch is to take the signal that a test sends, whichever thread it would go to. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return 1;
    return pthread_create(&nowhere.thread, NULL, serve, &nowhere);
}

static int stop_resolver(void **state)
{
    struct nowhere *nowhere = *state;
    atomic_store(&nowhere->stop, true);
    (void)pthread_join(nowhere->thread, NULL);
    return close(nowhere->fd);
}

/* How long an event is waited for; tests/run ends a test that says nothing for longer. */
enum { PATIENCE_MS = 55000 };

/* ---- one scan
 * ------------------------------------------------------------------------------------------------ */

struct place {
    char dir[64];
    char list[96];
    char out[96];
};

static struct place place_make(void)
{
    struct place place = {.dir = "/tmp/stsweep-scan-XXXXXX"};
    assert_non_null(mkdtemp(place.dir));
    (void)snprintf(place.list, sizeof place.list, "%s/list", place.dir);
    (void)snprintf(place.out, sizeof place.out, "%s/out", place.dir);
    return place;
}

static void remove_in(const char *dir)
{
    DIR *open = opendir(dir);
    if (open == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(open), entry->d_name, 0);
    (void)closedir(open);
    (void)rmdir(dir);
}

static void place_remove(const struct place *place)
{
    remove_in(place->out);
    remove_in(place->dir);
}

static void write_names(const struct place *place, int names, const char *more)
{
    FILE *file = fopen(place->list, "w");
    assert_non_null(file);
    for (int i = 0; i < names; i++)
        (void)fprintf(file, "n%d.example\n", i);
    (void)fputs(more, file);
    assert_int_equal(fclose(file), 0);
}

/* What the last scan of this process wrote to standard output and error, as far as it fits. */
static struct heard {
    char out[1 << 16], err[1 << 16];
} heard;

/* Of the next scans. */
static uint32_t fail_on;
static const char *stream_memory; /* input.memory, or NULL */
static const char *stage;         /* scan.stage, or NULL */
static const char *dns_timeout = "300ms";

static void listen_to(int fd, char *text, size_t room)
{
    ssize_t got = pread(fd, text, room - 1, 0);
    assert_true(got >= 0);
    text[got] = 0;
    close(fd);
}

static void assert_heard(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is missing in\n%s", words, text);
}

/* name and value are one more option, or NULL. */
static int scan_sharing(const struct nowhere *nowhere, const struct place *place, bool resume,
                        const char *outage_share, const char *name, const char *value)
{
    struct config config;
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(config_set(&config, "dns.resolvers", nowhere->address, "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "dns.timeout", dns_timeout, "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "scan.loops", "2", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "scan.drain", "100ms", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "scan.retry_after", "200ms", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "output.flush", "20ms", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "output.dir", place->out, "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "safety.allow", "127.0.0.0/8", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "dns.outage_share", outage_share, "test", &why), ERR_OK);
    if (name != NULL)
        assert_int_equal(config_set(&config, name, value, "test", &why), ERR_OK);
    if (stage != NULL)
        assert_int_equal(config_set(&config, "scan.stage", stage, "test", &why), ERR_OK);
    if (stream_memory != NULL)
        assert_int_equal(config_set(&config, "input.memory", stream_memory, "test", &why), ERR_OK);
    const char *files[] = {place->list};
    struct scan_request request = {.config = &config,
                                   .files = files,
                                   .file_count = 1,
                                   .resume = resume,
                                   .command_line = "test",
                                   .fail_on = fail_on};
    (void)fflush(stdout);
    int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC);
    assert_true(dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0);
    int code = scan_main(&request);
    (void)fflush(stdout);
    assert_true(dup2(kept[0], STDOUT_FILENO) >= 0 && dup2(kept[1], STDERR_FILENO) >= 0);
    close(kept[0]);
    close(kept[1]);
    listen_to(out, heard.out, sizeof heard.out);
    listen_to(err, heard.err, sizeof heard.err);
    config_dispose(&config);
    buf_dispose(&why);
    return code;
}

/* Where the resolver is silent, that is for good as far as these tests know. */
static int scan(const struct nowhere *nowhere, const struct place *place, bool resume, const char *name,
                const char *value)
{
    return scan_sharing(nowhere, place, resume, "0", name, value);
}

static long count_of(const struct place *place, const char *key)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/summary.json", place->out);
    json_t *summary = json_load_file(path, 0, NULL);
    if (summary == NULL)
        return -1;
    long count = (long)json_integer_value(json_object_get(summary, key));
    json_decref(summary);
    return count;
}

static long outcome_of(const struct place *place, const char *outcome)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/summary.json", place->out);
    json_t *summary = json_load_file(path, 0, NULL);
    assert_non_null(summary);
    long count = (long)json_integer_value(json_object_get(json_object_get(summary, "outcomes"), outcome));
    json_decref(summary);
    return count;
}

/* meta.json's, to be released. */
static json_t *meta_of(const struct place *place, const char *state)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/meta.json", place->out);
    json_t *meta = json_load_file(path, 0, NULL);
    assert_non_null(meta);
    assert_string_equal(json_string_value(json_object_get(meta, "state")), state);
    return meta;
}

struct seen {
    uint8_t *ordinals;
    size_t most, records, twice;
};

static enum error see(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    json_t *record = json_loadb((const char *)line.data, line.len, 0, NULL);
    assert_non_null(record);
    size_t ordinal = (size_t)json_integer_value(json_object_get(record, "ordinal"));
    json_decref(record);
    assert_true(ordinal >= 1 && ordinal <= seen->most);
    seen->twice += seen->ordinals[ordinal - 1]++;
    seen->records++;
    return ERR_OK;
}

/* Every record on disk: how many, and whether any ordinal stands twice. */
static size_t records_of(const struct place *place, size_t most)
{
    struct seen seen = {.ordinals = calloc(most, 1), .most = most};
    struct buf why;
    buf_init(&why, 4096);
    int fd = open(place->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(frames_read(fd, "domains", see, &seen, &why), ERR_OK);
    close(fd);
    free(seen.ordinals);
    buf_dispose(&why);
    assert_int_equal(seen.twice, 0);
    return seen.records;
}

/* Every stream has its file, also one without records. */
static void check_files(const struct place *place)
{
    static const char *const names[] = {"domains", "hosts", "certs", "rejects"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        struct stat status;
        (void)snprintf(path, sizeof path, "%s/%s.ndjson.zst", place->out, names[i]);
        if (stat(path, &status) != 0 || status.st_size == 0)
            fail_msg("%s: not there, or empty", path);
    }
}

/* ---- the tests
 * ----------------------------------------------------------------------------------------------- */

static void test_denominators(void **state)
{
    struct place place = place_make();
    write_names(&place, 1000, "not a name\n# comment\n\nn1.EXAMPLE.\nuser@n1.example\nn2.example");
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
    assert_int_equal(count_of(&place, "inputs"), 1004);
    assert_int_equal(count_of(&place, "records"), 1000);
    assert_int_equal(count_of(&place, "rejects"), 2);
    assert_int_equal(count_of(&place, "duplicates"), 2);
    assert_int_equal(records_of(&place, 1100), 1000);
    check_files(&place);
    assert_heard(heard.out, "1000 records in ");
    assert_heard(heard.out, "1004 inputs = 1000 records + 2 rejects + 2 duplicates\n");
    assert_heard(heard.out, place.out);
    assert_heard(heard.err, "list: a name a line; first names n0.example, n1.example, n2.example\n");
    assert_heard(heard.err, " for 1002 names, "); /* is there room for them? A repeat is found later */
    assert_null(strstr(heard.err, "finishing what is in flight"));
    place_remove(&place);
}

/* What meta.json says of a scan that has ended: of its machine, its input, its work and its end. */
static void test_meta(void **state)
{
    struct place place = place_make();
    write_names(&place, 10, "not a name\n");
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
    json_t *meta = meta_of(&place, "done");
    assert_true(json_is_string(json_object_get(meta, "ended")));
    assert_true(json_array_size(json_object_get(meta, "preflight")) > 0);
    assert_true(json_is_object(json_object_get(meta, "tail")));
    assert_string_equal(json_string_value(json_object_get(meta, "command")), "test");
    assert_int_equal(json_integer_value(json_object_get(meta, "runs")), 1);
    const json_t *input = json_array_get(json_object_get(meta, "inputs"), 0);
    assert_string_equal(json_string_value(json_object_get(input, "path")), place.list);
    assert_int_equal(json_integer_value(json_object_get(input, "inputs")), 11);
    assert_true(json_integer_value(json_object_get(json_object_get(meta, "counters"), "answers")) >= 0);
    assert_true(json_object_size(json_object_get(meta, "counters")) > 5);
    json_decref(meta);
    assert_int_equal(scan(*state, &place, true, NULL, NULL), 0);
    meta = meta_of(&place, "done");
    assert_int_equal(json_integer_value(json_object_get(meta, "runs")), 2);
    json_decref(meta);
    place_remove(&place);
}

static void test_fail_on(void **state)
{
    struct place place = place_make();
    write_names(&place, 10, "");
    fail_on = 1u << OUTCOME_PROTECTED | 1u << OUTCOME_UNKNOWN;
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
    remove_in(place.out);
    fail_on = 1u << OUTCOME_NO_MAIL;
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 1);
    fail_on = 0;
    assert_heard(heard.err, "stsweep: records with an outcome of --fail-on: 10\n");
    place_remove(&place);
}

/* Records to standard output, one a line; what a person reads to standard error; and no directory. */
static void test_streaming(void **state)
{
    struct place place = place_make();
    size_t lines = 0;
    write_names(&place, 20, "");
    assert_int_equal(scan(*state, &place, false, "output.dir", "-"), 0);
    for (const char *line = heard.out; *line != 0; line += strcspn(line, "\n") + 1, lines++)
        assert_int_equal(strncmp(line, "{\"schema\":", 10), 0);
    assert_int_equal(lines, 20);
    assert_heard(heard.err, "20 records in ");
    assert_int_equal(access(place.out, F_OK), -1);
    assert_int_equal(scan(*state, &place, true, "output.dir", "-"), 2);
    place_remove(&place);
}

/* A list that outgrows its memory goes to TMPDIR where there is no directory; what cannot be kept is said. */
static void test_a_long_list_of_a_stream(void **state)
{
    struct place place = place_make();
    char none[96];
    const char *before = getenv("TMPDIR");
    char *kept = before == NULL ? NULL : strdup(before);
    write_names(&place, 5000, "");
    const struct {
        const char *tmpdir;
        int code;
        const char *words;
    } cases[] = {{"", 0, "5000 records in "},
                 {place.dir, 0, "5000 records in "},
                 {none, 4,
                  "an input or output operation failed\nspool: spool file: cannot create: No such file or "
                  "directory; check its path\n"}};
    (void)snprintf(none, sizeof none, "%s/none", place.dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(setenv("TMPDIR", cases[i].tmpdir, 1), 0);
        stream_memory = "64K";
        int code = scan(*state, &place, false, "output.dir", "-");
        stream_memory = NULL;
        assert_int_equal(code, cases[i].code);
        assert_heard(heard.err, cases[i].words);
    }
    assert_int_equal(kept == NULL ? unsetenv("TMPDIR") : setenv("TMPDIR", kept, 1), 0);
    free(kept);
    place_remove(&place);
}

/* The last files cannot be put into place: the scan is not whole, and says so. */
static void test_an_end_that_cannot_be_written(void **state)
{
    static const struct {
        const char *name, *words;
    } cases[] = {{"summary.json", "stsweep: summary.json: "},
                 {"summary.csv", "summary.csv: cannot rename into place: "},
                 {"meta.json.tmp", "meta.json.tmp: cannot create: "}};
    struct nowhere *nowhere = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct place place = place_make();
        char path[128];
        write_names(&place, 20, "");
        (void)snprintf(path, sizeof path, "%s/%s", place.out, cases[i].name);
        atomic_store(&nowhere->lays, path);
        int code = scan(nowhere, &place, false, NULL, NULL);
        assert_null(atomic_exchange(&nowhere->lays, NULL));
        assert_int_equal(code, 4);
        assert_heard(heard.err, cases[i].words);
        assert_null(strstr(heard.out, "20 records in "));
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(scan(nowhere, &place, true, NULL, NULL), 0);
        assert_int_equal(count_of(&place, "records"), 20);
        assert_int_equal(records_of(&place, 20), 20);
        place_remove(&place);
    }
}

/* This machine is not fit: nobody is judged, and nothing is left behind. */
static void test_no_resolver_answers(void **state)
{
    struct place place = place_make();
    write_names(&place, 20, "");
    assert_int_equal(scan(*state, &place, false, "dns.resolvers", "127.0.0.1:1"), 4);
    assert_heard(heard.err, ", so the scan does not start\n");
    assert_string_equal(heard.out, "");
    assert_int_equal(access(place.out, F_OK), -1);
    place_remove(&place);
}

static void test_empty_and_missing(void **state)
{
    struct place place = place_make();
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2); /* no such file */
    assert_heard(heard.err, "cannot read: No such file");
    assert_int_equal(access(place.out, F_OK), -1);
    remove_in(place.out);
    write_names(&place, 0, "# nothing\n");
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2);
    assert_heard(heard.err, "list: there is no name in it: nothing but blank lines, comments or a header; ");
    remove_in(place.out);
    write_names(&place, 0, "not a name\nuser@n1.example\nnor this\n");
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2);
    assert_heard(heard.err, "list: there is no name in it: 3 inputs, all rejected "
                            "(2 input.bad-name, 1 input.is-email); ");
    remove_in(place.out);
    /* What is no list is refused before there is a directory, and nobody is asked. */
    write_names(&place, 0, "<html><body>502 Bad Gateway</body></html>\n");
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2);
    assert_heard(heard.err, "list: it is an HTML or XML page, as a download that failed may leave it");
    assert_null(strstr(heard.err, "resolver"));
    assert_int_equal(access(place.out, F_OK), -1);
    write_names(&place, 0, "127.0.0.1 localhost\n0.0.0.0 n1.example\n");
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2);
    assert_heard(heard.err, "this makes one of it:\n  awk ");
    assert_int_equal(scan(*state, &place, false, "input.columns", "domain,domain"), 2);
    assert_heard(heard.err, "input.columns=domain,domain: a word a column");
    write_names(&place, 7, "");
    assert_int_equal(scan(*state, &place, false, "input.at_least", "8"), 2);
    assert_heard(heard.err, "the input holds 7 names, fewer than input.at_least=8");
    remove_in(place.out);
    write_names(&place, 0, "# nothing\n");
    assert_int_equal(scan(*state, &place, false, "input.at_least", "0"), 0);
    assert_heard(heard.out, "Nothing was scanned: ");
    assert_int_equal(count_of(&place, "inputs"), 0);
    check_files(&place);
    assert_int_equal(records_of(&place, 1), 0);
    place_remove(&place);
}

static void test_spool_on_disk(void **state)
{
    struct place place = place_make();
    write_names(&place, 20000, "n1.example\n");
    assert_int_equal(scan(*state, &place, false, "input.memory", "64K"), 0);
    assert_int_equal(count_of(&place, "records"), 20000);
    assert_int_equal(count_of(&place, "duplicates"), 1);
    assert_int_equal(records_of(&place, 20001), 20000);
    place_remove(&place);
}

static void test_shards_are_a_partition(void **state)
{
    static const char *const shards[] = {"1/3", "2/3", "3/3"};
    long records = 0;
    for (size_t i = 0; i < 3; i++) {
        struct place place = place_make();
        write_names(&place, 2000, "");
        assert_int_equal(scan(*state, &place, false, "scan.shard", shards[i]), 0);
        assert_int_equal(count_of(&place, "records") + count_of(&place, "not_in_shard"), 2000);
        char words[64]; /* the start speaks of the shard's names */
        (void)snprintf(words, sizeof words, " MiB for %ld names, ", count_of(&place, "records"));
        assert_heard(heard.err, words);
        records += count_of(&place, "records");
        place_remove(&place);
    }
    assert_int_equal(records, 2000);
}

/* Is there room for all of the list? It is kept until all of it is known. */
static void test_a_sample_of_a_long_list(void **state)
{
    struct place place = place_make();
    write_names(&place, 2000, "");
    stream_memory = "64K";
    assert_int_equal(scan(*state, &place, false, "sample.take", "10"), 0);
    stream_memory = NULL;
    assert_int_equal(count_of(&place, "records"), 10);
    assert_heard(heard.err, " about 0.1 MiB for 10 names of a list of 2000, ");
    place_remove(&place);
}

static void test_a_filter_that_leaves_nothing(void **state)
{
    struct place place = place_make();
    write_names(&place, 20, "");
    assert_int_equal(scan(*state, &place, false, "input.only", ".nope"), 2);
    assert_heard(heard.err,
                 "input.only or input.except leaves 0 of the 20 names that the input holds, fewer than "
                 "input.at_least=1; input.at_least=0 goes on all the same\n");
    place_remove(&place);
}

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Interrupts the scan in the directory once it has read its list. */
static void *interrupt_when_read(void *arg)
{
    const struct place *place = arg;
    char path[128], text[4096];
    (void)snprintf(path, sizeof path, "%s/meta.json", place->out);
    for (int64_t until = milliseconds() + PATIENCE_MS; milliseconds() < until;) {
        (void)usleep(10000);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        if (fd >= 0)
            close(fd);
        text[len < 0 ? 0 : len] = 0;
        if (strstr(text, "\"scanning\"") != NULL)
            break;
    }
    (void)kill(getpid(), SIGTERM);
    return NULL;
}

/* From here on the resolver answers so many questions more, and what it leaves unanswered waits for longer
 * than any test: such a scan goes on until it is interrupted. */
static void hold(struct nowhere *nowhere, int answers)
{
    dns_timeout = "60s";
    if (answers > 0)
        atomic_store(&nowhere->until_silent, answers);
    else
        atomic_store(&nowhere->silent, true);
}

static void hold_no_more(struct nowhere *nowhere)
{
    dns_timeout = "300ms";
    atomic_store(&nowhere->until_silent, 0);
    atomic_store(&nowhere->silent, false);
}

static int answer_again(void **state)
{
    hold_no_more(*state);
    return 0;
}

/* Stopped in the middle and gone on with, a sample is the same; with another it is not gone on with. */
static void test_a_sample(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    write_names(&place, 2000, "n5.example\nbad name\n");
    hold(nowhere, 200);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_when_read, &place), 0);
    assert_int_equal(scan(nowhere, &place, false, "sample.take", "300"), 3);
    assert_int_equal(pthread_join(thread, NULL), 0);
    hold_no_more(nowhere);
    assert_int_equal(scan(nowhere, &place, true, "sample.take", "301"), 2);
    assert_heard(heard.err, "sample.take is \"301\", the scan was started with \"300\"");
    assert_int_equal(scan(nowhere, &place, true, NULL, NULL), 2);
    assert_int_equal(scan(nowhere, &place, true, "sample.take", "300"), 0);
    assert_heard(heard.out, "Outcome in the sample, and with 95 % confidence in all 2000 names\n");
    assert_heard(heard.out, "  no-mail             300 100.00 %  in all  98.9");
    assert_int_equal(count_of(&place, "inputs"), 2002);
    assert_int_equal(count_of(&place, "records"), 300);
    assert_int_equal(count_of(&place, "rejects"), 1);
    assert_int_equal(count_of(&place, "duplicates"), 1);
    assert_int_equal(count_of(&place, "not_sampled"), 1700);
    assert_int_equal(records_of(&place, 2002), 300);
    check_files(&place);
    place_remove(&place);
}

static void test_refusals(void **state)
{
    struct place place = place_make();
    write_names(&place, 100, "");
    assert_int_equal(scan(*state, &place, true, NULL, NULL), 2); /* nothing to go on with */
    remove_in(place.out);
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2); /* there is a scan already */
    assert_heard(heard.err, "it holds a scan already");
    assert_int_equal(scan(*state, &place, true, "smtp.probe", "none"), 2);
    assert_heard(heard.err, "smtp.probe is \"none\", the scan was started with ");
    assert_int_equal(scan(*state, &place, true, "scan.in_flight", "7"), 0); /* a speed may change */
    write_names(&place, 101, "");
    assert_int_equal(scan(*state, &place, true, NULL, NULL), 2); /* another input */
    assert_heard(heard.err, "list has ");
    assert_int_equal(records_of(&place, 100), 100);
    place_remove(&place);
}

/* No record can stand below a name of 253 octets: that is no fault of anybody's name server. */
static void test_names_too_long_for_records(void **state)
{
    enum { LABEL = 63 };
    struct place place = place_make();
    char name[256 + 1] = "";
    for (int i = 0; i < 4; i++)
        for (int j = 0; j <= LABEL; j++)
            name[i * (LABEL + 1) + j] = j < LABEL ? (char)('a' + i) : '.';
    (void)snprintf(name + 245, sizeof name - 245, ".example\n"); /* 253 and the line's end */
    write_names(&place, 10, name);
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
    assert_int_equal(count_of(&place, "records"), 11);
    assert_int_equal(outcome_of(&place, "no-mail"), 11);
    place_remove(&place);
}

static void test_signal_then_resume(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    pthread_t thread;
    write_names(&place, 3000, "bad name\n");
    hold(nowhere, 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_when_read, &place), 0);
    assert_int_equal(scan(nowhere, &place, false, NULL, NULL), 3);
    assert_int_equal(pthread_join(thread, NULL), 0);
    hold_no_more(nowhere);
    check_files(&place);
    assert_heard(heard.err, "stsweep: stopped; finishing what is in flight (again to exit at once)\n");
    assert_heard(heard.err, " records are safe; go on with the same command and --resume\n");
    json_decref(meta_of(&place, "stopped"));
    assert_int_equal(count_of(&place, "records"), -1); /* no summary: it is not whole */
    assert_int_equal(scan(nowhere, &place, true, NULL, NULL), 0);
    assert_int_equal(count_of(&place, "records"), 3000);
    assert_int_equal(count_of(&place, "rejects"), 1);
    assert_int_equal(records_of(&place, 3001), 3000);
    check_files(&place);
    place_remove(&place);
}

static int plain_again(void **state)
{
    (void)state;
    stage = NULL;
    return 0;
}

/* The names given again: what is whole ends at once, though the list and the resolver are gone; of other
 * options, and of another stage, it is refused. */
static void test_names_that_are_whole(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    write_names(&place, 300, "bad name\nworse name\n");
    stage = "names";
    assert_int_equal(scan(nowhere, &place, false, "scan.shard", "1/2"), 0);
    const long records = count_of(&place, "records");
    assert_true(records > 100 && records < 200);
    assert_int_equal(count_of(&place, "rejects"), 1);
    assert_int_equal(count_of(&place, "not_in_shard"), 301 - records);
    json_t *meta = meta_of(&place, "done");
    assert_string_equal(json_string_value(json_object_get(meta, "seed")), "1"); /* as that of all shards */
    json_decref(meta);
    assert_int_equal(unlink(place.list), 0);
    atomic_store(&nowhere->silent, true);
    assert_int_equal(scan(nowhere, &place, false, "scan.shard", "1/2"), 0);
    assert_heard(heard.err, "/out: the names are whole already: nothing is left to do\n");
    assert_string_equal(heard.out, "");
    assert_int_equal(scan(nowhere, &place, true, "scan.shard", "1/2"), 0);
    assert_heard(heard.err, "whole already");
    assert_int_equal(scan(nowhere, &place, false, "scan.shard", "2/2"), 2);
    assert_heard(heard.err, "scan.shard is \"2/2\", the scan was started with \"1/2\"");
    atomic_store(&nowhere->silent, false);
    stage = NULL;
    write_names(&place, 300, "bad name\nworse name\n");
    assert_int_equal(scan(nowhere, &place, false, "scan.shard", "1/2"), 2);
    assert_heard(heard.err, "it holds a scan already");
    assert_int_equal(scan(nowhere, &place, true, "scan.shard", "1/2"), 2);
    assert_heard(heard.err, "scan.stage is \"all\", the scan was started with \"names\"");
    assert_int_equal(count_of(&place, "records"), records);
    place_remove(&place);
}

/* What was begun is gone on with, unless it is another scan; --resume may be given and need not. */
static void test_names_that_were_begun(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    pthread_t thread;
    stage = "names";
    for (int given = 0; given < 2; given++) {
        write_names(&place, 3000, "bad name\n");
        hold(nowhere, 0);
        assert_int_equal(pthread_create(&thread, NULL, interrupt_when_read, &place), 0);
        assert_int_equal(scan(nowhere, &place, false, NULL, NULL), 3);
        assert_int_equal(pthread_join(thread, NULL), 0);
        hold_no_more(nowhere);
        assert_heard(heard.err, " records are safe; go on with the same command\n");
        assert_int_equal(scan(nowhere, &place, false, "smtp.probe", "none"), 2);
        assert_heard(heard.err, "smtp.probe is \"none\", the scan was started with \"all\"");
        write_names(&place, 2999, "bad name\n");
        assert_int_equal(scan(nowhere, &place, false, NULL, NULL), 2);
        assert_heard(heard.err, "the input of the scan had");
        write_names(&place, 3000, "bad name\n");
        assert_int_equal(scan(nowhere, &place, given > 0, NULL, NULL), 0);
        assert_int_equal(count_of(&place, "records"), 3000);
        assert_int_equal(count_of(&place, "rejects"), 1);
        assert_int_equal(records_of(&place, 3001), 3000);
        json_t *meta = meta_of(&place, "done");
        assert_int_equal(json_integer_value(json_object_get(meta, "runs")), 2);
        json_decref(meta);
        remove_in(place.out);
    }
    place_remove(&place);
}

/* Who comes second does nothing, and is told who was first; of a plain scan that is a fault as ever. */
static void test_names_in_other_hands(void **state)
{
    struct place place = place_make();
    char path[128];
    write_names(&place, 30, "");
    assert_int_equal(mkdir(place.out, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/lock", place.out);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_true(lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0);
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 2);
    assert_heard(heard.err, "another process is writing to it");
    stage = "names";
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 75);
    assert_heard(heard.err, "/out: another process is at work on it; give the same command again later\n");
    assert_int_equal(write(lock, "process 7 on host9\n", 19), 19);
    assert_int_equal(scan(*state, &place, true, NULL, NULL), 75);
    assert_heard(heard.err, "/out: process 7 on host9 is at work on it; give");
    close(lock);
    assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
    assert_int_equal(count_of(&place, "records"), 30);
    place_remove(&place);
}

/* A child that scans the list; where nobody answers, questions wait longer than any test. It streams its
 * records to stream_to where that is not -1. */
static pid_t start_child(const struct nowhere *nowhere, const struct place *place, const char *drain,
                         int stream_to)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct config config;
        struct buf why;
        buf_init(&why, 4096);
        const char *options[][2] = {{"dns.resolvers", nowhere->address},
                                    {"dns.timeout", "60s"},
                                    {"scan.drain", drain},
                                    {"dns.outage_share", "0"},
                                    {"output.dir", stream_to < 0 ? place->out : "-"},
                                    {"preflight.port25", ""},
                                    {"safety.allow", "127.0.0.0/8"}};
        bool good = config_init(&config) == ERR_OK;
        for (size_t i = 0; i < sizeof options / sizeof *options; i++)
            good = good && config_set(&config, options[i][0], options[i][1], "test", &why) == ERR_OK;
        const char *files[] = {place->list};
        struct scan_request request = {
            .config = &config, .files = files, .file_count = 1, .command_line = "test"};
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(stream_to < 0 ? null : stream_to, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        _exit(good ? scan_main(&request) : 99);
    }
    return child;
}

/* Names are in flight. */
static void wait_until_asked(struct nowhere *nowhere)
{
    for (int64_t until = milliseconds() + PATIENCE_MS; milliseconds() < until;) {
        if (atomic_load(&nowhere->unanswered) >= 100)
            break;
        (void)usleep(20000);
    }
    assert_true(atomic_exchange(&nowhere->unanswered, 0) >= 100);
}

/* A child with names in flight that nobody answers. */
static pid_t start_unanswered(struct nowhere *nowhere, const struct place *place, const char *drain)
{
    atomic_store(&nowhere->unanswered, 0);
    atomic_store(&nowhere->silent, true);
    pid_t child = start_child(nowhere, place, drain, -1);
    wait_until_asked(nowhere);
    return child;
}

/* Sends the signal, and waits until the child's handler has it. */
static void send_signal(pid_t child, int number)
{
    char path[64], line[128];
    unsigned long long pending = 1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)child);
    assert_int_equal(kill(child, number), 0);
    for (int64_t until = milliseconds() + PATIENCE_MS; pending != 0 && milliseconds() < until;) {
        (void)usleep(1000);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file) != NULL)
            if (strncmp(line, "ShdPnd:", 7) == 0)
                pending = strtoull(line + 7, NULL, 16) & 1ull << (number - 1);
        (void)fclose(file);
    }
    assert_int_equal(pending, 0);
}

static void expect_exit(pid_t child, int code)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), code);
}

/* One signal: what is in flight has scan.drain. A second one: at once. (Where a child does not end, the step
 * does not: nobody answers it before the step's time is over.) */
static void test_drain_and_second_signal(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    write_names(&place, 3000, "");
    pid_t child = start_unanswered(nowhere, &place, "1500ms");
    int64_t began = milliseconds();
    send_signal(child, SIGINT);
    expect_exit(child, 3);
    assert_true(milliseconds() - began >= 1000);
    remove_in(place.out);
    child = start_unanswered(nowhere, &place, "10m");
    send_signal(child, SIGINT);
    (void)usleep(500000);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    assert_int_equal(kill(child, SIGINT), 0);
    expect_exit(child, 3);
    hold_no_more(nowhere);
    assert_int_equal(scan(nowhere, &place, true, NULL, NULL), 0);
    assert_int_equal(count_of(&place, "records"), 3000);
    place_remove(&place);
}

/* Twice at once, as timeout sends it, is once: what is in flight still has its time. (It is stopped while
 * they are sent, so that it has both at one moment.) */
static void test_a_signal_sent_twice_at_once(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    write_names(&place, 3000, "");
    pid_t child = start_unanswered(nowhere, &place, "1500ms");
    int status;
    assert_int_equal(kill(child, SIGSTOP), 0);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_int_equal(kill(child, SIGINT), 0);
    assert_int_equal(kill(child, SIGTERM), 0);
    int64_t began = milliseconds();
    assert_int_equal(kill(child, SIGCONT), 0);
    expect_exit(child, 3);
    assert_true(milliseconds() - began >= 1000);
    place_remove(&place);
}

/* Nobody reads what is streamed: the scan cannot end by itself, but by signals. */
static void test_signals_while_the_writer_is_held(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    int ends[2];
    write_names(&place, 3000, "");
    assert_int_equal(pipe(ends), 0);
    pid_t child = start_child(nowhere, &place, "100ms", ends[1]);
    bool full = false;
    for (int64_t until = milliseconds() + PATIENCE_MS; !full && milliseconds() < until;) {
        (void)usleep(10000);
        full = poll(&(struct pollfd){.fd = ends[1], .events = POLLOUT}, 1, 0) == 0;
    }
    assert_true(full);
    send_signal(child, SIGINT);
    (void)usleep(600000);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    assert_int_equal(kill(child, SIGINT), 0);
    expect_exit(child, 3);
    close(ends[0]);
    close(ends[1]);
    place_remove(&place);
}

/* The list is a pipe with a name that nobody writes to. */
static void test_signal_while_the_input_is_silent(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    char meta[128];
    assert_int_equal(mkfifo(place.list, 0600), 0);
    pid_t child = start_child(nowhere, &place, "200ms", -1);
    (void)snprintf(meta, sizeof meta, "%s/meta.json", place.out);
    for (int64_t until = milliseconds() + PATIENCE_MS; access(meta, F_OK) != 0 && milliseconds() < until;)
        (void)usleep(10000);
    assert_int_equal(access(meta, F_OK), 0);
    (void)usleep(300000);
    assert_int_equal(waitpid(child, NULL, WNOHANG), 0);
    assert_int_equal(kill(child, SIGTERM), 0);
    expect_exit(child, 3);
    place_remove(&place);
}

static void test_full_disk_then_resume(void **state)
{
    struct place place = place_make();
    struct rlimit before;
    write_names(&place, 20000, "");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 24576, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int code = scan(*state, &place, false, "output.frame_bytes", "16K");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, 4);
    assert_heard(heard.err, "domains.ndjson.zst: cannot write: File too large");
    assert_int_equal(count_of(&place, "records"), -1);
    assert_int_equal(scan(*state, &place, true, NULL, NULL), 0);
    assert_int_equal(count_of(&place, "records"), 20000);
    assert_int_equal(records_of(&place, 20000), 20000);
    place_remove(&place);
}

struct recovery {
    struct nowhere *nowhere;
    const char *words;
};

/* Answers again once the scan of this process has said the words. */
static void *recover(void *arg)
{
    const struct recovery *recovery = arg;
    static char said[1 << 16];
    for (int64_t until = milliseconds() + PATIENCE_MS; milliseconds() < until;) {
        ssize_t got = pread(STDERR_FILENO, said, sizeof said - 1, 0);
        said[got < 0 ? 0 : got] = 0;
        if (strstr(said, recovery->words) != NULL)
            break;
        (void)usleep(10000);
    }
    atomic_store(&recovery->nowhere->silent, false);
    return NULL;
}

/* What could not be determined in the first pass gets its one record after the second. */
static void test_second_pass(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    pthread_t thread;
    write_names(&place, 50, "");
    struct recovery recovery = {nowhere, "they are tried again in "};
    atomic_store(&nowhere->silent, true);
    assert_int_equal(pthread_create(&thread, NULL, recover, &recovery), 0);
    assert_int_equal(scan(nowhere, &place, false, "scan.retry_after", "2s"), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(count_of(&place, "records"), 50);
    assert_int_equal(outcome_of(&place, "no-mail"), 50);
    assert_int_equal(records_of(&place, 50), 50);
    place_remove(&place);
}

static void test_without_a_second_pass(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    write_names(&place, 50, "");
    atomic_store(&nowhere->silent, true);
    assert_int_equal(scan(nowhere, &place, false, "scan.retry_passes", "0"), 0);
    atomic_store(&nowhere->silent, false);
    assert_int_equal(outcome_of(&place, "unknown"), 50);
    place_remove(&place);
}

/* The resolver itself is gone: nobody is judged by that, though there is only one pass. */
static void test_outage(void **state)
{
    struct nowhere *nowhere = *state;
    struct place place = place_make();
    pthread_t thread;
    write_names(&place, 50, "");
    struct recovery recovery = {nowhere, "cut off"};
    atomic_store(&nowhere->until_silent, 60);
    assert_int_equal(pthread_create(&thread, NULL, recover, &recovery), 0);
    assert_int_equal(scan_sharing(nowhere, &place, false, "50", "scan.retry_passes", "0"), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(outcome_of(&place, "no-mail"), 50);
    assert_int_equal(records_of(&place, 50), 50);
    place_remove(&place);
}

static void test_nothing_stays(void **state)
{
    struct place place = place_make();
    int fds = 0;
    size_t bytes = 0;
    write_names(&place, 2000, "");
    for (int i = 0; i < 6; i++) {
        assert_int_equal(scan(*state, &place, false, NULL, NULL), 0);
        remove_in(place.out);
        if (i == 2) { /* libraries keep what they set up once */
            fds = open_files();
            bytes = mallinfo2().uordblks;
        }
    }
    assert_int_equal(open_files(), fds);
    assert_true(mallinfo2().uordblks < bytes + 65536);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denominators),
        cmocka_unit_test(test_meta),
        cmocka_unit_test(test_fail_on),
        cmocka_unit_test(test_streaming),
        cmocka_unit_test(test_a_long_list_of_a_stream),
        cmocka_unit_test(test_an_end_that_cannot_be_written),
        cmocka_unit_test(test_no_resolver_answers),
        cmocka_unit_test(test_empty_and_missing),
        cmocka_unit_test(test_spool_on_disk),
        cmocka_unit_test(test_shards_are_a_partition),
        cmocka_unit_test(test_a_sample_of_a_long_list),
        cmocka_unit_test(test_a_filter_that_leaves_nothing),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_sample),
        cmocka_unit_test(test_names_too_long_for_records),
        cmocka_unit_test(test_signal_then_resume),
        cmocka_unit_test_teardown(test_names_that_are_whole, plain_again),
        cmocka_unit_test_teardown(test_names_that_were_begun, plain_again),
        cmocka_unit_test_teardown(test_names_in_other_hands, plain_again),
        cmocka_unit_test_teardown(test_drain_and_second_signal, answer_again),
        cmocka_unit_test_teardown(test_a_signal_sent_twice_at_once, answer_again),
        cmocka_unit_test(test_signals_while_the_writer_is_held),
        cmocka_unit_test(test_signal_while_the_input_is_silent),
        cmocka_unit_test(test_full_disk_then_resume),
        cmocka_unit_test(test_second_pass),
        cmocka_unit_test(test_without_a_second_pass),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_nothing_stays),
    };
    return cmocka_run_group_tests_name("scan", tests, start_resolver, stop_resolver);
}
