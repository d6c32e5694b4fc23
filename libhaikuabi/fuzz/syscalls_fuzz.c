/* syscalls_fuzz.c -- random system calls of a team in a root of its own. */
/* SPDX-License-Identifier: MIT */

/*
 * The input is a program: calls with arguments of the kinds that their rows
 * name, most of them corner cases, and stores into guest memory. No call may
 * crash, wait for ever or change a file outside of the root.
 *
 * The team's thread is to die all the time, without ever being let: so every
 * wait must end at once. An open of a fifo or a lock waits inside the host,
 * which a signal ends; it comes again and again.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <guestmem/guestmem.h>

#include "libhaikuabi/fuzz/fuzz_root.h"
#include "libhaikuabi/src/bytes.h"
#include "libhaikuabi/src/syscall_table.h"
#include "libhaikuabi/src/timer.h"
#include "libhaikuabi/src/wait.h"
#include "libhaikuabi/test/team_harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a sanitizer writes, when there is one. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

enum {
    CALLS_MAX = 64,
    SCRATCH = HARNESS_MEMORY,          /* where arguments lie */
    STRINGS = HARNESS_MEMORY + 0x8000, /* a slot of 128 bytes each */
    STRING_SLOT = 128,
    MEMORY_END = HARNESS_MEMORY + HARNESS_SIZE,
    RESULTS = 8,
    TICK_NS = 5 * 1000 * 1000,
    TICKS_MAX = 60 * 200,   /* a minute */
    FIRST_FREE_ID = 1 << 23 /* no process has such an id */
};

struct input {
    const uint8_t *at, *end;
};

struct state {
    struct harness *harness;
    struct input input;
    uint32_t results[RESULTS]; /* of the last calls */
    uint32_t result_count;
    int32_t own_id;
};

/* ---- the host: descriptors, limits, signals ---- */

static int saved_fds[3];
static pid_t process;
static volatile sig_atomic_t ticks; /* of the call that runs */
static struct harness *running;
static struct sigaction old_actions[2];

/* The guest has the host's first descriptors, the fuzzer needs them. */
static void hide_standard(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = 0; fd < 3; fd++) {
        saved_fds[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 900);
        dup2(null, fd);
    }
    close(null);
    if (__sanitizer_set_report_fd != NULL)
        __sanitizer_set_report_fd((void *)(intptr_t)saved_fds[2]);
}

static void show_standard(void)
{
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved_fds[fd], fd);
        close(saved_fds[fd]);
    }
    if (__sanitizer_set_report_fd != NULL)
        __sanitizer_set_report_fd((void *)(intptr_t)2);
}

static void on_fault(int signo, siginfo_t *info, void *context)
{
    if (gm_on_fault(info, context))
        return;
    dup2(saved_fds[2], 2);
    sigaction(signo, &old_actions[signo == SIGBUS], NULL);
}

static void on_tick(int signo)
{
    (void)signo;
    if (++ticks < TICKS_MAX)
        return;
    dup2(saved_fds[2], 2);
    abort(); /* a call that does not end */
}

/* A timer of the team, or one of a team that is gone. */
static void on_timer(int signo, siginfo_t *info, void *context)
{
    if (running != NULL)
        hk_on_signal(harness_kernel(running), harness_thread(running), signo,
                     info, context);
}

/* The harness has put handlers of its own. */
static void install_handlers(void)
{
    struct sigaction fault = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
    struct sigaction timer = {.sa_flags = SA_SIGINFO};
    struct sigaction tick = {.sa_handler = on_tick};

    fault.sa_sigaction = on_fault;
    timer.sa_sigaction = on_timer;
    sigaction(SIGSEGV, &fault, NULL);
    sigaction(SIGBUS, &fault, NULL);
    sigaction(hk_interrupt_signal(), &tick, NULL);
    sigaction(hk_timer_signal(), &timer, NULL);
}

static void start_ticks(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                             .sigev_signo = hk_interrupt_signal()};
    const struct itimerspec period = {{0, TICK_NS}, {0, TICK_NS}};
    timer_t timer;

    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0 ||
        timer_settime(timer, 0, &period, NULL) != 0)
        abort();
}

static void start_once(void)
{
    static int done;
    const struct rlimit file = {1 << 20, 1 << 20};

    if (done++)
        return;
    process = getpid();
    signal(SIGXFSZ, SIG_IGN);
    signal(hk_interrupt_signal(), SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &file);
    sigaction(SIGSEGV, NULL, &old_actions[0]);
    sigaction(SIGBUS, NULL, &old_actions[1]);
    start_ticks();
}

/* ---- calls that are not made, or not with every argument ---- */

static const struct {
    enum hk_row row;
    const char *why;
} excluded[] = {
    {HK_ROW_load_image, "starts a process, which needs a processor"},
    {HK_ROW_exec, "unmaps the memory of the arguments"},
    {HK_ROW_spawn_thread, "a host thread that outlives the input"},
    {HK_ROW_setsid, "takes the fuzzer from its terminal"},
    {HK_ROW_setpgid, "the same"},
    {HK_ROW_sync, "waits for the host's disks"},
    {HK_ROW_wait_for_debugger, "waits for what never comes"},
};

static int is_excluded(enum hk_row row)
{
    for (size_t i = 0; i < sizeof(excluded) / sizeof(excluded[0]); i++)
        if (excluded[i].row == row)
            return 1;
    return hk_syscall_rows[row].call == NULL;
}

/* Other processes of the host are no aim, nor is its network; a stopped
 * fuzzer would be a silent one, and one that a timer interrupts every
 * microsecond does nothing else. */
static void tame(const struct state *state, enum hk_row row, uint32_t *words)
{
    enum { FAMILY_LOCAL = 9, SIGNAL_STOP = 10, PERIOD_MIN = 10000 };
    int32_t id = (int32_t)words[0];

    switch ((int)row) {
    case HK_ROW_send_signal:
        if (words[1] == SIGNAL_STOP)
            words[1] = 0;
        if (id != 0 && id != -1 && id != state->own_id)
            words[0] = FIRST_FREE_ID;
        break;
    case HK_ROW_kill_team:
        if (id > 0 && id != state->own_id)
            words[0] = FIRST_FREE_ID;
        break;
    case HK_ROW_set_timer:
        if (words[4] != 0 && words[4] < PERIOD_MIN)
            words[4] += PERIOD_MIN;
        break;
    case HK_ROW_socket:
    case HK_ROW_socketpair:
        words[0] = FAMILY_LOCAL;
        break;
    default:
        break;
    }
}

/* ---- input ---- */

static uint32_t take(struct input *input, size_t bytes)
{
    uint32_t value = 0;

    for (size_t i = 0; i < bytes && input->at < input->end; i++)
        value |= (uint32_t)*input->at++ << (8 * i);
    return value;
}

/* A small number, an earlier result, a corner case, or anything. */
static uint32_t take_number(struct state *state)
{
    static const uint32_t corners[] = {
        0,          1,          2,          0x7fffffff, 0x80000000, 0x80000001,
        0xffffffff, 0xfffffffe, 0xffffff9c, 0x100,      0x1000,     0x10000,
        0x202,      0x602,      0x2000,     0x3f,       0xfff,      0x1001};
    uint32_t choice = take(&state->input, 1);

    if (choice < 0x60)
        return choice;
    if (choice < 0xa0)
        return state->results[choice % RESULTS];
    if (choice < 0xa8)
        return (uint32_t)state->own_id;
    if (choice < 0xf0)
        return corners[choice % (sizeof(corners) / sizeof(corners[0]))];
    return take(&state->input, choice < 0xf8 ? 2 : 4);
}

/* No size is so large and possible that a call would take minutes. */
static uint32_t take_size(struct state *state)
{
    static const uint32_t sizes[] = {
        0,    1,    2,      4,          8,          12,         16,
        20,   24,   36,     48,         52,         72,         88,
        100,  255,  256,    1023,       1024,       4095,       4096,
        4097, 8192, 0x8000, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffff000};
    uint32_t choice = take(&state->input, 1);

    if (choice < 0xe0)
        return sizes[choice % (sizeof(sizes) / sizeof(sizes[0]))];
    return take(&state->input, 2);
}

static uint32_t take_address(struct state *state)
{
    static const uint32_t corners[] = {
        0,
        1,
        0x50000000,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        0xfffffff0,
        0x7fff0000,
        MEMORY_END - 1,
        MEMORY_END - 8,
        MEMORY_END - 4096,
        SCRATCH + 0x7000 - 4,
        SCRATCH + 0x7000, /* read-only */
    };
    uint32_t choice = take(&state->input, 1);

    if (choice < 0xb0)
        return SCRATCH + choice * 64;
    if (choice < 0xc0)
        return state->results[choice % RESULTS];
    return corners[choice % (sizeof(corners) / sizeof(corners[0]))];
}

static const char *const strings[] = {
    "/",
    "/f",
    "f",
    "/d",
    "/d/e/f",
    "d/e",
    "..",
    ".",
    "",
    "/l/e/f",
    "/up/secret",
    "/out/secret",
    "../outside/secret",
    "/../../outside/new",
    "/d/../../outside",
    "/dev/null",
    "/dev/zero",
    "/dev",
    "/n1",
    "/n2",
    "/d/n3",
    "n4/",
    "random",
    "attr",
    "BEOS:TYPE",
    "/proc/self/fd/3",
    "//",
    "/d/./e//f/",
    "l",
    "name",
};

enum { STRING_COUNT = sizeof(strings) / sizeof(strings[0]) };

static uint32_t take_string(struct state *state)
{
    uint32_t choice = take(&state->input, 1);

    if (choice < 0xe0)
        return STRINGS + choice % STRING_COUNT * STRING_SLOT;
    return take_address(state);
}

static uint32_t take_word(struct state *state, enum hk_arg_kind kind)
{
    switch (kind) {
    case HK_ARG_SIZE:
        return take_size(state);
    case HK_ARG_STR:
        return take_string(state);
    case HK_ARG_IN:
    case HK_ARG_OUT:
    case HK_ARG_INOUT:
    case HK_ARG_ADDR:
        return take_address(state);
    case HK_ARG_BOOL:
        return take(&state->input, 1);
    case HK_ARG_I32:
    case HK_ARG_U32:
    case HK_ARG_I64:
        break;
    }
    return take_number(state);
}

/* ---- the program ---- */

static void store(struct state *state)
{
    uint32_t to = take_address(state);
    uint32_t choice = take(&state->input, 1);
    uint8_t bytes[4];

    if (choice < 0x40)
        hk_put32(bytes, take_address(state));
    else if (choice < 0x80)
        hk_put32(bytes, take_string(state));
    else
        hk_put32(bytes, take_number(state));
    harness_write(state->harness, to, bytes, sizeof(bytes));
}

/* 0 when the team has ended. */
static int call(struct state *state, enum hk_row row)
{
    const struct hk_syscall_row *entry = &hk_syscall_rows[row];
    char name[64] = "";
    uint32_t words[HK_WORDS_MAX] = {0};
    uint32_t count = 0;
    int64_t result;

    for (uint32_t i = 0; i < entry->arg_count; i++) {
        enum hk_arg_kind kind = entry->args[i].kind;

        words[count++] = take_word(state, kind);
        if (kind == HK_ARG_I64) {
            words[count] = words[count - 1] & 0x80000000 ? UINT32_MAX : 0;
            count++;
        }
    }
    tame(state, row, words);
    memcpy(name, entry->name, (size_t)hk_row_name_length(entry));
    ticks = 0;
    result = harness_call(state->harness, name, words, count);
    if (getpid() != process)
        _exit(0); /* a forked team */
    state->results[state->result_count++ % RESULTS] = (uint32_t)result;
    return result != HARNESS_ENDED;
}

static void run(struct state *state, enum hk_release release)
{
    const uint16_t *rows;
    uint32_t count;

    hk_release_rows(release, &rows, &count);
    for (int i = 0; i < CALLS_MAX && state->input.at < state->input.end; i++) {
        uint32_t choice = take(&state->input, 2) % (count + count / 4);

        if (choice >= count)
            store(state);
        else if (!is_excluded(rows[choice]) && !call(state, rows[choice]))
            return;
    }
}

static void prepare(struct state *state, const uint8_t *data, size_t size)
{
    enum { SIGNAL_KILL = 9, READ = 1 };
    char slot[STRING_SLOT];

    install_handlers();
    state->own_id = getpid();
    harness_write(state->harness, SCRATCH, data, size < 0x4000 ? size : 0x4000);
    for (uint32_t i = 0; i < STRING_COUNT; i++) {
        memset(slot, 0, sizeof(slot));
        strcpy(slot, strings[i]);
        harness_write(state->harness, STRINGS + i * STRING_SLOT, slot,
                      sizeof(slot));
    }
    harness_protect(state->harness, SCRATCH + 0x7000, 0x1000, READ);
    harness_signal(state->harness, SIGNAL_KILL);
}

static void reap(void)
{
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state state = {.input = {data, data + size}};
    struct hk_config config = {.quiet = 1};
    struct fuzz_root root;
    int error;

    start_once();
    fuzz_root_make(&root);
    config.root = root.root;
    config.release = (enum hk_release)(take(&state.input, 1) % 3);
    hide_standard();
    state.harness = harness_new(&config, &error);
    if (state.harness == NULL)
        abort();
    running = state.harness;
    prepare(&state, data, size);
    run(&state, config.release);
    running = NULL;
    harness_free(state.harness);
    show_standard();
    reap();
    fuzz_root_check(&root);
    fuzz_root_remove(&root);
    return 0;
}
