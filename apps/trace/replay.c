/* replay.c -- executes a trace again. */
/* SPDX-License-Identifier: MIT */
#include "replay.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "player.h"
#include "state.h"
#include "steps.h"

enum {
    HAIKU_VECTOR = 99,
    /* Instructions that a run may go beyond its end, which is a difference:
     * with a budget for whole blocks these need not be made for it. */
    BEYOND = 256
};

/* ---- setting up ---- */

static int says(const struct tr_event *event, const char *text)
{
    return event->size == strlen(text) &&
           memcmp(event->bytes, text, event->size) == 0;
}

static int is_model(const struct tr_event *event, enum xcpu_model *model)
{
    if (says(event, "cpu=sse4"))
        *model = XCPU_MODEL_SSE4;
    else if (says(event, "cpu=sse2"))
        *model = XCPU_MODEL_SSE2;
    else if (says(event, "cpu=pentium"))
        *model = XCPU_MODEL_PENTIUM;
    else
        return 0;
    return 1;
}

/* What the INFO events at the beginning say that a player has to know. */
static int read_infos(struct tr_player *player, struct tr_fault *fault)
{
    struct tr_event event;

    while (tr_read_event(player->reader, &event, NULL) > 0 &&
           event.kind == TR_INFO) {
        if (event.size >= 4 && memcmp(event.bytes, "cpu=", 4) == 0 &&
            !is_model(&event, &player->model)) {
            tr_set_fault(fault, "it was recorded on a processor that this "
                                "version does not know");
            return TR_ERR_DAMAGED;
        }
        if (says(&event, "floats=portable"))
            player->portable_floats = 1;
        if (says(&event, "level=hash") || says(&event, "level=full"))
            player->hashes_wanted = 1;
    }
    return 0;
}

/* Ticks that the trace has; another thread's RDTSC cannot come in between. */
static uint64_t read_tsc(void *context)
{
    struct tr_player *player = context;

    if (player->tick_first == player->tick_count) {
        player->tick_missing = 1;
        return 0;
    }
    return player->ticks[player->tick_first++];
}

static void forget(void *context, enum gm_event event, gm_addr address,
                   uint64_t size)
{
    if (event != GM_EVENT_MAP)
        xcpu_machine_forget(context, (uint32_t)address, size);
}

static int make_machine(struct tr_player *player, struct tr_fault *fault)
{
    struct xcpu_config config = {
        .memory = tr_memory_window(player->memory),
        .engine = player->config.engine,
        .model = player->model,
        .read_tsc = tr_memory_read_tsc,
        .translate_after = player->config.translate_after,
        .counted = 1,
        .block_insns = player->config.block_insns,
        .portable_floats = player->portable_floats,
    };
    int error = xcpu_machine_new(&config, &player->machine);

    if (error < 0) {
        tr_set_fault(fault, "processor: %s", xcpu_error_text(error));
        return error == XCPU_ERR_UNSUPPORTED ? TR_ERR_ENGINE : TR_ERR_NOMEM;
    }
    tr_memory_set_tsc(player->memory, read_tsc, player);
    gm_set_watcher(player->space, forget, player->machine);
    return 0;
}

static int find_beginning(struct tr_player *player, struct tr_fault *fault)
{
    struct tr_summary summary;

    if (tr_reader_seek(player->reader, 0) == 0)
        return 0;
    tr_reader_summary(player->reader, &summary);
    tr_set_fault(fault, summary.events == 0 && summary.damages == 0
                            ? "there is no event: the program was killed "
                              "before its first run was over"
                            : "the beginning of the trace is missing");
    return TR_ERR_DAMAGED;
}

static int make_parts(struct tr_player *player, struct tr_fault *fault)
{
    int error = find_beginning(player, fault);

    if (error == 0)
        error = read_infos(player, fault);
    if (error < 0)
        return error;
    tr_reader_seek(player->reader, 0);
    if (gm_space_new(32, &player->space) < 0 ||
        tr_memory_new(player->space,
                      player->hashes_wanted || player->config.hashes,
                      &player->memory) < 0) {
        tr_set_fault(fault, "out of memory");
        return TR_ERR_NOMEM;
    }
    gm_set_observer(player->space, &tr_player_observer, player);
    return make_machine(player, fault);
}

int tr_player_new(struct tr_reader *reader, const struct tr_play_config *config,
                  struct tr_player **made, struct tr_fault *fault)
{
    struct tr_player *player = calloc(1, sizeof(*player));
    int error;

    if (player == NULL)
        return TR_ERR_NOMEM;
    player->reader = reader;
    player->model = XCPU_MODEL_SSE2;
    player->config = *config;
    error = make_parts(player, fault);
    if (error < 0)
        tr_player_free(player);
    else
        *made = player;
    return error;
}

void tr_player_free(struct tr_player *player)
{
    if (player == NULL)
        return;
    while (player->threads != NULL) {
        struct tr_player_thread *thread = player->threads;

        player->threads = thread->next;
        xcpu_free(thread->cpu);
        free(thread);
    }
    if (player->space != NULL) {
        gm_set_watcher(player->space, NULL, NULL);
        gm_set_observer(player->space, NULL, NULL);
    }
    tr_free_objects(player);
    xcpu_machine_free(player->machine);
    tr_memory_free(player->memory);
    gm_space_free(player->space);
    free(player->ticks);
    free(player);
}

/* ---- threads ---- */

static struct tr_player_thread *find_thread(const struct tr_player *player,
                                            uint64_t id)
{
    struct tr_player_thread *thread = player->threads;

    while (thread != NULL && thread->id != id)
        thread = thread->next;
    return thread;
}

static int bad_event(const struct tr_player *player, struct tr_fault *fault,
                     const char *what)
{
    tr_set_fault(fault, "event %llu: %s", (unsigned long long)player->events,
                 what);
    return TR_ERR_DAMAGED;
}

static void set_fpu(struct xcpu *cpu, const uint8_t *bytes)
{
    struct xcpu_fxstate fpu;

    memcpy(fpu.bytes, bytes, TR_FPU_SIZE);
    xcpu_set_fxstate(cpu, &fpu);
}

static void set_registers(struct xcpu *cpu, const uint8_t *bytes)
{
    struct xcpu_regs regs;

    tr_get_registers(bytes, &regs);
    xcpu_set_regs(cpu, &regs);
}

static int new_thread(struct tr_player *player, const struct tr_event *event,
                      struct tr_fault *fault)
{
    uint64_t id = TR_FIELD(event, THREAD, THREAD);
    struct tr_player_thread *thread;

    if (event->size != TR_THREAD_SIZE || id == 0)
        return bad_event(player, fault, "no thread's state");
    if (find_thread(player, id) != NULL)
        return bad_event(player, fault, "a thread that there is already");
    thread = calloc(1, sizeof(*thread));
    if (thread == NULL)
        return TR_ERR_NOMEM;
    if (xcpu_new(player->machine, &thread->cpu) < 0) {
        free(thread);
        return TR_ERR_NOMEM;
    }
    thread->id = id;
    thread->next = player->threads;
    player->threads = thread;
    set_registers(thread->cpu, event->bytes);
    set_fpu(thread->cpu, event->bytes + TR_REGISTERS_SIZE);
    return 0;
}

static void end_thread(struct tr_player *player,
                       struct tr_player_thread *thread)
{
    struct tr_player_thread **link = &player->threads;

    while (*link != thread)
        link = &(*link)->next;
    *link = thread->next;
    if (player->current == thread)
        player->current = NULL;
    xcpu_free(thread->cpu);
    free(thread);
}

/* Events of one thread, which the first field names. */
static int play_thread(struct tr_player *player, const struct tr_event *event,
                       struct tr_fault *fault)
{
    struct tr_player_thread *thread = find_thread(player, event->fields[0]);

    if (thread == NULL)
        return bad_event(player, fault, "a thread that there is not");
    if (event->kind == TR_EXIT) {
        end_thread(player, thread);
    } else if (event->kind == TR_RESULT) {
        xcpu_set_gpr(thread->cpu, XCPU_EAX,
                     (uint32_t)TR_FIELD(event, RESULT, EAX));
    } else if (event->kind == TR_REGISTERS) {
        if (event->size != TR_REGISTERS_SIZE)
            return bad_event(player, fault, "registers of another size");
        set_registers(thread->cpu, event->bytes);
    } else {
        if (event->size != TR_FPU_SIZE)
            return bad_event(player, fault, "an FPU of another size");
        set_fpu(thread->cpu, event->bytes);
    }
    return 0;
}

static int add_ticks(struct tr_player *player, uint64_t ticks)
{
    if (player->tick_first == player->tick_count)
        player->tick_first = player->tick_count = 0;
    if (player->tick_count == player->tick_capacity) {
        size_t capacity = player->tick_capacity * 2 + 16;
        uint64_t *bigger = realloc(player->ticks, capacity * sizeof(*bigger));

        if (bigger == NULL)
            return TR_ERR_NOMEM;
        player->ticks = bigger;
        player->tick_capacity = capacity;
    }
    player->ticks[player->tick_count++] = ticks;
    return 0;
}

/* ---- running ---- */

/* Runs at most so many instructions; *exit is as if nobody had looked. */
static void run(struct tr_player *player, struct tr_player_thread *thread,
                uint64_t budget, struct xcpu_exit *exit)
{
    player->running = thread->cpu;
    xcpu_run(thread->cpu, budget, exit);
    player->running = NULL;
    player->instructions += exit->executed;
    player->done += exit->executed;
}

static int mismatch(const struct tr_player *player, struct tr_fault *fault,
                    const char *what, unsigned long long found,
                    unsigned long long expected)
{
    struct xcpu_regs regs;

    xcpu_get_regs(player->current->cpu, &regs);
    tr_set_fault(fault,
                 "event %llu, thread %llu, after %llu instructions, at "
                 "0x%08x: %s is 0x%llx, not 0x%llx",
                 (unsigned long long)player->events,
                 (unsigned long long)player->current->id,
                 (unsigned long long)player->instructions, (unsigned)regs.eip,
                 what, found, expected);
    return TR_ERR_MISMATCH;
}

static int engines_differ(const struct tr_player *player,
                          struct tr_fault *fault)
{
    struct xcpu_regs regs;

    xcpu_get_regs(player->current->cpu, &regs);
    tr_set_fault(
        fault,
        "event %llu, thread %llu, after %llu instructions: the engines "
        "differ about the block at 0x%08x",
        (unsigned long long)player->events,
        (unsigned long long)player->current->id,
        (unsigned long long)player->instructions, (unsigned)regs.eip);
    return TR_ERR_MISMATCH;
}

/* Compares the instruction that was executed with the trace's. */
static int compare_step(struct tr_player *player, struct tr_fault *fault)
{
    struct tr_step_state found;
    struct tr_step step;
    uint64_t values[2];
    const char *what;
    int result = tr_read_step(player->reader, &step, fault);

    if (result <= 0)
        return result;
    if (step.number != player->instructions - 1)
        return bad_event(player, fault, "a step of another instruction");
    tr_get_step_state(player->current->cpu, player->current->id, &found);
    if (tr_same_step_state(&found, &step.after, &what, values))
        return 0;
    return mismatch(player, fault, what, values[0], values[1]);
}

/* As run, but each instruction is compared: 0 or TR_ERR_*. */
static int run_steps(struct tr_player *player, struct tr_player_thread *thread,
                     uint64_t budget, struct xcpu_exit *exit,
                     struct tr_fault *fault)
{
    uint64_t end = player->instructions + budget;
    int error = 0;

    do {
        run(player, thread, 1, exit);
        if (exit->executed > 0)
            error = compare_step(player, fault);
    } while (error == 0 && exit->reason == XCPU_EXIT_BUDGET &&
             player->instructions < end);
    return error;
}

/* What ends a stretch: of RUN as it says, of CALL Haiku's interrupt. */
struct ending {
    enum tr_reason reason;
    uint64_t vector, error, address, eip, check;
};

static struct ending expected_ending(const struct tr_event *event)
{
    if (event->kind == TR_CALL)
        return (struct ending){TR_REASON_INTERRUPT,
                               HAIKU_VECTOR,
                               0,
                               0,
                               TR_FIELD(event, CALL, EIP),
                               TR_FIELD(event, CALL, CHECK)};
    return (struct ending){(enum tr_reason)TR_FIELD(event, RUN, REASON),
                           TR_FIELD(event, RUN, VECTOR),
                           TR_FIELD(event, RUN, ERROR),
                           TR_FIELD(event, RUN, ADDRESS),
                           TR_FIELD(event, RUN, EIP),
                           TR_FIELD(event, RUN, CHECK)};
}

static struct ending found_ending(const struct xcpu_exit *exit,
                                  const struct xcpu *cpu)
{
    struct ending found = {.eip = xcpu_get_eip(cpu)};

    switch (exit->reason) {
    case XCPU_EXIT_INT:
        found.reason = TR_REASON_INTERRUPT;
        found.vector = exit->vector;
        break;
    case XCPU_EXIT_SYSCALL:
        found.reason = TR_REASON_SYSCALL;
        break;
    case XCPU_EXIT_EXCEPTION:
        found.reason = TR_REASON_EXCEPTION;
        found.vector = exit->vector;
        found.error = exit->error_code;
        found.address = exit->address;
        break;
    case XCPU_EXIT_ANSWERED: /* not of a machine for replays */
    case XCPU_EXIT_BUDGET:
    case XCPU_EXIT_KICK:
    case XCPU_EXIT_MISMATCH:
        found.reason = TR_REASON_SLICE;
        break;
    }
    return found;
}

static uint32_t check_of(const struct xcpu *cpu)
{
    struct xcpu_regs regs;

    xcpu_get_regs(cpu, &regs);
    return tr_check_registers(&regs);
}

static int compare(const struct tr_player *player,
                   const struct ending *expected, const struct xcpu_exit *exit,
                   struct tr_fault *fault)
{
    const struct xcpu *cpu = player->current->cpu;
    const struct tr_event *event = &player->event;
    struct ending found = found_ending(exit, cpu);

    if (found.reason != expected->reason)
        return mismatch(player, fault, "what stopped it", found.reason,
                        expected->reason);
    if (player->done != tr_event_instructions(event))
        return mismatch(player, fault, "the count of instructions",
                        player->done, tr_event_instructions(event));
    if (found.eip != expected->eip)
        return mismatch(player, fault, "EIP", found.eip, expected->eip);
    if (found.vector != expected->vector)
        return mismatch(player, fault, "the vector", found.vector,
                        expected->vector);
    if (found.error != expected->error)
        return mismatch(player, fault, "the error code", found.error,
                        expected->error);
    if (found.address != expected->address)
        return mismatch(player, fault, "the address", found.address,
                        expected->address);
    if (event->kind == TR_CALL &&
        xcpu_get_gpr(cpu, XCPU_EAX) != TR_FIELD(event, CALL, NUMBER))
        return mismatch(player, fault, "the call's number",
                        xcpu_get_gpr(cpu, XCPU_EAX),
                        TR_FIELD(event, CALL, NUMBER));
    if (expected->check != 0)
        found.check = check_of(cpu);
    if (found.check != expected->check && !player->config.blesses)
        return mismatch(player, fault, "the check of registers", found.check,
                        expected->check);
    if (player->tick_missing || player->tick_first != player->tick_count)
        return mismatch(player, fault, "the count of RDTSC, beyond,",
                        (unsigned)player->tick_missing, 0);
    return 0;
}

/*
 * Goes on with the open event, at most until limit instructions in all have
 * been played: 1 when the event is over, 0 when not, or TR_ERR_*. The
 * instruction that leads out completes a stretch that has one: only what was
 * stopped from outside needs an exact budget.
 */
static int go_on(struct tr_player *player, uint64_t limit,
                 struct tr_fault *fault)
{
    const struct tr_event *event = &player->event;
    struct ending expected = expected_ending(event);
    struct tr_player_thread *thread = find_thread(player, event->fields[0]);
    uint64_t left = tr_event_instructions(event) - player->done;
    struct xcpu_exit exit = {.reason = XCPU_EXIT_BUDGET};
    int is_whole, error = 0;

    if (thread == NULL || expected.reason > TR_REASON_EXCEPTION)
        return bad_event(player, fault, "a run that cannot be");
    /* More than there are, when something other than the budget is to stop it:
     * what has not stopped by then will not be waited for. */
    if (expected.reason != TR_REASON_SLICE)
        left++;
    is_whole = left <= limit - player->instructions;
    player->current = thread;
    if (!is_whole)
        left = limit - player->instructions;
    else if (expected.reason != TR_REASON_SLICE && !player->config.steps)
        left += BEYOND;
    if (left > 0 && player->config.steps)
        error = run_steps(player, thread, left, &exit, fault);
    else if (left > 0)
        run(player, thread, left, &exit);
    if (error < 0)
        return error;
    if (exit.reason == XCPU_EXIT_MISMATCH)
        return engines_differ(player, fault);
    if (exit.reason == XCPU_EXIT_BUDGET && !is_whole)
        return 0;
    player->is_open = 0;
    player->events++;
    return compare(player, &expected, &exit, fault) < 0 ? TR_ERR_MISMATCH : 1;
}

static int play_hash(struct tr_player *player, const struct tr_event *event,
                     struct tr_fault *fault)
{
    struct tr_player_thread *thread =
        find_thread(player, TR_FIELD(event, HASH, THREAD));
    struct xcpu_fxstate fpu;
    struct xcpu_regs regs;
    uint64_t expected;

    if (thread == NULL || event->size != 8)
        return bad_event(player, fault, "a hash of nothing");
    if (!player->hashes_wanted)
        return bad_event(player, fault, "a hash that was not announced");
    expected = tr_get(event->bytes, 8);
    player->current = thread;
    xcpu_get_regs(thread->cpu, &regs);
    xcpu_get_fxstate(thread->cpu, &fpu);
    player->chain = tr_hash_state(player->chain, thread->id, &regs, &fpu,
                                  tr_memory_hash(player->memory));
    player->hashes++;
    if (player->chain != expected && !player->config.blesses)
        return mismatch(player, fault, "the hash of the state", player->chain,
                        expected);
    return 0;
}

/* ---- events ---- */

static int play(struct tr_player *player, const struct tr_event *event,
                struct tr_fault *fault)
{
    switch (event->kind) {
    case TR_THREAD:
        return new_thread(player, event, fault);
    case TR_EXIT:
    case TR_REGISTERS:
    case TR_RESULT:
    case TR_FPU:
        return play_thread(player, event, fault);
    case TR_MAP:
    case TR_UNMAP:
    case TR_PROTECT:
    case TR_IMAGE:
    case TR_WRITE:
        return tr_play_space(player, event, fault);
    case TR_TSC:
        return add_ticks(player, TR_FIELD(event, TSC, TICKS));
    case TR_HASH:
        return play_hash(player, event, fault);
    case TR_RUN:
    case TR_CALL:
    case TR_INFO:
    case TR_NAME:
    case TR_CHILD:
    case TR_FINISH:
        break;
    }
    return 0;
}

/* Reads an event, and plays it unless it is a run, which is then open. */
static int next_event(struct tr_player *player, struct tr_event *event,
                      struct tr_fault *fault)
{
    int result = tr_read_event(player->reader, event, fault);
    struct tr_player_thread *thread;

    if (result <= 0)
        return result;
    if (event->kind == TR_RUN || event->kind == TR_CALL) {
        player->event = *event;
        player->done = 0;
        player->is_open = 1;
        thread = find_thread(player, event->fields[0]);
        if (thread != NULL)
            player->current = thread;
        return 1;
    }
    result = play(player, event, fault);
    if (result == 0)
        player->events++;
    return result < 0 ? result : 1;
}

int tr_play_event(struct tr_player *player, struct tr_event *event,
                  struct tr_fault *fault)
{
    struct tr_event own;
    int result = 1;

    if (event == NULL)
        event = &own;
    if (!player->is_open)
        result = next_event(player, event, fault);
    else
        *event = player->event;
    if (result <= 0 || !player->is_open)
        return result;
    return go_on(player, UINT64_MAX, fault);
}

int tr_play_until_run(struct tr_player *player, struct tr_event *event,
                      struct tr_fault *fault)
{
    if (!player->is_open)
        return next_event(player, event, fault);
    *event = player->event;
    return 1;
}

int tr_player_is_open(const struct tr_player *player)
{
    return player->is_open;
}

int tr_play_part(struct tr_player *player, uint64_t count,
                 struct tr_fault *fault)
{
    uint64_t limit = player->instructions;

    limit = count < UINT64_MAX - limit ? limit + count : UINT64_MAX;
    return player->is_open ? go_on(player, limit, fault) : 1;
}

int tr_play_to(struct tr_player *player, uint64_t instructions,
               struct tr_fault *fault)
{
    struct tr_event event;

    while (player->instructions < instructions) {
        int result = player->is_open ? 1 : next_event(player, &event, fault);

        if (result > 0 && player->is_open)
            result = go_on(player, instructions, fault);
        else if (result == 0)
            return 0;
        if (result < 0)
            return result;
    }
    return 1;
}

uint64_t tr_player_instructions(const struct tr_player *player)
{
    return player->instructions;
}

uint64_t tr_player_events(const struct tr_player *player)
{
    return player->events;
}

uint64_t tr_player_hashes(const struct tr_player *player)
{
    return player->hashes;
}

uint64_t tr_player_thread(const struct tr_player *player)
{
    return player->current == NULL ? 0 : player->current->id;
}

struct xcpu *tr_player_cpu(const struct tr_player *player)
{
    return player->current == NULL ? NULL : player->current->cpu;
}

struct gm_space *tr_player_space(const struct tr_player *player)
{
    return player->space;
}

uint64_t tr_player_memory_hash(struct tr_player *player)
{
    return tr_memory_hash(player->memory);
}

int tr_player_on_fault(struct tr_player *player, int signo, void *siginfo,
                       void *ucontext)
{
    const siginfo_t *info = siginfo;

    if (gm_on_fault(siginfo, ucontext))
        return 1;
    if (signo == SIGSEGV && tr_memory_on_fault(player->memory, info->si_addr))
        return 1;
    return player->running != NULL &&
           xcpu_on_fault(player->running, signo, siginfo, ucontext);
}
