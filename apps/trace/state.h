/* state.h -- a processor's state in a trace, and hashes of states. */
/* SPDX-License-Identifier: MIT */
#ifndef TR_STATE_H
#define TR_STATE_H

#include <stdint.h>

#include <x86cpu/x86cpu.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of REGISTERS and FPU, and of THREAD, which has both. */
enum {
    TR_REGISTERS_SIZE = 76,
    TR_FPU_SIZE = 512,
    TR_THREAD_SIZE = TR_REGISTERS_SIZE + TR_FPU_SIZE
};

/* Flags that instructions may leave undefined. */
#define TR_ARITHMETIC_FLAGS                                                    \
    (XCPU_CF | XCPU_PF | XCPU_AF | XCPU_ZF | XCPU_SF | XCPU_OF)

void tr_put_registers(uint8_t bytes[TR_REGISTERS_SIZE],
                      const struct xcpu_regs *regs);
void tr_get_registers(const uint8_t bytes[TR_REGISTERS_SIZE],
                      struct xcpu_regs *regs);

/*
 * Hashes of what every engine and host has to agree on
 * (docs/trace-format.md, "Hashes"): registers without the arithmetic flags,
 * which instructions may leave undefined; the x87 without its pointers and
 * condition codes.
 */
uint64_t tr_hash_registers(const struct xcpu_regs *regs);
uint64_t tr_hash_fpu(const struct xcpu_fxstate *state);

/* CHECK of RUN and CALL: 24 bits of the first one. */
uint32_t tr_check_registers(const struct xcpu_regs *regs);

/* Of a state, chained to the one before it. */
uint64_t tr_hash_state(uint64_t before, uint64_t thread,
                       const struct xcpu_regs *regs,
                       const struct xcpu_fxstate *state, uint64_t memory);

/* Of a page that is not all zeros; 0 for one that is. number: its address by
 * pages. */
uint64_t tr_hash_page(uint32_t number, const uint8_t *page);

#ifdef __cplusplus
}
#endif
#endif
