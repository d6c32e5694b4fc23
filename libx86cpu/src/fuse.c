/* fuse.c -- pairs of slots that one handler executes. */
/* SPDX-License-Identifier: MIT */
#include "fuse.h"
#include "int_alu.h"
#include "int_branch.h"
#include "int_move.h"
#include "int_shift.h"
#include "int_stack.h"

#include <stdlib.h>

/* ---- steps: bodies with one signature ---- */

#define STEP(name)                                                             \
    XCPU_HANDLER(name);                                                        \
    static inline void step_##name(struct xcpu *cpu,                           \
                                   const struct xcpu_slot *slot,               \
                                   __attribute__((unused)) uint8_t *memory)
#define REG_STEP(body)                                                         \
    STEP(body)                                                                 \
    {                                                                          \
        body(cpu, slot);                                                       \
    }
#define MEM0_STEP(body)                                                        \
    STEP(body)                                                                 \
    {                                                                          \
        body(cpu, slot, memory);                                               \
    }
#define MEM_STEP(body, form)                                                   \
    STEP(body##_##form)                                                        \
    {                                                                          \
        body(cpu, slot, memory, xcpu_address_##form(cpu, slot));               \
    }

REG_STEP(MOV32_rg)
REG_STEP(MOV32_ri)
MEM_STEP(MOV32_gm, base)
MEM_STEP(MOV32_gm, index)
MEM_STEP(MOV32_mg, base)
MEM_STEP(MOV32_mg, index)
MEM_STEP(MOV32_mi, base)
MEM_STEP(MOV8_mg, base)
MEM_STEP(MOVZX32_8_gm, base)
MEM_STEP(MOVZX32_8_gm, index)
REG_STEP(MOVZX32_8_gr)
MEM_STEP(LEA32, base)
MEM_STEP(LEA32, index)
REG_STEP(ADD32_rg)
REG_STEP(ADD32_ri)
REG_STEP(ADD32_rgq)
REG_STEP(ADD32_riq)
REG_STEP(SUB32_rg)
REG_STEP(SUB32_ri)
REG_STEP(SUB32_rgq)
REG_STEP(SUB32_riq)
REG_STEP(XOR32_rg)
REG_STEP(XOR32_rgq)
REG_STEP(OR32_rgq)
REG_STEP(AND32_rgq)
REG_STEP(AND32_ri)
REG_STEP(AND32_riq)
REG_STEP(SHL32_riq)
REG_STEP(SHR32_riq)
REG_STEP(SAR32_riq)
REG_STEP(ROL32_riq)
REG_STEP(ROR32_riq)
MEM0_STEP(PUSH32_r)
MEM0_STEP(POP32_r)
REG_STEP(CMP32_rg)
REG_STEP(CMP32_ri)
MEM_STEP(CMP32_gm, base)
MEM_STEP(CMP32_mg, base)
MEM_STEP(CMP32_mi, base)
REG_STEP(CMP8_rg)
REG_STEP(CMP8_ri)
MEM_STEP(CMP8_gm, base)
MEM_STEP(CMP8_mg, base)
MEM_STEP(CMP8_mi, base)
REG_STEP(TEST32_rg)
REG_STEP(TEST32_ri)
REG_STEP(TEST8_rg)
REG_STEP(TEST8_ri)
REG_STEP(DEC32_r)

/* ---- which ones ---- */

#define FIRSTS(X)                                                              \
    X(MOV32_rg)                                                                \
    X(MOV32_ri)                                                                \
    X(MOV32_gm_base)                                                           \
    X(MOV32_gm_index)                                                          \
    X(MOV32_mg_base)                                                           \
    X(MOV32_mg_index)                                                          \
    X(MOV32_mi_base)                                                           \
    X(MOV8_mg_base)                                                            \
    X(MOVZX32_8_gm_base)                                                       \
    X(MOVZX32_8_gm_index)                                                      \
    X(MOVZX32_8_gr)                                                            \
    X(LEA32_base)                                                              \
    X(LEA32_index)                                                             \
    X(ADD32_rg)                                                                \
    X(ADD32_ri)                                                                \
    X(ADD32_rgq)                                                               \
    X(ADD32_riq)                                                               \
    X(SUB32_rgq)                                                               \
    X(SUB32_ri)                                                                \
    X(SUB32_riq)                                                               \
    X(XOR32_rg)                                                                \
    X(XOR32_rgq)                                                               \
    X(OR32_rgq)                                                                \
    X(AND32_rgq)                                                               \
    X(AND32_riq)                                                               \
    X(SHL32_riq)                                                               \
    X(SHR32_riq)                                                               \
    X(SAR32_riq)                                                               \
    X(ROL32_riq)                                                               \
    X(ROR32_riq)                                                               \
    X(PUSH32_r)                                                                \
    X(POP32_r)

#define SECONDS(X, a)                                                          \
    X(a, MOV32_rg)                                                             \
    X(a, MOV32_ri)                                                             \
    X(a, MOV32_gm_base)                                                        \
    X(a, MOV32_gm_index)                                                       \
    X(a, MOV32_mg_base)                                                        \
    X(a, MOV32_mg_index)                                                       \
    X(a, MOV32_mi_base)                                                        \
    X(a, MOV8_mg_base)                                                         \
    X(a, MOVZX32_8_gm_base)                                                    \
    X(a, MOVZX32_8_gm_index)                                                   \
    X(a, MOVZX32_8_gr)                                                         \
    X(a, LEA32_base)                                                           \
    X(a, LEA32_index)                                                          \
    X(a, ADD32_rg)                                                             \
    X(a, ADD32_ri)                                                             \
    X(a, ADD32_rgq)                                                            \
    X(a, ADD32_riq)                                                            \
    X(a, SUB32_rgq)                                                            \
    X(a, SUB32_ri)                                                             \
    X(a, SUB32_riq)                                                            \
    X(a, XOR32_rg)                                                             \
    X(a, XOR32_rgq)                                                            \
    X(a, OR32_rgq)                                                             \
    X(a, AND32_rgq)                                                            \
    X(a, AND32_riq)                                                            \
    X(a, SHL32_riq)                                                            \
    X(a, SHR32_riq)                                                            \
    X(a, SAR32_riq)                                                            \
    X(a, ROL32_riq)                                                            \
    X(a, ROR32_riq)                                                            \
    X(a, PUSH32_r)                                                             \
    X(a, POP32_r)

/* What comes before a conditional jump, with the kind of flags it leaves. */
#define BEFORE_JCC(X)                                                          \
    X(CMP32_rg, SUB32)                                                         \
    X(CMP32_ri, SUB32)                                                         \
    X(CMP32_gm_base, SUB32)                                                    \
    X(CMP32_mg_base, SUB32)                                                    \
    X(CMP32_mi_base, SUB32)                                                    \
    X(CMP8_rg, SUB8)                                                           \
    X(CMP8_ri, SUB8)                                                           \
    X(CMP8_gm_base, SUB8)                                                      \
    X(CMP8_mg_base, SUB8)                                                      \
    X(CMP8_mi_base, SUB8)                                                      \
    X(TEST32_rg, LOGIC32)                                                      \
    X(TEST32_ri, LOGIC32)                                                      \
    X(TEST8_rg, LOGIC8)                                                        \
    X(TEST8_ri, LOGIC8)                                                        \
    X(AND32_ri, LOGIC32)                                                       \
    X(SUB32_rg, SUB32)                                                         \
    X(SUB32_ri, SUB32)                                                         \
    X(ADD32_ri, ADD32)                                                         \
    X(DEC32_r, DEC32)

/* ---- handlers ---- */

#define PAIR(a, b)                                                             \
    static XCPU_HANDLER(a##__##b)                                              \
    {                                                                          \
        step_##a(cpu, slot, memory);                                           \
        step_##b(cpu, slot + 1, memory);                                       \
        XCPU_JUMP(slot + 2);                                                   \
    }
#define PAIRS(a) SECONDS(PAIR, a)
FIRSTS(PAIRS)

#define BRANCH_PAIR(cc, a, kind)                                               \
    XCPU_HANDLER(JCC##cc##_##kind);                                            \
    static XCPU_HANDLER(a##__JCC##cc)                                          \
    {                                                                          \
        step_##a(cpu, slot, memory);                                           \
        slot++;                                                                \
        XCPU_BRANCH(JCC##cc##_##kind(cpu, slot));                              \
    }
#define BRANCH_PAIRS(a, kind) XCPU_CONDITIONS(BRANCH_PAIR, a, kind)
BEFORE_JCC(BRANCH_PAIRS)

/* ---- the table ---- */

struct fusion {
    xcpu_handler *first, *second, *both;
};

#define PAIR_ROW(a, b) {xcpu_run_##a, xcpu_run_##b, xcpu_run_##a##__##b},
#define PAIR_ROWS(a)   SECONDS(PAIR_ROW, a)
#define BRANCH_ROW(cc, a, kind)                                                \
    {xcpu_run_##a, xcpu_run_JCC##cc##_##kind, xcpu_run_##a##__JCC##cc},
#define BRANCH_ROWS(a, kind) XCPU_CONDITIONS(BRANCH_ROW, a, kind)

static const struct fusion table[] = {FIRSTS(PAIR_ROWS)
                                          BEFORE_JCC(BRANCH_ROWS)};

#define BUCKETS 4096 /* a power of two, more than twice the table */

struct xcpu_fusions {
    const struct fusion *buckets[BUCKETS];
};

_Static_assert(BUCKETS > 2 * sizeof(table) / sizeof(*table), "sparse");

static size_t bucket_of(xcpu_handler *first, xcpu_handler *second)
{
    uintptr_t a = (uintptr_t)first, b = (uintptr_t)second;
    return (size_t)(((a >> 4) * 31 + (b >> 4)) * 0x9e3779b97f4a7c15u >> 40) %
           BUCKETS;
}

int xcpu_fusions_new(struct xcpu_fusions **fusions)
{
    struct xcpu_fusions *made = calloc(1, sizeof(*made));
    if (!made)
        return XCPU_ERR_NOMEM;
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
        size_t at = bucket_of(table[i].first, table[i].second);
        while (made->buckets[at])
            at = (at + 1) % BUCKETS;
        made->buckets[at] = &table[i];
    }
    *fusions = made;
    return 0;
}

void xcpu_fusions_free(struct xcpu_fusions *fusions)
{
    free(fusions);
}

static xcpu_handler *find(const struct xcpu_fusions *fusions,
                          xcpu_handler *first, xcpu_handler *second)
{
    size_t at = bucket_of(first, second);
    const struct fusion *found;
    while ((found = fusions->buckets[at]) != NULL) {
        if (found->first == first && found->second == second)
            return found->both;
        at = (at + 1) % BUCKETS;
    }
    return NULL;
}

void xcpu_fuse(const struct xcpu_fusions *fusions, struct xcpu_slot *slots,
               size_t count)
{
    size_t i = count;
    while (i >= 2) {
        xcpu_handler *both = find(fusions, slots[i - 2].run, slots[i - 1].run);
        if (both)
            slots[i - 2].run = both;
        i -= both ? 2 : 1;
    }
}
