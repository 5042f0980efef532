/* Binds the name of a scan, and finds those of others. */
#include "scanner/machine/announce.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "scanner/machine/system_line.h"

static const char STEM[] = "stsweep-scan-";

/* A line has seven columns of numbers and a name of 108 bytes at most; what is longer is no name of ours. */
enum { LINE_BYTES = 256, COLUMNS_BEFORE = 7, DIGITS_MOST = 9 };

static bool is_permitted;

void announce_permit(void)
{
    is_permitted = true;
}

int announce_scan(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (!is_permitted)
        return -1;
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* It begins with a NUL, and its length ends it: abstract names are no strings. */
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "%s%ld", STEM, (long)getpid());
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (descriptor >= 0 && bind(descriptor, (const struct sockaddr *)&name, bytes) != 0) {
        (void)close(descriptor);
        return -1; /* somebody has the name already: so it stands there */
    }
    return descriptor;
}

void announce_end(int descriptor)
{
    if (descriptor >= 0)
        (void)close(descriptor);
}

/* ---- others -------------------------------------------------------------------------------------------- */

/* Returns the name behind the columns of a line; NULL if it has none. */
static const char *name_of(const char *line)
{
    for (int column = 0; column < COLUMNS_BEFORE; column++) {
        line += strspn(line, " ");
        line += strcspn(line, " ");
    }
    return *line == ' ' ? line + 1 : NULL;
}

/* Reads the process id in a name of a scan's socket; 0 if it is none. */
static int32_t pid_of(const char *name)
{
    int32_t pid = 0;
    if (name == NULL || name[0] != '@' || strncmp(name + 1, STEM, strlen(STEM)) != 0)
        return 0;
    const char *digits = name + 1 + strlen(STEM);
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > DIGITS_MOST || digits[length] != 0 || digits[0] == '0')
        return 0;
    for (size_t i = 0; i < length; i++)
        pid = pid * 10 + (digits[i] - '0');
    return pid;
}

int32_t announce_read(FILE *sockets, int32_t self)
{
    char line[LINE_BYTES];
    while (system_line(sockets, line, sizeof line)) {
        int32_t pid = pid_of(name_of(line));
        if (pid != 0 && pid != self)
            return pid;
    }
    return 0;
}

int32_t announce_find(void)
{
    FILE *sockets = is_permitted ? fopen("/proc/net/unix", "re") : NULL;
    if (sockets == NULL)
        return 0;
    int32_t pid = announce_read(sockets, (int32_t)getpid());
    (void)fclose(sockets);
    return pid;
}
