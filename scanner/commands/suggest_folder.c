/* Writes a domain's files below a folder, by openat alone. */
#include "scanner/commands/suggest_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/disk.h"

enum { FILES = 3, FOLDER_MODE = 0755 };

struct file {
    const char *name;
    struct bytes text;
};

/* Is the domain a name of one component that is none of the file system's own? */
static bool is_safe(const char *domain)
{
    return domain[0] != 0 && domain[0] != '.' && strchr(domain, '/') == NULL;
}

enum error suggest_folder_open(struct suggest_folder *folder, const char *path, bool force)
{
    *folder = (struct suggest_folder){.path = path, .fd = -1, .force = force};
    if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST)
        return error_of_file(errno);
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder->fd < 0 ? error_of_file(errno) : ERR_OK;
}

void suggest_folder_close(struct suggest_folder *folder)
{
    if (folder->fd >= 0)
        (void)close(folder->fd);
    folder->fd = -1;
}

/* Returns what a call failed of, by errno. What stands in a file's place is the domain's own. */
static enum error failed(void)
{
    return errno == EINVAL || errno == EMLINK ? ERR_NOT_FOUND : error_of_file(errno);
}

static enum error write_all(int fd, struct bytes text)
{
    for (size_t done = 0; done < text.len;) {
        ssize_t len = write(fd, text.data + done, text.len - done);
        if (len < 0 && errno != EINTR)
            return failed();
        done += len < 0 ? 0 : (size_t)len;
    }
    return ERR_OK;
}

/* Removes files that were made in vain; errno stays. */
static void take_back(int dir, const struct file *files, size_t count)
{
    int number = errno;
    for (size_t i = 0; i < count; i++)
        (void)unlinkat(dir, files[i].name, 0);
    errno = number;
}

static enum error write_file(int dir, const struct file *file, bool force)
{
    int fd = disk_open(dir, file->name, O_WRONLY | O_CREAT | (force ? O_TRUNC : O_EXCL));
    if (fd < 0)
        return errno == EEXIST ? ERR_EXISTS : failed();
    enum error error = write_all(fd, file->text);
    int number = errno;
    if (close(fd) != 0 && error == ERR_OK)
        error = failed();
    else
        errno = number;
    if (error != ERR_OK && !force)
        take_back(dir, file, 1);
    return error;
}

static bool any_stands(int dir, const struct file *files)
{
    for (size_t i = 0; i < FILES; i++)
        if (disk_has(dir, files[i].name))
            return true;
    return false;
}

/* Writes the files into the domain's folder; folder->file says at which it ended. */
static enum error write_files(struct suggest_folder *folder, int dir, const struct file *files)
{
    enum error error = !folder->force && any_stands(dir, files) ? ERR_EXISTS : ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < FILES; i++) {
        folder->file = files[i].name;
        error = write_file(dir, &files[i], folder->force);
        if (error != ERR_OK && !folder->force)
            take_back(dir, files, i);
    }
    return error;
}

enum error suggest_folder_write(struct suggest_folder *folder, const struct suggestion *suggestion,
                                struct bytes readme)
{
    const struct file files[FILES] = {
        {"mta-sts.txt", suggestion->policy}, {"records.zone", suggestion->zone}, {"README.txt", readme}};
    folder->file = NULL;
    if (!is_safe(suggestion->domain))
        return ERR_SYNTAX;
    bool is_new = mkdirat(folder->fd, suggestion->domain, FOLDER_MODE) == 0;
    if (!is_new && errno != EEXIST)
        return error_of_file(errno) == ERR_FULL ? ERR_FULL : ERR_IO;
    int dir = openat(folder->fd, suggestion->domain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    enum error error = dir < 0 ? failed() : write_files(folder, dir, files);
    int number = errno;
    if (dir >= 0)
        (void)close(dir);
    if (error != ERR_OK && is_new)
        (void)unlinkat(folder->fd, suggestion->domain, AT_REMOVEDIR);
    errno = number;
    return error;
}
