/* signals.c -- handlers, masks, faults that are handled, timers. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

enum { SIGILL = 4, SIGFPE = 8, SIGSEGV = 11, SIGALRM = 14, SIGUSR1 = 18 };
enum { SIGUSR2 = 19, SIGRT = 33, SIGTERM = 15, SIGTSTP = 13 };
enum { SIGCONT = 12, SIGTTIN = 16, EXITED = 8, UNTRACED = 2, CLD_EXITED = 60 };
enum {
    SA_RESETHAND = 4,
    SA_RESTART = 0x10,
    SA_ONSTACK = 0x20,
    SA_SIGINFO = 0x40,
    SA_NODEFER = 0x8
};
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
    CHECK(seen[SIGUSR1] == 3); /* each that was sent */
    set(SIGUSR1, (void *)1, 0);
    raise(SIGUSR1);
    CHECK(seen[SIGUSR1] == 3);
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
    stack.flags = 2;
    CHECK_STATUS(sys(SYS_set_signal_stack, &stack, (void *)0), HK_B_OK);
    stack.flags = 0;
    stack.size = sizeof(alternate);
    CHECK_STATUS(sys(SYS_set_signal_stack, &stack, &old), HK_B_OK);
    CHECK(old.base == alternate && old.size == stack.size && old.flags == 2);
}

static int order[8], ordered;

static void note(int signal, void *data, void *registers)
{
    (void)data, (void)registers;
    if (ordered < 8)
        order[ordered++] = signal;
}

/* Real-time ones first, then as they came; with a room of 32 for what they
 * bring, and one more of each number. */
static void orders(void)
{
    static const int signals[] = {SIGUSR2, SIGTERM, SIGRT + 1, SIGRT, SIGTERM};
    uint64_t usr2 = 1u << (SIGUSR2 - 1), pending = 0, all = ~0ull, old;
    struct sigaction action = {.handler = (void *)note, .mask = ~0ull};

    sys(SYS_set_signal_mask, BLOCK, &all, &old);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sys(SYS_sigaction, signals[i], &action, (void *)0);
        raise(signals[i]);
    }
    sys(SYS_set_signal_mask, SETMASK, &old, (void *)0);
    sys(SYS_is_computer_on);
    CHECK(ordered == 5 && order[0] == SIGRT && order[1] == SIGRT + 1);
    CHECK(order[2] == SIGUSR2 && order[3] == SIGTERM && order[4] == SIGTERM);
    action.handler = (void *)count;
    action.data = &last;
    sys(SYS_sigaction, SIGUSR2, &action, (void *)0);
    sys(SYS_set_signal_mask, BLOCK, &usr2, (void *)0);
    seen[SIGUSR2] = 0;
    for (int i = 0; i < 40; i++)
        raise(SIGUSR2);
    CHECK_STATUS(sys(SYS_send_signal, 0, SIGUSR2, (void *)0, QUEUE),
                 HK_B_WOULD_BLOCK);
    sys(SYS_set_signal_mask, UNBLOCK, &usr2, (void *)0);
    sys(SYS_is_computer_on);
    CHECK_STATUS(seen[SIGUSR2], 33);
    /* What goes on is not to stop. */
    sys(SYS_set_signal_mask, BLOCK, &all, &old);
    raise(SIGTSTP);
    sys(SYS_sigpending, &pending);
    CHECK(pending == 1u << (SIGTSTP - 1));
    raise(SIGCONT);
    sys(SYS_sigpending, &pending);
    CHECK(pending == 1u << (SIGCONT - 1));
    action.handler = (void *)0;
    sys(SYS_sigaction, SIGCONT, &action, (void *)0);
    sys(SYS_sigpending, &pending);
    CHECK(pending == 0);
    sys(SYS_set_signal_mask, SETMASK, &old, (void *)0);
}

/* A handler for once: the rest of the action stays. */
static void once(void)
{
    struct sigaction action = {.handler = (void *)note,
                               .mask = 1,
                               .flags = SA_RESETHAND | SA_RESTART,
                               .data = &last};

    sys(SYS_sigaction, SIGUSR1, &action, (void *)0);
    raise(SIGUSR1);
    sys(SYS_sigaction, SIGUSR1, (void *)0, &action);
    CHECK(action.handler == 0 && action.mask == 1 && action.data == &last);
    CHECK_STATUS(action.flags, SA_RESETHAND | SA_RESTART);
}

static int depth, deepest;

/* Sends itself once more while it runs. */
static void again(int signal, void *data, void *registers)
{
    uint64_t mask = 0;

    (void)data, (void)registers;
    depth++;
    if (depth > deepest)
        deepest = depth;
    sys(SYS_set_signal_mask, BLOCK, (void *)0, &mask);
    CHECK((mask >> (SIGUSR2 - 1) & 1) != 0);
    if (seen[signal]++ == 0) {
        raise(signal);
        CHECK(seen[signal] == ((mask >> (signal - 1) & 1) != 0 ? 1 : 2));
    }
    depth--;
}

/* A handler's own signal waits for its end, but with SA_NODEFER; the others of
 * its mask do either way. */
static void within_itself(int flags, int expected)
{
    struct sigaction action = {
        .handler = (void *)again, .mask = 1u << (SIGUSR2 - 1), .flags = flags};
    uint64_t mask = ~0ull;

    seen[SIGUSR1] = deepest = 0;
    CHECK_STATUS(sys(SYS_sigaction, SIGUSR1, &action, (void *)0), HK_B_OK);
    raise(SIGUSR1);
    CHECK(seen[SIGUSR1] == 2 && depth == 0);
    CHECK_STATUS(deepest, expected);
    sys(SYS_set_signal_mask, BLOCK, (void *)0, &mask);
    CHECK(mask == 0);
}

static struct context *outer, *inner;

static void nested(int signal, struct siginfo *info, struct context *context,
                   void *data)
{
    uint32_t stack = (uint32_t)context->stack;

    (void)info, (void)data;
    CHECK(context->stack_flags == 0);
    CHECK(context->esp - stack < context->stack_size);
    if (signal == SIGUSR2) {
        inner = context;
        CHECK(context->link == outer);
        return;
    }
    outer = context;
    CHECK(context->link == 0);
    raise(SIGUSR2);
}

static void frames(void)
{
    set(SIGUSR1, nested, SA_SIGINFO | SA_ONSTACK);
    set(SIGUSR2, nested, SA_SIGINFO);
    raise(SIGUSR1);
    CHECK(inner != 0 && inner->stack == alternate);
    CHECK(outer != 0 && outer->stack != alternate);
    raise(SIGUSR1); /* the first handler's frame is linked no more */
}

/* user_thread: what is put off is told, until it is done. */
static void deferred(void)
{
    enum { DEFER_SIGNALS = 12, PENDING_SIGNALS = 16 };
    volatile char *thread;
    volatile int32_t *defer;
    volatile uint64_t *pending;

    __asm__("movl %%fs:16, %0" : "=r"(thread));
    defer = (volatile int32_t *)(thread + DEFER_SIGNALS);
    pending = (volatile uint64_t *)(thread + PENDING_SIGNALS);
    set(SIGUSR1, count, 0);
    seen[SIGUSR1] = 0;
    *defer = 1;
    raise(SIGUSR1);
    CHECK(seen[SIGUSR1] == 0 && *pending == 1u << (SIGUSR1 - 1));
    *defer = 0;
    sys(SYS_is_computer_on);
    CHECK(seen[SIGUSR1] == 1 && *pending == 0);
}

/* A terminal's signals do not stop whom nobody could continue. */
static void orphans(void)
{
    struct siginfo info;
    long child = fork_team();

    if (child == 0) {
        sys(SYS_setsid);
        raise(SIGTSTP);
        raise(SIGTTIN);
        sys(SYS_exit_team, 7);
    }
    CHECK_STATUS(
        sys(SYS_wait_for_child, child, EXITED | UNTRACED, &info, (void *)0),
        child);
    CHECK(info.code == CLD_EXITED && info.status == 7);
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
    /* It comes again until the call has begun. */
    sys(SYS_set_timer, 0, -1, 100000LL, 100000LL, RELATIVE_TIMEOUT, (void *)0);
    CHECK_STATUS(sys(SYS_snooze_etc, 60000000LL, 0, RELATIVE_TIMEOUT, &left),
                 HK_B_INTERRUPTED);
    sys(SYS_set_timer, 0, -1, INT64_MAX, 0LL, 0, (void *)0);
    CHECK(seen[SIGALRM] >= 2 && left > 0);
    seen[SIGALRM] = 2;
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
    while (seen[SIGALRM] == 3) /* the host may be late with it */
        continue;
    CHECK(seen[SIGALRM] == 4);
    /* set_alarm(): the thread's own timer of the same number. */
    CHECK_STATUS(sys(SYS_set_timer, 0, sys(SYS_find_thread, (void *)0), 2000LL,
                     0LL, RELATIVE_TIMEOUT, (void *)0),
                 HK_B_OK);
    while (seen[SIGALRM] == 4) /* and into the middle of this one */
        continue;
    CHECK(seen[SIGALRM] == 5);
}

int main(int argc, char **argv, char **environment)
{
    (void)argc, (void)argv, (void)environment;
    handlers();
    queued();
    faults();
    stacks();
    orders();
    once();
    within_itself(0, 1);
    within_itself(SA_NODEFER, 2);
    within_itself(SA_NODEFER | SA_SIGINFO | SA_ONSTACK, 2);
    frames();
    deferred();
    orphans();
    timers();
    print("signals checked\n");
    return 0;
}
