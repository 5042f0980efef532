/* In which groups keys were exchanged: counted of host records, and written for summary.json. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "output/json/json.h"
#include "output/readback/group_record.h"
#include "output/store/summary_exchange.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/random_facts.h"

enum { ARENA_BYTES = 16 << 20, RECORDS = 500 };

static void expect_json(const struct summary_exchange *exchange, const char *mx, const char *policy)
{
    struct buf out, expected;
    struct json json;
    buf_init(&out, 1 << 20);
    buf_init(&expected, 1 << 20);
    json_start(&json, &out);
    json_open(&json, NULL);
    exchange_json(&json, exchange);
    json_close(&json);
    assert_true(json_finish(&json));
    (void)buf_printf(&expected, "{\"key_exchange\":{\"mx_sessions\":{%s},\"policy_fetches\":{%s}}}\n", mx,
                     policy);
    assert_string_equal(buf_string(&out), buf_string(&expected));
    buf_dispose(&out);
    buf_dispose(&expected);
}

static void count(struct exchange_counts *counts, const char *group, unsigned times)
{
    while (times-- > 0)
        exchange_count(counts, bytes_of(group));
}

static void test_order(void **state)
{
    struct summary_exchange exchange = {0};
    (void)state;
    expect_json(&exchange, "", "");
    count(&exchange.mx_sessions, "P-256", 2);
    count(&exchange.mx_sessions, "X25519MLKEM768", 3);
    count(&exchange.mx_sessions, "DH 1024", 2);
    count(&exchange.mx_sessions, "0x11ff", 1);
    count(&exchange.mx_sessions, "", 2);
    count(&exchange.policy_fetches, "X25519", 1);
    expect_json(&exchange, "\"X25519MLKEM768\":3,\"DH 1024\":2,\"P-256\":2,\"none\":2,\"0x11ff\":1",
                "\"X25519\":1");
}

/* Diffie-Hellman groups of all sizes do not crowd out a group of the table, and each counts somewhere. */
static void test_many_names(void **state)
{
    struct summary_exchange exchange = {0};
    struct buf out;
    struct json json;
    (void)state;
    for (unsigned bits = 1024; bits < 1024 + 2 * EXCHANGE_OTHERS; bits++) {
        char name[32];
        (void)snprintf(name, sizeof name, "DH %u", bits);
        count(&exchange.mx_sessions, name, 1);
    }
    count(&exchange.mx_sessions, "other", 1);
    count(&exchange.mx_sessions, "none", 1);
    count(&exchange.mx_sessions, "a name of more bytes than are kept of any group", 1);
    count(&exchange.mx_sessions, "SecP384r1MLKEM1024", 1);
    assert_int_equal(exchange.mx_sessions.other_count, EXCHANGE_OTHERS);
    assert_int_equal(exchange.mx_sessions.rest, EXCHANGE_OTHERS + 3);
    buf_init(&out, 1 << 20);
    json_start(&json, &out);
    json_open(&json, NULL);
    exchange_json(&json, &exchange);
    json_close(&json);
    assert_true(json_finish(&json));
    assert_non_null(strstr(buf_string(&out), "\"SecP384r1MLKEM1024\":1"));
    assert_non_null(strstr(buf_string(&out), "\"other\":67}"));
    assert_non_null(strstr(buf_string(&out), "\"DH 1024\":1"));
    buf_dispose(&out);
}

static void test_lines(void **state)
{
    static const struct {
        const char *line;
        enum error error;
        const char *mx;
    } cases[] = {
        {"{\"tls\":{\"end\":\"done\",\"group\":\"X25519\"}}", ERR_OK, "\"X25519\":1"},
        {"{\"tls\":{\"group\":\"P-384\",\"end\":\"done\"}}", ERR_OK, "\"P-384\":1"},
        {"{\"tls\":{\"end\":\"done\"}}", ERR_OK, "\"none\":1"},
        {"{\"tls\":{\"end\":\"failed\",\"group\":\"X25519\"}}", ERR_OK, ""},
        {"{\"legacy\":{\"end\":\"done\",\"group\":\"X25519\"}}", ERR_OK, ""},
        {"{\"group\":\"X25519\",\"end\":\"done\"}", ERR_OK, ""},
        {"{\"tls\":7}", ERR_OK, ""},
        {"{\"tls\":{\"end\":\"done\",\"group\":7}}", ERR_OK, "\"none\":1"},
        {"{\"tls\":{\"end\":\"done\",\"group\":\"12345678901234567890123456789012345\"}}", ERR_OK,
         "\"other\":1"},
        {"{\"host\":\"a\"}", ERR_OK, ""},
        {"x", ERR_SYNTAX, ""},
        {"", ERR_SYNTAX, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct summary_exchange exchange = {0};
        assert_int_equal(exchange_count_host(&exchange, bytes_of(cases[i].line)), cases[i].error);
        expect_json(&exchange, cases[i].mx, "");
    }
}

/* What is written of facts counts as the facts do: host records, and the policies of domain records. */
static const char *const groups[] = {"X25519", "X25519MLKEM768", NULL, "DH 2048", "0x11ff"};

static void check_host(uint64_t seed, struct arena *arena, struct buf *line)
{
    struct summary_exchange exchange = {0}, expected = {0};
    struct probe_facts probe;
    random_probe(seed, arena, &probe);
    probe.tls.group = groups[seed % (sizeof groups / sizeof *groups)];
    assert_true(json_host(line, &probe, FAIL_NONE));
    if (probe.tls.end == TLS_DONE)
        exchange_count(&expected.mx_sessions, bytes_of(probe.tls.group));
    assert_int_equal(exchange_count_host(&exchange, bytes_make(line->data, line->len - 1)), ERR_OK);
    assert_memory_equal(&exchange, &expected, sizeof exchange);
}

/* false: no handshake with a policy host was completed. */
static bool check_policy(uint64_t seed, struct arena *arena, struct buf *line)
{
    struct domain_facts facts;
    struct judgement judgement;
    struct group_record read;
    random_domain(seed, arena, &facts);
    facts.policy.fetch.tls.group = groups[seed % (sizeof groups / sizeof *groups)];
    verdict_judge(&facts, BY_OWN_TIME, arena, &judgement);
    assert_true(json_domain(line, &facts, &judgement));
    assert_int_equal(group_record_read(bytes_make(line->data, line->len - 1), arena, &read), ERR_OK);
    const struct tls_facts *tls = &facts.policy.fetch.tls;
    bool done = facts.policy.host != NULL && tls->end == TLS_DONE;
    assert_int_equal(read.policy_handshake, done);
    if (done)
        if (!bytes_equal(read.policy_exchange, bytes_of(tls->group)))
            fail_msg("%.*s is not %s", (int)read.policy_exchange.len, (const char *)read.policy_exchange.data,
                     tls->group == NULL ? "none" : tls->group);
    return done;
}

static void test_records(void **state)
{
    unsigned policies = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= RECORDS; seed++) {
        struct arena arena;
        struct buf line;
        arena_init(&arena, ARENA_BYTES);
        buf_init(&line, ARENA_BYTES);
        check_host(seed, &arena, &line);
        buf_reset(&line);
        policies += check_policy(seed, &arena, &line);
        buf_dispose(&line);
        arena_dispose(&arena);
    }
    assert_true(policies > RECORDS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_records),
    };
    return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
