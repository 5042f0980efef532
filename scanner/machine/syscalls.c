#include "scanner/machine/syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* These are refused whatever their arguments. One that this architecture or this libseccomp does not know is
 * left out. */
static const char *const refused[] = {
    /* other programs and processes */
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "process_mrelease", "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kcmp",
    "setpriority", "sched_setscheduler", "sched_setattr", "move_pages", "migrate_pages", "personality",
    "uselib",
    /* namespaces and what is mounted */
    "unshare", "setns", "chroot", "pivot_root", "mount", "umount", "umount2", "mount_setattr", "move_mount",
    "open_tree", "fsopen", "fspick", "fsconfig", "fsmount", "swapon", "swapoff", "quotactl", "quotactl_fd",
    /* the kernel itself */
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load",
    "reboot", "iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "lookup_dcookie", "syslog", "acct",
    "fanotify_init", "memfd_secret", "nfsservctl", "vhangup", "sysfs", "_sysctl",
    /* keys */
    "add_key", "request_key", "keyctl",
    /* who we are */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "setgroups",
    "setuid32", "setgid32", "setreuid32", "setregid32", "setresuid32", "setresgid32", "setfsuid32",
    "setfsgid32", "setgroups32", "capset",
    /* the clock and the name of the machine */
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex",
    "stime", "sethostname", "setdomainname",
    /* files past their names, devices, and whose files are */
    "open_by_handle_at", "name_to_handle_at", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2",
    "chown", "fchown", "lchown", "fchownat", "chown32", "fchown32", "lchown32", "setxattr", "lsetxattr",
    "fsetxattr", "removexattr", "lremovexattr", "fremovexattr",
    /* being a server */
    "listen", "accept"};

/* And these for who only reads. */
static const char *const refused_offline[] = {"socket", "connect", "bind"};

struct refusal {
    scmp_filter_ctx filter;
    const char *last; /* the call that was refused last */
    int count;        /* kinds of calls */
    bool ok;
};

/* Refuses a call, by these arguments only if there are some. */
static void refuse(struct refusal *refusal, const char *name, uint32_t action, unsigned count,
                   const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR)
        return;
    refusal->count += number >= 0 && name != refusal->last;
    refusal->last = name;
    refusal->ok =
        refusal->ok && seccomp_rule_add_array(refusal->filter, action, number, count, arguments) == 0;
}

static void refuse_all(struct refusal *refusal, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        refuse(refusal, names[i], SCMP_ACT_ERRNO(EPERM), 0, NULL);
}

/* Compares the bits of the mask of an argument, from 0. */
static struct scmp_arg_cmp bits(unsigned argument, uint64_t mask, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

/* A thread is the only thing that may be made of this process. What clone3 is asked cannot be looked at; the
 * C library takes clone where clone3 is not there. */
static void refuse_processes(struct refusal *refusal)
{
    const struct scmp_arg_cmp no_thread = bits(0, CLONE_THREAD, 0);
    refuse(refusal, "clone", SCMP_ACT_ERRNO(EPERM), 1, &no_thread);
    refuse(refusal, "clone3", SCMP_ACT_ERRNO(ENOSYS), 0, NULL);
}

/* No memory that was written to becomes code. */
static void refuse_code(struct refusal *refusal)
{
    const struct scmp_arg_cmp both = bits(2, PROT_WRITE | PROT_EXEC, PROT_WRITE | PROT_EXEC);
    const struct scmp_arg_cmp code = bits(2, PROT_EXEC, PROT_EXEC);
    refuse(refusal, "mmap", SCMP_ACT_ERRNO(EPERM), 1, &both);
    refuse(refusal, "mprotect", SCMP_ACT_ERRNO(EPERM), 1, &code);
    refuse(refusal, "pkey_mprotect", SCMP_ACT_ERRNO(EPERM), 1, &code);
}

/* Sockets are local, of IPv4, of IPv6, or for questions to the kernel about addresses; and none is raw. */
static void refuse_sockets(struct refusal *refusal)
{
    enum { TYPE = 0xF }; /* beside it stand SOCK_CLOEXEC and SOCK_NONBLOCK */
    for (unsigned family = 0; family < AF_NETLINK; family++) {
        const struct scmp_arg_cmp other = bits(0, UINT32_MAX, family);
        if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
            refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 1, &other);
    }
    const struct scmp_arg_cmp beyond = {.arg = 0, .op = SCMP_CMP_GT, .datum_a = AF_NETLINK, .datum_b = 0};
    refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 1, &beyond);
    for (int i = 0; i < 2; i++) {
        const struct scmp_arg_cmp raw[] = {bits(0, UINT32_MAX, i == 0 ? AF_INET : AF_INET6),
                                           bits(1, TYPE, SOCK_RAW)};
        refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 2, raw);
    }
}

/* A connection is accepted at the one socket that listened before. */
static void refuse_accepting(struct refusal *refusal, int listener)
{
    const struct scmp_arg_cmp other = {.arg = 0, .op = SCMP_CMP_NE, .datum_a = (scmp_datum_t)listener};
    refuse(refusal, "accept4", SCMP_ACT_ERRNO(EPERM), listener > 0, &other);
}

bool syscalls_can_be_refused(void)
{
    const uint32_t action = SECCOMP_RET_ERRNO;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int syscalls_refuse(bool network, int listener)
{
    struct refusal refusal = {.filter = seccomp_init(SCMP_ACT_ALLOW), .ok = true};
    if (refusal.filter == NULL) {
        errno = ENOMEM;
        return 0;
    }
    /* A call by another architecture's numbers is refused too; libseccomp would have it kill. */
    refusal.ok = seccomp_attr_set(refusal.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM)) == 0 &&
                 seccomp_attr_set(refusal.filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                 seccomp_attr_set(refusal.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
    refuse_all(&refusal, refused, sizeof refused / sizeof *refused);
    refuse_accepting(&refusal, listener);
    refuse_processes(&refusal);
    refuse_code(&refusal);
    if (network)
        refuse_sockets(&refusal);
    else
        refuse_all(&refusal, refused_offline, sizeof refused_offline / sizeof *refused_offline);
    int result = refusal.ok ? seccomp_load(refusal.filter) : -EINVAL;
    seccomp_release(refusal.filter);
    errno = -result;
    return result == 0 ? refusal.count : 0;
}
