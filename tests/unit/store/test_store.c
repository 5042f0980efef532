/* A scan directory is written: what is on disk never refers to what is not, and every stop can be resumed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "output/store/certset.h"
#include "tests/unit/store/store_faults.h"

/* ---- writing ------------------------------------------------------------------------------------------- */

static void test_order_of_durability(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_domain(store, 1, 0, &place->why));
    ok(place, put_host(store, 1, &place->why));
    ok(place, put_cert(store, 1, &place->why));
    ok(place, put_reject(store, 2, &place->why));
    fault.order[0] = 0;
    ok(place, store_commit(store, &place->why));
    assert_string_equal(fault.order, "rchd");
    ok(place, store_commit(store, &place->why));
    assert_string_equal(fault.order, "rchd"); /* nothing waited */
    store_destroy(store);
}

/* A frame that is full takes with it what it refers to, and nothing that refers to it. */
static void test_full_frame_commits_in_order(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_host(store, 1, &place->why));
    ok(place, put_cert(store, 1, &place->why));
    fault.order[0] = 0;
    for (uint64_t i = 1; fault.order[0] == 0; i++)
        ok(place, put_domain(store, i, 0, &place->why));
    assert_string_equal(fault.order, "chd");
    ok(place, put_domain(store, 100, 0, &place->why));
    ok(place, put_reject(store, 1, &place->why));
    fault.order[0] = 0;
    for (uint64_t i = 1; fault.order[0] == 0; i++)
        ok(place, put_host(store, i, &place->why));
    assert_string_equal(fault.order, "rh");
    store_destroy(store);
}

static void test_tick(void **state)
{
    struct place *place = *state;
    int64_t next;
    struct store *store = create(place);
    ok(place, store_tick(store, 5000, &next, &place->why));
    assert_int_equal(next, -1);
    ok(place, put_domain(store, 1, 5000, &place->why));
    ok(place, put_domain(store, 2, 5900, &place->why));
    ok(place, store_tick(store, 5400, &next, &place->why));
    assert_int_equal(next, 600);
    assert_false(exists(place, "domains.ndjson.zst"));
    ok(place, store_tick(store, 5999, &next, &place->why));
    assert_int_equal(next, 1);
    ok(place, store_tick(store, 6000, &next, &place->why));
    assert_int_equal(next, -1);
    assert_int_equal(count_records(place, "domains"), 2);
    ok(place, put_domain(store, 3, 9000, &place->why));
    ok(place, store_tick(store, 9001, &next, &place->why));
    assert_int_equal(next, 999);
    store_destroy(store);
}

static void test_files_are_whole_or_as_before(void **state)
{
    struct place *place = *state;
    struct buf text;
    struct store *store = create(place);
    buf_init(&text, 100);
    assert_int_equal(store_read_file(store, "summary.json", &text, &place->why), ERR_NOT_FOUND);
    ok(place, store_write_file(store, "summary.json", bytes_of("first"), &place->why));
    fault.counts = true;
    assert_int_equal(store_write_file(store, "summary.json", bytes_of("second"), &place->why), ERR_FULL);
    fault.counts = false;
    assert_false(exists(place, "summary.json.tmp"));
    ok(place, store_read_file(store, "summary.json", &text, &place->why));
    assert_string_equal(buf_string(&text), "first");
    ok(place, store_write_file(store, "summary.json", bytes_of("third"), &place->why));
    buf_reset(&text);
    ok(place, store_read_file(store, "summary.json", &text, &place->why));
    assert_string_equal(buf_string(&text), "third");
    struct buf small;
    buf_init(&small, 3);
    assert_int_equal(store_read_file(store, "summary.json", &small, &place->why), ERR_LIMIT);
    buf_dispose(&small);
    buf_dispose(&text);
    store_destroy(store);
}

/* ---- full disks and kills ------------------------------------------------------------------------------ */

/* One domain after another with what it refers to; 0 or the ordinal at which the store refused. */
static uint64_t scan_some(struct store *store, uint64_t first, uint64_t count, struct buf *why)
{
    for (uint64_t i = first; i < first + count; i++) {
        if (store_is_done(store, i))
            continue;
        enum error error = put_cert(store, i, why);
        if (error == ERR_OK)
            error = put_host(store, i, why);
        if (error == ERR_OK)
            error = put_domain(store, i, 0, why);
        if (error == ERR_OK && i % 7 == 0)
            error = store_commit(store, why);
        if (error != ERR_OK)
            return i;
    }
    return store_commit(store, why) == ERR_OK ? 0 : first + count;
}

struct seen {
    uint8_t hosts[1 << 20];
    unsigned twice;
    unsigned missing;
};

static enum error see_host(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    const char *place = memmem(line.data, line.len, "\"mx", 3);
    assert_non_null(place);
    unsigned long number = strtoul(place + 3, NULL, 10);
    assert_true(number < sizeof seen->hosts);
    seen->hosts[number] |= 1;
    return ERR_OK;
}

static enum error see_domain(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    struct tally tally;
    assert_int_equal(summary_read_line(line, &tally), ERR_OK);
    assert_true(tally.ordinal < sizeof seen->hosts);
    seen->twice += (seen->hosts[tally.ordinal] & 2) != 0;
    seen->missing += (seen->hosts[tally.ordinal] & 1) == 0;
    seen->hosts[tally.ordinal] |= 2;
    return ERR_OK;
}

/* Every domain stands once, and the host that it refers to stands as well. Returns the largest ordinal + 1 up
 * to which all are there. */
static uint64_t check_scan(struct place *place)
{
    struct seen *seen = calloc(1, sizeof *seen);
    int fd = open(place->dir, O_RDONLY | O_DIRECTORY);
    assert_true(seen != NULL && fd >= 0);
    ok(place, frames_read(fd, "hosts", see_host, seen, &place->why));
    ok(place, frames_read(fd, "domains", see_domain, seen, &place->why));
    close(fd);
    assert_int_equal(seen->twice, 0);
    assert_int_equal(seen->missing, 0);
    uint64_t next = 1;
    while ((seen->hosts[next] & 2) != 0)
        next++;
    free(seen);
    return next;
}

static void test_disk_full_at_any_write(void **state)
{
    enum { DOMAINS = 60 };
    struct place *place = *state;
    unsigned refused = 0;
    for (unsigned calls = 0;; calls++) {
        struct store *store = create(place);
        ok(place, put_meta(store, "scanning", &place->why));
        fault.counts = true;
        fault.calls = calls;
        uint64_t stopped = scan_some(store, 1, DOMAINS, &place->why);
        store_destroy(store);
        fault.counts = false;
        refused += stopped > 0;
        check_scan(place);
        store = resume(place);
        assert_int_equal(store_cut_bytes(store), 0); /* what could not be written was taken back */
        buf_reset(&place->why);
        assert_int_equal(scan_some(store, 1, DOMAINS, &place->why), 0);
        assert_int_equal(store_summary(store)->records, DOMAINS);
        store_destroy(store);
        assert_int_equal(check_scan(place), DOMAINS + 1);
        assert_int_equal(count_records(place, "certs"), DOMAINS);
        remove_scan(place);
        if (stopped == 0)
            break;
    }
    assert_true(refused >= 20);
}

/* Every other time also in the middle of the resume. */
static void test_kill_9_at_any_moment(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    store_destroy(store);
    uint64_t before = 1;
    for (int round = 0; round < 15; round++) {
        int resumed[2];
        char byte;
        assert_int_equal(pipe(resumed), 0);
        pid_t child = fork();
        if (child == 0) {
            struct store_options options = options_of(place);
            fault.chunk = 100;
            if (store_resume(&options, &store, &place->why) != ERR_OK)
                _exit(1);
            (void)(write(resumed[1], "", 1) > 0);
            (void)scan_some(store, 1, 1000000, &place->why);
            _exit(0);
        }
        close(resumed[1]);
        assert_true(round % 2 == 1 || read(resumed[0], &byte, 1) == 1);
        usleep((useconds_t)(15000 + round * 3001));
        close(resumed[0]);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        store = resume(place);
        store_destroy(store);
        uint64_t next = check_scan(place);
        assert_true(next >= before);
        before = next;
    }
    assert_true(before > 20);
}

/* ---- sets ---------------------------------------------------------------------------------------------- */

static void test_certset(void **state)
{
    (void)state;
    struct certset set;
    uint8_t sha256[32] = {0};
    certset_init(&set, 42);
    assert_true(certset_add(&set, sha256)); /* all zero as good as any */
    assert_false(certset_add(&set, sha256));
    for (uint32_t i = 1; i <= 100000; i++) {
        memcpy(sha256 + 4, &i, sizeof i);
        assert_true(certset_add(&set, sha256));
    }
    for (uint32_t i = 1; i <= 100000; i++) {
        memcpy(sha256 + 4, &i, sizeof i);
        assert_false(certset_add(&set, sha256));
    }
    assert_int_equal(set.count, 100001);
    certset_dispose(&set);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_without_faults, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_order_of_durability),
        CASE(test_full_frame_commits_in_order),
        CASE(test_tick),
        CASE(test_files_are_whole_or_as_before),
        CASE(test_disk_full_at_any_write),
        CASE(test_kill_9_at_any_moment),
        cmocka_unit_test(test_certset),
    };
    return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
