/* load.c -- one image, from an open file to mapped memory. */
/* SPDX-License-Identifier: MIT */

#include "bytes.h"
#include "fault.h"
#include "link.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

int eld_fail_in(struct eld_fault *fault, int error,
                const struct eld_linked *linked)
{
    eld_fault_add_file(fault, linked->file.path);
    return error;
}

/* ---- what the file says ---- */

static int read_dynamic(struct eld_linked *linked, struct eld_fault *fault)
{
    int error = eld_read_dynamic(&linked->elf, &linked->dynamic, fault);

    if (error == ELD_ERR_NOT_FOUND)
        return 0;
    if (error == 0)
        linked->is_dynamic = 1;
    return error;
}

static const char *leaf_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static int read_name(struct eld_linked *linked, struct eld_fault *fault)
{
    const struct eld_dynamic *dynamic = &linked->dynamic;

    linked->image.path = linked->file.path;
    linked->image.name = leaf_of(linked->file.path);
    if (!linked->is_dynamic || dynamic->soname == ELD_NONE)
        return 0;
    return eld_read_string(&linked->elf, &dynamic->symbols.strings,
                           dynamic->soname, &linked->image.name, fault);
}

static void read_abi(struct eld_linker *linker, struct eld_linked *linked)
{
    struct eld_haiku_version version;

    eld_read_haiku_version(
        &linked->elf, linked->is_dynamic ? &linked->dynamic : NULL, &version);
    linked->image.abi = version.abi;
    linked->image.api_version = version.api_version;
    /* Programs without any mark go with the system's own libraries. */
    if (linker->image_count == 0 &&
        !(version.is_guess && version.abi == ELD_ABI_GCC2_ANCIENT))
        linker->main_abi = version.abi;
}

static int read_file(struct eld_linker *linker, struct eld_linked *linked,
                     struct eld_fault *fault)
{
    const struct eld_target *target = linker->request->target;
    const struct eld_file *file = &linked->file;
    int error;

    if (linked->image.type == ELD_IMAGE_APP ||
        linker->style == ELD_STYLE_KERNEL)
        error = eld_check_program(file->bytes, file->size, target, &linked->elf,
                                  fault);
    else
        error = eld_check_library(file->bytes, file->size, target, &linked->elf,
                                  fault);
    if (error < 0 || (error = read_dynamic(linked, fault)) < 0 ||
        (error = read_name(linked, fault)) < 0 ||
        (error = eld_read_version_names(linked, fault)) < 0)
        return error;
    if ((linked->dynamic.flags & DF_STATIC_TLS) &&
        !linker->request->has_static_tls)
        return eld_fail(fault, ELD_ERR_STATIC_TLS, NULL, ELD_NONE, ELD_NONE);
    linked->image.device = file->device;
    linked->image.node = file->node;
    read_abi(linker, linked);
    return 0;
}

/* ---- thread-local storage ---- */

static int check_tls(const struct eld_linked *linked,
                     const struct eld_segment *segment, uint32_t index,
                     struct eld_fault *fault)
{
    static const char what[] = "program header";
    uint64_t address = eld_place_of(linked, segment->vaddr);

    if (segment->file_size > segment->memory_size)
        return eld_fail_value(fault, ELD_ERR_MEMSZ, what, index,
                              segment->file_size, segment->memory_size);
    if (segment->memory_size > INT32_MAX)
        return eld_fail_value(fault, ELD_ERR_TOO_BIG, what, index,
                              segment->memory_size, INT32_MAX);
    if ((segment->align & (segment->align - 1)) != 0 ||
        segment->align > ELD_PAGE)
        return eld_fail_value(fault, ELD_ERR_RANGE,
                              "alignment of thread-local "
                              "storage",
                              ELD_NONE, segment->align, ELD_PAGE);
    if (segment->file_size != 0 &&
        eld_region_at(linked, address, segment->file_size) == NULL)
        return eld_fail_value(fault, ELD_ERR_ADDRESS, what, index,
                              segment->vaddr, ELD_NONE);
    return 0;
}

static int add_tls(struct eld_linker *linker, struct eld_linked *linked,
                   const struct eld_segment *segment, struct eld_fault *fault)
{
    struct eld_program *program = &linker->program;
    uint64_t align = segment->align > 1 ? segment->align : 1;
    struct eld_tls_module *tls =
        realloc(linker->tls, (program->tls_count + 1) * sizeof(*tls));

    if (tls == NULL)
        return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    linker->tls = tls;
    program->tls = tls;
    uint64_t offset =
        (program->static_tls_size + segment->memory_size + align - 1) &
        ~(align - 1);
    tls[program->tls_count] = (struct eld_tls_module){
        .image = linker->image_count,
        .address = eld_place_of(linked, segment->vaddr),
        .file_size = segment->file_size,
        .memory_size = segment->memory_size,
        .align = align,
        .static_offset = offset,
    };
    linked->image.tls_module = program->tls_count++;
    program->static_tls_size = offset;
    if (program->static_tls_align < align)
        program->static_tls_align = align;
    return 0;
}

static int find_tls(struct eld_linker *linker, struct eld_linked *linked,
                    struct eld_fault *fault)
{
    for (uint32_t i = 0; i < linked->elf.segment_count; i++) {
        struct eld_segment segment;
        int error = eld_read_segment(&linked->elf, i, &segment, fault);

        if (error < 0)
            return error;
        if (segment.type != PT_TLS || linked->image.tls_module != ELD_NO_TLS)
            continue;
        if ((error = check_tls(linked, &segment, i, fault)) < 0 ||
            (error = add_tls(linker, linked, &segment, fault)) < 0)
            return error;
    }
    return 0;
}

/* ---- what others want to know ---- */

static void widen(uint64_t *address, uint64_t *size,
                  const struct eld_region *region)
{
    uint64_t end = region->address + region->size;

    if (*size == 0)
        *address = region->address;
    else if (*address + *size > end)
        end = *address + *size;
    *size = end - *address;
}

/* The loader tells one range for all text and one for all data. The kernel
 * tells the last segment of each kind. */
static void describe_memory(const struct eld_linker *linker,
                            struct eld_linked *linked)
{
    struct eld_image *image = &linked->image;

    for (uint32_t i = 0; i < image->region_count; i++) {
        const struct eld_region *region = &linked->regions[i];
        int is_data = (region->final_prot & GM_PROT_WRITE) != 0;

        if (linker->style == ELD_STYLE_KERNEL && region->offset != ELD_NONE) {
            if (is_data)
                image->data_size = 0;
            else
                image->text_size = 0;
        }
        if (is_data)
            widen(&image->data, &image->data_size, region);
        else
            widen(&image->text, &image->text_size, region);
    }
}

static uint64_t place_or_zero(const struct eld_linked *linked, uint64_t vaddr)
{
    return vaddr == ELD_NONE ? 0 : eld_place_of(linked, vaddr);
}

static void describe(const struct eld_linker *linker, struct eld_linked *linked)
{
    const struct eld_dynamic *dynamic = &linked->dynamic;
    struct eld_image *image = &linked->image;

    describe_memory(linker, linked);
    if (linked->elf.entry != 0)
        image->entry = eld_place_of(linked, linked->elf.entry);
    if (!linked->is_dynamic)
        return;
    image->symbol_table = place_or_zero(linked, dynamic->symbols_address);
    image->string_table = place_or_zero(linked, dynamic->strings_address);
    image->symbol_hash = place_or_zero(linked, dynamic->hash.address);
    image->init = place_or_zero(linked, dynamic->init);
    image->fini = place_or_zero(linked, dynamic->fini);
    for (uint32_t i = 0; i < linked->elf.segment_count; i++) {
        struct eld_segment segment;

        if (eld_read_segment(&linked->elf, i, &segment, NULL) == 0 &&
            segment.type == PT_DYNAMIC)
            image->dynamic = eld_place_of(linked, segment.vaddr);
    }
}

/* ---- all of it ---- */

void eld_unload_image(struct eld_linker *linker, struct eld_linked *linked)
{
    const struct eld_host *host = &linker->host;

    if (linked == NULL)
        return;
    host->close(host->context, &linked->file);
    free(linked->regions);
    free(linked->needed);
    free(linked->versions);
    free(linked->bound);
    free(linked);
}

static int place_image(struct eld_linker *linker, struct eld_linked *linked,
                       struct eld_fault *fault)
{
    int error;

    if ((error = eld_map_image(linker, linked, fault)) < 0 ||
        (error = find_tls(linker, linked, fault)) < 0)
        return error;
    describe(linker, linked);
    return 0;
}

int eld_load_image(struct eld_linker *linker, const struct eld_file *file,
                   enum eld_image_type type, struct eld_fault *fault)
{
    const struct eld_host *host = &linker->host;
    struct eld_linked *linked = calloc(1, sizeof(*linked));
    int error;

    if (linked == NULL || linker->image_count == ELD_IMAGES_MAX) {
        error = linked == NULL ? ELD_ERR_NOMEM : ELD_ERR_TOO_MANY;
        eld_fail(fault, error, NULL, ELD_NONE, ELD_NONE);
        eld_fault_add_file(fault, file->path);
        free(linked);
        struct eld_file copy = *file;
        host->close(host->context, &copy);
        return error;
    }
    linked->file = *file;
    linked->image.type = type;
    linked->image.tls_module = ELD_NO_TLS;
    error = read_file(linker, linked, fault);
    if (error == 0 && linker->style != ELD_STYLE_INSPECT)
        error = place_image(linker, linked, fault);
    if (error < 0) {
        eld_fail_in(fault, error, linked);
        if (linked->reserved_size != 0)
            host->release(host->context, linked->reserved,
                          linked->reserved_size);
        eld_unload_image(linker, linked);
        return error;
    }
    linker->images[linker->image_count++] = linked;
    return 0;
}
