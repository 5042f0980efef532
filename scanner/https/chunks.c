/* Has one function for each kind of state: those of a single byte, and data. */
#include "scanner/https/chunks.h"

enum { DIGIT_BITS = 4, DIGITS_MOST = 16 };

/* Returns the value of a hexadecimal digit, -1 if it is none. */
static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    const uint8_t letter = byte | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static enum chunks_state after_line(const struct chunks *chunks)
{
    return chunks->left == 0 ? CHUNKS_WHOLE : CHUNKS_DATA;
}

/* Takes a byte behind a size. What is no blank, no extension and no line end makes another size of it, or
 * none, by the client that reads it. */
static enum chunks_state after_size(const struct chunks *chunks, uint8_t byte)
{
    switch (byte) {
    case '\n':
        return after_line(chunks);
    case ';':
        return CHUNKS_EXTENSION;
    case ' ':
    case '\t':
    case '\r':
        return CHUNKS_SIZED;
    default:
        return CHUNKS_BAD;
    }
}

/* Adds a digit to the size, or ends it. A size of too many digits, or one that 63 bits do not hold, is bad.
 */
static enum chunks_state in_size(struct chunks *chunks, uint8_t byte)
{
    int digit = digit_of(byte);
    if (digit < 0)
        return chunks->state == CHUNKS_SIZE ? CHUNKS_BAD : after_size(chunks, byte);
    if (++chunks->digits > DIGITS_MOST || chunks->left > INT64_MAX >> DIGIT_BITS)
        return CHUNKS_BAD;
    chunks->left = chunks->left << DIGIT_BITS | (uint64_t)digit;
    return CHUNKS_DIGITS;
}

static enum chunks_state after_data(struct chunks *chunks, uint8_t byte)
{
    chunks->digits = 0;
    if (byte == '\n')
        return CHUNKS_SIZE;
    return byte == '\r' ? CHUNKS_DATA_END : CHUNKS_BAD;
}

static enum chunks_state after_byte(struct chunks *chunks, uint8_t byte)
{
    switch (chunks->state) {
    case CHUNKS_SIZE:
    case CHUNKS_DIGITS:
        return in_size(chunks, byte);
    case CHUNKS_SIZED:
        return after_size(chunks, byte);
    case CHUNKS_EXTENSION:
        return byte == '\n' ? after_line(chunks) : CHUNKS_EXTENSION;
    default:
        return after_data(chunks, byte);
    }
}

static struct bytes take_data(struct chunks *chunks, struct bytes *rest)
{
    size_t len = rest->len < chunks->left ? rest->len : (size_t)chunks->left;
    struct bytes data = bytes_make(rest->data, len);
    *rest = bytes_make(rest->data + len, rest->len - len);
    chunks->left -= len;
    if (chunks->left == 0)
        chunks->state = CHUNKS_DATA_END;
    return data;
}

struct bytes chunks_take(struct chunks *chunks, struct bytes *rest)
{
    while (rest->len > 0 && chunks->state < CHUNKS_WHOLE) {
        if (chunks->state == CHUNKS_DATA)
            return take_data(chunks, rest);
        chunks->state = after_byte(chunks, rest->data[0]);
        *rest = bytes_make(rest->data + 1, rest->len - 1);
    }
    return bytes_make(rest->data, 0);
}
