/* Adds up file sizes. What comes of them was measured over the benchmarks' world, and is taken half as much
 * again (docs/internals/stages.md). */
#include "scanner/stages/plan_disk.h"

#include <stdio.h>

#include "scanner/base/shown.h"
#include "scanner/machine/preflight_disk.h"
#include "scanner/stages/merge_disk.h"

static const double MIB = 1 << 20;

bool plan_disk_say(const struct stagedirs *dirs, const char *plan, char *text, size_t size)
{
    struct merge_need need = {0};
    struct buf why;
    uint64_t names = 0, free_bytes = 0;
    buf_init(&why, 1024);
    (void)merge_need_of(dirs, &need, &why);
    buf_dispose(&why);
    for (size_t i = 0; i < dirs->name_count; i++)
        names += merge_bytes_in(scanview_fd(dirs->names[i].view));
    /* Each name may have contacts that nobody shares: two sorts of their lines, and the lines themselves. */
    const uint64_t wanted = names * 3;
    bool fits = !disk_free_bytes(plan, &free_bytes) || wanted <= free_bytes;
    (void)snprintf(
        text, size,
        "reads %.1f MiB; needs up to %.1f MiB in %s (%.1f MiB free), two thirds of it while it runs%s",
        (double)need.input / MIB, (double)wanted / MIB, shown(plan), (double)free_bytes / MIB,
        fits ? "" : ": too little; give a plan on another disk");
    return fits;
}
