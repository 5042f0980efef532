/* Computes intervals. */
#include "output/store/interval.h"

#include <math.h>

/* The normal quantile of 97.5 %. */
static const double z = 1.959963984540054;

static double size_of(const struct interval_part *part)
{
    return (double)(part->population > part->sampled ? part->population : part->sampled);
}

/* Returns Wilson's interval of one part, of which something was seen. */
static struct interval interval_of_one(const struct interval_part *part)
{
    double seen = (double)part->sampled, size = size_of(part), p = (double)part->count / seen;
    if (size <= seen)
        return (struct interval){p, p, p};
    double n = seen * (size - 1) / (size - seen);
    double scale = 1 + z * z / n, centre = (p + z * z / (2 * n)) / scale;
    double half = z / scale * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return (struct interval){
        .share = p,
        .low = fmax(centre - half, (double)part->count / size),
        .high = fmin(centre + half, 1 - (double)(part->sampled - part->count) / size),
    };
}

struct interval interval_of(const struct interval_part *parts, size_t count)
{
    double population = 0, share = 0, below = 0, above = 0;
    for (size_t i = 0; i < count; i++)
        population += parts[i].sampled > 0 ? size_of(&parts[i]) : 0;
    if (population <= 0)
        return (struct interval){0, 0, 1};
    for (size_t i = 0; i < count; i++) {
        if (parts[i].sampled == 0)
            continue;
        struct interval part = interval_of_one(&parts[i]);
        double weight = size_of(&parts[i]) / population;
        share += weight * part.share;
        below += weight * weight * (part.share - part.low) * (part.share - part.low);
        above += weight * weight * (part.high - part.share) * (part.high - part.share);
    }
    return (struct interval){share, fmax(share - sqrt(below), 0), fmin(share + sqrt(above), 1)};
}
