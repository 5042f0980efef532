/* output/readback/group_counts, group_runs and group_top: exact whatever the memory, in one order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "output/readback/group_runs.h"
#include "output/readback/group_top.h"

enum { GROUPS = 3000, DOMAINS = 60000, PLENTY = 256 << 20, SCARCE = 16 << 10 };

/* What was counted of one group, kept apart. */
struct plain {
    uint64_t domains, gain, refused;
    uint64_t expired, weak, timeouts;
};

struct plain_counts {
    struct plain groups[2][GROUPS];
    uint64_t seen[2];
    size_t wrong;
};

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static struct group_failure expired = {NULL, FAIL_SMTP_TLS_EXPIRED, false};
static struct group_failure weak = {&expired, FAIL_SMTP_TLS_WEAK, false};
static struct group_failure timed_out = {NULL, FAIL_SMTP_TCP_TIMEOUT, true};

/* Counts domains at random: of two kinds that have groups of the same names, some large, most small. */
static void count_some(struct group_counts *counts, struct plain_counts *plain, struct buf *why)
{
    uint64_t state = 7;
    for (size_t i = 0; i < DOMAINS; i++) {
        char name[64];
        size_t group = draw(&state) % 4 == 0 ? draw(&state) % 5 : draw(&state) % GROUPS,
               kind = draw(&state) % 2;
        struct group_member member = {.gains = draw(&state) % 3 == 0};
        enum outcome outcome = draw(&state) % 2 == 0 ? OUTCOME_REFUSED : OUTCOME_ABSENT;
        struct plain *of = &plain->groups[kind][group];
        unsigned failure = (unsigned)(draw(&state) % 4);
        int len = snprintf(name, sizeof name, "mx%zu.%s", group,
                           group % 2 == 0 ? "example" : "long.name.of.a.host");
        member.name = bytes_make(name, (size_t)len);
        member.failures = failure == 0 ? &weak : failure == 1 ? &timed_out : NULL;
        of->domains++;
        of->gain += member.gains;
        of->refused += outcome == OUTCOME_REFUSED;
        of->weak += failure == 0;
        of->expired += failure == 0;
        of->timeouts += failure == 1;
        assert_int_equal(group_counts_add(counts, kind == 0 ? BY_MX_HOST : BY_CODE, outcome, &member, why),
                         ERR_OK);
    }
}

static enum error check_row(void *arg, const struct group_row *row)
{
    struct plain_counts *plain = arg;
    size_t kind = row->kind == BY_MX_HOST ? 0 : 1,
           group = strtoul((const char *)row->name.data + 2, NULL, 10);
    const struct plain *of = &plain->groups[kind][group];
    bool fails = of->expired > 0, opens = !fails && of->timeouts > 0;
    plain->seen[kind]++;
    plain->wrong += row->domains != of->domains || row->gain != of->gain ||
                    row->outcomes[OUTCOME_REFUSED] != of->refused ||
                    row->outcomes[OUTCOME_ABSENT] != of->domains - of->refused ||
                    row->failure != (fails   ? FAIL_SMTP_TLS_EXPIRED
                                     : opens ? FAIL_SMTP_TCP_TIMEOUT
                                             : FAIL_NONE) ||
                    row->failing != (fails ? of->expired : of->timeouts) || row->open != opens;
    return ERR_OK;
}

static void check_counts(size_t memory, int dir_fd)
{
    struct plain_counts *plain = calloc(1, sizeof *plain);
    struct group_counts *counts = group_counts_new(memory, dir_fd);
    struct buf why;
    uint64_t groups[2] = {0, 0};
    buf_init(&why, 1024);
    assert_true(plain != NULL && counts != NULL);
    count_some(counts, plain, &why);
    assert_int_equal(group_counts_end(counts, check_row, plain, &why), ERR_OK);
    for (size_t kind = 0; kind < 2; kind++)
        for (size_t i = 0; i < GROUPS; i++)
            groups[kind] += plain->groups[kind][i].domains > 0;
    assert_int_equal(plain->wrong, 0);
    assert_int_equal(plain->seen[0], groups[0]);
    assert_int_equal(plain->seen[1], groups[1]);
    assert_true(groups[0] > GROUPS / 2);
    group_counts_free(counts);
    buf_dispose(&why);
    free(plain);
}

static void counts_are_exact_in_memory(void **state)
{
    (void)state;
    check_counts(PLENTY, -1);
}

/* Hundreds of runs, which are merged again and again. */
static void counts_are_exact_in_runs(void **state)
{
    int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    (void)state;
    check_counts(SCARCE, -1);
    check_counts(SCARCE * 64, dir);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    check_counts(SCARCE, file); /* no folder: TMPDIR it is */
    (void)close(file);
    (void)close(dir);
}

static enum error take_top(void *arg, const struct group_row *row)
{
    return group_top_take(arg, row) ? ERR_OK : ERR_MEMORY;
}

/* More groups than memory holds, each of one domain: what is held does not grow with them. */
static void memory_is_bounded(void **state)
{
    enum { MANY = 400000, MEMORY = 2 << 20, ALLOWED_KIB = 12 << 10 };
    struct group_counts *counts = group_counts_new(MEMORY, -1);
    struct group_top top;
    struct rusage before, after;
    struct buf why;
    (void)state;
    buf_init(&why, 1024);
    group_top_init(&top, 10);
    (void)getrusage(RUSAGE_SELF, &before);
    for (size_t i = 0; i < MANY; i++) {
        char name[64];
        struct group_member member = {.gains = i == 123456};
        member.name = bytes_make(name, (size_t)snprintf(name, sizeof name, "mail.customer-%zu.example", i));
        assert_int_equal(group_counts_add(counts, BY_MX_HOST, OUTCOME_REFUSED, &member, &why), ERR_OK);
    }
    assert_int_equal(group_counts_end(counts, take_top, &top, &why), ERR_OK);
    (void)getrusage(RUSAGE_SELF, &after);
    group_top_sort(&top);
    assert_int_equal(top.groups, MANY);
    assert_true(bytes_equal(top.rows[0].name, bytes_of("mail.customer-123456.example")));
    assert_true(bytes_equal(top.rows[1].name, bytes_of("mail.customer-0.example")));
#if !defined(__SANITIZE_ADDRESS__) &&                                                                        \
    !defined(__SANITIZE_THREAD__) /* whose shadows take memory of their own */
    if (after.ru_maxrss - before.ru_maxrss > ALLOWED_KIB)
        fail_msg("it took %ld KiB", after.ru_maxrss - before.ru_maxrss);
#endif
    group_top_dispose(&top);
    group_counts_free(counts);
    buf_dispose(&why);
}

/* ---- faults of this machine ---------------------------------------------------------------------------- */

static void a_file_that_cannot_be_written_is_said(void **state)
{
    struct group_counts *counts = group_counts_new(SCARCE, -1);
    struct group_member member = {.name = {NULL, 0}};
    struct buf why;
    enum error error = ERR_OK;
    (void)state;
    buf_init(&why, 1024);
    assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
    for (size_t i = 0; error == ERR_OK && i < GROUPS; i++) {
        char name[64];
        member.name = bytes_make(name, (size_t)snprintf(name, sizeof name, "%zu", i));
        error = group_counts_add(counts, BY_IP, OUTCOME_ABSENT, &member, &why);
    }
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_int_equal(error, ERR_IO);
    assert_non_null(strstr(buf_string(&why), "TMPDIR"));
    group_counts_free(counts);
    group_counts_free(NULL);
    buf_dispose(&why);
}

/* ---- order --------------------------------------------------------------------------------------------- */

static bool comes_before(struct bytes a, struct bytes b)
{
    char text[2][32];
    (void)snprintf(text[0], sizeof text[0], "%.*s", (int)a.len, (const char *)a.data);
    (void)snprintf(text[1], sizeof text[1], "%.*s", (int)b.len, (const char *)b.data);
    return strcmp(text[0], text[1]) < 0;
}

static void the_first_groups_are_kept_in_order(void **state)
{
    enum { MOST = 40, ALL = 1000 };
    struct group_top top, all;
    (void)state;
    group_top_init(&top, MOST);
    group_top_init(&all, ALL);
    uint64_t random = 3;
    for (size_t i = 0; i < ALL; i++) {
        char name[32];
        uint64_t drawn = draw(&random);
        struct group_row row = {.gain = drawn % 7, .domains = drawn / 7 % 5};
        row.name = bytes_make(name, (size_t)snprintf(name, sizeof name, "%zx", i * 7919 % ALL));
        assert_true(group_top_take(&top, &row));
        assert_true(group_top_take(&all, &row));
    }
    group_top_sort(&top);
    group_top_sort(&all);
    assert_int_equal(top.groups, ALL);
    assert_int_equal(top.count, MOST);
    assert_int_equal(all.count, ALL);
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(top.rows[i].gain, all.rows[i].gain);
        assert_int_equal(top.rows[i].domains, all.rows[i].domains);
        assert_true(bytes_equal(top.rows[i].name, all.rows[i].name));
    }
    for (size_t i = 1; i < ALL; i++) {
        const struct group_row *a = &all.rows[i - 1], *b = &all.rows[i];
        assert_true(a->gain > b->gain || (a->gain == b->gain && a->domains >= b->domains));
        if (a->gain == b->gain && a->domains == b->domains)
            assert_true(comes_before(a->name, b->name));
    }
    group_top_dispose(&top);
    group_top_dispose(&all);
    group_top_init(&top, 0);
    assert_true(group_top_take(&top, &(struct group_row){.gain = 1}));
    assert_int_equal(top.count, 0);
    assert_int_equal(top.groups, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_exact_in_memory),
        cmocka_unit_test(counts_are_exact_in_runs),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(a_file_that_cannot_be_written_is_said),
        cmocka_unit_test(the_first_groups_are_kept_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
