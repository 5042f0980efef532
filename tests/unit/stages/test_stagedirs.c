/* The directories of a scan in stages, in whatever order: which is what, and which do not belong together. */
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/facts/record.h"
#include "scanner/stages/sha256.h"
#include "scanner/stages/stagedirs.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SUM  "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

enum { DIRS_MOST = 6, CEILING = 1 << 20, WORKED_OUT = 8 };

/* A directory as a row of a table has it. */
struct row {
    const char *name;
    const char *shard;           /* NULL: it is none of names */
    const char *config, *inputs; /* further options; NULL: the usual inputs */
    const char *id, *before;     /* of a probe */
    unsigned round, part, parts;
    const char *vantage, *names;
    bool begun;     /* it is not at its end */
    unsigned rules; /* 0: this program's */
    const char *seed;
    const char *lacking; /* a record file that held three bytes, and is not there; NULL: none */
};

struct table {
    struct row rows[DIRS_MOST];
    int code;
    const char *words;
};

static char top[] = "/tmp/test_stagedirs.XXXXXX";
static char paths[DIRS_MOST][128];
static const char *given[DIRS_MOST];

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void put_dir(const char *path, const struct row *row)
{
    char meta[4096], plan[1024] = "", stored[128] = "";
    assert_int_equal(mkdir(path, 0755), 0);
    if (row->id != NULL)
        (void)snprintf(plan, sizeof plan,
                       ",\"plan\":{\"id\":\"%s\",\"before\":\"%s\",\"names\":\"%s\",\"round\":%u,\"part\":%u,"
                       "\"parts\":%u,\"vantage\":\"%s\"}",
                       row->id, row->before == NULL ? "" : row->before, row->names == NULL ? SUM : row->names,
                       row->round, row->part, row->parts, row->vantage == NULL ? "" : row->vantage);
    if (row->lacking != NULL)
        (void)snprintf(stored, sizeof stored, ",\"stored\":{\"%s\":{\"records\":1,\"bytes\":3}}",
                       row->lacking);
    (void)snprintf(
        meta, sizeof meta,
        "{\"schema\":1,\"rules\":%u,\"version\":\"7\",\"state\":\"%s\",\"runs\":1,\"seed\":\"%s\","
        "\"started_ms\":1,\"inputs\":%s,\"config\":{\"scan.stage\":\"%s\",\"scan.shard\":\"%s\"%s}%s%s}",
        row->rules == 0 ? RECORD_RULES : row->rules, row->begun ? "scanning" : "done",
        row->seed == NULL ? "5" : row->seed,
        row->inputs == NULL ? "[{\"path\":\"list\",\"sha256\":\"aa\"}]" : row->inputs,
        row->shard == NULL ? "all" : "names", row->shard == NULL ? "" : row->shard,
        row->config == NULL ? "" : row->config, plan, stored);
    put_file(path, "meta.json", meta);
    if (!row->begun)
        put_file(path, "summary.json", "{}");
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

/* Makes the directories, and opens them in the reverse order, as no order is asked for. */
static size_t put_all(const struct row *rows, struct stagedirs *dirs)
{
    size_t count = 0;
    memcpy(strrchr(top, '.'), ".XXXXXX", WORKED_OUT);
    assert_non_null(mkdtemp(top));
    while (count < DIRS_MOST && rows[count].name != NULL)
        count++;
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(paths[i], sizeof paths[i], "%s/%s", top, rows[i].name);
        put_dir(paths[i], &rows[i]);
        given[count - 1 - i] = paths[i];
    }
    assert_int_equal(stagedirs_open(given, count, dirs), ERR_OK);
    return count;
}

static void end_all(struct stagedirs *dirs)
{
    stagedirs_close(dirs);
    assert_int_equal(nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

#define NAMES_1                                                                                              \
    {                                                                                                        \
        .name = "1", .shard = "1/2"                                                                          \
    }
#define NAMES_2                                                                                              \
    {                                                                                                        \
        .name = "2", .shard = "2/2"                                                                          \
    }
#define PROBE_1                                                                                              \
    {                                                                                                        \
        .name = "p1", .id = ID_A, .round = 1, .part = 1, .parts = 2                                          \
    }
#define PROBE_2                                                                                              \
    {                                                                                                        \
        .name = "p2", .id = ID_A, .round = 1, .part = 2, .parts = 2                                          \
    }

#define LAST_PART(dir)                                                                                       \
    {                                                                                                        \
        .name = dir, .id = ID_A, .round = 1, .part = UINT32_MAX, .parts = UINT32_MAX                         \
    }

static void test_sorted(void **state)
{
    (void)state;
    static const struct row rows[DIRS_MOST] = {
        NAMES_1, NAMES_2,
        PROBE_1, {.name = "q1", .id = ID_B, .before = ID_A, .round = 2, .part = 1, .parts = 2},
        PROBE_2, {.name = "whole"}};
    struct stagedirs dirs;
    struct plan_names *names;
    char sum[PLAN_SHA256_BYTES];
    put_all(rows, &dirs);
    assert_int_equal(dirs.name_count, 2);
    assert_string_equal(dirs.names[0].path, paths[0]);
    assert_string_equal(dirs.names[1].path, paths[1]);
    assert_int_equal(dirs.names[1].shard, 2);
    assert_int_equal(dirs.names[1].shards, 2);
    assert_int_equal(dirs.probe_count, 3);
    assert_int_equal(dirs.rounds, 2);
    assert_string_equal(dirs.probes[0].path, paths[2]);
    assert_string_equal(dirs.probes[1].path, paths[4]);
    assert_string_equal(dirs.probes[2].path, paths[3]);
    assert_int_equal(dirs.other_count, 1);
    assert_string_equal(dirs.others[0].path, paths[5]);
    for (size_t i = 0; i < 6; i++)
        assert_true(dirs.list[i].whole);
    assert_int_equal(stagedirs_plan_names(&dirs, &names, sum), ERR_OK);
    assert_int_equal(names[1].shard, 2);
    assert_true(sha256_is_hex(names[0].sha256));
    assert_string_not_equal(names[0].sha256, names[1].sha256);
    assert_true(sha256_is_hex(sum));
    free(names);
    end_all(&dirs);
}

static void check_table(const struct table *tables, size_t count, bool probes)
{
    for (size_t i = 0; i < count; i++) {
        struct stagedirs dirs;
        struct buf why;
        buf_init(&why, CEILING);
        put_all(tables[i].rows, &dirs);
        int code = probes ? stagedirs_check_probes(&dirs, SUM, &why) : stagedirs_check_names(&dirs, &why);
        if (code != tables[i].code || strstr(buf_string(&why), tables[i].words) == NULL ||
            (code == EXIT_DONE) != (why.len == 0))
            fail_msg("row %zu: %d: %s", i, code, buf_string(&why));
        buf_dispose(&why);
        end_all(&dirs);
    }
}

static void test_names_refused(void **state)
{
    (void)state;
    static const struct table tables[] = {
        {{NAMES_1, NAMES_2}, EXIT_DONE, ""},
        {{{.name = "all", .shard = ""}}, EXIT_DONE, ""},
        {{NAMES_1, NAMES_2, PROBE_1}, EXIT_DONE, ""},
        {{NAMES_1}, EXIT_USAGE, "of 2 shards 1 are missing: 2"},
        {{PROBE_1}, EXIT_USAGE, "no directory of names is given"},
        {{NAMES_1, NAMES_2, {.name = "again", .shard = "2/2"}},
         EXIT_USAGE,
         "/again: shard 2 stands twice, also in"},
        {{NAMES_1, {.name = "b", .shard = "2/3"}}, EXIT_USAGE, "/b: it is of 3 shards"},
        {{NAMES_1, {.name = "b", .shard = "2/2", .seed = "6"}},
         EXIT_USAGE,
         "/1: the seed (--scan.seed) is \"6\", there \"5\""},
        {{NAMES_1, {.name = "b", .shard = "2/2", .config = ",\"smtp.probe\":\"none\""}},
         EXIT_USAGE,
         "smtp.probe is \"none\", there \"all\""},
        {{NAMES_1, {.name = "b", .shard = "2/2", .config = ",\"dns.timeout\":\"9s\""}}, EXIT_DONE, ""},
        {{NAMES_1, {.name = "b", .shard = "2/2", .config = ",\"input.except.sha256\":\"b\""}},
         EXIT_USAGE,
         "input.except.sha256 is \"b\", there \"\""},
        {{NAMES_1, {.name = "b", .shard = "2/2", .inputs = "[{\"path\":\"l\",\"sha256\":\"bb\"}]"}},
         EXIT_USAGE,
         "the input l has another SHA-256"},
        {{NAMES_1, {.name = "b", .shard = "2/2", .rules = 99}}, EXIT_USAGE, "rules 99 started this scan"},
        {{NAMES_1, {.name = "b", .shard = "3/2"}}, EXIT_FAILED, "a scan.shard that is none (3/2)"},
        {{NAMES_1, {.name = "b", .shard = "2/2", .lacking = "domains"}},
         EXIT_FAILED,
         "/b: domains.ndjson.zst: 0 of 1 records are there: a part of it, or its end, is gone"},
        {{NAMES_1, {.name = "b", .shard = "2/2", .lacking = "rejects"}},
         EXIT_FAILED,
         "/b: rejects.ndjson.zst: 0"},
        {{NAMES_1, {.name = "b", .shard = "2/2", .begun = true}}, EXIT_AGAIN, "/b: it is not at its end yet"},
        {{NAMES_1, {.name = "b", .shard = "2/2", .begun = true, .seed = "6"}}, EXIT_USAGE, "the seed"},
        {{NAMES_1, NAMES_2, {.name = "whole"}}, EXIT_USAGE, "/whole: it is a whole scan"},
    };
    check_table(tables, sizeof tables / sizeof *tables, false);
}

static void test_probes_refused(void **state)
{
    (void)state;
#define SECOND(...)                                                                                          \
    {                                                                                                        \
        .id = ID_B, .round = 2, .parts = 2, __VA_ARGS__                                                      \
    }
    static const struct table tables[] = {
        {{NAMES_1}, EXIT_DONE, ""},
        {{PROBE_1, PROBE_2}, EXIT_DONE, ""},
        {{PROBE_1, PROBE_2, SECOND(.name = "q1", .part = 1, .before = ID_A),
          SECOND(.name = "q2", .part = 2, .before = ID_A)},
         EXIT_DONE,
         ""},
        {{PROBE_1}, EXIT_AGAIN, "of the 2 parts of round 1 1 are missing: 2"},
        {{PROBE_1, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .begun = true}},
         EXIT_AGAIN,
         "/b: it is not at its end yet"},
        {{PROBE_1, PROBE_2, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .vantage = "x"}},
         EXIT_USAGE,
         "part 2 of round 1 stands twice"},
        {{LAST_PART("a"), LAST_PART("b")},
         EXIT_USAGE,
         "of the 4294967295 parts of round 1 4294967294 are missing: 1-4294967294"},
        {{LAST_PART("a"), LAST_PART("b")}, EXIT_USAGE, "/b: part 4294967295 of round 1 stands twice"},
        {{PROBE_1, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .vantage = "x"}},
         EXIT_USAGE,
         "/b: it was probed from another place"},
        {{PROBE_1, {.name = "b", .id = ID_B, .round = 1, .part = 2, .parts = 2}},
         EXIT_USAGE,
         "/b: it is of another plan"},
        {{PROBE_1, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .names = ID_A}},
         EXIT_USAGE,
         "/b: it is of a plan of other names"},
        {{PROBE_1, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .lacking = "hosts"}},
         EXIT_FAILED,
         "/b: hosts.ndjson.zst: 0 of 1 records are there"},
        {{PROBE_1, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .lacking = "certs"}},
         EXIT_FAILED,
         "/b: certs.ndjson.zst: 0 of 1 records are there"},
        {{PROBE_1, {.name = "b", .id = ID_A, .round = 1, .part = 2, .parts = 2, .rules = 99}},
         EXIT_USAGE,
         "/b: it was made by other rules"},
        {{PROBE_1, PROBE_2, SECOND(.name = "q1", .part = 1, .before = ID_A),
          SECOND(.name = "q2", .part = 2, .before = ID_B)},
         EXIT_USAGE,
         "/q2: its round does not follow"},
        {{SECOND(.name = "q1", .part = 1, .before = ID_A), SECOND(.name = "q2", .part = 2, .before = ID_A)},
         EXIT_USAGE,
         "round 1 is missing"},
    };
    check_table(tables, sizeof tables / sizeof *tables, true);
}

static void test_what_cannot_be_read(void **state)
{
    (void)state;
    static const struct row rows[DIRS_MOST] = {NAMES_1, NAMES_2};
    struct stagedirs dirs;
    struct buf why;
    put_all(rows, &dirs);
    stagedirs_close(&dirs);
    buf_init(&why, CEILING);
    given[2] = "/nowhere/at/all";
    assert_int_equal(stagedirs_open(given, 3, &dirs), ERR_OK);
    assert_int_equal(dirs.other_count, 1);
    assert_int_equal(dirs.others[0].error, ERR_NOT_FOUND);
    assert_int_equal(stagedirs_check_names(&dirs, &why), EXIT_USAGE);
    assert_non_null(strstr(buf_string(&why), "/nowhere/at/all: No such file or directory"));
    stagedirs_close(&dirs);
    buf_reset(&why);
    put_file(paths[1], "meta.json", "{\"schema\":1,");
    assert_int_equal(stagedirs_open(given, 2, &dirs), ERR_OK);
    assert_int_equal(stagedirs_check_names(&dirs, &why), EXIT_FAILED);
    assert_non_null(strstr(buf_string(&why), "/2: meta.json: no JSON object"));
    buf_dispose(&why);
    end_all(&dirs);
}

/* However many are missing, what is said is short. */
static void test_many_are_missing(void **state)
{
    (void)state;
    static const struct row rows[DIRS_MOST] = {{.name = "a", .shard = "2/1000"},
                                               {.name = "b", .shard = "7/1000"}};
    struct stagedirs dirs;
    struct buf why;
    buf_init(&why, CEILING);
    put_all(rows, &dirs);
    assert_int_equal(stagedirs_check_names(&dirs, &why), EXIT_USAGE);
    assert_string_equal(buf_string(&why), "of 1000 shards 998 are missing: 1,3-6,8-1000");
    buf_dispose(&why);
    end_all(&dirs);
}

/* One that this machine has no open file for is not said to be missing. */
static void test_too_many_open_files(void **state)
{
    static const struct row rows[DIRS_MOST] = {NAMES_1, NAMES_2};
    struct stagedirs dirs;
    struct rlimit before;
    struct buf why;
    (void)state;
    buf_init(&why, 8192);
    size_t count = put_all(rows, &dirs);
    stagedirs_close(&dirs);
    int next = dup(STDIN_FILENO);
    assert_true(next > 0);
    assert_int_equal(close(next), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit few = {.rlim_cur = (rlim_t)(next + 2), .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    assert_int_equal(stagedirs_open(given, count, &dirs), ERR_OK);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(stagedirs_check_names(&dirs, &why), EXIT_FAILED);
    assert_non_null(strstr(buf_string(&why), "meta.json: cannot read: Too many open files; raise ulimit -n"));
    assert_null(strstr(buf_string(&why), "missing"));
    buf_dispose(&why);
    end_all(&dirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted),           cmocka_unit_test(test_names_refused),
        cmocka_unit_test(test_probes_refused),   cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_many_are_missing), cmocka_unit_test(test_too_many_open_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
