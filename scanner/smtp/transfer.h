/*
 * Bytes in and out of a probe's connection, plain or inside TLS, and why none moved. It waits for nothing.
 */
#ifndef STSWEEP_SMTP_TRANSFER_H
#define STSWEEP_SMTP_TRANSFER_H

#include <event2/event.h>
#include <openssl/ssl.h>

#include "scanner/base/bytes.h"

struct transfer {
    size_t len;  /* bytes moved */
    short wants; /* EV_READ or EV_WRITE to wait for where none were */
    int error;   /* neither: an errno, 0 for a close */
    int alert;   /* neither, as the peer sent this fatal alert; else -1 */
};

/* ssl is NULL outside TLS. */
struct transfer transfer_read(SSL *ssl, int fd, uint8_t *space, size_t size);
struct transfer transfer_write(SSL *ssl, int fd, struct bytes data);

/* EV_READ or EV_WRITE to wait for, or 0 where the connection is broken: *error is an errno, 0 for a close. To
 * be asked right after the call of OpenSSL's that returned result. */
short transfer_wants(const SSL *ssl, int result, int *error);

#endif
