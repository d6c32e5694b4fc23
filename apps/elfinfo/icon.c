/* icon.c -- BeOS icons as pictures. */
/* SPDX-License-Identifier: MIT */
#include "icon.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "elfinfo.h"

/* ---- the palette (B_CMAP8) ---- */

enum { GREYS = 32, RAMP = 10, CUBE = 62, TRANSPARENT = 255 };

/* Behind 32 greys come ramps of blue, red and green. */
static const uint8_t blues[RAMP] = {255, 229, 204, 179, 154,
                                    129, 105, 80,  55,  30};
static const uint8_t others[RAMP] = {255, 228, 203, 178, 153,
                                     128, 105, 80,  55,  30};

/* The rest is a cube of six levels in runs: of so many colours that differ in
 * blue, which goes down level by level, or up where it is negative. */
static const uint8_t levels[] = {255, 203, 152, 102, 51, 0};
static const struct {
    int8_t count;
    uint8_t red, green, blue;
} runs[] = {
    {1, 0, 152, 51},    {1, 255, 255, 255}, {6, 203, 255, 255},
    {6, 152, 255, 255}, {6, 102, 255, 255}, {6, 51, 255, 255},
    {6, 255, 152, 255}, {2, 0, 102, 255},   {6, 203, 203, 255},
    {6, 152, 203, 255}, {6, 102, 203, 255}, {6, 51, 203, 255},
    {6, 255, 102, 255}, {2, 0, 102, 152},   {6, 203, 152, 255},
    {6, 152, 152, 255}, {6, 102, 152, 255}, {6, 51, 152, 255},
    {1, 230, 134, 0},   {5, 255, 51, 203},  {2, 0, 102, 51},
    {6, 203, 102, 255}, {6, 152, 102, 255}, {6, 102, 102, 255},
    {6, 51, 102, 255},  {5, 255, 0, 255},   {1, 255, 175, 19},
    {2, 0, 51, 255},    {6, 203, 51, 255},  {6, 152, 51, 255},
    {6, 102, 51, 255},  {6, 51, 51, 255},   {-4, 255, 203, 102},
    {4, 0, 51, 152},    {5, 203, 0, 255},   {1, 255, 227, 70},
    {6, 152, 0, 255},   {6, 102, 0, 255},   {6, 51, 0, 255},
    {2, 255, 203, 51},  {-5, 255, 255, 0},
};

static void cube_colour(int index, uint8_t rgba[4])
{
    for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
        int count = abs(runs[i].count), level = 0;

        if (index >= count) {
            index -= count;
            continue;
        }
        rgba[0] = runs[i].red;
        rgba[1] = runs[i].green;
        rgba[2] = runs[i].blue;
        if (count == 1)
            return;
        while (levels[level] != runs[i].blue)
            level++;
        rgba[2] = levels[runs[i].count > 0 ? level + index : level - index];
        return;
    }
}

void inf_palette_colour(uint8_t index, uint8_t rgba[4])
{
    memset(rgba, 0, 3);
    rgba[3] = 255;
    if (index == TRANSPARENT) {
        memset(rgba, 255, 3);
        rgba[3] = 0;
    } else if (index < GREYS) {
        memset(rgba, index * 8, 3);
    } else if (index < CUBE) {
        int ramp = (index - GREYS) / RAMP, step = (index - GREYS) % RAMP;

        if (ramp == 0)
            rgba[2] = blues[step];
        else
            rgba[ramp - 1] = others[step];
    } else {
        cube_colour(index - CUBE, rgba);
    }
}

/* ---- PNG ---- */

static uint8_t *put32(uint8_t *to, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        *to++ = (uint8_t)(number >> (24 - 8 * i));
    return to;
}

/* A chunk: size, name, bytes, check sum of name and bytes. */
static uint8_t *put_chunk(uint8_t *to, const char *name, const uint8_t *bytes,
                          size_t size)
{
    uint8_t *start = put32(to, (uint32_t)size);

    memcpy(start, name, 4);
    if (size > 0)
        memcpy(start + 4, bytes, size);
    return put32(start + 4 + size, (uint32_t)crc32(0, start, (uInt)size + 4));
}

uint8_t *inf_icon_to_png(const uint8_t *pixels, size_t size, size_t *png_size)
{
    enum { SIDE_MAX = 32, ROW_MAX = 1 + SIDE_MAX * 4, FRAME = 128 };
    uint8_t lines[SIDE_MAX * ROW_MAX], packed[SIDE_MAX * ROW_MAX + 256];
    uint8_t header[13] = {0};
    size_t side = size == 32 * 32 ? 32 : 16, line = 1 + side * 4;
    uLongf packed_size = sizeof(packed);

    if (size != side * side)
        return NULL;
    for (size_t y = 0; y < side; y++) {
        lines[y * line] = 0; /* no filter */
        for (size_t x = 0; x < side; x++)
            inf_palette_colour(pixels[y * side + x],
                               lines + y * line + 1 + 4 * x);
    }
    uint8_t *png = malloc(sizeof(packed) + FRAME);
    if (png == NULL || compress2(packed, &packed_size, lines, side * line,
                                 Z_BEST_COMPRESSION) != Z_OK)
        inf_fail("out of memory");
    put32(put32(header, (uint32_t)side), (uint32_t)side);
    header[8] = 8; /* bits of a channel */
    header[9] = 6; /* RGB and alpha */
    memcpy(png, "\x89PNG\r\n\x1a\n", 8);
    uint8_t *end = put_chunk(png + 8, "IHDR", header, sizeof(header));
    end = put_chunk(end, "IDAT", packed, packed_size);
    end = put_chunk(end, "IEND", NULL, 0);
    *png_size = (size_t)(end - png);
    return png;
}
