/* left.c -- libleft: one side of the diamond. */
/* SPDX-License-Identifier: MIT */
#include "dynamic.h"

static __thread int calls = 10;

__attribute__((constructor)) static void construct(void)
{
    note('l');
    base_counter += 1;
}

__attribute__((destructor)) static void destruct(void)
{
    note('L');
}

int left(void)
{
    return base_counter * 10;
}

int *left_base(void)
{
    return &base_counter;
}

int next_left(void)
{
    return ++calls;
}

/* The first definition in load order wins, weak or not
 * (haiku-abi/libroot-abi.md): this one comes before libbase's strong one. */
__attribute__((weak)) int weak_number(void)
{
    return 1;
}
