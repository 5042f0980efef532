/* Sorts contacts by address and name, so that each comes once and those of an address one behind the other;
 * then by part and keyed hash. */
#include "scanner/stages/planmake.h"

#include <endian.h>
#include <stdlib.h>

#include <xxhash.h>

#include "output/frames/frames.h"
#include "scanner/base/map.h"
#include "scanner/facts/part.h"
#include "scanner/facts/record_kept.h"
#include "scanner/stages/sha256.h"
#include "scanner/stages/sorted.h"

enum { KEY_BYTES = 2048, SEEN_COUNT = 1 << 20, SEEN_MOST = SEEN_COUNT / 4 * 3, IP_KEY_BYTES = 17 };

/* A contact that was added, by the hash of its key. Whoever names it again with no better reason adds
 * nothing. */
struct seen {
    XXH128_hash_t hash;
    uint8_t label_from_1; /* 0: free */
};

/* What stands before the line in the value of a pair. */
struct value_head {
    uint8_t label, opted_out, looks;
};

struct planmake {
    struct planmake_options options;
    struct sorted *by_address, *by_part;
    struct seen *seen; /* owned */
    size_t seen_count;
    struct buf key, line;
    uint64_t stored;
};

struct planmake *planmake_create(const struct planmake_options *options)
{
    const struct sorted_options sorted = {options->memory_bytes, options->dir_fd};
    struct planmake *make = calloc(1, sizeof *make);
    if (make == NULL)
        return NULL;
    make->options = *options;
    buf_init(&make->key, KEY_BYTES);
    buf_init(&make->line, sizeof(struct value_head) + RECORD_LINE_BYTES);
    make->by_address = sorted_create(&sorted);
    make->by_part = sorted_create(&sorted);
    make->seen = calloc(SEEN_COUNT, sizeof *make->seen);
    if (make->by_address != NULL && make->by_part != NULL && make->seen != NULL)
        return make;
    planmake_free(make);
    return NULL;
}

void planmake_free(struct planmake *make)
{
    if (make == NULL)
        return;
    sorted_free(make->by_address);
    sorted_free(make->by_part);
    free(make->seen);
    buf_dispose(&make->key);
    buf_dispose(&make->line);
    free(make);
}

uint64_t planmake_stored(const struct planmake *make)
{
    return make->stored;
}

/* ---- contacts come ------------------------------------------------------------------------------------- */

static void put_ip(struct buf *key, const struct ip_addr *ip)
{
    (void)buf_byte(key, ip->family);
    (void)buf_append(key, ip->bytes, sizeof ip->bytes);
}

static void put_hash(struct buf *key, uint64_t hash)
{
    const uint64_t big = htobe64(hash);
    (void)buf_append(key, &big, sizeof big);
}

/* The key of a contact: its address, its kind, its name's keyed hash, its name, and last whether it is opted
 * out. One that is not comes before one that is. */
static void write_key(struct planmake *make, const struct contact *contact)
{
    struct buf *key = &make->key;
    buf_reset(key);
    put_ip(key, &contact->ip);
    (void)buf_byte(key, contact->label == CONTACT_POLICY);
    put_hash(key, map_hash(bytes_of(contact->name), make->options.seed));
    (void)buf_text(key, contact->name);
    (void)buf_byte(key, 0);
    (void)buf_byte(key, contact->opted_out);
}

/* Was it added before with as good a reason? Notes it if not. Forgets all when there are too many. */
static bool is_seen(struct planmake *make, const struct contact *contact)
{
    const XXH128_hash_t hash = XXH3_128bits_withSeed(make->key.data, make->key.len, make->options.seed);
    const uint8_t label = (uint8_t)(contact->label + 1);
    size_t at = hash.low64 % SEEN_COUNT;
    while (make->seen[at].label_from_1 != 0 && !XXH128_isEqual(make->seen[at].hash, hash))
        at = (at + 1) % SEEN_COUNT;
    struct seen *seen = &make->seen[at];
    if (seen->label_from_1 != 0 && seen->label_from_1 <= label)
        return true;
    make->seen_count += seen->label_from_1 == 0;
    *seen = (struct seen){hash, label};
    if (make->seen_count > SEEN_MOST) {
        memset(make->seen, 0, SEEN_COUNT * sizeof *make->seen);
        make->seen_count = 0;
    }
    return false;
}

enum error planmake_add(struct planmake *make, const struct contact *contact, struct arena *arena,
                        struct buf *why)
{
    const size_t looks = contact->facts.look_count;
    const struct value_head head = {(uint8_t)contact->label, contact->opted_out,
                                    (uint8_t)(looks < UINT8_MAX ? looks : UINT8_MAX)};
    write_key(make, contact);
    if (make->key.failed)
        return ERR_LIMIT;
    if (looks == 0 && is_seen(make, contact))
        return ERR_OK;
    buf_reset(&make->line);
    if (!buf_append(&make->line, &head, sizeof head))
        return ERR_MEMORY;
    enum error error = contact_line(contact, arena, &make->line);
    return error != ERR_OK ? error
                           : sorted_add(make->by_address, buf_bytes(&make->key), buf_bytes(&make->line), why);
}

/* ---- each once ----------------------------------------------------------------------------------------- */

/* Goes through the contacts by address, all that is added of one taken together. */
struct walk {
    struct sorted_reader *reader;
    struct bytes next_key, next_value; /* of the pair that begins the next contact */
    bool ended;                        /* there is none */
    bool keeps_lines;
    /* The contact at hand: */
    struct buf key, line;
    struct value_head head;
};

static enum error fetch(struct walk *walk, struct buf *why)
{
    enum error error = sorted_next(walk->reader, &walk->next_key, &walk->next_value, why);
    walk->ended = error == ERR_NOT_FOUND;
    if (error == ERR_OK &&
        (walk->next_key.len < IP_KEY_BYTES + 2 || walk->next_value.len < sizeof walk->head))
        return ERR_CORRUPT;
    return walk->ended ? ERR_OK : error;
}

static enum error begin(struct walk *walk, struct sorted *sorted, bool keeps_lines, struct buf *why)
{
    *walk = (struct walk){.keeps_lines = keeps_lines};
    buf_init(&walk->key, KEY_BYTES);
    buf_init(&walk->line, RECORD_LINE_BYTES);
    enum error error = sorted_begin(sorted, &walk->reader, why);
    return error == ERR_OK ? fetch(walk, why) : error;
}

static void end(struct walk *walk)
{
    sorted_reader_free(walk->reader);
    buf_dispose(&walk->key);
    buf_dispose(&walk->line);
}

/* Takes one of the pairs of the contact at hand; one that is opted out does not count beside one that is
 * not. */
static enum error take_pair(struct walk *walk, bool is_first)
{
    struct value_head head;
    memcpy(&head, walk->next_value.data, sizeof head);
    if (!is_first && head.opted_out != walk->head.opted_out)
        return ERR_OK;
    const struct bytes line = bytes_behind(walk->next_value, sizeof head);
    const bool tells_more = is_first || head.looks > walk->head.looks;
    const uint8_t label = is_first || head.label < walk->head.label ? head.label : walk->head.label;
    if (tells_more) {
        walk->head = head;
        buf_reset(&walk->line);
    }
    walk->head.label = label;
    return !tells_more || !walk->keeps_lines || buf_append(&walk->line, line.data, line.len) ? ERR_OK
                                                                                             : ERR_MEMORY;
}

/* Goes to the next contact. ERR_NOT_FOUND at the end. */
static enum error next(struct walk *walk, struct buf *why)
{
    if (walk->ended)
        return ERR_NOT_FOUND;
    buf_reset(&walk->key);
    if (!buf_append(&walk->key, walk->next_key.data, walk->next_key.len - 1)) /* without opted_out */
        return ERR_MEMORY;
    enum error error = ERR_OK;
    for (bool is_first = true; error == ERR_OK && !walk->ended; is_first = false) {
        const struct bytes key = bytes_make(walk->next_key.data, walk->next_key.len - 1);
        if (!bytes_equal(key, buf_bytes(&walk->key)))
            break;
        error = take_pair(walk, is_first);
        if (error == ERR_OK)
            error = fetch(walk, why);
    }
    return error;
}

/* Returns the address of the key of a contact. */
static struct ip_addr ip_of(const struct buf *key)
{
    struct ip_addr ip = {.family = key->data[0]};
    memcpy(ip.bytes, key->data + 1, sizeof ip.bytes);
    return ip;
}

/* ---- limits.names_per_ip ------------------------------------------------------------------------------- */

/* Runs an address ahead, and counts the names that are probed there whatever the limit says. */
struct budget {
    struct walk ahead;
    bool has_next; /* ahead is at a contact of the next address */
    struct ip_addr ip;
    size_t left; /* names of the others that may be probed at it */
};

static bool counts(const struct walk *walk)
{
    return walk->head.opted_out == 0 && contact_is_exempt(walk->head.label);
}

/* Goes on to the address of the contact at hand. */
static enum error enter_address(struct budget *budget, const struct planmake_options *options,
                                const struct ip_addr *ip, struct buf *why)
{
    size_t names = ip_set_contains(options->own, ip) ? options->own_names_per_ip : options->names_per_ip;
    size_t exempt = 0;
    enum error error = budget->has_next ? ERR_OK : next(&budget->ahead, why);
    while (error == ERR_OK) {
        const struct ip_addr at = ip_of(&budget->ahead.key);
        budget->has_next = !ip_equal(&at, ip);
        if (budget->has_next)
            break;
        exempt += counts(&budget->ahead);
        error = next(&budget->ahead, why);
    }
    budget->ip = *ip;
    budget->left = names > exempt ? names - exempt : 0;
    return error == ERR_NOT_FOUND ? ERR_OK : error;
}

/* Takes a name off what is left, or says that it is beyond. */
static void limit(struct budget *budget, struct walk *walk, struct plan *plan)
{
    if (walk->head.opted_out != 0 || walk->head.label != CONTACT_ALL)
        return;
    if (budget->left > 0) {
        budget->left--;
        return;
    }
    walk->head.label = CONTACT_OVER;
    plan->over++;
}

/* ---- into the order of the parts ----------------------------------------------------------------------- */

/* Adds the contact at hand to the second sort: by its part, and there by the keyed hash of name and
 * address. */
static enum error put_by_part(struct planmake *make, const struct walk *walk, const struct ip_addr *ip,
                              struct buf *why)
{
    const struct bytes whole = buf_bytes(&walk->key);
    const uint32_t part = htobe32(part_of(ip, make->options.seed, make->options.parts));
    struct buf *key = &make->key;
    buf_reset(key);
    (void)buf_append(key, &part, sizeof part);
    put_hash(key, map_hash(whole, make->options.seed));
    (void)buf_append(key, whole.data, whole.len);
    buf_reset(&make->line);
    if (!buf_append(&make->line, &walk->head, sizeof walk->head) ||
        !buf_append(&make->line, walk->line.data, walk->line.len) || key->failed)
        return ERR_MEMORY;
    return sorted_add(make->by_part, buf_bytes(key), buf_bytes(&make->line), why);
}

static enum error put_all(struct planmake *make, struct walk *walk, struct budget *budget, struct plan *plan,
                          struct buf *why)
{
    enum error error;
    while ((error = next(walk, why)) == ERR_OK) {
        const struct ip_addr ip = ip_of(&walk->key);
        if (!ip_equal(&ip, &budget->ip))
            error = enter_address(budget, &make->options, &ip, why);
        if (error != ERR_OK)
            return error;
        limit(budget, walk, plan);
        plan->opted_out += walk->head.opted_out != 0;
        error = put_by_part(make, walk, &ip, why);
        if (error != ERR_OK)
            return error;
    }
    return error == ERR_NOT_FOUND ? ERR_OK : error;
}

static enum error sort_by_part(struct planmake *make, struct plan *plan, struct buf *why)
{
    struct walk walk;
    struct budget budget = {.has_next = false};
    enum error error = sorted_end(make->by_address, why);
    if (error == ERR_OK)
        error = begin(&walk, make->by_address, true, why);
    else
        return error;
    if (error == ERR_OK)
        error = begin(&budget.ahead, make->by_address, false, why);
    if (error == ERR_OK)
        error = put_all(make, &walk, &budget, plan, why);
    end(&walk);
    end(&budget.ahead);
    make->stored = sorted_stored(make->by_address) + sorted_stored(make->by_part);
    sorted_free(make->by_address);
    make->by_address = NULL;
    return error == ERR_OK ? sorted_end(make->by_part, why) : error;
}

/* ---- the files ----------------------------------------------------------------------------------------- */

/* The part that is being written. */
struct writing {
    struct planmake *make;
    struct plan *plan;
    uint32_t part; /* from 1; 0: none yet */
    struct frames *frames;
    struct sha256 *sum;
    struct buf line;
};

static enum error end_part(struct writing *writing, struct buf *why)
{
    struct plan_part *part = &writing->plan->parts[writing->part - 1];
    enum error error = writing->frames == NULL ? ERR_OK : frames_commit(writing->frames, why);
    frames_destroy(writing->frames);
    writing->frames = NULL;
    if (error == ERR_OK && !sha256_end(writing->sum, part->sha256))
        error = ERR_LIBRARY;
    return error;
}

static enum error begin_part(struct writing *writing, struct buf *why)
{
    const struct planmake_options *options = &writing->make->options;
    char name[PLAN_FILE_BYTES];
    const struct frames_options frames = {.dir_fd = options->dir_fd,
                                          .name = plandir_part_name(options->round, writing->part, name),
                                          .level = options->level,
                                          .frame_bytes = options->frame_bytes,
                                          .part_bytes = options->part_bytes};
    return frames_create(&frames, &writing->frames, why);
}

/* Ends parts up to this one; those between have no contacts, and no file. */
static enum error go_to_part(struct writing *writing, uint32_t part, struct buf *why)
{
    enum error error = ERR_OK;
    while (writing->part < part && error == ERR_OK) {
        if (writing->part > 0)
            error = end_part(writing, why);
        writing->part++;
    }
    return error;
}

static enum error write_contact(struct writing *writing, struct bytes value, struct buf *why)
{
    struct plan_part *part = &writing->plan->parts[writing->part - 1];
    const enum contact_label label = value.data[0];
    bool full;
    buf_reset(&writing->line);
    if (!contact_seal(bytes_behind(value, sizeof(struct value_head)), ++part->contacts, label,
                      &writing->line))
        return ERR_MEMORY;
    part->policies += label == CONTACT_POLICY;
    enum error error = writing->frames == NULL ? begin_part(writing, why) : ERR_OK;
    if (error == ERR_OK)
        error = frames_append(writing->frames, buf_bytes(&writing->line), &full);
    if (error == ERR_OK && !sha256_add(writing->sum, buf_bytes(&writing->line)))
        error = ERR_LIBRARY;
    return error == ERR_OK && full ? frames_commit(writing->frames, why) : error;
}

static enum error write_all(struct writing *writing, struct sorted_reader *reader, struct buf *why)
{
    struct bytes key, value;
    uint32_t part;
    enum error error;
    while ((error = sorted_next(reader, &key, &value, why)) == ERR_OK) {
        memcpy(&part, key.data, sizeof part);
        error = go_to_part(writing, be32toh(part), why);
        if (error == ERR_OK)
            error = write_contact(writing, value, why);
        if (error != ERR_OK)
            return error;
    }
    if (error == ERR_NOT_FOUND)
        error = go_to_part(writing, writing->plan->part_count, why);
    return error == ERR_OK ? end_part(writing, why) : error;
}

enum error planmake_write(struct planmake *make, struct plan *plan, struct buf *why)
{
    struct writing writing = {.make = make, .plan = plan};
    struct sorted_reader *reader = NULL;
    free(make->seen);
    make->seen = NULL;
    plan->opted_out = plan->over = 0;
    memset(plan->parts, 0, plan->part_count * sizeof *plan->parts);
    enum error error = sort_by_part(make, plan, why);
    if (error == ERR_OK)
        error = sorted_begin(make->by_part, &reader, why);
    writing.sum = error == ERR_OK ? sha256_begin() : NULL;
    buf_init(&writing.line, RECORD_LINE_BYTES);
    if (error == ERR_OK)
        error = writing.sum == NULL ? ERR_MEMORY : write_all(&writing, reader, why);
    frames_destroy(writing.frames);
    sorted_reader_free(reader);
    sha256_free(writing.sum);
    buf_dispose(&writing.line);
    return error;
}
