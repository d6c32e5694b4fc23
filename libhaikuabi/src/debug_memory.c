/* debug_memory.c -- what a debugger sees and changes: memory, registers. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "area.h"
#include "bytes.h"
#include "debug.h"

enum { INT3 = 0xcc };

/* An INT 3 in the program's code, and what was there. */
struct hk_breakpoint {
    struct hk_breakpoint *next;
    uint32_t address;
    uint8_t original;
};

/* ---- memory: with the debugger's lock ---- */

/* As many bytes as can be written, page by page. */
static uint32_t write_bytes(struct hk_team *team, gm_addr to,
                            const uint8_t *from, uint32_t size)
{
    uint32_t done = 0;

    while (done < size) {
        uint32_t part = HK_PAGE_SIZE - (uint32_t)((to + done) % HK_PAGE_SIZE);

        if (part > size - done)
            part = size - done;
        if (hk_area_write_kernel(team, to + done, from + done, part) != 0)
            break;
        done += part;
    }
    return done;
}

static uint32_t read_bytes(struct hk_team *team, gm_addr from, uint8_t *to,
                           uint32_t size)
{
    uint32_t done = 0;

    while (done < size) {
        uint32_t part = HK_PAGE_SIZE - (uint32_t)((from + done) % HK_PAGE_SIZE);

        if (part > size - done)
            part = size - done;
        if (gm_copy_in(team->space, to + done, from + done, part) < 0)
            break;
        done += part;
    }
    return done;
}

int32_t hk_debug_read(struct hk_team *team, gm_addr from, uint8_t *to,
                      uint32_t size)
{
    uint32_t done;

    if (!hk_is_user_range(from, size))
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&team->debug->lock);
    done = read_bytes(team, from, to, size);
    for (const struct hk_breakpoint *at = team->debug->breakpoints; at != NULL;
         at = at->next)
        if (at->address - from < done)
            to[at->address - from] = at->original;
    pthread_mutex_unlock(&team->debug->lock);
    return done > 0 ? (int32_t)done : HK_B_BAD_ADDRESS;
}

/* Where there is a breakpoint, behind it. */
int32_t hk_debug_write(struct hk_team *team, gm_addr to, const uint8_t *from,
                       uint32_t size)
{
    const uint8_t trap = INT3;
    uint32_t done;

    if (!hk_is_user_range(to, size))
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&team->debug->lock);
    done = write_bytes(team, to, from, size);
    for (struct hk_breakpoint *at = team->debug->breakpoints; at != NULL;
         at = at->next)
        if (at->address - to < done) {
            at->original = from[at->address - to];
            hk_area_write_kernel(team, at->address, &trap, 1);
        }
    pthread_mutex_unlock(&team->debug->lock);
    return done > 0 ? (int32_t)done : HK_B_BAD_ADDRESS;
}

/* ---- breakpoints ---- */

static struct hk_breakpoint **find(struct hk_debug *debug, uint32_t address)
{
    struct hk_breakpoint **link = &debug->breakpoints;

    while (*link != NULL && (*link)->address != address)
        link = &(*link)->next;
    return link;
}

static int32_t add(struct hk_team *team, uint32_t address)
{
    struct hk_breakpoint *made = calloc(1, sizeof(*made));
    const uint8_t trap = INT3;

    if (made == NULL)
        return HK_B_NO_MEMORY;
    made->address = address;
    if (read_bytes(team, address, &made->original, 1) != 1 ||
        hk_area_write_kernel(team, address, &trap, 1) != 0) {
        free(made);
        return HK_B_BAD_ADDRESS;
    }
    made->next = team->debug->breakpoints;
    team->debug->breakpoints = made;
    return HK_B_OK;
}

int32_t hk_breakpoint_set(struct hk_team *team, uint32_t address)
{
    int32_t status = HK_B_BAD_VALUE;

    if (address == 0 || !hk_is_user_range(address, 1))
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&team->debug->lock);
    if (*find(team->debug, address) == NULL)
        status = add(team, address);
    pthread_mutex_unlock(&team->debug->lock);
    return status;
}

int32_t hk_breakpoint_clear(struct hk_team *team, uint32_t address)
{
    struct hk_breakpoint **link, *found;

    if (address == 0 || !hk_is_user_range(address, 1))
        return HK_B_BAD_ADDRESS;
    pthread_mutex_lock(&team->debug->lock);
    link = find(team->debug, address);
    found = *link;
    if (found != NULL) {
        hk_area_write_kernel(team, address, &found->original, 1);
        *link = found->next;
        free(found);
    }
    pthread_mutex_unlock(&team->debug->lock);
    return found != NULL ? HK_B_OK : HK_B_BAD_VALUE;
}

int hk_breakpoint_lift(struct hk_team *team, uint32_t address, int is_lifted)
{
    const struct hk_breakpoint *found;
    const uint8_t trap = INT3;

    pthread_mutex_lock(&team->debug->lock);
    found = *find(team->debug, address);
    if (found != NULL)
        hk_area_write_kernel(team, address,
                             is_lifted ? &found->original : &trap, 1);
    pthread_mutex_unlock(&team->debug->lock);
    return found != NULL;
}

int hk_breakpoint_is_at(struct hk_team *team, uint32_t address)
{
    int result;

    pthread_mutex_lock(&team->debug->lock);
    result = *find(team->debug, address) != NULL;
    pthread_mutex_unlock(&team->debug->lock);
    return result;
}

void hk_breakpoints_drop(struct hk_team *team, int restores)
{
    struct hk_breakpoint *at;

    if (restores)
        hk_debug_registers_clear(team);
    pthread_mutex_lock(&team->debug->lock);
    while ((at = team->debug->breakpoints) != NULL) {
        team->debug->breakpoints = at->next;
        if (restores)
            hk_area_write_kernel(team, at->address, &at->original, 1);
        free(at);
    }
    pthread_mutex_unlock(&team->debug->lock);
}

/* ---- registers ---- */

/* x86_debug_cpu_state (headers/os/arch/x86/arch_debugger.h): FXSAVE's image,
 * the segments, the others; what an exception pushes comes last. */
enum {
    CPU_GS = 512,
    CPU_FS = 516,
    CPU_ES = 520,
    CPU_DS = 524,
    CPU_EDI = 528,
    CPU_ESI = 532,
    CPU_EBP = 536,
    CPU_ESP = 540,
    CPU_EBX = 544,
    CPU_EDX = 548,
    CPU_ECX = 552,
    CPU_EAX = 556,
    CPU_EIP = 568,
    CPU_CS = 572,
    CPU_EFLAGS = 576,
    CPU_USER_ESP = 580,
    CPU_USER_SS = 584
};

void hk_debug_get_cpu(struct hk_thread *thread, uint8_t *state)
{
    const struct hk_cpu_ops *cpu = hk_kernel_of(thread)->config.host->cpu;
    struct hk_registers registers;

    memset(state, 0, HK_DEBUG_CPU_SIZE);
    cpu->get_registers(thread->cpu, &registers);
    cpu->get_fxsave(thread->cpu, state);
    hk_put32(state + CPU_GS, registers.gs);
    hk_put32(state + CPU_FS, registers.fs);
    hk_put32(state + CPU_ES, registers.es);
    hk_put32(state + CPU_DS, registers.ds);
    hk_put32(state + CPU_EDI, registers.edi);
    hk_put32(state + CPU_ESI, registers.esi);
    hk_put32(state + CPU_EBP, registers.ebp);
    hk_put32(state + CPU_ESP, registers.esp);
    hk_put32(state + CPU_EBX, registers.ebx);
    hk_put32(state + CPU_EDX, registers.edx);
    hk_put32(state + CPU_ECX, registers.ecx);
    hk_put32(state + CPU_EAX, registers.eax);
    hk_put32(state + CPU_EIP, registers.eip);
    hk_put32(state + CPU_CS, registers.cs);
    hk_put32(state + CPU_EFLAGS, registers.eflags);
    hk_put32(state + CPU_USER_ESP, registers.esp);
    hk_put32(state + CPU_USER_SS, registers.ss);
}

/* Segments stay, and what EFLAGS has of the kernel's. */
void hk_debug_set_cpu(struct hk_thread *thread, const uint8_t *state)
{
    enum { USER_FLAGS = 0x0cd5 };
    const struct hk_cpu_ops *cpu = hk_kernel_of(thread)->config.host->cpu;
    struct hk_registers registers;

    cpu->get_registers(thread->cpu, &registers);
    registers.edi = hk_get32(state + CPU_EDI);
    registers.esi = hk_get32(state + CPU_ESI);
    registers.ebp = hk_get32(state + CPU_EBP);
    registers.esp = hk_get32(state + CPU_USER_ESP);
    registers.ebx = hk_get32(state + CPU_EBX);
    registers.edx = hk_get32(state + CPU_EDX);
    registers.ecx = hk_get32(state + CPU_ECX);
    registers.eax = hk_get32(state + CPU_EAX);
    registers.eip = hk_get32(state + CPU_EIP);
    registers.eflags = (registers.eflags & ~(uint32_t)USER_FLAGS) |
                       (hk_get32(state + CPU_EFLAGS) & USER_FLAGS);
    cpu->set_registers(thread->cpu, &registers);
    cpu->set_fxsave(thread->cpu, state);
}
