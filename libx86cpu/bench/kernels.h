/* kernels.h -- the programs that bench measures. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_BENCH_KERNELS_H
#define X86CPU_BENCH_KERNELS_H

/* Laid out for i386: the host reads it from the guest's memory. */
struct kernel {
    const char *name;
    unsigned (*run)(unsigned rounds);
    unsigned rounds;  /* about 50 ms natively */
    unsigned integer; /* 0: floating point */
};

#define KERNELS 19

extern const struct kernel kernels[KERNELS + 1]; /* ends with zeros */

/* Floating point, compiled for the x87 or for SSE2. */
unsigned nbody(unsigned rounds);
unsigned mandelbrot(unsigned rounds);
unsigned float_matrix(unsigned rounds);

#endif
