/* segment.h -- selectors and the segments they load. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_SEGMENT_H
#define X86CPU_SEGMENT_H

#include "cpu.h"

/* Loads a segment register from outside, and lets programs load it from now
 * on. The bases of CS and SS are 0, whatever base says. */
void xcpu_define_segment(struct xcpu *cpu, unsigned sreg, uint16_t selector,
                         uint32_t base);

/* The segment of a selector; NULL for none. */
const struct xcpu_descriptor *xcpu_find_segment(const struct xcpu *cpu,
                                                uint16_t selector);

/* Loads a segment register other than CS as an instruction does, or raises
 * #GP, for SS also when the selector is null (SDM 2, MOV). */
void xcpu_load_segment(struct xcpu *cpu, const struct xcpu_slot *slot,
                       unsigned sreg, uint16_t selector);

/* Whether a load of it would raise #GP. */
int xcpu_refuses_segment(const struct xcpu *cpu, unsigned sreg,
                         uint16_t selector);

/* Checks the selector of a far branch; a return's has its RPL compared. */
void xcpu_check_code_segment(struct xcpu *cpu, const struct xcpu_slot *slot,
                             uint16_t selector, int is_return);

#endif
