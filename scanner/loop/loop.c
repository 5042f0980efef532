/* Runs an event_base with its mailbox's event, in a thread. */
#include "scanner/loop/loop.h"

#include <stdlib.h>
#include <time.h>

#include "scanner/base/clock.h"
#include "scanner/loop/thread.h"

enum { MESSAGES_A_TURN = 4096, JOIN_PAUSE_NS = 2000000 };

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct loop *loop = arg;
    (void)mailbox_deliver(&loop->mailbox, loop->receiver, MESSAGES_A_TURN);
}

static struct event_base *base_create(void)
{
    struct event_config *config = event_config_new();
    if (config == NULL)
        return NULL;
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

enum error loop_init(struct loop *loop, void *receiver)
{
    *loop = (struct loop){.receiver = receiver};
    if (mailbox_init(&loop->mailbox) != ERR_OK)
        return ERR_IO;
    loop->base = base_create();
    if (loop->base == NULL)
        return ERR_LIBRARY;
    loop->mail = event_new(loop->base, loop->mailbox.event_fd, EV_READ | EV_PERSIST, on_mail, loop);
    if (loop->mail == NULL || event_add(loop->mail, NULL) != 0)
        return ERR_LIBRARY;
    return ERR_OK;
}

void loop_dispose(struct loop *loop)
{
    if (loop->mail != NULL)
        event_free(loop->mail);
    if (loop->mailbox.event_fd >= 0)
        mailbox_dispose(&loop->mailbox, loop->receiver);
    if (loop->base != NULL)
        event_base_free(loop->base);
    loop->mail = NULL;
    loop->base = NULL;
}

void loop_run(struct loop *loop)
{
    (void)event_base_dispatch(loop->base);
}

static void *thread_main(void *arg)
{
    loop_run(arg);
    return NULL;
}

enum error loop_start(struct loop *loop)
{
    loop->has_thread = thread_start(&loop->thread, thread_main, loop);
    return loop->has_thread ? ERR_OK : ERR_LIBRARY;
}

struct stop_message {
    struct message message;
    struct loop *loop;
};

static void deliver_stop(struct message *message, void *receiver)
{
    (void)receiver;
    struct stop_message *stop = (struct stop_message *)message;
    if (stop->loop->base != NULL)
        (void)event_base_loopbreak(stop->loop->base);
    free(stop);
}

enum error loop_stop(struct loop *loop)
{
    struct stop_message *stop = calloc(1, sizeof *stop);
    if (stop == NULL)
        return ERR_MEMORY;
    stop->message.deliver = deliver_stop;
    stop->loop = loop;
    loop_post(loop, &stop->message);
    return ERR_OK;
}

void loop_join(struct loop *loop)
{
    if (loop->has_thread)
        (void)pthread_join(loop->thread, NULL);
    loop->has_thread = false;
}

bool loop_join_until(struct loop *loop, int64_t deadline_ms)
{
    const struct timespec pause = {.tv_nsec = JOIN_PAUSE_NS};
    while (loop->has_thread && pthread_tryjoin_np(loop->thread, NULL) != 0) {
        if (clock_monotonic_ms() >= deadline_ms)
            return false;
        (void)nanosleep(&pause, NULL);
    }
    loop->has_thread = false;
    return true;
}
