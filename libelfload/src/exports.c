/* exports.c -- what an image is, by the functions it exports. */
/* SPDX-License-Identifier: MIT */

#include <elfload/elf_haiku.h>
#include <stdlib.h>
#include <string.h>

struct role {
    const char *name, *role;
};

static const struct role exports[] = {
#define EXPORT(name, role) {name, role},
#include "exports.def"
#undef EXPORT
};

static int compare(const void *key, const void *row)
{
    return strcmp(key, ((const struct role *)row)->name);
}

const char *eld_export_role(const char *name)
{
    const struct role *found =
        bsearch(name, exports, sizeof(exports) / sizeof(exports[0]),
                sizeof(exports[0]), compare);

    return found == NULL ? NULL : found->role;
}
