/* census.c -- instructions and system calls in a program's own code. */
/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <Zydis/Zydis.h>
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <x86cpu/decode.h>

enum { MOV_EAX = 0xb8, INT_N = 0xcd, SYSCALL_VECTOR = 99 };

/* What uvm's processor does not know: an instruction of another one's, or no
 * instruction at all. */
static size_t add_unknown(struct inf_census *census, uint64_t address,
                          const uint8_t *bytes, size_t size)
{
    ZydisDisassembledInstruction insn;

    if (!ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LEGACY_32,
                                            address, bytes, size, &insn))) {
        census->other_bytes++;
        return 1;
    }
    const char *name = ZydisMnemonicGetString(insn.info.mnemonic);
    size_t i = 0;
    while (i < census->unknown_count &&
           strcmp(census->unknown[i].text, name) != 0)
        i++;
    if (i < sizeof(census->unknown) / sizeof(census->unknown[0])) {
        struct inf_unknown *unknown = &census->unknown[i];

        if (i == census->unknown_count) {
            census->unknown_count++;
            snprintf(unknown->text, sizeof(unknown->text), "%s", name);
            unknown->first = address;
        }
        unknown->count++;
    }
    return insn.info.length;
}

/* Stubs load the number into EAX right before the interrupt. */
static void read_code(const struct eld_elf *elf, const struct eld_part *part,
                      uint64_t address, struct inf_census *census)
{
    const uint8_t *bytes = elf->bytes + part->offset;
    uint32_t number = UINT32_MAX;
    struct xcpu_insn insn;

    for (uint64_t at = 0; at < part->size;) {
        uint64_t left = part->size - at;
        size_t size = left < XCPU_INSN_MAX ? (size_t)left : XCPU_INSN_MAX;
        int length = xcpu_decode(bytes + at, size, &insn);

        if (length < 0) {
            at += add_unknown(census, address + at, bytes + at, size);
            continue;
        }
        census->insn_count++;
        if (bytes[at] == MOV_EAX && length == 5)
            number = insn.imm;
        else if (bytes[at] == INT_N && bytes[at + 1] == SYSCALL_VECTOR &&
                 number < INF_CALLS_MAX)
            census->calls[number] = 1;
        at += (uint64_t)length;
    }
}

static int read_sections(const struct eld_elf *elf, struct inf_census *census)
{
    struct eld_section section;
    struct eld_part part;
    int count = 0;

    for (uint32_t i = 0; i < elf->section_count; i++) {
        if (eld_read_section(elf, i, &section, NULL) < 0)
            break;
        if (section.type != SHT_PROGBITS || !(section.flags & SHF_EXECINSTR) ||
            eld_section_part(elf, &section, &part, NULL) < 0)
            continue;
        read_code(elf, &part, section.address, census);
        count++;
    }
    return count;
}

void inf_take_census(const struct eld_elf *elf, struct inf_census *census)
{
    struct eld_segment segment;
    struct eld_part part;

    memset(census, 0, sizeof(*census));
    if (read_sections(elf, census) > 0)
        return;
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (eld_read_segment(elf, i, &segment, NULL) < 0)
            break;
        if (segment.type != PT_LOAD || !(segment.flags & PF_X) ||
            segment.file_size == 0 ||
            eld_find_address(elf, segment.vaddr, segment.file_size, &part,
                             NULL) < 0)
            continue;
        part.size = segment.file_size;
        read_code(elf, &part, segment.vaddr, census);
    }
}
