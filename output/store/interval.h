/*
 * Says, of a share that was found in a sample, between which bounds the share of the whole lies: intervals of
 * 95 %. Pure.
 *
 * One part: Wilson's score interval (E. B. Wilson, JASA 22, 1927), in which the sample of n out of N counts
 * as n (N - 1) / (N - n): the finite population correction (S. Wallis, Statistics in Corpus Linguistics
 * Research, 2021, chapter 8). If n = N it is a point.
 *
 * Several parts (strata), each with a sample of its own: the share is the sum of the parts' shares, weighted
 * by their sizes N_h / N. Each part has Wilson's interval, and how far the bounds of all parts are from their
 * shares is added up as variances are (the method of variance estimates recovery: R. G. Newcombe, Statistics
 * in Medicine 17, 1998, 873; G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008, 1693): low is p -
 * sqrt(sum (N_h / N)^2 (p_h - low_h)^2), high likewise. Of one part it is that part's interval, and what was
 * seen nowhere still has a high bound. If there are many parts of like size with few names each, and what is
 * asked for is rare, the interval is wider than it need be.
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
