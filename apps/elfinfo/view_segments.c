/* view_segments.c -- the program headers, and the sections in each. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_names.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"index", "Nr", 4},
    {"type", "Type", -14},
    {"offset", "Offset", 10},
    {"vaddr", "VirtAddr", 12},
    {"paddr", "PhysAddr", 12},
    {"file_size", "FileSiz", 9},
    {"memory_size", "MemSiz", 9},
    {"flag_names", "Flags", -5},
    {"align", "Align", 8},
    {"sections", "Sections", 0},
    {"flags", NULL, 0},
    {"interpreter", NULL, 0},
    {NULL, NULL, 0},
};

/* Looking at each section for each segment would take hours beyond. */
enum { PAIRS_MAX = 1 << 24 };

static int is_too_much(const struct inf_file *file)
{
    return (uint64_t)file->elf.segment_count * file->elf.section_count >
           PAIRS_MAX;
}

static void put_sections(struct inf_file *file,
                         const struct eld_segment *segment)
{
    struct eld_section section;

    if (is_too_much(file)) {
        inf_put_none(file->out);
        return;
    }
    inf_begin_list(file->out, " ");
    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, NULL) < 0)
            break;
        if (eld_segment_has_section(segment, &section))
            inf_add_item(file->out, inf_section_name(file, &section));
    }
    inf_end_list(file->out);
}

static void put_interpreter(struct inf_file *file,
                            const struct eld_segment *segment,
                            struct inf_faults *faults)
{
    struct eld_part part = {segment->offset, segment->file_size};
    struct eld_fault fault;
    const char *text;

    if (segment->type != PT_INTERP) {
        inf_put_none(file->out);
    } else if (eld_read_string(&file->elf, &part, 0, &text, &fault) < 0) {
        inf_count_fault(faults, &fault);
        inf_put_none(file->out);
    } else {
        inf_put_text(file->out, text);
    }
}

static void put_segment(struct inf_file *file, uint32_t index,
                        const struct eld_segment *segment,
                        struct inf_faults *faults)
{
    struct inf_output *out = file->out;

    inf_put_decimal(out, index);
    inf_put_name(out, eld_segment_type_name(file->elf.machine, segment->type),
                 segment->type);
    inf_put_hex(out, segment->offset);
    inf_put_hex(out, segment->vaddr);
    inf_put_hex(out, segment->paddr);
    inf_put_hex(out, segment->file_size);
    inf_put_hex(out, segment->memory_size);
    inf_put_flags(out, ELD_FLAGS_SEGMENT, segment->flags, "");
    inf_put_hex(out, segment->align);
    put_sections(file, segment);
    inf_put_decimal(out, segment->flags);
    put_interpreter(file, segment, faults);
    inf_end_row(out);
}

void inf_show_segments(struct inf_file *file)
{
    struct inf_faults faults = {.count = 0};
    struct eld_segment segment;
    struct eld_fault fault;

    inf_begin_table(file->out, "segments", "Program headers", columns);
    for (uint32_t i = 0; i < file->elf.segment_count; i++) {
        if (eld_read_segment(&file->elf, i, &segment, &fault) < 0) {
            inf_count_fault(&faults, &fault);
            break;
        }
        put_segment(file, i, &segment, &faults);
    }
    inf_end_table(file->out);
    if (is_too_much(file))
        inf_report_text(file, "program headers: too many for a list of the "
                              "sections of each");
    inf_report_all(file, &faults);
}
