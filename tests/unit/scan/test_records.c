/* What becomes a line for the writer: its stream, its text, and what goes with it. The writer is this file's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/facts/record_kept.h"
#include "scanner/scan/records.h"

enum { LOOPS = 2, BACKLOG = 4711 };

/* ---- the writer ---------------------------------------------------------------------------------------- */

static struct {
    enum error says;
    unsigned lines, barriers;
    enum store_stream stream;
    char text[4096]; /* of the last line */
    bool has_tally, has_sha256;
    size_t packed;
    struct tally tally;
    uint8_t sha256[32];
} writer;

static struct writer *const WRITER = (struct writer *)(void *)&writer;

enum error writer_add(struct writer *to, const struct writer_line *line)
{
    assert_ptr_equal(to, WRITER);
    writer.lines++;
    writer.stream = line->stream;
    (void)snprintf(writer.text, sizeof writer.text, "%.*s", (int)line->line.len,
                   (const char *)line->line.data);
    writer.packed = line->packed.len;
    writer.has_tally = line->tally != NULL;
    writer.has_sha256 = line->sha256 != NULL;
    if (line->tally != NULL)
        writer.tally = *line->tally;
    if (line->sha256 != NULL)
        memcpy(writer.sha256, line->sha256, sizeof writer.sha256);
    return writer.says;
}

size_t writer_backlog(struct writer *of)
{
    assert_ptr_equal(of, WRITER);
    return BACKLOG;
}

enum error writer_barrier(struct writer *of,
                          enum error (*act)(void *arg, struct store *store, struct buf *why), void *arg)
{
    assert_ptr_equal(of, WRITER);
    assert_true(act == NULL && arg == NULL);
    writer.barriers++;
    return writer.says;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static struct records records;
static struct sink sink;

static int begin(void **state)
{
    (void)state;
    memset(&writer, 0, sizeof writer);
    if (records_init(&records, WRITER, true, LOOPS) != ERR_OK)
        return 1;
    sink = records_sink(&records);
    return 0;
}

static int end(void **state)
{
    (void)state;
    records_dispose(&records);
    assert_null(records.loops);
    assert_int_equal(records.count, 0);
    records_dispose(&records); /* as a scan does that did not even begin */
    return 0;
}

/* A whole line, and nothing of the one before it. */
static void assert_line(unsigned lines, enum store_stream stream, const char *begins, const char *lacks)
{
    size_t len = strlen(writer.text);
    assert_int_equal(writer.lines, lines);
    assert_int_equal(writer.stream, stream);
    if (strncmp(writer.text, begins, strlen(begins)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", writer.text, begins);
    assert_null(strstr(writer.text, lacks));
    assert_true(len > 2 && strcmp(writer.text + len - 2, "}\n") == 0);
}

static void lines_of_a_loop(void **state)
{
    const struct probe_facts probe = {.host = "mx.example", .step = SMTP_CONNECT, .end = SMTP_END_NET};
    const struct domain_facts facts = {.ordinal = 7, .domain = "a.example", .tld = "example"};
    const struct judgement judgement = {.outcome = OUTCOME_ABSENT};
    const struct cert_facts cert = {.sha256 = {1, 2, 3}, .subject = "CN=x"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t loop = i;
        sink.certificate(sink.arg, loop, &cert);
        assert_line(4 * i + 1, STORE_CERTS, "{\"schema\":1,\"sha256\":\"0102030", "a.example");
        assert_true(writer.has_sha256 && !writer.has_tally);
        assert_memory_equal(writer.sha256, cert.sha256, sizeof cert.sha256);
        sink.host(sink.arg, loop, &probe, FAIL_SMTP_TCP_TIMEOUT);
        assert_line(4 * i + 2, STORE_HOSTS, "{\"schema\":1,\"host\":\"mx.example\"", "sha256\":\"0102");
        assert_non_null(strstr(writer.text, "\"code\":\"smtp.tcp.timeout\""));
        assert_true(!writer.has_sha256 && !writer.has_tally);
        sink.domain(sink.arg, loop, &facts, &judgement);
        assert_line(4 * i + 3, STORE_DOMAINS, "{\"schema\":1,\"ordinal\":7,", "mx.example");
        assert_true(!writer.has_sha256 && writer.has_tally && writer.packed > 0);
        assert_int_equal(writer.tally.ordinal, 7);
        assert_int_equal(writer.tally.outcome, OUTCOME_ABSENT);
        sink.certificate(sink.arg, loop, &cert);
        assert_line(4 * i + 4, STORE_CERTS, "{\"schema\":1,\"sha256\":\"0102030", "a.example");
    }
}

static void a_reject(void **state)
{
    const struct reject_line line = {
        .ordinal = 3, .file = "list", .line = 9, .text = bytes_of("???"), .reason = FAIL_INPUT_BAD_NAME};
    static char name[65536];
    struct reject_line large = line;
    (void)state;
    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(sink.reject(sink.arg, &line), ERR_OK);
        assert_line(i, STORE_REJECTS, "{\"schema\":1,\"ordinal\":3,", "}\n{");
        assert_true(!writer.has_sha256 && !writer.has_tally);
    }
    writer.says = ERR_MEMORY;
    assert_int_equal(sink.reject(sink.arg, &line), ERR_MEMORY);
    memset(name, 'x', sizeof name - 1);
    large.file = name;
    assert_int_equal(sink.reject(sink.arg, &large), ERR_LIMIT);
    assert_int_equal(writer.lines, 3);
}

static void the_writer_is_asked(void **state)
{
    (void)state;
    assert_int_equal(sink.backlog(sink.arg), BACKLOG);
    assert_int_equal(sink.flush(sink.arg), ERR_OK);
    writer.says = ERR_FULL;
    assert_int_equal(sink.flush(sink.arg), ERR_FULL);
    assert_int_equal(writer.barriers, 2);
}

/* ---- a record that cannot be made ---------------------------------------------------------------------- */

static void lose_certificate(void)
{
    sink.certificate(sink.arg, 0, &(struct cert_facts){.subject = "CN=x"});
}

static void lose_host(void)
{
    sink.host(sink.arg, 0, &(struct probe_facts){.host = "mx.example"}, FAIL_NONE);
}

static void lose_domain(void)
{
    const struct domain_facts facts = {.domain = "a.example", .tld = "example"};
    sink.domain(sink.arg, 0, &facts, &(struct judgement){.outcome = OUTCOME_ABSENT});
}

static char *text_of_length(size_t len)
{
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = 0;
    return text;
}

/* Larger than a line may be. */
static void lose_large_host(void)
{
    writer.says = ERR_OK;
    sink.host(sink.arg, 0, &(struct probe_facts){.host = text_of_length(RECORD_LINE_BYTES)}, FAIL_NONE);
}

static void lose_large_domain(void)
{
    const struct domain_facts facts = {.domain = text_of_length(RECORD_LINE_BYTES), .tld = "example"};
    writer.says = ERR_OK;
    sink.domain(sink.arg, 0, &facts, &(struct judgement){.outcome = OUTCOME_ABSENT});
}

/* A scan that went on without it would call itself whole. */
static void a_record_that_is_lost_ends_all(void **state)
{
    static const struct {
        void (*lose)(void);
        const char *begins;
    } cases[] = {
        {lose_certificate, "stsweep: a certificate: its record could not be made: out of memory\n"},
        {lose_host, "stsweep: mx.example: its record could not be made: out of memory\n"},
        {lose_domain, "stsweep: a.example: its record could not be made: out of memory\n"},
        {lose_large_host, "stsweep: xxx"},
        {lose_large_domain, "stsweep: xxx"},
    };
    (void)state;
    writer.says = ERR_MEMORY;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128] = "";
        int ends[2], status;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
            (void)signal(SIGABRT, SIG_DFL);
            (void)dup2(ends[1], STDERR_FILENO);
            close(ends[0]);
            cases[i].lose();
            _exit(0);
        }
        close(ends[1]);
        size_t len = 0;
        char rest[4096];
        for (ssize_t got = 1; got > 0;) {
            bool fits = len + 1 < sizeof text;
            got = fits ? read(ends[0], text + len, sizeof text - 1 - len) : read(ends[0], rest, sizeof rest);
            len += fits && got > 0 ? (size_t)got : 0;
        }
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        if (strncmp(text, cases[i].begins, strlen(cases[i].begins)) != 0)
            fail_msg("case %zu: %s", i, text);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(lines_of_a_loop),
        TEST(a_reject),
        TEST(the_writer_is_asked),
        TEST(a_record_that_is_lost_ends_all),
    };
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
