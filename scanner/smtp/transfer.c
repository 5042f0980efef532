/* Calls recv and send, or SSL_read and SSL_write, and gives one kind of result. */
#include "scanner/smtp/transfer.h"

#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "scanner/tls/alert.h"
#include "scanner/tls/flow.h"

short transfer_wants(const SSL *ssl, int result, int *error)
{
    int sys_errno = errno;
    int kind = SSL_get_error(ssl, result);
    *error = 0;
    if (kind == SSL_ERROR_WANT_READ)
        return EV_READ;
    if (kind == SSL_ERROR_WANT_WRITE)
        return EV_WRITE;
    if (kind == SSL_ERROR_SYSCALL && sys_errno != 0)
        *error = sys_errno;
    return 0;
}

static struct transfer of_ssl(const SSL *ssl, int moved)
{
    struct transfer result = {.alert = -1};
    if (moved > 0) {
        result.len = (size_t)moved;
        return result;
    }
    result.wants = transfer_wants(ssl, moved, &result.error);
    result.alert = tls_alert_of(ERR_peek_error());
    return result;
}

static struct transfer of_socket(ssize_t moved, short wants)
{
    struct transfer result = {.alert = -1};
    if (moved > 0)
        result.len = (size_t)moved;
    else if (moved < 0 && (errno == EAGAIN || errno == EINTR))
        result.wants = wants;
    else
        result.error = moved < 0 ? errno : 0;
    return result;
}

struct transfer transfer_read(SSL *ssl, int fd, uint8_t *space, size_t size)
{
    if (ssl == NULL)
        return of_socket(recv(fd, space, size, 0), EV_READ);
    ERR_clear_error();
    errno = 0;
    int got = SSL_read(ssl, space, (int)size);
    if (got > 0)
        flow_data(ssl);
    return of_ssl(ssl, got);
}

struct transfer transfer_write(SSL *ssl, int fd, struct bytes data)
{
    if (ssl == NULL)
        return of_socket(send(fd, data.data, data.len, MSG_NOSIGNAL), EV_WRITE);
    ERR_clear_error();
    errno = 0;
    return of_ssl(ssl, SSL_write(ssl, data.data, (int)data.len));
}
