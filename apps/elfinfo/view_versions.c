/* view_versions.c -- the versions that a file defines and needs. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_names.h>
#include <stdio.h>

#include "elfinfo.h"

static const struct inf_column columns[] = {
    {"kind", NULL, 0},           {"index", "Index", 6},
    {"file", "File", -18},       {"name", "Name", -20},
    {"flag_names", "Flags", -8}, {"hash", "Hash", 10},
    {"is_parent", NULL, 0},      {NULL, NULL, 0},
};

static void put_version(struct inf_output *out, const char *kind,
                        const struct eld_version *version)
{
    inf_put_text(out, kind);
    inf_put_decimal(out, version->index);
    inf_put_text(out, version->file);
    inf_put_text(out, version->name);
    if (version->is_parent)
        inf_put_text(out, "parent");
    else
        inf_put_flags_text(out, ELD_FLAGS_VERSION, version->flags);
    if (version->is_parent)
        inf_put_none(out);
    else
        inf_put_hex(out, version->hash);
    inf_put_bool(out, version->is_parent);
    inf_end_row(out);
}

static void show_versions(struct inf_file *file, const char *title,
                          const char *kind, const struct eld_versions *versions)
{
    struct eld_version_cursor cursor = {0, 0, 0, 0, 0};
    struct eld_version version;
    struct eld_fault fault;
    int found;

    inf_begin_table(file->out, "versions", title, columns);
    while ((found = eld_next_version(&file->elf, versions, &cursor, &version,
                                     &fault)) == 1)
        put_version(file->out, kind, &version);
    inf_end_table(file->out);
    if (found < 0)
        inf_report(file, &fault);
}

void inf_show_versions(struct inf_file *file)
{
    if (!file->is_dynamic)
        return;
    show_versions(file, "Versions defined", "defined", &file->dynamic.defined);
    show_versions(file, "Versions needed", "needed", &file->dynamic.needed);
}
