/* A resume of a scan of whose files something is gone, or whose last frame is bad: nothing of it is taken for
 * a torn tail where there can be none, and what is not there is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/readback/amounts.h"
#include "tests/unit/store/store_place.h"

struct scan {
    struct place *place;
    off_t first_bytes[STORE_STREAMS]; /* of each file, after its first frame */
};

static const char *const files[STORE_STREAMS] = {[STORE_REJECTS] = "rejects.ndjson.zst",
                                                 [STORE_CERTS] = "certs.ndjson.zst",
                                                 [STORE_HOSTS] = "hosts.ndjson.zst",
                                                 [STORE_DOMAINS] = "domains.ndjson.zst"};

/* ---- a scan -------------------------------------------------------------------------------------------- */

static enum error put(struct store *store, enum store_stream stream, unsigned number, struct buf *why)
{
    switch (stream) {
    case STORE_REJECTS:
        return put_reject(store, number, why);
    case STORE_CERTS:
        return put_cert(store, number, why);
    case STORE_HOSTS:
        return put_host(store, number, why);
    default:
        return put_domain(store, number, 0, why);
    }
}

/* Makes a scan with two frames in each file, as a scan leaves it in this state. */
static void make(struct scan *scan, const char *state)
{
    struct place *place = scan->place;
    struct store *store = create(place);
    struct amount amounts[AMOUNT_STREAMS];
    for (unsigned number = 1; number <= 2; number++) {
        for (enum store_stream i = 0; i < STORE_STREAMS; i++)
            ok(place, put(store, i, number, &place->why));
        ok(place, store_commit(store, &place->why));
        for (enum store_stream i = 0; i < STORE_STREAMS && number == 1; i++) {
            struct stat status;
            assert_int_equal(fstatat(store_dir_fd(store), files[i], &status, 0), 0);
            scan->first_bytes[i] = status.st_size;
        }
    }
    ok(place, store_complete(store, &place->why));
    store_amounts(store, state, amounts);
    ok(place, put_meta_of(store, state, amounts, &place->why));
    if (strcmp(state, "done") == 0)
        ok(place, store_write_file(store, "summary.json", bytes_of("{}\n"), &place->why));
    store_destroy(store);
}

/* ---- harm ---------------------------------------------------------------------------------------------- */

enum harm { LAST_FRAME_BAD, LAST_FRAME_CUT, LAST_FRAME_GONE, EMPTY, FILE_GONE, HARMS };

static const char *const harm_names[HARMS] = {"a bad last frame", "half of the last frame", "no last frame",
                                              "an empty file", "no file"};

static void harm(const struct scan *scan, enum store_stream stream, enum harm how)
{
    char path[128], byte = 0;
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s", scan->place->dir, files[stream]);
    assert_int_equal(stat(path, &status), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    const off_t last = status.st_size - 3;
    assert_true(fd >= 0 && pread(fd, &byte, 1, last) == 1);
    byte ^= 4;
    if (how == LAST_FRAME_BAD)
        assert_int_equal(pwrite(fd, &byte, 1, last), 1);
    else if (how == LAST_FRAME_CUT)
        assert_int_equal(ftruncate(fd, last), 0);
    else if (how == LAST_FRAME_GONE)
        assert_int_equal(ftruncate(fd, scan->first_bytes[stream]), 0);
    else if (how == EMPTY)
        assert_int_equal(ftruncate(fd, 0), 0);
    else
        assert_int_equal(unlink(path), 0);
    (void)close(fd);
}

/* May a file of a scan in this state end anywhere, as one that is killed leaves it? */
static bool may_be_torn(const char *state, enum store_stream stream)
{
    return strcmp(state, "scanning") == 0 && stream != STORE_REJECTS;
}

static void expect(struct place *place, const char *state, enum store_stream stream, enum harm how)
{
    struct store *store = resume(place);
    const bool said = strstr(store_damage(store), files[stream]) != NULL;
    const uint64_t left = how >= EMPTY ? 0 : 1;
    if (said == may_be_torn(state, stream))
        fail_msg("%s, %s, %s: said is “%s”", state, files[stream], harm_names[how], store_damage(store));
    if (stream == STORE_REJECTS) /* they are written again */
        assert_true(!store_rejects_done(store) && store_lines(store, stream) == 0);
    else
        assert_true(store_rejects_done(store) && store_lines(store, stream) == left);
    assert_int_equal(store_is_done(store, 2), stream != STORE_DOMAINS);
    assert_int_equal(store_is_done(store, 1), stream != STORE_DOMAINS || left == 1);
    store_destroy(store);
    store = resume(place); /* it has been said, and nothing else is amiss */
    assert_string_equal(store_damage(store), "");
    store_destroy(store);
}

static const char *const states[] = {"scanning", "stopped", "done"};

static void each_harm_is_said(void **state)
{
    struct scan scan = {.place = *state};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        for (enum store_stream stream = 0; stream < STORE_STREAMS; stream++)
            for (enum harm how = 0; how < HARMS; how++) {
                make(&scan, states[i]);
                harm(&scan, stream, how);
                expect(scan.place, states[i], stream, how);
                remove_scan(scan.place);
            }
}

static void what_is_whole_is_resumed_without_a_word(void **state)
{
    struct scan scan = {.place = *state};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        make(&scan, states[i]);
        struct store *store = resume(scan.place);
        assert_string_equal(store_damage(store), "");
        assert_true(store_rejects_done(store) && store_is_done(store, 2));
        store_destroy(store);
        remove_scan(scan.place);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(each_harm_is_said),
                                       CASE(what_is_whole_is_resumed_without_a_word)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
