/* Unpacks gzip with zlib. */
#include "input/gunzip.h"

#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW = 15 + 16 /* the largest window, with a gzip header */ };

struct gunzip {
    z_stream stream;
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = calloc(1, sizeof *gunzip);
    if (gunzip != NULL && inflateInit2(&gunzip->stream, GZIP_WINDOW) == Z_OK)
        return gunzip;
    free(gunzip);
    return NULL;
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip != NULL)
        (void)inflateEnd(&gunzip->stream);
    free(gunzip);
}

void gunzip_reset(struct gunzip *gunzip)
{
    (void)inflateReset(&gunzip->stream); /* fails for a stream that was never begun alone */
}

enum gunzip_result gunzip_step(struct gunzip *gunzip, struct bytes *in, uint8_t *out, size_t room,
                               size_t *len, const char **reason)
{
    z_stream *stream = &gunzip->stream;
    stream->next_in = (z_const Bytef *)in->data;
    stream->avail_in = (uInt)in->len;
    stream->next_out = out;
    stream->avail_out = (uInt)room;
    int result = inflate(stream, Z_NO_FLUSH);
    *in = bytes_make(stream->next_in, stream->avail_in);
    *len = room - stream->avail_out;
    if (result == Z_STREAM_END)
        return GUNZIP_END;
    if (result == Z_OK || result == Z_BUF_ERROR)
        return GUNZIP_MORE;
    *reason = stream->msg != NULL ? stream->msg : "not a gzip stream";
    return result == Z_MEM_ERROR ? GUNZIP_MEMORY : GUNZIP_CORRUPT;
}
