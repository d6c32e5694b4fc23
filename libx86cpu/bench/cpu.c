/* cpu.c -- kernels in the interpreter against the same natively. */
/* SPDX-License-Identifier: MIT */
#include <x86cpu/x86cpu.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define WINDOW      (UINT64_C(1) << 32)
#define IMAGE       0x100000u /* address that the image is linked at */
#define IMAGE_SPACE 0x400000u
#define STACK_TOP   0x800000u
#define RETURN_TO   0x7ff000u /* holds INT 0x80 */
#define KERNEL_SIZE 16        /* of a struct kernel, i386 */
#ifndef RUNS
#define RUNS 5
#endif

struct guest {
    uint8_t *base;
    struct xcpu *cpu;
};

static struct guest guest;

static double cpu_seconds(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    (void)owner;
    if (address >= STACK_TOP)
        size = 0;
    else if (size > STACK_TOP - address)
        size = STACK_TOP - address;
    memcpy(bytes, guest.base + address, size);
    *present = 0;
    return size;
}

static int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    (void)owner;
    return mprotect(guest.base + address, size,
                    on ? PROT_READ : PROT_READ | PROT_WRITE);
}

static void on_signal(int signo, siginfo_t *info, void *context)
{
    if (!xcpu_on_fault(guest.cpu, signo, info, context))
        abort();
}

static uint32_t read_u32(uint32_t address)
{
    uint32_t value;
    memcpy(&value, guest.base + address, 4);
    return value;
}

static int load_image(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return -1;
    size_t size = fread(guest.base + IMAGE, 1, IMAGE_SPACE, file);
    fclose(file);
    return size > 0 ? 0 : -1;
}

static int make_guest(const char *path)
{
    guest.base = mmap(NULL, WINDOW + 4096, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (guest.base == MAP_FAILED ||
        mprotect(guest.base + IMAGE, STACK_TOP - IMAGE,
                 PROT_READ | PROT_WRITE) < 0 ||
        load_image(path) < 0)
        return -1;
    guest.base[RETURN_TO] = 0xcd;
    guest.base[RETURN_TO + 1] = 0x80;
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    struct xcpu_config config = {.memory = {.base = guest.base,
                                            .size = WINDOW,
                                            .fetch = fetch,
                                            .watch_writes = watch_writes}};
    struct xcpu_machine *machine;
    if (xcpu_machine_new(&config, &machine) < 0)
        return -1;
    return xcpu_new(machine, &guest.cpu);
}

/* Calls a function of the guest; returns its result. */
static uint32_t call_guest(uint32_t function, uint32_t argument,
                           uint64_t *executed)
{
    struct xcpu_regs regs;
    struct xcpu_exit exit;
    uint32_t frame[2] = {RETURN_TO, argument};
    xcpu_get_regs(guest.cpu, &regs);
    regs.eip = function;
    regs.gpr[XCPU_ESP] = RETURN_TO - 0x1004;
    memcpy(guest.base + regs.gpr[XCPU_ESP], frame, sizeof(frame));
    xcpu_set_regs(guest.cpu, &regs);
    xcpu_run(guest.cpu, XCPU_BUDGET_UNLIMITED, &exit);
    if (exit.reason != XCPU_EXIT_INT) {
        fprintf(stderr, "guest: exit %d vector %u address %x\n",
                (int)exit.reason, exit.vector, exit.address);
        abort();
    }
    *executed = exit.executed;
    return xcpu_get_gpr(guest.cpu, XCPU_EAX);
}

static double run_native(const char *program, const char *name, uint32_t rounds,
                         uint32_t *result)
{
    char command[512];
    double seconds = 0;
    snprintf(command, sizeof(command), "%s %s %u", program, name, rounds);
    FILE *out = popen(command, "r");
    if (!out || fscanf(out, "%lf %u", &seconds, result) != 2)
        seconds = NAN;
    if (out)
        pclose(out);
    return seconds;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Runs both in turns; prints medians. Returns the slowdown. */
static double measure(const char *program, uint32_t kernel)
{
    const char *name = (const char *)guest.base + read_u32(kernel);
    uint32_t function = read_u32(kernel + 4), rounds = read_u32(kernel + 8);
    double ratios[RUNS], native[RUNS], speeds[RUNS];
    uint64_t executed = 0;
    for (int i = 0; i < RUNS; i++) {
        uint32_t expected = 0;
        native[i] = run_native(program, name, rounds, &expected);
        double before = cpu_seconds(RUSAGE_SELF);
        uint32_t result = call_guest(function, rounds, &executed);
        double seconds = cpu_seconds(RUSAGE_SELF) - before;
        ratios[i] = seconds / native[i];
        speeds[i] = (double)executed / seconds / 1e6;
        if (result != expected)
            printf("%s: %u instead of %u\n", name, result, expected);
    }
    qsort(ratios, RUNS, sizeof(double), compare_doubles);
    qsort(native, RUNS, sizeof(double), compare_doubles);
    qsort(speeds, RUNS, sizeof(double), compare_doubles);
    printf("%-12s %8.1f ms %8.2fx %8.0f Minsn/s\n", name,
           native[RUNS / 2] * 1e3, ratios[RUNS / 2], speeds[RUNS / 2]);
    fflush(stdout);
    return ratios[RUNS / 2];
}

int main(int argc, char **argv)
{
    double logs[2] = {0, 0};
    int counts[2] = {0, 0};
    if (argc < 3 || make_guest(argv[1]) < 0) {
        fprintf(stderr, "usage: cpu IMAGE NATIVE [KERNEL...]\n");
        return 2;
    }
    for (uint32_t at = IMAGE; read_u32(at); at += KERNEL_SIZE) {
        const char *name = (const char *)guest.base + read_u32(at);
        int integer = read_u32(at + 12) != 0, wanted = argc == 3;
        for (int i = 3; i < argc; i++)
            wanted |= !strcmp(argv[i], name);
        if (!wanted)
            continue;
        logs[integer] += log(measure(argv[2], at));
        counts[integer]++;
    }
    if (counts[1])
        printf("integer geomean %.2fx\n", exp(logs[1] / counts[1]));
    if (counts[0])
        printf("floating point geomean %.2fx\n", exp(logs[0] / counts[0]));
    return 0;
}
