/*
 * Runs libcurl's multi_socket interface on a libevent base: sockets and timer, nothing of HTTP. One thread.
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

/* Gets the address that a transfer is from; a handle that is of no transfer leaves *ip as it is. */
typedef void (*curl_loop_peer)(CURL *easy, struct ip_addr *ip);

/* Makes a loop; NULL without memory. */
struct curl_loop *curl_loop_create(struct event_base *base, curl_loop_done done, curl_loop_peer peer,
                                   void *arg);

/* Sets the place in which it names the peer that libcurl works for; the place outlives it. */
void curl_loop_place(struct curl_loop *loop, struct place *place);

/* Frees the loop. All easy handles must have been removed. NULL is fine. */
void curl_loop_destroy(struct curl_loop *loop);

/* Add and remove a transfer; done is never called from inside. */
bool curl_loop_add(struct curl_loop *loop, CURL *easy);
void curl_loop_remove(struct curl_loop *loop, CURL *easy);

#endif
