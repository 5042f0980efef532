/* Estimates what a name takes. It was measured in the benchmarks' world (29 bytes of domains, 23 of hosts, 80
 * of certificates a name) and is taken twice and more: real hosts resemble each other less. */
#include "scanner/machine/preflight_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum { DOMAIN_BYTES = 80, PROBED_BYTES = 220, SPOOLED_BYTES = 48 };

/* Asks about the directory or, if it is not there yet, about the nearest one above it. */
bool disk_free_bytes(const char *dir, uint64_t *bytes)
{
    char *at = strdup(dir);
    struct statvfs space;
    bool found = at != NULL && statvfs(at, &space) == 0;
    while (at != NULL && !found && strrchr(at, '/') > at) {
        *strrchr(at, '/') = '\0';
        found = statvfs(at, &space) == 0;
    }
    if (!found)
        found = statvfs(dir[0] == '/' ? "/" : ".", &space) == 0;
    free(at);
    *bytes = found ? (uint64_t)space.f_bavail * space.f_frsize : 0;
    return found;
}

/* A quarter of all numbers at most, so that the sum of three fits. */
static uint64_t times(uint64_t names, uint64_t bytes)
{
    return names > UINT64_MAX / 4 / bytes ? UINT64_MAX / 4 : names * bytes;
}

/* Returns what a spool of so many names takes; what fits stays in memory. */
static uint64_t spool_bytes(const struct config *config, uint64_t names)
{
    uint64_t bytes = times(names, SPOOLED_BYTES);
    return bytes <= (uint64_t)config->input_memory ? 0 : bytes;
}

uint64_t disk_estimate(const struct config *config, uint64_t names, uint64_t spooled)
{
    bool probes = config_probes(config);
    return times(names, DOMAIN_BYTES + (probes ? PROBED_BYTES : 0)) + spool_bytes(config, spooled) +
           spool_bytes(config, names);
}

bool disk_describe(const struct config *config, uint64_t names, uint64_t spooled, uint64_t free_bytes,
                   char *text, size_t size)
{
    static const double mib = 1 << 20, gib = 1 << 30;
    bool is_large = free_bytes >= UINT64_C(1) << 30;
    uint64_t need = disk_estimate(config, names, spooled);
    bool room = need <= free_bytes;
    char list[64] = "";
    if (spooled > names)
        (void)snprintf(list, sizeof list, " of a list of %llu", (unsigned long long)spooled);
    (void)snprintf(text, size, "about %.1f MiB for %llu names%s, %.1f %s free for %s%s", (double)need / mib,
                   (unsigned long long)names, list, (double)free_bytes / (is_large ? gib : mib),
                   is_large ? "GiB" : "MiB", config->output_dir,
                   room ? "" : ": too little; a scan that fills the disk ends with 4 and can be resumed");
    return room;
}
