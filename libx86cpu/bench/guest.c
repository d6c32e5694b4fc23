/* guest.c -- runs a kernel as a guest: ENGINE IMAGE NAME ROUNDS; or measures
 * the translator itself: jit IMAGE. */
/* SPDX-License-Identifier: MIT */
#include <x86cpu/x86cpu.h>

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "testdata/bench.h"

#define WINDOW    (UINT64_C(1) << 32)
#define GUARD     ((UINT64_C(30) << 30) + 0x10000) /* as libguestmem has it */
#define IMAGE     0x100000u /* where kernels.lds places it */
#define STACK_TOP 0x800000u
#define RETURN_TO 0x7ff000u /* holds INT 0x80 */

/* struct kernel of i386 */
enum { NAME = 0, RUN = 4, KERNEL_SIZE = 16 };

static const struct {
    const char *name;
    enum xcpu_engine engine;
} engines[] = {
    {"interp", XCPU_ENGINE_INTERP},
    {"jit", XCPU_ENGINE_JIT},
};

#define COLD_BYTES (4096 * 128) /* of the kernel cold */
#define KICKS      1001

/* Runs until code is translated (x86cpu.h's default). */
#define TRANSLATE_AFTER 8

static uint8_t *window;
static struct xcpu *cpu;

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "guest: %s\n", what);
    exit(1);
}

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    (void)owner;
    if (present)
        *present = 0;
    if (address < IMAGE || address >= STACK_TOP)
        return 0;
    if (size > STACK_TOP - address)
        size = STACK_TOP - address;
    memcpy(bytes, window + address, size);
    return size;
}

static int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    (void)owner;
    return mprotect(window + address, size,
                    on ? PROT_READ : PROT_READ | PROT_WRITE);
}

static void on_signal(int signo, siginfo_t *info, void *context)
{
    if (!xcpu_on_fault(cpu, signo, info, context))
        abort();
}

static uint32_t read_u32(uint32_t address)
{
    uint32_t value;
    memcpy(&value, window + address, sizeof(value));
    return value;
}

static void load_image(const char *path)
{
    FILE *file = fopen(path, "rb");
    window = mmap(NULL, GUARD + WINDOW + GUARD, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (window == MAP_FAILED)
        fail("no memory");
    window += GUARD;
    if (mprotect(window + IMAGE, STACK_TOP - IMAGE, PROT_READ | PROT_WRITE) < 0)
        fail("no memory");
    if (!file || !fread(window + IMAGE, 1, RETURN_TO - IMAGE, file))
        fail("no image");
    fclose(file);
    window[RETURN_TO] = 0xcd;
    window[RETURN_TO + 1] = 0x80;
}

static void make_cpu(const char *engine)
{
    struct xcpu_config config = {.memory = {.base = window,
                                            .size = WINDOW,
                                            .guard = GUARD,
                                            .fetch = fetch,
                                            .watch_writes = watch_writes}};
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct xcpu_machine *machine;
    size_t i = 0;
    while (strcmp(engines[i].name, engine))
        if (++i == sizeof(engines) / sizeof(engines[0]))
            fail("no such engine");
    config.engine = engines[i].engine;
    if (xcpu_machine_new(&config, &machine) < 0 || xcpu_new(machine, &cpu) < 0)
        fail("no cpu");
    sigaction(SIGSEGV, &action, NULL);
}

static uint32_t find_kernel(const char *name)
{
    for (uint32_t at = IMAGE; read_u32(at + NAME); at += KERNEL_SIZE)
        if (!strcmp((const char *)window + read_u32(at + NAME), name))
            return read_u32(at + RUN);
    fail("no such kernel");
}

/* Calls function(argument) of the guest. */
static void begin_call(uint32_t function, uint32_t argument)
{
    uint32_t frame[2] = {RETURN_TO, argument};
    struct xcpu_regs regs;
    xcpu_get_regs(cpu, &regs);
    regs.eip = function;
    regs.gpr[XCPU_ESP] = RETURN_TO - 0x1004;
    memcpy(window + regs.gpr[XCPU_ESP], frame, sizeof(frame));
    xcpu_set_regs(cpu, &regs);
}

static void call_guest(uint32_t function, uint32_t argument,
                       struct xcpu_exit *exit)
{
    begin_call(function, argument);
    xcpu_run(cpu, XCPU_BUDGET_UNLIMITED, exit);
    if (exit->reason != XCPU_EXIT_INT)
        fail("did not return");
}

/* ---- the translator ---- */

/* Processor time of so many rounds of the kernel cold. */
static double time_cold(uint32_t rounds)
{
    struct xcpu_exit exit;
    double before = cpu_seconds();
    call_guest(find_kernel("cold"), rounds, &exit);
    return cpu_seconds() - before;
}

/* Code that runs once; then often enough, and once more, to be translated. */
static void measure_cold(void)
{
    struct xcpu_jit_stats stats;
    double once = time_cold(1);
    time_cold(TRANSLATE_AFTER - 2);
    double translating = time_cold(1);
    xcpu_get_jit_stats(cpu, &stats);
    if (stats.guest_bytes < COLD_BYTES / 2)
        fail("not translated");
    double bytes = (double)stats.guest_bytes;
    printf("cold code, once         %8.1f MB/s\n", COLD_BYTES / once * 1e-6);
    printf("translated              %8.1f MB/s\n", bytes / translating * 1e-6);
    printf("host code per byte      %8.1f bytes\n",
           (double)stats.host_bytes / bytes);
    /* The table of entries has a word for each byte. */
    printf("tables per byte         %8.1f bytes\n",
           (double)stats.table_bytes / bytes + sizeof(uint32_t));
}

static clockid_t loops_clock;           /* the processor time of the loop */
static struct timespec kicked, ignored; /* when; its time at the return */

static void *kick(void *unused)
{
    struct timespec while_it_runs = {.tv_nsec = 1000000};
    (void)unused;
    nanosleep(&while_it_runs, NULL);
    clock_gettime(CLOCK_MONOTONIC, &kicked);
    xcpu_kick(cpu);
    clock_gettime(loops_clock, &ignored);
    return NULL;
}

static double microseconds(struct timespec from, struct timespec to)
{
    return 1e6 * (double)(to.tv_sec - from.tv_sec) +
           1e-3 * (double)(to.tv_nsec - from.tv_nsec);
}

static void kick_once(double *time, double *spent)
{
    struct xcpu_exit exit;
    struct timespec now, end;
    pthread_t thread;
    if (pthread_create(&thread, NULL, kick, NULL) != 0)
        fail("no thread");
    xcpu_run(cpu, XCPU_BUDGET_UNLIMITED, &exit);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_join(thread, NULL);
    if (exit.reason != XCPU_EXIT_KICK)
        fail("no kick");
    *time = microseconds(kicked, now);
    *spent = microseconds(ignored, end);
    if (*spent < 0) /* it had ended before the other looked */
        *spent = 0;
}

static void print_times(const char *what, double *times)
{
    double middle = median(times, KICKS);
    printf("%-20s %7.1f %7.1f %7.1f us\n", what, middle,
           times[KICKS * 99 / 100], times[KICKS - 1]);
}

/* From xcpu_kick in another thread to the end of a tight loop's run, and the
 * processor time that the loop takes from its return on. */
static void measure_kicks(void)
{
    static double times[KICKS], spent[KICKS];
    if (pthread_getcpuclockid(pthread_self(), &loops_clock) != 0)
        fail("no clock");
    begin_call(find_kernel("sieve"), UINT32_MAX);
    for (int i = 0; i < KICKS; i++)
        kick_once(&times[i], &spent[i]);
    puts("                      median     99%     all");
    print_times("kick", times);
    print_times("its processor time", spent);
}

/* Prints CPU seconds, the checksum and instructions executed. */
int main(int argc, char **argv)
{
    struct xcpu_exit exit;
    if (argc != 3 && argc != 5)
        return 2;
    load_image(argv[2]);
    make_cpu(argv[1]);
    if (argc == 3) {
        measure_cold();
        measure_kicks();
        return 0;
    }
    uint32_t function = find_kernel(argv[3]);
    double before = cpu_seconds();
    call_guest(function, (uint32_t)strtoul(argv[4], NULL, 10), &exit);
    printf("%.9f %" PRIu32 " %" PRIu64 "\n", cpu_seconds() - before,
           xcpu_get_gpr(cpu, XCPU_EAX), exit.executed);
    return 0;
}
