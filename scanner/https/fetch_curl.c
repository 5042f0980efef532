/* Makes events of the sockets and times that libcurl waits for, and calls curl_multi_socket_action for them.
 */
#include "scanner/https/fetch_curl.h"

#include <stdlib.h>

#include "scanner/base/list.h"
#include "scanner/tls/flow.h"

struct curl_loop {
    struct event_base *base;
    CURLM *multi;
    struct event *timer;
    struct list watches;
    curl_loop_done done;
    curl_loop_peer peer;
    struct place *place; /* or NULL */
    void *arg;
    bool busy;      /* delivering: done is being called */
    bool destroyed; /* by done; the function that delivers frees it */
};

/* A socket that libcurl waits for. */
struct watch {
    struct list link;
    struct curl_loop *loop;
    struct event *event;
    struct ip_addr ip; /* kept, for libcurl may hold a connection longer than its transfer */
};

/* Calls done for transfers that have ended. done may destroy the loop: after it only `destroyed` may be read.
 */
static void deliver(struct curl_loop *loop)
{
    int left;
    CURLMsg *message;
    loop->busy = true;
    while (!loop->destroyed && (message = curl_multi_info_read(loop->multi, &left)) != NULL)
        if (message->msg == CURLMSG_DONE)
            loop->done(loop->arg, message->easy_handle, message->data.result);
    loop->busy = false;
    if (loop->destroyed)
        free(loop);
}

/* Tells libcurl of an event. ip: that of the socket's peer, or NULL. */
static void act(struct curl_loop *loop, const struct ip_addr *ip, curl_socket_t fd, int what)
{
    int running;
    flow_turn();
    if (ip != NULL)
        place_enter(loop->place, PLACE_POLICY, ip);
    (void)curl_multi_socket_action(loop->multi, fd, what, &running);
    place_leave(loop->place);
    deliver(loop);
}

static void on_ready(evutil_socket_t fd, short events, void *arg)
{
    int what =
        ((events & EV_READ) != 0 ? CURL_CSELECT_IN : 0) | ((events & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
    struct watch *watch = arg;
    struct ip_addr ip = watch->ip;
    act(watch->loop, &ip, fd, what);
}

static void on_timer(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    act(arg, NULL, CURL_SOCKET_TIMEOUT, 0);
}

static void watch_free(struct watch *watch)
{
    if (watch->event != NULL)
        event_free(watch->event);
    list_remove(&watch->link);
    free(watch);
}

static struct watch *watch_create(struct curl_loop *loop, curl_socket_t fd)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->loop = loop;
    list_add(&loop->watches, &watch->link);
    (void)curl_multi_assign(loop->multi, fd, watch);
    return watch;
}

/* Serves libcurl as its CURLMOPT_SOCKETFUNCTION. Without memory the transfer gets no events until its
 * deadline: an error returned here would end all the others. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
    struct curl_loop *loop = arg;
    struct watch *watch = of_socket;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            watch_free(watch);
        return 0;
    }
    if (watch == NULL && (watch = watch_create(loop, fd)) == NULL)
        return 0;
    loop->peer(easy, &watch->ip);
    short events = EV_PERSIST;
    events |= (what & CURL_POLL_IN) != 0 ? EV_READ : 0;
    events |= (what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0;
    if (watch->event != NULL)
        event_free(watch->event);
    watch->event = event_new(loop->base, fd, events, on_ready, watch);
    if (watch->event != NULL)
        (void)event_add(watch->event, NULL);
    return 0;
}

/* Serves libcurl as its CURLMOPT_TIMERFUNCTION. */
static int on_timer_wish(CURLM *multi, long timeout_ms, void *arg)
{
    struct curl_loop *loop = arg;
    struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
    (void)multi;
    if (timeout_ms < 0)
        (void)event_del(loop->timer);
    else
        (void)event_add(loop->timer, &timeout);
    return 0;
}

static bool set_up(struct curl_loop *loop)
{
    loop->timer = evtimer_new(loop->base, on_timer, loop);
    loop->multi = curl_multi_init();
    return loop->timer != NULL && loop->multi != NULL &&
           curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish) == CURLM_OK &&
           curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop) == CURLM_OK;
}

struct curl_loop *curl_loop_create(struct event_base *base, curl_loop_done done, curl_loop_peer peer,
                                   void *arg)
{
    struct curl_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return NULL;
    *loop = (struct curl_loop){.base = base, .done = done, .peer = peer, .arg = arg};
    list_init(&loop->watches);
    if (!set_up(loop)) {
        curl_loop_destroy(loop);
        return NULL;
    }
    return loop;
}

void curl_loop_place(struct curl_loop *loop, struct place *place)
{
    loop->place = place;
}

void curl_loop_destroy(struct curl_loop *loop)
{
    struct list *link;
    if (loop == NULL)
        return;
    (void)curl_multi_cleanup(loop->multi);
    while ((link = list_first(&loop->watches)) != NULL)
        watch_free(list_entry(link, struct watch, link));
    if (loop->timer != NULL)
        event_free(loop->timer);
    loop->destroyed = true;
    if (!loop->busy)
        free(loop);
}

bool curl_loop_add(struct curl_loop *loop, CURL *easy)
{
    return curl_multi_add_handle(loop->multi, easy) == CURLM_OK;
}

void curl_loop_remove(struct curl_loop *loop, CURL *easy)
{
    (void)curl_multi_remove_handle(loop->multi, easy);
}
