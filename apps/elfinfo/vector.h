/* vector.h -- Haiku's vector icons (HVIF) as SVG. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_VECTOR_H
#define ELFINFO_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A vector icon as an SVG document of 64x64 pixels, a string on the heap; NULL
 * when it is none, is cut off, or grows to more than 4 MiB. Colours between the
 * stops of a gradient follow Haiku's curve; diamond, conic and xy gradients
 * become circular ones, and points are not moved to whole pixels.
 */
char *inf_vector_to_svg(const uint8_t *bytes, size_t size, size_t *svg_size);

#ifdef __cplusplus
}
#endif
#endif
