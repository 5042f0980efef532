/* What libunbound is told: all of it, in order, by a libunbound that only writes down. Which families have a
 * route is a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unbound-event.h>

#include "scanner/config/config.h"
#include "scanner/dns/recursive_context.h"
#include "scanner/dns/recursive_log.h"

enum { TOLD_BYTES = 16384, NAME_BYTES = 64 };

static struct libunbound {
    char told[TOLD_BYTES];
    const char *refuses; /* the option, zone or "anchor" or "question" that it does not take */
    const char *bad;     /* the file for which it does not: of a context that was told it; NULL: of any */
    bool has_bad[2];     /* what was told it: the context, and the one that tries something */
    bool none;           /* there is no context */
    bool no_second;      /* nor is there memory for one that tries something */
    int contexts, deleted;
    bool quiet; /* told to write nothing to standard error */
    FILE *log;
    int level;
    bool routes_v4, routes_v6;
} library;

/* A question finds whatever is wrong, as an option or a zone may. */
static bool is_refused(const char *what)
{
    if (library.refuses == NULL || (strcmp(library.refuses, what) != 0 && strcmp(what, "question") != 0))
        return false;
    return library.bad == NULL || library.has_bad[library.contexts - 1];
}

static int take(const char *what, const char *value)
{
    size_t used = strlen(library.told);
    assert_int_equal(library.deleted, 0);
    if (library.contexts == 1) /* what a second one is told, that tries something, is no matter here */
        (void)snprintf(library.told + used, sizeof library.told - used, "%s %s\n", what, value);
    if (library.bad != NULL && strcmp(value, library.bad) == 0)
        library.has_bad[library.contexts - 1] = true;
    return is_refused(what) ? UB_INITFAIL : 0;
}

/* ---- what is not libunbound's -------------------------------------------------------------------------- */

struct ub_ctx *ub_ctx_create_event(struct event_base *base)
{
    if (library.none || (library.no_second && library.contexts == 1))
        return NULL;
    library.contexts++;
    assert_in_range(library.contexts, 1, 2);
    library.has_bad[library.contexts - 1] = false;
    return (struct ub_ctx *)base;
}

void ub_ctx_delete(struct ub_ctx *context)
{
    assert_non_null(context);
    library.deleted += library.contexts == 1;
    library.contexts -= library.contexts == 2;
}

int ub_ctx_debugout(struct ub_ctx *context, void *out)
{
    (void)context;
    library.quiet = out == NULL;
    library.log = out;
    return 0;
}

int ub_ctx_debuglevel(struct ub_ctx *context, int level)
{
    (void)context;
    library.level = level;
    return 0;
}

int ub_ctx_set_option(struct ub_ctx *context, const char *option, const char *value)
{
    (void)context;
    return take(option, value);
}

int ub_ctx_add_ta_file(struct ub_ctx *context, const char *path)
{
    (void)context;
    return take("anchor", path);
}

int ub_ctx_zone_remove(struct ub_ctx *context, const char *zone)
{
    (void)context;
    return take(zone, "opened");
}

int ub_resolve_event(struct ub_ctx *context, const char *name, int type, int class, void *arg,
                     ub_event_callback_type callback, int *id)
{
    char text[NAME_BYTES];
    (void)context, (void)arg, (void)id;
    assert_non_null(callback);
    (void)snprintf(text, sizeof text, "%s %d %d", name, type, class);
    return take("question", text);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    bool four = address->sa_family == AF_INET;
    assert_true(fd >= 0);
    assert_int_equal(len, four ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    return (four ? library.routes_v4 : library.routes_v6) ? 0 : -1;
}

/* ---- the world ----------------------------------------------------------------------------------------- */

struct world {
    struct config config;
    struct ip_set allow, left_alone;
    struct rlimit files;
    const char *why;
};

static void configure(struct world *world, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 4096);
    if (config_set(&world->config, name, value, "test", &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    buf_dispose(&why);
}

static int set_up(void **state)
{
    static struct world world;
    library = (struct libunbound){.routes_v4 = true, .routes_v6 = true};
    world = (struct world){.why = NULL};
    *state = &world;
    if (config_init(&world.config) != ERR_OK || ip_set_parse("127.0.1.0/24", &world.allow, NULL) != ERR_OK ||
        getrlimit(RLIMIT_NOFILE, &world.files) != 0)
        return -1;
    configure(&world, "dns.trust_anchor", ""); /* the machine's may not be there */
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    ip_set_dispose(&world->allow);
    config_dispose(&world->config);
    return setrlimit(RLIMIT_NOFILE, &world->files);
}

static void allow_files(struct world *world, rlim_t files)
{
    struct rlimit limit = world->files;
    limit.rlim_cur = files;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static struct ub_ctx *create(struct world *world, uint32_t loops, uint32_t lookups)
{
    static char base;
    const struct lookup_bounds bounds = {.allow = &world->allow, .left_alone = &world->left_alone};
    library.told[0] = '\0';
    library.contexts = library.deleted = library.level = 0;
    struct ub_ctx *context = recursive_context_create((struct event_base *)(void *)&base, &world->config,
                                                      &bounds, loops, lookups, &world->why);
    assert_true(context == NULL || context == (void *)&base);
    return context;
}

static bool was_told(const char *line)
{
    const char *at = strstr(library.told, line);
    return at != NULL && (at == library.told || at[-1] == '\n') && at[strlen(line)] == '\n';
}

static const char *value_of(const char *option)
{
    static char value[NAME_BYTES];
    const char *at = strstr(library.told, option);
    if (at == NULL)
        return "";
    (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(at + strlen(option) + 1, "\n"),
                   at + strlen(option) + 1);
    return value;
}

/* ---- the cases ----------------------------------------------------------------------------------------- */

/* All that it is told, but for the prefixes that are not to be asked. */
static void all_that_is_told(void **state)
{
    static const char before[] = "outgoing-range: 200\n"
                                 "outgoing-num-tcp: 25\n"
                                 "num-queries-per-thread: 1000\n"
                                 "rrset-cache-size: 80530620\n"
                                 "msg-cache-size: 40265310\n"
                                 "key-cache-size: 10737416\n"
                                 "neg-cache-size: 2684354\n"
                                 "infra-cache-numhosts: 200001\n"
                                 "rrset-cache-slabs: 1\n"
                                 "msg-cache-slabs: 1\n"
                                 "key-cache-slabs: 1\n"
                                 "infra-cache-slabs: 1\n"
                                 "qname-minimisation: no\n"
                                 "aggressive-nsec: no\n"
                                 "target-fetch-policy: 0 0 0 0 0\n"
                                 "minimal-responses: yes\n"
                                 "rrset-roundrobin: no\n"
                                 "use-caps-for-id: no\n"
                                 "harden-glue: yes\n"
                                 "harden-dnssec-stripped: yes\n"
                                 "val-log-level: 2\n"
                                 "do-not-query-localhost: no\n"
                                 "edns-buffer-size: 1232\n"
                                 "outbound-msg-retry: 7\n"
                                 "do-not-query-address: ";
    static const char after[] = "root-hints: /dev/null\n"
                                "anchor /dev/null\n"
                                "test. opened\n"
                                "invalid. opened\n"
                                "onion. opened\n"
                                "question localhost. 1 1\n";
    struct world *world = *state;
    allow_files(world, 1600);
    configure(world, "dns.root_hints", "/dev/null");
    configure(world, "dns.trust_anchor", "/dev/null");
    configure(world, "dns.attempts", "7");
    library.routes_v6 = false; /* a private root may be anywhere */
    assert_non_null(create(world, 2, 1000));
    assert_true(library.quiet);
    if (strncmp(library.told, before, sizeof before - 1) != 0)
        fail_msg("not as it is to begin:\n%s", library.told);
    const char *rest = library.told + sizeof before - 1 - strlen("do-not-query-address: ");
    while (strncmp(rest, "do-not-query-address: ", 22) == 0)
        rest = strchr(rest, '\n') + 1;
    assert_string_equal(rest, after);
    recursive_context_destroy((struct ub_ctx *)world);
    assert_int_equal(library.deleted, 1);
}

/* None that ip_may_reach refuses, but what safety.allow takes out of them. */
static void refused_prefixes_are_not_asked(void **state)
{
    struct world *world = *state;
    struct ip_set refused;
    size_t told = 0;
    assert_non_null(create(world, 1, 100));
    assert_int_equal(ip_refused_set(&world->allow, &refused), ERR_OK);
    for (size_t i = 0; i < refused.count; i++) {
        char ip[IP_TEXT_BYTES], line[2 * IP_TEXT_BYTES];
        (void)snprintf(line, sizeof line, "do-not-query-address: %s/%u",
                       ip_format(&refused.prefixes[i].base, ip), refused.prefixes[i].bits);
        if (!was_told(line))
            fail_msg("not told: %s", line);
    }
    for (const char *at = library.told; (at = strstr(at, "do-not-query-address: ")) != NULL; at++)
        told++;
    assert_int_equal(told, refused.count);
    assert_true(was_told("do-not-query-address: 127.0.0.0/24"));
    assert_false(was_told("do-not-query-address: 127.0.0.0/8"));
    ip_set_dispose(&refused);
}

/* What the log says of an address, as libunbound 1.17 writes it. */
static void write_line(const char *address)
{
    (void)fprintf(library.log, "[1796000000] libunbound[7:0] debug: skip addr on the donotquery list %s\n",
                  address);
    (void)fflush(library.log);
}

/* None in a prefix of the opt-out list, of which the log is read; nothing else makes it heard. */
static void listed_prefixes_are_not_asked(void **state)
{
    struct world *world = *state;
    assert_non_null(create(world, 1, 100));
    assert_true(library.log == NULL && library.level == 0); /* nothing is listed, so nothing is to be heard */
    assert_int_equal(ip_set_parse("192.0.2.0/25,2001:db8::/32", &world->left_alone, NULL), ERR_OK);
    assert_non_null(create(world, 1, 100));
    assert_true(was_told("do-not-query-address: 192.0.2.0/25"));
    assert_true(was_told("do-not-query-address: 2001:db8::/32"));
    assert_true(library.log != NULL && library.level == 4);
    assert_int_equal(recursive_log_heard_ms(), 0);
    write_line("ip4 192.0.2.129 port 53 (len 16)"); /* it may not be asked for another reason */
    write_line("ip6 2001:db9::1 port 53 (len 28)");
    (void)fputs("debug: resolving example.org. A IN\n", library.log);
    (void)fflush(library.log);
    assert_int_equal(recursive_log_heard_ms(), 0);
    write_line("ip4 192.0.2.1 port 53 (len 16)");
    assert_true(recursive_log_heard_ms() > 0);
    ip_set_dispose(&world->left_alone);
}

/* A line that cannot be understood counts: nobody is blamed for what was left undone. */
static void half_a_line_is_heard(void **state)
{
    static const char *const cut[] = {
        "debug: on the donotquery list ip", "debug: on the donotquery list ip4 ",
        "debug: on the donotquery list ip4 192.0.2.1", "debug: on the donotquery list ip4 nobody port 53"};
    struct world *world = *state;
    assert_int_equal(ip_set_parse("192.0.2.0/25", &world->left_alone, NULL), ERR_OK);
    assert_non_null(create(world, 1, 100));
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        recursive_log_read(cut[i], strlen(cut[i]));
    assert_true(recursive_log_heard_ms() > 0);
    ip_set_dispose(&world->left_alone);
}

/* Sockets: a loop's part of the open files, and no more than lookups, between a least and a most. */
static void sockets_follow_the_open_files(void **state)
{
    static const struct {
        rlim_t files;
        uint32_t loops, lookups;
        const char *udp, *tcp;
    } rows[] = {
        {1024, 1, 1000, "256", "32"}, {1024, 4, 1000, "64", "8"}, {1024, 1, 255, "255", "31"},
        {1024, 1, 257, "256", "32"},  {1024, 1, 16, "16", "8"},   {1024, 1, 15, "16", "8"},
        {1024, 1, 17, "17", "8"},     {1024, 16, 100, "16", "8"}, {1024, 15, 100, "17", "8"},
        {40, 1, 1000, "16", "8"},     {1024, 1, 72, "72", "9"},   {1024, 1, 71, "71", "8"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        allow_files(world, rows[i].files);
        assert_non_null(create(world, rows[i].loops, rows[i].lookups));
        char udp[NAME_BYTES];
        (void)snprintf(udp, sizeof udp, "%s", value_of("outgoing-range:"));
        if (strcmp(udp, rows[i].udp) != 0 || strcmp(value_of("outgoing-num-tcp:"), rows[i].tcp) != 0)
            fail_msg("row %zu: %s by UDP, %s by TCP", i, udp, value_of("outgoing-num-tcp:"));
    }
    if (world->files.rlim_max < 8192)
        return;
    allow_files(world, 8192);
    assert_non_null(create(world, 1, 5000));
    assert_string_equal(value_of("outgoing-range:"), "2048");
    assert_string_equal(value_of("outgoing-num-tcp:"), "128");
}

/* One family has no route: it is not tried. Of a machine without any nothing is known. */
static void a_family_without_a_route_is_left_out(void **state)
{
    static const struct {
        bool v4, v6;
        const char *ip4, *ip6;
    } rows[] = {
        {true, true, "", ""}, {true, false, "yes", "no"}, {false, true, "no", "yes"}, {false, false, "", ""}};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        library.routes_v4 = rows[i].v4;
        library.routes_v6 = rows[i].v6;
        assert_non_null(create(world, 1, 100));
        assert_string_equal(value_of("do-ip4:"), rows[i].ip4);
        assert_string_equal(value_of("do-ip6:"), rows[i].ip6);
        assert_false(was_told("test. opened")); /* the public root */
        assert_null(strstr(library.told, "root-hints:"));
        assert_null(strstr(library.told, "anchor"));
    }
}

#define INIT     "initialization failure" /* ub_strerror(UB_INITFAIL) */
#define QUESTION "question localhost. 1 1\n"

/* The first that is not taken is named, nothing is told after it, and nothing is left. A file is blamed if
 * it is the cause alone. */
static void what_is_not_taken_is_named(void **state)
{
    static const struct {
        const char *refuses, *hints, *anchor, *why, *last, *bad;
    } rows[] = {
        {"outgoing-range:", "", "", "libunbound does not take outgoing-range: 16: ", "outgoing-range: 16\n",
         NULL},
        {"val-log-level:", "", "", "libunbound does not take val-log-level: 2: ", "val-log-level: 2\n", NULL},
        {"root-hints:", "/dev/null", "/dev/null",
         "libunbound does not take root-hints: /dev/null: ", "root-hints: /dev/null\n", NULL},
        {"anchor", "/dev/null", "/dev/null", "dns.trust_anchor: /dev/null cannot be used: " INIT,
         "anchor /dev/null\n", NULL},
        {"test.", "/dev/null", "/dev/zero", "dns.trust_anchor: /dev/zero cannot be used: " INIT,
         "test. opened\n", "/dev/zero"},
        {"onion.", "/dev/null", "/dev/zero", "dns.trust_anchor: /dev/zero cannot be used: " INIT,
         "onion. opened\n", "/dev/zero"},
        {"question", "/dev/null", "/dev/zero", "dns.root_hints: /dev/null cannot be used: " INIT, QUESTION,
         "/dev/null"},
        {"question", "/dev/null", "", "dns.root_hints: /dev/null cannot be used: " INIT, QUESTION,
         "/dev/null"},
        {"test.", "/dev/null", "", "dns.root_hints: /dev/null cannot be used: " INIT, "test. opened\n",
         "/dev/null"},
        {"question", "", "/dev/zero", "dns.trust_anchor: /dev/zero cannot be used: " INIT, QUESTION,
         "/dev/zero"},
        {"question", "/dev/null", "/dev/zero", "libunbound: " INIT, QUESTION, NULL}, /* no file's fault */
        {"question", "", "/dev/zero", "libunbound: " INIT, QUESTION, NULL},
        {"question", "", "", "libunbound: " INIT, QUESTION, NULL},
        {"test.", "/dev/null", "/dev/zero", "libunbound: " INIT, "test. opened\n", NULL},
        {NULL, "/nonexistent", "/dev/zero", "dns.root_hints: /nonexistent: No such file", "/16\n", NULL},
        {NULL, "", "/nonexistent", "dns.trust_anchor: /nonexistent: No such file", NULL, NULL},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        configure(world, "dns.root_hints", rows[i].hints);
        configure(world, "dns.trust_anchor", rows[i].anchor);
        library.refuses = rows[i].refuses;
        library.bad = rows[i].bad;
        assert_null(create(world, 1, 16));
        if (strncmp(world->why, rows[i].why, strlen(rows[i].why)) != 0)
            fail_msg("row %zu: %s", i, world->why);
        if (rows[i].refuses != NULL &&
            strcmp(library.told + strlen(library.told) - strlen(rows[i].last), rows[i].last) != 0)
            fail_msg("row %zu: goes on:\n%s", i, library.told);
        assert_null(rows[i].refuses == NULL ? strstr(library.told, "question") : NULL);
        assert_true(library.deleted == 1 && library.contexts == 1);
    }
}

/* Without memory for a second context no file is known to be at fault. */
static void without_memory_no_file_is_blamed(void **state)
{
    struct world *world = *state;
    configure(world, "dns.root_hints", "/dev/null");
    configure(world, "dns.trust_anchor", "/dev/zero");
    library.refuses = "question";
    library.no_second = true;
    assert_null(create(world, 1, 16));
    assert_string_equal(world->why, "libunbound: " INIT);
    assert_true(library.deleted == 1 && library.contexts == 1);
}

static void without_memory_there_is_none(void **state)
{
    struct world *world = *state;
    library.none = true;
    assert_null(create(world, 1, 16));
    assert_non_null(strstr(world->why, "libunbound: "));
    assert_string_equal(library.told, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(all_that_is_told),
        TEST(refused_prefixes_are_not_asked),
        TEST(listed_prefixes_are_not_asked),
        TEST(half_a_line_is_heard),
        TEST(sockets_follow_the_open_files),
        TEST(a_family_without_a_route_is_left_out),
        TEST(what_is_not_taken_is_named),
        TEST(without_memory_no_file_is_blamed),
        TEST(without_memory_there_is_none),
    };
    return cmocka_run_group_tests_name("recursive context", tests, NULL, NULL);
}
