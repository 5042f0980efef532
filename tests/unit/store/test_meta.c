/* meta.json: what was written is understood again, and a resume is refused for what would change the scan. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "output/readback/meta_read.h"
#include "output/store/meta.h"
#include "scanner/facts/record.h"

enum { CEILING = 1 << 20 };

static struct meta_input inputs[2];
static struct meta_option options[4];
static struct machine_library libraries[1];
static struct machine_line checks[1];

/* A scan of two files as it was started. */
static struct meta make_meta(void)
{
    inputs[0] = (struct meta_input){
        "a.csv", 1000, 50, 49, "aa11", {"csv", ";", "Dom\xc3\xa4ne;Kunde", "", "", "", false, 2, 1, 0, 2}};
    inputs[1] =
        (struct meta_input){"b.zst", 2000, 70, 70, "bb22", {"plain", "", "", "", "", "", false, 0, 0, 0, 0}};
    options[0] = (struct meta_option){"scan.shard", "1/4", "", false, false};
    options[1] = (struct meta_option){"dns.timeout", "3s", "1500ms", true, false};
    options[2] = (struct meta_option){"safety.allow", "", "", false, false};
    options[3] = (struct meta_option){"dns.resolvers", "192.0.2.53", "", false, true};
    libraries[0] = (struct machine_library){"zstd", "1.5.4"};
    checks[0] = (struct machine_line){"port 25", false, "seems blocked"};
    return (struct meta){.tool_version = "0.1.0",
                         .state = "scanning",
                         .started_ms = INT64_C(1769860800000),
                         .runs = 2,
                         .host = "scanner.example",
                         .command = "stsweep scan \"a b\"\n",
                         .seed = UINT64_MAX,
                         .asked = {.inputs = inputs, .input_count = 2, .options = options, .option_count = 4},
                         .libraries = libraries,
                         .library_count = 1,
                         .preflight = checks,
                         .preflight_count = 1,
                         .resolver = "embedded"};
}

static void write_meta(struct buf *out, const struct meta *meta)
{
    buf_init(out, CEILING);
    assert_true(meta_json(out, meta));
}

static void test_written_as_described(void **state)
{
    (void)state;
    struct buf out;
    struct meta meta = make_meta();
    meta.ended_ms = meta.started_ms + 1500;
    write_meta(&out, &meta);
    json_t *root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    const char *seed = NULL, *command = NULL, *ended = NULL, *shard = NULL, *zstd = NULL, *sha256 = NULL;
    int schema = 0, lines = 0;
    assert_int_equal(json_unpack(root, "{s:i, s:s, s:s, s:s, s:{s:s}, s:{s:s}, s:[{}, {s:i, s:s}]}", "schema",
                                 &schema, "seed", &seed, "command", &command, "ended", &ended, "config",
                                 "scan.shard", &shard, "libraries", "zstd", &zstd, "inputs", "lines", &lines,
                                 "sha256", &sha256),
                     0);
    assert_int_equal(schema, 1);
    assert_string_equal(seed, "18446744073709551615");
    assert_string_equal(command, meta.command);
    assert_string_equal(ended, "2026-01-31T12:00:01.500Z");
    assert_string_equal(shard, "1/4");
    assert_string_equal(zstd, "1.5.4");
    assert_int_equal(lines, 70);
    assert_string_equal(sha256, "bb22");
    json_decref(root);
    buf_dispose(&out);
}

static void test_preflight_is_kept(void **state)
{
    (void)state;
    struct buf out;
    struct meta meta = make_meta();
    write_meta(&out, &meta);
    json_t *root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    const char *name = NULL, *text = NULL;
    int ok = 1;
    assert_int_equal(
        json_unpack(root, "{s:[{s:s, s:b, s:s!}]}", "preflight", "name", &name, "ok", &ok, "text", &text), 0);
    assert_string_equal(name, "port 25");
    assert_false(ok);
    assert_string_equal(text, "seems blocked");
    json_decref(root);
    buf_dispose(&out);
}

static void test_any_bytes_in_paths_stay_valid(void **state)
{
    (void)state;
    struct buf out;
    struct meta meta = make_meta();
    inputs[0].path = "names-\xFF.txt";
    meta.host = "\x01";
    meta.command = "\xC3\xA4";
    write_meta(&out, &meta);
    json_t *root = json_loadb((const char *)out.data, out.len, 0, NULL);
    assert_non_null(root);
    assert_true(json_is_object(json_object_get(root, "host")));
    assert_string_equal(json_string_value(json_object_get(root, "command")), "\xC3\xA4");
    json_decref(root);
    buf_dispose(&out);
}

static void test_resume_finds_what_it_needs(void **state)
{
    (void)state;
    struct buf out, why;
    struct meta_stored found;
    struct meta meta = make_meta();
    write_meta(&out, &meta);
    buf_init(&why, 1024);
    assert_int_equal(meta_compare(buf_bytes(&out), &meta.asked, &found, &why), ERR_OK);
    assert_true(found.seed == UINT64_MAX);
    assert_int_equal(found.runs, 2);
    assert_int_equal(found.started_ms, meta.started_ms);
    assert_int_equal(found.input_count, 2);
    assert_string_equal(found.state, "scanning");
    assert_int_equal(why.len, 0);
    buf_dispose(&why);
    buf_dispose(&out);
}

/* Each changes one thing of the scan that goes on. */
static void change_nothing(struct meta *now)
{
    (void)now;
}

static void change_timeout(struct meta *now)
{
    (void)now;
    options[1].value = "9s";
}

static void change_shard(struct meta *now)
{
    (void)now;
    options[0].value = "2/4";
}

static void add_option(struct meta *now)
{
    (void)now;
    options[2] = (struct meta_option){"smtp.probe", "none", "all", false, false};
}

static void change_two(struct meta *now)
{
    change_shard(now);
    add_option(now);
}

static void change_resolvers(struct meta *now)
{
    (void)now;
    options[3].value = "192.0.2.54";
}

static void drop_resolvers(struct meta *now)
{
    (void)now;
    options[3].value = "";
}

static void change_both_inputs(struct meta *now)
{
    (void)now;
    inputs[0].bytes = 1001;
    inputs[1].sha256 = "bb23";
}

static void add_option_at_default(struct meta *now)
{
    (void)now;
    options[2] = (struct meta_option){"smtp.probe", "all", "all", false, false};
}

static void change_path(struct meta *now)
{
    (void)now;
    inputs[0].path = "moved/a.csv";
}

static void change_bytes(struct meta *now)
{
    (void)now;
    inputs[0].bytes = 1001;
}

static void change_sha256(struct meta *now)
{
    (void)now;
    inputs[1].sha256 = "bb23";
}

static void drop_sha256(struct meta *now)
{
    (void)now;
    inputs[1].sha256 = NULL;
}

static void drop_input(struct meta *now)
{
    now->asked.input_count = 1;
}

static void leave_inputs_unread(struct meta *now)
{
    now->asked.input_count = 0;
}

static void change_version(struct meta *now)
{
    now->tool_version = "0.2.0";
    now->host = "another.example";
    now->command = "stsweep scan --resume";
    now->resolver = "192.0.2.53";
    now->runs = 7;
}

static void test_what_may_differ(void **state)
{
    (void)state;
    static const struct {
        const char *then; /* state */
        void (*change)(struct meta *now);
        enum error error;
        const char *words;
    } cases[] = {
        {"scanning", change_nothing, ERR_OK, ""},
        {"scanning", change_timeout, ERR_OK, ""},
        {"scanning", change_path, ERR_OK, ""},
        {"scanning", change_version, ERR_OK, ""},
        {"scanning", leave_inputs_unread, ERR_OK, ""},
        {"scanning", change_shard, ERR_MISMATCH, "scan.shard is \"2/4\", the scan was started with \"1/4\""},
        {"reading", change_shard, ERR_MISMATCH, "scan.shard"},
        {"scanning", add_option, ERR_MISMATCH, "smtp.probe is \"none\", the scan was started with \"all\""},
        {"scanning", change_two, ERR_MISMATCH,
         "scan.shard is \"2/4\", the scan was started with \"1/4\"; smtp.probe is \"none\", the scan was "
         "started "
         "with \"all\""},
        {"scanning", add_option_at_default, ERR_OK, ""},
        {"scanning", change_resolvers, ERR_OK, ""}, /* other ones, but not none */
        {"scanning", drop_resolvers, ERR_MISMATCH, "dns.resolvers is \"\", the scan was started with"},
        {"scanning", change_both_inputs, ERR_MISMATCH,
         "the input of the scan had 1000; b.zst has another SHA-256"},
        {"scanning", change_bytes, ERR_MISMATCH, "a.csv has 1001 bytes"},
        {"stopped", change_bytes, ERR_MISMATCH, "a.csv"},
        {"done", change_bytes, ERR_MISMATCH, "a.csv"},
        {"reading", change_bytes, ERR_MISMATCH, "a.csv"}, /* read before, and to be read again */
        {"scanning", change_sha256, ERR_MISMATCH, "b.zst has another SHA-256"},
        {"scanning", drop_sha256, ERR_MISMATCH, "b.zst"},
        {"reading", change_sha256, ERR_MISMATCH, "b.zst"},
        {"scanning", drop_input, ERR_MISMATCH, "1 input files are given, the scan had 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out, why;
        struct meta_stored found;
        struct meta meta = make_meta();
        meta.state = cases[i].then;
        write_meta(&out, &meta);
        buf_init(&why, 1024);
        cases[i].change(&meta);
        enum error error = meta_compare(buf_bytes(&out), &meta.asked, &found, &why);
        if (error != cases[i].error || strstr(buf_string(&why), cases[i].words) == NULL)
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&why));
        assert_int_equal(why.len == 0, error == ERR_OK);
        buf_dispose(&why);
        buf_dispose(&out);
    }
}

/* ---- shards of one scan -------------------------------------------------------------------------------- */

static struct meta_previous an_earlier_scan = {
    .dir = "old", .started_ms = 1, .state = "done", .version = "1"};

static void change_seed(struct meta *now)
{
    now->seed = 7;
}

static void add_previous(struct meta *now)
{
    now->asked.previous = &an_earlier_scan;
}

static void change_shard_and_sum(struct meta *now)
{
    change_shard(now);
    change_sha256(now);
}

/* Shards differ in scan.shard, and in nothing else that decides. */
static void test_shards_of_one_scan(void **state)
{
    (void)state;
    static const struct {
        void (*change)(struct meta *now);
        enum error error;
        const char *words;
    } cases[] = {
        {change_nothing, ERR_OK, ""},
        {change_shard, ERR_OK, ""},
        {change_timeout, ERR_OK, ""},
        {change_path, ERR_OK, ""},
        {change_version, ERR_OK, ""},
        {add_option_at_default, ERR_OK, ""},
        {change_resolvers, ERR_OK, ""},
        {drop_resolvers, ERR_MISMATCH, "dns.resolvers is \"\", there \"192.0.2.53\""},
        {add_option, ERR_MISMATCH, "smtp.probe is \"none\", there \"all\""},
        {change_two, ERR_MISMATCH, "smtp.probe is \"none\", there \"all\""},
        {change_seed, ERR_MISMATCH, "the seed (--scan.seed) is \"7\", there \"18446744073709551615\""},
        {change_sha256, ERR_MISMATCH, "the input b.zst has another SHA-256"},
        {change_shard_and_sum, ERR_MISMATCH, "the input b.zst has another SHA-256"},
        {drop_sha256, ERR_MISMATCH, "the input b.zst has another SHA-256"},
        {drop_input, ERR_MISMATCH, "it has 1 input files, there are 2"},
        {leave_inputs_unread, ERR_MISMATCH, "it has 0 input files, there are 2"},
        {add_previous, ERR_MISMATCH, "the earlier scan (--previous) is \"old\", there \"none\""},
    };
    struct meta_option asked[5];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf here, there, why;
        struct meta meta = make_meta();
        write_meta(&there, &meta);
        for (size_t k = 0; k < 4; k++)
            asked[k] = (struct meta_option){options[k].name, "not looked at", options[k].initial,
                                            options[k].may_change, options[k].is_switch};
        asked[4] = (struct meta_option){"smtp.probe", "", "all", false, false};
        cases[i].change(&meta);
        write_meta(&here, &meta);
        buf_init(&why, 1024);
        enum error error = meta_compare_shards(buf_bytes(&here), buf_bytes(&there), asked, 5, &why);
        if (error != cases[i].error || strcmp(buf_string(&why), cases[i].words) != 0)
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&why));
        buf_reset(&why);
        error = meta_compare_shards(buf_bytes(&there), buf_bytes(&here), asked, 5, &why);
        assert_int_equal(error, cases[i].error); /* whichever comes first */
        buf_dispose(&why);
        buf_dispose(&here);
        buf_dispose(&there);
    }
}

static json_t *parsed(const struct buf *text)
{
    json_t *root = json_loadb((const char *)text->data, text->len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    return root;
}

/* What stands at the top is of the last run; what an earlier one had otherwise is kept. */
static void test_what_was_otherwise_is_kept(void **state)
{
    (void)state;
    struct buf first, second, third, fourth;
    struct meta meta = make_meta();
    meta.runs = 1;
    write_meta(&first, &meta);
    json_t *root = parsed(&first);
    assert_null(json_object_get(root, "earlier_runs"));
    json_decref(root);

    change_timeout(&meta);
    meta.runs = 2;
    meta.command = "stsweep scan --resume";
    meta.stored = buf_bytes(&first);
    meta.resumed_ms = meta.started_ms + 2500;
    write_meta(&second, &meta);
    root = parsed(&second);
    const json_t *runs = json_object_get(root, "earlier_runs");
    const char *command = NULL, *then = NULL, *now = NULL, *until = NULL;
    int run = 0;
    assert_int_equal(json_array_size(runs), 1);
    assert_int_equal(json_unpack(json_array_get(runs, 0), "{s:i, s:s, s:s, s:{s:s!}!}", "run", &run, "until",
                                 &until, "command", &command, "config", "dns.timeout", &then),
                     0);
    assert_int_equal(run, 1);
    assert_string_equal(until, "2026-01-31T12:00:02.500Z");
    assert_string_equal(command, "stsweep scan \"a b\"\n");
    assert_string_equal(then, "3s");
    assert_int_equal(json_unpack(root, "{s:{s:s}}", "config", "dns.timeout", &now), 0);
    assert_string_equal(now, "9s");
    json_decref(root);

    meta.runs = 3; /* as the second: nothing is added */
    meta.stored = buf_bytes(&second);
    write_meta(&third, &meta);
    root = parsed(&third);
    assert_int_equal(json_array_size(json_object_get(root, "earlier_runs")), 1);
    json_decref(root);

    change_resolvers(&meta);
    meta.runs = 4;
    meta.stored = buf_bytes(&third);
    libraries[0].version = "1.5.5";
    write_meta(&fourth, &meta);
    root = parsed(&fourth);
    runs = json_object_get(root, "earlier_runs");
    const char *zstd = NULL;
    assert_int_equal(json_array_size(runs), 2);
    assert_int_equal(json_unpack(json_array_get(runs, 1), "{s:i, s:s, s:{s:s!}, s:{s:s!}!}", "run", &run,
                                 "until", &until, "config", "dns.resolvers", &then, "libraries", "zstd",
                                 &zstd),
                     0);
    assert_int_equal(run, 3);
    assert_string_equal(then, "192.0.2.53");
    assert_string_equal(zstd, "1.5.4");
    json_decref(root);
    buf_dispose(&fourth);
    buf_dispose(&third);
    buf_dispose(&second);
    buf_dispose(&first);
}

/* What somebody else wrote into a directory's meta.json keeps no resume from writing its own. */
static void test_earlier_runs_that_nobody_writes(void **state)
{
    static const char good[] = "\"earlier_runs\":[{\"run\":1,\"command\":\"c\"}";
    static const struct {
        const char *stored;
        size_t runs; /* that stand there then */
    } rows[] = {
        {"]", 1},
        {",{\"run\":1.5}]", 1},
        {",{\"a\\u0001b\":1}]", 1},
        {",{\"config\":{\"a\":{\"b\":[1e9]}}}]", 1},
        {",7,[1],null]", 1},
        {"],\"version\":1.5", 1},
        {"],\"version\":\"0.0.9\"", 2},
        {"],\"config\":{\"dns.timeout\":0.5}", 1},
        {"],\"config\":[\"a\"]", 1},
        {NULL, 0}, /* an object */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf stored, out;
        struct meta meta = make_meta();
        buf_init(&stored, CEILING);
        if (rows[i].stored == NULL)
            buf_text(&stored, "{\"earlier_runs\":{\"run\":1}}");
        else
            buf_printf(&stored, "{%s%s}", good, rows[i].stored);
        meta.stored = buf_bytes(&stored);
        write_meta(&out, &meta);
        json_t *root = parsed(&out);
        assert_int_equal(json_array_size(json_object_get(root, "earlier_runs")), rows[i].runs);
        json_decref(root);
        buf_dispose(&out);
        buf_dispose(&stored);
    }
}

/* What stands in a meta.json that this program wrote, with one text in the place of another. */
static void write_changed(struct buf *out, const char *text, const char *other)
{
    struct buf whole;
    struct meta meta = make_meta();
    write_meta(&whole, &meta);
    buf_init(out, CEILING);
    const char *begin = buf_string(&whole);
    const char *place = strstr(begin, text);
    assert_non_null(place);
    assert_true(buf_append(out, begin, (size_t)(place - begin)) && buf_text(out, other) &&
                buf_text(out, place + strlen(text)));
    buf_dispose(&whole);
}

static void test_other_rules_do_not_go_on(void **state)
{
    (void)state;
    char own[64];
    (void)snprintf(own, sizeof own, "  \"rules\": %d,\n", RECORD_RULES);
    static const struct {
        const char *text; /* NULL: the line of the rules */
        const char *other;
        enum error error;
        uint32_t rules;
        const char *words;
    } cases[] = {
        {"\"tool\"", "\"tool\"", ERR_OK, RECORD_RULES, ""},
        {"0.1.0", "0.2.0", ERR_OK, RECORD_RULES, ""},
        {NULL, "", ERR_RULES, 0, "stsweep 0.1.0 with schema 1 and rules 0 started this scan"},
        {NULL, "\"rules\": 0,", ERR_RULES, 0, "rules 0"},
        {NULL, "\"rules\": 99,", ERR_RULES, 99, "rules 99"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out, why;
        struct meta_stored found;
        struct meta now = make_meta();
        write_changed(&out, cases[i].text == NULL ? own : cases[i].text, cases[i].other);
        buf_init(&why, 1024);
        assert_int_equal(meta_read(buf_bytes(&out), &found, &why), ERR_OK);
        assert_int_equal(found.rules, cases[i].rules);
        assert_int_equal(meta_may_go_on(buf_bytes(&out), &why), cases[i].error);
        assert_non_null(strstr(buf_string(&why), cases[i].words));
        assert_null(strchr(buf_string(&why), '\n'));
        assert_int_equal(meta_compare(buf_bytes(&out), &now.asked, &found, &why), cases[i].error);
        buf_dispose(&why);
        buf_dispose(&out);
    }
}

#define TENTH  "/the-earlier-scans-of-this-"                                       /* 27 bytes */
#define FILLED TENTH TENTH TENTH TENTH TENTH TENTH TENTH TENTH TENTH "/and-others" /* 254 */

/* The earlier scan is kept, and a resume must be with the same one, wherever its directory stands. */
static void test_the_earlier_scan_is_the_same(void **state)
{
    static const struct meta_previous one = {.dir = "old",
                                             .started_ms = 1000,
                                             .seed = UINT64_MAX,
                                             .state = "done",
                                             .version = "0.0.9",
                                             .rules = 3,
                                             .policies = 12,
                                             .matched = 7},
                                      moved = {.dir = "moved", .started_ms = 1000, .seed = UINT64_MAX},
                                      later = {.dir = "old", .started_ms = 1001, .seed = UINT64_MAX},
                                      seeded = {.dir = "old", .started_ms = 1000, .seed = 5},
                                      wide = {.dir = FILLED "x\xc3\xbc/y",
                                              .started_ms = 1000,
                                              .seed = 5,
                                              .matched = 7};
    static const struct {
        const struct meta_previous *then, *now;
        enum error error;
        const char *words;
    } cases[] = {
        {NULL, NULL, ERR_OK, ""},
        {&one, &one, ERR_OK, ""},
        {&one, &moved, ERR_OK, ""},
        {&one, &later, ERR_MISMATCH,
         "--previous old is another scan than the one that this one was begun with (old, begun "
         "1970-01-01T00:00:01.000Z): give that one"},
        {&one, &seeded, ERR_MISMATCH, "give that one, or begin a new directory"},
        {&one, NULL, ERR_MISMATCH, "the scan was begun with --previous old: give it again"},
        {NULL, &one, ERR_MISMATCH, "the scan was begun without --previous: leave it out"},
        {&wide, NULL, ERR_MISMATCH, FILLED "x: give it again"}, /* 256 bytes end inside a character */
        {&wide, &one, ERR_MISMATCH, "(" FILLED "x, begun 1970-01-01T00:00:01.000Z)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out, why;
        struct meta_stored found;
        struct meta meta = make_meta();
        buf_init(&why, 1024);
        meta.asked.previous = cases[i].then;
        write_meta(&out, &meta);
        if (cases[i].then != NULL)
            assert_non_null(strstr(buf_string(&out), "\"matched\": 7"));
        meta.asked.previous = cases[i].now;
        enum error error = meta_compare(buf_bytes(&out), &meta.asked, &found, &why);
        if (error != cases[i].error || strstr(buf_string(&why), cases[i].words) == NULL)
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&why));
        buf_dispose(&why);
        buf_dispose(&out);
    }
}

static void test_another_schema_does_not_go_on(void **state)
{
    (void)state;
    struct buf out, why;
    struct meta_stored found;
    struct meta now = make_meta();
    write_changed(&out, "\"schema\": 1", "\"schema\": 2");
    buf_init(&why, 1024);
    assert_int_equal(meta_may_go_on(buf_bytes(&out), &why), ERR_RULES);
    assert_non_null(strstr(buf_string(&why), "stsweep 0.1.0 with schema 2"));
    assert_int_equal(meta_compare(buf_bytes(&out), &now.asked, &found, &why), ERR_RULES);
    assert_int_equal(meta_read(buf_bytes(&out), &found, &why), ERR_CORRUPT);
    buf_dispose(&why);
    buf_dispose(&out);
}

/* It is said on a terminal. */
static void test_a_version_is_printable(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"\"\\u001b[2J 9\"", "?[2J 9"},
        {"\"\\u00e4\"", "??"},
        {"\"\"", "?"},
        {"7", "?"},
        {"\"0123456789012345678901234567890123456789\"", "0123456789012345678901234567890"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out, why;
        struct meta_stored found;
        write_changed(&out, "\"0.1.0\"", cases[i][0]);
        buf_init(&why, 1024);
        assert_int_equal(meta_read(buf_bytes(&out), &found, &why), ERR_OK);
        assert_string_equal(found.version, cases[i][1]);
        buf_dispose(&why);
        buf_dispose(&out);
    }
}

static void test_another_state(void **state)
{
    (void)state;
    struct buf out, changed, why;
    struct meta_stored found;
    struct meta meta = make_meta();
    meta.state = "done";
    write_meta(&out, &meta);
    buf_init(&why, 1024);
    buf_init(&changed, 1 << 16);
    assert_true(meta_with_state(buf_bytes(&out), "reading", &changed));
    assert_int_equal(meta_read(buf_bytes(&changed), &found, &why), ERR_OK);
    assert_string_equal(found.state, "reading");
    assert_int_equal(found.input_count, meta.asked.input_count);
    assert_null(strstr(buf_string(&changed), "\"ended\""));
    assert_int_equal(meta_compare(buf_bytes(&changed), &meta.asked, &found, &why), ERR_OK);
    assert_false(meta_with_state(bytes_of("no json"), "reading", &changed));
    buf_dispose(&changed);
    buf_dispose(&why);
    buf_dispose(&out);
}

static void test_was_the_input_read(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        size_t inputs;
        bool was_read;
    } cases[] = {{"reading", 0, false}, {"reading", 2, false}, {"stopped", 0, false},
                 {"stopped", 2, true},  {"scanning", 2, true}, {"done", 2, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out, why;
        struct meta_stored found;
        struct meta meta = make_meta();
        meta.state = cases[i].state;
        meta.asked.input_count = cases[i].inputs;
        write_meta(&out, &meta);
        buf_init(&why, 1024);
        assert_int_equal(meta_read(buf_bytes(&out), &found, &why), ERR_OK);
        assert_int_equal(meta_input_was_read(&found), cases[i].was_read);
        buf_dispose(&why);
        buf_dispose(&out);
    }
}

static void test_damaged_text(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"schema\":1}",
        "{\"schema\":2,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":1}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"-1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1x\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":0,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":4294967296,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":\"1\",\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":253402300800000,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":-30610224000001,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":-9223372036854775807,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":\"a state too long for it\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":\"1\",\"rules\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"rules\":\"1\",\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"rules\":-1,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"rules\":4294967296,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"state\":7,\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
        "{\"schema\":1,\"schema\":1,\"state\":\"done\",\"runs\":1,\"started_ms\":1,\"seed\":\"1\"}",
    };
    struct meta meta = make_meta();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct buf why;
        struct meta_stored found;
        buf_init(&why, 1024);
        if (meta_read(bytes_of(texts[i]), &found, &why) != ERR_CORRUPT || why.len == 0 ||
            meta_compare(bytes_of(texts[i]), &meta.asked, &found, &why) == ERR_OK)
            fail_msg("%s is taken", texts[i]);
        buf_dispose(&why);
    }
}

/* Every prefix of a whole text is refused, none crashes. */
static void test_cut_text(void **state)
{
    (void)state;
    struct buf out, why;
    struct meta meta = make_meta();
    struct meta_stored found;
    write_meta(&out, &meta);
    buf_init(&why, 1024);
    for (size_t len = 0; len + 2 < out.len; len++) {
        buf_reset(&why);
        assert_int_equal(meta_read(bytes_make(out.data, len), &found, &why), ERR_CORRUPT);
    }
    buf_dispose(&why);
    buf_dispose(&out);
}

static void test_ceiling(void **state)
{
    (void)state;
    struct buf out;
    struct meta meta = make_meta();
    buf_init(&out, 100);
    assert_false(meta_json(&out, &meta));
    assert_int_equal(out.len, 0);
    buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_as_described),
        cmocka_unit_test(test_preflight_is_kept),
        cmocka_unit_test(test_any_bytes_in_paths_stay_valid),
        cmocka_unit_test(test_resume_finds_what_it_needs),
        cmocka_unit_test(test_what_may_differ),
        cmocka_unit_test(test_shards_of_one_scan),
        cmocka_unit_test(test_what_was_otherwise_is_kept),
        cmocka_unit_test(test_earlier_runs_that_nobody_writes),
        cmocka_unit_test(test_other_rules_do_not_go_on),
        cmocka_unit_test(test_the_earlier_scan_is_the_same),
        cmocka_unit_test(test_another_schema_does_not_go_on),
        cmocka_unit_test(test_a_version_is_printable),
        cmocka_unit_test(test_another_state),
        cmocka_unit_test(test_was_the_input_read),
        cmocka_unit_test(test_damaged_text),
        cmocka_unit_test(test_cut_text),
        cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests_name("meta", tests, NULL, NULL);
}
