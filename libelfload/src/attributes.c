/* attributes.c -- build attributes of ARM, RISC-V and GNU. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "leb.h"

#include <elf.h>
#include <elfload/elf_attributes.h>
#include <string.h>

enum {
    FORMAT_VERSION = 'A',
    TAG_COMPATIBILITY = 32, /* a number and a string, of every vendor */
    MACHINE_ATTRIBUTES = 0x70000003
};

int eld_section_attributes(const struct eld_elf *elf,
                           const struct eld_section *section,
                           struct eld_attributes *attributes,
                           struct eld_fault *fault)
{
    int is_machine = section->type == MACHINE_ATTRIBUTES &&
                     (elf->machine == EM_ARM || elf->machine == EM_RISCV);
    struct eld_part part;
    int error;

    if (!is_machine && section->type != SHT_GNU_ATTRIBUTES)
        return eld_fail(fault, ELD_ERR_INVALID, "section", section->index,
                        ELD_NONE);
    if ((error = eld_section_part(elf, section, &part, fault)) < 0)
        return error;
    if (part.size > 0) {
        uint8_t version = elf->bytes[part.offset];

        if (version != FORMAT_VERSION)
            return eld_fail_value(fault, ELD_ERR_VERSION, "build attributes",
                                  ELD_NONE, version, FORMAT_VERSION);
        part.offset++;
        part.size--;
    }
    attributes->part = part;
    return 0;
}

static int fail_short(struct eld_fault *fault, uint64_t offset)
{
    return eld_fail(fault, ELD_ERR_TRUNCATED, "build attribute", ELD_NONE,
                    offset);
}

/* What is left of [offset, end) of the attributes. */
static struct eld_stream stream_at(const struct eld_elf *elf,
                                   const struct eld_attributes *attributes,
                                   uint64_t offset, uint64_t end)
{
    const uint8_t *p = elf->bytes + attributes->part.offset;

    return (struct eld_stream){elf, p + offset, p + end, 0};
}

/* A length that counts from start, which it may not lead back to. */
static int take_end(uint64_t start, uint64_t length, uint64_t head,
                    uint64_t limit, uint64_t *end)
{
    if (length < head || length > limit - start)
        return 0;
    *end = start + length;
    return 1;
}

/* Goes into the next vendor's subsection: its length and its name. */
static int open_vendor(const struct eld_elf *elf,
                       const struct eld_attributes *attributes,
                       struct eld_attribute_cursor *cursor)
{
    uint64_t start = cursor->offset, limit = attributes->part.size;
    struct eld_stream stream = stream_at(elf, attributes, start, limit);
    uint32_t length = eld_take32(&stream);

    cursor->vendor = start + 4;
    if (eld_take_string(&stream) == NULL)
        return 0;
    cursor->offset = limit - (uint64_t)(stream.end - stream.p);
    return take_end(start, length, cursor->offset - start, limit,
                    &cursor->vendor_end);
}

/* Goes into what is said of the file, or of some sections or symbols, whose
 * numbers, up to a 0, stand before it. */
static int open_scope(const struct eld_elf *elf,
                      const struct eld_attributes *attributes,
                      struct eld_attribute_cursor *cursor)
{
    uint64_t start = cursor->offset, limit = cursor->vendor_end;
    struct eld_stream stream = stream_at(elf, attributes, start, limit);
    uint64_t scope = eld_take_uleb(&stream);
    uint32_t length = eld_take32(&stream);

    const uint8_t *list = stream.p, *list_end = list;

    cursor->scope = (uint32_t)scope;
    cursor->is_in_scope = 0;
    if (scope == ELD_SCOPE_SECTIONS || scope == ELD_SCOPE_SYMBOLS) {
        while (eld_take_uleb(&stream) != 0 && !stream.is_short)
            list_end = stream.p;
    }
    cursor->list = (struct eld_part){(uint64_t)(list - elf->bytes),
                                     (uint64_t)(list_end - list)};
    cursor->offset = limit - (uint64_t)(stream.end - stream.p);
    return !stream.is_short && take_end(start, length, cursor->offset - start,
                                        limit, &cursor->scope_end);
}

/* ARM has three strings among the numbers; beyond them odd tags are strings,
 * as all are of the others. */
static int is_text(const struct eld_elf *elf, const char *vendor, uint64_t tag)
{
    enum { CPU_RAW_NAME = 4, CPU_NAME = 5 };

    if (elf->machine == EM_ARM && strcmp(vendor, "aeabi") == 0 &&
        tag < TAG_COMPATIBILITY)
        return tag == CPU_RAW_NAME || tag == CPU_NAME;
    return tag % 2 == 1;
}

static int take_attribute(const struct eld_elf *elf,
                          const struct eld_attributes *attributes,
                          struct eld_attribute_cursor *cursor,
                          struct eld_attribute *attribute)
{
    const uint8_t *bytes = elf->bytes + attributes->part.offset;
    struct eld_stream stream =
        stream_at(elf, attributes, cursor->offset, cursor->scope_end);
    struct eld_attribute result = {
        .vendor = (const char *)bytes + cursor->vendor,
        .scope = cursor->scope,
        .is_first = !cursor->is_in_scope,
        .list = cursor->list,
        .tag = eld_take_uleb(&stream),
        .number = ELD_NONE,
        .offset = attributes->part.offset + cursor->offset};
    int is_both = result.tag == TAG_COMPATIBILITY;
    int has_text = is_both || is_text(elf, result.vendor, result.tag);

    if (is_both || !has_text)
        result.number = eld_take_uleb(&stream);
    if (has_text)
        result.text = eld_take_string(&stream);
    if (stream.is_short)
        return 0;
    cursor->offset = cursor->scope_end - (uint64_t)(stream.end - stream.p);
    cursor->is_in_scope = 1;
    *attribute = result;
    return 1;
}

int eld_next_attribute(const struct eld_elf *elf,
                       const struct eld_attributes *attributes,
                       struct eld_attribute_cursor *cursor,
                       struct eld_attribute *attribute, struct eld_fault *fault)
{
    int is_good = 1;

    while (is_good && cursor->offset >= cursor->scope_end) {
        if (cursor->offset < cursor->vendor_end)
            is_good = open_scope(elf, attributes, cursor);
        else if (cursor->offset < attributes->part.size)
            is_good = open_vendor(elf, attributes, cursor);
        else
            return 0;
    }
    if (is_good && take_attribute(elf, attributes, cursor, attribute))
        return 1;
    return fail_short(fault, attributes->part.offset + cursor->offset);
}

int eld_next_attribute_part(const struct eld_elf *elf,
                            const struct eld_attribute *attribute,
                            uint64_t *offset, uint64_t *number)
{
    const uint8_t *p = elf->bytes + attribute->list.offset;
    struct eld_stream stream = {elf, p + *offset, p + attribute->list.size, 0};
    uint64_t result = eld_take_uleb(&stream);

    if (stream.is_short)
        return 0;
    *offset = (uint64_t)(stream.p - p);
    *number = result;
    return 1;
}
