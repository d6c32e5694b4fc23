/* thread.h -- threads of a team. */
/* SPDX-License-Identifier: MIT */
#ifndef HK_THREAD_H
#define HK_THREAD_H

#include "kernel.h"
#include "shared.h"
#include "signals.h"

enum { HK_NORMAL_PRIORITY = 10 };

/* A thread's share of struct hk_thread; the team's lock guards it. */
struct hk_thread_life {
    atomic_int suspended; /* 1: does not run; a futex */
    atomic_int resumed;   /* the call that was interrupted fails for good */
    atomic_int killed;    /* ends at its next checkpoint */
    int32_t exit_status;
    uint32_t waiters; /* threads of the team that wait for its end */
    int is_main;
    int is_blocked;              /* in block_thread */
    atomic_uint cancel_function; /* 0, or what cancel_thread wants run */
    /* send_data and receive_data */
    int has_data;
    int32_t data_sender, data_code;
    uint8_t *data;
    uint32_t data_size;
};

/* A thread with a cpu, not in its team's list yet. NULL without memory. */
struct hk_thread *hk_thread_new(struct hk_team *team);

/* Puts a thread into its team's list; the first one is the main thread. B_OK,
 * or B_NO_MORE_THREADS: it is in no list then. */
int32_t hk_thread_add(struct hk_thread *thread);

/* Takes a thread off its team and frees it with its cpu. */
void hk_thread_free(struct hk_thread *thread);

/* Starts a host thread, suspended until hk_thread_resume, and sets the id. It
 * frees the thread when it ends. B_OK or B_NO_MORE_THREADS. */
int32_t hk_thread_start(struct hk_thread *thread);

/* Exit status of a thread that has ended: 1, or 0 when there is none of that
 * id. Those who waited (life->waiters) are told, once each; when there was none
 * the first one who asks. With the team's lock. */
int hk_thread_take_dead(struct hk_team *team, int32_t id, int is_waiter,
                        int32_t *status);

/* The same for whoever asks, as often as one likes. */
int hk_thread_peek_dead(struct hk_team *team, int32_t id, int32_t *status);

/* The thread of that id, or NULL; also 0 for self. With the team's lock. */
struct hk_thread *hk_thread_of(struct hk_team *team, int32_t id);
struct hk_thread *hk_thread_find(struct hk_thread *self, int32_t id);

/* Suspension and death, between two instructions. *resumed becomes 1 when the
 * thread was suspended: a call that this interrupted is not restarted. */
enum hk_action hk_thread_checkpoint(struct hk_thread *self, int *resumed);

/* The thread ends when the call that runs is over; the main thread takes its
 * team with it. */
void hk_thread_exit(struct hk_thread *self, int32_t status);

/* Ends and suspends a thread, lets a suspended one run. With the team's
 * lock. */
void hk_thread_kill(struct hk_thread *thread);
void hk_thread_suspend(struct hk_thread *thread);
void hk_thread_resume(struct hk_thread *thread);

/* Lets a suspended one run, and make the call again that it was in: SIGCONT. */
void hk_thread_continue(struct hk_thread *thread);

/* Ends all threads but the main one, and waits for that. */
void hk_threads_end_others(struct hk_team *team);

/* The same, and frees them all. */
void hk_threads_free(struct hk_team *team);

/* In the child of a fork: the others are gone. */
void hk_threads_fork_child(struct hk_thread *self);

/* ---- thread_calls.c, thread_data.c ---- */

/* thread_creation_attributes (haiku-abi/x86-32.md, section 6), and the name. */
struct hk_thread_plan {
    uint32_t entry, args1, args2, stack_address, stack_size, guard_size,
        pthread, flags;
    int32_t priority;
    char name[HK_NAME_LENGTH];
};

/* Reads and checks them: B_OK, B_BAD_ADDRESS or B_BAD_VALUE. */
int32_t hk_thread_plan_read(struct hk_thread *self, gm_addr attributes,
                            struct hk_thread_plan *plan);

/* A thread, to be resumed: its id, or an error. */
int32_t hk_thread_spawn(struct hk_thread *self,
                        const struct hk_thread_plan *plan);

/* Suspends, resumes, ends, ... a thread of the team: with a value, as the
 * kind says. B_BAD_THREAD_ID for none of the team's. */
int32_t hk_thread_do(struct hk_team *team, int32_t id, enum hk_asked_kind what,
                     int32_t value);

/* Puts a message into the mailbox of a thread of the team, whose bytes it
 * then is: B_OK, B_WOULD_BLOCK while there is another one, B_BAD_THREAD_ID. */
struct hk_message_data {
    int32_t sender, code;
    uint8_t *bytes;
    uint32_t size;
};
int32_t hk_thread_put_data(struct hk_team *team, int32_t id,
                           const struct hk_message_data *message);

/* ---- thread_share.c ---- */

/* thread_info.state; a thread waits for what the host alone knows in 6. */
enum hk_thread_state {
    HK_THREAD_RUNNING = 1,
    HK_THREAD_READY = 2, /* a processor's idle one, while others run */
    HK_THREAD_RECEIVING = 3,
    HK_THREAD_ASLEEP = 4,
    HK_THREAD_SUSPENDED = 5,
    HK_THREAD_WAITING = 6
};

/* Shows a thread, as it is now, to the teams of the root; and takes it away.
 * With the team's lock, or where no other thread is. B_OK, or
 * B_NO_MORE_THREADS where the root has HK_THREADS_LIMIT already; those that
 * teams begin with are counted, not refused. */
int32_t hk_thread_tell(struct hk_thread *thread);
void hk_thread_untell(struct hk_thread *thread);
void hk_thread_tell_name(struct hk_thread *thread); /* it has another one */

/* What the thread waits for: HK_THREAD_RECEIVING or HK_THREAD_ASLEEP; 0 behind
 * the wait. And that it is suspended. */
void hk_thread_tell_wait(struct hk_thread *self, unsigned state);
void hk_thread_tell_suspended(struct hk_thread *thread, int is_suspended);

/* With the shared lock: what a thread of any team shows, or NULL; nothing may
 * be half done. */
struct hk_shared_thread *hk_thread_find_shown(struct hk_shared *shared,
                                              int32_t id);

#endif
