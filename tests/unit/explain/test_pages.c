/*
 * Whole pages of `check`, as they stand in tests/golden/pages.txt, of domains that a stored scan of the lab
 * has: what is said of them is that text, line by line, with all evidence and without. A change of words is a
 * change there:
 *
 *     build/tests/test_pages write
 *
 * makes the file anew for the domains that its headings ("== name") list, to be read as a difference.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "output/explain/explain.h"
#include "output/readback/facts_index.h"
#include "output/readback/meta_read.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/verdict.h"

enum { TEXT_BYTES = 16 << 20, ARENA_BYTES = 64 << 20, NAMES_MOST = 64 };

static const char SCAN[] = "tests/stored/lab-stub", PAGES[] = "tests/golden/pages.txt";

static struct {
    struct buf stored, pages, why; /* domain records; the golden text */
    struct facts_index *index;
    struct arena arena;
} world;

static void read_file(const char *path, struct buf *text)
{
    char piece[4096];
    size_t got;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        assert_true(buf_append(text, piece, got));
    assert_int_equal(fclose(file), 0);
}

static void decompress(const char *path, struct buf *text)
{
    struct buf raw;
    char piece[65536];
    ZSTD_DStream *stream = ZSTD_createDStream();
    buf_init(&raw, TEXT_BYTES);
    read_file(path, &raw);
    ZSTD_inBuffer in = {raw.data, raw.len, 0};
    while (in.pos < in.size) {
        ZSTD_outBuffer out = {piece, sizeof piece, 0};
        assert_false(ZSTD_isError(ZSTD_decompressStream(stream, &out, &in)));
        assert_true(buf_append(text, piece, out.pos));
    }
    (void)ZSTD_freeDStream(stream);
    buf_dispose(&raw);
}

static int open_world(void **state)
{
    char path[128];
    struct meta_stored meta;
    (void)state;
    int fd = open(SCAN, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    buf_init(&world.stored, TEXT_BYTES);
    buf_init(&world.pages, TEXT_BYTES);
    buf_init(&world.why, 4096);
    suffixes_load();
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", SCAN);
    decompress(path, &world.stored);
    read_file(PAGES, &world.pages);
    assert_int_equal(meta_read_in(fd, &meta, &world.why), ERR_OK);
    assert_int_equal(facts_index_open(fd, meta.rules, &world.index, &world.why), ERR_OK);
    return close(fd);
}

static int close_world(void **state)
{
    (void)state;
    facts_index_close(world.index);
    buf_dispose(&world.stored);
    buf_dispose(&world.pages);
    buf_dispose(&world.why);
    return 0;
}

/* ---- one domain ------------------------------------------------------------------------------------------
 */

static struct bytes record_of(const char *name)
{
    char wanted[300];
    (void)snprintf(wanted, sizeof wanted, "\"domain\":\"%s\"", name);
    for (const char *line = buf_string(&world.stored), *end; (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        const char *found = strstr(line, wanted);
        if (found != NULL && found < end)
            return bytes_make(line, (size_t)(end - line));
    }
    fail_msg("%s is not in %s", name, SCAN);
    return (struct bytes){NULL, 0};
}

static void explain(const char *name, struct buf *out)
{
    struct facts_source source = facts_index_source(world.index);
    struct facts_gaps gaps = {0};
    struct domain_facts facts;
    struct judgement judgement;
    arena_init(&world.arena, ARENA_BYTES);
    assert_int_equal(facts_read_domain(record_of(name), &world.arena, &facts, &world.why), ERR_OK);
    assert_int_equal(facts_complete(&facts, &source, &world.arena, &gaps, &world.why), ERR_OK);
    verdict_judge(&facts, BY_OWN_TIME, &world.arena, &judgement);
    assert_true(buf_printf(out, "== %s\n", name));
    assert_true(explain_domain(out, &facts, &judgement, &(struct explain_style){.verbose = true}));
    assert_true(buf_text(out, "-- in short\n"));
    assert_true(explain_domain(out, &facts, &judgement, &(struct explain_style){.verbose = false}));
    arena_dispose(&world.arena);
}

/* Of the domains that the headings list. */
static void explain_all(struct buf *out)
{
    buf_init(out, TEXT_BYTES);
    for (const char *line = buf_string(&world.pages), *end; (end = strchr(line, '\n')) != NULL;
         line = end + 1)
        if (strncmp(line, "== ", 3) == 0) {
            char name[256];
            (void)snprintf(name, sizeof name, "%.*s", (int)(end - line - 3), line + 3);
            explain(name, out);
        }
}

/* A page fits 80 columns; bytes that go on a character take none. */
static void assert_narrow(const char *line, size_t len)
{
    size_t columns = 0;
    for (size_t i = 0; i < len; i++)
        columns += ((unsigned char)line[i] & 0xc0) != 0x80;
    if (columns > 79)
        fail_msg("%zu columns: %.*s", columns, (int)len, line);
}

static void pages_are_as_they_stand(void **state)
{
    struct buf out;
    (void)state;
    explain_all(&out);
    const char *is = buf_string(&out), *was = buf_string(&world.pages);
    for (unsigned number = 1; *is != 0 || *was != 0; number++) {
        size_t is_len = strcspn(is, "\n"), was_len = strcspn(was, "\n");
        if (is_len != was_len || memcmp(is, was, is_len) != 0)
            fail_msg("%s:%u:\n  stands: %.*s\n  said:   %.*s", PAGES, number, (int)was_len, was, (int)is_len,
                     is);
        assert_narrow(is, is_len);
        is += is_len + (is[is_len] != 0);
        was += was_len + (was[was_len] != 0);
    }
    assert_true(strlen(buf_string(&out)) > 1000);
    buf_dispose(&out);
}

static void write_pages(void **state)
{
    struct buf out;
    (void)state;
    explain_all(&out);
    FILE *file = fopen(PAGES, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(out.data, 1, out.len, file), out.len);
    assert_int_equal(fclose(file), 0);
    buf_dispose(&out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest test[] = {cmocka_unit_test(pages_are_as_they_stand)};
    const struct CMUnitTest write[] = {cmocka_unit_test(write_pages)};
    if (argc == 2 && strcmp(argv[1], "write") == 0)
        return cmocka_run_group_tests_name("pages, made anew", write, open_world, close_world);
    return cmocka_run_group_tests_name("pages", test, open_world, close_world);
}
