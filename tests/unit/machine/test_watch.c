/*
 * What is said and told while a scan runs: outages, routes, port 25, the way of STARTTLS, pauses, the clock.
 * The clocks, the loops, the resolvers and the known hosts are made up; time is turned by hand.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/clock.h"
#include "scanner/base/time_text.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/watch.h"
#include "scanner/machine/watch_path.h"

enum {
    LOOPS = 2,
    QUESTIONS = 2,
    ROUND_MS = 5000,
    LOOK_MS = 20000,
    PATH_SHARE = 4,
    TICKS_MOST = 1000,
    MINUTE = 60000,
    EVENTS = 16
};

/* ---- what the watch meets ------------------------------------------------------------------------------ */

struct lookup_engine {
    struct event_base *base;
    uint32_t share;
    int64_t timeout_ms, attempts;
    const struct resolver_notes *notes;
    struct lookup_bounds bounds;
};

struct known_hosts {
    struct known_setup setup;
};

struct question {
    char name[64];
    uint16_t type;
    lookup_done done;
    void *arg;
};

/* What the next questions get: DNS_NOT_ASKED is no answer. */
static struct world {
    struct config config;
    struct scan_context context;
    struct worker workers[LOOPS];
    struct counters counts[LOOPS];
    struct watch *watch;
    int64_t now_ms, set_ms;
    enum dns_status answers[QUESTIONS];
    bool no_engine;
    struct question questions[QUESTIONS];
    size_t asked;
    struct lookup_engine engine; /* as the last one was made */
    size_t engines, engines_made, known, known_made;
    struct known_setup known_setup;
    size_t known_turns; /* of the loop, with a look in it */
    bool known_waits;
    enum starttls_path known_path;
    unsigned forgot_failures, forgot_unoffered;
} world;

static const int64_t FIRST_WALL_MS = INT64_C(1767225600000);

int64_t clock_monotonic_ms(void)
{
    return world.now_ms;
}

int64_t clock_monotonic_us(void)
{
    return world.now_ms * 1000;
}

int64_t clock_boot_ms(void)
{
    return world.now_ms;
}

int64_t clock_kept_ms(void)
{
    return FIRST_WALL_MS + world.now_ms;
}

int64_t clock_wall_ms(void)
{
    return clock_kept_ms() + world.set_ms;
}

void clock_keep(void)
{
}

uint64_t setup_random(void)
{
    return 0xfeed;
}

struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes,
                                           const struct lookup_bounds *bounds, uint32_t loops,
                                           const char **why)
{
    *why = "none is to be had";
    if (world.no_engine)
        return NULL;
    struct lookup_engine *engine = malloc(sizeof *engine);
    assert_non_null(engine);
    *engine = (struct lookup_engine){base, loops, config->dns_timeout, config->dns_attempts, notes, *bounds};
    world.engine = *engine;
    world.engines++;
    world.engines_made++;
    world.asked = 0;
    return engine;
}

void lookup_engine_destroy(struct lookup_engine *engine)
{
    world.engines -= engine != NULL;
    free(engine);
}

static void answer(evutil_socket_t fd, short events, void *arg)
{
    const struct question *question = arg;
    struct dns_answer answer = {.lookup.status = world.answers[question - world.questions]};
    (void)fd;
    (void)events;
    question->done(question->arg, &answer);
}

/* The answer comes with the loop's next turn. */
struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    const struct timeval soon = {0};
    assert_in_range(world.asked, 0, QUESTIONS - 1);
    struct question *question = &world.questions[world.asked++];
    *question = (struct question){.type = type, .done = done, .arg = arg};
    (void)snprintf(question->name, sizeof question->name, "%s", name);
    if (world.answers[question - world.questions] != DNS_NOT_ASKED)
        assert_int_equal(event_base_once(engine->base, -1, EV_TIMEOUT, answer, question, &soon), 0);
    return (struct lookup_handle){{0, 0}};
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
    size_t to = 0;
    while (to < LOOPS && mailbox != &world.workers[to].loop.mailbox)
        to++;
    assert_in_range(to, 0, LOOPS - 1);
    message->deliver(message, &world.workers[to]);
}

struct lookup_bounds worker_lookup_bounds(const struct scan_context *context)
{
    return (struct lookup_bounds){.allow = &context->allow};
}

struct counters worker_counters(const struct worker *worker)
{
    return world.counts[worker - world.workers];
}

enum error workers_forget_failures(struct worker *workers, uint32_t count)
{
    assert_ptr_equal(workers, world.workers);
    assert_int_equal(count, LOOPS);
    world.forgot_failures++;
    return ERR_OK;
}

enum error workers_forget_unoffered(struct worker *workers, uint32_t count)
{
    assert_ptr_equal(workers, world.workers);
    assert_int_equal(count, LOOPS);
    world.forgot_unoffered++;
    return ERR_OK;
}

static void turn_known(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    (void)arg;
    world.known_turns++;
}

struct known_hosts *known_hosts_start(const struct known_setup *setup)
{
    const struct timeval soon = {0};
    assert_int_equal(event_base_once(setup->base, -1, EV_TIMEOUT, turn_known, NULL, &soon), 0);
    struct known_hosts *known = malloc(sizeof *known);
    assert_non_null(known);
    known->setup = world.known_setup = *setup;
    world.known++;
    world.known_made++;
    return known;
}

bool known_hosts_wait(const struct known_hosts *known)
{
    known->setup.changed(known->setup.arg);
    return world.known_waits;
}

enum starttls_path known_hosts_path(const struct known_hosts *known)
{
    (void)known;
    return world.known_path;
}

void known_hosts_destroy(struct known_hosts *known)
{
    world.known -= known != NULL;
    free(known);
}

/* ---- its turns ----------------------------------------------------------------------------------------- */

static void set_option(const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(config_set(&world.config, name, value, "test", &why), ERR_OK);
    buf_dispose(&why);
}

static int begin(void **state)
{
    (void)state;
    world = (struct world){.now_ms = 7 * MINUTE, .answers = {DNS_ANSWERED, DNS_NXDOMAIN}};
    assert_int_equal(config_init(&world.config), ERR_OK);
    set_option("dns.resolvers", "192.0.2.1");
    world.context.config = &world.config;
    for (uint32_t i = 0; i < LOOPS; i++) {
        world.workers[i] = (struct worker){.all = world.workers, .index = i, .count = LOOPS};
        world.workers[i].dns = &world.engine;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    watch_destroy(world.watch);
    config_dispose(&world.config);
    assert_int_equal(world.engines, 0);
    assert_int_equal(world.known, 0);
    return 0;
}

static void begin_again(void)
{
    assert_int_equal(end(NULL), 0);
    assert_int_equal(begin(NULL), 0);
}

static const char *tick(void)
{
    world.now_ms += WATCH_TICK_MS;
    return watch_tick(world.watch);
}

/* So many turns in which nothing is said. */
static void quiet(int64_t ms)
{
    for (; ms > 0; ms -= WATCH_TICK_MS) {
        const char *line = tick();
        if (line != NULL)
            fail_msg("said: %s", line);
    }
}

/* The watch, after its first round and so long. */
static void start(void)
{
    world.watch = watch_create(&world.context, world.workers);
    assert_non_null(world.watch);
    quiet(2 * WATCH_TICK_MS);
    assert_int_equal(world.engines, 0);
}

static void look_up(unsigned ended, unsigned failed)
{
    world.counts[1].lookups += ended;
    world.counts[1].lookups_failed += failed;
}

static bool held(void)
{
    return atomic_load(&world.context.hold_back);
}

static bool doubtful(void)
{
    return atomic_load(&world.context.doubtful);
}

/* Most lookups fail, until nothing is started any more. */
static void fail_until_held(void)
{
    for (int i = 0; i < TICKS_MOST && !held(); i++) {
        look_up(100, 100);
        quiet(WATCH_TICK_MS);
    }
    assert_true(held() && doubtful());
}

/* The line that is said within so long, and when. */
static const char *line_within(int64_t ms)
{
    for (; ms > 0; ms -= WATCH_TICK_MS) {
        const char *line = tick();
        if (line != NULL)
            return line;
    }
    fail_msg("nothing is said");
    return NULL;
}

static void expect_said(const char *line, const char *words)
{
    if (line == NULL || strstr(line, words) == NULL)
        fail_msg("%s: not: %s", line == NULL ? "nothing" : line, words);
}

/* The last of so many events: its line behind the time. */
static void expect_event(size_t number, const char *name, bool ok, const char *line)
{
    char when[TIME_TEXT_BYTES], expected[512];
    size_t count = 0;
    const struct machine_line *events = watch_events(world.watch, &count);
    assert_int_equal(count, number);
    assert_string_equal(events[number - 1].name, name);
    assert_int_equal(events[number - 1].ok, ok);
    (void)snprintf(expected, sizeof expected, "%s: %s", time_text(clock_wall_ms(), when), line);
    assert_memory_equal(events[number - 1].text, expected, strlen(events[number - 1].text));
    assert_in_range(strlen(events[number - 1].text), TIME_TEXT_BYTES + 10, 319);
}

/* ---- outages of our own -------------------------------------------------------------------------------- */

static void test_known_questions(void **state)
{
    (void)state;
    world.watch = watch_create(&world.context, world.workers);
    assert_non_null(world.watch);
    assert_int_equal(world.asked, QUESTIONS);
    assert_string_equal(world.questions[0].name, ".");
    assert_int_equal(world.questions[0].type, DNS_TYPE_SOA);
    assert_string_equal(world.questions[1].name, "no-such-000000000000feed");
    assert_int_equal(world.questions[1].type, DNS_TYPE_A);
    assert_int_equal(world.engine.share, WATCH_SHARE);
    assert_int_equal(world.engine.timeout_ms, 700);
    assert_int_equal(world.engine.attempts, 4);
    assert_ptr_equal(world.engine.notes, &world.context.resolvers);
    assert_ptr_equal(world.engine.bounds.allow, &world.context.allow);
    quiet(WATCH_TICK_MS);
    assert_int_equal(world.engines, 0);
    quiet(MINUTE / 2); /* nothing is asked again without a reason */
    assert_int_equal(world.engines_made, 1);
    watch_destroy(world.watch);
    set_option("dns.timeout", "300ms"); /* one that has less patience has it here too */
    world.watch = watch_create(&world.context, world.workers);
    assert_int_equal(world.engine.timeout_ms, 300);
}

static void test_outage(void **state)
{
    char expected[256];
    (void)state;
    start();
    for (int i = 0; i < 20; i++) {
        look_up(100, 1);
        quiet(WATCH_TICK_MS);
    }
    assert_false(held() || doubtful());
    world.answers[1] = DNS_NOT_ASKED;
    fail_until_held();
    int64_t asked_ms = world.now_ms;
    assert_int_equal(world.engines, 1); /* the questions are asked with it */
    quiet(ROUND_MS - WATCH_TICK_MS);
    const char *line = tick(); /* one of two answers is none */
    expect_said(line, "WARNING: most lookups fail, and so do questions whose answers are known");
    assert_int_equal(world.now_ms, asked_ms + ROUND_MS);
    expect_event(1, "resolvers", false, line);
    assert_true(held() && doubtful());
    assert_int_equal(world.forgot_failures, 0);
    int64_t on_ms = world.now_ms;
    size_t made = world.engines_made;
    quiet(OUTAGE_PAUSE_MS - WATCH_TICK_MS);
    assert_int_equal(world.engines_made, made); /* not without a pause */
    quiet(WATCH_TICK_MS);
    assert_int_equal(world.engines_made, made + 1);
    quiet(2 * ROUND_MS); /* and so it goes on */
    assert_in_range(world.engines_made, made + 2, made + 3);
    world.answers[1] = DNS_NXDOMAIN;
    line = line_within(2 * ROUND_MS);
    (void)snprintf(expected, sizeof expected,
                   "lookups are answered again after %lld s; what was hit in that time is tried again",
                   (long long)(world.now_ms - on_ms) / 1000);
    assert_string_equal(line, expected);
    expect_event(2, "resolvers", true, line);
    assert_false(held());
    assert_true(doubtful());
    assert_int_equal(world.forgot_failures, 1);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), 0);
    int64_t tail_ms = world.config.dns_timeout * world.config.dns_attempts + 700;
    int64_t over_ms = world.now_ms;
    quiet(tail_ms - WATCH_TICK_MS);
    assert_true(doubtful());
    assert_int_equal(world.forgot_failures, 1);
    quiet(WATCH_TICK_MS);
    assert_false(doubtful());
    assert_int_equal(world.forgot_failures, 2);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), over_ms + tail_ms);
    quiet(MINUTE);
    assert_int_equal(world.forgot_failures, 2);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), over_ms + tail_ms);
}

/* A list of the dead: the questions are answered at once, and nothing has been. */
static void test_false_alarm(void **state)
{
    (void)state;
    start();
    fail_until_held();
    quiet(WATCH_TICK_MS);
    assert_false(held() || doubtful());
    assert_int_equal(world.forgot_failures, 0);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), 0);
    size_t events = 0;
    (void)watch_events(world.watch, &events);
    assert_int_equal(events, 0);
}

/* What a resolver has always said of the root is no sign of an outage; something new is. */
static void test_usual_answers(void **state)
{
    static const struct {
        enum dns_status usual, now;
        bool outage;
    } cases[] = {
        {DNS_REFUSED, DNS_REFUSED, false},   {DNS_REFUSED, DNS_SERVFAIL, true},
        {DNS_ANSWERED, DNS_SERVFAIL, true},  {DNS_NOT_ASKED, DNS_NOT_ASKED, false},
        {DNS_NOT_ASKED, DNS_SERVFAIL, true}, {DNS_SERVFAIL, DNS_ANSWERED, false},
        {DNS_ANSWERED, DNS_NXDOMAIN, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (i > 0)
            begin_again();
        world.answers[0] = cases[i].usual;
        world.watch = watch_create(&world.context, world.workers);
        quiet(ROUND_MS);
        assert_int_equal(world.engines, 0);
        world.answers[0] = cases[i].now;
        fail_until_held();
        int64_t suspected_ms = world.now_ms;
        const char *line = NULL;
        while (line == NULL && held() && world.now_ms <= suspected_ms + ROUND_MS)
            line = tick();
        if ((line != NULL && strstr(line, "cut off") != NULL) != cases[i].outage)
            fail_msg("row %zu: %s", i, line == NULL ? "nothing" : line);
    }
}

/* Answers that come late came to questions that had to be repeated. The embedded resolver takes its time. */
static void test_moment(void **state)
{
    static const struct {
        const char *resolvers, *timeout;
        int64_t late_ms;
        bool said;
    } cases[] = {
        {"192.0.2.1", "3s", 700, false},   {"192.0.2.1", "3s", 800, true}, {"192.0.2.1", "300ms", 300, false},
        {"192.0.2.1", "300ms", 400, true}, {"", "3s", 2500, false},        {"", "3s", 2600, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (i > 0)
            begin_again();
        set_option("dns.resolvers", cases[i].resolvers);
        set_option("dns.timeout", cases[i].timeout);
        start();
        world.answers[0] = world.answers[1] = DNS_NOT_ASKED;
        fail_until_held();
        quiet(cases[i].late_ms - WATCH_TICK_MS);
        for (size_t j = 0; j < QUESTIONS; j++) {
            struct dns_answer good = {.lookup.status = DNS_ANSWERED};
            world.questions[j].done(world.questions[j].arg, &good);
        }
        const char *line = tick();
        assert_false(held());
        assert_int_equal(doubtful(), cases[i].said);
        assert_int_equal(world.forgot_failures, cases[i].said);
        if (cases[i].said) {
            expect_said(line, "for a moment most lookups failed, and questions whose answers are known");
            expect_event(1, "lookups", true, line);
        } else {
            assert_null(line);
        }
    }
}

/* Without an engine nothing is asked, which is no answer. */
static void test_no_engine(void **state)
{
    (void)state;
    start();
    world.no_engine = true;
    fail_until_held();
    expect_said(tick(), "WARNING: most lookups fail");
}

static void test_switched_off(void **state)
{
    (void)state;
    set_option("dns.outage_share", "0");
    world.watch = watch_create(&world.context, world.workers);
    assert_non_null(world.watch);
    for (int i = 0; i < 20; i++) {
        look_up(100, 100);
        world.counts[0].routes_lacking++;
        quiet(WATCH_TICK_MS);
    }
    assert_false(held() || doubtful());
    world.counts[0].pauses = 1;
    world.counts[0].paused_ms = 5000;
    expect_said(tick(), "stood still for 5 s"); /* what befell the program itself is said all the same */
}

/* ---- connections --------------------------------------------------------------------------------------- */

static void test_route(void **state)
{
    (void)state;
    start();
    world.counts[0].connects_made = 100;
    quiet(2 * WATCH_TICK_MS);
    world.counts[0].routes_lacking = 1;
    quiet(WATCH_TICK_MS);
    const char *line = tick();
    expect_said(line, "WARNING: this machine has no route any more to some that it is to connect to");
    expect_event(1, "route", false, line);
    assert_true(doubtful());
    assert_false(held());
    quiet(2 * ROUTE_CALM_MS);
    assert_int_equal(world.forgot_failures, 0);
    world.counts[0].connects_made++;
    quiet(WATCH_TICK_MS);
    line = tick();
    assert_string_equal(line, "there is a route again");
    expect_event(2, "route", true, line);
    assert_false(doubtful());
    assert_int_equal(world.forgot_failures, 1);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), world.now_ms);
    quiet(MINUTE);
}

static void test_port25(void **state)
{
    (void)state;
    start();
    atomic_store(&world.context.port_losses, 1);
    const char *line = tick();
    expect_said(line, "WARNING: of the last connections to port 25 hardly one was made");
    expect_event(1, "port 25", false, line);
    assert_true(doubtful());
    quiet(MINUTE);
    assert_int_equal(world.forgot_failures, 0);
    atomic_store(&world.context.port_losses, 0);
    line = tick();
    assert_string_equal(line, "port 25 can be reached again");
    expect_event(2, "port 25", true, line);
    assert_false(doubtful());
    assert_int_equal(world.forgot_failures, 1);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), world.now_ms);
    quiet(MINUTE);
}

/* One line a turn: none is lost. */
static void test_lines_wait(void **state)
{
    (void)state;
    start();
    world.counts[0].routes_lacking = 1;
    quiet(WATCH_TICK_MS);
    world.counts[1].pauses = 1;
    world.counts[1].paused_ms = 2999;
    atomic_store(&world.context.port_losses, 2);
    world.set_ms = 2 * MINUTE;
    expect_said(tick(), "no route any more");
    expect_said(tick(), "port 25");
    expect_said(tick(), "stood still for 2 s");
    expect_said(tick(), "clock was set");
    quiet(MINUTE);
}

/* ---- this program, and the clock ----------------------------------------------------------------------- */

static void test_pause(void **state)
{
    (void)state;
    start();
    world.counts[0].pauses = 1;
    world.counts[0].paused_ms = 12500;
    world.counts[1].pauses = 1;
    world.counts[1].paused_ms = 7000;
    const char *line = tick();
    expect_said(line, "WARNING: this program stood still for 12 s (stopped, or its machine suspended)");
    expect_event(1, "pause", false, line);
    quiet(MINUTE);
    world.counts[1].pauses = 2; /* the one that has had the most */
    expect_said(tick(), "stood still for 12 s");
    world.counts[0].pauses = 2;
    quiet(MINUTE);
}

static void test_clock(void **state)
{
    static const struct {
        int64_t set_ms;
        const char *said; /* NULL: nothing */
        bool ok;
    } steps[] = {
        {CLOCK_STEP_MS, NULL, true},
        {CLOCK_STEP_MS + 1, "60 s ahead of what it was", false},
        {CLOCK_STEP_MS + 5000, NULL, false},
        {200000, "200 s ahead", false},
        {CLOCK_STEP_MS, "60 s ahead", false},
        {300000, "300 s ahead", false},
        {CLOCK_STEP_MS - 1, "goes again as it did at the start", true},
        {-1000, "goes again", true},
        {-CLOCK_STEP_MS - 1000, NULL, true},
        {-CLOCK_STEP_MS - 1001, "61 s behind of what it was", false},
        {1, "goes again", true},
        {-CLOCK_STEP_MS, "60 s behind", false},
        {CLOCK_STEP_MS - 1, "goes again", true},
    };
    size_t events = 0;
    (void)state;
    start();
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        world.set_ms = steps[i].set_ms;
        const char *line = tick();
        if (steps[i].said == NULL ? line != NULL : line == NULL || strstr(line, steps[i].said) == NULL)
            fail_msg("step %zu: %s", i, line == NULL ? "nothing" : line);
        if (line != NULL)
            expect_event(++events, "clock", steps[i].ok, line);
        quiet(10 * WATCH_TICK_MS);
    }
}

/* ---- the way of STARTTLS ------------------------------------------------------------------------------- */

static void expect_stripped(const char *line, int64_t well_ms, unsigned written)
{
    char when[TIME_TEXT_BYTES], expected[512];
    (void)snprintf(expected, sizeof expected, "from about %s on. What lacks it is unknown from now on",
                   time_text(well_ms, when));
    expect_said(line, "WARNING: hosts that offer STARTTLS do not offer it to us any more");
    expect_said(line, expected);
    (void)snprintf(expected, sizeof expected, "tried again; %u records were written before", written);
    expect_said(line, expected);
}

static void expect_closing(int64_t well_ms, unsigned written)
{
    char when[TIME_TEXT_BYTES], expected[512];
    (void)snprintf(expected, sizeof expected,
                   "STARTTLS did not come through to this machine from about %s on; %u records of hosts "
                   "without it were written before that was noticed",
                   time_text(well_ms, when), written);
    const char *line = watch_closing(world.watch);
    assert_non_null(line);
    assert_string_equal(line, expected);
}

static void meet(unsigned known, unsigned lacking, unsigned without)
{
    world.counts[0].known_sessions += known;
    world.counts[0].known_without += lacking;
    world.counts[0].without_starttls += without;
    world.workers[1].counts.without_starttls += without;
}

/* Known providers' hosts lack it: the known hosts are asked, and lack it too. Of what is met in one step with
 * the last that had it, nobody knows whether it came before. */
static int64_t strip(unsigned in_one_step)
{
    start();
    assert_null(watch_closing(world.watch));
    meet(0, 0, 5);
    quiet(WATCH_TICK_MS);
    int64_t well_ms = clock_wall_ms() + WATCH_TICK_MS; /* the loops say in a step what the next one counts */
    meet(10, 0, in_one_step);
    world.known_path = PATH_STRIPPED;
    world.known_waits = true;
    quiet(10 * WATCH_TICK_MS);
    meet(40, 40, 7 - in_one_step);
    quiet(2 * WATCH_TICK_MS);
    assert_int_equal(world.known, 1);
    assert_int_equal(world.known_turns, 1);
    assert_int_equal(world.engine.share, PATH_SHARE);
    assert_int_equal(world.engine.timeout_ms, 700);
    assert_ptr_equal(world.engine.notes, &world.context.resolvers);
    assert_ptr_equal(world.engine.bounds.allow, &world.context.allow);
    assert_ptr_equal(world.known_setup.base, world.engine.base);
    assert_ptr_equal(world.known_setup.context, &world.context);
    assert_int_equal(world.known_setup.config->dns_timeout, 700);
    assert_non_null(world.known_setup.engine);
    assert_false(world.known_setup.https);
    return well_ms;
}

static void test_stripped(void **state)
{
    (void)state;
    int64_t well_ms = strip(0);
    quiet(20 * WATCH_TICK_MS);
    assert_true(doubtful()); /* a suspicion is one */
    assert_false(atomic_load(&world.context.path_doubtful));
    assert_int_equal(world.forgot_unoffered, 0);
    assert_null(watch_closing(world.watch));
    world.known_waits = false;
    const char *line = tick();
    expect_stripped(line, well_ms, 7);
    expect_event(1, "starttls", false, line);
    assert_true(atomic_load(&world.context.path_doubtful) && doubtful());
    assert_false(held());
    assert_int_equal(world.forgot_unoffered, 1);
    assert_int_equal(world.known + world.engines, 0);
    size_t made = world.known_made;
    quiet(MINUTE - WATCH_TICK_MS);
    assert_int_equal(world.known_made, made);
    meet(10, 0, 2); /* what is met now was noticed */
    quiet(WATCH_TICK_MS);
    assert_int_equal(world.known_made, made + 1); /* once a minute */
    assert_int_equal(world.forgot_unoffered, 1);
    world.workers[0].counts.without_starttls = 100; /* as the loops say once they have ended */
    world.workers[1].counts.without_starttls = 30;
    expect_closing(well_ms, 125);
    world.known_path = PATH_CLEAR;
    assert_int_equal(world.forgot_failures, 0);
    line = line_within(2 * MINUTE);
    assert_string_equal(line, "hosts of preflight.port25 offer us STARTTLS again");
    expect_event(2, "starttls", true, line);
    assert_false(atomic_load(&world.context.path_doubtful) || doubtful());
    assert_int_equal(world.forgot_failures, 1);
    assert_int_equal(atomic_load(&world.context.doubt_ended_ms), world.now_ms);
    expect_closing(well_ms, 9);
    meet(10, 0, 3);
    quiet(MINUTE);
    expect_closing(well_ms, 9);
    assert_int_equal(world.forgot_failures, 1);
}

static void test_stripped_between_two_steps(void **state)
{
    (void)state;
    int64_t well_ms = strip(3);
    quiet(20 * WATCH_TICK_MS);
    world.known_waits = false;
    expect_stripped(tick(), well_ms, 7);
}

/* A look that nobody answers ends by itself, and nothing is concluded. */
static void test_look_without_end(void **state)
{
    (void)state;
    (void)strip(0);
    world.known_path = PATH_UNKNOWN;
    quiet(LOOK_MS - 2 * WATCH_TICK_MS);
    assert_int_equal(world.known, 1);
    quiet(2 * WATCH_TICK_MS);
    assert_int_equal(world.known, 0);
    assert_true(doubtful());
    assert_false(atomic_load(&world.context.path_doubtful));
    assert_null(watch_closing(world.watch));
    world.known_waits = false;
    world.known_path = PATH_CLEAR; /* somebody's own matter: the suspicion is over */
    size_t made = world.known_made;
    for (int i = 0; i < TICKS_MOST && doubtful(); i++)
        quiet(WATCH_TICK_MS);
    assert_int_equal(world.known_made, made + 1);
    assert_false(doubtful());
    assert_int_equal(world.forgot_failures, 0);
}

/* A look that cannot be begun concludes nothing either; one under way ends with the watch. */
static void test_look_without_engine(void **state)
{
    (void)state;
    start();
    world.known_path = PATH_STRIPPED;
    world.no_engine = true;
    meet(50, 40, 7);
    quiet(MINUTE);
    assert_int_equal(world.known_made, 0);
    assert_false(atomic_load(&world.context.path_doubtful));
    world.no_engine = false;
    world.known_waits = true;
    quiet(WATCH_TICK_MS);
    assert_int_equal(world.known + world.engines, 2);
}

static void test_stripped_before_the_scan(void **state)
{
    (void)state;
    atomic_store(&world.context.path_doubtful, true);
    world.known_path = PATH_STRIPPED;
    world.watch = watch_create(&world.context, world.workers);
    int64_t began_ms = clock_wall_ms();
    meet(10, 2, 3);
    expect_stripped(tick(), began_ms, 3);
    assert_true(atomic_load(&world.context.path_doubtful) && doubtful());
    assert_int_equal(world.forgot_unoffered, 0);
    quiet(MINUTE - 2 * WATCH_TICK_MS);
    assert_int_equal(world.known_made, 0); /* the look before the scan was the first */
    quiet(WATCH_TICK_MS);
    assert_int_equal(world.known_made, 1);
    expect_closing(began_ms, 3);
}

/* ---- what is kept -------------------------------------------------------------------------------------- */

static void test_counters(void **state)
{
    (void)state;
    start();
    world.counts[0].visits = 5;
    world.counts[1].visits = 7;
    assert_int_equal(watch_counters(world.watch).visits, 0);
    quiet(WATCH_TICK_MS);
    assert_int_equal(watch_counters(world.watch).visits, 12);
    world.counts[0].visits = world.counts[1].visits = 100;
    world.workers[0].dns = NULL; /* it has ended what it has: nothing can be asked of it */
    quiet(WATCH_TICK_MS);
    assert_int_equal(watch_counters(world.watch).visits, 105);
}

static void test_events(void **state)
{
    char line[1000], name[EVENTS + 2][4];
    size_t count = 1;
    (void)state;
    start();
    (void)watch_events(world.watch, &count);
    assert_int_equal(count, 0);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    for (size_t i = 0; i < EVENTS + 2; i++) {
        (void)snprintf(name[i], sizeof name[i], "%zu", i);
        watch_keep(world.watch, name[i], i % 2 == 0, line);
        if (i < EVENTS)
            expect_event(i + 1, name[i], i % 2 == 0, line);
    }
    const struct machine_line *events = watch_events(world.watch, &count);
    assert_int_equal(count, EVENTS); /* the first of them */
    assert_string_equal(events[EVENTS - 1].name, "15");
    assert_int_equal(strlen(events[0].text),
                     strlen("2026-01-01T00:00:00.000Z: ") + 320 - TIME_TEXT_BYTES - 3);
    watch_destroy(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_known_questions),
        TEST(test_outage),
        TEST(test_false_alarm),
        TEST(test_usual_answers),
        TEST(test_moment),
        TEST(test_no_engine),
        TEST(test_switched_off),
        TEST(test_route),
        TEST(test_port25),
        TEST(test_lines_wait),
        TEST(test_pause),
        TEST(test_clock),
        TEST(test_stripped),
        TEST(test_stripped_between_two_steps),
        TEST(test_look_without_end),
        TEST(test_look_without_engine),
        TEST(test_stripped_before_the_scan),
        TEST(test_counters),
        TEST(test_events),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
