/* Buffers getrandom(2): a system call for each question would cost a tenth of the question. */
#include "scanner/dns/entropy.h"

#include <errno.h>
#include <sys/random.h>

static bool refill(struct entropy *entropy)
{
    uint8_t *bytes = (uint8_t *)entropy->words;
    size_t got = 0;
    while (got < sizeof entropy->words) {
        ssize_t n = getrandom(bytes + got, sizeof entropy->words - got, 0);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            got += (size_t)n;
    }
    entropy->left = sizeof entropy->words / sizeof entropy->words[0];
    return true;
}

bool entropy_init(struct entropy *entropy)
{
    return refill(entropy);
}

uint32_t entropy_next(struct entropy *entropy)
{
    while (entropy->left == 0 && !refill(entropy))
        continue; /* entropy_init has shown that the kernel has the call: a failure is a signal's */
    return entropy->words[--entropy->left];
}
