/* notes.c -- notes of segments and sections. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <string.h>

enum { NOTE_HEADER = 12 };

int eld_next_note(const struct eld_elf *elf, const struct eld_part *part,
                  uint64_t align, uint64_t *offset, struct eld_note *note,
                  struct eld_fault *fault)
{
    uint64_t mask = align == 8 ? 7 : 3;
    uint64_t start = *offset;

    if (start >= part->size)
        return 0;
    const uint8_t *p =
        eld_bytes_at(elf, part->offset, part->size, "notes", ELD_NONE, fault);
    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    if (part->size - start < NOTE_HEADER) {
        eld_fail_value(fault, ELD_ERR_TRUNCATED, "note", ELD_NONE,
                       part->size - start, NOTE_HEADER);
        eld_fault_add_offset(fault, part->offset + start);
        return ELD_ERR_TRUNCATED;
    }
    p += start;
    /* Sums of 32-bit numbers: these cannot wrap. */
    uint64_t name_size = eld_load32(elf, p), size = eld_load32(elf, p + 4);
    uint64_t bytes_at = (NOTE_HEADER + name_size + mask) & ~mask;
    if (!eld_fits(bytes_at, size, part->size - start)) {
        eld_fail_value(fault, ELD_ERR_TRUNCATED, "note", ELD_NONE,
                       part->size - start, bytes_at + size);
        eld_fault_add_offset(fault, part->offset + start);
        return ELD_ERR_TRUNCATED;
    }
    note->name = (const char *)p + NOTE_HEADER;
    note->name_size = (uint32_t)name_size;
    note->type = eld_load32(elf, p + 8);
    note->bytes = p + bytes_at;
    note->size = (uint32_t)size;
    note->offset = part->offset + start;
    *offset = start + ((bytes_at + size + mask) & ~mask);
    return 1;
}

int eld_next_property(const struct eld_elf *elf, const struct eld_note *note,
                      uint64_t *offset, struct eld_property *property,
                      struct eld_fault *fault)
{
    /* Records are padded to words of the class (Linux Extensions to gABI). */
    uint64_t mask = elf->is_64 ? 7 : 3, start = *offset;

    if (start >= note->size)
        return 0;
    const uint8_t *p = note->bytes + start;
    uint64_t left = note->size - start;
    uint64_t size = left < 8 ? 0 : eld_load32(elf, p + 4);
    if (left < 8 || size > left - 8) {
        eld_fail_value(fault, ELD_ERR_TRUNCATED, "property of note", ELD_NONE,
                       left, 8 + size);
        eld_fault_add_offset(fault, note->offset);
        return ELD_ERR_TRUNCATED;
    }
    property->type = eld_load32(elf, p);
    property->size = (uint32_t)size;
    property->bytes = p + 8;
    property->value = size < 4 ? 0 : eld_load32(elf, p + 8);
    *offset = start + ((8 + size + mask) & ~mask);
    return 1;
}

static int find_in(const struct eld_elf *elf, const struct eld_part *part,
                   uint64_t align, struct eld_note *note)
{
    struct eld_note candidate;
    uint64_t offset = 0;

    while (eld_next_note(elf, part, align, &offset, &candidate, NULL) == 1) {
        if (candidate.type == NT_GNU_BUILD_ID && candidate.name_size == 4 &&
            memcmp(candidate.name, "GNU", 4) == 0) {
            *note = candidate;
            return 1;
        }
    }
    return 0;
}

int eld_find_build_id(const struct eld_elf *elf, struct eld_note *note,
                      struct eld_fault *fault)
{
    struct eld_segment segment;
    struct eld_section section;
    struct eld_part part;

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        if (eld_read_segment(elf, i, &segment, NULL) < 0)
            break;
        part = (struct eld_part){segment.offset, segment.file_size};
        if (segment.type == PT_NOTE && find_in(elf, &part, segment.align, note))
            return 0;
    }
    for (uint32_t i = 0; i < elf->section_count; i++) {
        if (eld_read_section(elf, i, &section, NULL) < 0)
            break;
        if (section.type == SHT_NOTE &&
            eld_section_part(elf, &section, &part, NULL) == 0 &&
            find_in(elf, &part, section.align, note))
            return 0;
    }
    return eld_fail(fault, ELD_ERR_NOT_FOUND, "build-id", ELD_NONE, ELD_NONE);
}
