/* accesses.h -- what memory an instruction loads and stores. */
/* SPDX-License-Identifier: MIT */
#ifndef X86CPU_ACCESSES_H
#define X86CPU_ACCESSES_H

#include <x86cpu/decode.h>
#include <x86cpu/x86cpu.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xcpu_access {
    uint32_t address, size; /* linear; bytes, which wrap at 4 GiB */
    int is_store;           /* it may be loaded as well */
};

enum { XCPU_ACCESSES_MAX = 3 };

/*
 * What an instruction accesses if it is executed with these registers and
 * raises no exception; of a repeated one the next time alone. Code, descriptor
 * tables and what is only prefetched do not count; the chain of frames that
 * ENTER copies does not either. How many there are. Pure: no state, any thread.
 */
unsigned xcpu_find_accesses(const struct xcpu_insn *insn,
                            const struct xcpu_regs *regs,
                            struct xcpu_access accesses[XCPU_ACCESSES_MAX]);

#ifdef __cplusplus
}
#endif
#endif
