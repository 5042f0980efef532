/* A scan directory as all readers see it: whole, unfinished, damaged, and somebody else's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/json/json.h"
#include "output/readback/scanview.h"

enum { HOSTS = 200, WHY_BYTES = 4096, LINE_BYTES = 1 << 20, FRAME_BYTES = 2048 };

static const char *const files[] = {"meta.json",        "summary.json",     "domains.ndjson.zst",
                                    "hosts.ndjson.zst", "certs.ndjson.zst", "rejects.ndjson.zst"};

struct place {
    char path[64];
    int fd;
    struct buf why;
};

/* ---- a directory
 * ------------------------------------------------------------------------------------------- */

static int begin(void **state)
{
    static struct place place;
    (void)snprintf(place.path, sizeof place.path, "/tmp/stsweep-view-XXXXXX");
    if (mkdtemp(place.path) == NULL)
        return 1;
    place.fd = open(place.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    buf_init(&place.why, WHY_BYTES);
    *state = &place;
    return place.fd < 0;
}

static int end(void **state)
{
    struct place *place = *state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        (void)unlinkat(place->fd, files[i], 0);
    (void)close(place->fd);
    buf_dispose(&place->why);
    return rmdir(place->path);
}

static void put_file(const struct place *place, const char *name, const char *text)
{
    int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static void put_meta(const struct place *place, const char *state, unsigned rules)
{
    char text[256];
    (void)snprintf(text, sizeof text,
                   "{\"schema\":%d,\"rules\":%u,\"version\":\"7\",\"state\":\"%s\",\"runs\":1,"
                   "\"seed\":\"1\",\"started_ms\":1}",
                   RECORD_SCHEMA_VERSION, rules, state);
    put_file(place, "meta.json", text);
}

static struct frames *begin_stream(struct place *place, const char *name)
{
    const struct frames_options options = {.dir_fd = place->fd,
                                           .name = name,
                                           .level = 1,
                                           .frame_bytes = FRAME_BYTES,
                                           .part_bytes = UINT64_C(1) << 40};
    struct frames *frames;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    return frames;
}

static void add(struct place *place, struct frames *frames, struct bytes line)
{
    bool full;
    assert_int_equal(frames_append(frames, line, &full), ERR_OK);
    if (full)
        assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
}

static void end_stream(struct place *place, struct frames *frames)
{
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    frames_destroy(frames);
}

/* Domains: one that has no mail, two lines that are no records, and the one again. */
static void put_domains(struct place *place)
{
    const struct domain_facts facts = {.ordinal = 1,
                                       .domain = "a.example",
                                       .tld = "example",
                                       .time = INT64_C(1769860800000),
                                       .txt = {.lookup = {.status = DNS_NXDOMAIN}},
                                       .mx = {.lookup = {.status = DNS_NXDOMAIN}},
                                       .policy = {.fetch = {.tls = {.alert = -1}}}};
    const struct judgement judgement = {.outcome = OUTCOME_NO_MAIL};
    struct frames *frames = begin_stream(place, "domains");
    struct buf line;
    buf_init(&line, LINE_BYTES);
    assert_true(json_domain(&line, &facts, &judgement));
    add(place, frames, buf_bytes(&line));
    add(place, frames, bytes_of("{\"domain\":7}\n{\"domain\":7}\n"));
    add(place, frames, buf_bytes(&line));
    end_stream(place, frames);
    buf_dispose(&line);
}

/* Each second host has shown a certificate, which certs.ndjson.zst has when `whole`. */
static void put_hosts(struct place *place, bool whole)
{
    struct cert_facts cert = {.sha256 = {7}};
    struct frames *frames = begin_stream(place, "hosts");
    struct buf line;
    buf_init(&line, LINE_BYTES);
    for (uint8_t i = 0; i < HOSTS; i++) {
        struct probe_facts probe = {
            .host = "mx.example",
            .ip = ip_v4((const uint8_t[]){192, 0, 2, i}),
            .time = INT64_C(1769860800000),
            .pass = 1,
            .step = SMTP_QUIT,
            .end = SMTP_END_DONE,
            .tls = {.end = TLS_DONE, .alert = -1, .certs = &cert, .cert_count = i % 2}};
        buf_reset(&line);
        assert_true(json_host(&line, &probe, FAIL_NONE));
        add(place, frames, buf_bytes(&line));
    }
    end_stream(place, frames);
    frames = begin_stream(place, "certs");
    cert.sha256[0] = whole ? 7 : 8;
    buf_reset(&line);
    assert_true(json_cert(&line, &cert));
    add(place, frames, buf_bytes(&line));
    end_stream(place, frames);
    buf_dispose(&line);
}

static void flip_a_bit(const struct place *place, const char *name)
{
    struct stat status;
    char byte;
    int fd = openat(place->fd, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    assert_int_equal(pread(fd, &byte, 1, status.st_size / 2), 1);
    byte ^= 4;
    assert_int_equal(pwrite(fd, &byte, 1, status.st_size / 2), 1);
    (void)close(fd);
}

static void cut(const struct place *place, const char *name, off_t bytes)
{
    struct stat status;
    int fd = openat(place->fd, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    assert_int_equal(ftruncate(fd, status.st_size - bytes), 0);
    (void)close(fd);
}

static struct scanview *open_view(struct place *place)
{
    struct scanview *view;
    assert_int_equal(scanview_open(place->path, &view, &place->why), ERR_OK);
    return view;
}

/* ---- a judge and a taker
 * ----------------------------------------------------------------------------------- */

struct seen {
    unsigned lines, as_stored, judged, unreadable, lost; /* of lines and records */
    unsigned domains, hosts;                             /* the judge's calls */
    unsigned stop_at;                                    /* the line that is refused; 0: none */
    enum error error;                                    /* of the last that was not judged */
    char reason[256];
};

static void judge_domain(void *arg, const struct domain_facts *facts, struct arena *arena,
                         struct judgement *judgement)
{
    struct seen *seen = arg;
    (void)arena;
    assert_string_equal(facts->domain, "a.example");
    *judgement = (struct judgement){.outcome = OUTCOME_TESTING};
    seen->domains++;
}

static enum failure_code judge_host(void *arg, const struct probe_facts *probe)
{
    struct seen *seen = arg;
    assert_string_equal(probe->host, "mx.example");
    seen->hosts++;
    return FAIL_SMTP_TCP_TIMEOUT;
}

static struct view_judge judge_of(struct seen *seen)
{
    return (struct view_judge){.arg = seen, .domain = judge_domain, .host = judge_host};
}

static enum error on_line(void *arg, struct bytes line)
{
    struct seen *seen = arg;
    assert_true(line.len > 0 && line.data[line.len - 1] != '\n');
    return ++seen->lines == seen->stop_at ? ERR_STOPPED : ERR_OK;
}

static enum error on_record(void *arg, const struct view_record *record)
{
    struct seen *seen = arg;
    seen->as_stored += record->found == VIEW_AS_STORED;
    seen->judged += record->found == VIEW_JUDGED;
    seen->unreadable += record->found == VIEW_UNREADABLE;
    seen->lost += record->found == VIEW_LOST;
    if (record->found == VIEW_UNREADABLE || record->found == VIEW_LOST) {
        seen->error = record->error;
        (void)snprintf(seen->reason, sizeof seen->reason, "%s", record->reason);
    } else {
        assert_int_equal(record->error, ERR_OK);
    }
    if (record->domain != NULL)
        assert_int_equal(record->judgement->outcome, OUTCOME_TESTING);
    if (record->probe != NULL)
        assert_int_equal(record->code, FAIL_SMTP_TCP_TIMEOUT);
    assert_int_equal(record->found == VIEW_JUDGED, record->domain != NULL || record->probe != NULL);
    return on_line(seen, record->line);
}

static struct seen records_of(struct place *place, struct scanview *view, enum view_stream stream,
                              enum error expected)
{
    struct seen seen = {.lines = 0};
    assert_int_equal(scanview_records(view, stream, on_record, &seen, &place->why), expected);
    return seen;
}

/* ---- what state it is in
 * ----------------------------------------------------------------------------------- */

static void test_states(void **state)
{
    static const struct {
        const char *text;
        enum view_state state;
    } rows[] = {{"reading", VIEW_READING}, {"scanning", VIEW_SCANNING}, {"stopped", VIEW_STOPPED},
                {"done", VIEW_DONE},       {"whatever", VIEW_SCANNING}, {"", VIEW_SCANNING}};
    struct place *place = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_meta(place, rows[i].text, 3);
        struct scanview *view = open_view(place);
        assert_int_equal(scanview_state(view), rows[i].state);
        assert_int_equal(scanview_meta(view)->rules, 3);
        assert_string_equal(scanview_meta(view)->version, "7");
        scanview_close(view);
    }
}

static void check_refused(struct place *place, const char *dir, enum error error, int number,
                          const char *says)
{
    struct scanview *view = (struct scanview *)place;
    buf_reset(&place->why);
    errno = 0;
    assert_int_equal(scanview_open(dir, &view, &place->why), error);
    assert_null(view);
    if (error == ERR_NOT_FOUND)
        assert_int_equal(errno, number);
    if (strstr(buf_string(&place->why), says) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", says, buf_string(&place->why));
}

static void test_what_is_no_scan_directory(void **state)
{
    struct place *place = *state;
    char path[96];
    check_refused(place, "/nowhere/at/all", ERR_NOT_FOUND, ENOENT, "No such file");
    check_refused(place, place->path, ERR_NOT_FOUND, ENOENT, "no scan directory: meta.json");
    put_meta(place, "done", 3);
    (void)snprintf(path, sizeof path, "%s/meta.json", place->path);
    check_refused(place, path, ERR_NOT_FOUND, ENOTDIR, "Not a directory");
    put_file(place, "meta.json", "{\"schema\":1");
    check_refused(place, place->path, ERR_CORRUPT, 0, "meta.json");
    put_file(place, "meta.json", "{\"schema\":99}");
    check_refused(place, place->path, ERR_CORRUPT, 0, "schema");
    (void)unlinkat(place->fd, "meta.json", 0);
    assert_int_equal(symlinkat("/etc/hostname", place->fd, "meta.json"), 0);
    check_refused(place, place->path, ERR_CORRUPT, 0, "meta.json: cannot read: it is a symbolic link");
    (void)unlinkat(place->fd, "meta.json", 0);
    assert_int_equal(mkfifoat(place->fd, "meta.json", 0644), 0);
    check_refused(place, place->path, ERR_CORRUPT, 0, "meta.json: cannot read: it is no regular file");
}

/* What this machine lacks is no fault of the directory's. */
static void test_too_many_open_files(void **state)
{
    struct place *place = *state;
    struct rlimit before;
    put_meta(place, "done", 3);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int left = 0; left < 2; left++) {
        int next = dup(STDIN_FILENO);
        assert_true(next > 0);
        assert_int_equal(close(next), 0);
        const struct rlimit few = {.rlim_cur = (rlim_t)(next + left), .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        check_refused(place, place->path, ERR_IO, 0, "Too many open files; raise ulimit -n");
        assert_null(strstr(buf_string(&place->why), "no scan directory"));
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    }
}

/* ---- records
 * ----------------------------------------------------------------------------------------------- */

static void test_lines(void **state)
{
    struct place *place = *state;
    struct seen seen = {.lines = 0}, stopped = {.stop_at = 2}, none = {.lines = 0};
    put_meta(place, "done", RECORD_RULES);
    put_domains(place);
    struct scanview *view = open_view(place);
    assert_int_equal(scanview_lines(view, VIEW_DOMAINS, on_line, &seen, &place->why), ERR_OK);
    assert_int_equal(seen.lines, 4);
    assert_int_equal(scanview_lines(view, VIEW_DOMAINS, on_line, &stopped, &place->why), ERR_STOPPED);
    assert_int_equal(stopped.lines, 2);
    assert_int_equal(scanview_lines(view, VIEW_REJECTS, on_line, &none, &place->why), ERR_OK);
    assert_int_equal(none.lines, 0);
    scanview_close(view);
}

static enum error refuse(void *arg, struct bytes line)
{
    (void)scanview_refuse(arg, ERR_LIMIT, line.len > 0 ? NULL : "it is empty");
    return scanview_refuse(arg, ERR_SYNTAX, "again");
}

/* What no scan writes is not given; what who takes it cannot read is said likewise, and counts once. */
static void test_what_is_refused(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"{\"domain\":7}\n{\"domain\"\n", "record 2 cannot be read: no JSON object"},
        {"{}\n[]\n7\n", "record 2 cannot be read: no JSON object; and 1 more"},
        {"{\"domain\":\"1234567\xC2\x9B\"}\n{\"domain\":\"1234567\x9B\"}\n",
         "record 2 cannot be read: no UTF-8"},
    };
    struct place *place = *state;
    put_meta(place, "done", RECORD_RULES);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct seen seen = {.lines = 0};
        (void)unlinkat(place->fd, "domains.ndjson.zst", 0);
        struct frames *frames = begin_stream(place, "domains");
        add(place, frames, bytes_of(rows[i].text));
        end_stream(place, frames);
        struct scanview *view = open_view(place);
        assert_int_equal(scanview_lines(view, VIEW_DOMAINS, on_line, &seen, &place->why), ERR_CORRUPT);
        assert_non_null(strstr(buf_string(&place->why), rows[i].said));
        buf_reset(&place->why);
        assert_int_equal(scanview_lines(view, VIEW_DOMAINS, refuse, view, &place->why), ERR_CORRUPT);
        assert_non_null(
            strstr(buf_string(&place->why), "record 1 cannot be read: it is too large, or too deep; and "));
        scanview_close(view);
    }
}

static void test_as_stored(void **state)
{
    struct place *place = *state;
    put_meta(place, "done", RECORD_RULES);
    put_domains(place);
    put_hosts(place, true);
    struct scanview *view = open_view(place);
    assert_int_equal(records_of(place, view, VIEW_DOMAINS, ERR_OK).as_stored, 4);
    assert_int_equal(records_of(place, view, VIEW_HOSTS, ERR_OK).as_stored, HOSTS);
    assert_int_equal(records_of(place, view, VIEW_CERTS, ERR_OK).as_stored, 1);
    assert_string_equal(scanview_damage(view), "");
    scanview_close(view);
}

static void test_judged_anew(void **state)
{
    struct place *place = *state;
    struct seen judge = {.lines = 0};
    struct view_judge by = judge_of(&judge);
    put_meta(place, "done", RECORD_RULES);
    put_domains(place);
    put_hosts(place, true);
    struct scanview *view = open_view(place);
    assert_int_equal(scanview_judge(view, &by, &place->why), ERR_OK);
    struct seen domains = records_of(place, view, VIEW_DOMAINS, ERR_CORRUPT);
    assert_string_equal(buf_string(&place->why),
                        "domains.ndjson.zst: record 2 cannot be read: schema: is not a version that is known "
                        "here; and 1 more");
    assert_int_equal(scanview_refused(view, VIEW_DOMAINS), 2);
    buf_reset(&place->why);
    assert_int_equal(domains.judged, 2);
    assert_int_equal(domains.unreadable, 2);
    assert_int_equal(domains.error, ERR_SYNTAX);
    assert_string_equal(domains.reason, "schema: is not a version that is known here");
    assert_int_equal(judge.domains, 2);
    assert_int_equal(records_of(place, view, VIEW_HOSTS, ERR_OK).judged, HOSTS);
    assert_int_equal(judge.hosts, HOSTS);
    assert_int_equal(records_of(place, view, VIEW_CERTS, ERR_OK).as_stored, 1);
    assert_int_equal(place->why.len, 0);
    scanview_close(view);
}

static void test_what_is_lost(void **state)
{
    struct place *place = *state;
    struct seen judge = {.lines = 0};
    struct view_judge by = judge_of(&judge);
    put_meta(place, "done", RECORD_RULES);
    put_hosts(place, false);
    struct scanview *view = open_view(place);
    assert_int_equal(scanview_judge(view, &by, &place->why), ERR_OK);
    struct seen hosts = records_of(place, view, VIEW_HOSTS, ERR_OK);
    assert_int_equal(hosts.judged, HOSTS / 2);
    assert_int_equal(hosts.lost, HOSTS / 2);
    assert_int_equal(hosts.error, ERR_NOT_FOUND);
    assert_string_equal(hosts.reason, "");
    assert_int_equal(judge.hosts, HOSTS / 2);
    scanview_close(view);
}

/* Rules that nobody here knows: their records are shown, not judged. */
static void test_newer_rules(void **state)
{
    struct place *place = *state;
    struct seen judge = {.lines = 0};
    struct view_judge by = judge_of(&judge);
    put_meta(place, "done", RECORD_RULES + 1);
    put_domains(place);
    struct scanview *view = open_view(place);
    assert_int_equal(scanview_judge(view, &by, &place->why), ERR_RULES);
    assert_non_null(strstr(buf_string(&place->why), "which this program does not know"));
    assert_int_equal(records_of(place, view, VIEW_DOMAINS, ERR_OK).as_stored, 4);
    scanview_close(view);
}

/* ---- damage
 * ------------------------------------------------------------------------------------------------ */

static void test_a_wrong_bit(void **state)
{
    struct place *place = *state;
    struct seen judge = {.lines = 0};
    struct view_judge by = judge_of(&judge);
    put_meta(place, "done", RECORD_RULES);
    put_hosts(place, true);
    flip_a_bit(place, "hosts.ndjson.zst");
    struct scanview *view = open_view(place);
    assert_int_equal(scanview_judge(view, &by, &place->why), ERR_OK);
    assert_non_null(strstr(scanview_damage(view), "hosts.ndjson.zst: frame "));
    assert_int_equal(place->why.len, 0);
    struct seen hosts = records_of(place, view, VIEW_HOSTS, ERR_CORRUPT);
    assert_true(hosts.judged > HOSTS / 2 && hosts.judged < HOSTS);
    assert_non_null(strstr(buf_string(&place->why), "hosts.ndjson.zst: frame "));
    scanview_close(view);
}

/* What a scan that was cut off had not finished writing is no damage; in one that is done it is. */
static void test_a_torn_tail(void **state)
{
    struct place *place = *state;
    put_meta(place, "scanning", RECORD_RULES);
    put_hosts(place, true);
    cut(place, "hosts.ndjson.zst", 5);
    struct scanview *view = open_view(place);
    struct seen hosts = records_of(place, view, VIEW_HOSTS, ERR_OK);
    assert_true(hosts.as_stored > HOSTS / 2 && hosts.as_stored < HOSTS);
    put_file(place, "summary.json", "{}");
    assert_int_equal(records_of(place, view, VIEW_HOSTS, ERR_CORRUPT).as_stored, hosts.as_stored);
    scanview_close(view);
}

static void test_nothing_but_meta(void **state)
{
    struct place *place = *state;
    struct seen judge = {.lines = 0};
    struct view_judge by = judge_of(&judge);
    put_meta(place, "reading", RECORD_RULES);
    struct scanview *view = open_view(place);
    assert_int_equal(scanview_judge(view, &by, &place->why), ERR_OK);
    assert_int_equal(records_of(place, view, VIEW_DOMAINS, ERR_OK).lines, 0);
    assert_int_equal(records_of(place, view, VIEW_HOSTS, ERR_OK).lines, 0);
    assert_string_equal(scanview_damage(view), "");
    scanview_close(view);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_states),
        CASE(test_what_is_no_scan_directory),
        CASE(test_too_many_open_files),
        CASE(test_lines),
        CASE(test_as_stored),
        CASE(test_judged_anew),
        CASE(test_what_is_lost),
        CASE(test_newer_rules),
        CASE(test_a_wrong_bit),
        CASE(test_what_is_refused),
        CASE(test_a_torn_tail),
        CASE(test_nothing_but_meta),
    };
    return cmocka_run_group_tests_name("scanview", tests, NULL, NULL);
}
