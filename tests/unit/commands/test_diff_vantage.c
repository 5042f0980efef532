/*
 * diff --vantage: what counts as another answer, what tells nothing, whom one place alone asked, which of
 * several records counts; the forms of the answer, what places are called, exit codes, and records of
 * strangers.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/commands/diff.h"
#include "scanner/commands/diff_seen.h"
#include "scanner/commands/diff_seen_kept.h"
#include "tests/unit/commands/scans.h"

#define A64(digit)              digit digit digit digit
#define LEAF_A                  A64("aaaaaaaaaaaaaaaa")
#define LEAF_B                  A64("bbbbbbbbbbbbbbbb")
#define HOST_AT(host, ip, rest) "{\"schema\":1,\"host\":\"" host "\",\"ip\":\"" ip "\"," rest "}\n"
#define HOST(rest)              HOST_AT("mx.example", "192.0.2.1", rest)
#define CODE(code)              "\"code\":\"" code "\""
#define FINE                    CODE("ok") ",\"end\":\"done\",\"starttls\":true"
#define TLS(version, leaf)                                                                                   \
    "\"tls\":{\"end\":\"done\",\"version\":\"" version "\",\"certs\":[\"" leaf "\",\"" LEAF_B "\"]}"
#define POLICY(rest)                                                                                         \
    "{\"schema\":1,\"domain\":\"a.example\",\"policy\":{\"host\":\"mta-sts.a.example\"," rest "}}\n"

static int begin(void **state)
{
    return scans_begin(state, 2, 1, 0);
}

#define RUN(scans, ...) SCANS_RUN(scans, diff_main, __VA_ARGS__)
#define LINES(...)                                                                                           \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

static int compare_hosts(struct scans *scans, const char *const *one, const char *const *other,
                         const char *flag)
{
    place_lines(&scans->one, "hosts", one);
    place_lines(&scans->other, "hosts", other);
    return RUN(scans, "--vantage", scans->one.path, scans->other.path, flag);
}

/* ---- what differs -------------------------------------------------------------------------------------- */

#define CODE_BIT        (1u << SEEN_CODE)
#define STARTTLS_BIT    (1u << SEEN_STARTTLS)
#define TLS_BIT         (1u << SEEN_TLS)
#define CERTIFICATE_BIT (1u << SEEN_CERTIFICATE)
#define POLICY_BIT      (1u << SEEN_POLICY)

static const struct {
    const char *what;
    const char *one, *other;
    unsigned differs;
} pairs[] = {
    {"the same", HOST(FINE "," TLS("TLSv1.3", LEAF_A)), HOST(FINE "," TLS("TLSv1.3", LEAF_A)), 0},
    {"silence", HOST(FINE "," TLS("TLSv1.3", LEAF_A)), HOST(CODE("smtp.tcp.timeout")), CODE_BIT},
    {"silence that another name met", HOST(FINE), HOST(CODE("smtp.tcp.timeout") ",\"not_tried\":\"dead\""),
     CODE_BIT},
    {"a refusal by our address", HOST(FINE), HOST(CODE("smtp.block-listed")), CODE_BIT},
    {"another leaf", HOST(FINE "," TLS("TLSv1.3", LEAF_A)), HOST(FINE "," TLS("TLSv1.3", LEAF_B)),
     CERTIFICATE_BIT},
    {"another version", HOST(FINE "," TLS("TLSv1.3", LEAF_A)), HOST(FINE "," TLS("TLSv1.2", LEAF_A)),
     TLS_BIT},
    {"STARTTLS is taken out", HOST(FINE "," TLS("TLSv1.3", LEAF_A)),
     HOST(CODE("smtp.starttls.not-offered") ",\"end\":\"not-offered\",\"starttls\":false"),
     CODE_BIT | STARTTLS_BIT},
    {"a session that ended before EHLO says nothing of STARTTLS", HOST(FINE),
     HOST(CODE("smtp.greeting.timeout") ",\"end\":\"timeout\",\"starttls\":false"), CODE_BIT},
    {"the leaf of the permissive handshake",
     HOST(CODE("smtp.tls.version") ",\"starttls\":true,\"legacy\":{\"version\":\"TLSv1\",\"certs\":[\"" LEAF_A
                                   "\"]}"),
     HOST(CODE("smtp.tls.version") ",\"starttls\":true,\"legacy\":{\"version\":\"TLSv1\",\"certs\":[\"" LEAF_B
                                   "\"]}"),
     CERTIFICATE_BIT},
    {"a version that is none", HOST(FINE ",\"tls\":{\"version\":\"\\u001b[2J\"}"),
     HOST(FINE "," TLS("TLSv1.3", LEAF_A)), 0},
    {"a leaf that is none", HOST(FINE ",\"tls\":{\"certs\":[\"\\n\"]}"),
     HOST(FINE "," TLS("TLSv1.3", LEAF_A)), 0},
    {"a policy", POLICY(CODE("ok") ",\"body\":\"version: STSv1\\n\""),
     POLICY(CODE("ok") ",\"body\":\"version: STSv1\\n\""), 0},
    {"another policy", POLICY(CODE("ok") ",\"body\":\"version: STSv1\\n\""),
     POLICY(CODE("ok") ",\"body\":\"version: STSv1\\n\\n\""), POLICY_BIT},
    {"the page of an error is no policy", POLICY(CODE("policy.http.status") ",\"body\":\"error 1\""),
     POLICY(CODE("policy.http.status") ",\"body\":\"error 2\""), 0},
    {"a policy that one place does not get", POLICY(CODE("ok") ",\"body\":\"version: STSv1\\n\""),
     POLICY(CODE("policy.tcp.timeout")), CODE_BIT},
    {"a policy host with two certificates", POLICY(CODE("ok") "," TLS("TLSv1.3", LEAF_A)),
     POLICY(CODE("ok") "," TLS("TLSv1.2", LEAF_B)), TLS_BIT | CERTIFICATE_BIT},
};

static enum error read_one(const char *line, struct seen *seen)
{
    struct bytes text = bytes_make(line, strlen(line) - 1);
    return strstr(line, "\"domain\"") == NULL ? seen_read_host(text, seen) : seen_read_domain(text, seen);
}

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct seen one, other;
        assert_int_equal(read_one(pairs[i].one, &one), ERR_OK);
        assert_int_equal(read_one(pairs[i].other, &other), ERR_OK);
        assert_true(seen_is_same(&one, &other));
        if (seen_differs(&one, &other) != pairs[i].differs || seen_differs(&other, &one) != pairs[i].differs)
            fail_msg("%s: %x, not %x", pairs[i].what, seen_differs(&one, &other), pairs[i].differs);
    }
}

/* What this side did not ask, or could not hear, is no answer. */
static const struct {
    const char *line;
    enum error error;
} readings[] = {
    {HOST(CODE("smtp.not-probed.elsewhere") ",\"not_tried\":\"elsewhere\""), ERR_NOT_FOUND},
    {HOST(CODE("smtp.not-probed.budget") ",\"not_tried\":\"budget\",\"shared\":true"), ERR_NOT_FOUND},
    {HOST(CODE("smtp.not-probed.no-resources")), ERR_NOT_FOUND},
    {HOST(CODE("smtp.tcp.port-blocked")), ERR_NOT_FOUND},
    {HOST(CODE("smtp.tls.clock")), ERR_NOT_FOUND},
    {HOST_AT("mx.example", "none", CODE("ok")), ERR_NOT_FOUND},
    {HOST(CODE("smtp.no-such-code")), ERR_SYNTAX},
    {HOST("\"end\":\"done\""), ERR_SYNTAX},
    {HOST_AT("", "192.0.2.1", CODE("ok")), ERR_SYNTAX},
    {HOST_AT("mx\\u001b[2J", "192.0.2.1", CODE("ok")), ERR_SYNTAX},
    {HOST_AT("mx.example -", "192.0.2.1", CODE("ok")), ERR_SYNTAX},
    {HOST_AT("mx\\nexample", "192.0.2.1", CODE("ok")), ERR_SYNTAX},
    {"{\"host\":\n", ERR_SYNTAX},
    {"{\"schema\":1,\"domain\":\"a.example\"}\n", ERR_NOT_FOUND},
    {POLICY(CODE("policy.not-tried.pace") ",\"not_tried\":\"pace\""), ERR_NOT_FOUND},
    {POLICY(CODE("policy.tcp.port-blocked")), ERR_NOT_FOUND},
    {POLICY("\"step\":\"none\""), ERR_SYNTAX},
};

static void test_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        struct seen seen;
        if (read_one(readings[i].line, &seen) != readings[i].error)
            fail_msg("%s: not %s", readings[i].line, error_text(readings[i].error));
    }
}

/* ---- keeping ------------------------------------------------------------------------------------------- */

static enum error on_kept(void *arg, const struct seen *seen)
{
    struct buf *text = arg;
    char ip[IP_TEXT_BYTES];
    buf_printf(text, "%s %s %s;", seen->host, seen->is_policy ? "policy" : ip_format(&seen->ip, ip),
               failure_name(seen->code));
    return ERR_OK;
}

/* The last pass counts, of these the first; each is given once, in the order of the stream. */
static void test_kept(void **state)
{
    (void)state;
    static const char *const lines[] = {
        HOST_AT("b.example", "192.0.2.2", CODE("ok")),
        HOST_AT("a.example", "192.0.2.1", CODE("smtp.tcp.timeout")),
        HOST_AT("a.example", "192.0.2.2", CODE("smtp.tcp.reset")),
        HOST_AT("a.example", "192.0.2.1", CODE("ok") ",\"pass\":2"),
        HOST_AT("a.example", "192.0.2.1", CODE("smtp.tcp.refused") ",\"pass\":2"),
        HOST_AT("b.example", "192.0.2.2", CODE("smtp.tcp.refused")),
        HOST_AT("a.example", "2001:db8::1", CODE("ok")),
        POLICY(CODE("ok")),
        POLICY(CODE("policy.tcp.timeout")),
        HOST_AT("-", "192.0.2.1", CODE("ok") "," TLS("-", LEAF_A)),
    };
    struct seen_kept kept;
    struct seen seen;
    struct buf why, text;
    buf_init(&why, 4096);
    buf_init(&text, 4096);
    assert_int_equal(seen_kept_init(&kept, &why), ERR_OK);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(read_one(lines[i], &seen), ERR_OK);
        assert_int_equal(seen_kept_add(&kept, &seen, &why), ERR_OK);
    }
    assert_int_equal(seen_kept_end(&kept, &why), ERR_OK);
    assert_int_equal(seen_kept_walk(&kept, on_kept, &text), ERR_OK);
    assert_string_equal(buf_string(&text),
                        "b.example 192.0.2.2 ok;a.example 192.0.2.2 smtp.tcp.reset;a.example 192.0.2.1 ok;"
                        "a.example 2001:db8::1 ok;mta-sts.a.example policy ok;- 192.0.2.1 ok;");
    assert_int_equal(read_one(HOST_AT("-", "192.0.2.1", CODE("ok")), &seen), ERR_OK);
    assert_int_equal(seen_kept_find(&kept, &seen, &seen), ERR_OK);
    assert_string_equal(seen.version, "-");
    assert_string_equal(seen.policy, "");
    assert_int_equal(read_one(HOST_AT("c.example", "192.0.2.1", CODE("ok")), &seen), ERR_OK);
    assert_int_equal(seen_kept_find(&kept, &seen, &seen), ERR_NOT_FOUND);
    seen_kept_dispose(&kept);
    buf_dispose(&why);
    buf_dispose(&text);
}

/* ---- the command --------------------------------------------------------------------------------------- */

static void test_text(void **state)
{
    struct scans *scans = *state;
    place_meta_with(&scans->one, RECORD_RULES, "done", 1,
                    ",\"plan\":{\"id\":\"ab\",\"round\":1,\"part\":1,\"parts\":2,\"vantage\":\"fra1\"}");
    place_meta_with(&scans->other, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"nyc2\"},{\"vantage\":\"nyc2\"}]}");
    place_lines(&scans->one, "domains", LINES(POLICY(CODE("ok") ",\"body\":\"version: STSv1\\n\"")));
    place_lines(&scans->other, "domains", LINES(POLICY(CODE("policy.tcp.timeout"))));
    int code =
        compare_hosts(scans,
                      LINES(HOST(FINE "," TLS("TLSv1.3", LEAF_A)), HOST_AT("mx2.example", "192.0.2.2", FINE),
                            HOST_AT("mx3.example", "192.0.2.3", FINE)),
                      LINES(HOST(FINE "," TLS("TLSv1.2", LEAF_B)), HOST_AT("mx2.example", "192.0.2.2", FINE),
                            HOST_AT("mx4.example", "192.0.2.4", CODE("smtp.tcp.timeout"))),
                      NULL);
    assert_int_equal(code, 1);
    assert_string_equal(
        scans->out,
        "mx.example 192.0.2.1  tls TLSv1.3 at fra1, TLSv1.2 at nyc2; certificate aaaaaaaaaaaa at fra1, "
        "bbbbbbbbbbbb at nyc2\n"
        "mta-sts.a.example policy  code ok at fra1, policy.tcp.timeout at nyc2\n"
        "mx3.example 192.0.2.3  asked from fra1 alone: ok\n"
        "mx4.example 192.0.2.4  asked from nyc2 alone: smtp.tcp.timeout\n"
        "addresses of MX hosts: asked from both 2, of which differ 1, tls 1, certificate 1; from fra1 alone "
        "1, from nyc2 alone 1\n"
        "policy hosts: asked from both 1, of which differ 1, code 1; from fra1 alone 0, from nyc2 alone 0\n");
}

static void test_json(void **state)
{
    struct scans *scans = *state;
    place_meta_with(&scans->one, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"fra1\"},{\"vantage\":\"fra1\"}]}");
    place_meta_with(&scans->other, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"nyc2\"},{\"vantage\":\"nyc2\"}]}");
    assert_int_equal(compare_hosts(scans,
                                   LINES(HOST(FINE "," TLS("TLSv1.3", LEAF_A)),
                                         HOST_AT("mx2.example", "192.0.2.2", CODE("ok"))),
                                   LINES(HOST(CODE("smtp.tcp.timeout"))), "--json"),
                     1);
    assert_string_equal(
        scans->out,
        "{\"kind\":\"mx\",\"host\":\"mx.example\",\"ip\":\"192.0.2.1\",\"differs\":[\"code\"],\"from\":["
        "{\"vantage\":\"fra1\",\"code\":\"ok\",\"starttls\":true,\"tls\":\"TLSv1.3\",\"certificate\":"
        "\"" LEAF_A "\"},{\"vantage\":\"nyc2\",\"code\":\"smtp.tcp.timeout\"}]}\n"
        "{\"kind\":\"mx\",\"host\":\"mx2.example\",\"ip\":\"192.0.2.2\",\"differs\":[],\"only\":\"fra1\","
        "\"from\":[{\"vantage\":\"fra1\",\"code\":\"ok\"}]}\n");
}

static void test_csv(void **state)
{
    struct scans *scans = *state;
    place_meta_with(&scans->one, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"fra1\"},{\"vantage\":\"fra1\"}]}");
    place_meta_with(&scans->other, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"nyc2\"},{\"vantage\":\"nyc2\"}]}");
    assert_int_equal(compare_hosts(scans, LINES(HOST(FINE)), LINES(HOST(CODE("smtp.tcp.timeout"))), "--csv"),
                     1);
    assert_has(scans->out,
               "kind,host,ip,differs,only,vantage_1,code_1,starttls_1,tls_1,certificate_1,policy_1,vantage_2,"
               "code_2,starttls_2,tls_2,certificate_2,policy_2,why,who,mend\r\n");
    assert_has(scans->out, "mx,mx.example,192.0.2.1,code,,fra1,ok,offered,,,,nyc2,smtp.tcp.timeout,,,,,");
}

/* Who was asked from one place alone is no difference; and nothing at all is none either. */
static void test_none(void **state)
{
    struct scans *scans = *state;
    assert_int_equal(
        compare_hosts(scans, LINES(HOST(FINE)), LINES(HOST_AT("x.example", "192.0.2.9", FINE)), NULL), 0);
    assert_has(scans->out, "asked from both 0, of which differ 0; from ");
    assert_int_equal(compare_hosts(scans, LINES(HOST(FINE)),
                                   LINES(HOST(CODE("smtp.not-probed.pace") ",\"not_tried\":\"pace\"")), NULL),
                     0);
    assert_has(scans->out, "mx.example 192.0.2.1  asked from ");
    assert_string_equal(scans->err, "");
}

/* Two of one name are told apart by their paths, one without a name by its directory's. */
static void test_names(void **state)
{
    struct scans *scans = *state;
    char sum[256];
    assert_int_equal(compare_hosts(scans, LINES(HOST(FINE)), LINES(HOST(FINE)), NULL), 0);
    (void)snprintf(sum, sizeof sum, "from %s alone 0", strrchr(scans->one.path, '/') + 1);
    assert_has(scans->out, sum);
    assert_lacks(scans->out, scans->one.path);
    for (int i = 0; i < 2; i++)
        place_meta_with(i == 0 ? &scans->one : &scans->other, RECORD_RULES, "done", 1,
                        ",\"merged\":{\"rounds\":[{\"vantage\":\"fra1\"},{\"vantage\":\"fra1\"}]}");
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path), 0);
    assert_has(scans->out, scans->one.path);
    place_meta_with(&scans->one, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"a\"},{\"vantage\":\"b\"}]}");
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path), 0);
    assert_has(scans->out, sum); /* of two places, so of none that has a name */
    place_meta_with(&scans->one, RECORD_RULES, "done", 1,
                    ",\"merged\":{\"rounds\":[{\"vantage\":\"\\u001b[2J\"},{\"vantage\":\"\\u001b[2J\"}]}");
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path), 0);
    assert_has(scans->out, "from ?[2J alone");
}

static void test_exit_codes(void **state)
{
    struct scans *scans = *state;
    assert_int_equal(RUN(scans, "--vantage", scans->one.path), 2);
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path, scans->other.path), 2);
    assert_has(scans->err, "--vantage compares two scan directories");
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path, "--only", "worse"), 2);
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path, "--gone-at-most", "1"), 2);
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, "/nowhere"), 2);
    assert_int_equal(compare_hosts(scans, LINES(HOST(FINE), "no record\n"), LINES(HOST(FINE)), NULL), 4);
    assert_has(scans->err, "hosts.ndjson.zst: record 2 cannot be read: no JSON object; take the directory");
    place_lines(&scans->one, "hosts", LINES(HOST(FINE)));
    place_meta_state(&scans->other, RECORD_RULES, "stopped");
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path), 3);
    assert_has(scans->err, "was stopped before its end");
    place_meta(&scans->other, RECORD_RULES);
    place_lines(&scans->other, "hosts", LINES(HOST(FINE), HOST(FINE), HOST(FINE), HOST(FINE)));
    place_damage(&scans->other, "hosts.ndjson.zst");
    assert_int_equal(RUN(scans, "--vantage", scans->one.path, scans->other.path), 4);
    assert_has(scans->err, "is damaged, and compared as far as it is whole");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_kept),
        cmocka_unit_test_setup_teardown(test_text, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_json, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_csv, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_none, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_names, begin, scans_end),
        cmocka_unit_test_setup_teardown(test_exit_codes, begin, scans_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
