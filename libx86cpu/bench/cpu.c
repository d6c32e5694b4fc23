/* cpu.c -- kernels as guests and by other means, against native runs. */
/* SPDX-License-Identifier: MIT */
#include "kernels.h"
#include "testdata/bench.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUNS 5

#define NATIVE     "libx86cpu/kernels_native"
#define TRANSLATOR "libx86cpu/kernels_guest jit libx86cpu/kernels.image"

/* Ways to run a kernel: its name and rounds go behind the command. */
static struct column {
    const char *name, *command;
    const char *needs;         /* this file, or NULL */
    int counts;                /* it tells how many instructions it executed */
    double logs[KERNEL_KINDS]; /* sums of ln(slowdown) */
    double slowdowns[RUNS], speeds[RUNS];
} columns[] = {
    {.name = "jit", .command = TRANSLATOR},
    {.name = "interp",
     .command = "libx86cpu/kernels_guest interp libx86cpu/kernels.image",
     .counts = 1},
    {.name = "qemu-i386",
     .command = "qemu-i386 " NATIVE,
     .needs = "/usr/bin/qemu-i386"},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct job {
    char name[32];
    uint32_t rounds;
    unsigned kind; /* enum kernel_kind */
};

struct outcome {
    double seconds; /* of CPU time */
    uint32_t result;
    uint64_t insns; /* 0: not known */
};

static int is_there(const struct column *column)
{
    return !column->needs || access(column->needs, X_OK) == 0;
}

static struct outcome run(const char *command, const struct job *job)
{
    struct outcome outcome = {0, 0, 0};
    char line[256];
    snprintf(line, sizeof(line), "%s %s %" PRIu32, command, job->name,
             job->rounds);
    FILE *out = popen(line, "r");
    int found = out ? fscanf(out, "%lf %" SCNu32 " %" SCNu64, &outcome.seconds,
                             &outcome.result, &outcome.insns)
                    : 0;
    if (found < 2 || pclose(out) != 0) {
        fprintf(stderr, "cpu: failed: %s\n", line);
        exit(1);
    }
    return outcome;
}

/* One native run and one of each other way. */
static double run_all(const struct job *job, int i)
{
    struct outcome native = run(NATIVE, job);
    for (struct column *column = columns; column < columns + COLUMNS;
         column++) {
        if (!is_there(column))
            continue;
        struct outcome other = run(column->command, job);
        if (other.result != native.result) {
            fprintf(stderr, "cpu: %s: %s computes %u instead of %u\n",
                    job->name, column->name, other.result, native.result);
            exit(1);
        }
        column->slowdowns[i] = other.seconds / native.seconds;
        column->speeds[i] = (double)other.insns / other.seconds * 1e-6;
    }
    return native.seconds;
}

static void measure(const struct job *job)
{
    double native[RUNS];
    for (int i = 0; i < RUNS; i++)
        native[i] = run_all(job, i);
    printf("%-15s %11.0f", job->name, median(native, RUNS) / job->rounds * 1e9);
    for (struct column *column = columns; column < columns + COLUMNS;
         column++) {
        if (!is_there(column))
            continue;
        double slowdown = median(column->slowdowns, RUNS);
        column->logs[job->kind] += log(slowdown);
        printf(" %10.2f", slowdown);
        if (column->counts)
            printf(" %8.0f", median(column->speeds, RUNS));
    }
    printf("\n");
    fflush(stdout);
}

static void print_header(void)
{
    printf("%-15s %11s", "kernel", "native ns");
    for (int i = 0; i < COLUMNS; i++) {
        if (!is_there(&columns[i]))
            continue;
        printf(" %10s", columns[i].name);
        if (columns[i].counts)
            printf(" %8s", "M insn/s");
    }
    printf("\n");
}

static void print_means(const unsigned counts[KERNEL_KINDS])
{
    static const char *const names[KERNEL_KINDS] = {
        [KERNEL_INTEGER] = "integer", [KERNEL_FLOAT] = "floating point"};
    for (int kind = 0; kind < KERNEL_KINDS; kind++) {
        if (!names[kind] || !counts[kind])
            continue;
        printf("%-15s %11s", names[kind], "geomean");
        for (int i = 0; i < COLUMNS; i++) {
            if (!is_there(&columns[i]))
                continue;
            printf(" %10.2f", exp(columns[i].logs[kind] / counts[kind]));
            if (columns[i].counts)
                printf(" %8s", "");
        }
        printf("\n");
    }
}

static int is_wanted(const struct job *job, int argc, char **argv)
{
    int wanted = argc == 1;
    for (int i = 1; i < argc; i++)
        wanted |= !strcmp(job->name, argv[i]);
    return wanted;
}

/* Arguments are names of kernels; all without. */
int main(int argc, char **argv)
{
    unsigned counts[KERNEL_KINDS] = {0};
    struct job job;
    FILE *list = popen(NATIVE, "r");
    if (!list)
        return 1;
    print_header();
    while (fscanf(list, "%u %" SCNu32 " %31s", &job.kind, &job.rounds,
                  job.name) == 3) {
        if (job.kind >= KERNEL_KINDS || !is_wanted(&job, argc, argv))
            continue;
        measure(&job);
        counts[job.kind]++;
    }
    print_means(counts);
    fflush(stdout);
    if (argc == 1 && system(TRANSLATOR) != 0)
        return 1;
    return pclose(list) != 0;
}
