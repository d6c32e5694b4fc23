/* random_calls.c -- any call with any arguments: random_calls SEED TEAMS CALLS.
 *
 * Each team makes its own calls, which the seed and its number tell: what it
 * does to itself is its own affair, but whoever runs it has to go on. */
/* SPDX-License-Identifier: MIT */
#include <guest.h>

#include <calls.h>
#include <file.h>
#include <team.h>
#include <thread.h>

enum { PAGE = 4096, SLOTS = 8, WORDS = 12, IDS = 32 };
enum { SIGILL = 4, SIGFPE = 8, SIGKILL = 9, SIGSEGV = 11, SIGUSR1 = 18 };
enum { SIGTRAP = 22, SIGBUS = 30, SA_NODEFER = 8 };

/* How teams end; a sanitizer ends uvm with 1. */
enum { BROKEN = 1, ENDED = 42, FAULTED = 43, LATE = 44 };
enum { LIMIT_MS = 1000, WAKE_US = 5000 };

/* ---- chance ---- */

static uint64_t state;

static uint32_t chance(uint32_t limit)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33) % limit;
}

/* ---- arguments ---- */

static char *memory;      /* SLOTS pages */
static char *end_of_page; /* behind it is nothing */
static long ids[IDS];     /* what calls have given lately */
static long parent;

static const uint32_t values[] = {
    0,          1,          2,          3,       4,          8,
    16,         32,         64,         88,      100,        255,
    256,        512,        0x200,      0x400,   1024,       PAGE,
    PAGE - 1,   65536,      0x100000,   1 << 24, 0x7ffffffe, 0x7fffffff,
    0x80000000, 0x80001000, 0xfffff000, -2u,     -1u,        0x40000008};

static const char *const strings[] = {
    "file", "file",   "directory", "directory/file", "link",      ".",
    "..",   "",       "/",         "/boot",          "/dev/null", "/dev/zero",
    "fifo", "socket", "name",      "name==\"f*\"",   "program"};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t value(void)
{
    switch (chance(8)) {
    case 0:
        return 1u << chance(32);
    case 1:
        return chance(0x7fffffff) << 1;
    case 2:
    case 3:
        return values[chance(COUNT(values))];
    case 4:
    case 5:
        return chance(24);
    default:
        return (uint32_t)ids[chance(IDS)];
    }
}

static char *address(void)
{
    switch (chance(24)) {
    case 0:
        return 0;
    case 1:
        return BAD_POINTER;
    case 2:
        return KERNEL_POINTER;
    case 3:
        return end_of_page - chance(64);
    case 4:
        return (char *)(uintptr_t)value();
    default:
        return memory + chance(SLOTS) * PAGE + chance(4) * 64;
    }
}

/* Text, or words of which some are addresses of others. */
static char *filled(int is_text)
{
    char *at = address();
    uint32_t words[32];

    if (at < memory || at >= memory + SLOTS * PAGE)
        return at;
    if (is_text && chance(16) == 0) {
        memset(at, 'n', 300);
        at[300] = '\0';
    } else if (is_text) {
        const char *text = strings[chance(COUNT(strings))];

        memcpy(at, text, strlen(text) + 1);
    } else if (chance(4) != 0) {
        for (size_t i = 0; i < COUNT(words); i++)
            words[i] =
                chance(4) == 0 ? (uint32_t)(uintptr_t)address() : value();
        memcpy(at, words, sizeof(words));
    }
    return at;
}

static uint64_t wide(void)
{
    switch (chance(4)) {
    case 0:
        return 0;
    case 1:
        return value();
    case 2:
        return -(uint64_t)value();
    default:
        return (uint64_t)value() << 32 | value();
    }
}

/* ---- a call ---- */

/* Whose areas any team may resize. */
static int is_parents_area(uint32_t area)
{
    enum { TEAM = 12 };
    uint32_t info[18]; /* haiku-abi/structs.md, "area_info" */

    return sys(SYS_get_area_info, area, info) == HK_B_OK &&
           (long)info[TEAM] == parent;
}

/* What would end the team at once, or who looks after it. */
static int is_left_out(int number, const uint32_t *words)
{
    switch (number) {
    case SYS_exit_team:
    case SYS_exit_thread:
    case SYS_loading_app_failed:
        return words[0] == BROKEN || chance(32) != 0;
    case SYS_debugger: /* it ends a team so too */
        return 1;
    case SYS_restore_signal_frame:
    case SYS_wait_for_debugger:
        return chance(32) != 0;
    case SYS_kill_team:
    case SYS_kill_thread:
    case SYS_send_signal:
    case SYS_suspend_thread:
        return (int32_t)words[0] <= 1 || (long)words[0] == parent ||
               chance(8) != 0;
    case SYS_resize_area:
        return is_parents_area(words[0]);
    case SYS_preallocate: /* the host's disk */
        return words[3] > 1 << 20 || words[4] != 0;
    case SYS_sigaction: /* FAULTED tells that it was the team's own fault */
        return words[0] == SIGSEGV || words[0] == SIGBUS ||
               words[0] == SIGILL || words[0] == SIGTRAP ||
               words[0] == SIGFPE || words[0] == SIGUSR1;
    case SYS_set_signal_mask:
        return chance(8) != 0;
    default:
        return 0;
    }
}

static void make_call(void)
{
    int number = (int)chance(COUNT(names) + 1);
    const struct call *call =
        number < (int)COUNT(names) ? find_call(names[number]) : 0;
    uint32_t w[WORDS];
    size_t at = 0;
    long result;

    for (size_t i = 0; i < ARGUMENTS && at < WORDS - 1; i++) {
        enum kind kind = call != 0 ? call->kinds[i] : VALUE;
        uint64_t word = kind == WIDE    ? wide()
                        : kind == VALUE ? value()
                                        : (uintptr_t)filled(kind == STRING);

        w[at++] = (uint32_t)word;
        if (kind == WIDE)
            w[at++] = (uint32_t)(word >> 32);
    }
    while (at < WORDS)
        w[at++] = value();
    if (is_left_out(number, w))
        return;
    result = sys(number, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8],
                 w[9], w[10], w[11]);
    if (number == SYS_fork && result == 0)
        sys(SYS_exit_team, ENDED);
    if (result > 0)
        ids[chance(IDS)] = result;
    else if (chance(4) == 0)
        memcpy(&ids[chance(IDS)], memory + chance(SLOTS) * PAGE, 4);
}

/* ---- a team ---- */

static void fault(int signal)
{
    (void)signal;
    sys(SYS_exit_team, FAULTED);
}

/* Calls that are restarted, come what may, are left. */
static void *next_call[5];
static int woken; /* during one call */

static void wake(int signal)
{
    (void)signal;
    if (woken++ > 2)
        __builtin_longjmp(next_call, 1);
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction action = {.handler = (void *)handler, .flags = SA_NODEFER};

    sys(SYS_sigaction, signal, &action, (void *)0);
}

/* A second thread: no call waits forever, nor does the team. */
static int watch(void *thread, void *unused)
{
    (void)unused;
    for (int i = 0; i < LIMIT_MS * 1000 / WAKE_US; i++) {
        sys(SYS_snooze_etc, (long long)WAKE_US, 0, RELATIVE_TIMEOUT, (void *)0);
        sys(SYS_send_signal, (long)thread, SIGUSR1, (void *)0, 1);
    }
    sys(SYS_exit_team, LATE);
    return 0;
}

static void make_memory(void)
{
    char *pages = 0;

    sys(SYS_create_area, "slots", &memory, ANY_ADDRESS, SLOTS * PAGE, 0,
        READ_AREA | WRITE_AREA);
    sys(SYS_create_area, "end", &pages, ANY_ADDRESS, 2 * PAGE, 0,
        READ_AREA | WRITE_AREA);
    end_of_page = pages + PAGE;
    sys(SYS_set_memory_protection, end_of_page, PAGE, 0);
}

_Noreturn static void make_calls(int count)
{
    static const int faults[] = {SIGILL, SIGFPE, SIGSEGV, SIGTRAP, SIGBUS};

    for (size_t i = 0; i < COUNT(faults); i++)
        handle(faults[i], fault);
    handle(SIGUSR1, wake);
    for (int i = 0; i < 3; i++)
        sys(SYS_close, i); /* whose they are has use for them */
    make_memory();
    sys(SYS_resume_thread,
        spawn_thread("watch", watch, (void *)this_thread(), 0));
    for (volatile int i = 0; i < count; i++) {
        woken = 0;
        if (__builtin_setjmp(next_call) == 0)
            make_call();
    }
    for (;;)
        sys(SYS_exit_team, ENDED);
}

/* ---- all of them ---- */

/* The team's status, or 0 when it had to be killed. */
static int wait_for(long child)
{
    struct siginfo info = {0};

    for (int i = 0; i < LIMIT_MS / 5 * 2; i++) {
        if (sys(SYS_wait_for_child, child, EXITED | NOHANG, &info, (void *)0) ==
            child)
            return info.code == CLD_EXITED ? info.status : -info.status;
        sys(SYS_snooze_etc, 5000LL, 0, RELATIVE_TIMEOUT, (void *)0);
    }
    sys(SYS_kill_team, child);
    CHECK_STATUS(sys(SYS_wait_for_child, child, EXITED, &info, (void *)0),
                 child);
    return 0;
}

/* What calls do to their program is not done to this one. */
static void copy_program(const char *path)
{
    static char bytes[1 << 16];
    long from = sys(SYS_open, AT_FDCWD, path, O_RDONLY, 0);
    long to = sys(SYS_open, AT_FDCWD, "program", O_WRONLY | O_CREAT, 0755);
    long size = sys(SYS_read, from, NO_POSITION, bytes, sizeof(bytes));

    CHECK(size > 0);
    CHECK_STATUS(sys(SYS_write, to, NO_POSITION, bytes, size), size);
    sys(SYS_close, from);
    sys(SYS_close, to);
}

static int number_of(const char *text)
{
    int number = 0;

    while (*text >= '0' && *text <= '9')
        number = number * 10 + *text++ - '0';
    return number;
}

int main(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc != 4) /* one that a random call executes */
        return 0;
    copy_program(argv[0]);
    parent = sys(SYS_get_current_team);
    for (int i = 0; i < number_of(argv[2]); i++) {
        long child = fork_team();

        if (child == 0) {
            state = (uint64_t)number_of(argv[1]) << 32 | (uint32_t)i;
            sys(SYS_setpgid, 0, 0);
            make_calls(number_of(argv[3]));
        }
        CHECK(child > 0);
        check(wait_for(child) != BROKEN, "a team's uvm ends well");
        sys(SYS_send_signal, -child, SIGKILL, (void *)0, 0);
    }
    print("random calls made\n");
    return 0;
}
