/* Opens files and a port, and writes the files. */
#include "scanner/scan/outward.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/ip.h"
#include "scanner/base/shown.h"
#include "scanner/machine/privileges.h"

enum { BACKLOG = 16, FILE_MODE = 0644, NAME_BYTES = 256 };

static const char BESIDE[] = ".new";

/* ---- what stands there already ------------------------------------------------------------------------- */

enum { LOOK_FLAGS = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, HEAD_BYTES = 256 };

/* How our files begin: a list that was named by mistake must not be written to. */
static const char LOG_BEGINS[] = "{\"time\":\"", LOG_GOES_ON[] = "\",\"event\":\"";
static const char STATUS_BEGINS[] = "{\n  \"schema\": ", STATUS_GOES_ON[] = "\"tool\": \"stsweep\"",
                  STATUS_ALONE_HAS[] = "\n  \"pid\": ";

static bool read_head(int fd, char head[HEAD_BYTES])
{
    ssize_t len = pread(fd, head, HEAD_BYTES - 1, 0);
    head[len < 0 ? 0 : len] = '\0';
    return len >= 0;
}

/* ---- the log ------------------------------------------------------------------------------------------- */

/* Gives the user of safety.user a log that was just made: a later run may be begun as that user. */
static enum error give(int fd, const struct config *config, struct buf *why)
{
    struct privileges_user user;
    if (config->safety_user[0] == '\0')
        return ERR_OK;
    enum error error = privileges_find(config->safety_user, &user, why);
    if (error != ERR_OK || user.is_us)
        return error;
    if (fchown(fd, user.uid, user.gid) == 0)
        return ERR_OK;
    buf_printf(why, "output.log %s: it cannot be given to %s: %s", shown(config->output_log),
               shown(user.name), errno_said(errno));
    return ERR_IO;
}

/* Reads what the log has so far, which may be little: does it begin as one of ours, and end with a whole line
 * (a crash or a full disk may have cut the last one)? One that may not be read is taken for that. */
static bool look_at_log(struct outward *outward, const char *path, off_t size)
{
    char head[HEAD_BYTES], last = '\n';
    if (size == 0)
        return true;
    int fd = open(path, LOOK_FLAGS);
    if (fd < 0)
        return true;
    bool ours = read_head(fd, head) && strncmp(head, LOG_BEGINS, sizeof LOG_BEGINS - 1) == 0 &&
                strstr(head, LOG_GOES_ON) != NULL;
    outward->log_torn = pread(fd, &last, 1, size - 1) == 1 && last != '\n';
    (void)close(fd);
    return ours;
}

/* Refuses what is no log; *log_torn is found. */
static enum error check_log(struct outward *outward, int fd, const char *path, struct buf *why)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        buf_printf(why, "output.log %s: it is no file", shown(path));
        return ERR_NOT_FOUND;
    }
    if (look_at_log(outward, path, status.st_size))
        return ERR_OK;
    buf_printf(why, "output.log %s: something else than a log stands there: name another file", shown(path));
    return ERR_EXISTS;
}

/* What is refused is closed: not even that it was refused may be written there. */
static enum error open_log(struct outward *outward, const struct config *config, struct buf *why)
{
    const char *path = config->output_log;
    if (path[0] == '\0')
        return ERR_OK;
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    bool made = false;
    int fd = open(path, flags);
    if (fd < 0 && errno == ENOENT) {
        fd = open(path, flags | O_CREAT | O_EXCL, FILE_MODE);
        made = fd >= 0;
    }
    if (fd < 0) {
        int number = errno;
        buf_printf(why, "output.log %s: it cannot be opened: %s", shown(path), errno_said(number));
        return error_of_file(number);
    }
    enum error error = check_log(outward, fd, path, why);
    if (error == ERR_OK && made)
        error = give(fd, config, why);
    if (error == ERR_OK)
        outward->log_fd = fd;
    else
        (void)close(fd);
    return error;
}

/* Writes all of it, or returns false with errno; *left is what was not written. */
static bool write_some(int fd, struct bytes text, size_t *left)
{
    for (*left = text.len; *left > 0;) {
        ssize_t written = write(fd, text.data + text.len - *left, *left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            errno = written == 0 ? EIO : errno;
            return false;
        }
        *left -= (size_t)written;
    }
    return true;
}

static bool write_all(int fd, struct bytes text)
{
    size_t left;
    return write_some(fd, text, &left);
}

bool outward_log(struct outward *outward, struct bytes lines)
{
    /* One lock will do: there is one log. It is held, so that nothing gets between a newline and its line. */
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    size_t left = lines.len;
    if (outward->log_fd < 0)
        return true;
    (void)pthread_mutex_lock(&lock);
    bool ok = !outward->log_torn || write_all(outward->log_fd, bytes_of("\n"));
    outward->log_torn = !ok;
    if (ok) {
        ok = write_some(outward->log_fd, lines, &left);
        outward->log_torn = left > 0 && left < lines.len;
    }
    int number = errno;
    (void)pthread_mutex_unlock(&lock);
    errno = number;
    return ok;
}

/* ---- the status file ----------------------------------------------------------------------------------- */

/* Asks whether a file may be replaced by the status: it is empty, or was one, which a full disk may have
 * cut. */
static bool is_status(const char *path, off_t size)
{
    char head[HEAD_BYTES];
    size_t begins = sizeof STATUS_BEGINS - 1;
    if (size == 0)
        return true;
    int fd = open(path, LOOK_FLAGS);
    bool is_one = fd >= 0 && read_head(fd, head) &&
                  strncmp(head, STATUS_BEGINS, (size_t)size < begins ? (size_t)size : begins) == 0 &&
                  (size < HEAD_BYTES ||
                   (strstr(head, STATUS_GOES_ON) != NULL && strstr(head, STATUS_ALONE_HAS) != NULL));
    if (fd >= 0)
        (void)close(fd);
    return is_one;
}

static bool are_same(const struct stat *one, const struct stat *two)
{
    return one->st_dev == two->st_dev && one->st_ino == two->st_ino;
}

/* Refuses what would be replaced and is something else: at the path itself, or beside it. */
static enum error check_replaced(const struct outward *outward, const char *path, struct buf *why)
{
    struct stat status, log;
    if (lstat(path, &status) != 0)
        return ERR_OK;
    if (!S_ISREG(status.st_mode)) {
        buf_printf(why, "output.status %s: something else than a file stands there", shown(path));
        return ERR_NOT_FOUND;
    }
    if (outward->log_fd >= 0 && fstat(outward->log_fd, &log) == 0 && are_same(&status, &log)) {
        buf_printf(why, "output.status %s: that is the log's place (output.log): name another file",
                   shown(path));
        return ERR_EXISTS;
    }
    if (is_status(path, status.st_size))
        return ERR_OK;
    buf_printf(why, "output.status %s: something else than a status file stands there: name another file",
               shown(path));
    return ERR_EXISTS;
}

/* Refuses a place beside which or in which files would be replaced that are the scan's. */
static enum error check_place(const struct outward *outward, const struct config *config, struct buf *why)
{
    struct stat place, scan;
    if (stat(outward->status_dir, &place) != 0 || !S_ISDIR(place.st_mode)) {
        buf_printf(why, "output.status %s: there is no directory %s: make it first",
                   shown(outward->status_path), shown(outward->status_dir));
        return ERR_NOT_FOUND;
    }
    if (strcmp(config->output_dir, "-") == 0 || stat(config->output_dir, &scan) != 0 ||
        !are_same(&place, &scan))
        return ERR_OK;
    buf_printf(why, "output.status %s: that is in the scan directory: name a file in another",
               shown(outward->status_path));
    return ERR_EXISTS;
}

static enum error find_status(struct outward *outward, const struct config *config, struct buf *why)
{
    const char *path = config->output_status;
    char beside[PATH_MAX];
    if (path[0] == '\0')
        return ERR_OK;
    const char *slash = strrchr(path, '/');
    outward->status_path = path;
    outward->status_name = slash == NULL ? path : slash + 1;
    outward->status_dir = slash == NULL   ? strdup(".")
                          : slash == path ? strdup("/")
                                          : strndup(path, (size_t)(slash - path));
    if (outward->status_dir == NULL)
        return ERR_MEMORY;
    size_t len = strlen(outward->status_name);
    if (len == 0 || len + sizeof BESIDE > NAME_BYTES) {
        buf_printf(why, "output.status %s: it names no file", shown(path));
        return ERR_NOT_FOUND;
    }
    enum error error = check_replaced(outward, path, why);
    (void)snprintf(beside, sizeof beside, "%s%s", path, BESIDE);
    if (error == ERR_OK)
        error = check_replaced(outward, beside, why);
    return error == ERR_OK ? check_place(outward, config, why) : error;
}

/* Nothing is synced: after a crash of the machine no status is of use. */
static bool write_beside(int dir_fd, const char *name, struct bytes text)
{
    int fd =
        openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, text);
    int number = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        number = errno;
    }
    errno = number;
    return ok;
}

bool outward_status(const struct outward *outward, struct bytes text)
{
    char beside[NAME_BYTES];
    if (outward->status_dir == NULL)
        return true;
    (void)snprintf(beside, sizeof beside, "%s%s", outward->status_name, BESIDE);
    int dir_fd = open(outward->status_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool ok = dir_fd >= 0 && write_beside(dir_fd, beside, text) &&
              renameat(dir_fd, beside, dir_fd, outward->status_name) == 0;
    int number = errno;
    if (dir_fd >= 0)
        (void)close(dir_fd);
    errno = number;
    return ok;
}

/* ---- the port ------------------------------------------------------------------------------------------ */

static bool is_loopback(const struct ip_addr *ip)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    return ip->family == 4 ? ip->bytes[0] == 127 : memcmp(ip->bytes, loopback6, sizeof loopback6) == 0;
}

static enum error listen_at(struct outward *outward, const struct config *config, FILE *out, struct buf *why)
{
    struct ip_addr ip;
    struct sockaddr_storage address;
    uint16_t port;
    if (!config_listen(config, &ip, &port))
        return ERR_OK;
    socklen_t len = ip_sockaddr(&ip, port, &address);
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    outward->listener = fd;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) != 0 ||
        bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, BACKLOG) != 0) {
        buf_printf(why, "metrics.listen %s: nobody can ask there: %s", config->metrics_listen,
                   errno_said(errno));
        return ERR_CONFIG;
    }
    if (!is_loopback(&ip))
        (void)fprintf(out,
                      "stsweep: WARNING: metrics.listen: whoever reaches %s can see how far the scan is and "
                      "where it is written; nobody is asked who he is\n",
                      config->metrics_listen);
    return ERR_OK;
}

enum error outward_open(struct outward *outward, const struct config *config, FILE *out, struct buf *why)
{
    *outward = (struct outward){.listener = -1, .log_fd = -1};
    enum error error = open_log(outward, config, why);
    if (error == ERR_OK)
        error = find_status(outward, config, why);
    return error == ERR_OK ? listen_at(outward, config, out, why) : error;
}

void outward_close(struct outward *outward)
{
    if (outward->listener >= 0)
        (void)close(outward->listener);
    if (outward->log_fd >= 0)
        (void)close(outward->log_fd);
    free(outward->status_dir);
    *outward = (struct outward){.listener = -1, .log_fd = -1};
}
