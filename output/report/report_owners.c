/* Sorts places in a spilled file by a hash of the label. */
#include "output/report/report_owners.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "output/readback/facts_spill.h"
#include "output/report/report_words.h"

enum { HASH_BYTES = 16, SLUG_BYTES = 40, FILE_HASH_BYTES = 8, LABEL_MOST = 1024, NAME_MOST = 256 };

/* A line of the spilled file: this head, the label, the name, then the codes. */
struct head {
    uint16_t label_len, domain_len, codes;
    uint8_t outcome, would_be;
};

/* A change is such a line, too: a head, the label, then the struct as it is in memory. */

struct place {
    uint8_t hash[HASH_BYTES];
    uint64_t at;
    uint8_t kinds; /* of a change; those of an owner stand behind its domains */
    bool is_change;
    uint8_t gravity; /* of the outcome */
};

/* Some places in a row. */
struct run {
    size_t first, count; /* of domains */
    size_t changes;      /* behind them */
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t kinds[CHANGED_KINDS];
};

struct report_owners {
    struct spill *spill;
    struct buf escaped; /* a line, on its way to the spill or from it */
    struct place *places;
    size_t count, room;
    struct run *runs;
    size_t run_count;
    const struct run *at_hand;
};

enum error report_owners_new(struct report_owners **made, struct buf *why)
{
    struct report_owners *owners = calloc(1, sizeof *owners);
    *made = owners;
    if (owners == NULL)
        return ERR_MEMORY;
    buf_init(&owners->escaped, SPILL_LINE_BYTES);
    return spill_create(&owners->spill, why);
}

void report_owners_free(struct report_owners *owners)
{
    if (owners == NULL)
        return;
    spill_destroy(owners->spill);
    buf_dispose(&owners->escaped);
    free(owners->places);
    free(owners->runs);
    free(owners);
}

static bool hash_label(struct bytes label, uint8_t hash[EVP_MAX_MD_SIZE])
{
    return EVP_Digest(label.data, label.len, hash, NULL, EVP_sha256(), NULL) == 1;
}

static bool make_room(struct report_owners *owners)
{
    size_t room = owners->room == 0 ? 1024 : owners->room * 2;
    if (owners->count < owners->room)
        return true;
    struct place *places = realloc(owners->places, room * sizeof *places);
    if (places == NULL)
        return false;
    owners->places = places;
    owners->room = room;
    return true;
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* A spill's line ends with \n, which numbers may have among their bytes: ESCAPE and a letter stand for it,
 * and for ESCAPE itself. */
enum { ESCAPE = 1, FOR_NEWLINE = 'n', FOR_ESCAPE = 'e' };

static enum error spill_bytes_add(struct report_owners *owners, struct bytes bytes, uint64_t *at,
                                  struct buf *why)
{
    buf_reset(&owners->escaped);
    bool fits = true;
    for (size_t i = 0; fits && i < bytes.len; i++) {
        uint8_t byte = bytes.data[i];
        bool is_escaped = byte == '\n' || byte == ESCAPE;
        fits = buf_byte(&owners->escaped, is_escaped ? ESCAPE : byte) &&
               (!is_escaped || buf_byte(&owners->escaped, byte == '\n' ? FOR_NEWLINE : FOR_ESCAPE));
    }
    return fits ? spill_add(owners->spill, buf_bytes(&owners->escaped), at, why) : ERR_MEMORY;
}

/* Reads them again; they are good until the next call. */
static enum error spill_bytes_get(struct report_owners *owners, uint64_t at, struct bytes *bytes)
{
    struct bytes line;
    enum error error = spill_get(owners->spill, at, &line);
    buf_reset(&owners->escaped);
    bool fits = true;
    for (size_t i = 0; error == ERR_OK && fits && i < line.len; i++) {
        bool is_escaped = line.data[i] == ESCAPE && i + 1 < line.len;
        i += is_escaped;
        fits = buf_byte(&owners->escaped, !is_escaped                   ? line.data[i]
                                          : line.data[i] == FOR_NEWLINE ? '\n'
                                                                        : ESCAPE);
    }
    *bytes = buf_bytes(&owners->escaped);
    return error == ERR_OK && !fits ? ERR_MEMORY : error;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static enum error spill_record(struct report_owners *owners, const struct group_record *record, uint64_t *at,
                               struct buf *why)
{
    uint8_t line[sizeof(struct head) + LABEL_MOST + NAME_MOST + FAIL_COUNT * sizeof(uint16_t)];
    struct head head = {
        .label_len = (uint16_t)(record->label.len < LABEL_MOST ? record->label.len : LABEL_MOST),
        .domain_len = (uint16_t)(record->domain.len < NAME_MOST ? record->domain.len : NAME_MOST),
        .outcome = (uint8_t)record->outcome,
        .would_be = (uint8_t)record->would_be};
    size_t len = sizeof head;
    memcpy(line + len, record->label.data, head.label_len);
    len += head.label_len;
    if (head.domain_len > 0)
        memcpy(line + len, record->domain.data, head.domain_len);
    len += head.domain_len;
    for (uint16_t code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (code_set_has(&record->codes, code)) {
            memcpy(line + len, &code, sizeof code);
            len += sizeof code;
            head.codes++;
        }
    memcpy(line, &head, sizeof head);
    return spill_bytes_add(owners, bytes_make(line, len), at, why);
}

/* Reads whose a line is, of either kind. */
static enum error read_label(struct report_owners *owners, uint64_t at, struct bytes *label)
{
    struct bytes line;
    struct head head;
    enum error error = spill_bytes_get(owners, at, &line);
    if (error != ERR_OK)
        return error;
    memcpy(&head, line.data, sizeof head);
    *label = bytes_make(line.data + sizeof head, head.label_len);
    return ERR_OK;
}

static enum error read_line(struct report_owners *owners, uint64_t at, struct report_owned *owned)
{
    struct bytes line;
    struct head head;
    enum error error = spill_bytes_get(owners, at, &line);
    if (error != ERR_OK)
        return error;
    memcpy(&head, line.data, sizeof head);
    const uint8_t *from = line.data + sizeof head;
    *owned = (struct report_owned){.domain = bytes_make(from + head.label_len, head.domain_len),
                                   .outcome = (enum outcome)head.outcome,
                                   .would_be = (enum outcome)head.would_be};
    from += (size_t)head.label_len + head.domain_len;
    for (size_t i = 0; i < head.codes; i++) {
        uint16_t code;
        memcpy(&code, from + i * sizeof code, sizeof code);
        code_set_add(&owned->codes, (enum failure_code)code);
    }
    return ERR_OK;
}

/* Keeps a place for what was spilled. */
static enum error add_place(struct report_owners *owners, struct bytes label, const struct place *place)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (!make_room(owners) || !hash_label(label, hash))
        return ERR_MEMORY;
    struct place *added = &owners->places[owners->count++];
    *added = *place;
    memcpy(added->hash, hash, sizeof added->hash);
    return ERR_OK;
}

enum error report_owners_add(struct report_owners *owners, const struct group_record *record, struct buf *why)
{
    struct place place = {.gravity = report_gravity(record->outcome)};
    if (record->label.len == 0)
        return ERR_OK;
    enum error error = spill_record(owners, record, &place.at, why);
    return error == ERR_OK ? add_place(owners, record->label, &place) : error;
}

enum error report_owners_add_change(struct report_owners *owners, struct bytes label,
                                    const struct report_change *change, struct buf *why)
{
    uint8_t line[sizeof(struct head) + LABEL_MOST + sizeof *change];
    struct place place = {.is_change = true, .kinds = change->kinds, .gravity = change->gravity};
    struct head head = {.label_len = (uint16_t)(label.len < LABEL_MOST ? label.len : LABEL_MOST)};
    if (label.len == 0)
        return ERR_OK;
    memcpy(line, &head, sizeof head);
    memcpy(line + sizeof head, label.data, head.label_len);
    memcpy(line + sizeof head + head.label_len, change, sizeof *change);
    enum error error = spill_bytes_add(
        owners, bytes_make(line, sizeof head + head.label_len + sizeof *change), &place.at, why);
    return error == ERR_OK ? add_place(owners, label, &place) : error;
}

/* ---- order --------------------------------------------------------------------------------------------- */

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = memcmp(a->hash, b->hash, sizeof a->hash);
    if (order == 0)
        order = a->is_change - b->is_change;
    if (order == 0)
        order = (a->gravity > b->gravity) - (a->gravity < b->gravity);
    return order != 0 ? order : (a->at > b->at) - (a->at < b->at);
}

/* Owners of which more domains have the graver outcome come first. */
static int compare_runs(const void *left, const void *right)
{
    static const enum outcome order[] = {OUTCOME_REFUSED, OUTCOME_PARTIAL, OUTCOME_BROKEN, OUTCOME_TESTING};
    const struct run *a = left, *b = right;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a->outcomes[order[i]] != b->outcomes[order[i]])
            return a->outcomes[order[i]] > b->outcomes[order[i]] ? -1 : 1;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return (a->first > b->first) - (a->first < b->first);
}

static void count_place(struct run *run, const struct place *place)
{
    if (!place->is_change) {
        run->count++;
        run->outcomes[report_of_gravity(place->gravity)]++;
        return;
    }
    run->changes++;
    for (size_t kind = 0; kind < CHANGED_KINDS; kind++)
        run->kinds[kind] += place->kinds >> kind & 1;
}

enum error report_owners_sort(struct report_owners *owners, struct buf *why)
{
    size_t runs = 0;
    enum error error = spill_flush(owners->spill, why);
    if (error != ERR_OK || owners->count == 0)
        return error;
    qsort(owners->places, owners->count, sizeof *owners->places, compare_places);
    for (size_t i = 0; i < owners->count; i++)
        runs += i == 0 || memcmp(owners->places[i].hash, owners->places[i - 1].hash, HASH_BYTES) != 0;
    owners->runs = calloc(runs, sizeof *owners->runs);
    if (owners->runs == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < owners->count; i++) {
        if (i == 0 || memcmp(owners->places[i].hash, owners->places[i - 1].hash, HASH_BYTES) != 0)
            owners->runs[owners->run_count++].first = i;
        struct run *run = &owners->runs[owners->run_count - 1];
        count_place(run, &owners->places[i]);
    }
    qsort(owners->runs, owners->run_count, sizeof *owners->runs, compare_runs);
    return ERR_OK;
}

/* ---- what is given ------------------------------------------------------------------------------------- */

/* Makes "acme-ltd-0123456789abcdef.html" of the label "ACME Ltd.". */
static bool name_file(struct bytes label, char file[OWNER_FILE_BYTES])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t len = 0;
    if (!hash_label(label, hash))
        return false;
    for (size_t i = 0; i < label.len && len < SLUG_BYTES; i++) {
        uint8_t byte = label.data[i];
        byte = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
        bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (is_plain)
            file[len++] = (char)byte;
        else if (len > 0 && file[len - 1] != '-')
            file[len++] = '-';
    }
    if (len == 0 || file[len - 1] != '-')
        file[len++] = '-';
    for (size_t i = 0; i < FILE_HASH_BYTES; i++, len += 2)
        (void)snprintf(file + len, OWNER_FILE_BYTES - len, "%02x", hash[i]);
    (void)snprintf(file + len, OWNER_FILE_BYTES - len, ".html");
    return true;
}

enum error report_owners_each(struct report_owners *owners, report_owner_take take, void *arg,
                              struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < owners->run_count; i++) {
        struct report_owner owner;
        struct bytes label;
        uint8_t kept[LABEL_MOST];
        owners->at_hand = &owners->runs[i];
        error = read_label(owners, owners->places[owners->at_hand->first].at, &label);
        if (error != ERR_OK)
            break;
        memcpy(kept, label.data, label.len); /* the next line takes its place */
        owner = (struct report_owner){.label = bytes_make(kept, label.len),
                                      .domains = owners->at_hand->count,
                                      .changes = owners->at_hand->changes};
        memcpy(owner.kinds, owners->at_hand->kinds, sizeof owner.kinds);
        memcpy(owner.outcomes, owners->at_hand->outcomes, sizeof owner.outcomes);
        error = name_file(owner.label, owner.file) ? take(arg, &owner) : ERR_MEMORY;
    }
    owners->at_hand = NULL;
    if ((error == ERR_CORRUPT || error == ERR_IO) && why->len == 0)
        buf_text(why, "a temporary file cannot be read back");
    return error;
}

enum error report_owners_domains(struct report_owners *owners, report_owned_take take, void *arg,
                                 struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < owners->at_hand->count; i++) {
        struct report_owned owned;
        error = read_line(owners, owners->places[owners->at_hand->first + i].at, &owned);
        if (error != ERR_OK)
            buf_text(why, "a temporary file cannot be read back");
        else
            error = take(arg, &owned);
    }
    return error;
}

enum error report_owners_changes(struct report_owners *owners, report_changed_take take, void *arg,
                                 struct buf *why)
{
    const struct place *places = owners->places + owners->at_hand->first + owners->at_hand->count;
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < owners->at_hand->changes; i++) {
        struct report_change change;
        struct bytes line;
        error = spill_bytes_get(owners, places[i].at, &line);
        if (error != ERR_OK) {
            buf_text(why, "a temporary file cannot be read back");
            return error;
        }
        memcpy(&change, line.data + line.len - sizeof change, sizeof change);
        error = take(arg, &change);
    }
    return error;
}
