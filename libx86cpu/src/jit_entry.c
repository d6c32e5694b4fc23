/* jit_entry.c -- into translated code and out of it. */
/* SPDX-License-Identifier: MIT */
#include "fault.h"
#include "flags.h"
#include "frame.h"
#include "jit.h"
#include "jit_asm.h"
#include "machine.h"
#include "run.h"
#include "sse.h"
#include "x87.h"

#if XCPU_HAVE_JIT

#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FSGSBASE 2 /* of AT_HWCAP2 */

#define ROUNDINGS_MAX 64

#define FIELD(name) ((uint32_t)offsetof(struct xcpu, name))

/* ---- the shared code ---- */

static unsigned host_reg(unsigned guest)
{
    return guest == XCPU_ESP ? XH_ESP : guest;
}

static void put_flags_out(struct xcpu_asm *a)
{
    struct xcpu_asm_memory flags = xcpu_at(XH_CPU, FIELD(jit_flags));
    struct xcpu_asm_op store = xcpu_op(0x89);
    store.prefix = 0x66;
    xcpu_put_flags_out(a);
    xcpu_put_memory(a, store, XH_AX, &flags);
}

static void put_flags_in(struct xcpu_asm *a)
{
    struct xcpu_asm_memory flags = xcpu_at(XH_CPU, FIELD(jit_flags));
    xcpu_put_memory(a, xcpu_op0f(0xb7), XH_AX, &flags);
    xcpu_put_flags_in(a);
}

static void put_registers_out(struct xcpu_asm *a)
{
    struct xcpu_asm_memory left = xcpu_at(XH_CPU, FIELD(jit_left));
    struct xcpu_asm_op store = {.wide = 1, .opcode = 0x89};
    xcpu_put_memory(a, store, XH_LEFT, &left);
    for (unsigned i = 0; i < 8; i++)
        xcpu_put_store(a, host_reg(i), XH_CPU, FIELD(gpr) + 4 * i);
    put_flags_out(a);
}

static void put_registers_in(struct xcpu_asm *a)
{
    struct xcpu_asm_memory left = xcpu_at(XH_CPU, FIELD(jit_left));
    struct xcpu_asm_op load = {.wide = 1, .opcode = 0x8b};
    xcpu_put_memory(a, load, XH_LEFT, &left);
    put_flags_in(a);
    for (unsigned i = 0; i < 8; i++)
        xcpu_put_load(a, host_reg(i), XH_CPU, FIELD(gpr) + 4 * i);
}

/* movups of all eight (0x10 loads, 0x11 stores) unless they are in memory;
 * changes the flags. */
static void put_xmm(struct xcpu_asm *a, unsigned opcode, int leave)
{
    struct xcpu_asm_memory no_sse = xcpu_at(XH_CPU, FIELD(no_sse));
    xcpu_put_memory(a, xcpu_op(0x80), 7, &no_sse); /* cmpb $0, no_sse */
    xcpu_put8(a, 0);
    xcpu_put8(a, 0x75); /* jne */
    uint8_t *from = a->at;
    xcpu_put8(a, 0);
    for (unsigned i = 0; i < 8; i++) {
        struct xcpu_asm_memory xmm = xcpu_at(XH_CPU, FIELD(fpu.xmm) + 16 * i);
        xcpu_put_memory(a, xcpu_op0f(opcode), i, &xmm);
    }
    if (leave) {
        xcpu_put_memory(a, xcpu_op(0xc6), 0, &no_sse); /* movb $1, no_sse */
        xcpu_put8(a, 1);
    }
    from[0] = (uint8_t)(a->at - from - 1);
}

static const uint8_t saved[] = {XH_BX, XH_BP, 12, 13, 14, 15};

static void put_epilogue(struct xcpu_asm *a)
{
    struct xcpu_asm_op add = {.wide = 1, .opcode = 0x83};
    xcpu_put_reg(a, add, 0, XH_SP); /* add $8, %rsp */
    xcpu_put8(a, 8);
    for (unsigned i = sizeof(saved); i-- > 0;)
        xcpu_put_opcode(a, xcpu_op(0x58 | (saved[i] & 7)), saved[i] >> 3);
    xcpu_put8(a, 0xc3);
}

static void put_call(struct xcpu_asm *a, uintptr_t function)
{
    xcpu_put_imm64(a, XH_AX, function);
    xcpu_put_reg(a, xcpu_op(0xff), 2, XH_AX);
}

/* Registers out, and return R9. Flags are the guest's. */
static void put_leave(struct xcpu_asm *a)
{
    put_registers_out(a);
    put_xmm(a, 0x11, 1);
    xcpu_put_mov(a, XH_AX, XH_T1);
    put_epilogue(a);
}

static void put_result(struct xcpu_asm *a, enum xcpu_jit_result result,
                       const uint8_t *leave)
{
    xcpu_put_imm(a, XH_T1, result);
    xcpu_put_branch(a, 0xe9, leave);
}

/* int enter(struct xcpu *cpu, const uint8_t *to, uint8_t *code,
 *           uint32_t *table) */
static void put_enter(struct xcpu_asm *a)
{
    struct xcpu_asm_op sub = {.wide = 1, .opcode = 0x83};
    struct xcpu_asm_op move = {.wide = 1, .opcode = 0x8b};
    for (unsigned i = 0; i < sizeof(saved); i++)
        xcpu_put_opcode(a, xcpu_op(0x50 | (saved[i] & 7)), saved[i] >> 3);
    xcpu_put_reg(a, sub, 5, XH_SP);
    xcpu_put8(a, 8);
    xcpu_put_reg(a, move, XH_CPU, XH_DI);
    xcpu_put_reg(a, move, XH_T0, XH_SI);
    xcpu_put_reg(a, move, XH_CODE, XH_DX);
    xcpu_put_reg(a, move, XH_TABLE, XH_CX);
    put_registers_in(a);
    xcpu_put_reg(a, xcpu_op(0xff), 4, XH_T0);
}

/* Arguments are in place but for the cpu. */
static void put_out_call(struct xcpu_asm *a, uintptr_t function)
{
    struct xcpu_asm_op move = {.wide = 1, .opcode = 0x8b};
    struct xcpu_asm_op sub = {.wide = 1, .opcode = 0x83};
    xcpu_put_reg(a, move, XH_DI, XH_CPU);
    xcpu_put_reg(a, sub, 5, XH_SP);
    xcpu_put8(a, 8);
    put_call(a, function);
    xcpu_put_reg(a, sub, 0, XH_SP);
    xcpu_put8(a, 8);
}

/* R8: the slot. */
static void put_call_handler(struct xcpu_asm *a)
{
    struct xcpu_asm_op move = {.wide = 1, .opcode = 0x8b};
    put_registers_out(a);
    put_xmm(a, 0x11, 0);
    xcpu_put_reg(a, move, XH_SI, XH_T0);
    put_out_call(a, (uintptr_t)xcpu_jit_call_handler);
    put_xmm(a, 0x10, 0);
    put_registers_in(a);
    xcpu_put8(a, 0xc3);
}

/* Behind the call of a function that may say 0: then the way out, with
 * registers that are in the cpu already. */
static void put_leave_unless(struct xcpu_asm *a, enum xcpu_jit_result result)
{
    struct xcpu_asm_op add = {.wide = 1, .opcode = 0x83};
    xcpu_put_reg(a, xcpu_op(0x85), XH_AX, XH_AX);
    xcpu_put8(a, 0x75); /* jne */
    uint8_t *from = a->at;
    xcpu_put8(a, 0);
    xcpu_put_imm(a, XH_AX, result);
    xcpu_put_reg(a, add, 0, XH_SP); /* the return address */
    xcpu_put8(a, 8);
    put_epilogue(a);
    from[0] = (uint8_t)(a->at - from - 1);
    put_xmm(a, 0x10, 0);
    put_registers_in(a);
}

/* R8D: the guest's ECX, which ECX does not hold; likewise afterwards. */
static void put_load_state(struct xcpu_asm *a, unsigned needs)
{
    struct xcpu_asm_op move = {.wide = 1, .opcode = 0x8b};
    struct xcpu_asm_memory host = xcpu_at(XH_SP, 0);
    xcpu_put_mov(a, XH_CX, XH_T0);
    put_registers_out(a);
    put_xmm(a, 0x11, 0);
    xcpu_put_imm(a, XH_SI, needs);
    xcpu_put_memory(a, move, XH_DX, &host);
    put_out_call(a, (uintptr_t)xcpu_jit_load);
    put_leave_unless(a, XCPU_JIT_INTERP);
    xcpu_put_mov(a, XH_T0, XH_CX);
    xcpu_put8(a, 0xc3);
}

/* R8: what with. */
static void put_compare(struct xcpu_asm *a)
{
    struct xcpu_asm_op move = {.wide = 1, .opcode = 0x8b};
    put_registers_out(a);
    put_xmm(a, 0x11, 0);
    xcpu_put_reg(a, move, XH_SI, XH_T0);
    put_out_call(a, (uintptr_t)xcpu_jit_same);
    put_leave_unless(a, XCPU_JIT_CHANGED);
    xcpu_put8(a, 0xc3);
}

static void put_mask(struct xcpu_asm *a, uint32_t mask)
{
    for (int i = 0; i < 4; i++)
        xcpu_put32(a, mask);
}

int xcpu_jit_make_stubs(struct xcpu_jit *jit)
{
    struct xcpu_asm a = {jit->writable, jit->writable + jit->size};
    struct xcpu_asm_memory from = xcpu_at(XH_CPU, FIELD(jit_from));
    struct xcpu_asm_op store = {.wide = 1, .opcode = 0x89};
#define HERE ((uint32_t)(a.at - jit->writable))
    /* At offset 0, where an empty entry of the table leads. */
    xcpu_put_store(&a, XH_T0, XH_CPU, FIELD(eip));
    xcpu_put_imm(&a, XH_T1, XCPU_JIT_INDIRECT);
    const uint8_t *leave = a.at;
    put_leave(&a);
    jit->leave_link = HERE;
    xcpu_put_opcode(&a, xcpu_op(0x58 | (XH_T0 & 7)), 1);
    xcpu_put_memory(&a, store, XH_T0, &from);
    put_result(&a, XCPU_JIT_LINK, leave);
    jit->leave_interp = HERE;
    put_result(&a, XCPU_JIT_INTERP, leave);
    jit->leave_int = HERE;
    put_result(&a, XCPU_JIT_INT, leave);
    jit->enter = HERE;
    put_enter(&a);
    jit->call_handler = HERE;
    put_call_handler(&a);
    jit->load_x87 = HERE;
    put_load_state(&a, XCPU_JIT_X87);
    jit->load_sse = HERE;
    put_load_state(&a, XCPU_JIT_SSE);
    jit->compare = HERE;
    put_compare(&a);
    a.at += -HERE & 15;
    jit->word_mask = HERE;
    put_mask(&a, 0xe0ff);
    jit->rc_mask = HERE;
    put_mask(&a, XCPU_ROUND_CHOP);
    jit->mxcsr_mask = HERE;
    put_mask(&a,
             ~(uint32_t)(XCPU_MXCSR_FLAGS | XCPU_MXCSR_ROUND | XCPU_MXCSR_FTZ));
    jit->kept_mask = HERE;
    put_mask(&a, XCPU_TF | XCPU_DF | XCPU_NT | XCPU_AC | XCPU_ID);
    jit->first = jit->used = (HERE + 63) & ~63u;
#undef HERE
    jit->slot.run = xcpu_run_translated;
    jit->has_fsgsbase = (getauxval(AT_HWCAP2) & FSGSBASE) != 0;
    jit->modified = 1;
    return a.at < a.end ? 0 : -1;
}

/* ---- flags, as xcpu_put_flags_out leaves them ---- */

void xcpu_jit_pack_flags(struct xcpu *cpu)
{
    uint32_t flags = xcpu_get_flags(cpu);
    cpu->jit_flags =
        (uint16_t)(((flags & XF_SZAPC) | 2) << 8 | ((flags & XF_O) ? 1 : 0));
}

void xcpu_jit_unpack_flags(struct xcpu *cpu)
{
    uint32_t flags = cpu->jit_flags >> 8 & XF_SZAPC;
    xcpu_set_flags(cpu, flags | (cpu->jit_flags & 1 ? XF_O : 0));
}

/* ---- what translated code calls ---- */

void xcpu_jit_call_handler(struct xcpu *cpu, const struct xcpu_slot *slot)
{
    uint8_t *memory = cpu->memory;
    xcpu_jit_unpack_flags(cpu);
    while (slot && slot->run != xcpu_run_handled)
        slot = slot->run(cpu, slot, memory);
    if (cpu->fpu.sse_mode != XCPU_SSE_HOST)
        cpu->no_sse = 1;
    xcpu_jit_pack_flags(cpu);
}

XCPU_HANDLER(handled)
{
    (void)cpu;
    (void)slot;
    return NULL;
}

static int load(struct xcpu *cpu, unsigned needs)
{
    if (needs & XCPU_JIT_X87) {
        if (cpu->fpu.x87_mode < XCPU_X87_HOST)
            xcpu_x87_enter(&cpu->fpu);
        return cpu->fpu.x87_mode == XCPU_X87_HOST;
    }
    if (!xcpu_sse_enter(&cpu->fpu) || cpu->fpu.sse_mode != XCPU_SSE_HOST)
        return 0;
    cpu->no_sse = 0;
    return 1;
}

int xcpu_jit_load(struct xcpu *cpu, unsigned needs, uintptr_t host)
{
    const struct xcpu_jit *jit = cpu->jit;
    if (load(cpu, needs))
        return 1;
    const struct xcpu_translation *in = xcpu_jit_block_of(jit, host);
    const struct xcpu_jit_mark *mark = xcpu_jit_mark_of(jit, in, host);
    cpu->eip = in->eip + mark->guest;
    uint32_t esp = (uint32_t)(int32_t)mark->esp;
    cpu->gpr[XCPU_ESP].d += esp;
    cpu->left += xcpu_jit_refund(jit, in, mark, host);
    xcpu_jit_take_note(cpu, in, mark);
    cpu->no_sse = 1;
    return 0;
}

/* ---- the base of GS is the window while guest code runs ---- */

/* To change it takes as long as dozens of instructions: where programs can
 * look at it, it is left as it is, for the host has no use for it. */
static void enter_window(struct xcpu *cpu)
{
    uint64_t window = (uintptr_t)cpu->memory, now;
    __asm__ volatile("rdgsbase %0" : "=r"(now));
    if (now != window)
        __asm__ volatile("wrgsbase %0" : : "r"(window));
}

enum { ARCH_SET_GS_ = 0x1001, ARCH_GET_GS_ = 0x1004 };

static void set_gs(struct xcpu *cpu)
{
    if (cpu->jit->has_fsgsbase) {
        enter_window(cpu);
    } else if (!cpu->gs_set) {
        cpu->gs_set = 1;
        syscall(SYS_arch_prctl, ARCH_GET_GS_, &cpu->host_gs);
        syscall(SYS_arch_prctl, ARCH_SET_GS_, (uintptr_t)cpu->memory);
    }
}

void xcpu_jit_leave(struct xcpu *cpu)
{
    if (!cpu->gs_set)
        return;
    cpu->gs_set = 0;
    syscall(SYS_arch_prctl, ARCH_SET_GS_, cpu->host_gs);
}

/* ---- the way in and what comes out ---- */

/*
 * Code that was written through another address than it is fetched from
 * needs a serializing instruction in between (SDM 3, 8.1.3); IRET is one, and
 * traps to no hypervisor.
 */
static void serialize(void)
{
    uint64_t scratch;
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "movq %%rsp, %0\n\t"
                     "pushq $0\n\t"
                     "movw %%ss, (%%rsp)\n\t"
                     "pushq %0\n\t"
                     "pushfq\n\t"
                     "pushq $0\n\t"
                     "movw %%cs, (%%rsp)\n\t"
                     "leaq 1f(%%rip), %0\n\t"
                     "pushq %0\n\t"
                     "iretq\n"
                     "1:\tleaq 128(%%rsp), %%rsp"
                     : "=&r"(scratch)
                     :
                     : "memory", "cc");
}

/* What translated code may spend until it comes back. */
static void fill_purse(struct xcpu *cpu)
{
    if (!cpu->machine->config.counted) {
        cpu->jit_left = (uintptr_t)cpu->memory;
        return;
    }
    int64_t held = cpu->left < XCPU_JIT_PURSE ? cpu->left : XCPU_JIT_PURSE;
    cpu->left -= held;
    cpu->jit_left = (uintptr_t)cpu->jit->purse + (uint64_t)held;
}

void xcpu_jit_empty_purse(struct xcpu *cpu)
{
    uint64_t purse = cpu->jit ? (uintptr_t)cpu->jit->purse : 0;
    if (cpu->jit_left && cpu->machine->config.counted)
        cpu->left += (int64_t)(cpu->jit_left - purse);
    cpu->jit_left = 0;
}

typedef int enter_function(struct xcpu *cpu, const uint8_t *to, uint8_t *code,
                           uint32_t *table);

static enum xcpu_jit_result enter(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    const uint8_t *stub = jit->code + jit->enter;
    enter_function *function;
    memcpy(&function, &stub, sizeof(function));
    set_gs(cpu);
    if (jit->modified) {
        jit->modified = 0;
        serialize();
    }
    fill_purse(cpu);
    enum xcpu_jit_result result =
        (enum xcpu_jit_result)function(cpu, jit->entry, jit->code, jit->table);
    xcpu_jit_empty_purse(cpu);
    return result;
}

/* The exit that a stub's call came from. */
static void came_from(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    uintptr_t call = (uintptr_t)cpu->jit_from - 5;
    struct xcpu_translation *in = xcpu_jit_block_of(jit, call);
    uint32_t stub = (uint32_t)(call - (uintptr_t)jit->code);
    struct xcpu_jit_exit *exit = in->exits;
    while (exit->stub != stub)
        exit++;
    cpu->eip = exit->eip;
    jit->from = exit;
    jit->from_depth = in->depth;
}

/* Where many words before FISTP do not truncate, to leave for each takes longer
 * than is gained. */
static void look_at_roundings(struct xcpu *cpu)
{
    if (cpu->jit_roundings <= ROUNDINGS_MAX || cpu->jit->no_truncation)
        return;
    cpu->jit->no_truncation = 1;
    xcpu_jit_clear(cpu);
}

/*
 * INT n: 1 to enter again, by the way that indirect jumps take. What the loop
 * around blocks looks at, but for cpu->stop, is looked at here.
 */
static int go_on_behind_int(struct xcpu *cpu)
{
    xcpu_leave_exit(cpu, cpu->eip, XCPU_EXIT_INT, cpu->jit_vector);
    if (!xcpu_answer_int(cpu) || !cpu->jit || cpu->machine->config.counted ||
        (cpu->eflags & (XCPU_TF | XCPU_DF | XCPU_AC)))
        return 0;
    struct xcpu_jit *jit = cpu->jit;
    uint32_t to = jit->table[cpu->eip];
    if (!to) {
        jit->wanted = cpu->eip;
        return 0;
    }
    jit->entry = jit->code + to;
    jit->stats.entries++;
    return 1;
}

/* Runs translated code until it leaves by itself; 0: something is pending. */
static int run_translated(struct xcpu *cpu, enum xcpu_jit_result *result)
{
    cpu->leaving = XCPU_LEAVING_BLOCK;
    cpu->running = 1;
    /* In this order: with xcpu_jit_stop. */
    atomic_store_explicit(&cpu->in_jit, 1, memory_order_seq_cst);
    if (atomic_load_explicit(&cpu->stop, memory_order_seq_cst))
        return 0;
    xcpu_jit_pack_flags(cpu);
    *result = enter(cpu);
    xcpu_jit_unpack_flags(cpu);
    return 1;
}

XCPU_HANDLER(translated)
{
    enum xcpu_jit_result result;
    (void)slot;
    (void)memory;
    do {
        if (!run_translated(cpu, &result))
            return NULL;
    } while (result == XCPU_JIT_INT && go_on_behind_int(cpu));
    switch (result) {
    case XCPU_JIT_LINK:
        came_from(cpu);
        break;
    case XCPU_JIT_INDIRECT:
        cpu->jit->wanted = cpu->eip;
        break;
    case XCPU_JIT_INTERP:
        cpu->interpret = 1;
        look_at_roundings(cpu);
        break;
    case XCPU_JIT_CHANGED:
        xcpu_jit_changed(cpu);
        break;
    case XCPU_JIT_INT:
        break;
    }
    return NULL;
}

#endif
