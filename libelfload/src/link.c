/* link.c -- a program and its libraries, from a path to an entry point. */
/* SPDX-License-Identifier: MIT */

#include "link.h"

#include "bytes.h"
#include "fault.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

/* ---- life ---- */

void eld_program_free(struct eld_program *program)
{
    struct eld_linker *linker = (struct eld_linker *)program;

    if (linker == NULL)
        return;
    for (uint32_t i = 0; i < linker->image_count; i++)
        eld_unload_image(linker, linker->images[i]);
    free(linker->tls);
    free(linker->order);
    free(linker->result);
    free(linker->calls[0]);
    free(linker->calls[1]);
    free(linker);
}

/* After a failure nothing of the program remains mapped. */
static void abandon(struct eld_linker *linker)
{
    const struct eld_host *host = &linker->host;

    for (uint32_t i = linker->image_count; i-- > 0;)
        host->release(host->context, linker->images[i]->reserved,
                      linker->images[i]->reserved_size);
    eld_program_free(&linker->program);
}

struct eld_linker *eld_new_linker(const struct eld_host *host,
                                  const struct eld_link_request *request,
                                  enum eld_style style, struct eld_fault *fault)
{
    struct eld_linker *linker = calloc(1, sizeof(*linker));

    if (linker == NULL) {
        eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
        return NULL;
    }
    linker->host = *host;
    linker->request = request;
    linker->style = style;
    linker->program.static_tls_align = 1;
    eld_window_init(&linker->window, host->space);
    return linker;
}

/* ---- steps ---- */

int eld_load_main(struct eld_linker *linker, enum eld_image_type type,
                  struct eld_fault *fault)
{
    const struct eld_host *host = &linker->host;
    const char *path = linker->request->program;
    struct eld_file file;

    memset(&file, 0, sizeof(file));
    file.fd = -1;
    int error = host->open(host->context, path, &file);
    if (error < 0) {
        eld_fail(fault, ELD_ERR_HOST, "open", ELD_NONE, ELD_NONE);
        eld_fault_add_host(fault, error);
        eld_fault_add_file(fault, path);
        return ELD_ERR_HOST;
    }
    return eld_load_image(linker, &file, type, fault);
}

static int relocate_all(struct eld_linker *linker, struct eld_fault *fault)
{
    int error = 0;

    for (uint32_t i = 0; error == 0 && i < linker->image_count; i++)
        error = eld_check_needed_versions(linker, linker->images[i], fault);
    for (uint32_t i = 0; error == 0 && i < linker->image_count; i++)
        error = eld_relocate_image(linker, linker->order[i], fault);
    return error;
}

static int protect_all(struct eld_linker *linker, struct eld_fault *fault)
{
    for (uint32_t i = 0; i < linker->image_count; i++) {
        int error = eld_protect_image(linker, linker->images[i], fault);

        if (error < 0)
            return eld_fail_in(fault, error, linker->images[i]);
    }
    return 0;
}

int eld_finish_program(struct eld_linker *linker, struct eld_fault *fault)
{
    uint32_t count = linker->image_count;

    linker->result = calloc(count, sizeof(*linker->result));
    if (linker->result == NULL)
        return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    for (uint32_t i = 0; i < count; i++) {
        linker->result[i] = linker->images[i]->image;
        /* What a reference has been bound to is known to the guest now. */
        free(linker->images[i]->bound);
        linker->images[i]->bound = NULL;
    }
    linker->program.images = linker->result;
    linker->program.image_count = count;
    linker->program.entry = linker->result[0].entry;
    linker->request = NULL;
    return 0;
}

int eld_link_program(const struct eld_host *host,
                     const struct eld_link_request *request,
                     struct eld_program **program, struct eld_fault *fault)
{
    struct eld_linker *linker =
        eld_new_linker(host, request, ELD_STYLE_LOADER, fault);
    int error;

    if (linker == NULL)
        return ELD_ERR_NOMEM;
    if ((error = eld_load_main(linker, ELD_IMAGE_APP, fault)) < 0 ||
        (error = eld_load_dependencies(linker, fault)) < 0 ||
        (error = eld_order_images(linker, fault)) < 0 ||
        (error = relocate_all(linker, fault)) < 0 ||
        (error = eld_list_calls(linker, fault)) < 0 ||
        (error = protect_all(linker, fault)) < 0 ||
        (error = eld_finish_program(linker, fault)) < 0) {
        abandon(linker);
        return error;
    }
    *program = &linker->program;
    return 0;
}

int eld_load_runtime_loader(const struct eld_host *host, const char *path,
                            const struct eld_target *target,
                            struct eld_program **program,
                            struct eld_fault *fault)
{
    const struct eld_link_request request = {.program = path, .target = target};
    struct eld_linker *linker =
        eld_new_linker(host, &request, ELD_STYLE_KERNEL, fault);
    int error;

    if (linker == NULL)
        return ELD_ERR_NOMEM;
    if ((error = eld_load_main(linker, ELD_IMAGE_LIBRARY, fault)) < 0 ||
        (error = eld_relocate_image(linker, 0, fault)) < 0 ||
        (error = protect_all(linker, fault)) < 0 ||
        (error = eld_finish_program(linker, fault)) < 0) {
        abandon(linker);
        return error;
    }
    *program = &linker->program;
    return 0;
}

/* ---- questions ---- */

static const struct eld_linked *image_of(const struct eld_program *program,
                                         uint32_t image)
{
    const struct eld_linker *linker = (const struct eld_linker *)program;

    return linker->images[image];
}

int eld_find_image_symbol(const struct eld_program *program, uint32_t image,
                          const char *name, uint64_t *address)
{
    struct eld_symbol symbol;

    if (image >= program->image_count)
        return ELD_ERR_INVALID;
    const struct eld_linked *linked = image_of(program, image);
    if (!linked->is_dynamic || eld_find_symbol(&linked->elf, &linked->dynamic,
                                               name, &symbol, NULL) < 0)
        return ELD_ERR_NOT_FOUND;
    *address = eld_place_of(linked, symbol.value);
    return 0;
}

int eld_find_program_symbol(const struct eld_program *program, const char *name,
                            uint64_t *address)
{
    for (uint32_t i = 0; i < program->image_count; i++) {
        if (eld_find_image_symbol(program, i, name, address) == 0)
            return 0;
    }
    return ELD_ERR_NOT_FOUND;
}

/* The table that names the most: all symbols, or else the dynamic ones. */
static void find_nearest(const struct eld_linked *linked, uint64_t address,
                         struct eld_place *place)
{
    struct eld_symbols symbols;
    struct eld_symbol symbol;
    uint64_t best = 0;

    if (eld_find_symbols(&linked->elf, SHT_SYMTAB, &symbols, NULL) < 0) {
        if (!linked->is_dynamic)
            return;
        symbols = linked->dynamic.symbols;
    }
    for (uint64_t i = 1; i < symbols.table.count; i++) {
        if (eld_read_symbol(&linked->elf, &symbols, i, &symbol, NULL) < 0 ||
            symbol.section == SHN_UNDEF || symbol.name[0] == '\0' ||
            (symbol.type != STT_FUNC && symbol.type != STT_OBJECT &&
             symbol.type != STT_NOTYPE))
            continue;
        uint64_t start = eld_place_of(linked, symbol.value);
        if (start > address || start < best)
            continue;
        best = start;
        place->symbol = symbol.name;
        place->offset = address - start;
    }
}

int eld_find_place(const struct eld_program *program, uint64_t address,
                   struct eld_place *place)
{
    for (uint32_t i = 0; i < program->image_count; i++) {
        const struct eld_linked *linked = image_of(program, i);

        if (eld_region_at(linked, address, 1) == NULL)
            continue;
        *place =
            (struct eld_place){i, NULL, address - linked->regions[0].address};
        find_nearest(linked, address, place);
        return 0;
    }
    return ELD_ERR_NOT_FOUND;
}
