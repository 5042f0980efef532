/*
 * libcurl's multi_socket interface on a libevent base: sockets and timer, nothing of HTTP. One thread.
 */
#ifndef STSWEEP_HTTPS_FETCH_CURL_H
#define STSWEEP_HTTPS_FETCH_CURL_H

#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>

#include "scanner/base/place.h"

struct curl_loop;

/* A transfer has ended. Called from the event base, never from inside libcurl: anything may be done here,
 * also curl_loop_destroy. The easy handle is still in the loop. */
typedef void (*curl_loop_done)(void *arg, CURL *easy, CURLcode result);

/* Whom a transfer is from; a handle that is not of a transfer leaves *ip as it is. */
typedef void (*curl_loop_peer)(CURL *easy, struct ip_addr *ip);

/* NULL where there is no memory. */
struct curl_loop *curl_loop_create(struct event_base *base, curl_loop_done done, curl_loop_peer peer,
                                   void *arg);

/* Where it is to say which peer libcurl works for; outlives it. */
void curl_loop_place(struct curl_loop *loop, struct place *place);

/* All easy handles must have been removed. NULL is fine. */
void curl_loop_destroy(struct curl_loop *loop);

/* done is never called from inside. */
bool curl_loop_add(struct curl_loop *loop, CURL *easy);
void curl_loop_remove(struct curl_loop *loop, CURL *easy);

#endif
