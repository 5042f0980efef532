/* Makes, opens and locks a scan's directory. Never touches record files, never deletes a file that it did not
 * make, never follows a link. */
#include "output/store/store_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"

enum { NAME_BYTES = 80, HOST_BYTES = 65, LOCK_TRIES = 10, LOCK_MOMENT_NS = 20000000 };

static enum error failed(const char *path, const char *what, struct buf *why)
{
    int number = errno;
    buf_printf(why, "%s: %s: %s", shown(path), what, errno_said(number));
    return error_of_file(number);
}

void store_dir_close(struct store_dir *dir)
{
    if (dir->lock >= 0)
        (void)close(dir->lock);
    if (dir->fd >= 0)
        (void)close(dir->fd);
    *dir = (struct store_dir){.fd = -1, .lock = -1};
}

static enum error open_dir(const char *path, struct store_dir *dir, struct buf *why)
{
    *dir = (struct store_dir){.fd = -1, .lock = -1};
    dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir->fd < 0 ? failed(path, "cannot open", why) : ERR_OK;
}

/* Writes into the lock file who we are, for those who come second. Nothing rests on it. */
static void sign(int fd)
{
    char host[HOST_BYTES] = "", text[STORE_DIR_HOLDER_BYTES];
    (void)gethostname(host, sizeof host - 1);
    int len = snprintf(text, sizeof text, "process %ld on %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)len, 0) != len)
        errno = 0;
}

/* Takes the lock. Who only looks holds it for a moment (store_dir_is_locked), which is waited for. */
static bool lock_now(int fd)
{
    static const struct timespec moment = {.tv_nsec = LOCK_MOMENT_NS};
    for (int tries = 1; flock(fd, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK || tries == LOCK_TRIES)
            return false;
        (void)nanosleep(&moment, NULL);
    }
    return true;
}

/* Takes the lock, as two writers would tear each other's files. It goes with the process, so a crash leaves
 * none behind. */
static enum error take_lock(const char *path, struct store_dir *dir, struct buf *why)
{
    dir->lock = disk_open(dir->fd, "lock", O_RDWR | O_CREAT);
    if (dir->lock < 0)
        return failed(path, "cannot make the lock file", why);
    if (lock_now(dir->lock)) {
        sign(dir->lock);
        return ERR_OK;
    }
    if (errno != EWOULDBLOCK)
        return failed(path, "cannot lock", why);
    buf_printf(why, "%s: another process is writing to it; wait for its end, or give another directory",
               shown(path));
    return ERR_EXISTS;
}

/* Tells whether it is an entry that a start that was cut short may leave behind before there is a scan. */
static bool is_leftover(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lock") == 0 ||
           strcmp(name, "meta.json.tmp") == 0;
}

/* Tells by its first letters whether a scan may ever open this name in its directory, whatever follows
 * them. */
static bool is_ours(const char *name)
{
    static const char *const stems[] = {"lock",     "meta.json", "summary.json", "summary.csv", "domains.",
                                        "rejects.", "hosts.",    "certs.",       "stuck",       "optout."};
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++)
        if (strncmp(name, stems[i], strlen(stems[i])) == 0)
            return true;
    return false;
}

/* Refuses an entry that has the name of a file of ours and would lead writes somewhere else. */
static enum error check_file(const char *path, const struct store_dir *dir, const char *name, struct buf *why)
{
    struct stat status;
    const char *fault = NULL;
    if (!is_ours(name))
        return ERR_OK;
    if (fstatat(dir->fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? ERR_OK : failed(path, "cannot look at its files", why);
    if (S_ISLNK(status.st_mode))
        fault = "is a symbolic link; nothing is written through links";
    else if (!S_ISREG(status.st_mode))
        fault = "is no regular file";
    else if (status.st_nlink > 1)
        fault = "has another name as well (a hard link); nothing is written through links, so give a copy";
    if (fault == NULL)
        return ERR_OK;
    buf_printf(why, "%s: %s %s", shown(path), name, fault);
    return ERR_EXISTS;
}

static enum error check_links(const char *path, const struct store_dir *dir, struct buf *why)
{
    enum error error = ERR_OK;
    DIR *listing = opendir(path);
    if (listing == NULL)
        return failed(path, "cannot list", why);
    for (struct dirent *entry = readdir(listing); entry != NULL && error == ERR_OK; entry = readdir(listing))
        error = check_file(path, dir, entry->d_name, why);
    (void)closedir(listing);
    return error;
}

static enum error check_empty(const char *path, const struct store_dir *dir, struct buf *why)
{
    bool empty = true;
    if (disk_has(dir->fd, "meta.json")) {
        buf_printf(why, "%s: it holds a scan already; go on with it (--resume) or give another directory",
                   shown(path));
        return ERR_EXISTS;
    }
    DIR *listing = opendir(path);
    if (listing == NULL)
        return failed(path, "cannot list", why);
    for (struct dirent *entry = readdir(listing); entry != NULL && empty; entry = readdir(listing)) {
        empty = is_leftover(entry->d_name);
        if (!empty)
            buf_printf(why, "%s: it is not empty and holds no scan (there is %s)", shown(path),
                       shown(entry->d_name));
    }
    (void)closedir(listing);
    return empty ? check_links(path, dir, why) : ERR_EXISTS;
}

static enum error check_scan(const char *path, const struct store_dir *dir, struct buf *why)
{
    if (disk_has(dir->fd, "meta.json"))
        return check_links(path, dir, why);
    buf_printf(why,
               "%s: it holds no scan (there is no meta.json): name the directory of one, or begin one "
               "without --resume",
               shown(path));
    return ERR_NOT_FOUND;
}

/* Syncs the parent: only then is a new directory's own name durable. */
static enum error sync_parent(const struct store_dir *dir, const char *path, struct buf *why)
{
    int parent = openat(dir->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0 && errno == EACCES)
        return ERR_OK;
    bool synced = parent >= 0 && disk_sync(parent);
    enum error error = synced ? ERR_OK : failed(path, "cannot sync the directory above", why);
    if (parent >= 0)
        (void)close(parent);
    return error;
}

/* Checks the directory that a new one would stand in. */
static enum error check_parent(const char *path, struct buf *why)
{
    struct stat status;
    char *parent = strdup(path);
    if (parent == NULL)
        return ERR_MEMORY;
    const char *above = dirname(parent);
    enum error error = ERR_OK;
    if (stat(above, &status) != 0 && errno == ENOENT) {
        buf_printf(why, "%s: there is no directory %s for it to stand in; make that first", shown(path),
                   shown(above));
        error = ERR_NOT_FOUND;
    } else if (access(above, W_OK | X_OK) != 0) {
        error = failed(path, "cannot make the directory", why);
    }
    free(parent);
    return error;
}

enum error store_dir_check(const char *path, bool resume, struct buf *why)
{
    struct stat status;
    struct store_dir dir = {.fd = -1, .lock = -1};
    if (!resume && stat(path, &status) != 0 && errno == ENOENT)
        return check_parent(path, why);
    enum error error = open_dir(path, &dir, why);
    if (error == ERR_OK && access(path, W_OK | X_OK) != 0)
        error = failed(path, "cannot write to it", why);
    if (error == ERR_OK)
        error = resume ? check_scan(path, &dir, why) : check_empty(path, &dir, why);
    store_dir_close(&dir);
    return error;
}

enum error store_dir_make(const char *path, bool *made, struct buf *why)
{
    struct store_dir dir;
    *made = mkdir(path, 0755) == 0;
    if (!*made)
        return errno == EEXIST ? ERR_OK : failed(path, "cannot make the directory", why);
    enum error error = open_dir(path, &dir, why);
    if (error == ERR_OK)
        error = sync_parent(&dir, path, why);
    store_dir_close(&dir);
    return error;
}

enum error store_dir_may_write(const char *path, struct buf *why)
{
    struct store_dir dir;
    enum error error = open_dir(path, &dir, why);
    if (error == ERR_OK && faccessat(dir.fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
        error = failed(path, "cannot write to it", why);
    DIR *listing = error == ERR_OK ? opendir(path) : NULL;
    if (error == ERR_OK && listing == NULL)
        error = failed(path, "cannot list", why);
    for (struct dirent *entry = NULL; error == ERR_OK && (entry = readdir(listing)) != NULL;) {
        if (!is_ours(entry->d_name) || faccessat(dir.fd, entry->d_name, R_OK | W_OK, AT_EACCESS) == 0)
            continue;
        buf_printf(why, "%s: ", shown(path));
        error = failed(entry->d_name, "cannot write to it", why);
    }
    if (listing != NULL)
        (void)closedir(listing);
    store_dir_close(&dir);
    return error;
}

/* Opens the directory, asks check (NULL: whatever it holds is fine), and locks it. */
static enum error enter(const char *path,
                        enum error (*check)(const char *path, const struct store_dir *dir, struct buf *why),
                        struct store_dir *dir, struct buf *why)
{
    enum error error = open_dir(path, dir, why);
    if (error == ERR_OK && check != NULL)
        error = check(path, dir, why);
    if (error == ERR_OK)
        error = take_lock(path, dir, why);
    if (error != ERR_OK)
        store_dir_close(dir);
    return error;
}

enum error store_dir_create(const char *path, struct store_dir *dir, struct buf *why)
{
    bool made;
    *dir = (struct store_dir){.fd = -1, .lock = -1};
    enum error error = store_dir_make(path, &made, why);
    return error == ERR_OK ? enter(path, check_empty, dir, why) : error;
}

enum error store_dir_begin(const char *path, struct store_dir *dir, struct buf *why)
{
    bool made;
    *dir = (struct store_dir){.fd = -1, .lock = -1};
    enum error error = store_dir_make(path, &made, why);
    return error == ERR_OK ? enter(path, NULL, dir, why) : error;
}

enum error store_dir_open(const char *path, struct store_dir *dir, struct buf *why)
{
    return enter(path, check_scan, dir, why);
}

/* Reads what the holder signed with; whoever made the directory may have written anything there. */
static void read_holder(int fd, char holder[STORE_DIR_HOLDER_BYTES])
{
    ssize_t len = pread(fd, holder, STORE_DIR_HOLDER_BYTES - 1, 0);
    holder[len < 0 ? 0 : len] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    for (char *at = holder; *at != '\0'; at++)
        if (*at < 0x20 || *at > 0x7E)
            *at = '?';
}

bool store_dir_is_locked(const char *path, char holder[STORE_DIR_HOLDER_BYTES])
{
    struct store_dir dir;
    struct buf unsaid;
    holder[0] = '\0';
    buf_init(&unsaid, 4096);
    bool is_locked = false;
    if (open_dir(path, &dir, &unsaid) == ERR_OK)
        dir.lock = openat(dir.fd, "lock", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (dir.lock >= 0)
        is_locked = flock(dir.lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (is_locked)
        read_holder(dir.lock, holder);
    store_dir_close(&dir);
    buf_dispose(&unsaid);
    return is_locked;
}

enum error store_dir_write(const struct store_dir *dir, const char *name, struct bytes text, struct buf *why)
{
    char temporary[NAME_BYTES];
    (void)snprintf(temporary, sizeof temporary, "%s.tmp", name);
    int fd = disk_open(dir->fd, temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0)
        return failed(temporary, "cannot create", why);
    bool written = disk_write(fd, text) && disk_sync(fd);
    enum error error = written ? ERR_OK : failed(temporary, "cannot write", why);
    (void)close(fd);
    if (error == ERR_OK && renameat(dir->fd, temporary, dir->fd, name) != 0)
        error = failed(name, "cannot rename into place", why);
    if (error == ERR_OK && !disk_sync(dir->fd))
        return failed(name, "cannot sync the directory", why);
    if (error != ERR_OK)
        (void)unlinkat(dir->fd, temporary, 0);
    return error;
}

enum error store_dir_remove(const struct store_dir *dir, const char *name, struct buf *why)
{
    if (unlinkat(dir->fd, name, 0) != 0)
        return errno == ENOENT ? ERR_OK : failed(name, "cannot remove", why);
    return disk_sync(dir->fd) ? ERR_OK : failed(name, "cannot sync the directory", why);
}

enum error store_dir_read(const struct store_dir *dir, const char *name, struct buf *text, struct buf *why)
{
    enum error error = disk_read(dir->fd, name, text);
    return error == ERR_OK || error == ERR_LIMIT ? error : failed(name, "cannot read", why);
}
