/* view_unwind.c -- tables that say how to unwind the stack. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_unwind.h>
#include <stdio.h>

#include "elfinfo.h"

static const struct inf_column total_columns[] = {
    {"table", "Table", -16},
    {"common_count", "Common", 7},
    {"function_count", "Functions", 10},
    {"code_size", "Code", 10},
    {"search_entries", "In the search table", 0},
    {NULL, NULL, 0},
};

static const struct inf_column columns[] = {
    {"table", NULL, 0},
    {"offset", "Offset", 10},
    {"kind", "Kind", -8},
    {"address", "Address", 12},
    {"code_size", "Size", 9},
    {"common", "Common", 10},
    {"augmentation", "Augmentation", 0},
    {"version", NULL, 0},
    {"code_align", NULL, 0},
    {"data_align", NULL, 0},
    {"return_register", NULL, 0},
    {NULL, NULL, 0},
};

static void put_common(struct inf_output *out, const struct eld_frame *frame)
{
    inf_put_none(out);
    inf_put_none(out);
    inf_put_none(out);
    inf_put_text(out, frame->augmentation);
    inf_put_decimal(out, frame->version);
    inf_put_decimal(out, frame->code_align);
    inf_put_signed(out, frame->data_align);
    inf_put_decimal(out, frame->return_register);
}

static void put_function(struct inf_output *out, const struct eld_frame *frame)
{
    inf_put_hex(out, frame->address);
    inf_put_hex(out, frame->code_size);
    if (frame->common == ELD_NONE)
        inf_put_none(out);
    else
        inf_put_hex(out, frame->common);
    inf_put_text(out, frame->cannot_unwind ? "cannot unwind" : NULL);
    for (int i = 0; i < 4; i++)
        inf_put_none(out);
}

static void put_frame(struct inf_output *out, const char *table,
                      const struct eld_frame *frame)
{
    inf_put_text(out, table);
    inf_put_hex(out, frame->offset);
    inf_put_text(out, frame->is_common ? "common" : "function");
    if (frame->is_common)
        put_common(out, frame);
    else
        put_function(out, frame);
    inf_end_row(out);
}

/* ---- all tables of a file ---- */

/* What is done with each: faults are the caller's. */
typedef int handle_table(struct inf_file *file, const char *name,
                         const struct eld_unwind *unwind,
                         struct eld_fault *fault);

/* In sections, or else where PT_GNU_EH_FRAME leads to. */
static void for_each_table(struct inf_file *file, handle_table *handle)
{
    struct eld_section section;
    struct eld_unwind unwind;
    struct eld_fault fault;
    int count = 0;

    for (uint32_t i = 0; i < file->elf.section_count; i++) {
        if (eld_read_section(&file->elf, i, &section, NULL) < 0)
            break;
        int error = eld_section_unwind(&file->elf, &section, &unwind, &fault);
        if (error == ELD_ERR_INVALID)
            continue;
        count++;
        if (error < 0 ||
            handle(file, inf_section_name(file, &section), &unwind, &fault) < 0)
            inf_report(file, &fault);
    }
    if (count == 0 && eld_find_unwind(&file->elf, &unwind, NULL) == 0 &&
        handle(file, "PT_GNU_EH_FRAME", &unwind, &fault) < 0)
        inf_report(file, &fault);
}

static int put_totals(struct inf_file *file, const char *name,
                      const struct eld_unwind *unwind, struct eld_fault *fault)
{
    uint64_t offset = 0, common_count = 0, function_count = 0, code_size = 0;
    struct inf_output *out = file->out;
    struct eld_unwind_header header;
    struct eld_frame frame;
    int found;

    while ((found = eld_next_frame(&file->elf, unwind, &offset, &frame,
                                   fault)) == 1) {
        common_count += frame.is_common;
        function_count += !frame.is_common;
        code_size += frame.code_size;
    }
    inf_put_text(out, name);
    inf_put_decimal(out, common_count);
    inf_put_decimal(out, function_count);
    if (unwind->kind == ELD_UNWIND_ARM_INDEX)
        inf_put_none(out);
    else
        inf_put_hex(out, code_size);
    if (unwind->kind == ELD_UNWIND_EH_FRAME &&
        eld_read_unwind_header(&file->elf, &header, NULL) == 0)
        inf_put_decimal(out, header.count);
    else
        inf_put_none(out);
    inf_end_row(out);
    return found;
}

static int put_frames(struct inf_file *file, const char *name,
                      const struct eld_unwind *unwind, struct eld_fault *fault)
{
    struct eld_frame frame;
    uint64_t offset = 0;
    char title[300];
    int found;

    snprintf(title, sizeof(title), "Records of %s", name);
    inf_begin_table(file->out, "frames", title, columns);
    while ((found = eld_next_frame(&file->elf, unwind, &offset, &frame,
                                   fault)) == 1)
        put_frame(file->out, name, &frame);
    inf_end_table(file->out);
    return found;
}

void inf_show_unwind(struct inf_file *file)
{
    inf_begin_table(file->out, "unwind", "Unwind tables", total_columns);
    for_each_table(file, put_totals);
    inf_end_table(file->out);
    for_each_table(file, put_frames);
}
