/* signals.c -- signals on their way to a thread. */
/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "host_call.h"
#include "shared.h"
#include "thread.h"
#include "timer.h"

static const struct {
    int host;
    enum hk_signal_default action;
} rows[HK_SIGNAL_MAX + 1] = {
#define SIGNAL(name, number, host, action) [number] = {host, HK_DFL_##action},
#include "signals.def"
#undef SIGNAL
};

/* The host's first three real-time signals are ours: hk_interrupt, timers, and
 * SIGSTOP. */
enum { HOST_STOP = 2, HOST_RT_OFFSET = 3 };

/* A team stops itself: the host's SIGSTOP would do so wherever it is. */
int hk_signal_to_host(int signal)
{
    if (signal == HK_SIGSTOP)
        return SIGRTMIN + HOST_STOP;
    if (signal >= HK_SIGRT0 && signal <= HK_SIGNAL_MAX)
        return SIGRTMIN + HOST_RT_OFFSET + (signal - HK_SIGRT0);
    return signal > 0 && signal <= HK_SIGNAL_MAX ? rows[signal].host : 0;
}

int hk_signal_from_host(int host_signal)
{
    if (host_signal == SIGSTOP) /* how a child has stopped */
        return HK_SIGSTOP;
    for (int i = 1; i <= HK_SIGNAL_MAX; i++)
        if (hk_signal_to_host(i) == host_signal)
            return i;
    return 0;
}

enum hk_signal_default hk_signal_default(int signal)
{
    return rows[signal].action;
}

/* ---- from the host's signal handler ---- */

enum { INBOX_SIZE = 64 };

enum letter_state { LETTER_EMPTY, LETTER_FILLING, LETTER_FULL };

/* Written by signal handlers, emptied by hk_attend. */
struct letter {
    atomic_int state; /* enum letter_state; release pairs with acquire */
    struct hk_siginfo info;
};

struct hk_signals {
    pthread_mutex_t lock; /* guards actions and what is pending */
    struct hk_sigaction actions[HK_SIGNAL_MAX + 1];
    /* A copy of what a handler may look at: signals without effect. */
    atomic_uint_least64_t ignored;
    atomic_int is_deaf_to_stops; /* SA_NOCLDSTOP */
    struct hk_pending pending;
    struct letter inbox[INBOX_SIZE];
    atomic_int has_mail; /* set behind a full letter */
};

static uint64_t default_ignored(void)
{
    uint64_t set = 0;

    for (int i = 1; i <= HK_SIGNAL_MAX; i++)
        if (rows[i].action == HK_DFL_IGNORE)
            set |= HK_SIGNAL_BIT(i);
    return set;
}

int hk_signals_new(struct hk_signals **signals)
{
    struct hk_signals *made = calloc(1, sizeof(*made));

    if (made == NULL)
        return HK_ERR_NOMEM;
    pthread_mutex_init(&made->lock, NULL);
    atomic_store(&made->ignored, default_ignored());
    *signals = made;
    return 0;
}

void hk_signals_free(struct hk_signals *signals)
{
    if (signals == NULL)
        return;
    pthread_mutex_destroy(&signals->lock);
    free(signals);
}

void hk_signals_lock(struct hk_signals *signals)
{
    pthread_mutex_lock(&signals->lock);
}

void hk_signals_unlock(struct hk_signals *signals)
{
    pthread_mutex_unlock(&signals->lock);
}

/* Faults are told by hk_exception. */
static int is_caught(int signal)
{
    const uint64_t others = (HK_UNBLOCKABLE & ~HK_SIGNAL_BIT(HK_SIGSTOP)) |
                            HK_SIGNAL_BIT(HK_SIGSEGV) |
                            HK_SIGNAL_BIT(HK_SIGBUS) | HK_SIGNAL_BIT(HK_SIGFPE);

    return hk_signal_to_host(signal) != 0 &&
           (others & HK_SIGNAL_BIT(signal)) == 0;
}

size_t hk_host_signals(int signals[HK_HOST_SIGNALS_MAX])
{
    size_t count = 0;

    signals[count++] = hk_interrupt_signal();
    signals[count++] = hk_timer_signal();
    for (int i = 1; i <= HK_SIGNAL_MAX; i++)
        if (is_caught(i))
            signals[count++] = hk_signal_to_host(i);
    return count;
}

static int32_t child_code(int host_code)
{
    switch (host_code) {
    case CLD_EXITED:
        return HK_CLD_EXITED;
    case CLD_KILLED:
    case CLD_DUMPED:
        return HK_CLD_KILLED;
    case CLD_STOPPED:
        return HK_CLD_STOPPED;
    case CLD_CONTINUED:
        return HK_CLD_CONTINUED;
    default:
        return HK_CLD_TRAPPED;
    }
}

static struct hk_siginfo read_host_info(const struct hk_team *team, int signal,
                                        const siginfo_t *host)
{
    struct hk_siginfo info = {.signal = signal, .code = HK_SI_USER};

    info.pid = host->si_pid;
    if (signal == HK_SIGCHLD && host->si_code > 0) {
        info.code = child_code(host->si_code);
        info.status = info.code == HK_CLD_EXITED
                          ? hk_shared_exit_status(team->shared, host->si_pid,
                                                  host->si_status)
                          : hk_signal_from_host(host->si_status);
    } else if (host->si_code == SI_QUEUE) {
        info.code = HK_SI_QUEUE;
        info.value = (uint32_t)(uintptr_t)host->si_value.sival_ptr;
    }
    return info;
}

/* It waits no more: taken, or dropped. */
static void settle(const struct hk_siginfo *info)
{
    if (info->is_waiting != NULL)
        atomic_store(info->is_waiting, 0);
}

static void post_letter(struct hk_signals *signals,
                        const struct hk_siginfo *info)
{
    for (int i = 0; i < INBOX_SIZE; i++) {
        struct letter *letter = &signals->inbox[i];
        int empty = LETTER_EMPTY;

        if (!atomic_compare_exchange_strong(&letter->state, &empty,
                                            LETTER_FILLING))
            continue;
        letter->info = *info;
        atomic_store_explicit(&letter->state, LETTER_FULL,
                              memory_order_release);
        atomic_store_explicit(&signals->has_mail, 1, memory_order_release);
        return;
    }
    settle(info);
}

/* A parent is told of a child that stops, unless it does not want to, and of
 * none that goes on. The SIGPIPE of a call of the team itself is that call's
 * business. */
static int is_told(const struct hk_team *team, const struct hk_siginfo *info)
{
    if (info->signal == HK_SIGPIPE)
        return info->pid != team->id;
    if (info->signal != HK_SIGCHLD)
        return 1;
    if (info->code == HK_CLD_STOPPED)
        return !atomic_load(&team->signals->is_deaf_to_stops);
    return info->code != HK_CLD_CONTINUED;
}

static int only_wakes(int signo, const siginfo_t *info)
{
    return signo == SIGCONT && info->si_code == SI_QUEUE &&
           info->si_value.sival_ptr == HK_ONLY_WAKES;
}

/* Runs inside a signal handler: nothing here takes a lock. */
void hk_on_signal(struct hk_kernel *kernel, struct hk_thread *thread, int signo,
                  void *siginfo, void *ucontext)
{
    struct hk_team *team = kernel->team;
    struct hk_siginfo info;
    int signal;

    hk_host_call_leave(ucontext);
    if (signo == hk_interrupt_signal()) {
        if (thread != NULL) /* else it comes out of the host's call alone */
            hk_interrupt_self(thread);
        return;
    }
    if (thread == NULL)
        thread = team->main_thread;
    if (thread == NULL || only_wakes(signo, siginfo))
        return;
    if (signo == hk_timer_signal()) {
        info = hk_timer_expired(team, siginfo);
        signal = info.signal;
    } else {
        signal = hk_signal_from_host(signo);
        info = read_host_info(team, signal, siginfo);
    }
    if (signal == 0) {
        if (signo == hk_timer_signal() && hk_timers_are_due(team))
            hk_interrupt_self(thread);
        return;
    }
    if (signal == HK_SIGCHLD)
        hk_announce_change(team);
    if (!is_told(team, &info))
        return;
    if ((atomic_load(&team->signals->ignored) & HK_SIGNAL_BIT(signal)) != 0 &&
        (atomic_load(&thread->signals->mask) & HK_SIGNAL_BIT(signal)) == 0) {
        settle(&info);
        return;
    }
    post_letter(team->signals, &info);
    hk_interrupt_self(thread);
}

/* ---- pending signals ---- */

/* What is taken first; of the same priority, what came first. */
static int priority_of(int signal)
{
    if (signal == HK_SIGKILL || signal == HK_SIGKILLTHR)
        return 100;
    return signal >= HK_SIGRT0 && signal <= HK_SIGNAL_MAX
               ? HK_SIGNAL_MAX + 1 - signal
               : 0;
}

static uint32_t count_queued(const struct hk_pending *pending)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < pending->count; i++)
        count += !pending->queue[i].is_unqueued &&
                 pending->queue[i].is_waiting == NULL;
    return count;
}

static int has_unqueued(const struct hk_pending *pending, int signal)
{
    for (uint32_t i = 0; i < pending->count; i++)
        if (pending->queue[i].signal == signal && pending->queue[i].is_unqueued)
            return 1;
    return 0;
}

static int32_t add_pending(struct hk_pending *pending,
                           const struct hk_siginfo *info)
{
    int is_full =
        info->is_waiting == NULL && count_queued(pending) >= HK_QUEUED_MAX;
    const struct hk_siginfo number = {
        .signal = info->signal, .code = HK_SI_USER, .is_unqueued = 1};

    if (is_full && info->code == HK_SI_QUEUE)
        return HK_B_WOULD_BLOCK;
    if (is_full && has_unqueued(pending, info->signal))
        return HK_B_OK;
    if (pending->count == HK_PENDING_MAX) {
        settle(info);
        return HK_B_WOULD_BLOCK;
    }
    pending->set |= HK_SIGNAL_BIT(info->signal);
    pending->queue[pending->count++] = is_full ? number : *info;
    return HK_B_OK;
}

/* Whether a signal is taken before another one that came earlier. */
static int is_before(const struct hk_siginfo *a, const struct hk_siginfo *b)
{
    int more = priority_of(a->signal) - priority_of(b->signal);

    if (more != 0)
        return more > 0;
    if (b->is_unqueued)
        return !a->is_unqueued || a->signal < b->signal;
    return 0;
}

/* The index of the first one of a set to take, or -1. */
static int find_pending(const struct hk_pending *pending, uint64_t set)
{
    int best = -1;

    if ((pending->set & set) == 0)
        return -1;
    for (uint32_t i = 0; i < pending->count; i++) {
        const struct hk_siginfo *info = &pending->queue[i];

        if ((HK_SIGNAL_BIT(info->signal) & set) != 0 &&
            (best < 0 || is_before(info, &pending->queue[best])))
            best = (int)i;
    }
    return best;
}

static int priority_in(const struct hk_pending *pending, uint64_t set)
{
    int at = find_pending(pending, set);

    return at < 0 ? -1 : priority_of(pending->queue[at].signal);
}

static int take_pending(struct hk_pending *pending, uint64_t set,
                        struct hk_siginfo *info)
{
    int at = find_pending(pending, set);

    if (at < 0)
        return 0;
    *info = pending->queue[at];
    settle(info);
    pending->count--;
    memmove(&pending->queue[at], &pending->queue[at + 1],
            (pending->count - (uint32_t)at) * sizeof(pending->queue[0]));
    for (uint32_t i = 0; i < pending->count; i++)
        if (pending->queue[i].signal == info->signal)
            return 1;
    pending->set &= ~HK_SIGNAL_BIT(info->signal);
    return 1;
}

static void remove_pending(struct hk_pending *pending, int signal)
{
    struct hk_siginfo info;

    while (take_pending(pending, HK_SIGNAL_BIT(signal), &info))
        continue;
}

/* What goes on again is not to stop; of SIGSTOP, hk_shared_begin_stop knows. A
 * handler of the host's may tell of SIGCONT late. */
static void drop_stops(const struct hk_team *team, struct hk_pending *pending)
{
    static const int stops[] = {HK_SIGTSTP, HK_SIGTTIN, HK_SIGTTOU};

    if (hk_shared_is_to_stop(team->shared))
        return;
    for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
        remove_pending(pending, stops[i]);
}

/* SIGCONT: with the team's lock and the signals'. */
static void go_on(struct hk_thread *thread)
{
    drop_stops(thread->team, &thread->signals->pending);
    hk_thread_continue(thread);
}

static void go_on_all(struct hk_team *team)
{
    drop_stops(team, &team->signals->pending);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next)
        go_on(thread);
}

static void clear_pending(struct hk_pending *pending)
{
    pending->set = 0;
    pending->count = 0;
}

static int accepts(const struct hk_thread *thread, uint64_t bit)
{
    const struct hk_thread_signals *signals = thread->signals;

    return (atomic_load(&signals->mask) & bit) == 0 ||
           (signals->wanted & bit) != 0;
}

static int may_take(const struct hk_thread *thread, uint64_t bit)
{
    return accepts(thread, bit) && !atomic_load(&thread->life->suspended);
}

/* With the signal lock and the team's lock: some thread is to look. */
static void alert_team(struct hk_team *team, uint64_t bit)
{
    struct hk_thread *thread = team->main_thread;

    if (thread == NULL || !may_take(thread, bit))
        thread = team->threads;
    while (thread != NULL && !may_take(thread, bit))
        thread = thread->next;
    if (thread != NULL)
        hk_interrupt(thread);
}

int32_t hk_signal_team(struct hk_team *team, const struct hk_siginfo *info)
{
    int32_t status;

    pthread_mutex_lock(&team->lock);
    pthread_mutex_lock(&team->signals->lock);
    status = add_pending(&team->signals->pending, info);
    if (info->signal == HK_SIGCONT)
        go_on_all(team);
    if (status == HK_B_OK)
        alert_team(team, HK_SIGNAL_BIT(info->signal));
    pthread_mutex_unlock(&team->signals->lock);
    pthread_mutex_unlock(&team->lock);
    return status;
}

int32_t hk_signal_thread(struct hk_thread *thread,
                         const struct hk_siginfo *info)
{
    struct hk_signals *signals = thread->team->signals;
    int32_t status;

    pthread_mutex_lock(&signals->lock);
    status = add_pending(&thread->signals->pending, info);
    if (info->signal == HK_SIGCONT)
        go_on(thread);
    if (status == HK_B_OK && accepts(thread, HK_SIGNAL_BIT(info->signal)))
        hk_interrupt(thread);
    pthread_mutex_unlock(&signals->lock);
    return status;
}

void hk_signal_self(struct hk_thread *self, int signal)
{
    const struct hk_siginfo info = {
        .signal = signal, .code = HK_SI_USER, .pid = self->team->id};

    hk_signal_thread(self, &info);
}

/* Letters become pending signals of the team. Every system call looks. */
static void empty_inbox(struct hk_team *team)
{
    atomic_int *has_mail = &team->signals->has_mail;

    if (!atomic_load_explicit(has_mail, memory_order_relaxed) ||
        !atomic_exchange_explicit(has_mail, 0, memory_order_acquire))
        return;
    for (int i = 0; i < INBOX_SIZE; i++) {
        struct letter *letter = &team->signals->inbox[i];
        struct hk_siginfo info;

        if (atomic_load_explicit(&letter->state, memory_order_acquire) !=
            LETTER_FULL)
            continue;
        info = letter->info;
        atomic_store_explicit(&letter->state, LETTER_EMPTY,
                              memory_order_release);
        hk_signal_team(team, &info);
    }
}

void hk_signals_pass_on(struct hk_team *team)
{
    empty_inbox(team);
    pthread_mutex_lock(&team->lock);
    pthread_mutex_lock(&team->signals->lock);
    for (uint64_t set = team->signals->pending.set; set != 0; set &= set - 1)
        alert_team(team, set & -set);
    pthread_mutex_unlock(&team->signals->lock);
    pthread_mutex_unlock(&team->lock);
}

uint64_t hk_signals_pending(struct hk_thread *self)
{
    struct hk_signals *signals = self->team->signals;
    uint64_t set;

    empty_inbox(self->team);
    pthread_mutex_lock(&signals->lock);
    set = signals->pending.set | self->signals->pending.set;
    pthread_mutex_unlock(&signals->lock);
    return set;
}

static int is_of_child(const struct hk_siginfo *info)
{
    return info->signal == HK_SIGCHLD && info->code >= HK_CLD_EXITED &&
           info->code <= HK_CLD_CONTINUED;
}

/* The host does not know users of the guest. */
static void set_sender(struct hk_thread *self, struct hk_siginfo *info)
{
    struct hk_shared *shared = hk_shared_of(self);
    uint32_t team;

    if (info->is_unqueued) {
        info->pid = self->team->id;
        info->uid = self->team->ids.user.effective;
    }
    if (is_of_child(info)) {
        if (info->code != HK_CLD_EXITED)
            info->uid = hk_shared_signaller(shared, info->pid);
        return;
    }
    if (info->pid <= 0 || info->pid == self->team->id)
        return;
    hk_shared_lock(shared);
    team = hk_shared_find_team(shared, info->pid);
    if (team != 0)
        info->uid = hk_shared_slot(shared, team)->facts.real_uid;
    hk_shared_unlock(shared);
    if (team == 0)
        info->uid = hk_shared_signaller(shared, self->team->id);
}

int hk_signals_take(struct hk_thread *self, uint64_t set,
                    struct hk_siginfo *info)
{
    struct hk_signals *signals = self->team->signals;
    struct hk_pending *first;
    int found;

    empty_inbox(self->team);
    pthread_mutex_lock(&signals->lock);
    first = priority_in(&signals->pending, set) >
                    priority_in(&self->signals->pending, set)
                ? &signals->pending
                : &self->signals->pending;
    found = take_pending(first, set, info);
    pthread_mutex_unlock(&signals->lock);
    if (found)
        set_sender(self, info);
    return found;
}

void hk_signals_drop_blocked(struct hk_team *team, int signal)
{
    const uint64_t bit = HK_SIGNAL_BIT(signal);
    int is_blocked = 1;

    empty_inbox(team);
    pthread_mutex_lock(&team->lock);
    pthread_mutex_lock(&team->signals->lock);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next)
        is_blocked &= !accepts(thread, bit);
    if (is_blocked)
        remove_pending(&team->signals->pending, signal);
    pthread_mutex_unlock(&team->signals->lock);
    pthread_mutex_unlock(&team->lock);
}

void hk_signals_want(struct hk_thread *self, uint64_t set)
{
    pthread_mutex_lock(&self->team->signals->lock);
    self->signals->wanted = set;
    pthread_mutex_unlock(&self->team->signals->lock);
}

int hk_signals_has_effect(struct hk_thread *self)
{
    uint64_t open = ~atomic_load(&self->signals->mask) &
                    ~atomic_load(&self->team->signals->ignored);

    return (hk_signals_pending(self) & open) != 0 ||
           atomic_load(&self->life->cancel_function) != 0 ||
           atomic_load(&self->life->killed) ||
           atomic_load(&self->life->suspended) ||
           atomic_load(&self->life->resumed);
}

void hk_signals_set_mask(struct hk_thread *self, uint64_t mask)
{
    atomic_store(&self->signals->mask, mask & ~HK_UNBLOCKABLE);
    if ((hk_signals_pending(self) & ~mask) != 0)
        atomic_store_explicit(&self->attention, 1, memory_order_release);
}

struct hk_sigaction hk_signals_get_action(struct hk_team *team, int signal)
{
    struct hk_sigaction action;

    pthread_mutex_lock(&team->signals->lock);
    action = team->signals->actions[signal];
    pthread_mutex_unlock(&team->signals->lock);
    return action;
}

uint64_t hk_signals_ignored(const struct hk_team *team)
{
    return atomic_load(&team->signals->ignored);
}

/* Whether those that wait are forgotten. */
static int forgets(const struct hk_sigaction *action, int signal)
{
    return action->handler == HK_SIG_IGN ||
           (action->handler == HK_SIG_DFL &&
            (signal == HK_SIGCONT ||
             (rows[signal].action == HK_DFL_IGNORE && signal != HK_SIGURG)));
}

static int is_ignored(const struct hk_sigaction *action, int signal)
{
    return action->handler == HK_SIG_IGN ||
           (action->handler == HK_SIG_DFL &&
            rows[signal].action == HK_DFL_IGNORE);
}

/* With the signals' lock. */
static void set_ignored(struct hk_signals *signals, int signal)
{
    uint64_t bit = HK_SIGNAL_BIT(signal);

    if (is_ignored(&signals->actions[signal], signal))
        atomic_fetch_or(&signals->ignored, bit);
    else
        atomic_fetch_and(&signals->ignored, ~bit);
}

void hk_signals_reset_handler(struct hk_team *team, int signal)
{
    struct hk_signals *signals = team->signals;

    pthread_mutex_lock(&signals->lock);
    signals->actions[signal].handler = HK_SIG_DFL;
    set_ignored(signals, signal);
    pthread_mutex_unlock(&signals->lock);
}

void hk_signals_set_action(struct hk_team *team, int signal,
                           const struct hk_sigaction *action)
{
    struct hk_signals *signals = team->signals;

    empty_inbox(team);
    pthread_mutex_lock(&team->lock);
    pthread_mutex_lock(&signals->lock);
    signals->actions[signal] = *action;
    if (signal == HK_SIGCHLD)
        atomic_store(&signals->is_deaf_to_stops,
                     (action->flags & HK_SA_NOCLDSTOP) != 0);
    set_ignored(signals, signal);
    if (forgets(action, signal)) {
        remove_pending(&signals->pending, signal);
        for (struct hk_thread *thread = team->threads; thread != NULL;
             thread = thread->next)
            remove_pending(&thread->signals->pending, signal);
    }
    pthread_mutex_unlock(&signals->lock);
    pthread_mutex_unlock(&team->lock);
}

void hk_signals_exec(struct hk_thread *main_thread)
{
    struct hk_team *team = main_thread->team;

    for (int i = 1; i <= HK_SIGNAL_MAX; i++) {
        struct hk_sigaction action = {.handler = HK_SIG_DFL};

        if (team->signals->actions[i].handler == HK_SIG_IGN)
            action.handler = HK_SIG_IGN;
        hk_signals_set_action(team, i, &action);
    }
    main_thread->signals->stack_base = main_thread->signals->stack_size = 0;
    main_thread->signals->has_stack = 0;
    main_thread->signals->context = 0;
    main_thread->signals->has_saved_mask = 0;
}

void hk_signals_fork_child(struct hk_thread *main_thread)
{
    struct hk_signals *signals = main_thread->team->signals;

    for (int i = 0; i < INBOX_SIZE; i++)
        atomic_store(&signals->inbox[i].state, LETTER_EMPTY);
    clear_pending(&signals->pending);
    clear_pending(&main_thread->signals->pending);
}

void hk_siginfo_put(const struct hk_siginfo *info, uint8_t bytes[36])
{
    hk_put32(bytes, (uint32_t)info->signal);
    hk_put32(bytes + 4, (uint32_t)info->code);
    hk_put32(bytes + 8, (uint32_t)info->error);
    hk_put32(bytes + 12, (uint32_t)info->pid);
    hk_put32(bytes + 16, info->uid);
    hk_put32(bytes + 20, info->address);
    hk_put32(bytes + 24, (uint32_t)info->status);
    hk_put32(bytes + 28, (uint32_t)info->band);
    hk_put32(bytes + 32, info->value);
}
