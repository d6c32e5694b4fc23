/* debug_nub.c -- the thread that does what a team's debugger wants. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"
#include "debug.h"
#include "port.h"
#include "thread.h"

/* debug_nub_message (headers/os/kernel/debugger.h). */
enum command {
    READ_MEMORY,
    WRITE_MEMORY,
    SET_TEAM_FLAGS,
    SET_THREAD_FLAGS,
    CONTINUE_THREAD,
    SET_CPU_STATE,
    GET_CPU_STATE,
    SET_BREAKPOINT,
    CLEAR_BREAKPOINT,
    SET_WATCHPOINT,
    CLEAR_WATCHPOINT,
    SET_SIGNAL_MASKS,
    GET_SIGNAL_MASKS,
    SET_SIGNAL_HANDLER,
    GET_SIGNAL_HANDLER,
    PREPARE_HANDOVER,
    START_PROFILER,
    STOP_PROFILER,
    WRITE_CORE_FILE,
    COMMANDS
};

enum {
    MEMORY_MAX = 1024, /* B_MAX_READ_WRITE_MEMORY_SIZE */
    CPU_AT = 16,       /* of registers in a message: they are aligned so */
    MESSAGE_MAX = 12 + MEMORY_MAX + 20
};

/* One message, and its answer, which begins with a status. */
struct nub {
    struct hk_team *team;
    const uint8_t *message;
    uint32_t size;
    uint8_t reply[CPU_AT + MEMORY_MAX];
    int32_t reply_code; /* the message's own code but for registers */
};

static uint32_t word(const struct nub *nub, uint32_t at)
{
    return hk_get32(nub->message + at);
}

static uint32_t answer(struct nub *nub, int32_t status, uint32_t size)
{
    hk_put32(nub->reply, (uint32_t)status);
    return size;
}

/* ---- memory ---- */

static uint32_t read_memory(struct nub *nub)
{
    uint32_t address = word(nub, 4), size = word(nub, 8);
    int32_t done = HK_B_BAD_VALUE;

    if (!hk_is_user_range(address, 1))
        done = HK_B_BAD_ADDRESS;
    else if (size > 0 && size <= MEMORY_MAX)
        done = hk_debug_read(nub->team, address, nub->reply + 8, size);
    hk_put32(nub->reply + 4, done > 0 ? (uint32_t)done : 0);
    return answer(nub, done < 0 ? done : HK_B_OK,
                  8 + (done > 0 ? (uint32_t)done : 0));
}

static uint32_t write_memory(struct nub *nub)
{
    enum { DATA_AT = 12 };
    uint32_t address = word(nub, 4), size = word(nub, 8);
    int32_t done = HK_B_BAD_VALUE;

    if (!hk_is_user_range(address, 1))
        done = HK_B_BAD_ADDRESS;
    else if (size > 0 && size <= MEMORY_MAX && size <= nub->size - DATA_AT)
        done = hk_debug_write(nub->team, address, nub->message + DATA_AT, size);
    hk_put32(nub->reply + 4, done > 0 ? (uint32_t)done : 0);
    return answer(nub, done < 0 ? done : HK_B_OK, 8);
}

static uint32_t set_breakpoint(struct nub *nub)
{
    return answer(nub, hk_breakpoint_set(nub->team, word(nub, 4)), 4);
}

static uint32_t clear_breakpoint(struct nub *nub)
{
    hk_breakpoint_clear(nub->team, word(nub, 0));
    return 0;
}

static uint32_t set_watchpoint(struct nub *nub)
{
    uint32_t address = word(nub, 4);
    int32_t length = (int32_t)word(nub, 12), status = HK_B_BAD_VALUE;

    if (address == 0 || !hk_is_user_range(address, 1))
        status = HK_B_BAD_ADDRESS;
    else if (length >= 0)
        status = hk_watchpoint_add(nub->team, address, word(nub, 8), length);
    return answer(nub, status, 4);
}

static uint32_t clear_watchpoint(struct nub *nub)
{
    if (word(nub, 0) != 0)
        hk_debug_register_clear(nub->team, word(nub, 0), HK_DEBUG_ACCESS);
    return 0;
}

/* ---- threads: with the team's lock ---- */

static struct hk_thread *thread_of(struct nub *nub, uint32_t at)
{
    return hk_thread_of(nub->team, (int32_t)word(nub, at));
}

static uint32_t set_team_flags(struct nub *nub)
{
    atomic_int *flags = &nub->team->debug->flags;
    int kept = atomic_load(flags) & ~HK_DEBUG_TEAM_FLAGS;

    atomic_store(flags, kept | ((int)word(nub, 0) & HK_DEBUG_TEAM_FLAGS));
    return 0;
}

static uint32_t set_thread_flags(struct nub *nub)
{
    struct hk_thread *thread = thread_of(nub, 0);
    int kept;

    if (thread == NULL)
        return 0;
    kept = atomic_load(&thread->debug.flags) & ~HK_DEBUG_THREAD_FLAGS;
    atomic_store(&thread->debug.flags,
                 kept | ((int)word(nub, 4) & HK_DEBUG_THREAD_FLAGS));
    return 0;
}

/* Also one that is merely suspended, or loaded and not yet started. */
static uint32_t continue_thread(struct nub *nub)
{
    struct hk_thread *thread = thread_of(nub, 0);

    if (thread == NULL)
        return 0;
    if (thread->debug.is_stopped) {
        thread->debug.is_stopped = 0;
        thread->debug.single_steps = nub->message[8] != 0;
        hk_wake(thread, word(nub, 4) == HK_DEBUG_IGNORE ? HK_DEBUG_IGNORE
                                                        : HK_DEBUG_HANDLE);
    } else if (thread->life->is_main && nub->team->resume_fd >= 0) {
        atomic_fetch_add(&nub->team->debug->resumes, 1);
        hk_interrupt(thread);
    } else {
        hk_thread_resume(thread);
    }
    return 0;
}

static uint32_t set_cpu_state(struct nub *nub)
{
    struct hk_thread *thread = thread_of(nub, 0);

    if (thread != NULL && thread->debug.is_stopped &&
        nub->size >= CPU_AT + HK_DEBUG_CPU_SIZE)
        hk_debug_set_cpu(thread, nub->message + CPU_AT);
    return 0;
}

static uint32_t get_cpu_state(struct nub *nub)
{
    struct hk_thread *thread = thread_of(nub, 4);
    uint32_t size = CPU_AT + HK_DEBUG_CPU_SIZE;

    memset(nub->reply, 0, size);
    if (thread == NULL)
        return answer(nub, HK_B_BAD_THREAD_ID, size);
    if (!thread->debug.is_stopped)
        return answer(nub, HK_B_BAD_THREAD_STATE, size);
    hk_put32(nub->reply + 4, (uint32_t)thread->debug.event);
    hk_debug_get_cpu(thread, nub->reply + CPU_AT);
    nub->reply_code = thread->debug.event;
    return answer(nub, HK_B_OK, size);
}

/* ---- signals ---- */

static uint64_t change_mask(uint64_t old, uint64_t mask, uint32_t op)
{
    enum { AND, OR, SET };

    switch (op) {
    case AND:
        return old & mask;
    case OR:
        return old | mask;
    case SET:
        return mask;
    default:
        return old;
    }
}

static uint32_t set_signal_masks(struct nub *nub)
{
    struct hk_thread *thread = thread_of(nub, 0);

    if (thread == NULL)
        return 0;
    thread->debug.ignored = change_mask(
        thread->debug.ignored, hk_get64(nub->message + 4), word(nub, 20));
    thread->debug.ignored_once = change_mask(
        thread->debug.ignored_once, hk_get64(nub->message + 12), word(nub, 24));
    return 0;
}

static uint32_t get_signal_masks(struct nub *nub)
{
    const struct hk_thread *thread = thread_of(nub, 4);

    hk_put64(nub->reply + 4, thread != NULL ? thread->debug.ignored : 0);
    hk_put64(nub->reply + 12, thread != NULL ? thread->debug.ignored_once : 0);
    return answer(nub, thread != NULL ? HK_B_OK : HK_B_BAD_THREAD_ID, 20);
}

static int is_settable(uint32_t signal)
{
    return signal > 0 && signal <= HK_SIGNAL_MAX && signal != HK_SIGKILL &&
           signal != HK_SIGSTOP && signal != HK_SIGKILLTHR;
}

static uint32_t set_signal_handler(struct nub *nub)
{
    const uint8_t *bytes = nub->message + 4;
    const struct hk_sigaction action = {.handler = hk_get32(bytes),
                                        .mask = hk_get64(bytes + 4),
                                        .flags = (int32_t)hk_get32(bytes + 12),
                                        .user_data = hk_get32(bytes + 16)};

    if (is_settable(word(nub, 0)))
        hk_signals_set_action(nub->team, (int)word(nub, 0), &action);
    return 0;
}

static uint32_t get_signal_handler(struct nub *nub)
{
    uint32_t signal = word(nub, 4);
    int is_signal = signal > 0 && signal <= HK_SIGNAL_MAX;
    struct hk_sigaction action = {0};

    if (is_signal)
        action = hk_signals_get_action(nub->team, (int)signal);
    hk_sigaction_put(&action, nub->reply + 4);
    return answer(nub, is_signal ? HK_B_OK : HK_B_BAD_VALUE, 24);
}

/* ---- the rest ---- */

static uint32_t prepare_handover(struct nub *nub)
{
    hk_breakpoints_drop(nub->team, 1);
    atomic_fetch_or(&nub->team->debug->flags, HK_DEBUG_HANDOVER);
    return 0;
}

/* Nothing is sampled, no core is written. */
static uint32_t refuse(struct nub *nub)
{
    return answer(nub, HK_B_NOT_SUPPORTED, 4);
}

static uint32_t refuse_long(struct nub *nub)
{
    enum { SIZE = 40 }; /* debug_profiler_update, and start_profiler's less */

    memset(nub->reply, 0, SIZE);
    return answer(nub, HK_B_NOT_SUPPORTED, SIZE);
}

/* How long a message is at least; a reply goes to the port in its first word.
 */
static const struct {
    uint32_t size;
    uint32_t (*perform)(struct nub *nub); /* the reply's size; 0: none */
    int is_of_threads;                    /* with the team's lock */
} commands[COMMANDS] = {
    [READ_MEMORY] = {12, read_memory, 0},
    [WRITE_MEMORY] = {12, write_memory, 0},
    [SET_TEAM_FLAGS] = {4, set_team_flags, 0},
    [SET_THREAD_FLAGS] = {8, set_thread_flags, 1},
    [CONTINUE_THREAD] = {9, continue_thread, 1},
    [SET_CPU_STATE] = {4, set_cpu_state, 1},
    [GET_CPU_STATE] = {8, get_cpu_state, 1},
    [SET_BREAKPOINT] = {8, set_breakpoint, 0},
    [CLEAR_BREAKPOINT] = {4, clear_breakpoint, 0},
    [SET_WATCHPOINT] = {16, set_watchpoint, 0},
    [CLEAR_WATCHPOINT] = {4, clear_watchpoint, 0},
    [SET_SIGNAL_MASKS] = {28, set_signal_masks, 1},
    [GET_SIGNAL_MASKS] = {8, get_signal_masks, 1},
    [SET_SIGNAL_HANDLER] = {24, set_signal_handler, 0},
    [GET_SIGNAL_HANDLER] = {8, get_signal_handler, 0},
    [PREPARE_HANDOVER] = {0, prepare_handover, 0},
    [START_PROFILER] = {4, refuse_long, 0},
    [STOP_PROFILER] = {4, refuse_long, 0},
    [WRITE_CORE_FILE] = {4, refuse, 0},
};

/* B_OK, or the debugger cannot be answered. */
static int32_t perform(struct hk_thread *self, struct nub *nub, int32_t code)
{
    uint32_t size;

    if (code < 0 || code >= COMMANDS || nub->size < commands[code].size)
        return HK_B_OK;
    nub->reply_code = code;
    if (commands[code].is_of_threads)
        pthread_mutex_lock(&nub->team->lock);
    size = commands[code].perform(nub);
    if (commands[code].is_of_threads)
        pthread_mutex_unlock(&nub->team->lock);
    if (size == 0)
        return HK_B_OK;
    return hk_port_send(self, (int32_t)word(nub, 0), nub->reply_code,
                        nub->reply, size);
}

static void *nub_main(void *argument)
{
    struct hk_thread *self = argument;
    uint8_t message[MESSAGE_MAX];
    struct nub nub = {.team = self->team, .message = message};
    int32_t port = self->team->debug->nub_port;
    int32_t code = 0, status = HK_B_OK;

    self->id = (int32_t)syscall(SYS_gettid);
    while (status == HK_B_OK && !atomic_load(&self->life->killed)) {
        int32_t size =
            hk_port_receive(self, port, &code, message, sizeof(message));

        if (size < 0)
            break;
        nub.size = (uint32_t)size;
        status = perform(self, &nub, code);
    }
    hk_debug_gone(self->team);
    return NULL;
}

int hk_debug_start_nub(struct hk_team *team)
{
    struct hk_debug *debug = team->debug;
    sigset_t all, old;
    int error;

    debug->nub = hk_thread_new(team);
    if (debug->nub == NULL)
        return -1;
    sigfillset(&all); /* they are for the team's own threads, but for faults */
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_create(&debug->nub_host, NULL, nub_main, debug->nub);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    debug->has_nub = error == 0;
    if (error != 0)
        hk_thread_free(debug->nub);
    return error;
}
