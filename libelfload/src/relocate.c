/* relocate.c -- applies relocations, by the rows of relocs.def. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "link.h"

#include <elf.h>
#include <elfload/elf_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum action {
    ACTION_UNKNOWN,
    ACTION_NONE,
    ACTION_VALUE,
    ACTION_SLOT,
    ACTION_TLS,
    ACTION_STATIC_TLS,
    ACTION_COPY,
    ACTION_OBJECT,
    ACTION_RUNTIME
};

enum field {
    FIELD_WORD8,
    FIELD_WORD16,
    FIELD_WORD32,
    FIELD_WORD64,
    FIELD_UNSIGNED32,
    FIELD_SIGNED32
};

struct row {
    uint8_t action, field;
};

/* What the formulas of relocs.def are made of. */
struct operands {
    uint64_t S, V, Z, A, P, B, M, T;
};

/* ---- relocs.def ---- */

#define ROW(number, action, field) [number] = {ACTION_##action, FIELD_##field},

static const struct row rows_386[] = {
#define RELOC_386(number, action, field) ROW(number, action, field)
#define RELOC_X86_64(number, action, field)
#define RELOC(machine, number, name, action, field, value)                     \
    RELOC_##machine(number, action, field)
#include "relocs.def"
#undef RELOC
#undef RELOC_386
#undef RELOC_X86_64
};

static const struct row rows_x86_64[] = {
#define RELOC_386(number, action, field)
#define RELOC_X86_64(number, action, field) ROW(number, action, field)
#define RELOC(machine, number, name, action, field, value)                     \
    RELOC_##machine(number, action, field)
#include "relocs.def"
#undef RELOC
#undef RELOC_386
#undef RELOC_X86_64
};

#undef ROW

static struct row row_of(uint16_t machine, uint32_t type)
{
    if (machine == EM_386 && type < sizeof(rows_386) / sizeof(rows_386[0]))
        return rows_386[type];
    if (machine == EM_X86_64 &&
        type < sizeof(rows_x86_64) / sizeof(rows_x86_64[0]))
        return rows_x86_64[type];
    return (struct row){ACTION_UNKNOWN, FIELD_WORD32};
}

#define EM_X86_64_SHIFTED ((uint64_t)EM_X86_64 << 32)
#define EM_386_SHIFTED    ((uint64_t)EM_386 << 32)

static uint64_t value_of(uint16_t machine, uint32_t type,
                         const struct operands *operands)
{
    const uint64_t S = operands->S, V = operands->V, Z = operands->Z,
                   A = operands->A, P = operands->P, B = operands->B,
                   M = operands->M, T = operands->T;

    switch ((uint64_t)machine << 32 | type) {
#define RELOC(machine, number, name, action, field, value)                     \
    case EM_##machine##_SHIFTED | number:                                      \
        return value;
#include "relocs.def"
#undef RELOC
    }
    return 0;
}

/* RELR records are of no type; they stand for this one. */
static uint32_t relative_type(uint16_t machine)
{
    return machine == EM_386 ? R_386_RELATIVE : R_X86_64_RELATIVE;
}

/* ---- fields ---- */

static unsigned field_size(enum field field)
{
    switch (field) {
    case FIELD_WORD8:
        return 1;
    case FIELD_WORD16:
        return 2;
    case FIELD_WORD32:
    case FIELD_UNSIGNED32:
    case FIELD_SIGNED32:
        return 4;
    case FIELD_WORD64:
        return 8;
    }
    return 8;
}

static uint64_t sign_extend(uint64_t value, unsigned size)
{
    unsigned shift = 64 - 8 * size;

    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static uint64_t zero_extend(uint64_t value, unsigned size)
{
    return value & (UINT64_MAX >> (64 - 8 * size));
}

static int fits(enum field field, uint64_t value)
{
    unsigned size = field_size(field);

    switch (field) {
    case FIELD_WORD8:
    case FIELD_WORD16:
        return value == sign_extend(value, size) ||
               value == zero_extend(value, size);
    case FIELD_UNSIGNED32:
        return value == zero_extend(value, size);
    case FIELD_SIGNED32:
        return value == sign_extend(value, size);
    case FIELD_WORD32:
    case FIELD_WORD64:
        return 1;
    }
    return 1;
}

/* ---- one relocation ---- */

struct relocating {
    struct eld_linker *linker;
    struct eld_linked *linked;
    uint32_t image;
    const struct eld_region *region; /* where the last one was */
    enum eld_relocs_kind kind;
};

static int fail(const struct relocating *relocating, int error,
                const struct eld_reloc *reloc, struct eld_fault *fault)
{
    uint16_t machine = relocating->linked->elf.machine;
    const char *name = eld_reloc_name(machine, reloc->type);
    char number[16];

    snprintf(number, sizeof(number), "type %u", reloc->type);
    eld_fail(fault, error, "relocation", ELD_NONE, reloc->offset);
    eld_fault_add_name(fault, name != NULL ? name : number, NULL);
    return eld_fail_in(fault, error, relocating->linked);
}

static int check_place(struct relocating *relocating, uint64_t place,
                       uint64_t size)
{
    const struct eld_region *region = relocating->region;

    if (region == NULL || place < region->address ||
        place - region->address > region->size - size || size > region->size)
        region = eld_region_at(relocating->linked, place, size);
    if (region == NULL && !eld_is_mapped(relocating->linked, place, size))
        return ELD_ERR_RELOC_PLACE;
    relocating->region = region;
    return 0;
}

/* A symbol's definition; the image's own base without a symbol. */
static int find_symbol(struct relocating *relocating,
                       const struct eld_reloc *reloc,
                       enum eld_reference reference,
                       struct eld_binding *binding, struct eld_fault *fault)
{
    if (reloc->symbol == STN_UNDEF) {
        *binding = (struct eld_binding){relocating->image, STT_NOTYPE, 0, 0};
        return 0;
    }
    int error = eld_bind_symbol(relocating->linker, relocating->image,
                                reloc->symbol, reference, binding, fault);
    if (error < 0 && fault != NULL && fault->what != NULL &&
        (error == ELD_ERR_NO_SYMBOL || error == ELD_ERR_SYMBOL_TYPE)) {
        fault->what = "relocation";
        fault->offset = reloc->offset;
    }
    return error;
}

static int add_tls_operands(const struct relocating *relocating,
                            const struct eld_binding *binding,
                            struct operands *operands)
{
    const struct eld_linker *linker = relocating->linker;
    uint32_t image =
        binding->image == ELD_IMAGE_NONE ? relocating->image : binding->image;
    uint32_t module = linker->images[image]->image.tls_module;

    operands->M = module == ELD_NO_TLS ? UINT64_MAX : module;
    if (module == ELD_NO_TLS)
        return binding->image == ELD_IMAGE_NONE ? 0 : ELD_ERR_SYMBOL_TYPE;
    operands->T = linker->program.tls[module].static_offset;
    return 0;
}

static int store(struct relocating *relocating, const struct eld_reloc *reloc,
                 struct row row, const struct eld_binding *binding)
{
    struct eld_linker *linker = relocating->linker;
    struct eld_linked *linked = relocating->linked;
    unsigned size = field_size(row.field);
    struct operands operands = {
        .A = (uint64_t)reloc->addend,
        .B = linked->image.delta,
        .P = eld_place_of(linked, reloc->offset),
        .V = binding->value,
        .Z = binding->size,
    };
    int error;

    if ((error = check_place(relocating, operands.P, size)) < 0)
        return error;
    if (binding->image != ELD_IMAGE_NONE && reloc->symbol != STN_UNDEF)
        operands.S =
            eld_place_of(linker->images[binding->image], binding->value);
    if ((row.action == ACTION_TLS || row.action == ACTION_STATIC_TLS) &&
        (error = add_tls_operands(relocating, binding, &operands)) < 0)
        return error;
    if (relocating->kind != ELD_RELOCS_RELA) {
        if ((error = eld_window_read(&linker->window, operands.P, size,
                                     &operands.A)) < 0)
            return error;
        operands.A = sign_extend(operands.A, size);
    }
    uint64_t value = value_of(linked->elf.machine, reloc->type, &operands);
    /* 32-bit machines compute modulo 2^32. */
    if (!linked->elf.is_64)
        value = sign_extend(value, 4);
    if (!fits(row.field, value))
        return ELD_ERR_RELOC_OVERFLOW;
    return eld_window_write(&linker->window, operands.P, size, value);
}

static int relocate_value(struct relocating *relocating,
                          const struct eld_reloc *reloc, struct row row,
                          struct eld_fault *fault)
{
    struct eld_binding binding;
    int error = find_symbol(relocating, reloc,
                            row.action == ACTION_SLOT ? ELD_REFERENCE_CALL
                                                      : ELD_REFERENCE_ANY,
                            &binding, fault);

    if (error < 0)
        return error;
    if (row.action == ACTION_STATIC_TLS &&
        !relocating->linker->request->has_static_tls)
        return fail(relocating, ELD_ERR_STATIC_TLS, reloc, fault);
    error = store(relocating, reloc, row, &binding);
    return error < 0 ? fail(relocating, error, reloc, fault) : 0;
}

/* ---- COPY ---- */

static int copy_object(struct relocating *relocating,
                       const struct eld_reloc *reloc, uint64_t room,
                       const struct eld_binding *binding)
{
    struct eld_linker *linker = relocating->linker;
    struct eld_linked *library = linker->images[binding->image];
    uint64_t from = eld_place_of(library, binding->value);
    uint64_t to = eld_place_of(relocating->linked, reloc->offset);
    uint64_t size = room < binding->size ? room : binding->size;
    struct gm_space *space = linker->host.space;
    uint8_t bytes[1024];
    int error;

    if ((error = check_place(relocating, to, size)) < 0)
        return error;
    if (!eld_is_mapped(library, from, size))
        return ELD_ERR_ADDRESS;
    if ((error = eld_window_flush(&linker->window)) < 0)
        return error;
    while (size > 0) {
        size_t part = size < sizeof(bytes) ? (size_t)size : sizeof(bytes);

        if (gm_copy_in(space, bytes, from, part) < 0 ||
            gm_copy_out(space, to, bytes, part) < 0)
            return ELD_ERR_MEMORY;
        from += part;
        to += part;
        size -= part;
    }
    return 0;
}

/*
 * A program's own copy of a library's object. The library is relocated by now
 * (images are in order of need, the program is the last), and everyone's
 * references already lead to the copy, the program being searched first.
 */
static int relocate_copy(struct relocating *relocating,
                         const struct eld_reloc *reloc, struct eld_fault *fault)
{
    struct eld_binding binding;
    struct eld_symbol symbol;
    int error = eld_read_symbol(&relocating->linked->elf,
                                &relocating->linked->dynamic.symbols,
                                reloc->symbol, &symbol, fault);

    if (error < 0)
        return eld_fail_in(fault, error, relocating->linked);
    if ((error = find_symbol(relocating, reloc, ELD_REFERENCE_COPY, &binding,
                             fault)) < 0)
        return error;
    if (binding.image == ELD_IMAGE_NONE)
        return 0;
    error = copy_object(relocating, reloc, symbol.size, &binding);
    return error < 0 ? fail(relocating, error, reloc, fault) : 0;
}

/* ---- tables ---- */

static int relocate(struct relocating *relocating,
                    const struct eld_reloc *reloc, struct eld_fault *fault)
{
    struct row row = row_of(relocating->linked->elf.machine, reloc->type);

    switch ((enum action)row.action) {
    case ACTION_NONE:
        return 0;
    case ACTION_VALUE:
    case ACTION_SLOT:
    case ACTION_TLS:
    case ACTION_STATIC_TLS:
        return relocate_value(relocating, reloc, row, fault);
    case ACTION_COPY:
        return relocate_copy(relocating, reloc, fault);
    case ACTION_UNKNOWN:
    case ACTION_OBJECT:
    case ACTION_RUNTIME:
        break;
    }
    return fail(relocating, ELD_ERR_RELOC_TYPE, reloc, fault);
}

static int relocate_table(struct relocating *relocating,
                          const struct eld_relocs *relocs,
                          struct eld_fault *fault)
{
    const struct eld_elf *elf = &relocating->linked->elf;
    struct eld_reloc_cursor cursor = {0, 0, 0, 0};
    struct eld_reloc reloc;
    int found;

    relocating->kind = relocs->kind;
    while ((found = eld_next_reloc(elf, relocs, &cursor, &reloc, fault)) == 1) {
        if (relocs->kind == ELD_RELOCS_RELR)
            reloc.type = relative_type(elf->machine);
        int error = relocate(relocating, &reloc, fault);
        if (error < 0)
            return error;
    }
    return found < 0 ? eld_fail_in(fault, found, relocating->linked) : 0;
}

int eld_relocate_image(struct eld_linker *linker, uint32_t image,
                       struct eld_fault *fault)
{
    struct eld_linked *linked = linker->images[image];
    const struct eld_dynamic *dynamic = &linked->dynamic;
    struct relocating relocating = {linker, linked, image, NULL,
                                    ELD_RELOCS_REL};
    int error;

    if (!linked->is_dynamic)
        return 0;
    if ((error = relocate_table(&relocating, &dynamic->relr, fault)) < 0 ||
        (error = relocate_table(&relocating, &dynamic->rel, fault)) < 0 ||
        (error = relocate_table(&relocating, &dynamic->rela, fault)) < 0 ||
        (error = relocate_table(&relocating, &dynamic->plt, fault)) < 0)
        return error;
    if ((error = eld_window_flush(&linker->window)) < 0) {
        eld_fail(fault, error, "relocation", ELD_NONE, ELD_NONE);
        return eld_fail_in(fault, error, linked);
    }
    return 0;
}
