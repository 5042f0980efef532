/* The calls themselves: each is counted, made to go wrong where its turn has come, and told to the model. */
#include "tests/fault/fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum action { COUNT_ONLY, KILL_BEFORE, KILL_AFTER, SHORT_WRITE, INTERRUPT, FULL, IO_ERROR, POWER };
enum kind { KIND_OPEN, KIND_WRITE, KIND_SYNC, KIND_NAME, KIND_TRUNCATE, KIND_DIRECTORY };

struct real_calls real_calls;

static struct {
    char dir[PATH_MAX];
    size_t dir_len;
    enum action action;
    unsigned long at, count;
    uint64_t seed;
    const char *count_file;
    pthread_mutex_t lock;
} fault = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* POSIX hands functions out as data. */
static void find_real(void *call, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(call, &found, sizeof found);
}

static void find_calls(void)
{
    find_real(&real_calls.openat, "openat");
    find_real(&real_calls.pwrite, "pwrite");
    find_real(&real_calls.write, "write");
    find_real(&real_calls.fsync, "fsync");
    find_real(&real_calls.fdatasync, "fdatasync");
    find_real(&real_calls.renameat, "renameat");
    find_real(&real_calls.unlinkat, "unlinkat");
    find_real(&real_calls.unlink, "unlink");
    find_real(&real_calls.ftruncate, "ftruncate");
    find_real(&real_calls.mkdir, "mkdir");
}

static unsigned long number(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? 0 : strtoul(text, NULL, 10);
}

static enum action read_action(void)
{
    static const char *const names[] = {"",      "kill-before", "kill-after", "short",
                                        "eintr", "full",        "eio",        "power"};
    const char *text = getenv("FAULT_DO");
    for (size_t i = 0; text != NULL && i < sizeof names / sizeof *names; i++)
        if (strcmp(text, names[i]) == 0)
            return (enum action)i;
    return COUNT_ONLY;
}

__attribute__((constructor)) static void begin(void)
{
    const char *dir = getenv("FAULT_DIR");
    find_calls();
    if (dir == NULL || strlen(dir) >= sizeof fault.dir)
        return;
    fault.dir_len = strlen(dir);
    memcpy(fault.dir, dir, fault.dir_len + 1);
    fault.at = number("FAULT_AT");
    fault.seed = number("FAULT_SEED");
    fault.action = read_action();
    fault.count_file = getenv("FAULT_COUNT");
    durable_begin(fault.dir);
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int fd = fault.count_file == NULL ? -1
                                      : real_calls.openat(AT_FDCWD, fault.count_file,
                                                          O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    int len = snprintf(text, sizeof text, "%lu\n", fault.count);
    (void)!real_calls.write(fd, text, (size_t)len);
    (void)close(fd);
}

/* ---- which file is it? --------------------------------------------------------------------------------- */

static bool path_of_fd(int fd, char path[PATH_MAX])
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    path[len < 0 ? 0 : len] = '\0';
    return len > 0;
}

/* The name below the directory; "" for the directory itself, NULL for anything else. */
static const char *below(const char *path)
{
    if (fault.dir_len == 0 || strncmp(path, fault.dir, fault.dir_len) != 0)
        return NULL;
    if (path[fault.dir_len] == '\0')
        return path + fault.dir_len;
    return path[fault.dir_len] == '/' ? path + fault.dir_len + 1 : NULL;
}

static const char *below_fd(int fd, char path[PATH_MAX])
{
    return fault.dir_len > 0 && path_of_fd(fd, path) ? below(path) : NULL;
}

static const char *below_at(int dir_fd, const char *name, char path[PATH_MAX])
{
    if (fault.dir_len == 0)
        return NULL;
    if (name[0] == '/' || dir_fd == AT_FDCWD) {
        (void)snprintf(path, PATH_MAX, "%s", name);
        return below(path);
    }
    if (!path_of_fd(dir_fd, path) || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return NULL;
    size_t len = strlen(path);
    (void)snprintf(path + len, PATH_MAX - len, "/%s", name);
    return below(path);
}

static bool is_parent(const char *path)
{
    size_t len = strlen(path);
    return fault.dir_len > len && strncmp(path, fault.dir, len) == 0 && fault.dir[len] == '/' &&
           strchr(fault.dir + len + 1, '/') == NULL;
}

/* ---- what happens at a call ---------------------------------------------------------------------------- */

static void die(void)
{
    (void)kill(getpid(), SIGKILL);
    for (;;)
        (void)pause();
}

/* Counts the call; true where its turn has come. Holds the lock until leave. */
static bool enter(void)
{
    (void)pthread_mutex_lock(&fault.lock);
    bool hit = ++fault.count == fault.at;
    if (hit && fault.action == KILL_BEFORE)
        die();
    if (hit && fault.action == POWER) {
        durable_lose_power(fault.seed);
        die();
    }
    return hit;
}

static void leave(bool hit)
{
    int number_before = errno;
    if (hit && fault.action == KILL_AFTER)
        die();
    (void)pthread_mutex_unlock(&fault.lock);
    errno = number_before;
}

/* An error instead of the call. */
static bool refused(bool hit, enum kind kind)
{
    bool takes_space = kind == KIND_OPEN || kind == KIND_WRITE || kind == KIND_DIRECTORY;
    bool can_wait = kind != KIND_NAME && kind != KIND_DIRECTORY;
    errno = 0;
    if (hit && fault.action == IO_ERROR)
        errno = EIO;
    if (hit && fault.action == INTERRUPT && can_wait)
        errno = EINTR;
    if (fault.action == FULL && fault.count >= fault.at && takes_space)
        errno = ENOSPC;
    return errno != 0;
}

static int refuse_or_open(bool hit, int dir_fd, const char *path, int flags, mode_t mode)
{
    return refused(hit, KIND_OPEN) ? -1 : real_calls.openat(dir_fd, path, flags, mode);
}

static int counted_open(int dir_fd, const char *path, int flags, mode_t mode, const char *name)
{
    bool hit = enter();
    bool was_there = faccessat(dir_fd, path, F_OK, 0) == 0;
    int fd = refuse_or_open(hit, dir_fd, path, flags, mode);
    if (fd >= 0 && !was_there)
        durable_created(name);
    leave(hit);
    return fd;
}

/* A line for each file below the directory that is opened: "follows" where a link would be followed. */
static void note_open(const char *name, int flags)
{
    char line[PATH_MAX + 32];
    const char *file = getenv("FAULT_OPENS");
    if (file == NULL || name == NULL || name[0] == '\0')
        return;
    int len = snprintf(line, sizeof line, "%s %s\n", (flags & O_NOFOLLOW) == 0 ? "follows" : "safe", name);
    int fd = real_calls.openat(AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    (void)!real_calls.write(fd, line, (size_t)len);
    (void)close(fd);
}

static int any_open(int dir_fd, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    const char *name = below_at(dir_fd, path, full);
    note_open(name, flags);
    if ((flags & O_CREAT) == 0)
        name = NULL;
    if (name == NULL || name[0] == '\0')
        return real_calls.openat(dir_fd, path, flags, mode);
    return counted_open(dir_fd, path, flags, mode, name);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? (mode_t)va_arg(arguments, unsigned) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return any_open(AT_FDCWD, path, flags, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return any_open(dir_fd, path, flags, mode);
}

static size_t shortened(bool hit, size_t len)
{
    return hit && fault.action == SHORT_WRITE && len > 1 ? len / 2 : len;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    char path[PATH_MAX];
    if (below_fd(fd, path) == NULL)
        return real_calls.pwrite(fd, data, len, at);
    bool hit = enter();
    ssize_t wrote = refused(hit, KIND_WRITE) ? -1 : real_calls.pwrite(fd, data, shortened(hit, len), at);
    leave(hit);
    return wrote;
}

ssize_t write(int fd, const void *data, size_t len)
{
    char path[PATH_MAX];
    if (below_fd(fd, path) == NULL)
        return real_calls.write(fd, data, len);
    bool hit = enter();
    ssize_t wrote = refused(hit, KIND_WRITE) ? -1 : real_calls.write(fd, data, shortened(hit, len));
    leave(hit);
    return wrote;
}

static int any_sync(int fd, int (*sync_call)(int fd))
{
    char path[PATH_MAX];
    const char *name = below_fd(fd, path);
    if (name == NULL && (fault.dir_len == 0 || !is_parent(path)))
        return sync_call(fd);
    bool hit = enter();
    int result = refused(hit, KIND_SYNC) ? -1 : sync_call(fd);
    if (result == 0 && name == NULL)
        durable_parent_synced();
    else if (result == 0 && name[0] == '\0')
        durable_directory_synced();
    else if (result == 0)
        durable_synced(name);
    leave(hit);
    return result;
}

int fsync(int fd)
{
    return any_sync(fd, real_calls.fsync);
}

int fdatasync(int fd)
{
    return any_sync(fd, real_calls.fdatasync);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    char from_path[PATH_MAX], to_path[PATH_MAX];
    const char *from_name = below_at(from_fd, from, from_path), *to_name = below_at(to_fd, to, to_path);
    if (from_name == NULL || to_name == NULL)
        return real_calls.renameat(from_fd, from, to_fd, to);
    bool hit = enter();
    int result = refused(hit, KIND_NAME) ? -1 : real_calls.renameat(from_fd, from, to_fd, to);
    if (result == 0)
        durable_renamed(from_name, to_name);
    leave(hit);
    return result;
}

int unlinkat(int dir_fd, const char *path, int flags)
{
    char full[PATH_MAX];
    const char *name = below_at(dir_fd, path, full);
    if (name == NULL)
        return real_calls.unlinkat(dir_fd, path, flags);
    bool hit = enter();
    int result = refused(hit, KIND_NAME) ? -1 : real_calls.unlinkat(dir_fd, path, flags);
    if (result == 0)
        durable_removed(name);
    leave(hit);
    return result;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int ftruncate(int fd, off_t size)
{
    char path[PATH_MAX];
    if (below_fd(fd, path) == NULL)
        return real_calls.ftruncate(fd, size);
    bool hit = enter();
    int result = refused(hit, KIND_TRUNCATE) ? -1 : real_calls.ftruncate(fd, size);
    leave(hit);
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    const char *name = below(path);
    if (name == NULL)
        return real_calls.mkdir(path, mode);
    bool hit = enter();
    int result = refused(hit, KIND_DIRECTORY) ? -1 : real_calls.mkdir(path, mode);
    if (result == 0)
        durable_directory_made();
    leave(hit);
    return result;
}
