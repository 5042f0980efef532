/* Lists of a record that judging walks in nested loops: as long as a live scan writes them they are read, one
 * element more is refused with a reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "output/readback/facts_read.h"
#include "scanner/config/config.h"

#define DOMAIN                                                                                               \
    "{\"schema\":1,\"domain\":\"a.example\",\"tld\":\"example\",\"time\":\"2026-01-31T12:00:00.000Z\","
#define MX "\"mx\":{\"lookup\":\"answered\",\"dnssec\":\"insecure\","
#define HOST                                                                                                 \
    "\"hosts\":[{\"host\":\"m.example\",\"preference\":1,\"lookup_a\":\"answered\",\"lookup_aaaa\":"         \
    "\"nodata\","

/* A list: what stands before it, an element, and what stands behind it. */
struct row {
    const char *key, *before, *element, *behind;
    size_t most;
    bool numbered; /* the element holds a %zu */
};

static const struct row rows[] = {
    {"rrs", DOMAIN MX "\"rrs\":[", "{\"preference\":1,\"host\":\"m%zu.example\"}", "]}}", DNS_RRS_KEPT, true},
    {"hosts", DOMAIN MX "\"hosts\":[", "{\"host\":\"m%zu.example\",\"preference\":1}", "]}}", MX_HOSTS_MOST,
     true},
    {"addresses", DOMAIN MX HOST "\"addresses\":[", "\"2001:db8::%zu\"", "]}]}}", 2 * ADDRESSES_KEPT, true},
    {"ips", DOMAIN MX HOST "\"ips\":[", "{\"ip\":\"2001:db8::%zu\"}", "]}]}}", PROBES_MOST, true},
    {"rrs", DOMAIN MX HOST "\"tlsa\":{\"lookup\":\"answered\",\"dnssec\":\"secure\",\"rrs\":[",
     "{\"usage\":3,\"selector\":1,\"matching\":1,\"data\":\"00\"}", "]}}]}}", TLSA_RRS_KEPT, false},
    {"cnames", DOMAIN MX HOST "\"cnames\":[", "\"m.example\"", "]}]}}", DNS_CNAMES_KEPT, false},
    {"stale", DOMAIN MX HOST "\"stale\":[", "\"a\"", "]}]}}", 2, false},
    {"rrs", DOMAIN "\"txt\":{\"lookup\":\"answered\",\"dnssec\":\"insecure\",\"rrs\":[", "\"v=STSv1; id=1\"",
     "]}}", DNS_RRS_KEPT, false},
    {"rrs", DOMAIN "\"tlsrpt\":{\"lookup\":\"answered\",\"rrs\":[", "\"v=TLSRPTv1\"", "]}}", DNS_RRS_KEPT,
     false},
    {"cnames", DOMAIN "\"txt\":{\"lookup\":\"answered\",\"dnssec\":\"insecure\",\"cnames\":[",
     "\"m.example\"", "]}}", DNS_CNAMES_KEPT, false},
};

static void write_line(const struct row *row, size_t count, struct buf *line)
{
    buf_reset(line);
    assert_true(buf_text(line, row->before));
    for (size_t i = 0; i < count; i++) {
        char element[128];
        const char *number = row->numbered ? strstr(row->element, "%zu") : NULL;
        if (number != NULL)
            (void)snprintf(element, sizeof element, "%.*s%zu%s", (int)(number - row->element), row->element,
                           i, number + strlen("%zu"));
        assert_true(buf_text(line, i > 0 ? "," : ""));
        assert_true(buf_text(line, number != NULL ? element : row->element));
    }
    assert_true(buf_text(line, row->behind));
}

static enum error read_line(const struct row *row, size_t count, struct buf *why)
{
    struct buf line;
    struct arena arena;
    struct domain_facts facts;
    buf_init(&line, 1 << 20);
    arena_init(&arena, 16 << 20);
    write_line(row, count, &line);
    buf_reset(why);
    enum error error = facts_read_domain(buf_bytes(&line), &arena, &facts, why);
    arena_dispose(&arena);
    buf_dispose(&line);
    return error;
}

static void test_lists_of_a_domain(void **state)
{
    struct buf why;
    char refused[64];
    (void)state;
    buf_init(&why, 1024);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (read_line(&rows[i], rows[i].most, &why) != ERR_OK)
            fail_msg("row %zu, %s: %s", i, rows[i].key, buf_string(&why));
        assert_int_equal(read_line(&rows[i], rows[i].most + 1, &why), ERR_SYNTAX);
        (void)snprintf(refused, sizeof refused, "%s: are more than there can be", rows[i].key);
        assert_string_equal(buf_string(&why), refused);
    }
    buf_dispose(&why);
}

static enum error set(struct config *config, const char *key, int value)
{
    char text[16];
    struct buf why;
    buf_init(&why, 1024);
    (void)snprintf(text, sizeof text, "%d", value);
    enum error error = config_set(config, key, text, "test", &why);
    buf_dispose(&why);
    return error;
}

/* What options permit is within what is read. */
static void test_options(void **state)
{
    struct config config;
    (void)state;
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(set(&config, "smtp.max_hosts", MX_HOSTS_MOST), ERR_OK);
    assert_int_not_equal(set(&config, "smtp.max_hosts", MX_HOSTS_MOST + 1), ERR_OK);
    assert_int_equal(set(&config, "smtp.max_addresses", PROBES_MOST), ERR_OK);
    assert_int_not_equal(set(&config, "smtp.max_addresses", PROBES_MOST + 1), ERR_OK);
    config_dispose(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_of_a_domain),
        cmocka_unit_test(test_options),
    };
    return cmocka_run_group_tests_name("facts_most", tests, NULL, NULL);
}
