/* signals.h -- Haiku's signals. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_SIGNALS_H
#define HK_SIGNALS_H

#include "kernel.h"

enum hk_signal {
#define SIGNAL(name, number, host, action) HK_SIG##name = (number),
#include "signals.def"
#undef SIGNAL
    HK_SIGNAL_MAX = 40
};

enum hk_signal_default {
    HK_DFL_KILL,
    HK_DFL_STOP,
    HK_DFL_CONTINUE,
    HK_DFL_IGNORE
};

#define HK_SIGNAL_BIT(signal) (UINT64_C(1) << ((signal)-1))

/* si_code (haiku-abi/structs.md, "si_code"). */
enum hk_signal_code {
    HK_SI_USER = 0,
    HK_SI_QUEUE = 1,
    HK_SI_TIMER = 2,
    HK_ILL_ILLOPC = 10,
    HK_ILL_PRVOPC = 14,
    HK_FPE_INTDIV = 20,
    HK_FPE_INTOVF = 21,
    HK_FPE_FLTDIV = 22,
    HK_SEGV_MAPERR = 30,
    HK_SEGV_ACCERR = 31,
    HK_BUS_ADRALN = 40,
    HK_CLD_EXITED = 60,
    HK_CLD_KILLED = 61,
    HK_CLD_DUMPED = 62,
    HK_CLD_TRAPPED = 63,
    HK_CLD_STOPPED = 64,
    HK_CLD_CONTINUED = 65
};

/* What a handler learns: siginfo_t. */
struct hk_siginfo {
    int32_t signal, code, error, pid;
    uint32_t uid, address;
    int32_t status, band;
    uint32_t value;
    atomic_int *is_waiting; /* its sender's: 0 when it is pending no more */
    int is_unqueued;        /* nothing but its number was kept */
};

enum { HK_SIGINFO_SIZE = 36, HK_SIGACTION_SIZE = 20 };
void hk_siginfo_put(const struct hk_siginfo *info, uint8_t bytes[36]);

/* SIG_DFL and SIG_IGN; sa_flags. */
enum { HK_SIG_DFL = 0, HK_SIG_IGN = 1 };
enum {
    HK_SA_NOCLDSTOP = 0x1,
    HK_SA_NOCLDWAIT = 0x2,
    HK_SA_RESETHAND = 0x4,
    HK_SA_NODEFER = 0x8,
    HK_SA_RESTART = 0x10,
    HK_SA_ONSTACK = 0x20,
    HK_SA_SIGINFO = 0x40,
    HK_SA_BEOS = (int32_t)0x80000000
};

struct hk_sigaction {
    uint32_t handler;
    uint64_t mask;
    int32_t flags;
    uint32_t user_data;
};

void hk_sigaction_put(const struct hk_sigaction *action,
                      uint8_t bytes[HK_SIGACTION_SIZE]);

/* Signals that wait: each of them, as Haiku has it, and the numbers alone of
 * what there is no room for. */
enum {
    HK_QUEUED_MAX = 32,  /* SIGQUEUE_MAX; one more of each number */
    HK_PENDING_MAX = 192 /* these, one of each kind, and of each timer */
};
struct hk_pending {
    uint64_t set;
    uint32_t count;
    struct hk_siginfo queue[HK_PENDING_MAX]; /* oldest first */
};

/* A thread's share of struct hk_thread. The team's signal lock guards what
 * others touch. */
struct hk_thread_signals {
    atomic_uint_least64_t mask; /* written by the thread alone */
    struct hk_pending pending;
    uint64_t wanted;                 /* sigwait waits for these */
    uint32_t stack_base, stack_size; /* alternate stack: the last one */
    int has_stack;
    uint32_t context; /* guest address of the last handler's, or 0 */
    /* sigsuspend: the mask that comes back behind the handler. */
    uint64_t saved_mask;
    int has_saved_mask;
};

/* The host's number for a signal, and the other way; 0 for none. */
int hk_signal_to_host(int signal);
int hk_signal_from_host(int host_signal);

/* The value of a SIGCONT that is to wake a team and nothing else: no value of a
 * guest's, which has 32 bits. */
#define HK_ONLY_WAKES ((void *)UINTPTR_MAX)

enum hk_signal_default hk_signal_default(int signal);

/* Signal state of a team: everything at its default. 0 or HK_ERR_NOMEM. */
int hk_signals_new(struct hk_signals **signals);
void hk_signals_free(struct hk_signals *signals);

/* Around a fork. */
void hk_signals_lock(struct hk_signals *signals);
void hk_signals_unlock(struct hk_signals *signals);

/* What exec does: handlers become SIG_DFL; the mask and pending signals
 * stay. */
void hk_signals_exec(struct hk_thread *main_thread);

/* What fork does to the child: nothing is pending. */
void hk_signals_fork_child(struct hk_thread *main_thread);

/* Makes a signal pending for the team, or for one thread of it. B_OK, or
 * B_WOULD_BLOCK when too many wait. */
int32_t hk_signal_team(struct hk_team *team, const struct hk_siginfo *info);
int32_t hk_signal_thread(struct hk_thread *thread,
                         const struct hk_siginfo *info);

/* A signal that the running call or instruction raised: delivered before
 * anything else, and the end of the team when it is blocked or ignored. */
enum hk_action hk_signal_raise(struct hk_thread *self,
                               const struct hk_siginfo *info);

/* 1 when the thread would run a handler for a signal raised now. */
int hk_signals_is_handled(struct hk_thread *self, int signal);

/* SIGPIPE and its like: from a call of the thread itself. */
void hk_signal_self(struct hk_thread *self, int signal);

/* The mask of a thread; pending signals that it unblocks come soon. */
void hk_signals_set_mask(struct hk_thread *self, uint64_t mask);

struct hk_sigaction hk_signals_get_action(struct hk_team *team, int signal);

/* The signals without effect, by HK_SIGNAL_BIT: ignored, or so by default. */
uint64_t hk_signals_ignored(const struct hk_team *team);
void hk_signals_set_action(struct hk_team *team, int signal,
                           const struct hk_sigaction *action);
/* SIG_DFL again; the rest of the action and what is pending stay. */
void hk_signals_reset_handler(struct hk_team *team, int signal);

/* Leaves what is pending for the team to a thread that may take it: the caller
 * is suspended. */
void hk_signals_pass_on(struct hk_team *team);

/* Signals pending for a thread or its team. */
uint64_t hk_signals_pending(struct hk_thread *self);

/* Takes one of a set that is pending for the thread or its team: 1 and
 * *info, or 0. */
int hk_signals_take(struct hk_thread *self, uint64_t set,
                    struct hk_siginfo *info);

/* Drops one that is pending for the team, and that all threads block. */
void hk_signals_drop_blocked(struct hk_team *team, int signal);

/* The signals that sigwait waits for: they wake the thread though blocked. */
void hk_signals_want(struct hk_thread *self, uint64_t set);

/* 1 for whose signals a team takes: root's, and those of its own user. */
struct hk_team_slot;
int hk_may_signal(const struct hk_thread *self,
                  const struct hk_team_slot *slot);

/* 1 when hk_attend would do more than drop signals: a handler, a default
 * action, the thread's end. */
int hk_signals_has_effect(struct hk_thread *self);

/* Signals that nothing can block or handle. */
#define HK_UNBLOCKABLE                                                         \
    (HK_SIGNAL_BIT(HK_SIGKILL) | HK_SIGNAL_BIT(HK_SIGSTOP) |                   \
     HK_SIGNAL_BIT(HK_SIGKILLTHR))

/*
 * What waits for a thread between two instructions: suspension, death,
 * signals. call: the number of the system call that has just been answered
 * with B_INTERRUPTED and may be restarted, HK_NO_CALL for none.
 */
#define HK_NO_CALL UINT32_MAX
enum hk_action hk_attend(struct hk_thread *thread, uint32_t call);

/* ---- signal_frame.c ---- */

/* Whether the thread has an alternate stack and a stack pointer is there. */
int hk_signals_is_on_stack(const struct hk_thread_signals *signals,
                           uint32_t esp);

/* Makes the thread run a handler next; mask is what the frame restores.
 * B_BAD_ADDRESS when the stack cannot take the frame. */
int32_t hk_signal_frame_push(struct hk_thread *thread,
                             const struct hk_sigaction *action,
                             const struct hk_siginfo *info, uint64_t mask);

#endif
