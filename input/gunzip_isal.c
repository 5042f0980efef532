/* Unpacks gzip with ISA-L. */
#include "input/gunzip.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_MOST = 68 * 1024, /* an extra field of any length, a name and a comment */
    FLAGS_AT = 3,
    FLAGS_RESERVED = 0xE0 /* RFC 1952, 2.3.1.2: an error if one is set, which ISA-L does not mind */
};

struct gunzip {
    struct inflate_state state;
    bool open; /* the header of the member was read */
    size_t held;
    uint8_t header[HEADER_MOST]; /* `held` bytes of it, until it is whole: ISA-L finds a wrong sum in parts */
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip == NULL)
        return NULL;
    isal_inflate_init(&gunzip->state);
    gunzip->state.crc_flag = ISAL_GZIP_NO_HDR_VER;
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    free(gunzip);
}

void gunzip_reset(struct gunzip *gunzip)
{
    isal_inflate_reset(&gunzip->state);
    gunzip->open = false;
    gunzip->held = 0;
}

static const char *reason_of(int result)
{
    switch (result) {
    case ISAL_INVALID_WRAPPER:
        return "not a gzip stream";
    case ISAL_UNSUPPORTED_METHOD:
        return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM:
        return "incorrect data check";
    case ISAL_INVALID_LOOKBACK:
        return "invalid distance too far back";
    case ISAL_INVALID_BLOCK:
        return "invalid block";
    default:
        return "invalid code";
    }
}

static enum gunzip_result corrupt(int result, const char **reason)
{
    *reason = reason_of(result);
    return GUNZIP_CORRUPT;
}

/* Reads the header out of the bytes held and those of *in, which then begins behind the header if it is
 * whole, and is empty if it is not. */
static enum gunzip_result read_header(struct gunzip *gunzip, struct bytes *in, const char **reason)
{
    size_t copy = HEADER_MOST - gunzip->held < in->len ? HEADER_MOST - gunzip->held : in->len;
    memcpy(gunzip->header + gunzip->held, in->data, copy);
    struct inflate_state *state = &gunzip->state;
    isal_inflate_reset(state);
    state->next_in = gunzip->header;
    state->avail_in = (uint32_t)(gunzip->held + copy);
    struct isal_gzip_header header;
    isal_gzip_header_init(&header);
    int result = isal_read_gzip_header(state, &header);
    gunzip->open = result == ISAL_DECOMP_OK;
    size_t used = gunzip->open ? copy - state->avail_in : copy;
    gunzip->held += used;
    *in = bytes_behind(*in, used);
    if (gunzip->held > FLAGS_AT && (gunzip->header[FLAGS_AT] & FLAGS_RESERVED) != 0 &&
        (gunzip->open || result == ISAL_END_INPUT)) {
        *reason = "unknown header flags set";
        return GUNZIP_CORRUPT;
    }
    if (gunzip->open || (result == ISAL_END_INPUT && gunzip->held < HEADER_MOST))
        return GUNZIP_MORE;
    return corrupt(result == ISAL_END_INPUT ? ISAL_INVALID_WRAPPER : result, reason);
}

enum gunzip_result gunzip_step(struct gunzip *gunzip, struct bytes *in, uint8_t *out, size_t room,
                               size_t *len, const char **reason)
{
    *len = 0;
    if (!gunzip->open) {
        enum gunzip_result header = read_header(gunzip, in, reason);
        if (header != GUNZIP_MORE || !gunzip->open)
            return header;
    }
    struct inflate_state *state = &gunzip->state;
    state->next_in = (uint8_t *)in->data;
    state->avail_in = (uint32_t)in->len;
    state->next_out = out;
    state->avail_out = (uint32_t)room;
    int result = isal_inflate(state);
    *in = bytes_make(state->next_in, state->avail_in);
    *len = room - state->avail_out;
    if (result < 0)
        return corrupt(result, reason);
    return state->block_state == ISAL_BLOCK_FINISH ? GUNZIP_END : GUNZIP_MORE;
}
