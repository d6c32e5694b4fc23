/* symbols.c -- records of symbol tables. */
/* SPDX-License-Identifier: MIT */

#include "symbols.h"

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <string.h>

/* Adds the tables that go with section's symbols, where they exist. */
static int find_companions(const struct eld_elf *elf,
                           const struct eld_section *section,
                           struct eld_symbols *symbols, struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct eld_section other;
        struct eld_part part;
        int error = eld_read_section(elf, i, &other, fault);

        if (error < 0)
            return error;
        if (other.link != section->index ||
            (other.type != SHT_GNU_versym && other.type != SHT_SYMTAB_SHNDX))
            continue;
        int is_versions = other.type == SHT_GNU_versym;
        if ((error = eld_section_part(elf, &other, &part, fault)) < 0 ||
            (error = eld_table_of(&part, 0, is_versions ? 2 : 4, "section",
                                  is_versions ? &symbols->versions
                                              : &symbols->sections,
                                  fault)) < 0)
            return error;
    }
    return 0;
}

int eld_section_symbols(const struct eld_elf *elf,
                        const struct eld_section *section,
                        struct eld_symbols *symbols, struct eld_fault *fault)
{
    struct eld_section strings;
    struct eld_symbols result;
    struct eld_part part;
    int error;

    if (section->type != SHT_SYMTAB && section->type != SHT_DYNSYM)
        return eld_fail(fault, ELD_ERR_INVALID, "section", section->index,
                        ELD_NONE);
    memset(&result, 0, sizeof(result));
    if ((error = eld_section_part(elf, section, &part, fault)) < 0 ||
        (error = eld_table_of(&part, section->entry_size, eld_symbol_size(elf),
                              "symbol table", &result.table, fault)) < 0 ||
        (error = eld_read_section(elf, section->link, &strings, fault)) < 0 ||
        (error = eld_section_part(elf, &strings, &result.strings, fault)) < 0 ||
        (error = find_companions(elf, section, &result, fault)) < 0)
        return error;
    *symbols = result;
    return 0;
}

int eld_find_symbols(const struct eld_elf *elf, uint32_t type,
                     struct eld_symbols *symbols, struct eld_fault *fault)
{
    struct eld_section section;
    int error = eld_find_section(elf, type, &section, fault);

    return error < 0 ? error
                     : eld_section_symbols(elf, &section, symbols, fault);
}

/* Words of a table that runs along the symbols; fallback where it has none. */
static uint32_t companion_word(const struct eld_elf *elf,
                               const struct eld_table *table, uint64_t index,
                               unsigned size, uint32_t fallback)
{
    if (index >= table->count)
        return fallback;
    const uint8_t *p = eld_record_at(elf, table, index, size, "", NULL);
    if (p == NULL)
        return fallback;
    return size == 2 ? eld_load16(elf, p) : eld_load32(elf, p);
}

static void read_fields(const struct eld_elf *elf, const uint8_t *p,
                        struct eld_symbol *symbol)
{
    const uint8_t *info = p + (elf->is_64 ? 4 : 12);

    symbol->value = eld_load_word(elf, p + (elf->is_64 ? 8 : 4));
    symbol->size = eld_load_word(elf, p + (elf->is_64 ? 16 : 8));
    symbol->bind = info[0] >> 4;
    symbol->type = info[0] & 15;
    symbol->visibility = info[1] & 3;
    symbol->other = info[1];
    symbol->section = eld_load16(elf, info + 2);
}

int eld_read_symbol(const struct eld_elf *elf,
                    const struct eld_symbols *symbols, uint64_t index,
                    struct eld_symbol *symbol, struct eld_fault *fault)
{
    struct eld_symbol result;
    const uint8_t *p = eld_record_at(elf, &symbols->table, index,
                                     eld_symbol_size(elf), "symbol", fault);

    if (p == NULL)
        return index < symbols->table.count ? ELD_ERR_TRUNCATED : ELD_ERR_RANGE;
    int error = eld_read_string(elf, &symbols->strings, eld_load32(elf, p),
                                &result.name, fault);
    if (error < 0)
        return error;
    read_fields(elf, p, &result);
    result.index = index;
    result.is_special = result.section >= SHN_LORESERVE;
    if (result.section == SHN_XINDEX) {
        result.section =
            companion_word(elf, &symbols->sections, index, 4, SHN_XINDEX);
        result.is_special = 0;
    }
    result.version = (uint16_t)companion_word(elf, &symbols->versions, index, 2,
                                              VER_NDX_GLOBAL);
    *symbol = result;
    return 0;
}

int eld_symbol_has_name(const struct eld_elf *elf,
                        const struct eld_symbols *symbols, uint64_t index,
                        const char *name, size_t size)
{
    const struct eld_part *strings = &symbols->strings;
    const uint8_t *p = eld_record_at(elf, &symbols->table, index,
                                     eld_symbol_size(elf), "symbol", NULL);

    if (p == NULL || !eld_fits(strings->offset, strings->size, elf->size))
        return 0;
    uint32_t offset = eld_load32(elf, p);
    return eld_fits(offset, size, strings->size) &&
           memcmp(elf->bytes + strings->offset + offset, name, size) == 0;
}
