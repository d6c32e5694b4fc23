/* signals.c -- handlers, masks, faults that are handled, timers. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum { SIGILL = 4, SIGFPE = 8, SIGSEGV = 11, SIGALRM = 14, SIGUSR1 = 18 };
enum { SIGUSR2 = 19, SIGRT = 33 };
enum { SA_RESTART = 0x10, SA_ONSTACK = 0x20, SA_SIGINFO = 0x40 };
enum { BLOCK = 1, UNBLOCK = 2, SETMASK = 3 };
enum { QUEUE = 0x10000, RELATIVE_TIMEOUT = 8 };

struct siginfo {
    int32_t signal, code, error, pid;
    uint32_t uid;
    void *address;
    int32_t status, band;
    int32_t value;
};

/* The front of ucontext_t up to the registers that are used here. */
struct context {
    struct context *link;
    uint32_t mask[2];
    void *stack;
    uint32_t stack_size, stack_flags;
    uint32_t eip, eflags, eax, ecx, edx, esp, ebp;
};

static volatile int seen[64];
static struct siginfo last;

static void set(int signal, void *handler, int flags)
{
    struct sigaction action = {
        .handler = handler, .flags = flags, .data = &last};

    CHECK_STATUS(sys(SYS_sigaction, signal, &action, (void *)0), HK_B_OK);
}

static void count(int signal, void *data, void *registers)
{
    CHECK(data == &last && registers != 0);
    seen[signal]++;
}

static void remember(int signal, struct siginfo *info, struct context *context,
                     void *data)
{
    (void)context;
    CHECK(data == &last && info->signal == signal);
    last = *info;
    seen[signal]++;
}

static void raise(int signal)
{
    CHECK_STATUS(sys(SYS_send_signal, 0, signal, (void *)0, 0), HK_B_OK);
}

static void handlers(void)
{
    uint64_t usr1 = 1u << (SIGUSR1 - 1), pending = 0;

    set(SIGUSR1, count, 0);
    raise(SIGUSR1);
    CHECK(seen[SIGUSR1] == 1);
    sys(SYS_set_signal_mask, BLOCK, &usr1, (void *)0);
    raise(SIGUSR1);
    raise(SIGUSR1);
    CHECK(seen[SIGUSR1] == 1);
    sys(SYS_sigpending, &pending);
    CHECK(pending == usr1);
    sys(SYS_set_signal_mask, UNBLOCK, &usr1, (void *)0);
    CHECK(seen[SIGUSR1] == 2);
    set(SIGUSR1, (void *)1, 0);
    raise(SIGUSR1);
    CHECK(seen[SIGUSR1] == 2);
    CHECK_STATUS(sys(SYS_sigaction, 9, &pending, (void *)0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_sigaction, 41, (void *)0, (void *)0), HK_B_BAD_VALUE);
    CHECK_STATUS(sys(SYS_sigaction, SIGUSR1, BAD_POINTER, (void *)0),
                 HK_B_BAD_ADDRESS);
    CHECK_STATUS(sys(SYS_set_signal_mask, 7, &usr1, (void *)0), HK_B_BAD_VALUE);
}

static void queued(void)
{
    uint64_t set_of = 1ull << (SIGRT - 1);

    set(SIGRT, remember, SA_SIGINFO);
    sys(SYS_set_signal_mask, BLOCK, &set_of, (void *)0);
    for (int32_t value = 5; value < 8; value++)
        sys(SYS_send_signal, 0, SIGRT, &value, QUEUE);
    sys(SYS_set_signal_mask, UNBLOCK, &set_of, (void *)0);
    sys(SYS_is_computer_on);
    CHECK(seen[SIGRT] == 3 && last.value == 7 && last.code == 1);
}

/* The handler moves EIP over the instruction that failed. */
static void skip(int signal, struct siginfo *info, struct context *context,
                 void *data)
{
    remember(signal, info, context, data);
    context->eip += 2;
    context->eax = 77;
}

static void faults(void)
{
    uint32_t eax;

    set(SIGSEGV, skip, SA_SIGINFO);
    set(SIGILL, skip, SA_SIGINFO);
    set(SIGFPE, skip, SA_SIGINFO);
    __asm__ volatile("movl (%%ecx), %%eax" : "=a"(eax) : "c"(BAD_POINTER));
    CHECK(seen[SIGSEGV] == 1 && eax == 77);
    CHECK(last.address == BAD_POINTER && last.code == 30);
    __asm__ volatile("ud2" : "=a"(eax));
    CHECK(seen[SIGILL] == 1 && last.code == 10);
    __asm__ volatile("divl %%ecx" : "=a"(eax) : "c"(0), "a"(1), "d"(0));
    CHECK(seen[SIGFPE] == 1 && last.code == 20);
}

static char alternate[16384] __attribute__((aligned(16)));

static void on_stack(int signal, void *data, void *registers)
{
    char here;

    (void)data, (void)registers;
    CHECK(&here >= alternate && &here < alternate + sizeof(alternate));
    seen[signal]++;
}

static void stacks(void)
{
    struct {
        void *base;
        uint32_t size;
        int32_t flags;
    } stack = {alternate, sizeof(alternate), 0}, old;

    CHECK_STATUS(sys(SYS_set_signal_stack, &stack, &old), HK_B_OK);
    CHECK(old.flags == 2);
    set(SIGUSR2, on_stack, SA_ONSTACK);
    raise(SIGUSR2);
    CHECK(seen[SIGUSR2] == 1);
    stack.size = 100;
    CHECK_STATUS(sys(SYS_set_signal_stack, &stack, (void *)0), HK_B_NO_MEMORY);
}

static void timers(void)
{
    int64_t left = 0;
    uint64_t none = 0, alarm = 1u << (SIGALRM - 1);

    set(SIGALRM, count, 0);
    /* Timer 0 is alarm's. */
    CHECK_STATUS(
        sys(SYS_set_timer, 0, -1, 2000LL, 0LL, RELATIVE_TIMEOUT, (void *)0),
        HK_B_OK);
    while (seen[SIGALRM] == 0) /* it comes into the middle of this loop */
        continue;
    /* Late enough for the call to have begun. */
    sys(SYS_set_timer, 0, -1, 100000LL, 0LL, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_snooze_etc, 60000000LL, 0, RELATIVE_TIMEOUT, &left),
                 HK_B_INTERRUPTED);
    CHECK(seen[SIGALRM] == 2 && left > 0);
    sys(SYS_set_signal_mask, BLOCK, &alarm, (void *)0);
    sys(SYS_set_timer, 0, -1, 2000LL, 0LL, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_sigsuspend, &none), HK_B_INTERRUPTED);
    sys(SYS_set_signal_mask, UNBLOCK, &alarm, (void *)0);
    CHECK(seen[SIGALRM] == 3);
    /* With SA_RESTART the sleep goes on to its own end. */
    set(SIGALRM, count, SA_RESTART);
    sys(SYS_set_timer, 0, -1, 2000LL, 0LL, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_snooze_etc, 10000LL, 0, RELATIVE_TIMEOUT, (void *)0),
                 HK_B_OK);
    CHECK(seen[SIGALRM] == 4);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    handlers();
    queued();
    faults();
    stacks();
    timers();
    print("signals checked\n");
    return 0;
}
