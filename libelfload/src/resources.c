/* resources.c -- resources that Haiku's tools append to programs. */
/* SPDX-License-Identifier: MIT */
/*
 * Behind the ELF file (all numbers are 32 bits wide; offsets count from the
 * header's start):
 *
 *     0     magic, number of resources, offset of the index section (68)
 *     68    index section: words 30 and 31 of its header (132 bytes) are
 *           the offset and size of the infos; then one entry for each
 *           resource: offset and size of its data, a word unused
 *     ...   data
 *     ...   infos: blocks of a type and its resources, each of them id,
 *           number in the index from 1 on, 16 bits of the size of its name,
 *           and the name; a block ends with two words of ones; behind the
 *           last block are a check sum and a word of zeros
 */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <elfload/elf_resources.h>
#include <string.h>

enum {
    MAGIC = 0x444f1000,
    HEADER_SIZE = 68,
    INDEX_HEADER_SIZE = 132,
    INFO_OFFSET_AT = 30 * 4, /* in the index section's header */
    ENTRY_SIZE = 12,
    INFO_SIZE = 10,
    SEPARATOR_SIZE = 8,
    TABLE_END_SIZE = 8,
    COUNT_MAX = 10000, /* Haiku takes no more */
    ALIGN_MIN = 32,
    ALIGN_MAX = 10 * 1024 * 1024
};

static const char what[] = "resources";

/* ---- where they begin ---- */

static void extend(uint64_t *end, uint64_t offset, uint64_t size)
{
    uint64_t other = eld_add_clamped(offset, size);

    if (other > *end)
        *end = other;
}

static int end_of_segments(const struct eld_elf *elf, uint64_t *end,
                           uint64_t *align, struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct eld_segment segment;
        int error = eld_read_segment(elf, i, &segment, fault);

        if (error < 0)
            return error;
        if (segment.type == PT_NULL)
            continue;
        extend(end, segment.offset, segment.file_size);
        if (segment.align > *align)
            *align = segment.align;
    }
    extend(end, elf->segments_offset,
           (uint64_t)elf->segment_count * elf->segment_size);
    return 0;
}

static int end_of_sections(const struct eld_elf *elf, uint64_t *end,
                           struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct eld_section section;
        int error = eld_read_section(elf, i, &section, fault);

        if (error < 0)
            return error;
        if (section.type != SHT_NULL && section.type != SHT_NOBITS)
            extend(end, section.offset, section.size);
    }
    extend(end, elf->sections_offset,
           (uint64_t)elf->section_count * elf->section_size);
    return 0;
}

static int find_start(const struct eld_elf *elf, uint64_t *start,
                      struct eld_fault *fault)
{
    uint64_t end = elf->header_size, align = ALIGN_MIN;
    int error;

    if ((error = end_of_segments(elf, &end, &align, fault)) < 0 ||
        (error = end_of_sections(elf, &end, fault)) < 0)
        return error;
    if (elf->is_64)
        align = 8;
    if (align > ALIGN_MAX)
        return eld_fail_value(fault, ELD_ERR_RANGE, "alignment of a segment",
                              ELD_NONE, align, ALIGN_MAX);
    uint64_t rest = end % align;
    *start = rest == 0 ? end : eld_add_clamped(end, align - rest);
    if (*start >= elf->size)
        return eld_fail(fault, ELD_ERR_NOT_FOUND, what, ELD_NONE, ELD_NONE);
    return 0;
}

/* ---- their tables ---- */

/* The file as one of the resources' byte order. */
static struct eld_elf view_of(const struct eld_elf *elf,
                              const struct eld_resources *resources)
{
    struct eld_elf view = *elf;

    view.is_big = resources->is_big;
    return view;
}

/* Bytes at an offset of the resources, or NULL and the fault. */
static const uint8_t *bytes_of(const struct eld_elf *elf,
                               const struct eld_resources *resources,
                               uint64_t offset, uint64_t size, const char *part,
                               struct eld_fault *fault)
{
    return eld_bytes_at(elf, eld_add_clamped(resources->part.offset, offset),
                        size, part, ELD_NONE, fault);
}

static int read_magic(const struct eld_elf *elf,
                      struct eld_resources *resources, struct eld_fault *fault)
{
    const uint8_t *p =
        bytes_of(elf, resources, 0, HEADER_SIZE, "resources header", fault);

    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    for (resources->is_big = 0; resources->is_big < 2; resources->is_big++) {
        struct eld_elf view = view_of(elf, resources);

        if (eld_load32(&view, p) == MAGIC)
            return 0;
    }
    /* Something else may have been appended. */
    eld_fail_value(fault, ELD_ERR_NOT_FOUND, what, ELD_NONE, eld_load32(elf, p),
                   MAGIC);
    eld_fault_add_offset(fault, resources->part.offset);
    return ELD_ERR_NOT_FOUND;
}

/* Behind the infos' last block, if it is there: a check sum and zeros. */
static void cut_table_end(const struct eld_elf *view,
                          struct eld_resources *resources)
{
    const uint8_t *p = view->bytes + resources->infos.offset;
    uint64_t size = resources->infos.size;

    if (size >= TABLE_END_SIZE && eld_load32(view, p + size - 4) == 0)
        resources->infos.size -= TABLE_END_SIZE;
}

int eld_find_resources(const struct eld_elf *elf,
                       struct eld_resources *resources, struct eld_fault *fault)
{
    struct eld_resources result;
    uint64_t start = 0;
    int error;

    memset(&result, 0, sizeof(result));
    if ((error = find_start(elf, &start, fault)) < 0)
        return error;
    result.part = (struct eld_part){start, elf->size - start};
    if ((error = read_magic(elf, &result, fault)) < 0)
        return error;
    struct eld_elf view = view_of(elf, &result);
    const uint8_t *p = elf->bytes + start;
    uint32_t count = eld_load32(&view, p + 4);
    uint32_t index = eld_load32(&view, p + 8);
    if (count > COUNT_MAX)
        return eld_fail_value(fault, ELD_ERR_RANGE, "number of resources",
                              ELD_NONE, count, COUNT_MAX);
    p = bytes_of(elf, &result, index,
                 INDEX_HEADER_SIZE + (uint64_t)count * ENTRY_SIZE,
                 "index of resources", fault);
    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    result.index = (struct eld_table){start + index + INDEX_HEADER_SIZE, count,
                                      ENTRY_SIZE};
    uint32_t infos = eld_load32(&view, p + INFO_OFFSET_AT);
    result.infos = (struct eld_part){start + infos,
                                     eld_load32(&view, p + INFO_OFFSET_AT + 4)};
    if (bytes_of(elf, &result, infos, result.infos.size, "infos of resources",
                 fault) == NULL)
        return ELD_ERR_TRUNCATED;
    cut_table_end(&view, &result);
    *resources = result;
    return 0;
}

/* ---- one after the other ---- */

static const uint8_t *info_bytes(const struct eld_elf *elf,
                                 const struct eld_resources *resources,
                                 uint64_t offset, uint64_t size,
                                 struct eld_fault *fault)
{
    if (!eld_fits(offset, size, resources->infos.size)) {
        eld_fail_value(fault, ELD_ERR_TRUNCATED, "info of a resource", ELD_NONE,
                       resources->infos.size, eld_add_clamped(offset, size));
        eld_fault_add_offset(fault,
                             eld_add_clamped(resources->infos.offset, offset));
        return NULL;
    }
    return elf->bytes + resources->infos.offset + offset;
}

/* Steps over what ends a block and what begins one: 1 on an info, 0 at the
 * end of all. */
static int find_info(const struct eld_elf *view,
                     const struct eld_resources *resources,
                     struct eld_resource_cursor *cursor,
                     struct eld_fault *fault)
{
    const uint8_t *p;

    if (cursor->is_in_block) {
        p = info_bytes(view, resources, cursor->offset, SEPARATOR_SIZE, fault);
        if (p == NULL)
            return ELD_ERR_TRUNCATED;
        if (eld_load32(view, p) != UINT32_MAX ||
            eld_load32(view, p + 4) != UINT32_MAX)
            return 1;
        cursor->offset += SEPARATOR_SIZE;
        cursor->is_in_block = 0;
    }
    /* Tables without any resource are one separator. */
    if (resources->infos.size - cursor->offset <= SEPARATOR_SIZE)
        return 0;
    p = info_bytes(view, resources, cursor->offset, 4, fault);
    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    cursor->type = eld_load32(view, p);
    cursor->offset += 4;
    cursor->is_in_block = 1;
    return 1;
}

static int read_data(const struct eld_elf *view,
                     const struct eld_resources *resources, uint32_t index,
                     struct eld_part *data, struct eld_fault *fault)
{
    const uint8_t *p = eld_record_at(view, &resources->index, index, ENTRY_SIZE,
                                     "index of resources", fault);

    if (p == NULL)
        return ELD_ERR_TRUNCATED;
    uint32_t offset = eld_load32(view, p), size = eld_load32(view, p + 4);
    if (bytes_of(view, resources, offset, size, "resource", fault) == NULL)
        return ELD_ERR_TRUNCATED;
    *data = (struct eld_part){resources->part.offset + offset, size};
    return 0;
}

int eld_next_resource(const struct eld_elf *elf,
                      const struct eld_resources *resources,
                      struct eld_resource_cursor *cursor,
                      struct eld_resource *resource, struct eld_fault *fault)
{
    struct eld_elf view = view_of(elf, resources);
    struct eld_resource_cursor next = *cursor;
    int found;

    while ((found = find_info(&view, resources, &next, fault)) == 1) {
        struct eld_resource result = {.type = next.type};
        const uint8_t *p =
            info_bytes(&view, resources, next.offset, INFO_SIZE, fault);

        if (p == NULL)
            return ELD_ERR_TRUNCATED;
        result.id = (int32_t)eld_load32(&view, p);
        uint32_t index = eld_load32(&view, p + 4);
        result.name_size = eld_load16(&view, p + 8);
        p = info_bytes(&view, resources, next.offset + INFO_SIZE,
                       result.name_size, fault);
        if (p == NULL)
            return ELD_ERR_TRUNCATED;
        result.name = (const char *)p;
        next.offset += INFO_SIZE + result.name_size;
        result.name_size = (uint32_t)strnlen(result.name, result.name_size);
        /* Haiku passes over infos that no data belong to. */
        if (index == 0 || index > resources->index.count)
            continue;
        int error = read_data(&view, resources, index - 1, &result.data, fault);
        if (error < 0)
            return error;
        *resource = result;
        *cursor = next;
        return 1;
    }
    return found;
}

int eld_find_resource(const struct eld_elf *elf,
                      const struct eld_resources *resources, uint32_t type,
                      int32_t id, struct eld_resource *resource,
                      struct eld_fault *fault)
{
    struct eld_resource_cursor cursor = {0, 0, 0};
    struct eld_resource candidate;
    int found;

    while ((found = eld_next_resource(elf, resources, &cursor, &candidate,
                                      fault)) == 1) {
        if (candidate.type == type && candidate.id == id) {
            *resource = candidate;
            return 0;
        }
    }
    return found < 0
               ? found
               : eld_fail_value(fault, ELD_ERR_NOT_FOUND, "resource of type",
                                ELD_NONE, type, ELD_NONE);
}
