#include "scanner/machine/build.h"

#include <brotli/decode.h>
#include <gnu/libc-version.h>
#include <idn2.h>
#include <libpsl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <xxhash.h>
#include <zlib.h>

#include "scanner/machine/landlock.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/syscalls.h"

#if defined __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* jemalloc's, if the program is linked with it (`make MALLOC=` is not). */
extern int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len)
    __attribute__((weak));

static void add(struct build *build, const char *name, const char *version)
{
    if (build->library_count < BUILD_LIBRARIES)
        build->libraries[build->library_count++] = (struct machine_library){name, version};
}

static void add_number(struct build *build, const char *name, unsigned major, unsigned minor, unsigned patch)
{
    if (build->library_count >= BUILD_LIBRARIES)
        return;
    char *text = build->texts[build->library_count];
    (void)snprintf(text, BUILD_TEXT_BYTES, "%u.%u.%u", major, minor, patch);
    add(build, name, text);
}

static void add_allocator(struct build *build)
{
    const char *version = NULL;
    size_t len = sizeof version;
    if (mallctl == NULL || mallctl("version", &version, &len, NULL, 0) != 0 || version == NULL ||
        build->library_count >= BUILD_LIBRARIES)
        return;
    char *text = build->texts[build->library_count];
    (void)snprintf(text, BUILD_TEXT_BYTES, "%.*s", (int)strcspn(version, "-"),
                   version); /* a commit follows */
    add(build, "jemalloc", text);
}

static void add_libraries(struct build *build)
{
    const unsigned xxhash = XXH_versionNumber(), brotli = BrotliDecoderVersion();
    const struct scmp_version *seccomp = seccomp_version();
    build->library_count = setup_libraries(build->libraries);
    add(build, "zlib", zlibVersion());
    add_number(build, "brotli", brotli >> 24, brotli >> 12 & 0xfff, brotli & 0xfff);
    add(build, "libidn2", idn2_check_version(NULL));
    add(build, "libpsl", psl_get_version());
    add_number(build, "xxhash", xxhash / 10000, xxhash / 100 % 100, xxhash % 100);
    if (seccomp != NULL)
        add_number(build, "libseccomp", seccomp->major, seccomp->minor, seccomp->micro);
    add_allocator(build);
    add(build, "glibc", gnu_get_libc_version());
}

void build_describe(struct build *build)
{
    struct utsname system;
    *build = (struct build){.compiler = COMPILER, .flags = STSWEEP_FLAGS, .hardening = STSWEEP_HARDENING};
    if (uname(&system) == 0)
        (void)snprintf(build->kernel, sizeof build->kernel, "%.40s %.40s", system.release, system.machine);
    build->landlock = landlock_abi();
    build->seccomp = syscalls_can_be_refused();
    add_libraries(build);
}
