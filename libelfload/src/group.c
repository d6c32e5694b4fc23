/* group.c -- groups of sections. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>

int eld_section_group(const struct eld_elf *elf,
                      const struct eld_section *section,
                      struct eld_group *group, struct eld_fault *fault)
{
    struct eld_group result;
    struct eld_part part;
    int error;

    if (section->type != SHT_GROUP)
        return eld_fail(fault, ELD_ERR_INVALID, "section", section->index,
                        ELD_NONE);
    if ((error = eld_section_part(elf, section, &part, fault)) < 0 ||
        (error = eld_table_of(&part, section->entry_size, 4, "section group",
                              &result.table, fault)) < 0)
        return error;
    /* The first word is flags. */
    const uint8_t *flags =
        eld_record_at(elf, &result.table, 0, 4, "section group", fault);
    if (flags == NULL)
        return ELD_ERR_RANGE;
    result.flags = eld_load32(elf, flags);
    result.table.offset += result.table.entry_size;
    result.table.count--;
    *group = result;
    return 0;
}

int eld_read_group(const struct eld_elf *elf, const struct eld_group *group,
                   uint64_t index, uint32_t *section, struct eld_fault *fault)
{
    const uint8_t *p =
        eld_record_at(elf, &group->table, index, 4, "section group", fault);

    if (p == NULL)
        return ELD_ERR_RANGE;
    *section = eld_load32(elf, p);
    return 0;
}
