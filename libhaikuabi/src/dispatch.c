/* dispatch.c -- from INT 99 to the handler of a call, and back. */
/* SPDX-License-Identifier: MIT */
#include "clock.h"
#include "debug.h"
#include "kernel.h"
#include "signals.h"
#include "strace.h"
#include "syscall_table.h"

static void report_unbuilt(struct hk_kernel *kernel, enum hk_row row)
{
    const struct hk_syscall_row *call = &hk_syscall_rows[row];

    if (kernel->config.quiet ||
        atomic_exchange_explicit(&kernel->reported[row], 1,
                                 memory_order_relaxed))
        return;
    hk_report(kernel, "system call %.*s is not built: B_NOT_SUPPORTED",
              hk_row_name_length(call), call->name);
}

static void set_result(struct hk_thread *thread, enum hk_result kind,
                       int64_t result)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(thread)->config.host->cpu;
    struct hk_registers registers;

    if (kind != HK_RESULT_INT64) {
        cpu->set_eax(thread->cpu, (uint32_t)result);
        return;
    }
    cpu->get_registers(thread->cpu, &registers);
    registers.eax = (uint32_t)result;
    registers.edx = (uint32_t)((uint64_t)result >> 32);
    cpu->set_registers(thread->cpu, &registers);
}

static int64_t call_row(struct hk_thread *thread, enum hk_row row,
                        const uint32_t *words)
{
    const struct hk_syscall_row *call = &hk_syscall_rows[row];
    struct hk_kernel *kernel = hk_kernel_of(thread);
    int64_t result = HK_B_NOT_SUPPORTED;

    if (kernel->config.strace)
        hk_strace_enter(thread, call, words);
    if (call->call != NULL)
        result = call->call(thread, words);
    else
        report_unbuilt(kernel, row);
    if (kernel->config.strace)
        hk_strace_leave(thread, call, words, result);
    return result;
}

static void begin_restart(struct hk_restart *restart, uint32_t number)
{
    restart->is_running = restart->is_armed && restart->call == number;
    restart->is_armed = 0;
    restart->is_allowed = 1;
    restart->is_required = 0;
    restart->is_real_time = 0;
}

/* What a debugger wants to be told of a call, before and behind it. */
static int64_t tell_before(struct hk_thread *thread, uint32_t number,
                           enum hk_row row, const uint32_t *words)
{
    if (hk_debug_wants_call(thread, HK_DEBUG_PRE_SYSCALL,
                            HK_DEBUG_THREAD_PRE_SYSCALL))
        hk_debug_before_call(thread, number, words, hk_row_words[row]);
    return hk_system_time();
}

static void tell_after(struct hk_thread *thread, uint32_t number,
                       enum hk_row row, const uint32_t *words, int64_t result,
                       int64_t start_time)
{
    if (hk_debug_wants_call(thread, HK_DEBUG_POST_SYSCALL,
                            HK_DEBUG_THREAD_POST_SYSCALL))
        hk_debug_after_call(thread, number, words, hk_row_words[row], result,
                            start_time);
}

/* Who tells of a clock may find a call that has its deadline by it already. */
static int is_told_of_clock(struct hk_thread *thread)
{
    return thread->restart.is_real_time &&
           (hk_clock_has_moved(thread) || !hk_signals_has_effect(thread));
}

static int may_restart(struct hk_thread *thread, int64_t result)
{
    return result == HK_B_INTERRUPTED &&
           (thread->restart.is_allowed || is_told_of_clock(thread));
}

/* A number that is none, or arguments that cannot be read, leave everything
 * as it is, EAX included (haiku-abi/x86-32.md, section 1). */
enum hk_action hk_syscall(struct hk_thread *thread)
{
    struct hk_kernel *kernel = hk_kernel_of(thread);
    uint32_t words[HK_WORDS_MAX];
    uint32_t number, esp;
    int64_t result, start_time = 0;
    enum hk_row row;

    kernel->config.host->cpu->get_call(thread->cpu, &number, &esp);
    if (number >= kernel->row_count)
        return HK_CONTINUE;
    row = kernel->rows[number];
    if (hk_read_user(thread, words, (gm_addr)esp + 4,
                     hk_row_words[row] * sizeof(words[0])) != HK_B_OK)
        return HK_CONTINUE;

    begin_restart(&thread->restart, number);
    if (hk_debug_is_there(thread->team))
        start_time = tell_before(thread, number, row, words);
    result = call_row(thread, row, words);
    if (thread->exiting)
        return HK_EXIT;
    if (thread->registers_set)
        thread->registers_set = 0;
    else if (hk_syscall_rows[row].result != HK_RESULT_VOID)
        set_result(thread, hk_syscall_rows[row].result, result);
    if (hk_debug_is_there(thread->team))
        tell_after(thread, number, row, words, result, start_time);
    if (!atomic_load_explicit(&thread->attention, memory_order_acquire))
        return HK_CONTINUE;
    return hk_attend(thread, may_restart(thread, result) ? number : HK_NO_CALL);
}
