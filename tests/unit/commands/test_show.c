/* show's forms, filters and exit codes, over a small directory made here: hostile text in it too. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/json/json.h"
#include "output/store/meta.h"
#include "scanner/commands/show.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/has.h"

enum { ARGS_MOST = 12 };

struct world {
    char path[64];
    int dir;
    char *out, *err; /* of the last run */
    size_t out_len, err_len;
};

static void add_record(struct frames *frames, struct buf *line)
{
    bool full;
    assert_int_equal(frames_append(frames, buf_bytes(line), &full), ERR_OK);
    buf_reset(line);
}

/* A domain that receives no mail, stored with another outcome; the second and third have nasty labels. */
static void add_domain(struct frames *frames, uint64_t ordinal, const char *name, enum outcome outcome)
{
    struct buf line;
    struct arena arena;
    struct judgement judgement;
    struct domain_facts facts = {.ordinal = ordinal,
                                 .domain = name,
                                 .tld = strrchr(name, '.') + 1,
                                 .time = INT64_C(1769860800000),
                                 .txt = {.lookup = {.status = DNS_NXDOMAIN}},
                                 .mx = {.lookup = {.status = DNS_NXDOMAIN}},
                                 .policy = {.fetch = {.tls = {.alert = -1}}}};
    if (ordinal == 2)
        facts.label = "=HYPERLINK(\"x\")";
    if (ordinal == 2)
        facts.policy = (struct policy_facts){
            .host = "mta-sts.lost.example",
            .fetch = {.step = FETCH_BODY, .http_status = 200, .too_large = true, .tls.alert = -1}};
    if (ordinal == 3)
        facts.label = "b\xC3\xBCro;=1\t2";
    buf_init(&line, 1 << 20);
    arena_init(&arena, 1 << 20);
    verdict_judge(&facts, facts.time, &arena, &judgement);
    judgement.outcome = outcome;
    if (outcome == OUTCOME_PROTECTED)
        judgement.provider_mx = "Microsoft 365";
    if (outcome == OUTCOME_REFUSED)
        code_set_add(&judgement.codes, FAIL_SMTP_TLS_EXPIRED);
    assert_true(json_domain(&line, &facts, &judgement));
    add_record(frames, &line);
    arena_dispose(&arena);
    buf_dispose(&line);
}

static struct frames *begin(struct world *world, const char *name)
{
    const struct frames_options options = {.dir_fd = world->dir,
                                           .name = name,
                                           .level = 1,
                                           .frame_bytes = 65536,
                                           .part_bytes = UINT64_C(1) << 40};
    struct frames *frames;
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(frames_create(&options, &frames, &why), ERR_OK);
    buf_dispose(&why);
    return frames;
}

static void end(struct frames *frames)
{
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(frames_commit(frames, &why), ERR_OK);
    frames_destroy(frames);
    buf_dispose(&why);
}

static void put_meta(struct world *world, const char *state)
{
    const struct meta meta = {.tool_version = "1",
                              .state = state,
                              .started_ms = INT64_C(1769860800000),
                              .runs = 1,
                              .host = "here",
                              .command = "stsweep",
                              .resolver = "embedded"};
    struct buf text;
    buf_init(&text, 1 << 20);
    assert_true(meta_json(&text, &meta));
    int fd = openat(world->dir, "meta.json", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len);
    (void)close(fd);
    buf_dispose(&text);
}

static void add_reject(struct world *world)
{
    const struct reject_line reject = {.ordinal = 9,
                                       .file = "list.txt",
                                       .line = 7,
                                       .text = bytes_of("\x1b[31m+cmd"),
                                       .reason = FAIL_INPUT_BAD_NAME};
    struct frames *frames = begin(world, "rejects");
    struct buf line;
    buf_init(&line, 1 << 16);
    assert_true(json_reject(&line, &reject));
    add_record(frames, &line);
    end(frames);
    buf_dispose(&line);
}

static void add_host(struct world *world)
{
    const struct probe_facts probe = {.host = "mx.example",
                                      .ip = ip_v4((const uint8_t[]){192, 0, 2, 1}),
                                      .time = INT64_C(1769860800000),
                                      .pass = 1,
                                      .step = SMTP_QUIT,
                                      .end = SMTP_END_DONE,
                                      .greeting = bytes_of("220 b\xC3\xBCro"),
                                      .tls = {.end = TLS_DONE, .version = 0x0304, .alert = -1}};
    struct frames *frames = begin(world, "hosts");
    struct buf line;
    buf_init(&line, 1 << 16);
    assert_true(json_host(&line, &probe, FAIL_SMTP_TLS_EXPIRED));
    add_record(frames, &line);
    end(frames);
    buf_dispose(&line);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    (void)snprintf(world->path, sizeof world->path, "/tmp/stsweep-test-XXXXXX");
    assert_non_null(mkdtemp(world->path));
    world->dir = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(world->dir >= 0);
    struct frames *frames = begin(world, "domains");
    add_domain(frames, 1, "good.example", OUTCOME_PROTECTED);
    add_domain(frames, 2, "lost.example", OUTCOME_REFUSED);
    add_domain(frames, 3, "none.test", OUTCOME_ABSENT);
    end(frames);
    add_reject(world);
    add_host(world);
    put_meta(world, "done");
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    (void)unlinkat(world->dir, "domains.ndjson.zst", 0);
    (void)unlinkat(world->dir, "rejects.ndjson.zst", 0);
    (void)unlinkat(world->dir, "hosts.ndjson.zst", 0);
    (void)unlinkat(world->dir, "meta.json", 0);
    (void)close(world->dir);
    assert_int_equal(rmdir(world->path), 0);
    free(world->out);
    free(world->err);
    free(world);
    return 0;
}

/* Runs `show DIR words…`; the words end with NULL. */
static int run(struct world *world, const char *first, ...)
{
    char *argv[ARGS_MOST] = {world->path};
    int argc = 1;
    va_list words;
    va_start(words, first);
    for (const char *word = first; word != NULL && argc < ARGS_MOST; word = va_arg(words, const char *))
        argv[argc++] = (char *)(uintptr_t)word;
    va_end(words);
    free(world->out);
    free(world->err);
    FILE *out = open_memstream(&world->out, &world->out_len);
    FILE *err = open_memstream(&world->err, &world->err_len);
    assert_true(out != NULL && err != NULL);
    int code = show_main(argc, argv, out, err);
    (void)fclose(out);
    (void)fclose(err);
    return code;
}

static void test_a_line_for_a_person(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, NULL), 0);
    assert_has(world->out, "good.example                   protected");
    assert_has(world->out, "none.test                      absent");
    assert_has(world->out, "[b\\195\\188ro;=1");
    assert_has(world->out, "3 of 3 records: absent 1, protected 1, refused 1\n");
    assert_null(memchr(world->out, 0x1B, world->out_len));
    assert_string_equal(world->err, "");
}

static void test_csv_is_safe_and_whole(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--csv", NULL), 0);
    assert_has(world->out, "domain,rank,label,tld,outcome,would_be,");
    assert_has(world->out, "\r\nlost.example,,\"'=HYPERLINK(\"\"x\"\")\",example,refused,,");
    /* No part of a cell becomes one of its own in a spreadsheet that parts cells by semicolons or tabs. */
    assert_has(world->out, ",\"b\xC3\xBCro;=1\t2\",");
    assert_lacks(world->out, "records:");
    /* What the codes mean stands behind all else. */
    assert_has(world->out, ",cached_sure_until,cached_none_after,why,who,mend\r\n");
    assert_has(world->out, " | The MX host's certificate has expired.");
    assert_has(world->out, " | Renew the certificate.");
    assert_int_equal(run(world, "--csv", "--separator=semicolon", "--bom", "--domain=lost.example", NULL), 0);
    assert_memory_equal(world->out,
                        "\xEF\xBB\xBF"
                        "domain;rank;label;tld;outcome;would_be;",
                        39);
    assert_has(world->out, "\r\nlost.example;;\"'=HYPERLINK(\"\"x\"\")\";example;refused;;");
    assert_int_equal(run(world, "--bom", NULL), 2);
    assert_has(world->err, "--separator and --bom are for CSV: they need --csv");
    assert_int_equal(run(world, "--json", "--separator=,", NULL), 2);
    assert_int_equal(run(world, "--csv", "--separator=:", NULL), 2);
    assert_has(world->err, "--separator knows `,`, `;` and tab, or comma and semicolon in words, not :");
}

static void test_filters(void **state)
{
    struct world *world = *state;
    const struct {
        const char *flag, *value, *found;
    } rows[] = {
        {"--outcome", "protected", "good.example"},
        {"--tld", ".test", "none.test"},
        {"--code", "smtp.tls.expired", "lost.example"},
        {"--code", "smtp.tls", "lost.example"},
        {"--code", "smtp.", "lost.example"},
        {"--provider", "microsoft", "good.example"},
        {"--domain", "a.b,NONE.test", "none.test"},
        {"--label", "=HYPERLINK(\"x\")", "lost.example"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run(world, rows[i].flag, rows[i].value, NULL), 0);
        assert_has(world->out, rows[i].found);
        assert_has(world->out, "1 of 3 records");
    }
    assert_int_equal(run(world, "--outcome=protected,refused", "--tld=example", "--limit=1", NULL), 0);
    assert_has(world->out, "1 of 1 records");
    assert_int_equal(run(world, "--outcome=protected", "--tld=test", NULL), 0);
    assert_has(world->out, "0 of 3 records\n");
}

static void test_json_is_what_is_stored(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--json", "--domain=lost.example", NULL), 0);
    assert_memory_equal(world->out, "{\"schema\":1,\"ordinal\":2,", 24);
    assert_int_equal(world->out[world->out_len - 1], '\n');
    assert_null(memchr(world->out, '\n', world->out_len - 1));
}

static void test_fail_on(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--fail-on", "refused,partial", NULL), 1);
    assert_int_equal(run(world, "--fail-on=partial", NULL), 0);
    assert_int_equal(run(world, "--fail-on=refused", "--tld=test", NULL), 0);
}

static void test_rejudged_by_the_rules_of_now(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--rejudge", "--fail-on=refused", NULL), 0);
    assert_has(world->err, "rejudged: 3 records, 3 changed, 3 outcomes changed\n");
    assert_has(world->err, "         1  refused -> no-mail\n");
    assert_has(world->err, "judged by a part: 1 records that hold only the beginning of a policy");
    assert_has(world->out, "3 of 3 records: no-mail 3\n");
    assert_int_equal(run(world, "--rejudge", "--limit=1", NULL), 0);
    assert_null(strstr(world->err, "judged by a part"));
}

static void test_rejects(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--rejects", NULL), 0);
    assert_has(world->out, "list.txt:7: ");
    assert_null(memchr(world->out, 0x1B, world->out_len));
    assert_int_equal(run(world, "--hosts", "--csv", NULL), 0);
    assert_has(world->out, "host,ip,code,");
    assert_has(world->out, ",pass,time,ms,why,who,mend\r\n");
    assert_has(world->out,
               ",The MX host's certificate has expired.,the MX host's operator,Renew the certificate.\r\n");
    assert_int_equal(run(world, "--rejects", "--csv", NULL), 0);
    assert_has(world->out, "reason,file,line,text,ordinal,why,who,mend\r\n");
    assert_has(world->out,
               ",The line is not a domain name.,whoever runs the scan,Give one domain name a line.\r\n");
}

/* Every column has its place. */
static void test_lines_are_as_wide_as_ever(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--hosts", NULL), 0);
    assert_string_equal(world->out,
                        "mx.example                     192.0.2.1          smtp.tls.expired               "
                        "TLSv1.3  220 b\\195\\188ro\n1 of 1 records\n");
    assert_int_equal(run(world, "--rejects", NULL), 0);
    assert_string_equal(world->out, "list.txt:7: input.bad-name: G1szMW0rY21k\n1 of 1 records\n");
    assert_int_equal(run(world, "--outcome=refused", NULL), 0);
    assert_string_equal(
        world->out, "lost.example                   refused            dane absent    tls unknown "
                    "dns.nxdomain txt.absent mx.none +2 [=HYPERLINK(\"x\")]\n1 of 3 records: refused 1\n");
}

static void test_filters_of_other_records(void **state)
{
    struct world *world = *state;
    const struct {
        const char *kind, *filter;
        bool found;
    } rows[] = {
        {"--hosts", "--code=smtp.tls", true},
        {"--hosts", "--code=smtp.tls.", true},
        {"--hosts", "--code=smtp.tls.expired", true},
        {"--hosts", "--code=smtp.starttls,smtp", true},
        {"--hosts", "--code=txt", false},
        {"--hosts", "--domain=MX.example", true},
        {"--hosts", "--domain=x.example", false},
        {"--rejects", "--code=input.bad-name", true},
        {"--rejects", "--code=input.is-url", false},
        {"--json", "--code=smtp,txt.absent", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(run(world, rows[i].kind, rows[i].filter, "--limit=1", NULL), 0);
        if ((strstr(world->out, rows[i].found ? "1 of 1 records" : "0 of 1 records") != NULL) ==
            (strcmp(rows[i].kind, "--json") == 0))
            fail_msg("row %zu: %s", i, world->out);
    }
    assert_int_equal(run(world, "--hosts", "--rejudge", NULL), 0);
    assert_has(world->err, "rejudged: 1 records, 1 changed, 0 outcomes changed\n");
    assert_int_equal(run(world, "--rejudge", "--now", "--limit=1", NULL), 0);
    assert_has(world->err, "rejudged: 1 records, 1 changed, 1 outcomes changed\n");
}

/* Lines that are no records are said of, not shown. The last test: the hosts are gone after it. */
static void test_lines_that_are_no_records(void **state)
{
    struct world *world = *state;
    struct buf line;
    buf_init(&line, 64);
    assert_int_equal(unlinkat(world->dir, "hosts.ndjson.zst", 0), 0);
    struct frames *frames = begin(world, "hosts");
    for (int i = 0; i < 2; i++) {
        assert_true(buf_text(&line, "[1]\n"));
        add_record(frames, &line);
    }
    end(frames);
    buf_dispose(&line);
    assert_int_equal(run(world, "--hosts", NULL), 4);
    assert_has(world->err,
               "hosts.ndjson.zst: record 1 cannot be read: no JSON object; and 1 more; take the ");
    assert_string_equal(world->out, "");
}

/* --limit: it is said, and nothing behind it is looked at. */
static void test_limit_is_said(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--limit=2", NULL), 0);
    assert_has(world->out, "2 of 2 records (as far as --limit let them come): protected 1, refused 1\n");
    assert_int_equal(run(world, "--limit=4", NULL), 0);
    assert_has(world->out, "3 of 3 records: absent 1, ");
}

static void test_usage(void **state)
{
    struct world *world = *state;
    assert_int_equal(run(world, "--outcome=lost", NULL), 2);
    assert_has(world->err, "no such outcome: lost");
    assert_string_equal(world->err, "stsweep: show: no such outcome: lost; `stsweep help show` says more\n");
    assert_int_equal(run(world, "--outcome=refused,", NULL), 2);
    assert_int_equal(run(world, "--outcome=none", NULL), 2);
    assert_int_equal(run(world, "--fail-on=\x1b[2J\x7f", NULL), 2);
    assert_has(world->err, "no such outcome: ?[2J?; ");
    assert_int_equal(run(world, "--code=", NULL), 2);
    assert_int_equal(run(world, "--code=.", NULL), 2);
    assert_int_equal(run(world, "--code=smtp.tls,x", NULL), 2);
    assert_has(world->err, "no code is called so or begins so: x");
    assert_int_equal(run(world, "--csv", "--json", NULL), 2);
    assert_int_equal(run(world, "--json", "--csv", NULL), 2);
    assert_int_equal(run(world, "--hosts", "--rejects", NULL), 2);
    assert_int_equal(run(world, "--rejects", "--hosts", NULL), 2);
    assert_int_equal(run(world, "--rejects", "--domain=x", NULL), 2);
    assert_int_equal(run(world, "--hosts", "--outcome=refused", NULL), 2);
    assert_int_equal(run(world, "--hosts", "--fail-on=refused", NULL), 2);
    assert_int_equal(run(world, "--hosts", "--provider=x", NULL), 2);
    assert_has(world->err, "only domain records have outcome, tld, provider and label");
    assert_int_equal(run(world, "--limit", NULL), 2);
    assert_int_equal(run(world, "--limit=", NULL), 2);
    assert_int_equal(run(world, "--limit=-1", NULL), 2);
    assert_int_equal(run(world, "--limits=1", NULL), 2);
    assert_int_equal(run(world, "--code=smtp.tl", NULL), 2);
    assert_int_equal(run(world, "--limit=0", NULL), 2);
    assert_int_equal(run(world, "--limit=1x", NULL), 2);
    assert_int_equal(run(world, "--tld", NULL), 2);
    assert_int_equal(run(world, "--nothing", NULL), 2);
    assert_lacks(world->err, "nearest");
    assert_int_equal(run(world, "--jsno", NULL), 2);
    assert_has(world->err, "the nearest known one is --json");
    assert_int_equal(run(world, "--csv", "--json", NULL), 2);
    assert_has(world->err, "--csv and --json exclude each other");
    assert_int_equal(run(world, "--outcome=absent,refusd", NULL), 2);
    assert_has(world->err, "no such outcome: refusd; the nearest known one is refused");
    assert_int_equal(run(world, "--code=smtp.tls.expried", NULL), 2);
    assert_has(world->err, "the nearest known one is smtp.tls.expired");
    assert_int_equal(run(world, "other", NULL), 2);
    assert_int_equal(run(world, "--now", NULL), 2);
    assert_int_equal(run(world, "--hosts", "--tld=de", NULL), 2);
    assert_int_equal(run(world, "--rejects", "--rejudge", NULL), 2);
    assert_int_equal(run(world, "--hosts", "--rejudge", "--label=x", NULL), 2);
}

static void test_a_scan_that_is_not_at_its_end_says_so(void **state)
{
    struct world *world = *state;
    put_meta(world, "stopped");
    assert_int_equal(run(world, NULL), 0);
    assert_has(world->err, "was stopped before its end");
    put_meta(world, "scanning");
    assert_int_equal(run(world, NULL), 0);
    assert_has(world->err, "still runs or was cut off");
    put_meta(world, "done");
}

static void test_what_cannot_be_read(void **state)
{
    struct world *world = *state;
    char *nowhere[] = {(char *)(uintptr_t) "/nowhere/\x1b[2J"};
    free(world->err);
    FILE *err = open_memstream(&world->err, &world->err_len);
    assert_non_null(err);
    assert_int_equal(show_main(1, nowhere, stdout, err), 2);
    (void)fclose(err);
    assert_has(world->err, "No such file");
    assert_null(memchr(world->err, 0x1B, world->err_len));
    assert_int_equal(renameat(world->dir, "meta.json", world->dir, "other.json"), 0);
    assert_int_equal(run(world, NULL), 2);
    assert_has(world->err, "no scan directory: meta.json");
    assert_int_equal(renameat(world->dir, "other.json", world->dir, "meta.json"), 0);
}

/* The same on a terminal of so many columns. */
static char *run_on_terminal(struct world *world, const char *first, unsigned short columns)
{
    static char text[1 << 14];
    size_t len = 0;
    char *argv[] = {world->path, (char *)(uintptr_t)first};
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    assert_int_equal(ioctl(master, TIOCSWINSZ, &size), 0);
    FILE *out = fdopen(open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC), "w");
    assert_non_null(out);
    assert_int_equal(show_main(first == NULL ? 1 : 2, argv, out, stderr), 0);
    (void)fputs("END", out);
    assert_int_equal(fflush(out), 0);
    while (len < 3 || memcmp(text + len - 3, "END", 3) != 0) {
        ssize_t got = read(master, text + len, sizeof text - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    text[len] = '\0';
    assert_int_equal(fclose(out), 0);
    assert_int_equal(close(master), 0);
    return text;
}

static void assert_fits(const char *text, size_t columns)
{
    for (const char *row = text; *row != 0;) {
        size_t len = strcspn(row, "\r\n");
        if (len >= columns)
            fail_msg("%zu columns of %zu: %.*s", len, columns, (int)len, row);
        row += len + strspn(row + len, "\r\n");
    }
}

/* A row fits the terminal, or what COLUMNS says; the name is whole, and of the codes come as many as fit.
 * What is no terminal gets it as ever. */
static void test_rows_fit_the_terminal(void **state)
{
    struct world *world = *state;
    static const char *const forms[] = {NULL, "--hosts", "--rejects"};
    static const unsigned short columns[] = {40, 60, 80, 100, 132, 200};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        for (size_t form = 0; form < 3; form++)
            assert_fits(run_on_terminal(world, forms[form], columns[i]), columns[i]);
    char *text = run_on_terminal(world, NULL, 80);
    assert_non_null(strstr(text, "lost.example             refused   "));
    assert_null(strstr(text, " dane "));
    assert_non_null(strstr(run_on_terminal(world, NULL, 200), " dane "));
    assert_int_equal(setenv("COLUMNS", "60", 1), 0);
    assert_fits(run_on_terminal(world, NULL, 200), 60);
    assert_int_equal(run(world, NULL), 0);
    assert_non_null(strstr(world->out, " dane "));
    assert_int_equal(unsetenv("COLUMNS"), 0);
}

/* What the opt-out list has kept out, with whatever stands in the file: nothing of it acts on a terminal or
 * in a spreadsheet. */
static void test_optout(void **state)
{
    static const char text[] =
        "{\"entry\":\"a.example\",\"kind\":\"domain\",\"line\":1,\"since\":\"2026-11-30\",\"comment\":\"="
        "by\\u001b[2J, "
        "mail\",\"domains\":2}\n"
        "{\"entry\":\"192.0.2.0/24\",\"kind\":\"prefix\",\"line\":2,\"domains\":0,\"removed\":true}\n";
    struct world *world = *state;
    assert_int_equal(run(world, "--optout", NULL), 2);
    assert_has(world->err, "optout.ndjson is not there: the scan went by no safety.optout");
    int fd = openat(world->dir, "optout.ndjson", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(run(world, "--optout", NULL), 0);
    assert_has(
        world->out,
        "a.example                        2026-11-30         2         0         0         0  =by?[2J, "
        "mail\n");
    assert_has(world->out, "(no longer in the list)\n");
    assert_has(world->out,
               "all                                                 2         0         0         0\n");
    assert_int_equal(run(world, "--optout", "--csv", NULL), 0);
    assert_has(world->out, "entry,since,domains,policies,mx_hosts,addresses,comment\r\na.example,2026-11-30,"
                           "2,0,0,0,PWJ5G1sySiwgbWFpbA==\r\n");
    assert_int_equal(run(world, "--optout", "--json", NULL), 0);
    assert_has(world->out,
               "{\"entry\":\"192.0.2.0/24\",\"kind\":\"prefix\",\"line\":2,\"removed\":true,\"domains\":0,"
               "\"policies\":0,\"mx\":0,\"mx_hosts\":0,\"addresses\":0}\n");
    static const char *const others[] = {"--hosts",    "--limit=1",    "--rejudge",
                                         "--tld=test", "--by=mx-host", "--fail-on=refused"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(run(world, "--optout", others[i], NULL), 2);
    assert_has(world->err, "--optout tells of the whole scan");
    assert_int_equal(unlinkat(world->dir, "optout.ndjson", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_for_a_person),
        cmocka_unit_test(test_csv_is_safe_and_whole),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_json_is_what_is_stored),
        cmocka_unit_test(test_fail_on),
        cmocka_unit_test(test_rejudged_by_the_rules_of_now),
        cmocka_unit_test(test_rejects),
        cmocka_unit_test(test_lines_are_as_wide_as_ever),
        cmocka_unit_test(test_rows_fit_the_terminal),
        cmocka_unit_test(test_filters_of_other_records),
        cmocka_unit_test(test_limit_is_said),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_optout),
        cmocka_unit_test(test_a_scan_that_is_not_at_its_end_says_so),
        cmocka_unit_test(test_what_cannot_be_read),
        cmocka_unit_test(test_lines_that_are_no_records),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
