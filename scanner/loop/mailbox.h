/*
 * Bounded-by-contract messages between threads: many senders, one receiver, no lock (D. Vyukov's intrusive
 * MPSC queue). Messages of all senders are taken in one order; what a thread posts before something that
 * makes another thread post is taken first.
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

/* First member of what is sent. The receiver's thread calls deliver, which then owns the message. */
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

/* What is still in it is delivered first; nobody may post any more. */
void mailbox_dispose(struct mailbox *mailbox, void *receiver);

/* From any thread. */
void mailbox_post(struct mailbox *mailbox, struct message *message);

/* By the receiver: may there be messages? Costs no system call. */
bool mailbox_has_mail(const struct mailbox *mailbox);

/* By the receiver, when event_fd is readable (or at any time): delivers at most `most` messages; true where
 * some may be left (event_fd stays readable then). */
bool mailbox_deliver(struct mailbox *mailbox, void *receiver, size_t most);

#endif
