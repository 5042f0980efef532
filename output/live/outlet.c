/* Keeps what was not read. */
#include "output/live/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 32 };

void outlet_init(struct outlet *outlet, int fd)
{
    struct stat status;
    char path[PATH_BYTES];
    *outlet = (struct outlet){.fd = fd};
    buf_init(&outlet->waiting, OUTLET_BYTES);
    if (fstat(fd, &status) != 0)
        return;
    outlet->is_socket = S_ISSOCK(status.st_mode);
    if (!S_ISFIFO(status.st_mode) && isatty(fd) != 1)
        return;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (again < 0)
        return;
    outlet->fd = again;
    outlet->opened = true;
}

static ssize_t write_some(const struct outlet *outlet)
{
    const struct buf *waiting = &outlet->waiting;
    if (outlet->is_socket)
        return send(outlet->fd, waiting->data, waiting->len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return write(outlet->fd, waiting->data, waiting->len);
}

/* Nothing can be done, and nobody told, if the descriptor takes no more for good. */
bool outlet_flush(struct outlet *outlet)
{
    while (outlet->waiting.len > 0) {
        ssize_t written = write_some(outlet);
        if (written > 0)
            buf_consume(&outlet->waiting, (size_t)written);
        else if (written < 0 && errno == EAGAIN)
            return false;
        else if (written == 0 || errno != EINTR)
            buf_reset(&outlet->waiting);
    }
    return true;
}

/* Flushes as long as some of it is read in each so many milliseconds. */
static bool flush_within(struct outlet *outlet, int ms)
{
    while (!outlet_flush(outlet)) {
        int ready = poll(&(struct pollfd){.fd = outlet->fd, .events = POLLOUT}, 1, ms);
        if (ready == 0 || (ready < 0 && errno != EINTR))
            return false;
    }
    return true;
}

bool outlet_has_room(const struct outlet *outlet, size_t len)
{
    return len < OUTLET_BYTES && outlet->waiting.len < OUTLET_BYTES - len;
}

bool outlet_put(struct outlet *outlet, struct bytes text)
{
    bool stalled = !outlet_flush(outlet);
    bool taken = text.len == 0 ||
                 (outlet_has_room(outlet, text.len) && buf_append(&outlet->waiting, text.data, text.len));
    if (stalled)
        (void)outlet_flush(outlet);
    else
        (void)flush_within(outlet, OUTLET_PATIENCE_MS);
    outlet->waiting.failed = false;
    return taken;
}

bool outlet_drain(struct outlet *outlet)
{
    return flush_within(outlet, OUTLET_END_MS);
}

void outlet_dispose(struct outlet *outlet)
{
    if (outlet->opened)
        (void)close(outlet->fd);
    buf_dispose(&outlet->waiting);
    *outlet = (struct outlet){.fd = -1};
}
