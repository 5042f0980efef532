/* The input's names as a source, over passes. This file says what the store has done. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/scan/spooled.h"

enum { NAMES = 100, MEMORY_BYTES = 1 << 20 };

static struct config config;
static uint64_t done_from = UINT64_MAX; /* ordinals from here on have their record */

bool store_is_done(const struct store *store, uint64_t ordinal)
{
    (void)store;
    return ordinal >= done_from;
}

static struct spooled *make(int64_t memory)
{
    config = (struct config){.input_memory = memory, .scan_shard = "1/1"};
    struct spooled *spooled = spooled_create(&(struct spooled_options){.config = &config, .seed = 7});
    assert_non_null(spooled);
    return spooled;
}

static enum error add(struct spooled *spooled, uint64_t ordinal)
{
    char domain[32];
    (void)snprintf(domain, sizeof domain, "d%u.example", (unsigned)ordinal);
    return spooled_add(spooled, &(struct input_name){.ordinal = ordinal, .domain = domain});
}

static struct spooled *make_full(void)
{
    struct spooled *spooled = make(MEMORY_BYTES);
    for (uint64_t ordinal = 1; ordinal <= NAMES; ordinal++)
        assert_int_equal(add(spooled, ordinal), ERR_OK);
    assert_int_equal(spooled_total(spooled), 0);
    assert_int_equal(spooled_filled(spooled), ERR_OK);
    return spooled;
}

/* Asks for all names of a pass, puts every n-th off, and says how many there were. */
static unsigned run_pass(const struct source *source, unsigned put_off_each, uint64_t *ordinals)
{
    struct input_name name;
    unsigned count = 0;
    enum error error;
    while ((error = source->next(source->arg, &name)) == ERR_OK) {
        *ordinals += name.ordinal;
        if (put_off_each > 0 && count % put_off_each == 0)
            assert_int_equal(source->put_off(source->arg, &name), ERR_OK);
        count++;
    }
    assert_int_equal(error, ERR_NOT_FOUND);
    return count;
}

static void test_each_once_and_again(void **state)
{
    (void)state;
    struct spooled *spooled = make_full();
    struct source source = spooled_source(spooled);
    uint64_t sum = 0;
    assert_null(source.finished);
    assert_int_equal(run_pass(&source, 4, &sum), NAMES);
    assert_int_equal(sum, NAMES * (NAMES + 1) / 2);
    assert_int_equal(source.end(source.arg), ERR_OK);
    assert_int_equal(run_pass(&source, 5, &sum), NAMES / 4);
    assert_int_equal(source.end(source.arg), ERR_OK);
    assert_int_equal(run_pass(&source, 0, &sum), NAMES / 20);
    assert_int_equal(source.end(source.arg), ERR_OK);
    assert_int_equal(run_pass(&source, 0, &sum), 0);
    spooled_destroy(spooled);
}

/* What later passes hand out changes nothing in what the first has counted. */
static void test_counts_are_the_first_pass_s(void **state)
{
    (void)state;
    struct spooled *spooled = make(MEMORY_BYTES);
    struct source source = spooled_source(spooled);
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++)
        for (uint64_t ordinal = 1; ordinal <= NAMES; ordinal++)
            assert_int_equal(add(spooled, ordinal), ERR_OK);
    assert_int_equal(spooled_filled(spooled), ERR_OK);
    assert_int_equal(run_pass(&source, 1, &sum), NAMES);
    assert_int_equal(spooled_total(spooled), NAMES);
    assert_int_equal(source.end(source.arg), ERR_OK);
    assert_int_equal(run_pass(&source, 2, &sum), NAMES);
    assert_int_equal(source.end(source.arg), ERR_OK);
    assert_int_equal(run_pass(&source, 0, &sum), NAMES / 2);
    struct spool_counts counts = spooled_counts(spooled);
    assert_int_equal(counts.names, 2 * NAMES);
    assert_int_equal(counts.duplicates, NAMES);
    assert_int_equal(spooled_total(spooled), NAMES);
    spooled_destroy(spooled);
}

static void test_done_ones_are_passed_over(void **state)
{
    (void)state;
    struct spooled *spooled = make_full();
    struct source source = spooled_source(spooled);
    uint64_t sum = 0;
    done_from = 11;
    assert_int_equal(run_pass(&source, 1, &sum), 10);
    assert_int_equal(sum, 55);
    assert_int_equal(spooled_total(spooled), NAMES);
    assert_int_equal(source.end(source.arg), ERR_OK);
    assert_int_equal(run_pass(&source, 1, &sum), 10);
    done_from = UINT64_MAX;
    spooled_destroy(spooled);
}

static void test_only_the_shard(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned shard = 1; shard <= 4; shard++) {
        char text[8];
        uint64_t sum = 0;
        struct spooled *spooled = make(MEMORY_BYTES);
        struct source source = spooled_source(spooled);
        (void)snprintf(text, sizeof text, "%u/4", shard);
        config.scan_shard = text;
        for (uint64_t ordinal = 1; ordinal <= NAMES; ordinal++)
            assert_int_equal(add(spooled, ordinal), ERR_OK);
        assert_int_equal(spooled_filled(spooled), ERR_OK);
        unsigned own = run_pass(&source, 1, &sum);
        assert_true(own > 0 && own < NAMES);
        assert_int_equal(source.end(source.arg), ERR_OK);
        assert_int_equal(run_pass(&source, 0, &sum), own); /* none of the shard's own is left out then */
        assert_int_equal(spooled_counts(spooled).not_in_shard, NAMES - own);
        count += own;
        spooled_destroy(spooled);
    }
    assert_int_equal(count, NAMES);
}

static void test_no_names(void **state)
{
    (void)state;
    struct spooled *spooled = make(MEMORY_BYTES);
    struct source source = spooled_source(spooled);
    uint64_t sum = 0;
    assert_int_equal(spooled_filled(spooled), ERR_OK);
    assert_int_equal(run_pass(&source, 0, &sum), 0);
    assert_int_equal(spooled_counts(spooled).names, 0);
    spooled_destroy(spooled);
}

static void test_a_list_that_does_not_fit(void **state)
{
    (void)state;
    struct spooled *spooled = make(1);
    enum error error = ERR_OK;
    for (uint64_t ordinal = 1; error == ERR_OK && ordinal < 1000000; ordinal++)
        error = add(spooled, ordinal);
    assert_int_equal(error, ERR_LIMIT);
    assert_int_equal(spooled_filled(spooled), ERR_LIMIT);
    spooled_destroy(spooled);
}

static void assert_reason(const struct spooled *spooled, const char *before, const char *after)
{
    struct buf why;
    buf_init(&why, 4096);
    assert_true(buf_text(&why, before));
    spooled_say_reason(spooled, &why);
    assert_string_equal(buf_string(&why), after);
    buf_dispose(&why);
}

/* Why names could not be kept stands on a line of its own, behind where the input failed. */
static void test_why_names_cannot_be_kept(void **state)
{
    static const char words[] =
        "spool: spool file: cannot create: No such file or directory; check its path\n";
    char text[128];
    enum error error = ERR_OK;
    (void)state;
    config = (struct config){.input_memory = 65536, .scan_shard = "1/1"};
    struct spooled *spooled = spooled_create(
        &(struct spooled_options){.config = &config, .seed = 7, .directory = "/tmp/stsweep-no-such-place"});
    assert_non_null(spooled);
    assert_reason(spooled, "list: failed", "list: failed");
    for (uint64_t ordinal = 1; error == ERR_OK && ordinal < 1000000; ordinal++)
        error = add(spooled, ordinal);
    assert_int_equal(error, ERR_IO);
    assert_reason(spooled, "", words);
    (void)snprintf(text, sizeof text, "list: failed\n%s", words);
    assert_reason(spooled, "list: failed", text);
    assert_reason(spooled, "list: failed\n", text);
    spooled_destroy(spooled);
    config = (struct config){.input_memory = MEMORY_BYTES, .scan_shard = "1/9999999"};
    spooled = spooled_create(&(struct spooled_options){.config = &config, .seed = 7});
    assert_non_null(spooled);
    assert_int_not_equal(add(spooled, 1), ERR_OK);
    assert_reason(spooled, "list: failed",
                  "list: failed\nshard 1/9999999: there are at most 1024 shards, counted from 1");
    spooled_destroy(spooled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once_and_again),
        cmocka_unit_test(test_counts_are_the_first_pass_s),
        cmocka_unit_test(test_done_ones_are_passed_over),
        cmocka_unit_test(test_only_the_shard),
        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_a_list_that_does_not_fit),
        cmocka_unit_test(test_why_names_cannot_be_kept),
    };
    return cmocka_run_group_tests_name("spooled", tests, NULL, NULL);
}
