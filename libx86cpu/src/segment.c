/* segment.c -- selectors and the segments they load. */
/* SPDX-License-Identifier: MIT */
#include "segment.h"
#include "interp.h"
#include "machine.h"

#define RPL 3u

/* Sets a segment register; blocks made for another kind of it go. */
static void set_segment(struct xcpu *cpu, unsigned sreg, uint16_t selector,
                        const struct xcpu_descriptor *found)
{
    uint8_t bit = (uint8_t)(1u << sreg);
    uint8_t null = selector & ~RPL ? 0 : bit;
    uint8_t code = found && found->code ? bit : 0;
    uint32_t base = found ? found->base : 0;
    int moved = sreg < XCPU_FS && !base != !cpu->sreg_base[sreg];
    if (cpu->jit) /* translated code holds bases */
        moved = base != cpu->sreg_base[sreg];
    cpu->sreg[sreg] = selector;
    cpu->sreg_base[sreg] = base;
    if (moved || (cpu->null_segments & bit) != null ||
        (cpu->code_segments & bit) != code)
        xcpu_set_pending(cpu, XCPU_PENDING_CLEAR);
    cpu->null_segments = (uint8_t)((cpu->null_segments & ~bit) | null);
    cpu->code_segments = (uint8_t)((cpu->code_segments & ~bit) | code);
}

void xcpu_define_segment(struct xcpu *cpu, unsigned sreg, uint16_t selector,
                         uint32_t base)
{
    if (sreg == XCPU_CS || sreg == XCPU_SS)
        base = 0;
    uint16_t wanted = (uint16_t)(selector & ~RPL);
    if (!wanted) {
        set_segment(cpu, sreg, selector, NULL);
        return;
    }
    unsigned i = 0;
    while (i < XCPU_DESCRIPTORS - 1 && cpu->descriptors[i].selector &&
           cpu->descriptors[i].selector != wanted)
        i++;
    struct xcpu_descriptor *made = &cpu->descriptors[i];
    int code = sreg == XCPU_CS || (made->selector == wanted && made->code);
    *made = (struct xcpu_descriptor){
        .selector = wanted, .code = (uint8_t)code, .base = base};
    set_segment(cpu, sreg, selector, made);
}

const struct xcpu_descriptor *xcpu_find_segment(const struct xcpu *cpu,
                                                uint16_t selector)
{
    for (unsigned i = 0; i < XCPU_DESCRIPTORS; i++)
        if (cpu->descriptors[i].selector == (selector & ~RPL) &&
            selector & ~RPL)
            return &cpu->descriptors[i];
    return NULL;
}

int xcpu_refuses_segment(const struct xcpu *cpu, unsigned sreg,
                         uint16_t selector)
{
    const struct xcpu_descriptor *found = xcpu_find_segment(cpu, selector);
    if (sreg != XCPU_SS)
        return !found && selector & ~RPL;
    return !found || found->code || found->base || (selector & RPL) != RPL;
}

void xcpu_load_segment(struct xcpu *cpu, const struct xcpu_slot *slot,
                       unsigned sreg, uint16_t selector)
{
    if (xcpu_refuses_segment(cpu, sreg, selector))
        xcpu_raise(cpu, slot, XCPU_GP, selector & ~RPL);
    const struct xcpu_descriptor *found = xcpu_find_segment(cpu, selector);
    set_segment(cpu, sreg, selector, found);
}

void xcpu_check_code_segment(struct xcpu *cpu, const struct xcpu_slot *slot,
                             uint16_t selector, int is_return)
{
    const struct xcpu_descriptor *found = xcpu_find_segment(cpu, selector);
    if (!found || !found->code || (is_return && (selector & RPL) != RPL))
        xcpu_raise(cpu, slot, XCPU_GP, selector & ~RPL);
}
