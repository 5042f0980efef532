/*
 * A mailbox carries messages between threads: many senders, one receiver, no lock (Vyukov's intrusive MPSC
 * queue). Messages of all senders are taken in one order: if one message is the cause of another, it is taken
 * first.
 *
 * The bound is kept by the senders: a loop has at most a fixed number of requests under way for each domain
 * in flight, and the feeder starts no domain while the writer's backlog is too long.
 */
#ifndef STSWEEP_LOOP_MAILBOX_H
#define STSWEEP_LOOP_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "scanner/base/error.h"

/* It is the first member of every message. The receiver's thread calls deliver, which then owns the
 * message. */
struct message {
    _Atomic(struct message *) next;
    void (*deliver)(struct message *message, void *receiver);
};

struct mailbox {
    _Atomic(struct message *) newest;
    struct message *oldest;
    struct message stub;
    atomic_bool woken;
    int event_fd; /* readable when there may be messages */
};

enum error mailbox_init(struct mailbox *mailbox);

/* Delivers what is still in it, then frees it; nobody may post any more. */
void mailbox_dispose(struct mailbox *mailbox, void *receiver);

/* Posts a message, from any thread. */
void mailbox_post(struct mailbox *mailbox, struct message *message);

/* Tells the receiver whether there may be messages; costs no system call. */
bool mailbox_has_mail(const struct mailbox *mailbox);

/* Delivers at most `most` messages; called by the receiver when event_fd is readable, or at any time. true if
 * some may be left (event_fd stays readable then). */
bool mailbox_deliver(struct mailbox *mailbox, void *receiver, size_t most);

#endif
