/* native.c -- runs a kernel on the host's own CPU: NAME ROUNDS. */
/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int list(void)
{
    for (const struct kernel *kernel = kernels; kernel->name; kernel++)
        printf("%u %u %s\n", kernel->kind, kernel->rounds, kernel->name);
    return 0;
}

/* Prints CPU seconds and the checksum; without arguments, the kernels. */
int main(int argc, char **argv)
{
    if (argc == 1)
        return list();
    if (argc != 3 ||
        mprotect(code, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC) < 0)
        return 2;
    unsigned rounds = (unsigned)strtoul(argv[2], NULL, 10);
    for (const struct kernel *kernel = kernels; kernel->name; kernel++) {
        if (strcmp(kernel->name, argv[1]))
            continue;
        double before = cpu_seconds();
        unsigned result = kernel->run(rounds);
        printf("%.9f %u\n", cpu_seconds() - before, result);
        return 0;
    }
    return 1;
}
