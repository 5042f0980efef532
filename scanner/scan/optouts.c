/* Writes a line an entry: those of the list, then those that only an earlier run had. */
#include "scanner/scan/optouts.h"

#include <stdlib.h>
#include <string.h>

#include "output/json/json_write.h"
#include "output/readback/optout_kept.h"
#include "scanner/base/shown.h"

enum { PREFIX_TEXT_BYTES = IP_TEXT_BYTES + 4 };

/* An entry's text and where it stands. */
struct known {
    const char *text;
    size_t index;
};

struct writing {
    const struct optout *now;
    const struct optout_kept *before;
    struct known *known; /* entries of now, sorted by text */
    struct ip_prefix *prefixes;
    size_t prefix_count, prefix_capacity;
    bool full; /* out of memory */
    struct buf text;
};

/* ---- prefixes of an AS number -------------------------------------------------------------------------- */

static bool take_prefix(void *arg, const struct ip_prefix *prefix)
{
    struct writing *writing = arg;
    if (writing->prefix_count == writing->prefix_capacity) {
        size_t capacity = writing->prefix_capacity == 0 ? 64 : writing->prefix_capacity * 2;
        struct ip_prefix *larger = reallocarray(writing->prefixes, capacity, sizeof *larger);
        writing->full = larger == NULL;
        if (writing->full)
            return false;
        writing->prefixes = larger;
        writing->prefix_capacity = capacity;
    }
    writing->prefixes[writing->prefix_count++] = *prefix;
    return true;
}

static int compare_prefixes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct ip_prefix));
}

/* Writes what was taken, each once. */
static void put_prefixes(struct writing *writing, struct json *json)
{
    json_open_array(json, "prefixes");
    if (writing->prefix_count > 0)
        qsort(writing->prefixes, writing->prefix_count, sizeof *writing->prefixes, compare_prefixes);
    for (size_t i = 0; i < writing->prefix_count; i++) {
        const struct ip_prefix *prefix = &writing->prefixes[i];
        char text[PREFIX_TEXT_BYTES], base[IP_TEXT_BYTES];
        if (i > 0 && compare_prefixes(prefix, prefix - 1) == 0)
            continue;
        (void)snprintf(text, sizeof text, "%s/%u", ip_format(&prefix->base, base), (unsigned)prefix->bits);
        json_put_string(json, NULL, text);
    }
    json_close_array(json);
    writing->prefix_count = 0;
}

/* ---- entries ------------------------------------------------------------------------------------------- */

static bool put_entry(struct writing *writing, const struct optout_entry *entry, uint64_t domains,
                      bool removed)
{
    struct json json;
    json_start(&json, &writing->text);
    json_open(&json, NULL);
    json_put_string(&json, "entry", entry->text);
    json_put_string(&json, "kind", optout_kind_name(entry->kind));
    json_put_unsigned(&json, "line", entry->line);
    json_put_optional(&json, "since", entry->since[0] == 0 ? NULL : entry->since);
    json_put_optional(&json, "comment", entry->comment[0] == 0 ? NULL : entry->comment);
    json_put_unsigned(&json, "domains", domains);
    json_put_flag(&json, "removed", removed);
    if (entry->kind == OPTOUT_AS)
        put_prefixes(writing, &json);
    json_close(&json);
    return json_finish(&json) && !writing->full;
}

static int compare_known(const void *a, const void *b)
{
    const struct known *left = a, *right = b;
    int order = strcmp(left->text, right->text);
    return order != 0 ? order : left->index < right->index ? -1 : left->index > right->index;
}

static int compare_text(const void *key, const void *element)
{
    return strcmp(key, ((const struct known *)element)->text);
}

static bool sort_known(struct writing *writing)
{
    size_t count = optout_count(writing->now);
    writing->known = calloc(count + 1, sizeof *writing->known);
    for (size_t i = 0; writing->known != NULL && i < count; i++)
        writing->known[i] = (struct known){.text = optout_entry(writing->now, i)->text, .index = i};
    if (writing->known != NULL && count > 0)
        qsort(writing->known, count, sizeof *writing->known, compare_known);
    return writing->known != NULL;
}

static bool is_known(const struct writing *writing, const char *text)
{
    return bsearch(text, writing->known, optout_count(writing->now), sizeof *writing->known, compare_text) !=
           NULL;
}

/* Takes the prefixes that the AS number had in earlier runs. */
static void take_earlier(struct writing *writing, uint32_t asn)
{
    const struct optout *before = writing->before->optout;
    int64_t index = before == NULL ? OPTOUT_NONE : optout_find_as(before, asn);
    if (index != OPTOUT_NONE)
        optout_each_prefix(before, (size_t)index, take_prefix, writing);
}

static bool put_entries(struct writing *writing, const uint64_t *domains)
{
    const struct optout *before = writing->before->optout;
    bool good = sort_known(writing);
    for (size_t i = 0; good && i < optout_count(writing->now); i++) {
        const struct optout_entry *entry = optout_entry(writing->now, i);
        if (entry->kind == OPTOUT_AS) {
            optout_each_prefix(writing->now, i, take_prefix, writing);
            take_earlier(writing, entry->asn);
        }
        good = put_entry(writing, entry, domains[i], false);
    }
    for (size_t i = 0; good && before != NULL && i < optout_count(before); i++) {
        const struct optout_entry *entry = optout_entry(before, i);
        if (is_known(writing, entry->text))
            continue;
        if (entry->kind == OPTOUT_AS)
            optout_each_prefix(before, i, take_prefix, writing);
        good = put_entry(writing, entry, 0, true); /* its names are scanned, or another entry counts them */
    }
    return good;
}

/* Says what goes on without the file. */
static void say_way_out(const char *dir, struct buf *why)
{
    if (why->len == 0)
        buf_printf(why, OPTOUT_KEPT_NAME ": %s", error_text(ERR_LIMIT));
    buf_printf(
        why, "; to go on, move %s/" OPTOUT_KEPT_NAME " away: then what earlier entries kept out is not told",
        shown(dir));
}

static enum error read_before(struct store *store, const char *dir, struct optout_kept *before,
                              struct buf *why)
{
    struct buf text, unread;
    buf_init(&text, OPTOUT_KEPT_BYTES);
    buf_init(&unread, 512);
    enum error error = store_read_file(store, OPTOUT_KEPT_NAME, &text, &unread);
    if (error == ERR_OK)
        error = optout_kept_read(buf_bytes(&text), before, why);
    else if (error == ERR_NOT_FOUND)
        error = ERR_OK;
    else
        buf_append(why, unread.data, unread.len);
    if (error == ERR_CORRUPT || error == ERR_LIMIT)
        say_way_out(dir, why);
    buf_dispose(&text);
    buf_dispose(&unread);
    return error;
}

enum error optouts_write(struct store *store, const char *dir, const struct optout *optout,
                         const uint64_t *domains, struct buf *why)
{
    struct optout_kept before = {0};
    struct writing writing = {.now = optout, .before = &before};
    enum error error = read_before(store, dir, &before, why);
    buf_init(&writing.text, OPTOUT_KEPT_BYTES);
    if (error == ERR_OK && !put_entries(&writing, domains))
        error = writing.full ? ERR_MEMORY : ERR_LIMIT;
    if (error == ERR_OK && writing.text.len > 0)
        error = store_write_file(store, OPTOUT_KEPT_NAME, buf_bytes(&writing.text), why);
    buf_dispose(&writing.text);
    free(writing.known);
    free(writing.prefixes);
    optout_kept_dispose(&before);
    return error;
}
