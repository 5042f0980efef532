#include "scanner/machine/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scanner/base/shown.h"

static enum error not_usable(struct buf *why, const char *name, const char *reason)
{
    buf_printf(why, "safety.user=%s: %s\n", shown(name), reason);
    return ERR_CONFIG;
}

bool privileges_are_roots(void)
{
    return geteuid() == 0 || getuid() == 0;
}

enum error privileges_find(const char *name, struct privileges_user *user, struct buf *why)
{
    *user = (struct privileges_user){.name = name, .group_count = PRIVILEGES_GROUPS};
    errno = 0;
    const struct passwd *found = getpwnam(name);
    if (found == NULL)
        return not_usable(why, name,
                          errno == 0
                              ? "there is no such user here; make one (adduser --system) or name another"
                              : strerror(errno));
    user->uid = found->pw_uid;
    user->gid = found->pw_gid;
    if (user->uid == 0)
        return not_usable(why, name, "that is root, who keeps everything; name another user");
    user->is_us = getuid() == user->uid && geteuid() == user->uid;
    if (user->is_us)
        return ERR_OK;
    if (geteuid() != 0)
        return not_usable(why, name,
                          "only root can become another user: start it as root, as that user, or leave "
                          "safety.user empty");
    if (getgrouplist(name, user->gid, user->groups, &user->group_count) < 0)
        return not_usable(why, name, "it is in more than 128 groups; name another user");
    return ERR_OK;
}

/* Drops each capability from what a program run later could be given; kernels know 41 by now. */
static bool empty_bounding_set(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
            return false;
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 || errno == EINVAL;
}

/* Sets all capabilities of this thread; those of the first 32 alone can be kept. */
static bool set_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        {.effective = kept, .permitted = kept}};
    return syscall(SYS_capset, &header, data) == 0;
}

static bool has_no_capability(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &header, data) != 0)
        return false;
    return data[0].permitted == 0 && data[0].effective == 0 && data[0].inheritable == 0 &&
           data[1].permitted == 0 && data[1].effective == 0 && data[1].inheritable == 0;
}

/* Tries every way back. */
static bool is_for_good(const struct privileges_user *user)
{
    uid_t real, effective, saved;
    gid_t real_group, effective_group, saved_group;
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
        return false;
    return getresuid(&real, &effective, &saved) == 0 &&
           getresgid(&real_group, &effective_group, &saved_group) == 0 && real == user->uid &&
           effective == user->uid && saved == user->uid && real_group == user->gid &&
           effective_group == user->gid && saved_group == user->gid && has_no_capability();
}

static enum error failed(struct buf *why, const struct privileges_user *user, const char *what)
{
    buf_printf(why, "safety.user=%s: %s: %s; leave it empty, or start the scan as that user\n",
               shown(user->name), what, strerror(errno));
    return ERR_LIBRARY;
}

enum error privileges_become(const struct privileges_user *user, struct buf *why)
{
    if (user->is_us)
        return ERR_OK;
    if (!empty_bounding_set())
        return failed(why, user, "capabilities cannot be dropped");
    if (setgroups((size_t)user->group_count, user->groups) != 0)
        return failed(why, user, "its groups cannot be taken");
    if (setresgid(user->gid, user->gid, user->gid) != 0 || setresuid(user->uid, user->uid, user->uid) != 0)
        return failed(why, user, "it cannot be become");
    if (!set_capabilities(0))
        return failed(why, user, "capabilities cannot be dropped");
    errno = EPERM;
    return is_for_good(user) ? ERR_OK : failed(why, user, "what root may would come back");
}

bool privileges_shed(void)
{
    if (geteuid() != 0)
        return true;
    return empty_bounding_set() && set_capabilities(1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH);
}
