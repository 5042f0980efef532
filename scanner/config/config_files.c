/* Reads once what a library will read, which itself may read for ever what is no file. Keeps nothing of it.
 */
#include "scanner/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"

enum { PIECE_BYTES = 64 << 10 };

/* Reads to the end; returns why it cannot be done, or NULL. */
static const char *read_to_end(int fd)
{
    char piece[PIECE_BYTES];
    uint64_t bytes = 0;
    for (ssize_t got = 1; got != 0;) {
        got = read(fd, piece, sizeof piece);
        if (got < 0 && errno != EINTR)
            return errno_said(errno);
        bytes += got < 0 ? 0 : (uint64_t)got;
        if (bytes > CONFIG_LIBRARY_FILE_BYTES)
            return "it is larger than 16 MiB, and no file of that kind: name another";
    }
    return NULL;
}

static const char *fault_of(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return errno_said(errno);
    if (S_ISDIR(status.st_mode))
        return "it is a directory: name a file";
    if (!S_ISREG(status.st_mode))
        return "it is no regular file: name one";
    return read_to_end(fd);
}

static bool check(const char *option, const char *path, struct buf *why)
{
    int fd = path[0] == '\0' ? -1 : open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) /* whoever has it read says what that means: some are not needed everywhere */
        return true;
    const char *fault = fault_of(fd);
    (void)close(fd);
    if (fault != NULL)
        buf_printf(why, "%s: %s: %s\n", option, shown(path), fault);
    return fault == NULL;
}

enum error config_check_files(const struct config *config, struct buf *why)
{
    const bool embedded = config->dns_resolvers[0] == '\0';
    bool good = check("tls.ca_file", config->tls_ca_file, why);
    good &= !embedded || check("dns.root_hints", config->dns_root_hints, why);
    good &= !embedded || check("dns.trust_anchor", config->dns_trust_anchor, why);
    return good ? ERR_OK : ERR_CONFIG;
}
