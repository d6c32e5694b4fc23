/* int_string.c -- handlers of string instructions. */
/* SPDX-License-Identifier: MIT */
#include "frame.h"
#include "int_alu.h"
#include "machine.h"

/* ---- pointers and the count ---- */

static inline uint32_t pointer_mask(const struct xcpu_slot *slot)
{
    return UINT32_MAX >> slot->narrow;
}

static inline uint32_t source(const struct xcpu *cpu,
                              const struct xcpu_slot *slot)
{
    return (cpu->gpr[XCPU_ESI].d & pointer_mask(slot)) +
           cpu->sreg_base[slot->seg];
}

/* Always through ES (SDM 2, MOVS). */
static inline uint32_t target(const struct xcpu *cpu,
                              const struct xcpu_slot *slot)
{
    return (cpu->gpr[XCPU_EDI].d & pointer_mask(slot)) +
           cpu->sreg_base[XCPU_ES];
}

static inline void add_masked(struct xcpu *cpu, const struct xcpu_slot *slot,
                              unsigned reg, uint32_t step)
{
    uint32_t mask = pointer_mask(slot), old = cpu->gpr[reg].d;
    cpu->gpr[reg].d = (old & ~mask) | ((old + step) & mask);
}

static inline void advance(struct xcpu *cpu, const struct xcpu_slot *slot,
                           unsigned reg, uint32_t size)
{
    add_masked(cpu, slot, reg, cpu->eflags & XCPU_DF ? 0 - size : size);
}

static inline uint32_t count_left(const struct xcpu *cpu,
                                  const struct xcpu_slot *slot)
{
    return cpu->gpr[XCPU_ECX].d & pointer_mask(slot);
}

/* Whether to leave the instruction between two iterations: for what is
 * pending, or because each iteration is a step of its own. */
static inline int is_interrupted(const struct xcpu *cpu,
                                 const struct xcpu_slot *slot)
{
    return (atomic_load_explicit(&cpu->stop, memory_order_relaxed) ||
            cpu->stepping) &&
           count_left(cpu, slot);
}

/* After n iterations. */
static inline void count_down(struct xcpu *cpu, const struct xcpu_slot *slot,
                              uint32_t n)
{
    add_masked(cpu, slot, XCPU_ECX, 0 - n);
    if (XCPU_UNLIKELY(is_interrupted(cpu, slot)))
        xcpu_interrupt(cpu, slot);
}

/* ---- whole stretches ---- */

static inline int goes_down(const struct xcpu *cpu)
{
    return (cpu->eflags & XCPU_DF) != 0;
}

/* What a pointer changes by in so many iterations. */
static inline uint32_t way(const struct xcpu *cpu, uint32_t count,
                           uint32_t size)
{
    return goes_down(cpu) ? 0 - count * size : count * size;
}

/*
 * How many iterations from address on, of at most count, lie in one page. Such
 * a stretch faults at its first access or, when another thread unmaps it
 * meanwhile, anywhere, and may then be repeated from its start, where the
 * registers still are: it must not store to what it loads.
 */
static inline uint32_t stretch(const struct xcpu *cpu,
                               const struct xcpu_slot *slot, uint32_t address,
                               uint32_t size, uint32_t count)
{
    uint32_t offset = address % XCPU_PAGE_SIZE;
    uint32_t room = (XCPU_PAGE_SIZE - offset) / size;
    if (slot->narrow || cpu->stepping)
        return 0;
    if (goes_down(cpu) && room != 0) /* else it is in two pages itself */
        room = offset / size + 1;
    return room < count ? room : count;
}

/* Where a stretch begins that has its first iteration at address, and how far
 * behind that the first iteration is. */
struct extent {
    uint32_t low, first, size;
};

static inline struct extent extent_of(const struct xcpu *cpu, uint32_t address,
                                      uint32_t count, uint32_t size)
{
    uint32_t first = goes_down(cpu) ? (count - 1) * size : 0;
    return (struct extent){address - first, first, count * size};
}

/* How many iterations of a stretch do not store to what they load. */
static inline uint32_t apart(uint32_t from, uint32_t to, uint32_t size,
                             uint32_t count)
{
    uint32_t above = to - from, below = from - to;
    uint32_t distance = (above < below ? above : below) / size;
    return distance < count ? distance : count;
}

/* Whether a stretch stores to what it has loaded before, and nowhere else to
 * what it loads. */
static inline int follows(const struct xcpu *cpu, uint32_t from, uint32_t to,
                          uint32_t size, uint32_t count)
{
    uint32_t behind = goes_down(cpu) ? to - from : from - to;
    return behind != 0 && behind < count * size;
}

/* ---- one iteration ---- */

#define MOVE_BODIES(bits, size)                                                \
    static inline void move##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint##bits##_t value =                                                 \
            xcpu_load##bits(cpu, slot, memory, source(cpu, slot));             \
        xcpu_store##bits(cpu, slot, memory, target(cpu, slot), value);         \
        advance(cpu, slot, XCPU_ESI, size);                                    \
        advance(cpu, slot, XCPU_EDI, size);                                    \
    }                                                                          \
    static inline void store_a##bits(                                          \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        xcpu_store##bits(cpu, slot, memory, target(cpu, slot),                 \
                         *xcpu_reg##bits(cpu, XCPU_EAX));                      \
        advance(cpu, slot, XCPU_EDI, size);                                    \
    }                                                                          \
    static inline void load_a##bits(                                           \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        *xcpu_reg##bits(cpu, XCPU_EAX) =                                       \
            xcpu_load##bits(cpu, slot, memory, source(cpu, slot));             \
        advance(cpu, slot, XCPU_ESI, size);                                    \
    }

MOVE_BODIES(8, 1)
MOVE_BODIES(16, 2)
MOVE_BODIES(32, 4)

/* Iterations of a stretch that follows what it has loaded, by one access each:
 * 16 bytes, as long as there are so many. */
static void move_blocks(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint8_t *memory, uint32_t count, uint32_t size)
{
    uint32_t step = 16 / size;
    for (; count >= step; count -= step) {
        struct extent from = extent_of(cpu, source(cpu, slot), step, size);
        struct extent to = extent_of(cpu, target(cpu, slot), step, size);
        xcpu_move16(cpu, slot, memory, to.low, from.low);
        cpu->gpr[XCPU_ESI].d += way(cpu, step, size);
        cpu->gpr[XCPU_EDI].d += way(cpu, step, size);
        count_down(cpu, slot, step);
    }
}

/* These return what they compared. */
struct compared {
    uint32_t a, b;
};

#define COMPARE_BODIES(bits, size)                                             \
    static inline struct compared compare##bits(                               \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        struct compared pair;                                                  \
        pair.a = xcpu_load##bits(cpu, slot, memory, source(cpu, slot));        \
        pair.b = xcpu_load##bits(cpu, slot, memory, target(cpu, slot));        \
        advance(cpu, slot, XCPU_ESI, size);                                    \
        advance(cpu, slot, XCPU_EDI, size);                                    \
        return pair;                                                           \
    }                                                                          \
    static inline struct compared scan##bits(                                  \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        struct compared pair = {.a = *xcpu_reg##bits(cpu, XCPU_EAX)};          \
        pair.b = xcpu_load##bits(cpu, slot, memory, target(cpu, slot));        \
        advance(cpu, slot, XCPU_EDI, size);                                    \
        return pair;                                                           \
    }

COMPARE_BODIES(8, 1)
COMPARE_BODIES(16, 2)
COMPARE_BODIES(32, 4)

/*
 * How many comparisons from here on, within one page each, neither end the
 * repetition nor are its last.
 */
#define PASS_BODIES(bits, size)                                                \
    static inline uint32_t pass_compare##bits(                                 \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint32_t a = source(cpu, slot), b = target(cpu, slot), n = 0;          \
        uint32_t count = count_left(cpu, slot), step = way(cpu, 1, size);      \
        count = stretch(cpu, slot, a, size, count);                            \
        count = stretch(cpu, slot, b, size, count);                            \
        for (; n + 1 < count; n++)                                             \
            if ((xcpu_load##bits(cpu, slot, memory, a + n * step) ==           \
                 xcpu_load##bits(cpu, slot, memory, b + n * step)) !=          \
                (slot->rep == 0xf3))                                           \
                break;                                                         \
        cpu->gpr[XCPU_ESI].d += n * step;                                      \
        cpu->gpr[XCPU_EDI].d += n * step;                                      \
        return n;                                                              \
    }                                                                          \
    static inline uint32_t pass_scan##bits(                                    \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        uint32_t b = target(cpu, slot), n = 0;                                 \
        uint32_t count = count_left(cpu, slot), step = way(cpu, 1, size);      \
        uint##bits##_t a = *xcpu_reg##bits(cpu, XCPU_EAX);                     \
        count = stretch(cpu, slot, b, size, count);                            \
        for (; n + 1 < count; n++)                                             \
            if ((xcpu_load##bits(cpu, slot, memory, b + n * step) == a) !=     \
                (slot->rep == 0xf3))                                           \
                break;                                                         \
        cpu->gpr[XCPU_EDI].d += n * step;                                      \
        return n;                                                              \
    }

PASS_BODIES(8, 1)
PASS_BODIES(16, 2)
PASS_BODIES(32, 4)

/* ---- repetition ---- */

static void move_stretch(struct xcpu *cpu, const struct xcpu_slot *slot,
                         uint8_t *memory, uint32_t count, uint32_t size)
{
    struct extent from = extent_of(cpu, source(cpu, slot), count, size);
    struct extent to = extent_of(cpu, target(cpu, slot), count, size);
    xcpu_copy(cpu, slot, memory, to.low, from.low, to.size, to.first);
    cpu->gpr[XCPU_ESI].d += way(cpu, count, size);
    cpu->gpr[XCPU_EDI].d += way(cpu, count, size);
    count_down(cpu, slot, count);
}

/* word: the element, as often as four bytes hold it. */
static void store_stretch(struct xcpu *cpu, const struct xcpu_slot *slot,
                          uint8_t *memory, uint32_t count, uint32_t size,
                          uint32_t word)
{
    struct extent to = extent_of(cpu, target(cpu, slot), count, size);
    xcpu_fill(cpu, slot, memory, to.low, to.size, to.first, word);
    cpu->gpr[XCPU_EDI].d += way(cpu, count, size);
    count_down(cpu, slot, count);
}

#define MOVS_BODIES(bits, size)                                                \
    static inline void MOVS##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        move##bits(cpu, slot, memory);                                         \
    }                                                                          \
    static void rep_MOVS##bits(struct xcpu *cpu, const struct xcpu_slot *slot, \
                               uint8_t *memory)                                \
    {                                                                          \
        uint32_t count;                                                        \
        while ((count = count_left(cpu, slot)) != 0) {                         \
            uint32_t from = source(cpu, slot), to = target(cpu, slot);         \
            count = stretch(cpu, slot, from, size, count);                     \
            count = stretch(cpu, slot, to, size, count);                       \
            uint32_t free = apart(from, to, size, count);                      \
            if (free >= 4) {                                                   \
                move_stretch(cpu, slot, memory, free, size);                   \
            } else if (count > 16 / size &&                                    \
                       follows(cpu, from, to, size, count)) {                  \
                move##bits(cpu, slot, memory); /* tells whether it faults */   \
                count_down(cpu, slot, 1);                                      \
                move_blocks(cpu, slot, memory, count - 1, size);               \
            } else {                                                           \
                move##bits(cpu, slot, memory);                                 \
                count_down(cpu, slot, 1);                                      \
            }                                                                  \
        }                                                                      \
    }                                                                          \
    static inline void STOS##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        store_a##bits(cpu, slot, memory);                                      \
    }                                                                          \
    static void rep_STOS##bits(struct xcpu *cpu, const struct xcpu_slot *slot, \
                               uint8_t *memory)                                \
    {                                                                          \
        uint32_t count;                                                        \
        uint32_t repeat = UINT32_MAX / XCPU_MASK(bits);                        \
        while ((count = count_left(cpu, slot)) != 0) {                         \
            uint32_t to = target(cpu, slot);                                   \
            count = stretch(cpu, slot, to, size, count);                       \
            if (count < 4) {                                                   \
                store_a##bits(cpu, slot, memory);                              \
                count_down(cpu, slot, 1);                                      \
                continue;                                                      \
            }                                                                  \
            store_stretch(cpu, slot, memory, count, size,                      \
                          *xcpu_reg##bits(cpu, XCPU_EAX) * repeat);            \
        }                                                                      \
    }                                                                          \
    static inline void LODS##bits(                                             \
        struct xcpu *cpu, const struct xcpu_slot *slot, uint8_t *memory)       \
    {                                                                          \
        load_a##bits(cpu, slot, memory);                                       \
    }                                                                          \
    static void rep_LODS##bits(struct xcpu *cpu, const struct xcpu_slot *slot, \
                               uint8_t *memory)                                \
    {                                                                          \
        while (count_left(cpu, slot)) {                                        \
            load_a##bits(cpu, slot, memory);                                   \
            count_down(cpu, slot, 1);                                          \
        }                                                                      \
    }                                                                          \
    XCPU_MEM0_HANDLER(MOVS##bits)                                              \
    XCPU_MEM0_HANDLER(rep_MOVS##bits)                                          \
    XCPU_MEM0_HANDLER(STOS##bits)                                              \
    XCPU_MEM0_HANDLER(rep_STOS##bits)                                          \
    XCPU_MEM0_HANDLER(LODS##bits)                                              \
    XCPU_MEM0_HANDLER(rep_LODS##bits)

MOVS_BODIES(8, 1)
MOVS_BODIES(16, 2)
MOVS_BODIES(32, 4)

/*
 * F3 repeats while the operands are equal, F2 while they are not. The flags
 * are those of the last comparison, also when an interrupt comes in between;
 * a fault leaves them as they were before the instruction (SDM 2, REP).
 */
#define CMPS_BODIES(op, bits, one)                                             \
    static inline void op##bits(struct xcpu *cpu,                              \
                                const struct xcpu_slot *slot, uint8_t *memory) \
    {                                                                          \
        struct compared pair = one##bits(cpu, slot, memory);                   \
        xcpu_keep_flags(cpu, XCPU_SUB##bits, pair.a, pair.b);                  \
    }                                                                          \
    static void rep_##op##bits(struct xcpu *cpu, const struct xcpu_slot *slot, \
                               uint8_t *memory)                                \
    {                                                                          \
        struct compared pair;                                                  \
        if (!count_left(cpu, slot))                                            \
            return;                                                            \
        do {                                                                   \
            uint32_t passed = pass_##one##bits(cpu, slot, memory);             \
            add_masked(cpu, slot, XCPU_ECX, 0 - passed);                       \
            pair = one##bits(cpu, slot, memory);                               \
            add_masked(cpu, slot, XCPU_ECX, UINT32_MAX);                       \
            if ((pair.a == pair.b) != (slot->rep == 0xf3))                     \
                break;                                                         \
            if (XCPU_UNLIKELY(is_interrupted(cpu, slot))) {                    \
                xcpu_keep_flags(cpu, XCPU_SUB##bits, pair.a, pair.b);          \
                xcpu_interrupt(cpu, slot);                                     \
            }                                                                  \
        } while (count_left(cpu, slot));                                       \
        xcpu_keep_flags(cpu, XCPU_SUB##bits, pair.a, pair.b);                  \
    }                                                                          \
    XCPU_MEM0_HANDLER(op##bits)                                                \
    XCPU_MEM0_HANDLER(rep_##op##bits)

CMPS_BODIES(CMPS, 8, compare)
CMPS_BODIES(CMPS, 16, compare)
CMPS_BODIES(CMPS, 32, compare)
CMPS_BODIES(SCAS, 8, scan)
CMPS_BODIES(SCAS, 16, scan)
CMPS_BODIES(SCAS, 32, scan)

/* ---- rows ---- */

#define STRING_BINDS(op)                                                       \
    static void bind_##op##_b(struct xcpu_slot *slot,                          \
                              const struct xcpu_insn *insn,                    \
                              enum xcpu_flags_kind before)                     \
    {                                                                          \
        (void)before;                                                          \
        slot->run = insn->rep ? xcpu_run_rep_##op##8 : xcpu_run_##op##8;       \
    }                                                                          \
    static void bind_##op##_v(struct xcpu_slot *slot,                          \
                              const struct xcpu_insn *insn,                    \
                              enum xcpu_flags_kind before)                     \
    {                                                                          \
        (void)before;                                                          \
        if (insn->operand_size == 2)                                           \
            slot->run = insn->rep ? xcpu_run_rep_##op##16 : xcpu_run_##op##16; \
        else                                                                   \
            slot->run = insn->rep ? xcpu_run_rep_##op##32 : xcpu_run_##op##32; \
    }

STRING_BINDS(MOVS)
STRING_BINDS(STOS)
STRING_BINDS(LODS)
STRING_BINDS(CMPS)
STRING_BINDS(SCAS)
XCPU_FORMS(MOVS_Yb_Xb) = {.bind = bind_MOVS_b, .stores = 1};
XCPU_FORMS(MOVS_Yv_Xv) = {.bind = bind_MOVS_v, .stores = 1};
XCPU_FORMS(STOS_Yb_AL) = {.bind = bind_STOS_b, .stores = 1};
XCPU_FORMS(STOS_Yv_rAX) = {.bind = bind_STOS_v, .stores = 1};
XCPU_FORMS(LODS_AL_Xb) = {.bind = bind_LODS_b};
XCPU_FORMS(LODS_rAX_Xv) = {.bind = bind_LODS_v};
XCPU_FORMS(CMPS_Xb_Yb) = {.bind = bind_CMPS_b};
XCPU_FORMS(CMPS_Xv_Yv) = {.bind = bind_CMPS_v};
XCPU_FORMS(SCAS_AL_Yb) = {.bind = bind_SCAS_b};
XCPU_FORMS(SCAS_rAX_Yv) = {.bind = bind_SCAS_v};

static inline void XLAT(struct xcpu *cpu, const struct xcpu_slot *slot,
                        uint8_t *memory)
{
    uint8_t *al = xcpu_reg8(cpu, 0);
    uint32_t offset = (cpu->gpr[XCPU_EBX].d + *al) & pointer_mask(slot);
    *al = xcpu_load8(cpu, slot, memory, offset + cpu->sreg_base[slot->seg]);
}

XCPU_MEM0_HANDLER(XLAT)
XCPU_FORMS(XLAT) = {XCPU_REG(XLAT)};
