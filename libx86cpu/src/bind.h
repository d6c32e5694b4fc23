/* bind.h -- which handler executes an instruction. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_BIND_H
#define X86CPU_BIND_H

#include "flags.h"

const struct xcpu_forms *xcpu_forms_of(const struct xcpu_insn *insn);

/* All of a slot but run and left. */
void xcpu_fill_slot(struct xcpu_slot *slot, const struct xcpu_insn *insn,
                    uint32_t eip);

/* Its handler. quiet: the flags it writes are not wanted; before: what kind
 * of flags it finds. Returns 1 when the handler leaves cpu->flags alone because
 * of that. */
int xcpu_bind_slot(const struct xcpu *cpu, struct xcpu_slot *slot,
                   const struct xcpu_insn *insn, int quiet,
                   enum xcpu_flags_kind before);

int xcpu_has_memory_operand(const struct xcpu_insn *insn);

/* Whether the instruction goes through a segment with a null selector, or
 * writes through one of code. */
int xcpu_uses_bad_segment(const struct xcpu *cpu, const struct xcpu_insn *insn);

/* Whether it may write to memory. */
int xcpu_insn_stores(const struct xcpu_insn *insn);

/* The arithmetic flags wanted before an instruction, from those wanted after
 * it; whether it writes none of these; the kind that it leaves. */
uint32_t xcpu_flags_before(const struct xcpu_insn *insn, uint32_t after);
int xcpu_is_quiet(const struct xcpu_insn *insn, uint32_t after);
enum xcpu_flags_kind xcpu_flags_after(const struct xcpu_insn *insn,
                                      enum xcpu_flags_kind before);

/* Whether the first of some instructions that follow each other leaves a flag
 * undefined which another one of them looks at. */
int xcpu_shows_undefined(const struct xcpu_insn *insns, unsigned count);

#endif
