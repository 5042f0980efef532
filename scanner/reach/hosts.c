/* Keeps the table of MX hosts that this loop owns, and the requests that this loop made. */
#include "scanner/reach/hosts.h"

#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/list.h"
#include "scanner/base/map.h"
#include "scanner/reach/hostlook.h"
#include "scanner/reach/seen.h"
#include "scanner/reach/worker.h"
#include "scanner/verdict/verdict.h"

enum { HEAP_OVERHEAD_BYTES = 16, NAME_CEILING = 4 * 255 };

struct entry {
    struct map_node node;
    struct list recent; /* in hosts->ready while it is ready */
    struct hosts *hosts;
    struct list subscribers; /* of struct subscriber */
    bool doubted;            /* hosts_doubt, once ready */
    struct host_look look;   /* its host and whether it is probed are the key */
};

struct subscriber {
    struct list link;
    struct worker *from;
    struct handle handle;
};

struct request {
    host_ready ready;
    void *arg;
};

struct hosts {
    struct worker *worker;
    struct map entries;
    struct list ready; /* least recently used first */
    size_t bytes;      /* of the ready ones */
    size_t ceiling_bytes;
    struct slots requests;
    struct seen seen; /* hosts whose entries are gone */
};

struct host_message {
    struct message message;
    struct worker *from;
    struct handle handle;
    struct host_result *result; /* NULL: this is a request */
    bool probe;
    bool intent;
    struct looks_again again; /* the list is owned */
    struct trace *trace;
    char host[];
};

/* ---- the table ----------------------------------------------------------------------------------------- */

/* The key of a host: its name and whether it is probed. */
struct host_key {
    char text[1 + NAME_CEILING];
    size_t len;
};

static struct bytes make_key(struct host_key *key, const char *host, bool probe)
{
    size_t len = strnlen(host, sizeof key->text - 1);
    key->text[0] = probe ? 'p' : 'a';
    memcpy(key->text + 1, host, len);
    key->len = len + 1;
    return bytes_make(key->text, key->len);
}

static bool is_entry(const struct map_node *node, struct bytes key)
{
    const struct entry *entry = (const struct entry *)node;
    return (key.data[0] == 'p') == entry->look.probe && strlen(entry->look.host) == key.len - 1 &&
           memcmp(entry->look.host, key.data + 1, key.len - 1) == 0;
}

struct hosts *hosts_create(struct worker *worker)
{
    struct hosts *hosts = calloc(1, sizeof *hosts);
    if (hosts == NULL)
        return NULL;
    hosts->worker = worker;
    hosts->ceiling_bytes = (size_t)worker->context->config->scan_cache / worker->count;
    map_init(&hosts->entries, worker->context->hash_seed, is_entry);
    list_init(&hosts->ready);
    slots_init(&hosts->requests);
    return hosts;
}

static void entry_free(struct entry *entry)
{
    struct list *link;
    while ((link = list_first(&entry->subscribers)) != NULL) {
        list_remove(link);
        free(list_entry(link, struct subscriber, link));
    }
    list_remove(&entry->recent);
    host_look_dispose(&entry->look);
    free(entry);
}

/* Returns what the heap gave for an entry, so that scan.cache bounds memory and not only facts. */
static size_t entry_bytes(const struct entry *entry)
{
    return sizeof *entry + strlen(entry->look.host) + 1 + host_result_bytes(entry->look.result) +
           2 * HEAP_OVERHEAD_BYTES;
}

static uint64_t hash_of(const struct hosts *hosts, struct bytes key)
{
    return map_hash(key, hosts->worker->context->hash_seed);
}

static void forget(struct entry *entry)
{
    struct host_key space;
    seen_add(&entry->hosts->seen,
             hash_of(entry->hosts, make_key(&space, entry->look.host, entry->look.probe)));
    entry->hosts->bytes -= entry_bytes(entry);
    map_remove(&entry->hosts->entries, &entry->node);
    entry_free(entry);
}

static void keep_ready(struct entry *entry)
{
    struct hosts *hosts = entry->hosts;
    list_add(&hosts->ready, &entry->recent);
    hosts->bytes += entry_bytes(entry);
    struct list *oldest;
    while (hosts->bytes > hosts->ceiling_bytes && (oldest = list_first(&hosts->ready)) != &entry->recent)
        forget(list_entry(oldest, struct entry, recent));
}

static void free_node(struct map_node *node, void *arg)
{
    (void)arg;
    entry_free((struct entry *)node);
}

static void free_request(void *object, void *arg)
{
    (void)arg;
    free(object);
}

void hosts_destroy(struct hosts *hosts)
{
    if (hosts == NULL)
        return;
    map_each(&hosts->entries, free_node, NULL);
    map_dispose(&hosts->entries);
    slots_each(&hosts->requests, free_request, NULL);
    slots_dispose(&hosts->requests);
    free(hosts);
}

/* ---- entries ------------------------------------------------------------------------------------------- */

static void deliver(struct message *message, void *receiver);

static void answer(const struct entry *entry, struct worker *to, struct handle handle)
{
    struct host_message *message = calloc(1, sizeof *message);
    if (message == NULL)
        out_of_memory("an MX host's answer");
    message->message.deliver = deliver;
    message->handle = handle;
    message->result = entry->look.result;
    atomic_fetch_add(&entry->look.result->references, 1);
    loop_post(&to->loop, &message->message);
}

static void on_ready(void *arg)
{
    struct entry *entry = arg;
    struct list *link;
    while ((link = list_first(&entry->subscribers)) != NULL) {
        struct subscriber *subscriber = list_entry(link, struct subscriber, link);
        answer(entry, subscriber->from, subscriber->handle);
        list_remove(link);
        free(subscriber);
    }
    keep_ready(entry);
}

static struct entry *entry_create(struct hosts *hosts, const struct host_message *message, struct bytes key)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        out_of_memory("an MX host");
    entry->hosts = hosts;
    entry->look = (struct host_look){.worker = hosts->worker,
                                     .trace = message->trace,
                                     .host = strdup(message->host),
                                     .probe = message->probe,
                                     .result = host_result_create(hosts->worker->context->config),
                                     .done = on_ready,
                                     .arg = entry};
    entry->look.result->probed_before =
        hosts->worker->context->resumed || seen_has(&hosts->seen, hash_of(hosts, key));
    list_init(&entry->recent);
    list_init(&entry->subscribers);
    if (entry->look.host == NULL || !map_add(&hosts->entries, &entry->node, key))
        out_of_memory("an MX host");
    return entry;
}

static void forget_those(struct hosts *hosts, bool (*is_one)(const struct host_facts *facts))
{
    struct list *link = list_first(&hosts->ready);
    while (link != NULL) {
        struct entry *entry = list_entry(link, struct entry, recent);
        link = link->next == &hosts->ready ? NULL : link->next;
        if (is_one(&entry->look.result->facts))
            forget(entry);
    }
}

void hosts_new_pass(struct hosts *hosts)
{
    forget_those(hosts, verdict_host_may_pass);
}

void hosts_forget_unoffered(struct hosts *hosts)
{
    forget_those(hosts, host_lacked_starttls);
}

void hosts_doubt(struct hosts *hosts)
{
    for (struct list *link = hosts->ready.next; link != &hosts->ready; link = link->next) {
        struct entry *entry = list_entry(link, struct entry, recent);
        entry->doubted = verdict_host_may_be_ours(&entry->look.result->facts);
    }
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void subscribe(struct entry *entry, struct worker *from, struct handle handle)
{
    struct subscriber *subscriber = calloc(1, sizeof *subscriber);
    if (subscriber == NULL)
        out_of_memory("who asks for an MX host");
    subscriber->from = from;
    subscriber->handle = handle;
    list_add(&entry->subscribers, &subscriber->link);
}

static void start_entry(struct hosts *hosts, struct host_message *message, struct bytes key,
                        struct host_result *earlier, bool intent, int64_t anew_before_ms)
{
    struct entry *entry = entry_create(hosts, message, key);
    entry->look.earlier = earlier;
    entry->look.result->anew_before_ms = anew_before_ms;
    entry->look.intent = intent;
    entry->look.again = message->again;
    message->again = (struct looks_again){NULL, 0};
    subscribe(entry, message->from, message->handle);
    host_look_start(&entry->look);
}

/* Is a ready entry to be looked at again? It is if the budget of names left out an address that this request
 * is to know, the answers of the DNS have run out, a certificate has expired since it was seen, an address
 * had no turn that may get one now, or what is known is what is to be looked at once more. */
static bool is_to_be_repeated(const struct entry *entry, const struct host_message *message)
{
    const struct host_result *known = entry->look.result;
    const int64_t now = clock_monotonic_ms();
    bool knows_too_little = message->intent && !entry->look.intent && host_probes_left_out(&known->facts);
    bool turns_may_come = known->turns_after_ms != 0 && now >= known->turns_after_ms;
    return knows_too_little || entry->doubted || turns_may_come || now >= known->holds_until_ms ||
           host_probes_outdated(known, clock_wall_ms()) || looks_are_old(&message->again, &known->facts);
}

/* Begins a further look at the host; what has been probed stays known. */
static void repeat(struct entry *entry, struct host_message *message, struct bytes key)
{
    struct hosts *hosts = entry->hosts;
    struct host_result *earlier = entry->look.result;
    bool intent = message->intent || entry->look.intent;
    int64_t anew_before_ms = entry->doubted ? worker_doubted_until_ms(hosts->worker->context) : 0;
    atomic_fetch_add(&earlier->references, 1);
    forget(entry);
    start_entry(hosts, message, key, earlier, intent, anew_before_ms);
}

static void on_request(struct hosts *hosts, struct host_message *message)
{
    struct host_key space;
    struct bytes key = make_key(&space, message->host, message->probe);
    struct entry *entry = (struct entry *)map_find(&hosts->entries, key);
    if (entry == NULL) {
        start_entry(hosts, message, key, NULL, message->intent, 0);
    } else if (entry->look.state != HOST_LOOK_READY) {
        entry->look.intent = entry->look.intent || message->intent;
        entry->look.trace = message->trace == NULL ? entry->look.trace : message->trace;
        subscribe(entry, message->from, message->handle);
    } else if (is_to_be_repeated(entry, message)) {
        repeat(entry, message, key);
    } else {
        answer(entry, message->from, message->handle);
        list_remove(&entry->recent);
        list_add(&hosts->ready, &entry->recent);
    }
}

static void on_result(struct hosts *hosts, const struct host_message *message)
{
    struct request *request = slots_remove(&hosts->requests, message->handle);
    if (request == NULL) {
        host_result_release(message->result);
        return;
    }
    host_ready ready = request->ready;
    void *arg = request->arg;
    free(request);
    ready(arg, message->result);
}

static void deliver(struct message *raw, void *receiver)
{
    struct host_message *message = (struct host_message *)raw;
    struct worker *worker = receiver;
    if (worker->hosts == NULL)
        host_result_release(message->result);
    else if (message->result == NULL)
        on_request(worker->hosts, message);
    else
        on_result(worker->hosts, message);
    free(message->again.list);
    free(message);
}

/* Makes a message to the owner; NULL: out of memory. */
static struct host_message *make_message(struct worker *worker, const struct host_request *request)
{
    int64_t mode = worker->context->config->smtp_probe;
    size_t len = strlen(request->host);
    struct host_message *message = calloc(1, sizeof *message + len + 1);
    if (message == NULL || !looks_again_copy(request->again, &message->again)) {
        free(message);
        return NULL;
    }
    message->message.deliver = deliver;
    message->from = worker;
    message->intent = request->intent;
    message->trace = request->trace;
    message->probe = mode == SMTP_PROBE_ALL || (mode == SMTP_PROBE_INTENT && request->intent);
    memcpy(message->host, request->host, len + 1);
    return message;
}

struct handle hosts_request(struct worker *worker, const struct host_request *what)
{
    struct request *request = calloc(1, sizeof *request);
    struct host_message *message = make_message(worker, what);
    struct handle handle = {0, 0};
    if (request != NULL && message != NULL) {
        *request = (struct request){what->ready, what->arg};
        handle = slots_add(&worker->hosts->requests, request);
    }
    if (!handle_is_set(handle)) {
        free(request);
        if (message != NULL)
            free(message->again.list);
        free(message);
        return handle;
    }
    message->handle = handle;
    loop_post(&worker_of(worker, bytes_of(what->host))->loop, &message->message);
    return handle;
}

void hosts_cancel(struct worker *worker, struct handle handle)
{
    free(slots_remove(&worker->hosts->requests, handle));
}
