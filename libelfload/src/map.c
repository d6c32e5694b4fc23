/* map.c -- an image's segments in the guest's memory. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"
#include "link.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* haiku-abi/libroot-abi: B_OS_NAME_LENGTH; longer names are cut off. */
#define AREA_NAME_MAX 32

#define LOADER_BASE 0x200000u

static uint64_t page_down(uint64_t address)
{
    return address & ~(uint64_t)(ELD_PAGE - 1);
}

static uint64_t page_up(uint64_t address)
{
    return page_down(address + ELD_PAGE - 1);
}

static int is_load(const struct eld_segment *segment)
{
    return segment->type == PT_LOAD && segment->memory_size != 0;
}

static unsigned prot_of(const struct eld_segment *segment)
{
    unsigned prot = 0;

    if (segment->flags & PF_R)
        prot |= GM_PROT_READ;
    if (segment->flags & PF_W)
        prot |= GM_PROT_WRITE;
    if (segment->flags & PF_X)
        prot |= GM_PROT_EXEC;
    return prot;
}

const struct eld_region *eld_region_at(const struct eld_linked *linked,
                                       uint64_t address, uint64_t size)
{
    for (uint32_t i = 0; i < linked->image.region_count; i++) {
        const struct eld_region *region = &linked->regions[i];

        if (address >= region->address &&
            eld_fits(address - region->address, size, region->size))
            return region;
    }
    return NULL;
}

int eld_is_mapped(const struct eld_linked *linked, uint64_t address,
                  uint64_t size)
{
    /* Regions ascend. */
    for (uint32_t i = 0; i < linked->image.region_count; i++) {
        const struct eld_region *region = &linked->regions[i];
        uint64_t skip = address - region->address;

        if (address < region->address || skip >= region->size)
            continue;
        if (size <= region->size - skip)
            return 1;
        address += region->size - skip;
        size -= region->size - skip;
    }
    return 0;
}

static int host_failed(struct eld_fault *fault, const char *what, int error,
                       uint64_t address)
{
    eld_fail_value(fault, ELD_ERR_HOST, what, ELD_NONE, address, ELD_NONE);
    eld_fault_add_host(fault, error);
    return ELD_ERR_HOST;
}

/* ---- one segment ---- */

/* A segment on its way into regions. */
struct placing {
    struct eld_linker *linker;
    struct eld_linked *linked;
    const struct eld_segment *segment;
    uint32_t index; /* of the program header */
};

/* An area's name while it is written, before it is cut off. */
struct area_name {
    char text[ELD_PATH_MAX + AREA_NAME_MAX];
};

static void name_area(const struct placing *placing, int is_bss,
                      struct area_name *name)
{
    const struct eld_linked *linked = placing->linked;
    const char *slash = strrchr(linked->file.path, '/');
    const char *leaf = slash != NULL ? slash + 1 : linked->file.path;
    int is_kernel = placing->linker->style == ELD_STYLE_KERNEL;
    const char *suffix = placing->segment->flags & PF_W ? "rw" : "ro";

    if (is_kernel && is_bss)
        snprintf(name->text, sizeof(name->text), "%s_bss%u", leaf,
                 placing->index);
    else
        snprintf(name->text, sizeof(name->text), "%s_seg%u%s", leaf,
                 is_kernel ? placing->index : linked->image.region_count,
                 suffix);
    name->text[AREA_NAME_MAX - 1] = '\0';
}

/* Maps pages of the file, or zeroed ones when offset is ELD_NONE. */
static int map_region(const struct placing *placing, uint64_t address,
                      uint64_t size, uint64_t offset, struct eld_fault *fault)
{
    const struct eld_host *host = &placing->linker->host;
    struct eld_linked *linked = placing->linked;
    struct area_name name;
    int is_file = offset != ELD_NONE;

    name_area(placing, !is_file, &name);
    struct eld_mapping mapping = {
        .name = name.text,
        .address = address,
        .size = size,
        .prot = GM_PROT_READ | GM_PROT_WRITE,
        .final_prot = prot_of(placing->segment),
        .file = is_file ? &linked->file : NULL,
        .offset = is_file ? offset : 0,
    };
    int error = host->map(host->context, &mapping);
    if (error < 0)
        return host_failed(fault, "segment", error, address);
    linked->regions[linked->image.region_count++] =
        (struct eld_region){address, size, offset, mapping.final_prot};
    return 0;
}

/* What follows the file's bytes in its last page belongs to the bss. */
static int clear_tail(const struct placing *placing, uint64_t from, uint64_t to,
                      struct eld_fault *fault)
{
    const struct eld_segment *segment = placing->segment;
    int is_needed = (segment->flags & PF_W) != 0 ||
                    segment->memory_size > segment->file_size;

    if (!is_needed || from == to)
        return 0;
    if (gm_fill(placing->linker->host.space, from, 0, (size_t)(to - from)) < 0)
        return eld_fail_value(fault, ELD_ERR_MEMORY, "end of a segment",
                              ELD_NONE, from, ELD_NONE);
    return 0;
}

static int map_segment(const struct placing *placing, struct eld_fault *fault)
{
    const struct eld_segment *segment = placing->segment;
    uint64_t vaddr = segment->vaddr + placing->linked->image.delta;
    uint64_t start = page_down(vaddr);
    uint64_t file_end = page_up(vaddr + segment->file_size);
    uint64_t end = page_up(vaddr + segment->memory_size);
    int error;

    if (segment->file_size == 0)
        file_end = start;
    if (file_end > start) {
        if ((error = map_region(placing, start, file_end - start,
                                page_down(segment->offset), fault)) < 0 ||
            (error = clear_tail(placing, vaddr + segment->file_size, file_end,
                                fault)) < 0)
            return error;
    }
    if (end > file_end)
        return map_region(placing, file_end, end - file_end, ELD_NONE, fault);
    return 0;
}

/* ---- all segments ---- */

/* Pages from the first segment to the last, which eld_check_* has found to
 * ascend. */
static int measure(const struct eld_linked *linked, uint64_t *start,
                   uint64_t *end, uint32_t *count)
{
    *count = 0;
    for (uint32_t i = 0; i < linked->elf.segment_count; i++) {
        struct eld_segment segment;
        int error = eld_read_segment(&linked->elf, i, &segment, NULL);

        if (error < 0)
            return error;
        if (!is_load(&segment))
            continue;
        if ((*count)++ == 0)
            *start = page_down(segment.vaddr);
        *end = page_up(segment.vaddr + segment.memory_size);
    }
    return *count > 0 ? 0 : ELD_ERR_NO_SEGMENTS;
}

static int reserve(struct eld_linker *linker, struct eld_linked *linked,
                   uint64_t start, uint64_t end, struct eld_fault *fault)
{
    const struct eld_host *host = &linker->host;
    int is_exact = linked->elf.type == ET_EXEC && start != 0;
    uint64_t hint = is_exact ? start : linker->request->base;
    uint64_t address;

    if (!is_exact && linker->style == ELD_STYLE_KERNEL && start != 0)
        hint = start;
    if (hint == 0)
        hint = LOADER_BASE;
    int error =
        host->reserve(host->context, hint, end - start, is_exact, &address);
    if (error < 0)
        return host_failed(fault, "room for the image", error, end - start);
    linked->reserved = address;
    linked->reserved_size = end - start;
    if ((address & (ELD_PAGE - 1)) != 0 ||
        !eld_fits(address, end - start, gm_space_size(host->space)))
        return host_failed(fault, "room for the image", -EINVAL, address);
    linked->image.delta = address - start;
    return 0;
}

int eld_map_image(struct eld_linker *linker, struct eld_linked *linked,
                  struct eld_fault *fault)
{
    uint64_t start = 0, end = 0;
    uint32_t count;
    int error = measure(linked, &start, &end, &count);

    if (error < 0)
        return eld_fail(fault, error, NULL, ELD_NONE, ELD_NONE);
    /* A segment becomes two regions at most. */
    linked->regions = calloc(count, 2 * sizeof(*linked->regions));
    if (linked->regions == NULL)
        return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    if ((error = reserve(linker, linked, start, end, fault)) < 0)
        return error;
    for (uint32_t i = 0; i < linked->elf.segment_count; i++) {
        struct eld_segment segment;
        struct placing placing = {linker, linked, &segment, i};

        if ((error = eld_read_segment(&linked->elf, i, &segment, fault)) < 0)
            return error;
        if (is_load(&segment) && (error = map_segment(&placing, fault)) < 0)
            return error;
        if (segment.type == PT_GNU_RELRO)
            linked->relro = segment;
    }
    linked->image.regions = linked->regions;
    return 0;
}

/* ---- protection ---- */

static int protect(struct eld_linker *linker, uint64_t address, uint64_t size,
                   unsigned prot, struct eld_fault *fault)
{
    const struct eld_host *host = &linker->host;
    int error = host->protect(host->context, address, size, prot);

    return error < 0 ? host_failed(fault, "protection", error, address) : 0;
}

/* The whole pages of GNU_RELRO, where they are in a region. */
static int protect_relro(struct eld_linker *linker, struct eld_linked *linked,
                         const struct eld_region *region,
                         struct eld_fault *fault)
{
    uint64_t start = page_down(linked->relro.vaddr + linked->image.delta);
    uint64_t end = page_down(linked->relro.vaddr + linked->image.delta +
                             linked->relro.memory_size);
    uint64_t region_end = region->address + region->size;

    if (start < region->address)
        start = region->address;
    if (end > region_end)
        end = region_end;
    if (linked->relro.memory_size == 0 || start >= end ||
        !(region->final_prot & GM_PROT_WRITE))
        return 0;
    return protect(linker, start, end - start,
                   region->final_prot & ~(unsigned)GM_PROT_WRITE, fault);
}

int eld_protect_image(struct eld_linker *linker, struct eld_linked *linked,
                      struct eld_fault *fault)
{
    for (uint32_t i = 0; i < linked->image.region_count; i++) {
        const struct eld_region *region = &linked->regions[i];
        int error = 0;

        if (region->final_prot != (GM_PROT_READ | GM_PROT_WRITE))
            error = protect(linker, region->address, region->size,
                            region->final_prot, fault);
        if (error == 0 && linker->style == ELD_STYLE_LOADER)
            error = protect_relro(linker, linked, region, fault);
        if (error < 0)
            return error;
    }
    return 0;
}
