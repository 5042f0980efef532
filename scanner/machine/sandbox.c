#include "scanner/machine/sandbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "scanner/base/shown.h"
#include "scanner/dns/lookup.h"
#include "scanner/machine/preflight_lines.h"
#include "scanner/machine/privileges.h"
#include "scanner/machine/syscalls.h"

enum { HTTPS_PORT = 443, DNS_PORT = 53, PORTS = 64, FIXED_PORTS = 3, USER_SHOWN = 32 };

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define HAS_SANITIZER true
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER true
#endif
#endif
#ifndef HAS_SANITIZER
#define HAS_SANITIZER false
#endif

/* Read by libraries at their own time: their data and their plug-ins, locales, time zones, how names are
 * found, what machine this is. None of it is secret, and all of it is everybody's to read. */
static const struct landlock_path of_system[] = {
    {"/lib", LANDLOCK_READ},
    {"/lib64", LANDLOCK_READ},
    {"/usr/lib", LANDLOCK_READ},
    {"/usr/lib64", LANDLOCK_READ},
    {"/usr/local/lib", LANDLOCK_READ},
    {"/usr/share", LANDLOCK_READ},
    {"/etc/ld.so.cache", LANDLOCK_READ},
    {"/etc/localtime", LANDLOCK_READ},
    {"/etc/ssl/openssl.cnf", LANDLOCK_READ},
    {"/etc/ssl/certs", LANDLOCK_READ},
    {"/etc/pki/tls/certs", LANDLOCK_READ},
    {"/etc/resolv.conf", LANDLOCK_READ},
    {"/etc/hosts", LANDLOCK_READ},
    {"/etc/host.conf", LANDLOCK_READ},
    {"/etc/nsswitch.conf", LANDLOCK_READ},
    {"/etc/gai.conf", LANDLOCK_READ},
    {"/etc/services", LANDLOCK_READ},
    {"/etc/protocols", LANDLOCK_READ},
    {"/dev/null", LANDLOCK_READ},
    {"/dev/random", LANDLOCK_READ},
    {"/dev/urandom", LANDLOCK_READ},
    {"/proc/self", LANDLOCK_READ},
    {"/proc/cpuinfo", LANDLOCK_READ},
    {"/proc/meminfo", LANDLOCK_READ},
    {"/proc/stat", LANDLOCK_READ},
    {"/proc/sys/vm", LANDLOCK_READ},
    {"/proc/sys/crypto", LANDLOCK_READ},
    {"/sys/devices/system/cpu", LANDLOCK_READ},
    {"/sys/fs/cgroup", LANDLOCK_READ},
    {"/sys/kernel/mm", LANDLOCK_READ},
};

enum { OF_SYSTEM = sizeof of_system / sizeof *of_system, OF_CONFIG = 5, BESIDE_READ = 3 };

static bool is_permitted;

void sandbox_permit(void)
{
    is_permitted = true;
}

const char *sandbox_temporary(void)
{
    const char *temporary = getenv("TMPDIR");
    return temporary != NULL && temporary[0] != 0 ? temporary : "/tmp";
}

static const char *why_off(const struct config *config)
{
    const char *preloaded = getenv("LD_PRELOAD");
    if (!is_permitted)
        return "another program runs it";
    if (HAS_SANITIZER)
        return "this build has a sanitizer";
    if (config != NULL && config->safety_sandbox == SAFETY_SANDBOX_NO)
        return "safety.sandbox=no";
    if (preloaded != NULL && preloaded[0] != 0)
        return "LD_PRELOAD is set";
    return NULL;
}

/* ---- what is kept -------------------------------------------------------------------------------------- */

/* Fills in where TCP connections may go: to name servers and, if they are connected to, mail servers and
 * policy hosts. */
static size_t list_ports(const struct config *config, uint16_t ports[PORTS])
{
    const char *list = config->dns_resolvers, *why = NULL;
    struct ip_addr ip;
    size_t count = 0;
    if (config_probes(config))
        ports[count++] = (uint16_t)config->smtp_port;
    if (config_fetches(config))
        ports[count++] = HTTPS_PORT;
    ports[count++] = DNS_PORT;
    while (count < PORTS && resolver_next_address(&list, &ip, &ports[count], &why))
        count++;
    return count;
}

static size_t list_paths(const struct sandbox_needs *needs, struct landlock_path *paths)
{
    const struct config *config = needs->config;
    size_t count = 0;
    for (size_t i = 0; i < OF_SYSTEM; i++)
        paths[count++] = of_system[i];
    if (config != NULL) {
        paths[count++] = (struct landlock_path){config->dns_root_hints, LANDLOCK_READ};
        paths[count++] = (struct landlock_path){config->dns_trust_anchor, LANDLOCK_READ};
        paths[count++] = (struct landlock_path){config->tls_ca_file, LANDLOCK_READ};
    }
    /* What is read of an earlier scan is kept in a temporary file. */
    if (config != NULL && config->scan_previous[0] != 0) {
        paths[count++] = (struct landlock_path){config->scan_previous, LANDLOCK_READ};
        paths[count++] = (struct landlock_path){sandbox_temporary(), LANDLOCK_FILES};
    }
    for (size_t i = 0; i < needs->path_count; i++)
        paths[count++] = needs->paths[i];
    return count;
}

static void close_files(const struct sandbox_needs *needs, struct sandbox *sandbox)
{
    uint16_t ports[PORTS];
    struct landlock_path *paths = calloc(OF_SYSTEM + OF_CONFIG + needs->path_count, sizeof *paths);
    struct landlock_plan plan = {.paths = paths, .ports = ports};
    sandbox->landlock = landlock_abi();
    if (paths == NULL) {
        sandbox->landlock_error = ENOMEM;
    } else if (sandbox->landlock > 0) {
        plan.path_count = list_paths(needs, paths);
        plan.port_count = needs->config == NULL ? 0 : list_ports(needs->config, ports);
        if (!landlock_bind(&plan, sandbox->landlock))
            sandbox->landlock_error = errno;
    }
    free(paths);
}

/* ---- giving away --------------------------------------------------------------------------------------- */

/* Landlock and capabilities are the calling thread's: one that a library has begun would stay free. The
 * directory has a link for each thread beside its own two. */
static bool has_other_threads(void)
{
    struct stat status;
    return stat("/proc/self/task", &status) == 0 && status.st_nlink > 3;
}

void sandbox_enter(const struct sandbox_needs *needs, struct sandbox *sandbox)
{
    const struct config *config = needs->config;
    *sandbox = (struct sandbox){.off = why_off(config)};
    sandbox->is_root = privileges_are_roots();
    if (config != NULL && config->safety_user[0] != 0)
        sandbox->user = config->safety_user;
    if (sandbox->off != NULL)
        return;
    sandbox->has_threads = has_other_threads();
    sandbox->shed = privileges_shed();
    sandbox->no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
    close_files(needs, sandbox);
    sandbox->seccomp = syscalls_can_be_refused();
    if (sandbox->seccomp)
        sandbox->refused = syscalls_refuse(config != NULL, needs->listener);
    if (sandbox->seccomp && sandbox->refused == 0)
        sandbox->seccomp_error = errno;
}

void sandbox_enter_reader(const struct sandbox_reader *reader)
{
    struct landlock_path *paths = calloc(reader->read_count + BESIDE_READ, sizeof *paths);
    struct sandbox_needs needs = {.paths = paths};
    struct sandbox sandbox;
    if (paths == NULL)
        return; /* whoever needs memory next says so */
    for (size_t i = 0; i < reader->read_count; i++)
        paths[needs.path_count++] = (struct landlock_path){reader->read[i], LANDLOCK_READ};
    if (reader->folder != NULL)
        paths[needs.path_count++] = (struct landlock_path){reader->folder, LANDLOCK_FOLDERS};
    if (reader->folder != NULL && reader->unmakes)
        paths[needs.path_count++] = (struct landlock_path){reader->folder, LANDLOCK_UNMAKE};
    if (reader->temporary)
        paths[needs.path_count++] = (struct landlock_path){sandbox_temporary(), LANDLOCK_FILES};
    sandbox_enter(&needs, &sandbox);
    free(paths);
}

/* ---- in words ------------------------------------------------------------------------------------------ */

static void say_calls(const struct sandbox *sandbox, char *text)
{
    if (sandbox->refused > 0)
        preflight_append(text, "no other programs (%d system calls are refused)", sandbox->refused);
    else if (sandbox->seccomp)
        preflight_append(text, "system calls could not be refused (%s)", strerror(sandbox->seccomp_error));
    else
        preflight_append(text, "no system call is refused, as there is no seccomp here");
}

static void say_files(const struct sandbox *sandbox, char *text)
{
    if (sandbox->landlock == 0)
        preflight_append(text, "; other files stay open, as there is no Landlock here");
    else if (sandbox->landlock_error != 0)
        preflight_append(text, "; other files could not be closed (%s)", strerror(sandbox->landlock_error));
    else
        preflight_append(text, "; no other files%s (Landlock %d)",
                         sandbox->landlock >= LANDLOCK_ABI_TCP ? ", no other TCP ports" : "",
                         sandbox->landlock);
}

static void say_who(const struct sandbox *sandbox, char *text)
{
    if (sandbox->user != NULL)
        preflight_append(text, "; as user %s", shown_within(sandbox->user, USER_SHOWN));
    else if (sandbox->is_root)
        preflight_append(text, "; as root, unless safety.user names another user");
}

void sandbox_say(const struct sandbox *sandbox, struct preflight *preflight)
{
    bool failed = sandbox->has_threads || sandbox->landlock_error != 0 || sandbox->seccomp_error != 0 ||
                  !sandbox->shed || !sandbox->no_new_privileges;
    char *text = preflight_add(preflight, "sandbox", sandbox->off != NULL || !failed);
    if (sandbox->off != NULL) {
        preflight_append(text, "off: %s", sandbox->off);
    } else {
        say_calls(sandbox, text);
        say_files(sandbox, text);
        preflight_append(text, sandbox->no_new_privileges ? "" : "; new privileges could be had");
        preflight_append(text, sandbox->has_threads ? "; threads that began before are not bound" : "");
        preflight_append(text, sandbox->shed ? "" : "; root's capabilities could not be dropped");
    }
    say_who(sandbox, text);
}
