/* Sets damaged bytes aside, copies the whole frames to a new part and renames it into place. Never changes a
 * part in place. */
#include "output/frames/frames_mend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_part.h"
#include "scanner/base/errno_said.h"

enum { CHUNK_BYTES = 65536, SIDE_NAME_BYTES = PART_NAME_BYTES + 56, SIDES_MOST = 1000 };

/* The mending of one part. */
struct mend {
    int dir_fd;
    const char *file; /* the part */
    int from, to;
    uint64_t size;   /* of the part, without a torn tail */
    uint64_t copied; /* bytes of the new one */
    uint64_t torn;   /* bytes behind size */
    struct frames_counters *counters;
    struct buf *why;
};

static enum error failed(const struct mend *mend, const char *what)
{
    int number = errno;
    buf_printf(mend->why, "%s: %s: %s", mend->file, what, errno_said(number));
    return number == ENOSPC || number == EDQUOT || number == EFBIG ? ERR_FULL : ERR_IO;
}

/* Copies bytes of the part to the end of another file. */
static enum error copy(const struct mend *mend, uint64_t offset, uint64_t len, int to)
{
    uint8_t chunk[CHUNK_BYTES];
    while (len > 0) {
        size_t want = len < sizeof chunk ? (size_t)len : sizeof chunk;
        ssize_t got = pread(mend->from, chunk, want, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = EIO; /* it has become shorter */
        if (got <= 0)
            return failed(mend, "cannot read");
        if (!disk_write(to, bytes_make(chunk, (size_t)got)))
            return failed(mend, "cannot write what is to be kept");
        offset += (uint64_t)got;
        len -= (uint64_t)got;
    }
    return ERR_OK;
}

/* Makes the file for damaged bytes. One of an earlier damage at the same offset stays: .damaged, .2.damaged,
 * … */
static int side_file(const struct mend *mend, uint64_t offset)
{
    char name[SIDE_NAME_BYTES];
    int fd = -1;
    bool taken = true;
    for (unsigned number = 1; taken && number <= SIDES_MOST; number++) {
        char again[16] = "";
        if (number > 1)
            (void)snprintf(again, sizeof again, ".%u", number);
        (void)snprintf(name, sizeof name, "%s.%llu%s.damaged", mend->file, (unsigned long long)offset, again);
        fd = disk_open(mend->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL);
        taken = fd < 0 && errno == EEXIST;
    }
    return fd;
}

static enum error set_aside(const struct mend *mend, const struct walk_damage *damage)
{
    int fd = side_file(mend, damage->offset);
    if (fd < 0)
        return failed(mend, "cannot set damaged bytes aside");
    enum error error = copy(mend, damage->offset, damage->bytes, fd);
    if (error == ERR_OK && !disk_sync(fd))
        error = failed(mend, "cannot set damaged bytes aside");
    (void)close(fd);
    return error;
}

/* Writes a frame without records: a part in the middle cannot be without a frame, as readers take an empty
 * file for a broken one. */
static enum error put_empty_frame(const struct mend *mend)
{
    uint8_t frame[64];
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context == NULL)
        return ERR_MEMORY;
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t len = ZSTD_compress2(context, frame, sizeof frame, "", 0);
    ZSTD_freeCCtx(context);
    if (ZSTD_isError(len))
        return ERR_LIBRARY;
    if (!disk_write(mend->to, bytes_make(frame, len)))
        return failed(mend, "cannot write");
    mend->counters->frames++;
    mend->counters->stored_bytes += len;
    return ERR_OK;
}

/* Sets the damaged runs of one part aside, and copies all between them into the new file. */
static enum error split(struct mend *mend, const struct walk_damage *damage, size_t count)
{
    uint64_t at = 0;
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < count; i++) {
        error = set_aside(mend, &damage[i]);
        if (error == ERR_OK)
            error = copy(mend, at, damage[i].offset - at, mend->to);
        mend->copied += damage[i].offset - at;
        at = damage[i].offset + damage[i].bytes;
    }
    if (error == ERR_OK)
        error = copy(mend, at, mend->size - at, mend->to);
    mend->copied += mend->size - at;
    return error;
}

static enum error mend_open(struct mend *mend, const struct walk_damage *damage, size_t count, bool last)
{
    char name[SIDE_NAME_BYTES];
    struct stat status;
    (void)snprintf(name, sizeof name, "%s.mending", mend->file);
    mend->from = disk_open(mend->dir_fd, mend->file, O_RDONLY);
    mend->to = disk_open(mend->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC);
    if (mend->from < 0 || mend->to < 0 || fstat(mend->from, &status) != 0)
        return failed(mend, "cannot mend");
    if (!last)
        mend->size = (uint64_t)status.st_size;
    mend->torn = (uint64_t)status.st_size - mend->size;
    enum error error = split(mend, damage, count);
    if (error == ERR_OK && !last && mend->copied == 0)
        error = put_empty_frame(mend);
    if (error == ERR_OK &&
        (!disk_sync(mend->to) || !disk_sync(mend->dir_fd) ||
         renameat(mend->dir_fd, name, mend->dir_fd, mend->file) != 0 || !disk_sync(mend->dir_fd)))
        error = failed(mend, "cannot put the mended part into place");
    return error;
}

/* Mends one part. size is that of the last part, for which it is known. */
static enum error mend_part(const struct frames_options *options, struct walk_end *end, size_t first,
                            size_t count, struct buf *why)
{
    char file[PART_NAME_BYTES];
    uint32_t part = end->damage[first].part;
    bool last = part + 1 == end->parts;
    struct mend mend = {.dir_fd = options->dir_fd,
                        .file = part_name(options->name, part, file),
                        .from = -1,
                        .to = -1,
                        .size = end->offset,
                        .counters = &end->counters,
                        .why = why};
    enum error error = mend_open(&mend, &end->damage[first], count, last);
    if (mend.from >= 0)
        (void)close(mend.from);
    if (mend.to >= 0)
        (void)close(mend.to);
    if (error == ERR_OK && last) {
        end->offset = mend.copied;
        end->mended_cut = mend.torn;
    }
    return error;
}

enum error frames_mend(const struct frames_options *options, struct walk_end *end, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t first = 0, next; error == ERR_OK && first < end->damage_count; first = next) {
        for (next = first; next < end->damage_count && end->damage[next].part == end->damage[first].part;)
            next++;
        error = mend_part(options, end, first, next - first, why);
    }
    return error;
}
