/* vector.c -- reads Haiku's vector icons (HVIF). */
/* SPDX-License-Identifier: MIT */
#include "vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "elfinfo.h"

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

enum { POINTS_MAX = 16384 };

struct reader {
    struct inf_hvif in;
    struct inf_vector *vector;
    int point_count; /* of the shapes */
};

static void read_matrix(struct reader *reader,
                        double (*read)(struct inf_hvif *), double matrix[6])
{
    for (int i = 0; i < 6; i++)
        matrix[i] = read(&reader->in);
}

static const double identity[6] = {1, 0, 0, 1, 0, 0};

/* ---- styles ---- */

static void read_colour(struct reader *reader, int is_grey, int is_opaque,
                        uint8_t rgba[4])
{
    rgba[0] = (uint8_t)inf_hvif_byte(&reader->in);
    rgba[1] = is_grey ? rgba[0] : (uint8_t)inf_hvif_byte(&reader->in);
    rgba[2] = is_grey ? rgba[0] : (uint8_t)inf_hvif_byte(&reader->in);
    rgba[3] = is_opaque ? 255 : (uint8_t)inf_hvif_byte(&reader->in);
}

void inf_mix_stops(const struct inf_stop *from, const struct inf_stop *to,
                   double part, double rgba[4])
{
    double left =
        part < 0.5 ? 1 - 2 * part * part : 2 * (1 - part) * (1 - part);

    for (int i = 0; i < 4; i++)
        rgba[i] = from->rgba[i] * left + to->rgba[i] * (1 - left);
}

/* Stops come in any order, and those of one place stay in theirs. */
static void insert_stop(struct inf_stop *stops, int count, struct inf_stop stop)
{
    while (count > 0 && stops[count - 1].offset > stop.offset) {
        stops[count] = stops[count - 1];
        count--;
    }
    stops[count] = stop;
}

static void read_gradient(struct reader *reader, struct inf_style *style)
{
    style->gradient = inf_hvif_byte(&reader->in);
    unsigned flags = inf_hvif_byte(&reader->in);
    style->stop_count = (int)inf_hvif_byte(&reader->in);
    memcpy(style->matrix, identity, sizeof(identity));
    if (flags & GRADIENT_HAS_MATRIX)
        read_matrix(reader, inf_hvif_short_float, style->matrix);
    for (int i = 0; i < style->stop_count; i++) {
        struct inf_stop stop = {.offset = (uint8_t)inf_hvif_byte(&reader->in)};

        read_colour(reader, (flags & GRADIENT_IS_GREY) != 0,
                    (flags & GRADIENT_IS_OPAQUE) != 0, stop.rgba);
        insert_stop(style->stops, i, stop);
    }
}

static void read_styles(struct reader *reader)
{
    unsigned count = inf_hvif_byte(&reader->in);

    while (count-- > 0 && !reader->in.is_bad) {
        struct inf_style *style =
            &reader->vector->styles[reader->vector->style_count];
        unsigned type = inf_hvif_byte(&reader->in);

        if (type < STYLE_COLOUR || type > STYLE_OPAQUE_GREY) {
            inf_hvif_skip(&reader->in);
            continue;
        }
        style->is_gradient = type == STYLE_GRADIENT;
        if (style->is_gradient)
            read_gradient(reader, style);
        else
            read_colour(reader, type >= STYLE_GREY,
                        type == STYLE_OPAQUE || type == STYLE_OPAQUE_GREY,
                        style->rgba);
        reader->vector->style_count++;
    }
}

/* ---- paths ---- */

static void read_straight(struct reader *reader, struct inf_path *path)
{
    for (int i = 0; i < path->count; i++) {
        struct inf_point at = inf_hvif_point(&reader->in);

        path->nodes[i] = (struct inf_node){at, at, at};
    }
}

static void read_curves(struct reader *reader, struct inf_path *path)
{
    for (int i = 0; i < path->count; i++) {
        path->nodes[i].at = inf_hvif_point(&reader->in);
        path->nodes[i].in = inf_hvif_point(&reader->in);
        path->nodes[i].out = inf_hvif_point(&reader->in);
    }
}

/* All commands, four in a byte from its low end, stand before the numbers. */
static void read_commands(struct reader *reader, struct inf_path *path)
{
    uint8_t commands[INF_VECTOR_MAX / 4 + 1];
    struct inf_point at = {0, 0};

    for (int i = 0; i < (path->count + 3) / 4; i++)
        commands[i] = (uint8_t)inf_hvif_byte(&reader->in);
    for (int i = 0; i < path->count; i++) {
        struct inf_node *node = &path->nodes[i];
        int command = commands[i / 4] >> i % 4 * 2 & 3;

        if (command != COMMAND_DOWN)
            at.x = inf_hvif_coordinate(&reader->in);
        if (command != COMMAND_ACROSS)
            at.y = inf_hvif_coordinate(&reader->in);
        *node = (struct inf_node){at, at, at};
        if (command == COMMAND_CURVE) {
            node->in = inf_hvif_point(&reader->in);
            node->out = inf_hvif_point(&reader->in);
        }
    }
}

static void read_paths(struct reader *reader)
{
    unsigned count = inf_hvif_byte(&reader->in);

    while (count-- > 0 && !reader->in.is_bad) {
        struct inf_path *path =
            &reader->vector->paths[reader->vector->path_count];
        unsigned flags = inf_hvif_byte(&reader->in);

        path->is_closed = (flags & PATH_IS_CLOSED) != 0;
        path->count = (int)inf_hvif_byte(&reader->in);
        path->nodes = calloc((size_t)path->count + 1, sizeof(path->nodes[0]));
        if (path->nodes == NULL)
            inf_fail("out of memory");
        reader->vector->path_count++;
        if (flags & PATH_IS_STRAIGHT)
            read_straight(reader, path);
        else if (flags & PATH_HAS_COMMANDS)
            read_commands(reader, path);
        else
            read_curves(reader, path);
    }
}

/* ---- shapes ---- */

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
static void read_change(struct reader *reader, struct inf_shape *shape)
{
    unsigned kind = inf_hvif_byte(&reader->in);
    struct inf_pen pen = {.kind = INF_PEN_CONTOUR};
    double matrix[6];

    switch (kind) {
    case CHANGE_MATRIX:
        read_matrix(reader, inf_hvif_float, matrix);
        multiply(shape->matrix, matrix);
        return;
    case CHANGE_CONTOUR:
    case CHANGE_STROKE:
        pen.width = inf_hvif_byte(&reader->in) - 128.0;
        pen.join = inf_hvif_byte(&reader->in);
        pen.limit = inf_hvif_byte(&reader->in);
        if (kind == CHANGE_STROKE) {
            pen.kind = INF_PEN_STROKE;
            pen.cap = pen.join >> 4;
            pen.join &= 15;
            pen.width = fabs(pen.width);
        }
        shape->pen = pen;
        return;
    case CHANGE_PERSPECTIVE:
        return;
    default:
        inf_hvif_skip(&reader->in);
    }
}

/* The shape's paths; those that are not there are left out. */
static void read_shape_paths(struct reader *reader, struct inf_shape *shape)
{
    for (unsigned left = inf_hvif_byte(&reader->in); left > 0; left--) {
        int index = (int)inf_hvif_byte(&reader->in);

        if (index >= reader->vector->path_count)
            continue;
        shape->paths[shape->path_count] = &reader->vector->paths[index];
        reader->point_count += shape->paths[shape->path_count++]->count;
    }
    /* Few bytes may name the same paths over and over. */
    reader->in.is_bad |= reader->point_count > POINTS_MAX;
}

/* 0 when the shape is not seen at this size. */
static int read_shape(struct reader *reader, struct inf_shape *shape)
{
    unsigned index = inf_hvif_byte(&reader->in);
    int is_seen = 1;

    *shape = (struct inf_shape){
        .style = &reader->vector->styles[index % INF_VECTOR_MAX],
        .matrix = {1, 0, 0, 1, 0, 0}};
    reader->in.is_bad |= (int)index >= reader->vector->style_count;
    read_shape_paths(reader, shape);
    unsigned flags = inf_hvif_byte(&reader->in);
    if (flags & SHAPE_HAS_MATRIX) {
        read_matrix(reader, inf_hvif_short_float, shape->matrix);
    } else if (flags & SHAPE_IS_MOVED) {
        shape->matrix[4] = inf_hvif_coordinate(&reader->in);
        shape->matrix[5] = inf_hvif_coordinate(&reader->in);
    }
    if (flags & SHAPE_HAS_SCALES) {
        double least = inf_hvif_byte(&reader->in) / 63.75;

        is_seen = inf_hvif_byte(&reader->in) / 63.75 >= 1 && least <= 1;
    }
    if (flags & SHAPE_IS_CHANGED) {
        for (unsigned left = inf_hvif_byte(&reader->in);
             left > 0 && !reader->in.is_bad; left--)
            read_change(reader, shape);
    }
    return is_seen;
}

static void read_shapes(struct reader *reader)
{
    struct inf_vector *vector = reader->vector;
    unsigned count = inf_hvif_byte(&reader->in);

    while (count-- > 0 && !reader->in.is_bad) {
        if (inf_hvif_byte(&reader->in) != SHAPE_OF_PATHS)
            inf_hvif_skip(&reader->in);
        else if (read_shape(reader, &vector->shapes[vector->shape_count]))
            vector->shape_count++;
    }
}

/* ---- the icon ---- */

struct inf_vector *inf_vector_read(const uint8_t *bytes, size_t size)
{
    static const uint8_t magic[4] = {'n', 'c', 'i', 'f'};
    struct reader reader = {.in = {bytes, size, sizeof(magic), 0}};

    if (size < sizeof(magic) || memcmp(bytes, magic, sizeof(magic)) != 0)
        return NULL;
    reader.vector = calloc(1, sizeof(*reader.vector));
    if (reader.vector == NULL)
        inf_fail("out of memory");
    read_styles(&reader);
    read_paths(&reader);
    read_shapes(&reader);
    if (!reader.in.is_bad)
        return reader.vector;
    inf_vector_free(reader.vector);
    return NULL;
}

void inf_vector_free(struct inf_vector *vector)
{
    for (int i = 0; i < vector->path_count; i++)
        free(vector->paths[i].nodes);
    free(vector);
}
