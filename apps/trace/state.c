/* state.c -- a processor's state in a trace, and hashes of states. */
/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <string.h>

#include <xxhash.h>

#include "bytes.h"
#include "trace.h"

void tr_put_registers(uint8_t bytes[TR_REGISTERS_SIZE],
                      const struct xcpu_regs *regs)
{
    for (int i = 0; i < 8; i++)
        tr_put(bytes + 4 * i, regs->gpr[i], 4);
    tr_put(bytes + 32, regs->eip, 4);
    tr_put(bytes + 36, regs->eflags, 4);
    for (int i = 0; i < 6; i++) {
        tr_put(bytes + 40 + 2 * i, regs->sreg[i], 2);
        tr_put(bytes + 52 + 4 * i, regs->sreg_base[i], 4);
    }
}

void tr_get_registers(const uint8_t bytes[TR_REGISTERS_SIZE],
                      struct xcpu_regs *regs)
{
    for (int i = 0; i < 8; i++)
        regs->gpr[i] = (uint32_t)tr_get(bytes + 4 * i, 4);
    regs->eip = (uint32_t)tr_get(bytes + 32, 4);
    regs->eflags = (uint32_t)tr_get(bytes + 36, 4);
    for (int i = 0; i < 6; i++) {
        regs->sreg[i] = (uint16_t)tr_get(bytes + 40 + 2 * i, 2);
        regs->sreg_base[i] = (uint32_t)tr_get(bytes + 52 + 4 * i, 4);
    }
}

uint64_t tr_hash_registers(const struct xcpu_regs *regs)
{
    struct xcpu_regs agreed = *regs;
    uint8_t bytes[TR_REGISTERS_SIZE];

    agreed.eflags &= ~(uint32_t)TR_ARITHMETIC_FLAGS;
    tr_put_registers(bytes, &agreed);
    return XXH64(bytes, sizeof(bytes), 0);
}

uint32_t tr_check_registers(const struct xcpu_regs *regs)
{
    return (uint32_t)tr_hash_registers(regs) & 0xffffff;
}

uint64_t tr_hash_fpu(const struct xcpu_fxstate *state)
{
    /* Places in FXSAVE's image (SDM 1, 10.5.1). */
    enum { FSW = 2, FTW = 4, MXCSR = 24, ST = 32, XMM = 160, END = 288 };
    const unsigned conditions = 0x4700;
    uint8_t agreed[END] = {0};

    memcpy(agreed, state->bytes, FTW + 1);
    tr_put(agreed + FSW, tr_get(agreed + FSW, 2) & ~(uint64_t)conditions, 2);
    memcpy(agreed + MXCSR, state->bytes + MXCSR, 4);
    for (int i = 0; i < 8; i++)
        memcpy(agreed + ST + 16 * i, state->bytes + ST + 16 * i, 10);
    memcpy(agreed + XMM, state->bytes + XMM, END - XMM);
    return XXH64(agreed, sizeof(agreed), 0);
}

uint64_t tr_hash_state(uint64_t before, uint64_t thread,
                       const struct xcpu_regs *regs,
                       const struct xcpu_fxstate *state, uint64_t memory)
{
    uint8_t bytes[32];

    tr_put(bytes, thread, 8);
    tr_put(bytes + 8, tr_hash_registers(regs), 8);
    tr_put(bytes + 16, tr_hash_fpu(state), 8);
    tr_put(bytes + 24, memory, 8);
    return XXH64(bytes, sizeof(bytes), before);
}

uint64_t tr_hash_page(uint32_t number, const uint8_t *page)
{
    if (page[0] == 0 && memcmp(page, page + 1, TR_PAGE_SIZE - 1) == 0)
        return 0;
    return XXH64(page, TR_PAGE_SIZE, number);
}
