/* fxstate.c -- memory images of the x87, MMX and SSE registers. */
/* SPDX-License-Identifier: MIT */
#include "fxstate.h"

#include <string.h>

#include "cpu.h"
#include "float80.h"

/* What struct xcpu_fpu keeps of FSW. */
#define STATUS_KEPT (XCPU_X87_EXCEPTIONS | XCPU_X87_SF | XCPU_X87_CONDITIONS)

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

static void put16(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, value);
    put16(bytes + 2, value >> 16);
}

static void put_register(uint8_t *bytes, struct xcpu_f80 value)
{
    put32(bytes, (uint32_t)value.mantissa);
    put32(bytes + 4, (uint32_t)(value.mantissa >> 32));
    put16(bytes + 8, value.exponent);
}

static struct xcpu_f80 get_register(const uint8_t *bytes)
{
    return (struct xcpu_f80){get32(bytes) | (uint64_t)get32(bytes + 4) << 32,
                             get16(bytes + 8)};
}

struct xcpu_fpu *xcpu_fpu_of(struct xcpu *cpu)
{
    return &cpu->fpu;
}

/* ---- status and tags ---- */

int xcpu_fpu_pending(const struct xcpu_fpu *fpu)
{
    return (fpu->status & ~fpu->control & XCPU_X87_EXCEPTIONS) != 0;
}

uint16_t xcpu_fpu_status(const struct xcpu_fpu *fpu)
{
    int pending = xcpu_fpu_pending(fpu) ? XCPU_X87_ES | XCPU_X87_B : 0;

    return (uint16_t)(fpu->status | fpu->top << 11 | pending);
}

static void set_status(struct xcpu_fpu *fpu, uint16_t status)
{
    fpu->status = status & STATUS_KEPT;
    fpu->top = status >> 11 & 7;
}

/* The two bits of a register that is not empty: valid, zero, special. */
static unsigned tag_of(struct xcpu_f80 value)
{
    unsigned exponent = value.exponent & 0x7fff;

    if (exponent == 0 && value.mantissa == 0)
        return 1;
    if (exponent == 0 || exponent == 0x7fff || !(value.mantissa >> 63))
        return 2;
    return 0;
}

static uint16_t full_tags(const struct xcpu_fpu *fpu)
{
    unsigned tags = 0;
    int i;

    for (i = 0; i < 8; i++)
        tags |= (fpu->valid >> i & 1 ? tag_of(fpu->st[i]) : 3) << 2 * i;
    return (uint16_t)tags;
}

static uint8_t valid_of(uint16_t tags)
{
    unsigned valid = 0;
    int i;

    for (i = 0; i < 8; i++)
        valid |= (unsigned)((tags >> 2 * i & 3) != 3) << i;
    return (uint8_t)valid;
}

/* ---- FNINIT, FNSTENV, FNSAVE ---- */

void xcpu_fpu_init(struct xcpu_fpu *fpu)
{
    fpu->x87_mode = XCPU_X87_MEMORY;
    fpu->control = 0x37f;
    fpu->status = 0;
    fpu->top = 0;
    fpu->valid = 0;
    fpu->opcode = 0;
    fpu->code_offset = 0;
    fpu->data_offset = 0;
}

void xcpu_fpu_store_environment(const struct xcpu_fpu *fpu, int size,
                                uint8_t *image)
{
    if (size == 16) {
        put16(image, fpu->control);
        put16(image + 2, xcpu_fpu_status(fpu));
        put16(image + 4, full_tags(fpu));
        put16(image + 6, fpu->code_offset);
        put16(image + 8, 0);
        put16(image + 10, fpu->data_offset);
        put16(image + 12, 0);
        return;
    }
    put32(image, 0xffff0000u | fpu->control);
    put32(image + 4, 0xffff0000u | xcpu_fpu_status(fpu));
    put32(image + 8, 0xffff0000u | full_tags(fpu));
    put32(image + 12, fpu->code_offset);
    put32(image + 16, fpu->opcode << 16);
    put32(image + 20, fpu->data_offset);
    put32(image + 24, 0xffff0000u);
}

/* Bits 6 of FCW reads as 1, 13 to 15 and 7 as 0. */
static uint16_t control_of(uint16_t word)
{
    return (word & 0x1f3f) | 0x40;
}

void xcpu_fpu_load_environment(struct xcpu_fpu *fpu, int size,
                               const uint8_t *image)
{
    int step = size == 16 ? 2 : 4;

    fpu->x87_mode = XCPU_X87_MEMORY;
    fpu->control = control_of(get16(image));
    set_status(fpu, get16(image + step));
    fpu->valid = valid_of(get16(image + 2 * step));
    if (size == 16) {
        fpu->code_offset = get16(image + 6);
        fpu->opcode = 0;
        fpu->data_offset = get16(image + 10);
        return;
    }
    fpu->code_offset = get32(image + 12);
    fpu->opcode = get16(image + 18) & 0x7ff;
    fpu->data_offset = get32(image + 20);
}

void xcpu_fpu_store_all(const struct xcpu_fpu *fpu, int size, uint8_t *image)
{
    uint8_t *registers =
        image + (size == 16 ? XCPU_FNSTENV16_SIZE : XCPU_FNSTENV32_SIZE);
    unsigned i;

    xcpu_fpu_store_environment(fpu, size, image);
    for (i = 0; i < 8; i++)
        put_register(registers + 10 * i, fpu->st[(fpu->top + i) & 7]);
}

void xcpu_fpu_load_all(struct xcpu_fpu *fpu, int size, const uint8_t *image)
{
    const uint8_t *registers =
        image + (size == 16 ? XCPU_FNSTENV16_SIZE : XCPU_FNSTENV32_SIZE);
    unsigned i;

    xcpu_fpu_load_environment(fpu, size, image);
    for (i = 0; i < 8; i++)
        fpu->st[(fpu->top + i) & 7] = get_register(registers + 10 * i);
}

/* ---- FXSAVE ---- */

void xcpu_fpu_store_fx(const struct xcpu_fpu *fpu, uint8_t *image)
{
    unsigned i;

    memset(image, 0, XCPU_FXSAVE_USED);
    put16(image, fpu->control);
    put16(image + 2, xcpu_fpu_status(fpu));
    image[4] = fpu->valid;
    put16(image + 6, fpu->opcode);
    put32(image + 8, fpu->code_offset);
    put32(image + 16, fpu->data_offset);
    put32(image + 24, fpu->mxcsr);
    put32(image + 28, XCPU_MXCSR_MASK);
    for (i = 0; i < 8; i++)
        put_register(image + 32 + 16 * i, fpu->st[(fpu->top + i) & 7]);
    for (i = 0; i < 8; i++)
        memcpy(image + 160 + 16 * i, fpu->xmm[i].u8, 16);
}

/* The x87's own fields, without the pointers. */
static void load_fx_x87(struct xcpu_fpu *fpu, const uint8_t *image)
{
    unsigned i;

    fpu->x87_mode = XCPU_X87_MEMORY;
    fpu->control = control_of(get16(image));
    set_status(fpu, get16(image + 2));
    fpu->valid = image[4];
    for (i = 0; i < 8; i++)
        fpu->st[(fpu->top + i) & 7] = get_register(image + 32 + 16 * i);
}

void xcpu_fpu_load_fx(struct xcpu_fpu *fpu, const uint8_t *image)
{
    unsigned i;

    load_fx_x87(fpu, image);
    fpu->opcode = get16(image + 6) & 0x7ff;
    fpu->code_offset = get32(image + 8);
    fpu->data_offset = get32(image + 16);
    fpu->mxcsr = get32(image + 24) & XCPU_MXCSR_MASK;
    for (i = 0; i < 8; i++)
        memcpy(fpu->xmm[i].u8, image + 160 + 16 * i, 16);
}

/* ---- the host's unit ---- */

#if defined(__x86_64__)
void xcpu_fpu_leave_host(struct xcpu_fpu *fpu)
{
    if (fpu->x87_mode >= XCPU_X87_HOST) {
        uint8_t image[XCPU_FNSAVE32_SIZE];
        uint32_t opcode = fpu->opcode;
        uint32_t code = fpu->code_offset, data = fpu->data_offset;

        /* Also leaves the host's x87 as FNINIT does. */
        __asm__ volatile("fnsave %0" : "=m"(image));
        if (fpu->host_control != 0x37f)
            __asm__ volatile("fldcw %0" : : "m"(fpu->host_control));
        xcpu_fpu_load_all(fpu, 32, image);
        fpu->opcode = opcode;
        fpu->code_offset = code;
        fpu->data_offset = data;
    }
    if (fpu->sse_mode != XCPU_SSE_MEMORY) {
        uint32_t flags;

        __asm__ volatile("stmxcsr %0" : "=m"(flags));
        __asm__ volatile("ldmxcsr %0" : : "m"(fpu->host_mxcsr));
        if (fpu->sse_mode == XCPU_SSE_HOST)
            fpu->mxcsr |= flags & XCPU_X87_EXCEPTIONS;
        fpu->sse_mode = XCPU_SSE_MEMORY;
    }
}

void xcpu_fpu_interrupted(struct xcpu_fpu *fpu, const void *host_fpregs)
{
    const uint8_t *image = host_fpregs;

    if (!image)
        return;
    if (fpu->x87_mode >= XCPU_X87_HOST) {
        load_fx_x87(fpu, image);
        __asm__ volatile("fldcw %0" : : "m"(fpu->host_control));
    }
    if (fpu->sse_mode != XCPU_SSE_MEMORY) {
        if (fpu->sse_mode == XCPU_SSE_HOST)
            fpu->mxcsr |= get32(image + 24) & XCPU_X87_EXCEPTIONS;
        __asm__ volatile("ldmxcsr %0" : : "m"(fpu->host_mxcsr));
        fpu->sse_mode = XCPU_SSE_MEMORY;
    }
}
#else
void xcpu_fpu_leave_host(struct xcpu_fpu *fpu)
{
    (void)fpu;
}

void xcpu_fpu_interrupted(struct xcpu_fpu *fpu, const void *host_fpregs)
{
    (void)fpu;
    (void)host_fpregs;
}
#endif

/* ---- the public functions ---- */

void xcpu_fpu_reset(struct xcpu_fpu *fpu)
{
    *fpu = (struct xcpu_fpu){.mxcsr = XCPU_MXCSR_RESET};
    xcpu_fpu_init(fpu);
}

void xcpu_get_fxstate(const struct xcpu *cpu, struct xcpu_fxstate *state)
{
    memset(state->bytes, 0, sizeof(state->bytes));
    xcpu_fpu_store_fx(&cpu->fpu, state->bytes);
}

void xcpu_set_fxstate(struct xcpu *cpu, const struct xcpu_fxstate *state)
{
    xcpu_fpu_load_fx(&cpu->fpu, state->bytes);
}

void xcpu_get_fnsave(const struct xcpu *cpu, uint8_t image[108])
{
    xcpu_fpu_store_all(&cpu->fpu, 32, image);
}

void xcpu_set_fnsave(struct xcpu *cpu, const uint8_t image[108])
{
    xcpu_fpu_load_all(&cpu->fpu, 32, image);
}

void xcpu_reset_fpu(struct xcpu *cpu)
{
    int portable = cpu->fpu.portable;

    xcpu_fpu_reset(&cpu->fpu);
    cpu->fpu.portable = (uint8_t)portable;
}
