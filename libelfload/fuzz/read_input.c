/* read_input.c -- everything that the reader can do with one file. */
/* SPDX-License-Identifier: MIT */

#include "libelfload/fuzz/read_input.h"

#include <elf.h>
#include <elfload/elf_archive.h>
#include <elfload/elf_attributes.h>
#include <elfload/elf_check.h>
#include <elfload/elf_debug.h>
#include <elfload/elf_demangle.h>
#include <elfload/elf_haiku.h>
#include <elfload/elf_lint.h>
#include <elfload/elf_message.h>
#include <elfload/elf_names.h>
#include <elfload/elf_resources.h>
#include <elfload/elf_unwind.h>
#include <stdlib.h>
#include <string.h>

/* As many of anything as a small file may sensibly have; a table can claim
 * more entries than there are bytes only where each read is refused. */
#define LIMIT 4096

static void check(int condition)
{
    if (!condition)
        abort();
}

/* A fault is complete, printable and of the error returned. */
static uint64_t check_fault(int error, const struct eld_fault *fault)
{
    char line[256];

    check(error == fault->error);
    size_t length = eld_fault_format(fault, line, sizeof(line));
    check(length > 0 && length < sizeof(line) && strlen(line) == length);
    return length;
}

static uint64_t sum_string(const char *string)
{
    return string == NULL ? 0 : strlen(string);
}

static uint64_t read_symbols(const struct eld_elf *elf,
                             const struct eld_symbols *symbols,
                             const struct eld_dynamic *dynamic)
{
    struct eld_symbol symbol, found;
    struct eld_fault fault;
    uint64_t sum = 0;

    for (uint64_t i = 0; i < symbols->table.count && i < LIMIT; i++) {
        int error = eld_read_symbol(elf, symbols, i, &symbol, &fault);

        if (error < 0) {
            sum += check_fault(error, &fault);
            continue;
        }
        check(symbol.index == i);
        sum += sum_string(symbol.name) + symbol.value + symbol.section;
        char text[256];
        int length = eld_demangle_gcc2(symbol.name, text, sizeof(text));
        if (length >= 0)
            check(strlen(text) == (size_t)length);
        uint32_t number;
        if (eld_read_syscall_number(elf, &symbol, &number, NULL) == 0)
            sum += number;
        if (dynamic != NULL && i < 64 &&
            eld_find_symbol(elf, dynamic, symbol.name, &found, NULL) == 0)
            check(strcmp(found.name, symbol.name) == 0);
    }
    return sum;
}

static uint64_t read_relocs(const struct eld_elf *elf,
                            const struct eld_relocs *relocs)
{
    struct eld_reloc_cursor cursor = {0, 0, 0, 0};
    struct eld_reloc reloc;
    struct eld_fault fault;
    uint64_t sum = 0;
    int found = 0;

    for (int i = 0; i < LIMIT; i++) {
        found = eld_next_reloc(elf, relocs, &cursor, &reloc, &fault);
        if (found != 1)
            break;
        sum += reloc.offset + reloc.type +
               sum_string(eld_reloc_name(elf->machine, reloc.type));
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_versions(const struct eld_elf *elf,
                              const struct eld_versions *versions)
{
    struct eld_version_cursor cursor = {0, 0, 0, 0, 0};
    struct eld_version version;
    struct eld_fault fault;
    uint64_t sum = 0, steps = 0;
    int found;

    while ((found = eld_next_version(elf, versions, &cursor, &version,
                                     &fault)) == 1) {
        check(version.index < 0x8000);
        check(steps++ <= elf->size);
        sum += sum_string(version.name) + sum_string(version.file);
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_properties(const struct eld_elf *elf,
                                const struct eld_note *note)
{
    struct eld_property property;
    struct eld_fault fault;
    uint64_t offset = 0, before = 0, sum = 0;
    int found;

    while ((found = eld_next_property(elf, note, &offset, &property, &fault)) ==
           1) {
        check(offset > before);
        before = offset;
        for (uint32_t i = 0; i < property.size; i++)
            sum += property.bytes[i];
        sum += sum_string(eld_property_name(elf->machine, property.type));
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t sum_flags(uint32_t set, uint64_t flags)
{
    uint64_t rest = 0, sum = 0;
    uint32_t cursor = 0;
    const char *name;

    while ((name = eld_next_flag(set, flags, &cursor, &rest)) != NULL)
        sum += strlen(name);
    check((rest & ~flags) == 0);
    return sum + rest;
}

static uint64_t read_notes(const struct eld_elf *elf,
                           const struct eld_part *part, uint64_t align)
{
    struct eld_note note;
    struct eld_fault fault;
    uint64_t offset = 0, before = 0, sum = 0;
    int found;

    while ((found = eld_next_note(elf, part, align, &offset, &note, &fault)) ==
           1) {
        check(offset > before);
        before = offset;
        sum += read_properties(elf, &note);
        for (uint32_t i = 0; i < note.name_size; i++)
            sum += (uint8_t)note.name[i];
        for (uint32_t i = 0; i < note.size; i++)
            sum += note.bytes[i];
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_frames(const struct eld_elf *elf,
                            const struct eld_unwind *unwind)
{
    struct eld_frame frame;
    struct eld_fault fault;
    uint64_t offset = 0, before = 0, sum = 0;
    int found;

    while ((found = eld_next_frame(elf, unwind, &offset, &frame, &fault)) ==
           1) {
        check(offset > before && offset <= unwind->part.size);
        before = offset;
        sum += frame.address + sum_string(frame.augmentation);
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_header_frames(const struct eld_elf *elf)
{
    struct eld_unwind_header header;
    struct eld_unwind unwind;
    uint64_t sum = 0;

    if (eld_read_unwind_header(elf, &header, NULL) == 0)
        sum += header.count;
    if (eld_find_unwind(elf, &unwind, NULL) == 0)
        sum += read_frames(elf, &unwind);
    return sum;
}

static uint64_t read_chains(const struct eld_elf *elf,
                            const struct eld_dynamic *dynamic,
                            enum eld_hash_kind kind)
{
    struct eld_chain_cursor cursor = {0, 0};
    struct eld_fault fault;
    uint64_t length, sum = 0;
    int found;

    while ((found = eld_next_chain(elf, dynamic, kind, &cursor, &length,
                                   &fault)) == 1)
        sum += length;
    check(sum <= elf->size / 4);
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_group(const struct eld_elf *elf,
                           const struct eld_group *group)
{
    uint64_t sum = group->flags;
    uint32_t member;

    for (uint64_t i = 0; i < group->table.count && i < LIMIT; i++) {
        check(eld_read_group(elf, group, i, &member, NULL) == 0);
        sum += member;
    }
    return sum;
}

static uint64_t read_attributes(const struct eld_elf *elf,
                                const struct eld_attributes *attributes)
{
    struct eld_attribute_cursor cursor = {.offset = 0};
    struct eld_attribute attribute;
    struct eld_fault fault;
    uint64_t sum = 0, before = 0, offset = 0, number = 0;
    int found;

    while ((found = eld_next_attribute(elf, attributes, &cursor, &attribute,
                                       &fault)) == 1) {
        check(cursor.offset > before);
        before = cursor.offset;
        while (attribute.is_first &&
               eld_next_attribute_part(elf, &attribute, &offset, &number))
            check(offset <= attribute.list.size);
        offset = 0;
        sum += number + sum_string(attribute.vendor) +
               sum_string(attribute.text) +
               sum_string(eld_attribute_name(elf->machine, &attribute)) +
               sum_string(eld_attribute_value_name(&attribute));
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_sections(const struct eld_elf *elf)
{
    struct eld_symbols symbols;
    struct eld_relocs relocs;
    struct eld_group group;
    struct eld_unwind unwind;
    struct eld_attributes attributes;
    struct eld_compression compression;
    struct eld_fault fault;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < elf->section_count && i < LIMIT; i++) {
        struct eld_section section;
        struct eld_part part;
        const char *name;
        int error = eld_read_section(elf, i, &section, &fault);

        if (error < 0)
            return sum + check_fault(error, &fault);
        if (eld_section_name(elf, &section, &name, NULL) == 0)
            sum += sum_string(name);
        sum += sum_string(eld_section_type_name(elf->machine, section.type));
        sum += sum_flags(ELD_FLAGS_SECTION, section.flags);
        struct eld_segment segment;
        if (eld_read_segment(elf, i, &segment, NULL) == 0)
            sum += (uint64_t)eld_segment_has_section(&segment, &section);
        error = eld_section_part(elf, &section, &part, &fault);
        if (error < 0) {
            sum += check_fault(error, &fault);
            continue;
        }
        check(part.size <= elf->size && part.offset <= elf->size - part.size);
        if (eld_section_group(elf, &section, &group, NULL) == 0)
            sum += read_group(elf, &group);
        if (section.type == SHT_NOTE)
            sum += read_notes(elf, &part, section.align);
        if (eld_section_relocs(elf, &section, &relocs, NULL) == 0)
            sum += read_relocs(elf, &relocs);
        if (eld_section_compression(elf, &section, &compression, NULL) == 0)
            check(compression.part.size <= part.size);
        if (eld_section_attributes(elf, &section, &attributes, NULL) == 0)
            sum += read_attributes(elf, &attributes);
        if (eld_section_unwind(elf, &section, &unwind, NULL) == 0)
            sum += read_frames(elf, &unwind);
    }
    if (eld_find_symbols(elf, SHT_DYNSYM, &symbols, NULL) == 0)
        sum += read_symbols(elf, &symbols, NULL);
    if (eld_find_symbols(elf, SHT_SYMTAB, &symbols, NULL) == 0)
        sum += read_symbols(elf, &symbols, NULL);
    return sum;
}

static uint64_t read_segments(const struct eld_elf *elf)
{
    struct eld_segment segment;
    struct eld_fault fault;
    struct eld_note note;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < elf->segment_count && i < LIMIT; i++) {
        int error = eld_read_segment(elf, i, &segment, &fault);

        if (error < 0)
            return sum + check_fault(error, &fault);
        struct eld_part part = {segment.offset, segment.file_size};
        sum += sum_string(eld_segment_type_name(elf->machine, segment.type));
        if (segment.type == PT_NOTE)
            sum += read_notes(elf, &part, segment.align);
    }
    if (eld_find_build_id(elf, &note, NULL) == 0 && note.size > 0)
        sum += note.bytes[note.size - 1];
    struct eld_debug_link link;
    if (eld_read_debug_link(elf, &link, NULL) == 0)
        sum += sum_string(link.name) + link.crc;
    return sum;
}

static uint64_t read_dynamic(const struct eld_elf *elf)
{
    struct eld_haiku_version haiku;
    struct eld_dynamic_entry entry;
    struct eld_dynamic dynamic;
    struct eld_table entries;
    struct eld_fault fault;
    const char *name;
    uint64_t sum = 0;

    if (eld_find_dynamic(elf, &entries, NULL) == 0) {
        for (uint64_t i = 0; i < entries.count && i < LIMIT; i++) {
            check(eld_read_dynamic_entry(elf, &entries, i, &entry, NULL) == 0);
            sum += entry.value +
                   sum_string(eld_dynamic_tag_name(elf->machine, entry.tag));
        }
    }
    int error = eld_read_dynamic(elf, &dynamic, &fault);
    eld_read_haiku_version(elf, error == 0 ? &dynamic : NULL, &haiku);
    sum += haiku.abi;
    if (error < 0)
        return sum + check_fault(error, &fault);
    for (uint64_t i = 0; i < dynamic.needed_count && i < LIMIT; i++) {
        if (eld_read_needed(elf, &dynamic, i, &name, NULL) == 0)
            sum += sum_string(name);
    }
    check(eld_count_symbols(elf, &dynamic) <= dynamic.symbols.table.count);
    sum += read_symbols(elf, &dynamic.symbols, &dynamic);
    sum += read_chains(elf, &dynamic, ELD_HASH_SYSV) +
           read_chains(elf, &dynamic, ELD_HASH_GNU);
    sum += read_relocs(elf, &dynamic.rel) + read_relocs(elf, &dynamic.rela) +
           read_relocs(elf, &dynamic.relr) + read_relocs(elf, &dynamic.plt);
    return sum + read_versions(elf, &dynamic.defined) +
           read_versions(elf, &dynamic.needed);
}

static uint64_t read_items(const struct eld_message *message,
                           const struct eld_message_field *field)
{
    uint64_t offset = 0, before = 0, sum = 0;
    struct eld_fault fault;
    const uint8_t *bytes;
    size_t size;
    int found;

    while ((found = eld_next_message_item(message, field, &offset, &bytes,
                                          &size, &fault)) == 1) {
        check(offset > before);
        before = offset;
        for (size_t i = 0; i < size; i++)
            sum += bytes[i];
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_message(const uint8_t *data, size_t size)
{
    struct eld_message_cursor cursor = {0, 0};
    struct eld_message_field field;
    struct eld_message message;
    struct eld_fault fault;
    uint64_t sum = 0;
    int found = eld_read_message(data, size, &message, &fault);

    for (int i = 0; i < LIMIT && found >= 0 &&
                    (found = eld_next_message_field(&message, &cursor, &field,
                                                    &fault)) == 1;
         i++) {
        for (size_t j = 0; j < field.name_size; j++)
            sum += (uint8_t)field.name[j];
        sum += read_items(&message, &field);
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static uint64_t read_resources(const struct eld_elf *elf)
{
    struct eld_resource_cursor cursor = {0, 0, 0};
    struct eld_resources resources;
    struct eld_resource resource;
    struct eld_fault fault;
    uint64_t sum = 0, before = 0;
    int found = eld_find_resources(elf, &resources, &fault);

    while (found >= 0 && (found = eld_next_resource(elf, &resources, &cursor,
                                                    &resource, &fault)) == 1) {
        check(cursor.offset > before);
        before = cursor.offset;
        for (uint32_t i = 0; i < resource.name_size; i++)
            sum += (uint8_t)resource.name[i];
        for (uint64_t i = 0; i < resource.data.size && i < LIMIT; i++)
            sum += elf->bytes[resource.data.offset + i];
        sum += read_message(elf->bytes + resource.data.offset,
                            (size_t)resource.data.size);
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

static void count_finding(void *context, const struct eld_finding *finding)
{
    uint64_t *sum = context;

    check(finding->count > 0 && finding->text != NULL);
    *sum += strlen(finding->detail);
}

static uint64_t read_archive(const uint8_t *data, size_t size)
{
    struct eld_archive archive;
    struct eld_member member;
    struct eld_fault fault;
    uint64_t offset = 0, before = 0, sum = 0;
    int found = eld_read_archive(data, size, &archive, &fault);

    while (found >= 0 &&
           (found = eld_next_member(&archive, &offset, &member, &fault)) == 1) {
        check(offset > before);
        check(member.data.size <= size &&
              member.data.offset <= size - member.data.size);
        before = offset;
        for (size_t i = 0; i < member.name_size; i++)
            sum += (uint8_t)member.name[i];
    }
    return found < 0 ? sum + check_fault(found, &fault) : sum;
}

uint64_t read_input(const uint8_t *data, size_t size)
{
    struct eld_fault fault;
    struct eld_elf elf;
    uint64_t sum = read_archive(data, size) + read_message(data, size);
    int error =
        eld_check_program(data, size, eld_target_of(EM_386), NULL, &fault);

    if (error < 0)
        sum += check_fault(error, &fault);
    error = eld_read_header(data, size, &elf, &fault);
    if (error < 0)
        return sum + check_fault(error, &fault);
    sum += sum_string(eld_machine_name(elf.machine, elf.is_64)) +
           sum_string(eld_type_name(elf.type)) +
           sum_string(eld_os_abi_name(elf.os_abi)) +
           sum_flags(elf.machine, elf.flags);
    eld_lint(&elf, count_finding, &sum);
    return sum + read_segments(&elf) + read_sections(&elf) +
           read_dynamic(&elf) + read_resources(&elf) + read_header_frames(&elf);
}
