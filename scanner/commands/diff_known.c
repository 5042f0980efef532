/* Maps an array that grows; the space is reserved before it is mapped, so that a full disk is an error and no
 * signal. */
#include "scanner/commands/diff_known.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/map.h"
#include "scanner/base/seed.h"

enum { FIRST_CAPACITY = 4096 };

enum error diff_known_init(struct diff_known *known, struct buf *why)
{
    *known = (struct diff_known){.fd = -1};
    table_init(&known->table);
    known->fd = spill_open_file(-1, why);
    return known->fd < 0 ? ERR_IO : spill_create(&known->names, why);
}

static void unmap(struct diff_known *known)
{
    if (known->known != NULL)
        (void)munmap(known->known, known->capacity * sizeof *known->known);
    known->known = NULL;
}

void diff_known_dispose(struct diff_known *known)
{
    unmap(known);
    spill_destroy(known->names);
    table_dispose(&known->table);
    if (known->fd >= 0)
        (void)close(known->fd);
    *known = (struct diff_known){.fd = -1};
}

static enum error grow(struct diff_known *known, struct buf *why)
{
    uint64_t capacity = known->capacity == 0 ? FIRST_CAPACITY : known->capacity * 2;
    size_t size = capacity * sizeof *known->known;
    int refused = posix_fallocate(known->fd, 0, (off_t)size);
    void *mapped = MAP_FAILED;
    if (refused == 0) {
        unmap(known);
        mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, known->fd, 0);
        refused = mapped == MAP_FAILED ? errno : 0;
    }
    if (refused != 0) {
        buf_printf(why, "no room for histories of %zu bytes in TMPDIR: %s", size, errno_said(refused));
        return refused == ENOSPC || refused == EDQUOT ? ERR_FULL : ERR_IO;
    }
    known->known = mapped;
    known->capacity = capacity;
    return ERR_OK;
}

/* Is it the domain's? Names that were added last are written first. */
static enum error is_of(struct diff_known *known, uint64_t number, const char *domain, bool *same,
                        struct buf *why)
{
    struct bytes name;
    enum error error = ERR_OK;
    if (number >= known->readable) {
        error = spill_flush(known->names, why);
        known->readable = known->count;
    }
    if (error == ERR_OK)
        error = spill_get(known->names, known->known[number].name, &name);
    *same = error == ERR_OK && bytes_equal(name, bytes_of(domain));
    return error;
}

static enum error add(struct diff_known *known, uint64_t hash, const char *domain, struct history **history,
                      struct buf *why)
{
    uint64_t place;
    bool kept;
    enum error error = known->count == known->capacity ? grow(known, why) : ERR_OK;
    if (error == ERR_OK)
        error = spill_add(known->names, bytes_of(domain), &place, why);
    if (error == ERR_OK)
        error = table_add(&known->table, hash, known->count, &kept, why);
    if (error != ERR_OK)
        return error;
    known->known[known->count] = (struct known){.name = place};
    *history = &known->known[known->count++].history;
    return ERR_OK;
}

enum error diff_known_get(struct diff_known *known, const char *domain, struct history **history,
                          struct buf *why)
{
    uint64_t numbers[TABLE_PLACES_A_KEY], hash = map_hash(bytes_of(domain), hash_seed());
    size_t count = table_find(&known->table, hash, numbers);
    for (size_t i = 0; i < count; i++) {
        bool same = false;
        enum error error = is_of(known, numbers[i], domain, &same, why);
        if (error != ERR_OK)
            return error;
        *history = &known->known[numbers[i]].history;
        if (same)
            return ERR_OK;
    }
    return add(known, hash, domain, history, why);
}
