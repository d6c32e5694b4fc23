/* bind.c -- which definition a reference to a symbol gets. */
/* SPDX-License-Identifier: MIT */

#include "fault.h"
#include "link.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION_MASK = 0x7fff, VERSION_HIDDEN = 0x8000, VERSION_FIRST = 2 };

/* ---- version names ---- */

/* Calls for every version of an image, definitions first; stops at an
 * error. */
typedef int (*version_visitor)(struct eld_linked *linked,
                               const struct eld_version *version);

static int visit_versions(struct eld_linked *linked, version_visitor visit,
                          struct eld_fault *fault)
{
    const struct eld_versions *lists[] = {&linked->dynamic.defined,
                                          &linked->dynamic.needed};

    for (int i = 0; i < 2; i++) {
        struct eld_version_cursor cursor = {0, 0, 0, 0, 0};
        struct eld_version version;
        int found;

        while ((found = eld_next_version(&linked->elf, lists[i], &cursor,
                                         &version, fault)) == 1)
            visit(linked, &version);
        if (found < 0)
            return found;
    }
    return 0;
}

static int measure_version(struct eld_linked *linked,
                           const struct eld_version *version)
{
    if (linked->version_count <= version->index)
        linked->version_count = version->index + 1u;
    return 0;
}

static int store_version(struct eld_linked *linked,
                         const struct eld_version *version)
{
    /* The base version is the file's name, and a parent is another entry's
     * own name. */
    if (!version->is_parent &&
        (version->file != NULL || !(version->flags & VER_FLG_BASE)))
        linked->versions[version->index] = (struct eld_version_name){
            version->name, version->file, version->hash};
    return 0;
}

int eld_read_version_names(struct eld_linked *linked, struct eld_fault *fault)
{
    int error;

    if (!linked->is_dynamic)
        return 0;
    if ((error = visit_versions(linked, measure_version, fault)) < 0 ||
        linked->version_count == 0)
        return error;
    linked->versions = calloc(linked->version_count, sizeof(*linked->versions));
    if (linked->versions == NULL)
        return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    return visit_versions(linked, store_version, fault);
}

static const struct eld_version_name *
version_of(const struct eld_linked *linked, uint16_t word)
{
    uint16_t index = word & VERSION_MASK;

    if (index >= linked->version_count || linked->versions[index].name == NULL)
        return NULL;
    return &linked->versions[index];
}

static int is_same_version(const struct eld_version_name *a,
                           const struct eld_version_name *b)
{
    return a->hash == b->hash && strcmp(a->name, b->name) == 0;
}

static int defines_version(const struct eld_linked *linked,
                           const struct eld_version *version)
{
    struct eld_version_name wanted = {version->name, NULL, version->hash};

    for (uint32_t i = 0; i < linked->version_count; i++) {
        const struct eld_version_name *name = &linked->versions[i];

        if (name->name != NULL && name->file == NULL &&
            is_same_version(name, &wanted))
            return 1;
    }
    return 0;
}

int eld_check_needed_version(const struct eld_linker *linker,
                             const struct eld_linked *linked,
                             const struct eld_version *version,
                             struct eld_fault *fault)
{
    const struct eld_linked *library = eld_find_loaded(linker, version->file);
    int error = 0;

    if (library == NULL)
        error = ELD_ERR_NO_LIBRARY;
    /* A library without any versions may still do, by its symbols. */
    else if (library->dynamic.defined.count != 0 &&
             !(version->flags & VER_FLG_WEAK) &&
             !defines_version(library, version))
        error = ELD_ERR_NO_VERSION;
    if (error == 0)
        return 0;
    eld_fail(fault, error, NULL, ELD_NONE, ELD_NONE);
    eld_fault_add_name(fault, version->file, version->name);
    return eld_fail_in(fault, error, linked);
}

int eld_check_needed_versions(const struct eld_linker *linker,
                              const struct eld_linked *linked,
                              struct eld_fault *fault)
{
    struct eld_version_cursor cursor = {0, 0, 0, 0, 0};
    struct eld_version version;
    int found = 0;

    while (linked->is_dynamic &&
           (found = eld_next_version(&linked->elf, &linked->dynamic.needed,
                                     &cursor, &version, fault)) == 1) {
        int error = eld_check_needed_version(linker, linked, &version, fault);

        if (error < 0)
            return error;
    }
    return found < 0 ? eld_fail_in(fault, found, linked) : 0;
}

/* ---- one image ---- */

/* What is looked for, and by whom. */
struct wanted {
    struct eld_name name;
    uint8_t type; /* of the reference */
    enum eld_reference reference;
    uint32_t image; /* that refers to it */
    const struct eld_version_name *version;
};

/*
 * A program at a fixed address refers to functions through its procedure
 * linkage table, whose address then stands for the function everywhere
 * (psABI i386, Function Addresses).
 */
static int is_stand_in(const struct eld_linked *linked,
                       const struct wanted *wanted,
                       const struct eld_symbol *symbol)
{
    return linked->elf.type == ET_EXEC && symbol->type == STT_FUNC &&
           symbol->value != 0 && wanted->reference == ELD_REFERENCE_ANY;
}

static int is_eligible(const struct eld_linked *linked,
                       const struct wanted *wanted,
                       const struct eld_symbol *symbol)
{
    if (symbol->bind != STB_GLOBAL && symbol->bind != STB_WEAK &&
        symbol->bind != STB_GNU_UNIQUE)
        return 0;
    if (symbol->section == SHN_UNDEF && !is_stand_in(linked, wanted, symbol))
        return 0;
    return wanted->type != STT_FUNC || symbol->type == STT_FUNC;
}

/* Whether the version is what a reference gets: 1, or 0, or -1 when it would
 * do if no other symbol of that name does. */
static int match_version(const struct eld_linked *linked,
                         const struct wanted *wanted,
                         const struct eld_symbol *symbol)
{
    uint16_t index = symbol->version & VERSION_MASK;
    int is_hidden = (symbol->version & VERSION_HIDDEN) != 0;
    const struct eld_version_name *version = version_of(linked, index);

    if (linked->dynamic.symbols.versions.count == 0 ||
        symbol->section == SHN_UNDEF)
        /* An older build of the very library would not do. */
        return wanted->version == NULL || wanted->version->file == NULL ||
               symbol->section == SHN_UNDEF ||
               strcmp(linked->image.name, wanted->version->file) != 0;
    if (index == VER_NDX_LOCAL)
        return 0;
    if (wanted->version != NULL) {
        if (version != NULL && is_same_version(version, wanted->version))
            return 1;
        return index == VER_NDX_GLOBAL && !is_hidden;
    }
    if (index == VER_NDX_GLOBAL || index == VERSION_FIRST)
        return 1;
    return is_hidden ? 0 : -1;
}

/* 1 and the symbol, 0, or ELD_ERR_*. */
static int find_in_image(const struct eld_linked *linked,
                         const struct wanted *wanted, struct eld_symbol *symbol,
                         struct eld_fault *fault)
{
    struct eld_match_cursor cursor = {0, 0};
    struct eld_symbol candidate, other = {0};
    int found, others = 0;

    if (!linked->is_dynamic)
        return 0;
    while (
        (found = eld_next_match(&linked->elf, &linked->dynamic, &wanted->name,
                                &cursor, &candidate, fault)) == 1) {
        if (!is_eligible(linked, wanted, &candidate))
            continue;
        int match = match_version(linked, wanted, &candidate);
        if (match > 0) {
            *symbol = candidate;
            return 1;
        }
        if (match < 0) {
            other = candidate;
            others++;
        }
    }
    if (found < 0)
        return eld_fail_in(fault, found, linked);
    if (others == 1)
        *symbol = other;
    return others == 1;
}

/* ---- all images ---- */

/* haiku-abi/libroot-abi, Symbols and versions: load order, the first hit even
 * if it is weak; images linked symbolically look into themselves first. */
static int find_anywhere(const struct eld_linker *linker,
                         const struct wanted *wanted, uint32_t *image,
                         struct eld_symbol *symbol, struct eld_fault *fault)
{
    const struct eld_linked *self = linker->images[wanted->image];
    int is_own_first =
        self->dynamic.is_symbolic && wanted->reference != ELD_REFERENCE_COPY;
    int own = 0, found;

    if (is_own_first || linker->style == ELD_STYLE_KERNEL) {
        own = find_in_image(self, wanted, symbol, fault);
        if (own == 1)
            *image = wanted->image;
        if (own < 0 || linker->style == ELD_STYLE_KERNEL ||
            (own == 1 && symbol->bind != STB_WEAK))
            return own;
    }
    for (uint32_t i = 0; i < linker->image_count; i++) {
        struct eld_symbol other;

        if (i == wanted->image &&
            (is_own_first || wanted->reference == ELD_REFERENCE_COPY))
            continue;
        found = find_in_image(linker->images[i], wanted, &other, fault);
        if (found < 0)
            return found;
        if (found == 1) {
            *symbol = other;
            *image = i;
            return 1;
        }
    }
    return own;
}

/* An object may turn out to be a function, but nothing else differs. */
static int is_type_right(uint8_t wanted, uint8_t found)
{
    return wanted == STT_NOTYPE || wanted == found ||
           (wanted == STT_OBJECT && found == STT_FUNC);
}

static int fail(const struct eld_linked *linked, int error,
                const struct wanted *wanted, struct eld_fault *fault)
{
    eld_fail(fault, error, "symbol", ELD_NONE, ELD_NONE);
    eld_fault_add_name(fault, wanted->name.text,
                       wanted->version != NULL ? wanted->version->name : NULL);
    return eld_fail_in(fault, error, linked);
}

static int bind(struct eld_linker *linker, const struct wanted *wanted,
                const struct eld_symbol *reference, struct eld_binding *binding,
                struct eld_fault *fault)
{
    struct eld_linked *linked = linker->images[wanted->image];
    struct eld_symbol symbol = *reference;
    uint32_t image = wanted->image;

    if (reference->bind != STB_LOCAL) {
        int found = find_anywhere(linker, wanted, &image, &symbol, fault);

        if (found < 0)
            return found;
        if (found == 0) {
            if (reference->bind != STB_WEAK)
                return fail(linked, ELD_ERR_NO_SYMBOL, wanted, fault);
            *binding = (struct eld_binding){ELD_IMAGE_NONE, STT_NOTYPE, 0, 0};
            return 0;
        }
        if (!is_type_right(reference->type, symbol.type))
            return fail(linked, ELD_ERR_SYMBOL_TYPE, wanted, fault);
    }
    *binding =
        (struct eld_binding){image, symbol.type, symbol.value, symbol.size};
    return 0;
}

int eld_bind_symbol(struct eld_linker *linker, uint32_t image, uint64_t index,
                    enum eld_reference reference, struct eld_binding *binding,
                    struct eld_fault *fault)
{
    struct eld_linked *linked = linker->images[image];
    const struct eld_symbols *symbols = &linked->dynamic.symbols;
    struct eld_symbol symbol;
    int error;

    /* Only the common kind of reference is worth remembering. */
    int is_kept = reference == ELD_REFERENCE_ANY;
    if (is_kept && linked->bound == NULL && symbols->table.count > 0) {
        linked->bound = calloc(symbols->table.count, sizeof(*linked->bound));
        if (linked->bound == NULL)
            return eld_fail(fault, ELD_ERR_NOMEM, NULL, ELD_NONE, ELD_NONE);
    }
    if (is_kept && index < symbols->table.count &&
        linked->bound[index].is_known) {
        *binding = linked->bound[index].binding;
        return 0;
    }
    if ((error =
             eld_read_symbol(&linked->elf, symbols, index, &symbol, fault)) < 0)
        return eld_fail_in(fault, error, linked);
    struct wanted wanted = {
        .name = eld_name_of(symbol.name),
        .type = symbol.type,
        .reference = reference,
        .image = image,
        .version = (symbol.version & VERSION_MASK) >= VERSION_FIRST
                       ? version_of(linked, symbol.version)
                       : NULL,
    };
    if ((error = bind(linker, &wanted, &symbol, binding, fault)) < 0)
        return error;
    if (is_kept) {
        linked->bound[index].binding = *binding;
        linked->bound[index].is_known = 1;
    }
    return 0;
}
