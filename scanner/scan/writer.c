/* Runs a thread between mailbox and store. */
#include "scanner/scan/writer.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "scanner/base/clock.h"
#include "scanner/loop/mailbox.h"
#include "scanner/loop/thread.h"

enum { LINES_A_TURN = 1024, NAP_MS = 2, WHY_BYTES = 4096 };

struct writer {
    struct store *store;
    struct mailbox mailbox;
    pthread_t thread;
    bool has_thread;
    bool finishing; /* writer's thread only */
    atomic_size_t backlog;
    pthread_mutex_t error_lock; /* error and why: written once, read when a scan ends */
    enum error error;
    struct buf why;
    void (*failed)(void *arg);
    void *failed_arg;
};

struct line_message {
    struct message message;
    enum store_stream stream;
    bool has_tally;
    struct tally tally;
    uint8_t sha256[32];
    size_t len, packed_len;
    uint8_t data[]; /* the line, and what was packed */
};

struct barrier_message {
    struct message message;
    enum error (*act)(void *arg, struct store *store, struct buf *why);
    void *arg;
    sem_t *passed;
    enum error *result;
};

static void set_error(struct writer *writer, enum error error, const struct buf *why)
{
    bool first = false;
    pthread_mutex_lock(&writer->error_lock);
    if (writer->error == ERR_OK) {
        writer->error = error;
        buf_append(&writer->why, why->data, why->len);
        first = true;
    }
    pthread_mutex_unlock(&writer->error_lock);
    if (first)
        writer->failed(writer->failed_arg);
}

static enum error current_error(struct writer *writer)
{
    pthread_mutex_lock(&writer->error_lock);
    enum error error = writer->error;
    pthread_mutex_unlock(&writer->error_lock);
    return error;
}

static void deliver_line(struct message *message, void *receiver)
{
    struct writer *writer = receiver;
    struct line_message *line = (struct line_message *)message;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    bool known = line->stream == STORE_CERTS && !store_cert_is_new(writer->store, line->sha256);
    if (!known && current_error(writer) == ERR_OK) {
        enum error error = store_append(writer->store, line->stream, bytes_make(line->data, line->len),
                                        line->has_tally ? &line->tally : NULL, clock_monotonic_ms(), &why);
        if (error == ERR_OK)
            store_count(writer->store, bytes_make(line->data + line->len, line->packed_len));
        if (error != ERR_OK)
            set_error(writer, error, &why);
    }
    atomic_fetch_sub(&writer->backlog, line->len + line->packed_len);
    buf_dispose(&why);
    free(line);
}

static void deliver_barrier(struct message *message, void *receiver)
{
    struct writer *writer = receiver;
    struct barrier_message *barrier = (struct barrier_message *)message;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = current_error(writer);
    if (error == ERR_OK)
        error = store_commit(writer->store, &why);
    if (error == ERR_OK && barrier->act != NULL)
        error = barrier->act(barrier->arg, writer->store, &why);
    if (error != ERR_OK)
        set_error(writer, error, &why);
    *barrier->result = error;
    buf_dispose(&why);
    sem_post(barrier->passed);
    free(barrier);
}

static void deliver_finish(struct message *message, void *receiver)
{
    struct writer *writer = receiver;
    writer->finishing = true;
    free(message);
}

static int tick(struct writer *writer)
{
    struct buf why;
    int64_t next_ms = -1;
    if (current_error(writer) != ERR_OK)
        return -1;
    buf_init(&why, WHY_BYTES);
    enum error error = store_tick(writer->store, clock_monotonic_ms(), &next_ms, &why);
    if (error != ERR_OK)
        set_error(writer, error, &why);
    buf_dispose(&why);
    return next_ms < 0 ? -1 : (int)(next_ms > 60000 ? 60000 : next_ms);
}

/* Sleeps a little while lines gather: woken for each one, the thread would spend more on waking than on
 * writing. */
static void nap(void)
{
    struct timespec time = {.tv_nsec = NAP_MS * 1000000L};
    (void)nanosleep(&time, NULL);
}

static void *thread_main(void *arg)
{
    struct writer *writer = arg;
    while (!writer->finishing) {
        struct pollfd ready = {.fd = writer->mailbox.event_fd, .events = POLLIN};
        (void)poll(&ready, 1, tick(writer));
        if (!mailbox_deliver(&writer->mailbox, writer, LINES_A_TURN))
            nap();
    }
    return NULL;
}

static bool start_thread(struct writer *writer)
{
    writer->has_thread = thread_start(&writer->thread, thread_main, writer);
    return writer->has_thread;
}

struct writer *writer_create(struct store *store, void (*failed)(void *arg), void *arg)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    writer->store = store;
    writer->failed = failed;
    writer->failed_arg = arg;
    pthread_mutex_init(&writer->error_lock, NULL);
    buf_init(&writer->why, WHY_BYTES);
    if (mailbox_init(&writer->mailbox) != ERR_OK || !start_thread(writer)) {
        writer_destroy(writer);
        return NULL;
    }
    return writer;
}

enum error writer_add(struct writer *writer, const struct writer_line *line)
{
    struct line_message *message = malloc(sizeof *message + line->line.len + line->packed.len);
    if (message == NULL)
        return ERR_MEMORY;
    message->message.deliver = deliver_line;
    message->stream = line->stream;
    message->has_tally = line->tally != NULL;
    if (line->tally != NULL)
        message->tally = *line->tally;
    if (line->sha256 != NULL)
        memcpy(message->sha256, line->sha256, sizeof message->sha256);
    message->len = line->line.len;
    message->packed_len = line->packed.len;
    memcpy(message->data, line->line.data, line->line.len);
    if (line->packed.len > 0)
        memcpy(message->data + line->line.len, line->packed.data, line->packed.len);
    atomic_fetch_add(&writer->backlog, line->line.len + line->packed.len);
    mailbox_post(&writer->mailbox, &message->message);
    return ERR_OK;
}

size_t writer_backlog(struct writer *writer)
{
    return atomic_load(&writer->backlog);
}

enum error writer_barrier(struct writer *writer,
                          enum error (*act)(void *arg, struct store *store, struct buf *why), void *arg)
{
    enum error result = ERR_OK;
    sem_t passed;
    struct barrier_message *message = calloc(1, sizeof *message);
    if (message == NULL)
        return ERR_MEMORY;
    sem_init(&passed, 0, 0);
    *message = (struct barrier_message){.act = act, .arg = arg, .passed = &passed, .result = &result};
    message->message.deliver = deliver_barrier;
    mailbox_post(&writer->mailbox, &message->message);
    while (sem_wait(&passed) != 0) {
    }
    sem_destroy(&passed);
    return result;
}

enum error writer_error(struct writer *writer, struct buf *why)
{
    pthread_mutex_lock(&writer->error_lock);
    enum error error = writer->error;
    buf_append(why, writer->why.data, writer->why.len);
    pthread_mutex_unlock(&writer->error_lock);
    return error;
}

enum error writer_finish(struct writer *writer)
{
    enum error error = writer_barrier(writer, NULL, NULL);
    struct message *message = calloc(1, sizeof *message);
    if (message == NULL)
        return ERR_MEMORY;
    message->deliver = deliver_finish;
    mailbox_post(&writer->mailbox, message);
    (void)pthread_join(writer->thread, NULL);
    writer->has_thread = false;
    return error;
}

void writer_destroy(struct writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->has_thread)
        (void)writer_finish(writer);
    if (writer->mailbox.event_fd > 0)
        mailbox_dispose(&writer->mailbox, writer);
    pthread_mutex_destroy(&writer->error_lock);
    buf_dispose(&writer->why);
    free(writer);
}
