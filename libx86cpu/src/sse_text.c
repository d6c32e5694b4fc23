/* sse_text.c -- handlers of SSE4.2's comparisons of strings. */
/* SPDX-License-Identifier: MIT */
#include "sse.h"

/* The immediate (SDM 1, 4.1 of volume 2). */
enum {
    WORDS = 1,
    SIGNED = 2,
    AGGREGATION = 0xc,
    EQUAL_ANY = 0,
    RANGES = 4,
    EQUAL_EACH = 8,
    EQUAL_ORDERED = 0xc,
    NEGATED = 0x10,
    ONLY_VALID = 0x20, /* the negation, where there is text */
    LAST = 0x40,       /* PCMPxSTRI: the highest index */
    EXPANDED = 0x40    /* PCMPxSTRM: a mask of bytes or words */
};

/* A string in a register: its elements, sign- or zero-extended. */
struct text {
    int32_t elements[16];
    int length;
};

/* What a comparison has: texts of the destination and of the source. */
struct comparison {
    struct text a, b;
    int count; /* elements of a register: 8 or 16 */
    uint32_t result;
    uint32_t flags;
};

static struct text text_of(xcpu_vector v, uint32_t imm, int count)
{
    const union xcpu_xmm *lanes = (const union xcpu_xmm *)&v;
    struct text text;

    for (int i = 0; i < count; i++) {
        int32_t value = imm & WORDS ? lanes->u16[i] : lanes->u8[i];

        if (imm & SIGNED)
            value = imm & WORDS ? (int16_t)value : (int8_t)value;
        text.elements[i] = value;
    }
    text.length = count;
    return text;
}

/* Up to the first element that is 0. */
static int implicit_length(const struct text *text, int count)
{
    int length = 0;

    while (length < count && text->elements[length])
        length++;
    return length;
}

/* The magnitude of a register, as far as a register reaches. */
static int explicit_length(uint32_t reg, int count)
{
    uint32_t magnitude = reg >> 31 ? 0 - reg : reg;

    return magnitude < (uint32_t)count ? (int)magnitude : count;
}

static int is_any(const struct comparison *c, int j)
{
    for (int i = 0; i < c->a.length; i++)
        if (c->a.elements[i] == c->b.elements[j])
            return 1;
    return 0;
}

static int is_in_range(const struct comparison *c, int j)
{
    for (int i = 0; i + 1 < c->a.length; i += 2)
        if (c->a.elements[i] <= c->b.elements[j] &&
            c->b.elements[j] <= c->a.elements[i + 1])
            return 1;
    return 0;
}

/* Behind their ends two texts are equal. */
static int is_same(const struct comparison *c, int j)
{
    if (j >= c->a.length || j >= c->b.length)
        return j >= c->a.length && j >= c->b.length;
    return c->a.elements[j] == c->b.elements[j];
}

/* Whether a begins at j of b, as far as the register reaches. */
static int begins(const struct comparison *c, int j)
{
    for (int i = 0; i < c->a.length && i + j < c->count; i++)
        if (i + j >= c->b.length || c->a.elements[i] != c->b.elements[i + j])
            return 0;
    return 1;
}

static int holds(const struct comparison *c, uint32_t aggregation, int j)
{
    if (aggregation == EQUAL_EACH)
        return is_same(c, j);
    if (aggregation == EQUAL_ORDERED)
        return begins(c, j);
    if (j >= c->b.length)
        return 0;
    return aggregation == EQUAL_ANY ? is_any(c, j) : is_in_range(c, j);
}

/* A bit for each element; flags but for OF and CF (SDM 2, PCMPESTRI). */
static void compare(struct comparison *c, uint32_t imm)
{
    c->result = 0;
    for (int j = 0; j < c->count; j++) {
        int negated =
            (imm & NEGATED) && (!(imm & ONLY_VALID) || j < c->b.length);

        if (holds(c, imm & AGGREGATION, j) != negated)
            c->result |= UINT32_C(1) << j;
    }
    c->flags = (c->b.length < c->count ? XF_Z : 0u) |
               (c->a.length < c->count ? XF_S : 0u) | (c->result ? XF_C : 0u) |
               (c->result & 1 ? XF_O : 0u);
}

static struct comparison compare_texts(const struct xcpu *cpu,
                                       const struct xcpu_slot *slot,
                                       xcpu_vector b, int is_explicit)
{
    const int count = slot->imm & WORDS ? 8 : 16;
    struct comparison c = {
        .a = text_of(xcpu_sse_get(cpu, slot->reg), slot->imm, count),
        .b = text_of(b, slot->imm, count),
        .count = count,
    };

    if (is_explicit) {
        c.a.length = explicit_length(cpu->gpr[XCPU_EAX].d, count);
        c.b.length = explicit_length(cpu->gpr[XCPU_EDX].d, count);
    } else {
        c.a.length = implicit_length(&c.a, count);
        c.b.length = implicit_length(&c.b, count);
    }
    compare(&c, slot->imm);
    return c;
}

static void set_index(struct xcpu *cpu, const struct xcpu_slot *slot,
                      const struct comparison *c)
{
    uint32_t index = (uint32_t)c->count;

    if (c->result)
        index = slot->imm & LAST ? 31u ^ (uint32_t)__builtin_clz(c->result)
                                 : (uint32_t)__builtin_ctz(c->result);
    cpu->gpr[XCPU_ECX].d = index;
    xcpu_set_flags(cpu, c->flags);
}

static void set_mask(struct xcpu *cpu, const struct xcpu_slot *slot,
                     const struct comparison *c)
{
    union xcpu_xmm mask = {.u64 = {c->result, 0}};

    for (int i = 0; slot->imm & EXPANDED && i < c->count; i++) {
        uint16_t lane = c->result >> i & 1 ? UINT16_MAX : 0;

        if (slot->imm & WORDS)
            mask.u16[i] = lane;
        else
            mask.u8[i] = (uint8_t)lane;
    }
    cpu->fpu.xmm[0] = mask;
    xcpu_set_flags(cpu, c->flags);
}

/* Memory need not be aligned. */
#define COMPARE_TEXTS(id, name, is_explicit, set)                              \
    static inline void name##_reg(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot)                \
    {                                                                          \
        const struct comparison c = compare_texts(                             \
            cpu, slot, xcpu_sse_get(cpu, slot->rm), is_explicit);              \
                                                                               \
        set(cpu, slot, &c);                                                    \
    }                                                                          \
    static inline void name##_mem(struct xcpu *cpu,                            \
                                  const struct xcpu_slot *slot,                \
                                  uint8_t *memory, uint32_t address)           \
    {                                                                          \
        const xcpu_vector b =                                                  \
            xcpu_load_unaligned128(cpu, slot, memory, address);                \
        const struct comparison c = compare_texts(cpu, slot, b, is_explicit);  \
                                                                               \
        set(cpu, slot, &c);                                                    \
    }                                                                          \
    XCPU_REG_HANDLER(name##_reg)                                               \
    XCPU_MEM_HANDLERS(name##_mem)                                              \
    XCPU_FORMS(id) = {XCPU_REG(name##_reg), XCPU_MEM(name##_mem)};

COMPARE_TEXTS(PCMPESTRI_Vdq_Wdq_Ib, pcmpestri, 1, set_index)
COMPARE_TEXTS(PCMPESTRM_Vdq_Wdq_Ib, pcmpestrm, 1, set_mask)
COMPARE_TEXTS(PCMPISTRI_Vdq_Wdq_Ib, pcmpistri, 0, set_index)
COMPARE_TEXTS(PCMPISTRM_Vdq_Wdq_Ib, pcmpistrm, 0, set_mask)
