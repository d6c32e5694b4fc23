/* run_fuzz.c -- what must hold for any bytes executed as code. */
/* SPDX-License-Identifier: MIT */
#include "x86cpu/x86cpu.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input: flags (bit 0: compare blocks instead of watching pages, bit 1:
 * the Pentium), 32 bytes of registers, then code. */
enum { CODE = 0x10000, CODE_SIZE = 0x2000, DATA = 0x20000, DATA_SIZE = 0x2000 };
enum { HEADER = 33, CODE_MAX = 512, BUDGET = 400 };

#define WINDOW UINT64_C(0x100000000)
#define GUARD  0x10000

static uint8_t *window;
static struct xcpu *running;
static struct xcpu_machine *machine;

static void check(int holds)
{
    if (!holds)
        abort();
}

static int is_code(uint32_t address)
{
    return address - CODE < CODE_SIZE;
}

static size_t fetch(void *owner, uint32_t address, void *bytes, size_t size,
                    int *present)
{
    size_t room = is_code(address) ? CODE + CODE_SIZE - address : 0;
    (void)owner;
    if (size > room)
        size = room;
    memcpy(bytes, window + address, size);
    if (present)
        *present = is_code(address + (uint32_t)size);
    return size;
}

static int watch_writes(void *owner, uint32_t address, uint32_t size, int on)
{
    (void)owner;
    if (is_code(address))
        check(mprotect(window + address, size,
                       on ? PROT_READ : PROT_READ | PROT_WRITE) == 0);
    return 0;
}

static uint64_t read_tsc(void *owner)
{
    (void)owner;
    return 42;
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    if (running && xcpu_on_fault(running, signo, info, context))
        return;
    if (machine && xcpu_machine_on_write_fault(machine, info->si_addr))
        return;
    signal(signo, SIG_DFL);
}

static void make_window(void)
{
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_NODEFER};
    window = mmap(NULL, WINDOW + GUARD, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    check(window != MAP_FAILED);
    check(mprotect(window + CODE, CODE_SIZE, PROT_READ | PROT_WRITE) == 0);
    check(mprotect(window + DATA, DATA_SIZE, PROT_READ | PROT_WRITE) == 0);
    sigemptyset(&action.sa_mask);
    check(sigaction(SIGSEGV, &action, NULL) == 0);
    check(sigaction(SIGBUS, &action, NULL) == 0);
}

/* Registers that point to the data as often as not. */
static void fill_regs(struct xcpu_regs *regs, const uint8_t *from)
{
    memcpy(regs->gpr, from, sizeof(regs->gpr));
    for (int i = 0; i < 8; i++)
        if (regs->gpr[i] & 1)
            regs->gpr[i] = DATA + regs->gpr[i] % DATA_SIZE;
    regs->eip = CODE + 0x1000 - 64; /* crosses into the second page */
}

static void check_exit(const struct xcpu_exit *exit, uint64_t budget)
{
    check(exit->executed <= budget);
    check(exit->reason <= XCPU_EXIT_MISMATCH);
    if (exit->reason == XCPU_EXIT_BUDGET)
        check(exit->executed == budget);
    if (exit->reason == XCPU_EXIT_EXCEPTION)
        check(exit->vector < 20);
}

/* Runs in pieces; what a fault ends is stepped over by a byte. */
static uint64_t run(struct xcpu *cpu, uint64_t piece)
{
    uint64_t executed = 0;
    struct xcpu_exit exit;
    for (int rounds = 0; executed < BUDGET && rounds < 40; rounds++) {
        running = cpu;
        xcpu_run(cpu, piece, &exit);
        running = NULL;
        check_exit(&exit, piece);
        executed += exit.executed;
        if (exit.reason == XCPU_EXIT_EXCEPTION) {
            struct xcpu_regs regs;
            xcpu_get_regs(cpu, &regs);
            regs.eip++;
            regs.eflags &= ~(uint32_t)XCPU_TF;
            xcpu_set_regs(cpu, &regs);
        }
    }
    return executed;
}

static void prepare(const uint8_t *data, size_t size)
{
    size_t code = size - HEADER < CODE_MAX ? size - HEADER : CODE_MAX;
    memset(window + CODE, 0x90, CODE_SIZE);
    memset(window + DATA, 0x11, DATA_SIZE);
    memcpy(window + CODE + 0x1000 - 64, data + HEADER, code);
}

/* Kept: to make them costs more than most inputs do. */
static struct kind {
    struct xcpu_machine *machine;
    struct xcpu *cpu;
    struct xcpu_regs regs;
    struct xcpu_fxstate fx;
} kinds[4];

static void make_kind(struct kind *kind, unsigned flags)
{
    struct xcpu_config config = {.memory = {.base = window,
                                            .size = WINDOW,
                                            .fetch = fetch,
                                            .watch_writes = watch_writes},
                                 .read_tsc = read_tsc};
    if (flags & 1)
        config.memory.watch_writes = NULL;
    if (flags & 2)
        config.model = XCPU_MODEL_PENTIUM;
    check(xcpu_machine_new(&config, &kind->machine) == 0);
    check(xcpu_new(kind->machine, &kind->cpu) == 0);
    xcpu_get_regs(kind->cpu, &kind->regs);
    xcpu_get_fxstate(kind->cpu, &kind->fx);
}

static void run_machine(const uint8_t *data, size_t size)
{
    struct kind *kind = &kinds[data[0] & 3];
    struct xcpu_regs regs;
    if (!kind->machine)
        make_kind(kind, data[0]);
    machine = kind->machine;
    prepare(data, size);
    regs = kind->regs;
    fill_regs(&regs, data + 1);
    xcpu_set_regs(kind->cpu, &regs);
    xcpu_set_fxstate(kind->cpu, &kind->fx);
    run(kind->cpu, data[0] & 4 ? 1 : BUDGET);
    xcpu_machine_forget(machine, CODE, CODE_SIZE);
    machine = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!window)
        make_window();
    if (size > HEADER)
        run_machine(data, size);
    return 0;
}
