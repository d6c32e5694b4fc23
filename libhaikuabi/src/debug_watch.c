/* debug_watch.c -- a processor's debug registers. */
/* SPDX-License-Identifier: MIT */
#include "debug.h"

/*
 * The processor has none. While a team has something in them its threads go on
 * for one instruction at a time, and before each the processor tells what
 * memory that one will load and store. What is watched is hit behind an
 * instruction, where a thread is to stop before one. As on Haiku the kernel's
 * own loads and stores do not count.
 */

enum {
    BREAKPOINTS = 1 << HK_DEBUG_EXECUTE,
    WATCHPOINTS = 1 << HK_DEBUG_STORE | 1 << HK_DEBUG_ACCESS,
    ANY = BREAKPOINTS | WATCHPOINTS
};

/* ---- the registers ---- */

/* The one of an address and of a type out of several, or NULL. */
static struct hk_debug_register *find(struct hk_debug *debug, uint32_t address,
                                      unsigned types)
{
    for (int i = 0; i < HK_DEBUG_REGISTERS; i++)
        if (debug->registers[i].address == address &&
            (types >> debug->registers[i].type & 1) != 0)
            return &debug->registers[i];
    return NULL;
}

static void count(struct hk_debug *debug)
{
    int used = 0;

    for (int i = 0; i < HK_DEBUG_REGISTERS; i++)
        used += debug->registers[i].address != 0;
    atomic_store(&debug->registers_used, used);
}

/* Threads in guest code are to take their first step. */
static void interrupt_threads(struct hk_team *team)
{
    pthread_mutex_lock(&team->lock);
    for (struct hk_thread *thread = team->threads; thread != NULL;
         thread = thread->next)
        hk_interrupt(thread);
    pthread_mutex_unlock(&team->lock);
}

static int32_t put(struct hk_debug *debug, uint32_t address, int type,
                   uint32_t length)
{
    struct hk_debug_register *reg = find(debug, address, 1u << type);

    if (reg != NULL)
        return HK_B_OK;
    reg = find(debug, 0, ANY);
    if (reg == NULL)
        return HK_B_BUSY;
    *reg = (struct hk_debug_register){address, length, type};
    count(debug);
    return HK_B_OK;
}

int32_t hk_debug_register_set(struct hk_team *team, uint32_t address, int type,
                              uint32_t length)
{
    int32_t status;

    pthread_mutex_lock(&team->debug->lock);
    status = put(team->debug, address, type, length);
    pthread_mutex_unlock(&team->debug->lock);
    if (status == HK_B_OK)
        interrupt_threads(team);
    return status;
}

int32_t hk_debug_register_clear(struct hk_team *team, uint32_t address,
                                int type)
{
    struct hk_debug_register *reg;

    pthread_mutex_lock(&team->debug->lock);
    reg = find(team->debug, address,
               type == HK_DEBUG_EXECUTE ? BREAKPOINTS : WATCHPOINTS);
    if (reg != NULL)
        *reg = (struct hk_debug_register){0, 0, 0};
    count(team->debug);
    pthread_mutex_unlock(&team->debug->lock);
    return reg != NULL ? HK_B_OK : HK_B_NAME_NOT_FOUND;
}

void hk_debug_registers_clear(struct hk_team *team)
{
    pthread_mutex_lock(&team->debug->lock);
    for (int i = 0; i < HK_DEBUG_REGISTERS; i++)
        team->debug->registers[i] = (struct hk_debug_register){0, 0, 0};
    count(team->debug);
    pthread_mutex_unlock(&team->debug->lock);
}

/* debugger.h's types; what an x86 has not is refused. */
int32_t hk_watchpoint_set(struct hk_team *team, uint32_t address, uint32_t type,
                          int32_t length)
{
    enum { WRITE = 1, READ_WRITE = 2 }; /* B_DATA_..._WATCHPOINT */

    if (type != WRITE && type != READ_WRITE)
        return HK_B_NOT_SUPPORTED;
    if (length != 1 && length != 2 && length != 4)
        return HK_B_NOT_SUPPORTED;
    if (address % (uint32_t)length != 0)
        return HK_B_BAD_VALUE;
    return hk_debug_register_set(
        team, address, type == WRITE ? HK_DEBUG_STORE : HK_DEBUG_ACCESS,
        (uint32_t)length);
}

/* A debugger's own: one register is left for breakpoints. */
int32_t hk_watchpoint_add(struct hk_team *team, uint32_t address, uint32_t type,
                          int32_t length)
{
    int watchpoints = 0, is_there = 0;

    pthread_mutex_lock(&team->debug->lock);
    for (int i = 0; i < HK_DEBUG_REGISTERS; i++) {
        const struct hk_debug_register *reg = &team->debug->registers[i];

        if (reg->address == 0 || reg->type == HK_DEBUG_EXECUTE)
            continue;
        watchpoints++;
        is_there |= reg->address == address;
    }
    pthread_mutex_unlock(&team->debug->lock);
    if (is_there)
        return HK_B_BAD_VALUE;
    if (watchpoints + 1 >= HK_DEBUG_REGISTERS)
        return HK_B_BUSY;
    return hk_watchpoint_set(team, address, type, length);
}

/* ---- steps ---- */

static int meets(const struct hk_debug_register *reg,
                 const struct hk_access *access)
{
    return reg->address != 0 && reg->type != HK_DEBUG_EXECUTE &&
           (access->is_store || reg->type == HK_DEBUG_ACCESS) &&
           (reg->address - access->address < access->size ||
            access->address - reg->address < reg->length);
}

/* Whether the instruction at EIP will hit a watchpoint. */
static int will_hit(struct hk_thread *self)
{
    const struct hk_host *host = hk_kernel_of(self)->config.host;
    struct hk_access accesses[HK_ACCESSES_MAX];
    unsigned found = host->cpu->find_accesses(host->host, self->cpu, accesses);
    int result = 0;

    pthread_mutex_lock(&self->team->debug->lock);
    for (int i = 0; i < HK_DEBUG_REGISTERS; i++)
        for (unsigned j = 0; j < found; j++)
            result |= meets(&self->team->debug->registers[i], &accesses[j]);
    pthread_mutex_unlock(&self->team->debug->lock);
    return result;
}

static int is_breakpoint(struct hk_thread *self, uint32_t eip)
{
    int result;

    pthread_mutex_lock(&self->team->debug->lock);
    result = eip != 0 && find(self->team->debug, eip, BREAKPOINTS) != NULL;
    pthread_mutex_unlock(&self->team->debug->lock);
    return result;
}

/* Where it has stopped the thread goes on behind the breakpoint (RF). */
static void stop_at_breakpoint(struct hk_thread *self)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(self)->config.host->cpu;
    struct hk_registers registers;

    cpu->get_registers(self->cpu, &registers);
    while (self->debug.passed != registers.eip &&
           is_breakpoint(self, registers.eip)) {
        self->debug.passed = registers.eip;
        hk_debug_hit_breakpoint(self);
        cpu->get_registers(self->cpu, &registers);
    }
}

uint64_t hk_budget(struct hk_thread *self)
{
    if (atomic_load_explicit(&self->team->debug->registers_used,
                             memory_order_relaxed) == 0)
        return UINT64_MAX;
    stop_at_breakpoint(self);
    self->debug.will_hit = will_hit(self);
    return 1;
}

int hk_debug_stepped(struct hk_thread *self)
{
    int has_hit = self->debug.will_hit;

    self->debug.will_hit = 0;
    self->debug.passed = 0;
    if (has_hit)
        hk_debug_hit_watchpoint(self);
    return has_hit;
}

enum hk_action hk_stepped(struct hk_thread *self)
{
    hk_debug_stepped(self);
    return hk_poll(self);
}
