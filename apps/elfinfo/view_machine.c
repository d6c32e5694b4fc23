/* view_machine.c -- what depends on the machine. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
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
}
