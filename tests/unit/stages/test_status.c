/*
 * How far a scan in stages is: what is whole, begun, torn or being written, what is of another list or plan,
 * what is missing and what comes next, in each form; and directories that anybody may have made.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/facts/record.h"
#include "scanner/stages/numbers.h"
#include "scanner/stages/sha256.h"
#include "scanner/stages/status.h"
#include "scanner/stages/status_look.h"
#include "output/frames/frames.h"

enum { WORDS_MOST = 16, META_BYTES = 4096, SHARDS = 4, PARTS = 3, SEED = 5 };

static char top[] = "/tmp/test_status.XXXXXX";
static char said[1 << 16], complained[1 << 16];

static int begin(void **state)
{
    (void)state;
    (void)strcpy(strrchr(top, '.') + 1, "XXXXXX");
    assert_non_null(mkdtemp(top));
    return chdir(top);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static int end(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- directories --------------------------------------------------------------------------------------- */

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* So many records, each in a frame of its own. */
static void put_records(const char *dir, unsigned count)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct frames_options options = {
        .dir_fd = fd, .name = "domains", .level = 1, .frame_bytes = 4096, .part_bytes = UINT64_C(1) << 40};
    struct frames *frames;
    struct buf why;
    bool full;
    buf_init(&why, 4096);
    assert_true(fd >= 0);
    assert_int_equal(frames_create(&options, &frames, &why), ERR_OK);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(frames_append(frames, bytes_of("{\"domain\":\"a.example\"}\n"), &full), ERR_OK);
        assert_int_equal(frames_commit(frames, &why), ERR_OK);
    }
    frames_destroy(frames);
    buf_dispose(&why);
    (void)close(fd);
}

static void put_scan(const char *dir, const char *config, const char *plan, const char *seed,
                     const char *list, bool whole, unsigned records)
{
    char meta[META_BYTES], summary[64];
    assert_int_equal(mkdir(dir, 0755), 0);
    int len =
        snprintf(meta, sizeof meta,
                 "{\"schema\":%d,\"rules\":%d,\"version\":\"7\",\"state\":\"%s\",\"runs\":1,"
                 "\"seed\":\"%s\",\"started_ms\":1,\"inputs\":[{\"path\":\"l\",\"sha256\":\"%s\"}],"
                 "\"config\":{%s}%s}",
                 RECORD_SCHEMA_VERSION, RECORD_RULES, whole ? "done" : "scanning", seed, list, config, plan);
    assert_true(len > 0 && (size_t)len < sizeof meta);
    put_file(dir, "meta.json", meta);
    put_file(dir, "lock", "");
    put_records(dir, records);
    (void)snprintf(summary, sizeof summary, "{\"records\":%u}", records);
    if (whole)
        put_file(dir, "summary.json", summary);
}

static void put_names_of(const char *dir, unsigned shard, const char *seed, const char *list, bool whole,
                         unsigned records)
{
    char config[128];
    (void)snprintf(config, sizeof config, "\"scan.stage\":\"names\",\"scan.shard\":\"%u/%d\"", shard, SHARDS);
    put_scan(dir, config, "", seed, list, whole, records);
}

static void put_names(unsigned shard, bool whole, unsigned records)
{
    char dir[32];
    (void)mkdir("names", 0755);
    (void)snprintf(dir, sizeof dir, "names/%u", shard);
    put_names_of(dir, shard, "5", "aa", whole, records);
}

/* All shards, whole. */
static void put_all_names(void)
{
    for (unsigned shard = 1; shard <= SHARDS; shard++)
        put_names(shard, true, 10);
}

/* Writes a round of a plan of these names; its id comes out. */
static void put_plan(unsigned round, const char *before, char id[META_PLAN_ID_BYTES])
{
    struct plan_names names[SHARDS];
    struct plan_part parts[PARTS];
    struct plan plan = {.rules = RECORD_RULES,
                        .round = round,
                        .seed = SEED,
                        .names = names,
                        .shards = SHARDS,
                        .parts = parts,
                        .part_count = PARTS};
    struct buf why, text;
    buf_init(&why, 4096);
    buf_init(&text, META_BYTES);
    (void)snprintf(plan.before, sizeof plan.before, "%s", before);
    for (unsigned i = 0; i < SHARDS; i++) {
        char path[64], meta[META_BYTES];
        (void)snprintf(path, sizeof path, "names/%u/meta.json", i + 1);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t len = fread(meta, 1, sizeof meta, file);
        (void)fclose(file);
        names[i].shard = i + 1;
        assert_true(sha256_of(bytes_make(meta, len), names[i].sha256));
    }
    for (unsigned i = 0; i < PARTS; i++) {
        parts[i] = (struct plan_part){.contacts = 100 + i, .policies = 1};
        assert_true(sha256_of(bytes_of("x"), parts[i].sha256));
    }
    (void)mkdir("plan", 0755);
    int fd = open("plan", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(plandir_write(fd, &plan, &why), ERR_OK);
    (void)close(fd);
    (void)snprintf(id, META_PLAN_ID_BYTES, "%s", plan.id);
    buf_dispose(&why);
    buf_dispose(&text);
}

static void put_probe(unsigned round, unsigned part, const char *id, const char *before, bool whole)
{
    char dir[32], plan[512];
    (void)mkdir("probes", 0755);
    (void)snprintf(dir, sizeof dir, "probes/%u-%u", round, part);
    (void)snprintf(plan, sizeof plan,
                   ",\"plan\":{\"id\":\"%s\",\"before\":\"%s\",\"names\":\"cc\",\"round\":%u,\"part\":%u,"
                   "\"parts\":%d,\"vantage\":\"fra1\"}",
                   id, before, round, part, PARTS);
    put_scan(dir, "", plan, "6", "bb", whole, 50);
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* The words up to the first NULL. */
static int run_words(const char *const words[WORDS_MOST])
{
    char *argv[WORDS_MOST + 1] = {"status"};
    int argc = 1;
    for (; argc < WORDS_MOST && words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    FILE *out = fmemopen(said, sizeof said, "w"), *err = fmemopen(complained, sizeof complained, "w");
    assert_true(out != NULL && err != NULL);
    said[0] = complained[0] = 0;
    int code = status_main(argc, argv, out, err);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

#define RUN(...) run_words((const char *const[WORDS_MOST]){__VA_ARGS__})
#define NAMES    "names/1", "names/2", "names/3", "names/4"
#define PROBES   "probes/1-1", "probes/1-2", "probes/1-3"

static void assert_has(const char *part)
{
    if (strstr(said, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, said);
}

/* ---- names --------------------------------------------------------------------------------------------- */

/* Before anything is there, the names of directories tell what there is to be. */
static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(RUN("names/2", "names/3", "names/7", "--missing"), 1);
    assert_string_equal(said, "2-3,7\n");
    assert_int_equal(RUN("names/*"), 1);
    assert_has("names: none are given\n");
    assert_has("next: stsweep scan LIST --stage names --shard 1/N -o names/1\n");
}

static void test_names(void **state)
{
    (void)state;
    put_names(1, true, 10);
    put_names(3, false, 4);
    assert_int_equal(RUN("names/1", "names/3", "--missing"), 1);
    assert_string_equal(said, "2-4\n");
    assert_int_equal(RUN("names/1", "names/2", "names/3"), 1);
    assert_string_equal(said,
                        "names: 4 shards\n"
                        "  whole          1: 1\n"
                        "  begun          3: names/3: 4 of about 10 records\n"
                        "  missing        2: 2,4\n"
                        "plan: none is given\n"
                        "next: stsweep scan LIST --stage names --shard 2/4 -o names/2, and so for 2-4\n");
    put_names(2, true, 10);
    put_names(4, true, 12);
    assert_int_equal(RUN(NAMES, "--missing"), 1);
    assert_string_equal(said, "3\n");
}

/* All names are there: nothing is missing of them, and the plan comes next. */
static void test_names_whole(void **state)
{
    (void)state;
    put_all_names();
    assert_int_equal(RUN(NAMES, "--missing"), 0);
    assert_string_equal(said, "");
    assert_string_equal(complained, "");
    assert_int_equal(RUN(NAMES), 0);
    assert_has("  whole          4: 1-4\n");
    assert_has("next: stsweep plan names/* --parts K -o plan\n");
    /* A plan that is named and not there is missing, though no number of an array is. */
    assert_int_equal(RUN(NAMES, "plan", "--missing"), 1);
    assert_string_equal(said, "");
    assert_non_null(strstr(complained, "nothing is missing for: stsweep plan names/* --parts K -o plan"));
}

/* Who writes one now is told by the lock, and is not given again. */
static void test_running(void **state)
{
    (void)state;
    put_names(1, true, 10);
    put_names(2, false, 3);
    put_names(3, true, 10);
    put_names(4, true, 10);
    int lock = open("names/2/lock", O_RDWR | O_CLOEXEC);
    assert_int_equal(flock(lock, LOCK_EX), 0);
    assert_int_equal(RUN(NAMES, "--missing"), 1);
    assert_string_equal(said, "");
    assert_non_null(strstr(complained, "what is missing is being written"));
    assert_int_equal(RUN(NAMES), 1);
    assert_has("  being written  2: names/2: 3 of about 10 records\n");
    assert_has("next: wait for what is being written\n");
    /* Asking takes nothing from who writes next. */
    (void)close(lock);
    assert_int_equal(RUN(NAMES, "--missing"), 1);
    assert_string_equal(said, "2\n");
}

static void spoil(const char *path, long offset, const char *text)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_torn(void **state)
{
    (void)state;
    put_all_names();
    spoil("names/2/domains.ndjson.zst", 0, "no frame of ours");
    assert_int_equal(truncate("names/3/domains.ndjson.zst", 30), 0);
    assert_int_equal(unlink("names/4/domains.ndjson.zst"), 0);
    assert_int_equal(RUN(NAMES, "--missing"), 1);
    assert_string_equal(said, "2-4\n");
    assert_int_equal(RUN(NAMES), 1);
    assert_has("  torn           2: names/2: 10 of about 10 records; domains.ndjson.zst: at offset 0: "
               "no frame begins here; remove its summary.json, so that it is gone on with\n");
    assert_has("domains: its end is missing, though the scan was at its end");
    assert_has("domains.ndjson.zst: it is gone or empty, and the scan wrote 10 records");
}

/* One that was begun and ends within a frame is not torn: its command goes on with it. */
static void test_cut(void **state)
{
    (void)state;
    put_names(1, false, 5);
    assert_int_equal(truncate("names/1/domains.ndjson.zst", 60), 0);
    assert_int_equal(RUN("names/1"), 1);
    assert_has("  begun          1: names/1: 1 records\n");
}

/* What is of another list, seed or number of shards is named, and counts for nothing. */
static void test_other_names(void **state)
{
    (void)state;
    put_names(1, true, 10);
    put_names(2, true, 10);
    put_names_of("seed", 3, "9", "aa", true, 10);
    put_names_of("list", 4, "5", "bb", true, 10);
    put_names_of("twice", 2, "5", "aa", true, 10);
    put_scan("whole", "", "", "5", "aa", true, 1);
    assert_int_equal(RUN("seed", "list", "names/1", "whole", "names/2", "twice", "--missing"), 1);
    assert_string_equal(said, "3-4\n");
    assert_int_equal(RUN("seed", "list", "names/1", "whole", "names/2", "twice"), 1);
    assert_has("does not count: seed: it is of another list, seed or number of shards than most\n");
    assert_has("does not count: list: it is of another list, seed or number of shards than most\n");
    assert_has("does not count: twice: its shard stands twice: give one of them\n");
    assert_has("does not count: whole: it is a whole scan, of no stage\n");
}

/* ---- the plan and its rounds --------------------------------------------------------------------------- */

static void test_rounds(void **state)
{
    char first[META_PLAN_ID_BYTES], second[META_PLAN_ID_BYTES], line[128];
    (void)state;
    put_all_names();
    put_plan(1, "", first);
    assert_int_equal(RUN(NAMES, "plan", "probes/*", "--missing"), 1);
    assert_string_equal(said, "1-3\n");
    put_probe(1, 1, first, "", true);
    put_probe(1, 2, first, "", false);
    assert_int_equal(RUN("probes/1-2", "plan", NAMES, "probes/1-1", "probes/1-3"), 1);
    (void)snprintf(line, sizeof line, "round 1: 3 parts, 303 contacts (plan %.12s)\n", first);
    assert_has("plan: plan: 1 round\n");
    assert_has(line);
    assert_has("  whole          1: 1\n  begun          2: probes/1-2: about 50 of 101 records, from fra1\n"
               "  missing        1: 3\n");
    assert_has("next: stsweep probe plan --part 2 -o probes/1-2, and so for 2-3\n");
    assert_int_equal(nftw("probes", remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    for (unsigned part = 1; part <= PARTS; part++)
        put_probe(1, part, first, "", true);
    assert_int_equal(RUN(NAMES, "plan", PROBES, "--missing"), 0);
    assert_string_equal(said, "");
    assert_int_equal(RUN(NAMES, "plan", PROBES), 0);
    assert_has("next: stsweep plan names/* probes/* --again plan, and when nothing is open any more, stsweep "
               "merge\n");
    put_plan(2, first, second);
    assert_int_equal(RUN(NAMES, "plan", PROBES, "--missing"), 1);
    assert_string_equal(said, "1-3\n");
    put_probe(2, 2, second, first, true);
    assert_int_equal(RUN(NAMES, "plan", PROBES, "probes/2-2", "--missing"), 1);
    assert_string_equal(said, "1,3\n");
    /* A part of an earlier round that is not there any more cannot be given again, but is lacking. */
    put_probe(2, 1, second, first, true);
    put_probe(2, 3, second, first, true);
    assert_int_equal(
        RUN(NAMES, "plan", "probes/1-1", "probes/1-3", "probes/2-1", "probes/2-2", "probes/2-3", "--missing"),
        1);
    assert_string_equal(said, "");
}

/* Without the plan, what was probed says of which rounds it is. */
static void test_without_plan(void **state)
{
    (void)state;
    put_probe(1, 1, "aa", "", true);
    put_probe(1, 2, "aa", "", true);
    put_probe(1, 3, "zz", "", true);
    put_probe(2, 1, "bb", "aa", true);
    put_probe(2, 3, "bb", "aa", false);
    assert_int_equal(RUN(PROBES, "probes/2-1", "probes/2-3", "--missing"), 1);
    assert_string_equal(said, "2-3\n");
    assert_int_equal(RUN(PROBES, "probes/2-1", "probes/2-3"), 1);
    assert_has("does not count: probes/1-3: it is of another plan\n");
    assert_has("round 1: 3 parts (plan aa)\n  whole          2: 1-2\n  missing        1: 3\n");
}

static void test_other_plan(void **state)
{
    char id[META_PLAN_ID_BYTES];
    (void)state;
    put_all_names();
    put_plan(1, "", id);
    put_probe(1, 1, "dd", "", true);
    put_probe(1, 2, id, "", true);
    put_probe(2, 3, id, "", true);
    assert_int_equal(RUN(NAMES, "plan", "probes/1-1", "probes/1-2", "probes/2-3"), 1);
    assert_has("does not count: probes/1-1: it is of another plan\n");
    assert_has("does not count: probes/2-3: it is of a round that the plan does not have\n");
    /* Names that were made anew are not those of the plan. */
    spoil("names/3/meta.json", -1, "} ");
    assert_int_equal(RUN(NAMES, "plan", "--missing"), 1);
    assert_string_equal(said, "3\n");
    assert_int_equal(RUN(NAMES, "plan"), 1);
    assert_has("does not count: names/3: it was made, or gone on with, after the plan");
}

static void test_plan_begun(void **state)
{
    (void)state;
    put_all_names();
    assert_int_equal(mkdir("plan", 0755), 0);
    put_file("plan", "contacts-1-1.ndjson.zst", "");
    assert_int_equal(RUN(NAMES, "plan"), 1);
    assert_has("plan: plan: begun\n");
    assert_has("next: stsweep plan names/* --parts K -o plan\n");
}

/* ---- others -------------------------------------------------------------------------------------------- */

static void test_unreadable(void **state)
{
    (void)state;
    put_all_names();
    put_file("names/2", "meta.json", "{");
    assert_int_equal(RUN(NAMES), 4);
    assert_has("cannot be read: names/2: meta.json: no JSON object\n");
    assert_int_equal(RUN(NAMES, "--missing"), 4);
    assert_string_equal(said, "2\n");
    assert_non_null(strstr(complained, "names/2 cannot be read: meta.json"));
    assert_int_equal(mkdir("plan", 0755), 0);
    put_file("plan", "plan-1.json", "{}");
    assert_int_equal(RUN(NAMES, "plan"), 4);
    assert_int_equal(RUN("/dev/null"), 4);
}

static void test_usage(void **state)
{
    (void)state;
    assert_int_equal(RUN(NULL), 2);
    assert_int_equal(RUN("names/1", "--missing", "--json"), 2);
    assert_int_equal(RUN("names/1", "--all"), 2);
    assert_string_equal(said, "");
}

static void test_json(void **state)
{
    (void)state;
    put_names(1, true, 10);
    put_names(3, false, 4);
    assert_int_equal(RUN("names/1", "names/3", "--json"), 1);
    assert_string_equal(
        said,
        "{\"names\":{\"shards\":4,\"whole\":\"1\",\"being_written\":\"\"},\"rounds\":[],\"next\":\"names\","
        "\"missing\":\"2-4\",\"complete\":false,"
        "\"command\":\"stsweep scan LIST --stage names --shard 2/4 -o names/2\",\"directories\":["
        "{\"path\":\"names/1\",\"kind\":\"names\",\"state\":\"whole\",\"shard\":1,\"records\":10,\"of\":10},"
        "{\"path\":\"names/3\",\"kind\":\"names\",\"state\":\"begun\",\"shard\":3,\"records\":4,\"of\":10}"
        "]}\n");
}

/* What a directory is called, or says of itself, is shown so that a terminal obeys nothing of it. */
static void test_strange(void **state)
{
    (void)state;
    assert_int_equal(mkdir("a\x1b[2J\n", 0755), 0);
    put_names_of("a\x1b[2J\n/1", 1, "5", "aa", true, 1);
    assert_int_equal(RUN("a\x1b[2J\n/1"), 1);
    assert_null(strchr(said, 0x1b));
    assert_has("next: stsweep scan LIST --stage names --shard 2/4 -o 'a?[2J?/2', and so for 2-4\n");
    assert_int_equal(RUN("a\x1b[2J\n/1", "--json"), 1);
    assert_null(strchr(said, 0x1b));
}

static const struct {
    const char *path;
    uint32_t number;
} called[] = {{"names/7", 7},
              {"names/07", 7},
              {"names/7/", 7},
              {"part-12", 12},
              {"names", 0},
              {"names/", 0},
              {"12", 12},
              {"", 0},
              {"/", 0},
              {"n/0", 0},
              {"n/100000", 100000},
              {"n/100001", 0},
              {"n/99999999999999999999", 0},
              {"n/00000000009", 9},
              {"names/*", 0},
              {"2026-11-30", 30}};

static void test_numbers_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof called / sizeof *called; i++)
        if (status_number_of(called[i].path) != called[i].number)
            fail_msg("%s: %u", called[i].path, status_number_of(called[i].path));
}

static void test_numbers(void **state)
{
    static const struct {
        uint32_t numbers[8];
        const char *text;
    } sets[] = {{{0}, ""},
                {{1}, "1"},
                {{3, 7, 8, 9}, "3,7-9"},
                {{1, 2}, "1-2"},
                {{1, 3, 5}, "1,3,5"},
                {{16, 15, 14}, "14-16"},
                {{16, 17, 1}, "1,16"}}; /* 17 is beyond */
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct numbers numbers;
        struct buf text;
        buf_init(&text, 256);
        assert_true(numbers_init(&numbers, 16));
        for (size_t k = 0; k < 8; k++)
            numbers_add(&numbers, sets[i].numbers[k]);
        numbers_put(&text, &numbers);
        assert_string_equal(text.len == 0 ? "" : buf_string(&text), sets[i].text);
        numbers_dispose(&numbers);
        buf_dispose(&text);
    }
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_nothing),
        IN_PLACE(test_names),
        IN_PLACE(test_names_whole),
        IN_PLACE(test_running),
        IN_PLACE(test_torn),
        IN_PLACE(test_cut),
        IN_PLACE(test_other_names),
        IN_PLACE(test_rounds),
        IN_PLACE(test_without_plan),
        IN_PLACE(test_other_plan),
        IN_PLACE(test_plan_begun),
        IN_PLACE(test_unreadable),
        IN_PLACE(test_usage),
        IN_PLACE(test_json),
        IN_PLACE(test_strange),
        cmocka_unit_test(test_numbers_of),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
