/*
 * The floor of a stub resolver: questions built by hand, answers looked at as little as can be, sendmmsg and
 * recvmmsg of 64, one socket. Asks for TXT of _mta-sts.<name> of each name; a question lost is asked again
 * after a second. Usage: floor_dns RESOLVER-IP NAMES-FILE [OUTSTANDING]
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "bench/bench.h"

enum { BATCH = 64, WIRE = 320, ANSWER = 1500, MOST_OUTSTANDING = 65536, AGAIN_S = 1 };

struct slot {
    size_t name;
    time_t sent;
    int busy;
};

static struct slot slots[MOST_OUTSTANDING]; /* by id */
static uint8_t wires[BATCH][WIRE];
static uint8_t answers[BATCH][ANSWER];

static size_t build(uint8_t *wire, uint16_t id, const char *name)
{
    static const uint8_t rest[] = {0, 0, 16, 0, 1, 0, 0, 41, 0x04, 0xD0, 0, 0, 0x80, 0, 0, 0};
    static const char label[] = "\x08_mta-sts";
    const uint8_t head[12] = {(uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
    size_t at = sizeof head + sizeof label - 1;
    memcpy(wire, head, sizeof head);
    memcpy(wire + sizeof head, label, sizeof label - 1);
    while (*name != 0) {
        size_t len = strcspn(name, ".");
        wire[at++] = (uint8_t)len;
        memcpy(wire + at, name, len);
        at += len;
        name += len + (name[len] == '.');
    }
    memcpy(wire + at, rest, sizeof rest);
    return at + sizeof rest;
}

static void send_batch(int fd, const uint16_t *ids, unsigned count, const struct bench_names *names)
{
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < count; i++) {
        struct slot *slot = &slots[ids[i]];
        slot->sent = time(NULL);
        vectors[i] = (struct iovec){wires[i], build(wires[i], ids[i], names->list[slot->name])};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (unsigned sent = 0; sent < count;) {
        int done = sendmmsg(fd, messages + sent, count - sent, 0);
        sent += done > 0 ? (unsigned)done : 1;
    }
}

/* Gives the number of questions that were answered. */
static size_t receive_batch(int fd, uint16_t *unused, size_t *unused_count)
{
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    size_t answered = 0;
    memset(messages, 0, sizeof messages);
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){answers[i], ANSWER};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        uint16_t id = (uint16_t)(answers[i][0] << 8 | answers[i][1]);
        if (messages[i].msg_len < 12 || !slots[id].busy || (answers[i][2] & 0x80) == 0)
            continue;
        slots[id].busy = 0;
        unused[(*unused_count)++] = id;
        answered++;
    }
    return answered;
}

static void send_again(int fd, const struct bench_names *names, size_t outstanding)
{
    uint16_t late[BATCH];
    unsigned count = 0;
    time_t now = time(NULL);
    for (size_t id = 0; id < outstanding; id++) {
        if (slots[id].busy && now - slots[id].sent > AGAIN_S)
            late[count++] = (uint16_t)id;
        if (count == BATCH || (id + 1 == outstanding && count > 0)) {
            send_batch(fd, late, count, names);
            count = 0;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc < 3)
        bench_die("usage", "floor_dns RESOLVER-IP NAMES-FILE [OUTSTANDING]");
    struct bench_names names = bench_read_names(argv[2]);
    size_t outstanding = argc > 3 ? strtoul(argv[3], NULL, 10) : 1000;
    static uint16_t unused[MOST_OUTSTANDING];
    size_t unused_count = 0;
    const int bytes = 4 << 20;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (outstanding == 0 || outstanding > MOST_OUTSTANDING ||
        inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 || fd < 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        bench_die(argv[1], strerror(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
    for (size_t id = 0; id < outstanding; id++)
        unused[unused_count++] = (uint16_t)id;
    struct bench_cpu since = bench_cpu();
    size_t next = 0;
    size_t answered = 0;
    time_t looked = time(NULL);
    while (answered < names.count) {
        while (next < names.count && unused_count > 0) {
            uint16_t ids[BATCH];
            unsigned count = 0;
            for (; count < BATCH && next < names.count && unused_count > 0; count++) {
                ids[count] = unused[--unused_count];
                slots[ids[count]] = (struct slot){.name = next++, .busy = 1};
            }
            send_batch(fd, ids, count, &names);
        }
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        if (poll(&poller, 1, 100) > 0)
            answered += receive_batch(fd, unused, &unused_count);
        if (time(NULL) != looked) {
            looked = time(NULL);
            send_again(fd, &names, outstanding);
        }
    }
    return bench_report("floor_dns", names.count, answered, since);
}
