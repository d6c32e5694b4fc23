/* hvif.c -- the numbers in Haiku's vector icons. */
/* SPDX-License-Identifier: MIT */
#include "hvif.h"

#include <math.h>
#include <string.h>

unsigned inf_hvif_byte(struct inf_hvif *in)
{
    if (in->at < in->size)
        return in->bytes[in->at++];
    in->is_bad = 1;
    return 0;
}

double inf_hvif_coordinate(struct inf_hvif *in)
{
    unsigned high = inf_hvif_byte(in);

    if (high < 128)
        return high - 32.0;
    return ((high & 127) << 8 | inf_hvif_byte(in)) / 102.0 - 128.0;
}

struct inf_point inf_hvif_point(struct inf_hvif *in)
{
    struct inf_point point;

    point.x = inf_hvif_coordinate(in);
    point.y = inf_hvif_coordinate(in);
    return point;
}

double inf_hvif_short_float(struct inf_hvif *in)
{
    unsigned bits = inf_hvif_byte(in) << 16;

    bits |= inf_hvif_byte(in) << 8;
    bits |= inf_hvif_byte(in);
    if (bits == 0)
        return 0.0;
    int exponent = (int)(bits >> 17 & 63) - 32;
    double value = ldexp(1.0 + (bits & 0x1ffff) / 131072.0, exponent);
    return bits >> 23 ? -value : value;
}

double inf_hvif_float(struct inf_hvif *in)
{
    uint32_t bits = 0;
    float value;

    for (int i = 0; i < 4; i++)
        bits |= (uint32_t)inf_hvif_byte(in) << 8 * i;
    memcpy(&value, &bits, sizeof(value));
    if (isfinite(value))
        return (double)value;
    in->is_bad = 1;
    return 0.0;
}

void inf_hvif_skip(struct inf_hvif *in)
{
    size_t size = inf_hvif_byte(in);

    size |= (size_t)inf_hvif_byte(in) << 8;
    if (size > in->size - in->at)
        in->is_bad = 1;
    else
        in->at += size;
}
