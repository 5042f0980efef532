/* Host and certificate records found again in a scan directory: which of several counts, what is lost, what
 * is damaged, many. */
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

#include "output/frames/frames.h"
#include "output/json/json.h"
#include "output/readback/facts_index.h"

enum { MANY = 20000, WHY_CEILING = 4096 };

struct place {
    char path[64];
    int dir;
    struct buf line, why;
};

static void place_begin(struct place *place)
{
    (void)snprintf(place->path, sizeof place->path, "/tmp/stsweep-test-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->dir = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place->dir >= 0);
    buf_init(&place->line, 1 << 20);
    buf_init(&place->why, WHY_CEILING);
}

static void place_end(struct place *place)
{
    (void)unlinkat(place->dir, "hosts.ndjson.zst", 0);
    (void)unlinkat(place->dir, "certs.ndjson.zst", 0);
    (void)close(place->dir);
    assert_int_equal(rmdir(place->path), 0);
    buf_dispose(&place->line);
    buf_dispose(&place->why);
}

static struct frames *begin_stream(struct place *place, const char *name)
{
    const struct frames_options options = {.dir_fd = place->dir,
                                           .name = name,
                                           .level = 1,
                                           .frame_bytes = 65536,
                                           .part_bytes = UINT64_C(1) << 40};
    struct frames *frames;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    return frames;
}

static void add_line(struct place *place, struct frames *frames)
{
    bool full;
    assert_int_equal(frames_append(frames, buf_bytes(&place->line), &full), ERR_OK);
    buf_reset(&place->line);
    if (full)
        assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
}

static void end_stream(struct place *place, struct frames *frames)
{
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    frames_destroy(frames);
}

static struct ip_addr ip_of(uint32_t number)
{
    const uint8_t bytes[4] = {192, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number};
    return ip_v4(bytes);
}

static void add_probe(struct place *place, struct frames *frames, uint32_t number, int64_t time,
                      uint32_t pass, bool shared)
{
    struct probe_facts probe = {.host = "mx.example.com",
                                .ip = ip_of(number),
                                .time = time,
                                .pass = pass,
                                .step = SMTP_QUIT,
                                .end = SMTP_END_DONE,
                                .ms = number,
                                .shared = shared,
                                .not_tried = shared ? NOT_TRIED_BUDGET : TRIED,
                                .tls = {.alert = -1}};
    assert_true(json_host(&place->line, &probe, FAIL_NONE));
    add_line(place, frames);
}

static void add_host(struct place *place, struct frames *frames, uint32_t number, int64_t time, uint32_t pass)
{
    add_probe(place, frames, number, time, pass, false);
}

static const int64_t noon = INT64_C(1769860800000);

/* The probe that a domain which names it by this time, or by none, and ended at until_ms was judged by; its
 * pass, or 0 where none is found. */
static uint32_t named_pass(struct facts_index *index, uint32_t number, int64_t time, int64_t until_ms)
{
    struct facts_source source = facts_index_source(index);
    const struct probe_wanted wanted = {"mx.example.com", ip_of(number), time, until_ms};
    struct bytes line;
    struct arena arena;
    struct buf why;
    struct probe_facts probe = {.pass = 0};
    arena_init(&arena, 1 << 20);
    buf_init(&why, WHY_CEILING);
    enum error error = source.host(source.arg, &wanted, &line);
    if (error == ERR_OK) {
        assert_int_equal(facts_read_host(line, &arena, &probe, &why), ERR_OK);
        assert_true(ip_equal(&probe.ip, &wanted.ip));
        assert_int_equal(probe.ms, number);
    } else {
        assert_int_equal(error, ERR_NOT_FOUND);
    }
    buf_dispose(&why);
    arena_dispose(&arena);
    return probe.pass;
}

static uint32_t found_pass(struct facts_index *index, uint32_t number, int64_t until_ms)
{
    return named_pass(index, number, 0, until_ms);
}

/* The pass tells them apart: of two in one pass a domain names the second, and who names none means the
 * first, whenever he ended and whatever the clock was set to. */
static void test_the_probe_that_is_named_counts(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    place_begin(&place);
    struct frames *hosts = begin_stream(&place, "hosts");
    add_probe(&place, hosts, 1, noon - 5000, 9, true); /* what another name was told is no probe */
    add_host(&place, hosts, 1, noon, 1);
    add_host(&place, hosts, 1, noon + 1000, 2);
    add_host(&place, hosts, 1, noon - 1000, 3);
    add_probe(&place, hosts, 2, noon, 9, true);
    end_stream(&place, hosts);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES, &index, &place.why), ERR_OK);
    assert_false(facts_index_source(index).untimed);
    assert_int_equal(named_pass(index, 1, noon, noon + 9000), 1);
    assert_int_equal(named_pass(index, 1, noon + 1000, noon + 1), 2);
    assert_int_equal(named_pass(index, 1, noon - 1000, noon + 1), 3);
    assert_int_equal(named_pass(index, 1, noon + 1, noon + 9000), 0);
    assert_int_equal(named_pass(index, 1, noon - 5000, noon + 9000), 0);
    assert_int_equal(found_pass(index, 1, noon + 9000), 1);
    assert_int_equal(found_pass(index, 1, noon - 9000), 1);
    assert_int_equal(found_pass(index, 2, noon + 9000), 0);
    facts_index_close(index);
    place_end(&place);
}

/* In scans whose domains name none. */
static void test_which_probe_counts_without_names(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    place_begin(&place);
    struct frames *hosts = begin_stream(&place, "hosts");
    add_host(&place, hosts, 1, noon, 1);
    add_host(&place, hosts, 1, noon + 1000, 2);
    add_host(&place, hosts, 1, noon + 2000, 3);
    add_host(&place, hosts, 2, noon + 5000, 1);
    end_stream(&place, hosts);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES - 1, &index, &place.why), ERR_OK);
    assert_true(facts_index_source(index).untimed);
    assert_int_equal(found_pass(index, 1, noon + 10), 1);
    assert_int_equal(found_pass(index, 1, noon + 1000), 2);
    assert_int_equal(found_pass(index, 1, noon + 1999), 2);
    assert_int_equal(found_pass(index, 1, noon + 9000), 3);
    assert_int_equal(found_pass(index, 1, noon - 1), 3); /* a clock that was set */
    assert_int_equal(found_pass(index, 2, noon), 1);
    assert_int_equal(found_pass(index, 3, noon), 0);
    facts_index_close(index);
    place_end(&place);
}

static void test_many_are_all_found(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    place_begin(&place);
    struct frames *hosts = begin_stream(&place, "hosts");
    for (uint32_t i = 0; i < MANY; i++)
        add_host(&place, hosts, i, noon, 1);
    end_stream(&place, hosts);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES, &index, &place.why), ERR_OK);
    assert_int_equal(facts_index_counts(index).hosts, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(found_pass(index, (i * 7919) % MANY, noon), 1);
    assert_int_equal(found_pass(index, MANY, noon), 0);
    facts_index_close(index);
    place_end(&place);
}

static void test_certificates(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    struct bytes line;
    place_begin(&place);
    struct frames *certs = begin_stream(&place, "certs");
    struct cert_facts cert = {.subject = "CN=a", .not_after = 1769860800};
    for (uint8_t i = 0; i < 100; i++) {
        cert.sha256[31] = i;
        assert_true(json_cert(&place.line, &cert));
        add_line(&place, certs);
    }
    assert_true(buf_text(&place.line, "{\"schema\":1}\n"));
    add_line(&place, certs);
    end_stream(&place, certs);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES, &index, &place.why), ERR_OK);
    struct facts_source source = facts_index_source(index);
    assert_int_equal(facts_index_counts(index).certs, 100);
    assert_int_equal(facts_index_counts(index).unreadable, 1);
    assert_int_equal(source.cert(source.arg, cert.sha256, &line), ERR_OK);
    cert.sha256[0] = 1;
    assert_int_equal(source.cert(source.arg, cert.sha256, &line), ERR_NOT_FOUND);
    facts_index_close(index);
    place_end(&place);
}

/* A directory made to be slow: one key many times. */
static void test_one_key_many_times_is_bounded(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    place_begin(&place);
    struct frames *hosts = begin_stream(&place, "hosts");
    for (int64_t i = 0; i < 1000; i++)
        add_host(&place, hosts, 1, noon + i, 1);
    end_stream(&place, hosts);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES, &index, &place.why), ERR_OK);
    assert_in_range(facts_index_counts(index).hosts, 1, 64);
    assert_int_equal(found_pass(index, 1, noon), 1);
    facts_index_close(index);
    place_end(&place);
}

static void test_damage_is_told(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    place_begin(&place);
    struct frames *hosts = begin_stream(&place, "hosts");
    for (uint32_t i = 0; i < MANY; i++)
        add_host(&place, hosts, i, noon, 1);
    end_stream(&place, hosts);
    int fd = openat(place.dir, "hosts.ndjson.zst", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && pwrite(fd, "damage", 6, 100) == 6);
    (void)close(fd);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES, &index, &place.why), ERR_OK);
    assert_non_null(strstr(facts_index_damage(index), "hosts.ndjson.zst"));
    facts_index_close(index);
    place_end(&place);
}

static void test_no_room_for_temporary_files_is_an_error(void **state)
{
    (void)state;
    struct place place;
    struct facts_index *index;
    place_begin(&place);
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_int_equal(facts_index_open(place.dir, RULES_NAME_PROBES, &index, &place.why), ERR_IO);
    assert_non_null(strstr(buf_string(&place.why), "TMPDIR"));
    assert_null(index);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    place_end(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_probe_that_is_named_counts),
        cmocka_unit_test(test_which_probe_counts_without_names),
        cmocka_unit_test(test_many_are_all_found),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_one_key_many_times_is_bounded),
        cmocka_unit_test(test_damage_is_told),
        cmocka_unit_test(test_no_room_for_temporary_files_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
