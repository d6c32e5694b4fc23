/* vector_svg.c -- vector icons as SVG. */
/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "elfinfo.h"
#include "vector.h"

static void write_matrix(FILE *svg, const char *name, const double matrix[6])
{
    fprintf(svg, " %s=\"matrix(%g %g %g %g %g %g)\"", name, matrix[0],
            matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]);
}

/* part: how far from one stop to the next. */
static void write_stop(FILE *svg, const struct inf_stop *from,
                       const struct inf_stop *to, double part)
{
    double rgba[4];

    inf_mix_stops(from, to, part, rgba);
    fprintf(svg, "<stop offset=\"%.4g\" stop-color=\"#%02x%02x%02x\"",
            (from->offset + (to->offset - from->offset) * part) / 255.0,
            (unsigned)(rgba[0] + 0.5), (unsigned)(rgba[1] + 0.5),
            (unsigned)(rgba[2] + 0.5));
    if (rgba[3] < 255)
        fprintf(svg, " stop-opacity=\"%.4g\"", rgba[3] / 255.0);
    fputs("/>\n", svg);
}

/* SVG has straight pieces between stops: eight of them for the curve. */
static void write_stops(FILE *svg, const struct inf_stop *stops, int count)
{
    enum { PIECES = 8 };

    for (int i = 0; i + 1 < count; i++) {
        for (int j = 0; j < PIECES; j++)
            write_stop(svg, &stops[i], &stops[i + 1], j / (double)PIECES);
    }
    if (count > 0)
        write_stop(svg, &stops[count - 1], &stops[count - 1], 0);
}

/* Of the ways to measure that SVG knows the circle only. */
static void write_gradient(FILE *svg, const struct inf_style *style, int number)
{
    int is_linear = style->gradient == INF_GRADIENT_LINEAR;
    const char *name = is_linear ? "linearGradient" : "radialGradient";

    fprintf(svg, "<%s id=\"style%d\" gradientUnits=\"userSpaceOnUse\"%s", name,
            number,
            is_linear ? " x1=\"-64\" y1=\"0\" x2=\"64\" y2=\"0\""
                      : " cx=\"0\" cy=\"0\" r=\"64\"");
    write_matrix(svg, "gradientTransform", style->matrix);
    fputs(">\n", svg);
    write_stops(svg, style->stops, style->stop_count);
    fprintf(svg, "</%s>\n", name);
}

static int is_same(struct inf_point a, struct inf_point b)
{
    return a.x == b.x && a.y == b.y;
}

static void write_part(FILE *svg, const struct inf_node *from,
                       const struct inf_node *to)
{
    if (is_same(from->at, from->out) && is_same(to->at, to->in))
        fprintf(svg, "L%.6g %.6g", to->at.x, to->at.y);
    else
        fprintf(svg, "C%.6g %.6g %.6g %.6g %.6g %.6g", from->out.x, from->out.y,
                to->in.x, to->in.y, to->at.x, to->at.y);
}

/* Of a single point nothing is drawn. */
static void write_path(FILE *svg, const struct inf_path *path)
{
    const struct inf_node *nodes = path->nodes;

    if (path->count < 2)
        return;
    fprintf(svg, "M%.6g %.6g", nodes[0].at.x, nodes[0].at.y);
    for (int i = 1; i < path->count; i++)
        write_part(svg, &nodes[i - 1], &nodes[i]);
    if (path->is_closed) {
        write_part(svg, &nodes[path->count - 1], &nodes[0]);
        fputc('Z', svg);
    }
}

static void write_outline(FILE *svg, const struct inf_shape *shape)
{
    fputs("<path d=\"", svg);
    for (int i = 0; i < shape->path_count; i++)
        write_path(svg, shape->paths[i]);
    fputc('"', svg);
}

/* number: of the style. */
static void write_paint(FILE *svg, const char *what,
                        const struct inf_style *style, int number)
{
    if (style->is_gradient)
        fprintf(svg, " %s=\"url(#style%d)\"", what, number);
    else
        fprintf(svg, " %s=\"#%02x%02x%02x\"", what, style->rgba[0],
                style->rgba[1], style->rgba[2]);
}

static void write_pen(FILE *svg, const struct inf_pen *pen)
{
    static const char *const joins[] = {"miter", "miter", "round", "bevel",
                                        "miter"};
    static const char *const caps[] = {"butt", "square", "round"};

    fprintf(svg,
            " stroke-width=\"%g\" stroke-linejoin=\"%s\" "
            "stroke-linecap=\"%s\" stroke-miterlimit=\"%u\"",
            fabs(pen->width), joins[pen->join < 5 ? pen->join : 0],
            caps[pen->cap < 3 ? pen->cap : 0], pen->limit > 0 ? pen->limit : 1);
}

/* A shape that shrinks is cut where a pen along its outline would draw. */
static void write_mask(FILE *svg, const struct inf_shape *shape, int number)
{
    fprintf(svg,
            "<mask id=\"mask%d\" maskUnits=\"userSpaceOnUse\" x=\"-256\" "
            "y=\"-256\" width=\"1024\" height=\"1024\">",
            number);
    write_outline(svg, shape);
    fputs(" fill=\"#fff\" stroke=\"#000\"", svg);
    write_pen(svg, &shape->pen);
    fputs("/></mask>\n", svg);
}

static void write_shape(FILE *svg, const struct inf_vector *vector, int number)
{
    const struct inf_shape *shape = &vector->shapes[number];
    const struct inf_style *style = shape->style;
    const struct inf_pen *pen = &shape->pen;
    int style_number = (int)(style - vector->styles);
    int is_cut = pen->kind == INF_PEN_CONTOUR && pen->width < 0;

    if (is_cut)
        write_mask(svg, shape, number);
    write_outline(svg, shape);
    write_matrix(svg, "transform", shape->matrix);
    if (pen->kind == INF_PEN_STROKE)
        fputs(" fill=\"none\"", svg);
    else
        write_paint(svg, "fill", style, style_number);
    if (is_cut) {
        fprintf(svg, " mask=\"url(#mask%d)\"", number);
    } else if (pen->kind != INF_PEN_NONE) {
        write_paint(svg, "stroke", style, style_number);
        write_pen(svg, pen);
    }
    if (!style->is_gradient && style->rgba[3] < 255)
        fprintf(svg, " opacity=\"%.4g\"", style->rgba[3] / 255.0);
    fputs("/>\n", svg);
}

char *inf_vector_to_svg(const struct inf_vector *vector, size_t *size)
{
    char *text;
    FILE *svg = open_memstream(&text, size);

    if (svg == NULL)
        inf_fail("out of memory");
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" "
          "width=\"64\" height=\"64\">\n",
          svg);
    for (int i = 0; i < vector->style_count; i++) {
        if (vector->styles[i].is_gradient)
            write_gradient(svg, &vector->styles[i], i);
    }
    for (int i = 0; i < vector->shape_count; i++)
        write_shape(svg, vector, i);
    fputs("</svg>\n", svg);
    if (fclose(svg) != 0)
        inf_fail("out of memory");
    return text;
}
