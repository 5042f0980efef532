/* Looks a result up in the contacts' records, then in the host records, and decodes it. */
#include "scanner/stages/results.h"

#include <stdlib.h>
#include <sys/random.h>

#include "output/frames/frames.h"
#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "output/readback/refused.h"
#include "scanner/base/map.h"
#include "scanner/reach/contact.h"
#include "scanner/reach/hostlookups.h"
#include "scanner/reach/proberun.h"
#include "scanner/stages/results_cache.h"

enum { WHY_BYTES = 4096, ARENA_BYTES = 64 << 20, KEY_BYTES = 2 * 1024 };

struct results_store {
    uint64_t seed;
    uint32_t rounds; /* the last that was added */
    struct facts_index *index;
    struct spill *contacts;
    struct facts_table table; /* of those */
    uint64_t contact_count;
    struct results_cache cache;
    struct arena arena;   /* of the domain at hand: its policies */
    struct arena scratch; /* of the result at hand, while it is decoded */
    struct arena contact; /* of the contact's record that was read last */
    struct buf why;
    uint32_t round;      /* while a directory is added */
    struct buf *add_why; /* likewise */
    uint64_t found, cached;
};

/* ---- keys of contacts ---------------------------------------------------------------------------------- */

/* What a contact's record is found by. */
enum contact_kind {
    KIND_POLICY = 'p',
    KIND_HOST = 'h',
    KIND_GONE = 'g' /* of a host by its name alone: it has the address no more */
};

static uint64_t hash_of(const struct results_store *results, enum contact_kind kind, const char *name,
                        const struct ip_addr *ip, uint32_t round)
{
    char key[KEY_BYTES] = {(char)kind};
    size_t len = strnlen(name, KEY_BYTES - 32);
    memcpy(key + 1, name, len);
    if (ip != NULL) {
        key[1 + len] = (char)ip->family;
        memcpy(key + 2 + len, ip->bytes, sizeof ip->bytes);
    }
    return map_hash(bytes_make(key, len + 2 + sizeof ip->bytes), results->seed + round);
}

/* The only MX host of a contact's record; NULL: it is none of a host. */
static const struct host_facts *host_of(const struct domain_facts *contact)
{
    return contact->host_count == 1 ? contact->hosts[0].facts : NULL;
}

static bool is_policy(const struct domain_facts *contact)
{
    return contact_label_of(contact->label) == CONTACT_POLICY;
}

/* Returns the probe of the contact's own address: of all that stand there the one that is not elsewhere; NULL
 * if none is. */
static const struct probe_facts *probe_of(const struct host_facts *host)
{
    for (size_t i = 0; i < host->probe_count; i++)
        if (host->probes[i].not_tried != NOT_TRIED_ELSEWHERE)
            return &host->probes[i];
    return NULL;
}

/* Returns the hash that the record is found by. false: it says nothing of its own. */
static bool key_of(const struct results_store *results, const struct domain_facts *contact, uint64_t *hash)
{
    const struct host_facts *host = host_of(contact);
    if (is_policy(contact)) {
        *hash = hash_of(results, KIND_POLICY, contact->domain, NULL, results->round);
        return true;
    }
    const struct probe_facts *probe = host == NULL ? NULL : probe_of(host);
    if (host == NULL || (probe == NULL && host->asked == 0))
        return false;
    *hash = probe == NULL ? hash_of(results, KIND_GONE, contact->domain, NULL, results->round)
                          : hash_of(results, KIND_HOST, contact->domain, &probe->ip, results->round);
    return true;
}

/* ---- adding -------------------------------------------------------------------------------------------- */

/* Says whether the record may tell more than its host record. Texts in a record cannot hold these. */
static bool may_tell(struct bytes line)
{
    return bytes_hold(line, "\"label\":\"policy\"") || bytes_hold(line, "\"not_tried\":") ||
           bytes_hold(line, "\"asked\":");
}

static enum error keep_contact(struct results_store *results, struct bytes line, uint64_t hash)
{
    uint64_t place;
    bool kept;
    enum error error = spill_add(results->contacts, line, &place, results->add_why);
    if (error == ERR_OK)
        error = table_add(&results->table, hash, place, &kept, results->add_why);
    results->contact_count += error == ERR_OK;
    return error;
}

static enum error on_contact(void *arg, struct bytes line)
{
    struct results_store *results = arg;
    struct domain_facts contact;
    uint64_t hash;
    if (!may_tell(line))
        return ERR_OK;
    arena_reset(&results->arena);
    enum error error = facts_read_domain(line, &results->arena, &contact, results->add_why);
    if (refused_is_of_record(error))
        return ERR_CORRUPT;
    if (error == ERR_OK && key_of(results, &contact, &hash))
        error = keep_contact(results, line, hash);
    return error;
}

enum error results_add(struct results_store *results, int dir_fd, uint32_t round, facts_index_also also,
                       void *arg, struct buf *why)
{
    results->round = round;
    results->rounds = round > results->rounds ? round : results->rounds;
    results->add_why = why;
    enum error error = facts_index_add(results->index, dir_fd, round, also, arg, why);
    if (error == ERR_OK)
        error = frames_read(dir_fd, "domains", on_contact, results, why);
    if (error == ERR_OK)
        error = spill_flush(results->contacts, why);
    const char *damage = facts_index_damage(results->index);
    if (error != ERR_OK || (damage[0] == 0 && facts_index_counts(results->index).unreadable == 0))
        return error;
    buf_text(why, damage[0] != 0 ? damage : "a line is no host record or certificate record");
    return ERR_CORRUPT;
}

/* ---- finding ------------------------------------------------------------------------------------------- */

/* Says of a record that was found by its hash whether it is the one. */
static bool is_contact(const struct domain_facts *contact, enum contact_kind kind, const char *name,
                       const struct ip_addr *ip)
{
    const struct host_facts *host = host_of(contact);
    if (contact->domain == NULL || strcmp(contact->domain, name) != 0 ||
        is_policy(contact) != (kind == KIND_POLICY))
        return false;
    if (kind == KIND_POLICY)
        return true;
    const struct probe_facts *probe = host == NULL ? NULL : probe_of(host);
    if (kind == KIND_HOST)
        return probe != NULL && ip_equal(&probe->ip, ip);
    for (size_t i = 0; host != NULL && i < host->address.ip_count; i++)
        if (ip_equal(&host->address.ips[i], ip))
            return false;
    return host != NULL && probe == NULL;
}

static int latest_first(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return *left > *right ? -1 : *left < *right;
}

/* Finds a contact's record of a round, the last one if there are several. It is good until the next call, and
 * so is *line. */
static enum error find_contact(struct results_store *results, enum contact_kind kind, const char *name,
                               const struct ip_addr *ip, uint32_t round, struct bytes *line,
                               struct domain_facts *contact)
{
    uint64_t places[TABLE_PLACES_A_KEY];
    uint64_t hash = hash_of(results, kind, name, kind == KIND_HOST ? ip : NULL, round);
    size_t count = table_find(&results->table, hash, places);
    if (count > 1)
        qsort(places, count, sizeof *places, latest_first);
    for (size_t i = 0; i < count; i++) {
        arena_reset(&results->contact);
        enum error error = spill_get(results->contacts, places[i], line);
        if (error == ERR_OK)
            error = facts_read_domain(*line, &results->contact, contact, &results->why);
        if (error != ERR_OK)
            return error;
        if (is_contact(contact, kind, name, ip))
            return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

static enum error find_probe(struct results_store *results, const struct result_key *key, bool shared,
                             struct arena *arena, struct probe_facts *probe)
{
    const struct probe_wanted wanted = {.host = key->host, .ip = key->ip};
    const struct facts_source source = facts_index_source(results->index);
    struct facts_gaps gaps = {0};
    struct bytes line;
    enum error error = facts_index_host(results->index, &wanted, key->round, shared, &line);
    if (error == ERR_OK)
        error = facts_read_host(line, arena, probe, &results->why);
    if (error == ERR_OK)
        error = facts_complete_probe(probe, &source, arena, &gaps, &results->why);
    if (error != ERR_OK || gaps.certs == 0)
        return error;
    buf_printf(&results->why, "%s: a certificate of its record is not there", key->host);
    return ERR_CORRUPT;
}

/* Was the address looked at in another round as well? Then a domain names the record that it means. */
static bool is_one_of_several(const struct results_store *results, const struct result_key *key)
{
    for (uint32_t round = 1; round <= results->rounds; round++)
        if (round != key->round && facts_index_has(results->index, key->host, &key->ip, round))
            return true;
    return false;
}

/* Puts the host record in the place of what the contact's record says of a probe, if it says less. */
static enum error take_probe(struct results_store *results, const struct result_key *key,
                             const struct probe_facts *known, struct probe_facts *probe)
{
    bool shared = known != NULL && known->not_tried == NOT_TRIED_BUDGET;
    if (known != NULL)
        *probe = *known;
    if (known != NULL && known->not_tried != TRIED && !shared)
        return ERR_OK;
    enum error error = find_probe(results, key, shared, &results->scratch, probe);
    if (error == ERR_NOT_FOUND && shared) {
        *probe = *known;
        return ERR_OK;
    }
    if (error == ERR_NOT_FOUND && known != NULL) {
        buf_printf(&results->why, "%s: its host record is not there", key->host);
        return ERR_CORRUPT;
    }
    probe->again = is_one_of_several(results, key);
    return error;
}

/* What was read of a result; it lives in scratch and contact. */
struct decoded {
    struct probe_facts probe;
    bool has_probe;
    const struct host_facts *lookups;
};

static enum error read_result(struct results_store *results, const struct result_key *key,
                              struct decoded *decoded)
{
    struct domain_facts contact;
    struct bytes line;
    enum error error = find_contact(results, KIND_HOST, key->host, &key->ip, key->round, &line, &contact);
    if (error == ERR_OK) {
        decoded->has_probe = true;
        error = take_probe(results, key, probe_of(host_of(&contact)), &decoded->probe);
    } else if (error == ERR_NOT_FOUND) {
        error = take_probe(results, key, NULL, &decoded->probe);
        decoded->has_probe = error == ERR_OK;
        if (error != ERR_NOT_FOUND)
            return error;
        error = find_contact(results, KIND_GONE, key->host, &key->ip, key->round, &line, &contact);
    }
    if (error == ERR_OK && host_of(&contact)->asked != 0)
        decoded->lookups = host_of(&contact);
    return error;
}

/* Copies of a result what domains keep of it: as a scan does, but for the names of the leaf, which are kept
 * always, as it is not known here which TLSA records it is judged by. */
static enum error keep(const struct decoded *decoded, const char *host, struct arena *arena,
                       struct replay_look *look)
{
    static struct tlsa_rr anchor = {.usage = USAGE_DANE_TA};
    const struct host_facts any = {.host = arena_string(arena, host),
                                   .tlsa = {.rrs = &anchor, .rr_count = 1}};
    struct probe_facts *probe = arena_alloc(arena, sizeof *probe);
    struct host_facts *lookups = arena_alloc(arena, sizeof *lookups);
    if (probe == NULL || lookups == NULL)
        return ERR_MEMORY;
    if (decoded->has_probe) {
        probe_facts_compact(&decoded->probe, &any, arena, probe);
        probe->again = decoded->probe.again;
        look->probe = probe;
    }
    if (decoded->lookups != NULL) {
        host_lookups_copy(decoded->lookups, arena, lookups);
        lookups->host = any.host;
        lookups->asked = decoded->lookups->asked;
        look->lookups = lookups;
    }
    return arena->full ? ERR_MEMORY : ERR_OK;
}

static enum error decode(void *arg, const struct result_key *key, struct arena *arena,
                         struct replay_look *look)
{
    struct results_store *results = arg;
    struct decoded decoded = {.has_probe = false};
    arena_reset(&results->scratch);
    *look = (struct replay_look){NULL, NULL};
    enum error error = read_result(results, key, &decoded);
    return error == ERR_OK ? keep(&decoded, key->host, arena, look) : error;
}

/* Says without reading a record whether there may be a result. */
static bool may_have(const struct results_store *results, const struct result_key *key)
{
    uint64_t places[TABLE_PLACES_A_KEY];
    return facts_index_has(results->index, key->host, &key->ip, key->round) ||
           table_find(&results->table, hash_of(results, KIND_HOST, key->host, &key->ip, key->round), places) >
               0 ||
           table_find(&results->table, hash_of(results, KIND_GONE, key->host, NULL, key->round), places) > 0;
}

static enum error find_host(void *arg, const char *host, const struct ip_addr *ip, uint32_t round,
                            struct replay_look *look)
{
    struct results_store *results = arg;
    const struct result_key key = {host, *ip, round};
    bool cached;
    if (!may_have(results, &key))
        return ERR_NOT_FOUND;
    enum error error = results_cache_get(&results->cache, &key, decode, results, look, &cached);
    results->found += error == ERR_OK;
    results->cached += error == ERR_OK && cached;
    return error;
}

static enum error find_policy(void *arg, const char *domain, uint32_t round, struct policy_facts *policy)
{
    struct results_store *results = arg;
    const struct facts_source source = facts_index_source(results->index);
    struct facts_gaps gaps = {0};
    struct domain_facts contact;
    struct bytes line;
    enum error error = find_contact(results, KIND_POLICY, domain, NULL, round, &line, &contact);
    if (error == ERR_OK) /* for as long as the domain is at hand */
        error = facts_read_domain(line, &results->arena, &contact, &results->why);
    if (error == ERR_OK) {
        contact.host_count = 0;
        error = facts_complete(&contact, &source, &results->arena, &gaps, &results->why);
    }
    if (error == ERR_OK && gaps.certs > 0) {
        buf_printf(&results->why, "%s: a certificate of its policy host is not there", domain);
        return ERR_CORRUPT;
    }
    if (error == ERR_OK)
        *policy = contact.policy;
    return error;
}

struct replay_source results_source(struct results_store *results)
{
    return (struct replay_source){results, find_host, find_policy};
}

const char *results_why(struct results_store *results)
{
    return buf_string(&results->why);
}

void results_next(struct results_store *results)
{
    arena_reset(&results->arena);
    buf_reset(&results->why);
    results_cache_next(&results->cache);
    facts_index_next(results->index);
}

/* ---- its life ------------------------------------------------------------------------------------------ */

enum error results_open(size_t cache_bytes, struct results_store **made, struct buf *why)
{
    struct results_store *results = calloc(1, sizeof *results);
    *made = NULL;
    if (results == NULL)
        return ERR_MEMORY;
    buf_init(&results->why, WHY_BYTES);
    arena_init(&results->arena, ARENA_BYTES);
    arena_init(&results->scratch, ARENA_BYTES);
    arena_init(&results->contact, ARENA_BYTES);
    table_init(&results->table);
    enum error error = facts_index_create(RECORD_RULES, &results->index, why);
    if (error == ERR_OK)
        error = spill_create(&results->contacts, why);
    if (getrandom(&results->seed, sizeof results->seed, 0) != sizeof results->seed && error == ERR_OK)
        error = ERR_IO;
    results_cache_init(&results->cache, cache_bytes, results->seed);
    if (error == ERR_OK)
        *made = results;
    else
        results_close(results);
    return error;
}

void results_close(struct results_store *results)
{
    if (results == NULL)
        return;
    results_cache_dispose(&results->cache);
    facts_index_close(results->index);
    spill_destroy(results->contacts);
    table_dispose(&results->table);
    arena_dispose(&results->arena);
    arena_dispose(&results->scratch);
    arena_dispose(&results->contact);
    buf_dispose(&results->why);
    free(results);
}

struct results_counts results_counts(const struct results_store *results)
{
    const struct facts_index_counts index = facts_index_counts(results->index);
    return (struct results_counts){.hosts = index.hosts,
                                   .certs = index.certs,
                                   .contacts = results->contact_count,
                                   .bytes = index.bytes + spill_bytes(results->contacts) +
                                            table_bytes(&results->table),
                                   .found = results->found,
                                   .cached = results->cached};
}
