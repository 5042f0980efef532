#include "scanner/machine/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
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
    "setpriority", "sched_setscheduler", "sched_setattr", "sched_setparam", "ioprio_set", "move_pages",
    "migrate_pages", "personality", "uselib", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
    /* memory and queues that processes have together; the memory may be code as well */
    "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv", "msgctl", "semget", "semop", "semtimedop",
    "semctl", "mq_open", "mq_unlink",
    /* namespaces and what is mounted */
    "unshare", "setns", "chroot", "pivot_root", "mount", "umount", "umount2", "mount_setattr", "move_mount",
    "open_tree", "open_tree_attr", "fsopen", "fspick", "fsconfig", "fsmount", "swapon", "swapoff", "quotactl",
    "quotactl_fd",
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
    "setfsgid32", "setgroups32", "capset", "lsm_set_self_attr",
    /* the clock and the name of the machine */
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex",
    "stime", "sethostname", "setdomainname",
    /* files past their names, devices, and whose files are */
    "open_by_handle_at", "name_to_handle_at", "mknod", "mknodat", "chmod", "fchmod", "fchmodat", "fchmodat2",
    "chown", "fchown", "lchown", "fchownat", "chown32", "fchown32", "lchown32", "setxattr", "lsetxattr",
    "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "setxattrat", "removexattrat", "file_setattr",
    "truncate", "truncate64", "utime", "utimes", "futimesat", "utimensat", "utimensat_time64",
    /* being a server */
    "listen", "accept"};

/* Calls that came after the oldest libseccomp that we build with, by numbers that are the same on all
 * architectures but those that have their own. */
static const struct later {
    const char *name;
    int number;
} later[] = {{"mount_setattr", 442},    {"quotactl_fd", 443},    {"memfd_secret", 447},
             {"process_mrelease", 448}, {"fchmodat2", 452},      {"setxattrat", 463},
             {"removexattrat", 466},    {"open_tree_attr", 467}, {"lsm_set_self_attr", 460},
             {"file_setattr", 469}};

#if defined __alpha__ || defined __mips__
#define HAS_COMMON_NUMBERS false
#else
#define HAS_COMMON_NUMBERS true
#endif

/* And these for who only reads. */
static const char *const refused_offline[] = {"socket", "connect", "bind"};

struct refusal {
    scmp_filter_ctx filter;
    const char *last; /* the call that was refused last */
    int count;        /* kinds of calls */
    bool ok;
};

/* Returns the number of a call; below 0 if this architecture has it not, or it is not known. */
static int number_of(const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    for (size_t i = 0; HAS_COMMON_NUMBERS && i < sizeof later / sizeof *later; i++)
        if (number == __NR_SCMP_ERROR && strcmp(later[i].name, name) == 0)
            return later[i].number;
    return number;
}

/* Refuses a call, by these arguments only if there are some. */
static void refuse(struct refusal *refusal, const char *name, uint32_t action, unsigned count,
                   const struct scmp_arg_cmp *arguments)
{
    int number = number_of(name);
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

/* Refuses a call by some bits of one of its arguments. */
static void refuse_if(struct refusal *refusal, const char *name, unsigned argument, uint64_t mask,
                      uint64_t value)
{
    const struct scmp_arg_cmp one = bits(argument, mask, value);
    refuse(refusal, name, SCMP_ACT_ERRNO(EPERM), 1, &one);
}

static void refuse_unless(struct refusal *refusal, const char *name, unsigned argument, uint64_t value)
{
    const struct scmp_arg_cmp other = {.arg = argument, .op = SCMP_CMP_NE, .datum_a = value};
    refuse(refusal, name, SCMP_ACT_ERRNO(EPERM), 1, &other);
}

/* A thread is the only thing that may be made of this process, in its namespaces. What clone3 is asked cannot
 * be looked at; the C library takes clone where clone3 is not there. */
static void refuse_processes(struct refusal *refusal)
{
    static const uint64_t never[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWUSER,
                                     CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_PTRACE};
    refuse_if(refusal, "clone", 0, CLONE_THREAD, 0);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        refuse_if(refusal, "clone", 0, never[i], never[i]);
    refuse(refusal, "clone3", SCMP_ACT_ERRNO(ENOSYS), 0, NULL);
}

/* Other processes are neither ended nor told anything, nor are their limits changed. */
static void refuse_signals(struct refusal *refusal)
{
    refuse_unless(refusal, "kill", 0, (uint64_t)getpid());
    refuse_unless(refusal, "tgkill", 0, (uint64_t)getpid());
    refuse_unless(refusal, "prlimit64", 0, 0);
}

/* What is typed into the terminal is a command of the shell behind it, which is bound to nothing. */
static void refuse_typing(struct refusal *refusal)
{
    refuse_if(refusal, "ioctl", 1, UINT32_MAX, TIOCSTI);
    refuse_if(refusal, "ioctl", 1, UINT32_MAX, TIOCLINUX);
}

/* No memory becomes code, be it of a file that was written. Libraries and their plug-ins are there by now. */
static void refuse_code(struct refusal *refusal)
{
    static const char *const calls[] = {"mmap", "mmap2", "mprotect", "pkey_mprotect"};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        refuse_if(refusal, calls[i], 2, PROT_EXEC, PROT_EXEC);
}

/* A file is emptied by who may write to it: Landlock before ABI 3 goes by the access mode, and of its four,
 * one asks for reading and one for nothing. What openat2 is asked cannot be looked at. */
static void refuse_emptying(struct refusal *refusal)
{
    static const char *const calls[] = {"open", "openat"};
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        refuse_if(refusal, calls[i], i + 1, O_ACCMODE | O_TRUNC, O_RDONLY | O_TRUNC);
        refuse_if(refusal, calls[i], i + 1, O_ACCMODE | O_TRUNC, O_ACCMODE | O_TRUNC);
    }
    refuse(refusal, "openat2", SCMP_ACT_ERRNO(ENOSYS), 0, NULL);
}

enum { TYPES = 16 }; /* of sockets; beside the type stand SOCK_CLOEXEC and SOCK_NONBLOCK */

/* Of sockets of IPv4 and IPv6 there are those of TCP and UDP: none is raw, and none is of a protocol that
 * speaks TCP to whom Landlock does not let a TCP socket (Multipath TCP, SMC). */
static void refuse_protocols(struct refusal *refusal, unsigned family)
{
    struct scmp_arg_cmp either[] = {bits(0, UINT32_MAX, family), {0}};
    for (unsigned type = 0; type < TYPES; type++) {
        either[1] = bits(1, TYPES - 1, type);
        if (type != SOCK_STREAM && type != SOCK_DGRAM)
            refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 2, either);
    }
    for (unsigned protocol = 1; protocol < IPPROTO_UDP; protocol++) {
        either[1] = bits(2, UINT32_MAX, protocol);
        if (protocol != IPPROTO_TCP)
            refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 2, either);
    }
    either[1] = (struct scmp_arg_cmp){.arg = 2, .op = SCMP_CMP_GT, .datum_a = IPPROTO_UDP, .datum_b = 0};
    refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 2, either);
}

/* Sockets are of IPv4, of IPv6, or for questions to the kernel about addresses. A local one leads to daemons
 * of this machine that run programs for whoever asks, and Landlock keeps their names from nobody. */
static void refuse_families(struct refusal *refusal)
{
    for (unsigned family = 0; family < AF_NETLINK; family++)
        if (family != AF_INET && family != AF_INET6)
            refuse_if(refusal, "socket", 0, UINT32_MAX, family);
    const struct scmp_arg_cmp beyond = {.arg = 0, .op = SCMP_CMP_GT, .datum_a = AF_NETLINK, .datum_b = 0};
    refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 1, &beyond);
    const struct scmp_arg_cmp of_kernel[] = {bits(0, UINT32_MAX, AF_NETLINK),
                                             {.arg = 2, .op = SCMP_CMP_NE, .datum_a = 0, .datum_b = 0}};
    refuse(refusal, "socket", SCMP_ACT_ERRNO(EPERM), 2, of_kernel);
}

/* A pair of sockets is local, and of a kind that stays as it was connected. */
static void refuse_pairs(struct refusal *refusal)
{
    refuse_unless(refusal, "socketpair", 0, AF_UNIX);
    for (unsigned type = 0; type < TYPES; type++)
        if (type != SOCK_STREAM)
            refuse_if(refusal, "socketpair", 1, TYPES - 1, type);
}

/* TCP is connected by connect(2) alone, which is what Landlock keeps. The error is the one of a kernel that
 * has been told not to open by sending: at it libunbound connects, and at no other. */
static void refuse_opening_by_sending(struct refusal *refusal)
{
    static const struct {
        const char *call;
        unsigned flags;
    } rows[] = {{"sendto", 3}, {"sendmsg", 2}, {"sendmmsg", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct scmp_arg_cmp opens = bits(rows[i].flags, MSG_FASTOPEN, MSG_FASTOPEN);
        refuse(refusal, rows[i].call, SCMP_ACT_ERRNO(EOPNOTSUPP), 1, &opens);
    }
}

static void refuse_sockets(struct refusal *refusal)
{
    refuse_families(refusal);
    refuse_protocols(refusal, AF_INET);
    refuse_protocols(refusal, AF_INET6);
    refuse_opening_by_sending(refusal);
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
    refuse_signals(&refusal);
    refuse_typing(&refusal);
    refuse_code(&refusal);
    refuse_emptying(&refusal);
    refuse_pairs(&refusal);
    if (network)
        refuse_sockets(&refusal);
    else
        refuse_all(&refusal, refused_offline, sizeof refused_offline / sizeof *refused_offline);
    int result = refusal.ok ? seccomp_load(refusal.filter) : -EINVAL;
    seccomp_release(refusal.filter);
    errno = -result;
    return result == 0 ? refusal.count : 0;
}
