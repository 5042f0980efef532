/* Pairs come sorted, those of equal keys in the order of their coming, whatever memory there is; and what the
 * disk does wrong is said. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scanner/stages/sorted.h"

enum { TINY = 4096, WHY = 1024, KEY_MOST = 12, VALUE_MOST = 60 };

/* ---- a disk that goes wrong ---------------------------------------------------------------------------- */

enum fault { FAULT_NONE, FAULT_FULL, FAULT_FLIPPED, FAULT_CUT, FAULT_READ, FAULT_SHORT };
static enum fault fault;
static unsigned calls; /* before it happens */

static bool happens(enum fault kind)
{
    return fault == kind && (calls == 0 || calls-- == 0);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    uint8_t changed[256 << 10];
    errno = ENOSPC;
    if (happens(FAULT_FULL))
        return -1;
    if (len <= sizeof changed && happens(FAULT_FLIPPED)) {
        memcpy(changed, data, len);
        changed[len / 2] ^= 1;
        data = changed;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, offset);
}

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    errno = EIO;
    if (happens(FAULT_READ))
        return -1;
    if (happens(FAULT_CUT))
        return 0;
    if (fault == FAULT_SHORT && len > 7)
        len = 7;
    return (ssize_t)syscall(SYS_pread64, fd, data, len, offset);
}

/* ---- pairs --------------------------------------------------------------------------------------------- */

struct pair {
    uint8_t key[KEY_MOST], value[VALUE_MOST];
    size_t key_len, value_len;
    size_t number;
};

static uint64_t seed;

static unsigned draw(unsigned bound)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (unsigned)(seed >> 33) % bound;
}

/* Makes pairs of few different keys, empty ones and such with zeros too. */
static struct pair *make_pairs(size_t count)
{
    struct pair *pairs = calloc(count, sizeof *pairs);
    for (size_t i = 0; i < count; i++) {
        pairs[i].number = i;
        pairs[i].key_len = draw(KEY_MOST + 1);
        pairs[i].value_len = draw(VALUE_MOST + 1);
        for (size_t k = 0; k < pairs[i].key_len; k++)
            pairs[i].key[k] = (uint8_t)(draw(3) * 127);
        for (size_t k = 0; k < pairs[i].value_len; k++)
            pairs[i].value[k] = (uint8_t)draw(256);
    }
    return pairs;
}

static int compare(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;
    size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, len);
    if (order == 0)
        order = (a->key_len > b->key_len) - (a->key_len < b->key_len);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static enum error add_all(struct sorted *sorted, const struct pair *pairs, size_t count, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < count && error == ERR_OK; i++)
        error = sorted_add(sorted, bytes_make(pairs[i].key, pairs[i].key_len),
                           bytes_make(pairs[i].value, pairs[i].value_len), why);
    return error == ERR_OK ? sorted_end(sorted, why) : error;
}

/* Compares what a reader gives, from the pair `from` on, with the pairs sorted; up to `most` of them. */
static void assert_pairs(struct sorted_reader *reader, const struct pair *pairs, size_t from, size_t most)
{
    struct bytes key, value;
    struct buf why;
    buf_init(&why, WHY);
    for (size_t i = from; i < from + most; i++) {
        assert_int_equal(sorted_next(reader, &key, &value, &why), ERR_OK);
        assert_true(bytes_equal(key, bytes_make(pairs[i].key, pairs[i].key_len)));
        assert_true(bytes_equal(value, bytes_make(pairs[i].value, pairs[i].value_len)));
    }
    buf_dispose(&why);
}

static struct sorted *create(size_t memory)
{
    static int dir_fd = -1;
    if (dir_fd < 0)
        dir_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const struct sorted_options options = {.memory_bytes = memory, .dir_fd = dir_fd};
    struct sorted *sorted = sorted_create(&options);
    assert_non_null(sorted);
    return sorted;
}

static void test_sorted_whatever_memory(void **state)
{
    (void)state;
    static const struct {
        size_t count, memory;
        bool spills;
    } rows[] = {
        {0, TINY, false},   {1, TINY, false},       {40, TINY, false},   {3000, 1 << 20, false},
        {3000, TINY, true}, {3000, 64 << 10, true}, {40000, TINY, true}, /* more runs than are merged at once
                                                                          */
        {3000, 0, true},
    };
    fault = FAULT_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf why;
        struct sorted_reader *one, *other;
        struct bytes key, value;
        struct pair *pairs = make_pairs(rows[i].count);
        struct sorted *sorted = create(rows[i].memory);
        size_t half = rows[i].count / 2;
        fault = i % 2 == 0 ? FAULT_NONE : FAULT_SHORT;
        buf_init(&why, WHY);
        assert_int_equal(add_all(sorted, pairs, rows[i].count, &why), ERR_OK);
        assert_int_equal(sorted_count(sorted), rows[i].count);
        assert_int_equal(sorted_stored(sorted) > 0, rows[i].spills);
        qsort(pairs, rows[i].count, sizeof *pairs, compare);
        assert_int_equal(sorted_begin(sorted, &one, &why), ERR_OK);
        assert_int_equal(sorted_begin(sorted, &other, &why), ERR_OK);
        assert_pairs(one, pairs, 0, half); /* each on its own */
        assert_pairs(other, pairs, 0, rows[i].count);
        assert_pairs(one, pairs, half, rows[i].count - half);
        assert_int_equal(sorted_next(one, &key, &value, &why), ERR_NOT_FOUND);
        assert_int_equal(sorted_next(one, &key, &value, &why), ERR_NOT_FOUND);
        assert_int_equal(why.len, 0);
        sorted_reader_free(one);
        sorted_reader_free(other);
        sorted_free(sorted);
        buf_dispose(&why);
        free(pairs);
    }
    fault = FAULT_NONE;
}

/* A pair may be larger than the memory; past the ceiling it is refused, and nothing else is lost. */
static void test_large_pairs(void **state)
{
    (void)state;
    struct buf why;
    struct bytes key, value;
    struct sorted_reader *reader;
    struct sorted *sorted = create(TINY);
    uint8_t *large = calloc(SORTED_PAIR_BYTES + 1, 1);
    buf_init(&why, WHY);
    fault = FAULT_NONE;
    assert_int_equal(sorted_add(sorted, bytes_of("b"), bytes_make(large, SORTED_PAIR_BYTES - 1), &why),
                     ERR_OK);
    assert_int_equal(sorted_add(sorted, bytes_of("a"), bytes_of("small"), &why), ERR_OK);
    assert_int_equal(sorted_add(sorted, bytes_of("c"), bytes_make(large, SORTED_PAIR_BYTES), &why),
                     ERR_LIMIT);
    assert_int_equal(sorted_add(sorted, bytes_make(large, SORTED_PAIR_BYTES + 1), bytes_of(""), &why),
                     ERR_LIMIT);
    assert_int_equal(sorted_end(sorted, &why), ERR_OK);
    assert_int_equal(sorted_begin(sorted, &reader, &why), ERR_OK);
    assert_int_equal(sorted_next(reader, &key, &value, &why), ERR_OK);
    assert_true(bytes_equal(value, bytes_of("small")));
    assert_int_equal(sorted_next(reader, &key, &value, &why), ERR_OK);
    assert_int_equal(value.len, SORTED_PAIR_BYTES - 1);
    assert_int_equal(sorted_next(reader, &key, &value, &why), ERR_NOT_FOUND);
    sorted_reader_free(reader);
    sorted_free(sorted);
    buf_dispose(&why);
    free(large);
}

/* Goes through all pairs; returns the first error, ERR_NOT_FOUND if all is well. */
static enum error read_all(struct sorted *sorted, struct buf *why)
{
    struct sorted_reader *reader;
    struct bytes key, value;
    enum error error = sorted_begin(sorted, &reader, why);
    while (error == ERR_OK)
        error = sorted_next(reader, &key, &value, why);
    sorted_reader_free(reader);
    return error;
}

static void test_disk_goes_wrong(void **state)
{
    (void)state;
    static const struct {
        enum fault fault;
        unsigned after;
        size_t count;
        enum error error;
        const char *words;
    } rows[] = {
        {FAULT_FULL, 0, 3000, ERR_FULL, "temporary file: cannot write: No space left on device"},
        {FAULT_FULL, 5, 3000, ERR_FULL, "cannot write"},
        {FAULT_FULL, 257, 40000, ERR_FULL, "cannot write"}, /* while runs are merged */
        {FAULT_FLIPPED, 3, 3000, ERR_CORRUPT, "a temporary file does not hold what was written"},
        {FAULT_FLIPPED, 3, 40000, ERR_CORRUPT, "does not hold what was written"},
        {FAULT_READ, 0, 3000, ERR_IO, "temporary file: cannot read: Input/output error"},
        {FAULT_READ, 40, 3000, ERR_IO, "cannot read"},
        {FAULT_CUT, 7, 3000, ERR_CORRUPT, "does not hold what was written"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf why;
        struct pair *pairs = make_pairs(rows[i].count);
        struct sorted *sorted = create(TINY);
        buf_init(&why, WHY);
        fault = rows[i].fault;
        calls = rows[i].after;
        enum error error = add_all(sorted, pairs, rows[i].count, &why);
        if (error == ERR_OK)
            error = read_all(sorted, &why);
        fault = FAULT_NONE;
        if (error != rows[i].error || strstr(buf_string(&why), rows[i].words) == NULL)
            fail_msg("row %zu: %s: %s", i, error_text(error), buf_string(&why));
        sorted_free(sorted);
        buf_dispose(&why);
        free(pairs);
    }
}

/* Where no file without a name can be made, one under TMPDIR serves. */
static void test_another_place(void **state)
{
    (void)state;
    const struct sorted_options options = {.memory_bytes = TINY, .dir_fd = -1};
    struct pair *pairs = make_pairs(3000);
    struct sorted *sorted = sorted_create(&options);
    struct buf why;
    buf_init(&why, WHY);
    assert_int_equal(add_all(sorted, pairs, 3000, &why), ERR_OK);
    assert_int_equal(read_all(sorted, &why), ERR_NOT_FOUND);
    sorted_free(sorted);
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    sorted = sorted_create(&options);
    assert_int_equal(add_all(sorted, pairs, 3000, &why), ERR_IO);
    assert_non_null(strstr(buf_string(&why), "TMPDIR"));
    assert_int_equal(unsetenv("TMPDIR"), 0);
    sorted_free(sorted);
    buf_dispose(&why);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorted_whatever_memory),
        cmocka_unit_test(test_large_pairs),
        cmocka_unit_test(test_disk_goes_wrong),
        cmocka_unit_test(test_another_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
