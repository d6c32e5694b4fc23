/* x87_soft.c -- x87 instructions in struct xcpu_fpu, for any host. */
/* SPDX-License-Identifier: MIT */
#include "x87.h"

#include "float80_parts.h"
#include "fxstate.h"

/* One instruction being executed. */
struct insn {
    struct xcpu_fpu *fpu;
    unsigned i;       /* of STi */
    uint8_t *operand; /* in memory */
    int variant;      /* from the table: see there */
    struct xcpu_f80_env env;
};

/* Returns what xcpu_x87_execute does. */
typedef int executor(struct insn *insn);

/* ---- the stack (SDM 1, 8.1.2 and 8.5.1.1) ---- */

static struct xcpu_f80 *st(const struct insn *insn, unsigned i)
{
    return &insn->fpu->st[(insn->fpu->top + i) & 7];
}

static int is_empty(const struct insn *insn, unsigned i)
{
    return !(insn->fpu->valid >> ((insn->fpu->top + i) & 7) & 1);
}

static void set(struct insn *insn, unsigned i, struct xcpu_f80 value)
{
    insn->fpu->valid |= (uint8_t)(1u << ((insn->fpu->top + i) & 7));
    *st(insn, i) = value;
}

static void push(struct insn *insn, struct xcpu_f80 value)
{
    insn->fpu->top = (insn->fpu->top - 1) & 7;
    set(insn, 0, value);
}

static void pop(struct insn *insn)
{
    insn->fpu->valid &= (uint8_t) ~(1u << insn->fpu->top);
    insn->fpu->top = (insn->fpu->top + 1) & 7;
}

static struct xcpu_f80 indefinite(void)
{
    return xcpu_f80_make(1, XCPU_F80_EXPONENT,
                         XCPU_F80_INTEGER | XCPU_F80_QUIET);
}

/* Notes what the operation raised; 1: an unmasked exception leaves its
 * destination alone. */
static int faulted(struct insn *insn)
{
    struct xcpu_fpu *fpu = insn->fpu;

    fpu->status &= (uint16_t)~XCPU_X87_C1;
    fpu->status |= insn->env.status & (XCPU_X87_EXCEPTIONS | XCPU_X87_C1);
    return xcpu_f80_faulted(&insn->env);
}

/* A stack fault; C1 tells overflow from underflow. 1: it is unmasked. */
static int stack_fault(struct insn *insn, int overflow)
{
    struct xcpu_fpu *fpu = insn->fpu;

    fpu->status &= (uint16_t)~XCPU_X87_C1;
    fpu->status |= XCPU_X87_IE | XCPU_X87_SF;
    if (overflow)
        fpu->status |= XCPU_X87_C1;
    return !(fpu->control & XCPU_X87_IE);
}

static void clear_c1(struct insn *insn)
{
    insn->fpu->status &= (uint16_t)~XCPU_X87_C1;
}

/* FPREM's and trigonometry's "not yet" is off whatever else happens. */
static void clear_c2(struct insn *insn)
{
    insn->fpu->status &= (uint16_t)~XCPU_X87_C2;
}

static uint64_t get_bytes(const uint8_t *bytes, int size)
{
    uint64_t value = 0;

    while (size-- > 0)
        value = value << 8 | bytes[size];
    return value;
}

static void put_bytes(uint8_t *bytes, int size, uint64_t value)
{
    int i;

    for (i = 0; i < size; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* ---- operands in memory, by the size of their format ---- */

static struct xcpu_f80 get_real(struct insn *insn, int size)
{
    if (size == 4)
        return xcpu_f80_from_single(&insn->env,
                                    (uint32_t)get_bytes(insn->operand, 4));
    return xcpu_f80_from_double(&insn->env, get_bytes(insn->operand, 8));
}

static struct xcpu_f80 get_int(struct insn *insn, int size)
{
    uint64_t bits = get_bytes(insn->operand, size);
    uint64_t sign = UINT64_C(1) << (8 * size - 1);

    return xcpu_f80_from_int((int64_t)((bits ^ sign) - sign));
}

/* ---- arithmetic ---- */

enum { ADD, MUL, COM, COMP, SUB, SUBR, DIV, DIVR };

static struct xcpu_f80 compute(struct insn *insn, int operation,
                               struct xcpu_f80 a, struct xcpu_f80 b)
{
    switch (operation) {
    case ADD:
        return xcpu_f80_add(&insn->env, a, b);
    case MUL:
        return xcpu_f80_mul(&insn->env, a, b);
    case SUB:
        return xcpu_f80_sub(&insn->env, a, b);
    case SUBR:
        return xcpu_f80_sub(&insn->env, b, a);
    case DIV:
        return xcpu_f80_div(&insn->env, a, b);
    default:
        return xcpu_f80_div(&insn->env, b, a);
    }
}

/* ST(to) = ST(to) op b; an empty register makes it the indefinite. */
static int arithmetic(struct insn *insn, unsigned to, int empty,
                      struct xcpu_f80 b)
{
    struct xcpu_f80 result = indefinite();

    if (empty) {
        if (stack_fault(insn, 0))
            return 0;
    } else {
        result = compute(insn, insn->variant, *st(insn, to), b);
        if (faulted(insn))
            return 0;
    }
    set(insn, to, result);
    return 1;
}

static int arithmetic_st0(struct insn *insn)
{
    int empty = is_empty(insn, 0) || is_empty(insn, insn->i);

    arithmetic(insn, 0, empty, *st(insn, insn->i));
    return 0;
}

static int arithmetic_sti(struct insn *insn)
{
    int empty = is_empty(insn, 0) || is_empty(insn, insn->i);

    arithmetic(insn, insn->i, empty, *st(insn, 0));
    return 0;
}

static int arithmetic_pop(struct insn *insn)
{
    int empty = is_empty(insn, 0) || is_empty(insn, insn->i);

    if (arithmetic(insn, insn->i, empty, *st(insn, 0)))
        pop(insn);
    return 0;
}

/* ---- comparison: variant bit 0 pops, bit 1 pops twice, bit 2 is quiet ---- */

enum { POP = 1, POP_TWICE = 2, QUIET = 4 };

static const uint16_t unordered = XCPU_X87_C3 | XCPU_X87_C2 | XCPU_X87_C0;

/* Compares ST0 with b; *codes are C3, C2, C0, which are written even where an
 * unmasked exception keeps the stack as it is: 1. */
static int compared(struct insn *insn, int empty, struct xcpu_f80 b,
                    uint16_t *codes)
{
    *codes = unordered;
    if (empty)
        return stack_fault(insn, 0);
    xcpu_f80_compare(&insn->env, *st(insn, 0), b, insn->variant & QUIET);
    *codes = insn->env.status & unordered;
    return xcpu_f80_faulted(&insn->env);
}

static void pop_compared(struct insn *insn)
{
    if (insn->variant & (POP | POP_TWICE))
        pop(insn);
    if (insn->variant & POP_TWICE)
        pop(insn);
}

static int compare(struct insn *insn, int empty, struct xcpu_f80 b)
{
    uint16_t codes;
    int fault = compared(insn, empty, b, &codes);

    insn->fpu->status &= (uint16_t) ~(unordered | XCPU_X87_C1);
    insn->fpu->status |= codes | (insn->env.status & XCPU_X87_EXCEPTIONS);
    if (!fault)
        pop_compared(insn);
    return 0;
}

static int compare_sti(struct insn *insn)
{
    if (insn->variant & POP_TWICE)
        insn->i = 1;
    return compare(insn, is_empty(insn, 0) || is_empty(insn, insn->i),
                   *st(insn, insn->i));
}

static int compare_zero(struct insn *insn)
{
    return compare(insn, is_empty(insn, 0), xcpu_f80_zero(0));
}

/* FCOMI and relatives leave C1 alone but for stack faults. */
static int compare_flags(struct insn *insn)
{
    int empty = is_empty(insn, 0) || is_empty(insn, insn->i);
    uint16_t codes;
    int fault = compared(insn, empty, *st(insn, insn->i), &codes);
    int flags = 0;

    insn->fpu->status |= insn->env.status & XCPU_X87_EXCEPTIONS;
    if (codes & XCPU_X87_C0)
        flags |= XCPU_CF;
    if (codes & XCPU_X87_C2)
        flags |= XCPU_PF;
    if (codes & XCPU_X87_C3)
        flags |= XCPU_ZF;
    if (!fault)
        pop_compared(insn);
    return flags;
}

static int examine(struct insn *insn)
{
    uint16_t codes = xcpu_f80_examine(*st(insn, 0));

    if (is_empty(insn, 0))
        codes = (codes & XCPU_X87_C1) | XCPU_X87_C3 | XCPU_X87_C0;
    insn->fpu->status &= (uint16_t)~XCPU_X87_CONDITIONS;
    insn->fpu->status |= codes;
    return 0;
}

/* ---- arithmetic and comparison with memory: variant is the operation ---- */

static int with_memory(struct insn *insn, struct xcpu_f80 b)
{
    if (insn->variant == COM || insn->variant == COMP) {
        insn->variant = insn->variant == COMP ? POP : 0;
        return compare(insn, is_empty(insn, 0), b);
    }
    arithmetic(insn, 0, is_empty(insn, 0), b);
    return 0;
}

static int with_single(struct insn *insn)
{
    return with_memory(insn, get_real(insn, 4));
}

static int with_double(struct insn *insn)
{
    return with_memory(insn, get_real(insn, 8));
}

static int with_int16(struct insn *insn)
{
    return with_memory(insn, get_int(insn, 2));
}

static int with_int32(struct insn *insn)
{
    return with_memory(insn, get_int(insn, 4));
}

/* ---- loads ---- */

/* Pushes a value that has been loaded, even where its being denormal is an
 * unmasked exception; an overflow replaces it. */
static int load(struct insn *insn, struct xcpu_f80 value)
{
    if (!is_empty(insn, 7)) {
        if (!stack_fault(insn, 1))
            push(insn, indefinite());
        return 0;
    }
    faulted(insn);
    if (!(insn->env.status & ~insn->env.control & XCPU_X87_IE))
        push(insn, value);
    return 0;
}

static int load_real(struct insn *insn)
{
    return load(insn, xcpu_f80_load(&insn->env, get_real(insn, insn->variant)));
}

static int load_extended(struct insn *insn)
{
    return load(insn,
                (struct xcpu_f80){get_bytes(insn->operand, 8),
                                  (uint16_t)get_bytes(insn->operand + 8, 2)});
}

static int load_int(struct insn *insn)
{
    return load(insn, get_int(insn, insn->variant));
}

static int load_bcd(struct insn *insn)
{
    return load(insn, xcpu_f80_from_bcd(insn->operand));
}

static int load_sti(struct insn *insn)
{
    struct xcpu_f80 value = *st(insn, insn->i);

    if (is_empty(insn, insn->i)) {
        if (!stack_fault(insn, 0))
            push(insn, indefinite());
        return 0;
    }
    return load(insn, value);
}

/* The constants cut off, and for which rounding the next one is taken
 * (SDM 1, 8.3.8): nearest is up for those with a large rest. */
static const struct {
    struct xcpu_f80 value;
    int nearest_is_up;
} constants[] = {
    {{UINT64_C(0x8000000000000000), 0x3fff}, 0}, /* 1 */
    {{UINT64_C(0xd49a784bcd1b8afe), 0x4000}, 0}, /* log2(10) */
    {{UINT64_C(0xb8aa3b295c17f0bb), 0x3fff}, 1}, /* log2(e) */
    {{UINT64_C(0xc90fdaa22168c234), 0x4000}, 1}, /* pi */
    {{UINT64_C(0x9a209a84fbcff798), 0x3ffd}, 1}, /* log10(2) */
    {{UINT64_C(0xb17217f7d1cf79ab), 0x3ffe}, 1}, /* ln(2) */
    {{0, 0}, 0},
};

static int load_constant(struct insn *insn)
{
    struct xcpu_f80 value = constants[insn->variant].value;
    uint16_t rounding = insn->fpu->control & XCPU_ROUND;
    int exact = value.mantissa << 1 == 0;

    if (!exact &&
        (rounding == XCPU_ROUND_UP || (rounding == XCPU_ROUND_NEAREST &&
                                       constants[insn->variant].nearest_is_up)))
        value.mantissa++;
    return load(insn, value);
}

/* ---- stores: variant is the size, negative to pop ---- */

static int store_size(const struct insn *insn)
{
    return insn->variant < 0 ? -insn->variant : insn->variant;
}

/* After a conversion: whether it is stored, and then popped. */
static int store(struct insn *insn, int empty)
{
    const uint16_t out_of_range = XCPU_X87_OE | XCPU_X87_UE;

    if (empty) {
        if (stack_fault(insn, 0))
            return 0;
    } else if (insn->env.status & ~insn->env.control & out_of_range) {
        insn->env.status &= out_of_range;
        faulted(insn);
        return 0;
    } else if (faulted(insn)) {
        return 0;
    }
    if (insn->variant < 0)
        pop(insn);
    return 1;
}

static int store_real(struct insn *insn)
{
    int empty = is_empty(insn, 0);
    struct xcpu_f80 value = empty ? indefinite() : *st(insn, 0);
    int size = store_size(insn);

    put_bytes(insn->operand, size,
              size == 4 ? xcpu_f80_to_single(&insn->env, value)
                        : xcpu_f80_to_double(&insn->env, value));
    return store(insn, empty);
}

static int store_extended(struct insn *insn)
{
    int empty = is_empty(insn, 0);
    struct xcpu_f80 value = empty ? indefinite() : *st(insn, 0);

    put_bytes(insn->operand, 8, value.mantissa);
    put_bytes(insn->operand + 8, 2, value.exponent);
    return store(insn, empty);
}

static int store_int(struct insn *insn)
{
    int empty = is_empty(insn, 0);
    struct xcpu_f80 value = empty ? indefinite() : *st(insn, 0);
    int size = store_size(insn);

    put_bytes(insn->operand, size,
              (uint64_t)xcpu_f80_to_int(&insn->env, value, size));
    return store(insn, empty);
}

/* FISTTP rounds towards zero whatever FCW says. */
static int store_truncated(struct insn *insn)
{
    uint16_t control = insn->env.control;
    insn->env.control |= XCPU_ROUND_CHOP;
    int stored = store_int(insn);
    insn->env.control = control;
    return stored;
}

static int store_bcd(struct insn *insn)
{
    int empty = is_empty(insn, 0);

    xcpu_f80_to_bcd(&insn->env, empty ? indefinite() : *st(insn, 0),
                    insn->operand);
    return store(insn, empty);
}

static int store_sti(struct insn *insn)
{
    int empty = is_empty(insn, 0);
    struct xcpu_f80 value = empty ? indefinite() : *st(insn, 0);

    if (empty && stack_fault(insn, 0))
        return 0;
    if (!empty)
        clear_c1(insn);
    set(insn, insn->i, value);
    if (insn->variant < 0)
        pop(insn);
    return 0;
}

/* FSTPNCE: FSTP that takes an empty register as it is. */
static int move_sti(struct insn *insn)
{
    if (is_empty(insn, 0)) {
        clear_c1(insn);
        pop(insn);
        return 0;
    }
    return store_sti(insn);
}

/* ---- moves within the stack ---- */

static int exchange(struct insn *insn)
{
    struct xcpu_f80 a = *st(insn, 0), b = *st(insn, insn->i);
    int a_empty = is_empty(insn, 0), b_empty = is_empty(insn, insn->i);

    if (a_empty || b_empty) {
        if (stack_fault(insn, 0))
            return 0;
    } else {
        clear_c1(insn);
    }
    set(insn, 0, b_empty ? indefinite() : b);
    set(insn, insn->i, a_empty ? indefinite() : a);
    return 0;
}

static int move_if(struct insn *insn)
{
    int holds = insn->i >= 8;
    unsigned i = insn->i & 7;

    if (is_empty(insn, 0) || is_empty(insn, i)) {
        if (!stack_fault(insn, 0))
            set(insn, 0, indefinite());
        return 0;
    }
    if (holds)
        set(insn, 0, *st(insn, i));
    return 0;
}

static int free_register(struct insn *insn)
{
    clear_c1(insn);
    insn->fpu->valid &= (uint8_t) ~(1u << ((insn->fpu->top + insn->i) & 7));
    if (insn->variant < 0)
        pop(insn);
    return 0;
}

static int move_top(struct insn *insn)
{
    clear_c1(insn);
    insn->fpu->top = (uint8_t)(insn->fpu->top + insn->variant) & 7;
    return 0;
}

static int nothing(struct insn *insn)
{
    (void)insn;
    return 0;
}

/* ---- ST0 alone ---- */

/* Variant: the sign that is kept is xored with 1 (FCHS), or cleared. */
static int change_sign(struct insn *insn)
{
    struct xcpu_f80 value = *st(insn, 0);

    if (is_empty(insn, 0)) {
        if (!stack_fault(insn, 0))
            set(insn, 0, indefinite());
        return 0;
    }
    clear_c1(insn);
    if (insn->variant)
        value.exponent ^= XCPU_F80_SIGN;
    else
        value.exponent &= XCPU_F80_EXPONENT;
    set(insn, 0, value);
    return 0;
}

static int apply(struct insn *insn,
                 struct xcpu_f80 function(struct xcpu_f80_env *env,
                                          struct xcpu_f80 a))
{
    struct xcpu_f80 result = indefinite();

    if (is_empty(insn, 0)) {
        if (stack_fault(insn, 0))
            return 0;
    } else {
        result = function(&insn->env, *st(insn, 0));
        if (faulted(insn))
            return 0;
    }
    set(insn, 0, result);
    return 0;
}

static int square_root(struct insn *insn)
{
    return apply(insn, xcpu_f80_sqrt);
}

static int round_int(struct insn *insn)
{
    return apply(insn, xcpu_f80_round_int);
}

static int f2xm1(struct insn *insn)
{
    return apply(insn, xcpu_f80_2xm1);
}

/* ---- ST0 and ST1 ---- */

typedef struct xcpu_f80 binary(struct xcpu_f80_env *env, struct xcpu_f80 a,
                               struct xcpu_f80 b);

/* To ST0, or, popping, to ST1. */
static int combine(struct insn *insn, binary *function, int pops)
{
    struct xcpu_f80 result = indefinite();

    if (is_empty(insn, 0) || is_empty(insn, 1)) {
        if (stack_fault(insn, 0))
            return 0;
    } else {
        result = function(&insn->env, *st(insn, 0), *st(insn, 1));
        if (faulted(insn))
            return 0;
    }
    if (pops)
        pop(insn);
    set(insn, 0, result);
    return 0;
}

static int scale(struct insn *insn)
{
    return combine(insn, xcpu_f80_scale, 0);
}

static int fyl2x(struct insn *insn)
{
    return combine(insn, xcpu_f80_yl2x, 1);
}

static int fyl2xp1(struct insn *insn)
{
    return combine(insn, xcpu_f80_yl2xp1, 1);
}

static int fpatan(struct insn *insn)
{
    return combine(insn, xcpu_f80_patan, 1);
}

static int is_nan(struct xcpu_f80 a)
{
    return xcpu_f80_classify(a) == XCPU_F80_QNAN;
}

/* Variant: 1 for FPREM1. NaNs leave the conditions alone. */
static int remainder_of(struct insn *insn)
{
    struct xcpu_fpu *fpu = insn->fpu;
    struct xcpu_f80 result = indefinite();

    clear_c2(insn);
    if (is_empty(insn, 0) || is_empty(insn, 1)) {
        if (!stack_fault(insn, 0))
            set(insn, 0, result);
        return 0;
    }
    result = xcpu_f80_remainder(&insn->env, *st(insn, 0), *st(insn, 1),
                                insn->variant);
    if (faulted(insn))
        return 0;
    if (!is_nan(result)) {
        fpu->status &= (uint16_t)~XCPU_X87_CONDITIONS;
        fpu->status |= insn->env.status & XCPU_X87_CONDITIONS;
    }
    set(insn, 0, result);
    return 0;
}

/* ---- ST0 to two results: the first stays, the second is pushed ---- */

static int put_two(struct insn *insn, struct xcpu_f80 first,
                   struct xcpu_f80 second)
{
    set(insn, 0, first);
    push(insn, second);
    return 0;
}

/* 1: there is no operand or no room, and the instruction is over. */
static int no_room_for_two(struct insn *insn)
{
    if (!is_empty(insn, 0) && is_empty(insn, 7))
        return 0;
    if (!stack_fault(insn, !is_empty(insn, 0)))
        put_two(insn, indefinite(), indefinite());
    return 1;
}

static int extract(struct insn *insn)
{
    struct xcpu_f80 exponent, significand;

    if (no_room_for_two(insn))
        return 0;
    significand = xcpu_f80_extract(&insn->env, *st(insn, 0), &exponent);
    if (faulted(insn))
        return 0;
    return put_two(insn, exponent, significand);
}

/* Trigonometry sets C2 for an operand that is out of range and changes
 * nothing else then. */
static int out_of_range(struct insn *insn)
{
    insn->fpu->status |= insn->env.status & XCPU_X87_C2;
    return insn->env.status & XCPU_X87_C2;
}

/* Variant: 1 for the cosine. */
static int sine(struct insn *insn)
{
    struct xcpu_f80 result[2] = {indefinite(), indefinite()};

    clear_c2(insn);
    if (is_empty(insn, 0)) {
        if (stack_fault(insn, 0))
            return 0;
    } else {
        xcpu_f80_sincos(&insn->env, *st(insn, 0),
                        insn->variant ? NULL : &result[0],
                        insn->variant ? &result[1] : NULL);
        if (faulted(insn) || out_of_range(insn))
            return 0;
    }
    set(insn, 0, result[insn->variant]);
    return 0;
}

static int sine_cosine(struct insn *insn)
{
    struct xcpu_f80 sin, cos;

    clear_c2(insn);
    if (no_room_for_two(insn))
        return 0;
    xcpu_f80_sincos(&insn->env, *st(insn, 0), &sin, &cos);
    if (faulted(insn) || out_of_range(insn))
        return 0;
    return put_two(insn, sin, cos);
}

static int tangent(struct insn *insn)
{
    struct xcpu_f80 value, second = constants[0].value;

    clear_c2(insn);
    if (no_room_for_two(insn))
        return 0;
    value = xcpu_f80_ptan(&insn->env, *st(insn, 0));
    if (faulted(insn) || out_of_range(insn))
        return 0;
    if ((value.exponent & XCPU_F80_EXPONENT) == XCPU_F80_EXPONENT)
        second = value;
    return put_two(insn, value, second);
}

/* ---- the rows ---- */

#define OPERATIONS(X)                                                          \
    X(FADD, ADD)                                                               \
    X(FMUL, MUL)                                                               \
    X(FSUB, SUB)                                                               \
    X(FSUBR, SUBR)                                                             \
    X(FDIV, DIV)                                                               \
    X(FDIVR, DIVR)

static const struct {
    executor *execute;
    int variant;
} rows[XCPU_OPS] = {
#define X(name, operation)                                                     \
    [XCPU_OP_##name##_ST0_STi] = {arithmetic_st0, operation},                  \
    [XCPU_OP_##name##_STi_ST0] = {arithmetic_sti, operation},                  \
    [XCPU_OP_##name##P_STi_ST0] = {arithmetic_pop, operation},
    OPERATIONS(X)
#undef X
#define X(name, operation)                                                     \
    [XCPU_OP_##name##_Md] = {with_single, operation},                          \
    [XCPU_OP_##name##_Mq] = {with_double, operation},
        OPERATIONS(X) X(FCOM, COM) X(FCOMP, COMP)
#undef X
#define X(name, operation)                                                     \
    [XCPU_OP_##name##_Mw] = {with_int16, operation},                           \
    [XCPU_OP_##name##_Md] = {with_int32, operation},
            X(FIADD, ADD) X(FIMUL, MUL) X(FICOM, COM) X(FICOMP, COMP)
                X(FISUB, SUB) X(FISUBR, SUBR) X(FIDIV, DIV) X(FIDIVR, DIVR)
#undef X
                    [XCPU_OP_FCOM_ST0_STi] = {compare_sti, 0},
    [XCPU_OP_FCOMP_ST0_STi] = {compare_sti, POP},
    [XCPU_OP_FCOMPP] = {compare_sti, POP_TWICE},
    [XCPU_OP_FUCOM_ST0_STi] = {compare_sti, QUIET},
    [XCPU_OP_FUCOMP_ST0_STi] = {compare_sti, QUIET | POP},
    [XCPU_OP_FUCOMPP] = {compare_sti, QUIET | POP_TWICE},
    [XCPU_OP_FCOMI_ST0_STi] = {compare_flags, 0},
    [XCPU_OP_FCOMIP_ST0_STi] = {compare_flags, POP},
    [XCPU_OP_FUCOMI_ST0_STi] = {compare_flags, QUIET},
    [XCPU_OP_FUCOMIP_ST0_STi] = {compare_flags, QUIET | POP},
    [XCPU_OP_FTST] = {compare_zero, 0},
    [XCPU_OP_FXAM] = {examine, 0},
    [XCPU_OP_FLD_Md] = {load_real, 4},
    [XCPU_OP_FLD_Mq] = {load_real, 8},
    [XCPU_OP_FLD_Mt] = {load_extended, 0},
    [XCPU_OP_FLD_STi] = {load_sti, 0},
    [XCPU_OP_FILD_Mw] = {load_int, 2},
    [XCPU_OP_FILD_Md] = {load_int, 4},
    [XCPU_OP_FILD_Mq] = {load_int, 8},
    [XCPU_OP_FBLD_Mt] = {load_bcd, 0},
    [XCPU_OP_FLD1] = {load_constant, 0},
    [XCPU_OP_FLDL2T] = {load_constant, 1},
    [XCPU_OP_FLDL2E] = {load_constant, 2},
    [XCPU_OP_FLDPI] = {load_constant, 3},
    [XCPU_OP_FLDLG2] = {load_constant, 4},
    [XCPU_OP_FLDLN2] = {load_constant, 5},
    [XCPU_OP_FLDZ] = {load_constant, 6},
    [XCPU_OP_FST_Md] = {store_real, 4},
    [XCPU_OP_FSTP_Md] = {store_real, -4},
    [XCPU_OP_FST_Mq] = {store_real, 8},
    [XCPU_OP_FSTP_Mq] = {store_real, -8},
    [XCPU_OP_FSTP_Mt] = {store_extended, -10},
    [XCPU_OP_FIST_Mw] = {store_int, 2},
    [XCPU_OP_FISTP_Mw] = {store_int, -2},
    [XCPU_OP_FIST_Md] = {store_int, 4},
    [XCPU_OP_FISTP_Md] = {store_int, -4},
    [XCPU_OP_FISTP_Mq] = {store_int, -8},
    [XCPU_OP_FISTTP_Mw] = {store_truncated, -2},
    [XCPU_OP_FISTTP_Md] = {store_truncated, -4},
    [XCPU_OP_FISTTP_Mq] = {store_truncated, -8},
    [XCPU_OP_FBSTP_Mt] = {store_bcd, -10},
    [XCPU_OP_FST_STi] = {store_sti, 0},
    [XCPU_OP_FSTP_STi] = {store_sti, -1},
    [XCPU_OP_FSTPNCE_STi] = {move_sti, -1},
    [XCPU_OP_FXCH_STi] = {exchange, 0},
    [XCPU_OP_FCMOVB_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVE_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVBE_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVU_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVNB_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVNE_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVNBE_ST0_STi] = {move_if, 0},
    [XCPU_OP_FCMOVNU_ST0_STi] = {move_if, 0},
    [XCPU_OP_FFREE_STi] = {free_register, 0},
    [XCPU_OP_FFREEP_STi] = {free_register, -1},
    [XCPU_OP_FDECSTP] = {move_top, 7},
    [XCPU_OP_FINCSTP] = {move_top, 1},
    [XCPU_OP_FNOP] = {nothing, 0},
    [XCPU_OP_FCHS] = {change_sign, 1},
    [XCPU_OP_FABS] = {change_sign, 0},
    [XCPU_OP_FSQRT] = {square_root, 0},
    [XCPU_OP_FRNDINT] = {round_int, 0},
    [XCPU_OP_F2XM1] = {f2xm1, 0},
    [XCPU_OP_FSCALE] = {scale, 0},
    [XCPU_OP_FYL2X] = {fyl2x, 0},
    [XCPU_OP_FYL2XP1] = {fyl2xp1, 0},
    [XCPU_OP_FPATAN] = {fpatan, 0},
    [XCPU_OP_FPREM] = {remainder_of, 0},
    [XCPU_OP_FPREM1] = {remainder_of, 1},
    [XCPU_OP_FXTRACT] = {extract, 0},
    [XCPU_OP_FSIN] = {sine, 0},
    [XCPU_OP_FCOS] = {sine, 1},
    [XCPU_OP_FSINCOS] = {sine_cosine, 0},
    [XCPU_OP_FPTAN] = {tangent, 0},
};

int xcpu_x87_execute(struct xcpu_fpu *fpu, unsigned row, unsigned i,
                     uint8_t operand[10])
{
    struct insn insn = {.fpu = fpu,
                        .i = i,
                        .operand = operand,
                        .variant = rows[row].variant,
                        .env.control = fpu->control};

    return rows[row].execute(&insn);
}
