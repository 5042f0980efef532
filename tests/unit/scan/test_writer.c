/* The writer's thread: every line in order, each error heard once and for all. The store is a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "scanner/scan/writer.h"

/* ---- a store that fails when it is told to --------------------------------------------------------------
 */

static struct {
    char lines[256]; /* one behind the other */
    uint64_t ordinals;
    unsigned appended, counted, commits;
    enum error append, commit, tick; /* what it says */
    _Atomic(int) ticks;
    bool knows; /* every certificate */
    pthread_t thread;
} store_script;

static enum error says(enum error error, struct buf *why, const char *what)
{
    store_script.thread = pthread_self();
    if (error != ERR_OK)
        (void)buf_printf(why, "%s failed", what);
    return error;
}

enum error store_append(struct store *store, enum store_stream stream, struct bytes line,
                        const struct tally *tally, int64_t now_ms, struct buf *why)
{
    (void)store, (void)now_ms;
    size_t len = strlen(store_script.lines);
    (void)snprintf(store_script.lines + len, sizeof store_script.lines - len, "%d:%.*s ", (int)stream,
                   (int)line.len, (const char *)line.data);
    store_script.ordinals += tally == NULL ? 0 : tally->ordinal;
    store_script.appended++;
    return says(store_script.append, why, "append");
}

void store_count(struct store *store, struct bytes packed)
{
    (void)store;
    assert_true(packed.len == 0 || bytes_equal(packed, bytes_of("groups")));
    store_script.counted += packed.len > 0;
}

bool store_cert_is_new(struct store *store, const uint8_t sha256[32])
{
    (void)store;
    return sha256[0] == 1 && !store_script.knows;
}

enum error store_tick(struct store *store, int64_t now_ms, int64_t *next_ms, struct buf *why)
{
    (void)store, (void)now_ms;
    *next_ms = 1;
    enum error error = says(store_script.tick, why, "tick");
    atomic_fetch_add(&store_script.ticks, 1);
    return error;
}

enum error store_commit(struct store *store, struct buf *why)
{
    (void)store;
    store_script.commits++;
    return says(store_script.commit, why, "commit");
}

/* ---- a writer -------------------------------------------------------------------------------------------
 */

enum { PATIENCE_S = 30 };

struct bench {
    struct writer *writer;
    atomic_uint heard; /* `failed` was called so often */
    sem_t failed;
    unsigned acted;
    enum error act;
};

static void on_failed(void *arg)
{
    struct bench *bench = arg;
    assert_true(pthread_equal(pthread_self(), store_script.thread));
    atomic_fetch_add(&bench->heard, 1);
    sem_post(&bench->failed);
}

static enum error on_act(void *arg, struct store *store, struct buf *why)
{
    struct bench *bench = arg;
    (void)store;
    bench->acted++;
    return says(bench->act, why, "act");
}

static void bench_open(struct bench *bench)
{
    memset(bench, 0, sizeof *bench);
    assert_int_equal(sem_init(&bench->failed, 0, 0), 0);
    bench->writer = writer_create(NULL, on_failed, bench);
    assert_non_null(bench->writer);
}

static void line(struct bench *bench, enum store_stream stream, const char *text)
{
    const struct tally tally = {.ordinal = 7};
    const uint8_t sha256[32] = {1};
    const struct writer_line added = {.stream = stream,
                                      .line = bytes_of(text),
                                      .tally = stream == STORE_DOMAINS ? &tally : NULL,
                                      .sha256 = stream == STORE_CERTS ? sha256 : NULL,
                                      .packed = bytes_of(stream == STORE_DOMAINS ? "groups" : "")};
    assert_int_equal(writer_add(bench->writer, &added), ERR_OK);
}

/* The error is said, once, with the words of what failed first; nothing is written after it. */
static void expect_error(struct bench *bench, enum error error, const char *words)
{
    struct buf why;
    unsigned appended, commits;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    assert_int_equal(sem_timedwait(&bench->failed, &until), 0);
    buf_init(&why, 256);
    assert_int_equal(writer_error(bench->writer, &why), error);
    assert_string_equal(buf_string(&why), words);
    appended = store_script.appended;
    commits = store_script.commits;
    bench->acted = 0;
    line(bench, STORE_DOMAINS, "late");
    assert_int_equal(writer_barrier(bench->writer, on_act, bench), error);
    assert_int_equal(writer_finish(bench->writer), error);
    assert_int_equal(bench->acted, 0);
    assert_int_equal(store_script.appended, appended);
    assert_int_equal(store_script.commits, commits);
    assert_int_equal(writer_backlog(bench->writer), 0);
    assert_int_equal(atomic_load(&bench->heard), 1);
    buf_reset(&why);
    assert_int_equal(writer_error(bench->writer, &why), error);
    assert_string_equal(buf_string(&why), words);
    buf_dispose(&why);
}

static void bench_close(struct bench *bench)
{
    writer_destroy(bench->writer);
    sem_destroy(&bench->failed);
}

static int set_up(void **state)
{
    (void)state;
    memset(&store_script, 0, sizeof store_script);
    return 0;
}

/* ---- tests ----------------------------------------------------------------------------------------------
 */

static void lines_are_written_in_order_and_committed(void **state)
{
    struct bench bench;
    struct buf why;
    (void)state;
    bench_open(&bench);
    line(&bench, STORE_HOSTS, "a");
    line(&bench, STORE_CERTS, "b");
    line(&bench, STORE_DOMAINS, "c");
    line(&bench, STORE_REJECTS, "");
    assert_int_equal(writer_barrier(bench.writer, on_act, &bench), ERR_OK);
    assert_string_equal(store_script.lines, "2:a 1:b 3:c 0: ");
    assert_int_equal(store_script.ordinals, 7);
    assert_int_equal(store_script.counted, 1); /* what was packed beside a line */
    assert_int_equal(store_script.commits, 1);
    assert_int_equal(bench.acted, 1);
    assert_int_equal(writer_backlog(bench.writer), 0);
    store_script.knows = true; /* the writer's thread waits */
    line(&bench, STORE_CERTS, "d");
    line(&bench, STORE_HOSTS, "e");
    assert_int_equal(writer_finish(bench.writer), ERR_OK);
    assert_string_equal(store_script.lines, "2:a 1:b 3:c 0: 2:e ");
    assert_int_equal(store_script.commits, 2);
    assert_int_equal(writer_backlog(bench.writer), 0);
    buf_init(&why, 256);
    assert_int_equal(writer_error(bench.writer, &why), ERR_OK);
    assert_int_equal(why.len, 0);
    buf_dispose(&why);
    assert_int_equal(atomic_load(&bench.heard), 0);
    bench_close(&bench);
}

static void a_line_that_cannot_be_written_is_heard(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench);
    store_script.append = ERR_FULL;
    line(&bench, STORE_HOSTS, "a");
    line(&bench, STORE_HOSTS, "b");
    expect_error(&bench, ERR_FULL, "append failed");
    assert_string_equal(store_script.lines, "2:a ");
    assert_int_equal(store_script.counted, 0);
    bench_close(&bench);
}

static void what_cannot_be_committed_is_heard(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench);
    store_script.commit = ERR_IO;
    assert_int_equal(writer_barrier(bench.writer, on_act, &bench), ERR_IO);
    assert_int_equal(bench.acted, 0);
    expect_error(&bench, ERR_IO, "commit failed");
    bench_close(&bench);
}

static void an_act_that_fails_is_heard(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench);
    bench.act = ERR_FULL;
    assert_int_equal(writer_barrier(bench.writer, on_act, &bench), ERR_FULL);
    expect_error(&bench, ERR_FULL, "act failed");
    bench_close(&bench);
}

/* Nobody posts anything: the time for a flush has come. */
static void a_flush_that_fails_is_heard(void **state)
{
    struct bench bench;
    (void)state;
    store_script.tick = ERR_IO;
    bench_open(&bench);
    expect_error(&bench, ERR_IO, "tick failed");
    assert_int_equal(atomic_load(&store_script.ticks), 1); /* and is not tried again */
    bench_close(&bench);
}

/* As many ticks as the store asks for, each at its time, though no line comes. */
static void the_store_is_asked_when_it_said(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench);
    while (atomic_load(&store_script.ticks) < 5)
        (void)sched_yield();
    assert_int_equal(writer_finish(bench.writer), ERR_OK);
    bench_close(&bench);
}

/* Without a word to anybody: what waits is written all the same. */
static void a_writer_that_is_destroyed_has_written(void **state)
{
    struct bench bench;
    (void)state;
    bench_open(&bench);
    line(&bench, STORE_HOSTS, "a");
    bench_close(&bench);
    assert_string_equal(store_script.lines, "2:a ");
    assert_int_equal(store_script.commits, 1);
    writer_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lines_are_written_in_order_and_committed, set_up),
        cmocka_unit_test_setup(a_line_that_cannot_be_written_is_heard, set_up),
        cmocka_unit_test_setup(what_cannot_be_committed_is_heard, set_up),
        cmocka_unit_test_setup(an_act_that_fails_is_heard, set_up),
        cmocka_unit_test_setup(a_flush_that_fails_is_heard, set_up),
        cmocka_unit_test_setup(the_store_is_asked_when_it_said, set_up),
        cmocka_unit_test_setup(a_writer_that_is_destroyed_has_written, set_up),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
