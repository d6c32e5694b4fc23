/* relocs.c -- records of relocation tables: REL, RELA and RELR. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"
#include "tables.h"

#include <elf.h>

/* Newer than many an <elf.h>. */
#define SHT_RELR_NUMBER 19

int eld_relocs_of(const struct eld_elf *elf, const struct eld_part *part,
                  uint64_t entry_size, enum eld_relocs_kind kind,
                  struct eld_relocs *relocs, struct eld_fault *fault)
{
    static const uint8_t words[] = {
        [ELD_RELOCS_REL] = 2, [ELD_RELOCS_RELA] = 3, [ELD_RELOCS_RELR] = 1};
    struct eld_table table;
    int error = eld_table_of(part, entry_size, words[kind] * eld_word_size(elf),
                             "relocation table", &table, fault);

    if (error < 0)
        return error;
    relocs->table = table;
    relocs->kind = kind;
    return 0;
}

int eld_section_relocs(const struct eld_elf *elf,
                       const struct eld_section *section,
                       struct eld_relocs *relocs, struct eld_fault *fault)
{
    enum eld_relocs_kind kind;
    struct eld_part part;

    if (section->type == SHT_REL)
        kind = ELD_RELOCS_REL;
    else if (section->type == SHT_RELA)
        kind = ELD_RELOCS_RELA;
    else if (section->type == SHT_RELR_NUMBER)
        kind = ELD_RELOCS_RELR;
    else
        return eld_fail(fault, ELD_ERR_INVALID, "section", section->index,
                        ELD_NONE);
    int error = eld_section_part(elf, section, &part, fault);
    if (error < 0)
        return error;
    return eld_relocs_of(elf, &part, section->entry_size, kind, relocs, fault);
}

/*
 * RELR (gABI, Relative Relocation Table): an even word is the address of a
 * relocation; the bits of an odd one, from bit 1 on, stand for the words that
 * follow the last address.
 */
static int next_relr(const struct eld_elf *elf, const struct eld_table *table,
                     struct eld_reloc_cursor *cursor, struct eld_reloc *reloc,
                     struct eld_fault *fault)
{
    size_t word = eld_word_size(elf);

    while (cursor->bits == 0) {
        cursor->base += cursor->bit_count * word;
        cursor->bit_count = 0;
        if (cursor->index >= table->count)
            return 0;
        const uint8_t *p =
            eld_record_at(elf, table, cursor->index, word, "relocation", fault);
        if (p == NULL)
            return ELD_ERR_TRUNCATED;
        uint64_t value = eld_load_word(elf, p);
        cursor->index++;
        cursor->bits = (value & 1) ? value >> 1 : 1;
        cursor->bit_count = (value & 1) ? 8 * word - 1 : 1;
        if (!(value & 1))
            cursor->base = value;
    }
    while (!(cursor->bits & 1)) {
        cursor->bits >>= 1;
        cursor->bit_count--;
        cursor->base += word;
    }
    reloc->offset = cursor->base;
    reloc->type = 0;
    reloc->type_2 = reloc->type_3 = 0;
    reloc->symbol = 0;
    reloc->addend = 0;
    reloc->file_offset = table->offset + (cursor->index - 1) * word;
    cursor->bits >>= 1;
    cursor->bit_count--;
    cursor->base += word;
    return 1;
}

/* Not one number but a symbol, a special one, and three types from the last
 * to the first (MIPS psABI, 64-bit ELF). */
static void split_mips64(const struct eld_elf *elf, const uint8_t *info,
                         struct eld_reloc *reloc)
{
    reloc->symbol = eld_load32(elf, info);
    reloc->type_3 = info[5];
    reloc->type_2 = info[6];
    reloc->type = info[7];
}

int eld_next_reloc(const struct eld_elf *elf, const struct eld_relocs *relocs,
                   struct eld_reloc_cursor *cursor, struct eld_reloc *reloc,
                   struct eld_fault *fault)
{
    const struct eld_table *table = &relocs->table;
    size_t word = eld_word_size(elf);
    int has_addend = relocs->kind == ELD_RELOCS_RELA;

    if (relocs->kind == ELD_RELOCS_RELR)
        return next_relr(elf, table, cursor, reloc, fault);
    if (cursor->index >= table->count)
        return 0;
    const uint8_t *p =
        eld_record_at(elf, table, cursor->index, (has_addend ? 3 : 2) * word,
                      "relocation", fault);
    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    uint64_t info = eld_load_word(elf, p + word);
    reloc->offset = eld_load_word(elf, p);
    reloc->type = (uint32_t)(elf->is_64 ? info & UINT32_MAX : info & 0xff);
    /* The upper bytes are a second addend (SPARC V9 psABI). */
    if (elf->machine == EM_SPARCV9)
        reloc->type &= 0xff;
    reloc->symbol = (uint32_t)(elf->is_64 ? info >> 32 : info >> 8);
    reloc->type_2 = reloc->type_3 = 0;
    if (elf->machine == EM_MIPS && elf->is_64)
        split_mips64(elf, p + word, reloc);
    reloc->addend = 0;
    if (has_addend && elf->is_64)
        reloc->addend = (int64_t)eld_load64(elf, p + 16);
    else if (has_addend)
        reloc->addend = (int32_t)eld_load32(elf, p + 8);
    reloc->file_offset = table->offset + cursor->index * table->entry_size;
    cursor->index++;
    return 1;
}
