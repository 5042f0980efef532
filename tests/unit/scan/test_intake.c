/* The input read once: names, rejects, and who opted out. This file says what the store has done. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/facts/suffix.h"
#include "scanner/scan/intake.h"

enum { MEMORY_BYTES = 1 << 20, WHY_BYTES = 4096 };

struct world {
    char path[64];
    struct input_file file;
    struct config config;
    struct optout *optout;
    struct spooled *names;
    struct intake_options options;
    struct intake_seen seen;
    struct buf why;
    uint64_t done; /* the ordinal that has its record already */
    unsigned rejects;
    unsigned *rejected; /* by ordinal, how often; NULL: nobody wants to know */
    struct reject_line last;
    enum error refused; /* what the sink says of a reject */
    unsigned looked;    /* for a stop */
    unsigned stop_at;
};

static struct world world;

bool store_is_done(const struct store *store, uint64_t ordinal)
{
    (void)store;
    return ordinal == world.done;
}

static enum error on_reject(void *arg, const struct reject_line *reject)
{
    assert_ptr_equal(arg, &world);
    world.rejects++;
    if (world.rejected != NULL)
        world.rejected[reject->ordinal]++;
    world.last = *reject;
    return world.refused;
}

static bool is_stopped(void *arg)
{
    assert_ptr_equal(arg, &world);
    return ++world.looked == world.stop_at;
}

static int begin(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    (void)snprintf(world.path, sizeof world.path, "/tmp/stsweep-intake-XXXXXX");
    int fd = mkstemp(world.path);
    if (fd < 0)
        return 1;
    (void)close(fd);
    world.file.path = world.path;
    world.config = (struct config){.input_memory = MEMORY_BYTES, .scan_shard = "1/1"};
    world.names = spooled_create(&(struct spooled_options){.config = &world.config, .seed = 1});
    buf_init(&world.why, WHY_BYTES);
    world.options = (struct intake_options){.asked = {.columns = ""},
                                            .files = &world.file,
                                            .file_count = 1,
                                            .names = world.names,
                                            .seen = &world.seen,
                                            .sink = {.arg = &world, .reject = on_reject},
                                            .stopped = is_stopped,
                                            .stopped_arg = &world};
    world.optout = optout_create();
    world.options.optout = world.optout;
    return world.names == NULL || optout_add_domain(world.optout, "out.example") != ERR_OK;
}

static int end(void **state)
{
    (void)state;
    spooled_destroy(world.names);
    optout_destroy(world.optout);
    buf_dispose(&world.why);
    return unlink(world.path);
}

static void write_list(const char *text)
{
    FILE *file = fopen(world.path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    optout_finish(world.optout);
}

static struct intake_counts take(enum error expected)
{
    struct intake_counts counts;
    memset(&counts, 0xFF, sizeof counts); /* whatever stood there counts for nothing */
    assert_int_equal(intake_read(&world.options, &counts, &world.why), expected);
    return counts;
}

/* The names that the source gives, and the sum of their ordinals. */
static unsigned names_given(uint64_t *ordinals)
{
    struct source source = spooled_source(world.names);
    struct input_name name;
    unsigned count = 0;
    *ordinals = 0;
    while (source.next(source.arg, &name) == ERR_OK) {
        *ordinals += name.ordinal;
        count++;
    }
    return count;
}

/* A list of public suffixes in a file: com, uk, co.uk. */
static psl_ctx_t *suffixes(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_true(fputs("// ===BEGIN ICANN DOMAINS===\ncom\nuk\nco.uk\n// ===END ICANN DOMAINS===\n", file) >=
                0);
    rewind(file);
    psl_ctx_t *list = psl_load_fp(file);
    (void)fclose(file);
    assert_non_null(list);
    return list;
}

static void test_reduced_to_registrable_domains(void **state)
{
    (void)state;
    uint64_t ordinals;
    write_list("www.a.com\na.com\nmail.b.co.uk\nx.y.b.co.uk\nco.uk\nuk\nh.unknown\nout.example\n");
    world.options.reduce = true;
    suffix_use(NULL);
    assert_int_equal(take(ERR_CONFIG).inputs, 0);
    assert_non_null(strstr(buf_string(&world.why), "publicsuffix"));
    psl_ctx_t *list = suffixes();
    suffix_use(list);
    struct intake_counts counts = take(ERR_OK);
    assert_int_equal(counts.inputs, 8);
    assert_int_equal(counts.reduced, 3);
    assert_int_equal(counts.opted_out, 1);
    assert_int_equal(names_given(&ordinals), 5); /* a.com, b.co.uk, co.uk, uk, h.unknown */
    assert_int_equal(ordinals, 1 + 3 + 5 + 6 + 7);
    assert_int_equal(spooled_counts(world.names).duplicates, 2);
    suffix_use(NULL);
    psl_free(list);
}

static void test_names_and_rejects(void **state)
{
    (void)state;
    uint64_t ordinals;
    write_list("a.example\nnot a name\n# comment\nb.example\nuser@c.example\n");
    struct intake_counts counts = take(ERR_OK);
    assert_int_equal(counts.inputs, 4);
    assert_int_equal(counts.rejects, 2);
    uint64_t by_code = 0;
    for (size_t code = 0; code < FAIL_COUNT; code++)
        by_code += counts.rejected[code];
    assert_int_equal(by_code, 2);
    assert_int_equal(counts.opted_out, 0);
    assert_int_equal(atomic_load(&world.seen.inputs), 4);
    assert_int_equal(atomic_load(&world.seen.bytes), world.file.bytes);
    assert_int_equal(atomic_load(&world.seen.of_bytes), world.file.bytes);
    assert_true(atomic_load(&world.seen.began_ms) > 0);
    assert_int_equal(world.rejects, 2);
    assert_int_equal(world.last.ordinal, 4);
    assert_int_equal(world.last.line, 5);
    assert_string_equal(world.last.file, world.path);
    assert_int_equal(counts.rejected[world.last.reason] > 0, 1);
    assert_int_equal(names_given(&ordinals), 2);
    assert_int_equal(ordinals, 1 + 3);
}

/* Who opted out is counted and not scanned; who has a record already keeps it, and is a name like others. */
static void test_opted_out(void **state)
{
    (void)state;
    uint64_t ordinals, by[2] = {0};
    world.options.opted_by = by;
    assert_int_equal(optout_add_suffix(world.optout, "out.example"), ERR_OK);
    write_list("a.example\nout.example\nb.out.example\nOUT.example\nc.out.example\n");
    assert_int_equal(take(ERR_OK).opted_out, 4);
    assert_int_equal(by[0], 2); /* the domain comes before the suffix */
    assert_int_equal(by[1], 2);
    assert_int_equal(names_given(&ordinals), 1);
    assert_int_equal(ordinals, 1);
}

static void test_opted_out_between_two_runs(void **state)
{
    (void)state;
    uint64_t ordinals;
    world.done = 2;
    write_list("a.example\nout.example\n");
    assert_int_equal(take(ERR_OK).opted_out, 0);
    assert_int_equal(names_given(&ordinals), 1); /* it is done */
    assert_int_equal(spooled_total(world.names), 2);
}

/* They stand in the store since the first run: counted, and not written again. */
static void test_rejects_that_are_done(void **state)
{
    (void)state;
    world.options.rejects_done = true;
    write_list("not a name\na.example\n");
    assert_int_equal(take(ERR_OK).rejects, 1);
    assert_int_equal(world.rejects, 0);
}

/* What an export that failed leaves is no list: whichever of the lists it is, and however little is asked
 * for. */
static void test_lists_that_hold_too_little(void **state)
{
    static const struct {
        const char *list;
        uint64_t at_least;
        enum error error;
        const char *why;
    } rows[] = {
        {"", 1, ERR_CONFIG, "there is no name in it: it is empty; input.at_least=0 goes on"},
        {"\n# none\n", 1, ERR_CONFIG, "no name in it: nothing but blank lines, comments or a header; "},
        {"domain\n", 1, ERR_CONFIG, "nothing but blank lines, comments or a header; "},
        {"$ORIGIN example.\n@ 5 IN SOA a. b. 1 2 3 4 5\n", 1, ERR_CONFIG,
         "there is no name in it: the zone delegates none; "},
        {"not a name\nuser@c.example\n", 1, ERR_CONFIG,
         "2 inputs, all rejected (1 input.bad-name, 1 input.is-email); input.lenient=yes takes URLs and "
         "e-mail "
         "addresses for their domain; input.at_least=0 goes on"},
        {"", 0, ERR_OK, ""},
        {"not a name\n", 0, ERR_OK, ""},
        {"a.example\nnot a name\n", 1, ERR_OK, ""},
        {"a.example\nb.example\nnot a name\n", 2, ERR_OK, ""},
        {"a.example\nb.example\nnot a name\n", 3, ERR_CONFIG,
         "the input holds 2 names, fewer than input.at_least=3"},
        {"out.example\n", 1, ERR_OK, ""}, /* by choice, not by accident */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(end(state), 0);
        assert_int_equal(begin(state), 0);
        world.options.at_least = rows[i].at_least;
        write_list(rows[i].list);
        (void)take(ERR_OK);
        assert_int_equal(intake_check(&world.options, &world.why), rows[i].error);
        if (strstr(buf_string(&world.why), rows[i].why) == NULL)
            fail_msg("row %zu: %s", i, buf_string(&world.why));
    }
}

/* A filter that is mistyped leaves as little; what a sample or a shard leaves out is no accident. */
static void test_filters_that_leave_too_little(void **state)
{
    static const struct {
        const char *only, *take, *shard;
        int64_t limit;
        uint64_t at_least;
        const char *why; /* NULL: it goes on */
    } rows[] = {
        {".nope", "", "", 0, 1,
         "input.only or input.except leaves 0 of the 3 names that the input holds, fewer than "
         "input.at_least=1; "
         "input.at_least=0 goes on"},
        {".nope", "", "", 0, 0, NULL},
        {".example", "", "", 0, 2, NULL},
        {".example", "", "", 0, 3,
         "input.only or input.except leaves 2 of the 3 names that the input holds, "},
        {".example", "", "", 0, 4, "the input holds 3 names, fewer than input.at_least=4"},
        {"", "", "", 1, 1, NULL},
        {"", "", "", 1, 2, "input.limit leaves 1 of the 3 names that the input holds, "},
        {".example", "", "", 1, 2,
         "input.only, input.except or input.limit leaves 1 of the 3 names that the input holds, "},
        {"", "0.000001%", "", 0, 3, NULL},
        {"", "1", "", 0, 3, NULL},
        {"", "100%", "7/1024", 0, 3, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char sha256[FILTER_SHA256_BYTES], key[] = "stsweep", none[] = "";
        assert_int_equal(end(state), 0);
        assert_int_equal(begin(state), 0);
        spooled_destroy(world.names);
        world.config.input_only = (char *)(uintptr_t)rows[i].only;
        world.config.input_except = none;
        world.config.input_limit = rows[i].limit;
        world.config.sample_take = (char *)(uintptr_t)rows[i].take;
        world.config.sample_key = key;
        world.config.scan_shard = (char *)(uintptr_t)rows[i].shard;
        assert_int_equal(choice_create(&world.config, &world.options.choice, sha256, &world.why), ERR_OK);
        world.names = world.options.names = spooled_create(
            &(struct spooled_options){.config = &world.config, .seed = 1, .choice = world.options.choice});
        assert_non_null(world.names);
        world.options.at_least = rows[i].at_least;
        write_list("a.example\nb.example\nc.test\nnot a name\n");
        (void)take(ERR_OK);
        enum error error = intake_check(&world.options, &world.why);
        choice_destroy(world.options.choice);
        if (error != (rows[i].why == NULL ? ERR_OK : ERR_CONFIG) ||
            (rows[i].why != NULL && strstr(buf_string(&world.why), rows[i].why) == NULL))
            fail_msg("row %zu: %s: %s", i, error_text(error), buf_string(&world.why));
    }
}

enum { SHARED_LINES = 400 };

/* Writes a list that has of everything: names twice and in other letters, rejects of several kinds, names
 * that opted out once and twice, names of two suffixes with ranks. */
static void write_mixed_list(void)
{
    static char text[SHARED_LINES * 40];
    size_t len = (size_t)snprintf(text, sizeof text, "rank,domain\n");
    for (unsigned line = 0; line < SHARED_LINES; line++) {
        unsigned i = line % 4 == 3 && line > 40 ? line - 21 : line; /* as a line before */
        const char *form = i % 11 == 0     ? "%u,https://n%u.example/\n"
                           : i % 13 == 0   ? "%u,user@n%u.example\n"
                           : i % 17 == 0   ? "%u,not a name %u\n"
                           : i % 19 == 0   ? "%u,a%u.out.com\n"
                           : line % 7 == 0 ? "%u,WWW.N%u.com\n"
                           : i % 3 == 0    ? "%u,n%u.co.uk\n"
                                           : "%u,www.n%u.com\n";
        len += (size_t)snprintf(text + len, sizeof text - len, form, line * 9, i);
    }
    write_list(text);
}

/* What becomes of all lines: in order records, rejects, duplicates, opted_out, filtered, over_limit,
 * not_sampled, reduced, by the opt-out list's entry; and apart from these not_in_shard. */
enum { BOOKS = 9 };
struct books {
    uint64_t of[BOOKS], inputs, not_in_shard;
};

static struct books books_of_shard(void **state, const struct config *asked, const char *shard,
                                   unsigned rejected[SHARED_LINES + 2])
{
    char sha256[FILTER_SHA256_BYTES];
    uint64_t ordinals, opted_by[4] = {0};
    assert_int_equal(end(state), 0);
    assert_int_equal(begin(state), 0);
    spooled_destroy(world.names);
    world.config = *asked;
    world.config.scan_shard = (char *)(uintptr_t)shard;
    world.rejected = rejected;
    assert_int_equal(optout_add_suffix(world.optout, "out.com"), ERR_OK);
    assert_int_equal(optout_add_domain(world.optout, "out.com"), ERR_OK);
    world.options.reduce = asked->input_reduce == INPUT_REDUCE_REGISTRABLE;
    write_mixed_list();
    assert_int_equal(choice_create(&world.config, &world.options.choice, sha256, &world.why), ERR_OK);
    world.names = world.options.names =
        spooled_create(&(struct spooled_options){.config = &world.config,
                                                 .seed = 1,
                                                 .choice = world.options.choice,
                                                 .optout = world.optout,
                                                 .opted_by = opted_by});
    world.options.opted_by = opted_by;
    world.options.at_least = 1;
    struct intake_counts counts = take(ERR_OK);
    assert_int_equal(intake_check(&world.options, &world.why), ERR_OK);
    struct books books = {.of = {names_given(&ordinals)}, .inputs = counts.inputs};
    struct choice_counts left_out = choice_counts_of(world.options.choice);
    struct spool_counts spool = spooled_counts(world.names);
    const uint64_t rest[BOOKS - 1] = {counts.rejects,
                                      spool.duplicates,
                                      counts.opted_out + left_out.opted_out,
                                      left_out.filtered,
                                      left_out.over_limit,
                                      left_out.not_sampled,
                                      counts.reduced,
                                      opted_by[0] + opted_by[1] + opted_by[2] + opted_by[3]};
    memcpy(books.of + 1, rest, sizeof rest);
    books.not_in_shard = spool.not_in_shard + left_out.not_in_shard;
    uint64_t sum = books.not_in_shard;
    for (size_t i = 0; i < 7; i++)
        sum += books.of[i];
    assert_int_equal(sum, books.inputs);
    assert_int_equal(world.rejects, counts.rejects);
    choice_destroy(world.options.choice);
    world.options.choice = NULL;
    return books;
}

/* Over all shards each line is counted once, as the whole list counts it, whatever leaves it out. */
static void test_shards_add_up(void **state)
{
    static char none[] = "", key[] = "stsweep", only[] = ".com";
    static char share[] = "40%", number[] = "60";
    const struct config rows[] = {
        {.sample_take = none, .input_only = none},
        {.sample_take = none, .input_only = none, .input_reduce = INPUT_REDUCE_REGISTRABLE},
        {.sample_take = none, .input_only = only},
        {.sample_take = none, .input_only = none, .input_limit = 50},
        {.sample_take = none, .input_only = only, .input_limit = 50},
        {.sample_take = share, .input_only = none},
        {.sample_take = share, .input_only = only, .input_limit = 100, .sample_strata = STRATA_TLD},
        {.sample_take = number, .input_only = none},
        {.sample_take = number, .input_only = only, .input_limit = 100, .sample_strata = STRATA_RANK},
    };
    static const uint32_t counts[] = {1, 3, 7};
    psl_ctx_t *list = suffixes();
    suffix_use(list);
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        struct config config = rows[row];
        config.input_except = none;
        config.sample_key = key;
        config.input_memory = MEMORY_BYTES;
        unsigned rejected[SHARED_LINES + 2] = {0};
        const struct books whole = books_of_shard(state, &config, "", rejected);
        assert_true(whole.of[0] > 20 && whole.of[1] > 50);
        assert_true(row > 0 || (whole.of[2] > 20 && whole.of[3] > 5));
        assert_int_equal(whole.not_in_shard, 0);
        for (size_t n = 0; n < sizeof counts / sizeof *counts; n++) {
            struct books sum = {.inputs = 0};
            unsigned once[SHARED_LINES + 2] = {0};
            for (uint32_t i = 1; i <= counts[n]; i++) {
                char shard[16];
                (void)snprintf(shard, sizeof shard, "%u/%u", i, counts[n]);
                const struct books books = books_of_shard(state, &config, shard, once);
                assert_int_equal(books.inputs, whole.inputs);
                for (size_t j = 0; j < BOOKS; j++)
                    sum.of[j] += books.of[j];
                sum.not_in_shard += books.not_in_shard;
            }
            for (size_t j = 0; j < BOOKS; j++)
                if (sum.of[j] != whole.of[j])
                    fail_msg("row %zu, %u shards, book %zu: %llu, not %llu", row, counts[n], j,
                             (unsigned long long)sum.of[j], (unsigned long long)whole.of[j]);
            assert_int_equal(sum.not_in_shard, (counts[n] - 1) * whole.inputs);
            assert_memory_equal(once, rejected, sizeof once);
        }
    }
    suffix_use(NULL);
    psl_free(list);
}

/* A list of rejects alone is empty in each shard, also in one that none of them is of. */
static void test_rejects_of_other_shards_are_seen(void **state)
{
    static char none[] = "", shard[] = "5/7";
    char sha256[FILTER_SHA256_BYTES];
    (void)state;
    world.config.input_only = world.config.input_except = world.config.sample_take = none;
    world.config.scan_shard = shard;
    assert_int_equal(choice_create(&world.config, &world.options.choice, sha256, &world.why), ERR_OK);
    world.options.at_least = 1;
    write_list("https://a.example/\nuser@b.example\n");
    const struct intake_counts counts = take(ERR_OK);
    assert_int_equal(counts.rejects, 0);
    assert_int_equal(world.rejects, 0);
    assert_int_equal(intake_check(&world.options, &world.why), ERR_CONFIG);
    assert_non_null(strstr(buf_string(&world.why), "there is no name in it: 2 inputs, all rejected ("));
    choice_destroy(world.options.choice);
}

/* A line each: what a list was taken for, and what would take what is rejected. */
static void test_what_is_said(void **state)
{
    char *text = NULL;
    size_t len;
    (void)state;
    write_list("domain;label\nhttps://a.example/;x\nuser@b.example;y\nc.example;z\n");
    world.options.out = open_memstream(&text, &len);
    assert_non_null(world.options.out);
    (void)take(ERR_OK);
    assert_int_equal(fclose(world.options.out), 0);
    assert_non_null(strstr(text, ": CSV with semicolons: domain in column 1, label in column 2; header "
                                 "\"domain;label\"; first name c.example\nstsweep: "));
    assert_non_null(strstr(text,
                           ": 2 inputs are rejected as URLs or e-mail addresses; input.lenient=yes takes "
                           "URLs and e-mail addresses for their domain\n"));
    free(text);
}

static void test_a_sink_that_refuses(void **state)
{
    (void)state;
    world.refused = ERR_FULL;
    write_list("a.example\nnot a name\nnot another\n");
    assert_int_equal(take(ERR_FULL).rejects, 1);
    assert_int_equal(world.rejects, 1);
}

static void test_stopped(void **state)
{
    (void)state;
    world.stop_at = 1;
    write_list("a.example\nb.example\n");
    (void)take(ERR_STOPPED);
}

static void test_no_such_file(void **state)
{
    (void)state;
    world.file.path = "/nowhere/at/all";
    struct intake_counts counts = take(ERR_IO);
    assert_int_equal(counts.inputs, 0);
    assert_non_null(strstr(buf_string(&world.why), "/nowhere/at/all"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_names_and_rejects),
        CASE(test_reduced_to_registrable_domains),
        CASE(test_opted_out),
        CASE(test_opted_out_between_two_runs),
        CASE(test_rejects_that_are_done),
        CASE(test_lists_that_hold_too_little),
        CASE(test_filters_that_leave_too_little),
        CASE(test_shards_add_up),
        CASE(test_rejects_of_other_shards_are_seen),
        CASE(test_what_is_said),
        CASE(test_a_sink_that_refuses),
        CASE(test_stopped),
        CASE(test_no_such_file),
    };
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
