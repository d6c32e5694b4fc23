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
    size_t svg_size, png_size;

    if (bytes == NULL)
        abort();
    if (size > 0)
        memcpy(bytes + 1, data, size);
    struct inf_vector *vector = inf_vector_read(bytes + 1, size);
    if (vector != NULL) {
        char *svg = inf_vector_to_svg(vector, &svg_size);
        uint8_t *png = inf_vector_to_png(vector, &png_size);

        if (strlen(svg) != svg_size || (png != NULL && png_size == 0))
            abort();
        free(svg);
        free(png);
        inf_vector_free(vector);
    }
    free(bytes);
    return 0;
}
