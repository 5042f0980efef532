/* Reads one stored list in pieces. Its memory does not depend on the list. */
#include "input/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"

enum {
    PIECE_BYTES = 64 * 1024,
    POLL_MS = 200, /* how soon a stop is seen while a pipe is silent */
};

static enum error io_failure(struct stored *stored, const char *what)
{
    (void)snprintf(stored->reason, sizeof stored->reason, "%s: %s", what, errno_said(errno));
    return ERR_IO;
}

static bool is_stopped(const struct stored *stored)
{
    return stored->stop != NULL && stored->stop(stored->stop_arg);
}

/* Waits until there is something to read, or the end. */
static enum error wait_readable(struct stored *stored, int fd)
{
    for (;;) {
        if (is_stopped(stored))
            return ERR_STOPPED;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        int count = poll(&ready, 1, POLL_MS);
        if (count > 0)
            return ERR_OK;
        if (count < 0 && errno != EINTR)
            return io_failure(stored, "cannot wait for input");
    }
}

/* Reads the next piece; *len is 0 at the end. */
static enum error read_piece(struct stored *stored, int fd, uint8_t *piece, size_t *len)
{
    for (;;) {
        enum error error = wait_readable(stored, fd);
        if (error != ERR_OK)
            return error;
        ssize_t got = read(fd, piece, PIECE_BYTES);
        if (got >= 0) {
            *len = (size_t)got;
            stored->bytes += *len;
            return ERR_OK;
        }
        if (errno != EINTR && errno != EAGAIN)
            return io_failure(stored, "cannot read");
    }
}

static enum error finish_hash(struct stored *stored, EVP_MD_CTX *hash)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (EVP_DigestFinal_ex(hash, digest, &len) != 1 || len * 2 + 1 != STORED_SHA256_BYTES)
        return ERR_LIBRARY;
    for (unsigned i = 0; i < len; i++)
        (void)snprintf(stored->sha256 + i * 2, 3, "%02x", digest[i]);
    return ERR_OK;
}

static const char *unpacker_of(enum compressed_kind kind)
{
    return kind == COMPRESSED_GZIP ? "zcat" : kind == COMPRESSED_ZSTD ? "zstdcat" : "";
}

static enum error pump(struct stored *stored, int fd, EVP_MD_CTX *hash, struct compressed *compressed,
                       uint8_t *piece)
{
    for (;;) {
        size_t len = 0;
        enum error error = read_piece(stored, fd, piece, &len);
        if (error != ERR_OK)
            return error;
        if (len == 0)
            break;
        if (EVP_DigestUpdate(hash, piece, len) != 1)
            return ERR_LIBRARY;
        error = compressed_feed(compressed, bytes_make(piece, len));
        stored->unpacker = unpacker_of(compressed->kind);
        if (error != ERR_OK)
            return error;
    }
    enum error error = compressed_end(compressed);
    return error == ERR_OK ? finish_hash(stored, hash) : error;
}

static enum error read_open(struct stored *stored, int fd)
{
    enum error error = ERR_MEMORY;
    struct compressed compressed;
    compressed_init(&compressed, stored->sink, stored->arg);
    uint8_t *piece = malloc(PIECE_BYTES);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (piece != NULL && hash != NULL)
        error = EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 ? pump(stored, fd, hash, &compressed, piece)
                                                                 : ERR_LIBRARY;
    if (compressed.reason != NULL)
        (void)snprintf(stored->reason, sizeof stored->reason, "%s", compressed.reason);
    EVP_MD_CTX_free(hash);
    free(piece);
    compressed_dispose(&compressed);
    return error;
}

enum error stored_can_read(const char *path, struct buf *why)
{
    struct stat status;
    if (strcmp(path, "-") == 0)
        return ERR_OK;
    if (stat(path, &status) == 0 && access(path, R_OK) == 0) {
        if (!S_ISDIR(status.st_mode))
            return ERR_OK;
        errno = EISDIR;
    }
    buf_printf(why, "%s: cannot read: %s", shown(path), errno_said(errno));
    return ERR_NOT_FOUND;
}

bool stored_is_file(const char *path)
{
    struct stat status;
    return strcmp(path, "-") != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

uint64_t stored_size(const char *path, int fd, bool is_open)
{
    struct stat status;
    bool is_input = strcmp(path, "-") == 0;
    int result = is_input || is_open ? fstat(is_input ? STDIN_FILENO : fd, &status) : stat(path, &status);
    return result == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
}

/* O_NONBLOCK: a FIFO that nobody writes to must not hold the open; the wait for its bytes can be stopped. */
static int open_path(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

enum error stored_open(const char *path, int *fd, bool *is_open, struct buf *why)
{
    *is_open = false;
    if (strcmp(path, "-") == 0)
        return ERR_OK;
    *fd = open_path(path);
    *is_open = *fd >= 0;
    if (*is_open)
        return ERR_OK;
    buf_printf(why, "%s: cannot open: %s", shown(path), errno_said(errno));
    return error_of_file(errno);
}

enum error stored_read(struct stored *stored)
{
    stored->bytes = 0;
    stored->unpacker = "";
    stored->sha256[0] = '\0';
    stored->reason[0] = '\0';
    if (strcmp(stored->path, "-") == 0)
        return read_open(stored, STDIN_FILENO);
    if (stored->is_open)
        return read_open(stored, stored->fd);
    int fd = open_path(stored->path);
    if (fd < 0)
        return io_failure(stored, "cannot open");
    enum error error = read_open(stored, fd);
    (void)close(fd);
    return error;
}
