/* Opens the directory of a stopped scan: recovers its frames, sets aside what is damaged, and says what is
 * gone. */
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_part.h"
#include "output/store/meta.h"
#include "output/store/store_parts.h"
#include "scanner/facts/failure.h"
#include "scanner/json/json_read.h"

enum { META_CEILING_BYTES = 16 << 20, SHA256_HEX = 64, GONE_BYTES = 1024 };

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

struct cert_reader {
    uint8_t sha256[32];
    bool found;
};

static bool on_cert_value(void *arg, const struct json_value *value)
{
    struct cert_reader *reader = arg;
    if (value->kind != FIELD_STRING || value->sub[0] != 0 || strcmp(value->key, "sha256") != 0)
        return true;
    reader->found = value->text.len == SHA256_HEX;
    for (size_t i = 0; reader->found && i < SHA256_HEX / 2; i++) {
        int high = hex_value(value->text.data[2 * i]), low = hex_value(value->text.data[2 * i + 1]);
        reader->found = high >= 0 && low >= 0;
        reader->sha256[i] = (uint8_t)(high * 16 + low);
    }
    return false;
}

/* Takes a certificate; one may stand twice after a crash, which is no fault. */
static enum error recover_cert(void *arg, struct bytes line)
{
    struct store *store = arg;
    struct cert_reader reader = {.found = false};
    enum error error = json_read_line(line, on_cert_value, &reader);
    if (error == ERR_MEMORY)
        return error;
    if (error != ERR_OK || !reader.found)
        return ERR_CORRUPT;
    (void)certset_add(&store->certs, reader.sha256);
    return ERR_OK;
}

static enum error recover_domain(void *arg, struct bytes line)
{
    struct store *store = arg;
    struct tally tally;
    enum error error = summary_read_line(line, &tally);
    if (error == ERR_OK)
        error = ordinals_add(&store->done, tally.ordinal);
    if (error == ERR_OK)
        summary_add(&store->summary, &tally);
    if (error == ERR_OK && code_set_has(&tally.codes, FAIL_POLICY_TCP_TIMEOUT))
        error = unanswered_policy(&store->silent_policy, line);
    return error == ERR_OK || error == ERR_MEMORY ? error : ERR_CORRUPT;
}

static enum error recover_host(void *arg, struct bytes line)
{
    struct store *store = arg;
    enum error error = unanswered_host(&store->silent_mx, line);
    return error == ERR_OK || error == ERR_MEMORY ? error : ERR_CORRUPT;
}

static enum error write_state(struct store *store, const char *state, struct buf *why)
{
    struct buf text, changed;
    buf_init(&text, META_CEILING_BYTES);
    buf_init(&changed, META_CEILING_BYTES);
    enum error error = store_dir_read(&store->dir, "meta.json", &text, why);
    if (error == ERR_OK && !meta_with_state(buf_bytes(&text), state, &changed))
        error = ERR_MEMORY;
    if (error == ERR_OK)
        error = store_dir_write(&store->dir, "meta.json", buf_bytes(&changed), why);
    buf_dispose(&text);
    buf_dispose(&changed);
    return error;
}

/* Was every stream brought to an end, so that none has a torn tail? */
static bool has_ended(const struct store *store)
{
    return strcmp(store->begun.state, "stopped") == 0 || strcmp(store->begun.state, "done") == 0;
}

/* Called before anything is cut out: the scan is no longer whole, and if rejects are gone the input has to
 * give them again. */
static enum error on_damage(void *arg, const char *name, const char *places, struct buf *why)
{
    struct store *store = arg;
    enum error error = store_dir_remove(&store->dir, "summary.json", why);
    if (error == ERR_OK)
        error = store_dir_remove(&store->dir, "summary.csv", why);
    store->rejects_damaged = store->rejects_damaged || strcmp(name, "rejects") == 0;
    if (error == ERR_OK)
        error = write_state(store,
                            store->rejects_damaged || !store->rejects_done ? "reading"
                            : has_ended(store)                             ? "stopped"
                                                                           : store->begun.state,
                            why);
    if (error == ERR_OK && !buf_printf(&store->damage, "%s\n", places))
        error = ERR_LIMIT;
    return error;
}

/* Says what of a stream is gone behind a whole frame. The rejects are written again then, and domains are
 * scanned again; nothing brings back the others. */
static enum error look_for_gone(struct store *store, enum store_stream stream, struct buf *why)
{
    const enum amount_stream which = store_amount_of(stream);
    struct buf gone;
    enum error error = ERR_OK;
    buf_init(&gone, GONE_BYTES);
    const struct amount there = {.bytes = amount_bytes_in(store->dir.fd, which)};
    if (amount_is_amiss(store->dir.fd, which, &store->begun.amounts[which], &there, false, &gone))
        error = on_damage(store, amount_name(which), buf_string(&gone), why);
    buf_dispose(&gone);
    return error;
}

static enum error recover_streams(struct store *store, const struct store_options *options, struct buf *why)
{
    static const frames_line readers[STORE_STREAMS] = {
        [STORE_CERTS] = recover_cert,
        [STORE_HOSTS] = recover_host,
        [STORE_DOMAINS] = recover_domain,
    };
    bool whole = has_ended(store) || frames_scan_is_whole(store->dir.fd); /* on_damage takes it away */
    for (enum store_stream i = 0; i < STORE_STREAMS; i++) {
        uint64_t cut;
        struct frames_options stream = store_stream_options(store, options, i);
        stream.whole = whole || (i == STORE_REJECTS && store->rejects_done);
        stream.damaged = on_damage;
        stream.damaged_arg = store;
        enum error error = look_for_gone(store, i, why);
        if (error == ERR_OK)
            error = frames_recover(&stream, readers[i], store, &store->frames[i], &cut, why);
        if (error != ERR_OK)
            return error;
        store->cut_bytes += cut;
    }
    store->summary.rejects = frames_counters(store->frames[STORE_REJECTS])->lines;
    return ERR_OK;
}

/* Removes the parts of the rejects from the last down, each for good before the next: parts are never to have
 * a gap. */
static enum error drop_rejects(struct store *store, struct buf *why)
{
    uint32_t count;
    char file[PART_NAME_BYTES];
    enum error error = part_count(store->dir.fd, "rejects", &count, why);
    for (uint32_t part = count; error == ERR_OK && part > 0; part--)
        if (unlinkat(store->dir.fd, part_name("rejects", part - 1, file), 0) != 0 ||
            !disk_sync(store->dir.fd)) {
            buf_printf(why, "%s: cannot remove", file);
            error = ERR_IO;
        }
    return error;
}

/* Begins the rejects again. meta.json says "reading" by now, so that a crash in the middle of this changes
 * nothing. */
static enum error begin_rejects_again(struct store *store, const struct store_options *options,
                                      struct buf *why)
{
    struct frames_options stream = store_stream_options(store, options, STORE_REJECTS);
    frames_destroy(store->frames[STORE_REJECTS]);
    store->frames[STORE_REJECTS] = NULL;
    store->rejects_done = false;
    store->summary.rejects = 0;
    enum error error = drop_rejects(store, why);
    return error == ERR_OK ? frames_create(&stream, &store->frames[STORE_REJECTS], why) : error;
}

/* Reads meta.json, whose state decides about the rejects. */
static enum error read_state(struct store *store, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_CEILING_BYTES);
    enum error error = store_dir_read(&store->dir, "meta.json", &text, why);
    if (error == ERR_OK)
        error = meta_read(buf_bytes(&text), &store->begun, why);
    buf_dispose(&text);
    if (error != ERR_OK)
        return error;
    store->rejects_done = meta_input_was_read(&store->begun);
    return store->rejects_done ? ERR_OK : drop_rejects(store, why);
}

enum error store_recover(struct store *store, const struct store_options *options, struct buf *why)
{
    enum error error = store_dir_open(options->dir, &store->dir, why);
    if (error == ERR_OK)
        error = read_state(store, why);
    if (error == ERR_OK)
        error = recover_streams(store, options, why);
    if (error == ERR_OK && store->rejects_damaged)
        error = begin_rejects_again(store, options, why);
    return error;
}
