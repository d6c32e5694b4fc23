/* icon.h -- BeOS icons as pictures. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_ICON_H
#define ELFINFO_ICON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Red, green, blue and alpha of a colour of the system's palette. */
void inf_palette_colour(uint8_t index, uint8_t rgba[4]);

/*
 * An icon of 16x16 or 32x32 pixels of the palette as a PNG file (W3C, PNG
 * Specification), on the heap; NULL when it has another size.
 */
uint8_t *inf_icon_to_png(const uint8_t *pixels, size_t size, size_t *png_size);

#ifdef __cplusplus
}
#endif
#endif
