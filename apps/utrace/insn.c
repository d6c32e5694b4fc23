/* insn.c -- executes a trace instruction by instruction, and shows it. */
/* SPDX-License-Identifier: MIT */
#include "insn.h"

#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const utrace_register_names[8] = {"eax", "ecx", "edx", "ebx",
                                              "esp", "ebp", "esi", "edi"};

static size_t read_code(struct gm_space *space, uint32_t address,
                        uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH])
{
    return tr_fetch_code(space, address, bytes, ZYDIS_MAX_INSTRUCTION_LENGTH,
                         NULL);
}

static int decode(struct gm_space *space, uint32_t address,
                  ZydisDisassembledInstruction *decoded)
{
    uint8_t bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    size_t size = read_code(space, address, bytes);

    return ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LEGACY_32,
                                              address, bytes, size, decoded));
}

uint32_t utrace_disassemble(struct gm_space *space, uint32_t address,
                            char *text, size_t size)
{
    ZydisDisassembledInstruction decoded;

    if (!decode(space, address, &decoded)) {
        snprintf(text, size, "(bad)");
        return 0;
    }
    snprintf(text, size, "%s", decoded.text);
    return decoded.info.length;
}

/* ---- operands in memory ---- */

static uint32_t value_of(const struct xcpu_regs *regs, ZydisRegister reg)
{
    ZyanI16 number = ZydisRegisterGetId(reg);

    switch (ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR32:
        return regs->gpr[number & 7];
    case ZYDIS_REGCLASS_GPR16:
        return regs->gpr[number & 7] & 0xffff;
    default:
        return 0;
    }
}

static uint32_t base_of(const struct xcpu_regs *regs, ZydisRegister segment)
{
    ZyanI16 number = ZydisRegisterGetId(segment);

    return number >= 0 && number < 6 ? regs->sreg_base[number] : 0;
}

static void find_operand(const ZydisDecodedOperand *operand,
                         const struct xcpu_regs *regs,
                         struct utrace_operand *found)
{
    const ZydisDecodedOperandMem *mem = &operand->mem;
    uint32_t offset =
        value_of(regs, mem->base) + value_of(regs, mem->index) * mem->scale;

    if (mem->disp.has_displacement)
        offset += (uint32_t)mem->disp.value;
    found->size = operand->size / 8;
    if (found->size > UTRACE_OPERAND_MAX)
        found->size = UTRACE_OPERAND_MAX;
    found->is_stored =
        (operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    found->is_stack = operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
                      ZydisRegisterGetId(mem->base) == XCPU_ESP &&
                      found->is_stored;
    found->address = base_of(regs, mem->segment) + offset;
}

static void find_operands(const ZydisDisassembledInstruction *decoded,
                          struct utrace_insn *insn)
{
    unsigned count = 0;

    for (int i = 0; i < decoded->info.operand_count; i++) {
        const ZydisDecodedOperand *operand = &decoded->operands[i];

        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
            operand->mem.type == ZYDIS_MEMOP_TYPE_AGEN ||
            operand->actions == 0 || count == UTRACE_OPERANDS)
            continue;
        find_operand(operand, &insn->before, &insn->operands[count++]);
    }
}

static void read_operands(struct gm_space *space, struct utrace_insn *insn)
{
    for (int i = 0; i < UTRACE_OPERANDS; i++) {
        struct utrace_operand *operand = &insn->operands[i];

        if (operand->is_stack)
            operand->address = insn->after.gpr[XCPU_ESP];
        if (operand->size > 0 &&
            gm_copy_in(space, operand->bytes, operand->address, operand->size) <
                0)
            operand->size = 0;
    }
}

/* ---- executing ---- */

static void find_flags(const ZydisDecodedInstruction *decoded,
                       struct utrace_insn *insn)
{
    const ZydisAccessedFlags *flags = decoded->cpu_flags;

    if (flags == NULL)
        return;
    insn->undefined = flags->undefined;
    insn->written =
        (flags->modified | flags->set_0 | flags->set_1) & ~flags->undefined;
}

static void describe(struct tr_player *player, struct utrace_insn *insn)
{
    ZydisDisassembledInstruction decoded;
    struct xcpu *cpu = tr_player_cpu(player);

    insn->number = tr_player_instructions(player);
    insn->thread = tr_player_thread(player);
    insn->length = 0;
    insn->written = insn->undefined = 0;
    memset(insn->operands, 0, sizeof(insn->operands));
    xcpu_get_regs(cpu, &insn->before);
    xcpu_get_fxstate(cpu, &insn->fpu_before);
    if (!decode(tr_player_space(player), insn->before.eip, &decoded)) {
        snprintf(insn->text, sizeof(insn->text), "(bad)");
        return;
    }
    snprintf(insn->text, sizeof(insn->text), "%s", decoded.text);
    insn->length = decoded.info.length;
    find_flags(&decoded.info, insn);
    find_operands(&decoded, insn);
}

int utrace_execute(struct tr_player *player, struct utrace_insn *insn,
                   int *is_executed, struct tr_fault *fault)
{
    struct tr_event event;
    int result;

    *is_executed = 0;
    while (!tr_player_is_open(player)) {
        result = tr_play_until_run(player, &event, fault);
        if (result <= 0)
            return result;
        if (!tr_player_is_open(player) && insn->on_event != NULL)
            insn->on_event(insn->context, &event);
    }
    tr_play_until_run(player, &event, fault);
    if (tr_player_cpu(player) != NULL)
        describe(player, insn);
    result = tr_play_part(player, 1, fault);
    if (tr_player_cpu(player) == NULL)
        return result < 0 ? result : 1;
    *is_executed = tr_player_instructions(player) != insn->number;
    xcpu_get_regs(tr_player_cpu(player), &insn->after);
    xcpu_get_fxstate(tr_player_cpu(player), &insn->fpu_after);
    read_operands(tr_player_space(player), insn);
    if (*is_executed && insn->on_insn != NULL)
        insn->on_insn(insn->context, insn);
    if (result > 0 && insn->on_event != NULL)
        insn->on_event(insn->context, &event);
    return result < 0 ? result : 1;
}

/* ---- showing ---- */

void utrace_format_flags(uint32_t eflags, char text[64])
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {{XCPU_CF, "CF"}, {XCPU_PF, "PF"}, {XCPU_AF, "AF"},
                 {XCPU_ZF, "ZF"}, {XCPU_SF, "SF"}, {XCPU_TF, "TF"},
                 {XCPU_DF, "DF"}, {XCPU_OF, "OF"}, {XCPU_NT, "NT"},
                 {XCPU_AC, "AC"}, {XCPU_ID, "ID"}};
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if ((eflags & names[i].flag) != 0)
            length += (size_t)snprintf(text + length, 64 - length, "%s%s",
                                       length > 0 ? " " : "", names[i].name);
}

static void print_bytes(const uint8_t *bytes, uint32_t size)
{
    fputs("0x", stdout);
    for (uint32_t i = size; i > 0; i--)
        printf("%02x", bytes[i - 1]);
}

static void print_changes(const struct utrace_insn *insn)
{
    const struct xcpu_regs *before = &insn->before, *after = &insn->after;
    char flags[64];

    for (int i = 0; i < 8; i++)
        if (before->gpr[i] != after->gpr[i])
            printf(" %s=0x%x", utrace_register_names[i], after->gpr[i]);
    if (before->eflags != after->eflags) {
        utrace_format_flags(after->eflags, flags);
        printf(" [%s]", flags);
    }
    for (int i = 0; i < UTRACE_OPERANDS; i++) {
        const struct utrace_operand *operand = &insn->operands[i];

        if (operand->size == 0)
            continue;
        printf(operand->is_stored ? " (0x%x)=" : " (0x%x):", operand->address);
        print_bytes(operand->bytes, operand->size);
    }
    /* From its place in FXSAVE's image: SDM 1, 10.5.1. */
    for (int i = 0; i < 8; i++)
        if (memcmp(insn->fpu_before.bytes + 32 + 16 * i,
                   insn->fpu_after.bytes + 32 + 16 * i, 10) != 0) {
            printf(" st%d=", i);
            print_bytes(insn->fpu_after.bytes + 32 + 16 * i, 10);
        }
    for (int i = 0; i < 8; i++)
        if (memcmp(insn->fpu_before.bytes + 160 + 16 * i,
                   insn->fpu_after.bytes + 160 + 16 * i, 16) != 0) {
            printf(" xmm%d=", i);
            print_bytes(insn->fpu_after.bytes + 160 + 16 * i, 16);
        }
}

void utrace_print_insn(const struct utrace_insn *insn)
{
    printf("%" PRIu64 " %" PRIu64 " %08x  %-36s", insn->number, insn->thread,
           insn->before.eip, insn->text);
    print_changes(insn);
    putchar('\n');
}

void utrace_print_registers(const struct xcpu_regs *regs)
{
    char flags[64];

    for (int i = 0; i < 8; i++)
        printf("%s=%08x%s", utrace_register_names[i], regs->gpr[i],
               i % 4 == 3 ? "\n" : " ");
    utrace_format_flags(regs->eflags, flags);
    printf("eip=%08x eflags=%08x %s\n", regs->eip, regs->eflags, flags);
    printf("fs=%04x at %08x gs=%04x at %08x\n", regs->sreg[XCPU_FS],
           regs->sreg_base[XCPU_FS], regs->sreg[XCPU_GS],
           regs->sreg_base[XCPU_GS]);
}

void utrace_print_fpu(const struct xcpu_fxstate *fpu)
{
    const uint8_t *at = fpu->bytes;

    fputs("fcw=", stdout);
    print_bytes(at, 2);
    fputs(" fsw=", stdout);
    print_bytes(at + 2, 2);
    fputs(" mxcsr=", stdout);
    print_bytes(at + 24, 4);
    printf(" ftw=%02x\n", at[4]);
    for (int i = 0; i < 8; i++) {
        printf("st%d=", i);
        print_bytes(at + 32 + 16 * i, 10);
        printf(" xmm%d=", i);
        print_bytes(at + 160 + 16 * i, 16);
        putchar('\n');
    }
}
