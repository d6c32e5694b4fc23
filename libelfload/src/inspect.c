/* inspect.c -- what a program needs, and what of it is missing. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "link.h"

#include <elf.h>

int eld_report_fault(struct eld_linker *linker, int error,
                     const struct eld_fault *fault)
{
    if (linker->style != ELD_STYLE_INSPECT || error == ELD_ERR_NOMEM)
        return error;
    linker->report(linker->report_context, fault);
    return 0;
}

/* A library that is missing has been reported: its versions go without
 * saying. */
static int report_versions(struct eld_linker *linker,
                           const struct eld_linked *linked)
{
    struct eld_version_cursor cursor = {0, 0, 0, 0, 0};
    struct eld_version version;
    struct eld_fault fault;
    int found = 0;

    while (linked->is_dynamic &&
           (found = eld_next_version(&linked->elf, &linked->dynamic.needed,
                                     &cursor, &version, &fault)) == 1) {
        int error = eld_check_needed_version(linker, linked, &version, &fault);

        if (error == ELD_ERR_NO_VERSION)
            eld_report_fault(linker, error, &fault);
    }
    if (found < 0)
        return eld_report_fault(linker, eld_fail_in(&fault, found, linked),
                                &fault);
    return 0;
}

static int report_symbols(struct eld_linker *linker, uint32_t image)
{
    const struct eld_linked *linked = linker->images[image];
    const struct eld_symbols *symbols = &linked->dynamic.symbols;
    uint64_t count = linked->is_dynamic
                         ? eld_count_symbols(&linked->elf, &linked->dynamic)
                         : 0;
    struct eld_binding binding;
    struct eld_symbol symbol;
    struct eld_fault fault;

    for (uint64_t i = 1; i < count; i++) {
        if (eld_read_symbol(&linked->elf, symbols, i, &symbol, NULL) < 0 ||
            symbol.section != SHN_UNDEF || symbol.name[0] == '\0')
            continue;
        int error = eld_bind_symbol(linker, image, i, ELD_REFERENCE_ANY,
                                    &binding, &fault);
        if (error < 0)
            error = eld_report_fault(linker, error, &fault);
        if (error < 0)
            return error;
    }
    return 0;
}

static int report_missing(struct eld_linker *linker)
{
    int error = 0;

    for (uint32_t i = 0; error == 0 && i < linker->image_count; i++) {
        error = report_versions(linker, linker->images[i]);
        if (error == 0)
            error = report_symbols(linker, i);
    }
    return error;
}

int eld_inspect_program(const struct eld_host *host,
                        const struct eld_link_request *request,
                        eld_report *report, void *context,
                        struct eld_program **program, struct eld_fault *fault)
{
    struct eld_linker *linker =
        eld_new_linker(host, request, ELD_STYLE_INSPECT, fault);
    int error;

    if (linker == NULL)
        return ELD_ERR_NOMEM;
    linker->report = report;
    linker->report_context = context;
    if ((error = eld_load_main(linker, ELD_IMAGE_ADD_ON, fault)) < 0 ||
        (error = eld_load_dependencies(linker, fault)) < 0 ||
        (error = report_missing(linker)) < 0 ||
        (error = eld_finish_program(linker, fault)) < 0) {
        if (error == ELD_ERR_NOMEM)
            eld_fail(fault, error, NULL, ELD_NONE, ELD_NONE);
        eld_program_free(&linker->program);
        return error;
    }
    *program = &linker->program;
    return 0;
}
