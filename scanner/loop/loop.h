/*
 * A loop: a thread with an event_base and a mailbox. Nothing that blocks runs on it. Everything that is owned
 * by a loop is touched by its thread alone; others post messages.
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

/* Runs it in a thread of its own, resp. in the caller's, until loop_stop. */
enum error loop_start(struct loop *loop);
void loop_run(struct loop *loop);

/* From any thread: the loop ends after the messages posted before. */
enum error loop_stop(struct loop *loop);
void loop_join(struct loop *loop);

/* The same, but no longer than until then (monotonic): false where it still runs. */
bool loop_join_until(struct loop *loop, int64_t deadline_ms);

/* From any thread, the loop's own included (then it is delivered in a later turn: "soon"). */
static inline void loop_post(struct loop *loop, struct message *message)
{
    mailbox_post(&loop->mailbox, message);
}

#endif
