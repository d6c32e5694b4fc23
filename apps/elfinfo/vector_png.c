/* vector_png.c -- vector icons as pictures, drawn by cairo. */
/* SPDX-License-Identifier: MIT */
#include <cairo/cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"
#include "vector.h"

enum { SIDE = INF_VECTOR_SIDE, COLOURS = 256 };

/* ---- outlines ---- */

static void draw_part(cairo_t *cairo, const struct inf_node *from,
                      const struct inf_node *to)
{
    cairo_curve_to(cairo, from->out.x, from->out.y, to->in.x, to->in.y,
                   to->at.x, to->at.y);
}

/* Of a single point nothing is drawn. */
static void draw_path(cairo_t *cairo, const struct inf_path *path)
{
    const struct inf_node *nodes = path->nodes;

    if (path->count < 2)
        return;
    cairo_move_to(cairo, nodes[0].at.x, nodes[0].at.y);
    for (int i = 1; i < path->count; i++)
        draw_part(cairo, &nodes[i - 1], &nodes[i]);
    if (path->is_closed) {
        draw_part(cairo, &nodes[path->count - 1], &nodes[0]);
        cairo_close_path(cairo);
    }
}

static void take_pen(cairo_t *cairo, const struct inf_pen *pen)
{
    static const cairo_line_join_t joins[] = {
        CAIRO_LINE_JOIN_MITER, CAIRO_LINE_JOIN_MITER, CAIRO_LINE_JOIN_ROUND,
        CAIRO_LINE_JOIN_BEVEL, CAIRO_LINE_JOIN_MITER};
    static const cairo_line_cap_t caps[] = {
        CAIRO_LINE_CAP_BUTT, CAIRO_LINE_CAP_SQUARE, CAIRO_LINE_CAP_ROUND};

    cairo_set_line_width(cairo, fabs(pen->width));
    cairo_set_line_join(cairo, joins[pen->join < 5 ? pen->join : 0]);
    cairo_set_line_cap(cairo, caps[pen->cap < 3 ? pen->cap : 0]);
    cairo_set_miter_limit(cairo, pen->limit > 0 ? pen->limit : 1);
}

/* Where the shape is: its inside, with what it grows or without what it
 * shrinks, or its outline. To be freed. */
static cairo_pattern_t *draw_mask(cairo_t *cairo, const struct inf_shape *shape,
                                  const cairo_matrix_t *matrix)
{
    const struct inf_pen *pen = &shape->pen;

    cairo_push_group_with_content(cairo, CAIRO_CONTENT_ALPHA);
    cairo_set_matrix(cairo, matrix);
    cairo_set_source_rgb(cairo, 0, 0, 0);
    for (int i = 0; i < shape->path_count; i++)
        draw_path(cairo, shape->paths[i]);
    if (pen->kind != INF_PEN_STROKE)
        cairo_fill_preserve(cairo);
    if (pen->kind != INF_PEN_NONE) {
        take_pen(cairo, pen);
        if (pen->width < 0)
            cairo_set_operator(cairo, CAIRO_OPERATOR_DEST_OUT);
        cairo_stroke(cairo);
    }
    return cairo_pop_group(cairo);
}

/* ---- gradients ---- */

/* As cairo has it: alpha is in the colours. */
static uint32_t pixel_of(const double rgba[4])
{
    uint32_t pixel = (uint32_t)(rgba[3] + 0.5);

    for (int i = 0; i < 3; i++)
        pixel = pixel << 8 | (uint32_t)(rgba[i] * rgba[3] / 255 + 0.5);
    return pixel;
}

/* All colours of a gradient, as many as Haiku has; it has none without stops.
 */
static void list_colours(const struct inf_style *style,
                         uint32_t colours[COLOURS])
{
    const struct inf_stop *stops = style->stops;
    int last = style->stop_count - 1, next = 0;
    double rgba[4];

    for (int i = 0; i < COLOURS && last >= 0; i++) {
        while (next <= last && stops[next].offset <= i)
            next++;
        const struct inf_stop *from = &stops[next > 0 ? next - 1 : 0];
        const struct inf_stop *to = &stops[next <= last ? next : last];
        int way = to->offset - from->offset;
        inf_mix_stops(from, to, way > 0 ? (i - from->offset) / (double)way : 0,
                      rgba);
        colours[i] = pixel_of(rgba);
    }
}

/* How far along a gradient a point is, from 0 to 1 or beyond. */
static double measure(unsigned gradient, double x, double y)
{
    switch (gradient) {
    case INF_GRADIENT_LINEAR:
        return (x + 64) / 128;
    case INF_GRADIENT_CIRCULAR:
        return hypot(x, y) / 64;
    case INF_GRADIENT_DIAMOND:
        return fmax(fabs(x), fabs(y)) / 64;
    case INF_GRADIENT_CONIC:
        return fabs(atan2(y, x)) / M_PI;
    case INF_GRADIENT_XY:
        return fabs(x) * fabs(y) / (64 * 64);
    case INF_GRADIENT_SQRT_XY:
        return sqrt(fabs(x) * fabs(y)) / 64;
    default:
        return 0;
    }
}

/* A source of the colour that the gradient has at each pixel; matrix: of the
 * shape. To be freed, before pixels are. */
static cairo_surface_t *paint_gradient(const struct inf_style *style,
                                       const cairo_matrix_t *matrix,
                                       uint32_t pixels[SIDE * SIDE])
{
    const double *m = style->matrix;
    uint32_t colours[COLOURS] = {0};
    cairo_matrix_t way;

    memset(pixels, 0, SIDE * SIDE * sizeof(*pixels));
    list_colours(style, colours);
    cairo_matrix_init(&way, m[0], m[1], m[2], m[3], m[4], m[5]);
    cairo_matrix_multiply(&way, &way, matrix);
    if (cairo_matrix_invert(&way) == CAIRO_STATUS_SUCCESS) {
        for (int i = 0; i < SIDE * SIDE; i++) {
            double x = i % SIDE + 0.5, y = i / SIDE + 0.5;

            cairo_matrix_transform_point(&way, &x, &y);
            double part = fmin(fmax(measure(style->gradient, x, y), 0), 1);
            pixels[i] = colours[(int)(part * (COLOURS - 1))];
        }
    }
    return cairo_image_surface_create_for_data((unsigned char *)pixels,
                                               CAIRO_FORMAT_ARGB32, SIDE, SIDE,
                                               SIDE * (int)sizeof(*pixels));
}

/* ---- the picture ---- */

static void draw_shape(cairo_t *cairo, const struct inf_shape *shape,
                       const cairo_matrix_t *matrix)
{
    const struct inf_style *style = shape->style;
    uint32_t pixels[SIDE * SIDE];
    cairo_pattern_t *mask = draw_mask(cairo, shape, matrix);

    if (style->is_gradient) {
        cairo_surface_t *surface = paint_gradient(style, matrix, pixels);
        cairo_set_source_surface(cairo, surface, 0, 0);
        cairo_mask(cairo, mask);
        cairo_set_source_rgb(cairo, 0, 0, 0);
        cairo_surface_destroy(surface);
    } else {
        cairo_set_source_rgba(cairo, style->rgba[0] / 255.0,
                              style->rgba[1] / 255.0, style->rgba[2] / 255.0,
                              style->rgba[3] / 255.0);
        cairo_mask(cairo, mask);
    }
    cairo_pattern_destroy(mask);
}

/* Numbers that no icon of 64 pixels has any use for. */
static int is_beyond_measure(const double matrix[6])
{
    enum { MEASURE = 4096 };

    for (int i = 0; i < 6; i++) {
        if (!(fabs(matrix[i]) <= MEASURE))
            return 1;
    }
    return 0;
}

/* A shape that is flat has no inside. */
static int draw_shapes(cairo_t *cairo, const struct inf_vector *vector)
{
    for (int i = 0; i < vector->shape_count; i++) {
        const double *m = vector->shapes[i].matrix;
        cairo_matrix_t matrix, inverse;

        if (is_beyond_measure(m))
            return 0;
        cairo_matrix_init(&matrix, m[0], m[1], m[2], m[3], m[4], m[5]);
        inverse = matrix;
        if (cairo_matrix_invert(&inverse) == CAIRO_STATUS_SUCCESS)
            draw_shape(cairo, &vector->shapes[i], &matrix);
    }
    return cairo_status(cairo) == CAIRO_STATUS_SUCCESS;
}

/* A file that grows. */
struct file {
    uint8_t *bytes;
    size_t size;
};

static cairo_status_t append(void *context, const unsigned char *bytes,
                             unsigned size)
{
    struct file *file = context;

    file->bytes = realloc(file->bytes, file->size + size);
    if (file->bytes == NULL)
        inf_fail("out of memory");
    memcpy(file->bytes + file->size, bytes, size);
    file->size += size;
    return CAIRO_STATUS_SUCCESS;
}

uint8_t *inf_vector_to_png(const struct inf_vector *vector, size_t *size)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIDE, SIDE);
    cairo_t *cairo = cairo_create(surface);
    struct file file = {NULL, 0};

    if (!draw_shapes(cairo, vector) ||
        cairo_surface_write_to_png_stream(surface, append, &file) !=
            CAIRO_STATUS_SUCCESS) {
        free(file.bytes);
        file.bytes = NULL;
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
    *size = file.size;
    return file.bytes;
}
