/*
 * What a process that was taken over might try once the sandbox holds, by calls that do harm in themselves:
 * it types into its terminal, connects past Landlock, talks to daemons of the machine, makes code of data,
 * empties a file. Each is tried in a child that went through the program's own function, and where that can
 * be shown, in one that did not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "scanner/machine/sandbox.h"
#include "scanner/machine/syscalls.h"
#include "tests/unit/machine/in_child.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What headers do not have everywhere. */
enum { MPTCP = 262, SMC = 256, OF_X32 = 0x40000000 };

static char place[64], secret[96], server[96];
static struct config config;
static struct sandbox sandbox;

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(place, "/tmp/stsweep-syscalls-XXXXXX");
    if (mkdtemp(place) == NULL)
        return 1;
    (void)snprintf(secret, sizeof secret, "%s/secret", place);
    (void)snprintf(server, sizeof server, "%s/server", place);
    FILE *file = fopen(secret, "w");
    return file == NULL || fputs("words\n", file) < 0 || fclose(file) != 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(secret);
    (void)unlink(server);
    return rmdir(place);
}

static void enter(void)
{
    CHECK(config_init(&config) == ERR_OK);
    sandbox_permit();
    sandbox_enter(&(struct sandbox_needs){.config = &config}, &sandbox);
    CHECK(sandbox.refused > 0);
}

/* ---- the terminal -------------------------------------------------------------------------------------- */

/* A terminal of the child's own, as the shell is another's that reads from the same. */
static int own_terminal(void)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    CHECK(setsid() >= 0 && master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
    CHECK(terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0);
    return terminal;
}

/* What is typed there is a command of whoever reads from it next: so it runs programs. */
static void try_typing(void)
{
    int terminal = own_terminal();
    char byte = '\n';
    enter();
    CHECK(ioctl(terminal, TIOCSTI, &byte) == -1 && errno == EPERM);
    CHECK(syscall(SYS_ioctl, terminal, TIOCSTI | INT64_C(1) << 32, &byte) == -1 && errno == EPERM);
    CHECK(ioctl(terminal, TIOCLINUX, &byte) == -1 && errno == EPERM);
    CHECK(ioctl(terminal, TIOCGWINSZ, &(struct winsize){0}) == 0);
}

static void test_nothing_is_typed(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_typing);
}

/* ---- connections --------------------------------------------------------------------------------------- */

static struct sockaddr_in listening;

static void listen_somewhere(void)
{
    socklen_t len = sizeof listening;
    listening = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&listening, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&listening, &len), 0);
}

/* Landlock keeps connect(2) of TCP: not what speaks TCP by another name, nor what connects by sending. */
static void try_around_ports(void)
{
    static const int protocols[] = {MPTCP, SMC, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_UDPLITE, IPPROTO_ICMP};
    struct iovec text = {.iov_base = "x", .iov_len = 1};
    struct mmsghdr message = {
        .msg_hdr = {
            .msg_name = &listening, .msg_namelen = sizeof listening, .msg_iov = &text, .msg_iovlen = 1}};
    enter();
    for (size_t i = 0; i < COUNT(protocols); i++)
        for (int type = 1; type <= SOCK_DGRAM; type++) {
            errno = 0;
            CHECK(socket(AF_INET, type, protocols[i]) == -1 && errno == EPERM);
            CHECK(socket(AF_INET6, type | SOCK_CLOEXEC, protocols[i]) == -1 && errno == EPERM);
        }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
    CHECK(fd >= 0);
    /* At EOPNOTSUPP libunbound connects. */
    CHECK(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&listening, sizeof listening) == -1 &&
          errno == EOPNOTSUPP);
    CHECK(sendmsg(fd, &message.msg_hdr, MSG_FASTOPEN | MSG_NOSIGNAL) == -1 && errno == EOPNOTSUPP);
    CHECK(sendmmsg(fd, &message, 1, MSG_FASTOPEN) == -1 && errno == EOPNOTSUPP);
    CHECK(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP) >= 0 ||
          errno == EAFNOSUPPORT);
}

static void test_ports_are_not_gone_around(void **state)
{
    (void)state;
    need_seccomp();
    listen_somewhere();
    in_child(try_around_ports);
}

static void serve(int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server);
    (void)unlink(server);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_true(type == SOCK_DGRAM || listen(fd, 1) == 0);
}

/* A daemon of the machine (D-Bus, containers) does for whoever connects what he may not do himself, such as
 * to run a program; and its socket is a file that Landlock does not keep. */
static void try_daemons(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int pair[2];
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", server);
    enter();
    CHECK(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EPERM);
    CHECK(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) == -1 && errno == EPERM);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == -1 && errno == EPERM);
    CHECK(socketpair(AF_TIPC, SOCK_STREAM, 0, pair) == -1 && errno == EPERM);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0); /* libcurl wakes itself so */
    CHECK(connect(pair[0], (struct sockaddr *)&address, sizeof address) == -1);
    CHECK(sendto(pair[0], "x", 1, 0, (struct sockaddr *)&address, sizeof address) == -1 && errno == EISCONN);
}

static void test_daemons_are_not_reached(void **state)
{
    (void)state;
    need_seccomp();
    serve(SOCK_DGRAM);
    in_child(try_daemons);
    serve(SOCK_STREAM);
    in_child(try_daemons);
}

/* The kernel answers about addresses alone. */
static void try_netlink(void)
{
    enter();
    CHECK(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0);
    for (int protocol = 1; protocol < 32; protocol++)
        CHECK(socket(AF_NETLINK, SOCK_RAW, protocol) == -1 && errno == EPERM);
    CHECK(socket(AF_INET, SOCK_PACKET, 0) == -1 && errno == EPERM);
    for (int type = SOCK_RAW; type < 16; type++)
        CHECK(socket(AF_INET6, type, 0) == -1 && errno == EPERM);
}

static void test_other_sockets(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_netlink);
}

/* ---- code ---------------------------------------------------------------------------------------------- */

/* A file that was written, shared memory, or memory that has two places is data by one name and code by
 * another. */
static void try_code(void)
{
    int memory = (int)syscall(SYS_memfd_create, "code", 0);
    int file = open(secret, O_RDONLY | O_CLOEXEC);
    int shared = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    CHECK(memory >= 0 && ftruncate(memory, 4096) == 0 && file >= 0 && shared >= 0);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0) != MAP_FAILED);
    enter();
    for (int i = 0; i < 2; i++) {
        int flags = i == 0 ? MAP_SHARED : MAP_PRIVATE;
        CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, flags, memory, 0) == MAP_FAILED && errno == EPERM);
        CHECK(mmap(NULL, 4096, PROT_EXEC, flags, file, 0) == MAP_FAILED && errno == EPERM);
    }
    CHECK(mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM);
    CHECK(shmat(shared, NULL, SHM_EXEC) == (void *)-1 && errno == EPERM);
    CHECK(shmat(shared, NULL, 0) == (void *)-1 && errno == EPERM);
    CHECK(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600) == -1 && errno == EPERM);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void test_no_data_becomes_code(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_code);
}

/* ---- files --------------------------------------------------------------------------------------------- */

/* Landlock keeps truncation from ABI 3 on, which Debian 12 has not, and times not at all. Access mode 3 asks
 * for no right to read or write. */
static void try_files(void)
{
    enum { NEITHER = 3 };
    enter();
    CHECK(truncate(secret, 0) == -1 && errno == EPERM);
    CHECK(open(secret, O_RDONLY | O_TRUNC | O_CLOEXEC) == -1 && errno == EPERM);
    CHECK(syscall(SYS_openat, AT_FDCWD, secret, NEITHER | O_TRUNC) == -1 && errno == EPERM);
    CHECK(utimensat(AT_FDCWD, secret, NULL, 0) == -1 && errno == EPERM);
#ifdef SYS_open
    CHECK(syscall(SYS_open, secret, O_TRUNC) == -1 && errno == EPERM);
    CHECK(syscall(SYS_open, secret, NEITHER | O_TRUNC) == -1 && errno == EPERM);
    CHECK(syscall(SYS_utime, secret, NULL) == -1 && errno == EPERM);
    CHECK(syscall(SYS_utimes, secret, NULL) == -1 && errno == EPERM);
    CHECK(syscall(SYS_futimesat, AT_FDCWD, secret, NULL) == -1 && errno == EPERM);
#endif
    CHECK(syscall(SYS_openat2, AT_FDCWD, secret, NULL, 0) == -1 && errno == ENOSYS);
}

static void test_files_are_not_emptied(void **state)
{
    struct stat status;
    (void)state;
    need_seccomp();
    in_child(try_files);
    assert_int_equal(stat(secret, &status), 0);
    assert_int_equal(status.st_size, 6);
}

/* ---- others -------------------------------------------------------------------------------------------- */

static void try_others(void)
{
    static const long flags[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWUSER,
                                 CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP, CLONE_PTRACE};
    const struct rlimit none = {0, 0};
    const long thread = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    enter();
    CHECK(kill(getppid(), 0) == -1 && errno == EPERM);
    CHECK(kill(-1, 0) == -1 && errno == EPERM);
    CHECK(kill(0, 0) == -1 && errno == EPERM);
    CHECK(kill(getpid(), 0) == 0 && raise(SIGCONT) == 0);
    CHECK(syscall(SYS_tgkill, getppid(), getppid(), 0) == -1 && errno == EPERM);
    CHECK(syscall(SYS_rt_sigqueueinfo, getppid(), 0, NULL) == -1 && errno == EPERM);
    CHECK(prlimit(getppid(), RLIMIT_CORE, &none, NULL) == -1 && errno == EPERM);
    CHECK(prlimit(0, RLIMIT_CORE, &none, NULL) == 0);
    CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 && errno == EPERM);
    for (size_t i = 0; i < COUNT(flags); i++)
        CHECK(syscall(SYS_clone, thread | flags[i], NULL, NULL, NULL, NULL) == -1 && errno == EPERM);
}

static void test_others_are_left_alone(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_others);
}

/* ---- calls that came later ----------------------------------------------------------------------------- */

/* By their numbers, as headers and libseccomp of Debian 12 do not know them; these are the same on all
 * architectures but Alpha and MIPS. */
static void try_later(void)
{
    static const long numbers[] = {442, 443, 447, 448, 452, 460, 463, 466, 467, 469};
    enter();
    for (size_t i = 0; i < COUNT(numbers); i++) {
        errno = 0;
        if (syscall(numbers[i], -1, NULL, 0, 0, 0, 0) == -1 && errno == EPERM)
            continue;
        (void)fprintf(stderr, "call %ld: %s", numbers[i], strerror(errno));
        _exit(1);
    }
}

static void test_calls_that_came_later(void **state)
{
    (void)state;
    need_seccomp();
#if defined __mips__ || defined __alpha__
    skip_because("calls have other numbers here");
#endif
    in_child(try_later);
}

/* ---- numbers of another architecture ------------------------------------------------------------------- */

#ifdef __x86_64__
static long call_i386(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

static void try_i386_unbound(void)
{
    enum { GETPID = 20 };
    CHECK(call_i386(GETPID, 0, 0, 0) == getpid());
}

/* execve, ptrace, mount, socketcall, clone, keyctl, unshare, setns, bpf, execveat, socket; and one that harms
 * nobody. */
static void try_i386(void)
{
    static const long numbers[] = {11, 26, 21, 102, 120, 288, 310, 346, 357, 358, 359, 20};
    enter();
    for (size_t i = 0; i < COUNT(numbers); i++)
        CHECK(call_i386(numbers[i], 0, 0, 0) == -EPERM);
}

/* The same of x32, whose numbers have a bit more: those that it shares, and its own (execve, ptrace,
 * process_vm_readv, execveat). */
static void try_x32(void)
{
    static const long numbers[] = {SYS_getpid,  SYS_clone,  SYS_mount,  SYS_bpf,
                                   SYS_unshare, SYS_keyctl, SYS_socket, SYS_io_uring_setup,
                                   520,         521,        539,        545};
    enter();
    for (size_t i = 0; i < COUNT(numbers); i++) {
        errno = 0;
        CHECK(syscall(OF_X32 | numbers[i], 0, 0, 0) == -1 && errno == EPERM);
    }
}
#endif

static void test_other_architectures(void **state)
{
    (void)state;
    need_seccomp();
#ifdef __x86_64__
    char said[1024];
    in_child(try_x32);
    if (run_child(try_i386_unbound, said, sizeof said) != 0)
        skip_because("this kernel takes no calls of i386");
    in_child(try_i386);
#else
    skip_because("this is no x86-64");
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_typed),        cmocka_unit_test(test_ports_are_not_gone_around),
        cmocka_unit_test(test_daemons_are_not_reached), cmocka_unit_test(test_other_sockets),
        cmocka_unit_test(test_no_data_becomes_code),    cmocka_unit_test(test_files_are_not_emptied),
        cmocka_unit_test(test_others_are_left_alone),   cmocka_unit_test(test_calls_that_came_later),
        cmocka_unit_test(test_other_architectures),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
