/* section.c -- section headers, by number, type and name. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <string.h>

#define SECTION_SIZE(elf) ((elf)->is_64 ? 64u : 40u)

int eld_read_section(const struct eld_elf *elf, uint32_t index,
                     struct eld_section *section, struct eld_fault *fault)
{
    struct eld_table table = {elf->sections_offset, elf->section_count,
                              elf->section_size};
    unsigned size = SECTION_SIZE(elf);

    if (elf->section_size < size)
        return eld_fail_value(fault, ELD_ERR_ENTRY_SIZE, "section headers",
                              ELD_NONE, elf->section_size, size);
    const uint8_t *p =
        eld_record_at(elf, &table, index, size, "section header", fault);
    if (p == NULL)
        return index < table.count ? ELD_ERR_TRUNCATED : ELD_ERR_RANGE;

    size_t word = eld_word_size(elf);
    const uint8_t *tail = p + 8 + 4 * word;
    section->index = index;
    section->name = eld_load32(elf, p);
    section->type = eld_load32(elf, p + 4);
    section->flags = eld_load_word(elf, p + 8);
    section->address = eld_load_word(elf, p + 8 + word);
    section->offset = eld_load_word(elf, p + 8 + 2 * word);
    section->size = eld_load_word(elf, p + 8 + 3 * word);
    section->link = eld_load32(elf, tail);
    section->info = eld_load32(elf, tail + 4);
    section->align = eld_load_word(elf, tail + 8);
    section->entry_size = eld_load_word(elf, tail + 8 + word);
    return 0;
}

int eld_find_section(const struct eld_elf *elf, uint32_t type,
                     struct eld_section *section, struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct eld_section candidate;
        int error = eld_read_section(elf, i, &candidate, fault);

        if (error < 0)
            return error;
        if (candidate.type == type) {
            *section = candidate;
            return 0;
        }
    }
    return eld_fail_value(fault, ELD_ERR_NOT_FOUND, "section of type", ELD_NONE,
                          type, ELD_NONE);
}

int eld_section_part(const struct eld_elf *elf,
                     const struct eld_section *section, struct eld_part *part,
                     struct eld_fault *fault)
{
    struct eld_part result = {section->offset, section->size};

    if (section->type == SHT_NOBITS || section->type == SHT_NULL)
        result = (struct eld_part){0, 0};
    if (eld_bytes_at(elf, result.offset, result.size, "section", section->index,
                     fault) == NULL)
        return ELD_ERR_TRUNCATED;
    *part = result;
    return 0;
}

int eld_section_name(const struct eld_elf *elf,
                     const struct eld_section *section, const char **name,
                     struct eld_fault *fault)
{
    struct eld_section names;
    struct eld_part part;
    int error;

    if (elf->names_section == SHN_UNDEF)
        return eld_fail(fault, ELD_ERR_NOT_FOUND, "names of sections", ELD_NONE,
                        ELD_NONE);
    if ((error = eld_read_section(elf, elf->names_section, &names, fault)) < 0)
        return error;
    if ((error = eld_section_part(elf, &names, &part, fault)) < 0)
        return error;
    return eld_read_string(elf, &part, section->name, name, fault);
}

int eld_find_section_by_name(const struct eld_elf *elf, const char *name,
                             struct eld_section *section,
                             struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct eld_section candidate;
        const char *text;
        int error = eld_read_section(elf, i, &candidate, fault);

        if (error < 0)
            return error;
        if (eld_section_name(elf, &candidate, &text, NULL) == 0 &&
            strcmp(text, name) == 0) {
            *section = candidate;
            return 0;
        }
    }
    eld_fail(fault, ELD_ERR_NOT_FOUND, "section", ELD_NONE, ELD_NONE);
    eld_fault_add_name(fault, name, NULL);
    return ELD_ERR_NOT_FOUND;
}

/* 1 when [start, start + size) lies within [low, low + room); an empty one
 * may stand at either end only where the other has no room either. */
static int lies_within(uint64_t start, uint64_t size, uint64_t low,
                       uint64_t room)
{
    if (start < low || !eld_fits(start - low, size, room))
        return 0;
    return size > 0 || room == 0 || start - low < room;
}

/* Segments of memory alone, which nothing else in the file belongs to. */
static int is_memory(uint32_t segment_type)
{
    return segment_type == PT_LOAD || segment_type == PT_DYNAMIC ||
           segment_type == PT_GNU_EH_FRAME || segment_type == PT_GNU_STACK ||
           segment_type == PT_GNU_RELRO;
}

int eld_segment_has_section(const struct eld_segment *segment,
                            const struct eld_section *section)
{
    int is_nobits = section->type == SHT_NOBITS;
    int is_alloc = (section->flags & SHF_ALLOC) != 0;

    if (section->type == SHT_NULL || segment->type == PT_PHDR)
        return 0;
    if (section->flags & SHF_TLS) {
        if (segment->type != PT_TLS &&
            (is_nobits ||
             (segment->type != PT_LOAD && segment->type != PT_GNU_RELRO)))
            return 0;
    } else if (segment->type == PT_TLS) {
        return 0;
    }
    if (!is_alloc && (is_nobits || is_memory(segment->type)))
        return 0;
    if ((segment->type == PT_DYNAMIC || segment->type == PT_NOTE) &&
        section->size == 0 && segment->memory_size != 0)
        return 0;
    if (!is_nobits && !lies_within(section->offset, section->size,
                                   segment->offset, segment->file_size))
        return 0;
    return !is_alloc || lies_within(section->address, section->size,
                                    segment->vaddr, segment->memory_size);
}
