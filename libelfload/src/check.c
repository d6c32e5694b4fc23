/* check.c -- whether a file can be a program, or a library of one. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <elfload/elf_check.h>
#include <elfload/elf_names.h>
#include <stddef.h>

#define PAGE 4096u

const struct eld_target *eld_target_of(uint16_t machine)
{
    static const struct eld_target targets[] = {
        {EM_386, 0, 0x00100000, 0x7fff0000},
        {EM_X86_64, 1, 0x00100000, 0x7fffffe00000},
    };

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (targets[i].machine == machine)
            return &targets[i];
    }
    return NULL;
}

static int check_kind(const struct eld_elf *elf,
                      const struct eld_target *target, struct eld_fault *fault)
{
    static const char header[] = "ELF header";

    if (elf->machine != target->machine) {
        eld_fail_value(fault, ELD_ERR_MACHINE, NULL, ELD_NONE, elf->machine,
                       target->machine);
        eld_fault_add_name(fault, eld_machine_name(elf->machine, elf->is_64),
                           NULL);
        return ELD_ERR_MACHINE;
    }
    if (elf->is_64 != target->is_64)
        return eld_fail_value(fault, ELD_ERR_WRONG_CLASS, header, ELD_NONE,
                              elf->is_64, target->is_64);
    if (elf->is_big)
        return eld_fail_value(fault, ELD_ERR_BYTE_ORDER, header, ELD_NONE,
                              ELFDATA2MSB, ELFDATA2LSB);
    if (elf->version != EV_CURRENT)
        return eld_fail_value(fault, ELD_ERR_VERSION, header, ELD_NONE,
                              elf->version, EV_CURRENT);
    if (elf->type != ET_EXEC && elf->type != ET_DYN)
        return eld_fail_value(fault, ELD_ERR_TYPE, header, ELD_NONE, elf->type,
                              ELD_NONE);
    return 0;
}

/* A section beyond the end shows that a file has been cut off, even where
 * everything that would be loaded is still there. */
static int check_sections(const struct eld_elf *elf, struct eld_fault *fault)
{
    for (uint32_t i = 0; i < elf->section_count; i++) {
        struct eld_section section;
        struct eld_part part;
        int error;

        if ((error = eld_read_section(elf, i, &section, fault)) < 0 ||
            (error = eld_section_part(elf, &section, &part, fault)) < 0)
            return error;
    }
    return 0;
}

/* ---- segments ---- */

/* What the segments seen so far come to. */
struct extent {
    uint64_t start, end; /* pages of the image */
    int has_entry;
};

static int check_load(const struct eld_segment *segment, uint32_t index,
                      uint64_t limit, struct eld_fault *fault)
{
    static const char what[] = "program header";

    if (segment->file_size > segment->memory_size)
        return eld_fail_value(fault, ELD_ERR_MEMSZ, what, index,
                              segment->file_size, segment->memory_size);
    if ((segment->vaddr ^ segment->offset) & (PAGE - 1) &&
        segment->file_size != 0)
        return eld_fail_value(fault, ELD_ERR_ALIGN, what, index,
                              segment->vaddr & (PAGE - 1),
                              segment->offset & (PAGE - 1));
    if (segment->memory_size > limit)
        return eld_fail_value(fault, ELD_ERR_TOO_BIG, what, index,
                              segment->memory_size, limit);
    if (!eld_fits(segment->vaddr, segment->memory_size, limit))
        return eld_fail_value(
            fault, ELD_ERR_TOO_HIGH, what, index,
            eld_add_clamped(segment->vaddr, segment->memory_size), limit);
    return 0;
}

static int add_load(const struct eld_elf *elf,
                    const struct eld_segment *segment, uint32_t index,
                    struct extent *extent, struct eld_fault *fault)
{
    static const char what[] = "program header";
    uint64_t start = segment->vaddr & ~(uint64_t)(PAGE - 1);
    uint64_t end = (segment->vaddr + segment->memory_size + PAGE - 1) &
                   ~(uint64_t)(PAGE - 1);

    if (extent->end != 0 && start < extent->start)
        return eld_fail_value(fault, ELD_ERR_ORDER, what, index, start,
                              extent->end);
    if (start < extent->end)
        return eld_fail_value(fault, ELD_ERR_OVERLAP, what, index, start,
                              extent->end);
    if (extent->end == 0)
        extent->start = start;
    extent->end = end;
    /* Haiku tells a library by its entry point, 0. */
    if (elf->entry != 0 && elf->entry >= segment->vaddr &&
        elf->entry - segment->vaddr < segment->memory_size)
        extent->has_entry = 1;
    return 0;
}

/* A segment without memory is as good as none. */
static int is_load(const struct eld_segment *segment)
{
    return segment->type == PT_LOAD && segment->memory_size != 0;
}

static int check_extent(const struct eld_elf *elf,
                        const struct eld_target *target,
                        const struct extent *extent, struct eld_fault *fault)
{
    uint64_t room = target->high - target->low;

    if (extent->end == 0)
        return eld_fail(fault, ELD_ERR_NO_SEGMENTS, NULL, ELD_NONE, ELD_NONE);
    if (extent->end - extent->start > room)
        return eld_fail_value(fault, ELD_ERR_TOO_BIG, "all segments", ELD_NONE,
                              extent->end - extent->start, room);
    /* Only what cannot move must fit where it is (BeOS's executables start at
     * 0 and can). */
    if (elf->type == ET_EXEC && extent->start != 0 &&
        (extent->start < target->low || extent->end > target->high))
        return eld_fail_value(fault, ELD_ERR_TOO_HIGH, "all segments", ELD_NONE,
                              extent->end, target->high);
    return 0;
}

static int check_segments(const struct eld_elf *elf,
                          const struct eld_target *target,
                          struct extent *extent, struct eld_fault *fault)
{
    /* One page less than the class can address, so that sums of addresses
     * and sizes never wrap. */
    uint64_t limit = elf->is_64 ? INT64_MAX : UINT32_MAX - (PAGE - 1);

    for (uint32_t i = 0; i < elf->segment_count; i++) {
        struct eld_segment segment;
        int error = eld_read_segment(elf, i, &segment, fault);

        if (error < 0)
            return error;
        if (segment.type == PT_LOAD &&
            eld_bytes_at(elf, segment.offset, segment.file_size,
                         "program header", i, fault) == NULL)
            return ELD_ERR_TRUNCATED;
        if (is_load(&segment) &&
            ((error = check_load(&segment, i, limit, fault)) < 0 ||
             (error = add_load(elf, &segment, i, extent, fault)) < 0))
            return error;
    }
    return check_extent(elf, target, extent, fault);
}

static int check(const void *bytes, size_t size,
                 const struct eld_target *target, struct eld_elf *elf,
                 struct extent *extent, struct eld_fault *fault)
{
    int error;

    if ((error = eld_read_header(bytes, size, elf, fault)) < 0 ||
        (error = check_kind(elf, target, fault)) < 0 ||
        (error = check_segments(elf, target, extent, fault)) < 0)
        return error;
    return check_sections(elf, fault);
}

int eld_check_library(const void *bytes, size_t size,
                      const struct eld_target *target, struct eld_elf *elf,
                      struct eld_fault *fault)
{
    struct extent extent = {0, 0, 0};
    struct eld_elf result;
    int error = check(bytes, size, target, &result, &extent, fault);

    if (error == 0 && elf != NULL)
        *elf = result;
    return error;
}

int eld_check_program(const void *bytes, size_t size,
                      const struct eld_target *target, struct eld_elf *elf,
                      struct eld_fault *fault)
{
    struct extent extent = {0, 0, 0};
    struct eld_elf result;
    int error = check(bytes, size, target, &result, &extent, fault);

    if (error < 0)
        return error;
    if (result.entry == 0)
        return eld_fail(fault, ELD_ERR_NO_PROGRAM, NULL, ELD_NONE, ELD_NONE);
    if (!extent.has_entry)
        return eld_fail_value(fault, ELD_ERR_ENTRY, "ELF header", ELD_NONE,
                              result.entry, ELD_NONE);
    if (elf != NULL)
        *elf = result;
    return 0;
}
