/*
 * The socket of a fetch. libcurl closes it when it likes: releases from 8.10 on may say good-bye in the
 * background. But an address's turn is over with the fetch, and so is the connection.
 */
#ifndef STSWEEP_HTTPS_FETCH_SOCKET_H
#define STSWEEP_HTTPS_FETCH_SOCKET_H

#include <curl/curl.h>

#include "scanner/base/ip.h"

struct fetch_socket {
    struct ip_addr ip; /* nothing but this address gets a socket */
    uint16_t port;
    int fd;          /* as it was opened, -1 for none; libcurl does not always say when it closes it */
    uint64_t cookie; /* the kernel's, by which it is known again */
};

/* For libcurl, which asks for a socket. */
curl_socket_t fetch_socket_open(struct fetch_socket *socket, curlsocktype purpose,
                                const struct curl_sockaddr *address);

/* The fetch is over: where the connection still stands it is shut down, both ways. */
void fetch_socket_end(struct fetch_socket *socket);

#endif
