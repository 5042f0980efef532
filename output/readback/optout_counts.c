#include "output/readback/optout_counts.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/json/json_tree.h"
#include "scanner/base/map.h"

enum { ARENA_BYTES = 256 << 20, FIRST_SEEN = 1024, KEY_BYTES = 320 };

enum error optout_counts_init(struct optout_counts *counts, const struct optout *optout, uint64_t seed)
{
    *counts = (struct optout_counts){.optout = optout, .seed = seed};
    arena_init(&counts->arena, ARENA_BYTES);
    counts->tallies = calloc(optout_count(optout) + 1, sizeof *counts->tallies);
    return counts->tallies == NULL ? ERR_MEMORY : ERR_OK;
}

void optout_counts_dispose(struct optout_counts *counts)
{
    free(counts->tallies);
    counts->tallies = NULL;
    places_dispose(&counts->seen);
    arena_dispose(&counts->arena);
}

static struct optout_tally *tally_of(struct optout_counts *counts, int64_t entry)
{
    return &counts->tallies[entry == OPTOUT_NONE ? (int64_t)optout_count(counts->optout) : entry];
}

/* Is it the first time that this host or address is met at the entry? */
static enum error see(struct optout_counts *counts, int64_t entry, char kind, struct bytes text,
                      uint64_t *sum)
{
    uint8_t key[KEY_BYTES] = {(uint8_t)kind};
    size_t len = text.len < KEY_BYTES - 9 ? text.len : KEY_BYTES - 9;
    memcpy(key + 1, &entry, sizeof entry);
    memcpy(key + 9, text.data, len);
    uint64_t hash = map_hash(bytes_make(key, len + 9), counts->seed);
    hash = hash == 0 ? 1 : hash;
    if (!places_make_room(&counts->seen, FIRST_SEEN, UINT64_MAX, 0))
        return ERR_MEMORY;
    uint64_t *place = places_find(&counts->seen, hash, UINT64_MAX, 0);
    *sum += *place == 0;
    counts->seen.count += *place == 0;
    *place = hash;
    return ERR_OK;
}

/* ---- by which entry ------------------------------------------------------------------------------------ */

static bool is_text(const struct json_node *node)
{
    return node != NULL && node->kind == JSON_STRING;
}

static bool says(const struct json_node *object, const char *key, const char *word)
{
    const struct json_node *node = json_tree_at(object, key);
    return is_text(node) && strcmp((const char *)node->text.data, word) == 0;
}

static int64_t by_name(const struct optout_counts *counts, const struct json_node *node)
{
    return is_text(node) ? optout_find_domain(counts->optout, (const char *)node->text.data) : OPTOUT_NONE;
}

/* Returns the entry of one of the names that the lookups of the object went through. */
static int64_t by_alias(const struct optout_counts *counts, const struct json_node *object)
{
    const struct json_node *cnames = json_tree_at(object, "cnames");
    int64_t entry = OPTOUT_NONE;
    if (cnames == NULL || cnames->kind != JSON_ARRAY)
        return OPTOUT_NONE;
    for (const struct json_node *node = cnames->first; node != NULL && entry == OPTOUT_NONE;
         node = node->next)
        entry = by_name(counts, node);
    return entry;
}

/* Counts the address that stands under ip, if it is listed itself. */
static enum error by_address(struct optout_counts *counts, const struct json_node *object, int64_t *entry)
{
    const struct json_node *node = json_tree_at(object, "ip");
    struct ip_addr ip;
    *entry = OPTOUT_NONE;
    if (!is_text(node) || !ip_parse((const char *)node->text.data, &ip))
        return ERR_OK;
    *entry = optout_find_ip(counts->optout, &ip);
    return see(counts, *entry, 'a', bytes_make(ip.bytes, sizeof ip.bytes),
               &tally_of(counts, *entry)->addresses);
}

/* ---- a record ------------------------------------------------------------------------------------------ */

static enum error count_policy(struct optout_counts *counts, const struct json_node *policy)
{
    enum error error = ERR_OK;
    if (!says(policy, "not_tried", "optout"))
        return ERR_OK;
    int64_t entry = by_name(counts, json_tree_at(policy, "host"));
    if (entry == OPTOUT_NONE)
        entry = by_alias(counts, policy);
    if (entry == OPTOUT_NONE)
        error = by_address(counts, policy, &entry);
    tally_of(counts, entry)->policies++;
    return error;
}

static enum error count_mx(struct optout_counts *counts, int64_t entry, struct bytes host)
{
    struct optout_tally *tally = tally_of(counts, entry);
    tally->mx++;
    return see(counts, entry, 'h', host, &tally->hosts);
}

/* Counts the addresses of a host that were left alone for themselves; the host counts at the entry of the
 * first. */
static enum error count_addresses(struct optout_counts *counts, const struct json_node *first,
                                  struct bytes host)
{
    int64_t of_host = OPTOUT_NONE;
    for (const struct json_node *ip = first; ip != NULL; ip = ip->next) {
        int64_t entry;
        if (!says(ip, "not_tried", "optout"))
            continue;
        enum error error = by_address(counts, ip, &entry);
        if (error != ERR_OK)
            return error;
        of_host = ip == first ? entry : of_host;
    }
    return count_mx(counts, of_host, host);
}

/* Returns the first address of the host that was left alone, or NULL. */
static const struct json_node *first_left_alone(const struct json_node *host)
{
    const struct json_node *ips = json_tree_at(host, "ips");
    const struct json_node *ip = ips != NULL && ips->kind == JSON_ARRAY ? ips->first : NULL;
    while (ip != NULL && !says(ip, "not_tried", "optout"))
        ip = ip->next;
    return ip;
}

/* mx: the entry of a name that the domain is an alias of, which has its MX hosts. */
static enum error count_host(struct optout_counts *counts, const struct json_node *host, int64_t mx)
{
    const struct json_node *name = json_tree_at(host, "host"), *ip = first_left_alone(host);
    if (!is_text(name) || (ip == NULL && !says(host, "code", "smtp.not-probed.optout")))
        return ERR_OK;
    int64_t entry = by_name(counts, name);
    if (entry == OPTOUT_NONE)
        entry = mx;
    if (entry == OPTOUT_NONE)
        entry = by_alias(counts, host);
    return entry == OPTOUT_NONE && ip != NULL ? count_addresses(counts, ip, name->text)
                                              : count_mx(counts, entry, name->text);
}

static enum error count_hosts(struct optout_counts *counts, const struct json_node *mx)
{
    const struct json_node *hosts = json_tree_at(mx, "hosts");
    int64_t entry = by_alias(counts, mx);
    enum error error = ERR_OK;
    if (hosts == NULL || hosts->kind != JSON_ARRAY)
        return ERR_OK;
    for (const struct json_node *host = hosts->first; host != NULL && error == ERR_OK; host = host->next)
        error = count_host(counts, host, entry);
    return error;
}

/* Most records have nothing of it, and need not be parsed: quotes within their texts are escaped. */
static bool may_count(struct bytes line)
{
    return bytes_hold(line, "\"not_tried\":\"optout\"") || bytes_hold(line, "\"smtp.not-probed.optout\"");
}

enum error optout_counts_add(struct optout_counts *counts, struct bytes line)
{
    const struct json_node *root;
    if (!may_count(line))
        return ERR_OK;
    arena_reset(&counts->arena);
    enum error error = json_tree_parse(line, &counts->arena, &root);
    if (error == ERR_OK)
        error = count_policy(counts, json_tree_at(root, "policy"));
    return error == ERR_OK ? count_hosts(counts, json_tree_at(root, "mx")) : error;
}
