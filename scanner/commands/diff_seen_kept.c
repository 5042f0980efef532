/* Packs what was seen into lines of a spill. */
#include "scanner/commands/diff_seen_kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>
#include <xxhash.h>

/* The number of a line, and a line's bytes at most. */
enum { LINE_BYTES = 768, KEY_BYTES = SEEN_HOST_BYTES + 32, FIELDS = 10 };

enum error seen_kept_init(struct seen_kept *kept, struct buf *why)
{
    *kept = (struct seen_kept){.spill = NULL};
    table_init(&kept->table);
    if (getrandom(&kept->seed, sizeof kept->seed, 0) != sizeof kept->seed)
        return ERR_IO;
    return spill_create(&kept->spill, why);
}

void seen_kept_dispose(struct seen_kept *kept)
{
    spill_destroy(kept->spill);
    table_dispose(&kept->table);
    *kept = (struct seen_kept){.spill = NULL};
}

/* ---- lines --------------------------------------------------------------------------------------------- */

/* No text of it has a blank: fields are parted by one, and an empty text is an empty field. */
static size_t pack(const struct seen *seen, uint64_t number, char line[LINE_BYTES])
{
    char ip[IP_TEXT_BYTES];
    int len = snprintf(line, LINE_BYTES, "%" PRIu64 " %d %s %s %" PRIu32 " %d %d %s %s %s", number,
                       (int)seen->is_policy, seen->host, seen->ip.family == 0 ? "" : ip_format(&seen->ip, ip),
                       seen->pass, (int)seen->code, (int)seen->starttls, seen->version, seen->certificate,
                       seen->policy);
    return (size_t)len;
}

/* Cuts a line into its fields, in place. */
static bool cut(char *line, char *fields[FIELDS])
{
    char *rest = line;
    for (size_t i = 0; i < FIELDS; i++)
        if ((fields[i] = strsep(&rest, " ")) == NULL)
            return false;
    return rest == NULL;
}

static bool put_text(const char *field, char *to, size_t room)
{
    size_t len = strlen(field);
    if (len >= room)
        return false;
    memcpy(to, field, len + 1);
    return true;
}

static bool unpack(struct bytes stored, struct seen *seen, uint64_t *number)
{
    char line[LINE_BYTES], *fields[FIELDS];
    if (stored.len >= sizeof line)
        return false;
    memcpy(line, stored.data, stored.len);
    line[stored.len] = 0;
    if (!cut(line, fields))
        return false;
    *number = strtoull(fields[0], NULL, 10);
    *seen = (struct seen){.is_policy = fields[1][0] == '1',
                          .pass = (uint32_t)strtoul(fields[4], NULL, 10),
                          .code = (enum failure_code)strtoul(fields[5], NULL, 10),
                          .starttls = (enum seen_offer)strtoul(fields[6], NULL, 10)};
    (void)ip_parse(fields[3], &seen->ip);
    return seen->code < FAIL_COUNT && put_text(fields[2], seen->host, sizeof seen->host) &&
           put_text(fields[7], seen->version, sizeof seen->version) &&
           put_text(fields[8], seen->certificate, sizeof seen->certificate) &&
           put_text(fields[9], seen->policy, sizeof seen->policy);
}

/* ---- finding ------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct seen_kept *kept, const struct seen *seen)
{
    uint8_t key[KEY_BYTES] = {0};
    size_t len = strlen(seen->host);
    key[0] = seen->is_policy;
    memcpy(key + 1, seen->host, len);
    if (!seen->is_policy)
        memcpy(key + len + 2, seen->ip.bytes, sizeof seen->ip.bytes);
    return XXH3_64bits_withSeed(key, len + 2 + sizeof seen->ip.bytes, kept->seed);
}

enum error seen_kept_add(struct seen_kept *kept, const struct seen *seen, struct buf *why)
{
    char line[LINE_BYTES];
    uint64_t place;
    bool is_kept;
    size_t len = pack(seen, kept->count++, line);
    enum error error = spill_add(kept->spill, bytes_make(line, len), &place, why);
    return error != ERR_OK ? error : table_add(&kept->table, hash_of(kept, seen), place, &is_kept, why);
}

enum error seen_kept_end(struct seen_kept *kept, struct buf *why)
{
    return spill_flush(kept->spill, why);
}

/* Finds what counts, and the number of its line. */
static enum error find(struct seen_kept *kept, const struct seen *like, struct seen *found, uint64_t *number)
{
    uint64_t places[TABLE_PLACES_A_KEY], its_number;
    size_t count = table_find(&kept->table, hash_of(kept, like), places);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        struct seen seen;
        struct bytes line;
        enum error error = spill_get(kept->spill, places[i], &line);
        if (error != ERR_OK)
            return error;
        if (!unpack(line, &seen, &its_number))
            return ERR_CORRUPT;
        if (!seen_is_same(&seen, like))
            continue;
        bool counts =
            !any || seen_outdates(&seen, found) || (!seen_outdates(found, &seen) && its_number < *number);
        if (counts) {
            *found = seen;
            *number = its_number;
        }
        any = true;
    }
    return any ? ERR_OK : ERR_NOT_FOUND;
}

enum error seen_kept_find(struct seen_kept *kept, const struct seen *like, struct seen *found)
{
    uint64_t number;
    return find(kept, like, found, &number);
}

/* ---- going through ------------------------------------------------------------------------------------- */

struct walk {
    struct seen_kept *kept;
    seen_visit visit;
    void *arg;
};

static enum error visit_line(const struct walk *walk, struct bytes line)
{
    struct seen seen, counts;
    uint64_t number, its_number;
    if (!unpack(line, &seen, &number))
        return ERR_CORRUPT;
    enum error error = find(walk->kept, &seen, &counts, &its_number);
    if (error == ERR_NOT_FOUND) /* one of more than TABLE_PLACES_A_KEY with one hash */
        return ERR_OK;
    return error != ERR_OK || number != its_number ? error : walk->visit(walk->arg, &counts);
}

static enum error visit_lines(void *arg, struct bytes lines)
{
    enum error error = ERR_OK;
    while (error == ERR_OK && lines.len > 0) {
        const uint8_t *end = memchr(lines.data, '\n', lines.len);
        size_t len = end == NULL ? lines.len : (size_t)(end - lines.data);
        error = visit_line(arg, bytes_make(lines.data, len));
        lines = bytes_behind(lines, end == NULL ? len : len + 1);
    }
    return error;
}

enum error seen_kept_walk(struct seen_kept *kept, seen_visit visit, void *arg)
{
    struct walk walk = {kept, visit, arg};
    return spill_walk(kept->spill, visit_lines, &walk);
}
