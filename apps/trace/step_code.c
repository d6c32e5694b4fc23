/* step_code.c -- steps as the streams of a block. */
/* SPDX-License-Identifier: MIT */
#include "step_code.h"

#include <string.h>

#include <xxhash.h>

#include "bytes.h"
#include "number.h"

/* Bits of a mask: what has changed, besides EIP. */
enum {
    BIT_EFLAGS = 0,
    BIT_GPRS = 1,
    BIT_FPU = 9,
    BIT_SEGMENTS = 10,
    BIT_THREAD = 11,
    BIT_OUTSIDE = 12, /* no instruction did it */
    MASK_END = 13
};

/* Bits of an FPU's mask: the x87's registers, XMM, control words. */
enum { FPU_XMM = 8, FPU_CONTROL = 16, FPU_END = 17 };

enum { SEGMENTS_SIZE = 36 };

/* ---- states ---- */

void tr_get_step_state(const struct xcpu *cpu, uint64_t thread,
                       struct tr_step_state *state)
{
    /* Places in FXSAVE's image (SDM 1, 10.5.1). */
    enum { FSW = 2, MXCSR = 24, ST = 32, XMM = 160 };
    struct xcpu_fxstate fx;
    unsigned top;

    state->thread = thread;
    xcpu_get_regs(cpu, &state->regs);
    xcpu_get_fxstate(cpu, &fx);
    memcpy(state->fpu, fx.bytes, 5);
    memcpy(state->fpu + 5, fx.bytes + MXCSR, 4);
    top = (unsigned)(tr_get(fx.bytes + FSW, 2) >> 11) & 7;
    for (unsigned i = 0; i < 8; i++)
        memcpy(state->fpu + TR_STEP_ST + (size_t)10 * ((top + i) & 7),
               fx.bytes + ST + (size_t)16 * i, 10);
    memcpy(state->fpu + TR_STEP_XMM, fx.bytes + XMM, 128);
}

static uint64_t hash_fpu(const struct tr_step_state *state)
{
    enum { FSW = 2 };
    const uint64_t conditions = 0x4700;
    uint8_t agreed[TR_STEP_FPU_SIZE];

    memcpy(agreed, state->fpu, sizeof(agreed));
    tr_put(agreed + FSW, tr_get(agreed + FSW, 2) & ~conditions, 2);
    return XXH64(agreed, sizeof(agreed), 0);
}

static void put_segments(const struct xcpu_regs *regs,
                         uint8_t bytes[SEGMENTS_SIZE])
{
    for (int i = 0; i < 6; i++) {
        tr_put(bytes + 2 * i, regs->sreg[i], 2);
        tr_put(bytes + 12 + 4 * i, regs->sreg_base[i], 4);
    }
}

static void get_segments(struct xcpu_regs *regs,
                         const uint8_t bytes[SEGMENTS_SIZE])
{
    for (int i = 0; i < 6; i++) {
        regs->sreg[i] = (uint16_t)tr_get(bytes + 2 * i, 2);
        regs->sreg_base[i] = (uint32_t)tr_get(bytes + 12 + 4 * i, 4);
    }
}

/* Where in a state's fpu a bit of its mask has its bytes, and how many. */
static size_t fpu_place(int bit, size_t *size)
{
    if (bit >= FPU_CONTROL) {
        *size = TR_STEP_CONTROL;
        return 0;
    }
    *size = bit >= FPU_XMM ? 16 : 10;
    return bit >= FPU_XMM ? TR_STEP_XMM + (size_t)16 * (unsigned)(bit - FPU_XMM)
                          : TR_STEP_ST + (size_t)10 * (unsigned)bit;
}

int tr_same_step_state(const struct tr_step_state *found,
                       const struct tr_step_state *expected, const char **what,
                       uint64_t values[2])
{
    static const char *const names[8] = {"EAX", "ECX", "EDX", "EBX",
                                         "ESP", "EBP", "ESI", "EDI"};
    const struct xcpu_regs *a = &found->regs, *b = &expected->regs;
    struct row {
        const char *name;
        uint64_t values[2];
    } rows[] = {
        {"the thread", {found->thread, expected->thread}},
        {"EIP", {a->eip, b->eip}},
        {"EFLAGS",
         {a->eflags & ~(uint32_t)TR_ARITHMETIC_FLAGS,
          b->eflags & ~(uint32_t)TR_ARITHMETIC_FLAGS}},
        {"the registers' hash", {tr_hash_registers(a), tr_hash_registers(b)}},
        {"the FPU's hash", {hash_fpu(found), hash_fpu(expected)}},
    };

    for (int i = 0; i < 8; i++)
        if (a->gpr[i] != b->gpr[i]) {
            *what = names[i];
            values[0] = a->gpr[i];
            values[1] = b->gpr[i];
            return 0;
        }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].values[0] != rows[i].values[1]) {
            *what = rows[i].name;
            memcpy(values, rows[i].values, sizeof(rows[i].values));
            return 0;
        }
    return 1;
}

/* ---- writing ---- */

static void put_bytes(struct tr_step_writer *steps, int stream,
                      const uint8_t *bytes, size_t size)
{
    memcpy(steps->bytes[stream] + steps->sizes[stream], bytes, size);
    steps->sizes[stream] += (uint32_t)size;
    steps->size += (uint32_t)size;
}

static void put_value(struct tr_step_writer *steps, int stream, uint64_t value)
{
    uint8_t bytes[TR_NUMBER_MAX];

    put_bytes(steps, stream, bytes,
              (size_t)(tr_put_number(bytes, value) - bytes));
}

/* A difference modulo 2^32, small ones of either sign as small numbers. */
static void put_difference(struct tr_step_writer *steps, int stream,
                           uint32_t from, uint32_t to)
{
    uint32_t by = to - from;

    put_value(steps, stream, (by << 1) ^ (by >> 31 != 0 ? UINT32_MAX : 0));
}

static void put_fpu(struct tr_step_writer *steps,
                    const struct tr_step_state *to)
{
    uint64_t mask = 0;
    size_t size;

    for (int bit = 0; bit < FPU_END; bit++) {
        size_t at = fpu_place(bit, &size);

        if (memcmp(steps->last.fpu + at, to->fpu + at, size) != 0)
            mask |= (uint64_t)1 << bit;
    }
    put_value(steps, TR_STREAM_FPU, mask);
    for (int bit = 0; bit < FPU_END; bit++)
        if ((mask >> bit & 1) != 0) {
            size_t at = fpu_place(bit, &size);

            put_bytes(steps, TR_STREAM_FPU, to->fpu + at, size);
        }
}

static unsigned mask_of(const struct tr_step_state *from,
                        const struct tr_step_state *to)
{
    const struct xcpu_regs *a = &from->regs, *b = &to->regs;
    unsigned mask = (unsigned)(a->eflags != b->eflags) << BIT_EFLAGS;

    for (int i = 0; i < 8; i++)
        mask |= (unsigned)(a->gpr[i] != b->gpr[i]) << (BIT_GPRS + i);
    if (memcmp(from->fpu, to->fpu, sizeof(from->fpu)) != 0)
        mask |= 1u << BIT_FPU;
    if (memcmp(a->sreg, b->sreg, sizeof(a->sreg)) != 0 ||
        memcmp(a->sreg_base, b->sreg_base, sizeof(a->sreg_base)) != 0)
        mask |= 1u << BIT_SEGMENTS;
    if (from->thread != to->thread)
        mask |= 1u << BIT_THREAD;
    return mask;
}

static void put_change(struct tr_step_writer *steps,
                       const struct tr_step_state *to, unsigned mask)
{
    const struct xcpu_regs *from = &steps->last.regs;
    uint8_t segments[SEGMENTS_SIZE];

    put_value(steps, TR_STREAM_MASKS, mask);
    put_difference(steps, TR_STREAM_EIP, from->eip, to->regs.eip);
    if ((mask >> BIT_EFLAGS & 1) != 0)
        put_value(steps, TR_STREAM_EFLAGS, from->eflags ^ to->regs.eflags);
    for (int i = 0; i < 8; i++)
        if ((mask >> (BIT_GPRS + i) & 1) != 0)
            put_difference(steps, TR_STREAM_GPRS + i, from->gpr[i],
                           to->regs.gpr[i]);
    if ((mask >> BIT_FPU & 1) != 0)
        put_fpu(steps, to);
    if ((mask >> BIT_SEGMENTS & 1) != 0) {
        put_segments(&to->regs, segments);
        put_bytes(steps, TR_STREAM_SEGMENTS, segments, sizeof(segments));
    }
    if ((mask >> BIT_THREAD & 1) != 0)
        put_value(steps, TR_STREAM_THREADS, to->thread);
    steps->last = *to;
}

void tr_step_begin(struct tr_step_writer *steps)
{
    memset(&steps->last, 0, sizeof(steps->last));
    memset(steps->sizes, 0, sizeof(steps->sizes));
    steps->size = 0;
}

void tr_step_put(struct tr_step_writer *steps,
                 const struct tr_step_state *before,
                 const struct tr_step_state *after)
{
    unsigned mask = mask_of(&steps->last, before);

    if (mask != 0 || steps->last.regs.eip != before->regs.eip)
        put_change(steps, before, mask | 1u << BIT_OUTSIDE);
    put_change(steps, after, mask_of(&steps->last, after));
}

uint32_t tr_step_pack(const struct tr_step_writer *steps, uint8_t *content)
{
    uint8_t *to = content;

    for (int i = 0; i < TR_STREAMS; i++) {
        to = tr_put_number(to, steps->sizes[i]);
        memcpy(to, steps->bytes[i], steps->sizes[i]);
        to += steps->sizes[i];
    }
    return (uint32_t)(to - content);
}

/* ---- reading ---- */

int tr_step_open(struct tr_step_reader *steps, const uint8_t *content,
                 size_t size)
{
    const uint8_t *at = content, *end = content + size;

    memset(&steps->last, 0, sizeof(steps->last));
    for (int i = 0; i < TR_STREAMS; i++) {
        uint64_t count;

        at = tr_get_number(at, end, &count);
        if (at == NULL || count > (uint64_t)(end - at))
            return 0;
        steps->at[i] = at;
        at += count;
        steps->end[i] = at;
    }
    return at == end;
}

static int get_value(struct tr_step_reader *steps, int stream, uint64_t *value)
{
    const uint8_t *at =
        tr_get_number(steps->at[stream], steps->end[stream], value);

    if (at == NULL)
        return 0;
    steps->at[stream] = at;
    return 1;
}

static int get_difference(struct tr_step_reader *steps, int stream,
                          uint32_t *value)
{
    uint64_t by;

    if (!get_value(steps, stream, &by) || by > UINT32_MAX)
        return 0;
    *value += (uint32_t)(by >> 1) ^ ((by & 1) != 0 ? UINT32_MAX : 0);
    return 1;
}

static int get_bytes(struct tr_step_reader *steps, int stream, uint8_t *bytes,
                     size_t size)
{
    if (size > (size_t)(steps->end[stream] - steps->at[stream]))
        return 0;
    memcpy(bytes, steps->at[stream], size);
    steps->at[stream] += size;
    return 1;
}

static int get_fpu(struct tr_step_reader *steps)
{
    uint64_t mask;
    int is_there = get_value(steps, TR_STREAM_FPU, &mask);

    for (int bit = 0; bit < FPU_END && is_there; bit++)
        if ((mask >> bit & 1) != 0) {
            size_t size, at = fpu_place(bit, &size);

            is_there =
                get_bytes(steps, TR_STREAM_FPU, steps->last.fpu + at, size);
        }
    return is_there && mask >> FPU_END == 0;
}

static int get_change(struct tr_step_reader *steps, uint64_t *mask)
{
    struct xcpu_regs *regs = &steps->last.regs;
    uint8_t segments[SEGMENTS_SIZE];
    uint64_t flags = 0;

    if (!get_value(steps, TR_STREAM_MASKS, mask) || *mask >> MASK_END != 0 ||
        !get_difference(steps, TR_STREAM_EIP, &regs->eip))
        return 0;
    if ((*mask >> BIT_EFLAGS & 1) != 0 &&
        !get_value(steps, TR_STREAM_EFLAGS, &flags))
        return 0;
    regs->eflags ^= (uint32_t)flags;
    for (int i = 0; i < 8; i++)
        if ((*mask >> (BIT_GPRS + i) & 1) != 0 &&
            !get_difference(steps, TR_STREAM_GPRS + i, &regs->gpr[i]))
            return 0;
    if ((*mask >> BIT_FPU & 1) != 0 && !get_fpu(steps))
        return 0;
    if ((*mask >> BIT_SEGMENTS & 1) != 0) {
        if (!get_bytes(steps, TR_STREAM_SEGMENTS, segments, SEGMENTS_SIZE))
            return 0;
        get_segments(regs, segments);
    }
    return (*mask >> BIT_THREAD & 1) == 0 ||
           get_value(steps, TR_STREAM_THREADS, &steps->last.thread);
}

int tr_step_get(struct tr_step_reader *steps, struct tr_step *step)
{
    uint64_t mask;

    do {
        step->eip = steps->last.regs.eip;
        if (!get_change(steps, &mask))
            return 0;
    } while ((mask >> BIT_OUTSIDE & 1) != 0);
    step->after = steps->last;
    return 1;
}

int tr_step_is_over(const struct tr_step_reader *steps)
{
    for (int i = 0; i < TR_STREAMS; i++)
        if (steps->at[i] != steps->end[i])
            return 0;
    return 1;
}
