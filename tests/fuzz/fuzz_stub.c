/*
 * The stub engine of the DNS over a made-up kernel, event loop and clock (fake_net.h): any bytes as a
 * sequence of questions, cancels, answers by UDP (right, refusing, forged, cut, twice), connections that are
 * accepted or not and bring what they like, errors of the kernel, and time. Whatever happens: each question
 * that is not cancelled is answered once and in time, is asked no more afterwards and no oftener than
 * allowed; no forged answer is believed; windows, sockets, connections and structs are given back.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "scanner/config/config.h"
#include "scanner/dns/stub.h"
#include "tests/fuzz/fake_net.h"
#include "tests/fuzz/stub_answer.h"
#include "tests/fuzz/target.h"

enum { ASKED_MOST = 1000, SENT_KEPT = 512, STEPS_MOST = 600, IDLE_STEPS_MOST = 200000, NAME_BYTES = 300 };

struct asked {
    struct lookup_handle handle;
    bool open, cancelled, believable; /* believable: an answer with AD came from a resolver that is trusted */
    uint8_t mood;                     /* what its callback does */
    uint32_t sent, servfails, answers; /* answers: to the question without checking */
};

struct sent {
    unsigned socket, number; /* number: of the question */
    uint8_t wire[DNS_QUERY_BYTES];
    size_t len;
};

static struct world {
    const uint8_t *data;
    size_t left;
    struct config config;
    struct resolver *engine;
    struct asked *asked;
    unsigned asked_count, open, open_most, cancelled;
    struct sent *sent; /* the last SENT_KEPT */
    size_t sent_count;
    bool starting, breaks_off;
    bool lossy; /* the kernel has refused datagrams */
} world;

static unsigned next(unsigned below)
{
    if (world.left == 0)
        return 0;
    world.left--;
    return *world.data++ % below;
}

static void hold(bool holds, const char *broken)
{
    expect(holds ? NULL : broken);
}

/* ---- questions and answers ----------------------------------------------------------------------------- */

static void ask(void);

static void cancel(unsigned number)
{
    struct asked *asked = &world.asked[number];
    lookup_cancel(&world.engine->engine, asked->handle);
    if (!asked->open)
        return; /* a stale handle finds nothing */
    asked->open = false;
    asked->cancelled = true;
    world.open--;
    world.cancelled++;
}

static bool is_validating(const struct resolver *engine)
{
    for (uint32_t i = 0; i < engine->upstream_count; i++)
        if (engine->upstreams[i].validation != VALIDATION_NONE)
            return true;
    return false;
}

static void judge(unsigned number, const struct dns_answer *answer)
{
    const struct asked *asked = &world.asked[number];
    enum dns_status status = answer->lookup.status;
    hold(status > DNS_NOT_ASKED && status < DNS_STATUS_COUNT, "no such status");
    hold(status != DNS_TIMEOUT || world.lossy || asked->sent >= world.engine->attempts,
         "a timeout before the last attempt");
    hold(status != DNS_BOGUS || (asked->servfails >= 3 && asked->answers > 0 && is_validating(world.engine)),
         "bogus without three failures and an answer");
    hold(answer->lookup.security != DNSSEC_SECURE || asked->believable, "secure, and nobody said so who may");
    hold(answer->rr_count == 0 || status == DNS_ANSWERED, "records without an answer");
    for (size_t i = 0; i < answer->rr_count; i++) {
        const struct bytes rdata = answer->rrs[i].rdata;
        if (answer->type != DNS_TYPE_A)
            continue;
        hold(rdata.data[0] != FORGED, "a forged answer was believed");
        hold(rdata.data[1] == number >> 8 && rdata.data[2] == (number & 0xFF), "another question's answer");
    }
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    struct asked *asked = arg;
    unsigned number = (unsigned)(asked - world.asked);
    hold(!world.starting, "answered from inside lookup_start");
    hold(!asked->cancelled, "answered after it was cancelled");
    hold(asked->open, "answered twice");
    judge(number, answer);
    asked->open = false;
    world.open--;
    if ((asked->mood & 1) != 0)
        ask();
    if ((asked->mood & 2) != 0)
        ask();
    if ((asked->mood & 4) != 0)
        cancel((number * 7U + asked->mood) % world.asked_count);
}

/* Most names are the question's own, so that what is sent tells whose it is. */
static void make_name(char name[NAME_BYTES], unsigned number, uint8_t mood)
{
    (void)snprintf(name, NAME_BYTES, "q%u.example%s", number, (mood & 8) != 0 ? "." : "");
    if (mood >= 0xFC)
        (void)memcpy(name, "no..name", sizeof "no..name");
    else if (mood >= 0xF8)
        memset(name, 'x', NAME_BYTES - 1);
}

static void ask(void)
{
    static const uint16_t types[] = {DNS_TYPE_A,   DNS_TYPE_A,    DNS_TYPE_AAAA, DNS_TYPE_MX,
                                     DNS_TYPE_TXT, DNS_TYPE_TLSA, DNS_TYPE_SOA,  DNS_TYPE_A};
    char name[NAME_BYTES] = "";
    if (world.asked_count == ASKED_MOST)
        return;
    unsigned number = world.asked_count++;
    struct asked *asked = &world.asked[number];
    *asked = (struct asked){.open = true, .mood = (uint8_t)next(256)};
    unsigned how = next(256);
    world.open++;
    world.open_most = world.open > world.open_most ? world.open : world.open_most;
    make_name(name, number, asked->mood);
    bool inside = world.starting;
    world.starting = true;
    asked->handle = (how & 8) != 0
                        ? lookup_start_last(&world.engine->engine, name, types[how & 7], on_answer, asked)
                        : lookup_start(&world.engine->engine, name, types[how & 7], on_answer, asked);
    world.starting = inside;
}

/* ---- the resolvers --------------------------------------------------------------------------------------- */

static unsigned number_of(struct bytes question)
{
    hold(question.len > QUESTION_AT + 2 && question.data[QUESTION_AT + 1] == 'q', "not a question of ours");
    unsigned number = 0;
    for (size_t i = QUESTION_AT + 2; i < QUESTION_AT + 1U + question.data[QUESTION_AT]; i++)
        number = number * 10 + (question.data[i] - '0');
    hold(number < world.asked_count, "not a question of ours");
    return number;
}

/* A refusal, a SERVFAIL and EDNS that is not known are each answered by another question; all that is beyond
 * these is an attempt. */
static unsigned most_sent(void)
{
    return world.engine->attempts + LOOK_LAST + 2 * world.engine->upstream_count;
}

static void on_sent(void *arg, unsigned socket, struct bytes question)
{
    (void)arg;
    unsigned number = number_of(question);
    struct sent *sent = &world.sent[world.sent_count++ % SENT_KEPT];
    hold(world.asked[number].open, "asked again after its end");
    hold(++world.asked[number].sent <= most_sent(), "asked too often");
    *sent = (struct sent){.socket = socket, .number = number, .len = question.len};
    memcpy(sent->wire, question.data, question.len);
}

static const struct upstream *upstream_at(const struct sockaddr_storage *peer)
{
    for (uint32_t i = 0; i < world.engine->upstream_count; i++)
        if (memcmp(&world.engine->upstreams[i].address, peer, world.engine->upstreams[i].address_len) == 0)
            return &world.engine->upstreams[i];
    expect("a connection to nobody");
    return NULL;
}

/* Makes an answer, and notes what may come of it. `how` has the AD bit and the kind's number. */
static void make_answer(struct made_answer *made, struct bytes question, enum answer_kind kind, unsigned how,
                        const struct upstream *upstream)
{
    unsigned number = number_of(question);
    struct asked *asked = &world.asked[number];
    const uint8_t mark[4] = {is_forged(kind) ? FORGED : 10, (uint8_t)(number >> 8), (uint8_t)number,
                             (uint8_t)how};
    answer_make(made, question, kind, how, mark);
    bool ad = (how & 0x40) != 0;
    if (ad && made->len > LDNS_HEADER_SIZE)
        LDNS_AD_SET(made->wire);
    asked->believable |= ad && !is_forged(kind) && upstream->trust_ad;
    if (kind == ANSWER_SERVFAIL)
        asked->servfails++;
    else if (LDNS_CD_WIRE(question.data))
        asked->answers++;
}

/* Is there a question of the same number for which the id that is off would be right? */
static bool would_be_right(const struct sent *sent, const struct made_answer *made)
{
    for (size_t i = 0; i < SENT_KEPT && i < world.sent_count; i++)
        if (world.sent[i].number == sent->number && world.sent[i].socket == sent->socket &&
            memcmp(world.sent[i].wire, made->wire, 2) == 0)
            return true;
    return false;
}

static unsigned other_socket(unsigned socket)
{
    const struct sockaddr_storage peer = net_peer(socket);
    const struct upstream *upstream = upstream_at(&peer);
    for (uint16_t i = 0; i + 1 < upstream->socket_count; i++)
        if ((unsigned)upstream->sockets[i].fd % (1U << 20) == socket)
            return (unsigned)upstream->sockets[i + 1].fd % (1U << 20);
    return (unsigned)upstream->sockets[0].fd % (1U << 20);
}

static void answer_udp(size_t back, enum answer_kind kind, unsigned how)
{
    if (back >= world.sent_count || back >= SENT_KEPT)
        return;
    const struct sent *sent = &world.sent[(world.sent_count - 1 - back) % SENT_KEPT];
    const struct sockaddr_storage peer = net_peer(sent->socket);
    struct made_answer made;
    make_answer(&made, bytes_make(sent->wire, sent->len), kind, how, upstream_at(&peer));
    if (kind == ANSWER_OTHER_ID && would_be_right(sent, &made))
        return;
    unsigned socket = kind == ANSWER_OTHER_SOCKET ? other_socket(sent->socket) : sent->socket;
    if (kind == ANSWER_OTHER_SOCKET && socket == sent->socket)
        return;
    net_give(socket, bytes_make(made.wire, made.len));
    if ((how & 0x20) != 0)
        net_give(socket, bytes_make(made.wire, made.len));
}

/* What a stream brings: an answer, some bytes of one, bytes of the input, or a length that is never filled.
 */
static void answer_tcp(unsigned stream, enum answer_kind kind, unsigned how)
{
    struct bytes heard = net_stream_heard(stream);
    uint8_t prefix[2];
    struct made_answer made;
    if (heard.len < 2 || heard.len < 2U + (size_t)(heard.data[0] << 8 | heard.data[1]))
        return;
    const struct sockaddr_storage peer = net_peer(stream);
    make_answer(&made, bytes_make(heard.data + 2, heard.len - 2), kind, how, upstream_at(&peer));
    size_t told = (how & 0x10) != 0 ? made.len + how : made.len;
    prefix[0] = (uint8_t)(told >> 8);
    prefix[1] = (uint8_t)told;
    net_stream_give(stream, bytes_make(prefix, (how & 0x80) != 0 ? 1 : 2));
    net_stream_give(stream, bytes_make(made.wire, made.len));
}

static void stream_step(void)
{
    unsigned streams[TCP_LIVE], count = net_streams(streams, TCP_LIVE);
    unsigned which = next(TCP_LIVE), what = next(8);
    if (count == 0)
        return;
    unsigned stream = streams[which % count];
    switch (what) {
    case 0:
        net_refuse(stream);
        break;
    case 1:
    case 2:
        net_accept(stream);
        break;
    case 3:
        net_stream_end(stream, next(2) != 0);
        break;
    case 4: {
        size_t len = next(32);
        len = len < world.left ? len : world.left;
        net_stream_give(stream, bytes_make(world.data, len));
        world.data += len;
        world.left -= len;
        break;
    }
    default: {
        enum answer_kind kind = next(ANSWER_KINDS - 1);
        answer_tcp(stream, kind, next(256));
    }
    }
}

/* ---- the books ------------------------------------------------------------------------------------------- */

static size_t count_of(const struct list *list, enum query_state state)
{
    size_t count = 0;
    for (const struct list *link = list->next; link != list; link = link->next, count++)
        hold(list_entry(link, const struct query, link)->state == state ||
                 (state == QUERY_UDP && list_entry(link, const struct query, link)->state == QUERY_TCP),
             "a question is in the list of another state");
    return count;
}

static void check_books(void)
{
    const struct resolver *engine = world.engine;
    const struct lookup_counters *counters = &engine->engine.counters;
    unsigned streams[NET_SOCKETS], sockets = 0;
    size_t flying = 0, answered = 0, listed = 0;
    for (uint32_t i = 0; i < engine->upstream_count; i++) {
        const struct upstream *upstream = &engine->upstreams[i];
        const struct window *window = &upstream->window;
        flying += upstream->in_flight;
        sockets += upstream->socket_count;
        listed += count_of(&upstream->waiting, QUERY_WAITING);
        hold(upstream->in_flight <= window->limit, "more in flight than dns.outstanding");
        hold(window->size >= window->floor && window->size <= window->limit, "a window out of its bounds");
    }
    size_t waited = count_of(&engine->deadlines, QUERY_UDP);
    listed += waited + count_of(&engine->queue, QUERY_QUEUED) + count_of(&engine->queue_last, QUERY_QUEUED) +
              count_of(&engine->tcp_queue, QUERY_TCP_QUEUED);
    listed += count_of(&engine->ended, QUERY_ENDED);
    for (size_t status = 0; status < DNS_STATUS_COUNT; status++)
        answered += counters->by_status[status];
    hold(waited == flying + engine->tcp_live, "places that nobody holds");
    hold(engine->tcp_live <= engine->tcp_most, "more connections than allowed");
    hold(net_streams(streams, NET_SOCKETS) == engine->tcp_live, "a connection that no question has");
    hold(net_open_sockets() == sockets + engine->tcp_live, "a descriptor that nobody has");
    hold(net_live_events() == sockets + 2 * engine->tcp_live + 2, "an event that nobody has");
    hold(listed == world.open && lookup_pending(&engine->engine) == world.open, "a question got lost");
    hold(counters->asked == world.asked_count && counters->answered == answered &&
             answered + world.cancelled + world.open == world.asked_count,
         "the counters do not add up");
    hold(count_of(&engine->unused, QUERY_IDLE) + world.open <= world.open_most + 1, "structs that pile up");
}

/* ---- a run ----------------------------------------------------------------------------------------------- */

static bool begin(void)
{
    static char *const lists[] = {"127.0.0.1", "127.0.0.1, 192.0.2.1", "192.0.2.1:54, 127.0.0.2, 192.0.2.3",
                                  "2001:db8::1, 127.0.0.1"};
    static const int64_t outstanding[] = {1, 3, 16, 100, 1000}, files[] = {16, 96, 1024};
    struct resolver_notes notes = {0};
    const char *why = NULL;
    world.config.dns_resolvers = lists[next(4)];
    world.config.dns_outstanding = outstanding[next(5)];
    world.config.dns_attempts = 1 + next(4);
    world.config.dns_timeout = 100 + 10 * next(256);
    world.config.dns_trust_ad =
        (int64_t[]){DNS_TRUST_AD_LOOPBACK, DNS_TRUST_AD_YES, DNS_TRUST_AD_NO}[next(3)];
    uint64_t open_files = (uint64_t)files[next(3)];
    for (unsigned i = 0; i < 3; i++)
        notes.of[i].validation = (enum validation)next(3);
    notes.of[1].left_out = next(4) == 3;
    net_begin(next(256), open_files, on_sent, NULL);
    net_fail(NET_CONNECT, next(32) == 31 ? 1 + next(32) : 0, ENETUNREACH);
    struct lookup_engine *engine = resolver_create(net_base(), &world.config, &notes, 1 + next(4), &why);
    hold((engine == NULL) == (why != NULL), "no engine, or a reason, and not both");
    net_fail(NET_CONNECT, 0, 0);
    world.breaks_off = next(4) == 3;
    world.engine = (struct resolver *)engine;
    return engine != NULL;
}

static void fault(void)
{
    static const int errors[] = {ECONNREFUSED, EHOSTUNREACH, EAGAIN, ENOBUFS, EPERM, EIO};
    unsigned what = next(NET_CALLS + 2), count = 1 + next(8), error = next(6);
    world.lossy |= what == NET_SENDMMSG || what > NET_CALLS;
    if (what == NET_SOCKET)
        net_fail(NET_SOCKET, count, EMFILE);
    else if (what < NET_CALLS)
        net_fail((enum net_call)what, count, errors[error]);
    else if (what == NET_CALLS)
        net_shorten(count, 1 + error);
    else if (world.sent_count > 0)
        net_icmp(world.sent[(world.sent_count - 1) % SENT_KEPT].socket, errors[error]);
}

static void step(void)
{
    switch (next(12)) {
    case 0:
        ask();
        break;
    case 1:
        for (unsigned left = 1 + next(64); left > 0; left--)
            ask();
        break;
    case 2:
        if (world.asked_count > 0)
            cancel((next(256) << 8 | next(256)) % world.asked_count);
        break;
    case 3:
    case 4: {
        size_t back = next(256);
        enum answer_kind kind = next(ANSWER_KINDS);
        answer_udp(back, kind, next(256));
        break;
    }
    case 5: {
        size_t most = next(256), every = 1 + next(4);
        enum answer_kind kind = next(ANSWER_KINDS);
        unsigned how = next(256);
        for (size_t back = 0; back < most; back += every)
            answer_udp(back, kind, how);
        break;
    }
    case 6:
        stream_step();
        break;
    case 7:
        fault();
        break;
    case 8:
        net_pass(next(256));
        break;
    case 9:
        net_pass(next(4) == 3 ? 3600000 : world.config.dns_timeout * next(8) / 4);
        break;
    default:
        (void)net_turn(next(256));
    }
}

/* Nobody answers any more: every question ends by its deadlines. */
static void run_out(void)
{
    for (enum net_call call = 0; call < NET_CALLS; call++)
        net_fail(call, 0, 0);
    unsigned steps = 0;
    while (world.open > 0) {
        hold(++steps < IDLE_STEPS_MOST, "a question never ends");
        if (net_turn(0))
            continue;
        int64_t due = net_next_due();
        hold(due >= 0, "a question waits for nothing");
        net_pass(due);
    }
    check_books();
    for (uint32_t i = 0; i < world.engine->upstream_count; i++)
        hold(world.engine->upstreams[i].in_flight == 0, "places are held after the end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct asked asked[ASKED_MOST];
    static struct sent sent[SENT_KEPT];
    world = (struct world){.data = data, .left = size, .asked = asked, .sent = sent};
    if (begin()) {
        for (unsigned steps = 0; steps < STEPS_MOST && world.left > 0; steps++) {
            step();
            check_books();
        }
        if (!world.breaks_off)
            run_out();
        for (unsigned i = 0; i < world.asked_count; i++)
            world.asked[i].cancelled = true;
        lookup_engine_destroy(&world.engine->engine);
    }
    hold(net_open_sockets() == 0, "descriptors are left");
    hold(net_live_events() == 0, "events are left");
    return 0;
}
