/* Finds names and codes in the text of records. A quote within a text is written behind a backslash, so that
 * what is looked for here stands in none. */
#include "scanner/stages/unsettled.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/map.h"
#include "scanner/verdict/verdict.h"

/* Bits are set by so many numbers drawn from a key's hash. */
enum { PLACES = 4 };

#define FILTER_BITS ((uint64_t)UNSETTLED_BYTES * 8)

struct unsettled {
    bool more_passes, any;
    bool all; /* a record had no name: it may be of anybody */
    uint8_t bits[UNSETTLED_BYTES];
};

struct unsettled *unsettled_create(bool more_passes)
{
    struct unsettled *unsettled = calloc(1, sizeof *unsettled);
    if (unsettled != NULL)
        unsettled->more_passes = more_passes;
    return unsettled;
}

void unsettled_free(struct unsettled *unsettled)
{
    free(unsettled);
}

bool unsettled_any(const struct unsettled *unsettled)
{
    return unsettled->any;
}

/* ---- the text ------------------------------------------------------------------------------------------ */

/* Returns the contents of the next string that stands behind `key`, as they are written, and leads *left
 * behind it. false: there is none. */
static bool next_string(struct bytes *left, const char *key, struct bytes *string)
{
    const uint8_t *at = left->len == 0 ? NULL : memmem(left->data, left->len, key, strlen(key));
    if (at == NULL)
        return false;
    *left = bytes_behind(*left, (size_t)(at - left->data) + strlen(key));
    size_t len = 0;
    while (len < left->len && left->data[len] != '"')
        len += left->data[len] == '\\' && len + 1 < left->len ? 2 : 1;
    *string = bytes_make(left->data, len);
    *left = bytes_behind(*left, len);
    return true;
}

/* ---- the filter ---------------------------------------------------------------------------------------- */

/* Returns one of the places of a key. The step is odd, so that all differ. */
static uint64_t place_of(uint64_t hash, uint64_t number)
{
    return (hash + number * ((hash >> 32) | 1)) % FILTER_BITS;
}

static void put(struct unsettled *unsettled, struct bytes name)
{
    uint64_t hash = map_hash(name, 0);
    unsettled->any = true;
    for (uint64_t i = 0; i < PLACES; i++)
        unsettled->bits[place_of(hash, i) / 8] |= (uint8_t)(1 << place_of(hash, i) % 8);
}

static bool has(const struct unsettled *unsettled, struct bytes name)
{
    uint64_t hash = map_hash(name, 0);
    for (uint64_t i = 0; i < PLACES; i++)
        if ((unsettled->bits[place_of(hash, i) / 8] & 1 << place_of(hash, i) % 8) == 0)
            return false;
    return true;
}

/* ---- records ------------------------------------------------------------------------------------------- */

/* tried: the code is of what was contacted, so that no limit of ours kept it from being so. */
static bool comes_again(struct bytes code, bool tried)
{
    enum failure_code found = failure_find((const char *)code.data, code.len);
    return found == FAIL_COUNT || verdict_retry(found) != RETRY_NEVER ||
           (tried && failure_get(found)->transient);
}

/* Is it of a policy host that did not give its whole answer? Its next address may be another part's, and a
 * second look goes by how the connection ended, whatever else is wrong with what came. */
static bool is_policy_broken_off(struct bytes record)
{
    return bytes_hold(record, "\"label\":\"policy\"") && !bytes_hold(record, "\"step\":\"done\"");
}

bool unsettled_is(struct bytes record, bool more_passes)
{
    struct bytes left = record, code;
    bool tried = !bytes_hold(record, "\"not_tried\":");
    if (bytes_hold(record, "\"not_tried\":\"elsewhere\"") || bytes_hold(record, "\"asked\":") ||
        bytes_hold(record, "\"looks\":") || bytes_hold(record, "\"hello_unanswered\"") ||
        is_policy_broken_off(record))
        return true;
    while (more_passes && next_string(&left, "\"code\":\"", &code))
        if (comes_again(code, tried))
            return true;
    return false;
}

void unsettled_note(struct unsettled *unsettled, struct bytes record)
{
    struct bytes left = record, name;
    if (!next_string(&left, "\"domain\":\"", &name))
        unsettled->all = unsettled->any = true;
    else if (unsettled_is(record, unsettled->more_passes))
        put(unsettled, name);
}

bool unsettled_has(const struct unsettled *unsettled, struct bytes record)
{
    struct bytes left = record, name;
    if (!unsettled->any)
        return false;
    if (unsettled->all || !next_string(&left, "\"domain\":\"", &name) || has(unsettled, name))
        return true;
    for (left = record; next_string(&left, "\"host\":\"", &name);)
        if (has(unsettled, name))
            return true;
    return false;
}
