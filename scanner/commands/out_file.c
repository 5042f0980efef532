/* Opens the file, and names it. */
#include "scanner/commands/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/disk.h"

static const char ending[] = ".part";

/* What a run that was killed left there is nobody's: it is written anew. */
static FILE *open_part(const char *path)
{
    int fd = disk_open(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && out == NULL)
        (void)close(fd);
    return out;
}

enum error out_file_open(struct out_file *stream, const char *path, bool force)
{
    *stream = (struct out_file){.path = path, .force = force};
    if (path == NULL || strcmp(path, "-") == 0) {
        stream->out = stdout;
        return ERR_OK;
    }
    if (!force && disk_has(AT_FDCWD, path))
        return ERR_EXISTS;
    size_t size = strlen(path) + sizeof ending;
    stream->part = malloc(size);
    if (stream->part == NULL)
        return ERR_MEMORY;
    (void)snprintf(stream->part, size, "%s%s", path, ending);
    stream->out = open_part(stream->part);
    return stream->out == NULL ? error_of_file(errno) : ERR_OK;
}

static enum error give_name(const struct out_file *stream)
{
    if (renameat2(AT_FDCWD, stream->part, AT_FDCWD, stream->path, stream->force ? 0 : RENAME_NOREPLACE) == 0)
        return ERR_OK;
    if (errno == EEXIST)
        return ERR_EXISTS;
    if ((errno == EINVAL || errno == ENOSYS) && rename(stream->part, stream->path) == 0)
        return ERR_OK; /* a file system without the other call */
    return ERR_IO;
}

enum error out_file_close(struct out_file *stream, bool whole)
{
    enum error error = ERR_OK;
    int number = 0;
    if (stream->out == NULL || stream->part == NULL)
        whole = false;
    if (stream->out != NULL) {
        bool written = fflush(stream->out) == 0 && ferror(stream->out) == 0;
        written = written && (stream->part == NULL || disk_sync_data(fileno(stream->out)));
        if (stream->part != NULL && fclose(stream->out) != 0)
            written = false;
        error = written ? ERR_OK : ERR_IO;
    }
    if (whole && error == ERR_OK)
        error = give_name(stream);
    number = errno;
    if (stream->part != NULL && stream->out != NULL && (!whole || error != ERR_OK))
        (void)unlink(stream->part);
    free(stream->part);
    *stream = (struct out_file){0};
    errno = number;
    return error;
}
