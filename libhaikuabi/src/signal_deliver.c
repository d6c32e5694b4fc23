/* signal_deliver.c -- what a signal does to the thread that takes it. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <unistd.h>

#include "bytes.h"
#include "clock.h"
#include "debug.h"
#include "request.h"
#include "signals.h"
#include "team.h"
#include "thread.h"
#include "timer.h"

/* user_thread (haiku-abi/x86-32.md, section 5). */
enum { DEFER_SIGNALS = 12, PENDING_SIGNALS = 16 };

/* Delivered even while the thread defers signals. */
static const uint64_t not_deferrable =
    HK_SIGNAL_BIT(HK_SIGKILL) | HK_SIGNAL_BIT(HK_SIGKILLTHR) |
    HK_SIGNAL_BIT(HK_SIGILL) | HK_SIGNAL_BIT(HK_SIGFPE) |
    HK_SIGNAL_BIT(HK_SIGSEGV);

static int defers_signals(const struct hk_thread *thread)
{
    uint8_t word[4];

    return hk_read_user(thread, word, thread->user_thread + DEFER_SIGNALS,
                        sizeof(word)) == HK_B_OK &&
           (int32_t)hk_get32(word) > 0;
}

/* Tells the thread of what it defers: it comes back for them. */
static void tell_deferred(struct hk_thread *thread, uint64_t signals)
{
    uint8_t bytes[8];

    hk_put64(bytes, signals);
    hk_write_user(thread, thread->user_thread + PENDING_SIGNALS, bytes,
                  sizeof(bytes));
}

/* What may be delivered now: nothing is put off for what comes behind a signal
 * that cannot be, nor in sigsuspend. */
static uint64_t deliverable(struct hk_thread *thread)
{
    uint64_t allowed = ~atomic_load(&thread->signals->mask);
    uint64_t waiting = hk_signals_pending(thread) & allowed;
    int is_put_off;

    if (waiting == 0)
        return allowed;
    is_put_off = (waiting & not_deferrable) == 0 &&
                 !thread->signals->has_saved_mask && defers_signals(thread);
    tell_deferred(thread, is_put_off ? waiting : 0);
    return is_put_off ? 0 : allowed;
}

/* The call is executed again: EIP back on its `int 99`, EAX its number. */
static void restart_call(struct hk_thread *thread, uint32_t call)
{
    enum { INT_SIZE = 2 };
    const struct hk_cpu_ops *cpu = hk_kernel_of(thread)->config.host->cpu;
    struct hk_registers registers;

    cpu->get_registers(thread->cpu, &registers);
    registers.eip -= INT_SIZE;
    registers.eax = call;
    cpu->set_registers(thread->cpu, &registers);
    thread->restart.is_armed = 1;
    thread->restart.call = call;
}

static enum hk_action default_action(struct hk_thread *thread,
                                     const struct hk_siginfo *info)
{
    int signal = info->signal;

    switch (hk_signal_default(signal)) {
    case HK_DFL_KILL:
        if (signal == HK_SIGKILLTHR) {
            hk_thread_exit(thread, 0);
            return HK_EXIT;
        }
        hk_shared_signalled(hk_shared_of(thread), thread->team->id, info->uid);
        hk_end_team(thread, 0, signal);
        return HK_EXIT;
    case HK_DFL_STOP:
        if (signal != HK_SIGSTOP && hk_team_is_orphaned(thread))
            break;
        hk_shared_signalled(hk_shared_of(thread), thread->team->id, info->uid);
        hk_team_stop(thread, info);
        break;
    case HK_DFL_CONTINUE:
    case HK_DFL_IGNORE:
        break;
    }
    return HK_CONTINUE;
}

/* The mask that comes back when the handler returns. */
static uint64_t mask_to_restore(struct hk_thread_signals *signals)
{
    if (signals->has_saved_mask) {
        signals->has_saved_mask = 0;
        return signals->saved_mask;
    }
    return atomic_load(&signals->mask);
}

static enum hk_action run_handler(struct hk_thread *thread,
                                  const struct hk_sigaction *action,
                                  const struct hk_siginfo *info)
{
    uint64_t mask = mask_to_restore(thread->signals);
    uint64_t added = action->mask;

    if (hk_signal_frame_push(thread, action, info, mask) != HK_B_OK) {
        hk_end_team(thread, 0, HK_SIGSEGV);
        return HK_EXIT;
    }
    thread->restart.is_armed = 0;
    if ((action->flags & HK_SA_NODEFER) == 0)
        added |= HK_SIGNAL_BIT(info->signal);
    if ((action->flags & HK_SA_RESETHAND) != 0)
        hk_signals_reset_handler(thread->team, info->signal);
    hk_signals_set_mask(thread, atomic_load(&thread->signals->mask) | added);
    return HK_CONTINUE;
}

static int is_deadly(const struct hk_sigaction *action, int signal)
{
    return action->handler == HK_SIG_DFL &&
           hk_signal_default(signal) == HK_DFL_KILL;
}

/* *handled becomes 1 when a handler runs next. */
static enum hk_action deliver(struct hk_thread *thread,
                              const struct hk_siginfo *info, uint32_t call,
                              int *handled)
{
    struct hk_sigaction action =
        hk_signals_get_action(thread->team, info->signal);

    if (info->signal != HK_SIGKILLTHR &&
        hk_debug_signal(thread, &action, info,
                        is_deadly(&action, info->signal)))
        return HK_CONTINUE;
    if (action.handler == HK_SIG_IGN)
        return HK_CONTINUE;
    if (action.handler == HK_SIG_DFL)
        return default_action(thread, info);
    if (call != HK_NO_CALL &&
        ((action.flags & HK_SA_RESTART) != 0 || thread->restart.is_required))
        restart_call(thread, call);
    *handled = 1;
    return run_handler(thread, &action, info);
}

/* The function that cancel_thread gave runs as the handler of a signal of the
 * kernel's own, which can be deferred. */
static enum hk_action cancel(struct hk_thread *thread, int *handled)
{
    enum { CANCEL_THREAD = 63 };
    struct hk_sigaction action = {.flags = HK_SA_NODEFER};
    const struct hk_siginfo info = {.signal = CANCEL_THREAD,
                                    .pid = thread->team->id};

    if (atomic_load(&thread->life->cancel_function) == 0)
        return HK_CONTINUE;
    if (defers_signals(thread)) {
        tell_deferred(thread, HK_SIGNAL_BIT(CANCEL_THREAD));
        return HK_CONTINUE;
    }
    action.handler = atomic_exchange(&thread->life->cancel_function, 0);
    *handled = 1;
    return run_handler(thread, &action, &info);
}

enum hk_action hk_attend(struct hk_thread *thread, uint32_t call)
{
    struct hk_thread_signals *signals = thread->signals;
    enum hk_action action = HK_CONTINUE;
    struct hk_siginfo info;
    int handled = 0, resumed = 0;

    atomic_store_explicit(&thread->attention, 0, memory_order_release);
    hk_requests_do(thread->team);
    hk_timers_do(thread);
    hk_clocks_follow(thread->team);
    action = hk_thread_checkpoint(thread, &resumed);
    if (resumed)
        call = HK_NO_CALL;
    if (action == HK_CONTINUE &&
        (atomic_load(&thread->debug.flags) & HK_DEBUG_THREAD_STOP) != 0)
        hk_debug_be_debugged(thread);
    if (action == HK_CONTINUE)
        action = cancel(thread, &handled);
    while (action == HK_CONTINUE && !handled &&
           hk_signals_take(thread, deliverable(thread), &info))
        action = deliver(thread, &info, call, &handled);
    if (action != HK_CONTINUE)
        return action;
    if (handled) {
        if ((hk_signals_pending(thread) & ~atomic_load(&signals->mask)) != 0)
            atomic_store_explicit(&thread->attention, 1, memory_order_release);
    } else if (call != HK_NO_CALL) {
        restart_call(thread, call);
    }
    if (!handled && signals->has_saved_mask) {
        signals->has_saved_mask = 0;
        hk_signals_set_mask(thread, signals->saved_mask);
    }
    return HK_CONTINUE;
}

enum hk_action hk_poll(struct hk_thread *thread)
{
    if (!atomic_load_explicit(&thread->attention, memory_order_acquire))
        return HK_CONTINUE;
    return hk_attend(thread, HK_NO_CALL);
}

int hk_signals_is_handled(struct hk_thread *self, int signal)
{
    struct hk_sigaction action = hk_signals_get_action(self->team, signal);
    uint64_t mask = atomic_load(&self->signals->mask);

    return action.handler > HK_SIG_IGN && (mask & HK_SIGNAL_BIT(signal)) == 0;
}

enum hk_action hk_signal_raise(struct hk_thread *self,
                               const struct hk_siginfo *info)
{
    struct hk_sigaction action =
        hk_signals_get_action(self->team, info->signal);

    int is_handled = hk_signals_is_handled(self, info->signal);

    if (hk_debug_signal(self, &action, info, !is_handled))
        return HK_CONTINUE;
    if (is_handled)
        return run_handler(self, &action, info);
    hk_shared_signalled(hk_shared_of(self), self->team->id, info->uid);
    hk_end_team(self, 0, info->signal);
    return HK_EXIT;
}
