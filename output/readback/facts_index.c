/* Keeps two spills (hosts, certificates) with a table for each. Here alone it is decided which of several
 * probes of one address counts. */
#include "output/readback/facts_index.h"

#include <stdlib.h>

#include <sys/random.h>

#include "output/frames/frames.h"
#include "output/readback/facts_certs.h"
#include "output/readback/facts_fields.h"
#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "scanner/json/json_read.h"
#include "scanner/base/map.h"

enum {
    SHA256_BYTES = 32,
    KEY_BYTES = NAME_CEILING_BYTES + 1 + 1 + 16,
    WHY_BYTES = 4096,
    KNOWN_BYTES = 4 << 20
};

struct records {
    struct spill *spill;
    struct facts_table table;
    uint64_t count;
};

struct facts_index {
    uint64_t seed;
    uint32_t rules; /* of the scan */
    struct records hosts, certs;
    struct facts_certs *known;
    uint64_t unreadable;
    struct buf damage;
    struct buf *why; /* while a directory is added, as all below */
    uint32_t round;
    facts_index_also also;
    void *also_arg;
    bool also_ended; /* by its error, which is no damage that may be passed over */
};

/* The fields of a record that are needed to find it. */
struct record_key {
    uint8_t bytes[KEY_BYTES];
    size_t len;
    char host[NAME_CEILING_BYTES + 1];
    struct ip_addr ip;
    int64_t time;
    uint32_t pass;
    bool untried; /* what another name at the address was told (limits.names_per_ip) */
};

/* ---- the keys of records ------------------------------------------------------------------------------- */

static void make_host_key(struct record_key *key)
{
    size_t len = strlen(key->host);
    memcpy(key->bytes, key->host, len + 1);
    key->bytes[len + 1] = key->ip.family;
    memcpy(key->bytes + len + 2, key->ip.bytes, sizeof key->ip.bytes);
    key->len = len + 2 + sizeof key->ip.bytes;
}

/* Takes the fields of the key, which stand in front of "step". */
static bool on_host_field(void *arg, const struct json_value *value)
{
    struct record_key *key = arg;
    uint64_t number;
    if (value->sub[0] != 0 || strcmp(value->key, "step") == 0)
        return false;
    if (strcmp(value->key, "not_tried") == 0)
        key->untried = true;
    if (value->kind == FIELD_STRING && strcmp(value->key, "host") == 0 &&
        value->text.len < sizeof key->host) {
        memcpy(key->host, value->text.data, value->text.len);
        key->host[value->text.len] = 0;
    } else if (value->kind == FIELD_STRING && strcmp(value->key, "ip") == 0) {
        (void)ip_parse_bytes(value->text, &key->ip);
    } else if (value->kind == FIELD_STRING && strcmp(value->key, "time") == 0) {
        (void)read_time_text(value->text, &key->time);
    } else if (value->kind == FIELD_NUMBER && strcmp(value->key, "pass") == 0 &&
               json_read_number(value->text, &number) && number <= UINT32_MAX) {
        key->pass = (uint32_t)number;
    }
    return true;
}

static bool read_host_key(struct bytes line, struct record_key *key)
{
    key->host[0] = 0;
    key->ip = (struct ip_addr){.family = 0};
    key->time = 0;
    key->pass = 1;
    key->untried = false;
    if (json_read_line(line, on_host_field, key) != ERR_OK || key->host[0] == 0 || key->ip.family == 0)
        return false;
    make_host_key(key);
    return true;
}

static bool on_cert_field(void *arg, const struct json_value *value)
{
    struct record_key *key = arg;
    if (strcmp(value->key, "sha256") != 0)
        return true;
    if (value->kind == FIELD_STRING && value->text.len == 2 * SHA256_BYTES) {
        memcpy(key->bytes, value->text.data, value->text.len);
        key->len = value->text.len;
    }
    return false;
}

static bool read_cert_key(struct bytes line, struct record_key *key)
{
    key->len = 0;
    return json_read_line(line, on_cert_field, key) == ERR_OK && key->len > 0;
}

/* ---- building ------------------------------------------------------------------------------------------ */

/* Each round has hashes of its own; certificates are of no round. */
static uint64_t hash_of(const struct facts_index *index, const struct record_key *key, uint32_t round)
{
    return map_hash(bytes_make(key->bytes, key->len), index->seed + round);
}

static enum error add(struct facts_index *index, struct records *records, const struct record_key *key,
                      uint32_t round, struct bytes line)
{
    uint64_t place;
    bool kept;
    enum error error = spill_add(records->spill, line, &place, index->why);
    if (error == ERR_LIMIT) {
        index->unreadable++;
        return ERR_OK;
    }
    if (error == ERR_OK)
        error = table_add(&records->table, hash_of(index, key, round), place, &kept, index->why);
    records->count += error == ERR_OK && kept;
    return error;
}

static enum error tell_also(struct facts_index *index, enum facts_index_kind kind, struct bytes line)
{
    enum error error = index->also == NULL ? ERR_OK : index->also(index->also_arg, kind, line);
    index->also_ended = error != ERR_OK;
    return error;
}

static enum error on_host(void *arg, struct bytes line)
{
    struct facts_index *index = arg;
    struct record_key key;
    enum error error = tell_also(index, FACTS_INDEX_HOST, line);
    if (error == ERR_OK && read_host_key(line, &key))
        return add(index, &index->hosts, &key, index->round, line);
    index->unreadable += error == ERR_OK;
    return error;
}

static enum error on_cert(void *arg, struct bytes line)
{
    struct facts_index *index = arg;
    struct record_key key;
    enum error error = tell_also(index, FACTS_INDEX_CERT, line);
    if (error == ERR_OK && read_cert_key(line, &key))
        return add(index, &index->certs, &key, 0, line);
    index->unreadable += error == ERR_OK;
    return error;
}

/* Reads one stream; damage ends that, not the index: records behind it are gaps. */
static enum error read_stream(struct facts_index *index, int dir_fd, const char *name, frames_line line,
                              struct records *records)
{
    size_t before = index->why->len;
    enum error error = frames_read(dir_fd, name, line, index, index->why);
    if (error == ERR_CORRUPT && !index->also_ended) {
        buf_append(&index->damage, index->why->data + before, index->why->len - before);
        buf_byte(&index->damage, '\n');
        index->why->len = before;
        error = ERR_OK;
    }
    return error == ERR_OK ? spill_flush(records->spill, index->why) : error;
}

void facts_index_close(struct facts_index *index)
{
    if (index == NULL)
        return;
    spill_destroy(index->hosts.spill);
    spill_destroy(index->certs.spill);
    table_dispose(&index->hosts.table);
    table_dispose(&index->certs.table);
    facts_certs_destroy(index->known);
    buf_dispose(&index->damage);
    free(index);
}

enum error facts_index_create(uint32_t rules, struct facts_index **made, struct buf *why)
{
    struct facts_index *index = calloc(1, sizeof *index);
    *made = NULL;
    if (index == NULL)
        return ERR_MEMORY;
    index->rules = rules;
    buf_init(&index->damage, WHY_BYTES);
    enum error error = getrandom(&index->seed, sizeof index->seed, 0) == sizeof index->seed ? ERR_OK : ERR_IO;
    if (error == ERR_OK)
        error = spill_create(&index->hosts.spill, why);
    if (error == ERR_OK)
        error = spill_create(&index->certs.spill, why);
    index->known = facts_certs_create(KNOWN_BYTES);
    if (error == ERR_OK && index->known == NULL)
        error = ERR_MEMORY;
    if (error == ERR_OK)
        *made = index;
    else
        facts_index_close(index);
    return error;
}

enum error facts_index_add(struct facts_index *index, int dir_fd, uint32_t round, facts_index_also also,
                           void *arg, struct buf *why)
{
    index->why = why;
    index->round = round;
    index->also = also;
    index->also_arg = arg;
    enum error error = read_stream(index, dir_fd, "certs", on_cert, &index->certs);
    return error == ERR_OK ? read_stream(index, dir_fd, "hosts", on_host, &index->hosts) : error;
}

enum error facts_index_open(int dir_fd, uint32_t rules, struct facts_index **made, struct buf *why)
{
    enum error error = facts_index_create(rules, made, why);
    if (error != ERR_OK)
        return error;
    error = facts_index_add(*made, dir_fd, 0, NULL, NULL, why);
    if (error == ERR_OK)
        return ERR_OK;
    facts_index_close(*made);
    *made = NULL;
    return error;
}

/* ---- finding ------------------------------------------------------------------------------------------- */

/* A record that was found, and where. */
struct candidate {
    struct record_key key;
    uint64_t place;
};

/*
 * Chooses among several probes of one address if no domain names its own. It is the last that began before
 * the domain's end, which is most likely the one that its verdict was made of, also after a crash and in a
 * later pass. If none did (a clock was set), it is the one of the highest pass, of these the first.
 */
static bool is_likelier(const struct record_key *key, const struct record_key *best, int64_t until_ms)
{
    bool began = key->time <= until_ms, best_began = best->time <= until_ms;
    if (began != best_began)
        return began;
    return began ? key->time > best->time : key->pass > best->pass;
}

/* Tells whether a probe may be meant at all. If domains name their probes, a domain that names none means the
 * first. */
static bool may_be_meant(const struct facts_index *index, const struct record_key *key,
                         const struct probe_wanted *wanted)
{
    if (index->rules < RULES_NAME_PROBES)
        return true;
    return !key->untried && (wanted->time == 0 || key->time == wanted->time);
}

/* Tells whether a candidate is better. Lines are read in the order of the stream, and their offsets go up
 * with it. */
static bool is_better(const struct facts_index *index, const struct candidate *found,
                      const struct candidate *best, const struct probe_wanted *wanted)
{
    if (best->key.len == 0)
        return true;
    if (index->rules < RULES_NAME_PROBES)
        return is_likelier(&found->key, &best->key, wanted->until_ms);
    return found->place < best->place;
}

/* Chooses among the candidates of an address; false: this one is out of the question. */
typedef bool choice(const struct facts_index *index, const struct candidate *found,
                    const struct candidate *best, const struct probe_wanted *wanted);

static bool choose_in_scan(const struct facts_index *index, const struct candidate *found,
                           const struct candidate *best, const struct probe_wanted *wanted)
{
    return may_be_meant(index, &found->key, wanted) && is_better(index, found, best, wanted);
}

/* In a round an address stands twice only if a crash or an outage came in between: the last one counts. */
static bool choose_in_round(const struct facts_index *index, const struct candidate *found,
                            const struct candidate *best, const struct probe_wanted *wanted)
{
    (void)index;
    bool meant = !found->key.untried && (wanted->time == 0 || found->key.time == wanted->time);
    return meant && (best->key.len == 0 || found->place > best->place);
}

static bool choose_shared(const struct facts_index *index, const struct candidate *found,
                          const struct candidate *best, const struct probe_wanted *wanted)
{
    (void)index, (void)wanted;
    return found->key.untried && (best->key.len == 0 || found->place > best->place);
}

static bool make_wanted_key(const char *host, const struct ip_addr *ip, struct record_key *key)
{
    size_t len = strlen(host);
    if (len >= sizeof key->host)
        return false;
    memcpy(key->host, host, len + 1);
    key->ip = *ip;
    make_host_key(key);
    return true;
}

static enum error find(struct facts_index *index, const struct probe_wanted *wanted, uint32_t round,
                       choice *choose, struct bytes *line)
{
    struct record_key key;
    struct candidate found, best = {.key = {.len = 0}};
    uint64_t places[TABLE_PLACES_A_KEY];
    if (!make_wanted_key(wanted->host, &wanted->ip, &key))
        return ERR_NOT_FOUND;
    size_t count = table_find(&index->hosts.table, hash_of(index, &key, round), places);
    for (size_t i = 0; i < count; i++) {
        found.place = places[i];
        enum error error = spill_get(index->hosts.spill, found.place, line);
        if (error != ERR_OK)
            return error;
        if (read_host_key(*line, &found.key) && found.key.len == key.len &&
            memcmp(found.key.bytes, key.bytes, key.len) == 0 && choose(index, &found, &best, wanted))
            best = found;
    }
    return best.key.len > 0 ? spill_get(index->hosts.spill, best.place, line) : ERR_NOT_FOUND;
}

static enum error find_host(void *arg, const struct probe_wanted *wanted, struct bytes *line)
{
    return find(arg, wanted, 0, choose_in_scan, line);
}

enum error facts_index_host(struct facts_index *index, const struct probe_wanted *wanted, uint32_t round,
                            bool shared, struct bytes *line)
{
    return find(index, wanted, round, shared ? choose_shared : choose_in_round, line);
}

bool facts_index_has(const struct facts_index *index, const char *host, const struct ip_addr *ip,
                     uint32_t round)
{
    struct record_key key;
    uint64_t places[TABLE_PLACES_A_KEY];
    return make_wanted_key(host, ip, &key) &&
           table_find(&index->hosts.table, hash_of(index, &key, round), places) > 0;
}

static enum error find_cert(void *arg, const uint8_t sha256[32], struct bytes *line)
{
    static const char digits[] = "0123456789abcdef";
    struct facts_index *index = arg;
    struct record_key wanted = {.len = 2 * SHA256_BYTES}, key;
    uint64_t places[TABLE_PLACES_A_KEY];
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        wanted.bytes[2 * i] = (uint8_t)digits[sha256[i] >> 4];
        wanted.bytes[2 * i + 1] = (uint8_t)digits[sha256[i] & 15];
    }
    size_t count = table_find(&index->certs.table, hash_of(index, &wanted, 0), places);
    for (size_t i = 0; i < count; i++) {
        enum error error = spill_get(index->certs.spill, places[i], line);
        if (error != ERR_OK)
            return error;
        if (read_cert_key(*line, &key) && memcmp(key.bytes, wanted.bytes, wanted.len) == 0)
            return ERR_OK;
    }
    return ERR_NOT_FOUND;
}

struct facts_source facts_index_source(struct facts_index *index)
{
    return (struct facts_source){index, index->rules < RULES_NAME_PROBES, find_host, find_cert, index->known};
}

void facts_index_next(struct facts_index *index)
{
    facts_certs_next(index->known);
}

struct facts_index_counts facts_index_counts(const struct facts_index *index)
{
    return (struct facts_index_counts){
        .hosts = index->hosts.count,
        .certs = index->certs.count,
        .unreadable = index->unreadable,
        .bytes = spill_bytes(index->hosts.spill) + spill_bytes(index->certs.spill) +
                 table_bytes(&index->hosts.table) + table_bytes(&index->certs.table)};
}

const char *facts_index_damage(struct facts_index *index)
{
    return buf_string(&index->damage);
}
