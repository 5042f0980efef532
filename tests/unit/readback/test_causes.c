/* How grave a change is, and what it hangs on: rows of two records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "output/readback/causes.h"

enum { ARENA_BYTES = 1 << 20, TEXT_BYTES = 4096, RECORD_BYTES = 1024 };

struct row {
    const char *before,
        *after; /* of a record, what stands behind the domain; NULL: the scan does not have it */
    enum gravity gravity;
    const char *causes;
};

#define OUTCOME(outcome) "\"outcome\":\"" outcome "\""
#define HOSTS(hosts)     ",\"mx\":{\"hosts\":[" hosts "]}"
#define HOST(name, code) "{\"host\":\"" name "\",\"code\":\"" code "\"}"
#define DANE(name, code) "{\"host\":\"" name "\",\"code\":\"ok\",\"dane_code\":\"" code "\"}"
#define TXT(code)        ",\"txt\":{\"code\":\"" code "\"}"
#define POLICY(code)     ",\"policy\":{\"host\":\"mta-sts.a.example\",\"code\":\"" code "\"}"
#define TLSRPT(code)     ",\"tlsrpt\":{\"code\":\"" code "\"}"
#define CODES(codes)     ",\"codes\":[" codes "]"
#define EXPIRED          HOSTS(HOST("mx1.example", "smtp.tls.expired"))
#define VICTIM                                                                                               \
    ",\"cached\":{\"found\":\"no-record\",\"would_be\":\"refused\",\"hosts\":[" HOST(                        \
        "new.example", "mx.not-in-policy") "]}" CODES("\"cached.refused\"")

static const struct row rows[] = {
    {OUTCOME("protected"), OUTCOME("refused") EXPIRED, GRAVITY_REFUSED, "mx1.example smtp.tls.expired"},
    {OUTCOME("protected"),
     OUTCOME("partial") HOSTS(HOST("mx1.example", "ok") "," HOST("mx2.example", "mx.not-in-policy")),
     GRAVITY_PARTIAL, "mx2.example mx.not-in-policy"},
    /* By the codes of addresses; two of one host are told by the first. */
    {OUTCOME("protected"),
     OUTCOME("refused")
         HOSTS("{\"host\":\"mx1.example\",\"code\":\"ok\",\"ips\":[{\"code\":\"ok\"},{\"code\":"
               "\"smtp.tls.expired\"},{\"code\":\"smtp.tls.self-signed\"}]}"),
     GRAVITY_REFUSED, "mx1.example smtp.tls.expired"},
    /* A policy that is gone or broken: the record, or the policy host. Its hosts do not count then. */
    {OUTCOME("protected"), OUTCOME("absent") TXT("txt.absent") EXPIRED, GRAVITY_PROTECTION,
     "_mta-sts.a.example txt.absent"},
    {OUTCOME("protected"), OUTCOME("broken") TXT("ok") POLICY("policy.http.status") EXPIRED,
     GRAVITY_PROTECTION, "mta-sts.a.example policy.http.status"},
    {OUTCOME("protected"), OUTCOME("broken") ",\"policy\":{\"code\":\"policy.tls.expired\"}",
     GRAVITY_PROTECTION, "mta-sts.a.example policy.tls.expired"},
    {OUTCOME("protected"), OUTCOME("off") TXT("ok") POLICY("ok"), GRAVITY_PROTECTION, ""},
    {OUTCOME("testing") ",\"would_be\":\"protected\"", OUTCOME("testing") ",\"would_be\":\"refused\"" EXPIRED,
     GRAVITY_PROTECTION, "mx1.example smtp.tls.expired"},
    {OUTCOME("absent") ",\"dane\":\"protected\"",
     OUTCOME("absent") ",\"dane\":\"refused\"" HOSTS(DANE("mx1.example", "dane.mismatch")), GRAVITY_REFUSED,
     "mx1.example dane.mismatch"},
    {OUTCOME("absent") ",\"dane\":\"protected\"",
     OUTCOME("absent") ",\"dane\":\"absent\"" TXT("txt.absent") HOSTS(DANE("mx1.example", "dane.absent")),
     GRAVITY_PROTECTION, "mx1.example dane.absent"},
    {OUTCOME("absent") ",\"tls\":\"all\"",
     OUTCOME("absent") ",\"tls\":\"none\"" HOSTS(HOST("mx1.example", "smtp.starttls.not-offered")),
     GRAVITY_PROTECTION, "mx1.example smtp.starttls.not-offered"},
    {OUTCOME("absent") TLSRPT("ok"), OUTCOME("absent") TLSRPT("tlsrpt.absent"), GRAVITY_PROTECTION,
     "_smtp._tls.a.example tlsrpt.absent"},
    /* Two at once. */
    {OUTCOME("protected") TLSRPT("ok"), OUTCOME("absent") TXT("txt.absent") TLSRPT("tlsrpt.absent"),
     GRAVITY_PROTECTION, "_mta-sts.a.example txt.absent, _smtp._tls.a.example tlsrpt.absent"},
    /* An earlier policy: the hosts that fail by it, and why there is no newer one to take. */
    {OUTCOME("protected"), OUTCOME("absent") TXT("txt.absent") VICTIM, GRAVITY_VICTIM,
     "new.example mx.not-in-policy, _mta-sts.a.example txt.absent"},
    {OUTCOME("absent") VICTIM, OUTCOME("absent") VICTIM, GRAVITY_VICTIM, "new.example mx.not-in-policy"},
    {NULL, OUTCOME("absent") VICTIM, GRAVITY_VICTIM, "new.example mx.not-in-policy"},
    {OUTCOME("protected") ",\"txt\":{\"id\":\"1\"},\"policy\":{\"code\":\"ok\",\"body\":\"one\"}",
     OUTCOME("protected") ",\"txt\":{\"id\":\"1\"},\"policy\":{\"code\":\"ok\",\"body\":\"two\"}",
     GRAVITY_SAME_ID, ""},
    /* What cannot be told: by a host, by the policy host, by a lookup of the domain's. */
    {OUTCOME("protected"), OUTCOME("unknown") HOSTS(HOST("mx1.example", "smtp.tcp.timeout")), GRAVITY_UNCLEAR,
     "mx1.example smtp.tcp.timeout"},
    {OUTCOME("protected"), OUTCOME("unknown") POLICY("policy.tcp.timeout"), GRAVITY_UNCLEAR,
     "mta-sts.a.example policy.tcp.timeout"},
    {OUTCOME("protected"), OUTCOME("unknown") CODES("\"of.tomorrow\",7,\"dns.timeout\",\"tlsrpt.absent\""),
     GRAVITY_UNCLEAR, "a.example dns.timeout"},
    /* What got better needs no cause, unless part of it still fails. */
    {OUTCOME("absent") TXT("txt.absent"), OUTCOME("protected") TXT("ok") POLICY("ok"), GRAVITY_BETTER, ""},
    {OUTCOME("refused") EXPIRED, OUTCOME("partial") EXPIRED, GRAVITY_BETTER, "mx1.example smtp.tls.expired"},
    {OUTCOME("absent") ",\"tls\":\"none\"", OUTCOME("absent") ",\"tls\":\"all\"" EXPIRED, GRAVITY_BETTER, ""},
    {OUTCOME("absent") ",\"dane\":\"refused\"",
     OUTCOME("absent") ",\"dane\":\"partial\"" HOSTS(DANE("mx1.example", "dane.mismatch")),
     GRAVITY_PROTECTION, "mx1.example dane.mismatch"},
    {OUTCOME("broken") POLICY("policy.http.status"), OUTCOME("absent") TXT("txt.absent"), GRAVITY_CHANGED,
     "_mta-sts.a.example txt.absent"},
    {NULL, OUTCOME("absent") TXT("txt.absent"), GRAVITY_NEW, ""},
    {NULL, OUTCOME("refused") EXPIRED, GRAVITY_NEW, "mx1.example smtp.tls.expired"},
    {OUTCOME("refused") EXPIRED, NULL, GRAVITY_GONE, ""},
};

static const struct stand *read(const char *rest, struct arena *arena, struct stand *stand)
{
    char line[RECORD_BYTES];
    if (rest == NULL)
        return NULL;
    (void)snprintf(line, sizeof line, "{\"domain\":\"a.example\",%s}", rest);
    assert_int_equal(stand_read(bytes_of(line), arena, stand), ERR_OK);
    return stand;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand before, after;
        struct arena arena;
        struct buf text;
        arena_init(&arena, ARENA_BYTES);
        buf_init(&text, TEXT_BYTES);
        struct stand_change told =
            stand_change(read(rows[i].before, &arena, &before), read(rows[i].after, &arena, &after));
        struct causes causes = stand_change_causes(&told);
        causes_put(&text, &causes);
        if (stand_gravity(&told) != rows[i].gravity || strcmp(buf_string(&text), rows[i].causes) != 0)
            fail_msg("row %zu: gravity %d, \"%s\"", i, (int)stand_gravity(&told), buf_string(&text));
        buf_dispose(&text);
        arena_dispose(&arena);
    }
}

/* A domain has no more causes than are kept, though each host fails in two ways. */
static void test_many_hosts(void **state)
{
    char line[8192];
    struct arena arena;
    struct stand stand;
    size_t len = 0;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    len += (size_t)snprintf(line, sizeof line,
                            "{\"domain\":\"a.example\",\"outcome\":\"refused\",\"mx\":{\"hosts\":[");
    for (unsigned i = 0; i < 40; i++)
        len += (size_t)snprintf(line + len, sizeof line - len,
                                "%s{\"host\":\"mx%u.example\",\"code\":\"smtp.tls.expired\",\"dane_code\":"
                                "\"dane.mismatch\"}",
                                i == 0 ? "" : ",", i);
    (void)snprintf(line + len, sizeof line - len, "]},\"tlsrpt\":{\"code\":\"tlsrpt.absent\"}}");
    assert_int_equal(stand_read(bytes_of(line), &arena, &stand), ERR_OK);
    struct causes causes = stand_causes(&stand, ~0u);
    assert_int_equal(causes.count, 2 * STAND_HOSTS_MOST + 1);
    assert_int_equal(causes.list[STAND_HOSTS_MOST].code, FAIL_DANE_MISMATCH);
    assert_int_equal(causes.list[2 * STAND_HOSTS_MOST].code, FAIL_TLSRPT_ABSENT);
    arena_dispose(&arena);
}

/* Of codes that hosts have already, and of one that two causes have, the list has one. */
static void test_codes(void **state)
{
    struct stand stand = {.hosts = {{"mx1.example", FAIL_SMTP_TLS_EXPIRED}}, .host_count = 1};
    struct causes causes = {{{"", "mx1.example", FAIL_SMTP_TLS_EXPIRED},
                             {"", "mx2.example", FAIL_DANE_MISMATCH},
                             {"", "mx3.example", FAIL_DANE_MISMATCH}},
                            3};
    struct buf text;
    (void)state;
    buf_init(&text, TEXT_BYTES);
    buf_text(&text, "smtp.tls.expired");
    causes_put_codes(&text, &stand, 1, &causes);
    assert_string_equal(buf_string(&text), "smtp.tls.expired dane.mismatch");
    buf_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_many_hosts),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests_name("causes", tests, NULL, NULL);
}
