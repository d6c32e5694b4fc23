/* fuse.c -- pairs of slots that one handler executes. */
/* SPDX-License-Identifier: MIT */
#include "fuse.h"
#include "int_alu.h"
#include "int_branch.h"
#include "int_move.h"
#include "int_muldiv.h"
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
MEM_STEP(ADD32_gmq, base)
REG_STEP(INC32_rq)
REG_STEP(DEC32_rq)
REG_STEP(IMUL2_32_rq)
REG_STEP(IMUL3_32_rq)
MEM0_STEP(PUSH32_i)
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
REG_STEP(INC32_r)
REG_STEP(INC32_r_LOGIC)
REG_STEP(INC32_r_ADD)
REG_STEP(INC32_r_SUB)
REG_STEP(INC32_r_INC)
REG_STEP(DEC32_r)
REG_STEP(DEC32_r_LOGIC)
REG_STEP(DEC32_r_ADD)
REG_STEP(DEC32_r_SUB)
REG_STEP(DEC32_r_INC)

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
    X(ADD32_gmq_base)                                                          \
    X(INC32_rq)                                                                \
    X(DEC32_rq)                                                                \
    X(IMUL2_32_rq)                                                             \
    X(IMUL3_32_rq)                                                             \
    X(PUSH32_i)                                                                \
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
    X(a, ADD32_gmq_base)                                                       \
    X(a, INC32_rq)                                                             \
    X(a, DEC32_rq)                                                             \
    X(a, IMUL2_32_rq)                                                          \
    X(a, IMUL3_32_rq)                                                          \
    X(a, PUSH32_i)                                                             \
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
    X(INC32_r, INC32)                                                          \
    X(INC32_r_LOGIC, INC32)                                                    \
    X(INC32_r_ADD, INC32)                                                      \
    X(INC32_r_SUB, INC32)                                                      \
    X(INC32_r_INC, INC32)                                                      \
    X(DEC32_r, DEC32)                                                          \
    X(DEC32_r_LOGIC, DEC32)                                                    \
    X(DEC32_r_ADD, DEC32)                                                      \
    X(DEC32_r_SUB, DEC32)                                                      \
    X(DEC32_r_INC, DEC32)

/* The kinds among them. */
#define KINDS(X)                                                               \
    X(SUB32) X(SUB8) X(LOGIC32) X(LOGIC8) X(ADD32) X(INC32) X(DEC32)

/* ---- handlers ---- */

#define PAIR(a, b)                                                             \
    static XCPU_HANDLER(a##__##b)                                              \
    {                                                                          \
        step_##a(cpu, slot, memory);                                           \
        step_##b(cpu, slot + 1, memory);                                       \
        XCPU_JUMP(slot + 2);                                                   \
    }
#define PAIRS(a)                                                               \
    SECONDS(PAIR, a)                                                           \
    static XCPU_HANDLER(a##__goto)                                             \
    {                                                                          \
        step_##a(cpu, slot, memory);                                           \
        XCPU_FOLLOW(xcpu_links(slot + 1));                                     \
    }
FIRSTS(PAIRS)

#define BRANCH_PAIR(cc, a, kind)                                               \
    static XCPU_HANDLER(a##__JCC##cc)                                          \
    {                                                                          \
        step_##a(cpu, slot, memory);                                           \
        slot++;                                                                \
        XCPU_BRANCH(JCC##cc##_##kind(cpu, slot));                              \
    }
#define BRANCH_PAIRS(a, kind) XCPU_CONDITIONS(BRANCH_PAIR, a, kind)
BEFORE_JCC(BRANCH_PAIRS)

#define JCC_HANDLER(cc, kind) XCPU_HANDLER(JCC##cc##_##kind);
#define JCC_HANDLERS(kind)    XCPU_CONDITIONS(JCC_HANDLER, kind)
KINDS(JCC_HANDLERS)

/* ---- tables: by number of what comes first and second ---- */

#define FIRST_NUMBER(a)        FIRST_##a,
#define SECOND_NUMBER(a, b)    SECOND_##b,
#define BEFORE_NUMBER(a, kind) BEFORE_##a,
#define KIND_NUMBER(kind)      KIND_##kind,
enum { FIRSTS(FIRST_NUMBER) STEPS };
enum { SECONDS(SECOND_NUMBER, ) SECOND_STEPS };
enum { BEFORE_JCC(BEFORE_NUMBER) BEFORES };
enum { KINDS(KIND_NUMBER) KIND_COUNT };

_Static_assert((int)STEPS == (int)SECOND_STEPS, "one list");
#define SAME_NUMBER(a)                                                         \
    _Static_assert((int)FIRST_##a == (int)SECOND_##a, "in one order");
FIRSTS(SAME_NUMBER)

#define STEP_ENTRY(a)    xcpu_run_##a,
#define PAIR_ENTRY(a, b) xcpu_run_##a##__##b,
#define PAIR_ROW(a)      {SECONDS(PAIR_ENTRY, a)},
#define GOTO_ENTRY(a)    xcpu_run_##a##__goto,
static xcpu_handler *const steps[STEPS] = {FIRSTS(STEP_ENTRY)};
static xcpu_handler *const pairs[STEPS][STEPS] = {FIRSTS(PAIR_ROW)};
static xcpu_handler *const gotos[STEPS] = {FIRSTS(GOTO_ENTRY)};

#define BEFORE_ENTRY(a, kind)     xcpu_run_##a,
#define BEFORE_KIND(a, kind)      KIND_##kind,
#define BRANCH_ENTRY(cc, a, kind) xcpu_run_##a##__JCC##cc,
#define BRANCH_ROW(a, kind)       {XCPU_CONDITIONS(BRANCH_ENTRY, a, kind)},
#define JCC_ENTRY(cc, kind)       xcpu_run_JCC##cc##_##kind,
#define JCC_ROW(kind)             {XCPU_CONDITIONS(JCC_ENTRY, kind)},
static xcpu_handler *const befores[BEFORES] = {BEFORE_JCC(BEFORE_ENTRY)};
static const uint8_t before_kinds[BEFORES] = {BEFORE_JCC(BEFORE_KIND)};
static xcpu_handler *const branches[BEFORES][16] = {BEFORE_JCC(BRANCH_ROW)};
static xcpu_handler *const jccs[KIND_COUNT][16] = {KINDS(JCC_ROW)};

/* ---- what a handler is in these ---- */

#define NONE    255
#define BUCKETS 512 /* a power of two, more than twice what is in it */

struct role {
    xcpu_handler *run;
    uint8_t step;   /* in steps, or NONE */
    uint8_t before; /* in befores, or NONE */
    uint8_t kind;   /* of a conditional jump, or NONE */
    uint8_t cc;
};

struct xcpu_fusions {
    struct role buckets[BUCKETS]; /* open addressing; run NULL: free */
};

_Static_assert(BUCKETS > 2 * (STEPS + BEFORES + 16 * KIND_COUNT), "sparse");

static const struct role no_role = {NULL, NONE, NONE, NONE, 0};

/* The handler's bucket, or the free one that would become it. */
static size_t find(const struct xcpu_fusions *fusions, xcpu_handler *run)
{
    size_t at = (uintptr_t)run * UINT64_C(0x9e3779b97f4a7c15) >> 40;
    while (fusions->buckets[at %= BUCKETS].run &&
           fusions->buckets[at].run != run)
        at++;
    return at;
}

static struct role *add_role(struct xcpu_fusions *fusions, xcpu_handler *run)
{
    struct role *role = &fusions->buckets[find(fusions, run)];
    if (!role->run)
        *role = no_role;
    role->run = run;
    return role;
}

int xcpu_fusions_new(struct xcpu_fusions **fusions)
{
    struct xcpu_fusions *made = calloc(1, sizeof(*made));
    if (!made)
        return XCPU_ERR_NOMEM;
    for (uint8_t i = 0; i < STEPS; i++)
        add_role(made, steps[i])->step = i;
    for (uint8_t i = 0; i < BEFORES; i++)
        add_role(made, befores[i])->before = i;
    for (uint8_t kind = 0; kind < KIND_COUNT; kind++)
        for (uint8_t cc = 0; cc < 16; cc++) {
            struct role *role = add_role(made, jccs[kind][cc]);
            role->kind = kind;
            role->cc = cc;
        }
    add_role(made, xcpu_run_goto);
    *fusions = made;
    return 0;
}

void xcpu_fusions_free(struct xcpu_fusions *fusions)
{
    free(fusions);
}

static const struct role *role_of(const struct xcpu_fusions *fusions,
                                  const struct xcpu_slot *slot)
{
    const struct role *role = &fusions->buckets[find(fusions, slot->run)];
    return role->run ? role : &no_role;
}

/* The handler of both, or NULL. */
static xcpu_handler *fuse(const struct role *first, const struct role *second)
{
    if (first->step != NONE && second->step != NONE)
        return pairs[first->step][second->step];
    if (first->step != NONE && second->run == xcpu_run_goto)
        return gotos[first->step];
    if (first->before != NONE && second->kind == before_kinds[first->before])
        return branches[first->before][second->cc];
    return NULL;
}

void xcpu_fuse(const struct xcpu_fusions *fusions, struct xcpu_slot *slots,
               size_t count)
{
    const struct role *second = &no_role;
    while (count-- > 0) {
        const struct role *first = role_of(fusions, &slots[count]);
        xcpu_handler *both = fuse(first, second);
        if (both)
            slots[count].run = both;
        second = both ? &no_role : first;
    }
}
