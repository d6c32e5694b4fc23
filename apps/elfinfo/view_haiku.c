/* view_haiku.c -- what Haiku's tools left in a file. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_haiku.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"abi", "Compiler ABI", 0},
    {"abi_name", "Meaning", 0},
    {"is_guess", "Guessed from .comment", 0},
    {"api_version", "API version", 0},
    {"api_name", "Release", 0},
    {NULL, NULL, 0},
};

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
    inf_end_record(out);
}
