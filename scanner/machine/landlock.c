#include "scanner/machine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What headers of Linux 6.1 do not have yet. */
enum { RULE_NET_PORT = 2 };
#define FS_TRUNCATE         (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV        (UINT64_C(1) << 15) /* ABI 5 */
#define NET_BIND_TCP        (UINT64_C(1) << 0)  /* ABI 4 */
#define NET_CONNECT_TCP     (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* ABI 6 */
#define SCOPE_SIGNAL        (UINT64_C(1) << 1)

/* struct landlock_ruleset_attr as of ABI 6: a kernel takes a longer one than it knows if the rest is zero. */
struct ruleset {
    uint64_t fs, net, scoped;
};

/* struct landlock_net_port_attr. */
struct port_rule {
    uint64_t access, port;
};

static const uint64_t FILE_READ = LANDLOCK_ACCESS_FS_READ_FILE;
static const uint64_t FILE_WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE;
static const uint64_t DIRECTORY_READ = LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t DIRECTORY_WRITE = LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;

int landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : (int)abi;
}

uint64_t landlock_known(int abi)
{
    /* Every right of ABI 1: from EXECUTE on without a gap. */
    uint64_t known = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    known |= abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    known |= abi >= LANDLOCK_ABI_TRUNCATE ? FS_TRUNCATE : 0;
    known |= abi >= 5 ? FS_IOCTL_DEV : 0;
    return known;
}

uint64_t landlock_rights(enum landlock_use use, bool is_directory, int abi)
{
    if (use == LANDLOCK_UNMAKE)
        return is_directory ? LANDLOCK_ACCESS_FS_REMOVE_DIR : 0;
    if (use == LANDLOCK_REPLACED)
        return (is_directory ? FILE_WRITE | DIRECTORY_WRITE : 0) & landlock_known(abi);
    uint64_t rights = FILE_READ | (use == LANDLOCK_READ ? 0 : FILE_WRITE);
    if (is_directory)
        rights |= DIRECTORY_READ | (use == LANDLOCK_READ ? 0 : DIRECTORY_WRITE);
    if (is_directory && use == LANDLOCK_FOLDERS)
        rights |= LANDLOCK_ACCESS_FS_MAKE_DIR;
    return rights & landlock_known(abi);
}

static int make_ruleset(const struct ruleset *ruleset)
{
    return (int)syscall(SYS_landlock_create_ruleset, ruleset, sizeof *ruleset, 0);
}

/* Adds the rule of a path, if there is something at it. A path that this machine lacks an open file for is
 * not left out: it would seem to be forbidden. */
static bool allow_path(int ruleset, const struct landlock_path *path, int abi)
{
    struct stat status;
    int fd = open(path->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno != EMFILE && errno != ENFILE && errno != ENOMEM;
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};
    if (fstat(fd, &status) == 0)
        rule.allowed_access = landlock_rights(path->use, S_ISDIR(status.st_mode), abi);
    /* A rule without an access is refused, and one for a pipe (EBADFD), which needs none. */
    bool added = rule.allowed_access == 0 ||
                 syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0 ||
                 errno == EBADFD;
    int number = errno;
    (void)close(fd);
    errno = number;
    return added;
}

static bool allow_port(int ruleset, uint16_t port)
{
    const struct port_rule rule = {.access = NET_CONNECT_TCP, .port = port};
    return syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) == 0;
}

/* Binds to the ruleset, if all its rules were added, and closes it. */
static bool restrict_to(int ruleset, bool ok)
{
    ok = ok && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    int number = errno;
    (void)close(ruleset);
    errno = number;
    return ok;
}

bool landlock_bind(const struct landlock_plan *plan, int abi)
{
    const struct ruleset handled = {.fs = landlock_known(abi),
                                    .net = abi >= LANDLOCK_ABI_TCP ? NET_BIND_TCP | NET_CONNECT_TCP : 0,
                                    .scoped =
                                        abi >= LANDLOCK_ABI_SCOPE ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0};
    int ruleset = make_ruleset(&handled);
    bool ok = ruleset >= 0;
    if (!ok)
        return false;
    for (size_t i = 0; i < plan->path_count && ok; i++)
        ok = allow_path(ruleset, &plan->paths[i], abi);
    for (size_t i = 0; i < plan->port_count && ok && handled.net != 0; i++)
        ok = allow_port(ruleset, plan->ports[i]);
    return restrict_to(ruleset, ok);
}

bool landlock_end_unmaking(void)
{
    const struct ruleset handled = {.fs = LANDLOCK_ACCESS_FS_REMOVE_DIR};
    int ruleset = make_ruleset(&handled);
    return ruleset >= 0 && restrict_to(ruleset, true);
}
