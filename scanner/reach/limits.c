/* Keeps the requests for turns on the asking loop, and sends the messages to the loop that owns the
 * address. */
#include "scanner/reach/limits.h"

#include <stdlib.h>

#include "scanner/base/map.h"
#include "scanner/facts/hostname.h"
#include "scanner/facts/suffix.h"
#include "scanner/reach/lanes.h"
#include "scanner/reach/paces.h"
#include "scanner/reach/worker.h"

struct request {
    pace_done done;
    void *arg;
};

struct pacer {
    struct lanes lanes;    /* of addresses that this loop owns */
    struct slots requests; /* made by this loop */
};

enum pace_kind { PACE_ASK, PACE_ANSWER, PACE_GIVE_BACK, PACE_SILENT };

struct pace_message {
    struct message message;
    enum pace_kind kind;
    union {
        struct lane_ask ask;
        struct lane_answer answer; /* with a reference to the sample, or NULL */
        struct lane_return back;   /* likewise */
    };
};

static struct bytes ip_key(const struct ip_addr *ip)
{
    return bytes_make(ip, sizeof *ip);
}

static void deliver(struct message *message, void *receiver);

/* Sends a message. Without memory a request would be lost for good, as the caller of pace_request has no
 * other path to an answer: the process ends. */
static void post(struct worker *to, const struct pace_message *content)
{
    struct pace_message *message = malloc(sizeof *message);
    if (message == NULL)
        out_of_memory("a turn at an address");
    *message = *content;
    message->message.deliver = deliver;
    loop_post(&to->loop, &message->message);
}

static void post_answer(const struct lane_answer *answer)
{
    const struct pace_message message = {.kind = PACE_ANSWER, .answer = *answer};
    post(answer->from, &message);
}

struct pacer *pacer_create(struct worker *worker)
{
    struct pacer *pacer = calloc(1, sizeof *pacer);
    if (pacer == NULL)
        return NULL;
    slots_init(&pacer->requests);
    if (!lanes_init(&pacer->lanes, worker, post_answer)) {
        pacer_destroy(pacer);
        return NULL;
    }
    return pacer;
}

static void request_free(void *object, void *arg)
{
    (void)arg;
    free(object);
}

void pacer_destroy(struct pacer *pacer)
{
    if (pacer == NULL)
        return;
    lanes_dispose(&pacer->lanes);
    slots_each(&pacer->requests, request_free, NULL);
    slots_dispose(&pacer->requests);
    free(pacer);
}

void pacer_new_pass(struct pacer *pacer)
{
    lanes_new_pass(&pacer->lanes);
}

void pacer_forget_silence(struct pacer *pacer)
{
    lanes_forget_silence(&pacer->lanes);
}

size_t pacer_open(const struct pacer *pacer, enum pace_class class)
{
    return pacer->lanes.gates[class].open;
}

/* Returns the loop that owns the address for this class: it has the places of those who go there. */
static struct worker *owner_of(const struct worker *worker, const struct ip_addr *ip, enum pace_class class)
{
    uint32_t owners = paces_owners(worker->context->config, class, worker->count);
    return worker_among(worker, ip_key(ip), owners);
}

/* ---- messages ------------------------------------------------------------------------------------------ */

static void on_answer(struct worker *worker, struct lane_answer *answer)
{
    struct request *request = slots_remove(&worker->pacer->requests, answer->handle);
    if (request == NULL) {
        if (answer->turn.answer == PACE_GRANTED && answer->class == PACE_SMTP)
            pace_release_probe(worker, &answer->ip, answer->domain, false, NULL);
        else if (answer->turn.answer == PACE_GRANTED)
            pace_release(worker, &answer->ip, answer->class, false);
        return;
    }
    pace_done done = request->done;
    void *arg = request->arg;
    free(request);
    answer->turn.sample = answer->sample;
    done(arg, &answer->turn);
}

static struct probe_sample *sample_of(const struct pace_message *message)
{
    return message->kind == PACE_ANSWER      ? message->answer.sample
           : message->kind == PACE_GIVE_BACK ? message->back.sample
                                             : NULL;
}

static void deliver(struct message *raw, void *receiver)
{
    struct pace_message *message = (struct pace_message *)raw;
    struct worker *worker = receiver;
    if (worker->pacer != NULL) {
        if (message->kind == PACE_ASK)
            lanes_ask(&worker->pacer->lanes, &message->ask);
        else if (message->kind == PACE_GIVE_BACK)
            lanes_give_back(&worker->pacer->lanes, &message->back);
        else if (message->kind == PACE_SILENT)
            lanes_note_silent(&worker->pacer->lanes, &message->back.ip, message->back.class);
        else
            on_answer(worker, &message->answer);
    }
    probe_sample_release(sample_of(message));
    free(message);
}

/* ---- the asking loop's side ---------------------------------------------------------------------------- */

static const char *label_before(const char *name, const char *at)
{
    if (at == name)
        return at;
    for (at--; at > name && at[-1] != '.'; at--) {
    }
    return at;
}

uint64_t pace_domain(const struct worker *worker, const char *host)
{
    bool is_suffix = false;
    const char *suffix = suffix_of(host, &is_suffix);
    if (suffix == NULL)
        suffix = hostname_tld(host);
    const char *domain = label_before(host, suffix);
    return map_hash(bytes_of(domain), worker->context->hash_seed) | 1;
}

static struct handle ask(struct worker *worker, const struct lane_ask *what, pace_done done, void *arg)
{
    struct pace_message message = {.kind = PACE_ASK, .ask = *what};
    struct request *request = calloc(1, sizeof *request);
    if (request == NULL)
        return (struct handle){0, 0};
    *request = (struct request){.done = done, .arg = arg};
    struct handle handle = slots_add(&worker->pacer->requests, request);
    if (!handle_is_set(handle)) {
        free(request);
        return handle;
    }
    message.ask.from = worker;
    message.ask.handle = handle;
    post(owner_of(worker, &what->ip, what->class), &message);
    return handle;
}

struct handle pace_request(struct worker *worker, const struct ip_addr *ip, enum pace_class class,
                           pace_done done, void *arg)
{
    const struct lane_ask what = {.ip = *ip, .class = class};
    return ask(worker, &what, done, arg);
}

struct handle pace_request_again(struct worker *worker, const struct ip_addr *ip, uint64_t domain,
                                 pace_done done, void *arg)
{
    const struct lane_ask what = {.ip = *ip, .class = PACE_SMTP, .domain = domain};
    return ask(worker, &what, done, arg);
}

struct handle pace_request_name(struct worker *worker, const struct ip_addr *ip, uint64_t domain, bool exempt,
                                pace_done done, void *arg)
{
    const struct lane_ask what = {
        .ip = *ip, .class = PACE_SMTP, .domain = domain, .name = true, .exempt = exempt};
    return ask(worker, &what, done, arg);
}

struct handle pace_request_share(struct worker *worker, const struct ip_addr *ip, uint64_t domain,
                                 pace_done done, void *arg)
{
    const struct lane_ask what = {.ip = *ip, .class = PACE_SMTP, .domain = domain, .shares = true};
    return ask(worker, &what, done, arg);
}

void pace_cancel(struct worker *worker, struct handle handle)
{
    free(slots_remove(&worker->pacer->requests, handle));
}

void pace_note_silent(struct worker *worker, const struct ip_addr *ip, enum pace_class class)
{
    const struct pace_message message = {.kind = PACE_SILENT, .back = {.ip = *ip, .class = class}};
    post(owner_of(worker, ip, class), &message);
}

void pace_release(struct worker *worker, const struct ip_addr *ip, enum pace_class class, bool timed_out)
{
    const struct pace_message message = {.kind = PACE_GIVE_BACK,
                                         .back = {.ip = *ip, .class = class, .timed_out = timed_out}};
    post(owner_of(worker, ip, class), &message);
}

void pace_release_probe(struct worker *worker, const struct ip_addr *ip, uint64_t domain, bool timed_out,
                        struct probe_sample *sample)
{
    const struct pace_message message = {
        .kind = PACE_GIVE_BACK,
        .back = {.ip = *ip, .class = PACE_SMTP, .domain = domain, .timed_out = timed_out, .sample = sample}};
    post(owner_of(worker, ip, PACE_SMTP), &message);
}
