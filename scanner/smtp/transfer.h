/*
 * Moves bytes in and out of a probe's connection, plain or inside TLS, and tells why none moved. It waits for
 * nothing.
 */
#ifndef STSWEEP_SMTP_TRANSFER_H
#define STSWEEP_SMTP_TRANSFER_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "scanner/base/bytes.h"

struct transfer {
    size_t len;  /* bytes moved */
    short wants; /* if none moved: EV_READ or EV_WRITE to wait for; 0: the connection has ended */
    int error;   /* if it has ended: an errno, 0 for a close */
    int alert;   /* the peer's fatal alert that ended it, or -1 */
};

/* Read and write once; ssl is NULL outside TLS. */
struct transfer transfer_read(SSL *ssl, int fd, uint8_t *space, size_t size);
struct transfer transfer_write(SSL *ssl, int fd, struct bytes data);

/* Returns EV_READ or EV_WRITE to wait for, or 0 if the connection is broken: *error is an errno, 0 for a
 * close. Call it right after the call of OpenSSL that returned result. */
short transfer_wants(const SSL *ssl, int result, int *error);

#endif
