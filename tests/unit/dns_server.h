/*
 * Runs a DNS server in a thread, on 127.0.0.1 over UDP and TCP. It does what the question's first label says
 * (up to a '-', behind which anything makes the name unique) and answers A questions only.
 */
#ifndef STSWEEP_TESTS_DNS_SERVER_H
#define STSWEEP_TESTS_DNS_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/unit/dns_wire.h"

enum { SERVER_HELD_MOST = 4096, SERVER_SEEN = 1 << 16, SERVER_POLL_MS = 10, SERVER_HANGING_MOST = 64 };

struct server_question {
    struct sockaddr_in from;
    uint16_t id;
    unsigned flags;
    bool edns;
    char name[256];
    char verb[64];
};

struct dns_server {
    unsigned index; /* verbs that end in a digit are played by the server of that index only */
    uint16_t port;
    int udp, stranger, tcp; /* tcp is -1 if it refuses connections */
    pthread_t thread;
    atomic_bool stop;
    atomic_uint questions, unchecked, plain, over_tcp, held_most;
    struct server_question held[SERVER_HELD_MOST];
    unsigned held_count;
    uint8_t seen[SERVER_SEEN]; /* by a hash of the name: how often it was asked for */
    bool ids[1 << 16];         /* that questions came with */
    bool source_ports[1 << 16];
    int hanging[SERVER_HANGING_MOST];
    unsigned hanging_count;
    struct wire wire;
};

static inline unsigned server_hash(const char *name)
{
    unsigned hash = 5381;
    for (; *name != '\0'; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash % SERVER_SEEN;
}

/* Parses a question, which is well-formed or the test is wrong: it aborts then. */
static inline void server_parse(const uint8_t *data, size_t len, struct server_question *question)
{
    size_t at = 12, used = 0;
    question->id = (uint16_t)(data[0] << 8 | data[1]);
    question->flags = (unsigned)(data[2] << 8 | data[3]);
    question->edns = data[11] == 1;
    while (at < len && data[at] != 0 && used + data[at] + 2 < sizeof question->name) {
        memcpy(question->name + used, data + at + 1, data[at]);
        used += data[at];
        question->name[used++] = '.';
        at += (size_t)data[at] + 1;
    }
    if (len != at + 5 + (question->edns ? 11 : 0) || used == 0 ||
        (question->flags & ~(unsigned)WIRE_CD) != WIRE_RD)
        abort();
    question->name[used - 1] = '\0';
    (void)snprintf(question->verb, sizeof question->verb, "%.*s", (int)strcspn(question->name, "-."),
                   question->name);
}

static inline bool server_verb_is(const struct dns_server *server, const struct server_question *question,
                                  const char *verb)
{
    size_t len = strlen(verb);
    if (strncmp(question->verb, verb, len) != 0)
        return false;
    const char *rest = question->verb + len;
    return *rest == '\0' || (rest[1] == '\0' && *rest == (char)('0' + server->index));
}

static inline void server_begin(struct dns_server *server, const struct server_question *question,
                                unsigned flags)
{
    wire_question(&server->wire, question->id, WIRE_ANSWER | flags, question->name, 1);
}

static inline void server_address(struct dns_server *server, const struct server_question *question,
                                  uint8_t last)
{
    server_begin(server, question, 0);
    wire_a(&server->wire, "@", 300, last);
}

/* Returns the rcode that the verb asks for; -1: an address. */
static inline int server_rcode(const struct dns_server *server, const struct server_question *question)
{
    static const struct {
        const char *verb;
        int rcode, unchecked, plain; /* also: with CD, without EDNS */
    } verbs[] = {
        {"nx", 3, 3, 3},      {"nodata", 0, 0, 0},   {"fail", 2, 2, 2},   {"bogus", 2, -1, 2},
        {"bogusnx", 2, 3, 2}, {"bogusref", 2, 5, 2}, {"refuse", 5, 5, 5}, {"formerr", 1, 1, -1},
        {"formall", 1, 1, 1}, {"notimp", 4, 4, 4},
    };
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (server_verb_is(server, question, verbs[i].verb))
            return !question->edns                    ? verbs[i].plain
                   : (question->flags & WIRE_CD) != 0 ? verbs[i].unchecked
                                                      : verbs[i].rcode;
    return -1;
}

/* Makes the full answer, as it goes over TCP or ends what UDP may have begun. */
static inline void server_answer(struct dns_server *server, const struct server_question *question)
{
    int rcode = server_rcode(server, question);
    if (rcode >= 0) {
        server_begin(server, question, (unsigned)rcode);
        return;
    }
    server_address(server, question, (uint8_t)(10 + server->index));
    if (server_verb_is(server, question, "ad"))
        server->wire.data[3] |= WIRE_AD;
    if (server_verb_is(server, question, "broken"))
        server->wire.data[7] = 9; /* records that there are not */
    for (unsigned i = 0; i < 200 && server_verb_is(server, question, "long"); i++)
        wire_a(&server->wire, "@", 300, (uint8_t)i);
}

static inline void server_send(const struct dns_server *server, int fd,
                               const struct server_question *question)
{
    (void)sendto(fd, server->wire.data, server->wire.len, 0, (const struct sockaddr *)&question->from,
                 sizeof question->from);
}

/* Sends what misleads the client before the right answer comes. */
static inline void server_mislead(struct dns_server *server, const struct server_question *question)
{
    struct server_question other = *question;
    int from = server->udp;
    if (server_verb_is(server, question, "wrongid"))
        other.id ^= 0x5555;
    else if (server_verb_is(server, question, "wrongname"))
        memcpy(other.name, "other", 5);
    else if (server_verb_is(server, question, "spoof"))
        from = server->stranger;
    else
        return;
    server_address(server, &other, 66);
    server_send(server, from, question);
}

static inline void server_udp(struct dns_server *server, const struct server_question *question)
{
    unsigned before = server->seen[server_hash(question->name)]++;
    bool again = before > 0;
    if (server_verb_is(server, question, "drop") || (server_verb_is(server, question, "once") && !again) ||
        (server_verb_is(server, question, "cdlost") && (question->flags & WIRE_CD) != 0))
        return;
    server_mislead(server, question);
    if (strncmp(question->verb, "tc", 2) == 0)
        server_begin(server, question, WIRE_TC);
    else if (server_verb_is(server, question, "cdlost"))
        server_begin(server, question, 2);
    else if ((server_verb_is(server, question, "shaky") && before < 1) ||
             (server_verb_is(server, question, "faint") && before < 2))
        server_begin(server, question, 2);
    else
        server_answer(server, question);
    server_send(server, server->udp, question);
}

static inline void server_on_udp(struct dns_server *server)
{
    uint8_t data[512];
    struct server_question question;
    socklen_t len = sizeof question.from;
    ssize_t got =
        recvfrom(server->udp, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&question.from, &len);
    if (got < 12)
        return;
    server_parse(data, (size_t)got, &question);
    server->questions++;
    server->unchecked += (question.flags & WIRE_CD) != 0;
    server->plain += !question.edns;
    server->ids[question.id] = true;
    server->source_ports[ntohs(question.from.sin_port)] = true;
    if (server_verb_is(server, &question, "hold") && server->held_count < SERVER_HELD_MOST) {
        server->held[server->held_count++] = question;
        if (server->held_count > server->held_most)
            server->held_most = server->held_count;
    } else {
        server_udp(server, &question);
    }
}

static inline void server_on_tcp(struct dns_server *server)
{
    uint8_t data[512];
    struct server_question question;
    struct timeval patience = {1, 0};
    int fd = accept(server->tcp, NULL, NULL);
    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ssize_t got = recv(fd, data, 2, MSG_WAITALL);
    if (got == 2)
        got = recv(fd, data, (size_t)(data[0] << 8 | data[1]), MSG_WAITALL);
    if (got >= 12) {
        server_parse(data, (size_t)got, &question);
        server->over_tcp++;
        if (server_verb_is(server, &question, "tchang") && server->hanging_count < SERVER_HANGING_MOST) {
            server->hanging[server->hanging_count++] = fd;
            return;
        }
        question.id ^= server_verb_is(server, &question, "tcwrong") ? 1 : 0;
        server_answer(server, &question);
        server->wire.data[2] |= server_verb_is(server, &question, "tctc") ? WIRE_TC >> 8 : 0;
        uint8_t prefix[2] = {(uint8_t)(server->wire.len >> 8), (uint8_t)server->wire.len};
        size_t cut = server_verb_is(server, &question, "tccut") ? 5 : 0;
        if (!server_verb_is(server, &question, "tcclose")) {
            (void)send(fd, prefix, 1, MSG_NOSIGNAL); /* in pieces, as TCP may */
            (void)send(fd, prefix + 1, 1, MSG_NOSIGNAL);
            (void)send(fd, server->wire.data, 20, MSG_NOSIGNAL);
            (void)send(fd, server->wire.data + 20, server->wire.len - 20 - cut, MSG_NOSIGNAL);
        }
    }
    (void)close(fd);
}

static inline void *server_run(void *arg)
{
    struct dns_server *server = arg;
    struct pollfd fds[2] = {{server->udp, POLLIN, 0}, {server->tcp, POLLIN, 0}};
    while (!server->stop) {
        int ready = poll(fds, 2, SERVER_POLL_MS);
        if (ready > 0 && (fds[0].revents & POLLIN) != 0)
            server_on_udp(server);
        if (ready > 0 && (fds[1].revents & POLLIN) != 0)
            server_on_tcp(server);
        for (unsigned i = 0; ready == 0 && i < server->held_count; i++)
            server_udp(server, &server->held[i]);
        if (ready == 0)
            server->held_count = 0;
    }
    return NULL;
}

static inline int server_bind(int type, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    int on = 1, size = 1 << 22;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

static inline uint16_t server_port(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    return getsockname(fd, (struct sockaddr *)&address, &len) == 0 ? ntohs(address.sin_port) : 0;
}

/* Starts a server; port 0: any. Aborts if the machine has no port left. */
static inline struct dns_server *server_start(unsigned index, uint16_t port)
{
    struct dns_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        abort();
    server->index = index;
    server->udp = server->tcp = -1;
    for (int tries = 0; server->udp < 0 && tries < 20; tries++) {
        if (server->tcp >= 0)
            (void)close(server->tcp);
        server->tcp = server_bind(SOCK_STREAM, port);
        server->port = server_port(server->tcp);
        server->udp = server_bind(SOCK_DGRAM, server->port);
    }
    server->stranger = server_bind(SOCK_DGRAM, 0);
    if (server->udp < 0 || server->stranger < 0 || listen(server->tcp, 64) != 0 ||
        pthread_create(&server->thread, NULL, server_run, server) != 0)
        abort();
    return server;
}

/* Ends the thread; its notes may be read then. */
static inline void server_join(struct dns_server *server)
{
    if (server->stop)
        return;
    server->stop = true;
    (void)pthread_join(server->thread, NULL);
}

static inline void server_stop(struct dns_server *server)
{
    server_join(server);
    for (unsigned i = 0; i < server->hanging_count; i++)
        (void)close(server->hanging[i]);
    (void)close(server->udp);
    (void)close(server->stranger);
    (void)close(server->tcp);
    free(server);
}

/* Returns a port of 127.0.0.1 where nobody listens: below those that the kernel gives to whoever asks for
 * any. */
static inline uint16_t server_closed_port(void)
{
    static unsigned next; /* another one each time */
    for (unsigned turn = 0; turn < 1000; turn++) {
        uint16_t port = (uint16_t)(20000 + ((unsigned)getpid() * 61 + next++ * 7919) % 10000);
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool is_free = bind(udp, (struct sockaddr *)&address, sizeof address) == 0 &&
                       bind(tcp, (struct sockaddr *)&address, sizeof address) == 0;
        (void)close(udp);
        (void)close(tcp);
        if (is_free)
            return port;
    }
    abort();
}

#endif
