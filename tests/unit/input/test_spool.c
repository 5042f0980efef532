/* Every name once, in the seed's order, wherever the names were kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "input/spool.h"
#include "input/spool_pool.h"
#include "input/spool_runs.h"
#include "tests/unit/no_tmpfile.h"

enum { MANY = 20000, SMALL_BYTES = 64 * 1024, LARGE_BYTES = 64 * 1024 * 1024 };

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int fd = open_or_refuse(AT_FDCWD, path, flags, more);
    va_end(more);
    return fd;
}

static char directory[] = "/tmp/stsweep-spool-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL;
}

/* It fails where a spool left its file behind. */
static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static struct spool *make_shard(uint64_t seed, uint64_t memory_bytes, uint32_t index, uint32_t count)
{
    struct spool_options options = {.seed = seed,
                                    .memory_bytes = memory_bytes,
                                    .directory = directory,
                                    .shard_index = index,
                                    .shard_count = count};
    struct spool *spool;
    struct buf why;
    buf_init(&why, 256);
    assert_int_equal(spool_create(&options, &spool, &why), ERR_OK);
    buf_dispose(&why);
    return spool;
}

static struct spool *make(uint64_t seed, uint64_t memory_bytes)
{
    return make_shard(seed, memory_bytes, 1, 1);
}

static enum error add(struct spool *spool, uint64_t ordinal, const char *domain, uint32_t rank,
                      const char *label)
{
    struct input_name name = {.ordinal = ordinal, .domain = domain, .rank = rank, .label = label};
    return spool_add(spool, &name);
}

/* n<i>.example for i below count, ordinals from 1; each third has a label. */
static void add_many(struct spool *spool, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char domain[32], label[32];
        (void)snprintf(domain, sizeof domain, "n%zu.example", i);
        (void)snprintf(label, sizeof label, "label %zu", i);
        assert_int_equal(add(spool, i + 1, domain, (uint32_t)i, i % 3 == 0 ? label : NULL), ERR_OK);
    }
}

/* The ordinals in the order of handing out; checks that each entry is the one that add_many made. */
static size_t drain(struct spool *spool, uint64_t *ordinals, size_t room)
{
    struct input_name name;
    size_t count = 0;
    enum error error;
    while ((error = spool_next(spool, &name)) == ERR_OK) {
        char domain[32], label[32];
        size_t i = name.ordinal - 1;
        assert_in_range(count, 0, room - 1);
        (void)snprintf(domain, sizeof domain, "n%zu.example", i);
        (void)snprintf(label, sizeof label, "label %zu", i);
        assert_string_equal(name.domain, domain);
        assert_int_equal(name.rank, i);
        if (i % 3 == 0)
            assert_string_equal(name.label, label);
        else
            assert_null(name.label);
        ordinals[count++] = name.ordinal;
    }
    assert_int_equal(error, ERR_NOT_FOUND);
    assert_int_equal(spool_next(spool, &name), ERR_NOT_FOUND);
    assert_int_equal(spool_counts(spool)->handed_out, count);
    return count;
}

static size_t scan(uint64_t seed, uint64_t memory_bytes, bool on_disk, uint64_t *ordinals)
{
    struct spool *spool = make(seed, memory_bytes);
    add_many(spool, MANY);
    assert_int_equal(spool_finish(spool), ERR_OK);
    assert_int_equal(spool_on_disk(spool), on_disk);
    size_t count = drain(spool, ordinals, MANY);
    assert_int_equal(spool_counts(spool)->names, MANY);
    assert_int_equal(spool_counts(spool)->duplicates, 0);
    assert_int_equal(spool_counts(spool)->not_in_shard, 0);
    spool_destroy(spool);
    return count;
}

static void an_empty_spool_has_nothing(void **state)
{
    struct input_name name;
    struct spool *spool = make(1, SMALL_BYTES);
    (void)state;
    assert_int_equal(spool_finish(spool), ERR_OK);
    assert_int_equal(spool_next(spool, &name), ERR_NOT_FOUND);
    assert_false(spool_on_disk(spool));
    assert_string_equal(spool_reason(spool), "");
    spool_destroy(spool);
    spool_destroy(NULL);
}

static void every_name_comes_out_once(void **state)
{
    static uint64_t ordinals[MANY];
    static bool seen[MANY + 1];
    (void)state;
    assert_int_equal(scan(7, LARGE_BYTES, false, ordinals), MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_in_range(ordinals[i], 1, MANY);
        assert_false(seen[ordinals[i]]);
        seen[ordinals[i]] = true;
    }
}

static void disk_and_memory_give_the_same_order(void **state)
{
    static uint64_t memory[MANY], disk[MANY], middle[MANY];
    (void)state;
    assert_int_equal(scan(7, LARGE_BYTES, false, memory), MANY);
    assert_int_equal(scan(7, SMALL_BYTES, true, disk), MANY);
    assert_int_equal(scan(7, 4 * SMALL_BYTES, true, middle), MANY);
    assert_memory_equal(memory, disk, sizeof memory);
    assert_memory_equal(memory, middle, sizeof memory);
}

static void the_seed_keys_the_order(void **state)
{
    static uint64_t one[MANY], again[MANY], other[MANY];
    (void)state;
    (void)scan(1, LARGE_BYTES, false, one);
    (void)scan(1, LARGE_BYTES, false, again);
    (void)scan(2, LARGE_BYTES, false, other);
    assert_memory_equal(one, again, sizeof one);
    size_t same = 0, rising = 0;
    for (size_t i = 0; i < MANY; i++)
        same += one[i] == other[i];
    for (size_t i = 1; i < MANY; i++)
        rising += one[i] > one[i - 1];
    assert_true(same < MANY / 100);
    assert_in_range(rising, MANY * 45 / 100, MANY * 55 / 100); /* nor the order of the input */
}

static void the_order_of_the_input_does_not_matter(void **state)
{
    static uint64_t there[MANY], back[MANY];
    (void)state;
    (void)scan(3, LARGE_BYTES, false, there);
    struct spool *spool = make(3, SMALL_BYTES);
    for (size_t i = MANY; i-- > 0;) {
        char domain[32], label[32];
        (void)snprintf(domain, sizeof domain, "n%zu.example", i);
        (void)snprintf(label, sizeof label, "label %zu", i);
        assert_int_equal(add(spool, i + 1, domain, (uint32_t)i, i % 3 == 0 ? label : NULL), ERR_OK);
    }
    assert_int_equal(spool_finish(spool), ERR_OK);
    assert_int_equal(drain(spool, back, MANY), MANY);
    assert_memory_equal(there, back, sizeof there);
    spool_destroy(spool);
}

/* The same names three times over, mixed; the lowest ordinal stays, on disk as in memory. */
static void of_equal_names_the_first_stays(void **state)
{
    static const uint64_t sizes[] = {LARGE_BYTES, SMALL_BYTES};
    enum { NAMES = 3000 };
    (void)state;
    for (size_t size = 0; size < 2; size++) {
        struct spool *spool = make(5, sizes[size]);
        struct input_name name;
        size_t count = 0;
        for (uint64_t i = 0; i < NAMES * 3; i++) {
            char domain[32];
            (void)snprintf(domain, sizeof domain, "d%u.example", (unsigned)(i * 7 % NAMES));
            assert_int_equal(add(spool, i + 1, domain, (uint32_t)(i / NAMES), "x"), ERR_OK);
        }
        assert_int_equal(spool_finish(spool), ERR_OK);
        assert_int_equal(spool_on_disk(spool), size == 1);
        for (; spool_next(spool, &name) == ERR_OK; count++) {
            assert_in_range(name.ordinal, 1, NAMES);
            assert_int_equal(name.rank, 0);
        }
        assert_int_equal(count, NAMES);
        assert_int_equal(spool_counts(spool)->duplicates, NAMES * 2);
        assert_int_equal(spool_counts(spool)->names, NAMES * 3);
        spool_destroy(spool);
    }
}

/* A million times one name: no bucket grows with that. */
static void duplicates_do_not_fill_a_bucket(void **state)
{
    enum { TIMES = 1000000 };
    struct spool *spool = make(5, 4 * SMALL_BYTES);
    struct input_name name;
    struct rusage before, after;
    (void)state;
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    for (uint64_t i = 1; i <= TIMES; i++)
        assert_int_equal(add(spool, i, "mail.example", 0, NULL), ERR_OK);
    assert_int_equal(spool_finish(spool), ERR_OK);
    assert_int_equal(spool_next(spool, &name), ERR_OK);
    assert_int_equal(name.ordinal, 1);
    assert_int_equal(spool_next(spool, &name), ERR_NOT_FOUND);
    assert_int_equal(spool_counts(spool)->duplicates, TIMES - 1);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
    spool_destroy(spool);
}

static void names_of_all_lengths_survive(void **state)
{
    static const uint64_t sizes[] = {LARGE_BYTES, SMALL_BYTES};
    char domain[254], label[256];
    (void)state;
    for (size_t size = 0; size < 2; size++) {
        struct spool *spool = make(9, sizes[size]);
        struct input_name name;
        size_t count = 0;
        for (size_t len = 1; len <= 253; len++) {
            (void)snprintf(domain, sizeof domain, "%0*d", (int)len, 0);
            (void)snprintf(label, sizeof label, "%0*d", (int)(len + 2), 1);
            assert_int_equal(add(spool, len, domain, 0, label), ERR_OK);
        }
        assert_int_equal(spool_finish(spool), ERR_OK);
        assert_int_equal(spool_on_disk(spool), size == 1);
        for (; spool_next(spool, &name) == ERR_OK; count++) {
            assert_int_equal(strlen(name.domain), name.ordinal);
            assert_int_equal(strlen(name.label), name.ordinal + 2);
        }
        assert_int_equal(count, 253);
        spool_destroy(spool);
    }
}

static void what_is_no_name_is_refused(void **state)
{
    char text[300];
    struct spool *spool = make(1, SMALL_BYTES);
    (void)state;
    (void)snprintf(text, sizeof text, "%0254d", 0);
    assert_int_equal(add(spool, 1, text, 0, NULL), ERR_LIMIT);
    assert_int_equal(add(spool, 1, "", 0, NULL), ERR_LIMIT);
    (void)snprintf(text, sizeof text, "%0256d", 0);
    assert_int_equal(add(spool, 1, "a.example", 0, text), ERR_LIMIT);
    assert_int_equal(spool_counts(spool)->names, 0);
    spool_destroy(spool);
}

/* Shards part the names, whatever the seed, and keep the order that the whole has. */
static void shards_part_the_names(void **state)
{
    static uint64_t whole[MANY], part[MANY];
    static uint32_t shard_of[MANY + 1], shard_again[MANY + 1];
    enum { SHARDS = 3 };
    (void)state;
    (void)scan(11, LARGE_BYTES, false, whole);
    for (uint64_t seed = 11; seed <= 12; seed++) {
        size_t total = 0;
        for (uint32_t index = 1; index <= SHARDS; index++) {
            struct spool *spool = make_shard(seed, index == 2 ? SMALL_BYTES : LARGE_BYTES, index, SHARDS);
            add_many(spool, MANY);
            assert_int_equal(spool_finish(spool), ERR_OK);
            size_t count = drain(spool, part, MANY);
            assert_int_equal(spool_counts(spool)->not_in_shard, MANY - count);
            assert_in_range(count, MANY / SHARDS * 9 / 10, MANY / SHARDS * 11 / 10);
            spool_destroy(spool);
            total += count;
            uint32_t *shards = seed == 11 ? shard_of : shard_again;
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(shards[part[i]], 0);
                shards[part[i]] = index;
            }
            size_t at = 0;
            for (size_t i = 0; seed == 11 && i < MANY; i++)
                if (shard_of[whole[i]] == index)
                    assert_int_equal(whole[i], part[at++]);
        }
        assert_int_equal(total, MANY);
    }
    assert_memory_equal(shard_of, shard_again, sizeof shard_of);
}

static void shards_of_one_bucket_each(void **state)
{
    size_t total = 0;
    (void)state;
    for (uint32_t index = 1; index <= SPOOL_BUCKETS; index++) {
        struct spool *spool = make_shard(1, SMALL_BYTES, index, SPOOL_BUCKETS);
        uint64_t ordinals[100];
        add_many(spool, 100);
        assert_int_equal(spool_finish(spool), ERR_OK);
        total += drain(spool, ordinals, 100);
        spool_destroy(spool);
    }
    assert_int_equal(total, 100);
}

static void impossible_shards_are_refused(void **state)
{
    static const uint32_t cases[][2] = {{0, 1}, {2, 1}, {1, 0}, {1, SPOOL_BUCKETS + 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct spool_options options = {.shard_index = cases[i][0], .shard_count = cases[i][1]};
        struct spool *spool;
        struct buf why;
        buf_init(&why, 256);
        assert_int_equal(spool_create(&options, &spool, &why), ERR_CONFIG);
        assert_null(spool);
        assert_true(why.len > 0);
        buf_dispose(&why);
    }
}

static enum error add_until_failure(struct spool *spool, uint64_t *added)
{
    for (*added = 0; *added < 1000000; ++*added) {
        char domain[32];
        (void)snprintf(domain, sizeof domain, "n%llu.example", (unsigned long long)*added);
        enum error error = add(spool, *added + 1, domain, 0, NULL);
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

static void without_a_directory_memory_is_the_limit(void **state)
{
    struct spool_options options = {.memory_bytes = 16 * SMALL_BYTES, .shard_index = 1, .shard_count = 1};
    struct spool *spool;
    struct buf why;
    uint64_t added;
    (void)state;
    buf_init(&why, 256);
    assert_int_equal(spool_create(&options, &spool, &why), ERR_OK);
    assert_int_equal(add_until_failure(spool, &added), ERR_LIMIT);
    assert_in_range(added, 10000, 16 * SMALL_BYTES / 40);
    assert_false(spool_on_disk(spool));
    spool_destroy(spool);
    buf_dispose(&why);
}

static void a_full_disk_is_said(void **state)
{
    struct rlimit kept, small;
    uint64_t added;
    struct spool *spool = make(1, SMALL_BYTES);
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &kept), 0);
    small = kept;
    small.rlim_cur = 256 * 1024;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum error error = add_until_failure(spool, &added);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &kept), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(error, ERR_FULL);
    assert_non_null(strstr(spool_reason(spool), "spool file: cannot write: "));
    spool_destroy(spool);
}

static void a_directory_that_is_none_is_said(void **state)
{
    struct spool_options options = {
        .memory_bytes = SMALL_BYTES, .directory = "/nowhere/at/all", .shard_index = 1, .shard_count = 1};
    struct spool *spool;
    struct buf why;
    uint64_t added;
    (void)state;
    buf_init(&why, 256);
    assert_int_equal(spool_create(&options, &spool, &why), ERR_OK);
    assert_int_equal(add_until_failure(spool, &added), ERR_IO);
    assert_non_null(strstr(spool_reason(spool), "No such file"));
    assert_int_equal(add(spool, 1, "again.example", 0, NULL), ERR_IO);
    spool_destroy(spool);
    buf_dispose(&why);
}

/* Nothing that a crash could leave, and two that spill into one directory do not meet. */
static void the_file_has_no_name(void **state)
{
    static uint64_t ordinals[MANY];
    (void)state;
    struct spool *spool = make(1, SMALL_BYTES);
    struct spool *other = make(2, SMALL_BYTES);
    add_many(spool, MANY);
    add_many(other, MANY);
    assert_true(spool_on_disk(spool));
    assert_true(spool_on_disk(other));
    assert_int_equal(rmdir(directory), 0); /* it is empty */
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(spool_finish(other), ERR_OK);
    assert_int_equal(drain(other, ordinals, MANY), MANY);
    spool_destroy(other);
    assert_int_equal(spool_finish(spool), ERR_OK);
    assert_int_equal(drain(spool, ordinals, MANY), MANY);
    spool_destroy(spool);
}

/* Old kernels, and file systems without O_TMPFILE, say one of two things; nothing is left behind there
 * either. */
static void a_file_system_without_unnamed_files_will_do(void **state)
{
    static const struct {
        int says;
        bool will_do;
    } rows[] = {{EOPNOTSUPP, true}, {EISDIR, true}, {EACCES, false}};
    static uint64_t ordinals[MANY];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spool_runs runs;
        spool_runs_init(&runs, 4096);
        refuses_tmpfile = rows[i].says;
        assert_int_equal(spool_runs_open(&runs, directory), rows[i].will_do ? ERR_OK : ERR_IO);
        spool_runs_dispose(&runs);
    }
    refuses_tmpfile = EOPNOTSUPP;
    struct spool *spool = make(1, SMALL_BYTES);
    add_many(spool, MANY);
    refuses_tmpfile = 0;
    assert_true(spool_on_disk(spool));
    assert_int_equal(rmdir(directory), 0); /* it is empty */
    assert_int_equal(mkdir(directory, 0700), 0);
    assert_int_equal(spool_finish(spool), ERR_OK);
    assert_int_equal(drain(spool, ordinals, MANY), MANY);
    spool_destroy(spool);
}

/* The note of name i: of another length each, with every byte, the longest among them. */
static struct bytes note_of(size_t i, uint8_t note[SPOOL_NOTE_BYTES])
{
    size_t len = i % 50 == 0 ? SPOOL_NOTE_BYTES : i % 3 == 0 ? 0 : i * 7 % 200;
    for (size_t at = 0; at < len; at++)
        note[at] = (uint8_t)(at + i);
    return bytes_make(note, len);
}

static void a_note_goes_with_its_name(void **state)
{
    static uint8_t note[SPOOL_NOTE_BYTES + 1];
    (void)state;
    for (int small = 0; small < 2; small++) {
        struct spool *spool = make(3, small == 1 ? SMALL_BYTES : LARGE_BYTES);
        struct input_name name;
        size_t count = 0;
        for (size_t i = 0; i < 2000; i++) {
            char domain[32];
            (void)snprintf(domain, sizeof domain, "n%zu.example", i);
            name = (struct input_name){.ordinal = i + 1, .domain = domain, .note = note_of(i, note)};
            name.label = i % 2 == 0 ? "a label" : NULL;
            assert_int_equal(spool_add(spool, &name), ERR_OK);
        }
        assert_int_equal(spool_finish(spool), ERR_OK);
        assert_int_equal(spool_on_disk(spool), small);
        for (; spool_next(spool, &name) == ERR_OK; count++)
            assert_true(bytes_equal(name.note, note_of(name.ordinal - 1, note)));
        assert_int_equal(count, 2000);
        spool_destroy(spool);
    }
    struct spool *spool = make(3, SMALL_BYTES);
    struct input_name name = {.ordinal = 1, .domain = "a.example", .note = bytes_make(note, sizeof note)};
    assert_int_equal(spool_add(spool, &name), ERR_LIMIT);
    spool_destroy(spool);
}

/* Of two lists with the name the first is told; in memory and from the disk. */
static void a_source_goes_with_its_name(void **state)
{
    static const char *const sources[] = {"first", "second", "third"};
    (void)state;
    for (int small = 0; small < 2; small++) {
        struct spool_options options = {.seed = 3,
                                        .memory_bytes = small == 1 ? SMALL_BYTES : LARGE_BYTES,
                                        .directory = directory,
                                        .shard_index = 1,
                                        .shard_count = 1,
                                        .sources = sources,
                                        .source_count = 3};
        struct spool *spool;
        struct input_name name;
        struct buf why;
        size_t count = 0;
        buf_init(&why, 256);
        assert_int_equal(spool_create(&options, &spool, &why), ERR_OK);
        for (size_t i = 0; i < 6000; i++) {
            char domain[32];
            (void)snprintf(domain, sizeof domain, "n%zu.example", i % 5000);
            name = (struct input_name){.ordinal = i + 1, .domain = domain};
            name.source = i % 7 == 0 ? NULL : sources[i * 3 / 6000];
            assert_int_equal(spool_add(spool, &name), ERR_OK);
        }
        assert_int_equal(spool_finish(spool), ERR_OK);
        assert_int_equal(spool_on_disk(spool), small);
        for (; spool_next(spool, &name) == ERR_OK; count++) {
            size_t i = name.ordinal - 1;
            assert_ptr_equal(name.source, i % 7 == 0 ? NULL : sources[i * 3 / 6000]);
            assert_true(i < 5000);
        }
        assert_int_equal(count, 5000);
        assert_int_equal(spool_counts(spool)->duplicates, 1000);
        spool_destroy(spool);
        buf_dispose(&why);
    }
}

/* ---- the parts ----------------------------------------------------------------------------------------- */

static void a_damaged_entry_is_not_followed(void **state)
{
    _Alignas(8) uint8_t data[64] = {0};
    struct spool_entry *entry = (struct spool_entry *)(void *)data;
    (void)state;
    entry->name_len = 9;
    entry->label_len = 2;
    memcpy(entry->text, "a.example\0xy", 13);
    size_t bytes = spool_entry_bytes(9, 2, 0);
    assert_int_equal(bytes % 8, 0);
    for (size_t name_len = 1; name_len < 20; name_len++) { /* as much as is needed, and no more */
        size_t exact = offsetof(struct spool_entry, text) + name_len + 1 + 2 + 1 + 5;
        assert_in_range(spool_entry_bytes(name_len, 2, 5), exact, exact + SPOOL_ENTRY_ALIGN - 1);
        assert_int_equal(spool_entry_bytes(name_len, 2, 5) % SPOOL_ENTRY_ALIGN, 0);
    }
    assert_ptr_equal(spool_entry_at(data, bytes), entry);
    assert_null(spool_entry_at(data, bytes - 1));
    assert_null(spool_entry_at(data, 8));
    entry->name_len = 8;
    assert_null(spool_entry_at(data, sizeof data));
    entry->name_len = 255;
    assert_null(spool_entry_at(data, sizeof data));
    entry->name_len = 9;
    entry->label_len = 1;
    assert_null(spool_entry_at(data, sizeof data));
}

/* The spool's file, mapped; it has no name but here. */
static uint8_t *map_file(size_t *len)
{
    for (int fd = 3; fd < 1024; fd++) {
        char link[64], target[256];
        struct stat status;
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t got = readlink(link, target, sizeof target - 1);
        if (got <= 0 || fstat(fd, &status) != 0)
            continue;
        target[got] = 0;
        if (strncmp(target, directory, strlen(directory)) != 0)
            continue;
        *len = (size_t)status.st_size;
        uint8_t *file = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        assert_ptr_not_equal(file, MAP_FAILED);
        return file;
    }
    fail();
    return NULL;
}

/* The last entry of the last bucket says that it is longer than what is left of the bucket. */
static void an_entry_does_not_leave_its_bucket(void **state)
{
    size_t len = 0;
    uint64_t read = 0;
    struct input_name name;
    enum error error;
    struct spool *spool = make(1, SMALL_BYTES);
    (void)state;
    add_many(spool, MANY);
    assert_int_equal(spool_finish(spool), ERR_OK);
    uint8_t *file = map_file(&len);
    size_t at = len - SPOOL_ENTRY_ALIGN;
    for (;; at -= SPOOL_ENTRY_ALIGN) {
        const struct spool_entry *entry = spool_entry_at(file + at, len - at);
        if (entry != NULL && entry->text[0] == 'n' &&
            spool_entry_bytes(entry->name_len, entry->label_len, entry->note_len) == len - at)
            break;
    }
    struct spool_entry *last = (struct spool_entry *)(void *)(file + at);
    last->note_len = (uint16_t)(last->note_len + SPOOL_ENTRY_ALIGN);
    assert_int_equal(munmap(file, len), 0);
    while ((error = spool_next(spool, &name)) == ERR_OK)
        read++;
    assert_int_equal(error, ERR_CORRUPT);
    assert_in_range(read, 1, MANY - 1);
    assert_non_null(strstr(spool_reason(spool), error_text(ERR_CORRUPT)));
    spool_destroy(spool);
}

static void a_cut_or_changed_file_is_corrupt(void **state)
{
    struct spool_runs runs;
    uint8_t out[16];
    uint64_t wild[2] = {1 << 20, 4};
    (void)state;
    spool_runs_init(&runs, 4096);
    assert_int_equal(spool_runs_open(&runs, directory), ERR_OK);
    for (int run = 0; run < 2; run++) {
        assert_int_equal(spool_runs_begin(&runs), ERR_OK);
        for (uint32_t bucket = 0; bucket < SPOOL_BUCKETS; bucket++) {
            spool_runs_bucket(&runs, bucket);
            if (bucket == 5)
                assert_int_equal(spool_runs_write(&runs, bytes_of(run == 0 ? "first" : "second")), ERR_OK);
        }
        assert_int_equal(spool_runs_end(&runs), ERR_OK);
    }
    assert_int_equal(runs.bucket_bytes[4], 0);
    assert_int_equal(runs.bucket_bytes[5], 11);
    assert_int_equal(spool_runs_load(&runs, 5, out), ERR_OK);
    assert_memory_equal(out, "firstsecond", 11);
    assert_int_equal(pwrite(runs.fd, wild, sizeof wild, (off_t)(runs.runs[1] + 5 * sizeof wild[0])),
                     sizeof wild);
    assert_int_equal(spool_runs_load(&runs, 5, out), ERR_CORRUPT);
    wild[0] = 0;
    wild[1] = 1 << 20;
    assert_int_equal(pwrite(runs.fd, wild, sizeof wild, (off_t)(runs.runs[1] + 5 * sizeof wild[0])),
                     sizeof wild);
    assert_int_equal(spool_runs_load(&runs, 5, out), ERR_CORRUPT);
    assert_int_equal(ftruncate(runs.fd, 100), 0);
    assert_int_equal(spool_runs_load(&runs, 5, out), ERR_CORRUPT);
    spool_runs_dispose(&runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_spool_has_nothing),
        cmocka_unit_test(every_name_comes_out_once),
        cmocka_unit_test(disk_and_memory_give_the_same_order),
        cmocka_unit_test(the_seed_keys_the_order),
        cmocka_unit_test(the_order_of_the_input_does_not_matter),
        cmocka_unit_test(of_equal_names_the_first_stays),
        cmocka_unit_test(a_source_goes_with_its_name),
        cmocka_unit_test(duplicates_do_not_fill_a_bucket),
        cmocka_unit_test(names_of_all_lengths_survive),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(shards_part_the_names),
        cmocka_unit_test(shards_of_one_bucket_each),
        cmocka_unit_test(impossible_shards_are_refused),
        cmocka_unit_test(without_a_directory_memory_is_the_limit),
        cmocka_unit_test(a_full_disk_is_said),
        cmocka_unit_test(a_directory_that_is_none_is_said),
        cmocka_unit_test(the_file_has_no_name),
        cmocka_unit_test(a_file_system_without_unnamed_files_will_do),
        cmocka_unit_test(a_note_goes_with_its_name),
        cmocka_unit_test(an_entry_does_not_leave_its_bucket),
        cmocka_unit_test(a_damaged_entry_is_not_followed),
        cmocka_unit_test(a_cut_or_changed_file_is_corrupt),
    };
    return cmocka_run_group_tests_name("spool", tests, make_directory, remove_directory);
}
