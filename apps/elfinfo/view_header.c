/* view_header.c -- the ELF header. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"magic", "Magic", 0},
    {"class", "Class", 0},
    {"data", "Data", 0},
    {"ident_version", "Version of the format", 0},
    {"os_abi", "OS/ABI", 0},
    {"abi_version", "ABI version", 0},
    {"type", "Type", 0},
    {"machine", "Machine", 0},
    {"machine_number", "Machine number", 0},
    {"version", "Version", 0},
    {"entry", "Entry point", 0},
    {"segments_offset", "Program headers at", 0},
    {"sections_offset", "Section headers at", 0},
    {"flags", "Flags", 0},
    {"flag_names", "Names of flags", 0},
    {"header_size", "Size of this header", 0},
    {"segment_size", "Size of a program header", 0},
    {"segment_count", "Program headers", 0},
    {"section_size", "Size of a section header", 0},
    {"section_count", "Section headers", 0},
    {"names_section", "Section with the names", 0},
    {NULL, NULL, 0},
};

void inf_show_header(struct inf_file *file)
{
    const struct eld_elf *elf = &file->elf;
    struct inf_output *out = file->out;

    inf_begin_record(out, "header", "ELF header", columns);
    inf_put_bytes(out, elf->bytes, EI_NIDENT);
    inf_put_text(out, elf->is_64 ? "ELF64" : "ELF32");
    inf_put_text(out, elf->is_big ? "big-endian" : "little-endian");
    inf_put_decimal(out, elf->bytes[EI_VERSION]);
    inf_put_name(out, eld_os_abi_name(elf->os_abi), elf->os_abi);
    inf_put_decimal(out, elf->abi_version);
    inf_put_name(out, eld_type_name(elf->type), elf->type);
    inf_put_name(out, eld_machine_name(elf->machine, elf->is_64), elf->machine);
    inf_put_decimal(out, elf->machine);
    inf_put_hex(out, elf->version);
    inf_put_hex(out, elf->entry);
    inf_put_decimal(out, elf->segments_offset);
    inf_put_decimal(out, elf->sections_offset);
    inf_put_hex(out, elf->flags);
    inf_put_flags(out, elf->machine, elf->flags, ", ");
    inf_put_decimal(out, elf->header_size);
    inf_put_decimal(out, elf->segment_size);
    inf_put_decimal(out, elf->segment_count);
    inf_put_decimal(out, elf->section_size);
    inf_put_decimal(out, elf->section_count);
    inf_put_decimal(out, elf->names_section);
    inf_end_record(out);
}
