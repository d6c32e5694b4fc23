/* record.c -- runs processors and writes down what they did. */
/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86cpu/decode.h>

#include "recorder.h"
#include "state.h"
#include "steps.h"

enum {
    /* Instructions that a thread runs before others may, and before it is
     * looked whether they want to: at first, and twice as many each time that
     * nobody does. */
    SLICE = 200000,
    SLICE_MAX = 16 * SLICE,
    INTERVAL = 1 << 24,
    /* CHECKs are so many instructions apart at most, and less far apart at the
     * beginning: a part of the instructions until then. */
    CHECK_MAX = 4096,
    CHECK_PART = 64,
    HAIKU_VECTOR = 99
};

void tr_emit(struct tr_recorder *recorder, const struct tr_event *event)
{
    int error;

    if (recorder->is_mute)
        return;
    error = tr_write_event(recorder->writer, event);
    if (error < 0 && recorder->error == 0)
        recorder->error = error;
}

/* ---- levels ---- */

static const char *const levels[] = {[TR_LEVEL_EVENTS] = "events",
                                     [TR_LEVEL_HASH] = "hash",
                                     [TR_LEVEL_FULL] = "full"};

const char *tr_level_name(enum tr_level level)
{
    return levels[level];
}

int tr_find_level(const char *name)
{
    for (int i = 0; i <= TR_LEVEL_FULL; i++)
        if (strcmp(name, levels[i]) == 0)
            return i;
    return -1;
}

/* ---- setting up ---- */

static uint64_t read_tsc(void *context)
{
    struct tr_recorder *recorder = context;
    struct tr_event event = {.kind = TR_TSC};
    struct timespec now;
    uint64_t ticks;

    clock_gettime(CLOCK_MONOTONIC, &now);
    ticks = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    TR_FIELD(&event, TSC, TICKS) = ticks;
    tr_emit(recorder, &event);
    return ticks;
}

int tr_recorder_new(int fd, const struct tr_record_config *config,
                    struct tr_recorder **made)
{
    struct tr_recorder *recorder = calloc(1, sizeof(*recorder));
    int error;

    if (recorder == NULL)
        return TR_ERR_NOMEM;
    recorder->config = *config;
    if (recorder->config.interval == 0)
        recorder->config.interval = INTERVAL;
    tr_turn_init(&recorder->turn);
    recorder->share = tr_share_new();
    if (recorder->share == NULL) {
        free(recorder);
        return TR_ERR_NOMEM;
    }
    recorder->team = tr_share_join(recorder->share);
    error = tr_memory_new(config->space, config->level >= TR_LEVEL_HASH,
                          &recorder->memory);
    if (error == 0)
        error = tr_writer_new(fd, &recorder->writer);
    if (error < 0) {
        tr_memory_free(recorder->memory);
        free(recorder);
        return error;
    }
    tr_memory_set_tsc(recorder->memory, read_tsc, recorder);
    gm_set_observer(config->space, &tr_space_observer, recorder);
    *made = recorder;
    return 0;
}

struct tr_memory *tr_recorder_memory(struct tr_recorder *recorder)
{
    return recorder->memory;
}

static void emit_text(struct tr_recorder *recorder, struct tr_event *event,
                      const char *text)
{
    event->bytes = (const uint8_t *)text;
    event->size = strlen(text);
    tr_turn_take(&recorder->turn);
    tr_emit(recorder, event);
    tr_turn_give(&recorder->turn);
}

void tr_record_info(struct tr_recorder *recorder, const char *key,
                    const char *value)
{
    struct tr_event event = {.kind = TR_INFO};
    size_t size = strlen(key) + strlen(value) + 2;
    char *text = size > TR_BYTES_MAX ? NULL : malloc(size);

    if (text == NULL)
        return;
    strcat(strcat(strcpy(text, key), "="), value);
    emit_text(recorder, &event, text);
    free(text);
}

void tr_record_child(struct tr_recorder *recorder, uint32_t team,
                     const char *name)
{
    struct tr_event event = {.kind = TR_CHILD};

    TR_FIELD(&event, CHILD, TEAM) = team;
    emit_text(recorder, &event, name);
}

/* ---- threads ---- */

static struct tr_thread *find_thread(const struct tr_recorder *recorder,
                                     const struct xcpu *cpu)
{
    struct tr_thread *thread = atomic_load(&recorder->threads);

    while (thread != NULL && atomic_load(&thread->cpu) != cpu)
        thread = thread->next;
    return thread;
}

static void put_state(const struct xcpu *cpu, uint8_t bytes[TR_THREAD_SIZE])
{
    struct xcpu_fxstate fpu;
    struct xcpu_regs regs;

    xcpu_get_regs(cpu, &regs);
    xcpu_get_fxstate(cpu, &fpu);
    tr_put_registers(bytes, &regs);
    memcpy(bytes + TR_REGISTERS_SIZE, fpu.bytes, TR_FPU_SIZE);
}

/* The record of a cpu, with its turn taken; NULL when memory is out. */
static struct tr_thread *thread_of(struct tr_recorder *recorder,
                                   struct xcpu *cpu)
{
    struct tr_thread *thread = find_thread(recorder, cpu);
    struct tr_event event = {.kind = TR_THREAD, .size = TR_THREAD_SIZE};
    uint8_t bytes[TR_THREAD_SIZE];

    if (thread != NULL)
        return thread;
    thread = calloc(1, sizeof(*thread));
    if (thread == NULL) {
        recorder->error = TR_ERR_NOMEM;
        return NULL;
    }
    atomic_init(&thread->cpu, cpu);
    thread->id = ++recorder->last_thread;
    recorder->thread_count++;
    thread->next = atomic_load(&recorder->threads);
    atomic_store(&recorder->threads, thread);
    put_state(cpu, bytes);
    TR_FIELD(&event, THREAD, THREAD) = thread->id;
    event.bytes = bytes;
    tr_emit(recorder, &event);
    return thread;
}

void tr_record_change(struct tr_recorder *recorder, const struct xcpu *cpu,
                      enum tr_change change)
{
    struct tr_thread *thread = find_thread(recorder, cpu);

    if (thread != NULL)
        thread->changes |= change;
}

/* It and emit_call set what their kinds have and nothing else, for each call
 * has one of both. */
static void emit_result(struct tr_recorder *recorder,
                        const struct tr_thread *thread, uint32_t eax)
{
    struct tr_event event;

    event.kind = TR_RESULT;
    TR_FIELD(&event, RESULT, THREAD) = thread->id;
    TR_FIELD(&event, RESULT, EAX) = eax;
    tr_emit(recorder, &event);
}

static void emit_state(struct tr_recorder *recorder,
                       const struct tr_thread *thread, const struct xcpu *cpu,
                       unsigned changes)
{
    struct tr_event event = {.kind = TR_REGISTERS, .size = TR_REGISTERS_SIZE};
    uint8_t bytes[TR_THREAD_SIZE];

    put_state(cpu, bytes);
    if ((changes & (TR_CHANGE_EAX | TR_CHANGE_REGISTERS)) != 0) {
        event.bytes = bytes;
        TR_FIELD(&event, REGISTERS, THREAD) = thread->id;
        tr_emit(recorder, &event);
    }
    if ((changes & TR_CHANGE_FPU) != 0) {
        event = (struct tr_event){.kind = TR_FPU,
                                  .bytes = bytes + TR_REGISTERS_SIZE,
                                  .size = TR_FPU_SIZE};
        TR_FIELD(&event, FPU, THREAD) = thread->id;
        tr_emit(recorder, &event);
    }
}

static void emit_changes(struct tr_recorder *recorder, struct tr_thread *thread,
                         const struct xcpu *cpu)
{
    if (thread->changes == TR_CHANGE_EAX)
        emit_result(recorder, thread, xcpu_get_gpr(cpu, XCPU_EAX));
    else
        emit_state(recorder, thread, cpu, thread->changes);
    thread->changes = 0;
}

/* The record stays in the list, which others look through: its cpu is none. */
void tr_record_free_cpu(struct tr_recorder *recorder, const struct xcpu *cpu)
{
    struct tr_thread *thread = find_thread(recorder, cpu);
    struct tr_event event = {.kind = TR_EXIT};

    if (thread == NULL)
        return;
    tr_turn_take(&recorder->turn);
    TR_FIELD(&event, EXIT, THREAD) = thread->id;
    tr_emit(recorder, &event);
    atomic_store(&thread->cpu, NULL);
    recorder->thread_count--;
    if (recorder->last == thread)
        recorder->last = NULL;
    tr_turn_give(&recorder->turn);
}

/* ---- running ---- */

static void emit_name(struct tr_recorder *recorder, uint32_t number)
{
    const char *name =
        recorder->config.call_name(recorder->config.host, number);
    struct tr_event event = {.kind = TR_NAME};

    if (name == NULL)
        return;
    TR_FIELD(&event, NAME, NUMBER) = number;
    event.bytes = (const uint8_t *)name;
    event.size = strlen(name);
    tr_emit(recorder, &event);
}

/* Before its first call. */
static void name_call(struct tr_recorder *recorder, uint32_t number)
{
    enum { NUMBERS = sizeof(recorder->named) * 8 };

    if (recorder->config.call_name == NULL || number >= NUMBERS ||
        (recorder->named[number / 8] >> number % 8 & 1) != 0)
        return;
    recorder->named[number / 8] |= (uint8_t)(1u << number % 8);
    emit_name(recorder, number);
}

/* A page fault where the space lets the guest do what it did: behind a file's
 * end, or while the host has memory move. There is none in a replay. */
static int is_of_host(const struct tr_recorder *recorder,
                      const struct xcpu_exit *exit)
{
    enum { STORES = 2, FETCHES = 16 }; /* of the error code: SDM 3, 4.7 */
    struct gm_mapping region;
    unsigned needed = exit->error_code & STORES    ? GM_PROT_WRITE
                      : exit->error_code & FETCHES ? GM_PROT_EXEC
                                                   : GM_PROT_READ;

    return exit->vector == XCPU_VECTOR_PF &&
           gm_query(recorder->config.space, exit->address, &region) == 0 &&
           region.address <= exit->address && (region.prot & needed) != 0;
}

static enum tr_reason reason_of(const struct tr_recorder *recorder,
                                const struct xcpu_exit *exit)
{
    switch (exit->reason) {
    case XCPU_EXIT_INT:
        return TR_REASON_INTERRUPT;
    case XCPU_EXIT_SYSCALL:
        return TR_REASON_SYSCALL;
    case XCPU_EXIT_EXCEPTION:
        if (!is_of_host(recorder, exit))
            return TR_REASON_EXCEPTION;
        break;
    case XCPU_EXIT_ANSWERED: /* not while it is recorded */
    case XCPU_EXIT_BUDGET:
    case XCPU_EXIT_KICK:
    case XCPU_EXIT_MISMATCH:
        break;
    }
    return TR_REASON_SLICE;
}

/* A CHECK when one is due. */
static uint32_t check_of(struct tr_recorder *recorder, const struct xcpu *cpu)
{
    uint64_t apart = recorder->total / CHECK_PART;
    struct xcpu_regs regs;

    if (recorder->since_check < (apart < CHECK_MAX ? apart : CHECK_MAX))
        return 0;
    recorder->since_check = 0;
    xcpu_get_regs(cpu, &regs);
    return tr_check_registers(&regs);
}

static void emit_call(struct tr_recorder *recorder,
                      const struct tr_thread *thread, const struct xcpu *cpu)
{
    uint32_t number = xcpu_get_gpr(cpu, XCPU_EAX);
    struct tr_event event;

    name_call(recorder, number);
    event.kind = TR_CALL;
    TR_FIELD(&event, CALL, THREAD) = thread->id;
    TR_FIELD(&event, CALL, INSTRUCTIONS) = thread->instructions;
    TR_FIELD(&event, CALL, NUMBER) = number;
    TR_FIELD(&event, CALL, EIP) = xcpu_get_eip(cpu);
    TR_FIELD(&event, CALL, CHECK) = check_of(recorder, cpu);
    tr_emit(recorder, &event);
}

static void emit_stop(struct tr_recorder *recorder,
                      const struct tr_thread *thread, const struct xcpu *cpu,
                      const struct xcpu_exit *exit, enum tr_reason reason)
{
    struct tr_event event = {.kind = TR_RUN};

    TR_FIELD(&event, RUN, THREAD) = thread->id;
    TR_FIELD(&event, RUN, INSTRUCTIONS) = thread->instructions;
    TR_FIELD(&event, RUN, REASON) = reason;
    if (reason != TR_REASON_SLICE)
        TR_FIELD(&event, RUN, VECTOR) = exit->vector;
    if (reason == TR_REASON_EXCEPTION) {
        TR_FIELD(&event, RUN, ERROR) = exit->error_code;
        TR_FIELD(&event, RUN, ADDRESS) = exit->address;
    }
    TR_FIELD(&event, RUN, EIP) = xcpu_get_eip(cpu);
    TR_FIELD(&event, RUN, CHECK) = check_of(recorder, cpu);
    tr_emit(recorder, &event);
}

/* What the thread has executed since its last event, and how that ended. */
static void emit_run(struct tr_recorder *recorder, struct tr_thread *thread,
                     const struct xcpu *cpu, const struct xcpu_exit *exit)
{
    enum tr_reason reason = reason_of(recorder, exit);

    if (reason == TR_REASON_INTERRUPT && exit->vector == HAIKU_VECTOR)
        emit_call(recorder, thread, cpu);
    else if (reason != TR_REASON_SLICE || thread->instructions > 0)
        emit_stop(recorder, thread, cpu, exit, reason);
    thread->instructions = 0;
}

static void emit_hash(struct tr_recorder *recorder,
                      const struct tr_thread *thread, const struct xcpu *cpu)
{
    struct tr_event event = {.kind = TR_HASH, .size = 8};
    struct xcpu_fxstate fpu;
    struct xcpu_regs regs;
    uint8_t bytes[8];

    xcpu_get_regs(cpu, &regs);
    xcpu_get_fxstate(cpu, &fpu);
    recorder->chain = tr_hash_state(recorder->chain, thread->id, &regs, &fpu,
                                    tr_memory_hash(recorder->memory));
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(recorder->chain >> (8 * i));
    TR_FIELD(&event, HASH, THREAD) = thread->id;
    event.bytes = bytes;
    tr_emit(recorder, &event);
    recorder->since_hash = 0;
}

/* A kick may have come between two iterations of a repeated instruction, a
 * point that no count of instructions tells: goes on to its end. */
static void finish_repeated(const struct tr_recorder *recorder,
                            struct xcpu *cpu, struct xcpu_exit *exit,
                            uint64_t *executed)
{
    struct xcpu_insn insn;
    struct xcpu_regs regs;

    while (exit->reason == XCPU_EXIT_KICK) {
        xcpu_get_regs(cpu, &regs);
        if (!tr_decode_at(recorder->config.space, &regs, &insn) ||
            !xcpu_insn_repeats(&insn))
            return;
        xcpu_run(cpu, 1, exit);
        *executed += exit->executed;
        if (exit->reason == XCPU_EXIT_BUDGET)
            exit->reason = XCPU_EXIT_KICK;
        if (exit->executed > 0)
            return;
    }
}

/* At the level full: instruction by instruction, as xcpu_run does it. */
static uint64_t run_steps(struct tr_recorder *recorder,
                          const struct tr_thread *thread, struct xcpu *cpu,
                          uint64_t budget, struct xcpu_exit *exit)
{
    struct tr_step_state states[2];
    uint64_t executed = 0;

    tr_get_step_state(cpu, thread->id, &states[0]);
    do {
        uint64_t count;
        int error;

        xcpu_run(cpu, 1, exit);
        count = exit->executed;
        if (count == 0)
            finish_repeated(recorder, cpu, exit, &count);
        if (count == 0)
            break;
        executed++;
        tr_get_step_state(cpu, thread->id, &states[executed % 2]);
        error = tr_write_step(recorder->writer, &states[(executed - 1) % 2],
                              &states[executed % 2]);
        if (error < 0 && recorder->error == 0)
            recorder->error = error;
    } while (exit->reason == XCPU_EXIT_BUDGET && executed < budget);
    return executed;
}

/* Runs at most so many instructions; how many it were. */
static uint64_t run(struct tr_recorder *recorder,
                    const struct tr_thread *thread, struct xcpu *cpu,
                    uint64_t budget, struct xcpu_exit *exit)
{
    uint64_t executed;

    if (recorder->config.level >= TR_LEVEL_FULL)
        return run_steps(recorder, thread, cpu, budget, exit);
    xcpu_run(cpu, budget, exit);
    executed = exit->executed;
    if (exit->reason == XCPU_EXIT_KICK)
        finish_repeated(recorder, cpu, exit, &executed);
    return executed;
}

/* One stretch without others, of at most budget instructions; how many it
 * were. */
static uint64_t run_slice(struct tr_recorder *recorder,
                          struct tr_thread *thread, struct xcpu *cpu,
                          uint64_t budget, struct xcpu_exit *exit)
{
    uint64_t interval = recorder->config.interval;
    int hashes = recorder->config.level >= TR_LEVEL_HASH;
    uint64_t executed;

    if (hashes && interval - recorder->since_hash < budget)
        budget = interval - recorder->since_hash;
    executed = run(recorder, thread, cpu, budget, exit);
    thread->instructions += executed;
    recorder->since_hash += executed;
    recorder->since_check += executed;
    recorder->total += executed;
    recorder->last = thread;
    if (exit->reason != XCPU_EXIT_BUDGET)
        emit_run(recorder, thread, cpu, exit);
    if (exit->reason == XCPU_EXIT_BUDGET && hashes &&
        recorder->since_hash >= interval) {
        emit_run(recorder, thread, cpu, exit);
        emit_hash(recorder, thread, cpu);
    }
    return executed;
}

void tr_record_run(struct tr_recorder *recorder, struct xcpu *cpu,
                   uint64_t budget, struct xcpu_exit *exit)
{
    uint64_t slice = SLICE, executed = 0;
    struct tr_thread *thread;

    tr_take_turn(recorder);
    thread = thread_of(recorder, cpu);
    if (thread == NULL) { /* the trace is lost, the program is not */
        tr_give_turn(recorder);
        xcpu_run(cpu, budget, exit);
        return;
    }
    if (thread->changes != 0)
        emit_changes(recorder, thread, cpu);
    for (;;) {
        uint64_t left = budget - executed;

        executed +=
            run_slice(recorder, thread, cpu, slice < left ? slice : left, exit);
        if (exit->reason != XCPU_EXIT_BUDGET)
            break;
        if (executed == budget) {
            emit_run(recorder, thread, cpu, exit);
            break;
        }
        slice = slice * 2 < SLICE_MAX ? slice * 2 : SLICE_MAX;
        if (tr_is_turn_wanted(recorder))
            slice = SLICE;
        else if (recorder->views == NULL)
            continue;
        emit_run(recorder, thread, cpu, exit);
        tr_give_turn(recorder);
        tr_take_turn(recorder);
    }
    exit->executed = executed;
    tr_give_turn(recorder);
}

int tr_record_on_fault(struct tr_recorder *recorder, const void *host_address)
{
    return tr_memory_on_fault(recorder->memory, host_address);
}

/* ---- the end, and a child's beginning ---- */

void tr_recorder_in_child(struct tr_recorder *recorder)
{
    recorder->is_mute = 1;
    tr_turn_init(&recorder->turn);
    tr_share_after_fork(recorder);
}

int tr_recorder_after_fork(struct tr_recorder *recorder, int fd)
{
    int error;

    tr_writer_abandon(recorder->writer);
    recorder->writer = NULL;
    recorder->is_mute = 0;
    atomic_store(&recorder->threads, NULL);
    recorder->last = NULL;
    recorder->last_thread = recorder->thread_count = 0;
    recorder->since_hash = recorder->chain = 0;
    recorder->since_check = recorder->total = 0;
    recorder->error = 0;
    memset(recorder->named, 0, sizeof(recorder->named));
    error = tr_writer_new(fd, &recorder->writer);
    if (error < 0)
        return error;
    tr_memory_reset(recorder->memory);
    return 0;
}

int tr_recorder_finish(struct tr_recorder *recorder, uint32_t status,
                       uint32_t signal)
{
    struct tr_event event = {.kind = TR_FINISH};
    int error;

    tr_take_turn(recorder);
    if (recorder->config.level >= TR_LEVEL_HASH && recorder->last != NULL &&
        recorder->thread_count == 1 && recorder->last->changes == 0)
        emit_hash(recorder, recorder->last, atomic_load(&recorder->last->cpu));
    TR_FIELD(&event, FINISH, STATUS) = status;
    TR_FIELD(&event, FINISH, SIGNAL) = signal;
    tr_emit(recorder, &event);
    error = tr_writer_close(recorder->writer);
    recorder->writer = NULL;
    tr_leave_shared(recorder);
    return recorder->error < 0 ? recorder->error : error;
}
