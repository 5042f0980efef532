/* Keeps a batch of questions and sends it: as messages of many questions, or question by question. */
#include "scanner/dns/outgoing.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>

/* The length of a segment, for the kernel. */
union control {
    char bytes[CMSG_SPACE(sizeof(uint16_t))];
    struct cmsghdr align;
};

struct outgoing {
    unsigned count;
    bool cuts; /* the kernel cuts messages apart */
    uint16_t lengths[OUTGOING_MOST];
    struct iovec parts[OUTGOING_MOST]; /* in the order in which they go out */
    struct mmsghdr headers[OUTGOING_MOST];
    union control controls[OUTGOING_MOST];
    uint8_t data[OUTGOING_MOST][OUTGOING_BYTES];
};

struct outgoing *outgoing_create(int socket)
{
    const int whole = 0;
    struct outgoing *outgoing = calloc(1, sizeof *outgoing);
    if (outgoing != NULL)
        outgoing->cuts = setsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &whole, sizeof whole) == 0;
    return outgoing;
}

void outgoing_destroy(struct outgoing *outgoing)
{
    free(outgoing);
}

unsigned outgoing_count(const struct outgoing *outgoing)
{
    return outgoing->count;
}

void outgoing_add(struct outgoing *outgoing, struct bytes message)
{
    memcpy(outgoing->data[outgoing->count], message.data, message.len);
    outgoing->lengths[outgoing->count++] = (uint16_t)message.len;
}

static void set_part(struct outgoing *outgoing, unsigned part, unsigned question)
{
    outgoing->parts[part] = (struct iovec){outgoing->data[question], outgoing->lengths[question]};
}

/* Makes a header for `count` parts from `first` on. */
static void set_header(struct outgoing *outgoing, unsigned header, unsigned first, unsigned count)
{
    struct msghdr *message = &outgoing->headers[header].msg_hdr;
    *message = (struct msghdr){.msg_iov = &outgoing->parts[first], .msg_iovlen = count};
    if (count == 1)
        return;
    const uint16_t length = (uint16_t)outgoing->parts[first].iov_len;
    message->msg_control = outgoing->controls[header].bytes;
    message->msg_controllen = sizeof outgoing->controls[header].bytes;
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof length);
    memcpy(CMSG_DATA(control), &length, sizeof length);
}

/* Makes a header for each question from number `first` on. Returns how many there are. */
static unsigned one_by_one(struct outgoing *outgoing, unsigned first)
{
    for (unsigned i = first; i < outgoing->count; i++)
        set_header(outgoing, i - first, i, 1);
    return outgoing->count - first;
}

static unsigned in_turn(struct outgoing *outgoing)
{
    for (unsigned i = 0; i < outgoing->count; i++)
        set_part(outgoing, i, i);
    return one_by_one(outgoing, 0);
}

/* Makes a header for each message of questions of one length. Returns how many there are. */
static unsigned by_length(struct outgoing *outgoing)
{
    struct segments sorted;
    segments_sort(outgoing->lengths, outgoing->count, &sorted);
    for (unsigned i = 0; i < outgoing->count; i++)
        set_part(outgoing, i, sorted.order[i]);
    for (unsigned i = 0; i < sorted.message_count; i++)
        set_header(outgoing, i, sorted.messages[i].first, sorted.messages[i].count);
    return sorted.message_count;
}

/* Says whether an error may mean that a message cannot be cut apart: a device without checksums, a path with
 * IPsec, a segment that does not fit. */
static bool is_refusal_to_cut(int error)
{
    return error == EIO || error == EINVAL || error == EMSGSIZE || error == ENOPROTOOPT ||
           error == EOPNOTSUPP;
}

/* Sends what the headers say. The first error is most likely that of an earlier datagram, and gone now that
 * it has been reported: the same is sent again. A second is this one's: a question by itself is lost, and at
 * a message of several it ends. Returns the number of the first question that is still to be sent. */
static unsigned send_headers(struct outgoing *outgoing, int socket, unsigned count, outgoing_error error,
                             void *arg)
{
    bool failed_once = false;
    for (unsigned at = 0; at < count;) {
        const struct msghdr *message = &outgoing->headers[at].msg_hdr;
        int sent = sendmmsg(socket, outgoing->headers + at, count - at, MSG_NOSIGNAL);
        if (sent > 0) {
            at += (unsigned)sent;
            failed_once = false;
            continue;
        }
        bool several = message->msg_iovlen > 1;
        if (several && is_refusal_to_cut(errno))
            outgoing->cuts = false;
        else
            error(arg, errno);
        if (several && (failed_once || !outgoing->cuts))
            return (unsigned)(message->msg_iov - outgoing->parts);
        at += failed_once;
        failed_once = !failed_once;
    }
    return outgoing->count;
}

void outgoing_send(struct outgoing *outgoing, int socket, outgoing_error error, void *arg)
{
    unsigned headers = outgoing->cuts ? by_length(outgoing) : in_turn(outgoing);
    unsigned sent = send_headers(outgoing, socket, headers, error, arg);
    if (sent < outgoing->count)
        (void)send_headers(outgoing, socket, one_by_one(outgoing, sent), error, arg);
    outgoing->count = 0;
}
