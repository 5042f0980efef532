/* Keeps the spools, one pass after the other. */
#include "scanner/scan/spooled.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WHY_BYTES = 4096 };

struct spooled {
    struct spooled_options options;
    struct spool *now;          /* of this pass; NULL until there is a name */
    struct spool *again;        /* of the next one; NULL until a name is put off */
    bool first;                 /* now is the input's */
    bool has_opted_out;         /* a name of the shard has, whether it is chosen or not */
    uint64_t chosen;            /* how many of it, if that is known only when all are there */
    struct spool_counts counts; /* the first pass's, when it is over */
    atomic_uint_fast64_t total;
    struct buf why;
};

const char *spooled_directory(const struct config *config)
{
    const char *temporary = getenv("TMPDIR");
    if (strcmp(config->output_dir, "-") != 0)
        return config->output_dir;
    return temporary != NULL && temporary[0] != 0 ? temporary : "/tmp";
}

struct spooled *spooled_create(const struct spooled_options *options)
{
    struct spooled *spooled = calloc(1, sizeof *spooled);
    if (spooled == NULL)
        return NULL;
    spooled->options = *options;
    spooled->first = true;
    buf_init(&spooled->why, WHY_BYTES);
    return spooled;
}

void spooled_destroy(struct spooled *spooled)
{
    if (spooled == NULL)
        return;
    spool_destroy(spooled->now);
    spool_destroy(spooled->again);
    buf_dispose(&spooled->why);
    free(spooled);
}

/* Are the names chosen when all of them are there? */
static bool chooses_at_last(const struct spooled *spooled)
{
    return spooled->first && spooled->options.choice != NULL && choice_is_whole(spooled->options.choice);
}

static enum error make_spool(struct spooled *spooled, struct spool **spool)
{
    const struct config *config = spooled->options.config;
    struct spool_options options = {.seed = spooled->options.seed,
                                    .memory_bytes = (uint64_t)config->input_memory,
                                    .directory = spooled->options.directory,
                                    .sources = spooled->options.sources,
                                    .source_count = spooled->options.source_count,
                                    .whole = spool == &spooled->now && chooses_at_last(spooled)};
    if (*spool != NULL)
        return ERR_OK;
    (void)config_shard(config, &options.shard_index, &options.shard_count);
    return spool_create(&options, spool, &spooled->why);
}

enum error spooled_add(struct spooled *spooled, const struct input_name *name)
{
    enum error error = make_spool(spooled, &spooled->now);
    return error == ERR_OK ? spool_add(spooled->now, name) : error;
}

/* Lets other threads see the total, which shrinks as duplicates are found while names are handed out. */
static void publish_total(struct spooled *spooled)
{
    if (!spooled->first)
        return;
    const struct spool_counts *counts = spool_counts(spooled->now);
    uint64_t names = counts->names - counts->not_in_shard - counts->duplicates;
    atomic_store_explicit(&spooled->total, chooses_at_last(spooled) ? spooled->chosen : names,
                          memory_order_relaxed);
}

static bool is_stopped(const struct spooled_options *options)
{
    return options->stopped != NULL && options->stopped(options->stopped_arg);
}

static enum error visit(void *arg, const struct input_name *name, bool in_shard)
{
    struct spooled *spooled = arg;
    const struct spooled_options *options = &spooled->options;
    if (is_stopped(options))
        return ERR_STOPPED;
    spooled->has_opted_out = spooled->has_opted_out || (in_shard && options->opted_by != NULL &&
                                                        optout_has_domain(options->optout, name->domain));
    return choice_survey(options->choice, name, in_shard);
}

/* Counts the name if it would be scanned, were it not for the opt-out list. */
static enum error visit_chosen(void *arg, const struct input_name *name, bool in_shard)
{
    const struct spooled_options *options = &((struct spooled *)arg)->options;
    if (is_stopped(options))
        return ERR_STOPPED;
    int64_t entry = in_shard ? optout_find_domain(options->optout, name->domain) : OPTOUT_NONE;
    if (entry == OPTOUT_NONE || store_is_done(options->store, name->ordinal))
        return ERR_OK;
    bool is_chosen;
    enum error error = choice_has(options->choice, name, &is_chosen);
    options->opted_by[entry] += is_chosen;
    return error;
}

/* Chooses of all names. Who is chosen is known when all have been seen, so that those who opted out are
 * counted in a second round, if there are any. */
static enum error choose(struct spooled *spooled)
{
    enum error error = spool_survey(spooled->now, visit, spooled);
    spooled->chosen = choice_total(spooled->options.choice);
    return error == ERR_OK && spooled->has_opted_out ? spool_survey(spooled->now, visit_chosen, spooled)
                                                     : error;
}

enum error spooled_filled(struct spooled *spooled)
{
    enum error error = make_spool(spooled, &spooled->now);
    if (error == ERR_OK)
        error = spool_finish(spooled->now);
    if (error == ERR_OK && chooses_at_last(spooled))
        error = choose(spooled);
    if (error == ERR_OK)
        publish_total(spooled);
    return error;
}

/* Finds out whether the name is one to scan: its record is not there, and it is chosen. */
static enum error decide(struct spooled *spooled, const struct input_name *name, bool *taken)
{
    *taken = !store_is_done(spooled->options.store, name->ordinal);
    if (!*taken || !chooses_at_last(spooled))
        return ERR_OK;
    return choice_hand_out(spooled->options.choice, spooled->options.optout, name, taken);
}

static enum error next(void *arg, struct input_name *name)
{
    struct spooled *spooled = arg;
    enum error error;
    bool taken = false;
    do {
        publish_total(spooled);
        error = spool_next(spooled->now, name);
        if (error == ERR_OK)
            error = decide(spooled, name, &taken);
    } while (error == ERR_OK && !taken);
    publish_total(spooled);
    return error;
}

static enum error put_off(void *arg, const struct input_name *name)
{
    struct spooled *spooled = arg;
    enum error error = make_spool(spooled, &spooled->again);
    return error == ERR_OK ? spool_add(spooled->again, name) : error;
}

static enum error end(void *arg)
{
    struct spooled *spooled = arg;
    enum error error = make_spool(spooled, &spooled->again);
    spooled->counts = spooled_counts(spooled);
    spooled->first = false;
    spool_destroy(spooled->now);
    spooled->now = spooled->again;
    spooled->again = NULL;
    return error == ERR_OK ? spool_finish(spooled->now) : error;
}

struct source spooled_source(struct spooled *spooled)
{
    return (struct source){.arg = spooled, .next = next, .put_off = put_off, .end = end};
}

uint64_t spooled_total(const struct spooled *spooled)
{
    return atomic_load_explicit(&spooled->total, memory_order_relaxed);
}

struct spool_counts spooled_counts(const struct spooled *spooled)
{
    if (spooled->first && spooled->now != NULL)
        return *spool_counts(spooled->now);
    return spooled->counts;
}

/* Whoever wrote there before may not have ended his line. */
static void begin_line(struct buf *why)
{
    if (why->len > 0 && why->data[why->len - 1] != '\n')
        (void)buf_text(why, "\n");
}

static void say_reason(const struct spool *spool, struct buf *why)
{
    const char *reason = spool == NULL ? "" : spool_reason(spool);
    if (reason[0] == 0)
        return;
    begin_line(why);
    buf_printf(why, "spool: %s\n", reason);
}

void spooled_say_reason(const struct spooled *spooled, struct buf *why)
{
    if (spooled->why.len > 0)
        begin_line(why);
    buf_append(why, spooled->why.data, spooled->why.len);
    say_reason(spooled->now, why);
    say_reason(spooled->again, why);
}
