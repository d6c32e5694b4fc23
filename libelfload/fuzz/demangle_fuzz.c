/* demangle_fuzz.c -- any string as a name of gcc 2. */
/* SPDX-License-Identifier: MIT */
#include <elfload/elf_demangle.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In blocks of their exact size, whose ends a sanitizer sees. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = size % 61 + 1;
    char *name = malloc(size + 1), *text = malloc(room);

    if (name == NULL || text == NULL)
        abort();
    if (size > 0)
        memcpy(name, data, size);
    name[size] = '\0';
    int length = eld_demangle_gcc2(name, text, room);
    if (length >= 0 && strlen(text) != (size_t)length)
        abort();
    free(name);
    free(text);
    return 0;
}
