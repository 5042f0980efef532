/* The opt-out lists of a scan's stages in one file: what stands in it, whoever had which list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/readback/optout_kept.h"
#include "scanner/stages/merge_optout.h"
#include "tests/unit/commands/scan_place.h"

enum { NAMES = 2, PROBES = 4, DIRS = NAMES + PROBES };

struct world {
    struct scan_place places[DIRS], merged;
    struct stagedir dirs[DIRS];
    struct store *store;
    struct buf why;
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    buf_init(&world->why, 4096);
    for (size_t i = 0; i < DIRS; i++) {
        place_begin(&world->places[i]);
        place_meta(&world->places[i], RECORD_RULES);
    }
    place_begin(&world->merged);
    const struct store_options options = {
        .dir = world->merged.path, .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20};
    assert_int_equal(store_create(&options, &world->store, &world->why), ERR_OK);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    store_destroy(world->store);
    for (size_t i = 0; i < DIRS; i++) {
        (void)unlinkat(world->places[i].fd, OPTOUT_KEPT_NAME, 0);
        place_end(&world->places[i]);
    }
    (void)unlinkat(world->merged.fd, OPTOUT_KEPT_NAME, 0);
    (void)unlinkat(world->merged.fd, "lock", 0);
    place_end(&world->merged);
    buf_dispose(&world->why);
    free(world);
    return 0;
}

#define ENTRY(text, kind, line, rest)                                                                        \
    "{\"entry\":\"" text "\",\"kind\":\"" kind "\",\"line\":" line ",\"domains\":" rest "}\n"
#define AS(prefix) ENTRY("AS64500", "as", "2", "0,\"prefixes\":[\"" prefix "\"]")

/* Merges directories that have these lists; NULL: none. */
static void merge(struct world *world, const char *const lists[DIRS])
{
    struct stagedirs dirs = {
        .names = world->dirs, .name_count = NAMES, .probes = world->dirs + NAMES, .probe_count = PROBES};
    for (size_t i = 0; i < DIRS; i++) {
        if (lists[i] != NULL)
            place_file(&world->places[i], OPTOUT_KEPT_NAME, lists[i]);
        world->dirs[i].path = world->places[i].path;
        assert_int_equal(scanview_open(world->places[i].path, &world->dirs[i].view, &world->why), ERR_OK);
    }
    enum error error = merge_optout(&dirs, world->store, "merged", &world->why);
    if (error != ERR_OK)
        fail_msg("%s: %s", error_text(error), buf_string(&world->why));
    for (size_t i = 0; i < DIRS; i++)
        scanview_close(world->dirs[i].view);
}

static void assert_kept(struct world *world, const char *expected)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_int_equal(store_read_file(world->store, OPTOUT_KEPT_NAME, &text, &world->why), ERR_OK);
    assert_string_equal(buf_string(&text), expected);
    buf_dispose(&text);
}

static void test_no_list(void **state)
{
    struct world *world = *state;
    struct buf text;
    merge(world, (const char *const[DIRS]){NULL});
    buf_init(&text, 64);
    assert_int_equal(store_read_file(world->store, OPTOUT_KEPT_NAME, &text, &world->why), ERR_NOT_FOUND);
    buf_dispose(&text);
}

/* All shards' names are summed up, those of probes are not: they read no input. */
static void test_one_list(void **state)
{
    merge(*state, (const char *const[DIRS]){ENTRY("a.example", "domain", "1", "3"),
                                            ENTRY("a.example", "domain", "1", "4"),
                                            ENTRY("a.example", "domain", "1", "0"), NULL,
                                            ENTRY("a.example", "domain", "1", "9"), NULL});
    assert_kept(*state, ENTRY("a.example", "domain", "1", "7"));
}

/* The list changed and changed back: the newest counts, what it lacks is removed, the newest of those first,
 * and an AS number keeps the prefixes of all. */
static void test_lists_that_differ(void **state)
{
    static const char first[] = ENTRY("a.example", "domain", "1", "3") AS("192.0.2.0/24");
    static const char other[] = ENTRY("b.example", "domain", "1", "0") AS("198.51.100.0/24");
    static const char third[] = ENTRY("c.example", "domain", "1", "0") AS("192.0.2.0/24");
    merge(*state, (const char *const[DIRS]){first, first, other, third, first, other});
    assert_kept(*state,
                ENTRY("b.example", "domain", "1", "0")
                    ENTRY("AS64500", "as", "2", "0,\"prefixes\":[\"192.0.2.0/24\",\"198.51.100.0/24\"]")
                        ENTRY("a.example", "domain", "1", "0,\"removed\":true")
                            ENTRY("c.example", "domain", "1", "0,\"removed\":true"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_no_list), CASE(test_one_list), CASE(test_lists_that_differ)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
