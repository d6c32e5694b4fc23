/* difference.c -- what is not the same of two states. */
/* SPDX-License-Identifier: MIT */
#include "difference.h"

#include <stdio.h>
#include <string.h>

#include "insn.h"
#include "symbols.h"

void utrace_compare_word(const char *name, uint32_t a, uint32_t b)
{
    if (a != b)
        printf("%s: 0x%x, not 0x%x\n", name, b, a);
}

void utrace_compare_registers(const struct xcpu_regs *a,
                              const struct xcpu_regs *b, uint32_t undefined)
{
    char flags[2][64];

    for (int i = 0; i < 8; i++)
        utrace_compare_word(utrace_register_names[i], a->gpr[i], b->gpr[i]);
    utrace_compare_word("eip", a->eip, b->eip);
    if (((a->eflags ^ b->eflags) & ~undefined) == 0)
        return;
    utrace_format_flags(a->eflags, flags[0]);
    utrace_format_flags(b->eflags, flags[1]);
    printf("flags: %s, not %s\n", flags[1], flags[0]);
}

void utrace_compare_fpu(const struct xcpu_fxstate *a,
                        const struct xcpu_fxstate *b)
{
    /* What there is in 16 bytes of FXSAVE's image: SDM 1, 10.5.1. */
    for (int at = 0; at < 288; at += 16) {
        if (memcmp(a->bytes + at, b->bytes + at, at < 160 ? 10 : 16) == 0)
            continue;
        if (at < 32)
            puts("the FPU's control or status");
        else
            printf("%s%d\n", at < 160 ? "st" : "xmm",
                   (at < 160 ? at - 32 : at - 160) / 16);
    }
}

void utrace_show_place(struct tr_player *player, const char *file, uint32_t eip)
{
    struct utrace_symbols *symbols = utrace_new_symbols();
    uint32_t offset;
    char text[256];

    utrace_find_symbols(symbols, tr_player_space(player), file);
    utrace_format_address(symbols, eip, text, sizeof(text));
    if (utrace_symbol_of(symbols, eip, &offset) != NULL)
        printf("in %s\n", text);
    utrace_free_symbols(symbols);
}
