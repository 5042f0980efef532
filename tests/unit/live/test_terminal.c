/* What is written where: on a terminal messages stand above the screen, which is drawn over itself in one
 * write; elsewhere a line a minute; quietly only warnings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "output/live/terminal.h"
#include "tests/unit/live/a_state.h"

enum { READ_BYTES = 1 << 18, STALLED_S = 60 };

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        bool quiet, is_terminal;
        const char *term;
        enum terminal_mode mode;
    } cases[] = {
        {false, true, "xterm-256color", TERMINAL_LIVE},
        {false, true, "dumb", TERMINAL_LINES},
        {false, true, NULL, TERMINAL_LINES},
        {false, true, "", TERMINAL_LINES},
        {false, false, "xterm", TERMINAL_LINES},
        {true, true, "xterm", TERMINAL_QUIET},
        {true, false, NULL, TERMINAL_QUIET},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(terminal_mode_of(cases[i].quiet, cases[i].is_terminal, cases[i].term),
                         cases[i].mode);
}

struct ends {
    int here, there; /* what is written there is read here */
};

static struct ends open_terminal(unsigned short rows, unsigned short columns)
{
    const struct winsize size = {.ws_row = rows, .ws_col = columns};
    struct termios settings;
    int here = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(here >= 0 && grantpt(here) == 0 && unlockpt(here) == 0);
    assert_int_equal(ioctl(here, TIOCSWINSZ, &size), 0);
    int there = open(ptsname(here), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_int_equal(tcgetattr(there, &settings), 0);
    settings.c_oflag &= ~(tcflag_t)OPOST; /* what is read is what was written */
    assert_int_equal(tcsetattr(there, TCSANOW, &settings), 0);
    return (struct ends){here, there};
}

static void close_ends(struct ends *ends)
{
    assert_int_equal(close(ends->here), 0);
    assert_int_equal(close(ends->there), 0);
}

/* Returns what was written up to now; it is less than a pty or pipe holds. */
static const char *written(const struct ends *ends)
{
    static char text[READ_BYTES];
    size_t len = 0;
    assert_int_equal(write(ends->there, "\001", 1), 1);
    while (len == 0 || text[len - 1] != '\001') {
        ssize_t got = read(ends->here, text + len, sizeof text - 1 - len);
        assert_true(got > 0);
        len += (size_t)got;
    }
    text[len - 1] = '\0';
    return text;
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;
    for (; (text = strstr(text, what)) != NULL; text++)
        found++;
    return found;
}

static void test_screen_stays(void **state)
{
    (void)state;
    static struct live_state at;
    struct terminal terminal;
    struct ends ends = open_terminal(24, 80);
    a_state(&at);
    assert_int_equal(terminal_init(&terminal, ends.there, TERMINAL_LIVE, false, at.now_ms), ERR_OK);
    terminal_show(&terminal, &at);
    assert_string_equal(written(&ends), ""); /* it is not time to */
    at.now_ms += 500;
    terminal_show(&terminal, &at);
    const char *text = written(&ends);
    assert_int_equal(strncmp(text, "stsweep   running ", 18), 0);
    assert_int_equal(count(text, "\n"), 20);
    assert_int_equal(count(text, "\033[K\n"), 20);
    at.now_ms += 499;
    terminal_show(&terminal, &at);
    assert_string_equal(written(&ends), "");
    at.now_ms += 1;
    terminal_show(&terminal, &at);
    text = written(&ends);
    assert_int_equal(strncmp(text, "\033[20A\rstsweep   running ", 24),
                     0); /* over itself, nothing is wiped first */
    assert_int_equal(count(text, "\033[J"), 1);
    assert_string_equal(text + strlen(text) - 3, "\033[J");
    terminal_clear(&terminal);
    assert_string_equal(written(&ends), "\033[20A\r\033[J");
    terminal_clear(&terminal);
    assert_string_equal(written(&ends), "");
    terminal_dispose(&terminal);
    assert_string_equal(written(&ends), "");
    close_ends(&ends);
}

static void test_messages_above(void **state)
{
    (void)state;
    static struct live_state at;
    struct terminal terminal;
    struct ends ends = open_terminal(24, 80);
    a_state(&at);
    assert_int_equal(terminal_init(&terminal, ends.there, TERMINAL_LIVE, false, at.now_ms), ERR_OK);
    (void)fputs("before there is a screen\n", terminal.news);
    assert_string_equal(written(&ends), "before there is a screen\n");
    at.now_ms += 500;
    terminal_show(&terminal, &at);
    (void)written(&ends);
    (void)fputs("half a line", terminal.said);
    (void)fflush(terminal.said);
    assert_string_equal(written(&ends), "");
    (void)fputs(", and its end\n", terminal.said);
    const char *text = written(&ends);
    const char *begin = "\033[20A\r\033[Jhalf a line, and its end\nstsweep   running ";
    assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
    assert_int_equal(count(text, "\n"), 21);
    /* Another size: all that is known is wiped, and what was said is said again. */
    const struct winsize size = {.ws_row = 40, .ws_col = 120};
    assert_int_equal(ioctl(ends.here, TIOCSWINSZ, &size), 0);
    terminal_show(&terminal, &at);
    text = written(&ends);
    begin = "\033[H\033[Jbefore there is a screen\nhalf a line, and its end\nstsweep   running ";
    assert_int_equal(strncmp(text, begin, strlen(begin)), 0);
    assert_int_equal(count(text, "\n"), 2 + 28);
    /* Too small for the screen: its lines, as many as there is room for. */
    const struct winsize small = {.ws_row = 5, .ws_col = 40};
    assert_int_equal(ioctl(ends.here, TIOCSWINSZ, &small), 0);
    terminal_show(&terminal, &at);
    text = written(&ends);
    assert_non_null(strstr(text, "1m 23s: 2491 of 10202"));
    assert_true(count(text, "\033[K\n") <= 4);
    terminal_dispose(&terminal);
    close_ends(&ends);
}

static size_t heard_count;
static char heard_last[128];

static void hear(void *arg, bool is_news, const char *line)
{
    assert_ptr_equal(arg, &heard_count);
    heard_count++;
    (void)snprintf(heard_last, sizeof heard_last, "%d %s", is_news, line);
}

/* What a scan of 150 s says elsewhere: a line after each minute, and none of it moves a cursor. */
static void test_lines_and_quiet(void **state)
{
    (void)state;
    static struct live_state at;
    for (int quiet = 0; quiet < 2; quiet++) {
        struct terminal terminal;
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        struct ends ends = {fds[0], fds[1]};
        a_state(&at);
        assert_int_equal(
            terminal_init(&terminal, ends.there, quiet ? TERMINAL_QUIET : TERMINAL_LINES, true, at.now_ms),
            ERR_OK);
        heard_count = 0;
        terminal_listen(&terminal, hear, &heard_count);
        for (int ms = 0; ms < 150000; ms += 500, at.now_ms += 500)
            terminal_show(&terminal, &at);
        (void)fputs("preflight: clock: fine\npreflight: x: WARNING: not fine\n", terminal.news);
        (void)fputs("stopped\n", terminal.said);
        assert_int_equal(heard_count, 3); /* whoever listens hears all */
        assert_string_equal(heard_last, "0 stopped");
        const char *text = written(&ends);
        assert_int_equal(count(text, "1m 23s: 2491 of 10202 (24.4 %) done"), quiet ? 0 : 2);
        assert_int_equal(count(text, "\n"), quiet ? 2 : 5);
        assert_int_equal(count(text, "clock: fine"), !quiet);
        assert_int_equal(count(text, "x: WARNING: not fine\n"), 1);
        assert_int_equal(count(text, "stopped\n"), 1);
        assert_int_equal(count(text, "\033"), 0);
        terminal_print(&terminal, &at); /* asked for */
        assert_int_equal(count(written(&ends), "1m 23s: 2491 of 10202"), 1);
        (void)fputs("no end", terminal.news); /* it is not lost */
        terminal_dispose(&terminal);
        assert_string_equal(written(&ends), quiet ? "" : "no end\n");
        close_ends(&ends);
    }
}

/* Nobody reads: nobody who says something is held up. When it is read again, what was said comes in its
 * order, and how much is missing is told; the log heard all of it. */
static void test_nobody_reads(void **state)
{
    (void)state;
    static struct live_state at;
    static char text[4 * READ_BYTES];
    enum { MESSAGES = 5000, MODES = 3 };
    for (int mode = 0; mode < MODES; mode++) {
        struct terminal terminal;
        struct ends ends;
        int fds[2];
        if (mode == 0) {
            ends = open_terminal(24, 80);
        } else {
            assert_int_equal(mode == 1 ? pipe(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
            ends = (struct ends){fds[0], fds[1]};
        }
        a_state(&at);
        assert_int_equal(terminal_init(&terminal, ends.there, mode == 0 ? TERMINAL_LIVE : TERMINAL_LINES,
                                       false, at.now_ms),
                         ERR_OK);
        heard_count = 0;
        terminal_listen(&terminal, hear, &heard_count);
        (void)alarm(STALLED_S); /* whoever is held up ends so */
        for (int i = 0; i < MESSAGES; i++) {
            (void)fprintf(terminal.said, "message %d, %0100d\n", i, i);
            at.now_ms += 500;
            terminal_show(&terminal, &at);
        }
        (void)alarm(0);
        assert_int_equal(heard_count, MESSAGES);
        assert_true(terminal.lost > 0 && terminal.lost < MESSAGES);
        unsigned long long lost = terminal.lost;
        size_t len = 0;
        int64_t stalled_ms = at.now_ms;
        while (terminal.lost > 0 || terminal.outlet.waiting.len > 0 || at.now_ms < stalled_ms + 2000) {
            ssize_t got = poll(&(struct pollfd){.fd = ends.here, .events = POLLIN}, 1, 0) > 0
                              ? read(ends.here, text + len, sizeof text - 1 - len)
                              : 0;
            assert_true(got >= 0);
            len += (size_t)got;
            at.now_ms += 500;
            terminal_show(&terminal, &at);
        }
        (void)snprintf(text + len, sizeof text - len, "%s", written(&ends));
        const char *place = text;
        for (unsigned long long i = 0; i < MESSAGES - lost; i++) {
            char message[32];
            (void)snprintf(message, sizeof message, "message %llu, ", i);
            place = strstr(place, message);
            assert_non_null(place);
        }
        char told[64];
        (void)snprintf(told, sizeof told, "WARNING: %llu messages are missing here", lost);
        assert_non_null(strstr(place, told));
        assert_int_equal(count(text, "messages are missing here"), 1);
        if (mode == 0)
            assert_non_null(strstr(strstr(place, told), "stsweep   running "));
        terminal_dispose(&terminal);
        close_ends(&ends);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),          cmocka_unit_test(test_screen_stays),
        cmocka_unit_test(test_messages_above), cmocka_unit_test(test_lines_and_quiet),
        cmocka_unit_test(test_nobody_reads),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
