/* debug_events.c -- what a debugger is told, and how threads stop for it. */
/* SPDX-License-Identifier: MIT */
#include "bytes.h"
#include "clock.h"
#include "debug.h"
#include "image.h"
#include "port.h"
#include "request.h"
#include "thread.h"

/* debug_origin, how each message begins: thread, team, port of the nub. */
enum { ORIGIN_SIZE = 12, FLAG_TF = 0x100 };

/* ---- stopping ---- */

int hk_debug_put_off(struct hk_thread *self, int *is_late)
{
    *is_late = 1;
    atomic_store_explicit(&self->attention, 0, memory_order_release);
    hk_requests_do(self->team);
    return atomic_load(&self->life->killed);
}

/* Signals that came meanwhile. */
static void catch_up(struct hk_thread *self, int is_late)
{
    if (is_late)
        hk_interrupt_self(self);
}

static int32_t send(struct hk_thread *self, int32_t port,
                    enum hk_debug_event event, const uint8_t *message,
                    uint32_t size)
{
    int is_late = 0;
    int32_t status;

    do {
        status = hk_port_send(self, port, (int32_t)event, message, size);
    } while (status == HK_B_INTERRUPTED && !hk_debug_put_off(self, &is_late));
    catch_up(self, is_late);
    return status;
}

static int32_t await_answer(struct hk_thread *self)
{
    int is_late = 0;
    int32_t answer;

    do {
        answer = hk_wait(self, HK_INFINITE_TIMEOUT);
    } while (answer == HK_B_INTERRUPTED && !hk_debug_put_off(self, &is_late));
    catch_up(self, is_late);
    return answer;
}

static void set_stopped(struct hk_thread *self, int is_stopped,
                        enum hk_debug_event event)
{
    pthread_mutex_lock(&self->team->lock);
    self->debug.is_stopped = is_stopped;
    self->debug.event = (int)event;
    if (is_stopped) {
        self->debug.single_steps = 0;
        atomic_fetch_and(&self->debug.flags, ~HK_DEBUG_THREAD_STOP);
        hk_wait_prepare(self);
    }
    pthread_mutex_unlock(&self->team->lock);
}

/* The debugger's port, or -1. */
static int32_t put_origin(struct hk_thread *self, uint8_t *message)
{
    struct hk_debug *debug = self->team->debug;
    int32_t port;

    pthread_mutex_lock(&debug->lock);
    port = debug->port;
    hk_put32(message, (uint32_t)self->id);
    hk_put32(message + 4, (uint32_t)self->team->id);
    hk_put32(message + 8, (uint32_t)debug->nub_port);
    pthread_mutex_unlock(&debug->lock);
    return port;
}

/* ---- going on ---- */

static void set_trap_flag(struct hk_thread *self, int on)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(self)->config.host->cpu;
    struct hk_registers registers;

    cpu->get_registers(self->cpu, &registers);
    if (((registers.eflags & FLAG_TF) != 0) == on)
        return;
    registers.eflags ^= FLAG_TF;
    cpu->set_registers(self->cpu, &registers);
}

/* A breakpoint where the thread goes on is lifted for one instruction. */
static void go_on(struct hk_thread *self)
{
    struct hk_registers registers;

    hk_kernel_of(self)->config.host->cpu->get_registers(self->cpu, &registers);
    self->debug.lifted = 0;
    if (hk_breakpoint_lift(self->team, registers.eip, 1))
        self->debug.lifted = registers.eip;
    set_trap_flag(self, self->debug.lifted != 0 || self->debug.single_steps);
}

static void put_breakpoint_back(struct hk_thread *self)
{
    if (self->debug.lifted != 0)
        hk_breakpoint_lift(self->team, self->debug.lifted, 0);
    self->debug.lifted = 0;
}

/* Tells the debugger and stops until it has the thread go on: how, or an error.
 * Without a debugger the thread stops when it is to wait for one. */
static int32_t hit(struct hk_thread *self, enum hk_debug_event event,
                   uint8_t *message, uint32_t size, int waits)
{
    int32_t answer;

    put_breakpoint_back(self);
    do {
        int32_t port;

        set_stopped(self, 1, event);
        port = put_origin(self, message);
        answer = port >= 0 ? send(self, port, event, message, size)
                           : (waits ? HK_B_OK : HK_B_BAD_PORT_ID);
        if (answer == HK_B_OK)
            answer = await_answer(self);
    } while (answer == HK_DEBUG_CHANGED);
    set_stopped(self, 0, event);
    go_on(self);
    return answer;
}

/* ---- calls ---- */

/* haiku-abi's argument words, of 128 bytes at most. */
enum { ARGUMENTS_SIZE = 128 };

static void put_arguments(uint8_t *to, const uint32_t *words, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < ARGUMENTS_SIZE / 4; i++)
        hk_put32(to + 4 * i, words[i]);
}

void hk_debug_before_call(struct hk_thread *self, uint32_t number,
                          const uint32_t *words, uint32_t count)
{
    enum { SIZE = ORIGIN_SIZE + 4 + ARGUMENTS_SIZE };
    uint8_t message[SIZE] = {0};

    hk_put32(message + 12, number);
    put_arguments(message + 16, words, count);
    hit(self, HK_DEBUG_BEFORE_SYSCALL, message, sizeof(message), 0);
}

void hk_debug_after_call(struct hk_thread *self, uint32_t number,
                         const uint32_t *words, uint32_t count, int64_t result,
                         int64_t start_time)
{
    enum { SIZE = ORIGIN_SIZE + 28 + ARGUMENTS_SIZE };
    uint8_t message[SIZE] = {0};

    hk_put64(message + 12, (uint64_t)start_time);
    hk_put64(message + 20, (uint64_t)hk_system_time());
    hk_put64(message + 28, (uint64_t)result);
    hk_put32(message + 36, number);
    put_arguments(message + 40, words, count);
    hit(self, HK_DEBUG_AFTER_SYSCALL, message, sizeof(message), 0);
}

int hk_debug_call(struct hk_thread *self, uint32_t text)
{
    uint8_t message[ORIGIN_SIZE + 4];

    if (hk_debug_ensure(self) != HK_B_OK)
        return 0;
    hk_put32(message + 12, text);
    hit(self, HK_DEBUG_DEBUGGER_CALL, message, sizeof(message), 0);
    return 1;
}

/* ---- signals, exceptions ---- */

static int ignores(struct hk_thread *self, uint64_t signal)
{
    int result;

    pthread_mutex_lock(&self->team->lock);
    result = ((self->debug.ignored | self->debug.ignored_once) & signal) != 0;
    self->debug.ignored_once &= ~signal;
    pthread_mutex_unlock(&self->team->lock);
    return result;
}

int hk_debug_signal(struct hk_thread *self, const struct hk_sigaction *action,
                    const struct hk_siginfo *info, int is_deadly)
{
    enum { SIZE = 76 };
    uint8_t message[SIZE] = {0};

    if (!hk_debug_wants(self->team, HK_DEBUG_SIGNALS) ||
        ignores(self, HK_SIGNAL_BIT(info->signal)))
        return 0;
    hk_put32(message + 12, (uint32_t)info->signal);
    hk_sigaction_put(action, message + 16);
    hk_siginfo_put(info, message + 36);
    message[72] = (uint8_t)is_deadly;
    return hit(self, HK_DEBUG_SIGNAL_RECEIVED, message, sizeof(message), 0) ==
           HK_DEBUG_IGNORE;
}

int hk_debug_exception(struct hk_thread *self, enum hk_debug_exception type,
                       int signal)
{
    uint8_t message[ORIGIN_SIZE + 8];

    if (hk_debug_ensure(self) != HK_B_OK)
        return 0;
    hk_put32(message + 12, type);
    hk_put32(message + 16, (uint32_t)signal);
    return hit(self, HK_DEBUG_EXCEPTION_OCCURRED, message, sizeof(message),
               0) == HK_DEBUG_IGNORE;
}

/* With the registers. */
static int32_t hit_with_cpu(struct hk_thread *self, enum hk_debug_event event)
{
    enum { CPU_AT = 16 };
    uint8_t message[CPU_AT + HK_DEBUG_CPU_SIZE] = {0};

    hk_debug_get_cpu(self, message + CPU_AT);
    return hit(self, event, message, sizeof(message), 0);
}

static void hit_once(struct hk_thread *self, enum hk_debug_event event)
{
    if (hk_debug_ensure(self) == HK_B_OK)
        hit_with_cpu(self, event);
}

void hk_debug_hit_breakpoint(struct hk_thread *self)
{
    hit_once(self, HK_DEBUG_BREAKPOINT_HIT);
}

void hk_debug_hit_watchpoint(struct hk_thread *self)
{
    hit_once(self, HK_DEBUG_WATCHPOINT_HIT);
}

/* A watchpoint comes before a single step. */
int hk_debug_trap(struct hk_thread *self)
{
    int was_lifted = self->debug.lifted != 0;
    int has_hit = hk_debug_stepped(self);

    put_breakpoint_back(self);
    if (has_hit)
        return 1;
    if (!was_lifted && !self->debug.single_steps)
        return 0;
    set_trap_flag(self, 0);
    if (self->debug.single_steps)
        hit_with_cpu(self, HK_DEBUG_SINGLE_STEP);
    return 1;
}

/* EIP is back on the INT 3. */
int hk_debug_breakpoint(struct hk_thread *self)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(self)->config.host->cpu;
    struct hk_registers registers;
    int is_ours;

    cpu->get_registers(self->cpu, &registers);
    is_ours = hk_breakpoint_is_at(self->team, registers.eip - 1);
    if (hk_debug_ensure(self) != HK_B_OK && !is_ours)
        return 0;
    registers.eip--;
    cpu->set_registers(self->cpu, &registers);
    hit_with_cpu(self, HK_DEBUG_BREAKPOINT_HIT);
    return 1;
}

/* ---- teams, threads, images ---- */

static void hit_with_word(struct hk_thread *self, int flag,
                          enum hk_debug_event event, uint32_t word)
{
    uint8_t message[ORIGIN_SIZE + 4];

    if (!hk_debug_wants(self->team, flag))
        return;
    hk_put32(message + 12, word);
    hit(self, event, message, sizeof(message), 0);
}

/* Images come and go, and each time has a number. */
static uint32_t next_image_event(struct hk_team *team)
{
    struct hk_debug *debug = team->debug;
    uint32_t result;

    pthread_mutex_lock(&debug->lock);
    result = (uint32_t)++debug->image_event;
    pthread_mutex_unlock(&debug->lock);
    return result;
}

void hk_debug_team_created(struct hk_thread *self, int32_t team)
{
    hit_with_word(self, HK_DEBUG_TEAM_CREATION, HK_DEBUG_TEAM_CREATED,
                  (uint32_t)team);
}

void hk_debug_exec(struct hk_thread *self)
{
    if (hk_debug_wants(self->team, HK_DEBUG_TEAM_CREATION))
        hit_with_word(self, HK_DEBUG_TEAM_CREATION, HK_DEBUG_TEAM_EXEC,
                      next_image_event(self->team));
}

/* What a new thread has of its maker's. */
void hk_debug_thread_created(struct hk_thread *self, struct hk_thread *thread)
{
    int flags = atomic_load(&self->debug.flags), made = 0;

    if ((flags & HK_DEBUG_THREAD_TRACE_CHILDREN) != 0)
        made = flags &
               (HK_DEBUG_THREAD_TRACE_CHILDREN | HK_DEBUG_THREAD_PRE_SYSCALL |
                HK_DEBUG_THREAD_POST_SYSCALL | HK_DEBUG_THREAD_STOP_CHILDREN);
    if ((flags & HK_DEBUG_THREAD_STOP_CHILDREN) != 0 ||
        hk_debug_wants(self->team, HK_DEBUG_STOP_NEW_THREADS))
        made |= HK_DEBUG_THREAD_STOP;
    atomic_store(&thread->debug.flags, made);
    if ((made & HK_DEBUG_THREAD_STOP) != 0)
        hk_interrupt(thread);
}

void hk_debug_tell_thread(struct hk_thread *self, int32_t id)
{
    hit_with_word(self, HK_DEBUG_THREADS, HK_DEBUG_THREAD_CREATED,
                  (uint32_t)id);
}

/* Nobody answers this one: the thread is no more. */
void hk_debug_thread_deleted(struct hk_thread *self, int32_t status)
{
    uint8_t message[ORIGIN_SIZE + 4];
    int32_t port;

    if (!hk_debug_wants(self->team, HK_DEBUG_THREADS))
        return;
    port = put_origin(self, message);
    hk_put32(message + 8, (uint32_t)-1);
    hk_put32(message + 12, (uint32_t)status);
    atomic_store(&self->life->killed, 0); /* it is told all the same */
    send(self, port, HK_DEBUG_THREAD_DELETED, message, sizeof(message));
}

void hk_debug_image(struct hk_thread *self, enum hk_debug_event event,
                    const uint8_t *info)
{
    uint8_t message[ORIGIN_SIZE + HK_IMAGE_INFO_SIZE + 4];

    if (!hk_debug_wants(self->team, HK_DEBUG_IMAGES))
        return;
    memcpy(message + ORIGIN_SIZE, info, HK_IMAGE_INFO_SIZE);
    hk_put32(message + ORIGIN_SIZE + HK_IMAGE_INFO_SIZE,
             next_image_event(self->team));
    hit(self, event, message, sizeof(message), 0);
}

void hk_debug_forget(struct hk_thread *self)
{
    if (self->debug.lifted != 0 || self->debug.single_steps)
        set_trap_flag(self, 0);
    self->debug.lifted = self->debug.passed = 0;
    self->debug.will_hit = 0;
    self->debug.is_stopped = self->debug.single_steps = 0;
    self->debug.ignored = self->debug.ignored_once = 0;
    atomic_store(&self->debug.flags, 0);
}

/* ---- stopping for its own sake ---- */

static void stop(struct hk_thread *thread)
{
    if (thread->debug.is_stopped)
        return;
    atomic_fetch_or(&thread->debug.flags, HK_DEBUG_THREAD_STOP);
    hk_thread_resume(thread);
    hk_interrupt(thread);
}

int32_t hk_debug_thread(struct hk_team *team, int32_t id)
{
    struct hk_thread *thread;

    pthread_mutex_lock(&team->lock);
    thread = hk_thread_of(team, id);
    if (thread != NULL)
        stop(thread);
    pthread_mutex_unlock(&team->lock);
    return thread != NULL ? HK_B_OK : HK_B_BAD_THREAD_ID;
}

void hk_debug_be_debugged(struct hk_thread *self)
{
    uint8_t message[ORIGIN_SIZE];

    atomic_fetch_and(&self->debug.flags, ~HK_DEBUG_THREAD_STOP);
    if (hk_debug_ensure(self) == HK_B_OK)
        hit(self, HK_DEBUG_THREAD_DEBUGGED, message, sizeof(message), 0);
}

void hk_debug_await_debugger(struct hk_thread *self)
{
    uint8_t message[ORIGIN_SIZE];

    hit(self, HK_DEBUG_THREAD_DEBUGGED, message, sizeof(message), 1);
}
