/* What meta.json says that the record files of a scan held, and what of that is not there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/readback/scanview.h"
#include "scanner/json/json_tree.h"
#include "tests/unit/commands/scan_place.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TREE_BYTES = 1 << 20, WHY_BYTES = 4096 };

static void what_is_read(void **state)
{
    static const struct {
        const char *meta;
        bool fine, knows_domains, knows_rejects;
        uint64_t records, bytes; /* of the domains */
    } rows[] = {
        {"{}", true, false, false, 0, 0},
        {"{\"stored\":{}}", true, false, false, 0, 0},
        {"{\"stored\":{\"rejects\":{\"records\":0,\"bytes\":9}}}", true, false, true, 0, 0},
        {"{\"stored\":{\"domains\":{\"records\":3,\"bytes\":18446744073709551615}}}", true, true, false, 3,
         UINT64_MAX},
        {"{\"stored\":{\"domains\":{\"records\":3,\"bytes\":4,\"more\":[]},\"others\":7}}", true, true, false,
         3, 4},
        {"{\"stored\":[]}", false, false, false, 0, 0},
        {"{\"stored\":7}", false, false, false, 0, 0},
        {"{\"stored\":{\"domains\":7}}", false, false, false, 0, 0},
        {"{\"stored\":{\"domains\":{\"records\":3}}}", false, false, false, 0, 0},
        {"{\"stored\":{\"hosts\":{\"records\":3,\"bytes\":-1}}}", false, false, false, 0, 0},
        {"{\"stored\":{\"certs\":{\"records\":3,\"bytes\":\"4\"}}}", false, false, false, 0, 0},
        {"{\"stored\":{\"domains\":{\"records\":3,\"bytes\":18446744073709551616}}}", false, false, false, 0,
         0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena arena;
        struct amount amounts[AMOUNT_STREAMS];
        const struct json_node *root;
        arena_init(&arena, TREE_BYTES);
        assert_int_equal(json_tree_parse(bytes_of(rows[i].meta), &arena, &root), ERR_OK);
        if (amounts_of(root, amounts) != rows[i].fine)
            fail_msg("%s", rows[i].meta);
        if (rows[i].fine) {
            assert_int_equal(amounts[AMOUNT_DOMAINS].known, rows[i].knows_domains);
            assert_int_equal(amounts[AMOUNT_REJECTS].known, rows[i].knows_rejects);
            assert_int_equal(amounts[AMOUNT_DOMAINS].records, rows[i].records);
            assert_int_equal(amounts[AMOUNT_DOMAINS].bytes, rows[i].bytes);
        }
        arena_dispose(&arena);
    }
}

static enum error frame_of(int dir_fd, unsigned records)
{
    const struct frames_options options = {
        .dir_fd = dir_fd, .name = "hosts", .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20};
    struct frames *frames;
    struct buf why;
    bool full;
    buf_init(&why, WHY_BYTES);
    enum error error = frames_create(&options, &frames, &why);
    for (unsigned i = 0; error == ERR_OK && i < records; i++)
        error = frames_append(frames, bytes_of("{}\n"), &full);
    if (error == ERR_OK)
        error = frames_commit(frames, &why);
    frames_destroy(frames);
    buf_dispose(&why);
    return error;
}

/* A file of four records. Its bytes are as they were; or others, as they are when it was packed anew. */
static void what_is_amiss(void **state)
{
    enum { THERE = 4 };
    static const struct {
        bool known, other_bytes, fewer_bytes;
        uint64_t records;
        bool exact, amiss;
        const char *why;
    } rows[] = {
        {false, true, true, 9, true, false, ""},
        {true, false, false, 9, true, false, ""}, /* its frames tell */
        {true, true, true, 4, true, false, ""},
        {true, true, true, 5, true, true,
         "hosts.ndjson.zst: 4 of 5 records are there: a part of it, or its end"},
        {true, true, true, 5, false, true, "hosts.ndjson.zst: 4 of 5 records are there: a part of it"},
        {true, true, true, 3, true, true, "hosts.ndjson.zst: 4 of 3 records are there: it is not the file"},
        {true, true, true, 3, false, false, ""},
        {true, true, false, 5, false, false, ""}, /* it has grown since */
        {true, true, false, 5, true, true, "4 of 5 records"},
    };
    char dir[] = "/tmp/stsweep-amounts-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(dir));
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(frame_of(dir_fd, THERE), ERR_OK);
    const uint64_t bytes = amount_bytes_in(dir_fd, AMOUNT_HOSTS);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const uint64_t then = !rows[i].other_bytes ? bytes : rows[i].fewer_bytes ? bytes + 1 : bytes - 1;
        const struct amount amount = {rows[i].known, rows[i].records, then};
        struct buf why;
        buf_init(&why, WHY_BYTES);
        const struct amount there = {.bytes = bytes}, counted = {true, THERE, bytes};
        assert_int_equal(amount_is_amiss(dir_fd, AMOUNT_HOSTS, &amount, &there, rows[i].exact, &why),
                         rows[i].amiss);
        assert_int_equal(amount_is_amiss(dir_fd, AMOUNT_HOSTS, &amount, &there, rows[i].exact, NULL),
                         rows[i].amiss);
        assert_int_equal(amount_is_amiss(-1, AMOUNT_HOSTS, &amount, &counted, rows[i].exact, NULL),
                         rows[i].amiss);
        if (rows[i].why[0] == '\0' ? why.len > 0 : strstr(buf_string(&why), rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, buf_string(&why));
        buf_dispose(&why);
    }
    (void)close(dir_fd);
    (void)snprintf(path, sizeof path, "%s/hosts.ndjson.zst", dir);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* ---- a directory --------------------------------------------------------------------------------------- */

static void put_file(const char *dir, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static enum error count_line(void *arg, struct bytes line)
{
    (void)line;
    ++*(unsigned *)arg;
    return ERR_OK;
}

/* A file of ten bytes that are no frame, or none: meta.json or, before it said so, summary.json has the word.
 */
static void whom_a_directory_is_held_to(void **state)
{
    static const char amounts[] = ",\"stored\":{\"domains\":{\"records\":3,\"bytes\":10},"
                                  "\"rejects\":{\"records\":0,\"bytes\":0}}";
    static const struct {
        const char *state, *more, *summary;
        bool has_file, amiss;
    } rows[] = {
        {"done", amounts, "{}", true, false},
        {"done", amounts, "{}", false, true},
        {"stopped", amounts, "", false, true},
        {"scanning", amounts, "", false, false}, /* what grows may have been anything */
        {"reading", amounts, "", false, false},
        {"done", "", "{\"records\":3}", false, true},
        {"done", "", "{\"records\":3}", true, false},
        {"done", "", "{\"records\":0}", false, false},
        {"done", "", "{\"records\":\"3\"}", false, false},
        {"done", "", "no JSON", false, false},
        {"stopped", "", "{\"records\":3}", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char dir[] = "/tmp/stsweep-amounts-XXXXXX", meta[512];
        static const char *const names[] = {"meta.json", "summary.json", "domains.ndjson.zst"};
        struct scanview *view;
        struct buf why;
        unsigned lines = 0;
        buf_init(&why, WHY_BYTES);
        assert_non_null(mkdtemp(dir));
        (void)snprintf(
            meta, sizeof meta,
            "{\"schema\":%d,\"rules\":1,\"version\":\"7\",\"state\":\"%s\",\"runs\":1,\"seed\":\"1\","
            "\"started_ms\":1%s}",
            RECORD_SCHEMA_VERSION, rows[i].state, rows[i].more);
        put_file(dir, "meta.json", meta);
        put_file(dir, "summary.json", rows[i].summary);
        if (rows[i].has_file)
            put_file(dir, "domains.ndjson.zst", "0123456789");
        assert_int_equal(scanview_open(dir, &view, &why), ERR_OK);
        if (scanview_is_amiss(view, VIEW_DOMAINS, &why) != rows[i].amiss)
            fail_msg("row %zu: %s", i, buf_string(&why));
        assert_false(scanview_is_amiss(view, VIEW_HOSTS, &why));
        buf_reset(&why);
        enum error error = scanview_lines(view, VIEW_DOMAINS, count_line, &lines, &why);
        assert_int_equal(error, rows[i].amiss || rows[i].has_file ? ERR_CORRUPT : ERR_OK);
        assert_true(error == ERR_OK || strstr(buf_string(&why), "domains.ndjson.zst: ") != NULL);
        scanview_close(view);
        for (size_t k = 0; k < COUNT(names); k++) {
            char path[128];
            (void)snprintf(path, sizeof path, "%s/%s", dir, names[k]);
            (void)unlink(path);
        }
        assert_int_equal(rmdir(dir), 0);
        buf_dispose(&why);
    }
}

static enum error remove_file(void *arg, struct bytes line)
{
    const struct scan_place *place = arg;
    (void)line;
    (void)unlinkat(place->fd, "domains.ndjson.zst", 0);
    return ERR_OK;
}

/* A file that was packed anew is held to the records that the walk itself has met: it is not read again, and
 * one that was refused is there as well. */
static void a_walk_counts_by_itself(void **state)
{
    static const char *const lines[] = {"{\"domain\":\"a\"}\n", "hello\n", "{\"domain\":\"b\"}\n", NULL};
    static const struct {
        const char *stored, *why;
    } rows[] = {
        {",\"stored\":{\"domains\":{\"records\":3,\"bytes\":1}}",
         "domains.ndjson.zst: record 2 cannot be read: no JSON object"},
        {",\"stored\":{\"domains\":{\"records\":4,\"bytes\":1}}",
         "domains.ndjson.zst: 3 of 4 records are there: a part of it, or its end, is gone; "
         "domains.ndjson.zst: record 2 cannot be read: no JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct scan_place place;
        struct scanview *view;
        struct buf why;
        buf_init(&why, WHY_BYTES);
        place_begin(&place);
        place_meta_with(&place, 1, "done", 1, rows[i].stored);
        place_lines(&place, "domains", lines);
        assert_int_equal(scanview_open(place.path, &view, &why), ERR_OK);
        assert_int_equal(scanview_lines(view, VIEW_DOMAINS, remove_file, &place, &why), ERR_CORRUPT);
        assert_string_equal(buf_string(&why), rows[i].why);
        scanview_close(view);
        place_end(&place);
        buf_dispose(&why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(what_is_amiss),
        cmocka_unit_test(whom_a_directory_is_held_to),
        cmocka_unit_test(a_walk_counts_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
