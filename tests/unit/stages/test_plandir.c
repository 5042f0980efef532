/* A plan's directory: what was written is read again, and nothing that was changed is believed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scanner/facts/record.h"
#include "scanner/stages/plandir.h"
#include "scanner/stages/sha256.h"

#define SUM_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SUM_B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { CEILING = 1 << 20 };

static int dir_fd = -1;
static char dir[] = "/tmp/test_plandir.XXXXXX";

/* ---- a disk that goes wrong ---------------------------------------------------------------------------- */

enum fault { FAULT_NONE, FAULT_WRITE, FAULT_SYNC, FAULT_RENAME };
static enum fault fault;

ssize_t write(int fd, const void *data, size_t len)
{
    errno = ENOSPC;
    return fault == FAULT_WRITE && fd > 2 ? -1 : (ssize_t)syscall(SYS_write, fd, data, len);
}

int fsync(int fd)
{
    errno = EIO;
    return fault == FAULT_SYNC ? -1 : (int)syscall(SYS_fsync, fd);
}

int renameat(int from, const char *old, int to, const char *new)
{
    errno = EIO;
    return fault == FAULT_RENAME ? -1 : (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

/* ---- a plan -------------------------------------------------------------------------------------------- */

static struct plan_names names[2];
static struct plan_part parts[3];

static struct plan make_plan(uint32_t round)
{
    struct plan plan = {.rules = RECORD_RULES,
                        .round = round,
                        .seed = UINT64_MAX,
                        .names = names,
                        .shards = 2,
                        .parts = parts,
                        .part_count = 3,
                        .opted_out = 5,
                        .over = 7};
    names[0] = (struct plan_names){1, SUM_A};
    names[1] = (struct plan_names){2, SUM_B};
    parts[0] = (struct plan_part){UINT64_MAX, 1, SUM_A};
    parts[1] = (struct plan_part){0, 0, SUM_B};
    parts[2] = (struct plan_part){12, 12, SUM_B};
    if (round > 1)
        memcpy(plan.before, SUM_B, sizeof SUM_B);
    return plan;
}

static int make_dir(void **state)
{
    (void)state;
    fault = FAULT_NONE;
    memcpy(strrchr(dir, '.'), ".XXXXXX", 7);
    assert_non_null(mkdtemp(dir));
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    return dir_fd < 0;
}

static int remove_dir(void **state)
{
    (void)state;
    DIR *listing = opendir(dir);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        (void)unlinkat(dir_fd, entry->d_name, 0);
    closedir(listing);
    close(dir_fd);
    return rmdir(dir);
}

static void put_file(const char *name, const char *text)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static enum error read_round(uint32_t round, struct arena *arena, struct plan *plan, char *reason)
{
    struct buf why;
    buf_init(&why, CEILING);
    arena_init(arena, CEILING);
    enum error error = plandir_read(dir_fd, round, arena, plan, &why);
    (void)snprintf(reason, 256, "%s", buf_string(&why));
    buf_dispose(&why);
    return error;
}

/* ---- what stands -------------------------------------------------------------------------------------- */

static void test_read_as_written(void **state)
{
    (void)state;
    struct plan plan = make_plan(1), found;
    struct arena arena;
    struct buf why;
    char reason[256];
    buf_init(&why, CEILING);
    assert_int_equal(plandir_write(dir_fd, &plan, &why), ERR_OK);
    assert_true(sha256_is_hex(plan.id));
    assert_int_equal(read_round(1, &arena, &found, reason), ERR_OK);
    assert_string_equal(found.id, plan.id);
    assert_string_equal(found.before, "");
    assert_int_equal(found.rules, RECORD_RULES);
    assert_int_equal(found.round, 1);
    assert_true(found.seed == UINT64_MAX);
    assert_int_equal(found.shards, 2);
    assert_memory_equal(found.names, names, sizeof names);
    assert_int_equal(found.part_count, 3);
    assert_memory_equal(found.parts, parts, sizeof parts);
    assert_int_equal(found.opted_out, 5);
    assert_int_equal(found.over, 7);
    arena_dispose(&arena);
    buf_dispose(&why);
}

/* Each thing that the file says is in its id. */
static void test_id_is_of_everything(void **state)
{
    (void)state;
    char ids[12][PLAN_SHA256_BYTES];
    size_t count = 0;
    for (unsigned change = 0; change < 12; change++) {
        struct plan plan = make_plan(change == 11 ? 2 : 1);
        struct buf text;
        buf_init(&text, CEILING);
        plan.rules += change == 1;
        plan.seed -= change == 2;
        plan.shards -= change == 3;
        plan.part_count -= change == 4;
        plan.opted_out += change == 5;
        plan.over += change == 6;
        parts[1].contacts += change == 7;
        parts[2].policies -= change == 8;
        parts[0].sha256[3] = change == 9 ? 'b' : 'a';
        names[0].sha256[63] = change == 10 ? 'b' : 'a';
        assert_true(plandir_text(&plan, &text));
        buf_dispose(&text);
        for (size_t i = 0; i < count; i++)
            assert_string_not_equal(ids[i], plan.id);
        memcpy(ids[count++], plan.id, sizeof plan.id);
    }
    struct plan plan = make_plan(1);
    struct buf text;
    buf_init(&text, CEILING);
    memset(plan.id, 'x', 10); /* what stood there before is not in it */
    assert_true(plandir_text(&plan, &text));
    assert_string_equal(ids[0], plan.id);
    buf_dispose(&text);
}

static void test_newest_round_without_a_gap(void **state)
{
    (void)state;
    struct arena arena;
    struct plan found;
    char reason[256];
    struct buf why;
    buf_init(&why, CEILING);
    assert_int_equal(read_round(0, &arena, &found, reason), ERR_NOT_FOUND);
    assert_memory_equal(reason, "there is no plan (no plan-1.json)", 33);
    const uint32_t rounds[] = {1, 2, 4};
    for (size_t i = 0; i < 3; i++) {
        struct plan plan = make_plan(rounds[i]);
        assert_int_equal(plandir_write(dir_fd, &plan, &why), ERR_OK);
    }
    assert_int_equal(read_round(0, &arena, &found, reason), ERR_OK);
    assert_int_equal(found.round, 2);
    assert_string_equal(found.before, SUM_B);
    arena_dispose(&arena);
    assert_int_equal(read_round(3, &arena, &found, reason), ERR_NOT_FOUND);
    assert_non_null(strstr(reason, "plan-3.json: No such file or directory"));
    buf_dispose(&why);
}

static void test_names_of_parts(void **state)
{
    (void)state;
    char name[PLAN_FILE_BYTES];
    assert_string_equal(plandir_part_name(1, 12, name), "contacts-1-12");
    assert_string_equal(plandir_part_name(UINT32_MAX, UINT32_MAX, name), "contacts-4294967295-4294967295");
}

static void test_what_a_probe_says_of_it(void **state)
{
    (void)state;
    struct plan plan = make_plan(2);
    struct meta_plan meta;
    struct buf text;
    char sum[PLAN_SHA256_BYTES];
    buf_init(&text, CEILING);
    assert_true(plandir_text(&plan, &text));
    assert_true(sha256_of(bytes_of(SUM_A SUM_B), sum));
    assert_true(plandir_meta(&plan, 3, "a", &meta));
    assert_string_equal(meta.id, plan.id);
    assert_string_equal(meta.before, SUM_B);
    assert_string_equal(meta.names, sum);
    assert_string_equal(meta.vantage, "a");
    assert_int_equal(meta.round, 2);
    assert_int_equal(meta.part, 3);
    assert_int_equal(meta.parts, 3);
    buf_dispose(&text);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

/* Replaces the first `from` of the text. */
static void replace(struct buf *text, const char *from, const char *to)
{
    char *at = strstr(buf_string(text), from);
    assert_non_null(at);
    struct buf changed;
    buf_init(&changed, CEILING);
    buf_append(&changed, text->data, (size_t)(at - (char *)text->data));
    buf_text(&changed, to);
    buf_text(&changed, at + strlen(from));
    buf_dispose(text);
    *text = changed;
}

/* Puts the id that fits what the text says now. */
static void sign(struct buf *text, const char *old_id)
{
    struct buf unnamed;
    char line[128], sum[SHA256_HEX_BYTES];
    (void)snprintf(line, sizeof line, "  \"id\": \"%s\",\n", old_id);
    buf_init(&unnamed, CEILING);
    buf_append(&unnamed, text->data, text->len);
    replace(&unnamed, line, "");
    assert_true(sha256_of(buf_bytes(&unnamed), sum));
    replace(text, old_id, sum);
    buf_dispose(&unnamed);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool sign; /* the id fits all the same */
        enum error error;
        const char *reason;
    } rows[] = {
        {"\"over\": 7", "\"over\": 8", false, ERR_CORRUPT, "its id is not that of what it says"},
        {"\"over\": 7", "\"over\": 8", true, ERR_OK, ""},
        {"\"over\": 7", "\"over\": 08", true, ERR_CORRUPT, "it is no JSON object"},
        {"\"over\": 7", "\"over\": -1", true, ERR_CORRUPT, "it is no plan"},
        {"\"over\": 7", "\"over\": 7, \"over\": 8", true, ERR_CORRUPT, "its id is not"},
        {"\"over\": 7,", "\"over\": 7,\n  \"more\": 1,", true, ERR_CORRUPT, "its id is not"},
        {"\"over\": 7,", "\"over\": 7, ", false, ERR_CORRUPT, "it says more than a plan does, or otherwise"},
        {"\"rules\": ", "\"rules\": 9", true, ERR_RULES, "schema 1 and rules 9"},
        {"\"schema\": 1", "\"schema\": 2", true, ERR_RULES, "schema 2 and rules"},
        {"\"schema\": 1", "\"schema\": 0", true, ERR_CORRUPT, "schema or rules is missing or malformed"},
        {"\"round\": 1", "\"round\": 0", true, ERR_CORRUPT, "it is no plan"},
        {"\"round\": 1", "\"round\": 1001", true, ERR_CORRUPT, "it is no plan"},
        {"\"round\": 1", "\"round\": 2", true, ERR_CORRUPT, "it is no plan"}, /* which has one before it */
        {"\"before\": \"\"", "\"before\": \"" SUM_A "\"", true, ERR_CORRUPT, "it is no plan"},
        {"\"shard\": 2", "\"shard\": 1", true, ERR_CORRUPT, "it is no plan"},
        {"\"shard\": 2", "\"shard\": 3", true, ERR_CORRUPT, "it is no plan"},
        {"\"part\": 3", "\"part\": 2", true, ERR_CORRUPT, "it is no plan"},
        {"\"policies\": 0", "\"policies\": 1", true, ERR_CORRUPT, "it is no plan"},
        {SUM_A, "AAAA", true, ERR_CORRUPT, "it is no plan"},
        {"\"18446744073709551615\"", "\"18446744073709551616\"", true, ERR_CORRUPT, "it is no plan"},
        {"\"18446744073709551615\"", "18446744073709551615", true, ERR_CORRUPT, "it is no plan"},
        {"{", "[", false, ERR_CORRUPT, "it is no JSON object"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct plan plan = make_plan(1), found;
        struct buf text, why;
        struct arena arena;
        buf_init(&text, CEILING);
        buf_init(&why, CEILING);
        arena_init(&arena, CEILING);
        assert_true(plandir_text(&plan, &text));
        replace(&text, rows[i].from, rows[i].to);
        if (rows[i].sign)
            sign(&text, plan.id);
        enum error error = plandir_parse(buf_bytes(&text), &arena, &found, &why);
        if (error != rows[i].error || strstr(buf_string(&why), rows[i].reason) == NULL)
            fail_msg("row %zu (%s): %s: %s", i, rows[i].to, error_text(error), buf_string(&why));
        arena_dispose(&arena);
        buf_dispose(&text);
        buf_dispose(&why);
    }
}

/* Past a ceiling there is no plan, whatever else stands there. */
static void test_ceilings(void **state)
{
    (void)state;
    struct buf text, why;
    struct arena arena;
    struct plan plan = make_plan(1), found;
    plan.part_count = PLAN_PARTS_MOST + 1;
    plan.parts = calloc(plan.part_count, sizeof *plan.parts);
    for (uint32_t i = 0; i < plan.part_count; i++)
        memcpy(plan.parts[i].sha256, SUM_A, sizeof SUM_A);
    for (unsigned more = 0; more < 2; more++) {
        buf_init(&text, 64 << 20);
        buf_init(&why, CEILING);
        arena_init(&arena, 64 << 20);
        plan.part_count = PLAN_PARTS_MOST + more;
        assert_true(plandir_text(&plan, &text));
        assert_int_equal(plandir_parse(buf_bytes(&text), &arena, &found, &why),
                         more == 0 ? ERR_OK : ERR_CORRUPT);
        arena_dispose(&arena);
        buf_dispose(&text);
        buf_dispose(&why);
    }
    free(plan.parts);
}

/* The most that there may be of everything fits. */
static void test_largest(void **state)
{
    (void)state;
    struct buf text, why;
    struct arena arena;
    struct plan plan = make_plan(1), found;
    plan.shards = PLAN_SHARDS_MOST;
    plan.names = calloc(plan.shards, sizeof *plan.names);
    for (uint32_t i = 0; i < plan.shards; i++) {
        memcpy(plan.names[i].sha256, SUM_A, sizeof SUM_A);
        plan.names[i].shard = i + 1;
    }
    buf_init(&text, 64 << 20);
    buf_init(&why, CEILING);
    arena_init(&arena, 64 << 20);
    assert_true(plandir_text(&plan, &text));
    assert_int_equal(plandir_parse(buf_bytes(&text), &arena, &found, &why), ERR_OK);
    assert_int_equal(found.shards, PLAN_SHARDS_MOST);
    arena_dispose(&arena);
    buf_dispose(&text);
    buf_dispose(&why);
    free(plan.names);
}

static void test_file_that_is_none(void **state)
{
    (void)state;
    struct arena arena;
    struct plan found;
    char reason[256];
    put_file("plan-1.json", "");
    assert_int_equal(read_round(0, &arena, &found, reason), ERR_CORRUPT);
    assert_string_equal(reason, "plan-1.json: it is no JSON object");
    assert_int_equal(unlinkat(dir_fd, "plan-1.json", 0), 0);
    assert_int_equal(symlinkat("/etc/passwd", dir_fd, "plan-1.json"), 0);
    assert_int_equal(read_round(0, &arena, &found, reason), ERR_CORRUPT);
    assert_string_equal(reason, "plan-1.json: it is a symbolic link, and none is followed");
    assert_int_equal(unlinkat(dir_fd, "plan-1.json", 0), 0);
    assert_int_equal(mkfifoat(dir_fd, "plan-1.json", 0600), 0);
    assert_int_equal(read_round(0, &arena, &found, reason), ERR_CORRUPT);
    assert_string_equal(reason, "plan-1.json: it is no regular file");
}

/* A round under another round's name is none. */
static void test_another_rounds_name(void **state)
{
    (void)state;
    struct arena arena;
    struct plan plan = make_plan(2), found;
    struct buf text;
    char reason[256];
    buf_init(&text, CEILING);
    assert_true(plandir_text(&plan, &text));
    put_file("plan-1.json", buf_string(&text));
    assert_int_equal(read_round(1, &arena, &found, reason), ERR_CORRUPT);
    assert_string_equal(reason, "plan-1.json: it is of round 2");
    arena_dispose(&arena);
    buf_dispose(&text);
}

/* Whatever goes wrong while it is written, what stood there stays. */
static void test_written_whole_or_not(void **state)
{
    (void)state;
    const enum error errors[] = {[FAULT_WRITE] = ERR_FULL, [FAULT_SYNC] = ERR_IO, [FAULT_RENAME] = ERR_IO};
    for (unsigned kind = FAULT_WRITE; kind <= FAULT_RENAME; kind++) {
        struct plan plan = make_plan(1), found;
        struct arena arena;
        struct buf why;
        char reason[256];
        buf_init(&why, CEILING);
        fault = kind;
        assert_int_equal(plandir_write(dir_fd, &plan, &why), errors[kind]);
        fault = FAULT_NONE;
        assert_true(why.len > 0);
        assert_int_equal(read_round(0, &arena, &found, reason), ERR_NOT_FOUND);
        buf_dispose(&why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_read_as_written, make_dir, remove_dir),
        cmocka_unit_test(test_id_is_of_everything),
        cmocka_unit_test_setup_teardown(test_newest_round_without_a_gap, make_dir, remove_dir),
        cmocka_unit_test(test_names_of_parts),
        cmocka_unit_test(test_what_a_probe_says_of_it),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_ceilings),
        cmocka_unit_test(test_largest),
        cmocka_unit_test_setup_teardown(test_file_that_is_none, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_another_rounds_name, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_written_whole_or_not, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
