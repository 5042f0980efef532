/* Writes and reads the spool's file. It knows bytes and buckets, not names. */
#include "input/spool_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"

enum { FIRST_RUNS = 16 };

void spool_runs_init(struct spool_runs *runs, size_t out_bytes)
{
    *runs = (struct spool_runs){.fd = -1, .out_bytes = out_bytes};
}

void spool_runs_dispose(struct spool_runs *runs)
{
    if (runs->fd >= 0)
        (void)close(runs->fd);
    free(runs->runs);
    free(runs->out);
    spool_runs_init(runs, runs->out_bytes);
}

static enum error failed(struct spool_runs *runs, const char *what)
{
    int number = errno;
    (void)snprintf(runs->reason, sizeof runs->reason, "spool file: %s: %s", what, errno_said(number));
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_FULL : ERR_IO;
}

static enum error damaged(struct spool_runs *runs)
{
    (void)snprintf(runs->reason, sizeof runs->reason, "spool file: %s", error_text(ERR_CORRUPT));
    return ERR_CORRUPT;
}

/* Makes a file and takes its name away, if the file system makes no file without a name. */
static int open_and_unlink(const char *directory)
{
    char *path = NULL;
    if (asprintf(&path, "%s/spool.XXXXXX", directory) < 0)
        return -1;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    free(path);
    return fd;
}

enum error spool_runs_open(struct spool_runs *runs, const char *directory)
{
    if (runs->out == NULL)
        runs->out = malloc(runs->out_bytes);
    if (runs->out == NULL)
        return ERR_MEMORY;
    runs->fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (runs->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        runs->fd = open_and_unlink(directory);
    return runs->fd < 0 ? failed(runs, "cannot create") : ERR_OK;
}

static enum error write_at(struct spool_runs *runs, const uint8_t *data, size_t len, uint64_t at)
{
    while (len > 0) {
        ssize_t wrote = pwrite(runs->fd, data, len, (off_t)at);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return failed(runs, "cannot write");
        data += wrote;
        len -= (size_t)wrote;
        at += (uint64_t)wrote;
    }
    return ERR_OK;
}

static enum error read_at(struct spool_runs *runs, void *out, size_t len, uint64_t at)
{
    uint8_t *data = out;
    while (len > 0) {
        ssize_t got = pread(runs->fd, data, len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(runs, "cannot read");
        if (got == 0)
            return damaged(runs);
        data += got;
        len -= (size_t)got;
        at += (uint64_t)got;
    }
    return ERR_OK;
}

enum error spool_runs_begin(struct spool_runs *runs)
{
    if (runs->count == runs->capacity) {
        size_t capacity = runs->capacity == 0 ? FIRST_RUNS : runs->capacity * 2;
        uint64_t *larger = realloc(runs->runs, capacity * sizeof *larger);
        if (larger == NULL)
            return ERR_MEMORY;
        runs->runs = larger;
        runs->capacity = capacity;
    }
    runs->runs[runs->count] = runs->end;
    runs->end += sizeof runs->index; /* the index is written last, into this gap */
    return ERR_OK;
}

void spool_runs_bucket(struct spool_runs *runs, uint32_t bucket)
{
    runs->index[bucket] = runs->end;
}

static enum error flush(struct spool_runs *runs)
{
    enum error error = write_at(runs, runs->out, runs->out_len, runs->end - runs->out_len);
    runs->out_len = 0;
    return error;
}

enum error spool_runs_write(struct spool_runs *runs, struct bytes data)
{
    while (data.len > 0) {
        size_t room = runs->out_bytes - runs->out_len;
        size_t len = data.len < room ? data.len : room;
        memcpy(runs->out + runs->out_len, data.data, len);
        runs->out_len += len;
        runs->end += len;
        data = bytes_behind(data, len);
        enum error error = runs->out_len == runs->out_bytes ? flush(runs) : ERR_OK;
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

enum error spool_runs_end(struct spool_runs *runs)
{
    enum error error = flush(runs);
    if (error != ERR_OK)
        return error;
    runs->index[SPOOL_BUCKETS] = runs->end;
    for (size_t bucket = 0; bucket < SPOOL_BUCKETS; bucket++)
        runs->bucket_bytes[bucket] += runs->index[bucket + 1] - runs->index[bucket];
    uint64_t start = runs->runs[runs->count++];
    return write_at(runs, (const uint8_t *)runs->index, sizeof runs->index, start);
}

enum error spool_runs_load(struct spool_runs *runs, uint32_t bucket, uint8_t *out)
{
    uint64_t left = runs->bucket_bytes[bucket];
    for (size_t i = 0; i < runs->count && left > 0; i++) {
        uint64_t place[2];
        enum error error = read_at(runs, place, sizeof place, runs->runs[i] + bucket * sizeof place[0]);
        if (error != ERR_OK)
            return error;
        if (place[0] > place[1] || place[1] - place[0] > left)
            return damaged(runs);
        size_t len = (size_t)(place[1] - place[0]);
        error = read_at(runs, out, len, place[0]);
        if (error != ERR_OK)
            return error;
        out += len;
        left -= len;
    }
    return left == 0 ? ERR_OK : damaged(runs);
}
