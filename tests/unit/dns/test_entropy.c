/* Ids and sockets are drawn from the kernel's numbers: every one of them once, none before it has come. The
 * kernel is a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scanner/dns/entropy.h"

enum { WORDS = 256, CALLS_MOST = 8 };

/* What each call gives: so many bytes, the errno negated, or all that is asked for (0). */
static struct {
    int gives[CALLS_MOST];
    unsigned calls;
    uint8_t next;  /* byte */
    bool scripted; /* else it is the kernel's own: libraries ask as well, before the tests begin */
} kernel;

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    uint8_t *bytes = buffer;
    if (!kernel.scripted)
        return syscall(SYS_getrandom, buffer, size, flags);
    int gives = kernel.calls < CALLS_MOST ? kernel.gives[kernel.calls] : 0;
    assert_int_equal(flags, 0);
    assert_true(size > 0);
    kernel.calls++;
    if (gives < 0) {
        errno = -gives;
        return -1;
    }
    size_t len = gives == 0 ? size : (size_t)gives;
    assert_true(len <= size);
    for (size_t i = 0; i < len; i++)
        bytes[i] = kernel.next++;
    return (ssize_t)len;
}

static void script(const int gives[CALLS_MOST], uint8_t first)
{
    memcpy(kernel.gives, gives, sizeof kernel.gives);
    kernel.calls = 0;
    kernel.next = first;
    kernel.scripted = true;
}

static int tear_down(void **state)
{
    (void)state;
    kernel.scripted = false;
    return 0;
}

/* The words that the kernel gives in one go, as entropy_next gives them: from the last to the first. */
static void assert_words(struct entropy *entropy, uint8_t first)
{
    for (unsigned i = WORDS; i-- > 0;) {
        uint8_t bytes[sizeof(uint32_t)];
        uint32_t word;
        for (unsigned k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)(first + i * sizeof bytes + k);
        memcpy(&word, bytes, sizeof word);
        assert_int_equal(entropy_next(entropy), word);
    }
}

static void every_number_is_given_once(void **state)
{
    struct entropy entropy = {.left = 0};
    (void)state;
    script((const int[CALLS_MOST]){0}, 3);
    assert_true(entropy_init(&entropy));
    assert_words(&entropy, 3);
    assert_int_equal(kernel.calls, 1);
    kernel.next = 77;
    assert_words(&entropy, 77);
    assert_int_equal(kernel.calls, 2);
}

/* In pieces, and with signals between them. */
static void what_comes_in_pieces_is_put_together(void **state)
{
    static const int pieces[CALLS_MOST] = {-EINTR, 1, 255, -EINTR, 256, 0};
    struct entropy entropy = {.left = 0};
    (void)state;
    script(pieces, 9);
    assert_true(entropy_init(&entropy));
    assert_int_equal(kernel.calls, 6);
    assert_words(&entropy, 9);
}

static void a_kernel_that_gives_none_is_said(void **state)
{
    struct entropy entropy = {.left = 0};
    (void)state;
    script((const int[CALLS_MOST]){-ENOSYS}, 0);
    assert_false(entropy_init(&entropy));
    assert_int_equal(kernel.calls, 1);
    assert_int_equal(entropy.left, 0);
}

/* Later a failure is a signal's: it is asked again. */
static void it_is_asked_until_it_gives(void **state)
{
    struct entropy entropy = {.left = 0};
    (void)state;
    script((const int[CALLS_MOST]){-EIO, -EIO}, 50);
    assert_words(&entropy, 50);
    assert_int_equal(kernel.calls, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_number_is_given_once, tear_down),
        cmocka_unit_test_teardown(what_comes_in_pieces_is_put_together, tear_down),
        cmocka_unit_test_teardown(a_kernel_that_gives_none_is_said, tear_down),
        cmocka_unit_test_teardown(it_is_asked_until_it_gives, tear_down),
    };
    return cmocka_run_group_tests_name("entropy", tests, NULL, NULL);
}
