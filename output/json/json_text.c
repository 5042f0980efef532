/* Tells what text JSON can hold as it stands. */
#include "output/json/json_write.h"

#include <string.h>

/* Returns how many bytes follow this first byte of a character, or -1 if it cannot begin one. */
static int followers(uint8_t first)
{
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    if (first >= 0xF0 && first <= 0xF4)
        return 3;
    return -1;
}

/* Keeps the bounds that RFC 3629 section 4 sets to the second byte: no overlong form, no surrogate, none past
 * U+10FFFF, and none of the control characters U+0080 to U+009F. */
static bool second_fits(uint8_t first, uint8_t second)
{
    uint8_t low = first == 0xE0 || first == 0xC2 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 0x20 && byte < 0x7F) || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Counts the bytes at the start that are printable ASCII, eight at a time and so in multiples of eight. */
static size_t plain_words(struct bytes text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t word;
    size_t len = 0;
    for (; text.len - len >= sizeof word; len += sizeof word) {
        memcpy(&word, text.data + len, sizeof word);
        uint64_t below_space = word - ones * 0x20, is_delete = (word ^ ones * 0x7F) - ones;
        if (((word | below_space | is_delete) & high) != 0)
            break; /* a borrow may stop too early, never too late */
    }
    return len;
}

bool json_is_text(struct bytes text)
{
    const uint8_t *data = text.data;
    for (size_t i = plain_words(text); i < text.len; i++) {
        if (is_plain(data[i]))
            continue;
        int more = followers(data[i]);
        if (more < 0 || (size_t)more > text.len - i - 1 || !second_fits(data[i], data[i + 1]))
            return false;
        for (int k = 2; k <= more; k++)
            if ((data[i + (size_t)k] & 0xC0) != 0x80)
                return false;
        i += (size_t)more;
    }
    return true;
}
