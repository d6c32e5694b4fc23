/* view_sections.c -- the section headers. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_debug.h>
#include <elfload/elf_names.h>
#include <stdio.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"index", "Nr", 4},           {"name", "Name", -22},
    {"type", "Type", -14},        {"address", "Address", 12},
    {"offset", "Offset", 9},      {"size", "Size", 9},
    {"entry_size", "ES", 5},      {"link", "Lk", 3},
    {"info", "Inf", 4},           {"align", "Al", 5},
    {"flag_letters", "Flags", 0}, {"flags", NULL, 0},
    {"flag_names", NULL, 0},      {"compression", NULL, 0},
    {"full_size", NULL, 0},       {NULL, NULL, 0},
};

/* One letter each, as in other tools. */
static void put_letters(struct inf_output *out, uint64_t flags)
{
    static const struct {
        uint64_t flag;
        char letter;
    } letters[] = {
        {SHF_WRITE, 'W'},      {SHF_ALLOC, 'A'},
        {SHF_EXECINSTR, 'X'},  {SHF_MERGE, 'M'},
        {SHF_STRINGS, 'S'},    {SHF_INFO_LINK, 'I'},
        {SHF_LINK_ORDER, 'L'}, {SHF_OS_NONCONFORMING, 'O'},
        {SHF_GROUP, 'G'},      {SHF_TLS, 'T'},
        {SHF_COMPRESSED, 'C'}, {SHF_GNU_RETAIN, 'R'},
        {SHF_EXCLUDE, 'E'},
    };
    char text[sizeof(letters) / sizeof(letters[0]) + 4] = "";
    uint64_t rest = flags;

    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (flags & letters[i].flag)
            text[strlen(text)] = letters[i].letter;
        rest &= ~letters[i].flag;
    }
    if (rest & SHF_MASKOS)
        text[strlen(text)] = 'o';
    if (rest & SHF_MASKPROC)
        text[strlen(text)] = 'p';
    if (rest & ~(uint64_t)(SHF_MASKOS | SHF_MASKPROC))
        text[strlen(text)] = 'x';
    inf_put_text(out, text);
}

/* How its bytes are compressed, and how many they are then. */
static void put_compression(struct inf_file *file,
                            const struct eld_section *section)
{
    struct eld_compression compression;

    if (eld_section_compression(&file->elf, section, &compression, NULL) < 0) {
        inf_put_none(file->out);
        inf_put_none(file->out);
        return;
    }
    inf_put_name(file->out, eld_compression_name(compression.type),
                 compression.type);
    inf_put_decimal(file->out, compression.size);
}

static void put_section(struct inf_file *file,
                        const struct eld_section *section)
{
    struct inf_output *out = file->out;

    inf_put_decimal(out, section->index);
    inf_put_text(out, inf_section_name(file, section));
    inf_put_name(out, eld_section_type_name(file->elf.machine, section->type),
                 section->type);
    inf_put_hex(out, section->address);
    inf_put_hex(out, section->offset);
    inf_put_hex(out, section->size);
    inf_put_hex(out, section->entry_size);
    inf_put_decimal(out, section->link);
    inf_put_decimal(out, section->info);
    inf_put_decimal(out, section->align);
    put_letters(out, section->flags);
    inf_put_decimal(out, section->flags);
    inf_put_flags(out, ELD_FLAGS_SECTION, section->flags, " ");
    put_compression(file, section);
    inf_end_row(out);
}

/* That a section's bytes are there, and that it has a name. */
static void check_section(struct inf_file *file,
                          const struct eld_section *section,
                          struct inf_faults *faults)
{
    struct eld_fault fault;
    struct eld_part part;
    const char *name;

    if (eld_section_part(&file->elf, section, &part, &fault) < 0)
        inf_count_fault(faults, &fault);
    if (file->elf.names_section != SHN_UNDEF &&
        eld_section_name(&file->elf, section, &name, &fault) < 0)
        inf_count_fault(faults, &fault);
}

void inf_show_sections(struct inf_file *file)
{
    struct inf_faults faults = {.count = 0};
    struct eld_section section;
    struct eld_fault fault;

    inf_begin_table(file->out, "sections", "Section headers", columns);
    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, &fault) < 0) {
            inf_count_fault(&faults, &fault);
            break;
        }
        put_section(file, &section);
        check_section(file, &section, &faults);
    }
    inf_end_table(file->out);
    inf_report_all(file, &faults);
}
