/*
 * Leads fetches from start to done: easy handles and their pool, deadlines, libcurl's callbacks. fetch_tls
 * and fetch_answer collect, fetch_end makes facts of that. Nothing here looks a name up or judges.
 */
#include "scanner/https/fetch.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/list.h"
#include "scanner/config/config.h"
#include "scanner/facts/record_kept.h"
#include "scanner/https/fetch_curl.h"
#include "scanner/https/fetch_end.h"
#include "scanner/https/fetch_socket.h"
#include "scanner/tls/cert_cache.h"
#include "scanner/tls/chain_cache.h"
#include "scanner/tls/told.h"

/* WIRE_BYTES: how many bytes certificates, headers and coding may have besides the body. WIRE_FACTOR: how
 * many times its length the body may have, as it may come in small chunks, each a TLS record of its own. */
enum {
    HOST_BYTES_MAX = 253,
    URL_BYTES = 300,
    AGENT_BYTES = 512,
    IDLE_KEPT = 64,
    WIRE_BYTES = 256 * 1024,
    WIRE_FACTOR = 8
};

struct fetcher {
    struct event_base *base;
    struct trust *trust;
    struct chain_cache *chains;
    struct cert_cache *certs;
    struct curl_loop *loop;
    struct place *place; /* or NULL */
    struct curl_slist *headers;
    struct slots live;
    struct list idle;
    size_t idle_count;
    size_t max_bytes;
    int64_t connect_timeout_ms;
    char agent[AGENT_BYTES];
    bool curl_ready;
};

struct fetch {
    struct list idle;
    struct fetcher *fetcher;
    CURL *easy;
    struct event *timer;
    struct handle handle;
    struct fetch_request request;
    struct curl_slist *connect_to;
    struct fetch_socket socket;
    struct fetch_facts facts;
    struct fetch_tls tls;
    struct fetch_answer answer;
    int64_t started_ms;
    int64_t connect_deadline_ms;
    int64_t deadline_ms;
    bool allowed; /* more bytes on the wire, as the policy is a long one */
    bool unstarted, in_loop;
    char host[HOST_BYTES_MAX + 1];
    char url[URL_BYTES];
};

/* ---- libcurl's callbacks ------------------------------------------------------------------------------- */

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    size_t len = size * count;
    if (fetch->request.trace != NULL)
        trace_bytes(fetch->request.trace, fetch->host, &fetch->request.ip, "<", bytes_make(data, len));
    return fetch_answer_header(&fetch->answer, bytes_make(data, len)) ? len : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    size_t len = size * count;
    if (len == 0)
        return 0;
    bool more = fetch_answer_body(&fetch->answer, bytes_make(data, len));
    if (fetch->answer.body.len > POLICY_BYTES_JUDGED && !fetch->allowed) {
        fetch->allowed = true; /* only now: policy.max_bytes is to decide nothing of a shorter one */
        flow_allow(fetch->tls.flow, WIRE_FACTOR * (fetch->fetcher->max_bytes - POLICY_BYTES_JUDGED));
    }
    return more ? len : 0;
}

static CURLcode on_ssl_ctx(CURL *easy, void *ctx, void *arg)
{
    struct fetch *fetch = arg;
    (void)easy;
    enum error error = fetch_tls_setup(ctx, fetch->fetcher->trust, &fetch->tls);
    tls_context_cache(ctx, fetch->fetcher->chains);
    tls_context_certs(ctx, fetch->fetcher->certs);
    return error == ERR_OK ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fetch *fetch = arg;
    place_enter(fetch->fetcher->place, PLACE_POLICY, &fetch->request.ip);
    return fetch_socket_open(&fetch->socket, purpose, address);
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static void destroy(struct fetch *fetch)
{
    curl_easy_cleanup(fetch->easy);
    if (fetch->timer != NULL)
        event_free(fetch->timer);
    free(fetch);
}

/* Takes a fetch from libcurl, and keeps it among the idle ones if it may be used again. */
static void release(struct fetch *fetch, bool reuse)
{
    struct fetcher *fetcher = fetch->fetcher;
    fetch_tls_close(&fetch->tls);
    if (fetch->in_loop)
        curl_loop_remove(fetcher->loop, fetch->easy);
    fetch->in_loop = false;
    fetch_tls_mute(&fetch->tls);
    fetch_socket_end(&fetch->socket);
    (void)event_del(fetch->timer);
    (void)slots_remove(&fetcher->live, fetch->handle);
    (void)curl_easy_setopt(fetch->easy, CURLOPT_CONNECT_TO, NULL);
    curl_slist_free_all(fetch->connect_to);
    fetch->connect_to = NULL;
    fetch_answer_dispose(&fetch->answer);
    if (!reuse || fetcher->idle_count >= IDLE_KEPT) {
        destroy(fetch);
        return;
    }
    list_add(&fetcher->idle, &fetch->idle);
    fetcher->idle_count++;
}

/* Returns whether libcurl's handle may be used again. */
static bool conclude(struct fetch *fetch, enum fetch_cause cause, CURLcode result)
{
    long sys_errno = 0;
    struct fetch_end end = {.cause = cause, .result = result, .url = fetch->url};
    (void)curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &sys_errno);
    end.sys_errno = fetch->socket.sys_errno != 0 ? fetch->socket.sys_errno : (int)sys_errno;
    fetch_conclude(&end, &fetch->tls, &fetch->answer, &fetch->facts);
    fetch->facts.ms = (uint32_t)(clock_monotonic_ms() - fetch->started_ms);
    return fetch_end_is_clean(&end, &fetch->answer);
}

static void tell_end(const struct fetch *fetch)
{
    const struct fetch_facts *facts = &fetch->facts;
    struct trace *trace = fetch->request.trace;
    const struct ip_addr *ip = &fetch->request.ip;
    if (facts->tls.end != TLS_NOT_TRIED)
        tls_tell(trace, fetch->host, ip, &facts->tls);
    trace_say(trace, fetch->host, ip, "fetch ended at %s%s%s%s: status %d, %zu bytes, %u ms",
              fetch_step_name(facts->step), facts->net == NET_OK ? "" : ", ",
              facts->net == NET_OK ? "" : net_error_name(facts->net), facts->deadline ? ", deadline" : "",
              facts->http_status, facts->body.len, (unsigned)facts->ms);
}

/* Ends a fetch and calls done, in which the caller may destroy the fetcher: nothing is touched after it. A
 * handle whose transfer failed is not used again, as libcurl keeps the last errno in it. */
static void finish(struct fetch *fetch, enum fetch_cause cause, CURLcode result)
{
    struct fetch_request request = fetch->request;
    const bool clean = conclude(fetch, cause, result);
    if (request.trace != NULL)
        tell_end(fetch);
    struct fetch_facts spare = fetch->facts;
    struct fetch_facts *facts = arena_alloc(request.arena, sizeof *facts);
    release(fetch, clean);
    if (facts != NULL)
        *facts = spare;
    request.done(request.arg, facts == NULL ? &spare : facts);
}

/* Says whether the flow's ceiling ended the transfer: then libcurl found the connection broken. A transfer
 * that our own callbacks stopped has another reason. */
static bool is_flood(const struct fetch *fetch, CURLcode result)
{
    return flow_excess(fetch->tls.flow) != FLOW_WITHIN && result != CURLE_OK && result != CURLE_WRITE_ERROR;
}

/* Serves curl_loop as its done. */
static void on_transfer_done(void *arg, CURL *easy, CURLcode result)
{
    struct fetch *fetch = NULL;
    (void)arg;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
    finish(fetch, is_flood(fetch, result) ? CAUSE_FLOOD : CAUSE_TRANSFER, result);
}

/* Serves curl_loop as its peer. */
static void tell_peer(CURL *easy, struct ip_addr *ip)
{
    const struct fetch *fetch = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch) == CURLE_OK && fetch != NULL)
        *ip = fetch->request.ip;
}

/* Returns the time left until the deadline for connecting, later until the one for the whole fetch. */
static int64_t time_left(const struct fetch *fetch)
{
    int64_t deadline_ms = fetch->deadline_ms;
    if (!fetch->tls.started && fetch->connect_deadline_ms < deadline_ms)
        deadline_ms = fetch->connect_deadline_ms;
    return deadline_ms - clock_monotonic_ms();
}

static void arm(struct fetch *fetch, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    struct timeval timeout = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    (void)event_add(fetch->timer, &timeout);
}

/* Ends a fetch whose time is over. libevent's clock is coarse, and its now is that of the loop's last turn,
 * so it may call too early. */
static void on_timer(evutil_socket_t fd, short events, void *arg)
{
    struct fetch *fetch = arg;
    int64_t left = time_left(fetch);
    (void)fd;
    (void)events;
    if (fetch->unstarted)
        finish(fetch, CAUSE_UNSTARTED, CURLE_OK);
    else if (left > 0)
        arm(fetch, left);
    else
        finish(fetch, CAUSE_TIMEOUT, CURLE_OK);
}

/* ---- the start ----------------------------------------------------------------------------------------- */

/* Sets a long option; false if libcurl refuses it. */
static bool set_long(CURL *easy, CURLoption option, long value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

static bool set_data(CURL *easy, CURLoption option, const void *value)
{
    return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

/* HTTP09_ALLOWED: what is no answer comes to on_body, which ends it. The body comes as it is on the wire, and
 * fetch_answer says where it ends: releases of libcurl differ in what they take for a length or a coding. */
static bool set_http(CURL *easy, const struct fetcher *fetcher)
{
    return set_data(easy, CURLOPT_PROTOCOLS_STR, "https") &&
           set_long(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1) &&
           set_long(easy, CURLOPT_HTTP09_ALLOWED, 1) && set_long(easy, CURLOPT_HTTP_TRANSFER_DECODING, 0) &&
           set_long(easy, CURLOPT_IGNORE_CONTENT_LENGTH, 1) && set_long(easy, CURLOPT_FOLLOWLOCATION, 0) &&
           set_data(easy, CURLOPT_PROXY, "") && set_data(easy, CURLOPT_NOPROXY, "*") &&
           set_data(easy, CURLOPT_USERAGENT, fetcher->agent) &&
           set_data(easy, CURLOPT_HTTPHEADER, fetcher->headers);
}

/* Sets the options of the connection. DNS_CACHE_TIMEOUT 0: the numeric address of CONNECT_TO is parsed each
 * time and never kept, so the cache stays empty however many fetches there are. */
static bool set_connection(CURL *easy)
{
    return set_long(easy, CURLOPT_NOSIGNAL, 1) && set_long(easy, CURLOPT_FORBID_REUSE, 1) &&
           set_long(easy, CURLOPT_FRESH_CONNECT, 1) && set_long(easy, CURLOPT_DNS_CACHE_TIMEOUT, 0);
}

/* Makes libcurl verify nothing: the roots are ours, and so is the judgement (fetch_tls_setup). */
static bool set_tls(CURL *easy)
{
    return set_data(easy, CURLOPT_CAINFO, NULL) && set_data(easy, CURLOPT_CAPATH, NULL) &&
           set_long(easy, CURLOPT_SSL_VERIFYPEER, 0) && set_long(easy, CURLOPT_SSL_VERIFYHOST, 0) &&
           set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2) &&
           set_long(easy, CURLOPT_SSL_SESSIONID_CACHE, 0) &&
           curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx) == CURLE_OK;
}

static bool set_callbacks(CURL *easy, struct fetch *fetch)
{
    return curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           set_data(easy, CURLOPT_HEADERDATA, fetch) && set_data(easy, CURLOPT_WRITEDATA, fetch) &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket) == CURLE_OK &&
           set_data(easy, CURLOPT_OPENSOCKETDATA, fetch) && set_data(easy, CURLOPT_SSL_CTX_DATA, fetch) &&
           set_data(easy, CURLOPT_PRIVATE, fetch);
}

static struct fetch *create(struct fetcher *fetcher)
{
    struct fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL)
        return NULL;
    fetch->fetcher = fetcher;
    fetch->easy = curl_easy_init();
    fetch->timer = evtimer_new(fetcher->base, on_timer, fetch);
    if (fetch->easy == NULL || fetch->timer == NULL || !set_http(fetch->easy, fetcher) ||
        !set_connection(fetch->easy) || !set_tls(fetch->easy) || !set_callbacks(fetch->easy, fetch)) {
        destroy(fetch);
        return NULL;
    }
    list_init(&fetch->idle);
    return fetch;
}

static struct fetch *take(struct fetcher *fetcher)
{
    struct list *link = list_first(&fetcher->idle);
    if (link == NULL)
        return create(fetcher);
    list_remove(link);
    fetcher->idle_count--;
    return list_entry(link, struct fetch, idle);
}

/* Says whether the text is a host and cannot mean more than that in a URL. */
static bool is_host(const char *host)
{
    size_t len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");
    return len > 0 && len <= HOST_BYTES_MAX && host[len] == '\0';
}

/* Sets URL and address: SNI and Host come from the URL, the connection goes to the address. */
static bool set_target(struct fetch *fetch)
{
    const struct fetch_request *request = &fetch->request;
    char ip[IP_TEXT_BYTES];
    char target[IP_TEXT_BYTES + 16];
    char port[8] = "";
    if (!is_host(request->host) || (request->ip.family != 4 && request->ip.family != 6))
        return false;
    (void)snprintf(fetch->host, sizeof fetch->host, "%s", request->host);
    if (request->port != 443)
        (void)snprintf(port, sizeof port, ":%u", request->port);
    (void)snprintf(fetch->url, sizeof fetch->url, "https://%s%s/.well-known/mta-sts.txt", fetch->host, port);
    (void)snprintf(target, sizeof target, request->ip.family == 6 ? "::[%s]:%u" : "::%s:%u",
                   ip_format(&request->ip, ip), request->port);
    fetch->connect_to = curl_slist_append(NULL, target);
    return fetch->connect_to != NULL && set_data(fetch->easy, CURLOPT_URL, fetch->url) &&
           set_data(fetch->easy, CURLOPT_CONNECT_TO, fetch->connect_to);
}

static void prepare(struct fetch *fetch, const struct fetch_request *request)
{
    const struct fetcher *fetcher = fetch->fetcher;
    fetch->request = *request;
    fetch->started_ms = clock_monotonic_ms();
    fetch->connect_deadline_ms = fetch->started_ms + fetcher->connect_timeout_ms;
    fetch->deadline_ms = fetch->started_ms + request->timeout_ms;
    fetch->socket = (struct fetch_socket){.ip = request->ip, .port = request->port, .fd = -1};
    fetch->facts = (struct fetch_facts){.ip = request->ip, .time = clock_wall_ms(), .tls.alert = -1};
    fetch->tls = (struct fetch_tls){.reference = fetch->host,
                                    .small = request->small,
                                    .arena = request->arena,
                                    .facts = &fetch->facts.tls,
                                    .wire_limit = WIRE_BYTES + WIRE_FACTOR * POLICY_BYTES_JUDGED,
                                    .late_alert = -1};
    fetch->allowed = false;
    fetch_answer_init(&fetch->answer, fetcher->max_bytes, request->arena);
    fetch->unstarted = !set_target(fetch);
    fetch->request.host = fetch->host;
}

struct handle fetch_start(struct fetcher *fetcher, const struct fetch_request *request)
{
    struct handle none = {0, 0};
    struct fetch *fetch = take(fetcher);
    if (fetch == NULL)
        return none;
    fetch->handle = slots_add(&fetcher->live, fetch);
    if (!handle_is_set(fetch->handle)) {
        destroy(fetch);
        return none;
    }
    prepare(fetch, request);
    if (request->trace != NULL)
        trace_say(request->trace, fetch->host, &request->ip, "GET %s", fetch->url);
    fetch->in_loop = !fetch->unstarted && curl_loop_add(fetcher->loop, fetch->easy);
    fetch->unstarted = !fetch->in_loop;
    arm(fetch, fetch->unstarted ? 0 : time_left(fetch));
    return fetch->handle;
}

void fetch_cancel(struct fetcher *fetcher, struct handle handle)
{
    struct fetch *fetch = slots_get(&fetcher->live, handle);
    if (fetch != NULL)
        release(fetch, false);
}

size_t fetch_live(const struct fetcher *fetcher)
{
    return fetcher->live.used;
}

/* ---- the fetcher --------------------------------------------------------------------------------------- */

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* Makes the User-Agent; false if the contact cannot be in a header. */
static bool name_agent(struct fetcher *fetcher, const char *contact)
{
    int len = snprintf(fetcher->agent, sizeof fetcher->agent, "stsweep/%s", STSWEEP_VERSION);
    size_t used = (size_t)len;
    if (contact[0] == '\0')
        return true;
    len = snprintf(fetcher->agent + used, sizeof fetcher->agent - used, " (+%s)", contact);
    return is_printable(contact) && (size_t)len < sizeof fetcher->agent - used;
}

static bool set_up(struct fetcher *fetcher)
{
    fetcher->curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    if (!fetcher->curl_ready)
        return false;
    fetcher->headers = curl_slist_append(NULL, "Accept: text/plain");
    fetcher->loop = curl_loop_create(fetcher->base, on_transfer_done, tell_peer, fetcher);
    return fetcher->headers != NULL && fetcher->loop != NULL;
}

struct fetcher *fetcher_create(struct event_base *base, const struct config *config, struct trust *trust,
                               const char **why)
{
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);
    *why = "out of memory";
    if (fetcher == NULL)
        return NULL;
    *fetcher = (struct fetcher){.base = base,
                                .trust = trust,
                                .chains = chain_cache_create(CHAINS_KEPT, trust_dates(trust)),
                                .certs = cert_cache_create(CERTS_KEPT_BYTES),
                                .max_bytes = policy_bytes_read(config->policy_max_bytes),
                                .connect_timeout_ms = config->policy_connect_timeout};
    slots_init(&fetcher->live);
    list_init(&fetcher->idle);
    tls_library_init();
    if (!name_agent(fetcher, config->smtp_contact)) {
        *why = "smtp.contact is too long or holds control characters";
        goto failed;
    }
    if (!set_up(fetcher)) {
        *why = "libcurl cannot be started";
        goto failed;
    }
    *why = NULL;
    return fetcher;
failed:
    fetcher_destroy(fetcher);
    return NULL;
}

void fetcher_place(struct fetcher *fetcher, struct place *place)
{
    fetcher->place = place;
    curl_loop_place(fetcher->loop, place);
}

static void cancel_one(void *object, void *arg)
{
    (void)arg;
    release(object, false);
}

void fetcher_destroy(struct fetcher *fetcher)
{
    struct list *link;
    if (fetcher == NULL)
        return;
    slots_each(&fetcher->live, cancel_one, NULL);
    while ((link = list_first(&fetcher->idle)) != NULL) {
        list_remove(link);
        destroy(list_entry(link, struct fetch, idle));
    }
    curl_loop_destroy(fetcher->loop);
    curl_slist_free_all(fetcher->headers);
    slots_dispose(&fetcher->live);
    if (fetcher->curl_ready)
        curl_global_cleanup();
    chain_cache_destroy(fetcher->chains);
    cert_cache_destroy(fetcher->certs);
    free(fetcher);
}
