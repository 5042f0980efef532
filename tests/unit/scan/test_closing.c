/* What a scan's books say at its end, and what a resume tells of the run before. The store is this file's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/store/unanswered.h"
#include "scanner/reach/limits.h"
#include "scanner/scan/closing.h"
#include "scanner/scan/resumed.h"
#include "scanner/scan/signals.h"
#include "tests/unit/commands/scan_place.h"

/* ---- the store ----------------------------------------------------------------------------------------- */

static struct {
    struct summary summary;
    int dir_fd;
    uint64_t cut_bytes;
    const char *damage;
    struct unanswered mx, policy;
    const char *stuck; /* the file's text */
    enum error read;   /* what reading it says */
    enum error write;
    char name[32], text[65536], before[64]; /* of what was written */
    char silent[256];                       /* what the pacers were told */
    uint64_t before_resume;
    enum error groups; /* what counting them says */
    bool is_stage;     /* nobody counts them */
} store;

int store_dir_fd(const struct store *of)
{
    (void)of;
    return store.dir_fd;
}

struct summary *store_summary(struct store *of)
{
    (void)of;
    return &store.summary;
}

bool store_counts_groups(const struct store *of)
{
    (void)of;
    return !store.is_stage;
}

uint64_t store_groups_unread(const struct store *of)
{
    (void)of;
    return store.before_resume;
}

enum error store_groups(struct store *of, struct summary_groups *groups, bool (*stopped)(void),
                        struct buf *why)
{
    static const struct group_row row = {.kind = BY_TLD, .name = {(const uint8_t *)"test", 4}, .domains = 1};
    (void)of;
    if (stopped())
        return ERR_STOPPED;
    if (store.groups != ERR_OK)
        (void)buf_text(why, "a record cannot be read back");
    else
        assert_true(group_top_take(&groups->kinds[BY_TLD], &row));
    return store.groups;
}

uint64_t store_cut_bytes(const struct store *of)
{
    (void)of;
    return store.cut_bytes;
}

const char *store_damage(struct store *of)
{
    (void)of;
    return store.damage;
}

const struct unanswered *store_silent_mx(const struct store *of)
{
    (void)of;
    return &store.mx;
}

const struct unanswered *store_silent_policy(const struct store *of)
{
    (void)of;
    return &store.policy;
}

enum error store_read_file(struct store *of, const char *name, struct buf *text, struct buf *why)
{
    (void)of;
    assert_string_equal(name, "stuck");
    if (store.read != ERR_OK)
        (void)buf_text(why, "cannot read it");
    else
        (void)buf_text(text, store.stuck);
    return store.read;
}

enum error store_write_file(struct store *of, const char *name, struct bytes text, struct buf *why)
{
    (void)of;
    (void)snprintf(store.before, sizeof store.before, "%s", store.name);
    (void)snprintf(store.name, sizeof store.name, "%s", name);
    (void)snprintf(store.text, sizeof store.text, "%.*s", (int)text.len, (const char *)text.data);
    if (store.write != ERR_OK)
        (void)buf_text(why, "no room");
    return store.write;
}

void pace_note_silent(struct worker *worker, const struct ip_addr *ip, enum pace_class class)
{
    char text[IP_TEXT_BYTES];
    size_t len = strlen(store.silent);
    (void)worker;
    (void)snprintf(store.silent + len, sizeof store.silent - len, "%s %s\n",
                   class == PACE_SMTP ? "smtp" : "https", ip_format(ip, text));
}

static int begin(void **state)
{
    (void)state;
    memset(&store, 0, sizeof store);
    store.damage = "";
    return 0;
}

/* ---- closing ------------------------------------------------------------------------------------------- */

static void assert_code(uint32_t fail_on, bool fails, const char *words)
{
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    assert_int_equal(closing_code(&store.summary, fail_on, out), fails);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, words);
}

static void outcomes_of_fail_on(void **state)
{
    (void)state;
    for (enum outcome i = OUTCOME_NONE; i < OUTCOME_COUNT; i++)
        store.summary.outcomes[i] = UINT64_C(1) << (2 * (unsigned)i);
    store.summary.outcomes[OUTCOME_OFF] = 0;
    assert_code(0, false, "");
    assert_code(1u << OUTCOME_OFF, false, "");
    for (enum outcome i = OUTCOME_NONE; i < OUTCOME_COUNT; i++) {
        char words[96];
        if (i == OUTCOME_OFF)
            continue;
        (void)snprintf(words, sizeof words, "stsweep: records with an outcome of --fail-on: %u\n",
                       1u << (2 * (unsigned)i));
        assert_code(1u << i, true, words);
    }
    store.summary.outcomes[OUTCOME_REFUSED] = 3;
    store.summary.outcomes[OUTCOME_BROKEN] = 4;
    assert_code(1u << OUTCOME_REFUSED | 1u << OUTCOME_BROKEN | 1u << OUTCOME_OFF, true,
                "stsweep: records with an outcome of --fail-on: 7\n");
}

/* What senders meet that have an earlier policy counts, whatever the records' own outcomes are. */
static void outcomes_under_an_earlier_policy(void **state)
{
    static const char words[] = "stsweep: records with an outcome of --fail-on under an earlier policy that "
                                "senders have cached: ";
    char text[160];
    (void)state;
    store.summary.outcomes[OUTCOME_PROTECTED] = 9;
    store.summary.codes[FAIL_CACHED_REFUSED] = 3;
    store.summary.codes[FAIL_CACHED_PARTIAL] = 4;
    assert_code(0, false, "");
    assert_code(1u << OUTCOME_BROKEN, false, "");
    (void)snprintf(text, sizeof text, "%s3\n", words);
    assert_code(1u << OUTCOME_REFUSED, true, text);
    (void)snprintf(text, sizeof text, "%s4\n", words);
    assert_code(1u << OUTCOME_PARTIAL | 1u << OUTCOME_BROKEN, true, text);
    (void)snprintf(text, sizeof text, "stsweep: records with an outcome of --fail-on: 9\n%s7\n", words);
    assert_code(1u << OUTCOME_PARTIAL | 1u << OUTCOME_REFUSED | 1u << OUTCOME_PROTECTED, true, text);
}

/* Two lines are filtered, one is over the limit. */
static struct choice *choice_that_left_out(void)
{
    static const char *const domains[] = {"a.org", "b.org", "a.de", "b.de"};
    static char none[] = "", only[] = ".de";
    struct config config = {
        .scan_shard = none, .input_only = only, .input_except = none, .input_limit = 1, .sample_take = none};
    struct choice *choice;
    struct buf why;
    char sha256[FILTER_SHA256_BYTES];
    buf_init(&why, 256);
    assert_int_equal(choice_create(&config, &choice, sha256, &why), ERR_OK);
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        bool taken;
        struct input_name name = {.ordinal = i + 1, .domain = domains[i]};
        assert_int_equal(choice_read(choice, &name, &taken), ERR_OK);
        assert_int_equal(taken, i == 2);
    }
    buf_dispose(&why);
    return choice;
}

static void denominators(void **state)
{
    (void)state;
    struct intake_counts counts = {.inputs = 100, .rejects = 5, .opted_out = 7};
    const struct spool_counts names = {.names = 88, .duplicates = 11, .not_in_shard = 13};
    struct choice *choice = choice_that_left_out();
    counts.rejected[FAIL_INPUT_IS_URL] = 5;
    store.summary.records = 64;
    assert_int_equal(closing_denominators(NULL, &counts, &names, choice), ERR_OK);
    choice_destroy(choice);
    assert_int_equal(store.summary.inputs, 100);
    assert_int_equal(store.summary.records, 64);
    assert_int_equal(store.summary.rejects, 5);
    assert_int_equal(store.summary.opted_out, 7);
    assert_int_equal(store.summary.duplicates, 11);
    assert_int_equal(store.summary.not_in_shard, 13);
    assert_int_equal(store.summary.not_sampled, 0);
    assert_int_equal(store.summary.filtered, 2);
    assert_int_equal(store.summary.over_limit, 1);
    assert_int_equal(store.summary.left_out[FAIL_INPUT_IS_URL], 5);
    assert_int_equal(store.summary.left_out[FAIL_INPUT_DUPLICATE], 11);
    assert_int_equal(store.summary.left_out[FAIL_INPUT_OPTED_OUT], 7);
}

static void the_summary_is_written(void **state)
{
    (void)state;
    struct buf why;
    buf_init(&why, 256);
    store.summary.inputs = store.summary.records = 4711;
    assert_int_equal(closing_summary(NULL, NULL, &why), ERR_OK);
    assert_string_equal(store.name, "summary.json"); /* the last */
    assert_non_null(strstr(store.text, "\"records\": 4711"));
    assert_string_equal(store.before, "summary.csv");
    store.write = ERR_FULL;
    assert_int_equal(closing_summary(NULL, NULL, &why), ERR_FULL);
    assert_string_equal(buf_string(&why), "no room");
    buf_dispose(&why);
}

/* The records of a stage lack what others find, so that their groups would tell nothing. */
static void a_stage_tells_no_groups(void **state)
{
    static struct summary_groups groups;
    (void)state;
    struct buf why;
    buf_init(&why, 256);
    summary_groups_init(&groups);
    for (unsigned stage = 0; stage < 2; stage++) {
        store.is_stage = stage == 1;
        assert_int_equal(closing_summary(NULL, &groups, &why), ERR_OK);
        assert_int_equal(strstr(store.text, "\"groups\"") == NULL, store.is_stage);
    }
    summary_groups_dispose(&groups);
    buf_dispose(&why);
}

/* Says what closing_groups makes of a store that resumed so many records, and takes the groups. */
static enum error count_groups(uint64_t before, struct summary_groups *groups, char said[256])
{
    struct buf why;
    char *text;
    size_t len;
    FILE *err = open_memstream(&text, &len);
    assert_non_null(err);
    buf_init(&why, 1024);
    store.before_resume = before;
    enum error error = closing_groups(NULL, groups, err, &why);
    assert_int_equal(fclose(err), 0);
    (void)snprintf(said, 256, "%s%s", text, buf_string(&why));
    free(text);
    buf_dispose(&why);
    return error;
}

static void the_groups_are_given(void **state)
{
    struct summary_groups groups;
    char said[256];
    (void)state;
    assert_int_equal(count_groups(2, &groups, said), ERR_OK);
    assert_string_equal(said, "");
    assert_int_equal(groups.kinds[BY_TLD].count, 1);
    summary_groups_dispose(&groups);
    store.groups = ERR_CORRUPT;
    assert_int_equal(count_groups(3000000, &groups, said), ERR_CORRUPT);
    assert_string_equal(said,
                        "stsweep: counts the groups of 3000000 records for summary.json: 50 s, or less\n"
                        "a record cannot be read back");
    summary_groups_dispose(&groups);
    store.groups = ERR_OK;
}

/* A signal ends the counting: the scan is stopped, and its resume counts. It is the last test, as the signal
 * stays known. */
static void counting_can_be_stopped(void **state)
{
    struct summary_groups groups;
    struct signals signals;
    char said[256];
    int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    (void)state;
    signals_watch(&signals, wake, 3);
    assert_int_equal(count_groups(1, &groups, said), ERR_OK);
    summary_groups_dispose(&groups);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(count_groups(1, &groups, said), ERR_STOPPED);
    assert_int_equal(groups.kinds[BY_TLD].count, 0);
    summary_groups_dispose(&groups);
    signals_dispose(&signals);
    (void)close(wake);
}

/* ---- resumed ------------------------------------------------------------------------------------------- */

static void what_a_resume_tells(void **state)
{
    (void)state;
    static const struct {
        uint64_t cut_bytes;
        const char *damage, *words;
    } cases[] = {
        {0, "", ""},
        {1, "", "stsweep: 1 bytes that the last run had not finished writing were cut\n"},
        {77, "", "stsweep: 77 bytes that the last run had not finished writing were cut\n"},
        {0, "domains.ndjson.zst: frame 1\n",
         "stsweep: WARNING: stored records were damaged; what is damaged was set aside beside its file, as\n"
         "  NAME.OFFSET.damaged, and its domains are scanned again; records of hosts in it are lost\n"
         "domains.ndjson.zst: frame 1\n"},
    };
    store.summary.records = 42;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512] = "";
        FILE *out = fmemopen(text, sizeof text, "w");
        assert_non_null(out);
        store.cut_bytes = cases[i].cut_bytes;
        store.damage = cases[i].damage;
        assert_int_equal(resumed_tell(NULL, out), 42);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(text, cases[i].words);
    }
}

static void what_is_left(void **state)
{
    (void)state;
    assert_int_equal(resumed_left(123, 0), 123);
    assert_int_equal(resumed_left(123, 122), 1);
    assert_int_equal(resumed_left(123, 123), 0);
    assert_int_equal(resumed_left(123, 124), 0);
}

static void pacers_hear_of_silence(void **state)
{
    (void)state;
    struct ip_addr ips[3];
    assert_true(ip_parse("192.0.2.1", &ips[0]) && ip_parse("2001:db8::2", &ips[1]) &&
                ip_parse("192.0.2.3", &ips[2]));
    store.mx = (struct unanswered){.ips = ips, .count = 2};
    store.policy = (struct unanswered){.ips = ips + 2, .count = 1};
    resumed_silence(NULL, NULL);
    assert_string_equal(store.silent, "smtp 192.0.2.1\nsmtp 2001:db8::2\nhttps 192.0.2.3\n");
}

/* One that is not there is none; any other fault keeps the scan from going on. */
static void where_runs_stood_still(void **state)
{
    (void)state;
    static const struct {
        enum error read;
        const char *text;
        enum error error;
        size_t count;
        const char *words;
    } cases[] = {
        {ERR_OK, "", ERR_OK, 0, ""},
        {ERR_OK, "smtp 192.0.2.1\npolicy 192.0.2.2\n", ERR_OK, 2, ""},
        {ERR_NOT_FOUND, "", ERR_OK, 0, ""},
        {ERR_IO, "", ERR_IO, 0, "cannot read it"},
        {ERR_OK, "smtp 192.0.2.1\nno address\n", ERR_CONFIG, 1, "stuck: line 2 is none of its addresses"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct stuck_list stuck = {.count = 0};
        struct buf why;
        buf_init(&why, 256);
        store.read = cases[i].read;
        store.stuck = cases[i].text;
        assert_int_equal(resumed_stuck(NULL, &stuck, &why), cases[i].error);
        assert_int_equal(stuck.count, cases[i].count);
        assert_string_equal(buf_string(&why), cases[i].words);
        buf_dispose(&why);
    }
}

/* Somebody may have moved the directory while the scan ran. */
static void how_the_directory_is_called(void **state)
{
    (void)state;
    char place[] = "/tmp/stsweep-closing-XXXXXX", before[64], after[64], path[CLOSING_PATH_BYTES],
         *said = NULL;
    size_t len = 0;
    assert_non_null(mkdtemp(place));
    (void)snprintf(before, sizeof before, "%s/before", place);
    (void)snprintf(after, sizeof after, "%s/after", place);
    assert_int_equal(mkdir(before, 0700), 0);
    int fd = open(before, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_ptr_equal(closing_place(-1, "-", path), "-");
    assert_ptr_equal(closing_place(fd, before, path), before);
    assert_int_equal(rename(before, after), 0);
    assert_string_equal(closing_place(fd, before, path), after);
    assert_int_equal(mkdir(before, 0700), 0); /* another one, of that name */
    assert_string_equal(closing_place(fd, before, path), after);
    FILE *out = open_memstream(&said, &len);
    assert_non_null(out);
    closing_stopped(7, before, after, " and --resume", out);
    closing_stopped(8, before, before, " and --resume", out);
    closing_stopped(9, before, before, "", out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(said, "7 records are safe; go on with the same command and --resume, and -o "));
    assert_non_null(strstr(said, "/after, as the scan directory is called now\n"));
    assert_non_null(strstr(said, "8 records are safe; go on with the same command and --resume\n"));
    assert_non_null(strstr(said, "9 records are safe; go on with the same command\n"));
    free(said);
    (void)close(fd);
    assert_true(rmdir(before) == 0 && rmdir(after) == 0 && rmdir(place) == 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, begin)
    const struct CMUnitTest tests[] = {
        TEST(outcomes_under_an_earlier_policy),
        TEST(outcomes_of_fail_on),
        TEST(denominators),
        TEST(the_summary_is_written),
        TEST(a_stage_tells_no_groups),
        TEST(the_groups_are_given),
        TEST(what_a_resume_tells),
        TEST(what_is_left),
        TEST(pacers_hear_of_silence),
        TEST(where_runs_stood_still),
        TEST(how_the_directory_is_called),
        TEST(counting_can_be_stopped),
    };
    return cmocka_run_group_tests_name("closing", tests, NULL, NULL);
}
