/* vector.h -- Haiku's vector icons (HVIF), as SVG and as PNG. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_VECTOR_H
#define ELFINFO_VECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "hvif.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- vector.c ---- */

enum { INF_VECTOR_MAX = 255, INF_VECTOR_SIDE = 64 }; /* things; pixels */

/* A point, and the handles of the curves that come and go. */
struct inf_node {
    struct inf_point at, in, out;
};

struct inf_path {
    struct inf_node *nodes; /* on the heap */
    int count;
    int is_closed;
};

struct inf_stop {
    uint8_t offset; /* of 255 */
    uint8_t rgba[4];
};

/* Along x from -64 to 64, or away from the origin to 64; by what is measured
 * there. */
enum inf_gradient {
    INF_GRADIENT_LINEAR,
    INF_GRADIENT_CIRCULAR,
    INF_GRADIENT_DIAMOND,
    INF_GRADIENT_CONIC,
    INF_GRADIENT_XY,
    INF_GRADIENT_SQRT_XY
};

struct inf_style {
    int is_gradient;
    uint8_t rgba[4];   /* without a gradient */
    unsigned gradient; /* enum inf_gradient, or what Haiku does not draw */
    double matrix[6];
    struct inf_stop stops[INF_VECTOR_MAX]; /* by offset */
    int stop_count;
};

enum inf_pen_kind { INF_PEN_NONE, INF_PEN_CONTOUR, INF_PEN_STROKE };

/* What of a shape's outline is painted. */
struct inf_pen {
    enum inf_pen_kind kind; /* none: the inside */
    double width; /* of a contour: how much the shape grows, or shrinks */
    unsigned join, cap, limit;
};

struct inf_shape {
    const struct inf_style *style;
    int path_count;
    const struct inf_path *paths[INF_VECTOR_MAX];
    double matrix[6];
    struct inf_pen pen;
};

struct inf_vector {
    int style_count, path_count, shape_count;
    struct inf_style styles[INF_VECTOR_MAX];
    struct inf_path paths[INF_VECTOR_MAX];
    struct inf_shape shapes[INF_VECTOR_MAX]; /* those of a 64x64 icon */
};

/* An icon, or NULL when it is none, is cut off, or has more than 16384 points
 * in its shapes. */
struct inf_vector *inf_vector_read(const uint8_t *bytes, size_t size);
void inf_vector_free(struct inf_vector *vector);

/* The colour in part of the way from one stop to the next: Haiku does not go
 * from colour to colour at one pace. */
void inf_mix_stops(const struct inf_stop *from, const struct inf_stop *to,
                   double part, double rgba[4]);

/* ---- vector_svg.c ---- */

/*
 * A document of 64x64 pixels, a string on the heap. Diamond, conic and xy
 * gradients become circular ones, which SVG knows.
 */
char *inf_vector_to_svg(const struct inf_vector *vector, size_t *size);

/* ---- vector_png.c ---- */

/*
 * A picture of 64x64 pixels, a file on the heap; NULL for an icon that is
 * stretched beyond all measure. Points are not moved to whole pixels.
 */
uint8_t *inf_vector_to_png(const struct inf_vector *vector, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
