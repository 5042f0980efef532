/* Which datagrams of a batch go into one message, by rows, and what must hold of any batch. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/dns/segments.h"

enum { LENGTHS_MOST = 8, BATCHES = 20000, LARGE = 30000 };

/* Writes the messages as lengths: "40 40 30, 30 20". */
static void say(const uint16_t *lengths, const struct segments *segments, char *text, size_t size)
{
    size_t at = 0;
    text[0] = 0;
    for (unsigned i = 0; i < segments->message_count; i++)
        for (unsigned k = 0; k < segments->messages[i].count; k++)
            at += (size_t)snprintf(text + at, size - at, "%s%u",
                                   at == 0  ? ""
                                   : k == 0 ? ", "
                                            : " ",
                                   lengths[segments->order[segments->messages[i].first + k]]);
}

static void lengths_are_grouped(void **state)
{
    static const struct {
        uint16_t lengths[LENGTHS_MOST];
        const char *messages;
    } rows[] = {
        {{0}, ""},
        {{40}, "40"},
        {{40, 40, 40}, "40 40 40"},
        {{40, 30}, "40 30"},
        {{30, 40}, "40 30"},
        {{30, 40, 40}, "40 40 30"},
        {{40, 30, 30, 20}, "40 30, 30 20"},
        {{10, 20, 30, 40, 50}, "50 40, 30 20, 10"},
        {{20, 30, 20, 30, 20}, "30 30 20, 20 20"},
        {{LARGE, LARGE, 40}, "30000 30000 40"},
        {{LARGE, LARGE, 5507}, "30000 30000 5507"}, /* just fits */
        {{LARGE, LARGE, 5508}, "30000 30000, 5508"},
        {{LARGE, LARGE, LARGE, LARGE}, "30000 30000, 30000 30000"},
        {{SEGMENTS_BYTES, SEGMENTS_BYTES, 1}, "65507, 65507, 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned count = 0;
        struct segments segments;
        char text[256];
        while (count < LENGTHS_MOST && rows[i].lengths[count] != 0)
            count++;
        segments_sort(rows[i].lengths, count, &segments);
        say(rows[i].lengths, &segments, text, sizeof text);
        assert_string_equal(text, rows[i].messages);
    }
}

static void those_of_one_length_stay_in_order(void **state)
{
    static const uint16_t lengths[] = {20, 30, 20, 30, 20};
    static const uint8_t order[] = {1, 3, 0, 2, 4};
    struct segments segments;
    (void)state;
    segments_sort(lengths, 5, &segments);
    assert_memory_equal(segments.order, order, sizeof order);
}

static void hold_message(const uint16_t *lengths, const struct segments *segments,
                         const struct segments_message *message)
{
    const uint8_t *numbers = &segments->order[message->first];
    uint32_t bytes = 0;
    assert_in_range(message->count, 1, SEGMENTS_MOST);
    for (unsigned i = 0; i < message->count; i++) {
        bytes += lengths[numbers[i]];
        if (i + 1 < message->count)
            assert_int_equal(lengths[numbers[i]], lengths[numbers[0]]);
        else
            assert_true(lengths[numbers[i]] <= lengths[numbers[0]]);
    }
    assert_true(bytes <= SEGMENTS_BYTES);
}

/* Each datagram goes out once, whatever the lengths, and the messages are such as the kernel cuts right. */
static void any_batch_goes_out_whole(void **state)
{
    (void)state;
    srand(1);
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        uint16_t lengths[SEGMENTS_MOST];
        bool seen[SEGMENTS_MOST] = {false};
        struct segments segments;
        unsigned count = (unsigned)rand() % (SEGMENTS_MOST + 1), kinds = 1 + (unsigned)rand() % 40, next = 0;
        unsigned step = batch % 2 == 0 ? 1 : SEGMENTS_BYTES / 40;
        for (unsigned i = 0; i < count; i++)
            lengths[i] = (uint16_t)(1 + (unsigned)rand() % kinds * step);
        segments_sort(lengths, count, &segments);
        for (unsigned i = 0; i < segments.message_count; i++) {
            assert_int_equal(segments.messages[i].first, next);
            hold_message(lengths, &segments, &segments.messages[i]);
            next += segments.messages[i].count;
        }
        assert_int_equal(next, count);
        for (unsigned i = 0; i < count; i++) {
            assert_false(seen[segments.order[i]]);
            seen[segments.order[i]] = true;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_grouped),
        cmocka_unit_test(those_of_one_length_stay_in_order),
        cmocka_unit_test(any_batch_goes_out_whole),
    };
    return cmocka_run_group_tests_name("segments", tests, NULL, NULL);
}
