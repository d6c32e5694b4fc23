/* kernels.h -- the programs that bench measures. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_BENCH_KERNELS_H
#define X86CPU_BENCH_KERNELS_H

enum kernel_kind { KERNEL_INTEGER, KERNEL_FLOAT, KERNEL_CODE, KERNEL_KINDS };

/* Laid out for i386: guest.c reads it from the guest's memory. */
struct kernel {
    const char *name;
    unsigned (*run)(unsigned rounds); /* returns a checksum */
    unsigned rounds;                  /* about 20 ms natively */
    unsigned kind;                    /* enum kernel_kind */
};

/* All of them; ends with zeros. At the start of the guest's image. */
extern const struct kernel kernels[];

/* kernels_float.c, compiled once for the x87 and once for SSE2. */
unsigned x87_nbody(unsigned rounds);
unsigned x87_mandelbrot(unsigned rounds);
unsigned x87_matrix(unsigned rounds);
unsigned x87_fft(unsigned rounds);
unsigned sse_nbody(unsigned rounds);
unsigned sse_mandelbrot(unsigned rounds);
unsigned sse_matrix(unsigned rounds);
unsigned sse_fft(unsigned rounds);

/* kernels_code.c: code that is written, or executed once. */
unsigned code_rewritten(unsigned rounds);
unsigned code_generated(unsigned rounds);
unsigned code_cold(unsigned rounds);

/* What kernels_code.c writes code to: to be made executable. */
#define CODE_SIZE 4096
extern unsigned char code[CODE_SIZE];

#endif
