/*
 * The floor of a policy's fetch: libcurl's multi_socket on libevent, one X509_STORE for all, chain and name
 * verified by libcurl, the body read and thrown away. Usage: floor_fetch ROOT.pem HOSTS-FILE LIVE
 * [legacy]   (a line of the file: host address; legacy: keys are decoded as tls.legacy_decoder has it)
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#include "bench/bench.h"
#include "scanner/tls/legacy.h"

struct run {
    struct event_base *base;
    struct event *timer;
    CURLM *multi;
    X509_STORE *store;
    struct bench_names hosts;
    size_t next;
    size_t ended;
    size_t good;
};

struct fetch {
    struct curl_slist *address;
    size_t bytes;
};

static CURLcode on_context(CURL *easy, void *context, void *store)
{
    (void)easy;
    SSL_CTX_set1_cert_store(context, store);
    return CURLE_OK;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct fetch *fetch = arg;
    (void)data;
    fetch->bytes += size * count;
    return size * count;
}

static void start_next(struct run *run)
{
    char host[300];
    char address[32];
    char text[400];
    if (run->next == run->hosts.count)
        return;
    struct fetch *fetch = calloc(1, sizeof *fetch);
    CURL *easy = curl_easy_init();
    if (fetch == NULL || easy == NULL ||
        sscanf(run->hosts.list[run->next++], "%299s %31s", host, address) != 2)
        bench_die("hosts", "not \"host address\"");
    (void)snprintf(text, sizeof text, "+%s:443:%s", host, address);
    fetch->address = curl_slist_append(NULL, text);
    (void)snprintf(text, sizeof text, "https://%s/.well-known/mta-sts.txt", host);
    curl_easy_setopt(easy, CURLOPT_URL, text);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, fetch->address);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, run->store);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    (void)curl_multi_add_handle(run->multi, easy);
}

static void reap(struct run *run)
{
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(run->multi, &left)) != NULL;) {
        CURL *easy = message->easy_handle;
        struct fetch *fetch = NULL;
        long status = 0;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode result = message->data.result;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        run->good += result == CURLE_OK && status == 200 && fetch->bytes > 0;
        (void)curl_multi_remove_handle(run->multi, easy);
        curl_easy_cleanup(easy);
        curl_slist_free_all(fetch->address);
        free(fetch);
        if (++run->ended == run->hosts.count)
            (void)event_base_loopbreak(run->base);
        start_next(run);
    }
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    struct run *run = arg;
    int running = 0;
    int flags =
        ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    (void)curl_multi_socket_action(run->multi, fd < 0 ? CURL_SOCKET_TIMEOUT : fd, flags, &running);
    reap(run);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
    struct run *run = arg;
    struct event *event = known;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        event_free(event);
        return 0;
    }
    short wanted = (short)(((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                           ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0) | EV_PERSIST);
    if (event == NULL) {
        event = event_new(run->base, fd, wanted, on_event, run);
        (void)curl_multi_assign(run->multi, fd, event);
    } else {
        (void)event_del(event);
        (void)event_assign(event, run->base, fd, wanted, on_event, run);
    }
    (void)event_add(event, NULL);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct run *run = arg;
    const struct timeval wait = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    (void)multi;
    if (ms < 0)
        (void)event_del(run->timer);
    else
        (void)event_add(run->timer, &wait);
    return 0;
}

static X509_STORE *read_roots(const char *path)
{
    X509_STORE *store = X509_STORE_new();
    if (store == NULL || X509_STORE_load_file(store, path) != 1)
        bench_die(path, "no roots");
    return store;
}

int main(int argc, char **argv)
{
    struct run run = {0};
    if (argc != 4 && argc != 5)
        bench_die("usage", "floor_fetch ROOT.pem HOSTS-FILE LIVE [legacy]");
    if (argc == 5)
        (void)tls_legacy_decoder_use();
    (void)curl_global_init(CURL_GLOBAL_ALL);
    run.hosts = bench_read_names(argv[2]);
    run.store = read_roots(argv[1]);
    run.base = event_base_new();
    run.multi = curl_multi_init();
    if (run.base == NULL || run.multi == NULL)
        bench_die("setup", "out of memory");
    run.timer = event_new(run.base, -1, 0, on_event, &run);
    curl_multi_setopt(run.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(run.multi, CURLMOPT_SOCKETDATA, &run);
    curl_multi_setopt(run.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(run.multi, CURLMOPT_TIMERDATA, &run);
    struct bench_cpu since = bench_cpu();
    for (size_t live = strtoul(argv[3], NULL, 10); live > 0; live--)
        start_next(&run);
    (void)event_base_loop(run.base, EVLOOP_NO_EXIT_ON_EMPTY);
    return bench_report("floor_fetch", run.hosts.count, run.good, since);
}
