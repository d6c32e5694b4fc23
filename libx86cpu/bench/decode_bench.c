/* decode_bench.c -- instructions decoded per second. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/decode.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUFFER_SIZE = 1 << 20, ROUNDS = 20, RUNS = 5 };

/* Encodings of compiled code, the frequent ones several times. */
static const struct {
    uint8_t length, bytes[8];
} sample[] = {
    {2, {0x89, 0xc2}},                                     /* mov */
    {2, {0x89, 0xf0}},                                     /* mov */
    {3, {0x8b, 0x45, 0x08}},                               /* mov */
    {3, {0x8b, 0x46, 0x04}},                               /* mov */
    {3, {0x89, 0x43, 0x0c}},                               /* mov */
    {4, {0x8b, 0x44, 0x24, 0x20}},                         /* mov */
    {4, {0x89, 0x5c, 0x24, 0x04}},                         /* mov */
    {6, {0x8b, 0x95, 0x34, 0xfe, 0xff, 0xff}},             /* mov */
    {3, {0x8b, 0x04, 0x8a}},                               /* mov */
    {8, {0xc7, 0x44, 0x24, 0x08, 0x01, 0x00, 0x00, 0x00}}, /* mov */
    {5, {0xb8, 0x10, 0x00, 0x00, 0x00}},                   /* mov */
    {3, {0x8d, 0x42, 0xff}},                               /* lea */
    {4, {0x8d, 0x74, 0x26, 0x00}},                         /* lea */
    {3, {0x83, 0xc4, 0x10}},                               /* add */
    {3, {0x83, 0xec, 0x1c}},                               /* sub */
    {2, {0x01, 0xd0}},                                     /* add */
    {2, {0x29, 0xc3}},                                     /* sub */
    {2, {0x31, 0xc0}},                                     /* xor */
    {2, {0x85, 0xc0}},                                     /* test */
    {2, {0x39, 0xd1}},                                     /* cmp */
    {3, {0x83, 0xf8, 0x0a}},                               /* cmp */
    {4, {0x80, 0x7b, 0x10, 0x00}},                         /* cmp */
    {2, {0x74, 0x10}},                                     /* jz */
    {2, {0x75, 0xe5}},                                     /* jnz */
    {6, {0x0f, 0x84, 0x43, 0x01, 0x00, 0x00}},             /* jz */
    {2, {0xeb, 0x20}},                                     /* jmp */
    {5, {0xe8, 0x40, 0x12, 0x00, 0x00}},                   /* call */
    {5, {0xe9, 0x40, 0x12, 0x00, 0x00}},                   /* jmp */
    {1, {0x50}},                                           /* push */
    {1, {0x53}},                                           /* push */
    {1, {0x5b}},                                           /* pop */
    {1, {0x5e}},                                           /* pop */
    {1, {0xc3}},                                           /* ret */
    {3, {0xff, 0x75, 0x0c}},                               /* push */
    {3, {0xc1, 0xe0, 0x04}},                               /* shl */
    {3, {0x0f, 0xb6, 0x02}},                               /* movzx */
    {3, {0x0f, 0x94, 0xc0}},                               /* setz */
    {4, {0x66, 0x89, 0x41, 0x02}},                         /* mov */
    {7, {0x65, 0x8b, 0x0d, 0x14, 0x00, 0x00, 0x00}},       /* mov */
    {5, {0xf2, 0x0f, 0x10, 0x45, 0xe8}},                   /* movsd */
    {4, {0xf2, 0x0f, 0x59, 0xc1}},                         /* mulsd */
    {3, {0xdd, 0x45, 0x08}},                               /* fld */
    {2, {0xde, 0xc1}},                                     /* faddp */
};

/* Fills the buffer in a random order, so that no branch learns it. */
static size_t fill(uint8_t *buffer)
{
    const size_t kinds = sizeof sample / sizeof *sample;
    uint32_t random = 1;
    size_t size = 0;

    while (size + XCPU_INSN_MAX <= BUFFER_SIZE) {
        random = random * 1664525 + 1013904223;

        const size_t kind = (random >> 8) % kinds;

        memcpy(buffer + size, sample[kind].bytes, sample[kind].length);
        size += sample[kind].length;
    }
    return size;
}

/* Number of instructions; the buffer may end within one. */
static unsigned long decode_all(const uint8_t *buffer, size_t size)
{
    struct xcpu_insn insn;
    unsigned long count = 0;

    for (size_t offset = 0; offset < size; count++) {
        const int length = xcpu_decode(buffer + offset, size - offset, &insn);

        if (length < 0)
            break;
        offset += (size_t)length;
    }
    return count;
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(void)
{
    uint8_t *buffer = malloc(BUFFER_SIZE);
    double best = 0;

    if (buffer == NULL)
        return 1;

    const size_t size = fill(buffer);

    for (int run = 0; run < RUNS; run++) {
        const double start = cpu_seconds();
        unsigned long count = 0;

        for (int round = 0; round < ROUNDS; round++)
            count += decode_all(buffer, size);

        const double rate = (double)count / (cpu_seconds() - start);

        if (rate > best)
            best = rate;
    }
    printf("decode: %.1f million instructions a second, best of %d\n",
           best * 1e-6, RUNS);
    free(buffer);
    return 0;
}
