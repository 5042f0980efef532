/*
 * Says, of a share that was found in a sample, between which bounds the share of the whole lies: intervals of
 * 95 %. Pure.
 *
 * One part: Wilson's score interval (E. B. Wilson, JASA 22, 1927), in which the sample of n out of N counts
 * as n (N - 1) / (N - n): the finite population correction (S. Wallis, Statistics in Corpus Linguistics
 * Research, 2021, chapter 8). If n = N it is a point.
 *
 * Several parts (strata), each with a sample of its own: the share is the sum of the parts' shares, weighted
 * by their sizes N_h / N. Wilson's interval is taken with an effective sample size, as C. Franco, R. J. A.
 * Little, T. A. Louis and E. V. Slud compare them (Journal of Survey Statistics and Methodology 7, 2019),
 * which is the smaller of two: p (1 - p) / v with the variance v of the stratified estimate (W. G. Cochran,
 * Sampling Techniques, 1977, 5.52), and what the weights alone leave, 1 / sum W_h^2 (1 - n_h / N_h) / n_h.
 * The first is without bounds when all that was seen in each part is alike, the second does not see that
 * parts differ.
 *
 * No bound is beyond what the sample has settled: those that were seen with it have it, those without do not.
 */
#ifndef STSWEEP_STORE_INTERVAL_H
#define STSWEEP_STORE_INTERVAL_H

#include <stddef.h>
#include <stdint.h>

struct interval {
    double share, low, high; /* 0 to 1 */
};

struct interval_part {
    uint64_t count;      /* of the sample, those with what is asked for */
    uint64_t sampled;    /* n; 0: the part says nothing, and counts for nothing */
    uint64_t population; /* N; less than n counts as n */
};

/* Returns 0 to 1 if no part says anything. */
struct interval interval_of(const struct interval_part *parts, size_t count);

#endif
