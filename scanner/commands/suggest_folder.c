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
    *folder = (struct suggest_folder){.fd = -1, .force = force};
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

static enum error write_all(int fd, struct bytes text)
{
    for (size_t done = 0; done < text.len;) {
        ssize_t len = write(fd, text.data + done, text.len - done);
        if (len < 0 && errno != EINTR)
            return ERR_IO;
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
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    enum error error = write_all(fd, file->text);
    if (close(fd) != 0 && error == ERR_OK)
        error = ERR_IO;
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

enum error suggest_folder_write(struct suggest_folder *folder, const struct suggestion *suggestion,
                                struct bytes readme)
{
    const struct file files[FILES] = {
        {"mta-sts.txt", suggestion->policy}, {"records.zone", suggestion->zone}, {"README.txt", readme}};
    enum error error = ERR_OK;
    if (!is_safe(suggestion->domain))
        return ERR_SYNTAX;
    if (mkdirat(folder->fd, suggestion->domain, FOLDER_MODE) != 0 && errno != EEXIST)
        return ERR_IO;
    int dir = openat(folder->fd, suggestion->domain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0)
        return ERR_IO;
    if (!folder->force && any_stands(dir, files))
        error = ERR_EXISTS;
    for (size_t i = 0; error == ERR_OK && i < FILES; i++) {
        error = write_file(dir, &files[i], folder->force);
        if (error != ERR_OK && !folder->force)
            take_back(dir, files, i);
    }
    (void)close(dir);
    return error;
}
