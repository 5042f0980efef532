/*
 * What is said before a scan, against a resolver and a listener on loopback: whose fault is what, and that
 * what does not go out from here is told from hosts that merely do not answer.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/machine/preflight.h"
#include "scanner/machine/preflight_disk.h"
#include "scanner/machine/preflight_ports.h"
#include "scanner/machine/preflight_resolvers.h"
#include "scanner/smtp/client.h"
#include "scanner/machine/setup.h"

enum {
    RCODE_NXDOMAIN = 3,
    RCODE_REFUSED = 5,
    FLAG_AD = 0x20,
    FLAG_CD = 0x10,
    RCODE_SERVFAIL = 2,
    TEST_FILES = 100000,
    FILLERS = 4
};

/* Answers A of none.* and of no-such-* with NXDOMAIN, of open.* with 127.0.0.1, of hush.* with 127.0.0.3,
 * where a full queue takes no connection, of others with 127.0.0.2; all else with no data.
 */
struct world {
    int dns, listener, session; /* session: of the listener, or -1 */
    int hush, fillers[FILLERS];
    char resolver[32];
    char smtp_port[8];
    pthread_t thread;
    atomic_bool strips; /* the listener's EHLO reply lacks STARTTLS */
    atomic_bool stop, silent, refuses, validates, bogus, rewrites, rewrites_com;
};

static size_t answer(const struct world *world, uint8_t *wire, size_t question_end)
{
    bool is_a = wire[question_end - 3] == DNS_TYPE_A && wire[12] != 0;
    bool nobody = is_a && memcmp(wire + 13, "no-such-", 8) == 0;
    bool com = nobody && wire[13 + wire[12]] != 0;
    bool rewritten = atomic_load(com ? &world->rewrites_com : &world->rewrites);
    bool none = is_a && (memcmp(wire + 13, "none", 4) == 0 || (nobody && !rewritten));
    bool bogus = atomic_load(&world->bogus) && (wire[3] & FLAG_CD) == 0;
    uint8_t rr[] = {0xc0, 12, 0, DNS_TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 2};
    rr[15] = !is_a ? 2 : memcmp(wire + 13, "open", 4) == 0 ? 1 : memcmp(wire + 13, "hush", 4) == 0 ? 3 : 2;
    wire[2] |= 0x80;
    wire[3] = (uint8_t)(0x80 | (atomic_load(&world->validates) ? FLAG_AD : 0));
    wire[3] |= atomic_load(&world->refuses) ? RCODE_REFUSED
               : bogus                      ? RCODE_SERVFAIL
               : none                       ? RCODE_NXDOMAIN
                                            : 0;
    wire[7] = is_a && (wire[3] & 0x0f) == 0;
    wire[11] = 0; /* the question's OPT is left out */
    memcpy(wire + question_end, rr, sizeof rr);
    return question_end + (wire[7] != 0 ? sizeof rr : 0);
}

/* One session at a time: greets, answers EHLO, and then no more. */
static void speak_smtp(struct world *world)
{
    static const char greeting[] = "220 open.test\r\n", plain[] = "250 open.test\r\n";
    static const char offer[] = "250-open.test\r\n250 STARTTLS\r\n";
    char heard[512];
    int fd = accept4(world->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        if (world->session >= 0)
            (void)close(world->session);
        world->session = fd;
        (void)send(fd, greeting, sizeof greeting - 1, MSG_NOSIGNAL);
    }
    ssize_t got = world->session < 0 ? 0 : recv(world->session, heard, sizeof heard, 0);
    if (got > 4 && memcmp(heard, "EHLO", 4) == 0)
        (void)(atomic_load(&world->strips) ? send(world->session, plain, sizeof plain - 1, MSG_NOSIGNAL)
                                           : send(world->session, offer, sizeof offer - 1, MSG_NOSIGNAL));
    else if (got > 0 || (got < 0 && errno != EAGAIN)) {
        (void)close(world->session); /* whatever else is said ends it, STARTTLS among it */
        world->session = -1;
    }
}

static void *serve(void *arg)
{
    struct world *world = arg;
    while (!atomic_load(&world->stop)) {
        speak_smtp(world);
        uint8_t wire[1500];
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        struct pollfd ready = {.fd = world->dns, .events = POLLIN};
        if (poll(&ready, 1, 2) != 1)
            continue;
        ssize_t got = recvfrom(world->dns, wire, 512, 0, (struct sockaddr *)&from, &len);
        if (got < 17 || atomic_load(&world->silent))
            continue;
        size_t end = 12;
        while (wire[end] != 0 && end < 400)
            end += (size_t)wire[end] + 1;
        (void)sendto(world->dns, wire, answer(world, wire, end + 5), 0, (struct sockaddr *)&from, len);
    }
    return NULL;
}

static int open_socket(int type, uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -1;
    *port = ntohs(address.sin_port);
    return fd;
}

/* A queue that holds one connection, and is full. */
static bool open_hush(struct world *world, uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 2)};
    world->hush = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (world->hush < 0 || bind(world->hush, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(world->hush, 0) != 0)
        return false;
    for (size_t i = 0; i < FILLERS; i++) {
        world->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connect(world->fillers[i], (struct sockaddr *)&address, sizeof address) != 0 &&
            errno != EINPROGRESS)
            return false;
    }
    return true;
}

static int start_world(void **state)
{
    static struct world world;
    uint16_t port;
    *state = &world;
    world.dns = open_socket(SOCK_DGRAM, &port);
    (void)snprintf(world.resolver, sizeof world.resolver, "127.0.0.1:%u", port);
    world.listener = open_socket(SOCK_STREAM | SOCK_NONBLOCK, &port);
    world.session = -1;
    (void)snprintf(world.smtp_port, sizeof world.smtp_port, "%u", port);
    if (world.dns < 0 || world.listener < 0 || listen(world.listener, 16) != 0 || !open_hush(&world, port))
        return 1;
    return pthread_create(&world.thread, NULL, serve, &world);
}

static int stop_world(void **state)
{
    struct world *world = *state;
    atomic_store(&world->stop, true);
    (void)pthread_join(world->thread, NULL);
    if (world->session >= 0)
        (void)close(world->session);
    for (size_t i = 0; i < FILLERS; i++)
        (void)close(world->fillers[i]);
    (void)close(world->hush);
    return close(world->dns) + close(world->listener);
}

static int behave(void **state)
{
    struct world *world = *state;
    atomic_store(&world->silent, false);
    atomic_store(&world->refuses, false);
    atomic_store(&world->bogus, false);
    atomic_store(&world->strips, false);
    atomic_store(&world->rewrites, false);
    atomic_store(&world->rewrites_com, false);
    atomic_store(&world->validates, true);
    return 0;
}

struct option {
    const char *name, *value;
};

static FILE *told; /* who waits */

/* One preflight of the world with up to two options more; the last wins. */
static void look(const struct world *world, struct option first, struct option second,
                 struct preflight *preflight)
{
    const struct option options[] = {{"dns.resolvers", world->resolver},
                                     {"dns.timeout", "100ms"},
                                     {"scan.loops", "2"},
                                     {"smtp.port", world->smtp_port},
                                     {"smtp.connect_timeout", "300ms"},
                                     {"safety.allow", "127.0.0.0/8"},
                                     {"preflight.port25", ""},
                                     {"preflight.port443", ""},
                                     first,
                                     second};
    struct config config;
    struct scan_context context;
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(config_init(&config), ERR_OK);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (options[i].name != NULL)
            assert_int_equal(config_set(&config, options[i].name, options[i].value, "test", &why), ERR_OK);
    assert_int_equal(context_init(&context, &config, &why), ERR_OK);
    const struct preflight_patience patience = {.most_ms = PREFLIGHT_MS, .told = told};
    assert_int_equal(preflight_run(preflight, &context, TEST_FILES, &patience, &why), ERR_OK);
    context_dispose(&context);
    config_dispose(&config);
    buf_dispose(&why);
}

static const struct option NO_MORE = {NULL, NULL};

static const struct machine_line *line(const struct preflight *preflight, const char *name)
{
    for (size_t i = 0; i < preflight->count; i++)
        if (strcmp(preflight->checks[i].name, name) == 0)
            return &preflight->checks[i];
    fail_msg("no line %s", name);
    return NULL;
}

static void expect(const struct preflight *preflight, const char *name, bool ok, const char *words)
{
    const struct machine_line *check = line(preflight, name);
    if (check->ok != ok || strstr(check->text, words) == NULL)
        fail_msg("%s: %s: %s", name, check->ok ? "ok" : "not ok", check->text);
}

static void test_port25(void **state)
{
    static const struct {
        const char *hosts;
        const char *probe;
        bool blocked;
        const char *words;
    } cases[] = {
        {"open.test", "all", false, "open.test answers"},
        {"closed.test,open.test", "all", false, "open.test answers"},
        {"closed.test, closed2.test", "all", true, "seems blocked from here (0 silent, 2 refused)"},
        {"closed.test", "all", true, "seems blocked"}, /* who names one host believes it */
        {"closed.test,none.test", "all", false, "not known: 1 of 2"},
        {"none.test,none2.test", "all", false, "not known: 0 of 2"},
        {"hush.test,hush2.test", "all", true,
         "seems blocked from here (2 silent, 0 refused): MX hosts are not "
         "probed; with preflight.port25 empty they are tried all the same"},
        {"hush.test,closed.test", "all", true, "(1 silent, 1 refused)"},
        {"hush.test", "all", true, "(1 silent, 0 refused)"},
        {"hush.test,none.test", "all", false, "not known: 1 of 2 hosts of preflight.port25 could be tried"},
        {"hush.test,closed.test,open2.test", "all", false, "open2.test answers"},
        {"open2.test,open.test", "all", false, "open2.test answers"},
        {"", "all", false, "not tested"},
        {"closed.test,closed2.test", "none", false, "not tested"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct preflight preflight;
        look(*state, (struct option){"preflight.port25", cases[i].hosts},
             (struct option){"smtp.probe", cases[i].probe}, &preflight);
        const struct scan_context v4 = {.has_ipv4 = true}, both = {.has_ipv4 = true, .has_ipv6 = true};
        assert_int_equal(preflight.network.blocked[KNOWN_SMTP][KNOWN_IPV4], cases[i].blocked);
        assert_int_equal(preflight_is_blocked(&preflight, &v4, KNOWN_SMTP), cases[i].blocked);
        assert_false(preflight_is_blocked(&preflight, &both, KNOWN_SMTP)); /* of IPv6 nothing is known */
        expect(&preflight, "port 25", !cases[i].blocked, cases[i].words);
        assert_false(preflight.no_resolver);
    }
}

/* The stage names connects to nobody, and is told of nothing that it does not need. */
static void test_names_connect_to_nobody(void **state)
{
    static const char *const left_out[] = {"port 25", "port 443", "starttls", "our name"};
    struct preflight preflight;
    look(*state, (struct option){"preflight.port25", "closed.test,closed2.test"},
         (struct option){"scan.stage", "names"}, &preflight);
    for (size_t i = 0; i < preflight.count; i++)
        for (size_t j = 0; j < sizeof left_out / sizeof *left_out; j++)
            assert_string_not_equal(preflight.checks[i].name, left_out[j]);
    assert_false(preflight.network.blocked[KNOWN_SMTP][KNOWN_IPV4]);
    assert_null(preflight.unfit);
    expect(&preflight, "addresses", true, "IPv4"); /* one family is enough */
    assert_null(strstr(line(&preflight, "addresses")->text, "unknown"));
    expect(&preflight, "open files", true, "allowed");
}

/* The test itself contacts nobody that a scan would not. */
/* Who is listed, by name, by prefix or by the name that it is an alias of, is not connected to. */
static void test_hosts_that_opted_out(void **state)
{
    static const char *const lists[] = {"open.test\n", ".test\n", "127.0.0.0/8\n"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct preflight preflight;
        char path[] = "/tmp/stsweep-optout-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0 && write(fd, lists[i], strlen(lists[i])) == (ssize_t)strlen(lists[i]));
        (void)close(fd);
        look(*state, (struct option){"preflight.port25", "Open.Test.,open.test"},
             (struct option){"safety.optout", path}, &preflight);
        expect(&preflight, "port 25", true, "not known: 0 of 2");
        assert_false(preflight.network.blocked[KNOWN_SMTP][KNOWN_IPV4]);
        (void)unlink(path);
    }
}

static void test_port25_of_special_addresses(void **state)
{
    struct preflight preflight;
    look(*state, (struct option){"preflight.port25", "open.test,closed.test"},
         (struct option){"safety.allow", "::1/128"}, &preflight);
    assert_false(preflight.network.blocked[KNOWN_SMTP][KNOWN_IPV4]);
    assert_null(strstr(line(&preflight, "port 25")->text, "answers"));
}

/* What follows from what can be reached, for one family. */
static void test_ports_and_families(void **state)
{
    static const struct {
        enum reach smtp, https;
        bool smtp_blocked, https_blocked, nowhere;
    } cases[] = {
        {REACH_OPEN, REACH_OPEN, false, false, false},
        {REACH_CLOSED, REACH_OPEN, true, false, false},
        {REACH_OPEN, REACH_CLOSED, false, true, false},
        {REACH_CLOSED, REACH_CLOSED, true, true, true},
        {REACH_CLOSED, REACH_UNKNOWN, true, false, false},
        {REACH_UNKNOWN, REACH_CLOSED, false, true, false},
        {REACH_UNKNOWN, REACH_UNKNOWN, false, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct network network = {0};
        const enum reach reach[KNOWN_PORTS] = {cases[i].smtp, cases[i].https};
        network_decide(&network, KNOWN_IPV6, reach);
        assert_int_equal(network.blocked[KNOWN_SMTP][KNOWN_IPV6], cases[i].smtp_blocked);
        assert_int_equal(network.blocked[KNOWN_HTTPS][KNOWN_IPV6], cases[i].https_blocked);
        assert_int_equal(network.leads_nowhere[KNOWN_IPV6], cases[i].nowhere);
        assert_false(network.blocked[KNOWN_SMTP][KNOWN_IPV4] || network.leads_nowhere[KNOWN_IPV4]);
    }
}

/* Nobody listens at port 443 of these addresses, nor at 25 of closed.test. */
static void test_nothing_leads_anywhere(void **state)
{
    struct preflight preflight;
    look(*state, (struct option){"preflight.port443", "closed.test,closed2.test"},
         (struct option){"preflight.port25", "open.test"}, &preflight);
    expect(&preflight, "port 443", false,
           "seems blocked from here (0 silent, 2 refused): no policy is fetched");
    assert_true(preflight.network.blocked[KNOWN_HTTPS][KNOWN_IPV4]);
    assert_false(preflight.network.leads_nowhere[KNOWN_IPV4]);
    assert_null(preflight.unfit);
    look(*state, (struct option){"preflight.port443", "closed.test,closed2.test"},
         (struct option){"preflight.port25", "closed.test,closed2.test"}, &preflight);
    assert_true(preflight.network.leads_nowhere[KNOWN_IPV4]);
    if (preflight.unfit == NULL) /* of IPv6, which this machine has, nothing was found out */
        expect(&preflight, "addresses", false, "IPv6 only");
    else
        assert_non_null(strstr(preflight.unfit, "neither port 25 nor port 443"));
}

/* TLS-1: what hosts that offer it do not offer to us, something on the way takes out. */
static void test_starttls_comes_through(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    look(world, (struct option){"preflight.port25", "open.test"}, NO_MORE, &preflight);
    expect(&preflight, "starttls", true, "offered to us");
    assert_false(preflight.network.starttls_stripped);
    atomic_store(&world->strips, true);
    look(world, (struct option){"preflight.port25", "open.test"}, NO_MORE, &preflight);
    expect(&preflight, "starttls", false, "something on the way takes it out");
    assert_true(preflight.network.starttls_stripped);
    look(world, (struct option){"preflight.port25", "closed.test"}, NO_MORE, &preflight);
    expect(&preflight, "starttls", true, "not tested");
}

static void test_resolver_refuses(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    atomic_store(&world->refuses, true);
    look(world, (struct option){"preflight.port25", "open.test,closed.test"}, NO_MORE, &preflight);
    assert_false(preflight.no_resolver); /* it answers: it may serve what a scan asks for */
    assert_true(preflight.doubtful);     /* or nothing */
    assert_false(preflight.network
                     .blocked[KNOWN_SMTP][KNOWN_IPV4]); /* no name was found: nothing is known of the port */
    expect(&preflight, "resolvers", false, "answers refused for the root");
    expect(&preflight, "dnssec", false, "without a resolver");
}

static void test_resolver_is_silent(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    atomic_store(&world->silent, true);
    look(world, NO_MORE, NO_MORE, &preflight);
    assert_true(preflight.no_resolver);
    assert_non_null(strstr(preflight.unfit,
                           "no resolver gives an answer that can be used: nothing comes from "
                           "dns.resolvers (does one run there"));
    assert_true(preflight.doubtful);
    expect(&preflight, "resolvers", false, "0 of 1 can be used");
    expect(&preflight, "resolvers", false, "does not answer");
}

/* Where the root itself is bogus, the clock or the trust anchor is wrong, and so would be everything signed.
 */
static void test_root_is_bogus(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    atomic_store(&world->bogus, true);
    look(world, NO_MORE, NO_MORE, &preflight);
    assert_true(preflight.no_resolver);
    assert_non_null(
        strstr(preflight.unfit, "that can be used: the root's signatures are bogus: is the clock"));
    expect(&preflight, "resolvers", false, "answers bogus for the root");
    expect(&preflight, "dnssec", false, "wrong clock, or wrong trust anchor?");
}

/* Who waits hears of it within a second, and hears nothing if all is well. */
static void test_who_waits_is_told(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    char *text = NULL;
    size_t len = 0;
    told = open_memstream(&text, &len);
    assert_non_null(told);
    look(world, (struct option){"dns.timeout", "700ms"}, NO_MORE, &preflight);
    assert_false(preflight.doubtful);
    assert_int_equal(fflush(told), 0);
    assert_int_equal(len, 0);
    atomic_store(&world->silent, true);
    look(world, (struct option){"dns.timeout", "700ms"}, NO_MORE, &preflight);
    assert_int_equal(fclose(told), 0);
    told = NULL;
    assert_non_null(
        strstr(text, "stsweep: no resolver has answered for a second: nothing comes from dns.res"));
    free(text);
}

static void test_one_of_two_resolvers(void **state)
{
    const struct world *world = *state;
    struct preflight preflight;
    char both[80];
    (void)snprintf(both, sizeof both, "127.0.0.3:9, %s", world->resolver);
    look(world, (struct option){"dns.resolvers", both},
         (struct option){"preflight.port25", "closed.test,open.test"}, &preflight);
    assert_false(preflight.no_resolver);
    expect(&preflight, "resolvers", false, "1 of 2 can be used: 127.0.0.3:9 does not answer, 127.0.0.1");
    expect(&preflight, "port 25", true, "open.test answers");
}

static void test_validation(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    look(world, NO_MORE, NO_MORE, &preflight);
    expect(&preflight, "dnssec", true, "validates");
    look(world, (struct option){"dns.trust_ad", "no"}, NO_MORE, &preflight);
    expect(&preflight, "dnssec", true, "does not let 1 be believed");
    assert_int_equal(preflight.resolvers.of[0].validation, VALIDATION_DONE);
    atomic_store(&world->validates, false);
    for (size_t i = 0; i < 3; i++) {
        static const char *const trusts[] = {"loopback", "yes", "no"};
        look(world, (struct option){"dns.trust_ad", trusts[i]}, NO_MORE, &preflight);
        expect(&preflight, "dnssec", false, "1 do not validate");
        assert_int_equal(preflight.resolvers.of[0].validation, VALIDATION_NONE);
    }
}

/* One that answers for a name that nobody has is left out like a dead one, whichever kind of name it is. */
static void test_nxdomain_is_rewritten(void **state)
{
    struct world *world = *state;
    struct preflight preflight;
    char both[80];
    for (size_t i = 0; i < 2; i++) {
        (void)behave(state);
        atomic_store(i == 0 ? &world->rewrites : &world->rewrites_com, true);
        look(world, NO_MORE, NO_MORE, &preflight);
        assert_true(preflight.no_resolver);
        assert_non_null(strstr(preflight.unfit, "that can be used: it answers for names that nobody has"));
        assert_true(preflight.resolvers.of[0].left_out);
        expect(&preflight, "resolvers", false, "answers for names that do not exist: left out");
    }
    (void)snprintf(both, sizeof both, "127.0.0.3:9, %s", world->resolver);
    look(world, (struct option){"dns.resolvers", both}, NO_MORE, &preflight);
    assert_true(preflight.no_resolver);
    assert_false(preflight.resolvers.of[0].left_out);
    assert_true(preflight.resolvers.of[1].left_out);
}

/* The name that mail servers hear is looked at before they refuse it. */
/* The first name server of resolv.conf(5); no part of a line that is too long is a line. */
static void test_system_resolver(void **state)
{
    static const struct {
        const char *before;
        int blanks;
        const char *behind, *name;
    } rows[] = {
        {"# none\nsearch a.example\n", 0, "", NULL},
        {"search a.example\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", 0, "", "192.0.2.1"},
        {"nameserver\t2001:db8::1 # x\r\n", 0, "", "2001:db8::1"},
        {"nameserver 192.0.2.1\r\n", 0, "", "192.0.2.1"},
        {"nameserver 192.0.2.1", 0, "", "192.0.2.1"},
        {"nameservers 192.0.2.1\n nameserver 192.0.2.1\nnameserver x\nnameserver\n", 0, "", NULL},
        {"#", PREFLIGHT_NAME_BYTES - 2, "nameserver 192.0.2.1\n", NULL},
        {"#", PREFLIGHT_NAME_BYTES - 2, "nameserver 192.0.2.1\nnameserver 192.0.2.2\n", "192.0.2.2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512], name[PREFLIGHT_NAME_BYTES];
        int len = snprintf(text, sizeof text, "%s%*s%s", rows[i].before, rows[i].blanks, "", rows[i].behind);
        FILE *file = fmemopen(text, (size_t)len, "r");
        assert_non_null(file);
        bool found = resolver_of_system(file, name);
        (void)fclose(file);
        if (found != (rows[i].name != NULL) || (found && strcmp(name, rows[i].name) != 0))
            fail_msg("row %zu: %s", i, found ? name : "none");
    }
}

static void test_our_name(void **state)
{
    struct preflight preflight;
    char name[256];
    look(*state, (struct option){"smtp.ehlo", "scan.example.net"}, NO_MORE, &preflight);
    expect(&preflight, "our name", true, "scan.example.net");
    look(*state, (struct option){"smtp.ehlo", "scanner.localdomain"}, NO_MORE, &preflight);
    expect(&preflight, "our name", false, "give one in smtp.ehlo");
    look(*state, (struct option){"smtp.ehlo", ""}, NO_MORE, &preflight);
    smtp_own_name("", name, sizeof name);
    expect(&preflight, "our name", smtp_name_fault(name) == NULL, name);
    look(*state, (struct option){"smtp.ehlo", ""}, (struct option){"smtp.probe", "none"}, &preflight);
    for (size_t i = 0; i < preflight.count; i++)
        assert_string_not_equal(preflight.checks[i].name, "our name"); /* nobody hears it */
}

static void test_this_machine(void **state)
{
    struct preflight preflight;
    look(*state, (struct option){"output.dir", "/tmp/not/there/yet"}, NO_MORE, &preflight);
    assert_true(line(&preflight, "roots")->ok);
    expect(&preflight, "clock", true, "Z");
    expect(&preflight, "open files", true, "100000 allowed, 2539 needed");
    assert_non_null(strstr(line(&preflight, "disk")->text, "GiB free for /tmp/not/there/yet"));
    assert_int_equal(preflight.count, PREFLIGHT_LINES - 1); /* "sandbox" is its caller's */
    look(*state, (struct option){"output.dir", "-"}, (struct option){"smtp.live", "50000"}, &preflight);
    assert_int_equal(preflight.count, PREFLIGHT_LINES - 2); /* no disk */
    look(*state, (struct option){"smtp.live", "50000"}, (struct option){"policy.live", "20000"}, &preflight);
    expect(&preflight, "open files", true, "allowed");
    look(*state, (struct option){"smtp.live", "50000"}, (struct option){"scan.loops", "256"}, &preflight);
    expect(&preflight, "open files", true, "56015 needed");
}

/* Once the list has been read. */
static void test_disk(void **state)
{
    static const struct {
        uint64_t names;
        bool ok;
        const char *words;
    } cases[] = {
        {0, true, "about 0.0 MiB for 0 names"},
        {1 << 20, true, "about 300.0 MiB for 1048576 names"}, /* the list stays in memory */
        {10 << 20, true, "about 3960.0 MiB for 10485760 names"},
        {UINT64_C(1) << 50, false, "too little"},
        {UINT64_MAX, false, "too little"},
    };
    struct preflight preflight;
    char *text = NULL;
    size_t len = 0;
    look(*state, (struct option){"output.dir", "/tmp/not/there/yet"}, NO_MORE, &preflight);
    struct config config;
    struct buf why;
    buf_init(&why, 1024);
    assert_int_equal(config_init(&config), ERR_OK);
    assert_int_equal(config_set(&config, "output.dir", "/tmp/not/there/yet", "test", &why), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[PREFLIGHT_TEXT_BYTES];
        assert_int_equal(
            disk_describe(&config, cases[i].names, cases[i].names, UINT64_C(1) << 40, line, sizeof line),
            cases[i].ok);
        if (strstr(line, cases[i].words) == NULL)
            fail_msg("%s: not: %s", line, cases[i].words);
    }
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    preflight_print(&preflight, out);
    assert_int_equal(fflush(out), 0);
    assert_null(strstr(text, "disk")); /* it is said once, when there is something to say */
    preflight_disk(&preflight, &config, UINT64_C(1) << 50, UINT64_C(1) << 50, out);
    assert_int_equal(fclose(out), 0);
    expect(&preflight, "disk", false, "for 1125899906842624 names");
    assert_non_null(strstr(text, "preflight: disk: WARNING: about"));
    free(text);
    config_dispose(&config);
    buf_dispose(&why);
}

static void test_printed(void **state)
{
    char *text = NULL;
    size_t len = 0;
    struct preflight preflight;
    look(*state, (struct option){"preflight.port25", "closed.test"}, NO_MORE, &preflight);
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    preflight_print(&preflight, out);
    assert_int_equal(fclose(out), 0);
    size_t lines = 0;
    for (const char *at = text; (at = strstr(at, "preflight: ")) != NULL; at++)
        lines++;
    assert_int_equal(lines, preflight.count);
    assert_non_null(strstr(text, "preflight: port 25: WARNING: seems blocked"));
    assert_non_null(strstr(text, "preflight: dnssec: the root's SOA validates\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system_resolver),
        cmocka_unit_test_setup(test_port25, behave),
        cmocka_unit_test_setup(test_names_connect_to_nobody, behave),
        cmocka_unit_test_setup(test_hosts_that_opted_out, behave),
        cmocka_unit_test_setup(test_port25_of_special_addresses, behave),
        cmocka_unit_test_setup(test_ports_and_families, behave),
        cmocka_unit_test_setup(test_nothing_leads_anywhere, behave),
        cmocka_unit_test_setup(test_starttls_comes_through, behave),
        cmocka_unit_test_setup(test_resolver_refuses, behave),
        cmocka_unit_test_setup(test_resolver_is_silent, behave),
        cmocka_unit_test_setup(test_root_is_bogus, behave),
        cmocka_unit_test_setup(test_one_of_two_resolvers, behave),
        cmocka_unit_test_setup(test_who_waits_is_told, behave),
        cmocka_unit_test_setup(test_validation, behave),
        cmocka_unit_test_setup(test_nxdomain_is_rewritten, behave),
        cmocka_unit_test_setup(test_our_name, behave),
        cmocka_unit_test_setup(test_this_machine, behave),
        cmocka_unit_test_setup(test_disk, behave),
        cmocka_unit_test_setup(test_printed, behave),
    };
    return cmocka_run_group_tests_name("preflight", tests, start_world, stop_world);
}
