/*
 * Any names through the spool: what comes out, and in which order, depends neither on the memory nor on the
 * order in which they came; each name comes once, with the lowest ordinal and its own note, and the shards
 * together hold what all hold. The first bytes choose seed and shards.
 */
#include "input/spool.h"

#include "scanner/facts/hostname.h"
#include "tests/fuzz/target.h"

enum {
    NAMES = 512,
    NOTE_MOST = 3000,
    NOTES_MOST = 256 * 1024, /* of all names together: an input costs no more than it shows */
    SMALL_BYTES = 64 * 1024, /* so that what follows is written to the disk */
    LARGE_BYTES = 64 << 20,
    SHARDS = 4,
    FNV_PRIME = 16777619
};

struct entry {
    char domain[HOSTNAME_BYTES];
    size_t note_bytes;
    uint32_t rank;
};

struct list {
    struct entry entries[NAMES];
    size_t count;
    uint64_t seed;
};

/* A byte below 16 before a name says how long its note is; a newline ends the name. */
static void read_list(struct list *list, const uint8_t *data, size_t size)
{
    size_t start = 0, left = NOTES_MOST;
    list->count = 0;
    for (size_t i = 0; i <= size && list->count < NAMES; i++) {
        if (i < size && data[i] != '\n')
            continue;
        struct entry *entry = &list->entries[list->count];
        bool has_note = i > start && data[start] < 16;
        size_t note = has_note ? (size_t)data[start] * NOTE_MOST / 16 : 0;
        entry->note_bytes = note < left ? note : left;
        entry->rank = (uint32_t)(i - start);
        start += has_note;
        if (hostname_normalize(bytes_make(data + start, i - start), entry->domain) == FAIL_NONE) {
            left -= entry->note_bytes;
            list->count++;
        }
        start = i + 1;
    }
}

struct result {
    uint64_t digest; /* of all that came out, in its order */
    uint64_t sum;    /* the same, whatever the order */
    struct spool_counts counts;
};

static uint32_t digest_of(const struct input_name *name)
{
    uint32_t digest = 2166136261U;
    for (const char *c = name->domain; *c != '\0'; c++)
        digest = (digest ^ (uint8_t)*c) * FNV_PRIME;
    digest = (digest ^ (uint32_t)name->ordinal) * FNV_PRIME;
    digest = (digest ^ name->rank) * FNV_PRIME;
    return (digest ^ (uint32_t)name->note.len) * FNV_PRIME;
}

static void add(struct spool *spool, const struct list *list, bool backwards)
{
    static uint8_t note[NOTE_MOST];
    for (size_t i = 0; i < list->count; i++) {
        size_t at = backwards ? list->count - 1 - i : i;
        const struct entry *entry = &list->entries[at];
        memset(note, (int)(at & 0xff), entry->note_bytes);
        const struct input_name name = {.ordinal = at + 1,
                                        .domain = entry->domain,
                                        .rank = entry->rank,
                                        .note = bytes_make(note, entry->note_bytes)};
        expect(spool_add(spool, &name) == ERR_OK ? NULL : "a name is not taken");
    }
    expect(spool_finish(spool) == ERR_OK ? NULL : "it cannot be finished");
}

static void take(struct spool *spool, const struct list *list, struct result *result)
{
    struct input_name name;
    enum error error;
    while ((error = spool_next(spool, &name)) == ERR_OK) {
        expect(name.ordinal >= 1 && name.ordinal <= list->count ? NULL : "an ordinal that nobody gave");
        const struct entry *entry = &list->entries[name.ordinal - 1];
        expect(strcmp(entry->domain, name.domain) == 0 && entry->rank == name.rank ? NULL : "another's name");
        expect(entry->note_bytes == name.note.len ? NULL : "another's note");
        for (size_t i = 0; i < name.note.len; i++)
            expect(name.note.data[i] == ((name.ordinal - 1) & 0xff) ? NULL : "another's note");
        result->digest = result->digest * FNV_PRIME + digest_of(&name);
        result->sum += digest_of(&name);
    }
    expect(error == ERR_NOT_FOUND ? NULL : spool_reason(spool));
    result->counts = *spool_counts(spool);
}

static struct result run(const struct list *list, uint64_t memory, uint32_t shard, uint32_t shards,
                         bool backwards)
{
    const struct spool_options options = {.seed = list->seed,
                                          .memory_bytes = memory,
                                          .directory = quick_folder(),
                                          .shard_index = shard,
                                          .shard_count = shards};
    struct result result = {0};
    struct spool *spool;
    struct buf why;
    buf_init(&why, 1024);
    if (spool_create(&options, &spool, &why) != ERR_OK)
        abort();
    add(spool, list, backwards);
    take(spool, list, &result);
    const struct spool_counts *counts = &result.counts;
    expect(counts->names == list->count &&
                   counts->names == counts->not_in_shard + counts->duplicates + counts->handed_out
               ? NULL
               : "the counts do not add up");
    spool_destroy(spool);
    buf_dispose(&why);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct list list;
    if (size < 2)
        return 0;
    uint32_t shards = 1 + data[1] % SHARDS;
    list.seed = data[0];
    read_list(&list, data + 2, size - 2);
    struct result large = run(&list, LARGE_BYTES, 1, 1, false);
    struct result small = run(&list, SMALL_BYTES, 1, 1, false);
    struct result other = run(&list, SMALL_BYTES, 1, 1, true);
    expect(large.digest == small.digest && large.counts.duplicates == small.counts.duplicates
               ? NULL
               : "the memory decides what comes out");
    expect(large.digest == other.digest ? NULL : "the order of the list decides what comes out");
    uint64_t sum = 0;
    for (uint32_t i = 1; i <= shards; i++)
        sum += run(&list, SMALL_BYTES, i, shards, false).sum;
    expect(sum == large.sum ? NULL : "the shards together are not the whole");
    return 0;
}
