/*
 * A loop is a thread with an event_base and a mailbox. Nothing on it may block. Everything that a loop owns
 * is touched by its thread alone; other threads post messages.
 */
#ifndef STSWEEP_LOOP_LOOP_H
#define STSWEEP_LOOP_LOOP_H

#include <event2/event.h>
#include <pthread.h>

#include "scanner/loop/mailbox.h"

struct loop {
    struct event_base *base;
    struct mailbox mailbox;
    struct event *mail;
    void *receiver; /* handed to every message's deliver */
    pthread_t thread;
    bool has_thread;
};

enum error loop_init(struct loop *loop, void *receiver);

/* Delivers what is left in the mailbox and frees the base. The thread has been joined. */
void loop_dispose(struct loop *loop);

/* Run the loop until loop_stop: in a thread of its own, or in the caller's. */
enum error loop_start(struct loop *loop);
void loop_run(struct loop *loop);

/* Ends the loop after the messages that were posted before; from any thread. */
enum error loop_stop(struct loop *loop);
void loop_join(struct loop *loop);

/* Joins no longer than until deadline_ms (monotonic); false if the loop still runs. */
bool loop_join_until(struct loop *loop, int64_t deadline_ms);

/* Posts a message from any thread; one from the loop's own is delivered in a later turn of the loop. */
static inline void loop_post(struct loop *loop, struct message *message)
{
    mailbox_post(&loop->mailbox, message);
}

#endif
