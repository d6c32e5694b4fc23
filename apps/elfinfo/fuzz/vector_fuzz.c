/* vector_fuzz.c -- any bytes as a vector icon to draw. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "apps/elfinfo/vector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In a block of its exact size, whose end a sanitizer sees. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    size_t svg_size;

    if (bytes == NULL)
        abort();
    if (size > 0)
        memcpy(bytes + 1, data, size);
    char *svg = inf_vector_to_svg(bytes + 1, size, &svg_size);
    if (svg != NULL && strlen(svg) != svg_size)
        abort();
    free(svg);
    free(bytes);
    return 0;
}
