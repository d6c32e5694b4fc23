/* view_groups.c -- groups of sections. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"index", "Nr", 4},
    {"name", "Name", -10},
    {"is_comdat", "COMDAT", -7},
    {"signature", "Signature", -24},
    {"sections", "Sections", 0},
    {"flags", NULL, 0},
    {NULL, NULL, 0},
};

static const char *section_name(const struct inf_file *file, uint32_t index)
{
    struct eld_section section;

    return eld_read_section(&file->elf, index, &section, NULL) == 0
               ? inf_section_name(file, &section)
               : "";
}

static void put_members(struct inf_file *file, const struct eld_group *group)
{
    uint32_t member;

    inf_begin_list(file->out, " ");
    for (uint64_t i = 0; i < group->table.count; i++) {
        if (eld_read_group(&file->elf, group, i, &member, NULL) == 0)
            inf_add_item(file->out, section_name(file, member));
    }
    inf_end_list(file->out);
}

/* The name of the symbol that a group is known by; a section's symbol has none
 * but the section's. */
static const char *signature(struct inf_file *file,
                             const struct eld_section *section)
{
    struct eld_symbol symbol;
    struct eld_fault fault;
    const struct eld_symbols *symbols =
        inf_section_symbols(file, section->link, &fault);

    if (symbols == NULL || eld_read_symbol(&file->elf, symbols, section->info,
                                           &symbol, &fault) < 0) {
        inf_report(file, &fault);
        return NULL;
    }
    if (symbol.type == STT_SECTION && symbol.name[0] == '\0')
        return section_name(file, symbol.section);
    return symbol.name;
}

static void put_group(struct inf_file *file, const struct eld_section *section,
                      const struct eld_group *group)
{
    struct inf_output *out = file->out;

    inf_put_decimal(out, section->index);
    inf_put_text(out, inf_section_name(file, section));
    inf_put_bool(out, (group->flags & GRP_COMDAT) != 0);
    inf_put_text(out, signature(file, section));
    put_members(file, group);
    inf_put_decimal(out, group->flags);
    inf_end_row(out);
}

void inf_show_groups(struct inf_file *file)
{
    struct eld_section section;
    struct eld_group group;
    struct eld_fault fault;

    inf_begin_table(file->out, "groups", "Section groups", columns);
    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, &fault) < 0) {
            inf_report(file, &fault);
            break;
        }
        if (section.type != SHT_GROUP)
            continue;
        if (eld_section_group(&file->elf, &section, &group, &fault) < 0)
            inf_report(file, &fault);
        else
            put_group(file, &section, &group);
    }
    inf_end_table(file->out);
}
