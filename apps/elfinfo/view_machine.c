/* view_machine.c -- what depends on the machine. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_attributes.h>
#include <elfload/elf_names.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"machine", "Machine", 0},
    {"flags", "Flags", 0},
    {"flag_names", "Names of flags", 0},
    {NULL, NULL, 0},
};

static const struct inf_column property_columns[] = {
    {"type", "Property", -24},
    {"value", "Value", 10},
    {"flag_names", "Names of flags", 0},
    {NULL, NULL, 0},
};

static void put_properties(struct inf_file *file, const struct eld_note *note)
{
    struct inf_output *out = file->out;
    uint16_t machine = file->elf.machine;
    struct eld_property property;
    struct eld_fault fault;
    uint64_t offset = 0;
    int found;

    while ((found = eld_next_property(&file->elf, note, &offset, &property,
                                      &fault)) == 1) {
        uint32_t set = eld_property_flags(machine, property.type);

        inf_put_name(out, eld_property_name(machine, property.type),
                     property.type);
        inf_put_hex(out, property.value);
        if (set != 0)
            inf_put_flags(out, set, property.value, " ");
        else
            inf_put_none(out);
        inf_end_row(out);
    }
    if (found < 0)
        inf_report(file, &fault);
}

/* Properties stand in notes of the PT_GNU_PROPERTY segment. */
static void show_properties(struct inf_file *file)
{
    struct eld_segment segment;
    struct eld_note note;

    for (uint32_t i = 0; i < file->elf.segment_count; i++) {
        uint64_t offset = 0;

        if (eld_read_segment(&file->elf, i, &segment, NULL) < 0)
            break;
        struct eld_part part = {segment.offset, segment.file_size};
        if (segment.type != PT_GNU_PROPERTY)
            continue;
        while (eld_next_note(&file->elf, &part, segment.align, &offset, &note,
                             NULL) == 1) {
            if (note.type == NT_GNU_PROPERTY_TYPE_0)
                put_properties(file, &note);
        }
    }
}

static const struct inf_column attribute_columns[] = {
    {"vendor", "Vendor", -8}, {"tag", "Build attribute", -30},
    {"value", "Number", 6},   {"value_name", NULL, 0},
    {"scope", "Of", -8},      {"parts", "Which", -5},
    {"text", "Value", 0},     {"tag_number", NULL, 0},
    {NULL, NULL, 0},
};

static const char *const scopes[] = {
    [ELD_SCOPE_FILE] = "file",
    [ELD_SCOPE_SECTIONS] = "sections",
    [ELD_SCOPE_SYMBOLS] = "symbols",
};

/* The numbers of a scope's sections or symbols, with its first attribute: there
 * may be as many as bytes in the file. */
static void put_parts(struct inf_file *file,
                      const struct eld_attribute *attribute)
{
    uint64_t offset = 0, number;

    if (!attribute->is_first || attribute->list.size == 0) {
        inf_put_none(file->out);
        return;
    }
    inf_begin_list(file->out, " ");
    while (eld_next_attribute_part(&file->elf, attribute, &offset, &number))
        inf_add_number(file->out, number);
    inf_end_list(file->out);
}

/* A number, with a name for some, or a string; few have both. */
static void put_attribute(struct inf_file *file,
                          const struct eld_attribute *attribute)
{
    const char *name = eld_attribute_name(file->elf.machine, attribute);
    const char *value = eld_attribute_value_name(attribute);
    struct inf_output *out = file->out;

    inf_put_text(out, attribute->vendor);
    inf_put_name(out, name, attribute->tag);
    if (attribute->number == ELD_NONE)
        inf_put_none(out);
    else
        inf_put_decimal(out, attribute->number);
    inf_put_text(out, value);
    inf_put_name(
        out,
        attribute->scope <= ELD_SCOPE_SYMBOLS ? scopes[attribute->scope] : NULL,
        attribute->scope);
    put_parts(file, attribute);
    inf_put_texts(out, attribute->text != NULL ? attribute->text : value,
                  attribute->text);
    inf_put_decimal(out, attribute->tag);
    inf_end_row(out);
}

static void show_attributes(struct inf_file *file)
{
    struct eld_attributes attributes;
    struct eld_attribute attribute;
    struct eld_section section;
    struct eld_fault fault;

    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        struct eld_attribute_cursor cursor = {.offset = 0};

        if (eld_read_section(&file->elf, i, &section, NULL) < 0)
            break;
        int found =
            eld_section_attributes(&file->elf, &section, &attributes, &fault);
        if (found == ELD_ERR_INVALID)
            continue;
        while (found >= 0 &&
               (found = eld_next_attribute(&file->elf, &attributes, &cursor,
                                           &attribute, &fault)) == 1)
            put_attribute(file, &attribute);
        if (found < 0)
            inf_report(file, &fault);
    }
}

void inf_show_machine(struct inf_file *file)
{
    const struct eld_elf *elf = &file->elf;
    struct inf_output *out = file->out;

    inf_begin_record(out, "arch", "Machine", columns);
    inf_put_name(out, eld_machine_name(elf->machine, elf->is_64), elf->machine);
    inf_put_hex(out, elf->flags);
    inf_put_flags(out, elf->machine, elf->flags, ", ");
    inf_end_record(out);
    inf_begin_table(out, "properties", "GNU properties", property_columns);
    show_properties(file);
    inf_end_table(out);
    inf_begin_table(out, "build_attributes", "Build attributes",
                    attribute_columns);
    show_attributes(file);
    inf_end_table(out);
}
