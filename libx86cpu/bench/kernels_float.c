/* kernels_float.c -- floating point kernels, freestanding i386. */
/* SPDX-License-Identifier: MIT */
#include "kernels.h"

/* KERNEL_PREFIX: x87 or sse. */
#define JOIN_(prefix, name) prefix##_##name
#define JOIN(prefix, name)  JOIN_(prefix, name)
#define KERNEL(name)        JOIN(KERNEL_PREFIX, name)

struct body {
    double x[3], v[3], mass;
};

static double root(double x)
{
    double r = x > 1 ? x : 1;
    for (int i = 0; i < 4; i++)
        r = 0.5 * (r + x / r);
    return r;
}

unsigned KERNEL(nbody)(unsigned rounds)
{
    static struct body bodies[5];
    double energy = 0;
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 3; k++) {
            bodies[i].x[k] = 1.0 + i * 0.75 + k * 0.25;
            bodies[i].v[k] = 0.01 * (i - k);
            bodies[i].mass = 1.0 + i;
        }
    while (rounds--) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double d[3], square = 0.01;
                for (int k = 0; k < 3; k++) {
                    d[k] = bodies[i].x[k] - bodies[j].x[k];
                    square += d[k] * d[k];
                }
                double f = 0.001 / (square * root(square));
                for (int k = 0; k < 3; k++) {
                    bodies[i].v[k] -= d[k] * bodies[j].mass * f;
                    bodies[j].v[k] += d[k] * bodies[i].mass * f;
                }
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++)
                bodies[i].x[k] += 0.001 * bodies[i].v[k];
    }
    for (int i = 0; i < 5; i++)
        energy += bodies[i].v[0] * bodies[i].v[0] * bodies[i].mass;
    return (unsigned)(int)(energy * 1000);
}

unsigned KERNEL(mandelbrot)(unsigned rounds)
{
    unsigned sum = 0;
    while (rounds--)
        for (int py = 0; py < 48; py++)
            for (int px = 0; px < 64; px++) {
                double cx = px * 3.0 / 64 - 2, cy = py * 2.0 / 48 - 1;
                double x = 0, y = 0;
                int n = 0;
                while (n < 60 && x * x + y * y < 4) {
                    double t = x * x - y * y + cx;
                    y = 2 * x * y + cy;
                    x = t;
                    n++;
                }
                sum += (unsigned)n;
            }
    return sum;
}

unsigned KERNEL(matrix)(unsigned rounds)
{
    static float a[32][32], b[32][32], c[32][32];
    float sum = 0;
    for (int i = 0; i < 32; i++)
        for (int j = 0; j < 32; j++) {
            a[i][j] = (float)(i - j) * 0.125f;
            b[i][j] = (float)(i + j) * 0.25f;
        }
    while (rounds--) {
        for (int i = 0; i < 32; i++)
            for (int j = 0; j < 32; j++) {
                float s = 0;
                for (int k = 0; k < 32; k++)
                    s += a[i][k] * b[k][j];
                c[i][j] = s;
            }
        sum += c[rounds % 32][5];
    }
    return (unsigned)(int)sum;
}

/* ---- a transform of 256 complex numbers, there and back ---- */

#define POINTS 256

static double real[POINTS], imaginary[POINTS], cosines[POINTS], sines[POINTS];

static void fill_points(void)
{
    double c = 0.99969881869620422, s = 0.024541228522912288; /* 2 pi / 256 */
    cosines[0] = 1;
    sines[0] = 0;
    for (int i = 1; i < POINTS; i++) {
        cosines[i] = cosines[i - 1] * c - sines[i - 1] * s;
        sines[i] = sines[i - 1] * c + cosines[i - 1] * s;
    }
    for (int i = 0; i < POINTS; i++) {
        real[i] = (i * 37 % 101) * 0.25 - 12;
        imaginary[i] = 0;
    }
}

static void swap_bits(void)
{
    for (int i = 0, j = 0; i < POINTS; i++) {
        int bit = POINTS / 2;
        if (i < j) {
            double t = real[i];
            real[i] = real[j];
            real[j] = t;
            t = imaginary[i];
            imaginary[i] = imaginary[j];
            imaginary[j] = t;
        }
        for (; j & bit; bit /= 2)
            j ^= bit;
        j |= bit;
    }
}

static void butterflies(int half, double sign)
{
    int step = POINTS / (2 * half);
    for (int start = 0; start < POINTS; start += 2 * half)
        for (int k = 0; k < half; k++) {
            int a = start + k, b = a + half;
            double c = cosines[k * step], s = sign * sines[k * step];
            double re = real[b] * c - imaginary[b] * s;
            double im = real[b] * s + imaginary[b] * c;
            real[b] = real[a] - re;
            imaginary[b] = imaginary[a] - im;
            real[a] += re;
            imaginary[a] += im;
        }
}

unsigned KERNEL(fft)(unsigned rounds)
{
    double sum = 0;
    fill_points();
    while (rounds--) {
        for (int back = 0; back < 2; back++) {
            swap_bits();
            for (int half = 1; half < POINTS; half *= 2)
                butterflies(half, back ? 1 : -1);
        }
        for (int i = 0; i < POINTS; i++) {
            real[i] *= 1.0 / POINTS;
            imaginary[i] *= 1.0 / POINTS;
        }
        sum += real[rounds % POINTS];
    }
    return (unsigned)(int)(sum * 16);
}
