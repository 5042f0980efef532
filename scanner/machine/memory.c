/* Reads the system's own words about memory, and estimates what a scan takes. */
#include "scanner/machine/memory.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "scanner/machine/ceilings.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/system_line.h"

enum { KIB = 1024, MIB = 1024 * 1024, LINE_BYTES = 4096 };

/* Address space, as `ulimit -v` counts it. Measured by tests/machine-faults, which looks for the least with
 * which a scan begins; the rest is room for other versions of the libraries. */
enum {
    BEGIN_MIB = 64,          /* libraries, trust, buffers, the list's first names */
    BEGIN_EMBEDDED_MIB = 40, /* the embedded resolver's own */
    THREADS_BESIDE = 3,      /* main, feeder, writer */
    LOOP_MIB = 4,            /* beside its stack */
    LOOP_EMBEDDED_MIB = 10
};

/* ---- to begin ------------------------------------------------------------------------------------------ */

static uint64_t stack_bytes(void)
{
    size_t bytes = 0;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return 0;
    (void)pthread_attr_getstacksize(&attributes, &bytes);
    (void)pthread_attr_destroy(&attributes);
    return bytes;
}

static uint64_t needed_to_begin(const struct config *config, uint32_t loops)
{
    bool embedded = config->dns_resolvers[0] == '\0';
    uint64_t own = BEGIN_MIB, of_loop = LOOP_MIB;
    if (embedded) {
        own += BEGIN_EMBEDDED_MIB;
        of_loop += LOOP_EMBEDDED_MIB;
    }
    return (own + loops * of_loop) * MIB + (loops + THREADS_BESIDE) * stack_bytes();
}

bool memory_can_begin(const struct config *config, uint32_t loops, struct buf *why)
{
    uint64_t bytes = needed_to_begin(config, loops);
    void *memory =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory != MAP_FAILED) {
        (void)munmap(memory, bytes);
        return true;
    }
    buf_printf(why,
               "memory: the %llu MiB that %u loop%s to begin cannot be had (%s): raise ulimit -v, or lower "
               "scan.loops",
               (unsigned long long)(bytes / MIB), loops, loops == 1 ? " needs" : "s need", strerror(errno));
    return false;
}

/* ---- what there is ------------------------------------------------------------------------------------- */

/* Opens a file of the system; NULL if there is none. */
static FILE *open_at(const char *root, const char *path)
{
    char whole[PATH_MAX];
    int len = snprintf(whole, sizeof whole, "%s%s", root, path);
    return len > 0 && (size_t)len < sizeof whole ? fopen(whole, "re") : NULL;
}

static uint64_t saturated_kib(uint64_t kib)
{
    return kib < UINT64_MAX / KIB ? kib * KIB : UINT64_MAX;
}

static bool of_machine(const char *root, uint64_t *bytes)
{
    static const char word[] = "MemAvailable:";
    char line[LINE_BYTES];
    bool found = false;
    FILE *file = open_at(root, "/proc/meminfo");
    while (file != NULL && !found && system_line(file, line, sizeof line))
        found = strncmp(line, word, sizeof word - 1) == 0;
    if (found)
        *bytes = saturated_kib(strtoull(line + sizeof word - 1, NULL, 10));
    if (file != NULL)
        (void)fclose(file);
    return found;
}

/* Lowers *bytes to the limit that stands in the file; "max" and a file that is not there are none. */
static void take_limit(const char *root, const char *path, uint64_t *bytes)
{
    char line[LINE_BYTES];
    FILE *file = open_at(root, path);
    if (file == NULL)
        return;
    if (system_line(file, line, sizeof line) && line[0] >= '0' && line[0] <= '9') {
        uint64_t limit = strtoull(line, NULL, 10);
        *bytes = limit < *bytes ? limit : *bytes;
    }
    (void)fclose(file);
}

/* Takes the limits of a control group and of all above it: cgroups(7), both versions. */
static void take_group(const char *root, const char *mount, char *group, const char *file, uint64_t *bytes)
{
    char path[PATH_MAX];
    for (;;) {
        int len = snprintf(path, sizeof path, "%s%s/%s", mount, group, file);
        if (len > 0 && (size_t)len < sizeof path)
            take_limit(root, path, bytes);
        char *slash = strrchr(group, '/');
        if (slash == NULL)
            return;
        *slash = '\0';
    }
}

static void of_groups(const char *root, uint64_t *bytes)
{
    char line[LINE_BYTES];
    FILE *file = open_at(root, "/proc/self/cgroup");
    while (file != NULL && system_line(file, line, sizeof line)) {
        char *path = strstr(line, ":/");
        if (strncmp(line, "0::/", 4) == 0)
            take_group(root, "/sys/fs/cgroup", line + 3, "memory.max", bytes);
        else if (path != NULL && strstr(line, ":memory:") != NULL)
            take_group(root, "/sys/fs/cgroup/memory", path + 1, "memory.limit_in_bytes", bytes);
    }
    if (file != NULL)
        (void)fclose(file);
}

bool memory_available(const char *root, uint64_t *bytes)
{
    if (!of_machine(root, bytes))
        return false;
    of_groups(root, bytes);
    return true;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

bool memory_describe(const struct config *config, char *text, size_t size)
{
    static const double gib = 1 << 30;
    struct ceiling rows[CEILINGS];
    uint64_t likely = ceilings_likely(config, CEILINGS_ANY_LIST), there = 0;
    char available[64] = "";
    bool known = memory_available("", &there);
    ceilings_of(config, rows);
    if (known)
        (void)snprintf(available, sizeof available, ", %.1f GiB available", (double)there / gib);
    (void)snprintf(text, size, "likely up to %llu MiB%s%s; %.1f GiB if every peer were hostile",
                   (unsigned long long)(likely / MIB), available,
                   known && there < likely ? ": too little, lower scan.in_flight or scan.cache" : "",
                   (double)ceilings_total(rows) / gib);
    return !known || likely <= there;
}
