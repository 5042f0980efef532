/* The lint command: its exit codes and both forms of its answer. What is valid is tested with the parsers. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/commands/lint.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define POLICY       "version: STSv1\nmode: enforce\nmx: *.A.example\nmax_age: 86400\n"

enum { ARGS = 8 };

struct run {
    int exit_code;
    char *out; /* owned, as err */
    char *err;
};

/* args up to the first NULL. */
static struct run lint(const char *const args[ARGS])
{
    struct run run = {0};
    size_t out_len, err_len;
    char *argv[ARGS + 1] = {NULL};
    int argc = 0;
    while (argc < ARGS && args[argc] != NULL) {
        argv[argc] = (char *)(uintptr_t)args[argc];
        argc++;
    }
    FILE *out = open_memstream(&run.out, &out_len), *err = open_memstream(&run.err, &err_len);
    assert_non_null(out);
    assert_non_null(err);
    run.exit_code = lint_main(argc, argv, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
    return run;
}

static void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
}

#define LINT(...) lint((const char *const[ARGS]){__VA_ARGS__})

/* A file of its own with these bytes; *path is unlinked and freed by the caller. */
static char *file_of(const char *bytes, size_t len)
{
    char *path = strdup("/tmp/stsweep-lint-XXXXXX");
    assert_non_null(path);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
    return path;
}

static void file_free(char *path)
{
    assert_int_equal(unlink(path), 0);
    free(path);
}

static json_t *object_of(const struct run *run)
{
    json_error_t error;
    json_t *object = json_loads(run->out, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(object))
        fail_msg("not a JSON object: %s (%s)", run->out, error.text);
    assert_string_equal(run->err, "");
    assert_int_equal(run->out[strlen(run->out) - 1], '\n');
    return object;
}

/* The answer as it was written, against the whole text that is wanted (any order of keys, any white space).
 */
static void assert_json(struct run run, int exit_code, const char *want)
{
    json_error_t error;
    json_t *object = object_of(&run), *wanted = json_loads(want, 0, &error);
    assert_non_null(wanted);
    if (!json_equal(object, wanted))
        fail_msg("%s is not %s", run.out, want);
    assert_int_equal(run.exit_code, exit_code);
    json_decref(object);
    json_decref(wanted);
    run_free(&run);
}

static void assert_plain(struct run run, int exit_code, const char *want)
{
    assert_string_equal(run.out, want);
    assert_string_equal(run.err, "");
    assert_int_equal(run.exit_code, exit_code);
    run_free(&run);
}

static void records_as_json(void **state)
{
    (void)state;
    assert_json(LINT("record", "--json", "v=STSv1; id=1;"), 0,
                "{\"valid\":true,\"code\":\"ok\",\"findings\":[],\"id\":\"1\"}");
    assert_json(LINT("record", "v=spf1", "v=STSv1; id=1; id=2 ", "--json"), 1,
                "{\"valid\":false,\"code\":\"txt.syntax\",\"id\":\"1\",\"findings\":["
                "{\"code\":\"txt.id-repeated\",\"line\":2,\"column\":16,\"detail\":\"id=2\"},"
                "{\"code\":\"txt.syntax\",\"line\":2,\"column\":20}]}");
    assert_json(LINT("--json", "record", ""), 1,
                "{\"valid\":false,\"code\":\"txt.absent\",\"findings\":[],\"id\":null}");
}

static void tlsrpt_as_json(void **state)
{
    (void)state;
    assert_json(LINT("tlsrpt", "--json", "v=TLSRPTv1; rua=mailto:a@b.example, https://c.example/"), 0,
                "{\"valid\":true,\"code\":\"ok\",\"findings\":[],"
                "\"rua\":[\"mailto:a@b.example\",\"https://c.example/\"]}");
    assert_json(LINT("tlsrpt", "--json", "v=TLSRPTv1; rua=http://c.example/"), 1,
                "{\"valid\":false,\"code\":\"tlsrpt.rua-bad\",\"rua\":[],\"findings\":["
                "{\"code\":\"tlsrpt.rua-bad\",\"line\":1,\"column\":17,\"detail\":\"http://c.example/\"}]}");
}

static void policies_as_json(void **state)
{
    static const char bad[] = "version: STSv1\nmode: on\nmax_age: 1\n\n";
    (void)state;
    char *good_file = file_of(POLICY, strlen(POLICY)), *bad_file = file_of(bad, strlen(bad));
    assert_json(LINT("policy", good_file, "--json"), 0,
                "{\"valid\":true,\"code\":\"ok\",\"findings\":[],\"version\":\"STSv1\",\"mode\":\"enforce\","
                "\"max_age\":86400,\"mx\":[\"*.a.example\"]}");
    assert_json(LINT("policy", "--json", bad_file), 1,
                "{\"valid\":false,\"code\":\"policy.syntax.mode-bad\",\"version\":\"STSv1\",\"mode\":null,"
                "\"max_age\":1,\"mx\":[],\"findings\":["
                "{\"code\":\"policy.syntax.mode-bad\",\"line\":2,\"column\":7,\"detail\":\"on\"},"
                "{\"code\":\"policy.syntax.blank-line\",\"line\":4,\"column\":1},"
                "{\"code\":\"policy.syntax.mx-missing\",\"line\":0,\"column\":0}]}");
    file_free(good_file);
    file_free(bad_file);
}

static void disputed_policy_is_invalid_and_says_so(void **state)
{
    (void)state;
    char *file = file_of(POLICY "\n", strlen(POLICY) + 1);
    assert_json(LINT("policy", "--json", file), 1,
                "{\"valid\":false,\"code\":\"policy.syntax.blank-line\",\"version\":\"STSv1\","
                "\"mode\":\"enforce\",\"max_age\":86400,\"mx\":[\"*.a.example\"],\"findings\":["
                "{\"code\":\"policy.syntax.blank-line\",\"line\":5,\"column\":1},"
                "{\"code\":\"policy.disputed\",\"line\":0,\"column\":0}]}");
    file_free(file);
}

static void policy_from_standard_input(void **state)
{
    (void)state;
    char *file = file_of(POLICY, strlen(POLICY));
    assert_non_null(freopen(file, "r", stdin));
    assert_plain(LINT("policy", "-"), 0, "valid\n");
    file_free(file);
}

/* POL-9: 65536 bytes are read, one more is not. */
static void policy_has_a_ceiling(void **state)
{
    static const char line[] = "a: b\n";
    enum { LARGEST = 65536 };
    (void)state;
    char *body = malloc(LARGEST + 1);
    assert_non_null(body);
    memcpy(body, POLICY, strlen(POLICY));
    for (size_t i = strlen(POLICY); i <= LARGEST; i++)
        body[i] = line[(i - strlen(POLICY)) % strlen(line)];
    memset(body + LARGEST - 8, 'b', 9);
    char *largest = file_of(body, LARGEST), *too_large = file_of(body, LARGEST + 1);
    struct run run = LINT("policy", "--json", largest);
    json_t *object = object_of(&run);
    assert_string_equal(json_string_value(json_object_get(object, "mode")), "enforce");
    assert_json(LINT("policy", "--json", too_large), 1,
                "{\"valid\":false,\"code\":\"policy.http.too-large\",\"findings\":[],\"version\":null,"
                "\"mode\":null,\"max_age\":null,\"mx\":[]}");
    json_decref(object);
    run_free(&run);
    file_free(largest);
    file_free(too_large);
    free(body);
}

static void matches_as_json(void **state)
{
    (void)state;
    assert_json(LINT("match", "--json", "a.example.com", "b.example.com", "*.example.com"), 0,
                "{\"valid\":true,\"code\":\"ok\",\"findings\":[],\"match\":true,"
                "\"matches\":[\"*.example.com\"]}");
    assert_json(LINT("match", "--json", "example.com", "*.example.com"), 1,
                "{\"valid\":true,\"code\":\"ok\",\"findings\":[],\"match\":false,\"matches\":[]}");
    assert_json(LINT("match", "--json", "a.example.com", "*.example.com", "*"), 1,
                "{\"valid\":false,\"code\":\"policy.syntax.mx-wildcard\",\"match\":true,"
                "\"matches\":[\"*.example.com\"],\"findings\":["
                "{\"code\":\"policy.syntax.mx-wildcard\",\"line\":2,\"column\":1,\"detail\":\"*\"}]}");
}

/* MX-3 compares A-labels, so a host in U-labels is turned into them first. */
static void match_converts_the_host(void **state)
{
    (void)state;
    assert_json(LINT("match", "--json", "M\xc3\xbcller.example", "xn--mller-kva.example"), 0,
                "{\"valid\":true,\"code\":\"ok\",\"findings\":[],\"match\":true,"
                "\"matches\":[\"xn--mller-kva.example\"]}");
    assert_json(
        LINT("match", "--json", "\xff.example", "*.example"), 0,
        "{\"valid\":true,\"code\":\"ok\",\"findings\":[],\"match\":true,\"matches\":[\"*.example\"]}");
}

static void assert_ends(struct run run, int exit_code, const char *last)
{
    size_t len = strlen(run.out), last_len = strlen(last);
    assert_int_equal(run.exit_code, exit_code);
    assert_true(len >= last_len);
    assert_string_equal(run.out + len - last_len, last);
    run_free(&run);
}

static void plain_answers(void **state)
{
    (void)state;
    assert_plain(LINT("record", "v=STSv1; id=1"), 0, "valid\n");
    assert_plain(LINT("record", "\"v=STSv1; \" \"id=1;\""), 0, "valid\n"); /* as dig prints it */
    assert_plain(LINT("record", "_mta-sts.a.example. 300 IN TXT \"v=STSv1; id=1;\""), 0, "valid\n");
    assert_plain(LINT("tlsrpt", "\"v=TLSRPTv1; rua=mailto:a@b.example\""), 0, "valid\n");
    assert_ends(LINT("record", "v=STSv1 id=1"), 1,
                "A semicolon is missing: v=STSv1 must be followed by one.\n");
    assert_plain(LINT("record", "v=STSv1 ; id=-"), 1,
                 "invalid: txt.id-bad\n"
                 "line 1, column 8: txt.space-before-semicolon: White space stands between v=STSv1 and the "
                 "semicolon, which not every sender accepts.\n"
                 "    here: v=STSv1 ;\n"
                 "    mend: Remove the white space before the first semicolon.\n"
                 "line 1, column 14: txt.id-bad: The id is not 1 to 32 letters or digits.\n"
                 "    here: id=-\n"
                 "    mend: Use letters and digits only, for instance the UTC time.\n");
    assert_plain(LINT("tlsrpt", "x"), 1,
                 "invalid: tlsrpt.absent\n"
                 "tlsrpt.absent: There is no TLSRPT record at _smtp._tls.\n"
                 "    mend: Publish \"v=TLSRPTv1; rua=mailto:...\" as TXT at _smtp._tls.\n");
    assert_plain(LINT("match", "A.example.com", "*.example.com", "a.example.com"), 0,
                 "A.example.com matches *.example.com\nA.example.com matches a.example.com\n");
    assert_plain(LINT("match", "\x1b[31m", "a.example.com"), 1, "\\027[31m matches no pattern\n");
}

static void many_findings_are_said_to_be_more(void **state)
{
    (void)state;
    const char *text = "v=STSv1; id=1;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;;";
    struct run run = LINT("record", text);
    assert_non_null(strstr(run.out, "There are more findings.\n"));
    run_free(&run);
    run = LINT("record", "--json", text);
    json_t *object = object_of(&run);
    assert_true(json_is_true(json_object_get(object, "findings_more")));
    assert_int_equal(json_array_size(json_object_get(object, "findings")), 32);
    json_decref(object);
    run_free(&run);
}

/* Whatever the bytes, the answer is printable ASCII and, where asked for, JSON. */
static void hostile_bytes_are_escaped(void **state)
{
    char text[300] = "v=STSv1; id=";
    (void)state;
    for (size_t i = 1; i < 256; i++)
        text[11 + i] = (char)i;
    const char *const commands[][2] = {{"record", text}, {"tlsrpt", text}, {"match", text}};
    for (size_t i = 0; i < COUNT(commands); i++) {
        struct run plain = LINT(commands[i][0], commands[i][1], text);
        struct run json = LINT("--json", "--", commands[i][0], commands[i][1], text);
        json_decref(object_of(&json));
        for (const char *at = plain.out; *at != '\0'; at++)
            assert_true(*at == '\n' || (*at >= ' ' && *at <= '~'));
        assert_int_equal(plain.exit_code, 1);
        assert_int_equal(json.exit_code, 1);
        run_free(&plain);
        run_free(&json);
    }
}

static void wrong_usage_is_2(void **state)
{
    static const char *const cases[][ARGS] = {
        {NULL},
        {"record"},
        {"record", "--json"},
        {"tlsrpt"},
        {"policy"},
        {"policy", "a", "b"},
        {"match"},
        {"match", "a.example"},
        {"nonsense", "a"},
        {"record", "--jason", "v=STSv1; id=1;"},
        {"--json"},
        {"policy", "/nonexistent/policy"},
        {"policy", "/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct run run = lint(cases[i]);
        assert_int_equal(run.exit_code, 2);
        assert_string_equal(run.out, "");
        assert_int_equal(strncmp(run.err, "stsweep: lint: ", 15), 0);
        run_free(&run);
    }
}

/* What is wrong stands in the first line, what there is behind it. */
static void usage_says_what_is_wrong(void **state)
{
    static const struct {
        const char *args[ARGS];
        const char *first;
    } cases[] = {
        {{NULL}, "stsweep: lint: say what to look at\n"},
        {{"nonsense", "a"},
         "stsweep: lint: nonsense: no such text; there are record, tlsrpt, policy and match\n"},
        {{"v=STSv1; id=1;"},
         "stsweep: lint: v=STSv1; id=1;: no such text; there are record, tlsrpt, policy and match: write "
         "`record` or `tlsrpt` before it\n"},
        {{"recrod", "a"},
         "stsweep: lint: recrod: no such text; there are record, tlsrpt, policy and match; the nearest known "
         "one is record\n"},
        {{"policy", "a", "b"}, "stsweep: lint: b: one too many\n"},
        {{"match", "a.example"}, "stsweep: lint: match: something is missing behind it\n"},
        {{"record", "--jason", "x"},
         "stsweep: lint: no such flag: --jason; the nearest known one is --json\n"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char words[1024];
        struct run run = lint(cases[i].args);
        (void)snprintf(words, sizeof words,
                       "%susage: stsweep lint record TXT... [--json]\n"
                       "       stsweep lint tlsrpt TXT... [--json]\n"
                       "       stsweep lint policy FILE|- [--json]\n"
                       "       stsweep lint match HOST PATTERN... [--json]\n"
                       "A column counts bytes, from 1: a tab is one, a character that is not ASCII more.\n",
                       cases[i].first);
        assert_string_equal(run.err, words);
        run_free(&run);
    }
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct run run = LINT("policy", "/nonexistent/policy");
    assert_int_equal(run.exit_code, 2);
    assert_non_null(strstr(run.err, "/nonexistent/policy: No such file"));
    run_free(&run);
    run = LINT("policy", "/");
    assert_string_equal(run.err, "stsweep: lint: /: Is a directory; name a file, not the directory\n");
    run_free(&run);
}

static void two_hyphens_end_the_options(void **state)
{
    (void)state;
    assert_json(LINT("record", "--json", "--", "--json"), 1,
                "{\"valid\":false,\"code\":\"txt.absent\",\"findings\":[],\"id\":null}");
}

/* An answer that could not be written is not an answer. */
static void full_output_is_4(void **state)
{
    static const char *const forms[] = {"--json", "record"};
    (void)state;
    for (size_t i = 0; i < COUNT(forms); i++) {
        char name[] = "record", text[] = "v=STSv1; id=1;", form[8];
        (void)snprintf(form, sizeof form, "%s", forms[i]);
        char *argv[] = {form, i == 0 ? name : text, text};
        FILE *full = fopen("/dev/full", "w"), *null = fopen("/dev/null", "w");
        assert_non_null(full);
        assert_non_null(null);
        assert_int_equal(lint_main(3, argv, full, null), 4);
        (void)fclose(full);
        (void)fclose(null);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_as_json),
        cmocka_unit_test(tlsrpt_as_json),
        cmocka_unit_test(policies_as_json),
        cmocka_unit_test(disputed_policy_is_invalid_and_says_so),
        cmocka_unit_test(policy_from_standard_input),
        cmocka_unit_test(policy_has_a_ceiling),
        cmocka_unit_test(matches_as_json),
        cmocka_unit_test(match_converts_the_host),
        cmocka_unit_test(plain_answers),
        cmocka_unit_test(many_findings_are_said_to_be_more),
        cmocka_unit_test(hostile_bytes_are_escaped),
        cmocka_unit_test(wrong_usage_is_2),
        cmocka_unit_test(usage_says_what_is_wrong),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
        cmocka_unit_test(two_hyphens_end_the_options),
        cmocka_unit_test(full_output_is_4),
    };
    return cmocka_run_group_tests_name("lint", tests, NULL, NULL);
}
