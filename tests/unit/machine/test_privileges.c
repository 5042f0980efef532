/*
 * Root is given away for good: what was root's fails afterwards, and so does every way back. Without root,
 * what is said instead.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/machine/privileges.h"
#include "tests/unit/machine/in_child.h"

/* Debian has it everywhere; it owns nothing. */
static const char SOMEBODY[] = "nobody";

static void need_root(void)
{
    char map[64] = "";
    FILE *file = fopen("/proc/self/uid_map", "r");
    bool real = file != NULL && fgets(map, sizeof map, file) != NULL && strstr(map, "4294967295") != NULL;
    if (file != NULL)
        (void)fclose(file);
    if (geteuid() == 0 && real && getpwnam(SOMEBODY) != NULL)
        return;
    print_message("           not shown here: this is not root of the machine, or there is no user %s\n",
                  SOMEBODY);
    skip();
}

static struct privileges_user user;
static struct buf why;

static void become(void)
{
    buf_init(&why, 4096);
    CHECK(setgroups(2, (gid_t[]){0, 4}) == 0); /* root may be in some */
    CHECK(privileges_find(SOMEBODY, &user, &why) == ERR_OK);
    CHECK(!user.is_us && user.uid == getpwnam(SOMEBODY)->pw_uid);
    CHECK(privileges_become(&user, &why) == ERR_OK);
}

static struct __user_cap_data_struct capabilities(size_t half)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    CHECK(syscall(SYS_capget, &header, data) == 0);
    return data[half];
}

static bool is_empty(struct __user_cap_data_struct data)
{
    return data.effective == 0 && data.permitted == 0 && data.inheritable == 0;
}

static void try_root_again(void)
{
    gid_t groups[64];
    become();
    CHECK(setuid(0) == -1 && errno == EPERM);
    CHECK(seteuid(0) == -1 && errno == EPERM);
    CHECK(setresuid(0, 0, 0) == -1 && errno == EPERM);
    CHECK(setgid(0) == -1 && errno == EPERM);
    CHECK(setgroups(1, &(gid_t){0}) == -1 && errno == EPERM);
    CHECK(getuid() == user.uid && geteuid() == user.uid && getgid() == user.gid && getegid() == user.gid);
    int count = getgroups(64, groups);
    for (int i = 0; i < count; i++)
        CHECK(groups[i] != 0 && groups[i] != 4);
    CHECK(is_empty(capabilities(0)) && is_empty(capabilities(1)));
    for (unsigned long i = 0; i <= CAP_LAST_CAP; i++)
        CHECK(prctl(PR_CAPBSET_READ, i, 0, 0, 0) <= 0);
}

static void try_what_was_roots(void)
{
    become();
    CHECK(open("/etc/shadow", O_RDONLY) == -1 && errno == EACCES);
    CHECK(chroot("/") == -1 && errno == EPERM);
    CHECK(mount("none", "/mnt", "tmpfs", 0, NULL) == -1 && errno == EPERM);
    CHECK(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
    CHECK(kill(getppid(), 0) == -1 && errno == EPERM);
}

static void test_root_is_given_away(void **state)
{
    (void)state;
    need_root();
    in_child(try_root_again);
    in_child(try_what_was_roots);
}

/* Who gave root away is that user, and cannot become another. */
static void try_as_user(void)
{
    become();
    CHECK(privileges_find(SOMEBODY, &user, &why) == ERR_OK && user.is_us);
    CHECK(privileges_become(&user, &why) == ERR_OK);
    CHECK(why.len == 0);
    CHECK(privileges_find("daemon", &user, &why) == ERR_CONFIG);
    CHECK(strstr(buf_string(&why),
                 "safety.user=daemon: only root can become another user: start it as root") != NULL);
    CHECK(!privileges_are_roots() && privileges_shed());
}

static void test_another_user_takes_root(void **state)
{
    (void)state;
    need_root();
    in_child(try_as_user);
}

static void test_no_such_user(void **state)
{
    (void)state;
    buf_init(&why, 4096);
    assert_int_equal(privileges_find("no-such-user", &user, &why), ERR_CONFIG);
    assert_non_null(strstr(buf_string(&why), "safety.user=no-such-user: there is no such user here"));
    buf_reset(&why);
    assert_int_equal(privileges_find("root", &user, &why), ERR_CONFIG);
    assert_non_null(strstr(buf_string(&why), "safety.user=root: that is root"));
    buf_dispose(&why);
}

/* Root that stays root reads and writes what it did, and nothing else is left to it. */
static void try_shed(void)
{
    struct stat status;
    CHECK(privileges_shed());
    CHECK(geteuid() == 0 && stat("/", &status) == 0);
    uint32_t left = 1U << CAP_DAC_OVERRIDE | 1U << CAP_DAC_READ_SEARCH;
    CHECK(capabilities(0).effective == left && capabilities(0).permitted == left);
    CHECK(is_empty(capabilities(1)));
    CHECK(open("/etc/shadow", O_RDONLY) >= 0);
    CHECK(chroot("/") == -1 && errno == EPERM);
    CHECK(mount("none", "/mnt", "tmpfs", 0, NULL) == -1 && errno == EPERM);
    CHECK(unshare(CLONE_NEWNS) == -1 && errno == EPERM);
    CHECK(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EPERM);
    CHECK(setuid(1) == -1 && errno == EPERM);
}

static void test_root_sheds(void **state)
{
    (void)state;
    need_root();
    in_child(try_shed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_root_is_given_away),
        cmocka_unit_test(test_another_user_takes_root),
        cmocka_unit_test(test_no_such_user),
        cmocka_unit_test(test_root_sheds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
