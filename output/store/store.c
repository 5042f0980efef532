/*
 * Writes a scan directory's four streams in their order of durability. One thread. Never lets a domains frame
 * reach the disk before the records that it refers to.
 */
#include "output/store/store.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_part.h"
#include "output/frames/stream.h"
#include "scanner/json/json_read.h"
#include "output/store/certset.h"
#include "output/store/meta.h"
#include "output/store/ordinals.h"
#include "output/store/store_dir.h"
#include "output/store/unanswered.h"
#include "scanner/base/clock.h"
#include "scanner/facts/failure.h"

enum { META_CEILING_BYTES = 16 << 20, SHA256_HEX = 64, DAMAGE_BYTES = 64 * 1024 };

struct store {
    struct store_dir dir;
    bool streaming;
    struct stream stream;                 /* when streaming */
    struct frames *frames[STORE_STREAMS]; /* when not */
    int64_t flush_ms;
    bool waits; /* something does, since: */
    int64_t since_ms;
    bool rejects_done;
    bool rejects_damaged;
    uint64_t cut_bytes;
    struct buf damage; /* a line for each stream that was damaged */
    struct unanswered silent_mx, silent_policy;
    struct ordinals done;
    struct certset certs;
    struct summary summary;
    struct groups_counter *groups; /* NULL: they are not counted */
};

static struct store *make(const struct store_options *options)
{
    uint64_t seed = 0;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock_monotonic_ms();
    store->dir = (struct store_dir){.fd = -1, .lock = -1};
    store->flush_ms = options->flush_ms;
    store->summary.sample = options->sample;
    buf_init(&store->damage, DAMAGE_BYTES);
    certset_init(&store->certs, seed);
    stream_init(&store->stream, STDOUT_FILENO);
    return store;
}

void store_destroy(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < STORE_STREAMS; i++)
        frames_destroy(store->frames[i]);
    stream_dispose(&store->stream);
    certset_dispose(&store->certs);
    buf_dispose(&store->damage);
    unanswered_dispose(&store->silent_mx);
    unanswered_dispose(&store->silent_policy);
    ordinals_dispose(&store->done);
    groups_counter_free(store->groups);
    store_dir_close(&store->dir);
    free(store);
}

static struct frames_options stream_options(const struct store *store, const struct store_options *options,
                                            enum store_stream stream)
{
    static const char *const names[STORE_STREAMS] = {"rejects", "certs", "hosts", "domains"};
    return (struct frames_options){
        .dir_fd = store->dir.fd,
        .name = names[stream],
        .level = options->level,
        .frame_bytes = options->frame_bytes,
        .part_bytes = options->part_bytes,
    };
}

static enum error create_streams(struct store *store, const struct store_options *options, struct buf *why)
{
    for (enum store_stream i = 0; i < STORE_STREAMS; i++) {
        struct frames_options stream = stream_options(store, options, i);
        enum error error = frames_create(&stream, &store->frames[i], why);
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

/* Makes the counter of a directory's groups, if they are to be counted. */
static enum error create_groups(struct store *store, const struct store_options *options)
{
    const struct groups_span before = {store_lines(store, STORE_DOMAINS), store_lines(store, STORE_HOSTS)};
    size_t memory_bytes = options->groups_bytes == 0 ? SUMMARY_GROUPS_BYTES : options->groups_bytes;
    if (options->provider == NULL)
        return ERR_OK;
    store->groups = groups_counter_new(store->dir.fd, options->provider, memory_bytes, &before);
    return store->groups == NULL ? ERR_MEMORY : ERR_OK;
}

enum error store_create(const struct store_options *options, struct store **store, struct buf *why)
{
    enum error error = ERR_OK;
    struct store *made = make(options);
    if (made == NULL)
        return ERR_MEMORY;
    made->streaming = strcmp(options->dir, "-") == 0;
    if (!made->streaming)
        error = store_dir_create(options->dir, &made->dir, why);
    if (error == ERR_OK && !made->streaming)
        error = create_streams(made, options, why);
    if (error == ERR_OK && !made->streaming)
        error = create_groups(made, options);
    if (error != ERR_OK) {
        store_destroy(made);
        return error;
    }
    *store = made;
    return ERR_OK;
}

/* ---- resume -------------------------------------------------------------------------------------------- */

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
        error =
            write_state(store, store->rejects_damaged || !store->rejects_done ? "reading" : "stopped", why);
    if (error == ERR_OK && !buf_printf(&store->damage, "%s\n", places))
        error = ERR_LIMIT;
    return error;
}

static enum error recover_streams(struct store *store, const struct store_options *options, struct buf *why)
{
    static const frames_line readers[STORE_STREAMS] = {
        [STORE_CERTS] = recover_cert,
        [STORE_HOSTS] = recover_host,
        [STORE_DOMAINS] = recover_domain,
    };
    bool whole = frames_scan_is_whole(store->dir.fd); /* on_damage takes summary.json away */
    for (enum store_stream i = 0; i < STORE_STREAMS; i++) {
        uint64_t cut;
        struct frames_options stream = stream_options(store, options, i);
        stream.whole = whole;
        stream.damaged = on_damage;
        stream.damaged_arg = store;
        enum error error = frames_recover(&stream, readers[i], store, &store->frames[i], &cut, why);
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
    struct frames_options stream = stream_options(store, options, STORE_REJECTS);
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
    struct meta_stored stored;
    buf_init(&text, META_CEILING_BYTES);
    enum error error = store_dir_read(&store->dir, "meta.json", &text, why);
    if (error == ERR_OK)
        error = meta_read(buf_bytes(&text), &stored, why);
    buf_dispose(&text);
    if (error != ERR_OK)
        return error;
    store->rejects_done = meta_input_was_read(&stored);
    return store->rejects_done ? ERR_OK : drop_rejects(store, why);
}

static enum error recover(struct store *store, const struct store_options *options, struct buf *why)
{
    enum error error = store_dir_open(options->dir, &store->dir, why);
    if (error == ERR_OK)
        error = read_state(store, why);
    if (error == ERR_OK)
        error = recover_streams(store, options, why);
    if (error == ERR_OK && store->rejects_damaged)
        error = begin_rejects_again(store, options, why);
    if (error != ERR_OK)
        return error;
    return create_groups(store, options);
}

enum error store_resume(const struct store_options *options, struct store **store, struct buf *why)
{
    if (strcmp(options->dir, "-") == 0) {
        buf_text(why, "what was streamed to standard output cannot be resumed");
        return ERR_NOT_FOUND;
    }
    struct store *made = make(options);
    if (made == NULL)
        return ERR_MEMORY;
    enum error error = recover(made, options, why);
    if (error != ERR_OK) {
        store_destroy(made);
        return error;
    }
    *store = made;
    return ERR_OK;
}

bool store_is_done(const struct store *store, uint64_t ordinal)
{
    return store != NULL && ordinals_has(&store->done, ordinal);
}

bool store_rejects_done(const struct store *store)
{
    return store->rejects_done;
}

const char *store_damage(struct store *store)
{
    return buf_string(&store->damage);
}

const struct unanswered *store_silent_mx(const struct store *store)
{
    return &store->silent_mx;
}

const struct unanswered *store_silent_policy(const struct store *store)
{
    return &store->silent_policy;
}

uint64_t store_cut_bytes(const struct store *store)
{
    return store->cut_bytes;
}

uint64_t store_lines(const struct store *store, enum store_stream stream)
{
    return store->streaming ? 0 : frames_counters(store->frames[stream])->lines;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static bool anything_waits(const struct store *store)
{
    if (store->streaming)
        return store->stream.waiting.len > 0;
    for (size_t i = 0; i < STORE_STREAMS; i++)
        if (frames_waiting(store->frames[i]) > 0)
            return true;
    return false;
}

/* Commits a stream after those that it refers to. */
static enum error commit_through(struct store *store, enum store_stream last, struct buf *why)
{
    enum error error = ERR_OK;
    if (store->streaming)
        error = stream_flush(&store->stream, why);
    for (enum store_stream i = 0; error == ERR_OK && !store->streaming && i <= last; i++)
        error = frames_commit(store->frames[i], why);
    store->waits = anything_waits(store);
    return error;
}

enum error store_append(struct store *store, enum store_stream stream, struct bytes line,
                        const struct tally *tally, int64_t now_ms, struct buf *why)
{
    bool full = false;
    enum error error = ERR_OK;
    if (!store->streaming)
        error = frames_append(store->frames[stream], line, &full);
    else if (stream == STORE_DOMAINS)
        error = stream_append(&store->stream, line, &full);
    if (error != ERR_OK) {
        buf_printf(why, "a record of %zu bytes: %s", line.len, error_text(error));
        return error;
    }
    if (stream == STORE_DOMAINS && tally != NULL)
        summary_add(&store->summary, tally);
    store->summary.rejects += stream == STORE_REJECTS;
    if (!store->waits && anything_waits(store)) {
        store->waits = true;
        store->since_ms = now_ms;
    }
    return full ? commit_through(store, stream, why) : ERR_OK;
}

void store_count(struct store *store, struct bytes packed)
{
    if (store->groups != NULL)
        groups_counter_add(store->groups, packed);
}

void store_count_line(struct store *store, enum store_stream stream, struct bytes line)
{
    if (store->groups != NULL && stream == STORE_HOSTS)
        groups_counter_host(store->groups, line);
    else if (store->groups != NULL && stream == STORE_DOMAINS)
        groups_counter_domain(store->groups, line);
}

bool store_counts_groups(const struct store *store)
{
    return store->groups != NULL;
}

uint64_t store_groups_unread(const struct store *store)
{
    return store->groups == NULL ? 0 : groups_counter_unread(store->groups, store->summary.records);
}

enum error store_groups(struct store *store, struct summary_groups *groups, bool (*stopped)(void),
                        struct buf *why)
{
    return store->groups == NULL ? ERR_OK : groups_counter_end(store->groups, stopped, groups, why);
}

bool store_cert_is_new(struct store *store, const uint8_t sha256[32])
{
    return !store->streaming && certset_add(&store->certs, sha256);
}

enum error store_commit(struct store *store, struct buf *why)
{
    return commit_through(store, STORE_DOMAINS, why);
}

enum error store_complete(struct store *store, struct buf *why)
{
    enum error error = ERR_OK;
    for (enum store_stream i = 0; error == ERR_OK && !store->streaming && i < STORE_STREAMS; i++)
        error = frames_complete(store->frames[i], why);
    return error;
}

enum error store_tick(struct store *store, int64_t now_ms, int64_t *next_ms, struct buf *why)
{
    enum error error = ERR_OK;
    if (store->waits && now_ms - store->since_ms >= store->flush_ms)
        error = store_commit(store, why);
    *next_ms = store->waits ? store->since_ms + store->flush_ms - now_ms : -1;
    if (store->waits && *next_ms < 0)
        *next_ms = 0; /* only after a commit that failed */
    return error;
}

struct summary *store_summary(struct store *store)
{
    return &store->summary;
}

enum error store_write_file(struct store *store, const char *name, struct bytes text, struct buf *why)
{
    return store->streaming ? ERR_OK : store_dir_write(&store->dir, name, text, why);
}

enum error store_read_file(struct store *store, const char *name, struct buf *text, struct buf *why)
{
    if (!store->streaming)
        return store_dir_read(&store->dir, name, text, why);
    buf_text(why, "there is no scan directory when streaming");
    return ERR_NOT_FOUND;
}

int store_dir_fd(const struct store *store)
{
    return store->dir.fd;
}
