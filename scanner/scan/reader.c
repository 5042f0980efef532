/* Input → spool → loops, on a thread of its own. */
#include "scanner/scan/reader.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "output/json/json.h"
#include "scanner/base/clock.h"
#include "scanner/reach/domain.h"
#include "scanner/verdict/verdict.h"

enum {
    BACKLOG_BYTES = 64 * 1024 * 1024,
    BACKLOG_PAUSE_MS = 5,
    REJECT_LINE_BYTES = 16 * 1024,
    WHY_BYTES = 4096,
    RETURNED_A_TURN = 1024,
    PASS_POLL_MS = 10,
    BATCH_SHARE = 64, /* of scan.in_flight */
    BATCH_MOST = 64
};

struct reader {
    struct reader_options options;
    pthread_t thread;
    bool has_thread;
    atomic_bool stopped;
    sem_t credits; /* a batch of them each, so that the reader is not woken for every domain that ends */
    uint32_t batch;
    uint32_t at_hand;                /* the reader's, of the last batch taken */
    atomic_uint_fast64_t given_back; /* by loops */
    atomic_uint_fast32_t *in_flight; /* on each loop */
    atomic_uint_fast64_t started;
    atomic_uint_fast64_t finished;
    atomic_uint_fast64_t put_off;
    atomic_uint_fast64_t retried; /* of those, handed out again */
    atomic_bool waiting;
    struct mailbox returned; /* names put off, on their way into `again` */
    struct spool *spool;     /* of this pass */
    struct spool *again;     /* of the next one; NULL in the last */
    enum error again_error;  /* of adding to it */
    atomic_uint_fast64_t total;
    struct reader_counts counts;
    struct buf line;
    struct buf why;
    enum error error;
};

struct name_message {
    struct message message;
    uint64_t ordinal;
    uint32_t rank;
    const char *label; /* into text, or NULL */
    struct bytes note; /* likewise */
    char text[];       /* domain, NUL, label, NUL, note */
};

static void deliver_start(struct message *message, void *receiver)
{
    struct name_message *start = (struct name_message *)message;
    struct domain_input input = {
        .ordinal = start->ordinal, .domain = start->text, .rank = start->rank, .label = start->label};
    input.looks = start->note;
    if (domain_start(receiver, &input) != ERR_OK)
        out_of_memory("a domain");
    free(start);
}

static bool is_stopped(void *arg)
{
    struct reader *reader = arg;
    return atomic_load(&reader->stopped);
}

static enum error on_name(void *arg, const struct input_name *name)
{
    struct reader *reader = arg;
    /* Who opts out between two runs of a scan keeps the record that there is: it is counted once. */
    if (optout_has_domain(reader->options.workers->context->optout, name->domain) &&
        !store_is_done(reader->options.store, name->ordinal)) {
        reader->counts.opted_out++;
        return ERR_OK;
    }
    return spool_add(reader->spool, name);
}

static enum error on_reject(void *arg, const struct input_reject *reject)
{
    struct reader *reader = arg;
    reader->counts.rejects++;
    reader->counts.rejected[reject->reason]++;
    if (reader->options.rejects_done)
        return ERR_OK;
    struct reject_line line = {.ordinal = reject->ordinal,
                               .file = reject->file,
                               .line = reject->line,
                               .text = reject->text,
                               .reason = reject->reason};
    buf_reset(&reader->line);
    if (!json_reject(&reader->line, &line))
        return ERR_LIMIT;
    return writer_line(reader->options.writer, STORE_REJECTS, buf_bytes(&reader->line), NULL, NULL);
}

static enum error read_input(struct reader *reader)
{
    const struct reader_options *options = &reader->options;
    struct input_sink sink = {.name = on_name, .reject = on_reject, .arg = reader};
    enum error error =
        input_read(options->files, options->file_count, (enum input_format)options->config->input_format,
                   &sink, is_stopped, reader, &reader->why);
    for (size_t i = 0; i < options->file_count; i++)
        reader->counts.inputs += options->files[i].inputs;
    if (error == ERR_OK)
        error = spool_finish(reader->spool);
    return error;
}

static void pause_for_writer(struct reader *reader)
{
    struct timespec pause = {.tv_nsec = BACKLOG_PAUSE_MS * 1000000};
    while (writer_backlog(reader->options.writer) > BACKLOG_BYTES && !is_stopped(reader))
        (void)nanosleep(&pause, NULL);
}

/* This machine is cut off: whatever were started now would fail. */
static void pause_for_outage(struct reader *reader)
{
    const atomic_bool *lasts = &reader->options.workers->context->hold_back;
    struct timespec pause = {.tv_nsec = PASS_POLL_MS * 1000000};
    while (atomic_load(lasts) && !is_stopped(reader))
        (void)nanosleep(&pause, NULL);
}

static struct name_message *name_message(const struct input_name *name,
                                         void (*deliver)(struct message *message, void *receiver))
{
    size_t domain_len = strlen(name->domain) + 1;
    size_t label_len = name->label == NULL ? 0 : strlen(name->label) + 1;
    struct name_message *message = malloc(sizeof *message + domain_len + label_len + name->note.len);
    if (message == NULL)
        return NULL;
    message->message.deliver = deliver;
    message->ordinal = name->ordinal;
    message->rank = name->rank;
    memcpy(message->text, name->domain, domain_len);
    message->label = NULL;
    if (name->label != NULL) {
        memcpy(message->text + domain_len, name->label, label_len);
        message->label = message->text + domain_len;
    }
    message->note = bytes_make(message->text + domain_len + label_len, name->note.len);
    if (name->note.len > 0)
        memcpy(message->text + domain_len + label_len, name->note.data, name->note.len);
    return message;
}

/* The loop with the fewest in flight: one that is held up (by its resolver's window, by a neighbour on its
 * core) would otherwise gather all places in flight and leave the others idle. */
static uint32_t least_busy(struct reader *reader)
{
    uint32_t best = 0;
    uint_fast32_t least = UINT_FAST32_MAX;
    for (uint32_t i = 0; i < reader->options.worker_count; i++) {
        uint_fast32_t busy = atomic_load_explicit(&reader->in_flight[i], memory_order_relaxed);
        if (busy < least) {
            least = busy;
            best = i;
        }
    }
    return best;
}

static enum error start_domain(struct reader *reader, const struct input_name *name)
{
    struct name_message *message = name_message(name, deliver_start);
    if (message == NULL)
        return ERR_MEMORY;
    uint32_t loop = least_busy(reader);
    atomic_fetch_add(&reader->started, 1);
    atomic_fetch_add_explicit(&reader->in_flight[loop], 1, memory_order_relaxed);
    loop_post(&reader->options.workers[loop].loop, &message->message);
    return ERR_OK;
}

/* ---- names that are put off ---------------------------------------------------------------------------- */

static void deliver_return(struct message *message, void *receiver)
{
    struct reader *reader = receiver;
    struct name_message *returned = (struct name_message *)message;
    struct input_name name = {.ordinal = returned->ordinal,
                              .domain = returned->text,
                              .rank = returned->rank,
                              .label = returned->label,
                              .note = returned->note};
    if (reader->again != NULL && reader->again_error == ERR_OK)
        reader->again_error = spool_add(reader->again, &name);
    free(returned);
}

static enum error take_returned(struct reader *reader)
{
    while (mailbox_has_mail(&reader->returned) &&
           mailbox_deliver(&reader->returned, reader, RETURNED_A_TURN)) {
    }
    return reader->again_error;
}

bool reader_tries_again(const struct worker *worker, int64_t started_ms, const struct judgement *judgement)
{
    int64_t more = worker->context->config->scan_retry_passes - (int64_t)worker->pass;
    if (more >= 0 && (judgement->look_due || verdict_may_pass(judgement)))
        return true;
    return more + READER_OUTAGE_PASSES >= 0 && started_ms < worker_doubted_until_ms(worker->context) &&
           verdict_has_passing(judgement);
}

enum error reader_put_off(struct reader *reader, const struct input_name *name)
{
    struct name_message *message = name_message(name, deliver_return);
    if (message == NULL)
        return ERR_MEMORY;
    atomic_fetch_add(&reader->put_off, 1);
    mailbox_post(&reader->returned, &message->message);
    return ERR_OK;
}

/* ---- passes -------------------------------------------------------------------------------------------- */

/* How many there are in all, which the first pass finds out: duplicates are found while handing out. */
static void publish_total(struct reader *reader, bool first)
{
    if (!first)
        return;
    const struct spool_counts *counts = spool_counts(reader->spool);
    atomic_store_explicit(&reader->total, counts->names - counts->not_in_shard - counts->duplicates,
                          memory_order_relaxed);
}

static void take_credit(struct reader *reader)
{
    if (reader->at_hand == 0) {
        while (sem_wait(&reader->credits) != 0) {
        }
        reader->at_hand = reader->batch;
    }
    reader->at_hand--;
}

static enum error hand_out(struct reader *reader, bool first)
{
    struct input_name name;
    enum error error;
    publish_total(reader, first);
    while ((error = spool_next(reader->spool, &name)) == ERR_OK) {
        publish_total(reader, first);
        if (is_stopped(reader))
            return ERR_STOPPED;
        if (store_is_done(reader->options.store, name.ordinal))
            continue;
        take_credit(reader);
        if (is_stopped(reader))
            return ERR_STOPPED;
        pause_for_writer(reader);
        pause_for_outage(reader);
        if (!first)
            atomic_fetch_add(&reader->retried, 1);
        error = start_domain(reader, &name);
        if (error == ERR_OK)
            error = take_returned(reader);
        if (error != ERR_OK)
            return error;
    }
    return error == ERR_NOT_FOUND ? ERR_OK : error;
}

/* Until everything that was handed out has ended. */
static enum error wait_for_all(struct reader *reader)
{
    struct timespec pause = {.tv_nsec = PASS_POLL_MS * 1000000};
    while (atomic_load(&reader->finished) < atomic_load(&reader->started)) {
        if (is_stopped(reader))
            return ERR_STOPPED;
        (void)nanosleep(&pause, NULL);
    }
    return take_returned(reader);
}

static enum error wait_to_retry(struct reader *reader)
{
    struct timespec pause = {.tv_nsec = PASS_POLL_MS * 1000000};
    int64_t until_ms = clock_monotonic_ms() + reader->options.config->scan_retry_after;
    atomic_store(&reader->waiting, true);
    while (clock_monotonic_ms() < until_ms && !is_stopped(reader))
        (void)nanosleep(&pause, NULL);
    atomic_store(&reader->waiting, false);
    return is_stopped(reader) ? ERR_STOPPED : ERR_OK;
}

/* whole: for the input, of which a shard may be wanted; else for names that are in the shard already. */
static enum error create_spool(struct reader *reader, bool whole, struct spool **spool)
{
    const struct reader_options *options = &reader->options;
    struct spool_options spool_options = {.seed = options->seed,
                                          .memory_bytes = (uint64_t)options->config->input_memory,
                                          .directory = options->spool_directory,
                                          .shard_index = 1,
                                          .shard_count = 1};
    if (whole)
        (void)config_shard(options->config, &spool_options.shard_index, &spool_options.shard_count);
    return spool_create(&spool_options, spool, &reader->why);
}

/* One pass over reader->spool; what it puts off stands in reader->again then. */
static enum error run_pass(struct reader *reader, bool first, bool last)
{
    enum error error = last ? ERR_OK : create_spool(reader, false, &reader->again);
    if (error == ERR_OK)
        error = hand_out(reader, first);
    if (error == ERR_OK && reader->options.handed_out != NULL)
        reader->options.handed_out(reader->options.arg);
    if (error == ERR_OK && !last)
        error = wait_for_all(reader);
    return error;
}

/* What was put off becomes what is handed out. What only an outage hit need not wait when that is over. */
static enum error next_pass(struct reader *reader, bool only_outage)
{
    spool_destroy(reader->spool);
    reader->spool = reader->again;
    reader->again = NULL;
    enum error error = spool_finish(reader->spool);
    if (error == ERR_OK && !only_outage)
        error = wait_to_retry(reader);
    pause_for_outage(reader);
    return error == ERR_OK ? workers_new_pass(reader->options.workers, reader->options.worker_count) : error;
}

static enum error run_passes(struct reader *reader)
{
    int64_t retries = reader->options.config->scan_retry_passes;
    int64_t passes = 1 + retries + READER_OUTAGE_PASSES;
    uint64_t put_off = 0;
    enum error error = ERR_OK;
    for (int64_t pass = 1; pass <= passes && error == ERR_OK; pass++) {
        error = run_pass(reader, pass == 1, pass == passes);
        if (pass == 1)
            reader->counts.spool = *spool_counts(reader->spool);
        if (error != ERR_OK || atomic_load(&reader->put_off) == put_off)
            break;
        put_off = atomic_load(&reader->put_off);
        error = next_pass(reader, pass > retries);
    }
    return error;
}

static void say_spool_reason(struct reader *reader, const struct spool *spool)
{
    const char *reason = spool == NULL ? NULL : spool_reason(spool);
    if (reason != NULL && reason[0] != 0)
        (void)buf_printf(&reader->why, "spool: %s\n", reason);
}

static enum error run(struct reader *reader)
{
    const struct reader_options *options = &reader->options;
    enum error error = create_spool(reader, true, &reader->spool);
    if (error == ERR_OK)
        error = read_input(reader);
    if (error == ERR_OK)
        error = options->input_read(options->arg);
    if (error == ERR_OK)
        error = run_passes(reader);
    say_spool_reason(reader, reader->spool);
    say_spool_reason(reader, reader->again);
    return error;
}

static void *thread_main(void *arg)
{
    struct reader *reader = arg;
    reader->error = run(reader);
    reader->options.ended(reader->options.arg);
    return NULL;
}

/* What loops have given back of a batch that is not full is lacking, a small share. */
static void init_credits(struct reader *reader, uint32_t in_flight)
{
    uint32_t batch = in_flight / BATCH_SHARE;
    reader->batch = batch == 0 ? 1 : batch > BATCH_MOST ? BATCH_MOST : batch;
    reader->at_hand = in_flight % reader->batch;
    sem_init(&reader->credits, 0, in_flight / reader->batch);
}

struct reader *reader_create(const struct reader_options *options)
{
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    reader->options = *options;
    reader->in_flight = calloc(options->worker_count, sizeof *reader->in_flight);
    if (reader->in_flight == NULL || mailbox_init(&reader->returned) != ERR_OK) {
        free(reader->in_flight);
        free(reader);
        return NULL;
    }
    init_credits(reader, (uint32_t)options->config->scan_in_flight);
    buf_init(&reader->line, REJECT_LINE_BYTES);
    buf_init(&reader->why, WHY_BYTES);
    return reader;
}

enum error reader_start(struct reader *reader)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    reader->has_thread = pthread_create(&reader->thread, NULL, thread_main, reader) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return reader->has_thread ? ERR_OK : ERR_LIBRARY;
}

void reader_stop(struct reader *reader)
{
    atomic_store(&reader->stopped, true);
    sem_post(&reader->credits);
}

void reader_credit(struct reader *reader, uint32_t loop)
{
    atomic_fetch_sub_explicit(&reader->in_flight[loop], 1, memory_order_relaxed);
    if ((atomic_fetch_add(&reader->given_back, 1) + 1) % reader->batch == 0)
        sem_post(&reader->credits);
}

void reader_finished(struct reader *reader)
{
    atomic_fetch_add(&reader->finished, 1);
}

struct reader_progress reader_progress(struct reader *reader)
{
    /* `finished` first: it must never be seen ahead of `started`; so `retried`, of `put_off`. */
    uint64_t finished = atomic_load(&reader->finished);
    uint64_t retried = atomic_load(&reader->retried);
    uint64_t put_off = atomic_load(&reader->put_off);
    return (struct reader_progress){.finished = finished,
                                    .started = atomic_load(&reader->started),
                                    .put_off = put_off,
                                    .again = put_off - retried,
                                    .waiting = atomic_load(&reader->waiting)};
}

uint64_t reader_total(struct reader *reader)
{
    return atomic_load_explicit(&reader->total, memory_order_relaxed);
}

enum error reader_join(struct reader *reader, struct reader_counts *counts, struct buf *why)
{
    if (reader->has_thread)
        (void)pthread_join(reader->thread, NULL);
    reader->has_thread = false;
    *counts = reader->counts;
    (void)buf_append(why, reader->why.data, reader->why.len);
    return reader->error;
}

void reader_destroy(struct reader *reader)
{
    if (reader == NULL)
        return;
    mailbox_dispose(&reader->returned, reader);
    free(reader->in_flight);
    spool_destroy(reader->spool);
    spool_destroy(reader->again);
    sem_destroy(&reader->credits);
    buf_dispose(&reader->line);
    buf_dispose(&reader->why);
    free(reader);
}
