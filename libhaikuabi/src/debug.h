/* debug.h -- a team that another one debugs. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_DEBUG_H
#define HK_DEBUG_H

#include "kernel.h"
#include "shared.h"
#include "signals.h"

/*
 * A debugger is a port of another team's (headers/os/kernel/debugger.h of
 * Haiku). A thread that something has happened to writes a message there and
 * stops. What the debugger wants, it writes to another port, of the team's
 * "nub": a host thread that reads and writes memory and registers for it, and
 * lets threads go on. The nub's port is the debugger's own and goes with it.
 */

/* Team flags that are not the debugger's to set. */
enum {
    HK_DEBUG_INSTALLED = 0x1, /* B_TEAM_DEBUG_DEBUGGER_INSTALLED */
    HK_DEBUG_HANDOVER = 0x2   /* another debugger is to come */
};

/* Those that are: of a team (B_TEAM_DEBUG_...) and of a thread. */
enum {
    HK_DEBUG_SIGNALS = 0x10000,
    HK_DEBUG_PRE_SYSCALL = 0x20000,
    HK_DEBUG_POST_SYSCALL = 0x40000,
    HK_DEBUG_TEAM_CREATION = 0x80000,
    HK_DEBUG_THREADS = 0x100000,
    HK_DEBUG_IMAGES = 0x200000,
    HK_DEBUG_PREVENT_EXIT = 0x400000,
    HK_DEBUG_STOP_NEW_THREADS = 0x1000000,
    HK_DEBUG_TEAM_FLAGS = (int32_t)0xffff0000
};
enum {
    HK_DEBUG_THREAD_STOP = 0x1, /* as soon as it can */
    HK_DEBUG_THREAD_PRE_SYSCALL = 0x10000,
    HK_DEBUG_THREAD_POST_SYSCALL = 0x20000,
    HK_DEBUG_THREAD_STOP_CHILDREN = 0x100000,
    HK_DEBUG_THREAD_TRACE_CHILDREN = 0x200000,
    HK_DEBUG_THREAD_FLAGS = (int32_t)0xffff0000
};

/* Messages to the debugger. */
enum hk_debug_event {
    HK_DEBUG_THREAD_DEBUGGED,
    HK_DEBUG_DEBUGGER_CALL,
    HK_DEBUG_BREAKPOINT_HIT,
    HK_DEBUG_WATCHPOINT_HIT,
    HK_DEBUG_SINGLE_STEP,
    HK_DEBUG_BEFORE_SYSCALL,
    HK_DEBUG_AFTER_SYSCALL,
    HK_DEBUG_SIGNAL_RECEIVED,
    HK_DEBUG_EXCEPTION_OCCURRED,
    HK_DEBUG_TEAM_CREATED,
    HK_DEBUG_TEAM_DELETED,
    HK_DEBUG_TEAM_EXEC,
    HK_DEBUG_THREAD_CREATED,
    HK_DEBUG_THREAD_DELETED,
    HK_DEBUG_IMAGE_CREATED,
    HK_DEBUG_IMAGE_DELETED,
    HK_DEBUG_PROFILER_UPDATE,
    HK_DEBUG_HANDED_OVER
};

/* debug_exception_type. */
enum hk_debug_exception {
    HK_DEBUG_SEGMENT_VIOLATION = 2,
    HK_DEBUG_ALIGNMENT,
    HK_DEBUG_DIVIDE_ERROR,
    HK_DEBUG_OVERFLOW,
    HK_DEBUG_BOUNDS_CHECK,
    HK_DEBUG_INVALID_OPCODE,
    HK_DEBUG_SEGMENT_NOT_PRESENT,
    HK_DEBUG_STACK_FAULT,
    HK_DEBUG_GENERAL_PROTECTION,
    HK_DEBUG_FLOATING_POINT
};

struct hk_breakpoint;

/* A debug register of the processor, DR0 to DR3 (SDM 3, 18.2). */
enum { HK_DEBUG_REGISTERS = 4 };
enum { HK_DEBUG_EXECUTE, HK_DEBUG_STORE, HK_DEBUG_ACCESS }; /* hit by that */

struct hk_debug_register {
    uint32_t address, length; /* 0: unused */
    int type;
};

struct hk_debug {
    pthread_mutex_t change; /* one debugger comes or goes at a time */
    pthread_mutex_t lock;   /* guards the rest, but for reading the flags */
    atomic_int flags;
    int32_t port, nub_port;
    int32_t image_event; /* counts */
    int has_nub;
    pthread_t nub_host;
    struct hk_thread *nub; /* none of the team's list */
    struct hk_breakpoint *breakpoints;
    struct hk_debug_register registers[HK_DEBUG_REGISTERS];
    atomic_int registers_used; /* how many; read without the lock, too */
    atomic_uint resumes; /* counts: the debugger wants the loaded team to run */
};

int hk_debug_new(struct hk_debug **debug);
void hk_debug_free(struct hk_team *team);         /* the nub ends before */
void hk_debug_fork_child(struct hk_thread *self); /* nobody debugs it */

/* ---- debug.c: debuggers ---- */

/* Makes the team of a port this team's debugger: the nub's port, or an error.
 * keeps: one that is there stays, and is as good. */
int32_t hk_debug_install(struct hk_team *team, int32_t port, int keeps);
int32_t hk_debug_remove(struct hk_team *team);

/* By the nub: its port or its debugger is gone, and threads go on as if there
 * had been none. */
void hk_debug_gone(struct hk_team *team);

/* That, with the port that is every team's debugger when it needs one; B_OK
 * when there is a debugger now. */
int32_t hk_debug_ensure(struct hk_thread *self);

/* ---- debug_events.c: what stops a thread ---- */

static inline int hk_debug_is_there(const struct hk_team *team)
{
    return (atomic_load_explicit(&team->debug->flags, memory_order_relaxed) &
            HK_DEBUG_INSTALLED) != 0;
}

/* Whether the debugger wants to know of what these flags say. */
static inline int hk_debug_wants(const struct hk_team *team, int flag)
{
    int flags = atomic_load_explicit(&team->debug->flags, memory_order_relaxed);

    return (flags & HK_DEBUG_INSTALLED) != 0 && (flags & flag) != 0;
}

static inline int hk_debug_wants_call(const struct hk_thread *self, int flag,
                                      int thread_flag)
{
    return hk_debug_wants(self->team, flag) ||
           ((atomic_load_explicit(&self->debug.flags, memory_order_relaxed) &
             thread_flag) != 0 &&
            hk_debug_is_there(self->team));
}

/* Both ends of a call whose arguments are words. */
void hk_debug_before_call(struct hk_thread *self, uint32_t number,
                          const uint32_t *words, uint32_t count);
void hk_debug_after_call(struct hk_thread *self, uint32_t number,
                         const uint32_t *words, uint32_t count, int64_t result,
                         int64_t start_time);

/* 1: the debugger has it that nothing has happened. */
int hk_debug_signal(struct hk_thread *self, const struct hk_sigaction *action,
                    const struct hk_siginfo *info, int is_deadly);
int hk_debug_exception(struct hk_thread *self, enum hk_debug_exception type,
                       int signal);

/* #DB and #BP: 1 when it was the debugger's. */
int hk_debug_trap(struct hk_thread *self);
int hk_debug_breakpoint(struct hk_thread *self);

/* A thread has come to a breakpoint of the debug registers, or has accessed
 * what they watch. */
void hk_debug_hit_breakpoint(struct hk_thread *self);
void hk_debug_hit_watchpoint(struct hk_thread *self);

/* The call of the debugger: 0 without one. */
int hk_debug_call(struct hk_thread *self, uint32_t message);

/* fork and load_image; exec; threads, of which a new one is first given the
 * flags of its maker; images. */
void hk_debug_team_created(struct hk_thread *self, int32_t team);
void hk_debug_exec(struct hk_thread *self);
void hk_debug_thread_created(struct hk_thread *self, struct hk_thread *thread);
void hk_debug_tell_thread(struct hk_thread *self, int32_t id);
void hk_debug_thread_deleted(struct hk_thread *self, int32_t status);
void hk_debug_image(struct hk_thread *self, enum hk_debug_event event,
                    const uint8_t *info);

/* debug_thread: a thread of the team is to stop, and does when it comes by. */
int32_t hk_debug_thread(struct hk_team *team, int32_t id);
void hk_debug_be_debugged(struct hk_thread *self);

/* wait_for_debugger: stops until there is one, which then is told. */
void hk_debug_await_debugger(struct hk_thread *self);

/* The thread is that of a fork, and nobody's. */
void hk_debug_forget(struct hk_thread *self);

/* How the team ends, for its debugger; and with the shared lock, that a team
 * has ended. */
void hk_debug_tell_end(struct hk_team *team, int32_t status, int signal);
void hk_debug_team_ended(struct hk_shared *shared, uint32_t team);

/* Whether any team of the root has a debugger. */
int hk_debug_is_any(const struct hk_shared *shared);

/* A wait of the debugger's that signals do not end: 1 when the thread is to
 * end. They are seen behind it when *is_late. */
int hk_debug_put_off(struct hk_thread *self, int *is_late);

/* How the thread goes on. With the team's lock, and it has stopped. */
enum hk_debug_answer {
    HK_DEBUG_HANDLE,
    HK_DEBUG_IGNORE,
    HK_DEBUG_CHANGED /* there is another debugger: it is told again */
};

/* ---- debug_nub.c ---- */

int hk_debug_start_nub(struct hk_team *team);

/* ---- debug_memory.c ---- */

/* Of guest memory as the program knows it, without breakpoints; also into what
 * it may not write itself. How many bytes, or B_BAD_ADDRESS. */
int32_t hk_debug_read(struct hk_team *team, gm_addr from, uint8_t *to,
                      uint32_t size);
int32_t hk_debug_write(struct hk_team *team, gm_addr to, const uint8_t *from,
                       uint32_t size);

/* B_OK, B_BAD_ADDRESS; B_BAD_VALUE: it is there already, or is not. */
int32_t hk_breakpoint_set(struct hk_team *team, uint32_t address);
int32_t hk_breakpoint_clear(struct hk_team *team, uint32_t address);

/* Takes a breakpoint away for one instruction, and puts it back: 1 when there
 * is one. */
int hk_breakpoint_lift(struct hk_team *team, uint32_t address, int is_lifted);
int hk_breakpoint_is_at(struct hk_team *team, uint32_t address);

/* All of them. Their bytes are back, and the debug registers cleared, unless
 * the memory is gone: an exec leaves what is in those. */
void hk_breakpoints_drop(struct hk_team *team, int restores);

/* ---- debug_watch.c ---- */

/* Into a free debug register: B_OK, also when it is there, or B_BUSY. Out of
 * it, breakpoint or watchpoint: B_OK or B_NAME_NOT_FOUND. Out of all. */
int32_t hk_debug_register_set(struct hk_team *team, uint32_t address, int type,
                              uint32_t length);
int32_t hk_debug_register_clear(struct hk_team *team, uint32_t address,
                                int type);
void hk_debug_registers_clear(struct hk_team *team);

/* A watchpoint as debugger.h asks for one: also B_NOT_SUPPORTED, and
 * B_BAD_VALUE where it is not aligned; a debugger's own: or where it is one
 * already. */
int32_t hk_watchpoint_set(struct hk_team *team, uint32_t address, uint32_t type,
                          int32_t length);
int32_t hk_watchpoint_add(struct hk_team *team, uint32_t address, uint32_t type,
                          int32_t length);

/* An instruction has been executed: 1 when it has hit a watchpoint. */
int hk_debug_stepped(struct hk_thread *self);

/* ---- debug_memory.c ---- */

/* x86_debug_cpu_state. */
enum { HK_DEBUG_CPU_SIZE = 592 };
void hk_debug_get_cpu(struct hk_thread *thread, uint8_t *state);
void hk_debug_set_cpu(struct hk_thread *thread, const uint8_t *state);

#endif
