/* tenet.c -- export --format tenet: a thread's instructions as lines of text
 * that the Tenet trace explorer reads. */
/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "insn.h"

struct tenet {
    uint64_t thread;
    int has_begun;
    struct xcpu_regs last;
};

/* Registers that differ, and EIP always, as the last one. */
static void print_registers(const struct tenet *tenet,
                            const struct xcpu_regs *regs)
{
    for (int i = 0; i < 8; i++)
        if (!tenet->has_begun || tenet->last.gpr[i] != regs->gpr[i])
            printf("%s=0x%" PRIx32 ",", utrace_register_names[i], regs->gpr[i]);
    printf("eip=0x%" PRIx32, regs->eip);
}

static void print_memory(const struct utrace_operand *operand)
{
    if (operand->size == 0)
        return;
    printf(",m%c=0x%" PRIx32 ":", operand->is_stored ? 'w' : 'r',
           operand->address);
    for (uint32_t i = 0; i < operand->size; i++)
        printf("%02x", operand->bytes[i]);
}

/* A line is what an instruction has led to. Before the first one, and behind
 * what others changed, stands one with the state alone. */
static void on_insn(void *context, const struct utrace_insn *insn)
{
    struct tenet *tenet = context;

    if (insn->thread != tenet->thread)
        return;
    if (!tenet->has_begun || tenet->last.eip != insn->before.eip) {
        print_registers(tenet, &insn->before);
        putchar('\n');
        tenet->last = insn->before;
        tenet->has_begun = 1;
    }
    print_registers(tenet, &insn->after);
    for (int i = 0; i < UTRACE_OPERANDS; i++)
        print_memory(&insn->operands[i]);
    putchar('\n');
    tenet->last = insn->after;
}

int utrace_export_tenet(const struct utrace_options *options)
{
    const char *name = options->files[0];
    struct tr_reader *reader = utrace_open(name);
    struct tr_player *player = utrace_player(options, reader, name);
    struct tr_fault fault = {"out of memory"};
    struct tenet tenet = {.thread = options->thread};
    struct utrace_insn insn = {.on_insn = on_insn, .context = &tenet};
    int result = tr_play_to(player, options->from, &fault), is_executed;

    while (result > 0 && tr_player_instructions(player) < options->to)
        result = utrace_execute(player, &insn, &is_executed, &fault);
    if (result < 0)
        utrace_message("%s: %s", name, fault.text);
    else if (!tenet.has_begun)
        utrace_message("%s: thread %" PRIu64 " executes nothing there", name,
                       options->thread);
    utrace_free_player(player);
    tr_reader_close(reader);
    if (result < 0)
        return utrace_status_of(result);
    return tenet.has_begun ? 0 : UTRACE_EXIT_USAGE;
}
