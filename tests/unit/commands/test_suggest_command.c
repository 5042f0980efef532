/* The suggest command over a small scan directory: its arguments, what goes to the streams and to folders,
 * exit codes. What is suggested is tested with suggest (test_suggest). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/commands/suggest_command.h"
#include "scanner/commands/suggest_scan.h"
#include "tests/unit/commands/captured.h"
#include "tests/unit/commands/scan_place.h"
#include "tests/unit/has.h"

enum { ARGS_MOST = 8, LINES_MOST = 8 };

struct world {
    struct scan_place place;
    struct scan_place folder; /* for -o */
    struct captured said;
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    place_begin(&world->place);
    place_begin(&world->folder);
    place_meta(&world->place, RECORD_RULES);
    *state = world;
    return 0;
}

static int end(void **state)
{
    static const char *const domains[] = {"one.example", "none.example"};
    static const char *const files[] = {"mta-sts.txt", "records.zone", "README.txt"};
    struct world *world = *state;
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        for (size_t j = 0; j < sizeof files / sizeof *files; j++) {
            (void)snprintf(path, sizeof path, "%s/%s", domains[i], files[j]);
            (void)unlinkat(world->folder.fd, path, 0);
        }
        (void)unlinkat(world->folder.fd, domains[i], AT_REMOVEDIR);
    }
    place_end(&world->place);
    place_end(&world->folder);
    free(world);
    return 0;
}

/* ---- what the scan found ------------------------------------------------------------------------------- */

static const char one[] = "one.example", none[] = "none.example", unknown[] = "unknown.example";

/* A domain with an MX host that nobody looked at; one that receives no mail; one whose MX lookup failed. */
static void domain_line(struct buf *line, const char *name)
{
    struct mx_rr rr = {10, "mx.one.example"};
    struct domain_facts facts = {.ordinal = 1,
                                 .domain = name,
                                 .tld = "example",
                                 .time = INT64_C(1769860800000),
                                 .txt = {.lookup = {.status = DNS_NXDOMAIN}},
                                 .mx = {.lookup = {.status = DNS_NXDOMAIN}},
                                 .policy = {.fetch = {.tls = {.alert = -1}}}};
    const struct judgement judgement = {.outcome = OUTCOME_UNKNOWN};
    if (name == one)
        facts.mx = (struct mx_facts){.lookup = {.status = DNS_ANSWERED}, .rrs = &rr, .rr_count = 1};
    if (name == unknown)
        facts.mx.lookup.status = DNS_SERVFAIL;
    buf_init(line, PLACE_LINE_BYTES);
    assert_true(json_domain(line, &facts, &judgement));
}

/* The domains up to the first NULL, and one more line where there is one. */
static void put_scan(struct world *world, const char *const names[], const char *more)
{
    struct buf lines[LINES_MOST];
    const char *texts[LINES_MOST + 2] = {NULL};
    size_t count = 0;
    for (; names[count] != NULL; count++) {
        domain_line(&lines[count], names[count]);
        texts[count] = buf_string(&lines[count]);
    }
    texts[count] = more;
    place_lines(&world->place, "domains", texts);
    for (size_t i = 0; i < count; i++)
        buf_dispose(&lines[i]);
}

#define PUT(world, more, ...) put_scan(world, (const char *const[]){__VA_ARGS__, NULL}, more)

/* ---- running it ---------------------------------------------------------------------------------------- */

static int run_to(struct world *world, int out, const char *const words[ARGS_MOST])
{
    char name[] = "suggest";
    char *argv[ARGS_MOST + 1] = {name};
    int argc = 1;
    for (; argc <= ARGS_MOST && words[argc - 1] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    captured_begin(&world->said, out);
    int code = suggest_main(argc, argv);
    captured_end(&world->said);
    return code;
}

#define RUN(world, ...) run_to(world, -1, (const char *const[ARGS_MOST]){__VA_ARGS__})

static void assert_usage(struct world *world, int code, const char *reason)
{
    char line[128];
    (void)snprintf(line, sizeof line, "stsweep: suggest: %s; `stsweep help suggest` says more\n", reason);
    assert_string_equal(world->said.err, line);
    assert_string_equal(world->said.out, "");
    assert_int_equal(code, 2);
}

/* ---- a scan to the streams ----------------------------------------------------------------------------- */

static void test_a_scan(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path;
    PUT(world, NULL, one, none);
    assert_int_equal(RUN(world, path), 0);
    assert_has(world->said.out, "one.example: publish MTA-STS, mode testing");
    assert_has(world->said.out, "none.example: nothing to publish");
    assert_has(world->said.out, "rua=mailto:tls-reports@one.example");
    assert_string_equal(world->said.err, "");
    PUT(world, NULL, unknown, one);
    assert_int_equal(RUN(world, path), 5);
    assert_has(world->said.out, "unknown.example: nothing to publish - The MX records could not");
    assert_has(world->said.out, "one.example: publish");
    assert_string_equal(world->said.err, "");
}

static void test_json(void **state)
{
    struct world *world = *state;
    PUT(world, NULL, one, none);
    assert_int_equal(RUN(world, world->place.path, "--json"), 0);
    static const char first[] = "{\"domain\":\"one.example\",\"action\":\"publish\",";
    assert_memory_equal(world->said.out, first, sizeof first - 1);
    assert_has(world->said.out, "}\n{\"domain\":\"none.example\",\"action\":\"none\",\"reason\":");
}

static void test_remove(void **state)
{
    struct world *world = *state;
    PUT(world, NULL, one, none);
    assert_int_equal(RUN(world, "--remove", world->place.path), 0);
    assert_has(world->said.out, "one.example: take MTA-STS down");
    assert_has(world->said.out, "none.example: take MTA-STS down");
}

static void test_rua(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path;
    PUT(world, NULL, one);
    assert_int_equal(RUN(world, "--rua=mailto:a@b.example", path), 0);
    assert_has(world->said.out, "rua=mailto:a@b.example");
    assert_int_equal(RUN(world, "--rua", "https://b.example/x", path), 0);
    assert_has(world->said.out, "rua=https://b.example/x");
    assert_int_equal(RUN(world, "--rua", "mailto:a@b.example", "--", path), 0);
    assert_has(world->said.out, "rua=mailto:a@b.example");
    assert_usage(world, RUN(world, "--rua=x", path), "--rua is no mailto: or https: URI");
    assert_int_equal(RUN(world, path, "--rua"), 2);
    assert_has(world->said.err, "--rua needs a mailto: or https: URI");
}

/* A record that is none, and one whose host's record is not there: they could not be determined. */
static void test_what_is_left_out(void **state)
{
    struct world *world = *state;
    PUT(world, "{\"schema\":1}\n", none);
    assert_int_equal(RUN(world, world->place.path), 4);
    assert_has(world->said.err,
               ": domains.ndjson.zst: record 2 cannot be read: domain: is missing; take the ");
    assert_has(world->said.out, "none.example: nothing");
    PUT(world,
        "{\"schema\":1,\"domain\":\"a.example\",\"tld\":\"example\",\"time\":\"2026-01-31T12:00:00.000Z\","
        "\"mx\":{\"hosts\":[{\"host\":\"m\",\"lookup_a\":\"answered\",\"ips\":[{\"ip\":\"192.0.2.1\"}]}]}}\n",
        none);
    assert_int_equal(RUN(world, world->place.path), 5);
    assert_string_equal(world->said.err,
                        "stsweep: a.example: left out: its hosts' or certificates' records are not there\n");
}

#define DEEP "{\"schema\":1,\"x\":[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]}\n"

/* What is larger than can be held ends nothing: it is said, and what stands behind it is read. */
static void test_a_record_that_is_too_deep(void **state)
{
    struct world *world = *state;
    char line[192];
    PUT(world, DEEP "cut\n", none);
    assert_int_equal(RUN(world, world->place.path), 4);
    (void)snprintf(line, sizeof line,
                   "stsweep: %s: domains.ndjson.zst: record 2 cannot be read: %s; and 1 more%s\n",
                   world->place.path, error_text(ERR_LIMIT), error_next(ERR_CORRUPT));
    assert_string_equal(world->said.err, line);
    assert_has(world->said.out, "none.example: nothing");
}

/* A map is closed behind such records, and says of them what it can. */
static void test_a_map_of_what_cannot_be_read(void **state)
{
    struct world *world = *state;
    PUT(world, DEEP "cut\n", none);
    assert_int_equal(RUN(world, "--format", "nginx", world->place.path), 4);
    assert_has(world->said.out, ": its record cannot be judged: keep the line that served it before\n");
    assert_has(world->said.out,
               "# 1 records cannot be read: keep the lines that served their domains before\n");
    assert_has(world->said.out, "}\n");
    assert_has(world->said.err, "2 could not be determined");
}

static void test_what_cannot_be_read(void **state)
{
    static const char *const hosts[] = {"{}\n", "{}\n", "{}\n", "{}\n", "{}\n", NULL};
    struct world *world = *state;
    const char *path = world->place.path;
    PUT(world, NULL, one, none);
    place_lines(&world->place, "hosts", hosts);
    place_damage(&world->place, "hosts.ndjson.zst");
    assert_int_equal(RUN(world, path), 4);
    assert_has(world->said.err, "hosts.ndjson.zst: frame ");
    assert_has(world->said.out, "none.example: nothing");
    (void)unlinkat(world->place.fd, "hosts.ndjson.zst", 0);
    PUT(world, NULL, one, none, none, none, none, none, none);
    place_damage(&world->place, "domains.ndjson.zst");
    assert_int_equal(RUN(world, path), 4);
    assert_has(world->said.err, "domains.ndjson.zst: frame ");
    place_meta(&world->place, RECORD_RULES + 1);
    assert_int_equal(RUN(world, path), 2);
    assert_has(world->said.err, "which this program does not know");
    assert_int_equal(RUN(world, "/nowhere/at/all"), 2);
    assert_has(world->said.err, "stsweep: /nowhere/at/all: ");
}

static void test_an_answer_that_cannot_be_written(void **state)
{
    struct world *world = *state;
    const char *const words[ARGS_MOST] = {world->place.path};
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    PUT(world, NULL, one, none);
    assert_int_equal(run_to(world, full, words), 4);
    assert_string_equal(world->said.err, ""); /* main says it, for every command */
    (void)close(full);
}

/* ---- to folders ---------------------------------------------------------------------------------------- */

static void assert_file(const struct world *world, const char *name, const char *part)
{
    char text[4096];
    int fd = openat(world->folder.fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    assert_true(len > 0);
    text[len] = 0;
    assert_has(text, part);
}

static void test_folders(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path, *folder = world->folder.path;
    PUT(world, NULL, one, none, none);
    assert_int_equal(RUN(world, path, "-o", folder), 0);
    assert_string_equal(
        world->said.err,
        "stsweep: 1 domains have something to publish, 2 do not (0 of them as it stands already), "
        "0 could not be determined; 0 were left alone\n");
    assert_has(world->said.out, "none.example: nothing to publish");
    assert_lacks(world->said.out, "one.example: publish");
    assert_file(world, "one.example/mta-sts.txt", "mx: mx.one.example\r\n");
    assert_file(world, "one.example/records.zone", "v=STSv1");
    assert_file(world, "one.example/README.txt", "one.example: publish MTA-STS");
    assert_int_equal(RUN(world, path, "-o", folder), 2); /* they stand already */
    assert_string_equal(
        world->said.err,
        "stsweep: one.example: its files stand already and were left alone: --force replaces them\n"
        "stsweep: 1 domains have something to publish, 2 do not (0 of them as it stands "
        "already), 0 could not be "
        "determined; 1 were left alone\n");
    char attached[96];
    (void)snprintf(attached, sizeof attached, "-o%s", folder);
    assert_int_equal(RUN(world, "--force", attached, "--remove", path), 0);
    assert_file(world, "one.example/mta-sts.txt", "mode: none\r\n");
    PUT(world, NULL, unknown);
    assert_int_equal(RUN(world, path, "-o", folder), 5);
    assert_has(world->said.err,
               "0 domains have something to publish, 0 do not (0 of them as it stands already), 1 could");
}

static void test_a_folder_that_cannot_be_written(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path;
    PUT(world, NULL, one);
    assert_int_equal(RUN(world, path, "-o", "/nowhere/at/all"), 2);
    assert_string_equal(world->said.err,
                        "stsweep: suggest: -o /nowhere/at/all: No such file or directory; make the "
                        "directory that it is to stand in first\n");
    assert_string_equal(world->said.out, "");
    assert_int_equal(symlinkat("/nowhere", world->folder.fd, "one.example"), 0);
    assert_int_equal(RUN(world, path, "-o", world->folder.path), 4);
    assert_has(world->said.err, "/one.example: Not a directory; ");
    assert_has(world->said.err, "; 0 were left alone, and not all others could be written: 0 are\n");
    assert_int_equal(unlinkat(world->folder.fd, "one.example", 0), 0);
}

/* ---- the command line ---------------------------------------------------------------------------------- */

static void test_usage(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path;
    PUT(world, NULL, one);
    assert_usage(world, RUN(world, NULL), "name a domain, or a scan directory");
    assert_usage(world, RUN(world, path, path), "give one scan directory, or domains");
    assert_usage(world, RUN(world, "a.example", path), "give one scan directory, or domains");
    assert_usage(world, RUN(world, "--", path, "--force"), "give one scan directory, or domains");
    assert_int_equal(RUN(world, path, "-o"), 2);
    assert_has(world->said.err, "-o needs a folder");
    assert_usage(world, RUN(world, path, "--force"), "--force is for -o");
    assert_usage(world, RUN(world, path, "--format", "bind"), "--format is zone, nsupdate, nginx or json");
    assert_usage(world, RUN(world, path, "--format", "zone", "--json"),
                 "--json is a format of its own; --format json has what changes");
    assert_usage(world, RUN(world, path, "--policy-host", "192.0.2.1"), "--policy-host is for --format");
    assert_usage(world, RUN(world, path, "--format=zone", "--policy-host", "a b"),
                 "--policy-host is no address and no name of a host");
    assert_int_equal(RUN(world, path, "--fail-on=refused"), 2);
    assert_has(world->said.err, "stsweep: the command line or the configuration is not usable:\n");
    assert_has(world->said.err, "--fail-on is no flag of `stsweep suggest`");
    assert_int_equal(RUN(world, path, "--ruas=x"), 2);
    assert_int_equal(RUN(world, path, "--rua", "mailto:a@b.example", "--nothing"), 2);
    assert_string_equal(world->said.out, "");
}

/* A folder without a slash in its name is a scan where meta.json is in it; anything else is a domain. */
static void test_a_scan_in_the_working_directory(void **state)
{
    struct world *world = *state;
    const char *name = strrchr(world->place.path, '/') + 1;
    char kept[4096];
    PUT(world, NULL, one);
    assert_non_null(getcwd(kept, sizeof kept));
    assert_int_equal(chdir("/tmp"), 0);
    int code = RUN(world, name);
    assert_int_equal(chdir(kept), 0);
    assert_int_equal(code, 0);
    assert_has(world->said.out, "one.example: publish");
}

/* ---- a stream ------------------------------------------------------------------------------------------ */

static void assert_text(const char *path, const char *part)
{
    static char text[16384];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    assert_true(len > 0);
    text[len] = 0;
    assert_has(text, part);
}

/* A file has its name only when it is whole, and what stands there is left alone. */
static void test_a_stream_to_a_file(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path;
    char file[96], part[96], line[256];
    (void)snprintf(file, sizeof file, "%s/stream", world->folder.path);
    (void)snprintf(part, sizeof part, "%s/stream.part", world->folder.path);
    PUT(world, NULL, one, none, unknown);
    assert_int_equal(RUN(world, path, "--format", "zone", "--policy-host=Web.Example.", "-o", file), 5);
    assert_string_equal(world->said.out, "");
    assert_string_equal(world->said.err,
                        "stsweep: 1 domains have something to publish, 1 do not (0 of them as it "
                        "stands already), 1 could not be determined\n"
                        "stsweep: risk of what is to be published: none 1\n");
    assert_text(file, "\nmta-sts.one.example. 3600 IN CNAME web.example.\n");
    assert_text(file, "\n; end: 1 domains\n");
    assert_int_equal(access(part, F_OK), -1);
    assert_int_equal(RUN(world, path, "--format", "zone", "-o", file), 2);
    (void)snprintf(line, sizeof line,
                   "stsweep: suggest: -o %s: it is there already, and was left alone: --force replaces it\n",
                   file);
    assert_string_equal(world->said.err, line);
    assert_int_equal(RUN(world, path, "--format", "nginx", "-o", file, "--force"), 5);
    assert_text(file, "    \"mta-sts.one.example\" \"version: STSv1\\r\\n");
    assert_text(file, "\n# end\n");
    place_damage(&world->place, "domains.ndjson.zst"); /* what is not whole gets no name */
    assert_int_equal(unlink(file), 0);
    assert_int_equal(RUN(world, path, "--format", "json", "-o", file), 4);
    assert_int_equal(access(file, F_OK), -1);
    assert_int_equal(access(part, F_OK), -1);
    assert_int_equal(RUN(world, path, "--format", "json", "-o", "/nowhere/at/all"), 2);
    assert_string_equal(world->said.err,
                        "stsweep: suggest: -o /nowhere/at/all: No such file or directory; make the "
                        "directory that it is to stand in first\n");
}

static void test_a_stream_to_standard_output(void **state)
{
    struct world *world = *state;
    const char *path = world->place.path;
    const char *const words[ARGS_MOST] = {path, "--format", "zone"};
    PUT(world, NULL, one);
    assert_int_equal(RUN(world, path, "--format", "json", "-o", "-"), 0);
    static const char first[] = "{\"domain\":\"one.example\",\"action\":\"publish\",\"risk\":\"none\",";
    assert_memory_equal(world->said.out, first, sizeof first - 1);
    assert_int_equal(RUN(world, path, "--format", "json", "--remove"), 0);
    assert_string_equal(world->said.out, "");
    assert_has(world->said.err, "0 domains have something to publish, 1 do not (0");
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(run_to(world, full, words), 4);
    (void)close(full);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_a_scan),
        CASE(test_json),
        CASE(test_remove),
        CASE(test_rua),
        CASE(test_what_is_left_out),
        CASE(test_a_record_that_is_too_deep),
        CASE(test_a_map_of_what_cannot_be_read),
        CASE(test_what_cannot_be_read),
        CASE(test_an_answer_that_cannot_be_written),
        CASE(test_folders),
        CASE(test_a_folder_that_cannot_be_written),
        CASE(test_usage),
        CASE(test_a_stream_to_a_file),
        CASE(test_a_stream_to_standard_output),
        CASE(test_a_scan_in_the_working_directory),
    };
    return cmocka_run_group_tests_name("suggest command", tests, NULL, NULL);
}
