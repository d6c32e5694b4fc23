/* view_haiku.c -- what Haiku's tools left in a file. */
/* SPDX-License-Identifier: MIT */
#include <elf.h>
#include <elfload/elf_haiku.h>
#include <string.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"abi", "Compiler ABI", 0},
    {"abi_name", "Meaning", 0},
    {"is_guess", "Guessed from .comment", 0},
    {"api_version", "API version", 0},
    {"api_name", "Release", 0},
    {"roles", "Is, by its exports", 0},
    {NULL, NULL, 0},
};

/* Add-ons of a kind export functions of well-known names. */
static void put_roles(struct inf_file *file)
{
    const struct eld_symbols *symbols = &file->dynamic.symbols;
    const char *seen[16];
    struct eld_symbol symbol;
    size_t count = 0;
    uint64_t end =
        file->is_dynamic ? eld_count_symbols(&file->elf, &file->dynamic) : 0;

    inf_begin_list(file->out, ", ");
    for (uint64_t i = 1; i < end && count < 16; i++) {
        const char *role;
        size_t j = 0;

        if (eld_read_symbol(&file->elf, symbols, i, &symbol, NULL) < 0 ||
            symbol.section == SHN_UNDEF || symbol.bind == STB_LOCAL ||
            (role = eld_export_role(symbol.name)) == NULL)
            continue;
        while (j < count && strcmp(seen[j], role) != 0)
            j++;
        if (j < count)
            continue;
        seen[count++] = role;
        inf_add_item(file->out, role);
    }
    inf_end_list(file->out);
}

void inf_show_haiku(struct inf_file *file)
{
    struct inf_output *out = file->out;
    struct eld_haiku_version version;

    eld_read_haiku_version(&file->elf, file->is_dynamic ? &file->dynamic : NULL,
                           &version);
    inf_begin_record(out, "haiku", "Haiku", columns);
    inf_put_hex(out, version.abi);
    inf_put_text(out, eld_haiku_abi_name(version.abi));
    inf_put_bool(out, version.is_guess);
    inf_put_hex(out, version.api_version);
    inf_put_text(out, eld_haiku_api_name(version.api_version));
    put_roles(file);
    inf_end_record(out);
}
