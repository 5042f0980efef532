/* Implements the mailbox as an intrusive multi-producer single-consumer queue, with an eventfd that wakes the
 * consumer. */
#include "scanner/loop/mailbox.h"

#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum error mailbox_init(struct mailbox *mailbox)
{
    atomic_init(&mailbox->stub.next, NULL);
    atomic_init(&mailbox->newest, &mailbox->stub);
    mailbox->oldest = &mailbox->stub;
    atomic_init(&mailbox->woken, false);
    mailbox->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return mailbox->event_fd < 0 ? ERR_IO : ERR_OK;
}

static void append(struct mailbox *mailbox, struct message *message)
{
    atomic_store_explicit(&message->next, NULL, memory_order_relaxed);
    struct message *previous = atomic_exchange(&mailbox->newest, message);
    atomic_store_explicit(&previous->next, message, memory_order_release);
}

static void wake(struct mailbox *mailbox)
{
    if (!atomic_exchange(&mailbox->woken, true)) {
        uint64_t one = 1;
        /* It can only fail when the counter is full, which is readable too. */
        ssize_t written = write(mailbox->event_fd, &one, sizeof one);
        (void)written;
    }
}

void mailbox_post(struct mailbox *mailbox, struct message *message)
{
    append(mailbox, message);
    wake(mailbox);
}

/* Takes the oldest message; NULL if there is none or a sender is just about to link one (it wakes us
 * then). */
static struct message *take(struct mailbox *mailbox)
{
    struct message *oldest = mailbox->oldest;
    struct message *next = atomic_load_explicit(&oldest->next, memory_order_acquire);
    if (oldest == &mailbox->stub) {
        if (next == NULL)
            return NULL;
        mailbox->oldest = next;
        oldest = next;
        next = atomic_load_explicit(&oldest->next, memory_order_acquire);
    }
    if (next == NULL) {
        if (atomic_load(&mailbox->newest) != oldest)
            return NULL;
        append(mailbox, &mailbox->stub);
        next = atomic_load_explicit(&oldest->next, memory_order_acquire);
        if (next == NULL)
            return NULL;
    }
    mailbox->oldest = next;
    return oldest;
}

bool mailbox_has_mail(const struct mailbox *mailbox)
{
    return atomic_load_explicit(&mailbox->woken, memory_order_acquire);
}

bool mailbox_deliver(struct mailbox *mailbox, void *receiver, size_t most)
{
    uint64_t count;
    ssize_t got = read(mailbox->event_fd, &count, sizeof count);
    (void)got;
    /* An exchange: it sees what a sender linked who found `woken` true, and so wakes nobody. */
    (void)atomic_exchange(&mailbox->woken, false);
    for (size_t i = 0; i < most; i++) {
        struct message *message = take(mailbox);
        if (message == NULL)
            return false;
        message->deliver(message, receiver);
    }
    wake(mailbox);
    return true;
}

void mailbox_dispose(struct mailbox *mailbox, void *receiver)
{
    while (mailbox_deliver(mailbox, receiver, SIZE_MAX)) {
    }
    close(mailbox->event_fd);
    mailbox->event_fd = -1;
}
