/*
 * Writes a scan directory's four streams in their order of durability. One thread. Never lets a domains frame
 * reach the disk before the records that it refers to.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "output/store/store_parts.h"
#include "scanner/base/clock.h"

enum { DAMAGE_BYTES = 64 * 1024 };

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

enum amount_stream store_amount_of(enum store_stream stream)
{
    static const enum amount_stream amounts[STORE_STREAMS] = {[STORE_DOMAINS] = AMOUNT_DOMAINS,
                                                              [STORE_HOSTS] = AMOUNT_HOSTS,
                                                              [STORE_CERTS] = AMOUNT_CERTS,
                                                              [STORE_REJECTS] = AMOUNT_REJECTS};
    return amounts[stream];
}

struct frames_options store_stream_options(const struct store *store, const struct store_options *options,
                                           enum store_stream stream)
{
    return (struct frames_options){
        .dir_fd = store->dir.fd,
        .name = amount_name(store_amount_of(stream)),
        .level = options->level,
        .frame_bytes = options->frame_bytes,
        .part_bytes = options->part_bytes,
    };
}

static enum error create_streams(struct store *store, const struct store_options *options, struct buf *why)
{
    for (enum store_stream i = 0; i < STORE_STREAMS; i++) {
        struct frames_options stream = store_stream_options(store, options, i);
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

enum error store_resume(const struct store_options *options, struct store **store, struct buf *why)
{
    if (strcmp(options->dir, "-") == 0) {
        buf_text(why, "what was streamed to standard output cannot be resumed");
        return ERR_NOT_FOUND;
    }
    struct store *made = make(options);
    if (made == NULL)
        return ERR_MEMORY;
    enum error error = store_recover(made, options, why);
    if (error == ERR_OK)
        error = create_groups(made, options);
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

void store_amounts(const struct store *store, const char *state, struct amount amounts[AMOUNT_STREAMS])
{
    const bool ended = strcmp(state, "stopped") == 0 || strcmp(state, "done") == 0;
    for (enum store_stream i = 0; i < STORE_STREAMS; i++) {
        const enum amount_stream which = store_amount_of(i);
        amounts[which] = (struct amount){.known = false};
        if (store->streaming || !(ended || (i == STORE_REJECTS && strcmp(state, "scanning") == 0)))
            continue;
        amounts[which] = (struct amount){true, store_lines(store, i), amount_bytes_in(store->dir.fd, which)};
    }
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
