/* right.c -- libright: the other side of the diamond. */
/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

static __thread int calls = 20;
static __thread int zero[100];

__attribute__((constructor)) static void construct(void)
{
    note('r');
    base_counter += 2;
}

__attribute__((destructor)) static void destruct(void)
{
    note('R');
}

int right(void)
{
    return base_counter * 100;
}

int *right_base(void)
{
    return &base_counter;
}

int next_right(void)
{
    return ++calls + zero[99];
}
