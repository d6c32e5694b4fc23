/* header.c -- the ELF header and the program headers. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <string.h>

/* Sizes of the records of each class (gABI, chapter 4 and 5). */
#define HEADER_SIZE(elf)  ((elf)->is_64 ? 64u : 52u)
#define SEGMENT_SIZE(elf) ((elf)->is_64 ? 56u : 32u)

/* Printable text as far as one looks, in any encoding but UTF-16. */
static int is_text(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && i < 256; i++) {
        if (bytes[i] < ' ' && !(bytes[i] >= '\a' && bytes[i] <= '\r') &&
            bytes[i] != 0x1b)
            return 0;
    }
    return 1;
}

static int check_ident(const uint8_t *bytes, size_t size,
                       struct eld_fault *fault)
{
    if (size == 0)
        return eld_fail(fault, ELD_ERR_EMPTY, NULL, ELD_NONE, ELD_NONE);
    if (size < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0) {
        if (memcmp(bytes, ELFMAG, size < SELFMAG ? size : SELFMAG) == 0)
            return eld_fail_value(fault, ELD_ERR_TRUNCATED, "ELF header",
                                  ELD_NONE, size, EI_NIDENT);
        return eld_fail(fault,
                        is_text(bytes, size) ? ELD_ERR_TEXT : ELD_ERR_NOT_ELF,
                        NULL, ELD_NONE, ELD_NONE);
    }
    if (size < EI_NIDENT)
        return eld_fail_value(fault, ELD_ERR_TRUNCATED, "ELF header", ELD_NONE,
                              size, EI_NIDENT);
    if (bytes[EI_CLASS] != ELFCLASS32 && bytes[EI_CLASS] != ELFCLASS64)
        return eld_fail_value(fault, ELD_ERR_CLASS, "ELF header", ELD_NONE,
                              bytes[EI_CLASS], ELD_NONE);
    if (bytes[EI_DATA] != ELFDATA2LSB && bytes[EI_DATA] != ELFDATA2MSB)
        return eld_fail_value(fault, ELD_ERR_ENCODING, "ELF header", ELD_NONE,
                              bytes[EI_DATA], ELD_NONE);
    if (bytes[EI_VERSION] != EV_CURRENT)
        return eld_fail_value(fault, ELD_ERR_VERSION, "ELF header", ELD_NONE,
                              bytes[EI_VERSION], EV_CURRENT);
    return 0;
}

static void read_fields(const uint8_t *bytes, struct eld_elf *elf)
{
    /* Three addresses stand between e_version and e_flags. */
    size_t word = eld_word_size(elf);
    const uint8_t *tail = bytes + 24 + 3 * word;

    elf->os_abi = bytes[EI_OSABI];
    elf->abi_version = bytes[EI_ABIVERSION];
    elf->type = eld_load16(elf, bytes + 16);
    elf->machine = eld_load16(elf, bytes + 18);
    elf->version = eld_load32(elf, bytes + 20);
    elf->entry = eld_load_word(elf, bytes + 24);
    elf->segments_offset = eld_load_word(elf, bytes + 24 + word);
    elf->sections_offset = eld_load_word(elf, bytes + 24 + 2 * word);
    elf->flags = eld_load32(elf, tail);
    elf->header_size = eld_load16(elf, tail + 4);
    elf->segment_size = eld_load16(elf, tail + 6);
    elf->segment_count = eld_load16(elf, tail + 8);
    elf->section_size = eld_load16(elf, tail + 10);
    elf->section_count = eld_load16(elf, tail + 12);
    elf->names_section = eld_load16(elf, tail + 14);
}

/* Numbers too large for the header are in section 0 (gABI, chapter 4). */
static void resolve_extended(struct eld_elf *elf)
{
    struct eld_elf with_one = *elf;
    struct eld_section section;

    with_one.section_count = 1;
    if (elf->sections_offset == 0 ||
        eld_read_section(&with_one, 0, &section, NULL) < 0)
        return;
    if (elf->section_count == 0 && section.size <= UINT32_MAX)
        elf->section_count = (uint32_t)section.size;
    if (elf->names_section == SHN_XINDEX)
        elf->names_section = section.link;
    if (elf->segment_count == PN_XNUM)
        elf->segment_count = section.info;
}

int eld_read_header(const void *bytes, size_t size, struct eld_elf *elf,
                    struct eld_fault *fault)
{
    const uint8_t *ident = bytes;
    struct eld_elf result;
    int error = check_ident(ident, size, fault);

    if (error < 0)
        return error;
    memset(&result, 0, sizeof(result));
    result.bytes = ident;
    result.size = size;
    result.is_64 = ident[EI_CLASS] == ELFCLASS64;
    result.is_big = ident[EI_DATA] == ELFDATA2MSB;
    if (eld_bytes_at(&result, 0, HEADER_SIZE(&result), "ELF header", ELD_NONE,
                     fault) == NULL)
        return ELD_ERR_TRUNCATED;
    read_fields(ident, &result);
    resolve_extended(&result);
    *elf = result;
    return 0;
}

/* ---- program headers ---- */

static struct eld_table segment_table(const struct eld_elf *elf)
{
    return (struct eld_table){elf->segments_offset, elf->segment_count,
                              elf->segment_size};
}

int eld_read_segment(const struct eld_elf *elf, uint32_t index,
                     struct eld_segment *segment, struct eld_fault *fault)
{
    struct eld_table table = segment_table(elf);
    unsigned size = SEGMENT_SIZE(elf);

    if (elf->segment_size < size)
        return eld_fail_value(fault, ELD_ERR_ENTRY_SIZE, "program headers",
                              ELD_NONE, elf->segment_size, size);
    const uint8_t *p =
        eld_record_at(elf, &table, index, size, "program header", fault);
    if (p == NULL)
        return index < table.count ? ELD_ERR_TRUNCATED : ELD_ERR_RANGE;

    /* The flags stand at the end in one class, second in the other. */
    const uint8_t *words = p + (elf->is_64 ? 8 : 4);
    size_t word = eld_word_size(elf);
    segment->type = eld_load32(elf, p);
    segment->flags = eld_load32(elf, p + (elf->is_64 ? 4 : 24));
    segment->offset = eld_load_word(elf, words);
    segment->vaddr = eld_load_word(elf, words + word);
    segment->paddr = eld_load_word(elf, words + 2 * word);
    segment->file_size = eld_load_word(elf, words + 3 * word);
    segment->memory_size = eld_load_word(elf, words + 4 * word);
    segment->align = eld_load_word(elf, p + (elf->is_64 ? 48 : 28));
    return 0;
}

int eld_find_address(const struct eld_elf *elf, uint64_t address, uint64_t size,
                     struct eld_part *part, struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct eld_segment segment;
        int error = eld_read_segment(elf, i, &segment, fault);

        if (error < 0)
            return error;
        if (segment.type != PT_LOAD || address < segment.vaddr)
            continue;
        uint64_t skip = address - segment.vaddr;
        if (skip >= segment.file_size || size > segment.file_size - skip)
            continue;
        uint64_t offset = eld_add_clamped(segment.offset, skip);
        if (eld_bytes_at(elf, offset, size, "program header", i, fault) == NULL)
            return ELD_ERR_TRUNCATED;
        part->offset = offset;
        part->size = segment.file_size - skip;
        if (part->size > elf->size - offset)
            part->size = elf->size - offset;
        return 0;
    }
    return eld_fail_value(fault, ELD_ERR_ADDRESS, NULL, ELD_NONE, address,
                          ELD_NONE);
}
