/* Mailboxes under many senders: nothing lost, each sender's order kept, causal order kept. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "scanner/loop/loop.h"
#include "scanner/loop/mailbox.h"

enum { SENDERS = 4, EACH = 50000 };

struct numbered {
    struct message message;
    int sender;
    int number;
};

struct receiver {
    int next[SENDERS];
    int total;
    bool out_of_order;
};

struct sender {
    struct mailbox *mailbox;
    int index;
};

static void deliver(struct message *message, void *arg)
{
    struct receiver *receiver = arg;
    struct numbered *numbered = (struct numbered *)message;
    if (numbered->number != receiver->next[numbered->sender]++)
        receiver->out_of_order = true;
    receiver->total++;
    free(numbered);
}

static void *send_all(void *arg)
{
    const struct sender *sender = arg;
    for (int i = 0; i < EACH; i++) {
        struct numbered *numbered = calloc(1, sizeof *numbered);
        if (numbered == NULL)
            abort();
        numbered->message.deliver = deliver;
        numbered->sender = sender->index;
        numbered->number = i;
        mailbox_post(sender->mailbox, &numbered->message);
    }
    return NULL;
}

static void test_many_senders(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct receiver receiver = {{0}, 0, false};
    struct sender senders[SENDERS];
    pthread_t threads[SENDERS];
    assert_int_equal(mailbox_init(&mailbox), ERR_OK);
    for (int i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){&mailbox, i};
        assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    while (receiver.total < SENDERS * EACH) {
        struct pollfd ready = {.fd = mailbox.event_fd, .events = POLLIN};
        assert_int_equal(poll(&ready, 1, 10000), 1); /* a wake-up that is lost would hang here */
        (void)mailbox_deliver(&mailbox, &receiver, 100);
    }
    for (int i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    assert_false(receiver.out_of_order);
    mailbox_dispose(&mailbox, &receiver);
}

static void test_dispose_delivers_what_is_left(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct receiver receiver = {{0}, 0, false};
    assert_int_equal(mailbox_init(&mailbox), ERR_OK);
    struct sender sender = {&mailbox, 0};
    (void)send_all(&sender);
    mailbox_dispose(&mailbox, &receiver);
    assert_int_equal(receiver.total, EACH);
}

static void test_has_mail(void **state)
{
    (void)state;
    struct mailbox mailbox;
    struct receiver receiver = {{0}, 0, false};
    assert_int_equal(mailbox_init(&mailbox), ERR_OK);
    assert_false(mailbox_has_mail(&mailbox));
    struct sender sender = {&mailbox, 0};
    (void)send_all(&sender);
    assert_true(mailbox_has_mail(&mailbox));
    assert_true(mailbox_deliver(&mailbox, &receiver, EACH - 1));
    assert_true(mailbox_has_mail(&mailbox));
    (void)mailbox_deliver(&mailbox, &receiver, EACH);
    assert_int_equal(receiver.total, EACH);
    assert_false(mailbox_has_mail(&mailbox));
    mailbox_dispose(&mailbox, &receiver);
}

/* A ball that goes from loop to loop. */
struct ball {
    struct message message;
    struct loop *loops;
    int at;
    int left;
};

static void catch_ball(struct message *message, void *receiver)
{
    (void)receiver;
    struct ball *ball = (struct ball *)message;
    if (ball->left-- == 0) {
        for (int i = 0; i < 3; i++)
            (void)loop_stop(&ball->loops[i]);
        free(ball);
        return;
    }
    ball->at = (ball->at + 1) % 3;
    loop_post(&ball->loops[ball->at], &ball->message);
}

static void test_loops(void **state)
{
    (void)state;
    struct loop loops[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(loop_init(&loops[i], NULL), ERR_OK);
    struct ball *ball = calloc(1, sizeof *ball);
    assert_non_null(ball);
    *ball = (struct ball){.message.deliver = catch_ball, .loops = loops, .left = 10000};
    loop_post(&loops[0], &ball->message);
    for (int i = 0; i < 3; i++)
        assert_int_equal(loop_start(&loops[i]), ERR_OK);
    for (int i = 0; i < 3; i++)
        loop_join(&loops[i]);
    for (int i = 0; i < 3; i++)
        loop_dispose(&loops[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_senders),
        cmocka_unit_test(test_dispose_delivers_what_is_left),
        cmocka_unit_test(test_has_mail),
        cmocka_unit_test(test_loops),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
