/* vector.c -- Haiku's vector icons (HVIF) as SVG. */
/* SPDX-License-Identifier: MIT */
#include "vector.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"
#include "hvif.h"

/*
 * An icon is styles, paths and shapes, each list behind its count (a byte); a
 * shape fills or strokes paths with a style. Things of an unknown type have
 * their size (16 bits, little-endian) behind it, and are skipped.
 */
enum {
    STYLE_COLOUR = 1,
    STYLE_GRADIENT = 2,
    STYLE_OPAQUE = 3,
    STYLE_GREY = 4,
    STYLE_OPAQUE_GREY = 5,
    SHAPE_OF_PATHS = 10,
    CHANGE_MATRIX = 20,
    CHANGE_CONTOUR = 21,
    CHANGE_PERSPECTIVE = 22, /* without numbers, and without effect */
    CHANGE_STROKE = 23
};
enum { GRADIENT_HAS_MATRIX = 2, GRADIENT_IS_OPAQUE = 4, GRADIENT_IS_GREY = 16 };
enum { PATH_IS_CLOSED = 2, PATH_HAS_COMMANDS = 4, PATH_IS_STRAIGHT = 8 };
enum { COMMAND_ACROSS, COMMAND_DOWN, COMMAND_LINE, COMMAND_CURVE };
enum {
    SHAPE_HAS_MATRIX = 2,
    SHAPE_HAS_SCALES = 8,
    SHAPE_IS_CHANGED = 16,
    SHAPE_IS_MOVED = 32
};

enum { COUNT_MAX = 255, SVG_SIZE_MAX = 4 << 20 };

/* A point, and the handles of the curves that come and go. */
struct node {
    struct inf_point at, in, out;
};

struct path {
    struct node *nodes; /* on the heap */
    int count;
    int is_closed;
};

struct stop {
    uint8_t offset; /* of 255 */
    uint8_t rgba[4];
};

/* What of a shape's outline is painted. */
struct pen {
    int kind;     /* CHANGE_STROKE, CHANGE_CONTOUR, or 0: the inside */
    double width; /* of a contour: how much the shape grows, or shrinks */
    unsigned join, cap, limit;
};

struct icon {
    struct inf_hvif in;
    int style_count, path_count;
    int is_gradient[COUNT_MAX];
    uint8_t colours[COUNT_MAX][4];
    struct path paths[COUNT_MAX];
    FILE *svg;
};

static void read_matrix(struct icon *icon, double (*read)(struct inf_hvif *),
                        double matrix[6])
{
    for (int i = 0; i < 6; i++)
        matrix[i] = read(&icon->in);
}

/* ---- styles ---- */

static void read_colour(struct icon *icon, int is_grey, int is_opaque,
                        uint8_t rgba[4])
{
    rgba[0] = (uint8_t)inf_hvif_byte(&icon->in);
    rgba[1] = is_grey ? rgba[0] : (uint8_t)inf_hvif_byte(&icon->in);
    rgba[2] = is_grey ? rgba[0] : (uint8_t)inf_hvif_byte(&icon->in);
    rgba[3] = is_opaque ? 255 : (uint8_t)inf_hvif_byte(&icon->in);
}

static void write_matrix(struct icon *icon, const char *name,
                         const double matrix[6])
{
    fprintf(icon->svg, " %s=\"matrix(%g %g %g %g %g %g)\"", name, matrix[0],
            matrix[1], matrix[2], matrix[3], matrix[4], matrix[5]);
}

/* part: how far from one stop to the next. */
static void write_stop(struct icon *icon, const struct stop *from,
                       const struct stop *to, double part)
{
    /* Haiku does not go from colour to colour at one pace. */
    double left =
        part < 0.5 ? 1 - 2 * part * part : 2 * (1 - part) * (1 - part);
    double rgba[4];

    for (int i = 0; i < 4; i++)
        rgba[i] = from->rgba[i] * left + to->rgba[i] * (1 - left);
    fprintf(icon->svg, "<stop offset=\"%.4g\" stop-color=\"#%02x%02x%02x\"",
            (from->offset + (to->offset - from->offset) * part) / 255.0,
            (unsigned)(rgba[0] + 0.5), (unsigned)(rgba[1] + 0.5),
            (unsigned)(rgba[2] + 0.5));
    if (rgba[3] < 255)
        fprintf(icon->svg, " stop-opacity=\"%.4g\"", rgba[3] / 255.0);
    fputs("/>\n", icon->svg);
}

/* SVG has straight pieces between stops: eight of them for the curve. */
static void write_stops(struct icon *icon, const struct stop *stops, int count)
{
    enum { PIECES = 8 };

    for (int i = 0; i + 1 < count; i++) {
        for (int j = 0; j < PIECES; j++)
            write_stop(icon, &stops[i], &stops[i + 1], j / (double)PIECES);
    }
    if (count > 0)
        write_stop(icon, &stops[count - 1], &stops[count - 1], 0);
}

/* Stops come in any order, and those of one place stay in theirs. */
static void insert_stop(struct stop *stops, int count, struct stop stop)
{
    while (count > 0 && stops[count - 1].offset > stop.offset) {
        stops[count] = stops[count - 1];
        count--;
    }
    stops[count] = stop;
}

/* Along x from -64 to 64 (0), or away from the origin to 64. Of the ways to
 * measure that SVG knows the circle only (1). */
static void read_gradient(struct icon *icon)
{
    double matrix[6] = {1, 0, 0, 1, 0, 0};
    struct stop stops[COUNT_MAX];
    unsigned type = inf_hvif_byte(&icon->in), flags = inf_hvif_byte(&icon->in);
    int count = (int)inf_hvif_byte(&icon->in);
    const char *name = type == 0 ? "linearGradient" : "radialGradient";

    if (flags & GRADIENT_HAS_MATRIX)
        read_matrix(icon, inf_hvif_short_float, matrix);
    for (int i = 0; i < count; i++) {
        struct stop stop = {.offset = (uint8_t)inf_hvif_byte(&icon->in)};

        read_colour(icon, (flags & GRADIENT_IS_GREY) != 0,
                    (flags & GRADIENT_IS_OPAQUE) != 0, stop.rgba);
        insert_stop(stops, i, stop);
    }
    fprintf(icon->svg, "<%s id=\"style%d\" gradientUnits=\"userSpaceOnUse\"%s",
            name, icon->style_count,
            type == 0 ? " x1=\"-64\" y1=\"0\" x2=\"64\" y2=\"0\""
                      : " cx=\"0\" cy=\"0\" r=\"64\"");
    write_matrix(icon, "gradientTransform", matrix);
    fputs(">\n", icon->svg);
    write_stops(icon, stops, count);
    fprintf(icon->svg, "</%s>\n", name);
}

/* Gradients are written as they are read. */
static void read_styles(struct icon *icon)
{
    unsigned count = inf_hvif_byte(&icon->in);

    while (count-- > 0 && !icon->in.is_bad) {
        uint8_t *colour = icon->colours[icon->style_count];
        unsigned type = inf_hvif_byte(&icon->in);

        if (type < STYLE_COLOUR || type > STYLE_OPAQUE_GREY) {
            inf_hvif_skip(&icon->in);
            continue;
        }
        if (type == STYLE_GRADIENT)
            read_gradient(icon);
        else
            read_colour(icon, type >= STYLE_GREY,
                        type == STYLE_OPAQUE || type == STYLE_OPAQUE_GREY,
                        colour);
        icon->is_gradient[icon->style_count++] = type == STYLE_GRADIENT;
    }
}

/* ---- paths ---- */

static void read_straight(struct icon *icon, struct path *path)
{
    for (int i = 0; i < path->count; i++) {
        struct inf_point at = inf_hvif_point(&icon->in);

        path->nodes[i] = (struct node){at, at, at};
    }
}

static void read_curves(struct icon *icon, struct path *path)
{
    for (int i = 0; i < path->count; i++) {
        path->nodes[i].at = inf_hvif_point(&icon->in);
        path->nodes[i].in = inf_hvif_point(&icon->in);
        path->nodes[i].out = inf_hvif_point(&icon->in);
    }
}

/* All commands, four in a byte from its low end, stand before the numbers. */
static void read_commands(struct icon *icon, struct path *path)
{
    uint8_t commands[COUNT_MAX / 4 + 1];
    struct inf_point at = {0, 0};

    for (int i = 0; i < (path->count + 3) / 4; i++)
        commands[i] = (uint8_t)inf_hvif_byte(&icon->in);
    for (int i = 0; i < path->count; i++) {
        struct node *node = &path->nodes[i];
        int command = commands[i / 4] >> i % 4 * 2 & 3;

        if (command != COMMAND_DOWN)
            at.x = inf_hvif_coordinate(&icon->in);
        if (command != COMMAND_ACROSS)
            at.y = inf_hvif_coordinate(&icon->in);
        *node = (struct node){at, at, at};
        if (command == COMMAND_CURVE) {
            node->in = inf_hvif_point(&icon->in);
            node->out = inf_hvif_point(&icon->in);
        }
    }
}

static void read_paths(struct icon *icon)
{
    unsigned count = inf_hvif_byte(&icon->in);

    while (count-- > 0 && !icon->in.is_bad) {
        struct path *path = &icon->paths[icon->path_count];
        unsigned flags = inf_hvif_byte(&icon->in);

        path->is_closed = (flags & PATH_IS_CLOSED) != 0;
        path->count = (int)inf_hvif_byte(&icon->in);
        path->nodes = calloc((size_t)path->count + 1, sizeof(path->nodes[0]));
        if (path->nodes == NULL)
            inf_fail("out of memory");
        icon->path_count++;
        if (flags & PATH_IS_STRAIGHT)
            read_straight(icon, path);
        else if (flags & PATH_HAS_COMMANDS)
            read_commands(icon, path);
        else
            read_curves(icon, path);
    }
}

static int is_same(struct inf_point a, struct inf_point b)
{
    return a.x == b.x && a.y == b.y;
}

static void write_part(struct icon *icon, const struct node *from,
                       const struct node *to)
{
    if (is_same(from->at, from->out) && is_same(to->at, to->in))
        fprintf(icon->svg, "L%.6g %.6g", to->at.x, to->at.y);
    else
        fprintf(icon->svg, "C%.6g %.6g %.6g %.6g %.6g %.6g", from->out.x,
                from->out.y, to->in.x, to->in.y, to->at.x, to->at.y);
}

/* Of a single point nothing is drawn. */
static void write_path(struct icon *icon, const struct path *path)
{
    const struct node *nodes = path->nodes;

    if (path->count < 2)
        return;
    fprintf(icon->svg, "M%.6g %.6g", nodes[0].at.x, nodes[0].at.y);
    for (int i = 1; i < path->count; i++)
        write_part(icon, &nodes[i - 1], &nodes[i]);
    if (path->is_closed) {
        write_part(icon, &nodes[path->count - 1], &nodes[0]);
        fputc('Z', icon->svg);
    }
}

/* ---- shapes ---- */

struct shape {
    int style;
    int path_count;
    uint8_t paths[COUNT_MAX];
    double matrix[6];
    int is_hidden; /* at this size */
    struct pen pen;
};

/* b, and then a. */
static void multiply(double a[6], const double b[6])
{
    double c[6];

    for (int i = 0; i < 6; i += 2) {
        c[i] = b[i] * a[0] + b[i + 1] * a[2] + (i == 4 ? a[4] : 0);
        c[i + 1] = b[i] * a[1] + b[i + 1] * a[3] + (i == 4 ? a[5] : 0);
    }
    memcpy(a, c, sizeof(c));
}

/* Stretches the shape, with its pen and gradient. */
static void read_change(struct icon *icon, struct shape *shape)
{
    unsigned kind = inf_hvif_byte(&icon->in);
    struct pen pen = {.kind = (int)kind};
    double matrix[6];

    switch (kind) {
    case CHANGE_MATRIX:
        read_matrix(icon, inf_hvif_float, matrix);
        multiply(shape->matrix, matrix);
        return;
    case CHANGE_CONTOUR:
    case CHANGE_STROKE:
        pen.width = inf_hvif_byte(&icon->in) - 128.0;
        pen.join = inf_hvif_byte(&icon->in);
        pen.limit = inf_hvif_byte(&icon->in);
        if (kind == CHANGE_STROKE) {
            pen.cap = pen.join >> 4;
            pen.join &= 15;
            pen.width = fabs(pen.width);
        }
        shape->pen = pen;
        return;
    case CHANGE_PERSPECTIVE:
        return;
    default:
        inf_hvif_skip(&icon->in);
    }
}

static void read_shape(struct icon *icon, struct shape *shape)
{
    unsigned index;

    *shape = (struct shape){.matrix = {1, 0, 0, 1, 0, 0}};
    shape->style = (int)inf_hvif_byte(&icon->in);
    icon->in.is_bad |= shape->style >= icon->style_count;
    for (unsigned left = inf_hvif_byte(&icon->in); left > 0; left--) {
        index = inf_hvif_byte(&icon->in);
        if ((int)index < icon->path_count)
            shape->paths[shape->path_count++] = (uint8_t)index;
    }
    unsigned flags = inf_hvif_byte(&icon->in);
    if (flags & SHAPE_HAS_MATRIX) {
        read_matrix(icon, inf_hvif_short_float, shape->matrix);
    } else if (flags & SHAPE_IS_MOVED) {
        shape->matrix[4] = inf_hvif_coordinate(&icon->in);
        shape->matrix[5] = inf_hvif_coordinate(&icon->in);
    }
    if (flags & SHAPE_HAS_SCALES) {
        double least = inf_hvif_byte(&icon->in) / 63.75;

        shape->is_hidden = least > 1 || inf_hvif_byte(&icon->in) / 63.75 < 1;
    }
    if (flags & SHAPE_IS_CHANGED) {
        for (unsigned left = inf_hvif_byte(&icon->in);
             left > 0 && !icon->in.is_bad; left--)
            read_change(icon, shape);
    }
}

static void write_outline(struct icon *icon, const struct shape *shape)
{
    fputs("<path d=\"", icon->svg);
    for (int i = 0; i < shape->path_count; i++)
        write_path(icon, &icon->paths[shape->paths[i]]);
    fputc('"', icon->svg);
}

static void write_paint(struct icon *icon, const char *what, int style)
{
    const uint8_t *colour = icon->colours[style];

    if (icon->is_gradient[style])
        fprintf(icon->svg, " %s=\"url(#style%d)\"", what, style);
    else
        fprintf(icon->svg, " %s=\"#%02x%02x%02x\"", what, colour[0], colour[1],
                colour[2]);
}

static void write_pen(struct icon *icon, const struct pen *pen)
{
    static const char *const joins[] = {"miter", "miter", "round", "bevel",
                                        "miter"};
    static const char *const caps[] = {"butt", "square", "round"};

    fprintf(icon->svg,
            " stroke-width=\"%g\" stroke-linejoin=\"%s\" "
            "stroke-linecap=\"%s\" stroke-miterlimit=\"%u\"",
            fabs(pen->width), joins[pen->join < 5 ? pen->join : 0],
            caps[pen->cap < 3 ? pen->cap : 0], pen->limit > 0 ? pen->limit : 1);
}

/* A shape that shrinks is cut where a pen along its outline would draw. */
static void write_mask(struct icon *icon, const struct shape *shape, int number)
{
    fprintf(icon->svg,
            "<mask id=\"mask%d\" maskUnits=\"userSpaceOnUse\" x=\"-256\" "
            "y=\"-256\" width=\"1024\" height=\"1024\">",
            number);
    write_outline(icon, shape);
    fputs(" fill=\"#fff\" stroke=\"#000\"", icon->svg);
    write_pen(icon, &shape->pen);
    fputs("/></mask>\n", icon->svg);
}

static void write_shape(struct icon *icon, const struct shape *shape,
                        int number)
{
    const struct pen *pen = &shape->pen;
    int is_stroke = pen->kind == CHANGE_STROKE;
    int is_cut = !is_stroke && pen->width < 0;

    if (is_cut)
        write_mask(icon, shape, number);
    write_outline(icon, shape);
    write_matrix(icon, "transform", shape->matrix);
    if (is_stroke)
        fputs(" fill=\"none\"", icon->svg);
    else
        write_paint(icon, "fill", shape->style);
    if (is_cut) {
        fprintf(icon->svg, " mask=\"url(#mask%d)\"", number);
    } else if (pen->kind != 0) {
        write_paint(icon, "stroke", shape->style);
        write_pen(icon, pen);
    }
    if (!icon->is_gradient[shape->style] &&
        icon->colours[shape->style][3] < 255)
        fprintf(icon->svg, " opacity=\"%.4g\"",
                icon->colours[shape->style][3] / 255.0);
    fputs("/>\n", icon->svg);
}

static void read_shapes(struct icon *icon)
{
    int count = (int)inf_hvif_byte(&icon->in);
    struct shape shape;

    for (int i = 0; i < count && !icon->in.is_bad; i++) {
        if (inf_hvif_byte(&icon->in) != SHAPE_OF_PATHS) {
            inf_hvif_skip(&icon->in);
            continue;
        }
        read_shape(icon, &shape);
        if (icon->in.is_bad || shape.is_hidden)
            continue;
        write_shape(icon, &shape, i);
        /* Few bytes may name the same paths over and over. */
        icon->in.is_bad |= ftell(icon->svg) > SVG_SIZE_MAX;
    }
}

char *inf_vector_to_svg(const uint8_t *bytes, size_t size, size_t *svg_size)
{
    static const uint8_t magic[4] = {'n', 'c', 'i', 'f'};
    char *text;

    if (size < sizeof(magic) || memcmp(bytes, magic, sizeof(magic)) != 0)
        return NULL;
    struct icon *icon = calloc(1, sizeof(*icon));
    if (icon == NULL || (icon->svg = open_memstream(&text, svg_size)) == NULL)
        inf_fail("out of memory");
    icon->in = (struct inf_hvif){bytes, size, sizeof(magic), 0};
    fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 64 64\" "
          "width=\"64\" height=\"64\">\n",
          icon->svg);
    read_styles(icon);
    read_paths(icon);
    read_shapes(icon);
    fputs("</svg>\n", icon->svg);
    int is_bad = icon->in.is_bad;
    for (int i = 0; i < icon->path_count; i++)
        free(icon->paths[i].nodes);
    if (fclose(icon->svg) != 0)
        inf_fail("out of memory");
    free(icon);
    if (!is_bad)
        return text;
    free(text);
    return NULL;
}
