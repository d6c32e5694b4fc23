/* demangle.c -- C++ names of either of Haiku's compilers. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_demangle.h>
#include <elfload/elf_haiku.h>
#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

/* Names beyond it are left alone; some of a few lines stand for gigabytes. */
enum { NAME_MAX_SIZE = 4096, TEXT_MAX_SIZE = 65536 };

struct writer {
    char *text;
    size_t size;
    jmp_buf too_long;
};

static void write_part(const char *part, size_t size, void *opaque)
{
    struct writer *writer = opaque;

    if (size >= TEXT_MAX_SIZE - writer->size)
        longjmp(writer->too_long, 1);
    memcpy(writer->text + writer->size, part, size);
    writer->size += size;
}

static int demangle_itanium(const char *name, char *text)
{
    struct writer writer = {.text = text, .size = 0};

    if (strnlen(name, NAME_MAX_SIZE) == NAME_MAX_SIZE)
        return 0;
    if (setjmp(writer.too_long) != 0 ||
        !cplus_demangle_v3_callback(name, DMGL_PARAMS | DMGL_ANSI, write_part,
                                    &writer))
        return 0;
    text[writer.size] = '\0';
    return 1;
}

/* Only what gcc 2 has made is taken for its names: any C name with two
 * underscores inside may look like one. */
static int is_of_gcc2(const struct inf_file *file)
{
    struct eld_haiku_version version;

    eld_read_haiku_version(&file->elf, file->is_dynamic ? &file->dynamic : NULL,
                           &version);
    return version.abi < ELD_ABI_GCC4 &&
           !(version.is_guess && version.abi == ELD_ABI_GCC2_ANCIENT);
}

enum inf_demangling inf_demangling_of(const struct inf_file *file)
{
    enum inf_demangling asked = file->options->demangling;

    if (asked != INF_DEMANGLE_AUTO)
        return asked;
    return is_of_gcc2(file) ? INF_DEMANGLE_GCC2 : INF_DEMANGLE_ITANIUM;
}

char *inf_demangle(const struct inf_file *file, const char *name)
{
    static char text[TEXT_MAX_SIZE];
    int is_done = 0;

    if (file->demangling == INF_DEMANGLE_NONE)
        return NULL;
    if (name[0] == '_' && name[1] == 'Z')
        is_done = demangle_itanium(name, text);
    else if (file->demangling == INF_DEMANGLE_GCC2)
        is_done = eld_demangle_gcc2(name, text, sizeof(text)) > 0;
    return is_done ? strdup(text) : NULL;
}
