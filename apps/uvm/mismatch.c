/* mismatch.c -- what two engines do not agree on, for the user. */
/* SPDX-License-Identifier: MIT */
#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "uvm.h"

static const char *const gprs[8] = {"eax", "ecx", "edx", "ebx",
                                    "esp", "ebp", "esi", "edi"};
static const char *const sregs[6] = {"es", "cs", "ss", "ds", "fs", "gs"};

typedef ZyanStatus disassemble_function(ZydisMachineMode mode,
                                        ZyanU64 runtime_address,
                                        const void *buffer, ZyanUSize length,
                                        ZydisDisassembledInstruction *insn);

/* Zydis is loaded here: each start of uvm would pay for it otherwise. NULL
 * where it is not installed. */
static disassemble_function *find_disassembler(void)
{
    void *library = dlopen("libZydis.so.4.0", RTLD_NOW | RTLD_LOCAL);
    void *found = library ? dlsym(library, "ZydisDisassembleIntel") : NULL;
    disassemble_function *function = NULL;

    memcpy(&function, &found, sizeof(function));
    return function;
}

/* The instructions from the block's start on; a jump's target is not
 * followed. */
static void show_code(struct gm_space *space, uint32_t eip, uint64_t insns)
{
    uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    ZydisDisassembledInstruction insn;
    disassemble_function *disassemble = find_disassembler();

    for (uint64_t i = 0; i < insns; i++) {
        size_t size = sizeof(bytes);

        while (size > 0 && gm_copy_in(space, bytes, eip, size) < 0)
            size--;
        if (disassemble == NULL ||
            !ZYAN_SUCCESS(disassemble(ZYDIS_MACHINE_MODE_LEGACY_32, eip, bytes,
                                      size, &insn))) {
            uvm_message("  %08x  %s", eip,
                        disassemble == NULL ? "(no Zydis here)" : "(bad)");
            return;
        }
        uvm_message("  %08x  %s", eip, insn.text);
        eip += insn.info.length;
        if (insn.info.meta.category == ZYDIS_CATEGORY_UNCOND_BR ||
            insn.info.meta.category == ZYDIS_CATEGORY_RET ||
            insn.info.meta.category == ZYDIS_CATEGORY_CALL)
            return;
    }
}

/* One register, where it differs. */
static void show(const char *name, uint32_t before, uint32_t interp,
                 uint32_t translated)
{
    if (interp != translated)
        uvm_message("  %-8s %08x  interp %08x  jit %08x", name, before, interp,
                    translated);
}

static void show_registers(const struct xcpu_mismatch *mismatch)
{
    const struct xcpu_regs *before = &mismatch->before;
    const struct xcpu_regs *a = &mismatch->after[0], *b = &mismatch->after[1];

    for (int i = 0; i < 8; i++)
        show(gprs[i], before->gpr[i], a->gpr[i], b->gpr[i]);
    show("eip", before->eip, a->eip, b->eip);
    if (((a->eflags ^ b->eflags) & ~mismatch->undefined) != 0)
        show("eflags", before->eflags, a->eflags, b->eflags);
    for (int i = 0; i < 6; i++)
        show(sregs[i], before->sreg[i], a->sreg[i], b->sreg[i]);
}

/* x87, MMX and SSE state by the words of FXSAVE's image (SDM 1, 10.5.1). */
static void show_fxstate(const struct xcpu_mismatch *mismatch)
{
    char name[16];
    uint32_t words[3];

    for (size_t at = 0; at < sizeof(mismatch->fx_before.bytes); at += 4) {
        memcpy(&words[0], mismatch->fx_before.bytes + at, 4);
        memcpy(&words[1], mismatch->fx_after[0].bytes + at, 4);
        memcpy(&words[2], mismatch->fx_after[1].bytes + at, 4);
        if (at >= 160)
            snprintf(name, sizeof(name), "xmm%zu.%zu", (at - 160) / 16,
                     at / 4 % 4);
        else if (at >= 32)
            snprintf(name, sizeof(name), "st%zu.%zu", (at - 32) / 16,
                     at / 4 % 4);
        else
            snprintf(name, sizeof(name), "fx+%zu", at);
        show(name, words[0], words[1], words[2]);
    }
}

static void show_exits(const struct xcpu_mismatch *mismatch)
{
    static const char *const reasons[] = {"budget",  "kick",      "interrupt",
                                          "syscall", "exception", "mismatch"};
    const struct xcpu_exit *a = &mismatch->exits[0], *b = &mismatch->exits[1];

    if (a->reason != b->reason)
        uvm_message("  ended by interp %s, jit %s", reasons[a->reason],
                    reasons[b->reason]);
    show("vector", 0, a->vector, b->vector);
    show("error", 0, a->error_code, b->error_code);
    show("address", 0, a->address, b->address);
    show("insns", 0, (uint32_t)a->executed, (uint32_t)b->executed);
}

_Noreturn void uvm_report_mismatch(struct uvm *uvm, const struct xcpu *cpu)
{
    struct xcpu_mismatch mismatch;

    if (!xcpu_get_mismatch(cpu, &mismatch))
        uvm_fail(UVM_EXIT_FAILURE, "the engines differ");
    uvm_message("the engines differ about the %llu instructions from 0x%08x on",
                (unsigned long long)mismatch.exits[0].executed,
                mismatch.before.eip);
    show_code(uvm->space, mismatch.before.eip, mismatch.exits[0].executed + 1);
    for (int i = 0; i < 8; i += 4)
        uvm_message("  %s %08x  %s %08x  %s %08x  %s %08x", gprs[i],
                    mismatch.before.gpr[i], gprs[i + 1],
                    mismatch.before.gpr[i + 1], gprs[i + 2],
                    mismatch.before.gpr[i + 2], gprs[i + 3],
                    mismatch.before.gpr[i + 3]);
    show_registers(&mismatch);
    show_fxstate(&mismatch);
    show_exits(&mismatch);
    for (unsigned i = 0; i < mismatch.bytes_count; i++)
        uvm_message("  [%08x]  interp %02x  jit %02x",
                    mismatch.bytes[i].address, mismatch.bytes[i].interp,
                    mismatch.bytes[i].translated);
    uvm_fail(UVM_EXIT_FAILURE, "stopped before them");
}
