/* Sorts datagrams by length, and takes each length together with one datagram of the next. */
#include "scanner/dns/segments.h"

static void sort_by_length(const uint16_t *lengths, unsigned count, uint8_t *order)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i;
        for (; at > 0 && lengths[order[at - 1]] < lengths[i]; at--)
            order[at] = order[at - 1];
        order[at] = (uint8_t)i;
    }
}

/* Says how many datagrams the message that begins at `first` takes: all of that length and one that is
 * shorter, as far as the bytes go. */
static unsigned message_at(const uint16_t *lengths, unsigned count, const uint8_t *order, unsigned first)
{
    uint16_t length = lengths[order[first]];
    uint32_t bytes = length;
    unsigned at = first + 1;
    while (at < count && bytes + lengths[order[at]] <= SEGMENTS_BYTES) {
        bytes += lengths[order[at]];
        if (lengths[order[at++]] < length)
            break;
    }
    return at - first;
}

void segments_sort(const uint16_t *lengths, unsigned count, struct segments *segments)
{
    sort_by_length(lengths, count, segments->order);
    segments->message_count = 0;
    for (unsigned first = 0; first < count;) {
        unsigned taken = message_at(lengths, count, segments->order, first);
        segments->messages[segments->message_count++] =
            (struct segments_message){.first = (uint8_t)first, .count = (uint8_t)taken};
        first += taken;
    }
}
