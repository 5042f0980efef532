/*
 * Directories of names and probes merged: the records are those of one scan, whatever killed the merge in
 * between; what is refused, and what is said to come again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/stages/merge.h"
#include "tests/unit/stages/stages_place.h"

enum { DIRS = PLACE_SHARDS + PLACE_PARTS, KILLS = 4 };

struct merging {
    struct stages_place place;
    char dir[PLACE_PATH];
    const char *given[DIRS];
    struct args args;
};

static void begin(struct merging *merging)
{
    place_begin(&merging->place, "0");
    merging->args = (struct args){.names = merging->given, .name_count = DIRS};
    (void)snprintf(merging->dir, sizeof merging->dir, "%s/merged", merging->place.top);
    for (size_t i = 0; i < DIRS; i++) /* the probes first: the order does not matter */
        merging->given[i] =
            i < PLACE_PARTS ? merging->place.probes[i] : merging->place.names[i - PLACE_PARTS];
    assert_int_equal(config_init(&merging->args.config), ERR_OK);
    place_ok(&merging->place,
             config_set(&merging->args.config, "output.dir", merging->dir, "test", &merging->place.why));
    place_ok(&merging->place,
             config_set(&merging->args.config, "output.frame_bytes", "64K", "test", &merging->place.why));
}

static void end(struct merging *merging)
{
    config_dispose(&merging->args.config);
    place_end(&merging->place);
}

/* Runs the merge in a process of its own, and kills it after so many microseconds; 0: it may end. Returns its
 * exit code, -1 if it was killed. */
static int run(const struct merging *merging, int signal_number, long after_us)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char path[PLACE_PATH + 8];
        (void)snprintf(path, sizeof path, "%s/said", merging->place.top);
        int null = open("/dev/null", O_WRONLY), said = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(said, STDERR_FILENO);
        _exit(merge_main(&merging->args, "stsweep merge"));
    }
    if (after_us > 0) {
        const struct timespec time = {.tv_sec = after_us / 1000000, .tv_nsec = after_us % 1000000 * 1000};
        (void)nanosleep(&time, NULL);
        assert_int_equal(kill(child, signal_number), 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* ---- what was written ---------------------------------------------------------------------------------- */

struct found {
    const struct stages_place *place;
    size_t domains;
    bool seen[PLACE_DOMAINS];
    struct buf lines;
};

static enum error on_domain(void *arg, struct bytes line)
{
    struct found *found = arg;
    struct tally tally;
    assert_int_equal(summary_read_line(line, &tally), ERR_OK);
    assert_in_range(tally.ordinal, 1, PLACE_DOMAINS);
    const char *expected = found->place->expected[tally.ordinal - 1];
    assert_false(found->seen[tally.ordinal - 1]);
    found->seen[tally.ordinal - 1] = true;
    found->domains++;
    size_t same = 0;
    while (same < line.len && expected[same] == (char)line.data[same])
        same++;
    size_t from = same < 80 ? 0 : same - 80;
    if (line.len + 1 != strlen(expected) || same < line.len)
        fail_msg("%.60s: %.*s\n is not as expected\n%.200s", found->place->expected[tally.ordinal - 1] + 11,
                 (int)(line.len - from < 200 ? line.len - from : 200), (const char *)line.data + from,
                 expected + from);
    return ERR_OK;
}

static enum error on_line(void *arg, struct bytes line)
{
    struct found *found = arg;
    assert_true(buf_append(&found->lines, line.data, line.len) && buf_byte(&found->lines, '\n'));
    return ERR_OK;
}

/* Gathers a stream of a directory behind what is there. */
static void gather(struct found *found, const char *dir, const char *stream)
{
    struct buf why;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    buf_init(&why, 4096);
    assert_int_equal(frames_read(fd, stream, on_line, found, &why), ERR_OK);
    buf_dispose(&why);
    (void)close(fd);
}

static size_t count_lines(const struct buf *text)
{
    size_t count = 0;
    for (size_t i = 0; i < text->len; i++)
        count += text->data[i] == '\n';
    return count;
}

/* The host records are those of the parts, one after the other; certificates stand once. */
static void assert_copied(struct found *found, const struct merging *merging)
{
    struct found parts = {.place = &merging->place};
    buf_init(&found->lines, 64 << 20);
    buf_init(&parts.lines, 64 << 20);
    gather(found, merging->dir, "hosts");
    for (size_t i = 0; i < PLACE_PARTS; i++)
        gather(&parts, merging->place.probes[i], "hosts");
    assert_true(found->lines.len > 0);
    assert_true(bytes_equal(buf_bytes(&found->lines), buf_bytes(&parts.lines)));
    buf_reset(&found->lines);
    gather(found, merging->dir, "rejects");
    assert_int_equal(count_lines(&found->lines), PLACE_REJECTS);
    buf_dispose(&found->lines);
    buf_dispose(&parts.lines);
}

static void assert_merged(const struct merging *merging)
{
    struct found found = {.place = &merging->place};
    struct buf why;
    int fd = open(merging->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    buf_init(&why, 4096);
    assert_int_equal(frames_read(fd, "domains", on_domain, &found, &why), ERR_OK);
    assert_int_equal(found.domains, PLACE_DOMAINS);
    assert_true(frames_scan_is_whole(fd));
    (void)close(fd);
    buf_dispose(&why);
    assert_copied(&found, merging);
}

/* ---- the tests ----------------------------------------------------------------------------------------- */

static void test_a_merge_is_the_scan(void **state)
{
    struct merging merging;
    (void)state;
    begin(&merging);
    assert_int_equal(run(&merging, 0, 0), EXIT_DONE);
    assert_merged(&merging);
    assert_int_equal(run(&merging, 0, 0), EXIT_DONE); /* and is left as it is */
    assert_merged(&merging);
    end(&merging);
}

/* Sends the signal at a moment of the next *most_us; false if the merge was over by then. Then it takes less,
 * as the machine may have stood still while it was measured, and the moments come sooner. */
static bool end_early(const struct merging *merging, int number, uint64_t *draws, unsigned *most_us)
{
    bool early = run(merging, number, 1 + (long)random_draw(draws, *most_us)) != EXIT_DONE;
    if (!early && *most_us > 1)
        *most_us /= 2;
    return early;
}

static void test_a_killed_merge_goes_on(void **state)
{
    struct merging merging;
    size_t killed = 0;
    uint64_t draws = 7;
    (void)state;
    begin(&merging);
    int64_t began_ms = clock_monotonic_ms();
    assert_int_equal(run(&merging, 0, 0), EXIT_DONE);
    unsigned most_us = (unsigned)(clock_monotonic_ms() - began_ms + 1) * 1000;
    for (size_t i = 0; i < KILLS; i++) {
        assert_int_equal(nftw(merging.dir, place_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
        for (size_t j = 0; j < 3; j++)
            killed += end_early(&merging, j < 2 ? SIGKILL : SIGTERM, &draws, &most_us);
        assert_int_equal(run(&merging, 0, 0), EXIT_DONE);
        assert_merged(&merging);
    }
    assert_in_range(killed, 1, 3 * KILLS);
    end(&merging);
}

static void test_who_comes_second_is_told_to_come_again(void **state)
{
    struct merging merging;
    char path[PLACE_PATH + 8];
    (void)state;
    begin(&merging);
    assert_int_equal(mkdir(merging.dir, 0755), 0);
    (void)snprintf(path, sizeof path, "%s/lock", merging.dir);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(run(&merging, 0, 0), EXIT_AGAIN);
    (void)close(lock);
    assert_int_equal(run(&merging, 0, 0), EXIT_DONE);
    assert_merged(&merging);
    end(&merging);
}

/* Leaves the directory out that stands at this place. */
static int run_without(struct merging *merging, size_t index)
{
    const char *left_out = merging->given[index];
    merging->given[index] = merging->given[DIRS - 1];
    merging->args.name_count = DIRS - 1;
    int code = run(merging, 0, 0);
    merging->given[index] = left_out;
    merging->args.name_count = DIRS;
    return code;
}

static void remove_file(const char *dir, const char *name)
{
    char path[PLACE_PATH + 32];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    assert_int_equal(remove(path), 0);
}

static void test_what_is_missing_is_refused(void **state)
{
    struct merging merging;
    (void)state;
    begin(&merging);
    assert_int_equal(run_without(&merging, 0), EXIT_AGAIN);           /* a part */
    assert_int_equal(run_without(&merging, PLACE_PARTS), EXIT_USAGE); /* a shard */
    assert_int_not_equal(access(merging.dir, F_OK), 0);
    remove_file(merging.place.probes[1], "summary.json");
    assert_int_equal(run(&merging, 0, 0), EXIT_AGAIN);
    end(&merging);
}

static void test_another_merge_is_refused(void **state)
{
    struct merging merging;
    (void)state;
    begin(&merging);
    merging.args.names = merging.given + PLACE_PARTS; /* the names alone */
    merging.args.name_count = PLACE_SHARDS;
    assert_int_equal(run(&merging, 0, 0), EXIT_DONE);
    merging.args.names = merging.given;
    merging.args.name_count = DIRS;
    assert_int_equal(run(&merging, 0, 0), EXIT_USAGE);
    end(&merging);
}

static void test_a_damaged_part_is_refused(void **state)
{
    struct merging merging;
    char path[PLACE_PATH + 32];
    (void)state;
    begin(&merging);
    (void)snprintf(path, sizeof path, "%s/hosts.ndjson.zst", merging.place.probes[0]);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pwrite(fd, "damage", 6, 4000), 6);
    (void)close(fd);
    assert_int_equal(run(&merging, 0, 0), EXIT_FAILED);
    end(&merging);
}

/* ---- what no scan writes ------------------------------------------------------------------------------- */

/* Writes the stream of a directory anew, with one line more behind its own. */
static void add_line(const char *dir, const char *stream, const char *line)
{
    struct found found = {.domains = 0};
    struct buf why;
    struct frames *frames;
    char file[64];
    bool full;
    buf_init(&why, 4096);
    buf_init(&found.lines, 64 << 20);
    gather(&found, dir, stream);
    assert_true(buf_printf(&found.lines, "%s\n", line));
    (void)snprintf(file, sizeof file, "%s.ndjson.zst", stream);
    remove_file(dir, file);
    const struct frames_options options = {.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                           .name = stream,
                                           .level = 1,
                                           .frame_bytes = 64 << 20,
                                           .part_bytes = 64 << 20};
    assert_int_equal(frames_create(&options, &frames, &why), ERR_OK);
    assert_int_equal(frames_append(frames, buf_bytes(&found.lines), &full), ERR_OK);
    assert_int_equal(frames_commit(frames, &why), ERR_OK);
    frames_destroy(frames);
    (void)close(options.dir_fd);
    buf_dispose(&found.lines);
    buf_dispose(&why);
}

/* Tells whether the last merge said `text`, and of which directory. */
static bool said(const struct merging *merging, const char *dir, const char *text)
{
    char path[PLACE_PATH + 8], words[8192], wanted[PLACE_PATH + 128];
    (void)snprintf(path, sizeof path, "%s/said", merging->place.top);
    (void)snprintf(wanted, sizeof wanted, "%s: %s", dir, text);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    words[fread(words, 1, sizeof words - 1, file)] = 0;
    (void)fclose(file);
    return strstr(words, wanted) != NULL;
}

#define SUM PLACE_PLAN
#define FINAL                                                                                                \
    "\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"none\",\"codes\":[],\"provider\":{\"mx\":null}"
#define HOST   "{\"host\":\"mx.example\",\"ip\":\"192.0.2.1\",\"step\":\"done\""
#define RECORD "a line is no record"

/* Each is refused with its reason: none of it is in a scan that the merge makes. */
static void test_lines_that_no_scan_writes(void **state)
{
    static const struct {
        const char *stream, *line, *words;
        bool of_names;
    } rows[] = {
        {"rejects", "no JSON", "rejects.ndjson.zst: record ", true},
        {"rejects", "{\"ordinal\":300}}", RECORD, true},
        {"domains", "{\"ordinal\":300," FINAL ",\"x\":}", RECORD, true},
        {"domains", "{\"ordinal\":300," FINAL "}}", RECORD, true},
        {"domains", "{\"ordinal\":1," FINAL "}", "two domains have the same ordinal", true},
        {"domains", "{\"ordinal\":17179869184," FINAL "}", "an ordinal is beyond those of any list", true},
        {"domains", "{\"ordinal\":300}", "a line is no domain record", true},
        {"hosts", HOST " nonsense", RECORD, false},
        {"hosts", "{}", "a line is no host record or certificate record", false},
        {"certs", "{\"sha256\":\"" SUM "\" nonsense", RECORD, false},
        {"certs", "{\"sha256\":\"ab\"}", "a line is no certificate record", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct merging merging;
        begin(&merging);
        const char *dir = rows[i].of_names ? merging.place.names[1] : merging.place.probes[1];
        add_line(dir, rows[i].stream, rows[i].line);
        assert_int_equal(run(&merging, 0, 0), EXIT_FAILED);
        if (!said(&merging, dir, rows[i].words))
            fail_msg("%s %s: %s is not said", rows[i].stream, rows[i].line, rows[i].words);
        end(&merging);
    }
}

/* What another program wrote with its characters as they are is written as ours would. */
static void test_nothing_hides_in_what_is_copied(void **state)
{
    struct merging merging;
    struct found found = {.domains = 0};
    (void)state;
    begin(&merging);
    add_line(merging.place.probes[1], "hosts", HOST ",\t\"reply\":\"a\x7F\xE2\x80\xAE\"}");
    assert_int_equal(run(&merging, 0, 0), EXIT_DONE);
    buf_init(&found.lines, 64 << 20);
    gather(&found, merging.dir, "hosts");
    assert_non_null(strstr(buf_string(&found.lines), HOST ", \"reply\":\"a\\u007f\\u202e\"}\n"));
    buf_dispose(&found.lines);
    end(&merging);
}

static void test_a_line_longer_than_any_record(void **state)
{
    struct merging merging;
    char *line = malloc(RECORD_LINE_BYTES + 2);
    (void)state;
    assert_non_null(line);
    begin(&merging);
    memset(line, ' ', RECORD_LINE_BYTES + 1);
    line[RECORD_LINE_BYTES + 1] = 0;
    memcpy(line, HOST, sizeof HOST - 1);
    line[RECORD_LINE_BYTES] = '}';
    add_line(merging.place.probes[1], "hosts", line);
    assert_int_equal(run(&merging, 0, 0), EXIT_FAILED);
    assert_true(said(&merging, merging.place.probes[1], "a line is longer than any record"));
    end(&merging);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_merge_is_the_scan),
        cmocka_unit_test(test_a_killed_merge_goes_on),
        cmocka_unit_test(test_who_comes_second_is_told_to_come_again),
        cmocka_unit_test(test_what_is_missing_is_refused),
        cmocka_unit_test(test_another_merge_is_refused),
        cmocka_unit_test(test_a_damaged_part_is_refused),
        cmocka_unit_test(test_lines_that_no_scan_writes),
        cmocka_unit_test(test_nothing_hides_in_what_is_copied),
        cmocka_unit_test(test_a_line_longer_than_any_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
