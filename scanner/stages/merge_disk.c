/* Adds up file sizes. What comes of them is an estimate: the records are much the same, and those in
 * temporary files are compressed in small blocks, which takes more. */
#include "scanner/stages/merge_disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "output/frames/frames_part.h"
#include "scanner/base/shown.h"
#include "scanner/machine/preflight_disk.h"

static enum error stream_bytes(int dir_fd, const char *name, uint64_t *bytes, struct buf *why)
{
    uint32_t parts;
    enum error error = part_count(dir_fd, name, &parts, why);
    if (error == ERR_OK)
        *bytes = part_bytes(dir_fd, name, parts);
    return error;
}

/* The bytes of one directory's streams. */
struct sizes {
    uint64_t domains, hosts, certs, rejects;
};

static enum error sizes_of(int dir_fd, struct sizes *sizes, struct buf *why)
{
    *sizes = (struct sizes){0};
    enum error error = stream_bytes(dir_fd, "domains", &sizes->domains, why);
    if (error == ERR_OK)
        error = stream_bytes(dir_fd, "hosts", &sizes->hosts, why);
    if (error == ERR_OK)
        error = stream_bytes(dir_fd, "certs", &sizes->certs, why);
    return error == ERR_OK ? stream_bytes(dir_fd, "rejects", &sizes->rejects, why) : error;
}

uint64_t merge_bytes_in(int dir_fd)
{
    struct sizes sizes;
    struct buf why;
    buf_init(&why, 1024);
    enum error error = sizes_of(dir_fd, &sizes, &why);
    buf_dispose(&why);
    return error == ERR_OK ? sizes.domains + sizes.hosts + sizes.certs + sizes.rejects : 0;
}

static void add(struct merge_need *need, const struct sizes *sizes, bool probes)
{
    need->input += sizes->domains + sizes->hosts + sizes->certs + sizes->rejects;
    need->output +=
        sizes->hosts + sizes->certs + sizes->rejects + (probes ? sizes->domains : sizes->domains * 3 / 2);
    need->temporary += probes ? (sizes->domains + sizes->hosts + sizes->certs) * 3 : 0;
}

enum error merge_need_of(const struct stagedirs *dirs, struct merge_need *need, struct buf *why)
{
    enum error error = ERR_OK;
    *need = (struct merge_need){0};
    for (size_t i = 0; i < dirs->name_count + dirs->probe_count && error == ERR_OK; i++) {
        bool probes = i >= dirs->name_count;
        const struct stagedir *dir = probes ? &dirs->probes[i - dirs->name_count] : &dirs->names[i];
        struct sizes sizes;
        size_t before = why->len;
        error = sizes_of(scanview_fd(dir->view), &sizes, why);
        if (error == ERR_OK)
            add(need, &sizes, probes);
        else if (why->len == before)
            buf_printf(why, "%s: %s", shown(dir->path), error_text(error));
    }
    return error;
}

static const char *temporary_dir(void)
{
    const char *dir = getenv("TMPDIR");
    return dir == NULL || dir[0] == 0 ? "/tmp" : dir;
}

static bool are_one(const char *a, const char *b)
{
    struct stat left, right;
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev;
}

bool merge_need_fits(const struct merge_need *need, const char *dir, uint64_t has, char *text, size_t size)
{
    static const double mib = 1 << 20;
    const char *tmp = temporary_dir();
    uint64_t free_dir, free_tmp;
    uint64_t output = need->output > has ? need->output - has : 0;
    bool known = disk_free_bytes(dir, &free_dir) && disk_free_bytes(tmp, &free_tmp);
    bool fits = !known || (output <= free_dir && need->temporary <= free_tmp &&
                           (!are_one(dir, tmp) || output + need->temporary <= free_dir));
    (void)snprintf(
        text, size,
        "reads %.1f MiB; needs about %.1f MiB in %s (%.1f MiB free) and, while it runs, %.1f MiB in "
        "%s (%.1f MiB free)%s",
        (double)need->input / mib, (double)output / mib, shown(dir), known ? (double)free_dir / mib : 0,
        (double)need->temporary / mib, shown(tmp), known ? (double)free_tmp / mib : 0,
        fits ? "" : ": too little; set TMPDIR or -o to another disk");
    return fits;
}
