/* Hands the names of the source to the loops, on a thread of its own. */
#include "scanner/scan/feeder.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "scanner/base/clock.h"
#include "scanner/loop/thread.h"
#include "scanner/reach/own.h"
#include "scanner/scan/passes.h"

enum {
    BACKLOG_BYTES = 64 * 1024 * 1024,
    BACKLOG_PAUSE_MS = 5,
    RETURNED_A_TURN = 1024,
    PASS_POLL_MS = 10,
    OWN_POLL_MS = 2,
    BATCH_SHARE = 64, /* of scan.in_flight */
    BATCH_MOST = 64,
    EARLIER_FIRST_BYTES = 512
};

struct feeder {
    struct feeder_options options;
    pthread_t thread;
    bool has_thread;
    atomic_bool stopped;
    sem_t credits; /* each is a batch, so that the feeder is not woken for every domain that ends */
    uint32_t batch;
    uint32_t at_hand;                /* the feeder's, of the last batch taken */
    atomic_uint_fast64_t given_back; /* by loops */
    atomic_uint_fast32_t *in_flight; /* on each loop */
    atomic_uint_fast64_t started;
    atomic_uint_fast64_t finished;
    atomic_uint_fast64_t put_off;
    atomic_uint_fast64_t retried; /* of those, handed out again */
    atomic_int_fast64_t rest_ms;  /* 0: it does not rest */
    atomic_int_fast64_t rest_until_ms;
    atomic_int_fast64_t pass;
    atomic_bool ended;
    struct mailbox returned;   /* names put off, on their way to the source */
    enum error returned_error; /* of giving them to it */
    enum error error;
};

struct name_message {
    struct message message;
    feeder_start_name start; /* NULL: it returns */
    uint64_t ordinal;
    uint32_t rank;
    const char *label;            /* into text, or NULL */
    const char *source;           /* as of struct input_name */
    struct bytes note;            /* likewise */
    struct arena earlier;         /* of cached */
    struct cached_policy *cached; /* or NULL */
    struct owned made;            /* for start, which takes it */
    char text[];                  /* domain, NUL, label, NUL, note */
};

/* ---- names in messages --------------------------------------------------------------------------------- */

static struct name_message *name_message(const struct input_name *name,
                                         void (*deliver)(struct message *message, void *receiver))
{
    size_t domain_len = strlen(name->domain) + 1;
    size_t label_len = name->label == NULL ? 0 : strlen(name->label) + 1;
    struct name_message *message = malloc(sizeof *message + domain_len + label_len + name->note.len);
    if (message == NULL)
        return NULL;
    message->message.deliver = deliver;
    message->start = NULL;
    message->cached = NULL;
    message->made = (struct owned){NULL, NULL};
    arena_init_small(&message->earlier, PREVIOUS_ARENA_BYTES, EARLIER_FIRST_BYTES);
    message->ordinal = name->ordinal;
    message->rank = name->rank;
    message->source = name->source;
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

static void free_message(struct name_message *message)
{
    arena_dispose(&message->earlier);
    owned_dispose(&message->made);
    free(message);
}

static void deliver_start(struct message *message, void *receiver)
{
    struct name_message *start = (struct name_message *)message;
    struct domain_input input = {
        .ordinal = start->ordinal, .domain = start->text, .rank = start->rank, .label = start->label};
    input.source = start->source;
    input.looks = start->note;
    input.cached = start->cached;
    input.made = &start->made;
    if (start->start(receiver, &input) != ERR_OK)
        out_of_memory("a domain");
    free_message(start);
}

static void deliver_return(struct message *message, void *receiver)
{
    struct feeder *feeder = receiver;
    const struct source *source = &feeder->options.source;
    struct name_message *returned = (struct name_message *)message;
    struct input_name name = {.ordinal = returned->ordinal,
                              .domain = returned->text,
                              .rank = returned->rank,
                              .label = returned->label,
                              .source = returned->source,
                              .note = returned->note};
    if (feeder->returned_error == ERR_OK)
        feeder->returned_error = source->put_off(source->arg, &name);
    free_message(returned);
}

static enum error take_returned(struct feeder *feeder)
{
    while (mailbox_has_mail(&feeder->returned) &&
           mailbox_deliver(&feeder->returned, feeder, RETURNED_A_TURN)) {
    }
    return feeder->returned_error;
}

/* ---- handing out --------------------------------------------------------------------------------------- */

static void nap(int64_t ms)
{
    struct timespec pause = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&pause, NULL);
}

static void pause_for_sink(struct feeder *feeder)
{
    const struct sink *sink = &feeder->options.sink;
    while (sink->backlog(sink->arg) > BACKLOG_BYTES && !feeder_is_stopped(feeder))
        nap(BACKLOG_PAUSE_MS);
}

/* Is this machine cut off, so that whatever were started now would fail? */
static bool is_held_back(struct feeder *feeder)
{
    return atomic_load(&feeder->options.workers->context->hold_back);
}

static void pause_for_outage(struct feeder *feeder)
{
    while (is_held_back(feeder) && !feeder_is_stopped(feeder))
        nap(PASS_POLL_MS);
}

/* Waits for those at one's own addresses: they are never refused for being many. */
static void pause_for_own(struct feeder *feeder)
{
    const struct scan_context *context = feeder->options.workers->context;
    while (own_is_full(context) && !feeder_is_stopped(feeder))
        nap(OWN_POLL_MS);
}

/* Returns the loop with the fewest in flight: one that is held up (by its resolver's window, by a neighbour
 * on its core) would otherwise gather all places in flight and leave the others idle. */
static uint32_t least_busy(struct feeder *feeder)
{
    uint32_t best = 0;
    uint_fast32_t least = UINT_FAST32_MAX;
    for (uint32_t i = 0; i < feeder->options.worker_count; i++) {
        uint_fast32_t busy = atomic_load_explicit(&feeder->in_flight[i], memory_order_relaxed);
        if (busy < least) {
            least = busy;
            best = i;
        }
    }
    return best;
}

/* Looks up what senders may still have of the domain. The file that tells is read here, so that no loop
 * waits. */
static enum error find_earlier(struct feeder *feeder, struct name_message *message)
{
    if (feeder->options.previous == NULL)
        return ERR_OK;
    return previous_find(feeder->options.previous, message->text, &message->earlier, &message->cached);
}

static enum error start_domain(struct feeder *feeder, struct input_name *name)
{
    struct name_message *message = name_message(name, deliver_start);
    if (message == NULL)
        return ERR_MEMORY;
    message->start = feeder->options.start;
    message->made = (struct owned){owned_take(&name->made), name->made.destroy};
    enum error error = find_earlier(feeder, message);
    if (error != ERR_OK) {
        free_message(message);
        return error;
    }
    uint32_t loop = least_busy(feeder);
    atomic_fetch_add(&feeder->started, 1);
    atomic_fetch_add_explicit(&feeder->in_flight[loop], 1, memory_order_relaxed);
    loop_post(&feeder->options.workers[loop].loop, &message->message);
    return ERR_OK;
}

static void take_credit(struct feeder *feeder)
{
    if (feeder->at_hand == 0) {
        while (sem_wait(&feeder->credits) != 0) {
        }
        feeder->at_hand = feeder->batch;
    }
    feeder->at_hand--;
}

/* Starts it as soon as there is a place for it, and nothing that it would make worse. */
static enum error hand_on(struct feeder *feeder, struct input_name *name, bool first)
{
    if (feeder_is_stopped(feeder))
        return ERR_STOPPED;
    take_credit(feeder);
    if (feeder_is_stopped(feeder))
        return ERR_STOPPED;
    pause_for_sink(feeder);
    pause_for_outage(feeder);
    pause_for_own(feeder);
    if (!first)
        atomic_fetch_add(&feeder->retried, 1);
    enum error error = start_domain(feeder, name);
    return error == ERR_OK ? take_returned(feeder) : error;
}

static enum error hand_out(struct feeder *feeder, bool first)
{
    const struct source *source = &feeder->options.source;
    struct input_name name;
    enum error error;
    while ((error = source->next(source->arg, &name)) == ERR_OK) {
        error = hand_on(feeder, &name, first);
        owned_dispose(&name.made);
        if (error != ERR_OK)
            return error;
    }
    return error == ERR_NOT_FOUND ? ERR_OK : error;
}

/* ---- passes -------------------------------------------------------------------------------------------- */

static enum error run_pass(struct feeder *feeder, struct passes *passes)
{
    enum error error = hand_out(feeder, passes->pass == passes->first);
    if (error == ERR_OK)
        passes_handed_out(passes);
    if (error == ERR_OK && feeder->options.handed_out != NULL)
        feeder->options.handed_out(feeder->options.arg);
    return error;
}

static enum error turn(struct feeder *feeder)
{
    const struct source *source = &feeder->options.source;
    enum error error = take_returned(feeder);
    return error == ERR_OK ? source->end(source->arg) : error;
}

/* Reads the counts for passes.h: `finished` before `started`, and `put_off` after both, as a domain is put
 * off before it has ended. */
static struct pass_sight look(struct feeder *feeder)
{
    struct pass_sight sight = {.now_ms = clock_monotonic_ms(),
                               .stopped = feeder_is_stopped(feeder),
                               .held_back = is_held_back(feeder)};
    sight.finished = atomic_load(&feeder->finished);
    sight.started = atomic_load(&feeder->started);
    sight.put_off = atomic_load(&feeder->put_off);
    return sight;
}

static enum error act(struct feeder *feeder, struct passes *passes, enum pass_step step)
{
    switch (step) {
    case PASS_HAND_OUT:
        return run_pass(feeder, passes);
    case PASS_WAIT:
        nap(PASS_POLL_MS);
        return ERR_OK;
    case PASS_TURN:
        return turn(feeder);
    case PASS_BEGIN:
        return workers_new_pass(feeder->options.workers, feeder->options.worker_count);
    case PASS_STOP:
        return ERR_STOPPED;
    default:
        return ERR_OK;
    }
}

static enum error run_passes(struct feeder *feeder)
{
    const struct config *config = feeder->options.config;
    const struct scan_context *context = feeder->options.workers->context;
    struct passes passes;
    enum pass_step step;
    enum error error;
    passes_begin(&passes, worker_first_pass(context), worker_retries(context), config->scan_retry_after);
    do {
        struct pass_sight sight = look(feeder);
        step = passes_step(&passes, &sight);
        bool rests = step == PASS_WAIT && passes_rest(&passes, sight.now_ms);
        atomic_store(&feeder->rest_until_ms, passes.rest_until_ms);
        atomic_store(&feeder->rest_ms, rests ? passes.rest_ms : 0);
        atomic_store(&feeder->pass, passes.pass);
        error = act(feeder, &passes, step);
    } while (error == ERR_OK && step != PASS_END);
    return error;
}

static void *thread_main(void *arg)
{
    struct feeder *feeder = arg;
    feeder->error = feeder->options.prepare(feeder->options.arg);
    if (feeder->error == ERR_OK)
        feeder->error = run_passes(feeder);
    atomic_store(&feeder->ended, true);
    feeder->options.ended(feeder->options.arg);
    return NULL;
}

/* ---- from outside -------------------------------------------------------------------------------------- */

/* Fills the credits. What loops have given back of a batch that is not full is lacking, a small share. */
static void init_credits(struct feeder *feeder, uint32_t in_flight)
{
    uint32_t batch = in_flight / BATCH_SHARE;
    feeder->batch = batch == 0 ? 1 : batch > BATCH_MOST ? BATCH_MOST : batch;
    feeder->at_hand = in_flight % feeder->batch;
    sem_init(&feeder->credits, 0, in_flight / feeder->batch);
}

struct feeder *feeder_create(const struct feeder_options *options)
{
    struct feeder *feeder = calloc(1, sizeof *feeder);
    if (feeder == NULL)
        return NULL;
    feeder->options = *options;
    feeder->in_flight = calloc(options->worker_count, sizeof *feeder->in_flight);
    if (feeder->in_flight == NULL || mailbox_init(&feeder->returned) != ERR_OK) {
        free(feeder->in_flight);
        free(feeder);
        return NULL;
    }
    init_credits(feeder, (uint32_t)options->config->scan_in_flight);
    return feeder;
}

enum error feeder_start(struct feeder *feeder)
{
    feeder->has_thread = thread_start(&feeder->thread, thread_main, feeder);
    return feeder->has_thread ? ERR_OK : ERR_LIBRARY;
}

void feeder_stop(struct feeder *feeder)
{
    atomic_store(&feeder->stopped, true);
    sem_post(&feeder->credits);
}

bool feeder_is_stopped(const struct feeder *feeder)
{
    return atomic_load(&feeder->stopped);
}

void feeder_credit(struct feeder *feeder, uint32_t loop)
{
    atomic_fetch_sub_explicit(&feeder->in_flight[loop], 1, memory_order_relaxed);
    if ((atomic_fetch_add(&feeder->given_back, 1) + 1) % feeder->batch == 0)
        sem_post(&feeder->credits);
}

bool feeder_all_ended(struct feeder *feeder)
{
    /* Read in this order, `started` counts whatever was handed out before it ended. */
    if (!atomic_load(&feeder->ended))
        return false;
    uint64_t finished = atomic_load(&feeder->finished);
    return finished >= atomic_load(&feeder->started);
}

static void count_end(struct feeder *feeder)
{
    atomic_fetch_add(&feeder->finished, 1);
    if (feeder_all_ended(feeder))
        feeder->options.ended(feeder->options.arg);
}

void feeder_finished(struct feeder *feeder, uint64_t ordinal)
{
    const struct source *source = &feeder->options.source;
    if (source->finished != NULL)
        source->finished(source->arg, ordinal);
    count_end(feeder);
}

enum error feeder_put_off(struct feeder *feeder, const struct input_name *name)
{
    struct name_message *message = name_message(name, deliver_return);
    if (message == NULL)
        return ERR_MEMORY;
    atomic_fetch_add(&feeder->put_off, 1);
    mailbox_post(&feeder->returned, &message->message);
    count_end(feeder);
    return ERR_OK;
}

struct feeder_progress feeder_progress(struct feeder *feeder)
{
    /* `finished` first: it must never be seen ahead of `started`; so `retried`, of `put_off`. */
    uint64_t finished = atomic_load(&feeder->finished);
    uint64_t retried = atomic_load(&feeder->retried);
    uint64_t put_off = atomic_load(&feeder->put_off);
    return (struct feeder_progress){.finished = finished,
                                    .started = atomic_load(&feeder->started),
                                    .put_off = put_off,
                                    .again = put_off - retried,
                                    .rest_ms = atomic_load(&feeder->rest_ms),
                                    .rest_until_ms = atomic_load(&feeder->rest_until_ms),
                                    .pass = atomic_load(&feeder->pass)};
}

enum error feeder_join(struct feeder *feeder)
{
    if (feeder->has_thread)
        (void)pthread_join(feeder->thread, NULL);
    feeder->has_thread = false;
    return feeder->error;
}

void feeder_destroy(struct feeder *feeder)
{
    if (feeder == NULL)
        return;
    feeder->returned_error = ERR_STOPPED; /* nobody asks the source any more */
    mailbox_dispose(&feeder->returned, feeder);
    free(feeder->in_flight);
    sem_destroy(&feeder->credits);
    free(feeder);
}
