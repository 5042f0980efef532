/*
 * The check command in this process, against a resolver on loopback that knows of nothing, or fails: both
 * forms of its answer, its exit codes, when it shows colours. What is found and said of domains is tested
 * elsewhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <jansson.h>

#include "scanner/base/buf.h"
#include "scanner/base/clock.h"
#include "scanner/base/time_text.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/forecast_command.h"
#include "scanner/commands/suggest_command.h"
#include "scanner/config/config.h"
#include "scanner/facts/record.h"
#include "tests/unit/commands/captured.h"
#include "tests/unit/commands/scan_place.h"
#include "tests/unit/has.h"

enum { NAMES_MOST = 3, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3 };

/* ---- the resolver: what lies below lost.example fails, moved.example has an MX record, nothing else is
 * there -------------------------------------------------------------------------------------------------- */

struct world {
    int fd;
    char address[32];
    pthread_t thread;
    atomic_bool stop;
    atomic_bool cut_off; /* it knows the root, and nothing else */
    atomic_uint asked;   /* for what lies below out.example */
    struct config config;
    struct check_request request;
    struct captured said;
};

/* Makes an answer of a question for the MX records of moved.example: mx.moved.example, which has no address.
 * Returns its length, or 0 if it is another question. */
static size_t answer_mx(uint8_t wire[1500], size_t len)
{
    static const uint8_t asked[] = "\5moved\7example\0\0\17\0\1";
    static const uint8_t record[] = {0xC0, 12, 0, 15, 0, 1, 0, 0, 1, 44, 0, 7, 0, 10, 2, 'm', 'x', 0xC0, 12};
    enum { HEAD = 12, END = HEAD + sizeof asked - 1 };
    if (len < END || memcmp(wire + HEAD, asked, sizeof asked - 1) != 0)
        return 0;
    memcpy(wire + END, record, sizeof record);
    wire[2] |= 0x80;
    wire[3] = (uint8_t)((wire[3] & 0x10) | 0x80);
    wire[7] = 1;  /* answers */
    wire[11] = 0; /* nothing is left of the additional section */
    return END + sizeof record;
}

static void *serve(void *arg)
{
    struct world *world = arg;
    while (!atomic_load(&world->stop)) {
        uint8_t wire[1500];
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        struct pollfd ready = {.fd = world->fd, .events = POLLIN};
        if (poll(&ready, 1, 20) != 1)
            continue;
        ssize_t got = recvfrom(world->fd, wire, sizeof wire, 0, (struct sockaddr *)&from, &len);
        if (got < 17)
            continue;
        bool fails = memmem(wire, (size_t)got, "\4lost\7example", 13) != NULL ||
                     (atomic_load(&world->cut_off) && wire[12] != 0);
        atomic_fetch_add(&world->asked, memmem(wire, (size_t)got, "\3out\7example", 12) != NULL);
        size_t answered = answer_mx(wire, (size_t)got);
        if (answered > 0) {
            (void)sendto(world->fd, wire, answered, 0, (struct sockaddr *)&from, len);
            continue;
        }
        wire[2] |= 0x80;
        wire[3] = (uint8_t)((wire[3] & 0x10) | 0x80 | (fails ? RCODE_SERVFAIL : RCODE_NXDOMAIN));
        (void)sendto(world->fd, wire, (size_t)got, 0, (struct sockaddr *)&from, len);
    }
    return NULL;
}

static void set(struct world *world, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 4096);
    if (config_set(&world->config, name, value, "test", &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    buf_dispose(&why);
}

static int start(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_non_null(world);
    world->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(world->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(world->fd, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(world->address, sizeof world->address, "127.0.0.1:%u", ntohs(address.sin_port));
    *state = world;
    return pthread_create(&world->thread, NULL, serve, world);
}

static int stop(void **state)
{
    struct world *world = *state;
    atomic_store(&world->stop, true);
    assert_int_equal(pthread_join(world->thread, NULL), 0);
    (void)close(world->fd);
    free(world);
    return 0;
}

static int begin(void **state)
{
    struct world *world = *state;
    assert_int_equal(config_init(&world->config), ERR_OK);
    set(world, "dns.resolvers", world->address);
    set(world, "safety.allow", "127.0.0.0/8");
    set(world, "preflight.port25", "");
    set(world, "preflight.port443", "");
    set(world, "dns.outage_share", "0");
    set(world, "dns.timeout", "60s"); /* nobody is silent: a slow machine is no answer */
    world->request = (struct check_request){.config = &world->config};
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    config_dispose(&world->config);
    return 0;
}

/* ---- running it ---------------------------------------------------------------------------------------- */

/* The names up to the first NULL. */
static int check_to(struct world *world, int out, const char *const names[NAMES_MOST])
{
    const char *given[NAMES_MOST];
    memcpy(given, names, sizeof given);
    world->request.names = given;
    for (world->request.name_count = 0;
         world->request.name_count < NAMES_MOST && given[world->request.name_count] != NULL;)
        world->request.name_count++;
    captured_begin(&world->said, out);
    int code = check_main(&world->request);
    captured_end(&world->said);
    return code;
}

#define CHECK(world, ...) check_to(world, -1, (const char *const[NAMES_MOST]){__VA_ARGS__})

/* ---- the tests ----------------------------------------------------------------------------------------- */

/* The worst answer decides: a plain no stands before what could not be determined. */
static void test_exit_codes(void **state)
{
    static const struct {
        const char *names[NAMES_MOST];
        uint32_t fail_on;
        int code;
    } rows[] = {
        {{"a.example"}, 0, 1},
        {{"lost.example"}, 0, 5},
        {{"lost.example", "a.example"}, 0, 1},
        {{"a.example", "lost.example"}, 0, 1},
        {{"a.example"}, UINT32_C(1) << OUTCOME_NO_MAIL, 1},
        {{"a.example"}, UINT32_C(1) << OUTCOME_REFUSED, 0},
        {{"lost.example"}, UINT32_C(1) << OUTCOME_REFUSED, 5},
        {{"lost.example"}, UINT32_C(1) << OUTCOME_UNKNOWN, 1},
        {{"a.example", "lost.example"}, UINT32_C(1) << OUTCOME_REFUSED, 5},
        {{"lost.example", "a.example"}, UINT32_C(1) << OUTCOME_REFUSED, 5},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world->request.fail_on = rows[i].fail_on;
        int code = check_to(world, -1, rows[i].names);
        if (code != rows[i].code)
            fail_msg("row %zu: %d\n%s%s", i, code, world->said.out, world->said.err);
        assert_string_equal(world->said.err, "");
    }
}

/* What senders meet that have an earlier policy is a "no" as any other, whatever is published today. */
static void test_a_no_by_an_earlier_policy(void **state)
{
    static const struct {
        enum outcome outcome;
        enum failure_code code;
        uint32_t fail_on;
        bool is_no;
    } rows[] = {
        {OUTCOME_PROTECTED, FAIL_NONE, 0, false},
        {OUTCOME_PROTECTED, FAIL_CACHED_REFUSED, 0, true},
        {OUTCOME_PROTECTED, FAIL_CACHED_PARTIAL, 0, true},
        {OUTCOME_PROTECTED, FAIL_SMTP_TLS_EXPIRED, 0, false},
        {OUTCOME_UNKNOWN, FAIL_NONE, 0, false},
        {OUTCOME_UNKNOWN, FAIL_CACHED_REFUSED, 0, true},
        {OUTCOME_ABSENT, FAIL_NONE, 0, true},
        {OUTCOME_PROTECTED, FAIL_CACHED_REFUSED, UINT32_C(1) << OUTCOME_REFUSED, true},
        {OUTCOME_PROTECTED, FAIL_CACHED_REFUSED, UINT32_C(1) << OUTCOME_PARTIAL, false},
        {OUTCOME_PROTECTED, FAIL_CACHED_PARTIAL, UINT32_C(1) << OUTCOME_PARTIAL, true},
        {OUTCOME_ABSENT, FAIL_CACHED_PARTIAL, UINT32_C(1) << OUTCOME_REFUSED, false},
        {OUTCOME_PROTECTED, FAIL_CACHED_PARTIAL, UINT32_C(1) << OUTCOME_PROTECTED, true},
        {OUTCOME_PROTECTED, FAIL_NONE, ~UINT32_C(0) & ~(UINT32_C(1) << OUTCOME_PROTECTED), false},
        {OUTCOME_NONE, FAIL_NONE, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct judgement judgement = {.outcome = rows[i].outcome};
        code_set_add(&judgement.codes, rows[i].code);
        if (check_is_no(judgement.outcome, &judgement.codes, rows[i].fail_on) != rows[i].is_no)
            fail_msg("row %zu", i);
    }
}

/* An earlier scan saw a policy that does not name today's MX host; there is none any more. */
static void test_previous(void **state)
{
    struct world *world = *state;
    struct scan_place place;
    char line[1024], fetched[TIME_TEXT_BYTES];
    const char *const lines[] = {line, NULL};
    (void)time_text(clock_wall_ms() - 60000, fetched);
    (void)snprintf(line, sizeof line,
                   "{\"schema\":1,\"ordinal\":1,\"domain\":\"moved.example\",\"time\":\"%s\","
                   "\"txt\":{\"lookup\":\"answered\",\"id\":\"one\",\"code\":\"ok\"},"
                   "\"policy\":{\"host\":\"mta-sts.moved.example\",\"code\":\"ok\",\"time\":\"%s\","
                   "\"mode\":\"enforce\",\"max_age\":604800,\"mx\":[\"mx.old.example\"]},\"ms\":1}\n",
                   fetched, fetched);
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    world->request.fail_on = UINT32_C(1) << OUTCOME_REFUSED;
    assert_int_equal(CHECK(world, "moved.example"), 0);
    set(world, "scan.previous", place.path);
    assert_int_equal(CHECK(world, "moved.example"), 1);
    assert_has(world->said.out, "moved.example: MAIL IS LOST TODAY: ");
    world->request.fail_on = UINT32_C(1) << OUTCOME_PARTIAL;
    assert_int_equal(CHECK(world, "moved.example"), 0);
    assert_null(strstr(world->said.err, "previous: "));
    place_end(&place);
}

/* A record of the earlier scan that lacks what is needed is no damage; one that is none is. */
static void test_previous_lacks(void **state)
{
    static const char *const lacking[] = {"{\"schema\":1,\"domain\":\"a.example\",\"mode\":\"enforce\"}\n",
                                          "{\"schema\":2,\"domain\":\"b.example\",\"mode\":\"enforce\"}\n",
                                          NULL};
    static const char *const damaged[] = {"{\"schema\":1,\"dom\":\"a.example\"}\n", NULL};
    struct world *world = *state;
    struct scan_place place;
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lacking);
    set(world, "scan.previous", place.path);
    (void)CHECK(world, "moved.example");
    assert_has(world->said.err, ", which stsweep 7 made, has records that lack what is needed: 2 (the first: "
                                "time: ");
    assert_null(strstr(world->said.err, "damaged"));
    place_lines(&place, "domains", damaged);
    (void)CHECK(world, "moved.example");
    assert_has(world->said.err, " is damaged, and read as far as it is whole: domains.ndjson.zst: record 1 ");
    assert_null(strstr(world->said.err, "lack what is needed"));
    place_end(&place);
}

/* In the order in which they were given, whichever answer came first. */
static void test_json(void **state)
{
    struct world *world = *state;
    world->request.json = true;
    assert_int_equal(CHECK(world, "lost.example", "B.example.", "a.example"), 1);
    const char *first = strstr(world->said.out, "\"ordinal\":1,\"domain\":\"lost.example\"");
    const char *second = strstr(world->said.out, "\"ordinal\":2,\"domain\":\"b.example\"");
    const char *third = strstr(world->said.out, "\"ordinal\":3,\"domain\":\"a.example\"");
    assert_true(first != NULL && second != NULL && third != NULL && first < second && second < third);
    assert_has(first, "\"outcome\":\"unknown\"");
    assert_has(second, "\"outcome\":\"no-mail\"");
    assert_int_equal(world->said.out[strlen(world->said.out) - 1], '\n');
}

static void test_words(void **state)
{
    struct world *world = *state;
    assert_int_equal(CHECK(world, "a.example"), 1);
    assert_has(world->said.out, "a.example");
    assert_null(strchr(world->said.out, 0x1B));
    assert_null(strchr(world->said.out, '{'));
    size_t len = strlen(world->said.out);
    world->request.verbose = true;
    assert_int_equal(CHECK(world, "a.example"), 1);
    assert_true(strlen(world->said.out) > len); /* with the evidence */
    assert_has(world->said.err, "resolver");    /* and how this machine looks */
}

/* One of the names is none, or somebody asked that it is not looked at. */
static void test_names_that_are_not_looked_at(void **state)
{
    struct world *world = *state;
    char path[] = "/tmp/stsweep-optout-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "out.example\n", 12) == 12 && close(fd) == 0);
    set(world, "safety.optout", path);
    assert_int_equal(CHECK(world, "a b"), 2);
    assert_has(world->said.err, "stsweep: a b: input.bad-name: ");
    assert_int_equal(CHECK(world, "out.example"), 2);
    assert_has(world->said.err, "stsweep: out.example: input.opted-out: ");
    assert_string_equal(world->said.out, "");
    assert_int_equal(CHECK(world, "out.example", "a.example"), 1); /* the others are looked at */
    assert_has(world->said.err, "stsweep: out.example: input.opted-out: ");
    assert_has(world->said.out, "a.example");
    assert_null(strstr(world->said.out, "out.example"));
    assert_int_equal(CHECK(world, "lost.example", "out.example"), 5);
    assert_has(world->said.out, "lost.example");
    assert_int_equal(CHECK(world, "https://a.example/"), 2);
    assert_has(world->said.err, "input.is-url: The line is a URL, not a domain. Give the host's domain only; "
                                "input.lenient=yes takes it. That is a.example\n");
    assert_int_equal(CHECK(world, "user@a.example"), 2);
    assert_has(world->said.err,
               "Give the part behind the @; input.lenient=yes takes it. That is a.example\n");
    assert_string_equal(world->said.out, "");
    assert_int_equal(unlink(path), 0);
    set(world, "safety.optout", "");
    set(world, "input.lenient", "yes");
    assert_int_equal(CHECK(world, "mailto:user@a.example"), CHECK(world, "a.example"));
    set(world, "safety.optout", path);
    assert_int_equal(CHECK(world, "a.example"), 2);
    assert_has(world->said.err, path);
}

/* ---- others say what becomes of a domain --------------------------------------------------------------- */

struct rendered {
    unsigned domains;
    bool refuse;
};

static bool render(void *arg, struct buf *text, const struct domain_facts *facts,
                   const struct judgement *judgement)
{
    struct rendered *rendered = arg;
    rendered->domains++;
    assert_int_equal(judgement->outcome, OUTCOME_NO_MAIL);
    return buf_printf(text, "<%s>", facts->domain) && !rendered->refuse;
}

static void test_rendered_by_others(void **state)
{
    struct world *world = *state;
    struct rendered rendered = {.domains = 0};
    world->request.render = render;
    world->request.render_arg = &rendered;
    assert_int_equal(CHECK(world, "a.example", "b.example"), 1);
    assert_string_equal(world->said.out, "<a.example><b.example>");
    assert_int_equal(rendered.domains, 2);
    rendered.refuse = true;
    assert_int_equal(CHECK(world, "a.example"), 4);
    assert_string_equal(world->said.err,
                        "stsweep: a.example: what is to be said of it does not fit 64 MiB\n");
}

static void test_an_answer_that_cannot_be_written(void **state)
{
    struct world *world = *state;
    const char *const names[NAMES_MOST] = {"a.example"};
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    assert_int_equal(check_to(world, full, names), 4);
    (void)close(full);
}

/* ---- colours ------------------------------------------------------------------------------------------- */

static void set_variable(const char *name, const char *value)
{
    assert_int_equal(value == NULL ? unsetenv(name) : setenv(name, value, 1), 0);
}

/* no-color.org. */
static void test_colours(void **state)
{
    static const struct {
        const char *no_colour, *terminal;
        bool coloured;
    } rows[] = {
        {NULL, "xterm", true}, {"", "xterm", true}, {"1", "xterm", false},
        {NULL, "dumb", false}, {NULL, NULL, false}, {"1", "dumb", false},
    };
    struct world *world = *state;
    const char *const names[NAMES_MOST] = {"a.example"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char shown[8192];
        size_t len = 0;
        int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
        int out = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(out >= 0);
        set_variable("NO_COLOR", rows[i].no_colour);
        set_variable("TERM", rows[i].terminal);
        assert_int_equal(check_to(world, out, names), 1);
        (void)close(out);
        for (ssize_t got;
             len < sizeof shown - 1 && (got = read(terminal, shown + len, sizeof shown - 1 - len)) > 0;)
            len += (size_t)got;
        shown[len] = 0;
        (void)close(terminal);
        assert_has(shown, "a.example");
        if ((strchr(shown, 0x1B) != NULL) != rows[i].coloured)
            fail_msg("row %zu: %s", i, shown);
    }
    set_variable("NO_COLOR", NULL);
    set_variable("TERM", "xterm");
    assert_int_equal(CHECK(world, "a.example"), 1); /* to a file */
    assert_null(strchr(world->said.out, 0x1B));
}

/* ---- whose fault it is ---------------------------------------------------------------------------------- */

static int suggest_now(struct world *world, const char *name);

/* A resolver that has nothing but what it remembers is this machine's, and no domain is blamed: with -v as
 * without, in words and as JSON. */
static void test_a_resolver_that_is_cut_off(void **state)
{
    struct world *world = *state;
    atomic_store(&world->cut_off, true);
    for (unsigned i = 0; i < 4; i++) {
        world->request.verbose = (i & 1) != 0;
        world->request.json = (i & 2) != 0;
        assert_int_equal(CHECK(world, "a.example", "b.example"), 4);
        assert_string_equal(world->said.out, "");
        assert_has(world->said.err, "stsweep: it is this machine, not the domain: the resolver answers, but");
    }
    assert_int_equal(suggest_now(world, "a.example"), 4);
    assert_string_equal(world->said.out, "");
    char path[] = "/tmp/stsweep-optout-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "out.example\n", 12) == 12 && close(fd) == 0);
    set(world, "safety.optout", path);
    assert_int_equal(CHECK(world, "out.example", "a.example"), 4); /* who is left out tells nothing of it */
    assert_string_equal(world->said.out, "");
    set(world, "safety.optout", "");
    assert_int_equal(unlink(path), 0);
    atomic_store(&world->cut_off, false);
    assert_int_equal(CHECK(world, "lost.example"), 5); /* one that resolves others tells of the domain */
    assert_has(world->said.out, "lost.example");
}

static void test_no_resolver(void **state)
{
    struct world *world = *state;
    set(world, "dns.resolvers", "127.0.0.3:9");
    set(world, "dns.timeout", "300ms");
    for (unsigned i = 0; i < 2; i++) {
        world->request.verbose = i == 1;
        assert_int_equal(CHECK(world, "a.example"), 4);
        assert_string_equal(world->said.out, "");
        assert_has(world->said.err,
                   "stsweep: it is this machine, not the domain: no resolver gives an answer");
        assert_has(world->said.err, "nothing comes from dns.resolvers");
    }
}

/* ---- suggest, of domains that are looked at now -------------------------------------------------------- */

static int suggest_now(struct world *world, const char *name)
{
    char resolvers[64], named[64];
    char words[][32] = {"suggest",
                        "--preflight.port25=", "--preflight.port443=", "--safety.allow=127.0.0.0/8",
                        "--dns.timeout=60s"};
    char *argv[] = {words[0], words[1], words[2], words[3], words[4], resolvers, named};
    (void)snprintf(resolvers, sizeof resolvers, "--dns.resolvers=%s", world->address);
    (void)snprintf(named, sizeof named, "%s", name);
    captured_begin(&world->said, -1);
    int code = suggest_main(7, argv);
    captured_end(&world->said);
    return code;
}

static void test_suggestions_of_now(void **state)
{
    struct world *world = *state;
    assert_int_equal(suggest_now(world, "a.example"), 0);
    assert_has(world->said.out, "a.example: nothing to publish - The domain receives no mail");
    assert_int_equal(suggest_now(world, "lost.example"), 5);
    assert_has(world->said.out, "lost.example: nothing to publish - The MX records could not");
    assert_int_equal(suggest_now(world, "https://a.example/"), 2);
    assert_has(world->said.err, "input.is-url");
}

/* ---- a planned change ----------------------------------------------------------------------------------- */

/* Forecasts one domain as JSON, which *root takes; NULL where nothing was printed. */
static int forecast_now(struct world *world, const char *with_mx, json_t **root)
{
    const char *names[] = {"a.example"};
    struct args args = {
        .config = world->config, .names = names, .name_count = 1, .json = true, .with_mx = with_mx};
    captured_begin(&world->said, -1);
    int code = forecast_main(&args);
    captured_end(&world->said);
    *root = json_loads(world->said.out, JSON_REJECT_DUPLICATES, NULL);
    return code;
}

static void assert_hosts(const json_t *root, const char *const *hosts, size_t count)
{
    const json_t *found = json_object_get(root, "hosts");
    assert_int_equal(json_array_size(found), count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(json_string_value(json_object_get(json_array_get(found, i), "host")), hosts[i]);
}

/* A host that is named twice, in whatever form, is looked at and told of once, and no other is lost. */
static void test_planned_hosts_named_twice(void **state)
{
    static const struct {
        const char *given;
        const char *hosts[3];
        size_t count;
    } rows[] = {
        {"x.example,X.example.,y.example", {"x.example", "y.example"}, 2},
        {"x.example,y.example,x.example,z.example", {"x.example", "y.example", "z.example"}, 3},
        {"x.example,x.example,x.example", {"x.example"}, 1},
        {"x.example,y.example,y.example", {"x.example", "y.example"}, 2},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *root;
        assert_int_equal(forecast_now(world, rows[i].given, &root), 0);
        assert_hosts(root, rows[i].hosts, rows[i].count);
        json_decref(root);
    }
}

/* One whose operator asked not to be scanned is not even looked up. That is ours, and leaves open what would
 * become of mail. */
static void test_planned_hosts_that_opted_out(void **state)
{
    static const struct {
        const char *given;
        const char *hosts[2];
        size_t count, out;
    } rows[] = {
        {"mx.out.example", {"mx.out.example"}, 1, 0},
        {"x.example,MX.out.example.", {"x.example", "mx.out.example"}, 2, 1},
        {"mx.out.example,x.example", {"mx.out.example", "x.example"}, 2, 0},
    };
    struct world *world = *state;
    char path[] = "/tmp/stsweep-optout-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, ".out.example\n", 13) == 13 && close(fd) == 0);
    json_t *root;
    atomic_store(&world->asked, 0);
    assert_int_equal(forecast_now(world, "mx.out.example", &root), 0);
    assert_true(atomic_load(&world->asked) > 0); /* without the list it would be */
    json_decref(root);
    set(world, "safety.optout", path);
    atomic_store(&world->asked, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(forecast_now(world, rows[i].given, &root), 0);
        assert_hosts(root, rows[i].hosts, rows[i].count);
        const json_t *host = json_array_get(json_object_get(root, "hosts"), rows[i].out);
        assert_string_equal(json_string_value(json_object_get(host, "code")), "smtp.not-probed.optout");
        assert_int_equal(json_array_size(json_object_get(host, "ips")), 0);
        json_decref(root);
    }
    assert_int_equal(atomic_load(&world->asked), 0);
    assert_int_equal(unlink(path), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_exit_codes),
        CASE(test_a_no_by_an_earlier_policy),
        CASE(test_previous),
        CASE(test_previous_lacks),
        CASE(test_json),
        CASE(test_words),
        CASE(test_names_that_are_not_looked_at),
        CASE(test_rendered_by_others),
        CASE(test_an_answer_that_cannot_be_written),
        CASE(test_colours),
        CASE(test_a_resolver_that_is_cut_off),
        CASE(test_no_resolver),
        CASE(test_suggestions_of_now),
        CASE(test_planned_hosts_named_twice),
        CASE(test_planned_hosts_that_opted_out),
    };
    return cmocka_run_group_tests_name("check", tests, start, stop);
}
