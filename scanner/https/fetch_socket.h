/*
 * Opens the socket of a fetch, and ends it with the fetch. libcurl closes a socket when it likes: releases
 * from 8.10 on may close the connection in the background. But the turn at the address is over with the
 * fetch, and so must the connection be.
 */
#ifndef STSWEEP_HTTPS_FETCH_SOCKET_H
#define STSWEEP_HTTPS_FETCH_SOCKET_H

#include <curl/curl.h>

#include "scanner/base/ip.h"

struct fetch_socket {
    struct ip_addr ip; /* nothing but this address gets a socket */
    uint16_t port;
    int fd;          /* as it was opened, -1 for none; libcurl does not always say when it closes it */
    int sys_errno;   /* why there is none, or 0; libcurl does not say */
    uint64_t cookie; /* the kernel's, which tells it from a later socket of the same number */
};

/* Opens a socket when libcurl asks for one. */
curl_socket_t fetch_socket_open(struct fetch_socket *socket, curlsocktype purpose,
                                const struct curl_sockaddr *address);

/* Ends the fetch: if the connection is still open it is shut down, both ways. */
void fetch_socket_end(struct fetch_socket *socket);

#endif
