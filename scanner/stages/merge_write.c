/* Copies lines, and writes those of joined domains. */
#include "scanner/stages/merge_write.h"

#include "output/json/json.h"
#include "output/readback/facts_read.h"
#include "output/store/groups_pack.h"
#include "scanner/base/clock.h"
#include "scanner/base/shown.h"
#include "scanner/facts/record_kept.h"
#include "scanner/json/json_read.h"
#include "scanner/verdict/provider.h"

enum { SHA256_BYTES = 32, LINES_A_LOOK = 1024, REASON_BYTES = 8192 };

void merge_write_init(struct merge_write *write, const struct stagedirs *dirs, struct store *store,
                      bool (*stopped)(void), struct buf *why)
{
    *write = (struct merge_write){.dirs = dirs, .store = store, .stopped = stopped, .why = why};
    write->hosts_before = store_lines(store, STORE_HOSTS);
    buf_init(&write->line, RECORD_LINE_BYTES + 1);
    buf_init(&write->shown, JSON_SHOW_TIMES_MOST * RECORD_LINE_BYTES + 1);
    buf_init(&write->packed, GROUPS_PACK_BYTES);
    arena_init(&write->arena, READ_ARENA_BYTES);
}

void merge_write_dispose(struct merge_write *write)
{
    join_close(write->join);
    buf_dispose(&write->line);
    buf_dispose(&write->shown);
    buf_dispose(&write->packed);
    ordinals_dispose(&write->written);
    arena_dispose(&write->arena);
}

static bool is_stopped(struct merge_write *write)
{
    return write->lines++ % LINES_A_LOOK == 0 && write->stopped();
}

/* Says what is wrong with a line of a directory. */
static enum error refuse(struct merge_write *write, const char *what)
{
    buf_text(write->why, what);
    return ERR_CORRUPT;
}

/* Proves that a line is one that a scan may hold: readers that stop early do not see all of it. */
static enum error prove(struct merge_write *write, struct bytes line)
{
    size_t keys;
    if (line.len > RECORD_LINE_BYTES)
        return refuse(write, "a line is longer than any record");
    enum error error = json_prove_line(line, "", &keys);
    return error == ERR_SYNTAX ? refuse(write, "a line is no record") : error;
}

/* Appends a line that has no \n, so that nothing hides in it. */
static enum error append(struct merge_write *write, enum store_stream stream, struct bytes line,
                         const struct tally *tally)
{
    if (is_stopped(write))
        return ERR_STOPPED;
    enum error proved = prove(write, line);
    if (proved != ERR_OK)
        return proved;
    buf_reset(&write->shown);
    if (!json_show(&write->shown, line) || !buf_byte(&write->shown, '\n'))
        return ERR_MEMORY;
    if (write->shown.len > RECORD_LINE_BYTES + 1)
        return refuse(write, "a line is longer than any record");
    enum error error =
        store_append(write->store, stream, buf_bytes(&write->shown), tally, clock_monotonic_ms(), write->why);
    if (error == ERR_OK)
        store_count_line(write->store, stream, line);
    return error;
}

/* ---- rejects ------------------------------------------------------------------------------------------- */

static enum error on_reject(void *arg, struct bytes line)
{
    return append(arg, STORE_REJECTS, line, NULL);
}

enum error merge_write_rejects(struct merge_write *write)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < write->dirs->name_count && error == ERR_OK; i++) {
        const struct stagedir *dir = &write->dirs->names[i];
        size_t before = write->why->len;
        struct buf none;
        buf_init(&none, REASON_BYTES);
        error = scanview_lines(dir->view, VIEW_REJECTS, on_reject, write, write->why);
        stagedir_blame(dir, error, &none, write->why, before);
        buf_dispose(&none);
    }
    return error == ERR_OK ? store_commit(write->store, write->why) : error;
}

/* ---- probes -------------------------------------------------------------------------------------------- */

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

struct cert_key {
    uint8_t sha256[SHA256_BYTES];
    bool found;
};

static bool on_cert_field(void *arg, const struct json_value *value)
{
    struct cert_key *key = arg;
    if (value->kind != FIELD_STRING || value->sub[0] != 0 || strcmp(value->key, "sha256") != 0)
        return true;
    key->found = value->text.len == 2 * SHA256_BYTES;
    for (size_t i = 0; key->found && i < SHA256_BYTES; i++) {
        int high = hex_value(value->text.data[2 * i]), low = hex_value(value->text.data[2 * i + 1]);
        key->found = high >= 0 && low >= 0;
        key->sha256[i] = (uint8_t)(high * 16 + low);
    }
    return false;
}

static enum error on_cert(struct merge_write *write, struct bytes line)
{
    struct cert_key key = {.found = false};
    enum error error = json_read_line(line, on_cert_field, &key);
    if (error == ERR_MEMORY)
        return error;
    if (error != ERR_OK || !key.found)
        return refuse(write, "a line is no certificate record");
    return store_cert_is_new(write->store, key.sha256) ? append(write, STORE_CERTS, line, NULL) : ERR_OK;
}

static enum error on_probe_line(void *arg, enum facts_index_kind kind, struct bytes line)
{
    struct merge_write *write = arg;
    if (kind == FACTS_INDEX_CERT)
        return on_cert(write, line);
    if (write->hosts_before == 0)
        return append(write, STORE_HOSTS, line, NULL);
    write->hosts_before--;
    return is_stopped(write) ? ERR_STOPPED : ERR_OK;
}

enum error merge_write_probes(struct merge_write *write)
{
    enum error error = join_open(write->dirs, &write->join, write->why);
    if (error == ERR_OK)
        error = join_index(write->join, on_probe_line, write, write->why);
    return error == ERR_OK ? store_commit(write->store, write->why) : error;
}

/* ---- domains ------------------------------------------------------------------------------------------- */

static bool wants(void *arg, uint64_t ordinal)
{
    const struct merge_write *write = arg;
    return !store_is_done(write->store, ordinal);
}

/* Takes the ordinal of a domain that is to be written: a merge that goes on takes none twice, nor one that is
 * beyond all lists. */
static enum error take_ordinal(struct merge_write *write, uint64_t ordinal)
{
    enum error error = ordinals_add(&write->written, ordinal);
    if (error == ERR_EXISTS)
        return refuse(write, "two domains have the same ordinal");
    return error == ERR_LIMIT ? refuse(write, "an ordinal is beyond those of any list") : error;
}

static enum error on_final(void *arg, struct bytes line)
{
    struct merge_write *write = arg;
    struct tally tally;
    enum error error = summary_read_line(line, &tally);
    if (error == ERR_SYNTAX)
        return refuse(write, "a line is no domain record");
    if (error != ERR_OK || !wants(write, tally.ordinal))
        return error;
    error = take_ordinal(write, tally.ordinal);
    return error == ERR_OK ? append(write, STORE_DOMAINS, line, &tally) : error;
}

static enum error on_joined(void *arg, const struct domain_facts *facts, const struct judgement *judgement,
                            const struct replay_end *end)
{
    struct merge_write *write = arg;
    struct tally tally;
    if (is_stopped(write))
        return ERR_STOPPED;
    write->open += end->open;
    write->joined++;
    enum error error = take_ordinal(write, facts->ordinal);
    if (error != ERR_OK)
        return error;
    summary_tally(facts, judgement, &tally);
    buf_reset(&write->line);
    arena_reset(&write->arena);
    if (!json_domain(&write->line, facts, judgement))
        return ERR_LIMIT;
    error = groups_pack_facts(facts, judgement, provider_of_mx, &write->arena, &write->packed);
    if (error == ERR_OK)
        error = store_append(write->store, STORE_DOMAINS, buf_bytes(&write->line), &tally,
                             clock_monotonic_ms(), write->why);
    if (error == ERR_OK)
        store_count(write->store, buf_bytes(&write->packed));
    return error;
}

enum error merge_write_domains(struct merge_write *write)
{
    const struct join_take take = {.arg = write, .wants = wants, .final = on_final, .replayed = on_joined};
    enum error error = join_walk(write->join, &take, write->why);
    if (error != ERR_OK && error != ERR_STOPPED)
        return error;
    enum error committed = store_commit(write->store, write->why);
    return committed == ERR_OK ? error : committed;
}
