/* bench.h -- what benchmarks do with the times they have measured. */
/* SPDX-License-Identifier: MIT */
#ifndef TESTDATA_BENCH_H
#define TESTDATA_BENCH_H

#include <stddef.h>
#include <stdlib.h>

static inline int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts them. */
static inline double median(double *values, size_t count)
{
    qsort(values, count, sizeof(double), compare_doubles);
    return values[count / 2];
}

#endif
