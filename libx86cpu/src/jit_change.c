/* jit_change.c -- translated code of pages that are stored to often. */
/* SPDX-License-Identifier: MIT */
#include "interp.h"
#include "jit.h"
#include "jit_emit.h"
#include "machine.h"

#if XCPU_HAVE_JIT

#include <string.h>

/*
 * Such a block compares its bytes with memory before each run. When they have
 * changed it is made again; where only immediate operands have, the new one
 * reads these from memory when it is executed, and does not compare them.
 */
struct xcpu_jit_compare {
    struct xcpu_slot slot; /* of the block's start, for a fault */
    uint32_t size;         /* bytes, rounded up to words */
    uint8_t *mask;         /* behind them; 0xff for those that are compared */
    uint8_t bytes[];
};

/* Changes of a block, after which it is left to the interpreter. */
#define CHANGES_MAX 64

#define WORD sizeof(uint64_t)

static struct xcpu_jit_change *change_of(struct xcpu_jit *jit, uint32_t eip)
{
    return &jit->changes[(eip ^ eip >> 6) % XCPU_JIT_CHANGES];
}

const struct xcpu_jit_change *xcpu_jit_find_change(struct xcpu_jit *jit,
                                                   uint32_t eip)
{
    const struct xcpu_jit_change *change = change_of(jit, eip);
    return change->count && change->eip == eip ? change : NULL;
}

int xcpu_jit_is_hopeless(const struct xcpu_jit_change *change)
{
    return change && change->count >= CHANGES_MAX;
}

struct xcpu_jit_compare *xcpu_jit_make_compare(struct xcpu_jit *jit,
                                               uint32_t eip, uint32_t size)
{
    uint32_t words = (size + WORD - 1) & ~(uint32_t)(WORD - 1);
    struct xcpu_jit_compare *made =
        xcpu_jit_allocate(jit, sizeof(*made) + 2 * (size_t)words);
    if (!made)
        return NULL;
    made->slot = (struct xcpu_slot){.eip = eip};
    made->size = words;
    made->mask = made->bytes + words;
    return made;
}

void xcpu_jit_fill_compare(struct xcpu_jit_compare *compare,
                           const uint8_t *bytes, const uint8_t *varying,
                           uint32_t size)
{
    memset(compare->bytes, 0, 2 * (size_t)compare->size);
    memcpy(compare->bytes, bytes, size);
    for (uint32_t i = 0; i < size; i++)
        compare->mask[i] = varying[i] ? 0 : 0xff;
}

static uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, WORD);
    return word;
}

/* The bytes behind the block are not compared, and may not be there. */
static void read_code(struct xcpu *cpu, const struct xcpu_jit_compare *compare,
                      uint8_t *now)
{
    uint32_t size = compare->size;
    while (!compare->mask[size - 1])
        size--;
    xcpu_load_bytes(cpu, &compare->slot, cpu->machine->base, compare->slot.eip,
                    now, size);
}

int xcpu_jit_same(struct xcpu *cpu, const struct xcpu_jit_compare *compare)
{
    uint8_t now[XCPU_DRAFT_CODE];
    uint64_t different = 0;
    memset(now + compare->size - WORD, 0, WORD);
    read_code(cpu, compare, now);
    for (uint32_t i = 0; i < compare->size; i += WORD)
        different |= (word_at(now + i) ^ word_at(compare->bytes + i)) &
                     word_at(compare->mask + i);
    if (!different)
        return 1;
    cpu->eip = compare->slot.eip;
    cpu->no_sse = 1;
    return 0;
}

/* ---- the comparison as host code ---- */

/* xmm = so many bytes of memory: 16, 8 or 4. */
static void put_load_xmm(struct xcpu_emit *e, unsigned xmm, unsigned bytes,
                         const struct xcpu_asm_memory *m)
{
    struct xcpu_asm_op load = {.prefix = 0xf3, .map = 0x0f, .opcode = 0x6f};
    if (bytes == 8)
        load.opcode = 0x7e;
    if (bytes == 4)
        load =
            (struct xcpu_asm_op){.prefix = 0x66, .map = 0x0f, .opcode = 0x6e};
    xcpu_put_memory(&e->a, load, xmm, m);
}

/* op xmm, xmm */
static void put_xmm(struct xcpu_emit *e, unsigned opcode, unsigned to,
                    unsigned from)
{
    struct xcpu_asm_op op = {
        .prefix = 0x66, .map = 0x0f, .opcode = (uint8_t)opcode};
    xcpu_put_reg(&e->a, op, to, from);
}

/* XMM9 gets the bits that differ in so many bytes from an offset on; T0 is
 * where compare's bytes are. */
static void put_differences(struct xcpu_emit *e, uint32_t offset,
                            unsigned bytes)
{
    struct xcpu_asm_memory code = xcpu_emit_at(XH_NONE, e->block->eip + offset);
    struct xcpu_asm_memory was = xcpu_at(XH_T0, offset);
    struct xcpu_asm_memory mask = xcpu_at(XH_T0, e->compare->size + offset);
    put_load_xmm(e, 8, bytes, &code);
    put_load_xmm(e, 10, bytes, &was);
    put_xmm(e, 0xef, 8, 10); /* pxor */
    put_load_xmm(e, 10, bytes, &mask);
    put_xmm(e, 0xdb, 8, 10); /* pand */
    put_xmm(e, 0xeb, 9, 8);  /* por */
}

static void put_call_compare(struct xcpu_emit *e)
{
    xcpu_put_imm64(&e->a, XH_T0, (uintptr_t)e->compare);
    xcpu_put_branch(&e->a, 0xe8, e->jit->writable + e->jit->compare);
}

/* Where bytes differ, xcpu_jit_same says what is to be done. What counts may
 * run in copies, and is compared elsewhere. The last ones are compared from the
 * block's end back, for what is behind it may not be there. */
void xcpu_emit_compare(struct xcpu_emit *e)
{
    struct xcpu_asm *a = &e->a;
    uint32_t size = e->block->size, offset = 0;
    unsigned bytes = size >= 16 ? 16 : size >= 8 ? 8 : 4;
    if (e->counted || size < bytes) {
        put_call_compare(e);
        return;
    }
    xcpu_put_imm64(a, XH_T0, (uintptr_t)e->compare->bytes);
    put_xmm(e, 0xef, 9, 9); /* pxor */
    for (; size - offset > bytes; offset += bytes)
        put_differences(e, offset, bytes);
    put_differences(e, size - bytes, bytes);
    xcpu_put_mov(a, XH_T2, XH_CX);
    put_xmm(e, 0xef, 8, 8);
    put_xmm(e, 0x74, 9, 8);     /* pcmpeqb */
    put_xmm(e, 0xd7, XH_CX, 9); /* pmovmskb */
    xcpu_put_lea(a, XH_CX, XH_CX, 0u - 0xffff);
    xcpu_put8(a, 0xe3); /* jrcxz over the call */
    uint8_t *from = a->at;
    xcpu_put8(a, 0);
    xcpu_put_mov(a, XH_CX, XH_T2);
    put_call_compare(e);
    xcpu_put_mov(a, XH_T2, XH_CX);
    if (a->at < a->end)
        *from = (uint8_t)(a->at - from - 1);
    xcpu_put_mov(a, XH_CX, XH_T2);
}

/* ---- what has changed ---- */

/* Notes the instructions that have changed by their first bytes; those whose
 * immediate has changed are known by them, others will not be found again. */
static void note_changes(struct xcpu_jit_change *change,
                         const struct xcpu_translation *in,
                         const struct xcpu_jit_compare *compare,
                         const uint8_t *now)
{
    for (unsigned i = 0; i < in->marks_count; i++) {
        uint32_t from = in->marks[i].guest, to = compare->size;
        for (unsigned j = i + 1; j < in->marks_count && to == compare->size;
             j++)
            if (in->marks[j].guest != from)
                to = in->marks[j].guest;
        for (uint32_t at = from; at < to; at++)
            if ((now[at] ^ compare->bytes[at]) & compare->mask[at])
                change->starts[from / 8] |= (uint8_t)(1u << from % 8);
    }
}

void xcpu_jit_note_change(struct xcpu *cpu, uint32_t eip)
{
    struct xcpu_jit_change *change = change_of(cpu->jit, eip);
    if (change->eip != eip)
        *change = (struct xcpu_jit_change){.eip = eip};
    if (change->count < CHANGES_MAX)
        change->count++;
}

void xcpu_jit_changed(struct xcpu *cpu)
{
    struct xcpu_jit *jit = cpu->jit;
    uint8_t now[XCPU_DRAFT_CODE] = {0};
    struct xcpu_jit_change *change = change_of(jit, cpu->eip);
    xcpu_jit_note_change(cpu, cpu->eip);
    jit->stats.changes++;
    struct xcpu_block *block = xcpu_block_find(cpu, cpu->eip);
    const struct xcpu_translation *in = block->translation;
    read_code(cpu, in->compare, now);
    note_changes(change, in, in->compare, now);
    xcpu_block_drop(cpu, block);
}

#endif
