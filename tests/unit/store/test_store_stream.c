/* Records that go to standard output: in order, also to a slow reader, and what is said if nobody reads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>

#include "tests/unit/store/store_place.h"

/* Puts a pipe in the place of standard output; returns its reading end. */
static int redirect(int *saved)
{
    int ends[2];
    fflush(stdout);
    *saved = dup(STDOUT_FILENO);
    assert_true(*saved >= 0 && pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    close(ends[1]);
    return ends[0];
}

static void restore(int saved)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

static void test_streaming(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    const uint8_t sha256[32] = {1};
    char text[8192];
    int saved;
    int64_t next;
    options.dir = "-";
    int reader = redirect(&saved);
    enum error created = store_create(&options, &store, &place->why);
    enum error put = put_domain(store, 1, 0, &place->why);
    put = put == ERR_OK ? put_domain(store, 2, 0, &place->why) : put;
    enum error others = put_host(store, 1, &place->why);
    others = others == ERR_OK ? put_reject(store, 3, &place->why) : others;
    enum error meta = put_meta(store, "scanning", &place->why);
    bool is_new = store_cert_is_new(store, sha256);
    enum error early = store_tick(store, 400, &next, &place->why);
    int64_t wait = next;
    enum error late = store_tick(store, 1000, &next, &place->why);
    restore(saved);
    ssize_t len = read(reader, text, sizeof text - 1);
    close(reader);
    assert_true(created == ERR_OK && put == ERR_OK && others == ERR_OK && meta == ERR_OK);
    assert_true(early == ERR_OK && late == ERR_OK);
    assert_false(is_new);
    assert_int_equal(wait, 600);
    assert_int_equal(next, -1);
    assert_true(len > 0);
    text[len] = 0;
    assert_non_null(strstr(text, "\"ordinal\":1,"));
    assert_non_null(strstr(text, "}\n{\"schema\":1,\"ordinal\":2,"));
    assert_null(strstr(text, "mx1"));
    assert_int_equal(store_dir_fd(store), -1);
    assert_int_equal(store_summary(store)->records, 2);
    assert_int_equal(store_summary(store)->rejects, 1);
    store_destroy(store);
    assert_int_equal(store_resume(&options, &store, &place->why), ERR_NOT_FOUND);
}

static void test_streaming_to_nobody(void **state)
{
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    int saved;
    options.dir = "-";
    (void)signal(SIGPIPE, SIG_IGN);
    close(redirect(&saved));
    enum error error = store_create(&options, &store, &place->why);
    for (uint64_t i = 1; error == ERR_OK && i < 100000; i++)
        error = put_domain(store, i, 0, &place->why);
    restore(saved);
    assert_int_equal(error, ERR_IO);
    assert_non_null(strstr(buf_string(&place->why), "Broken pipe"));
    store_destroy(store);
}

/* A reader that is slow, at a pipe that does not block: everything arrives, in order. */
static void test_streaming_waits_for_a_slow_reader(void **state)
{
    enum { RECORDS = 3000 };
    struct place *place = *state;
    struct store *store = NULL;
    struct store_options options = options_of(place);
    int saved, exit_status = -1;
    options.dir = "-";
    int reader = redirect(&saved);
    assert_int_equal(fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK), 0);
    pid_t child = fork();
    if (child == 0) {
        enum error error = store_create(&options, &store, &place->why);
        for (uint64_t i = 1; error == ERR_OK && i <= RECORDS; i++)
            error = put_domain(store, i, 0, &place->why);
        if (error == ERR_OK)
            error = store_commit(store, &place->why);
        _exit((int)error);
    }
    restore(saved);
    static char chunk[65536];
    unsigned lines = 0;
    for (ssize_t got = 1; got > 0;) {
        usleep(500);
        got = read(reader, chunk, sizeof chunk);
        for (ssize_t i = 0; i < got; i++)
            lines += chunk[i] == '\n';
    }
    close(reader);
    assert_int_equal(waitpid(child, &exit_status, 0), child);
    assert_int_equal(exit_status, 0);
    assert_int_equal(lines, RECORDS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_streaming),
        CASE(test_streaming_to_nobody),
        CASE(test_streaming_waits_for_a_slow_reader),
    };
    return cmocka_run_group_tests_name("store stream", tests, NULL, NULL);
}
