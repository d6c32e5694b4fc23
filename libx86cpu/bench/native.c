/* native.c -- runs a kernel on the host's own CPU: NAME ROUNDS. */
/* SPDX-License-Identifier: MIT */
#include "kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    for (int i = 0; i < KERNELS; i++) {
        if (strcmp(kernels[i].name, argv[1]))
            continue;
        double before = cpu_seconds();
        unsigned result = kernels[i].run((unsigned)strtoul(argv[2], NULL, 10));
        printf("%.6f %u\n", cpu_seconds() - before, result);
        return 0;
    }
    return 1;
}
