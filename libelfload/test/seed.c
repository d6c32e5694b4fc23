/* seed.c -- what the fuzz targets' object files are compiled from. */
/* SPDX-License-Identifier: MIT */

static inline __attribute__((always_inline)) int twice(volatile int *p)
{
    return *p * 2;
}

volatile int seed_number;
int seed_twice(void);

int seed_twice(void)
{
    return twice(&seed_number);
}
