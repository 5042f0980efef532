/* Writes through a buffer to a descriptor. A slow reader holds the writer up: that back-pressure is
 * wanted. */
#include "output/frames/stream.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"

enum { FLUSH_BYTES = 65536, WAITING_CEILING = 64 << 20 };

void stream_init(struct stream *stream, int fd)
{
    stream->fd = fd;
    buf_init(&stream->waiting, WAITING_CEILING);
}

void stream_dispose(struct stream *stream)
{
    buf_dispose(&stream->waiting);
}

enum error stream_append(struct stream *stream, struct bytes lines, bool *full)
{
    *full = stream->waiting.len >= FLUSH_BYTES;
    if (!buf_append(&stream->waiting, lines.data, lines.len)) {
        stream->waiting.failed = false;
        return ERR_LIMIT;
    }
    *full = stream->waiting.len >= FLUSH_BYTES;
    return ERR_OK;
}

/* Writes once, and waits for a descriptor that does not block. *wrote may be 0. */
static bool write_some(struct stream *stream, size_t done, size_t *wrote)
{
    ssize_t result = write(stream->fd, stream->waiting.data + done, stream->waiting.len - done);
    *wrote = result > 0 ? (size_t)result : 0;
    if (result >= 0 || errno == EINTR)
        return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return false;
    struct pollfd ready = {.fd = stream->fd, .events = POLLOUT};
    return poll(&ready, 1, -1) >= 0 || errno == EINTR;
}

enum error stream_flush(struct stream *stream, struct buf *why)
{
    size_t done = 0, wrote = 0;
    while (done < stream->waiting.len && write_some(stream, done, &wrote))
        done += wrote;
    if (done == stream->waiting.len) {
        buf_reset(&stream->waiting);
        return ERR_OK;
    }
    int number = errno;
    buf_consume(&stream->waiting, done);
    buf_printf(why, "standard output: %s", errno_said(number));
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_FULL : ERR_IO;
}
