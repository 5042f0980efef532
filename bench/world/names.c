/* Name servers: UDP with recvmmsg and sendmmsg, answers that wait their latency in a wheel of milliseconds.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "bench/world/answers.h"
#include "bench/world/servers.h"

enum { BATCH = 64, QUERY_BYTES = 512, WHEEL_MS = 4096, LOST_BITS = 27, SOCKET_BYTES = 64 << 20, PORT = 53 };

/* One packet on its way out. */
struct packet {
    struct packet *next;
    struct sockaddr_in to;
    struct in_addr from;
    size_t len;
    uint8_t wire[];
};

struct names {
    const struct internet *internet;
    int fd;
    struct packet *wheel[WHEEL_MS];
    uint64_t now_ms; /* up to here the wheel has been emptied */
    size_t waiting;
    uint8_t *seen; /* a bit for each question whose first try was dropped */
    struct answer answer;
};

union control {
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    struct cmsghdr align;
};

static _Noreturn void die(const char *what)
{
    (void)fprintf(stderr, "world: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set_source(struct msghdr *message, union control *control, struct in_addr from)
{
    memset(control, 0, sizeof *control);
    message->msg_control = control->bytes;
    message->msg_controllen = sizeof control->bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
    struct in_pktinfo info = {.ipi_spec_dst = from};
    memcpy(CMSG_DATA(header), &info, sizeof info);
}

/* Sends a list of packets and frees it. A full socket loses a packet, as networks do. */
static void send_all(struct names *names, struct packet *list)
{
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    union control controls[BATCH];
    while (list != NULL) {
        struct packet *batch[BATCH];
        unsigned count = 0;
        memset(messages, 0, sizeof messages);
        for (; list != NULL && count < BATCH; list = list->next, count++) {
            batch[count] = list;
            vectors[count] = (struct iovec){list->wire, list->len};
            messages[count].msg_hdr.msg_name = &list->to;
            messages[count].msg_hdr.msg_namelen = sizeof list->to;
            messages[count].msg_hdr.msg_iov = &vectors[count];
            messages[count].msg_hdr.msg_iovlen = 1;
            set_source(&messages[count].msg_hdr, &controls[count], list->from);
        }
        for (unsigned sent = 0; sent < count;) {
            int done = sendmmsg(names->fd, messages + sent, count - sent, 0);
            sent += done > 0 ? (unsigned)done : 1;
        }
        for (unsigned i = 0; i < count; i++)
            free(batch[i]);
    }
}

/* Was the first try of this question not dropped yet? Remembers that it is now. */
static bool drop_first(struct names *names, uint64_t hash)
{
    uint64_t bit = hash >> (64 - LOST_BITS);
    uint8_t mask = (uint8_t)(1u << (bit & 7));
    bool dropped = (names->seen[bit >> 3] & mask) == 0;
    names->seen[bit >> 3] |= mask;
    return dropped;
}

static struct packet *answer_one(struct names *names, const struct msghdr *message, const uint8_t *query,
                                 size_t len, uint32_t *delay)
{
    struct in_addr to = {0};
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL;
         header = CMSG_NXTHDR((struct msghdr *)message, header))
        if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO)
            memcpy(&to, CMSG_DATA(header) + offsetof(struct in_pktinfo, ipi_addr), sizeof to);
    enum server_role role = server_role(ntohl(to.s_addr));
    struct answer *answer = &names->answer;
    if (!answer_make(names->internet, role, query, len, answer) || answer->len == 0)
        return NULL;
    if (names->internet->latency && answer->first_is_lost && drop_first(names, answer->hash))
        return NULL;
    struct packet *packet = malloc(sizeof *packet + answer->len);
    if (packet == NULL)
        die("memory");
    memcpy(&packet->to, message->msg_name, sizeof packet->to);
    packet->from = to;
    packet->len = answer->len;
    packet->next = NULL;
    memcpy(packet->wire, answer->wire, answer->len);
    *delay = internet_dns_ms(names->internet, answer->hash);
    return packet;
}

static void receive_all(struct names *names)
{
    static uint8_t buffers[BATCH][QUERY_BYTES];
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    struct sockaddr_in peers[BATCH];
    union control controls[BATCH];
    struct packet *now = NULL;
    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){buffers[i], QUERY_BYTES};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                              .msg_namelen = sizeof peers[i],
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1,
                                              .msg_control = controls[i].bytes,
                                              .msg_controllen = sizeof controls[i].bytes};
    }
    int count = recvmmsg(names->fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        uint32_t delay = 0;
        struct packet *packet =
            answer_one(names, &messages[i].msg_hdr, buffers[i], messages[i].msg_len, &delay);
        if (packet == NULL)
            continue;
        struct packet **slot = delay == 0 ? &now : &names->wheel[(names->now_ms + delay) % WHEEL_MS];
        names->waiting += delay != 0;
        packet->next = *slot;
        *slot = packet;
    }
    send_all(names, now);
}

static void turn_wheel(struct names *names)
{
    for (uint64_t until = clock_ms(); names->now_ms < until; names->now_ms++) {
        struct packet **slot = &names->wheel[names->now_ms % WHEEL_MS];
        for (const struct packet *packet = *slot; packet != NULL; packet = packet->next)
            names->waiting--;
        send_all(names, *slot);
        *slot = NULL;
    }
}

static int open_socket(void)
{
    const int on = 1;
    const int bytes = SOCKET_BYTES;
    struct sockaddr_in any = {
        .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof any) != 0)
        die("UDP port 53");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    return fd;
}

void *names_serve(void *internet)
{
    struct names *names = calloc(1, sizeof *names);
    if (names == NULL || (names->seen = calloc(1, (size_t)1 << (LOST_BITS - 3))) == NULL)
        die("memory");
    names->internet = internet;
    names->fd = open_socket();
    names->now_ms = clock_ms();
    for (;;) {
        struct pollfd poller = {.fd = names->fd, .events = POLLIN};
        if (poll(&poller, 1, names->waiting > 0 ? 1 : 1000) > 0)
            receive_all(names);
        turn_wheel(names);
    }
}
