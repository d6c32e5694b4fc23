/* hvif.h -- the numbers in Haiku's vector icons. */
/* SPDX-License-Identifier: MIT */
#ifndef ELFINFO_HVIF_H
#define ELFINFO_HVIF_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of an icon, and how far they are read. */
struct inf_hvif {
    const uint8_t *bytes;
    size_t size, at;
    int is_bad; /* they ended too early, or do not go together */
};

struct inf_point {
    double x, y;
};

/* Behind the end all of them give 0. */
unsigned inf_hvif_byte(struct inf_hvif *in);

/* In pixels of an icon of 64x64: whole, or in steps of 1/102. */
double inf_hvif_coordinate(struct inf_hvif *in);
struct inf_point inf_hvif_point(struct inf_hvif *in);

/* 24 bits: sign, 6 of the exponent, 17 of the fraction; big-endian. */
double inf_hvif_short_float(struct inf_hvif *in);

/* 32 bits, little-endian; what is no number is bad. */
double inf_hvif_float(struct inf_hvif *in);

/* Over something of unknown type, by its size in 16 bits, little-endian. */
void inf_hvif_skip(struct inf_hvif *in);

#endif
