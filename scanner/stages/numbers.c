/* Has a bit for each number. */
#include "scanner/stages/numbers.h"

#include <inttypes.h>
#include <stdlib.h>

bool numbers_init(struct numbers *numbers, uint32_t most)
{
    *numbers = (struct numbers){.bits = calloc((size_t)most / 8 + 1, 1), .most = most};
    return numbers->bits != NULL;
}

void numbers_dispose(struct numbers *numbers)
{
    free(numbers->bits);
    *numbers = (struct numbers){.bits = NULL};
}

void numbers_add(struct numbers *numbers, uint32_t number)
{
    if (number > 0 && number <= numbers->most)
        numbers->bits[number / 8] |= (uint8_t)(1u << number % 8);
}

bool numbers_have(const struct numbers *numbers, uint32_t number)
{
    return number > 0 && number <= numbers->most && (numbers->bits[number / 8] >> number % 8 & 1) != 0;
}

uint32_t numbers_count(const struct numbers *numbers)
{
    uint32_t count = 0;
    for (uint32_t number = 1; number <= numbers->most; number++)
        count += numbers_have(numbers, number);
    return count;
}

uint32_t numbers_first(const struct numbers *numbers)
{
    for (uint32_t number = 1; number <= numbers->most; number++)
        if (numbers_have(numbers, number))
            return number;
    return 0;
}

void numbers_put_range(struct buf *text, uint32_t first, uint32_t last)
{
    (void)buf_printf(text, "%s%" PRIu32, text->len > 0 ? "," : "", first);
    if (last > first)
        (void)buf_printf(text, "-%" PRIu32, last);
}

void numbers_put(struct buf *text, const struct numbers *numbers)
{
    for (uint32_t first = 1; first <= numbers->most; first++) {
        uint32_t last = first;
        if (!numbers_have(numbers, first))
            continue;
        while (numbers_have(numbers, last + 1))
            last++;
        numbers_put_range(text, first, last);
        first = last;
    }
}
