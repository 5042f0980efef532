/* A scan that was stopped is opened again: what is done is known, what is torn or damaged is set aside, what
 * is none of a scan is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/readback/meta_read.h"
#include "output/store/unanswered.h"
#include "tests/unit/store/store_faults.h"

static void test_resume_knows_what_is_done(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    const uint8_t known[32] = {[8] = 7}, other[32] = {[8] = 8};
    ok(place, put_meta(store, "scanning", &place->why));
    for (uint64_t i = 1; i <= 1000; i += 3)
        ok(place, put_domain(store, i, 0, &place->why));
    ok(place, put_cert(store, 7, &place->why));
    ok(place, put_reject(store, 2, &place->why));
    assert_int_equal(store_summary(store)->records, 334);
    ok(place, store_commit(store, &place->why));
    ok(place, put_domain(store, 2, 0, &place->why)); /* not committed */
    struct summary before = *store_summary(store);
    store_destroy(store);
    store = resume(place);
    assert_true(store_rejects_done(store));
    assert_int_equal(store_cut_bytes(store), 0);
    for (uint64_t i = 0; i < 2000; i++)
        assert_int_equal(store_is_done(store, i), i >= 1 && i <= 1000 && i % 3 == 1);
    assert_false(store_is_done(store, UINT64_MAX));
    assert_int_equal(store_summary(store)->records, before.records - 1);
    assert_int_equal(store_summary(store)->rejects, 1);
    assert_int_equal(store_summary(store)->outcomes[OUTCOME_PROTECTED], before.outcomes[OUTCOME_PROTECTED]);
    assert_int_equal(store_summary(store)->providers[0].count, before.records - 1);
    assert_false(store_cert_is_new(store, known));
    assert_true(store_cert_is_new(store, other));
    assert_false(store_cert_is_new(store, other));
    ok(place, put_domain(store, 2, 0, &place->why));
    ok(place, store_commit(store, &place->why));
    store_destroy(store);
    assert_int_equal(count_records(place, "domains"), 335);
}

static void test_torn_tail_is_cut(void **state)
{
    struct place *place = *state;
    char path[128];
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    for (uint64_t i = 1; i <= 2; i++) {
        ok(place, put_domain(store, i, 0, &place->why));
        ok(place, store_commit(store, &place->why));
    }
    store_destroy(store);
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", place->dir);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(truncate(path, status.st_size - 1), 0);
    fault.cuts = true; /* a torn tail that stays would be what is written on */
    assert_resume_fails(place, ERR_IO, "cannot cut the torn tail");
    fault.cuts = false;
    store = resume(place);
    assert_true(store_cut_bytes(store) > 50);
    assert_true(store_is_done(store, 1));
    assert_false(store_is_done(store, 2));
    assert_int_equal(store_summary(store)->records, 1);
    store_destroy(store);
}

static void flip(struct place *place, const char *name, long at)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s.ndjson.zst", place->dir, name);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 0x41, file), byte ^ 0x41);
    assert_int_equal(fclose(file), 0);
}

/* What stood in a damaged frame counts as not done; rejects are to be read again; the summary is gone. */
static void test_damage_is_set_aside(void **state)
{
    struct place *place = *state;
    static const char *const names[] = {"rejects", "hosts", "domains"};
    for (size_t i = 0; i < 3; i++) {
        char words[96];
        struct store *store = create(place);
        ok(place, put_meta(store, "scanning", &place->why));
        for (uint64_t n = 1; n <= 3; n++) {
            ok(place, put_reject(store, 10 + n, &place->why));
            ok(place, store_append(
                          store, STORE_HOSTS,
                          bytes_of("{\"schema\":1,\"host\":\"a.b\",\"ip\":\"192.0.2.1\",\"code\":\"ok\"}\n"),
                          NULL, 0, &place->why));
            ok(place, put_domain(store, n, 0, &place->why));
            ok(place, store_commit(store, &place->why));
        }
        ok(place, store_write_file(store, "summary.json", bytes_of("{}\n"), &place->why));
        store_destroy(store);
        flip(place, names[i], 30);
        store = resume(place);
        (void)snprintf(words, sizeof words, "%s.ndjson.zst: frame 1 at offset 0 is damaged", names[i]);
        assert_non_null(strstr(store_damage(store), words));
        assert_int_equal(store_is_done(store, 1), i != 2);
        assert_true(store_is_done(store, 2) && store_is_done(store, 3));
        assert_int_equal(store_rejects_done(store), i != 0);
        assert_int_equal(store_summary(store)->rejects, i == 0 ? 0 : 3);
        struct buf text;
        buf_init(&text, 4096);
        assert_int_equal(store_read_file(store, "summary.json", &text, &place->why), ERR_NOT_FOUND);
        buf_dispose(&text);
        buf_reset(&place->why);
        store_destroy(store);
        store = resume(place); /* mended: nothing more to say, and nothing forgotten */
        assert_string_equal(store_damage(store), "");
        assert_int_equal(store_rejects_done(store), i != 0);
        store_destroy(store);
        remove_scan(place);
    }
}

/* A scan that ended has no torn tail, also where an earlier stream's damage has taken its summary away by
 * then. */
static void test_damage_in_two_streams(void **state)
{
    struct place *place = *state;
    char path[128];
    struct stat status;
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    for (uint64_t n = 1; n <= 2; n++) {
        ok(place, put_reject(store, 10 + n, &place->why));
        ok(place, put_domain(store, n, 0, &place->why));
        ok(place, store_commit(store, &place->why));
    }
    ok(place, store_write_file(store, "summary.json", bytes_of("{}\n"), &place->why));
    store_destroy(store);
    flip(place, "rejects", 30);
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", place->dir);
    assert_int_equal(stat(path, &status), 0);
    flip(place, "domains", (long)status.st_size - 2);
    store = resume(place);
    assert_non_null(strstr(store_damage(store), "rejects.ndjson.zst: frame 1 at offset 0 is damaged"));
    assert_non_null(strstr(store_damage(store), "domains.ndjson.zst: frame 2 at offset "));
    assert_int_equal(store_cut_bytes(store), 0);
    assert_true(store_is_done(store, 1));
    assert_false(store_is_done(store, 2));
    store_destroy(store);
}

static void check_ips(const struct unanswered *silent, const char *const *texts, size_t count)
{
    assert_int_equal(silent->count, count);
    for (size_t i = 0; i < count; i++) {
        struct ip_addr expected;
        assert_true(ip_parse(texts[i], &expected));
        assert_memory_equal(&silent->ips[i], &expected, sizeof expected);
    }
}

static void test_silent_addresses_come_back(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    static const char *const hosts[] = {
        "{\"schema\":1,\"host\":\"a.example\",\"ip\":\"192.0.2.1\",\"code\":\"ok\"}\n",
        "{\"schema\":1,\"host\":\"b.example\",\"ip\":\"192.0.2.2\",\"code\":\"smtp.tcp.timeout\"}\n",
        ("{\"schema\":1,\"host\":\"c.example\",\"ip\":\"192.0.2.3\",\"code\":\"smtp.tcp.refused\","
         "\"x\":\"smtp.tcp.timeout\"}\n"),
        "{\"schema\":1,\"host\":\"d.example\",\"ip\":\"2001:db8::1\",\"code\":\"smtp.tcp.timeout\"}\n"};
    for (size_t i = 0; i < 4; i++)
        ok(place, store_append(store, STORE_HOSTS, bytes_of(hosts[i]), NULL, 0, &place->why));
    static const char *const policies[] = {
        ("\"policy\":{\"host\":\"p\",\"code\":\"policy.tcp.timeout\",\"ips\":[\"192.0.2.8\"],"
         "\"ip\":\"192.0.2.9\"}"),
        "\"policy\":{\"host\":\"p\",\"code\":\"policy.tcp.timeout\"},\"ip\":\"192.0.2.10\"",
        "\"policy\":{\"host\":\"p\",\"code\":\"ok\",\"ip\":\"192.0.2.11\"}"};
    for (uint64_t i = 0; i < 3; i++) {
        char line[400];
        struct tally tally = {.ordinal = i, .outcome = OUTCOME_UNKNOWN};
        (void)snprintf(
            line, sizeof line,
            "{\"schema\":1,\"ordinal\":%d,\"outcome\":\"unknown\",\"dane\":\"unknown\",\"tls\":\"unknown\","
            "\"codes\":[\"policy.tcp.timeout\"],\"provider\":{},%s}\n",
            (int)i, policies[i]);
        ok(place, store_append(store, STORE_DOMAINS, bytes_of(line), &tally, 0, &place->why));
    }
    ok(place, store_commit(store, &place->why));
    check_ips(store_silent_mx(store), NULL, 0);
    check_ips(store_silent_policy(store), NULL, 0);
    store_destroy(store);
    store = resume(place);
    check_ips(store_silent_mx(store), (const char *const[]){"192.0.2.2", "2001:db8::1"}, 2);
    check_ips(store_silent_policy(store), (const char *const[]){"192.0.2.9"}, 1);
    store_destroy(store);
}

static void test_rejects_of_an_unread_input_are_thrown_away(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *state;
        unsigned kept;
    } cases[] = {{"reading", 0}, {"scanning", 2}, {"stopped", 2}, {"done", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *store = create(place);
        ok(place, put_meta(store, cases[i].state, &place->why));
        ok(place, put_reject(store, 1, &place->why));
        ok(place, put_reject(store, 2, &place->why));
        ok(place, store_commit(store, &place->why));
        store_destroy(store);
        store = resume(place);
        assert_int_equal(store_rejects_done(store), cases[i].kept > 0);
        assert_int_equal(store_summary(store)->rejects, cases[i].kept);
        assert_int_equal(count_records(place, "rejects"), cases[i].kept);
        store_destroy(store);
        remove_scan(place);
    }
}

/* Were they kept in silence, they would stand twice in a scan that reads its input again. */
static void test_rejects_that_cannot_be_thrown_away(void **state)
{
    struct place *place = *state;
    struct store *store = create(place);
    ok(place, put_meta(store, "reading", &place->why));
    ok(place, put_reject(store, 1, &place->why));
    ok(place, store_commit(store, &place->why));
    store_destroy(store);
    fault.unlinks = true;
    assert_resume_fails(place, ERR_IO, "rejects.ndjson.zst: cannot remove");
    fault.unlinks = false;
    store = resume(place);
    assert_int_equal(store_summary(store)->rejects, 0);
    store_destroy(store);
}

/* Every digit, and two short of a whole. */
#define HEX_62 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

/* The same bytes, whatever digits they are written with. */
static void test_certificates_come_back(void **state)
{
    struct place *place = *state;
    uint8_t sha256[32];
    for (size_t i = 0; i < sizeof sha256; i++)
        sha256[i] = (uint8_t)(0x01 + 0x22 * (i % 8));
    struct store *store = create(place);
    ok(place, put_meta(store, "scanning", &place->why));
    ok(place,
       store_append(store, STORE_CERTS, bytes_of("{\"sha256\":\"" HEX_62 "ef\"}\n"), NULL, 0, &place->why));
    ok(place, store_commit(store, &place->why));
    store_destroy(store);
    store = resume(place);
    assert_false(store_cert_is_new(store, sha256));
    sha256[3] ^= 1; /* of the half that is remembered */
    assert_true(store_cert_is_new(store, sha256));
    store_destroy(store);
}

static void test_what_cannot_be_resumed(void **state)
{
    struct place *place = *state;
    static const struct {
        enum store_stream stream;
        const char *line, *words;
    } cases[] = {
        {STORE_DOMAINS, "{\"ordinal\":1}\n", "domains.ndjson.zst: record 2"},
        {STORE_DOMAINS, "no json\n", "domains.ndjson.zst: record 2"},
        {STORE_DOMAINS,
         "{\"ordinal\":1,\"outcome\":\"off\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}\n",
         "domains.ndjson.zst: record 2"}, /* an ordinal twice */
        {STORE_DOMAINS,
         "{\"ordinal\":99999999999999,\"outcome\":\"off\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}"
         "\n",
         "domains.ndjson.zst: record 2"}, /* no reason to ask for terabytes */
        {STORE_CERTS, "{\"sha256\":\"zz\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"x\":{\"sha256\":\"00\"}}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "0\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "000\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "0g\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "g0\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "0:\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"" HEX_62 "-0\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"g0" HEX_62 "\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":\"0A" HEX_62 "\"}\n", "certs.ndjson.zst: record 1"},
        {STORE_CERTS, "{\"sha256\":7}\n", "certs.ndjson.zst: record 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *store = create(place);
        ok(place, put_meta(store, "scanning", &place->why));
        ok(place, put_domain(store, 1, 0, &place->why));
        ok(place, store_append(store, cases[i].stream, bytes_of(cases[i].line), NULL, 0, &place->why));
        ok(place, store_commit(store, &place->why));
        store_destroy(store);
        assert_resume_fails(place, ERR_CORRUPT, cases[i].words);
        remove_scan(place);
    }
}

/* What other commands read of the directory. */
static void test_meta_of_a_directory(void **state)
{
    struct place *place = *state;
    struct meta_stored stored;
    struct store *store = create(place);
    struct buf *why = &place->why;
    int fd = store_dir_fd(store);
    assert_int_equal(meta_read_in(fd, &stored, why), ERR_NOT_FOUND);
    assert_non_null(strstr(buf_string(why), "no scan directory: meta.json: "));
    buf_reset(why);
    assert_int_equal(meta_may_go_on_in(fd, why), ERR_NOT_FOUND);
    ok(place, put_meta(store, "scanning", why));
    ok(place, meta_read_in(fd, &stored, why));
    assert_string_equal(stored.state, "scanning");
    assert_int_equal(stored.rules, RECORD_RULES);
    assert_int_equal(stored.input_count, 1);
    ok(place, meta_may_go_on_in(fd, why));
    write_file(place, "meta.json", "{\"schema\":1");
    assert_int_equal(meta_read_in(fd, &stored, why), ERR_CORRUPT);
    assert_int_equal(meta_may_go_on_in(fd, why), ERR_CORRUPT);
    store_destroy(store);
}

static void test_damaged_meta(void **state)
{
    struct place *place = *state;
    store_destroy(create(place));
    write_file(place, "meta.json", "{\"schema\":1,");
    assert_resume_fails(place, ERR_CORRUPT, "meta.json");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up_without_faults, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_resume_knows_what_is_done),
        CASE(test_torn_tail_is_cut),
        CASE(test_damage_is_set_aside),
        CASE(test_damage_in_two_streams),
        CASE(test_silent_addresses_come_back),
        CASE(test_rejects_of_an_unread_input_are_thrown_away),
        CASE(test_rejects_that_cannot_be_thrown_away),
        CASE(test_certificates_come_back),
        CASE(test_what_cannot_be_resumed),
        CASE(test_meta_of_a_directory),
        CASE(test_damaged_meta),
    };
    return cmocka_run_group_tests_name("store resume", tests, NULL, NULL);
}
