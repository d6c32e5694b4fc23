/* insn.h -- executes a trace instruction by instruction, and shows it. */
/* SPDX-License-Identifier: MIT */
#ifndef UTRACE_INSN_H
#define UTRACE_INSN_H

#include "utrace.h"

enum { UTRACE_OPERANDS = 2, UTRACE_OPERAND_MAX = 16 };

/* What an instruction did. */
struct utrace_insn {
    uint64_t number; /* instructions before it */
    uint64_t thread;
    uint32_t length; /* bytes; 0: it cannot be decoded */
    char text[96];
    uint32_t written, undefined; /* flags; those written are defined */
    struct xcpu_regs before, after;
    struct xcpu_fxstate fpu_before, fpu_after;
    /* Memory operands, and what is there behind it. */
    struct utrace_operand {
        uint32_t address, size; /* size 0: none; 16 bytes at most */
        int is_stack;           /* at ESP behind it: address is not yet known */
        int is_stored;
        uint8_t bytes[UTRACE_OPERAND_MAX];
    } operands[UTRACE_OPERANDS];
    /* Who is told of events before it, of it when it has been executed, and of
     * the RUN or CALL that it ends; each may be NULL. */
    void (*on_event)(void *context, const struct tr_event *event);
    void (*on_insn)(void *context, const struct utrace_insn *insn);
    void *context;
};

/*
 * Executes one instruction, or tries one that faults or is interrupted before
 * it: 1, *is_executed tells; 0 at the end; or TR_ERR_*, with fault.
 */
int utrace_execute(struct tr_player *player, struct utrace_insn *insn,
                   int *is_executed, struct tr_fault *fault);

/* The text of what is at an address; its length, 0: there is no code. */
uint32_t utrace_disassemble(struct gm_space *space, uint32_t address,
                            char *text, size_t size);

/* One line: number, thread, address, text, and what has changed. */
void utrace_print_insn(const struct utrace_insn *insn);

void utrace_print_registers(const struct xcpu_regs *regs);
void utrace_print_fpu(const struct xcpu_fxstate *fpu);

extern const char *const utrace_register_names[8];

/* "CF ZF": which of the flags there are; text of 64 bytes. */
void utrace_format_flags(uint32_t eflags, char text[64]);

#endif
