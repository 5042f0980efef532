/*
 * What a bound process cannot do: each restriction is shown by an attempt that fails, in a child that went
 * through the program's own function; and what it says where the kernel lacks something.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/machine/sandbox.h"
#include "scanner/machine/syscalls.h"
#include "tests/unit/machine/in_child.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Of the directory of the test: "own" is the scan's, "read" is read, "other" is nobody's business. */
static char place[64];

static const char *in_place(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *path = paths[next++ % COUNT(paths)];
    (void)snprintf(path, sizeof paths[0], "%s/%s", place, name);
    return path;
}

static void put(const char *name)
{
    FILE *file = fopen(in_place(name), "w");
    assert_non_null(file);
    assert_true(fputs("words\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    static const char *const folders[] = {"own", "read", "other", "folder", "temporary"};
    (void)state;
    (void)strcpy(place, "/tmp/stsweep-sandbox-XXXXXX");
    if (mkdtemp(place) == NULL)
        return 1;
    for (size_t i = 0; i < COUNT(folders); i++)
        if (mkdir(in_place(folders[i]), 0755) != 0)
            return 1;
    put("own/standing");
    put("read/list");
    put("other/secret");
    return setenv("TMPDIR", in_place("temporary"), 1);
}

static int tear_down(void **state)
{
    static const char *const left[] = {"own/standing", "own/renamed", "own/made",        "read/list",
                                       "other/secret", "other/empty", "folder/sub/file", "folder/sub",
                                       "own",          "read",        "other",           "folder",
                                       "temporary"};
    (void)state;
    for (size_t i = 0; i < COUNT(left); i++)
        (void)remove(in_place(left[i]));
    return rmdir(place);
}

static struct sandbox sandbox;
static struct config config;

static void make_config(const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 1024);
    CHECK(config_init(&config) == ERR_OK);
    CHECK(name == NULL || config_set(&config, name, value, "test", &why) == ERR_OK);
    buf_dispose(&why);
}

static void enter_as_scan(void)
{
    const struct landlock_path paths[] = {{in_place("own"), LANDLOCK_FILES},
                                          {in_place("read"), LANDLOCK_READ},
                                          {in_place("gone"), LANDLOCK_READ}};
    sandbox_permit();
    sandbox_enter(&(struct sandbox_needs){.config = &config, .paths = paths, .path_count = COUNT(paths)},
                  &sandbox);
}

static void need_landlock(void)
{
    if (has_sanitizer())
        skip_because("a build with a sanitizer gives nothing away");
    if (landlock_abi() == 0)
        skip_because("this kernel has no Landlock");
}

/* ---- the rights of each ABI ---------------------------------------------------------------------------- */

static void test_rights(void **state)
{
    enum {
        EXECUTE = 1 << 0,
        WRITE = 1 << 1,
        READ = 1 << 2,
        LIST = 1 << 3,
        REMOVE_DIR = 1 << 4,
        REMOVE = 1 << 5,
        MAKE_DIR = 1 << 7,
        MAKE = 1 << 8,
        TRUNCATE = 1 << 14
    };
    static const struct {
        enum landlock_use use;
        bool is_directory;
        int abi;
        uint64_t rights;
    } rows[] = {
        {LANDLOCK_READ, false, 1, READ},
        {LANDLOCK_READ, true, 1, READ | LIST},
        {LANDLOCK_READ, true, 7, READ | LIST},
        {LANDLOCK_FILES, true, 1, READ | LIST | WRITE | MAKE | REMOVE},
        {LANDLOCK_FILES, true, 2, READ | LIST | WRITE | MAKE | REMOVE},
        {LANDLOCK_FILES, true, 3, READ | LIST | WRITE | MAKE | REMOVE | TRUNCATE},
        {LANDLOCK_FILES, false, 3, READ | WRITE | TRUNCATE},
        {LANDLOCK_FOLDERS, true, 3, READ | LIST | WRITE | MAKE | REMOVE | TRUNCATE | MAKE_DIR},
        {LANDLOCK_REPLACED, true, 1, WRITE | MAKE | REMOVE},
        {LANDLOCK_REPLACED, true, 3, WRITE | MAKE | REMOVE | TRUNCATE},
        {LANDLOCK_REPLACED, false, 3, 0},
        {LANDLOCK_UNMAKE, true, 1, REMOVE_DIR},
        {LANDLOCK_UNMAKE, true, 7, REMOVE_DIR},
        {LANDLOCK_UNMAKE, false, 7, 0},
    };
    /* Debian 12 has ABI 2, which does not know truncation yet. */
    static const uint64_t known[] = {0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (landlock_rights(rows[i].use, rows[i].is_directory, rows[i].abi) != rows[i].rights)
            fail_msg("row %zu: %llx", i,
                     (unsigned long long)landlock_rights(rows[i].use, rows[i].is_directory, rows[i].abi));
    for (int abi = 1; abi < (int)COUNT(known); abi++)
        assert_int_equal(landlock_known(abi), known[abi]);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool is_denied(const char *path, int flags)
{
    errno = 0;
    return !opens(path, flags) && errno == EACCES;
}

static void try_files(void)
{
    int held = open(in_place("other/secret"), O_RDONLY | O_CLOEXEC);
    char byte;
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(sandbox.off == NULL && sandbox.landlock > 0 && sandbox.landlock_error == 0);
    CHECK(is_denied(in_place("other/secret"), O_RDONLY));
    CHECK(is_denied(in_place("other/secret"), O_WRONLY));
    CHECK(is_denied(in_place("other/new"), O_WRONLY | O_CREAT));
    CHECK(is_denied("/etc/passwd", O_RDONLY));
    CHECK(is_denied("/etc/shadow", O_RDONLY));
    CHECK(is_denied("/proc/1/environ", O_RDONLY));
    CHECK(is_denied(in_place(""), O_RDONLY | O_DIRECTORY));
    CHECK(mkdir(in_place("other/folder"), 0700) != 0 && errno == EACCES);
    CHECK(unlink(in_place("other/secret")) != 0 && errno == EACCES);
    CHECK(held >= 0 && read(held, &byte, 1) == 1); /* what is open stays open */

    CHECK(opens(in_place("read/list"), O_RDONLY));
    CHECK(is_denied(in_place("read/list"), O_WRONLY));
    CHECK(is_denied(in_place("read/new"), O_WRONLY | O_CREAT));
    CHECK(rename(in_place("read/list"), in_place("own/list")) != 0 && (errno == EXDEV || errno == EACCES));
    CHECK(opens("/etc/resolv.conf", O_RDONLY) || errno == ENOENT);
    CHECK(opens(config.tls_ca_file, O_RDONLY) || errno == ENOENT);
    CHECK(opens("/dev/urandom", O_RDONLY) && opens("/proc/self/status", O_RDONLY));
}

static void test_other_files_are_closed(void **state)
{
    (void)state;
    need_landlock();
    in_child(try_files);
}

/* All that output/frames and output/store do, and the spool. */
static void try_scan_directory(void)
{
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(opens(in_place("own"), O_RDONLY | O_DIRECTORY));
    CHECK(opens(in_place("own/standing"), O_RDWR));
    CHECK(opens(in_place("own/standing"), O_WRONLY | O_TRUNC));
    int made = open(in_place("own/made"), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(made >= 0 && ftruncate(made, 3) == 0);
    CHECK(rename(in_place("own/made"), in_place("own/renamed")) == 0);
    CHECK(unlink(in_place("own/renamed")) == 0);
    CHECK(opens(in_place("own"), O_TMPFILE | O_RDWR) || errno == EOPNOTSUPP);
    CHECK(mkdir(in_place("own/folder"), 0700) != 0 && errno == EACCES);
    CHECK(symlink("/etc/passwd", in_place("own/link")) != 0 && errno == EACCES);
}

static void test_the_scan_directory_is_written(void **state)
{
    (void)state;
    need_landlock();
    in_child(try_scan_directory);
}

static void try_unmaking(void)
{
    const struct landlock_path paths[] = {{in_place(""), LANDLOCK_UNMAKE}};
    make_config(NULL, NULL);
    sandbox_permit();
    sandbox_enter(&(struct sandbox_needs){.config = &config, .paths = paths, .path_count = 1}, &sandbox);
    CHECK(mkdir(in_place("other/more"), 0700) != 0 && errno == EACCES);
    CHECK(unlink(in_place("other/secret")) != 0 && errno == EACCES);
    CHECK(rmdir(in_place("other/empty")) == 0);
    CHECK(landlock_end_unmaking());
    CHECK(rmdir(in_place("temporary")) != 0 && errno == EACCES);
}

static void test_unmaking_ends(void **state)
{
    (void)state;
    need_landlock();
    assert_int_equal(mkdir(in_place("other/empty"), 0700), 0);
    in_child(try_unmaking);
}

/* ---- TCP ----------------------------------------------------------------------------------------------- */

static uint16_t open_port, other_port;

static uint16_t listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
}

static void try_tcp(void)
{
    char text[16];
    const struct sockaddr_in any = {.sin_family = AF_INET};
    (void)snprintf(text, sizeof text, "%u", open_port);
    make_config("smtp.port", text);
    enter_as_scan();
    CHECK(connect_to(open_port) == 0);
    CHECK(connect_to(other_port) == EACCES);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) != 0 && errno == EACCES);
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* questions go by UDP */
    CHECK(fd >= 0 && bind(fd, (const struct sockaddr *)&any, sizeof any) == 0);
}

static void test_other_ports_are_closed(void **state)
{
    (void)state;
    need_landlock();
    if (landlock_abi() < LANDLOCK_ABI_TCP)
        skip_because("this kernel's Landlock knows no ports (ABI 4, Linux 6.7)");
    open_port = listen_somewhere();
    other_port = listen_somewhere();
    in_child(try_tcp);
}

static void try_names(void)
{
    char text[16];
    struct buf why;
    (void)snprintf(text, sizeof text, "%u", open_port);
    make_config("smtp.port", text);
    buf_init(&why, 1024);
    CHECK(config_set(&config, "scan.stage", "names", "test", &why) == ERR_OK);
    enter_as_scan();
    CHECK(connect_to(open_port) == EACCES);
    CHECK(connect_to(443) == EACCES);
    CHECK(connect_to(53) == ECONNREFUSED);
}

/* The stage names asks resolvers, and connects to nobody else. */
static void test_names_leave_no_port_of_peers(void **state)
{
    (void)state;
    need_landlock();
    if (landlock_abi() < LANDLOCK_ABI_TCP)
        skip_because("this kernel's Landlock knows no ports (ABI 4, Linux 6.7)");
    open_port = listen_somewhere();
    in_child(try_names);
}

static void try_resolvers_port(void)
{
    char text[64];
    (void)snprintf(text, sizeof text, "127.0.0.1,127.0.0.2:%u", open_port);
    make_config("dns.resolvers", text);
    enter_as_scan();
    CHECK(connect_to(open_port) == 0);
    CHECK(connect_to(other_port) == EACCES);
}

static void test_resolvers_ports_are_open(void **state)
{
    (void)state;
    need_landlock();
    if (landlock_abi() < LANDLOCK_ABI_TCP)
        skip_because("this kernel's Landlock knows no ports (ABI 4, Linux 6.7)");
    open_port = listen_somewhere();
    other_port = listen_somewhere();
    in_child(try_resolvers_port);
}

/* ---- system calls -------------------------------------------------------------------------------------- */

/* Each with arguments by which it does nothing even where it may be called. */
static const struct call {
    const char *name;
    long number, a, b, c;
} calls[] = {
    {"execve", SYS_execve, (long)"/nonexistent", 0, 0},
    {"execveat", SYS_execveat, -1, (long)"nonexistent", 0},
    {"ptrace", SYS_ptrace, PTRACE_PEEKDATA, 0x7FFFFFF, 0},
    {"process_vm_readv", SYS_process_vm_readv, 0x7FFFFFF, 0, 0},
    {"process_vm_writev", SYS_process_vm_writev, 0x7FFFFFF, 0, 0},
    {"pidfd_open", SYS_pidfd_open, 0x7FFFFFF, 0, 0},
    {"kcmp", SYS_kcmp, 0x7FFFFFF, 0x7FFFFFF, 0},
    {"unshare", SYS_unshare, 1, 0, 0},
    {"setns", SYS_setns, -1, 0, 0},
    {"chroot", SYS_chroot, (long)"/nonexistent", 0, 0},
    {"pivot_root", SYS_pivot_root, (long)"/nonexistent", (long)"/nonexistent", 0},
    {"mount", SYS_mount, 0, (long)"/nonexistent", 0},
    {"umount2", SYS_umount2, (long)"/nonexistent", 0, 0},
    {"open_tree", SYS_open_tree, -1, (long)"nonexistent", 0},
    {"fsopen", SYS_fsopen, (long)"nonexistent", 0, 0},
    {"swapon", SYS_swapon, (long)"/nonexistent", 0, 0},
    {"bpf", SYS_bpf, 9999, 0, 0},
    {"perf_event_open", SYS_perf_event_open, 0, 0, 0},
    {"userfaultfd", SYS_userfaultfd, -1, 0, 0},
    {"io_uring_setup", SYS_io_uring_setup, 0, 0, 0},
    {"io_uring_enter", SYS_io_uring_enter, -1, 0, 0},
    {"init_module", SYS_init_module, 0, 0, 0},
    {"finit_module", SYS_finit_module, -1, 0, 0},
    {"delete_module", SYS_delete_module, 0, 0, 0},
    {"kexec_load", SYS_kexec_load, 0, 999999, 0},
    {"reboot", SYS_reboot, 0, 0, 0},
    {"syslog", SYS_syslog, 99, 0, 0},
    {"add_key", SYS_add_key, 0, 0, 0},
    {"request_key", SYS_request_key, 0, 0, 0},
    {"keyctl", SYS_keyctl, 9999, 0, 0},
    {"personality", SYS_personality, 0xFFFFFFFF, 0, 0},
    {"setuid", SYS_setuid, -1, 0, 0},
    {"setresuid", SYS_setresuid, -1, -1, -1},
    {"setgid", SYS_setgid, -1, 0, 0},
    {"setgroups", SYS_setgroups, -1, 0, 0},
    {"capset", SYS_capset, 0, 0, 0},
    {"settimeofday", SYS_settimeofday, 1, 1, 0},
    {"clock_settime", SYS_clock_settime, 9999, 0, 0},
    {"sethostname", SYS_sethostname, 0, -1, 0},
    {"open_by_handle_at", SYS_open_by_handle_at, -1, 0, 0},
    {"name_to_handle_at", SYS_name_to_handle_at, -1, 0, 0},
    {"mknodat", SYS_mknodat, -1, (long)"nonexistent", 0},
    {"fchmod", SYS_fchmod, -1, 0, 0},
    {"fchmodat", SYS_fchmodat, -1, (long)"nonexistent", 0},
    {"fchown", SYS_fchown, -1, 0, 0},
    {"fchownat", SYS_fchownat, -1, (long)"nonexistent", 0},
    {"fsetxattr", SYS_fsetxattr, -1, 0, 0},
    {"listen", SYS_listen, -1, 0, 0},
    {"accept4", SYS_accept4, -1, 0, 0},
    {"raw socket", SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP},
    {"raw socket, IPv6", SYS_socket, AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6},
    {"packet socket", SYS_socket, AF_PACKET, SOCK_DGRAM, 0},
    {"socket of a machine beside", SYS_socket, AF_VSOCK, SOCK_STREAM, 0},
    {"socket of a family to come", SYS_socket, 1000, SOCK_STREAM, 0},
    {"socket of Appletalk", SYS_socket, AF_APPLETALK, SOCK_DGRAM, 0},
    {"code of data", SYS_mmap, 0, 4096, PROT_WRITE | PROT_EXEC},
    {"code of memory", SYS_mprotect, 0x1000, 4096, PROT_READ | PROT_EXEC},
    {"a process", SYS_clone, CLONE_VFORK, 0, 0},
#ifdef SYS_fork
    {"fork", SYS_fork, 0, 0, 0},
    {"vfork", SYS_vfork, 0, 0, 0},
#endif
};

static long make(const struct call *call)
{
    errno = 0;
    long result = syscall(call->number, call->a, call->b, call->c, 0, 0);
    if (result == 0 && call->number == SYS_clone)
        _exit(2); /* the process that must not be */
    return result;
}

/* The socket that listened before takes connections, and no other does. */
static void try_accepting(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char text[16];
    int fds[2];
    for (size_t i = 0; i < 2; i++) {
        address.sin_port = 0;
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CHECK(bind(fds[i], (struct sockaddr *)&address, len) == 0 && listen(fds[i], 1) == 0);
    }
    CHECK(getsockname(fds[1], (struct sockaddr *)&address, &len) == 0);
    (void)snprintf(text, sizeof text, "%u", ntohs(address.sin_port));
    make_config("smtp.port", text);
    sandbox_permit();
    sandbox_enter(&(struct sandbox_needs){.config = &config, .listener = fds[1]}, &sandbox);
    int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(connected, (struct sockaddr *)&address, len) == 0);
    CHECK(accept4(fds[0], NULL, NULL, 0) < 0 && errno == EPERM);
    CHECK(accept(fds[1], NULL, NULL) < 0 && errno == EPERM);
    CHECK(accept4(fds[1], NULL, NULL, SOCK_CLOEXEC) >= 0);
    CHECK(listen(fds[0], 1) != 0 && errno == EPERM);
}

static void try_calls(void)
{
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(sandbox.refused > 0 && sandbox.seccomp_error == 0);
    for (size_t i = 0; i < COUNT(calls); i++) {
        if (make(&calls[i]) == -1 && errno == EPERM)
            continue;
        (void)fprintf(stderr, "%s: %s", calls[i].name, strerror(errno));
        _exit(1);
    }
    errno = 0;
    CHECK(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
    CHECK(fork() == -1 && errno == EPERM);
}

/* With one open file left, for the rules, no path can be opened: nothing is bound then. */
static void bind_without_files(void)
{
    const struct landlock_path path = {"/", LANDLOCK_READ};
    const struct landlock_plan plan = {.paths = &path, .path_count = 1};
    struct rlimit few = {0, 0};
    int next = dup(STDERR_FILENO);
    (void)close(next);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(getrlimit(RLIMIT_NOFILE, &few) == 0);
    few.rlim_cur = (rlim_t)next + 1;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    CHECK(!landlock_bind(&plan, landlock_abi()) && errno == EMFILE);
    CHECK(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
}

static void test_too_few_open_files(void **state)
{
    (void)state;
    need_landlock();
    in_child(bind_without_files);
}

/* The same before: most of them fail otherwise, or work. So it is the refusal that is seen. */
static void try_calls_unbound(void)
{
    size_t otherwise = 0;
    for (size_t i = 0; i < COUNT(calls); i++)
        if (calls[i].number != SYS_clone && strstr(calls[i].name, "fork") == NULL)
            otherwise += !(make(&calls[i]) == -1 && errno == EPERM);
    CHECK(otherwise > COUNT(calls) / 2);
}

static void test_calls_are_refused(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_calls_unbound);
    in_child(try_calls);
    in_child(try_accepting);
}

static void *try_in_thread(void *arg)
{
    atomic_bool *fine = arg;
    atomic_store(fine, syscall(SYS_execve, "/nonexistent", NULL, NULL) == -1 && errno == EPERM &&
                           (landlock_abi() == 0 || is_denied(in_place("other/secret"), O_RDONLY)));
    return NULL;
}

/* Threads can be made, and are bound. */
static void try_threads(void)
{
    pthread_t threads[3];
    atomic_bool fine[3] = {false};
    make_config(NULL, NULL);
    enter_as_scan();
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK(pthread_create(&threads[i], NULL, try_in_thread, &fine[i]) == 0);
    for (size_t i = 0; i < COUNT(threads); i++)
        CHECK(pthread_join(threads[i], NULL) == 0 && atomic_load(&fine[i]));
}

static void test_threads_are_bound(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_threads);
}

static void try_new_privileges(void)
{
    make_config(NULL, NULL);
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
    enter_as_scan();
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && sandbox.no_new_privileges);
}

static void test_no_new_privileges(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_new_privileges);
}

/* ---- readers ------------------------------------------------------------------------------------------- */

static void try_reader(void)
{
    sandbox_permit();
    const char *const read[] = {in_place("read")};
    sandbox_enter_reader(
        &(struct sandbox_reader){.read = read, .read_count = 1, .folder = in_place("folder")});
    CHECK(opens(in_place("read/list"), O_RDONLY));
    CHECK(is_denied(in_place("other/secret"), O_RDONLY));
    CHECK(is_denied(in_place("temporary/new"), O_RDWR | O_CREAT));
    CHECK(mkdir(in_place("folder/sub"), 0755) == 0);
    CHECK(opens(in_place("folder/sub/file"), O_WRONLY | O_CREAT | O_EXCL));
    CHECK(socket(AF_INET, SOCK_DGRAM, 0) == -1 && errno == EPERM);
    CHECK(socket(AF_UNIX, SOCK_STREAM, 0) == -1 && errno == EPERM);
}

static void try_reader_with_temporary(void)
{
    sandbox_permit();
    const char *const read[] = {in_place("read"), in_place("own")};
    sandbox_enter_reader(&(struct sandbox_reader){.read = read, .read_count = 2, .temporary = true});
    CHECK(opens(in_place("own/standing"), O_RDONLY) && is_denied(in_place("own/standing"), O_WRONLY));
    CHECK(opens(in_place("temporary/new"), O_RDWR | O_CREAT));
    CHECK(unlink(in_place("temporary/new")) == 0);
    CHECK(is_denied(in_place("folder/new"), O_RDWR | O_CREAT));
}

static void test_readers(void **state)
{
    (void)state;
    need_landlock();
    need_seccomp();
    in_child(try_reader);
    in_child(try_reader_with_temporary);
}

/* ---- what is lacking ----------------------------------------------------------------------------------- */

static struct preflight lines;

static const char *say(void)
{
    lines.count = 0;
    sandbox_say(&sandbox, &lines);
    return lines.texts[0];
}

static bool says(const char *words)
{
    if (strstr(say(), words) != NULL)
        return true;
    (void)fprintf(stderr, "%s: ", say());
    return false;
}

/* Makes a kernel that does not have the call, or fails at it. */
static void fail_call(const char *name, int number)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    CHECK(filter != NULL);
    CHECK(seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)number), seccomp_syscall_resolve_name(name), 0) ==
          0);
    CHECK(seccomp_load(filter) == 0);
}

static void try_without_landlock(void)
{
    fail_call("landlock_create_ruleset", ENOSYS);
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(sandbox.landlock == 0 && sandbox.refused > 0);
    CHECK(opens(in_place("other/secret"), O_RDONLY));
    CHECK(says("other files stay open, as there is no Landlock here") && lines.checks[0].ok);
    CHECK(syscall(SYS_execve, "/nonexistent", NULL, NULL) == -1 && errno == EPERM);
}

static void try_without_seccomp(void)
{
    fail_call("seccomp", ENOSYS);
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(!sandbox.seccomp && sandbox.refused == 0);
    CHECK(says("no system call is refused, as there is no seccomp here") && lines.checks[0].ok);
    CHECK(landlock_abi() == 0 || is_denied(in_place("other/secret"), O_RDONLY));
}

static void try_failing(void)
{
    fail_call("landlock_restrict_self", ENOMEM);
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(sandbox.landlock_error == ENOMEM);
    CHECK(says("other files could not be closed (Cannot allocate memory)") && !lines.checks[0].ok);
}

static void try_all_there(void)
{
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(says("no other programs (") && lines.checks[0].ok && strlen(say()) < 160);
    CHECK(landlock_abi() == 0 || says("; no other files"));
    CHECK(landlock_abi() < LANDLOCK_ABI_TCP || says("no other TCP ports"));
    CHECK(geteuid() != 0 || says("as root"));
}

static void *wait_for_ever(void *arg)
{
    (void)pause();
    return arg;
}

static void try_after_threads(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_for_ever, NULL) == 0);
    make_config(NULL, NULL);
    enter_as_scan();
    CHECK(says("; threads that began before are not bound") && !lines.checks[0].ok);
}

static void test_what_is_lacking_is_said(void **state)
{
    (void)state;
    need_seccomp();
    in_child(try_without_landlock);
    in_child(try_without_seccomp);
    in_child(try_all_there);
    in_child(try_after_threads);
    need_landlock();
    in_child(try_failing);
}

/* ---- off ----------------------------------------------------------------------------------------------- */

static void is_free(const char *words)
{
    enter_as_scan();
    CHECK(says(words) && lines.checks[0].ok);
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0);
    CHECK(opens(in_place("other/secret"), O_RDONLY));
}

static void try_off(void)
{
    make_config("safety.sandbox", "no");
    is_free(has_sanitizer() ? "off: this build has a sanitizer" : "off: safety.sandbox=no");
}

static void try_preloaded(void)
{
    make_config(NULL, NULL);
    CHECK(setenv("LD_PRELOAD", "/usr/lib/any.so", 1) == 0);
    is_free(has_sanitizer() ? "off: this build has a sanitizer" : "off: LD_PRELOAD is set");
}

static void try_not_permitted(void)
{
    make_config(NULL, NULL);
    sandbox_enter(&(struct sandbox_needs){.config = &config}, &sandbox);
    CHECK(says("off: another program runs it"));
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

static void test_off(void **state)
{
    (void)state;
    in_child(try_off);
    in_child(try_preloaded);
    in_child(try_not_permitted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_other_files_are_closed),
        cmocka_unit_test(test_the_scan_directory_is_written),
        cmocka_unit_test(test_unmaking_ends),
        cmocka_unit_test(test_other_ports_are_closed),
        cmocka_unit_test(test_names_leave_no_port_of_peers),
        cmocka_unit_test(test_resolvers_ports_are_open),
        cmocka_unit_test(test_too_few_open_files),
        cmocka_unit_test(test_calls_are_refused),
        cmocka_unit_test(test_threads_are_bound),
        cmocka_unit_test(test_no_new_privileges),
        cmocka_unit_test(test_readers),
        cmocka_unit_test(test_what_is_lacking_is_said),
        cmocka_unit_test(test_off),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
