/* Computes intervals. */
#include "output/store/interval.h"

#include <math.h>

/* The normal quantile of 97.5 %. */
static const double z = 1.959963984540054;

struct sums {
    double population, share, known, known_not; /* the last two: how many are settled either way */
    double variance, spread;                    /* v, and sum W_h^2 (1 - n_h / N_h) / n_h */
    size_t parts;
};

static double larger(uint64_t a, uint64_t b)
{
    return (double)(a > b ? a : b);
}

static struct sums sum_up(const struct interval_part *parts, size_t count)
{
    struct sums sums = {0};
    for (size_t i = 0; i < count; i++)
        if (parts[i].sampled > 0)
            sums.population += larger(parts[i].population, parts[i].sampled);
    for (size_t i = 0; i < count; i++) {
        double n = (double)parts[i].sampled, k = (double)parts[i].count;
        if (parts[i].sampled == 0)
            continue;
        double size = larger(parts[i].population, parts[i].sampled), weight = size / sums.population;
        double left = weight * weight * (1 - n / size), p = k / n;
        sums.parts++;
        sums.share += weight * p;
        sums.known += k;
        sums.known_not += n - k;
        sums.spread += left / n;
        sums.variance += n > 1 ? left * p * (1 - p) / (n - 1) : left / 4;
    }
    return sums;
}

/* Returns the effective size of a sample of one part; 0: it is the whole. */
static double size_of_one(const struct interval_part *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double n = (double)parts[i].sampled, size = larger(parts[i].population, parts[i].sampled);
        if (parts[i].sampled > 0)
            return size > n ? n * (size - 1) / (size - n) : 0;
    }
    return 0;
}

static double size_of_several(const struct sums *sums)
{
    double by_weights = sums->spread > 0 ? 1 / sums->spread : 0;
    double spread = sums->share * (1 - sums->share);
    if (sums->variance <= 0 || spread <= 0)
        return by_weights;
    return fmin(by_weights, spread / sums->variance);
}

struct interval interval_of(const struct interval_part *parts, size_t count)
{
    struct sums sums = sum_up(parts, count);
    if (sums.parts == 0)
        return (struct interval){0, 0, 1};
    double p = fmin(sums.share, 1), n = sums.parts == 1 ? size_of_one(parts, count) : size_of_several(&sums);
    if (n <= 0)
        return (struct interval){p, p, p};
    double scale = 1 + z * z / n, centre = (p + z * z / (2 * n)) / scale;
    double half = z / scale * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return (struct interval){
        .share = p,
        .low = fmax(centre - half, sums.known / sums.population),
        .high = fmin(centre + half, 1 - sums.known_not / sums.population),
    };
}
