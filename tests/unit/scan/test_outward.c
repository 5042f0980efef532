/* What is opened beside the scan directory, what is refused with which words, and that files are whole. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/ip.h"
#include "scanner/scan/outward.h"

#define STATUS_HEAD                                                                                          \
    "{\n  \"schema\": 1,\n  \"tool\": \"stsweep\",\n  \"version\": \"0.1.0\",\n  \"pid\": 12,\n"
#define META_HEAD                                                                                            \
    "{\n  \"schema\": 1,\n  \"tool\": \"stsweep\",\n  \"version\": \"0.1.0\",\n  \"state\": \"done\",\n"
#define EVENT "{\"time\":\"2026-11-30T00:00:00.000Z\",\"event\":\"start\",\"version\":\"0.1.0\"}\n"
#define LONG                                                                                                 \
    "                                                                                                    "   \
    "                                                                                                    "   \
    "                                                                                                    \n"

static char place[64];
static struct config config;
static struct buf why;
static struct outward outward;

static const char *in_place(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

static int begin(void **state)
{
    (void)state;
    (void)snprintf(place, sizeof place, "/tmp/stsweep-outward-XXXXXX");
    if (mkdtemp(place) == NULL || config_init(&config) != ERR_OK)
        return 1;
    buf_init(&why, 4096);
    return 0;
}

static int end(void **state)
{
    static const char *const left[] = {"log", "status", "status.new", "pipe", "link", "target"};
    (void)state;
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++)
        (void)remove(in_place(left[i]));
    config_dispose(&config);
    buf_dispose(&why);
    return rmdir(place);
}

static enum error open_with(const char *name, const char *value)
{
    buf_reset(&why);
    assert_int_equal(config_set(&config, name, value, "test", &why), ERR_OK);
    return outward_open(&outward, &config, stderr, &why);
}

static const char *content(const char *name)
{
    static char text[1024];
    FILE *file = fopen(in_place(name), "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

static void test_nothing(void **state)
{
    (void)state;
    assert_int_equal(outward_open(&outward, &config, stderr, &why), ERR_OK);
    assert_true(outward.listener == -1 && outward.log_fd == -1 && outward.status_dir == NULL);
    assert_true(outward_log(&outward, bytes_of("a\n")) && outward_status(&outward, bytes_of("a\n")));
    outward_close(&outward);
}

static void test_log(void **state)
{
    (void)state;
    for (int run = 0; run < 2; run++) { /* a resume goes on behind what is there */
        assert_int_equal(open_with("output.log", in_place("log")), ERR_OK);
        assert_true(outward_log(&outward, bytes_of(EVENT)));
        outward_close(&outward);
    }
    assert_string_equal(content("log"), EVENT EVENT);
}

/* A line that was cut spoils itself alone: the disk was full, or the machine crashed. */
static void test_log_cut(void **state)
{
    (void)state;
    struct rlimit before, tight;
    (void)remove(in_place("log"));
    assert_int_equal(open_with("output.log", in_place("log")), ERR_OK);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = sizeof EVENT - 1 + 5;
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    bool first = outward_log(&outward, bytes_of(EVENT)), cut = outward_log(&outward, bytes_of(EVENT));
    bool none = outward_log(&outward, bytes_of(EVENT));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(first && !cut && !none);
    assert_string_equal(content("log"), EVENT "{\"tim");
    assert_true(outward_log(&outward, bytes_of("a\n")) && outward_log(&outward, bytes_of("b\n")));
    assert_string_equal(content("log"), EVENT "{\"tim\na\nb\n");
    outward_close(&outward);
    assert_int_equal(truncate(in_place("log"), sizeof EVENT + 2), 0);
    assert_int_equal(open_with("output.log", in_place("log")), ERR_OK);
    assert_true(outward_log(&outward, bytes_of("c\n")) && outward_log(&outward, bytes_of("d\n")));
    assert_string_equal(content("log"), EVENT "{\"t\nc\nd\n");
    outward_close(&outward);
}

static void test_status(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(open_with("output.status", in_place("status")), ERR_OK);
    assert_true(outward_status(&outward, bytes_of("a longer one\n")));
    assert_true(outward_status(&outward, bytes_of("one\n")));
    assert_string_equal(content("status"), "one\n");
    assert_int_not_equal(stat(in_place("status.new"), &status), 0);
    /* What cannot be written leaves what is there. */
    assert_int_equal(mkdir(in_place("status.new"), 0700), 0);
    assert_false(outward_status(&outward, bytes_of("two\n")));
    assert_string_equal(content("status"), "one\n");
    assert_int_equal(rmdir(in_place("status.new")), 0);
    assert_true(outward_status(&outward, bytes_of("two\n")));
    assert_string_equal(content("status"), "two\n");
    outward_close(&outward);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(in_place("pipe"), 0600), 0);
    assert_int_equal(symlink("target", in_place("link")), 0);
    const struct {
        const char *option, *value, *words;
    } cases[] = {
        {"output.log", "no/such/place", "it cannot be opened: No such file or directory"},
        {"output.log", "pipe", "it "},
        {"output.log", "link", "it cannot be opened: "},
        {"output.log", ".", "it "},
        {"output.status", "no/such", "there is no directory "},
        {"output.status", "pipe", "something else than a file stands there"},
        {"output.status", "link", "something else than a file stands there"},
        {"output.status", "", "it names no file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum error error = open_with(cases[i].option, in_place(cases[i].value));
        if (error == ERR_OK || strstr(buf_string(&why), cases[i].words) == NULL)
            fail_msg("%s=%s: %s: %s", cases[i].option, cases[i].value, error_text(error), buf_string(&why));
        outward_close(&outward);
        assert_int_equal(config_set(&config, cases[i].option, "", "test", &why), ERR_OK);
    }
    struct stat status;
    assert_int_not_equal(stat(in_place("target"), &status), 0); /* nothing was made through the link */
}

static void put_file(const char *name, const char *text)
{
    FILE *file = fopen(in_place(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* What was named by mistake, the list above all, is neither replaced nor written to; what is ours is. */
static void test_mistaken(void **state)
{
    (void)state;
    static const struct {
        const char *option, *name, *there, *words; /* NULL: it is taken */
    } cases[] = {
        {"output.status", "status", "one.example\n", "something else than a status file stands there"},
        {"output.status", "status", META_HEAD LONG, "something else than a status file stands there"},
        {"output.status", "status", EVENT, "something else than a status file stands there"},
        {"output.status", "status", STATUS_HEAD LONG, NULL},
        {"output.status", "status", "{\n  \"sch", NULL}, /* of a full disk */
        {"output.status", "status", "", NULL},
        {"output.status", "status.new", "one.example\n", "something else than a status file stands there"},
        {"output.status", "status.new", "{\n", NULL},
        {"output.log", "log", "one.example\n", "something else than a log stands there"},
        {"output.log", "log", STATUS_HEAD LONG, "something else than a log stands there"},
        {"output.log", "log", "{\"time\":\"x\"}\n", "something else than a log stands there"},
        {"output.log", "log", EVENT, NULL},
        {"output.log", "log", EVENT EVENT "{\"ti", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool is_log = strcmp(cases[i].option, "output.log") == 0;
        put_file(cases[i].name, cases[i].there);
        enum error error = open_with(cases[i].option, in_place(is_log ? "log" : "status"));
        bool refused = cases[i].words != NULL;
        if (error != (refused ? ERR_EXISTS : ERR_OK) ||
            (refused && strstr(buf_string(&why), cases[i].words) == NULL))
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&why));
        assert_true(!refused || outward_log(&outward, bytes_of("refused\n")));
        assert_string_equal(content(cases[i].name), cases[i].there);
        outward_close(&outward);
        assert_int_equal(config_set(&config, cases[i].option, "", "test", &why), ERR_OK);
        (void)remove(in_place(cases[i].name));
    }
}

/* The places of the scan's own files, and of the log. */
static void test_one_place(void **state)
{
    (void)state;
    assert_int_equal(config_set(&config, "output.log", in_place("log"), "test", &why), ERR_OK);
    assert_int_equal(open_with("output.status", in_place("log")), ERR_EXISTS);
    assert_non_null(strstr(buf_string(&why), "that is the log's place"));
    outward_close(&outward);
    assert_int_equal(config_set(&config, "output.log", in_place("status.new"), "test", &why), ERR_OK);
    assert_int_equal(open_with("output.status", in_place("status")), ERR_EXISTS);
    assert_non_null(strstr(buf_string(&why), "that is the log's place"));
    outward_close(&outward);
    assert_int_equal(config_set(&config, "output.log", "", "test", &why), ERR_OK);
    assert_int_equal(config_set(&config, "output.dir", place, "test", &why), ERR_OK);
    assert_int_equal(open_with("output.status", in_place("status")), ERR_EXISTS);
    assert_non_null(strstr(buf_string(&why), "that is in the scan directory"));
    outward_close(&outward);
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        const char *ip;
        uint16_t port;
    } cases[] = {
        {"9464", true, "127.0.0.1", 9464},
        {"127.0.0.2:80", true, "127.0.0.2", 80},
        {"[::1]:9464", true, "::1", 9464},
        {"0.0.0.0:1", true, "0.0.0.0", 1},
        {"0", false, NULL, 0},
        {"65536", false, NULL, 0},
        {":9464", false, NULL, 0},
        {"127.0.0.1", false, NULL, 0},
        {"::1", false, NULL, 0},
        {"localhost:9464", false, NULL, 0},
        {"127.0.0.1:0", false, NULL, 0},
        {"9464 ", false, NULL, 0},
        {"-1", false, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ip_addr ip;
        uint16_t port;
        char text[IP_TEXT_BYTES];
        assert_int_equal(config_set(&config, "metrics.listen", cases[i].text, "test", &why), ERR_OK);
        if (config_listen(&config, &ip, &port) != cases[i].good)
            fail_msg("%s", cases[i].text);
        assert_int_equal(config_check(&config, &why), cases[i].good ? ERR_OK : ERR_CONFIG);
        if (!cases[i].good)
            continue;
        assert_string_equal(ip_format(&ip, text), cases[i].ip);
        assert_int_equal(port, cases[i].port);
    }
}

static void test_listening(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char *warned = NULL, text[32];
    size_t warned_len = 0;
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(text, sizeof text, "%u", ntohs(address.sin_port));
    assert_int_equal(open_with("metrics.listen", text), ERR_CONFIG);
    assert_non_null(strstr(buf_string(&why), ": nobody can ask there: Address already in use"));
    outward_close(&outward);
    assert_int_equal(close(taken), 0);
    for (int others = 0; others < 2; others++) {
        FILE *out = open_memstream(&warned, &warned_len);
        (void)snprintf(text, sizeof text, "%s%u", others ? "0.0.0.0:" : "", ntohs(address.sin_port));
        assert_int_equal(config_set(&config, "metrics.listen", text, "test", &why), ERR_OK);
        assert_int_equal(outward_open(&outward, &config, out, &why), ERR_OK);
        assert_true(outward.listener > 2);
        outward_close(&outward);
        assert_int_equal(fclose(out), 0);
        assert_int_equal(strstr(warned, "WARNING: metrics.listen: whoever reaches 0.0.0.0:") != NULL, others);
        free(warned);
        warned = NULL;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_log, begin, end),
        cmocka_unit_test_setup_teardown(test_log_cut, begin, end),
        cmocka_unit_test_setup_teardown(test_status, begin, end),
        cmocka_unit_test_setup_teardown(test_refused, begin, end),
        cmocka_unit_test_setup_teardown(test_mistaken, begin, end),
        cmocka_unit_test_setup_teardown(test_one_place, begin, end),
        cmocka_unit_test_setup_teardown(test_forms, begin, end),
        cmocka_unit_test_setup_teardown(test_listening, begin, end),
    };
    return cmocka_run_group_tests_name("outward", tests, NULL, NULL);
}
